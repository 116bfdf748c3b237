//! floor 3: timestamps on the bench (RFC 7323).

use super::{OUTDATED_S, Stamps, before};
use crate::base::{Instant, Seq, Span};
use crate::tcp::tests::rig::Rig;
use crate::tcp::{End, Settings, State};
use crate::wire::tcp_option::Timestamps;
use alloc::format;
use alloc::vec::Vec;
use quickcheck::quickcheck;

fn without() -> Settings {
    Settings { timestamps: false, ..Settings::default() }
}

/// Established by an active open, both ends with timestamps, acknowledgements delayed for so long; the peer's
/// clock says `value`.
fn stamped_at(ack_delay_ms: u64, value: u32) -> Rig {
    let mut rig = Rig::connect_delaying(ack_delay_ms);
    let lines = rig.gets(&format!("S. 0:0(0) ack 1 mss 1000 ts {value} ecr 0"));
    assert_eq!(lines, [format!("> . 1:1(0) ack 1 win 65535 ts 0 ecr {value}")]);
    rig
}

fn stamped() -> Rig {
    stamped_at(0, 7)
}

//? RFC7323-3.2-d
//? RFC7323-3.2-e
//? RFC7323-3.2-b
//? RFC7323-3.2-k
//? RFC7323-3.2-a
#[test]
fn both_syns_decide_and_then_every_segment_has_them() {
    let mut rig = stamped();
    rig.pass(Span::from_millis(20));
    assert_eq!(rig.send(5), ["> P. 1:6(5) ack 1 win 65535 ts 20 ecr 7"]);
    assert_eq!(rig.gets(". 1:3(2) ack 6 ts 9 ecr 20"), ["> . 6:6(0) ack 3 win 65533 ts 20 ecr 9"]);
    assert_eq!(rig.shutdown(), ["> F. 6:6(0) ack 3 win 65533 ts 20 ecr 9"]);
    let mut rig = Rig::accept_with(&Settings::default(), "S 0:0(0) ts 3 ecr 77");
    assert_eq!(rig.log(), ["> S. 0:0(0) ack 1 win 65535 mss 1460 ts 0 ecr 3"]);
    assert_eq!(rig.wait(), ["1000 > S. 0:0(0) ack 1 win 65535 mss 1460 ts 1000 ecr 3"]);
}

//? RFC7323-3.2-d
//? RFC7323-3.2-i
#[test]
fn either_end_can_decline() {
    let mut rig = Rig::connect_with(&Settings::default());
    assert_eq!(rig.gets("S. 0:0(0) ack 1 mss 1000"), ["> . 1:1(0) ack 1 win 65535"]);
    let mut rig = Rig::connect_with(&without());
    assert_eq!(rig.log(), ["> S 0:0(0) win 65535 mss 1460 sackok"]);
    assert_eq!(rig.gets("S. 0:0(0) ack 1 ts 7 ecr 0"), ["> . 1:1(0) ack 1 win 65535"]);
    let mut rig = Rig::accept_with(&without(), "S 0:0(0) ts 7 ecr 0");
    assert_eq!(rig.log(), ["> S. 0:0(0) ack 1 win 65535 mss 1460"]);
    let mut rig = Rig::accept_with(&Settings::default(), "S 0:0(0)");
    assert_eq!(rig.log(), ["> S. 0:0(0) ack 1 win 65535 mss 1460"]);
    // What was not agreed upon is ignored, however old it looks.
    assert!(rig.gets(". 1:1(0) ack 1 ts 100 ecr 0").is_empty());
    assert_eq!(rig.gets(". 1:3(2) ack 1 ts 50 ecr 0"), ["> . 1:1(0) ack 3 win 65533"]);
}

#[test]
fn crossing_syns_agree_as_well() {
    let mut rig = Rig::connect_with(&Settings::default());
    assert_eq!(rig.gets("S 0:0(0) ts 5 ecr 9"), ["> S. 0:0(0) ack 1 win 65535 mss 1460 ts 0 ecr 5"]);
    rig.gets(". 1:1(0) ack 1 ts 6 ecr 0");
    assert_eq!(rig.tcb.state(), State::Established);
}

//? RFC7323-4.1-a
//? RFC7323-5.4-d
//? RFC7323-5.4-a
//? RFC7323-5.4-b
//? RFC7323-5.4-c
#[test]
fn the_clock_goes_round() {
    let mut rig = stamped();
    // The own clock of the bench wraps after a second and a half.
    for ms in [1499, 1, 1, 1000] {
        rig.pass(Span::from_millis(ms));
        let at = rig.now.since(Instant::ZERO).as_millis();
        let line = format!("> . 1:1(0) ack 1 win 65535 ts {at} ecr 7");
        assert_eq!(rig.gets(". 0:1(1) ack 1 ts 7 ecr 0")[1], line);
    }
}

//? RFC7323-5.3-a
#[test]
fn an_old_duplicate_is_acknowledged_and_dropped_wherever_it_lies() {
    for segment in [". 1:6(5) ack 1 ts 6 ecr 0", ". 90000:90005(5) ack 1 ts 6 ecr 0", "S 1:1(0) ts 6 ecr 0"] {
        let mut rig = stamped();
        assert_eq!(rig.gets(segment), ["! TcpPaws", "> . 1:1(0) ack 1 win 65535 ts 0 ecr 7"], "{segment}");
        assert_eq!(rig.tcb.unread_octets(), 0);
    }
    // The same values are no older.
    assert_eq!(stamped().gets(". 1:6(5) ack 1 ts 7 ecr 0").len(), 1);
    // The answers to those without text are counted.
    let mut rig = stamped();
    let answered = (0..20).filter(|_| rig.gets(". 1:1(0) ack 1 ts 6 ecr 0").len() == 2).count();
    assert_eq!(answered, 10);
}

//? RFC7323-5.2-d
#[test]
fn a_reset_is_not_tested_and_says_nothing() {
    let mut rig = stamped();
    assert_eq!(rig.gets("R 2:2(0) ts 500 ecr 0")[0], "! TcpResetInexact");
    assert_eq!(rig.gets(". 1:1(0) ack 1 ts 8 ecr 0"), [""; 0]);
    assert!(rig.gets("R 1:1(0) ts 1 ecr 0").is_empty());
    assert_eq!(rig.tcb.state(), State::Closed);
    let mut rig = stamped();
    assert!(rig.gets("R 1:1(0)").is_empty());
    assert_eq!(rig.tcb.state(), State::Closed);
}

//? RFC7323-3.2-g
//? RFC7323-3.2-h
#[test]
fn a_segment_without_them_is_dropped_without_a_word() {
    let mut rig = stamped();
    assert_eq!(rig.gets(". 1:6(5) ack 1"), ["! TcpTimestampMissing"]);
    assert_eq!(rig.gets("F. 1:1(0) ack 1"), ["! TcpTimestampMissing"]);
    assert_eq!((rig.tcb.state(), rig.numbers()), (State::Established, (1, 1)));
    // A SYN is challenged: its sender may have restarted.
    assert_eq!(rig.gets("S 1:1(0)"), ["! TcpSynInWindow", "> . 1:1(0) ack 1 win 65535 ts 0 ecr 7"]);
}

/// The figures of RFC 7323 section 4.3, each segment with 10 octets.
//? RFC7323-4.3-a
#[test]
fn what_is_echoed_while_acknowledgements_wait() {
    let mut rig = stamped_at(400, 0);
    assert!(rig.gets(". 1:11(10) ack 1 ts 1 ecr 0").is_empty());
    let lines = rig.gets(". 11:21(10) ack 1 ts 2 ecr 0");
    assert_eq!(lines, ["> . 1:1(0) ack 21 win 65515 ts 0 ecr 1"]);
}

//? RFC7323-4.3-b
//? RFC7323-4.3-c
//? RFC7323-4.3-d
#[test]
fn what_is_echoed_while_there_are_holes() {
    let mut rig = stamped_at(0, 0);
    let mut echoes = Vec::new();
    for (start, value) in [(1, 1), (21, 3), (11, 2), (41, 5), (31, 4)] {
        let lines = rig.gets(&format!(". {start}:{}(10) ack 1 ts {value} ecr 0", start + 10));
        echoes.push(lines[0].rsplit_once(' ').map(|(_, echo)| echo.parse::<u32>().unwrap()).unwrap());
    }
    assert_eq!(echoes, [1, 1, 2, 2, 4]);
}

#[test]
fn what_is_sent_again_is_echoed_although_it_is_not_taken() {
    let mut rig = stamped();
    rig.gets(". 1:11(10) ack 1 ts 8 ecr 0");
    let again = ["! TcpSequence", "> . 1:1(0) ack 11 win 65525 ts 0 ecr 900"];
    assert_eq!(rig.gets(". 1:11(10) ack 1 ts 900 ecr 0"), again);
    // Not what acknowledges nonsense, comes from nowhere, or says nothing.
    for forged in [
        ". 1:11(10) ack 5000 ts 5000 ecr 0",
        ". -80000:-79990(10) ack 1 ts 5000 ecr 0",
        ". 1:1(0) ack 1 ts 5000 ecr 0",
    ] {
        assert_eq!(rig.gets(forged)[0], "! TcpSequence", "{forged}");
        assert_eq!(rig.gets(". 1:11(10) ack 1 ts 900 ecr 0"), again, "{forged}");
    }
    let mut rig = Rig::accept_with(&Settings::default(), "S 0:0(0) ts 3 ecr 0");
    let again = ["! TcpSequence", "> . 1:1(0) ack 1 win 65535 ts 0 ecr 4"];
    assert_eq!(rig.gets("S 0:0(0) ts 4 ecr 0"), again);
}

//? RFC7323-5.5-a
#[test]
fn after_24_days_nothing_is_old() {
    let mut rig = stamped();
    rig.pass(Span::from_secs(u64::from(OUTDATED_S)));
    assert_eq!(rig.gets(". 1:6(5) ack 1 ts 6 ecr 0")[0], "! TcpPaws");
    rig.pass(Span::from_secs(1));
    let lines = rig.gets(". 1:6(5) ack 1 ts 6 ecr 0");
    assert!(lines[0].ends_with(" ecr 6"), "{lines:?}");
    assert_eq!(rig.gets(". 6:11(5) ack 1 ts 5 ecr 0")[0], "! TcpPaws");
}

//? RFC6298-3-a
//? RFC7323-3.2-b
//? RFC7323-4.1-b
#[test]
fn an_echo_tells_which_copy_was_acknowledged() {
    let mut rig = stamped();
    rig.send(10);
    rig.wait();
    assert_eq!(rig.tcb.rto(), Span::from_secs(2));
    rig.pass(Span::from_millis(500));
    // Of the second copy, 500 ms ago: SRTT was 0 from the handshake.
    rig.gets(". 1:1(0) ack 11 ts 8 ecr 1000");
    assert_eq!(rig.tcb.rto().as_millis(), 1000);
    // Of the first copy, after all.
    let mut rig = stamped();
    rig.send(10);
    rig.wait();
    rig.pass(Span::from_millis(1500));
    rig.gets(". 1:1(0) ack 11 ts 8 ecr 0");
    assert_eq!(rig.tcb.rto().as_nanos(), 2_812_500_000);
}

#[test]
fn an_echo_of_what_was_never_sent_measures_nothing() {
    for echo in [-1, 2001, 1_000_000, 3_000_000_000_u32 as i32] {
        let mut rig = stamped();
        rig.send(10);
        rig.wait();
        rig.pass(Span::from_millis(1000));
        rig.gets(&format!(". 1:1(0) ack 11 ts 8 ecr {echo}"));
        assert_eq!((rig.numbers().1, rig.tcb.rto().as_millis()), (11, 2000), "{echo}");
    }
}

//? RFC6298-5.7-a
#[test]
fn a_syn_that_was_sent_again_is_measured_and_data_still_begins_slowly() {
    let mut rig = Rig::connect_with(&Settings::default());
    rig.wait();
    rig.pass(Span::from_millis(10));
    rig.gets("S. 0:0(0) ack 1 mss 1000 ts 1 ecr 1000");
    assert_eq!(rig.tcb.rto(), Span::from_secs(3));
}

//? RFC9293-MUST-16
//? RFC6691-2-b
#[test]
fn segments_leave_room_for_the_option() {
    let mut rig = stamped();
    assert_eq!(rig.tcb.effective_mss_octets(), 988);
    let lines = rig.send(2000);
    assert!(lines[0].starts_with("> . 1:989(988) "), "{lines:?}");
    let mut tiny = Rig::connect_with(&Settings::default());
    tiny.gets("S. 0:0(0) ack 1 mss 5 ts 1 ecr 0");
    assert_eq!(tiny.tcb.effective_mss_octets(), 1);
}

//? RFC7323-3.2-f
//? RFC7323-5.2-b
//? RFC7323-5.2-c
#[test]
fn resets_carry_them() {
    let mut rig = stamped();
    rig.pass(Span::from_millis(30));
    assert_eq!(rig.abort(), ["> R 1:1(0) win 0 ts 30 ecr 0"]);
    assert_eq!(rig.tcb.end(), Some(End::Aborted));
    // The answer to a segment for nobody: its value comes back, and no own one.
    let lines = rig.gets(". 1:1(0) ack 5 ts 9 ecr 0");
    let own = 0_u32.wrapping_sub(crate::tcp::tests::rig::OUR_STAMPS);
    assert_eq!(lines, [format!("> R 5:5(0) win 0 ts {own} ecr 9")]);
    let mut rig = Rig::connect_with(&Settings::default());
    let lines = rig.gets("S. 0:0(0) ack 7 ts 9 ecr 0");
    assert_eq!(lines[1], format!("> R 7:7(0) win 0 ts {own} ecr 9"));
}

//? RFC7323-5.3-a
#[test]
fn time_wait_tells_old_from_new_as_well() {
    let mut rig = stamped();
    rig.shutdown();
    rig.gets("F. 1:1(0) ack 2 ts 20 ecr 0");
    assert_eq!(rig.tcb.state(), State::TimeWait);
    assert_eq!(rig.gets("F. 1:1(0) ack 2 ts 19 ecr 0")[0], "! TcpPaws");
    assert_eq!(rig.gets("F. 1:1(0) ack 2 ts 21 ecr 0")[0], "! TcpSequence");
}

quickcheck! {
    //? RFC7323-5.3-c
    fn of_two_values_at_most_one_is_older(one: u32, other: u32) -> bool {
        !(before(one, other) && before(other, one)) || one.wrapping_sub(other) == 1 << 31
    }

    //? RFC7323-5.3-c
    fn the_order_does_not_depend_on_where_the_circle_begins(one: u32, other: u32, turn: u32) -> bool {
        before(one, other) == before(one.wrapping_add(turn), other.wrapping_add(turn))
    }

    //? RFC7323-5.2-a
    //? RFC7323-4.3-d
    fn what_is_kept_never_goes_back(first: u32, values: Vec<(u32, bool)>) -> bool {
        let option = Timestamps { value: first, echo: 0 };
        let mut stamps = Stamps::with_offset(0).agreed(Instant::ZERO, option, Seq::new(0));
        values.iter().all(|(value, small)| {
            let (old, _) = stamps.recent.unwrap();
            let value = if *small { old.wrapping_add(value % 100).wrapping_sub(50) } else { *value };
            stamps.note(value, Seq::new(0), Instant::ZERO);
            !before(stamps.recent.unwrap().0, old)
        })
    }

    //? RFC7323-5.3-c
    fn half_the_circle_is_old_and_half_is_not(recent: u32, ahead: u32) -> bool {
        let option = Timestamps { value: recent, echo: 0 };
        let stamps = Stamps::with_offset(0).agreed(Instant::ZERO, option, Seq::new(0));
        stamps.is_old(recent.wrapping_add(ahead), Instant::ZERO) == (ahead >= 1 << 31)
    }

    //? RFC7323-4.1-a
    fn an_echo_measures_what_has_passed(offset: u32, sent_ms: u32, passed_ms: u16) -> bool {
        let stamps = Stamps::with_offset(offset);
        let sent = Instant::ZERO + Span::from_millis(u64::from(sent_ms));
        let passed = Span::from_millis(u64::from(passed_ms));
        stamps.elapsed(stamps.clock(sent), sent + passed) == Some(passed)
    }
}
