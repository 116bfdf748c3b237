//! floor 7: arrivals that are owed an acknowledgement (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2).

use super::side::Side;
use super::turn::Turn;

/// Arrivals that are owed an acknowledgement (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2), of one side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ack {}

/// Takes note of a segment of `own`.
pub(super) const fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    let _ = (own, peer, turn);
}
