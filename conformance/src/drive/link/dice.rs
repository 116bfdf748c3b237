//! floor 7: chance that follows from a seed alone (SplitMix64).

use stack::base::Span;

/// A source of numbers that is the same every time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dice(u64);

impl Dice {
    /// Numbers that follow from `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `count`; 0 if that is 0.
    pub const fn below(&mut self, count: u64) -> u64 {
        let drawn = self.draw();
        if count == 0 { 0 } else { drawn % count }
    }

    /// True in so many cases of a hundred.
    pub const fn percent(&mut self, percent: u8) -> bool {
        self.below(100) < percent as u64
    }

    /// A time up to `most`.
    pub const fn up_to(&mut self, most: Span) -> Span {
        Span::from_nanos(self.below(most.as_nanos().saturating_add(1)))
    }

    /// Octets, half of them small: small numbers mean ordinary things more often.
    pub fn octets(&mut self, count: usize) -> Vec<u8> {
        let mut octets = Vec::with_capacity(count);
        for _ in 0..count {
            let [octet, small, ..] = self.draw().to_le_bytes();
            octets.push(if small & 1 == 0 { octet & 15 } else { octet });
        }
        octets
    }
}
