//! floor 3: the retransmission timeout (RFC 6298), in integers.
//!
//! RFC6298-5-b: nothing is cleared; the next sample has its weight, whatever was before.

use super::Settings;
use crate::base::Span;

/// Clock granularity G. The virtual clock counts nanoseconds; a millisecond is well below the 100 ms that
/// RFC 6298 section 4 recommends as an upper bound.
const GRANULARITY: Span = Span::from_millis(1);

/// The timeout that data begins with if the SYN was lost (RFC 6298 section 5.7).
const AFTER_LOST_SYN: Span = Span::from_secs(3);

/// Smoothed round-trip time and its variation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Measured {
    srtt: Span,
    rttvar: Span,
}

/// The retransmission timeout with what it is computed from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rto {
    measured: Option<Measured>,
    span: Span,
    min: Span,
    max: Span,
}

impl Rto {
    pub(super) const fn new(settings: &Settings) -> Self {
        Self { measured: None, span: settings.rto_initial, min: settings.rto_min, max: settings.rto_max }
    }

    /// The timeout, back-off included.
    pub(super) const fn span(&self) -> Span {
        self.span
    }

    /// SRTT; zero if nothing was measured yet.
    pub(super) fn srtt(&self) -> Span {
        self.measured.map_or(Span::ZERO, |measured| measured.srtt)
    }

    /// A round trip took `rtt`, and nothing in it was sent twice.
    pub(super) fn sample(&mut self, rtt: Span) {
        let measured = match self.measured {
            //= RFC6298-2.2-a
            None => Measured { srtt: rtt, rttvar: rtt.divided_by(2) },
            Some(old) => {
                let deviation = old.srtt.as_nanos().abs_diff(rtt.as_nanos());
                //= RFC6298-2.3-a
                let rttvar = old.rttvar.times(3) + Span::from_nanos(deviation);
                let srtt = old.srtt.times(7) + rtt;
                Measured { srtt: srtt.divided_by(8), rttvar: rttvar.divided_by(4) }
            }
        };
        self.measured = Some(measured);
        //= RFC6298-4-a
        let margin = measured.rttvar.times(4).max(GRANULARITY);
        self.span = self.within_bounds(measured.srtt + margin);
    }

    /// The timer expired.
    pub(super) fn back_off(&mut self) {
        //= RFC6298-5.5-a
        self.span = self.span.times(2).min(self.max);
    }

    /// The handshake is over, and the timer had expired on the SYN. An echoed timestamp may have told
    /// meanwhile that the round trip asks for more.
    pub(super) fn restart_after_lost_syn(&mut self, initial: Span) {
        if initial < AFTER_LOST_SYN {
            //= RFC6298-5.7-a
            self.span = self.measured.map_or(AFTER_LOST_SYN, |_| self.span.max(AFTER_LOST_SYN));
        }
    }

    fn within_bounds(&self, span: Span) -> Span {
        //= RFC6298-2.4-a
        span.max(self.min).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use quickcheck::quickcheck;

    fn millis(rto: &Rto) -> u64 {
        rto.span().as_millis()
    }

    //? RFC6298-2.2-a
    //? RFC6298-2.3-a
    #[test]
    fn the_formulas_give_the_numbers_that_one_computes_by_hand() {
        let settings = Settings { rto_min: Span::ZERO, ..Settings::default() };
        let mut rto = Rto::new(&settings);
        assert_eq!(millis(&rto), 1000);
        rto.sample(Span::from_millis(400)); // 400 + 4 * 200
        assert_eq!(millis(&rto), 1200);
        rto.sample(Span::from_millis(400)); // rttvar 150, srtt 400
        assert_eq!(millis(&rto), 1000);
        rto.sample(Span::from_millis(800)); // rttvar 212.5, srtt 450
        assert_eq!(millis(&rto), 1300);
    }

    //? RFC6298-4-a
    #[test]
    fn steady_round_trips_leave_the_granularity_as_margin() {
        let settings = Settings { rto_min: Span::ZERO, ..Settings::default() };
        let mut rto = Rto::new(&settings);
        for _ in 0..200 {
            rto.sample(Span::from_millis(100));
        }
        assert_eq!(millis(&rto), 101);
    }

    //? RFC6298-2.4-a
    #[test]
    fn the_lower_bound_is_one_second() {
        let mut rto = Rto::new(&Settings::default());
        rto.sample(Span::from_millis(1));
        assert_eq!(millis(&rto), 1000);
    }

    //? RFC6298-5.5-a
    //? RFC6298-2.5-a
    #[test]
    fn back_off_doubles_up_to_the_bound_and_a_sample_ends_it() {
        let mut rto = Rto::new(&Settings::default());
        let series: Vec<u64> = (0..8)
            .map(|_| {
                rto.back_off();
                millis(&rto) / 1000
            })
            .collect();
        assert_eq!(series, [2, 4, 8, 16, 32, 60, 60, 60]);
        rto.sample(Span::from_millis(500));
        assert_eq!(millis(&rto), 1500);
    }

    //? RFC6298-5.7-a
    #[test]
    fn a_lost_syn_starts_data_with_three_seconds() {
        let mut rto = Rto::new(&Settings::default());
        (0..4).for_each(|_| rto.back_off());
        rto.restart_after_lost_syn(Span::from_secs(1));
        assert_eq!(millis(&rto), 3000);
        let mut slow = Rto::new(&Settings { rto_initial: Span::from_secs(5), ..Settings::default() });
        slow.restart_after_lost_syn(Span::from_secs(5));
        assert_eq!(millis(&slow), 5000);
    }

    quickcheck! {
        fn the_timeout_stays_within_its_bounds(samples: Vec<u64>, steps: u8) -> bool {
            let settings = Settings::default();
            let mut rto = Rto::new(&settings);
            samples.iter().for_each(|nanos| rto.sample(Span::from_nanos(*nanos)));
            (0..steps).for_each(|_| rto.back_off());
            rto.span() >= settings.rto_min && rto.span() <= settings.rto_max
        }
    }
}
