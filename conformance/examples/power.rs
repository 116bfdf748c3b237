//! Prints how much the judge sees: `power [TRIALS]`, at most so many of each kind of fault and place of the
//! tap.

use conformance::power;
use std::path::Path;
use std::process::ExitCode;

const TRIALS: usize = 150;

fn main() -> ExitCode {
    let trials = match std::env::args().nth(1).map(|word| word.parse::<usize>()) {
        None => TRIALS,
        Some(Ok(trials)) if trials > 0 => trials,
        Some(_) => {
            eprintln!("power: the number of trials is a number above zero");
            return ExitCode::from(2);
        }
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures");
    match power::measure(&folder, trials) {
        Ok(table) => {
            print!("{table}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("power: {error}");
            ExitCode::from(3)
        }
    }
}
