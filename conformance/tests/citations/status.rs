//! `conformance/requirements/STATUS.txt`: what became of each requirement. It is made here, from the sources,
//! the judge's rules and the catalogue; `INSTA_UPDATE=always` writes it anew, like a snapshot.

use crate::scan::{Says, citations, root, sources};
use conformance::judge;
use conformance::requirement::{Catalogue, Level, Observe, Requirement};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

const HEAD: &str = "\
# What became of each requirement: fulfilled in which files, judged by which rules, exercised by the tests of
# which files, left out for which reason, or without a rule of the judge for which reason. `open`: none of
# these, and what it would take to see it.
# Made by `INSTA_UPDATE=always cargo test -p netassay --test citations`.
";

/// What the sources say of one requirement.
#[derive(Default)]
struct Said {
    implemented: BTreeSet<String>,
    tested: BTreeSet<String>,
    excepted: BTreeMap<String, String>,
    unjudged: BTreeMap<String, String>,
}

fn said() -> BTreeMap<String, Said> {
    let mut all: BTreeMap<String, Said> = BTreeMap::new();
    for source in sources() {
        let name = &source.name;
        for citation in citations(&source.text) {
            let said = all.entry(citation.id.trim().to_owned()).or_default();
            match citation.says {
                Says::Fulfils if name.starts_with("stack/src/") => _ = said.implemented.insert(name.clone()),
                Says::Exercises => _ = said.tested.insert(name.clone()),
                Says::Excepts(reason) if name.starts_with("stack/src/") => {
                    said.excepted.insert(name.clone(), reason.replace("; ", ", "));
                }
                Says::Excepts(reason) if name.starts_with("conformance/src/judge/") => {
                    said.unjudged.insert(name.clone(), reason.replace("; ", ", "));
                }
                Says::Fulfils | Says::Excepts(_) => {}
            }
        }
    }
    all
}

/// What it would take to see whether a host keeps it.
fn open(requirement: &Requirement) -> &'static str {
    match requirement.observe {
        Observe::WirePassive => "open: a trace shows it",
        Observe::WireActive => "open: needs a stimulus",
        Observe::Api => "open: a program shows it",
        Observe::Internal => "open: not observable",
    }
}

fn line(requirement: &Requirement, said: &Said) -> String {
    let id = requirement.id.as_str();
    let rules: Vec<&str> =
        judge::rules().filter(|rule| rule.clauses.contains(&id)).map(|rule| rule.id).collect();
    let joined = |files: &BTreeSet<String>| files.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut parts = Vec::new();
    if !said.implemented.is_empty() {
        parts.push(format!("implemented {}", joined(&said.implemented)));
    }
    if !rules.is_empty() {
        parts.push(format!("judged {}", rules.join(", ")));
    }
    if !said.tested.is_empty() {
        parts.push(format!("tested {}", joined(&said.tested)));
    }
    for (file, reason) in &said.excepted {
        parts.push(format!("excepted {file}: {reason}"));
    }
    for (file, reason) in &said.unjudged {
        parts.push(format!("unjudged {file}: {reason}"));
    }
    // Nobody has to use it.
    let permission = requirement.level == Level::May && requirement.observe == Observe::WirePassive;
    if permission && rules.is_empty() && said.unjudged.is_empty() {
        parts.push("unjudged: a permission, which can not be broken".to_owned());
    }
    if parts.is_empty() {
        parts.push(open(requirement).to_owned());
    }
    format!("{id:32} {:10} {}\n", requirement.level.word(), parts.join("; "))
}

#[test]
fn what_is_judged_is_not_said_to_be_without_a_rule() {
    let both = said().into_iter().filter(|(id, said)| {
        !said.unjudged.is_empty() && judge::rules().any(|rule| rule.clauses.contains(&id.as_str()))
    });
    crate::assert_none(
        &both.map(|(id, _)| format!("{id} has a rule and a reason for none")).collect::<Vec<_>>(),
    );
}

#[test]
fn what_a_trace_can_show_has_a_rule_or_a_reason_for_none() {
    let said = said();
    let passive = Catalogue::embedded().iter().filter(|row| row.observe == Observe::WirePassive);
    let without = passive.filter(|row| {
        let judged = judge::rules().any(|rule| rule.clauses.contains(&row.id.as_str()));
        let excused = said.get(&row.id).is_some_and(|said| !said.unjudged.is_empty());
        !judged && !excused && row.level != Level::May
    });
    crate::assert_none(&without.map(|row| row.id.clone()).collect::<Vec<_>>());
}

#[test]
fn the_table_says_what_became_of_each_requirement() {
    let said = said();
    let none = Said::default();
    let lines = Catalogue::embedded().iter().map(|row| line(row, said.get(&row.id).unwrap_or(&none)));
    let made: String = std::iter::once(HEAD.to_owned()).chain(lines).collect();
    let path = root().join("conformance/requirements/STATUS.txt");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&path, &made).expect("the table is written");
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    let stale = made.lines().filter(|line| !there.lines().any(|old| old == *line));
    let stale: Vec<&str> = stale.collect();
    assert!(there == made, "{} is stale; lines that it should have:\n{}", path.display(), stale.join("\n"));
}
