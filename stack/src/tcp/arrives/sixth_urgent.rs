//! floor 3: sixth check: URG (RFC 9293 sections 3.8.5 and 3.10.7.4, RFC 6093).
//!
//! RFC6093-6-a: this asks something of applications, which can have urgent data in line.

use super::Arrived;
use crate::base::Why;
use crate::tcp::state::Phase;
use crate::tcp::{Cx, Report, Tcb};

impl Tcb {
    pub(super) fn sixth_check_urgent(&mut self, seg: &Arrived<'_>, cx: &mut Cx<'_>) {
        match self.phase {
            Phase::Established | Phase::FinWait1 | Phase::FinWait2 => {
                let known = self.rcv.up;
                self.note_urgent(seg);
                let ahead = self.urgent_octets_left() > 0;
                if !ahead {
                    self.rcv.up = None;
                } else if self.rcv.up != known || !self.urgent_told {
                    self.urgent_told = true;
                    //= RFC9293-MUST-32
                    cx.out.report(Report::Urgent);
                }
            }
            Phase::CloseWait | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => {
                if seg.up.is_some() {
                    //= RFC9293-3.10.7.4-z
                    cx.out.discard(Why::TcpAfterFin);
                }
            }
            Phase::SynSent | Phase::SynReceived(_) | Phase::Closed(_) => {}
        }
    }

    /// RCV.UP <- max(RCV.UP, SEG.UP).
    pub(in crate::tcp) fn note_urgent(&mut self, seg: &Arrived<'_>) {
        if let Some(up) = seg.up {
            //= RFC9293-3.10.7.4-y
            let later = self.rcv.up.map_or(up, |known| known.later(up));
            if self.rcv.up.is_some_and(|known| known != later) {
                self.pass_mark();
            }
            self.rcv.up = Some(later);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tcp::State;
    use crate::tcp::tests::rig::Rig;

    //? RFC9293-MUST-32
    //? RFC9293-MUST-33
    //? RFC9293-3.10.7.4-y
    #[test]
    fn the_user_is_told_when_the_pointer_appears_and_when_it_advances() {
        let mut rig = Rig::established();
        assert_eq!(rig.gets("U. 1:6(5) ack 1 urg 8"), ["* Urgent", "> . 1:1(0) ack 6 win 65530"]);
        assert_eq!(rig.tcb.urgent_octets_left(), 8);
        assert!(rig.tcb.readiness().urgent);
        assert!(rig.gets("U. 6:6(0) ack 1 urg 3").is_empty());
        assert!(rig.gets("U. 6:6(0) ack 1 urg 1").is_empty());
        assert_eq!(rig.gets("U. 6:6(0) ack 1 urg 10"), ["* Urgent"]);
        assert_eq!(rig.tcb.urgent_octets_left(), 15);
        rig.read(100).unwrap();
        assert_eq!(rig.tcb.urgent_octets_left(), 10);
        rig.gets(". 6:16(10) ack 1");
        // Reading stops at the mark, and goes on from there.
        assert_eq!(rig.read(100).map(|data| data.len()), Ok(9));
        assert!(rig.tcb.is_at_mark() && rig.tcb.readiness().urgent);
        assert_eq!(rig.read(100).map(|data| data.len()), Ok(1));
        assert!(!rig.tcb.readiness().urgent);
        assert_eq!(rig.gets("U. 16:16(0) ack 1 urg 1"), ["* Urgent"]);
    }

    #[test]
    fn a_pointer_to_what_was_read_is_nothing() {
        let mut rig = Rig::established();
        rig.gets(". 1:6(5) ack 1");
        rig.read(100).unwrap();
        assert!(rig.gets("U. 6:6(0) ack 1 urg 0").is_empty());
        assert_eq!(rig.tcb.rcv().up, None);
    }

    #[test]
    fn a_reset_ends_urgent_data_with_all_else() {
        let mut rig = Rig::established();
        rig.gets("U. 1:6(5) ack 1 urg 8");
        rig.gets("R 6:6(0)");
        assert!(!rig.tcb.readiness().urgent);
    }

    //? RFC9293-3.10.7.4-z
    #[test]
    fn after_the_fin_there_is_nothing_urgent() {
        let mut rig = Rig::in_state(State::CloseWait);
        assert_eq!(rig.gets("U. 2:2(0) ack 1 urg 9"), ["! TcpAfterFin"]);
        assert_eq!(rig.tcb.urgent_octets_left(), 0);
    }
}
