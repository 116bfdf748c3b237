//! floor 7: a hostile link between two hosts, and the applications at its ends. Everything follows from a
//! plan, which follows from a seed or from the bytes of a fuzzer; the only time is that of the hosts.
//!
//! For a while the link loses, delays, doubles, damages and reorders frames, marks them with CE, carries only
//! small packets, and fails altogether; boxes on it cut segments and join them. Then it turns fair: it has
//! the same delay and rate, and tells of packets that are too big, but loses nothing any more.

pub mod app;
pub mod dice;
mod frame;
pub mod lab;
pub mod plan;
mod way;

pub use frame::{join, packet_at};
use plan::Plan;
use stack::base::{Instant, Span};
use std::collections::BTreeMap;
use way::Way;
pub use way::{Fate, Passage};

/// What is done to a plan from outside, and must not change what is delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variation {
    /// How long the hosts have been there when it begins.
    pub start: Span,
    /// Segments cut and joined on the way, in percent, if not as the plan has it.
    pub recut: Option<u8>,
    /// Whether what passes on the line is written down.
    pub overheard: bool,
}

/// A frame that has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// At which end.
    pub end: usize,
    /// Its octets.
    pub bytes: Vec<u8>,
}

/// Both directions, and what is under way.
#[derive(Clone, Debug)]
pub struct Link {
    ways: [Way; 2],
    under_way: BTreeMap<(Instant, u64), Arrival>,
    counted: u64,
    /// When the link turns fair.
    pub fair_from: Instant,
}

impl Link {
    /// The link of a plan.
    pub fn new(plan: &Plan, variation: Variation) -> Self {
        let start = Instant::ZERO + variation.start;
        let mut ways = [0, 1].map(|index| Way::new(plan, index, start, lab::link(plan)));
        if let Some(percent) = variation.recut {
            ways.iter_mut().for_each(|way| way.recut(percent));
        }
        if variation.overheard {
            ways.iter_mut().for_each(Way::listen);
        }
        Self { ways, under_way: BTreeMap::new(), counted: 0, fair_from: start + plan.hostile() }
    }

    /// A host at `end` has emitted a frame.
    pub fn carry(&mut self, now: Instant, end: usize, bytes: Vec<u8>) {
        let fates = self.ways[end].carry(now, bytes);
        self.meet(end, fates);
    }

    fn meet(&mut self, from: usize, fates: Vec<Fate>) {
        for fate in fates {
            let (at, end, bytes) = match fate {
                Fate::Arrives(at, bytes) => (at, 1 - from, bytes),
                Fate::Returned(at, bytes) => (at, from, bytes),
            };
            self.counted += 1;
            self.under_way.insert((at, self.counted), Arrival { end, bytes });
        }
    }

    /// When something arrives next, or a box lets go of a segment.
    pub fn due(&self) -> Option<Instant> {
        let arrives = self.under_way.keys().next().map(|(at, _)| *at);
        self.ways.iter().filter_map(Way::due).chain(arrives).min()
    }

    /// What has arrived by now, one frame at a time.
    pub fn take(&mut self, now: Instant) -> Option<Arrival> {
        for end in 0..self.ways.len() {
            let fates = self.ways[end].release(now);
            self.meet(end, fates);
        }
        let first = self.under_way.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }

    /// What was put on the line in both directions, in order of time, if it was written down.
    pub fn overheard(&mut self) -> Vec<Passage> {
        let mut all: Vec<Passage> = self.ways.iter_mut().flat_map(Way::overheard).collect();
        all.sort_by_key(|passage| passage.at);
        all
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.due().is_none()
    }
}
