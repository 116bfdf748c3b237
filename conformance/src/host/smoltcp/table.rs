//! floor 7: the state of one smoltcp host: interface, sockets by number, and what moves them.

use super::datagram::Datagrams;
use super::link::{self, Neighbors};
use super::listen::Listener;
use super::options::Settings;
use super::queue::Queue;
use super::stream::{Cause, Conn};
use crate::host::{Fault, HostConfig};
use ::smoltcp::iface::{Interface, PollIngressSingleResult, SocketHandle as Slot, SocketSet};
use ::smoltcp::socket::tcp;
use ::smoltcp::time;
use stack::base::{Cidr, Instant, PortRange};
use stack::sock::{Call, Family, Kind, Refused, Reply, SocketId};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// What a socket number stands for.
pub(super) struct Entry {
    pub(super) family: Family,
    pub(super) kind: Kind,
    pub(super) local: Option<SocketAddr>,
    pub(super) settings: Settings,
    pub(super) shape: Shape,
}

/// What has become of a socket.
pub(super) enum Shape {
    /// Neither listening nor connected, no smoltcp socket yet.
    Fresh,
    Listening(Listener),
    Stream(Conn),
    Datagrams(Datagrams),
}

/// One host.
pub(super) struct Machine {
    pub(super) iface: Interface,
    pub(super) queue: Queue,
    pub(super) sockets: SocketSet<'static>,
    pub(super) entries: BTreeMap<u32, Entry>,
    /// Connections without a number, kept until smoltcp is done with them.
    pub(super) orphans: Vec<Slot>,
    pub(super) addrs: Vec<Cidr>,
    pub(super) mtu_octets: u16,
    neighbors: Neighbors,
    next_id: u32,
    next_port: u32,
}

impl Machine {
    pub(super) fn new(config: &HostConfig) -> Result<Self, Fault> {
        let mut queue = Queue::new(config.link, config.mtu_octets);
        let iface = link::interface(config, &mut queue)?;
        Ok(Self {
            iface,
            queue,
            sockets: SocketSet::new(Vec::new()),
            entries: BTreeMap::new(),
            orphans: Vec::new(),
            addrs: config.addrs.clone(),
            mtu_octets: config.mtu_octets,
            neighbors: Neighbors::new(config)?,
            next_id: 1,
            next_port: (config.seed % u64::from(u32::MAX)) as u32,
        })
    }

    pub(super) const fn set_now(&mut self, now: Instant) {
        if now.as_nanos() != self.queue.now.as_nanos() {
            self.queue.now = now;
            self.queue.emitted_in_step = 0;
        }
    }

    fn smoltcp_now(&self) -> time::Instant {
        time::Instant::from_micros((self.queue.now.as_nanos() / 1_000).cast_signed())
    }

    /// When smoltcp wants to be polled, rounded up to its tick; may lie in the past.
    pub(super) fn due(&mut self) -> Option<Instant> {
        let due = self.iface.poll_at(self.smoltcp_now(), &self.sockets)?;
        let micros = u64::try_from(due.total_micros()).unwrap_or(0);
        Some(Instant::from_nanos(micros.saturating_mul(1_000)))
    }

    /// A frame arrives.
    pub(super) fn inject(&mut self, frame: &[u8]) {
        self.neighbors.refresh(&mut self.queue);
        self.queue.arriving.push_back(frame.to_vec());
        let now = self.smoltcp_now();
        self.iface.poll_maintenance(now);
        while !matches!(
            self.iface.poll_ingress_single(now, &mut self.queue, &mut self.sockets),
            PollIngressSingleResult::None
        ) {}
        self.observe(Cause::Arrival);
        self.time();
    }

    /// Time has passed, or a call was made. Returns whether nothing was emitted.
    pub(super) fn time(&mut self) -> bool {
        let before = self.queue.emitted_in_step;
        self.neighbors.refresh(&mut self.queue);
        self.iface.poll(self.smoltcp_now(), &mut self.queue, &mut self.sockets);
        self.observe(Cause::Time);
        self.queue.emitted_in_step == before
    }

    /// Notes what has become of every connection.
    fn observe(&mut self, cause: Cause) {
        let Self { entries, sockets, orphans, .. } = self;
        for entry in entries.values_mut() {
            match &mut entry.shape {
                Shape::Stream(conn) => conn.observe(sockets, cause),
                Shape::Listening(listener) => listener.observe(sockets, &entry.settings, cause),
                Shape::Fresh | Shape::Datagrams(_) => (),
            }
        }
        orphans.retain(|slot| {
            let socket = sockets.get::<tcp::Socket<'_>>(*slot);
            let gone = socket.state() == tcp::State::Closed && socket.remote_endpoint().is_none();
            if gone {
                sockets.remove(*slot);
            }
            !gone
        });
    }

    /// The application makes a call; what it causes is emitted before this returns.
    pub(super) fn call(&mut self, call: &Call) -> Reply {
        let answer = self.answer(call);
        self.time();
        answer.unwrap_or_else(Reply::Refused)
    }

    fn answer(&mut self, call: &Call) -> Result<Reply, Refused> {
        match call {
            Call::Socket { family, kind } => Ok(self.open(*family, *kind)),
            Call::Bind { sock, local } => self.bind(*sock, *local),
            Call::Listen { sock, backlog } => self.listen(*sock, backlog.cast_unsigned()),
            Call::Accept { sock } => self.accept(*sock),
            Call::Connect { sock, remote } => self.connect(*sock, *remote),
            Call::Send { sock, data, urgent } => self.send(*sock, data, *urgent),
            Call::Recv { sock, max } => self.receive(*sock, *max),
            Call::SendTo { sock, to, data } => self.send_to(*sock, *to, data),
            Call::RecvFrom { sock, max } => self.receive_from(*sock, *max),
            Call::Shutdown { sock, how } => self.shutdown(*sock, *how),
            Call::Close { sock } => self.close(*sock),
            Call::GetSockName { sock } => self.sock_name(*sock),
            Call::GetPeerName { sock } => self.peer_name(*sock),
            Call::SetOption { sock, value } => self.set_option(*sock, *value),
            Call::GetOption { sock, name } => self.get_option(*sock, *name),
            Call::Poll { sock } => self.poll_readiness(*sock),
            Call::Disconnect { .. }
            | Call::Peek { .. }
            | Call::RecvUrgent { .. }
            | Call::AtMark { .. }
            | Call::RecvError { .. }
            | Call::Become { .. }
            | Call::Configure { .. } => Err(Refused::NotSupported),
        }
    }

    fn open(&mut self, family: Family, kind: Kind) -> Reply {
        let entry = Entry { family, kind, local: None, settings: Settings::default(), shape: Shape::Fresh };
        Reply::Socket(self.admit(entry))
    }

    /// Gives an entry the next number.
    pub(super) fn admit(&mut self, entry: Entry) -> SocketId {
        let id = self.next_id;
        self.next_id += 1;
        self.entries.insert(id, entry);
        SocketId(id)
    }

    pub(super) fn entry(&mut self, sock: SocketId) -> Result<&mut Entry, Refused> {
        self.entries.get_mut(&sock.0).ok_or(Refused::NoSuchSocket)
    }

    /// Closes a socket: its number is gone, its connection may live on.
    fn close(&mut self, sock: SocketId) -> Result<Reply, Refused> {
        let entry = self.entries.remove(&sock.0).ok_or(Refused::NoSuchSocket)?;
        let Self { sockets, orphans, .. } = self;
        match entry.shape {
            Shape::Fresh => (),
            Shape::Datagrams(datagrams) => {
                sockets.remove(datagrams.slot);
            }
            Shape::Stream(conn) => {
                let socket = sockets.get_mut::<tcp::Socket<'_>>(conn.slot);
                if entry.settings.closes_by_abort() {
                    socket.abort()
                } else {
                    socket.close()
                }
                orphans.push(conn.slot);
            }
            Shape::Listening(listener) => {
                for slot in listener.slots() {
                    sockets.get_mut::<tcp::Socket<'_>>(slot).abort();
                    orphans.push(slot);
                }
            }
        }
        Ok(Reply::Done)
    }

    /// A free port of the dynamic range, from a place that the seed fixes.
    pub(super) fn ephemeral_port(&mut self, kind: Kind) -> Result<u16, Refused> {
        let range = PortRange::DYNAMIC;
        let port = range
            .walk(self.next_port)
            .find(|port| !self.port_in_use(kind, port.number()))
            .ok_or(Refused::AddrInUse)?;
        self.next_port = u32::from(port.number() - range.first().number()) + 1;
        Ok(port.number())
    }

    fn port_in_use(&self, kind: Kind, port: u16) -> bool {
        let bound = self
            .entries
            .values()
            .any(|entry| entry.kind == kind && entry.local.is_some_and(|local| local.port() == port));
        let lingers = |slot: &Slot| {
            let socket = self.sockets.get::<tcp::Socket<'_>>(*slot);
            socket.local_endpoint().is_some_and(|local| local.port == port)
        };
        bound || (kind == Kind::Stream && self.orphans.iter().any(lingers))
    }
}
