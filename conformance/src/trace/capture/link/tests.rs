//! floor 6: tests of what is found in frames.

use super::tunnel::inner;
use super::{LinkError, LinkType, NetworkStart, network_layer};
use crate::trace::capture::packet::{Direction, Packet};
use quickcheck::quickcheck;
use stack::base::{Instant, Mac};

/// EtherType and offset of the network layer.
fn start(link: LinkType, frame: &[u8]) -> Result<(u16, usize), LinkError> {
    network_layer(link, frame).map(|found| (found.ethertype, found.offset))
}

/// The same behind the addresses of an Ethernet frame.
fn ethernet(rest: &[u8]) -> Result<(u16, usize), LinkError> {
    start(LinkType::Ethernet, &[&[0; 12][..], rest].concat())
}

#[test]
fn the_network_layer_is_found_behind_each_link_header() {
    assert_eq!(ethernet(&[0x86, 0xdd]), Ok((0x86dd, 14)));
    assert_eq!(ethernet(&[0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 8, 0]), Ok((0x0800, 22)));
    assert_eq!(ethernet(&[0, 46, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]), Ok((0x0800, 22)));
    assert_eq!(
        ethernet(&[0, 46, 0x42, 0x42, 3, 0, 0, 0, 8, 0]),
        Err(LinkError::Llc { dsap: 0x42, ssap: 0x42 })
    );
    assert_eq!(ethernet(&[0x81, 0, 0, 1]), Err(LinkError::Short { needed: 18, there: 16 }));
    assert_eq!(start(LinkType::RawIp, &[0x60]), Ok((0x86dd, 0)));
    assert_eq!(start(LinkType::RawIp, &[0x50]), Err(LinkError::Version(5)));
    assert_eq!(start(LinkType::Ipv4, &[0x45]), Ok((0x0800, 0)));
    assert_eq!(start(LinkType::Ipv6, &[]), Err(LinkError::Short { needed: 1, there: 0 }));
    assert_eq!(start(LinkType::Null, &[2, 0, 0, 0]), Ok((0x0800, 4)));
    assert_eq!(start(LinkType::Null, &[0, 0, 0, 30]), Ok((0x86dd, 4)));
    assert_eq!(start(LinkType::Loop, &[2, 0, 0, 0]), Err(LinkError::Family(0x0200_0000)));
    let cooked = [&[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0][..], &[0x45]].concat();
    let found = network_layer(LinkType::LinuxCooked, &cooked).expect("a cooked frame");
    assert_eq!((found.ethertype, found.offset, found.source), (0x0800, 16, Some(Mac([1, 2, 3, 4, 5, 6]))));
    let cooked2 = [8, 6, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0];
    assert_eq!(start(LinkType::LinuxCooked2, &cooked2), Ok((0x0806, 20)));
    assert_eq!(
        start(LinkType::LinuxCooked2, &cooked2[..19]),
        Err(LinkError::Short { needed: 20, there: 19 })
    );
    let netlink = [0, 0, 3, 56, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0];
    assert_eq!(start(LinkType::LinuxCooked, &netlink), Err(LinkError::Hardware(824)));
}

#[test]
fn ppp_is_passed_over() {
    assert_eq!(start(LinkType::Ppp, &[0xff, 3, 0, 0x21, 0x45]), Ok((0x0800, 4)));
    assert_eq!(start(LinkType::Ppp, &[0, 0x57, 0x60]), Ok((0x86dd, 2)));
    assert_eq!(start(LinkType::Ppp, &[0x21, 0x45]), Ok((0x0800, 1)));
    assert_eq!(start(LinkType::Ppp, &[0xc0, 0x21, 1]), Err(LinkError::Ppp(0xc021)));
    assert_eq!(start(LinkType::PppHdlc, &[0xff, 3, 0, 0x21, 0x45]), Ok((0x0800, 4)));
    for cisco in [LinkType::PppHdlc, LinkType::CiscoHdlc] {
        assert_eq!(start(cisco, &[0x0f, 0, 0x86, 0xdd, 0x60]), Ok((0x86dd, 4)));
    }
    assert_eq!(start(LinkType::PppEther, &[0x11, 0, 0, 1, 0, 3, 0, 0x21, 0x45]), Ok((0x0800, 8)));
    assert_eq!(ethernet(&[0x88, 0x64, 0x11, 0, 0, 1, 0, 3, 0, 0x57, 0x60]), Ok((0x86dd, 22)));
    let padi = [0x88, 0x64, 0x11, 9, 0, 0, 0, 0, 0];
    assert_eq!(ethernet(&padi), Err(LinkError::PppoeCode(9)));
}

#[test]
fn mpls_labels_are_passed_over() {
    let labels = [0x88, 0x47, 0, 0, 0x10, 64, 0, 0, 0x21, 64];
    assert_eq!(ethernet(&[&labels[..], &[0x45]].concat()), Ok((0x0800, 22)));
    assert_eq!(ethernet(&[&labels[..], &[0x60]].concat()), Ok((0x86dd, 22)));
    // A pseudowire begins with a control word of zeros.
    assert_eq!(ethernet(&[&labels[..], &[0, 0, 0, 0]].concat()), Err(LinkError::Label(0)));
    assert_eq!(ethernet(&labels[..6]), Err(LinkError::Short { needed: 22, there: 18 }));
    let ppp = [0x02, 0x81, 0, 0, 0x11, 64, 0x45];
    assert_eq!(start(LinkType::Ppp, &ppp), Ok((0x0800, 6)));
}

#[test]
fn cooked_frames_tell_their_direction() {
    let direction = |kind: u8| {
        let frame = [0, kind, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0];
        network_layer(LinkType::LinuxCooked, &frame).map(|start| start.direction)
    };
    assert_eq!(direction(0), Ok(Direction::Inbound));
    assert_eq!(direction(4), Ok(Direction::Outbound));
    assert_eq!(direction(7), Ok(Direction::Unknown));
}

/// An IPv4 header without options, for what follows.
fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(20 + payload.len()).expect("a short packet");
    let header = [0x45, 0, 0, len, 0, 0, 0x40, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
    [&header[..], payload].concat()
}

/// An IPv6 header.
fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).expect("a short packet");
    [&[0x60, 0, 0, 0, 0, len, next, 64][..], &[0x20; 32], payload].concat()
}

/// An Ethernet frame of zero addresses.
fn frame(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&[0; 12][..], &ethertype.to_be_bytes(), payload].concat()
}

fn packet(link: LinkType, bytes: &[u8]) -> Packet<'_> {
    Packet {
        number: 1,
        at: Instant::from_nanos(0),
        epoch_ns: 0,
        bytes,
        wire_len: u32::try_from(bytes.len()).expect("a short packet"),
        link,
        interface: 0,
        direction: Direction::Unknown,
        fcs_octets: 0,
    }
}

#[test]
fn tunnels_are_taken_off_where_that_is_wanted() {
    let datagram = ipv4(17, &[0, 53, 0, 53, 0, 8, 0, 0]);
    let six = ipv6(59, &[]);
    let gre = |flags: [u8; 2], ethertype: u16, fields: &[u8], payload: &[u8]| {
        [&flags[..], &ethertype.to_be_bytes(), fields, payload].concat()
    };
    let vxlan = |payload: &[u8]| {
        let header = [0, 99, 0x12, 0xb5, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 7, 0];
        [&header[..], payload].concat()
    };
    for (outer, wanted) in [
        (ipv4(4, &datagram), &datagram),
        (ipv4(41, &six), &six),
        (ipv6(41, &six), &six),
        (ipv6(0, &[&[4, 0, 0, 0, 0, 0, 0, 0][..], &datagram].concat()), &datagram),
        (ipv4(47, &gre([0, 0], 0x0800, &[], &datagram)), &datagram),
        (ipv4(47, &gre([0xb0, 0], 0x86dd, &[1; 12], &six)), &six),
        (ipv4(47, &gre([0x20, 0], 0x6558, &[2; 4], &frame(0x0800, &datagram))), &datagram),
        (
            ipv4(47, &gre([0x30, 0x81], 0x880b, &[3; 12], &[&[0xff, 3, 0, 0x21][..], &datagram].concat())),
            &datagram,
        ),
        (ipv4(17, &vxlan(&frame(0x86dd, &six))), &six),
        (ipv4(4, &ipv4(41, &ipv6(4, &datagram))), &datagram),
    ] {
        let outer_type = if outer[0] >> 4 == 4 { 0x0800 } else { 0x86dd };
        let bytes = frame(outer_type, &outer);
        let packet = packet(LinkType::Ethernet, &bytes);
        let plain = packet.network(false).expect("a network layer");
        assert_eq!((plain.bytes, plain.tunnels), (&outer[..], 0));
        let inner = packet.network(true).expect("a network layer");
        assert_eq!(inner.bytes, &wanted[..]);
        assert!(inner.tunnels >= 1 && inner.wire_len as usize == wanted.len());
    }
}

#[test]
fn what_is_no_whole_tunnel_stays_as_it_is() {
    let mut fragment = ipv4(4, &ipv4(17, &[0; 8]));
    fragment[6] = 0x20;
    let keepalive = ipv4(47, &[0, 0, 0, 0]);
    let routed = ipv4(47, &[0x40, 0, 8, 0, 0x45]);
    let dns = ipv4(17, &[0, 53, 0, 53, 0, 24, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1]);
    let empty = ipv4(4, &[]);
    for outer in [fragment, keepalive, routed, dns, empty] {
        let network = packet(LinkType::RawIp, &outer).network(true).expect("a network layer");
        assert_eq!((network.bytes, network.tunnels), (&outer[..], 0));
    }
    let mut deep = ipv4(17, &[]);
    for _ in 0..9 {
        deep = ipv4(4, &deep);
    }
    assert_eq!(packet(LinkType::RawIp, &deep).network(true).map(|network| network.tunnels), Ok(8));
}

#[test]
fn a_frame_check_sequence_is_left_out() {
    let bytes = frame(0x0800, &[&ipv4(17, &[0; 8])[..], &[0xfc; 4]].concat());
    let whole = Packet { fcs_octets: 4, ..packet(LinkType::Ethernet, &bytes) };
    let network = whole.network(false).expect("a network layer");
    assert_eq!((network.bytes.len(), network.wire_len), (28, 28));
    // A cut packet has none at its end.
    let cut = Packet { wire_len: 1_000, ..whole };
    let network = cut.network(false).expect("a network layer");
    assert_eq!((network.bytes.len(), network.wire_len), (32, 982));
    // One that is cut within it has a part of it.
    let within = Packet { wire_len: 48, ..whole };
    assert_eq!(within.network(false).map(|network| network.bytes.len()), Ok(30));
}

quickcheck! {
    fn any_frame_has_a_network_layer_within_it_or_none(bytes: Vec<u8>) -> bool {
        LinkType::ALL.iter().all(|&link| match network_layer(link, &bytes) {
            Ok(found) => found.offset <= bytes.len(),
            Err(LinkError::Short { needed, there }) => needed > there && there == bytes.len(),
            Err(LinkError::Llc { .. } | LinkError::Version(_) | LinkError::Family(_)) => true,
            Err(LinkError::Hardware(_) | LinkError::Ppp(_) | LinkError::PppoeCode(_)) => true,
            Err(LinkError::Label(_) | LinkError::Unknown(_)) => true,
        })
    }

    fn any_octets_in_a_tunnel_are_survived(bytes: Vec<u8>, six: bool) -> bool {
        let outer = if six { 0x86dd } else { 0x0800 };
        let start = NetworkStart { ethertype: outer, ..NetworkStart::of((0, 0)) };
        inner(&start, &bytes).is_none_or(|inner| inner.offset < bytes.len() && inner.offset >= 20)
    }
}
