//! floor 7: the window that it offers (RFC 9293 section 3.8.6, RFC 7323 section 2).

use super::numbers::Numbers;
use super::opening::Opening;
use super::side::Side;
use super::turn::{Turn, is_after, later};

/// The largest shift count of a window (RFC 7323 section 2.3).
const SHIFT_MAX: u8 = 14;

/// The window that one side offers to the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    edge: u32,
    edge_stamp: u32,
    closed_edge: u32,
    shrunk_edge: u32,
    shrunk_stamp: u32,
    known: bool,
    /// Only SYNs have offered a window so far.
    pub only_syn: bool,
    /// The latest segment offers nothing.
    pub is_closed: bool,
    was_closed: bool,
    shrunk: bool,
}

impl Window {
    /// The furthest right edge that it offered, whatever order its segments came in.
    pub fn edge(&self) -> Option<u32> {
        self.known.then_some(self.edge)
    }

    /// The furthest right edge of the segments that offered nothing.
    pub fn closed_edge(&self) -> Option<u32> {
        self.was_closed.then_some(self.closed_edge)
    }

    /// The furthest right edge since the window shrank, for a host that echoes this timestamp: it knows of
    /// the shrinking, and can not know of more room.
    pub fn shrunk_edge(&self, echo: u32) -> Option<u32> {
        (self.shrunk && echo == self.shrunk_stamp).then_some(self.shrunk_edge)
    }

    /// Takes in a right edge, from a segment with such a timestamp.
    fn offer(&mut self, edge: u32, numbers: &Numbers, turn: &Turn<'_>) {
        let stamp = turn.stamps().map(|stamps| stamps.value);
        if !self.known || !is_after(self.edge, edge) {
            (self.edge, self.known, self.shrunk) = (edge, true, false);
            self.edge_stamp = stamp.unwrap_or(self.edge_stamp);
        } else if self.shrunk {
            self.shrunk_edge = later(self.shrunk_edge, edge);
        } else if let Some(stamp) = stamp.filter(|stamp| is_after(*stamp, self.edge_stamp)) {
            // An old segment that comes late looks the same, but for its numbers.
            let current = |known: Option<u32>, number| known.is_some_and(|known| !is_after(known, number));
            self.shrunk = current(numbers.highest(), turn.seq)
                && turn.ack.is_some_and(|ack| current(numbers.highest_ack(), ack));
            (self.shrunk_edge, self.shrunk_stamp) = (edge, stamp);
            // Whoever echoes a timestamp knows one of the segments that have it, and not which.
            self.edge_stamp = stamp;
        }
    }
}

/// By how much the window field of this side is shifted, at the most.
fn shift(own: &Side, peer: &Side) -> u8 {
    let asked = |side: &Side| side.openings.all().iter().filter_map(Opening::window_scale).max();
    let known = |side: &Side| side.openings.options().are_known() && !side.openings.lost;
    match (asked(own), asked(peer)) {
        (Some(shift), Some(_)) => shift.min(SHIFT_MAX),
        (None, _) if known(own) => 0,
        (_, None) if known(peer) => 0,
        (Some(shift), None) => shift.min(SHIFT_MAX),
        (None, _) => SHIFT_MAX,
    }
}

/// Takes note of a segment of `own`.
pub(super) fn note(own: &mut Side, peer: &Side, turn: &Turn<'_>) {
    let Some(ack) = turn.ack.filter(|_| !turn.flags.rst()) else { return };
    let field = u32::from(turn.segment.view.window());
    let shift = if turn.flags.syn() { 0 } else { shift(own, peer) };
    let numbers = own.numbers;
    let window = &mut own.window;
    let edge = ack.wrapping_add(field << shift);
    window.only_syn = turn.flags.syn() && (!window.known || window.only_syn);
    window.offer(edge, &numbers, turn);
    window.is_closed = field == 0;
    if field == 0 {
        window.closed_edge = window.closed_edge().map_or(edge, |known| later(known, edge));
        window.was_closed = true;
    }
}
