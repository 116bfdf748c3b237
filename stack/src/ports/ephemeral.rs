//! floor 4: choosing a port for a socket that did not ask for one (RFC 6056 section 3.3.1).
//!
//! The start is a freedom, the walk is not: from the start upwards and round the end of the range to the
//! first free port. With a random chooser that is the first algorithm of RFC 6056. Linux prefers odd ports
//! for `bind` and even ones for `connect`; that is a policy, not a rule, and a chooser can follow it.
//!
//! RFC6056-3.2-a: the range is configuration, and its default is what IANA never assigns.
//! RFC6056-3.3-a: how hard a choice is to guess is the chooser's; the reference has to be repeatable.

use crate::base::{Choose, Freedom, Port, PortRange};

/// A port of `range` for which `free` holds, or `None` if there is none. Asks `free` at most once for each
/// port, and the chooser exactly once.
pub fn pick(range: PortRange, choices: &mut dyn Choose, free: impl FnMut(&Port) -> bool) -> Option<Port> {
    //= RFC6056-3.3.1-a
    let start = choices.choose(Freedom::EphemeralPort, 0..=u64::from(range.count()) - 1);
    let start = u32::try_from(start).ok().filter(|start| *start < range.count());
    assert!(start.is_some(), "the chooser left the legal range");
    //= RFC6335-8.1.2-a
    range.walk(start.unwrap_or_default()).find(free)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::choose::{Lowest, Seeded};
    use alloc::collections::BTreeSet;
    use quickcheck::quickcheck;

    quickcheck! {
        //? RFC6335-8.1.2-a
        //? RFC6056-3.3.1-a
        fn what_is_picked_is_free_and_in_range(
            first: u16, length: u8, taken: BTreeSet<u8>, seed: u64
        ) -> bool {
            let last = first.saturating_add(u16::from(length));
            let Some(range) = PortRange::new(first, last) else { return true };
            let taken: BTreeSet<Port> = taken.iter().map(|index| range.nth(u32::from(*index))).collect();
            match pick(range, &mut Seeded::new(seed), |port| !taken.contains(port)) {
                Some(port) => range.contains(port) && !taken.contains(&port),
                None => taken.len() == range.count() as usize,
            }
        }
    }

    #[test]
    fn the_plainest_choice_is_the_lowest_free_port() {
        let lowest = pick(PortRange::DYNAMIC, &mut Lowest, |port| port.number() != 49152);
        assert_eq!(lowest.map(Port::number), Some(49153));
    }
}
