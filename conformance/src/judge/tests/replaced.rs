//! What is not claimed of packets below TCP, although it looks like a breach, and why.

use super::super::*;
use super::frames::*;
use super::network::good;
use crate::verdict::Outcome;
use stack::base::Mac;
use std::net::Ipv4Addr;

/// Rule, what keeps it from deciding, and what looks like a breach.
type Doubted = (&'static str, Reason, fn(&mut Frames));

const DOUBTED: &[Doubted] = &[
    ("P-I11", Reason::SharedAddress, |all| all.of("may be cut too").set4(4, &501_u16.to_be_bytes())),
    ("P-I11", Reason::Overwritten, |all| {
        all.keep(&["may be cut", "may be cut too", "may be cut three"]);
        all.of("may be cut too").set4(4, &501_u16.to_be_bytes());
        all.of("may be cut three").set4(4, &501_u16.to_be_bytes());
    }),
    ("P-L5", Reason::NotNear, |all| {
        all.of("lone").set4(8, &[63]);
        all.of("lone").bytes[36] = 7;
    }),
    ("P-L6", Reason::Converted, |all| all.of("to all").link.dst = Mac([2, 0, 0, 0, 0, 2])),
    ("P-L7", Reason::Anonymised, |all| {
        let mac = all.of("to a group").link.dst;
        all.replace("to a group", udp4(A, Ipv4Addr::new(237, 1, 2, 3), (5_000, 67), 0, b"data"));
        all.of("to a group").link.dst = mac;
    }),
    ("P-L8", Reason::Anonymised, |all| {
        all.keep(&["tunnel"]);
        all.of("tunnel").link.dst = Mac::BROADCAST;
    }),
    ("P-M10", Reason::NotNear, |all| {
        all.of("exceeded").set4(8, &[60]);
        all.of("exceeded").set4(1, &[0]);
    }),
    ("P-M18", Reason::Anonymised, |all| {
        all.of("exceeded").set4(28 + 12, &FAR.octets());
        all.of("exceeded").quote4(28);
    }),
    ("P-N3", Reason::Anonymised, |all| {
        all.of("router advertisement").set6(8, &FAR6.octets());
        all.of("router advertisement").set6(24, &A6.octets());
    }),
    ("P-N4", Reason::Anonymised, |all| all.of("solicitation").set6(24, &FAR6.octets())),
    ("P-U6", Reason::NoneRight, |all| {
        all.keep(&["zero sum"]);
        all.of("zero sum").bytes[26..28].fill(0);
    }),
];

#[test]
fn what_may_be_innocent_is_undecided() {
    for (rule, reason, looks_wrong) in DOUBTED {
        let mut all = good();
        looks_wrong(&mut all);
        let report = all.judged(Vantage::Anywhere);
        let found: Vec<&Verdict> =
            report.verdicts.iter().filter(|verdict| verdict.rule.id == *rule).collect();
        let decided = found.iter().any(|verdict| verdict.outcome != Outcome::Undecided);
        let doubted = found.iter().any(|verdict| verdict.reason == Some(*reason));
        assert!(doubted && !decided, "{rule} {reason}: {found:#?}");
    }
}

/// Rule, and what does not break it.
type Allowed = (&'static str, fn(&mut Frames));

/// Nothing of this is a breach, nor looks like one.
const ALLOWED: &[Allowed] = &[
    // What tests a path of labels goes to 127/8.
    ("P-A12", |all| all.replace("lone", udp4(A, Ipv4Addr::LOCALHOST, (5_000, 3503), 0, b"data"))),
    // A datagram that is sent again is no other one.
    ("P-I11", |all| {
        let again = all.of("may be cut").bytes.clone();
        all.replace("may be cut too", again.clone());
        all.replace("may be cut three", again);
    }),
    // A piece that arrives twice overlaps nothing.
    ("P-I12", |all| {
        let again = all.of("second").bytes.clone();
        all.replace("third", again);
    }),
    // Where a tag was taken out, the check sequence of the frame is behind its padding.
    ("P-L5", |all| all.of("lone").bytes[42..46].fill(7)),
    // A reply that is as long as the link carries may be cut there.
    ("P-M21", |all| {
        let message = |kind: u8, octets: usize| [&[kind, 0, 0, 0, 0, 1, 0, 1][..], &vec![5; octets]].concat();
        all.replace("echo", icmp4(A, B, 0x20, &message(8, 2_000)));
        all.replace("echo reply", icmp4(B, A, 0x20, &message(0, 1_472)));
    }),
];

#[test]
fn what_is_allowed_is_not_even_undecided() {
    for (rule, alter) in ALLOWED {
        let mut all = good();
        alter(&mut all);
        let report = all.judged(Vantage::Anywhere);
        let found = report.verdicts.iter().find(|verdict| verdict.rule.id == *rule);
        assert!(found.is_none(), "{rule}: {found:#?}");
    }
}
