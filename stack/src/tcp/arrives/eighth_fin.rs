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
