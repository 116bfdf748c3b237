//! floor 3: CLOSE and ABORT (RFC 9293 sections 3.6, 3.10.4, 3.10.5; RFC 2525 section 2.17).

use super::state::{End, Phase};
use super::{Cx, Tcb};
use crate::base::{Instant, Refused};

impl Tcb {
    /// CLOSE as RFC 9293 means it: nothing more will be sent, receiving goes on.
    ///
    /// # Errors
    /// [`Refused::NotConnected`] where the RFC answers "connection closing" or "does not exist".
    pub fn shutdown_write(&mut self, now: Instant, cx: &mut Cx<'_>) -> Result<(), Refused> {
        match self.phase {
            //= RFC9293-3.10.4-a
            Phase::SynSent => self.enter_closed(End::Finished),
            Phase::SynReceived(_) => {
                self.shut = true;
                if self.send_buffer.len_octets() == 0 {
                    //= RFC9293-3.10.4-b
                    self.phase = Phase::FinWait1;
                }
            }
            Phase::Established => {
                self.shut = true;
                //= RFC9293-3.10.4-c
                self.phase = Phase::FinWait1;
            }
            // LAST-ACK begins when the FIN leaves.
            Phase::CloseWait => self.shut = true,
            //= RFC9293-3.10.4-d
            Phase::FinWait1 | Phase::FinWait2 => {}
            Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } | Phase::Closed(_) => {
                //= RFC9293-3.10.4-f
                return Err(Refused::NotConnected);
            }
        }
        self.output(now, cx);
        Ok(())
    }

    /// The application closes its receiving half. That is no affair of the peer's, and text is taken still;
    /// but with both halves closed it is as after [`close`](Self::close).
    pub const fn shutdown_read(&mut self) {
        self.read_shut = true;
    }

    /// The application gives the connection up: it neither writes nor reads any more. Data that it has not
    /// read is lost, and the peer is told so with a reset; otherwise this is the CLOSE of
    /// [`shutdown_write`](Self::shutdown_write), and a reset follows if more data comes.
    pub fn close(&mut self, now: Instant, cx: &mut Cx<'_>) {
        //= RFC9293-MAY-1
        self.reader_gone = true;
        if self.unread_octets() > 0 && !matches!(self.phase, Phase::TimeWait { .. } | Phase::Closed(_)) {
            //= RFC9293-SHLD-3
            self.send_reset(now, cx);
            self.enter_closed(End::Aborted);
            return;
        }
        // A second CLOSE is an error that nobody is left to hear of.
        let _ = self.shutdown_write(now, cx);
    }

    /// ABORT: all queues are flushed, and the peer is told where it knows of the connection.
    pub fn abort(&mut self, now: Instant, cx: &mut Cx<'_>) {
        match self.phase {
            Phase::SynReceived(_)
            | Phase::Established
            | Phase::FinWait1
            | Phase::FinWait2
            | Phase::CloseWait => {
                //= RFC9293-3.10.5-a
                self.send_reset(now, cx);
            }
            //= RFC9293-3.10.5-b
            //= RFC9293-3.10.5-c
            Phase::SynSent | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => {}
            //= RFC9293-3.10.5-d
            Phase::Closed(_) => return,
        }
        self.enter_closed(End::Aborted);
    }
}
