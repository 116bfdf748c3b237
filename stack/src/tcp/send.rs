//! floor 3: SEND, the send buffer, and what leaves it first and again (RFC 9293 sections 3.8 and 3.10.2).

use super::emit::Cut;
use super::recovery::Sending;
use super::state::{Phase, State};
use super::{Cx, Tcb};
use crate::base::{Instant, Ours, Refused, Seq};
use alloc::borrow::Cow;
use alloc::collections::VecDeque;

/// Octets from SND.UNA on: sent and not acknowledged first, then not yet sent. Grows when needed.
#[derive(Clone, Debug)]
pub(super) struct Buffer {
    octets: VecDeque<u8>,
    start: Seq<Ours>,
}

impl Buffer {
    pub(super) const fn starting_at(start: Seq<Ours>) -> Self {
        Self { octets: VecDeque::new(), start }
    }

    pub(super) fn len_octets(&self) -> u32 {
        u32::try_from(self.octets.len()).unwrap_or(u32::MAX)
    }

    /// The number after the last octet: where the FIN goes.
    pub(super) fn end(&self) -> Seq<Ours> {
        self.start + self.len_octets()
    }

    /// Takes over as much of `data` as `limit_octets` leaves room for; how much that is.
    fn push(&mut self, data: &[u8], limit_octets: u32) -> u32 {
        let room = limit_octets.saturating_sub(self.len_octets());
        let taken = u32::try_from(data.len()).unwrap_or(u32::MAX).min(room);
        self.octets.extend(&data[..taken as usize]);
        taken
    }

    /// Everything before `una` was received.
    pub(super) fn acknowledge(&mut self, una: Seq<Ours>) {
        if una.after(self.start) {
            let octets = una.octets_since(self.start).min(self.len_octets());
            self.octets.drain(..octets as usize);
            self.start += octets;
        }
    }

    /// `octets` from `seq` on, all of which must be in the buffer. Copied only where the ring has its seam,
    /// which one segment meets in a whole turn.
    pub(super) fn slice(&self, seq: Seq<Ours>, octets: u32) -> Cow<'_, [u8]> {
        if octets == 0 {
            return Cow::Borrowed(&[]);
        }
        let from = seq.octets_since(self.start) as usize;
        let to = from + octets as usize;
        let (front, back) = self.octets.as_slices();
        match (front.get(from..to), from.checked_sub(front.len())) {
            (Some(whole), _) => Cow::Borrowed(whole),
            (None, Some(from)) => Cow::Borrowed(&back[from..to - front.len()]),
            (None, None) => Cow::Owned([&front[from..], &back[..to - front.len()]].concat()),
        }
    }

    /// Forgets what it holds, also the memory.
    pub(super) fn flush(&mut self) {
        self.start = self.end();
        self.octets = VecDeque::new();
    }
}

impl Tcb {
    /// SEND: takes over octets of `data`, as many as there is room for, and says how many. With `urgent` the
    /// last of them is the end of urgent data, if all were taken.
    ///
    /// # Errors
    /// [`Refused::WouldBlock`] without room, [`Refused::BrokenPipe`] after the own close or the end of the
    /// connection, and once the error that ended it.
    pub fn send(&mut self, now: Instant, data: &[u8], urgent: bool, cx: &mut Cx<'_>) -> Result<u32, Refused> {
        match self.state() {
            State::Closed | State::Listen => {
                //= RFC9293-3.10.2-a
                return Err(self.error.take().unwrap_or(Refused::BrokenPipe));
            }
            State::FinWait1 | State::FinWait2 | State::Closing | State::LastAck | State::TimeWait => {
                //= RFC9293-3.10.2-f
                return Err(Refused::BrokenPipe);
            }
            //= RFC9293-3.10.2-c
            //= RFC9293-3.10.2-d
            State::SynSent | State::SynReceived | State::Established | State::CloseWait => {}
        }
        if self.shut {
            return Err(Refused::BrokenPipe);
        }
        let taken = self.send_buffer.push(data, self.settings.send_buffer_octets);
        if taken == 0 && !data.is_empty() {
            return Err(Refused::WouldBlock);
        }
        if urgent && taken > 0 && taken as usize == data.len() {
            //= RFC9293-3.10.2-e
            //= RFC9293-MUST-30
            self.snd.up = Some(self.send_buffer.end());
            // The peer has to hear of it even if its window is closed.
            self.ack_owed = self.state().is_synchronized();
        }
        self.output(now, cx);
        Ok(taken)
    }

    /// Sends what may be sent, then an acknowledgement if one is owed and nothing carried it, and sets the
    /// timers. The last act of every event.
    pub(super) fn output(&mut self, now: Instant, cx: &mut Cx<'_>) {
        cx.out.sends_alone();
        if let Some(probe) = self.try_wider(now) {
            self.note_sending(now, &probe, Sending::New);
            self.send_cut(now, probe, cx);
        }
        //= RFC9293-MUST-58
        while let Some((cut, why)) = self.next_cut() {
            self.note_sending(now, &cut, why);
            self.send_cut(now, cut, cx);
        }
        //= RFC9293-MUST-59
        //= RFC5681-4.2-d
        if self.ack_owed {
            self.send_ack(now, cx);
        }
        self.set_timers(now);
    }

    /// Whether data and FIN may leave in this state.
    fn may_send_text(&self) -> bool {
        match self.phase {
            Phase::Established | Phase::FinWait1 | Phase::CloseWait | Phase::Closing | Phase::LastAck => true,
            Phase::SynSent
            | Phase::SynReceived(_)
            | Phase::FinWait2
            | Phase::TimeWait { .. }
            | Phase::Closed(_) => false,
        }
    }

    /// Octets that were never sent.
    pub(super) fn unsent_octets(&self) -> u32 {
        u32::try_from(self.send_buffer.end().distance_from(self.snd.nxt)).unwrap_or(0)
    }

    /// Whether data or the FIN waits to be sent for the first time.
    pub(super) fn has_unsent(&self) -> bool {
        self.may_send_text() && (self.unsent_octets() > 0 || self.shut && !self.fin_sent())
    }

    /// The next new segment that the windows allow and that is worth sending.
    pub(super) fn next_new_cut(&self) -> Option<Cut> {
        if !self.has_unsent() {
            return None;
        }
        let cut = self.new_cut(self.usable_octets().min(self.congestion_room_octets()))?;
        self.is_worth_sending(&cut).then_some(cut)
    }

    /// The longest new segment of at most `usable` octets of sequence space. The FIN takes one of them.
    pub(super) fn new_cut(&self, usable: u32) -> Option<Cut> {
        let unsent = self.unsent_octets();
        //= RFC9293-SHLD-28
        //= RFC9293-3.8.6-a
        let data = unsent.min(usable).min(self.effective_mss_octets());
        //= RFC9293-3.6-a
        //= RFC9293-3.10.4-c
        let fin = self.shut && !self.fin_sent() && data == unsent && usable > data;
        //= RFC9293-3.4-b
        (data > 0 || fin).then(|| Cut::data(self.snd.nxt, data, fin))
    }

    /// One segment of data from `seq` on, cut anew: at most `limit` octets of sequence space, which may reach
    /// beyond SND.NXT.
    pub(super) fn cut_at(&self, seq: Seq<Ours>, limit: u32) -> Option<Cut> {
        let stored = u32::try_from(self.send_buffer.end().distance_from(seq)).unwrap_or(0);
        let data = stored.min(limit).min(self.effective_mss_octets());
        //= RFC9293-3.6-b
        let fin = self.shut && data == stored && limit > data;
        (data > 0 || fin).then(|| Cut::data(seq, data, fin))
    }

    /// Sends the front of what is outstanding again: at most one segment, within `limit` octets of sequence
    /// space from SND.UNA on. Where it ends.
    pub(super) fn resend_front(&mut self, now: Instant, limit: u32, cx: &mut Cx<'_>) -> Seq<Ours> {
        let Some(cut) = self.cut_at(self.snd.una, limit) else { return self.snd.una };
        //= RFC9293-3.10.8-b
        self.send_cut(now, cut, cx);
        cut.end()
    }

    /// Sequence space that is sent and not acknowledged, in octets.
    pub(super) fn outstanding_octets(&self) -> u32 {
        self.snd.nxt.octets_since(self.snd.una)
    }
}
