//! floor 9: `netassay ports`, what ports and names of services mean.

use super::{Exit, complain, out::Out};
use conformance::report::ports::{Question, answer};
use stack::ports::services;
use std::io::{self, Write};

const EXAMPLES: &str = concat!(
    "Examples:\n",
    "  netassay ports 443\n",
    "  netassay ports https/udp\n",
    "  netassay ports ssh 8000-8100 49152-65535\n",
    "  netassay ports _ldap._tcp '[2001:db8::1]:443' https://www.example/\n\n",
    "Exit codes: 0 a service has one of them, 2 a question makes no sense, 4 no service has any of them."
);

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Ports, ranges of them, names of services, each perhaps with /tcp, /udp, /sctp or /dccp; or endpoints
    #[arg(required = true, value_name = "PORT")]
    asked: Vec<String>,
}

pub(super) fn run(args: &Args, out: &mut Out) -> io::Result<Exit> {
    let (mut found, mut senseless) = (false, false);
    let mut first = true;
    for text in &args.asked {
        match Question::read(text) {
            Err(why) => {
                complain(&why.to_string());
                senseless = true;
            }
            Ok(question) => {
                if !first {
                    writeln!(out)?;
                }
                first = false;
                let answer = answer(&question);
                let (heading, rest) = answer.text.split_once('\n').unwrap_or((&answer.text, ""));
                writeln!(out, "{}", out.bold(heading))?;
                write!(out, "{rest}")?;
                found |= answer.found;
            }
        }
    }
    if !first {
        writeln!(out, "\nregistry of IANA as of {}", services::date())?;
    }
    Ok(match (senseless, found) {
        (true, _) => Exit::Usage,
        (false, true) => Exit::Holds,
        (false, false) => Exit::NothingRan,
    })
}
