//! floor 2: where a packet goes next, and from which own address (RFC 1122 sections 3.3.1 and 3.3.4,
//! RFC 6724 in its simplest form).
//!
//! One interface: a destination is on the link or behind the gateway of its family.

use super::{Config, address};
use crate::base::Mac;
use core::net::{IpAddr, Ipv6Addr};

/// Whom the link has to carry a packet to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextHop {
    /// One neighbour, whose link-layer address has to be known.
    Neighbor(IpAddr),
    /// A group of stations.
    Group(Mac),
}

/// The next hop towards `dst`; `None` if there is no route.
pub(super) fn next_hop(config: &Config, dst: IpAddr) -> Option<NextHop> {
    if dst.is_unspecified() || dst.is_loopback() || address::is_own(config, dst) {
        return None;
    }
    if dst.is_multicast() {
        //= RFC1112-6.4-a
        return Some(NextHop::Group(Mac::of_group(dst)));
    }
    let gateway = match dst {
        //= RFC894-Address_Mappings-a
        //= RFC1122-3.3.6-d
        IpAddr::V4(addr) if address::is_broadcast(config, addr) => {
            return Some(NextHop::Group(Mac::BROADCAST));
        }
        IpAddr::V4(_) => config.gateway_v4.map(IpAddr::V4),
        IpAddr::V6(_) => config.gateway_v6.map(IpAddr::V6),
    };
    if is_on_link(config, dst) { Some(NextHop::Neighbor(dst)) } else { gateway.map(NextHop::Neighbor) }
}

/// Whether `dst` can be reached without a router: it shares a prefix, has link-local scope, or is a
/// configured neighbour.
pub(super) fn is_on_link(config: &Config, dst: IpAddr) -> bool {
    let link_local = match dst {
        //= RFC3927-2.7-a
        IpAddr::V4(addr) => addr.is_link_local(),
        //= RFC4291-2.5.6-a
        IpAddr::V6(addr) => addr.is_unicast_link_local(),
    };
    link_local
        || config.addrs.iter().any(|own| own.contains(dst))
        || config.neighbors.iter().any(|(known, _)| *known == dst)
}

/// The own address to send from to `dst`; `None` without one of the right family and scope.
pub(super) fn source_for(config: &Config, dst: IpAddr) -> Option<IpAddr> {
    let candidates = config.addrs.iter().map(|own| own.addr).filter(|own| is_in_scope(*own, dst));
    // The first of equals wins: `max_by_key` would take the last one.
    candidates.rev().max_by_key(|own| common_prefix_bits(*own, dst))
}

/// Whether `own` can be used to speak to `dst`: the same family, and for IPv6 the same scope of link.
fn is_in_scope(own: IpAddr, dst: IpAddr) -> bool {
    match (own, dst) {
        (IpAddr::V4(_), IpAddr::V4(_)) => true,
        (IpAddr::V6(own), IpAddr::V6(dst)) => has_link_scope(dst) || !own.is_unicast_link_local(),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

/// Whether packets to `dst` stay on the link.
fn has_link_scope(dst: Ipv6Addr) -> bool {
    dst.is_unicast_link_local() || (dst.is_multicast() && dst.octets()[1] & 0x0f <= 2)
}

fn common_prefix_bits(own: IpAddr, dst: IpAddr) -> (bool, u32) {
    match (own, dst) {
        (IpAddr::V4(own), IpAddr::V4(dst)) => (false, (u32::from(own) ^ u32::from(dst)).leading_zeros()),
        (IpAddr::V6(own), IpAddr::V6(dst)) => {
            let same_scope = own.is_unicast_link_local() == has_link_scope(dst);
            (same_scope, (u128::from(own) ^ u128::from(dst)).leading_zeros())
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => (false, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Cidr;
    use alloc::vec;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn config() -> Config {
        Config {
            addrs: vec![
                Cidr::new(ip("192.0.2.1"), 24),
                Cidr::new(ip("198.51.100.1"), 24),
                Cidr::new(ip("fe80::1"), 64),
                Cidr::new(ip("2001:db8::1"), 64),
            ],
            gateway_v4: Some("192.0.2.254".parse().unwrap()),
            neighbors: vec![(ip("203.0.113.9"), Mac([2; 6]))],
            ..Config::default()
        }
    }

    //? RFC1112-6.4-a
    //? RFC894-Address_Mappings-a
    //? RFC3927-2.7-a
    //? RFC4291-2.5.6-a
    #[test]
    fn next_hops() {
        let neighbor = |text| Some(NextHop::Neighbor(ip(text)));
        let table = [
            ("192.0.2.7", neighbor("192.0.2.7")),
            ("198.51.100.7", neighbor("198.51.100.7")),
            ("203.0.113.1", neighbor("192.0.2.254")),
            ("203.0.113.9", neighbor("203.0.113.9")),
            ("169.254.1.1", neighbor("169.254.1.1")),
            ("192.0.2.255", Some(NextHop::Group(Mac::BROADCAST))),
            ("255.255.255.255", Some(NextHop::Group(Mac::BROADCAST))),
            ("224.0.0.5", Some(NextHop::Group(Mac([1, 0, 0x5e, 0, 0, 5])))),
            ("ff02::5", Some(NextHop::Group(Mac([0x33, 0x33, 0, 0, 0, 5])))),
            ("2001:db8::9", neighbor("2001:db8::9")),
            ("fe80::9", neighbor("fe80::9")),
            ("2001:db8:1::9", None),
            ("127.0.0.1", None),
            ("192.0.2.1", None),
            ("::", None),
            ("::1", None),
        ];
        for (dst, expected) in table {
            assert_eq!(next_hop(&config(), ip(dst)), expected, "{dst}");
        }
    }

    #[test]
    fn sources_have_the_family_and_scope_of_the_destination() {
        let table = [
            ("192.0.2.7", Some("192.0.2.1")),
            ("198.51.100.7", Some("198.51.100.1")),
            ("2001:db8::9", Some("2001:db8::1")),
            ("2001:db9::9", Some("2001:db8::1")),
            ("fe80::9", Some("fe80::1")),
            ("ff02::9", Some("fe80::1")),
            ("ff05::9", Some("2001:db8::1")),
        ];
        for (dst, expected) in table {
            assert_eq!(source_for(&config(), ip(dst)), expected.map(ip), "{dst}");
        }
        let link_local_only = Config { addrs: vec![Cidr::new(ip("fe80::1"), 64)], ..Config::default() };
        assert_eq!(source_for(&link_local_only, ip("2001:db8::9")), None);
        assert_eq!(source_for(&link_local_only, ip("192.0.2.9")), None);
    }
}
