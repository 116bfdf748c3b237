//! floor 2: what is known about the MTU of paths (RFC 1191, RFC 8201). Only lowered values are stored, for a
//! bounded number of destinations and a bounded time.

use super::PathMtuConfig;
use crate::base::Instant;
use alloc::collections::{BTreeMap, BTreeSet};
use core::net::IpAddr;

/// The smallest IPv4 path MTU (RFC 791 section 2.3).
pub(super) const SMALLEST_V4_OCTETS: u16 = 68;
/// The smallest IPv6 link MTU (RFC 8200 section 5).
pub(super) const SMALLEST_V6_OCTETS: u16 = 1280;

/// Common MTUs, for routers that do not report theirs (RFC 1191 section 7.1).
const PLATEAUS: [u16; 11] = [65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, SMALLEST_V4_OCTETS];

/// The largest common MTU below `total_len_octets`, the length of a packet that did not fit.
pub(super) fn plateau_below(total_len_octets: u16) -> u16 {
    PLATEAUS.into_iter().find(|plateau| *plateau < total_len_octets).unwrap_or(SMALLEST_V4_OCTETS)
}

#[derive(Clone, Copy, Debug)]
struct Estimate {
    mtu_octets: u16,
    until: Instant,
}

/// Lowered path MTUs by destination.
#[derive(Debug)]
pub(super) struct Table {
    config: PathMtuConfig,
    estimates: BTreeMap<IpAddr, Estimate>,
    ageing: BTreeSet<(Instant, IpAddr)>,
}

impl Table {
    pub(super) fn new(config: PathMtuConfig) -> Self {
        Self { config, estimates: BTreeMap::new(), ageing: BTreeSet::new() }
    }

    /// The lowered MTU towards `dst`, if there is one.
    pub(super) fn get(&self, dst: IpAddr) -> Option<u16> {
        self.estimates.get(&dst).map(|estimate| estimate.mtu_octets)
    }

    /// Whether the MTU of the link is that of all paths, as far as known.
    pub(super) fn is_empty(&self) -> bool {
        self.estimates.is_empty()
    }

    /// Lowers the estimate for `dst`; the caller has seen that it is lower.
    pub(super) fn lower(&mut self, now: Instant, dst: IpAddr, mtu_octets: u16) {
        if self.config.entries == 0 {
            return;
        }
        self.forget(dst);
        if self.estimates.len() >= self.config.entries
            && let Some(&(_, oldest)) = self.ageing.first()
        {
            self.forget(oldest);
        }
        // A raise is not tried before the estimate is forgotten.
        //= RFC1191-3-e
        //= RFC8201-4-e
        let until = now + self.config.lifetime;
        self.estimates.insert(dst, Estimate { mtu_octets, until });
        self.ageing.insert((until, dst));
    }

    fn forget(&mut self, dst: IpAddr) {
        if let Some(estimate) = self.estimates.remove(&dst) {
            self.ageing.remove(&(estimate.until, dst));
        }
    }

    /// When the oldest estimate is forgotten.
    pub(super) fn due(&self) -> Option<Instant> {
        self.ageing.first().map(|(until, _)| *until)
    }

    /// Forgets what is too old.
    pub(super) fn on_due(&mut self, now: Instant) {
        //= RFC1191-6.3-a
        while let Some(&(until, dst)) = self.ageing.first()
            && until <= now
        {
            self.forget(dst);
        }
    }

    pub(super) fn check(&self) {
        assert!(self.estimates.len() <= self.config.entries, "the path MTU table is bounded");
        assert_eq!(self.estimates.len(), self.ageing.len(), "every path MTU ages");
        for (dst, estimate) in &self.estimates {
            assert!(self.ageing.contains(&(estimate.until, *dst)), "every path MTU ages at its time");
            let smallest = if dst.is_ipv4() { SMALLEST_V4_OCTETS } else { SMALLEST_V6_OCTETS };
            assert!(estimate.mtu_octets >= smallest, "a path MTU has a lower bound");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Span;
    use core::net::Ipv4Addr;
    use quickcheck::quickcheck;

    fn dst(n: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(n))
    }

    quickcheck! {
        fn a_plateau_lies_below_the_packet_or_is_the_smallest(total_len_octets: u16) -> bool {
            let plateau = plateau_below(total_len_octets);
            plateau < total_len_octets || plateau == SMALLEST_V4_OCTETS
        }
    }

    //? RFC1191-3-b
    #[test]
    fn plateaus_follow_rfc_1191() {
        assert_eq!(plateau_below(1500), 1492);
        assert_eq!(plateau_below(1492), 1006);
        assert_eq!(plateau_below(40), 68);
    }

    //? RFC1191-6.3-a
    //? RFC1191-3-e
    #[test]
    fn the_table_is_bounded_and_forgets() {
        let config = PathMtuConfig { entries: 4, lifetime: Span::from_secs(600) };
        let mut table = Table::new(config);
        for n in 0..100 {
            table.lower(Instant::from_nanos(u64::from(n)), dst(n), 1000);
            table.check();
        }
        assert_eq!(table.get(dst(95)), None);
        assert_eq!(table.get(dst(99)), Some(1000));
        assert_eq!(table.due(), Some(Instant::from_nanos(96) + Span::from_secs(600)));
        table.on_due(Instant::from_nanos(99) + Span::from_secs(600));
        assert_eq!((table.get(dst(99)), table.due()), (None, None));
        table.check();
    }
}
