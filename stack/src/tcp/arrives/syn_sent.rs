//! floor 3: a segment arrives in SYN-SENT (RFC 9293 section 3.10.7.3, RFC 5961 section 3.2).
//!
//! RFC9293-3.10.7.3-i: RCV.NXT has no value in SYN-SENT, so that a reset can not be compared with it. RFC
//! 5961 section 3.2 asks for the acknowledgement only, and so does section 3.5.3.

use super::{Arrived, DONE, NEXT, Step};
use crate::base::{Ecn, Instant, Refused, Why};
use crate::tcp::emit::Cut;
use crate::tcp::state::{End, Origin, Phase};
use crate::tcp::timeouts::Timer;
use crate::tcp::{Cx, Tcb, reset};
use crate::wire::tcp::Segment;

impl Tcb {
    pub(super) fn arrives_in_syn_sent(
        &mut self,
        now: Instant,
        segment: &Segment<'_>,
        seg: &mut Arrived<'_>,
        cx: &mut Cx<'_>,
    ) -> Step {
        self.syn_sent_first_check_ack(segment, seg, cx)?;
        self.syn_sent_second_check_reset(seg, cx)?;
        if !seg.flags.syn() {
            //= RFC9293-3.10.7.3-g
            cx.out.discard(Why::TcpNothingToSynSent);
            return DONE;
        }
        self.syn_sent_fourth_take_syn(now, segment, seg, cx)?;
        self.sixth_check_urgent(seg, cx);
        //= RFC9293-3.10.7.3-f
        self.seventh_take_text(now, seg, cx)?;
        self.eighth_check_fin(now);
        NEXT
    }

    /// An acknowledgement of something never sent is of another connection.
    fn syn_sent_first_check_ack(&self, segment: &Segment<'_>, seg: &Arrived<'_>, cx: &mut Cx<'_>) -> Step {
        //= RFC9293-3.10.7.3-h
        let acceptable = seg.ack.after(self.snd.una) && seg.ack.at_or_before(self.snd.nxt);
        if !seg.ack_set() || acceptable {
            return NEXT;
        }
        if seg.flags.rst() {
            //= RFC9293-3.10.7.3-c
            cx.out.discard(Why::TcpResetToSynSent);
        } else {
            cx.out.discard(Why::TcpAckToSynSent);
            //= RFC9293-3.10.7.3-a
            //= RFC9293-3.5-c
            //= RFC9293-3.5.1-a
            //= RFC9293-3.5.2-d
            cx.out.segment(&reset::reply_to(segment), Ecn::NotEct);
        }
        DONE
    }

    /// A reset counts only if it acknowledges the SYN.
    fn syn_sent_second_check_reset(&mut self, seg: &Arrived<'_>, cx: &mut Cx<'_>) -> Step {
        if !seg.flags.rst() {
            return NEXT;
        }
        if seg.ack_set() {
            //= RFC9293-3.10.7.3-b
            //= RFC5961-3.2-d
            self.enter_closed(End::Failed(Refused::ConnRefused));
        } else {
            //= RFC9293-3.10.7.3-c
            cx.out.discard(Why::TcpResetToSynSent);
        }
        DONE
    }

    /// The peer's SYN: with an acknowledgement of ours the connection is open, without one both SYNs crossed.
    fn syn_sent_fourth_take_syn(
        &mut self,
        now: Instant,
        segment: &Segment<'_>,
        seg: &mut Arrived<'_>,
        cx: &mut Cx<'_>,
    ) -> Step {
        //= RFC1122-4.2.2.20-a
        self.synchronize(now, seg, &segment.options);
        if seg.ack_set() {
            self.take_acknowledgement(now, seg);
            //= RFC9293-3.10.7.3-d
            //= RFC9293-3.5-a
            self.enter_established();
            self.ack_owed = true;
            return NEXT;
        }
        //= RFC9293-MUST-10
        //= RFC9293-MUST-11
        self.phase = Phase::SynReceived(Origin::Active);
        self.hold_for_later(seg, cx);
        //= RFC9293-3.10.7.3-e
        self.send_cut(now, Cut::syn(self.iss), cx);
        self.timer = Timer::Retransmit { at: now + self.rto.span() };
        DONE
    }

    /// The handshake is over.
    pub(super) const fn enter_established(&mut self) {
        // A CLOSE that came too early for a FIN takes effect now.
        self.phase = if self.shut { Phase::FinWait1 } else { Phase::Established };
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Refused;
    use crate::tcp::tests::rig::Rig;
    use crate::tcp::{End, Settings, State};

    //? RFC9293-3.10.7.3-a
    //? RFC9293-3.5-c
    //? RFC9293-3.5.2-d
    //? RFC9293-3.10.7.3-c
    #[test]
    fn an_ack_of_another_connection_is_reset_at_its_own_number() {
        let mut rig = Rig::connect_with(&Settings::default());
        for ack in [-7, 0, 2, 900] {
            let lines = rig.gets(&alloc::format!("S. 50:50(0) ack {ack}"));
            assert!(lines[1].starts_with(&alloc::format!("> R {}:", ack as u32)), "{lines:?}");
            assert_eq!(lines[0], "! TcpAckToSynSent");
            assert_eq!(rig.gets(&alloc::format!("R. 50:50(0) ack {ack}")), ["! TcpResetToSynSent"]);
            assert_eq!(rig.tcb.state(), State::SynSent);
        }
        rig.gets("S. 0:0(0) ack 1");
        assert_eq!(rig.tcb.state(), State::Established);
    }

    //? RFC9293-3.10.7.3-b
    //? RFC9293-3.10.7.3-c
    //? RFC5961-3.2-d
    #[test]
    fn a_reset_with_the_right_ack_refuses_the_connection() {
        let mut rig = Rig::connect_with(&Settings::default());
        assert_eq!(rig.gets("R 0:0(0)"), ["! TcpResetToSynSent"]);
        assert!(rig.gets("R. 0:0(0) ack 1").is_empty());
        assert_eq!(rig.tcb.end(), Some(End::Failed(Refused::ConnRefused)));
        assert_eq!((rig.tcb.take_error(), rig.tcb.error()), (Some(Refused::ConnRefused), None));
    }

    //? RFC9293-3.10.2-c
    //? RFC7323-2.2-d
    #[test]
    fn the_window_of_the_syn_ack_counts() {
        let mut rig = Rig::connect_with(&Settings::default());
        rig.send(10);
        assert_eq!(rig.gets("S. 0:0(0) ack 1 win 10"), ["> P. 1:11(10) ack 1 win 65535"]);
        assert_eq!(rig.tcb.snd().max_wnd.octets(), 10);
    }

    //? RFC9293-3.10.7.3-d
    //? RFC9293-3.10.7.3-f
    #[test]
    fn a_fin_with_the_syn_ack_is_taken() {
        let mut rig = Rig::connect_with(&Settings::default());
        assert_eq!(rig.gets("SF. 0:0(0) ack 1"), ["> . 1:1(0) ack 2 win 65534"]);
        assert_eq!(rig.tcb.state(), State::CloseWait);
    }
}
