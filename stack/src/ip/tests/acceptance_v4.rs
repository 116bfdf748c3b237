//! floor 2: which IPv4 packets are accepted, and what the others get (RFC 1122 section 3.2).

use super::*;

const ECHO_REPLY: &str = "10.98.0.1 > 10.98.0.2 icmp echo reply id 1 seq 2 len 4";

fn outcome(packet: &[u8]) -> String {
    Rig::new(config()).receive(&framed(packet))
}

fn echo(packet: ipv4::Packet<'_>) -> String {
    outcome(&v4(ipv4::Packet { protocol: 1, payload: &echo_v4(b"data"), ..packet }))
}

//? RFC1122-3.2.1.1-a
//? RFC1122-3.2.1.2-a
//? RFC1812-5.2.2-a
//? RFC1122-3.2.1.7-b
//? RFC791-3.1-a
//? RFC791-3.1-b
//? RFC791-3.1-c
//? RFC894-Frame_Format-c
#[test]
fn header_fields() {
    let forced = |forced: ipv4::Forced| {
        let mut out = Vec::new();
        V4.emit_with(&forced, &mut out);
        outcome(&out)
    };
    use crate::wire::Auto::Forced as F;
    let none = ipv4::Forced::default;
    let up = "up 10.98.0.2 > 10.98.0.1 protocol 17 len 8";
    assert_eq!(forced(none()), up);
    assert_eq!(forced(ipv4::Forced { version: F(5), ..none() }), "Ipv4Version");
    assert_eq!(forced(ipv4::Forced { ihl: F(4), ..none() }), "Ipv4HeaderLength");
    assert_eq!(forced(ipv4::Forced { total_len: F(19), ..none() }), "Ipv4TotalLength");
    assert_eq!(forced(ipv4::Forced { total_len: F(29), ..none() }), "Ipv4Truncated");
    assert_eq!(forced(ipv4::Forced { checksum: F(0), ..none() }), "Ipv4Checksum");
    assert_eq!(forced(ipv4::Forced { reserved_flag: F(true), ..none() }), up);
    assert_eq!(outcome(&v4(V4)[..19]), "HeaderTruncated");
    for ttl in [0, 1] {
        assert_eq!(echo(ipv4::Packet { ttl, ..V4 }), ECHO_REPLY, "time to live {ttl}");
    }
    let padded = [v4(V4), vec![0xaa; 18]].concat();
    assert_eq!(outcome(&padded), up, "padding is no part of the packet");
}

//? RFC1122-3.2.1.3-b
//? RFC1122-3.2.1.3-d
//? RFC1122-3.2.1.3-e
//? RFC1122-3.2.1.3-f
//? RFC1122-3.3.6-a
//? RFC1122-3.2.2.6-b
//? RFC1112-7.4-a
//? RFC1122-3.1-a
#[test]
fn addresses() {
    let at =
        |src: &str, dst: &str| ipv4::Packet { src: src.parse().unwrap(), dst: dst.parse().unwrap(), ..V4 };
    let table = [
        ("10.98.0.2", "10.98.0.1", ECHO_REPLY),
        ("192.0.2.9", "10.98.0.1", "10.98.0.1 > 192.0.2.9 icmp echo reply id 1 seq 2 len 4"),
        ("127.0.0.1", "10.98.0.1", "SourceLoopback"),
        ("0.0.0.0", "10.98.0.1", "SourceUnspecified"),
        ("255.255.255.255", "10.98.0.1", "SourceNotUnicast"),
        ("10.98.0.255", "10.98.0.1", "SourceNotUnicast"),
        ("224.0.0.1", "10.98.0.1", "SourceNotUnicast"),
        ("10.98.0.1", "10.98.0.1", "SourceOwnAddress"),
        ("10.98.0.2", "10.98.0.255", "EchoToGroup"),
        ("10.98.0.2", "255.255.255.255", "EchoToGroup"),
        ("10.98.0.2", "224.0.0.1", "EchoToGroup"),
        ("10.98.0.2", "239.9.9.9", "GroupNotJoined"),
        ("10.98.0.2", "127.0.0.1", "DestinationLoopback"),
        ("10.98.0.2", "10.98.0.77", "DestinationNotOurs"),
    ];
    for (src, dst, expected) in table {
        assert_eq!(echo(at(src, dst)), expected, "{src} > {dst}");
    }
    let mut answering = config();
    answering.icmp.echo_to_group_v4 = true;
    let packet =
        v4(ipv4::Packet { protocol: 1, payload: &echo_v4(b"data"), ..at("10.98.0.2", "10.98.0.255") });
    assert_eq!(Rig::new(answering).receive(&framed(&packet)), ECHO_REPLY);
    let to_all = v4(at("10.98.0.2", "10.98.0.255"));
    assert_eq!(outcome(&to_all), "up 10.98.0.2 > 10.98.0.255 protocol 17 len 8 group");
}

//? RFC1122-3.3.6-c
//? RFC1122-2.3.3-f
#[test]
fn frames() {
    let receive = |frame: Vec<u8>| Rig::new(config()).receive(&frame);
    let packet = v4(V4);
    let up = "up 10.98.0.2 > 10.98.0.1 protocol 17 len 8";
    assert_eq!(receive(in_frame(PEER_MAC, EtherType::IPV4, &packet)), "FrameForOtherStation");
    assert_eq!(receive(in_frame(Mac::BROADCAST, EtherType::IPV4, &packet)), "UnicastInLinkBroadcast");
    assert_eq!(receive(in_frame(OWN_MAC, EtherType(0x9000), &packet)), "EtherTypeUnknown");
    assert_eq!(receive(in_frame(OWN_MAC, EtherType(1500), &packet)), "FrameWithLength");
    assert_eq!(receive(in_frame(OWN_MAC, EtherType::IPV6, &packet)), "HeaderTruncated");
    assert_eq!(receive(vec![0; 13]), "HeaderTruncated");
    let tagged = |tag: [u8; 4]| in_frame(OWN_MAC, EtherType::VLAN, &[&tag[..], &packet].concat());
    assert_eq!(receive(tagged([0xe0, 0, 8, 0])), up);
    assert_eq!(receive(tagged([0, 5, 8, 0])), "VlanForeign");
    let mut from_group = framed(&packet);
    from_group[6] |= 1;
    assert_eq!(receive(from_group), "GroupSourceMac");
}

//? RFC1122-3.2.1.8-a
//? RFC1122-3.2.1.8-c
//? RFC1122-3.2.1.8-e
//? RFC1122-3.2.1.8-f
//? RFC1122-3.3.5-a
//? RFC1122-3.2.2.5-a
//? RFC791-3.1-options-a
//? RFC1122-3.2.1.8-d
//? RFC1122-3.2.2-b
//? RFC9293-MUST-50
#[test]
fn options() {
    let with = |options: &[u8]| echo(ipv4::Packet { options, ..V4 });
    assert_eq!(with(&[1, 1, 1, 0]), ECHO_REPLY);
    assert_eq!(with(&[0x1e, 4, 0, 0]), ECHO_REPLY);
    assert_eq!(with(&[0x9e, 4, 0, 0]), ECHO_REPLY);
    assert_eq!(with(&[136, 4, 0, 0]), ECHO_REPLY);
    assert_eq!(with(&[131, 7, 8, 10, 98, 0, 9, 0]), ECHO_REPLY, "a completed source route");
    let wrong = |options: &[u8], pointer: u8, why: &str| {
        let mut rig = Rig::new(config());
        let packet = v4(ipv4::Packet { options, protocol: 1, payload: &echo_v4(b"data"), ..V4 });
        let text = rig.receive(&framed(&packet));
        assert!(text.ends_with(why), "{text}");
        // Ethernet, IP, then type, code and pointer
        assert_eq!(rig.log.frames[0][34..39], [12, 0, rig.log.frames[0][36], rig.log.frames[0][37], pointer]);
        assert_eq!(rig.log.frames[0][42..], packet);
    };
    wrong(&[0x1e, 0, 0, 0], 20, "Ipv4OptionMalformed");
    wrong(&[0x1e, 1, 0, 0], 20, "Ipv4OptionMalformed");
    wrong(&[0x1e, 9, 0, 0], 20, "Ipv4OptionMalformed");
    wrong(&[1, 1, 1, 0x1e], 23, "Ipv4OptionMalformed");
    wrong(&[131, 7, 8, 1, 1, 1, 1, 137, 7, 8, 2, 2, 2, 2, 0, 0], 27, "SecondSourceRoute");
    let refused = with(&[131, 7, 4, 10, 98, 0, 9, 0]);
    assert!(refused.contains("source route failed") && refused.ends_with("SourceRouteRefused"), "{refused}");
}

//? RFC1122-3.2.2.1-a
//? RFC1122-3.2.2-g
#[test]
fn protocols() {
    let text = outcome(&v4(ipv4::Packet { protocol: 253, ..V4 }));
    assert!(text.starts_with("10.98.0.1 > 10.98.0.2 icmp protocol unreachable"), "{text}");
    assert!(text.ends_with("; ProtocolUnknown"), "{text}");
    let to_all = ipv4::Packet { protocol: 253, dst: Ipv4Addr::BROADCAST, ..V4 };
    assert_eq!(outcome(&v4(to_all)), "ProtocolUnknown");
    assert_eq!(outcome(&v4(ipv4::Packet { protocol: 6, ..V4 })), "up 10.98.0.2 > 10.98.0.1 protocol 6 len 8");
}

//? RFC1122-3.2.2-a
//? RFC6633-3-b
//? RFC6633-5-a
//? RFC1122-3.2.2.6-a
//? RFC792-Echo-a
//? RFC792-Echo-b
//? RFC9293-MUST-55
//? RFC5927-6.2-a
#[test]
fn icmp_messages() {
    let icmp = |message| outcome(&v4(ipv4::Packet { protocol: 1, payload: &icmp_v4(message), ..V4 }));
    use icmpv4::Message;
    assert_eq!(icmp(Message::EchoReply { ident: 1, seq: 1, data: b"" }), "EchoReplyUnasked");
    for kind in [1, 2, 6, 7, 13, 15, 17, 30, 42, 250, 255] {
        assert_eq!(icmp(Message::Other { kind, code: 0, body: &[0; 8] }), "IcmpTypeUnknown", "{kind}");
    }
    let quoted = own_udp(4);
    assert_eq!(icmp(Message::SourceQuench { quoted: &quoted }), "SourceQuench");
    let mut wrong = echo_v4(b"data");
    wrong[2] ^= 1;
    assert_eq!(outcome(&v4(ipv4::Packet { protocol: 1, payload: &wrong, ..V4 })), "Icmpv4Checksum");
    assert_eq!(outcome(&v4(ipv4::Packet { protocol: 1, payload: &wrong[..4], ..V4 })), "HeaderTruncated");
    assert_eq!(echo(ipv4::Packet { dont_fragment: true, ..V4 }), ECHO_REPLY);
    let mut rig = Rig::new(config());
    rig.receive(&framed(&v4(ipv4::Packet { protocol: 1, tos: 0xb8, payload: &echo_v4(b"odd"), ..V4 })));
    assert_eq!((rig.log.frames[0][15], &rig.log.frames[0][42..]), (0xb8, &b"odd"[..]));
}
