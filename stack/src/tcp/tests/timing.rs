//! floor 3: timers: series of retransmissions and probes, giving up, TIME-WAIT (RFC 6298, RFC 9293 section
//! 3.8).

use super::rig::Rig;
use crate::base::{Refused, Span};
use crate::tcp::{End, Settings, State};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const LIMITLESS: Settings = Settings { user_timeout: None, ..Settings::ipv4(1500) };

/// What happens at the next `count` deadlines.
fn series(rig: &mut Rig, count: usize) -> Vec<String> {
    (0..count).flat_map(|_| rig.wait()).collect()
}

//? RFC9293-MUST-22
//? RFC9293-MUST-23
//? RFC9293-SHLD-9
//? RFC9293-SHLD-10
//? RFC6298-2.1-a
//? RFC6298-5.5-a
//? RFC9293-SHLD-5
//? RFC9293-3.10.1-b
//? RFC9293-3.4-g
#[test]
fn a_syn_is_sent_for_three_minutes_with_doubled_intervals() {
    let mut rig = Rig::connect_with(&Settings::default());
    assert_eq!(rig.log(), ["> S 0:0(0) win 65535 mss 1460 sackok ts 0 ecr 0"]);
    let times: Vec<String> = series(&mut rig, 8);
    let syn = |ms: u32| format!("{ms} > S 0:0(0) win 65535 mss 1460 sackok ts {ms} ecr 0");
    let trouble = || "7000 * DeliveryTrouble".into();
    let expected =
        [syn(1000), syn(3000), trouble(), syn(7000), syn(15000), syn(31000), syn(63000), syn(123_000)];
    assert_eq!(times, expected);
    assert_eq!(rig.now.as_nanos(), 180_000_000_000);
    assert_eq!(rig.tcb.end(), Some(End::Failed(Refused::TimedOut)));
    assert_eq!(rig.tcb.take_error(), Some(Refused::TimedOut));
}

//? RFC9293-MUST-22
//? RFC4987-4-c
#[test]
fn a_syn_ack_is_sent_again_likewise() {
    let mut rig = Rig::accept_with(&Settings::default(), "S 0:0(0)");
    assert_eq!(rig.log(), ["> S. 0:0(0) ack 1 win 65535 mss 1460"]);
    assert_eq!(rig.wait(), ["1000 > S. 0:0(0) ack 1 win 65535 mss 1460"]);
    assert_eq!(rig.wait(), ["3000 > S. 0:0(0) ack 1 win 65535 mss 1460"]);
}

//? RFC6298-5.5-a
//? RFC6298-2.5-a
//? RFC6298-5.6-a
//? RFC6298-5.4-a
//? RFC9293-3.10.8-b
#[test]
fn data_is_sent_again_with_doubled_intervals_up_to_the_bound() {
    let mut rig = Rig::established_with(&LIMITLESS, 65535, 1000);
    rig.send(10);
    let times: Vec<u64> = (0..9)
        .map(|_| {
            assert!(rig.wait().last().unwrap().ends_with("> P. 1:11(10) ack 1 win 65535"));
            rig.now.as_nanos() / 1_000_000_000
        })
        .collect();
    assert_eq!(times, [1, 3, 7, 15, 31, 63, 123, 183, 243]);
}

//? RFC9293-MUST-18
//? RFC6298-2.2-a
//? RFC6298-2.3-a
//? RFC6298-3-a
//? RFC6298-3-b
#[test]
fn a_round_trip_is_measured_and_karn_keeps_the_back_off() {
    let mut rig = Rig::connect_with(&LIMITLESS);
    rig.pass(Span::from_millis(800));
    rig.gets("S. 0:0(0) ack 1 win 65535 mss 1000");
    // SRTT 800 ms, RTTVAR 400 ms.
    assert_eq!(rig.tcb.rto().as_millis(), 2400);
    rig.send(10);
    assert_eq!(rig.wait(), ["3200 > P. 1:11(10) ack 1 win 65535"]);
    rig.pass(Span::from_millis(100));
    // The acknowledgement may be of either one: no sample, and the back-off stays.
    assert!(rig.gets(". 1:1(0) ack 11").is_empty());
    assert_eq!(rig.tcb.rto().as_millis(), 4800);
    rig.send(10);
    rig.pass(Span::from_millis(800));
    rig.gets(". 1:1(0) ack 21");
    // RTTVAR 300 ms.
    assert_eq!(rig.tcb.rto().as_millis(), 2000);
}

//? RFC6298-5.7-a
#[test]
fn after_a_lost_syn_data_begins_with_three_seconds() {
    let mut rig = Rig::connect_with(&LIMITLESS);
    series(&mut rig, 4);
    rig.gets("S. 0:0(0) ack 1 win 65535");
    rig.send(10);
    assert_eq!(rig.wait(), ["18000 > P. 1:11(10) ack 1 win 65535"]);
}

//? RFC6298-5.1-a
//? RFC6928-9-a
#[test]
fn an_acknowledgement_of_a_part_starts_the_timer_again() {
    let mut rig = Rig::established_with(&LIMITLESS, 65535, 10);
    rig.send(30);
    rig.pass(Span::from_millis(600));
    rig.gets(". 1:1(0) ack 11");
    assert_eq!(rig.wait(), ["1600 > . 11:21(10) ack 1 win 65535"]);
    // Everything that was outstanding at the timeout may be lost: each answer brings the next segment.
    assert_eq!(rig.gets(". 1:1(0) ack 21"), ["> P. 21:31(10) ack 1 win 65535"]);
    assert!(rig.gets(". 1:1(0) ack 31").is_empty());
    assert_eq!(rig.tcb.due(), None);
}

//? RFC9293-MUST-20
//? RFC9293-3.10.8-a
#[test]
fn the_user_timeout_ends_a_connection_whose_data_nobody_acknowledges() {
    let settings = Settings { user_timeout: Some(Span::from_secs(10)), ..Settings::default() };
    let mut rig = Rig::established_with(&settings, 65535, 1000);
    rig.pass(Span::from_secs(100));
    rig.send(10);
    series(&mut rig, 4);
    assert_eq!(rig.now.as_nanos(), 110_000_000_000);
    assert_eq!(rig.tcb.end(), Some(End::Failed(Refused::TimedOut)));
    assert_eq!(rig.read(10), Err(Refused::TimedOut));
    assert_eq!(rig.read(10), Ok(Vec::new()));
    assert_eq!(rig.try_send(b"x"), "Err(BrokenPipe)");
}

#[test]
fn progress_postpones_the_user_timeout() {
    let settings = Settings { user_timeout: Some(Span::from_secs(10)), ..Settings::default() };
    let mut rig = Rig::established_with(&settings, 65535, 10);
    rig.send(20);
    series(&mut rig, 3);
    assert_eq!(rig.now.as_nanos(), 7_000_000_000);
    rig.gets(". 1:1(0) ack 11");
    while rig.tcb.due().is_some() {
        rig.wait();
    }
    assert_eq!(rig.now.as_nanos(), 17_000_000_000);
}

//? RFC9293-MUST-36
//? RFC9293-SHLD-29
//? RFC9293-SHLD-30
//? RFC9293-3.8.6-d
#[test]
fn a_closed_window_is_probed_after_one_rto_and_then_ever_more_rarely() {
    let mut rig = Rig::established_with(&LIMITLESS, 0, 1000);
    assert!(rig.send(500).is_empty());
    let times: Vec<u64> = (0..8)
        .map(|_| {
            assert!(rig.wait().last().unwrap().ends_with("> . 1:2(1) ack 1 win 65535"));
            rig.now.as_nanos() / 1_000_000_000
        })
        .collect();
    assert_eq!(times, [1, 3, 7, 15, 31, 63, 123, 183]);
    // The window opens: what probed it comes with the rest.
    assert_eq!(rig.gets(". 1:1(0) ack 1 win 800"), ["> P. 1:501(500) ack 1 win 65535"]);
}

//? RFC9293-MUST-37
//? RFC6429-4-a
#[test]
fn answered_probes_keep_the_connection_and_unanswered_ones_do_not() {
    let settings = Settings { user_timeout: Some(Span::from_secs(100)), ..Settings::default() };
    let mut rig = Rig::established_with(&settings, 0, 1000);
    rig.send(500);
    for _ in 0..20 {
        rig.wait();
        rig.gets(". 1:1(0) ack 1 win 0");
    }
    assert_eq!(rig.tcb.state(), State::Established);
    assert!(rig.now.as_nanos() > 600_000_000_000);
    while rig.tcb.due().is_some() {
        rig.wait();
    }
    assert_eq!(rig.tcb.end(), Some(End::Failed(Refused::TimedOut)));
}

//? RFC9293-MUST-34
//? RFC9293-MUST-35
//? RFC9293-3.8.6-d
//? RFC6429-4-b
#[test]
fn an_orphan_before_a_closed_window_is_given_up_and_the_peer_is_told() {
    for user_timeout in [Some(Span::from_secs(100)), None] {
        let settings = Settings { user_timeout, ..Settings::default() };
        let mut rig = Rig::established_with(&settings, 0, 1000);
        rig.send(500);
        rig.close();
        let mut lines = Vec::new();
        while rig.tcb.state() != State::Closed {
            lines = rig.wait();
            rig.gets(". 1:1(0) ack 1 win 0");
        }
        let bound_s = if user_timeout.is_some() { 100 } else { 300 };
        assert_eq!(lines, [format!("{bound_s}000 > R 1:1(0) win 0")]);
        assert_eq!(rig.tcb.end(), Some(End::Failed(Refused::TimedOut)));
    }
}

//? RFC9293-3.10.5-a
#[test]
fn an_orphan_that_nobody_acknowledges_is_aborted() {
    let mut rig = Rig::established_with(&Settings::default(), 1000, 1000);
    rig.send(500);
    rig.close();
    let mut lines = Vec::new();
    while rig.tcb.state() != State::Closed {
        lines = rig.wait();
    }
    assert_eq!(lines, ["300000 > R 502:502(0) win 0"]);
}

#[test]
fn an_orphan_that_makes_progress_goes_on() {
    let mut rig = Rig::established_with(&Settings::default(), 0, 1000);
    rig.send(500);
    rig.close();
    for octet in 2..20 {
        for _ in 0..6 {
            rig.wait();
        }
        // The octet of a probe is taken.
        rig.gets(&format!(". 1:1(0) ack {octet} win 0"));
    }
    assert_eq!(rig.tcb.state(), State::FinWait1);
    assert!(rig.now.as_nanos() > 400_000_000_000);
}

//? RFC9293-MUST-21
#[test]
fn whoever_sets_no_user_timeout_decides_for_itself() {
    let mut rig = Rig::established_with(&LIMITLESS, 65535, 1000);
    rig.send(10);
    series(&mut rig, 100);
    assert_eq!(rig.tcb.state(), State::Established);
    // What is set now counts from when the peer fell silent.
    let silence = rig.now.since(crate::base::Instant::ZERO);
    rig.tcb.set_user_timeout(Some(silence + Span::from_secs(1)));
    assert!(rig.wait().is_empty());
    assert_eq!(rig.tcb.end(), Some(End::Failed(Refused::TimedOut)));
}

//? RFC9293-MUST-34
//? RFC9293-MUST-35
//? RFC9293-3.8.6-d
//? RFC7323-2.4-a
#[test]
fn a_window_shrunk_to_nothing_is_probed_with_old_data() {
    let mut rig = Rig::established_with(&LIMITLESS, 1000, 1000);
    rig.send(1500);
    assert!(rig.gets(". 1:1(0) ack 101 win 0").is_empty());
    assert_eq!(rig.wait(), ["1000 > . 101:102(1) ack 1 win 65535"]);
    assert_eq!(rig.wait(), ["3000 > . 101:102(1) ack 1 win 65535"]);
    assert_eq!(rig.gets(". 1:1(0) ack 101 win 2000"), ["> . 101:1101(1000) ack 1 win 65535"]);
    // The rest is not a full segment and waits for the answer.
    assert_eq!(rig.gets(". 1:1(0) ack 1101 win 2000"), ["> P. 1101:1501(400) ack 1 win 65535"]);
}

//? RFC9293-MUST-34
//? RFC9293-SHLD-15
//? RFC9293-SHLD-16
//? RFC7323-2.4-f
#[test]
fn a_shrunk_window_brings_no_new_data_and_limits_what_is_sent_again() {
    let mut rig = Rig::established_with(&LIMITLESS, 1000, 500);
    assert_eq!(rig.send(2000).len(), 2);
    assert!(rig.gets(". 1:1(0) ack 1 win 300").is_empty());
    assert_eq!(rig.wait(), ["1000 > . 1:301(300) ack 1 win 65535"]);
    assert!(rig.gets(". 1:1(0) ack 301 win 0").is_empty());
}

#[test]
fn the_fin_probes_a_closed_window_when_nothing_else_is_left() {
    let mut rig = Rig::established_with(&LIMITLESS, 0, 1000);
    assert!(rig.shutdown().is_empty());
    assert_eq!(rig.wait(), ["1000 > F. 1:1(0) ack 1 win 65535"]);
    assert_eq!(rig.wait(), ["3000 > F. 1:1(0) ack 1 win 65535"]);
    rig.gets(". 1:1(0) ack 2 win 0");
    assert_eq!(rig.tcb.state(), State::FinWait2);
}

//? RFC9293-MUST-38
//? RFC9293-3.8.6-e
#[test]
fn the_override_timeout_sends_what_silly_window_avoidance_holds_back() {
    let mut rig = Rig::established_with(&LIMITLESS, 1000, 1000);
    rig.send(1000);
    rig.gets(". 1:1(0) ack 1001 win 100");
    // 100 octets are neither a segment, nor everything, nor half of the largest window.
    assert!(rig.send(300).is_empty());
    assert_eq!(rig.wait(), ["500 > . 1001:1101(100) ack 1 win 65535"]);
}

//? RFC9293-MUST-13
//? RFC9293-3.10.7.4-x
//? RFC9293-3.10.8-c
#[test]
fn time_wait_lasts_two_segment_lifetimes_and_a_fin_sent_again_starts_them_again() {
    let mut rig = Rig::in_state(State::TimeWait);
    rig.pass(Span::from_secs(50));
    assert_eq!(rig.gets("F. 1:1(0) ack 2"), ["! TcpSequence", "> . 2:2(0) ack 2 win 65534"]);
    // What is no FIN does not prolong it, and an acknowledgement is not answered with one.
    rig.pass(Span::from_secs(30));
    assert!(rig.gets(". 2:2(0) ack 2").is_empty());
    assert_eq!(rig.gets("F. -7:-7(0) ack 2").len(), 2);
    rig.wait();
    assert_eq!(rig.now.as_nanos(), 110_000_000_000);
    assert_eq!(rig.tcb.end(), Some(End::Finished));
}

//? RFC9293-3.6-b
//? RFC9293-3.4-g
#[test]
fn a_fin_is_sent_again_in_every_state_that_waits_for_its_acknowledgement() {
    for state in [State::FinWait1, State::Closing, State::LastAck] {
        let mut rig = Rig::in_state(state);
        let ack = rig.numbers().0;
        let window = 65536 - ack;
        assert_eq!(rig.wait(), [format!("1000 > F. 1:1(0) ack {ack} win {window}")], "{state}");
    }
}
