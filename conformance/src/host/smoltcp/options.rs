//! floor 7: socket options of a smoltcp host, and readiness.

use super::stream::Conn;
use super::table::{Machine, Shape};
use ::smoltcp::iface::SocketSet;
use ::smoltcp::socket::{tcp, udp};
use ::smoltcp::time::Duration;
use stack::base::Span;
use stack::sock::{Kind, OptionName, OptionValue, Readiness, Refused, Reply, SocketId};

/// smoltcp has one interval for waiting and repeating; this is the usual time to wait.
const KEEP_ALIVE: Duration = Duration::from_secs(7200);

/// Octets of the buffers unless set: the largest window that needs no scaling.
const BUFFER_OCTETS: u32 = 65_535;

/// The largest receive buffer that smoltcp takes.
const BUFFER_OCTETS_MAX: u32 = 1 << 30;

/// Option values of one socket. Buffer sizes have effect when it listens or connects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) reuse_addr: bool,
    pub(super) reuse_port: bool,
    pub(super) v6_only: bool,
    keep_alive: bool,
    broadcast: bool,
    no_delay: bool,
    linger: Option<Span>,
    pub(super) receive_buffer: u32,
    pub(super) send_buffer: u32,
    user_timeout: Option<Span>,
    hop_limit: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reuse_addr: false,
            reuse_port: false,
            v6_only: false,
            keep_alive: false,
            broadcast: false,
            no_delay: false,
            linger: None,
            receive_buffer: BUFFER_OCTETS,
            send_buffer: BUFFER_OCTETS,
            user_timeout: None,
            hop_limit: 64,
        }
    }
}

impl Settings {
    /// Whether `close` resets the connection.
    pub(super) fn closes_by_abort(&self) -> bool {
        self.linger == Some(Span::ZERO)
    }

    /// A new smoltcp TCP socket with these settings.
    pub(super) fn stream(&self) -> tcp::Socket<'static> {
        let buffer = |octets: u32| tcp::SocketBuffer::new(vec![0; octets as usize]);
        let mut socket = tcp::Socket::new(buffer(self.receive_buffer), buffer(self.send_buffer));
        self.apply_to_stream(&mut socket);
        socket
    }

    fn apply_to_stream(&self, socket: &mut tcp::Socket<'_>) {
        socket.set_nagle_enabled(!self.no_delay);
        socket.set_keep_alive(self.keep_alive.then_some(KEEP_ALIVE));
        socket.set_timeout(self.user_timeout.map(|span| Duration::from_micros(span.as_nanos() / 1_000)));
        socket.set_hop_limit(Some(self.hop_limit));
    }

    /// A new smoltcp UDP socket with these settings.
    pub(super) fn datagrams(&self) -> udp::Socket<'static> {
        let buffer = |octets: u32| {
            udp::PacketBuffer::new(vec![udp::PacketMetadata::EMPTY; 64], vec![0; octets as usize])
        };
        let mut socket = udp::Socket::new(buffer(self.receive_buffer), buffer(self.send_buffer));
        socket.set_hop_limit(Some(self.hop_limit));
        socket
    }
}

impl Machine {
    pub(super) fn set_option(&mut self, sock: SocketId, value: OptionValue) -> Result<Reply, Refused> {
        let Self { entries, sockets, .. } = self;
        let entry = entries.get_mut(&sock.0).ok_or(Refused::NoSuchSocket)?;
        let settings = &mut entry.settings;
        match value {
            OptionValue::ReuseAddr(on) => settings.reuse_addr = on,
            OptionValue::ReusePort(on) => settings.reuse_port = on,
            OptionValue::V6Only(_) if entry.local.is_some() => return Err(Refused::InvalidArgument),
            OptionValue::V6Only(on) => settings.v6_only = on,
            OptionValue::KeepAlive(on) => settings.keep_alive = on,
            OptionValue::Broadcast(on) => settings.broadcast = on,
            OptionValue::NoDelay(on) => settings.no_delay = on,
            OptionValue::Linger(linger) => settings.linger = linger,
            OptionValue::ReceiveBuffer(octets) => {
                settings.receive_buffer = octets.clamp(1, BUFFER_OCTETS_MAX)
            }
            OptionValue::SendBuffer(octets) => settings.send_buffer = octets.clamp(1, BUFFER_OCTETS_MAX),
            OptionValue::UserTimeout(span) => settings.user_timeout = span,
            OptionValue::HopLimit(0) => return Err(Refused::InvalidArgument),
            OptionValue::HopLimit(hops) => settings.hop_limit = hops,
            OptionValue::OobInline(_)
            | OptionValue::MaxSegment(_)
            | OptionValue::KeepIdle(_)
            | OptionValue::KeepInterval(_)
            | OptionValue::KeepCount(_)
            | OptionValue::TrafficClass(_)
            | OptionValue::FreeBind(_)
            | OptionValue::Transparent(_)
            | OptionValue::BindAddressNoPort(_)
            | OptionValue::LocalPortRange(..)
            | OptionValue::BindToDevice(_)
            | OptionValue::MulticastAll(_)
            | OptionValue::MulticastLoop(_)
            | OptionValue::MulticastHops(_)
            | OptionValue::JoinGroup(..)
            | OptionValue::LeaveGroup(..)
            | OptionValue::ReceiveErrors(_)
            | OptionValue::LingerFinWait(_)
            | OptionValue::DeferAccept(_)
            | OptionValue::Cork(_)
            | OptionValue::SynCount(_)
            | OptionValue::Error(_)
            | OptionValue::AcceptConn(_) => return Err(Refused::NoSuchOption),
        }
        match &entry.shape {
            Shape::Stream(conn) => settings.apply_to_stream(sockets.get_mut(conn.slot)),
            Shape::Datagrams(datagrams) => {
                sockets.get_mut::<udp::Socket<'_>>(datagrams.slot).set_hop_limit(Some(settings.hop_limit));
            }
            Shape::Fresh | Shape::Listening(_) => (),
        }
        Ok(Reply::Done)
    }

    pub(super) fn get_option(&mut self, sock: SocketId, name: OptionName) -> Result<Reply, Refused> {
        let entry = self.entry(sock)?;
        let settings = &entry.settings;
        Ok(Reply::Option(match name {
            OptionName::ReuseAddr => OptionValue::ReuseAddr(settings.reuse_addr),
            OptionName::ReusePort => OptionValue::ReusePort(settings.reuse_port),
            OptionName::V6Only => OptionValue::V6Only(settings.v6_only),
            OptionName::KeepAlive => OptionValue::KeepAlive(settings.keep_alive),
            OptionName::Broadcast => OptionValue::Broadcast(settings.broadcast),
            OptionName::NoDelay => OptionValue::NoDelay(settings.no_delay),
            OptionName::Linger => OptionValue::Linger(settings.linger),
            OptionName::ReceiveBuffer => OptionValue::ReceiveBuffer(settings.receive_buffer),
            OptionName::SendBuffer => OptionValue::SendBuffer(settings.send_buffer),
            OptionName::UserTimeout => OptionValue::UserTimeout(settings.user_timeout),
            OptionName::HopLimit => OptionValue::HopLimit(settings.hop_limit),
            OptionName::Error => OptionValue::Error(match &mut entry.shape {
                Shape::Stream(conn) => conn.take_error(),
                Shape::Fresh | Shape::Listening(_) | Shape::Datagrams(_) => None,
            }),
            OptionName::AcceptConn => OptionValue::AcceptConn(matches!(entry.shape, Shape::Listening(_))),
            OptionName::OobInline
            | OptionName::MaxSegment
            | OptionName::KeepIdle
            | OptionName::KeepInterval
            | OptionName::KeepCount
            | OptionName::TrafficClass
            | OptionName::FreeBind
            | OptionName::Transparent
            | OptionName::BindAddressNoPort
            | OptionName::LocalPortRange
            | OptionName::BindToDevice
            | OptionName::MulticastAll
            | OptionName::MulticastLoop
            | OptionName::MulticastHops
            | OptionName::JoinGroup
            | OptionName::LeaveGroup
            | OptionName::ReceiveErrors
            | OptionName::LingerFinWait
            | OptionName::DeferAccept
            | OptionName::Cork
            | OptionName::SynCount => return Err(Refused::NoSuchOption),
        }))
    }

    pub(super) fn poll_readiness(&mut self, sock: SocketId) -> Result<Reply, Refused> {
        let Self { entries, sockets, .. } = self;
        let entry = entries.get_mut(&sock.0).ok_or(Refused::NoSuchSocket)?;
        Ok(Reply::Ready(match &mut entry.shape {
            Shape::Fresh if entry.kind == Kind::Datagram => {
                Readiness { writable: true, ..Readiness::default() }
            }
            Shape::Fresh => Readiness { writable: true, hung_up: true, ..Readiness::default() },
            Shape::Listening(listener) => {
                Readiness { readable: listener.has_ready(), ..Readiness::default() }
            }
            Shape::Stream(conn) => of_stream(conn, sockets),
            Shape::Datagrams(datagrams) => {
                datagrams.drop_strangers(sockets);
                let socket = sockets.get::<udp::Socket<'_>>(datagrams.slot);
                Readiness { readable: socket.can_recv(), writable: socket.can_send(), ..Readiness::default() }
            }
        }))
    }
}

fn of_stream(conn: &Conn, sockets: &mut SocketSet<'static>) -> Readiness {
    let socket = sockets.get_mut::<tcp::Socket<'_>>(conn.slot);
    let finished = matches!(socket.peek(1), Err(tcp::RecvError::Finished));
    let state = socket.state();
    let peer_closed = matches!(
        state,
        tcp::State::CloseWait | tcp::State::Closing | tcp::State::LastAck | tcp::State::TimeWait
    );
    let over = matches!(state, tcp::State::Closed | tcp::State::TimeWait);
    let error = conn.has_error();
    let read_closed = finished || peer_closed || over || conn.read_shut;
    Readiness {
        readable: socket.can_recv() || read_closed || error,
        writable: socket.can_send() || over || conn.write_shut || error,
        urgent: false,
        read_closed,
        hung_up: over || (conn.write_shut && read_closed),
        error,
    }
}
