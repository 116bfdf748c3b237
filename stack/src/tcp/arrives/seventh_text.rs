//! floor 3: seventh: the segment text (RFC 9293 section 3.10.7.4).

use super::{Arrived, DONE, NEXT, Step};
use crate::base::seq::Window;
use crate::base::{Instant, Refused, Why};
use crate::tcp::receive::Held;
use crate::tcp::state::{End, Phase};
use crate::tcp::{Cx, Tcb};

impl Tcb {
    pub(super) fn seventh_take_text(&mut self, now: Instant, seg: &Arrived<'_>, cx: &mut Cx<'_>) -> Step {
        match self.phase {
            Phase::Established | Phase::FinWait1 | Phase::FinWait2 => {}
            Phase::CloseWait | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => {
                if seg.len() > 0 {
                    //= RFC9293-3.10.7.4-z
                    cx.out.discard(Why::TcpAfterFin);
                    self.ack_owed = true;
                }
                return DONE;
            }
            Phase::SynSent | Phase::SynReceived(_) | Phase::Closed(_) => return DONE,
        }
        // Text may have come with the SYN and wait since then.
        let comes = !seg.payload.is_empty() || self.receive_buffer.waiting_octets() > 0;
        if comes && self.is_closed_to_text() {
            cx.out.discard(Why::TcpReaderGone);
            //= RFC9293-SHLD-3
            self.send_reset(now, cx);
            let end = if self.reader_gone { End::Aborted } else { End::Failed(Refused::ConnReset) };
            self.enter_closed(end);
            return DONE;
        }
        self.hold_text(seg, cx);
        let taken = self.receive_buffer.take_in_order();
        //= RFC9293-3.10.7.4-aa
        self.advance_rcv_nxt(taken);
        // Text may have come with the SYN, and be taken now.
        if seg.len() > 0 || taken > 0 {
            //= RFC9293-MAY-13
            self.acknowledge_text(now, seg, taken, cx);
        }
        NEXT
    }

    /// Whether the application will never read again what comes now: it closed the connection, or both halves
    /// of it.
    fn is_closed_to_text(&self) -> bool {
        self.reader_gone || self.read_shut && self.shut
    }

    /// Stores the text and the FIN of `seg`, which does not begin before RCV.NXT, as far as the window
    /// reaches.
    pub(in crate::tcp) fn hold_text(&mut self, seg: &Arrived<'_>, cx: &mut Cx<'_>) {
        let at = seg.seq.octets_since(self.rcv.nxt);
        let room = self.rcv.wnd.octets().saturating_sub(at);
        let mut cut;
        let seg = if seg.len() > room {
            cut = *seg;
            cut.keep_front(room);
            &cut
        } else {
            seg
        };
        if !seg.payload.is_empty() {
            //= RFC9293-SHLD-31
            match self.receive_buffer.hold(at, seg.payload) {
                Held::Taken { twice: None } => {}
                Held::Taken { twice: Some((start, end)) } => {
                    self.note_duplicate_text(self.rcv.nxt + start, self.rcv.nxt + end);
                }
                Held::TooManyGaps => {
                    cx.out.discard(Why::TcpTooManyGaps);
                    return;
                }
            }
        }
        if seg.flags.fin() {
            //= RFC9293-3.10.7.4-af
            self.receive_buffer.hold_fin(at + seg.text_octets());
        }
    }

    /// RCV.NXT moves over `octets`; the right edge stays where it is.
    pub(super) fn advance_rcv_nxt(&mut self, octets: u32) {
        //= RFC9293-3.4-d
        self.rcv.nxt += octets;
        //= RFC9293-3.10.7.4-ab
        self.rcv.wnd = Window::from_octets(self.rcv.wnd.octets() - octets);
    }
}

#[cfg(test)]
mod tests {
    use crate::tcp::State;
    use crate::tcp::tests::rig::{Rig, octets};

    //? RFC9293-3.10.7.4-aa
    //? RFC9293-3.10.7.4-ab
    //? RFC9293-3.6-e
    #[test]
    fn text_in_order_is_delivered_and_acknowledged() {
        for state in [State::Established, State::FinWait1, State::FinWait2] {
            let mut rig = Rig::in_state(state);
            let ack = rig.numbers().1;
            let lines = rig.gets(&alloc::format!("P. 1:6(5) ack {ack}"));
            assert!(lines[0].ends_with("ack 6 win 65530"), "{state}: {lines:?}");
            assert_eq!(rig.read(100), Ok(octets(1, 5)));
        }
    }

    #[test]
    fn the_first_copy_of_an_octet_counts() {
        let mut rig = Rig::established();
        rig.gets(". 3:4(1) ack 1");
        // Shifted by one, so that its octets differ from those of the first copy.
        crate::tcp::tests::rig::with_segment(". 1:6(5) ack 1", |segment| {
            let other = crate::wire::tcp::Segment { payload: &[91, 92, 93, 94, 95], ..*segment };
            rig.arrives(&other);
        });
        assert_eq!(rig.read(100), Ok(alloc::vec![91, 92, 3, 94, 95]));
    }

    //? RFC9293-3.10.7.4-z
    #[test]
    fn text_after_the_fin_is_acknowledged_and_forgotten() {
        let mut rig = Rig::in_state(State::CloseWait);
        assert_eq!(rig.gets(". 2:7(5) ack 1"), ["! TcpAfterFin", "> . 1:1(0) ack 2 win 65534"]);
        assert_eq!(rig.tcb.unread_octets(), 0);
    }

    //? RFC9293-MUST-58
    #[test]
    fn data_carries_the_acknowledgement() {
        let mut rig = Rig::established_with(&crate::tcp::Settings::default(), 10, 1000);
        rig.send(20);
        assert_eq!(rig.gets(". 1:6(5) ack 11 win 100"), ["> P. 11:21(10) ack 6 win 65530"]);
    }
}
