//! floor 3: congestion control: how much may be in flight (RFC 5681 sections 3.1 and 4.1, RFC 6928, RFC
//! 9438).
//!
//! [`Window`] is what all algorithms share: cwnd, ssthresh, slow start, the initial, loss and restart window.
//! How cwnd grows in congestion avoidance and what is left of it after a loss is the matter of a [`Control`].
//! When there was a loss is the matter of [`super::recovery`].
//!
//! cwnd grows only while it is what bounds the sender. RFC 5681 allows more, but an application that seldom
//! writes would collect a window that nothing has ever tested.
//!
//! RFC9293-SHLD-8: explicit congestion notification calls [`super::Tcb::congestion_event`] once it is there.
//! RFC5681-3-a: this forbids what is nowhere done; all that widens the window is in this folder.
//! RFC6928-2-c: one lost SYN is enough for a window of one segment, as RFC 5681 demands.
//! RFC6928-2-f: a loss has cut the window already, and after a pause it is no larger than that.
//! RFC6928-12-a: the initial window is a freedom; whoever runs the host watches and chooses.

mod cubic;
mod reno;

use super::settings::Algorithm;
use crate::base::seq;
use crate::base::{Instant, Span};
use alloc::boxed::Box;
use cubic::Cubic;
use reno::Reno;

/// The initial window in octets, unless two segments are more (RFC 6928 section 2).
const INITIAL_WINDOW_OCTETS: u32 = 14_600;
/// No window that a peer can offer is larger.
const MOST_OCTETS: u32 = seq::Window::MAX.octets();

/// New data was acknowledged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ack {
    /// Octets that were not acknowledged before.
    pub(super) octets: u32,
    /// Octets that were in flight before.
    pub(super) flight_octets: u32,
    /// SMSS: the most data of a segment, in octets.
    pub(super) smss_octets: u32,
    /// The smoothed round-trip time; zero if none was measured.
    pub(super) srtt: Span,
    pub(super) now: Instant,
}

/// A congestion control algorithm, apart from slow start. All sizes are octets.
trait Control {
    /// cwnd after an acknowledgement in congestion avoidance.
    fn avoid(&mut self, cwnd: u32, ack: &Ack) -> u32;

    /// ssthresh after a congestion event with `flight` octets outstanding.
    fn ssthresh_after_loss(&mut self, cwnd: u32, flight: u32, smss: u32) -> u32;

    /// Growth was interrupted: the sender was not bound by cwnd, or is not in congestion avoidance any more.
    fn pause(&mut self);

    /// The retransmission timer expired: what was learned of the path is no longer true.
    fn forget(&mut self);
}

#[derive(Clone, Debug)]
enum Chosen {
    Reno(Reno),
    Cubic(Box<Cubic>),
}

impl Chosen {
    fn control(&mut self) -> &mut dyn Control {
        match self {
            Self::Reno(reno) => reno,
            Self::Cubic(cubic) => &mut **cubic,
        }
    }
}

/// The congestion window of a connection.
#[derive(Clone, Debug)]
pub(super) struct Window {
    cwnd: u32,
    ssthresh: u32,
    /// Segments of the initial window: 1 to 10.
    initial_segments: u8,
    /// Whether it bounds what is in flight.
    bounds: bool,
    chosen: Chosen,
}

impl Window {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        let chosen = match algorithm {
            Algorithm::Reno | Algorithm::Unbounded => Chosen::Reno(Reno::default()),
            //= RFC9293-MAY-18
            Algorithm::Cubic => Chosen::Cubic(Box::default()),
        };
        //= RFC5681-3.1-f
        let bounds = algorithm != Algorithm::Unbounded;
        Self { cwnd: 0, ssthresh: MOST_OCTETS, initial_segments: 1, bounds, chosen }
    }

    /// How many segments the chooser wants to begin with.
    pub(super) fn begin_with(&mut self, segments: u64) {
        assert!((1..=10).contains(&segments), "the chooser left the legal range");
        self.initial_segments = segments as u8;
    }

    /// cwnd, in octets.
    pub(super) const fn cwnd_octets(&self) -> u32 {
        if self.bounds { self.cwnd } else { MOST_OCTETS }
    }

    /// ssthresh, in octets.
    #[cfg(test)]
    pub(super) const fn ssthresh_octets(&self) -> u32 {
        if self.bounds { self.ssthresh } else { MOST_OCTETS }
    }

    /// IW, in octets. RFC 6928 permits more than the table of RFC 5681; the chooser may stay below that.
    fn initial_octets(&self, smss: u32) -> u32 {
        //= RFC6928-2-a
        //= RFC5681-3.1-b
        (u32::from(self.initial_segments) * smss).min(INITIAL_WINDOW_OCTETS.max(2 * smss))
    }

    /// The handshake is over. It did not widen the window.
    pub(super) fn open(&mut self, smss: u32, syn_was_lost: bool) {
        //= RFC5681-3.1-d
        //= RFC5681-3.1-c
        //= RFC6928-2-b
        self.cwnd = if syn_was_lost { smss } else { self.initial_octets(smss) };
    }

    /// New data was acknowledged, outside of fast recovery.
    pub(super) fn on_ack(&mut self, ack: &Ack) {
        if ack.flight_octets.saturating_add(ack.smss_octets) <= self.cwnd {
            self.chosen.control().pause();
        } else if self.cwnd < self.ssthresh {
            //= RFC5681-3.1-a
            //= RFC5681-3.1-h
            //= RFC9293-MUST-19
            //= RFC9438-4.10-a
            self.cwnd = (self.cwnd + ack.octets.min(ack.smss_octets)).min(MOST_OCTETS);
        } else {
            self.cwnd = self.chosen.control().avoid(self.cwnd, ack).min(MOST_OCTETS);
        }
    }

    /// Data was lost, or the network says that it is congested: less than the `flight` octets that are
    /// outstanding from now on. Fast recovery inflates the window as it needs to.
    pub(super) fn on_congestion(&mut self, flight: u32, smss: u32) {
        //= RFC5681-3.1-g
        //= RFC5681-4.3-a
        //= RFC5681-4.3-b
        //= RFC9438-4.6-a
        self.ssthresh = self.chosen.control().ssthresh_after_loss(self.cwnd, flight, smss).max(2 * smss);
        self.cwnd = self.ssthresh;
    }

    /// The retransmission timer expired: `first` if SND.UNA was not sent again by it before.
    pub(super) fn on_timeout(&mut self, first: bool, flight: u32, smss: u32) {
        if first {
            //= RFC5681-3.1-k
            self.on_congestion(flight, smss);
        }
        self.chosen.control().forget();
        //= RFC5681-3.1-l
        //= RFC6928-2-e
        //= RFC9438-4.8-a
        self.cwnd = smss;
    }

    /// Nothing was sent for longer than the retransmission timeout.
    pub(super) fn on_idle(&mut self, smss: u32) {
        self.chosen.control().pause();
        //= RFC5681-4.1-a
        //= RFC6928-2-d
        self.cwnd = self.cwnd.min(self.initial_octets(smss));
    }

    /// What is outstanding leaves again for another reason than congestion: slow start up to where the window
    /// was.
    pub(super) fn start_slowly(&mut self, smss: u32) {
        self.chosen.control().pause();
        self.ssthresh = self.ssthresh.min(self.cwnd.max(2 * smss));
        //= RFC5681-3.1-e
        //= RFC4821-4-e
        self.cwnd = smss;
    }

    /// Fast recovery knows that segments have left the network although nothing acknowledges them, or that
    /// they have not: sets cwnd without any change of what was learned.
    pub(super) fn set_cwnd(&mut self, octets: u32, smss: u32) {
        self.cwnd = octets.clamp(smss, MOST_OCTETS.max(smss));
    }

    /// Asserts the invariants.
    pub(super) fn check(&self, smss: u32, established: bool) {
        assert!(!established || self.cwnd >= smss, "cwnd {} is below one segment of {smss}", self.cwnd);
        assert!(self.cwnd <= MOST_OCTETS, "cwnd {} is larger than any window", self.cwnd);
    }
}
