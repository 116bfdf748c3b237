//! floor 3: congestion avoidance that counts octets, and half of the flight after a loss (RFC 5681 section
//! 3.1).
//!
//! RFC5681-3.1-j: the rounding is of equation (3), which counting octets does without.

use super::{Ack, Control};

/// Octets that were acknowledged since cwnd last grew.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reno {
    counted: u32,
}

impl Control for Reno {
    fn avoid(&mut self, cwnd: u32, ack: &Ack) -> u32 {
        self.counted = self.counted.saturating_add(ack.octets);
        if self.counted < cwnd {
            return cwnd;
        }
        // What is left over counts for the next round trip, but never for two.
        self.counted = (self.counted - cwnd).min(cwnd);
        //= RFC5681-3.1-i
        cwnd.saturating_add(ack.smss_octets)
    }

    fn ssthresh_after_loss(&mut self, _cwnd: u32, flight: u32, smss: u32) -> u32 {
        self.counted = 0;
        //= RFC5681-3.1-k
        (flight / 2).max(2 * smss)
    }

    fn pause(&mut self) {}

    fn forget(&mut self) {
        self.counted = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Instant, Span};
    use alloc::vec::Vec;
    use quickcheck::quickcheck;

    quickcheck! {
        /// However the acknowledgements are cut: a segment for each window that they add up to.
        fn a_segment_for_each_window(pieces: Vec<u16>, segments: u8) -> bool {
            let mut reno = Reno::default();
            let mut cwnd = 1000 * (u32::from(segments) + 2);
            let (mut total, mut paid) = (0_u64, 0_u64);
            pieces.iter().all(|octets| {
                let octets = u32::from(*octets).min(cwnd);
                let (srtt, now) = (Span::ZERO, Instant::ZERO);
                total += u64::from(octets);
                let ack = Ack { octets, flight_octets: cwnd, smss_octets: 1000, srtt, now };
                let next = reno.avoid(cwnd, &ack);
                if next > cwnd {
                    paid += u64::from(cwnd);
                }
                let grown = next - cwnd;
                cwnd = next;
                (grown == 0 || grown == 1000) && paid <= total && total - paid < 2 * u64::from(cwnd)
            })
        }
    }
}
