//! floor 4: ports that are never chosen, so that the services that ask for them by number find them free
//! (RFC 6056 section 3.2).

use crate::base::{Port, PortRange};
use alloc::vec::Vec;

/// A set of ports that the host does not choose by itself. Whoever asks for one of them by number gets it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reserved {
    /// In ascending order, without gaps of no port between two.
    ranges: Vec<PortRange>,
}

impl Reserved {
    /// The ports of `ranges`, which come in any order and may overlap.
    pub fn new(ranges: &[PortRange]) -> Self {
        let mut sorted = ranges.to_vec();
        sorted.sort_unstable_by_key(|range| range.first());
        let mut merged: Vec<PortRange> = Vec::with_capacity(sorted.len());
        for range in sorted {
            match merged.last_mut().and_then(|last| joined(*last, range).map(|joined| (last, joined))) {
                Some((last, joined)) => *last = joined,
                None => merged.push(range),
            }
        }
        Self { ranges: merged }
    }

    /// Whether `port` is one of them.
    pub fn contains(&self, port: Port) -> bool {
        let after = self.ranges.partition_point(|range| range.first() <= port);
        after.checked_sub(1).and_then(|at| self.ranges.get(at)).is_some_and(|range| range.contains(port))
    }

    /// How many ports of `range` are among them.
    pub fn count_in(&self, range: PortRange) -> u32 {
        let number = |port: Port| u32::from(port.number());
        let shared = |own: &PortRange| {
            let (first, last) = (own.first().max(range.first()), own.last().min(range.last()));
            (number(last) + 1).saturating_sub(number(first))
        };
        self.ranges.iter().map(shared).sum()
    }

    /// The ports as ranges, in ascending order.
    pub fn ranges(&self) -> &[PortRange] {
        &self.ranges
    }
}

/// Both ranges as one, if no port lies between them. `a` begins no later than `b`.
fn joined(a: PortRange, b: PortRange) -> Option<PortRange> {
    let next = a.last().number().checked_add(1);
    let touches = next.is_none_or(|next| b.first().number() <= next);
    touches.then(|| PortRange::new(a.first().number(), a.last().max(b.last()).number())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    fn ranges_of(ends: &[(u16, u8)]) -> Vec<PortRange> {
        let range = |(first, more): &(u16, u8)| PortRange::new(*first, first.saturating_add((*more).into()));
        ends.iter().filter_map(range).collect()
    }

    quickcheck! {
        //? RFC6056-3.2-b
        fn exactly_the_ports_of_some_range_are_reserved(ends: Vec<(u16, u8)>, asked: Vec<u16>) -> bool {
            let ranges = ranges_of(&ends);
            let reserved = Reserved::new(&ranges);
            let edges = ranges.iter().flat_map(|range| [range.first(), range.last()]);
            let beside = edges.map(Port::number).flat_map(|at| [at.wrapping_sub(1), at.wrapping_add(1)]);
            asked.into_iter().chain(beside).filter_map(Port::new).all(|port| {
                reserved.contains(port) == ranges.iter().any(|range| range.contains(port))
            })
        }

        fn what_is_kept_is_in_order_and_nothing_touches(
            ends: Vec<(u16, u8)>, first: u16, more: u8
        ) -> bool {
            let reserved = Reserved::new(&ranges_of(&ends));
            let apart = |pair: &[PortRange]| {
                u32::from(pair[0].last().number()) + 1 < u32::from(pair[1].first().number())
            };
            let counted = PortRange::new(first, first.saturating_add(more.into())).is_none_or(|range| {
                let inside = range.walk(0).filter(|port| reserved.contains(*port)).count();
                reserved.count_in(range) as usize == inside
            });
            reserved.ranges().windows(2).all(apart) && counted
        }
    }
}
