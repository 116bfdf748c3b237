//! floor 7: how near to a host the tap is, by what the capture shows. The time of a handshake falls into two
//! parts at the tap: the side that answers far faster than the other is near, and the network is behind it.

use std::fmt;

/// Hop limits with which hosts begin.
pub(super) const FIRST_HOPS: [u8; 3] = [64, 128, 255];

/// A host on the link answers a SYN or a SYN,ACK within this time; no program has a part in it.
const NEAR_US: u64 = 2_000;

/// How many times as long the answer from the other side has to take. Where both are near, nothing shows a
/// queue between the tap and one of them.
const TIMES: u64 = 8;

/// How often a host has to be slow before it speaks against a tap beside it. Any host is slow now and then.
const SLOW_MIN: u32 = 3;

/// The two parts of one handshake, as seen from one of its sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// From the packet towards the host to its answer, in microseconds.
    pub own_us: u64,
    /// From the packet of the host to the answer of the other side, in microseconds.
    pub other_us: u64,
}

/// The evidence about one address. What is noted does not depend on the order in which it is noted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nearness {
    near: u32,
    far: u32,
    /// The first packet whose hops a host does not begin with, and the hops that it had left.
    routed: Option<(u64, u8)>,
    /// The first packet before which octets of the host are missing, or late.
    missing: Option<u64>,
    /// The first packet with which somebody acknowledges octets of the host that the capture does not have,
    /// or the host such octets of the other side.
    unseen: Option<u64>,
    /// The first packet whose checksum a network card has yet to fill in.
    unfilled: Option<u64>,
}

impl Nearness {
    /// Takes note of a handshake.
    pub(super) const fn note_answer(&mut self, answer: Answer) {
        if answer.own_us <= NEAR_US && answer.own_us.saturating_mul(TIMES) <= answer.other_us {
            self.near = self.near.saturating_add(1);
        } else if answer.own_us > NEAR_US && answer.other_us <= answer.own_us {
            self.far = self.far.saturating_add(1);
        }
    }

    /// Takes note of the hops that a packet had left.
    pub(super) fn note_hops(&mut self, number: u64, hops: Option<u8>) {
        let routed = hops.filter(|hops| !FIRST_HOPS.contains(hops)).map(|hops| (number, hops));
        self.routed = earlier(self.routed, routed);
    }

    /// Takes note of a packet before which octets of the host are missing or late, or with which either side
    /// acknowledges what the capture does not have.
    pub(super) fn note_lack(&mut self, number: u64, missing: bool, unseen: bool) {
        self.missing = earlier(self.missing, missing.then_some(number));
        self.unseen = earlier(self.unseen, unseen.then_some(number));
    }

    /// Takes note of a packet that a network card has yet to finish.
    pub(super) fn note_unfilled(&mut self, number: u64) {
        self.unfilled = earlier(self.unfilled, Some(number));
    }

    /// Takes in what was noted elsewhere of the same address.
    pub(super) fn merge(&mut self, other: &Self) {
        self.near = self.near.saturating_add(other.near);
        self.far = self.far.saturating_add(other.far);
        self.routed = earlier(self.routed, other.routed);
        self.missing = earlier(self.missing, other.missing);
        self.unseen = earlier(self.unseen, other.unseen);
        self.unfilled = earlier(self.unfilled, other.unfilled);
    }

    /// Whether the tap is on the link of this host.
    pub const fn is_near(&self) -> bool {
        self.routed.is_none() && self.near > self.far.saturating_mul(4)
    }

    /// What speaks against a tap on the link of this host, or on the host itself.
    pub fn against_near(&self) -> Option<Against> {
        let slow = (self.far >= SLOW_MIN && self.far > self.near.saturating_mul(4)).then_some(self.far);
        let routed = self.routed.map(|(frame, hops)| Against::Routed { frame, hops });
        let missing = self.missing.map(|frame| Against::Missing { frame });
        let unseen = self.unseen.map(|frame| Against::Unseen { frame });
        routed.or(missing).or(unseen).or(slow.map(|times| Against::Slow { times }))
    }

    /// What speaks against a tap far from this host.
    pub fn against_far(&self) -> Option<Against> {
        let unfilled = self.unfilled.map(|frame| Against::Unfilled { frame });
        unfilled.or(self.is_near().then_some(Against::Fast { times: self.near }))
    }
}

/// The earlier one of two frames, with what was seen there.
fn earlier<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// What a capture says against a place of the tap, with the first frame that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// A packet of the host had this many hops left.
    Routed {
        /// Its frame.
        frame: u64,
        /// The hops.
        hops: u8,
    },
    /// Octets of the host are missing, or came late.
    Missing {
        /// The frame.
        frame: u64,
    },
    /// Octets were acknowledged that the capture does not have.
    Unseen {
        /// The frame.
        frame: u64,
    },
    /// The host opened connections more slowly than the other side.
    Slow {
        /// How many.
        times: u32,
    },
    /// The host opened connections far faster than the other side.
    Fast {
        /// How many.
        times: u32,
    },
    /// A network card had yet to fill in a checksum of the host.
    Unfilled {
        /// The frame.
        frame: u64,
    },
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Routed { frame, hops } => {
                write!(f, "frame {frame} of it has {hops} hops left, with which no host begins")
            }
            Self::Missing { frame } => {
                write!(f, "octets of it before frame {frame} are missing, or came late")
            }
            Self::Unseen { frame } => {
                write!(f, "frame {frame} acknowledges octets that the capture does not have")
            }
            Self::Slow { times } => {
                write!(f, "in {times} handshakes it answered more slowly than the other side")
            }
            Self::Fast { times } => {
                write!(f, "in {times} handshakes it answered far faster than the other side")
            }
            Self::Unfilled { frame } => {
                write!(f, "a network card has yet to fill in the checksum of frame {frame}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answers_far_faster_than_the_other_is_near() {
        let mut here = Nearness::default();
        here.note_hops(1, Some(64));
        here.note_answer(Answer { own_us: 50, other_us: 40_000 });
        assert!(here.is_near());
        here.note_hops(2, Some(63));
        assert!(!here.is_near());
    }

    #[test]
    fn where_both_are_fast_nothing_is_known() {
        let mut here = Nearness::default();
        here.note_answer(Answer { own_us: 50, other_us: 60 });
        assert!(!here.is_near());
    }

    #[test]
    fn what_speaks_against_a_place_is_told_with_its_frame() {
        let mut here = Nearness::default();
        assert_eq!(here.against_near(), None);
        here.note_lack(9, true, false);
        here.note_lack(7, true, true);
        assert_eq!(here.against_near(), Some(Against::Missing { frame: 7 }));
        here.note_hops(8, Some(61));
        here.note_hops(5, Some(128));
        assert_eq!(here.against_near(), Some(Against::Routed { frame: 8, hops: 61 }));
        assert_eq!(here.against_far(), None);
        here.note_unfilled(3);
        assert_eq!(here.against_far(), Some(Against::Unfilled { frame: 3 }));
    }

    #[test]
    fn a_host_that_is_slow_now_and_then_may_be_near() {
        let (slow, fast) = (Answer { own_us: 9_000, other_us: 100 }, Answer { own_us: 100, other_us: 9_000 });
        let mut here = Nearness::default();
        (0..2).for_each(|_| here.note_answer(slow));
        assert_eq!(here.against_near(), None);
        here.note_answer(slow);
        assert_eq!(here.against_near(), Some(Against::Slow { times: 3 }));
        here.note_answer(fast);
        assert_eq!(here.against_near(), None);
    }

    #[test]
    fn the_order_of_what_is_noted_does_not_matter() {
        let note = |here: &mut Nearness, number: u64| {
            here.note_hops(number, Some(60 + number as u8));
            here.note_lack(number, number.is_multiple_of(2), number.is_multiple_of(3));
            here.note_answer(Answer { own_us: number, other_us: 100 * number });
        };
        let mut whole = Nearness::default();
        (1..9).for_each(|number| note(&mut whole, number));
        let mut halves = [Nearness::default(); 2];
        (1..9).rev().for_each(|number| note(&mut halves[number as usize % 2], number));
        let [mut one, other] = halves;
        one.merge(&other);
        assert_eq!(one, whole);
    }
}
