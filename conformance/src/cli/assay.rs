//! floor 9: `netassay assay`: every capture replayed on every host and judged, as one table.

mod shipped;

use super::out::Out;
use super::{Exit, complain};
use conformance::drive::replay::recording::{Recording, Side};
use conformance::host::{Host, registry};
use conformance::judge;
use conformance::replay;
use conformance::replay::account::{Account, Standing};
use conformance::replay::expect::Expectations;
use conformance::verdict::Outcome;
use shipped::{Lists, Unreadable};
use std::convert::Infallible;
use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Where a project keeps its captures.
const CAPTURES: &str = "corpora/captures";
/// Commands that are suggested at the end; the table shows where there are more.
const COMMANDS_MAX: usize = 10;
/// Characters of a column of verdicts.
const CELL_WIDTH: usize = 14;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "A cell shows the worst verdict, and how many of the replays of the capture have it: the host takes\n\
    the place of either end of each conversation. `-` is nothing to replay or to judge.\n\n\
    Examples:\n  netassay assay\n  netassay assay trace.pcap other.pcapng"
)]
pub(super) struct Args {
    /// Captures, or folders of them; without any, corpora/captures of the project that this folder is in
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// One host, and how it did so far.
struct Column {
    name: &'static str,
    host: Box<dyn Host>,
    account: Account,
}

/// The whole table.
struct Table {
    columns: Vec<Column>,
    shipped: Lists,
    stale: Vec<String>,
    name_width: usize,
    counts: Counts,
    /// Whether any rule met with evidence.
    judged: bool,
    /// Commands that show what is wrong in a row.
    look_at: Vec<String>,
}

/// Sums over all captures.
#[derive(Default)]
struct Counts {
    captures: u64,
    unreadable: u64,
    fail: u64,
    known: u64,
    deviates: u64,
    undecided: u64,
}

pub(super) fn run(args: &Args, out: &mut Out) -> io::Result<Exit> {
    let prepared = files(&args.paths).and_then(|files| Ok((Table::new(&files)?, files)));
    let (mut table, files) = match prepared {
        Ok(prepared) => prepared,
        Err(message) => {
            complain(&message);
            return Ok(Exit::Usage);
        }
    };
    table.head(out)?;
    for file in &files {
        table.row(file, out)?;
    }
    table.finish(out)
}

/// A column for each host that there is.
fn columns() -> Result<Vec<Column>, String> {
    let column = |name| {
        let host = registry::by_name(name).ok_or_else(|| format!("there is no host \"{name}\""))?;
        let expectations = Expectations::embedded(name).map_err(|unreadable| unreadable.to_string())?;
        Ok(Column { name, host, account: Account::new(expectations) })
    };
    registry::names().map(column).collect()
}

/// The files that are meant, folders opened.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let shipped;
    let paths = if paths.is_empty() {
        shipped = [shipped_captures()?];
        &shipped
    } else {
        paths
    };
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(inside(path).map_err(|error| format!("{}: {error}", path.display()))?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// The files of a folder, in order of name.
fn inside(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The captures of the project that the current folder is in.
fn shipped_captures() -> Result<PathBuf, String> {
    let here = env::current_dir().map_err(|error| format!("the current folder: {error}"))?;
    let found = here.ancestors().map(|folder| folder.join(CAPTURES)).find(|captures| captures.is_dir());
    let found = found
        .ok_or_else(|| format!("there is no {CAPTURES} here or above: name captures, or a folder of them"))?;
    // Below the current folder the short name reads better.
    Ok(found.strip_prefix(&here).map(Path::to_owned).unwrap_or(found))
}

/// What a file is called in the table and in lists of known differences.
fn name(file: &Path) -> String {
    file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned()
}

impl Table {
    fn new(files: &[PathBuf]) -> Result<Self, String> {
        let names = files.iter().map(|file| name(file).chars().count()).chain(["capture".len()]);
        Ok(Self {
            columns: columns()?,
            shipped: shipped::lists()?,
            stale: Vec::new(),
            name_width: names.max().unwrap_or_default(),
            counts: Counts::default(),
            judged: false,
            look_at: Vec::new(),
        })
    }

    fn head(&self, out: &mut Out) -> io::Result<()> {
        let names = self.columns.iter().map(|column| column.name).chain(["check"]);
        let cells: Vec<String> = names.map(str::to_owned).collect();
        let line = self.line("capture", &cells);
        writeln!(out, "{}", out.bold(&line))
    }

    fn line(&self, name: &str, cells: &[String]) -> String {
        let width = self.name_width;
        let mut line = format!("{name:width$}");
        for cell in cells {
            line.push_str(&format!("  {cell:CELL_WIDTH$}"));
        }
        line.trim_end().to_owned()
    }

    fn row(&mut self, file: &Path, out: &mut Out) -> io::Result<()> {
        let name = name(file);
        let read =
            replay::read(file, None).and_then(|recorded| Ok((recorded, judge::file::file(file, None)?)));
        let damage = match read {
            Ok((recorded, judged)) => {
                let mut cells = self.replay(file, &name, &recorded.recording);
                cells.push(self.judge(file, &name, &judged.report));
                self.counts.captures += 1;
                self.stale.extend(self.unreadable(&name).map(Unreadable::stale));
                writeln!(out, "{}", self.line(&name, &cells))?;
                judged.damage
            }
            Err(error) => {
                let on_purpose = self.unreadable(&name).is_some();
                let word = if on_purpose { "n/a" } else { "unreadable" };
                let cells = vec![word.to_owned(); self.columns.len() + 1];
                writeln!(out, "{}", self.line(&name, &cells))?;
                (!on_purpose).then_some(error)
            }
        };
        if let Some(damage) = damage {
            self.counts.unreadable += 1;
            out.flush()?;
            complain(&damage.to_string());
        }
        out.flush()
    }

    /// The cells of the hosts: each takes both ends of every conversation in turn.
    fn replay(&mut self, file: &Path, name: &str, recording: &Recording) -> Vec<String> {
        let mut cells = Vec::new();
        for column in &mut self.columns {
            let mut standings: Vec<Standing> = Vec::new();
            let (host, account) = (column.host.as_mut(), &mut column.account);
            let taken: Result<(), Infallible> =
                replay::each(recording, &[Side::Client, Side::Server], host, |one| {
                    standings.push(account.enter(name, &one).0);
                    Ok(())
                });
            let Ok(()) = taken;
            let Some(worst) = standings.iter().max() else {
                cells.push("-".to_owned());
                continue;
            };
            if *worst > Standing::Known {
                self.look_at.push(format!("netassay replay --host {} {}", column.name, file.display()));
            }
            let count = standings.iter().filter(|standing| *standing == worst).count();
            cells.push(format!("{worst} {count}/{}", standings.len()));
        }
        cells
    }

    /// Whether the file of that name can not be read, on purpose.
    fn unreadable(&self, name: &str) -> Option<&Unreadable> {
        self.shipped.unreadable.iter().find(|unreadable| unreadable.means(name))
    }

    /// The judge's cell: what fails or deviates, else how many rules were kept where they could be broken.
    fn judge(&mut self, file: &Path, name: &str, report: &judge::Report) -> String {
        let failed = report.verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Fail);
        let failed: Vec<(&str, u64)> = failed.map(|verdict| (verdict.rule.id, verdict.count)).collect();
        let rules: Vec<&str> = failed.iter().map(|(rule, _)| *rule).collect();
        let failing = &self.shipped.failing;
        self.stale.extend(failing.iter().filter_map(|failing| failing.stale(name, &rules)));
        let is_known = |rule: &str| failing.iter().any(|failing| failing.means(name, rule));
        let known = failed.iter().filter(|(rule, _)| is_known(rule)).map(|(_, count)| count).sum::<u64>();
        let (fail, deviates) = (report.count(Outcome::Fail) - known, report.count(Outcome::Deviates));
        let evidence = report.with_evidence();
        self.counts.known += known;
        self.counts.fail += fail;
        self.counts.deviates += deviates;
        self.counts.undecided += report.count(Outcome::Undecided);
        self.judged |= evidence > 0;
        if fail > 0 {
            self.look_at.push(format!("netassay check {}", file.display()));
        }
        match (fail, deviates, evidence) {
            (0, 0, 0) => "-".to_owned(),
            (0, 0, _) if known > 0 => format!("{} {known}", Standing::Known),
            (0, 0, kept) => format!("{} {kept}", Outcome::Holds),
            (0, deviates, _) => format!("{} {deviates}", Outcome::Deviates),
            (fail, ..) => format!("{} {fail}", Outcome::Fail),
        }
    }

    fn finish(&self, out: &mut Out) -> io::Result<Exit> {
        let Counts { captures, unreadable, fail, known, deviates, undecided } = &self.counts;
        writeln!(out, "\n{captures} captures, {unreadable} not readable")?;
        for Column { name, account, .. } in &self.columns {
            writeln!(out, "  {name:10}  {}", account.summary())?;
        }
        let known = if *known > 0 { format!(", {known} known") } else { String::new() };
        writeln!(out, "  {:10}  {fail} fail, {deviates} deviates, {undecided} undecided{known}", "check")?;
        for stale in self.stale() {
            writeln!(out, "{stale}")?;
        }
        if !self.look_at.is_empty() {
            writeln!(out, "\nLook at:")?;
        }
        for command in self.look_at.iter().take(COMMANDS_MAX) {
            writeln!(out, "  {command}")?;
        }
        if let Some(more @ 1..) = self.look_at.len().checked_sub(COMMANDS_MAX) {
            writeln!(out, "  and {more} more")?;
        }
        Ok(self.exit())
    }

    /// What is listed as known and no longer shows.
    fn stale(&self) -> Vec<String> {
        let of_hosts = self.columns.iter().flat_map(|column| column.account.stale());
        of_hosts.chain(self.stale.iter().cloned()).collect()
    }

    fn exit(&self) -> Exit {
        let accounts = || self.columns.iter().map(|column| &column.account);
        let verdict =
            self.counts.fail > 0 || accounts().any(Account::has_verdict) || !self.stale().is_empty();
        match () {
            () if self.counts.unreadable > 0 || accounts().any(Account::is_broken) => Exit::Rig,
            () if verdict => Exit::Verdict,
            () if !self.judged && !accounts().any(Account::ran) => Exit::NothingRan,
            () => Exit::Holds,
        }
    }
}
