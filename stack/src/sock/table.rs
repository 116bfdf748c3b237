//! floor 4: the table of sockets, and what its entries are (RFC 9293 section 3.3.1, RFC 1122 section 4.1.4).
//!
//! A socket lives under a [`Slot`]. The application knows it by a [`SocketId`], and only while it has it
//! open: connections that were not accepted yet, and those that finish after `close`, have a slot alone.

use super::bind::{Claim, Claims, Scope, Standing, Terms};
use super::call::{Device, Family, Kind, Readiness, SocketId, User};
use super::demux::{Demux, Place, Stand, Tag, Weights};
use super::depart::{Departures, Marks};
use super::groups::Groups;
use super::index::Index;
use super::listen::Listener;
use super::name::{self, Endpoint, FourTuple};
use super::options::Options;
use super::slab::Slab;
use super::timers::Timers;
use crate::base::siphash::Key;
use crate::base::time::soonest;
use crate::base::{Choose, Instant, Port, Refused};
use crate::ip::{self, Ip};
use crate::ports::Policy;
use crate::ports::ephemeral::Ephemeral;
use crate::tcp::{self, Tcb};
use crate::udp::{Failures, Queue};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};

pub use super::slab::Slot;

/// What the sockets need of the rest of the host while something happens.
pub struct Net<'a> {
    /// The present time.
    pub now: Instant,
    /// The floor below.
    pub ip: &'a mut Ip,
    /// Answers questions of freedom.
    pub choices: &'a mut dyn Choose,
    /// Where frames and reasons go.
    pub out: &'a mut dyn ip::Emit,
}

/// A port that a socket holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// The port.
    pub(super) port: Port,
    /// The claim as it stands in the books.
    pub(super) claim: Claim,
    /// Its place there.
    pub(super) order: i32,
    /// Whether the application named the port: then it keeps it until it closes the socket. One that the host
    /// chose, also for `bind`, is given up with the connection.
    pub(super) lasting: bool,
}

/// The halves that `shutdown` has closed, whether there was a connection or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shut {
    pub(super) read: bool,
    pub(super) write: bool,
}

/// A socket.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) id: Option<SocketId>,
    /// Who made it, or the listener it came from.
    pub(super) user: User,
    pub(super) family: Family,
    pub(super) options: Options,
    /// The local name. Without a port of its own a socket shows the last one it had, as Linux does.
    pub(super) local: Endpoint,
    /// The scope that `bind` was asked for, to return to after a connection.
    pub(super) asked: Option<Scope>,
    pub(super) bound: Option<Bound>,
    pub(super) shut: Shut,
    /// An error that a connection has left behind which is there no more.
    pub(super) error: Option<Refused>,
    pub(super) body: Body,
}

/// What a socket is just now.
#[derive(Debug)]
pub(super) enum Body {
    /// A stream socket that neither listens nor has a connection.
    Idle,
    /// A stream socket that listens.
    Listening(Box<Listener>),
    /// A stream socket with a connection, possibly one that has ended.
    Connection(Box<Connection>),
    /// A datagram socket.
    Datagram(Box<Datagram>),
}

/// What an application has been told about the connection it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing yet: `connect` has begun.
    Nothing,
    /// How it went, or the connection came to a listener.
    Outcome,
    /// Nothing, and it can not ask any more: it called `shutdown` before it did.
    Spoilt,
}

/// A stream socket with a connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) tcb: Tcb,
    pub(super) tuple: FourTuple,
    /// By what the demultiplexer knows it; not after it has ended.
    pub(super) entered: Option<Tag>,
    /// The listener whose queues it is in.
    pub(super) parent: Option<Slot>,
    pub(super) told: Told,
    /// What it counts as.
    pub(super) left_as: Option<LeftAs>,
    /// Until when a connection without an application may wait for a FIN that nothing obliges the peer to
    /// send.
    pub(super) patience: Option<Instant>,
}

impl Connection {
    /// Whether, provided that an application has it, all that changes from event to event is when something
    /// is due: it is in no queue, it has not ended, and it does not count as left to itself.
    pub(super) fn is_open_to_its_application(&self) -> bool {
        self.parent.is_none()
            && self.patience.is_none()
            && self.left_as.is_none()
            && self.tcb.state() != tcp::State::Closed
    }

    /// When something has to be done for it.
    pub(super) fn due(&self) -> Option<Instant> {
        soonest([self.tcb.due(), self.patience])
    }
}

/// What a connection counts as that no application has open and no listener either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeftAs {
    /// Finishing.
    Orphan,
    /// In TIME-WAIT.
    TimeWait,
}

/// How many connections are left to themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) orphans: usize,
    pub(super) time_wait: usize,
}

impl Left {
    pub(super) const fn count(&mut self, left_as: LeftAs) -> &mut usize {
        match left_as {
            LeftAs::Orphan => &mut self.orphans,
            LeftAs::TimeWait => &mut self.time_wait,
        }
    }
}

/// A datagram socket.
#[derive(Debug, Default)]
pub(super) struct Datagram {
    pub(super) peer: Option<Endpoint>,
    /// The peer that it had last, if it goes on hearing of IPv6 nobody else.
    pub(super) former: Option<Ipv6Addr>,
    /// Whether the route to the peer is the one that was found when it became the peer.
    pub(super) route_kept: bool,
    /// The source for the first peer of a socket whose own name is a group or a broadcast address.
    pub(super) source: Option<IpAddr>,
    pub(super) queue: Queue,
    pub(super) error: Option<Refused>,
    /// The errors that are kept for an application that asked for all.
    pub(super) failures: Failures,
    /// The groups it has joined, the latest one last.
    pub(super) groups: Vec<(IpAddr, Device)>,
    pub(super) place: Option<Place>,
    pub(super) read_shut: bool,
    pub(super) write_shut: bool,
}

/// All sockets of a host.
#[derive(Debug)]
pub struct Sockets {
    pub(super) policy: Policy,
    pub(super) bounds: super::Policy,
    pub(super) left: Left,
    pub(super) settings: tcp::Settings,
    /// Those of the connection that was opened last.
    pub(super) settings_before: Arc<tcp::Settings>,
    pub(super) key: Key,
    pub(super) sockets: Slab<Socket>,
    pub(super) names: Index,
    pub(super) claims: Claims,
    pub(super) ephemeral: Ephemeral,
    pub(super) streams: Demux,
    pub(super) datagrams: Demux,
    pub(super) timers: Timers,
    pub(super) departures: Departures,
    pub(super) groups: Groups,
    pub(super) scratch: Vec<u8>,
    names_used: u32,
}

/// One line of the socket table as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The application's number; `None` before `accept` and after `close`.
    pub sock: Option<SocketId>,
    /// Stream or datagram.
    pub kind: Kind,
    /// Address family.
    pub family: Family,
    /// The local name.
    pub local: SocketAddr,
    /// The peer's name, if there is one.
    pub peer: Option<SocketAddr>,
    /// State of the connection or listener; `None` for datagram sockets.
    pub state: Option<tcp::State>,
    /// What waits for the application: octets, or connections of a listener.
    pub receive_queue: u64,
    /// What waits for acknowledgement in octets, or the backlog of a listener.
    pub send_queue: u64,
    /// Who made it, or the listener it came from.
    pub user: User,
    /// `IPV6_V6ONLY`: a wildcard of family V6 then stands for IPv6 alone.
    pub v6_only: bool,
    /// `SO_BINDTODEVICE`: the only device that it hears.
    pub device: Option<Device>,
}

impl Socket {
    /// A socket without a port, and with the options that every one begins with.
    pub(super) fn new(user: User, family: Family, local: Endpoint, body: Body) -> Self {
        Self {
            id: None,
            user,
            family,
            options: Options::default(),
            local,
            asked: None,
            bound: None,
            shut: Shut::default(),
            error: None,
            body,
        }
    }

    pub(super) const fn kind(&self) -> Kind {
        match self.body {
            Body::Idle | Body::Listening(_) | Body::Connection(_) => Kind::Stream,
            Body::Datagram(_) => Kind::Datagram,
        }
    }

    /// The claim that fits the socket as it is.
    pub(super) fn claim(&self, by_connect: bool) -> Claim {
        let standing = match &self.body {
            Body::Listening(_) => Standing::Listening,
            Body::Connection(connection) if connection.left_as == Some(LeftAs::TimeWait) => {
                Standing::TimeWait
            }
            Body::Idle | Body::Connection(_) | Body::Datagram(_) => Standing::Open,
        };
        let Options { device, reuse_addr, reuse_port, v6_only, .. } = self.options;
        let (user, scope) = (self.user, self.scope());
        let dual = matches!(scope, Scope::V6(_)) && !v6_only;
        let terms = Terms { device, user, reuse_addr, reuse_port, standing, by_connect, dual };
        Claim { scope, terms }
    }

    /// What the socket stands for by its local name.
    pub(super) fn scope(&self) -> Scope {
        Scope::of(self.family, self.local.addr, self.options.v6_only)
    }

    /// What the packets of the socket to its peer say beside addresses and payload.
    #[inline(always)]
    pub(super) const fn marks(&self) -> Marks {
        let dst = match &self.body {
            Body::Connection(connection) => connection.tuple.remote.addr,
            Body::Idle | Body::Listening(_) | Body::Datagram(_) => self.local.addr,
        };
        self.options.marks(self.family, dst)
    }

    /// What the socket waits for without a peer.
    pub(super) fn stand(&self) -> Stand {
        Stand {
            port: self.local.port,
            scope: self.scope(),
            family: self.family,
            device: self.options.device,
            sharer: self.options.reuse_port.then_some(self.user),
            former: match &self.body {
                Body::Datagram(datagram) => datagram.former,
                Body::Idle | Body::Listening(_) | Body::Connection(_) => None,
            },
        }
    }

    /// The name of the other end, as the application sees it.
    pub(super) fn peer_name(&self) -> Option<SocketAddr> {
        let peer = match &self.body {
            Body::Idle | Body::Listening(_) => None,
            Body::Connection(connection) => Some(connection.tuple.remote),
            Body::Datagram(datagram) => datagram.peer,
        };
        peer.map(|peer| self.shown(peer))
    }

    /// A name that the socket has, as the application sees it: as on Linux its zone is the socket's device.
    pub(super) fn shown(&self, end: Endpoint) -> SocketAddr {
        let mut name = end.name(self.family);
        if let SocketAddr::V6(v6) = &mut name
            && v6.scope_id() != 0
        {
            v6.set_scope_id(match self.options.device {
                Some(Device::Interface) => name::INTERFACE,
                Some(Device::Loopback) => name::LOOPBACK,
                None => 0,
            });
        }
        name
    }
}

/// Spreads the numbers of sockets. This host hands them out, so that no stranger chooses them.
const fn name_hash(id: SocketId) -> u64 {
    (id.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

impl Sockets {
    /// No sockets. What nobody shall foretell follows from `key`.
    pub fn new(policy: Policy, bounds: super::Policy, settings: tcp::Settings, key: Key) -> Self {
        Self {
            policy,
            bounds,
            left: Left::default(),
            settings,
            settings_before: Arc::new(settings),
            key,
            sockets: Slab::new(),
            names: Index::default(),
            claims: Claims::new(bounds.profile),
            ephemeral: Ephemeral::new(key.of(b"ephemeral ports") as u32),
            streams: Demux::new(key, Weights::Streams),
            datagrams: Demux::new(key, Weights::Datagrams),
            timers: Timers::default(),
            departures: Departures::default(),
            groups: Groups::default(),
            scratch: Vec::new(),
            names_used: 0,
        }
    }

    /// Puts a socket into the table, without a name.
    pub(super) fn insert(&mut self, socket: Socket) -> Slot {
        self.sockets.insert(socket)
    }

    /// Gives a socket the next number.
    ///
    /// # Errors
    /// [`Refused::NoBuffers`] after the last number: numbers are never used twice.
    pub(super) fn give_name(&mut self, slot: Slot) -> Result<SocketId, Refused> {
        self.names_used = self.names_used.checked_add(1).ok_or(Refused::NoBuffers)?;
        let id = SocketId(self.names_used);
        self.socket(slot).id = Some(id);
        self.names.insert(name_hash(id), slot.place());
        Ok(id)
    }

    /// The socket in `slot`, which is known to be there.
    pub(super) fn socket(&mut self, slot: Slot) -> &mut Socket {
        let Some(socket) = self.sockets.get_mut(slot) else { unreachable!("there is no socket in {slot:?}") };
        socket
    }

    /// The slot of the socket that the application calls `id`.
    pub(super) fn slot(&self, id: SocketId) -> Result<Slot, Refused> {
        let mut places = self.names.candidates(name_hash(id));
        let place = places.find(|place| self.sockets.at(*place).1.id == Some(id));
        place.map(|place| self.sockets.at(place).0).ok_or(Refused::NoSuchSocket)
    }

    /// Takes the socket's number back.
    pub(super) fn take_name(&mut self, slot: Slot) {
        if let Some(id) = self.socket(slot).id.take() {
            let was_there = self.names.remove(name_hash(id), slot.place());
            assert!(was_there, "a socket with a number is found by it");
        }
    }

    /// Takes `port` for the socket, which holds none and has its local address.
    pub(super) fn hold(&mut self, slot: Slot, port: Port, lasting: bool, by_connect: bool) {
        let socket = self.socket(slot);
        let (kind, family, claim) = (socket.kind(), socket.family, socket.claim(by_connect));
        let order = self.claims.next_order(kind, family, &claim);
        let socket = self.socket(slot);
        assert!(socket.bound.is_none(), "a socket holds one port");
        socket.bound = Some(Bound { port, claim, order, lasting });
        socket.local.port = port.number();
        self.claims.take(kind, port, claim, order);
    }

    /// Brings the socket's claim up to date after its name, flags or role changed.
    pub(super) fn renew_claim(&mut self, slot: Slot) {
        let socket = self.socket(slot);
        let kind = socket.kind();
        let Some(bound) = socket.bound else { return };
        let claim = socket.claim(bound.claim.terms.by_connect);
        socket.bound = Some(Bound { claim, ..bound });
        self.claims.replace(kind, bound.port, (bound.claim, claim), bound.order);
    }

    /// Gives the port back.
    pub(super) fn release(&mut self, slot: Slot) {
        let socket = self.socket(slot);
        let kind = socket.kind();
        if let Some(bound) = socket.bound.take() {
            self.claims.give_back(kind, bound.port, bound.claim, bound.order);
        }
    }

    /// When [`Sockets::on_due`] has something to do.
    pub fn due(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| at)
    }

    /// The socket table in order of creation.
    pub fn rows(&self) -> Vec<Row> {
        self.sockets.in_order().into_iter().map(|(_, socket)| socket.row()).collect()
    }
}

impl Socket {
    fn row(&self) -> Row {
        let (state, receive_queue, send_queue) = match &self.body {
            Body::Idle => (Some(tcp::State::Closed), 0, 0),
            Body::Listening(listener) => {
                (Some(tcp::State::Listen), listener.ready_count(), u64::from(listener.backlog()))
            }
            Body::Connection(connection) => (
                Some(connection.tcb.state()),
                u64::from(connection.tcb.unread_octets()),
                u64::from(connection.tcb.unacknowledged_octets()),
            ),
            Body::Datagram(datagram) => (None, datagram.queue.held_octets() as u64, 0),
        };
        Row {
            sock: self.id,
            kind: self.kind(),
            family: self.family,
            local: self.shown(self.local),
            peer: self.peer_name(),
            state,
            receive_queue,
            send_queue,
            user: self.user,
            v6_only: self.options.v6_only,
            device: self.options.device,
        }
    }

    /// What would not block.
    pub(super) fn readiness(&self) -> Readiness {
        match &self.body {
            // What Linux says of a stream socket without a connection.
            Body::Idle => Readiness {
                readable: self.shut.read,
                writable: true,
                read_closed: self.shut.read,
                hung_up: true,
                error: self.error.is_some(),
                ..Readiness::default()
            },
            Body::Listening(listener) => {
                Readiness { readable: listener.ready_count() > 0, ..Readiness::default() }
            }
            Body::Connection(connection) => {
                let ready = connection.tcb.readiness();
                let read_closed = ready.read_closed || self.shut.read;
                Readiness {
                    readable: ready.readable || self.shut.read,
                    writable: ready.writable || self.shut.write && !ready.opening,
                    urgent: ready.urgent,
                    read_closed,
                    hung_up: ready.closed || read_closed && (ready.write_closed || self.shut.write),
                    error: ready.error,
                }
            }
            Body::Datagram(datagram) => Readiness {
                readable: !datagram.queue.is_empty() || datagram.read_shut,
                writable: true,
                read_closed: datagram.read_shut,
                hung_up: datagram.read_shut && datagram.write_shut,
                error: datagram.error.is_some() || !datagram.failures.is_empty(),
                ..Readiness::default()
            },
        }
    }
}

/// Octets of a connection that carries nothing just now: the socket, the connection, and its entries in the
/// demultiplexer, among the names and among the timers; hash tables are half full.
const IDLE_CONNECTION_OCTETS: usize = size_of::<(Slot, Socket)>()
    + size_of::<Connection>()
    + size_of::<(Slot, FourTuple, Slot)>()
    + 2 * size_of::<(u32, u32)>()
    + 2 * size_of::<(u32, u32)>()
    + size_of::<(Instant, Slot)>()
    + size_of::<(Option<Instant>, u32)>();

// A million idle connections fit into a gibibyte.
const _: () = assert!(IDLE_CONNECTION_OCTETS <= 1024);
