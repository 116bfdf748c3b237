//! Runs a fuzz target on noise, without an engine and on any toolchain: `soak TARGET SECONDS [SEED]`.
//!
//! Findings are counted by class; of each class the shortest run is printed at the end. `TARGET` is `wire`,
//! `host`, `pair`, `judge`, or the name of a mutant, as in `mutant:no-fin`. The exit code is 1
//! if there were findings.

use conformance::fuzz::{self, Finding};
use conformance::host::registry;
use netassay_fuzz::{Noise, agree};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The body of a fuzz target.
type Body = Box<dyn FnMut(&[u8]) -> Result<(), Finding>>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (Some(target), Some(seconds)) = (words.first(), words.get(1).and_then(|word| word.parse().ok()))
    else {
        eprintln!("usage: soak wire|host|pair|judge|mutant:NAME SECONDS [SEED]");
        return ExitCode::from(2);
    };
    let seed = words.get(2).and_then(|word| word.parse().ok()).unwrap_or(1);
    let mut run: Body = match target.as_str() {
        "wire" => Box::new(|bytes| fuzz::wire(bytes).and_then(|()| agree::with_etherparse(bytes))),
        "host" => Box::new(fuzz::host),
        "pair" => Box::new(fuzz::pair::run),
        "judge" => Box::new(fuzz::judge::run),
        name => {
            let Some(mut host) = registry::by_name(name) else {
                eprintln!("there is no target {name}");
                return ExitCode::from(2);
            };
            Box::new(move |bytes| fuzz::over(&mut *host, bytes))
        }
    };
    // What panics inside of the host is a finding; what panics outside is a bug here, and ends the program.
    std::panic::set_hook(Box::new(|panic| {
        if panic.location().is_none_or(|at| !at.file().contains("stack/src")) {
            eprintln!("{panic}");
        }
    }));
    soak(&mut run, Duration::from_secs(seconds), seed)
}

fn soak(run: &mut dyn FnMut(&[u8]) -> Result<(), Finding>, time: Duration, seed: u64) -> ExitCode {
    let (mut found, mut runs) = (BTreeMap::<String, (u64, u64, String)>::new(), 0_u64);
    let begun = Instant::now();
    for input in Noise::new(seed) {
        if begun.elapsed() >= time {
            break;
        }
        runs += 1;
        let Err(finding) = run(&input) else { continue };
        let text = finding.to_string();
        let class = if finding.class == "crash" { format!("crash: {}", finding.seen) } else { finding.class };
        let kept = found.entry(class).or_insert_with(|| (0, runs, text.clone()));
        kept.0 += 1;
        if text.len() < kept.2.len() {
            kept.2 = text;
        }
    }
    println!("{runs} runs, {} a second", u128::from(runs) * 1000 / begun.elapsed().as_millis().max(1));
    for (class, (count, first, text)) in &found {
        println!("== {class}: {count} times, first in run {first}\n{text}");
    }
    ExitCode::from(u8::from(!found.is_empty()))
}
