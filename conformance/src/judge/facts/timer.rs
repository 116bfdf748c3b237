//! floor 7: how often and how fast it sends again (RFC 6298, RFC 5681 section 3.1, RFC 9293 section 3.8.6.1).

use super::bits::{Bits, Counts};
use super::side::Side;
use super::turn::{Turn, elapsed_us, is_after};

/// A time between two copies that is less than so many tenths of the one before did not grow, or shrank.
/// Timers fire late, by up to an eighth on Linux: then the next time is shorter than twice the last by that.
const GROWS_TENTHS: u64 = 17;
const SHRINKS_TENTHS: u64 = 9;

/// The longest time between two copies that has to grow, in microseconds: the least bound that a timeout may
/// have is 60 s (RFC 6298 section 2.5).
const GROWS_UP_TO_US: u32 = 59_000_000;

/// What one side sends again and again, and what it may know of the time to the other side.
#[derive(Clone, Copy, Debug, Default)]
#[repr(Rust, packed)]
pub struct Timer {
    seq: u32,
    us: u32,
    interval_us: u32,
    shortest_us: u32,
    /// The number behind all that it had sent when the other side was heard last.
    pub burst_from: u32,
    /// Octets of data since the latest copy, those of the copy counted in.
    pub spent_octets: u16,
    copies: u8,
    rows: Counts,
    flags: Bits,
}

/// What [`Timer`] counts in a row.
mod row {
    pub(super) const FLAT: u8 = 0;
    pub(super) const SHRINKING: u8 = 1;
}

/// What [`Timer`] knows of the latest copy, and of what came.
mod flag {
    pub(super) const PROBING: u8 = 1;
    pub(super) const EXPIRED: u8 = 2;
    pub(super) const DUPLICATES: u8 = 4;
}

/// The time since the copy before, and what those before it were like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Since the copy before, in microseconds.
    pub us: u32,
    /// Between that and the one before it, in microseconds; zero if there was none.
    pub before_us: u32,
    /// Copies with nothing from the other side between them, the first and this one not counted in.
    pub copies: u8,
    /// How many of the times in a row did not grow, this one counted in, up to [`Counts::MAX`] before it.
    pub flat: u8,
    /// How many of the times in a row shrank, in the same way.
    pub shrinking: u8,
}

impl Timer {
    /// The shortest round trip that it can have measured, in microseconds, if it can have measured one.
    pub fn shortest_us(&self) -> Option<u32> {
        (self.shortest_us > 0).then_some(self.shortest_us)
    }

    /// Whether the latest copy can only come from a timer: it is the first that waits, and there are others
    /// behind.
    pub const fn has_expired(&self) -> bool {
        self.flags.has(flag::EXPIRED)
    }

    /// Whether it probes a closed window, and nothing else came of late.
    pub const fn is_probing(&self) -> bool {
        self.flags.has(flag::PROBING)
    }

    /// Whether the other side acknowledged something more than once, or selectively.
    pub const fn had_duplicates(&self) -> bool {
        self.flags.has(flag::DUPLICATES)
    }

    /// Whether a segment begins where the latest copy does.
    pub const fn is_copy(&self, turn: &Turn<'_>) -> bool {
        self.copies > 0 && self.seq == turn.seq
    }

    /// How the time from `since_us` to a copy goes on.
    fn interval(&self, seq: u32, since_us: u32, turn: &Turn<'_>) -> Interval {
        let us = elapsed_us(since_us, turn.us());
        if self.copies == 0 || self.seq != seq {
            return Interval { us, before_us: 0, copies: 0, flat: 0, shrinking: 0 };
        }
        let before_us = self.interval_us;
        let of_before = |tenths: u64| u64::from(us) * 10 < u64::from(before_us) * tenths;
        // The first copy may be a probe for loss at the end, with a time of its own (RFC 8985 section 7).
        let is_flat = self.copies >= 2 && us < GROWS_UP_TO_US && of_before(GROWS_TENTHS);
        let count = |counts: bool, row: u8| if counts { self.rows.get(row) + 1 } else { 0 };
        Interval {
            us,
            before_us,
            copies: self.copies,
            flat: count(is_flat, row::FLAT),
            shrinking: count(of_before(SHRINKS_TENTHS), row::SHRINKING),
        }
    }

    /// A copy went out.
    fn repeat(&mut self, turn: &Turn<'_>, interval: Interval) {
        (self.seq, self.us, self.interval_us) = (turn.seq, turn.us(), interval.us);
        self.copies = interval.copies.saturating_add(1);
        self.rows.put(row::FLAT, interval.flat);
        self.rows.put(row::SHRINKING, interval.shrinking);
        self.spent_octets = u16::try_from(turn.data_octets).unwrap_or(u16::MAX);
    }

    /// Something came, so that what is sent from now on has another reason than time.
    pub(super) fn hear(&mut self, highest: Option<u32>) {
        self.burst_from = highest.unwrap_or(self.burst_from);
        (self.copies, self.rows) = (0, Counts::default());
        self.flags.put(flag::PROBING | flag::EXPIRED, false);
    }
}

/// Whether a segment asks for the window of the other side, which is closed: without data and with the last
/// number before, or with data at the edge (RFC 9293 section 3.8.6.1).
pub fn is_probe(own: &Side, peer: &Side, turn: &Turn<'_>) -> bool {
    if !peer.window.is_closed() || turn.flags.syn() || turn.flags.fin() {
        return false;
    }
    let bare = !turn.takes_numbers() && own.numbers.highest() == Some(turn.seq.wrapping_add(1));
    bare || (turn.data_octets > 0 && peer.window.closed_edge() == Some(turn.seq))
}

/// The time since the probe before, if this is another one and the window did not change since.
pub fn probe_interval(own: &Side, peer: &Side, turn: &Turn<'_>) -> Option<Interval> {
    let again = own.timer.flags.has(flag::PROBING) && own.timer.seq == turn.seq && is_probe(own, peer, turn);
    again.then(|| own.timer.interval(turn.seq, own.timer.us, turn))
}

/// The time since the segment was sent before, if nothing came from the other side in between.
pub fn repeat_interval(own: &Side, turn: &Turn<'_>) -> Option<Interval> {
    let (shot, alone) = own.sent.repeated_by(turn)?;
    (alone && turn.takes_numbers()).then(|| own.timer.interval(turn.seq, shot.us, turn))
}

/// Takes note of a segment of `own`. It is called before the segment itself is among those that were sent.
pub(super) fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    hear(own, peer, turn);
    if turn.flags.rst() {
        return;
    }
    if is_probe(own, peer, turn) {
        let interval = own.timer.interval(turn.seq, own.timer.us, turn);
        let first = !own.timer.flags.has(flag::PROBING) || own.timer.seq != turn.seq;
        let nothing = Interval { us: 0, before_us: 0, copies: 0, flat: 0, shrinking: 0 };
        own.timer.repeat(turn, if first { nothing } else { interval });
        own.timer.flags.put(flag::PROBING, true);
        return;
    }
    if !turn.takes_numbers() {
        return;
    }
    match repeat_interval(own, turn) {
        Some(interval) => {
            let first_that_waits = peer
                .numbers
                .highest_ack()
                .is_some_and(|ack| !is_after(turn.seq, ack) && is_after(turn.end, ack));
            let others = own.numbers.highest().is_some_and(|highest| is_after(highest, turn.end));
            own.timer.repeat(turn, interval);
            let expired = first_that_waits && (others || own.timer.copies >= 2);
            own.timer.flags.put(flag::EXPIRED, expired);
            own.timer.flags.put(flag::PROBING, false);
        }
        None => {
            let octets = u16::try_from(turn.data_octets).unwrap_or(u16::MAX);
            own.timer.spent_octets = own.timer.spent_octets.saturating_add(octets);
        }
    }
}

/// What a segment tells the side that it comes for.
fn hear(own: &Side, peer: &mut Side, turn: &Turn<'_>) {
    let known = own.numbers.highest_ack();
    let progress = turn.ack.is_some_and(|ack| known.is_none_or(|known| is_after(ack, known)));
    let highest = peer.numbers.highest();
    if progress && peer.sent.latest.numbers > 0 {
        // Whatever it acknowledges was not sent after the latest.
        let trip_us = elapsed_us(peer.sent.latest.us, turn.us()).max(1);
        let timer = &mut peer.timer;
        timer.shortest_us = timer.shortest_us().map_or(trip_us, |known| known.min(trip_us));
    }
    // What it tells of may be on its way to the capture yet, where this one has been already.
    let again = !progress && !turn.takes_numbers();
    peer.timer.flags.set(flag::DUPLICATES, again || !turn.segment.options.sack.is_empty());
    let still_closed = turn.segment.view.window() == 0 && !progress && own.window.is_closed();
    if still_closed && peer.timer.flags.has(flag::PROBING) {
        return;
    }
    peer.timer.hear(highest);
}
