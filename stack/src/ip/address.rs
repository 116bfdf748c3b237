//! floor 2: what an address means to this host: own, group, broadcast, martian (RFC 1122 sections 3.2.1.3
//! and 3.3.6, RFC 4291 section 2).

use super::Config;
use crate::base::Why;
use crate::base::addr::solicited_node;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// To whom an accepted packet is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// This host alone.
    Own,
    /// Everybody on the link, or a group that this host is in.
    Group,
}

/// Whether `addr` is an interface address.
pub(super) fn is_own(config: &Config, addr: IpAddr) -> bool {
    config.addrs.iter().any(|own| own.addr == addr)
}

/// Whether `addr` is a broadcast address of the link: limited, directed, or one of the old all-zero forms.
pub(super) fn is_broadcast(config: &Config, addr: Ipv4Addr) -> bool {
    //= RFC1122-3.3.6-a
    let standard = addr.is_broadcast() || config.addrs.iter().any(|own| own.broadcast() == Some(addr));
    //= RFC1122-3.3.6-b
    standard || addr.is_unspecified() || is_network_number(config, addr)
}

/// Whether `addr` is an own network with all host bits zero.
fn is_network_number(config: &Config, addr: Ipv4Addr) -> bool {
    config.addrs.iter().any(|own| match (own.addr, own.broadcast()) {
        (IpAddr::V4(own_addr), Some(broadcast)) => {
            let host_bits = u32::MAX.checked_shr(u32::from(own.prefix)).unwrap_or(0);
            own_addr != addr && u32::from(addr) == u32::from(broadcast) & !host_bits
        }
        (IpAddr::V4(_) | IpAddr::V6(_), _) => false,
    })
}

/// Whether the host listens to the group `addr`.
pub(super) fn is_joined(config: &Config, addr: IpAddr) -> bool {
    is_joined_by_rule(config, addr) || config.groups.binary_search(&addr).is_ok()
}

/// Whether every host is in the group `addr`, or one with these addresses.
pub(super) fn is_joined_by_rule(config: &Config, addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(group) => group == Ipv4Addr::new(224, 0, 0, 1),
        IpAddr::V6(group) => {
            //= RFC4291-2.8-a
            group == Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1) || is_own_solicited_node(config, group)
        }
    }
}

fn is_own_solicited_node(config: &Config, group: Ipv6Addr) -> bool {
    //= RFC4291-2.7.1-a
    config.addrs.iter().any(|own| match own.addr {
        IpAddr::V6(own) => solicited_node(own) == group,
        IpAddr::V4(_) => false,
    })
}

/// Judges the destination of an IPv4 packet that came over the link.
pub(super) fn destination_v4(config: &Config, dst: Ipv4Addr) -> Result<Destination, Why> {
    if is_own(config, IpAddr::V4(dst)) {
        return Ok(Destination::Own);
    }
    if is_broadcast(config, dst) {
        return Ok(Destination::Group);
    }
    if dst.is_multicast() {
        //= RFC1112-7.4-a
        return if is_joined(config, IpAddr::V4(dst)) {
            Ok(Destination::Group)
        } else {
            Err(Why::GroupNotJoined)
        };
    }
    if dst.is_loopback() {
        return Err(Why::DestinationLoopback);
    }
    //= RFC1122-3.2.1.3-e
    Err(Why::DestinationNotOurs)
}

/// Judges the source of an IPv4 packet that came over the link to `dst`.
pub(super) fn source_v4(config: &Config, src: Ipv4Addr, dst: Ipv4Addr) -> Result<(), Why> {
    //= RFC1122-3.2.1.3-d
    if src.is_loopback() {
        return Err(Why::SourceLoopback);
    }
    // Network zero means "this host, which does not know its address yet": only while it asks everybody.
    //= RFC1122-3.2.1.3-b
    if src.octets()[0] == 0 && !(src.is_unspecified() && dst.is_broadcast()) {
        return Err(Why::SourceUnspecified);
    }
    //= RFC1122-3.2.1.3-f
    //= RFC9293-MUST-63
    if src.is_multicast() || (!src.is_unspecified() && is_broadcast(config, src)) {
        return Err(Why::SourceNotUnicast);
    }
    if is_own(config, IpAddr::V4(src)) {
        return Err(Why::SourceOwnAddress);
    }
    Ok(())
}

/// Judges the destination of an IPv6 packet that came over the link.
pub(super) fn destination_v6(config: &Config, dst: Ipv6Addr) -> Result<Destination, Why> {
    //= RFC4291-2.5.3-a
    if dst.is_loopback() {
        return Err(Why::DestinationLoopbackV6);
    }
    if is_own(config, IpAddr::V6(dst)) {
        return Ok(Destination::Own);
    }
    if !dst.is_multicast() {
        return Err(Why::DestinationNotOursV6);
    }
    match dst.octets()[1] & 0x0f {
        //= RFC4291-2.7-b
        0 => Err(Why::ReservedScope),
        //= RFC4291-2.7-c
        1 => Err(Why::InterfaceLocalOnLink),
        _ if is_joined(config, IpAddr::V6(dst)) => Ok(Destination::Group),
        _ => Err(Why::DestinationNotOursV6),
    }
}

/// Judges the source of an IPv6 packet that came over the link to `dst`.
pub(super) fn source_v6(config: &Config, src: Ipv6Addr, dst: Ipv6Addr) -> Result<(), Why> {
    //= RFC4291-2.7-a
    if src.is_multicast() {
        return Err(Why::SourceMulticastV6);
    }
    if src.is_loopback() {
        return Err(Why::SourceLoopbackV6);
    }
    // A node without an address can speak, but only to groups: nobody could answer it alone.
    //= RFC4291-2.5.2-a
    if src.is_unspecified() && !dst.is_multicast() {
        return Err(Why::SourceUnspecifiedV6);
    }
    if is_own(config, IpAddr::V6(src)) {
        return Err(Why::SourceOwnAddress);
    }
    Ok(())
}

/// Whether an address names one host, so that it makes sense to send it an error
/// (RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e.6)).
pub(super) fn names_one_host(config: &Config, addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => {
            let class_e = addr.octets()[0] >= 240;
            let network_zero = addr.octets()[0] == 0;
            !(class_e
                || network_zero
                || addr.is_loopback()
                || addr.is_multicast()
                || is_broadcast(config, addr))
        }
        IpAddr::V6(addr) => !(addr.is_unspecified() || addr.is_loopback() || addr.is_multicast()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Cidr;
    use alloc::vec;

    fn config() -> Config {
        let own = |text: &str, prefix| Cidr::new(text.parse().unwrap(), prefix);
        Config {
            addrs: vec![own("10.98.0.1", 24), own("fd98::1", 64), own("fe80::ff:fe00:1", 64)],
            groups: vec!["239.1.1.1".parse().unwrap(), "ff05::7".parse().unwrap()],
            ..Config::default()
        }
    }

    //? RFC1122-3.2.1.3-d
    //? RFC1122-3.2.1.3-e
    //? RFC1122-3.3.6-a
    //? RFC1122-3.3.6-b
    //? RFC1112-7.4-a
    //? RFC4291-2.5.3-a
    //? RFC4291-2.7-b
    //? RFC4291-2.7-c
    //? RFC4291-2.7.1-a
    //? RFC4291-2.8-a
    #[test]
    fn destinations() {
        let table = [
            ("10.98.0.1", Ok(Destination::Own)),
            ("10.98.0.255", Ok(Destination::Group)),
            ("255.255.255.255", Ok(Destination::Group)),
            ("0.0.0.0", Ok(Destination::Group)),
            ("10.98.0.0", Ok(Destination::Group)),
            ("224.0.0.1", Ok(Destination::Group)),
            ("239.1.1.1", Ok(Destination::Group)),
            ("239.9.9.9", Err(Why::GroupNotJoined)),
            ("127.0.0.1", Err(Why::DestinationLoopback)),
            ("10.98.0.77", Err(Why::DestinationNotOurs)),
            ("240.0.0.1", Err(Why::DestinationNotOurs)),
        ];
        for (dst, expected) in table {
            assert_eq!(destination_v4(&config(), dst.parse().unwrap()), expected, "{dst}");
        }
        let table = [
            ("fd98::1", Ok(Destination::Own)),
            ("fe80::ff:fe00:1", Ok(Destination::Own)),
            ("ff02::1", Ok(Destination::Group)),
            ("ff02::1:ff00:1", Ok(Destination::Group)),
            ("ff05::7", Ok(Destination::Group)),
            ("ff02::1:ff00:2", Err(Why::DestinationNotOursV6)),
            ("ff02::2", Err(Why::DestinationNotOursV6)),
            ("ff01::1", Err(Why::InterfaceLocalOnLink)),
            ("ff00::1", Err(Why::ReservedScope)),
            ("::1", Err(Why::DestinationLoopbackV6)),
            ("::", Err(Why::DestinationNotOursV6)),
            ("fd98::77", Err(Why::DestinationNotOursV6)),
        ];
        for (dst, expected) in table {
            assert_eq!(destination_v6(&config(), dst.parse().unwrap()), expected, "{dst}");
        }
    }

    //? RFC1122-3.2.1.3-b
    //? RFC1122-3.2.1.3-f
    //? RFC4291-2.7-a
    //? RFC9293-MUST-63
    #[test]
    fn sources() {
        let table = [
            ("10.98.0.2", "10.98.0.1", Ok(())),
            ("192.0.2.9", "10.98.0.1", Ok(())),
            ("127.0.0.1", "10.98.0.1", Err(Why::SourceLoopback)),
            ("0.0.0.0", "10.98.0.1", Err(Why::SourceUnspecified)),
            ("0.0.0.0", "255.255.255.255", Ok(())),
            ("0.1.2.3", "255.255.255.255", Err(Why::SourceUnspecified)),
            ("255.255.255.255", "10.98.0.1", Err(Why::SourceNotUnicast)),
            ("10.98.0.255", "10.98.0.1", Err(Why::SourceNotUnicast)),
            ("10.98.0.0", "10.98.0.1", Err(Why::SourceNotUnicast)),
            ("224.0.0.1", "10.98.0.1", Err(Why::SourceNotUnicast)),
            ("10.98.0.1", "10.98.0.1", Err(Why::SourceOwnAddress)),
        ];
        for (src, dst, expected) in table {
            assert_eq!(source_v4(&config(), src.parse().unwrap(), dst.parse().unwrap()), expected, "{src}");
        }
        let table = [
            ("fd98::2", "fd98::1", Ok(())),
            ("::", "ff02::1:ff00:1", Ok(())),
            ("::", "fd98::1", Err(Why::SourceUnspecifiedV6)),
            ("::1", "fd98::1", Err(Why::SourceLoopbackV6)),
            ("ff02::1", "fd98::1", Err(Why::SourceMulticastV6)),
            ("fd98::1", "fd98::1", Err(Why::SourceOwnAddress)),
        ];
        for (src, dst, expected) in table {
            assert_eq!(source_v6(&config(), src.parse().unwrap(), dst.parse().unwrap()), expected, "{src}");
        }
    }

    //? RFC1122-3.2.2-j
    #[test]
    fn errors_go_to_single_hosts_only() {
        let table = [
            ("10.98.0.2", true),
            ("192.0.2.1", true),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("10.98.0.255", false),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("127.0.0.1", false),
            ("224.0.0.9", false),
            ("fd98::2", true),
            ("::", false),
            ("::1", false),
            ("ff02::1", false),
        ];
        for (addr, expected) in table {
            assert_eq!(names_one_host(&config(), addr.parse().unwrap()), expected, "{addr}");
        }
    }

    #[test]
    fn a_host_route_has_no_broadcast_address() {
        let config = Config { addrs: vec![Cidr::new("192.0.2.1".parse().unwrap(), 32)], ..Config::default() };
        assert!(!is_broadcast(&config, Ipv4Addr::new(192, 0, 2, 255)));
        assert!(!is_broadcast(&config, Ipv4Addr::new(192, 0, 2, 0)));
    }
}
