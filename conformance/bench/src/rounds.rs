//! Rounds of both stacks in turn, and what is said of them. Whatever else the machine does then meets both.

use crate::clock;

/// How long a processor worked at something, for how many of its units.
#[derive(Clone, Copy, Default)]
pub(crate) struct Took {
    pub(crate) time_ns: u64,
    pub(crate) units: u64,
}

impl Took {
    /// Measures `act`, which says how many units it did.
    // Not inlined: `ci/bench` counts the instructions of nothing else.
    #[inline(never)]
    pub(crate) fn of(act: impl FnOnce() -> u64) -> Self {
        let start = clock::worked_ns();
        let units = act();
        Self { time_ns: clock::worked_ns() - start, units }
    }

    /// Picoseconds for a unit.
    fn unit_ps(self) -> u64 {
        (self.time_ns * 1_000 / self.units.max(1)).max(1)
    }
}

impl std::ops::Add for Took {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { time_ns: self.time_ns + other.time_ns, units: self.units + other.units }
    }
}

/// The medians of some rounds.
pub(crate) struct Medians {
    /// Picoseconds for a unit.
    pub(crate) ours_ps: u64,
    /// The same of the other one.
    pub(crate) theirs_ps: u64,
    /// How often the first fits into the second, round by round, in hundredths.
    pub(crate) ratio_percent: u64,
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Measures both in turn, `count` times after one round that does not count.
pub(crate) fn interleaved(
    count: usize,
    mut ours: impl FnMut() -> Took,
    mut theirs: impl FnMut() -> Took,
) -> Medians {
    ours();
    theirs();
    let rounds: Vec<(u64, u64)> = (0..count).map(|_| (ours().unit_ps(), theirs().unit_ps())).collect();
    Medians {
        ours_ps: median(rounds.iter().map(|round| round.0).collect()),
        theirs_ps: median(rounds.iter().map(|round| round.1).collect()),
        ratio_percent: median(rounds.iter().map(|round| round.1 * 100 / round.0).collect()),
    }
}

/// Picoseconds for a unit: the median of `count` rounds after one that does not count.
pub(crate) fn by_itself(count: usize, mut round: impl FnMut() -> Took) -> u64 {
    round();
    median((0..count).map(|_| round().unit_ps()).collect())
}

/// `250` as `2.50`.
pub(crate) fn hundredths(percent: u64) -> String {
    format!("{}.{:02}", percent / 100, percent % 100)
}

/// How many units fit into a second.
pub(crate) const fn per_second(unit_ps: u64) -> u64 {
    1_000_000_000_000 / unit_ps
}
