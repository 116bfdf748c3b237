//! floor 7: segments that it sent: the latest, and one that waits for its acknowledgement (RFC 9293
//! section 3.8.1).

use super::bits::Bits;
use super::side::Side;
use super::turn::{Turn, elapsed_us, is_after};
use crate::judge::packet::Segment;
use stack::wire::checksum::Sum;

/// Within this time, several queues of a network card or of the capture may change places, in microseconds.
const QUEUES_US: u32 = 2_000;

/// A time in few bits: units of 128 us, which come round after eight seconds. What seems short by that may
/// have been long, which only excuses.
const fn coarse(us: u32) -> u16 {
    (us >> 7) as u16
}

/// What passes the capture so shortly before a segment of the host may come to the host after it, in
/// microseconds.
const CROSSES_WITHIN_US: u32 = 5_000;

/// A segment that took numbers.
#[derive(Clone, Copy, Debug, Default)]
#[repr(Rust, packed)]
pub struct Shot {
    /// Number of its first octet.
    pub seq: u32,
    /// When it was sent last, by [`Turn::us`].
    pub us: u32,
    /// How many numbers it takes; more than fit count as the most that fit.
    pub numbers: u16,
    /// What its octets sum up to, up to what all segments of its side have in common; zero if unknown.
    pub sum: u16,
}

impl Shot {
    /// The number behind it.
    pub const fn end(&self) -> u32 {
        self.seq.wrapping_add(self.numbers as u32)
    }

    /// Whether a segment is this one again, with the same limits.
    pub const fn is(&self, turn: &Turn<'_>) -> bool {
        self.numbers != 0 && self.seq == turn.seq && self.end() == turn.end
    }
}

/// The octets of a segment whose checksum is right, summed up without reading them: all that is summed has a
/// sum of zero, so that the rest of the header tells. Numbers, ports and addresses are left out, which a
/// repetition has in common with the first.
pub fn payload_sum(segment: &Segment<'_>) -> u16 {
    const ACKNOWLEDGEMENT: usize = 8;
    let header = segment.view.data_offset_octets();
    let Some(rest) = segment.extent.bytes.get(ACKNOWLEDGEMENT..header) else { return 0 };
    let len = u16::try_from(header).unwrap_or(u16::MAX);
    match Sum::new().add_bytes(rest).add_bytes(&len.to_be_bytes()).finish() {
        0 => u16::MAX,
        sum => sum,
    }
}

/// Which of its numbers [`Sent`] has, and what came between its segments.
mod flag {
    /// Numbers were left out that were not seen, and they have not come.
    pub(super) const HOLE: u8 = 1;
    pub(super) const HEARD: u8 = 2;
    pub(super) const LATEST_IS_ALONE: u8 = 4;
    pub(super) const WAITING_IS_ALONE: u8 = 8;
    pub(super) const DISORDER: u8 = 16;
}

/// What one side sent of late.
#[derive(Clone, Copy, Debug, Default)]
#[repr(Rust, packed)]
pub struct Sent {
    /// The latest segment that took numbers.
    pub latest: Shot,
    /// One that waits for its acknowledgement, mostly the one that waits the longest.
    pub waiting: Shot,
    heard_us: u32,
    hole_at: u32,
    hole_since: u16,
    /// Octets that have to come to show that segments changed places; more than fit count as the most that
    /// fit.
    hole_octets: u16,
    flags: Bits,
}

impl Sent {
    /// The segment that this one repeats, with the same limits, and whether nothing came between the two.
    pub fn repeated_by(&self, turn: &Turn<'_>) -> Option<(&Shot, bool)> {
        match () {
            () if self.waiting.is(turn) => Some((&self.waiting, self.flags.has(flag::WAITING_IS_ALONE))),
            () if self.latest.is(turn) => Some((&self.latest, self.flags.has(flag::LATEST_IS_ALONE))),
            () => None,
        }
    }

    /// Whether this segment has the limits of one that may be repeated.
    pub(in crate::judge) const fn may_be_repeated_by(&self, turn: &Turn<'_>) -> bool {
        self.waiting.is(turn) || self.latest.is(turn)
    }

    /// Whether segments changed places on their way to the capture.
    pub const fn is_in_disorder(&self) -> bool {
        self.flags.has(flag::DISORDER)
    }

    /// Whether an acknowledgement covers numbers that were left out and have not come.
    pub(super) fn misses(&self, ack: u32) -> bool {
        self.flags.has(flag::HOLE) && is_after(ack, self.hole_at)
    }

    /// The other side was heard; it may have acknowledged something.
    pub(super) fn hear(&mut self, ack: Option<u32>, us: u32) {
        self.flags.put(flag::LATEST_IS_ALONE | flag::WAITING_IS_ALONE, false);
        self.flags.put(flag::HEARD, true);
        self.heard_us = us;
        if ack.is_some_and(|ack| !is_after(self.waiting.end(), ack)) {
            self.waiting.numbers = 0;
        }
    }

    /// Takes note of where numbers are left out, or come late. Segments changed places if what was left out
    /// comes at once. Behind a bare acknowledgement all of it has to come: a number that was never due leaves
    /// a hole that nothing fills.
    fn look_for_holes(&mut self, highest: Option<u32>, turn: &Turn<'_>) {
        let Some(highest) = highest else { return };
        let within = is_after(turn.end, self.hole_at) && is_after(highest, turn.seq);
        if self.hole_octets > 0 && within && turn.takes_numbers() {
            let octets = u16::try_from(turn.end.wrapping_sub(turn.seq)).unwrap_or(u16::MAX);
            self.hole_octets = self.hole_octets.saturating_sub(octets);
            let waited = coarse(turn.us()).wrapping_sub(self.hole_since);
            let at_once = waited <= coarse(QUEUES_US) + 1;
            self.flags.set(flag::DISORDER, self.hole_octets == 0 && at_once);
        }
        let open = self.flags.has(flag::HOLE);
        if open && !is_after(turn.seq, self.hole_at) && is_after(turn.end, self.hole_at) {
            self.flags.put(flag::HOLE, false);
        } else if !open && is_after(turn.seq, highest) && !turn.flags.syn() {
            let octets = if turn.takes_numbers() { 1 } else { turn.seq.wrapping_sub(highest) };
            (self.hole_at, self.hole_since) = (highest, coarse(turn.us()));
            self.hole_octets = u16::try_from(octets).unwrap_or(u16::MAX);
            self.flags.put(flag::HOLE, true);
        }
    }
}

/// Takes note of a segment of `own`.
pub(super) fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    peer.sent.hear(turn.ack, turn.us());
    if turn.flags.rst() {
        return;
    }
    let highest = own.numbers.highest();
    let sent = &mut own.sent;
    sent.look_for_holes(highest, turn);
    if !turn.takes_numbers() {
        return;
    }
    let numbers = u16::try_from(turn.end.wrapping_sub(turn.seq)).unwrap_or(u16::MAX);
    let sum = if turn.sum_is_right && turn.data_octets > 0 { payload_sum(turn.segment) } else { 0 };
    let shot = Shot { seq: turn.seq, us: turn.us(), numbers, sum };
    let alone = !sent.flags.has(flag::HEARD) || elapsed_us(sent.heard_us, turn.us()) > CROSSES_WITHIN_US;
    if sent.waiting.numbers == 0 || sent.waiting.seq == turn.seq {
        sent.waiting = shot;
        sent.flags.put(flag::WAITING_IS_ALONE, alone);
    }
    sent.latest = shot;
    sent.flags.put(flag::LATEST_IS_ALONE, alone);
}
