//! floor 7: what the host has really sent so far, read from its frames.

use super::packet::Upper;
use super::recording::Side;
use super::stream::offset;
use crate::trace::{Event, Response, Timed, Trace};
use stack::base::Instant;
use stack::sock::name::INTERFACE;
use stack::wire::tcp::{self, Flags, Segment};
use stack::wire::tcp_option::Options;
use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;

/// The form of a reset: all that it says (RFC 9293 section 3.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// Whether it acknowledges.
    pub acknowledges: bool,
    /// Its sequence number.
    pub seq: u32,
    /// Its acknowledgement number, zero without ACK.
    pub ack: u32,
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.acknowledges {
            true => write!(f, "R. {} ack {}", self.seq, self.ack),
            false => write!(f, "R {}", self.seq),
        }
    }
}

/// What a host has sent on one connection.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    events_seen: usize,
    /// The host's initial sequence number.
    pub isn: Option<u32>,
    /// Options of its SYN.
    pub syn_options: Option<Options>,
    /// Highest number that it has sent, relative to its ISN: SYN and FIN counted.
    pub end: u32,
    /// The numbers of each of its segments that takes any, relative to its ISN: first and behind the last.
    runs: Vec<(u32, u32)>,
    /// Its largest payload, in octets.
    pub largest_octets: usize,
    /// Acknowledgement number of its latest segment, and the largest one seen.
    pub ack: Option<u32>,
    /// Right edge of the window that it offers, as a number of the peer.
    pub edge: Option<u32>,
    /// How far it took the right edge back, in octets.
    pub retreat_octets: i32,
    /// Where urgent data ended, as offsets in its stream.
    pub urgent_ends: BTreeSet<u32>,
    /// Octets of its stream, by offset.
    pub stream: Vec<u8>,
    /// Offset of its FIN.
    pub fin: Option<u32>,
    /// What contradicts an earlier segment of it, or leaves a hole.
    pub contradiction: Option<String>,
    /// Resets that it sent, in order.
    pub resets: Vec<Reset>,
    /// TSval of the segments, with the number behind each, relative to the ISN.
    pub timestamps: Vec<(u32, u32)>,
    /// Time of its latest frame.
    pub latest: Instant,
    /// ICMP errors sent.
    pub icmp_errors: u64,
}

impl Observed {
    /// Reads the events that were added since the last call. `host` and `peer` are the endpoints of the
    /// connection, `scaled` is the window shift that the peer's SYN allows the host to use.
    pub fn absorb(&mut self, trace: &Trace, host: SocketAddr, peer: SocketAddr, peer_scales: bool) {
        for Timed { at, event } in &trace.events[self.events_seen..] {
            if let Event::Response(Response::Frame(frame)) = event {
                self.frame(*at, &frame.bytes, host, peer, peer_scales);
            }
        }
        self.events_seen = trace.events.len();
    }

    fn frame(&mut self, at: Instant, bytes: &[u8], host: SocketAddr, peer: SocketAddr, peer_scales: bool) {
        let Some(upper) = Upper::of(bytes) else { return };
        self.latest = at;
        if upper.is_icmp_error() {
            self.icmp_errors += 1;
        }
        if upper.protocol != tcp::PROTOCOL || upper.src != host.ip() || upper.dst != peer.ip() {
            return;
        }
        let Ok(view) = tcp::View::read(upper.payload) else { return };
        let segment = Segment::unchecked(&view);
        if segment.src_port == host.port() && segment.dst_port == peer.port() {
            self.segment(&segment, peer_scales);
        }
    }

    fn segment(&mut self, segment: &Segment<'_>, peer_scales: bool) {
        if segment.flags.contains(Flags::RST) {
            let acknowledges = segment.flags.contains(Flags::ACK);
            let ack = if acknowledges { segment.ack } else { 0 };
            self.resets.push(Reset { acknowledges, seq: segment.seq, ack });
            return;
        }
        if segment.flags.contains(Flags::SYN) {
            self.isn.get_or_insert(segment.seq);
            self.syn_options.get_or_insert(segment.options);
        }
        let Some(isn) = self.isn else { return };
        let end = segment.seq.wrapping_sub(isn).wrapping_add(segment.len_octets());
        if end.cast_signed() > self.end.cast_signed() {
            self.end = end;
        }
        self.largest_octets = self.largest_octets.max(segment.payload.len());
        if segment.len_octets() > 0 {
            self.runs.push((segment.seq.wrapping_sub(isn), end));
        }
        if let Some(timestamps) = segment.options.timestamps {
            self.timestamps.push((end, timestamps.value));
        }
        if segment.flags.contains(Flags::URG) {
            let end = segment.seq.wrapping_add(u32::from(segment.urgent_pointer));
            self.urgent_ends.extend(offset(end, isn));
        }
        self.window(segment, peer_scales);
        self.octets(segment, isn);
    }

    fn window(&mut self, segment: &Segment<'_>, peer_scales: bool) {
        if !segment.flags.contains(Flags::ACK) {
            return;
        }
        let own = self.syn_options.and_then(|options| options.window_scale);
        let shift = match own {
            Some(shift) if peer_scales && !segment.flags.contains(Flags::SYN) => shift.min(14),
            Some(_) | None => 0,
        };
        let edge = segment.ack.wrapping_add(u32::from(segment.window) << shift);
        let ahead =
            |new: u32, old: Option<u32>| old.is_none_or(|old| new.wrapping_sub(old).cast_signed() > 0);
        let retreat = self.edge.map_or(0, |known| known.wrapping_sub(edge).cast_signed());
        // A scaled window is said rounded down, so that the edge may seem to go back by less than a unit.
        if retreat >= 1 << shift && !segment.flags.contains(Flags::SYN) {
            self.retreat_octets = self.retreat_octets.max(retreat);
        }
        if ahead(edge, self.edge) {
            self.edge = Some(edge);
        }
        if ahead(segment.ack, self.ack) {
            self.ack = Some(segment.ack);
        }
    }

    fn octets(&mut self, segment: &Segment<'_>, isn: u32) {
        let data_seq = segment.seq.wrapping_add(u32::from(segment.flags.contains(Flags::SYN)));
        // A probe one before the stream carries nothing.
        let Some(start) = offset(data_seq, isn) else { return };
        let start = start as usize;
        if segment.payload.is_empty() && !segment.flags.contains(Flags::FIN) {
            return;
        }
        if start > self.stream.len() {
            self.contradiction
                .get_or_insert_with(|| format!("host sent octet {start} before octet {}", self.stream.len()));
            return;
        }
        let known = (self.stream.len() - start).min(segment.payload.len());
        if segment.payload[..known] != self.stream[start..start + known] {
            self.contradiction
                .get_or_insert_with(|| format!("host sent other octets again from octet {start} on"));
        }
        self.stream.extend_from_slice(&segment.payload[known..]);
        if segment.flags.contains(Flags::FIN) {
            let fin = u32::try_from(start + segment.payload.len()).unwrap_or(u32::MAX);
            let first = *self.fin.get_or_insert(fin);
            if first != fin {
                self.contradiction
                    .get_or_insert_with(|| format!("host moved its FIN from octet {first} to {fin}"));
            }
        }
    }

    /// The TSval that the host put on the segment which ended at `end`, else its latest.
    pub fn timestamp_at(&self, end: u32) -> u32 {
        let exact = self.timestamps.iter().rev().find(|(sent_end, _)| *sent_end == end);
        exact.or(self.timestamps.last()).map_or(0, |(_, value)| *value)
    }

    /// How often the host has sent `number`, relative to its ISN.
    pub fn copies_of(&self, number: u32) -> usize {
        self.runs.iter().filter(|(start, end)| (*start..*end).contains(&number)).count()
    }

    /// Whether it has sent a reset.
    pub const fn has_reset(&self) -> bool {
        !self.resets.is_empty()
    }

    /// Whether the host has sent everything up to `number`, relative to its ISN.
    pub fn has_sent(&self, number: u32) -> bool {
        self.isn.is_some() && number.wrapping_sub(self.end).cast_signed() <= 0
    }
}

/// Who takes which address in a replay: recorded loopback addresses become documentation addresses, since no
/// stack takes them from a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// Endpoint of the host.
    pub host: SocketAddr,
    /// Endpoint of the peer.
    pub peer: SocketAddr,
}

impl Places {
    /// The endpoints for a host in the place of `role`.
    pub fn of(ends: [SocketAddr; 2], role: Side) -> Self {
        let (mut host, mut peer) = (ends[role.index()], ends[role.other().index()]);
        if host.ip().is_loopback() || peer.ip().is_loopback() || host.ip() == peer.ip() {
            let (host_ip, peer_ip) = match host {
                SocketAddr::V4(_) => ([192, 0, 2, 1].into(), [192, 0, 2, 2].into()),
                SocketAddr::V6(_) => {
                    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into(), [0x2001, 0xdb8, 0, 0, 0, 0, 0, 2].into())
                }
            };
            host.set_ip(host_ip);
            peer.set_ip(peer_ip);
        }
        Self { host: scoped(host), peer: scoped(peer) }
    }
}

/// A link-local address means something on one interface only, and the host under test has one.
fn scoped(end: SocketAddr) -> SocketAddr {
    match end {
        SocketAddr::V6(mut v6) if v6.ip().is_unicast_link_local() => {
            v6.set_scope_id(INTERFACE);
            v6.into()
        }
        SocketAddr::V4(_) | SocketAddr::V6(_) => end,
    }
}
