//! floor 4: sockets without a peer: who takes what arrives for a port (RFC 9293 section 3.9.1.1, RFC 1122
//! section 4.1.3.5; the order is that of Linux).
//!
//! Those bound to the very address come before wildcards, whatever else they are. Within such a level a
//! socket tied to the device and an IPv4 socket weigh more. They are asked in order, the one bound last
//! first, except for sharing IPv6 sockets, which stand behind all others in order of binding: the first of
//! the heaviest wins, but a group that shares its port with `SO_REUSEPORT` ends the search as soon as it
//! weighs more than all before it, and the conversation chooses its member. That is how Linux was measured to
//! do it.
//!
//! Sockets that are equal in all of this stand in one queue, and queues are found by port and address: the
//! millionth socket costs what the first one did, of one port or of many. Only local applications make
//! entries here, and only so many queues stand at one place as there are users, devices and families.

use super::bind::Scope;
use super::call::{Device, Family, User};
use super::index::Index;
use super::name::FourTuple;
use super::slab::{Slab, Slot};
use crate::base::siphash::Key;
use alloc::vec::Vec;
use core::hash::{BuildHasher, Hasher};
use core::net::{IpAddr, Ipv6Addr};

/// What a socket without a peer waits for, and with whom it shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// Local port.
    pub port: u16,
    /// Local addresses.
    pub scope: Scope,
    /// Its family.
    pub family: Family,
    /// The only device that it hears.
    pub device: Option<Device>,
    /// With `SO_REUSEPORT`, whose sockets share.
    pub sharer: Option<User>,
    /// The only address of IPv6 that it hears there: that of the peer it had, an IPv4-mapped one if the peer
    /// was one of IPv4.
    pub former: Option<Ipv6Addr>,
}

impl Stand {
    /// Whether what arrives from `src` for `dst` on `device` can be for this socket, as far as all are right.
    fn takes(&self, src: IpAddr, dst: IpAddr, device: Device) -> bool {
        let heard = dst.is_ipv4() || self.former.is_none_or(|former| src == former);
        let family = match self.scope {
            Scope::AnyV4 | Scope::V4(_) => dst.is_ipv4(),
            Scope::AnyV6 | Scope::V6(_) => dst.is_ipv6(),
            Scope::AnyDual => true,
        };
        heard && family && self.device.is_none_or(|own| own == device)
    }

    /// The one address that it stands for.
    const fn addr(&self) -> Option<IpAddr> {
        match self.scope {
            Scope::AnyV4 | Scope::AnyV6 | Scope::AnyDual => None,
            Scope::V4(addr) => Some(IpAddr::V4(addr)),
            Scope::V6(addr) => Some(IpAddr::V6(addr)),
        }
    }
}

/// What the traits of sockets weigh against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// Among listeners: the device as much as the family.
    Streams,
    /// Among datagram sockets: the device more than the family.
    Datagrams,
}

impl Weights {
    fn of(self, stand: &Stand, dst: IpAddr) -> u8 {
        let former = u8::from(stand.former.is_some() && dst.is_ipv6());
        let device = u8::from(stand.device.is_some());
        let family = u8::from(stand.family == Family::V4);
        match self {
            Self::Streams => 1 + device + family,
            Self::Datagrams => 1 + 4 * (device + former) + family,
        }
    }
}

/// The place of a socket in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(Slot);

/// No place.
const NONE: u32 = u32::MAX;

/// A socket that waits.
#[derive(Debug)]
struct Member {
    slot: Slot,
    /// Its queue.
    queue: u32,
    /// Its rank among all: the highest is asked first.
    rank: i64,
    /// The ones asked before and after it in its queue.
    before: u32,
    after: u32,
    /// Where it stands among those that share.
    at: u32,
}

/// Sockets that are equal, in the order in which they are asked.
#[derive(Debug)]
struct Queue {
    stand: Stand,
    first: u32,
    last: u32,
    /// Those that share, in no order that means something.
    sharing: Vec<u32>,
}

/// All sockets without a peer of one protocol.
#[derive(Debug)]
pub(super) struct Waiting {
    key: Key,
    weights: Weights,
    queues: Slab<Queue>,
    index: Index,
    members: Slab<Member>,
    /// How often somebody came to the front, and to the back.
    fronts: i64,
    backs: i64,
}

impl Waiting {
    /// Nobody.
    pub(super) fn new(key: Key, weights: Weights) -> Self {
        Self {
            key,
            weights,
            queues: Slab::new(),
            index: Index::default(),
            members: Slab::new(),
            fronts: 0,
            backs: 0,
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    fn hash(&self, port: u16, addr: Option<IpAddr>) -> u64 {
        let mut state = self.key.build_hasher();
        state.write_u32(port.into());
        match addr {
            None => {}
            Some(IpAddr::V4(addr)) => state.write_u32(addr.into()),
            Some(IpAddr::V6(addr)) => state.write(&addr.octets()),
        }
        state.finish()
    }

    /// The queues for one address of a port, or for all addresses.
    fn queues_at(&self, port: u16, addr: Option<IpAddr>) -> impl Iterator<Item = (u32, &Queue)> {
        let places = self.index.candidates(self.hash(port, addr));
        let queues = places.map(|place| (place, self.queues.at(place).1));
        queues.filter(move |(_, queue)| queue.stand.port == port && queue.stand.addr() == addr)
    }

    /// Enters a socket.
    pub(super) fn enter(&mut self, stand: Stand, slot: Slot) -> Place {
        let known = self.queues_at(stand.port, stand.addr()).find(|(_, queue)| queue.stand == stand);
        let queue = known.map(|(place, _)| place).unwrap_or_else(|| self.open(stand));
        let to_back = stand.family == Family::V6 && stand.sharer.is_some();
        let rank = if to_back {
            self.backs += 1;
            -self.backs
        } else {
            self.fronts += 1;
            self.fronts
        };
        let member = Member { slot, queue, rank, before: NONE, after: NONE, at: NONE };
        let entry = self.members.insert(member);
        self.link(queue, entry.place(), to_back);
        Place(entry)
    }

    fn open(&mut self, stand: Stand) -> u32 {
        let hash = self.hash(stand.port, stand.addr());
        let place = self.queues.insert(Queue { stand, first: NONE, last: NONE, sharing: Vec::new() }).place();
        self.index.insert(hash, place);
        place
    }

    fn member(&mut self, place: u32) -> &mut Member {
        let (slot, _) = self.members.at(place);
        let Some(member) = self.members.get_mut(slot) else { unreachable!("nobody waits at {place}") };
        member
    }

    fn queue(&mut self, place: u32) -> &mut Queue {
        let (slot, _) = self.queues.at(place);
        let Some(queue) = self.queues.get_mut(slot) else { unreachable!("there is no queue at {place}") };
        queue
    }

    fn link(&mut self, queue: u32, place: u32, to_back: bool) {
        let its = self.queue(queue);
        let (first, last) = (its.first, its.last);
        if its.stand.sharer.is_some() {
            let at = u32::try_from(its.sharing.len()).unwrap_or(NONE);
            its.sharing.push(place);
            self.member(place).at = at;
        }
        let (before, after) = if to_back { (last, NONE) } else { (NONE, first) };
        self.join(queue, before, place);
        self.join(queue, place, after);
    }

    /// Makes two members neighbours; without the one the other is at the end of the queue.
    fn join(&mut self, queue: u32, before: u32, after: u32) {
        match before {
            NONE => self.queue(queue).first = after,
            before => self.member(before).after = after,
        }
        match after {
            NONE => self.queue(queue).last = before,
            after => self.member(after).before = before,
        }
    }

    /// Takes a socket out.
    pub(super) fn leave(&mut self, place: &Place) {
        let Some(gone) = self.members.remove(place.0) else { unreachable!("only who was entered leaves") };
        self.join(gone.queue, gone.before, gone.after);
        let queue = self.queue(gone.queue);
        if queue.stand.sharer.is_some() {
            queue.sharing.swap_remove(gone.at as usize);
            if let Some(moved) = queue.sharing.get(gone.at as usize).copied() {
                self.member(moved).at = gone.at;
            }
        }
        let (slot, queue) = self.queues.at(gone.queue);
        if queue.first == NONE {
            let hash = self.hash(queue.stand.port, queue.stand.addr());
            self.index.remove(hash, gone.queue);
            self.queues.remove(slot);
        }
    }

    /// The socket that takes what arrives on `device` for a conversation that none has.
    pub(super) fn taker(&self, tuple: &FourTuple, device: Device) -> Option<Slot> {
        let level = |addr| self.taker_at(addr, tuple, device);
        level(Some(tuple.local.addr)).or_else(|| level(None))
    }

    fn taker_at(&self, addr: Option<IpAddr>, tuple: &FourTuple, device: Device) -> Option<Slot> {
        let ranked = || {
            let queues = self.queues_at(tuple.local.port, addr).map(|(_, queue)| queue);
            queues
                .filter(|queue| queue.stand.takes(tuple.remote.addr, tuple.local.addr, device))
                .map(|queue| (self.members.at(queue.first).1.rank, queue))
        };
        let (mut heaviest, mut best) = (0, None);
        let mut below = i64::MAX;
        while let Some((rank, queue)) = ranked().filter(|(rank, _)| *rank < below).max_by_key(|known| known.0)
        {
            below = rank;
            let weight = self.weights.of(&queue.stand, tuple.local.addr);
            if weight > heaviest {
                (heaviest, best) = (weight, Some(queue));
                if queue.stand.sharer.is_some() {
                    break;
                }
            }
        }
        best.map(|queue| self.members.at(queue.of(tuple)).1.slot)
    }

    /// Everybody who waits for the address of a group or of all on `device`, and everybody who waits for any
    /// address.
    pub(super) fn all(&self, tuple: &FourTuple, device: Device) -> impl Iterator<Item = Slot> {
        let (port, src, dst) = (tuple.local.port, tuple.remote.addr, tuple.local.addr);
        let levels = [Some(dst), None].into_iter();
        let queues = levels.flat_map(move |addr| self.queues_at(port, addr)).map(|(_, queue)| queue);
        queues.filter(move |queue| queue.stand.takes(src, dst, device)).flat_map(move |queue| {
            let mut next = queue.first;
            core::iter::from_fn(move || {
                let here = (next != NONE).then_some(next)?;
                let member = self.members.at(here).1;
                next = member.after;
                Some(member.slot)
            })
        })
    }

    /// Asserts that all queues hold together. Takes a time in proportion to their length.
    pub(super) fn check(&self) {
        let mut seen = 0;
        for (slot, queue) in self.queues.iter() {
            let (mut before, mut next, mut rank) = (NONE, queue.first, i64::MAX);
            assert_ne!(next, NONE, "an empty queue is gone");
            while next != NONE {
                let member = self.members.at(next).1;
                assert_eq!(
                    (member.queue, member.before),
                    (slot.place(), before),
                    "neighbours know each other"
                );
                assert!(member.rank < rank, "a queue is in order");
                if queue.stand.sharer.is_some() {
                    assert_eq!(queue.sharing.get(member.at as usize), Some(&next), "who shares is found");
                }
                (before, next, rank) = (next, member.after, member.rank);
                seen += 1;
            }
            assert_eq!(queue.last, before, "a queue ends where it says");
        }
        assert_eq!(seen, self.members.len(), "everybody stands in a queue");
        assert_eq!(self.index.len(), self.queues.len(), "every queue is found");
    }
}

impl Queue {
    /// Who is asked first, or the member that the conversation chooses.
    fn of(&self, tuple: &FourTuple) -> u32 {
        let chosen = || {
            let size = u64::try_from(self.sharing.len()).ok()?;
            let at = usize::try_from(tuple.spread().checked_rem(size)?).ok()?;
            self.sharing.get(at).copied()
        };
        chosen().unwrap_or(self.first)
    }
}
