//! floor 3: explicit congestion notification (RFC 3168 section 6.1).
//!
//! A SYN that is sent again no longer asks for it: some middleboxes drop a SYN that does (section 6.1.1.1). A
//! reset that answers one is taken at its word.
//!
//! Section 6.1.2 has one more rule, for a congestion window of one segment: nothing new before the
//! retransmission timer expires. RFC 5681 section 3.1 leaves at least two segments after any reduction but
//! that of the timer itself, so that the case does not arise here.

use super::arrives::Arrived;
use super::emit::Cut;
use super::settings::EcnUse;
use super::state::Phase;
use super::{Settings, Tcb};
use crate::base::{Ecn, Instant};
use crate::wire::tcp::Flags;

/// What a connection knows of congestion notification: four facts of the opening, and two marks to send.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    /// A SYN or SYN,ACK that sets it up was sent.
    setup_sent: bool,
    /// One that does not was sent.
    plain_sent: bool,
    /// One that sets it up came.
    setup_came: bool,
    /// One that does not came.
    plain_came: bool,
    /// Congestion was experienced: every acknowledgement says so until the peer says that it has reacted.
    echo: bool,
    /// The window was reduced: the next new data says so.
    reduced: bool,
}

impl Marks {
    /// Whether data may leave as ECT.
    const fn may_mark(self) -> bool {
        //= RFC3168-5-a
        self.setup_sent && self.setup_came && !self.plain_sent && !self.plain_came
    }

    /// Whether CE has to be echoed: promised by whoever has ever asked or agreed, unless the peer declined.
    const fn must_echo(self) -> bool {
        self.setup_sent && !self.plain_came
    }

    /// A SYN or SYN,ACK left that sets it up, or one that does not.
    const fn sent(&mut self, setup: bool) {
        self.setup_sent |= setup;
        self.plain_sent |= !setup;
        self.settle();
    }

    /// Likewise, came.
    const fn came(&mut self, setup: bool) {
        self.setup_came |= setup;
        self.plain_came |= !setup;
        self.settle();
    }

    /// What is no longer agreed upon is no longer owed.
    const fn settle(&mut self) {
        self.echo &= self.must_echo();
        self.reduced &= self.may_mark();
    }
}

impl Tcb {
    /// The flags of a SYN that leaves now, SYN,ACK or not, beside the others.
    pub(super) fn ecn_flags_of_syn(&mut self) -> Flags {
        let Settings { ecn, .. } = *self.settings;
        let agrees = ecn != EcnUse::Never && self.ecn.setup_came && !self.ecn.plain_came;
        let flags = if self.phase == Phase::SynSent {
            //= RFC3168-6.1.1-c
            let asks = ecn == EcnUse::Request && !self.syn_resent;
            if asks { Flags::ECE | Flags::CWR } else { Flags::NONE }
        } else {
            //= RFC3168-6.1.1-a
            if agrees { Flags::ECE } else { Flags::NONE }
        };
        self.ecn.sent(flags.ece());
        flags
    }

    /// The peer's SYN or SYN,ACK came with these flags, perhaps not for the first time.
    pub(super) fn learn_ecn(&mut self, flags: Flags) {
        //= RFC3168-6.1.1-d
        self.ecn.came(flags.ece() && flags.cwr() != flags.ack());
    }

    /// The flags and the codepoint for `cut`, which is not sent yet.
    pub(super) fn marks_for(&mut self, cut: &Cut, mut flags: Flags) -> (Flags, Ecn) {
        if flags.syn() {
            //= RFC3168-6.1.1-b
            return (flags, Ecn::NotEct);
        }
        // TIME-WAIT forgets what was agreed upon (section 6.1.1).
        if self.ecn.echo && !matches!(self.phase, Phase::TimeWait { .. }) {
            //= RFC3168-6.1.3-a
            flags = flags | Flags::ECE;
        }
        let probes = self.snd.wnd.octets() == 0;
        //= RFC3168-6.1.4-a
        //= RFC3168-6.1.5-a
        //= RFC3168-6.1.6-a
        let new_data = cut.data_octets > 0 && cut.seq == self.snd.nxt && !probes;
        if !new_data || !self.ecn.may_mark() {
            return (flags, Ecn::NotEct);
        }
        if core::mem::take(&mut self.ecn.reduced) {
            //= RFC3168-6.1.2-b
            flags = flags | Flags::CWR;
        }
        (flags, Ecn::Ect0)
    }

    /// A segment was found acceptable; it brought `text_octets` of text, of which something lay in the
    /// window.
    pub(super) fn note_congestion(&mut self, seg: &Arrived<'_>, text_octets: usize) {
        if !self.ecn.must_echo() {
            return;
        }
        if seg.flags.cwr() {
            self.ecn.echo = false;
        }
        //= RFC3168-6.1.5-b
        if seg.ecn == Ecn::Ce && text_octets > 0 {
            self.ecn.echo = true;
        }
    }

    /// Whether the acknowledgement says that the own data met congestion.
    pub(super) fn is_congestion_echoed(&self, seg: &Arrived<'_>) -> bool {
        self.ecn.may_mark() && !seg.came_with_syn && seg.flags.ece()
    }

    /// An acceptable acknowledgement was taken; `advanced` if SND.UNA has moved. cwnd was `cwnd` before, in
    /// octets; 0 if the handshake was not over yet.
    pub(super) fn answer_congestion(&mut self, now: Instant, seg: &Arrived<'_>, advanced: bool, cwnd: u32) {
        self.end_reduction();
        let concerned = advanced || self.outstanding_octets() > 0;
        if !concerned || cwnd == 0 || !self.is_congestion_echoed(seg) {
            return;
        }
        // What says that there is congestion does not widen the window.
        self.congestion.set_cwnd(self.congestion.cwnd_octets().min(cwnd), self.smss_octets());
        //= RFC9293-SHLD-8
        //= RFC3168-6.1.2-a
        let reduced = self.congestion_event(now);
        self.ecn.reduced |= reduced;
    }

    /// The congestion window was reduced for another reason.
    pub(super) fn note_reduction(&mut self) {
        self.ecn.reduced = self.ecn.may_mark();
    }

    /// Asserts what always holds of the marks.
    pub(super) fn check_ecn(&self) {
        let Marks { setup_sent, plain_sent, echo, reduced, .. } = self.ecn;
        assert!(!echo || self.ecn.must_echo(), "congestion is echoed to a peer that did not agree");
        assert!(!reduced || self.ecn.may_mark(), "a reduction is told to a peer that did not agree");
        assert!(!setup_sent || self.settings.ecn != EcnUse::Never, "ECN was asked for against the settings");
        assert!(!plain_sent || !self.ecn.may_mark(), "ECT after a SYN that declined");
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::tcp::tests::rig::Rig;
    use crate::tcp::{EcnUse, Settings, State};
    use alloc::string::String;

    fn with(ecn: EcnUse) -> Settings {
        Settings { ecn, timestamps: false, sack: false, nagle: false, ..Settings::default() }
    }

    /// Established by an active open that asked, with a peer that agreed.
    fn agreed() -> Rig {
        let mut rig = Rig::connect_with(&with(EcnUse::Request));
        assert_eq!(rig.log(), ["> SEW 0:0(0) win 65535 mss 1460"]);
        assert_eq!(rig.gets("S.E 0:0(0) ack 1 mss 1000"), ["> . 1:1(0) ack 1 win 65535"]);
        rig
    }

    /// Whether each line that left has the word.
    fn ect(lines: &[String]) -> bool {
        assert!(lines.iter().all(|line| line.starts_with('>')), "{lines:?}");
        lines.iter().all(|line| line.ends_with(" ect"))
    }

    //? RFC3168-6.1.1-b
    //? RFC3168-5-a
    //? RFC3168-6.1.4-a
    #[test]
    fn new_data_is_marked_after_both_ends_have_agreed() {
        let mut rig = agreed();
        assert_eq!(rig.send(5), ["> P. 1:6(5) ack 1 win 65535 ect"]);
        assert_eq!(rig.gets(". 1:3(2) ack 6"), ["> . 6:6(0) ack 3 win 65533"]);
        assert_eq!(rig.shutdown(), ["> F. 6:6(0) ack 3 win 65533"]);
    }

    //? RFC3168-6.1.1-d
    //? RFC3168-6.1.1-c
    #[test]
    fn every_other_answer_declines() {
        for flags in ["S.", "S.EW", "S.W"] {
            let mut rig = Rig::connect_with(&with(EcnUse::Request));
            rig.gets(&alloc::format!("{flags} 0:0(0) ack 1 mss 1000"));
            assert!(!ect(&rig.send(5)), "{flags}");
            // Nothing is echoed to such a peer, and nothing it echoes counts.
            assert_eq!(rig.gets(". 1:3(2) ack 1 ce"), ["> . 6:6(0) ack 3 win 65533"], "{flags}");
        }
        for ecn in [EcnUse::Accept, EcnUse::Never] {
            let mut rig = Rig::connect_with(&with(ecn));
            assert_eq!(rig.log(), ["> S 0:0(0) win 65535 mss 1460"]);
            // An answer that agrees to what was not asked.
            rig.gets("S.E 0:0(0) ack 1 mss 1000");
            assert!(!ect(&rig.send(5)));
        }
    }

    //? RFC3168-6.1.1-a
    #[test]
    fn a_listener_agrees_if_it_is_asked_and_may() {
        for (ecn, flags, agrees) in [
            (EcnUse::Accept, "SEW", true),
            (EcnUse::Request, "SEW", true),
            (EcnUse::Accept, "SEWA", true),
            (EcnUse::Never, "SEW", false),
            (EcnUse::Accept, "SE", false),
            (EcnUse::Accept, "SW", false),
            (EcnUse::Accept, "S", false),
        ] {
            let mut rig = Rig::accept_with(&with(ecn), &alloc::format!("{flags} 0:0(0) mss 1000"));
            assert_eq!(rig.log()[0].starts_with("> S.E "), agrees, "{flags}");
            rig.gets(". 1:1(0) ack 1");
            assert_eq!(ect(&rig.send(5)), agrees, "{flags}");
        }
    }

    #[test]
    fn a_syn_that_is_sent_again_does_not_ask_and_then_nothing_is_marked() {
        let mut rig = Rig::connect_with(&with(EcnUse::Request));
        assert_eq!(rig.wait(), ["1000 > S 0:0(0) win 65535 mss 1460"]);
        rig.gets("S.E 0:0(0) ack 1 mss 1000");
        assert!(!ect(&rig.send(5)));
        // The promise to echo stands.
        assert_eq!(rig.gets(". 1:3(2) ack 1 ce"), ["> .E 6:6(0) ack 3 win 65533"]);
    }

    #[test]
    fn a_peer_that_asks_no_more_is_not_marked() {
        let mut rig = Rig::accept_with(&with(EcnUse::Accept), "SEW 0:0(0) mss 1000");
        rig.gets("S 0:0(0) mss 1000");
        assert_eq!(rig.wait(), ["1000 > S. 0:0(0) ack 1 win 65535 mss 1460"]);
        rig.gets(". 1:1(0) ack 1");
        assert!(!ect(&rig.send(5)));
    }

    #[test]
    fn crossing_syns_agree() {
        let mut rig = Rig::connect_with(&with(EcnUse::Request));
        assert_eq!(rig.gets("SEW 0:0(0) mss 1000"), ["> S.E 0:0(0) ack 1 win 65535 mss 1460"]);
        rig.gets(". 1:1(0) ack 1");
        assert!(ect(&rig.send(5)));
    }

    //? RFC3168-6.1.3-a
    #[test]
    fn congestion_is_echoed_until_the_peer_has_reacted() {
        let mut rig = agreed();
        assert_eq!(rig.gets(". 1:3(2) ack 1 ce"), ["> .E 1:1(0) ack 3 win 65533"]);
        assert_eq!(rig.gets(". 3:5(2) ack 1 ect"), ["> .E 1:1(0) ack 5 win 65531"]);
        assert_eq!(rig.send(4), ["> P.E 1:5(4) ack 5 win 65531 ect"]);
        assert_eq!(rig.gets(".W 5:7(2) ack 1 ect"), ["> . 5:5(0) ack 7 win 65529"]);
        assert_eq!(rig.gets(".W 7:9(2) ack 1 ce"), ["> .E 5:5(0) ack 9 win 65527"]);
    }

    //? RFC3168-6.1.5-b
    #[test]
    fn marks_on_what_is_not_taken_or_carries_nothing_do_not_count() {
        let mut rig = agreed();
        assert_eq!(rig.gets(". 90000:90002(2) ack 1 ce")[1], "> . 1:1(0) ack 1 win 65535");
        assert!(rig.gets(". 1:1(0) ack 1 ce").is_empty());
        assert_eq!(rig.gets(". 1:3(2) ack 1"), ["> . 1:1(0) ack 3 win 65533"]);
    }

    #[test]
    fn a_marked_probe_of_a_closed_window_counts() {
        let mut rig = Rig::connect_with(&Settings { receive_buffer_octets: 10, ..with(EcnUse::Request) });
        rig.gets("S.E 0:0(0) ack 1 mss 1000");
        rig.gets(". 1:11(10) ack 1");
        assert_eq!(rig.gets(". 11:12(1) ack 1 ce")[1], "> .E 1:1(0) ack 11 win 0");
    }

    //? RFC3168-6.1.5-a
    //? RFC3168-6.1.2-b
    #[test]
    fn what_is_sent_again_is_neither_marked_nor_tells_of_a_reduction() {
        let mut rig = agreed();
        rig.send(3000);
        rig.gets(".E 1:1(0) ack 1001");
        for line in rig.wait() {
            assert!(!line.ends_with(" ect") && !line.contains('W'), "{line}");
        }
    }

    //? RFC3168-6.1.6-a
    #[test]
    fn probes_of_a_closed_window_are_not_marked() {
        let mut rig = agreed();
        rig.gets(". 1:1(0) ack 1 win 0");
        assert!(rig.send(5).is_empty());
        assert_eq!(rig.wait(), ["1000 > . 1:2(1) ack 1 win 65535"]);
    }

    //? RFC3168-6.1.2-a
    //? RFC3168-6.1.2-b
    //? RFC9293-SHLD-8
    #[test]
    fn an_echo_reduces_the_window_once_and_the_next_data_says_so() {
        let mut rig = agreed();
        rig.send(12_000);
        assert_eq!(rig.tcb.congestion.cwnd_octets(), 10_000);
        assert!(rig.gets(".E 1:1(0) ack 1001").is_empty());
        assert_eq!(rig.tcb.congestion.cwnd_octets(), 4500);
        // Within the same window of data there is one reduction.
        assert!(rig.gets(".E 1:1(0) ack 2001").is_empty());
        let lines = rig.gets(".E 1:1(0) ack 10001");
        assert_eq!(rig.tcb.congestion.cwnd_octets(), 4500);
        assert!(lines[0].starts_with("> .W 10001:11001(1000) ") && ect(&lines), "{lines:?}");
        assert!(lines.iter().skip(1).all(|line| !line.contains('W')), "{lines:?}");
        assert_eq!(lines.len(), 2);
        // The peer has not heard of it yet. Then it has, and what it says is new.
        rig.gets(".E 1:1(0) ack 10001");
        assert_eq!(rig.tcb.congestion.cwnd_octets(), 4500);
        rig.gets(".E 1:1(0) ack 11001");
        assert!(rig.tcb.congestion.cwnd_octets() < 4500);
    }

    #[test]
    fn an_echo_that_nothing_caused_changes_nothing() {
        let mut rig = agreed();
        let before = rig.tcb.congestion.cwnd_octets();
        (0..9).for_each(|_| drop(rig.gets(".E 1:1(0) ack 1")));
        assert_eq!(rig.tcb.congestion.cwnd_octets(), before);
        let mut rig = Rig::established_with(&with(EcnUse::Never), 65535, 1000);
        rig.send(3000);
        let before = rig.tcb.congestion.cwnd_octets();
        rig.gets(".E 1:1(0) ack 1001");
        assert!(rig.tcb.congestion.cwnd_octets() >= before);
    }

    #[test]
    fn time_wait_forgets() {
        let mut rig = agreed();
        rig.shutdown();
        rig.gets("F. 1:3(2) ack 2 ce");
        assert_eq!(rig.tcb.state(), State::TimeWait);
        rig.pass(Span::from_millis(1));
        assert!(rig.gets("F. 1:3(2) ack 2")[1].starts_with("> . "));
    }
}
