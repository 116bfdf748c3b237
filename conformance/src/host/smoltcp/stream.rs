//! floor 7: connections of a smoltcp host: connect, send, receive, shut down, and why they ended.

use super::names;
use super::table::{Machine, Shape};
use ::smoltcp::iface::{SocketHandle as Slot, SocketSet};
use ::smoltcp::socket::tcp::{self, State};
use stack::sock::{How, Kind, Refused, Reply, SocketId};
use std::net::SocketAddr;

/// What moved a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A frame arrived.
    Arrival,
    /// Time passed, or the application called.
    Time,
}

/// A connection with a socket number, or one that waits for it.
#[derive(Debug)]
pub(super) struct Conn {
    pub(super) slot: Slot,
    was: State,
    /// The result of `connect` has not been asked for yet.
    connecting: bool,
    error: Option<Refused>,
    pub(super) read_shut: bool,
    pub(super) write_shut: bool,
}

impl Conn {
    pub(super) const fn new(slot: Slot, was: State, connecting: bool) -> Self {
        Self { slot, was, connecting, error: None, read_shut: false, write_shut: false }
    }

    /// Notes the cause when the connection has ended.
    pub(super) fn observe(&mut self, sockets: &SocketSet<'static>, cause: Cause) {
        let state = sockets.get::<tcp::Socket<'_>>(self.slot).state();
        if state == State::Closed && self.was != State::Closed {
            self.error = ended_by(self.was, cause);
        }
        self.was = state;
    }

    pub(super) const fn state(&self) -> State {
        self.was
    }

    pub(super) const fn has_error(&self) -> bool {
        self.error.is_some()
    }

    /// The pending error, which is reported once.
    pub(super) const fn take_error(&mut self) -> Option<Refused> {
        self.error.take()
    }

    const fn is_opening(&self) -> bool {
        matches!(self.was, State::SynSent | State::SynReceived)
    }
}

/// smoltcp does not say why a connection went to CLOSED; the state that it left does (RFC 9293 sections
/// 3.10.7.3, 3.10.7.4 and 3.8.3). A reset in LAST-ACK can not be told from the last acknowledgement, and
/// no application waits for either.
const fn ended_by(left: State, cause: Cause) -> Option<Refused> {
    match (left, cause) {
        (State::Closed | State::Listen | State::TimeWait, _) | (State::LastAck, Cause::Arrival) => None,
        (State::SynSent | State::SynReceived, Cause::Arrival) => Some(Refused::ConnRefused),
        (
            State::Established | State::FinWait1 | State::FinWait2 | State::CloseWait | State::Closing,
            Cause::Arrival,
        ) => Some(Refused::ConnReset),
        (
            State::SynSent
            | State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck,
            Cause::Time,
        ) => Some(Refused::TimedOut),
    }
}

impl Machine {
    /// The connection of a stream socket, or `fresh` if it has none.
    fn conn(
        &mut self,
        sock: SocketId,
        fresh: Refused,
    ) -> Result<(&mut Conn, &mut tcp::Socket<'static>), Refused> {
        let Self { entries, sockets, .. } = self;
        let entry = entries.get_mut(&sock.0).ok_or(Refused::NoSuchSocket)?;
        match &mut entry.shape {
            Shape::Stream(conn) => {
                let socket = sockets.get_mut::<tcp::Socket<'static>>(conn.slot);
                Ok((conn, socket))
            }
            Shape::Fresh | Shape::Listening(_) => Err(fresh),
            Shape::Datagrams(_) => Err(Refused::NotSupported),
        }
    }

    pub(super) fn connect(&mut self, sock: SocketId, remote: SocketAddr) -> Result<Reply, Refused> {
        let entry = self.entry(sock)?;
        let remote = names::inward(entry.family, entry.settings.v6_only, remote)?;
        match &mut entry.shape {
            Shape::Listening(_) => return Err(Refused::AlreadyConnected),
            Shape::Stream(conn) => return Err(again(conn)),
            Shape::Datagrams(_) => return self.connect_datagrams(sock, remote),
            Shape::Fresh if entry.kind == Kind::Datagram => return self.connect_datagrams(sock, remote),
            Shape::Fresh => (),
        }
        let settings = entry.settings;
        let local = self.local_for(sock, remote)?;
        let mut socket = settings.stream();
        socket.connect(self.iface.context(), remote, local).map_err(|error| match error {
            tcp::ConnectError::InvalidState => Refused::AlreadyConnected,
            tcp::ConnectError::Unaddressable => Refused::NetUnreachable,
        })?;
        let slot = add_behind(&mut self.sockets, socket);
        let entry = self.entry(sock)?;
        entry.local = Some(local);
        entry.shape = Shape::Stream(Conn::new(slot, State::SynSent, true));
        Err(Refused::InProgress)
    }

    pub(super) fn send(&mut self, sock: SocketId, data: &[u8], urgent: bool) -> Result<Reply, Refused> {
        if self.entry(sock)?.kind == Kind::Datagram {
            return self.send_to(sock, None, data);
        }
        let (conn, socket) = self.conn(sock, Refused::BrokenPipe)?;
        if let Some(error) = conn.take_error() {
            return Err(error);
        }
        if urgent {
            return Err(Refused::NotSupported);
        }
        if conn.write_shut {
            return Err(Refused::BrokenPipe);
        }
        if conn.is_opening() {
            return Err(Refused::WouldBlock);
        }
        match socket.send_slice(data) {
            Ok(0) if !data.is_empty() => Err(Refused::WouldBlock),
            Ok(sent) => Ok(Reply::Sent(u32::try_from(sent).unwrap_or(u32::MAX))),
            Err(tcp::SendError::InvalidState) => Err(Refused::BrokenPipe),
        }
    }

    pub(super) fn receive(&mut self, sock: SocketId, max: u32) -> Result<Reply, Refused> {
        if self.entry(sock)?.kind == Kind::Datagram {
            let datagram = self.receive_from(sock, max)?;
            let Reply::Datagram { data, .. } = datagram else { return Ok(datagram) };
            return Ok(Reply::Data(data));
        }
        let (conn, socket) = self.conn(sock, Refused::NotConnected)?;
        let mut data = vec![0; socket.recv_queue().min(max as usize)];
        if !conn.is_opening() && socket.can_recv() {
            let got = socket.recv_slice(&mut data).unwrap_or(0);
            data.truncate(got);
            return Ok(Reply::Data(data));
        }
        if let Some(error) = conn.take_error() {
            return Err(error);
        }
        let more = socket.may_recv() && !conn.read_shut;
        if conn.is_opening() || more { Err(Refused::WouldBlock) } else { Ok(Reply::Data(Vec::new())) }
    }

    pub(super) fn shutdown(&mut self, sock: SocketId, how: How) -> Result<Reply, Refused> {
        let (conn, socket) = self.conn(sock, Refused::NotConnected)?;
        if conn.is_opening() || conn.was == State::Closed {
            return Err(Refused::NotConnected);
        }
        let (read, write) = match how {
            How::Read => (true, false),
            How::Write => (false, true),
            How::Both => (true, true),
        };
        conn.read_shut |= read;
        if write {
            conn.write_shut = true;
            socket.close();
        }
        Ok(Reply::Done)
    }
}

/// What a repeated `connect` answers.
const fn again(conn: &mut Conn) -> Refused {
    if conn.is_opening() {
        return Refused::AlreadyInProgress;
    }
    match conn.take_error() {
        Some(error) => {
            conn.connecting = false;
            error
        }
        None if matches!(conn.was, State::Closed) && conn.connecting => Refused::ConnAborted,
        None => Refused::AlreadyConnected,
    }
}

/// Adds a TCP socket behind all others: smoltcp gives a segment to the first that takes it, and a listening
/// one must come after the connections that grew out of its like.
pub(super) fn add_behind(sockets: &mut SocketSet<'static>, socket: tcp::Socket<'static>) -> Slot {
    let last = sockets.iter().map(|(slot, _)| slot).max();
    let mut gaps = Vec::new();
    let slot = loop {
        let slot = sockets.add(tcp::Socket::new(no_buffer(), no_buffer()));
        gaps.push(slot);
        if last.is_none_or(|last| slot > last) {
            break slot;
        }
    };
    // The last of the fillers makes room for the socket, then the others for whom it may concern.
    sockets.remove(slot);
    gaps.pop();
    let placed = sockets.add(socket);
    for gap in gaps {
        sockets.remove(gap);
    }
    placed
}

fn no_buffer() -> tcp::SocketBuffer<'static> {
    tcp::SocketBuffer::new(Vec::new())
}
