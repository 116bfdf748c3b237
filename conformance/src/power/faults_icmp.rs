//! floor 8: faults in ICMP messages of both families.

use super::fault::{Fault, never};
use super::packet::{ICMPV4, UPPER4, UPPER6, change, is_message, upper};
use super::story::Story;
use stack::wire::{checksum, icmpv6};

const ECHO_REPLY: u8 = 0;
const UNREACHABLE: u8 = 3;
const TIME_EXCEEDED: u8 = 11;
const FRAGMENTATION_NEEDED: u8 = 4;

/// Where the quote of an error begins.
const QUOTE4: usize = UPPER4 + 8;
const QUOTE6: usize = UPPER6 + 8;

fn is_unreachable(story: &Story, at: usize) -> bool {
    is_message(story, at, ICMPV4, UNREACHABLE)
}

/// An error of one that is not whom the quoted packet was for.
fn is_of_router(story: &Story, at: usize) -> bool {
    let kinds = [UNREACHABLE, TIME_EXCEEDED];
    let error = kinds.iter().any(|kind| is_message(story, at, ICMPV4, *kind));
    let octets = &story.frames[at].bytes;
    error && octets.get(QUOTE4 + 16..QUOTE4 + 20) != octets.get(12..16)
}

fn is_of_host(story: &Story, at: usize) -> bool {
    is_unreachable(story, at) && !is_of_router(story, at)
}

fn is_error6(story: &Story, at: usize) -> bool {
    let kinds = [icmpv6::DESTINATION_UNREACHABLE, icmpv6::PACKET_TOO_BIG, icmpv6::TIME_EXCEEDED];
    kinds.iter().any(|kind| is_message(story, at, icmpv6::PROTOCOL, *kind))
}

fn is_icmp4(story: &Story, at: usize) -> bool {
    upper(story, at, ICMPV4) == Some(UPPER4)
}

/// Puts an extension structure with one object behind a quote, whose length is not given.
fn extend(octets: &mut Vec<u8>) {
    let mut structure = vec![0x20, 0, 0, 0, 0, 8, 1, 1, 1, 2, 3, 4];
    let sum = checksum::of(&structure);
    structure[2..4].copy_from_slice(&sum.to_be_bytes());
    octets[UPPER4 + 5] = 0;
    octets.resize(QUOTE4 + 128, 0);
    octets.extend_from_slice(&structure);
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "every second ICMP checksum wrong",
        rules: &["P-M1"],
        fits: is_icmp4,
        // One that is wrong alone may have been damaged.
        harmless: |story, _| (0..story.frames.len()).filter(|index| is_icmp4(story, *index)).count() < 4,
        apply: |story, _| {
            let all: Vec<usize> = (0..story.frames.len()).filter(|index| is_icmp4(story, *index)).collect();
            for index in all.into_iter().step_by(2) {
                story.frames[index].bytes[UPPER4 + 2] ^= 0x55;
            }
        },
    },
    Fault {
        name: "unused field of an unreachable message",
        rules: &["P-M7"],
        fits: is_unreachable,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[UPPER4 + 4] = 9),
    },
    Fault {
        name: "source quench instead of unreachable",
        rules: &["P-M8"],
        fits: is_unreachable,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[UPPER4..UPPER4 + 2].copy_from_slice(&[4, 0])),
    },
    Fault {
        name: "error about an error",
        rules: &["P-M2"],
        fits: is_unreachable,
        harmless: never,
        apply: |story, at| {
            change(story, at, |octets| {
                octets[QUOTE4 + 9] = ICMPV4;
                octets[QUOTE4 + 20] = UNREACHABLE;
            });
        },
    },
    Fault {
        name: "error about a packet to many",
        rules: &["P-M3"],
        fits: is_unreachable,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[QUOTE4 + 16] = 224),
    },
    Fault {
        name: "error about a later fragment",
        rules: &["P-M4"],
        fits: is_unreachable,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[QUOTE4 + 7] = 4),
    },
    Fault {
        name: "error about a packet from nobody",
        rules: &["P-M5"],
        fits: is_unreachable,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[QUOTE4 + 12..QUOTE4 + 16].fill(0)),
    },
    Fault {
        name: "error that quotes four octets",
        rules: &["P-M6"],
        fits: is_of_host,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets.truncate(QUOTE4 + 24)),
    },
    Fault {
        name: "error marked as what it is about",
        rules: &["P-M10"],
        fits: is_of_host,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[1] = 0x20),
    },
    Fault {
        name: "error of a router without precedence",
        rules: &["P-M10"],
        fits: is_of_router,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[1] = 0),
    },
    Fault {
        name: "error that quotes another length",
        rules: &["P-M13"],
        fits: is_of_host,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[QUOTE4 + 3] ^= 4),
    },
    Fault {
        name: "fragmentation needed for nothing",
        rules: &["P-M14"],
        fits: |story, at| {
            is_unreachable(story, at) && story.frames[at].bytes[UPPER4 + 1] == FRAGMENTATION_NEEDED
        },
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[UPPER4 + 6..UPPER4 + 8].fill(0)),
    },
    Fault {
        name: "extension structure behind a quote without a length",
        rules: &["P-M16"],
        fits: is_of_router,
        harmless: never,
        apply: |story, at| change(story, at, extend),
    },
    Fault {
        name: "error of a router that quotes little",
        rules: &["P-M18"],
        fits: |story, at| is_of_router(story, at) && story.frames[at].bytes.len() >= QUOTE4 + 28 + 8,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets.truncate(QUOTE4 + 28)),
    },
    Fault {
        name: "echo reply of another service",
        rules: &["P-M20"],
        fits: |story, at| is_message(story, at, ICMPV4, ECHO_REPLY),
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[1] ^= 0x20),
    },
    Fault {
        name: "other data in an echo reply",
        rules: &["P-M21"],
        fits: |story, at| is_message(story, at, ICMPV4, ECHO_REPLY),
        harmless: never,
        apply: |story, at| change(story, at, |octets| *octets.last_mut().expect("octets") ^= 0x55),
    },
    Fault {
        name: "ICMPv6 error that is too long",
        rules: &["P-M11"],
        fits: is_error6,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets.resize(1_400, 0)),
    },
    Fault {
        name: "ICMPv6 error that quotes little",
        rules: &["P-M12"],
        fits: |story, at| is_error6(story, at) && story.frames[at].bytes.len() >= QUOTE6 + 64,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets.truncate(QUOTE6 + 48)),
    },
    Fault {
        name: "packet too big for a link of 1024 octets",
        rules: &["P-M15"],
        fits: |story, at| is_message(story, at, icmpv6::PROTOCOL, icmpv6::PACKET_TOO_BIG),
        harmless: never,
        apply: |story, at| {
            change(story, at, |octets| octets[UPPER6 + 4..UPPER6 + 8].copy_from_slice(&[0, 0, 4, 0]))
        },
    },
    Fault {
        name: "ICMPv6 message of a group",
        rules: &["P-M17"],
        fits: |story, at| upper(story, at, icmpv6::PROTOCOL).is_some(),
        harmless: never,
        apply: |story, at| {
            change(story, at, |octets| {
                octets[8..24].copy_from_slice(&[0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x42]);
            });
        },
    },
];
