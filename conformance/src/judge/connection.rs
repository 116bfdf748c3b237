//! floor 7: the TCP connections of a capture: which there are, where one ends and the next of the same ports
//! begins, and which are kept (RFC 9293 section 3.4.2).

use super::ends::Ends;
use super::facts::opening::Opening;
use super::facts::side::{self, Side};
use super::facts::turn::Turn;
use super::nearness::Answer;
use super::packet::{Packet, Upper};
use super::rule::Scene;
use stack::base::{Instant, Span};
use stack::wire::tcp::Flags;
use std::collections::HashMap;

/// Connections kept at the same time.
const CONNECTIONS_MAX: usize = 1 << 20;

/// How long segments of an earlier connection of the same ports may be on the way (twice the maximum segment
/// lifetime of RFC 9293 section 3.4.2).
const QUIET: Span = Span::from_secs(240);

/// One connection: a four-tuple from one opening to the next.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Number of the frame that began it. No two connections have the same.
    pub number: u64,
    /// Its ends; the lower one first.
    pub ends: Ends,
    /// What each end was seen to send.
    pub sides: [Side; 2],
    /// Another connection of the same ports was seen shortly before, or may not have ended.
    pub reused: bool,
    /// When it was first seen.
    pub first: Instant,
    /// When it was last seen.
    pub latest: Instant,
    /// From the first packet to the first SYN,ACK, in microseconds.
    answered_us: Option<u32>,
}

impl Connection {
    fn new(number: u64, ends: Ends, reused: bool, at: Instant) -> Self {
        let sides = [Side::default(), Side::default()];
        Self { number, ends, sides, reused, first: at, latest: at, answered_us: None }
    }

    /// Whether it may be open yet. Segments after a long silence may belong to it.
    fn may_live(&self) -> bool {
        !self.sides.iter().all(|side| side.numbers.finished)
    }

    /// Whether the options of both SYNs are known, and that these two opened the connection: each side has
    /// one, and one answers the other. A SYN on a live connection, or an old answer sent back, agrees on
    /// nothing.
    pub fn is_handshake_known(&self) -> bool {
        let [one, other] = self.sides.each_ref().map(|side| side.openings.only());
        let (Some(one), Some(other)) = (one, other) else { return false };
        let answered = |asked: &Opening, answer: &Opening| {
            answer.answers().is_some_and(|ack| asked.is_acknowledged_by(ack))
        };
        one.options.are_known() && other.options.are_known() && (answered(one, other) || answered(other, one))
    }

    /// From the first packet to this time, in microseconds.
    pub fn us(&self, at: Instant) -> u64 {
        at.since(self.first).as_nanos() / 1_000
    }

    /// The parts of the handshake that this segment ends, for its sender and for the other side: one SYN, one
    /// SYN,ACK, and the first ACK.
    fn answer(&self, side: usize, turn: &Turn<'_>) -> Option<(Answer, Answer)> {
        let (own, peer) = (&self.sides[side], &self.sides[1 - side]);
        let once = own.numbers.segments == 1 && peer.numbers.segments == 1;
        let other_us = u64::from(self.answered_us.filter(|_| once)?);
        let (syn, answer) = (own.openings.only()?, peer.openings.only()?);
        let completes = syn.answers().is_none() && answer.answers().is_some() && turn.ack.is_some();
        let own_us = self.us(turn.at).saturating_sub(other_us);
        completes.then_some((Answer { own_us, other_us }, Answer { own_us: other_us, other_us: own_us }))
    }

    /// Takes note of a segment that the side sent.
    fn note(&mut self, side: usize, turn: &Turn<'_>, damaged: bool) {
        self.latest = self.latest.max(turn.at);
        if turn.flags.contains(Flags::SYN | Flags::ACK) {
            let us = u32::try_from(self.us(turn.at)).unwrap_or(u32::MAX);
            self.answered_us.get_or_insert(us);
        }
        let [low, high] = &mut self.sides;
        let (own, peer) = if side == 0 { (low, high) } else { (high, low) };
        if damaged {
            side::note_damaged(own, turn);
        } else {
            side::note(own, peer, turn);
        }
    }
}

/// A segment's place: its connection and the side that sent it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The connection as it was before this segment.
    pub connection: &'a Connection,
    /// Which of its sides sent the segment.
    pub side: usize,
}

impl<'a> Place<'a> {
    /// The side that sent the segment.
    pub const fn own(&self) -> &'a Side {
        &self.connection.sides[self.side]
    }

    /// The other side.
    pub const fn peer(&self) -> &'a Side {
        &self.connection.sides[1 - self.side]
    }
}

/// Where in the table a packet belongs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    index: usize,
    side: usize,
}

/// Every connection of a capture, as many as fit.
#[derive(Debug, Default)]
pub struct Connections {
    index: HashMap<Ends, usize>,
    slots: Vec<Connection>,
    begun: u64,
}

/// The four-tuple, and which of the two sent.
fn key(packet: &Packet<'_>) -> Option<(Ends, usize)> {
    let (src, dst) = packet.ends()?;
    Some(Ends::of(src, dst))
}

impl Connections {
    /// Finds the connection of an undamaged packet, or begins one. A connection that this ends is handed
    /// back.
    pub(super) fn enter(&mut self, packet: &Packet<'_>) -> Option<(Slot, Option<Connection>)> {
        let (ends, side) = key(packet)?;
        let (number, at) = (packet.sighting.number, packet.sighting.at);
        let Some(&index) = self.index.get(&ends) else {
            let index = self.slots.len();
            self.slots.push(Connection::new(number, ends, false, at));
            self.index.insert(ends, index);
            self.begun += 1;
            return Some((Slot { index, side }, None));
        };
        let slot = Slot { index, side };
        let known = self.slots.get_mut(index)?;
        if !begins_anew(known, side, packet) {
            return Some((slot, None));
        }
        let quiet = at.since(known.latest).as_nanos() > QUIET.as_nanos();
        let reused = !quiet || known.may_live();
        self.begun += 1;
        let over = std::mem::replace(known, Connection::new(number, ends, reused, at));
        Some((slot, Some(over)))
    }

    /// Finds the connection of a packet.
    pub(super) fn find(&self, packet: &Packet<'_>) -> Option<Slot> {
        let (ends, side) = key(packet)?;
        self.index.get(&ends).map(|index| Slot { index: *index, side })
    }

    /// What is in a slot.
    pub(super) fn place(&self, slot: Slot) -> Option<Place<'_>> {
        self.slots.get(slot.index).map(|connection| Place { connection, side: slot.side })
    }

    /// The parts of the handshake that a segment ends, for its sender and for its receiver.
    pub(super) fn answer(&self, slot: Slot, scene: &Scene<'_>) -> Option<(Answer, Answer)> {
        self.slots.get(slot.index)?.answer(slot.side, scene.turn?)
    }

    /// Takes note of a packet, after the rules have seen it.
    pub(super) fn note(&mut self, slot: Slot, packet: &Packet<'_>, turn: Option<&Turn<'_>>, damaged: bool) {
        let Some(connection) = self.slots.get_mut(slot.index) else { return };
        match turn {
            Some(turn) => connection.note(slot.side, turn, damaged),
            None => {
                connection.latest = connection.latest.max(packet.sighting.at);
                connection.sides[slot.side].numbers.fragments = true;
            }
        }
    }

    /// Connections to let go of, because there are too many: those that were quiet the longest.
    pub(super) fn surplus(&mut self) -> Vec<Connection> {
        if self.slots.len() < CONNECTIONS_MAX {
            return Vec::new();
        }
        self.slots.sort_unstable_by_key(|known| (known.latest, known.number));
        let kept = self.slots.split_off(CONNECTIONS_MAX / 4);
        let over = std::mem::replace(&mut self.slots, kept);
        self.index = self.slots.iter().enumerate().map(|(index, known)| (known.ends, index)).collect();
        over
    }

    /// Every connection that is left, in order of appearance.
    pub(super) fn drain(&mut self) -> Vec<Connection> {
        self.index.clear();
        let mut all = std::mem::take(&mut self.slots);
        all.sort_unstable_by_key(|connection| connection.number);
        all
    }

    /// How many connections were seen.
    pub const fn begun(&self) -> u64 {
        self.begun
    }
}

/// A SYN without ACK and with a number that this side has not used begins another connection, once anything
/// but unanswered SYNs has been seen.
fn begins_anew(connection: &Connection, side: usize, packet: &Packet<'_>) -> bool {
    let Upper::Tcp(segment) = &packet.upper else { return false };
    let flags = segment.view.flags();
    if !flags.syn() || flags.ack() {
        return false;
    }
    let own = &connection.sides[side];
    let isn = segment.view.seq();
    let known = own.openings.all().iter().any(|opening| opening.isn == isn);
    let peer = &connection.sides[1 - side];
    // A first SYN from this side after one of the other is a simultaneous open.
    !known && (own.numbers.segments > 0 || (peer.numbers.segments > 0 && peer.openings.all().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_takes_no_more_than_512_octets() {
        let octets = size_of::<Connection>();
        assert!(octets <= 512, "{octets} octets, of which {} a side", size_of::<Side>());
    }
}
