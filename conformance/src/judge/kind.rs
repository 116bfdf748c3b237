//! floor 7: kinds of packets. A rule names the kinds that it is about, and is never asked about others.

use super::packet::{Net, Packet, Upper};
use std::ops::BitOr;

/// What a packet is, as far as rules are chosen by it. Every packet is of exactly one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// ARP.
    Arp,
    /// A datagram.
    Udp,
    /// An ICMP message.
    Icmpv4,
    /// An ICMPv6 message.
    Icmpv6,
    /// A fragment.
    Fragment,
    /// IP with something else, or with too little of it.
    Other,
    /// A segment with SYN and without ACK or RST.
    Syn,
    /// A segment with SYN and ACK and without RST.
    SynAck,
    /// A segment with RST, whatever else it has.
    Reset,
    /// A segment with ACK, and with data or FIN.
    Text,
    /// A segment with ACK and nothing else to take.
    Empty,
    /// A segment without SYN, ACK and RST.
    Odd,
}

impl Kind {
    /// How many there are.
    pub const COUNT: usize = 12;

    /// Every kind.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Arp,
        Self::Udp,
        Self::Icmpv4,
        Self::Icmpv6,
        Self::Fragment,
        Self::Other,
        Self::Syn,
        Self::SynAck,
        Self::Reset,
        Self::Text,
        Self::Empty,
        Self::Odd,
    ];

    /// The kind of a packet.
    pub fn of(packet: &Packet<'_>) -> Self {
        match &packet.upper {
            Upper::Tcp(segment) => {
                let flags = segment.view.flags();
                match () {
                    () if flags.rst() => Self::Reset,
                    () if flags.syn() && flags.ack() => Self::SynAck,
                    () if flags.syn() => Self::Syn,
                    () if !flags.ack() => Self::Odd,
                    () if flags.fin() || segment.data_octets() != Some(0) => Self::Text,
                    () => Self::Empty,
                }
            }
            Upper::Udp(..) => Self::Udp,
            Upper::Icmpv4(..) => Self::Icmpv4,
            Upper::Icmpv6(..) => Self::Icmpv6,
            Upper::Fragment(_) => Self::Fragment,
            Upper::Other if matches!(packet.net, Net::Arp(_)) => Self::Arp,
            Upper::Other => Self::Other,
        }
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct On(u16);

impl On {
    /// ARP.
    pub const ARP: Self = Self::only(Kind::Arp);
    /// Datagrams.
    pub const UDP: Self = Self::only(Kind::Udp);
    /// ICMP of both families.
    pub const ICMP: Self = Self::only(Kind::Icmpv4).and(Self::only(Kind::Icmpv6));
    /// ICMP for IPv4.
    pub const ICMPV4: Self = Self::only(Kind::Icmpv4);
    /// ICMP for IPv6.
    pub const ICMPV6: Self = Self::only(Kind::Icmpv6);
    /// Fragments.
    pub const FRAGMENT: Self = Self::only(Kind::Fragment);
    /// SYN without ACK.
    pub const SYN: Self = Self::only(Kind::Syn);
    /// SYN with ACK.
    pub const SYN_ACK: Self = Self::only(Kind::SynAck);
    /// Resets.
    pub const RESET: Self = Self::only(Kind::Reset);
    /// Data or FIN, with ACK.
    pub const TEXT: Self = Self::only(Kind::Text);
    /// Bare acknowledgements.
    pub const EMPTY: Self = Self::only(Kind::Empty);
    /// Both SYNs.
    pub const OPENING: Self = Self::SYN.and(Self::SYN_ACK);
    /// Segments with ACK and without SYN and RST: what an open connection consists of.
    pub const FLOWING: Self = Self::TEXT.and(Self::EMPTY);
    /// Every segment.
    pub const TCP: Self = Self::OPENING.and(Self::FLOWING).and(Self::RESET).and(Self::only(Kind::Odd));
    /// Every IP packet.
    pub const IP: Self =
        Self::TCP.and(Self::UDP).and(Self::ICMP).and(Self::FRAGMENT).and(Self::only(Kind::Other));
    /// Every IP packet but those of an open connection, for what a host does always or never.
    pub const UNSETTLED: Self = Self(Self::IP.0 & !Self::FLOWING.0);
    /// Everything.
    pub const ANY: Self = Self::IP.and(Self::ARP);

    /// One kind.
    pub const fn only(kind: Kind) -> Self {
        Self(1 << kind as u16)
    }

    /// Both sets.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the kind is among them.
    pub const fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }
}

impl BitOr for On {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.and(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_numbered_in_order() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index);
            assert!(On::ANY.has(kind));
            assert_eq!(On::IP.has(kind), kind != Kind::Arp);
        }
    }
}
