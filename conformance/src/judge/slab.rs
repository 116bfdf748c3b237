//! floor 7: many things of one size that stay where they are: room for more is made without moving them.

/// Things in one piece of memory.
const TOGETHER: usize = 64;

/// Things with a number each, from zero.
#[derive(Debug)]
pub(super) struct Slab<T> {
    /// Every piece is full but the last one.
    pieces: Vec<Vec<T>>,
}

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Self { pieces: Vec::new() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        let full = self.pieces.len().saturating_sub(1) * TOGETHER;
        full + self.pieces.last().map_or(0, Vec::len)
    }

    /// Adds one, with the next number.
    pub(super) fn push(&mut self, thing: T) {
        if self.len() == self.pieces.len() * TOGETHER {
            self.pieces.push(Vec::with_capacity(TOGETHER));
        }
        if let Some(last) = self.pieces.last_mut() {
            last.push(thing);
        }
    }

    pub(super) fn get(&self, number: usize) -> Option<&T> {
        self.pieces.get(number / TOGETHER)?.get(number % TOGETHER)
    }

    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        self.pieces.get_mut(number / TOGETHER)?.get_mut(number % TOGETHER)
    }

    /// All, in order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pieces.iter().flatten()
    }

    pub(super) fn clear(&mut self) {
        self.pieces.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    quickcheck! {
        fn it_keeps_what_is_put_into_it(things: Vec<u16>) -> bool {
            let mut slab = Slab::new();
            things.iter().for_each(|thing| slab.push(*thing));
            let found: Vec<u16> = (0..things.len()).filter_map(|at| slab.get(at).copied()).collect();
            slab.len() == things.len() && found == things && slab.iter().copied().eq(things)
        }
    }
}
