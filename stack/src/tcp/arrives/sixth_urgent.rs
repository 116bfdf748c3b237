//! floor 3: sixth check: URG (RFC 9293 sections 3.8.5 and 3.10.7.4, RFC 6093). Urgent data is read in line.

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
            self.rcv.up = Some(self.rcv.up.map_or(up, |known| known.later(up)));
        }
    }
}
