//! ICMP errors find the socket whose packet they quote, and mean to it what they mean on Linux or in the RFC.

mod rig;

use rig::{App, Link, Pair, at, config, name};
use stack::base::choose::Lowest;
use stack::base::{Refused, Why};
use stack::host::Stimulus;
use stack::sock::{Family, SocketId};
use stack::tcp::State;
use stack::wire::{icmpv4, ipv4};
use std::net::Ipv4Addr;

/// Destination unreachable from a router, about the IP packet `quoted`.
fn unreachable(code: u8, quoted: &[u8]) -> Vec<u8> {
    let message = icmpv4::Message::DestinationUnreachable {
        code: icmpv4::Unreachable::from_code(code),
        mtu: 0,
        quoted: &quoted[..quoted.len().min(60)],
    };
    let mut payload = Vec::new();
    message.emit(&mut payload);
    let packet = ipv4::Packet {
        src: Ipv4Addr::new(192, 0, 2, 254),
        dst: Ipv4Addr::new(192, 0, 2, 1),
        protocol: 1,
        ttl: 64,
        tos: 0,
        identification: 1,
        dont_fragment: false,
        more_fragments: false,
        fragment_offset_octets: 0,
        options: &[],
        payload: &payload,
    };
    let mut frame = Vec::new();
    packet.emit(&mut frame);
    frame
}

/// A host whose socket has sent something to 192.0.2.2:9, and the packet.
fn spoken(datagram: bool) -> (App, SocketId, Vec<u8>) {
    let mut app = App::new(config(0, Link::Ip), Box::new(Lowest));
    let sock = if datagram { app.udp() } else { app.tcp() };
    let connected = app.connect(sock, name("192.0.2.2:9"));
    if datagram {
        assert_eq!((connected, app.send(sock, b"x")), (Ok(()), Ok(1)));
    } else {
        assert_eq!(connected, Err(Refused::InProgress));
    }
    let packet = app.seen.frames.pop().expect("a packet");
    (app, sock, packet)
}

//? RFC1122-4.1.3.3-a
//? RFC1122-3.2.2.1-c
#[test]
fn a_datagram_socket_is_told_what_will_not_go_away() {
    let cases = [
        (0, None),
        (1, None),
        (2, Some(Refused::NoSuchOption)),
        (3, Some(Refused::ConnRefused)),
        (5, None),
        (6, Some(Refused::NetUnreachable)),
        (7, Some(Refused::HostDown)),
        (8, Some(Refused::NotOnNetwork)),
        (9, Some(Refused::NetUnreachable)),
        (10, Some(Refused::HostUnreachable)),
        (11, None),
        (13, Some(Refused::HostUnreachable)),
    ];
    for (code, expected) in cases {
        let (mut app, sock, packet) = spoken(true);
        app.step(Stimulus::Frame(&unreachable(code, &packet)));
        assert_eq!(app.poll(sock).error, expected.is_some(), "code {code}");
        assert_eq!(app.error(sock), expected, "code {code}");
        assert_eq!(app.error(sock), None, "code {code} is reported once");
    }
}

//? RFC9293-SHLD-26
//? RFC9293-MUST-56
//? RFC9293-MUST-54
//? RFC1122-3.2.2.1-d
//? RFC9293-SHLD-20
#[test]
fn a_connection_attempt_ends_by_a_hard_error_and_lives_on_after_a_soft_one() {
    for (code, over, expected) in [
        (0, false, Refused::NetUnreachable),
        (1, false, Refused::HostUnreachable),
        (2, true, Refused::NoSuchOption),
        (3, true, Refused::ConnRefused),
    ] {
        let (mut app, sock, packet) = spoken(false);
        app.step(Stimulus::Frame(&unreachable(code, &packet)));
        let state = app.host.sockets()[0].state;
        assert_eq!(state == Some(State::Closed), over, "code {code}: {state:?}");
        assert_eq!(app.error(sock), Some(expected), "code {code}");
        assert_eq!(app.error(sock), None, "code {code}: it is told once");
    }
}

//? RFC5927-5.2-a
#[test]
fn an_established_connection_is_not_given_up_for_a_message_that_anybody_can_forge() {
    let mut pair = Pair::new(Link::Ip);
    let (client, server, _) = pair.connected(Family::V4, 8080);
    assert_eq!(pair.a().send(client, b"on its way"), Ok(10));
    let packet = pair.a().seen.frames.last().cloned().expect("a packet");
    pair.a().step(Stimulus::Frame(&unreachable(3, &packet)));
    pair.settle();
    assert_eq!(pair.b().recv(server, 99), Ok(b"on its way".to_vec()));
    assert_eq!(pair.a().peer_name(client), Ok(at(1, Family::V4, 8080)));
}

//? RFC9293-MUST-54
//? RFC5927-4.1-a
//? RFC5927-7-a
#[test]
fn an_error_about_what_nobody_sent_is_discarded_with_its_reason() {
    // The port of the quoted header is the third and fourth octet after the IP header.
    let (mut app, sock, mut packet) = spoken(true);
    packet[21] ^= 1;
    app.step(Stimulus::Frame(&unreachable(3, &packet)));
    assert_eq!(app.seen.discards, [Why::IcmpForNobody]);
    assert_eq!(app.error(sock), None);
    // The sequence number follows the ports.
    let (mut app, sock, mut packet) = spoken(false);
    packet[24] ^= 0x40;
    app.step(Stimulus::Frame(&unreachable(3, &packet)));
    assert_eq!(app.seen.discards, [Why::TcpIcmpSequence]);
    assert_eq!(app.error(sock), None);
}

//? RFC5927-5.2-b
#[test]
fn an_error_for_one_connection_is_none_for_its_neighbour() {
    let (mut app, first, packet) = spoken(false);
    let second = app.tcp();
    assert_eq!(app.connect(second, name("192.0.2.2:9")), Err(Refused::InProgress));
    app.step(Stimulus::Frame(&unreachable(3, &packet)));
    assert_eq!(app.error(first), Some(Refused::ConnRefused));
    assert_eq!(app.error(second), None);
    let states: Vec<_> = app.host.sockets().iter().map(|row| row.state).collect();
    assert_eq!(states, [Some(State::Closed), Some(State::SynSent)]);
}
