//! floor 8: the names of sockets as octets, and scopes as indices of devices.

use super::link::LOOPBACK_INDEX;
use crate::sockets::LOOPBACK;
use stack::sock::name::INTERFACE;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// What is added to scopes that stand for no device, so that they do not meet the index of one by chance.
const NOWHERE: u32 = 1_000;

/// The index of the device that a scope stands for.
const fn index_of(scope: u32, interface: u32) -> u32 {
    match scope {
        0 => 0,
        INTERFACE => interface,
        LOOPBACK => LOOPBACK_INDEX,
        other => other.saturating_add(NOWHERE),
    }
}

const fn scope_of(index: u32, interface: u32) -> u32 {
    if index == interface {
        INTERFACE
    } else if index == LOOPBACK_INDEX {
        LOOPBACK
    } else {
        index
    }
}

/// A name as `struct sockaddr_in` or `struct sockaddr_in6`.
pub(super) fn to_octets(name: SocketAddr, interface: u32) -> Vec<u8> {
    let family = if name.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let mut octets = u16::try_from(family).unwrap_or(0).to_ne_bytes().to_vec();
    octets.extend(name.port().to_be_bytes());
    match name {
        SocketAddr::V4(name) => {
            octets.extend(name.ip().octets());
            octets.extend([0; 8]);
        }
        SocketAddr::V6(name) => {
            octets.extend(name.flowinfo().to_be_bytes());
            octets.extend(name.ip().octets());
            octets.extend(index_of(name.scope_id(), interface).to_ne_bytes());
        }
    }
    octets
}

/// The name that does away with a peer: its family is none.
pub(super) fn nobody() -> Vec<u8> {
    let family = u16::try_from(libc::AF_UNSPEC).unwrap_or(0);
    let mut octets = family.to_ne_bytes().to_vec();
    octets.extend([0; 14]);
    octets
}

/// The name that octets stand for.
pub(super) fn from_octets(octets: &[u8], interface: u32) -> Option<SocketAddr> {
    let (family, rest) = octets.split_first_chunk::<2>()?;
    let (port, rest) = rest.split_first_chunk::<2>()?;
    let port = u16::from_be_bytes(*port);
    match libc::c_int::from(u16::from_ne_bytes(*family)) {
        libc::AF_INET => Some((Ipv4Addr::from(*rest.first_chunk::<4>()?), port).into()),
        libc::AF_INET6 => {
            let (_, rest) = rest.split_first_chunk::<4>()?;
            let (addr, rest) = rest.split_first_chunk::<16>()?;
            let scope = scope_of(u32::from_ne_bytes(*rest.first_chunk::<4>()?), interface);
            Some(SocketAddrV6::new(Ipv6Addr::from(*addr), port, 0, scope).into())
        }
        _ => None,
    }
}

/// An address as octets.
pub(super) fn addr_octets(addr: IpAddr) -> Vec<u8> {
    match addr {
        IpAddr::V4(addr) => addr.octets().to_vec(),
        IpAddr::V6(addr) => addr.octets().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back() {
        for text in ["127.0.0.1:80", "[::1]:443", "[fe80::1%1]:9", "[fe80::1%2]:9", "[::ffff:10.0.0.1]:0"] {
            let name: SocketAddr = text.parse().expect("a name");
            assert_eq!(from_octets(&to_octets(name, 7), 7), Some(name));
        }
        assert_eq!(from_octets(&nobody(), 7), None);
        assert_eq!(from_octets(&[], 7), None);
    }
}
