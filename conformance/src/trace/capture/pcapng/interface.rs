//! floor 6: an interface of a pcapng file: how its frames begin, and what its clock counts.

use super::options::Options;
use crate::trace::capture::Losses;
use crate::trace::capture::link::LinkType;
use crate::trace::capture::order::Order;

const NANOS: u64 = 1_000_000_000;

/// An interface of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// How its frames begin.
    pub link: LinkType,
    /// Octets that are kept of each frame; 0 if there is no limit.
    pub snap_octets: u32,
    /// Its name, if the file tells; at most 256 octets of it.
    pub name: Option<String>,
    /// Octets of the frame check sequence behind each frame.
    pub(in crate::trace::capture) fcs_octets: u8,
    /// What it says it lost.
    pub(super) losses: Losses,
    clock: Clock,
}

/// What a number of ticks is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Clock {
    ticks: Ticks,
    /// Seconds to be added.
    offset_s: i64,
}

/// How long a tick lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ticks {
    /// So many nanoseconds.
    Nanos(u64),
    /// One part in so many of a second, the number being 10 to this power, which is more than 9.
    Decimal(u32),
    /// The same with 2 to this power.
    Binary(u32),
}

impl Ticks {
    /// The option `if_tsresol`: the upper bit tells whether the rest is a power of 2 or of 10.
    const fn of(resolution: u8) -> Self {
        let power = (resolution & 0x7f) as u32;
        match resolution {
            0..=9 => Self::Nanos(10_u64.pow(9 - power)),
            10..0x80 => Self::Decimal(power),
            0x80.. => Self::Binary(power),
        }
    }

    /// So many of them in nanoseconds, rounded down.
    const fn nanos(self, count: u64) -> u128 {
        let count = count as u128;
        match self {
            Self::Nanos(each) => count * each as u128,
            // A finer tick than 10 to the power of -29 seconds never makes a nanosecond.
            Self::Decimal(power @ 0..=29) => count / 10_u128.pow(power - 9),
            Self::Decimal(_) => 0,
            Self::Binary(power) => (count * NANOS as u128) >> power,
        }
    }
}

impl Clock {
    /// Nanoseconds since 1970, as near as they can be told.
    fn epoch_ns(self, count: u64) -> i64 {
        if let (Ticks::Nanos(each), 0) = (self.ticks, self.offset_s) {
            let nanos = count.checked_mul(each).and_then(|nanos| i64::try_from(nanos).ok());
            return nanos.unwrap_or(i64::MAX);
        }
        let nanos = i128::try_from(self.ticks.nanos(count)).unwrap_or(i128::MAX);
        let sum = nanos.saturating_add(i128::from(self.offset_s) * i128::from(NANOS));
        i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
    }
}

impl Interface {
    /// The only interface of a file that does not describe any.
    pub(in crate::trace::capture) const fn alone(link: LinkType) -> Self {
        let clock = Clock { ticks: Ticks::Nanos(1_000), offset_s: 0 };
        Self { link, snap_octets: 0, name: None, fcs_octets: 0, losses: Losses::NONE, clock }
    }

    /// An interface description block, if it is long enough.
    pub(super) fn read(order: Order, body: &[u8]) -> Option<Self> {
        let link = LinkType::from_number(u32::from(order.two_at(body, 0)?));
        let snap_octets = order.four_at(body, 4)?;
        let mut read = Self { snap_octets, ..Self::alone(link) };
        for (code, value) in Options::new(order, body.get(8..).unwrap_or_default()) {
            match (code, value) {
                (options_code::NAME, name) => {
                    let name = name.get(..256).unwrap_or(name);
                    read.name = Some(String::from_utf8_lossy(name).trim_end_matches('\0').to_owned());
                }
                (options_code::RESOLUTION, [resolution]) => read.clock.ticks = Ticks::of(*resolution),
                (options_code::FCS, [octets]) => read.fcs_octets = *octets,
                (options_code::OFFSET, value) => {
                    let offset = value.try_into().map(|octets| order.eight(octets).cast_signed());
                    read.clock.offset_s = offset.unwrap_or(read.clock.offset_s);
                }
                _ => (),
            }
        }
        Some(read)
    }

    /// Nanoseconds since 1970 of a time stamp of this interface; saturates.
    pub(super) fn epoch_ns(&self, count: u64) -> i64 {
        self.clock.epoch_ns(count)
    }
}

/// Options of an interface description.
mod options_code {
    pub(super) const NAME: u16 = 2;
    pub(super) const RESOLUTION: u16 = 9;
    pub(super) const FCS: u16 = 13;
    pub(super) const OFFSET: u16 = 14;
}

#[cfg(test)]
mod tests {
    use super::{Clock, Ticks};
    use quickcheck::quickcheck;

    fn ns(resolution: u8, offset_s: i64, count: u64) -> i64 {
        Clock { ticks: Ticks::of(resolution), offset_s }.epoch_ns(count)
    }

    #[test]
    fn ticks_become_nanoseconds() {
        assert_eq!(ns(0, 0, 7), 7_000_000_000);
        assert_eq!(ns(6, 0, 1_000_007), 1_000_007_000);
        assert_eq!(ns(9, -1, 1_000_000_007), 7);
        assert_eq!(ns(12, 0, 7_999), 7);
        assert_eq!(ns(0x80 | 8, 0, 384), 1_500_000_000);
        assert_eq!(ns(0x80 | 40, 2, 3 << 39), 3_500_000_000);
        assert_eq!(ns(0x7f, 3, u64::MAX), 3_000_000_000);
        assert_eq!(ns(0xff, 0, u64::MAX), 0);
        assert_eq!(ns(0, 0, u64::MAX), i64::MAX);
        assert_eq!(ns(0, i64::MIN, 0), i64::MIN);
    }

    quickcheck! {
        fn time_never_runs_backwards(resolution: u8, offset_s: i64, count: u64) -> bool {
            ns(resolution, offset_s, count) >= ns(resolution, offset_s, count / 2)
        }
    }
}
