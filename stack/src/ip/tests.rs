//! floor 2: IP as a whole: a frame in, and as text what came of it.

mod acceptance_v4;
mod acceptance_v6;
mod errors;
mod fragments;
mod resolution;

use super::*;
use crate::base::choose::Lowest;
use crate::base::{Cidr, Mac, Span};
use crate::wire::ethernet::{EtherType, Frame};
use crate::wire::show::ShowFrame;
use crate::wire::{icmpv4, icmpv6, ipv4, ipv6, udp};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use core::net::{Ipv4Addr, Ipv6Addr};
use quickcheck::quickcheck;

const OWN_MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);
const PEER_MAC: Mac = Mac([2, 0, 0, 0, 0, 2]);

#[derive(Default)]
struct Log {
    lines: Vec<String>,
    frames: Vec<Vec<u8>>,
}

impl Emit for Log {
    fn frame(&mut self, bytes: &[u8]) {
        self.lines.push(format!("{}", ShowFrame(bytes)));
        self.frames.push(bytes.to_vec());
    }

    fn discard(&mut self, why: Why) {
        self.lines.push(format!("{why:?}"));
    }
}

/// A host on Ethernet with a log.
struct Rig {
    ip: Ip,
    now: Instant,
    log: Log,
}

fn addr(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// 10.98.0.1/24 and fd98::1/64, the peer is .2 and known, the gateway is .254, the error rate has no limit.
fn config() -> Config {
    Config {
        link: LinkConfig::Ethernet { mac: OWN_MAC },
        addrs: vec![Cidr::new(addr("10.98.0.1"), 24), Cidr::new(addr("fd98::1"), 64)],
        gateway_v4: Some(Ipv4Addr::new(10, 98, 0, 2)),
        gateway_v6: Some("fd98::2".parse().unwrap()),
        neighbors: vec![(addr("10.98.0.2"), PEER_MAC), (addr("fd98::2"), PEER_MAC)],
        icmp: IcmpConfig { interval: Span::ZERO, ..IcmpConfig::default() },
        ..Config::default()
    }
}

impl Rig {
    fn new(config: Config) -> Self {
        Self { ip: Ip::new(config), now: Instant::ZERO, log: Log::default() }
    }

    /// What came of it, as text: frames that left, discards, and last what went up.
    fn receive(&mut self, frame: &[u8]) -> String {
        self.log = Log::default();
        let up = match self.ip.receive(self.now, frame, &mut Lowest, &mut self.log) {
            Received::Nothing => None,
            Received::Datagram(incoming) => Some(format!(
                "up {} > {} protocol {} len {}{}",
                incoming.src,
                incoming.dst,
                incoming.protocol,
                incoming.payload.len(),
                if incoming.group { " group" } else { "" }
            )),
            Received::Error(error) => Some(format!(
                "up {:?} from {} about {} > {} protocol {} len {}",
                error.kind,
                error.from,
                error.src,
                error.dst,
                error.protocol,
                error.transport.len()
            )),
        };
        self.ip.check();
        self.log.lines.extend(up);
        self.log.lines.join("; ")
    }

    fn send(&mut self, outgoing: &Outgoing<'_>) -> String {
        self.log = Log::default();
        let sent = self.ip.send(self.now, outgoing, &mut Lowest, &mut self.log);
        self.ip.check();
        if let Err(refused) = sent {
            self.log.lines.push(format!("{refused:?}"));
        }
        self.log.lines.join("; ")
    }

    /// Goes on to the next deadline.
    fn pass(&mut self) -> String {
        let Some(due) = self.ip.due() else { return String::from("nothing due") };
        self.now = self.now.max(due);
        self.log = Log::default();
        self.ip.on_due(self.now, &mut Lowest, &mut self.log);
        self.ip.check();
        self.log.lines.join("; ")
    }
}

fn in_frame(dst: Mac, ethertype: EtherType, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Frame { dst, src: PEER_MAC, ethertype, payload }.emit(&mut out);
    out
}

/// The packet in a frame to this host.
fn framed(packet: &[u8]) -> Vec<u8> {
    let ethertype = if packet[0] >> 4 > 5 { EtherType::IPV6 } else { EtherType::IPV4 };
    in_frame(OWN_MAC, ethertype, packet)
}

const V4: ipv4::Packet<'_> = ipv4::Packet {
    src: Ipv4Addr::new(10, 98, 0, 2),
    dst: Ipv4Addr::new(10, 98, 0, 1),
    protocol: 17,
    ttl: 64,
    tos: 0,
    identification: 7,
    dont_fragment: false,
    more_fragments: false,
    fragment_offset_octets: 0,
    options: &[],
    payload: b"\x15\xb3\0\x09\0\x08\0\0",
};

const V6: ipv6::Packet<'_> = ipv6::Packet {
    src: Ipv6Addr::new(0xfd98, 0, 0, 0, 0, 0, 0, 2),
    dst: Ipv6Addr::new(0xfd98, 0, 0, 0, 0, 0, 0, 1),
    next_header: 17,
    hop_limit: 64,
    traffic_class: 0,
    flow_label: 0,
    payload: b"\x15\xb3\0\x09\0\x08\0\x01",
};

fn v4(packet: ipv4::Packet<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    packet.emit(&mut out);
    out
}

fn v6(packet: ipv6::Packet<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    packet.emit(&mut out);
    out
}

fn echo_v4(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    icmpv4::Message::EchoRequest { ident: 1, seq: 2, data }.emit(&mut out);
    out
}

fn echo_v6(packet: &ipv6::Packet<'_>, data: &[u8]) -> Vec<u8> {
    icmp_v6(packet, icmpv6::Message::EchoRequest { ident: 1, seq: 2, data })
}

fn icmp_v4(message: icmpv4::Message<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    message.emit(&mut out);
    out
}

/// An ICMPv6 message with the checksum for the addresses of `packet`.
fn icmp_v6(packet: &ipv6::Packet<'_>, message: icmpv6::Message<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    message.emit(packet.src, packet.dst, &mut out);
    out
}

/// A UDP datagram from this host, as a router would quote it.
fn own_udp(len: usize) -> Vec<u8> {
    let (src, dst) = (V4.dst, V4.src);
    let mut payload = Vec::new();
    udp::Datagram { src_port: 9000, dst_port: 53, payload: &vec![0; len] }.emit(
        src.into(),
        dst.into(),
        &mut payload,
    );
    v4(ipv4::Packet { src, dst, payload: &payload, dont_fragment: true, ..V4 })
}

fn own_udp_v6(len: usize) -> Vec<u8> {
    let (src, dst) = (V6.dst, V6.src);
    let mut payload = Vec::new();
    udp::Datagram { src_port: 9000, dst_port: 53, payload: &vec![0; len] }.emit(
        src.into(),
        dst.into(),
        &mut payload,
    );
    v6(ipv6::Packet { src, dst, payload: &payload, ..V6 })
}

fn outgoing<'a>(dst: &str, payload: &'a [u8]) -> Outgoing<'a> {
    let dst = addr(dst);
    let src = if dst.is_ipv4() { addr("0.0.0.0") } else { addr("::") };
    Outgoing { src, dst, protocol: 17, hop_limit: None, traffic_class: 0, dont_fragment: false, payload }
}

/// A fragment header and 8 octets.
const A_FRAGMENT: &[u8] = &[17, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
/// Router alert in hop-by-hop options, padding in destination options.
const TWO_OPTION_HEADERS: &[u8] = &[60, 0, 5, 2, 0, 0, 1, 0, 17, 0, 1, 4, 0, 0, 0, 0];

quickcheck! {
    fn no_frames_break_anything(frames: Vec<(u8, Vec<u8>)>, cuts: Vec<u16>) -> bool {
        let mut rig = Rig::new(config());
        let seeds = [
            framed(&v4(ipv4::Packet { protocol: 1, payload: &echo_v4(b"data"), ..V4 })),
            framed(&v6(ipv6::Packet { next_header: 58, payload: &echo_v6(&V6, b"data"), ..V6 })),
            framed(&v4(ipv4::Packet { more_fragments: true, payload: &[0; 16], ..V4 })),
            framed(&v6(ipv6::Packet { next_header: 44, payload: A_FRAGMENT, ..V6 })),
            framed(&v6(ipv6::Packet { next_header: 0, payload: TWO_OPTION_HEADERS, ..V6 })),
            in_frame(OWN_MAC, EtherType::ARP, &[0; 28]),
        ];
        for (n, (seed, noise)) in frames.into_iter().enumerate() {
            let mut frame = seeds[usize::from(seed) % seeds.len()].clone();
            for (at, octet) in noise.iter().enumerate() {
                let place = (at * 7 + usize::from(*octet)) % frame.len();
                frame[place] ^= octet;
            }
            if frame[12..14] == [8, 0] && frame.len() >= 34 && seed & 0x80 == 0 {
                // A right header checksum, so that more of the machine is reached.
                frame[24..26].fill(0);
                let sum = crate::wire::checksum::of(&frame[14..34]);
                frame[24..26].copy_from_slice(&sum.to_be_bytes());
            }
            frame.truncate(frame.len() - cuts.get(n).map_or(0, |cut| usize::from(*cut) % 8));
            rig.receive(&frame);
            rig.now += Span::from_millis(200);
        }
        for _ in 0..1000 {
            if rig.ip.due().is_none() {
                return true;
            }
            rig.pass();
        }
        false
    }
}

#[test]
fn without_a_link_header_a_frame_is_a_packet() {
    let mut rig = Rig::new(Config { link: LinkConfig::Ip, ..config() });
    assert_eq!(rig.receive(&v4(V4)), "up 10.98.0.2 > 10.98.0.1 protocol 17 len 8");
    assert_eq!(rig.receive(&v6(V6)), "up fd98::2 > fd98::1 protocol 17 len 8");
    assert_eq!(rig.receive(&[]), "HeaderTruncated");
    assert_eq!(rig.receive(&[0x50; 40]), "Ipv4Version");
    let sent = Outgoing { dst: addr("10.98.0.99"), ..outgoing("10.98.0.99", V4.payload) };
    rig.send(&sent);
    assert_eq!(rig.log.frames.len(), 1);
    assert_eq!(rig.log.frames[0][0], 0x45);
}

#[test]
fn what_can_not_be_sent_is_refused() {
    let mut rig = Rig::new(Config { gateway_v4: None, ..config() });
    let data = vec![0; 1473];
    let to_peer = outgoing("10.98.0.2", &data);
    let table = [
        (Outgoing { dst: addr("192.0.2.1"), ..to_peer }, "NetUnreachable"),
        (Outgoing { dst: addr("127.0.0.1"), ..to_peer }, "NetUnreachable"),
        (Outgoing { src: addr("10.98.0.9"), ..to_peer }, "AddrNotAvailable"),
        (Outgoing { src: addr("fd98::1"), ..to_peer }, "FamilyNotSupported"),
        (Outgoing { hop_limit: Some(0), ..to_peer }, "InvalidArgument"),
        (Outgoing { dont_fragment: true, payload: &[0; 1481], ..to_peer }, "MessageSize"),
        (Outgoing { payload: &vec![0; 65_516], ..to_peer }, "MessageSize"),
        (Outgoing { payload: &vec![0; 65_536], ..outgoing("fd98::2", &[]) }, "MessageSize"),
    ];
    for (outgoing, expected) in table {
        assert_eq!(rig.send(&outgoing), expected, "{} > {}", outgoing.src, outgoing.dst);
    }
}

#[test]
fn multicast_has_a_hop_limit_of_one_and_a_group_frame() {
    let mut rig = Rig::new(config());
    for (dst, mac, hop_limit_at) in
        [("224.1.2.3", [1, 0, 0x5e, 1, 2, 3], 22), ("ff02::1:3", [0x33, 0x33, 0, 1, 0, 3], 21)]
    {
        rig.send(&outgoing(dst, V4.payload));
        assert_eq!(rig.log.frames[0][..6], mac);
        assert_eq!(rig.log.frames[0][hop_limit_at], 1);
    }
    rig.send(&outgoing("255.255.255.255", V4.payload));
    assert_eq!((&rig.log.frames[0][..6], rig.log.frames[0][22]), (&[0xff; 6][..], 64));
}
