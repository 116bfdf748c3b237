//! floor 0: the reasons for discarding. No packet and no segment disappears without one of these, and each
//! names the clause it rests on.

use core::fmt;

macro_rules! reasons {
    ($($(#[$group:meta])* $name:ident $clause:literal $text:literal)*) => {
        /// Why a host discarded what arrived, although its bytes made sense.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Why {
            $($(#[$group])* #[doc = $text] $name,)*
        }

        impl Why {
            /// Every reason, in order of definition.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The catalogue id of the clause that demands or permits the discard.
            pub const fn clause(self) -> &'static str {
                match self { $(Self::$name => $clause,)* }
            }

            /// The reason as a phrase.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

reasons! {
    // link
    FrameForOtherStation "RFC1122-2.4-a" "the frame is addressed to another station"
    FrameWithLength "RFC1122-2.3.3-f" "the frame has an IEEE 802.3 length instead of a type"
    ArpHardwareType "RFC826-Packet_Reception-a" "ARP for another kind of link"
    ArpProtocolType "RFC826-Packet_Reception-a" "ARP for another network protocol"
    ArpAddressLength "RFC826-Packet_Reception-b" "ARP with addresses of another length"
    ArpTruncated "RFC826-Packet_format-a" "ARP addresses are cut off"
    // ip
    Ipv4Version "RFC1122-3.2.1.1-a" "the IP version is not 4"
    Ipv4HeaderLength "RFC791-3.1-a" "the IPv4 header length is below five words"
    Ipv4TotalLength "RFC791-3.1-b" "the IPv4 total length ends inside the header"
    Ipv4Truncated "RFC791-3.1-c" "the IPv4 packet is cut off"
    Ipv4Checksum "RFC1122-3.2.1.2-a" "the IPv4 header checksum is wrong"
    Ipv6Version "RFC8200-3-a" "the IP version is not 6"
    Ipv6Truncated "RFC8200-3-a" "the IPv6 packet is cut off"
    // icmp
    Icmpv4Checksum "RFC792-Echo-b" "the ICMP checksum is wrong"
    Icmpv6Checksum "RFC4443-2.3-a" "the ICMPv6 checksum is wrong"
    Icmpv6Truncated "RFC4443-2.1-a" "the ICMPv6 message is shorter than its type asks for"
    RouterSolicitationInvalid "RFC4861-6.1.1-a" "the router solicitation is not a valid one"
    RouterAdvertisementHopLimit "RFC4861-6.1.2-a" "the hop limit of the router advertisement is not 255"
    RouterAdvertisementCode "RFC4861-6.1.2-b" "the code of the router advertisement is not 0"
    RouterAdvertisementOptionLength "RFC4861-6.1.2-c" "an option of the router advertisement has an impossible length"
    RouterAdvertisementSource "RFC4861-6.1.2-e" "the router advertisement does not come from a link-local address"
    NeighborSolicitationHopLimit "RFC4861-7.1.1-a" "the hop limit of the neighbour solicitation is not 255"
    NeighborSolicitationCode "RFC4861-7.1.1-b" "the code of the neighbour solicitation is not 0"
    NeighborSolicitationOptionLength "RFC4861-7.1.1-c" "an option of the neighbour solicitation has an impossible length"
    NeighborSolicitationTarget "RFC4861-7.1.1-e" "the target of the neighbour solicitation is a group"
    NeighborSolicitationFromNowhere "RFC4861-7.1.1-f" "the neighbour solicitation without source address has a link-layer address or the wrong destination"
    NeighborAdvertisementHopLimit "RFC4861-7.1.2-a" "the hop limit of the neighbour advertisement is not 255"
    NeighborAdvertisementCode "RFC4861-7.1.2-b" "the code of the neighbour advertisement is not 0"
    NeighborAdvertisementOptionLength "RFC4861-7.1.2-c" "an option of the neighbour advertisement has an impossible length"
    NeighborAdvertisementTarget "RFC4861-7.1.2-e" "the target of the neighbour advertisement is a group, or it is solicited but sent to one"
    RedirectHopLimit "RFC4861-8.1-a" "the hop limit of the redirect is not 255"
    RedirectCode "RFC4861-8.1-b" "the code of the redirect is not 0"
    RedirectOptionLength "RFC4861-8.1-c" "an option of the redirect has an impossible length"
    RedirectAddresses "RFC4861-8.1-e" "source, target or destination of the redirect is not of the right kind"
    // udp
    UdpLengthBelowHeader "RFC768-Fields-a" "the UDP length field is below the eight octets of the header"
    UdpTruncated "RFC768-Fields-b" "the UDP length field is above what the packet carries"
    UdpChecksum "RFC1122-4.1.3.4-a" "the UDP checksum is wrong"
    UdpNoChecksum "RFC8200-8.1-d" "UDP over IPv6 has no checksum"
    // tcp
    TcpDataOffset "RFC9293-3.1-d" "the TCP data offset is below five words or above what the packet carries"
    TcpChecksum "RFC9293-MUST-3" "the TCP checksum is wrong"
    TcpPortZero "RFC6335-6-b" "a TCP port is the reserved number 0"
    // sock
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.text(), self.clause())
    }
}
