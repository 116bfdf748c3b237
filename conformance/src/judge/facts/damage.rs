//! floor 7: data of one side that was seen damaged and not whole since (RFC 9293 section 3.1).

use super::bits::Bits;
use super::opening::Opening;
use super::side::Side;
use super::turn::{Turn, is_after};

/// What [`Damage`] knows.
mod flag {
    /// There is such data.
    pub(super) const WAITS: u8 = 1;
    /// The side sent data with a right checksum.
    pub(super) const CAN_SUM: u8 = 2;
}

/// The latest data of one side that was seen damaged alone.
#[derive(Clone, Copy, Debug, Default)]
#[repr(Rust, packed)]
pub struct Damage {
    left: u32,
    octets: u16,
    flags: Bits,
}

impl Damage {
    /// Whether nothing was seen damaged alone.
    pub const fn is_none(&self) -> bool {
        !self.flags.has(flag::WAITS)
    }

    /// The number in front of which this acknowledgement would have to stay: it takes what was damaged.
    pub fn taken_by(&self, ack: u32) -> Option<u32> {
        (!self.is_none() && is_after(ack, self.left)).then_some(self.left)
    }

    /// Takes note of a segment of this side that is whole.
    fn repair(&mut self, turn: &Turn<'_>) {
        let right = self.left.wrapping_add(self.octets.into());
        // Part of it may have been enough to put the rest together: the claim is given up.
        if is_after(right, turn.seq) && is_after(turn.end, self.left) {
            self.flags.put(flag::WAITS, false);
        }
        self.flags.set(flag::CAN_SUM, turn.sum_is_right && turn.data_octets > 0);
    }
}

/// Takes note of a segment of `own` that is whole.
pub(super) fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    // A FIN alone shows as well that other octets stand there.
    if turn.takes_numbers() {
        own.damage.repair(turn);
    }
    // It is said once.
    let taken = turn.ack.is_some_and(|ack| peer.damage.taken_by(ack).is_some());
    if taken && !turn.flags.rst() {
        peer.damage.flags.put(flag::WAITS, false);
    }
}

/// Takes note of a damaged segment of `own`: new data, behind the latest, as long as the other side takes. A
/// longer one was joined of several by a network card, which leaves the checksum of the first.
pub(super) fn note_damaged(own: &mut Side, peer: &Side, turn: &Turn<'_>) {
    let most = peer.openings.only().and_then(Opening::max_segment_octets);
    let fits = most.is_some_and(|most| turn.data_octets <= u32::from(most));
    let is_next = own.numbers.highest() == Some(turn.seq);
    if turn.data_octets > 0 && fits && is_next && own.damage.flags.has(flag::CAN_SUM) {
        own.damage.left = turn.seq;
        own.damage.octets = u16::try_from(turn.data_octets).unwrap_or(u16::MAX);
        own.damage.flags.put(flag::WAITS, true);
    }
}
