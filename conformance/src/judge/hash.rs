//! floor 7: a fast hash for tables. Nothing that a table holds is ever shown in the order of the table.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::IpAddr;
use std::sync::LazyLock;

/// An odd number without a pattern: the fraction of the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Differs from run to run, so that nobody can write a capture whose packets all meet in one place of a
/// table.
static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());

/// Both halves of the product: every bit of the one and of the other has a say in every bit.
const fn folded(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    (product as u64) ^ (product >> 64) as u64
}

/// A hash in the making. Begun with [`Mix::fixed`] it is the same in every run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mix(u64);

impl Mix {
    /// The same in every run.
    pub(super) const fn fixed() -> Self {
        Self(FACTOR)
    }

    /// For tables.
    pub(super) fn seeded() -> Self {
        Self(*SEED)
    }

    /// With another word.
    #[must_use]
    pub(super) const fn word(self, word: u64) -> Self {
        Self(folded(self.0 ^ word, FACTOR.rotate_left(23)).wrapping_add(FACTOR))
    }

    /// With an address; addresses of both families differ.
    #[must_use]
    pub(super) fn addr(self, addr: IpAddr) -> Self {
        match addr {
            IpAddr::V4(addr) => self.word(u64::from(u32::from(addr)) | 4 << 32),
            IpAddr::V6(addr) => {
                let bits = u128::from(addr);
                self.word(bits as u64).word((bits >> 64) as u64)
            }
        }
    }

    /// With octets and their number.
    #[must_use]
    pub(super) fn octets(self, octets: &[u8]) -> Self {
        let (words, rest) = octets.as_chunks::<8>();
        let whole = words.iter().fold(self, |mix, word| mix.word(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        whole.word(u64::from_le_bytes(last)).word(octets.len() as u64)
    }

    /// The hash.
    pub(super) const fn end(self) -> u64 {
        folded(self.0, FACTOR)
    }
}

impl Hasher for Mix {
    fn write(&mut self, octets: &[u8]) {
        *self = self.octets(octets);
    }

    fn write_u8(&mut self, number: u8) {
        *self = self.word(number.into());
    }

    fn write_u16(&mut self, number: u16) {
        *self = self.word(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        *self = self.word(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        *self = self.word(number);
    }

    fn write_usize(&mut self, number: usize) {
        *self = self.word(number as u64);
    }

    fn finish(&self) -> u64 {
        self.end()
    }
}

/// Begins hashes for the tables of the standard library.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mixed;

impl BuildHasher for Mixed {
    type Hasher = Mix;

    fn build_hasher(&self) -> Mix {
        Mix::seeded()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;
    use std::collections::HashSet;

    quickcheck! {
        fn one_bit_changes_about_half_of_the_bits(word: u64, bit: u32) -> bool {
            let other = word ^ 1 << (bit % 64);
            let differ = Mix::fixed().word(word).end() ^ Mix::fixed().word(other).end();
            (8..=56).contains(&differ.count_ones())
        }

        fn zeros_at_the_end_count(octets: Vec<u8>) -> bool {
            let longer = [&octets[..], &[0]].concat();
            Mix::fixed().octets(&octets).end() != Mix::fixed().octets(&longer).end()
        }
    }

    #[test]
    fn neighbours_spread() {
        let shards: HashSet<u64> = (0..1_000).map(|port| Mix::fixed().word(port).end() % 1024).collect();
        // So many of 1024 are met by a thousand at random.
        assert!((600..700).contains(&shards.len()), "{}", shards.len());
    }
}
