//! Opening: what a listener answers and to whom, and connections that one side has forgotten.

mod rig;

use rig::{App, Link, Pair, at, config, name};
use stack::base::choose::Lowest;
use stack::base::{Refused, Span, Why};
use stack::host::Stimulus;
use stack::sock::Family;
use stack::tcp::State;
use stack::wire::ipv4;
use stack::wire::tcp::{Flags, Segment};
use std::net::Ipv4Addr;

/// A SYN for port 8080 as an IP packet.
fn syn(src: &str, dst: &str) -> Vec<u8> {
    let segment =
        Segment { src_port: 40_000, dst_port: 8080, seq: 7, flags: Flags::SYN, ..Segment::default() };
    packet(src, dst, &segment)
}

/// A segment as an IP packet.
fn packet(src: &str, dst: &str, segment: &Segment<'_>) -> Vec<u8> {
    let (src, dst): (Ipv4Addr, Ipv4Addr) =
        (src.parse().expect("a source"), dst.parse().expect("a destination"));
    let mut payload = Vec::new();
    segment.emit(src.into(), dst.into(), &mut payload);
    let packet = ipv4::Packet {
        src,
        dst,
        protocol: 6,
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

//? RFC9293-3.10.1-a
#[test]
fn a_listener_says_nothing_before_it_is_asked() {
    let mut app = App::alone();
    app.server(name("0.0.0.0:8080"), 4);
    assert!(app.seen.frames.is_empty());
    assert_eq!(app.host.sockets()[0].state, Some(State::Listen));
}

//? RFC9293-MUST-57
//? RFC9293-MUST-63
#[test]
fn only_a_syn_from_one_host_to_this_one_is_answered() {
    let mut app = App::alone();
    app.server(name("0.0.0.0:8080"), 4);
    let cases = [
        ("192.0.2.2", "192.0.2.255", Why::TcpGroupDestination),
        ("192.0.2.2", "255.255.255.255", Why::TcpGroupDestination),
        ("192.0.2.2", "224.0.0.1", Why::TcpGroupDestination),
        ("192.0.2.255", "192.0.2.1", Why::SourceNotUnicast),
        ("255.255.255.255", "192.0.2.1", Why::SourceNotUnicast),
        ("224.0.0.1", "192.0.2.1", Why::SourceNotUnicast),
        ("127.0.0.1", "192.0.2.1", Why::SourceLoopback),
        ("192.0.2.1", "192.0.2.1", Why::SourceOwnAddress),
    ];
    for (src, dst, why) in cases {
        app.step(Stimulus::Frame(&syn(src, dst)));
        assert_eq!(app.seen.discards.pop(), Some(why), "{src} > {dst}");
        assert!(app.seen.frames.is_empty(), "{src} > {dst}");
        assert_eq!(app.host.sockets().len(), 1, "{src} > {dst}");
    }
    app.step(Stimulus::Frame(&syn("192.0.2.2", "192.0.2.1")));
    assert_eq!(app.seen.frames.len(), 1);
}

//? RFC6335-6-b
#[test]
fn port_0_is_heard_by_whoever_has_asked_it_and_by_nobody_else() {
    let mut app = App::alone();
    app.server(name("0.0.0.0:8080"), 4);
    let asks = app.tcp();
    assert_eq!(app.bind(asks, name("0.0.0.0:5000")), Ok(()));
    assert_eq!(app.connect(asks, at(1, Family::V4, 0)), Err(Refused::InProgress));
    let sent = app.seen.frames.pop().expect("a SYN");
    let seq = u32::from_be_bytes([sent[24], sent[25], sent[26], sent[27]]);
    let mut from_0 = |dst_port, segment| {
        let segment = Segment { src_port: 0, dst_port, ..segment };
        app.step(Stimulus::Frame(&packet("192.0.2.2", "192.0.2.1", &segment)));
        app.seen.discards.pop()
    };
    let syn = Segment { seq: 7, flags: Flags::SYN, ..Segment::default() };
    let reset = Segment { ack: seq.wrapping_add(1), flags: Flags::RST | Flags::ACK, ..Segment::default() };
    assert_eq!(from_0(8080, syn), Some(Why::TcpPortZero));
    assert_eq!(from_0(5001, reset), Some(Why::TcpPortZero));
    assert_eq!(from_0(5000, reset), None);
    assert!(app.seen.frames.is_empty());
    assert_eq!(app.connect(asks, at(1, Family::V4, 0)), Err(Refused::ConnRefused));
}

//? RFC9293-MUST-43
//? RFC9293-MUST-44
//? RFC9293-MUST-45
//? RFC7323-5.7-a
//? RFC4821-8-a
#[test]
fn a_connection_has_the_address_that_was_given_or_one_of_the_route() {
    for (given, expected) in [("192.0.2.101:0", [192, 0, 2, 101]), ("0.0.0.0:0", [192, 0, 2, 1])] {
        let mut pair = Pair::new(Link::Ip);
        let listener = pair.b().server(at(1, Family::V4, 8080), 4);
        let client = pair.a().tcp();
        assert_eq!(pair.a().bind(client, name(given)), Ok(()));
        assert_eq!(pair.a().connect(client, at(1, Family::V4, 8080)), Err(Refused::InProgress));
        pair.settle();
        let (server, _) = pair.b().accept(listener).expect("a connection");
        assert_eq!(pair.a().send(client, b"x"), Ok(1));
        assert_eq!(pair.b().close(server), Ok(()));
        pair.settle();
        let sent: Vec<_> = pair.log.iter().filter(|(_, sender, _)| *sender == 0).collect();
        assert!(sent.len() > 3);
        for (_, _, packet) in sent {
            assert_eq!(packet[12..16], expected, "{given}");
            assert_eq!(packet[6] & 0x40, 0x40, "routers must not fragment");
        }
    }
}

/// The first host loses its memory.
fn crash(pair: &mut Pair) {
    let now = pair.now;
    pair.apps[0] = App::new(config(0, Link::Ip), Box::new(Lowest));
    pair.apps[0].now = now;
}

//? RFC9293-3.5.1-a
//? RFC9293-3.5-c
//? RFC5961-4.2-b
#[test]
fn a_host_that_starts_again_gets_its_connection_anew() {
    let mut pair = Pair::new(Link::Ip);
    let (client, server, listener) = pair.connected(Family::V4, 8080);
    let local = pair.a().sock_name(client);
    crash(&mut pair);
    let again = pair.a().tcp();
    assert_eq!(pair.a().bind(again, local), Ok(()));
    assert_eq!(pair.a().connect(again, at(1, Family::V4, 8080)), Err(Refused::InProgress));
    pair.settle();
    assert_eq!(pair.b().recv(server, 9), Err(Refused::ConnReset), "the answer to the SYN was reset");
    pair.run(Span::from_secs(3));
    assert_eq!(pair.a().connect(again, at(1, Family::V4, 8080)), Ok(()));
    assert_eq!(pair.b().accept(listener).map(|(_, peer)| peer), Ok(local));
}

//? RFC9293-3.5.1-b
//? RFC9293-3.10.7.1-c
#[test]
fn whoever_speaks_to_a_host_that_has_forgotten_the_connection_is_reset() {
    let mut pair = Pair::new(Link::Ip);
    let (_, server, _) = pair.connected(Family::V4, 8080);
    crash(&mut pair);
    assert_eq!(pair.b().send(server, b"still there?"), Ok(12));
    pair.settle();
    assert_eq!(pair.b().recv(server, 9), Err(Refused::ConnReset));
    assert!(pair.b().poll(server).hung_up);
}
