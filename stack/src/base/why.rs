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
    HeaderTruncated "RFC1812-5.2.2-a" "the bytes end inside a header"
    GroupSourceMac "IEEE8023-3.2.3-a" "the frame claims to come from a group of stations"
    EtherTypeUnknown "IEEE8023-3.2.6-a" "the frame carries a protocol that this host does not speak"
    VlanForeign "IEEE8021Q-9.6-a" "the frame belongs to a virtual network that this host is not in"
    SourceNotUnicast "RFC1122-3.2.1.3-f" "the source is no address of a single host"
    SourceOwnAddress "RFC1122-3.2.1.3-a" "the source is an address of this host"
    SourceLoopback "RFC1122-3.2.1.3-d" "the source is a loopback address"
    SourceUnspecified "RFC1122-3.2.1.3-b" "the source is on network zero"
    DestinationLoopback "RFC1122-3.2.1.3-d" "the destination is a loopback address"
    DestinationNotOurs "RFC1122-3.2.1.3-e" "the packet is addressed to another host"
    GroupNotJoined "RFC1112-7.4-a" "the packet is addressed to a group that this host is not in"
    UnicastInLinkBroadcast "RFC1122-3.3.6-c" "a unicast packet came in a link-layer broadcast"
    SourceMulticastV6 "RFC4291-2.7-a" "the source is a multicast address"
    SourceLoopbackV6 "RFC4291-2.5.3-a" "the source is the loopback address"
    SourceUnspecifiedV6 "RFC4291-2.5.2-a" "the source is unspecified and the destination is a single host"
    DestinationLoopbackV6 "RFC4291-2.5.3-a" "the destination is the loopback address"
    DestinationNotOursV6 "RFC4291-2.8-a" "the packet is addressed to another node"
    ReservedScope "RFC4291-2.7-b" "the destination is a multicast address of reserved scope"
    InterfaceLocalOnLink "RFC4291-2.7-c" "an interface-local multicast packet came over a link"
    SourceRouteRefused "RFC1122-3.3.5-a" "a source route asks this host to forward"
    Ipv4OptionMalformed "RFC1122-3.2.1.8-c" "an IPv4 option has an impossible length"
    SecondSourceRoute "RFC1122-3.2.1.8-f" "the header has more than one source route"
    ProtocolUnknown "RFC1122-3.2.2.1-a" "no transport has this protocol number"
    NextHeaderUnknown "RFC8200-4-b" "a next header value is not recognised"
    HopByHopNotFirst "RFC8200-4-c" "hop-by-hop options stand behind another extension header"
    ExtensionTruncated "RFC8200-4.2-g" "an extension header or an option of it runs over its end"
    OptionDiscards "RFC8200-4.2-b" "an unknown option asks for a silent discard"
    OptionReports "RFC8200-4.2-c" "an unknown option asks for a discard with report"
    OptionReportsToUnicast "RFC8200-4.2-d" "an unknown option asks for a discard, with report unless multicast"
    RoutingTypeUnknown "RFC8200-4.4-b" "a routing header of unknown type has segments left"
    NoNextHeader "RFC8200-4.7-a" "the packet ends with No Next Header"
    HeaderChainIncomplete "RFC8200-4.5-i" "the first fragment does not hold the whole header chain"
    NestedFragment "RFC8200-4.5-b" "a reassembled packet has a fragment header again"
    FragmentUneven "RFC791-3.2-frag-f" "a fragment before the last has a length that is no multiple of 8"
    FragmentUnevenV6 "RFC8200-4.5-g" "an IPv6 fragment before the last has a length that is no multiple of 8"
    FragmentBeyondLimit "RFC791-3.2-frag-g" "the fragment ends beyond the longest possible datagram"
    FragmentBeyondLimitV6 "RFC8200-4.5-h" "the fragment ends beyond the longest possible packet"
    FragmentEmpty "RFC791-3.2-frag-i" "the fragment has no data"
    FragmentDuplicate "RFC8200-4.5-k" "the fragment is an exact duplicate"
    FragmentOverlap "RFC791-3.2-frag-d" "the fragment overlaps others, and the policy is to abandon the datagram"
    FragmentOverlapV6 "RFC8200-4.5-j" "the fragment overlaps others"
    FragmentOfAbandoned "RFC5722-4-b" "the fragment belongs to a datagram that was abandoned"
    FragmentsDisagree "RFC791-3.2-frag-h" "the fragments disagree on where the datagram ends"
    FragmentEcn "RFC3168-5.3-a" "fragments with and without ECN of a congested path do not combine"
    ReassemblyFull "RFC1122-3.3.2-a" "the memory for reassembly is used up, the oldest datagram goes"
    ReassemblyTimeout "RFC1122-3.3.2-b" "an IPv4 datagram stayed unfinished for too long"
    ReassemblyTimeoutV6 "RFC8200-4.5-f" "an IPv6 packet stayed unfinished for too long"
    ArpNotForUs "RFC826-Packet_Reception-d" "the ARP packet is about an address of another host"
    ArpSenderInvalid "RFC1812-3.3.2-a" "the ARP sender is no single station or no single host"
    AddressConflict "RFC5227-2.4-a" "another station uses an address of this host"
    NeighborQueueFull "RFC1122-2.3.2.2-a" "too much waits for the neighbour, the oldest packet goes"
    NeighborTableFull "RFC1812-3.3.2-b" "too many neighbours are being resolved"
    NeighborUnreachable "RFC4861-7.2.2-b" "the neighbour did not answer"
    NdFragmented "RFC6980-5-a" "a neighbour discovery message came in a fragment"
    NdTargetNotOurs "RFC4861-7.2.3-c" "the solicited address is not of this host"
    NdLinkAddressInvalid "RFC1812-3.3.2-a" "a neighbour claims a group address of the link"
    NdUnknownNeighbor "RFC4861-7.2.5-a" "an advertisement of a neighbour that nobody asked for"
    NdLinkAddressMissing "RFC4861-7.2.5-a" "an advertisement without the address that was asked for"
    NdNotOverriding "RFC4861-7.2.5-b" "an advertisement does not override the known link-layer address"
    NdForRouters "RFC4861-6.1.1-a" "a router solicitation reached a host"
    NdNotConfigured "RFC4861-6.3.4-a" "routers are configured here, their messages change nothing"
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
    IcmpTypeUnknown "RFC1122-3.2.2-a" "an ICMP message of unknown type"
    IcmpV6TypeUnknown "RFC4443-2.4-b" "an ICMPv6 informational message of unknown type"
    EchoToGroup "RFC1122-3.2.2.6-b" "an echo request to a broadcast or multicast address"
    EchoReplyUnasked "RFC4443-4.2-c" "an echo reply that nobody waits for"
    SourceQuench "RFC6633-3-b" "a source quench"
    RedirectIgnored "RFC1122-3.2.2.2-a" "a redirect: the next hop is configured"
    IcmpQuoteTooShort "RFC1122-3.2.2-d" "the quoted packet does not tell whose error it is"
    IcmpQuoteTooShortV6 "RFC4443-2.4-d" "the quoted IPv6 packet does not tell whose error it is"
    IcmpQuoteNotOurs "RFC5927-7-a" "the quoted packet was not sent by this host"
    IcmpErrorToGroup "RFC1122-3.2.1.3-g" "an ICMP error came to a broadcast or multicast address"
    MtuTooSmall "RFC1191-3-c" "the reported path MTU is below 68"
    MtuTooSmallV6 "RFC8201-4-a" "the reported path MTU is below 1280"
    MtuNotLower "RFC1191-3-d" "the reported path MTU is not below what is known or was quoted"
    // udp
    UdpLengthBelowHeader "RFC768-Fields-a" "the UDP length field is below the eight octets of the header"
    UdpTruncated "RFC768-Fields-b" "the UDP length field is above what the packet carries"
    UdpChecksum "RFC1122-4.1.3.4-a" "the UDP checksum is wrong"
    UdpNoChecksum "RFC8200-8.1-d" "UDP over IPv6 has no checksum"
    UdpPortZero "RFC6335-6-b" "the UDP destination port is the reserved number 0"
    UdpNobody "RFC1122-4.1.3.1-a" "no socket takes the datagram"
    UdpQueueFull "RFC768-User_Interface-a" "the socket holds as many octets as it may"
    // tcp
    TcpDataOffset "RFC9293-3.1-d" "the TCP data offset is below five words or above what the packet carries"
    TcpChecksum "RFC9293-MUST-3" "the TCP checksum is wrong"
    TcpMtuNotSent "RFC5927-7.2-a" "the ICMP error names a size that no segment under way exceeds"
    TcpPortZero "RFC6335-6-b" "a TCP port is the reserved number 0"
    TcpResetToNobody "RFC9293-3.10.7.1-a" "a reset for a connection that does not exist"
    TcpResetToListener "RFC9293-3.10.7.2-a" "a reset for a listening socket"
    TcpNothingToListener "RFC9293-3.10.7.2-e" "neither RST nor ACK nor SYN for a listening socket"
    TcpAckToSynSent "RFC9293-3.10.7.3-a" "the acknowledgement is not of the SYN that was sent"
    TcpResetToSynSent "RFC9293-3.10.7.3-c" "the reset does not acknowledge the SYN that was sent"
    TcpNothingToSynSent "RFC9293-3.10.7.3-g" "neither SYN nor RST where a SYN is awaited"
    TcpTimestampMissing "RFC7323-3.2-g" "timestamps were agreed upon, and the segment has none"
    TcpPaws "RFC7323-5.3-a" "the timestamp is older than one that came before"
    TcpSequence "RFC9293-3.10.7.4-a" "the segment lies outside the window"
    TcpWindowClosed "RFC9293-3.4-f" "text or FIN for a closed window"
    TcpResetSequence "RFC9293-3.10.7.4-b" "the reset lies outside the window"
    TcpResetInexact "RFC9293-3.10.7.4-i" "the reset lies in the window but not at its left edge"
    TcpResetInTimeWait "RFC1337-3-a" "a reset in TIME-WAIT, which is protected from it"
    TcpSynInWindow "RFC9293-3.10.7.4-l" "a SYN for a connection that is synchronized"
    TcpWithoutAck "RFC9293-3.10.7.4-o" "a segment without ACK"
    TcpAckToSynReceived "RFC9293-3.10.7.4-r" "the acknowledgement is not of the SYN,ACK that was sent"
    TcpAckRange "RFC9293-3.10.7.4-p" "the acknowledgement is too old, or of something never sent"
    TcpAfterFin "RFC9293-3.10.7.4-z" "text, urgent data or FIN after the FIN"
    TcpReaderGone "RFC9293-SHLD-3" "text for an application that has gone"
    TcpTooManyGaps "RFC9293-SHLD-31" "text out of order beyond the gaps that are remembered"
    TcpSackNotPermitted "RFC2018-4-a" "selective acknowledgement that was not permitted"
    TcpSackEmpty "RFC2018-3-a" "a block of a selective acknowledgement ends before it begins"
    TcpSackUnsent "RFC2018-3-a" "a block of a selective acknowledgement names octets that were never sent"
    TcpSackOld "RFC2018-3-a" "a block of a selective acknowledgement names acknowledged octets only"
    TcpIcmpSequence "RFC5927-7-a" "the ICMP error quotes nothing that is outstanding"
    // sock
    TcpNobody "RFC9293-3.10.7.1-a" "no socket takes the segment"
    TcpGroupDestination "RFC9293-MUST-57" "the segment came to a broadcast or multicast address"
    SynQueueFull "RFC9293-3.10.1-d" "the listener has as many half-open connections as it may"
    AcceptQueueFull "RFC9293-3.10.1-d" "as many connections as may wait to be accepted"
    AcceptDeferred "RFC9293-3.10.1-a" "the listener wants to hear of connections that have text alone"
    TimeWaitFull "RFC9293-MUST-13" "the end of a connection: as many are in TIME-WAIT as may be"
    OrphansFull "RFC9293-SHLD-3" "a connection that its application closed: as many finish by themselves as may"
    IcmpForNobody "RFC5927-7-a" "the ICMP error quotes nothing that a socket sent"
    IcmpUnasked "RFC8085-5.2-a" "the ICMP error is about one datagram of a socket that talks to many"
    LoopTooLong "RFC1122-3.2.1.3-d" "this host talks to itself without end"
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.text(), self.clause())
    }
}
