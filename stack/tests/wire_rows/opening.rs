//! The active open: crossing SYNs, resets, ICMP, and how often a SYN is sent.

use crate::rig::name;
use crate::wire::{ACK, HOST, PEER, RST, SYN, Tcp, Wire, flags};
use stack::base::{Refused, Span};
use stack::sock::{SocketId, SynCookies};
use stack::tcp::State;

/// A socket that connects from `port` of the host to `port + 1` of the peer, whose SYN crosses its own.
fn crossing(wire: &mut Wire, port: u16) -> (SocketId, u32, String) {
    let sock = wire.app.tcp();
    assert_eq!(wire.app.bind(sock, name(&format!("{HOST}:{port}"))), Ok(()));
    let begun = wire.app.connect(sock, name(&format!("{PEER}:{}", port + 1)));
    assert_eq!(begun, Err(Refused::InProgress));
    let syn = wire.sent();
    let answer = wire.send(Tcp { from: port + 1, to: port, seq: 9000, flags: SYN, ..Tcp::default() });
    (sock, syn[0].seq.wrapping_add(1), flags(&answer))
}

/// Row 25.
#[test]
fn crossing_syns_are_acknowledged_and_acknowledge() {
    let mut wire = Wire::new();
    let (sock, ack, answer) = crossing(&mut wire, 6040);
    assert_eq!((answer.as_str(), wire.state(sock)), ("SA", Some(State::SynReceived)));
    let both = Tcp { from: 6041, to: 6040, seq: 9000, ack, flags: SYN | ACK, ..Tcp::default() };
    let answer = wire.send(both);
    assert_eq!((flags(&answer).as_str(), wire.state(sock)), ("A", Some(State::SynReceived)));
    // A SYN,ACK that begins before the window is refused with an acknowledgement by RFC 9293 section
    // 3.10.7.4; Linux takes its ACK. What follows opens the connection here.
    let plain = Tcp { from: 6041, to: 6040, seq: 9001, ack, flags: ACK, ..Tcp::default() };
    wire.send(plain);
    assert_eq!(wire.state(sock), Some(State::Established));
}

/// Row 26.
#[test]
fn a_plain_acknowledgement_ends_it_as_well() {
    let mut wire = Wire::new();
    let (sock, ack, _) = crossing(&mut wire, 6042);
    let plain = Tcp { from: 6043, to: 6042, seq: 9001, ack, flags: ACK, ..Tcp::default() };
    assert_eq!(flags(&wire.send(plain)), "nothing");
    assert_eq!(wire.state(sock), Some(State::Established));
}

const CODES: [(u8, Refused); 8] = [
    (0, Refused::NetUnreachable),
    (1, Refused::HostUnreachable),
    (2, Refused::NoSuchOption),
    (3, Refused::ConnRefused),
    (5, Refused::NotSupported),
    (9, Refused::NetUnreachable),
    (10, Refused::HostUnreachable),
    (13, Refused::HostUnreachable),
];

/// Rows 28 to 35.
#[test]
fn an_icmp_error_ends_an_attempt() {
    for (code, error) in CODES {
        let mut wire = Wire::new();
        let (sock, syn) = wire.connecting(81);
        wire.icmp(code, &syn.packet);
        assert_eq!(wire.state(sock), Some(State::Closed), "code {code}");
        assert_eq!(wire.app.error(sock), Some(error), "code {code}");
    }
}

/// Row 36.
#[test]
fn a_reset_counts_if_it_acknowledges_the_syn() {
    let mut wire = Wire::new();
    let (sock, syn) = wire.connecting(81);
    let reset = Tcp { from: 81, to: syn.from, flags: RST, ..Tcp::default() };
    wire.send(reset);
    assert_eq!(wire.state(sock), Some(State::SynSent));
    wire.send(Tcp { flags: RST | ACK, ack: syn.seq, ..reset });
    assert_eq!(wire.state(sock), Some(State::SynSent));
    wire.send(Tcp { flags: RST | ACK, ack: syn.seq.wrapping_add(1), ..reset });
    assert_eq!((wire.state(sock), wire.app.error(sock)), (Some(State::Closed), Some(Refused::ConnRefused)));
}

/// Row 37.
#[test]
fn an_icmp_error_about_other_numbers_is_nothing() {
    let mut wire = Wire::new();
    let (sock, mut syn) = wire.connecting(81);
    syn.packet[24..28].copy_from_slice(&12_345_u32.to_be_bytes());
    wire.icmp(3, &syn.packet);
    assert_eq!((wire.state(sock), wire.app.error(sock)), (Some(State::SynSent), None));
}

/// Rows 38 to 42.
#[test]
fn an_icmp_error_ends_no_connection_and_is_told_once() {
    let mut wire = Wire::new();
    let listener = wire.listen(6050, 5);
    wire.open(4200, 6050);
    let (child, _) = wire.app.accept(listener).expect("a connection");
    assert_eq!(wire.app.send(child, b"abc"), Ok(3));
    let sent = wire.sent();
    for (code, error) in CODES {
        wire.icmp(code, &sent[0].packet);
        assert_eq!(wire.state(child), Some(State::Established), "code {code}");
        assert_eq!(wire.app.error(child), Some(error), "code {code}");
        assert_eq!(wire.app.error(child), None, "code {code}");
    }
    wire.quench(&sent[0].packet);
    assert_eq!((wire.state(child), wire.app.error(child)), (Some(State::Established), None));
}

/// Row 56.
#[test]
fn disconnecting_from_nobody_sends_nothing() {
    let mut wire = Wire::new();
    let (sock, _) = wire.connecting(82);
    assert_eq!(wire.app.done(stack::sock::Call::Disconnect { sock }), Ok(()));
    assert_eq!(flags(&wire.sent()), "nothing");
    assert_eq!((wire.state(sock), wire.app.error(sock)), (Some(State::Closed), Some(Refused::ConnReset)));
}

/// Row 57.
#[test]
fn closing_an_attempt_sends_nothing() {
    let mut wire = Wire::new();
    let (sock, _) = wire.connecting(83);
    assert_eq!(wire.app.close(sock), Ok(()));
    assert_eq!(flags(&wire.pass(Span::from_secs(10))), "nothing");
}

/// Milliseconds at which a SYN is sent again that nobody answers, in eight seconds.
fn repeated(wire: &mut Wire) -> Vec<u64> {
    let (_, syn) = wire.connecting(84);
    let again = wire.pass(Span::from_secs(8));
    again.iter().map(|got| got.at.since(syn.at).as_millis()).collect()
}

/// Row 58.
#[test]
fn a_syn_that_nobody_answers_is_sent_again_as_linux_does() {
    assert_eq!(repeated(&mut Wire::new()), [1000, 2000, 3000, 4000, 5000, 7000]);
}

//? RFC6298-5.5-a
#[test]
fn a_syn_that_nobody_answers_is_sent_again_after_a_time_that_doubles() {
    let mut wire = Wire::with(SynCookies::UnderFlood);
    wire.app = crate::rig::App::alone();
    assert_eq!(repeated(&mut wire), [1000, 3000, 7000]);
}
