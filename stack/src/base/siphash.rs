//! floor 0: SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed function of octets whose values nobody can
//! foretell without the key. RFC 6528 section 3 needs such a one; tables that strangers fill need it, too.

use core::hash::{BuildHasher, Hasher};

/// A secret of 128 bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(u64, u64);

impl Key {
    /// The key whose first eight octets, taken as a little-endian number, are `first`.
    pub const fn new(first: u64, second: u64) -> Self {
        Self(first, second)
    }

    /// The value for `octets`.
    pub fn of(&self, octets: &[u8]) -> u64 {
        let mut state = self.build_hasher();
        state.write(octets);
        state.finish()
    }
}

/// A secret is not shown.
impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Key(secret)")
    }
}

impl BuildHasher for Key {
    type Hasher = SipHash;

    fn build_hasher(&self) -> SipHash {
        let Self(first, second) = *self;
        SipHash {
            v0: first ^ 0x736f_6d65_7073_6575,
            v1: second ^ 0x646f_7261_6e64_6f6d,
            v2: first ^ 0x6c79_6765_6e65_7261,
            v3: second ^ 0x7465_6462_7974_6573,
            tail: 0,
            len_octets: 0,
        }
    }
}

/// The octets so far. Numbers count as their little-endian octets on every machine.
#[derive(Clone, Debug)]
pub struct SipHash {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
    /// The octets that do not fill a word yet, the first one lowest.
    tail: u64,
    len_octets: u64,
}

impl SipHash {
    const fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v0 = self.v0.rotate_left(32);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.wrapping_add(self.v3);
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v2 = self.v2.rotate_left(32);
    }

    const fn absorb(&mut self, word: u64) {
        self.v3 ^= word;
        self.round();
        self.round();
        self.v0 ^= word;
    }

    // Inlined, so that for numbers all but the last line is known when compiled.
    /// Adds the `octets` low octets of `word`, whose other bits are 0: 1 to 8.
    #[inline(always)]
    const fn add(&mut self, word: u64, octets: u64) {
        let held = self.len_octets % 8;
        self.tail |= word << (8 * held);
        self.len_octets = self.len_octets.wrapping_add(octets);
        if held + octets >= 8 {
            self.absorb(self.tail);
            self.tail = if held == 0 { 0 } else { word >> (64 - 8 * held) };
        }
    }
}

impl Hasher for SipHash {
    fn write(&mut self, octets: &[u8]) {
        let (words, rest) = octets.as_chunks();
        for word in words {
            self.add(u64::from_le_bytes(*word), 8);
        }
        for octet in rest {
            self.add(u64::from(*octet), 1);
        }
    }

    #[inline(always)]
    fn write_u8(&mut self, number: u8) {
        self.add(u64::from(number), 1);
    }

    fn write_u16(&mut self, number: u16) {
        self.add(u64::from(number), 2);
    }

    #[inline(always)]
    fn write_u32(&mut self, number: u32) {
        self.add(u64::from(number), 4);
    }

    #[inline(always)]
    fn write_u64(&mut self, number: u64) {
        self.add(number, 8);
    }

    fn write_usize(&mut self, number: usize) {
        self.add(number as u64, 8);
    }

    #[inline(always)]
    fn finish(&self) -> u64 {
        let mut state = self.clone();
        state.absorb(state.tail | state.len_octets << 56);
        state.v2 ^= 0xff;
        for _ in 0..4 {
            state.round();
        }
        state.v0 ^ state.v1 ^ state.v2 ^ state.v3
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use quickcheck::quickcheck;

    /// The key of the published vectors: the octets 0 to 15.
    const PUBLISHED: Key = Key::new(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);

    #[test]
    fn the_published_vectors() {
        let octets: Vec<u8> = (0..64).collect();
        let vectors = [
            (0, 0x726f_db47_dd0e_0e31),
            (1, 0x74f8_39c5_93dc_67fd),
            (2, 0x0d6c_8009_d9a9_4f5a),
            (3, 0x8567_6696_d7fb_7e2d),
            (4, 0xcf27_94e0_2771_87b7),
            (5, 0x1876_5564_cd99_a68d),
            (6, 0xcbc9_466e_58fe_e3ce),
            (7, 0xab02_00f5_8b01_d137),
            (8, 0x93f5_f579_9a93_2462),
            (15, 0xa129_ca61_49be_45e5),
            (63, 0x958a_324c_eb06_4572),
        ];
        for (len, value) in vectors {
            assert_eq!(PUBLISHED.of(&octets[..len]), value, "{len} octets");
        }
    }

    quickcheck! {
        #[expect(deprecated, reason = "an independent implementation of the same function")]
        fn the_old_hasher_of_the_standard_library_agrees(key: (u64, u64), octets: Vec<u8>) -> bool {
            let mut theirs = core::hash::SipHasher::new_with_keys(key.0, key.1);
            theirs.write(&octets);
            Key::new(key.0, key.1).of(&octets) == theirs.finish()
        }

        fn how_octets_are_cut_does_not_matter(octets: Vec<u8>, at: usize) -> bool {
            let (one, two) = octets.split_at(at % (octets.len() + 1));
            let mut state = PUBLISHED.build_hasher();
            state.write(one);
            state.write(two);
            state.finish() == PUBLISHED.of(&octets)
        }

        fn numbers_are_their_octets(a: u8, b: u16, c: u32, d: u64, e: u32) -> bool {
            let mut state = PUBLISHED.build_hasher();
            state.write_u8(a);
            state.write_u16(b);
            state.write_u32(c);
            state.write_u64(d);
            state.write_usize(e as usize);
            let octets = [
                &[a][..],
                &b.to_le_bytes(),
                &c.to_le_bytes(),
                &d.to_le_bytes(),
                &u64::from(e).to_le_bytes(),
            ];
            state.finish() == PUBLISHED.of(&octets.concat())
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(alloc::format!("{PUBLISHED:?}"), "Key(secret)");
    }
}
