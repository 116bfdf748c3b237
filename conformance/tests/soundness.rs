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

/// Two kernels of this machine, twenty connections, every tap. Where namespaces or TAP devices are not to be
/// had a line says so.
#[cfg(target_os = "linux")]
#[test]
fn nobody_is_accused_on_two_kernels() {
    use conformance::run::linux::{plan::NetPlan, record};
    use conformance::sockets::linux::{Access, access};
    use std::io::Write;
    let skip =
        |why: &str| writeln!(std::io::stderr(), "SKIP soundness on two kernels: {why}").unwrap_or_default();
    match access("nobody_is_accused_on_two_kernels") {
        Access::Here => {}
        Access::Elsewhere(passed) => return assert!(passed, "in a user namespace"),
        Access::Nowhere(why) => return skip(&why),
        Access::Broken(fault) => panic!("{fault}"),
    }
    const SEED: u64 = 3;
    let taken = match record(&NetPlan::from_seed(SEED, 20)) {
        Ok(taken) => taken,
        Err(fault) => return skip(&fault.to_string()),
    };
    for heard in judge::kernels(&taken, SEED) {
        assert!(heard.recording.shots.len() > 20 || heard.how == "flawed", "a tap heard nothing");
        if let Some(verdict) = heard.accusations().next() {
            let (place, rule, clause) = (heard.place.name(), verdict.rule.id, verdict.clause);
            panic!("{place} {}: {rule} {clause}: {}; {}", heard.how, verdict.seen, verdict.bound);
        }
    }
}
