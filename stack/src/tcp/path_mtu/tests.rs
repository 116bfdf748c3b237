//! floor 3: tests of path MTU discovery (RFC 1191, RFC 4821, RFC 5927).

use super::REST;
use crate::base::Span;
use crate::ip::ErrorKind;
use crate::tcp::tests::rig::Rig;
use crate::tcp::{Settings, State};
use alloc::string::String;
use alloc::vec::Vec;

fn too_big(rig: &mut Rig, mtu_octets: u16, seq: u32) -> Vec<String> {
    rig.icmp(false, ErrorKind::PacketTooBig { mtu_octets }, seq)
}

fn limit(rig: &Rig) -> u16 {
    rig.tcb.segment_limit_octets()
}

/// Without options beside data, with a search, and whatever is written leaves.
fn probing() -> Rig {
    let settings = Settings { probe_path: true, timestamps: false, nagle: false, ..Settings::default() };
    let mut rig = Rig::connect_with(&settings);
    rig.gets("S. 0:0(0) ack 1 win 65535 mss 1460 sackok");
    assert_eq!(rig.tcb.state(), State::Established);
    rig
}

/// Everything that is under way is acknowledged, again and again.
fn drain(rig: &mut Rig) -> Vec<String> {
    let mut lines = Vec::new();
    while rig.tcb.unacknowledged_octets() > 0 {
        let nxt = rig.sent();
        lines.extend(rig.gets(&alloc::format!(". 1:1(0) ack {nxt}")));
    }
    lines
}

//? RFC5927-7.2-b
#[test]
fn what_has_come_through_before_is_doubted_only_if_it_does_not_come_through_again() {
    for arrives in [true, false] {
        let mut rig = Rig::established();
        rig.send(1000);
        rig.gets(". 1:1(0) ack 1001");
        rig.send(1000);
        assert!(too_big(&mut rig, 540, 1001).is_empty());
        if arrives {
            rig.gets(". 1:1(0) ack 2001");
            rig.send(1000);
            assert!(rig.wait()[0].contains("2001:3001(1000)"));
        } else {
            assert!(rig.wait()[0].contains("1001:1501(500)"));
        }
        assert_eq!(limit(&rig), if arrives { 1460 } else { 500 });
    }
}

//? RFC5927-7.2-a
#[test]
fn a_size_that_nothing_exceeded_is_no_news() {
    let mut rig = Rig::established();
    rig.send(100);
    assert_eq!(too_big(&mut rig, 540, 1), ["! TcpMtuNotSent"]);
    assert_eq!(too_big(&mut rig, 140, 1), ["! TcpMtuNotSent"]);
    assert_eq!(too_big(&mut rig, 139, 1).len(), 1);
    assert_eq!(limit(&rig), 99);
    // Nor is anything about a SYN.
    let mut rig = Rig::in_state(State::SynSent);
    assert_eq!(too_big(&mut rig, 540, 0), ["! TcpMtuNotSent"]);
}

//? RFC1191-6.3-a
//? RFC8201-4-e
#[test]
fn after_ten_minutes_the_path_gets_a_new_chance() {
    let mut rig = Rig::established();
    rig.send(1000);
    too_big(&mut rig, 540, 1);
    drain(&mut rig);
    rig.pass(Span::from_secs(599));
    assert!(rig.send(1000)[0].contains("(500)"));
    drain(&mut rig);
    rig.pass(Span::from_secs(1));
    assert!(rig.send(1000)[0].contains("(1000)"));
    assert_eq!(limit(&rig), 1460);
}

//? RFC4821-7.7-a
//? RFC4821-7.7-b
#[test]
fn a_black_hole_is_found_by_timeouts() {
    let mut rig = probing();
    assert!(rig.send(1460)[0].contains("(1460)"));
    let lengths: Vec<bool> = ["(1460)", "(536)", "(268)", "(134)", "(67)", "(33)", "(28)", "(28)"]
        .into_iter()
        .map(|length| rig.wait().last().is_some_and(|line| line.contains(length)))
        .collect();
    assert_eq!(lengths, [true; 8]);
    // Whoever does not ask for it gets none.
    let mut rig = Rig::established_with(&Settings { probe_path: false, ..Settings::default() }, 65535, 1460);
    rig.send(1460);
    (0..6).for_each(|_| drop(rig.wait()));
    assert_eq!(limit(&rig), 1460);
}

/// A connection that has met a black hole and got out of it with 536 octets a segment.
fn narrowed() -> Rig {
    let mut rig = probing();
    rig.send(1460);
    rig.wait();
    rig.wait();
    drain(&mut rig);
    assert_eq!(limit(&rig), 536);
    rig
}

/// Writes until a segment of more than 536 octets leaves; its number and length.
fn probe(rig: &mut Rig) -> Option<(u32, u32)> {
    for _ in 0..40 {
        let mut lines = rig.send(5000);
        lines.extend(rig.gets(&alloc::format!(". 1:1(0) ack {}", rig.acknowledged())));
        for line in &lines {
            let (start, rest) = line.split_once(' ')?.1.split_once(' ')?.1.split_once(':')?;
            let length: u32 = rest.split_once('(')?.1.split_once(')')?.0.parse().ok()?;
            if length > 536 {
                return Some((start.parse().ok()?, length));
            }
        }
        drain(rig);
    }
    None
}

//? RFC4821-7.6.1-a
//? RFC4821-7.2-a
#[test]
fn a_probe_that_arrives_raises_the_limit() {
    let mut rig = narrowed();
    assert_eq!(probe(&mut rig).map(|probe| probe.1), Some(1460));
    assert_eq!(limit(&rig), 536);
    drain(&mut rig);
    assert_eq!(limit(&rig), 1460);
}

/// Segments of more octets than the limit.
fn larger(rig: &Rig, lines: &[String]) -> usize {
    let length = |line: &String| line.split_once('(')?.1.split_once(')')?.0.parse::<u16>().ok();
    lines.iter().filter_map(length).filter(|length| *length > limit(rig)).count()
}

//? RFC4821-7.4-b
#[test]
fn a_probe_that_nothing_would_follow_is_not_sent() {
    let mut rig = narrowed();
    // 1460 octets and three segments of 536 are more.
    for _ in 0..10 {
        let lines = rig.send(2500);
        assert_eq!(larger(&rig, &lines), 0, "{lines:?}");
        assert_eq!(
            {
                let lines = drain(&mut rig);
                larger(&rig, &lines)
            },
            0
        );
    }
}

//? RFC4821-7.1-b
//? RFC4821-7.4-a
#[test]
fn one_segment_at_a_time_is_larger_than_the_limit() {
    let mut rig = narrowed();
    let (start, length) = probe(&mut rig).expect("a probe");
    let mut lines = rig.send(20_000);
    // What was sent before the probe arrives, the probe does not.
    lines.extend(rig.gets(&alloc::format!(". 1:1(0) ack {start}")));
    assert_eq!((larger(&rig, &lines), limit(&rig)), (0, 536), "{lines:?}");
    rig.gets(&alloc::format!(". 1:1(0) ack {}", start + length));
    assert_eq!(limit(&rig), 1460);
}

//? RFC4821-7.6.2-a
//? RFC4821-4-b
//? RFC4821-4-c
//? RFC4821-7.1-a
#[test]
fn a_probe_that_is_lost_alone_costs_no_window_and_lowers_what_is_tried_next() {
    let mut rig = narrowed();
    let (start, length) = probe(&mut rig).expect("a probe");
    let cwnd = rig.tcb.congestion.cwnd_octets();
    // The peer has everything behind the probe.
    let (from, to) = (start + length, rig.sent());
    let lines: Vec<String> = (1..=3)
        .flat_map(|part| {
            let edge = from + (to - from) * part / 3;
            rig.gets(&alloc::format!(". 1:1(0) ack {start} sack {from}:{edge}"))
        })
        .collect();
    assert!(lines.iter().any(|line| line.contains(&alloc::format!("{start}:{}(536)", start + 536))));
    assert!(rig.tcb.congestion.cwnd_octets() >= cwnd);
    drain(&mut rig);
    // Not at once, and then half way.
    assert_eq!(probe(&mut rig), None);
    rig.pass(Span::from_secs(60));
    assert_eq!(probe(&mut rig).map(|probe| probe.1), Some(536 + (1459 - 536) / 2));
}

//? RFC4821-7.6.3-a
#[test]
fn after_a_timeout_the_next_probe_waits_longer() {
    let mut rig = narrowed();
    let (start, _) = probe(&mut rig).expect("a probe");
    rig.gets(&alloc::format!(". 1:1(0) ack {start}"));
    rig.wait();
    drain(&mut rig);
    rig.pass(Span::from_secs(290));
    assert_eq!(probe(&mut rig), None);
    rig.pass(Span::from_secs(10));
    assert_eq!(probe(&mut rig).map(|probe| probe.1), Some(1460));
}

//? RFC4821-7.6.4-a
#[test]
fn a_probe_that_is_lost_with_its_neighbours_changes_no_bound() {
    for before in [true, false] {
        let mut rig = narrowed();
        for _ in 0..20 {
            rig.send(3000);
            drain(&mut rig);
        }
        let una = rig.acknowledged();
        // With `before` the segment before the probe is lost, otherwise the one behind it.
        let (small, behind) = if before { (100, 0) } else { (0, 536) };
        if before {
            rig.send(small);
        }
        assert_eq!(larger(&rig, &rig.clone().send(5000)), 1);
        rig.send(5000);
        let (held, sent) = (una + small + 1460 + behind, rig.sent());
        let mut lines = Vec::new();
        for part in 1..=3 {
            let edge = held + (sent - held) * part / 3;
            lines.extend(rig.gets(&alloc::format!(". 1:1(0) ack {una} sack {held}:{edge}")));
        }
        lines.extend(drain(&mut rig));
        assert!(
            lines.iter().any(|line| line.contains(&alloc::format!(" {una}:{}(536)", una + 536))),
            "{lines:?}"
        );
        assert_eq!(limit(&rig), 536, "what was in the probe arrived in pieces");
        // The same size is tried again, and without a rest.
        assert_eq!(probe(&mut rig).map(|probe| probe.1), Some(1460));
    }
}

//? RFC5927-7.2-b
#[test]
fn what_arrived_in_pieces_is_not_known_to_arrive_whole() {
    let mut rig = probing();
    rig.send(100);
    rig.gets(". 1:1(0) ack 101");
    rig.send(1460);
    rig.gets(". 1:1(0) ack 101 win 0");
    rig.wait();
    rig.gets(". 1:1(0) ack 102 win 700");
    rig.gets(". 1:1(0) ack 802 win 65535");
    drain(&mut rig);
    rig.send(1460);
    assert!(too_big(&mut rig, 1040, 1561).last().is_some_and(|line| line.contains("(1000)")));
}

//? RFC4821-7.3-b
//? RFC4821-7.6.2-b
#[test]
fn what_a_router_says_is_searched_above_only_after_a_rest() {
    let mut rig = probing();
    rig.send(1460);
    too_big(&mut rig, 1040, 1);
    drain(&mut rig);
    assert_eq!((limit(&rig), probe(&mut rig).map_or(0, |probe| probe.1) <= 1000), (1000, true));
    drain(&mut rig);
    rig.pass(REST);
    for _ in 0..40 {
        rig.send(20_000);
        drain(&mut rig);
    }
    assert_eq!(limit(&rig), 1460);
}
