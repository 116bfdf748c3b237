//! Whether the judge accuses the innocent: recordings of hosts that keep the rules, judged from everywhere.
//!
//!     soundness sim COUNT [FIRST] [--loss PERCENT]   meetings of two references, one for each seed
//!     soundness plans HEX [FOLDER]                   one of them, and its recordings as files
//!     soundness linux COUNT [SEED [FOLDER]]          so many connections of two kernels, twenty on each
//!                                                    network; recordings with accusations are kept
//!
//! The kernels are those of this machine, in network namespaces of their own, in real time.
//! The exit code is 1 if anybody was accused.

use conformance::drive::link::plan::{LOSS_PERCENT_MAX, Plan};
use conformance::fuzz::judge::{self, Heard, shorten};
use conformance::judge::{Verdict, rules};
use conformance::run::tap::plan::TapPlan;
use conformance::run::tap::write;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

/// Accusations of one kind that are shown.
const SHOWN_MAX: usize = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<u64>().ok();
    let done = match words.as_slice() {
        ["sim", count] => number(count).map(|count| simulate(0, count, LOSS_PERCENT_MAX)),
        ["sim", count, first] => {
            number(count).zip(number(first)).map(|(count, first)| simulate(first, count, LOSS_PERCENT_MAX))
        }
        ["sim", count, first, "--loss", loss] => match (number(count), number(first), loss.parse().ok()) {
            (Some(count), Some(first), Some(loss)) => Some(simulate(first, count, loss)),
            _ => None,
        },
        ["plans", hex] => octets(hex).map(|bytes| show(&bytes, None)),
        ["plans", hex, folder] => octets(hex).map(|bytes| show(&bytes, Some(Path::new(folder)))),
        ["linux", count] => number(count).map(|count| kernels(count, 0, None)),
        ["linux", count, seed] => {
            number(count).zip(number(seed)).map(|(count, seed)| kernels(count, seed, None))
        }
        ["linux", count, seed, folder] => {
            number(count).zip(number(seed)).map(|(count, seed)| kernels(count, seed, Some(Path::new(folder))))
        }
        _ => None,
    };
    done.unwrap_or_else(|| {
        eprintln!(
            "usage: soundness sim COUNT [FIRST] [--loss PERCENT] | plans HEX [FOLDER] | \
             linux COUNT [SEED [FOLDER]]"
        );
        ExitCode::from(2)
    })
}

/// Two words: where a tap was and how it recorded, or a rule and its clause.
type Words = (&'static str, &'static str);

/// What was judged, and who was accused, by tap.
#[derive(Default)]
struct Table {
    /// Recordings and packets.
    judged: BTreeMap<Words, (u64, u64)>,
    /// Accusations by rule and clause, then by tap: verdicts and packets.
    accused: BTreeMap<Words, BTreeMap<Words, (u64, u64)>>,
    /// How to repeat some of them.
    examples: BTreeMap<Words, Vec<String>>,
    /// Situations in which a rule was kept or broken.
    evidence: BTreeMap<&'static str, u64>,
}

impl Table {
    fn note(&mut self, heard: &Heard, repeat: impl Fn(&Verdict) -> String) {
        let tap = (heard.place.name(), heard.how);
        let judged = self.judged.entry(tap).or_default();
        judged.0 += 1;
        judged.1 += heard.recording.shots.len() as u64;
        for (rule, tally) in rules().zip(&heard.report.tallies) {
            *self.evidence.entry(rule.id).or_default() += tally.holds + tally.broken;
        }
        for verdict in heard.accusations() {
            let kind = (verdict.rule.id, verdict.clause);
            let count = self.accused.entry(kind).or_default().entry(tap).or_default();
            count.0 += 1;
            count.1 += verdict.count;
            let examples = self.examples.entry(kind).or_default();
            if examples.len() < SHOWN_MAX {
                examples.push(repeat(verdict));
            }
        }
    }

    fn print(&self) -> ExitCode {
        for ((place, how), (recordings, packets)) in &self.judged {
            let accused: u64 =
                self.accused.values().filter_map(|taps| taps.get(&(*place, *how))).map(|count| count.1).sum();
            println!(
                "{:<16} {recordings:>9} recordings {packets:>11} packets {accused:>7} accused",
                format!("{place} {how}")
            );
        }
        for (kind, taps) in &self.accused {
            println!("== {} {}", kind.0, kind.1);
            for ((place, how), (verdicts, packets)) in taps {
                println!("   {place} {how}: {verdicts} verdicts, {packets} packets");
            }
            self.examples.get(kind).into_iter().flatten().for_each(|example| println!("   {example}"));
        }
        let idle: Vec<&str> =
            self.evidence.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
        println!(
            "rules without a situation: {}",
            if idle.is_empty() { "none".into() } else { idle.join(" ") }
        );
        ExitCode::from(u8::from(!self.accused.is_empty()))
    }
}

fn simulate(first: u64, count: u64, loss: u8) -> ExitCode {
    // What panics inside of a host is the matter of another run.
    conformance::host::crash::tell_once();
    let (begun, mut table) = (Instant::now(), Table::default());
    for seed in first..first.saturating_add(count) {
        let (plan, taps) = (Plan::from_seed(seed, loss), TapPlan::from_seed(seed));
        for heard in judge::all(&plan, &taps) {
            table.note(&heard, |verdict| {
                let bytes = plain(&judge::write(&plan, &taps), verdict);
                format!("seed {seed}: {}", told(&heard, verdict, &bytes))
            });
        }
    }
    let millis = begun.elapsed().as_millis().max(1);
    println!(
        "{count} meetings from seed {first} in {} s, {} a second",
        millis / 1_000,
        u128::from(count) * 1_000 / millis
    );
    table.print()
}

/// The same accusation from an input with as little in it as may be.
fn plain(bytes: &[u8], verdict: &Verdict) -> Vec<u8> {
    let class = format!("judge {} {}", verdict.rule.id, verdict.clause);
    shorten::plain(bytes, |bytes| judge::run(bytes).is_err_and(|found| found.class == class))
}

fn told(heard: &Heard, verdict: &Verdict, bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|octet| format!("{octet:02x}")).collect();
    format!(
        "{} {}: frame {} at {}: {}; allowed: {}; plans {hex}",
        heard.place.name(),
        heard.how,
        verdict.number,
        verdict.at,
        verdict.seen,
        verdict.bound,
    )
}

#[cfg(not(target_os = "linux"))]
fn kernels(_: u64, _: u64, _: Option<&Path>) -> ExitCode {
    eprintln!("there is no Linux here");
    ExitCode::from(3)
}

#[cfg(target_os = "linux")]
fn kernels(count: u64, seed: u64, folder: Option<&Path>) -> ExitCode {
    use conformance::run::linux;
    const TALKS: u16 = 20;
    let (mut table, mut dropped, mut connections) = (Table::default(), 0, 0);
    for seed in seed..seed + count.div_ceil(TALKS.into()) {
        let plan = linux::plan::NetPlan::from_seed(seed, TALKS);
        let taken = match linux::record(&plan) {
            Ok(taken) => taken,
            Err(fault) => {
                eprintln!("SKIP: {fault}");
                return ExitCode::from(3);
            }
        };
        dropped += taken.iter().map(|tap| tap.dropped).sum::<u32>();
        for heard in judge::kernels(&taken, seed) {
            connections += if heard.how.is_empty() { heard.report.connections } else { 0 };
            table.note(&heard, |verdict| format!("seed {seed}: {}", told(&heard, verdict, &[])));
            let Some(folder) = folder.filter(|_| heard.accusations().next().is_some()) else { continue };
            let name = format!("{seed} {} {}", heard.place.name(), heard.how).trim().replace(' ', "-");
            if let Err(error) =
                fs::write(folder.join(name).with_extension("pcap"), write::pcap(&heard.recording))
            {
                eprintln!("{}: {error}", folder.display());
            }
        }
    }
    println!("{connections} connections on all taps together; {dropped} packets that taps did not get");
    table.print()
}

fn octets(hex: &str) -> Option<Vec<u8>> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

fn show(bytes: &[u8], folder: Option<&Path>) -> ExitCode {
    let (head, tail) = bytes.split_at(bytes.len().min(TapPlan::OCTETS));
    let (Ok(taps), Ok(plan)) = (TapPlan::read(head), Plan::read(tail)) else { return ExitCode::from(2) };
    println!("{taps:#?}\n{plan:#?}");
    let mut table = Table::default();
    for heard in judge::all(&plan, &taps) {
        table.note(&heard, |verdict| told(&heard, verdict, bytes));
        let name = format!("{} {}", heard.place.name(), heard.how).trim().replace(' ', "-");
        let Some(path) = folder.map(|folder| folder.join(name).with_extension("pcap")) else { continue };
        if let Err(error) = fs::write(&path, write::pcap(&heard.recording)) {
            eprintln!("{}: {error}", path.display());
            return ExitCode::from(3);
        }
    }
    table.print()
}
