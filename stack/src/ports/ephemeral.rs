//! floor 4: choosing a port for a socket that did not ask for one (RFC 6056 section 3.3).
//!
//! Five algorithms of RFC 6056, and what Linux has made of them. All that is random comes from the chooser or
//! from a key; all that is remembered are counters. An algorithm that starts from the destination can not do
//! so before there is one: `bind` then takes the first algorithm.
//!
//! RFC6056-3.2-a: the range is configuration, and its default is that of Linux.
//! RFC6056-3.2-d: likewise.
//! RFC6056-3.3-a: how hard a choice is to guess is the chooser's; the reference has to be repeatable.

mod linux;

use super::reserved::Reserved;
use crate::base::{Choose, Freedom, Port, PortRange};
use crate::sock::Kind;
use alloc::collections::BTreeMap;

/// How a port is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// Algorithm 1: a random start, and on to the first free port.
    Simple,
    /// Algorithm 2: a new random port after each that is not free, as often as there are ports. It may fail
    /// although some are free.
    Random,
    /// Algorithm 3: a start that depends on both addresses and the port of the destination, and one counter.
    Hash,
    /// Algorithm 4: as 3, with one counter of many for each destination.
    DoubleHash,
    /// Algorithm 5: one counter that grows by a random number of 1 to [`INCREMENT_MAX`].
    RandomIncrements,
    /// What Linux does: as 4 for `connect`, in random even steps, with ports of the parity of the lowest one
    /// first; for `bind` of streams a random start among those of the other parity; for datagrams as 1.
    #[default]
    Linux,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: &[Self] =
        &[Self::Simple, Self::Random, Self::Hash, Self::DoubleHash, Self::RandomIncrements, Self::Linux];
}

/// The largest step of [`Algorithm::RandomIncrements`]: N of RFC 6056 section 3.3.5.
pub const INCREMENT_MAX: u32 = 500;

/// Where a port may come from.
#[derive(Clone, Copy, Debug)]
pub struct Pool<'a> {
    /// The range.
    pub range: PortRange,
    /// Whether the socket asked for this range itself.
    pub of_socket: bool,
    /// What is kept for others.
    pub reserved: &'a Reserved,
    /// How to choose.
    pub algorithm: Algorithm,
}

/// What is remembered between two choices.
#[derive(Clone, Debug, Default)]
pub struct Ephemeral {
    /// `next_ephemeral` of RFC 6056.
    next: u32,
    /// Counters of destinations. The table begins with zeros: that nobody knows where a destination begins
    /// is the work of the keyed function.
    table: BTreeMap<u16, u32>,
}

/// A random number below `count`, which is not 0.
fn draw(choices: &mut dyn Choose, count: u32) -> u32 {
    let drawn = choices.choose(Freedom::EphemeralPort, 0..=u64::from(count) - 1);
    let drawn = u32::try_from(drawn).ok().filter(|drawn| *drawn < count);
    assert!(drawn.is_some(), "the chooser left the legal range");
    drawn.unwrap_or_default()
}

impl Ephemeral {
    /// Nothing chosen yet; the common counter begins at `seed`.
    pub const fn new(seed: u32) -> Self {
        Self { next: seed, table: BTreeMap::new() }
    }

    /// A port of `pool` for which `free` holds, for a socket of `kind` that does not say yet whom it will
    /// talk to, or `None`. `low_first` looks through the lower half of the range before the upper one.
    pub fn to_bind(
        &mut self,
        pool: &Pool<'_>,
        kind: Kind,
        low_first: bool,
        choices: &mut dyn Choose,
        mut free: impl FnMut(Port) -> bool,
    ) -> Option<Port> {
        //= RFC6056-3.2-b
        let mut free = |port: &Port| !pool.reserved.contains(*port) && free(*port);
        match (pool.algorithm, kind) {
            (Algorithm::Simple | Algorithm::Hash | Algorithm::DoubleHash, _)
            | (Algorithm::Linux, Kind::Datagram) => simple(pool.range, choices, free),
            (Algorithm::Random, _) => random(pool.range, choices, free),
            (Algorithm::RandomIncrements, _) => self.increments(pool.range, choices, free),
            (Algorithm::Linux, Kind::Stream) => linux::to_bind(pool.range, low_first, choices, &mut free),
        }
    }

    /// A port of `pool` for which `free` holds, for a socket that connects; `keyed` is a number that depends
    /// on both addresses, the port of the destination and a secret.
    pub fn to_connect(
        &mut self,
        pool: &Pool<'_>,
        keyed: u64,
        choices: &mut dyn Choose,
        mut free: impl FnMut(Port) -> bool,
    ) -> Option<Port> {
        let free = |port: &Port| !pool.reserved.contains(*port) && free(*port);
        let (offset, index) = ((keyed >> 32) as u32, (keyed & 0xffff) as u16);
        match pool.algorithm {
            Algorithm::Simple => simple(pool.range, choices, free),
            Algorithm::Random => random(pool.range, choices, free),
            //= RFC6056-3.3.3-a
            Algorithm::Hash => counted(pool.range, offset, &mut self.next, free),
            //= RFC6056-3.3.4-a
            Algorithm::DoubleHash => counted(pool.range, offset, self.table.entry(index).or_default(), free),
            Algorithm::RandomIncrements => self.increments(pool.range, choices, free),
            Algorithm::Linux => {
                linux::to_connect(pool, offset, self.table.entry(index).or_default(), choices, free)
            }
        }
    }

    fn increments(
        &mut self,
        range: PortRange,
        choices: &mut dyn Choose,
        free: impl FnMut(&Port) -> bool,
    ) -> Option<Port> {
        let tries = (0..range.count()).map(|_| {
            //= RFC6056-3.3.5-a
            self.next = self.next.wrapping_add(draw(choices, INCREMENT_MAX) + 1);
            range.nth(self.next)
        });
        { tries }.find(free)
    }
}

/// RFC 6056 section 3.3.1: from a random start upwards and round the end of the range.
fn simple(range: PortRange, choices: &mut dyn Choose, free: impl FnMut(&Port) -> bool) -> Option<Port> {
    //= RFC6056-3.3.1-a
    //= RFC6335-8.1.2-a
    range.walk(draw(choices, range.count())).find(free)
}

/// RFC 6056 section 3.3.2: one random port after the other.
fn random(range: PortRange, choices: &mut dyn Choose, free: impl FnMut(&Port) -> bool) -> Option<Port> {
    //= RFC6056-3.3.2-a
    (0..range.count()).map(|_| range.nth(draw(choices, range.count()))).find(free)
}

/// RFC 6056 sections 3.3.3 and 3.3.4: from a fixed start on, as far as a counter says.
fn counted(
    range: PortRange,
    offset: u32,
    counter: &mut u32,
    free: impl FnMut(&Port) -> bool,
) -> Option<Port> {
    let start = offset % range.count();
    // The counter of a destination goes round the whole range: nothing is left for another algorithm to find.
    //= RFC6056-3.5-a
    let tries = (0..range.count()).map(|_| {
        let port = range.nth(start + *counter % range.count());
        *counter = counter.wrapping_add(1);
        port
    });
    { tries }.find(free)
}

#[cfg(test)]
#[path = "ephemeral_tests.rs"]
mod tests;
