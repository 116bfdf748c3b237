//! floor 7: one packet of a capture, read once for all rules.

use stack::base::{Instant, Mac};
use stack::wire::ethernet::{self, EtherType};
use stack::wire::ipv6::Fragment;
use stack::wire::ipv6_extension::Body;
use stack::wire::ipv6_option::HOME_ADDRESS;
use stack::wire::tcp_option::{Options, TcpOption};
use stack::wire::{arp, icmpv4, icmpv6, ipv4, ipv6, tcp, udp};
use std::net::{IpAddr, SocketAddr};

/// A packet as it was recorded, without its link-layer header.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// Frame number in its file, from 1.
    pub number: u64,
    /// When.
    pub at: Instant,
    /// What the octets are.
    pub ethertype: EtherType,
    /// The frame that they came in, if it was one of Ethernet.
    pub link: Option<Link>,
    /// The octets that were captured, from the network-layer header on; link-layer padding may follow.
    pub bytes: &'a [u8],
    /// How many octets there were on the wire from there on.
    pub wire_len: u32,
    /// Whether it may have been recorded inside of a host (a loopback interface), where addresses are
    /// allowed that must not leave it.
    pub inside: bool,
    /// Whether its sender is judged. Packets of others are only taken note of.
    pub judged: bool,
}

/// IP behind LLC with service access point 6, which has no type of its own.
pub const LLC_SAP_6: EtherType = EtherType(6);

/// The header of an Ethernet frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Station that sent it.
    pub src: Mac,
    /// Station that it is for.
    pub dst: Mac,
    /// Octets before the network layer, tags counted in.
    pub header_octets: u16,
    /// Whether the type is behind a SNAP header (RFC 1042).
    pub is_snap: bool,
}

impl Link {
    /// The header of a frame of Ethernet II without tags.
    pub const fn plain(frame: &ethernet::View<'_>) -> Self {
        let header_octets = ethernet::HEADER_OCTETS as u16;
        Self { src: frame.src(), dst: frame.dst(), header_octets, is_snap: false }
    }
}

/// A packet that could be read as far as its network layer.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// As it was recorded.
    pub sighting: Sighting<'a>,
    /// The network layer.
    pub net: Net<'a>,
    /// Source address.
    pub src: IpAddr,
    /// Destination address.
    pub dst: IpAddr,
    /// What it carries.
    pub upper: Upper<'a>,
}

/// The network layer.
#[derive(Clone, Copy, Debug)]
pub enum Net<'a> {
    /// IPv4.
    V4(ipv4::View<'a>),
    /// IPv6, with its fragment header.
    V6(ipv6::View<'a>, Option<Fragment>),
    /// ARP.
    Arp(arp::View<'a>),
}

impl Net<'_> {
    /// Hops that are left.
    pub fn hop_limit(&self) -> Option<u8> {
        match self {
            Self::V4(view) => Some(view.ttl()),
            Self::V6(view, _) => Some(view.hop_limit()),
            Self::Arp(_) => None,
        }
    }

    /// The two bits of explicit congestion notification (RFC 3168 section 5).
    pub fn ecn(&self) -> u8 {
        match self {
            Self::V4(view) => view.tos() & 3,
            Self::V6(view, _) => view.traffic_class() & 3,
            Self::Arp(_) => 0,
        }
    }
}

/// The octets of the layer above, as far as captured, and how many there were.
#[derive(Clone, Copy, Debug)]
pub struct Extent<'a> {
    /// What was captured of it.
    pub bytes: &'a [u8],
    /// Its length in octets, by the headers below.
    pub len_octets: usize,
    /// Whether the checksum's pseudo-header can be formed from the addresses of this header.
    pub addressed: bool,
}

impl Extent<'_> {
    /// Whether all of it was captured.
    pub const fn is_whole(&self) -> bool {
        self.bytes.len() == self.len_octets
    }
}

/// What a packet carries.
#[derive(Clone, Copy, Debug)]
pub enum Upper<'a> {
    /// A segment whose fixed header was captured.
    Tcp(Segment<'a>),
    /// A datagram whose header was captured.
    Udp(udp::View<'a>, Extent<'a>),
    /// An ICMP message.
    Icmpv4(icmpv4::View<'a>, Extent<'a>),
    /// An ICMPv6 message.
    Icmpv6(icmpv6::View<'a>, Extent<'a>),
    /// A fragment; between these ports if it shows them.
    Fragment(Option<(u16, u16)>),
    /// Something else, or too little of it was captured.
    Other,
}

/// A segment with what rules ask of it again and again.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Its header.
    pub view: tcp::View<'a>,
    /// Where it lies.
    pub extent: Extent<'a>,
    /// Its options, as far as they make sense.
    pub options: Options,
    /// Whether all of the header was captured.
    pub header_whole: bool,
    /// Whether its options are timestamps behind two fillers alone: what nearly every segment has.
    pub only_stamped: bool,
    /// Whether every option has a length that it can have.
    pub options_end: bool,
    /// Whether every option has a length of its kind, one of those that have one is there, and what is
    /// behind the end of the list is zero.
    pub options_right: bool,
    /// The kinds of its options, a bit for each; the last one stands for all that have no bit of their own.
    kinds: u64,
}

/// Kind and length of timestamps behind two fillers.
const STAMPED: [u8; 4] = [1, 1, 8, 10];
const STAMPED_OCTETS: usize = 12;

/// The last bit of a set of kinds.
const OTHER_KINDS: u8 = 63;

impl Segment<'_> {
    /// Octets of data, by the headers; `None` if the data offset makes no sense.
    pub fn data_octets(&self) -> Option<usize> {
        let header = self.view.data_offset_octets();
        self.extent.len_octets.checked_sub(header).filter(|_| header >= tcp::MIN_HEADER_OCTETS)
    }

    /// The sequence number behind its last octet, SYN and FIN counted.
    pub fn end(&self) -> u32 {
        let flags = self.view.flags();
        let data = u32::try_from(self.data_octets().unwrap_or(0)).unwrap_or(u32::MAX);
        let marks = u32::from(flags.syn()) + u32::from(flags.fin());
        self.view.seq().wrapping_add(data).wrapping_add(marks)
    }

    fn read_options(&mut self) {
        let bytes = self.view.options_bytes();
        self.only_stamped = bytes.len() == STAMPED_OCTETS && bytes.starts_with(&STAMPED);
        self.options = Options::from_bytes(bytes);
        let stamped = Walked { kinds: 1 << 1 | 1 << 8, to_the_end: true, right: true };
        let seen = if self.only_stamped { stamped } else { walked(&self.view) };
        (self.kinds, self.options_end, self.options_right) = (seen.kinds, seen.to_the_end, seen.right);
    }

    /// Whether an option of this kind is there. Ask only if the header is whole.
    pub fn has_option(&self, kind: u8) -> bool {
        if kind < OTHER_KINDS {
            return self.kinds >> kind & 1 != 0;
        }
        self.view.options().map_while(Result::ok).any(|option: TcpOption<'_>| option.kind() == kind)
    }
}

impl<'a> Packet<'a> {
    /// Reads a recorded packet; nothing if it is neither IP nor ARP or too little of it was captured.
    pub fn read(sighting: Sighting<'a>) -> Option<Self> {
        let mut packet = Self::skim(sighting)?;
        if let Upper::Tcp(segment) = &mut packet.upper {
            segment.read_options();
        }
        Some(packet)
    }

    /// Reads it but for the options of a segment, which look as if there were none: so much shows between
    /// whom it is.
    pub(super) fn skim(sighting: Sighting<'a>) -> Option<Self> {
        let bytes = sighting.bytes;
        match sighting.ethertype {
            EtherType::IPV4 => Self::read_v4(sighting, ipv4::View::read(bytes).ok()?),
            EtherType::IPV6 => {
                let view = ipv6::View::read(bytes).ok();
                view.and_then(|view| Self::read_v6(sighting, view)).or_else(|| Self::read_stray_v4(sighting))
            }
            LLC_SAP_6 => Self::read_stray_v4(sighting),
            EtherType::ARP => {
                let view = arp::View::read(bytes).ok()?;
                let packet = arp::Packet::check(&view).ok()?;
                let (src, dst) = (packet.sender_ip.into(), packet.target_ip.into());
                Some(Self { sighting, net: Net::Arp(view), src, dst, upper: Upper::Other })
            }
            // The number of blocks of 512 octets that the headers are behind (RFC 893).
            EtherType(0x1001..=0x100f) => {
                let behind = 512 * usize::from(sighting.ethertype.0 & 15);
                let [8, 0, _, _, headers @ ..] = bytes.get(behind..)? else { return None };
                Self::read_headers_v4(sighting, headers)
            }
            EtherType(_) => None,
        }
    }

    /// Reads IPv4 where it should not be: only what is IPv4 beyond doubt.
    fn read_stray_v4(sighting: Sighting<'a>) -> Option<Self> {
        let view = ipv4::View::read(sighting.bytes).ok()?;
        let sure = sighting.link.is_some() && view.checksum_holds() && view.stop().is_none();
        Self::read_v4(sighting, view).filter(|_| sure)
    }

    /// Reads an IPv4 header alone.
    fn read_headers_v4(sighting: Sighting<'a>, headers: &'a [u8]) -> Option<Self> {
        let view = ipv4::View::read(headers).ok()?;
        let sure = sighting.link.is_some() && view.version() == 4 && view.checksum_holds();
        let (src, dst) = (view.src().into(), view.dst().into());
        sure.then_some(Self { sighting, net: Net::V4(view), src, dst, upper: Upper::Other })
    }

    fn read_v4(sighting: Sighting<'a>, view: ipv4::View<'a>) -> Option<Self> {
        if view.version() != 4 {
            return None;
        }
        let header_octets = 4 * usize::from(view.ihl());
        // A network card that cuts super-packets gets them with a total length of zero.
        let total_octets = match view.total_len_octets() {
            0 => sighting.wire_len as usize,
            octets => usize::from(octets),
        };
        let len_octets = total_octets.saturating_sub(header_octets);
        let captured = sighting.bytes.get(header_octets..).unwrap_or(&[]);
        let bytes = &captured[..captured.len().min(len_octets)];
        let readable = header_octets >= ipv4::MIN_HEADER_OCTETS && sighting.bytes.len() >= header_octets;
        // A source route keeps the final destination elsewhere.
        let addressed = view.ihl() == 5;
        let extent = Extent { bytes, len_octets, addressed };
        let is_fragment = view.more_fragments() || view.fragment_offset_octets() != 0;
        let upper = match () {
            () if !readable => Upper::Other,
            () if is_fragment => fragment(view.protocol(), view.fragment_offset_octets(), bytes),
            () => upper(view.protocol(), extent),
        };
        Some(Self { sighting, net: Net::V4(view), src: view.src().into(), dst: view.dst().into(), upper })
    }

    fn read_v6(sighting: Sighting<'a>, view: ipv6::View<'a>) -> Option<Self> {
        if view.version() != 6 {
            return None;
        }
        let mut fragment_header = None;
        let mut addressed = true;
        for extension in view.extensions().map_while(Result::ok) {
            match extension.body {
                Body::Fragment { fragment, .. } => fragment_header = Some(fragment),
                Body::Routing { segments_left, .. } => addressed &= segments_left == 0,
                // The address of a node away from home is summed in place of the source (RFC 6275).
                Body::DestinationOptions(mut options) => {
                    addressed &=
                        !options.any(|option| option.is_ok_and(|option| option.kind == HOME_ADDRESS));
                }
                Body::HopByHop(_) | Body::Authentication { .. } => (),
            }
        }
        let upper = match view.extensions().upper() {
            Ok(found) => {
                let promised = ipv6::HEADER_OCTETS + usize::from(view.payload_len_octets());
                // Zero stands for a jumbogram, or for a super-packet.
                let total =
                    if view.payload_len_octets() == 0 { sighting.wire_len as usize } else { promised };
                let len_octets = total.saturating_sub(found.offset);
                let captured = sighting.bytes.get(found.offset..).unwrap_or(&[]);
                let bytes = &captured[..captured.len().min(len_octets)];
                match fragment_header {
                    Some(header) if !header.is_whole() => {
                        fragment(found.protocol, header.offset_octets, bytes)
                    }
                    Some(_) | None => upper(found.protocol, Extent { bytes, len_octets, addressed }),
                }
            }
            Err(_) => Upper::Other,
        };
        let (src, dst) = (view.src().into(), view.dst().into());
        Some(Self { sighting, net: Net::V6(view, fragment_header), src, dst, upper })
    }

    /// The ports of a segment or of the fragment of one: the sender's first.
    pub const fn ports(&self) -> Option<(u16, u16)> {
        match &self.upper {
            Upper::Tcp(segment) => Some((segment.view.src_port(), segment.view.dst_port())),
            Upper::Fragment(ports) => *ports,
            Upper::Udp(..) | Upper::Icmpv4(..) | Upper::Icmpv6(..) | Upper::Other => None,
        }
    }

    /// The two ends of a segment or of the fragment of one: sender first.
    pub fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        let (src, dst) = self.ports()?;
        Some((SocketAddr::new(self.src, src), SocketAddr::new(self.dst, dst)))
    }
}

fn upper<'a>(protocol: u8, extent: Extent<'a>) -> Upper<'a> {
    const ICMPV4: u8 = 1;
    match protocol {
        tcp::PROTOCOL => tcp::View::read(extent.bytes).map_or(Upper::Other, |view| {
            let header_whole = view.data_offset_octets() <= extent.bytes.len().min(extent.len_octets);
            Upper::Tcp(Segment {
                view,
                extent,
                options: Options::NONE,
                header_whole,
                only_stamped: false,
                options_end: true,
                options_right: false,
                kinds: 0,
            })
        }),
        udp::PROTOCOL => udp::View::read(extent.bytes).map_or(Upper::Other, |view| Upper::Udp(view, extent)),
        ICMPV4 => icmpv4::View::read(extent.bytes).map_or(Upper::Other, |view| Upper::Icmpv4(view, extent)),
        icmpv6::PROTOCOL => {
            icmpv6::View::read(extent.bytes).map_or(Upper::Other, |view| Upper::Icmpv6(view, extent))
        }
        _ => Upper::Other,
    }
}

/// What a walk over the options of a segment shows.
struct Walked {
    kinds: u64,
    to_the_end: bool,
    right: bool,
}

/// Walks over the options up to the first that makes no sense.
fn walked(view: &tcp::View<'_>) -> Walked {
    let (mut kinds, mut known, mut other) = (0, false, false);
    let mut walk = view.options();
    for option in walk.by_ref() {
        let Ok(option) = option else { return Walked { kinds, to_the_end: false, right: false } };
        kinds |= 1_u64 << option.kind().min(OTHER_KINDS);
        match option {
            TcpOption::Other { .. } => other = true,
            TcpOption::EndOfList | TcpOption::NoOperation => (),
            TcpOption::MaxSegment(_)
            | TcpOption::WindowScale(_)
            | TcpOption::SackPermitted
            | TcpOption::Sack(_)
            | TcpOption::Timestamps(_) => known = true,
            TcpOption::UserTimeout(_) => (),
        }
    }
    let padded = walk.rest().iter().all(|octet| *octet == 0);
    Walked { kinds, to_the_end: true, right: known && !other && padded }
}

/// A fragment of TCP that begins the segment shows the ports.
fn fragment<'a>(protocol: u8, offset_octets: u16, bytes: &[u8]) -> Upper<'a> {
    let ports = match (protocol, offset_octets, bytes) {
        (tcp::PROTOCOL, 0, [a, b, c, d, ..]) => {
            Some((u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])))
        }
        _ => None,
    };
    Upper::Fragment(ports)
}
