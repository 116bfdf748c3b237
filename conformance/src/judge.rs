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
mod copies;
pub mod ends;
pub mod facts;
pub mod file;
mod hash;
pub mod hosts;
pub mod icmp;
pub mod ip;
pub mod kind;
pub mod nearness;
pub mod packet;
pub mod report;
pub mod rule;
pub mod table;
pub mod tcp_close;
pub mod tcp_ecn;
pub mod tcp_format;
pub mod tcp_open;
pub mod tcp_send;
pub mod tcp_urgent;
pub mod tcp_window;
pub mod udp;

use crate::trace::{Event, Frame, Link, Response, Stimulus, Trace};
use crate::verdict::Reason;
use assume::{Calibration, Vantage};
use checksum::Field;
use facts::turn::Turn;
use hosts::Hosts;
use kind::Kind;
use packet::{Packet, Segment, Sighting, Upper};
use report::{Pending, Store};
pub use report::{Report, Tally, Verdict};
use rule::{Rule, Scene, Whose};
use stack::wire::ethernet::{self, EtherType};
use std::collections::HashSet;
use std::net::IpAddr;
use table::{Connections, Slot};

/// Connections kept at the same time.
const CONNECTIONS_MAX: usize = 5 << 18;

/// Every rule, by file.
pub const RULES: &[&[Rule]] = &[
    tcp_format::RULES,
    tcp_open::RULES,
    tcp_send::RULES,
    tcp_window::RULES,
    tcp_urgent::RULES,
    tcp_ecn::RULES,
    tcp_close::RULES,
    ip::RULES,
    udp::RULES,
    icmp::RULES,
    arp::RULES,
];

/// Every rule, in order.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied().flatten()
}

/// The rules that are asked about each kind of packet, with their place among all.
type Dispatch = [Vec<(usize, &'static Rule)>; Kind::COUNT];

fn dispatch() -> Dispatch {
    Kind::ALL.map(|kind| rules().enumerate().filter(|(_, rule)| rule.on.has(kind)).collect())
}

/// Judges packets one after the other.
#[derive(Debug)]
pub struct Judge {
    dispatch: Dispatch,
    calibration: Calibration,
    hosts: Hosts,
    connections: Connections,
    store: Store,
}

impl Judge {
    /// A judge of packets seen from there.
    pub fn new(vantage: Vantage) -> Self {
        Self {
            dispatch: dispatch(),
            calibration: Calibration::new(vantage),
            hosts: Hosts::default(),
            connections: Connections::new(CONNECTIONS_MAX),
            store: Store::default(),
        }
    }

    /// Takes a packet into account, and judges by it: its sender if that is wanted, and its receiver if not.
    pub fn see(&mut self, sighting: Sighting<'_>) {
        self.calibration.packets += 1;
        let Some(packet) = Packet::read(sighting) else {
            self.calibration.unread += 1;
            return;
        };
        if self.calibration.note(&packet) {
            return;
        }
        let fields = [checksum::of_header(&packet), checksum::of_upper(&packet)];
        let [header, upper] = fields;
        let unfilled = fields.iter().flatten().filter(|(_, field)| *field == Field::Unfilled);
        self.calibration.unfilled += unfilled.count() as u64;
        let damaged = fields.iter().flatten().any(|(_, field)| matches!(field, Field::OneBit | Field::Wrong));
        let slot = if damaged { self.connections.find(&packet) } else { self.enter(&packet) };
        let sum_is_right = upper == Some((checksum::Kind::Tcp, Field::Right));
        let turn = Turn::of(&packet).map(|turn| Turn { sum_is_right, ..turn });
        let scene = Scene {
            packet: &packet,
            kind: Kind::of(&packet),
            turn: turn.as_ref(),
            place: slot.and_then(|slot| self.connections.place_of(slot)),
            header_field: header.map(|(_, field)| field),
            upper_field: upper,
            calibration: &self.calibration,
        };
        for (index, rule) in &self.dispatch[scene.kind as usize] {
            if is_asked(rule, &scene, damaged) {
                self.store.take(*index, (rule.judge)(&scene), &scene);
            }
        }
        let hosts = slot.and_then(|slot| self.connections.hosts(slot));
        let [own, peer] =
            hosts.unwrap_or_else(|| [packet.src, packet.dst].map(|addr| self.hosts.enter(addr)));
        self.hosts.note(own, fields, packet.net.hop_limit().filter(|_| slot.is_some()));
        let Some(slot) = slot else { return };
        if let Some(answer) = (!damaged).then(|| self.connections.answer(slot, &scene)).flatten() {
            self.hosts.note_answer(own, answer.0);
            self.hosts.note_answer(peer, answer.1);
        }
        let Some(connection) = self.connections.at(slot) else { return };
        match &turn {
            Some(turn) => connection.note(slot.side, turn, damaged),
            None => connection.note_fragment(slot.side, packet.sighting.at),
        }
    }

    /// Counts a packet whose network layer could not be found.
    pub const fn pass_over(&mut self) {
        self.calibration.packets += 1;
        self.calibration.unread += 1;
    }

    /// Finds the connection of a packet, or begins one, and lets go of those that are over.
    fn enter(&mut self, packet: &Packet<'_>) -> Option<Slot> {
        let (store, vantage) = (&mut self.store, self.calibration.vantage);
        self.connections.make_room(self.calibration.steady(), |over| store.close(over, vantage));
        let hosts = || [packet.src, packet.dst].map(|addr| self.hosts.enter(addr));
        self.connections.enter(packet, hosts, |over| store.close(over, vantage))
    }

    /// The end: everything that is left is decided.
    pub fn finish(mut self) -> Report {
        let (store, vantage) = (&mut self.store, self.calibration.vantage);
        self.connections.finish(|over| store.close(over, vantage));
        let begun = self.connections.begun();
        self.store.finish(self.calibration, &self.hosts, begun)
    }
}

/// Whether a rule is asked about a packet. Of two hosts only those that are wanted are judged. A damaged
/// packet says nothing about its sender but that it may be damaged, unless nothing lies between the two; and
/// nothing about its receiver.
fn is_asked(rule: &Rule, scene: &Scene<'_>, damaged: bool) -> bool {
    let calibration = scene.calibration;
    let one_host = calibration.vantage == Vantage::AtHost;
    match rule.of {
        Whose::Sender => {
            let tells = !damaged || one_host || rule.assumptions.contains(&assume::Assumption::NoOffload);
            scene.packet.sighting.judged && tells
        }
        Whose::Receiver => {
            let other = one_host && scene.packet.sighting.judged;
            !damaged && !other
        }
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
fn checksum_of(rule: &Rule, scene: &Scene<'_>) -> Option<checksum::Kind> {
    let about = rule.assumptions.contains(&assume::Assumption::NoOffload);
    match (about, rule.id) {
        (false, _) => None,
        (true, "P-I1") => Some(checksum::Kind::Ip),
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
    let of = definition.map_or(Whose::Sender, |rule| rule.of);
    let doubt = breach.doubt.or_else(|| doubt_at_once(scene).filter(|_| of == Whose::Sender));
    let checksum = definition.and_then(|rule| checksum_of(rule, scene));
    let wrong = checksum.is_some() && matches!(doubt, None | Some(Reason::OneBit));
    let takes_numbers = |segment: &&Segment<'_>| wrong && segment.end() != segment.view.seq();
    let end = scene.segment().filter(takes_numbers).map(Segment::end);
    let (packet, ends) = (scene.packet, scene.packet.ends());
    let (host, ends, turned) = match of {
        Whose::Sender => (packet.src, ends, 0),
        Whose::Receiver => (packet.dst, ends.map(|(src, dst)| (dst, src)), 1),
    };
    Pending {
        rule,
        breach: rule::Breach { doubt, ..breach },
        host,
        ends,
        connection: scene.place.map(|place| (place.connection.number, place.side ^ turned)),
        number: packet.sighting.number,
        at: packet.sighting.at,
        checksum,
        count: 1,
        end,
    }
}

#[cfg(test)]
mod tests;
