//! floor 3: second check: RST (RFC 9293 sections 3.5.3 and 3.10.7.4, RFC 5961 section 3.2).

use super::{Arrived, DONE, NEXT, Step};
use crate::base::{Instant, Refused, Why};
use crate::tcp::state::{End, Phase};
use crate::tcp::{Cx, Tcb};

impl Tcb {
    pub(super) fn second_check_reset(&mut self, now: Instant, seg: &Arrived<'_>, cx: &mut Cx<'_>) -> Step {
        if !seg.flags.rst() {
            return NEXT;
        }
        //= RFC9293-SHLD-2
        if seg.seq == self.rcv.nxt {
            //= RFC9293-3.10.7.4-i
            //= RFC5961-3.2-b
            self.reset_by_peer();
        } else if seg.seq.within(self.rcv.nxt, self.rcv.wnd.octets()) {
            cx.out.discard(Why::TcpResetInexact);
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
        match self.phase {
            //= RFC9293-3.10.7.4-e
            //= RFC9293-3.10.7.4-f
            //= RFC9293-3.5-d
            Phase::SynReceived(origin) => self.fail_opening(origin, Refused::ConnRefused),
            //= RFC9293-3.10.7.4-g
            Phase::Established | Phase::FinWait1 | Phase::FinWait2 | Phase::CloseWait => {
                self.enter_closed(End::Failed(Refused::ConnReset));
            }
            //= RFC9293-3.10.7.4-h
            Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => self.enter_closed(End::Finished),
            Phase::SynSent | Phase::Closed(_) => {}
        }
    }
}
