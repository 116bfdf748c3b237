//! floor 7: facts in few bits: a connection has room for no more. For the same reason some facts are packed:
//! they leave no octets between them unused.

/// Eight flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bits(u8);

impl Bits {
    /// Whether this flag is set, or any of these.
    pub const fn has(self, flags: u8) -> bool {
        self.0 & flags != 0
    }

    /// Sets these flags, or clears them.
    pub const fn put(&mut self, flags: u8, on: bool) {
        self.0 = if on { self.0 | flags } else { self.0 & !flags };
    }

    /// Sets these flags on this condition, and leaves them as they are without it.
    pub const fn set(&mut self, flags: u8, on: bool) {
        self.0 |= if on { flags } else { 0 };
    }

    /// The flags of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Four numbers that count to three and stop there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts(u8);

impl Counts {
    /// Where they stop.
    pub const MAX: u8 = 3;

    /// The number at this place, from 0 to 3.
    pub const fn get(self, place: u8) -> u8 {
        self.0 >> (2 * place) & Self::MAX
    }

    /// Counts one more there, if it occurred.
    pub const fn add(&mut self, place: u8, occurred: bool) {
        if occurred && self.get(place) < Self::MAX {
            self.0 += 1 << (2 * place);
        }
    }

    /// Begins anew there.
    pub const fn clear(&mut self, place: u8) {
        self.0 &= !(Self::MAX << (2 * place));
    }

    /// Goes on from this number there.
    pub const fn put(&mut self, place: u8, number: u8) {
        let number = if number < Self::MAX { number } else { Self::MAX };
        self.clear(place);
        self.0 |= number << (2 * place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    quickcheck! {
        fn flags_do_not_touch_each_other(before: u8, flag: u8, on: bool) -> bool {
            let flag = 1 << (flag % 8);
            let mut bits = Bits(before);
            bits.put(flag, on);
            bits.has(flag) == on && bits.0 & !flag == before & !flag
        }

        fn numbers_do_not_touch_each_other(steps: Vec<(u8, bool)>) -> bool {
            let (mut counts, mut expected) = (Counts::default(), [0; 4]);
            for (place, clear) in steps {
                let place = place % 4;
                if clear {
                    counts.clear(place);
                    expected[usize::from(place)] = 0;
                } else {
                    counts.add(place, true);
                    expected[usize::from(place)] = (expected[usize::from(place)] + 1).min(Counts::MAX);
                }
            }
            (0..4).all(|place| counts.get(place) == expected[usize::from(place)])
        }
    }
}
