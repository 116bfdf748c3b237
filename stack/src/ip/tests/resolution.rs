//! floor 2: ARP and neighbour discovery on the wire, in virtual time (RFC 826, RFC 4861 section 7.2).

use super::*;
use crate::wire::arp::{Operation, Packet as Arp};
use crate::wire::ndp;

const OTHER_MAC: Mac = Mac([2, 0, 0, 0, 0, 9]);
const WHO_HAS_9: &str = "arp who-has 10.98.0.9 tell 10.98.0.1";

fn arp(operation: Operation, sender: (Mac, &str), target: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let packet = Arp {
        operation,
        sender_mac: sender.0,
        sender_ip: sender.1.parse().unwrap(),
        target_mac: Mac::default(),
        target_ip: target.parse().unwrap(),
    };
    packet.emit(&mut out);
    in_frame(Mac::BROADCAST, EtherType::ARP, &out)
}

fn nd(src: &str, dst: &str, message: ndp::Message<'_>) -> Vec<u8> {
    let packet = ipv6::Packet {
        src: src.parse().unwrap(),
        dst: dst.parse().unwrap(),
        next_header: 58,
        hop_limit: 255,
        ..V6
    };
    let payload = icmp_v6(&packet, icmpv6::Message::Ndp(message));
    framed(&v6(ipv6::Packet { payload: &payload, ..packet }))
}

fn solicitation(target: &str, source_link: Option<Mac>) -> ndp::Message<'static> {
    ndp::Message::NeighborSolicitation { target: target.parse().unwrap(), source_link }
}

fn advertisement(target: &str, mac: Mac, solicited: bool) -> ndp::Message<'static> {
    let target = target.parse().unwrap();
    ndp::Message::NeighborAdvertisement {
        target,
        router: false,
        solicited,
        override_: true,
        target_link: Some(mac),
    }
}

//? RFC826-Packet_Reception-e
//? RFC826-Packet_Reception-f
//? RFC5227-2.5-a
//? RFC1812-3.3.2-a
#[test]
fn arp_requests_are_answered_for_own_addresses_alone() {
    let mut rig = Rig::new(config());
    let reply = "arp 10.98.0.1 is-at 02:00:00:00:00:01";
    let from = (OTHER_MAC, "10.98.0.9");
    assert_eq!(rig.receive(&arp(Operation::Request, from, "10.98.0.1")), reply);
    assert_eq!(rig.log.frames[0][..6], OTHER_MAC.0);
    assert_eq!(rig.receive(&arp(Operation::Request, (OTHER_MAC, "0.0.0.0"), "10.98.0.1")), reply, "a probe");
    let table = [
        (Operation::Request, from.0, "10.98.0.8", "10.98.0.77", "ArpNotForUs"),
        (Operation::Request, from.0, "10.98.0.8", "10.98.0.8", "ArpNotForUs"),
        (Operation::Other(3), from.0, "10.98.0.9", "10.98.0.1", ""),
        (Operation::Request, from.0, "10.98.0.1", "10.98.0.1", "AddressConflict"),
        (Operation::Request, Mac::BROADCAST, "10.98.0.9", "10.98.0.1", "ArpSenderInvalid"),
        (Operation::Reply, from.0, "224.0.0.1", "10.98.0.1", "ArpSenderInvalid"),
    ];
    for (operation, mac, sender, target, expected) in table {
        assert_eq!(rig.receive(&arp(operation, (mac, sender), target)), expected, "{sender} {target}");
    }
}

//? RFC826-Packet_Generation-a
//? RFC1122-2.3.2.2-a
#[test]
fn datagrams_wait_for_arp_and_leave_in_order() {
    let mut rig = Rig::new(config());
    assert_eq!(rig.send(&outgoing("10.98.0.9", b"11111111")), WHO_HAS_9);
    assert_eq!(rig.log.frames[0][..6], [0xff; 6]);
    assert_eq!(rig.send(&outgoing("10.98.0.9", b"22222222")), "");
    rig.receive(&arp(Operation::Reply, (OTHER_MAC, "10.98.0.9"), "10.98.0.1"));
    let sent: Vec<_> = rig.log.frames.iter().map(|frame| (&frame[..6], &frame[34..])).collect();
    assert_eq!(sent, [(&OTHER_MAC.0[..], &b"11111111"[..]), (&OTHER_MAC.0[..], &b"22222222"[..])]);
    rig.send(&outgoing("10.98.0.9", b"33333333"));
    assert_eq!(rig.log.frames[0][..6], OTHER_MAC.0);
}

//? RFC1122-2.3.2.1-c
//? RFC4861-7.2.2-b
#[test]
fn a_silent_neighbour_is_reported_to_the_transport() {
    let mut rig = Rig::new(config());
    rig.send(&outgoing("10.98.0.9", b"11111111"));
    let mut seen = vec![];
    while rig.ip.due().is_some() {
        let text = rig.pass();
        seen.push((rig.now.as_nanos() / 1_000_000_000, text));
    }
    let expected = [(1, WHO_HAS_9), (2, WHO_HAS_9), (3, "NeighborUnreachable")];
    assert_eq!(seen, expected.map(|(at, text)| (at, String::from(text))));
    let error = rig.ip.unreached().unwrap();
    assert_eq!(
        (error.kind, error.dst, &*error.transport),
        (ErrorKind::Unreachable(1), addr("10.98.0.9"), &b"11111111"[..])
    );
    assert_eq!(rig.ip.unreached(), None);

    rig.send(&outgoing("fd98::9", b"11111111"));
    for _ in 0..3 {
        rig.pass();
    }
    assert_eq!(rig.ip.unreached().map(|error| error.kind), Some(ErrorKind::Unreachable(3)));
}

//? RFC826-Packet_Reception-c
//? RFC826-Packet_Reception-d
#[test]
fn only_the_addressed_learn_a_new_neighbour_and_all_update_a_known_one() {
    let mut rig = Rig::new(config());
    rig.receive(&arp(Operation::Request, (OTHER_MAC, "10.98.0.9"), "10.98.0.77"));
    assert_eq!(rig.send(&outgoing("10.98.0.9", b"11111111")), WHO_HAS_9);
    let mut rig = Rig::new(config());
    rig.receive(&arp(Operation::Request, (PEER_MAC, "10.98.0.9"), "10.98.0.1"));
    rig.send(&outgoing("10.98.0.9", b"11111111"));
    assert_eq!(rig.log.frames[0][..6], PEER_MAC.0);
    // A gratuitous packet moves the known neighbour.
    assert_eq!(rig.receive(&arp(Operation::Request, (OTHER_MAC, "10.98.0.9"), "10.98.0.9")), "");
    rig.send(&outgoing("10.98.0.9", b"11111111"));
    assert_eq!(rig.log.frames[0][..6], OTHER_MAC.0);
}

//? RFC1122-2.3.2.1-a
#[test]
fn a_neighbour_in_use_is_polled_alone_after_the_delay() {
    let mut rig = Rig::new(config());
    rig.receive(&arp(Operation::Request, (OTHER_MAC, "10.98.0.9"), "10.98.0.1"));
    rig.send(&outgoing("10.98.0.9", b"11111111"));
    assert_eq!(rig.pass(), WHO_HAS_9);
    assert_eq!((rig.now, &rig.log.frames[0][..6]), (Instant::ZERO + Span::from_secs(5), &OTHER_MAC.0[..]));
    assert_eq!(rig.receive(&arp(Operation::Reply, (OTHER_MAC, "10.98.0.9"), "10.98.0.1")), "");
    assert_eq!(rig.ip.due(), Some(rig.now + Span::from_secs(60)), "confirmed");
}

//? RFC4861-7.2.4-a
//? RFC4861-6.1.1-a
//? RFC4861-7.2.5-a
#[test]
fn solicitations_are_answered_as_they_ask() {
    let mut rig = Rig::new(config());
    // Ethernet 14 + IPv6 40 + ICMPv6 4: the flags R, S, O
    let flags = |rig: &Rig| rig.log.frames[0][58] >> 5;
    let group = "ff02::1:ff00:1";
    rig.receive(&nd("fd98::9", group, solicitation("fd98::1", Some(OTHER_MAC))));
    assert_eq!((flags(&rig), &rig.log.frames[0][..6]), (0b011, &OTHER_MAC.0[..]));
    assert_eq!(rig.log.frames[0][21], 255);
    assert_eq!(rig.log.frames[0][78..86], [2, 1, 2, 0, 0, 0, 0, 1], "with the link-layer address");
    rig.receive(&nd("::", group, solicitation("fd98::1", None)));
    assert_eq!((flags(&rig), &rig.log.frames[0][..6]), (0b001, &[0x33, 0x33, 0, 0, 0, 1][..]));
    assert_eq!(rig.receive(&nd("fd98::9", group, solicitation("fd98::77", None))), "NdTargetNotOurs");
    assert_eq!(
        rig.receive(&nd("fd98::8", "fd98::1", advertisement("fd98::8", OTHER_MAC, true))),
        "NdUnknownNeighbor"
    );
    assert_eq!(
        rig.receive(&nd("fd98::8", "fd98::1", advertisement("fd98::1", OTHER_MAC, true))),
        "AddressConflict"
    );
    let routers = ndp::Message::RouterSolicitation { source_link: None };
    assert_eq!(rig.receive(&nd("fd98::9", "ff02::1", routers)), "NdForRouters");
}

#[test]
fn datagrams_wait_for_an_advertisement() {
    let mut rig = Rig::new(config());
    rig.send(&outgoing("fd98::9", b"11111111"));
    let asked = &rig.log.frames[0];
    assert_eq!(asked[..6], [0x33, 0x33, 0xff, 0, 0, 9]);
    assert_eq!((asked[54], asked[21]), (ndp::NEIGHBOR_SOLICITATION, 255));
    assert_eq!(asked[78..86], [1, 1, 2, 0, 0, 0, 0, 1], "with the link-layer address");
    rig.receive(&nd("fd98::9", "fd98::1", advertisement("fd98::9", OTHER_MAC, true)));
    assert_eq!((&rig.log.frames[0][..6], &rig.log.frames[0][54..]), (&OTHER_MAC.0[..], &b"11111111"[..]));
    assert_eq!(rig.ip.due(), Some(Instant::ZERO + Span::from_secs(30)));
    rig.ip.confirm(Instant::ZERO + Span::from_secs(10), addr("fd98::9"));
    assert_eq!(rig.ip.due(), Some(Instant::ZERO + Span::from_secs(40)));
}

#[test]
fn neighbour_discovery_in_a_fragment_is_ignored() {
    let packet = ipv6::Packet { dst: "ff02::1:ff00:1".parse().unwrap(), hop_limit: 255, ..V6 };
    let message = icmp_v6(&packet, icmpv6::Message::Ndp(solicitation("fd98::1", None)));
    let mut payload = vec![58, 0, 0, 0, 0, 0, 0, 1];
    payload.extend(&message);
    let atomic = v6(ipv6::Packet { next_header: 44, payload: &payload, ..packet });
    assert_eq!(Rig::new(config()).receive(&framed(&atomic)), "NdFragmented");
}
