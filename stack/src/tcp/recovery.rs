//! floor 3: what follows from loss: limited transmit, fast retransmit and fast recovery (RFC 5681 section
//! 3.2, RFC 3042), without SACK as NewReno (RFC 6582), with it by its pipe (RFC 6675), and going back after a
//! timeout (RFC 5681 section 3.1, RFC 6675 section 5.1).
//!
//! What was sent never becomes unsent: SND.NXT stays where it is, and a [`Stage`] knows what has to be sent
//! again. All of that leaves through [`Tcb::next_cut`], as far as the peer's window and cwnd allow it; only
//! the first retransmission of fast recovery does not ask cwnd.
//!
//! Spurious timeouts are not looked for: neither Eifel (RFC 3522) nor F-RTO (RFC 5682) nor the heuristics of
//! RFC 6582 section 4 are here. A D-SACK is understood, and changes nothing but that it is no sign of loss.
//!
//! RFC9293-MAY-7: nothing beyond the right edge is sent again.
//! RFC7323-2.4-e: likewise; no retransmission leaves the window, not even the first one.

use super::arrives::Arrived;
use super::congestion::Ack;
use super::emit::Cut;
use super::timeouts::Timer;
use super::{Cx, Tcb};
use crate::base::{Freedom, Instant, Ours, Seq};

/// Duplicate acknowledgements that are taken for a loss (RFC 5681 section 3.2; DupThresh of RFC 6675).
const DUPLICATES: u8 = 3;

/// What is being done about losses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing is known to be lost.
    Open,
    /// Fast recovery without SACK, until `until` is acknowledged, with a window of `base` octets apart from
    /// what inflates it. With `front` SND.UNA is to be sent again.
    Fast { until: Seq<Ours>, base: u32, front: bool },
    /// Loss recovery with SACK: `until` is RecoveryPoint, `high_rxt` the number after HighRxt and `rescue`
    /// that after RescueRxt. With `front` the first segment is still to be sent again.
    Selective { until: Seq<Ours>, high_rxt: Seq<Ours>, rescue: Seq<Ours>, front: bool },
    /// The timer expired: everything before `until` that the peer does not report since is lost; what lies
    /// before `next` was sent again.
    GoBack { until: Seq<Ours>, next: Seq<Ours> },
}

/// Why a segment leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    /// It was never sent before.
    New,
    /// It was lost, or there is nothing better to send.
    Again,
    /// The last segment, once, lest nothing comes back that would drive recovery.
    Rescue,
}

/// What the sender remembers of losses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recovery {
    stage: Stage,
    /// Duplicate acknowledgements since SND.UNA moved.
    duplicates: u8,
    /// The variable recover of RFC 6582, as the number after it; `None` once more than that is acknowledged,
    /// so that it never gets old enough to lie ahead.
    recover: Option<Seq<Ours>>,
    /// SND.NXT when the window was last reduced: what is acknowledged up to here belongs to that event.
    reduced_at: Option<Seq<Ours>>,
    /// When data was last sent.
    sent_at: Instant,
}

impl Recovery {
    pub(super) const fn new() -> Self {
        //= RFC6582-3.2-a
        Self { stage: Stage::Open, duplicates: 0, recover: None, reduced_at: None, sent_at: Instant::ZERO }
    }

    /// Whether nothing is known to be lost, or suspected to be.
    pub(super) const fn is_calm(&self) -> bool {
        matches!(self.stage, Stage::Open) && self.duplicates == 0
    }

    /// The connection has ended.
    pub(super) const fn end(&mut self) {
        self.stage = Stage::Open;
        self.recover = None;
        self.reduced_at = None;
    }
}

/// What an acknowledgement brings.
impl Tcb {
    /// How many segments may leave at first is a freedom.
    pub(super) fn choose_initial_window(&mut self, cx: &mut Cx<'_>) {
        self.congestion.begin_with(cx.choices.choose(Freedom::InitialWindow, 1..=10));
    }

    /// Whether `seg` is a duplicate acknowledgement, as far as one can tell without SACK.
    pub(super) fn is_duplicate(&self, seg: &Arrived<'_>) -> bool {
        let empty = seg.payload.is_empty() && !seg.flags.fin() && !seg.came_with_syn;
        //= RFC5681-2-b
        self.outstanding_octets() > 0
            && empty
            && seg.ack == self.snd.una
            && self.window_of(seg) == self.snd.wnd
            && self.snd.wnd.octets() > 0
    }

    /// SND.UNA has moved by `octets`. The first of all was the SYN, which opens the window.
    pub(super) fn acknowledged(&mut self, now: Instant, octets: u32, of_syn: bool) {
        let smss = self.smss_octets();
        self.sack.advance(self.snd.una);
        if of_syn {
            self.congestion.open(smss, self.syn_resent);
            if let Stage::GoBack { until, .. } = self.recovery.stage {
                self.leave_at(until);
            }
            return;
        }
        let una = self.snd.una;
        self.recovery.duplicates = 0;
        if self.recovery.recover.is_some_and(|at| una.after(at)) {
            //= RFC6582-6-a
            self.recovery.recover = None;
        }
        match self.recovery.stage {
            Stage::Open => self.grow(now, octets),
            Stage::GoBack { until, .. } => {
                self.grow(now, octets);
                self.leave_at(until);
            }
            Stage::Fast { until, base, .. } if una.before(until) => self.deflate(until, base, octets),
            Stage::Fast { until, base, .. } => {
                let flight = self.outstanding_octets().max(smss).saturating_add(smss);
                //= RFC6582-3.2-e
                //= RFC5681-3.2-k
                self.congestion.set_cwnd(base.min(flight), smss);
                self.leave_at(until);
            }
            //= RFC6675-5-d
            Stage::Selective { until, .. } => self.leave_at(until),
        }
    }

    /// Ends the stage if everything before `until` is acknowledged. The scoreboard stays.
    fn leave_at(&mut self, until: Seq<Ours>) {
        if self.snd.una.at_or_after(until) {
            self.recovery.stage = Stage::Open;
        }
    }

    fn grow(&mut self, now: Instant, octets: u32) {
        let flight_octets = self.outstanding_octets() + octets;
        let (smss_octets, srtt) = (self.smss_octets(), self.rto.srtt());
        self.congestion.on_ack(&Ack { octets, flight_octets, smss_octets, srtt, now });
    }

    /// A partial acknowledgement: the next segment is missing, too.
    fn deflate(&mut self, until: Seq<Ours>, base: u32, octets: u32) {
        let smss = self.smss_octets();
        let back = if octets >= smss { smss } else { 0 };
        //= RFC6582-3.2-d
        self.congestion.set_cwnd(self.congestion.cwnd_octets().saturating_sub(octets) + back, smss);
        //= RFC6582-3.2-c
        //= RFC5681-4.3-c
        self.recovery.stage = Stage::Fast { until, base, front: true };
    }

    /// A duplicate acknowledgement, or one that reports something new out of order.
    pub(super) fn on_duplicate(&mut self) {
        match self.recovery.stage {
            Stage::Open => {
                self.recovery.duplicates = self.recovery.duplicates.saturating_add(1);
                //= RFC5681-3.2-c
                //= RFC2018-5-d
                let lost = self.recovery.duplicates >= DUPLICATES
                    || self.lost_before().is_some_and(|edge| self.snd.una.before(edge));
                if lost && self.may_recover() {
                    self.enter_recovery();
                }
            }
            Stage::Fast { until, base, .. } => {
                let smss = self.smss_octets();
                // A segment for each that was outstanding when the loss was found, whatever a peer invents.
                let most = base + until.octets_since(self.snd.una).max(3 * smss);
                //= RFC5681-3.2-i
                self.congestion.set_cwnd((self.congestion.cwnd_octets() + smss).min(most), smss);
            }
            Stage::Selective { .. } | Stage::GoBack { .. } => {}
        }
    }

    /// Whether duplicates may be taken for a loss, and not for an echo of what was sent again.
    fn may_recover(&self) -> bool {
        let una = self.snd.una;
        match self.recovery.recover {
            None => true,
            //= RFC6675-5.1-a
            Some(recover) if self.sack.permitted => una.at_or_after(recover),
            //= RFC6582-3.2-b
            Some(recover) => una.after(recover),
        }
    }

    fn enter_recovery(&mut self) {
        let (smss, until, una) = (self.smss_octets(), self.snd.nxt, self.snd.una);
        // A probe of the path that is lost alone says nothing about congestion.
        if !self.forgives_loss() {
            //= RFC5681-3.2-g
            self.congestion.on_congestion(self.flight_octets(), smss);
        }
        //= RFC6582-3.2-a
        self.recovery.recover = Some(until);
        self.recovery.reduced_at = Some(until);
        self.note_reduction();
        self.recovery.stage = if self.sack.permitted {
            //= RFC6675-5-b
            Stage::Selective { until, high_rxt: una, rescue: una, front: true }
        } else {
            let base = self.congestion.cwnd_octets();
            //= RFC5681-3.2-h
            self.congestion.set_cwnd(base + u32::from(DUPLICATES) * smss, smss);
            Stage::Fast { until, base, front: true }
        };
    }

    /// The network says that it is congested, without a loss: less may be in flight from now on, but at most
    /// once for each window of data. Whether the window was reduced.
    pub(super) fn congestion_event(&mut self, _now: Instant) -> bool {
        // What is acknowledged up to there says nothing new: the peer has not heard of the reduction yet.
        if self.recovery.reduced_at.is_some_and(|at| self.snd.una.at_or_before(at)) {
            return false;
        }
        let (before, smss) = (self.congestion.cwnd_octets(), self.smss_octets());
        self.congestion.on_congestion(self.flight_octets(), smss);
        self.congestion.set_cwnd(self.congestion.cwnd_octets().min(before), smss);
        self.recovery.reduced_at = Some(self.snd.nxt);
        true
    }

    /// SND.UNA has moved, perhaps into the next window of data. Numbers come round, so that it has to be
    /// noted.
    pub(super) fn end_reduction(&mut self) {
        if self.recovery.reduced_at.is_some_and(|at| self.snd.una.after(at)) {
            self.recovery.reduced_at = None;
        }
    }

    /// The retransmission timer expired on data: everything outstanding may be lost.
    pub(super) fn lose_everything(&mut self) {
        let until = self.snd.nxt;
        self.congestion.on_timeout(self.resends <= 1, self.flight_octets(), self.smss_octets());
        //= RFC6582-3.2-a
        self.recovery.recover = Some(until);
        self.recovery.reduced_at = Some(until);
        self.note_reduction();
        self.recovery.duplicates = 0;
        //= RFC2018-5-b
        //= RFC2018-5-c
        //= RFC2018-5-e
        self.sack.forget();
        //= RFC6298-5.4-a
        self.recovery.stage = Stage::GoBack { until, next: self.snd.una };
    }

    /// The timer expired on the SYN: what left behind it, a FIN, leaves again once the SYN is acknowledged.
    pub(super) fn resend_after_syn(&mut self) {
        let (next, until) = (self.iss + 1, self.snd.nxt);
        if next.before(until) {
            self.recovery.stage = Stage::GoBack { until, next };
        }
    }

    /// Segments may be larger from now on: one of them may always leave.
    pub(super) fn note_wider(&mut self) {
        self.congestion.set_cwnd(self.congestion.cwnd_octets(), self.smss_octets());
    }

    /// Segments were too large for the path: all that is outstanding leaves again, without a change of what
    /// is known of congestion, but slowly at first.
    pub(super) fn go_back(&mut self) {
        if self.syn_acknowledged && self.outstanding_octets() > 0 {
            self.congestion.start_slowly(self.smss_octets());
            self.recovery.stage = Stage::GoBack { until: self.snd.nxt, next: self.snd.una };
        }
    }
}

/// What leaves.
impl Tcb {
    /// The next segment that may leave now, in the order of NextSeg: what is lost, what is new, what may be
    /// lost.
    pub(super) fn next_cut(&self) -> Option<(Cut, Sending)> {
        if let Some(cut) = self.lost_cut() {
            return Some((cut, Sending::Again));
        }
        if let Some(cut) = self.next_new_cut() {
            return Some((cut, Sending::New));
        }
        self.last_resort()
    }

    /// What is known to be lost and was not sent again since.
    fn lost_cut(&self) -> Option<Cut> {
        let (una, nxt) = (self.snd.una, self.snd.nxt);
        match self.recovery.stage {
            Stage::Open => None,
            Stage::Fast { front: false, .. } => None,
            Stage::Fast { front: true, .. } => self.cut_again(una, nxt),
            //= RFC5681-3.2-h
            Stage::Selective { front: true, .. } => self.cut_again(una, nxt),
            Stage::Selective { high_rxt, .. } => {
                let edge = self.lost_before()?;
                //= RFC6675-5-c
                //= RFC2018-5-a
                let (seq, _) = self.sack.gap_from(high_rxt.later(una));
                let may = seq.before(edge) && self.congestion_room_octets() > 0;
                may.then(|| self.cut_again(seq, nxt)).flatten()
            }
            Stage::GoBack { until, next } => {
                let (seq, _) = self.sack.gap_from(next.later(una));
                let cut = self.cut_again(seq, until)?;
                let flight = self.in_flight_octets();
                let room = self.congestion.cwnd_octets().saturating_sub(flight);
                (flight == 0 || cut.end().octets_since(seq) <= room).then_some(cut)
            }
        }
    }

    /// Rules 3 and 4 of NextSeg: what may be lost, and then once the last segment.
    fn last_resort(&self) -> Option<(Cut, Sending)> {
        let Stage::Selective { high_rxt, rescue, front: false, .. } = self.recovery.stage else {
            return None;
        };
        if self.congestion_room_octets() == 0 {
            return None;
        }
        let (una, nxt) = (self.snd.una, self.snd.nxt);
        let (seq, _) = self.sack.gap_from(high_rxt.later(una));
        //= RFC6675-5-c
        if self.sack.highest().is_some_and(|highest| seq.before(highest)) {
            return Some((self.cut_again(seq, nxt)?, Sending::Again));
        }
        if !una.after(rescue) {
            return None;
        }
        let (start, end) = self.sack.last_gap(una, nxt)?;
        Some((self.cut_again(end.back(self.smss_octets()).later(start), end)?, Sending::Rescue))
    }

    /// One segment from `seq` on, up to `end`, what the peer holds, or the edge of its window.
    fn cut_again(&self, seq: Seq<Ours>, end: Seq<Ours>) -> Option<Cut> {
        let (seq, gap_end) = self.sack.gap_from(seq);
        let edge = self.snd.una + self.snd.wnd.octets();
        let end = gap_end.map_or(end, |gap_end| gap_end.earlier(end)).earlier(edge);
        //= RFC5681-2-a
        //= RFC7323-2.4-f
        let limit = u32::try_from(end.distance_from(seq)).ok()?;
        self.cut_at(seq, limit)
    }

    /// `cut` is about to leave.
    pub(super) fn note_sending(&mut self, now: Instant, cut: &Cut, why: Sending) {
        let idle = now.since(self.recovery.sent_at) > self.rto.span();
        self.recovery.sent_at = now;
        if why == Sending::New {
            if self.outstanding_octets() == 0 && idle {
                self.congestion.on_idle(self.smss_octets());
            }
            return;
        }
        match &mut self.recovery.stage {
            Stage::Open => {}
            Stage::Fast { front, .. } => *front = false,
            Stage::Selective { until, rescue, .. } if why == Sending::Rescue => *rescue = *until,
            Stage::Selective { high_rxt, rescue, front, .. } => {
                if *front {
                    *rescue = cut.end();
                }
                *front = false;
                *high_rxt = high_rxt.later(cut.end());
            }
            Stage::GoBack { next, .. } => *next = cut.end(),
        }
        if cut.seq == self.snd.una {
            // The timer sends SND.UNA again, and not sooner than one timeout after this.
            //= RFC6298-1-a
            //= RFC6298-5-a
            //= RFC6582-3.2-f
            self.timer = Timer::Retransmit { at: now + self.rto.span() };
        }
    }

    /// A window that was closed is open again: what probed it left once more, up to `end`.
    pub(super) fn note_reopening(&mut self, end: Seq<Ours>) {
        if let Stage::GoBack { until, next } = &mut self.recovery.stage {
            *next = next.later(end.earlier(*until));
        }
    }
}

/// How much is in flight.
impl Tcb {
    /// IsLost: everything before this number that the peer does not hold is lost.
    fn lost_before(&self) -> Option<Seq<Ours>> {
        self.sack.lost_before(usize::from(DUPLICATES), self.smss_octets())
    }

    /// FlightSize for the equations that reduce the window, in octets. What limited transmit sent lies beyond
    /// cwnd and is not counted, and neither is what has left the network meanwhile.
    fn flight_octets(&self) -> u32 {
        let allowed = match self.recovery.stage {
            Stage::Fast { base, .. } => base,
            Stage::Open | Stage::Selective { .. } | Stage::GoBack { .. } => self.congestion.cwnd_octets(),
        };
        //= RFC5681-3.2-g
        self.outstanding_octets().min(allowed)
    }

    /// Octets from `from` up to `to` that the peer did not report.
    fn unreported_octets(&self, from: Seq<Ours>, to: Seq<Ours>) -> u32 {
        to.octets_since(from) - self.sack.marked_octets(from, to)
    }

    /// Octets that are deemed to be in the network.
    pub(super) fn in_flight_octets(&self) -> u32 {
        let (una, nxt) = (self.snd.una, self.snd.nxt);
        match self.recovery.stage {
            Stage::Open | Stage::Fast { .. } => self.outstanding_octets(),
            Stage::Selective { high_rxt, .. } => {
                let lost = self.lost_before().map_or(una, |edge| edge.later(una));
                //= RFC6675-5-b
                self.unreported_octets(lost, nxt) + self.unreported_octets(una, high_rxt.later(una))
            }
            Stage::GoBack { until, next } => {
                self.unreported_octets(una, next.later(una)) + self.unreported_octets(until, nxt)
            }
        }
    }

    /// Octets of sequence space that congestion control lets leave now.
    pub(super) fn congestion_room_octets(&self) -> u32 {
        if !self.syn_acknowledged {
            // A CLOSE in SYN-RECEIVED lets a FIN leave before the handshake has opened the window.
            return 1;
        }
        let (smss, cwnd) = (self.smss_octets(), self.congestion.cwnd_octets());
        let flight = self.in_flight_octets();
        match self.recovery.stage {
            Stage::Open => {
                //= RFC5681-3.2-d
                //= RFC5681-3.2-e
                //= RFC5681-3.2-f
                //= RFC3042-2-a
                //= RFC3042-2-b
                //= RFC3042-2-c
                //= RFC3042-2-d
                let beyond = u32::from(self.recovery.duplicates.min(2)) * smss;
                //= RFC5681-2-a
                (cwnd + beyond).saturating_sub(flight)
            }
            //= RFC5681-3.2-j
            Stage::Fast { .. } | Stage::GoBack { .. } => cwnd.saturating_sub(flight),
            Stage::Selective { .. } => {
                Some(cwnd.saturating_sub(flight)).filter(|room| *room >= smss).unwrap_or(0)
            }
        }
    }

    /// Asserts what holds of recovery.
    pub(super) fn check_recovery(&self) {
        let (una, nxt) = (self.snd.una, self.snd.nxt);
        let sent = |at: Seq<Ours>| at.at_or_before(nxt);
        let open = |until: Seq<Ours>| una.before(until) && sent(until);
        match self.recovery.stage {
            Stage::Open => {}
            Stage::Fast { until, .. } => {
                assert!(open(until) && !self.sack.permitted, "fast recovery of nothing")
            }
            Stage::Selective { until, high_rxt, rescue, .. } => {
                assert!(open(until) && sent(high_rxt) && sent(rescue), "recovery of what was never sent");
                assert!(self.sack.permitted, "recovery with SACK that nobody permitted");
            }
            Stage::GoBack { until, next } => {
                assert!(open(until) && next.at_or_before(until), "going back to what was never sent");
            }
        }
        assert!(self.recovery.recover.is_none_or(sent), "recover was never sent");
        assert!(self.recovery.recover.is_none_or(|at| una.at_or_before(at)), "recover is history");
    }
}
