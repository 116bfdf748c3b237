//! floor 2: laws of reassembly against a plain byte array.

use super::*;
use crate::base::Span;
use crate::base::choose::Lowest;
use alloc::vec;
use core::ops::RangeInclusive;
use quickcheck::{TestResult, quickcheck};

#[derive(Default)]
struct Log(Vec<Why>);

impl Emit for Log {
    fn frame(&mut self, _: &[u8]) {}
    fn discard(&mut self, why: Why) {
        self.0.push(why);
    }
}

struct Policy(u64);

impl Choose for Policy {
    fn choose(&mut self, freedom: Freedom, legal: RangeInclusive<u64>) -> u64 {
        assert_eq!((freedom, legal), (Freedom::Ipv4FragmentOverlap, 0..=2));
        self.0
    }
}

const NOW: Instant = Instant::ZERO;

fn key_v4(identification: u16) -> Key {
    let (src, dst) = (Ipv4Addr::new(192, 0, 2, 2), Ipv4Addr::new(192, 0, 2, 1));
    Key::V4 { src, dst, protocol: 17, identification }
}

fn key_v6(identification: u32) -> Key {
    Key::V6 { src: Ipv6Addr::LOCALHOST, dst: Ipv6Addr::UNSPECIFIED, identification }
}

/// Offset, octets, more.
type Cut = (u16, Vec<u8>, bool);

fn part(offset_octets: u16, data: &[u8], more: bool) -> Part<'_> {
    Part {
        offset_octets,
        more,
        data,
        packet: data,
        header_octets: 0,
        protocol: 17,
        protocol_at: 9,
        hop_limit: 64,
        traffic_class: 0,
        link_group: false,
    }
}

fn with_ecn(part: Part<'_>, traffic_class: u8) -> Part<'_> {
    Part { traffic_class, ..part }
}

/// Sends parts (offset, octets, more) to a fresh table.
fn reassembled(key: Key, parts: &[Cut], policy: u64) -> (Option<Vec<u8>>, Vec<Why>) {
    let mut table = Table::new(ReassemblyConfig::default());
    let mut log = Log::default();
    let mut payload = None;
    for (offset, data, more) in parts {
        let part = part(*offset, data, *more);
        let whole = table.arrive(NOW, key, &part, &mut Policy(policy), &mut log);
        table.check();
        payload = payload.or(whole.map(|whole| whole.payload));
    }
    (payload, log.0)
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for shorter in permutations(count - 1) {
        for at in 0..=shorter.len() {
            let mut longer = shorter.clone();
            longer.insert(at, count - 1);
            all.push(longer);
        }
    }
    all
}

fn octets(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n * 7 + n / 256) as u8).collect()
}

/// A datagram in `count` fragments of 16 octets, the last of 5.
fn cut(count: usize) -> (Vec<u8>, Vec<Cut>) {
    let whole = octets((count - 1) * 16 + 5);
    let parts = whole.chunks(16).enumerate();
    let parts = parts.map(|(n, data)| ((n * 16) as u16, data.to_vec(), n + 1 < count)).collect();
    (whole, parts)
}

#[test]
fn every_order_of_three_to_five_fragments_gives_the_datagram_once() {
    for count in 3..=5 {
        let (whole, parts) = cut(count);
        for order in permutations(count) {
            let shuffled: Vec<_> = order.iter().map(|n| parts[*n].clone()).collect();
            for key in [key_v4(1), key_v6(1)] {
                assert_eq!(reassembled(key, &shuffled, 2), (Some(whole.clone()), vec![]), "{order:?}");
            }
        }
    }
}

#[test]
fn exact_duplicates_change_nothing_in_any_order() {
    let (whole, parts) = cut(3);
    for order in permutations(3) {
        for doubled in 0..2 {
            let mut shuffled: Vec<_> = order.iter().map(|n| parts[*n].clone()).collect();
            shuffled.insert(doubled + 1, shuffled[doubled].clone());
            for key in [key_v4(1), key_v6(1)] {
                let expected = (Some(whole.clone()), vec![Why::FragmentDuplicate]);
                assert_eq!(reassembled(key, &shuffled, 2), expected, "{order:?}");
            }
        }
    }
}

quickcheck! {
    fn ipv4_overlaps_follow_the_policy(fills: Vec<(u8, u8, u8)>, last_wins: bool) -> TestResult {
        if fills.len() > 30 {
            return TestResult::discard();
        }
        const LEN: usize = 64 * 8;
        let mut model = [None; LEN];
        let mut parts: Vec<Cut> = Vec::new();
        // The ends first, so that every overlap comes before completion.
        for (start, len, value, more) in [(LEN - 8, 8, 0xee, false)].into_iter().chain(
            fills.iter().map(|(start, len, value)| {
                let start = usize::from(start % 63) * 8;
                (start, ((usize::from(len % 16) + 1) * 8).min(LEN - 8 - start), *value, true)
            }),
        ) {
            parts.push((start as u16, vec![value; len], more));
            for slot in &mut model[start..start + len] {
                *slot = if last_wins { Some(value) } else { slot.or(Some(value)) };
            }
            if model.iter().all(Option::is_some) {
                break;
            }
        }
        // Fill the holes one by one; the last one completes.
        let holes: Vec<usize> = (0..64).filter(|block| model[block * 8].is_none()).collect();
        for block in holes {
            parts.push(((block * 8) as u16, vec![0x55; 8], true));
            model[block * 8..][..8].fill(Some(0x55));
        }
        let (payload, whys) = reassembled(key_v4(1), &parts, u64::from(last_wins));
        let expected: Vec<u8> = model.into_iter().flatten().collect();
        TestResult::from_bool(
            payload == Some(expected) && whys.iter().all(|why| *why == Why::FragmentDuplicate),
        )
    }

    fn hostile_fragments_never_break_the_bounds(parts: Vec<(u16, u8, u8, bool)>) -> bool {
        let config = ReassemblyConfig { datagrams: 4, memory_octets: 3000, ..ReassemblyConfig::default() };
        let mut table = Table::new(config);
        let mut log = Log::default();
        for (place, len, id, more) in parts {
            let data = octets(usize::from(len));
            let key = if id % 2 == 0 { key_v4(u16::from(id % 16)) } else { key_v6(u32::from(id % 16)) };
            let part = part((place % 64) * 8, &data, more);
            table.arrive(NOW, key, &part, &mut Policy(u64::from(len % 3)), &mut log);
            table.check();
        }
        true
    }
}

//? RFC8200-4.5-j
//? RFC5722-4-b
#[test]
fn an_overlap_abandons_an_ipv6_packet_with_all_that_follows() {
    let (_, parts) = cut(4);
    let overlapping = (8, octets(16), true);
    for at in 1..4 {
        let mut mixed = parts.clone();
        mixed.insert(at, overlapping.clone());
        mixed.extend(parts.clone());
        let (payload, whys) = reassembled(key_v6(1), &mixed, 0);
        assert_eq!(payload, None, "{at}");
        let overlaps = whys.iter().filter(|why| **why == Why::FragmentOverlapV6).count();
        assert_eq!(overlaps, 1);
        assert_eq!(whys.last(), Some(&Why::FragmentOfAbandoned));
    }
    // The same range with other octets is an overlap too.
    let (payload, whys) = reassembled(key_v6(1), &[(0, octets(16), true), (0, vec![9; 16], true)], 0);
    assert_eq!((payload, whys), (None, vec![Why::FragmentOverlapV6]));
}

#[test]
fn the_third_ipv4_policy_abandons() {
    let parts = [(0, vec![1; 16], true), (8, vec![2; 16], true), (24, vec![3; 8], false)];
    let (payload, whys) = reassembled(key_v4(1), &parts, 2);
    assert_eq!((payload, whys), (None, vec![Why::FragmentOverlap, Why::FragmentOfAbandoned]));
    assert_eq!(reassembled(key_v4(1), &parts, 0).0.map(|payload| payload[8]), Some(1));
    assert_eq!(reassembled(key_v4(1), &parts, 1).0.map(|payload| payload[8]), Some(2));
}

//? RFC791-3.2-frag-h
#[test]
fn fragments_that_disagree_on_the_end_abandon_the_datagram() {
    for second in [(64, octets(16), false), (64, octets(16), true), (16, octets(8), false)] {
        let parts = [(64, octets(8), false), second, (0, octets(64), true)];
        let (payload, whys) = reassembled(key_v4(1), &parts, 0);
        assert_eq!((payload, whys), (None, vec![Why::FragmentsDisagree, Why::FragmentOfAbandoned]));
    }
    let parts = [(64, octets(8), true), (0, octets(8), false)];
    assert_eq!(reassembled(key_v4(1), &parts, 0).1, vec![Why::FragmentsDisagree]);
}

//? RFC791-3.2-frag-i
#[test]
fn an_empty_fragment_does_no_harm() {
    let (whole, mut parts) = cut(3);
    parts.insert(1, (8, vec![], true));
    parts.insert(2, (520, vec![], false));
    let expected = (Some(whole), vec![Why::FragmentEmpty, Why::FragmentEmpty]);
    assert_eq!(reassembled(key_v4(1), &parts, 2), expected);
}

//? RFC791-3.1-d
#[test]
fn the_longest_datagram_in_the_smallest_fragments() {
    let whole = octets(65_512);
    let parts = whole.chunks(8).enumerate().rev();
    let parts: Vec<_> = parts.map(|(n, data)| ((n * 8) as u16, data.to_vec(), n != 8188)).collect();
    let mut table = Table::new(ReassemblyConfig::default());
    let mut payload = None;
    for (offset, data, more) in &parts {
        let part = part(*offset, data, *more);
        payload = table.arrive(NOW, key_v4(1), &part, &mut Lowest, &mut Log::default());
    }
    table.check();
    assert_eq!(payload.map(|whole| whole.payload), Some(whole));
}

//? RFC3168-5.3-a
#[test]
fn congestion_experienced_survives_and_does_not_mix_with_not_ect() {
    let combined = |first: u8, second: u8| {
        let mut table = Table::new(ReassemblyConfig::default());
        let mut log = Log::default();
        let (one, two) = (octets(8), octets(4));
        let first = with_ecn(part(0, &one, true), 0xb8 | first);
        let second = with_ecn(part(8, &two, false), second);
        assert_eq!(table.arrive(NOW, key_v4(1), &first, &mut Lowest, &mut log), None);
        let whole = table.arrive(NOW, key_v4(1), &second, &mut Lowest, &mut log);
        (whole.map(|whole| whole.first.traffic_class), log.0)
    };
    assert_eq!(combined(2, 3), (Some(0xbb), vec![]));
    assert_eq!(combined(3, 1), (Some(0xbb), vec![]));
    assert_eq!(combined(2, 0), (Some(0xba), vec![]));
    assert_eq!(combined(0, 3), (None, vec![Why::FragmentEcn]));
}

//? RFC1122-3.3.2-d
//? RFC8200-4.5-f
#[test]
fn time_runs_from_the_first_arrival() {
    let mut table = Table::new(ReassemblyConfig::default());
    let data = octets(8);
    let mut log = Log::default();
    let later = NOW + Span::from_secs(10);
    table.arrive(later, key_v4(2), &part(8, &data, true), &mut Lowest, &mut log);
    table.arrive(NOW, key_v4(1), &part(0, &data, true), &mut Lowest, &mut log);
    table.arrive(later, key_v4(1), &part(8, &data, true), &mut Lowest, &mut log);
    assert_eq!(table.due(), Some(NOW + Span::from_secs(60)));
    assert_eq!(table.expire(NOW + Span::from_nanos(59_999_999_999)), None);
    let expired = table.expire(NOW + Span::from_secs(60)).unwrap();
    assert_eq!((expired.key, expired.first.map(|first| first.packet)), (key_v4(1), Some(data)));
    assert_eq!(table.expire(NOW + Span::from_secs(60)), None);
    assert_eq!(table.expire(NOW + Span::from_secs(70)), Some(Expired { key: key_v4(2), first: None }));
    assert_eq!(table.due(), None);
    table.check();
}

#[test]
fn a_flood_stays_within_the_bounds_and_spares_the_newest() {
    let mut table = Table::new(ReassemblyConfig::default());
    let mut log = Log::default();
    let data = octets(1400);
    for n in 0..10_000_u32 {
        let now = Instant::from_nanos(u64::from(n));
        let offset = ((n % 40) * 1408) as u16;
        table.arrive(now, key_v6(n / 7), &part(offset, &data, true), &mut Lowest, &mut log);
        if n % 97 == 0 {
            table.check();
        }
    }
    table.check();
    assert!(log.0.iter().all(|why| *why == Why::ReassemblyFull));
    let (head, tail) = (octets(8), octets(3));
    let now = Instant::from_nanos(10_001);
    assert_eq!(table.arrive(now, key_v4(9), &part(0, &head, true), &mut Lowest, &mut log), None);
    assert!(table.arrive(now, key_v4(9), &part(8, &tail, false), &mut Lowest, &mut log).is_some());
}
