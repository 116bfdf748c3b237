//! floor 0: port numbers and ranges of them (RFC 6335 section 6, RFC 6056 section 3.2).

use core::fmt;
use core::num::NonZeroU16;
use core::ops::RangeInclusive;
use core::str::FromStr;

/// A port that a socket can have: 1 to 65535. Port 0 is reserved and means "choose one" in a bind call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(NonZeroU16);

impl Port {
    /// The port `number`, or `None` for the reserved number 0.
    pub const fn new(number: u16) -> Option<Self> {
        //= RFC6335-6-b
        match NonZeroU16::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number as it stands in a header.
    pub const fn number(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A non-empty range of ports, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PortRange {
    first: Port,
    last: Port,
}

const fn range(first: u16, last: u16) -> PortRange {
    match PortRange::new(first, last) {
        Some(range) => range,
        None => panic!("a range constant runs from a port to one not below it"),
    }
}

impl PortRange {
    /// System ports (RFC 6335 section 6), privileged by the custom of Unix.
    //= RFC6335-6-a
    pub const SYSTEM: Self = range(1, 1023);
    /// User ports, assigned by IANA on request.
    pub const USER: Self = range(1024, 49151);
    /// Dynamic ports, never assigned.
    pub const DYNAMIC: Self = range(49152, 65535);

    /// What Linux hands out (`ip_local_port_range`).
    pub const LINUX: Self = range(32768, 60999);
    /// What FreeBSD hands out (`net.inet.ip.portrange.first` and `.last`).
    pub const FREEBSD: Self = range(10000, 65535);

    /// The range from `first` to `last`; `None` if either is 0 or `last` lies below `first`.
    pub const fn new(first: u16, last: u16) -> Option<Self> {
        match (Port::new(first), Port::new(last)) {
            (Some(first), Some(last)) if first.number() <= last.number() => Some(Self { first, last }),
            (Some(_) | None, Some(_) | None) => None,
        }
    }

    /// The lowest port of the range.
    pub const fn first(self) -> Port {
        self.first
    }

    /// The highest port of the range.
    pub const fn last(self) -> Port {
        self.last
    }

    /// How many ports the range has: 1 to 65535.
    pub const fn count(self) -> u32 {
        self.last.number() as u32 - self.first.number() as u32 + 1
    }

    /// Whether `port` lies in the range.
    pub const fn contains(self, port: Port) -> bool {
        self.first.number() <= port.number() && port.number() <= self.last.number()
    }

    /// Whether the two ranges share a port.
    pub const fn overlaps(self, other: Self) -> bool {
        self.first.number() <= other.last.number() && other.first.number() <= self.last.number()
    }

    /// The `index`-th port counted from the first one, going round at the end.
    pub fn nth(self, index: u32) -> Port {
        let numbers: RangeInclusive<u16> = self.first.number()..=self.last.number();
        let number = u32::from(*numbers.start()) + index % self.count();
        u16::try_from(number).ok().and_then(Port::new).unwrap_or(self.first)
    }

    /// Every port of the range once, from the `start`-th on and round the end.
    pub fn walk(self, start: u32) -> impl Iterator<Item = Port> {
        let start = start % self.count();
        (0..self.count()).map(move |step| self.nth(start + step))
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// What stands where a range of ports should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRange;

impl fmt::Display for NoRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a range is its first and its last port with a hyphen between: 49152-65535")
    }
}

impl FromStr for PortRange {
    type Err = NoRange;

    fn from_str(text: &str) -> Result<Self, NoRange> {
        let (first, last) = text.split_once('-').ok_or(NoRange)?;
        let ends = (first.parse().map_err(|_| NoRange)?, last.parse().map_err(|_| NoRange)?);
        Self::new(ends.0, ends.1).ok_or(NoRange)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::format;
    use quickcheck::quickcheck;

    quickcheck! {
        fn a_range_exists_exactly_for_ordered_non_zero_ends(first: u16, last: u16) -> bool {
            PortRange::new(first, last).is_some() == (first != 0 && first <= last)
        }

        fn a_range_is_read_as_it_is_printed(first: u16, last: u16) -> bool {
            let Some(range) = PortRange::new(first, last) else { return true };
            format!("{range}").parse() == Ok(range)
        }

        fn overlap_means_a_shared_port(a: u16, b: u16, c: u16, d: u16) -> bool {
            let (Some(x), Some(y)) = (PortRange::new(a, b), PortRange::new(c, d)) else { return true };
            let shared = x.contains(y.first()) || y.contains(x.first());
            x.overlaps(y) == shared && x.overlaps(y) == y.overlaps(x)
        }

        fn a_walk_visits_every_port_once(first: u16, length: u8, start: u32) -> bool {
            let last = first.saturating_add(u16::from(length));
            let Some(range) = PortRange::new(first, last) else { return true };
            let seen: BTreeSet<Port> = range.walk(start).collect();
            seen.len() == range.count() as usize
                && range.walk(start).count() == seen.len()
                && seen.iter().all(|port| range.contains(*port))
        }
    }

    //? RFC6335-6-a
    #[test]
    fn the_three_iana_ranges_cover_all_ports_but_zero_without_overlap() {
        let ranges = [PortRange::SYSTEM, PortRange::USER, PortRange::DYNAMIC];
        assert_eq!(ranges.iter().map(|range| range.count()).sum::<u32>(), 65535);
        for (index, range) in ranges.iter().enumerate() {
            assert!(ranges.iter().skip(index + 1).all(|other| !range.overlaps(*other)));
        }
    }
}
