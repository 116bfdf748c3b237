//! floor 8: how a meeting is recorded. Any bytes are a plan, and zeros are perfect taps.

use crate::drive::bytes::code::{Code, coded};
use crate::drive::link::dice::Dice;
use arbitrary::{Result, Unstructured};
use stack::base::Span;

coded! {
    /// What taps are like.
    pub struct TapPlan {
        /// Seed of what is chance about them.
        seed: u16,
        /// Bit 0: a card that cuts and sums below the tap at A, bit 1: at B; bit 2: what arrives there is not
        /// summed either, as on a virtual link; bit 3: and is joined.
        cards: u8,
        /// Frames that a recording lacks, in percent of 20.
        lost: u8,
        /// Octets of a frame that are recorded; 0 for all of them.
        snap: u8,
        /// Frames before the recording begins.
        from: u8,
        /// Frames after it ends.
        after: u8,
        /// Of four cases: 1 has only what A sends, 2 only what B sends.
        side: u8,
        /// Frames recorded twice, in percent of 20.
        copies: u8,
        /// How far the clocks of both directions are apart, as a power of two of microseconds.
        apart: u8,
        /// How far frames are displaced, as a power of two of microseconds.
        displaced: u8,
        /// Resolution of the clock: of four cases, 1 is a microsecond, 2 is 1 ms, 3 is 10 ms.
        grain: u8,
        /// Where the middle is on the way there and on the way back, in percent.
        middle: u16,
        /// How far the taps near a host are from it, as a power of two of microseconds.
        near: u8,
    }
}

impl TapPlan {
    /// Octets of a plan.
    pub const OCTETS: usize = 15;

    /// The plan that bytes stand for.
    ///
    /// # Errors
    /// None in practice: what is missing is zero.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        Code::read(&mut Unstructured::new(bytes))
    }

    /// Bytes that stand for this plan.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::OCTETS);
        Code::write(self, &mut out);
        out
    }

    /// The plan that follows from a seed: each flaw is there in one of five cases, so that each is often
    /// alone.
    pub fn from_seed(seed: u64) -> Self {
        let mut dice = Dice::new(seed ^ 0x7461_7073);
        let bytes = dice.octets(Self::OCTETS);
        let mut plan = Self::read(&bytes).unwrap_or_else(|_| Self::perfect());
        let Self {
            seed: _,
            cards,
            lost,
            snap,
            from,
            after,
            side,
            copies,
            apart,
            displaced,
            grain,
            middle: _,
            near: _,
        } = &mut plan;
        for field in [cards, lost, snap, from, after, side, copies, apart, displaced, grain] {
            *field = if dice.percent(20) { *field } else { 0 };
        }
        plan
    }

    /// Taps without a flaw.
    pub const fn perfect() -> Self {
        Self {
            seed: 0,
            cards: 0,
            lost: 0,
            snap: 0,
            from: 0,
            after: 0,
            side: 0,
            copies: 0,
            apart: 0,
            displaced: 0,
            grain: 0,
            middle: 0,
            near: 0,
        }
    }

    /// How much of a way lies before the middle, in percent.
    pub const fn part(&self, from: usize) -> u8 {
        let [there, back] = self.middle.to_le_bytes();
        (if from == 0 { there } else { back }) % 101
    }

    /// How far a tap near a host is from it.
    pub fn nearness(&self) -> Span {
        power(self.near % 8)
    }

    /// Whether a card below the tap at an end cuts and sums.
    pub const fn card(&self, end: usize) -> bool {
        self.cards >> end & 1 == 1
    }

    /// Whether there is a virtual link between the cards, on which nobody sums.
    pub const fn virtual_link(&self) -> bool {
        self.cards & 4 != 0
    }

    /// Whether cards join what arrives.
    pub const fn joins(&self) -> bool {
        self.cards & 8 != 0
    }

    /// Percent of frames that are missing.
    pub const fn lost(&self) -> u8 {
        self.lost % 21
    }

    /// Octets recorded of a frame.
    pub fn snap(&self) -> Option<usize> {
        (self.snap > 0).then(|| 20 + usize::from(self.snap))
    }

    /// The end whose frames are recorded, if it is only one.
    pub const fn only(&self) -> Option<usize> {
        match self.side % 4 {
            1 => Some(0),
            2 => Some(1),
            _ => None,
        }
    }

    /// Percent of frames that are recorded twice.
    pub const fn copies(&self) -> u8 {
        self.copies % 21
    }

    /// By how much the clock for what B sends goes ahead.
    pub fn apart(&self) -> Span {
        power(self.apart % 12)
    }

    /// By how much frames are displaced at the most.
    pub fn displaced(&self) -> Span {
        power(self.displaced % 12)
    }

    /// The smallest step of the clock, in nanoseconds.
    pub const fn grain_ns(&self) -> u64 {
        match self.grain % 4 {
            1 => 1_000,
            2 => 1_000_000,
            3 => 10_000_000,
            _ => 1,
        }
    }
}

/// Nothing, or half of a power of two of microseconds.
fn power(field: u8) -> Span {
    if field == 0 { Span::ZERO } else { Span::from_micros(1 << field).divided_by(2) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    quickcheck! {
        fn any_bytes_are_a_plan_and_writing_it_keeps_it(bytes: Vec<u8>) -> bool {
            let plan = TapPlan::read(&bytes).expect("what is missing is zero");
            let written = plan.write();
            written.len() == TapPlan::OCTETS && TapPlan::read(&written) == Ok(plan)
        }
    }

    #[test]
    fn no_bytes_are_perfect_taps() {
        assert_eq!(TapPlan::read(&[]), Ok(TapPlan::perfect()));
    }
}
