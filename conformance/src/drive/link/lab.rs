//! floor 7: the two ends of a hostile link: addresses, settings, and what their applications write.

use super::plan::Plan;
use crate::host::HostConfig;
use crate::trace::Link;
use stack::base::{Cidr, Mac};
use stack::tcp::{Algorithm, EcnUse, Settings};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Ports of the end that opens and of the other.
const PORTS: [u16; 2] = [40_000, 80];

/// The router that tells of packets that are too big.
pub(super) const ROUTER_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 254);
/// The same.
pub(super) const ROUTER_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xfe);

/// Largest packet of the interfaces, in octets.
pub const MTU_OCTETS: u16 = 1500;

/// The address of an end.
pub const fn addr(end: usize, v6: bool) -> IpAddr {
    let last = if end == 0 { 1 } else { 2 };
    if v6 {
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last))
    } else {
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, last.to_be_bytes()[1]))
    }
}

/// The endpoint of an end.
pub const fn end(plan: &Plan, end: usize) -> SocketAddr {
    SocketAddr::new(addr(end, plan.v6()), PORTS[end])
}

const fn mac(end: usize) -> Mac {
    Mac([2, 0, 0, 0, 0, if end == 0 { 1 } else { 2 }])
}

/// What frames begin with.
pub const fn link(plan: &Plan) -> Link {
    if plan.ethernet() { Link::Ethernet } else { Link::Ip }
}

/// How the host at an end is set up. Both know each other's station: what a lost question for it does is the
/// matter of other runs.
pub fn config(plan: &Plan, end: usize) -> HostConfig {
    let peers = [false, true].map(|v6| (addr(1 - end, v6), Some(mac(1 - end))));
    HostConfig {
        link: link(plan),
        mac: mac(end),
        addrs: vec![Cidr::new(addr(end, false), 24), Cidr::new(addr(end, true), 64)],
        peers: peers.to_vec(),
        mtu_octets: MTU_OCTETS,
        seed: u64::from(plan.seed) << 1 | end as u64,
    }
}

/// The settings of connections at an end.
pub fn settings(plan: &Plan, end: usize) -> Settings {
    let off = |bit: u8| plan.ends[end].tuning >> bit & 1 == 0;
    Settings {
        timestamps: off(0),
        sack: off(1),
        window_scale: off(2),
        ecn: if off(3) { EcnUse::Accept } else { EcnUse::Request },
        congestion: if off(4) { Algorithm::Reno } else { Algorithm::Cubic },
        ..Settings::default()
    }
}

/// The octet that the application at an end writes at an offset of its stream.
pub const fn octet(end: usize, offset: usize) -> u8 {
    let number = (offset as u32).wrapping_add(1).wrapping_mul(0x85eb_ca6b);
    (number >> 24) as u8 ^ if end == 0 { 0 } else { 0x5a }
}

/// A part of the stream of an end.
pub fn stream(end: usize, from: usize, octets: usize) -> Vec<u8> {
    (from..from + octets).map(|offset| octet(end, offset)).collect()
}
