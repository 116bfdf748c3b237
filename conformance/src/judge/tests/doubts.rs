//! What is not claimed, although it looks like a breach, and why.

use super::super::*;
use super::conversation::{Conversation, good, options, segment};
use super::mutated;
use crate::verdict::Outcome;
use stack::wire::Auto;
use stack::wire::tcp::Flags;
use std::net::Ipv6Addr;

/// The outcome and reason of the first verdict of a rule.
fn decided(conversation: &Conversation, rule: &str) -> Option<(Outcome, Option<Reason>)> {
    let report = conversation.judged(Vantage::Anywhere);
    let found = report.verdicts.iter().find(|verdict| verdict.rule.id == rule);
    found.map(|verdict| (verdict.outcome, verdict.reason))
}

fn undecided(reason: Reason) -> Option<(Outcome, Option<Reason>)> {
    Some((Outcome::Undecided, Some(reason)))
}

#[test]
fn a_checksum_left_for_the_network_card_is_no_breach() {
    let unfilled = {
        use stack::wire::checksum;
        let pseudo = checksum::pseudo(
            super::conversation::CLIENT.into(),
            super::conversation::SERVER.into(),
            stack::wire::tcp::PROTOCOL,
            20,
        );
        !pseudo.finish()
    };
    let conversation = mutated(|c| c.tcp("unanswered 2").forced.checksum = Auto::Forced(unfilled));
    assert_eq!(decided(&conversation, "P-A7"), undecided(Reason::Unfilled));
}

#[test]
fn one_wrong_checksum_may_be_damage() {
    let conversation = mutated(|c| c.tcp("unanswered 2").forced.checksum = Auto::Forced(0x1234));
    assert_eq!(decided(&conversation, "P-A7"), undecided(Reason::Rare));
}

#[test]
fn what_the_peer_acknowledged_was_right_on_the_wire() {
    let conversation = mutated(|c| {
        c.tcp("request").forced.checksum = Auto::Forced(0x1234);
        c.tcp("plain request").forced.checksum = Auto::Forced(0x2345);
    });
    assert_eq!(decided(&conversation, "P-A7"), undecided(Reason::Taken));
}

#[test]
fn where_some_packets_were_altered_others_may_be() {
    let conversation = mutated(|c| {
        c.tcp("request").forced.checksum = Auto::Forced(0x1234);
        c.tcp("unanswered 2").forced.checksum = Auto::Forced(0x2345);
    });
    let report = conversation.judged(Vantage::Anywhere);
    let reasons: Vec<Option<Reason>> = report.verdicts.iter().map(|verdict| verdict.reason).collect();
    assert_eq!(reasons, [Some(Reason::Taken), Some(Reason::Altered)]);
}

#[test]
fn a_damaged_segment_breaks_no_other_rule() {
    let conversation = mutated(|c| {
        c.tcp("response").options.clear();
        c.tcp("response").forced.checksum = Auto::Forced(0x1234);
    });
    assert_eq!(decided(&conversation, "P-B4"), None);
}

#[test]
fn another_hop_limit_is_somebody_else() {
    let conversation = mutated(|c| {
        let forged = segment(40_000, false, Flags::ACK, 709, 108);
        c.insert_after("response", super::conversation::Tcp { ttl: 50, ..forged });
    });
    assert_eq!(decided(&conversation, "P-B4"), undecided(Reason::SeveralTtls));
}

#[test]
fn octets_that_were_not_captured_decide_nothing() {
    let mut conversation = mutated(|c| c.tcp("request").forced.reserved = Auto::Forced(2));
    conversation.snap = 56;
    assert_eq!(decided(&conversation, "P-A1"), undecided(Reason::Cut));
    let report = conversation.judged(Vantage::Anywhere);
    assert!(report.undecided().contains_key(&Reason::Cut));
}

#[test]
fn without_the_opening_nothing_is_agreed() {
    for missing in ["syn-ack", "syn"] {
        let conversation = mutated(|c| {
            c.tcp("response").options.clear();
            c.drop(missing);
            if missing == "syn" {
                c.drop("syn again");
            }
        });
        assert_eq!(decided(&conversation, "P-B4"), None);
    }
}

/// The conversation with nothing before this packet, and little time between packets.
fn begun_with(name: &str, mutate: impl FnOnce(&mut Conversation)) -> Conversation {
    let mut conversation = good();
    conversation.begin_with(name);
    conversation.spacing = stack::base::Span::from_millis(100);
    mutate(&mut conversation);
    conversation
}

#[test]
fn a_syn_before_the_capture_began_may_explain_an_answer() {
    let conversation = begun_with("syn again", |c| c.tcp("syn-ack").ack += 1);
    assert_eq!(decided(&conversation, "P-B1"), undecided(Reason::CaptureStart));
    let sack = [&[1, 1, 5, 10][..], &[0; 7], &[1]].concat();
    let conversation = begun_with("plain syn", |c| c.tcp("plain request").options = sack);
    assert_eq!(decided(&conversation, "P-B6"), undecided(Reason::CaptureStart));
}

#[test]
fn segments_of_an_earlier_connection_of_the_same_ports_may_be_late() {
    let conversation = mutated(|c| {
        for tcp in [
            segment(40_000, true, Flags::ACK, 111, 701),
            segment(40_000, true, Flags::SYN, 5000, 0),
            segment(40_000, false, Flags::SYN | Flags::ACK, 7000, 5001),
        ]
        .into_iter()
        .rev()
        {
            c.insert_after("reset", tcp);
        }
        // It has timestamps, which the new connection did not agree on.
        let late = segment(40_000, false, Flags::ACK, 709, 108);
        let options = options(None, Some((9, 1)), false)[4..].to_vec();
        c.insert_after("inserted", super::conversation::Tcp { options: Vec::new(), ..late.clone() });
        c.insert_after("plain last", super::conversation::Tcp { options, ..late });
    });
    assert_eq!(decided(&conversation, "P-B5"), undecided(Reason::PortReuse));
}

#[test]
fn traffic_inside_of_a_host_may_have_its_addresses() {
    let conversation = mutated(|c| {
        c.address_v6("udp v6", 8, Ipv6Addr::LOCALHOST.octets());
        c.address_v6("udp v6", 24, Ipv6Addr::LOCALHOST.octets());
    });
    assert_eq!(decided(&conversation, "P-A12"), undecided(Reason::InsideHost));
}

#[test]
fn addresses_may_have_been_replaced() {
    let conversation = mutated(|c| c.source("udp request", [237, 56, 101, 238]));
    assert_eq!(decided(&conversation, "P-A12"), undecided(Reason::Anonymised));
}

quickcheck::quickcheck! {
    fn any_octets_can_be_judged(packets: Vec<(u8, Vec<u8>)>, extra: u16) -> bool {
        let mut judge = Judge::new(Vantage::Anywhere);
        for (index, (kind, bytes)) in packets.iter().enumerate() {
            let types = [EtherType::IPV4, EtherType::IPV6, EtherType::ARP, EtherType(7)];
            let ethertype = types[usize::from(kind % 4)];
            let mut bytes = bytes.clone();
            if let Some(first) = bytes.first_mut() {
                *first = if kind % 4 == 0 { 0x40 | *first & 15 } else { 0x60 | *first & 15 };
            }
            bytes.resize(bytes.len() + usize::from(*kind), *kind);
            judge.see(Sighting {
                number: index as u64,
                at: stack::base::Instant::from_nanos(u64::from(*kind) << 24),
                ethertype,
                link: None,
                bytes: &bytes,
                wire_len: bytes.len() as u32 + u32::from(extra),
                inside: false,
                judged: true,
            });
        }
        judge.finish().calibration.packets == packets.len() as u64
    }

    fn one_flipped_bit_anywhere_never_panics(packet: u8, bit: u16) -> bool {
        let conversation = mutated(|c| c.flip(usize::from(packet), usize::from(bit)));
        conversation.judged(Vantage::Anywhere).tallies.len() == rules().count()
    }

    fn one_flipped_bit_in_a_segment_accuses_nobody(packet: u8, bit: u16) -> bool {
        let mut conversation = good();
        conversation.flip_in_segment(usize::from(packet), usize::from(bit));
        let report = conversation.judged(Vantage::Anywhere);
        report.count(Outcome::Fail) + report.count(Outcome::Deviates) == 0
    }
}
