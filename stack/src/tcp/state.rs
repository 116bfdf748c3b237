//! floor 3: the states of a connection (RFC 9293 section 3.3.2).

use crate::base::{Instant, Refused};
use core::fmt;

/// A state of RFC 9293 section 3.3.2, as STATUS reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// There is no connection.
    Closed,
    /// Waiting for a connection request. No [`Tcb`](super::Tcb) is ever in it: listening is the socket
    /// layer's, and its rules are [`super::listen`].
    Listen,
    /// A SYN was sent.
    SynSent,
    /// A SYN was received and one was sent.
    SynReceived,
    /// Open.
    Established,
    /// The own FIN is sent or queued.
    FinWait1,
    /// The own FIN is acknowledged.
    FinWait2,
    /// The peer's FIN was received.
    CloseWait,
    /// Both FINs are sent, the own one is not acknowledged.
    Closing,
    /// The peer's FIN was received first, the own FIN is sent.
    LastAck,
    /// Both FINs are acknowledged; old segments die out.
    TimeWait,
}

impl State {
    /// Every state, in the order of RFC 9293.
    pub const ALL: &[Self] = &[
        Self::Closed,
        Self::Listen,
        Self::SynSent,
        Self::SynReceived,
        Self::Established,
        Self::FinWait1,
        Self::FinWait2,
        Self::CloseWait,
        Self::Closing,
        Self::LastAck,
        Self::TimeWait,
    ];

    /// The name as RFC 9293 writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Listen => "LISTEN",
            Self::SynSent => "SYN-SENT",
            Self::SynReceived => "SYN-RECEIVED",
            Self::Established => "ESTABLISHED",
            Self::FinWait1 => "FIN-WAIT-1",
            Self::FinWait2 => "FIN-WAIT-2",
            Self::CloseWait => "CLOSE-WAIT",
            Self::Closing => "CLOSING",
            Self::LastAck => "LAST-ACK",
            Self::TimeWait => "TIME-WAIT",
        }
    }

    /// Whether the connection is being opened.
    pub const fn is_opening(self) -> bool {
        match self {
            Self::SynSent | Self::SynReceived => true,
            Self::Closed
            | Self::Listen
            | Self::Established
            | Self::FinWait1
            | Self::FinWait2
            | Self::CloseWait
            | Self::Closing
            | Self::LastAck
            | Self::TimeWait => false,
        }
    }

    /// Whether both sides have synchronized their sequence numbers (RFC 9293 section 3.5.2, group 3).
    pub const fn is_synchronized(self) -> bool {
        match self {
            Self::Closed | Self::Listen | Self::SynSent | Self::SynReceived => false,
            Self::Established
            | Self::FinWait1
            | Self::FinWait2
            | Self::CloseWait
            | Self::Closing
            | Self::LastAck
            | Self::TimeWait => true,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who began the connection. SYN-RECEIVED has to remember it (RFC 9293 section 3.5, MUST-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// This side, with an active OPEN.
    Active,
    /// The peer: the connection came from LISTEN.
    Passive,
}

/// How a connection came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Both directions were closed in order, or the open attempt was withdrawn.
    Finished,
    /// A passive open failed before it was established: the socket layer drops the record, the listening
    /// socket goes on, and the user is not told.
    BackToListen,
    /// This side aborted.
    Aborted,
    /// The peer refused, reset, or went silent, or the network said that it can not be reached.
    Failed(Refused),
}

/// A state with the data that belongs to it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    SynSent,
    SynReceived(Origin),
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait { until: Instant },
    Closed(End),
}

impl Phase {
    pub(super) const fn state(self) -> State {
        match self {
            Self::SynSent => State::SynSent,
            Self::SynReceived(_) => State::SynReceived,
            Self::Established => State::Established,
            Self::FinWait1 => State::FinWait1,
            Self::FinWait2 => State::FinWait2,
            Self::CloseWait => State::CloseWait,
            Self::Closing => State::Closing,
            Self::LastAck => State::LastAck,
            Self::TimeWait { .. } => State::TimeWait,
            Self::Closed(_) => State::Closed,
        }
    }
}
