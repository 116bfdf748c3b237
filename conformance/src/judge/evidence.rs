//! floor 7: what the rules met with, counted; and which of them are asked about a packet at all.
//!
//! Packets of one kind about which the same is plain are alike. What the rules say beforehand of such packets
//! is put together once, and one number counts it for all of them.

use super::assume::Assumption;
use super::hash::Mixed;
use super::kind::Kind;
use super::plain::Plain;
use super::report::Tally;
use super::rule::{Opinion, Rule, Whose};
use super::rules;
use std::collections::HashMap;
use std::sync::LazyLock;

/// How many plans are kept; where there are more, all are made anew.
const PLANS_MAX: usize = 1 << 12;

/// The rules that are about each kind of packet, with their place among all.
static RULES_OF: LazyLock<[Vec<(usize, &'static Rule)>; Kind::COUNT]> = LazyLock::new(|| {
    Kind::ALL.map(|kind| rules().enumerate().filter(|(_, rule)| rule.on.has(kind)).collect())
});

/// Whom the rules may judge by a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// The sender.
    pub(super) sender: bool,
    /// The sender, by rules that a damaged packet tells something.
    pub(super) damage_of_sender: bool,
    /// The receiver.
    pub(super) receiver: bool,
}

impl Asked {
    fn has(self, rule: &Rule) -> bool {
        match rule.of {
            Whose::Sender => {
                self.sender || (self.damage_of_sender && rule.assumptions.contains(&Assumption::NoOffload))
            }
            Whose::Receiver => self.receiver,
        }
    }

    fn number(self) -> u64 {
        u64::from(self.sender) | u64::from(self.damage_of_sender) << 1 | u64::from(self.receiver) << 2
    }
}

/// What is done about packets that are alike.
#[derive(Debug)]
struct Plan {
    /// Rules that are asked, with their place among all.
    asks: Vec<(usize, &'static Rule)>,
    /// The places of those that are kept.
    holds: Vec<usize>,
    /// How many packets there were.
    packets: u64,
}

impl Plan {
    fn new(kind: Kind, plain: Plain, asked: Asked) -> Self {
        let (mut asks, mut holds) = (Vec::new(), Vec::new());
        for (place, rule) in RULES_OF[kind as usize].iter().filter(|(_, rule)| asked.has(rule)) {
            match rule.says_of(plain) {
                None => asks.push((*place, *rule)),
                Some(true) => holds.push(*place),
                Some(false) => (),
            }
        }
        Self { asks, holds, packets: 0 }
    }
}

/// How often each rule met with what.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    plans: Vec<Plan>,
    /// Where the plan for such packets is.
    places: HashMap<u64, usize, Mixed>,
    tallies: Vec<Tally>,
}

impl Evidence {
    /// Counts a packet. Returns the place of its plan.
    pub(super) fn meet(&mut self, kind: Kind, plain: Plain, asked: Asked) -> usize {
        const { assert!(Plain::COUNT <= 56 && Kind::COUNT <= 16) };
        let alike = plain.number() | (kind as u64) << 56 | asked.number() << 60;
        let known = self.places.get(&alike).copied();
        let place = known.unwrap_or_else(|| self.plan(alike, Plan::new(kind, plain, asked)));
        if let Some(plan) = self.plans.get_mut(place) {
            plan.packets += 1;
        }
        place
    }

    fn plan(&mut self, alike: u64, plan: Plan) -> usize {
        if self.plans.len() >= PLANS_MAX {
            self.settle();
        }
        self.plans.push(plan);
        self.places.insert(alike, self.plans.len() - 1);
        self.plans.len() - 1
    }

    /// The rule that is asked at this turn, with its place among all.
    pub(super) fn ask(&self, plan: usize, turn: usize) -> Option<(usize, &'static Rule)> {
        self.plans.get(plan)?.asks.get(turn).copied()
    }

    /// Compares what rules say of a packet with what they said beforehand.
    #[cfg(test)]
    pub(super) fn compare(&self, scene: &super::rule::Scene<'_>, plain: Plain) {
        for (_, rule) in &RULES_OF[scene.kind as usize] {
            if let Some(holds) = rule.says_of(plain) {
                let said = if holds { Opinion::Holds } else { Opinion::Absent };
                assert_eq!((rule.judge)(scene), said, "{} of {scene:?}", rule.id);
            }
        }
    }

    /// Counts what a rule said that was asked.
    pub(super) fn count(&mut self, place: usize, opinion: &Opinion) {
        let tally = self.tally(place);
        match opinion {
            Opinion::Absent => (),
            Opinion::Cut => tally.cut += 1,
            Opinion::Holds => tally.holds += 1,
            Opinion::Breaks(_) => tally.broken += 1,
        }
    }

    fn tally(&mut self, place: usize) -> &mut Tally {
        if self.tallies.len() <= place {
            self.tallies.resize(place + 1, Tally::default());
        }
        &mut self.tallies[place]
    }

    /// Counts for each rule what the plans counted for all of them.
    fn settle(&mut self) {
        self.places.clear();
        for plan in std::mem::take(&mut self.plans) {
            for place in plan.holds {
                self.tally(place).holds += plan.packets;
            }
        }
    }

    /// Takes over what another one counted.
    pub(super) fn absorb(&mut self, mut other: Self) {
        other.settle();
        for (place, tally) in other.tallies.iter().enumerate() {
            let own = self.tally(place);
            own.holds += tally.holds;
            own.cut += tally.cut;
            own.broken += tally.broken;
        }
    }

    /// What every rule met with, in order of [`rules`].
    pub(super) fn tallies(mut self) -> Vec<Tally> {
        self.settle();
        self.tallies.resize(rules().count(), Tally::default());
        self.tallies
    }
}
