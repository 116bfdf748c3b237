//! floor 7: sequence numbers and acknowledgements of one side, and what they say about the capture
//! (RFC 9293 section 3.4).

use super::bits::Bits;
use super::side::Side;
use super::turn::{Turn, is_after};
use stack::wire::tcp::Flags;

/// How far the numbers of one side have come, and which of its packets the capture does not have.
#[derive(Clone, Copy, Debug, Default)]
#[repr(Rust, packed)]
pub struct Numbers {
    highest: u32,
    highest_ack: u32,
    /// Segments seen; it stops counting at its end.
    pub segments: u32,
    /// Hop limit of the latest.
    hops: u8,
    flags: Bits,
}

/// Which of its numbers [`Numbers`] has, and what happened.
mod flag {
    pub(super) const HIGHEST: u8 = 1;
    pub(super) const ACK: u8 = 2;
    pub(super) const HOPS_DIFFER: u8 = 4;
    pub(super) const GAP: u8 = 8;
    pub(super) const UNSEEN: u8 = 16;
    pub(super) const FRAGMENTS: u8 = 32;
    pub(super) const DAMAGED: u8 = 64;
    pub(super) const FINISHED: u8 = 128;
}

impl Numbers {
    /// The number behind the last octet seen; those of resets do not count.
    pub fn highest(&self) -> Option<u32> {
        self.flags.has(flag::HIGHEST).then_some(self.highest)
    }

    /// The highest number that it acknowledged, damaged segments counted in: it only serves to excuse.
    pub fn highest_ack(&self) -> Option<u32> {
        self.flags.has(flag::ACK).then_some(self.highest_ack)
    }

    /// Whether hop limits differ among its packets.
    pub const fn hops_differ(&self) -> bool {
        self.flags.has(flag::HOPS_DIFFER)
    }

    /// Whether a segment began behind the last octet seen: some of its packets are missing, or came late.
    pub const fn has_gap(&self) -> bool {
        self.flags.has(flag::GAP)
    }

    /// Whether it acknowledged what the other side was not seen to send.
    pub const fn acknowledged_unseen(&self) -> bool {
        self.flags.has(flag::UNSEEN)
    }

    /// Whether some of its segments came in fragments and were not read.
    pub const fn has_fragments(&self) -> bool {
        self.flags.has(flag::FRAGMENTS)
    }

    /// Whether some of its segments were damaged when they were captured.
    pub const fn is_damaged(&self) -> bool {
        self.flags.has(flag::DAMAGED)
    }

    /// Whether its FIN was seen, or a reset.
    pub const fn is_finished(&self) -> bool {
        self.flags.has(flag::FINISHED)
    }

    /// Takes note that it acknowledges what was not seen, if so.
    pub(super) const fn note_unseen(&mut self, unseen: bool) {
        self.flags.set(flag::UNSEEN, unseen);
    }

    /// Takes note of a fragment of one of its segments.
    pub(in crate::judge) const fn note_fragment(&mut self) {
        self.flags.put(flag::FRAGMENTS, true);
    }

    /// Takes note of a damaged segment, of which only the acknowledgement may matter.
    pub(super) fn note_damaged(&mut self, turn: &Turn<'_>) {
        self.flags.put(flag::DAMAGED, true);
        self.note_ack(turn);
    }

    /// Takes note of an acknowledgement, be the segment damaged or not.
    fn note_ack(&mut self, turn: &Turn<'_>) {
        let (Some(ack), false) = (turn.ack, turn.flags.rst()) else { return };
        if self.highest_ack().is_none_or(|highest| is_after(ack, highest)) {
            self.highest_ack = ack;
            self.flags.put(flag::ACK, true);
        }
    }
}

/// Takes note of a segment of `own`.
pub(super) fn note(own: &mut Side, peer: &Side, turn: &Turn<'_>) {
    let numbers = &mut own.numbers;
    // A SYN,ACK with a number of nobody's is a breach by itself, and no sign of a gap.
    let ack = turn.ack.filter(|_| !turn.flags.intersects(Flags::RST | Flags::SYN));
    let unseen = |(ack, highest)| is_after(ack, highest) || peer.sent.misses(ack);
    numbers.note_unseen(ack.zip(peer.numbers.highest()).is_some_and(unseen));
    numbers.flags.set(flag::HOPS_DIFFER, numbers.segments > 0 && numbers.hops != turn.hops);
    numbers.hops = turn.hops;
    numbers.segments = numbers.segments.saturating_add(1);
    numbers.note_ack(turn);
    numbers.flags.set(flag::FINISHED, turn.flags.intersects(Flags::FIN | Flags::RST));
    if turn.flags.rst() {
        return;
    }
    if let Some(highest) = numbers.highest() {
        if !is_after(turn.end, highest) {
            return;
        }
        numbers.flags.set(flag::GAP, is_after(turn.seq, highest) && !turn.flags.syn());
    }
    numbers.highest = turn.end;
    numbers.flags.put(flag::HIGHEST, true);
}
