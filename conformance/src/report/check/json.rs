//! floor 8: what judging captures came to, for programs: one JSON object a line.
//!
//! `conformance/SCHEMA-check.md` describes every field. A field that does not apply is `null`, and none is
//! ever left out.

use super::Wanted;
use super::findings::{level, outcomes};
use crate::judge::file::Judged;
use crate::judge::problem::Problem;
use crate::judge::seen::Known;
use crate::judge::{Report, Verdict, rules};
use crate::verdict::{Outcome, Reason};
use crate::witness::{Alone, Certainty, Silence, Statement, Testimony};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};

/// Hosts that are described of a file, beside those with findings.
const HOSTS_MAX: usize = 1000;

/// One finding.
#[derive(Debug, Serialize)]
struct Finding<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    file: &'a str,
    outcome: &'static str,
    rule: &'static str,
    about: &'static str,
    clause: &'static str,
    level: Option<&'static str>,
    reason: Option<&'static str>,
    host: IpAddr,
    source: Option<SocketAddr>,
    destination: Option<SocketAddr>,
    frame: u64,
    time_ns: u64,
    packets: u64,
    seen: &'a str,
    bound: &'a str,
    assumptions: Vec<&'static str>,
    tap: &'static str,
    tap_known: &'static str,
    problems: Vec<&'static str>,
    certainty: Option<&'static str>,
    witness: Option<&'static str>,
    witness_says: Option<String>,
    legal: &'a [String],
}

/// Something that only the second witness finds.
#[derive(Debug, Serialize)]
struct Unexplained<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    file: &'a str,
    certainty: &'static str,
    breach: &'static str,
    clause: &'static str,
    level: Option<&'static str>,
    host: IpAddr,
    source: SocketAddr,
    destination: SocketAddr,
    frame: u64,
    is_missing: bool,
    state: String,
    seen: &'a str,
    legal: &'a [String],
    tap: &'static str,
    tap_known: &'static str,
}

/// What came of asking the second witness about a file.
#[derive(Debug, Serialize)]
struct Witness {
    certain: u64,
    likely: u64,
    ends: u64,
    ends_explained: u64,
    unfollowed: BTreeMap<&'static str, u64>,
    silence: Option<&'static str>,
    too_large: u64,
    crowded: bool,
    interrupted: bool,
}

/// One file that was read, to its end or in part.
#[derive(Debug, Serialize)]
struct File<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    file: &'a str,
    packets: u64,
    connections: u64,
    connections_idle: u64,
    connections_crowded: u64,
    pairs_crowded: u64,
    rules: usize,
    rules_with_evidence: usize,
    outcomes: BTreeMap<&'static str, u64>,
    reasons: BTreeMap<&'static str, u64>,
    unlisted: u64,
    calibration: Calibration,
    hosts: Vec<Host>,
    cut: Option<String>,
    damage: Option<String>,
    interrupted: bool,
    witness: Option<Witness>,
}

/// What the packets of a file are like.
#[derive(Debug, Serialize)]
struct Calibration {
    unread: u64,
    snapped: u64,
    fragments: u64,
    copies: u64,
    backwards: u64,
    unfilled_checksums: u64,
    oversize: u64,
    lost_by_interface: u64,
    lost_by_system: u64,
    lost_before_packets: u64,
}

/// One host of a file.
#[derive(Debug, Serialize)]
struct Host {
    addr: IpAddr,
    tap: &'static str,
    tap_known: &'static str,
    system: Option<&'static str>,
    style: Option<String>,
}

/// One file that could not be read at all.
#[derive(Debug, Serialize)]
struct Unreadable<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    file: &'a str,
    error: &'a str,
}

/// A line for each wanted verdict of a file, the first frame first, one for each finding of the second
/// witness alone, and one for the file.
pub fn file(judged: &Judged, testimony: Option<&Testimony>, wanted: Wanted) -> String {
    let report = &judged.report;
    let shown = report.verdicts.iter().filter(|verdict| wanted.has(verdict.outcome));
    let finding = |verdict| {
        let statement = testimony.and_then(|testimony| testimony.of(verdict));
        line(&Finding::of(&judged.file, report, verdict, statement))
    };
    let mut text: String = shown.map(finding).collect();
    let alone = testimony.map_or(&[][..], |testimony| &testimony.alone);
    text.extend(alone.iter().map(|alone| line(&Unexplained::of(&judged.file, report, alone))));
    text.push_str(&line(&File::of(judged, testimony, wanted)));
    text
}

/// The line of a file that could not be read.
pub fn unreadable(file: &str, error: &str) -> String {
    line(&Unreadable { kind: "unreadable", file, error })
}

fn line(what: &impl Serialize) -> String {
    // Numbers and text in structs can always be written.
    let mut text = serde_json::to_string(what).unwrap_or_default();
    text.push('\n');
    text
}

/// How near the tap is to a host, and how that is known.
fn tap(report: &Report, host: IpAddr) -> (&'static str, &'static str) {
    let unknown = ("anywhere", Known::Unknown.word());
    report.hosts.get(&host).map_or(unknown, |seen| (seen.tap.word(), seen.known.word()))
}

impl<'a> Finding<'a> {
    fn of(file: &'a str, report: &Report, verdict: &'a Verdict, statement: Option<&'a Statement>) -> Self {
        let (tap, tap_known) = tap(report, verdict.host);
        Self {
            kind: "finding",
            file,
            outcome: verdict.outcome.word(),
            rule: verdict.rule.id,
            about: verdict.rule.about,
            clause: verdict.clause,
            level: level(verdict.clause).map(|level| level.word()),
            reason: verdict.reason.map(Reason::code),
            host: verdict.host,
            source: verdict.ends.map(|(source, _)| source),
            destination: verdict.ends.map(|(_, destination)| destination),
            frame: verdict.number,
            time_ns: verdict.at.as_nanos(),
            packets: verdict.count,
            seen: &verdict.seen,
            bound: &verdict.bound,
            assumptions: verdict.rule.assumptions.iter().map(|assumption| assumption.id()).collect(),
            tap,
            tap_known,
            problems: Problem::of(verdict).map(|problem| problem.section).collect(),
            certainty: statement.map(|statement| statement.certainty().word()),
            witness: statement.map(|statement| statement.word.code()),
            witness_says: statement.map(ToString::to_string),
            legal: statement.map_or(&[], |statement| &statement.legal),
        }
    }
}

impl<'a> Unexplained<'a> {
    fn of(file: &'a str, report: &Report, alone: &'a Alone) -> Self {
        let ((source, destination), finding) = (alone.ends, &alone.finding);
        let (tap, tap_known) = tap(report, source.ip());
        let clause = finding.breach.clause();
        Self {
            kind: "unexplained",
            file,
            certainty: Certainty::Likely.word(),
            breach: finding.breach.text(),
            clause,
            level: level(clause).map(|level| level.word()),
            host: source.ip(),
            source,
            destination,
            frame: finding.number,
            is_missing: finding.index.is_none(),
            state: finding.state.to_string(),
            seen: &finding.what,
            legal: &finding.legal,
            tap,
            tap_known,
        }
    }
}

impl Witness {
    fn of(testimony: &Testimony) -> Self {
        Self {
            certain: testimony.count(Certainty::Certain),
            likely: testimony.count(Certainty::Likely),
            ends: testimony.followed,
            ends_explained: testimony.explained,
            unfollowed: testimony.unfollowed.clone(),
            silence: testimony.silence.map(Silence::text),
            too_large: testimony.too_large,
            crowded: testimony.crowded,
            interrupted: testimony.stopped,
        }
    }
}

impl<'a> File<'a> {
    fn of(judged: &'a Judged, testimony: Option<&Testimony>, wanted: Wanted) -> Self {
        let report = &judged.report;
        let calibration = &report.calibration;
        let text = |what: Option<&dyn Display>| what.map(ToString::to_string);
        Self {
            kind: "file",
            file: &judged.file,
            packets: calibration.packets,
            connections: report.connections,
            connections_idle: report.left.idle,
            connections_crowded: report.left.crowded,
            pairs_crowded: report.left.pairs,
            rules: rules().count(),
            rules_with_evidence: report.with_evidence(),
            outcomes: outcomes(report)
                .into_iter()
                .map(|(outcome, count)| (outcome.word(), count))
                .chain([(Outcome::Undecided.word(), report.undecided().values().sum())])
                .collect(),
            reasons: report.undecided().into_iter().map(|(reason, count)| (reason.code(), count)).collect(),
            unlisted: report.unlisted,
            calibration: Calibration {
                unread: calibration.unread,
                snapped: calibration.cut,
                fragments: calibration.fragments,
                copies: calibration.copies,
                backwards: calibration.backwards,
                unfilled_checksums: calibration.unfilled,
                oversize: calibration.oversize,
                lost_by_interface: judged.losses.by_interface,
                lost_by_system: judged.losses.by_system,
                lost_before_packets: judged.losses.before_packets,
            },
            hosts: hosts(report, wanted),
            cut: text(judged.cut.as_ref().map(|cut| cut as &dyn Display)),
            damage: text(judged.damage.as_ref().map(|damage| damage as &dyn Display)),
            interrupted: judged.stopped,
            witness: testimony.map(Witness::of),
        }
    }
}

/// The hosts with a shown finding, and others as long as there is room, in order of address.
fn hosts(report: &Report, wanted: Wanted) -> Vec<Host> {
    let shown = report.verdicts.iter().filter(|verdict| wanted.has(verdict.outcome));
    let found: BTreeSet<IpAddr> = shown.map(|verdict| verdict.host).collect();
    let mut room = HOSTS_MAX;
    let described = report.hosts.iter().filter(|(addr, _)| {
        let has_room = room > 0;
        room = room.saturating_sub(1);
        has_room || found.contains(addr)
    });
    described
        .map(|(addr, seen)| {
            let style = seen.styles.best();
            Host {
                addr: *addr,
                tap: seen.tap.word(),
                tap_known: seen.known.word(),
                system: style.and_then(|style| style.system()),
                style: style.map(ToString::to_string),
            }
        })
        .collect()
}
