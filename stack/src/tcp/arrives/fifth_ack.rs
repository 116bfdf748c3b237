//! floor 3: fifth check: ACK (RFC 9293 section 3.10.7.4, RFC 5961 section 5.2).

use super::{Arrived, DONE, NEXT, Step};
use crate::base::{Instant, Ours, Seq, Why};
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
        self.fifth_in_established(now, seg, cx);
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
        cx.out.segment(&reset::reply_to(segment));
        DONE
    }

    /// Neither older than any window that the peer ever offered, nor of anything that was never sent.
    fn fifth_in_range(&mut self, now: Instant, seg: &Arrived<'_>, cx: &mut Cx<'_>) -> Step {
        let oldest = self.snd.una.back(self.snd.max_wnd.octets());
        //= RFC9293-3.10.7.4-p
        //= RFC9293-MAY-12
        //= RFC5961-5.2-a
        if seg.ack.at_or_after(oldest) && seg.ack.at_or_before(self.snd.nxt) {
            return NEXT;
        }
        cx.out.discard(Why::TcpAckRange);
        //= RFC5961-5.2-b
        self.challenge(now, cx);
        DONE
    }

    /// What every synchronized state does with an acknowledgement.
    fn fifth_in_established(&mut self, now: Instant, seg: &Arrived<'_>, cx: &mut Cx<'_>) {
        let was_closed = matches!(self.timer, Timer::Persist { .. });
        let advanced = seg.ack.after(self.snd.una);
        if advanced {
            self.take_acknowledgement(now, seg.ack);
        }
        if was_closed {
            // Whoever answers probes is alive.
            //= RFC9293-MUST-37
            //= RFC1122-4.2.2.17-a
            self.waiting_since = Some(now);
        }
        if seg.ack.at_or_after(self.snd.una) {
            self.update_window(seg);
        }
        self.resend_after(now, advanced, was_closed, cx);
    }

    /// SND.UNA moves: what is acknowledged leaves the buffer, and the retransmission timer starts again.
    pub(super) fn take_acknowledgement(&mut self, now: Instant, ack: Seq<Ours>) {
        //= RFC9293-3.10.7.4-s
        self.snd.una = ack;
        self.send_buffer.acknowledge(ack);
        if self.snd.up.is_some_and(|up| ack.at_or_after(up)) {
            self.snd.up = None;
        }
        if let Some((end, sent_at)) = self.timed
            && ack.at_or_after(end)
        {
            self.timed = None;
            self.rto.sample(now.since(sent_at));
        }
        self.resends = 0;
        // A timer that is needed again starts anew when the event is over.
        //= RFC6298-5.1-a
        self.timer = Timer::Idle;
        self.waiting_since = None;
    }

    /// The rule of SND.WL1 and SND.WL2: an old segment does not say what the window is now.
    fn update_window(&mut self, seg: &Arrived<'_>) {
        let newer = self.snd.wl1.before(seg.seq);
        //= RFC9293-3.10.7.4-t
        //= RFC9293-3.8.6-b
        if newer || self.snd.wl1 == seg.seq && self.snd.wl2.at_or_before(seg.ack) {
            self.take_window(seg);
        }
    }

    /// After a timeout everything that was outstanding then may be lost: each acknowledgement that does not
    /// cover it all brings the next segment. A window that opens again brings back what probed it.
    fn resend_after(&mut self, now: Instant, advanced: bool, was_closed: bool, cx: &mut Cx<'_>) {
        let window = self.snd.wnd.octets();
        let outstanding = self.outstanding_octets();
        let recovering = self.recover.is_some_and(|end| self.snd.una.before(end));
        if !recovering {
            self.recover = None;
        }
        if outstanding == 0 || window == 0 {
            return;
        }
        if was_closed {
            self.resend_front(now, window, cx);
        } else if recovering && advanced {
            self.resend_front(now, window.min(outstanding), cx);
        }
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
