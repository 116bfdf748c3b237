//! What the rules about timestamps find, and what they do not hold against anybody.

use super::exchange::{Exchange, FULL, Flaw, Line, ack, data};
use crate::judge::assume::Tap;
use crate::verdict::{Outcome, Reason};

const FULL32: u32 = FULL as u32;

pub(super) const FLAWS: &[Flaw] = &[
    Flaw {
        rule: "P-C11",
        clause: "RFC7323-5.4-d",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: taken,
        breaks: |exchange| exchange.line("taken more").stamps = Some((40, 100_080)),
    },
    Flaw {
        rule: "P-C11f",
        clause: "RFC7323-5.4-c",
        outcome: Outcome::Fail,
        tap: Tap::Anywhere,
        good: taken,
        breaks: |exchange| exchange.line("taken more").stamps = Some((1_000_000_000, 100_080)),
    },
    Flaw {
        rule: "P-C11s",
        clause: "RFC7323-4.1-a",
        outcome: Outcome::Note,
        tap: Tap::Anywhere,
        good: || taken().then([ack("late", 2_000_000_000, true, 101, 1 + 3 * FULL32)]),
        breaks: |exchange| exchange.line("late").stamps = Some((90, 100_080)),
    },
    Flaw {
        rule: "P-C12",
        clause: "RFC7323-3.2-b",
        outcome: Outcome::Fail,
        tap: Tap::Anywhere,
        good: taken,
        breaks: |exchange| exchange.line("taken more").stamps = Some((81, 99_000)),
    },
    Flaw {
        rule: "P-C12a",
        clause: "RFC7323-3.2-b",
        outcome: Outcome::Fail,
        tap: Tap::Anywhere,
        good: taken,
        breaks: |exchange| exchange.line("taken").stamps = Some((53, 200_000)),
    },
    Flaw {
        rule: "P-D13",
        clause: "RFC7323-4.3-d",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: taken,
        breaks: |exchange| exchange.line("taken more").stamps = Some((81, 100_040)),
    },
    Flaw {
        rule: "P-D13e",
        clause: "RFC7323-4.3-a",
        outcome: Outcome::Deviates,
        tap: Tap::AtHost,
        good: taken,
        breaks: |exchange| exchange.line("taken").stamps = Some((53, 100_053)),
    },
    Flaw {
        rule: "P-D13e",
        clause: "RFC7323-4.3-b",
        outcome: Outcome::Deviates,
        tap: Tap::AtHost,
        good: || {
            let beyond = stamped(data("beyond", 100_000, false, 1 + 4 * FULL32, 101, FULL), 100_100, 81);
            taken().then([beyond, stamped(ack("again", 100_100, true, 101, 1 + 3 * FULL32), 101, 100_080)])
        },
        breaks: |exchange| exchange.line("again").stamps = Some((101, 100_100)),
    },
];

pub(super) fn stamped(line: Line, value: u32, echo: u32) -> Line {
    Line { stamps: Some((value, echo)), ..line }
}

/// Three segments for the client, two of which it acknowledges together.
pub(super) fn taken() -> Exchange {
    Exchange::opened().then([
        stamped(data("request", 30_000, true, 1, 1, 100), 31, 100_020),
        stamped(data("one", 52_000, false, 1, 101, FULL), 100_052, 31),
        stamped(data("two", 52_010, false, 1 + FULL32, 101, FULL), 100_053, 31),
        stamped(ack("taken", 52_100, true, 101, 1 + 2 * FULL32), 53, 100_052),
        stamped(data("three", 80_000, false, 1 + 2 * FULL32, 101, FULL), 100_080, 53),
        stamped(ack("taken more", 80_100, true, 101, 1 + 3 * FULL32), 81, 100_080),
        stamped(ack("alive", 120_000, false, 1 + 3 * FULL32, 101), 100_120, 81),
    ])
}

/// The reason why the first finding of a rule is undecided.
pub(super) fn doubt(exchange: &Exchange, tap: Tap, rule: &str) -> Option<Reason> {
    let report = exchange.judged(tap);
    report.verdicts.iter().find(|verdict| verdict.rule.id == rule).and_then(|verdict| verdict.reason)
}

pub(super) fn is_silent(exchange: &Exchange, tap: Tap, rule: &str) -> bool {
    exchange.judged(tap).verdicts.iter().all(|verdict| verdict.rule.id != rule)
}

#[test]
fn segments_that_overtake_each_other_go_back_in_nothing() {
    let mut exchange = taken();
    exchange.line("taken").at_us = 80_200;
    for tap in [Tap::Anywhere, Tap::OnLink] {
        assert_eq!(doubt(&exchange, tap, "P-C11"), Some(Reason::Disorder));
        assert_eq!(doubt(&exchange, tap, "P-D13"), Some(Reason::Disorder));
    }
}

#[test]
fn an_echo_of_a_packet_that_the_capture_missed_is_no_breach() {
    // The acknowledgement of the server with 100_110 is missing, and it never gets to show its clock again.
    let mut exchange = taken();
    exchange.lines.push(stamped(ack("missed", 115_000, true, 101, 1 + 3 * FULL32), 115, 100_110));
    assert!(is_silent(&exchange, Tap::Anywhere, "P-C12a"));
    assert!(is_silent(&exchange, Tap::Anywhere, "P-C12"));
    // Nor is one that the server had not yet heard of when it answered.
    let mut exchange = taken();
    exchange.line("taken more").stamps = Some((81, 100_125));
    assert!(is_silent(&exchange, Tap::Anywhere, "P-C12a"));
}

#[test]
fn an_echo_of_a_syn_before_the_capture_is_no_breach() {
    let mut exchange = taken();
    exchange.line("ack").stamps = Some((21, 99_000));
    assert_eq!(doubt(&exchange, Tap::Anywhere, "P-C12"), Some(Reason::CaptureStart));
}

#[test]
fn a_cookie_in_a_timestamp_is_no_breach() {
    let mut exchange = taken();
    exchange.line("syn").options = Some(super::conversation::options(Some(7), Some((60, 0)), true));
    assert!(is_silent(&exchange, Tap::Anywhere, "P-C11"));
}

#[test]
fn a_segment_that_came_before_the_last_acknowledgement_may_be_echoed_after_it() {
    let mut exchange = taken();
    // The second arrives while the acknowledgement of the first leaves.
    exchange.lines.push(stamped(ack("one taken", 52_050, true, 101, 1 + FULL32), 52, 100_052));
    exchange.line("taken").stamps = Some((53, 100_053));
    assert!(is_silent(&exchange, Tap::AtHost, "P-D13e"));
}
