//! floor 8: what judging a capture came to, as text: hosts and rules, the gravest first.
//!
//! ```text
//! trace.pcap: 22 packets, 2 TCP connections
//!   192.0.2.1  tap on its link (inferred)
//!     deviates   P-A8 RFC7323-3.2-a (SHOULD)  the timestamp echo of a SYN without ACK is zero
//!                frame 15  192.0.2.1:40001 > 192.0.2.2:8080  ecr 1549348103 on a SYN; allowed: 0
//!                rests on a1, a7, a11
//! ```

use super::Wanted;
use super::excerpt::Excerpts;
use super::findings::{self, Finding, OfHost, Sums, outcomes};
use super::witness;
use crate::judge::assume::{Assumption, Calibration};
use crate::judge::file::Judged;
use crate::judge::problem::Problem;
use crate::judge::{Report, Verdict, rules};
use crate::verdict::{Outcome, Reason};
use crate::witness::Testimony;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

/// Characters of the outcome column.
const OUTCOME_WIDTH: usize = 11;
/// Characters before what belongs to a finding.
pub(super) const INDENT: usize = OUTCOME_WIDTH + 4;
/// Hosts whose findings are shown, the gravest first.
const HOSTS_MAX: usize = 50;
/// Hosts of which it is noted how they open connections.
const STYLES_MAX: usize = 40;

/// How text is shown.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Which verdicts are shown.
    pub wanted: Wanted,
    /// Whether to show what is around each finding, and what would have been legal.
    pub verbose: bool,
    /// Makes text bold, if there is colour.
    pub bold: &'a dyn Fn(&str) -> String,
}

impl fmt::Debug for Look<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Look").field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

/// What is known beside the verdicts.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// What is around findings.
    pub excerpts: &'a Excerpts,
    /// What the second witness says, if it was asked.
    pub testimony: Option<&'a Testimony>,
}

/// Everything about one file.
pub fn file(judged: &Judged, beside: Beside<'_>, look: Look<'_>) -> String {
    let mut text = String::new();
    let report = &judged.report;
    let (packets, connections) = (report.calibration.packets, report.connections);
    let _ = writeln!(
        text,
        "{}: {}, {}",
        (look.bold)(&judged.file),
        count(packets, "packet"),
        count(connections, "TCP connection")
    );
    if judged.stopped {
        let _ = writeln!(text, "  interrupted: this is about the packets before");
    }
    if let Some(cut) = &judged.cut {
        let _ = writeln!(text, "  {cut}");
    }
    calibration(&report.calibration, &mut text);
    unseen(judged, &mut text);
    let hosts = findings::by_host(report, look.wanted);
    for of_host in hosts.iter().take(HOSTS_MAX) {
        host(report, of_host, beside, look, &mut text);
    }
    if let Some(more) = hosts.len().checked_sub(HOSTS_MAX + 1) {
        let more = count(more as u64 + 1, "host");
        let _ = writeln!(text, "  {more} more with findings; --format json lists all");
    }
    if let Some(testimony) = beside.testimony {
        witness::alone(testimony, look, &mut text);
    }
    if look.wanted.notes {
        styles(report, &mut text);
    }
    if report.unlisted > 0 {
        let _ = writeln!(text, "  {} more findings are not listed", report.unlisted);
    }
    let (applied, evidence) = (rules().count(), report.with_evidence());
    let _ = writeln!(text, "  rules applied {applied}, had evidence {evidence}");
    let _ = writeln!(text, "  {}", counts(&outcomes(report), &report.undecided()));
    if let Some(testimony) = beside.testimony {
        witness::sum(testimony, &mut text);
    }
    text
}

/// What is unusual about the packets, if anything is.
fn calibration(calibration: &Calibration, text: &mut String) {
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
        let _ = writeln!(text, "  packets: {}", facts.join(", "));
    }
}

/// What the judge did not get to see, or not to the end.
fn unseen(judged: &Judged, text: &mut String) {
    let losses = judged.losses;
    if losses.any() {
        let lost = losses.by_interface.saturating_add(losses.by_system).saturating_add(losses.before_packets);
        let _ = writeln!(
            text,
            "  the file says that {} were lost before they were recorded",
            count(lost, "packet")
        );
    }
    let left = judged.report.left;
    for (number, why) in [(left.idle, "silent for a day"), (left.crowded, "too many at the same time")] {
        if number > 0 {
            let _ = writeln!(text, "  {} not followed to the end: {why}", count(number, "TCP connection"));
        }
    }
    if left.pairs > 0 {
        let pairs = count(left.pairs, "pair");
        let _ = writeln!(text, "  {pairs} of addresses not followed to the end: too many at the same time");
    }
}

/// A host with its findings.
fn host(report: &Report, of_host: &OfHost<'_>, beside: Beside<'_>, look: Look<'_>, text: &mut String) {
    let seen = report.hosts.get(&of_host.host);
    let place = seen.map_or_else(|| "tap anywhere (unknown)".to_owned(), ToString::to_string);
    let _ = writeln!(text, "  {}  {place}", (look.bold)(&of_host.host.to_string()));
    for finding in &of_host.findings {
        self::finding(finding, beside, look, text);
    }
}

fn finding(finding: &Finding<'_>, beside: Beside<'_>, look: Look<'_>, text: &mut String) {
    let verdict = finding.first;
    let outcome = (look.bold)(&format!("{:OUTCOME_WIDTH$}", verdict.outcome));
    let _ = writeln!(text, "    {outcome}{}  {}", requirement(verdict), verdict.rule.about);
    let who = verdict.ends.map_or_else(String::new, |(host, peer)| format!("{host} > {peer}  "));
    let (number, seen, bound) = (verdict.number, &verdict.seen, &verdict.bound);
    let mut line = |what: &str| {
        let _ = writeln!(text, "{:INDENT$}{what}", "");
    };
    line(&format!("frame {number}  {who}{seen}; allowed: {bound}"));
    if let Some(repeats) = repeats(finding) {
        line(&repeats);
    }
    if let Some(reason) = verdict.reason {
        line(&format!("{reason}: {}", reason.text()));
    }
    for problem in Problem::of(verdict) {
        line(&format!("known as {problem}"));
    }
    line(&format!("rests on {}", assumptions(verdict.rule.assumptions)));
    if let Some(testimony) = beside.testimony {
        witness::of_finding(finding, testimony, look, text);
    }
    beside.excerpts.show(verdict, INDENT, text);
}

/// `P-A8 RFC7323-3.2-a (SHOULD)`.
fn requirement(verdict: &Verdict) -> String {
    let level = findings::level(verdict.clause).map_or("", |level| level.word());
    format!("{} {} ({level})", verdict.rule.id, verdict.clause)
}

/// `12 packets of 3 connections: frames 15, 30, 99`.
fn repeats(finding: &Finding<'_>) -> Option<String> {
    if finding.packets == 1 {
        return None;
    }
    let mut text = count(finding.packets, "packet");
    let verdicts = finding.all.len() as u64;
    if verdicts > 1 {
        let of = if finding.first.ends.is_some() { "connection" } else { "case" };
        let frames: Vec<String> = finding.frames.iter().map(u64::to_string).collect();
        let more = verdicts - frames.len() as u64;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = write!(text, " of {}: frames {}{more}", count(verdicts, of), frames.join(", "));
    }
    Some(text)
}

/// `a1, a7, a11`.
fn assumptions(all: &[Assumption]) -> String {
    let ids: Vec<&str> = all.iter().map(|assumption| assumption.id()).collect();
    if ids.is_empty() { "nothing".to_owned() } else { ids.join(", ") }
}

/// How hosts open connections.
fn styles(report: &Report, text: &mut String) {
    let known = || report.hosts.iter().filter_map(|(host, seen)| Some((host, seen.styles.best()?)));
    for (host, style) in known().take(STYLES_MAX) {
        let _ = writeln!(text, "  {host}  style: {style}");
    }
    let more = known().count().saturating_sub(STYLES_MAX);
    if more > 0 {
        let _ = writeln!(text, "  {} more have a style", count(more as u64, "host"));
    }
}

/// What the assumptions mean that are named in findings about these files.
pub fn legend(used: &BTreeSet<Assumption>) -> String {
    used.iter().fold(String::new(), |mut text, assumption| {
        let _ = writeln!(text, "{:>4}  {}", assumption.id(), assumption.text());
        text
    })
}

/// The assumptions that the wanted findings of a report rest on.
pub fn used(report: &Report, wanted: Wanted) -> BTreeSet<Assumption> {
    let shown = report.verdicts.iter().filter(|verdict| wanted.has(verdict.outcome));
    shown.flat_map(|verdict| verdict.rule.assumptions).copied().collect()
}

/// Sums: every rule that found something, if there is more than one host or file, and the counts over all
/// files.
pub fn sums(sums: &Sums, look: Look<'_>, several: bool) -> String {
    let mut text = String::new();
    let rules = sums.by_rule();
    if !several && rules.iter().all(|of_rule| of_rule.hosts < 2) {
        return text;
    }
    if !rules.is_empty() {
        let _ = writeln!(text, "by rule:");
    }
    for of_rule in rules {
        let outcome = (look.bold)(&format!("{:OUTCOME_WIDTH$}", of_rule.outcome));
        let level = findings::level(of_rule.clause).map_or("", |level| level.word());
        let (file, frame) = &of_rule.first;
        let _ = writeln!(
            text,
            "  {outcome}{} {} ({level})  {} of {} in {}, first {file} frame {frame}",
            of_rule.rule.id,
            of_rule.clause,
            count(of_rule.packets, "packet"),
            count(of_rule.hosts, "host"),
            count(of_rule.files, "file"),
        );
    }
    if several {
        let files = count(sums.files, "file");
        let _ = writeln!(text, "all {files}: {}", counts(&sums.outcomes, &sums.reasons));
        if let Some(certainties) = &sums.certainties {
            let _ = writeln!(text, "second witness: {}", witness::certainties(certainties));
        }
    }
    text
}

/// `1 packet`, `2 packets`.
pub fn count(number: u64, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
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
        let _ = write!(text, " ({})", parts.join(", "));
    }
    text
}
