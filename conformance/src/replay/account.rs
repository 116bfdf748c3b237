//! floor 8: replays set against what is known of a host, counted.

use super::expect::{Expectations, Explained, Known};
use super::{Replayed, Verdict};
use crate::drive::replay::recording::Side;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A verdict in the light of what is known of the host, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It can not be replayed.
    NotApplicable,
    /// Everything that is compared is the same.
    Agree,
    /// What differs is known.
    Known,
    /// Something else differs.
    Differs,
    /// The peer's next packet never became due, and that is not known.
    Stuck,
    /// The rig or the host broke.
    Error,
}

impl Standing {
    fn of(verdict: &Verdict, explained: bool) -> Self {
        match verdict {
            Verdict::Agree => Self::Agree,
            Verdict::NotApplicable(_) => Self::NotApplicable,
            Verdict::Differs(_) | Verdict::Stuck(..) if explained => Self::Known,
            Verdict::Differs(_) => Self::Differs,
            Verdict::Stuck(..) => Self::Stuck,
            Verdict::Error(_) => Self::Error,
        }
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotApplicable => "n/a",
            Self::Agree => "agree",
            Self::Known => "known",
            Self::Differs => "differs",
            Self::Stuck => "stuck",
            Self::Error => "error",
        }
    }

    /// Whether it speaks against the host.
    pub const fn is_verdict(self) -> bool {
        matches!(self, Self::Differs | Self::Stuck)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The replays of one host so far.
#[derive(Clone, Debug)]
pub struct Account {
    expectations: Expectations,
    counts: BTreeMap<Standing, u64>,
    replayed: BTreeSet<(String, Side)>,
    seen: BTreeSet<(usize, String)>,
}

impl Account {
    /// An empty account, against this list.
    pub const fn new(expectations: Expectations) -> Self {
        Self { expectations, counts: BTreeMap::new(), replayed: BTreeSet::new(), seen: BTreeSet::new() }
    }

    /// Enters a replay of the capture of that name: how it stands, and which entries of the list explain
    /// something about it.
    pub fn enter(&mut self, capture: &str, one: &Replayed) -> (Standing, Vec<&Known>) {
        self.replayed.insert((capture.to_owned(), one.role));
        let Explained { entries, wholly } = self.expectations.explain(capture, one);
        let standing = Standing::of(&one.verdict, wholly);
        *self.counts.entry(standing).or_default() += 1;
        self.seen.extend(entries.iter().map(|index| (*index, capture.to_owned())));
        (standing, entries.into_iter().map(|index| &self.expectations.known[index]).collect())
    }

    /// How often each standing occurred.
    pub const fn counts(&self) -> &BTreeMap<Standing, u64> {
        &self.counts
    }

    /// The counts in words, the worst last.
    pub fn summary(&self) -> String {
        let counts: Vec<String> =
            self.counts.iter().map(|(standing, count)| format!("{count} {standing}")).collect();
        if counts.is_empty() { "nothing to replay".to_owned() } else { counts.join(", ") }
    }

    /// What the list has and no longer shows, one line each.
    pub fn stale(&self) -> Vec<String> {
        let stale = self.expectations.stale(&self.replayed, &self.seen);
        let line = |(known, capture): (&Known, String)| {
            let Known { topic, reason, .. } = known;
            format!("stale: {capture}: \"{topic}\" is listed as known and no longer shows ({reason})")
        };
        stale.into_iter().map(line).collect()
    }

    /// Whether anything was replayed at all.
    pub fn ran(&self) -> bool {
        self.counts.keys().any(|standing| *standing != Standing::NotApplicable)
    }

    /// Whether something speaks against the host.
    pub fn has_verdict(&self) -> bool {
        self.counts.keys().any(|standing| standing.is_verdict())
    }

    /// Whether the rig or the host broke.
    pub fn is_broken(&self) -> bool {
        self.counts.contains_key(&Standing::Error)
    }
}
