//! floor 7: how a host opens connections, and the systems that are known to open them so. A style is a hint:
//! anybody can imitate it, and it claims nothing.
//!
//! The table holds what recorded traffic of systems whose name is certain shows, and nothing else.

use super::packet::{Net, Packet, Upper};
use stack::wire::tcp_option::TcpOption;
use std::fmt;

/// Options remembered of a SYN, fillers counted.
const KINDS_MAX: usize = 20;

/// Hop limits with which systems begin.
const FIRST_HOPS: [u8; 3] = [64, 128, 255];

/// One SYN or SYN,ACK, as far as systems differ in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Number of its frame.
    pub number: u64,
    /// Whether it is a SYN,ACK: what it has depends on the SYN that it answers.
    pub answers: bool,
    /// Hops that it had left.
    pub hops: u8,
    /// Its window field.
    pub window: u16,
    /// Maximum segment size.
    pub max_segment_octets: Option<u16>,
    /// Window scale.
    pub window_scale: Option<u8>,
    /// Whether a network may not fragment it (IPv4).
    pub dont_fragment: bool,
    kinds: [u8; KINDS_MAX],
    kinds_len: u8,
}

/// How a known system opens connections.
struct System {
    name: &'static str,
    first_hops: u8,
    answers: bool,
    kinds: &'static [u8],
}

const END: u8 = 0;
const NOP: u8 = 1;
const MSS: u8 = 2;
const SCALE: u8 = 3;
const SACK: u8 = 4;
const STAMPS: u8 = 8;

/// The known systems, each row with the traffic that shows it.
const SYSTEMS: &[System] = &[
    // The shipped captures (6.18); captures that say of themselves that they were taken on the loopback
    // interface of Linux 3.18, 5.15, 6.7 and 6.8.
    System { name: "Linux", first_hops: 64, answers: false, kinds: &[MSS, SACK, STAMPS, NOP, SCALE] },
    System { name: "Linux", first_hops: 64, answers: true, kinds: &[MSS, SACK, STAMPS, NOP, SCALE] },
    // The shipped captures without timestamps (6.18), in either direction.
    System { name: "Linux", first_hops: 64, answers: false, kinds: &[MSS, NOP, NOP, SACK, NOP, SCALE] },
    System { name: "Linux", first_hops: 64, answers: true, kinds: &[MSS, NOP, NOP, SACK, NOP, SCALE] },
    // Captures that say of themselves that they were taken on the loopback interface of Windows 10 (21H2 and
    // 22H2), and SYNs of the recording host in captures of Windows 7, 10 (1909) and 11 (24H2).
    System { name: "Windows", first_hops: 128, answers: false, kinds: &[MSS, NOP, SCALE, NOP, NOP, SACK] },
    System { name: "Windows", first_hops: 128, answers: true, kinds: &[MSS, NOP, SCALE, NOP, NOP, SACK] },
    // SYNs of the recording host in captures of Mac OS X 10.10 and macOS 15.
    System {
        name: "macOS",
        first_hops: 64,
        answers: false,
        kinds: &[MSS, NOP, SCALE, NOP, NOP, STAMPS, SACK, END],
    },
    // The host smoltcp 0.14 of this project.
    System { name: "smoltcp", first_hops: 64, answers: false, kinds: &[MSS, SCALE, SACK, END] },
];

impl Style {
    /// The style of a packet that opens a connection, if its options make sense and were captured.
    pub(super) fn of(packet: &Packet<'_>) -> Option<Self> {
        let Upper::Tcp(segment) = &packet.upper else { return None };
        let flags = segment.view.flags();
        if !flags.syn() || flags.rst() || !segment.header_whole {
            return None;
        }
        let dont_fragment = match &packet.net {
            Net::V4(view) => view.dont_fragment(),
            Net::V6(..) => true,
            Net::Arp(_) => return None,
        };
        let (mut kinds, mut kinds_len) = ([0; KINDS_MAX], 0);
        for option in segment.view.options() {
            let option: TcpOption<'_> = option.ok()?;
            *kinds.get_mut(usize::from(kinds_len))? = option.kind();
            kinds_len += 1;
            if option.kind() == END {
                break;
            }
        }
        Some(Self {
            number: packet.sighting.number,
            answers: flags.ack(),
            hops: packet.net.hop_limit()?,
            window: segment.view.window(),
            max_segment_octets: segment.options.mss,
            window_scale: segment.options.window_scale,
            dont_fragment,
            kinds,
            kinds_len,
        })
    }

    /// The kinds of its options in order, up to the end of the list.
    pub fn kinds(&self) -> &[u8] {
        self.kinds.get(..usize::from(self.kinds_len)).unwrap_or_default()
    }

    /// With how many hops it was sent, if it passed no more routers than usual.
    pub fn first_hops(&self) -> u8 {
        FIRST_HOPS.into_iter().find(|first| self.hops <= *first).unwrap_or(u8::MAX)
    }

    /// The system that opens connections like this, if one is known.
    pub fn system(&self) -> Option<&'static str> {
        let (hops, kinds) = (self.first_hops(), self.kinds());
        SYSTEMS
            .iter()
            .find(|one| one.first_hops == hops && one.answers == self.answers && one.kinds == kinds)
            .map(|one| one.name)
    }
}

/// `Linux-like (SYN, ttl 64, win 64240 = 44 x mss, <mss 1460,sackOK,TS,nop,wscale 7>)`.
impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.system() {
            Some(name) => write!(f, "{name}-like (")?,
            None => write!(f, "not known (")?,
        }
        let what = if self.answers { "SYN,ACK" } else { "SYN" };
        let unset = if self.dont_fragment { "" } else { ", may be fragmented" };
        write!(f, "{what}, ttl {}{unset}, win {}", self.first_hops(), self.window)?;
        if let Some(mss) = self.max_segment_octets.filter(|mss| *mss > 0 && self.window.is_multiple_of(*mss))
        {
            write!(f, " = {} x mss", self.window / mss)?;
        }
        write!(f, ", <")?;
        for (index, kind) in self.kinds().iter().enumerate() {
            write!(f, "{}", if index > 0 { "," } else { "" })?;
            match (*kind, self.max_segment_octets, self.window_scale) {
                (END, ..) => write!(f, "eol")?,
                (NOP, ..) => write!(f, "nop")?,
                (MSS, Some(octets), _) => write!(f, "mss {octets}")?,
                (SCALE, _, Some(shift)) => write!(f, "wscale {shift}")?,
                (SACK, ..) => write!(f, "sackOK")?,
                (STAMPS, ..) => write!(f, "TS")?,
                (other, ..) => write!(f, "opt-{other}")?,
            }
        }
        write!(f, ">)")
    }
}

/// The first SYN and the first SYN,ACK of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Styles {
    /// How it asks.
    pub asks: Option<Style>,
    /// How it answers.
    pub answers: Option<Style>,
}

impl Styles {
    /// Whether a packet opens a connection, and none of its kind and before it is known.
    pub(super) fn may_miss(&self, packet: &Packet<'_>) -> bool {
        let Upper::Tcp(segment) = &packet.upper else { return false };
        let flags = segment.view.flags();
        let known = if flags.ack() { &self.answers } else { &self.asks };
        flags.syn() && known.as_ref().is_none_or(|known| packet.sighting.number < known.number)
    }

    /// Takes note of a packet of the host. The order does not matter.
    pub(super) fn note(&mut self, style: Style) {
        let place = if style.answers { &mut self.answers } else { &mut self.asks };
        if place.is_none_or(|known| style.number < known.number) {
            *place = Some(style);
        }
    }

    /// Takes in what was noted elsewhere of the same host.
    pub(super) fn merge(&mut self, other: &Self) {
        [other.asks, other.answers].into_iter().flatten().for_each(|style| self.note(style));
    }

    /// The one that tells more: a SYN says what the host wants, a SYN,ACK only what it was asked.
    pub fn best(&self) -> Option<&Style> {
        let known = |style: &&Style| style.system().is_some();
        let (asks, answers) = (self.asks.as_ref(), self.answers.as_ref());
        asks.filter(known).or_else(|| answers.filter(known)).or(asks).or(answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(hops: u8, answers: bool, kinds: &[u8]) -> Style {
        let mut all = [0; KINDS_MAX];
        all[..kinds.len()].copy_from_slice(kinds);
        Style {
            number: 1,
            answers,
            hops,
            window: 64240,
            max_segment_octets: Some(1460),
            window_scale: Some(7),
            dont_fragment: true,
            kinds: all,
            kinds_len: kinds.len() as u8,
        }
    }

    #[test]
    fn a_style_says_what_it_rests_on() {
        let linux = style(61, false, &[MSS, SACK, STAMPS, NOP, SCALE]);
        let text = "Linux-like (SYN, ttl 64, win 64240 = 44 x mss, <mss 1460,sackOK,TS,nop,wscale 7>)";
        assert_eq!(linux.to_string(), text);
        let nobody = style(61, false, &[MSS]);
        assert_eq!(nobody.to_string(), "not known (SYN, ttl 64, win 64240 = 44 x mss, <mss 1460>)");
        assert_eq!(style(128, false, linux.kinds()).system(), None);
    }

    #[test]
    fn the_first_style_stays_whatever_the_order() {
        let (early, late) = (style(64, false, &[MSS]), Style { number: 9, ..style(64, false, &[NOP]) });
        for order in [[early, late], [late, early]] {
            let mut styles = Styles::default();
            order.into_iter().for_each(|style| styles.note(style));
            assert_eq!(styles.best(), Some(&early));
        }
    }

    #[test]
    fn no_two_rows_say_different_things_of_the_same() {
        for (index, row) in SYSTEMS.iter().enumerate() {
            let same = |other: &&System| {
                (other.first_hops, other.answers, other.kinds) == (row.first_hops, row.answers, row.kinds)
            };
            assert_eq!(SYSTEMS.iter().filter(same).count(), 1, "row {index}");
        }
    }
}
