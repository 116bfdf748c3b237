//! floor 3: acknowledgements that wait for company (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2).
//!
//! Text in order that leaves no gap may wait for a segment that goes the other way, or for the next text.
//! All else is acknowledged at once: text above a gap or into one, the second segment whatever its size (RFC
//! 5681 section 4.2 calls that desirable, since the sizes that two ends call full differ), a FIN, and text
//! that leaves less than a segment of the window that the peer knows, since nothing follows it then. PSH does
//! not count: no RFC gives it a meaning here.

use super::arrives::Arrived;
use super::state::Phase;
use super::{Cx, Tcb};
use crate::base::{Freedom, Instant, Span};

/// The longest delay, in milliseconds: less than half a second.
//= RFC9293-MUST-40
//= RFC5681-4.2-c
const LONGEST_MS: u64 = 499;

/// An acknowledgement that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delay {
    /// Until when; the end of time if none waits.
    until: Instant,
}

impl Delay {
    pub(super) const NONE: Self = Self { until: Instant::MAX };

    /// When it leaves at the latest.
    pub(super) fn due(&self) -> Option<Instant> {
        (self.until < Instant::MAX).then_some(self.until)
    }

    /// Something left that carried it, or nobody is left to hear it.
    pub(super) const fn cancel(&mut self) {
        *self = Self::NONE;
    }
}

impl Tcb {
    /// Text or a FIN was taken or held, `taken` octets of it now in order: acknowledges now or later.
    pub(super) fn acknowledge_text(&mut self, now: Instant, seg: &Arrived<'_>, taken: u32, cx: &mut Cx<'_>) {
        if self.delayed.due().is_some() || !self.may_delay(seg, taken) {
            //= RFC9293-SHLD-19
            //= RFC5681-4.2-b
            self.ack_owed = true;
            return;
        }
        let delay_ms = cx.choices.choose(Freedom::AckDelay, 0..=LONGEST_MS);
        assert!(delay_ms <= LONGEST_MS, "the chooser left the legal range");
        if delay_ms == 0 {
            self.ack_owed = true;
        } else {
            //= RFC9293-SHLD-18
            //= RFC5681-4.2-a
            self.delayed = Delay { until: now + Span::from_millis(delay_ms) };
        }
    }

    /// Whether the acknowledgement of this segment is of no hurry.
    fn may_delay(&self, seg: &Arrived<'_>, taken: u32) -> bool {
        let text = seg.text_octets();
        // Fewer octets in order: there is a gap before them. More: they filled one.
        //= RFC5681-3.2-a
        //= RFC5681-3.2-b
        //= RFC2018-4-c
        //= RFC6582-5-a
        let in_order = text > 0 && taken == text && !self.receive_buffer.has_gaps();
        let largest = u32::from(self.settings.mss_receive_octets);
        in_order && !seg.flags.fin() && taken < largest.saturating_mul(2) && self.rcv.wnd.octets() >= text
    }

    /// The delay is over.
    pub(super) fn end_ack_delay(&mut self, now: Instant) {
        if self.delayed.due().is_some_and(|at| at <= now) {
            self.delayed.cancel();
            self.ack_owed = true;
        }
    }

    /// What always holds of the delay.
    pub(super) fn check_delay(&self) {
        if self.delayed.due().is_none() {
            return;
        }
        let heard = self.delayed.until.since(self.watch.heard_at());
        assert!(heard < Span::from_millis(500), "an acknowledgement waits for too long");
        let receives = matches!(self.phase, Phase::Established | Phase::FinWait1 | Phase::FinWait2);
        assert!(receives, "an acknowledgement waits in {}", self.state());
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::tcp::State;
    use crate::tcp::tests::rig::Rig;
    use alloc::format;

    //? RFC9293-SHLD-18
    //? RFC9293-MUST-40
    //? RFC5681-4.2-a
    //? RFC5681-4.2-c
    #[test]
    fn an_acknowledgement_waits_and_then_leaves_by_itself() {
        let mut rig = Rig::delaying(40);
        assert!(rig.gets(". 1:11(10) ack 1").is_empty());
        rig.pass(Span::from_millis(39));
        assert_eq!(rig.wait(), ["40 > . 1:1(0) ack 11 win 65525"]);
        assert_eq!(rig.tcb.due(), None);
        // PSH makes no difference, and nothing that was asked for is longer than the law.
        let mut rig = Rig::delaying(100_000);
        assert!(rig.gets("P. 1:11(10) ack 1").is_empty());
        assert_eq!(rig.wait(), ["499 > . 1:1(0) ack 11 win 65525"]);
        assert_eq!(Rig::delaying(0).gets(". 1:11(10) ack 1"), ["> . 1:1(0) ack 11 win 65525"]);
    }

    //? RFC9293-SHLD-19
    //? RFC5681-4.2-b
    #[test]
    fn every_second_segment_is_acknowledged_at_once() {
        let mut rig = Rig::delaying(40);
        for pair in 0..10 {
            let (one, two, end) = (1 + 200 * pair, 101 + 200 * pair, 201 + 200 * pair);
            assert!(rig.gets(&format!(". {one}:{two}(100) ack 1")).is_empty());
            let lines = rig.gets(&format!(". {two}:{end}(100) ack 1"));
            assert_eq!(lines, [format!("> . 1:1(0) ack {end} win {}", 65536 - end)]);
            assert_eq!(rig.tcb.due(), None);
        }
        // A segment that several were joined to counts for two.
        assert_eq!(rig.gets(". 2001:4921(2920) ack 1").len(), 1);
    }

    //? RFC9293-MUST-58
    #[test]
    fn what_leaves_takes_the_acknowledgement_along() {
        let mut rig = Rig::delaying(40);
        assert!(rig.gets(". 1:11(10) ack 1").is_empty());
        assert_eq!(rig.send(5), ["> P. 1:6(5) ack 11 win 65525"]);
        assert!(rig.gets(". 11:21(10) ack 6").is_empty());
        assert_eq!(rig.shutdown(), ["> F. 6:6(0) ack 21 win 65515"]);
        assert!(rig.gets(". 21:31(10) ack 7").is_empty());
        // The answer to a segment that is not taken carries it, too.
        assert_eq!(rig.gets(". 1:11(10) ack 7").len(), 2);
        assert_eq!(rig.tcb.due(), None);
    }

    //? RFC5681-3.2-a
    //? RFC5681-3.2-b
    //? RFC9293-MAY-13
    //? RFC6582-5-a
    //? RFC2018-4-c
    #[test]
    fn gaps_are_told_at_once_and_so_is_what_fills_them() {
        let mut rig = Rig::delaying(40);
        assert_eq!(rig.gets(". 21:31(10) ack 1"), ["> . 1:1(0) ack 1 win 65535"]);
        assert_eq!(rig.gets(". 41:51(10) ack 1"), ["> . 1:1(0) ack 1 win 65535"]);
        // A part of a gap, the rest of it, and the last one.
        assert_eq!(rig.gets(". 1:11(10) ack 1"), ["> . 1:1(0) ack 11 win 65525"]);
        assert_eq!(rig.gets(". 11:21(10) ack 1"), ["> . 1:1(0) ack 31 win 65505"]);
        assert_eq!(rig.gets(". 31:41(10) ack 1"), ["> . 1:1(0) ack 51 win 65485"]);
        assert!(rig.gets(". 51:61(10) ack 1").is_empty());
    }

    #[test]
    fn a_fin_and_the_end_of_the_window_are_acknowledged_at_once() {
        let mut rig = Rig::delaying(40);
        assert_eq!(rig.gets("F. 1:11(10) ack 1"), ["> . 1:1(0) ack 12 win 65524"]);
        let mut rig = Rig::delaying(40);
        assert!(rig.gets(". 1:11(10) ack 1").is_empty());
        assert_eq!(rig.gets("F. 11:11(0) ack 1"), ["> . 1:1(0) ack 12 win 65524"]);
        assert_eq!((rig.tcb.state(), rig.tcb.due()), (State::CloseWait, None));
        let mut rig = Rig::delaying(40);
        assert_eq!(rig.gets(". 1:40001(40000) ack 1").len(), 1);
    }

    #[test]
    fn a_window_that_opens_ends_the_delay() {
        let mut rig = Rig::delaying(40);
        rig.gets(". 1:1461(1460) ack 1");
        assert_eq!(rig.read(1460).map(|data| data.len()), Ok(1460));
        assert_eq!(rig.log(), ["> . 1:1(0) ack 1461 win 65535"]);
        assert_eq!(rig.tcb.due(), None);
    }

    #[test]
    fn the_end_of_a_connection_ends_the_delay() {
        let mut rig = Rig::delaying(40);
        rig.gets(". 1:11(10) ack 1");
        rig.gets("R 11:11(0)");
        assert_eq!((rig.tcb.state(), rig.tcb.due()), (State::Closed, None));
        let mut rig = Rig::delaying(40);
        rig.gets(". 1:11(10) ack 1");
        rig.abort();
        assert_eq!(rig.tcb.due(), None);
    }
}
