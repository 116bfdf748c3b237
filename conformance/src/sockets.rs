//! floor 8: what sockets answer, asked of the reference and of a real kernel in the same words.
//!
//! A [`World`] is two hosts on one link that answer calls: [`reference`] makes one of two reference stacks in
//! virtual time. Rows of [`script`] say what has to be answered; [`run`] asks. The format of the scripts is
//! described in `conformance/sockets/README.md`.

pub mod compare;
#[cfg(target_os = "linux")]
pub mod linux;
pub mod matrix;
pub mod random;
pub mod reference;
pub mod run;
pub mod script;
pub mod sequence;
pub mod words;

use crate::host::Fault;
use stack::base::Span;
use stack::sock::{Call, Reply, SocketId};
use stack::tcp::State;
use std::fmt;
use std::net::IpAddr;

/// One of the two hosts of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The host that is asked.
    Host,
    /// The other one on its link.
    Peer,
}

/// The addresses of the interface of an end, each with the length of its prefix.
pub fn addrs(end: End) -> Vec<(IpAddr, u8)> {
    let all: &[(&str, u8)] = match end {
        End::Host => &[("10.99.0.1", 24), ("10.99.0.11", 24), ("fd99::1", 64), ("fe80::1", 64)],
        End::Peer => &[("10.99.0.2", 24), ("fd99::2", 64), ("fe80::2", 64)],
    };
    all.iter().filter_map(|(addr, prefix)| Some((addr.parse().ok()?, *prefix))).collect()
}

/// The scope that stands for the loopback device. That of the interface is
/// [`INTERFACE`](stack::sock::name::INTERFACE).
pub const LOOPBACK: u32 = 2;

/// What an administrator sees of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// State of the connection or listener, `None` of a datagram socket.
    pub state: Option<State>,
    /// Octets that wait for the application, or connections of a listener.
    pub receive_queue: u64,
    /// Octets that wait for acknowledgement, or the backlog of a listener.
    pub send_queue: u64,
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            None => "UNCONN",
            Some(State::Closed) => "CLOSE",
            Some(State::Listen) => "LISTEN",
            Some(State::SynSent) => "SYN-SENT",
            Some(State::SynReceived) => "SYN-RECV",
            Some(State::Established) => "ESTAB",
            Some(State::FinWait1) => "FIN-WAIT-1",
            Some(State::FinWait2) => "FIN-WAIT-2",
            Some(State::CloseWait) => "CLOSE-WAIT",
            Some(State::Closing) => "CLOSING",
            Some(State::LastAck) => "LAST-ACK",
            Some(State::TimeWait) => "TIME-WAIT",
        };
        write!(f, "{state} {} {}", self.receive_queue, self.send_queue)
    }
}

/// Two hosts on one link that answer socket calls. Whatever a call sets off is over when it is answered, as
/// far as it takes no time by the clock.
pub trait World {
    /// The call is made at that end. [`Fault::Env`] says that this world can not make it.
    ///
    /// # Errors
    /// The rig failed.
    fn call(&mut self, end: End, call: &Call) -> Result<Reply, Fault>;

    /// Time passes.
    ///
    /// # Errors
    /// The rig failed.
    fn wait(&mut self, span: Span) -> Result<(), Fault>;

    /// What an administrator sees of a socket that an application has open.
    ///
    /// # Errors
    /// The rig failed, or there is no such socket.
    fn look(&mut self, end: End, sock: SocketId) -> Result<Look, Fault>;
}
