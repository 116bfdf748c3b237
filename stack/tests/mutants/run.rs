//! Running tests of the copy, with a limit of time.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// What a run may take. A mutant that hangs is not noticed by whoever waits for it.
const LIMIT: Duration = Duration::from_secs(20);
/// What a run of all tests may take.
const LIMIT_OF_ALL: Duration = Duration::from_secs(120);

/// How a run of tests ended.
pub(crate) enum Ended {
    /// All passed: which.
    Passed(Vec<String>),
    /// Some failed: which. None of them if the program itself broke down.
    Failed(Vec<String>),
    /// It was stopped.
    NotInTime,
}

/// Runs `tests` of `binary`, all if none is named, with this mutant in force.
pub(crate) fn tests(binary: &Path, mutant: Option<&str>, tests: &[&str]) -> Ended {
    let mut command = Command::new(binary);
    command.env("NETASSAY_MUTANT", mutant.unwrap_or_default()).env("RUST_BACKTRACE", "0");
    // The results are read from lines that nothing else may stand in.
    command.env_remove("RUST_TEST_NOCAPTURE").env_remove("RUST_TEST_THREADS");
    if mutant.is_some() && !tests.is_empty() {
        command.arg("--test-threads=1");
    }
    if !tests.is_empty() {
        command.arg("--exact").args(tests);
    }
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the compiled tests run");
    let mut output = child.stdout.take().expect("it is piped");
    let (sender, receiver) = mpsc::channel();
    // Waiting for the end of the output is waiting for the end of the program.
    std::thread::spawn(move || {
        let mut said = Vec::new();
        let read = output.read_to_end(&mut said);
        // Nobody waits any more if it took too long.
        let _ = sender.send(read.map(|_| said));
    });
    let limit = if tests.is_empty() { LIMIT_OF_ALL } else { LIMIT };
    let Ok(said) = receiver.recv_timeout(limit) else {
        child.kill().expect("it is stopped");
        child.wait().expect("it has ended");
        return Ended::NotInTime;
    };
    let said = String::from_utf8_lossy(&said.expect("readable output")).into_owned();
    if child.wait().expect("it has ended").success() {
        Ended::Passed(results(&said, "ok"))
    } else {
        Ended::Failed(results(&said, "FAILED"))
    }
}

/// The tests that have this result: `test tcp::tests::a ... ok`.
fn results(said: &str, result: &str) -> Vec<String> {
    let named = said.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
    named.filter(|(_, found)| *found == result).map(|(name, _)| name.to_owned()).collect()
}
