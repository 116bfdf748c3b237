//! floor 4: laws of claims to ports, and the conflicts that Linux was seen to have.

use super::*;
use alloc::vec::Vec;
use quickcheck::{Arbitrary, Gen, quickcheck};

const LOOPBACK: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const SECOND: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const SCOPES: [Scope; 7] = [
    Scope::AnyV4,
    Scope::AnyV6,
    Scope::AnyDual,
    Scope::V4(LOOPBACK),
    Scope::V4(SECOND),
    Scope::V6(Ipv6Addr::LOCALHOST),
    Scope::V6(Ipv6Addr::new(0xfd99, 0, 0, 0, 0, 0, 0, 1)),
];

impl Arbitrary for Claim {
    fn arbitrary(g: &mut Gen) -> Self {
        Self {
            scope: *g.choose(&SCOPES).unwrap_or(&Scope::AnyV4),
            reuse_addr: bool::arbitrary(g),
            reuse_port: Option::arbitrary(g).map(|other: bool| User(other.into())),
            listening: bool::arbitrary(g),
            by_connect: bool::arbitrary(g),
        }
    }
}

/// The addresses of a small world that a scope stands for.
fn members(scope: Scope) -> Vec<IpAddr> {
    let v4 = |addr: Ipv4Addr| addr.is_loopback();
    let world: [IpAddr; 4] = [LOOPBACK.into(), SECOND.into(), Ipv6Addr::LOCALHOST.into(), SCOPES[6].addr()];
    world
        .into_iter()
        .filter(|addr| match (scope, addr) {
            (Scope::AnyV4 | Scope::AnyDual, IpAddr::V4(addr)) => v4(*addr),
            (Scope::AnyV6 | Scope::AnyDual, IpAddr::V6(_)) => true,
            (Scope::V4(_) | Scope::V6(_), _) => scope.addr() == *addr,
            (Scope::AnyV4, IpAddr::V6(_)) | (Scope::AnyV6, IpAddr::V4(_)) => false,
        })
        .collect()
}

fn port(number: u16) -> Port {
    Port::new(number).unwrap_or(crate::base::PortRange::DYNAMIC.first())
}

quickcheck! {
    fn scopes_overlap_exactly_if_they_share_an_address(a: Claim, b: Claim) -> bool {
        let shared = members(a.scope).iter().any(|addr| members(b.scope).contains(addr));
        a.scope.overlaps(b.scope) == shared
    }

    fn without_listeners_tolerance_is_mutual(a: Claim, b: Claim) -> bool {
        let (a, b) = (Claim { listening: false, ..a }, Claim { listening: false, ..b });
        a.admits(&b) == b.admits(&a)
    }

    fn one_side_alone_never_shares(a: Claim, b: Claim) -> bool {
        let plain = Claim { reuse_addr: false, reuse_port: None, ..a };
        plain.admits(&b) != plain.scope.overlaps(b.scope)
    }

    fn what_is_given_back_leaves_nothing(claims: Vec<(bool, u16, Claim)>) -> bool {
        let mut books = Claims::default();
        let kind = |stream| if stream { Kind::Stream } else { Kind::Datagram };
        for (stream, number, claim) in &claims {
            books.take(kind(*stream), port(*number), *claim);
        }
        let all_there = books.count() == claims.len();
        for (stream, number, claim) in &claims {
            books.give_back(kind(*stream), port(*number), claim);
        }
        all_there && books.count() == 0 && books.held.is_empty()
    }

    //? RFC6335-7.2-a
    fn a_name_space_belongs_to_one_protocol(claim: Claim) -> bool {
        let mut books = Claims::default();
        books.take(Kind::Stream, port(80), claim);
        books.admit(Kind::Datagram, port(80), &claim) && books.admit(Kind::Stream, port(81), &claim)
    }
}

/// Scope, flags (A address, P port) and state (L listens) of two stream sockets, and whether the second may
/// have the port of the first: measured on Linux 6.18.
const SEEN: &[(Scope, &str, Scope, &str, bool)] = &[
    (Scope::AnyV4, "", Scope::AnyV4, "", false),
    (Scope::AnyV4, "A", Scope::AnyV4, "", false),
    (Scope::AnyV4, "", Scope::AnyV4, "A", false),
    (Scope::AnyV4, "A", Scope::AnyV4, "A", true),
    (Scope::AnyV4, "AL", Scope::AnyV4, "A", false),
    (Scope::AnyV4, "PL", Scope::AnyV4, "P", true),
    (Scope::AnyV4, "APL", Scope::AnyV4, "A", false),
    (Scope::AnyV4, "AP", Scope::AnyV4, "P", true),
    (Scope::AnyV4, "", SCOPES[3], "", false),
    (SCOPES[3], "", Scope::AnyV4, "", false),
    (SCOPES[3], "", SCOPES[4], "", true),
    (SCOPES[3], "L", SCOPES[4], "", true),
    (Scope::AnyDual, "", Scope::AnyV4, "", false),
    (Scope::AnyV4, "", Scope::AnyDual, "", false),
    (Scope::AnyDual, "", SCOPES[3], "", false),
    (Scope::AnyV6, "", Scope::AnyV4, "", true),
    (Scope::AnyV6, "", SCOPES[5], "", false),
    (SCOPES[5], "", SCOPES[3], "", true),
];

#[test]
fn conflicts_are_those_of_linux() {
    let claim = |scope, flags: &str| Claim {
        scope,
        reuse_addr: flags.contains('A'),
        reuse_port: flags.contains('P').then_some(User::ROOT),
        listening: flags.contains('L'),
        by_connect: false,
    };
    for (first, first_flags, second, second_flags, admitted) in SEEN {
        let (held, new) = (claim(*first, first_flags), claim(*second, second_flags));
        assert_eq!(held.admits(&new), *admitted, "{first:?} {first_flags} then {second:?} {second_flags}");
    }
}

#[test]
fn a_port_chosen_by_connect_serves_others_that_connect_and_nobody_who_binds() {
    let mut books = Claims::default();
    let held =
        Claim { scope: SCOPES[3], reuse_addr: false, reuse_port: None, listening: false, by_connect: true };
    books.take(Kind::Stream, port(40_000), held);
    assert!(books.free_to_connect(port(40_000)));
    let binds = Claim { by_connect: false, ..held };
    assert!(!books.free_to_bind(Kind::Stream, port(40_000), &binds));
    books.take(Kind::Stream, port(40_001), binds);
    assert!(!books.free_to_connect(port(40_001)));
}
