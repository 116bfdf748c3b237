//! floor 7: the window that it offers and was offered (RFC 9293 section 3.8.6, RFC 7323 section 2).

use super::side::Side;
use super::turn::Turn;

/// The window that it offers and was offered (RFC 9293 section 3.8.6, RFC 7323 section 2), of one side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {}

/// Takes note of a segment of `own`.
pub(super) const fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    let _ = (own, peer, turn);
}
