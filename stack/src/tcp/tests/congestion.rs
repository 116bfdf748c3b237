//! floor 3: the congestion window, with numbers that one computes by hand (RFC 5681 section 3.1, RFC 9438).

use super::rig::Rig;
use crate::base::{Instant, Span};
use crate::tcp::congestion::{Ack, Window};
use crate::tcp::{Algorithm, Settings};
use alloc::vec::Vec;

const SMSS: u32 = 1000;

fn opened(algorithm: Algorithm, segments: u64) -> Window {
    let mut window = Window::new(algorithm);
    window.begin_with(segments);
    window.open(SMSS, false);
    window
}

/// `octets` of `flight` are acknowledged at `at_ms`, over a path of 200 ms; the window after that.
fn acknowledged(window: &mut Window, octets: u32, flight: u32, at_ms: u64) -> u32 {
    let now = Instant::from_nanos(at_ms * 1_000_000);
    let srtt = Span::from_millis(200);
    window.on_ack(&Ack { octets, flight_octets: flight, smss_octets: SMSS, srtt, now });
    window.cwnd_octets()
}

#[test]
//? RFC5681-2-a
//? RFC5681-3.1-a
fn no_more_is_in_flight_than_the_window_has_room_for() {
    let mut rig = Rig::established_with(&Settings::default(), 65535, 1000);
    assert_eq!(rig.send(30_000).len(), 10);
    // What leaves the network makes room for as much, and for one more.
    assert_eq!(rig.gets(". 1:1(0) ack 1001").len(), 2);
    assert_eq!(rig.gets(". 1:1(0) ack 3001").len(), 3);
}

#[test]
//? RFC6928-2-a
//? RFC5681-3.1-b
//? RFC5681-3.1-d
fn the_window_begins_with_what_was_chosen_up_to_its_bound() {
    assert_eq!(opened(Algorithm::Reno, 3).cwnd_octets(), 3000);
    let with = |smss, syn_was_lost| {
        let mut window = Window::new(Algorithm::Reno);
        window.begin_with(10);
        window.open(smss, syn_was_lost);
        window.cwnd_octets()
    };
    assert_eq!([with(536, false), with(1460, false), with(4000, false)], [5360, 14_600, 14_600]);
    assert_eq!(with(9000, false), 18_000);
    assert_eq!(with(1460, true), 1460);
}

//? RFC9293-MUST-19
//? RFC9438-4.10-a
#[test]
fn without_bounds_neither_the_opening_nor_a_loss_is_a_bound() {
    let mut window = opened(Algorithm::Unbounded, 1);
    let most = window.cwnd_octets();
    window.on_congestion(5000, 1000);
    window.on_timeout(true, 5000, 1000);
    window.on_idle(1000);
    assert_eq!((window.cwnd_octets(), window.ssthresh_octets()), (most, most));
    assert_eq!(most, crate::base::seq::Window::MAX.octets());
}

#[test]
//? RFC5681-3.1-h
fn slow_start_adds_what_was_acknowledged_and_at_most_a_segment() {
    let mut window = opened(Algorithm::Reno, 4);
    assert_eq!(acknowledged(&mut window, 2000, 4000, 0), 5000);
    assert_eq!(acknowledged(&mut window, 300, 5000, 0), 5300);
}

#[test]
fn a_window_that_nothing_has_tested_does_not_grow() {
    for algorithm in [Algorithm::Reno, Algorithm::Cubic] {
        let mut window = opened(algorithm, 4);
        assert_eq!(acknowledged(&mut window, 1000, 3000, 0), 4000);
        assert_eq!(acknowledged(&mut window, 1000, 3001, 0), 5000);
    }
}

#[test]
//? RFC5681-3.1-g
//? RFC5681-3.1-k
fn a_loss_leaves_half_of_the_flight_and_two_segments_at_least() {
    let mut window = opened(Algorithm::Reno, 10);
    window.on_congestion(9000, SMSS);
    assert_eq!((window.cwnd_octets(), window.ssthresh_octets()), (4500, 4500));
    window.on_congestion(3000, SMSS);
    assert_eq!((window.cwnd_octets(), window.ssthresh_octets()), (2000, 2000));
}

//? RFC9293-MUST-19
#[test]
//? RFC5681-3.1-i
fn congestion_avoidance_adds_one_segment_for_each_window() {
    let mut window = opened(Algorithm::Reno, 10);
    window.on_congestion(8000, SMSS);
    let series: Vec<u32> = (0..10).map(|_| acknowledged(&mut window, 1000, 6000, 0)).collect();
    assert_eq!(series, [4000, 4000, 4000, 5000, 5000, 5000, 5000, 5000, 6000, 6000]);
}

//? RFC9293-MUST-19
//? RFC6928-2-e
#[test]
//? RFC5681-3.1-k
//? RFC5681-3.1-l
fn a_timeout_leaves_one_segment_and_a_second_one_no_less_to_grow_to() {
    let mut window = opened(Algorithm::Reno, 10);
    window.on_timeout(true, 10_000, SMSS);
    assert_eq!((window.cwnd_octets(), window.ssthresh_octets()), (1000, 5000));
    window.on_timeout(false, 1000, SMSS);
    assert_eq!((window.cwnd_octets(), window.ssthresh_octets()), (1000, 5000));
}

//? RFC6928-2-d
#[test]
//? RFC5681-4.1-a
fn a_pause_takes_the_window_back_to_where_it_began() {
    let mut window = opened(Algorithm::Reno, 3);
    acknowledged(&mut window, 1000, 3000, 0);
    window.on_idle(SMSS);
    assert_eq!(window.cwnd_octets(), 3000);
    window.on_timeout(true, 3000, SMSS);
    window.on_idle(SMSS);
    assert_eq!(window.cwnd_octets(), 1000);
}

/// CUBIC with a window of 100 segments, all of them in flight when one is lost.
fn cubic_after_a_loss() -> Window {
    let mut window = opened(Algorithm::Cubic, 10);
    while acknowledged(&mut window, SMSS, 1_000_000, 0) < 100_000 {}
    window.on_congestion(100_000, SMSS);
    window
}

/// Each round trip the whole window is acknowledged; the window after so much time.
fn cubic_after(window: &mut Window, from_ms: u64, to_ms: u64) -> u32 {
    let rounds = (from_ms..to_ms).step_by(200);
    rounds.fold(0, |_, at_ms| {
        let all = window.cwnd_octets();
        acknowledged(window, all, all, at_ms)
    })
}

//? RFC9293-MAY-18
//? RFC9438-4.2-a
//? RFC9438-4.4-a
//? RFC9438-4.5-a
//? RFC9438-4.6-b
//? RFC9438-5-a
//? RFC9438-4.6-a
#[test]
fn cubic_keeps_seven_tenths_and_is_back_after_the_cube_root_of_what_it_lost() {
    let mut window = cubic_after_a_loss();
    assert_eq!((window.cwnd_octets(), window.ssthresh_octets()), (70_000, 70_000));
    // 30 segments are missing: the cube root of 30 / 0.4 is 4.217 s. Half of the way is soon made.
    let early = cubic_after(&mut window, 0, 1000);
    assert!((86_000..88_000).contains(&early), "{early}");
    let back = cubic_after(&mut window, 1000, 4200);
    assert!((99_900..=100_000).contains(&back), "{back}");
    // 0.4 * (8.4 - 4.217)^3 is 29.3.
    let beyond = cubic_after(&mut window, 4200, 8400);
    assert!((129_000..129_500).contains(&beyond), "{beyond}");
}

//? RFC9438-4.7-a
#[test]
fn cubic_leaves_room_to_others_if_the_second_loss_comes_early() {
    let mut window = cubic_after_a_loss();
    window.on_congestion(70_000, SMSS);
    assert_eq!(window.cwnd_octets(), 49_000);
    // The plateau is 0.85 * 70 segments, and not 70: the cube root of 10.5 / 0.4 is 2.97 s.
    let plateau = cubic_after(&mut window, 0, 3000);
    assert!((59_000..60_000).contains(&plateau), "{plateau}");
}

//? RFC9438-4.3-a
//? RFC9438-4.3-b
#[test]
fn cubic_is_not_slower_than_reno_where_the_path_is_short() {
    let mut window = opened(Algorithm::Cubic, 10);
    window.on_congestion(10_000, SMSS);
    // One window in each millisecond, in which the curve hardly moves.
    let mut windows = |from_ms: u64, to_ms| {
        for at_ms in from_ms..to_ms {
            let all = window.cwnd_octets();
            acknowledged(&mut window, all, all, at_ms);
        }
        window.cwnd_octets()
    };
    // Each adds 9 / 17 of a segment up to where the window was, and a whole one from there on.
    let slow = windows(0, 5);
    assert!((9600..9700).contains(&slow), "{slow}");
    let fast = windows(5, 15);
    assert!((19_000..19_300).contains(&fast), "{fast}");
}

#[test]
//? RFC5681-3.1-c
//? RFC5681-3.1-f
//? RFC6928-2-b
fn the_handshake_widens_nothing_and_nothing_is_known_of_the_path() {
    let mut rig = Rig::connect_with(&Settings::default());
    rig.gets("S. 0:0(0) ack 1 mss 1000");
    assert_eq!(rig.tcb.congestion.cwnd_octets(), 10_000);
    assert!(rig.tcb.congestion.ssthresh_octets() >= crate::base::seq::Window::MAX.octets());
    let mut rig = Rig::accept_with(&Settings::default(), "S 0:0(0) mss 1000");
    rig.gets(". 1:1(0) ack 1");
    assert_eq!(rig.tcb.congestion.cwnd_octets(), 10_000);
}

#[test]
//? RFC9438-4.2-b
fn cubic_grows_by_half_in_a_round_trip_at_most() {
    let mut window = cubic_after_a_loss();
    cubic_after(&mut window, 0, 200);
    let before = window.cwnd_octets();
    let after = acknowledged(&mut window, before, before, 60_000);
    assert!(after > before && after <= before + before / 2, "{before} {after}");
}

#[test]
//? RFC9438-4.2-c
fn cubic_does_not_count_the_time_in_which_the_application_gave_too_little() {
    let mut window = cubic_after_a_loss();
    cubic_after(&mut window, 0, 1000);
    let before = window.cwnd_octets();
    for at_ms in (1000..100_000).step_by(1000) {
        assert_eq!(acknowledged(&mut window, 1000, 1000, at_ms), before);
    }
    let after = cubic_after(&mut window, 100_000, 100_400);
    assert!(after < before + before / 10, "{before} {after}");
}

#[test]
//? RFC9438-4.8-a
//? RFC9438-4.8-b
fn cubic_begins_after_a_timeout_as_if_there_had_been_no_plateau() {
    let mut window = cubic_after_a_loss();
    window.on_timeout(true, 70_000, SMSS);
    assert_eq!((window.cwnd_octets(), window.ssthresh_octets()), (1000, 49_000));
    while window.cwnd_octets() < 49_000 {
        let all = window.cwnd_octets();
        acknowledged(&mut window, SMSS, all, 0);
    }
    let begin = window.cwnd_octets();
    // Towards a plateau it would grow fastest now; away from its own one it hardly moves at first.
    let early = cubic_after(&mut window, 0, 1000);
    assert!(early < begin + 4000, "{begin} {early}");
    let late = cubic_after(&mut window, 1000, 8000);
    // 0.4 * 8^3 is 204.8.
    assert!((begin + 190_000..begin + 210_000).contains(&late), "{begin} {late}");
}
