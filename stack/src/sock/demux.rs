//! floor 4: whose is it: from an arriving packet to a socket (RFC 9293 section 3.10.7, RFC 1122 sections
//! 4.1.3.5 and 4.2.4.3).
//!
//! Sockets with a peer come first, then those without one as `waiting` has them. Merely bound streams are not
//! in here, only listeners. All are found in a time that does not grow with their number, by a hash that
//! strangers can not foretell: nobody can make many conversations meet in one place.

use super::call::Device;
use super::index::Index;
use super::name::FourTuple;
use super::route::device_of;
use super::slab::Slab;
use super::table::Slot;
use super::waiting::Waiting;
pub use super::waiting::{Place, Stand, Weights};
use crate::base::siphash::Key;

/// As much of the hash of a socket with a peer as the index knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(u32);

/// The table of one protocol.
#[derive(Debug)]
pub struct Demux {
    key: Key,
    paired: Slab<(FourTuple, Slot)>,
    index: Index,
    /// The conversation that was found or entered last: packets come in trains. Forgotten when it is taken
    /// out.
    recent: Option<(FourTuple, Slot)>,
    /// The conversation that nobody had when it was last looked for, and its hash: it may be entered next.
    missed: Option<(FourTuple, u64)>,
    waiting: Waiting,
    /// How many peers have no port.
    without_port: usize,
}

impl Demux {
    /// An empty table whose hashes follow from `key`.
    pub fn new(key: Key, weights: Weights) -> Self {
        Self {
            key,
            paired: Slab::new(),
            index: Index::default(),
            recent: None,
            missed: None,
            waiting: Waiting::new(key, weights),
            without_port: 0,
        }
    }

    /// Enters a socket with a peer. What is returned finds it sooner when it is to be taken out.
    pub fn pair(&mut self, tuple: FourTuple, slot: Slot) -> Tag {
        // Whoever is looked for next is likely to be the one that is entered now.
        let (hash, recent) = match self.missed {
            Some((known, hash)) if known == tuple => (hash, Some((tuple, slot))),
            Some(_) | None => (tuple.hash(&self.key), None),
        };
        (self.recent, self.missed) = (recent, None);
        self.without_port += usize::from(tuple.remote.port == 0);
        let entry = self.paired.insert((tuple, slot));
        self.index.insert(hash, entry.place());
        Tag(hash as u32)
    }

    /// Takes out a socket with a peer.
    pub fn part(&mut self, tuple: &FourTuple, slot: Slot) {
        self.part_tagged(tuple, slot, Tag(tuple.hash(&self.key) as u32));
    }

    /// As [`Demux::part`] with what [`Demux::pair`] returned.
    pub fn part_tagged(&mut self, tuple: &FourTuple, slot: Slot, Tag(tag): Tag) {
        self.recent = None;
        self.without_port -= usize::from(tuple.remote.port == 0);
        let is_it = |place: &u32| *self.paired.at(*place).1 == (*tuple, slot);
        let Some(place) = self.index.candidates(tag.into()).find(is_it) else {
            unreachable!("only what was entered is taken out")
        };
        let (entry, _) = self.paired.at(place);
        self.index.remove(tag.into(), place);
        self.paired.remove(entry);
    }

    /// Enters a socket without a peer, as the last bound of its equals.
    pub fn wait(&mut self, stand: Stand, slot: Slot) -> Place {
        self.waiting.enter(stand, slot)
    }

    /// Takes out a socket without a peer.
    pub fn leave(&mut self, place: &Place) {
        self.waiting.leave(place);
    }

    /// The socket that has this very peer; of several the one made last.
    pub fn paired(&self, tuple: &FourTuple) -> Option<Slot> {
        self.all_paired(tuple).max()
    }

    /// As [`Demux::paired`], for what arrives: at once if it is of the same conversation as before.
    pub fn receiver(&mut self, tuple: &FourTuple) -> Option<Slot> {
        match self.recent {
            Some((known, slot)) if known == *tuple => Some(slot),
            Some(_) | None => {
                let hash = tuple.hash(&self.key);
                let slot = self.pairs(hash, tuple).map(|(_, slot)| slot).max();
                match slot {
                    Some(slot) => self.recent = Some((*tuple, slot)),
                    None => self.missed = Some((*tuple, hash)),
                }
                slot
            }
        }
    }

    fn all_paired(&self, tuple: &FourTuple) -> impl Iterator<Item = Slot> {
        self.pairs(tuple.hash(&self.key), tuple).map(|(_, slot)| slot)
    }

    /// The sockets that have this very peer, and when they got it: later is greater.
    fn pairs(&self, hash: u64, tuple: &FourTuple) -> impl Iterator<Item = (Slot, Slot)> {
        let entries = self.index.candidates(hash).map(|place| self.paired.at(place));
        entries.filter(move |(_, (other, _))| other == tuple).map(|(made, (_, slot))| (made, *slot))
    }

    /// The socket that got this very peer last, of those that `suit`.
    pub fn paired_last(&self, tuple: &FourTuple, suit: impl Fn(Slot) -> bool) -> Option<Slot> {
        self.pairs(tuple.hash(&self.key), tuple).filter(|(_, slot)| suit(*slot)).max().map(|(_, slot)| slot)
    }

    /// Whether somebody has a peer that is an address without a port.
    pub const fn has_peers_without_port(&self) -> bool {
        self.without_port > 0
    }

    /// The socket without a peer that takes what arrives on this tuple, on the device that has the local
    /// address.
    pub fn waiting_for(&self, tuple: &FourTuple) -> Option<Slot> {
        self.waiting_on(tuple, device_of(tuple.local.addr))
    }

    /// The socket without a peer that takes what arrives on this tuple and `device`.
    pub fn waiting_on(&self, tuple: &FourTuple, device: Device) -> Option<Slot> {
        self.waiting.taker(tuple, device)
    }

    /// Every socket that may get a copy of what arrives on `device` for a group or for everybody (RFC 1122
    /// section 3.3.6): those with this peer, whatever their device, those bound to the group address, the
    /// wildcards.
    pub fn all_for(&self, tuple: &FourTuple, device: Device) -> impl Iterator<Item = Slot> {
        self.all_paired(tuple).chain(self.waiting.all(tuple, device))
    }

    /// How many sockets are entered.
    pub fn count(&self) -> usize {
        self.paired.len() + self.waiting.len()
    }

    /// Asserts that those without a peer are in order.
    pub fn check(&self) {
        self.waiting.check();
    }
}

#[cfg(test)]
#[path = "demux_tests.rs"]
mod tests;
