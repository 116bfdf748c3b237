//! floor 3: the timers of a connection and what happens when they expire (RFC 9293 sections 3.8.1, 3.8.3,
//! 3.8.6.1, 3.10.8; RFC 6298 section 5).

use super::emit::Cut;
use super::state::{End, Phase};
use super::window::OVERRIDE;
use super::{Cx, Report, SynSchedule, Tcb};
use crate::base::time::soonest;
use crate::base::{Instant, Refused, Span};

/// R1: retransmissions of one segment before the user and the IP layer hear of it (RFC 9293 section 3.8.3).
const R1_RETRANSMISSIONS: u32 = 3;

/// Repetitions of a SYN before the timeout doubles, on Linux.
const LINEAR_REPEATS: u32 = 4;

/// R2 for data of an orphan whose application had left the decision to itself.
const ORPHAN_TIMEOUT: Span = Span::from_secs(300);

/// The one timer that waits for the peer: never two at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// Nothing is waited for.
    Idle,
    /// Something is outstanding.
    Retransmit { at: Instant },
    /// The window is closed and something has to be sent.
    Persist { at: Instant, interval: Span },
    /// What could be sent is not worth a segment, and nothing is outstanding that would bring news.
    Override { at: Instant },
}

/// What has to be waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    Acknowledgement,
    Window,
    WorthwhileWindow,
}

impl Tcb {
    /// When the connection will next do something by itself; `None` if it only waits for others.
    pub fn due(&self) -> Option<Instant> {
        if let Phase::TimeWait { until } = self.phase {
            return Some(until);
        }
        let timer = match self.timer {
            Timer::Idle => None,
            Timer::Retransmit { at } | Timer::Persist { at, .. } | Timer::Override { at } => Some(at),
        };
        soonest([timer, self.gives_up_at(), self.delayed.due(), self.keep_alive_due()])
    }

    /// When the user timeout (R2) ends the wait for the peer.
    fn gives_up_at(&self) -> Option<Instant> {
        let since = self.waiting_since?;
        //= RFC9293-MUST-20
        //= RFC9293-MUST-22
        let patience = if self.syn_outstanding() {
            //= RFC4987-3.3-a
            Some(self.settings.syn_timeout)
        } else {
            // Nobody is left to decide for an orphan.
            let of_orphan = self.reader_gone.then_some(ORPHAN_TIMEOUT);
            //= RFC9293-SHLD-11
            self.user_timeout().or(of_orphan)
        };
        Some(since + patience?)
    }

    /// Acts on whatever is due at `now`; nothing if nothing is.
    pub fn on_due(&mut self, now: Instant, cx: &mut Cx<'_>) {
        if let Phase::TimeWait { until } = self.phase {
            if until <= now {
                //= RFC9293-3.10.8-c
                self.enter_closed(End::Finished);
            }
            return;
        }
        if self.gives_up_at().is_some_and(|at| at <= now) {
            if self.reader_gone && !self.syn_outstanding() {
                // What nobody will ever ask for again is aborted: a peer that is still there has to hear that
                // the rest will not come.
                self.send_reset(now, cx);
            }
            //= RFC9293-3.10.8-a
            self.enter_closed(End::Failed(self.reason_of_silence()));
            return;
        }
        self.keep_alive(now, cx);
        if matches!(self.phase, Phase::Closed(_)) {
            return;
        }
        self.end_ack_delay(now);
        match self.timer {
            Timer::Retransmit { at } if at <= now => self.on_retransmission_timeout(now, cx),
            Timer::Persist { at, interval } if at <= now => {
                self.probe_window(now, cx);
                //= RFC9293-SHLD-30
                let interval = interval.times(2).min(self.settings.rto_max);
                self.timer = Timer::Persist { at: now + interval, interval };
            }
            //= RFC1122-4.2.3.4-a
            Timer::Override { at } if at <= now => self.override_silly_window(now, cx),
            Timer::Idle | Timer::Retransmit { .. } | Timer::Persist { .. } | Timer::Override { .. } => {}
        }
        self.output(now, cx);
    }

    fn on_retransmission_timeout(&mut self, now: Instant, cx: &mut Cx<'_>) {
        let opening = self.syn_outstanding();
        if opening
            && self.settings.syn_repeats.is_some_and(|most| self.resends >= self.syn_repeats_in_all(most))
        {
            self.enter_closed(End::Failed(self.reason_of_silence()));
            return;
        }
        self.resends = self.resends.saturating_add(1);
        if self.resends == R1_RETRANSMISSIONS {
            //= RFC9293-SHLD-9
            //= RFC9293-SHLD-10
            //= RFC1122-4.2.2.20-b
            cx.out.report(Report::DeliveryTrouble);
        }
        if self.syn_outstanding() {
            self.syn_resent = true;
            self.resend_after_syn();
            //= RFC9293-3.4-g
            //= RFC4987-4-c
            self.send_cut(now, Cut::syn(self.iss), cx);
        } else {
            self.note_timeout(now);
            //= RFC9293-SHLD-16
            self.lose_everything();
        }
        //= RFC1122-4.2.3.1-a
        if !(opening && self.is_before_doubling()) {
            self.rto.back_off();
        }
        //= RFC6298-5.6-a
        self.timer = Timer::Retransmit { at: now + self.rto.span() };
    }

    /// Whether the SYN is sent again as soon as the last time. What answers a SYN doubles its timeout always.
    fn is_before_doubling(&self) -> bool {
        match self.settings.syn_schedule {
            SynSchedule::Doubling => false,
            SynSchedule::LinearFirst => self.phase == Phase::SynSent && self.resends <= LINEAR_REPEATS,
        }
    }

    /// Repetitions of a SYN, if the application wants `most`: on Linux those count from where doubling
    /// begins.
    fn syn_repeats_in_all(&self, most: u8) -> u32 {
        let before = match self.settings.syn_schedule {
            SynSchedule::LinearFirst if self.phase == Phase::SynSent => LINEAR_REPEATS,
            SynSchedule::Doubling | SynSchedule::LinearFirst => 0,
        };
        u32::from(most) + before
    }

    /// Why nobody answers, as far as ICMP has told.
    fn reason_of_silence(&self) -> Refused {
        self.soft_error.unwrap_or(Refused::TimedOut)
    }

    /// Since when the peer owes an answer.
    pub const fn waiting_since(&self) -> Option<Instant> {
        self.waiting_since
    }

    /// The application wants to hear of the connection with its first text only. The SYN,ACK is sent again
    /// when it has waited until `until`, and not before.
    pub fn await_text(&mut self, until: Instant) {
        assert!(self.syn_outstanding(), "the handshake is not over");
        self.timer = Timer::Retransmit { at: until };
    }

    /// Since when the connection is in TIME-WAIT, if it is and both ends know how to tell old segments from
    /// new ones, by their timestamps.
    pub fn in_time_wait_since(&self) -> Option<Instant> {
        let Phase::TimeWait { until } = self.phase else { return None };
        let lasts = self.settings.msl.times(2);
        let since = Instant::from_nanos(until.since(Instant::ZERO + lasts).as_nanos());
        self.recent_stamp().map(|_| since)
    }

    fn need(&self) -> Need {
        if matches!(self.phase, Phase::Closed(_) | Phase::TimeWait { .. }) {
            return Need::Nothing;
        }
        let outstanding = self.outstanding_octets() > 0;
        let waiting = outstanding || self.has_unsent();
        if self.syn_outstanding() {
            Need::Acknowledgement
        } else if waiting && self.snd.wnd.octets() == 0 {
            Need::Window
        } else if outstanding {
            Need::Acknowledgement
        } else if waiting {
            Need::WorthwhileWindow
        } else {
            Need::Nothing
        }
    }

    /// Runs exactly the timer that is needed. One that runs for the same need goes on.
    pub(super) fn set_timers(&mut self, now: Instant) {
        let need = self.need();
        let rto = self.rto.span();
        self.timer = match (need, self.timer) {
            (Need::Nothing, _) => Timer::Idle,
            (Need::Acknowledgement, running @ Timer::Retransmit { .. })
            | (Need::Window, running @ Timer::Persist { .. })
            | (Need::WorthwhileWindow, running @ Timer::Override { .. }) => running,
            //= RFC6298-5.1-a
            (Need::Acknowledgement, _) => Timer::Retransmit { at: now + rto },
            //= RFC9293-SHLD-29
            (Need::Window, _) => Timer::Persist { at: now + rto, interval: rto },
            (Need::WorthwhileWindow, _) => Timer::Override { at: now + OVERRIDE },
        };
        self.waiting_since = match need {
            Need::Nothing => None,
            Need::Acknowledgement | Need::Window | Need::WorthwhileWindow => self.waiting_since.or(Some(now)),
        };
    }

    /// Enters TIME-WAIT, or starts its 2 MSL again.
    pub(super) fn enter_time_wait(&mut self, now: Instant) {
        //= RFC9293-MUST-13
        self.phase = Phase::TimeWait { until: now + self.settings.msl.times(2) };
        self.timer = Timer::Idle;
        self.waiting_since = None;
    }
}
