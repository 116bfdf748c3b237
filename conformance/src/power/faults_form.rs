//! floor 8: faults in the form of single segments.

use super::fault::{Fault, never};
use super::story::Story;
use stack::wire::tcp::Flags;

const TIMESTAMPS: u8 = 8;
const WINDOW_SCALE: u8 = 3;

fn own(story: &Story, at: usize) -> bool {
    story.own(at).is_some()
}

fn stamped(story: &Story, at: usize) -> bool {
    story.own(at).is_some_and(|segment| segment.word(TIMESTAMPS, 0).is_some())
}

fn own_syn(story: &Story, at: usize) -> bool {
    story.own(at).is_some_and(|segment| segment.flags.syn())
}

/// Whether so few segments of the host are bare acknowledgements that every second of them is rare.
pub(super) fn few_are_bare(story: &Story, _: usize) -> bool {
    let own = (0..story.frames.len()).filter(|index| story.is_own(*index)).count();
    let bare = (0..story.frames.len()).filter(|index| story.is_bare_ack(*index)).count();
    bare < 6 || bare * 4 < own
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "reserved bit set",
        rules: &["P-A1"],
        fits: own,
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.reserved = 1),
    },
    Fault {
        name: "data offset of four words",
        rules: &["P-A2"],
        fits: own,
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.data_offset = Some(4)),
    },
    Fault {
        name: "option of length zero",
        rules: &["P-A3"],
        fits: stamped,
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| {
                let place = segment.options.iter().position(|octet| *octet == TIMESTAMPS).unwrap_or(0);
                segment.options[place + 1] = 0;
            });
        },
    },
    Fault {
        name: "MSS option without SYN",
        rules: &["P-A4"],
        fits: |story, at| story.flows(at) && story.own(at).is_some_and(|own| own.options.len() <= 36),
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.add_option(&[2, 4, 5, 0xb4])),
    },
    Fault {
        name: "window scale of 15",
        rules: &["P-A5"],
        fits: |story, at| {
            own_syn(story, at) && story.own(at).is_some_and(|own| own.option(WINDOW_SCALE).is_some())
        },
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| {
                if let Some([scale, ..]) = segment.option_mut(WINDOW_SCALE) {
                    *scale = 15;
                }
            });
        },
    },
    Fault {
        name: "timestamps of four octets",
        rules: &["P-A6"],
        fits: stamped,
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| {
                segment.options = vec![TIMESTAMPS, 4, 0, 0];
            });
        },
    },
    Fault {
        // Acknowledgements only: a peer takes no data whose checksum is wrong.
        name: "every second checksum of bare ACKs wrong",
        rules: &["P-A7"],
        fits: Story::is_bare_ack,
        harmless: few_are_bare,
        apply: |story, at| {
            for every in (at % 2..story.frames.len()).step_by(2) {
                if story.is_bare_ack(every) {
                    story.edit(every, |segment| segment.checksum_error = 0x1234);
                }
            }
        },
    },
    Fault {
        name: "echo on a SYN",
        rules: &["P-A8"],
        fits: |story, at| stamped(story, at) && story.own(at).is_some_and(|own| own.flags == Flags::SYN),
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.set_word(TIMESTAMPS, 4, 0x0102_0304)),
    },
    Fault {
        name: "no ACK flag",
        rules: &["P-A9"],
        fits: |story, at| story.flows(at),
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| segment.flags = segment.flags.without(Flags::ACK) | Flags::PSH);
        },
    },
    Fault {
        name: "SYN with FIN",
        rules: &["P-A9"],
        fits: own_syn,
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.flags = segment.flags | Flags::FIN),
    },
    Fault {
        name: "bare ACK marked ECN-capable",
        rules: &["P-A10"],
        fits: Story::is_bare_ack,
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.ecn = 2),
    },
    Fault {
        name: "SYN marked ECN-capable",
        rules: &["P-A10"],
        fits: own_syn,
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.ecn = 2),
    },
];
