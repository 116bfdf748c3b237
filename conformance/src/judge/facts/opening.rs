//! floor 7: the SYNs of one side, and the options on them (RFC 9293 section 3.5, RFC 7323 section 1.3).

use super::side::Side;
use super::turn::Turn;
use stack::wire::tcp::Flags;

/// Initial sequence numbers remembered of one side.
const ISNS_MAX: usize = 2;

/// One SYN as one side sent it, repetitions counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Initial sequence number.
    pub isn: u32,
    answers: u32,
    /// Octets of data on it, at the most.
    pub data_octets: u16,
    max_segment_octets: u16,
    window_scale: u8,
    /// How many copies had the option, and how many there were.
    pub options: OptionCounts,
    /// Whether a copy asked for explicit congestion notification (ECE and CWR).
    pub ecn_setup: bool,
    /// Whether a copy had the bit of accurate ECN.
    pub accurate_ecn: bool,
    /// Whether a copy had an option that changes the rules: Fast Open, multipath TCP.
    pub extended: bool,
    is_answer: bool,
}

impl Opening {
    /// What the latest copy that is a SYN,ACK acknowledges.
    pub fn answers(&self) -> Option<u32> {
        self.is_answer.then_some(self.answers)
    }

    /// Its maximum segment size option, that of the first copy that had one.
    pub fn max_segment_octets(&self) -> Option<u16> {
        (self.options.max_segment > 0).then_some(self.max_segment_octets)
    }

    /// Window scale of the first copy that had one.
    pub fn window_scale(&self) -> Option<u8> {
        (self.options.window_scale > 0).then_some(self.window_scale)
    }

    /// Whether `ack` acknowledges the SYN, data on it or not.
    pub fn is_acknowledged_by(&self, ack: u32) -> bool {
        ack.wrapping_sub(self.isn).wrapping_sub(1) <= u32::from(self.data_octets)
    }
}

/// On how many copies of a SYN an option was seen; they stop counting at 255.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OptionCounts {
    /// Copies whose options were captured.
    pub whole: u8,
    /// Copies whose options were cut, or make no sense.
    pub unknown: u8,
    /// With maximum segment size.
    pub max_segment: u8,
    /// With window scale.
    pub window_scale: u8,
    /// With timestamps.
    pub timestamps: u8,
    /// With SACK permitted.
    pub sack_permitted: u8,
}

impl OptionCounts {
    /// Whether every copy was captured whole, and there is one.
    pub const fn are_known(&self) -> bool {
        self.whole > 0 && self.unknown == 0
    }

    /// Whether every copy had timestamps.
    pub const fn all_timestamps(&self) -> bool {
        self.timestamps == self.whole
    }

    const fn add(&mut self, other: &Self) {
        self.whole = self.whole.saturating_add(other.whole);
        self.unknown = self.unknown.saturating_add(other.unknown);
        self.max_segment = self.max_segment.saturating_add(other.max_segment);
        self.window_scale = self.window_scale.saturating_add(other.window_scale);
        self.timestamps = self.timestamps.saturating_add(other.timestamps);
        self.sack_permitted = self.sack_permitted.saturating_add(other.sack_permitted);
    }
}

/// The SYNs of one side, by initial sequence number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Openings {
    known: [Opening; ISNS_MAX],
    len: u8,
    /// More initial sequence numbers than are remembered.
    pub lost: bool,
}

impl Openings {
    /// Those that are remembered, in order of appearance.
    pub fn all(&self) -> &[Opening] {
        &self.known[..usize::from(self.len)]
    }

    /// The SYN that `ack` acknowledges, data on it or not.
    pub fn acknowledged_by(&self, ack: u32) -> Option<&Opening> {
        self.all().iter().find(|opening| opening.is_acknowledged_by(ack))
    }

    /// The only one, if there is exactly one.
    pub fn only(&self) -> Option<&Opening> {
        match self.all() {
            [one] if !self.lost => Some(one),
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

    /// The place of this initial sequence number, which is made if there is room.
    fn entry(&mut self, isn: u32) -> Option<&mut Opening> {
        let known = self.all().iter().position(|opening| opening.isn == isn);
        let at = match known {
            Some(at) => at,
            None if usize::from(self.len) == ISNS_MAX => {
                self.lost = true;
                return None;
            }
            None => {
                self.len += 1;
                let at = usize::from(self.len) - 1;
                self.known[at] = Opening { isn, ..Opening::default() };
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
    opening.data_octets = opening.data_octets.max(u16::try_from(turn.data_octets).unwrap_or(u16::MAX));
    opening.ecn_setup |= turn.flags.contains(Flags::ECE | Flags::CWR);
    opening.accurate_ecn |= turn.flags.contains(Flags::AE);
    if let Some(ack) = turn.ack {
        (opening.answers, opening.is_answer) = (ack, true);
    }
    let segment = turn.segment;
    let mut seen = OptionCounts::default();
    if segment.header_whole && segment.options_end {
        let options = &segment.options;
        seen.whole = 1;
        seen.max_segment = u8::from(options.mss.is_some());
        seen.window_scale = u8::from(options.window_scale.is_some());
        seen.timestamps = u8::from(options.timestamps.is_some());
        seen.sack_permitted = u8::from(options.sack_permitted);
        opening.window_scale = opening.window_scale().or(options.window_scale).unwrap_or(0);
        opening.max_segment_octets = opening.max_segment_octets().or(options.mss).unwrap_or(0);
        opening.extended |= segment.has_option(FAST_OPEN) || segment.has_option(MULTIPATH);
    } else {
        seen.unknown = 1;
    }
    opening.options.add(&seen);
}
