//! floor 7: the inferred application at work: one socket call at a time, never blocking.

use super::infer::{Application, Opening};
use super::observe::Places;
use stack::base::Span;
use stack::sock::{Call, Family, How, Kind, OptionValue, Refused, Reply, SocketId};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Room that is left in the send buffer beyond R's whole stream, in octets.
const SEND_ROOM_OCTETS: u32 = 4096;

/// How the stream that the application reads came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// End of file: the peer's FIN was delivered.
    Eof,
    /// An error.
    Error(Refused),
}

/// The call that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    Socket,
    Option,
    Bind,
    Listen,
    Accept,
    Connect,
    Send,
    Recv,
    Shutdown,
    Close,
    CloseListener,
}

/// The application of a replayed TCP connection.
#[derive(Clone, Debug)]
pub struct App {
    places: Places,
    setup: VecDeque<Setup>,
    pending: Option<Pending>,
    listener: Option<SocketId>,
    sock: Option<SocketId>,
    /// Octets of R's stream that the socket took over.
    pub written: u32,
    /// Octets of P's stream that were read.
    pub delivered: Vec<u8>,
    /// How the stream ended, if it did.
    pub end: Option<StreamEnd>,
    /// First error of a call that is not a wait.
    pub error: Option<(&'static str, Refused)>,
    /// Whether a connection was accepted.
    pub accepted: bool,
    /// The latest call would have blocked.
    pub blocked: bool,
    closed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setup {
    Socket,
    Option(OptionValue),
    Bind,
    Listen,
}

impl App {
    /// The application as inferred, which is to write `stream_octets` in all.
    pub fn new(application: &Application, places: Places, stream_octets: u32, mtu_mss: u16) -> Self {
        let mut setup = VecDeque::new();
        if application.opening != Opening::NoListener {
            setup.push_back(Setup::Socket);
            setup.push_back(Setup::Option(OptionValue::ReceiveBuffer(application.receive_buffer_octets)));
            setup.push_back(Setup::Option(OptionValue::SendBuffer(stream_octets + SEND_ROOM_OCTETS)));
            setup.push_back(Setup::Option(OptionValue::OobInline(true)));
            if let Some(mss) = application.max_segment_octets.filter(|mss| *mss < mtu_mss) {
                setup.push_back(Setup::Option(OptionValue::MaxSegment(mss)));
            }
            setup.push_back(Setup::Bind);
            if application.opening == Opening::Listen {
                setup.push_back(Setup::Listen);
            }
        }
        Self {
            places,
            setup,
            pending: None,
            listener: None,
            sock: None,
            written: 0,
            delivered: Vec::new(),
            end: None,
            error: None,
            accepted: false,
            blocked: false,
            closed: false,
        }
    }

    /// Whether the connection has a socket that was not closed.
    pub const fn is_open(&self) -> bool {
        self.sock.is_some() && !self.closed
    }

    /// Whether a connection is still to be accepted.
    pub const fn waits_for_accept(&self) -> bool {
        self.listener.is_some() && self.sock.is_none() && !self.closed
    }

    /// The next call of the preparation, if there is one left.
    pub fn set_up(&mut self) -> Option<Call> {
        let sock = self.sock.unwrap_or(SocketId(0));
        let family = if self.places.host.is_ipv4() { Family::V4 } else { Family::V6 };
        let (pending, call) = match self.setup.pop_front()? {
            Setup::Socket => (Pending::Socket, Call::Socket { family, kind: Kind::Stream }),
            Setup::Option(value) => (Pending::Option, Call::SetOption { sock, value }),
            Setup::Bind => (Pending::Bind, Call::Bind { sock, local: self.places.host }),
            Setup::Listen => (Pending::Listen, Call::Listen { sock, backlog: 8 }),
        };
        Some(self.issue(pending, call))
    }

    /// `accept`.
    pub fn accept(&mut self) -> Option<Call> {
        let sock = self.listener.filter(|_| self.waits_for_accept())?;
        Some(self.issue(Pending::Accept, Call::Accept { sock }))
    }

    /// `connect`.
    pub fn connect(&mut self) -> Option<Call> {
        let sock = self.sock?;
        let remote: SocketAddr = self.places.peer;
        Some(self.issue(Pending::Connect, Call::Connect { sock, remote }))
    }

    /// `send`.
    pub fn send(&mut self, octets: &[u8], urgent: bool) -> Option<Call> {
        let sock = self.open_socket()?;
        Some(self.issue(Pending::Send, Call::Send { sock, data: octets.to_vec(), urgent }))
    }

    /// `recv`.
    pub fn recv(&mut self, max: u32) -> Option<Call> {
        let sock = self.open_socket().filter(|_| self.end.is_none())?;
        Some(self.issue(Pending::Recv, Call::Recv { sock, max }))
    }

    /// `shutdown(SHUT_WR)`.
    pub fn shutdown_write(&mut self) -> Option<Call> {
        let sock = self.open_socket()?;
        Some(self.issue(Pending::Shutdown, Call::Shutdown { sock, how: How::Write }))
    }

    /// `close`.
    pub fn close(&mut self) -> Option<Call> {
        let sock = self.open_socket()?;
        self.closed = true;
        Some(self.issue(Pending::Close, Call::Close { sock }))
    }

    /// `setsockopt(SO_LINGER, 0)`: the next `close` aborts.
    pub fn linger_zero(&mut self) -> Option<Call> {
        let sock = self.open_socket()?;
        let value = OptionValue::Linger(Some(Span::ZERO));
        Some(self.issue(Pending::Option, Call::SetOption { sock, value }))
    }

    /// `close` of the listening socket.
    pub fn close_listener(&mut self) -> Option<Call> {
        let sock = self.listener.take()?;
        Some(self.issue(Pending::CloseListener, Call::Close { sock }))
    }

    fn open_socket(&self) -> Option<SocketId> {
        self.sock.filter(|_| !self.closed)
    }

    const fn issue(&mut self, pending: Pending, call: Call) -> Call {
        self.pending = Some(pending);
        call
    }

    /// Takes the answer to the latest call.
    pub fn answered(&mut self, reply: &Reply) {
        let Some(pending) = self.pending.take() else { return };
        self.blocked = false;
        match (pending, reply) {
            (Pending::Socket, Reply::Socket(sock)) => self.sock = Some(*sock),
            (Pending::Accept, Reply::Accepted { sock, .. }) => {
                self.sock = Some(*sock);
                self.accepted = true;
            }
            (Pending::Listen, Reply::Done) => self.listener = self.sock.take(),
            (Pending::Send, Reply::Sent(octets)) => self.written += octets,
            (Pending::Recv, Reply::Data(octets)) if octets.is_empty() => self.end = Some(StreamEnd::Eof),
            (Pending::Recv, Reply::Data(octets)) => self.delivered.extend_from_slice(octets),
            (_, Reply::Refused(refused)) => self.refused(pending, *refused),
            (_, _) => {}
        }
    }

    fn refused(&mut self, pending: Pending, refused: Refused) {
        let waits = matches!(refused, Refused::WouldBlock | Refused::InProgress | Refused::AlreadyInProgress)
            || (refused == Refused::NotConnected && matches!(pending, Pending::Send | Pending::Recv));
        match pending {
            // A host that lacks the option keeps its own way; that is not an error of the connection.
            Pending::Option => {}
            Pending::Recv if !waits => self.end = Some(StreamEnd::Error(refused)),
            Pending::Socket
            | Pending::Bind
            | Pending::Listen
            | Pending::Accept
            | Pending::Connect
            | Pending::Send
            | Pending::Recv
            | Pending::Shutdown
            | Pending::Close
            | Pending::CloseListener => {
                self.blocked = waits;
                if !waits {
                    self.error.get_or_insert((pending.name(), refused));
                }
            }
        }
    }
}

impl Pending {
    const fn name(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Option => "setsockopt",
            Self::Bind => "bind",
            Self::Listen => "listen",
            Self::Accept => "accept",
            Self::Connect => "connect",
            Self::Send => "send",
            Self::Recv => "recv",
            Self::Shutdown => "shutdown",
            Self::Close | Self::CloseListener => "close",
        }
    }
}
