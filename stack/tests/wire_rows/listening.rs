//! Ports without a listener, listeners, their queues, and what comes before `accept`.

use crate::rig::name;
use crate::wire::{ACK, FIN, HOST, RST, SYN, Tcp, Wire, flags};
use stack::base::{Refused, Span};
use stack::sock::{Call, Setting, SynCookies};
use stack::wire::tcp::Flags;

/// Rows 1 to 4.
#[test]
fn a_port_where_nobody_is_resets_whatever_is_no_reset() {
    let mut wire = Wire::new();
    let to = 5001;
    for (sent, answer) in [(SYN, "RA"), (ACK, "R"), (RST, "nothing")] {
        assert_eq!(flags(&wire.send(Tcp { from: 4000, to, ack: 5, flags: sent, ..Tcp::default() })), answer);
    }
    let damaged = wire.send_damaged(Tcp { from: 4000, to, flags: SYN, ..Tcp::default() });
    assert_eq!(flags(&damaged), "nothing");
}

/// Row 6, as far as it is about ports that can be.
#[test]
fn a_listener_answers_a_syn() {
    let mut wire = Wire::new();
    wire.listen(6000, 5);
    assert_eq!(flags(&wire.syn(3333, 6000)), "SA");
}

/// Row 7. SYN with FIN is a SYN to RFC 9293 section 3.10.7.2, and to Linux an attack.
#[test]
fn a_listener_answers_nothing_but_syns_and_acknowledgements() {
    let mut wire = Wire::new();
    wire.listen(6000, 5);
    for (number, (sent, answer)) in (3400..).zip([
        (ACK, "R"),
        (RST, "nothing"),
        (FIN, "nothing"),
        (Flags::NONE, "nothing"),
        (SYN | RST, "nothing"),
    ]) {
        let segment = Tcp { from: number, to: 6000, ack: 7, flags: sent, ..Tcp::default() };
        assert_eq!(flags(&wire.send(segment)), answer, "{sent}");
    }
}

/// Row 8.
#[test]
fn a_port_that_is_bound_alone_is_as_one_where_nobody_is() {
    let mut wire = Wire::new();
    let sock = wire.app.tcp();
    assert_eq!(wire.app.bind(sock, name(&format!("{HOST}:6001"))), Ok(()));
    assert_eq!(flags(&wire.syn(4000, 6001)), "RA");
}

/// Two wait to be accepted, two are half-open, and their last segments come. What answers them.
fn overfull(wire: &mut Wire, port: u16) -> (u32, Vec<String>) {
    wire.open(4001, port);
    wire.open(4002, port);
    let half_open: Vec<_> = [4003, 4004].map(|from| wire.syn(from, port)[0].clone()).to_vec();
    let answers = half_open.iter().map(|syn_ack| flags(&wire.complete(syn_ack, b""))).collect();
    (half_open[1].seq.wrapping_add(1), answers)
}

/// Rows 9 to 12.
#[test]
fn who_does_not_fit_is_asked_again_until_there_is_room() {
    let mut wire = Wire::new();
    let listener = wire.listen(6010, 2);
    let (ack, answers) = overfull(&mut wire, 6010);
    assert_eq!(answers, ["nothing", "nothing"]);
    let hello = Tcp { from: 4004, to: 6010, seq: 1001, ack, flags: ACK | Flags::PSH, data: b"hello" };
    assert_eq!(flags(&wire.send(hello)), "nothing");
    let asked: Vec<_> = wire.pass(Span::from_millis(1400)).into_iter().filter(|got| got.to == 4004).collect();
    assert_eq!(flags(&asked), "SA");
    assert!(wire.app.accept(listener).is_ok());
    let answer: Vec<_> = wire.send(hello).into_iter().filter(|got| got.to == 4004).collect();
    assert_eq!(flags(&answer), "A");
}

/// Rows 13 to 15.
#[test]
fn an_overflow_that_aborts_resets_who_does_not_fit() {
    let mut wire = Wire::new();
    let setting = Setting::AbortOnOverflow(true);
    assert_eq!(wire.app.done(Call::Configure { setting }), Ok(()));
    wire.listen(6011, 2);
    let (ack, answers) = overfull(&mut wire, 6011);
    assert_eq!(answers, ["nothing", "R"]);
    let hello = Tcp { from: 4004, to: 6011, seq: 1001, ack, flags: ACK | Flags::PSH, data: b"hello" };
    assert_eq!(flags(&wire.send(hello)), "R");
    let later: Vec<_> = wire.pass(Span::from_millis(1400)).into_iter().filter(|got| got.to == 4004).collect();
    assert_eq!(flags(&later), "nothing");
}

/// Rows 16 and 17.
#[test]
fn a_backlog_of_nothing_has_room_for_one() {
    for cookies in [SynCookies::Never, SynCookies::WhenFull] {
        let mut wire = Wire::with(cookies);
        wire.listen(6015, 0);
        assert_eq!(flags(&wire.syn(4001, 6015)), "SA", "{cookies:?}");
    }
}

/// Rows 18 and 19. Without a flood there are no cookies (RFC 4987 section 4) unless the host is set to the
/// way of Linux.
#[test]
fn a_full_queue_drops_syns_or_answers_with_cookies() {
    for (cookies, answered) in
        [(SynCookies::Never, 9), (SynCookies::WhenFull, 40), (SynCookies::UnderFlood, 9)]
    {
        let mut wire = Wire::with(cookies);
        wire.listen(6020, 8);
        let mut count = 0;
        for from in 7000..7040 {
            let segment = Tcp { from, to: 6020, seq: 1000, flags: SYN, ..Tcp::default() };
            count +=
                wire.send_at_once(segment).iter().filter(|got| got.to == from && got.flags.syn()).count();
        }
        assert_eq!(count, answered, "{cookies:?}");
    }
}

/// Rows 20 and 21.
#[test]
fn the_last_segment_of_a_handshake_may_carry_text() {
    let mut wire = Wire::new();
    let listener = wire.listen(6030, 5);
    let syn_ack = wire.syn(4100, 6030);
    assert_eq!(flags(&wire.complete(&syn_ack[0], b"early")), "A");
    let (child, _) = wire.app.accept(listener).expect("a connection");
    assert_eq!(wire.app.recv(child, 9), Ok(b"early".to_vec()));
}

/// Row 22.
#[test]
fn who_is_reset_before_accept_is_handed_out() {
    let mut wire = Wire::new();
    let listener = wire.listen(6030, 5);
    wire.open(4101, 6030);
    wire.send(Tcp { from: 4101, to: 6030, seq: 1001, flags: RST, ..Tcp::default() });
    let (child, _) = wire.app.accept(listener).expect("a socket");
    assert_eq!(wire.app.recv(child, 1), Err(Refused::ConnReset));
}

/// Rows 23 and 24.
#[test]
fn who_is_half_open_is_nobody() {
    let mut wire = Wire::new();
    let listener = wire.listen(6030, 5);
    assert_eq!(flags(&wire.syn(4102, 6030)), "SA");
    assert_eq!(wire.app.accept(listener), Err(Refused::WouldBlock));
    let reset = Tcp { from: 4102, to: 6030, seq: 1001, flags: RST, ..Tcp::default() };
    assert_eq!(flags(&wire.send(reset)), "nothing");
    assert_eq!(wire.app.accept(listener), Err(Refused::WouldBlock));
}

/// Row 27.
#[test]
fn nobody_binds_to_the_port_of_a_listener() {
    let mut wire = Wire::new();
    wire.listen(6044, 5);
    let sock = wire.app.tcp();
    let shared = stack::sock::OptionValue::ReuseAddr(true);
    assert_eq!(wire.app.set(sock, shared), Ok(()));
    assert_eq!(wire.app.bind(sock, name(&format!("{HOST}:6044"))), Err(Refused::AddrInUse));
}

/// Rows 53 and 54.
#[test]
fn a_listener_that_goes_resets_who_waits_and_forgets_who_is_half_open() {
    let mut wire = Wire::new();
    let listener = wire.listen(6060, 5);
    wire.open(4306, 6060);
    let syn_ack = wire.syn(4400, 6060);
    assert_eq!(wire.app.close(listener), Ok(()));
    let got = wire.sent();
    // RFC 9293 section 3.10.5 has the reset of an ABORT without ACK.
    assert_eq!((flags(&got).as_str(), got[0].to), ("R", 4306));
    assert_eq!(flags(&wire.complete(&syn_ack[0], b"")), "R");
}
