//! floor 4: precedence between sockets that could all take a packet.

use super::*;
use alloc::collections::BTreeSet;
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
            let mut table = Demux::new(Key::new(1, 2));
            for index in order {
                let (scope, family) = RANKING_V4[index];
                table.wait(scope, 80, family, false, Slot::of_test(index as u64));
            }
            let taker = table.waiting_for(&tuple(HERE.into(), 4000));
            assert_eq!(taker, Some(Slot::of_test(strong as u64)), "{weak} against {strong}");
        }
    }
}

#[test]
fn of_equals_the_one_bound_last_wins_and_after_it_the_one_before() {
    let mut table = Demux::new(Key::new(1, 2));
    let first = table.wait(Scope::AnyV4, 80, Family::V4, false, Slot::of_test(9));
    let last = table.wait(Scope::AnyV4, 80, Family::V4, false, Slot::of_test(3));
    assert_eq!(table.waiting_for(&tuple(HERE.into(), 4000)), Some(Slot::of_test(3)));
    table.leave(&last);
    assert_eq!(table.waiting_for(&tuple(HERE.into(), 4000)), Some(Slot::of_test(9)));
    table.leave(&first);
    assert_eq!(table.waiting_for(&tuple(HERE.into(), 4000)), None);
    assert_eq!(table.count(), 0);
}

#[test]
fn families_meet_only_where_a_dual_socket_waits() {
    let mut table = Demux::new(Key::new(1, 2));
    table.wait(Scope::AnyV6, 80, Family::V6, false, Slot::of_test(1));
    assert_eq!(table.waiting_for(&tuple(HERE.into(), 4000)), None);
    assert_eq!(table.waiting_for(&tuple(HERE_V6.into(), 4000)), Some(Slot::of_test(1)));
    table.wait(Scope::AnyDual, 80, Family::V6, false, Slot::of_test(2));
    assert_eq!(table.waiting_for(&tuple(HERE.into(), 4000)), Some(Slot::of_test(2)));
}

#[test]
fn a_peer_of_its_own_is_matched_exactly() {
    let mut table = Demux::new(Key::new(1, 2));
    let own = tuple(HERE.into(), 4000);
    table.pair(own, Slot::of_test(5));
    assert_eq!(table.paired(&own), Some(Slot::of_test(5)));
    assert_eq!(table.paired(&tuple(HERE.into(), 4001)), None);
    table.part(own, Slot::of_test(5));
    assert_eq!(table.paired(&own), None);
}

#[test]
fn who_received_last_is_forgotten_when_the_table_changes() {
    let mut table = Demux::new(Key::new(1, 2));
    let own = tuple(HERE.into(), 4000);
    for (older, newer) in [(5, 6), (8, 7)] {
        table.pair(own, Slot::of_test(older));
        assert_eq!(table.receiver(&own), Some(Slot::of_test(older)));
        table.pair(own, Slot::of_test(newer));
        assert_eq!(table.receiver(&own), table.paired(&own));
        assert_eq!(table.receiver(&own), Some(Slot::of_test(older.max(newer))));
        assert_eq!(table.receiver(&tuple(HERE.into(), 4001)), None);
        table.part(own, Slot::of_test(newer));
        assert_eq!(table.receiver(&own), Some(Slot::of_test(older)));
        table.part(own, Slot::of_test(older));
        assert_eq!(table.receiver(&own), None);
    }
}

#[test]
fn a_group_address_reaches_wildcards_and_those_bound_to_it() {
    let group = Ipv4Addr::new(239, 1, 1, 1);
    let mut table = Demux::new(Key::new(1, 2));
    table.wait(Scope::AnyV4, 80, Family::V4, false, Slot::of_test(1));
    table.wait(Scope::V4(HERE), 80, Family::V4, false, Slot::of_test(2));
    table.wait(Scope::V4(group), 80, Family::V4, false, Slot::of_test(3));
    table.wait(Scope::AnyDual, 80, Family::V6, false, Slot::of_test(4));
    table.wait(Scope::AnyV4, 81, Family::V4, false, Slot::of_test(5));
    let takers: BTreeSet<Slot> = table.all_for(&tuple(group.into(), 4000)).collect();
    assert_eq!(takers, BTreeSet::from([Slot::of_test(1), Slot::of_test(3), Slot::of_test(4)]));
}

quickcheck! {
    fn a_conversation_meets_one_member_of_a_group_and_all_members_meet_somebody(size: u8) -> bool {
        let size = u64::from(size % 8) + 1;
        let mut table = Demux::new(Key::new(1, 2));
        for slot in 0..size {
            table.wait(Scope::AnyV4, 80, Family::V4, true, Slot::of_test(slot));
        }
        let taker = |port| table.waiting_for(&tuple(HERE.into(), port));
        let met: BTreeSet<Slot> = (1000..1500).filter_map(taker).collect();
        met.len() as u64 == size && (1000..1500).all(|port| taker(port) == taker(port))
    }
}
