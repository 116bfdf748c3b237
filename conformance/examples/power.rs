//! Prints how much the judge sees: `power [TRIALS]`, at most so many of each kind of fault and place of the
//! tap; `power TRIALS FAULT` lists those trials of one kind that the rules made for it do not notice.

use conformance::power;
use std::path::Path;
use std::process::ExitCode;

const TRIALS: usize = 150;

/// Meetings of each mutant of the reference with the reference.
const MEETINGS: u64 = 40;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let trials = match words.next().map(|word| word.parse::<usize>()) {
        None => TRIALS,
        Some(Ok(trials)) if trials > 0 => trials,
        Some(_) => {
            eprintln!("power: the number of trials is a number above zero");
            return ExitCode::from(2);
        }
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures");
    let printed = match words.next() {
        None => power::measure(&folder, trials).map(|table| {
            println!("{table}");
            println!(
                "mutants of the reference, as a tap at them shows them: meetings, and rules that notice"
            );
            power::mutants::kills(MEETINGS).iter().for_each(|kill| println!("{kill}"));
        }),
        Some(fault) => power::missed(&folder, trials, &fault).map(|missed| {
            for (place, trial) in missed {
                let power::Trial { story, host, frame, noticed, doubts } = trial;
                let place = place.word();
                println!("{place} {story} {host} frame {frame}: by {noticed:?}, doubts {doubts:?}");
            }
        }),
    };
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("power: {error}");
            ExitCode::from(3)
        }
    }
}
