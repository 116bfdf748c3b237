//! floor 3: second check: RST (RFC 9293 sections 3.5.3 and 3.10.7.4, RFC 5961 section 3.2).
//!
//! RFC1337-3-b: the first fix is there for those who want one.

use super::{Arrived, DONE, NEXT, Step};
use crate::base::{Instant, Refused, Why};
use crate::tcp::state::{End, Phase};
use crate::tcp::{Cx, Tcb};

impl Tcb {
    pub(super) fn second_check_reset(&mut self, now: Instant, seg: &Arrived<'_>, cx: &mut Cx<'_>) -> Step {
        if !seg.flags.rst() {
            return NEXT;
        }
        if self.settings.protect_time_wait && matches!(self.phase, Phase::TimeWait { .. }) {
            //= RFC1337-1-a
            //= RFC1337-3-a
            cx.out.discard(Why::TcpResetInTimeWait);
            return DONE;
        }
        //= RFC9293-SHLD-2
        if seg.seq == self.rcv.nxt {
            //= RFC9293-3.10.7.4-i
            //= RFC5961-3.2-b
            //= RFC5961-4.2-b
            self.reset_by_peer();
        } else if seg.seq.within(self.rcv.nxt, self.rcv.wnd.octets()) {
            cx.out.discard(Why::TcpResetInexact);
            //= RFC5961-1.1-a
            //= RFC5961-3.2-c
            self.challenge(now, cx);
        } else {
            //= RFC9293-3.5.3-a
            cx.out.discard(Why::TcpResetSequence);
        }
        DONE
    }

    /// The peer's reset is valid.
    fn reset_by_peer(&mut self) {
        //= RFC9293-3.5.3-b
        match self.phase {
            //= RFC9293-3.10.7.4-e
            //= RFC9293-3.10.7.4-f
            //= RFC9293-3.5-d
            Phase::SynReceived(origin) => self.fail_opening(origin, Refused::ConnRefused),
            //= RFC9293-3.10.7.4-g
            Phase::Established | Phase::FinWait1 | Phase::FinWait2 => {
                self.enter_closed(End::Failed(Refused::ConnReset));
            }
            // All that the peer had to say is here: only sending fails, and that is how Linux calls it.
            Phase::CloseWait => self.enter_closed(End::Failed(Refused::BrokenPipe)),
            //= RFC9293-3.10.7.4-h
            Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => self.enter_closed(End::Finished),
            Phase::SynSent | Phase::Closed(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::base::{Refused, Span};
    use crate::tcp::tests::rig::Rig;
    use crate::tcp::{End, Settings, State};
    use alloc::vec::Vec;

    //? RFC9293-3.10.7.4-i
    //? RFC9293-3.10.7.4-g
    //? RFC5961-3.2-b
    #[test]
    fn the_exact_number_resets_and_only_what_came_before_can_be_read() {
        let mut rig = Rig::established();
        rig.send(10);
        rig.gets(". 1:11(10) ack 1");
        rig.gets(". 20:30(10) ack 1");
        assert!(rig.gets("R 11:11(0)").is_empty());
        assert_eq!(rig.tcb.end(), Some(End::Failed(Refused::ConnReset)));
        assert_eq!(rig.read(99).map(|data| data.len()), Ok(10));
        assert_eq!(rig.read(10), Err(Refused::ConnReset));
        assert_eq!(rig.read(10), Ok(Vec::new()));
        assert_eq!(rig.tcb.due(), None);
    }

    //? RFC9293-SHLD-2
    #[test]
    fn a_reset_may_carry_text() {
        let mut rig = Rig::established();
        assert!(rig.gets("R. 1:20(19) ack 1").is_empty());
        assert_eq!(rig.tcb.state(), State::Closed);
    }

    //? RFC9293-3.5.3-a
    #[test]
    fn a_reset_that_begins_before_the_window_does_not_count_although_its_text_reaches_in() {
        let mut rig = Rig::established();
        assert_eq!(rig.gets("R 0:5(5)"), ["! TcpResetSequence"]);
        assert_eq!(rig.tcb.state(), State::Established);
    }

    //? RFC9293-3.10.7.4-i
    //? RFC5961-3.2-c
    //? RFC5961-1.1-a
    #[test]
    fn an_inexact_number_draws_a_challenge_and_the_answer_to_it_resets() {
        let mut rig = Rig::established();
        rig.send(10);
        let challenge = ["! TcpResetInexact", "> . 11:11(0) ack 1 win 65535"];
        assert_eq!(rig.gets("R 2:2(0)"), challenge);
        assert_eq!(rig.tcb.state(), State::Established);
        rig.gets("R 1:1(0)");
        assert_eq!(rig.tcb.state(), State::Closed);
    }

    //? RFC5961-7-a
    //? RFC5961-7-b
    #[test]
    fn challenges_are_limited_to_ten_in_five_seconds() {
        let mut rig = Rig::established();
        rig.pass(Span::from_secs(7));
        let answers = |rig: &mut Rig| (0..20).filter(|_| rig.gets("R 2:2(0)").len() == 2).count();
        assert_eq!(answers(&mut rig), 10);
        rig.pass(Span::from_millis(4999));
        assert_eq!(answers(&mut rig), 0);
        rig.pass(Span::from_millis(1));
        assert_eq!(answers(&mut rig), 10);
        let quiet = Settings { challenge_acks: 0, ..Settings::default() };
        assert_eq!(answers(&mut Rig::established_with(&quiet, 65535, 1000)), 0);
    }

    //? RFC9293-3.10.7.4-e
    //? RFC9293-3.10.7.4-f
    //? RFC9293-3.5-d
    //? RFC9293-MUST-11
    //? RFC1337-1-a
    //? RFC1337-3-a
    #[test]
    fn time_wait_can_be_protected_from_assassination() {
        let mut rig = Rig::in_state(State::TimeWait);
        rig.gets("R 2:2(0)");
        assert_eq!(rig.tcb.state(), State::Closed);
        let settings = Settings { protect_time_wait: true, ..Settings::default() };
        let mut rig = Rig::established_with(&settings, 65535, 1000);
        rig.shutdown();
        rig.gets("F. 1:1(0) ack 2");
        assert_eq!(rig.gets("R 2:2(0)"), ["! TcpResetInTimeWait"]);
        assert_eq!(rig.gets("R 9:9(0)"), ["! TcpResetInTimeWait"]);
        assert_eq!(rig.tcb.state(), State::TimeWait);
        // Everywhere else a reset counts.
        let mut rig = Rig::established_with(&settings, 65535, 1000);
        rig.gets("R 1:1(0)");
        assert_eq!(rig.tcb.state(), State::Closed);
    }

    #[test]
    fn syn_received_goes_where_it_came_from() {
        let mut passive = Rig::in_state(State::SynReceived);
        passive.gets("R 1:1(0)");
        assert_eq!(passive.tcb.end(), Some(End::BackToListen));
        assert_eq!(passive.tcb.error(), None);
        let mut active = Rig::connect_with(&Settings::default());
        active.gets("S 0:0(0)");
        active.gets("R 1:1(0)");
        assert_eq!(active.tcb.end(), Some(End::Failed(Refused::ConnRefused)));
    }
}
