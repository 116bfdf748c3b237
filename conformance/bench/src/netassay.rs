//! The reference stack through its only door.

use crate::host::{Host as Measured, READ_OCTETS, Sent};
use crate::segment::{HOST, PORT};
use stack::base::choose::Seeded;
use stack::base::{Cidr, Instant, Refused, Span, Why};
use stack::host::{Config, Host, Out, Stimulus};
use stack::ports::Policy;
use stack::sock::{Call, Family, Kind, Reply, SocketId, User};
use stack::{ip, tcp};
use std::net::{IpAddr, SocketAddr};

/// Virtual time between two stimuli.
const TICK: Span = Span::from_micros(10);

#[derive(Default)]
struct Seen {
    sent: Sent,
    reply: Option<Reply>,
}

impl Out for Seen {
    fn frame(&mut self, bytes: &[u8]) {
        self.sent.push(bytes);
    }

    fn reply(&mut self, reply: Reply) {
        self.reply = Some(reply);
    }

    fn discard(&mut self, why: Why) {
        panic!("a measurement sends nothing that is discarded: {why}");
    }
}

/// The reference stack.
pub(crate) struct Netassay {
    host: Host,
    seen: Seen,
    now: Instant,
    tick: Span,
    listener: SocketId,
}

impl Netassay {
    /// A host at `addr` without sockets.
    fn at(addr: IpAddr, buffer_octets: u32) -> Self {
        Self::with_addrs([addr], buffer_octets, TICK)
    }

    /// A host at some addresses without sockets, for which `tick` passes between two stimuli.
    pub(crate) fn with_addrs(
        addrs: impl IntoIterator<Item = impl Into<IpAddr>>,
        buffer_octets: u32,
        tick: Span,
    ) -> Self {
        let addrs = addrs.into_iter().map(|addr| Cidr::new(addr.into(), 8)).collect();
        let ip = ip::Config { addrs, ..ip::Config::default() };
        let tcp = tcp::Settings {
            receive_buffer_octets: buffer_octets,
            send_buffer_octets: buffer_octets,
            ..tcp::Settings::default()
        };
        let ports = Policy { user: User::ROOT, ..Policy::default() };
        let host = Host::new(Config { ip, tcp, ports, ..Config::default() }, Box::new(Seeded::new(7)));
        Self { host, seen: Seen::default(), now: Instant::ZERO, tick, listener: SocketId(0) }
    }

    fn call(&mut self, call: &Call) -> Reply {
        self.now += self.tick;
        self.host.step(self.now, Stimulus::Call(call), &mut self.seen);
        self.seen.reply.take().expect("a call is answered")
    }

    /// A frame arrives.
    pub(crate) fn arrives(&mut self, frame: &[u8]) {
        self.now += self.tick;
        self.host.step(self.now, Stimulus::Frame(frame), &mut self.seen);
    }

    /// Nobody looks at what has left.
    pub(crate) fn forget_sent(&mut self) {
        self.seen.sent.clear();
    }

    /// A socket that listens there.
    pub(crate) fn listening_at(&mut self, local: impl Into<SocketAddr>) -> SocketId {
        let sock = self.socket();
        assert_eq!(self.call(&Call::Bind { sock, local: local.into() }), Reply::Done);
        assert_eq!(self.call(&Call::Listen { sock, backlog: 1 }), Reply::Done);
        sock
    }

    /// A socket that connects to a port of `remote`, from one that the stack chooses.
    pub(crate) fn connected_to(&mut self, remote: impl Into<IpAddr>) -> SocketId {
        let sock = self.socket();
        let reply = self.call(&Call::Connect { sock, remote: SocketAddr::new(remote.into(), PORT) });
        assert_eq!(reply, Reply::Refused(Refused::InProgress));
        sock
    }

    /// A socket is closed.
    pub(crate) fn gone(&mut self, sock: SocketId) {
        assert_eq!(self.call(&Call::Close { sock }), Reply::Done);
    }

    fn socket(&mut self) -> SocketId {
        let reply = self.call(&Call::Socket { family: Family::V4, kind: Kind::Stream });
        let Reply::Socket(sock) = reply else { panic!("no socket: {reply:?}") };
        sock
    }

    /// A host at `addr` that connects to the other one.
    pub(crate) fn connecting(addr: IpAddr, buffer_octets: u32) -> (Self, SocketId) {
        let mut client = Self::at(addr, buffer_octets);
        let sock = client.socket();
        client.call(&Call::Connect { sock, remote: SocketAddr::new(HOST.into(), PORT) });
        (client, sock)
    }

    /// Lets what is due happen.
    pub(crate) fn pass_time(&mut self) {
        self.now = self.host.due().unwrap_or(self.now).max(self.now);
        self.host.step(self.now, Stimulus::Time, &mut self.seen);
    }
}

impl Measured for Netassay {
    type Id = SocketId;
    type Message = Call;

    const NAME: &str = "netassay";

    fn serving(buffer_octets: u32, backlog: u32) -> Self {
        let mut server = Self::at(HOST.into(), buffer_octets);
        let sock = server.socket();
        let local = SocketAddr::new(HOST.into(), PORT);
        assert_eq!(server.call(&Call::Bind { sock, local }), Reply::Done);
        assert_eq!(server.call(&Call::Listen { sock, backlog: backlog.cast_signed() }), Reply::Done);
        Self { listener: sock, ..server }
    }

    fn expect_connection(&mut self) {}

    fn frames<'f>(&mut self, frames: impl Iterator<Item = &'f [u8]>) {
        for frame in frames {
            self.arrives(frame);
        }
    }

    fn sent(&mut self) -> &mut Sent {
        &mut self.seen.sent
    }

    fn accept(&mut self) -> SocketId {
        let reply = self.call(&Call::Accept { sock: self.listener });
        let Reply::Accepted { sock, .. } = reply else { panic!("nothing to accept: {reply:?}") };
        sock
    }

    fn receive(&mut self, sock: SocketId) -> usize {
        let reply = self.call(&Call::Recv { sock, max: READ_OCTETS as u32 });
        let Reply::Data(data) = reply else { return 0 };
        data.len()
    }

    fn message(sock: SocketId, data: &'static [u8]) -> Call {
        Call::Send { sock, data: data.to_vec(), urgent: false }
    }

    fn send(&mut self, message: &Call) -> usize {
        let Reply::Sent(octets) = self.call(message) else { return 0 };
        octets as usize
    }

    fn close(&mut self, sock: SocketId) {
        self.gone(sock);
    }
}
