//! Two references on hostile links, one link for each seed: `pair_seeds COUNT [--first N] [--loss PERCENT]
//! [--every N] [--show [--shifted] [--recut]] [--plan HEX]`.
//!
//! Every seed is run once, and every N-th (16 unless told) three times: with segments cut otherwise on the
//! way, and at another time. `--show` prints both ladders of the first seed instead, of the run at another
//! time or with segments cut otherwise if that is wanted; of a plan, if there is one. Findings are printed
//! with what repeats them. The last line has the time that passed for the hosts and for us. The exit code is
//! 1 if there were findings.

use conformance::drive::link::plan::{LOSS_PERCENT_MAX, Plan};
use conformance::drive::link::{Variation, lab};
use conformance::drive::replay::observe::Places;
use conformance::fuzz::pair::{self, Checks};
use conformance::report::ladder;
use conformance::trace::{Event, Link, Response, Stimulus, Trace};
use stack::wire::ethernet;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

/// Findings of one class that are shown.
const SHOWN_MAX: usize = 3;

struct Wanted {
    count: u64,
    first: u64,
    loss: u8,
    every: u64,
    show: bool,
    variation: Variation,
    plan: Option<Plan>,
}

fn wanted() -> Option<Wanted> {
    let (loss, variation) = (LOSS_PERCENT_MAX, Variation::default());
    let mut wanted = Wanted { count: 0, first: 0, loss, every: 16, show: false, variation, plan: None };
    let mut words = std::env::args().skip(1);
    wanted.count = words.next()?.parse().ok()?;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--first" => wanted.first = words.next()?.parse().ok()?,
            "--loss" => wanted.loss = words.next()?.parse().ok()?,
            "--every" => wanted.every = words.next()?.parse().ok().filter(|every| *every > 0)?,
            "--plan" => wanted.plan = Some(plan(&words.next()?)?),
            "--show" => wanted.show = true,
            "--shifted" => wanted.variation.start = pair::SHIFT,
            "--recut" => wanted.variation.recut = Some(pair::RECUT_PERCENT),
            _ => return None,
        }
    }
    Some(wanted)
}

/// A plan as findings tell it: its bytes, in hexadecimal.
fn plan(hex: &str) -> Option<Plan> {
    let octets = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok());
    Plan::read(&octets.collect::<Option<Vec<u8>>>()?).ok()
}

fn main() -> ExitCode {
    let Some(wanted) = wanted() else {
        eprintln!(
            "usage: pair_seeds COUNT [--first N] [--loss PERCENT] [--every N] [--show [--shifted] [--recut]]"
        );
        return ExitCode::from(2);
    };
    if wanted.show {
        let of_seed = || Plan::from_seed(wanted.first, wanted.loss);
        show(&wanted.plan.clone().unwrap_or_else(of_seed), wanted.variation);
        return ExitCode::SUCCESS;
    }
    // What panics inside of the host is a finding; what panics outside is a bug here, and ends the program.
    conformance::host::crash::tell_once();
    run(&wanted)
}

fn run(wanted: &Wanted) -> ExitCode {
    let begun = Instant::now();
    let (mut found, mut nanos, mut frames) = (BTreeMap::<String, Vec<String>>::new(), 0_u128, 0_usize);
    for seed in wanted.first..wanted.first + wanted.count {
        let plan = Plan::from_seed(seed, wanted.loss);
        let checks = if seed % wanted.every == 0 { Checks::All } else { Checks::Once };
        match pair::planned(&plan, checks) {
            Ok(meeting) => {
                nanos += u128::from(meeting.end.since(meeting.start).as_nanos());
                frames += meeting.traces.iter().map(|trace| trace.events.len()).sum::<usize>();
            }
            Err(finding) => {
                let seen = format!("seed {seed} --loss {}: {}", wanted.loss, finding.seen);
                found.entry(finding.class).or_default().push(seen);
            }
        }
    }
    for (class, all) in &found {
        println!("== {class}: {} seeds", all.len());
        all.iter().take(SHOWN_MAX).for_each(|seen| println!("   {seen}"));
    }
    let real = begun.elapsed();
    let count = u128::from(wanted.count);
    println!(
        "{count} seeds, loss up to {} %, {} with findings; {} a second, {frames} events; {} days for the \
         hosts in {} s, {} times as fast",
        wanted.loss,
        found.values().map(Vec::len).sum::<usize>(),
        count * 1_000 / real.as_millis().max(1),
        nanos / 86_400_000_000_000,
        real.as_secs(),
        nanos / real.as_nanos().max(1),
    );
    ExitCode::from(u8::from(!found.is_empty()))
}

/// The plan, what there is to say against its run, and both ladders.
fn show(plan: &Plan, variation: Variation) {
    println!("{plan:#?}");
    let meeting = pair::references(plan, variation);
    for end in 0..2 {
        println!("== end {end}: {}", meeting.apps[end].waits());
        let places = Places { host: lab::end(plan, end), peer: lab::end(plan, 1 - end) };
        let trace = without_link_headers(&meeting.traces[end]);
        ladder::replayed(&trace, places, None).iter().for_each(|line| println!("{line}"));
    }
    match pair::planned(plan, Checks::All) {
        Ok(_) => println!("nothing is wrong, {}", meeting.end.since(meeting.start)),
        Err(finding) => println!("{}: {}", finding.class, finding.seen),
    }
}

/// The same with IP packets for frames, as ladders have them.
fn without_link_headers(trace: &Trace) -> Trace {
    let mut bare = trace.clone();
    let octets = if trace.link == Link::Ethernet { ethernet::HEADER_OCTETS } else { 0 };
    bare.link = Link::Ip;
    for timed in &mut bare.events {
        if let Event::Stimulus(Stimulus::Frame(frame)) | Event::Response(Response::Frame(frame)) =
            &mut timed.event
        {
            frame.bytes.drain(..octets.min(frame.bytes.len()));
        }
    }
    bare
}
