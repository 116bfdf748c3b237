//! floor 3: cases beside those that everybody thinks of. Each was found since a change of one line went
//! unnoticed: `stack/tests/mutants`.

use super::rig::{Rig, octets};
use crate::base::Instant;
use crate::tcp::{Settings, State, cookie};
use crate::wire::tcp::{Flags, Segment};

fn receiving(octets: u32) -> Settings {
    Settings { receive_buffer_octets: octets, ..Settings::default() }
}

//? RFC9293-3.10.7.4-c
#[test]
fn text_on_a_syn_is_cut_off_at_the_window() {
    let mut rig = Rig::accept_with(&receiving(10), "SF 0:50(50)");
    assert_eq!(rig.gets(". 51:51(0) ack 1"), ["! TcpSequence", "> . 1:1(0) ack 1 win 10"]);
    rig.gets(". 1:1(0) ack 1");
    assert_eq!(rig.numbers().0, 11);
    assert_eq!((rig.read(100), rig.tcb.state()), (Ok(octets(0, 10)), State::Established));
}

//? RFC9293-3.10.7.4-ad
#[test]
fn a_fin_on_a_syn_is_acknowledged_when_the_handshake_is_over() {
    let mut rig = Rig::accept_with(&Settings::default(), "SF 0:0(0)");
    assert_eq!(rig.gets(". 2:2(0) ack 1"), ["> . 1:1(0) ack 2 win 65534"]);
    assert_eq!(rig.tcb.state(), State::CloseWait);
}

//? RFC9293-SHLD-31
#[test]
fn text_out_of_order_grows_on_both_sides() {
    let mut rig = Rig::established();
    rig.gets(". 11:21(10) ack 1");
    rig.gets(". 15:25(10) ack 1");
    rig.gets(". 6:12(6) ack 1");
    rig.gets(". 1:6(5) ack 1");
    assert_eq!(rig.numbers().0, 25);
    assert_eq!(rig.read(100), Ok(octets(1, 24)));
}

//? RFC9293-3.6-a
#[test]
fn the_fin_waits_for_all_segments_before_it() {
    let mut rig = Rig::established_with(&Settings::default(), 0, 100);
    rig.send(250);
    rig.shutdown();
    let lines = rig.gets(". 1:1(0) ack 1 win 1000");
    let of_new: alloc::vec::Vec<_> = lines.iter().filter_map(|line| line.split(' ').nth(2)).collect();
    assert_eq!(of_new, ["1:101(100)", "101:201(100)", "201:251(50)"]);
    let fins = lines.iter().filter(|line| line.contains('F')).count();
    assert!(fins == 1 && lines[2].starts_with("> FP."), "{lines:?}");
}

//? RFC9293-3.1-f
#[test]
fn without_its_bit_the_urgent_pointer_says_nothing() {
    let mut rig = Rig::established();
    assert!(rig.gets(". 1:6(5) ack 1 urg 8").iter().all(|line| line.starts_with('>')));
    assert_eq!((rig.tcb.rcv().up, rig.tcb.urgent_octets_left()), (None, 0));
}

//? RFC6691-2-b
#[test]
fn blocks_take_their_room_from_the_data_beside_them() {
    let mut rig = Rig::connect_with(&Settings { timestamps: false, ..Settings::default() });
    rig.gets("S. 0:0(0) ack 1 win 65535 mss 1000 sackok");
    rig.gets(". 11:21(10) ack 1");
    // Twelve octets for one block with its padding.
    assert_eq!(rig.send(988), ["> P. 1:989(988) ack 1 win 65535 sack 11:21"]);
    assert_eq!(rig.send(1000)[0], "> . 989:1977(988) ack 1 win 65535 sack 11:21");
}

//? RFC9293-3.8.6-e
#[test]
fn half_of_the_largest_window_is_worth_a_segment() {
    let mut rig = Rig::established_with(&Settings::default(), 600, 1000);
    rig.send(600);
    assert!(rig.gets(". 1:1(0) ack 601 win 299").is_empty());
    assert!(rig.send(1000).is_empty());
    assert!(rig.gets(". 1:1(0) ack 601 win 300")[0].starts_with("> . 601:901(300)"));
}

//? RFC9293-MUST-39
#[test]
fn half_of_a_small_buffer_is_worth_an_announcement() {
    let mut rig = Rig::established_with(&receiving(100), 65535, 1000);
    rig.gets(". 1:101(100) ack 1");
    rig.read(49).unwrap();
    assert!(rig.log().is_empty());
    rig.read(1).unwrap();
    assert_eq!(rig.log(), ["> . 1:1(0) ack 101 win 50"]);
}

//? RFC4987-3.6-a
#[test]
fn a_cookie_is_good_for_its_conversation_its_number_and_its_size_alone() {
    let opens = |secret, seq: u32, ack: u32| {
        let segment = Segment { seq, ack, flags: Flags::ACK, ..Segment::default() };
        cookie::check(secret, Instant::ZERO, &segment).is_some()
    };
    // One in 16 million is good by accident: none of these few is.
    for secret in 0..20 {
        let syn = Segment { seq: 7, flags: Flags::SYN, ..Segment::default() };
        let ack = cookie::make(secret, Instant::ZERO, &syn, 536).map(|made| made.iss.value().wrapping_add(1));
        let ack = ack.unwrap();
        assert!(opens(secret, 8, ack));
        assert!(!opens(secret + 1, 8, ack), "another conversation");
        assert!(!opens(secret, 9, ack), "another number");
        assert!(!opens(secret, 8, ack ^ 1 << 24), "another size");
        assert!(!opens(secret, 8, ack ^ 1), "another cookie");
    }
}
