//! floor 7: timestamps (RFC 7323 section 3).

use super::side::Side;
use super::turn::Turn;

/// Timestamps (RFC 7323 section 3), of one side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stamps {}

/// Takes note of a segment of `own`.
pub(super) const fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    let _ = (own, peer, turn);
}
