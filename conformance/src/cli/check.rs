//! floor 9: `netassay check`, verdicts on the hosts in recorded traffic.

use super::{Exit, complain, out::Out};
use conformance::judge::file::{Judged, file};
use conformance::judge::{Report, Verdict, rules};
use conformance::requirement::Catalogue;
use conformance::verdict::{Outcome, Reason};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

/// Characters of the outcome column.
const OUTCOME_WIDTH: usize = 10;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "A rule claims only what holds for every packet that the host may or may not have received.\n\
    What the capture can not show is undecided. Exit code 3 if a file could not be read, or is damaged; a\n\
    last record that is cut is no damage. Else 1 if something fails, else 4 if no rule met with evidence,\n\
    else 0.\n\n\
    Examples:\n  netassay check trace.pcap\n  netassay check --filter 'host 192.0.2.1' --undecided *.pcapng"
)]
pub(super) struct Args {
    /// Captures, pcap or pcapng; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Only packets that this expression matches, in the language of pcap-filter(7)
    #[arg(long, value_name = "EXPR")]
    filter: Option<String>,

    /// Also list what is undecided, with the reason
    #[arg(long)]
    undecided: bool,

    /// Also list notes: what is worth knowing but claims nothing
    #[arg(long)]
    notes: bool,
}

/// Sums over all files.
#[derive(Default)]
struct Totals {
    files: usize,
    outcomes: BTreeMap<Outcome, u64>,
    reasons: BTreeMap<Reason, u64>,
    evidence: bool,
    broken: bool,
}

pub(super) fn run(args: &Args, out: &mut Out) -> io::Result<Exit> {
    let mut totals = Totals::default();
    for path in &args.files {
        match file(path, args.filter.as_deref()) {
            Ok(judged) => {
                show(args, &judged, out)?;
                totals.add(&judged);
            }
            Err(error) => {
                out.flush()?;
                complain(&error.to_string());
                if error.is_usage() {
                    return Ok(Exit::Usage);
                }
                totals.broken = true;
            }
        }
    }
    if args.files.len() > 1 {
        writeln!(out, "all {} files: {}", totals.files, counts(&totals.outcomes, &totals.reasons))?;
    }
    Ok(totals.exit())
}

impl Totals {
    fn add(&mut self, judged: &Judged) {
        self.files += 1;
        for (outcome, count) in outcomes(&judged.report) {
            *self.outcomes.entry(outcome).or_insert(0) += count;
        }
        for (reason, count) in judged.report.undecided() {
            *self.reasons.entry(reason).or_insert(0) += count;
        }
        self.evidence |= judged.report.with_evidence() > 0;
        self.broken |= judged.damage.is_some();
    }

    fn exit(&self) -> Exit {
        let fails = self.outcomes.get(&Outcome::Fail).is_some_and(|count| *count > 0);
        match () {
            () if self.broken => Exit::Rig,
            () if fails => Exit::Verdict,
            () if !self.evidence => Exit::NothingRan,
            () => Exit::Holds,
        }
    }
}

/// How often each outcome occurred in a report.
fn outcomes(report: &Report) -> BTreeMap<Outcome, u64> {
    [Outcome::Fail, Outcome::Deviates, Outcome::Note].map(|outcome| (outcome, report.count(outcome))).into()
}

fn show(args: &Args, judged: &Judged, out: &mut Out) -> io::Result<()> {
    let report = &judged.report;
    let name = out.bold(&judged.file);
    let calibration = &report.calibration;
    writeln!(out, "{name}: {} packets, {} TCP connections", calibration.packets, report.connections)?;
    if let Some(damage) = &judged.damage {
        out.flush()?;
        complain(&damage.to_string());
    }
    if let Some(cut) = &judged.cut {
        writeln!(out, "  {cut}")?;
    }
    for repeats in folded(args, report) {
        show_verdict(&repeats, out)?;
    }
    if report.unlisted > 0 {
        writeln!(out, "  {} more findings are not listed", report.unlisted)?;
    }
    let facts = [
        (calibration.unread, "not read"),
        (calibration.cut, "cut by the snap length"),
        (calibration.fragments, "fragments"),
        (calibration.copies, "captured twice"),
        (calibration.backwards, "earlier than the one before"),
        (calibration.unfilled, "with a checksum left for the network card"),
        (calibration.oversize, "longer than any frame"),
    ];
    let facts: Vec<String> =
        facts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if !facts.is_empty() {
        writeln!(out, "  packets: {}", facts.join(", "))?;
    }
    let (applied, evidence) = (rules().count(), report.with_evidence());
    writeln!(out, "  rules applied {applied}, had evidence {evidence}")?;
    writeln!(out, "  {}", counts(&outcomes(report), &report.undecided()))
}

/// The same finding about the same host, on one or more connections: the first of them, and how often.
struct Repeats<'a> {
    first: &'a Verdict,
    packets: u64,
    connections: u64,
}

/// The verdicts that are wanted, repeats of one host folded, in order of first appearance.
fn folded<'a>(args: &Args, report: &'a Report) -> Vec<Repeats<'a>> {
    let mut all: Vec<Repeats<'a>> = Vec::new();
    let mut places = BTreeMap::new();
    for verdict in report.verdicts.iter().filter(|verdict| is_wanted(args, verdict.outcome)) {
        let Verdict { outcome, clause, reason, host, count, .. } = verdict;
        let place = *places.entry((outcome, verdict.rule.id, clause, reason, host)).or_insert(all.len());
        match all.get_mut(place) {
            Some(known) => {
                known.packets += count;
                known.connections += 1;
            }
            None => all.push(Repeats { first: verdict, packets: *count, connections: 1 }),
        }
    }
    all
}

const fn is_wanted(args: &Args, outcome: Outcome) -> bool {
    match outcome {
        Outcome::Fail | Outcome::Deviates => true,
        Outcome::Undecided => args.undecided,
        Outcome::Note => args.notes,
        Outcome::Holds => false,
    }
}

/// One line: outcome, frame, who, requirement, what was seen, what is allowed.
fn show_verdict(repeats: &Repeats<'_>, out: &mut Out) -> io::Result<()> {
    let verdict = repeats.first;
    let who = match verdict.ends {
        Some((sender, receiver)) => format!("{sender} > {receiver}"),
        None => verdict.host.to_string(),
    };
    let outcome = out.bold(&format!("{:OUTCOME_WIDTH$}", verdict.outcome));
    let level = Catalogue::embedded().get(verdict.clause).map_or("", |requirement| requirement.level.word());
    write!(
        out,
        "  {outcome}frame {}  {who}  {} {} ({level})",
        verdict.number, verdict.rule.id, verdict.clause
    )?;
    write!(out, "  {}; allowed: {}", verdict.seen, verdict.bound)?;
    match (repeats.packets, repeats.connections) {
        (1, _) => (),
        (packets, 1) => write!(out, "  [{packets} packets]")?,
        (packets, connections) => write!(out, "  [{packets} packets of {connections} connections]")?,
    }
    if let Some(reason) = verdict.reason {
        write!(out, "  [{reason}: {}]", reason.text())?;
    }
    writeln!(out)
}

/// `2 fail, 1 deviates, 4 undecided (3 cut, 1 one-bit)`.
fn counts(outcomes: &BTreeMap<Outcome, u64>, reasons: &BTreeMap<Reason, u64>) -> String {
    let of = |outcome| outcomes.get(&outcome).copied().unwrap_or(0);
    let undecided: u64 = reasons.values().sum();
    let mut text = format!(
        "{} fail, {} deviates, {} notes, {undecided} undecided",
        of(Outcome::Fail),
        of(Outcome::Deviates),
        of(Outcome::Note)
    );
    if undecided > 0 {
        let parts: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        text.push_str(&format!(" ({})", parts.join(", ")));
    }
    text
}
