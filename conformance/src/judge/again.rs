//! floor 7: what the latest segments with data held, of all connections of a shard: whether octets that are
//! sent again are the same (RFC 9293 section 3.4).

use super::connection::{Connection, Place};
use super::facts::turn::{Turn, is_after};

/// Segments that are remembered. A later one takes the place of an earlier one.
const PLACES: usize = 256;

/// Segments with data of a shard after which one is not believed any more: before as many have come, no
/// connection can have used all of its numbers.
const BELIEVED_SEGMENTS: u32 = 4_096;

/// A segment and what its octets sum up to.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    /// The connection and the side that sent it.
    sender: u64,
    seq: u32,
    octets: u16,
    /// Zero where nothing is remembered.
    sum: u16,
    /// How many segments with data the shard had seen.
    count: u32,
}

/// The segments of late.
#[derive(Clone, Debug, Default)]
pub(super) struct Again {
    /// Nothing until the first segment with data.
    held: Vec<Held>,
    count: u32,
}

impl Again {
    /// Segments of one length that follow each other have places that follow each other.
    fn place_of(sender: u64, turn: &Turn<'_>) -> usize {
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = (sender.wrapping_mul(SPREAD) >> 32) as usize;
        mixed.wrapping_add((turn.seq / turn.data_octets.max(1)) as usize) % PLACES
    }

    const fn sender(connection: &Connection, side: usize) -> u64 {
        connection.number << 1 | side as u64
    }

    /// What the octets of this segment summed up to when it was sent before, with the same limits.
    pub(super) fn sum_before(&self, turn: &Turn<'_>, place: &Place<'_>) -> Option<u16> {
        let repeats = place.own().numbers.highest().is_some_and(|highest| !is_after(turn.end, highest));
        if turn.data_octets == 0 || !repeats {
            return None;
        }
        let sender = Self::sender(place.connection, place.side);
        let held = self.held.get(Self::place_of(sender, turn))?;
        let same =
            held.sender == sender && held.seq == turn.seq && u32::from(held.octets) == turn.data_octets;
        let recent = self.count.wrapping_sub(held.count) < BELIEVED_SEGMENTS;
        (same && recent && held.sum != 0).then_some(held.sum)
    }

    /// Takes note of a segment, after its connection did.
    pub(super) fn note(&mut self, turn: &Turn<'_>, connection: &Connection, side: usize) {
        if turn.data_octets == 0 {
            return;
        }
        self.count = self.count.wrapping_add(1);
        let latest = connection.sides[side].sent.latest;
        let (Ok(octets), true) = (u16::try_from(turn.data_octets), latest.is(turn) && latest.sum != 0) else {
            return;
        };
        if self.held.is_empty() {
            self.held = vec![Held::default(); PLACES];
        }
        let sender = Self::sender(connection, side);
        let held = Held { sender, seq: turn.seq, octets, sum: latest.sum, count: self.count };
        self.held[Self::place_of(sender, turn)] = held;
    }
}
