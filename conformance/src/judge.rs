//! floor 7: the passive judge. It claims only what holds for every subset, order and delay of the packets
//! that the judged host may have received; what a capture can not show is undecided, with a reason.
//!
//! Every packet is read once, the facts about its connection and its hosts are updated once, and then every
//! rule is a plain function over them. A breach is kept until the end of its connection and of the capture,
//! when all that could excuse it is known.
//!
//! The judge is an independent second opinion: it reads bytes with `stack::wire` and uses nothing else of the
//! stack. The same rules judge a capture ([`Judge::see`]) and the trace of a host under test ([`trace`]).

pub mod arp;
pub mod assume;
pub mod checksum;
pub mod connection;
pub mod file;
pub mod icmp;
pub mod ip;
pub mod packet;
pub mod report;
pub mod rule;
pub mod tcp_format;
pub mod tcp_open;
pub mod udp;

use crate::trace::{Event, Frame, Link, Response, Stimulus, Trace};
use crate::verdict::Reason;
use assume::{Calibration, Hosts, Vantage};
use checksum::{Field, Kind};
use connection::{Connection, Connections};
use packet::{Packet, Segment, Sighting, Upper};
use report::{Pending, Store};
pub use report::{Report, Tally, Verdict};
use rule::{Rule, Scene};
use stack::wire::ethernet::{self, EtherType};
use std::collections::HashSet;
use std::net::IpAddr;

/// Every rule, by file.
pub const RULES: &[&[Rule]] =
    &[tcp_format::RULES, tcp_open::RULES, ip::RULES, udp::RULES, icmp::RULES, arp::RULES];

/// Every rule, in order.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied().flatten()
}

/// Judges packets one after the other.
#[derive(Debug)]
pub struct Judge {
    calibration: Calibration,
    hosts: Hosts,
    connections: Connections,
    store: Store,
}

impl Judge {
    /// A judge of packets seen from there.
    pub fn new(vantage: Vantage) -> Self {
        Self {
            calibration: Calibration::new(vantage),
            hosts: Hosts::default(),
            connections: Connections::default(),
            store: Store::default(),
        }
    }

    /// Takes a packet into account, and judges its sender by it if that is wanted.
    pub fn see(&mut self, sighting: Sighting<'_>) {
        self.calibration.packets += 1;
        let Some(packet) = Packet::read(sighting) else {
            self.calibration.unread += 1;
            return;
        };
        if self.calibration.note(&packet) {
            return;
        }
        let (header, upper) = (checksum::of_header(&packet), checksum::of_upper(&packet));
        for (kind, field) in [header, upper].into_iter().flatten() {
            self.hosts.note(packet.src, kind, field);
            self.calibration.unfilled += u64::from(field == Field::Unfilled);
        }
        let damaged = [header, upper]
            .into_iter()
            .flatten()
            .any(|(_, field)| matches!(field, Field::OneBit | Field::Wrong));
        if !damaged {
            self.enter(&packet);
        }
        if sighting.judged {
            let scene = Scene {
                packet: &packet,
                place: self.connections.place(&packet),
                header_field: header.map(|(_, field)| field),
                upper_field: upper,
                calibration: &self.calibration,
            };
            for (index, rule) in rules().enumerate() {
                // A damaged packet says nothing about its sender but that it may be damaged; unless nothing
                // lies between the two.
                let own = self.calibration.vantage == Vantage::AtHost;
                if !damaged || own || rule.assumptions.contains(&assume::Assumption::NoOffload) {
                    self.store.take(index, (rule.judge)(&scene), &scene);
                }
            }
        }
        if damaged {
            self.connections.note_damaged(&packet);
        } else {
            self.connections.note(&packet);
        }
    }

    /// Counts a packet whose network layer could not be found.
    pub const fn pass_over(&mut self) {
        self.calibration.packets += 1;
        self.calibration.unread += 1;
    }

    /// Finds the connection of a packet, and lets go of those that are over.
    fn enter(&mut self, packet: &Packet<'_>) {
        if !matches!(packet.upper, Upper::Tcp(_) | Upper::Fragment(Some(_))) {
            return;
        }
        for over in self.connections.surplus() {
            self.store.close(&over, self.calibration.vantage);
        }
        if let Some(over) = self.connections.enter(packet) {
            self.store.close(&over, self.calibration.vantage);
        }
    }

    /// The end: everything that is left is decided.
    pub fn finish(mut self) -> Report {
        let left: Vec<Connection> = self.connections.drain();
        for connection in &left {
            self.store.close(connection, self.calibration.vantage);
        }
        let begun = self.connections.begun();
        self.store.finish(self.calibration, &self.hosts, begun)
    }
}

/// Judges the responses of the host of a trace. What arrives with an address of its own was sent by somebody
/// else.
pub fn trace(trace: &Trace) -> Report {
    let source = |sighting: &Sighting<'_>| Packet::read(*sighting).map(|packet| packet.src);
    let own: HashSet<IpAddr> = sightings(trace)
        .filter(|sighting| sighting.judged)
        .filter_map(|sighting| source(&sighting))
        .collect();
    let mut judge = Judge::new(Vantage::AtHost);
    for sighting in sightings(trace) {
        let forged = !sighting.judged && source(&sighting).is_some_and(|src| own.contains(&src));
        if !forged {
            judge.see(sighting);
        }
    }
    judge.finish()
}

/// Every frame of a trace that carries a packet.
fn sightings(trace: &Trace) -> impl Iterator<Item = Sighting<'_>> {
    let frames = trace.events.iter().filter_map(|timed| match &timed.event {
        Event::Stimulus(Stimulus::Frame(frame)) => Some((timed.at, frame, false)),
        Event::Response(Response::Frame(frame)) => Some((timed.at, frame, true)),
        Event::Stimulus(Stimulus::Call(_)) | Event::Response(Response::Reply(_) | Response::Discard(_)) => {
            None
        }
    });
    (1..).zip(frames).filter_map(|(number, (at, frame, judged))| {
        let (ethertype, bytes, wire_len) = network(trace.link, frame)?;
        Some(Sighting { number, at, ethertype, bytes, wire_len, inside: false, judged })
    })
}

/// What a frame of a trace carries.
fn network(link: Link, frame: &Frame) -> Option<(EtherType, &[u8], u32)> {
    match link {
        Link::Ethernet => {
            let view = ethernet::View::read(&frame.bytes).ok()?;
            let bytes = frame.bytes.get(ethernet::HEADER_OCTETS..)?;
            let header = u32::try_from(ethernet::HEADER_OCTETS).ok()?;
            Some((view.ethertype(), bytes, frame.wire_len.saturating_sub(header)))
        }
        Link::Ip => {
            let ethertype = match frame.bytes.first()? >> 4 {
                4 => EtherType::IPV4,
                6 => EtherType::IPV6,
                _ => return None,
            };
            Some((ethertype, &frame.bytes, frame.wire_len))
        }
    }
}

/// Which checksum a rule is about, if it is about one.
fn checksum_of(rule: &Rule, scene: &Scene<'_>) -> Option<Kind> {
    let about = rule.assumptions.contains(&assume::Assumption::NoOffload);
    match (about, rule.id) {
        (false, _) => None,
        (true, "P-I1") => Some(Kind::Ip),
        (true, _) => scene.upper_field.map(|(kind, _)| kind),
    }
}

/// What speaks against a breach as soon as it is seen: the packet was cut, so that it may be damaged.
fn doubt_at_once(scene: &Scene<'_>) -> Option<Reason> {
    let whole = match &scene.packet.upper {
        Upper::Tcp(segment) => segment.extent.is_whole(),
        Upper::Udp(_, extent) | Upper::Icmpv4(_, extent) | Upper::Icmpv6(_, extent) => extent.is_whole(),
        Upper::Fragment(_) | Upper::Other => true,
    };
    (!whole).then_some(Reason::Cut)
}

/// A breach as it is kept until everything is known.
fn pending(rule: usize, breach: rule::Breach, scene: &Scene<'_>) -> Pending {
    let definition = rules().nth(rule);
    let doubt = breach.doubt.or_else(|| doubt_at_once(scene));
    let checksum = definition.and_then(|rule| checksum_of(rule, scene));
    let wrong = checksum.is_some() && matches!(doubt, None | Some(Reason::OneBit));
    let takes_numbers = |segment: &&Segment<'_>| wrong && segment.end() != segment.view.seq();
    let end = scene.segment().filter(takes_numbers).map(Segment::end);
    Pending {
        rule,
        breach: rule::Breach { doubt, ..breach },
        host: scene.packet.src,
        ends: scene.packet.ends(),
        connection: scene.place.map(|place| (place.connection.number, place.side)),
        number: scene.packet.sighting.number,
        at: scene.packet.sighting.at,
        checksum,
        count: 1,
        end,
    }
}

#[cfg(test)]
mod tests;
