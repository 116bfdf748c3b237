//! floor 3: CUBIC (RFC 9438 section 4) in integers: octets, milliseconds, and octets times 2^16 where less
//! than one octet matters.
//!
//! In segments and seconds the window follows W(t) = C (t - K)^3 + `W_max` with C = 0.4, and after a loss it
//! keeps 0.7 of the flight. One segment is SMSS octets, so that in octets and milliseconds C becomes
//! 4 * SMSS / 10^10.
//!
//! RFC9438-4.9-a: no reduction is taken back: spurious retransmissions are not looked for.

use super::{Ack, Control};
use crate::base::Instant;

/// beta is 0.7.
const BETA: (u64, u64) = (7, 10);
/// (1 + beta) / 2: what fast convergence leaves of the last maximum.
const CONVERGENCE: (u64, u64) = (17, 20);
/// alpha, 3 (1 - beta) / (1 + beta): with it a Reno sender that keeps 0.7 is as fast as one that keeps half.
const ALPHA: (u64, u64) = (9, 17);
/// Nobody waits longer for a loss; keeps the cube within its type.
const MAX_MILLIS: u64 = 1 << 24;

/// Congestion avoidance since it began after the last event.
#[derive(Clone, Copy, Debug)]
struct Epoch {
    start: Instant,
    /// K: milliseconds until the window is `origin` again.
    k_millis: u64,
    /// The plateau of the curve, in octets.
    origin: u32,
    /// `W_est`, the window of a Reno sender, in octets times 2^16.
    estimate: u64,
}

/// What CUBIC knows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cubic {
    /// `W_max` in octets: the window before the last event, or less of it; 0 if there was none.
    w_max: u32,
    /// `cwnd_prior` in octets: the window before the last event.
    prior: u32,
    epoch: Option<Epoch>,
}

impl Epoch {
    fn begin(now: Instant, cwnd: u32, w_max: u32, smss: u32) -> Self {
        let missing = u64::from(w_max.saturating_sub(cwnd));
        // K^3 = missing / (smss * C), in milliseconds.
        let k_millis = cube_root(missing * 2_500_000_000 / u64::from(smss.max(1)));
        Self { start: now, k_millis, origin: w_max.max(cwnd), estimate: u64::from(cwnd) << 16 }
    }

    /// `W_cubic(t)`, in octets.
    fn curve(&self, t_millis: u64, smss: u32) -> u64 {
        let t = t_millis.min(MAX_MILLIS);
        let distance = u128::from(t.abs_diff(self.k_millis));
        //= RFC9438-4.2-a
        //= RFC9438-5-a
        let cube = distance * distance * distance * 4 * u128::from(smss) / 10_000_000_000;
        let cube = u64::try_from(cube).unwrap_or(u64::MAX >> 1);
        let origin = u64::from(self.origin);
        if t < self.k_millis { origin.saturating_sub(cube) } else { origin + cube }
    }

    /// `W_est` grows by alpha segments for each window that is acknowledged.
    fn estimate_after(&mut self, cwnd: u32, prior: u32, ack: &Ack) -> u64 {
        let octets = u128::from(ack.octets) * u128::from(ack.smss_octets);
        let mut growth = (octets << 16) / u128::from(cwnd.max(1));
        if self.estimate >> 16 < u64::from(prior) {
            //= RFC9438-4.3-b
            growth = growth * u128::from(ALPHA.0) / u128::from(ALPHA.1);
        }
        self.estimate = self.estimate.saturating_add(u64::try_from(growth).unwrap_or(u64::MAX));
        self.estimate >> 16
    }
}

impl Control for Cubic {
    fn avoid(&mut self, cwnd: u32, ack: &Ack) -> u32 {
        let smss = ack.smss_octets;
        let w_max = self.w_max;
        let epoch = self.epoch.get_or_insert_with(|| Epoch::begin(ack.now, cwnd, w_max, smss));
        let t = ack.now.since(epoch.start).as_millis();
        let estimate = epoch.estimate_after(cwnd, self.prior, ack);
        let now = u64::from(cwnd);
        //= RFC9438-4.3-a
        let next = if epoch.curve(t, smss) < estimate {
            estimate.max(now)
        } else {
            let ahead = t.saturating_add(ack.srtt.as_millis());
            //= RFC9438-4.2-b
            let target = epoch.curve(ahead, smss).clamp(now, now + now / 2);
            //= RFC9438-4.4-a
            //= RFC9438-4.5-a
            now + (target - now) * u64::from(ack.octets) / now.max(1)
        };
        u32::try_from(next).unwrap_or(u32::MAX)
    }

    fn ssthresh_after_loss(&mut self, cwnd: u32, flight: u32, smss: u32) -> u32 {
        self.epoch = None;
        self.prior = cwnd;
        //= RFC9438-4.7-a
        self.w_max = if cwnd < self.w_max { part(cwnd, CONVERGENCE) } else { cwnd };
        //= RFC9438-4.6-b
        part(flight, BETA).max(2 * smss)
    }

    fn pause(&mut self) {
        //= RFC9438-4.2-c
        self.epoch = None;
    }

    fn forget(&mut self) {
        self.epoch = None;
        //= RFC9438-4.8-b
        self.w_max = 0;
    }
}

/// This part of `octets`, which is at most all of it.
fn part(octets: u32, (numerator, denominator): (u64, u64)) -> u32 {
    u32::try_from(u64::from(octets) * numerator / denominator).unwrap_or(octets)
}

/// The largest integer whose cube is at most `of`.
fn cube_root(of: u64) -> u64 {
    let mut root = 0_u64;
    for bit in (0..22).rev() {
        let larger = root | 1 << bit;
        if larger.checked_pow(3).is_some_and(|cube| cube <= of) {
            root = larger;
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Span;
    use alloc::vec::Vec;
    use quickcheck::quickcheck;

    /// The largest integer whose cube is at most `of`, by halving.
    fn root(of: u128) -> u128 {
        let (mut low, mut high) = (0_u128, 1 << 42);
        while low < high {
            let middle = (low + high).div_ceil(2);
            if middle * middle * middle <= of {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        low
    }

    /// C (t - K)^3 + W_max in microseconds, and how much a millisecond more or less of t and K changes it.
    fn reference(cwnd: u32, w_max: u32, smss: u32, t_millis: u64) -> (i128, i128) {
        let missing = u128::from(w_max.saturating_sub(cwnd));
        let k = i128::try_from(root(missing * 2_500_000_000_000_000_000 / u128::from(smss))).unwrap();
        let t = i128::from(t_millis) * 1000;
        let (scale, smss) = (10_i128.pow(19), i128::from(smss));
        let at = |t: i128| 4 * smss * (t - k).pow(3) / scale;
        let tolerance = (at(t + 1000) - at(t)).max(at(t) - at(t - 1000)) * 2 + 2;
        (i128::from(w_max.max(cwnd)) + at(t), tolerance)
    }

    quickcheck! {
        fn the_curve_is_that_of_the_formula(cwnd: u32, w_max: u32, smss: u16, t: u32) -> bool {
            let (cwnd, w_max) = (cwnd % (1 << 30), w_max % (1 << 30));
            let (smss, t) = (u32::from(smss).max(1), u64::from(t % 600_000));
            let epoch = Epoch::begin(Instant::ZERO, cwnd, w_max, smss);
            let (exact, tolerance) = reference(cwnd, w_max, smss, t);
            (i128::from(epoch.curve(t, smss)) - exact.max(0)).abs() <= tolerance
        }

        fn the_root_is_the_largest(of: u64) -> bool {
            u128::from(cube_root(of)) == root(u128::from(of))
        }

        fn the_window_never_shrinks_and_never_more_than_half_is_added(steps: Vec<(u16, u16, bool)>) -> bool {
            let (mut cubic, mut cwnd, mut now) = (Cubic::default(), 20_000, Instant::ZERO);
            steps.iter().all(|(octets, millis, lost)| {
                now += Span::from_millis(u64::from(*millis));
                if *lost && octets % 7 == 0 {
                    cwnd = cubic.ssthresh_after_loss(cwnd, cwnd, 1000);
                    return cwnd >= 2000;
                }
                let octets = u32::from(*octets).min(cwnd);
                let srtt = Span::from_millis(100);
                let ack = Ack { octets, flight_octets: cwnd, smss_octets: 1000, srtt, now };
                let before = cwnd;
                cwnd = cubic.avoid(cwnd, &ack).min(1 << 30);
                cwnd >= before && cwnd - before <= (before / 2).max(1001)
            })
        }
    }
}
