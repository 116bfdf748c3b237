//! floor 3: first check: the sequence number (RFC 9293 section 3.10.7.4, table 6, and appendix A.2).
//!
//! The letter of the table has a trap, which appendix A.2 names: a host whose own window is closed refuses every
//! segment beyond RCV.NXT, also the mere acknowledgements of a peer that has just probed it with an octet. Two
//! hosts that probe each other would then never hear each other again. The "special allowance" of the text
//! covers it: with a closed window an empty segment right behind such an octet still counts for its ACK.

use super::{Arrived, DONE, NEXT, Step};
use crate::base::{Instant, Why};
use crate::tcp::state::Phase;
use crate::tcp::{Cx, Tcb};
use crate::wire::tcp::Flags;

/// What the sequence number allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Some of the segment lies in the window.
    Acceptable,
    /// The window is closed: RST, ACK and URG count, text and FIN do not.
    ControlOnly,
    Unacceptable,
}

impl Tcb {
    pub(super) fn first_check_sequence(
        &mut self,
        now: Instant,
        seg: &mut Arrived<'_>,
        cx: &mut Cx<'_>,
    ) -> Step {
        match self.judge_sequence(seg) {
            Verdict::Acceptable => {
                if !seg.flags.rst() {
                    self.trim(seg);
                }
                NEXT
            }
            Verdict::ControlOnly => {
                if seg.len() > 0 && !seg.flags.rst() {
                    cx.out.discard(Why::TcpWindowClosed);
                    seg.payload = &[];
                    seg.flags = seg.flags.without(Flags::FIN);
                    //= RFC9293-3.8.6-c
                    self.ack_owed = true;
                }
                NEXT
            }
            Verdict::Unacceptable => {
                self.refuse(now, seg, cx);
                DONE
            }
        }
    }

    fn judge_sequence(&self, seg: &Arrived<'_>) -> Verdict {
        let window = self.rcv.wnd.octets();
        let ahead = seg.seq.distance_from(self.rcv.nxt);
        //= RFC9293-3.4-e
        if window == 0 {
            //= RFC9293-MUST-66
            //= RFC9293-3.4-f
            let allowed = ahead == 0 || ahead == 1 && seg.len() == 0 && !seg.flags.rst();
            return match (allowed, seg.len()) {
                (false, _) => Verdict::Unacceptable,
                (true, 0) => Verdict::Acceptable,
                (true, _) => Verdict::ControlOnly,
            };
        }
        let first = seg.seq.within(self.rcv.nxt, window);
        let last = seg.len() > 0 && (seg.seq + (seg.len() - 1)).within(self.rcv.nxt, window);
        if first || last { Verdict::Acceptable } else { Verdict::Unacceptable }
    }

    /// Answers with an acknowledgement unless the segment is a reset.
    fn refuse(&mut self, now: Instant, seg: &Arrived<'_>, cx: &mut Cx<'_>) {
        if seg.flags.rst() {
            //= RFC9293-3.10.7.4-b
            //= RFC5961-3.2-a
            cx.out.discard(Why::TcpResetSequence);
            return;
        }
        cx.out.discard(Why::TcpSequence);
        let again = seg.flags.fin() && seg.seq + seg.len() == self.rcv.nxt;
        if again && matches!(self.phase, Phase::TimeWait { .. }) {
            // The fifth check speaks of this FIN, but it never gets past the first one.
            //= RFC9293-3.10.7.4-x
            self.enter_time_wait(now);
        }
        if seg.len() > 0 {
            //= RFC9293-3.10.7.4-a
            //= RFC9293-3.5.2-e
            self.send_ack(cx);
        } else {
            // Two hosts that each find the other's empty segments unacceptable would answer each other for
            // ever: the answers to empty ones are counted.
            self.challenge(now, cx);
        }
    }

    /// Leaves the part of the segment that is new and in the window.
    fn trim(&self, seg: &mut Arrived<'_>) {
        if seg.seq.before(self.rcv.nxt) {
            //= RFC9293-3.10.7.4-c
            //= RFC9293-3.10.7.4-d
            seg.cut_front(self.rcv.nxt.octets_since(seg.seq));
        }
        if !seg.flags.syn() {
            let room = (self.rcv.nxt + self.rcv.wnd.octets()).octets_since(seg.seq);
            seg.keep_front(room);
        }
    }
}
