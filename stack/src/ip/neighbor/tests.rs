//! floor 2: the states of a neighbour, in virtual time.

use super::*;
use crate::base::Span;
use alloc::vec;
use core::net::Ipv4Addr;
use quickcheck::quickcheck;

#[derive(Default)]
struct Log(Vec<Why>);

impl Emit for Log {
    fn frame(&mut self, _: &[u8]) {}
    fn discard(&mut self, why: Why) {
        self.0.push(why);
    }
}

const MAC: Mac = Mac([2, 0, 0, 0, 0, 2]);
const OTHER: Mac = Mac([2, 0, 0, 0, 0, 3]);

const ADVERTISED: Hearsay =
    Hearsay { mac: Some(MAC), create: false, confirmed: true, overrides: true, is_router: Some(false) };
const SOLICITED_BY: Hearsay =
    Hearsay { mac: Some(MAC), create: true, confirmed: false, overrides: true, is_router: None };

fn addr(n: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0xc000_0200 + n))
}

fn at(millis: u64) -> Instant {
    Instant::ZERO + Span::from_millis(millis)
}

fn cache() -> Cache {
    Cache::new(NeighborConfig::default(), &[(addr(200), OTHER)])
}

fn state(cache: &Cache, n: u32) -> &'static str {
    match cache.entries.get(&addr(n)).map(|entry| &entry.state) {
        None => "none",
        Some(State::Incomplete { .. }) => "incomplete",
        Some(State::Reachable { .. }) => "reachable",
        Some(State::Stale { .. }) => "stale",
        Some(State::Delay { .. }) => "delay",
        Some(State::Probe { .. }) => "probe",
        Some(State::Permanent { .. }) => "permanent",
    }
}

//? RFC1122-2.3.2.2-a
//? RFC4861-7.2.2-c
#[test]
fn packets_wait_and_leave_in_order_when_the_neighbour_answers() {
    let (mut cache, mut log) = (cache(), Log::default());
    assert_eq!(cache.resolve(at(0), addr(1)), None);
    assert!(cache.wait(at(0), addr(1), b"one", &mut log));
    assert!(!cache.wait(at(10), addr(1), b"two", &mut log));
    cache.check();
    assert!(cache.is_asked(addr(1)));
    let waiting = cache.heard(at(20), addr(1), ADVERTISED).unwrap();
    assert_eq!(waiting, [b"one".to_vec(), b"two".to_vec()]);
    assert_eq!((cache.resolve(at(20), addr(1)), state(&cache, 1)), (Some(MAC), "reachable"));
    cache.check();
}

//? RFC1122-2.3.2.1-c
//? RFC4861-7.2.2-b
#[test]
fn a_silent_neighbour_is_asked_three_times_a_second_apart_and_given_up() {
    let (mut cache, mut log) = (cache(), Log::default());
    assert!(cache.wait(at(0), addr(1), b"one", &mut log));
    let mut seen = vec![];
    while let Some(due) = cache.due() {
        assert_eq!(cache.on_due(Instant::from_nanos(due.as_nanos() - 1)), None);
        while let Some(what) = cache.on_due(due) {
            seen.push((due, what));
        }
        cache.check();
    }
    let again = || Due::Ask { addr: addr(1), to: None };
    let gave_up = Due::GaveUp { waiting: Waiting::from([b"one".to_vec()]) };
    assert_eq!(seen, [(at(1000), again()), (at(2000), again()), (at(3000), gave_up)]);
    assert_eq!(state(&cache, 1), "none");
}

//? RFC1122-2.3.2.2-a
#[test]
fn the_newest_packets_stay_in_a_full_queue() {
    let config = NeighborConfig { waiting_packets: 2, waiting_octets: 5, ..NeighborConfig::default() };
    let (mut cache, mut log) = (Cache::new(config, &[]), Log::default());
    for packet in [&b"1"[..], b"2", b"3", b"4444", b"too long"] {
        cache.wait(at(0), addr(1), packet, &mut log);
        cache.check();
    }
    assert_eq!(log.0, [Why::NeighborQueueFull; 5]);
    cache.wait(at(0), addr(1), b"5", &mut log);
    assert_eq!(cache.heard(at(0), addr(1), ADVERTISED).unwrap(), [b"5".to_vec()]);
}

//? RFC1122-2.3.2.1-a
#[test]
fn a_confirmed_neighbour_ages_and_is_probed_when_used() {
    let (mut cache, mut log) = (cache(), Log::default());
    cache.wait(at(0), addr(1), b"one", &mut log);
    cache.heard(at(0), addr(1), ADVERTISED).unwrap();
    assert_eq!(cache.on_due(at(60_000)), None);
    assert_eq!((state(&cache, 1), cache.due()), ("stale", None));
    assert_eq!(cache.resolve(at(70_000), addr(1)), Some(MAC));
    assert_eq!((state(&cache, 1), cache.due()), ("delay", Some(at(75_000))));
    let probe = || Some(Due::Ask { addr: addr(1), to: Some(MAC) });
    assert_eq!(cache.on_due(at(75_000)), probe());
    assert_eq!(cache.resolve(at(75_500), addr(1)), Some(MAC), "a probed neighbour is still used");
    assert_eq!(cache.on_due(at(76_000)), probe());
    assert_eq!(cache.on_due(at(77_000)), probe());
    assert_eq!(cache.on_due(at(78_000)), None);
    assert_eq!(state(&cache, 1), "none");
    cache.check();
}

//? RFC4861-7.3.1-a
//? RFC4861-7.2.3-a
#[test]
fn progress_of_a_transport_confirms() {
    let mut cache = cache();
    cache.heard(at(0), addr(1), SOLICITED_BY).unwrap();
    assert_eq!(state(&cache, 1), "stale");
    cache.resolve(at(0), addr(1));
    cache.confirm(at(1), addr(1));
    assert_eq!((state(&cache, 1), cache.due()), ("reachable", Some(at(60_001))));
    cache.confirm(at(1), addr(2));
    assert_eq!(state(&cache, 2), "none");
    cache.check();
}

//? RFC4861-7.2.5-b
//? RFC4861-7.2.5-c
#[test]
fn advertisements_follow_the_table_of_rfc_4861_7_2_5() {
    // said address, solicited, override -> state, address, reason; from REACHABLE with MAC
    let table = [
        (Some(MAC), true, true, "reachable", MAC, None),
        (Some(MAC), false, true, "reachable", MAC, None),
        (Some(MAC), false, false, "reachable", MAC, None),
        (None, true, false, "reachable", MAC, None),
        (Some(OTHER), true, true, "reachable", OTHER, None),
        (Some(OTHER), false, true, "stale", OTHER, None),
        (Some(OTHER), true, false, "stale", MAC, Some(Why::NdNotOverriding)),
        (Some(OTHER), false, false, "stale", MAC, Some(Why::NdNotOverriding)),
        (Some(Mac::BROADCAST), true, true, "reachable", MAC, Some(Why::NdLinkAddressInvalid)),
    ];
    for (mac, confirmed, overrides, expected, known, why) in table {
        let (mut cache, mut log) = (cache(), Log::default());
        cache.wait(at(0), addr(1), b"", &mut log);
        cache.heard(at(0), addr(1), ADVERTISED).unwrap();
        let said = Hearsay { mac, create: false, confirmed, overrides, is_router: Some(true) };
        assert_eq!(cache.heard(at(1), addr(1), said).err(), why);
        let entry = &cache.entries[&addr(1)];
        assert_eq!(entry.is_router, why.is_none(), "{mac:?} {confirmed} {overrides}");
        assert_eq!(entry.state.mac(), Some(known));
        assert_eq!(state(&cache, 1), expected, "{mac:?} {confirmed} {overrides}");
        cache.check();
    }
}

//? RFC4861-7.2.5-a
#[test]
fn nobody_is_entered_by_an_advertisement_and_the_configured_stay() {
    let mut cache = cache();
    assert_eq!(cache.heard(at(0), addr(1), ADVERTISED).err(), Some(Why::NdUnknownNeighbor));
    assert_eq!(cache.heard(at(0), addr(200), ADVERTISED), Ok(Waiting::new()));
    assert_eq!(cache.resolve(at(0), addr(200)), Some(OTHER));
    let mut log = Log::default();
    cache.wait(at(0), addr(1), b"", &mut log);
    let without = Hearsay { mac: None, ..ADVERTISED };
    assert_eq!(cache.heard(at(0), addr(1), without).err(), Some(Why::NdLinkAddressMissing));
    assert_eq!(state(&cache, 1), "incomplete");
}

#[test]
fn a_scan_takes_at_most_half_of_the_table() {
    let config = NeighborConfig { entries: 8, ..NeighborConfig::default() };
    let (mut cache, mut log) = (Cache::new(config, &[]), Log::default());
    for n in 0..8 {
        cache.heard(at(0), addr(n), SOLICITED_BY).unwrap();
        cache.resolve(at(0), addr(n));
    }
    for n in 100..200 {
        cache.wait(at(1), addr(n), b"scan", &mut log);
        cache.check();
    }
    assert_eq!(log.0, [Why::NeighborTableFull; 96]);
    assert_eq!(state(&cache, 3), "none", "used longest ago");
    assert_eq!(state(&cache, 4), "delay");
}

quickcheck! {
    fn no_sequence_of_events_breaks_the_cache(events: Vec<(u8, u8, bool, bool)>) -> bool {
        let config = NeighborConfig {
            entries: 4,
            waiting_packets: 2,
            waiting_octets: 20,
            ..NeighborConfig::default()
        };
        let (mut cache, mut log) = (Cache::new(config, &[(addr(0), OTHER)]), Log::default());
        let mut now = Instant::ZERO;
        for (what, n, one, two) in events {
            let neighbor = addr(u32::from(n % 7));
            match what % 6 {
                0 => {
                    if cache.resolve(now, neighbor).is_none() {
                        cache.wait(now, neighbor, &vec![n; usize::from(n % 9)], &mut log);
                    }
                }
                1 => {
                    let said = Hearsay { confirmed: one, overrides: two, ..ADVERTISED };
                    drop(cache.heard(now, neighbor, said));
                }
                2 => drop(cache.heard(now, neighbor, SOLICITED_BY)),
                3 => cache.confirm(now, neighbor),
                4 => now += Span::from_millis(u64::from(n) * 100),
                _ => while cache.on_due(now).is_some() {},
            }
            cache.check();
        }
        while let Some(due) = cache.due() {
            while cache.on_due(due).is_some() {}
        }
        cache.waiting_octets == 0 && cache.incomplete == 0
    }
}
