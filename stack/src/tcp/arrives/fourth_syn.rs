//! floor 3: fourth check: SYN (RFC 9293 section 3.10.7.4, RFC 5961 section 4.2). A SYN that lies before the
//! window was trimmed off in the first check, so that the old SYN of a peer that now adds text does not bring
//! a connection back to LISTEN.
//!
//! That a newer SYN opens a connection anew from TIME-WAIT is for the owner of the listener to arrange; what
//! gets here is challenged in that state, too.
//!
//! RFC9293-3.10.7.4-m: RFC 5961 is in force, by which a SYN is challenged and resets nothing.
//! RFC5961-4.2-c: the corner is left as it is, which the document allows.

use super::{Arrived, DONE, NEXT, Step};
use crate::base::{Instant, Why};
use crate::tcp::state::{End, Origin, Phase};
use crate::tcp::{Cx, Tcb};

impl Tcb {
    pub(super) fn fourth_check_syn(&mut self, now: Instant, seg: &Arrived<'_>, cx: &mut Cx<'_>) -> Step {
        if !seg.flags.syn() {
            return NEXT;
        }
        cx.out.discard(Why::TcpSynInWindow);
        if self.phase == Phase::SynReceived(Origin::Passive) {
            //= RFC9293-3.10.7.4-k
            self.enter_closed(End::BackToListen);
        } else {
            //= RFC9293-3.10.7.4-l
            //= RFC5961-4.2-a
            self.challenge(now, cx);
        }
        DONE
    }
}

#[cfg(test)]
mod tests {
    use crate::tcp::tests::rig::Rig;
    use crate::tcp::{End, Settings, State};

    //? RFC9293-3.10.7.4-l
    //? RFC5961-4.2-a
    #[test]
    fn a_syn_anywhere_draws_an_acknowledgement_and_nothing_else() {
        let ack = "> . 1:1(0) ack 1 win 65535";
        let mut rig = Rig::established();
        for (segment, why) in [
            ("S 1:1(0)", "! TcpSynInWindow"),
            ("S. 500:500(0) ack 1", "! TcpSynInWindow"),
            ("S -100:-100(0)", "! TcpSequence"),
            ("S 100000:100000(0)", "! TcpSequence"),
        ] {
            assert_eq!(rig.gets(segment), [why, ack], "{segment}");
            assert_eq!(rig.tcb.state(), State::Established);
        }
    }

    //? RFC9293-3.10.7.4-k
    #[test]
    fn a_new_syn_brings_syn_received_back_to_listen() {
        let mut rig = Rig::in_state(State::SynReceived);
        assert_eq!(rig.gets("S 5:5(0)"), ["! TcpSynInWindow"]);
        assert_eq!(rig.tcb.end(), Some(End::BackToListen));
    }

    //? RFC9293-3.10.7.4-d
    #[test]
    fn the_old_syn_with_text_does_not() {
        let mut rig = Rig::in_state(State::SynReceived);
        assert_eq!(rig.gets("S 0:5(5)"), ["! TcpWithoutAck"]);
        assert_eq!(rig.gets("S 0:0(0)"), ["! TcpSequence", "> . 1:1(0) ack 1 win 65535"]);
        assert_eq!(rig.tcb.state(), State::SynReceived);
    }

    //? RFC9293-3.10.7.4-l
    #[test]
    fn syn_received_from_an_active_open_challenges() {
        let mut rig = Rig::connect_with(&Settings::default());
        rig.gets("S 0:0(0)");
        assert_eq!(rig.gets("S 5:5(0)"), ["! TcpSynInWindow", "> . 1:1(0) ack 1 win 65535"]);
        assert_eq!(rig.tcb.state(), State::SynReceived);
    }
}
