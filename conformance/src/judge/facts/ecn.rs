//! floor 7: explicit congestion notification (RFC 3168 section 6.1).

use super::side::Side;
use super::turn::Turn;

/// Explicit congestion notification (RFC 3168 section 6.1), of one side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ecn {}

/// Takes note of a segment of `own`.
pub(super) const fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    let _ = (own, peer, turn);
}
