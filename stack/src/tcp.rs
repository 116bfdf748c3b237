//! floor 3: the transmission control protocol, one connection at a time (RFC 9293).
//!
//! A [`Tcb`] is one connection. It knows no ports, no addresses and no tables: ports of the segments it emits
//! are 0 until the socket layer fills them in. What arrives goes through [`arrives`], whose folder listing is
//! the order of checks of RFC 9293 section 3.10.7, one function per step.
//!
//! A segment for nobody is answered by [`closed::reset_for`], a segment for a listening socket is judged by
//! [`listen::on_segment`], and [`Tcb::accept`] opens the connection that the latter proposes.

pub mod arrives;
mod check;
mod close;
mod congestion;
pub mod cookie;
mod delayed_ack;
mod ecn;
mod emit;
mod icmp;
mod keep_alive;
mod open;
mod options;
mod path_mtu;
mod receive;
mod recovery;
mod reset;
mod rto;
mod sack;
mod send;
pub mod settings;
pub mod state;
pub mod tcb;
mod time_wait;
mod timeouts;
mod timestamps;
mod user_timeout;
mod window;

pub use arrives::{closed, listen};
pub use open::Offsets;
pub use options::Scale;
pub use settings::{Algorithm, EcnUse, KeepAlive, Settings, SynSchedule};
pub use state::{End, Origin, State};
pub use tcb::{Rcv, Readiness, Snd, Tcb};

use crate::base::{Choose, Ecn, Refused, Why};
use crate::wire::tcp::Segment;

/// What a connection needs from the outside while it acts.
pub struct Cx<'a> {
    /// Who answers questions of freedom.
    pub choices: &'a mut dyn Choose,
    /// Where segments and discard reasons go.
    pub out: &'a mut dyn Emit,
}

/// Takes what a connection brings forth.
pub trait Emit {
    /// A segment leaves, in a packet with this ECN codepoint. Its ports are 0; its payload is borrowed from
    /// the send buffer.
    fn segment(&mut self, segment: &Segment<'_>, ecn: Ecn);

    /// What arrived was discarded, wholly or in part.
    fn discard(&mut self, why: Why);

    /// From here on the event brings forth segments and nothing else: what was discarded has been said, and
    /// segments may leave as they come.
    fn sends_alone(&mut self) {}

    /// Something the application may want to know (RFC 9293 section 3.9.1.8). The connection remembers the
    /// same facts, so that a taker without use for reports can leave this out.
    fn report(&mut self, report: Report) {
        let _ = report;
    }
}

/// An asynchronous report to the application (RFC 9293 section 3.9.1.8). None of them ends the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Report {
    /// ICMP told of a soft error.
    SoftError(Refused),
    /// Threshold R1 was reached: one segment was sent again three times without an answer. The IP layer
    /// should doubt its next hop.
    DeliveryTrouble,
    /// Urgent data is ahead, or more of it than was known.
    Urgent,
}

#[cfg(test)]
mod tests;
