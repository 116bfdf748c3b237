//! floor 7: one shard of the judge: the packets of some connections and of some pairs of hosts, with all that
//! is known of them.

use super::again::Again;
use super::assume::{Calibration, Vantage};
use super::checksum::{self, Field, Kind as Sum};
use super::evidence::{Asked, Evidence};
use super::facts::pair::Pairs;
use super::facts::turn::Turn;
use super::front::{Clock, Part, SHARDS};
use super::hosts::{HostSlot, Hosts};
use super::kind::Kind;
use super::packet::{Packet, Upper};
use super::pending;
use super::plain;
use super::report::Store;
use super::rule::{Opinion, Scene};
use super::table::{Connections, Flow, Slot};
use stack::wire::{icmpv4, icmpv6};

/// How much one shard keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Connections at the same time.
    pub(super) connections: usize,
    /// Addresses that facts are kept about; others are judged without.
    pub(super) hosts: usize,
    /// Pairs of addresses that facts are kept about at the same time.
    pub(super) pairs: usize,
    /// Different findings.
    pub(super) findings: usize,
    /// Different findings of one rule.
    pub(super) of_a_rule: usize,
}

impl Bounds {
    /// Altogether 1.3 million connections.
    pub(super) const USUAL: Self =
        Self { connections: 5 << 12, hosts: 1 << 13, pairs: 1 << 9, findings: 1 << 12, of_a_rule: 1_000 };
}

/// A packet as shards are shown it.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) packet: Packet<'a>,
    /// The connection that it is of, if it is of one.
    pub(super) flow: Option<Flow>,
    /// The clock of the capture behind it.
    pub(super) clock: Clock,
}

impl<'a> Shown<'a> {
    pub(super) fn new(packet: Packet<'a>, clock: Clock) -> Self {
        let flow = Flow::of(&packet);
        Self { packet, flow, clock }
    }
}

/// One shard.
#[derive(Debug)]
pub(super) struct Shard {
    calibration: Calibration,
    pub(super) hosts: Hosts,
    connections: Connections,
    pairs: Pairs,
    again: Again,
    pub(super) store: Store,
}

impl Shard {
    pub(super) fn new(vantage: Vantage, bounds: Bounds) -> Self {
        Self {
            calibration: Calibration::new(vantage),
            hosts: Hosts::new(bounds.hosts),
            connections: Connections::new(bounds.connections),
            pairs: Pairs::new(bounds.pairs),
            again: Again::default(),
            store: Store::new(bounds),
        }
    }

    /// All shards of a judge.
    pub(super) fn all(vantage: Vantage, bounds: Bounds) -> Vec<Self> {
        (0..SHARDS).map(|_| Self::new(vantage, bounds)).collect()
    }

    /// Looks at what a packet will need soon. What comes back means nothing.
    pub(super) fn warm(&self, flow: &Flow) -> u64 {
        self.connections.warm(flow)
    }

    /// Takes a part of a packet into account and judges by it.
    pub(super) fn see(&mut self, shown: &Shown<'_>, part: Part, evidence: &mut Evidence) {
        self.calibration.first = shown.clock.first;
        match (part, Turn::of(&shown.packet)) {
            (Part::Flow, None) => self.note_fragment(shown),
            (Part::Flow | Part::Pair, turn) => self.judge(shown, turn, evidence),
        }
    }

    /// The fragment of a segment says of its connection only that it is there.
    fn note_fragment(&mut self, shown: &Shown<'_>) {
        let damaged = fields_of(&shown.packet).into_iter().flatten().any(|(_, field)| field.is_damage());
        let slot = self.place(shown, damaged);
        let connection = slot.and_then(|slot| self.connections.at(slot).map(|known| (slot.side, known)));
        if let Some((side, known)) = connection {
            known.note_fragment(side, shown.packet.sighting.at);
        }
    }

    /// The connection of a packet. A damaged one begins none.
    fn place(&mut self, shown: &Shown<'_>, damaged: bool) -> Option<Slot> {
        let flow = shown.flow.as_ref()?;
        if damaged {
            self.connections.find(&shown.packet, flow)
        } else {
            self.enter(&shown.packet, flow, shown.clock)
        }
    }

    fn judge(&mut self, shown: &Shown<'_>, turn: Option<Turn<'_>>, evidence: &mut Evidence) {
        let packet = &shown.packet;
        let fields = fields_of(packet);
        let [header, upper] = fields;
        let sum_is_right = upper == Some((Sum::Tcp, Field::Right));
        let turn = turn.map(|turn| Turn { sum_is_right, ..turn });
        let unfilled = fields.iter().flatten().filter(|(_, field)| *field == Field::Unfilled);
        self.calibration.unfilled += unfilled.count() as u64;
        let damaged = fields.iter().flatten().any(|(_, field)| field.is_damage());
        let slot = turn.as_ref().and_then(|_| self.place(shown, damaged));
        let place = slot.and_then(|slot| self.connections.place_of(slot));
        let scene = Scene {
            packet,
            kind: Kind::of(packet),
            turn: turn.as_ref(),
            place,
            sum_before: turn
                .as_ref()
                .zip(place)
                .and_then(|(turn, place)| self.again.sum_before(turn, &place)),
            // Of segments it keeps nothing.
            pair: if damaged || turn.is_some() { None } else { self.pairs.enter(packet) },
            header_field: header.map(|(_, field)| field),
            upper_field: upper,
            calibration: &self.calibration,
        };
        ask(&scene, damaged, evidence, &mut self.store);
        let answer = slot.filter(|_| !damaged).and_then(|slot| self.connections.answer(slot, &scene));
        if !damaged && turn.is_none() {
            self.pairs.note(packet, upper);
        }
        let hosts = slot.and_then(|slot| self.connections.hosts(slot));
        let [own, peer] =
            hosts.unwrap_or_else(|| [packet.src, packet.dst].map(|addr| self.hosts.enter(addr)));
        self.hosts.note(own, packet, fields, slot.is_some());
        if is_icmp_error(packet) {
            self.hosts.note_error(peer, is_too_big(packet));
        }
        if let Some(answer) = answer {
            self.hosts.note_answer(own, answer.0);
            self.hosts.note_answer(peer, answer.1);
        }
        if let (Some(slot), Some(turn)) = (slot, &turn) {
            self.note(slot, turn, [own, peer], damaged);
        }
    }

    /// Takes note of a segment of a connection.
    fn note(&mut self, slot: Slot, turn: &Turn<'_>, [own, peer]: [HostSlot; 2], damaged: bool) {
        let Some(connection) = self.connections.at(slot) else { return };
        let before = connection.lacks(slot.side);
        connection.note(slot.side, turn, damaged);
        if !damaged {
            self.again.note(turn, connection, slot.side);
        }
        let lacks = connection.lacks(slot.side);
        if lacks != before {
            let (missing, unseen) = lacks;
            self.hosts.note_lack(own, turn.number, missing, unseen);
            self.hosts.note_lack(peer, turn.number, false, unseen);
        }
    }

    /// Finds the connection of a packet, or begins one, and lets go of those that are over.
    fn enter(&mut self, packet: &Packet<'_>, flow: &Flow, clock: Clock) -> Option<Slot> {
        let (store, vantage) = (&mut self.store, self.calibration.vantage);
        self.connections.make_room(clock.steady, |over| store.close(over, vantage));
        let hosts = || [packet.src, packet.dst].map(|addr| self.hosts.enter(addr));
        self.connections.enter(packet, flow, hosts, |over| store.close(over, vantage))
    }

    /// The end of the capture, for everything that goes on.
    pub(super) fn close(&mut self) {
        let (store, vantage) = (&mut self.store, self.calibration.vantage);
        self.connections.finish(|over| store.close(over, vantage));
    }

    /// Takes over what another shard found, which is closed as this one is.
    pub(super) fn absorb(&mut self, other: Self) {
        self.calibration.unfilled += other.calibration.unfilled;
        self.hosts.absorb(other.hosts);
        self.connections.count(&other.connections);
        self.pairs.count(&other.pairs);
        self.store.absorb(other.store);
    }

    /// Pairs of addresses that there was no room for.
    pub(super) const fn pairs_left(&self) -> u64 {
        self.pairs.left()
    }

    /// Connections, and checksums that are left to a network card.
    pub(super) const fn counts(&self) -> (&Connections, u64) {
        (&self.connections, self.calibration.unfilled)
    }
}

/// The checksums of a packet: of the IPv4 header, and of what the packet carries.
fn fields_of(packet: &Packet<'_>) -> [Option<(Sum, Field)>; 2] {
    [checksum::of_header(packet), checksum::of_upper(packet)]
}

/// Whether a packet tells its receiver of trouble on the way.
fn is_icmp_error(packet: &Packet<'_>) -> bool {
    match &packet.upper {
        Upper::Icmpv4(view, _) => icmpv4::kind::is_error(view.kind()),
        Upper::Icmpv6(view, _) => icmpv6::is_error(view.kind()),
        Upper::Tcp(_) | Upper::Udp(..) | Upper::Fragment(_) | Upper::Other => false,
    }
}

/// Whether an ICMP error says that a packet was too big (RFC 1191 section 4, RFC 8201 section 4).
fn is_too_big(packet: &Packet<'_>) -> bool {
    const FRAGMENTATION_NEEDED: u8 = 4;
    match &packet.upper {
        Upper::Icmpv4(view, _) => {
            view.kind() == icmpv4::kind::DESTINATION_UNREACHABLE && view.code() == FRAGMENTATION_NEEDED
        }
        Upper::Icmpv6(view, _) => view.kind() == icmpv6::PACKET_TOO_BIG,
        Upper::Tcp(_) | Upper::Udp(..) | Upper::Fragment(_) | Upper::Other => false,
    }
}

/// Asks the rules about a packet that do not say beforehand what they say of it.
fn ask(scene: &Scene<'_>, damaged: bool, evidence: &mut Evidence, store: &mut Store) {
    let plain = plain::of(scene);
    let plan = evidence.meet(scene.kind, plain, asked_about(scene, damaged));
    #[cfg(test)]
    evidence.compare(scene, plain);
    let mut turn = 0;
    while let Some((place, rule)) = evidence.ask(plan, turn) {
        let opinion = (rule.judge)(scene);
        // What most rules say of most packets.
        if !matches!(opinion, Opinion::Absent) {
            evidence.count(place, &opinion);
        }
        if let Opinion::Breaks(breach) = opinion {
            store.keep(pending(place, rule, *breach, scene));
        }
        turn += 1;
    }
}

/// Whom the rules may judge by a packet. Of two hosts only those that are wanted are judged. A damaged packet
/// says nothing about its sender but that it may be damaged, unless nothing lies between the two; and nothing
/// about its receiver.
fn asked_about(scene: &Scene<'_>, damaged: bool) -> Asked {
    let one_host = scene.calibration.vantage == Vantage::AtHost;
    let judged = scene.packet.sighting.judged;
    let other_is_judged = !one_host || !judged;
    Asked {
        sender: judged && (!damaged || one_host),
        damage_of_sender: judged,
        receiver: !damaged && other_is_judged,
    }
}
