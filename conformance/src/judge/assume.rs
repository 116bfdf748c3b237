//! floor 7: what a claim takes for granted, and what the capture says about it. Every assumption is doubted
//! before a verdict is spoken.

use super::checksum::{Field, Kind};
use super::copies::Copied;
use super::nearness::{Answer, Nearness};
use super::packet::{Packet, Upper};
use super::style::{Style, Styles};
use crate::trace::capture::Losses;
use crate::verdict::Reason;
use stack::base::Instant;
use std::fmt;
use std::net::IpAddr;

macro_rules! assumptions {
    ($($name:ident $id:literal $text:literal)*) => {
        /// Something that a claim about a host takes for granted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Assumption {
            $(#[doc = concat!($text, ".")] $name,)*
        }

        impl Assumption {
            /// Every assumption.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its short name.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What it says.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

assumptions! {
    Captured "a1" "the octets that the rule reads were captured"
    AllOfHost "a2" "no packet of the host is missing from the capture"
    AllOfPeer "a3" "no packet towards the host is missing from the capture"
    InOrder "a4" "the capture has the packets of the host in the order in which it sent them"
    BothWays "a5" "both directions were captured"
    Handshake "a6" "the opening of the connection was captured"
    Untouched "a7" "nobody on the way alters packets"
    Arrived "a8" "a packet towards the host reached it, as later ones of the host show"
    Clock "a9" "the clock of the capture runs evenly"
    NoOffload "a10" "the network card finished the packet before it was captured"
    AllOffers "a12" "no segment that offers a window is missing from the capture, or displaced in it"
    NoCopies "a13" "nothing was recorded twice: what looks so may have come twice"
    Genuine "a11" "the packet is from the host whose address it carries"
    NoErrors "a15" "no ICMP error told the host of trouble on the way"
    Silence "a14" "nothing came for the host that the capture does not have, bare acknowledgements counted in"
    Whole "a16" "what came for the host came in whole segments"
    WithinReach "a17" "what came for the host has numbers within a window of those in use, and none behind a FIN"
    SameMtu "a18" "no ICMP error told the host of a smaller path MTU"
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// How near to a host the tap is, nearest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tap {
    /// On the host itself: what its stack was given and what it sent, complete and in order.
    AtHost,
    /// On its link: no queue between the two, so that next to nothing is lost or overtaken there.
    OnLink,
    /// Anywhere.
    #[default]
    Anywhere,
}

impl Tap {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AtHost => "host",
            Self::OnLink => "link",
            Self::Anywhere => "anywhere",
        }
    }
}

/// What is known beforehand of where the tap is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vantage {
    /// Nothing: the capture has to show what may be believed.
    #[default]
    Anywhere,
    /// At the door of the judged hosts, with nothing lost, altered or delayed by the recording: a trace of
    /// our own.
    AtHost,
    /// So near to this host, or to every host.
    Stated(Tap, Option<IpAddr>),
}

impl Vantage {
    /// How near to a host the tap is said to be.
    pub fn of(self, host: IpAddr) -> Option<Tap> {
        match self {
            Self::Anywhere => None,
            Self::AtHost => Some(Tap::AtHost),
            Self::Stated(tap, whose) => whose.is_none_or(|addr| addr == host).then_some(tap),
        }
    }
}

/// How the checksums of one kind look that one host wrote.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    /// Right ones.
    pub right: u64,
    /// Left for the network card.
    pub unfilled: u64,
    /// Wrong by one bit.
    pub one_bit: u64,
    /// Wrong.
    pub wrong: u64,
}

/// One flipped bit explains a wrong sum. Where few could be checked, some of them may be damaged more often
/// than not; so many are not.
const ONE_BIT_MIN: u64 = 16;

/// What the capture says about one address.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostFacts {
    written: [Written; 4],
    nearness: Nearness,
    styles: Styles,
    /// An ICMP error came for it.
    pub had_errors: bool,
    /// An ICMP error for it told of a smaller path MTU.
    pub had_too_big: bool,
}

impl HostFacts {
    /// Its checksums of a kind.
    pub const fn written(&self, kind: Kind) -> &Written {
        &self.written[kind as usize]
    }

    /// Whether the tap is on its link.
    pub const fn is_near(&self) -> bool {
        self.nearness.is_near()
    }

    /// Takes note of how fast it answered.
    pub(super) const fn note_answer(&mut self, answer: Answer) {
        self.nearness.note_answer(answer);
    }

    /// Takes note of the hops that one of its packets had left.
    pub(super) fn note_hops(&mut self, number: u64, hops: Option<u8>) {
        self.nearness.note_hops(number, hops);
    }

    /// Takes note of what the capture lacks of it.
    pub(super) fn note_lack(&mut self, number: u64, missing: bool, unseen: bool) {
        self.nearness.note_lack(number, missing, unseen);
    }

    /// Takes note of how it opens a connection.
    pub(super) fn note_style(&mut self, style: Style) {
        self.styles.note(style);
    }

    /// How near the tap is.
    pub const fn nearness(&self) -> &Nearness {
        &self.nearness
    }

    /// How it opens connections.
    pub const fn styles(&self) -> &Styles {
        &self.styles
    }

    /// Takes in what was noted elsewhere of the same address.
    pub(super) fn merge(&mut self, other: &Self) {
        for (own, other) in self.written.iter_mut().zip(&other.written) {
            own.right += other.right;
            own.unfilled += other.unfilled;
            own.one_bit += other.one_bit;
            own.wrong += other.wrong;
        }
        self.nearness.merge(&other.nearness);
        self.styles.merge(&other.styles);
        self.had_errors |= other.had_errors;
        self.had_too_big |= other.had_too_big;
    }

    /// Takes note of a checksum.
    pub(super) fn note(&mut self, number: u64, kind: Kind, field: Field) {
        if field == Field::Unfilled {
            self.nearness.note_unfilled(number);
        }
        let written = &mut self.written[kind as usize];
        *match field {
            Field::Right => &mut written.right,
            Field::Unfilled => &mut written.unfilled,
            Field::OneBit => &mut written.one_bit,
            Field::Wrong => &mut written.wrong,
        } += 1;
    }

    /// Why a wrong checksum of this kind can not be held against the host.
    pub(super) const fn doubt_checksum(&self, kind: Kind, one_bit: bool) -> Option<Reason> {
        let written = self.written(kind);
        if written.unfilled > 0 {
            Some(Reason::Unfilled)
        } else if written.right == 0 {
            Some(Reason::NoneRight)
        } else if one_bit && (written.one_bit <= written.right || written.one_bit < ONE_BIT_MIN) {
            Some(Reason::OneBit)
        } else if !one_bit
            && (written.wrong < 2 || written.wrong * 10 < written.right || written.wrong <= written.one_bit)
        {
            // A link that flips one bit flips two of them now and then.
            Some(Reason::Rare)
        } else {
            None
        }
    }
}

/// What the capture as a whole is like.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// Packets seen.
    pub packets: u64,
    /// Packets that are neither IP nor ARP, or of which too little was captured.
    pub unread: u64,
    /// Packets cut by the snap length.
    pub cut: u64,
    /// Fragments; what they carry is not judged.
    pub fragments: u64,
    /// Packets that claim to be earlier than the one before.
    pub backwards: u64,
    /// Packets that were captured more than once.
    pub copies: u64,
    /// Checksums that a network card has yet to fill in.
    pub unfilled: u64,
    /// Packets longer than Ethernet carries: made for a network card to cut, or joined by one.
    pub oversize: u64,
    /// Where the tap is.
    pub vantage: Vantage,
    /// The connections that those were of.
    pub(super) copied: Copied,
    /// The frame from which on the file says that packets are missing.
    pub(super) lost_from: Option<u64>,
    /// When the first packet was seen.
    pub(super) first: Option<Instant>,
}

/// Octets of the longest IP packet on Ethernet with jumbo frames.
const JUMBO_OCTETS: u32 = 9216;

impl Calibration {
    pub(super) fn new(vantage: Vantage) -> Self {
        Self {
            packets: 0,
            unread: 0,
            cut: 0,
            fragments: 0,
            backwards: 0,
            copies: 0,
            unfilled: 0,
            oversize: 0,
            vantage,
            copied: Copied::default(),
            lost_from: None,
            first: None,
        }
    }

    /// How long the capture had been running at that time, in nanoseconds.
    pub fn running_ns(&self, at: Instant) -> u64 {
        self.first.map_or(0, |first| at.since(first).as_nanos())
    }

    /// Takes note of what the file says was lost, up to the frames from this number on. What an interface or
    /// a system dropped may have been anywhere before it is told.
    pub(super) fn note_losses(&mut self, losses: Losses, number: u64) {
        if losses.by_interface > 0 || losses.by_system > 0 {
            self.lost_from = Some(0);
        } else if losses.any() {
            self.lost_from.get_or_insert(number);
        }
    }

    /// Takes note of a packet that looks recorded twice.
    pub(super) fn note_copy(&mut self, packet: &Packet<'_>) {
        self.copies += 1;
        self.copied.note(packet);
    }

    /// Takes note of a packet that comes after one of this time.
    pub(super) fn note(&mut self, packet: &Packet<'_>, latest: Instant) {
        let sighting = &packet.sighting;
        self.packets += 1;
        self.first.get_or_insert(sighting.at);
        self.backwards += u64::from(sighting.at < latest);
        self.cut += u64::from((sighting.bytes.len() as u64) < u64::from(sighting.wire_len));
        self.fragments += u64::from(matches!(packet.upper, Upper::Fragment(_)));
        self.oversize += u64::from(sighting.wire_len > JUMBO_OCTETS);
    }
}
