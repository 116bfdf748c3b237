//! floor 4: where sockets are kept: a place for each, found in constant time (the table of RFC 9293 section
//! 3.3.1 as memory).
//!
//! Places are used again, slots are not: a slot also says the how-manieth thing it stands for. Memory grows
//! piece by piece, so that nothing is ever moved: the millionth socket costs what the first one did.

use alloc::vec::Vec;
use core::num::NonZeroU64;

/// What a table's entry is called inside; never used twice. Slots are in order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    made: NonZeroU64,
    place: u32,
}

impl Slot {
    /// An index that no other entry of the same table has at the same time, and as low as can be.
    pub(super) const fn place(self) -> u32 {
        self.place
    }

    const fn piece(self) -> (usize, usize) {
        (self.place as usize / PIECE, self.place as usize % PIECE)
    }

    /// A slot for tests of other tables.
    #[cfg(test)]
    pub(super) fn of_test(number: u64) -> Self {
        Self {
            made: NonZeroU64::MIN.saturating_add(number),
            place: u32::try_from(number).unwrap_or(u32::MAX),
        }
    }
}

/// Entries of one piece of memory.
const PIECE: usize = 256;

#[derive(Debug)]
struct Entry<T> {
    made: NonZeroU64,
    value: T,
}

/// Things by their slots.
#[derive(Debug)]
pub(super) struct Slab<T> {
    pieces: Vec<Vec<Option<Entry<T>>>>,
    vacant: Vec<u32>,
    /// What the next thing is made as: a slot is never zero, so that the lack of one takes no room of its
    /// own.
    next: NonZeroU64,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Self { pieces: Vec::new(), vacant: Vec::new(), next: NonZeroU64::MIN }
    }

    /// How many places there are, vacant ones among them.
    fn places(&self) -> usize {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * PIECE + last.len())
    }

    /// How many things there are.
    pub(super) fn len(&self) -> usize {
        self.places() - self.vacant.len()
    }

    /// Puts something in.
    pub(super) fn insert(&mut self, value: T) -> Slot {
        let made = self.next;
        self.next = made.saturating_add(1);
        let entry = Entry { made, value };
        let place = match self.vacant.pop() {
            Some(place) => {
                let (piece, inside) = Slot { made, place }.piece();
                self.pieces[piece][inside] = Some(entry);
                place
            }
            None => self.push(entry),
        };
        Slot { made, place }
    }

    fn push(&mut self, entry: Entry<T>) -> u32 {
        let Ok(place) = u32::try_from(self.places()) else { unreachable!("memory ends before places do") };
        if self.pieces.last().is_none_or(|last| last.len() == PIECE) {
            // The first piece grows with what it holds: most hosts are small.
            let room = if self.pieces.is_empty() { 0 } else { PIECE };
            self.pieces.push(Vec::with_capacity(room));
        }
        if let Some(last) = self.pieces.last_mut() {
            last.push(Some(entry));
        }
        place
    }

    fn entry(&self, slot: Slot) -> Option<&Entry<T>> {
        let (piece, inside) = slot.piece();
        let entry = self.pieces.get(piece)?.get(inside)?.as_ref();
        entry.filter(|entry| entry.made == slot.made)
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&T> {
        self.entry(slot).map(|entry| &entry.value)
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        let (piece, inside) = slot.piece();
        let entry = self.pieces.get_mut(piece)?.get_mut(inside)?.as_mut();
        entry.filter(|entry| entry.made == slot.made).map(|entry| &mut entry.value)
    }

    /// What stands at a place that is known to be taken.
    pub(super) fn at(&self, place: u32) -> (Slot, &T) {
        match &self.pieces[place as usize / PIECE][place as usize % PIECE] {
            Some(entry) => (Slot { made: entry.made, place }, &entry.value),
            None => unreachable!("place {place} is vacant"),
        }
    }

    /// Takes something out.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<T> {
        self.entry(slot)?;
        let (piece, inside) = slot.piece();
        let taken = self.pieces[piece][inside].take();
        self.vacant.push(slot.place);
        taken.map(|entry| entry.value)
    }

    /// Everything, in no order that means something.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Slot, &T)> {
        let places = self.pieces.iter().flatten().zip(0_u32..);
        places.filter_map(|(entry, place)| {
            let Entry { made, value } = entry.as_ref()?;
            Some((Slot { made: *made, place }, value))
        })
    }

    /// Everything, in order of creation.
    pub(super) fn in_order(&self) -> Vec<(Slot, &T)> {
        let mut all: Vec<_> = self.iter().collect();
        all.sort_unstable_by_key(|(slot, _)| *slot);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use quickcheck::quickcheck;

    quickcheck! {
        fn it_is_a_map_whose_keys_are_made_by_it(steps: Vec<(bool, u16)>) -> bool {
            let (mut slab, mut model, mut gone) = (Slab::new(), BTreeMap::new(), Vec::new());
            for (index, (removes, which)) in steps.into_iter().enumerate() {
                let nth = usize::from(which) % model.len().max(1);
                match model.keys().nth(nth).copied().filter(|_| removes) {
                    Some(slot) => {
                        assert_eq!(slab.remove(slot), model.remove(&slot));
                        gone.push(slot);
                    }
                    None => drop(model.insert(slab.insert(index), index)),
                }
            }
            let in_order: Vec<_> = slab.in_order().into_iter().map(|(slot, value)| (slot, *value)).collect();
            slab.len() == model.len()
                && gone.iter().all(|slot| slab.get(*slot).is_none())
                && model.iter().all(|(slot, value)| slab.get(*slot) == Some(value))
                && in_order == model.into_iter().collect::<Vec<_>>()
        }
    }

    #[test]
    fn places_are_used_again_and_slots_are_not() {
        let mut slab = Slab::new();
        let slots: Vec<_> = (0..PIECE + 1).map(|value| slab.insert(value)).collect();
        assert_eq!(slab.remove(slots[3]), Some(3));
        assert_eq!(slab.remove(slots[3]), None);
        let again = slab.insert(7);
        assert!(again.place() == slots[3].place() && again > slots[PIECE]);
        assert_eq!(slab.get(slots[3]), None);
        assert_eq!(slab.get_mut(again), Some(&mut 7));
    }
}
