//! floor 3: first check: the sequence number (RFC 9293 section 3.10.7.4, table 6, and appendix A.2).
//!
//! The letter of the table has a trap, which appendix A.2 names: a host whose own window is closed refuses
//! every segment beyond RCV.NXT, also the mere acknowledgements of a peer that has just probed it with an
//! octet. Two hosts that probe each other would then never hear each other again. The "special allowance" of
//! the text covers it: with a closed window an empty segment right behind such an octet still counts for its
//! ACK.
//!
//! The same trap is there with an open window: who has filled it stands at its right edge, SND.NXT being the
//! number of all his acknowledgements. If both have filled the window of the other, and the ends of both
//! flights and the acknowledgements are lost, then what is sent again came before and does not count for its
//! ACK, and the answer to it does not either. No acknowledgement would ever get through again. So an empty
//! segment at the right edge counts for its ACK, as with a closed window, which is nothing but its right
//! edge.
//!
//! A SYN that comes again in SYN-RECEIVED lies before the window, and draws an acknowledgement like any other
//! old segment. Linux sends its SYN,ACK again, which helps a peer that missed it; here the timer does that.

use super::{Arrived, DONE, NEXT, Step};
use crate::base::{Instant, Why};
use crate::tcp::state::Phase;
use crate::tcp::{Cx, Tcb};
use crate::wire::tcp::Flags;

/// What the sequence number allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Some of the segment lies in the window.
    Acceptable,
    /// The window is closed: RST, ACK and URG count, text and FIN do not.
    ControlOnly,
    Unacceptable,
}

impl Tcb {
    pub(super) fn first_check_sequence(
        &mut self,
        now: Instant,
        seg: &mut Arrived<'_>,
        cx: &mut Cx<'_>,
    ) -> Step {
        match self.judge_sequence(seg) {
            Verdict::Acceptable => {
                if !seg.flags.rst() {
                    self.trim(seg);
                }
                NEXT
            }
            Verdict::ControlOnly => {
                if seg.len() > 0 && !seg.flags.rst() {
                    cx.out.discard(Why::TcpWindowClosed);
                    seg.payload = &[];
                    seg.flags = seg.flags.without(Flags::FIN);
                    // The answer to a SYN is a challenge, and those are counted.
                    //= RFC9293-3.8.6-c
                    self.ack_owed = !seg.flags.syn();
                }
                NEXT
            }
            Verdict::Unacceptable => {
                self.refuse(now, seg, cx);
                DONE
            }
        }
    }

    fn judge_sequence(&self, seg: &Arrived<'_>) -> Verdict {
        let window = self.rcv.wnd.octets();
        let ahead = seg.seq.distance_from(self.rcv.nxt);
        //= RFC9293-3.4-e
        if window == 0 {
            //= RFC9293-MUST-66
            //= RFC9293-3.4-f
            let allowed = ahead == 0 || ahead == 1 && seg.len() == 0 && !seg.flags.rst();
            return match (allowed, seg.len()) {
                (false, _) => Verdict::Unacceptable,
                (true, 0) => Verdict::Acceptable,
                (true, _) => Verdict::ControlOnly,
            };
        }
        let first = seg.seq.within(self.rcv.nxt, window);
        let last = seg.len() > 0 && (seg.seq + (seg.len() - 1)).within(self.rcv.nxt, window);
        let at_edge = seg.len() == 0 && seg.seq == self.rcv.nxt + window && !seg.flags.rst();
        if first || last || at_edge { Verdict::Acceptable } else { Verdict::Unacceptable }
    }

    /// Answers with an acknowledgement unless the segment is a reset.
    fn refuse(&mut self, now: Instant, seg: &Arrived<'_>, cx: &mut Cx<'_>) {
        if seg.flags.rst() {
            //= RFC9293-3.10.7.4-b
            //= RFC5961-3.2-a
            cx.out.discard(Why::TcpResetSequence);
            return;
        }
        cx.out.discard(Why::TcpSequence);
        self.note_old_text(seg);
        let again = seg.flags.fin() && seg.seq + seg.len() == self.rcv.nxt;
        if again && matches!(self.phase, Phase::TimeWait { .. }) {
            // The fifth check speaks of this FIN, but it never gets past the first one.
            //= RFC9293-3.10.7.4-x
            self.enter_time_wait(now);
        }
        if self.is_repeated(seg) {
            self.note_stamps(now, seg);
            if seg.flags.syn() && !seg.ack_set() {
                self.learn_ecn(seg.flags);
            }
        }
        self.acknowledge_refused(now, seg, cx);
    }

    /// Whether all of the segment came before, and not long ago: the peer missed the acknowledgement. Rule R2
    /// of RFC 7323 section 5.3 would end here, but section 4.3 and appendix H (f) want the copy that came
    /// last to be echoed, or else the round trip that the peer measures has its retransmission timeout in it.
    fn is_repeated(&self, seg: &Arrived<'_>) -> bool {
        let behind = self.rcv.nxt.octets_since(seg.seq);
        let recent = behind <= self.settings.receive_buffer_octets.saturating_add(2);
        let again = match self.phase {
            Phase::SynReceived(_) if seg.flags.syn() => seg.seq == self.irs,
            Phase::SynReceived(_)
            | Phase::Established
            | Phase::FinWait1
            | Phase::FinWait2
            | Phase::CloseWait
            | Phase::Closing
            | Phase::LastAck
            | Phase::TimeWait { .. } => seg.ack_set() && self.is_ack_plausible(seg.ack),
            Phase::SynSent | Phase::Closed(_) => false,
        };
        again && recent && (1..=behind).contains(&seg.len())
    }

    /// The answer to a segment that is not acceptable and not a reset.
    pub(in crate::tcp) fn acknowledge_refused(&mut self, now: Instant, seg: &Arrived<'_>, cx: &mut Cx<'_>) {
        if seg.len() > 0 {
            //= RFC9293-3.10.7.4-a
            //= RFC9293-3.5.2-e
            self.send_ack(now, cx);
        } else {
            // Two hosts that each find the other's empty segments unacceptable would answer each other for
            // ever: the answers to empty ones are counted.
            //= RFC1122-4.2.3.6-a
            self.challenge(now, cx);
        }
    }

    /// Text before RCV.NXT was received before, unless it lies before the peer's first octet.
    fn note_old_text(&mut self, seg: &Arrived<'_>) {
        let start = seg.seq + u32::from(seg.flags.syn());
        let behind = self.rcv.nxt.octets_since(start);
        if start.before(self.rcv.nxt) && behind < self.rcv.nxt.octets_since(self.irs) {
            self.note_duplicate_text(start, (start + seg.text_octets()).earlier(self.rcv.nxt));
        }
    }

    /// Leaves the part of the segment that is new and in the window.
    fn trim(&mut self, seg: &mut Arrived<'_>) {
        if seg.seq.before(self.rcv.nxt) {
            self.note_old_text(seg);
            //= RFC9293-3.10.7.4-c
            //= RFC9293-3.10.7.4-d
            seg.cut_front(self.rcv.nxt.octets_since(seg.seq));
        }
        if !seg.flags.syn() {
            let room = (self.rcv.nxt + self.rcv.wnd.octets()).octets_since(seg.seq);
            seg.keep_front(room);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tcp::tests::rig::{Rig, octets};
    use crate::tcp::{Settings, State};
    use alloc::format;

    /// A connection whose receive window has 100 octets.
    fn open_window() -> Rig {
        let settings = Settings { receive_buffer_octets: 100, ..Settings::default() };
        Rig::established_with(&settings, 65535, 1000)
    }

    const REFUSED: [&str; 2] = ["! TcpSequence", "> . 1:1(0) ack 1 win 100"];

    //? RFC9293-3.4-e
    //? RFC9293-3.10.7.4-a
    //? RFC9293-3.5.2-e
    #[test]
    fn an_empty_segment_counts_within_an_open_window() {
        for (seq, acceptable) in [(0, false), (1, true), (100, true), (101, true), (102, false)] {
            let lines = open_window().gets(&format!(". {seq}:{seq}(0) ack 1"));
            assert_eq!(lines.is_empty(), acceptable, "{seq}: {lines:?}");
        }
    }

    //? RFC9293-3.4-e
    //? RFC9293-3.10.7.4-c
    #[test]
    fn text_counts_if_its_first_or_last_octet_lies_in_the_window() {
        let cases = [
            (". -9:1(10) ack 1", None),
            (". -8:2(10) ack 1", Some(2)),
            (". 1:101(100) ack 1", Some(101)),
            (". 1:201(200) ack 1", Some(101)),
            (". 101:102(1) ack 1", None),
            // By the letter of the table a segment that covers the window on both sides is not acceptable.
            (". -8:201(209) ack 1", None),
        ];
        for (segment, next) in cases {
            let mut rig = open_window();
            let lines = rig.gets(segment);
            match next {
                Some(next) => assert_eq!(rig.numbers().0, next, "{segment}"),
                None => assert_eq!(lines, REFUSED, "{segment}"),
            }
        }
    }

    //? RFC9293-3.10.7.4-c
    #[test]
    fn only_the_new_part_counts() {
        let mut rig = open_window();
        rig.gets(". 1:11(10) ack 1");
        rig.gets("F. 6:21(15) ack 1");
        assert_eq!(rig.tcb.state(), State::CloseWait);
        assert_eq!(rig.read(100), Ok(octets(1, 20)));
    }

    //? RFC9293-3.10.7.4-d
    #[test]
    fn a_fin_beyond_the_window_is_cut_off_with_the_text() {
        let mut rig = open_window();
        assert_eq!(rig.gets("F. 1:101(100) ack 1"), ["> . 1:1(0) ack 101 win 0"]);
        assert_eq!(rig.tcb.state(), State::Established);
    }

    fn closed_window() -> Rig {
        let mut rig = open_window();
        rig.gets(". 1:101(100) ack 1");
        rig
    }

    //? RFC9293-MUST-66
    //? RFC9293-3.4-f
    //? RFC9293-3.8.6-c
    #[test]
    fn a_closed_window_takes_no_text_but_ack_urg_and_rst() {
        let mut rig = closed_window();
        rig.send(5);
        let answer = ["! TcpWindowClosed", "* Urgent", "> . 6:6(0) ack 101 win 0"];
        assert_eq!(rig.gets("U. 101:102(1) ack 6 urg 1"), answer);
        assert_eq!(rig.numbers(), (101, 6));
        assert_eq!(rig.gets("F. 101:101(0) ack 6"), ["! TcpWindowClosed", "> . 6:6(0) ack 101 win 0"]);
        assert_eq!(rig.gets(". 102:103(1) ack 6"), ["! TcpSequence", "> . 6:6(0) ack 101 win 0"]);
        assert!(rig.gets("R 101:105(4)").is_empty());
        assert_eq!(rig.tcb.state(), State::Closed);
    }

    //? RFC9293-3.4-f
    //? RFC5961-7-a
    #[test]
    fn challenges_are_counted_before_a_closed_window_too() {
        let mut rig = closed_window();
        let answered = (0..20).filter(|_| rig.gets("S 101:101(0)").len() == 3).count();
        assert_eq!(answered, 10);
    }

    #[test]
    fn hosts_that_probe_each_other_still_hear_each_other() {
        let mut rig = closed_window();
        rig.send(5);
        // The peer has sent a probe of one octet, so that its acknowledgements stand one further.
        assert!(rig.gets(". 102:102(0) ack 6").is_empty());
        assert_eq!(rig.numbers(), (101, 6));
        assert_eq!(rig.gets(". 103:103(0) ack 6"), ["! TcpSequence", "> . 6:6(0) ack 101 win 0"]);
    }

    //? RFC9293-3.4-e
    #[test]
    fn hosts_that_filled_the_window_of_each_other_still_hear_each_other() {
        let mut rig = open_window();
        rig.send(5);
        assert!(rig.gets(". 101:101(0) ack 6").is_empty(), "the peer has sent 100 octets, which were lost");
        assert_eq!(rig.numbers(), (1, 6));
        assert_eq!(rig.gets("R 101:101(0)"), ["! TcpResetSequence"]);
    }

    //? RFC9293-3.10.7.4-b
    //? RFC5961-3.2-a
    #[test]
    fn a_reset_outside_the_window_is_dropped_without_a_word() {
        assert_eq!(open_window().gets("R 0:0(0)"), ["! TcpResetSequence"]);
        assert_eq!(open_window().gets("R 101:101(0)"), ["! TcpResetSequence"]);
        assert_eq!(closed_window().gets("R 102:102(0)"), ["! TcpResetSequence"]);
    }

    //? RFC5961-7-a
    #[test]
    fn the_answers_to_empty_segments_are_counted() {
        let mut rig = open_window();
        let answered = (0..20).filter(|_| rig.gets(". 500:500(0) ack 1").len() == 2).count();
        assert_eq!(answered, 10);
        assert_eq!(rig.gets(". 500:501(1) ack 1"), REFUSED);
    }
}
