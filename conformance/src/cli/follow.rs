//! floor 9: `netassay follow`: the reference follows the recorded stacks.

use super::out::Out;
use super::roles::Roles;
use super::{Exit, complain};
use clap::{Args as ClapArgs, ValueEnum};
use conformance::accept::{self, End, Followed, Tap};
use conformance::drive::replay::recording::{RecordedConnection, Side};
use conformance::replay;
use conformance::report::follow as report;
use conformance::report::ladder::Span;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Lines of a shortened ladder.
const SHORT: Span = Span { head: 16, tail: 8 };

/// Follow the recorded stacks with the reference: explain each of their segments, and report the first one
/// that no legal choice explains.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Of each end: how many of its segments are explained, then a line for each segment: time,\n\
    direction (`>` is sent by this end), the segment with numbers that count from the first, the state of\n\
    the reference, and what explains it with the clause. The first one that nothing explains is shown\n\
    with what would have been legal.\n\n\
    Exit code 3 if a file could not be read, or is damaged; else 1 if something is unexplained, else 4\n\
    if no end could be followed, else 0.\n\n\
    Examples:\n  netassay follow trace.pcap\n  \
    netassay follow --tap client --role client --ladder whole trace.pcap\n  \
    netassay follow --ladder none --filter 'host 192.0.2.1 and tcp port 80' trace.pcapng.gz"
)]
pub(crate) struct Args {
    /// Captures, pcap or pcapng; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Which end to follow.
    #[arg(long, value_enum, default_value_t = Roles::Both)]
    role: Roles,

    /// The end at whose interface it was recorded. What is known of that end is complete and in order.
    #[arg(long, value_enum, default_value_t = Place::Unknown)]
    tap: Place,

    /// Only packets that this pcap-filter(7) expression matches.
    #[arg(long, value_name = "EXPR")]
    filter: Option<String>,

    /// How much of each connection to show.
    #[arg(long, value_enum, default_value_t = Ladder::Short)]
    ladder: Ladder,
}

/// Where a capture was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Place {
    /// At the end that spoke first.
    Client,
    /// At the other end.
    Server,
    /// At both: on a loopback interface.
    Both,
    /// Nobody knows.
    Unknown,
}

/// Which ladders to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ladder {
    /// None.
    None,
    /// Of all, shortened.
    Short,
    /// Of all, every line, and the liberties that the stack took.
    Whole,
}

impl Place {
    const fn tap(self, role: Side) -> Tap {
        match (self, role) {
            (Self::Both, Side::Client | Side::Server)
            | (Self::Client, Side::Client)
            | (Self::Server, Side::Server) => Tap::Here,
            (Self::Client, Side::Server)
            | (Self::Server, Side::Client)
            | (Self::Unknown, Side::Client | Side::Server) => Tap::Away,
        }
    }
}

/// What has come out so far.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    captures: u64,
    ends: u64,
    undecided: u64,
    unexplained: u64,
    explained: u64,
    segments: u64,
}

impl Sum {
    fn add(&mut self, one: &Followed) {
        self.ends += 1;
        match one.end {
            End::Undecided(_) => {
                self.undecided += 1;
                return;
            }
            End::Unexplained(_) => self.unexplained += 1,
            End::Explained => {}
        }
        self.explained += one.explained;
        self.segments += one.segments;
    }

    /// The share of segments that are explained, in tenths of a per cent, rounded down.
    fn share(&self) -> String {
        if self.segments == 0 {
            return "nothing to explain".to_owned();
        }
        let permille = self.explained * 1000 / self.segments;
        let (whole, tenth) = (permille / 10, permille % 10);
        format!("{} of {} segments explained, {whole}.{tenth} %", self.explained, self.segments)
    }
}

pub(super) fn run(args: &Args, out: &mut Out) -> io::Result<Exit> {
    let mut sum = Sum::default();
    let mut unreadable = false;
    for file in &args.files {
        match one_file(args, file, &mut sum, out)? {
            Exit::Usage => return Ok(Exit::Usage),
            Exit::Rig => unreadable = true,
            Exit::Holds | Exit::Verdict | Exit::NothingRan | Exit::Interrupted | Exit::Program(_) => {}
        }
    }
    writeln!(
        out,
        "{} captures, {} ends: {}; {} with something unexplained, {} undecided",
        sum.captures,
        sum.ends,
        sum.share(),
        sum.unexplained,
        sum.undecided
    )?;
    Ok(if unreadable {
        Exit::Rig
    } else if sum.unexplained > 0 {
        Exit::Verdict
    } else if sum.ends == sum.undecided {
        Exit::NothingRan
    } else {
        Exit::Holds
    })
}

fn one_file(args: &Args, file: &Path, sum: &mut Sum, out: &mut Out) -> io::Result<Exit> {
    let recorded = match replay::read(file, args.filter.as_deref()) {
        Ok(recorded) => recorded,
        Err(error) => {
            out.flush()?;
            complain(&error.to_string());
            return Ok(if error.is_usage() { Exit::Usage } else { Exit::Rig });
        }
    };
    sum.captures += 1;
    let name = file.file_name().map_or_else(|| "-".to_owned(), |name| name.to_string_lossy().into_owned());
    writeln!(out, "{}", out.bold(&name))?;
    for note in &recorded.notes {
        writeln!(out, "  note: {note}")?;
    }
    let mut of_file = Sum::default();
    for connection in accept::connections(&recorded.recording) {
        for role in args.role.sides() {
            let one = accept::follow(&connection, *role, args.tap.tap(*role));
            of_file.add(&one);
            sum.add(&one);
            print(args, &connection, &one, out)?;
        }
    }
    if recorded.recording.connections.is_empty() {
        writeln!(out, "  no TCP connection in {} frames", recorded.frames)?;
    } else {
        writeln!(out, "  {}", of_file.share())?;
    }
    if let Some(damage) = &recorded.damage {
        out.flush()?;
        complain(&damage.to_string());
        return Ok(Exit::Rig);
    }
    Ok(Exit::Holds)
}

fn print(args: &Args, connection: &RecordedConnection, one: &Followed, out: &mut Out) -> io::Result<()> {
    write!(out, "{}", report::followed(one))?;
    match args.ladder {
        Ladder::None => Ok(()),
        Ladder::Short => write!(out, "{}", report::ladder(connection, one, SHORT)),
        Ladder::Whole => {
            write!(out, "{}{}", report::ladder(connection, one, Span::WHOLE), report::liberties(one))
        }
    }
}
