//! floor 3: eighth check: FIN (RFC 9293 section 3.10.7.4).

use crate::base::Instant;
use crate::tcp::Tcb;
use crate::tcp::state::Phase;

impl Tcb {
    /// Takes the peer's FIN, of this segment or of an earlier one, if nothing is missing before it.
    pub(super) fn eighth_check_fin(&mut self, now: Instant) {
        if !self.receive_buffer.take_fin() {
            return;
        }
        //= RFC9293-3.10.7.4-ad
        self.advance_rcv_nxt(1);
        self.peer_fin = true;
        //= RFC9293-3.6-c
        self.ack_owed = true;
        match self.phase {
            Phase::Established => self.phase = Phase::CloseWait,
            // Had this segment acknowledged the own FIN, the fifth check would have gone on to FIN-WAIT-2.
            Phase::FinWait1 => self.phase = Phase::Closing,
            Phase::FinWait2 => self.enter_time_wait(now),
            //= RFC9293-3.10.7.4-ae
            Phase::SynSent
            | Phase::SynReceived(_)
            | Phase::CloseWait
            | Phase::Closing
            | Phase::LastAck
            | Phase::TimeWait { .. }
            | Phase::Closed(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tcp::State;
    use crate::tcp::tests::rig::{Rig, octets};
    use alloc::vec::Vec;

    //? RFC9293-3.10.7.4-ad
    //? RFC9293-3.10.3-d
    //? RFC9293-3.6-c
    //? RFC9293-3.6-f
    //? RFC9293-MUST-12
    #[test]
    fn the_fin_takes_a_number_and_ends_the_stream() {
        let mut rig = Rig::established();
        assert_eq!(rig.gets("FP. 1:6(5) ack 1"), ["> . 1:1(0) ack 7 win 65529"]);
        assert_eq!(rig.tcb.state(), State::CloseWait);
        assert!(rig.tcb.readiness().read_closed && !rig.tcb.readiness().write_closed);
        assert_eq!(rig.read(100), Ok(octets(1, 5)));
        assert_eq!(rig.read(100), Ok(Vec::new()));
    }

    //? RFC9293-3.10.7.4-u
    #[test]
    fn a_fin_that_acknowledges_ours_skips_closing() {
        let mut rig = Rig::in_state(State::FinWait1);
        assert_eq!(rig.gets("F. 1:1(0) ack 2"), ["> . 2:2(0) ack 2 win 65534"]);
        assert_eq!(rig.tcb.state(), State::TimeWait);
    }

    //? RFC9293-3.10.7.4-af
    #[test]
    fn of_two_fins_the_earlier_counts_and_nothing_beyond_it() {
        let mut rig = Rig::established();
        rig.gets("F. 11:21(10) ack 1");
        rig.gets("F. 6:8(2) ack 1");
        assert_eq!(rig.gets(". 1:6(5) ack 1"), ["> . 1:1(0) ack 9 win 65527"]);
        assert_eq!(rig.tcb.state(), State::CloseWait);
        assert_eq!(rig.read(100), Ok(octets(1, 7)));
    }

    //? RFC9293-3.10.7.4-z
    #[test]
    fn a_fin_sent_again_is_acknowledged_again() {
        for state in [State::CloseWait, State::Closing, State::LastAck] {
            let mut rig = Rig::in_state(state);
            let lines = rig.gets("F. 1:1(0) ack 1");
            assert!(lines[1].ends_with("ack 2 win 65534"), "{state}: {lines:?}");
            assert_eq!(rig.tcb.state(), state);
        }
    }
}
