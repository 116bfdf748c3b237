//! floor 7: the driver that plays P of a recorded UDP exchange, and R's application.
//!
//! UDP keeps no state, so the recording is followed in its own order: P's packets as they were, fragment by
//! fragment, and R's datagrams as calls. A datagram that R's kernel answered with port unreachable found no
//! socket; R's socket is closed just before it.

use super::observe::Places;
use super::packet;
use super::recording::{Carries, ExchangePacket, RecordedExchange, Side};
use crate::drive::{Driver, Next};
use crate::host::Deadline;
use crate::trace::{Event, Frame, Response, Stimulus, Trace};
use stack::base::{Instant, Span};
use stack::sock::{Call, Family, Kind, OptionValue, Refused, Reply, SocketId};
use std::collections::VecDeque;

/// How long a host is watched after the last recorded packet: longer than reassembly may take.
const QUIET: Span = Span::from_secs(130);

/// Largest datagram, in octets.
const DATAGRAM_OCTETS: u32 = 65_535;

/// Buffer for the datagrams of an exchange, in octets.
const BUFFER_OCTETS: u32 = 1 << 20;

/// One step of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Play { at: Instant, packet: Vec<u8> },
    Send { at: Instant, payload: Vec<u8> },
    Close { at: Instant },
}

impl Step {
    const fn at(&self) -> Instant {
        match self {
            Self::Play { at, .. } | Self::Send { at, .. } | Self::Close { at } => *at,
        }
    }
}

/// Plays one exchange against one host.
#[derive(Debug)]
pub struct UdpReplay {
    places: Places,
    tick: Span,
    steps: VecDeque<Step>,
    setup: VecDeque<Call>,
    sock: Option<SocketId>,
    drained: bool,
    events_seen: usize,
    quiet_until: Option<Instant>,
    /// Payloads that the application received, in order.
    pub delivered: Vec<Vec<u8>>,
    /// First refusal that is not a wait or a reported ICMP error.
    pub error: Option<(&'static str, Refused)>,
    /// Whether the host was without timers at the end.
    pub released: bool,
}

impl UdpReplay {
    /// Plays `exchange` with the host in the place of `role`. `tick` is the smallest step of its clock.
    pub fn new(exchange: &RecordedExchange, role: Side, tick: Span) -> Self {
        let places = Places::of(exchange.ends, role);
        let family = if places.host.is_ipv4() { Family::V4 } else { Family::V6 };
        let setup = if has_socket(exchange, role) {
            VecDeque::from([Call::Socket { family, kind: Kind::Datagram }])
        } else {
            VecDeque::new()
        };
        Self {
            places,
            tick,
            steps: steps(exchange, role, places),
            setup,
            sock: None,
            drained: true,
            events_seen: 0,
            quiet_until: None,
            delivered: Vec::new(),
            error: None,
            released: false,
        }
    }

    /// The endpoints in the replay.
    pub const fn places(&self) -> Places {
        self.places
    }

    fn absorb(&mut self, trace: &Trace) {
        for timed in &trace.events[self.events_seen..] {
            if let Event::Response(Response::Reply(reply)) = &timed.event {
                self.answered(reply.clone());
            }
        }
        self.events_seen = trace.events.len();
    }

    fn answered(&mut self, reply: Reply) {
        match reply {
            Reply::Socket(sock) => {
                self.sock = Some(sock);
                let value = OptionValue::ReceiveBuffer(BUFFER_OCTETS);
                self.setup.push_back(Call::SetOption { sock, value });
                self.setup.push_back(Call::Bind { sock, local: self.places.host });
            }
            Reply::Datagram { data, .. } => self.delivered.push(data),
            Reply::Refused(Refused::WouldBlock) => self.drained = true,
            Reply::Refused(Refused::NoSuchOption) => {}
            // The peer's ICMP error, handed to the application: read it and go on.
            Reply::Refused(Refused::ConnRefused | Refused::HostUnreachable | Refused::NetUnreachable) => {}
            Reply::Refused(refused) => {
                self.drained = true;
                self.error.get_or_insert(("a call", refused));
            }
            Reply::Done
            | Reply::Accepted { .. }
            | Reply::Sent(_)
            | Reply::Data(_)
            | Reply::Name(_)
            | Reply::Option(_)
            | Reply::Ready(_)
            | Reply::Flag(_)
            | Reply::Failure { .. } => {}
        }
    }

    fn step(&mut self, step: Step) -> Option<Stimulus> {
        match (step, self.sock) {
            (Step::Play { packet, .. }, _) => {
                self.drained = self.sock.is_none();
                Some(Stimulus::Frame(Frame::whole(packet)))
            }
            (Step::Send { payload, .. }, Some(sock)) => {
                Some(Stimulus::Call(Call::SendTo { sock, to: Some(self.places.peer), data: payload }))
            }
            (Step::Close { .. }, Some(sock)) => {
                self.sock = None;
                self.drained = true;
                Some(Stimulus::Call(Call::Close { sock }))
            }
            (Step::Send { .. } | Step::Close { .. }, None) => None,
        }
    }

    fn rest(&mut self, now: Instant, deadline: Deadline) -> Next {
        let until = *self.quiet_until.get_or_insert(now + QUIET);
        match deadline {
            Deadline::At(at) if at < until => return Next::Wait(at.max(now + self.tick)),
            Deadline::Unknown if now < until => return Next::Wait(until),
            Deadline::At(_) | Deadline::Idle | Deadline::Unknown => {}
        }
        if let Some(sock) = self.sock.take() {
            return Next::Now(Stimulus::Call(Call::Close { sock }));
        }
        self.released = !matches!(deadline, Deadline::At(_));
        Next::Done
    }
}

impl Driver for UdpReplay {
    fn next(&mut self, so_far: &Trace, now: Instant, deadline: Deadline) -> Next {
        self.absorb(so_far);
        if let Some(call) = self.setup.pop_front() {
            return Next::Now(Stimulus::Call(call));
        }
        if let (Some(sock), false) = (self.sock, self.drained) {
            return Next::Now(Stimulus::Call(Call::RecvFrom { sock, max: DATAGRAM_OCTETS }));
        }
        while let Some(step) = self.steps.front() {
            let at = step.at().as_nanos();
            let due = Instant::from_nanos(at - at % self.tick.as_nanos());
            if due > now {
                return Next::Wait(due);
            }
            if let Some(stimulus) = self.steps.pop_front().and_then(|step| self.step(step)) {
                return Next::Now(stimulus);
            }
        }
        self.rest(now, deadline)
    }
}

/// Whether R had a socket at all: it sent something, or let something in without an error.
pub fn has_socket(exchange: &RecordedExchange, role: Side) -> bool {
    let of_role = |packet: &&ExchangePacket| packet.from == role;
    let sent =
        exchange.packets.iter().filter(of_role).any(|packet| !matches!(packet.carries, Carries::Error(_)));
    let refused =
        exchange.packets.iter().filter(of_role).any(|packet| packet.carries == Carries::Error(true));
    sent || !refused
}

/// The frame before which R's socket was closed: P's latest packet before R's first port unreachable.
fn closed_before(exchange: &RecordedExchange, role: Side) -> Option<u64> {
    let refusal = exchange
        .packets
        .iter()
        .find(|packet| packet.from == role && packet.carries == Carries::Error(true))?;
    exchange
        .packets
        .iter()
        .take_while(|packet| packet.number < refusal.number)
        .filter(|packet| packet.from != role)
        .map(|packet| packet.number)
        .last()
}

fn steps(exchange: &RecordedExchange, role: Side, places: Places) -> VecDeque<Step> {
    let close_before = closed_before(exchange, role).filter(|_| has_socket(exchange, role));
    let mut steps = VecDeque::new();
    for recorded in &exchange.packets {
        let at = recorded.at;
        if close_before == Some(recorded.number) {
            steps.push_back(Step::Close { at });
        }
        match (&recorded.carries, recorded.from == role) {
            (Carries::Datagram(payload) | Carries::Fragment(Some(payload)), true) => {
                steps.push_back(Step::Send { at, payload: payload.clone() });
            }
            (Carries::Fragment(None) | Carries::Broken | Carries::Error(_), true) => {}
            (_, false) => {
                let moved = exchange.ends[role.index()].ip() != places.host.ip();
                // Sums that were left to the interface are right on the wire that the host is on.
                let unfilled = matches!(recorded.carries, Carries::Datagram(_))
                    && !packet::sums_are_right(&recorded.packet);
                let packet = if moved || unfilled {
                    packet::moved(&recorded.packet, places.peer.ip(), places.host.ip())
                } else {
                    recorded.packet.clone()
                };
                steps.push_back(Step::Play { at, packet });
            }
        }
    }
    steps
}

/// Whether R sent a datagram after its kernel had answered one with port unreachable.
pub fn bypasses_sockets(exchange: &RecordedExchange, role: Side) -> bool {
    let refused_at = exchange
        .packets
        .iter()
        .position(|packet| packet.from == role && packet.carries == Carries::Error(true));
    let sends = |packet: &ExchangePacket| packet.from == role && !matches!(packet.carries, Carries::Error(_));
    refused_at.is_some_and(|at| exchange.packets[at..].iter().any(sends))
}

/// What R's application must have received: the whole datagrams that came while it had a socket.
pub fn expected(exchange: &RecordedExchange, role: Side) -> Vec<Vec<u8>> {
    if !has_socket(exchange, role) {
        return Vec::new();
    }
    let closed = closed_before(exchange, role).unwrap_or(u64::MAX);
    exchange
        .packets
        .iter()
        .filter(|packet| packet.from != role && packet.number < closed)
        .filter_map(|packet| match &packet.carries {
            Carries::Datagram(payload) | Carries::Fragment(Some(payload)) => Some(payload.clone()),
            Carries::Fragment(None) | Carries::Broken | Carries::Error(_) => None,
        })
        .collect()
}

/// What R sent: its whole datagrams, in order.
pub fn sent(exchange: &RecordedExchange, role: Side) -> Vec<Vec<u8>> {
    exchange
        .packets
        .iter()
        .filter(|packet| packet.from == role)
        .filter_map(|packet| match &packet.carries {
            Carries::Datagram(payload) | Carries::Fragment(Some(payload)) => Some(payload.clone()),
            Carries::Fragment(None) | Carries::Broken | Carries::Error(_) => None,
        })
        .collect()
}

/// Whether R answered a datagram with port unreachable.
pub fn refused(exchange: &RecordedExchange, role: Side) -> bool {
    exchange.packets.iter().any(|packet| packet.from == role && packet.carries == Carries::Error(true))
}
