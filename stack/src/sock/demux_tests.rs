//! floor 4: precedence between sockets that could all take a packet.

use super::super::bind::Scope;
use super::super::call::{Family, User};
use super::*;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::net::{Ipv4Addr, Ipv6Addr};
use quickcheck::quickcheck;

const HERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const HERE_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

fn tuple(local: IpAddr, remote_port: u16) -> FourTuple {
    let remote = match local {
        IpAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 2).into(),
        IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2).into(),
    };
    let end = |addr, port| super::super::name::Endpoint { addr, port };
    FourTuple { local: end(local, 80), remote: end(remote, remote_port) }
}

fn empty() -> Demux {
    Demux::new(Key::new(1, 2), Weights::Datagrams)
}

fn stand(scope: Scope, port: u16, family: Family, shares: bool) -> Stand {
    Stand { port, scope, family, device: None, sharer: shares.then_some(User(0)), former: None }
}

/// Everybody who waits, weakest first.
const RANKING_V4: [(Scope, Family); 4] = [
    (Scope::AnyDual, Family::V6),
    (Scope::AnyV4, Family::V4),
    (Scope::V4(HERE), Family::V6),
    (Scope::V4(HERE), Family::V4),
];

#[test]
fn the_stronger_claim_wins_whatever_the_order_of_binding() {
    for (weak, strong) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
        for order in [[weak, strong], [strong, weak]] {
            let mut table = empty();
            for index in order {
                let (scope, family) = RANKING_V4[index];
                table.wait(stand(scope, 80, family, false), Slot::of_test(index as u64));
            }
            let taker = table.waiting_for(&tuple(HERE.into(), 4000));
            assert_eq!(taker, Some(Slot::of_test(strong as u64)), "{weak} against {strong}");
        }
    }
}

#[test]
fn of_equals_the_one_bound_last_wins_and_after_it_the_one_before() {
    let mut table = empty();
    let first = table.wait(stand(Scope::AnyV4, 80, Family::V4, false), Slot::of_test(9));
    let last = table.wait(stand(Scope::AnyV4, 80, Family::V4, false), Slot::of_test(3));
    assert_eq!(table.waiting_for(&tuple(HERE.into(), 4000)), Some(Slot::of_test(3)));
    table.leave(&last);
    assert_eq!(table.waiting_for(&tuple(HERE.into(), 4000)), Some(Slot::of_test(9)));
    table.leave(&first);
    assert_eq!(table.waiting_for(&tuple(HERE.into(), 4000)), None);
    assert_eq!(table.count(), 0);
}

#[test]
fn families_meet_only_where_a_dual_socket_waits() {
    let mut table = empty();
    table.wait(stand(Scope::AnyV6, 80, Family::V6, false), Slot::of_test(1));
    assert_eq!(table.waiting_for(&tuple(HERE.into(), 4000)), None);
    assert_eq!(table.waiting_for(&tuple(HERE_V6.into(), 4000)), Some(Slot::of_test(1)));
    table.wait(stand(Scope::AnyDual, 80, Family::V6, false), Slot::of_test(2));
    assert_eq!(table.waiting_for(&tuple(HERE.into(), 4000)), Some(Slot::of_test(2)));
}

#[test]
fn a_peer_of_its_own_is_matched_exactly() {
    let mut table = empty();
    let own = tuple(HERE.into(), 4000);
    table.pair(own, Slot::of_test(5));
    assert_eq!(table.paired(&own), Some(Slot::of_test(5)));
    assert_eq!(table.paired(&tuple(HERE.into(), 4001)), None);
    table.part(&own, Slot::of_test(5));
    assert_eq!(table.paired(&own), None);
}

#[test]
fn who_received_last_is_forgotten_when_the_table_changes() {
    let mut table = empty();
    let own = tuple(HERE.into(), 4000);
    for (older, newer) in [(5, 6), (8, 7)] {
        // What was looked for in vain is known when it is entered, to this table and to no other one.
        assert_eq!(table.receiver(&own), None);
        let tag = table.pair(own, Slot::of_test(older));
        assert_eq!(tag, empty().pair(own, Slot::of_test(older)));
        assert_eq!(table.receiver(&own), Some(Slot::of_test(older)));
        table.pair(own, Slot::of_test(newer));
        assert_eq!(table.receiver(&own), table.paired(&own));
        assert_eq!(table.receiver(&own), Some(Slot::of_test(older.max(newer))));
        assert_eq!(table.receiver(&tuple(HERE.into(), 4001)), None);
        table.part(&own, Slot::of_test(newer));
        assert_eq!(table.receiver(&own), Some(Slot::of_test(older)));
        table.part_tagged(&own, Slot::of_test(older), tag);
        assert_eq!(table.receiver(&own), None);
    }
}

#[test]
fn a_group_address_reaches_wildcards_and_those_bound_to_it() {
    let group = Ipv4Addr::new(239, 1, 1, 1);
    let mut table = empty();
    table.wait(stand(Scope::AnyV4, 80, Family::V4, false), Slot::of_test(1));
    table.wait(stand(Scope::V4(HERE), 80, Family::V4, false), Slot::of_test(2));
    table.wait(stand(Scope::V4(group), 80, Family::V4, false), Slot::of_test(3));
    table.wait(stand(Scope::AnyDual, 80, Family::V6, false), Slot::of_test(4));
    table.wait(stand(Scope::AnyV4, 81, Family::V4, false), Slot::of_test(5));
    let takers: BTreeSet<Slot> = table.all_for(&tuple(group.into(), 4000), Device::Interface).collect();
    assert_eq!(takers, BTreeSet::from([Slot::of_test(1), Slot::of_test(3), Slot::of_test(4)]));
}

quickcheck! {
    fn a_conversation_meets_one_member_of_a_group_and_all_members_meet_somebody(size: u8) -> bool {
        let size = u64::from(size % 8) + 1;
        let mut table = empty();
        for slot in 0..size {
            table.wait(stand(Scope::AnyV4, 80, Family::V4, true), Slot::of_test(slot));
        }
        let taker = |port| table.waiting_for(&tuple(HERE.into(), port));
        let met: BTreeSet<Slot> = (1000..1500).filter_map(taker).collect();
        met.len() as u64 == size && (1000..1500).all(|port| taker(port) == taker(port))
    }
}

/// All that differs between sockets of one port, with the order in which they were entered.
#[derive(Clone, Debug)]
struct Entered(Vec<(Stand, bool)>);

impl quickcheck::Arbitrary for Entered {
    fn arbitrary(g: &mut quickcheck::Gen) -> Self {
        let scopes = [Scope::AnyV4, Scope::AnyV6, Scope::AnyDual, Scope::V4(HERE), Scope::V6(HERE_V6)];
        let devices = [None, Some(Device::Loopback), Some(Device::Interface)];
        let sharers = [None, None, Some(User(0)), Some(User(1))];
        let count = usize::arbitrary(g) % 12;
        let mut one = || {
            let scope = *g.choose(&scopes).unwrap();
            let family = match scope {
                Scope::AnyV6 | Scope::AnyDual | Scope::V6(_) => Family::V6,
                Scope::AnyV4 | Scope::V4(_) => *g.choose(&[Family::V4, Family::V6]).unwrap(),
            };
            let (device, sharer) = (*g.choose(&devices).unwrap(), *g.choose(&sharers).unwrap());
            (Stand { port: 80, scope, family, device, sharer, former: None }, bool::arbitrary(g))
        };
        Self((0..count).map(|_| one()).collect())
    }
}

/// Who is asked first stands first: the last one, but sharing sockets of IPv6 go to the back.
fn asked_in_order(entered: &[(usize, Stand)]) -> Vec<(usize, Stand)> {
    let mut list = Vec::new();
    for entry in entered {
        let to_back = entry.1.family == Family::V6 && entry.1.sharer.is_some();
        list.insert(if to_back { list.len() } else { 0 }, *entry);
    }
    list
}

/// The walk along the list as it was measured: the stands whose sockets may win.
fn winner(list: &[(usize, Stand)], local: IpAddr, device: Device, weights: Weights) -> Option<Stand> {
    let [exact, any] = [true, false].map(|exact| {
        let fits = move |stand: &Stand| match stand.scope {
            Scope::AnyV4 => !exact && local.is_ipv4(),
            Scope::AnyV6 => !exact && local.is_ipv6(),
            Scope::AnyDual => !exact,
            Scope::V4(_) | Scope::V6(_) => exact && stand.scope.addr() == local,
        };
        let (mut score, mut best) = (0, None);
        for (_, stand) in list {
            if !fits(stand) || stand.device.is_some_and(|own| own != device) {
                continue;
            }
            let tied = if weights == Weights::Streams { 1 } else { 4 };
            let own =
                1 + u8::from(stand.family == Family::V4) + if stand.device.is_some() { tied } else { 0 };
            if own > score {
                (score, best) = (own, Some(*stand));
                if stand.sharer.is_some() {
                    break;
                }
            }
        }
        best
    });
    exact.or(any)
}

quickcheck! {
    fn the_taker_is_the_one_that_the_walk_along_the_list_finds(entered: Entered) -> bool {
        [Weights::Streams, Weights::Datagrams].into_iter().all(|weights| {
            let mut table = Demux::new(Key::new(1, 2), weights);
            let mut there = Vec::new();
            for (number, (stand, _)) in entered.0.iter().enumerate() {
                let place = table.wait(*stand, Slot::of_test(number as u64));
                table.check();
                there.push((number, *stand, place));
            }
            for (number, (_, leaves)) in entered.0.iter().enumerate() {
                if *leaves {
                    let at = there.iter().position(|known| known.0 == number).unwrap();
                    table.leave(&there.remove(at).2);
                    table.check();
                }
            }
            let left: Vec<_> = there.iter().map(|(number, stand, _)| (*number, *stand)).collect();
            let list = asked_in_order(&left);
            [IpAddr::V4(HERE), HERE_V6.into()].into_iter().all(|local| {
                [Device::Loopback, Device::Interface].into_iter().all(|device| {
                    let taker = table.waiting_on(&tuple(local, 4000), device);
                    let expected = winner(&list, local, device, weights);
                    let Some(expected) = expected else { return taker.is_none() };
                    let stands = list.iter().filter(|(_, stand)| *stand == expected);
                    let equals: Vec<Slot> = stands.map(|(number, _)| Slot::of_test(*number as u64)).collect();
                    match expected.sharer {
                        None => taker == equals.first().copied(),
                        Some(_) => taker.is_some_and(|taker| equals.contains(&taker)),
                    }
                })
            })
        })
    }
}

#[test]
fn a_device_counts_among_datagram_sockets_and_a_sharing_group_ends_the_search() {
    let tied = |stand: Stand| Stand { device: Some(Device::Interface), ..stand };
    let (v4, dual) = (
        |shares| stand(Scope::AnyV4, 80, Family::V4, shares),
        |shares| stand(Scope::AnyDual, 80, Family::V6, shares),
    );
    // Whoever is entered first and last, and which of them wins.
    let cases = [
        (Weights::Datagrams, tied(v4(false)), v4(false), 0),
        (Weights::Datagrams, v4(false), tied(v4(false)), 1),
        (Weights::Datagrams, tied(dual(false)), v4(false), 0),
        (Weights::Datagrams, v4(false), tied(dual(false)), 1),
        (Weights::Datagrams, tied(v4(true)), v4(true), 1),
        (Weights::Datagrams, v4(true), tied(dual(true)), 0),
        (Weights::Streams, tied(v4(true)), v4(true), 1),
        (Weights::Streams, v4(true), tied(v4(true)), 1),
        (Weights::Streams, tied(dual(true)), v4(true), 1),
        (Weights::Streams, v4(true), tied(dual(true)), 0),
        (Weights::Datagrams, stand(Scope::V4(HERE), 80, Family::V4, false), tied(v4(false)), 0),
    ];
    for (weights, first, last, winner) in cases {
        let mut table = Demux::new(Key::new(1, 2), weights);
        table.wait(first, Slot::of_test(0));
        table.wait(last, Slot::of_test(1));
        let taker = table.waiting_for(&tuple(HERE.into(), 4000));
        assert_eq!(taker, Some(Slot::of_test(winner)), "{weights:?}: {first:?} before {last:?}");
    }
}

#[test]
fn the_peer_that_was_given_last_counts() {
    let mut table = empty();
    let own = tuple(HERE.into(), 4000);
    table.pair(own, Slot::of_test(8));
    table.pair(own, Slot::of_test(3));
    assert_eq!(table.paired_last(&own, |_| true), Some(Slot::of_test(3)));
    assert_eq!(table.paired_last(&own, |slot| slot != Slot::of_test(3)), Some(Slot::of_test(8)));
    assert_eq!(table.paired_last(&tuple(HERE.into(), 4001), |_| true), None);
}

/// The look-up of one among `count` sockets looks at as many cells as among few.
#[test]
fn the_queue_of_a_busy_port_is_not_walked() {
    let mut table = empty();
    let places: Vec<Place> = (0..100_000)
        .map(|slot| table.wait(stand(Scope::AnyV4, 80, Family::V4, true), Slot::of_test(slot)))
        .collect();
    let takers: BTreeSet<Slot> =
        (0..60_000).filter_map(|port| table.waiting_for(&tuple(HERE.into(), port))).collect();
    assert!(takers.len() > 40_000, "{} of the members were chosen", takers.len());
    for place in &places {
        table.leave(place);
    }
    assert_eq!(table.count(), 0);
    table.check();
}
