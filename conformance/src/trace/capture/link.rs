//! floor 6: where the network layer begins in a recorded frame, for the link types that carry IP.

use stack::base::Mac;
use std::fmt;

/// How the frames of a capture begin. The numbers are libpcap's (`DLT_` of <pcap/dlt.h>).
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
}

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
/// EtherTypes of VLAN tags: IEEE 802.1Q, 802.1ad, and two older numbers of the outer one.
const VLAN_TAGS: [u16; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];
/// Largest value of the field after the addresses that is a length and not a type (RFC 1122 section 2.3.3).
const MAX_LENGTH: u16 = 1500;

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
    ];

    /// The link type of libpcap's number. Raw IP has three, by operating system.
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            0 => Some(Self::Null),
            1 => Some(Self::Ethernet),
            12 | 14 | 101 => Some(Self::RawIp),
            108 => Some(Self::Loop),
            113 => Some(Self::LinuxCooked),
            228 => Some(Self::Ipv4),
            229 => Some(Self::Ipv6),
            276 => Some(Self::LinuxCooked2),
            _ => None,
        }
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
        }
    }

    /// The names of all, for messages.
    pub(super) fn names() -> String {
        Self::ALL.iter().map(|link| link.name()).collect::<Vec<_>>().join(", ")
    }
}

/// Finds where the network layer of a frame begins, past any VLAN tags.
///
/// # Errors
/// A frame that is too short, or that carries no EtherType. What follows the link header is not looked at.
pub fn network_layer(link: LinkType, frame: &[u8]) -> Result<NetworkStart, LinkError> {
    match link {
        LinkType::Ethernet => ethernet(frame),
        LinkType::RawIp => raw(frame, None),
        LinkType::Ipv4 => raw(frame, Some(IPV4)),
        LinkType::Ipv6 => raw(frame, Some(IPV6)),
        LinkType::LinuxCooked => cooked(frame),
        LinkType::LinuxCooked2 => cooked2(frame),
        LinkType::Null | LinkType::Loop => family(link, frame),
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

fn ethernet(frame: &[u8]) -> Result<NetworkStart, LinkError> {
    let destination = Some(Mac(octets(frame, 0)?));
    let source = Some(Mac(octets(frame, 6)?));
    let (ethertype, offset) = untagged(frame, number(frame, 12)?, 14)?;
    if ethertype > MAX_LENGTH {
        return Ok(NetworkStart { ethertype, offset, source, destination });
    }
    // IEEE 802.2: the EtherType follows only a SNAP header of Ethernet's own organisation (RFC 1042).
    let [dsap, ssap, control] = octets(frame, offset)?;
    if (dsap, ssap, control) != (0xaa, 0xaa, 3) || octets(frame, offset + 3)? != [0, 0, 0] {
        return Err(LinkError::Llc { dsap, ssap });
    }
    let (ethertype, offset) = untagged(frame, number(frame, offset + 6)?, offset + 8)?;
    Ok(NetworkStart { ethertype, offset, source, destination })
}

/// Skips VLAN tags: the first type that is none, and the offset behind it. Each tag has two octets of its
/// own.
fn untagged(frame: &[u8], mut ethertype: u16, mut offset: usize) -> Result<(u16, usize), LinkError> {
    while VLAN_TAGS.contains(&ethertype) {
        ethertype = number(frame, offset + 2)?;
        offset += 4;
    }
    Ok((ethertype, offset))
}

fn raw(frame: &[u8], expected: Option<u16>) -> Result<NetworkStart, LinkError> {
    let [first] = octets(frame, 0)?;
    let ethertype = match (expected, first >> 4) {
        (Some(ethertype), _) => ethertype,
        (None, 4) => IPV4,
        (None, 6) => IPV6,
        (None, version) => return Err(LinkError::Version(version)),
    };
    Ok(NetworkStart { ethertype, offset: 0, source: None, destination: None })
}

fn cooked(frame: &[u8]) -> Result<NetworkStart, LinkError> {
    let (hardware, address_len) = (number(frame, 2)?, number(frame, 4)?);
    let address = octets(frame, 6)?;
    let (ethertype, offset) = untagged(frame, cooked_type(hardware, number(frame, 14)?)?, 16)?;
    let source = (address_len == 6).then_some(Mac(address));
    Ok(NetworkStart { ethertype, offset, source, destination: None })
}

fn cooked2(frame: &[u8]) -> Result<NetworkStart, LinkError> {
    let hardware = number(frame, 8)?;
    let [_, address_len] = octets(frame, 10)?;
    let address = octets(frame, 12)?;
    let [_, _] = octets(frame, 18)?;
    let (ethertype, offset) = untagged(frame, cooked_type(hardware, number(frame, 0)?)?, 20)?;
    let source = (address_len == 6).then_some(Mac(address));
    Ok(NetworkStart { ethertype, offset, source, destination: None })
}

/// The protocol field of a cooked frame, where the kind of interface makes it an EtherType: not for netlink,
/// GRE tunnels, and 802.11 without Ethernet headers.
const fn cooked_type(hardware: u16, protocol: u16) -> Result<u16, LinkError> {
    match hardware {
        778 | 801..=803 | 824 => Err(LinkError::Hardware(hardware)),
        _ => Ok(protocol),
    }
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
    Ok(NetworkStart { ethertype, offset: 4, source: None, destination: None })
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
            Self::Hardware(kind) => write!(f, "interfaces of kind {kind} carry no EtherType"),
        }
    }
}

impl std::error::Error for LinkError {}
