//! floor 3: every call in every state with the answer of RFC 9293 sections 3.10.2 to 3.10.6. LISTEN is the
//! socket layer's, and so is a socket that never had a connection.

use super::rig::Rig;
use crate::base::Refused;
use crate::tcp::{End, State};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What a call answers and what leaves; for CLOSE and ABORT the state afterwards, too.
struct Answers {
    state: State,
    send: &'static str,
    receive: &'static str,
    close: &'static str,
    abort: &'static str,
}

const ANSWERS: [Answers; 9] = [
    Answers {
        state: State::SynSent,
        send: "Ok(1)",
        receive: "Err(WouldBlock)",
        close: "CLOSED",
        abort: "CLOSED",
    },
    Answers {
        state: State::SynReceived,
        send: "Ok(1)",
        receive: "Err(WouldBlock)",
        close: "FIN-WAIT-1 > F. 1:1(0) ack 1 win 65535",
        abort: "CLOSED > R 1:1(0) win 0",
    },
    Answers {
        state: State::Established,
        send: "Ok(1) > P. 1:2(1) ack 1 win 65535",
        receive: "Err(WouldBlock)",
        close: "FIN-WAIT-1 > F. 1:1(0) ack 1 win 65535",
        abort: "CLOSED > R 1:1(0) win 0",
    },
    Answers {
        state: State::FinWait1,
        send: "Err(BrokenPipe)",
        receive: "Err(WouldBlock)",
        close: "FIN-WAIT-1",
        abort: "CLOSED > R 2:2(0) win 0",
    },
    Answers {
        state: State::FinWait2,
        send: "Err(BrokenPipe)",
        receive: "Err(WouldBlock)",
        close: "FIN-WAIT-2",
        abort: "CLOSED > R 2:2(0) win 0",
    },
    Answers {
        state: State::CloseWait,
        send: "Ok(1) > P. 1:2(1) ack 2 win 65534",
        receive: "Ok([])",
        close: "LAST-ACK > F. 1:1(0) ack 2 win 65534",
        abort: "CLOSED > R 1:1(0) win 0",
    },
    Answers {
        state: State::Closing,
        send: "Err(BrokenPipe)",
        receive: "Ok([])",
        close: "CLOSING ENOTCONN",
        abort: "CLOSED",
    },
    Answers {
        state: State::LastAck,
        send: "Err(BrokenPipe)",
        receive: "Ok([])",
        close: "LAST-ACK ENOTCONN",
        abort: "CLOSED",
    },
    Answers {
        state: State::TimeWait,
        send: "Err(BrokenPipe)",
        receive: "Ok([])",
        close: "TIME-WAIT ENOTCONN",
        abort: "CLOSED",
    },
];

fn said(answer: &str, lines: &[String]) -> String {
    [&[String::from(answer)], lines].concat().join(" ")
}

fn after(rig: &Rig, lines: &[String]) -> String {
    said(rig.tcb.state().name(), lines)
}

//? RFC9293-3.10.2-c
//? RFC9293-3.10.2-d
//? RFC9293-3.10.2-f
//? RFC9293-3.10.3-b
//? RFC9293-3.10.3-d
//? RFC9293-3.10.4-a
//? RFC9293-3.10.4-b
//? RFC9293-3.10.4-c
//? RFC9293-3.10.4-d
//? RFC9293-3.10.4-e
//? RFC9293-3.10.4-f
//? RFC9293-3.10.5-a
//? RFC9293-3.10.5-b
//? RFC9293-3.10.5-c
//? RFC9293-3.10.6-a
#[test]
fn every_call_in_every_state() {
    for Answers { state, send, receive, close, abort } in ANSWERS {
        let mut rig = Rig::in_state(state);
        rig.log();
        let mut one = rig.clone();
        let answer = one.try_send(b"x");
        assert_eq!(said(&answer, &one.log()), send, "SEND in {state}");
        let mut one = rig.clone();
        let answer = format!("{:?}", one.read(10));
        assert_eq!(said(&answer, &one.log()), receive, "RECEIVE in {state}");
        let mut one = rig.clone();
        let lines = one.shutdown();
        assert_eq!(after(&one, &lines), close, "CLOSE in {state}");
        let mut one = rig.clone();
        let lines = one.abort();
        assert_eq!(after(&one, &lines), abort, "ABORT in {state}");
        assert_eq!(one.tcb.end(), Some(End::Aborted));
        assert_eq!(rig.tcb.state(), state, "STATUS in {state}");
    }
}

//? RFC9293-3.10.2-a
//? RFC9293-3.10.3-a
//? RFC9293-3.10.5-d
#[test]
fn what_has_ended_says_why_once_and_then_that_it_does_not_exist() {
    let mut rig = Rig::established();
    rig.gets("R 1:1(0)");
    assert_eq!(rig.clone().try_send(b"x"), "Err(ConnReset)");
    assert_eq!(rig.clone().read(1), Err(Refused::ConnReset));
    assert_eq!(rig.tcb.take_error(), Some(Refused::ConnReset));
    assert_eq!(rig.try_send(b"x"), "Err(BrokenPipe)");
    assert_eq!(rig.read(1), Ok(Vec::new()));
    assert_eq!(rig.shutdown(), ["ENOTCONN"]);
    assert!(rig.abort().is_empty());
    assert_eq!(rig.tcb.state(), State::Closed);
}

//? RFC9293-3.10.3-c
//? RFC9293-3.10.3-d
#[test]
fn what_came_before_the_fin_is_read_before_the_end_is_told() {
    for state in [State::Established, State::FinWait2] {
        let mut rig = Rig::in_state(state);
        let ack = rig.acknowledged();
        rig.gets(&format!("F. 1:4(3) ack {ack}"));
        assert_eq!(rig.read(2).map(|data| data.len()), Ok(2), "{state}");
        assert_eq!(rig.read(2).map(|data| data.len()), Ok(1), "{state}");
        assert_eq!(rig.read(2), Ok(Vec::new()), "{state}");
    }
}

//? RFC9293-MUST-30
//? RFC9293-MUST-31
//? RFC9293-MUST-62
#[test]
fn urgent_data_of_any_length_may_follow_urgent_data() {
    let mut rig = Rig::established();
    assert_eq!(rig.send_urgent(3), ["> P.U 1:4(3) ack 1 win 65535 urg 3"]);
    // The pointer advances, and what waits is urgent with it: the number after its last octet.
    assert_eq!(rig.send_urgent(2), ["> P.U 4:6(2) ack 1 win 65535 urg 2"]);
    assert_eq!(rig.send_urgent(1), ["> P.U 6:7(1) ack 1 win 65535 urg 1"]);
    rig.gets(". 1:1(0) ack 7");
    assert_eq!(rig.send(1), ["> P. 7:8(1) ack 1 win 65535"]);
}

//? RFC9293-MUST-32
//? RFC9293-MUST-33
//? RFC9293-3.10.7.4-y
#[test]
fn the_application_hears_of_urgent_data_before_it_comes_and_knows_how_much_is_left() {
    let mut rig = Rig::established();
    assert_eq!(rig.gets("U. 1:1(0) ack 1 urg 10"), ["* Urgent"]);
    assert_eq!(rig.tcb.urgent_octets_left(), 10);
    rig.gets(". 1:7(6) ack 1");
    assert_eq!(rig.read(4).map(|data| data.len()), Ok(4));
    assert_eq!((rig.tcb.urgent_octets_left(), rig.tcb.readiness().urgent), (6, true));
    // A pointer that recedes, or repeats itself, is no news.
    assert!(rig.gets("U. 7:7(0) ack 1 urg 4").is_empty());
    assert!(rig.gets("U. 7:7(0) ack 1 urg 1").is_empty());
    rig.gets(". 7:11(4) ack 1");
    assert_eq!(rig.read(100).map(|data| data.len()), Ok(5));
    assert!(rig.tcb.is_at_mark());
    assert_eq!(rig.read(100).map(|data| data.len()), Ok(1));
    assert_eq!((rig.tcb.urgent_octets_left(), rig.tcb.readiness().urgent), (0, false));
}

//? RFC9293-MUST-60
//? RFC9293-MUST-61
//? RFC9293-SHLD-27
#[test]
fn the_last_segment_of_what_was_written_is_pushed_and_no_other() {
    let mut rig = Rig::connect_with(&crate::tcp::Settings::default());
    // Three writes are cut into the largest segments that there are.
    rig.send(700);
    rig.send(700);
    rig.send(600);
    assert_eq!(
        rig.gets("S. 0:0(0) ack 1 mss 1000"),
        ["> . 1:1001(1000) ack 1 win 65535", "> P. 1001:2001(1000) ack 1 win 65535"]
    );
}

//? RFC9293-MUST-67
#[test]
fn no_more_is_announced_than_the_link_carries_beside_fixed_headers() {
    use crate::tcp::Settings;
    assert_eq!(Settings::ipv4(1500).mss_receive_octets, 1460);
    assert_eq!(Settings::ipv6(1500).mss_receive_octets, 1440);
    assert_eq!(Settings::ipv4(u16::MAX).mss_receive_octets, 65_495);
}
