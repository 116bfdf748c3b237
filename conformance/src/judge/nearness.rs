//! floor 7: how near to a host the tap is, by what the capture shows. The time of a handshake falls into two
//! parts at the tap: the side that answers far faster than the other is near, and the network is behind it.

/// Hop limits with which hosts begin.
const FIRST_HOPS: [u8; 3] = [64, 128, 255];

/// A host on the link answers a SYN or a SYN,ACK within this time; no program has a part in it.
const NEAR_US: u64 = 2_000;

/// How many times as long the answer from the other side has to take. Where both are near, nothing shows a
/// queue between the tap and one of them.
const TIMES: u64 = 8;

/// The two parts of one handshake, as seen from one of its sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// From the packet towards the host to its answer, in microseconds.
    pub own_us: u64,
    /// From the packet of the host to the answer of the other side, in microseconds.
    pub other_us: u64,
}

/// The evidence about one address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nearness {
    near: u32,
    far: u32,
    passed_routers: bool,
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

    /// Takes in what was noted elsewhere of the same address.
    pub(super) const fn merge(&mut self, other: &Self) {
        self.near = self.near.saturating_add(other.near);
        self.far = self.far.saturating_add(other.far);
        self.passed_routers |= other.passed_routers;
    }

    /// Takes note of the hops that a packet had left.
    pub(super) fn note_hops(&mut self, hops: Option<u8>) {
        self.passed_routers |= hops.is_some_and(|hops| !FIRST_HOPS.contains(&hops));
    }

    /// Whether the tap is on the link of this host.
    pub const fn is_near(&self) -> bool {
        !self.passed_routers && self.near > self.far.saturating_mul(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answers_far_faster_than_the_other_is_near() {
        let mut here = Nearness::default();
        here.note_hops(Some(64));
        here.note_answer(Answer { own_us: 50, other_us: 40_000 });
        assert!(here.is_near());
        here.note_hops(Some(63));
        assert!(!here.is_near());
    }

    #[test]
    fn where_both_are_fast_nothing_is_known() {
        let mut here = Nearness::default();
        here.note_answer(Answer { own_us: 50, other_us: 60 });
        assert!(!here.is_near());
    }
}
