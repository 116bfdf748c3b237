//! floor 9: the command line.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    conformance::host::crash::tell_once();
    cli::run().into()
}
