//! floor 4: the tables that vendors publish, and what each profile says of a few well-known questions.

use super::*;
use crate::base::PortRange;
use crate::sock::bind::{Scope, Terms};
use crate::sock::call::User;
use core::net::Ipv4Addr;

const OK: Result<(), Refused> = Ok(());
const IN_USE: Result<(), Refused> = Err(Refused::AddrInUse);
const DENIED: Result<(), Refused> = Err(Refused::AccessDenied);

/// How an address is asked for: for the wildcard or not.
const WAYS: [(Mode, bool); 6] = [
    (Mode::Plain, true),
    (Mode::Plain, false),
    (Mode::Reuse, true),
    (Mode::Reuse, false),
    (Mode::Exclusive, true),
    (Mode::Exclusive, false),
];

#[test]
fn windows_shares_as_its_documentation_says() {
    // A row for each second socket, a column for each first one; C is permitted to the same user alone.
    const TABLE: [&str; 6] = ["UoUoUo", "CUCDDU", "DoooDo", "CDooDD", "UUUUUU", "CUCUDU"];
    for (row, second) in TABLE.iter().zip(WAYS) {
        for (cell, first) in row.chars().zip(WAYS) {
            let (own, others) = match cell {
                'U' => (IN_USE, IN_USE),
                'D' => (DENIED, DENIED),
                'C' => (OK, DENIED),
                _ => (OK, OK),
            };
            assert_eq!(on_windows(first, second, true), own, "{first:?} then {second:?}");
            assert_eq!(on_windows(first, second, false), others, "{first:?} then {second:?} of another");
        }
    }
}

fn claim(any: bool, reuse_addr: bool, reuse_port: bool, standing: Standing) -> Claim {
    let scope = if any { Scope::AnyV4 } else { Scope::V4(Ipv4Addr::LOCALHOST) };
    let terms = Terms {
        device: None,
        user: User::ROOT,
        reuse_addr,
        reuse_port,
        standing,
        by_connect: false,
        dual: false,
    };
    Claim { scope, terms }
}

/// What a question is answered with by POSIX, Linux, BSD and Windows.
fn answers(kind: Kind, held: Claim, new: Claim) -> [bool; 4] {
    let profiles = [Profile::Posix, Profile::Linux, Profile::Bsd, Profile::Windows];
    profiles.map(|profile| profile.sharing(kind, &held, &new).answer().is_ok())
}

#[test]
fn systems_differ_in_who_may_share() {
    let open = |any, reuse| claim(any, reuse, false, Standing::Open);
    let group = claim(false, false, true, Standing::Open);
    let listener = claim(false, true, false, Standing::Listening);
    let left = claim(false, false, false, Standing::TimeWait);
    let (stream, datagram) = (Kind::Stream, Kind::Datagram);
    assert_eq!(answers(stream, open(true, false), open(false, false)), [false, false, false, true]);
    assert_eq!(answers(stream, open(true, false), open(false, true)), [true, false, true, true]);
    assert_eq!(answers(stream, open(false, true), open(false, true)), [false, true, false, true]);
    assert_eq!(answers(datagram, open(false, true), open(false, true)), [false, true, false, true]);
    assert_eq!(answers(stream, listener, open(false, true)), [false, false, false, true]);
    assert_eq!(answers(stream, group, group), [false, true, true, false]);
    assert_eq!(answers(stream, left, open(false, true)), [true, false, true, true]);
    assert_eq!(answers(stream, left, open(false, false)), [false, false, false, true]);
    let multicast = |reuse| Claim {
        scope: Scope::V4(Ipv4Addr::new(224, 0, 0, 251)),
        ..claim(false, reuse, false, Standing::Open)
    };
    assert_eq!(answers(datagram, multicast(true), multicast(true)), [true, true, true, true]);
    assert_eq!(answers(datagram, multicast(false), multicast(true)), [false, false, false, false]);
}

#[test]
fn systems_differ_in_ranges_privilege_and_families() {
    let of = |profile: Profile| (profile.ephemeral(), profile.unprivileged_start(), profile.v6_only());
    let range = |first, last| PortRange::new(first, last).unwrap_or(PortRange::SYSTEM);
    assert_eq!(of(Profile::Posix), (range(49152, 65535), 1024, false));
    assert_eq!(of(Profile::Linux), (range(32768, 60999), 1024, false));
    assert_eq!(of(Profile::Bsd), (range(10000, 65535), 1024, true));
    assert_eq!(of(Profile::Windows), (range(49152, 65535), 0, true));
    for profile in Profile::ALL {
        let policy = crate::ports::Policy::of(*profile);
        assert!(policy.ephemeral.first().number() >= policy.unprivileged_start, "{profile:?}");
    }
}

#[test]
fn systems_differ_in_queues_and_in_what_ends() {
    let queue = |backlog| Profile::ALL.iter().map(|profile| profile.accept_queue_max(backlog)).max();
    assert_eq!([queue(0), queue(4), queue(u32::MAX)], [Some(1), Some(6), Some(u32::MAX)]);
    let all =
        |ask: fn(Profile) -> bool| [Profile::Posix, Profile::Linux, Profile::Bsd, Profile::Windows].map(ask);
    assert_eq!(all(Profile::hands_out_what_was_reset), [false, true, false, false]);
    assert_eq!(all(Profile::shutdown_ends_listening), [false, true, false, false]);
    assert_eq!(all(Profile::connects_after_refusal), [false, true, false, true]);
    assert_eq!(all(Profile::asks_port_zero), [false, true, false, false]);
    assert_eq!(all(|profile| profile.when_full() == WhenFull::Reset), [false, false, false, true]);
    assert_eq!(
        all(|profile| profile.after_read_shut() == AfterReadShut::HandOut),
        [false, true, false, false]
    );
    assert_eq!(all(|profile| profile.listen_unbound().is_ok()), [false, true, true, false]);
    assert_eq!(all(|profile| profile.stream_on_group().is_ok()), [false, true, false, false]);
    assert_eq!(all(|profile| profile.datagram_on_group().is_ok()), [true, true, true, false]);
}
