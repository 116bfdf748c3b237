//! Random sequences of socket calls, made on the reference and on the kernel, call by call.
//!
//! Each sequence follows from its number. `NETASSAY_SEQUENCES=100000` asks for more of them than usual, and
//! `cargo run -p netassay --example ask_kernel -- sequences COUNT` shows all kinds of differences at once.
#![cfg(target_os = "linux")]

use conformance::sockets::compare::differences::Differences;
use conformance::sockets::compare::shrink::{Arena, script};
use conformance::sockets::linux::{Access, Kernel, access, release, with_kernel};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Sequences that are asked unless more are wanted.
const SEQUENCES: u64 = 3_000;

/// The kernel that the accepted differences are those of.
const RECORDED: &str = "6.18.";

/// Whether a difference that nothing explains is a failure, and not only shown. Some are known and still
/// open.
const STRICT: bool = false;

fn differences() -> Differences {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sockets/differences.toml");
    Differences::parse(&fs::read_to_string(path).expect("the differences")).expect("well-formed differences")
}

fn say(line: &str) {
    writeln!(io::stderr(), "{line}").unwrap_or_default();
}

/// Runs that many sequences, and those of the accepted differences. The first difference that nothing
/// explains, as short as it gets.
fn first_difference(kernel: &mut Kernel, count: u64) -> Option<String> {
    let differences = differences();
    let mut arena = Arena::new(kernel, &differences);
    let (mut calls, mut accepted) = (0, BTreeMap::<String, u64>::new());
    let listed: Vec<u64> = differences.all.iter().map(|policy| policy.seed).collect();
    for seed in (1..=count).chain(listed) {
        let outcome = arena.run_seed(seed).expect("a rig that holds");
        calls += outcome.calls;
        for name in outcome.accepted {
            *accepted.entry(name).or_default() += 1;
        }
        if outcome.difference.is_some() {
            let shortest = arena.shortest(seed).expect("a rig that holds");
            return Some(format!("sequence {seed}, as short as it gets:\n{}", script(&shortest)));
        }
    }
    say(&format!("{count} sequences, {calls} calls: Linux {} and the reference agree", release()));
    accepted.iter().for_each(|(name, times)| say(&format!("  accepted {times} x {name}")));
    let stale: Vec<_> =
        differences.all.iter().filter(|policy| !accepted.contains_key(&policy.name)).collect();
    (!stale.is_empty()).then(|| format!("differences that nothing shows any more: {stale:?}"))
}

#[test]
fn the_kernel_and_the_reference_agree() {
    let asked = std::env::var("NETASSAY_SEQUENCES").ok().and_then(|count| count.parse().ok());
    let count = asked.unwrap_or(SEQUENCES);
    match access("the_kernel_and_the_reference_agree") {
        Access::Here => {
            let found = with_kernel(|kernel| first_difference(kernel, count)).expect("namespaces");
            match found {
                Some(text) if STRICT && release().starts_with(RECORDED) => panic!("{text}"),
                Some(text) => say(&format!("DIFFERS on Linux {}: {text}", release())),
                None => {}
            }
        }
        Access::Elsewhere(passed) => assert!(passed, "in a user namespace"),
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
