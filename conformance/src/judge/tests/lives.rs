//! Two lives of the same ports, and peers that are not one host: what is not claimed about who talks to them.

use super::exchange::{CLIENT, Exchange, Line, ack, data, line};
use crate::judge::assume::Tap;
use crate::verdict::{Outcome, Reason};
use stack::wire::tcp::Flags;

/// What a rule says first of the client, with the tap on the host.
fn decided(exchange: &Exchange, rule: &str) -> Option<(Outcome, Option<Reason>)> {
    let report = exchange.judged(Tap::AtHost);
    let about_client = report.verdicts.iter().filter(|verdict| verdict.host == CLIENT);
    let mut of_rule = about_client.filter(|verdict| verdict.rule.id == rule);
    of_rule.next().map(|verdict| (verdict.outcome, verdict.reason))
}

/// An opening, and data of the server that is acknowledged.
fn served() -> Exchange {
    Exchange::opened().then([data("data", 30_000, false, 1, 1, 100), ack("taken", 31_000, true, 1, 101)])
}

/// The opening again, from this time on.
fn again(from_us: u64) -> Vec<Line> {
    Exchange::opened().lines.into_iter().map(|line| Line { at_us: line.at_us + from_us, ..line }).collect()
}

#[test]
fn who_goes_back_without_a_new_life_is_found() {
    let exchange = served().then([ack("back", 40_000, true, 1, 51)]);
    assert_eq!(decided(&exchange, "P-D2"), Some((Outcome::Deviates, None)));
}

#[test]
fn who_is_reborn_with_the_same_numbers_is_not_held_against_the_life_before() {
    for end in [Flags::RST, Flags::FIN | Flags::ACK] {
        let exchange = served().then([line("end", 50_000, false, end, 101, 1)]).then(again(100_000));
        assert_eq!(decided(&exchange, "P-D2"), None, "{end}");
        assert_eq!(exchange.judged(Tap::AtHost).connections, 2, "{end}");
    }
}

#[test]
fn an_answer_with_another_number_is_of_a_syn_that_was_not_seen() {
    let other = line("answer", 100_000, true, Flags::SYN | Flags::ACK, 9_000, 1);
    let exchange = served().then([other, ack("new", 110_000, true, 9_001, 1)]);
    assert_eq!(decided(&exchange, "P-D2"), None);
}

#[test]
fn a_syn_that_is_repeated_on_a_live_connection_begins_no_other() {
    let exchange = served().then(again(100_000).into_iter().take(1));
    assert_eq!(exchange.judged(Tap::AtHost).connections, 1);
}

#[test]
fn where_somebody_else_sends_wild_numbers_nothing_about_numbers_is_claimed() {
    let early = |wild: u32| {
        Exchange::opened().then([
            data("perhaps wild", 25_000, false, wild, 1, 100),
            data("first", 31_000, true, 1, 1, 100),
            data("copy", 40_000, true, 1, 1, 100),
        ])
    };
    assert_eq!(decided(&early(1), "P-C8"), Some((Outcome::Fail, None)));
    assert_eq!(decided(&early(1 << 31), "P-C8"), Some((Outcome::Undecided, Some(Reason::Stray))));
}

#[test]
fn who_sends_wild_numbers_is_not_excused_by_them() {
    let exchange = served().then([ack("wild", 40_000, true, 1 << 31, 101), ack("back", 41_000, true, 1, 51)]);
    assert_eq!(decided(&exchange, "P-D2"), Some((Outcome::Deviates, None)));
}
