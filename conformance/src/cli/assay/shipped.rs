//! floor 9: what shipped captures show on purpose. They are judged and read like all others; an entry that no
//! longer shows is an error, so that the list can not rot.

use conformance::judge::Report;
use conformance::verdict::Outcome;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The list that comes with the program.
const EMBEDDED: &str = include_str!("../../../expect/captures.toml");

/// A requirement that a recorded host breaks, on purpose.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    capture: String,
    clause: String,
    reason: String,
}

/// A file that can not be read, on purpose.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unreadable {
    capture: String,
    reason: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    known: Vec<Known>,
    unreadable: Vec<Unreadable>,
}

/// The list, and what of it no longer showed.
#[derive(Clone, Debug)]
pub(super) struct Shipped {
    list: List,
    stale: BTreeSet<String>,
}

impl Shipped {
    /// The list that comes with the program.
    pub(super) fn embedded() -> Result<Self, String> {
        let list = toml::from_str(EMBEDDED).map_err(|error| format!("expect/captures.toml: {error}"))?;
        Ok(Self { list, stale: BTreeSet::new() })
    }

    /// How many failures of a report are known, and how many are not. All captures of that name have to show
    /// what is listed for it.
    pub(super) fn weigh(&mut self, capture: &str, report: &Report) -> Weighed {
        let known: Vec<&Known> = self.list.known.iter().filter(|known| known.capture == capture).collect();
        let mut weighed = Weighed::default();
        let mut shown = BTreeSet::new();
        for verdict in report.verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Fail) {
            if known.iter().any(|known| known.clause == verdict.clause) {
                weighed.known += verdict.count;
                shown.insert(verdict.clause);
            } else {
                weighed.fail += verdict.count;
            }
        }
        let gone = known.into_iter().filter(|known| !shown.contains(known.clause.as_str()));
        self.stale.extend(gone.map(|known| {
            let Known { clause, reason, .. } = known;
            format!("stale: {capture}: {clause} is listed as broken and is not ({reason})")
        }));
        let readable = self.list.unreadable.iter().filter(|unreadable| unreadable.capture == capture);
        self.stale.extend(readable.map(|unreadable| {
            format!("stale: {capture}: is listed as not readable and is ({})", unreadable.reason)
        }));
        weighed
    }

    /// Why a file can not be read, if that is on purpose.
    pub(super) fn unreadable(&self, capture: &str) -> Option<&str> {
        let found = self.list.unreadable.iter().find(|unreadable| unreadable.capture == capture);
        found.map(|unreadable| unreadable.reason.as_str())
    }

    /// What is listed and no longer shows, one line each.
    pub(super) const fn stale(&self) -> &BTreeSet<String> {
        &self.stale
    }
}

/// The failures of a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weighed {
    pub(super) known: u64,
    pub(super) fail: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_list_is_well_formed_and_its_captures_are_there() {
        let List { known, unreadable } = Shipped::embedded().expect("a list").list;
        let known = known.iter().map(|known| &known.capture);
        let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures");
        for capture in known.chain(unreadable.iter().map(|unreadable| &unreadable.capture)) {
            assert!(captures.join(capture).is_file(), "{capture}");
        }
    }
}
