//! floor 9: `netassay explain`, everything that is known of a requirement.

use super::{Exit, complain, out::Out};
use conformance::requirement::{Catalogue, Linux, Observe, Requirement, Strength};
use std::io::{self, Write};

/// Width of the column of labels.
const LABELS: usize = 14;
/// How many ids are offered for one that does not exist.
const OFFERED: usize = 3;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  netassay explain RFC9293-MUST-10 rfc5961-3.2-c")]
pub(super) struct Args {
    /// Ids of requirements, in upper or lower case
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

pub(super) fn run(args: &Args, out: &mut Out) -> io::Result<Exit> {
    let catalogue = Catalogue::embedded();
    let mut exit = Exit::Holds;
    let mut first = true;
    for id in &args.ids {
        let Some(requirement) = find(catalogue, id) else {
            complain(&unknown(catalogue, id));
            exit = Exit::Usage;
            continue;
        };
        if !first {
            writeln!(out)?;
        }
        first = false;
        explain(requirement, out)?;
    }
    Ok(exit)
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
    Ok(())
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
