//! Options of stream sockets that change what a connection does, at once and on the wire.

mod rig;

use rig::{Link, Pair, addr, at};
use stack::base::{Refused, Span};
use stack::sock::{Family, OptionName, OptionValue};
use std::net::SocketAddr;

/// Octets of payload in each segment that host `from` sent since frame `since`.
fn payloads(pair: &Pair, from: usize, since: usize) -> Vec<usize> {
    let frames = pair.log[since..].iter().filter(|(_, by, _)| *by == from);
    frames.map(|(_, _, frame)| frame.len() - 20 - usize::from(frame[32] >> 4) * 4).collect()
}

fn connected() -> (Pair, stack::sock::SocketId, stack::sock::SocketId) {
    let mut pair = Pair::new(Link::Ip);
    let (client, server, _) = pair.connected(Family::V4, 8080);
    (pair, client, server)
}

//? RFC9293-MUST-17
#[test]
fn no_delay_works_on_an_open_connection() {
    let (mut pair, client, _) = connected();
    let since = pair.log.len();
    assert_eq!(pair.a().send(client, b"abc"), Ok(3));
    assert_eq!(pair.a().send(client, b"de"), Ok(2));
    assert_eq!(pair.a().set(client, OptionValue::NoDelay(true)), Ok(()));
    assert_eq!(pair.a().send(client, b"f"), Ok(1));
    pair.run(Span::from_millis(1));
    assert_eq!(payloads(&pair, 0, since), [3, 2, 1]);
}

#[test]
fn a_child_has_the_options_of_its_listener() {
    let mut pair = Pair::new(Link::Ip);
    let listener = pair.b().server(at(1, Family::V4, 8080), 8);
    assert_eq!(pair.b().set(listener, OptionValue::NoDelay(true)), Ok(()));
    assert_eq!(pair.b().set(listener, OptionValue::TrafficClass(0xb8)), Ok(()));
    let client = pair.a().tcp();
    assert_eq!(pair.a().connect(client, at(1, Family::V4, 8080)), Err(Refused::InProgress));
    pair.settle();
    let (server, _) = pair.b().accept(listener).expect("a connection");
    assert_eq!(pair.b().option(server, OptionName::NoDelay), Ok(OptionValue::NoDelay(true)));
    let since = pair.log.len();
    assert_eq!(pair.b().send(server, b"abc"), Ok(3));
    assert_eq!(pair.b().send(server, b"de"), Ok(2));
    pair.settle();
    assert_eq!(payloads(&pair, 1, since), [3, 2]);
    assert!(pair.log.iter().filter(|(_, by, _)| *by == 1).all(|(_, _, frame)| frame[1] & 0xfc == 0xb8));
}

//? RFC9293-MUST-24
//? RFC9293-MUST-25
//? RFC9293-MUST-27
//? RFC9293-MUST-29
#[test]
fn keep_alives_find_out_that_the_peer_is_gone() {
    let (mut pair, client, server) = connected();
    assert_eq!(pair.a().option(client, OptionName::KeepAlive), Ok(OptionValue::KeepAlive(false)));
    for value in [
        OptionValue::KeepIdle(Span::from_secs(10)),
        OptionValue::KeepInterval(Span::from_secs(1)),
        OptionValue::KeepCount(3),
        OptionValue::KeepAlive(true),
    ] {
        assert_eq!(pair.a().set(client, value), Ok(()));
    }
    pair.run(Span::from_secs(35));
    assert_eq!(pair.a().send(client, b""), Ok(0), "whoever answers is there");
    let since = pair.log.len();
    pair.passes = Box::new(|from, _, _| from == 0);
    pair.run(Span::from_secs(20));
    assert_eq!(payloads(&pair, 0, since), [0; 3]);
    assert_eq!(pair.a().recv(client, 1), Err(Refused::TimedOut));
    // Who did not ask does not know.
    assert_eq!(pair.b().recv(server, 1), Err(Refused::WouldBlock));
}

//? RFC9293-MUST-48
//? RFC9293-MUST-49
//? RFC9293-SHLD-21
//? RFC9293-SHLD-22
#[test]
fn the_traffic_class_of_a_connection_can_be_set_at_any_time() {
    let (mut pair, client, _) = connected();
    assert!(pair.log.iter().all(|(_, _, frame)| frame[1] & 0xfc == 0));
    assert_eq!(pair.a().set(client, OptionValue::TrafficClass(0x28 | 3)), Ok(()));
    assert_eq!(pair.a().set(client, OptionValue::HopLimit(9)), Ok(()));
    let since = pair.log.len();
    assert_eq!(pair.a().send(client, b"abc"), Ok(3));
    pair.settle();
    let frames: Vec<_> = pair.log[since..].iter().filter(|(_, by, _)| *by == 0).collect();
    assert!(!frames.is_empty());
    // The bits of congestion notification are not the application's.
    assert!(frames.iter().all(|(_, _, frame)| frame[1] == 0x28 && frame[8] == 9));
}

#[test]
fn the_class_of_a_datagram_is_the_applications_as_a_whole() {
    let mut pair = Pair::new(Link::Ip);
    let receiver = pair.b().receiver(SocketAddr::new(addr(1, Family::V4), 5009));
    let sender = pair.a().udp();
    assert_eq!(pair.a().set(sender, OptionValue::TrafficClass(0x2a)), Ok(()));
    assert_eq!(pair.a().send_to(sender, at(1, Family::V4, 5009), b"x"), Ok(1));
    pair.settle();
    assert_eq!(pair.log[0].2[1], 0x2a);
    assert!(pair.b().recv_from(receiver, 10).is_ok());
}
