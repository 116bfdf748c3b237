//! floor 3: clauses that no test of a step decides by the way.

use super::rig::{Rig, octets};
use crate::tcp::{Settings, State};

fn large() -> Settings {
    Settings { receive_buffer_octets: 1 << 20, timestamps: false, ..Settings::default() }
}

//? RFC7323-2.2-c
#[test]
fn a_window_scale_after_the_handshake_is_nothing() {
    let mut rig = Rig::connect_with(&large());
    rig.gets("S. 0:0(0) ack 1 win 1000 mss 1000 wscale 7");
    rig.gets(". 1:1(0) ack 1 win 1000 wscale 2");
    assert_eq!(rig.tcb.snd().wnd.octets(), 128_000);
    let mut rig = Rig::connect_with(&large());
    rig.gets("S. 0:0(0) ack 1 win 1000 mss 1000");
    rig.gets(". 1:1(0) ack 1 win 1000 wscale 7");
    assert_eq!((rig.tcb.snd().wnd.octets(), rig.tcb.scale()), (1000, None));
}

//? RFC7323-5.3-b
#[test]
fn text_that_waited_is_not_tested_again() {
    let mut rig = Rig::connect_with(&Settings::default());
    rig.gets("S. 0:0(0) ack 1 mss 1000 ts 7 ecr 0");
    rig.gets(". 11:21(10) ack 1 ts 8 ecr 0");
    // It fills the gap and is much newer.
    let lines = rig.gets(". 1:11(10) ack 1 ts 900 ecr 0");
    assert_eq!(lines, ["> . 1:1(0) ack 21 win 65515 ts 0 ecr 900"]);
    assert_eq!(rig.read(100), Ok(octets(1, 20)));
}

//? RFC9293-MAY-3
//? RFC9293-SHLD-5
//? RFC6691-2-a
//? RFC9293-MUST-67
#[test]
fn every_syn_says_how_large_segments_may_be() {
    for (settings, mss) in [
        (Settings::ipv4(1500), 1460),
        (Settings::ipv4(576), 536),
        (Settings::ipv6(1500), 1440),
        (Settings::ipv6(1280), 1220),
    ] {
        let mut rig = Rig::connect_with(&settings);
        assert!(rig.log()[0].contains(&alloc::format!(" mss {mss}")), "{mss}");
        let mut rig = Rig::accept_with(&settings, "S 0:0(0)");
        assert!(rig.log()[0].contains(&alloc::format!(" mss {mss}")), "{mss}");
    }
}

//? RFC9293-MAY-8
#[test]
fn a_window_stays_closed_for_as_long_as_nobody_reads() {
    let settings = Settings { receive_buffer_octets: 100, ..Settings::default() };
    let mut rig = Rig::established_with(&settings, 65535, 1000);
    rig.gets(". 1:101(100) ack 1");
    for _ in 0..1000 {
        rig.pass(crate::base::Span::from_secs(60));
        assert_eq!(rig.gets(". 101:102(1) ack 1")[1], "> . 1:1(0) ack 101 win 0");
    }
    assert_eq!(rig.tcb.state(), State::Established);
}

//? RFC5681-4.2-d
#[test]
fn one_segment_draws_one_acknowledgement_at_most() {
    let mut rig = Rig::established();
    for segment in [
        ". 1:11(10) ack 1",
        ". 21:31(10) ack 1",
        ". 21:31(10) ack 1",
        ". 11:21(10) ack 1",
        "FP. 31:41(10) ack 1",
        "F. 31:41(10) ack 1",
    ] {
        let sent = rig.gets(segment).iter().filter(|line| line.starts_with('>')).count();
        assert_eq!(sent, 1, "{segment}");
    }
}

//? RFC2018-2-a
#[test]
fn sack_is_permitted_on_a_syn_and_nowhere_else() {
    let mut rig = Rig::connect_with(&Settings::default());
    assert!(rig.log()[0].contains(" sackok"));
    let mut lines = rig.gets("S. 0:0(0) ack 1 mss 1000 sackok");
    lines.extend(rig.send(10));
    lines.extend(rig.gets(". 11:21(10) ack 1"));
    lines.extend(rig.shutdown());
    assert!(lines.len() > 3 && !lines.iter().any(|line| line.contains("sackok")), "{lines:?}");
}

//? RFC9293-SHLD-17
#[test]
fn what_lies_beyond_a_window_that_was_taken_back_ends_no_connection() {
    let mut rig = Rig::established_with(&Settings::default(), 1000, 1000);
    rig.send(1000);
    rig.gets(". 1:1(0) ack 1 win 0");
    for _ in 0..20 {
        rig.wait();
        rig.gets(". 1:1(0) ack 1 win 0");
    }
    assert_eq!(rig.tcb.state(), State::Established);
    assert!(rig.now.as_nanos() > 600_000_000_000);
}

//? RFC5681-3.1-e
//? RFC4821-4-e
#[test]
fn smaller_segments_mean_a_smaller_window() {
    let mut rig = Rig::established();
    rig.send(10_000);
    let before = rig.tcb.congestion.cwnd_octets();
    rig.icmp(false, crate::ip::ErrorKind::PacketTooBig { mtu_octets: 540 }, 1);
    let after = rig.tcb.congestion.cwnd_octets();
    assert!(after > 0 && after <= before / 2, "{before} {after}");
}

//? RFC7323-3.2-c
#[test]
fn an_echo_without_ack_measures_nothing() {
    let mut rig = Rig::connect_with(&Settings::default());
    rig.pass(crate::base::Span::from_millis(900));
    // Read as an echo of the SYN it would be a round trip of 900 ms.
    rig.gets("S 0:0(0) ts 5 ecr 0");
    assert_eq!(rig.tcb.rto().as_millis(), 1000);
}
