//! floor 8: mutants of the reference, which meet it on a line and are recorded where they are: which rule
//! notices which of their defects.

use super::story::{BEFORE, quiet_before};
use crate::drive::link::plan::Plan;
use crate::drive::link::{Variation, lab};
use crate::fuzz::judge::{accuses, judged};
use crate::host::Host;
use crate::host::mutant::{Defect, Mutant};
use crate::host::reference::Reference;
use crate::judge::assume::{Tap, Vantage};
use crate::run::pair::meet;
use crate::run::tap::plan::TapPlan;
use crate::run::tap::{Place, Recording, Shot, perfect};
use crate::trace::Link;
use std::collections::BTreeMap;
use std::fmt;

/// The line loses so much at the most: a mutant is to come as far as its defect.
const LOSS_PERCENT_MAX: u8 = 5;

/// Boxes on the line do not join segments.
const CUTS: u8 = 7;

/// How often each rule noticed a defect.
#[derive(Clone, Debug)]
pub struct Kill {
    /// The defect; nothing for the reference without one.
    pub defect: Option<Defect>,
    /// Meetings in which at least one rule noticed it.
    pub noticed: u64,
    /// All meetings.
    pub meetings: u64,
    /// Meetings in which this rule did.
    pub rules: BTreeMap<&'static str, u64>,
}

impl fmt::Display for Kill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.defect.map_or("no defect", Defect::name);
        write!(f, "{name:24}{:>4} of {}", self.noticed, self.meetings)?;
        let mut rules: Vec<(&&str, &u64)> = self.rules.iter().collect();
        rules.sort_by_key(|(rule, count)| (std::cmp::Reverse(**count), **rule));
        rules.iter().try_for_each(|(rule, count)| write!(f, "  {rule} {count}"))
    }
}

/// Lets the recording begin long before the meeting, with a packet that has nothing to do with it.
fn begin_earlier(recording: &mut Recording) {
    let quiet = quiet_before();
    let header: &[u8] = match recording.link {
        Link::Ethernet => &[2, 0, 0, 0, 0, 0x71, 2, 0, 0, 0, 0, 0x70, 8, 0],
        Link::Ip => &[],
    };
    let bytes = [header, &quiet.bytes].concat();
    recording.shots.iter_mut().for_each(|shot| shot.at += BEFORE);
    let wire_len = bytes.len() as u32;
    recording.shots.insert(0, Shot { at: quiet.at, from: 0, bytes, wire_len });
}

/// The rules that find something in one meeting of a mutant with the reference: at which end it is follows
/// from the seed.
fn meeting(defect: Option<Defect>, seed: u64) -> Vec<&'static str> {
    let mut plan = Plan::from_seed(seed, LOSS_PERCENT_MAX);
    plan.ways.iter_mut().for_each(|way| way.recut &= CUTS);
    let end = usize::from(seed % 2 == 1);
    let mut peer = Reference::checked();
    peer.tune(lab::settings(&plan, 1 - end));
    let mut mutant: Box<dyn Host> = match defect {
        Some(defect) => {
            let mut mutant = Mutant::new(defect);
            mutant.tune(lab::settings(&plan, end));
            Box::new(mutant)
        }
        None => {
            let mut reference = Reference::checked();
            reference.tune(lab::settings(&plan, end));
            Box::new(reference)
        }
    };
    let hosts: [&mut dyn Host; 2] =
        if end == 0 { [mutant.as_mut(), &mut peer] } else { [&mut peer, mutant.as_mut()] };
    let met = meet(hosts, &plan, Variation::default());
    let mut recording = perfect(&met, Place::At(end), &TapPlan::from_seed(seed));
    begin_earlier(&mut recording);
    let host = lab::addr(end, plan.v6());
    let report = judged(&recording, Vantage::Stated(Tap::AtHost, Some(host)));
    let mut rules: Vec<&'static str> = report
        .verdicts
        .iter()
        .filter(|verdict| verdict.host == host && accuses(verdict))
        .map(|verdict| verdict.rule.id)
        .collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// What is noticed of a defect in so many meetings.
pub fn kill(defect: Option<Defect>, meetings: u64) -> Kill {
    let mut kill = Kill { defect, noticed: 0, meetings, rules: BTreeMap::new() };
    for seed in 0..meetings {
        let rules = meeting(defect, seed);
        kill.noticed += u64::from(!rules.is_empty());
        for rule in rules {
            *kill.rules.entry(rule).or_insert(0) += 1;
        }
    }
    kill
}

/// Every mutant, and the reference itself.
pub fn kills(meetings: u64) -> Vec<Kill> {
    let defects = Defect::ALL.iter().copied().map(Some);
    std::iter::once(None).chain(defects).map(|defect| kill(defect, meetings)).collect()
}
