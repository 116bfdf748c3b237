//! Mutants of the stack's TCP: one line changed each, and a test that notices it.
//!
//! A copy of the stack is made below the target folder. Every place that the [`table`] names becomes a switch
//! there, so that the copy is compiled once for all mutants; an environment variable says which one a run of
//! the tests has. The sources themselves know nothing of it. The kill table is `kill_table.txt`.

mod copy;
mod run;
mod source;
mod table;

use run::Ended;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use table::Mutant;

/// The project's folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// What is wrong with a list, one line each.
fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn names_are_told_apart_and_clauses_exist() {
    let folder = root().join("conformance/requirements");
    let catalogue: String = fs::read_dir(folder)
        .expect("the catalogue")
        .map(|entry| fs::read_to_string(entry.expect("an entry").path()).expect("a readable file"))
        .collect();
    let mut names = BTreeSet::new();
    let mut findings = Vec::new();
    for Mutant { name, clause, .. } in table::all() {
        if !names.insert(name) {
            findings.push(format!("{name}: there are two of that name"));
        }
        if !catalogue.contains(&format!("id = \"{clause}\"\n")) {
            findings.push(format!("{name}: {clause} is not in the catalogue"));
        }
    }
    assert_none(&findings);
}

#[test]
fn every_mutant_finds_its_place_in_the_sources() {
    let files: BTreeSet<_> = table::all().map(|mutant| mutant.file).collect();
    let findings = files.iter().filter_map(|file| copy::switched(file).err()).flatten();
    assert_none(&findings.collect::<Vec<_>>());
}

/// What became of one mutant.
struct Outcome {
    /// Why it counts as alive.
    alive: Option<String>,
    took_ms: u128,
}

/// Lets every test that is named for `mutant` loose on it.
fn hunt(mutant: &Mutant, binaries: &copy::Binaries) -> Outcome {
    let begin = Instant::now();
    let alive = mutant.killed_by.iter().find_map(|killer| {
        let (binary, test) = binaries.of(killer);
        match run::tests(binary, Some(mutant.name), &[test]) {
            Ended::Failed(failed) if failed == [test] => None,
            Ended::Failed(failed) => {
                Some(format!("{killer} fails otherwise than by its assertions: {failed:?}"))
            }
            Ended::Passed(_) => Some(format!("{killer} does not notice it")),
            Ended::NotInTime => Some(format!("{killer} does not come to an end")),
        }
    });
    // Whoever adds a mutant may ask for its killers by naming none.
    let alive = if mutant.killed_by.is_empty() { Some(suspects(mutant, binaries)) } else { alive };
    Outcome { alive, took_ms: begin.elapsed().as_millis() }
}

/// The tests beside the code that notice `mutant`.
fn suspects(mutant: &Mutant, binaries: &copy::Binaries) -> String {
    match run::tests(binaries.of("").0, Some(mutant.name), &[]) {
        Ended::Failed(failed) => format!("no test is named; these notice it: {}", failed.join(" ")),
        Ended::Passed(_) => "no test is named, and none beside the code notices it".to_owned(),
        Ended::NotInTime => "no test is named, and one does not come to an end".to_owned(),
    }
}

/// Two at a time, or as many as there are cores.
fn hunt_all(mutants: &[&Mutant], binaries: &copy::Binaries) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let mut found: Vec<(usize, Outcome)> = std::thread::scope(|scope| {
        let hunter = || {
            let mine = std::iter::from_fn(|| {
                let at = next.fetch_add(1, Ordering::Relaxed);
                mutants.get(at).map(|mutant| (at, hunt(mutant, binaries)))
            });
            mine.collect::<Vec<_>>()
        };
        let hunters: Vec<_> = (0..threads).map(|_| scope.spawn(hunter)).collect();
        hunters.into_iter().flat_map(|hunter| hunter.join().expect("a hunter's result")).collect()
    });
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Without a mutant every killer passes, and all of them exist.
fn assert_killers_pass(binaries: &copy::Binaries) {
    let killers: BTreeSet<_> = table::all().flat_map(|mutant| mutant.killed_by).collect();
    let mut of_binary: Vec<(&Path, Vec<&str>)> = Vec::new();
    for (binary, test) in killers.iter().map(|killer| binaries.of(killer)) {
        match of_binary.iter_mut().find(|(known, _)| *known == binary) {
            Some((_, tests)) => tests.push(test),
            None => of_binary.push((binary, vec![test])),
        }
    }
    for (binary, tests) in of_binary {
        let Ended::Passed(passed) = run::tests(binary, None, &tests) else {
            panic!("without a mutant the tests that kill them do not pass");
        };
        let missing: Vec<_> = tests.iter().filter(|test| !passed.iter().any(|name| name == *test)).collect();
        assert!(missing.is_empty(), "there are no such tests: {missing:?}");
    }
}

/// The kill table, one line for each mutant.
fn kill_table() -> String {
    let line = |Mutant { name, clause, what, killed_by, .. }: &Mutant| {
        format!("{name} | {clause} | {what} | {}\n", killed_by.join(", "))
    };
    table::all().map(line).collect()
}

#[test]
fn the_kill_table_is_the_one_that_is_written_down() {
    let path: PathBuf = root().join("stack/tests/mutants/kill_table.txt");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&path, kill_table()).expect("the kill table is written");
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert!(known == kill_table(), "kill_table.txt is stale: INSTA_UPDATE=always cargo test writes it anew");
}

#[test]
fn every_mutant_is_killed() {
    let binaries = copy::compiled();
    assert_killers_pass(&binaries);
    let mutants: Vec<_> = table::all().collect();
    let outcomes = hunt_all(&mutants, &binaries);
    let mut survivors = Vec::new();
    for (mutant, Outcome { alive, took_ms }) in mutants.iter().zip(&outcomes) {
        println!("{:42} {:22} {took_ms:5} ms  {}", mutant.name, mutant.clause, mutant.killed_by.join(", "));
        survivors.extend(alive.as_ref().map(|why| format!("{}: {why}", mutant.name)));
    }
    assert_none(&survivors);
}
