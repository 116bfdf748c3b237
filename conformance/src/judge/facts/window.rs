//! floor 7: the window that it offers (RFC 9293 section 3.8.6, RFC 7323 section 2).

use super::bits::{Bits, Counts};
use super::numbers::Numbers;
use super::opening::Opening;
use super::side::Side;
use super::turn::{Turn, elapsed_us, is_after, later};
use stack::wire::tcp::Flags;

/// The largest shift count of a window (RFC 7323 section 2.3).
const SHIFT_MAX: u8 = 14;

/// For so long after the other side went too far, an offer may have come to it that the capture has later, or
/// not at all, in microseconds.
const OFFERS_COME_WITHIN_US: u32 = 1_000_000;

/// Which of its numbers [`Window`] has, and what was offered.
mod flag {
    pub(super) const KNOWN: u8 = 1;
    pub(super) const ONLY_SYN: u8 = 2;
    pub(super) const IS_CLOSED: u8 = 4;
    pub(super) const WAS_CLOSED: u8 = 8;
    pub(super) const SHRUNK: u8 = 16;
    /// The other side sent new data behind the edge, and no offer since has told why. Once less was offered
    /// than it used, it was never allowed.
    pub(super) const OVERRUN: u8 = 32;
    /// It did, and more was offered later: the offer that allowed it may be missing.
    pub(super) const EXPLAINED: u8 = 64;
    /// The furthest right edge is what it seems: it was offered by a segment that was captured whole, with a
    /// scale that is known, so that it was no SYN, and both SYNs were seen.
    pub(super) const SURE: u8 = 128;
}

/// The window that one side offers to the other.
#[derive(Clone, Copy, Debug, Default)]
#[repr(Rust, packed)]
pub struct Window {
    edge: u32,
    edge_stamp: u32,
    closed_edge: u32,
    shrunk_edge: u32,
    shrunk_stamp: u32,
    overrun_end: u32,
    overrun_us: u32,
    /// The largest one, as it stands in the header of a segment without SYN.
    largest: u16,
    flags: Bits,
    /// At place 0 how often it crept on.
    counts: Counts,
}

impl Window {
    /// The furthest right edge that it offered, whatever order its segments came in.
    pub fn edge(&self) -> Option<u32> {
        self.flags.has(flag::KNOWN).then_some(self.edge)
    }

    /// The furthest right edge that it offered, if that was not on a SYN and the scale was known then.
    pub fn sure_edge(&self) -> Option<u32> {
        self.edge().filter(|_| self.flags.has(flag::SURE))
    }

    /// The furthest right edge of the segments that offered nothing.
    pub fn closed_edge(&self) -> Option<u32> {
        self.flags.has(flag::WAS_CLOSED).then_some(self.closed_edge)
    }

    /// The furthest right edge since the window shrank, for a host that echoes this timestamp: it knows of
    /// the shrinking, and can not know of more room.
    pub fn shrunk_edge(&self, echo: u32) -> Option<u32> {
        (self.flags.has(flag::SHRUNK) && echo == self.shrunk_stamp).then_some(self.shrunk_edge)
    }

    /// Whether the window shrank, and no more was offered since.
    pub const fn has_shrunk(&self) -> bool {
        self.flags.has(flag::SHRUNK)
    }

    /// Whether what the other side sent behind the edge may have been offered by a segment that the capture
    /// does not have: bare acknowledgements leave no gap.
    pub const fn may_miss_an_offer(&self) -> bool {
        self.flags.has(flag::OVERRUN | flag::EXPLAINED)
    }

    /// Whether only SYNs have offered a window so far.
    pub const fn is_only_of_syn(&self) -> bool {
        self.flags.has(flag::ONLY_SYN)
    }

    /// How often in turn it crept on, up to three times: see [`creeps`].
    pub const fn creeping(&self) -> u8 {
        self.counts.get(0)
    }

    /// Whether the latest segment offers nothing.
    pub const fn is_closed(&self) -> bool {
        self.flags.has(flag::IS_CLOSED)
    }

    /// The other side has sent new data up to `end`.
    fn note_use(&mut self, end: u32, us: u32) {
        let beyond = self.edge().is_some_and(|edge| is_after(end, edge));
        if beyond && !self.flags.has(flag::EXPLAINED) {
            (self.overrun_end, self.overrun_us) = (end, us);
            self.flags.put(flag::OVERRUN, true);
        }
    }

    /// An edge is offered after the other side went past the one before.
    fn note_overrun(&mut self, edge: u32, us: u32) {
        if self.flags.has(flag::OVERRUN) {
            let explained = !is_after(self.overrun_end, edge);
            let late = elapsed_us(self.overrun_us, us) > OFFERS_COME_WITHIN_US;
            self.flags.put(flag::EXPLAINED, explained);
            self.flags.put(flag::OVERRUN, !explained && !late);
        }
    }

    /// Takes in a right edge, from a segment with such a timestamp.
    fn offer(&mut self, edge: u32, numbers: &Numbers, turn: &Turn<'_>) {
        let stamp = turn.stamps().map(|stamps| stamps.value);
        if self.edge().is_none_or(|known| !is_after(known, edge)) {
            self.edge = edge;
            self.flags.put(flag::KNOWN, true);
            self.flags.put(flag::SHRUNK, false);
            self.edge_stamp = stamp.unwrap_or(self.edge_stamp);
        } else if self.flags.has(flag::SHRUNK) {
            self.shrunk_edge = later(self.shrunk_edge, edge);
        } else if let Some(stamp) = stamp.filter(|stamp| is_after(*stamp, self.edge_stamp)) {
            // An old segment that comes late looks the same, but for its numbers.
            let current = |known: Option<u32>, number| known.is_some_and(|known| !is_after(known, number));
            let shrunk = current(numbers.highest(), turn.seq)
                && turn.ack.is_some_and(|ack| current(numbers.highest_ack(), ack));
            self.flags.put(flag::SHRUNK, shrunk);
            (self.shrunk_edge, self.shrunk_stamp) = (edge, stamp);
            // Whoever echoes a timestamp knows one of the segments that have it, and not which.
            self.edge_stamp = stamp;
        }
    }
}

/// By how much the window field of this side is shifted, at the most.
fn shift(own: &Side, peer: &Side) -> u8 {
    let asked = |side: &Side| side.openings.all().iter().filter_map(Opening::window_scale).max();
    let known = |side: &Side| side.openings.options().are_known() && !side.openings.are_lost();
    match (asked(own), asked(peer)) {
        (Some(shift), Some(_)) => shift.min(SHIFT_MAX),
        (None, _) if known(own) => 0,
        (_, None) if known(peer) => 0,
        (Some(shift), None) => shift.min(SHIFT_MAX),
        (None, _) => SHIFT_MAX,
    }
}

/// The shortest segment that no host takes for a small one (RFC 9293 section 3.7.1).
const SMALL_OCTETS: u32 = 536;

/// A window that was never larger than this is that of a small buffer, which has small steps.
const TINY_OCTETS: u32 = 16_384;

/// By how much a segment of `own` that says nothing else moves the window on, if that is less than a segment
/// and than half of the largest window that was offered: the buffer is larger than that window. Nothing has
/// come since the segment before it.
pub fn creeps(own: &Side, peer: &Side, turn: &Turn<'_>) -> Option<u32> {
    let nothing_else = turn.flags.without(Flags::PSH) == Flags::ACK
        && !turn.takes_numbers()
        && turn.ack == own.numbers.highest_ack()
        && Some(turn.seq) == own.numbers.highest()
        && own.ack.is_quiet();
    let shift = shift(own, peer);
    let largest = u32::from(own.window.largest) << shift;
    let most =
        own.openings.only()?.max_segment_octets().map_or(SMALL_OCTETS, |mss| SMALL_OCTETS.min(mss.into()));
    let edge = turn.ack?.wrapping_add(u32::from(turn.segment.view.window()) << shift);
    let step = edge.wrapping_sub(own.window.edge()?);
    let creeps = largest > TINY_OCTETS && step > 0 && step < most.min(largest / 2);
    (nothing_else && creeps).then_some(step)
}

/// Takes note of a segment of `own`.
pub(super) fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    if turn.data_octets > 0 {
        peer.window.note_use(turn.text_end, turn.us());
    }
    let Some(ack) = turn.ack.filter(|_| !turn.flags.rst()) else { return };
    let field = u32::from(turn.segment.view.window());
    let shift = if turn.flags.syn() { 0 } else { shift(own, peer) };
    let numbers = own.numbers;
    // What was not captured whole may be damaged.
    let whole = turn.segment.extent.is_whole() && !turn.flags.syn();
    let sure = whole && own.openings.only().is_some() && peer.openings.only().is_some();
    let creeps = creeps(own, peer, turn).is_some();
    let window = &mut own.window;
    if creeps {
        window.counts.add(0, true);
    } else {
        window.counts.clear(0);
    }
    if !turn.flags.syn() {
        window.largest = window.largest.max(turn.segment.view.window());
    }
    let edge = ack.wrapping_add(field << shift);
    let first = window.edge().is_none() || window.is_only_of_syn();
    window.flags.put(flag::ONLY_SYN, turn.flags.syn() && first);
    window.note_overrun(edge, turn.us());
    if window.edge().is_none_or(|known| !is_after(known, edge)) {
        window.flags.put(flag::SURE, sure);
    }
    window.offer(edge, &numbers, turn);
    window.flags.put(flag::IS_CLOSED, field == 0);
    if field == 0 {
        window.closed_edge = window.closed_edge().map_or(edge, |known| later(known, edge));
        window.flags.put(flag::WAS_CLOSED, true);
    }
}
