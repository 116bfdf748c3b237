//! Every row of `conformance/sockets/rows`, asked of the reference, and of the kernel where it lets us.

use conformance::sockets::reference::Reference;
use conformance::sockets::run::{Ended, run};
use conformance::sockets::script::{self, AREAS, Entry, Head, Only, Script};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What the choices of the reference follow from.
const SEED: u64 = 1;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sockets")
}

/// The entries of a file.
fn read(path: &Path) -> Vec<Entry> {
    let text = fs::read_to_string(path).expect("a readable file");
    script::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file of rows with its entries.
fn files() -> Vec<(PathBuf, Vec<Entry>)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder().join("rows"))
        .expect("the folder of the rows")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "calls"))
        .collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

/// What passes by the capture of the test's output: counts and skips are for people.
fn say(line: &str) {
    writeln!(io::stderr(), "{line}").unwrap_or_default();
}

/// Whether the script is for the reference.
fn is_for_reference(script: &Script) -> bool {
    !matches!(script.only, Some(Only::Linux(_)))
}

fn failures_on_the_reference(path: &Path, entries: &[Entry]) -> String {
    let mut failures = String::new();
    for entry in entries {
        let Entry::Script(script) = entry else { continue };
        if !is_for_reference(script) {
            continue;
        }
        match run(script, &mut Reference::new(SEED)) {
            Ended::Well => {}
            Ended::Mismatch(mismatch) => {
                writeln!(failures, "{}: {mismatch}", path.display()).expect("a string grows");
            }
            Ended::Unable(lacks) => {
                writeln!(failures, "{}: {}: {lacks}", path.display(), script.heads[0].id)
                    .expect("a string grows");
            }
        }
    }
    failures
}

#[cfg(target_os = "linux")]
mod on_the_kernel {
    use super::{Ended, Entry, Only, Path, Script, files, folder, read, run, say};
    use conformance::sockets::linux::{Access, access, is_recorded, release, with_kernel};
    use std::path::PathBuf;
    use std::sync::Mutex;
    use std::thread;

    /// Scripts that are asked at once: most of their time they wait.
    const AT_ONCE: usize = 12;

    /// What the kernel says to a script, if that is something to tell.
    fn said(path: &Path, script: &Script) -> Option<(bool, String)> {
        let asked = with_kernel(|kernel| run(script, kernel));
        let id = &script.heads[0].id;
        match asked {
            Ok(Ended::Well) => None,
            Ok(Ended::Mismatch(mismatch)) => Some((true, format!("{}: {mismatch}", path.display()))),
            Ok(Ended::Unable(lacks)) => Some((false, format!("SKIP {id} on the kernel: {lacks}"))),
            Err(fault) => Some((true, format!("{id}: {fault}"))),
        }
    }

    /// Asks every script of the files, each in fresh namespaces.
    fn hold(files: &[(PathBuf, Vec<Entry>)]) {
        let scripts = files.iter().flat_map(|(path, entries)| {
            entries.iter().filter_map(move |entry| match entry {
                Entry::Script(script) => Some((path, script)),
                Entry::Elsewhere { .. } | Entry::NotApplicable(_) => None,
            })
        });
        let asked: Vec<_> =
            scripts.filter(|(_, script)| !matches!(script.only, Some(Only::Reference(_)))).collect();
        let (left, told) = (Mutex::new(asked.iter()), Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    loop {
                        let next = left.lock().expect("no panic").next();
                        let Some((path, script)) = next else { return };
                        told.lock().expect("no panic").extend(said(path, script));
                    }
                });
            }
        });
        let told = told.into_inner().expect("no panic");
        let release = release();
        let (failures, skips): (Vec<_>, Vec<_>) = told.into_iter().partition(|(fails, _)| *fails);
        let asked_well = asked.len() - failures.len() - skips.len();
        say(&format!("scripts on Linux {release}: {asked_well} of {} hold", asked.len()));
        skips.iter().for_each(|(_, skip)| say(skip));
        let failures: Vec<String> = failures.into_iter().map(|(_, text)| text).collect();
        if is_recorded() {
            assert!(failures.is_empty(), "\n{}", failures.join("\n"));
        }
        failures.iter().for_each(|text| say(&format!("DIFFERS on Linux {release}: {text}")));
    }

    fn hold_where_possible(test: &str, files: &[(PathBuf, Vec<Entry>)]) {
        match access(test) {
            Access::Here => hold(files),
            Access::Elsewhere(passed) => assert!(passed, "in a user namespace"),
            Access::Broken(fault) => panic!("{fault}"),
            Access::Nowhere(why) => say(&format!("SKIP rows on the kernel: {why}")),
        }
    }

    #[test]
    fn the_examples_hold() {
        let path = folder().join("examples.calls");
        hold_where_possible("on_the_kernel::the_examples_hold", &[(path.clone(), read(&path))]);
    }

    #[test]
    fn every_row_holds() {
        hold_where_possible("on_the_kernel::every_row_holds", &files());
    }
}

#[test]
fn the_examples_hold_on_the_reference() {
    let path = folder().join("examples.calls");
    let failures = failures_on_the_reference(&path, &read(&path));
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn every_row_holds_on_the_reference() {
    let failures: String =
        files().iter().map(|(path, entries)| failures_on_the_reference(path, entries)).collect();
    assert!(failures.is_empty(), "\n{failures}");
}

/// How the rows of an area are shown.
#[derive(Default)]
struct Count {
    tested: Vec<u32>,
    elsewhere: Vec<u32>,
    not_applicable: Vec<u32>,
}

impl Count {
    fn all(&self) -> impl Iterator<Item = u32> {
        [&self.tested, &self.elsewhere, &self.not_applicable].into_iter().flatten().copied()
    }
}

/// The rows of each area; a row that is there twice, or that there is none of, is a complaint.
fn counts(entries: &[Entry], complaints: &mut Vec<String>) -> BTreeMap<String, Count> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut count = |head: &Head, place: fn(&mut Count) -> &mut Vec<u32>| {
        let area = counts.entry(head.id.area.clone()).or_default();
        let rows = AREAS.iter().find(|(name, _)| *name == head.id.area).map_or(0, |(_, rows)| *rows);
        if head.id.number > rows {
            complaints.push(format!("there is no row {}", head.id));
        } else if area.all().any(|known| known == head.id.number) {
            complaints.push(format!("{} is there twice", head.id));
        }
        place(area).push(head.id.number);
    };
    for entry in entries {
        match entry {
            Entry::Script(script) => {
                script.heads.iter().for_each(|head| count(head, |area| &mut area.tested))
            }
            Entry::Elsewhere { head, .. } => count(head, |area| &mut area.elsewhere),
            Entry::NotApplicable(head) => count(head, |area| &mut area.not_applicable),
        }
    }
    counts
}

/// Rows that are said to be shown by a test that is not there.
fn tests_that_are_not_there(entries: &[Entry]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let missing = entries.iter().filter_map(|entry| {
        let Entry::Elsewhere { head, file, test } = entry else { return None };
        let source = fs::read_to_string(root.join(file)).unwrap_or_default();
        let is_there = source.contains(&format!("fn {test}("));
        (!is_there).then(|| format!("{}: there is no `{test}` in {file}", head.id))
    });
    missing.collect()
}

/// Rows that nothing is said about.
fn missing(counts: &BTreeMap<String, Count>) -> Vec<String> {
    let mut missing = Vec::new();
    for (area, rows) in AREAS {
        let known: Vec<u32> = counts.get(area).map(|count| count.all().collect()).unwrap_or_default();
        let lacks = (1..=rows).filter(|number| !known.contains(number));
        let numbers: Vec<String> = lacks.map(|number| number.to_string()).collect();
        if !numbers.is_empty() {
            missing.push(format!("{area} {}", numbers.join(" ")));
        }
    }
    missing
}

#[test]
fn every_row_is_there_once() {
    let entries: Vec<Entry> = files().into_iter().flat_map(|(_, entries)| entries).collect();
    let mut complaints = tests_that_are_not_there(&entries);
    let counts = counts(&entries, &mut complaints);
    let mut sums = [0; 3];
    let all: u32 = AREAS.iter().map(|(_, rows)| rows).sum();
    for (area, rows) in AREAS {
        let nothing = Count::default();
        let count = counts.get(area).unwrap_or(&nothing);
        let here = [&count.tested, &count.elsewhere, &count.not_applicable].map(Vec::len);
        say(&format!(
            "rows {area}: tested {}, proven elsewhere {}, n/a {} of {rows}",
            here[0], here[1], here[2]
        ));
        sums.iter_mut().zip(here).for_each(|(sum, here)| *sum += here);
    }
    say(&format!("rows: tested {}, proven elsewhere {}, n/a {} of {all}", sums[0], sums[1], sums[2]));
    let missing = missing(&counts);
    assert!(missing.is_empty(), "rows missing: {}", missing.join("; "));
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
