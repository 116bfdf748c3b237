//! floor 4: names of sockets: what the wire says, and what the application sees (RFC 3493 section 3.7,
//! RFC 4007 section 6).
//!
//! Inside there is one form: an IPv4 address is an IPv4 address. Sockets of family V6 see it as
//! `::ffff:a.b.c.d`, and link-local addresses carry the number of the only interface.

use super::call::{Device, Family};
use super::refused::Refused;
use crate::base::siphash::{Key, SipHash};
use crate::tcp::Offsets;
use core::hash::{BuildHasher, Hasher};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// The number of the only interface, as it stands in the scope of a link-local name.
pub const INTERFACE: u32 = 1;
/// The number of the loopback device.
pub const LOOPBACK: u32 = 2;

/// An address with a port as they stand in headers. Port 0 can stand there; no socket has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// Internet address, never an IPv4-mapped one.
    pub addr: IpAddr,
    /// Port number.
    pub port: u16,
}

/// The two ends of a conversation, seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FourTuple {
    /// This end.
    pub local: Endpoint,
    /// The other end.
    pub remote: Endpoint,
}

impl Endpoint {
    /// The name for an application that has a socket of `family`.
    pub fn name(self, family: Family) -> SocketAddr {
        match (family, self.addr) {
            (Family::V4, IpAddr::V4(_)) => SocketAddr::new(self.addr, self.port),
            //= RFC3493-3.7-a
            (Family::V6, IpAddr::V4(addr)) => SocketAddr::new(addr.to_ipv6_mapped().into(), self.port),
            (Family::V4 | Family::V6, IpAddr::V6(addr)) => {
                let scope = if needs_scope(addr) { INTERFACE } else { 0 };
                SocketAddrV6::new(addr, self.port, 0, scope).into()
            }
        }
    }

    /// The wildcard name of `family` with `port`.
    pub const fn wildcard(family: Family, port: u16) -> Self {
        let addr = match family {
            Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        Self { addr, port }
    }
}

/// What a secret number of a conversation is for: who sees one knows nothing of the others.
#[derive(Clone, Copy)]
enum Purpose {
    /// A place in a table.
    Table,
    /// Where clocks begin that the peer sees.
    Clocks,
    /// SYN cookies.
    Cookie,
    /// Ports that nobody asked for by number.
    Port,
}

impl FourTuple {
    /// A number that nobody can foretell without the key; another one for each purpose.
    fn keyed(&self, key: &Key, purpose: Purpose) -> u64 {
        let mut state = key.build_hasher();
        let ports = u32::from(self.local.port) << 16 | u32::from(self.remote.port);
        match [self.local, self.remote].map(|end| end.addr) {
            [IpAddr::V4(local), IpAddr::V4(remote)] => {
                state.write_u64(u64::from(u32::from(remote)) << 32 | u64::from(u32::from(local)));
                finished(state, ports, purpose)
            }
            ends => {
                for addr in ends {
                    match addr {
                        IpAddr::V4(addr) => state.write_u32(addr.into()),
                        IpAddr::V6(addr) => state.write(&addr.octets()),
                    }
                }
                finished(state, ports, purpose)
            }
        }
    }

    /// Where a table keeps the conversation.
    pub(super) fn hash(&self, key: &Key) -> u64 {
        self.keyed(key, Purpose::Table)
    }

    /// What SYN cookies of the conversation are made with.
    pub(super) fn cookie_secret(&self, key: &Key) -> u64 {
        self.keyed(key, Purpose::Cookie)
    }

    /// Where the ports begin that are chosen for this destination; the local port is not looked at.
    pub(super) fn port_secret(&self, key: &Key) -> u64 {
        let local = Endpoint { port: 0, ..self.local };
        Self { local, ..*self }.keyed(key, Purpose::Port)
    }

    /// Where the clocks of a connection between these ends begin: every time the same.
    pub fn offsets(&self, key: &Key) -> Offsets {
        //= RFC6528-3-b
        //= RFC9293-MUST-9
        //= RFC7323-7-a
        Offsets::from_hash(self.keyed(key, Purpose::Clocks))
    }

    /// A number that depends on the four values alone and spreads well (FNV-1a): the same conversation
    /// always meets the same member of a group of sockets.
    pub fn spread(&self) -> u64 {
        let mut state = 0xcbf2_9ce4_8422_2325_u64;
        let mut add = |octets: &[u8]| {
            for octet in octets {
                state = (state ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        };
        for end in [self.local, self.remote] {
            match end.addr {
                IpAddr::V4(addr) => add(&addr.octets()),
                IpAddr::V6(addr) => add(&addr.octets()),
            }
            add(&end.port.to_be_bytes());
        }
        // The low bits of FNV-1a are its weak ones, and they choose the member.
        state ^ (state >> 32)
    }
}

/// The value for what `state` has, both ports and the purpose. Inlined, so that what precedes is known.
#[inline(always)]
fn finished(mut state: SipHash, ports: u32, purpose: Purpose) -> u64 {
    state.write_u32(ports);
    state.write_u8(purpose as u8);
    state.finish()
}

/// Whether an address means something on one link or device only (RFC 4007 section 6).
pub const fn needs_scope(addr: Ipv6Addr) -> bool {
    let first = addr.segments()[0];
    first & 0xffc0 == 0xfe80 || matches!(first & 0xff0f, 0xff01 | 0xff02)
}

/// Whether an address is of one link only.
pub const fn is_link_local(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(_) => false,
        IpAddr::V6(addr) => addr.is_unicast_link_local(),
    }
}

/// The device that a scope means, if there is one of this number.
pub const fn device(scope: u32) -> Option<Device> {
    match scope {
        INTERFACE => Some(Device::Interface),
        LOOPBACK => Some(Device::Loopback),
        _ => None,
    }
}

/// What an application means by `name` on a socket of `family`.
///
/// # Errors
/// [`Refused::FamilyNotSupported`] for a name of the other family, [`Refused::InvalidArgument`] for a
/// link-local address without a scope, [`Refused::AddrNotAvailable`] for a scope that is not this link.
pub fn meant(family: Family, name: SocketAddr) -> Result<Endpoint, Refused> {
    let addr = match (family, name) {
        (Family::V4, SocketAddr::V4(_)) => name.ip(),
        (Family::V6, SocketAddr::V6(v6)) => match v6.ip().to_ipv4_mapped() {
            Some(mapped) => mapped.into(),
            //= RFC4007-6-a
            None if needs_scope(*v6.ip()) && v6.scope_id() == 0 => return Err(Refused::InvalidArgument),
            None if needs_scope(*v6.ip()) && v6.scope_id() != INTERFACE => {
                return Err(Refused::AddrNotAvailable);
            }
            None => name.ip(),
        },
        (Family::V4, SocketAddr::V6(_)) | (Family::V6, SocketAddr::V4(_)) => {
            return Err(Refused::FamilyNotSupported);
        }
    };
    Ok(Endpoint { addr, port: name.port() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    fn v6(text: &str, scope: u32) -> SocketAddr {
        SocketAddrV6::new(text.parse().unwrap_or(Ipv6Addr::UNSPECIFIED), 7, 0, scope).into()
    }

    quickcheck! {
        //? RFC3493-3.7-a
        fn a_name_means_the_endpoint_it_was_made_of(addr: u32, port: u16, six: bool) -> bool {
            let family = if six { Family::V6 } else { Family::V4 };
            let end = Endpoint { addr: Ipv4Addr::from(addr).into(), port };
            meant(family, end.name(family)) == Ok(end)
        }

        fn a_name_of_the_other_family_is_refused(addr: u128, port: u16) -> bool {
            let name = SocketAddr::new(Ipv6Addr::from(addr).into(), port);
            meant(Family::V4, name) == Err(Refused::FamilyNotSupported)
        }
    }

    //? RFC6528-3-b
    //? RFC7323-7-a
    //? RFC9293-SHLD-1
    //? RFC9293-MUST-9
    //? RFC6528-3-a
    #[test]
    fn where_a_connection_begins_depends_on_the_key_and_on_both_ends() {
        let end = |addr: u32, port| Endpoint { addr: Ipv4Addr::from(addr).into(), port };
        let of = |local, remote, key| FourTuple { local, remote }.offsets(&Key::new(key, 7));
        let (one, other) = (end(1, 80), end(2, 4000));
        let all = [
            of(one, other, 5),
            of(one, other, 6),
            of(other, one, 5),
            of(end(9, 80), other, 5),
            of(end(1, 81), other, 5),
            of(one, end(9, 4000), 5),
            of(one, end(2, 4001), 5),
        ];
        for (at, offsets) in all.iter().enumerate() {
            let same = |known: &&Offsets| {
                known.sequence == offsets.sequence || known.timestamps == offsets.timestamps
            };
            assert_eq!(all[..at].iter().find(same), None, "{at}");
        }
        assert_eq!(of(one, other, 5), all[0]);
    }

    //? RFC4007-6-a
    #[test]
    fn link_local_names_need_the_scope_of_the_link() {
        assert_eq!(meant(Family::V6, v6("fe80::1", 0)), Err(Refused::InvalidArgument));
        assert_eq!(meant(Family::V6, v6("fe80::1", 9)), Err(Refused::AddrNotAvailable));
        let end = meant(Family::V6, v6("fe80::1", INTERFACE));
        assert_eq!(end.map(|end| end.name(Family::V6)), Ok(v6("fe80::1", INTERFACE)));
    }
}
