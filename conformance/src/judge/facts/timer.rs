//! floor 7: retransmission (RFC 6298).

use super::side::Side;
use super::turn::Turn;

/// Retransmission (RFC 6298), of one side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timer {}

/// Takes note of a segment of `own`.
pub(super) const fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    let _ = (own, peer, turn);
}
