//! floor 7: the bytes of a fuzzer as a driver: a bounded list of operations aimed at what the host did last,
//! an opening and an epilogue.
//!
//! Two peers and an application act; [`plan`] has what they can do. Nothing here judges.

mod act;
pub mod code;
mod finale;
mod frame;
pub mod lab;
pub mod plan;
mod segment;
mod track;

use super::{Driver, Next};
use crate::drive::replay::packet::Upper;
use crate::host::Deadline;
use crate::trace::{Event, Frame, Link, Response, Stimulus, Trace};
use finale::Finale;
use frame::Way;
use plan::{Ack, Bits, CallPlan, Choice, NeighborPlan, Opening, Operation, Pause, Plan, SegmentPlan, Seq};
use plan::{Target, Twist};
use segment::Builder;
use stack::base::{Instant, Mac, Span};
use stack::wire::ethernet::EtherType;
use stack::wire::{arp, icmpv6, ndp};
use std::collections::VecDeque;
use std::net::IpAddr;
use track::Track;

/// Events after which a run is over, whatever else was planned.
const EVENTS_MAX: usize = 4_000;

/// The driver that does what a plan says.
#[derive(Debug)]
pub struct Bytes {
    link: Link,
    operations: VecDeque<Operation>,
    /// Frames of the operation under way.
    frames: VecDeque<Vec<u8>>,
    /// The end of the pause under way.
    pause: Option<Instant>,
    finale: Finale,
    track: Track,
    series: u16,
}

impl Bytes {
    /// A driver for this plan.
    pub fn new(plan: &Plan) -> Self {
        let mut operations: VecDeque<Operation> = opening(plan).into();
        operations.extend(plan.operations.iter().cloned());
        Self {
            link: link(plan),
            operations,
            frames: VecDeque::new(),
            pause: None,
            finale: Finale::new(&plan.epilogue),
            track: Track::default(),
            series: 0,
        }
    }
}

/// The link that a plan wants.
pub const fn link(plan: &Plan) -> Link {
    if plan.ethernet { Link::Ethernet } else { Link::Ip }
}

impl Driver for Bytes {
    fn next(&mut self, so_far: &Trace, now: Instant, deadline: Deadline) -> Next {
        if so_far.events.len() > EVENTS_MAX {
            return Next::Done;
        }
        self.track.update(so_far);
        loop {
            if let Some(bytes) = self.frames.pop_front() {
                return Next::Now(Stimulus::Frame(Frame::whole(bytes)));
            }
            if let Some(until) = self.pause.filter(|until| *until > now) {
                return Next::Wait(until);
            }
            self.pause = None;
            let Some(operation) = self.operations.pop_front() else {
                return self.finale.next(&mut self.track, self.link, now, deadline);
            };
            if let Some(next) = self.begin(&operation, so_far, now, deadline) {
                return next;
            }
        }
    }
}

impl Bytes {
    /// Begins an operation: it is a stimulus, or it leaves frames or a pause.
    fn begin(
        &mut self,
        operation: &Operation,
        so_far: &Trace,
        now: Instant,
        deadline: Deadline,
    ) -> Option<Next> {
        match operation {
            Operation::Call { call } => return Some(Next::Now(Stimulus::Call(act::call(call, &self.track)))),
            Operation::Wait { pause } => self.pause = Some(until(pause, now, deadline)),
            Operation::Segment { .. }
            | Operation::Datagram { .. }
            | Operation::Error { .. }
            | Operation::ErrorAbout { .. }
            | Operation::Echo { .. }
            | Operation::Icmp { .. }
            | Operation::Neighbor { .. }
            | Operation::Again { .. }
            | Operation::Mirror { .. }
            | Operation::Raw { .. } => {
                self.series = self.series.wrapping_add(1);
                self.frames = self.arriving(operation, so_far).into();
            }
        }
        None
    }

    /// The frames of an operation.
    fn arriving(&self, operation: &Operation, so_far: &Trace) -> Vec<Vec<u8>> {
        let builder = Builder { link: self.link, track: &self.track, series: self.series };
        match operation {
            Operation::Segment { plan } => builder.segment(plan),
            Operation::Datagram { target, octets, twist } => builder.datagram(target, *octets, twist),
            Operation::Echo { target, octets, twist } => builder.echo(target, *octets, twist),
            Operation::Icmp { target, kind, code, body } => {
                builder.icmp(target, *kind, *code, body.as_slice())
            }
            Operation::Error { target, kind, code, field, seq, cut, twist } => {
                let connection = builder.aim(target);
                let mut quoted = builder.quotable(&connection, segment::ack(seq, &connection));
                quoted.truncate(quoted.len() - usize::from(*cut) % (quoted.len() + 1));
                builder.error(target, (*kind, *code, *field), &quoted, twist)
            }
            Operation::ErrorAbout { back, kind, code, field } => {
                let frame = nth_back(so_far, &self.track.left, *back).unwrap_or(&[]);
                let quoted = track::packet_of(self.link, frame).unwrap_or(&[]);
                let v6 = Upper::of(quoted).is_some_and(|upper| upper.src.is_ipv6());
                let target = Target::Fixed { which: u8::from(v6) };
                let quoted = quoted.get(..576).unwrap_or(quoted);
                builder.error(&target, (*kind, *code, *field), quoted, &Twist::Plain)
            }
            Operation::Neighbor { plan } => vec![neighbor(plan, self.link)],
            Operation::Again { back, twist } => {
                let frame = nth_back(so_far, &self.track.arrived, *back).unwrap_or(&[]);
                vec![frame::damaged(frame.to_vec(), twist)]
            }
            Operation::Mirror { back, twist } => {
                let frame = nth_back(so_far, &self.track.left, *back).unwrap_or(&[]);
                vec![frame::damaged(frame.to_vec(), twist)]
            }
            Operation::Raw { octets } => vec![octets.as_slice().to_vec()],
            Operation::Call { .. } | Operation::Wait { .. } => Vec::new(),
        }
    }
}

/// The frame that stands there, counted back from the latest.
fn nth_back<'t>(trace: &'t Trace, places: &[usize], back: u8) -> Option<&'t [u8]> {
    let back = usize::from(back).checked_rem(places.len())?;
    let at = *places.get(places.len() - 1 - back)?;
    match &trace.events.get(at)?.event {
        Event::Stimulus(Stimulus::Frame(frame)) | Event::Response(Response::Frame(frame)) => {
            Some(&frame.bytes)
        }
        Event::Stimulus(Stimulus::Call(_)) | Event::Response(Response::Reply(_) | Response::Discard(_)) => {
            None
        }
    }
}

fn until(pause: &Pause, now: Instant, deadline: Deadline) -> Instant {
    match (pause, deadline) {
        (Pause::Due, Deadline::At(due)) => due,
        (Pause::Due, Deadline::Idle | Deadline::Unknown) => now,
        (Pause::Millis { count }, _) => now + Span::from_millis((*count).into()),
        (Pause::Seconds { count }, _) => now + Span::from_secs((*count).into()),
        (Pause::Nanos { count }, _) => now + Span::from_nanos((*count).into()),
    }
}

/// ARP or neighbour discovery: a question, an answer, right or wrong.
fn neighbor(plan: &NeighborPlan, link: Link) -> Vec<u8> {
    let has = |bit: u8| plan.which >> bit & 1 == 1;
    let (v6, answers, about_peer, to_all) = (has(0), has(1), has(3), has(4));
    let (own, peer) = (lab::own(v6), lab::peer(usize::from(has(2)), v6));
    let told = if plan.mac == 0 { lab::mac(peer) } else { Mac([2, 0, 0, 0, 1, plan.mac]) };
    let about = if answers || about_peer { peer } else { own };
    let broadcast = Twist::Broadcast;
    let way = Way::new(link, peer, own, if to_all { &broadcast } else { &plan.twist });
    match (peer, own, about) {
        (IpAddr::V4(peer), IpAddr::V4(own), IpAddr::V4(about)) => {
            let operation = if answers { arp::Operation::Reply } else { arp::Operation::Request };
            let target_ip = if answers { own } else { about };
            let packet = arp::Packet {
                operation,
                sender_mac: told,
                sender_ip: peer,
                target_mac: lab::OWN_MAC,
                target_ip,
            };
            let mut bytes = Vec::new();
            packet.emit(&mut bytes);
            way.framed_as(EtherType::ARP, &frame::damaged(bytes, &plan.twist))
        }
        (IpAddr::V6(_), IpAddr::V6(_), IpAddr::V6(target)) => {
            let message = if answers {
                let (router, solicited, override_) = (has(5), has(6), has(7));
                let target_link = Some(told);
                ndp::Message::NeighborAdvertisement { target, router, solicited, override_, target_link }
            } else {
                ndp::Message::NeighborSolicitation { target, source_link: Some(told) }
            };
            way.discovery(&icmpv6::Message::Ndp(message)).concat()
        }
        (IpAddr::V4(_) | IpAddr::V6(_), _, _) => Vec::new(),
    }
}

/// The operations of an opening.
fn opening(plan: &Plan) -> Vec<Operation> {
    let v6 = u8::from(plan.v6);
    let call = |call: CallPlan| Operation::Call { call };
    let listening = || {
        vec![
            call(CallPlan::Socket { which: v6 }),
            call(CallPlan::Bind { sock: 0, end: v6 }),
            call(CallPlan::Listen { sock: 0, backlog: 4 }),
        ]
    };
    let peer_opens = |target: Target, bits: Bits, initial: u32, offer: &plan::Offer| Operation::Segment {
        plan: SegmentPlan {
            target,
            bits,
            seq: Seq::Absolute { number: initial },
            ack: Ack::All,
            closed_by: offer.closed_by(),
            data_octets: 0,
            options: Choice::Opening { offer: offer.clone() },
            twist: Twist::Plain,
        },
    };
    match &plan.opening {
        Opening::Accepted { offer, initial } => {
            let mut operations = listening();
            operations.push(peer_opens(Target::Fixed { which: v6 }, Bits::Syn, *initial, offer));
            operations.push(acknowledgement(offer.closed_by()));
            operations.push(call(CallPlan::Accept { sock: 0 }));
            operations
        }
        Opening::Connected { offer, initial } => vec![
            call(CallPlan::Socket { which: v6 }),
            call(CallPlan::Connect { sock: 0, end: v6 }),
            peer_opens(Target::Live { back: 0 }, Bits::SynAck, *initial, offer),
        ],
        Opening::Listening => listening(),
        Opening::Datagrams => {
            vec![call(CallPlan::Socket { which: v6 | 2 }), call(CallPlan::Bind { sock: 0, end: v6 | 1 << 2 })]
        }
        Opening::Bare => Vec::new(),
    }
}

/// A plain acknowledgement of everything, in the latest connection.
fn acknowledgement(closed_by: u16) -> Operation {
    Operation::Segment {
        plan: SegmentPlan {
            target: Target::Live { back: 0 },
            bits: Bits::Ack,
            seq: Seq::Next,
            ack: Ack::All,
            closed_by,
            data_octets: 0,
            options: Choice::Negotiated,
            twist: Twist::Plain,
        },
    }
}

#[cfg(test)]
mod tests;
