//! floor 3: what follows from loss (RFC 5681 section 3.2, RFC 6298 section 5).

use super::congestion::Ack;
use super::{Cx, Tcb};
use crate::base::{Freedom, Instant, Ours, Seq};

/// What the sender remembers of losses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recovery {
    /// SND.NXT when the window was last reduced: what is acknowledged up to here belongs to that event.
    reduced_at: Option<Seq<Ours>>,
    /// When data was last sent.
    sent_at: Instant,
}

impl Recovery {
    pub(super) const fn new() -> Self {
        Self { reduced_at: None, sent_at: Instant::ZERO }
    }
}

impl Tcb {
    /// The network says that it is congested, without a loss: less may be in flight from now on, but at most
    /// once for each window of data. Whether the window was reduced.
    #[allow(dead_code, reason = "congestion notification calls it")]
    pub(super) fn congestion_event(&mut self, _now: Instant) -> bool {
        if self.recovery.reduced_at.is_some_and(|at| self.snd.una.before(at)) {
            return false;
        }
        self.congestion.on_congestion(self.flight_octets(), self.smss_octets());
        self.recovery.reduced_at = Some(self.snd.nxt);
        true
    }

    /// How many segments may leave at first is a freedom.
    pub(super) fn choose_initial_window(&mut self, cx: &mut Cx<'_>) {
        //= RFC6928-2-a
        self.congestion.begin_with(cx.choices.choose(Freedom::InitialWindow, 1..=10));
    }

    /// FlightSize for the equations that reduce the window, in octets. What limited transmit sent lies beyond
    /// cwnd and is not counted.
    pub(super) fn flight_octets(&self) -> u32 {
        //= RFC5681-3.2-g
        self.outstanding_octets().min(self.congestion.cwnd_octets())
    }

    /// Octets of sequence space that congestion control lets leave now.
    pub(super) fn congestion_room_octets(&self) -> u32 {
        if !self.syn_acknowledged {
            // A CLOSE in SYN-RECEIVED lets a FIN leave before the handshake has opened the window.
            return 1;
        }
        //= RFC5681-2-a
        self.congestion.cwnd_octets().saturating_sub(self.outstanding_octets())
    }

    /// New data leaves: first after a pause that was longer than the timeout, the window begins anew.
    pub(super) fn note_sending(&mut self, now: Instant) {
        let idle = now.since(self.recovery.sent_at) > self.rto.span();
        if self.outstanding_octets() == 0 && idle {
            self.congestion.on_idle(self.smss_octets());
        }
        self.recovery.sent_at = now;
    }

    /// `octets` that were in flight are acknowledged. The first of all was the SYN, which opens the window.
    pub(super) fn grow_window(&mut self, now: Instant, octets: u32, of_syn: bool) {
        let smss_octets = self.smss_octets();
        if of_syn {
            self.congestion.open(smss_octets, self.syn_resent);
            return;
        }
        let flight_octets = self.outstanding_octets() + octets;
        let srtt = self.rto.srtt();
        self.congestion.on_ack(&Ack { octets, flight_octets, smss_octets, srtt, now });
    }
}
