//! floor 8: faults in how arrivals are acknowledged: late, too often, and what SACK says of them.

use super::fault::{Fault, never};
use super::faults_flow::acknowledges_more;
use super::story::Story;
use stack::wire::ethernet::EtherType;
use stack::wire::tcp::Flags;

const SACK: u8 = 5;
const SACK_PERMITTED: u8 = 4;

fn has_sack(story: &Story, at: usize) -> bool {
    story.flows(at) && story.own(at).is_some_and(|own| own.word(SACK, 0).is_some())
}

/// Whether this segment acknowledges more than those before it, or reports something by SACK.
fn tells_of_arrivals(story: &Story, at: usize) -> bool {
    has_sack(story, at) || acknowledges_more(story, at)
}

/// The acknowledgements of this connection from a frame on, so many at the most.
fn telling(story: &Story, at: usize, most: usize) -> Vec<usize> {
    let later = story.after(at).filter(|(_, own, _)| *own).map(|(index, ..)| index);
    let all = std::iter::once(at).chain(later);
    all.filter(|index| tells_of_arrivals(story, *index)).take(most).collect()
}

/// From a frame on the host takes so long before each acknowledgement.
fn is_late(story: &mut Story, at: usize, us: u64) {
    const TIMES: usize = 12;
    for late in telling(story, at, TIMES) {
        story.pause(late, us);
    }
}

/// Whether this is the answer to one segment that arrived beyond a hole, and reports it.
fn reports_the_latest(story: &Story, at: usize) -> bool {
    let came = story.before(at).next_back().filter(|(_, own, _)| !own);
    let Some((_, _, came)) = came.filter(|_| has_sack(story, at)) else { return false };
    let blocks = story.own(at).map(super::edit::Edit::blocks).unwrap_or_default();
    let inside = |block: &(u32, u32)| came.seq.wrapping_sub(block.0) < block.1.wrapping_sub(block.0);
    let highest = story.sent_before(at, false) == Some(came.end());
    answers_one(story, at) && highest && blocks.iter().any(inside) && !came.payload.is_empty()
}

/// Such answers from this one on.
fn reports(story: &Story, at: usize) -> Vec<usize> {
    const MOST: usize = 20;
    let later = story.after(at).filter(|(_, own, _)| *own).map(|(index, ..)| index);
    std::iter::once(at).chain(later).filter(|index| reports_the_latest(story, *index)).take(MOST).collect()
}

/// Whether the peer sends something with numbers that this acknowledges, and goes on so a few times.
fn acknowledges_a_few_times(story: &Story, at: usize) -> bool {
    acknowledges_more(story, at) && telling(story, at, 8).len() >= 8
}

/// Whether the peer's numbers never went back before this segment.
fn nothing_came_twice(story: &Story, at: usize) -> bool {
    let mut highest = None;
    story.before(at).filter(|(_, own, _)| !own).all(|(_, _, segment)| {
        let again = highest.is_some_and(|highest: u32| highest.wrapping_sub(segment.seq).cast_signed() > 0);
        highest = Some(segment.end());
        !again
    })
}

/// Two blocks that report what arrived, and no duplicate.
fn two_blocks(story: &Story, at: usize) -> Option<[(u32, u32); 2]> {
    let own = story.own(at).filter(|_| story.flows(at))?;
    let blocks = own.blocks();
    let [first, second, ..] = blocks[..] else { return None };
    let is_after = |a: u32, b: u32| a.wrapping_sub(b).cast_signed() > 0;
    let beyond = is_after(first.0, own.ack) && is_after(second.0, own.ack);
    let apart = !is_after(first.1, second.0) || !is_after(second.1, first.0);
    (beyond && apart).then_some([first, second])
}

/// Whether exactly one segment came since the host sent something.
fn answers_one(story: &Story, at: usize) -> bool {
    let came = story.before(at).rev().take_while(|(_, own, _)| !own).count();
    came == 1
}

/// Whether one segment with new octets behind a hole came since the host sent something, and the first block
/// is of it.
fn answers_one_behind_a_hole(story: &Story, at: usize) -> bool {
    let Some(([first, _], (_, false, came))) = two_blocks(story, at).zip(story.before(at).next_back()) else {
        return false;
    };
    let inside = came.seq.wrapping_sub(first.0) < first.1.wrapping_sub(first.0);
    let highest = story.sent_before(at, false) == Some(came.end());
    answers_one(story, at) && inside && highest && !came.payload.is_empty()
}

/// Whether packets came twice, or were recorded twice: then nobody is told how many acknowledgements are due.
fn came_twice(story: &Story) -> bool {
    const WITHIN_FRAMES: usize = 200;
    let has_id = |index: usize| is_v4_of_anybody(story, index) && story.frames[index].bytes[4..6] != [0, 0];
    let same = |one: usize, other: usize| story.frames[one].bytes == story.frames[other].bytes;
    (1..story.frames.len()).any(|index| {
        has_id(index) && (index.saturating_sub(WITHIN_FRAMES)..index).any(|other| same(index, other))
    })
}

fn is_v4_of_anybody(story: &Story, at: usize) -> bool {
    story.frames[at].ethertype == EtherType::IPV4
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "acknowledgements 0.7 s late",
        rules: &["P-D4"],
        fits: acknowledges_a_few_times,
        harmless: never,
        apply: |story, at| is_late(story, at, 700_000),
    },
    Fault {
        name: "acknowledgements 0.2 s late",
        rules: &["P-D5"],
        fits: acknowledges_a_few_times,
        // Where less than two full segments wait each time, that is what a delayed acknowledgement is.
        harmless: |story, at| {
            let full = |index: &usize| {
                let before = story.acknowledged_before(*index).unwrap_or(0);
                let all = story.own(*index).map(|own| own.ack) == story.sent_before(*index, false);
                let octets = story.own(*index).map_or(0, |own| own.ack.wrapping_sub(before));
                all && octets as usize >= 2 * story.max_segment_own(*index).unwrap_or(536).saturating_sub(12)
            };
            telling(story, at, 12).iter().filter(|index| full(index)).count() < 4
        },
        apply: |story, at| is_late(story, at, 200_000),
    },
    Fault {
        name: "reports of SACK 0.3 s late",
        rules: &["P-D6"],
        fits: reports_the_latest,
        // A host may stand still once or twice.
        harmless: |story, at| reports(story, at).len() < 4,
        apply: |story, at| {
            for late in reports(story, at) {
                story.pause(late, 300_000);
            }
        },
    },
    Fault {
        name: "acknowledgements of what fills a hole 0.3 s late",
        rules: &["P-D6f"],
        fits: |story, at| {
            let reported = story.before(at).rev().find(|(_, own, _)| *own);
            let reported = reported.is_some_and(|(_, _, segment)| segment.word(SACK, 0).is_some());
            reported
                && acknowledges_more(story, at)
                && story.before(at).any(|(index, own, _)| own && has_sack(story, index))
        },
        harmless: |story, at| {
            story.before(at).filter(|(index, own, _)| *own && has_sack(story, *index)).count() < 4
        },
        apply: |story, at| {
            let reports = story.before(at).filter(|(_, own, _)| *own).map(|(index, ..)| index);
            let reports: Vec<usize> = reports.filter(|index| has_sack(story, *index)).collect();
            for late in reports {
                story.pause(late, 300_000);
            }
            story.pause(at, 300_000);
        },
    },
    Fault {
        name: "SACK of what was not sent",
        rules: &["P-D7r"],
        fits: has_sack,
        harmless: never,
        apply: |story, at| {
            let end = story.end_of(at, false).unwrap_or(0);
            story.edit(at, |segment| {
                segment.set_word(SACK, 0, end.wrapping_add(10_000));
                segment.set_word(SACK, 4, end.wrapping_add(11_000));
            });
        },
    },
    Fault {
        name: "SACK edges exchanged",
        rules: &["P-D7"],
        fits: has_sack,
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| {
                let (left, right) = (segment.word(SACK, 0).unwrap_or(0), segment.word(SACK, 4).unwrap_or(0));
                segment.set_word(SACK, 0, right);
                segment.set_word(SACK, 4, left);
            });
        },
    },
    Fault {
        name: "first block of SACK is not the latest",
        rules: &["P-D7f"],
        fits: answers_one_behind_a_hole,
        harmless: |story, _| came_twice(story),
        apply: |story, at| {
            let Some([first, second]) = two_blocks(story, at) else { return };
            story.edit(at, |segment| segment.set_blocks(&[second, first]));
        },
    },
    Fault {
        name: "duplicate reported that never came",
        rules: &["P-D8"],
        fits: |story, at| {
            let permitted = story.agreed(at, SACK_PERMITTED);
            let isn = story.syn(at, false).map_or(0, |syn| syn.seq);
            let long = story.own(at).is_some_and(|own| (200..1 << 30).contains(&own.ack.wrapping_sub(isn)));
            permitted && long && acknowledges_more(story, at) && !has_sack(story, at)
        },
        harmless: |story, at| !nothing_came_twice(story, at) || came_twice(story),
        apply: |story, at| {
            story.edit(at, |segment| {
                let ack = segment.ack;
                segment.set_blocks(&[(ack.wrapping_sub(150), ack.wrapping_sub(50))]);
            });
        },
    },
    Fault {
        name: "duplicate reported in front of another block",
        rules: &["P-D8b"],
        fits: |story, at| two_blocks(story, at).is_some() && answers_one(story, at),
        harmless: |story, _| came_twice(story),
        apply: |story, at| {
            let Some([first, second]) = two_blocks(story, at) else { return };
            let inside = (second.0.wrapping_add(1), second.1.wrapping_sub(1));
            story.edit(at, |segment| segment.set_blocks(&[inside, first, second]));
        },
    },
    Fault {
        name: "four ACKs for one, from here on",
        rules: &["P-D9"],
        fits: acknowledges_more,
        // What is acknowledged by data has arrivals left for bare acknowledgements, and the last may be too
        // few.
        harmless: |story, at| {
            let more = std::iter::once(at).chain(story.after(at).map(|(index, ..)| index));
            let bare = more.filter(|index| acknowledges_more(story, *index)).count();
            let came = story.before(at).filter(|(_, own, _)| !own).count();
            let used = story.before(at).filter(|(index, own, _)| *own && story.is_bare_ack(*index)).count();
            came_twice(story)
                || 3 * bare <= came.saturating_sub(used) + story.after(at).filter(|(_, own, _)| !own).count()
        },
        apply: |story, at| {
            let later = story.after(at).filter(|(_, own, _)| *own).map(|(index, ..)| index);
            let all = std::iter::once(at).chain(later);
            let all: Vec<usize> = all.filter(|index| acknowledges_more(story, *index)).collect();
            for index in all {
                for more_us in 1..=3 {
                    story.add(index, more_us, |segment| segment.flags = Flags::ACK);
                }
            }
        },
    },
];
