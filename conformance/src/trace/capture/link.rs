//! floor 6: where the network layer begins in a recorded frame, for the link types that carry IP.

mod carried;
mod cooked;
mod ethernet;
mod ppp;
pub(super) mod tunnel;

use super::packet::Direction;
use stack::base::Mac;
use std::fmt;

/// How a frame begins. The numbers are those of capture files (`LINKTYPE_` of <pcap-linktype(7)>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkType {
    /// Ethernet II or IEEE 802.3, with any number of VLAN tags.
    Ethernet,
    /// An IPv4 or IPv6 header; its first four bits tell.
    RawIp,
    /// An IPv4 header.
    Ipv4,
    /// An IPv6 header.
    Ipv6,
    /// The 16 octets that Linux makes for the interface `any`.
    LinuxCooked,
    /// The 20 octets of their second version.
    LinuxCooked2,
    /// An address family of four octets in the byte order of the recording host.
    Null,
    /// An address family of four octets in network byte order.
    Loop,
    /// The protocol field of PPP, with the two octets of HDLC before it or without.
    Ppp,
    /// PPP with the octets of HDLC, or Cisco's HDLC.
    PppHdlc,
    /// Cisco's HDLC, or PPP with the octets of HDLC.
    CiscoHdlc,
    /// The header of a PPP session over Ethernet (RFC 2516).
    PppEther,
    /// Something with this number, in which nothing can be found here.
    Unknown(u16),
}

/// Where the network layer of a frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NetworkStart {
    /// EtherType of what begins there: 0x0800 IPv4, 0x86dd IPv6, 0x0806 ARP. Frames that only name an address
    /// family get the EtherType of that family.
    pub ethertype: u16,
    /// Octets before it.
    pub offset: usize,
    /// Link address of the sender, where the frame has one.
    pub source: Option<Mac>,
    /// Link address of the receiver, where the frame has one.
    pub destination: Option<Mac>,
    /// What the link header says of the direction.
    pub direction: Direction,
}

/// Why no network layer can be found in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkError {
    /// The frame ends within its link header.
    Short {
        /// Octets that the header needs.
        needed: usize,
        /// Octets that there are.
        there: usize,
    },
    /// An 802.3 frame without an EtherType: LLC with these service access points.
    Llc {
        /// Service access point of the receiver.
        dsap: u8,
        /// Service access point of the sender.
        ssap: u8,
    },
    /// The first four bits are no version of IP.
    Version(u8),
    /// No EtherType for this address family.
    Family(u32),
    /// The cooked frame comes from an interface of this ARPHRD kind, whose protocol field holds no EtherType.
    Hardware(u16),
    /// PPP carries this protocol, which is not IP.
    Ppp(u16),
    /// A frame of PPP over Ethernet of this code: no session data.
    PppoeCode(u8),
    /// What MPLS labels stand before begins with these four bits: no version of IP.
    Label(u8),
    /// The link type of this number is not known here.
    Unknown(u16),
}

pub(super) const IPV4: u16 = 0x0800;
pub(super) const IPV6: u16 = 0x86dd;

impl LinkType {
    /// Every link type that is known here.
    pub const ALL: &[Self] = &[
        Self::Ethernet,
        Self::RawIp,
        Self::Ipv4,
        Self::Ipv6,
        Self::LinuxCooked,
        Self::LinuxCooked2,
        Self::Null,
        Self::Loop,
        Self::Ppp,
        Self::PppHdlc,
        Self::PppEther,
        Self::CiscoHdlc,
    ];

    /// The link type of a number in a file. Raw IP has three, by operating system.
    pub fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Null,
            1 => Self::Ethernet,
            9 => Self::Ppp,
            12 | 14 | 101 => Self::RawIp,
            50 => Self::PppHdlc,
            51 => Self::PppEther,
            104 => Self::CiscoHdlc,
            108 => Self::Loop,
            113 => Self::LinuxCooked,
            228 => Self::Ipv4,
            229 => Self::Ipv6,
            276 => Self::LinuxCooked2,
            other => Self::Unknown(u16::try_from(other).unwrap_or(u16::MAX)),
        }
    }

    /// Its number in files.
    pub const fn number(self) -> u16 {
        match self {
            Self::Null => 0,
            Self::Ethernet => 1,
            Self::Ppp => 9,
            Self::PppHdlc => 50,
            Self::PppEther => 51,
            Self::RawIp => 101,
            Self::CiscoHdlc => 104,
            Self::Loop => 108,
            Self::LinuxCooked => 113,
            Self::Ipv4 => 228,
            Self::Ipv6 => 229,
            Self::LinuxCooked2 => 276,
            Self::Unknown(number) => number,
        }
    }

    /// Whether a network layer can be found in its frames.
    pub const fn is_known(self) -> bool {
        !matches!(self, Self::Unknown(_))
    }

    /// Its name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ethernet => "Ethernet",
            Self::RawIp => "raw IP",
            Self::Ipv4 => "raw IPv4",
            Self::Ipv6 => "raw IPv6",
            Self::LinuxCooked => "Linux cooked",
            Self::LinuxCooked2 => "Linux cooked v2",
            Self::Null => "null",
            Self::Loop => "loop",
            Self::Ppp => "PPP",
            Self::PppHdlc => "PPP in HDLC",
            Self::PppEther => "PPP over Ethernet",
            Self::CiscoHdlc => "Cisco HDLC",
            Self::Unknown(_) => "not known",
        }
    }

    /// The names of all, for messages.
    pub(super) fn names() -> String {
        Self::ALL.iter().map(|link| link.name()).collect::<Vec<_>>().join(", ")
    }
}

/// Finds where the network layer of a frame begins, past VLAN tags, PPP and MPLS labels.
///
/// # Errors
/// A frame that is too short, or that carries no EtherType. What follows the link header is not looked at.
pub fn network_layer(link: LinkType, frame: &[u8]) -> Result<NetworkStart, LinkError> {
    match link {
        LinkType::Ethernet => ethernet::start(frame, 0),
        LinkType::RawIp => raw(frame, None),
        LinkType::Ipv4 => raw(frame, Some(IPV4)),
        LinkType::Ipv6 => raw(frame, Some(IPV6)),
        LinkType::LinuxCooked => cooked::first(frame),
        LinkType::LinuxCooked2 => cooked::second(frame),
        LinkType::Null | LinkType::Loop => family(link, frame),
        LinkType::Ppp => ppp::bare(frame, 0).map(NetworkStart::of),
        LinkType::PppHdlc | LinkType::CiscoHdlc => ppp::hdlc(frame).map(NetworkStart::of),
        LinkType::PppEther => ppp::session(frame, 0).map(NetworkStart::of),
        LinkType::Unknown(number) => Err(LinkError::Unknown(number)),
    }
}

impl NetworkStart {
    /// Nothing but an EtherType and an offset is known.
    const fn of((ethertype, offset): (u16, usize)) -> Self {
        Self { ethertype, offset, source: None, destination: None, direction: Direction::Unknown }
    }
}

/// The `N` octets at `at`.
fn octets<const N: usize>(frame: &[u8], at: usize) -> Result<[u8; N], LinkError> {
    let needed = at.saturating_add(N);
    let short = LinkError::Short { needed, there: frame.len() };
    frame.get(at..needed).and_then(|found| found.try_into().ok()).ok_or(short)
}

fn number(frame: &[u8], at: usize) -> Result<u16, LinkError> {
    octets(frame, at).map(u16::from_be_bytes)
}

fn raw(frame: &[u8], expected: Option<u16>) -> Result<NetworkStart, LinkError> {
    let [first] = octets(frame, 0)?;
    let ethertype = match (expected, first >> 4) {
        (Some(ethertype), _) => ethertype,
        (None, version) => carried::version(version).ok_or(LinkError::Version(version))?,
    };
    Ok(NetworkStart::of((ethertype, 0)))
}

/// The byte order of `Null` is the recording host's, so both are tried: families are small numbers.
fn family(link: LinkType, frame: &[u8]) -> Result<NetworkStart, LinkError> {
    let read = u32::from_be_bytes(octets(frame, 0)?);
    let family = if link == LinkType::Null { read.min(read.swap_bytes()) } else { read };
    let ethertype = match family {
        2 => IPV4,
        // AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, and Darwin.
        10 | 24 | 28 | 30 => IPV6,
        other => return Err(LinkError::Family(other)),
    };
    Ok(NetworkStart::of((ethertype, 4)))
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Unknown(number) = self {
            return write!(f, "link type {number}");
        }
        f.pad(self.name())
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { needed, there } => {
                write!(f, "the link header needs {needed} octets and the frame has {there}")
            }
            Self::Llc { dsap, ssap } => write!(f, "LLC {dsap:02x}/{ssap:02x} carries no EtherType"),
            Self::Version(version) => write!(f, "{version} is no version of IP"),
            Self::Family(family) => write!(f, "address family {family} is not IP"),
            Self::Ppp(protocol) => write!(f, "PPP protocol {protocol:#06x} is not IP"),
            Self::PppoeCode(code) => {
                write!(f, "PPP over Ethernet with code {code:#04x} carries no session data")
            }
            Self::Label(first) => {
                write!(f, "what is behind MPLS labels begins with {first}, no version of IP")
            }
            Self::Unknown(number) => write!(f, "link type {number} is not known here"),
            Self::Hardware(kind) => write!(f, "interfaces of kind {kind} carry no EtherType"),
        }
    }
}

impl std::error::Error for LinkError {}

#[cfg(test)]
mod tests;
