//! floor 7: what a rule is: a plain function over the facts and one packet.

use super::assume::{Assumption, Calibration};
use super::checksum::{Field, Kind};
use super::connection::Place;
use super::packet::{Packet, Segment, Upper};
use crate::verdict::{Outcome, Reason};

/// What a rule gets to see: a packet of the judged host, and the facts as they were before it.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The packet.
    pub packet: &'a Packet<'a>,
    /// Its connection, for TCP.
    pub place: Option<Place<'a>>,
    /// Its IPv4 header checksum, if it can be checked.
    pub header_field: Option<Field>,
    /// The checksum of what it carries, if it can be checked.
    pub upper_field: Option<(Kind, Field)>,
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
    Breaks(Breach),
}

impl Opinion {
    /// Holds, or breaks with what the closure says was seen and what is allowed.
    pub fn unless(broken: bool, clause: &'static str, what: impl FnOnce() -> (String, String)) -> Self {
        if !broken {
            return Self::Holds;
        }
        let (seen, bound) = what();
        Self::Breaks(Breach { clause, seen, bound, doubt: None })
    }

    /// The same opinion with a doubt of the rule's own.
    #[must_use]
    pub fn doubting(self, reason: Option<Reason>) -> Self {
        match self {
            Self::Breaks(breach) => Self::Breaks(Breach { doubt: breach.doubt.or(reason), ..breach }),
            Self::Absent | Self::Cut | Self::Holds => self,
        }
    }
}

/// A rule: what it demands, what it rests on, and how it judges one packet.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name: `P-A` and `P-B` for TCP, `P-I` for IP, `P-U` for UDP, `P-M` for ICMP, `P-R` for ARP.
    pub id: &'static str,
    /// What it demands, as a phrase.
    pub about: &'static str,
    /// Requirements that it can find broken.
    pub clauses: &'static [&'static str],
    /// What a claim takes for granted.
    pub assumptions: &'static [Assumption],
    /// The most that may be claimed: a note where innocent causes lie outside of the trace.
    pub ceiling: Outcome,
    /// The rule.
    pub judge: fn(&Scene<'_>) -> Opinion,
}
