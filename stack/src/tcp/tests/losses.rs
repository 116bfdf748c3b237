//! floor 3: losses on the bench, each step by hand: fast retransmit, recovery without SACK and with it, and
//! what a timeout forgets (RFC 5681 section 3.2, RFC 6582, RFC 6675).

use super::rig::Rig;
use crate::tcp::Settings;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What left, as ranges.
fn sent(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|line| line.strip_prefix("> ")?.split(' ').nth(1)?.split('(').next()).collect()
}

/// Segments of 1000 octets, of which `segments` were written; ten of them are in flight.
fn without_sack(segments: u32) -> Rig {
    let mut rig = Rig::established();
    rig.send(1000 * segments);
    rig
}

fn with_sack(segments: u32) -> Rig {
    let mut rig = Rig::connect_with(&Settings { timestamps: false, ..Settings::default() });
    rig.gets("S. 0:0(0) ack 1 win 65535 mss 1000 sackok");
    rig.send(1000 * segments);
    rig
}

/// The same acknowledgement comes so many times more; what leaves each time.
fn duplicates(rig: &mut Rig, ack: u32, count: usize) -> Vec<String> {
    let segment = format!(". 1:1(0) ack {ack}");
    (0..count).map(|_| sent(&rig.gets(&segment)).join(" ")).collect()
}

//? RFC5681-3.2-c
//? RFC5681-3.2-d
//? RFC5681-3.2-g
//? RFC5681-3.2-h
//? RFC5681-3.2-i
//? RFC5681-3.2-j
#[test]
fn the_third_duplicate_brings_the_lost_segment_and_each_further_one_widens_the_window() {
    let mut rig = without_sack(30);
    // Two new ones by limited transmit; then the lost one, with 5 + 3 segments of window and 12 in flight.
    assert_eq!(duplicates(&mut rig, 1, 3), ["10001:11001", "11001:12001", "1:1001"]);
    assert_eq!(duplicates(&mut rig, 1, 6), ["", "", "", "", "12001:13001", "13001:14001"]);
}

//? RFC6582-3.2-c
//? RFC6582-3.2-d
//? RFC6582-3.2-e
//? RFC6582-3.2-b
#[test]
fn a_partial_acknowledgement_brings_the_next_hole_and_a_full_one_ends_recovery() {
    let mut rig = without_sack(40);
    duplicates(&mut rig, 1, 11);
    // 16 segments of window, 16 in flight. Three less, one more: 14, and 13 are in flight.
    assert_eq!(sent(&rig.gets(". 1:1(0) ack 3001")), ["3001:4001", "16001:17001"]);
    // All that was in flight when the loss was found: back to half of the ten, and 5 are in flight.
    assert_eq!(sent(&rig.gets(". 1:1(0) ack 12001")), [""; 0]);
    assert_eq!(rig.tcb.congestion.cwnd_octets(), 5000);
    // Duplicates of that may come from what was sent twice. Limited transmit goes on.
    assert_eq!(duplicates(&mut rig, 12_001, 4), ["17001:18001", "18001:19001", "", ""]);
    rig.gets(". 1:1(0) ack 13001");
    assert!(duplicates(&mut rig, 13_001, 3).iter().any(|line| line == "13001:14001"));
}

//? RFC5681-2-b
#[test]
fn what_carries_data_or_another_window_is_no_duplicate() {
    let mut rig = without_sack(10);
    for segment in [". 1:2(1) ack 1", ". 2:3(1) ack 1", ". 3:4(1) ack 1", ". 4:5(1) ack 1"] {
        assert_eq!(sent(&rig.gets(segment)), ["10001:10001"], "{segment}");
    }
    for win in [60_000, 50_000, 40_000, 30_000] {
        assert_eq!(sent(&rig.gets(&format!(". 5:5(0) ack 1 win {win}"))), [""; 0], "{win}");
    }
}

//? RFC6675-5-a
//? RFC6675-5-b
//? RFC6675-5-c
//? RFC2018-5-a
//? RFC6675-5-d
#[test]
fn holes_are_filled_as_the_pipe_empties_and_nothing_that_arrived_is_sent_again() {
    let mut rig = with_sack(30);
    // The first segment is lost, and the fourth.
    let mut reports = |blocks: &str| {
        let lines = rig.gets(&format!(". 1:1(0) ack 1 sack {blocks}"));
        sent(&lines).join(" ")
    };
    assert_eq!(reports("1001:2001"), "10001:11001");
    assert_eq!(reports("1001:3001"), "11001:12001");
    // Window 5, pipe 9: all but three reported, and the one that was sent again.
    assert_eq!(reports("4001:5001,1001:3001"), "1:1001");
    assert_eq!(reports("4001:6001,1001:3001"), "");
    // Three segments above it: the fourth is lost, too. Pipe 6, 5, then 4.
    assert_eq!(reports("4001:7001,1001:3001"), "");
    assert_eq!(reports("4001:8001,1001:3001"), "");
    assert_eq!(reports("4001:9001,1001:3001"), "3001:4001");
    assert_eq!(reports("4001:10001,1001:3001"), "12001:13001");
    assert_eq!(sent(&rig.gets(". 1:1(0) ack 12001")).len(), 4);
    assert_eq!(rig.tcb.congestion.cwnd_octets(), 5000);
}

//? RFC6675-5-a
#[test]
fn one_report_of_more_than_two_segments_is_enough() {
    let mut rig = with_sack(10);
    assert_eq!(sent(&rig.gets(". 1:1(0) ack 1 sack 1001:3001")), [""; 0]);
    let mut rig = with_sack(10);
    assert_eq!(sent(&rig.gets(". 1:1(0) ack 1 sack 1001:3002")), ["1:1001"]);
}

//? RFC2018-5-a
#[test]
fn a_hole_is_filled_to_the_octet() {
    let mut rig = with_sack(10);
    assert_eq!(sent(&rig.gets(". 1:1(0) ack 1 sack 501:4001")), ["1:501"]);
}

//? RFC6675-5-c
#[test]
fn the_last_segment_is_sent_again_once_lest_nothing_drives_recovery() {
    let mut rig = with_sack(5);
    assert_eq!(sent(&rig.gets(". 1:1(0) ack 1 sack 1001:4001")), ["1:1001"]);
    assert_eq!(sent(&rig.gets(". 1:1(0) ack 4001")), ["4001:5001"]);
    assert_eq!(sent(&rig.gets(". 1:1(0) ack 4001")), [""; 0]);
}

//? RFC2018-5-b
//? RFC2018-5-c
//? RFC2018-5-e
#[test]
fn a_timeout_forgets_what_was_reported_and_begins_with_one_segment() {
    let mut rig = with_sack(5);
    rig.gets(". 1:1(0) ack 1 sack 1001:5001");
    assert_eq!(rig.wait(), ["1000 > . 1:1001(1000) ack 1 win 65535"]);
    let lines: Vec<String> = rig.gets(". 1:1(0) ack 1001");
    assert_eq!(sent(&lines), ["1001:2001", "2001:3001"]);
}

//? RFC2883-5-a
#[test]
fn reports_of_nonsense_are_told_apart() {
    let mut rig = with_sack(10);
    assert_eq!(rig.gets(". 1:1(0) ack 1 sack 9001:10002"), ["! TcpSackUnsent"]);
    assert_eq!(rig.gets(". 1:1(0) ack 1 sack 5:5"), ["! TcpSackEmpty"]);
    rig.gets(". 1:1(0) ack 2001");
    // What arrived twice is no news, and no loss.
    for _ in 0..4 {
        assert_eq!(rig.gets(". 1:1(0) ack 2001 sack 1:1001"), [""; 0]);
    }
    assert_eq!(rig.gets(". 1:1(0) ack 2001 sack 3001:4001,1:1001"), ["! TcpSackOld"]);
}
