//! floor 4: names as C programs give them: octets and a length, after the structures of Linux (RFC 3493
//! section 3.3).
//!
//! A program may give any octets for an address. What comes of them is a name, or the errno that Linux has
//! for them. The checks are those of each call: they look at lengths and families in another order.

use super::call::{Family, Kind};
use crate::base::Refused;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// `AF_UNSPEC`.
pub const AF_UNSPEC: u16 = 0;
/// `AF_INET`.
pub const AF_INET: u16 = 2;
/// `AF_INET6`.
pub const AF_INET6: u16 = 10;

/// Octets of `struct sockaddr_in`.
const V4_OCTETS: usize = 16;
/// Octets of `struct sockaddr_in6` as RFC 2133 had it: it ends before the scope.
const V6_MIN_OCTETS: usize = 24;
/// Octets of `struct sockaddr_storage`: no name is longer.
const MAX_OCTETS: usize = 128;

/// What a name says that was given to `connect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Whom to connect to.
    Peer(SocketAddr),
    /// Nobody any more.
    Nobody,
}

/// The `N` octets from `at` on, if there are so many.
fn octets<const N: usize>(name: &[u8], at: usize) -> Option<[u8; N]> {
    name.get(at..)?.first_chunk().copied()
}

/// Whether the octets are no more than any name has.
fn check_longest(name: &[u8]) -> Result<(), Refused> {
    if name.len() > MAX_OCTETS { Err(Refused::InvalidArgument) } else { Ok(()) }
}

/// The family, the only field that is in the order of the machine's own octets.
fn family(name: &[u8]) -> Result<u16, Refused> {
    octets(name, 0).map(u16::from_ne_bytes).ok_or(Refused::InvalidArgument)
}

/// `struct sockaddr_in` after its family.
fn v4(name: &[u8]) -> Result<SocketAddrV4, Refused> {
    let (port, addr) = octets(name, 2).zip(octets(name, 4)).ok_or(Refused::InvalidArgument)?;
    if name.len() < V4_OCTETS {
        return Err(Refused::InvalidArgument);
    }
    Ok(SocketAddrV4::new(Ipv4Addr::from_octets(addr), u16::from_be_bytes(port)))
}

/// `struct sockaddr_in6` after its family. Without a scope it has the scope 0.
fn v6(name: &[u8]) -> Result<SocketAddrV6, Refused> {
    if name.len() < V6_MIN_OCTETS {
        return Err(Refused::InvalidArgument);
    }
    let (port, addr) = octets(name, 2).zip(octets(name, 8)).ok_or(Refused::InvalidArgument)?;
    let flow = octets(name, 4).map_or(0, u32::from_be_bytes);
    let scope = octets(name, 24).map_or(0, u32::from_ne_bytes);
    Ok(SocketAddrV6::new(Ipv6Addr::from_octets(addr), u16::from_be_bytes(port), flow, scope))
}

/// What `bind` takes `name` for on a socket of `of`.
///
/// # Errors
/// [`Refused::InvalidArgument`] for a name that is too short or too long, then
/// [`Refused::FamilyNotSupported`] for one of another family. A socket of IPv4 takes a name without a family
/// if it has the wildcard address.
pub fn to_bind(of: Family, name: &[u8]) -> Result<SocketAddr, Refused> {
    check_longest(name)?;
    let family = family(name)?;
    match of {
        Family::V4 => {
            let meant = v4(name)?;
            let fits = family == AF_INET || family == AF_UNSPEC && meant.ip().is_unspecified();
            fits.then_some(meant.into()).ok_or(Refused::FamilyNotSupported)
        }
        Family::V6 => {
            let meant = v6(name)?;
            (family == AF_INET6).then_some(meant.into()).ok_or(Refused::FamilyNotSupported)
        }
    }
}

/// What `connect` takes `name` for on a socket of `of` and `kind`. Any name without a family takes the peer
/// away. A datagram socket of IPv6 takes names of IPv4, too, unless it is for IPv6 alone.
///
/// # Errors
/// As [`to_bind`]; a datagram socket for IPv6 alone looks at a family of IPv4 before the length.
pub fn to_connect(of: Family, kind: Kind, v6_only: bool, name: &[u8]) -> Result<Target, Refused> {
    check_longest(name)?;
    let family = family(name)?;
    if family == AF_UNSPEC {
        return Ok(Target::Nobody);
    }
    let peer = match (of, kind) {
        (Family::V4, _) => SocketAddr::from(v4(name)?),
        (Family::V6, Kind::Datagram) if family == AF_INET && v6_only => {
            return Err(Refused::FamilyNotSupported);
        }
        (Family::V6, Kind::Datagram) if family == AF_INET => {
            let peer = v4(name)?;
            return Ok(Target::Peer(SocketAddr::new(peer.ip().to_ipv6_mapped().into(), peer.port())));
        }
        (Family::V6, Kind::Stream | Kind::Datagram) => SocketAddr::from(v6(name)?),
    };
    let own = match of {
        Family::V4 => AF_INET,
        Family::V6 => AF_INET6,
    };
    (family == own).then_some(Target::Peer(peer)).ok_or(Refused::FamilyNotSupported)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use quickcheck::quickcheck;

    fn sockaddr_in(family: u16, addr: [u8; 4], len: usize) -> Vec<u8> {
        let port = 7000_u16.to_be_bytes();
        let mut name = [&family.to_ne_bytes()[..], &port, &addr].concat();
        name.resize(len, 0);
        name
    }

    fn sockaddr_in6(family: u16, addr: &str, scope: u32, len: usize) -> Vec<u8> {
        let addr: Ipv6Addr = addr.parse().unwrap_or(Ipv6Addr::UNSPECIFIED);
        let port = 7000_u16.to_be_bytes();
        let parts = [&family.to_ne_bytes()[..], &port, &[0; 4], &addr.octets(), &scope.to_ne_bytes()];
        let mut name = parts.concat();
        name.resize(len, 0);
        name
    }

    const ANY: [u8; 4] = [0; 4];
    const LO: [u8; 4] = [127, 0, 0, 1];
    const SHORT: Result<(), Refused> = Err(Refused::InvalidArgument);
    const OTHER: Result<(), Refused> = Err(Refused::FamilyNotSupported);
    const OK: Result<(), Refused> = Ok(());
    /// What the calls of the test below say, in their order.
    type Said = [Result<(), Refused>; 6];

    /// A name, and what Linux 6.18 said of it: `bind` on IPv4 and on IPv6, then `connect` on IPv4, on streams
    /// of IPv6, on datagram sockets of IPv6 and on those for IPv6 alone.
    #[test]
    fn lengths_and_families_are_taken_as_linux_takes_them() {
        let seen: [(Vec<u8>, Said); 21] = [
            (Vec::new(), [SHORT; 6]),
            (Vec::from([0]), [SHORT; 6]),
            (sockaddr_in(AF_UNSPEC, ANY, 2), [SHORT, SHORT, OK, OK, OK, OK]),
            (sockaddr_in(AF_INET, ANY, 2), [SHORT, SHORT, SHORT, SHORT, SHORT, OTHER]),
            (sockaddr_in(99, ANY, 2), [SHORT; 6]),
            (sockaddr_in(AF_UNSPEC, ANY, 16), [OK, SHORT, OK, OK, OK, OK]),
            (sockaddr_in(AF_UNSPEC, LO, 16), [OTHER, SHORT, OK, OK, OK, OK]),
            (sockaddr_in(AF_INET, LO, 15), [SHORT, SHORT, SHORT, SHORT, SHORT, OTHER]),
            (sockaddr_in(AF_INET, LO, 16), [OK, SHORT, OK, SHORT, OK, OTHER]),
            (sockaddr_in(AF_INET, LO, 28), [OK, OTHER, OK, OTHER, OK, OTHER]),
            (sockaddr_in(AF_INET, LO, 128), [OK, OTHER, OK, OTHER, OK, OTHER]),
            (sockaddr_in(AF_INET, LO, 129), [SHORT; 6]),
            (sockaddr_in(99, LO, 16), [OTHER, SHORT, OTHER, SHORT, SHORT, SHORT]),
            (sockaddr_in6(99, "::1", 0, 28), [OTHER; 6]),
            (sockaddr_in6(AF_INET6, "::1", 0, 16), [OTHER, SHORT, OTHER, SHORT, SHORT, SHORT]),
            (sockaddr_in6(AF_INET6, "::1", 0, 23), [OTHER, SHORT, OTHER, SHORT, SHORT, SHORT]),
            (sockaddr_in6(AF_INET6, "::1", 0, 24), [OTHER, OK, OTHER, OK, OK, OK]),
            (sockaddr_in6(AF_INET6, "::1", 0, 28), [OTHER, OK, OTHER, OK, OK, OK]),
            (sockaddr_in6(AF_INET6, "::1", 0, 128), [OTHER, OK, OTHER, OK, OK, OK]),
            (sockaddr_in6(AF_UNSPEC, "::", 0, 28), [OK, OTHER, OK, OK, OK, OK]),
            (sockaddr_in6(AF_UNSPEC, "::1", 0, 28), [OK, OTHER, OK, OK, OK, OK]),
        ];
        for (name, expected) in seen {
            let connect = |of, kind, v6_only| to_connect(of, kind, v6_only, &name).map(|_| ());
            let said = [
                to_bind(Family::V4, &name).map(|_| ()),
                to_bind(Family::V6, &name).map(|_| ()),
                connect(Family::V4, Kind::Stream, false),
                connect(Family::V6, Kind::Stream, false),
                connect(Family::V6, Kind::Datagram, false),
                connect(Family::V6, Kind::Datagram, true),
            ];
            assert_eq!(said, expected, "{name:?}");
            assert_eq!(connect(Family::V4, Kind::Datagram, false), expected[2], "{name:?}");
        }
    }

    #[test]
    fn fields_are_where_the_structures_have_them() {
        let meant = |text: &str| text.parse::<SocketAddr>().ok();
        let link = |len| to_bind(Family::V6, &sockaddr_in6(AF_INET6, "fe80::1", 9, len)).ok();
        assert_eq!(link(28), meant("[fe80::1%9]:7000"));
        assert_eq!(link(27), meant("[fe80::1]:7000"), "a scope that is cut off is no scope");
        let name = sockaddr_in(AF_INET, LO, 16);
        assert_eq!(to_bind(Family::V4, &name).ok(), meant("127.0.0.1:7000"));
        let mapped = to_connect(Family::V6, Kind::Datagram, false, &name).ok();
        assert_eq!(mapped, meant("[::ffff:127.0.0.1]:7000").map(Target::Peer));
    }

    quickcheck! {
        fn any_octets_are_a_name_of_the_family_or_an_error(name: Vec<u8>, first: u16, v6_only: bool) -> bool {
            let families = [AF_UNSPEC, AF_INET, AF_INET6, first];
            families.into_iter().all(|family| {
                let name = [&family.to_ne_bytes()[..], &name].concat();
                [Family::V4, Family::V6].into_iter().all(|of| {
                    let fits = |meant: SocketAddr| meant.is_ipv4() == (of == Family::V4);
                    let connect = |kind| to_connect(of, kind, v6_only, &name);
                    let connects = [Kind::Stream, Kind::Datagram].map(connect);
                    to_bind(of, &name).ok().is_none_or(fits)
                        && connects.into_iter().all(|target| match target {
                            Ok(Target::Peer(peer)) => fits(peer) && family != AF_UNSPEC,
                            Ok(Target::Nobody) => family == AF_UNSPEC,
                            Err(refused) => {
                                matches!(refused, Refused::InvalidArgument | Refused::FamilyNotSupported)
                            }
                        })
                })
            })
        }

        fn more_octets_than_a_name_needs_change_nothing(port: u16, addr: u128, scope: u32, more: u8) -> bool {
            let (family, port_octets) = (AF_INET6.to_ne_bytes(), port.to_be_bytes());
            let (addr_octets, scope_octets) = (addr.to_be_bytes(), scope.to_ne_bytes());
            let parts = [&family[..], &port_octets, &[0; 4], &addr_octets, &scope_octets];
            let mut name = parts.concat();
            let exact = to_bind(Family::V6, &name);
            name.resize(28 + usize::from(more % 101), more);
            let expected = SocketAddrV6::new(Ipv6Addr::from_bits(addr), port, 0, scope);
            exact == Ok(expected.into()) && to_bind(Family::V6, &name) == exact
        }
    }
}
