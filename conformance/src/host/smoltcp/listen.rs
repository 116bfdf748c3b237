//! floor 7: listening sockets of a smoltcp host: one smoltcp socket in LISTEN, and the connections that wait.

use super::names;
use super::options::Settings;
use super::stream::{Cause, Conn};
use super::table::{Entry, Machine, Shape};
use ::smoltcp::iface::{SocketHandle as Slot, SocketSet};
use ::smoltcp::socket::tcp::{self, State};
use ::smoltcp::wire::IpListenEndpoint;
use stack::sock::{Family, Kind, Refused, Reply, SocketId};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// The most that `listen` grants, whatever it is asked for.
const BACKLOG_MAX: u32 = 4096;

/// A listening socket.
#[derive(Debug)]
pub(super) struct Listener {
    backlog: usize,
    /// Where it listens: one endpoint, or one for each local address of its family.
    targets: Vec<IpListenEndpoint>,
    /// The smoltcp socket in LISTEN of each target, if there is room for a connection.
    idle: Vec<Option<Slot>>,
    /// Connections whose handshake is not complete.
    opening: Vec<Conn>,
    /// Connections to accept, oldest first.
    ready: VecDeque<Conn>,
}

impl Listener {
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Every smoltcp socket that it holds.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        let waiting = self.opening.iter().chain(&self.ready).map(|conn| conn.slot);
        self.idle.iter().flatten().copied().chain(waiting)
    }

    /// Sorts the smoltcp sockets by what has become of them.
    pub(super) fn observe(&mut self, sockets: &mut SocketSet<'static>, settings: &Settings, cause: Cause) {
        for idle in &mut self.idle {
            let Some(slot) = *idle else { continue };
            let state = sockets.get::<tcp::Socket<'_>>(slot).state();
            if state != State::Listen {
                self.opening.push(Conn::new(slot, state, false));
                *idle = None;
            }
        }
        for conn in &mut self.ready {
            conn.observe(sockets, cause);
        }
        let mut still_opening = Vec::new();
        for mut conn in self.opening.drain(..) {
            conn.observe(sockets, cause);
            match conn.state() {
                State::SynReceived | State::SynSent => still_opening.push(conn),
                // Back to LISTEN after a reset, or given up: the one in LISTEN is made anew.
                State::Listen | State::Closed => {
                    sockets.remove(conn.slot);
                }
                State::Established
                | State::CloseWait
                | State::FinWait1
                | State::FinWait2
                | State::Closing
                | State::LastAck
                | State::TimeWait => self.ready.push_back(conn),
            }
        }
        self.opening = still_opening;
        self.fill(sockets, settings);
    }

    /// Puts a smoltcp socket into LISTEN at each target that lacks one, while there is room to wait.
    fn fill(&mut self, sockets: &mut SocketSet<'static>, settings: &Settings) {
        let waiting = self.opening.len() + self.ready.len();
        for (idle, target) in self.idle.iter_mut().zip(&self.targets) {
            if idle.is_none() && waiting < self.backlog {
                let mut socket = settings.stream();
                let listens = socket.listen(*target);
                debug_assert!(listens.is_ok(), "a new socket listens at a port that is not zero");
                *idle = Some(super::stream::add_behind(sockets, socket));
            }
        }
    }
}

impl Machine {
    pub(super) fn listen(&mut self, sock: SocketId, backlog: u32) -> Result<Reply, Refused> {
        let backlog = backlog.clamp(1, BACKLOG_MAX) as usize;
        let entry = self.entry(sock)?;
        match (&mut entry.shape, entry.kind) {
            (_, Kind::Datagram) => return Err(Refused::NotSupported),
            (Shape::Listening(listener), Kind::Stream) => {
                listener.backlog = backlog;
                return Ok(Reply::Done);
            }
            (Shape::Stream(_) | Shape::Datagrams(_), Kind::Stream) => return Err(Refused::InvalidArgument),
            (Shape::Fresh, Kind::Stream) => (),
        }
        let local = match entry.local {
            Some(local) => local,
            None => {
                let wildcard = names::wildcard(entry.family);
                self.bind(sock, wildcard)?;
                self.entry(sock)?.local.unwrap_or(wildcard)
            }
        };
        if self.listens_already(sock, local) {
            return Err(Refused::AddrInUse);
        }
        let targets = self.targets(sock, local)?;
        let idle = vec![None; targets.len()];
        let mut listener = Listener { backlog, targets, idle, opening: Vec::new(), ready: VecDeque::new() };
        let settings = self.entry(sock)?.settings;
        listener.fill(&mut self.sockets, &settings);
        self.entry(sock)?.shape = Shape::Listening(listener);
        Ok(Reply::Done)
    }

    fn listens_already(&self, sock: SocketId, local: SocketAddr) -> bool {
        self.entries.iter().any(|(id, other)| {
            *id != sock.0
                && matches!(other.shape, Shape::Listening(_))
                && other.local.is_some_and(|theirs| names::overlap(theirs, local))
        })
    }

    /// The endpoints to listen at. The wildcard of smoltcp takes both families; where that is too much, each
    /// address of the family is listened at by itself.
    fn targets(&mut self, sock: SocketId, local: SocketAddr) -> Result<Vec<IpListenEndpoint>, Refused> {
        let entry = self.entry(sock)?;
        let (family, v6_only) = (entry.family, entry.settings.v6_only);
        let local = names::inward(family, v6_only, local)?;
        let at = |addr| IpListenEndpoint { addr, port: local.port() };
        if !local.ip().is_unspecified() {
            return Ok(vec![at(Some(local.ip().into()))]);
        }
        let both = family == Family::V6 && !v6_only;
        let mine = |addr: &std::net::IpAddr| addr.is_ipv4() == (family == Family::V4);
        if both || self.addrs.iter().all(|cidr| mine(&cidr.addr)) {
            return Ok(vec![at(None)]);
        }
        Ok(self.addrs.iter().filter(|cidr| mine(&cidr.addr)).map(|cidr| at(Some(cidr.addr.into()))).collect())
    }

    pub(super) fn accept(&mut self, sock: SocketId) -> Result<Reply, Refused> {
        let Self { entries, sockets, .. } = self;
        let entry = entries.get_mut(&sock.0).ok_or(Refused::NoSuchSocket)?;
        let listener = match &mut entry.shape {
            Shape::Listening(listener) => listener,
            Shape::Datagrams(_) => return Err(Refused::NotSupported),
            Shape::Fresh if entry.kind == Kind::Datagram => return Err(Refused::NotSupported),
            Shape::Fresh | Shape::Stream(_) => return Err(Refused::InvalidArgument),
        };
        let conn = listener.ready.pop_front().ok_or(Refused::WouldBlock)?;
        listener.fill(sockets, &entry.settings);
        let socket = sockets.get::<tcp::Socket<'_>>(conn.slot);
        let family = entry.family;
        // A connection that was reset while it waited has forgotten its endpoints.
        let (Some(local), Some(remote)) = (socket.local_endpoint(), socket.remote_endpoint()) else {
            sockets.remove(conn.slot);
            return Err(Refused::ConnAborted);
        };
        let accepted = Entry {
            family,
            kind: Kind::Stream,
            local: Some(local.into()),
            settings: entry.settings,
            shape: Shape::Stream(conn),
        };
        let peer = names::outward(family, remote.into());
        Ok(Reply::Accepted { sock: self.admit(accepted), peer })
    }
}
