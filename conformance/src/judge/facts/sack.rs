//! floor 7: selective acknowledgements (RFC 2018, RFC 2883).

use super::side::Side;
use super::turn::{Turn, is_after};
use stack::wire::tcp::Flags;

/// Selective acknowledgements (RFC 2018, RFC 2883), of the side that sends them.
#[derive(Clone, Copy, Debug, Default)]
#[repr(Rust, packed)]
pub struct Sack {
    left: u32,
    is_reporting: bool,
    /// Reports of duplicates that it sent; it stops counting at its end.
    pub duplicates: u8,
    /// Segments for it with numbers that had been seen before; it stops counting at its end.
    pub repeats: u8,
}

impl Sack {
    /// Whether its latest segment that acknowledges reports something beyond what it acknowledges.
    pub const fn is_reporting(&self) -> bool {
        self.is_reporting
    }

    /// The lowest number that the latest report says is there.
    pub fn left(&self) -> Option<u32> {
        self.is_reporting.then_some(self.left)
    }
}

/// Whether the first block reports a duplicate (RFC 2883 section 4): it lies in what is acknowledged, or in
/// another block.
pub fn is_duplicate(blocks: &[(u32, u32)], ack: u32) -> bool {
    let Some((&(left, right), others)) = blocks.split_first() else { return false };
    let inside = |other: &(u32, u32)| !is_after(other.0, left) && !is_after(right, other.1);
    !is_after(right, ack) || others.iter().any(inside)
}

/// Takes note of a segment of `own`.
pub(super) fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    let repeats = own.numbers.highest().is_some_and(|highest| is_after(highest, turn.seq));
    peer.sack.repeats = peer.sack.repeats.saturating_add(u8::from(repeats && !turn.flags.rst()));
    let (Some(ack), false) = (turn.ack, turn.flags.intersects(Flags::SYN | Flags::RST)) else { return };
    if !turn.segment.header_whole {
        return;
    }
    let blocks = turn.segment.options.sack.as_slice();
    let duplicate = is_duplicate(blocks, ack);
    own.sack.duplicates = own.sack.duplicates.saturating_add(u8::from(duplicate));
    let reported = blocks.iter().skip(usize::from(duplicate)).filter(|block| is_after(block.0, ack));
    let lowest = reported.map(|block| block.0).min_by_key(|left| left.wrapping_sub(ack));
    (own.sack.left, own.sack.is_reporting) = (lowest.unwrap_or(0), lowest.is_some());
}
