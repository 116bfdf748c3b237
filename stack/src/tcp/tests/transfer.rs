//! floor 3: opening, data, windows, urgent data and closing, without loss (RFC 9293 sections 3.5 to 3.8).

use super::rig::{Rig, octets};
use crate::base::{Refused, Seq};
use crate::tcp::{End, Settings, State};
use alloc::vec::Vec;

/// Whatever is written leaves at once.
const EAGER: Settings = Settings { nagle: false, ..Settings::ipv4(1500) };

fn buffers(receive: u32, send: u32) -> Settings {
    Settings { receive_buffer_octets: receive, send_buffer_octets: send, ..Settings::default() }
}

//? RFC9293-3.4-a
#[test]
fn the_numbers_may_come_round_to_the_initial_one() {
    // As if this many octets had been sent and acknowledged.
    for sent in [1 << 31, u32::MAX] {
        let mut rig = Rig::established();
        rig.tcb.iss = rig.tcb.snd.una.back(sent.wrapping_add(1));
        assert!(rig.send(10)[0].starts_with("> P. 1:11(10)"), "{sent}");
        // What is sent again is the data and no SYN.
        assert!(rig.wait()[0].contains("> P. 1:11(10)"), "{sent}");
        assert!(rig.gets(". 1:1(0) ack 11").is_empty());
        assert_eq!(rig.tcb.due(), None);
    }
}

#[test]
fn a_syn_that_is_sent_again_after_close_takes_no_window_back() {
    let settings = Settings { receive_buffer_octets: 1 << 20, ..Settings::default() };
    let mut rig = Rig::connect_with(&settings);
    rig.gets("S 0:0(0) wscale 7");
    rig.shutdown();
    assert_eq!(rig.tcb.state(), State::FinWait1);
    assert!(rig.wait()[0].contains("> S. 0:0(0) ack 1 win 65535"));
    rig.gets(". 1:1(0) ack 2 win 100");
    assert_eq!(rig.tcb.state(), State::FinWait2);
    rig.gets(". 1:1001(1000) ack 2");
    assert!(rig.tcb.rcv().wnd.octets() > 65_535);
}

//? RFC9293-MUST-8
//? RFC9293-SHLD-1
//? RFC6528-3-a
#[test]
fn the_initial_number_follows_the_clock() {
    let settings = Settings::default();
    let mut choices = crate::base::choose::Lowest;
    struct Nowhere;
    impl crate::tcp::Emit for Nowhere {
        fn segment(&mut self, _: &crate::wire::tcp::Segment<'_>, _: crate::base::Ecn) {}
        fn discard(&mut self, _: crate::base::Why) {}
    }
    let mut at = |millis: u64| {
        let cx = &mut crate::tcp::Cx { choices: &mut choices, out: &mut Nowhere };
        let now = crate::base::Instant::from_nanos(millis * 1_000_000);
        crate::tcp::Tcb::connect(&settings.into(), crate::tcp::Offsets::from_hash(7), now, cx).iss()
    };
    assert_eq!(at(0), Seq::new(7));
    assert_eq!(at(4), Seq::new(1007));
}

//? RFC9293-MUST-10
//? RFC9293-3.10.7.3-e
#[test]
fn crossing_syns_end_in_one_connection() {
    let mut rig = Rig::connect_with(&Settings::default());
    assert_eq!(rig.gets("S 0:0(0) win 4000 mss 900"), ["> S. 0:0(0) ack 1 win 65535 mss 1460"]);
    assert_eq!(rig.tcb.state(), State::SynReceived);
    assert_eq!(rig.tcb.snd().wl2, rig.tcb.iss());
    // The peer's SYN,ACK lies before the window; what it draws is what opens the peer's side.
    assert_eq!(rig.gets("S. 0:0(0) ack 1"), ["! TcpSequence", "> . 1:1(0) ack 1 win 65535"]);
    assert!(rig.gets(". 1:1(0) ack 1").is_empty());
    assert_eq!(rig.tcb.state(), State::Established);
}

//? RFC9293-3.5-b
//? RFC9293-3.10.7.2-d
//? RFC9293-3.10.3-b
#[test]
fn text_and_fin_on_a_syn_wait_for_the_handshake() {
    let mut rig = Rig::accept_with(&Settings::default(), "SF 0:5(5)");
    assert_eq!(rig.log(), ["> S. 0:0(0) ack 1 win 65535 mss 1460"]);
    assert_eq!(rig.read(100), Err(Refused::WouldBlock));
    // The octets after the SYN are numbered from 1 on; the line counts from the SYN.
    assert_eq!(rig.gets(". 7:7(0) ack 1"), ["> . 1:1(0) ack 7 win 65529"]);
    assert_eq!(rig.tcb.state(), State::CloseWait);
    assert_eq!(rig.read(100), Ok(octets(0, 5)));
    assert_eq!(rig.read(100), Ok(Vec::new()));
}

//? RFC9293-3.10.7.3-f
#[test]
fn text_on_a_syn_ack_is_delivered_at_once() {
    let mut rig = Rig::connect_with(&Settings::default());
    assert_eq!(rig.gets("S. 0:5(5) ack 1"), ["> . 1:1(0) ack 6 win 65530"]);
    assert_eq!(rig.read(100), Ok(octets(0, 5)));
}

//? RFC9293-3.10.2-c
#[test]
fn what_was_written_before_the_handshake_leaves_after_it() {
    let mut rig = Rig::connect_with(&Settings::default());
    assert!(rig.send(10).is_empty());
    assert_eq!(rig.gets("S. 0:0(0) ack 1"), ["> P. 1:11(10) ack 1 win 65535"]);
}

//? RFC9293-3.10.4-b
#[test]
fn a_close_before_the_handshake_waits_for_what_was_written() {
    let mut rig = Rig::accept_with(&Settings::default(), "S 0:0(0)");
    rig.send(10);
    assert!(rig.shutdown().is_empty());
    assert_eq!(rig.tcb.state(), State::SynReceived);
    assert_eq!(rig.gets(". 1:1(0) ack 1"), ["> FP. 1:11(10) ack 1 win 65535"]);
    assert_eq!(rig.tcb.state(), State::FinWait1);
}

//? RFC9293-MUST-14
//? RFC9293-MUST-15
//? RFC9293-MUST-16
//? RFC9293-SHLD-28
//? RFC9293-MUST-61
#[test]
fn segments_are_as_large_as_both_ends_and_the_path_allow() {
    let mut silent = Rig::established_with(&EAGER, 65535, 1000);
    assert_eq!(silent.send(2500).len(), 3);
    // Without an MSS option the default holds.
    let mut rig = Rig::connect_with(&EAGER);
    rig.gets("S. 0:0(0) ack 1");
    assert_eq!(rig.send(600), ["> . 1:537(536) ack 1 win 65535", "> P. 537:601(64) ack 1 win 65535"]);
    // Our own link may be smaller than what the peer takes.
    let mut rig = Rig::established_with(&Settings { nagle: false, ..Settings::ipv4(140) }, 65535, 1460);
    assert_eq!(rig.send(150), ["> . 1:101(100) ack 1 win 65535", "> P. 101:151(50) ack 1 win 65535"]);
    // A size of nothing counts as not said.
    let mut rig = Rig::established_with(&EAGER, 65535, 0);
    assert_eq!(rig.send(600).len(), 2);
    let mut rig = Rig::established_with(&Settings { nagle: false, ..Settings::ipv6(1500) }, 65535, 0);
    assert_eq!(rig.send(1300).len(), 2);
}

//? RFC9293-MUST-1
#[test]
fn windows_above_half_of_the_field_are_large_and_not_negative() {
    let mut rig = Rig::established_with(&buffers(1000, 100_000), 0xffff, 1460);
    rig.tcb.congestion.set_cwnd(1 << 20, 1460);
    rig.send(70_000);
    assert_eq!(rig.tcb.snd().nxt.octets_since(rig.tcb.snd().una), 0xffff / 1460 * 1460);
}

#[test]
fn the_send_buffer_takes_what_it_has_room_for() {
    let mut rig = Rig::established_with(&buffers(1000, 100), 0, 1000);
    assert_eq!(rig.try_send(&[0; 70]), "Ok(70)");
    assert_eq!(rig.try_send(&[0; 70]), "Ok(30)");
    assert_eq!(rig.try_send(&[0; 70]), "Err(WouldBlock)");
    assert!(!rig.tcb.readiness().writable);
}

#[test]
fn octets_leave_unchanged_when_the_ring_wraps() {
    let mut rig = Rig::established_with(&buffers(1000, 64), 65535, 1000);
    let mut next = 1;
    for round in 0..50_u32 {
        let len = 1 + round % 60;
        rig.send(len);
        assert_eq!(rig.data(), octets(0, len));
        next += len;
        rig.gets(&alloc::format!(". 1:1(0) ack {next}"));
    }
}

//? RFC9293-MUST-39
//? RFC9293-SHLD-14
#[test]
fn the_right_edge_stays_until_a_large_step_is_possible() {
    let mut rig = Rig::established_with(&buffers(1000, 1000), 65535, 100);
    assert_eq!(rig.gets(". 1:101(100) ack 1"), ["> . 1:1(0) ack 101 win 900"]);
    assert_eq!(rig.read(60).unwrap().len(), 60);
    assert!(rig.log().is_empty());
    assert_eq!(rig.gets(". 101:201(100) ack 1"), ["> . 1:1(0) ack 201 win 800"]);
    // With 100 octets more to offer the edge moves, and the peer is told at once.
    assert_eq!(rig.read(40).unwrap().len(), 40);
    assert_eq!(rig.log(), ["> . 1:1(0) ack 201 win 900"]);
}

//? RFC9293-SHLD-31
//? RFC9293-3.10.7.4-aa
//? RFC9293-3.10.7.4-af
//? RFC9293-3.4-c
//? RFC9293-MUST-59
#[test]
fn text_out_of_order_is_kept_and_delivered_in_order() {
    let mut rig = Rig::established();
    assert_eq!(rig.gets(". 11:21(10) ack 1"), ["> . 1:1(0) ack 1 win 65535"]);
    assert_eq!(rig.gets("F. 31:41(10) ack 1"), ["> . 1:1(0) ack 1 win 65535"]);
    assert_eq!(rig.read(100), Err(Refused::WouldBlock));
    assert_eq!(rig.gets(". 1:11(10) ack 1"), ["> . 1:1(0) ack 21 win 65515"]);
    assert_eq!(rig.gets(". 15:35(20) ack 1"), ["> . 1:1(0) ack 42 win 65494"]);
    assert_eq!(rig.tcb.state(), State::CloseWait);
    assert_eq!(rig.read(100), Ok(octets(1, 40)));
    assert!(rig.tcb.readiness().read_closed);
}

#[test]
fn the_gaps_that_are_remembered_are_bounded() {
    let mut rig = Rig::established();
    let lines: Vec<_> = (1..=134)
        .flat_map(|number| rig.gets(&alloc::format!(". {}:{}(1) ack 1", 10 * number, 10 * number + 1)))
        .filter(|line| line.starts_with('!'))
        .collect();
    assert_eq!(lines, ["! TcpTooManyGaps"; 6]);
    // What closes a gap is taken all the same.
    assert_eq!(rig.gets(". 1:10(9) ack 1"), ["> . 1:1(0) ack 11 win 65525"]);
}

//? RFC9293-MUST-30
//? RFC9293-MUST-62
//? RFC9293-3.10.2-e
#[test]
fn urgent_data_is_announced_until_it_is_acknowledged() {
    let mut rig = Rig::established_with(&EAGER, 65535, 1000);
    assert_eq!(
        rig.send_urgent(1500),
        ["> .U 1:1001(1000) ack 1 win 65535 urg 1500", "> P.U 1001:1501(500) ack 1 win 65535 urg 500"]
    );
    assert_eq!(rig.send(10), ["> P. 1501:1511(10) ack 1 win 65535"]);
    rig.gets(". 1:1(0) ack 1001");
    assert_eq!(rig.wait(), ["1000 > P.U 1001:1511(510) ack 1 win 65535 urg 500"]);
}

//? RFC9293-3.10.2-e
#[test]
fn the_peer_hears_of_urgent_data_although_its_window_is_closed() {
    let mut rig = Rig::established_with(&Settings::default(), 0, 1000);
    assert_eq!(rig.send_urgent(10), ["> .U 1:1(0) ack 1 win 65535 urg 10"]);
}

//? RFC9293-MUST-31
//? RFC7323-A-b
#[test]
fn urgent_data_of_any_length_is_announced() {
    let mut rig = Rig::established_with(&buffers(1000, 200_000), 1000, 1000);
    assert_eq!(rig.send_urgent(100_000), ["> .U 1:1001(1000) ack 1 win 1000 urg 65535"]);
}

//? RFC9293-3.6-e
//? RFC9293-3.6-c
//? RFC9293-3.10.2-f
//? RFC9293-3.10.2-d
//? RFC9293-3.10.4-e
//? RFC9293-3.10.7.4-ad
#[test]
fn one_direction_closes_and_the_other_goes_on() {
    let mut rig = Rig::established();
    assert_eq!(rig.shutdown(), ["> F. 1:1(0) ack 1 win 65535"]);
    assert_eq!(rig.try_send(b"x"), "Err(BrokenPipe)");
    rig.gets(". 1:1(0) ack 2");
    assert_eq!(rig.gets("P. 1:6(5) ack 2"), ["> . 2:2(0) ack 6 win 65530"]);
    assert_eq!(rig.read(9), Ok(octets(1, 5)));
    assert_eq!(rig.gets("F. 6:6(0) ack 2"), ["> . 2:2(0) ack 7 win 65529"]);
    assert_eq!(rig.tcb.state(), State::TimeWait);

    let mut rig = Rig::in_state(State::CloseWait);
    assert_eq!(rig.send(5), ["> P. 1:6(5) ack 2 win 65534"]);
    assert_eq!(rig.shutdown(), ["> F. 6:6(0) ack 2 win 65534"]);
    assert_eq!(rig.tcb.state(), State::LastAck);
}

//? RFC9293-3.6-a
//? RFC9293-3.10.4-c
//? RFC9293-3.10.4-d
#[test]
fn a_close_sends_everything_and_then_one_fin() {
    let mut rig = Rig::established_with(&Settings::default(), 10, 1000);
    rig.send(20);
    assert!(rig.shutdown().is_empty());
    assert_eq!(rig.tcb.state(), State::FinWait1);
    assert_eq!(rig.gets(". 1:1(0) ack 11 win 100"), ["> FP. 11:21(10) ack 1 win 65535"]);
    assert!(rig.shutdown().is_empty());
    rig.gets(". 1:1(0) ack 22");
    assert_eq!(rig.tcb.state(), State::FinWait2);
}

//? RFC9293-3.10.4-e
//? RFC9293-3.10.7.4-w
#[test]
fn close_wait_lasts_until_the_fin_leaves() {
    let mut rig = Rig::established_with(&Settings::default(), 10, 1000);
    rig.send(20);
    rig.gets("F. 1:1(0) ack 1 win 10");
    rig.shutdown();
    assert_eq!(rig.tcb.state(), State::CloseWait);
    assert_eq!(rig.try_send(b"x"), "Err(BrokenPipe)");
    assert_eq!(rig.gets(". 2:2(0) ack 11 win 100"), ["> FP. 11:21(10) ack 2 win 65534"]);
    assert_eq!(rig.tcb.state(), State::LastAck);
    rig.gets(". 2:2(0) ack 22");
    assert_eq!(rig.tcb.end(), Some(End::Finished));
}

//? RFC9293-3.6-d
//? RFC9293-3.10.7.4-v
#[test]
fn both_close_at_once() {
    let mut rig = Rig::established();
    rig.shutdown();
    assert_eq!(rig.gets("F. 1:1(0) ack 1"), ["> . 2:2(0) ack 2 win 65534"]);
    assert_eq!(rig.tcb.state(), State::Closing);
    assert!(rig.gets(". 2:2(0) ack 2").is_empty());
    assert_eq!(rig.tcb.state(), State::TimeWait);
}

//? RFC9293-MAY-1
//? RFC9293-SHLD-3
#[test]
fn closing_over_unread_data_resets() {
    let mut rig = Rig::established();
    rig.gets(". 1:6(5) ack 1");
    assert_eq!(rig.close(), ["> R 1:1(0) win 0"]);
    assert_eq!(rig.tcb.end(), Some(End::Aborted));
}

//? RFC9293-SHLD-3
#[test]
fn data_after_a_full_close_draws_a_reset() {
    let mut rig = Rig::established();
    assert_eq!(rig.close(), ["> F. 1:1(0) ack 1 win 65535"]);
    rig.gets(". 1:1(0) ack 2");
    assert_eq!(rig.gets("P. 1:6(5) ack 2"), ["! TcpReaderGone", "> R 2:2(0) win 0"]);
    assert_eq!(rig.tcb.end(), Some(End::Aborted));
}

//? RFC9293-SHLD-3
#[test]
fn text_held_with_the_syn_is_lost_too_if_nobody_will_read_it() {
    let mut rig = Rig::accept_with(&Settings::default(), "S 0:5(5)");
    assert_eq!(rig.close(), ["> F. 1:1(0) ack 1 win 65535"]);
    assert_eq!(rig.gets(". 6:6(0) ack 1"), ["! TcpReaderGone", "> R 2:2(0) win 0"]);
}

#[test]
fn a_million_idle_connections_fit_into_a_gibibyte() {
    let octets = size_of::<crate::tcp::Tcb>();
    assert!(octets <= 720, "{octets}, of which settings {}", size_of::<Settings>());
}

//? RFC9293-3.10.3-e
#[test]
fn data_that_came_before_an_orderly_end_can_still_be_read() {
    let mut rig = Rig::in_state(State::FinWait2);
    rig.gets("F. 1:6(5) ack 2");
    rig.wait();
    assert_eq!(rig.tcb.state(), State::Closed);
    assert_eq!(rig.read(100), Ok(octets(1, 5)));
    assert_eq!(rig.read(100), Ok(Vec::new()));
}
