//! floor 3: SEGMENT ARRIVES (RFC 9293 section 3.10.7). The modules below are its steps, in its order: the two
//! states without a connection, SYN-SENT, and the checks of all other states from first to eighth. The third
//! one, security and compartment, is of multi-level secure systems alone.
//!
//! RFC9293-3.10.7.4-j: there are no security levels here, so that the third check has nothing to compare.
//! RFC7323-5.6-a: no header is predicted, every segment takes all steps.

pub mod closed;
mod eighth_fin;
mod fifth_ack;
mod first_sequence;
mod fourth_syn;
pub mod listen;
mod second_reset;
mod seventh_text;
mod sixth_urgent;
mod syn_sent;

use super::state::State;
use super::{Cx, Tcb};
use crate::base::{Ecn, Instant, Ours, Seq, Theirs};
use crate::wire::tcp::{Flags, Segment};
use crate::wire::tcp_option::Timestamps;
use core::ops::ControlFlow;

/// What a step says: `Continue` with the next one, or `Break`: the segment is done with.
type Step = ControlFlow<()>;
const NEXT: Step = ControlFlow::Continue(());
const DONE: Step = ControlFlow::Break(());

/// The segment that arrived, SEG of the RFC, trimmed as the steps go on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrived<'a> {
    /// SEG.SEQ.
    pub(super) seq: Seq<Theirs>,
    /// SEG.ACK.
    pub(super) ack: Seq<Ours>,
    /// SEG.WND as it stands in the field.
    pub(super) wnd: u16,
    /// Whether the segment came with a SYN, trimmed or not: then its window is not scaled.
    pub(super) came_with_syn: bool,
    /// The sequence number that the urgent pointer names, if URG is set.
    pub(super) up: Option<Seq<Theirs>>,
    /// SEG.SEQ before anything was trimmed.
    pub(super) seq_on_arrival: Seq<Theirs>,
    /// SEG.TSval and SEG.TSecr, if the option is there.
    pub(super) stamps: Option<Timestamps>,
    /// The ECN codepoint of the packet it came in.
    pub(super) ecn: Ecn,
    pub(super) flags: Flags,
    pub(super) payload: &'a [u8],
}

impl<'a> Arrived<'a> {
    pub(super) fn new(segment: &Segment<'a>, ecn: Ecn) -> Self {
        let seq = Seq::new(segment.seq);
        //= RFC9293-3.1-f
        let up = segment.flags.urg().then(|| seq + u32::from(segment.urgent_pointer));
        let Segment { ack, window, flags, payload, options, .. } = *segment;
        Self {
            seq,
            ack: Seq::new(ack),
            wnd: window,
            came_with_syn: flags.syn(),
            up,
            seq_on_arrival: seq,
            stamps: options.timestamps,
            ecn,
            flags,
            payload,
        }
    }

    pub(super) const fn ack_set(&self) -> bool {
        self.flags.ack()
    }

    /// SEG.LEN.
    fn len(&self) -> u32 {
        self.text_octets() + u32::from(self.flags.syn()) + u32::from(self.flags.fin())
    }

    pub(super) fn text_octets(&self) -> u32 {
        u32::try_from(self.payload.len()).unwrap_or(u32::MAX)
    }

    /// The SYN has been dealt with: what follows begins one number later.
    pub(super) fn drop_syn(&mut self) {
        if self.flags.syn() {
            self.seq += 1;
            self.flags = self.flags.without(Flags::SYN);
        }
    }

    /// Cuts `octets` of sequence space from the front.
    fn cut_front(&mut self, octets: u32) {
        let mut rest = octets;
        if rest > 0 && self.flags.syn() {
            self.drop_syn();
            rest -= 1;
        }
        let text = rest.min(self.text_octets());
        self.payload = &self.payload[text as usize..];
        self.seq += text;
        if rest > text {
            self.flags = self.flags.without(Flags::FIN);
        }
    }

    /// Keeps only `octets` of sequence space at the front; there is no SYN.
    fn keep_front(&mut self, octets: u32) {
        if self.len() > octets {
            self.flags = self.flags.without(Flags::FIN);
            let text = self.text_octets().min(octets);
            self.payload = &self.payload[..text as usize];
        }
    }
}

impl Tcb {
    /// A segment arrived for this connection, in a packet with this ECN codepoint. Its checksum was right;
    /// addresses and ports are the table's business.
    pub fn arrives(&mut self, now: Instant, segment: &Segment<'_>, ecn: Ecn, cx: &mut Cx<'_>) {
        let mut seg = Arrived::new(segment, ecn);
        self.watch.hear(now);
        // How a step ended does not matter: what it owes, it has noted.
        let _ = match self.state() {
            State::Closed | State::Listen => {
                closed::answer(segment, cx);
                return;
            }
            State::SynSent => self.arrives_in_syn_sent(now, segment, &mut seg, cx),
            State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => self.arrives_in_other_states(now, segment, &mut seg, cx),
        };
        if self.state() != State::Closed {
            self.output(now, cx);
        }
    }

    /// RFC 9293 section 3.10.7.4.
    fn arrives_in_other_states(
        &mut self,
        now: Instant,
        segment: &Segment<'_>,
        seg: &mut Arrived<'_>,
        cx: &mut Cx<'_>,
    ) -> Step {
        //= RFC7323-5.3-b
        self.check_stamps(now, seg, cx)?;
        self.first_check_sequence(now, seg, cx)?;
        self.second_check_reset(now, seg, cx)?;
        self.fourth_check_syn(now, seg, cx)?;
        self.fifth_check_ack(now, segment, seg, cx)?;
        self.note_congestion(seg, segment.payload.len());
        self.hear_user_timeout(segment.options.user_timeout);
        self.sixth_check_urgent(seg, cx);
        self.seventh_take_text(now, seg, cx)?;
        self.eighth_check_fin(now);
        NEXT
    }
}
