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

/// What a list says of a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explained {
    /// Positions of the entries that explain something about it.
    pub entries: BTreeSet<usize>,
    /// Whether nothing is left unexplained.
    pub wholly: bool,
}

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

    /// What the list says of `one`, a replay of `capture`. A replay that agrees needs no explanation.
    pub fn explain(&self, capture: &str, one: &Replayed) -> Explained {
        let differs = |differences: &[Difference]| {
            differences.iter().map(|one| (one.topic.code(), one.replayed.clone())).collect()
        };
        let found: Vec<(&str, String)> = match &one.verdict {
            Verdict::Agree | Verdict::NotApplicable(_) => Vec::new(),
            Verdict::Error(_) => return Explained::default(),
            Verdict::Differs(differences) => differs(differences),
            // What follows from being stuck is explained with it.
            Verdict::Stuck(stuck, _) => vec![("stuck", stuck.what.clone())],
        };
        let entries = found.iter().map(|(topic, what)| self.entry(capture, one.role, topic, what));
        Explained {
            wholly: entries.clone().all(|entry| entry.is_some()),
            entries: entries.flatten().collect(),
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

    /// Pairs of entry and capture that `seen` does not have although the capture was replayed in every role
    /// that the entry allows: what they list no longer shows.
    pub fn stale(
        &self,
        replayed: &BTreeSet<(String, Side)>,
        seen: &BTreeSet<(usize, String)>,
    ) -> Vec<(&Known, String)> {
        let mut stale = Vec::new();
        for (index, known) in self.known.iter().enumerate() {
            for capture in &known.captures {
                let sides = known.role.map_or(vec![Side::Client, Side::Server], |role| vec![role.into()]);
                let ran = sides.iter().all(|side| replayed.contains(&(capture.clone(), *side)));
                if ran && !seen.contains(&(index, capture.clone())) {
                    stale.push((known, capture.clone()));
                }
            }
        }
        stale
    }
}

#[cfg(test)]
mod tests {
    use super::{Expectations, Explained};
    use crate::drive::replay::recording::Side;
    use crate::drive::replay::tcp::Stuck;
    use crate::replay::account::{Account, Standing};
    use crate::replay::compare::{Difference, Topic};
    use crate::replay::{Protocol, Replayed, Verdict};
    use std::collections::BTreeSet;
    use std::net::SocketAddr;

    const LIST: &str = r#"
        host = "some"
        [[known]]
        topic = "delivered"
        captures = ["a.pcap", "b.pcap"]
        role = "server"
        contains = "7 octets"
        clause = "RFC9293-MUST-1"
        reason = "so it is"
        [[known]]
        topic = "stuck"
        captures = ["a.pcap"]
        clause = "RFC9293-MUST-2"
        reason = "it is so"
    "#;

    fn list() -> Expectations {
        Expectations::parse(LIST, "some.toml").expect("well formed")
    }

    fn replayed(role: Side, verdict: Verdict) -> Replayed {
        let end = |port| SocketAddr::from(([192, 0, 2, 1], port));
        let mut one = Replayed::of(Protocol::Tcp, [end(1), end(2)], role, (1, 2));
        one.verdict = verdict;
        one
    }

    fn differs(found: &[(Topic, &str)]) -> Verdict {
        let one = |(topic, replayed): &(Topic, &str)| Difference {
            topic: *topic,
            recorded: "other".to_owned(),
            replayed: (*replayed).to_owned(),
        };
        Verdict::Differs(found.iter().map(one).collect())
    }

    fn explained(entries: &[usize], wholly: bool) -> Explained {
        Explained { entries: entries.iter().copied().collect(), wholly }
    }

    #[test]
    fn an_entry_matches_by_topic_capture_role_and_part() {
        let explain = |capture, role, found| list().explain(capture, &replayed(role, differs(&[found])));
        assert_eq!(explain("b.pcap", Side::Server, (Topic::Delivered, "7 octets")), explained(&[0], true));
        assert_eq!(explain("c.pcap", Side::Server, (Topic::Delivered, "7 octets")), explained(&[], false));
        assert_eq!(explain("b.pcap", Side::Client, (Topic::Delivered, "7 octets")), explained(&[], false));
        assert_eq!(explain("b.pcap", Side::Server, (Topic::Delivered, "8 octets")), explained(&[], false));
        assert_eq!(explain("b.pcap", Side::Server, (Topic::Sent, "7 octets")), explained(&[], false));
    }

    #[test]
    fn what_is_not_listed_counts_and_does_not_make_the_rest_stale() {
        let both = differs(&[(Topic::Delivered, "7 octets"), (Topic::Reset, "yes")]);
        let mut account = Account::new(list());
        let (standing, known) = account.enter("b.pcap", &replayed(Side::Server, both));
        assert_eq!((standing, known.len()), (Standing::Differs, 1));
        assert_eq!(account.stale(), Vec::<String>::new());
        assert!(account.has_verdict());
    }

    #[test]
    fn being_stuck_explains_what_follows_from_it() {
        let stuck = Stuck { number: 3, what: "no timer".to_owned() };
        let verdict = Verdict::Stuck(stuck, vec![]);
        assert_eq!(list().explain("a.pcap", &replayed(Side::Client, verdict.clone())), explained(&[1], true));
        assert_eq!(list().explain("b.pcap", &replayed(Side::Client, verdict)), explained(&[], false));
    }

    #[test]
    fn an_entry_is_stale_once_every_role_that_it_allows_was_replayed() {
        let stale = |roles: &[Side]| {
            let replayed: BTreeSet<_> = roles.iter().map(|role| ("a.pcap".to_owned(), *role)).collect();
            let list = list();
            let stale = list.stale(&replayed, &BTreeSet::new());
            stale.into_iter().map(|(known, _)| known.topic.clone()).collect::<Vec<_>>()
        };
        assert_eq!(stale(&[]), Vec::<String>::new());
        assert_eq!(stale(&[Side::Client]), Vec::<String>::new());
        assert_eq!(stale(&[Side::Server]), ["delivered"]);
        assert_eq!(stale(&[Side::Client, Side::Server]), ["delivered", "stuck"]);
        let seen = BTreeSet::from([(0, "a.pcap".to_owned()), (1, "a.pcap".to_owned())]);
        let replayed =
            BTreeSet::from([("a.pcap".to_owned(), Side::Server), ("a.pcap".to_owned(), Side::Client)]);
        assert_eq!(list().stale(&replayed, &seen), vec![]);
    }

    #[test]
    fn a_list_with_an_unknown_topic_or_key_is_refused_in_one_line() {
        for (from, to) in [("\"stuck\"", "\"stuk\""), ("reason", "because")] {
            let refused = Expectations::parse(&LIST.replace(from, to), "some.toml").expect_err("refused");
            let text = refused.to_string();
            assert!(text.starts_with("some.toml: ") && !text.contains('\n'), "{text}");
        }
    }
}
