//! floor 3: forming segments (RFC 9293 sections 3.1 and 3.10.2).

use super::state::Phase;
use super::{Cx, Tcb};
use crate::base::{Instant, Ours, Seq};
use crate::wire::tcp::{Flags, MIN_HEADER_OCTETS, Segment};
use crate::wire::tcp_option::Options;

/// A piece of the own sequence space that one segment carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) seq: Seq<Ours>,
    pub(super) syn: bool,
    pub(super) data_octets: u32,
    pub(super) fin: bool,
}

impl Cut {
    pub(super) const fn syn(iss: Seq<Ours>) -> Self {
        Self { seq: iss, syn: true, data_octets: 0, fin: false }
    }

    pub(super) const fn data(seq: Seq<Ours>, data_octets: u32, fin: bool) -> Self {
        Self { seq, syn: false, data_octets, fin }
    }

    pub(super) fn end(self) -> Seq<Ours> {
        self.seq + u32::from(self.syn) + self.data_octets + u32::from(self.fin)
    }
}

impl Tcb {
    /// Sends `cut`, new or again, with a current acknowledgement.
    pub(super) fn send_cut(&mut self, now: Instant, cut: Cut, cx: &mut Cx<'_>) {
        let end = cut.end();
        let new = !cut.seq.before(self.snd.nxt);
        if !new {
            self.note_sent_again(&cut);
        }
        if !new && !self.echoes_tell_copies_apart() {
            //= RFC6298-3-a
            //= RFC9293-MUST-18
            self.timed = None;
        } else if new && self.timed.is_none() {
            //= RFC6298-3-b
            self.timed = Some((end, now));
        }
        //= RFC9293-3.1-g
        let mut flags = self.ack_flag();
        if cut.syn {
            flags = flags | Flags::SYN | self.ecn_flags_of_syn();
        }
        if cut.fin {
            flags = flags | Flags::FIN;
        }
        if cut.data_octets > 0 && cut.seq + cut.data_octets == self.send_buffer.end() {
            //= RFC9293-MUST-61
            //= RFC9293-SHLD-27
            flags = flags | Flags::PSH;
        }
        self.emit(now, cut, flags, cx);
        self.snd.nxt = self.snd.nxt.later(end);
        if cut.fin && self.phase == Phase::CloseWait {
            //= RFC9293-3.10.4-e
            self.phase = Phase::LastAck;
        }
    }

    /// Sends an empty acknowledgement: `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`.
    pub(super) fn send_ack(&mut self, now: Instant, cx: &mut Cx<'_>) {
        //= RFC9293-3.10.7.4-ac
        self.emit(now, Cut::data(self.snd.nxt, 0, false), Flags::ACK, cx);
    }

    /// Asks the peer for a sign of life: an empty segment with a number that it has acknowledged already.
    pub(super) fn send_keep_alive(&mut self, now: Instant, cx: &mut Cx<'_>) {
        //= RFC9293-SHLD-12
        self.emit(now, Cut::data(self.snd.nxt.back(1), 0, false), Flags::ACK, cx);
    }

    /// ACK, except on the first SYN.
    fn ack_flag(&self) -> Flags {
        if self.phase == Phase::SynSent {
            return Flags::NONE;
        }
        //= RFC9293-3.1-e
        Flags::ACK
    }

    /// Gives `cut` away as a segment with these flags, its window, urgent pointer and options.
    fn emit(&mut self, now: Instant, cut: Cut, flags: Flags, cx: &mut Cx<'_>) {
        self.advance_window();
        let seq = cut.seq;
        let (flags, urgent_pointer) = self.urgent_fields(seq, flags);
        let (flags, ecn) = self.marks_for(&cut, flags);
        let acknowledges = flags.ack();
        let window = self.window_field(flags.syn());
        let payload = self.send_buffer.slice(seq, cut.data_octets);
        let mut segment = Segment {
            src_port: 0,
            dst_port: 0,
            seq: seq.value(),
            //= RFC9293-3.4-c
            ack: if acknowledges { self.rcv.nxt.value() } else { 0 },
            flags,
            window: window.0,
            urgent_pointer,
            options: Options::NONE,
            payload: &payload,
        };
        self.write_options(now, flags, &mut segment.options);
        let size_octets = segment.header_len_octets() - MIN_HEADER_OCTETS + segment.payload.len();
        cx.out.segment(&segment, ecn);
        self.note_size(cut.end(), size_octets);
        self.sack.reported();
        self.ack_owed = false;
        self.delayed.cancel();
        self.note_user_timeout_sent(flags);
        if acknowledges {
            self.note_ack_sent();
            self.edge_offered = Some(self.rcv.nxt + self.offered(window, flags.syn()).octets());
        }
    }

    /// URG and the urgent pointer, for as long as urgent data lies at or after `seq`.
    fn urgent_fields(&self, seq: Seq<Ours>, flags: Flags) -> (Flags, u16) {
        match self.snd.up {
            Some(up) if seq.before(up) && !flags.syn() => {
                //= RFC9293-MUST-62
                //= RFC6093-4-a
                //= RFC9293-MUST-31
                //= RFC7323-A-b
                let ahead = u16::try_from(up.octets_since(seq)).unwrap_or(u16::MAX);
                (flags | Flags::URG, ahead)
            }
            Some(_) | None => (flags, 0),
        }
    }
}
