//! floor 8: differences of a host that are known, each with its reason. They are replayed, never skipped; one
//! that no longer shows is an error, so that the list can not rot.

use super::compare::{Difference, Topic};
use super::{Replayed, Verdict};
use crate::drive::replay::recording::Side;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt;

/// The lists that come with the program, by host.
const EMBEDDED: &[(&str, &str)] = &[
    ("reference", include_str!("../../expect/reference.toml")),
    ("smoltcp", include_str!("../../expect/smoltcp.toml")),
];

/// One known difference.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// What differs: the code of a [`Topic`], or `stuck`.
    pub topic: String,
    /// Captures in which it shows, by file name.
    pub captures: Vec<String>,
    /// The role of the host, if it shows in one only.
    pub role: Option<Role>,
    /// A part of what the replay says, where the topic alone is not enough.
    pub contains: Option<String>,
    /// The requirement that the host breaks, or that leaves it the choice.
    pub clause: String,
    /// Why, in a sentence.
    pub reason: String,
}

/// A role, as it is written in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The end that spoke first.
    Client,
    /// The other end.
    Server,
}

impl From<Role> for Side {
    fn from(role: Role) -> Self {
        match role {
            Role::Client => Self::Client,
            Role::Server => Self::Server,
        }
    }
}

/// The known differences of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectations {
    /// Whose they are.
    pub host: String,
    /// The list.
    #[serde(default)]
    pub known: Vec<Known>,
}

/// A list that can not be read: where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

impl Expectations {
    /// The list that comes with the program; an empty one for other hosts.
    ///
    /// # Errors
    /// A list that is not well formed, which a test keeps from happening.
    pub fn embedded(host: &str) -> Result<Self, Unreadable> {
        match EMBEDDED.iter().find(|(name, _)| *name == host) {
            Some((name, text)) => Self::parse(text, &format!("expect/{name}.toml")),
            None => Ok(Self { host: host.to_owned(), known: Vec::new() }),
        }
    }

    /// Reads a list; `name` is what messages call it.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub fn parse(text: &str, name: &str) -> Result<Self, Unreadable> {
        let list: Self = toml::from_str(text)
            .map_err(|error| Unreadable(format!("{name}: {}", error.to_string().replace('\n', " "))))?;
        let unknown = list.known.iter().find(|known| {
            known.topic != "stuck" && !Topic::ALL.iter().any(|topic| topic.code() == known.topic)
        });
        match unknown {
            Some(known) => Err(Unreadable(format!("{name}: there is no topic \"{}\"", known.topic))),
            None => Ok(list),
        }
    }

    /// Positions of the entries that explain `one`, a replay of `capture`; `None` if something about it is
    /// not explained. A replay that agrees needs no explanation.
    pub fn explain(&self, capture: &str, one: &Replayed) -> Option<BTreeSet<usize>> {
        match &one.verdict {
            Verdict::Agree | Verdict::NotApplicable(_) => Some(BTreeSet::new()),
            Verdict::Error(_) => None,
            Verdict::Differs(differences) => self.explain_all(capture, one.role, differences, None),
            Verdict::Stuck(stuck, differences) => {
                self.explain_all(capture, one.role, differences, Some(&stuck.what))
            }
        }
    }

    fn explain_all(
        &self,
        capture: &str,
        role: Side,
        differences: &[Difference],
        stuck: Option<&str>,
    ) -> Option<BTreeSet<usize>> {
        let stuck = stuck.map(|what| ("stuck", what));
        let found = differences.iter().map(|one| (one.topic.code(), one.replayed.as_str()));
        // What follows from being stuck is explained with it.
        match stuck {
            Some((topic, what)) => {
                self.entry(capture, role, topic, what).map(|index| BTreeSet::from([index]))
            }
            None => found.map(|(topic, what)| self.entry(capture, role, topic, what)).collect(),
        }
    }

    fn entry(&self, capture: &str, role: Side, topic: &str, what: &str) -> Option<usize> {
        self.known.iter().position(|known| {
            known.topic == topic
                && known.captures.iter().any(|name| name == capture)
                && known.role.is_none_or(|only| Side::from(only) == role)
                && known.contains.as_ref().is_none_or(|part| what.contains(part.as_str()))
        })
    }

    /// Pairs of entry and capture that `seen` does not have although the capture was replayed in the entry's
    /// role: what they list no longer shows.
    pub fn stale(
        &self,
        replayed: &BTreeSet<(String, Side)>,
        seen: &BTreeSet<(usize, String)>,
    ) -> Vec<(&Known, String)> {
        let mut stale = Vec::new();
        for (index, known) in self.known.iter().enumerate() {
            for capture in &known.captures {
                let sides = known.role.map_or(vec![Side::Client, Side::Server], |role| vec![role.into()]);
                let ran = sides.iter().any(|side| replayed.contains(&(capture.clone(), *side)));
                if ran && !seen.contains(&(index, capture.clone())) {
                    stale.push((known, capture.clone()));
                }
            }
        }
        stale
    }
}
