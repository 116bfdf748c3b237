//! A host that is attacked, what the attacker sends, and an account of both.

use stack::base::choose::Seeded;
use stack::base::{Cidr, Instant, Span, Why};
use stack::host::{Config, Host, Out, Stimulus};
use stack::sock::{self, Call, Family, Kind, Reply, SocketId};
use stack::wire::ipv4;
use stack::wire::tcp::{Flags, PROTOCOL, Segment, View};
use stack::wire::tcp_option::Options;
use stack::{ip, tcp};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

pub(crate) const HOST: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub(crate) const PORT: u16 = 8080;

/// A packet to the host, to be filled in.
pub(crate) const PACKET: ipv4::Packet<'static> = ipv4::Packet {
    src: HOST,
    dst: HOST,
    protocol: PROTOCOL,
    ttl: 64,
    tos: 0,
    identification: 1,
    dont_fragment: true,
    more_fragments: false,
    fragment_offset_octets: 0,
    options: &[],
    payload: &[],
};

/// Counts what is allocated by the thread of a test.
struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

fn count(octets: usize, sign: isize) {
    // A thread that ends frees what nobody counts any more.
    let _ = LIVE.try_with(|live| live.set(live.get() + octets.cast_signed() * sign));
}

// SAFETY: every request goes to the system's allocator as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn live() -> isize {
    LIVE.with(Cell::get)
}

/// What matters of a segment.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tcp {
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: Flags,
    pub(crate) window: u16,
    pub(crate) data: &'static [u8],
}

/// The `number`-th of many peers.
pub(crate) fn peer(number: u32) -> (Ipv4Addr, u16) {
    let port = u16::try_from(10_000 + number % 100).expect("a port");
    (Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + number / 100), port)
}

/// A segment from a peer to the host, without the IP header; its numbers stand where they do in a packet.
pub(crate) fn segment(from: (Ipv4Addr, u16), tcp: Tcp) -> Vec<u8> {
    let Tcp { seq, ack, flags, window, data } = tcp;
    let options = Options { mss: flags.syn().then_some(1460), ..Options::NONE };
    let mut payload = Vec::new();
    Segment {
        src_port: from.1,
        dst_port: PORT,
        seq,
        ack,
        flags,
        window,
        options,
        payload: data,
        ..Segment::default()
    }
    .emit(from.0.into(), HOST.into(), &mut payload);
    payload
}

/// A connection as its peer sees it.
#[derive(Clone, Copy)]
pub(crate) struct Open {
    pub(crate) from: (Ipv4Addr, u16),
    pub(crate) seq: u32,
    pub(crate) ack: u32,
}

#[derive(Default)]
struct Seen {
    frames: u64,
    last: Vec<u8>,
    probes: Vec<Vec<u8>>,
    reply: Option<Reply>,
    reasons: BTreeSet<Why>,
}

impl Out for Seen {
    fn frame(&mut self, bytes: &[u8]) {
        self.frames += 1;
        self.last.clear();
        self.last.extend_from_slice(bytes);
        self.probes.push(bytes.to_vec());
    }

    fn reply(&mut self, reply: Reply) {
        self.reply = Some(reply);
    }

    fn discard(&mut self, why: Why) {
        self.reasons.insert(why);
    }
}

/// The host.
pub(crate) struct Target {
    host: Host,
    seen: Seen,
    now: Instant,
    frames: u64,
    live_before: isize,
}

/// What an attack has cost.
pub(crate) struct Cost {
    pub(crate) name: &'static str,
    /// Frames that the attacker sent.
    pub(crate) frames: u64,
    /// Frames that the host sent.
    pub(crate) out: u64,
    /// Sockets beyond those that were there before, or are the application's.
    pub(crate) kept: usize,
    /// Octets beyond those that were there before.
    pub(crate) octets: usize,
    pub(crate) reasons: BTreeSet<Why>,
}

/// A row of the table. Octets are rounded up to a power of two, so that a word more or less in a structure is
/// no news.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, frames, out, kept, octets, reasons } = self;
        let kib = octets.div_ceil(1024).next_power_of_two();
        let reasons: Vec<String> = reasons.iter().map(|why| format!("{why:?}")).collect();
        let reasons = if reasons.is_empty() { "a reset each".into() } else { reasons.join(", ") };
        write!(f, "    {name:<33}{frames:>7}{out:>8}{kept:>6}{kib:>7} KiB  {reasons}")
    }
}

impl Target {
    pub(crate) fn with(sockets: sock::Policy) -> Self {
        let addrs = vec![Cidr::new(HOST.into(), 24)];
        let ip =
            ip::Config { addrs, gateway_v4: Some(Ipv4Addr::new(192, 0, 2, 254)), ..ip::Config::default() };
        let tcp = tcp::Settings { keep_alive: None, ..tcp::Settings::default() };
        let config = Config { ip, tcp, sockets, ..Config::default() };
        let host = Host::new(config, Box::new(Seeded::new(7)));
        Self { host, seen: Seen::default(), now: Instant::ZERO, frames: 0, live_before: 0 }
    }

    /// A host with one connection, which is accepted.
    pub(crate) fn connected() -> (Self, SocketId, Open) {
        let mut target = Self::with(sock::Policy::default());
        let listener = target.listen();
        let open = target.open(Ipv4Addr::new(192, 0, 2, 77), 5_000, 65_535).expect("an answer");
        let sock = target.accept(listener).expect("a connection");
        (target, sock, open)
    }

    /// The account begins here.
    pub(crate) fn begin(&mut self) {
        self.seen = Seen::default();
        self.frames = 0;
        self.live_before = live();
    }

    pub(crate) fn cost(&mut self, name: &'static str) -> Cost {
        self.host.check();
        self.seen.probes = Vec::new();
        self.seen.last = Vec::new();
        let reasons = std::mem::take(&mut self.seen.reasons);
        let octets = usize::try_from(live() - self.live_before).unwrap_or(0);
        let kept = self.host.sockets().iter().filter(|row| row.sock.is_none()).count();
        Cost { name, frames: self.frames, out: self.seen.frames, kept, octets, reasons }
    }

    pub(crate) fn rows(&self) -> usize {
        self.host.sockets().len()
    }

    pub(crate) fn call(&mut self, call: Call) -> Reply {
        self.host.step(self.now, Stimulus::Call(&call), &mut self.seen);
        self.seen.reply.take().expect("an answer")
    }

    pub(crate) fn listen(&mut self) -> SocketId {
        let reply = self.call(Call::Socket { family: Family::V4, kind: Kind::Stream });
        let Reply::Socket(sock) = reply else { panic!("{reply:?}") };
        let local = SocketAddr::new(HOST.into(), PORT);
        assert_eq!(self.call(Call::Bind { sock, local }), Reply::Done);
        assert_eq!(self.call(Call::Listen { sock, backlog: 128 }), Reply::Done);
        sock
    }

    pub(crate) fn accept(&mut self, sock: SocketId) -> Option<SocketId> {
        let reply = self.call(Call::Accept { sock });
        let Reply::Accepted { sock, .. } = reply else { return None };
        Some(sock)
    }

    /// Time goes by, timers fire.
    pub(crate) fn pass(&mut self, span: Span) {
        self.now += span;
        self.host.step(self.now, Stimulus::Time, &mut self.seen);
    }

    /// Long time goes by, timer after timer.
    pub(crate) fn silence(&mut self, span: Span) {
        let end = self.now + span;
        while let Some(due) = self.host.due().filter(|due| *due <= end) {
            self.now = due;
            self.host.step(due, Stimulus::Time, &mut self.seen);
        }
        self.now = end;
    }

    pub(crate) fn packet(&mut self, src: Ipv4Addr, protocol: u8, payload: &[u8]) {
        let mut frame = Vec::new();
        ipv4::Packet { src, protocol, payload, ..PACKET }.emit(&mut frame);
        self.frames += 1;
        self.host.step(self.now, Stimulus::Frame(&frame), &mut self.seen);
    }

    pub(crate) fn tcp(&mut self, from: (Ipv4Addr, u16), tcp: Tcp) {
        self.seen.probes.clear();
        self.packet(from.0, PROTOCOL, &segment(from, tcp));
    }

    /// The three segments of an opening; `None` if the SYN is not answered.
    pub(crate) fn open(&mut self, addr: Ipv4Addr, port: u16, window: u16) -> Option<Open> {
        let from = (addr, port);
        self.seen.last.clear();
        self.tcp(from, Tcp { seq: 100, flags: Flags::SYN, window, ..Tcp::default() });
        let view = View::read(self.seen.last.get(20..)?).ok()?;
        let ack = view.seq().wrapping_add(1);
        self.tcp(from, Tcp { seq: 101, ack, flags: Flags::ACK, window, ..Tcp::default() });
        Some(Open { from, seq: 101, ack })
    }

    /// Answers every segment that the host has sent since with the acknowledgement of nothing, and no window.
    pub(crate) fn answer_probes(&mut self) {
        for probe in std::mem::take(&mut self.seen.probes) {
            let Ok(packet) = ipv4::View::read(&probe) else { continue };
            let Ok(view) = View::read(packet.payload()) else { continue };
            let (seq, ack) = (view.ack(), view.seq());
            let answer = Tcp { seq, ack, flags: Flags::ACK, ..Tcp::default() };
            self.packet(packet.dst(), PROTOCOL, &segment((packet.dst(), view.dst_port()), answer));
        }
    }
}
