//! floor 4: a hash table of places. The order of its cells is never seen.
//!
//! Each cell has 32 bits of the hash beside the place, so that neither a miss nor growing looks at what the
//! places hold. Collisions go to the next cell; what is taken out leaves no mark, those behind it move up.

use alloc::vec;
use alloc::vec::Vec;

/// The place that no table gets to.
const EMPTY: u32 = u32::MAX;
/// Cells of the smallest table.
const CELLS_MIN: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Cell {
    tag: u32,
    place: u32,
}

/// Places by the hashes of what they hold. Hashes have to be such that a stranger can not choose them.
/// A table gives no memory back: it was needed once, and by the time of the next need it is there.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Their number is a power of two, at least a third of them empty.
    cells: Vec<Cell>,
    taken: usize,
}

impl Index {
    pub(super) const fn len(&self) -> usize {
        self.taken
    }

    fn mask(&self) -> usize {
        self.cells.len().wrapping_sub(1)
    }

    /// The places whose contents have this hash; now and then another one is among them.
    pub(super) fn candidates(&self, hash: u64) -> impl Iterator<Item = u32> {
        let (tag, mask) = (hash as u32, self.mask());
        let mut at = tag as usize;
        core::iter::from_fn(move || {
            // There is an empty cell in every table, and no cell in the one that has never held anything.
            loop {
                let cell = self.cells.get(at & mask).filter(|cell| cell.place != EMPTY)?;
                at = at.wrapping_add(1);
                if cell.tag == tag {
                    return Some(cell.place);
                }
            }
        })
    }

    /// Adds a place that is not there yet.
    pub(super) fn insert(&mut self, hash: u64, place: u32) {
        if (self.taken + 1) * 3 > self.cells.len() * 2 {
            self.grow();
        }
        self.taken += 1;
        self.put(Cell { tag: hash as u32, place });
    }

    fn put(&mut self, cell: Cell) {
        let mask = self.mask();
        let mut at = cell.tag as usize & mask;
        while self.cells[at].place != EMPTY {
            at = (at + 1) & mask;
        }
        self.cells[at] = cell;
    }

    fn grow(&mut self) {
        let count = (self.cells.len() * 2).max(CELLS_MIN);
        let old = core::mem::replace(&mut self.cells, vec![Cell { tag: 0, place: EMPTY }; count]);
        for cell in old.into_iter().filter(|cell| cell.place != EMPTY) {
            self.put(cell);
        }
    }

    /// Takes a place out; false if it is not there.
    pub(super) fn remove(&mut self, hash: u64, place: u32) -> bool {
        let (tag, mask) = (hash as u32, self.mask());
        if self.cells.is_empty() {
            return false;
        }
        let mut at = tag as usize & mask;
        while self.cells[at].place != place || self.cells[at].tag != tag {
            if self.cells[at].place == EMPTY {
                return false;
            }
            at = (at + 1) & mask;
        }
        self.taken -= 1;
        self.close_gap(at);
        true
    }

    /// Moves up what stands behind `gap` only because this cell was taken.
    fn close_gap(&mut self, mut gap: usize) {
        let mask = self.mask();
        let mut at = gap;
        loop {
            at = (at + 1) & mask;
            let cell = self.cells[at];
            if cell.place == EMPTY {
                break;
            }
            let from_home = at.wrapping_sub(cell.tag as usize) & mask;
            let from_gap = at.wrapping_sub(gap) & mask;
            if from_home >= from_gap {
                self.cells[gap] = cell;
                gap = at;
            }
        }
        self.cells[gap].place = EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::{BTreeMap, BTreeSet};
    use quickcheck::quickcheck;

    quickcheck! {
        fn it_is_a_multimap_of_hashes_to_places(steps: Vec<(bool, u8, u8)>) -> bool {
            let (mut index, mut model) = (Index::default(), BTreeMap::<u8, u64>::new());
            for (inserts, place, hash) in steps {
                // Few hashes, and many that meet at the last cells of a small table.
                let hash = u64::from(hash % 5) | if hash > 127 { 0xfff8 } else { 0 };
                match model.get(&place).copied() {
                    None if inserts => {
                        index.insert(hash, u32::from(place));
                        model.insert(place, hash);
                    }
                    Some(known) if !inserts => {
                        assert!(index.remove(known, u32::from(place)));
                        model.remove(&place);
                    }
                    None | Some(_) => assert!(!index.remove(hash ^ 0x100, u32::from(place))),
                }
            }
            let hashes: BTreeSet<u64> = model.values().copied().collect();
            index.len() == model.len() && hashes.into_iter().all(|hash| {
                let mut found: Vec<u32> = index.candidates(hash).collect();
                found.sort_unstable();
                let expected = model.iter().filter(|(_, known)| **known == hash);
                found == expected.map(|(place, _)| u32::from(*place)).collect::<Vec<_>>()
            })
        }
    }

    #[test]
    fn nothing_is_found_in_an_empty_table() {
        let mut index = Index::default();
        assert_eq!(index.candidates(7).count(), 0);
        assert!(!index.remove(7, 0));
    }
}
