//! floor 0: sequence numbers and windows of TCP (RFC 9293 section 3.4, RFC 7323 section 2).
//!
//! A sequence number has no order: "less than" on a circle only has a meaning for two numbers less than
//! half the circle apart, so the type has named relations and no `Ord`. The side whose numbers they are is
//! part of the type: `snd.una` ([`Ours`]) can not be compared with `seg.seq` ([`Theirs`]).

use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::ops::{Add, AddAssign};

/// The numbers that this host assigns: `iss`, `snd.una`, `snd.nxt`, and `seg.ack` of what arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ours {}

/// The numbers that the peer assigns: `irs`, `rcv.nxt`, and `seg.seq` of what arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theirs {}

/// A 32-bit sequence number of one side, modulo 2^32.
pub struct Seq<Side> {
    value: u32,
    side: PhantomData<fn() -> Side>,
}

impl<Side> Seq<Side> {
    /// The sequence number `value`.
    pub const fn new(value: u32) -> Self {
        Self { value, side: PhantomData }
    }

    /// The number as it stands in a header.
    pub const fn value(self) -> u32 {
        self.value
    }

    /// How far this number lies after `from`; negative if it lies before. Sound for numbers less than
    /// 2^31 apart, which RFC 9293 section 3.4 guarantees for numbers in use at the same time.
    pub const fn distance_from(self, from: Self) -> i32 {
        //= RFC9293-3.4-a
        self.value.wrapping_sub(from.value).cast_signed()
    }

    /// Octets from `from` up to this number, going round the circle.
    pub const fn octets_since(self, from: Self) -> u32 {
        self.value.wrapping_sub(from.value)
    }

    /// Strictly before `other`.
    pub const fn before(self, other: Self) -> bool {
        self.distance_from(other) < 0
    }

    /// Strictly after `other`.
    pub const fn after(self, other: Self) -> bool {
        self.distance_from(other) > 0
    }

    /// Before `other` or equal to it.
    pub const fn at_or_before(self, other: Self) -> bool {
        !self.after(other)
    }

    /// After `other` or equal to it.
    pub const fn at_or_after(self, other: Self) -> bool {
        !self.before(other)
    }

    /// Whether this number is one of the `len` numbers that begin at `start`.
    pub const fn within(self, start: Self, len: u32) -> bool {
        self.octets_since(start) < len
    }

    /// The number `octets` before this one.
    pub const fn back(self, octets: u32) -> Self {
        Self::new(self.value.wrapping_sub(octets))
    }

    /// The later of the two.
    pub const fn later(self, other: Self) -> Self {
        if self.after(other) { self } else { other }
    }

    /// The earlier of the two.
    pub const fn earlier(self, other: Self) -> Self {
        if self.before(other) { self } else { other }
    }
}

impl<Side> Clone for Seq<Side> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Side> Copy for Seq<Side> {}

impl<Side> PartialEq for Seq<Side> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<Side> Eq for Seq<Side> {}

impl<Side> Hash for Seq<Side> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl<Side> Add<u32> for Seq<Side> {
    type Output = Self;

    fn add(self, octets: u32) -> Self {
        Self::new(self.value.wrapping_add(octets))
    }
}

impl<Side> AddAssign<u32> for Seq<Side> {
    fn add_assign(&mut self, octets: u32) {
        *self = *self + octets;
    }
}

impl<Side> fmt::Debug for Seq<Side> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.value)
    }
}

impl<Side> fmt::Display for Seq<Side> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.value)
    }
}

/// The window field as it stands in a header, before scaling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RawWindow(pub u16);

/// A window in octets, scaled, below 2^30 (RFC 7323 section 2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window(u32);

/// A window scale shift count, at most 14 (RFC 7323 section 2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shift(u8);

impl Shift {
    /// No scaling.
    pub const NONE: Self = Self(0);

    /// The shift to use for a received option value; a larger one counts as 14.
    pub const fn from_option(value: u8) -> Self {
        //= RFC7323-2.3-e
        Self(if value > 14 { 14 } else { value })
    }

    /// Number of bits to shift.
    pub const fn bits(self) -> u8 {
        self.0
    }
}

impl Window {
    /// The largest window that scaling can express.
    pub const MAX: Self = Self(0xffff << 14);

    /// A window of `octets`, cut to what scaling can express.
    pub const fn from_octets(octets: u32) -> Self {
        //= RFC9293-REC-1
        if octets > Self::MAX.0 { Self::MAX } else { Self(octets) }
    }

    /// The window that a received field means: the only way from a raw window to a window.
    pub const fn from_raw(raw: RawWindow, shift: Shift) -> Self {
        Self((raw.0 as u32) << shift.0)
    }

    /// The field to send for this window, rounded down and cut to 16 bits.
    pub const fn to_raw(self, shift: Shift) -> RawWindow {
        let field = self.0 >> shift.0;
        RawWindow(if field > 0xffff { 0xffff } else { field as u16 })
    }

    /// Octets.
    pub const fn octets(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    type Any = Seq<Ours>;

    quickcheck! {
        fn adding_and_going_back_cancel(start: u32, octets: u32) -> bool {
            (Any::new(start) + octets).back(octets) == Any::new(start)
        }

        //? RFC9293-3.4-a
        fn exactly_one_of_before_equal_after_within_half_the_circle(a: u32, b: u32) -> bool {
            let (a, b) = (Any::new(a), Any::new(b));
            if a.octets_since(b) == 1 << 31 {
                return true; // antipodes: no order, and the RFC never compares them
            }
            [a.before(b), a == b, a.after(b)].iter().filter(|holds| **holds).count() == 1
        }

        fn before_mirrors_after(a: u32, b: u32) -> bool {
            let (a, b) = (Any::new(a), Any::new(b));
            a.octets_since(b) == 1 << 31 || a.before(b) == b.after(a)
        }

        //? RFC9293-3.4-a
        fn relations_do_not_depend_on_where_the_circle_starts(a: u32, b: u32, turn: u32) -> bool {
            let (x, y) = (Any::new(a), Any::new(b));
            x.before(y) == (x + turn).before(y + turn)
                && x.within(y, 1000) == (x + turn).within(y + turn, 1000)
        }

        fn within_is_membership(start: u32, len: u16, offset: u32) -> bool {
            (Any::new(start) + offset).within(Any::new(start), u32::from(len)) == (offset < u32::from(len))
        }

        fn later_and_earlier_are_one_of_the_two(a: u32, b: u32) -> bool {
            let (a, b) = (Any::new(a), Any::new(b));
            (a.later(b) == a || a.later(b) == b) && (a.earlier(b) == a || a.earlier(b) == b)
        }

        //? RFC9293-REC-1
        fn scaling_rounds_down_by_less_than_one_unit(octets: u32, shift: u8) -> bool {
            let shift = Shift::from_option(shift);
            let window = Window::from_octets(octets % (1 << 30));
            let back = Window::from_raw(window.to_raw(shift), shift);
            window.octets() >> shift.bits() > 0xffff
                || (back <= window && window.octets() - back.octets() < 1 << shift.bits())
        }
    }

    //? RFC9293-3.4-a
    #[test]
    fn wrapping_is_not_special() {
        let last = Seq::<Theirs>::new(u32::MAX);
        assert!(last.before(last + 1));
        assert_eq!((last + 1).value(), 0);
        assert_eq!((last + 5).distance_from(last), 5);
    }

    //? RFC7323-2.3-e
    #[test]
    fn a_shift_above_fourteen_is_fourteen() {
        assert_eq!(Shift::from_option(255).bits(), 14);
        assert_eq!(Window::from_raw(RawWindow(0xffff), Shift::from_option(15)), Window::MAX);
    }
}
