//! floor 7: timestamps (RFC 7323 section 3).

use super::side::Side;
use super::turn::{Turn, is_after, later};

/// Beyond so many ticks from the first timestamp nothing is compared with it any more.
const SPAN_TICKS: u32 = 1 << 30;

/// Timestamps (RFC 7323 section 3), of one side. Those of resets do not count.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stamps {
    highest: u32,
    lowest: u32,
    echo: u32,
    allowed: u32,
    ahead_echo: u32,
    ahead_value: u32,
    has_value: bool,
    has_echo: bool,
    has_allowed: bool,
    is_ahead: bool,
    is_wide: bool,
    /// The highest value was on a SYN, where a few ticks may stand for something else (SYN cookies).
    pub of_syn: bool,
}

/// An echo of what the other side was not seen to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// The echo.
    pub echo: u32,
    /// The value beside it.
    pub value: u32,
}

impl Stamps {
    /// The highest value seen.
    pub fn highest(&self) -> Option<u32> {
        self.has_value.then_some(self.highest)
    }

    /// The lowest value seen, as long as it is near enough to be compared with.
    pub fn lowest(&self) -> Option<u32> {
        (self.has_value && !self.is_wide).then_some(self.lowest)
    }

    /// The highest echo seen.
    pub fn echo(&self) -> Option<u32> {
        self.has_echo.then_some(self.echo)
    }

    /// The highest value of the other side that it may echo, if it was given every packet in the order of the
    /// capture: of a segment that began behind its latest acknowledgement it may not (RFC 7323 section 4.3).
    pub fn allowed(&self) -> Option<u32> {
        self.has_allowed.then_some(self.allowed)
    }

    /// What it echoed without the other side having been seen to send it, before or since.
    pub fn ahead(&self) -> Option<Ahead> {
        self.is_ahead.then_some(Ahead { echo: self.ahead_echo, value: self.ahead_value })
    }

    fn note_value(&mut self, value: u32, syn: bool) {
        let Some(highest) = self.highest() else {
            (self.highest, self.lowest, self.has_value, self.of_syn) = (value, value, true, syn);
            return;
        };
        if is_after(value, highest) {
            (self.highest, self.of_syn) = (value, syn);
        }
        if self.highest.wrapping_sub(self.lowest) >= SPAN_TICKS {
            self.is_wide = true;
        } else if is_after(self.lowest, value) {
            self.lowest = value;
        }
    }

    fn note_echo(&mut self, echo: u32, value: u32, possible: Option<u32>) {
        if self.echo().is_none_or(|highest| is_after(echo, highest)) {
            (self.echo, self.has_echo) = (echo, true);
        }
        let unseen = possible.is_some_and(|possible| is_after(echo, possible));
        if unseen && self.ahead().is_none_or(|ahead| is_after(echo, ahead.echo)) {
            (self.ahead_echo, self.ahead_value, self.is_ahead) = (echo, value, true);
        }
    }

    fn allow(&mut self, value: u32) {
        self.allowed = if self.has_allowed { later(self.allowed, value) } else { value };
        self.has_allowed = true;
    }
}

/// Takes note of a segment of `own`.
pub(super) fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    let Some(stamps) = turn.stamps().filter(|_| !turn.flags.rst()) else { return };
    let seen = peer.stamps.highest();
    own.stamps.note_value(stamps.value, turn.flags.syn());
    if turn.flags.ack() {
        own.stamps.note_echo(stamps.echo, stamps.value, seen);
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
    if peer.stamps.ahead().is_some_and(|ahead| !is_after(ahead.echo, stamps.value)) {
        peer.stamps.is_ahead = false;
    }
}
