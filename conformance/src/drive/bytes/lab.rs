//! floor 7: the little network in which fuzzed hosts live: one host, two peers, a few ports.

use crate::host::HostConfig;
use crate::trace::Link;
use stack::base::{Cidr, Mac};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The host's IPv4 address.
pub const OWN_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
/// The host's IPv6 address.
pub const OWN_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
/// The host's station.
pub const OWN_MAC: Mac = Mac([2, 0, 0, 0, 0, 2]);

/// Ports of the host: the first listens for connections, the second takes datagrams.
pub const OWN_PORTS: [u16; 4] = [80, 53, 7, 8080];
/// Ports of the peers.
pub const PEER_PORTS: [u16; 2] = [40_000, 40_001];

/// Ports that the application asks for.
pub(super) const BOUND_PORTS: [u16; 8] = [80, 53, 0, 7, 8080, 22, 49_152, 65_535];

/// How the host is set up. The first peer of each family is known to it, the second one has to be resolved.
pub fn config(link: Link) -> HostConfig {
    let known = |which: usize, v6: bool| {
        let peer = peer(which, v6);
        (peer, (which == 0).then(|| mac(peer)))
    };
    HostConfig {
        link,
        mac: OWN_MAC,
        addrs: vec![Cidr::new(OWN_V4.into(), 24), Cidr::new(OWN_V6.into(), 64)],
        peers: vec![known(0, false), known(0, true), known(1, false), known(1, true)],
        mtu_octets: 1500,
        seed: 1,
    }
}

/// The host's address of a family.
pub const fn own(v6: bool) -> IpAddr {
    if v6 { IpAddr::V6(OWN_V6) } else { IpAddr::V4(OWN_V4) }
}

/// The address of the first peer, or else of the second.
pub const fn peer(which: usize, v6: bool) -> IpAddr {
    let last = if which == 0 { 1 } else { 3 };
    if v6 {
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last))
    } else {
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, last.to_be_bytes()[1]))
    }
}

/// The station with that address.
pub const fn mac(addr: IpAddr) -> Mac {
    let last = match addr {
        IpAddr::V4(addr) => addr.octets()[3],
        IpAddr::V6(addr) => addr.octets()[15],
    };
    Mac([2, 0, 0, 0, 0, last])
}

/// The ends that a byte stands for, own end first. Bit 0: IPv6; bit 1: the other peer; bit 2: the peer's
/// other port; bits 3 and 4: own port.
pub fn ends(which: u8) -> (SocketAddr, SocketAddr) {
    let v6 = which & 1 == 1;
    let own_port = OWN_PORTS[usize::from(which >> 3 & 3)];
    let peer_port = PEER_PORTS[usize::from(which >> 2 & 1)];
    let peer = peer(usize::from(which >> 1 & 1), v6);
    (SocketAddr::new(own(v6), own_port), SocketAddr::new(peer, peer_port))
}

/// Addresses that packets should not come from or go to, and some that they may.
pub(super) fn odd(which: u8, v6: bool) -> IpAddr {
    const V4: [Ipv4Addr; 8] = [
        Ipv4Addr::BROADCAST,
        Ipv4Addr::new(192, 0, 2, 255),
        Ipv4Addr::new(224, 0, 0, 1),
        Ipv4Addr::UNSPECIFIED,
        Ipv4Addr::LOCALHOST,
        OWN_V4,
        Ipv4Addr::new(198, 51, 100, 7),
        Ipv4Addr::new(239, 1, 2, 3),
    ];
    const V6: [Ipv6Addr; 8] = [
        Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1),
        Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 2),
        Ipv6Addr::new(0xff01, 0, 0, 0, 0, 0, 0, 1),
        Ipv6Addr::UNSPECIFIED,
        Ipv6Addr::LOCALHOST,
        OWN_V6,
        Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 7),
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
    ];
    let at = usize::from(which) % V4.len();
    if v6 { IpAddr::V6(V6[at]) } else { IpAddr::V4(V4[at]) }
}

/// The octet of a peer's stream at a sequence number: whatever a peer sends, and however often, it never
/// contradicts itself.
pub const fn octet_at(seq: u32) -> u8 {
    (seq.wrapping_mul(0x9e37_79b1) >> 24) as u8
}

/// The octet of the application's stream at an offset, counted from the first octet that it sends.
pub const fn octet_sent(offset: u32) -> u8 {
    (offset.wrapping_add(1).wrapping_mul(0x85eb_ca6b) >> 24) as u8
}
