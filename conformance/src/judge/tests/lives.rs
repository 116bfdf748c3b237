//! Two lives of the same ports, and peers that are not one host: what is not claimed about who talks to them.

use super::exchange::{CLIENT, Exchange, Line, ack, data, line};
use crate::judge::Report;
use crate::judge::assume::Tap;
use crate::trace::capture::Losses;
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

/// Data that is sent again far too early.
fn hasty() -> Exchange {
    Exchange::opened().then([data("first", 30_000, true, 1, 1, 100), data("copy", 40_000, true, 1, 1, 100)])
}

/// What is said first of P-C8, if the file says this of what was lost, with the frames up to the number.
fn with_losses(losses: Losses, number: u64) -> Option<(Outcome, Option<Reason>)> {
    let report = hasty().judged_with(Tap::AtHost, |calibration| calibration.note_losses(losses, number));
    let mut found = report.verdicts.iter().filter(|verdict| verdict.rule.id == "P-C8");
    found.next().map(|verdict| (verdict.outcome, verdict.reason))
}

#[test]
fn what_the_file_lost_may_have_come_for_the_host() {
    let before = Losses { before_packets: 1, ..Losses::NONE };
    assert_eq!(with_losses(Losses::NONE, 1), Some((Outcome::Fail, None)));
    assert_eq!(with_losses(before, 5), Some((Outcome::Undecided, Some(Reason::Lost))));
    assert_eq!(with_losses(before, 6), Some((Outcome::Fail, None)));
    for anywhere in [Losses { by_interface: 1, ..before }, Losses { by_system: 1, ..Losses::NONE }] {
        assert_eq!(with_losses(anywhere, 6), Some((Outcome::Undecided, Some(Reason::Lost))));
    }
}

#[test]
fn a_copy_excuses_its_own_connection_alone() {
    let mut exchange = super::ack::probed();
    exchange.lines.push(ack("once more", 100_200, true, 1, 1));
    let said = |report: &Report| {
        let mut found = report.verdicts.iter().filter(|verdict| verdict.rule.id == "P-D9");
        found.next().map(|verdict| (verdict.outcome, verdict.reason))
    };
    let elsewhere = exchange.judged_with(Tap::AtHost, |calibration| calibration.copies += 1);
    assert_eq!(said(&elsewhere), Some((Outcome::Fail, None)));
    let line = exchange.line("once more").clone();
    exchange.lines.push(Line { at_us: line.at_us + 1, identification: 77, ..line.clone() });
    exchange.lines.push(Line { at_us: line.at_us + 2, identification: 77, ..line });
    assert_eq!(said(&exchange.judged(Tap::AtHost)), Some((Outcome::Undecided, Some(Reason::MaybeCopy))));
}

#[test]
fn who_is_sent_data_behind_a_fin_may_report_it() {
    let report = |fin: bool| {
        let flags = if fin { Flags::FIN | Flags::ACK } else { Flags::ACK };
        let exchange = Exchange::opened().then([
            line("ends", 30_000, false, flags, 15, 1),
            data("behind", 31_000, false, 2, 1, 100),
            super::ack::sacked(ack("report", 32_000, true, 1, 16), &[(2, 102)], (33, 100_031)),
        ]);
        decided(&exchange, "P-D7")
    };
    assert_eq!(report(false), Some((Outcome::Deviates, None)));
    assert_eq!(report(true), Some((Outcome::Undecided, Some(Reason::Stray))));
}
