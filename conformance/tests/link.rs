//! Two hosts on a hostile link, for seeds that are other ones with every run of quickcheck, and for some that
//! are the same for ever. A seed that fails is repeated with
//! `cargo run --release -p netassay-fuzz --example pair_seeds 1 --first SEED --show`.

use conformance::drive::link::Variation;
use conformance::drive::link::lab;
use conformance::drive::link::plan::{Ending, Item, LOSS_PERCENT_MAX, Plan};
use conformance::fuzz::Finding;
use conformance::fuzz::pair::{self, Checks};
use conformance::host::Host;
use conformance::host::mutant::{Defect, Mutant};
use conformance::host::reference::Reference;
use conformance::host::smoltcp::Smoltcp;
use conformance::run::pair::Meeting;
use quickcheck::QuickCheck;

fn holds(plan: &Plan, checks: Checks) -> bool {
    match pair::planned(plan, checks) {
        Ok(_) => true,
        Err(finding) => panic!("{}: {}", finding.class, finding.seen),
    }
}

#[test]
fn whatever_the_link_does_two_references_come_to_a_good_end() {
    fn property(seed: u64) -> bool {
        holds(&Plan::from_seed(seed, LOSS_PERCENT_MAX), Checks::Once)
    }
    QuickCheck::new().tests(200).quickcheck(property as fn(u64) -> bool);
}

#[test]
fn neither_the_cut_of_segments_nor_the_time_makes_a_difference() {
    (0..40).for_each(|seed| assert!(holds(&Plan::from_seed(seed, LOSS_PERCENT_MAX), Checks::All)));
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in 0..20 {
        let plan = Plan::from_seed(seed, LOSS_PERCENT_MAX);
        let [one, other] = [0, 1].map(|_| pair::references(&plan, Variation::default()));
        assert!(one.traces == other.traces, "seed {seed} gives two runs");
    }
}

/// What smoltcp can not do, and what it takes for ever for, is left out.
fn for_smoltcp(seed: u64) -> Plan {
    let mut plan = Plan::from_seed(seed, 10);
    plan.switches &= !4;
    for end in &mut plan.ends {
        end.tuning &= !0x40;
        end.max_segment = 0;
        end.ending = if end.ending == Ending::Wait { Ending::Wait } else { Ending::Shut };
    }
    plan.items.retain(|item| !matches!(item, Item::Urgent { .. } | Item::Nap { .. } | Item::Narrow { .. }));
    plan
}

#[test]
fn the_reference_and_smoltcp_understand_each_other() {
    for seed in 0..60 {
        let plan = for_smoltcp(seed);
        let (mut reference, mut smoltcp) = (Reference::checked(), Smoltcp::new());
        let ours = (seed & 1) as usize;
        reference.tune(lab::settings(&plan, ours));
        let met = if ours == 0 {
            pair::hosts([&mut reference, &mut smoltcp], &plan, [true, false])
        } else {
            pair::hosts([&mut smoltcp, &mut reference], &plan, [false, true])
        };
        if let Err(finding) = met {
            panic!("seed {seed}: {}: {}", finding.class, finding.seen);
        }
    }
}

/// Defects that two hosts on a link without frames of other kinds do not show, and why.
const INVISIBLE: &[(Defect, &str)] = &[
    (Defect::NoPortUnreachable, "nobody sends datagrams"),
    (Defect::EchoAltered, "nobody asks for an echo"),
    (Defect::NeighborSilent, "both know the station of the other"),
    (Defect::ResetAnswersReset, "the connection is gone by then"),
];

/// What a run with `host` beside a sound reference comes to.
fn beside_a_reference(host: &mut dyn Host, seed: u64) -> Result<Meeting, Finding> {
    let plan = Plan::from_seed(seed, LOSS_PERCENT_MAX);
    let mut reference = Reference::new();
    let end = (seed & 1) as usize;
    reference.tune(lab::settings(&plan, end));
    match end {
        0 => pair::hosts([&mut reference, host], &plan, [true, true]),
        _ => pair::hosts([host, &mut reference], &plan, [true, true]),
    }
}

/// The first seed below `seeds` that shows the defect.
fn seed_that_shows(defect: Defect, seeds: u64) -> Option<u64> {
    (0..seeds).find(|seed| beside_a_reference(&mut Mutant::new(defect), *seed).is_err())
}

#[test]
fn planted_defects_are_found() {
    for defect in Defect::ALL.iter().filter(|defect| INVISIBLE.iter().all(|(known, _)| known != *defect)) {
        let Some(seed) = seed_that_shows(*defect, 400) else {
            panic!("{} survives: {}", defect.name(), defect.what());
        };
        // It is the defect that was found, and not something about the plan.
        if let Err(finding) = beside_a_reference(&mut Reference::new(), seed) {
            panic!("seed {seed} without a defect: {}: {}", finding.class, finding.seen);
        }
    }
}

#[test]
fn what_is_called_invisible_is_not_seen() {
    for (defect, reason) in INVISIBLE {
        assert_eq!(seed_that_shows(*defect, 400), None, "{} is seen, although {reason}", defect.name());
    }
}
