//! floor 7: sequence numbers and acknowledgements of one side, and what they say about the capture
//! (RFC 9293 section 3.4).

use super::side::Side;
use super::turn::{Turn, is_after};
use stack::wire::tcp::Flags;

/// How far the numbers of one side have come, and which of its packets the capture does not have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers {
    highest: u32,
    highest_ack: u32,
    /// Segments seen; it stops counting at its end.
    pub segments: u32,
    hops: u8,
    has_highest: bool,
    has_ack: bool,
    has_hops: bool,
    /// Hop limits differ among its packets.
    pub hops_differ: bool,
    /// A segment began behind the last octet seen: some of its packets are missing, or came late.
    pub gap: bool,
    /// It acknowledged what the other side was not seen to send.
    pub acknowledged_unseen: bool,
    /// Some of its segments came in fragments and were not read.
    pub fragments: bool,
    /// Some of its segments were damaged when they were captured.
    pub damaged: bool,
    /// Its FIN was seen, or a reset.
    pub finished: bool,
}

impl Numbers {
    /// The number behind the last octet seen; those of resets do not count.
    pub fn highest(&self) -> Option<u32> {
        self.has_highest.then_some(self.highest)
    }

    /// The highest number that it acknowledged, damaged segments counted in: it only serves to excuse.
    pub fn highest_ack(&self) -> Option<u32> {
        self.has_ack.then_some(self.highest_ack)
    }

    /// Takes note of an acknowledgement, be the segment damaged or not.
    pub(super) fn note_ack(&mut self, turn: &Turn<'_>) {
        let (Some(ack), false) = (turn.ack, turn.flags.rst()) else { return };
        if self.highest_ack().is_none_or(|highest| is_after(ack, highest)) {
            (self.highest_ack, self.has_ack) = (ack, true);
        }
    }
}

/// Takes note of a segment of `own`.
pub(super) fn note(own: &mut Side, peer: &Side, turn: &Turn<'_>) {
    let numbers = &mut own.numbers;
    // A SYN,ACK with a number of nobody's is a breach by itself, and no sign of a gap.
    let ack = turn.ack.filter(|_| !turn.flags.intersects(Flags::RST | Flags::SYN));
    numbers.acknowledged_unseen |= ack
        .zip(peer.numbers.highest())
        .is_some_and(|(ack, highest)| is_after(ack, highest) || peer.sent.misses(ack));
    numbers.segments = numbers.segments.saturating_add(1);
    if let Some(hops) = turn.hops {
        numbers.hops_differ |= numbers.has_hops && numbers.hops != hops;
        (numbers.hops, numbers.has_hops) = (hops, true);
    }
    numbers.note_ack(turn);
    numbers.finished |= turn.flags.intersects(Flags::FIN | Flags::RST);
    if turn.flags.rst() {
        return;
    }
    if let Some(highest) = numbers.highest() {
        if !is_after(turn.end, highest) {
            return;
        }
        numbers.gap |= is_after(turn.seq, highest) && !turn.flags.syn();
    }
    (numbers.highest, numbers.has_highest) = (turn.end, true);
}
