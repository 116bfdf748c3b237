//! floor 4: the claims to ports by the addresses that they are for (RFC 9293 section 3.9.1.1).
//!
//! Whoever holds one address is found under it and among all who do, so that a wildcard need not ask them one
//! by one. Claims that differ in nothing but their order are of one class: ten thousand connections of one
//! server are one entry. Classes are found by port and shelf: another address of the same port, the
//! thousandth, costs what the first one did. Ports and own addresses are chosen by applications here, so that
//! the hash needs no secret.

use super::bind::{Scope, Terms};
use super::call::Kind;
use super::index::Index;
use super::slab::Slab;
use crate::base::Port;
use alloc::collections::BTreeMap;
use core::net::IpAddr;

/// Where the claims of one port stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shelf {
    /// Those for exactly this.
    Every(Scope),
    /// Those for one address of IPv4, whichever.
    SomeV4,
    /// Those for one address of IPv6, whichever.
    SomeV6,
}

impl Shelf {
    /// The shelves on which a claim to `scope` stands.
    pub(super) const fn all_of(scope: Scope) -> [Option<Self>; 2] {
        let among = match scope {
            Scope::V4(_) => Some(Self::SomeV4),
            Scope::V6(_) => Some(Self::SomeV6),
            Scope::AnyV4 | Scope::AnyV6 | Scope::AnyDual => None,
        };
        [Some(Self::Every(scope)), among]
    }

    /// Where everything stands that overlaps `scope`.
    pub(super) const fn meeting(scope: Scope) -> [Option<Self>; 5] {
        const V4: Option<Shelf> = Some(Shelf::Every(Scope::AnyV4));
        const V6: Option<Shelf> = Some(Shelf::Every(Scope::AnyV6));
        const DUAL: Option<Shelf> = Some(Shelf::Every(Scope::AnyDual));
        match scope {
            Scope::AnyV4 => [V4, DUAL, Some(Self::SomeV4), None, None],
            Scope::AnyV6 => [V6, DUAL, Some(Self::SomeV6), None, None],
            Scope::AnyDual => [V4, V6, DUAL, Some(Self::SomeV4), Some(Self::SomeV6)],
            Scope::V4(_) => [V4, DUAL, Some(Self::Every(scope)), None, None],
            Scope::V6(_) => [V6, DUAL, Some(Self::Every(scope)), None, None],
        }
    }

    /// A number for each shelf, and with luck for no other.
    const fn number(self) -> u64 {
        match self {
            Self::Every(Scope::AnyV4) => 1,
            Self::Every(Scope::AnyV6) => 2,
            Self::Every(Scope::AnyDual) => 3,
            Self::SomeV4 => 4,
            Self::SomeV6 => 5,
            Self::Every(scope @ (Scope::V4(_) | Scope::V6(_))) => match scope.addr() {
                IpAddr::V4(addr) => 1 << 32 | addr.to_bits() as u64,
                IpAddr::V6(addr) => {
                    let bits = addr.to_bits();
                    (bits >> 64) as u64 ^ (bits as u64).rotate_left(7)
                }
            },
        }
    }
}

/// One shelf of one port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) kind: Kind,
    pub(super) port: Port,
    pub(super) shelf: Shelf,
}

impl Spot {
    /// Spread over all bits by two rounds of a multiplication.
    const fn hash(self) -> u64 {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let kind = match self.kind {
            Kind::Stream => 0,
            Kind::Datagram => 1 << 16,
        };
        let first = self.shelf.number().wrapping_mul(ODD);
        let mixed = (first ^ first >> 32 ^ kind ^ self.port.number() as u64).wrapping_mul(ODD);
        mixed ^ mixed >> 32
    }
}

/// Claims that differ in their order alone.
#[derive(Debug)]
struct Class {
    spot: Spot,
    terms: Terms,
    count: u32,
    /// How many stand at each place of the list of Linux. Streams stand in none: their order is 0.
    orders: BTreeMap<i32, u32>,
}

/// All claims to all ports.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    classes: Slab<Class>,
    index: Index,
}

impl Shelves {
    /// The place of a class.
    fn place(&self, spot: Spot, terms: &Terms) -> Option<u32> {
        let is_it = |place: &u32| {
            let class = self.classes.at(*place).1;
            class.spot == spot && class.terms == *terms
        };
        self.index.candidates(spot.hash()).find(is_it)
    }

    fn class(&mut self, place: u32) -> &mut Class {
        let (slot, _) = self.classes.at(place);
        let Some(class) = self.classes.get_mut(slot) else { unreachable!("there is no class at {place}") };
        class
    }

    /// Adds a claim.
    pub(super) fn enter(&mut self, spot: Spot, terms: Terms, order: i32) {
        let known = self.place(spot, &terms);
        let place = known.unwrap_or_else(|| {
            let class = Class { spot, terms, count: 0, orders: BTreeMap::new() };
            let place = self.classes.insert(class).place();
            self.index.insert(spot.hash(), place);
            place
        });
        let class = self.class(place);
        class.count += 1;
        if order != 0 {
            *class.orders.entry(order).or_default() += 1;
        }
    }

    /// Takes out a claim.
    pub(super) fn strike(&mut self, spot: Spot, terms: &Terms, order: i32) {
        let Some(place) = self.place(spot, terms) else {
            unreachable!("nobody holds {} like that", spot.port)
        };
        let class = self.class(place);
        class.count -= 1;
        if let Some(count) = class.orders.get_mut(&order) {
            *count -= 1;
            if *count == 0 {
                class.orders.remove(&order);
            }
        }
        if class.count == 0 {
            self.index.remove(spot.hash(), place);
            let (slot, _) = self.classes.at(place);
            self.classes.remove(slot);
        }
    }

    /// The classes on a shelf, in no order that means something, each with the place of its first in the list
    /// that Linux keeps.
    pub(super) fn at(&self, spot: Spot) -> impl Iterator<Item = (Terms, i32)> {
        let classes = self.index.candidates(spot.hash()).map(|place| self.classes.at(place).1);
        classes
            .filter(move |class| class.spot == spot)
            .map(|class| (class.terms, class.orders.last_key_value().map_or(0, |(order, _)| *order)))
    }

    /// How many claims there are, each counted on the shelf of its own scope. Takes a time in proportion to
    /// the number of classes.
    pub(super) fn count(&self) -> usize {
        let own = self.classes.iter().filter(|(_, class)| matches!(class.spot.shelf, Shelf::Every(_)));
        own.map(|(_, class)| class.count as usize).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Port;
    use alloc::vec::Vec;
    use core::net::{Ipv4Addr, Ipv6Addr};
    use quickcheck::quickcheck;

    quickcheck! {
        /// As a plain list has it.
        fn what_stands_on_a_shelf_is_found(steps: Vec<(u8, Terms, i8)>, asked: u8) -> bool {
            let spot = |choice: u8| Spot {
                kind: if choice & 1 == 0 { Kind::Stream } else { Kind::Datagram },
                port: Port::new(u16::from(choice >> 1 & 1) + 80).unwrap(),
                shelf: match choice >> 2 & 7 {
                    0 => Shelf::SomeV4,
                    1 => Shelf::SomeV6,
                    2 => Shelf::Every(Scope::AnyDual),
                    3 => Shelf::Every(Scope::V6(Ipv6Addr::LOCALHOST)),
                    last => Shelf::Every(Scope::V4(Ipv4Addr::new(127, 0, 0, last))),
                },
            };
            let (mut shelves, mut model) = (Shelves::default(), Vec::new());
            for (choice, terms, order) in steps {
                let (spot, order) = (spot(choice), i32::from(order % 4));
                match model.iter().position(|known| *known == (spot, terms, order)) {
                    Some(at) if choice > 127 => {
                        model.swap_remove(at);
                        shelves.strike(spot, &terms, order);
                    }
                    Some(_) | None => {
                        model.push((spot, terms, order));
                        shelves.enter(spot, terms, order);
                    }
                }
            }
            let asked = spot(asked);
            let mut expected: BTreeMap<Terms, Option<i32>> = BTreeMap::new();
            for (_, terms, order) in model.iter().filter(|(spot, ..)| *spot == asked) {
                let first = expected.entry(*terms).or_default();
                *first = (*first).max(Some(*order).filter(|order| *order != 0));
            }
            let found: BTreeMap<Terms, i32> = shelves.at(asked).collect();
            let expected: BTreeMap<Terms, i32> =
                expected.into_iter().map(|(terms, first)| (terms, first.unwrap_or(0))).collect();
            found == expected && shelves.at(asked).count() == found.len()
        }
    }

    #[test]
    fn nobody_leaves_anything_behind() {
        let mut shelves = Shelves::default();
        let spot = Spot { kind: Kind::Datagram, port: Port::new(53).unwrap(), shelf: Shelf::SomeV4 };
        let terms = Terms::PLAIN;
        for order in 1..=3 {
            shelves.enter(spot, terms, order);
        }
        assert_eq!((shelves.classes.len(), shelves.at(spot).next()), (1, Some((terms, 3))));
        for (order, first) in [(3, 2), (1, 2)] {
            shelves.strike(spot, &terms, order);
            assert_eq!(shelves.at(spot).next(), Some((terms, first)));
        }
        shelves.strike(spot, &terms, 2);
        assert_eq!((shelves.classes.len(), shelves.index.len(), shelves.at(spot).next()), (0, 0, None));
    }
}
