//! floor 8: SYN and RST: explained by the transitions of the reference alone.

use super::Tap;
use super::pursuit::{Explanation, Objection, Pursuit};
use super::shadow::{Sent, Shadow};
use super::word::{Breach, Cause, Liberty};
use crate::drive::replay::recording::RecordedSegment;
use stack::base::Span;
use stack::tcp::State;
use stack::wire::tcp::Flags;

/// The shortest time after which a stack is believed to have given up what it closed: much less than any
/// document allows, and more than any round trip.
const WAIT_MIN: Span = Span::from_secs(1);

/// Whether the reference sent this SYN.
fn is_syn(sent: &Sent, segment: &RecordedSegment) -> bool {
    sent.flags.syn()
        && sent.seq == segment.seq
        && sent.flags.ack() == segment.has(Flags::ACK)
        && (!sent.flags.ack() || sent.ack == segment.ack)
}

impl Pursuit<'_> {
    pub(super) fn syn(&mut self, segment: &RecordedSegment) -> Result<Explanation, Objection> {
        if segment.has(Flags::FIN) {
            return Err(Objection::new(Breach::OddFlags, "a SYN with FIN".to_owned()));
        }
        if self.shadow.tcb().is_some() {
            return self.syn_of_connection(segment);
        }
        if segment.has(Flags::ACK) { self.passive_open(segment) } else { self.active_open(segment) }
    }

    fn active_open(&mut self, segment: &RecordedSegment) -> Result<Explanation, Objection> {
        let sent = self.shadow.connect(segment.at, segment.seq);
        assert!(sent.iter().any(|sent| is_syn(sent, segment)), "an active open sends a SYN");
        Ok(Explanation::of(Cause::ActiveOpen).with(Liberty::InitialNumber))
    }

    /// The SYN,ACK of a listening socket: the reference takes the same SYN and sends the same answer.
    fn passive_open(&mut self, segment: &RecordedSegment) -> Result<Explanation, Objection> {
        let scene = self.scene;
        let recent = self.recent.clone();
        let mut asked = None;
        for (place, index) in recent.iter().enumerate().rev() {
            let syn = &scene.connection.segments[*index];
            let mut shadow = self.shadow.clone();
            let sent = shadow.accept(segment.at, syn, segment.seq);
            if sent.iter().any(|sent| is_syn(sent, segment)) {
                self.shadow = shadow;
                // What came behind the SYN came to the connection that it opened.
                for index in &recent[place + 1..] {
                    self.shadow.arrives(segment.at, &scene.connection.segments[*index]);
                }
                return Ok(Explanation::of(Cause::PassiveOpen).with(Liberty::InitialNumber));
            }
            asked = asked.or_else(|| sent.first().map(|sent| sent.ack));
        }
        match asked {
            Some(ack) => {
                let what = format!("acknowledges {}, not {}", self.theirs(segment.ack), self.theirs(ack));
                Err(Objection::new(Breach::SynAckNumber, what))
            }
            None => Err(Objection::new(Breach::SynUnasked, "a SYN,ACK that no SYN asked for".to_owned())),
        }
    }

    /// A SYN of a connection that is there: the answer to one that crossed, or the own one again.
    fn syn_of_connection(&mut self, segment: &RecordedSegment) -> Result<Explanation, Objection> {
        if self.shadow.iss().is_some_and(|iss| iss.value() != segment.seq) {
            let what = format!("its SYN has the number {}", self.ours(segment.seq));
            return Err(Objection::new(Breach::SynNumber, what));
        }
        if self.owed.iter().any(|sent| is_syn(sent, segment)) {
            return Ok(Explanation::of(Cause::CrossedOpen));
        }
        let state = self.shadow.state();
        if matches!(state, State::SynSent | State::SynReceived) {
            let sent = self.shadow.expire(segment.at);
            if sent.iter().any(|sent| is_syn(sent, segment)) {
                return Ok(Explanation::of(Cause::SynAgain).with(Liberty::ResendTime));
            }
            if let Some(sent) = sent.iter().find(|sent| sent.flags.ack() && segment.has(Flags::ACK)) {
                let what =
                    format!("acknowledges {}, not {}", self.theirs(segment.ack), self.theirs(sent.ack));
                return Err(Objection::new(Breach::SynAckNumber, what));
            }
        }
        Err(Objection::new(Breach::SynUnasked, format!("a SYN in {state}")))
    }

    pub(super) fn reset(&mut self, segment: &RecordedSegment) -> Result<Explanation, Objection> {
        if segment.has(Flags::SYN) || segment.has(Flags::FIN) {
            return Err(Objection::new(Breach::OddFlags, "a reset with SYN or FIN".to_owned()));
        }
        if let Some(sent) = self.owed.iter().find(|sent| sent.is_reset(segment)) {
            return Ok(Explanation { why: sent.why, ..Explanation::of(Cause::ResetByReference) });
        }
        let segments = &self.scene.connection.segments;
        let asks =
            |asked: &&RecordedSegment| Shadow::reset_for(asked).is_some_and(|reset| reset.is_reset(segment));
        let answered: Vec<&RecordedSegment> =
            self.recent.iter().map(|index| &segments[*index]).filter(asks).collect();
        let answers = !answered.is_empty();
        let unread = answered.iter().any(|asked| asked.payload_octets > 0);
        match self.shadow.state() {
            State::Closed | State::Listen if answers => Ok(Explanation::of(Cause::ResetForNobody)),
            // The application withdrew before the answer came.
            State::SynSent if answers => {
                self.shadow.shutdown(segment.at);
                Ok(Explanation::of(Cause::ResetForNobody))
            }
            // Both halves are closed here and octets came, or the time was over to wait for the peer.
            State::FinWait1 | State::FinWait2 | State::Closing | State::LastAck | State::TimeWait
                if unread || answers && self.has_waited(segment) =>
            {
                self.shadow.close(segment.at);
                self.shadow.abort(segment.at);
                Ok(Explanation::of(Cause::ResetAfterClose))
            }
            State::Closed
            | State::Listen
            | State::SynSent
            | State::SynReceived
            | State::Established
            | State::CloseWait
            | State::FinWait1
            | State::FinWait2
            | State::Closing
            | State::LastAck
            | State::TimeWait => self.abort(segment),
        }
    }

    /// Whether it was silent for so long that it may have given the connection up.
    fn has_waited(&self, segment: &RecordedSegment) -> bool {
        let before = self.scene.connection.of(self.scene.role).take_while(|one| one.number < segment.number);
        before.last().is_none_or(|last| segment.at.since(last.at) >= WAIT_MIN)
    }

    /// A reset that answers nothing: the reference aborts and sends the same one, if the tap has seen all
    /// that was sent before it.
    fn abort(&mut self, segment: &RecordedSegment) -> Result<Explanation, Objection> {
        let ack = Some(segment.ack).filter(|_| segment.has(Flags::ACK));
        let next = self.shadow.rcv_nxt().map(|next| next.value());
        if let (Some(ack), Some(next)) = (ack, next)
            && ack != next
            && self.scene.tap == Tap::Here
        {
            let what = format!("a reset that acknowledges {}, not {}", self.theirs(ack), self.theirs(next));
            return Err(Objection::new(Breach::ResetNumber, what));
        }
        let mut aborted = self.shadow.clone();
        if aborted.abort(segment.at).iter().any(|sent| sent.is_reset(segment)) {
            self.shadow = aborted;
            return Ok(Explanation::of(Cause::Abort));
        }
        if let Some(tcb) = self.shadow.tcb()
            && self.scene.tap == Tap::Away
        {
            let ahead = segment.seq.wrapping_sub(tcb.snd().una.value());
            if ahead <= tcb.snd().wnd.octets() {
                self.shadow.abort(segment.at);
                return Ok(Explanation::of(Cause::Abort).with(Liberty::Unseen));
            }
        }
        let what = format!("a reset at {} in {}", self.ours(segment.seq), self.shadow.state());
        Err(Objection::new(Breach::ResetNumber, what))
    }
}
