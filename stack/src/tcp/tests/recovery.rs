//! floor 3: losses and what repairs them (RFC 5681 section 3.2, RFC 3042, RFC 6582, RFC 6675, RFC 6298
//! section 5). Segments have 1000 octets, and the window begins with ten of them.

use super::rig::Rig;
use crate::base::Span;
use crate::tcp::Settings;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const LIMITLESS: Settings = Settings { user_timeout: None, ..Settings::ipv4(1500) };

fn plain() -> Rig {
    Rig::established_with(&LIMITLESS, 65535, 1000)
}

fn selective() -> Rig {
    let mut rig = Rig::connect_with(&LIMITLESS);
    rig.gets("S. 0:0(0) ack 1 win 65535 mss 1000 sackok");
    rig
}

/// The numbers of the thousands of octets that leave, with the flag of what was sent before in `again`.
fn sent(lines: &[String]) -> Vec<u32> {
    let first = |line: &String| {
        let number = line.split_once("> ")?.1.split_whitespace().nth(1)?.split(':').next()?;
        Some(number.parse::<u32>().ok()? / 1000)
    };
    lines.iter().filter_map(first).collect()
}

/// An acknowledgement of the first `ack` thousands, which reports these ones.
fn ack(rig: &mut Rig, ack: u32, blocks: &[(u32, u32)]) -> Vec<u32> {
    let blocks: Vec<String> =
        blocks.iter().map(|(a, b)| format!("{}:{}", a * 1000 + 1, b * 1000 + 1)).collect();
    let word = if blocks.is_empty() { "" } else { " sack " };
    let lines = rig.gets(&format!(". 1:1(0) ack {}{word}{}", ack * 1000 + 1, blocks.join(",")));
    assert!(lines.iter().all(|line| line.starts_with('>')), "{lines:?}");
    sent(&lines)
}

fn window(rig: &Rig) -> (u32, u32) {
    (rig.tcb.congestion.cwnd_octets(), rig.tcb.congestion.ssthresh_octets())
}

//? RFC3042-2-b
//? RFC3042-2-c
#[test]
//? RFC5681-3.2-c
//? RFC5681-3.2-d
//? RFC5681-3.2-e
//? RFC5681-3.2-g
//? RFC5681-3.2-h
//? RFC5681-3.2-i
//? RFC5681-3.2-j
//? RFC3042-2-a
fn two_duplicates_release_new_segments_and_the_third_brings_the_missing_one() {
    let mut rig = plain();
    assert_eq!(sent(&rig.send(30_000)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(ack(&mut rig, 0, &[]), [10]);
    assert_eq!(ack(&mut rig, 0, &[]), [11]);
    assert_eq!(window(&rig).0, 10_000);
    assert_eq!(ack(&mut rig, 0, &[]), [0]);
    // Half of ten, and three that have left the network.
    assert_eq!(window(&rig), (8000, 5000));
    for _ in 0..4 {
        assert_eq!(ack(&mut rig, 0, &[]), []);
    }
    assert_eq!(ack(&mut rig, 0, &[]), [12]);
    assert_eq!(ack(&mut rig, 0, &[]), [13]);
}

//? RFC5681-4.3-b
#[test]
//? RFC6582-3.2-c
//? RFC6582-3.2-d
//? RFC6582-3.2-e
//? RFC5681-3.2-k
//? RFC5681-4.3-c
fn a_partial_acknowledgement_brings_the_next_missing_one_and_a_full_one_ends_it() {
    let mut rig = plain();
    rig.send(30_000);
    (0..3).for_each(|_| drop(ack(&mut rig, 0, &[])));
    (0..3).for_each(|_| drop(ack(&mut rig, 0, &[])));
    assert_eq!(window(&rig), (11_000, 5000));
    // Eleven less four, and one back.
    assert_eq!(ack(&mut rig, 4, &[]), [4]);
    assert_eq!(window(&rig), (8000, 5000));
    assert_eq!(ack(&mut rig, 4, &[]), [12]);
    // All twelve that were sent before recovery began; the thirteenth is outstanding.
    assert_eq!(ack(&mut rig, 12, &[]), [13]);
    assert_eq!(window(&rig), (2000, 5000));
    assert_eq!(ack(&mut rig, 13, &[]), [14, 15]);
}

#[test]
//? RFC5681-2-b
fn what_is_no_duplicate_is_not_counted() {
    // Text, another window, and a FIN that waits behind a gap.
    let mut rig = plain();
    rig.send(3000);
    for round in 0..5 {
        let text = format!(". {}:{}(1) ack 1", 3 + 2 * round, 4 + 2 * round);
        assert_eq!(sent(&rig.gets(&text)), [3], "an acknowledgement, empty");
        assert!(rig.gets(&format!(". 1:1(0) ack 1 win {}", 65_000 + round)).is_empty());
        assert_eq!(sent(&rig.gets("F. 90:90(0) ack 1 win 65535")), [3]);
    }
    assert_eq!(window(&rig).0, 10_000);
    let mut idle = plain();
    (0..5).for_each(|_| assert!(ack(&mut idle, 0, &[]).is_empty()));
    assert_eq!(window(&idle).0, 10_000);
}

#[test]
fn a_peer_that_invents_duplicates_inflates_the_window_by_no_more_than_the_flight() {
    let mut rig = plain();
    rig.send(60_000);
    (0..200).for_each(|_| drop(ack(&mut rig, 0, &[])));
    assert_eq!(window(&rig), (17_000, 5000));
}

//? RFC6582-3.2-a
#[test]
//? RFC6582-3.2-b
//? RFC6582-6-a
fn duplicates_of_what_was_sent_again_mean_nothing() {
    let mut rig = plain();
    rig.send(5000);
    rig.wait();
    // The whole flight had arrived: what is sent again draws duplicates.
    assert_eq!(ack(&mut rig, 5, &[]), []);
    rig.send(4000);
    for _ in 0..4 {
        assert!(!ack(&mut rig, 5, &[]).contains(&5));
    }
    assert_eq!(ack(&mut rig, 6, &[]), []);
    ack(&mut rig, 6, &[]);
    ack(&mut rig, 6, &[]);
    assert_eq!(ack(&mut rig, 6, &[]), [6]);
}

//? RFC6298-1-a
#[test]
//? RFC6298-5-a
//? RFC6582-3.2-f
fn the_timer_counts_from_the_last_retransmission() {
    let mut rig = plain();
    rig.send(3000);
    rig.pass(Span::from_millis(900));
    (0..3).for_each(|_| drop(ack(&mut rig, 0, &[])));
    assert!(rig.wait()[0].starts_with("1900 > . 1:1001(1000)"));
}

//? RFC5681-4.3-a
#[test]
//? RFC6675-5-a
//? RFC6675-5-b
//? RFC6675-5-c
//? RFC6675-5-d
//? RFC2018-5-a
fn with_sack_only_holes_are_sent_again_and_the_pipe_lets_new_data_out() {
    let mut rig = selective();
    rig.send(40_000);
    // The first and the third of ten are lost.
    assert_eq!(ack(&mut rig, 0, &[(1, 2)]), [10]);
    assert_eq!(ack(&mut rig, 0, &[(3, 4), (1, 2)]), [11]);
    // Both holes, the second one with only two above it that count as one run.
    assert_eq!(ack(&mut rig, 0, &[(3, 5), (1, 2)]), [0]);
    assert_eq!(window(&rig), (5000, 5000));
    // Of twelve 4 are reported and 2 are lost; with the one that was sent again 7 are under way.
    assert_eq!(ack(&mut rig, 0, &[(3, 6), (1, 2)]), []);
    assert_eq!(rig.tcb.in_flight_octets(), 7000);
    assert_eq!(ack(&mut rig, 0, &[(3, 7), (1, 2)]), []);
    assert_eq!(ack(&mut rig, 0, &[(3, 8), (1, 2)]), []);
    assert_eq!(ack(&mut rig, 0, &[(3, 9), (1, 2)]), [2]);
    assert_eq!(ack(&mut rig, 0, &[(3, 10), (1, 2)]), [12]);
    assert_eq!(ack(&mut rig, 2, &[(3, 10)]), [13]);
    assert_eq!(ack(&mut rig, 10, &[]), [14]);
    assert_eq!(ack(&mut rig, 12, &[]), [15, 16]);
    assert_eq!(window(&rig), (5000, 5000));
}

#[test]
//? RFC6675-5-a
fn more_than_two_segments_above_a_hole_are_enough_in_one_report() {
    let mut rig = selective();
    rig.send(10_000);
    assert_eq!(ack(&mut rig, 0, &[(1, 3)]), []);
    let mut rig = selective();
    rig.send(10_000);
    assert_eq!(ack(&mut rig, 0, &[(1, 4)]), [0]);
}

#[test]
//? RFC5681-3.2-f
//? RFC3042-2-d
//? RFC2018-5-d
fn without_news_a_duplicate_counts_for_nothing() {
    let mut rig = selective();
    rig.send(30_000);
    for _ in 0..5 {
        assert_eq!(ack(&mut rig, 0, &[]), []);
    }
    assert_eq!(ack(&mut rig, 0, &[(1, 2)]), [10]);
    for _ in 0..5 {
        assert_eq!(ack(&mut rig, 0, &[(1, 2)]), []);
    }
}

#[test]
//? RFC6675-5-c
fn at_the_end_what_may_be_lost_is_sent_again_and_the_last_segment_once() {
    let mut rig = selective();
    rig.send(10_000);
    // 0 and 8 are lost, and the last one as well.
    assert_eq!(ack(&mut rig, 0, &[(1, 5)]), [0]);
    assert_eq!(ack(&mut rig, 0, &[(1, 7)]), []);
    assert_eq!(ack(&mut rig, 0, &[(1, 8)]), []);
    // Nothing new to send, nothing lost for certain: the ninth comes again since something came after...
    // nothing.
    assert_eq!(ack(&mut rig, 8, &[]), [9]);
    assert_eq!(ack(&mut rig, 8, &[]), []);
    // The timer has the rest.
    assert!(rig.wait()[0].contains("> . 8001:9001(1000)"));
}

#[test]
fn a_hole_with_little_above_it_comes_last() {
    let mut rig = selective();
    rig.send(10_000);
    assert_eq!(ack(&mut rig, 0, &[(1, 6)]), [0]);
    assert_eq!(ack(&mut rig, 0, &[(7, 8), (1, 6)]), [6]);
}

//? RFC6675-3-a
#[test]
//? RFC2018-5-b
//? RFC2018-5-c
//? RFC2018-5-e
//? RFC2018-8-c
//? RFC6675-5.1-a
fn a_timeout_forgets_what_was_reported_and_uses_what_is_reported_then() {
    let mut rig = selective();
    rig.send(10_000);
    assert_eq!(ack(&mut rig, 0, &[(0, 1)]), []);
    assert_eq!(ack(&mut rig, 0, &[(3, 4)]), []);
    assert_eq!(sent(&rig.wait()), [0]);
    assert_eq!(window(&rig), (1000, 5000));
    // No new recovery begins, whatever is reported now.
    assert_eq!(ack(&mut rig, 0, &[(2, 8)]), []);
    assert_eq!(ack(&mut rig, 1, &[(2, 8)]), [1, 8]);
    assert_eq!(ack(&mut rig, 8, &[]), [9]);
    assert_eq!(ack(&mut rig, 10, &[]), []);
    assert_eq!(window(&rig), (3000, 5000));
}

#[test]
//? RFC5681-3.1-k
//? RFC5681-3.1-l
//? RFC6298-5.4-a
//? RFC9293-MUST-19
fn after_a_timeout_slow_start_begins_at_the_first_missing_segment() {
    let mut rig = plain();
    rig.send(30_000);
    assert_eq!(sent(&rig.wait()), [0]);
    assert_eq!(window(&rig), (1000, 5000));
    assert_eq!(sent(&rig.wait()), [0]);
    assert_eq!(window(&rig), (1000, 5000));
    assert_eq!(ack(&mut rig, 1, &[]), [1, 2]);
    assert_eq!(ack(&mut rig, 2, &[]), [3, 4]);
    assert_eq!(ack(&mut rig, 3, &[]), [5, 6]);
    // One more timeout, of another segment: less again.
    assert_eq!(sent(&rig.wait()), [3]);
    assert_eq!(window(&rig), (1000, 2000));
    // Everything had arrived: the rest is new.
    assert_eq!(ack(&mut rig, 10, &[]), [10, 11]);
}

#[test]
//? RFC2883-5-a
fn what_came_twice_is_no_sign_of_loss() {
    let mut rig = selective();
    rig.send(10_000);
    rig.gets(". 1:1(0) ack 4001");
    for _ in 0..5 {
        assert!(rig.gets(". 1:1(0) ack 4001 sack 1:1001").is_empty());
    }
    assert!(rig.gets(". 1:1(0) ack 4001 sack 6001:7001").is_empty());
    for _ in 0..5 {
        assert!(rig.gets(". 1:1(0) ack 4001 sack 6001:7001,6001:7001").is_empty());
        assert!(rig.gets(". 1:1(0) ack 4001 sack 6101:6201,6001:7001").is_empty());
    }
}

#[test]
//? RFC2018-3-a
fn blocks_that_can_not_be_are_told_and_forgotten() {
    let mut rig = selective();
    rig.send(5000);
    rig.gets(". 1:1(0) ack 1001");
    let told = |rig: &mut Rig, blocks: &str| rig.gets(&format!(". 1:1(0) ack 1001 sack {blocks}"));
    assert_eq!(told(&mut rig, "3001:2001"), ["! TcpSackEmpty"]);
    assert_eq!(told(&mut rig, "3001:3001"), ["! TcpSackEmpty"]);
    assert_eq!(told(&mut rig, "3001:5002"), ["! TcpSackUnsent"]);
    assert_eq!(told(&mut rig, "2001:2002,1:1001"), ["! TcpSackOld"]);
    assert_eq!(rig.tcb.sack.highest().map(|end| end.octets_since(rig.tcb.iss())), Some(2002));
}

#[test]
fn a_lost_fin_is_repaired_like_data() {
    let mut rig = selective();
    rig.send(3000);
    rig.shutdown();
    assert_eq!(ack(&mut rig, 0, &[(1, 2)]), []);
    assert_eq!(ack(&mut rig, 0, &[(1, 3)]), []);
    assert_eq!(sent(&rig.wait()), [0]);
    assert_eq!(rig.gets(". 1:1(0) ack 3001"), ["> F. 3001:3001(0) ack 1 win 65535"]);
}

#[test]
fn a_closed_window_stops_recovery_and_an_open_one_goes_on() {
    let mut rig = selective();
    rig.send(30_000);
    assert!(rig.gets(". 1:1(0) ack 1 win 0 sack 1001:5001").is_empty());
    assert!(rig.wait()[0].contains("> . 1:2(1)"));
    let lines = rig.gets(". 1:1(0) ack 1 win 20000 sack 1001:6001");
    assert_eq!(sent(&lines)[0], 0);
}

#[test]
fn a_path_that_becomes_wider_lets_one_of_its_segments_out() {
    let mut rig = Rig::established_with(&LIMITLESS, 65535, 1400);
    rig.send(1400);
    let too_big = crate::ip::ErrorKind::PacketTooBig { mtu_octets: 540 };
    assert_eq!(rig.icmp(false, too_big, 1), ["> . 1:501(500) ack 1 win 65535"]);
    rig.gets(". 1:1(0) ack 1401");
    assert_eq!(window(&rig).0, 1000);
    rig.pass(Span::from_secs(3600));
    assert_eq!(rig.send(1400), ["> P. 1401:2801(1400) ack 1 win 65535"]);
    assert_eq!(window(&rig).0, 1400);
}
