//! Frames of a small network, built one by one, in which one thing can be made wrong.

use super::super::*;
use packet::Link;
use stack::base::{Instant, Mac, Span};
use stack::wire::checksum::{self, pseudo};
use stack::wire::{icmpv6, ipv4, ipv6, tcp, udp};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) const A: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub(super) const B: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
/// A router between the two and [`FAR`].
pub(super) const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 254);
pub(super) const FAR: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 9);
pub(super) const A6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
pub(super) const B6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
pub(super) const FAR6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 9, 0, 0, 0, 0, 9);
/// The link-local addresses of A and of the router.
pub(super) const A_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
pub(super) const ROUTER_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0xfe);

pub(super) const ICMPV4: u8 = 1;
const STATION: Mac = Mac([2, 0, 0, 0, 0, 1]);
const OTHER_STATION: Mac = Mac([2, 0, 0, 0, 0, 2]);

/// A frame to be.
#[derive(Clone)]
pub(super) struct Frame {
    name: &'static str,
    pub(super) at_ms: u64,
    pub(super) ethertype: EtherType,
    pub(super) link: Link,
    pub(super) bytes: Vec<u8>,
}

/// Frames in order, each a second after the one before if nothing else is said.
#[derive(Clone, Default)]
pub(super) struct Frames {
    frames: Vec<Frame>,
}

impl Frames {
    /// With a packet more, in a frame as its destination asks for, padded.
    pub(super) fn add(&mut self, name: &'static str, bytes: Vec<u8>) {
        let (ethertype, dst) = match bytes[0] >> 4 {
            4 => {
                let dst = Ipv4Addr::new(bytes[16], bytes[17], bytes[18], bytes[19]);
                let mac = if dst.is_broadcast() { Some(Mac::BROADCAST) } else { None };
                let group = dst.is_multicast().then(|| Mac::of_group(dst.into()));
                (EtherType::IPV4, mac.or(group))
            }
            6 => {
                let octets: [u8; 16] = bytes[24..40].try_into().expect("16 octets");
                let dst = Ipv6Addr::from(octets);
                (EtherType::IPV6, dst.is_multicast().then(|| Mac::of_group(dst.into())))
            }
            _ => (EtherType::ARP, Some(Mac::BROADCAST)),
        };
        let dst = dst.unwrap_or(OTHER_STATION);
        let link = Link { src: STATION, dst, header_octets: 14, is_snap: false };
        let at_ms = 1_000 * self.frames.len() as u64;
        let mut frame = Frame { name, at_ms, ethertype, link, bytes };
        frame.pad();
        self.frames.push(frame);
    }

    pub(super) fn of(&mut self, name: &str) -> &mut Frame {
        let found = self.frames.iter_mut().find(|frame| frame.name == name);
        found.unwrap_or_else(|| panic!("no frame is {name}"))
    }

    /// Forgets all other frames.
    pub(super) fn keep(&mut self, names: &[&str]) {
        self.frames.retain(|frame| names.contains(&frame.name));
    }

    /// Replaces the packet of a frame.
    pub(super) fn replace(&mut self, name: &str, bytes: Vec<u8>) {
        let frame = self.of(name);
        frame.bytes = bytes;
        frame.pad();
    }

    pub(super) fn judged(&self, vantage: Vantage) -> Report {
        let mut judge = Judge::new(vantage);
        for (number, frame) in (1..).zip(&self.frames) {
            judge.see(Sighting {
                number,
                at: Instant::ZERO + Span::from_millis(frame.at_ms),
                ethertype: frame.ethertype,
                link: Some(frame.link),
                bytes: &frame.bytes,
                wire_len: frame.bytes.len() as u32,
                inside: false,
                judged: true,
            });
        }
        judge.finish()
    }
}

impl Frame {
    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().max(46), 0);
    }

    /// Sets octets of an IPv4 packet, and mends the checksums of its header and, for ICMP, of the message.
    pub(super) fn set4(&mut self, at: usize, octets: &[u8]) {
        self.bytes[at..at + octets.len()].copy_from_slice(octets);
        self.mend4();
    }

    /// Lets an ICMPv4 error quote so many octets.
    pub(super) fn quote4(&mut self, octets: usize) {
        self.bytes.truncate(28 + octets);
        self.bytes[2..4].copy_from_slice(&(28 + octets as u16).to_be_bytes());
        self.mend4();
        self.pad();
    }

    fn mend4(&mut self) {
        let bytes = &mut self.bytes;
        let header = 4 * usize::from(bytes[0] & 15);
        let total = usize::from(u16::from_be_bytes([bytes[2], bytes[3]])).min(bytes.len());
        bytes[10..12].fill(0);
        let sum = checksum::of(&bytes[..header]);
        bytes[10..12].copy_from_slice(&sum.to_be_bytes());
        if bytes[9] == ICMPV4 && bytes[6] & 0x3f == 0 && bytes[7] == 0 {
            bytes[header + 2..header + 4].fill(0);
            let sum = checksum::of(&bytes[header..total]);
            bytes[header + 2..header + 4].copy_from_slice(&sum.to_be_bytes());
        }
    }

    /// Sets octets of an IPv6 packet, and mends the checksum of the ICMPv6 message in it.
    pub(super) fn set6(&mut self, at: usize, octets: &[u8]) {
        self.bytes[at..at + octets.len()].copy_from_slice(octets);
        self.mend6();
    }

    /// Lets an ICMPv6 message have so many octets.
    pub(super) fn message6(&mut self, octets: usize) {
        self.bytes.resize(40 + octets, 0);
        self.bytes[4..6].copy_from_slice(&(octets as u16).to_be_bytes());
        self.mend6();
    }

    fn mend6(&mut self) {
        let bytes = &mut self.bytes;
        if bytes[6] == icmpv6::PROTOCOL {
            let len = usize::from(u16::from_be_bytes([bytes[4], bytes[5]]));
            let address =
                |at: usize| IpAddr::from(<[u8; 16]>::try_from(&bytes[at..at + 16]).expect("16 octets"));
            let sum = pseudo(address(8), address(24), icmpv6::PROTOCOL, len as u32);
            bytes[42..44].fill(0);
            let sum = sum.add_bytes(&bytes[40..40 + len]).finish();
            bytes[42..44].copy_from_slice(&sum.to_be_bytes());
        }
    }
}

/// An IPv4 packet with nothing special.
pub(super) fn plain4(src: Ipv4Addr, dst: Ipv4Addr, protocol: u8, payload: &[u8]) -> ipv4::Packet<'_> {
    ipv4::Packet {
        src,
        dst,
        protocol,
        ttl: 64,
        tos: 0,
        identification: 0,
        dont_fragment: true,
        more_fragments: false,
        fragment_offset_octets: 0,
        options: &[],
        payload,
    }
}

pub(super) fn emitted(packet: &ipv4::Packet<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.emit(&mut bytes);
    bytes
}

/// A datagram between two addresses, without the IP header.
pub(super) fn datagram(src: IpAddr, dst: IpAddr, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    udp::Datagram { src_port: ports.0, dst_port: ports.1, payload }.emit(src, dst, &mut bytes);
    bytes
}

/// A datagram over IPv4 that may be cut, or may not.
pub(super) fn udp4(src: Ipv4Addr, dst: Ipv4Addr, ports: (u16, u16), id: u16, payload: &[u8]) -> Vec<u8> {
    let datagram = datagram(src.into(), dst.into(), ports, payload);
    let packet = plain4(src, dst, udp::PROTOCOL, &datagram);
    emitted(&ipv4::Packet { identification: id, dont_fragment: id == 0, ..packet })
}

/// An ICMPv4 message with its checksum to be mended.
pub(super) fn icmp4(src: Ipv4Addr, dst: Ipv4Addr, tos: u8, message: &[u8]) -> Vec<u8> {
    let mut message = message.to_vec();
    let sum = checksum::of(&message);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    emitted(&ipv4::Packet { tos, ..plain4(src, dst, ICMPV4, &message) })
}

pub(super) fn plain6(src: Ipv6Addr, dst: Ipv6Addr, next_header: u8, payload: &[u8]) -> Vec<u8> {
    labelled(src, dst, next_header, 0, payload)
}

/// An IPv6 packet with a flow label.
pub(super) fn labelled(
    src: Ipv6Addr,
    dst: Ipv6Addr,
    next_header: u8,
    flow_label: u32,
    payload: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let hop_limit = if next_header == icmpv6::PROTOCOL { 255 } else { 64 };
    ipv6::Packet { src, dst, next_header, hop_limit, traffic_class: 0, flow_label, payload }.emit(&mut bytes);
    bytes
}

/// An ICMPv6 message with its checksum.
pub(super) fn icmp6(src: Ipv6Addr, dst: Ipv6Addr, message: &[u8]) -> Vec<u8> {
    let mut message = message.to_vec();
    let sum = pseudo(src.into(), dst.into(), icmpv6::PROTOCOL, message.len() as u32);
    let sum = sum.add_bytes(&message).finish();
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    plain6(src, dst, icmpv6::PROTOCOL, &message)
}

/// Part of an IPv6 packet: identification, where it begins, whether more follow, and what it is.
pub(super) fn fragment6(id: u32, begin: u16, more: bool, next_header: u8, octets: &[u8]) -> Vec<u8> {
    let fragment = ipv6::Fragment { offset_octets: begin, more, identification: id, next_header };
    let mut payload = Vec::new();
    fragment.emit(&mut payload);
    payload.extend_from_slice(octets);
    plain6(A6, B6, stack::wire::ipv6_extension::FRAGMENT, &payload)
}

/// Part of an IPv4 packet of a protocol that nothing is known of.
pub(super) fn fragment4(id: u16, octets: &[u8]) -> Vec<u8> {
    let packet = plain4(A, B, 89, octets);
    emitted(&ipv4::Packet { identification: id, dont_fragment: false, more_fragments: true, ..packet })
}

/// A datagram behind extension headers of these kinds, each with padding of this octet. Its checksum is over
/// this protocol.
pub(super) fn extended(kinds: &[u8], padding: u8, summed_as: u8) -> Vec<u8> {
    let mut payload = Vec::new();
    for (index, _) in kinds.iter().enumerate() {
        let next = kinds.get(index + 1).copied().unwrap_or(udp::PROTOCOL);
        payload.extend_from_slice(&[next, 0, 1, 4, padding, padding, padding, padding]);
    }
    let mut data = datagram(A6.into(), B6.into(), (5_000, 53), b"data");
    data[6..8].fill(0);
    let sum = pseudo(A6.into(), B6.into(), summed_as, data.len() as u32).add_bytes(&data).finish();
    data[6..8].copy_from_slice(&sum.to_be_bytes());
    payload.extend_from_slice(&data);
    plain6(A6, B6, kinds[0], &payload)
}

/// A datagram with a route of one stop, B, to [`FAR6`], and its checksum over that destination.
pub(super) fn routed(summed_for: Ipv6Addr) -> Vec<u8> {
    let mut payload = vec![udp::PROTOCOL, 2, 0, 1, 0, 0, 0, 0];
    payload.extend_from_slice(&FAR6.octets());
    payload.extend_from_slice(&datagram(A6.into(), summed_for.into(), (5_000, 53), b"data"));
    plain6(A6, B6, stack::wire::ipv6_extension::ROUTING, &payload)
}

/// A jumbogram of this length with nothing known in it.
pub(super) fn jumbogram(length: u32) -> Vec<u8> {
    let mut payload = vec![59, 0, 0xc2, 4];
    payload.extend_from_slice(&length.to_be_bytes());
    let mut bytes = plain6(A6, B6, stack::wire::ipv6_extension::HOP_BY_HOP, &payload);
    bytes[4..6].fill(0);
    bytes.resize(40 + length as usize, 0);
    bytes
}

/// A SYN over IPv6 with this MSS.
pub(super) fn syn6(mss: u16) -> Vec<u8> {
    let options = [&[2, 4][..], &mss.to_be_bytes()].concat();
    let segment = tcp::Segment {
        src_port: 50_000,
        dst_port: 80,
        seq: 1,
        flags: tcp::Flags::SYN,
        window: 1000,
        ..tcp::Segment::default()
    };
    let forced = tcp::Forced { raw_options: Some(&options), ..tcp::Forced::default() };
    let mut bytes = Vec::new();
    segment.emit_with(&forced, A6.into(), B6.into(), &mut bytes);
    plain6(A6, B6, tcp::PROTOCOL, &bytes)
}

/// What a listener answers to a SYN from there.
pub(super) fn syn_ack4(dst: Ipv4Addr) -> Vec<u8> {
    let segment = tcp::Segment {
        src_port: 80,
        dst_port: 50_001,
        seq: 1,
        ack: 2,
        flags: tcp::Flags::SYN | tcp::Flags::ACK,
        window: 1000,
        ..tcp::Segment::default()
    };
    let mut bytes = Vec::new();
    segment.emit_with(&tcp::Forced::default(), A.into(), dst.into(), &mut bytes);
    emitted(&plain4(A, dst, tcp::PROTOCOL, &bytes))
}

/// The group that an address is asked for in.
pub(super) fn solicited_node(target: Ipv6Addr) -> Ipv6Addr {
    let [.., high, low] = target.segments();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | high & 0xff, low)
}
