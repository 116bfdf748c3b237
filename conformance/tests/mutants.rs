//! Mutants of the reference in good captures: each must be noticed, or it is named here with the reason.

use conformance::drive::replay::recording::Side;
use conformance::host::mutant::{Defect, Mutant};
use conformance::replay::{self, Verdict};
use std::collections::BTreeMap;
use std::path::Path;

/// Captures that between them have every situation a mutant gets wrong.
const CAPTURES: &[&str] = &[
    "tcp-client-closes-first.pcap",
    "tcp-refused-v4.pcap",
    "tcp-syn-ack-lost-client.pcap",
    "tcp-syn-lost-client.pcap",
    "tcp-urgent.pcap",
    "tcp-slow-reader.pcap",
    "tcp-zero-window.pcap",
    "tcp-data-after-close.pcap",
    "tcp-reset-by-intruder.pcap",
    "tcp-small-mss.pcap",
    "udp-closed-v4.pcap",
    "bulk-loss-client.pcap",
];

/// Defects that no replay of a recorded conversation can show, and why.
const INVISIBLE: &[(Defect, &str)] = &[
    (Defect::InitialNumberConstant, "every replay is a host of its own, with one connection"),
    (Defect::EchoAltered, "a ping is neither a connection nor an exchange of datagrams"),
    (Defect::NeighborSilent, "a replay has no link below IP"),
];

/// The first capture in which the mutant is not like the recorded host, with the verdict.
fn noticed(defect: Defect) -> Option<String> {
    let mut mutant = Mutant::new(defect);
    for name in CAPTURES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures").join(name);
        let recorded = replay::read(&path, None).expect("a shipped capture reads");
        for one in replay::recording(&recorded.recording, &[Side::Client, Side::Server], &mut mutant) {
            let first = match &one.verdict {
                Verdict::Agree | Verdict::NotApplicable(_) => continue,
                Verdict::Differs(differences) => differences[0].to_string(),
                Verdict::Stuck(stuck, _) => stuck.what.clone(),
                Verdict::Error(fault) => fault.to_string(),
            };
            return Some(format!("{} in {name} as {}: {first}", one.verdict.word(), one.role));
        }
    }
    None
}

#[test]
fn the_unmutated_reference_agrees_in_all_of_them() {
    let mut reference = conformance::host::registry::by_name("reference").expect("it is built in");
    for name in CAPTURES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures").join(name);
        let recorded = replay::read(&path, None).expect("a shipped capture reads");
        for one in replay::recording(&recorded.recording, &[Side::Client, Side::Server], reference.as_mut()) {
            assert!(
                matches!(one.verdict, Verdict::Agree | Verdict::NotApplicable(_)),
                "{name}: {:?}",
                one.verdict
            );
        }
    }
}

#[test]
fn every_mutant_is_noticed_by_replay_or_named_as_invisible() {
    let mut table = BTreeMap::new();
    for defect in Defect::ALL {
        let excuse = INVISIBLE.iter().find(|(invisible, _)| invisible == defect).map(|(_, why)| *why);
        let line = match (noticed(*defect), excuse) {
            (Some(what), None) => what,
            (None, Some(why)) => format!("not visible: {why}"),
            (Some(what), Some(_)) => panic!("{} is listed as invisible: {what}", defect.name()),
            (None, None) => panic!("{} is not noticed", defect.name()),
        };
        table.insert(defect.name(), line);
    }
    let text = table.iter().fold(String::new(), |text, (name, line)| format!("{text}{name}: {line}\n"));
    insta::assert_snapshot!("kill_table", text);
}
