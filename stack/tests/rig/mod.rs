//! Two hosts on a wire in virtual time, for the tests of the whole stack.
#![allow(dead_code, reason = "every test uses its own part of the rig")]
#![allow(unreachable_pub, reason = "every test is a crate of its own")]

use stack::base::choose::{Lowest, Seeded};
use stack::base::{Choose, Cidr, Instant, Mac, Refused, Span, Why};
use stack::host::{Config, Host, Out, Stimulus};
use stack::ip::{self, LinkConfig};
use stack::sock::{Call, Family, How, Kind, OptionName, OptionValue, Readiness, Reply, SocketId};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// What a host did since it was last asked.
#[derive(Debug, Default)]
pub struct Seen {
    pub frames: Vec<Vec<u8>>,
    pub replies: Vec<Reply>,
    pub discards: Vec<Why>,
}

impl Out for Seen {
    fn frame(&mut self, bytes: &[u8]) {
        self.frames.push(bytes.to_vec());
    }

    fn reply(&mut self, reply: Reply) {
        self.replies.push(reply);
    }

    fn discard(&mut self, why: Why) {
        self.discards.push(why);
    }
}

/// What the frames of a wire begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Ip,
    Ethernet,
}

pub const LINKS: [Link; 2] = [Link::Ip, Link::Ethernet];

/// The address of host `index` (0 or 1) in `family`.
pub fn addr(index: usize, family: Family) -> IpAddr {
    let last = index + 1;
    let text = match family {
        Family::V4 => format!("192.0.2.{last}"),
        Family::V6 => format!("2001:db8::{last}"),
    };
    text.parse().expect("an address")
}

pub fn at(index: usize, family: Family, port: u16) -> SocketAddr {
    SocketAddr::new(addr(index, family), port)
}

pub fn name(text: &str) -> SocketAddr {
    text.parse().expect("a socket address")
}

pub fn config(index: usize, link: Link) -> Config {
    let octet = u8::try_from(index + 1).expect("a small number");
    let link = match link {
        Link::Ip => LinkConfig::Ip,
        Link::Ethernet => LinkConfig::Ethernet { mac: Mac([2, 0, 0, 0, 0, octet]) },
    };
    let addrs = vec![
        Cidr::new(addr(index, Family::V4), 24),
        Cidr::new(addr(index, Family::V6), 64),
        Cidr::new(format!("192.0.2.{}", index + 101).parse().expect("an address"), 24),
    ];
    Config { ip: ip::Config { link, addrs, ..ip::Config::default() }, ..Config::default() }
}

fn sent(reply: Reply) -> Option<u32> {
    let Reply::Sent(octets) = reply else { return None };
    Some(octets)
}

fn named(reply: Reply) -> Option<SocketAddr> {
    let Reply::Name(name) = reply else { return None };
    Some(name)
}

/// A host with its application.
pub struct App {
    pub host: Host,
    pub seen: Seen,
    pub now: Instant,
}

impl App {
    pub fn new(config: Config, choices: Box<dyn Choose>) -> Self {
        Self { host: Host::new(config, choices), seen: Seen::default(), now: Instant::ZERO }
    }

    /// A host that talks to nobody but itself.
    pub fn alone() -> Self {
        Self::new(config(0, Link::Ip), Box::new(Lowest))
    }

    pub fn step(&mut self, stimulus: Stimulus<'_>) {
        self.host.step(self.now, stimulus, &mut self.seen);
        self.host.check();
    }

    pub fn call(&mut self, call: Call) -> Reply {
        self.step(Stimulus::Call(&call));
        let reply = self.seen.replies.pop().expect("a call is answered");
        assert!(self.seen.replies.is_empty(), "a call is answered once");
        reply
    }

    /// The value that a call is answered with.
    fn value<T>(&mut self, call: Call, pick: impl FnOnce(Reply) -> Option<T>) -> Result<T, Refused> {
        let asked = format!("{call:?}");
        let reply = self.call(call);
        if let Reply::Refused(refused) = reply {
            return Err(refused);
        }
        let told = format!("{reply:?}");
        Ok(pick(reply).unwrap_or_else(|| panic!("{asked} was answered by {told}")))
    }

    /// The answer to a call that has no value.
    pub fn done(&mut self, call: Call) -> Result<(), Refused> {
        self.value(call, |reply| (reply == Reply::Done).then_some(()))
    }

    pub fn socket(&mut self, family: Family, kind: Kind) -> SocketId {
        let socket = self.value(Call::Socket { family, kind }, |reply| {
            let Reply::Socket(sock) = reply else { return None };
            Some(sock)
        });
        socket.expect("a socket")
    }

    pub fn tcp(&mut self) -> SocketId {
        self.socket(Family::V4, Kind::Stream)
    }

    pub fn udp(&mut self) -> SocketId {
        self.socket(Family::V4, Kind::Datagram)
    }

    pub fn bind(&mut self, sock: SocketId, local: SocketAddr) -> Result<(), Refused> {
        self.done(Call::Bind { sock, local })
    }

    pub fn listen(&mut self, sock: SocketId, backlog: i32) -> Result<(), Refused> {
        self.done(Call::Listen { sock, backlog })
    }

    pub fn connect(&mut self, sock: SocketId, remote: SocketAddr) -> Result<(), Refused> {
        self.done(Call::Connect { sock, remote })
    }

    pub fn disconnect(&mut self, sock: SocketId) -> Result<(), Refused> {
        self.done(Call::Disconnect { sock })
    }

    pub fn peek(&mut self, sock: SocketId, max: u32) -> Result<Vec<u8>, Refused> {
        self.value(Call::Peek { sock, max }, |reply| {
            let Reply::Data(data) = reply else { return None };
            Some(data)
        })
    }

    /// The oldest error that was kept: what, about a datagram to whom, with how much of it.
    pub fn recv_error(&mut self, sock: SocketId) -> Result<(Refused, SocketAddr, usize), Refused> {
        self.value(Call::RecvError { sock }, |reply| {
            let Reply::Failure { error, to, data } = reply else { return None };
            Some((error, to, data.len()))
        })
    }

    pub fn shutdown(&mut self, sock: SocketId, how: How) -> Result<(), Refused> {
        self.done(Call::Shutdown { sock, how })
    }

    pub fn close(&mut self, sock: SocketId) -> Result<(), Refused> {
        self.done(Call::Close { sock })
    }

    pub fn set(&mut self, sock: SocketId, value: OptionValue) -> Result<(), Refused> {
        self.done(Call::SetOption { sock, value })
    }

    pub fn option(&mut self, sock: SocketId, name: OptionName) -> Result<OptionValue, Refused> {
        self.value(Call::GetOption { sock, name }, |reply| {
            let Reply::Option(value) = reply else { return None };
            Some(value)
        })
    }

    pub fn error(&mut self, sock: SocketId) -> Option<Refused> {
        let value = self.option(sock, OptionName::Error);
        let Ok(OptionValue::Error(error)) = value else { panic!("SO_ERROR: {value:?}") };
        error
    }

    pub fn accept(&mut self, sock: SocketId) -> Result<(SocketId, SocketAddr), Refused> {
        self.value(Call::Accept { sock }, |reply| {
            let Reply::Accepted { sock, peer } = reply else { return None };
            Some((sock, peer))
        })
    }

    pub fn send(&mut self, sock: SocketId, data: &[u8]) -> Result<u32, Refused> {
        self.value(Call::Send { sock, data: data.to_vec(), urgent: false }, sent)
    }

    pub fn send_to(&mut self, sock: SocketId, to: SocketAddr, data: &[u8]) -> Result<u32, Refused> {
        self.value(Call::SendTo { sock, to: Some(to), data: data.to_vec() }, sent)
    }

    pub fn recv(&mut self, sock: SocketId, max: u32) -> Result<Vec<u8>, Refused> {
        self.value(Call::Recv { sock, max }, |reply| {
            let Reply::Data(data) = reply else { return None };
            Some(data)
        })
    }

    pub fn recv_from(&mut self, sock: SocketId, max: u32) -> Result<(SocketAddr, Vec<u8>), Refused> {
        self.value(Call::RecvFrom { sock, max }, |reply| {
            let Reply::Datagram { from, data, .. } = reply else { return None };
            Some((from, data))
        })
    }

    /// Which of the sockets got one copy; nobody gets two. What came is read.
    pub fn takers(&mut self, socks: &[SocketId]) -> Vec<usize> {
        let mut takers = Vec::new();
        for (index, sock) in socks.iter().enumerate() {
            if self.recv(*sock, 9).is_ok() {
                takers.push(index);
            }
            assert_eq!(self.recv(*sock, 9), Err(Refused::WouldBlock), "one copy each");
        }
        takers
    }

    pub fn poll(&mut self, sock: SocketId) -> Readiness {
        let ready = self.value(Call::Poll { sock }, |reply| {
            let Reply::Ready(ready) = reply else { return None };
            Some(ready)
        });
        ready.expect("every socket can be polled")
    }

    pub fn sock_name(&mut self, sock: SocketId) -> SocketAddr {
        self.value(Call::GetSockName { sock }, named).expect("every socket has a name")
    }

    pub fn peer_name(&mut self, sock: SocketId) -> Result<SocketAddr, Refused> {
        self.value(Call::GetPeerName { sock }, named)
    }

    /// A listening stream socket.
    pub fn server(&mut self, local: SocketAddr, backlog: i32) -> SocketId {
        let family = if local.is_ipv4() { Family::V4 } else { Family::V6 };
        let sock = self.socket(family, Kind::Stream);
        assert_eq!(self.bind(sock, local), Ok(()));
        assert_eq!(self.listen(sock, backlog), Ok(()));
        sock
    }

    /// A bound datagram socket.
    pub fn receiver(&mut self, local: SocketAddr) -> SocketId {
        let family = if local.is_ipv4() { Family::V4 } else { Family::V6 };
        let sock = self.socket(family, Kind::Datagram);
        assert_eq!(self.bind(sock, local), Ok(()));
        sock
    }
}

/// Whether a frame arrives: its sender, its number on the wire, its octets.
pub type Passes = Box<dyn FnMut(usize, usize, &[u8]) -> bool>;

/// Two hosts on a wire with a delay.
pub struct Pair {
    pub apps: [App; 2],
    pub now: Instant,
    pub passes: Passes,
    /// Every frame that was sent: when, by whom, what.
    pub log: Vec<(Instant, usize, Vec<u8>)>,
    in_flight: BTreeMap<(Instant, usize), (usize, Vec<u8>)>,
    delay: Span,
}

impl Pair {
    pub fn with(configs: [Config; 2], seed: u64) -> Self {
        let [a, b] = configs;
        Self {
            apps: [
                App::new(a, Box::new(Seeded::new(seed))),
                App::new(b, Box::new(Seeded::new(seed.wrapping_add(1)))),
            ],
            now: Instant::ZERO,
            passes: Box::new(|_, _, _| true),
            log: Vec::new(),
            in_flight: BTreeMap::new(),
            delay: Span::from_millis(5),
        }
    }

    pub fn new(link: Link) -> Self {
        Self::with([config(0, link), config(1, link)], 7)
    }

    /// The client's application.
    pub fn a(&mut self) -> &mut App {
        &mut self.apps[0]
    }

    /// The server's application.
    pub fn b(&mut self) -> &mut App {
        &mut self.apps[1]
    }

    fn collect(&mut self) {
        for (index, app) in self.apps.iter_mut().enumerate() {
            for frame in app.seen.frames.drain(..) {
                let number = self.log.len();
                self.log.push((self.now, index, frame.clone()));
                if (self.passes)(index, number, &frame) {
                    self.in_flight.insert((self.now + self.delay, number), (1 - index, frame));
                }
            }
        }
    }

    /// Lets `span` pass: frames arrive, timers fire.
    pub fn run(&mut self, span: Span) {
        let end = self.now + span;
        loop {
            self.collect();
            let arrival = self.in_flight.keys().next().map(|(at, _)| *at);
            let timers = self.apps.iter().filter_map(|app| app.host.due());
            let Some(next) = timers.chain(arrival).min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            for app in &mut self.apps {
                app.now = self.now;
            }
            if arrival.is_some_and(|arrival| arrival <= self.now) {
                let ((_, _), (to, frame)) = self.in_flight.pop_first().expect("something is in flight");
                self.apps[to].step(Stimulus::Frame(&frame));
            }
            for app in &mut self.apps {
                app.step(Stimulus::Time);
            }
        }
        self.now = end;
        for app in &mut self.apps {
            app.now = end;
            app.step(Stimulus::Time);
        }
    }

    /// Long enough for anything but a retransmission.
    pub fn settle(&mut self) {
        self.run(Span::from_millis(700));
    }

    /// A connection from a socket of the first host to one accepted by the second, and the listener.
    pub fn connected(&mut self, family: Family, port: u16) -> (SocketId, SocketId, SocketId) {
        let listener = self.b().server(at(1, family, port), 8);
        let client = self.a().socket(family, Kind::Stream);
        assert_eq!(self.a().connect(client, at(1, family, port)), Err(Refused::InProgress));
        self.settle();
        assert_eq!(self.a().connect(client, at(1, family, port)), Ok(()), "the connection is there");
        let (server, peer) = self.b().accept(listener).expect("a connection to accept");
        assert_eq!(peer, self.a().sock_name(client));
        (client, server, listener)
    }
}
