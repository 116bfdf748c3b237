//! What the rules about resets find, and what they do not hold against anybody.

use super::exchange::{CLIENT_ISN, Exchange, FULL, Flaw, Line, ack, line};
use super::timestamp::{doubt, is_silent, stamped, taken};
use crate::judge::assume::Tap;
use crate::verdict::{Outcome, Reason};
use stack::wire::tcp::Flags;

/// Zero, as the numbers of the client count.
const ZERO: u32 = 0u32.wrapping_sub(CLIENT_ISN);

pub(super) const FLAWS: &[Flaw] = &[
    Flaw {
        rule: "P-E1",
        clause: "RFC9293-3.5.2-c",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: refused,
        breaks: |exchange| exchange.line("refusal").ack = 0,
    },
    Flaw {
        rule: "P-E1",
        clause: "RFC9293-3.5.2-c",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: refused,
        breaks: |exchange| exchange.line("refusal").flags = Flags::RST,
    },
    Flaw {
        rule: "P-E1a",
        clause: "RFC9293-3.5.2-b",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: aborted,
        breaks: |exchange| exchange.line("abort").seq = exchange.line("abort").seq.wrapping_sub(70_000),
    },
    Flaw {
        rule: "P-E1t",
        clause: "RFC7323-5.2-b",
        outcome: Outcome::Note,
        tap: Tap::Anywhere,
        good: refused,
        breaks: |exchange| exchange.line("refusal").options = Some(Vec::new()),
    },
    Flaw {
        rule: "P-D16",
        clause: "RFC9293-3.5.2-a",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: refused,
        breaks: |exchange| {
            let both = |us| [reset("in", us, false, 5), reset("out", us + 100, true, ZERO)];
            exchange.lines = (0..3).flat_map(|at| both(1_000_000 * at)).collect();
        },
    },
    Flaw {
        rule: "P-C5",
        clause: "RFC9293-3.5.2-a",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: aborted,
        breaks: |exchange| exchange.lines.push(ack("after", 2_000_000, true, 101, 1 + 3 * FULL as u32)),
    },
];

fn reset(name: &'static str, at_us: u64, from_client: bool, seq: u32) -> Line {
    line(name, at_us, from_client, if from_client { Flags::RST | Flags::ACK } else { Flags::RST }, seq, 5)
}

/// A SYN for a port of the client where nobody listens.
fn refused() -> Exchange {
    let refusal = line("refusal", 100, true, Flags::RST | Flags::ACK, ZERO, 1);
    let call = line("call", 0, false, Flags::SYN, 0, 0);
    Exchange { lines: vec![stamped(call, 100_000, 0), stamped(refusal, 0, 100_000)] }
}

/// The client aborts.
fn aborted() -> Exchange {
    taken().then([line("abort", 130_000, true, Flags::RST | Flags::ACK, 101, 1 + 3 * FULL as u32)])
}

#[test]
fn what_left_before_the_reset_may_come_after_it() {
    let mut exchange = aborted();
    exchange.lines.push(ack("overtaken", 131_000, true, 101, 1 + 3 * FULL as u32));
    assert_eq!(doubt(&exchange, Tap::OnLink, "P-C5"), Some(Reason::Disorder));
}

#[test]
fn a_reset_that_answers_ends_nothing() {
    let mut exchange = aborted();
    exchange.line("abort").flags = Flags::RST;
    exchange.lines.push(ack("after", 2_000_000, true, 101, 1 + 3 * FULL as u32));
    assert!(is_silent(&exchange, Tap::OnLink, "P-C5"));
}

#[test]
fn a_reset_of_a_connection_that_was_not_seen_has_any_number() {
    let mut exchange = refused();
    exchange.line("refusal").seq = 17;
    assert_eq!(doubt(&exchange, Tap::Anywhere, "P-E1"), Some(Reason::CaptureStart));
}

#[test]
fn two_hosts_may_reset_a_connection_at_the_same_time() {
    let exchange = Exchange { lines: vec![reset("in", 0, false, 5), reset("out", 100, true, 7)] };
    assert_eq!(doubt(&exchange, Tap::OnLink, "P-D16"), Some(Reason::CaptureStart));
}

#[test]
fn a_reset_may_come_after_what_the_capture_missed() {
    let mut exchange = aborted();
    exchange.line("abort").seq += 70_000;
    assert!(is_silent(&exchange, Tap::OnLink, "P-E1a"));
}

#[test]
fn a_reset_gives_back_what_was_acknowledged() {
    let mut exchange = aborted();
    exchange.lines.push(ack("strange", 125_000, false, 1 + 3 * FULL as u32, 50_000));
    let abort = exchange.line("abort");
    (abort.flags, abort.seq) = (Flags::RST, 50_000);
    assert!(is_silent(&exchange, Tap::OnLink, "P-E1a"));
}
