//! floor 7: IP packets as replay needs them: what is inside, fragments put together, a new header around it.

use stack::wire::{checksum, icmpv4, icmpv6, ipv4, ipv6, tcp, udp};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// Protocol number of ICMP (RFC 792).
const ICMPV4: u8 = 1;

/// Reassembled payloads are not longer than an IP packet can be, in octets.
const WHOLE_OCTETS_MAX: usize = 65_535;

/// Where a fragment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FragmentAt {
    /// Identification of the series.
    pub ident: u32,
    /// Offset in the payload, in octets.
    pub offset: usize,
    /// Whether more follow.
    pub more: bool,
}

/// What an IP packet carries, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upper<'a> {
    /// Source address.
    pub src: IpAddr,
    /// Destination address.
    pub dst: IpAddr,
    /// Protocol of the payload.
    pub protocol: u8,
    /// Time to live, hop limit.
    pub hop_limit: u8,
    /// DSCP and ECN.
    pub traffic_class: u8,
    /// The octets behind the last IP header, as far as they were captured.
    pub payload: &'a [u8],
    /// How many there are according to the IP header.
    pub payload_octets: u32,
    /// Set if the packet is a piece of a larger one.
    pub fragment: Option<FragmentAt>,
}

/// The start of a packet that an ICMP error quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Source endpoint.
    pub src: SocketAddr,
    /// Destination endpoint.
    pub dst: SocketAddr,
    /// Its protocol.
    pub protocol: u8,
}

impl<'a> Upper<'a> {
    /// Reads an IP packet; `None` if it has no IP header or its extension headers can not be followed.
    pub fn of(packet: &'a [u8]) -> Option<Self> {
        match packet.first()? >> 4 {
            4 => Self::of_v4(packet),
            6 => Self::of_v6(packet),
            _ => None,
        }
    }

    fn of_v4(packet: &'a [u8]) -> Option<Self> {
        let view = ipv4::View::read(packet).ok()?;
        let header_octets = u32::try_from(view.header().len()).ok()?;
        let piece = view.more_fragments() || view.fragment_offset_octets() > 0;
        Some(Self {
            src: view.src().into(),
            dst: view.dst().into(),
            protocol: view.protocol(),
            hop_limit: view.ttl(),
            traffic_class: view.tos(),
            payload: view.payload(),
            payload_octets: u32::from(view.total_len_octets()).saturating_sub(header_octets),
            fragment: piece.then(|| FragmentAt {
                ident: u32::from(view.identification()),
                offset: usize::from(view.fragment_offset_octets()),
                more: view.more_fragments(),
            }),
        })
    }

    fn of_v6(packet: &'a [u8]) -> Option<Self> {
        let view = ipv6::View::read(packet).ok()?;
        let upper = view.extensions().upper().ok()?;
        let extension_octets = u32::try_from(upper.offset.checked_sub(view.header().len())?).ok()?;
        Some(Self {
            src: view.src().into(),
            dst: view.dst().into(),
            protocol: upper.protocol,
            hop_limit: view.hop_limit(),
            traffic_class: view.traffic_class(),
            payload: upper.payload,
            payload_octets: u32::from(view.payload_len_octets()).saturating_sub(extension_octets),
            fragment: upper.fragment.filter(|fragment| !fragment.is_whole()).map(|fragment| FragmentAt {
                ident: fragment.identification,
                offset: usize::from(fragment.offset_octets),
                more: fragment.more,
            }),
        })
    }

    /// Whether octets of the payload were not captured.
    pub const fn is_cut(&self) -> bool {
        self.payload.len() < self.payload_octets as usize
    }

    /// Whether it is a whole ICMP message of the packet's own family.
    pub const fn is_icmp(&self) -> bool {
        match self.src {
            IpAddr::V4(_) => self.protocol == ICMPV4 && self.fragment.is_none(),
            IpAddr::V6(_) => self.protocol == icmpv6::PROTOCOL && self.fragment.is_none(),
        }
    }

    /// Whether it is an ICMP error.
    pub fn is_icmp_error(&self) -> bool {
        let Some(kind) = self.payload.first().filter(|_| self.is_icmp()) else { return false };
        match self.src {
            IpAddr::V4(_) => icmpv4::kind::is_error(*kind),
            IpAddr::V6(_) => icmpv6::is_error(*kind),
        }
    }

    /// Whether it says that nobody listens to a port.
    pub fn is_port_unreachable(&self) -> bool {
        let (Some(kind), Some(code)) = (self.payload.first(), self.payload.get(1)) else { return false };
        self.is_icmp()
            && match self.src {
                IpAddr::V4(_) => (*kind, *code) == (icmpv4::kind::DESTINATION_UNREACHABLE, 3),
                IpAddr::V6(_) => {
                    (*kind, *code) == (icmpv6::DESTINATION_UNREACHABLE, icmpv6::CODE_PORT_UNREACHABLE)
                }
            }
    }

    /// What an ICMP error is about, if it quotes enough to tell.
    pub fn quoted(&self) -> Option<Quoted> {
        let inner = self.payload.get(8..).filter(|_| self.is_icmp_error())?;
        let inner = Upper::of(inner)?;
        let ports =
            inner.payload.get(..4).filter(|_| matches!(inner.protocol, tcp::PROTOCOL | udp::PROTOCOL))?;
        let port = |at: usize| u16::from_be_bytes([ports[at], ports[at + 1]]);
        Some(Quoted {
            src: SocketAddr::new(inner.src, port(0)),
            dst: SocketAddr::new(inner.dst, port(2)),
            protocol: inner.protocol,
        })
    }
}

/// What an IP header says that replay writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addressed {
    /// Source address.
    pub src: IpAddr,
    /// Destination address; of the same family.
    pub dst: IpAddr,
    /// Protocol of the payload.
    pub protocol: u8,
    /// Time to live, hop limit.
    pub hop_limit: u8,
    /// DSCP and ECN.
    pub traffic_class: u8,
}

/// An IP packet around `payload`.
pub fn emit(header: &Addressed, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + 40);
    let Addressed { src, dst, protocol, hop_limit, traffic_class } = *header;
    match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => ipv4::Packet {
            src,
            dst,
            protocol,
            ttl: hop_limit,
            tos: traffic_class,
            identification: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset_octets: 0,
            options: &[],
            payload,
        }
        .emit(&mut bytes),
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            ipv6::Packet { src, dst, next_header: protocol, hop_limit, traffic_class, flow_label: 0, payload }
                .emit(&mut bytes)
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => {}
    }
    bytes
}

/// A recorded packet with other addresses, its transport checksum made right again. Fragments and whatever is
/// neither UDP nor TCP keep their payload as it is.
pub fn moved(packet: &[u8], src: IpAddr, dst: IpAddr) -> Vec<u8> {
    let Some(upper) = Upper::of(packet).filter(|upper| upper.fragment.is_none()) else {
        return packet.to_vec();
    };
    let header = Addressed {
        src,
        dst,
        protocol: upper.protocol,
        hop_limit: upper.hop_limit,
        traffic_class: upper.traffic_class,
    };
    let mut payload = upper.payload.to_vec();
    let field = match upper.protocol {
        udp::PROTOCOL => Some(6),
        tcp::PROTOCOL => Some(16),
        _ => None,
    };
    let octets = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    if let Some(place) = field.and_then(|at| payload.get_mut(at..at + 2)) {
        place.fill(0);
        let sum = checksum::pseudo(src, dst, upper.protocol, octets).add_bytes(&payload).finish();
        let sum = if sum == 0 && upper.protocol == udp::PROTOCOL { 0xffff } else { sum };
        if let Some(place) = field.and_then(|at| payload.get_mut(at..at + 2)) {
            place.copy_from_slice(&sum.to_be_bytes());
        }
    }
    emit(&header, &payload)
}

/// Whether the checksums of an IPv4 header and of a UDP datagram hold. No UDP checksum is none to be wrong.
pub fn sums_are_right(packet: &[u8]) -> bool {
    let Some(upper) = Upper::of(packet) else { return false };
    let header = upper.src.is_ipv6() || ipv4::View::read(packet).is_ok_and(|view| view.checksum_holds());
    let datagram = udp::View::read(upper.payload)
        .is_ok_and(|view| view.checksum() == 0 || view.checksum_holds(upper.src, upper.dst));
    header && datagram
}

/// Makes the checksum of an ICMP message right again, in place.
pub fn sum_icmp(packet: &mut [u8]) {
    let Some(upper) = Upper::of(packet).filter(Upper::is_icmp) else { return };
    let (src, dst, octets) = (upper.src, upper.dst, upper.payload.len());
    let at = packet.len() - octets;
    let Some(field) = packet.get_mut(at + 2..at + 4) else { return };
    field.fill(0);
    let sum = match src {
        IpAddr::V4(_) => checksum::of(&packet[at..]),
        IpAddr::V6(_) => {
            let len = u32::try_from(octets).unwrap_or(u32::MAX);
            checksum::pseudo(src, dst, icmpv6::PROTOCOL, len).add_bytes(&packet[at..]).finish()
        }
    };
    packet[at + 2..at + 4].copy_from_slice(&sum.to_be_bytes());
}

/// Puts fragments together, for packets that are known to be well formed. Series with overlaps never become
/// whole: what they mean is the receiver's choice.
#[derive(Clone, Debug, Default)]
pub struct Reassembler {
    series: BTreeMap<SeriesKey, Vec<(FragmentAt, Vec<u8>)>>,
}

/// Source, destination, protocol, identification.
type SeriesKey = (IpAddr, IpAddr, u8, u32);

impl Reassembler {
    /// Adds a fragment; returns the payload if it was the last one missing.
    pub fn push(&mut self, upper: &Upper<'_>) -> Option<Vec<u8>> {
        let fragment = upper.fragment?;
        let key = (upper.src, upper.dst, upper.protocol, fragment.ident);
        let series = self.series.entry(key).or_default();
        let known = (fragment, upper.payload.to_vec());
        if !series.contains(&known) {
            series.push(known);
            series.sort_by_key(|(at, _)| at.offset);
        }
        let mut whole: Vec<u8> = Vec::new();
        for (at, octets) in series.iter() {
            if at.offset != whole.len() || whole.len() + octets.len() > WHOLE_OCTETS_MAX {
                return None;
            }
            whole.extend_from_slice(octets);
        }
        series.last().filter(|(at, _)| !at.more)?;
        self.series.remove(&key);
        Some(whole)
    }
}
