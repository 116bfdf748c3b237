//! floor 2: when no ICMP error may be sent (RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e)).
//!
//! The packet in question is discarded with its own reason; what is named here is only why nobody hears
//! of it.

use super::{Config, address};
use crate::wire::{icmpv4, icmpv6, ipv4, ipv6, ndp};
use core::net::IpAddr;

/// Protocol number of ICMP.
pub(super) const ICMP: u8 = 1;

/// Why an error is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// The packet is an ICMP error itself, or may be one.
    AboutError,
    /// The packet is an ICMP redirect.
    AboutRedirect,
    /// The packet went to a broadcast or multicast address.
    ToGroup,
    /// The packet came in a frame to a group of stations.
    InLinkGroup,
    /// The packet is a fragment, but not the first.
    NotFirstFragment,
    /// The source does not name one host.
    NoSingleSource,
    /// Not enough of the packet is there.
    Unreadable,
}

/// Whether an error about the IPv4 packet `offender` has to be withheld.
pub(super) fn about_v4(config: &Config, offender: &[u8], link_group: bool) -> Result<(), Silence> {
    let view = ipv4::View::read(offender).map_err(|_| Silence::Unreadable)?;
    //= RFC1122-3.2.2-i
    //= RFC792-Introduction-a
    if view.fragment_offset_octets() != 0 {
        return Err(Silence::NotFirstFragment);
    }
    //= RFC1122-3.2.2-g
    //= RFC1112-7.2-a
    if view.dst().is_multicast() || address::is_broadcast(config, view.dst()) {
        return Err(Silence::ToGroup);
    }
    //= RFC1122-3.2.2-h
    if link_group {
        return Err(Silence::InLinkGroup);
    }
    //= RFC1122-3.2.2-j
    if !address::names_one_host(config, IpAddr::V4(view.src())) {
        return Err(Silence::NoSingleSource);
    }
    //= RFC1122-3.2.2-f
    if view.protocol() == ICMP && view.payload().first().is_none_or(|kind| icmpv4::kind::is_error(*kind)) {
        return Err(Silence::AboutError);
    }
    Ok(())
}

/// Whether an error about the IPv6 packet `offender` has to be withheld; `despite_group` for the errors
/// that are sent about packets to groups too.
pub(super) fn about_v6(
    config: &Config,
    offender: &[u8],
    link_group: bool,
    despite_group: bool,
) -> Result<(), Silence> {
    let view = ipv6::View::read(offender).map_err(|_| Silence::Unreadable)?;
    //= RFC4443-2.4-g
    if view.dst().is_multicast() && !despite_group {
        return Err(Silence::ToGroup);
    }
    //= RFC4443-2.4-h
    if link_group && !despite_group {
        return Err(Silence::InLinkGroup);
    }
    //= RFC4443-2.4-i
    if !address::names_one_host(config, IpAddr::V6(view.src())) {
        return Err(Silence::NoSingleSource);
    }
    // A chain that breaks off does not say what it leads to, and can be no ICMPv6 error that works.
    let Ok(upper) = view.extensions().upper() else { return Ok(()) };
    let is_later = upper.fragment.is_some_and(|fragment| fragment.offset_octets != 0);
    if upper.protocol != icmpv6::PROTOCOL || is_later {
        return Ok(());
    }
    match upper.payload.first() {
        //= RFC4443-2.4-e
        None => Err(Silence::AboutError),
        Some(kind) if icmpv6::is_error(*kind) => Err(Silence::AboutError),
        //= RFC4443-2.4-f
        Some(&ndp::REDIRECT) => Err(Silence::AboutRedirect),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Cidr;
    use alloc::vec;
    use alloc::vec::Vec;

    fn config() -> Config {
        let own = |text: &str, prefix| Cidr::new(text.parse().unwrap(), prefix);
        Config { addrs: vec![own("10.98.0.1", 24), own("fd98::1", 64)], ..Config::default() }
    }

    fn v4(src: &str, dst: &str, protocol: u8, payload: &[u8], fragment_offset_octets: u16) -> Vec<u8> {
        let mut bytes = Vec::new();
        let packet = ipv4::Packet {
            src: src.parse().unwrap(),
            dst: dst.parse().unwrap(),
            protocol,
            ttl: 64,
            tos: 0,
            identification: 1,
            dont_fragment: false,
            more_fragments: false,
            fragment_offset_octets,
            options: &[],
            payload,
        };
        packet.emit(&mut bytes);
        bytes
    }

    fn v6(src: &str, dst: &str, next_header: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let (src, dst) = (src.parse().unwrap(), dst.parse().unwrap());
        let packet =
            ipv6::Packet { src, dst, next_header, hop_limit: 64, traffic_class: 0, flow_label: 0, payload };
        packet.emit(&mut bytes);
        bytes
    }

    //? RFC1122-3.2.2-f
    //? RFC1122-3.2.2-g
    //? RFC1122-3.2.2-h
    //? RFC1122-3.2.2-i
    //? RFC1122-3.2.2-j
    //? RFC792-Introduction-a
    //? RFC1112-7.2-a
    #[test]
    fn the_rules_of_rfc_1122() {
        let udp = [0; 8];
        let table = [
            (v4("10.98.0.2", "10.98.0.1", 17, &udp, 0), false, Ok(())),
            (v4("10.98.0.2", "10.98.0.1", 1, &[8, 0, 0, 0], 0), false, Ok(())),
            (v4("10.98.0.2", "10.98.0.1", 1, &[3, 0, 0, 0], 0), false, Err(Silence::AboutError)),
            (v4("10.98.0.2", "10.98.0.1", 1, &[5, 0, 0, 0], 0), false, Err(Silence::AboutError)),
            (v4("10.98.0.2", "10.98.0.1", 1, &[], 0), false, Err(Silence::AboutError)),
            (v4("10.98.0.2", "10.98.0.255", 17, &udp, 0), false, Err(Silence::ToGroup)),
            (v4("10.98.0.2", "224.0.0.1", 17, &udp, 0), false, Err(Silence::ToGroup)),
            (v4("10.98.0.2", "10.98.0.1", 17, &udp, 0), true, Err(Silence::InLinkGroup)),
            (v4("10.98.0.2", "10.98.0.1", 17, &udp, 8), false, Err(Silence::NotFirstFragment)),
            (v4("0.0.0.0", "10.98.0.1", 17, &udp, 0), false, Err(Silence::NoSingleSource)),
            (v4("127.0.0.1", "10.98.0.1", 17, &udp, 0), false, Err(Silence::NoSingleSource)),
            (v4("10.98.0.255", "10.98.0.1", 17, &udp, 0), false, Err(Silence::NoSingleSource)),
            (v4("224.0.0.1", "10.98.0.1", 17, &udp, 0), false, Err(Silence::NoSingleSource)),
            (v4("240.0.0.1", "10.98.0.1", 17, &udp, 0), false, Err(Silence::NoSingleSource)),
            (vec![0x45; 19], false, Err(Silence::Unreadable)),
        ];
        for (offender, link_group, expected) in table {
            assert_eq!(about_v4(&config(), &offender, link_group), expected, "{offender:?}");
        }
    }

    //? RFC4443-2.4-e
    //? RFC4443-2.4-f
    //? RFC4443-2.4-g
    //? RFC4443-2.4-h
    //? RFC4443-2.4-i
    #[test]
    fn the_rules_of_rfc_4443() {
        let udp = [0; 8];
        let table = [
            (v6("fd98::2", "fd98::1", 17, &udp), false, Ok(()), Ok(())),
            (v6("fd98::2", "fd98::1", 58, &[128, 0, 0, 0]), false, Ok(()), Ok(())),
            (
                v6("fd98::2", "fd98::1", 58, &[1, 0, 0, 0]),
                false,
                Err(Silence::AboutError),
                Err(Silence::AboutError),
            ),
            (
                v6("fd98::2", "fd98::1", 58, &[137, 0, 0, 0]),
                false,
                Err(Silence::AboutRedirect),
                Err(Silence::AboutRedirect),
            ),
            (v6("fd98::2", "ff02::1", 17, &udp), false, Err(Silence::ToGroup), Ok(())),
            (v6("fd98::2", "fd98::1", 17, &udp), true, Err(Silence::InLinkGroup), Ok(())),
            (v6("::", "ff02::1", 17, &udp), false, Err(Silence::ToGroup), Err(Silence::NoSingleSource)),
            (
                v6("ff02::9", "fd98::1", 17, &udp),
                false,
                Err(Silence::NoSingleSource),
                Err(Silence::NoSingleSource),
            ),
        ];
        for (offender, link_group, expected, despite_group) in table {
            assert_eq!(about_v6(&config(), &offender, link_group, false), expected, "{offender:?}");
            assert_eq!(about_v6(&config(), &offender, link_group, true), despite_group, "{offender:?}");
        }
    }
}
