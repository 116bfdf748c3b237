//! floor 9: `netassay replay`: a host in the place of the recorded ones.

use super::out::Out;
use super::roles::Roles;
use super::{Exit, complain};
use clap::{Args as ClapArgs, ValueEnum};
use conformance::host::{Host, registry};
use conformance::replay::account::{Account, Standing};
use conformance::replay::expect::Expectations;
use conformance::replay::{self, Replayed};
use conformance::report::ladder::Span;
use conformance::report::replay as report;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Lines of a shortened ladder.
const SHORT: Span = Span { head: 16, tail: 8 };

/// Put a stack in the place of each recorded end, and play the other end to it as recorded.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "A conversation is replayed twice: the stack takes the place of the client, then of the\n\
    server. `agree` is said if what is compared is the same: opening, both byte streams, closing, resets,\n\
    ICMP, no rule broken. `known` differences are listed with the program, for the captures that come\n\
    with it, by file name.\n\n\
    Exit code 3 if a file could not be read or the stack broke; else 1 if something differs, or no longer\n\
    as it was noted; else 4 if nothing could be replayed, else 0.\n\n\
    Examples:\n  netassay replay trace.pcap\n  \
    netassay replay --host smoltcp --ladder differing trace.pcap\n  \
    netassay replay --role server --filter 'tcp port 80' --ladder whole trace.pcapng.gz"
)]
pub(crate) struct Args {
    /// Captures, pcap or pcapng; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The stack under test.
    #[arg(long, value_name = "NAME", default_value = "reference")]
    host: String,

    /// Whose place the stack takes.
    #[arg(long, value_enum, default_value_t = Roles::Both)]
    role: Roles,

    /// Only packets that this pcap-filter(7) expression matches.
    #[arg(long, value_name = "EXPR")]
    filter: Option<String>,

    /// How much of each conversation to show.
    #[arg(long, value_enum, default_value_t = Ladder::Short)]
    ladder: Ladder,
}

/// Which ladders to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ladder {
    /// None.
    None,
    /// Of conversations that differ, the recording beside the replay, shortened.
    Differing,
    /// Of all, shortened.
    Short,
    /// Of all, every line.
    Whole,
}

pub(super) fn run(args: &Args, out: &mut Out) -> io::Result<Exit> {
    let Some(mut host) = registry::by_name(&args.host) else {
        let names: Vec<&str> = registry::names().collect();
        complain(&format!("there is no host \"{}\"; known are {}", args.host, names.join(", ")));
        return Ok(Exit::Usage);
    };
    let expectations = match Expectations::embedded(&args.host) {
        Ok(expectations) => expectations,
        Err(unreadable) => {
            complain(&unreadable.to_string());
            return Ok(Exit::Usage);
        }
    };
    let mut run = Run { args, account: Account::new(expectations), unreadable: 0 };
    for file in &args.files {
        if run.file(file, host.as_mut(), out)? == Exit::Usage {
            return Ok(Exit::Usage);
        }
    }
    run.finish(out)
}

/// What has come out so far.
struct Run<'a> {
    args: &'a Args,
    account: Account,
    unreadable: u64,
}

impl Run<'_> {
    /// Replays one file. Only a command line that makes no sense ends the run.
    fn file(&mut self, file: &Path, host: &mut dyn Host, out: &mut Out) -> io::Result<Exit> {
        let recorded = match replay::read(file, self.args.filter.as_deref()) {
            Ok(recorded) => recorded,
            Err(error) => {
                out.flush()?;
                complain(&error.to_string());
                self.unreadable += 1;
                return Ok(if error.is_usage() { Exit::Usage } else { Exit::Rig });
            }
        };
        let name =
            file.file_name().map_or_else(|| "-".to_owned(), |name| name.to_string_lossy().into_owned());
        writeln!(out, "{}", out.bold(&name))?;
        for note in &recorded.notes {
            writeln!(out, "  note: {note}")?;
        }
        let mut count = 0_u64;
        replay::each(&recorded.recording, self.args.role.sides(), host, |one| {
            count += 1;
            self.one(&name, &one, out)
        })?;
        if count == 0 {
            let passes = if self.args.filter.is_some() { " passes the filter" } else { "" };
            writeln!(out, "  no TCP connection and no UDP exchange{passes} in {} frames", recorded.frames)?;
        }
        if let Some(damage) = &recorded.damage {
            out.flush()?;
            complain(&damage.to_string());
            self.unreadable += 1;
            return Ok(Exit::Rig);
        }
        Ok(Exit::Holds)
    }

    fn one(&mut self, name: &str, one: &Replayed, out: &mut Out) -> io::Result<()> {
        let (standing, known) = self.account.enter(name, one);
        write!(out, "{}", report::replayed(one, standing.word()))?;
        for known in known {
            writeln!(out, "      known: {} [{}]", known.reason, known.clause)?;
        }
        let lines = match self.args.ladder {
            Ladder::None => return Ok(()),
            Ladder::Differing if standing <= Standing::Agree => return Ok(()),
            Ladder::Differing | Ladder::Short => report::ladders(one, SHORT),
            Ladder::Whole => report::ladders(one, Span::WHOLE),
        };
        write!(out, "{lines}")
    }

    /// The end of the report. What a filter left out says nothing about what is known of the host.
    fn finish(self, out: &mut Out) -> io::Result<Exit> {
        let stale = if self.args.filter.is_some() { Vec::new() } else { self.account.stale() };
        for stale in &stale {
            writeln!(out, "{stale}")?;
        }
        writeln!(
            out,
            "{} captures, {} replays on {}: {}",
            self.args.files.len() as u64 - self.unreadable,
            self.account.counts().values().sum::<u64>(),
            self.args.host,
            self.account.summary()
        )?;
        Ok(if self.account.is_broken() || self.unreadable > 0 {
            Exit::Rig
        } else if self.account.has_verdict() || !stale.is_empty() {
            Exit::Verdict
        } else if !self.account.ran() {
            Exit::NothingRan
        } else {
            Exit::Holds
        })
    }
}
