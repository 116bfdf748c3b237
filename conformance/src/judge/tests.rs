//! Every rule against a conversation that keeps it, and against the same conversation with one thing wrong.

mod ack;
mod close;
mod conversation;
mod doubts;
mod exchange;
mod frames;
mod lives;
mod network;
mod problems;
mod replaced;
mod reset;
mod retransmit;
mod sack;
mod send;
mod timestamp;

use super::*;
use crate::requirement::Catalogue;
use crate::verdict::Outcome;
use conversation::{Conversation, Tcp, good, options};
use stack::wire::Auto;
use stack::wire::tcp::Flags;
use std::collections::BTreeSet;
use std::net::Ipv6Addr;

fn mutated(mutate: impl FnOnce(&mut Conversation)) -> Conversation {
    let mut conversation = good();
    mutate(&mut conversation);
    conversation
}

#[test]
fn a_good_conversation_is_accused_of_nothing() {
    for vantage in [Vantage::Anywhere, Vantage::AtHost] {
        let report = good().judged(vantage);
        assert!(report.verdicts.is_empty(), "{:#?}", report.verdicts);
    }
}

#[test]
fn the_good_conversation_gives_every_rule_something_to_judge() {
    let report = good().judged(Vantage::Anywhere);
    let idle: Vec<&str> = rules()
        .zip(&report.tallies)
        .filter(|(_, tally)| !tally.has_evidence())
        .map(|(rule, _)| rule.id)
        // Those that need an exchange of their own are given it there.
        .filter(|id| exchange::flaws().all(|flaw| flaw.rule != *id))
        .filter(|id| network::wrongs().all(|(rule, ..)| rule != id))
        .collect();
    assert!(idle.is_empty(), "no evidence for {idle:?}");
}

/// Rule, requirement, what it comes to, and how to break it.
type Mutation = (&'static str, &'static str, Outcome, fn(&mut Conversation));

const FAIL: Outcome = Outcome::Fail;
const DEVIATES: Outcome = Outcome::Deviates;
const NOTE: Outcome = Outcome::Note;

/// Option octets in front of those of a segment.
fn with_option(tcp: &mut Tcp, option: &[u8]) {
    let mut all = option.to_vec();
    all.extend_from_slice(&tcp.options);
    all.truncate(40);
    tcp.options = all;
}

const TCP: &[Mutation] = &[
    ("P-A1", "RFC9293-3.1-a", DEVIATES, |c| c.tcp("request").forced.reserved = Auto::Forced(2)),
    ("P-A2", "RFC9293-3.1-c", DEVIATES, |c| c.tcp("request").forced.data_offset = Auto::Forced(4)),
    ("P-A3", "RFC9293-MUST-68", FAIL, |c| c.tcp("request").options = vec![8, 1, 1, 1]),
    ("P-A3", "RFC9293-MUST-69", FAIL, |c| {
        let options = &mut c.tcp("request").options;
        options.extend_from_slice(&[0, 7, 0, 0]);
    }),
    ("P-A4", "RFC9293-MUST-65", FAIL, |c| with_option(c.tcp("request"), &[2, 4, 5, 0xb4])),
    ("P-A4", "RFC2018-2-a", FAIL, |c| with_option(c.tcp("request"), &[4, 2, 1, 1])),
    ("P-A5", "RFC7323-2.3-e", FAIL, |c| {
        c.tcp("syn").options = options(Some(15), Some((1, 0)), true);
        c.tcp("syn again").options = options(Some(15), Some((1, 0)), true);
    }),
    ("P-A6", "RFC9293-3.2-a", DEVIATES, |c| c.tcp("plain syn").options = vec![2, 3, 5, 1]),
    ("P-A6", "RFC7323-2.2-f", DEVIATES, |c| c.tcp("plain syn").options = vec![3, 4, 5, 1]),
    ("P-A6", "RFC2018-2-b", DEVIATES, |c| c.tcp("request").options = vec![5, 2, 1, 1]),
    ("P-A6", "RFC7323-3.2-j", DEVIATES, |c| c.tcp("request").options = vec![8, 4, 1, 1]),
    ("P-A7", "RFC9293-MUST-2", FAIL, |c| {
        c.tcp("unanswered 2").forced.checksum = Auto::Forced(0x1234);
        c.tcp("unanswered 3").forced.checksum = Auto::Forced(0x2345);
    }),
    ("P-A8", "RFC7323-3.2-a", DEVIATES, |c| {
        c.tcp("syn").options = options(Some(7), Some((1, 5)), true);
    }),
    ("P-A9", "RFC9293-3.1-g", DEVIATES, |c| c.tcp("unanswered 2").flags = Flags::SYN | Flags::FIN),
    ("P-A9", "RFC9293-3.1-g", DEVIATES, |c| c.tcp("unanswered 2").flags = Flags::PSH),
    ("P-A9", "RFC9293-3.1-e", DEVIATES, |c| c.tcp("request").flags = Flags::PSH | Flags::FIN),
    ("P-A10", "RFC3168-6.1.1-b", DEVIATES, |c| c.tcp("syn").ecn = 2),
    ("P-A10", "RFC3168-6.1.4-a", DEVIATES, |c| c.tcp("ack").ecn = 2),
    ("P-A14", "RFC7323-5.7-a", NOTE, |c| c.tcp("request").dont_fragment = false),
    ("P-B1", "RFC9293-3.5-a", DEVIATES, |c| c.tcp("syn-ack").ack += 1),
    ("P-B1a", "RFC9293-3.5-a", DEVIATES, |c| c.tcp("response").ack = 100),
    ("P-B2", "RFC7323-2.2-e", DEVIATES, |c| {
        c.tcp("plain syn-ack").options = options(Some(7), None, false);
    }),
    ("P-B2", "RFC7323-3.2-d", DEVIATES, |c| {
        c.tcp("plain syn-ack").options = options(None, Some((9, 0)), false);
    }),
    ("P-B2s", "RFC7323-2.3-a", NOTE, |c| {
        c.tcp("syn-ack").options = options(None, Some((9, 1)), true);
    }),
    ("P-B4", "RFC7323-3.2-e", FAIL, |c| c.tcp("response").options.clear()),
    ("P-B4r", "RFC7323-3.2-f", NOTE, |c| c.tcp("reset").options.clear()),
    ("P-B5", "RFC7323-3.2-i", DEVIATES, |c| {
        c.tcp("plain request").options = options(None, Some((9, 0)), false)[4..].to_vec();
    }),
    ("P-B6", "RFC2018-4-a", FAIL, |c| {
        c.tcp("plain request").options = [&[1, 1, 5, 10][..], &[0; 7], &[1]].concat();
    }),
    ("P-B7", "RFC7323-2.3-g", FAIL, |c| {
        c.tcp("syn again").options = options(Some(8), Some((1, 0)), true);
    }),
    ("P-B10", "RFC3168-6.1.1-a", FAIL, |c| {
        c.tcp("syn").flags = Flags::SYN;
        c.tcp("syn again").flags = Flags::SYN;
    }),
    ("P-B10d", "RFC3168-5-a", DEVIATES, |c| c.tcp("plain request").ecn = 2),
];

const BELOW: &[Mutation] = &[
    ("P-I1", "RFC791-3.1-f", FAIL, |c| {
        c.raw("udp request")[10] ^= 0x55;
        c.raw("udp again")[10] ^= 0x66;
    }),
    ("P-I2", "RFC791-3.1-e", FAIL, |c| c.header("udp request", 6, 0x80)),
    ("P-I3", "RFC1122-3.2.1.7-a", FAIL, |c| c.header("udp request", 8, 0)),
    ("P-I4", "RFC791-3.1-a", FAIL, |c| c.header("udp request", 0, 0x44)),
    ("P-I4", "RFC791-3.1-b", FAIL, |c| {
        c.header("udp request", 0, 0x4f);
        c.header("udp request", 3, 40);
    }),
    ("P-I5", "RFC791-3.2-frag-e", DEVIATES, |c| c.header("fragment", 3, 20 + 15)),
    ("P-I5", "RFC8200-4.5-d", FAIL, |c| c.raw("fragment v6")[5] = 8 + 15),
    ("P-I6", "RFC791-3.2-frag-g", DEVIATES, |c| {
        c.header("fragment", 6, 0x3f);
        c.header("fragment", 7, 0xff);
    }),
    ("P-I7", "RFC8021-4-a", DEVIATES, |c| c.raw("fragment v6")[43] = 0),
    ("P-A12", "RFC1122-3.2.1.3-a", FAIL, |c| c.source("udp request", [224, 0, 0, 5])),
    ("P-A12", "RFC1122-3.2.1.3-c", FAIL, |c| c.source("udp request", [255, 255, 255, 255])),
    ("P-A12", "RFC1122-3.2.1.3-d", FAIL, |c| c.source("udp request", [127, 0, 0, 1])),
    ("P-A12", "RFC1122-3.2.1.3-b", FAIL, |c| c.tcp("unanswered 1").client = [0, 0, 0, 0].into()),
    ("P-A12", "RFC4291-2.7-a", FAIL, |c| c.address_v6("udp v6", 8, conversation::ALL_NODES)),
    ("P-A12", "RFC4291-2.5.2-a", FAIL, |c| c.address_v6("udp v6", 24, [0; 16])),
    ("P-A12", "RFC4291-2.5.3-a", FAIL, |c| {
        c.address_v6("udp v6", 24, Ipv6Addr::LOCALHOST.octets());
    }),
    ("P-U1", "RFC768-Fields-f", FAIL, |c| {
        c.raw("udp request")[27] ^= 0x55;
        c.raw("udp again")[27] ^= 0x66;
    }),
    ("P-U2", "RFC8200-8.1-c", NOTE, |c| c.raw("udp v6")[46..48].fill(0)),
    ("P-U3", "RFC768-Fields-a", FAIL, |c| c.raw("udp request")[25] = 7),
    ("P-U3", "RFC768-Fields-a", FAIL, |c| c.raw("udp request")[25] = 200),
    ("P-U4", "RFC8085-5.1-a", DEVIATES, |c| *c.raw("udp request") = conversation::datagram(0, b"ping")),
    ("P-M1", "RFC792-Echo-b", FAIL, |c| {
        c.raw("echo")[22] ^= 0x55;
        c.raw("echo again")[22] ^= 0x66;
    }),
    ("P-M1", "RFC4443-2.3-a", DEVIATES, |c| {
        c.raw("echo v6")[42] ^= 0x55;
        c.raw("echo v6 again")[42] ^= 0x66;
    }),
    ("P-M2", "RFC1122-3.2.2-f", FAIL, |c| {
        c.quote("unreachable", |quote| {
            quote[9] = 1;
            quote[20] = 3;
        })
    }),
    ("P-M2", "RFC4443-2.4-e", FAIL, |c| {
        c.quote("unreachable v6", |quote| {
            quote[6] = 58;
            quote[40] = 1;
        })
    }),
    ("P-M2", "RFC4443-2.4-f", FAIL, |c| {
        c.quote("unreachable v6", |quote| {
            quote[6] = 58;
            quote[40] = 137;
        })
    }),
    ("P-M3", "RFC1122-3.2.2-g", FAIL, |c| c.quote("unreachable", |quote| quote[16] = 224)),
    ("P-M3", "RFC4443-2.4-g", FAIL, |c| c.quote("unreachable v6", |quote| quote[24] = 0xff)),
    ("P-M4", "RFC1122-3.2.2-i", FAIL, |c| c.quote("unreachable", |quote| quote[7] = 4)),
    ("P-M5", "RFC1122-3.2.2-j", FAIL, |c| c.quote("unreachable", |quote| quote[12..16].fill(0))),
    ("P-M5", "RFC4443-2.4-i", FAIL, |c| c.quote("unreachable v6", |quote| quote[8..24].fill(0))),
    ("P-M6", "RFC1122-3.2.2-c", FAIL, |c| c.quote("unreachable", |quote| quote.truncate(24))),
    ("P-M7", "RFC792-Message_Formats-a", FAIL, |c| c.message("unreachable", |rest| rest[2] = 1)),
    ("P-M7", "RFC4443-3.1-c", FAIL, |c| c.message("unreachable v6", |rest| rest[2] = 1)),
    ("P-M8", "RFC6633-3-a", FAIL, |c| c.kind("unreachable", 4)),
    ("P-M9", "RFC4861-6.1.2-a", FAIL, |c| c.discovery(134)),
    ("P-M9", "RFC4861-7.1.1-a", FAIL, |c| c.discovery(135)),
    ("P-M9", "RFC4861-7.1.2-a", FAIL, |c| c.discovery(136)),
    ("P-R1", "RFC826-Packet_Generation-a", FAIL, |c| c.raw("arp")[8] |= 1),
];

#[test]
fn every_rule_catches_what_breaks_it() {
    for (index, (rule, clause, outcome, mutate)) in TCP.iter().chain(BELOW).enumerate() {
        let report = mutated(mutate).judged(Vantage::Anywhere);
        let found = report.verdicts.iter().any(|verdict| {
            verdict.rule.id == *rule && verdict.clause == *clause && verdict.outcome == *outcome
        });
        assert!(found, "mutation {index} for {rule} {clause}: {:#?}", report.verdicts);
    }
}

#[test]
fn at_the_door_of_the_host_every_breach_is_found_too() {
    for (index, (rule, clause, outcome, mutate)) in TCP.iter().chain(BELOW).enumerate() {
        let report = mutated(mutate).judged(Vantage::AtHost);
        let found = report.verdicts.iter().any(|verdict| {
            verdict.rule.id == *rule && verdict.clause == *clause && verdict.outcome == *outcome
        });
        assert!(found, "mutation {index} for {rule} {clause}: {:#?}", report.verdicts);
    }
}

#[test]
fn every_clause_of_every_rule_has_a_mutation_and_exists() {
    let single = TCP.iter().chain(BELOW).map(|(rule, clause, _, _)| (*rule, *clause));
    let broken: BTreeSet<(&str, &str)> = single
        .chain(exchange::flaws().map(|flaw| (flaw.rule, flaw.clause)))
        .chain(network::wrongs().map(|(rule, clause, ..)| (*rule, *clause)))
        .collect();
    let promised: BTreeSet<(&str, &str)> =
        rules().flat_map(|rule| rule.clauses.iter().map(|clause| (rule.id, *clause))).collect();
    assert_eq!(broken, promised);
    for (_, clause) in promised {
        assert!(Catalogue::embedded().get(clause).is_some(), "{clause}");
    }
}

#[test]
fn rules_have_names_of_their_own() {
    let ids: BTreeSet<&str> = rules().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), rules().count());
}
