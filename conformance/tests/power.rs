//! What the judge notices: every rule that a fault is made for notices it, and the shares are as they were.

use conformance::judge::rules;
use conformance::power::{faults, measure};
use conformance::verdict::Outcome;
use std::collections::BTreeSet;
use std::path::Path;

/// Of each kind of fault and each place of the tap; `ci/power` tries more.
const TRIALS: usize = 12;

/// Rules that notice nothing of what is made for them: their conditions are stricter than these faults, or no
/// shipped capture has a place for one. What is listed here and is noticed is a failure too.
const BLIND: &[&str] = &["P-A10r", "P-C1", "P-C21", "P-C8", "P-E1"];

#[test]
fn faults_are_noticed_by_the_rules_that_they_are_made_for() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures");
    let table = measure(&folder, TRIALS).expect("the shipped captures are read");
    insta::assert_snapshot!("shares", table.to_string());
    let meant: BTreeSet<&str> = faults().flat_map(|fault| fault.rules).copied().collect();
    let blind: Vec<&str> = meant.into_iter().filter(|rule| !table.is_caught(rule)).collect();
    assert_eq!(blind, BLIND);
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

/// Rules that no fault is made for: what they are about is not in the shipped captures, or takes more than
/// one packet to break. Each has its mutation among the judge's own tests.
#[test]
fn most_rules_that_accuse_have_a_fault() {
    let with: BTreeSet<&str> = faults().flat_map(|fault| fault.rules).copied().collect();
    let accusing: BTreeSet<&str> =
        rules().filter(|rule| rule.ceiling > Outcome::Note).map(|rule| rule.id).collect();
    let without: Vec<&str> = accusing.difference(&with).copied().collect();
    insta::assert_snapshot!("rules_without_a_fault", without.join("\n"));
}
