//! What the rules of sending again, of congestion and of probes find, and what they do not take for a breach.

use super::exchange::{CLIENT, Exchange, FULL, Flaw, Line, ack, data, line};
use crate::judge::assume::Tap;
use crate::verdict::{Outcome, Reason};
use stack::wire::tcp::Flags;

/// Where data begins behind one full segment.
const SECOND: u32 = 1 + FULL as u32;

pub(super) const FLAWS: &[Flaw] = &[
    Flaw {
        rule: "P-C8",
        clause: "RFC6298-5-a",
        outcome: Outcome::Fail,
        tap: Tap::AtHost,
        good: || copied(&[400]),
        breaks: |exchange| exchange.line("copy").at_us = 40_000,
    },
    Flaw {
        rule: "P-C8b",
        clause: "RFC6298-5.5-a",
        outcome: Outcome::Fail,
        tap: Tap::OnLink,
        good: || copied(&[1_030, 3_030, 7_030, 15_030]),
        breaks: |exchange| *exchange = copied(&[1_030, 2_030, 3_030, 4_030]),
    },
    Flaw {
        rule: "P-C8e",
        clause: "RFC6298-5.4-a",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: || copied(&[1_030, 3_030, 7_030]),
        breaks: |exchange| {
            for line in exchange.lines.iter_mut().filter(|line| line.name == "copy") {
                *line = data("copy", line.at_us, true, SECOND, 1, FULL);
            }
        },
    },
    Flaw {
        rule: "P-C8m",
        clause: "RFC6298-2.4-a",
        outcome: Outcome::Note,
        tap: Tap::OnLink,
        good: || copied(&[1_030, 3_030]),
        breaks: |exchange| *exchange = copied(&[400, 1_000]),
    },
    Flaw {
        rule: "P-C9",
        clause: "RFC6298-2.1-a",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: || opened_after(&[0, 1_000, 3_000]),
        breaks: |exchange| *exchange = opened_after(&[0, 500, 1_000]),
    },
    Flaw {
        rule: "P-C9b",
        clause: "RFC1122-4.2.3.1-a",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: || opened_after(&[0, 1_000, 2_000, 4_000]),
        breaks: |exchange| *exchange = opened_after(&[0, 4_000, 7_000, 9_000]),
    },
    Flaw {
        rule: "P-C9d",
        clause: "RFC6298-5.7-a",
        outcome: Outcome::Fail,
        tap: Tap::OnLink,
        good: || unstamped_after_a_lost_syn(&[2_000, 5_000, 11_000]),
        breaks: |exchange| *exchange = unstamped_after_a_lost_syn(&[2_000, 3_000, 4_000]),
    },
    Flaw {
        rule: "P-C10",
        clause: "RFC5681-3.1-b",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: || Exchange::opened().then(flight(1, 10)),
        breaks: |exchange| *exchange = Exchange::opened().then(flight(1, 12)),
    },
    Flaw {
        rule: "P-C10",
        clause: "RFC5681-3.1-a",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: || second_flight(11),
        breaks: |exchange| *exchange = second_flight(18),
    },
    Flaw {
        rule: "P-C10n",
        clause: "RFC5681-3.1-b",
        outcome: Outcome::Note,
        tap: Tap::Anywhere,
        good: || Exchange::opened().then(flight(1, 3)),
        breaks: |exchange| *exchange = Exchange::opened().then(flight(1, 4)),
    },
    Flaw {
        rule: "P-C10s",
        clause: "RFC5681-3.1-d",
        outcome: Outcome::Note,
        tap: Tap::Anywhere,
        good: || late(opened_after(&[0, 1_000]), flight(1, 1)),
        breaks: |exchange| *exchange = late(opened_after(&[0, 1_000]), flight(1, 2)),
    },
    Flaw {
        rule: "P-C10t",
        clause: "RFC5681-3.1-l",
        outcome: Outcome::Fail,
        tap: Tap::OnLink,
        good: || after_a_timeout(10),
        breaks: |exchange| *exchange = after_a_timeout(FULL),
    },
    Flaw {
        rule: "P-C15",
        clause: "RFC9293-SHLD-30",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: || probed(&[400, 1_000, 2_200, 4_600]),
        breaks: |exchange| *exchange = probed(&[400, 2_400, 3_900, 4_900]),
    },
    Flaw {
        rule: "P-C16",
        clause: "RFC9293-MUST-26",
        outcome: Outcome::Fail,
        tap: Tap::OnLink,
        good: kept_alive,
        breaks: |exchange| exchange.drop("taken"),
    },
    Flaw {
        rule: "P-C16d",
        clause: "RFC9293-SHLD-12",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: kept_alive,
        breaks: |exchange| *exchange.line("alive") = data("alive", 9_000_000, true, 10, 1, 1),
    },
];

/// Two segments, and copies of the first at these times in milliseconds.
fn copied(at_ms: &[u64]) -> Exchange {
    let first = [data("first", 30_000, true, 1, 1, FULL), data("second", 30_100, true, SECOND, 1, FULL)];
    let copies = at_ms.iter().map(|ms| data("copy", ms * 1_000, true, 1, 1, FULL));
    Exchange::opened().then(first).then(copies)
}

/// The same opening after SYNs at these times in milliseconds, the last of which is answered.
fn opened_after(syns_ms: &[u64]) -> Exchange {
    let opened = Exchange::opened();
    let syn = opened.lines[0].clone();
    let last_us = syns_ms.last().map_or(0, |ms| ms * 1_000);
    let syns = syns_ms.iter().map(|ms| Line { at_us: ms * 1_000, ..syn.clone() });
    let rest = opened.lines[1..].iter().map(|line| Line { at_us: line.at_us + last_us, ..line.clone() });
    Exchange { lines: syns.collect() }.then(rest)
}

/// An opening with two SYNs and without timestamps, and data at these times in milliseconds.
fn unstamped_after_a_lost_syn(at_ms: &[u64]) -> Exchange {
    let copies = at_ms.iter().map(|ms| data("data", ms * 1_000, true, 1, 1, 100));
    let mut exchange = opened_after(&[0, 1_000]).then(copies);
    for line in &mut exchange.lines {
        let plain = super::conversation::options(Some(7), None, false);
        line.options = Some(if line.flags.syn() { plain } else { Vec::new() });
    }
    exchange
}

/// So many full segments, from this number on.
fn flight(seq: u32, count: usize) -> Vec<Line> {
    (0..count).map(|at| data("data", 40_000, true, seq + (at * FULL) as u32, 1, FULL)).collect()
}

/// The same lines behind an opening that took long.
fn late(exchange: Exchange, lines: Vec<Line>) -> Exchange {
    exchange.then(lines.into_iter().map(|line| Line { at_us: line.at_us + 2_000_000, ..line }))
}

/// One segment that is acknowledged, and so many more behind it.
fn second_flight(count: usize) -> Exchange {
    let first = [data("first", 30_000, true, 1, 1, FULL), ack("taken", 35_000, false, 1, SECOND)];
    Exchange::opened().then(first).then(flight(SECOND, count))
}

/// Two segments, a copy of the first by a timer, and so many octets more.
fn after_a_timeout(octets: usize) -> Exchange {
    Exchange::opened().then([
        data("first", 30_000, true, 1, 1, 100),
        data("second", 30_100, true, 101, 1, 100),
        data("copy", 1_030_000, true, 1, 1, 100),
        data("more", 1_031_000, true, 201, 1, octets),
    ])
}

/// A window that closes, and probes without data at these times in milliseconds, each of them answered.
fn probed(at_ms: &[u64]) -> Exchange {
    let closed = |name, at_us| Line { window: 0, ..ack(name, at_us, false, 1, 11) };
    let probes = at_ms
        .iter()
        .flat_map(|ms| [ack("probe", ms * 1_000, true, 10, 1), closed("answer", ms * 1_000 + 20_000)]);
    Exchange::opened().then([data("data", 30_000, true, 1, 1, 10), closed("closes", 50_000)]).then(probes)
}

/// Data that is acknowledged, a long silence, and a keep-alive.
fn kept_alive() -> Exchange {
    Exchange::opened().then([
        data("data", 30_000, true, 1, 1, 10),
        ack("taken", 50_000, false, 1, 11),
        ack("alive", 9_000_000, true, 10, 1),
    ])
}

/// What a rule says first of the client, with the tap on the host.
fn decided(exchange: &Exchange, rule: &str) -> Option<(Outcome, Option<Reason>)> {
    let report = exchange.judged(Tap::AtHost);
    let about_client = report.verdicts.iter().filter(|verdict| verdict.host == CLIENT);
    let mut of_rule = about_client.filter(|verdict| verdict.rule.id == rule);
    of_rule.next().map(|verdict| (verdict.outcome, verdict.reason))
}

#[test]
fn what_came_in_between_may_have_asked_for_it() {
    let mut exchange = copied(&[400]);
    exchange.line("copy").at_us = 40_000;
    let exchange = exchange.then([ack("anything", 35_000, false, 1, 1)]);
    assert_eq!(decided(&exchange, "P-C8"), None);
}

#[test]
fn what_came_just_before_may_have_come_to_the_host_after() {
    let mut exchange = copied(&[400]);
    exchange.line("copy").at_us = 40_000;
    let exchange = exchange.then([ack("anything", 29_000, false, 1, 1)]);
    assert_eq!(decided(&exchange, "P-C8"), None);
}

#[test]
fn an_answer_that_crosses_what_is_sent_counts_as_a_second_one() {
    let exchange = second_flight(18).then([ack("again", 36_000, false, 1, SECOND)]);
    assert_eq!(decided(&exchange, "P-C10"), None);
}

#[test]
fn a_capture_that_has_not_all_says_nothing_of_times() {
    let mut exchange = copied(&[400]);
    exchange.line("copy").at_us = 40_000;
    let far = 1 + 9 * FULL as u32;
    let exchange = exchange.then([data("far", 900_000, true, far, 1, FULL)]);
    assert_eq!(decided(&exchange, "P-C8"), Some((Outcome::Undecided, Some(Reason::HostUnseen))));
}

#[test]
fn a_host_that_stood_still_once_did_back_off() {
    // The second time was stretched, so that the third looks short.
    assert_eq!(decided(&copied(&[1_030, 3_030, 12_030, 20_030, 36_030]), "P-C8b"), None);
}

#[test]
fn a_probe_for_loss_at_the_end_has_a_time_of_its_own() {
    let exchange = Exchange::opened().then([
        data("first", 30_000, true, 1, 1, FULL),
        data("copy", 1_000_000, true, 1, 1, FULL),
        data("copy", 1_400_000, true, 1, 1, FULL),
        data("copy", 2_200_000, true, 1, 1, FULL),
        data("copy", 3_800_000, true, 1, 1, FULL),
    ]);
    assert_eq!(decided(&exchange, "P-C8b"), None);
    assert_eq!(decided(&exchange, "P-C8e"), None);
}

#[test]
fn the_longest_timeout_does_not_grow() {
    let at_ms: Vec<u64> = (1..9).map(|copy| 60_000 * copy).collect();
    assert_eq!(decided(&copied(&at_ms), "P-C8b"), None);
}

#[test]
fn the_first_syn_may_have_waited_for_the_address_of_the_next_hop() {
    assert_eq!(decided(&opened_after(&[0, 400, 2_400]), "P-C9"), None);
}

#[test]
fn who_could_measure_nothing_waits_for_a_second() {
    // The answer took two seconds; it was of a copy, so that it is not measured.
    let slow = |ms: u64, exchange: Exchange| {
        exchange.then([
            data("first", 30_000, true, 1, 1, FULL),
            ack("taken", 2_030_000, false, 1, SECOND),
            data("next", 2_040_000, true, SECOND, 1, 100),
            data("copy", 2_040_000 + ms * 1_000, true, SECOND, 1, 100),
        ])
    };
    let slow_opening = || {
        let mut exchange = Exchange::opened();
        exchange.line("syn-ack").at_us = 20_000;
        exchange
    };
    assert_eq!(decided(&slow(1_000, slow_opening()), "P-C8"), None);
}

#[test]
fn the_network_may_send_a_syn_twice() {
    assert_eq!(decided(&opened_after(&[0, 1]), "P-C9"), None);
}

#[test]
fn syns_at_even_times_are_not_faster_and_faster() {
    assert_eq!(decided(&opened_after(&[0, 1_030, 2_050, 3_060, 4_070]), "P-C9b"), None);
}

#[test]
fn with_timestamps_a_syn_that_was_sent_twice_is_measured() {
    let copies = [1_900, 2_200, 2_800].map(|ms| data("data", ms * 1_000, true, 1, 1, 100));
    assert_eq!(decided(&opened_after(&[0, 1_000]).then(copies), "P-C9d"), None);
}

#[test]
fn what_was_reported_twice_makes_room_for_more() {
    let exchange = second_flight(2).then([ack("again", 40_500, false, 1, SECOND)]);
    let more = flight(SECOND + 2 * FULL as u32, 16).into_iter().map(|line| Line { at_us: 41_000, ..line });
    assert_eq!(decided(&exchange.then(more), "P-C10"), None);
}

#[test]
fn a_small_segment_that_is_taken_makes_room_for_a_full_one() {
    let first = [data("first", 30_000, true, 1, 1, 1), ack("taken", 35_000, false, 1, 2)];
    let exchange = Exchange::opened().then(first).then(flight(2, 11));
    assert_eq!(decided(&exchange, "P-C10"), None);
}

#[test]
fn where_nobody_states_a_near_tap_an_acknowledgement_may_be_missing() {
    let flight = second_flight(18).judged(Tap::Anywhere);
    let found = flight.verdicts.iter().find(|verdict| verdict.rule.id == "P-C10").expect("a finding");
    assert_eq!((found.outcome, found.reason), (Outcome::Undecided, Some(Reason::NotNear)));
}

#[test]
fn a_probe_for_loss_may_be_new() {
    assert_eq!(decided(&Exchange::opened().then(flight(1, 11)), "P-C10"), None);
}

#[test]
fn a_fin_need_not_wait_for_a_timeout_to_be_answered() {
    let mut exchange = after_a_timeout(FULL);
    exchange.line("more").flags = Flags::ACK | Flags::FIN;
    assert_eq!(decided(&exchange, "P-C10t"), None);
}

#[test]
fn what_is_sent_after_an_answer_is_not_bound_by_a_timeout() {
    let exchange = after_a_timeout(FULL).then([ack("taken", 1_030_500, false, 1, 101)]);
    assert_eq!(decided(&exchange, "P-C10t"), None);
}

#[test]
fn a_window_that_opened_begins_probes_anew() {
    let opens = Line { window: 5, ..ack("opens", 3_950_000, false, 1, 11) };
    let exchange = probed(&[400, 2_400, 3_900, 4_900]).then([opens]);
    assert_eq!(decided(&exchange, "P-C15"), None);
}

#[test]
fn a_probe_of_a_closed_window_is_no_keep_alive() {
    assert_eq!(decided(&probed(&[400, 1_000]), "P-C16"), None);
}

#[test]
fn one_octet_that_is_sent_again_is_no_keep_alive() {
    let exchange = Exchange::opened().then([
        data("data", 30_000, true, 1, 1, 9),
        data("last", 30_100, true, 10, 1, 1),
        ack("taken", 50_000, false, 1, 11),
        data("last again", 900_000, true, 10, 1, 1),
        line("also", 901_000, true, Flags::ACK, 10, 1),
    ]);
    assert_eq!(decided(&exchange, "P-C16d"), None);
    assert_eq!(decided(&exchange, "P-C16"), None);
}
