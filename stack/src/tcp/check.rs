//! floor 3: what holds between two events, whatever arrived (RFC 9293 section 3.3.1, and common sense).

use super::Tcb;
use super::state::{Phase, State};
use super::timeouts::Timer;
use crate::base::seq::Window;

impl Tcb {
    /// Asserts every invariant of the block.
    ///
    /// # Panics
    /// If one does not hold: a bug of this stack.
    pub fn check(&self) {
        if self.state() == State::Closed {
            assert!(self.timer == Timer::Idle && self.due().is_none(), "CLOSED has no timer");
            assert!(self.send_buffer.len_octets() == 0, "CLOSED has nothing to send");
        } else {
            self.check_send_sequence();
            self.check_timers();
        }
        self.check_receive_sequence();
        self.check_delay();
        self.check_path();
        self.check_timestamps();
        self.check_ecn();
        self.receive_buffer.check(self.rcv.wnd);
        assert!(!self.ack_owed, "an acknowledgement was owed and not sent");
        assert!(self.unread_octets() <= self.settings.receive_buffer_octets, "the receive buffer overflows");
        assert!(
            self.send_buffer.len_octets() <= self.settings.send_buffer_octets,
            "the send buffer overflows"
        );
    }

    fn check_send_sequence(&self) {
        self.check_sack();
        self.congestion.check(self.smss_octets(), self.syn_acknowledged);
        let (una, nxt, end) = (self.snd.una, self.snd.nxt, self.fin_seq());
        assert!(una.at_or_before(nxt), "SND.UNA {una} is after SND.NXT {nxt}");
        let limit = if self.shut { end + 1 } else { end };
        assert!(nxt.at_or_before(limit), "SND.NXT {nxt} is beyond everything there is to send, {limit}");
        assert!(self.snd.wnd <= self.snd.max_wnd, "SND.WND is above MAX.SND.WND");
        assert!(self.snd.up.is_none_or(|up| up.after(una)), "SND.UP is acknowledged");
        self.check_recovery();
        assert!(self.timed.is_none_or(|(at, _)| at.after(una) && at.at_or_before(nxt)), "nothing to time");
        match self.phase {
            Phase::SynSent | Phase::SynReceived(_) => assert!(una == self.iss && nxt == self.iss + 1),
            Phase::Established => assert!(self.syn_acknowledged && !self.shut),
            Phase::FinWait1 | Phase::Closing => assert!(self.shut && !self.fin_acknowledged()),
            Phase::FinWait2 | Phase::TimeWait { .. } => assert!(self.fin_acknowledged() && una == nxt),
            Phase::CloseWait => assert!(!self.fin_sent()),
            Phase::LastAck => assert!(self.fin_sent() && !self.fin_acknowledged()),
            Phase::Closed(_) => {}
        }
    }

    fn check_timers(&self) {
        let outstanding = self.outstanding_octets() > 0;
        let closed_window = self.snd.wnd == Window::from_octets(0);
        if let Phase::TimeWait { .. } = self.phase {
            assert!(self.timer == Timer::Idle, "TIME-WAIT has its own timer only");
            return;
        }
        // No hang without a deadline.
        assert!(!(outstanding || self.has_unsent()) || self.timer != Timer::Idle, "waiting without a timer");
        match self.timer {
            Timer::Idle => assert!(self.waiting_since.is_none(), "waiting for nothing"),
            Timer::Retransmit { .. } => assert!(outstanding, "nothing to send again"),
            Timer::Persist { interval, .. } => {
                assert!(closed_window, "probing an open window");
                assert!(interval <= self.settings.rto_max, "a probe interval above the bound");
            }
            Timer::Override { .. } => assert!(!closed_window && !outstanding, "nothing to override"),
        }
        assert!(self.timer == Timer::Idle || self.waiting_since.is_some(), "waiting since never");
        assert!(self.rto() <= self.settings.rto_max.max(self.settings.rto_initial), "RTO above its bound");
    }

    fn check_receive_sequence(&self) {
        let Some(edge) = self.edge_offered else { return };
        let known = self.rcv.nxt + self.rcv.wnd.octets();
        // A scaled window is said rounded down.
        let unsaid = known.distance_from(edge);
        let unit = 1_i32 << self.scale.map_or(0, |scale| scale.rcv.bits());
        assert!((0..unit).contains(&unsaid), "the right edge {known} is not the one offered, {edge}");
        let peer_has_closed = match self.phase {
            Phase::CloseWait | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => true,
            Phase::Closed(_) => return,
            Phase::SynSent
            | Phase::SynReceived(_)
            | Phase::Established
            | Phase::FinWait1
            | Phase::FinWait2 => false,
        };
        assert!(self.peer_fin == peer_has_closed, "the peer's FIN and the state contradict each other");
    }
}
