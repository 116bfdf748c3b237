//! floor 8: faults in what an open connection says of itself: acknowledgements, windows, timestamps.

use super::fault::{Fault, never};
use super::story::Story;
use stack::wire::tcp::Flags;

const TIMESTAMPS: u8 = 8;

/// Ticks that no clock makes while a capture lasts.
const FAR_TICKS: u32 = 0x3000_0000;

fn stamped(story: &Story, at: usize) -> bool {
    story.flows(at) && story.stamped(at) && story.own(at).is_some_and(|own| own.word(TIMESTAMPS, 4).is_some())
}

/// Whether the host had acknowledged less before this acknowledgement.
pub(super) fn acknowledges_more(story: &Story, at: usize) -> bool {
    let Some(own) = story.own(at).filter(|_| story.is_bare_ack(at)) else { return false };
    story.acknowledged_before(at).is_some_and(|before| own.ack.wrapping_sub(before).cast_signed() > 2)
}

/// Whether half of the window reaches as far as what was offered before, but for what is rounded.
fn offers_enough(story: &Story, at: usize) -> bool {
    let (Some(own), Some(before)) = (story.own(at), story.edge_before(at, true)) else { return true };
    let shift = story.shift(at, true);
    let edge = own.ack.wrapping_add(u32::from(own.window / 2) << shift);
    before.wrapping_sub(edge).cast_signed() <= 1 << shift
}

/// The lowest and the highest timestamp of the peer, before this segment.
fn stamps_of_peer(story: &Story, at: usize) -> Option<(u32, u32)> {
    let values = story.before(at).filter(|(_, own, segment)| !own && !segment.flags.rst());
    let mut values = values.filter_map(|(_, _, segment)| segment.word(TIMESTAMPS, 0));
    let first = values.next()?;
    Some(values.fold((first, first), |(low, high), value| {
        let is_above = |a: u32, b: u32| a.wrapping_sub(b).cast_signed() > 0;
        (if is_above(low, value) { value } else { low }, if is_above(value, high) { value } else { high })
    }))
}

/// The echo of the latest segment of the host before this one.
fn echo_before(story: &Story, at: usize) -> Option<u32> {
    let own = story.before(at).rev().find(|(_, own, segment)| *own && !segment.flags.syn());
    own.and_then(|(_, _, segment)| segment.word(TIMESTAMPS, 4))
}

/// The timestamp of the latest segment of the peer, if that lies behind a hole, and nothing that came before
/// the host sent its segment before has as late a timestamp.
fn stamp_behind_a_hole(story: &Story, at: usize) -> Option<u32> {
    let (latest, is_own, segment) = story.before(at).next_back()?;
    let (value, acknowledged) = (segment.word(TIMESTAMPS, 0)?, story.acknowledged_before(at)?);
    let behind = segment.seq.wrapping_sub(acknowledged).cast_signed() > 0 && !segment.payload.is_empty();
    let (_, highest) = stamps_of_peer(story, latest)?;
    (!is_own && behind && value.wrapping_sub(highest).cast_signed() > 0).then_some(value)
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "ACK above what was sent",
        rules: &["P-D1"],
        fits: Story::flows,
        harmless: never,
        apply: |story, at| {
            let end = story.end_of(at, false).unwrap_or(0);
            story.edit(at, |segment| segment.ack = end.wrapping_add(5_000));
        },
    },
    Fault {
        name: "ACK goes back",
        rules: &["P-D2"],
        fits: acknowledges_more,
        harmless: never,
        apply: |story, at| {
            story.add(at, 1, |segment| segment.ack = segment.ack.wrapping_sub(1));
        },
    },
    Fault {
        name: "ACK in front of the SYN",
        rules: &["P-B1a"],
        fits: Story::flows,
        harmless: never,
        apply: |story, at| {
            let isn = story.syn(at, false).map_or(0, |syn| syn.seq);
            story.edit(at, |segment| segment.ack = isn.wrapping_sub(7_000));
        },
    },
    Fault {
        name: "window halved",
        rules: &["P-D3"],
        fits: |story, at| story.flows(at) && story.own(at).is_some_and(|own| own.window > 8),
        harmless: offers_enough,
        apply: |story, at| story.edit(at, |segment| segment.window /= 2),
    },
    Fault {
        name: "timestamp lowered",
        rules: &["P-C11"],
        fits: stamped,
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| {
                let value = segment.word(TIMESTAMPS, 0).unwrap_or(0);
                segment.set_word(TIMESTAMPS, 0, value.wrapping_sub(2_000));
            });
        },
    },
    Fault {
        name: "timestamp far ahead",
        rules: &["P-C11f"],
        fits: stamped,
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| {
                let value = segment.word(TIMESTAMPS, 0).unwrap_or(0);
                segment.set_word(TIMESTAMPS, 0, value.wrapping_add(FAR_TICKS));
            });
        },
    },
    Fault {
        name: "echo of nothing",
        rules: &[],
        fits: stamped,
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| {
                let echo = segment.word(TIMESTAMPS, 4).unwrap_or(0);
                segment.set_word(TIMESTAMPS, 4, echo ^ 0x4000_0000);
            });
        },
    },
    Fault {
        name: "echo from before the connection",
        rules: &["P-C12"],
        fits: |story, at| stamped(story, at) && stamps_of_peer(story, at).is_some(),
        harmless: never,
        apply: |story, at| {
            let (lowest, _) = stamps_of_peer(story, at).unwrap_or_default();
            story.edit(at, |segment| segment.set_word(TIMESTAMPS, 4, lowest.wrapping_sub(5_000)));
        },
    },
    Fault {
        name: "echo of what is still to be sent",
        rules: &["P-C12a"],
        fits: |story, at| stamped(story, at) && stamps_of_peer(story, at).is_some(),
        // What the peer never answers, nothing tells from a packet that the capture does not have.
        harmless: |story, at| !story.after(at).any(|(_, own, _)| !own),
        apply: |story, at| {
            let (_, highest) = stamps_of_peer(story, at).unwrap_or_default();
            story.edit(at, |segment| segment.set_word(TIMESTAMPS, 4, highest.wrapping_add(1_000_000)));
        },
    },
    Fault {
        name: "echo goes back",
        rules: &["P-D13"],
        fits: |story, at| {
            let (echo, known) = (echo_before(story, at), stamps_of_peer(story, at));
            stamped(story, at) && echo.zip(known).is_some_and(|(echo, (lowest, _))| echo != lowest)
        },
        harmless: never,
        apply: |story, at| {
            let (lowest, _) = stamps_of_peer(story, at).unwrap_or_default();
            story.edit(at, |segment| segment.set_word(TIMESTAMPS, 4, lowest));
        },
    },
    Fault {
        name: "echo of what came behind a hole",
        rules: &["P-D13e"],
        fits: |story, at| stamped(story, at) && stamp_behind_a_hole(story, at).is_some(),
        harmless: never,
        apply: |story, at| {
            let value = stamp_behind_a_hole(story, at).unwrap_or(0);
            story.edit(at, |segment| segment.set_word(TIMESTAMPS, 4, value));
        },
    },
    Fault {
        name: "urgent data",
        rules: &["P-C14"],
        fits: Story::is_new_data,
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| {
                segment.flags = segment.flags | Flags::URG;
                segment.urgent = 1;
            });
        },
    },
];
