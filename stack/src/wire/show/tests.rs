//! floor 1: exact lines, and the laws that no input panics and that every line is one line.

use super::*;
use crate::base::Mac;
use crate::wire::tcp::{Flags, Forced};
use crate::wire::tcp_option::{Options, SackBlocks, Timestamps};
use crate::wire::{Auto, arp, ethernet, icmpv4, icmpv6, ipv4, ipv6, ndp, udp};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};
use quickcheck::quickcheck;

const A: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const B: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const C: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const D: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);

const SEGMENT: Segment<'_> = Segment {
    src_port: 40000,
    dst_port: 80,
    seq: 101,
    ack: 701,
    flags: Flags::ACK,
    window: 65535,
    urgent_pointer: 0,
    options: Options::NONE,
    payload: b"",
};

const PACKET: ipv4::Packet<'_> = ipv4::Packet {
    src: A,
    dst: B,
    protocol: 0,
    ttl: 64,
    tos: 0,
    identification: 7,
    dont_fragment: false,
    more_fragments: false,
    fragment_offset_octets: 0,
    options: &[],
    payload: &[],
};

fn in_v4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    ipv4::Packet { protocol, payload, ..PACKET }.emit(&mut out);
    out
}

fn in_v6(next_header: u8, hop_limit: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let packet =
        ipv6::Packet { src: C, dst: D, next_header, hop_limit, traffic_class: 0, flow_label: 0, payload };
    packet.emit(&mut out);
    out
}

fn tcp_bytes(segment: &Segment<'_>, forced: &Forced<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    segment.emit_with(forced, A.into(), B.into(), &mut out);
    out
}

fn tcp_packet(segment: &Segment<'_>) -> Vec<u8> {
    in_v4(6, &tcp_bytes(segment, &Forced::default()))
}

/// The line of a segment from A to B without the sockets it begins with.
fn tcp_line(segment: &Segment<'_>) -> String {
    let line = Show(&tcp_packet(segment)).to_string();
    line.strip_prefix("192.0.2.1:40000 > 192.0.2.2:80 ").map_or(line.clone(), String::from)
}

fn udp_bytes(payload: &[u8], src: IpAddr, dst: IpAddr) -> Vec<u8> {
    let mut out = Vec::new();
    udp::Datagram { src_port: 40000, dst_port: 53, payload }.emit(src, dst, &mut out);
    out
}

fn icmp_line(message: &icmpv4::Message<'_>) -> String {
    let mut out = Vec::new();
    message.emit(&mut out);
    Show(&in_v4(1, &out)).to_string()
}

fn icmp6_line(message: &icmpv6::Message<'_>, hop_limit: u8) -> String {
    let mut out = Vec::new();
    message.emit(C, D, &mut out);
    Show(&in_v6(58, hop_limit, &out)).to_string()
}

fn framed(ethertype: ethernet::EtherType, payload: &[u8]) -> String {
    let mut out = Vec::new();
    ethernet::Frame { dst: Mac::BROADCAST, src: MAC, ethertype, payload }.emit(&mut out);
    ShowFrame(&out).to_string()
}

#[test]
fn opening() {
    let options = Options { mss: Some(1460), window_scale: Some(7), ..Options::NONE };
    let syn = Segment { seq: 100, ack: 0, flags: Flags::SYN, options, ..SEGMENT };
    assert_eq!(
        Show(&tcp_packet(&syn)).to_string(),
        "192.0.2.1:40000 > 192.0.2.2:80 S 100:100(0) win 65535 <mss 1460,nop,wscale 7>"
    );
    let timestamps = Some(Timestamps { value: 100, echo: 0 });
    let full = Segment { options: Options { sack_permitted: true, timestamps, ..options }, ..syn };
    assert_eq!(tcp_line(&full), "S 100:100(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>");
    let options = Options { mss: Some(1460), ..Options::NONE };
    let syn_ack = Segment { seq: 700, ack: 101, flags: Flags::SYN | Flags::ACK, options, ..SEGMENT };
    assert_eq!(tcp_line(&syn_ack), "S. 700:700(0) ack 101 win 65535 <mss 1460>");
    let ecn = Segment { flags: Flags::SYN | Flags::ECE | Flags::CWR, ..SEGMENT };
    assert_eq!(tcp_line(&ecn), "SEW 101:101(0) win 65535");
}

#[test]
fn data_urgent_data_and_selective_acknowledgement() {
    let data = Segment { flags: Flags::PSH | Flags::ACK, payload: b"0123456789", ..SEGMENT };
    assert_eq!(tcp_line(&data), "P. 101:111(10) ack 701 win 65535");
    let urgent = Segment { flags: Flags::ACK | Flags::URG, urgent_pointer: 3, payload: b"abc", ..SEGMENT };
    assert_eq!(tcp_line(&urgent), ".U 101:104(3) ack 701 win 65535 urg 3");
    let sack = SackBlocks::from_slice(&[(1701, 2701), (3701, 4701)]);
    let selective = Segment { options: Options { sack, ..Options::NONE }, ..SEGMENT };
    assert_eq!(tcp_line(&selective), ". 101:101(0) ack 701 win 65535 <nop,nop,sack 1701:2701 3701:4701>");
    let echo = Segment { flags: Flags::ACK | Flags::ECE, ..SEGMENT };
    assert_eq!(tcp_line(&echo), ".E 101:101(0) ack 701 win 65535");
}

#[test]
fn closing() {
    let fin = Segment { flags: Flags::FIN | Flags::ACK, ..SEGMENT };
    assert_eq!(tcp_line(&fin), "F. 101:101(0) ack 701 win 65535");
    let reset = Segment { flags: Flags::RST, window: 0, ..SEGMENT };
    assert_eq!(tcp_line(&reset), "R 101:101(0) win 0");
    let reset_ack = Segment { flags: Flags::RST | Flags::ACK, seq: 0, window: 0, ..SEGMENT };
    assert_eq!(tcp_line(&reset_ack), "R. 0:0(0) ack 701 win 0");
}

#[test]
fn sequence_numbers_wrap() {
    let last = Segment { seq: u32::MAX, payload: b"ab", ..SEGMENT };
    assert_eq!(tcp_line(&last), ". 4294967295:1(2) ack 701 win 65535");
}

#[test]
fn ladders_count_from_the_first_sequence_numbers() {
    let sack = SackBlocks::from_slice(&[(1701, 2701)]);
    let segment = Segment {
        flags: Flags::PSH | Flags::ACK,
        options: Options { sack, ..Options::NONE },
        payload: b"ab",
        ..SEGMENT
    };
    let relative = ShowSegment { segment: &segment, relative: Some((100, 700)) };
    assert_eq!(relative.to_string(), "P. 1:3(2) ack 1 win 65535 <nop,nop,sack 1001:2001>");
    let absolute = ShowSegment { segment: &segment, relative: None };
    assert_eq!(absolute.to_string(), tcp_line(&segment));
}

#[test]
fn nonsense_in_segments() {
    let odd = Segment { flags: Flags::SYN | Flags::FIN, src_port: 0, ..SEGMENT };
    assert_eq!(tcp_line(&odd), "192.0.2.1:0 > 192.0.2.2:80 SF 101:101(0) win 65535");
    let none = Segment { flags: Flags::NONE, ..SEGMENT };
    assert_eq!(tcp_line(&none), "- 101:101(0) win 65535");
    let line = |forced: &Forced<'_>| Show(&in_v4(6, &tcp_bytes(&SEGMENT, forced))).to_string();
    let start = "192.0.2.1:40000 > 192.0.2.2:80 . 101:101(0) ack 701 win 65535";
    let wrong = Forced { checksum: Auto::Forced(1), reserved: Auto::Forced(5), ..Forced::default() };
    assert_eq!(line(&wrong), [start, " [reserved bits 101] [bad checksum 0x0001]"].concat());
    let offset = Forced { data_offset: Auto::Forced(15), ..Forced::default() };
    assert_eq!(
        line(&offset),
        [start, " [TCP at octet 20: data offset asks for 60 octets, there are 20]"].concat()
    );
    let options = Forced { raw_options: Some(&[1, 254, 2, 2, 0]), ..Forced::default() };
    let stop =
        " <nop,opt-254> [TCP option at octet 43: minimum option length asks for 2 octets, there are 0]";
    assert_eq!(line(&options), [start, stop].concat());
}

#[test]
fn truncated_packets() {
    let whole = tcp_packet(&SEGMENT);
    let need = "[IPv4 at octet 0: total length asks for 40 octets, there are";
    assert_eq!(
        Show(&whole[..24]).to_string(),
        [
            "192.0.2.1 > 192.0.2.2 [TCP at octet 20: minimum header asks for 20 octets, there are 4] ",
            need,
            " 24]"
        ]
        .concat()
    );
    let data = tcp_packet(&Segment { payload: b"0123456789", ..SEGMENT });
    assert_eq!(
        Show(&data[..42]).to_string(),
        "192.0.2.1:40000 > 192.0.2.2:80 . 101:111(10) ack 701 win 65535 \
         [IPv4 at octet 0: total length asks for 50 octets, there are 42]"
    );
    let datagram = in_v4(17, &udp_bytes(b"twelve bytes", A.into(), B.into()));
    assert_eq!(
        Show(&datagram[..30]).to_string(),
        "192.0.2.1:40000 > 192.0.2.2:53 udp 12 [IPv4 at octet 0: total length asks for 40 octets, there are 30]"
    );
    assert_eq!(
        Show(&whole[..19]).to_string(),
        "[IPv4 at octet 0: minimum header asks for 20 octets, there are 19]"
    );
    assert_eq!(Show(&[]).to_string(), "[empty packet]");
    assert_eq!(Show(&[0x70, 0]).to_string(), "[IP version 7, 2 octets]");
}

#[test]
fn datagrams() {
    let bytes = udp_bytes(b"twelve bytes", A.into(), B.into());
    assert_eq!(Show(&in_v4(17, &bytes)).to_string(), "192.0.2.1:40000 > 192.0.2.2:53 udp 12");
    let bytes = udp_bytes(b"twelve bytes", C.into(), D.into());
    assert_eq!(Show(&in_v6(17, 64, &bytes)).to_string(), "[2001:db8::1]:40000 > [2001:db8::2]:53 udp 12");
    let mut odd = Vec::new();
    let forced = udp::Forced { length: Auto::Forced(9), checksum: Auto::Forced(0) };
    udp::Datagram { src_port: 1, dst_port: 2, payload: b"abc" }.emit_with(
        &forced,
        A.into(),
        B.into(),
        &mut odd,
    );
    assert_eq!(
        Show(&in_v4(17, &odd)).to_string(),
        "192.0.2.1:1 > 192.0.2.2:2 udp 1 [surplus 2] [no checksum]"
    );
}

#[test]
fn icmp_messages() {
    let echo = icmpv4::Message::EchoRequest { ident: 1, seq: 2, data: &[0; 56] };
    assert_eq!(icmp_line(&echo), "192.0.2.1 > 192.0.2.2 icmp echo request id 1 seq 2 len 56");
    let datagram = in_v4(17, &udp_bytes(b"twelve bytes", A.into(), B.into()));
    let port = icmpv4::Message::DestinationUnreachable {
        code: icmpv4::Unreachable::from_code(3),
        mtu: 0,
        quoted: &datagram[..28],
    };
    assert_eq!(
        icmp_line(&port),
        "192.0.2.1 > 192.0.2.2 icmp port unreachable [quoted: 192.0.2.1:40000 > 192.0.2.2:53 udp 12]"
    );
    let segment = tcp_packet(&SEGMENT);
    let big = icmpv4::Message::DestinationUnreachable {
        code: icmpv4::Unreachable::from_code(4),
        mtu: 1280,
        quoted: &segment[..28],
    };
    assert_eq!(
        icmp_line(&big),
        "192.0.2.1 > 192.0.2.2 icmp fragmentation needed mtu 1280 \
         [quoted: 192.0.2.1:40000 > 192.0.2.2:80 tcp seq 101]"
    );
}

#[test]
fn every_icmp_error_quotes() {
    let segment = tcp_packet(&SEGMENT);
    let quoted = &segment[..28];
    let lines = [
        (icmpv4::Message::TimeExceeded { code: icmpv4::Exceeded::from_code(0), quoted }, "ttl exceeded"),
        (
            icmpv4::Message::TimeExceeded { code: icmpv4::Exceeded::from_code(1), quoted },
            "reassembly time exceeded",
        ),
        (
            icmpv4::Message::ParameterProblem { code: icmpv4::Problem::from_code(0), pointer: 20, quoted },
            "parameter problem code 0 pointer 20",
        ),
        (
            icmpv4::Message::Redirect { code: icmpv4::RedirectFor::from_code(1), gateway: A, quoted },
            "redirect host to 192.0.2.1",
        ),
        (icmpv4::Message::SourceQuench { quoted }, "source quench"),
        (
            icmpv4::Message::DestinationUnreachable {
                code: icmpv4::Unreachable::from_code(99),
                mtu: 0,
                quoted,
            },
            "unreachable code 99",
        ),
    ];
    for (message, text) in lines {
        let quote = " [quoted: 192.0.2.1:40000 > 192.0.2.2:80 tcp seq 101]";
        assert_eq!(icmp_line(&message), ["192.0.2.1 > 192.0.2.2 icmp ", text, quote].concat());
    }
}

#[test]
fn icmpv6_messages() {
    let echo = icmpv6::Message::EchoReply { ident: 1, seq: 2, data: b"data" };
    assert_eq!(icmp6_line(&echo, 64), "2001:db8::1 > 2001:db8::2 icmp6 echo reply id 1 seq 2 len 4");
    let datagram = in_v6(17, 64, &udp_bytes(b"abc", C.into(), D.into()));
    let big = icmpv6::Message::PacketTooBig { mtu: 1280, quoted: &datagram };
    assert_eq!(
        icmp6_line(&big, 64),
        "2001:db8::1 > 2001:db8::2 icmp6 packet too big mtu 1280 \
         [quoted: [2001:db8::1]:40000 > [2001:db8::2]:53 udp 3]"
    );
}

#[test]
fn neighbours() {
    let ask = ndp::Message::NeighborSolicitation { target: D, source_link: Some(MAC) };
    assert_eq!(
        icmp6_line(&icmpv6::Message::Ndp(ask), 255),
        "2001:db8::1 > 2001:db8::2 nd who-has 2001:db8::2 <source 02:00:00:00:00:01>"
    );
    let answer = ndp::Message::NeighborAdvertisement {
        target: C,
        router: false,
        solicited: true,
        override_: true,
        target_link: Some(MAC),
    };
    assert_eq!(
        icmp6_line(&icmpv6::Message::Ndp(answer), 64),
        "2001:db8::1 > 2001:db8::2 nd 2001:db8::1 is-at 02:00:00:00:00:01 flags SO [hop limit 64]"
    );
}

#[test]
fn frames() {
    let mut request = Vec::new();
    let packet = arp::Packet {
        operation: arp::Operation::Request,
        sender_mac: MAC,
        sender_ip: A,
        target_mac: Mac::default(),
        target_ip: B,
    };
    packet.emit(&mut request);
    assert_eq!(framed(ethernet::EtherType::ARP, &request), "arp who-has 192.0.2.2 tell 192.0.2.1");
    assert_eq!(
        framed(ethernet::EtherType::ARP, &request[..20]),
        "arp operation 1 [ARP at octet 14: address lengths asks for 28 octets, there are 20]"
    );
    let mut reply = Vec::new();
    arp::Packet { operation: arp::Operation::Reply, ..packet }.emit(&mut reply);
    assert_eq!(framed(ethernet::EtherType::ARP, &reply), "arp 192.0.2.1 is-at 02:00:00:00:00:01");
    let segment = tcp_packet(&SEGMENT);
    assert_eq!(framed(ethernet::EtherType::IPV4, &segment), Show(&segment).to_string());
    let tagged = [&[0, 5, 8, 0][..], &segment].concat();
    assert_eq!(framed(ethernet::EtherType::VLAN, &tagged), ["vlan 5 ", &Show(&segment).to_string()].concat());
    assert_eq!(
        framed(ethernet::EtherType(0x88cc), &[0; 4]),
        "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff ethertype 0x88cc len 4"
    );
}

#[test]
fn fragments_options_and_congestion() {
    let mut out = Vec::new();
    let piece = ipv4::Packet {
        protocol: 17,
        more_fragments: true,
        fragment_offset_octets: 1480,
        payload: &[0; 1480],
        ..PACKET
    };
    piece.emit(&mut out);
    assert_eq!(Show(&out).to_string(), "192.0.2.1 > 192.0.2.2 frag id 7 off 1480+ len 1480 udp");
    out.clear();
    let header = ipv6::Fragment { offset_octets: 8, more: false, identification: 7, next_header: 17 };
    header.emit(&mut out);
    out.extend_from_slice(&[0; 16]);
    assert_eq!(
        Show(&in_v6(44, 64, &out)).to_string(),
        "2001:db8::1 > 2001:db8::2 frag id 7 off 8 len 16 udp"
    );
    out.clear();
    let bytes = tcp_bytes(&SEGMENT, &Forced::default());
    ipv4::Packet { protocol: 6, tos: 3, options: &[7, 3, 4, 0], payload: &bytes, ..PACKET }.emit(&mut out);
    assert_eq!(
        Show(&out).to_string(),
        "192.0.2.1:40000 > 192.0.2.2:80 [ce] . 101:101(0) ack 701 win 65535 [IP options rr eol]"
    );
}

#[test]
fn extension_headers() {
    let datagram = udp_bytes(b"abc", C.into(), D.into());
    let hop_by_hop = [&[17, 0, 1, 4, 0, 0, 0, 0][..], &datagram].concat();
    assert_eq!(
        Show(&in_v6(0, 64, &hop_by_hop)).to_string(),
        "[2001:db8::1]:40000 > [2001:db8::2]:53 udp 3 [extensions hop-by-hop]"
    );
    let broken = [60, 0, 1, 4, 0, 0, 0, 0, 17, 9, 0, 0, 0, 0, 0, 0];
    assert_eq!(
        Show(&in_v6(0, 64, &broken)).to_string(),
        "2001:db8::1 > 2001:db8::2 [extensions hop-by-hop] \
         [IPv6 extension header at octet 48: header extension length asks for 80 octets, there are 8]"
    );
    assert_eq!(Show(&in_v6(59, 64, b"xy")).to_string(), "2001:db8::1 > 2001:db8::2 none len 2");
}

/// Whether everything can be shown, each as one line.
fn shows(bytes: &[u8]) -> bool {
    let texts = [Show(bytes).to_string(), ShowFrame(bytes).to_string()];
    texts.iter().all(|text| !text.is_empty() && text.bytes().all(|byte| (0x20..0x7f).contains(&byte)))
}

quickcheck! {
    fn any_octets_are_one_line(bytes: Vec<u8>) -> bool {
        shows(&bytes)
    }

    fn any_payload_of_any_protocol_is_one_line(protocol: u8, bytes: Vec<u8>) -> bool {
        let known = [1, 6, 17, 58, 0, 43, 44, 51, 60].get(usize::from(protocol) % 16).copied();
        let protocol = known.unwrap_or(protocol);
        let ndp = [&[133 + protocol % 5, 0][..], &bytes].concat();
        let packets = [in_v4(protocol, &bytes), in_v6(protocol, 255, &bytes), in_v6(58, 1, &ndp)];
        packets.iter().all(|packet| shows(packet))
    }

    fn any_quoted_packet_is_one_line(kind: u8, first: u8, bytes: Vec<u8>) -> bool {
        let quoted = [&[first, 0, 0, 0][..], &bytes].concat();
        let v4 = [&[kind % 16, 0, 0, 0, 0, 0, 0, 0][..], &quoted].concat();
        let v6 = [&[kind % 6, 0, 0, 0, 0, 0, 0, 0][..], &quoted].concat();
        shows(&in_v4(1, &v4)) && shows(&in_v6(58, 64, &v6))
    }

    fn any_cut_and_any_flipped_octet_is_one_line(cut: usize, at: usize, with: u8) -> bool {
        let mut bytes = tcp_packet(&SEGMENT);
        let octets = bytes.len();
        bytes[at % octets] ^= with;
        bytes.truncate(cut % (octets + 1));
        shows(&bytes)
    }
}
