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

const PLAIN: Terms = Terms::PLAIN;

impl Arbitrary for Terms {
    fn arbitrary(g: &mut Gen) -> Self {
        let devices = [None, None, Some(Device::Loopback), Some(Device::Interface)];
        let standings = [Standing::Open, Standing::Listening, Standing::TimeWait];
        Self {
            device: g.choose(&devices).copied().flatten(),
            user: User(bool::arbitrary(g).into()),
            reuse_addr: bool::arbitrary(g),
            reuse_port: bool::arbitrary(g),
            standing: *g.choose(&standings).unwrap_or(&Standing::Open),
            by_connect: bool::arbitrary(g),
            dual: false,
        }
    }
}

impl Arbitrary for Claim {
    fn arbitrary(g: &mut Gen) -> Self {
        Self { scope: *g.choose(&SCOPES).unwrap_or(&Scope::AnyV4), terms: Terms::arbitrary(g) }
    }
}

/// Whether a stream with the claim `held` tolerates one with the claim `new`, asked of books that have
/// nothing else.
fn admits(kind: Kind, held: Claim, new: Claim) -> bool {
    let mut books = Claims::default();
    books.take(kind, port(80), held, 0);
    books.admit(kind, port(80), Family::V4, &new).is_ok()
}

/// As the rule is told in words.
fn conflict(held: &Claim, new: &Claim) -> bool {
    let (old, fresh) = (&held.terms, &new.terms);
    let meet = old.device.is_none() || fresh.device.is_none() || old.device == fresh.device;
    let by_address = old.reuse_addr && fresh.reuse_addr && old.standing != Standing::Listening;
    let one_user = old.user == fresh.user || old.standing == Standing::TimeWait;
    let by_port = old.reuse_port && fresh.reuse_port && one_user;
    held.scope.overlaps(new.scope) && meet && !by_address && !by_port
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

    fn a_newcomer_is_refused_exactly_if_it_conflicts_with_somebody(held: Vec<Claim>, new: Claim) -> bool {
        let mut books = Claims::default();
        for claim in &held {
            books.take(Kind::Stream, port(80), *claim, 0);
        }
        let free = !held.iter().any(|claim| conflict(claim, &new));
        books.admit(Kind::Stream, port(80), Family::V4, &new).is_ok() == free
    }

    fn without_listeners_tolerance_is_mutual(a: Claim, b: Claim) -> bool {
        let open = |claim: Claim| Claim { terms: Terms { standing: Standing::Open, ..claim.terms }, ..claim };
        let (a, b) = (open(a), open(b));
        admits(Kind::Stream, a, b) == admits(Kind::Stream, b, a)
    }

    fn the_datagram_socket_at_the_head_of_the_list_decides(held: Vec<Claim>, new: Claim) -> bool {
        let terms = |claim: &Claim| Terms { standing: Standing::Open, ..claim.terms };
        let open = |claim: &Claim| Claim { terms: terms(claim), ..*claim };
        let (mut books, new) = (Claims::default(), open(&new));
        let held: Vec<Claim> = held.iter().map(open).collect();
        for (order, claim) in (1..).zip(&held) {
            books.take(Kind::Datagram, port(80), *claim, order);
        }
        let rivals = held.iter().rev().filter(|claim| {
            claim.scope.overlaps(new.scope)
                && claim.terms.may_meet(&new.terms)
                && !(claim.terms.reuse_addr && new.terms.reuse_addr)
        });
        let free = { rivals }.next().is_none_or(|head| !conflict(head, &new));
        books.admit(Kind::Datagram, port(80), Family::V4, &new).is_ok() == free
    }

    fn what_is_given_back_leaves_nothing(claims: Vec<(bool, u16, Claim, Claim)>) -> bool {
        let mut books = Claims::default();
        let kind = |stream| if stream { Kind::Stream } else { Kind::Datagram };
        for (order, (stream, number, claim, _)) in (0..).zip(&claims) {
            books.take(kind(*stream), port(*number), *claim, order);
        }
        for (order, (stream, number, claim, later)) in (0..).zip(&claims) {
            books.replace(kind(*stream), port(*number), (*claim, *later), order);
        }
        let all_there = books.count() == claims.len();
        for (order, (stream, number, _, claim)) in (0..).zip(&claims) {
            books.give_back(kind(*stream), port(*number), *claim, order);
        }
        all_there && books.count() == 0 && books.desks.iter().next().is_none()
    }

    fn a_port_serves_those_who_connect_while_nobody_asked_for_it(claims: Vec<Claim>) -> bool {
        let mut books = Claims::default();
        for claim in &claims {
            books.take(Kind::Stream, port(80), *claim, 0);
        }
        books.free_to_connect(port(80)) == claims.iter().all(|claim| claim.terms.by_connect)
    }

    //? RFC6335-7.2-a
    fn a_name_space_belongs_to_one_protocol(claim: Claim) -> bool {
        let mut books = Claims::default();
        books.take(Kind::Stream, port(80), claim, 0);
        let may_have = |kind, number| books.admit(kind, port(number), Family::V4, &claim).is_ok();
        may_have(Kind::Datagram, 80) && may_have(Kind::Stream, 81)
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
    (Scope::AnyV4, "P", Scope::AnyV4, "", false),
    (Scope::AnyV4, "", Scope::AnyV4, "P", false),
    (Scope::AnyV4, "L", Scope::AnyV4, "P", false),
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
    let claim = |scope, flags: &str| {
        let standing = if flags.contains('L') { Standing::Listening } else { Standing::Open };
        let (reuse_addr, reuse_port) = (flags.contains('A'), flags.contains('P'));
        Claim { scope, terms: Terms { reuse_addr, reuse_port, standing, ..PLAIN } }
    };
    for (first, first_flags, second, second_flags, admitted) in SEEN {
        let (held, new) = (claim(*first, first_flags), claim(*second, second_flags));
        let seen = admits(Kind::Stream, held, new);
        assert_eq!(seen, *admitted, "{first:?} {first_flags} then {second:?} {second_flags}");
    }
}

#[test]
fn a_port_chosen_by_connect_serves_others_that_connect_and_nobody_who_binds() {
    let mut books = Claims::default();
    let held = Claim { scope: SCOPES[3], terms: Terms { by_connect: true, ..PLAIN } };
    books.take(Kind::Stream, port(40_000), held, 0);
    assert!(books.free_to_connect(port(40_000)));
    let binds = Claim { terms: PLAIN, ..held };
    assert!(!books.free_to_bind(Kind::Stream, port(40_000), &binds, false));
    books.take(Kind::Stream, port(40_001), binds, 0);
    assert!(!books.free_to_connect(port(40_001)));
}

/// Three sockets on one address, one after the other, with the options of the first two and of the third:
/// `bind` of the third, measured on Linux 6.18. The second belongs to a group, and whoever asks the group
/// does not ask the first.
#[test]
fn who_shared_last_speaks_for_the_port() {
    let claim =
        |reuse_addr, reuse_port| Claim { scope: SCOPES[3], terms: Terms { reuse_addr, reuse_port, ..PLAIN } };
    let (first, second, third) = (claim(true, false), claim(true, true), claim(false, true));
    for kind in [Kind::Stream, Kind::Datagram] {
        let mut books = Claims::default();
        let bind = |books: &mut Claims, claim: Claim| {
            books.admit(kind, port(80), Family::V4, &claim)?;
            let order = books.next_order(kind, Family::V4, &claim);
            books.take(kind, port(80), claim, order);
            if kind == Kind::Stream {
                books.note_sharing(port(80), Family::V4, &claim);
            }
            Ok(())
        };
        assert_eq!(bind(&mut books, first), Ok(()));
        assert_eq!(bind(&mut books, second), Ok(()));
        assert_eq!(bind(&mut books, third), Ok(()), "{kind:?}");
        let mut books = Claims::default();
        assert_eq!(bind(&mut books, second), Ok(()));
        assert_eq!(bind(&mut books, first), Ok(()));
        assert_eq!(bind(&mut books, third), Err(Refused::AddrInUse), "{kind:?} the other way round");
    }
}

#[test]
fn a_group_is_remembered_with_its_user_and_its_address() {
    let claim = |scope| Claim { scope, terms: Terms { reuse_port: true, ..PLAIN } };
    let one = claim(SCOPES[3]);
    let mut books = Claims::default();
    books.take(Kind::Stream, port(80), one, 0);
    books.note_sharing(port(80), Family::V4, &one);
    // The option is taken back, and the port remembers it nevertheless.
    let bare = Claim { terms: PLAIN, ..one };
    books.replace(Kind::Stream, port(80), (one, bare), 0);
    let asks = |new: Claim| books.admit(Kind::Stream, port(80), Family::V4, &new);
    assert_eq!(asks(one), Ok(()));
    assert_eq!(asks(claim(Scope::AnyV4)), Err(Refused::AddrInUse));
    assert_eq!(asks(bare), Err(Refused::AddrInUse));
    let stranger = Terms { user: User(7), ..one.terms };
    assert_eq!(asks(Claim { terms: stranger, ..one }), Err(Refused::AddrInUse));
}

#[test]
fn who_has_an_address_of_ipv6_from_its_peer_alone_is_in_the_way_of_all_of_ipv4() {
    let held = |dual| Claim { scope: Scope::V6(Ipv6Addr::LOCALHOST), terms: Terms { dual, ..PLAIN } };
    let asks = |dual, family, scope| {
        let mut books = Claims::default();
        books.take(Kind::Datagram, port(80), held(dual), 0);
        books.admit(Kind::Datagram, port(80), family, &Claim { scope, terms: PLAIN })
    };
    assert_eq!(asks(true, Family::V4, Scope::AnyV4), Err(Refused::AddrInUse));
    assert_eq!(asks(true, Family::V6, Scope::AnyV4), Ok(()), "that is ::ffff:0.0.0.0");
    assert_eq!(asks(true, Family::V4, Scope::V4(LOOPBACK)), Ok(()));
    assert_eq!(asks(false, Family::V4, Scope::AnyV4), Ok(()));
}
