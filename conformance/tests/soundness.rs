//! The judge accuses nobody who is innocent: two references on hostile links, recorded everywhere along them
//! by taps with all their flaws. `NETASSAY_SEEDS` is how many meetings there are; many more of them, with
//! counts, are to be had with `cargo run --release -p netassay --example soundness -- sim COUNT`.

use conformance::drive::link::plan::{LOSS_PERCENT_MAX, Plan};
use conformance::fuzz::judge;
use conformance::run::tap::plan::TapPlan;
use quickcheck::QuickCheck;

/// Meetings unless told otherwise.
const SEEDS: u64 = 150;

fn innocent(seed: u64) {
    let (plan, taps) = (Plan::from_seed(seed, LOSS_PERCENT_MAX), TapPlan::from_seed(seed));
    if let Err(finding) = judge::planned(&plan, &taps) {
        panic!("seed {seed}: {}: {}", finding.class, finding.seen);
    }
}

#[test]
fn nobody_is_accused_in_these_meetings() {
    let told = std::env::var("NETASSAY_SEEDS").ok();
    let seeds = told.map_or(SEEDS, |count| count.parse().expect("NETASSAY_SEEDS is a number"));
    (0..seeds).for_each(innocent);
}

#[test]
fn nobody_is_accused_in_any_meeting() {
    fn property(seed: u64) -> bool {
        innocent(seed);
        true
    }
    QuickCheck::new().tests(50).quickcheck(property as fn(u64) -> bool);
}
