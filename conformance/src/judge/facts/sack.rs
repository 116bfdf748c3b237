//! floor 7: selective acknowledgements (RFC 2018, RFC 2883).

use super::side::Side;
use super::turn::Turn;

/// Selective acknowledgements (RFC 2018, RFC 2883), of one side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sack {}

/// Takes note of a segment of `own`.
pub(super) const fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    let _ = (own, peer, turn);
}
