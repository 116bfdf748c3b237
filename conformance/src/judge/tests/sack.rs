//! What the rules about selective acknowledgements find, and what they do not hold against anybody.

use super::ack::{holes, sacked};
use super::exchange::{Exchange, FULL, Flaw, SERVER_ISN, ack, data, line};
use super::timestamp::{doubt, is_silent};
use crate::judge::assume::Tap;
use crate::verdict::{Outcome, Reason};
use stack::wire::tcp::Flags;

const FULL32: u32 = FULL as u32;

/// The second and the fourth segment of the server.
const SECOND: (u32, u32) = (1 + FULL32, 1 + 2 * FULL32);
const FOURTH: (u32, u32) = (1 + 3 * FULL32, 1 + 4 * FULL32);

/// A segment that the server never comes to.
const NEVER_SENT: (u32, u32) = (1 + 50 * FULL32, 1 + 51 * FULL32);

pub(super) const FLAWS: &[Flaw] = &[
    Flaw {
        rule: "P-D7",
        clause: "RFC2018-3-a",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: holes,
        breaks: |exchange| report(exchange, "report 1", &[(SECOND.1, SECOND.0)]),
    },
    Flaw {
        rule: "P-D7",
        clause: "RFC2018-3-a",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: holes,
        breaks: |exchange| report(exchange, "report 1", &[(1, SECOND.1)]),
    },
    Flaw {
        rule: "P-D7",
        clause: "RFC2018-3-a",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: two_holes,
        breaks: |exchange| report(exchange, "report 2", &[(FOURTH.0 - 3_000, FOURTH.1), SECOND]),
    },
    Flaw {
        rule: "P-D7r",
        clause: "RFC2018-3-a",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: holes,
        breaks: |exchange| report(exchange, "report 1", &[NEVER_SENT]),
    },
    Flaw {
        rule: "P-D7f",
        clause: "RFC2018-4-d",
        outcome: Outcome::Fail,
        tap: Tap::OnLink,
        good: two_holes,
        breaks: |exchange| report(exchange, "report 2", &[SECOND, FOURTH]),
    },
    Flaw {
        rule: "P-D8",
        clause: "RFC2883-4-a",
        outcome: Outcome::Deviates,
        tap: Tap::AtHost,
        good: two_holes,
        breaks: |exchange| exchange.drop("again"),
    },
    Flaw {
        rule: "P-D8",
        clause: "RFC2883-4-b",
        outcome: Outcome::Deviates,
        tap: Tap::AtHost,
        good: two_holes,
        breaks: |exchange| {
            let again = ack("report 4", 160_000, true, 1, 1);
            exchange.lines.push(sacked(again, &[SECOND, SECOND, FOURTH], (161, 100_020)));
        },
    },
    Flaw {
        rule: "P-D8b",
        clause: "RFC2883-4-c",
        outcome: Outcome::Deviates,
        tap: Tap::AtHost,
        good: two_holes,
        breaks: |exchange| report(exchange, "report 3", &[SECOND, FOURTH, SECOND]),
    },
    Flaw {
        rule: "P-D11",
        clause: "RFC9293-SHLD-31",
        outcome: Outcome::Note,
        tap: Tap::Anywhere,
        good: holes,
        breaks: |exchange| exchange.line("filled 1").ack = SECOND.0,
    },
];

fn report(exchange: &mut Exchange, name: &str, blocks: &[(u32, u32)]) {
    let line = exchange.line(name);
    let ms = (line.at_us / 1_000) as u32;
    // While there is a hole the echo stays.
    *line = sacked(line.clone(), blocks, (1 + ms, 100_020));
}

/// The second and the fourth segment arrive, and the second once more; each is reported.
fn two_holes() -> Exchange {
    let bare = |name, us| ack(name, us, true, 1, 1);
    let mut exchange = Exchange::opened().then([
        data("second", 100_000, false, SECOND.0, 1, FULL),
        bare("report 1", 100_100),
        data("fourth", 120_000, false, FOURTH.0, 1, FULL),
        bare("report 2", 120_100),
        data("again", 140_000, false, SECOND.0, 1, FULL),
        bare("report 3", 140_100),
    ]);
    report(&mut exchange, "report 1", &[SECOND]);
    report(&mut exchange, "report 2", &[FOURTH, SECOND]);
    report(&mut exchange, "report 3", &[SECOND, SECOND, FOURTH]);
    exchange
}

#[test]
fn numbers_that_are_moved_on_the_way_are_no_breach() {
    // A middlebox adds to sequence numbers and forgets the blocks.
    let mut exchange = holes();
    let moved = 0x9000_0000u32.wrapping_sub(SERVER_ISN);
    let block = (moved, moved.wrapping_add(FULL32));
    report(&mut exchange, "report 1", &[block, (block.1 + 1_000, block.1 + 2_000)]);
    for tap in [Tap::Anywhere, Tap::OnLink] {
        assert_eq!(doubt(&exchange, tap, "P-D7"), Some(Reason::Renumbered));
    }
}

#[test]
fn what_is_reported_may_have_come_another_way() {
    let mut exchange = holes();
    report(&mut exchange, "report 1", &[NEVER_SENT]);
    assert_eq!(doubt(&exchange, Tap::Anywhere, "P-D7r"), Some(Reason::NotNear));
    // The peer has sent that much since.
    let end = data("end", 2_900_000, false, NEVER_SENT.0, 1, FULL);
    exchange.drop("fill 1");
    exchange.drop("beyond 2");
    exchange.drop("fill 2");
    exchange.drop("beyond 3");
    exchange.drop("fill 3");
    exchange.lines.push(end);
    assert!(is_silent(&exchange, Tap::OnLink, "P-D7r"));
}

#[test]
fn behind_a_fin_nothing_is_reported_wherever_the_tap_is() {
    let mut exchange = holes();
    report(&mut exchange, "report 1", &[NEVER_SENT]);
    let fin = line("fin", 2_900_000, false, Flags::FIN | Flags::ACK, 1 + 6 * FULL32, 1);
    exchange.lines.push(fin);
    assert_eq!(doubt(&exchange, Tap::Anywhere, "P-D7r"), Some(Reason::NotNear));
    let claims = exchange.judged(Tap::Anywhere).verdicts;
    assert!(claims.iter().any(|found| found.rule.id == "P-D7r" && found.outcome == Outcome::Deviates));
}

#[test]
fn a_duplicate_in_front_of_the_acknowledgement_may_be_reported() {
    let mut exchange = holes();
    let again = data("again", 3_000_000, false, 1, 1, FULL);
    let report = ack("duplicate", 3_000_100, true, 1, 1 + 6 * FULL32);
    exchange.lines.extend([again, sacked(report, &[(1, 1 + FULL32)], (3_001, 103_000))]);
    assert!(is_silent(&exchange, Tap::AtHost, "P-D7"));
    assert!(is_silent(&exchange, Tap::AtHost, "P-D8"));
}

#[test]
fn a_duplicate_may_be_made_behind_the_tap() {
    let mut exchange = two_holes();
    exchange.drop("again");
    assert_eq!(doubt(&exchange, Tap::OnLink, "P-D8"), Some(Reason::NotNear));
}

#[test]
fn a_segment_that_is_on_its_way_to_the_host_is_in_no_block() {
    let mut exchange = two_holes();
    report(&mut exchange, "report 2", &[SECOND]);
    assert!(is_silent(&exchange, Tap::OnLink, "P-D7f"));
}

#[test]
fn of_two_that_arrived_either_may_be_first() {
    let mut exchange = two_holes();
    exchange.drop("report 1");
    report(&mut exchange, "report 2", &[SECOND, FOURTH]);
    assert!(is_silent(&exchange, Tap::OnLink, "P-D7f"));
}
