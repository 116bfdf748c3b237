//! floor 3: fifth check: ACK (RFC 9293 section 3.10.7.4, RFC 5961 section 5.2).

use super::{Arrived, DONE, NEXT, Step};
use crate::base::seq::Window;
use crate::base::{Ecn, Instant, Ours, Seq, Why};
use crate::tcp::state::{End, Phase};
use crate::tcp::timeouts::Timer;
use crate::tcp::{Cx, Tcb, reset};
use crate::wire::tcp::Segment;

impl Tcb {
    pub(super) fn fifth_check_ack(
        &mut self,
        now: Instant,
        segment: &Segment<'_>,
        seg: &Arrived<'_>,
        cx: &mut Cx<'_>,
    ) -> Step {
        if !seg.ack_set() {
            //= RFC9293-3.10.7.4-o
            cx.out.discard(Why::TcpWithoutAck);
            return DONE;
        }
        if matches!(self.phase, Phase::SynReceived(_)) {
            self.fifth_in_syn_received(segment, seg, cx)?;
        }
        self.fifth_in_range(now, seg, cx)?;
        self.note_stamps(now, seg);
        self.fifth_in_established(now, segment, seg, cx);
        self.fifth_own_fin(now)
    }

    /// SYN-RECEIVED: an acknowledgement of the SYN opens the connection, any other one is of another.
    fn fifth_in_syn_received(&mut self, segment: &Segment<'_>, seg: &Arrived<'_>, cx: &mut Cx<'_>) -> Step {
        if seg.ack.after(self.snd.una) && seg.ack.at_or_before(self.snd.nxt) {
            //= RFC9293-3.10.7.4-q
            self.take_window(seg);
            self.enter_established();
            return NEXT;
        }
        cx.out.discard(Why::TcpAckToSynReceived);
        //= RFC9293-3.10.7.4-r
        cx.out.segment(&reset::reply_to(segment), Ecn::NotEct);
        DONE
    }

    /// Neither older than any window that the peer ever offered, nor of anything that was never sent.
    fn fifth_in_range(&mut self, now: Instant, seg: &Arrived<'_>, cx: &mut Cx<'_>) -> Step {
        //= RFC9293-3.10.7.4-p
        //= RFC9293-MAY-12
        //= RFC5961-5.2-a
        if self.is_ack_plausible(seg.ack) {
            return NEXT;
        }
        cx.out.discard(Why::TcpAckRange);
        //= RFC5961-5.2-b
        self.challenge(now, cx);
        DONE
    }

    /// Whether an honest peer may still acknowledge this.
    pub(super) fn is_ack_plausible(&self, ack: Seq<Ours>) -> bool {
        // After a CLOSE that came early the own SYN may still wait: nothing before it was ever sent.
        let oldest =
            if self.syn_outstanding() { self.iss + 1 } else { self.snd.una.back(self.snd.max_wnd.octets()) };
        ack.at_or_after(oldest) && ack.at_or_before(self.snd.nxt)
    }

    /// What every synchronized state does with an acknowledgement.
    fn fifth_in_established(
        &mut self,
        now: Instant,
        segment: &Segment<'_>,
        seg: &Arrived<'_>,
        cx: &mut Cx<'_>,
    ) {
        let was_closed = matches!(self.timer, Timer::Persist { .. });
        let before = self.snd.una;
        let cwnd = self.congestion.cwnd_octets();
        let duplicate = self.is_duplicate(seg);
        if seg.ack.after(before) {
            self.take_acknowledgement(now, seg);
        }
        self.answer_congestion(now, seg, self.snd.una != before, cwnd);
        let reports = self.take_sack_blocks(seg.ack, &segment.options.sack, cx);
        if was_closed && !self.reader_gone {
            // Whoever answers probes is alive, and may keep its window closed for as long as an application
            // here cares. What is left of a connection after its application has gone is the host's to
            // bound: it lasts for one R2 without progress.
            //= RFC9293-MUST-37
            //= RFC9293-SHLD-17
            //= RFC1122-4.2.2.17-a
            //= RFC6429-4-a
            //= RFC6429-4-b
            self.waiting_since = Some(now);
        }
        if seg.ack.at_or_after(self.snd.una) && !self.update_window(seg) {
            self.keep_edge(before);
        }
        if if self.sack.permitted { reports } else { duplicate } {
            self.on_duplicate();
        }
        let window = self.snd.wnd.octets();
        if was_closed && window > 0 && self.outstanding_octets() > 0 {
            // What probed the window comes back, with whatever fits now.
            let end = self.resend_front(now, window, cx);
            self.note_reopening(end);
        }
    }

    /// SND.UNA moves: what is acknowledged leaves the buffer, and the retransmission timer starts again.
    pub(super) fn take_acknowledgement(&mut self, now: Instant, seg: &Arrived<'_>) {
        let ack = seg.ack;
        if let Some((end, sent_at)) = self.timed
            && ack.at_or_after(end)
        {
            self.timed = None;
            if let Some(rtt) = self.round_trip(now, seg, sent_at) {
                self.rto.sample(rtt);
            }
        }
        if self.syn_outstanding() && self.syn_resent {
            self.rto.restart_after_lost_syn(self.settings.rto_initial);
        }
        let of_syn = !self.syn_acknowledged;
        let acknowledged = ack.octets_since(self.snd.una);
        self.syn_acknowledged = true;
        //= RFC9293-3.10.7.4-s
        self.snd.una = ack;
        //= RFC6675-3-a
        //= RFC2018-8-c
        self.send_buffer.acknowledge(ack);
        self.note_arrival(now, ack);
        self.acknowledged(now, acknowledged, of_syn);
        if self.snd.up.is_some_and(|up| ack.at_or_after(up)) {
            self.snd.up = None;
        }
        self.resends = 0;
        // A timer that is needed again starts anew when the event is over.
        //= RFC6298-5.1-a
        //= RFC6928-9-a
        self.timer = Timer::Idle;
        self.waiting_since = None;
    }

    /// A segment that does not say what the window is now may still acknowledge. SND.WND is an offset from
    /// SND.UNA, so that by the letter its edge would move along, beyond everything the peer ever offered; it
    /// stays where it is.
    fn keep_edge(&mut self, una_before: Seq<Ours>) {
        let acknowledged = self.snd.una.octets_since(una_before);
        //= RFC9293-3.8.6-a
        self.snd.wnd = Window::from_octets(self.snd.wnd.octets().saturating_sub(acknowledged));
    }

    /// The rule of SND.WL1 and SND.WL2: an old segment does not say what the window is now. Whether this one
    /// did. A segment above a gap counts like any other: its acknowledgement and its window are taken at
    /// once, only its text waits. What fills the gap later says nothing about the window then; the answer to
    /// a probe, which is no older than that, does.
    fn update_window(&mut self, seg: &Arrived<'_>) -> bool {
        let newer = self.snd.wl1.before(seg.seq);
        //= RFC9293-3.10.7.4-t
        //= RFC9293-3.8.6-b
        let says_it = newer || self.snd.wl1 == seg.seq && self.snd.wl2.at_or_before(seg.ack);
        if says_it {
            self.take_window(seg);
        }
        says_it
    }

    /// What follows from the acknowledgement of the own FIN.
    fn fifth_own_fin(&mut self, now: Instant) -> Step {
        let acknowledged = self.fin_acknowledged();
        match self.phase {
            Phase::FinWait1 if acknowledged => {
                //= RFC9293-3.10.7.4-u
                self.phase = Phase::FinWait2;
                NEXT
            }
            Phase::Closing if acknowledged => {
                //= RFC9293-3.10.7.4-v
                //= RFC9293-3.6-d
                self.enter_time_wait(now);
                DONE
            }
            Phase::LastAck if acknowledged => {
                //= RFC9293-3.10.7.4-w
                self.enter_closed(End::Finished);
                DONE
            }
            Phase::SynSent
            | Phase::SynReceived(_)
            | Phase::Established
            | Phase::FinWait1
            | Phase::FinWait2
            | Phase::CloseWait
            | Phase::Closing
            | Phase::LastAck
            | Phase::TimeWait { .. }
            | Phase::Closed(_) => NEXT,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tcp::tests::rig::Rig;
    use crate::tcp::{Settings, State};
    use alloc::format;

    //? RFC9293-3.8.6-a
    //? RFC7323-2.4-d
    #[test]
    fn an_acknowledgement_that_says_no_window_leaves_the_edge_where_it_was() {
        let mut rig = Rig::established_with(&Settings::default(), 1000, 1000);
        rig.gets(". 501:511(10) ack 1 win 1000");
        assert_eq!(rig.send(1000), ["> P. 1:1001(1000) ack 1 win 65535"]);
        rig.gets(". 1:11(10) ack 501 win 10");
        assert_eq!(rig.tcb.snd().wnd.octets(), 500);
        assert!(rig.send(400).is_empty(), "the peer never offered more than 1000 octets");
        rig.tcb.check();
    }

    //? RFC9293-3.10.7.4-p
    //? RFC9293-MAY-12
    //? RFC5961-5.2-a
    //? RFC5961-5.2-b
    //? RFC5961-5.2-c
    #[test]
    fn the_range_reaches_back_by_the_largest_window() {
        let mut rig = Rig::established_with(&Settings::default(), 100, 1000);
        rig.send(100);
        rig.gets(". 1:1(0) ack 101 win 50");
        rig.send(10);
        for (ack, acceptable) in [(0, false), (1, true), (100, true), (111, true), (112, false)] {
            let lines = rig.clone().gets(&format!(". 1:1(0) ack {ack} win 50"));
            let refused = ["! TcpAckRange", "> . 111:111(0) ack 1 win 65535"];
            assert!(if acceptable { lines.is_empty() } else { lines == refused }, "{ack}: {lines:?}");
        }
    }

    //? RFC9293-3.10.7.4-p
    //? RFC5961-5.2-b
    #[test]
    fn text_with_an_ack_out_of_range_is_not_taken() {
        let mut rig = Rig::established();
        rig.gets(". 1:6(5) ack 2");
        assert_eq!(rig.numbers(), (1, 1));
    }

    //? RFC9293-3.10.7.4-t
    //? RFC9293-3.8.6-b
    #[test]
    fn an_old_segment_does_not_say_what_the_window_is() {
        let mut rig = Rig::established_with(&Settings::default(), 1000, 1000);
        let wnd = |rig: &Rig| rig.tcb.snd().wnd.octets();
        rig.gets(". 1:6(5) ack 1 win 900");
        assert_eq!(wnd(&rig), 900);
        rig.gets(". 6:6(0) ack 1 win 800");
        assert_eq!(wnd(&rig), 800);
        rig.send(10);
        rig.gets(". 6:6(0) ack 11 win 700");
        // Same number, older acknowledgement; then an older number.
        rig.gets(". 6:6(0) ack 1 win 600");
        assert_eq!(wnd(&rig), 700);
        rig.gets(". 8:8(0) ack 1 win 600");
        assert_eq!(wnd(&rig), 700);
        rig.gets(". 20:25(5) ack 11 win 500");
        rig.gets(". 6:6(0) ack 11 win 400");
        assert_eq!(wnd(&rig), 500);
    }

    //? RFC9293-3.10.7.4-r
    //? RFC9293-3.10.7.4-q
    //? RFC9293-3.5.2-d
    #[test]
    fn an_unacceptable_ack_in_syn_received_draws_a_reset_and_changes_nothing() {
        for ack in [0, 2] {
            let mut rig = Rig::in_state(State::SynReceived);
            let lines = rig.gets(&format!(". 1:1(0) ack {ack}"));
            assert_eq!(lines, ["! TcpAckToSynReceived".into(), format!("> R {ack}:{ack}(0) win 0")]);
            assert_eq!(rig.tcb.state(), State::SynReceived);
            rig.gets(". 1:1(0) ack 1 win 77");
            assert_eq!((rig.tcb.state(), rig.tcb.snd().wnd.octets()), (State::Established, 77));
        }
    }

    //? RFC9293-3.10.7.4-s
    #[test]
    fn what_is_acknowledged_leaves_the_buffer() {
        let mut rig = Rig::established();
        rig.send(30);
        rig.gets(". 1:1(0) ack 11");
        assert_eq!(rig.tcb.unacknowledged_octets(), 20);
        rig.gets(". 1:1(0) ack 31");
        assert_eq!(rig.tcb.unacknowledged_octets(), 0);
        assert_eq!(rig.tcb.due(), None);
    }

    //? RFC9293-3.10.7.4-u
    #[test]
    fn an_ack_of_data_but_not_of_the_fin_leaves_fin_wait_1_alone() {
        let mut rig = Rig::established();
        rig.send(10);
        rig.shutdown();
        rig.gets(". 1:1(0) ack 11");
        assert_eq!(rig.tcb.state(), State::FinWait1);
        rig.gets(". 1:1(0) ack 12");
        assert_eq!(rig.tcb.state(), State::FinWait2);
    }

    //? RFC9293-3.10.4-b
    //? RFC9293-3.10.7.4-p
    #[test]
    fn no_text_is_taken_before_the_own_syn_is_acknowledged_also_after_a_close() {
        let mut rig = Rig::in_state(State::SynReceived);
        rig.shutdown();
        let refused = ["! TcpAckRange", "> . 2:2(0) ack 1 win 65535"];
        assert_eq!(rig.gets(". 1:6(5) ack 0"), refused);
        assert_eq!((rig.tcb.unread_octets(), rig.numbers()), (0, (1, 0)));
        rig.gets(". 1:6(5) ack 1");
        assert_eq!((rig.tcb.unread_octets(), rig.tcb.state()), (5, State::FinWait1));
    }

    //? RFC9293-3.10.4-b
    #[test]
    fn a_fin_from_syn_received_waits_for_both_acknowledgements() {
        let mut rig = Rig::in_state(State::SynReceived);
        assert_eq!(rig.shutdown(), ["> F. 1:1(0) ack 1 win 65535"]);
        assert_eq!(rig.wait(), ["1000 > S. 0:0(0) ack 1 win 65535 mss 1460"]);
        assert_eq!(rig.gets(". 1:1(0) ack 1"), ["> F. 1:1(0) ack 1 win 65535"]);
        assert_eq!(rig.tcb.state(), State::FinWait1);
        rig.gets(". 1:1(0) ack 2");
        assert_eq!(rig.tcb.state(), State::FinWait2);
    }
}
