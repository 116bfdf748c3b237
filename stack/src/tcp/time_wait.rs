//! floor 3: a connection opened anew from TIME-WAIT (RFC 6191, RFC 9293 section 3.6.1).
//!
//! RFC6191-2-d: a SYN that is not accepted is challenged like one in any other synchronized state. RFC 5961
//! section 4.2 demands that, and RFC 9293 section 3.10.7.4 repeats it for TIME-WAIT.
//! RFC6191-2-f: likewise.

use super::state::{End, Phase};
use super::{State, Tcb};
use crate::base::{Seq, Theirs};
use crate::wire::tcp::{Flags, Segment};
use core::cmp::Ordering;

impl Tcb {
    /// What goes on in TIME-WAIT without an application. For the application this connection has ended, and
    /// what it has received can still be read.
    pub fn part_from_application(&mut self) -> Self {
        assert!(self.state() == State::TimeWait, "what is not over has its application");
        let mut rest = self.clone();
        rest.forget_received();
        self.enter_closed(End::Finished);
        rest
    }

    /// Whether `segment` asks for a new connection between the ends of this one, which is in TIME-WAIT, and
    /// is surely no old duplicate. What the application has not read yet comes first.
    pub fn gives_way_to(&self, segment: &Segment<'_>) -> bool {
        let flags = segment.flags;
        let requests = flags.syn() && !flags.intersects(Flags::ACK | Flags::RST | Flags::FIN);
        let waits = matches!(self.phase, Phase::TimeWait { .. });
        waits && requests && self.unread_octets() == 0 && self.is_newer_request(segment)
    }

    /// The rules of RFC 6191 section 2.
    fn is_newer_request(&self, syn: &Segment<'_>) -> bool {
        // The last number of the peer was its FIN's.
        let later = Seq::<Theirs>::new(syn.seq).after(self.rcv.nxt.back(1));
        let offered = syn.options.timestamps.filter(|_| self.settings.timestamps);
        match (self.recent_stamp(), offered) {
            //= RFC9293-SHLD-4
            //= RFC9293-3.10.7.4-n
            (Some(recent), Some(stamps)) => match stamps.value.wrapping_sub(recent).cast_signed().cmp(&0) {
                //= RFC6191-2-a
                Ordering::Greater => true,
                //= RFC6191-2-b
                Ordering::Equal => later,
                Ordering::Less => false,
            },
            //= RFC6191-2-c
            (Some(_), None) => later,
            //= RFC6191-2-e
            (None, Some(_)) => true,
            (None, None) => later,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::base::choose::Lowest;
    use crate::base::{Ecn, Instant, Ours, Seq, Why};
    use crate::tcp::tests::rig::{Rig, with_segment};
    use crate::tcp::{Cx, Emit, Offsets, Settings, State, Tcb};
    use crate::wire::tcp::Segment;
    use alloc::sync::Arc;
    use quickcheck::quickcheck;

    /// In TIME-WAIT after `opening`, with `stamps` on every segment. The peer's FIN had the number 1.
    fn waiting(settings: &Settings, stamps: &str) -> Rig {
        let mut rig = Rig::connect_with(settings);
        rig.gets(&alloc::format!("S. 0:0(0) ack 1 {stamps}"));
        rig.shutdown();
        rig.gets(&alloc::format!("F. 1:1(0) ack 2 {stamps}"));
        assert_eq!(rig.tcb.state(), State::TimeWait);
        rig
    }

    fn gives_way(rig: &Rig, segment: &str) -> bool {
        with_segment(segment, |segment| rig.tcb.gives_way_to(segment))
    }

    //? RFC6191-2-a
    //? RFC6191-2-b
    //? RFC6191-2-c
    //? RFC9293-SHLD-4
    //? RFC9293-3.10.7.4-n
    #[test]
    fn after_timestamps_the_newer_one_counts_and_then_the_number() {
        let rig = waiting(&Settings::default(), "ts 7 ecr 0");
        for (syn, accepted) in [
            ("S -900:-900(0) ts 8 ecr 0", true),
            ("S 2:2(0) ts 7 ecr 0", true),
            ("S 1:1(0) ts 7 ecr 0", false),
            ("S 900:900(0) ts 6 ecr 0", false),
            ("S 2:2(0)", true),
            ("S 1:1(0)", false),
        ] {
            assert_eq!(gives_way(&rig, syn), accepted, "{syn}");
        }
    }

    //? RFC6191-2-e
    #[test]
    fn without_timestamps_new_ones_or_the_number_count() {
        let rig = waiting(&Settings::default(), "");
        assert!(gives_way(&rig, "S -900:-900(0) ts 8 ecr 0"));
        assert!(gives_way(&rig, "S 2:2(0)"));
        assert!(!gives_way(&rig, "S 1:1(0)"));
        // Ours would not be enabled.
        let rig = waiting(&Settings { timestamps: false, ..Settings::default() }, "");
        assert!(!gives_way(&rig, "S -900:-900(0) ts 8 ecr 0"));
    }

    #[test]
    fn only_a_plain_syn_asks_and_only_time_wait_gives_way() {
        let rig = waiting(&Settings::default(), "ts 7 ecr 0");
        for flags in ["S.", "SF", "SR", "-", "."] {
            assert!(!gives_way(&rig, &alloc::format!("{flags} 2:2(0) ts 8 ecr 0")), "{flags}");
        }
        for state in [State::Established, State::FinWait2, State::Closing, State::LastAck] {
            assert!(!gives_way(&Rig::in_state(state), "S 900:900(0)"), "{state}");
        }
    }

    struct Nowhere;

    impl Emit for Nowhere {
        fn segment(&mut self, _: &Segment<'_>, _: Ecn) {}
        fn discard(&mut self, _: Why) {}
    }

    quickcheck! {
        //? RFC9293-MAY-2
        //? RFC9293-MUST-8
        fn the_new_number_lies_beyond_the_old_ones(hash: u64, now: u64, beyond: u32) -> bool {
            let (settings, offsets) = (Arc::new(Settings::default()), Offsets::from_hash(hash));
            let (now, beyond) = (Instant::from_nanos(now), Seq::<Ours>::new(beyond));
            let cx = &mut Cx { choices: &mut Lowest, out: &mut Nowhere };
            with_segment("S 0:0(0)", |syn| {
                let usual = Tcb::accept(&settings, offsets, now, syn, cx).iss();
                let anew = Tcb::accept_beyond(&settings, offsets, now, syn, beyond, cx).iss();
                anew.after(beyond) && (anew == usual || !usual.after(beyond))
            })
        }
    }

    //? RFC6191-2-d
    //? RFC5961-4.2-a
    #[test]
    fn a_request_that_is_not_accepted_is_challenged() {
        let mut rig = waiting(&Settings::default(), "ts 7 ecr 0");
        assert_eq!(rig.gets("S 900:900(0) ts 6 ecr 0")[0], "! TcpPaws");
        let lines = rig.gets("S 1:1(0)");
        assert!(lines[1].starts_with("> . 2:2(0) ack 2 "), "{lines:?}");
        assert_eq!(rig.tcb.state(), State::TimeWait);
    }
}
