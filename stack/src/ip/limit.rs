//! floor 2: the limit on the rate of ICMP errors: a token bucket in virtual time (RFC 4443 section 2.4 (f),
//! RFC 1812 section 4.3.2.8).

use crate::base::{Instant, Span};

/// A bucket of permits: full at first, one more per interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    burst: u32,
    interval: Span,
    permits: u32,
    /// From when on the next permit grows.
    since: Instant,
}

impl Bucket {
    /// A full bucket of `burst` permits; a zero `interval` lifts the limit.
    pub(super) const fn new(burst: u32, interval: Span) -> Self {
        Self { burst, interval, permits: burst, since: Instant::ZERO }
    }

    /// Takes a permit, if there is one.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        if self.interval == Span::ZERO {
            return true;
        }
        self.refill(now);
        let granted = self.permits > 0;
        self.permits = self.permits.saturating_sub(1);
        granted
    }

    fn refill(&mut self, now: Instant) {
        let grown = now.since(self.since).as_nanos() / self.interval.as_nanos();
        let room = u64::from(self.burst - self.permits);
        if grown >= room {
            self.permits = self.burst;
            self.since = now;
        } else {
            self.permits += u32::try_from(grown).unwrap_or(0);
            self.since += self.interval.times(grown);
        }
    }

    pub(super) fn check(&self) {
        assert!(self.permits <= self.burst, "a bucket holds no more than its size");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use quickcheck::quickcheck;

    quickcheck! {
        fn never_more_than_the_burst_and_one_per_interval(burst: u8, steps: Vec<u16>) -> bool {
            let mut bucket = Bucket::new(u32::from(burst), Span::from_nanos(1000));
            let mut now = Instant::ZERO;
            let mut granted = 0;
            steps.into_iter().all(|step| {
                now += Span::from_nanos(u64::from(step));
                granted += u64::from(bucket.take(now));
                bucket.check();
                granted <= u64::from(burst) + now.as_nanos() / 1000
            })
        }
    }

    #[test]
    fn a_permit_grows_back_after_an_interval() {
        let mut bucket = Bucket::new(2, Span::from_millis(100));
        let at = |millis: u64| Instant::ZERO + Span::from_millis(millis);
        let granted: [bool; 6] = [0, 0, 0, 99, 100, 101].map(|millis| bucket.take(at(millis)));
        assert_eq!(granted, [true, true, false, false, true, false]);
    }

    #[test]
    fn a_zero_interval_lifts_the_limit() {
        let mut bucket = Bucket::new(0, Span::ZERO);
        assert!((0..100).all(|_| bucket.take(Instant::ZERO)));
    }
}
