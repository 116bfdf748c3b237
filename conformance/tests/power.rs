//! What the judge notices: every rule that can accuse has a fault, every rule that a fault is made for
//! notices it, and the shares are as they were. The same of mutants of the reference.

use conformance::host::mutant::Defect;
use conformance::judge::rules;
use conformance::power::mutants::kills;
use conformance::power::{Place, faults, measure};
use conformance::verdict::Outcome;
use std::collections::BTreeSet;
use std::path::Path;

/// Of each kind of fault and each place of the tap; `ci/power` tries more.
const TRIALS: usize = 12;

/// Meetings of each mutant.
const MEETINGS: u64 = 24;

/// Rules that notice nothing of what is made for them, and why. What is listed here and is noticed is a
/// failure too.
const BLIND: &[(&str, &str)] = &[];

/// Defects of mutants that no recording of these meetings shows, and why.
const INVISIBLE: &[(Defect, &str)] = &[
    (Defect::NoRetransmission, "whoever sends nothing again may have given up"),
    (Defect::NoReset, "whoever sends no reset may not have got what it would answer"),
    (
        Defect::ResetAnswersReset,
        "the peer does not answer in turn, and one reset alone may have another cause",
    ),
    (Defect::StreamShifted, "what belongs where, the program alone knows"),
    (Defect::BadHeaderChecksum, "where none is right, a network card may have to fill them in"),
    (Defect::UrgentPointer, "where the urgent octet is, the program alone knows"),
    (Defect::InitialNumberConstant, "every meeting has one connection"),
    (Defect::NoPortUnreachable, "nobody sends datagrams in these meetings"),
    (Defect::EchoAltered, "nobody asks for an echo in these meetings"),
    (Defect::NeighborSilent, "a question that is not answered may have been lost"),
];

#[test]
fn faults_are_noticed_by_the_rules_that_they_are_made_for() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures");
    let table = measure(&folder, TRIALS).expect("the shipped captures are read");
    insta::assert_snapshot!("shares", table.to_string());
    let meant: BTreeSet<&str> = faults().flat_map(|fault| fault.rules).copied().collect();
    let blind: Vec<&str> = meant.into_iter().filter(|rule| !table.is_caught(rule)).collect();
    assert_eq!(blind, BLIND.iter().map(|(rule, _)| *rule).collect::<Vec<_>>());
    let host = table.total(Place::Host);
    assert!(host.caught * 10 >= host.trials * 9, "at the host {} of {}", host.caught, host.trials);
}

#[test]
fn rules_of_faults_exist() {
    let known: BTreeSet<&str> = rules().map(|rule| rule.id).collect();
    for fault in faults() {
        for rule in fault.rules {
            assert!(known.contains(rule), "{}: {rule}", fault.name);
        }
    }
}

#[test]
fn every_rule_that_accuses_has_a_fault() {
    let with: BTreeSet<&str> = faults().flat_map(|fault| fault.rules).copied().collect();
    let accusing: BTreeSet<&str> =
        rules().filter(|rule| rule.ceiling > Outcome::Note).map(|rule| rule.id).collect();
    let without: Vec<&str> = accusing.difference(&with).copied().collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn faults_have_names_of_their_own() {
    let names: BTreeSet<&str> = faults().map(|fault| fault.name).collect();
    assert_eq!(names.len(), faults().count());
}

#[test]
fn mutants_are_noticed_or_named_as_invisible() {
    let kills = kills(MEETINGS);
    let text = kills.iter().fold(String::new(), |text, kill| format!("{text}{kill}\n"));
    insta::assert_snapshot!("mutants", text);
    for kill in kills {
        let Some(defect) = kill.defect else {
            assert!(kill.rules.is_empty(), "the reference is accused: {kill}");
            continue;
        };
        let invisible = INVISIBLE.iter().any(|(known, _)| *known == defect);
        assert_eq!(kill.noticed == 0, invisible, "{kill}");
    }
}
