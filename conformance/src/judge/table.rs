//! floor 7: the table of connections: which there are, where one ends and the next of the same ports begins,
//! and which are kept (RFC 9293 section 3.4.2).
//!
//! A connection that both sides ended leaves after a time of silence, and any other one after a day of it.
//! Whether a packet still finds its connection depends on the times of the packets of that flow and on
//! nothing else: when the table is swept is not seen. The exception is a table that is full.

use super::connection::{Connection, Place};
use super::ends::Ends;
use super::hash::Mix;
use super::hosts::HostSlot;
use super::nearness::Answer;
use super::packet::{Packet, Upper};
use super::rule::Scene;
use super::slab::Slab;
use hashbrown::HashTable;
use stack::base::{Instant, Span};

/// How long segments of an earlier connection of the same ports may be on the way (twice the maximum segment
/// lifetime of RFC 9293 section 3.4.2).
const QUIET: Span = Span::from_secs(240);

/// How long a connection that may go on is waited for.
const IDLE: Span = Span::from_secs(24 * 3600);

/// How far the clock of a capture may go back without a connection being missed that was swept away.
const MARGIN: Span = Span::from_secs(60);

/// Connections at which the table is swept for the first time.
const SWEPT_FIRST: usize = 1 << 10;

/// The ends of the connection that a packet is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    ends: Ends,
    /// Which of them sent it.
    side: usize,
    hash: u64,
}

impl Flow {
    /// That of a segment, or of the fragment of one that shows its ports.
    pub(super) fn of(packet: &Packet<'_>) -> Option<Self> {
        let (ends, side) = Ends::of_packet(packet)?;
        Some(Self { ends, side, hash: ends.mixed(Mix::seeded()).end() })
    }
}

/// Where in the table a packet belongs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    index: u32,
    pub(super) side: usize,
}

/// How many connections left the table before the capture ended, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// They were over.
    pub over: u64,
    /// Nothing was seen of them for a day.
    pub idle: u64,
    /// There was no room for them.
    pub crowded: u64,
    /// Pairs of addresses that there was no room for.
    pub pairs: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    slot: u32,
}

/// Every connection of a capture, as many as fit.
#[derive(Debug)]
pub struct Connections {
    index: HashTable<Entry>,
    /// Those whose number is zero are free.
    slots: Slab<Connection>,
    free: Vec<u32>,
    /// How many there may be at the same time.
    most: usize,
    /// So many connections are let in before the table is swept again.
    swept_at: usize,
    begun: u64,
    left: Left,
    /// When the latest one was seen of those that there was no room for.
    crowded_out: Option<Instant>,
}

impl Connections {
    /// A table for so many connections at the same time.
    pub(super) fn new(most: usize) -> Self {
        Self {
            index: HashTable::new(),
            slots: Slab::new(),
            free: Vec::new(),
            most,
            swept_at: SWEPT_FIRST.min(most),
            begun: 0,
            left: Left::default(),
            crowded_out: None,
        }
    }

    fn lookup(&self, flow: &Flow) -> Option<u32> {
        let slot = |entry: &Entry| self.slots.get(entry.slot as usize);
        let is_it = |entry: &Entry| {
            entry.hash == flow.hash && slot(entry).is_some_and(|known| known.ends == flow.ends)
        };
        self.index.find(flow.hash, is_it).map(|entry| entry.slot)
    }

    /// Finds the connection of an undamaged packet, or begins one. What that ends is handed over.
    pub(super) fn enter(
        &mut self,
        packet: &Packet<'_>,
        flow: &Flow,
        hosts: impl FnOnce() -> [HostSlot; 2],
        mut over: impl FnMut(&Connection),
    ) -> Option<Slot> {
        let Flow { ends, side, hash } = *flow;
        let (number, at) = (packet.sighting.number, packet.sighting.at);
        let Some(index) = self.lookup(flow) else {
            let mut hosts = hosts();
            if side == 1 {
                hosts.reverse();
            }
            let reused = self.crowded_out.is_some_and(|latest| at.since(latest) <= QUIET);
            let index = self.place(Connection::new(number, ends, hosts, reused, at), hash)?;
            return Some(Slot { index, side });
        };
        let known = self.slots.get_mut(index as usize)?;
        let gone = has_left(known, at);
        if gone || begins_anew(known, side, packet) {
            let reused = at.since(known.latest) <= QUIET || known.may_live();
            let new = known.followed_by(number, reused, at);
            let known = std::mem::replace(known, new);
            self.left.count(&known, gone);
            self.begun += 1;
            over(&known);
        }
        Some(Slot { index, side })
    }

    /// Puts a new connection into the table.
    fn place(&mut self, new: Connection, hash: u64) -> Option<u32> {
        self.begun += 1;
        let slot = match self.free.pop() {
            Some(slot) => {
                *self.slots.get_mut(slot as usize)? = new;
                slot
            }
            None => {
                self.slots.push(new);
                u32::try_from(self.slots.len() - 1).ok()?
            }
        };
        self.index.insert_unique(hash, Entry { hash, slot }, |entry| entry.hash);
        Some(slot)
    }

    /// Makes room, if there is none. `steady` is a time that the clock of the capture has passed for good.
    pub(super) fn make_room(&mut self, steady: Instant, mut over: impl FnMut(&Connection)) {
        if self.index.len() < self.swept_at {
            return;
        }
        let with_margin = Instant::from_nanos(steady.as_nanos().saturating_sub(MARGIN.as_nanos()));
        self.let_go(&mut over, |known| has_left(known, with_margin), false);
        if self.index.len() >= self.most {
            self.thin_out(&mut over);
        }
        if self.index.len() > self.swept_at / 2 {
            self.swept_at = (self.swept_at * 2).min(self.most);
        }
    }

    /// Lets go of a quarter: those that are over, and then those that were quiet the longest.
    fn thin_out(&mut self, over: &mut impl FnMut(&Connection)) {
        let rank = |known: &Connection| (known.may_live(), known.latest, known.number);
        let mut order: Vec<_> = self.slots.iter().filter(|known| known.number != 0).map(rank).collect();
        let quarter = order.len() / 4;
        let (_, last, _) = order.select_nth_unstable(quarter);
        let last = *last;
        self.let_go(over, |known| rank(known) < last, true);
    }

    fn let_go(
        &mut self,
        over: &mut impl FnMut(&Connection),
        goes: impl Fn(&Connection) -> bool,
        crowded: bool,
    ) {
        let mut gone: Vec<(u64, u32)> = Vec::new();
        let (slots, left) = (&mut self.slots, &mut self.left);
        self.index.retain(|entry| {
            let Some(known) = slots.get(entry.slot as usize).filter(|known| goes(known)) else { return true };
            gone.push((known.number, entry.slot));
            false
        });
        // In the order of the capture, whatever the order of the index is.
        gone.sort_unstable();
        for (_, slot) in gone {
            let Some(known) = slots.get_mut(slot as usize) else { continue };
            if crowded {
                left.crowded += 1;
                self.crowded_out = self.crowded_out.max(Some(known.latest));
            } else {
                left.count(known, true);
            }
            over(known);
            known.number = 0;
            self.free.push(slot);
        }
    }

    /// Looks at what a packet will need, so that it is there when the packet is judged: many connections wait
    /// for memory at the same time instead of one after the other. What comes back means nothing.
    pub(super) fn warm(&self, flow: &Flow) -> u64 {
        let entry = self.index.find(flow.hash, |entry| entry.hash == flow.hash);
        let known = entry.and_then(|entry| self.slots.get(entry.slot as usize));
        known.map_or(0, Connection::warm)
    }

    /// Finds the connection of a packet.
    pub(super) fn find(&self, packet: &Packet<'_>, flow: &Flow) -> Option<Slot> {
        let index = self.lookup(flow)?;
        let known = self.slots.get(index as usize)?;
        (!has_left(known, packet.sighting.at)).then_some(Slot { index, side: flow.side })
    }

    /// What is in a slot.
    pub(super) fn place_of(&self, slot: Slot) -> Option<Place<'_>> {
        self.slots.get(slot.index as usize).map(|connection| Place { connection, side: slot.side })
    }

    /// Where the facts about its hosts are: about who sent, and about the other.
    pub(super) fn hosts(&self, slot: Slot) -> Option<[HostSlot; 2]> {
        let hosts = &self.slots.get(slot.index as usize)?.hosts;
        Some([hosts[slot.side], hosts[1 - slot.side]])
    }

    /// The parts of the handshake that a segment ends, for its sender and for its receiver.
    pub(super) fn answer(&self, slot: Slot, scene: &Scene<'_>) -> Option<(Answer, Answer)> {
        self.slots.get(slot.index as usize)?.answer(slot.side, scene.turn?)
    }

    /// The connection in a slot, to take note of a packet after the rules have seen it.
    pub(super) fn at(&mut self, slot: Slot) -> Option<&mut Connection> {
        self.slots.get_mut(slot.index as usize)
    }

    /// The end: every connection that is left is handed over, in no order that matters.
    pub(super) fn finish(&mut self, over: impl FnMut(&Connection)) {
        self.slots.iter().filter(|known| known.number != 0).for_each(over);
        self.slots.clear();
        self.index.clear();
    }

    /// Counts those of another table as well.
    pub(super) const fn count(&mut self, other: &Self) {
        self.begun += other.begun;
        self.left.over += other.left.over;
        self.left.idle += other.left.idle;
        self.left.crowded += other.left.crowded;
    }

    /// How many connections were seen, and how many of them left before the end.
    pub(super) const fn counts(&self) -> (u64, Left) {
        (self.begun, self.left)
    }
}

impl Left {
    fn count(&mut self, known: &Connection, gone: bool) {
        match (gone, known.may_live()) {
            (true, false) => self.over += 1,
            (true, true) => self.idle += 1,
            (false, _) => (),
        }
    }
}

/// Whether a connection has left by this time.
fn has_left(connection: &Connection, at: Instant) -> bool {
    let patience = if connection.may_live() { IDLE } else { QUIET };
    at.since(connection.latest) > patience
}

/// Whether a segment begins another connection: a SYN with a number that this side has not used, once
/// anything but unanswered SYNs has been seen, or an answer with such a number, once anything but answers
/// has; and either with a number that was used, once the connection may be over.
fn begins_anew(connection: &Connection, side: usize, packet: &Packet<'_>) -> bool {
    let Upper::Tcp(segment) = &packet.upper else { return false };
    let flags = segment.view.flags();
    if !flags.syn() || flags.rst() {
        return false;
    }
    let (own, peer) = (&connection.sides[side], &connection.sides[1 - side]);
    let isn = segment.view.seq();
    if own.openings.all().iter().any(|opening| opening.isn == isn) {
        // Who is reborn may begin with the number of before.
        return own.numbers.is_finished() || peer.numbers.is_finished();
    }
    if flags.ack() {
        // Several answers in a row may be cookies, each with a number of its own.
        return !own.openings.are_lost() && own.numbers.segments > own.openings.copies();
    }
    // A first SYN from this side after one of the other is a simultaneous open.
    own.numbers.segments > 0 || (peer.numbers.segments > 0 && peer.openings.all().is_empty())
}
