//! floor 3: fourth check: SYN (RFC 9293 section 3.10.7.4, RFC 5961 section 4.2). A SYN that lies before the
//! window was trimmed off in the first check, so that the old SYN of a peer that now adds text does not bring
//! a connection back to LISTEN.
//!
//! RFC9293-3.10.7.4-n: a SYN in TIME-WAIT is challenged like any other until timestamps are there.
//! RFC9293-MAY-2: no connection is opened again from TIME-WAIT.

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
