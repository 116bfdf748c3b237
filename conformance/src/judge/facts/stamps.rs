//! floor 7: timestamps (RFC 7323 section 3).

use super::bits::Bits;
use super::side::Side;
use super::turn::{Turn, is_after, later};

/// Beyond so many ticks from the first timestamp nothing is compared with it any more.
const SPAN_TICKS: u32 = 1 << 30;

/// Which of its numbers [`Stamps`] has.
mod flag {
    pub(super) const VALUE: u8 = 1;
    pub(super) const ECHO: u8 = 2;
    pub(super) const ALLOWED: u8 = 4;
    pub(super) const AHEAD: u8 = 8;
    pub(super) const CLAIM: u8 = 16;
    pub(super) const WIDE: u8 = 32;
    pub(super) const SYN: u8 = 64;
}

/// Timestamps (RFC 7323 section 3), of one side. Those of resets do not count.
#[derive(Clone, Copy, Debug, Default)]
#[repr(Rust, packed)]
pub struct Stamps {
    highest: u32,
    lowest: u32,
    echo: u32,
    allowed: u32,
    ahead: u32,
    claimed: u32,
    flags: Bits,
}

impl Stamps {
    /// The highest value seen.
    pub fn highest(&self) -> Option<u32> {
        self.flags.has(flag::VALUE).then_some(self.highest)
    }

    /// Whether that was on a SYN, where a few ticks may stand for something else (SYN cookies).
    pub const fn is_of_syn(&self) -> bool {
        self.flags.has(flag::SYN)
    }

    /// The lowest value seen, as long as it is near enough to be compared with.
    pub fn lowest(&self) -> Option<u32> {
        self.highest().filter(|_| !self.flags.has(flag::WIDE)).map(|_| self.lowest)
    }

    /// The highest echo seen.
    pub fn echo(&self) -> Option<u32> {
        self.flags.has(flag::ECHO).then_some(self.echo)
    }

    /// The highest value of the other side that it may echo, if it was given every packet in the order of the
    /// capture: of a segment that began behind its latest acknowledgement it may not (RFC 7323 section 4.3).
    pub fn allowed(&self) -> Option<u32> {
        self.flags.has(flag::ALLOWED).then_some(self.allowed)
    }

    /// What it echoed without the other side having been seen to send it, before or since.
    pub fn ahead(&self) -> Option<u32> {
        self.flags.has(flag::AHEAD).then_some(self.ahead)
    }

    /// The value of the latest segment that echoed or acknowledged what was not seen. Who echoes a later one
    /// knows of it.
    pub fn claimed(&self) -> Option<u32> {
        self.flags.has(flag::CLAIM).then_some(self.claimed)
    }

    /// Takes note that the segment with this value echoes or acknowledges what was not seen.
    pub(super) fn claim(&mut self, value: u32) {
        self.claimed = self.claimed().map_or(value, |known| later(known, value));
        self.flags.put(flag::CLAIM, true);
    }

    fn note_value(&mut self, value: u32, syn: bool) {
        let Some(highest) = self.highest() else {
            (self.highest, self.lowest) = (value, value);
            self.flags.put(flag::VALUE, true);
            self.flags.put(flag::SYN, syn);
            return;
        };
        if is_after(value, highest) {
            self.highest = value;
            self.flags.put(flag::SYN, syn);
        }
        if self.highest.wrapping_sub(self.lowest) >= SPAN_TICKS {
            self.flags.put(flag::WIDE, true);
        } else if is_after(self.lowest, value) {
            self.lowest = value;
        }
    }

    fn note_echo(&mut self, echo: u32, value: u32, possible: Option<u32>) {
        if self.echo().is_none_or(|highest| is_after(echo, highest)) {
            self.echo = echo;
            self.flags.put(flag::ECHO, true);
        }
        let unseen = possible.is_some_and(|possible| is_after(echo, possible));
        if unseen && self.ahead().is_none_or(|ahead| is_after(echo, ahead)) {
            self.ahead = echo;
            self.flags.put(flag::AHEAD, true);
            self.claim(value);
        }
    }

    fn allow(&mut self, value: u32) {
        self.allowed = self.allowed().map_or(value, |known| later(known, value));
        self.flags.put(flag::ALLOWED, true);
    }
}

/// Takes note of a segment of `own`.
pub(super) fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    let Some(stamps) = turn.stamps().filter(|_| !turn.flags.rst()) else { return };
    let seen = peer.stamps.highest();
    own.stamps.note_value(stamps.value, turn.flags.syn());
    if turn.flags.ack() {
        // Whether what was cut is damaged, nothing shows.
        own.stamps.note_echo(stamps.echo, stamps.value, seen.filter(|_| turn.segment.extent.is_whole()));
    }
    // Whatever came before may have been taken before this segment left.
    if let Some(value) = seen {
        own.stamps.allow(value);
    }
    let acknowledged = peer.numbers.highest_ack();
    if turn.flags.syn() || acknowledged.is_none_or(|ack| !is_after(turn.seq, ack)) {
        peer.stamps.allow(stamps.value);
    }
    // Now it was sent, and who echoed it may have had it from a packet that was not seen.
    if peer.stamps.ahead().is_some_and(|ahead| !is_after(ahead, stamps.value)) {
        peer.stamps.flags.put(flag::AHEAD, false);
    }
}
