//! Random sequences of socket calls, made on the reference and on the kernel, call by call.
//!
//! Each sequence follows from its number. `NETASSAY_SEQUENCES=100000` asks for more of them than usual, and
//! `cargo run -p netassay --example ask_kernel -- sequences COUNT` shows all kinds of differences at once.
#![cfg(target_os = "linux")]

use conformance::host::Fault;
use conformance::sockets::compare::Outcome;
use conformance::sockets::compare::differences::Differences;
use conformance::sockets::compare::shrink::{Arena, CALLS_MAX, script};
use conformance::sockets::linux::{Access, Kernel, access, is_recorded, release, with_kernel};
use conformance::sockets::sequence::{Step, sequence};
use stack::sock::User;
use std::collections::{BTreeMap, BTreeSet};
use std::env::{self, VarError};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Sequences that are asked unless more are wanted.
const SEQUENCES: u64 = 3_000;

fn differences() -> Differences {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sockets/differences.toml");
    Differences::parse(&fs::read_to_string(path).expect("the differences")).expect("well-formed differences")
}

fn say(line: &str) {
    writeln!(io::stderr(), "{line}").unwrap_or_default();
}

/// How many sequences are wanted.
fn wanted() -> u64 {
    match env::var("NETASSAY_SEQUENCES") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("NETASSAY_SEQUENCES={text} is no number")),
        Err(VarError::NotPresent) => SEQUENCES,
        Err(VarError::NotUnicode(text)) => panic!("NETASSAY_SEQUENCES={} is no number", text.display()),
    }
}

/// Whether another user than 0 makes calls in a sequence.
fn has_other_users(seed: u64) -> bool {
    sequence(seed, CALLS_MAX).iter().any(|step| matches!(step, Step::Become(user) if *user != User::ROOT))
}

/// What came of a sequence; nothing where it needs users that are not to be had.
fn outcome_of(arena: &mut Arena<'_>, seed: u64) -> Option<Outcome> {
    match arena.run_seed(seed) {
        Ok(outcome) => Some(outcome),
        Err(Fault::Env(_)) if has_other_users(seed) => None,
        Err(fault) => panic!("sequence {seed}: {fault}"),
    }
}

/// Runs that many sequences, and those of the accepted differences. The first difference that nothing
/// explains, as short as it gets.
fn first_difference(kernel: &mut Kernel, count: u64) -> Option<String> {
    let differences = differences();
    let mut arena = Arena::new(kernel, &differences);
    let (mut calls, mut accepted, mut skipped) = (0, BTreeMap::<String, u64>::new(), BTreeSet::new());
    let listed: Vec<u64> = differences.all.iter().map(|policy| policy.seed).collect();
    for seed in (1..=count).chain(listed) {
        let Some(outcome) = outcome_of(&mut arena, seed) else {
            skipped.insert(seed);
            continue;
        };
        calls += outcome.calls;
        for name in &outcome.accepted {
            *accepted.entry(name.clone()).or_default() += 1;
        }
        if outcome.difference.is_none() {
            continue;
        }
        if arena.differs_again(seed).unwrap_or_else(|fault| panic!("sequence {seed}: {fault}")) {
            // A part of it may need what is not to be had, or not differ every time: then it is shown whole.
            let shorter = arena.shortest(seed).ok().filter(|outcome| outcome.difference.is_some());
            let text = script(&shorter.unwrap_or(outcome));
            return Some(format!("sequence {seed}, as short as it gets:\n{text}"));
        }
        say(&format!("sequence {seed} differed, and then no more:\n{}", script(&outcome)));
    }
    say(&format!("{count} sequences, {calls} calls: Linux {} and the reference agree", release()));
    accepted.iter().for_each(|(name, times)| say(&format!("  accepted {times} x {name}")));
    if !skipped.is_empty() {
        say(&format!("SKIP {} sequences: other users are not to be had here", skipped.len()));
    }
    let asked = differences.all.iter().filter(|policy| !skipped.contains(&policy.seed));
    let stale: Vec<_> = asked.filter(|policy| !accepted.contains_key(&policy.name)).collect();
    (!stale.is_empty()).then(|| format!("differences that nothing shows any more: {stale:?}"))
}

#[test]
fn the_kernel_and_the_reference_agree() {
    let count = wanted();
    match access("the_kernel_and_the_reference_agree") {
        Access::Here => {
            let found = with_kernel(|kernel| first_difference(kernel, count)).expect("namespaces");
            match found {
                Some(text) if is_recorded() => panic!("{text}"),
                Some(text) => say(&format!("DIFFERS on Linux {}: {text}", release())),
                None => {}
            }
        }
        Access::Elsewhere(passed) => assert!(passed, "in a user namespace"),
        Access::Broken(fault) => panic!("{fault}"),
        Access::Nowhere(why) => say(&format!("SKIP random sequences: {why}")),
    }
}

#[test]
fn differences_are_listed_once() {
    let differences = differences();
    let mut names: Vec<_> = differences.all.iter().map(|policy| &policy.name).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(differences.all.iter().all(|policy| policy.reason.len() > 20), "a reason is a sentence");
}
