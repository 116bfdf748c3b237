//! floor 7: everything that happens to two hosts on a hostile link: what the link does to frames, how the
//! hosts are tuned, what the applications at both ends do. Any bytes are a plan, and so is any seed.
//!
//! The fields are as the bytes have them. What they stand for, within its bounds, is told by functions: a
//! zero is always the harmless case.

use super::dice::Dice;
use crate::drive::bytes::code::{Code, coded};
use arbitrary::{Result, Unstructured};
use stack::base::Span;
use std::num::NonZero;

/// Items of a plan at the most.
pub const ITEMS_MAX: usize = 48;

/// The most that a link loses, in percent.
pub const LOSS_PERCENT_MAX: u8 = 30;

/// How long a link is hostile at the most. A SYN is repeated for 180 s at least and data for 300 s, so that
/// no connection has a reason to be given up.
const HOSTILE_MILLIS_MAX: u64 = 90_000;

/// Octets that one end writes at the most, in a plan for large transfers and in others.
const BULK_OCTETS_MAX: usize = 400_000;
const PLAIN_OCTETS_MAX: usize = 12_000;

/// The bits for large transfers.
const BULK: u8 = 0x38;

/// Smallest buffer of a socket, in octets.
const BUFFER_OCTETS_MIN: u32 = 128;

coded! {
    /// What one direction of the link does to frames while it is hostile.
    pub struct WayPlan {
        /// Frames lost, in percent, modulo one more than the most.
        loss: u8,
        /// How much likelier the next frame is lost after a lost one, in tenths.
        burst: u8,
        /// Frames that come twice, in percent of 20.
        double: u8,
        /// Frames that come much later than others, in percent of 30.
        late: u8,
        /// Frames with a flipped bit, in percent of 10.
        flip: u8,
        /// Frames marked with CE, in percent of 30, where the transport takes part.
        mark: u8,
        /// Delay, as a power of two.
        delay: u8,
        /// How much it varies, in percent of it.
        jitter: u8,
        /// Octets a second, as a power of two; 0 for no limit.
        rate: u8,
        /// Frames that wait at the most, where there is a limit.
        queue: u8,
        /// Segments that a box on the way cuts in two, and those it joins, in eighths: low and high half.
        recut: u8,
    }
}

coded! {
    /// How an application ends its connection when it has written everything.
    pub enum Ending {
        /// It shuts its half, reads to the end of the stream and closes.
        Shut,
        /// It reads to the end of the stream and closes: the other end has to go first.
        Wait,
        /// It closes at once, whatever there is to read.
        Close,
        /// It aborts.
        Abort,
    }
}

coded! {
    /// A host and its application.
    pub struct EndPlan {
        /// Bit 0: no timestamps; 1: no SACK; 2: no window scaling; 3: asks for ECN; 4: CUBIC;
        /// 5: `TCP_NODELAY`; 6: `SO_KEEPALIVE`; 7: writes before the connection is open.
        tuning: u8,
        /// `SO_RCVBUF`; 0 for the usual one.
        receive_buffer: u16,
        /// `SO_SNDBUF`; 0 for the usual one.
        send_buffer: u16,
        /// `TCP_MAXSEG`; 0 for the usual one.
        max_segment: u16,
        /// How it ends.
        ending: Ending,
    }
}

coded! {
    /// One thing that happens. Bit 0 of `who` is the end, bit 1 tells reading from writing.
    pub enum Item {
        /// The application writes.
        Write { /** Which end. */ who: u8, /** Octets. */ octets: u16, },
        /// The application reads once.
        Read { /** Which end. */ who: u8, /** Octets at the most. */ octets: u16, },
        /// Writing or reading rests.
        Pause { /** Which end, and which half. */ who: u8, /** Milliseconds. */ millis: u16, },
        /// The application writes, and the last octet is urgent.
        Urgent { /** Which end. */ who: u8, /** Octets. */ octets: u8, },
        /// The link loses everything for a while.
        Outage { /** When it begins, in milliseconds. */ at: u16, /** How long it lasts. */ millis: u16, },
        /// The link carries packets up to another size from now on.
        Narrow {
            /** When, in milliseconds. */ at: u16,
            /** The size. */ mtu: u16,
            /** Bit 0: nobody is told; bit 1: this way; bit 2: that way. */ how: u8,
        },
        /// Writing or reading rests for long.
        Nap { /** Which end, and which half. */ who: u8, /** Minutes. */ minutes: u8, },
    }
}

/// Everything that happens to two hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Bit 0: Ethernet; 1: IPv6; 2: both ends open; 3 to 5, all of them: large transfers.
    pub switches: u8,
    /// Seed of the link's dice and of the hosts' choices.
    pub seed: u32,
    /// How long the link is hostile, in units of 4 ms; 0 is as long as may be.
    pub hostile: u16,
    /// Towards the second end, and back.
    pub ways: [WayPlan; 2],
    /// The end that opens, and the other.
    pub ends: [EndPlan; 2],
    /// What happens, each application's part in order.
    pub items: Vec<Item>,
}

/// How one direction is hostile, in numbers that mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hostility {
    /// Percent of frames.
    pub loss: u8,
    /// Percent of frames behind a lost one, beside that.
    pub burst: u8,
    /// Percent of frames.
    pub double: u8,
    /// Percent of frames.
    pub late: u8,
    /// Percent of frames.
    pub flip: u8,
    /// Percent of frames.
    pub mark: u8,
    /// Percent of segments that are cut.
    pub cut: u8,
    /// Percent of segments that are joined with the next.
    pub join: u8,
    /// From end to end.
    pub delay: Span,
    /// How much more it may be.
    pub jitter: Span,
    /// Octets a second.
    pub rate: Option<u64>,
    /// Frames that wait at the most.
    pub queue: usize,
}

impl WayPlan {
    /// What the bytes stand for.
    pub fn hostility(&self) -> Hostility {
        let delay = Span::from_micros(50 << (self.delay % 13));
        Hostility {
            loss: self.loss % (LOSS_PERCENT_MAX + 1),
            burst: self.burst % 6 * 10,
            double: self.double % 21,
            late: self.late % 31,
            flip: self.flip % 11,
            mark: self.mark % 31,
            cut: (self.recut & 7) * 12,
            join: (self.recut >> 4 & 7) * 12,
            delay,
            jitter: delay.times((self.jitter % 101).into()).divided_by(100),
            rate: NonZero::new(self.rate % 12).map(|power| 8_000 << power.get()),
            queue: 4 + usize::from(self.queue % 60),
        }
    }
}

/// The buffer that a field stands for, in octets.
fn buffer(field: u16, bulk: bool) -> Option<u32> {
    let octets = u32::from(field) % 16_000 + BUFFER_OCTETS_MIN;
    (field > 0).then(|| if bulk { octets * 16 + 3_000 } else { octets })
}

/// How long a nap lasts: longer than keep-alives wait, but not much.
pub(super) fn nap(minutes: u8) -> Span {
    Span::from_secs(u64::from(minutes % 135) * 60)
}

impl EndPlan {
    /// `TCP_MAXSEG` in octets, if it is set.
    pub fn max_segment_octets(&self) -> Option<u16> {
        (self.max_segment > 0).then(|| 88 + self.max_segment % 1_400)
    }
}

impl Plan {
    /// Whether the link is Ethernet.
    pub const fn ethernet(&self) -> bool {
        self.switches & 1 != 0
    }

    /// Whether the connection uses IPv6.
    pub const fn v6(&self) -> bool {
        self.switches & 2 != 0
    }

    /// Whether both ends open the connection.
    pub const fn simultaneous(&self) -> bool {
        self.switches & 4 != 0
    }

    /// Whether transfers may be large.
    pub const fn bulk(&self) -> bool {
        self.switches & BULK == BULK
    }

    /// How long the link is hostile.
    pub fn hostile(&self) -> Span {
        match u64::from(self.hostile) * 4 {
            0 => Span::from_millis(HOSTILE_MILLIS_MAX),
            millis => Span::from_millis(millis.min(HOSTILE_MILLIS_MAX)),
        }
    }

    /// How an end ends: two that wait for each other would wait for ever.
    pub fn ending(&self, end: usize) -> Ending {
        let both_wait = self.ends.iter().all(|plan| plan.ending == Ending::Wait);
        if both_wait && end == 1 { Ending::Shut } else { self.ends[end].ending.clone() }
    }

    /// `SO_RCVBUF` of an end.
    pub fn receive_buffer(&self, end: usize) -> Option<u32> {
        buffer(self.ends[end].receive_buffer, self.bulk())
    }

    /// `SO_SNDBUF` of an end.
    pub fn send_buffer(&self, end: usize) -> Option<u32> {
        buffer(self.ends[end].send_buffer, self.bulk())
    }

    /// How much an end may write: no more than a few hundred segments and windows of the other end.
    pub fn octets_max(&self, end: usize) -> usize {
        let most = if self.bulk() { BULK_OCTETS_MAX } else { PLAIN_OCTETS_MAX };
        let windows = self.receive_buffer(1 - end).map_or(usize::MAX, |octets| octets as usize * 32);
        let sizes = self.ends.iter().filter_map(EndPlan::max_segment_octets);
        let segments = sizes.min().map_or(usize::MAX, |octets| usize::from(octets) * 100);
        most.min(windows).min(segments)
    }

    /// The plan that `bytes` stand for.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let mut input = Unstructured::new(bytes);
        let input = &mut input;
        let switches = u8::read(input)?;
        let (seed, hostile) = (u32::read(input)?, u16::read(input)?);
        let ways = [WayPlan::read(input)?, WayPlan::read(input)?];
        let ends = [EndPlan::read(input)?, EndPlan::read(input)?];
        let mut items = Vec::new();
        while !input.is_empty() && items.len() < ITEMS_MAX {
            items.push(Item::read(input)?);
        }
        Ok(Self { switches, seed, hostile, ways, ends, items })
    }

    /// Bytes that stand for this plan.
    pub fn write(&self) -> Vec<u8> {
        let mut out = vec![self.switches];
        self.seed.write(&mut out);
        self.hostile.write(&mut out);
        self.ways.iter().for_each(|way| way.write(&mut out));
        self.ends.iter().for_each(|end| end.write(&mut out));
        self.items.iter().for_each(|item| item.write(&mut out));
        out
    }

    /// The plan that follows from a seed, over a link that loses up to so many percent.
    pub fn from_seed(seed: u64, loss_percent_max: u8) -> Self {
        let mut dice = Dice::new(seed);
        let octets = 50 + usize::try_from(dice.below(90)).unwrap_or(0);
        let bytes = dice.octets(octets);
        let mut plan = Self::read(&bytes).unwrap_or_else(|_| Self::calm());
        plan.seed = u32::from_le_bytes(dice.draw().to_le_bytes()[..4].try_into().unwrap_or_default());
        // One in eight is large, most of what can be wrong is not, and losses are of all sizes.
        plan.switches = plan.switches & 7 | if dice.percent(12) { BULK } else { 0 };
        if !dice.percent(20) {
            plan.switches &= !4;
        }
        for way in &mut plan.ways {
            let WayPlan { loss, burst, double, late, flip, mark, delay: _, jitter, rate, queue: _, recut } =
                way;
            for field in [&mut *burst, double, late, flip, mark, jitter, rate, recut] {
                *field = if dice.percent(40) { *field } else { 0 };
            }
            let most = dice.below(u64::from(loss_percent_max.min(LOSS_PERCENT_MAX)) + 1);
            *loss = u8::try_from(dice.below(most + 1)).unwrap_or(0);
        }
        for end in &mut plan.ends {
            let EndPlan { tuning, receive_buffer, send_buffer, max_segment, ending } = end;
            *tuning &= if dice.percent(50) { u8::MAX } else { 0 };
            for field in [receive_buffer, send_buffer, max_segment] {
                *field = if dice.percent(40) { *field } else { 0 };
            }
            if matches!(ending, Ending::Close | Ending::Abort) && dice.percent(70) {
                *ending = Ending::Shut;
            }
        }
        plan
    }

    /// A link without hostility, and applications that open and close.
    pub fn calm() -> Self {
        let way = WayPlan {
            loss: 0,
            burst: 0,
            double: 0,
            late: 0,
            flip: 0,
            mark: 0,
            delay: 0,
            jitter: 0,
            rate: 0,
            queue: 0,
            recut: 0,
        };
        let ending = Ending::Shut;
        let end = EndPlan { tuning: 0, receive_buffer: 0, send_buffer: 0, max_segment: 0, ending };
        let (ways, ends) = ([way.clone(), way], [end.clone(), end]);
        Self { switches: 0, seed: 0, hostile: 0, ways, ends, items: Vec::new() }
    }

    /// How long all pauses of both applications last together.
    pub fn pauses(&self) -> Span {
        self.items.iter().fold(Span::ZERO, |sum, item| match item {
            Item::Pause { millis, .. } => sum + Span::from_millis((*millis).into()),
            Item::Nap { minutes, .. } => sum + nap(*minutes),
            Item::Write { .. }
            | Item::Read { .. }
            | Item::Urgent { .. }
            | Item::Outage { .. }
            | Item::Narrow { .. } => sum,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    quickcheck! {
        fn any_bytes_are_a_plan_and_writing_it_keeps_it(bytes: Vec<u8>) -> bool {
            let plan = Plan::read(&bytes).expect("what is missing is zero");
            plan.items.len() <= ITEMS_MAX && Plan::read(&plan.write()) == Ok(plan)
        }

        fn a_seed_is_a_plan_that_can_be_written(seed: u64) -> bool {
            let plan = Plan::from_seed(seed, LOSS_PERCENT_MAX);
            Plan::read(&plan.write()) == Ok(plan)
        }
    }

    #[test]
    fn no_bytes_are_the_calm_plan() {
        assert_eq!(Plan::read(&[]), Ok(Plan::calm()));
        let calm = Plan::calm().ways[0].hostility();
        assert_eq!((calm.loss, calm.flip, calm.rate, calm.jitter), (0, 0, None, Span::ZERO));
    }
}
