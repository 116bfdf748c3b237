//! floor 1: where reading stopped, and which field had promised more.

use core::fmt;

/// The header that was being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Ethernet II.
    Ethernet,
    /// Address resolution protocol.
    Arp,
    /// Internet protocol version 4.
    Ipv4,
    /// An option of an IPv4 header.
    Ipv4Option,
    /// Internet protocol version 6.
    Ipv6,
    /// An IPv6 extension header.
    Ipv6Extension,
    /// An option in an IPv6 extension header.
    Ipv6Option,
    /// Internet control message protocol.
    Icmpv4,
    /// Internet control message protocol for IPv6.
    Icmpv6,
    /// Neighbour discovery.
    Ndp,
    /// User datagram protocol.
    Udp,
    /// Transmission control protocol.
    Tcp,
    /// An option of a TCP header.
    TcpOption,
}

impl Layer {
    /// The layer's name as the field writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ethernet => "Ethernet",
            Self::Arp => "ARP",
            Self::Ipv4 => "IPv4",
            Self::Ipv4Option => "IPv4 option",
            Self::Ipv6 => "IPv6",
            Self::Ipv6Extension => "IPv6 extension header",
            Self::Ipv6Option => "IPv6 option",
            Self::Icmpv4 => "ICMP",
            Self::Icmpv6 => "ICMPv6",
            Self::Ndp => "NDP",
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::TcpOption => "TCP option",
        }
    }
}

/// Bytes that make no sense: reading could not go on. A value, beside whatever was understood before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stop {
    /// The header in which reading ended.
    pub layer: Layer,
    /// Offset of the header in the bytes handed to the reader, in octets.
    pub at: usize,
    /// Octets that were needed from there on.
    pub need: usize,
    /// Octets that there are.
    pub have: usize,
    /// The field that promised them, `"minimum header"` where the standard does.
    pub said_by: &'static str,
}

impl Stop {
    /// The same stop as seen from a reader that began `octets` earlier.
    #[must_use]
    pub const fn moved(mut self, octets: usize) -> Self {
        self.at += octets;
        self
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layer, at, need, have, said_by } = self;
        write!(f, "{} at octet {at}: {said_by} asks for {need} octets, there are {have}", layer.name())
    }
}
