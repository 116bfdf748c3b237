//! floor 7: what the peers of a fuzzed host know of it, read off the trace: live connections, their numbers,
//! the sockets of the application.

use crate::drive::replay::packet::Upper;
use crate::trace::{Event, Frame, Link, Response, Stimulus, Trace};
use stack::base::{Mac, Refused};
use stack::sock::{Call, Reply, SocketId};
use stack::wire::ethernet::{self, EtherType};
use stack::wire::tcp::{self, Segment, View};
use stack::wire::{arp, icmpv6, ndp};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// Connections that are remembered at the most.
const CONNECTIONS_MAX: usize = 64;

/// One connection as its peer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    pub(super) own: SocketAddr,
    pub(super) peer: SocketAddr,
    /// Behind all that the host has sent.
    pub(super) host_sent: u32,
    /// What the host acknowledged last.
    pub(super) host_expects: u32,
    /// The right edge of the window that the host offered last.
    pub(super) edge: u32,
    /// Shift of the host's window, once it is negotiated.
    host_scale: u8,
    /// What the peer acknowledged last.
    pub(super) acknowledged: u32,
    /// Behind all that the peer has sent.
    pub(super) sent: u32,
    /// The host's timestamps, latest.
    pub(super) stamps: Option<(u32, u32)>,
    /// Whether the host has said anything.
    pub(super) spoke: bool,
    /// Whether the peer sent a SYN.
    pub(super) opened: bool,
    /// Whether the peer sent a FIN.
    pub(super) finished: bool,
    /// Whether either end sent a reset.
    pub(super) reset: bool,
    /// Segments that take numbers and came from the host since the peer's latest one.
    pub(super) unanswered: u32,
}

impl Connection {
    fn new(own: SocketAddr, peer: SocketAddr) -> Self {
        Self {
            own,
            peer,
            host_sent: 0,
            host_expects: 1_000,
            edge: 1_000,
            host_scale: 0,
            acknowledged: 0,
            sent: 1_000,
            stamps: None,
            spoke: false,
            opened: false,
            finished: false,
            reset: false,
            unanswered: 0,
        }
    }

    fn host_said(&mut self, segment: &Segment<'_>) {
        let end = segment.seq.wrapping_add(segment.len_octets());
        if segment.flags.syn() {
            // A new life of the same ends.
            self.host_scale = segment.options.window_scale.unwrap_or(0).min(14);
            self.acknowledged = segment.seq;
            self.host_sent = end;
            self.reset = false;
            self.finished = false;
            self.stamps = None;
        }
        self.reset |= segment.flags.rst();
        if !self.spoke || is_after(end, self.host_sent) {
            self.host_sent = end;
        }
        if segment.flags.ack() {
            self.host_expects = segment.ack;
            let shift = if segment.flags.syn() { 0 } else { self.host_scale };
            self.edge = segment.ack.wrapping_add(u32::from(segment.window) << shift);
        }
        self.stamps = segment.options.timestamps.map(|stamps| (stamps.value, stamps.echo)).or(self.stamps);
        self.spoke = true;
        self.unanswered += u32::from(segment.len_octets() > 0 && !segment.flags.rst());
    }

    fn peer_said(&mut self, segment: &Segment<'_>) {
        let end = segment.seq.wrapping_add(segment.len_octets());
        if segment.flags.syn() {
            self.sent = end;
            self.opened = true;
        } else if is_after(end, self.sent) {
            self.sent = end;
        }
        if segment.flags.ack() {
            self.acknowledged = segment.ack;
        }
        self.finished |= segment.flags.fin();
        self.reset |= segment.flags.rst();
        self.unanswered = 0;
    }
}

const fn is_after(number: u32, other: u32) -> bool {
    number.wrapping_sub(other).cast_signed() > 0
}

/// A question for a link-layer address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// Whose.
    pub(super) target: IpAddr,
    /// Who asks.
    pub(super) from: IpAddr,
    /// The station that asks.
    pub(super) mac: Mac,
}

/// What the trace so far says.
#[derive(Debug, Default)]
pub(super) struct Track {
    /// How many events were read.
    read: usize,
    /// In order of their first segment.
    pub(super) connections: Vec<Connection>,
    /// Where in the trace frames arrived, and left.
    pub(super) arrived: Vec<usize>,
    pub(super) left: Vec<usize>,
    /// Every socket in order of birth.
    pub(super) sockets: Vec<SocketId>,
    /// How many octets the application has sent, by socket.
    pub(super) sent: BTreeMap<SocketId, u32>,
    /// The call whose answer is due, and the latest answer.
    called: Option<Call>,
    pub(super) reply: Option<Reply>,
    /// Questions that nobody answered yet.
    pub(super) questions: Vec<Question>,
}

impl Track {
    /// Reads what is new.
    pub(super) fn update(&mut self, trace: &Trace) {
        for (index, timed) in trace.events.iter().enumerate().skip(self.read) {
            match &timed.event {
                Event::Stimulus(Stimulus::Frame(frame)) => {
                    self.arrived.push(index);
                    self.segment(trace.link, frame, false);
                }
                Event::Response(Response::Frame(frame)) => {
                    self.left.push(index);
                    self.segment(trace.link, frame, true);
                    self.question(trace.link, frame);
                }
                Event::Stimulus(Stimulus::Call(call)) => self.called = Some(call.clone()),
                Event::Response(Response::Reply(reply)) => self.answered(reply),
                Event::Response(Response::Discard(_)) => {}
            }
        }
        self.read = trace.events.len();
    }

    fn answered(&mut self, reply: &Reply) {
        match reply {
            Reply::Socket(sock) | Reply::Accepted { sock, .. } => self.sockets.push(*sock),
            Reply::Sent(octets) => {
                if let Some(Call::Send { sock, .. } | Call::SendTo { sock, .. }) = self.called {
                    let sent = self.sent.entry(sock).or_insert(0);
                    *sent = sent.wrapping_add(*octets);
                }
            }
            // A socket that connects once more begins a new stream.
            Reply::Refused(Refused::InProgress) => {
                if let Some(Call::Connect { sock, .. }) = self.called {
                    self.sent.remove(&sock);
                }
            }
            Reply::Done
            | Reply::Data(_)
            | Reply::Datagram { .. }
            | Reply::Name(_)
            | Reply::Option(_)
            | Reply::Ready(_)
            | Reply::Flag(_)
            | Reply::Failure { .. }
            | Reply::Refused(_) => {}
        }
        self.reply = Some(reply.clone());
    }

    fn segment(&mut self, link: Link, frame: &Frame, from_host: bool) {
        let Some(packet) = packet_of(link, &frame.bytes) else { return };
        let Some(upper) = Upper::of(packet).filter(|upper| upper.protocol == tcp::PROTOCOL) else { return };
        let Ok(view) = View::read(upper.payload) else { return };
        let segment = Segment::unchecked(&view);
        let src = SocketAddr::new(upper.src, segment.src_port);
        let dst = SocketAddr::new(upper.dst, segment.dst_port);
        let (own, peer) = if from_host { (src, dst) } else { (dst, src) };
        let begins = if from_host { !segment.flags.rst() } else { segment.flags.syn() };
        let Some(connection) = self.enter(own, peer, begins) else { return };
        if from_host {
            connection.host_said(&segment);
        } else {
            connection.peer_said(&segment);
        }
    }

    fn enter(&mut self, own: SocketAddr, peer: SocketAddr, begins: bool) -> Option<&mut Connection> {
        let same = |connection: &Connection| connection.own == own && connection.peer == peer;
        if let Some(at) = self.connections.iter().position(same) {
            return self.connections.get_mut(at);
        }
        if !begins || self.connections.len() == CONNECTIONS_MAX {
            return None;
        }
        self.connections.push(Connection::new(own, peer));
        self.connections.last_mut()
    }

    fn question(&mut self, link: Link, frame: &Frame) {
        if link == Link::Ip {
            return;
        }
        let Ok(view) = ethernet::View::read(&frame.bytes) else { return };
        let question = match view.ethertype() {
            EtherType::ARP => asked_by_arp(view.payload()),
            EtherType::IPV6 => asked_by_ndp(view.payload(), view.src()),
            _ => None,
        };
        self.questions.extend(question);
    }

    /// The connection, counted back from the latest.
    pub(super) fn live(&self, back: u8) -> Option<&Connection> {
        let count = self.connections.len();
        let back = usize::from(back).checked_rem(count)?;
        self.connections.get(count - 1 - back)
    }

    /// The connection with these ends, or what its peer would know of it.
    pub(super) fn between(&self, own: SocketAddr, peer: SocketAddr) -> Connection {
        let same = |connection: &&Connection| connection.own == own && connection.peer == peer;
        self.connections.iter().find(same).cloned().unwrap_or_else(|| Connection::new(own, peer))
    }

    /// The socket, counted back from the latest; one that never was if there is none.
    pub(super) fn socket(&self, back: u8) -> SocketId {
        let count = self.sockets.len();
        let at = usize::from(back).checked_rem(count).map(|back| count - 1 - back);
        at.and_then(|at| self.sockets.get(at)).copied().unwrap_or(SocketId(u32::from(back)))
    }
}

/// The IP packet in a frame.
pub(super) fn packet_of(link: Link, frame: &[u8]) -> Option<&[u8]> {
    match link {
        Link::Ip => Some(frame),
        Link::Ethernet => frame.get(ethernet::HEADER_OCTETS..),
    }
}

fn asked_by_arp(packet: &[u8]) -> Option<Question> {
    let packet = arp::Packet::check(&arp::View::read(packet).ok()?).ok()?;
    (packet.operation == arp::Operation::Request).then_some(Question {
        target: packet.target_ip.into(),
        from: packet.sender_ip.into(),
        mac: packet.sender_mac,
    })
}

fn asked_by_ndp(packet: &[u8], mac: Mac) -> Option<Question> {
    let upper = Upper::of(packet).filter(Upper::is_icmp)?;
    let (IpAddr::V6(src), IpAddr::V6(dst)) = (upper.src, upper.dst) else { return None };
    let view = icmpv6::View::read(upper.payload).ok()?;
    let message = icmpv6::Message::check(&view, src, dst, upper.hop_limit).ok()?;
    if let icmpv6::Message::Ndp(ndp::Message::NeighborSolicitation { target, .. }) = message {
        return Some(Question { target: target.into(), from: src.into(), mac });
    }
    None
}
