//! The end of a connection: FIN, resets, TIME-WAIT, what comes for nobody.

use crate::wire::{ACK, FIN, RST, SYN, Tcp, Wire, flags};
use stack::base::{Refused, Span};
use stack::sock::{Call, How, OptionValue, SocketId};
use stack::tcp::State;
use stack::wire::tcp::Flags;

const PSH_ACK: Flags = Flags(Flags::PSH.0 | Flags::ACK.0);

/// A connection from `from` that was accepted, and the number that the host begins with.
fn accepted(wire: &mut Wire, from: u16, port: u16) -> (SocketId, u32, SocketId) {
    let listener = wire.listen(port, 5);
    let ack = wire.open(from, port);
    let (child, _) = wire.app.accept(listener).expect("a connection");
    (child, ack, listener)
}

/// A connection that the host has closed first, in TIME-WAIT: what was answered to the peer's FIN.
fn in_time_wait(wire: &mut Wire, from: u16, port: u16) -> (String, SocketId) {
    let (child, ack, listener) = accepted(wire, from, port);
    assert_eq!(wire.app.close(child), Ok(()));
    assert_eq!(flags(&wire.sent()), "FA");
    let of_fin = Tcp { from, to: port, seq: 1001, ack: ack.wrapping_add(1), flags: ACK, ..Tcp::default() };
    wire.send(of_fin);
    (flags(&wire.send(Tcp { flags: FIN | ACK, ..of_fin })), listener)
}

fn syn(from: u16, to: u16, seq: u32) -> Tcp<'static> {
    Tcp { from, to, seq, flags: SYN, ..Tcp::default() }
}

/// Rows 43 and 44.
#[test]
fn an_old_syn_draws_an_acknowledgement_in_time_wait_and_a_reset_ends_it() {
    let mut wire = Wire::new();
    let (answer, _) = in_time_wait(&mut wire, 4201, 6050);
    assert_eq!(answer, "A");
    assert_eq!(flags(&wire.send(syn(4201, 6050, 500))), "A");
    let reset = Tcp { from: 4201, to: 6050, seq: 1002, flags: RST, ..Tcp::default() };
    assert_eq!(flags(&wire.send(reset)), "nothing");
    assert_eq!(flags(&wire.send(syn(4201, 6050, 200_000))), "SA");
}

/// Row 45.
#[test]
fn a_newer_syn_opens_anew_what_is_in_time_wait() {
    let mut wire = Wire::new();
    in_time_wait(&mut wire, 4202, 6051);
    assert_eq!(flags(&wire.send(syn(4202, 6051, 200_000))), "SA");
}

/// Row 46.
#[test]
fn but_not_without_a_listener() {
    let mut wire = Wire::new();
    let (_, listener) = in_time_wait(&mut wire, 4203, 6051);
    assert_eq!(wire.app.close(listener), Ok(()));
    assert_eq!(flags(&wire.send(syn(4203, 6051, 200_000))), "A");
}

/// Row 47. RFC 9293 section 3.10.5 has the reset of an ABORT without ACK; Linux sends one with it. Likewise
/// in rows 52, 53 and 55.
#[test]
fn closing_with_something_unread_is_a_reset() {
    let mut wire = Wire::new();
    let (child, ack, _) = accepted(&mut wire, 4300, 6060);
    wire.send(Tcp { from: 4300, to: 6060, seq: 1001, ack, flags: PSH_ACK, data: b"unread" });
    assert_eq!(wire.app.close(child), Ok(()));
    assert_eq!(flags(&wire.sent()), "R");
}

/// Row 48.
#[test]
fn text_for_a_connection_that_nobody_has_is_reset() {
    let mut wire = Wire::new();
    let (child, ack, _) = accepted(&mut wire, 4301, 6060);
    assert_eq!(wire.app.close(child), Ok(()));
    assert_eq!(flags(&wire.sent()), "FA");
    let of_fin =
        Tcp { from: 4301, to: 6060, seq: 1001, ack: ack.wrapping_add(1), flags: ACK, ..Tcp::default() };
    assert_eq!(flags(&wire.send(of_fin)), "nothing");
    assert_eq!(flags(&wire.send(Tcp { flags: PSH_ACK, data: b"late", ..of_fin })), "R");
    assert!(wire.app.host.sockets().iter().all(|row| row.peer.is_none()));
}

/// Row 49.
#[test]
fn shutting_both_halves_is_a_fin_and_what_comes_then_is_reset() {
    let mut wire = Wire::new();
    let (child, ack, _) = accepted(&mut wire, 4302, 6060);
    assert_eq!(wire.app.shutdown(child, How::Both), Ok(()));
    assert_eq!(flags(&wire.sent()), "FA");
    let late =
        Tcp { from: 4302, to: 6060, seq: 1001, ack: ack.wrapping_add(1), flags: PSH_ACK, data: b"late" };
    assert_eq!(flags(&wire.send(late)), "R");
    assert_eq!((wire.state(child), wire.app.error(child)), (Some(State::Closed), Some(Refused::ConnReset)));
}

/// Row 50.
#[test]
fn shutting_the_reading_half_is_no_affair_of_the_peers() {
    let mut wire = Wire::new();
    let (child, ack, _) = accepted(&mut wire, 4303, 6060);
    assert_eq!(wire.app.shutdown(child, How::Read), Ok(()));
    assert_eq!(flags(&wire.sent()), "nothing");
    let late = Tcp { from: 4303, to: 6060, seq: 1001, ack, flags: PSH_ACK, data: b"late" };
    assert_eq!(flags(&wire.send(late)), "A");
    assert_eq!(wire.app.recv(child, 9), Ok(b"late".to_vec()));
}

/// Row 51.
#[test]
fn what_is_sent_before_close_is_sent_before_the_fin() {
    let mut wire = Wire::new();
    let (child, _, _) = accepted(&mut wire, 4304, 6060);
    assert_eq!(wire.app.send(child, b"one"), Ok(3));
    assert_eq!(wire.app.close(child), Ok(()));
    assert_eq!(flags(&wire.sent()), "PA(3); FA");
}

/// Row 52.
#[test]
fn lingering_for_no_time_is_a_reset() {
    let mut wire = Wire::new();
    let (child, _, _) = accepted(&mut wire, 4305, 6060);
    assert_eq!(wire.app.set(child, OptionValue::Linger(Some(Span::ZERO))), Ok(()));
    assert_eq!(wire.app.close(child), Ok(()));
    assert_eq!(flags(&wire.sent()), "R");
}

/// Row 55.
#[test]
fn disconnecting_is_a_reset() {
    let mut wire = Wire::new();
    let (child, _, _) = accepted(&mut wire, 4500, 6062);
    assert_eq!(wire.app.done(Call::Disconnect { sock: child }), Ok(()));
    assert_eq!(flags(&wire.sent()), "R");
}
