//! floor 8: the packets of a trace, read once for all who look at them.

use crate::drive::replay::packet::Upper;
use crate::trace::{Event, Link, Response, Stimulus, Trace};
use stack::base::Instant;
use stack::wire::ethernet;
use stack::wire::tcp::{self, Segment, View};
use std::net::SocketAddr;

/// A packet and its place in the trace.
pub(super) struct Seen<'t> {
    /// Index of its event.
    pub(super) index: usize,
    pub(super) at: Instant,
    pub(super) from_host: bool,
    pub(super) upper: Upper<'t>,
    /// The segment in it, whole and as it stands.
    pub(super) segment: Option<Segment<'t>>,
}

impl Seen<'_> {
    /// Sender and receiver of a segment.
    pub(super) fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        let segment = self.segment.as_ref()?;
        Some((
            SocketAddr::new(self.upper.src, segment.src_port),
            SocketAddr::new(self.upper.dst, segment.dst_port),
        ))
    }
}

/// Whether a part of a segment arrived in a fragment.
pub(super) fn has_segment_in_fragments(trace: &Trace) -> bool {
    all(trace).iter().any(|packet| {
        !packet.from_host && packet.upper.fragment.is_some() && packet.upper.protocol == tcp::PROTOCOL
    })
}

/// Every packet whose headers can be read.
pub(super) fn all(trace: &Trace) -> Vec<Seen<'_>> {
    let mut all = Vec::new();
    for (index, timed) in trace.events.iter().enumerate() {
        let (frame, from_host) = match &timed.event {
            Event::Stimulus(Stimulus::Frame(frame)) => (frame, false),
            Event::Response(Response::Frame(frame)) => (frame, true),
            Event::Stimulus(Stimulus::Call(_))
            | Event::Response(Response::Reply(_) | Response::Discard(_)) => {
                continue;
            }
        };
        let header_octets = match trace.link {
            Link::Ip => 0,
            Link::Ethernet => ethernet::HEADER_OCTETS,
        };
        let Some(upper) = frame.bytes.get(header_octets..).and_then(Upper::of) else { continue };
        let is_segment = upper.protocol == tcp::PROTOCOL && upper.fragment.is_none();
        let view = is_segment.then(|| View::read(upper.payload).ok()).flatten();
        let segment = view.map(|view| Segment::unchecked(&view));
        all.push(Seen { index, at: timed.at, from_host, upper, segment });
    }
    all
}

/// The end as it is written in packets: sockets for both families write IPv4 addresses as mapped ones.
pub(super) fn canonical(end: SocketAddr) -> SocketAddr {
    SocketAddr::new(end.ip().to_canonical(), end.port())
}
