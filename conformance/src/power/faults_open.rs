//! floor 8: faults in what the two SYNs agree on.

use super::fault::{Fault, never};
use super::story::Story;
use stack::wire::tcp::Flags;

const MAX_SEGMENT: u8 = 2;
const WINDOW_SCALE: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const TIMESTAMPS: u8 = 8;

fn own_answer(story: &Story, at: usize) -> bool {
    let answers = story.own(at).is_some_and(|own| own.flags.contains(Flags::SYN | Flags::ACK));
    answers && story.syn(at, false).is_some()
}

/// Whether the SYN that this answers has no such option.
fn unasked(story: &Story, at: usize, kind: u8) -> bool {
    own_answer(story, at) && story.syn(at, false).is_some_and(|syn| syn.option(kind).is_none())
}

/// Whether this is a repetition of a SYN of the host.
fn repeats_a_syn(story: &Story, at: usize) -> bool {
    let Some(syn) = story.own(at).filter(|own| own.flags.syn()) else { return false };
    story.before(at).any(|(_, ours, before)| ours && before.flags.syn() && before.seq == syn.seq)
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "SYN,ACK acknowledges too much",
        rules: &["P-B1"],
        fits: own_answer,
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.ack = segment.ack.wrapping_add(1_000)),
    },
    Fault {
        name: "window scale unasked",
        rules: &["P-B2"],
        fits: |story, at| unasked(story, at, WINDOW_SCALE),
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.add_option(&[WINDOW_SCALE, 3, 7])),
    },
    Fault {
        name: "timestamps unasked",
        rules: &["P-B2"],
        fits: |story, at| unasked(story, at, TIMESTAMPS),
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| segment.add_option(&[TIMESTAMPS, 10, 0, 0, 0, 1, 0, 0, 0, 0]))
        },
    },
    Fault {
        name: "window scale not answered",
        rules: &["P-B2s"],
        fits: |story, at| own_answer(story, at) && story.agreed(at, WINDOW_SCALE),
        // The answer to a repeated SYN may leave out options, as a last attempt.
        harmless: |story, at| story.before(at).any(|(_, own, _)| own),
        apply: |story, at| story.edit(at, |segment| segment.drop_option(WINDOW_SCALE)),
    },
    Fault {
        name: "timestamps left out",
        rules: &["P-B4"],
        fits: |story, at| story.flows(at) && story.stamped(at),
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.drop_option(TIMESTAMPS)),
    },
    Fault {
        name: "timestamps left out of a reset",
        rules: &["P-B4r"],
        fits: |story, at| story.own(at).is_some_and(|own| own.flags.rst()) && story.stamped(at),
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.drop_option(TIMESTAMPS)),
    },
    Fault {
        name: "timestamps not agreed",
        rules: &["P-B5"],
        fits: |story, at| {
            story.flows(at)
                && !story.stamped(at)
                && story.syn(at, true).is_some()
                && story.own(at).is_some_and(|own| own.options.len() <= 28)
        },
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| segment.add_option(&[TIMESTAMPS, 10, 0, 0, 0, 1, 0, 0, 0, 0]))
        },
    },
    Fault {
        name: "SACK not permitted",
        rules: &["P-B6"],
        fits: |story, at| {
            let refused = story.syn(at, false).is_some_and(|syn| syn.option(SACK_PERMITTED).is_none());
            story.flows(at) && refused && story.own(at).is_some_and(|own| own.options.len() <= 28)
        },
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| {
                let (left, right) = (segment.ack.wrapping_add(100), segment.ack.wrapping_add(200));
                segment.add_option(&[&[1, 1, 5, 10][..], &left.to_be_bytes(), &right.to_be_bytes()].concat());
            });
        },
    },
    Fault {
        name: "another window scale on a repeated SYN",
        rules: &["P-B7"],
        fits: |story, at| {
            repeats_a_syn(story, at) && story.own(at).is_some_and(|own| own.option(WINDOW_SCALE).is_some())
        },
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| {
                if let Some([scale, ..]) = segment.option_mut(WINDOW_SCALE) {
                    *scale ^= 1;
                }
            });
        },
    },
    Fault {
        name: "ECN agreed unasked",
        rules: &["P-B10"],
        fits: |story, at| {
            let unasked = |syn: &super::edit::Edit| !syn.flags.intersects(Flags::ECE | Flags::CWR);
            own_answer(story, at) && story.syn(at, false).is_some_and(unasked)
        },
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.flags = segment.flags | Flags::ECE),
    },
    Fault {
        name: "ECN-capable data unasked",
        rules: &["P-B10d"],
        fits: |story, at| {
            let asks = |ours| story.syn(at, ours).is_some_and(|syn| syn.flags.ece());
            story.is_new_data(at) && !asks(true) && !asks(false)
        },
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.ecn = 2),
    },
    Fault {
        // Far below what a frame can carry, so that no card has joined it.
        name: "segment above the MSS",
        rules: &["P-C2"],
        fits: |story, at| {
            story.is_new_data(at)
                && story.max_segment(at).is_some_and(|most| (536..1_300).contains(&most))
                && story.own(at).is_some_and(|own| own.option(MAX_SEGMENT).is_none())
        },
        harmless: never,
        apply: |story, at| {
            let most = story.max_segment(at).unwrap_or(0);
            story.edit(at, |segment| segment.payload.resize(most + 100, 0x55));
        },
    },
    Fault {
        name: "ECE alone on a SYN",
        rules: &["P-B10c"],
        fits: |story, at| story.own(at).is_some_and(|own| own.flags == Flags::SYN),
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.flags = segment.flags | Flags::ECE),
    },
];
