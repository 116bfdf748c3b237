//! floor 7: arrivals that are owed an acknowledgement (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2).
//!
//! What was sent to a host, the capture shows; what reached it, only its acknowledgements do. So a delay
//! counts from the latest packet that may have brought what is acknowledged: every retransmission begins it
//! anew.

use super::opening::Opening;
use super::side::Side;
use super::turn::{Turn, elapsed_us, is_after};
use stack::wire::tcp::Flags;

/// With this long between two segments the second full one should have been acknowledged, in microseconds.
pub const PAUSE_US: u32 = 100_000;

/// A delay that is too long for anything that arrives, in microseconds (RFC 9293 section 3.8.6.3).
pub const LATE_US: u32 = 500_000;

/// A delay that is too long for what is to be acknowledged at once, in microseconds.
pub const SLOW_US: u32 = 200_000;

/// Arrivals that are owed an acknowledgement, of the side to which they go.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ack {
    hole_left: u32,
    hole_right: u32,
    since_us: u32,
    latest_us: u32,
    beyond: u32,
    unsent: u32,
    unsent_value: u32,
    has_hole: bool,
    has_holes: bool,
    is_owed: bool,
    has_beyond: bool,
    has_unsent: bool,
    is_unsent_stamped: bool,
    was_paused: bool,
    /// Full-sized segments in order since everything was acknowledged.
    pub full: u8,
    /// Acknowledgements that came later than [`LATE_US`].
    pub late: u8,
    /// Pauses after two full-sized segments.
    pub paused: u8,
    /// Acknowledgements later than [`SLOW_US`] of what is to be acknowledged at once.
    pub slow: u8,
    /// Segments for it since it sent one; it stops counting at its end.
    pub arrivals: u8,
    /// Segments for it since it first acknowledged as much as now; it stops counting at its end.
    pub given: u8,
    /// Bare acknowledgements since then that are the same.
    pub same: u8,
    /// The window of the latest one.
    pub same_window: u16,
}

/// An acknowledgement of what the other side was not seen to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// The acknowledgement.
    pub ack: u32,
    /// The timestamp beside it.
    pub value: Option<u32>,
}

impl Ack {
    /// Whether it acknowledges octets of which the capture may not have a copy.
    pub fn is_blind(&self, ack: u32) -> bool {
        self.has_hole && is_after(ack, self.hole_left)
    }

    /// Takes note of octets for this side that begin behind the highest ones, or in front of them.
    fn note_hole(&mut self, highest: u32, turn: &Turn<'_>) {
        let (seq, end) = (turn.seq, turn.end);
        if is_after(seq, highest) {
            // Of several holes only the outer edges are known.
            self.has_holes = self.has_hole;
            self.hole_left = if self.has_hole { self.hole_left } else { highest };
            (self.hole_right, self.has_hole) = (seq, true);
        } else if self.has_hole && is_after(end, self.hole_left) && is_after(self.hole_right, seq) {
            if !is_after(seq, self.hole_left) {
                self.hole_left = end;
            } else if !is_after(self.hole_right, end) {
                self.hole_right = seq;
            } else {
                self.has_holes = true;
            }
            self.has_hole = is_after(self.hole_right, self.hole_left);
        }
    }

    /// Takes note of an acknowledgement of this side. Returns whether it is of octets that the capture does
    /// not have.
    fn note_holes_acknowledged(&mut self, ack: u32) -> bool {
        let blind = self.is_blind(ack);
        if blind {
            self.hole_left = ack;
            self.has_hole = is_after(self.hole_right, ack);
        }
        blind && !self.has_holes
    }

    /// How long the earliest segment waits that may have brought what is not acknowledged.
    pub fn waiting_us(&self, now_us: u32) -> Option<u32> {
        self.is_owed.then_some(elapsed_us(self.since_us, now_us))
    }

    /// Whether nothing arrived for a while although two full-sized segments wait.
    pub const fn is_paused(&self, now_us: u32) -> bool {
        self.full >= 2 && (self.was_paused || elapsed_us(self.latest_us, now_us) > PAUSE_US)
    }

    /// Where the first segment began that arrived beyond a hole since the side sent something.
    pub fn beyond(&self) -> Option<u32> {
        self.has_beyond.then_some(self.beyond)
    }

    /// What it acknowledged without the other side having been seen to send it, before or since.
    pub fn unsent(&self) -> Option<Unsent> {
        let value = self.is_unsent_stamped.then_some(self.unsent_value);
        self.has_unsent.then_some(Unsent { ack: self.unsent, value })
    }

    /// Whether this acknowledgement is the same as the latest one: nothing but a reason to send it is new.
    pub fn is_same(&self, own: &Side, turn: &Turn<'_>) -> bool {
        let bare = turn.flags.without(Flags::PSH) == Flags::ACK && !turn.takes_numbers();
        bare && turn.ack == own.numbers.highest_ack()
            && Some(turn.seq) == own.numbers.highest()
            && turn.segment.options.sack.is_empty()
            && self.same > 0
            && turn.segment.view.window() == self.same_window
    }

    /// Takes note of a segment for this side.
    fn arrives(&mut self, highest: Option<u32>, own_mss: Option<u16>, turn: &Turn<'_>) {
        self.arrivals = self.arrivals.saturating_add(1);
        self.given = self.given.saturating_add(1);
        if self.has_unsent && !is_after(self.unsent, turn.end) {
            self.has_unsent = false;
        }
        if !turn.takes_numbers() || turn.flags.intersects(Flags::SYN | Flags::RST) {
            return;
        }
        let now_us = turn.us();
        let in_order = highest == Some(turn.seq);
        if let Some(highest) = highest {
            self.note_hole(highest, turn);
        }
        let behind = highest.is_some_and(|highest| is_after(turn.seq, highest));
        if self.is_owed && in_order {
            self.was_paused |= self.is_paused(now_us);
        } else {
            (self.since_us, self.is_owed) = (now_us, true);
            (self.full, self.was_paused) = (0, false);
            if behind && !self.has_beyond {
                (self.beyond, self.has_beyond) = (turn.seq, true);
            } else if !behind && !in_order {
                self.has_beyond = false;
            }
        }
        self.latest_us = now_us;
        let options = turn.segment.view.options_bytes().len();
        let size = turn.data_octets.saturating_add(u32::try_from(options).unwrap_or(0));
        if in_order && own_mss.is_some_and(|mss| size >= u32::from(mss)) {
            self.full = self.full.saturating_add(1);
        }
    }

    /// Takes note of a segment of this side that acknowledges.
    fn leaves(&mut self, highest: u32, before: Option<u32>, ack: u32, turn: &Turn<'_>) {
        let now_us = turn.us();
        let goes_on = before.is_none_or(|before| is_after(ack, before));
        if goes_on {
            let waited = self.waiting_us(now_us).unwrap_or(0);
            let blind = self.is_blind(ack);
            self.late = self.late.saturating_add(u8::from(waited > LATE_US && !blind));
            self.paused = self.paused.saturating_add(u8::from(self.is_paused(now_us) && !blind));
            (self.given, self.same) = (0, 0);
        }
        (self.arrivals, self.has_beyond) = (0, false);
        (self.full, self.was_paused) = (0, false);
        if is_after(highest, ack) {
            self.since_us = self.latest_us;
        } else {
            self.is_owed = false;
        }
    }
}

/// How long the side took to report what lies beyond a hole, in microseconds, if this segment does.
pub fn report_us(own: &Side, turn: &Turn<'_>) -> Option<u32> {
    let beyond = own.ack.beyond()?;
    let covers = |(left, right): &(u32, u32)| !is_after(*left, beyond) && is_after(*right, beyond);
    let reports = turn.segment.header_whole && turn.segment.options.sack.iter().any(covers);
    own.ack.waiting_us(turn.us()).filter(|_| reports)
}

/// How long the side took to acknowledge what fills a hole that it knew of, in microseconds, if this segment
/// does.
pub fn fill_us(own: &Side, turn: &Turn<'_>) -> Option<u32> {
    let goes_on = turn.ack.zip(own.numbers.highest_ack()).is_some_and(|(ack, before)| is_after(ack, before));
    let blind = turn.ack.is_some_and(|ack| own.ack.is_blind(ack));
    own.ack.waiting_us(turn.us()).filter(|_| goes_on && !blind && own.sack.is_reporting())
}

/// Takes note of a segment of `own`.
pub(super) fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    let mss = peer.openings.only().and_then(Opening::max_segment_octets);
    peer.ack.arrives(own.numbers.highest(), mss, turn);
    let (Some(ack), false) = (turn.ack, turn.flags.intersects(Flags::SYN | Flags::RST)) else { return };
    let Some(highest) = peer.numbers.highest() else { return };
    let slow = report_us(own, turn).or_else(|| fill_us(own, turn)).is_some_and(|us| us > SLOW_US);
    let (same, before) = (own.ack.is_same(own, turn), own.numbers.highest_ack());
    let unseen = &mut own.numbers.acknowledged_unseen;
    let own = &mut own.ack;
    own.slow = own.slow.saturating_add(u8::from(slow));
    own.leaves(highest, before, ack, turn);
    *unseen |= own.note_holes_acknowledged(ack);
    if same {
        own.same = own.same.saturating_add(1);
    } else if !turn.takes_numbers() && turn.segment.options.sack.is_empty() {
        (own.given, own.same) = (0, 1);
        own.same_window = turn.segment.view.window();
    }
    if is_after(ack, highest) && own.unsent().is_none_or(|unsent| is_after(ack, unsent.ack)) {
        let stamps = turn.stamps();
        (own.unsent, own.has_unsent) = (ack, true);
        (own.unsent_value, own.is_unsent_stamped) =
            (stamps.map_or(0, |stamps| stamps.value), stamps.is_some());
    }
}
