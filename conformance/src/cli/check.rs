//! floor 9: `netassay check`, verdicts on the hosts in recorded traffic.

mod annotate;
mod together;
mod witness;

use super::progress::Progress;
use super::{Exit, complain, interrupt, out::Out};
use clap::ValueEnum;
use conformance::judge::assume::Assumption;
use conformance::judge::file::{Judged, Manner, Reading, Watch};
use conformance::judge::vantage::Stated;
use conformance::report::check::excerpt::{self, EXCERPTS_MAX, Excerpts};
use conformance::report::check::findings::{Finding, Sums, by_host};
use conformance::report::check::text::{self, Beside, Look};
use conformance::report::check::{Wanted, json};
use conformance::trace::capture::CaptureError;
use conformance::verdict::Outcome;
use conformance::witness::Testimony;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::num::NonZero;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use witness::{Asked, Heard, heard};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "A rule claims only what holds for every packet that the host may or may not have received.\n\
    What the capture can not show is undecided.\n\n\
    Where the tap is: `host`, what the stack was given and what it sent, complete and in order; `link`,\n\
    no queue between it and the host; `path`, somewhere between the hosts; `far`, at the other end. With\n\
    @ADDR it is said of one host, without it of every host.\n\n\
    The second witness: with --witness the reference follows the ends that a rule accuses, where the tap\n\
    is at the host and both directions are complete. What it finds as well is `certain`: the same matter,\n\
    in the same frame. What only the rule finds is `likely`, with the reason; so is what only the\n\
    reference finds. It takes a second pass over the file.\n\n\
    Exit code 130 if it was interrupted: what is printed is about the packets before. Else 2 if the\n\
    capture contradicts --vantage. Else 3 if a file could not be read, or is damaged; a last record that\n\
    is cut is no damage. Else 1 if something fails, else 4 if no rule met with evidence, else 0.\n\n\
    Examples:\n  netassay check trace.pcap\n  netassay check -v --vantage host@192.0.2.1 trace.pcap\n  \
    netassay check --witness --vantage host@192.0.2.1 trace.pcap\n  \
    netassay check --format json *.pcapng.gz | jq 'select(.outcome == \"fail\")'"
)]
pub(super) struct Args {
    /// Captures, pcap or pcapng, compressed or not; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Only packets that this expression matches, in the language of pcap-filter(7)
    #[arg(long, value_name = "EXPR")]
    filter: Option<String>,

    /// Take off tunnels: judge the innermost packet in GRE, IP in IP and VXLAN
    #[arg(long)]
    tunnels: bool,

    /// Where the tap is: host, link, path or far, of one host (@ADDR) or of every host
    #[arg(long, value_name = "CLASS[@ADDR]")]
    vantage: Option<Stated>,

    /// Also list what is undecided, with the reason
    #[arg(long)]
    undecided: bool,

    /// Also list notes: what is worth knowing but claims nothing, and how hosts open connections
    #[arg(long)]
    notes: bool,

    /// Ask the reference as second witness, and say which findings are certain and which likely;
    /// `--witness=all` asks also about connections without findings
    #[arg(
        long,
        value_enum,
        value_name = "WHOM",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "accused"
    )]
    witness: Option<Asked>,

    /// Show what happened before and after each finding, in text
    #[arg(long, short)]
    verbose: bool,

    /// Also write the capture as pcapng, with each finding as a comment on its packet; everything else in
    /// it stays
    #[arg(long, value_name = "OUT")]
    annotate: Option<PathBuf>,

    /// Threads that judge; what is printed is the same for any number (every core unless told)
    #[arg(long, value_name = "N", value_parser = positive)]
    threads: Option<NonZero<usize>>,

    /// How to write what was found; `json` is one object a line
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
}

/// How to write what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// One run over all files.
struct Run<'a> {
    args: &'a Args,
    wanted: Wanted,
    threads: NonZero<usize>,
    sums: Sums,
    assumptions: BTreeSet<Assumption>,
    broken: bool,
    stopped: bool,
}

pub(super) fn run(args: &Args, out: &mut Out) -> io::Result<Exit> {
    let wanted = Wanted { undecided: args.undecided, notes: args.notes };
    let (sums, assumptions) = (Sums::default(), BTreeSet::new());
    let cores = || std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let threads = args.threads.unwrap_or_else(cores);
    let mut run = Run { args, wanted, threads, sums, assumptions, broken: false, stopped: false };
    let annotates = args.annotate.as_ref();
    let once = args.files.iter().filter(|_| args.witness.is_some()).find_map(|file| {
        is_read_once(file).then(|| format!("{}: can be read only once; --witness needs a file", name(file)))
    });
    if let Some(refused) = once.or_else(|| annotates.and_then(|to| annotate::refused(&args.files, to))) {
        complain(&refused);
        return Ok(Exit::Usage);
    }
    interrupt::listen();
    // A few files get all threads one after the other, and of many each thread has one.
    let few = args.files.len() < 2 * threads.get();
    if let Some(exit) = if few { run.in_turn(out)? } else { run.together(out)? } {
        return Ok(exit);
    }
    run.finish(out)?;
    Ok(run.exit())
}

/// A number of threads.
fn positive(text: &str) -> Result<NonZero<usize>, String> {
    text.parse().map_err(|_| "it takes a number above zero".to_owned())
}

impl Args {
    /// What is read of each file.
    fn reading(&self) -> Reading<'_> {
        Reading { filter: self.filter.as_deref(), tunnels: self.tunnels }
    }
}

/// How a file is judged by so many threads.
fn manner<'a>(args: &'a Args, threads: NonZero<usize>, watch: &'a mut Watch<'a>) -> Manner<'a> {
    let vantage = args.vantage.map(Stated::vantage).unwrap_or_default();
    Manner { reading: args.reading(), vantage, watch: Some(watch), threads: threads.get() }
}

impl Run<'_> {
    /// All files, one after the other. An exit code ends the run.
    fn in_turn(&mut self, out: &mut Out) -> io::Result<Option<Exit>> {
        for path in &self.args.files {
            let mut progress = Progress::new(path);
            let mut watch = |now| {
                progress.tell(now);
                if interrupt::came() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let mut go_on = || {
                if interrupt::came() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let result = heard(path, self.args, self.threads, &mut watch, &mut go_on);
            progress.clear();
            let exit = self.take(path, result, out)?;
            if exit.is_some() || self.stopped {
                return Ok(exit);
            }
        }
        Ok(None)
    }

    /// All files, many at the same time. An exit code ends the run.
    fn together(&mut self, out: &mut Out) -> io::Result<Option<Exit>> {
        let (args, threads) = (self.args, self.threads);
        let work = |path: &PathBuf, enough: &AtomicBool| {
            let go_on = || {
                let stop = interrupt::came() || enough.load(Ordering::Relaxed);
                if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            heard(path, args, NonZero::<usize>::MIN, &mut |_| go_on(), &mut { go_on })
        };
        let mut end = Ok(None);
        together::in_order(&args.files, threads, work, |path, result| {
            end = self.take(path, result, out);
            let goes_on = matches!(end, Ok(None)) && !self.stopped;
            if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        end
    }

    /// What came of one file. An exit code ends the run.
    fn take(
        &mut self,
        path: &Path,
        result: Result<Heard, CaptureError>,
        out: &mut Out,
    ) -> io::Result<Option<Exit>> {
        let Heard { judged, testimony } = match result {
            Ok(heard) => heard,
            Err(error) => return self.unreadable(&error, out),
        };
        if let Some(stated) = self.args.vantage.filter(|_| !judged.stopped)
            && let Some(contradiction) = stated.contradiction(&judged)
        {
            out.flush()?;
            complain(&format!("--vantage {stated}: {}: {contradiction}", judged.file));
            return Ok(Some(Exit::Usage));
        }
        let testimony = self.testimony(testimony, out)?;
        self.show(path, &judged, testimony.as_ref(), out)?;
        self.annotate(path, &judged, out)?;
        self.sums.add(&judged.file, &judged.report, self.wanted);
        self.assumptions.extend(text::used(&judged.report, self.wanted));
        self.broken |= judged.damage.is_some();
        self.stopped |= judged.stopped || testimony.is_some_and(|testimony| testimony.stopped);
        Ok(None)
    }

    /// What the second witness says, if it could be asked.
    fn testimony(
        &mut self,
        testimony: Option<Result<Testimony, CaptureError>>,
        out: &mut Out,
    ) -> io::Result<Option<Testimony>> {
        match testimony.transpose() {
            Ok(testimony) => {
                testimony.iter().for_each(|testimony| self.sums.hear(testimony));
                Ok(testimony)
            }
            Err(error) => {
                out.flush()?;
                complain(&error.to_string());
                self.broken = true;
                Ok(None)
            }
        }
    }

    fn unreadable(&mut self, error: &CaptureError, out: &mut Out) -> io::Result<Option<Exit>> {
        if self.args.format == Format::Json && !error.is_usage() {
            write!(out, "{}", json::unreadable(&error.file, &error.to_string()))?;
        }
        out.flush()?;
        complain(&error.to_string());
        self.broken = true;
        Ok(error.is_usage().then_some(Exit::Usage))
    }

    fn show(
        &self,
        path: &Path,
        judged: &Judged,
        testimony: Option<&Testimony>,
        out: &mut Out,
    ) -> io::Result<()> {
        match self.args.format {
            Format::Json => write!(out, "{}", json::file(judged, testimony, self.wanted))?,
            Format::Text => {
                let excerpts = self.excerpts(path, judged);
                let bold = |text: &str| out.bold(text);
                let beside = Beside { excerpts: &excerpts, testimony };
                let text = text::file(judged, beside, self.look(&bold));
                write!(out, "{text}")?;
            }
        }
        out.flush()?;
        if let Some(damage) = &judged.damage {
            complain(&damage.to_string());
        }
        Ok(())
    }

    /// The capture with comments, if it is wanted and was read to its end.
    fn annotate(&mut self, path: &Path, judged: &Judged, out: &mut Out) -> io::Result<()> {
        let Some(to) = self.args.annotate.as_ref().filter(|_| !judged.stopped) else { return Ok(()) };
        match annotate::write(path, judged, self.wanted, to) {
            Ok(count) if self.args.format == Format::Text => {
                writeln!(out, "  {}: comments on {}", to.display(), text::count(count, "packet"))
            }
            Ok(_) => Ok(()),
            Err(failure) => {
                out.flush()?;
                complain(&format!("{}: {failure}", to.display()));
                self.broken = true;
                Ok(())
            }
        }
    }

    /// What is around the findings, if it is wanted and the file can be read again.
    fn excerpts(&self, path: &Path, judged: &Judged) -> Excerpts {
        let none = Excerpts::default();
        let hosts = by_host(&judged.report, self.wanted);
        let findings: Vec<&Finding<'_>> = hosts.iter().flat_map(|host| &host.findings).collect();
        if !self.args.verbose || judged.stopped || findings.is_empty() {
            return none;
        }
        if !is_read_again(path) {
            let file = &judged.file;
            complain(&format!("{file}: can be read only once; -v needs a file"));
            return none;
        }
        if findings.len() > EXCERPTS_MAX {
            complain(&format!("{}: -v shows the first {EXCERPTS_MAX} findings", judged.file));
        }
        excerpt::read(path, self.args.reading(), &findings).unwrap_or_else(|error| {
            complain(&error.to_string());
            none
        })
    }

    /// What is said at the end, about all files.
    fn finish(&self, out: &mut Out) -> io::Result<()> {
        if self.args.format == Format::Json {
            return Ok(());
        }
        let bold = |text: &str| out.bold(text);
        let text = text::sums(&self.sums, self.look(&bold), self.args.files.len() > 1);
        write!(out, "{text}")?;
        if !self.assumptions.is_empty() {
            write!(out, "findings rest on:\n{}", text::legend(&self.assumptions))?;
        }
        Ok(())
    }

    fn look<'b>(&self, bold: &'b dyn Fn(&str) -> String) -> Look<'b> {
        Look { wanted: self.wanted, verbose: self.args.verbose, bold }
    }

    fn exit(&self) -> Exit {
        match () {
            () if self.stopped => Exit::Interrupted,
            () if self.broken => Exit::Rig,
            () if self.sums.of(Outcome::Fail) > 0 => Exit::Verdict,
            () if !self.sums.evidence => Exit::NothingRan,
            () => Exit::Holds,
        }
    }
}

/// Whether there is a file that can be read a second time.
fn is_read_again(path: &Path) -> bool {
    path.metadata().is_ok_and(|about| about.is_file())
}

/// Whether there is something to read, and only once. A file that is not there is said so when it is opened.
fn is_read_once(path: &Path) -> bool {
    path == Path::new("-") || path.exists() && !path.is_dir() && !is_read_again(path)
}

/// A file as it is named in messages.
fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}
