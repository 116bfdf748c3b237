//! floor 4: when connections want to be asked (RFC 6298 section 5 and all other timers of TCP).
//!
//! Deadlines mostly move away, and long before they come: with each acknowledgement the retransmission timer
//! starts again. So a deadline that moves away is noted and nothing else; the heap hears of it when the old
//! one reaches its top. The top is always true: nobody is woken for nothing.

use super::slab::Slot;
use crate::base::Instant;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The position of what is not in the heap.
const NOWHERE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Watched {
    due: Option<Instant>,
    position: u32,
}

const UNWATCHED: Watched = Watched { due: None, position: NOWHERE };

/// Places to a page.
const PAGE: usize = 256;

/// What is watched, by places of slots. A page is made when the first one of it is watched: a single
/// connection among a million listeners does not pay for all of them.
#[derive(Debug, Default)]
struct Watches {
    pages: Vec<Option<Box<[Watched; PAGE]>>>,
}

impl Watches {
    fn get(&self, slot: Slot) -> Watched {
        let place = slot.place() as usize;
        match self.pages.get(place / PAGE) {
            Some(Some(page)) => page[place % PAGE],
            Some(None) | None => UNWATCHED,
        }
    }

    fn get_mut(&mut self, slot: Slot) -> &mut Watched {
        let place = slot.place() as usize;
        if self.pages.len() <= place / PAGE {
            self.pages.resize_with(place / PAGE + 1, || None);
        }
        let page = self.pages[place / PAGE].get_or_insert_with(|| Box::new([UNWATCHED; PAGE]));
        &mut page[place % PAGE]
    }

    fn iter(&self) -> impl Iterator<Item = &Watched> {
        self.pages.iter().flatten().flat_map(|page| page.iter())
    }
}

/// One deadline for each slot at the most.
#[derive(Debug, Default)]
pub(super) struct Timers {
    /// A heap: no entry is before its parent, and no entry is after the deadline it stands for.
    heap: Vec<(Instant, Slot)>,
    watched: Watches,
}

impl Timers {
    /// The next deadline of all.
    pub(super) fn first(&self) -> Option<(Instant, Slot)> {
        self.heap.first().copied()
    }

    /// The deadline of `slot`.
    pub(super) fn get(&self, slot: Slot) -> Option<Instant> {
        self.watched.get(slot).due
    }

    /// Sets the deadline of `slot`, or takes it away.
    pub(super) fn set(&mut self, slot: Slot, due: Option<Instant>) {
        if self.get(slot) == due {
            return;
        }
        let watched = self.watched.get_mut(slot);
        watched.due = due;
        let position = watched.position as usize;
        match (self.heap.get(position), due) {
            (None, None) => {}
            (None, Some(due)) => {
                self.heap.push((due, slot));
                self.rise(self.heap.len() - 1);
            }
            (Some((noted, _)), Some(due)) if due < *noted => {
                self.heap[position].0 = due;
                self.rise(position);
            }
            (Some(_), Some(_) | None) => {
                if position == 0 {
                    self.make_top_true();
                }
            }
        }
    }

    /// Forgets `slot`, whose place may soon be another's.
    pub(super) fn forget(&mut self, slot: Slot) {
        if self.watched.get(slot) == UNWATCHED {
            return;
        }
        let watched = self.watched.get_mut(slot);
        watched.due = None;
        let position = watched.position as usize;
        if position < self.heap.len() {
            self.take_out(position);
            self.make_top_true();
        }
    }

    /// How many have a deadline.
    pub(super) fn len(&self) -> usize {
        self.watched.iter().filter(|watched| watched.due.is_some()).count()
    }

    fn make_top_true(&mut self) {
        while let Some((noted, slot)) = self.first() {
            match self.get(slot) {
                Some(due) if due == noted => return,
                Some(due) => {
                    self.heap[0].0 = due;
                    self.sink(0);
                }
                None => self.take_out(0),
            }
        }
    }

    fn take_out(&mut self, position: usize) {
        let (_, slot) = self.heap.swap_remove(position);
        self.watched.get_mut(slot).position = NOWHERE;
        if position < self.heap.len() {
            self.sink(position);
            self.rise(position);
        }
    }

    fn note_position(&mut self, position: usize) {
        let (_, slot) = self.heap[position];
        self.watched.get_mut(slot).position = u32::try_from(position).unwrap_or(NOWHERE);
    }

    /// Brings an entry up to where it belongs.
    fn rise(&mut self, mut position: usize) {
        while position > 0 && self.heap[position] < self.heap[(position - 1) / 2] {
            let parent = (position - 1) / 2;
            self.heap.swap(position, parent);
            self.note_position(position);
            position = parent;
        }
        self.note_position(position);
    }

    /// Brings an entry down to where it belongs.
    fn sink(&mut self, mut position: usize) {
        loop {
            let left = 2 * position + 1;
            let children = left..self.heap.len().min(left + 2);
            let Some(least) = children.min_by_key(|child| self.heap[*child]) else { break };
            if self.heap[position] <= self.heap[least] {
                break;
            }
            self.heap.swap(position, least);
            self.note_position(position);
            position = least;
        }
        self.note_position(position);
    }

    /// Asserts what holds between two calls.
    pub(super) fn check(&self) {
        for (position, (noted, slot)) in self.heap.iter().enumerate() {
            let watched = self.watched.get(*slot);
            assert!(watched.position as usize == position, "a timer knows where it stands");
            assert!(watched.due.is_none_or(|due| *noted <= due), "a timer is never late");
            assert!(position == 0 || self.heap[(position - 1) / 2] <= (*noted, *slot), "timers form a heap");
        }
        let top = self.first().map(|(noted, slot)| (Some(noted), self.get(slot)));
        assert!(top.is_none_or(|(noted, due)| noted == due), "the first timer is true");
        let watched = self.watched.iter().filter(|watched| watched.position != NOWHERE);
        assert!(watched.count() == self.heap.len(), "every timer stands somewhere");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use quickcheck::quickcheck;

    quickcheck! {
        fn the_first_is_always_the_earliest(steps: Vec<(u8, Option<u8>)>) -> bool {
            let (mut timers, mut model) = (Timers::default(), BTreeMap::new());
            steps.into_iter().all(|(number, due)| {
                let slot = Slot::of_test(u64::from(number % 16) * 100);
                let due = due.map(|due| Instant::from_nanos(u64::from(due)));
                match due {
                    None if number > 127 => timers.forget(slot),
                    None | Some(_) => timers.set(slot, due),
                }
                match due {
                    None => model.remove(&slot),
                    Some(due) => model.insert(slot, due),
                };
                timers.check();
                let first = model.iter().map(|(slot, due)| (*due, *slot)).min();
                let first_due = |entry: Option<(Instant, Slot)>| entry.map(|(due, _)| due);
                first_due(timers.first()) == first_due(first)
                    && timers.len() == model.len()
                    && model.iter().all(|(slot, due)| timers.get(*slot) == Some(*due))
            })
        }
    }

    #[test]
    fn a_deadline_that_moves_away_is_noted_alone() {
        let (one, other) = (Slot::of_test(0), Slot::of_test(1));
        let mut timers = Timers::default();
        let at = |nanos| Some(Instant::from_nanos(nanos));
        timers.set(one, at(1));
        timers.set(other, at(2));
        timers.set(other, at(9));
        assert_eq!(timers.heap[1].0, Instant::from_nanos(2));
        timers.set(one, at(5));
        assert_eq!(timers.first(), Some((Instant::from_nanos(5), one)));
        timers.set(one, None);
        assert_eq!(timers.first(), Some((Instant::from_nanos(9), other)));
    }
}
