//! floor 8: verdicts by host and by rule: repeats folded, the gravest first.

use super::Wanted;
use crate::judge::rule::Rule;
use crate::judge::{Report, Verdict};
use crate::requirement::{Catalogue, Level};
use crate::verdict::{Outcome, Reason};
use crate::witness::{Certainty, Testimony};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Frames that are named of a finding that repeats.
const FRAMES: usize = 5;

/// The same finding about the same host, on one or more connections.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    /// The first verdict.
    pub first: &'a Verdict,
    /// Every verdict that was folded: for TCP one a connection.
    pub all: Vec<&'a Verdict>,
    /// The first frame of each of the first connections that show it.
    pub frames: Vec<u64>,
    /// Packets that show it.
    pub packets: u64,
}

/// What was found out about one host.
#[derive(Clone, Debug)]
pub struct OfHost<'a> {
    /// The host.
    pub host: IpAddr,
    /// The gravest first.
    pub findings: Vec<Finding<'a>>,
}

/// The level of a requirement.
pub fn level(clause: &str) -> Option<Level> {
    Catalogue::embedded().get(clause).map(|requirement| requirement.level)
}

/// How grave a verdict is: what it comes to, then how strongly it is asked for. What is graver is less.
pub fn gravity(outcome: Outcome, clause: &str) -> (Reverse<Outcome>, Reverse<u8>) {
    let weight = match level(clause) {
        Some(Level::Must | Level::MustNot) => 3,
        Some(Level::Should | Level::ShouldNot) => 2,
        Some(Level::Described) => 1,
        Some(Level::May) | None => 0,
    };
    (Reverse(outcome), Reverse(weight))
}

/// The wanted verdicts of a report by host, the host with the gravest finding first.
pub fn by_host(report: &Report, wanted: Wanted) -> Vec<OfHost<'_>> {
    let mut hosts: BTreeMap<IpAddr, BTreeMap<_, Finding<'_>>> = BTreeMap::new();
    for verdict in report.verdicts.iter().filter(|verdict| wanted.has(verdict.outcome)) {
        let Verdict { outcome, clause, reason, host, number, count, .. } = verdict;
        let key = (gravity(*outcome, clause), verdict.rule.id, clause, reason);
        let new = || Finding { first: verdict, all: Vec::new(), frames: Vec::new(), packets: 0 };
        let finding = hosts.entry(*host).or_default().entry(key).or_insert_with(new);
        finding.packets += count;
        finding.all.push(verdict);
        if finding.frames.len() < FRAMES {
            finding.frames.push(*number);
        }
    }
    let mut all: Vec<OfHost<'_>> = hosts
        .into_iter()
        .map(|(host, findings)| OfHost { host, findings: findings.into_values().collect() })
        .collect();
    for of_host in &mut all {
        of_host.findings.sort_by_key(|one| (gravity(one.first.outcome, one.first.clause), one.first.number));
    }
    all.sort_by_key(|one| {
        one.findings
            .first()
            .map(|worst| (gravity(worst.first.outcome, worst.first.clause), Reverse(worst.packets)))
    });
    all
}

/// What one rule came to, over all files.
#[derive(Clone, Debug)]
pub struct OfRule {
    /// The rule.
    pub rule: &'static Rule,
    /// The requirement.
    pub clause: &'static str,
    /// What it comes to.
    pub outcome: Outcome,
    /// Packets that show it.
    pub packets: u64,
    /// Hosts that it is about, each file by itself.
    pub hosts: u64,
    /// Files that show it.
    pub files: u64,
    /// The first frame of the first file that shows it.
    pub first: (String, u64),
}

/// Sums over all files.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// Files that were judged.
    pub files: u64,
    /// Packets in them.
    pub packets: u64,
    /// How often each outcome occurred.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// How often each reason kept a rule from deciding.
    pub reasons: BTreeMap<Reason, u64>,
    /// Whether any rule met with evidence.
    pub evidence: bool,
    /// What the second witness makes of the findings, if it was asked: how many are certain, and likely.
    pub certainties: Option<BTreeMap<Certainty, u64>>,
    rules: BTreeMap<(Outcome, &'static str, &'static str), OfRule>,
}

impl Sums {
    /// Takes a judged file in.
    pub fn add(&mut self, file: &str, report: &Report, wanted: Wanted) {
        self.files += 1;
        self.packets += report.calibration.packets;
        for (outcome, count) in outcomes(report) {
            *self.outcomes.entry(outcome).or_insert(0) += count;
        }
        for (reason, count) in report.undecided() {
            *self.reasons.entry(reason).or_insert(0) += count;
        }
        self.evidence |= report.with_evidence() > 0;
        let mut of_file: BTreeMap<_, u64> = BTreeMap::new();
        for of_host in by_host(report, wanted) {
            let mut of_host_once = BTreeMap::new();
            for finding in &of_host.findings {
                let key = (finding.first.outcome, finding.first.rule.id, finding.first.clause);
                let sum = self.rules.entry(key).or_insert_with(|| OfRule::new(file, finding.first));
                sum.packets += finding.packets;
                of_host_once.insert(key, ());
            }
            for key in of_host_once.into_keys() {
                *of_file.entry(key).or_insert(0) += 1;
            }
        }
        for (key, hosts) in of_file {
            if let Some(sum) = self.rules.get_mut(&key) {
                sum.hosts += hosts;
                sum.files += 1;
            }
        }
    }

    /// Takes in what the second witness says of a file.
    pub fn hear(&mut self, testimony: &Testimony) {
        let certainties = self.certainties.get_or_insert_default();
        for certainty in [Certainty::Certain, Certainty::Likely] {
            *certainties.entry(certainty).or_insert(0) += testimony.count(certainty);
        }
    }

    /// Every rule that found something, the gravest first.
    pub fn by_rule(&self) -> Vec<&OfRule> {
        let mut all: Vec<&OfRule> = self.rules.values().collect();
        all.sort_by_key(|one| (gravity(one.outcome, one.clause), Reverse(one.packets), one.rule.id));
        all
    }

    /// How often an outcome occurred.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(&outcome).copied().unwrap_or(0)
    }
}

impl OfRule {
    fn new(file: &str, verdict: &Verdict) -> Self {
        Self {
            rule: verdict.rule,
            clause: verdict.clause,
            outcome: verdict.outcome,
            packets: 0,
            hosts: 0,
            files: 0,
            first: (file.to_owned(), verdict.number),
        }
    }
}

/// How often each outcome occurred in a report.
pub fn outcomes(report: &Report) -> BTreeMap<Outcome, u64> {
    [Outcome::Fail, Outcome::Deviates, Outcome::Note].map(|outcome| (outcome, report.count(outcome))).into()
}
