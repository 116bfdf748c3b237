//! floor 8: what the peer sent and the followed stack may not have had yet. A tap is not the host: a
//! segment of the peer can take effect late, in part, or never. So whatever the stack sends next is tried
//! with several sets of arrivals, from the plainest on.

use super::Tap;
use crate::drive::replay::recording::RecordedSegment;
use stack::base::Span;
use stack::wire::tcp::Flags;

/// Arrivals that are held back at the most, one after the other, from the end on.
const HELD_BACK_MAX: usize = 16;

/// Behind a tap at the stack nothing takes this long to arrive.
const LATE_MAX: Span = Span::from_secs(1);

/// One arrival: the index of a segment of the recording, and where it is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) index: usize,
    /// The number behind the last octet that is taken, where it is not taken whole.
    pub(super) clip: Option<u32>,
}

impl Arrival {
    const fn whole(index: usize) -> Self {
        Self { index, clip: None }
    }
}

/// `a` lies at `b` or before it, on the circle.
const fn at_or_before(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() <= 0
}

/// The number behind the last one that `segment` takes.
pub(super) fn end(segment: &RecordedSegment) -> u32 {
    segment.seq.wrapping_add(segment.len_octets())
}

/// How willingly arrivals are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// What the tap saw has arrived, unless that explains nothing.
    Eager,
    /// Only what is acknowledged has arrived: the stack may have discarded the rest.
    Lazy,
}

/// What is believed of what the recording can not show. A connection is followed in one way after the other,
/// until one explains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// How willingly arrivals are taken: one that is taken for granted may have been discarded.
    pub(super) manner: Manner,
    /// Whether the peer's timestamps count: which of them do depends on when they were acknowledged.
    pub(super) stamps: bool,
    /// Whether an acknowledgement of more than the recording holds tells of what the tap missed, and is not
    /// forged.
    pub(super) trust: bool,
}

impl Way {
    /// Every way, the plainest first.
    pub(super) const ALL: [Self; 6] = [
        Self { manner: Manner::Eager, stamps: true, trust: false },
        Self { manner: Manner::Eager, stamps: true, trust: true },
        Self { manner: Manner::Lazy, stamps: true, trust: false },
        Self { manner: Manner::Lazy, stamps: true, trust: true },
        Self { manner: Manner::Eager, stamps: false, trust: true },
        Self { manner: Manner::Lazy, stamps: false, trust: true },
    ];
}

/// Sets of arrivals that may have come before `answer`, the plainest first: all; those that `answer`
/// acknowledges; those, with the last one clipped; all but the last few.
pub(super) fn plans(
    waiting: &[usize],
    segments: &[RecordedSegment],
    answer: &RecordedSegment,
    manner: Manner,
    tap: Tap,
) -> Vec<Vec<Arrival>> {
    let all = || waiting.iter().copied().map(Arrival::whole).collect();
    // Who opens by itself has not had the SYN that is on its way to it.
    let opens = answer.has(Flags::SYN) && !answer.has(Flags::ACK);
    let mut plans = match manner {
        Manner::Eager if opens => vec![Vec::new(), all()],
        Manner::Lazy if answer.has(Flags::ACK) => Vec::new(),
        Manner::Eager | Manner::Lazy => vec![all()],
    };
    if answer.has(Flags::ACK) {
        let needed = |segment: &RecordedSegment| {
            let reported =
                answer.options.sack.iter().any(|(left, right)| {
                    at_or_before(*left, segment.seq) && at_or_before(end(segment), *right)
                });
            segment.len_octets() == 0 || at_or_before(end(segment), answer.ack) || reported
        };
        let clipped = |segment: &RecordedSegment| {
            !at_or_before(answer.ack, segment.seq) && !at_or_before(end(segment), answer.ack)
        };
        let chosen = |clips: bool| -> Vec<Arrival> {
            let arrival = |index: &usize| {
                let segment = &segments[*index];
                if needed(segment) {
                    Some(Arrival::whole(*index))
                } else {
                    (clips && clipped(segment)).then_some(Arrival { index: *index, clip: Some(answer.ack) })
                }
            };
            waiting.iter().filter_map(arrival).collect()
        };
        plans.push(chosen(false));
        plans.push(chosen(true));
    }
    // Octets may have been discarded, which their acknowledgement tells. A window or a reset that was there
    // for long was heard.
    let has_come = |index: &usize| {
        let segment = &segments[*index];
        tap == Tap::Here && segment.len_octets() == 0 && answer.at.since(segment.at) >= LATE_MAX
    };
    let held_back_max = waiting.iter().rev().take_while(|index| !has_come(index)).count().min(HELD_BACK_MAX);
    for held in 0..=held_back_max {
        plans.push(waiting[..waiting.len() - held].iter().copied().map(Arrival::whole).collect());
    }
    plans.dedup();
    plans
}

/// The segment as it arrives.
pub(super) fn arriving(arrival: Arrival, segments: &[RecordedSegment]) -> RecordedSegment {
    let mut segment = segments[arrival.index].clone();
    if let Some(clip) = arrival.clip {
        let octets = clip.wrapping_sub(segment.seq).min(segment.payload_octets);
        segment.payload.truncate(octets as usize);
        segment.payload_octets = octets;
        segment.flags = segment.flags.without(Flags::FIN);
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::replay::recording::{ChecksumSeen, Side};
    use quickcheck::quickcheck;
    use stack::base::Instant;
    use stack::wire::tcp_option::Options;

    fn segment(seq: u32, ack: u32, octets: u32) -> RecordedSegment {
        RecordedSegment {
            number: 0,
            at: Instant::ZERO,
            from: Side::Client,
            seq,
            ack,
            flags: Flags::ACK,
            window: 0,
            urgent_pointer: 0,
            options: Options::NONE,
            raw_options: Vec::new(),
            payload: vec![0; octets as usize],
            payload_octets: octets,
            checksum: ChecksumSeen::Right,
            traffic_class: 0,
            hop_limit: 64,
        }
    }

    #[test]
    fn what_is_acknowledged_is_among_the_plans_whole_or_clipped() {
        let segments = [segment(10, 0, 10), segment(20, 0, 0), segment(20, 0, 10), segment(30, 0, 10)];
        let found = plans(&[0, 1, 2, 3], &segments, &segment(0, 25, 0), Manner::Lazy, Tap::Away);
        let whole = Arrival::whole;
        assert!(found.contains(&vec![whole(0), whole(1)]));
        assert!(found.contains(&vec![whole(0), whole(1), Arrival { index: 2, clip: Some(25) }]));
        assert_eq!(arriving(Arrival { index: 2, clip: Some(25) }, &segments).payload.len(), 5);
    }

    quickcheck! {
        fn the_first_plan_is_everything_and_the_order_stays(octets: Vec<u8>, ack: u32) -> bool {
            let segments: Vec<RecordedSegment> =
                octets.iter().map(|octets| segment(u32::from(*octets), 0, u32::from(*octets))).collect();
            let waiting: Vec<usize> = (0..segments.len()).collect();
            let found = plans(&waiting, &segments, &segment(0, ack, 0), Manner::Eager, Tap::Away);
            found[0].len() == waiting.len()
                && found.iter().all(|plan| plan.windows(2).all(|pair| pair[0].index < pair[1].index))
        }
    }
}
