//! floor 4: whose is it: from an arriving packet to a socket (RFC 9293 section 3.10.7, RFC 1122 sections
//! 4.1.3.5 and 4.2.4.3).
//!
//! Sockets with a peer come first, then sockets bound to the very address, then wildcards; an IPv4 socket
//! comes before an IPv6 one that takes IPv4 too. Among equals the one bound last wins, or the conversation
//! chooses in a group that shares with `SO_REUSEPORT`. Merely bound streams are not in here, only listeners.
//! Sockets with a peer are found in constant time, by a hash that strangers can not foretell: nobody can make
//! many conversations meet in one place. Those without a peer are few, and their order means something.

use super::bind::Scope;
use super::call::Family;
use super::index::Index;
use super::name::FourTuple;
use super::slab::Slab;
use super::table::Slot;
use crate::base::siphash::Key;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

/// The place of a socket without a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Local port.
    pub port: u16,
    /// Local addresses.
    pub scope: Scope,
    family: Rank,
    order: u64,
}

/// Order of families where both could take a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    First,
    Second,
}

impl Rank {
    const fn of(family: Family) -> Self {
        match family {
            Family::V4 => Self::First,
            Family::V6 => Self::Second,
        }
    }
}

/// A socket that waits at a place.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    slot: Slot,
    reuse_port: bool,
}

/// The table of one protocol.
#[derive(Debug)]
pub struct Demux {
    key: Key,
    paired: Slab<(FourTuple, Slot)>,
    index: Index,
    /// The conversation that was found last: packets come in trains. Forgotten when the table changes.
    recent: Option<(FourTuple, Slot)>,
    waiting: BTreeMap<Place, Waiting>,
    order: u64,
}

impl Demux {
    /// An empty table whose hashes follow from `key`.
    pub fn new(key: Key) -> Self {
        Self {
            key,
            paired: Slab::new(),
            index: Index::default(),
            recent: None,
            waiting: BTreeMap::new(),
            order: 0,
        }
    }

    /// Enters a socket with a peer.
    pub fn pair(&mut self, tuple: FourTuple, slot: Slot) {
        self.recent = None;
        let hash = tuple.hash(&self.key);
        let entry = self.paired.insert((tuple, slot));
        self.index.insert(hash, entry.place());
    }

    /// Takes out a socket with a peer.
    pub fn part(&mut self, tuple: FourTuple, slot: Slot) {
        self.recent = None;
        let hash = tuple.hash(&self.key);
        let is_it = |place: &u32| *self.paired.at(*place).1 == (tuple, slot);
        let Some(place) = self.index.candidates(hash).find(is_it) else {
            unreachable!("only what was entered is taken out")
        };
        let (entry, _) = self.paired.at(place);
        self.index.remove(hash, place);
        self.paired.remove(entry);
    }

    /// Enters a socket without a peer, as the last bound of its equals.
    pub fn wait(&mut self, scope: Scope, port: u16, family: Family, reuse_port: bool, slot: Slot) -> Place {
        self.order += 1;
        let place = Place { port, scope, family: Rank::of(family), order: self.order };
        self.waiting.insert(place, Waiting { slot, reuse_port });
        place
    }

    /// Takes out a socket without a peer.
    pub fn leave(&mut self, place: &Place) {
        let was_there = self.waiting.remove(place);
        assert!(was_there.is_some(), "only what was entered is taken out");
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
                let slot = self.paired(tuple)?;
                self.recent = Some((*tuple, slot));
                Some(slot)
            }
        }
    }

    fn all_paired(&self, tuple: &FourTuple) -> impl Iterator<Item = Slot> {
        let entries = self.index.candidates(tuple.hash(&self.key)).map(|place| self.paired.at(place).1);
        entries.filter(move |(other, _)| other == tuple).map(|(_, slot)| *slot)
    }

    /// The socket without a peer that takes what arrives on this tuple.
    pub fn waiting_for(&self, tuple: &FourTuple) -> Option<Slot> {
        levels(tuple.local.addr).iter().find_map(|level| self.choose(level, tuple))
    }

    fn choose(&self, level: &Level, tuple: &FourTuple) -> Option<Slot> {
        let members =
            || level.iter().flatten().flat_map(|(scope, rank)| self.at(tuple.local.port, *scope, *rank));
        let (_, last) = members().max_by_key(|(order, _)| *order)?;
        if !last.reuse_port {
            return Some(last.slot);
        }
        let group = || members().map(|(_, member)| member).filter(|member| member.reuse_port);
        let size = group().count() as u64;
        let index = tuple.spread().checked_rem(size).and_then(|index| usize::try_from(index).ok())?;
        group().nth(index).map(|member| member.slot)
    }

    fn at(&self, port: u16, scope: Scope, family: Rank) -> impl Iterator<Item = (u64, &Waiting)> {
        let place = |order| Place { port, scope, family, order };
        self.waiting.range(place(0)..=place(u64::MAX)).map(|(place, waiting)| (place.order, waiting))
    }

    /// Every socket that gets a copy of what arrives for a group or for everybody (RFC 1122 section
    /// 3.3.6): those with this peer, those bound to the group address, the wildcards. In order of entry in
    /// the table.
    pub fn all_for(&self, tuple: &FourTuple) -> impl Iterator<Item = Slot> {
        let waiting = levels(tuple.local.addr)
            .into_iter()
            .flatten()
            .flatten()
            .flat_map(|(scope, rank)| self.at(tuple.local.port, scope, rank))
            .map(|(_, member)| member.slot);
        let mut paired: Vec<Slot> = self.all_paired(tuple).collect();
        paired.sort_unstable();
        paired.into_iter().chain(waiting)
    }

    /// How many sockets are entered.
    pub fn count(&self) -> usize {
        self.paired.len() + self.waiting.len()
    }
}

/// Scopes that are equals for a packet.
type Level = [Option<(Scope, Rank)>; 2];

/// The scopes that take packets to `addr`, best level first.
const fn levels(addr: IpAddr) -> [Level; 4] {
    const NOBODY: Level = [None; 2];
    match addr {
        IpAddr::V4(addr) => [
            [Some((Scope::V4(addr), Rank::First)), None],
            [Some((Scope::V4(addr), Rank::Second)), None],
            [Some((Scope::AnyV4, Rank::First)), None],
            [Some((Scope::AnyV4, Rank::Second)), Some((Scope::AnyDual, Rank::Second))],
        ],
        IpAddr::V6(addr) => [
            [Some((Scope::V6(addr), Rank::Second)), None],
            [Some((Scope::AnyV6, Rank::Second)), Some((Scope::AnyDual, Rank::Second))],
            NOBODY,
            NOBODY,
        ],
    }
}

#[cfg(test)]
#[path = "demux_tests.rs"]
mod tests;
