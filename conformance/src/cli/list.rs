//! floor 9: `netassay list`, requirements by id, level and access.

mod status;

use super::{Exit, complain, out::Out};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use conformance::requirement::{Catalogue, Level, Observe, Requirement};
use std::io::{self, Write};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  netassay list RFC9293-MUST\n  netassay list --level must,must-not --observe wire-passive\n  netassay list --status RFC9293"
)]
pub(super) struct Args {
    /// Only ids that begin so, in upper or lower case
    #[arg(default_value = "", hide_default_value = true)]
    prefix: String,

    /// Only these levels; several are separated by commas
    #[arg(long, value_delimiter = ',', value_parser = levels())]
    level: Vec<Level>,

    /// Only what this access can decide; several are separated by commas
    #[arg(long, value_name = "ACCESS", value_delimiter = ',', value_parser = accesses())]
    observe: Vec<Observe>,

    /// What became of them: fulfilled where, judged by what, tested where, left out for which reason. Without
    /// anything to choose by, only how many
    #[arg(long)]
    status: bool,
}

/// A level as it is typed.
const fn typed(level: Level) -> &'static str {
    match level {
        Level::Must => "must",
        Level::MustNot => "must-not",
        Level::Should => "should",
        Level::ShouldNot => "should-not",
        Level::May => "may",
        Level::Described => "described",
    }
}

fn levels() -> impl TypedValueParser<Value = Level> {
    PossibleValuesParser::new(Level::ALL.iter().map(|&level| typed(level)))
        .try_map(|word| Level::ALL.iter().copied().find(|&level| typed(level) == word).ok_or("no such level"))
}

fn accesses() -> impl TypedValueParser<Value = Observe> {
    PossibleValuesParser::new(Observe::ALL.iter().map(|access| access.word())).try_map(|word| {
        Observe::ALL.iter().copied().find(|access| access.word() == word).ok_or("no such access")
    })
}

pub(super) fn run(args: &Args, out: &mut Out) -> io::Result<Exit> {
    let chosen: Vec<&Requirement> = Catalogue::embedded()
        .with_prefix(&args.prefix)
        .filter(|requirement| args.level.is_empty() || args.level.contains(&requirement.level))
        .filter(|requirement| args.observe.is_empty() || args.observe.contains(&requirement.observe))
        .collect();
    if chosen.is_empty() {
        complain("no requirement matches; `netassay list` without arguments shows all");
        return Ok(Exit::NothingRan);
    }
    if args.status {
        if !(args.prefix.is_empty() && args.level.is_empty() && args.observe.is_empty()) {
            status::lines(&chosen, out)?;
        }
        status::totals(&chosen, out)?;
        return Ok(Exit::Holds);
    }
    summaries(&chosen, out)?;
    Ok(Exit::Holds)
}

/// One line each, and how many there are.
fn summaries(chosen: &[&Requirement], out: &mut Out) -> io::Result<()> {
    let width = chosen.iter().map(|requirement| requirement.id.len()).max().unwrap_or(0);
    for requirement in chosen {
        let Requirement { id, level, observe, summary, .. } = requirement;
        let id = out.bold(&format!("{id:width$}"));
        writeln!(out, "{id}  {level:10}  {observe:12}  {summary}")?;
    }
    writeln!(out)?;
    let levels = Level::ALL.iter().map(|level| {
        let count = chosen.iter().filter(|requirement| requirement.level == *level).count();
        (level.word(), count)
    });
    writeln!(out, "{}: {}", plural(chosen.len()), counts(levels))?;
    let accesses = Observe::ALL.iter().map(|access| {
        let count = chosen.iter().filter(|requirement| requirement.observe == *access).count();
        (access.word(), count)
    });
    writeln!(out, "decided by: {}", counts(accesses))
}

fn plural(count: usize) -> String {
    if count == 1 { "1 requirement".to_owned() } else { format!("{count} requirements") }
}

/// What there is at least one of.
fn counts(counted: impl Iterator<Item = (&'static str, usize)>) -> String {
    let counts: Vec<String> =
        counted.filter(|(_, count)| *count > 0).map(|(word, count)| format!("{count} {word}")).collect();
    counts.join(", ")
}
