//! floor 4: laws of choosing ports: what is chosen is free, how choices spread, and what can be foretold.

use super::*;
use crate::base::choose::{Lowest, Seeded};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use quickcheck::quickcheck;

fn range(first: u16, last: u16) -> PortRange {
    PortRange::new(first, last).unwrap_or(PortRange::DYNAMIC)
}

fn pool(range: PortRange, algorithm: Algorithm, reserved: &Reserved) -> Pool<'_> {
    Pool { range, of_socket: false, reserved, algorithm }
}

const KINDS: [Kind; 2] = [Kind::Stream, Kind::Datagram];

/// Which ports a walk of Linux over `range` can reach: all, but in a range of odd size not always the last
/// one.
fn is_whole(range: PortRange, algorithm: Algorithm) -> bool {
    algorithm != Algorithm::Linux || range.count().is_multiple_of(2) || range.count() == 1
}

quickcheck! {
    //? RFC6335-8.1.2-a
    //? RFC6056-3.3.1-a
    //? RFC6056-3.2-b
    fn what_is_picked_is_free_and_in_range(
        first: u16, length: u8, taken: BTreeSet<u8>, kept: BTreeSet<u8>, keyed: u64
    ) -> bool {
        let first = first.max(1);
        let range = range(first, first.saturating_add(u16::from(length)));
        let ports = |set: &BTreeSet<u8>| -> BTreeSet<Port> {
            set.iter().map(|index| range.nth(u32::from(*index))).collect()
        };
        let (taken, kept) = (ports(&taken), ports(&kept));
        let ranges: Vec<PortRange> =
            kept.iter().filter_map(|port| PortRange::new(port.number(), port.number())).collect();
        let reserved = Reserved::new(&ranges);
        let left = range.walk(0).filter(|port| !taken.contains(port) && !kept.contains(port)).count();
        Algorithm::ALL.iter().all(|algorithm| {
            let pool = pool(range, *algorithm, &reserved);
            let mut seeded = Seeded::new(keyed);
            let mut ephemeral = Ephemeral::new(keyed as u32);
            let free = |port: Port| !taken.contains(&port);
            let connects = ephemeral.to_connect(&pool, keyed, &mut seeded, free);
            let binds = KINDS.map(|kind| ephemeral.to_bind(&pool, kind, length > 99, &mut seeded, free));
            [connects, binds[0], binds[1]].into_iter().all(|picked| match picked {
                Some(port) => range.contains(port) && free(port) && !kept.contains(&port),
                // A random port for each try may miss what is free; the others find it.
                None => left == 0
                    || matches!(algorithm, Algorithm::Random | Algorithm::RandomIncrements)
                    || left == 1 && !is_whole(range, *algorithm),
            })
        })
    }

    //? RFC6056-3.3.4-a
    fn one_destination_learns_nothing_of_another(own: u16, other: u16, keyed: u64, times: u8) -> bool {
        let of = |index: u16| keyed & !0xffff | u64::from(index);
        let reserved = Reserved::default();
        own == other || [Algorithm::DoubleHash, Algorithm::Linux].into_iter().all(|algorithm| {
            let pool = pool(PortRange::LINUX, algorithm, &reserved);
            let mut between = Ephemeral::new(0);
            let mut alone = Ephemeral::new(0);
            let next = |ephemeral: &mut Ephemeral, index| {
                ephemeral.to_connect(&pool, of(index), &mut Lowest, |_| true)
            };
            let same = next(&mut between, own) == next(&mut alone, own);
            for _ in 0..times {
                let _ = next(&mut between, other);
            }
            same && next(&mut between, own) == next(&mut alone, own)
        })
    }

    //? RFC6056-3.3.3-a
    fn one_counter_for_all_destinations_shows_how_many_there_were(keyed: u64, other: u64, times: u8) -> bool {
        let reserved = Reserved::default();
        let pool = pool(PortRange::LINUX, Algorithm::Hash, &reserved);
        let mut ephemeral = Ephemeral::new(7);
        let mut next = |keyed| {
            let port = ephemeral.to_connect(&pool, keyed, &mut Lowest, |_| true);
            port.map_or(0, |port| u32::from(port.number()))
        };
        let first = next(keyed);
        for _ in 0..times {
            let _ = next(other);
        }
        let count = PortRange::LINUX.count();
        (next(keyed) + count - first) % count == u32::from(times) + 1
    }
}

/// Numbers of ports that are taken one after the other until there are none.
fn exhaust(mut next: impl FnMut(&BTreeSet<Port>) -> Option<Port>) -> Vec<u16> {
    let mut taken = BTreeSet::new();
    let mut numbers = Vec::new();
    while let Some(port) = next(&taken) {
        taken.insert(port);
        numbers.push(port.number());
    }
    numbers
}

fn connect_all(range: PortRange, keyed: u64) -> Vec<u16> {
    let reserved = Reserved::default();
    let pool = pool(range, Algorithm::Linux, &reserved);
    let (mut ephemeral, mut seeded) = (Ephemeral::new(0), Seeded::new(keyed));
    exhaust(|taken| ephemeral.to_connect(&pool, keyed, &mut seeded, |port| !taken.contains(&port)))
}

//? RFC6056-3.5-a
#[test]
fn linux_connects_from_the_parity_of_the_lowest_port_until_there_is_none() {
    for keyed in 0..200 {
        let numbers = connect_all(range(40_000, 40_009), keyed << 32 | keyed);
        assert_eq!(numbers.len(), 10);
        assert!(numbers[..5].iter().all(|number| number % 2 == 0), "{numbers:?}");
        assert!(numbers[5..].iter().all(|number| number % 2 == 1), "{numbers:?}");
        let odd_low = connect_all(range(40_001, 40_008), keyed << 32 | keyed);
        assert!(odd_low[..4].iter().all(|number| number % 2 == 1), "{odd_low:?}");
    }
}

#[test]
fn linux_reaches_the_last_port_of_an_odd_range_only_from_some_starts() {
    let lasts = |first: u16, last: u16| {
        let found = |keyed: &u64| connect_all(range(first, last), keyed << 32 | keyed).contains(&last);
        (0..200).filter(found).count()
    };
    let sometimes = lasts(40_001, 40_009);
    assert!(sometimes > 0, "a walk over nine ports gets to the ninth, if it begins late enough");
    assert_eq!(lasts(40_000, 40_002), 0, "one over three never does");
    assert_eq!(lasts(40_000, 40_000), 200);
}

//? RFC6056-3.3.4-a
#[test]
fn linux_goes_on_in_random_even_steps_for_each_destination() {
    let reserved = Reserved::default();
    let pool = pool(PortRange::LINUX, Algorithm::Linux, &reserved);
    let (mut ephemeral, mut seeded) = (Ephemeral::new(0), Seeded::new(3));
    let mut next = |keyed| {
        let port = ephemeral.to_connect(&pool, keyed, &mut seeded, |_| true);
        port.map_or(0, |port| u32::from(port.number()))
    };
    for keyed in [1 << 40 | 1, 2 << 41 | 2, 3 << 42 | 3] {
        let ports: Vec<u32> = (0..400).map(|_| next(keyed)).collect();
        let count = PortRange::LINUX.count();
        let steps = ports.windows(2).map(|pair| (pair[1] + count - pair[0]) % count);
        let steps: Vec<u32> = steps.collect();
        assert!(steps.iter().all(|step| step % 2 == 0 && (2..=16).contains(step)), "{steps:?}");
        assert_eq!(steps.iter().collect::<BTreeSet<_>>().len(), 8);
        let sum: u32 = steps.iter().sum();
        assert!((3_300..=3_900).contains(&sum), "400 steps of 9 on average come to {sum}");
    }
}

#[test]
fn a_range_of_the_socket_is_walked_port_by_port() {
    let reserved = Reserved::default();
    let own = Pool { of_socket: true, ..pool(range(40_000, 40_002), Algorithm::Linux, &reserved) };
    let mut ephemeral = Ephemeral::new(0);
    let numbers =
        exhaust(|taken| ephemeral.to_connect(&own, 1 << 32, &mut Lowest, |port| !taken.contains(&port)));
    assert_eq!(numbers, [40_001, 40_002, 40_000]);
}

/// Ports that `kind` gets for `bind` to port 0, nothing ever taken.
fn sample(kind: Kind, low_first: bool, count: usize) -> Vec<u64> {
    let reserved = Reserved::default();
    let pool = pool(PortRange::LINUX, Algorithm::Linux, &reserved);
    let (mut ephemeral, mut seeded) = (Ephemeral::new(0), Seeded::new(11));
    let one = || ephemeral.to_bind(&pool, kind, low_first, &mut seeded, |_| true);
    let mut one = { one };
    (0..count).filter_map(|_| one().map(|port| port.number().into())).collect()
}

/// Mean and variance. Of n equal steps the variance is (n² - 1) / 12.
fn mean_and_variance(sample: &[u64]) -> (u64, u64) {
    let count = sample.len() as u64;
    let mean = sample.iter().sum::<u64>() / count;
    (mean, sample.iter().map(|value| value.abs_diff(mean).pow(2)).sum::<u64>() / count)
}

//? RFC6056-3.3.1-a
#[test]
fn the_spread_of_datagram_ports_is_even() {
    let ports = sample(Kind::Datagram, false, 4000);
    let (mean, variance) = mean_and_variance(&ports);
    // 28,232 ports from 32,768 on: the mean is 46,883.5, its error for 4000 draws 129; the deviation 8,150.
    assert!(mean.abs_diff(46_883) < 400, "{mean}");
    assert!((7_900 * 7_900..8_400 * 8_400).contains(&variance), "{variance}");
    let odd = ports.iter().filter(|port| *port % 2 == 1).count();
    assert!(odd.abs_diff(2000) < 130, "{odd}");
    let repeats = ports.len() - ports.iter().collect::<BTreeSet<_>>().len();
    assert!((220..330).contains(&repeats), "{repeats} repeats where 270 are to be expected");
}

#[test]
fn the_spread_of_stream_ports_is_even_over_the_odd_half() {
    let ports = sample(Kind::Stream, false, 4000);
    assert!(ports.iter().all(|port| port % 2 == 1));
    let (mean, variance) = mean_and_variance(&ports);
    assert!(mean.abs_diff(46_883) < 400, "{mean}");
    assert!((7_900 * 7_900..8_400 * 8_400).contains(&variance), "{variance}");
    let repeats = ports.len() - ports.iter().collect::<BTreeSet<_>>().len();
    assert!((450..620).contains(&repeats), "{repeats} repeats where 530 are to be expected");
}

#[test]
fn who_shares_by_address_gets_odd_ports_of_the_lower_half() {
    let ports = sample(Kind::Stream, true, 1000);
    assert!(ports.iter().all(|port| port % 2 == 1 && (32_768..46_884).contains(port)));
    let (mean, _) = mean_and_variance(&ports);
    assert!(mean.abs_diff(39_825) < 400, "{mean}");
    let reserved = Reserved::default();
    let pool = pool(range(40_000, 40_007), Algorithm::Linux, &reserved);
    let (mut ephemeral, mut seeded) = (Ephemeral::new(0), Seeded::new(5));
    let numbers = exhaust(|taken| {
        let free = |port| !taken.contains(&port);
        ephemeral.to_bind(&pool, Kind::Stream, true, &mut seeded, free)
    });
    let class = |number: &u16| (*number >= 40_004, number.is_multiple_of(2));
    assert!(numbers.is_sorted_by_key(class) && numbers.len() == 8, "{numbers:?}");
}

//? RFC6056-3.3.2-a
#[test]
fn trying_at_random_may_fail_although_a_port_is_free() {
    let reserved = Reserved::default();
    let pool = pool(range(40_000, 40_099), Algorithm::Random, &reserved);
    let found = (0..200).filter(|seed| {
        let (mut ephemeral, mut seeded) = (Ephemeral::new(0), Seeded::new(*seed));
        let free = |port: Port| port.number() == 40_050;
        ephemeral.to_bind(&pool, Kind::Datagram, false, &mut seeded, free).is_some()
    });
    // Each of a hundred tries hits with one chance of a hundred: 63 of a hundred find it.
    let found = found.count();
    assert!((100..150).contains(&found), "{found}");
}

//? RFC6056-3.3.5-a
#[test]
fn increments_are_random_from_one_to_the_largest() {
    let reserved = Reserved::default();
    let pool = pool(PortRange::LINUX, Algorithm::RandomIncrements, &reserved);
    let (mut ephemeral, mut seeded) = (Ephemeral::new(9), Seeded::new(2));
    let mut ports = Vec::new();
    for _ in 0..2000 {
        let port = ephemeral.to_connect(&pool, 0, &mut seeded, |_| true);
        ports.push(port.map_or(0, |port| u32::from(port.number())));
    }
    let count = PortRange::LINUX.count();
    let steps: Vec<u32> = ports.windows(2).map(|pair| (pair[1] + count - pair[0]) % count).collect();
    assert!(steps.iter().all(|step| (1..=INCREMENT_MAX).contains(step)));
    let mean = steps.iter().sum::<u32>() / 1999;
    assert!(mean.abs_diff(250) < 15, "{mean}");
}
