//! floor 9: `netassay list --status`, what became of requirements: totals, and one line each if some are
//! asked for.

use super::super::out::Out;
use conformance::requirement::{Level, Mark, Requirement, Status};
use std::io::{self, Write};

/// Writes a line for each of them.
pub(super) fn lines(chosen: &[&Requirement], out: &mut Out) -> io::Result<()> {
    let width = chosen.iter().map(|requirement| requirement.id.len()).max().unwrap_or(0);
    for requirement in chosen {
        let id = out.bold(&format!("{:width$}", requirement.id));
        writeln!(out, "{id}  {:10}  {}", requirement.level, Status::of(requirement).text())?;
    }
    writeln!(out)
}

/// Writes how many there are of each kind, by document and by level.
pub(super) fn totals(chosen: &[&Requirement], out: &mut Out) -> io::Result<()> {
    let heads = Mark::ALL.iter().map(|mark| format!("{:>12}", mark.word()));
    let heads: String = heads.chain([format!("{:>12}", "open")]).collect();
    writeln!(out, "{:12}{:>8}{heads}", "", "all")?;
    let mut rest = chosen;
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|row| row.document == first.document).count();
        let (document, others) = rest.split_at(same);
        row(&first.document.to_string(), document, out)?;
        rest = others;
    }
    writeln!(out)?;
    for level in Level::ALL {
        let of_level: Vec<&Requirement> = chosen.iter().copied().filter(|row| row.level == *level).collect();
        if !of_level.is_empty() {
            row(level.word(), &of_level, out)?;
        }
    }
    writeln!(out)?;
    row("all", chosen, out)
}

fn row(name: &str, counted: &[&Requirement], out: &mut Out) -> io::Result<()> {
    let count = |has: &dyn Fn(Status) -> bool| {
        counted.iter().filter(|requirement| has(Status::of(requirement))).count()
    };
    let marks = Mark::ALL.iter().map(|mark| count(&|status| status.has(*mark)));
    let figures: String =
        marks.chain([count(&Status::is_open)]).map(|figure| format!("{figure:>12}")).collect();
    writeln!(out, "{name:12}{:>8}{figures}", counted.len())
}
