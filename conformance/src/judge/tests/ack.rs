//! What the rules about acknowledging find, and what they do not hold against anybody.

use super::exchange::{Exchange, FULL, Flaw, Line, SERVER_ISN, ack, data};
use super::timestamp::{doubt, is_silent, taken};
use crate::judge::assume::Tap;
use crate::verdict::{Outcome, Reason};

const FULL32: u32 = FULL as u32;

pub(super) const FLAWS: &[Flaw] = &[
    Flaw {
        rule: "P-D1",
        clause: "RFC9293-3.4-c",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: taken,
        breaks: |exchange| exchange.line("taken").ack = 1 + 4 * FULL32,
    },
    Flaw {
        rule: "P-D2",
        clause: "RFC9293-3.4-d",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: taken,
        breaks: |exchange| exchange.line("taken more").ack = 1 + FULL32,
    },
    Flaw {
        rule: "P-D3",
        clause: "RFC9293-SHLD-14",
        outcome: Outcome::Deviates,
        tap: Tap::AtHost,
        good: taken,
        breaks: |exchange| exchange.line("taken more").window = 400,
    },
    Flaw {
        rule: "P-D4",
        clause: "RFC9293-MUST-40",
        outcome: Outcome::Fail,
        tap: Tap::OnLink,
        good: pairs,
        breaks: |exchange| later(exchange, &["pair 1", "pair 2", "pair 3"], 600_000),
    },
    Flaw {
        rule: "P-D5",
        clause: "RFC9293-SHLD-19",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: pairs,
        breaks: |exchange| later(exchange, &["pair 1", "pair 2", "pair 3"], 150_000),
    },
    Flaw {
        rule: "P-D6",
        clause: "RFC5681-3.2-a",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: holes,
        breaks: |exchange| {
            later(exchange, &["report 1", "report 2", "report 3"], 300_000);
            later(exchange, &["fill 1", "fill 2", "fill 3"], 300_000);
            later(exchange, &["filled 1", "filled 2", "filled 3"], 300_000);
        },
    },
    Flaw {
        rule: "P-D6f",
        clause: "RFC5681-3.2-b",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: holes,
        breaks: |exchange| later(exchange, &["filled 1", "filled 2", "filled 3"], 300_000),
    },
    Flaw {
        rule: "P-D10",
        clause: "RFC9293-MUST-39",
        outcome: Outcome::Fail,
        tap: Tap::AtHost,
        good: slowly_read,
        breaks: |exchange| creep(exchange, ["more 1", "more 2", "more 3"]),
    },
    Flaw {
        rule: "P-D18",
        clause: "RFC9293-MUST-3",
        outcome: Outcome::Deviates,
        tap: Tap::AtHost,
        good: damaged_once,
        breaks: |exchange| exchange.drop("again"),
    },
    Flaw {
        rule: "P-D9",
        clause: "RFC5681-4.2-d",
        outcome: Outcome::Fail,
        tap: Tap::AtHost,
        good: probed,
        breaks: |exchange| exchange.lines.push(ack("once more", 100_200, true, 1, 1)),
    },
];

/// The octets of SACK with these blocks, which count from the initial sequence number of the server.
pub(super) fn sacked(line: Line, blocks: &[(u32, u32)], (value, echo): (u32, u32)) -> Line {
    let mut options = super::conversation::options(None, Some((value, echo)), false)[4..].to_vec();
    options.extend_from_slice(&[1, 1, 5, 2 + 8 * blocks.len() as u8]);
    for (left, right) in blocks {
        options.extend_from_slice(&SERVER_ISN.wrapping_add(*left).to_be_bytes());
        options.extend_from_slice(&SERVER_ISN.wrapping_add(*right).to_be_bytes());
    }
    Line { options: Some(options), ..line }
}

fn later(exchange: &mut Exchange, names: &[&str], by_us: u64) {
    for name in names {
        exchange.line(name).at_us += by_us;
    }
}

/// Three times two full segments for the client, a second apart, each pair acknowledged together.
fn pairs() -> Exchange {
    let names = [
        ("first 1", "second 1", "pair 1"),
        ("first 2", "second 2", "pair 2"),
        ("first 3", "second 3", "pair 3"),
    ];
    let mut exchange = Exchange::opened();
    for (at, (first, second, pair)) in (0..).zip(names) {
        let (us, seq) = (100_000 + 1_000_000 * u64::from(at), 1 + 2 * FULL32 * at);
        exchange = exchange.then([
            data(first, us, false, seq, 1, FULL),
            data(second, us + 100, false, seq + FULL32, 1, FULL),
            ack(pair, us + 200, true, 1, seq + 2 * FULL32),
        ]);
    }
    exchange
}

/// Three times a segment beyond a hole, which is reported, and one that fills the hole.
pub(super) fn holes() -> Exchange {
    let names = [
        ("beyond 1", "report 1", "fill 1", "filled 1"),
        ("beyond 2", "report 2", "fill 2", "filled 2"),
        ("beyond 3", "report 3", "fill 3", "filled 3"),
    ];
    let mut exchange = Exchange::opened();
    for (at, (beyond, report, fill, filled)) in (0..).zip(names) {
        let (us, seq) = (100_000 + 1_000_000 * u64::from(at), 1 + 2 * FULL32 * at);
        let stamps = (1 + (us / 1_000) as u32, 100_000 + (us / 1_000) as u32);
        exchange = exchange.then([
            data(beyond, us, false, seq + FULL32, 1, FULL),
            sacked(ack(report, us + 100, true, 1, seq), &[(seq + FULL32, seq + 2 * FULL32)], stamps),
            data(fill, us + 50_000, false, seq, 1, FULL),
            ack(filled, us + 50_100, true, 1, seq + 2 * FULL32),
        ]);
    }
    exchange
}

/// A window that the server fills, and that opens in steps of 1536 octets.
fn slowly_read() -> Exchange {
    const FILLED: u32 = 130 << 7;
    let mut exchange = Exchange::opened();
    exchange.line("syn").window = 130 << 7;
    exchange.line("ack").window = 130;
    for nth in 0..FILLED / FULL32 {
        let us = 100_000 + 100 * u64::from(nth);
        exchange.lines.push(data("text", us, false, 1 + nth * FULL32, 1, FULL));
    }
    let rest = FILLED % FULL32;
    exchange.lines.push(data("rest", 102_000, false, 1 + FILLED - rest, 1, rest as usize));
    let stamps = Some((103, 100_100));
    exchange.lines.push(Line { window: 0, stamps, ..ack("full", 102_100, true, 1, 1 + FILLED) });
    let steps = (1_u16..).zip(["more 1", "more 2", "more 3"]);
    exchange.then(steps.map(|(nth, name)| {
        let ms = 200 + 50 * u32::from(nth);
        let stamps = Some((1 + ms, 100_100));
        Line { window: 12 * nth, stamps, ..ack(name, 1_000 * u64::from(ms), true, 1, 1 + FILLED) }
    }))
}

/// Lets the window open by 128 octets a time.
fn creep<const N: usize>(exchange: &mut Exchange, names: [&'static str; N]) {
    for (window, name) in (1..).zip(names) {
        exchange.line(name).window = window;
    }
}

/// A segment that comes damaged, comes again and is acknowledged.
fn damaged_once() -> Exchange {
    let damaged = Line { damaged: true, ..data("damaged", 101_000, false, 1 + FULL32, 1, FULL) };
    Exchange::opened().then([
        data("whole", 100_000, false, 1, 1, FULL),
        ack("taken", 100_100, true, 1, 1 + FULL32),
        damaged,
        data("request", 150_000, true, 1, 1 + FULL32, 10),
        data("again", 300_000, false, 1 + FULL32, 11, FULL),
        ack("taken again", 300_100, true, 11, 1 + 2 * FULL32),
    ])
}

#[test]
fn two_small_steps_of_the_window_may_be_chance() {
    let mut exchange = slowly_read();
    creep(&mut exchange, ["more 1", "more 2"]);
    assert!(is_silent(&exchange, Tap::AtHost, "P-D10"));
    // Something came in between, and may have been answered.
    creep(&mut exchange, ["more 1", "more 2", "more 3"]);
    exchange.lines.push(ack("probe", 260_000, false, 0, 1));
    assert!(is_silent(&exchange, Tap::AtHost, "P-D10"));
}

#[test]
fn a_small_buffer_has_small_steps() {
    let mut exchange = slowly_read();
    creep(&mut exchange, ["more 1", "more 2", "more 3"]);
    exchange.lines.retain(|line| line.name != "text");
    exchange.line("syn").window = 712;
    exchange.line("ack").window = 5;
    exchange.line("rest").seq = 1;
    for name in ["full", "more 1", "more 2", "more 3"] {
        exchange.line(name).ack = 1 + (130 << 7) % FULL32;
    }
    assert!(is_silent(&exchange, Tap::AtHost, "P-D10"));
}

#[test]
fn what_is_always_damaged_or_too_long_was_damaged_by_the_capture() {
    // No data of the peer has a right checksum.
    let mut exchange = damaged_once();
    exchange.drop("again");
    exchange.line("whole").damaged = true;
    assert!(is_silent(&exchange, Tap::AtHost, "P-D18"));
    // Several segments that a network card has joined.
    let mut exchange = damaged_once();
    exchange.drop("again");
    exchange.line("damaged").data = vec![0; 2 * FULL];
    exchange.line("taken again").ack = 1 + 3 * FULL32;
    assert!(is_silent(&exchange, Tap::AtHost, "P-D18"));
}

/// A probe that is answered.
pub(super) fn probed() -> Exchange {
    Exchange::opened().then([ack("probe", 100_000, false, 0, 1), ack("answer", 100_100, true, 1, 1)])
}

#[test]
fn a_capture_that_missed_what_was_acknowledged_accuses_nobody() {
    let mut exchange = taken();
    exchange.drop("three");
    assert!(is_silent(&exchange, Tap::Anywhere, "P-D1"));
    let mut exchange = taken();
    exchange.drop("two");
    exchange.drop("three");
    assert!(is_silent(&exchange, Tap::Anywhere, "P-D1"));
}

#[test]
fn what_the_peer_sent_before_it_knew_contradicts_nothing() {
    // The rest is missing; what comes late was sent earlier, as its echo shows.
    let mut exchange = taken();
    exchange.line("taken").ack = 1 + 4 * FULL32;
    exchange.drop("alive");
    assert!(is_silent(&exchange, Tap::Anywhere, "P-D1"));
}

#[test]
fn acknowledgements_that_overtake_each_other_do_not_go_back() {
    let mut exchange = taken();
    exchange.line("taken").at_us = 80_200;
    for tap in [Tap::Anywhere, Tap::OnLink] {
        assert_eq!(doubt(&exchange, tap, "P-D2"), Some(Reason::Disorder));
    }
}

#[test]
fn an_edge_that_is_rounded_or_overtaken_does_not_retreat() {
    let mut exchange = taken();
    exchange.line("taken more").window = 488;
    assert!(is_silent(&exchange, Tap::AtHost, "P-D3"));
    let mut exchange = taken();
    exchange.line("taken").at_us = 80_200;
    assert_eq!(doubt(&exchange, Tap::OnLink, "P-D3"), Some(Reason::Disorder));
}

#[test]
fn an_edge_retreats_at_the_host_alone_and_none_that_a_syn_offered() {
    let mut exchange = taken();
    exchange.line("taken more").window = 400;
    let found = exchange.judged(Tap::AtHost).verdicts;
    assert!(found.iter().any(|one| one.rule.id == "P-D3" && one.outcome == Outcome::Deviates));
    assert_eq!(doubt(&exchange, Tap::Anywhere, "P-D3"), Some(Reason::NotNear));
    // The window of the SYN was not scaled.
    let mut exchange = taken();
    for line in exchange.lines.iter_mut().filter(|line| line.from_client && line.name != "syn") {
        line.window = 300;
    }
    exchange.line("syn").window = u16::MAX;
    assert!(is_silent(&exchange, Tap::AtHost, "P-D3"));
}

#[test]
fn what_came_out_of_order_to_a_tap_on_the_host_came_so_to_the_host() {
    let mut exchange = taken();
    exchange.line("one").at_us = 52_020;
    exchange.line("taken more").ack = 1 + FULL32;
    assert_eq!(doubt(&exchange, Tap::OnLink, "P-D2"), Some(Reason::Disorder));
    let found = exchange.judged(Tap::AtHost).verdicts;
    assert!(found.iter().any(|one| one.rule.id == "P-D2" && one.outcome != Outcome::Undecided));
}

#[test]
fn a_host_that_slept_once_is_not_late() {
    let mut exchange = pairs();
    later(&mut exchange, &["pair 1", "pair 2"], 600_000);
    assert!(is_silent(&exchange, Tap::OnLink, "P-D4"));
    assert!(is_silent(&exchange, Tap::OnLink, "P-D5"));
}

#[test]
fn what_had_to_be_sent_again_arrived_late() {
    let mut exchange = pairs();
    later(&mut exchange, &["pair 1", "pair 2", "pair 3"], 600_000);
    for (at, name) in (0..).zip(["again 1", "again 2", "again 3"]) {
        let us = 600_000 + 1_000_000 * u64::from(at);
        exchange.lines.push(data(name, us, false, 1 + 2 * FULL32 * at, 1, FULL));
    }
    assert!(is_silent(&exchange, Tap::OnLink, "P-D4"));
    assert!(is_silent(&exchange, Tap::OnLink, "P-D5"));
}

#[test]
fn a_hole_that_the_host_sees_and_the_tap_does_not_is_filled_late() {
    // The first of each pair is lost behind the tap, and comes again.
    let mut exchange = pairs();
    later(&mut exchange, &["pair 1"], 900_100);
    exchange.lines.push(data("again", 1_000_000, false, 1, 1, FULL));
    exchange.drop("pair 2");
    assert!(is_silent(&exchange, Tap::OnLink, "P-D4"));
}

#[test]
fn a_capture_that_missed_what_fills_a_hole_knows_of_no_delay() {
    let mut exchange = holes();
    later(&mut exchange, &["filled 1", "filled 2", "filled 3"], 700_000);
    exchange.drop("fill 1");
    for rule in ["P-D4", "P-D6f"] {
        assert!(
            exchange
                .judged(Tap::OnLink)
                .verdicts
                .iter()
                .all(|verdict| { verdict.rule.id != rule || verdict.reason == Some(Reason::PeerUnseen) })
        );
    }
}

#[test]
fn a_batch_is_acknowledged_once() {
    let mut exchange = pairs();
    exchange.drop("pair 1");
    exchange.drop("pair 2");
    assert!(is_silent(&exchange, Tap::OnLink, "P-D5"));
}

#[test]
fn a_delay_says_nothing_where_the_tap_is_far() {
    let mut exchange = pairs();
    later(&mut exchange, &["pair 1", "pair 2", "pair 3"], 600_000);
    exchange.line("syn-ack").at_us = 100;
    let report = exchange.judged(Tap::Anywhere);
    let found = report.verdicts.iter().filter(|verdict| verdict.rule.id == "P-D4");
    assert!(found.into_iter().all(|verdict| verdict.outcome == Outcome::Undecided));
}

#[test]
fn several_may_have_arrived_before_the_first_answer() {
    let mut exchange = probed();
    exchange.lines.push(ack("second probe", 100_050, false, 0, 1));
    exchange.lines.push(ack("second answer", 100_150, true, 1, 1));
    assert!(is_silent(&exchange, Tap::AtHost, "P-D9"));
}

#[test]
fn probes_of_its_own_are_no_acknowledgements() {
    let mut exchange = probed();
    exchange.lines.extend([ack("own probe", 200_000, true, 0, 1), ack("next probe", 300_000, true, 0, 1)]);
    assert!(is_silent(&exchange, Tap::AtHost, "P-D9"));
    let mut window = ack("more room", 400_000, true, 1, 1);
    window.window = 900;
    exchange.lines.push(window);
    assert!(is_silent(&exchange, Tap::AtHost, "P-D9"));
}

#[test]
fn stamps_are_not_needed_for_order_at_the_host() {
    let mut exchange = taken();
    exchange.line("taken more").ack = 1 + FULL32;
    exchange.lines = exchange
        .lines
        .into_iter()
        .map(|line| Line { options: line.options.or(Some(Vec::new())), ..line })
        .collect();
    let report = exchange.judged(Tap::AtHost);
    assert!(report.verdicts.iter().any(|verdict| verdict.rule.id == "P-D2" && verdict.reason.is_none()));
    assert_eq!(doubt(&exchange, Tap::OnLink, "P-D2"), Some(Reason::Disorder));
}
