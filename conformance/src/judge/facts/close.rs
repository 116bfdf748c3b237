//! floor 7: how one side ends the connection (RFC 9293 section 3.6).

use super::bits::Bits;
use super::numbers::Numbers;
use super::side::Side;
use super::turn::{Turn, elapsed_us, is_after};
use stack::wire::tcp::Flags;

/// The end of what one side sends.
#[derive(Clone, Copy, Debug, Default)]
#[repr(Rust, packed)]
pub struct Close {
    /// The number of the FIN, or if it aborted without one, when that was.
    mark: u32,
    flags: Bits,
}

/// Which of its numbers [`Close`] has, and what else happened.
mod flag {
    pub(super) const FIN: u8 = 1;
    pub(super) const ABORTED: u8 = 2;
    pub(super) const SPEAKS: u8 = 4;
    pub(super) const ODD: u8 = 8;
    pub(super) const ASTRAY: u8 = 16;
}

impl Close {
    /// Number of its first FIN.
    pub fn fin(&self) -> Option<u32> {
        self.flags.has(flag::FIN).then_some(self.mark)
    }

    /// Whether it sent something else than resets.
    pub const fn speaks(&self) -> bool {
        self.flags.has(flag::SPEAKS)
    }

    /// Whether it acknowledged what was outside of what the other side was seen to send: a reset that answers
    /// this may have any number.
    pub const fn is_odd(&self) -> bool {
        self.flags.has(flag::ODD)
    }

    /// Whether some of its numbers are further from those of the connection than a window reaches, or behind
    /// its FIN: somebody else sent them, and no order of numbers means anything any more.
    pub const fn is_astray(&self) -> bool {
        self.flags.has(flag::ASTRAY)
    }

    /// How long ago it aborted the connection, in microseconds: by a reset of its own accord, without a FIN
    /// before, after which it has no connection any more.
    pub fn aborted_us(&self, now_us: u32) -> Option<u32> {
        self.flags.has(flag::ABORTED).then_some(elapsed_us(self.mark, now_us))
    }
}

/// The largest window (RFC 7323 section 2.3): no number of a connection is further from those in use.
const REACH_OCTETS: u32 = 1 << 30;

/// Whether a number of a segment is out of reach of those that the connection has come to. What the other
/// side acknowledged it has taken, unless nobody was seen to send it.
fn is_astray(own: &Numbers, peer: &Numbers, turn: &Turn<'_>) -> bool {
    let far =
        |number: u32, known: u32| number.wrapping_sub(known).min(known.wrapping_sub(number)) > REACH_OCTETS;
    let taken = peer.highest_ack().filter(|_| !peer.acknowledged_unseen());
    let seq = taken.or(own.highest()).is_some_and(|known| far(turn.seq, known));
    seq || turn.ack.zip(peer.highest()).is_some_and(|(ack, known)| far(ack, known))
}

/// Takes note of a segment of `own`.
pub(super) fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    let behind = own.close.fin().is_some_and(|fin| is_after(turn.end, fin.wrapping_add(1)));
    let astray = !turn.flags.rst() && (behind || is_astray(&own.numbers, &peer.numbers, turn));
    own.close.flags.put(flag::ASTRAY, astray || own.close.is_astray());
    let close = &mut own.close;
    let outside = |ack: u32| {
        let behind = peer.numbers.highest().is_none_or(|highest| is_after(ack, highest));
        let opening = peer.openings.only();
        behind || opening.is_none_or(|opening| !is_after(ack, opening.isn))
    };
    if turn.ack.is_some_and(outside) {
        close.flags.put(flag::ODD, true);
    }
    if !turn.flags.rst() {
        close.flags.put(flag::SPEAKS, true);
        if turn.flags.fin() && !close.flags.has(flag::FIN | flag::ABORTED) {
            close.mark = turn.text_end;
            close.flags.put(flag::FIN, true);
        }
        return;
    }
    // A reset that answers has no acknowledgement, or the number zero.
    let current = Some(turn.seq) == own.numbers.highest() && turn.ack == own.numbers.highest_ack();
    let open = !peer.openings.all().is_empty() && !own.openings.all().is_empty();
    if turn.flags.contains(Flags::ACK) && current && open && !close.flags.has(flag::FIN | flag::ABORTED) {
        close.mark = turn.us();
        close.flags.put(flag::ABORTED, true);
    }
}
