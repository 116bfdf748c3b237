//! Conversations built packet by packet, in which one thing can be made wrong.

use super::super::*;
use stack::base::{Instant, Mac, Span};
use stack::wire::tcp::{Flags, Forced};
use stack::wire::{arp, checksum, icmpv4, icmpv6, ipv4, ipv6, tcp, udp};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const CLIENT6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const SERVER6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
/// ff02::1
pub(super) const ALL_NODES: [u8; 16] = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1).octets();
const ICMPV4: u8 = 1;
/// A protocol that no rule is about.
const UNKNOWN: u8 = 89;

/// A segment to be.
#[derive(Clone)]
pub(super) struct Tcp {
    pub(super) client: Ipv4Addr,
    pub(super) port: u16,
    pub(super) to_server: bool,
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) flags: Flags,
    pub(super) options: Vec<u8>,
    pub(super) payload: &'static [u8],
    pub(super) ecn: u8,
    pub(super) dont_fragment: bool,
    pub(super) ttl: u8,
    pub(super) forced: Forced<'static>,
}

enum Spec {
    Tcp(Tcp),
    Raw(EtherType, Vec<u8>),
}

/// Named packets, one second apart.
pub(super) struct Conversation {
    packets: Vec<(&'static str, Spec)>,
    /// Octets of each packet that are captured.
    pub(super) snap: usize,
    /// Time between packets.
    pub(super) spacing: Span,
}

impl Conversation {
    fn spec(&mut self, name: &str) -> &mut Spec {
        let found = self.packets.iter_mut().find(|(known, _)| *known == name);
        &mut found.expect("a packet of that name").1
    }

    pub(super) fn tcp(&mut self, name: &str) -> &mut Tcp {
        let Spec::Tcp(tcp) = self.spec(name) else { panic!("{name} is no segment") };
        tcp
    }

    pub(super) fn raw(&mut self, name: &str) -> &mut Vec<u8> {
        let Spec::Raw(_, bytes) = self.spec(name) else { panic!("{name} is a segment") };
        bytes
    }

    /// Sets an octet of an IPv4 header and mends its checksum.
    pub(super) fn header(&mut self, name: &str, at: usize, octet: u8) {
        let bytes = self.raw(name);
        bytes[at] = octet;
        mend_header(bytes);
    }

    /// Replaces the source, and mends all checksums of a datagram.
    pub(super) fn source(&mut self, name: &str, addr: [u8; 4]) {
        let bytes = self.raw(name);
        let data = bytes[28..].to_vec();
        *bytes = datagram_from(addr.into(), 5353, &data);
    }

    /// Replaces an address of the IPv6 datagram, and mends its checksum.
    pub(super) fn address_v6(&mut self, name: &str, at: usize, addr: [u8; 16]) {
        let bytes = self.raw(name);
        bytes[at..at + 16].copy_from_slice(&addr);
        bytes[46..48].fill(0);
        let len = bytes.len() as u32 - 40;
        let address = |at: usize| IpAddr::from(<[u8; 16]>::try_from(&bytes[at..at + 16]).expect("16 octets"));
        let sum =
            checksum::pseudo(address(8), address(24), udp::PROTOCOL, len).add_bytes(&bytes[40..]).finish();
        bytes[46..48].copy_from_slice(&sum.to_be_bytes());
    }

    /// Alters what an ICMP error quotes.
    pub(super) fn quote(&mut self, name: &str, alter: impl FnOnce(&mut Vec<u8>)) {
        let bytes = self.raw(name);
        let at = if bytes[0] >> 4 == 4 { 28 } else { 48 };
        let mut quote = bytes.split_off(at);
        alter(&mut quote);
        bytes.extend_from_slice(&quote);
        mend_message(bytes);
    }

    /// Alters the four octets behind the checksum of an ICMP message.
    pub(super) fn message(&mut self, name: &str, alter: impl FnOnce(&mut [u8])) {
        let bytes = self.raw(name);
        let at = if bytes[0] >> 4 == 4 { 24 } else { 44 };
        alter(&mut bytes[at..at + 4]);
        mend_message(bytes);
    }

    /// Makes an ICMPv4 message one of another type.
    pub(super) fn kind(&mut self, name: &str, kind: u8) {
        self.raw(name)[20] = kind;
        mend_message(self.raw(name));
    }

    /// Makes the neighbour solicitation another message, from far away.
    pub(super) fn discovery(&mut self, kind: u8) {
        let bytes = self.raw("solicitation");
        bytes[7] = 64;
        bytes[40] = kind;
        mend_message(bytes);
    }

    pub(super) fn drop(&mut self, name: &str) {
        self.packets.retain(|(known, _)| *known != name);
    }

    /// Forgets what comes before a packet.
    pub(super) fn begin_with(&mut self, name: &str) {
        let at = self.packets.iter().position(|(known, _)| *known == name).expect("a packet of that name");
        self.packets.drain(..at);
    }

    /// Flips one bit of one packet.
    pub(super) fn flip(&mut self, packet: usize, bit: usize) {
        let count = self.packets.len();
        let spec = &mut self.packets[packet % count].1;
        let (ethertype, mut bytes) = match spec {
            Spec::Tcp(tcp) => (EtherType::IPV4, tcp.bytes(packet % count)),
            Spec::Raw(ethertype, bytes) => (*ethertype, bytes.clone()),
        };
        let bit = bit % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        *spec = Spec::Raw(ethertype, bytes);
    }

    /// Flips one bit of one segment.
    pub(super) fn flip_in_segment(&mut self, segment: usize, bit: usize) {
        let places = (0..self.packets.len()).filter(|at| matches!(self.packets[*at].1, Spec::Tcp(_)));
        let places: Vec<usize> = places.collect();
        self.flip(places[segment % places.len()], bit);
    }

    /// Puts a packet in behind another.
    pub(super) fn insert_after(&mut self, name: &str, tcp: Tcp) {
        let at = self.packets.iter().position(|(known, _)| *known == name).expect("a packet of that name");
        self.packets.insert(at + 1, ("inserted", Spec::Tcp(tcp)));
    }

    pub(super) fn judged(&self, vantage: Vantage) -> Report {
        let mut judge = Judge::new(vantage);
        for (index, (_, spec)) in self.packets.iter().enumerate() {
            let (ethertype, bytes) = match spec {
                Spec::Tcp(tcp) => (EtherType::IPV4, tcp.bytes(index)),
                Spec::Raw(ethertype, bytes) => (*ethertype, bytes.clone()),
            };
            judge.see(Sighting {
                number: index as u64 + 1,
                at: Instant::ZERO + self.spacing.times(index as u64),
                ethertype,
                link: None,
                bytes: &bytes[..bytes.len().min(self.snap)],
                wire_len: bytes.len() as u32,
                inside: false,
                judged: true,
            });
        }
        judge.finish()
    }
}

impl Tcp {
    fn bytes(&self, index: usize) -> Vec<u8> {
        let (src, dst) = if self.to_server { (self.client, SERVER) } else { (SERVER, self.client) };
        let (src_port, dst_port) = if self.to_server { (self.port, 80) } else { (80, self.port) };
        let segment = tcp::Segment {
            src_port,
            dst_port,
            seq: self.seq,
            ack: self.ack,
            flags: self.flags,
            window: 1000,
            payload: self.payload,
            ..tcp::Segment::default()
        };
        let forced = Forced { raw_options: Some(&self.options), ..self.forced };
        let mut payload = Vec::new();
        segment.emit_with(&forced, IpAddr::V4(src), IpAddr::V4(dst), &mut payload);
        let mut bytes = Vec::new();
        let packet = ipv4::Packet {
            identification: index as u16 + 1,
            dont_fragment: self.dont_fragment,
            tos: self.ecn,
            ttl: self.ttl,
            ..packet(src, dst, tcp::PROTOCOL, &payload)
        };
        packet.emit(&mut bytes);
        bytes
    }
}

fn packet(src: Ipv4Addr, dst: Ipv4Addr, protocol: u8, payload: &[u8]) -> ipv4::Packet<'_> {
    ipv4::Packet {
        src,
        dst,
        protocol,
        ttl: 64,
        tos: 0,
        identification: 7,
        dont_fragment: false,
        more_fragments: false,
        fragment_offset_octets: 0,
        options: &[],
        payload,
    }
}

fn packet6(next_header: u8, hop_limit: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (src, dst) = (CLIENT6, SERVER6);
    let packet = ipv6::Packet { src, dst, next_header, hop_limit, traffic_class: 0, flow_label: 0, payload };
    packet.emit(&mut bytes);
    bytes
}

/// A datagram over IPv4 from this port of the client.
pub(super) fn datagram(port: u16, data: &[u8]) -> Vec<u8> {
    datagram_from(CLIENT, port, data)
}

fn datagram_from(src: Ipv4Addr, src_port: u16, data: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    let datagram = udp::Datagram { src_port, dst_port: 53, payload: data };
    datagram.emit(src.into(), SERVER.into(), &mut payload);
    let mut bytes = Vec::new();
    let identification = data.iter().fold(100, |id: u16, octet| id * 3 % 10_000 + u16::from(*octet));
    ipv4::Packet { identification, ..packet(src, SERVER, udp::PROTOCOL, &payload) }.emit(&mut bytes);
    bytes
}

/// The packet from its destination to its source. No checksum changes.
fn turned(mut bytes: Vec<u8>) -> Vec<u8> {
    let (at, octets) = if bytes[0] >> 4 == 4 { (12, 4) } else { (8, 16) };
    bytes[at..at + 2 * octets].rotate_left(octets);
    bytes
}

fn mend_header(bytes: &mut [u8]) {
    let octets = 4 * usize::from(bytes[0] & 15);
    let total = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
    // Where the length makes no sense the sum is over what every header has.
    let octets = if octets < 20 || octets > total.min(bytes.len()) { 20 } else { octets };
    bytes[10..12].fill(0);
    let sum = checksum::of(&bytes[..octets]);
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
}

/// Mends lengths and checksums of an ICMP message.
fn mend_message(bytes: &mut [u8]) {
    let len = bytes.len() as u16;
    if bytes[0] >> 4 == 4 {
        bytes[2..4].copy_from_slice(&len.to_be_bytes());
        mend_header(bytes);
        bytes[22..24].fill(0);
        let sum = checksum::of(&bytes[20..]);
        bytes[22..24].copy_from_slice(&sum.to_be_bytes());
        return;
    }
    bytes[4..6].copy_from_slice(&(len - 40).to_be_bytes());
    bytes[42..44].fill(0);
    let pseudo = checksum::pseudo(CLIENT6.into(), SERVER6.into(), icmpv6::PROTOCOL, u32::from(len) - 40);
    let sum = pseudo.add_bytes(&bytes[40..]).finish();
    bytes[42..44].copy_from_slice(&sum.to_be_bytes());
}

fn message4(message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let identification = u16::from(message[7]) + 200;
    ipv4::Packet { identification, ..packet(CLIENT, SERVER, ICMPV4, message) }.emit(&mut bytes);
    mend_message(&mut bytes);
    bytes
}

fn message6(hop_limit: u8, message: &[u8]) -> Vec<u8> {
    let mut bytes = packet6(icmpv6::PROTOCOL, hop_limit, message);
    mend_message(&mut bytes);
    bytes
}

/// MSS and these options, as octets.
pub(super) fn options(scale: Option<u8>, stamps: Option<(u32, u32)>, sack: bool) -> Vec<u8> {
    let mut bytes = vec![2, 4, 5, 0xb4];
    if let Some((value, echo)) = stamps {
        bytes.extend_from_slice(&[1, 1, 8, 10]);
        bytes.extend_from_slice(&value.to_be_bytes());
        bytes.extend_from_slice(&echo.to_be_bytes());
    }
    if let Some(scale) = scale {
        bytes.extend_from_slice(&[1, 3, 3, scale]);
    }
    if sack {
        bytes.extend_from_slice(&[1, 1, 4, 2]);
    }
    bytes
}

pub(super) fn segment(port: u16, to_server: bool, flags: Flags, seq: u32, ack: u32) -> Tcp {
    Tcp {
        client: CLIENT,
        port,
        to_server,
        seq,
        ack,
        flags,
        options: Vec::new(),
        payload: b"",
        ecn: 0,
        dont_fragment: true,
        ttl: 64,
        forced: Forced::default(),
    }
}

/// Timestamps alone, as octets.
fn stamps(to_server: bool) -> Vec<u8> {
    let stamps = if to_server { (1, 9) } else { (9, 1) };
    options(None, Some(stamps), false)[4..].to_vec()
}

/// With every option and ECN, the SYN repeated, ended by a reset.
fn full() -> Vec<(&'static str, Tcp)> {
    const PORT: u16 = 40_000;
    let asks = Flags::SYN | Flags::ECE | Flags::CWR;
    let syn = Tcp { options: options(Some(7), Some((1, 0)), true), ..segment(PORT, true, asks, 100, 0) };
    let agrees = Flags::SYN | Flags::ACK | Flags::ECE;
    let data = |to_server, seq, ack, payload| Tcp {
        options: stamps(to_server),
        payload,
        ecn: 2,
        ..segment(PORT, to_server, Flags::ACK | Flags::PSH, seq, ack)
    };
    vec![
        ("syn", syn.clone()),
        ("syn again", syn),
        (
            "syn-ack",
            Tcp { options: options(Some(7), Some((9, 1)), true), ..segment(PORT, false, agrees, 700, 101) },
        ),
        ("ack", Tcp { options: stamps(true), ..segment(PORT, true, Flags::ACK, 101, 701) }),
        ("request", data(true, 101, 701, b"request")),
        ("response", data(false, 701, 108, b"response")),
        ("reset", Tcp { options: stamps(true), ..segment(PORT, true, Flags::RST | Flags::ACK, 108, 709) }),
    ]
}

/// Without options, closed by both.
fn plain() -> Vec<(&'static str, Tcp)> {
    const PORT: u16 = 40_001;
    let syn_ack = Flags::SYN | Flags::ACK;
    let fin = Flags::FIN | Flags::ACK;
    vec![
        ("plain syn", segment(PORT, true, Flags::SYN, 100, 0)),
        ("plain syn-ack", segment(PORT, false, syn_ack, 700, 101)),
        ("plain ack", segment(PORT, true, Flags::ACK, 101, 701)),
        ("plain request", Tcp { payload: b"request", ..segment(PORT, true, Flags::ACK, 101, 701) }),
        ("plain fin", segment(PORT, false, fin, 701, 108)),
        ("plain fin back", segment(PORT, true, fin, 108, 702)),
        ("plain last", segment(PORT, false, Flags::ACK, 702, 109)),
    ]
}

fn unanswered() -> Vec<(&'static str, Tcp)> {
    const PORT: u16 = 40_002;
    ["unanswered 1", "unanswered 2", "unanswered 3"]
        .map(|name| (name, segment(PORT, true, Flags::SYN, 100, 0)))
        .into()
}

fn below() -> Vec<(&'static str, EtherType, Vec<u8>)> {
    let mut fragment = Vec::new();
    ipv4::Packet { more_fragments: true, ..packet(CLIENT, SERVER, UNKNOWN, &[0; 16]) }.emit(&mut fragment);
    let mut udp6 = Vec::new();
    let datagram6 = udp::Datagram { src_port: 5353, dst_port: 53, payload: b"ping" };
    datagram6.emit(CLIENT6.into(), SERVER6.into(), &mut udp6);
    let udp6 = packet6(udp::PROTOCOL, 64, &udp6);
    let fragment6 = [&[UNKNOWN, 0, 0, 1, 0, 0, 0, 7][..], &[0; 16]].concat();
    let unreachable =
        [&[icmpv4::kind::DESTINATION_UNREACHABLE, 3, 0, 0, 0, 0, 0, 0][..], &turned(datagram(9, b"nobody"))];
    let unreachable6 = [&[icmpv6::DESTINATION_UNREACHABLE, 4, 0, 0, 0, 0, 0, 0][..], &turned(udp6.clone())];
    let mut request = Vec::new();
    arp::Packet {
        operation: arp::Operation::Request,
        sender_mac: Mac([2, 0, 0, 0, 0, 1]),
        sender_ip: CLIENT,
        target_mac: Mac::default(),
        target_ip: SERVER,
    }
    .emit(&mut request);
    vec![
        ("arp", EtherType::ARP, request),
        ("udp request", EtherType::IPV4, datagram(5353, b"ping")),
        ("udp again", EtherType::IPV4, datagram(5353, b"pong")),
        ("udp more", EtherType::IPV4, datagram(5353, b"more")),
        ("fragment", EtherType::IPV4, fragment),
        ("udp v6", EtherType::IPV6, udp6.clone()),
        ("udp v6 again", EtherType::IPV6, udp6.clone()),
        ("fragment v6", EtherType::IPV6, packet6(ipv6_fragment(), 64, &fragment6)),
        ("echo", EtherType::IPV4, message4(&[8, 0, 0, 0, 0, 1, 0, 1])),
        ("echo again", EtherType::IPV4, message4(&[8, 0, 0, 0, 0, 1, 0, 2])),
        ("echo more", EtherType::IPV4, message4(&[8, 0, 0, 0, 0, 1, 0, 3])),
        ("echo v6", EtherType::IPV6, message6(64, &[128, 0, 0, 0, 0, 1, 0, 1])),
        ("echo v6 again", EtherType::IPV6, message6(64, &[128, 0, 0, 0, 0, 1, 0, 2])),
        ("echo v6 more", EtherType::IPV6, message6(64, &[128, 0, 0, 0, 0, 1, 0, 3])),
        ("unreachable", EtherType::IPV4, message4(&unreachable.concat())),
        ("unreachable v6", EtherType::IPV6, message6(64, &unreachable6.concat())),
        (
            "solicitation",
            EtherType::IPV6,
            message6(255, &[&[135, 0, 0, 0, 0, 0, 0, 0][..], &SERVER6.octets()].concat()),
        ),
    ]
}

const fn ipv6_fragment() -> u8 {
    stack::wire::ipv6_extension::FRAGMENT
}

/// A conversation in which every rule is kept and every rule has something to judge.
pub(super) fn good() -> Conversation {
    let raw = below().into_iter().map(|(name, ethertype, bytes)| (name, Spec::Raw(ethertype, bytes)));
    let segments = [full(), plain(), unanswered()].concat();
    let tcp = segments.into_iter().map(|(name, tcp)| (name, Spec::Tcp(tcp)));
    Conversation { packets: raw.chain(tcp).collect(), snap: usize::MAX, spacing: Span::from_secs(10) }
}
