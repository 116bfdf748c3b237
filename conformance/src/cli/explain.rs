//! floor 9: `netassay explain`, everything that is known of a requirement, a rule of the judge, or something
//! that rules take for granted.

use super::{Exit, complain, out::Out};
use conformance::judge::assume::{Assumption, Tap};
use conformance::judge::problem::{PROBLEMS, Problem, Shown};
use conformance::judge::rule::{Rule, Whose};
use conformance::judge::rules;
use conformance::requirement::{Catalogue, Linux, Observe, Requirement, Strength};
use conformance::verdict::Outcome;
use std::io::{self, Write};

/// Width of the column of labels.
const LABELS: usize = 14;
/// How many ids are offered for one that does not exist.
const OFFERED: usize = 3;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  netassay explain RFC9293-MUST-10 rfc5961-3.2-c P-A8 a11")]
pub(super) struct Args {
    /// Ids of requirements, of rules (P-A8) and of what rules take for granted (a11), in upper or lower case;
    /// RFC2525 for the known problems of TCP
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

pub(super) fn run(args: &Args, out: &mut Out) -> io::Result<Exit> {
    let catalogue = Catalogue::embedded();
    let mut exit = Exit::Holds;
    let mut first = true;
    for id in &args.ids {
        let found = Subject::of(catalogue, id);
        let Some(subject) = found else {
            complain(&unknown(catalogue, id));
            exit = Exit::Usage;
            continue;
        };
        if !first {
            writeln!(out)?;
        }
        first = false;
        match subject {
            Subject::Requirement(requirement) => explain(requirement, out)?,
            Subject::Rule(rule) => explain_rule(catalogue, rule, out)?,
            Subject::Assumption(assumption) => explain_assumption(assumption, out)?,
            Subject::Problems => explain_problems(out)?,
        }
    }
    Ok(exit)
}

/// What is explained.
enum Subject<'a> {
    Requirement(&'a Requirement),
    Rule(&'static Rule),
    Assumption(Assumption),
    Problems,
}

impl<'a> Subject<'a> {
    fn of(catalogue: &'a Catalogue, id: &'a str) -> Option<Self> {
        let rule = rules().find(|rule| rule.id.eq_ignore_ascii_case(id)).map(Self::Rule);
        let assumption = Assumption::ALL.iter().find(|one| one.id().eq_ignore_ascii_case(id));
        let problems = id.eq_ignore_ascii_case("RFC2525").then_some(Self::Problems);
        rule.or(problems)
            .or(assumption.map(|one| Self::Assumption(*one)))
            .or_else(|| find(catalogue, id).map(Self::Requirement))
    }
}

/// The requirement of this id, in upper or lower case.
fn find<'a>(catalogue: &'a Catalogue, id: &'a str) -> Option<&'a Requirement> {
    catalogue.get(id).or_else(|| catalogue.with_prefix(id).find(|found| found.id.len() == id.len()))
}

/// What to try instead of an id that does not exist.
fn unknown(catalogue: &Catalogue, id: &str) -> String {
    let begin = if id.is_empty() { 0 } else { catalogue.with_prefix(id).count() };
    if begin > 0 {
        return format!("{id} is no requirement but the beginning of {begin}; see them: netassay list {id}");
    }
    let nearest: Vec<&str> =
        catalogue.nearest(id, OFFERED).into_iter().map(|requirement| requirement.id.as_str()).collect();
    format!("there is no requirement {id:?}; nearest are {}", nearest.join(", "))
}

fn explain(requirement: &Requirement, out: &mut Out) -> io::Result<()> {
    let level = if requirement.lowercase { " (in lower case)" } else { "" };
    let heading = out.bold(&requirement.id);
    writeln!(out, "{heading}  {}{level}", requirement.level)?;
    let document = &requirement.document;
    writeln!(out, "{document}, {}, section {}", document.title, requirement.section)?;
    writeln!(out)?;
    out.labelled("", 2, &requirement.summary)?;
    writeln!(out)?;
    for (label, text) in [
        ("  stimulus", &requirement.stimulus),
        ("  expected", &requirement.expect),
        ("  violation", &requirement.violation),
        ("  deviations", &requirement.deviations),
    ] {
        if let Some(text) = text {
            out.labelled(label, LABELS, text)?;
        }
    }
    if let Some(linux) = requirement.linux {
        out.labelled("  Linux 6.18", LABELS, measured(linux))?;
    }
    if !requirement.roles.is_empty() {
        let roles: Vec<&str> = requirement.roles.iter().map(|role| role.word()).collect();
        out.labelled("  role", LABELS, &roles.join(", "))?;
    }
    out.labelled("  observed", LABELS, &observed(requirement))?;
    if let Some(strength) = requirement.passive_strength {
        let rules = requirement.passive_rules.join(", ");
        out.labelled("  rules", LABELS, &format!("{rules}: {}", concludes(strength)))?;
    }
    let judging =
        listed(rules().filter(|rule| rule.clauses.contains(&requirement.id.as_str())).map(|rule| rule.id));
    if judging != "none" {
        out.labelled("  judged by", LABELS, &judging)?;
    }
    for problem in PROBLEMS.iter().filter(|problem| problem.is("", &requirement.id)) {
        out.labelled("  known as", LABELS, &problem.to_string())?;
    }
    Ok(())
}

/// A rule of the judge: what it demands of whom, and what a claim of it rests on.
fn explain_rule(catalogue: &Catalogue, rule: &Rule, out: &mut Out) -> io::Result<()> {
    let heading = out.bold(rule.id);
    writeln!(out, "{heading}  {}", rule.about)?;
    writeln!(out, "a rule of `netassay check`")?;
    writeln!(out)?;
    let whom = match rule.of {
        Whose::Sender => "who sent the packet that shows it",
        Whose::Receiver => {
            "to whom the packet goes that shows it, for what that host did or did not do before"
        }
    };
    out.labelled("  judges", LABELS, whom)?;
    out.labelled("  tap", LABELS, tap(rule.tap))?;
    let claims = rule.clauses.iter().filter_map(|clause| {
        catalogue.get(clause).map(|requirement| Outcome::of_breach(requirement.level).min(rule.ceiling))
    });
    let most = claims.max().unwrap_or(rule.ceiling);
    out.labelled("  claims", LABELS, &format!("{most} at the most"))?;
    for clause in rule.clauses {
        let Some(requirement) = catalogue.get(clause) else { continue };
        let text = format!("{clause} ({}): {}", requirement.level, requirement.summary);
        out.labelled("  clause", LABELS, &text)?;
    }
    for assumption in rule.assumptions {
        out.labelled("  rests on", LABELS, &format!("{}: {}", assumption.id(), assumption.text()))?;
    }
    let is_one = |problem: &&Problem| {
        problem.is(rule.id, "") || rule.clauses.iter().any(|clause| problem.is(rule.id, clause))
    };
    for problem in PROBLEMS.iter().filter(is_one) {
        out.labelled("  known as", LABELS, &problem.to_string())?;
    }
    Ok(())
}

const fn tap(tap: Tap) -> &'static str {
    match tap {
        Tap::Anywhere => "anywhere",
        Tap::OnLink => "on the host or on its link: see --vantage of `netassay check`",
        Tap::AtHost => "on the host: see --vantage of `netassay check`",
    }
}

/// Something that rules take for granted, and which rules do.
fn explain_assumption(assumption: Assumption, out: &mut Out) -> io::Result<()> {
    let heading = out.bold(assumption.id());
    writeln!(out, "{heading}  {}", assumption.text())?;
    writeln!(out, "rules of `netassay check` take it for granted, and doubt it before a verdict")?;
    writeln!(out)?;
    let resting = rules().filter(|rule| rule.assumptions.contains(&assumption)).map(|rule| rule.id);
    out.labelled("  rules", LABELS, &listed(resting))
}

/// The known problems of RFC 2525, and which of them recorded traffic shows.
fn explain_problems(out: &mut Out) -> io::Result<()> {
    let heading = out.bold("RFC2525");
    writeln!(out, "{heading}  Known TCP Implementation Problems")?;
    writeln!(out, "findings of `netassay check` have these names where they are one of them")?;
    writeln!(out)?;
    for problem in &PROBLEMS {
        let shown = match problem.shown {
            Shown::Clauses(clauses) => format!("shown by breaches of {}", clauses.join(", ")),
            Shown::Rule(id) => format!("shown by breaches of {id}"),
            Shown::As(section) => {
                format!("shown as that of section {section}; the two can not be told apart")
            }
            Shown::Never(reason) => format!("recorded traffic can not show it: {reason}"),
        };
        out.labelled(&format!("  {}", problem.section), 8, &format!("{}: {shown}", problem.name))?;
    }
    Ok(())
}

/// Ids, each once.
fn listed<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let mut all: Vec<&str> = Vec::new();
    for id in ids {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

fn observed(requirement: &Requirement) -> String {
    let observe = requirement.observe;
    let how = match observe {
        Observe::WirePassive => "recorded traffic can show it",
        Observe::WireActive => "the host shows it in answer to a stimulus",
        Observe::Api => "a program that uses the host's sockets can see it",
        Observe::Internal => "nothing outside of the host shows it",
    };
    let seldom = match requirement.best_tested {
        Some(best) => format!("; ordinary traffic seldom does, best tested {best}"),
        None => String::new(),
    };
    format!("{observe}: {how}{seldom}")
}

const fn measured(linux: Linux) -> &'static str {
    match linux {
        Linux::Yes => "fulfils it",
        Linux::No => "does not",
        Linux::Part => "in part",
        Linux::Cfg => "depends on a setting",
    }
}

const fn concludes(strength: Strength) -> &'static str {
    match strength {
        Strength::Verdict => "can prove a violation from a trace",
        Strength::Advisory => "can raise a finding from a trace, not prove a violation",
    }
}
