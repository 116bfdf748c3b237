//! floor 3: windows: what may be sent, what is worth sending, what is offered, and the probes of a window
//! that is closed (RFC 9293 section 3.8.6).

use super::arrives::Arrived;
use super::emit::Cut;
use super::options::MAX_UNSCALED_OCTETS;
use super::recovery::Sending;
use super::state::Phase;
use super::{Cx, Tcb};
use crate::base::seq::{RawWindow, Shift, Window};
use crate::base::{Instant, Span};

/// How long a segment that is not worth sending waits at the most (RFC 9293 section 3.8.6.2.1: 0.1 to 1 s).
pub(super) const OVERRIDE: Span = Span::from_millis(500);

impl Tcb {
    /// The usable window U, in octets; 0 if the peer has shrunk its window below what is outstanding.
    pub(super) fn usable_octets(&self) -> u32 {
        let edge = self.snd.una + self.snd.wnd.octets();
        //= RFC9293-MUST-34
        //= RFC9293-SHLD-15
        //= RFC7323-2.4-a
        //= RFC7323-2.4-d
        u32::try_from(edge.distance_from(self.snd.nxt)).unwrap_or(0)
    }

    /// Sender's avoidance of silly windows, and Nagle's algorithm. All data counts as pushed, since SEND has
    /// no push flag.
    pub(super) fn is_worth_sending(&self, cut: &Cut) -> bool {
        let full = cut.data_octets == self.effective_mss_octets();
        //= RFC9293-MUST-60
        let everything = cut.data_octets == self.unsent_octets();
        let half = cut.data_octets >= self.snd.max_wnd.octets().div_ceil(2);
        //= RFC9293-MUST-38
        //= RFC9293-3.8.6-e
        full || (everything || half) && !self.awaits_company(cut) && !self.is_corked(cut)
    }

    /// Whether the application wants the segment to become full first. The end of the stream ends that wish.
    fn is_corked(&self, cut: &Cut) -> bool {
        self.settings.cork && !cut.fin
    }

    /// Lets short segments wait until they are full, or sends those that have.
    pub fn set_cork(&mut self, now: Instant, on: bool, cx: &mut Cx<'_>) {
        self.own_settings().cork = on;
        self.output(now, cx);
    }

    /// Whether Nagle's algorithm holds the segment back, which is not full: for as long as anything is
    /// outstanding. The end of the stream and what is urgent leave at once: nothing will join the one, and
    /// nothing should delay the other.
    fn awaits_company(&self, cut: &Cut) -> bool {
        let urgent = self.snd.up.is_some_and(|up| up.after(cut.seq));
        //= RFC9293-SHLD-7
        //= RFC9293-3.7.4-a
        //= RFC9293-3.8-a
        self.settings.nagle && self.outstanding_octets() > 0 && !cut.fin && !urgent
    }

    /// Switches Nagle's algorithm on or off. What it held back leaves when it is switched off.
    pub fn set_nagle(&mut self, now: Instant, on: bool, cx: &mut Cx<'_>) {
        //= RFC9293-MUST-17
        self.own_settings().nagle = on;
        self.output(now, cx);
    }

    /// The window that `seg` offers.
    pub(super) fn window_of(&self, seg: &Arrived<'_>) -> Window {
        //= RFC7323-2.2-d
        let scale = self.scale.filter(|_| !seg.came_with_syn);
        //= RFC7323-2.3-c
        Window::from_raw(RawWindow(seg.wnd), scale.map_or(Shift::NONE, |scale| scale.snd))
    }

    /// SND.WND, SND.WL1 and SND.WL2 from `seg`.
    pub(super) fn take_window(&mut self, seg: &Arrived<'_>) {
        self.snd.wnd = self.window_of(seg);
        self.snd.wl1 = seg.seq;
        self.snd.wl2 = seg.ack;
        //= RFC5961-5.2-c
        self.snd.max_wnd = self.snd.max_wnd.max(self.snd.wnd);
    }

    /// RCV.BUFF: what the receive buffer holds and a window can say, in octets. A SYN says it unscaled,
    /// and may have to be sent again after a CLOSE has ended SYN-RECEIVED.
    fn receive_limit_octets(&self) -> u32 {
        let opening = matches!(self.phase, Phase::SynSent | Phase::SynReceived(_)) || self.syn_outstanding();
        let sayable = match self.scale.filter(|_| !opening) {
            Some(scale) => MAX_UNSCALED_OCTETS << scale.rcv.bits(),
            None => MAX_UNSCALED_OCTETS,
        };
        self.settings.receive_buffer_octets.min(sayable)
    }

    /// The field that says RCV.WND, rounded down.
    pub(super) fn window_field(&self, with_syn: bool) -> RawWindow {
        let scale = self.scale.filter(|_| !with_syn);
        //= RFC7323-2.3-d
        self.rcv.wnd.to_raw(scale.map_or(Shift::NONE, |scale| scale.rcv))
    }

    /// The window that such a field offers.
    pub(super) fn offered(&self, field: RawWindow, with_syn: bool) -> Window {
        let scale = self.scale.filter(|_| !with_syn);
        Window::from_raw(field, scale.map_or(Shift::NONE, |scale| scale.rcv))
    }

    /// RCV.BUFF - RCV.USER, in octets.
    pub(super) fn available_octets(&self) -> u32 {
        self.receive_limit_octets().saturating_sub(self.unread_octets())
    }

    /// Whether the right edge may move: by a segment or by half of the buffer at least.
    fn may_advance_window(&self) -> bool {
        let reduction = self.available_octets().saturating_sub(self.rcv.wnd.octets());
        if reduction == 0 {
            return false;
        }
        let step = (self.receive_limit_octets() / 2).min(self.effective_mss_octets()).max(1);
        //= RFC9293-MUST-39
        reduction >= step
    }

    /// Moves the right edge if it may move. It never goes back: RCV.WND only shrinks by what arrives.
    pub(super) fn advance_window(&mut self) {
        if self.may_advance_window() {
            //= RFC9293-SHLD-14
            //= RFC9293-MAY-8
            //= RFC7323-2.4-b
            //= RFC7323-2.4-c
            self.rcv.wnd = Window::from_octets(self.available_octets());
        }
    }

    /// The application has read: tells the peer if the window may open.
    pub(super) fn tell_window(&mut self, now: Instant, cx: &mut Cx<'_>) {
        let receiving = matches!(self.phase, Phase::Established | Phase::FinWait1 | Phase::FinWait2);
        if receiving && self.may_advance_window() {
            self.ack_owed = true;
            self.output(now, cx);
        }
    }

    /// The persist timer expired: one octet, or the FIN, although the window is closed.
    pub(super) fn probe_window(&mut self, now: Instant, cx: &mut Cx<'_>) {
        //= RFC9293-MUST-36
        //= RFC9293-MUST-35
        //= RFC9293-3.8.6-d
        self.resend_front(now, 1, cx);
        self.timed = None;
    }

    /// The override timer expired: what fits leaves, worth it or not.
    pub(super) fn override_silly_window(&mut self, now: Instant, cx: &mut Cx<'_>) {
        if let Some(cut) = self.new_cut(self.usable_octets()) {
            self.note_sending(now, &cut, Sending::New);
            self.send_cut(now, cut, cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tcp::tests::rig::Rig;
    use crate::tcp::{Settings, State};
    use quickcheck::quickcheck;

    //? RFC9293-SHLD-7
    //? RFC9293-3.7.4-a
    //? RFC9293-SHLD-27
    #[test]
    fn a_short_segment_waits_while_anything_is_outstanding() {
        let mut rig = Rig::established();
        assert_eq!(rig.send(10), ["> P. 1:11(10) ack 1 win 65535"]);
        assert!(rig.send(20).is_empty());
        assert!(rig.send(30).is_empty());
        // Acknowledgements that bring no news of it change nothing.
        assert!(rig.gets(". 1:1(0) ack 1").is_empty());
        assert_eq!(rig.gets(". 1:1(0) ack 11"), ["> P. 11:61(50) ack 1 win 65535"]);
        // Full segments leave, and only the rest waits.
        assert_eq!(rig.send(1500), ["> . 61:1061(1000) ack 1 win 65535"]);
        assert!(rig.gets(". 1:1(0) ack 61").is_empty());
        assert_eq!(rig.gets(". 1:1(0) ack 1061"), ["> P. 1061:1561(500) ack 1 win 65535"]);
    }

    //? RFC9293-MUST-17
    #[test]
    fn what_was_held_back_leaves_when_the_algorithm_is_switched_off() {
        let mut rig = Rig::established();
        rig.send(10);
        assert!(rig.send(20).is_empty());
        assert_eq!(rig.set_nagle(false), ["> P. 11:31(20) ack 1 win 65535"]);
        assert_eq!(rig.send(5), ["> P. 31:36(5) ack 1 win 65535"]);
        assert!(rig.set_nagle(true).is_empty());
        assert!(rig.send(5).is_empty());
    }

    //? RFC9293-3.8-a
    #[test]
    fn the_end_of_the_stream_and_urgent_data_do_not_wait() {
        let mut rig = Rig::established();
        rig.send(10);
        rig.send(20);
        assert_eq!(rig.shutdown(), ["> FP. 11:31(20) ack 1 win 65535"]);
        let mut rig = Rig::established();
        rig.send(10);
        rig.send(20);
        assert_eq!(rig.send_urgent(1), ["> P.U 11:32(21) ack 1 win 65535 urg 21"]);
        assert!(rig.send(1).is_empty());
        // A FIN alone is no data.
        let mut rig = Rig::established();
        rig.send(10);
        assert_eq!(rig.shutdown(), ["> F. 11:11(0) ack 1 win 65535"]);
    }

    //? RFC9293-MUST-60
    #[test]
    fn what_is_held_back_is_guarded_by_the_retransmission_timer() {
        let mut rig = Rig::established();
        rig.send(10);
        rig.send(20);
        assert_eq!(rig.wait(), ["1000 > . 1:11(10) ack 1 win 65535"]);
        assert_eq!(rig.gets(". 1:1(0) ack 11"), ["> P. 11:31(20) ack 1 win 65535"]);
        assert!(rig.gets(". 1:1(0) ack 31").is_empty());
        assert_eq!((rig.tcb.state(), rig.tcb.due()), (State::Established, None));
    }

    quickcheck! {
        //? RFC9293-SHLD-7
        fn at_most_one_short_segment_is_outstanding(writes: alloc::vec::Vec<u8>) -> bool {
            let mut rig = Rig::established_with(&Settings::default(), 65535, 100);
            let mut short = 0;
            for len in writes {
                let lines = rig.send(u32::from(len) + 1);
                short += lines.iter().filter(|line| !line.contains("(100)")).count();
            }
            short <= 1
        }
    }
}
