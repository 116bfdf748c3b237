//! What the rules of the sending side find, and what they do not take for a breach.

use super::exchange::{CLIENT, Exchange, FULL, Flaw, Line, ack, data, line};
use crate::judge::Report;
use crate::judge::assume::Tap;
use crate::verdict::{Outcome, Reason};
use stack::wire::tcp::Flags;

/// Where the window of the server ends that it offers after the opening: 100 units of 128 octets.
const EDGE: u32 = 1 + 12_800;

pub(super) const FLAWS: &[Flaw] = &[
    Flaw {
        rule: "P-C2",
        clause: "RFC9293-MUST-16",
        outcome: Outcome::Fail,
        tap: Tap::Anywhere,
        good: || small_segments(Some(1_000), 988),
        breaks: |exchange| *exchange.line("data") = data("data", 30_000, true, 1, 1, 1_010),
    },
    Flaw {
        rule: "P-C2",
        clause: "RFC9293-MUST-15",
        outcome: Outcome::Fail,
        tap: Tap::Anywhere,
        good: || small_segments(None, 524),
        breaks: |exchange| *exchange.line("data") = data("data", 30_000, true, 1, 1, 600),
    },
    Flaw {
        rule: "P-C2",
        clause: "RFC6691-2-b",
        outcome: Outcome::Fail,
        tap: Tap::Anywhere,
        good: || small_segments(Some(1_000), 988),
        breaks: |exchange| *exchange.line("data") = data("data", 30_000, true, 1, 1, 1_000),
    },
    Flaw {
        rule: "P-C3",
        clause: "RFC9293-3.4-b",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: repeated,
        breaks: |exchange| exchange.line("again").data[700] ^= 1,
    },
    Flaw {
        rule: "P-C4",
        clause: "RFC9293-3.4-b",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: repeated,
        breaks: |exchange| exchange.drop("data"),
    },
    Flaw {
        rule: "P-C7",
        clause: "RFC9293-3.10.7.4-ac",
        outcome: Outcome::Deviates,
        tap: Tap::OnLink,
        good: Exchange::opened,
        breaks: |exchange| exchange.line("ack").seq = 9,
    },
    Flaw {
        rule: "P-C17",
        clause: "RFC9293-3.4-g",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: || {
            let fin = Flags::FIN | Flags::ACK;
            let again = line("fin again", 700_000, true, fin, 11, 1);
            Exchange::opened().then([
                data("data", 30_000, true, 1, 1, 10),
                line("fin", 31_000, true, fin, 11, 1),
                again,
            ])
        },
        breaks: |exchange| exchange.line("fin again").seq = 12,
    },
    Flaw {
        rule: "P-C22",
        clause: "RFC5482-3.4-a",
        outcome: Outcome::Fail,
        tap: Tap::Anywhere,
        good: || with_user_timeout([28, 4, 0, 9]),
        breaks: |exchange| *exchange = with_user_timeout([28, 4, 0x80, 0]),
    },
    Flaw {
        rule: "P-C18",
        clause: "RFC9293-SHLD-7",
        outcome: Outcome::Note,
        tap: Tap::Anywhere,
        good: || {
            Exchange::opened().then([
                data("data", 30_000, true, 1, 1, 10),
                ack("taken", 50_000, false, 1, 11),
                data("more", 50_100, true, 11, 1, 10),
            ])
        },
        breaks: |exchange| exchange.drop("taken"),
    },
    Flaw {
        rule: "P-C1",
        clause: "RFC7323-2.4-d",
        outcome: Outcome::Fail,
        tap: Tap::OnLink,
        good: || windowful(EDGE),
        breaks: |exchange| *exchange = windowful(EDGE + 2),
    },
    Flaw {
        rule: "P-C1",
        clause: "RFC5681-2-a",
        outcome: Outcome::Fail,
        tap: Tap::OnLink,
        good: || unscaled(windowful(EDGE), 12_800),
        breaks: |exchange| *exchange = unscaled(windowful(EDGE + 2), 12_800),
    },
    Flaw {
        rule: "P-B3",
        clause: "RFC7323-2.2-d",
        outcome: Outcome::Fail,
        tap: Tap::OnLink,
        good: || first_window(1_000),
        breaks: |exchange| *exchange = first_window(2_000),
    },
    Flaw {
        rule: "P-C1b",
        clause: "RFC9293-SHLD-15",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: || shrunk(1_000),
        breaks: |exchange| *exchange = shrunk(4_000),
    },
    Flaw {
        rule: "P-C14",
        clause: "RFC9293-SHLD-13",
        outcome: Outcome::Note,
        tap: Tap::Anywhere,
        good: repeated,
        breaks: |exchange| exchange.line("data").flags = Flags::ACK | Flags::URG,
    },
    Flaw {
        rule: "P-A10r",
        clause: "RFC3168-6.1.5-a",
        outcome: Outcome::Note,
        tap: Tap::Anywhere,
        good: || with_ecn(repeated()),
        breaks: |exchange| exchange.line("again").ecn = 2,
    },
    Flaw {
        rule: "P-C21",
        clause: "RFC3168-6.1.2-b",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: || with_ecn(repeated()),
        breaks: |exchange| exchange.line("again").flags = Flags::ACK | Flags::CWR,
    },
    Flaw {
        rule: "P-A10p",
        clause: "RFC3168-6.1.6-a",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: || with_ecn(closed_window()),
        breaks: |exchange| exchange.line("probe").ecn = 2,
    },
    Flaw {
        rule: "P-B10c",
        clause: "RFC3168-6.1.1-c",
        outcome: Outcome::Deviates,
        tap: Tap::Anywhere,
        good: Exchange::opened,
        breaks: |exchange| exchange.line("syn").flags = Flags::SYN | Flags::CWR,
    },
];

/// One segment of data towards a server that takes such an MSS.
fn small_segments(max_segment: Option<u16>, octets: usize) -> Exchange {
    let mut exchange = Exchange::opened();
    let options = exchange.line("syn-ack").options.as_mut().expect("options of its own");
    match max_segment {
        Some(said) => options[2..4].copy_from_slice(&said.to_be_bytes()),
        None => options[..4].fill(1),
    }
    exchange.then([data("data", 30_000, true, 1, 1, octets)])
}

/// An opening whose SYN has this option as well.
fn with_user_timeout(option: [u8; 4]) -> Exchange {
    let mut exchange = Exchange::opened();
    exchange.line("syn").options.as_mut().expect("options of its own").extend(option);
    exchange
}

/// A segment that is sent twice.
fn repeated() -> Exchange {
    Exchange::opened().then([
        data("data", 30_000, true, 1, 1, FULL),
        data("more", 30_100, true, 1 + FULL as u32, 1, FULL),
        data("again", 400_000, true, 1, 1, FULL),
    ])
}

/// Full segments up to this number, none of them acknowledged.
fn segments(end: u32) -> Vec<Line> {
    let starts = (1..end).step_by(FULL);
    starts.map(|seq| data("data", 40_000, true, seq, 1, FULL.min((end - seq) as usize))).collect()
}

/// The server says its window once more, and the client sends up to this number.
fn windowful(end: u32) -> Exchange {
    let mut exchange = Exchange::opened();
    exchange.line("syn-ack").window = 12_800;
    exchange.then([Line { window: 100, ..ack("window", 39_000, false, 1, 1) }]).then(segments(end))
}

/// The same without scaling of windows.
fn unscaled(mut exchange: Exchange, window: u16) -> Exchange {
    for line in &mut exchange.lines {
        line.window = window;
        if line.flags.syn() {
            let options = line.options.as_mut().expect("options of its own");
            let scale = options.windows(3).position(|three| three[..2] == [3, 3]).expect("a scale");
            options[scale..scale + 3].fill(1);
        }
    }
    exchange
}

/// So much data at once, into a window that the SYN,ACK says is 1000 octets.
fn first_window(octets: u32) -> Exchange {
    let mut exchange = Exchange::opened();
    exchange.line("syn-ack").window = 1_000;
    exchange.then(segments(1 + octets))
}

/// A window that shrinks to nothing, which the client knows when it goes on to this number.
fn shrunk(octets: u32) -> Exchange {
    let closes = Line { window: 0, ..ack("closes", 60_000, false, 1, 2_897) };
    let goes_on = data("goes on", 61_000, true, 2_897, 1, octets as usize);
    Exchange::opened()
        .then([ack("window", 39_000, false, 1, 1)])
        .then(segments(2_897))
        .then([closes, Line { stamps: Some((62, 100_060)), ..goes_on }])
}

/// A window that closes, and is probed with one octet.
fn closed_window() -> Exchange {
    let closes = Line { window: 0, ..ack("closes", 60_000, false, 1, 11) };
    let lines = [data("data", 40_000, true, 1, 1, 10), closes, data("probe", 400_000, true, 11, 1, 1)];
    let mut exchange = Exchange::opened().then(lines);
    // The window was never larger.
    exchange.line("syn-ack").window = 10;
    exchange
}

/// The same exchange of two that agree to ECN.
fn with_ecn(mut exchange: Exchange) -> Exchange {
    exchange.line("syn").flags = Flags::SYN | Flags::ECE | Flags::CWR;
    exchange.line("syn-ack").flags = Flags::SYN | Flags::ACK | Flags::ECE;
    exchange
}

/// What a rule says first, with the tap so near to the client.
fn decided(exchange: &Exchange, tap: Tap, rule: &str) -> Option<(Outcome, Option<Reason>)> {
    let report: Report = exchange.judged(tap);
    let about_client = report.verdicts.iter().filter(|verdict| verdict.host == CLIENT);
    let mut of_rule = about_client.filter(|verdict| verdict.rule.id == rule);
    of_rule.next().map(|verdict| (verdict.outcome, verdict.reason))
}

fn undecided(reason: Reason) -> Option<(Outcome, Option<Reason>)> {
    Some((Outcome::Undecided, Some(reason)))
}

#[test]
fn a_segment_of_several_may_be_joined() {
    let exchange = small_segments(Some(600), 1_176);
    assert_eq!(decided(&exchange, Tap::Anywhere, "P-C2"), undecided(Reason::Offload));
    let exchange = small_segments(Some(1_460), 20_000);
    assert_eq!(decided(&exchange, Tap::Anywhere, "P-C2"), undecided(Reason::Offload));
}

#[test]
fn an_absurd_mss_is_not_taken_at_its_word() {
    assert_eq!(decided(&small_segments(Some(100), 500), Tap::AtHost, "P-C2"), None);
}

#[test]
fn one_octet_that_differs_is_a_probe() {
    let exchange = Exchange::opened().then([
        data("data", 30_000, true, 1, 1, 1),
        Line { data: vec![9], ..data("again", 400_000, true, 1, 1, 1) },
    ]);
    assert_eq!(decided(&exchange, Tap::AtHost, "P-C3"), None);
}

#[test]
fn octets_in_the_middle_of_a_flight_are_remembered_too() {
    let second = 1 + FULL as u32;
    let again = |octets| data("again", 400_000, true, second, 1, octets);
    let mut exchange = Exchange::opened().then(segments(1 + 4 * FULL as u32));
    exchange.lines.push(again(FULL));
    assert_eq!(decided(&exchange, Tap::Anywhere, "P-C3"), None);
    exchange.line("again").data[700] ^= 1;
    assert_eq!(decided(&exchange, Tap::Anywhere, "P-C3"), Some((Outcome::Deviates, None)));
    // With other limits nothing is compared.
    *exchange.line("again") = again(FULL - 1);
    exchange.line("again").data[700] ^= 1;
    assert_eq!(decided(&exchange, Tap::Anywhere, "P-C3"), None);
}

#[test]
fn a_bare_acknowledgement_changed_places_if_all_in_front_of_it_comes_at_once() {
    let end = 1 + 2 * FULL as u32;
    let early = |seq| {
        let segments = segments(end);
        Exchange::opened().then([ack("early", 39_900, true, seq, 1)]).then(segments)
    };
    assert_eq!(decided(&early(end), Tap::OnLink, "P-C7"), undecided(Reason::Disorder));
    let never = decided(&early(end + 9_000), Tap::OnLink, "P-C7");
    assert_eq!(never, Some((Outcome::Deviates, None)));
}

#[test]
fn what_the_peer_takes_was_sent_even_if_the_capture_lost_it() {
    let mut exchange = repeated();
    exchange.drop("data");
    exchange.drop("again");
    let taken = 1 + 2 * FULL as u32;
    let exchange = exchange.then([ack("taken", 60_000, false, 1, taken)]);
    assert_eq!(decided(&exchange, Tap::AtHost, "P-C4"), undecided(Reason::PeerUnseen));
}

#[test]
fn numbers_that_come_at_once_changed_places() {
    let mut exchange = repeated();
    exchange.line("data").at_us = 30_200;
    exchange.drop("again");
    assert_eq!(decided(&exchange, Tap::AtHost, "P-C4"), undecided(Reason::Disorder));
}

#[test]
fn without_a_word_about_the_tap_a_gap_says_nothing() {
    let mut exchange = repeated();
    exchange.drop("data");
    assert_eq!(decided(&exchange, Tap::Anywhere, "P-C4"), None);
}

#[test]
fn a_probe_may_fill_a_segment() {
    let mut exchange = closed_window();
    exchange.drop("probe");
    let exchange = exchange.then([data("probe", 400_000, true, 11, 1, FULL)]);
    assert_eq!(decided(&exchange, Tap::AtHost, "P-C1"), None);
}

#[test]
fn an_edge_that_was_offered_once_may_be_what_the_host_knows() {
    let small = Line { window: 10, ..ack("small", 39_500, false, 1, 1) };
    let exchange = windowful(EDGE).then([small]);
    assert_eq!(decided(&exchange, Tap::AtHost, "P-C1"), None);
    assert_eq!(decided(&exchange, Tap::AtHost, "P-C1b"), None);
}

#[test]
fn an_edge_that_the_capture_lost_shows_in_what_is_acknowledged() {
    let exchange = windowful(EDGE + 5_000).then([ack("taken", 90_000, false, 1, EDGE + 9_000)]);
    assert_eq!(decided(&exchange, Tap::Anywhere, "P-C1"), undecided(Reason::PeerUnseen));
}

#[test]
fn an_edge_that_the_capture_lost_shows_in_what_is_offered_later() {
    let beyond = || windowful(EDGE + 5_000);
    assert_eq!(decided(&beyond(), Tap::Anywhere, "P-C1"), undecided(Reason::PeerUnseen));
    let more = beyond().then([ack("more", 90_000, false, 1, 5_001)]);
    assert_eq!(decided(&more, Tap::Anywhere, "P-C1"), undecided(Reason::PeerUnseen));
    let same = Line { window: 100, ..ack("the same", 2_090_000, false, 1, 1) };
    let same = beyond().then([same]);
    assert_eq!(decided(&same, Tap::Anywhere, "P-C1"), Some((Outcome::Fail, None)));
}

#[test]
fn without_the_opening_no_window_is_known() {
    let mut exchange = windowful(EDGE + 5_000);
    for name in ["syn", "syn-ack"] {
        exchange.drop(name);
    }
    assert_eq!(decided(&exchange, Tap::Anywhere, "P-C1"), None);
}

#[test]
fn who_does_not_echo_the_shrinking_may_not_know_of_it() {
    let mut exchange = shrunk(4_000);
    exchange.line("goes on").stamps = Some((62, 100_039));
    assert_eq!(decided(&exchange, Tap::AtHost, "P-C1b"), None);
}
