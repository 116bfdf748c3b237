//! floor 7: what a rule is: a plain function over the facts and one packet.

use super::assume::{Assumption, Calibration, Tap};
use super::checksum::{self, Field};
use super::connection::Place;
use super::facts::pair::PairPlace;
use super::facts::turn::Turn;
use super::kind::{Kind, On};
use super::packet::{Packet, Segment, Upper};
use super::plain::{Plain, Quiet};
use crate::verdict::{Outcome, Reason};

/// What a rule gets to see: a packet of the judged host, and the facts as they were before it.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The packet.
    pub packet: &'a Packet<'a>,
    /// What it is, as far as rules are chosen by it.
    pub kind: Kind,
    /// The segment with its numbers, for TCP.
    pub turn: Option<&'a Turn<'a>>,
    /// Its connection, for TCP.
    pub place: Option<Place<'a>>,
    /// What its octets summed up to when they were sent before, with the same limits.
    pub sum_before: Option<u16>,
    /// The two addresses, for packets that facts are kept about beside connections.
    pub pair: Option<PairPlace<'a>>,
    /// Its IPv4 header checksum, if it can be checked.
    pub header_field: Option<Field>,
    /// The checksum of what it carries, if it can be checked.
    pub upper_field: Option<(checksum::Kind, Field)>,
    /// What the capture as a whole is like.
    pub calibration: &'a Calibration,
}

impl<'a> Scene<'a> {
    /// The segment, if the packet is one.
    pub const fn segment(&self) -> Option<&'a Segment<'a>> {
        match &self.packet.upper {
            Upper::Tcp(segment) => Some(segment),
            Upper::Udp(..) | Upper::Icmpv4(..) | Upper::Icmpv6(..) | Upper::Fragment(_) | Upper::Other => {
                None
            }
        }
    }

    /// A segment with its numbers and its connection.
    pub fn flow(&self) -> Option<(&'a Turn<'a>, Place<'a>)> {
        self.turn.zip(self.place)
    }
}

/// A breach, as a rule sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Id of the broken requirement.
    pub clause: &'static str,
    /// What was seen.
    pub seen: String,
    /// What would have been allowed.
    pub bound: String,
    /// What keeps the rule itself from being sure.
    pub doubt: Option<Reason>,
}

/// What a rule says of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// The situation that the rule is about did not occur.
    Absent,
    /// It occurred, but the octets that matter were not captured.
    Cut,
    /// It occurred, and the rule was kept.
    Holds,
    /// It occurred, and the rule was broken.
    Breaks(Box<Breach>),
}

impl Opinion {
    /// Holds, or breaks with what the closure says was seen and what is allowed.
    pub fn unless(broken: bool, clause: &'static str, what: impl FnOnce() -> (String, String)) -> Self {
        if !broken {
            return Self::Holds;
        }
        let (seen, bound) = what();
        Self::Breaks(Box::new(Breach { clause, seen, bound, doubt: None }))
    }

    /// The same opinion with a doubt of the rule's own.
    #[must_use]
    pub fn doubting(self, reason: Option<Reason>) -> Self {
        match self {
            Self::Breaks(mut breach) => {
                breach.doubt = Reason::weightier(breach.doubt, reason);
                Self::Breaks(breach)
            }
            Self::Absent | Self::Cut | Self::Holds => self,
        }
    }
}

/// Whom a rule judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Who sent the packet.
    Sender,
    /// To whom it goes: what that host did not do until now.
    Receiver,
}

/// A rule: what it demands, what it rests on, and how it judges one packet.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name: `P-A` to `P-F` for TCP, `P-I` for IP, `P-X` for what IPv6 has of its own, `P-U`
    /// for UDP, `P-M` for ICMP, `P-N` for neighbour discovery, `P-R` for ARP, `P-L` for frames.
    pub id: &'static str,
    /// What it demands, as a phrase.
    pub about: &'static str,
    /// Requirements that it can find broken.
    pub clauses: &'static [&'static str],
    /// What a claim takes for granted.
    pub assumptions: &'static [Assumption],
    /// The kinds of packets on which it is asked.
    pub on: On,
    /// Whom it judges.
    pub of: Whose,
    /// What it says of segments about which enough is plain; of others it is asked.
    pub quiet: &'static [Quiet],
    /// How near to the judged host the tap has to be.
    pub tap: Tap,
    /// The most that may be claimed: a note where innocent causes lie outside of the trace.
    pub ceiling: Outcome,
    /// The rule.
    pub judge: fn(&Scene<'_>) -> Opinion,
}

impl Rule {
    /// What most rules have in common: they judge the sender, on any packet, from any tap, and may fail it.
    pub const USUAL: Self = Self {
        id: "",
        about: "",
        clauses: &[],
        assumptions: &[],
        on: On::ANY,
        of: Whose::Sender,
        quiet: &[],
        tap: Tap::Anywhere,
        ceiling: Outcome::Fail,
        judge: |_| Opinion::Absent,
    };

    /// What it says beforehand, if it does: whether it is kept, or not concerned.
    pub(super) fn says_of(&self, plain: Plain) -> Option<bool> {
        self.quiet.iter().find(|quiet| plain.has(quiet.when)).map(|quiet| quiet.holds)
    }
}
