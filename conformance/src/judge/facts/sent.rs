//! floor 7: the segments that it sent of late (RFC 9293 section 3.8.1).

use super::side::Side;
use super::turn::Turn;

/// The segments that it sent of late (RFC 9293 section 3.8.1), of one side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent {}

/// Takes note of a segment of `own`.
pub(super) const fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    let _ = (own, peer, turn);
}
