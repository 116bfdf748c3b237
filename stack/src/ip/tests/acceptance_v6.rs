//! floor 2: which IPv6 packets are accepted, and what the others get (RFC 8200 section 4, RFC 4443).

use super::*;
use crate::wire::Auto;

const UP: &str = "up fd98::2 > fd98::1 protocol 17 len 8";
const UDP: &[u8] = V6.payload;

/// What came of it, and of an ICMPv6 error its type, code and pointer.
fn outcome(packet: &[u8]) -> (String, Option<(u8, u8, u32)>) {
    let mut rig = Rig::new(config());
    let text = rig.receive(&framed(packet));
    let error = rig.log.frames.first().map(|frame| {
        assert_eq!(frame[62..], packet[..packet.len().min(1232)], "the packet is quoted as it came");
        (frame[54], frame[55], u32::from_be_bytes(*frame[58..].first_chunk().unwrap()))
    });
    (text.rsplit("; ").next().map(String::from).unwrap(), error)
}

fn chain(next_header: u8, parts: &[&[u8]]) -> Vec<u8> {
    v6(ipv6::Packet { next_header, payload: &parts.concat(), ..V6 })
}

fn silent(why: &str) -> (String, Option<(u8, u8, u32)>) {
    (String::from(why), None)
}

fn problem(why: &str, code: u8, pointer: u32) -> (String, Option<(u8, u8, u32)>) {
    (String::from(why), Some((4, code, pointer)))
}

//? RFC8200-3-a
//? RFC8200-3-b
#[test]
fn header_fields() {
    let forced = |forced: ipv6::Forced| {
        let mut out = Vec::new();
        V6.emit_with(&forced, &mut out);
        outcome(&out)
    };
    let none = ipv6::Forced::default;
    assert_eq!(forced(none()), silent(UP));
    assert_eq!(forced(ipv6::Forced { version: Auto::Forced(7), ..none() }), silent("Ipv6Version"));
    assert_eq!(forced(ipv6::Forced { payload_len: Auto::Forced(9), ..none() }), silent("Ipv6Truncated"));
    assert_eq!(outcome(&v6(ipv6::Packet { hop_limit: 0, ..V6 })), silent(UP));
    assert_eq!(outcome(&[v6(V6), vec![0xaa; 7]].concat()), silent(UP), "padding is no part of the packet");
}

//? RFC4291-2.5.2-a
//? RFC4291-2.5.3-a
//? RFC4291-2.7-a
//? RFC4291-2.7-b
//? RFC4291-2.7-c
//? RFC4291-2.7.1-a
//? RFC4291-2.8-a
#[test]
fn addresses() {
    let table = [
        ("fd98::2", "fd98::1", UP),
        ("::1", "fd98::1", "SourceLoopbackV6"),
        ("::", "fd98::1", "SourceUnspecifiedV6"),
        ("ff02::1", "fd98::1", "SourceMulticastV6"),
        ("fd98::1", "fd98::1", "SourceOwnAddress"),
        ("fd98::2", "ff02::1", "up fd98::2 > ff02::1 protocol 17 len 8 group"),
        ("fd98::2", "ff02::1:ff00:1", "up fd98::2 > ff02::1:ff00:1 protocol 17 len 8 group"),
        ("fd98::2", "ff02::9", "DestinationNotOursV6"),
        ("fd98::2", "ff01::1", "InterfaceLocalOnLink"),
        ("fd98::2", "ff00::1", "ReservedScope"),
        ("fd98::2", "::1", "DestinationLoopbackV6"),
        ("fd98::2", "::ffff:10.98.0.1", "DestinationNotOursV6"),
        ("fd98::2", "fd98::77", "DestinationNotOursV6"),
    ];
    for (src, dst, expected) in table {
        let packet = ipv6::Packet { src: src.parse().unwrap(), dst: dst.parse().unwrap(), ..V6 };
        assert_eq!(outcome(&v6(packet)), silent(expected), "{src} > {dst}");
    }
    let mut rig = Rig::new(config());
    let in_group = in_frame(Mac::BROADCAST, EtherType::IPV6, &v6(V6));
    assert_eq!(rig.receive(&in_group), "up fd98::2 > fd98::1 protocol 17 len 8 group");
}

//? RFC8200-4-a
//? RFC8200-4-b
//? RFC8200-4-c
//? RFC8200-4.1-a
//? RFC8200-4.7-a
//? RFC8200-4.2-g
#[test]
fn extension_headers_in_order() {
    let padding = |next: u8| [next, 0, 1, 4, 0, 0, 0, 0];
    assert_eq!(outcome(&chain(0, &[&padding(17), UDP])), silent(UP));
    assert_eq!(outcome(&chain(60, &[&padding(17), UDP])), silent(UP));
    let many = [padding(60); 19].concat();
    assert_eq!(outcome(&chain(60, &[&many, &padding(17), UDP])), silent(UP));
    assert_eq!(outcome(&chain(60, &[&padding(0), &padding(17), UDP])), problem("HopByHopNotFirst", 1, 40));
    assert_eq!(outcome(&chain(0, &[&padding(0), &padding(17), UDP])), problem("HopByHopNotFirst", 1, 40));
    assert_eq!(outcome(&chain(253, &[UDP])), problem("NextHeaderUnknown", 1, 6));
    assert_eq!(outcome(&chain(60, &[&padding(253), UDP])), problem("NextHeaderUnknown", 1, 40));
    for protocol in [4, 41, 50, 51, 135, 139] {
        let text = outcome(&chain(protocol, &[&[0, 1], &[0; 14], UDP]));
        assert_eq!(text, problem("NextHeaderUnknown", 1, 6), "{protocol}");
    }
    assert_eq!(outcome(&chain(59, &[UDP])), silent("NoNextHeader"));
    assert_eq!(
        outcome(&chain(60, &[&[17, 200, 1, 4, 0, 0, 0, 0], UDP])),
        problem("ExtensionTruncated", 0, 41)
    );
    assert_eq!(outcome(&chain(60, &[&[17, 0, 1]])), problem("ExtensionTruncated", 0, 41));
}

//? RFC8200-4.2-a
//? RFC8200-4.2-b
//? RFC8200-4.2-c
//? RFC8200-4.2-d
//? RFC8200-4.2-g
//? RFC4443-2.4-g
#[test]
fn options_by_their_action_bits() {
    let with = |kind: u8| [17, 0, kind, 4, 0, 0, 0, 0];
    for header in [0, 60] {
        assert_eq!(outcome(&chain(header, &[&with(0x1e), UDP])), silent(UP));
        assert_eq!(outcome(&chain(header, &[&with(0x5e), UDP])), silent("OptionDiscards"));
        assert_eq!(outcome(&chain(header, &[&with(0x9e), UDP])), problem("OptionReports", 2, 42));
        assert_eq!(outcome(&chain(header, &[&with(0xde), UDP])), problem("OptionReportsToUnicast", 2, 42));
    }
    assert_eq!(outcome(&chain(0, &[&[17, 0, 5, 2, 0, 0, 1, 0], UDP])), silent(UP), "router alert");
    assert_eq!(outcome(&chain(60, &[&[17, 0, 1, 9, 0, 0, 0, 0], UDP])), problem("ExtensionTruncated", 0, 43));
    let to_all = |kind: u8| {
        let packet = ipv6::Packet {
            dst: "ff02::1".parse().unwrap(),
            next_header: 60,
            payload: &[&with(kind), UDP].concat(),
            ..V6
        };
        outcome(&v6(packet))
    };
    assert_eq!(to_all(0x9e), problem("OptionReports", 2, 42), "even to a group");
    assert_eq!(to_all(0xde), silent("OptionReportsToUnicast"));
}

//? RFC8200-4.4-a
//? RFC8200-4.4-b
//? RFC5095-3-a
#[test]
fn routing_headers() {
    let with = |kind: u8, left: u8| chain(43, &[&[17, 0, kind, left, 0, 0, 0, 0], UDP]);
    for kind in [0, 2, 4, 99, 253] {
        assert_eq!(outcome(&with(kind, 0)), silent(UP), "type {kind}");
        assert_eq!(outcome(&with(kind, 1)), problem("RoutingTypeUnknown", 0, 42), "type {kind}");
    }
}

//? RFC4443-4.1-a
//? RFC4443-4.2-a
//? RFC4443-4.2-b
//? RFC4443-2.4-a
//? RFC4443-2.4-b
//? RFC4443-2.3-a
#[test]
fn icmp_messages() {
    let receive = |packet: ipv6::Packet<'_>, message| {
        let payload = icmp_v6(&packet, message);
        Rig::new(config()).receive(&framed(&v6(ipv6::Packet {
            next_header: 58,
            payload: &payload,
            ..packet
        })))
    };
    use icmpv6::Message;
    let echo = Message::EchoRequest { ident: 1, seq: 2, data: b"data" };
    let reply = "fd98::1 > fd98::2 icmp6 echo reply id 1 seq 2 len 4";
    assert_eq!(receive(V6, echo), reply);
    assert_eq!(receive(ipv6::Packet { dst: "ff02::1".parse().unwrap(), ..V6 }, echo), reply);
    assert_eq!(receive(V6, Message::EchoReply { ident: 1, seq: 2, data: b"" }), "EchoReplyUnasked");
    assert_eq!(receive(V6, Message::Other { kind: 200, code: 0, body: &[0; 8] }), "IcmpV6TypeUnknown");
    let body = [vec![0; 4], own_udp_v6(4)].concat();
    assert_eq!(
        receive(V6, Message::Other { kind: 100, code: 7, body: &body }),
        "up Other { kind: 100, code: 7 } from fd98::2 about fd98::1 > fd98::2 protocol 17 len 12"
    );
    let mut wrong = echo_v6(&V6, b"data");
    wrong[2] ^= 1;
    assert_eq!(outcome(&chain(58, &[&wrong])), silent("Icmpv6Checksum"));
    assert_eq!(outcome(&chain(58, &[&wrong[..3]])), silent("Icmpv6Truncated"));
}
