//! floor 3: every state with every combination of the six classic bits and every boundary value of sequence
//! number, acknowledgement and length. Table 6 of RFC 9293 is computed here a second time, in plain integers.

use super::rig::Rig;
use crate::tcp::State;
use crate::wire::tcp::{Flags, Segment};

const STATES: [State; 8] = [
    State::SynReceived,
    State::Established,
    State::FinWait1,
    State::FinWait2,
    State::CloseWait,
    State::Closing,
    State::LastAck,
    State::TimeWait,
];

/// Table 6, with numbers relative to RCV.NXT. An empty segment of somebody who has filled the window stands
/// at its right edge, and counts for its ACK.
fn acceptable(ahead: i64, len: i64, window: i64, reset: bool) -> bool {
    let inside = |number: i64| 0 <= number && number < window;
    match (len, window) {
        (0, 0) => ahead == 0,
        (0, _) => inside(ahead) || ahead == window && !reset,
        (_, 0) => false,
        (_, _) => inside(ahead) || inside(ahead + len - 1),
    }
}

fn judge(before: &Rig, ahead: i64, ack: i64, flags: Flags, payload: &[u8]) {
    let mut rig = before.clone();
    let seq = rig.tcb.rcv().nxt.value().wrapping_add(ahead as u32);
    let ack = rig.tcb.snd().una.value().wrapping_add(ack as u32);
    let segment = Segment { seq, ack, flags, window: 1000, payload, ..Segment::default() };
    rig.arrives(&segment);
    let lines = rig.log();
    let told = || alloc::format!("{} {flags} {ahead} {}: {lines:?}", before.tcb.state(), payload.len());
    let sent = lines.iter().filter(|line| line.starts_with('>')).count();
    assert!(sent <= 1, "{}", told());
    let reset = lines.iter().any(|line| line.starts_with("> R"));
    assert!(!(flags.rst() && reset), "{}", told());
    assert!(!(before.tcb.state().is_synchronized() && reset), "{}", told());
    let window = i64::from(before.tcb.rcv().wnd.octets());
    let len = i64::from(segment.len_octets());
    if !acceptable(ahead, len, window, flags.rst()) {
        assert_eq!(rig.tcb.state(), before.tcb.state(), "{}", told());
        assert_eq!((rig.tcb.snd(), rig.tcb.rcv()), (before.tcb.snd(), before.tcb.rcv()), "{}", told());
        assert_eq!(sent, usize::from(!flags.rst()), "{}", told());
        assert!(!lines.is_empty(), "{}", told());
    } else if flags.rst() {
        assert_eq!(rig.tcb.state() == State::Closed, ahead == 0, "{}", told());
    } else if !flags.ack() {
        assert_eq!(rig.numbers(), before.numbers(), "{}", told());
    }
    let closes_in_order = matches!(before.tcb.state(), State::LastAck | State::SynReceived);
    let alive = rig.tcb.state() != State::Closed || flags.rst() || closes_in_order;
    assert!(alive, "{}", told());
}

//? RFC9293-3.4-e
//? RFC9293-3.10.7.4-a
//? RFC9293-3.10.7.4-b
//? RFC9293-3.5.2-e
//? RFC9293-3.5.2-a
//? RFC9293-3.10.7.4-o
//? RFC5961-3.2-a
#[test]
fn every_boundary_in_every_state() {
    let text = [7; 70_000];
    for state in STATES {
        let mut rig = Rig::in_state(state);
        rig.log();
        let window = i64::from(rig.tcb.rcv().wnd.octets());
        let outstanding = i64::from(rig.tcb.snd().nxt.octets_since(rig.tcb.snd().una));
        let acks = [-70_000, -65_536, -65_535, -1, 0, 1, outstanding, outstanding + 1, 1 << 30];
        let seqs = [-(1 << 30), -70_000, -2, -1, 0, 1, window - 1, window, window + 1, 1 << 30];
        for bits in 0..64 {
            for ahead in seqs {
                for ack in acks {
                    for len in [0, 1, 2, window as usize, window as usize + 1] {
                        judge(&rig, ahead, ack, Flags(bits), &text[..len]);
                    }
                }
            }
        }
    }
}
