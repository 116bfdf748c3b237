//! floor 9: commands, and the exit codes that they share. One file for each command in `cli/`; a new one is a
//! variant of [`Command`] and a line in [`Command::run`].

mod assay;
mod check;
mod explain;
mod follow;
mod interrupt;
mod list;
mod out;
mod ports;
mod progress;
mod replay;
mod roles;
mod serve;

use clap::{ColorChoice, Parser, Subcommand};
use out::Out;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// How a run ended. Scripts rely on these numbers; they do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything holds.
    Holds,
    /// A verdict on a host: something does not hold, or no longer as it was noted.
    Verdict,
    /// The command line or its configuration makes no sense.
    Usage,
    /// A file can not be read, or the harness or an adapter broke: what there is, is not complete.
    Rig,
    /// Nothing ran: the selection or the list of files is empty.
    NothingRan,
    /// Interrupted; what there is, is not complete.
    Interrupted,
    /// A program that was run beside a host ended, with this code of its own.
    Program(u8),
}

impl Exit {
    /// Every way in which a run ends by itself, in order of code.
    const ALL: [Self; 6] =
        [Self::Holds, Self::Verdict, Self::Usage, Self::Rig, Self::NothingRan, Self::Interrupted];

    /// The code that the shell sees.
    const fn code(self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::Verdict => 1,
            Self::Usage => 2,
            Self::Rig => 3,
            Self::NothingRan => 4,
            Self::Interrupted => 130,
            Self::Program(code) => code,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Holds => "everything holds",
            Self::Verdict => "a verdict: something about a host does not hold",
            Self::Usage => "the command line makes no sense",
            Self::Rig => "a file or the harness broke: results are not complete",
            Self::NothingRan => "nothing ran: the selection is empty",
            Self::Interrupted => "interrupted, results are not complete",
            Self::Program(_) => "the code of the program",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Measures TCP/IP stacks against the RFCs.
#[derive(Debug, Parser)]
#[command(name = "netassay", version, after_help = exit_codes())]
struct Cli {
    /// When to use colour; NO_COLOR in the environment turns `auto` off.
    #[arg(long, global = true, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    color: ColorChoice,

    #[command(subcommand)]
    command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
enum Command {
    /// Replay captures on every host and judge them, as one table
    Assay(assay::Args),
    /// Judge the hosts in recorded traffic, by rules that hold wherever it was recorded
    Check(check::Args),
    /// Explain requirements: level, section, how a host shows them, and what stacks do instead
    Explain(explain::Args),
    /// Follow the recorded stacks with the reference: explain each segment by a legal choice
    Follow(follow::Args),
    /// List requirements, one line each, and count them
    List(list::Args),
    /// Say what ports and names of services mean: who assigns them, who may bind them, what for
    Ports(ports::Args),
    /// Put a stack in the place of each recorded end, and play the other end to it as recorded
    Replay(replay::Args),
    /// Let real programs talk to a host, over a network interface in a namespace of its own
    Serve(serve::Args),
}

impl Command {
    fn run(&self, out: &mut Out) -> io::Result<Exit> {
        match self {
            Self::Assay(args) => assay::run(args, out),
            Self::Check(args) => check::run(args, out),
            Self::Explain(args) => explain::run(args, out),
            Self::Follow(args) => follow::run(args, out),
            Self::List(args) => list::run(args, out),
            Self::Ports(args) => ports::run(args, out),
            Self::Replay(args) => replay::run(args, out),
            Self::Serve(args) => serve::run(args, out),
        }
    }
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> Exit {
    let cli = Cli::parse();
    let mut out = Out::new(cli.color);
    let ended = cli.command.run(&mut out).and_then(|exit| out.flush().map(|()| exit));
    match ended {
        Ok(exit) => exit,
        // Whoever reads has read enough, as with `| head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Holds,
        Err(error) => {
            complain(&format!("the output cannot be written: {error}"));
            Exit::Rig
        }
    }
}

/// Tells people something, on standard error. If even that is closed nobody wants to know.
fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "netassay: {message}");
}

fn exit_codes() -> String {
    Exit::ALL.iter().fold("Exit codes:".to_owned(), |mut text, exit| {
        let _ = write!(text, "\n  {:<3}  {}", exit.code(), exit.text());
        text
    })
}
