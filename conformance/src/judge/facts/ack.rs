//! floor 7: arrivals that are owed an acknowledgement (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2).
//!
//! What was sent to a host, the capture shows; what reached it, only its acknowledgements do. So a delay
//! counts from the latest packet that may have brought what is acknowledged: every retransmission begins it
//! anew.

use super::bits::{Bits, Counts};
use super::opening::Opening;
use super::side::Side;
use super::turn::{Turn, elapsed_us, is_after, later};
use stack::wire::tcp::Flags;

/// With this long between two segments the second full one should have been acknowledged, in microseconds.
pub const PAUSE_US: u32 = 100_000;

/// A delay that is too long for anything that arrives, in microseconds (RFC 9293 section 3.8.6.3).
pub const LATE_US: u32 = 500_000;

/// A delay that is too long for what is to be acknowledged at once, in microseconds.
pub const SLOW_US: u32 = 200_000;

/// Which of its numbers [`Ack`] has.
mod flag {
    pub(super) const HOLES: u8 = 1;
    pub(super) const OWED: u8 = 2;
    pub(super) const BEYOND: u8 = 4;
    pub(super) const UNSENT: u8 = 8;
    pub(super) const PAUSED: u8 = 16;
    pub(super) const ONE_ARRIVAL: u8 = 32;
    pub(super) const MORE_ARRIVALS: u8 = 64;
    pub(super) const BARE: u8 = 128;
}

/// What [`Ack`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Full-sized segments in order since everything was acknowledged.
    Full,
    /// Acknowledgements that came later than [`LATE_US`].
    Late,
    /// Pauses after two full-sized segments.
    Paused,
    /// Acknowledgements later than [`SLOW_US`] of what is to be acknowledged at once.
    Slow,
}

/// Arrivals that are owed an acknowledgement, of the side to which they go.
#[derive(Clone, Copy, Debug, Default)]
#[repr(Rust, packed)]
pub struct Ack {
    hole_left: u32,
    hole_right: u32,
    since_us: u32,
    latest_us: u32,
    unsent: u32,
    bare_window: u16,
    unused: u8,
    flags: Bits,
    counts: Counts,
}

impl Ack {
    /// Whether it acknowledges octets of which the capture may not have a copy.
    pub fn is_blind(&self, ack: u32) -> bool {
        self.has_hole() && is_after(ack, self.hole_left)
    }

    /// How often that was, up to three times.
    pub const fn count(&self, what: Count) -> u8 {
        self.counts.get(what as u8)
    }

    /// Whether exactly one segment for it was seen since it sent one.
    pub const fn is_after_one_arrival(&self) -> bool {
        self.flags.has(flag::ONE_ARRIVAL) && !self.flags.has(flag::MORE_ARRIVALS)
    }

    /// Whether no segment for it was seen since it sent one.
    pub const fn is_quiet(&self) -> bool {
        !self.flags.has(flag::ONE_ARRIVAL)
    }

    /// How many segments for it no bare acknowledgement is due to, since it has been seen to acknowledge.
    /// Each is due to at least one that no other is due to; and which one, is not asked.
    pub const fn unused(&self) -> u8 {
        self.unused
    }

    fn has_hole(&self) -> bool {
        is_after(self.hole_right, self.hole_left)
    }

    /// Takes note of octets for this side that begin behind the highest ones, or in front of them.
    fn note_hole(&mut self, highest: u32, turn: &Turn<'_>) {
        let (seq, end) = (turn.seq, turn.end);
        if is_after(seq, highest) {
            // Of several holes only the outer edges are known.
            self.flags.put(flag::HOLES, self.has_hole());
            self.hole_left = if self.has_hole() { self.hole_left } else { highest };
            self.hole_right = seq;
        } else if self.has_hole() && is_after(end, self.hole_left) && is_after(self.hole_right, seq) {
            if !is_after(seq, self.hole_left) {
                self.hole_left = end;
            } else if !is_after(self.hole_right, end) {
                self.hole_right = seq;
            } else {
                self.flags.put(flag::HOLES, true);
            }
        }
    }

    /// Takes note of an acknowledgement of this side. Returns whether it is of octets that the capture does
    /// not have.
    fn note_holes_acknowledged(&mut self, ack: u32) -> bool {
        let blind = self.is_blind(ack);
        if blind {
            self.hole_left = ack;
        }
        blind && !self.flags.has(flag::HOLES)
    }

    /// How long the earliest segment waits that may have brought what is not acknowledged.
    pub fn waiting_us(&self, now_us: u32) -> Option<u32> {
        self.flags.has(flag::OWED).then_some(elapsed_us(self.since_us, now_us))
    }

    /// Whether nothing arrived for a while although two full-sized segments wait.
    pub const fn is_paused(&self, now_us: u32) -> bool {
        self.count(Count::Full) >= 2
            && (self.flags.has(flag::PAUSED) || elapsed_us(self.latest_us, now_us) > PAUSE_US)
    }

    /// Whether the latest segment for it lies beyond a hole, and arrived since the side sent something.
    const fn is_beyond(&self) -> bool {
        self.flags.has(flag::BEYOND)
    }

    /// What it acknowledged, or reported by SACK, without the other side having been seen to send it, before
    /// or since.
    pub fn unsent(&self) -> Option<u32> {
        self.flags.has(flag::UNSENT).then_some(self.unsent)
    }

    /// Whether this acknowledgement is the same as the latest one: nothing but a reason to send it is new.
    pub fn is_same(&self, own: &Side, turn: &Turn<'_>) -> bool {
        let bare = turn.flags.without(Flags::PSH) == Flags::ACK && !turn.takes_numbers();
        bare && turn.ack == own.numbers.highest_ack()
            && Some(turn.seq) == own.numbers.highest()
            && turn.segment.options.sack.is_empty()
            && self.flags.has(flag::BARE)
            && turn.segment.view.window() == self.bare_window
    }

    /// Takes note of a segment for this side.
    fn arrives(&mut self, highest: Option<u32>, own_mss: Option<u16>, turn: &Turn<'_>) {
        let more = self.flags.has(flag::ONE_ARRIVAL);
        self.flags.put(if more { flag::MORE_ARRIVALS } else { flag::ONE_ARRIVAL }, true);
        self.unused = self.unused.saturating_add(1);
        if self.unsent().is_some_and(|unsent| !is_after(unsent, turn.end)) {
            self.flags.put(flag::UNSENT, false);
        }
        if !turn.takes_numbers() || turn.flags.intersects(Flags::SYN | Flags::RST) {
            return;
        }
        let now_us = turn.us();
        let in_order = highest == Some(turn.seq);
        let goes_on_behind_a_hole = in_order && self.has_hole();
        if let Some(highest) = highest {
            self.note_hole(highest, turn);
        }
        if self.flags.has(flag::OWED) && in_order && !goes_on_behind_a_hole {
            let paused = self.is_paused(now_us);
            self.flags.put(flag::PAUSED, paused);
        } else {
            let behind = goes_on_behind_a_hole || highest.is_some_and(|highest| is_after(turn.seq, highest));
            self.since_us = now_us;
            self.flags.put(flag::OWED, true);
            self.flags.put(flag::PAUSED, false);
            self.flags.put(flag::BEYOND, behind);
            self.counts.clear(Count::Full as u8);
        }
        self.latest_us = now_us;
        let options = turn.segment.view.options_bytes().len();
        let size = turn.data_octets.saturating_add(u32::try_from(options).unwrap_or(0));
        let full = own_mss.is_some_and(|mss| size >= u32::from(mss));
        self.counts.add(Count::Full as u8, in_order && full);
    }

    /// Takes note of a segment of this side that acknowledges.
    fn leaves(&mut self, highest: u32, before: Option<u32>, ack: u32, turn: &Turn<'_>) {
        let now_us = turn.us();
        if before.is_none_or(|before| is_after(ack, before)) {
            let seen = !self.is_blind(ack);
            let late = self.waiting_us(now_us).is_some_and(|waited_us| waited_us > LATE_US);
            let paused = self.is_paused(now_us);
            self.counts.add(Count::Late as u8, seen && late);
            self.counts.add(Count::Paused as u8, seen && paused);
        }
        self.flags.put(flag::ONE_ARRIVAL | flag::MORE_ARRIVALS | flag::BEYOND | flag::PAUSED, false);
        self.counts.clear(Count::Full as u8);
        if is_after(highest, ack) {
            self.since_us = self.latest_us;
        } else {
            self.flags.put(flag::OWED, false);
        }
    }

    /// Takes note of a bare acknowledgement. One that says something new about the window alone, nothing has
    /// to have arrived for.
    const fn note_bare(&mut self, due: bool, window: u16) {
        self.unused = self.unused.saturating_sub(due as u8);
        self.flags.put(flag::BARE, true);
        self.bare_window = window;
    }
}

/// Where the latest segment for a side begins, if it lies beyond a hole and came since the side sent
/// something.
pub fn beyond(own: &Side, peer: &Side) -> Option<u32> {
    own.ack.is_beyond().then_some(peer.sent.latest.seq)
}

/// How long the side took to report what lies beyond a hole, in microseconds, if this segment does.
pub fn report_us(own: &Side, peer: &Side, turn: &Turn<'_>) -> Option<u32> {
    let beyond = beyond(own, peer)?;
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
    let slow = report_us(own, peer, turn).or_else(|| fill_us(own, turn)).is_some_and(|us| us > SLOW_US);
    let (same, before) = (own.ack.is_same(own, turn), own.numbers.highest_ack());
    own.ack.counts.add(Count::Slow as u8, slow);
    own.ack.leaves(highest, before, ack, turn);
    own.numbers.note_unseen(own.ack.note_holes_acknowledged(ack));
    if same || (!turn.takes_numbers() && turn.segment.options.sack.is_empty()) {
        let goes_on = before.is_none_or(|before| is_after(ack, before));
        own.ack.note_bare(same || goes_on, turn.segment.view.window());
    }
    // Without a timestamp nothing shows what the other side knew when it went on.
    let tells = turn.stamps().is_some() || own.stamps.highest().is_none();
    // Whether what was cut is damaged, nothing shows at all.
    let tells = tells && turn.segment.extent.is_whole();
    let reported = if turn.segment.header_whole { turn.segment.options.sack.as_slice() } else { &[] };
    let claimed = reported.iter().fold(ack, |claimed, (_, right)| later(claimed, *right));
    let known = own.ack.unsent();
    let anew = known.is_none_or(|unsent| is_after(claimed, unsent));
    // What was reported is acknowledged now, of which the other side can have known nothing before.
    let reached = known.is_some_and(|unsent| own.is_reported(unsent) && !is_after(unsent, ack));
    if tells && is_after(claimed, highest) && (anew || reached) {
        own.ack.unsent = claimed;
        own.ack.flags.put(flag::UNSENT, true);
        if let Some(stamps) = turn.stamps() {
            own.stamps.claim(stamps.value);
        }
    }
}
