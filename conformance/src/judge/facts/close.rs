//! floor 7: how one side ends the connection (RFC 9293 section 3.6).

use super::side::Side;
use super::turn::Turn;

/// The end of what one side sends.
#[derive(Clone, Copy, Debug, Default)]
pub struct Close {
    /// Number of its first FIN.
    pub fin: Option<u32>,
}

/// Takes note of a segment of `own`.
pub(super) const fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    let _ = peer;
    if turn.flags.fin() && !turn.flags.rst() && own.close.fin.is_none() {
        own.close.fin = Some(turn.text_end);
    }
}
