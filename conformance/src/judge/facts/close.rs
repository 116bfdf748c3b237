//! floor 7: how one side ends the connection (RFC 9293 section 3.6).

use super::side::Side;
use super::turn::{Turn, elapsed_us, is_after};
use stack::wire::tcp::Flags;

/// The end of what one side sends.
#[derive(Clone, Copy, Debug, Default)]
pub struct Close {
    fin: u32,
    aborted_us: u32,
    has_fin: bool,
    is_aborted: bool,
    /// It sent something else than resets.
    pub speaks: bool,
    /// It acknowledged what was outside of what the other side was seen to send: a reset that answers this
    /// may have any number.
    pub is_odd: bool,
}

impl Close {
    /// Number of its first FIN.
    pub fn fin(&self) -> Option<u32> {
        self.has_fin.then_some(self.fin)
    }

    /// How long ago it aborted the connection, in microseconds: by a reset of its own accord, after which it
    /// has no connection any more.
    pub fn aborted_us(&self, now_us: u32) -> Option<u32> {
        self.is_aborted.then_some(elapsed_us(self.aborted_us, now_us))
    }
}

/// Takes note of a segment of `own`.
pub(super) fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    let close = &mut own.close;
    let outside = |ack: u32| {
        let behind = peer.numbers.highest().is_none_or(|highest| is_after(ack, highest));
        let opening = peer.openings.only();
        behind || opening.is_none_or(|opening| !is_after(ack, opening.isn))
    };
    close.is_odd |= turn.ack.is_some_and(outside);
    if !turn.flags.rst() {
        close.speaks = true;
        if turn.flags.fin() && !close.has_fin {
            (close.fin, close.has_fin) = (turn.text_end, true);
        }
        return;
    }
    // A reset that answers has no acknowledgement, or the number zero.
    let current = Some(turn.seq) == own.numbers.highest() && turn.ack == own.numbers.highest_ack();
    let open = !peer.openings.all().is_empty() && !own.openings.all().is_empty();
    if turn.flags.contains(Flags::ACK) && current && open && !close.is_aborted {
        (close.aborted_us, close.is_aborted) = (turn.us(), true);
    }
}
