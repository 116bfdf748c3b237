//! floor 7: the SYNs of one side, and the options on them (RFC 9293 section 3.5, RFC 7323 section 1.3).

use super::bits::Bits;
use super::side::Side;
use super::turn::Turn;
use stack::wire::tcp::Flags;

/// Initial sequence numbers remembered of one side.
const ISNS_MAX: usize = 2;

/// Which of its numbers [`Opening`] has, and what a copy of it asked for.
mod flag {
    pub(super) const ANSWER: u8 = 1;
    pub(super) const ECN_SETUP: u8 = 2;
    pub(super) const ACCURATE_ECN: u8 = 4;
    pub(super) const EXTENDED: u8 = 8;
}

/// One SYN as one side sent it, repetitions counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(Rust, packed)]
pub struct Opening {
    /// Initial sequence number.
    pub isn: u32,
    answers: u32,
    /// Octets of data on it, at the most.
    pub data_octets: u16,
    max_segment_octets: u16,
    window_scale: u8,
    /// Which options its copies had.
    pub options: OptionCounts,
    flags: Bits,
}

impl Opening {
    /// What the latest copy that is a SYN,ACK acknowledges.
    pub fn answers(&self) -> Option<u32> {
        self.flags.has(flag::ANSWER).then_some(self.answers)
    }

    /// Its maximum segment size option, that of the first copy that had one.
    pub fn max_segment_octets(&self) -> Option<u16> {
        self.options.some(option::MAX_SEGMENT).then_some(self.max_segment_octets)
    }

    /// Window scale of the first copy that had one.
    pub fn window_scale(&self) -> Option<u8> {
        self.options.some(option::WINDOW_SCALE).then_some(self.window_scale)
    }

    /// Whether `ack` acknowledges the SYN, data on it or not.
    pub fn is_acknowledged_by(&self, ack: u32) -> bool {
        ack.wrapping_sub(self.isn).wrapping_sub(1) <= u32::from(self.data_octets)
    }

    /// Whether a copy asked for explicit congestion notification (ECE and CWR).
    pub const fn ecn_setup(&self) -> bool {
        self.flags.has(flag::ECN_SETUP)
    }

    /// Whether a copy had the bit of accurate ECN.
    pub const fn accurate_ecn(&self) -> bool {
        self.flags.has(flag::ACCURATE_ECN)
    }

    /// Whether a copy had an option that changes the rules: Fast Open, multipath TCP.
    pub const fn extended(&self) -> bool {
        self.flags.has(flag::EXTENDED)
    }
}

/// Options of a SYN.
pub mod option {
    /// Maximum segment size.
    pub const MAX_SEGMENT: u8 = 1;
    /// Window scale.
    pub const WINDOW_SCALE: u8 = 2;
    /// Timestamps.
    pub const TIMESTAMPS: u8 = 4;
    /// SACK permitted.
    pub const SACK_PERMITTED: u8 = 8;
}

/// By how many bits the options that were lacked are shifted.
const LACKED: u8 = 4;

/// Which options the copies of a SYN had. Copies stop counting at 255.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OptionCounts {
    /// Copies whose options were captured.
    pub whole: u8,
    /// Copies whose options were cut, or make no sense.
    pub unknown: u8,
    /// Options of [`option`] that a whole copy had, and behind those the ones that a whole copy lacked.
    seen: Bits,
}

impl OptionCounts {
    /// Whether every copy was captured whole, and there is one.
    pub const fn are_known(&self) -> bool {
        self.whole > 0 && self.unknown == 0
    }

    /// Whether a copy that was captured whole had this option of [`option`].
    pub const fn some(&self, option: u8) -> bool {
        self.seen.has(option)
    }

    /// Whether every copy that was captured whole had it.
    pub const fn all(&self, option: u8) -> bool {
        !self.seen.has(option << LACKED)
    }

    const fn add(&mut self, other: &Self) {
        self.whole = self.whole.saturating_add(other.whole);
        self.unknown = self.unknown.saturating_add(other.unknown);
        self.seen = self.seen.and(other.seen);
    }
}

/// The SYNs of one side, by initial sequence number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Openings {
    known: [Opening; ISNS_MAX],
    /// How many of them there are, and one more if there were more than are remembered.
    seen: u8,
}

impl Openings {
    /// Those that are remembered, in order of appearance.
    pub fn all(&self) -> &[Opening] {
        &self.known[..usize::from(self.seen).min(ISNS_MAX)]
    }

    /// Whether there were more initial sequence numbers than are remembered.
    pub const fn are_lost(&self) -> bool {
        self.seen as usize > ISNS_MAX
    }

    /// The SYN that `ack` acknowledges, data on it or not.
    pub fn acknowledged_by(&self, ack: u32) -> Option<&Opening> {
        self.all().iter().find(|opening| opening.is_acknowledged_by(ack))
    }

    /// The only one, if there is exactly one.
    pub fn only(&self) -> Option<&Opening> {
        match self.all() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// Sums over all of them.
    pub fn options(&self) -> OptionCounts {
        if let [one] = self.all() {
            return one.options;
        }
        let mut all = OptionCounts::default();
        for opening in self.all() {
            all.add(&opening.options);
        }
        all
    }

    /// How many SYNs there were, repetitions counted in; it stops counting at 255 of each kind.
    pub fn copies(&self) -> u32 {
        let all = self.options();
        u32::from(all.whole) + u32::from(all.unknown)
    }

    /// The place of this initial sequence number, which is made if there is room.
    fn entry(&mut self, isn: u32) -> Option<&mut Opening> {
        let known = self.all().iter().position(|opening| opening.isn == isn);
        let at = match known {
            Some(at) => at,
            None => {
                let at = self.all().len();
                self.seen = at as u8 + 1;
                *self.known.get_mut(at)? = Opening { isn, ..Opening::default() };
                at
            }
        };
        Some(&mut self.known[at])
    }
}

/// Takes note of a segment of `own`.
pub(super) fn note(own: &mut Side, turn: &Turn<'_>) {
    const FAST_OPEN: u8 = 34;
    const MULTIPATH: u8 = 30;
    if !turn.flags.syn() {
        return;
    }
    let Some(opening) = own.openings.entry(turn.seq) else { return };
    let data_octets = u16::try_from(turn.data_octets).unwrap_or(u16::MAX);
    opening.data_octets = data_octets.max(opening.data_octets);
    opening.flags.set(flag::ECN_SETUP, turn.flags.contains(Flags::ECE | Flags::CWR));
    opening.flags.set(flag::ACCURATE_ECN, turn.flags.contains(Flags::AE));
    if let Some(ack) = turn.ack {
        opening.answers = ack;
        opening.flags.put(flag::ANSWER, true);
    }
    let segment = turn.segment;
    let mut seen = OptionCounts::default();
    if segment.header_whole && segment.options_end {
        let options = &segment.options;
        seen.whole = 1;
        let mut note =
            |option: u8, there: bool| seen.seen.put(if there { option } else { option << LACKED }, true);
        note(option::MAX_SEGMENT, options.mss.is_some());
        note(option::WINDOW_SCALE, options.window_scale.is_some());
        note(option::TIMESTAMPS, options.timestamps.is_some());
        note(option::SACK_PERMITTED, options.sack_permitted);
        opening.window_scale = opening.window_scale().or(options.window_scale).unwrap_or(0);
        opening.max_segment_octets = opening.max_segment_octets().or(options.mss).unwrap_or(0);
        opening.flags.set(flag::EXTENDED, segment.has_option(FAST_OPEN) || segment.has_option(MULTIPATH));
    } else {
        seen.unknown = 1;
    }
    opening.options.add(&seen);
}
