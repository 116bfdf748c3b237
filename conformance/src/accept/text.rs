//! floor 8: octets, FIN and acknowledgements of a synchronized connection. The application of the reference
//! writes what the segment carries, and the reference has to send it: it decides what its state and the
//! window of the peer allow.

use super::Tap;
use super::pursuit::{Explanation, Objection, Pursuit};
use super::word::{Breach, Cause, Liberty};
use crate::drive::replay::recording::RecordedSegment;
use crate::drive::replay::stream::offset;
use stack::base::{Instant, Ours, Seq};
use stack::tcp::State;
use stack::wire::tcp::Flags;

impl Pursuit<'_> {
    pub(super) fn synchronized(&mut self, segment: &RecordedSegment) -> Result<Explanation, Objection> {
        let state = self.shadow.state();
        if self.shadow.tcb().is_none() || state == State::SynSent {
            return Err(Objection::new(Breach::NoConnection, format!("sends in {state}")));
        }
        if !segment.has(Flags::ACK) {
            return Err(Objection::new(Breach::AckAbsent, "has no acknowledgement".to_owned()));
        }
        self.acknowledgement(segment)?;
        let unseen = self.fill_unseen(segment)?;
        let explanation = if segment.len_octets() == 0 { self.empty(segment) } else { self.text(segment) }?;
        Ok(if unseen { explanation.with(Liberty::Unseen) } else { explanation })
    }

    /// Far from the stack, segments come to the tap in another order than they left.
    pub(super) fn is_overtaken(&self, segment: &RecordedSegment) -> bool {
        let plain = segment.has(Flags::ACK) && !segment.has(Flags::SYN) && !segment.has(Flags::RST);
        let (Some(tcb), Some(next)) = (self.shadow.tcb(), self.shadow.rcv_nxt()) else { return false };
        let sent = (Seq::<Ours>::new(segment.seq) + segment.len_octets()).at_or_before(tcb.snd().nxt);
        let acked = Seq::new(segment.ack);
        plain && self.scene.tap == Tap::Away && sent && acked.before(next) && acked.at_or_after(tcb.irs())
    }

    /// What came late to the tap is still what was sent, with the options that were agreed.
    pub(super) fn overtaken(&mut self, segment: &RecordedSegment) -> Result<Explanation, Objection> {
        if let Some(next) = self.shadow.tcb().map(|tcb| tcb.snd().nxt) {
            self.fin_stays(segment)?;
            self.same_octets(segment, next)?;
        }
        self.watch.judge(segment, self.scene, Explanation::of(Cause::Overtaken))
    }

    /// It acknowledges what has arrived, neither more nor less.
    fn acknowledgement(&self, segment: &RecordedSegment) -> Result<(), Objection> {
        let Some(next) = self.shadow.rcv_nxt() else { return Ok(()) };
        let ack = Seq::new(segment.ack);
        if ack == next {
            return Ok(());
        }
        let numbers = (self.theirs(segment.ack), self.theirs(next.value()));
        let what = format!("acknowledges {}; it has had {}", numbers.0, numbers.1);
        let breach = if ack.after(next) { Breach::AckOfUnsent } else { Breach::AckBack };
        Err(Objection::new(breach, what))
    }

    /// Far from the stack, something that it sent before may have been lost on the way to the tap: the
    /// reference sends it as well.
    fn fill_unseen(&mut self, segment: &RecordedSegment) -> Result<bool, Objection> {
        let Some(next) = self.shadow.tcb().map(|tcb| tcb.snd().nxt) else { return Ok(false) };
        let start = Seq::<Ours>::new(segment.seq);
        if start.at_or_before(next) {
            return Ok(false);
        }
        if self.scene.tap == Tap::Away && self.fill_up_to(segment.at, start) {
            return Ok(true);
        }
        let numbers = (self.ours(start.value()), self.ours(next.value()));
        let what = format!("goes on at {} instead of {}", numbers.0, numbers.1);
        Err(Objection::new(Breach::Skipped, what))
    }

    /// The reference sends everything before `end`, which the tap did not see when it left. Octets that stand
    /// nowhere in the recording are zero. Whether it could.
    pub(super) fn fill_up_to(&mut self, now: Instant, end: Seq<Ours>) -> bool {
        let Some(tcb) = self.shadow.tcb() else { return false };
        let edge = tcb.snd().una + tcb.snd().wnd.octets();
        if end.after(edge) {
            return false;
        }
        let iss = tcb.iss().value();
        let (from, to) = (offset(tcb.snd().nxt.value(), iss), offset(end.value(), iss));
        let (Some(from), Some(to)) = (from, to.filter(|to| *to > 0)) else { return false };
        let own = &self.scene.own;
        // A number behind everything that was ever seen is that of a FIN.
        let fin = own.fin.map_or(own.highest() < to, |fin| fin + 1 == to);
        let behind = if fin { to - 1 } else { to };
        let known = own.contiguous().get(from as usize..behind as usize);
        let octets = known.map_or_else(|| vec![0; behind.saturating_sub(from) as usize], <[u8]>::to_vec);
        let written = octets.is_empty() || self.shadow.send(now, &octets);
        let closed = !fin || self.close_half(now, end.back(1).value());
        written && closed && self.sent_up_to(end)
    }

    /// The FIN with this number leaves.
    fn close_half(&mut self, now: Instant, number: u32) -> bool {
        self.fin = Some(number);
        self.shadow.shutdown(now)
    }

    /// A segment with octets or FIN.
    fn text(&mut self, segment: &RecordedSegment) -> Result<Explanation, Objection> {
        let Some(tcb) = self.shadow.tcb() else {
            return Err(Objection::new(Breach::NoConnection, "sends octets".to_owned()));
        };
        let (una, next, wnd) = (tcb.snd().una, tcb.snd().nxt, tcb.snd().wnd.octets());
        let start = Seq::<Ours>::new(segment.seq);
        let end = start + segment.len_octets();
        self.fin_stays(segment)?;
        if end.at_or_before(next) {
            return self.again(segment, una, next, wnd);
        }
        self.same_octets(segment, next)?;
        let known = next.octets_since(start).min(segment.payload_octets);
        let fresh = segment.payload.get(known as usize..).unwrap_or_default();
        let taken = fresh.is_empty() || self.shadow.send(segment.at, fresh);
        let fin = segment.has(Flags::FIN);
        let closed = !fin || self.close_half(segment.at, end.back(1).value());
        if !taken || !closed {
            let what = format!("sends up to {} in {}", self.ours(end.value()), self.shadow.state());
            return Err(Objection::new(Breach::AfterFin, what));
        }
        let mut cause = if fin { Cause::Fin } else { Cause::Text };
        if !self.sent_up_to(end) && wnd == 0 && fresh.len() <= 1 {
            self.shadow.expire(segment.at);
            cause = Cause::WindowProbe;
        }
        if !self.sent_up_to(end) {
            let (end, edge) = (self.ours(end.value()), self.ours((una + wnd).value()));
            let what = format!("sends up to {end}; the window ends at {edge}");
            return Err(Objection::new(Breach::BeyondWindow, what));
        }
        let explanation = Explanation::of(cause);
        Ok(if start.before(next) {
            explanation.with(Liberty::ResendTime)
        } else {
            explanation.with(Liberty::Cut)
        })
    }

    /// Whether the reference has sent everything before `end`.
    fn sent_up_to(&self, end: Seq<Ours>) -> bool {
        self.shadow.tcb().is_some_and(|tcb| tcb.snd().nxt == end)
    }

    /// A FIN stands where it stood before, and no octet stands behind it.
    fn fin_stays(&self, segment: &RecordedSegment) -> Result<(), Objection> {
        let Some(fin) = self.fin.map(Seq::<Ours>::new) else { return Ok(()) };
        let octets_end = Seq::<Ours>::new(segment.seq) + segment.payload_octets;
        if segment.has(Flags::FIN) && octets_end != fin {
            let what =
                format!("its FIN is at {}, was at {}", self.ours(octets_end.value()), self.ours(fin.value()));
            return Err(Objection::new(Breach::FinMoved, what));
        }
        // A keep-alive may carry an octet of garbage anywhere before SND.NXT.
        if octets_end.after(fin) && segment.payload_octets > 1 {
            let what = format!(
                "octets up to {} behind the FIN at {}",
                self.ours(octets_end.value()),
                self.ours(fin.value())
            );
            return Err(Objection::new(Breach::AfterFin, what));
        }
        Ok(())
    }

    /// Octets that were sent before.
    fn again(
        &self,
        segment: &RecordedSegment,
        una: Seq<Ours>,
        next: Seq<Ours>,
        wnd: u32,
    ) -> Result<Explanation, Objection> {
        let one = segment.payload_octets <= 1 && !segment.has(Flags::FIN);
        if one && segment.seq == next.back(1).value() && una == next {
            return Ok(Explanation::of(Cause::KeepAlive));
        }
        self.same_octets(segment, next)?;
        if segment.has(Flags::FIN) && self.fin.is_none() {
            let what = format!("a FIN before {}, where octets were", self.ours(next.value()));
            return Err(Objection::new(Breach::FinMoved, what));
        }
        let cause = if wnd == 0 {
            Cause::WindowProbe
        } else if segment.has(Flags::FIN) {
            Cause::FinAgain
        } else {
            Cause::TextAgain
        };
        Ok(Explanation::of(cause).with(Liberty::ResendTime))
    }

    /// What is sent again is what was sent.
    fn same_octets(&self, segment: &RecordedSegment, next: Seq<Ours>) -> Result<(), Objection> {
        let Some(iss) = self.shadow.iss().map(|iss| iss.value()) else { return Ok(()) };
        let start = Seq::<Ours>::new(segment.seq);
        let octets = next.octets_since(start).min(segment.payload_octets);
        let Some(from) = offset(segment.seq, iss) else { return Ok(()) };
        let known = self.scene.own.contiguous().get(from as usize..(from + octets) as usize);
        let sent = segment.payload.get(..octets as usize);
        if known.is_some() && sent.is_some() && known != sent {
            let what = format!("other octets at {}", self.ours(segment.seq));
            return Err(Objection::new(Breach::OtherOctets, what));
        }
        Ok(())
    }

    /// A segment that takes no number: an acknowledgement, or a question.
    fn empty(&self, segment: &RecordedSegment) -> Result<Explanation, Objection> {
        let Some(tcb) = self.shadow.tcb() else { return Ok(Explanation::of(Cause::Repeat)) };
        let snd = tcb.snd();
        let number = Seq::<Ours>::new(segment.seq);
        if number == snd.nxt {
            return Ok(self.acknowledges(segment));
        }
        let closed = snd.wnd.octets() == 0;
        // A question is asked when nothing has come for a while, and no acknowledgement is due.
        let quiet = !self.clock.runs() && !self.opened && !self.text_came;
        if (closed || quiet) && (number == snd.una.back(1) || number == snd.nxt.back(1)) {
            let probes = closed || snd.una != snd.nxt;
            return Ok(Explanation::of(if probes { Cause::WindowProbe } else { Cause::KeepAlive }));
        }
        let edge = snd.una + snd.wnd.octets();
        // Behind a window that was taken back nothing stands, not even this.
        let taken_back = edge.before(snd.nxt) && number == edge;
        if taken_back || self.scene.tap == Tap::Away && number.before(snd.nxt) {
            return Ok(self.acknowledges(segment));
        }
        let (is, should) = (self.ours(segment.seq), self.ours(snd.nxt.value()));
        Err(Objection::new(Breach::EmptyNumber, format!("stands at {is}, SND.NXT is {should}")))
    }

    /// Why an acknowledgement leaves now.
    fn acknowledges(&self, segment: &RecordedSegment) -> Explanation {
        if self.opened {
            return Explanation::of(Cause::HandshakeAck);
        }
        if self.clock.runs() {
            let fin = matches!(
                self.shadow.state(),
                State::CloseWait | State::Closing | State::LastAck | State::TimeWait
            );
            return Explanation::of(if fin { Cause::FinAck } else { Cause::Ack });
        }
        let answer =
            self.owed.iter().find(|sent| sent.len_octets == 0 && sent.flags.ack() && !sent.flags.rst());
        if let Some(answer) = answer {
            return Explanation { why: answer.why, ..Explanation::of(Cause::Answer) };
        }
        if self.text_came {
            return Explanation::of(Cause::Answer);
        }
        let update = self.watch.moves_edge(segment, self.scene);
        Explanation::of(if update { Cause::WindowUpdate } else { Cause::Repeat })
    }
}
