//! floor 7: sequence numbers and acknowledgements of one side, and what they say about the capture
//! (RFC 9293 section 3.4).

use super::side::Side;
use super::turn::{Turn, is_after};
use stack::wire::tcp::Flags;

/// How far the numbers of one side have come, and which of its packets the capture does not have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers {
    /// The number behind the last octet seen; those of resets do not count.
    pub highest: Option<u32>,
    /// The highest number that it acknowledged, damaged segments counted in: it only serves to excuse.
    pub highest_ack: Option<u32>,
    /// Segments seen; it stops counting at its end.
    pub segments: u32,
    hops: Option<u8>,
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
    /// Takes note of an acknowledgement, be the segment damaged or not.
    pub(super) fn note_ack(&mut self, turn: &Turn<'_>) {
        let (Some(ack), false) = (turn.ack, turn.flags.rst()) else { return };
        if self.highest_ack.is_none_or(|highest| is_after(ack, highest)) {
            self.highest_ack = Some(ack);
        }
    }
}

/// Takes note of a segment of `own`.
pub(super) fn note(own: &mut Side, peer: &Side, turn: &Turn<'_>) {
    let numbers = &mut own.numbers;
    // A SYN,ACK with a number of nobody's is a breach by itself, and no sign of a gap.
    let ack = turn.ack.filter(|_| !turn.flags.intersects(Flags::RST | Flags::SYN));
    numbers.acknowledged_unseen |=
        ack.zip(peer.numbers.highest).is_some_and(|(ack, highest)| is_after(ack, highest));
    numbers.segments = numbers.segments.saturating_add(1);
    numbers.hops_differ |= numbers.hops.is_some() && numbers.hops != turn.hops;
    numbers.hops = numbers.hops.or(turn.hops);
    numbers.note_ack(turn);
    numbers.finished |= turn.flags.intersects(Flags::FIN | Flags::RST);
    if turn.flags.rst() {
        return;
    }
    match numbers.highest {
        Some(highest) if !is_after(turn.end, highest) => (),
        Some(highest) => {
            numbers.gap |= is_after(turn.seq, highest) && !turn.flags.syn();
            numbers.highest = Some(turn.end);
        }
        None => numbers.highest = Some(turn.end),
    }
}
