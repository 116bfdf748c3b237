//! floor 2: how the one interface of a host is set up, and the bounds of its tables.

use crate::base::{Cidr, Mac, Span};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a frame begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkConfig {
    /// No link header: a frame is an IP packet, and there are no neighbours to resolve.
    #[default]
    Ip,
    /// Ethernet II.
    Ethernet {
        /// The interface's own address.
        mac: Mac,
    },
}

/// Everything that IP has to be told. Nothing is learned from routers.
#[derive(Clone, Debug)]
pub struct Config {
    /// What a frame begins with.
    pub link: LinkConfig,
    /// The interface addresses with their prefixes, the preferred one of each family first.
    pub addrs: Vec<Cidr>,
    /// Multicast groups that are joined beside the ones that every node is in and those of sockets. A running
    /// host keeps them in order.
    pub groups: Vec<IpAddr>,
    /// The router for IPv4 destinations that are not on the link.
    pub gateway_v4: Option<Ipv4Addr>,
    /// The router for IPv6 destinations that are not on the link.
    pub gateway_v6: Option<Ipv6Addr>,
    /// Neighbours known beforehand; they never age.
    pub neighbors: Vec<(IpAddr, Mac)>,
    /// Largest IP packet that the link carries, in octets.
    pub mtu_octets: u16,
    /// Time to live and hop limit of what is sent, unless the transport says otherwise.
    pub hop_limit: u8,
    /// Bounds of reassembly.
    pub reassembly: ReassemblyConfig,
    /// Bounds and times of neighbour resolution.
    pub neighbor: NeighborConfig,
    /// Policies about ICMP.
    pub icmp: IcmpConfig,
    /// Bounds of the path MTU table.
    pub path_mtu: PathMtuConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            link: LinkConfig::Ip,
            addrs: Vec::new(),
            groups: Vec::new(),
            gateway_v4: None,
            gateway_v6: None,
            neighbors: Vec::new(),
            mtu_octets: 1500,
            hop_limit: 64,
            reassembly: ReassemblyConfig::default(),
            neighbor: NeighborConfig::default(),
            icmp: IcmpConfig::default(),
            path_mtu: PathMtuConfig::default(),
        }
    }
}

/// Bounds of reassembly, in memory and in time.
#[derive(Clone, Copy, Debug)]
pub struct ReassemblyConfig {
    /// How many datagrams may be unfinished at the same time.
    pub datagrams: usize,
    /// How much memory unfinished datagrams may take, bookkeeping included, in octets.
    pub memory_octets: usize,
    /// How long an IPv4 datagram may stay unfinished (RFC 1122 section 3.3.2: 60 to 120 s).
    pub timeout_v4: Span,
    /// How long an IPv6 packet may stay unfinished (RFC 8200 section 4.5: 60 s).
    pub timeout_v6: Span,
}

impl Default for ReassemblyConfig {
    fn default() -> Self {
        Self {
            datagrams: 64,
            memory_octets: 1 << 20,
            timeout_v4: Span::from_secs(60),
            timeout_v6: Span::from_secs(60),
        }
    }
}

/// Bounds and times of neighbour resolution (RFC 4861 section 10; the same machine serves ARP).
#[derive(Clone, Copy, Debug)]
pub struct NeighborConfig {
    /// How many neighbours are remembered, at least 2.
    pub entries: usize,
    /// How many packets wait for one neighbour, at least 1.
    pub waiting_packets: usize,
    /// How much memory all waiting packets together may take, in octets.
    pub waiting_octets: usize,
    /// Time between two requests for the same neighbour.
    pub retransmit: Span,
    /// Requests without an answer after which the neighbour counts as unreachable.
    pub attempts: u8,
    /// How long a confirmed IPv4 neighbour is believed.
    pub reachable_v4: Span,
    /// How long a confirmed IPv6 neighbour is believed.
    pub reachable_v6: Span,
    /// How long after the first use of a stale neighbour it is probed.
    pub delay: Span,
}

impl Default for NeighborConfig {
    fn default() -> Self {
        Self {
            entries: 256,
            waiting_packets: 64,
            waiting_octets: 512 << 10,
            retransmit: Span::from_secs(1),
            attempts: 3,
            reachable_v4: Span::from_secs(60),
            reachable_v6: Span::from_secs(30),
            delay: Span::from_secs(5),
        }
    }
}

/// Policies about ICMP messages.
#[derive(Clone, Copy, Debug)]
pub struct IcmpConfig {
    /// Whether an echo request to an IPv4 broadcast or multicast address is answered
    /// (RFC 1122 section 3.2.2.6 permits silence).
    pub echo_to_group_v4: bool,
    /// Whether an echo request to an IPv6 multicast address is answered (RFC 4443 section 4.2).
    pub echo_to_group_v6: bool,
    /// Whether destination unreachable messages are sent (RFC 4443 section 3.1).
    pub unreachables: bool,
    /// How many errors may be sent at once, after a silence.
    pub burst: u32,
    /// Time after which one more error may be sent; zero lifts the limit.
    pub interval: Span,
}

impl Default for IcmpConfig {
    fn default() -> Self {
        Self {
            echo_to_group_v4: false,
            echo_to_group_v6: true,
            unreachables: true,
            burst: 10,
            interval: Span::from_millis(100),
        }
    }
}

/// Bounds of the path MTU table.
#[derive(Clone, Copy, Debug)]
pub struct PathMtuConfig {
    /// How many destinations with a lowered MTU are remembered.
    pub entries: usize,
    /// After how long a lowered MTU is forgotten (RFC 1191 section 6.3: about 10 minutes; RFC 8201
    /// section 4: not less than 5).
    pub lifetime: Span,
}

impl Default for PathMtuConfig {
    fn default() -> Self {
        Self { entries: 256, lifetime: Span::from_secs(600) }
    }
}
