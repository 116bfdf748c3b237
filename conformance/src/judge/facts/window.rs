//! floor 7: the window that it offers (RFC 9293 section 3.8.6, RFC 7323 section 2).

use super::numbers::Numbers;
use super::opening::Opening;
use super::side::Side;
use super::turn::{Turn, elapsed_us, is_after, later};

/// The largest shift count of a window (RFC 7323 section 2.3).
const SHIFT_MAX: u8 = 14;

/// For so long after the other side went too far, an offer may have come to it that the capture has later, or
/// not at all, in microseconds.
const OFFERS_COME_WITHIN_US: u32 = 1_000_000;

/// What became of an edge behind which the other side sent new data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Overrun {
    /// There was none.
    #[default]
    None,
    /// Nothing has been offered since that tells.
    Open,
    /// More was offered later: the offer that allowed it may be missing.
    Explained,
    /// Less was offered later: it was never allowed.
    Confirmed,
}

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
    overrun: Overrun,
    overrun_end: u32,
    overrun_us: u32,
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

    /// Whether what the other side sent behind the edge may have been offered by a segment that the capture
    /// does not have: bare acknowledgements leave no gap.
    pub const fn may_miss_an_offer(&self) -> bool {
        matches!(self.overrun, Overrun::Open | Overrun::Explained)
    }

    /// The other side has sent new data up to `end`.
    fn note_use(&mut self, end: u32, us: u32) {
        let beyond = self.known && is_after(end, self.edge);
        if beyond && self.overrun != Overrun::Explained {
            (self.overrun, self.overrun_end, self.overrun_us) = (Overrun::Open, end, us);
        }
    }

    /// An edge is offered after the other side went past the one before.
    fn note_overrun(&mut self, edge: u32, us: u32) {
        if self.overrun == Overrun::Open {
            if !is_after(self.overrun_end, edge) {
                self.overrun = Overrun::Explained;
            } else if elapsed_us(self.overrun_us, us) > OFFERS_COME_WITHIN_US {
                self.overrun = Overrun::Confirmed;
            }
        }
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
pub(super) fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    if turn.data_octets > 0 {
        peer.window.note_use(turn.text_end, turn.us());
    }
    let Some(ack) = turn.ack.filter(|_| !turn.flags.rst()) else { return };
    let field = u32::from(turn.segment.view.window());
    let shift = if turn.flags.syn() { 0 } else { shift(own, peer) };
    let numbers = own.numbers;
    let window = &mut own.window;
    let edge = ack.wrapping_add(field << shift);
    window.only_syn = turn.flags.syn() && (!window.known || window.only_syn);
    window.note_overrun(edge, turn.us());
    window.offer(edge, &numbers, turn);
    window.is_closed = field == 0;
    if field == 0 {
        window.closed_edge = window.closed_edge().map_or(edge, |known| later(known, edge));
        window.was_closed = true;
    }
}
