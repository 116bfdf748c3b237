//! floor 8: faults in what is sent when: numbers, contents, windows of the peer, flights.

use super::fault::{Fault, never};
use super::story::Story;
use stack::wire::tcp::Flags;

const TIMESTAMPS: u8 = 8;
const USER_TIMEOUT: u8 = 28;
const OPTION_ROOM_OCTETS: usize = 40;

/// So far beyond what was sent an edge may be that a fault goes beyond it.
const REACH_OCTETS: i32 = 300_000;

/// How far it is from what the host has sent to the edge that the peer offered.
fn room(story: &Story, at: usize) -> Option<i32> {
    let edge = story.edge_before(at, false)?;
    Some(edge.wrapping_sub(story.own(at)?.end()).cast_signed())
}

/// A frame of the peer that can be added again, so that it comes so much later than the one at hand.
fn answers_again(story: &mut Story, at: usize, later_us: u64) {
    let Some(heard) = story.heard_before(at) else { return };
    let later_us = story.us_between(heard, at) + later_us;
    let next = story.sent_before(at, false).unwrap_or(0);
    story.add(heard, later_us, |segment| {
        segment.seq = next;
        segment.flags = Flags::ACK;
        segment.payload.clear();
    });
}

/// Whether the peer has sent nothing yet but its SYN, and the host begins to send.
fn begins(story: &Story, at: usize) -> bool {
    let first = story.taken_before(at) == story.own(at).map(|own| own.seq);
    first && story.edge_before(at, false).is_none() && story.is_front(at)
}

/// How many octets from its SYN on the host has sent, and the peer acknowledged.
fn is_first_flight(story: &Story, at: usize) -> bool {
    let isn = story.syn(at, true).map(|syn| syn.seq.wrapping_add(1));
    story.is_front(at) && isn.is_some() && story.taken_before(at) == isn
}

/// Whether the peer is stamped and has been heard with a window.
fn may_be_told_of_less(story: &Story, at: usize) -> bool {
    let heard = story.heard_before(at).and_then(|heard| story.segment(heard));
    let stamped = heard.is_some_and(|heard| heard.word(TIMESTAMPS, 0).is_some() && !heard.flags.syn());
    stamped && story.stamped(at) && story.is_front(at) && room(story, at).is_some_and(|room| room > 0)
}

/// The peer takes back all room behind what was sent; the host hears of it and goes on.
fn goes_on_behind_the_shrunk_edge(story: &mut Story, at: usize) {
    const HEARS_AFTER_US: u64 = 20_000;
    let Some(heard) = story.heard_before(at) else { return };
    let Some(end) = story.own(at).map(super::edit::Edit::end) else { return };
    let (shift, between_us) = (story.shift(at, false), story.us_between(heard, at));
    let next = story.sent_before(at, false).unwrap_or(0);
    let later_us = between_us + HEARS_AFTER_US;
    let taken = story.taken_before(at).unwrap_or(0);
    let stamp = story.segment(heard).and_then(|segment| segment.word(TIMESTAMPS, 0)).unwrap_or(0);
    let stamp = stamp.wrapping_add((later_us / 1_000) as u32);
    story.end_at(at);
    story.add(heard, later_us, |segment| {
        segment.seq = next;
        segment.ack = taken;
        segment.flags = Flags::ACK;
        segment.payload.clear();
        segment.window = u16::try_from(end.wrapping_sub(taken) >> shift).unwrap_or(u16::MAX);
    });
    let full = story.full_octets(at);
    for index in 0..4 {
        story.add(at, HEARS_AFTER_US + 1_000 + index, |segment| {
            segment.seq = end.wrapping_add((index as usize * full) as u32);
            segment.flags = Flags::ACK;
            segment.payload = vec![0x55; full];
            segment.set_word(TIMESTAMPS, 4, stamp);
        });
    }
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "data beyond the window",
        rules: &["P-C1"],
        fits: |story, at| {
            story.is_front(at) && room(story, at).is_some_and(|room| (0..REACH_OCTETS).contains(&room))
        },
        harmless: never,
        apply: |story, at| {
            let (edge, full) = (story.edge_before(at, false).unwrap_or(0), story.full_octets(at) as u32);
            story.stream(at, 10, edge.wrapping_add(4 * full + 2_000));
            story.end_at(at);
            // Who takes nothing of it answers as before.
            answers_again(story, at, 40_000);
            answers_again(story, at, 1_500_000);
        },
    },
    Fault {
        name: "one segment far beyond the window",
        rules: &[],
        fits: |story, at| story.is_new_data(at) && story.edge(at).is_some(),
        harmless: never,
        apply: |story, at| {
            let edge = story.edge(at).unwrap_or(0);
            story.edit(at, |segment| segment.seq = edge.wrapping_add(3_000));
            story.end_at(at);
        },
    },
    Fault {
        name: "window of the SYN taken as scaled",
        rules: &["P-B3"],
        fits: begins,
        harmless: never,
        apply: |story, at| {
            let edge = story.syn(at, false).map_or(0, |syn| {
                let taken = story.taken_before(at).unwrap_or(0);
                taken.wrapping_add(u32::from(syn.window))
            });
            story.stream(at, 10, edge.wrapping_add(4_000));
            story.end_at(at);
        },
    },
    Fault {
        name: "new data behind the edge of a window that shrank",
        rules: &["P-C1b"],
        fits: may_be_told_of_less,
        harmless: never,
        apply: goes_on_behind_the_shrunk_edge,
    },
    Fault {
        name: "a first flight of forty segments",
        rules: &["P-C10"],
        fits: |story, at| {
            let small = story.full_octets(at) < 536;
            is_first_flight(story, at) && !small && room(story, at).is_none_or(|room| room > 45_000)
        },
        harmless: never,
        apply: |story, at| {
            let end = story.own(at).map_or(0, super::edit::Edit::end);
            story.stream(at, 10, end.wrapping_add(40_000));
            story.end_at(at);
        },
    },
    Fault {
        name: "gap in the numbers",
        rules: &["P-C4"],
        fits: |story, at| story.is_new_data(at) && story.own(at).is_some_and(|own| own.payload.len() > 20),
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| {
                segment.seq = segment.seq.wrapping_add(10);
                segment.payload.drain(..10);
            });
            story.end_at(at);
        },
    },
    Fault {
        name: "bare ACK above the numbers",
        rules: &["P-C7"],
        fits: Story::is_bare_ack,
        harmless: never,
        apply: |story, at| {
            let end = story.end_of(at, true).unwrap_or(0);
            story.edit(at, |segment| segment.seq = end.wrapping_add(4_000));
        },
    },
    Fault {
        name: "other octets in a retransmission",
        rules: &["P-C3"],
        fits: |story, at| {
            story.is_retransmission(at) && story.own(at).is_some_and(|own| own.payload.len() > 20)
        },
        // Whether octets are the same shows where the limits are.
        harmless: |story, at| !story.is_repeated_whole(at),
        apply: |story, at| story.edit(at, |segment| segment.payload[7] ^= 0x5a),
    },
    Fault {
        name: "user timeout of zero",
        rules: &["P-C22"],
        fits: |story, at| {
            story.own(at).is_some_and(|own| own.flags.syn() && own.options.len() + 4 <= OPTION_ROOM_OCTETS)
        },
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.add_option(&[USER_TIMEOUT, 4, 0, 0])),
    },
];
