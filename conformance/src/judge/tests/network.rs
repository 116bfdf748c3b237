//! Every rule below TCP that needs a frame, or more than one packet: against a network that keeps it, and
//! against the same network with one thing wrong.

use super::super::*;
use super::frames::*;
use super::{DEVIATES, FAIL, NOTE};
use crate::verdict::Outcome;
use packet::LLC_SAP_6;
use stack::base::Mac;
use stack::wire::{arp, checksum, icmpv6, ipv4, udp};
use std::net::{Ipv4Addr, Ipv6Addr};

const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const SOURCE_LINK: [u8; 8] = [1, 1, 2, 0, 0, 0, 0, 1];
/// Where the octets of an ICMPv4 message and of an ICMPv6 message begin.
const MESSAGE4: usize = 20;
const MESSAGE6: usize = 40;

/// An ARP packet of A: its sender, and what it is about.
fn arp_packet(operation: arp::Operation, sender_ip: Ipv4Addr, target_ip: Ipv4Addr) -> Vec<u8> {
    let mut bytes = Vec::new();
    let sender_mac = Mac([2, 0, 0, 0, 0, 1]);
    arp::Packet { operation, sender_mac, sender_ip, target_mac: Mac::default(), target_ip }.emit(&mut bytes);
    bytes
}

/// A datagram whose checksum comes to zero.
fn sums_to_zero() -> Vec<u8> {
    let mut data = datagram(A.into(), B.into(), (5_000, 53), &[0; 2]);
    data[6..8].fill(0);
    let len = data.len() as u32;
    let sum = checksum::pseudo(A.into(), B.into(), udp::PROTOCOL, len).add_bytes(&data).finish();
    data[8..10].copy_from_slice(&sum.to_be_bytes());
    data[6..8].fill(0xff);
    emitted(&plain4(A, B, udp::PROTOCOL, &data))
}

fn frames_below_ip(all: &mut Frames) {
    use arp::Operation::Request;
    all.add("to all", udp4(A, Ipv4Addr::BROADCAST, (5_000, 67), 0, b"data"));
    all.add("to a group", udp4(A, Ipv4Addr::new(224, 0, 0, 251), (5_000, 67), 0, b"data"));
    all.add("probe", arp_packet(Request, Ipv4Addr::UNSPECIFIED, A));
    all.add("announcement", arp_packet(Request, A, A));
    all.add("announcement again", arp_packet(Request, A, A));
    all.of("announcement again").at_ms += 1_000;
}

fn packets_of_v4(all: &mut Frames) {
    let route = [131, 7, 4, 192, 0, 2, 9, 0];
    all.add("with options", emitted(&ipv4::Packet { options: &route, ..plain4(A, B, 89, b"data") }));
    let later = ipv4::Packet {
        options: &[148, 4, 0, 0],
        fragment_offset_octets: 64,
        identification: 600,
        dont_fragment: false,
        ..plain4(A, B, 89, &[0; 16])
    };
    all.add("later fragment", emitted(&later));
    for (name, id) in [("may be cut", 501), ("may be cut too", 502), ("may be cut three", 503)] {
        all.add(name, udp4(A, B, (5_000, 53), id, name.as_bytes()));
        all.of(name).at_ms -= 900 * u64::from(id - 501);
    }
    for (name, id) in [("fragment", 511), ("fragment two", 512), ("fragment three", 513)] {
        all.add(name, fragment4(id, &[id as u8; 32]));
    }
    all.add("zero sum", sums_to_zero());
    all.add("lone", udp4(A, FAR, (5_001, 53), 0, b"data"));
    all.add("lone too", udp4(A, FAR, (5_002, 53), 0, b"data"));
    all.add("syn-ack", syn_ack4(B));
    all.add("tunnel", udp4(A, B, (50_000, 4789), 0, b"data"));
}

fn packets_of_v6(all: &mut Frames) {
    let echo = [&[128, 0][..], &[7; 14]].concat();
    all.add("first", fragment6(7, 0, true, icmpv6::PROTOCOL, &echo));
    all.add("second", fragment6(7, 16, true, icmpv6::PROTOCOL, &[1; 16]));
    all.add("third", fragment6(7, 32, false, icmpv6::PROTOCOL, &[2; 16]));
    let other = [&[128, 0][..], &[8; 14]].concat();
    all.add("other first", fragment6(8, 0, true, icmpv6::PROTOCOL, &other));
    all.add("extended", extended(&[0, 60], 0, udp::PROTOCOL));
    all.add("extended again", extended(&[0, 60], 0, udp::PROTOCOL));
    all.add("routed", routed(FAR6));
    all.add("jumbogram", jumbogram(65_544));
    let names = ["flow", "flow two", "flow three", "flow four", "flow five"];
    for (name, port) in names.into_iter().zip(6_001_u16..) {
        all.add(name, flow(port, (u32::from(port) * 77) & 0xf_ffff));
    }
    all.add("syn", syn6(1440));
}

/// A datagram of a flow with a label.
fn flow(port: u16, label: u32) -> Vec<u8> {
    let data = datagram(A6.into(), B6.into(), (port, 53), b"data");
    labelled(A6, B6, udp::PROTOCOL, label, &data)
}

fn messages_of_v4(all: &mut Frames) {
    let asked = udp4(A, B, (5_000, 9), 0x1234, b"nobody listens");
    all.add("asked", asked.clone());
    all.add("unreachable", icmp4(B, A, 0, &[&[3, 3, 0, 0, 0, 0, 0, 0][..], &asked].concat()));
    let long = udp4(A, FAR, (5_000, 9), 0, &[5; 1200]);
    let exceeded = [&[11, 0, 0, 0, 0, 0, 0, 0][..], &long[..548]].concat();
    all.add("exceeded", icmp4(ROUTER, A, 0xc0, &exceeded));
    all.add("needed", icmp4(ROUTER, A, 0xc0, &[&[3, 4, 0, 0, 0, 0, 5, 120][..], &long[..548]].concat()));
    let mut structure = vec![0x20, 0, 0, 0, 0, 8, 1, 1, 1, 2, 3, 4];
    let sum = checksum::of(&structure);
    structure[2..4].copy_from_slice(&sum.to_be_bytes());
    let with_labels = [&[11, 0, 0, 0, 0, 32, 0, 0][..], &long[..128], &structure].concat();
    all.add("exceeded with labels", icmp4(ROUTER, A, 0xc0, &with_labels));
    all.add("echo", icmp4(A, B, 0x20, b"\x08\x00\x00\x00\x00\x01\x00\x01data"));
    all.add("echo reply", icmp4(B, A, 0x20, b"\x00\x00\x00\x00\x00\x01\x00\x01data"));
}

fn messages_of_v6(all: &mut Frames) {
    let long = plain6(A6, FAR6, 59, &[5; 1400]);
    let too_big = [&[2, 0, 0, 0, 0, 0, 5, 0][..], &long[..1232]].concat();
    all.add("too big", icmp6(B6, A6, &too_big));
    all.add("echo v6", icmp6(A6, B6, b"\x80\x00\x00\x00\x00\x01\x00\x01data"));
    all.add("echo reply v6", icmp6(B6, A6, b"\x81\x00\x00\x00\x00\x01\x00\x01data"));
    let about = |kind: u8, target: Ipv6Addr| [&[kind, 0, 0, 0, 0, 0, 0, 0][..], &target.octets()].concat();
    let asked = [about(135, B6), SOURCE_LINK.to_vec()].concat();
    all.add("solicitation", icmp6(A6, solicited_node(B6), &asked));
    all.add("duplicate?", icmp6(Ipv6Addr::UNSPECIFIED, solicited_node(A6), &about(135, A6)));
    let mut answer = [about(136, B6), vec![2, 1, 2, 0, 0, 0, 0, 2]].concat();
    answer[4] = 0x60;
    all.add("advertisement", icmp6(B6, A6, &answer));
    let router = [&[134, 0, 0, 0, 64, 0, 7, 8][..], &[0; 8], &SOURCE_LINK].concat();
    all.add("router advertisement", icmp6(ROUTER_LOCAL, ALL_NODES, &router));
    let redirect = [about(137, ROUTER_LOCAL), FAR6.octets().to_vec()].concat();
    all.add("redirect", icmp6(ROUTER_LOCAL, A6, &redirect));
    let question = [&[133, 0, 0, 0, 0, 0, 0, 0][..], &SOURCE_LINK].concat();
    all.add("routers?", icmp6(A_LOCAL, ALL_ROUTERS, &question));
    all.add("routers again?", icmp6(A_LOCAL, ALL_ROUTERS, &question));
    all.of("routers again?").at_ms += 3_000;
}

/// A network in which every rule is kept.
pub(super) fn good() -> Frames {
    let mut all = Frames::default();
    frames_below_ip(&mut all);
    packets_of_v4(&mut all);
    messages_of_v4(&mut all);
    packets_of_v6(&mut all);
    messages_of_v6(&mut all);
    all
}

/// Rule, requirement, what it comes to, and how to break it.
type Wrong = (&'static str, &'static str, Outcome, fn(&mut Frames));

const BELOW_IP: &[Wrong] = &[
    ("P-L1", "RFC894-Frame_Format-a", FAIL, |all| all.of("asked").ethertype = EtherType::IPV6),
    ("P-L2", "RFC1122-2.3.3-c", NOTE, |all| all.of("asked").link.is_snap = true),
    ("P-L3", "RFC1122-2.3.3-d", FAIL, |all| all.of("asked").ethertype = LLC_SAP_6),
    ("P-L4", "RFC894-Trailer_Formats-a", DEVIATES, |all| {
        let frame = all.of("asked");
        frame.ethertype = EtherType(0x1001);
        frame.bytes = [&[0; 512][..], &[8, 0, 0, 32], &frame.bytes].concat();
    }),
    ("P-L5", "RFC894-Frame_Format-b", DEVIATES, |all| all.of("to all").bytes[36] = 7),
    ("P-L5", "RFC894-Frame_Format-b", DEVIATES, |all| all.of("probe").bytes[30] = 7),
    ("P-L6", "RFC894-Address_Mappings-a", DEVIATES, |all| {
        all.of("to all").link.dst = Mac([3, 0, 0, 0, 0, 1]);
    }),
    ("P-L7", "RFC1112-6.4-a", DEVIATES, |all| {
        all.of("to a group").link.dst = Mac([1, 0, 0x5e, 0, 0, 1]);
    }),
    ("P-L8", "RFC1122-3.3.6-d", DEVIATES, |all| all.of("asked").link.dst = Mac::BROADCAST),
    ("P-R1", "RFC826-Packet_Generation-a", FAIL, |all| all.of("probe").bytes[7] = 2),
    ("P-R2", "RFC5227-1.1-a", DEVIATES, |all| all.of("probe").bytes[24..28].fill(0)),
    ("P-R3", "RFC5227-2.3-a", NOTE, |all| all.of("announcement again").at_ms -= 1_000),
];

const HEADERS: &[Wrong] = &[
    ("P-A12r", "RFC1122-4.2.3.10-a", FAIL, |all| {
        all.replace("syn-ack", syn_ack4(Ipv4Addr::new(224, 0, 0, 1)));
    }),
    ("P-I8", "RFC1122-3.2.1.8-d", DEVIATES, |all| {
        all.of("with options").set4(20, &[136, 4, 0, 7, 0, 0, 0, 0]);
    }),
    ("P-I9", "RFC1122-3.2.1.8-f", FAIL, |all| {
        all.of("with options").set4(20, &[131, 3, 4, 137, 3, 4, 0, 0]);
    }),
    ("P-I10", "RFC791-3.1-options-c", DEVIATES, |all| all.of("later fragment").set4(20, &[7, 3, 4, 0])),
    ("P-I11", "RFC6864-4.3-a", FAIL, |all| {
        all.of("may be cut too").set4(4, &501_u16.to_be_bytes());
        all.of("may be cut three").set4(4, &501_u16.to_be_bytes());
    }),
    ("P-I11", "RFC791-3.2-a", FAIL, |all| {
        all.of("fragment two").set4(4, &511_u16.to_be_bytes());
        all.of("fragment three").set4(4, &511_u16.to_be_bytes());
    }),
    ("P-I12", "RFC5722-4-a", FAIL, |all| all.of("second").bytes[43] = 8 | 1),
    ("P-I12", "RFC8200-4.5-c", FAIL, |all| all.of("third").bytes[43] = 24),
    ("P-I13", "RFC8200-4.5-a", FAIL, |all| all.of("other first").bytes[47] = 7),
    ("P-I14", "RFC7112-5-a", FAIL, |all| {
        all.of("first").bytes[40] = 60;
        all.of("first").bytes[49] = 9;
    }),
    ("P-I14", "RFC8200-4.5-b", FAIL, |all| all.of("first").bytes[40] = 6),
    ("P-X1", "RFC8200-4.1-b", DEVIATES, |all| {
        all.replace("extended", extended(&[0, 60, 60, 60], 0, udp::PROTOCOL));
    }),
    ("P-X1", "RFC8200-4-d", FAIL, |all| all.replace("extended", extended(&[60, 0], 0, udp::PROTOCOL))),
    ("P-X2", "RFC2675-3-a", FAIL, |all| all.of("jumbogram").bytes[4..6].fill(1)),
    ("P-X2", "RFC2675-3-a", FAIL, |all| all.of("jumbogram").bytes[45] = 0),
    ("P-X3", "RFC8200-8.1-a", FAIL, |all| {
        all.replace("extended", extended(&[0, 60], 0, 0));
        all.replace("extended again", extended(&[0, 60], 0, 0));
    }),
    ("P-X4", "RFC8200-8.1-b", FAIL, |all| all.replace("routed", routed(B6))),
    ("P-X5", "RFC8200-4.2-f", FAIL, |all| all.replace("extended", extended(&[0, 60], 7, udp::PROTOCOL))),
    ("P-X6", "RFC6437-3-a", DEVIATES, |all| {
        let names = ["flow", "flow two", "flow three", "flow four", "flow five"];
        for (name, port) in names.into_iter().zip(6_001_u16..) {
            all.replace(name, flow(port, u32::from(port)));
        }
    }),
    ("P-X7", "RFC8200-8.3-a", NOTE, |all| all.replace("syn", syn6(1460))),
    ("P-U5", "RFC8085-3.4-a", NOTE, |all| all.of("may be cut three").bytes[26..28].fill(0)),
    ("P-U5", "RFC1122-4.1.3.4-b", NOTE, |all| {
        all.of("lone").bytes[26..28].fill(0);
        all.of("lone too").bytes[26..28].fill(0);
    }),
    ("P-U6", "RFC768-Fields-d", FAIL, |all| all.of("zero sum").bytes[26..28].fill(0)),
    ("P-U7", "RFC8085-3.2-a", NOTE, |all| all.of("fragment").set4(9, &[udp::PROTOCOL])),
    ("P-U8", "RFC8085-5.1.1-a", NOTE, |all| {
        all.replace("tunnel", udp4(A, B, (1_000, 4789), 0, b"data"));
    }),
];

const MESSAGES: &[Wrong] = &[
    ("P-M6", "RFC1122-3.2.2-c", FAIL, |all| all.of("unreachable").quote4(24)),
    ("P-M6", "RFC792-Destination_Unreachable-a", DEVIATES, |all| all.of("exceeded").quote4(24)),
    ("P-M7", "RFC792-Message_Formats-a", FAIL, |all| all.of("exceeded").set4(MESSAGE4 + 6, &[1])),
    ("P-M10", "RFC1122-3.2.2-e", DEVIATES, |all| all.of("unreachable").set4(1, &[0x20])),
    ("P-M10", "RFC1812-4.3.2.5-a", DEVIATES, |all| all.of("exceeded").set4(1, &[0])),
    ("P-M11", "RFC4443-2.4-c", FAIL, |all| all.of("too big").message6(1_248)),
    ("P-M12", "RFC4443-2.4-c", DEVIATES, |all| all.of("too big").message6(600)),
    ("P-M13", "RFC1122-3.2.2-b", FAIL, |all| all.of("unreachable").set4(MESSAGE4 + 8 + 3, &[22])),
    ("P-M13", "RFC1122-3.2.2-b", FAIL, |all| {
        all.of("unreachable").set4(MESSAGE4 + 8 + 4, &[0x34, 0x12]);
    }),
    ("P-M14", "RFC1191-4-a", FAIL, |all| all.of("needed").set4(MESSAGE4 + 6, &[0, 0])),
    ("P-M15", "RFC8200-5-b", DEVIATES, |all| all.of("too big").set6(MESSAGE6 + 6, &[4, 0])),
    ("P-M16", "RFC4884-4-a", FAIL, |all| all.of("exceeded with labels").set4(MESSAGE4 + 5, &[0])),
    ("P-M17", "RFC4443-2.2-a", FAIL, |all| all.of("echo v6").set6(8, &ALL_NODES.octets())),
    ("P-M18", "RFC1812-4.3.2.3-a", DEVIATES, |all| all.of("exceeded").quote4(28)),
    ("P-M19", "RFC792-Destination_Unreachable-b", NOTE, |all| {
        all.of("unreachable").set4(MESSAGE4 + 1, &[1]);
    }),
    ("P-M20", "RFC1812-4.3.2.5-a", DEVIATES, |all| all.of("echo reply").set4(1, &[0])),
    ("P-M21", "RFC792-Echo-a", DEVIATES, |all| all.of("echo reply").set4(MESSAGE4 + 8, b"Data")),
    ("P-M21", "RFC4443-4.2-a", DEVIATES, |all| all.of("echo reply v6").set6(MESSAGE6 + 8, b"Data")),
    ("P-A13", "RFC1122-3.2.2.1-f", NOTE, |all| all.of("unreachable").set4(MESSAGE4 + 8 + 9, &[6])),
];

const DISCOVERY: &[Wrong] = &[
    ("P-M9", "RFC4861-8.1-a", FAIL, |all| all.of("redirect").set6(7, &[64])),
    ("P-N1", "RFC4861-6.1.2-b", FAIL, |all| all.of("router advertisement").set6(MESSAGE6 + 1, &[1])),
    ("P-N1", "RFC4861-7.1.1-b", FAIL, |all| all.of("solicitation").set6(MESSAGE6 + 1, &[1])),
    ("P-N1", "RFC4861-7.1.2-b", FAIL, |all| all.of("advertisement").set6(MESSAGE6 + 1, &[1])),
    ("P-N1", "RFC4861-8.1-b", FAIL, |all| all.of("redirect").set6(MESSAGE6 + 1, &[1])),
    ("P-N2", "RFC4861-6.1.2-c", FAIL, |all| all.of("router advertisement").set6(MESSAGE6 + 17, &[0])),
    ("P-N2", "RFC4861-7.1.1-c", FAIL, |all| all.of("solicitation").set6(MESSAGE6 + 25, &[0])),
    ("P-N2", "RFC4861-7.1.2-c", FAIL, |all| all.of("advertisement").set6(MESSAGE6 + 25, &[0])),
    ("P-N2", "RFC4861-8.1-c", FAIL, |all| all.of("redirect").message6(48)),
    ("P-N3", "RFC4861-6.1.2-e", FAIL, |all| all.of("router advertisement").set6(8, &A6.octets())),
    ("P-N3", "RFC4861-7.1.1-e", FAIL, |all| {
        all.of("solicitation").set6(MESSAGE6 + 8, &ALL_NODES.octets());
    }),
    ("P-N3", "RFC4861-7.1.1-e", FAIL, |all| all.of("solicitation").message6(16)),
    ("P-N3", "RFC4861-7.1.1-f", FAIL, |all| all.of("duplicate?").set6(24, &ALL_NODES.octets())),
    ("P-N3", "RFC4861-7.1.2-e", FAIL, |all| all.of("advertisement").set6(24, &ALL_NODES.octets())),
    ("P-N3", "RFC4861-8.1-e", FAIL, |all| all.of("redirect").set6(8, &B6.octets())),
    ("P-N4", "RFC4861-7.2.2-a", FAIL, |all| all.of("solicitation").message6(24)),
    ("P-N4", "RFC4861-7.2.2-a", FAIL, |all| all.of("solicitation").set6(24, &ALL_NODES.octets())),
    ("P-N5", "RFC4862-5.4.2-a", DEVIATES, |all| {
        all.of("duplicate?").set6(24, &solicited_node(FAR6).octets());
    }),
    ("P-N6", "RFC4861-6.3.7-a", NOTE, |all| all.of("routers again?").at_ms -= 2_000),
    ("P-N7", "RFC6980-5-a", FAIL, |all| {
        let message = all.of("solicitation").bytes[40..].to_vec();
        let mut whole = fragment6(9, 0, false, icmpv6::PROTOCOL, &message);
        whole[7] = 255;
        whole[24..40].copy_from_slice(&solicited_node(B6).octets());
        all.replace("solicitation", whole);
    }),
];

pub(super) fn wrongs() -> impl Iterator<Item = &'static Wrong> {
    [BELOW_IP, HEADERS, MESSAGES, DISCOVERY].into_iter().flatten()
}

#[test]
fn a_good_network_is_accused_of_nothing() {
    for vantage in [Vantage::Anywhere, Vantage::AtHost] {
        let report = good().judged(vantage);
        assert!(report.verdicts.is_empty(), "{:#?}", report.verdicts);
    }
}

#[test]
fn the_good_network_gives_every_rule_something_to_judge() {
    let report = good().judged(Vantage::Anywhere);
    for (rule, ..) in wrongs() {
        let index = rules().position(|known| known.id == *rule).expect("a rule of that name");
        assert!(report.tallies[index].holds > 0, "no evidence for {rule}");
    }
}

#[test]
fn everything_that_is_wrong_is_found() {
    for (index, (rule, clause, outcome, breaks)) in wrongs().enumerate() {
        for vantage in [Vantage::Anywhere, Vantage::AtHost] {
            let mut all = good();
            breaks(&mut all);
            let report = all.judged(vantage);
            let found = report.verdicts.iter().any(|verdict| {
                verdict.rule.id == *rule && verdict.clause == *clause && verdict.outcome == *outcome
            });
            assert!(found, "number {index} for {rule} {clause}, {vantage:?}: {:#?}", report.verdicts);
        }
    }
}
