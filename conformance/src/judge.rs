//! floor 7: the passive judge. It claims only what holds for every subset, order and delay of the packets
//! that the judged host may have received; what a capture can not show is undecided, with a reason.
//!
//! Every packet is read once, the facts about its connection and its hosts are updated once, and then every
//! rule is a plain function over them. A breach is kept until the end of its connection and of the capture,
//! when all that could excuse it is known.
//!
//! The judge is an independent second opinion: it reads bytes with `stack::wire` and uses nothing else of the
//! stack. The same rules judge a capture ([`Judge::see`]) and the trace of a host under test ([`trace`]).

mod again;
pub mod arp;
pub mod assume;
pub mod checksum;
pub mod connection;
mod copies;
mod crew;
pub mod ends;
pub mod ethernet;
mod evidence;
pub mod facts;
pub mod file;
mod front;
mod hash;
pub mod hosts;
pub mod icmp;
pub mod icmp_duty;
pub mod icmp_error;
pub mod ip;
pub mod ip_fragment;
pub mod ip_option;
pub mod ipv6_extension;
pub mod kind;
pub mod nd;
pub mod nearness;
pub mod packet;
pub mod plain;
pub mod problem;
pub mod report;
pub mod rule;
pub mod seen;
mod shard;
mod slab;
pub mod style;
pub mod table;
pub mod tcp_ack;
pub mod tcp_close;
pub mod tcp_congestion;
pub mod tcp_ecn;
pub mod tcp_format;
pub mod tcp_open;
pub mod tcp_probe;
pub mod tcp_reset;
pub mod tcp_retransmit;
pub mod tcp_sack;
pub mod tcp_send;
pub mod tcp_timestamp;
pub mod tcp_urgent;
pub mod tcp_window;
pub mod udp;
pub mod vantage;

use crate::trace::{Event, Frame, Link, Response, Stimulus, Trace};
use crate::verdict::Reason;
use assume::Vantage;
use evidence::Evidence;
use front::Front;
use packet::{Packet, Segment, Sighting, Upper};
use report::Pending;
pub use report::{Report, Tally, Verdict};
use rule::{Rule, Scene, Whose};
use shard::{Bounds, Shard, Shown};
use stack::wire::ethernet::{EtherType, HEADER_OCTETS, View as Ethernet};
use std::collections::HashSet;
use std::net::IpAddr;
use table::Left;

/// Every rule, by file.
pub const RULES: &[&[Rule]] = &[
    tcp_format::RULES,
    tcp_open::RULES,
    tcp_send::RULES,
    tcp_window::RULES,
    tcp_retransmit::RULES,
    tcp_congestion::RULES,
    tcp_probe::RULES,
    tcp_urgent::RULES,
    tcp_ecn::RULES,
    tcp_timestamp::RULES,
    tcp_ack::RULES,
    tcp_sack::RULES,
    tcp_reset::RULES,
    tcp_close::RULES,
    ip::RULES,
    ip_option::RULES,
    ip_fragment::RULES,
    ipv6_extension::RULES,
    udp::RULES,
    icmp::RULES,
    icmp_error::RULES,
    icmp_duty::RULES,
    nd::RULES,
    arp::RULES,
    ethernet::RULES,
];

/// Every rule, in order.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied().flatten()
}

/// Judges packets one after the other.
#[derive(Debug)]
pub struct Judge {
    front: Front,
    shards: Vec<Shard>,
    evidence: Evidence,
}

impl Judge {
    /// A judge of packets seen from there.
    pub fn new(vantage: Vantage) -> Self {
        let (front, shards) = (Front::new(vantage), Shard::all(vantage, Bounds::USUAL));
        Self { front, shards, evidence: Evidence::default() }
    }

    /// Takes a packet into account, and judges by it: its sender if that is wanted, and its receiver if not.
    pub fn see(&mut self, sighting: Sighting<'_>) {
        self.take(Packet::read(sighting));
    }

    fn take(&mut self, packet: Option<Packet<'_>>) {
        let way = self.front.see(packet.as_ref());
        let Some(packet) = packet else { return };
        let shown = Shown::new(packet, self.front.clock());
        for (shard, part) in way.parts() {
            if let Some(shard) = self.shards.get_mut(shard) {
                shard.see(&shown, part, &mut self.evidence);
            }
        }
    }

    /// Counts a packet whose network layer could not be found.
    pub fn pass_over(&mut self) {
        self.take(None);
    }

    /// What is known of every address so far.
    #[cfg(test)]
    fn hosts(&self) -> hosts::Hosts {
        let mut all = hosts::Hosts::new(0);
        self.shards.iter().for_each(|shard| all.absorb(shard.hosts.clone()));
        all
    }

    /// The end: everything that is left is decided.
    pub fn finish(self) -> Report {
        conclude(self.front, self.shards, self.evidence)
    }
}

/// What all shards, in their order, came to.
fn conclude(front: Front, shards: impl IntoIterator<Item = Shard>, evidence: Evidence) -> Report {
    let mut calibration = front.calibration;
    let mut all = Shard::new(calibration.vantage, Bounds::USUAL);
    for mut shard in shards {
        shard.close();
        all.absorb(shard);
    }
    let (connections, unfilled) = all.counts();
    calibration.unfilled = unfilled;
    let (begun, left) = connections.counts();
    let counts = (begun, Left { pairs: all.pairs_left(), ..left });
    all.store.finish(calibration, &all.hosts, counts, evidence.tallies())
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
        let (ethertype, link, bytes, wire_len) = network(trace.link, frame)?;
        Some(Sighting { number, at, ethertype, link, bytes, wire_len, inside: false, judged })
    })
}

/// What a frame of a trace carries.
fn network(link: Link, frame: &Frame) -> Option<(EtherType, Option<packet::Link>, &[u8], u32)> {
    match link {
        Link::Ethernet => {
            let view = Ethernet::read(&frame.bytes).ok()?;
            let bytes = frame.bytes.get(HEADER_OCTETS..)?;
            let header = u32::try_from(HEADER_OCTETS).ok()?;
            let link = packet::Link::plain(&view);
            Some((view.ethertype(), Some(link), bytes, frame.wire_len.saturating_sub(header)))
        }
        Link::Ip => {
            let ethertype = match frame.bytes.first()? >> 4 {
                4 => EtherType::IPV4,
                6 => EtherType::IPV6,
                _ => return None,
            };
            Some((ethertype, None, &frame.bytes, frame.wire_len))
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

/// What speaks against a breach that rests on what came for the judged host: some of that may not be of its
/// peer, or not have been read.
fn doubt_of_peer(rule: &Rule, scene: &Scene<'_>) -> Option<Reason> {
    let place = scene.place?;
    let side = match rule.of {
        Whose::Sender => place.side,
        Whose::Receiver => 1 - place.side,
    };
    rule.assumptions.iter().find_map(|assumption| place.connection.doubt_of_peer(side, *assumption))
}

/// A breach as it is kept until everything is known.
fn pending(index: usize, rule: &Rule, breach: rule::Breach, scene: &Scene<'_>) -> Pending {
    let of = rule.of;
    let doubt = breach.doubt.or_else(|| doubt_at_once(scene).filter(|_| of == Whose::Sender));
    let doubt = Reason::weightier(doubt, doubt_of_peer(rule, scene));
    let checksum = checksum_of(rule, scene);
    let wrong = checksum.is_some() && matches!(doubt, None | Some(Reason::OneBit));
    let takes_numbers = |segment: &&Segment<'_>| wrong && segment.end() != segment.view.seq();
    // Who acknowledges its first octet has taken the segment.
    let end = scene.segment().filter(takes_numbers).map(|segment| segment.view.seq().wrapping_add(1));
    let (packet, ends) = (scene.packet, scene.packet.ends());
    let (host, ends, turned) = match of {
        Whose::Sender => (packet.src, ends, 0),
        Whose::Receiver => (packet.dst, ends.map(|(src, dst)| (dst, src)), 1),
    };
    Pending {
        rule: index,
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
