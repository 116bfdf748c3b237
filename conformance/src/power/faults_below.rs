//! floor 8: faults in IPv4 headers, fragments and datagrams.

use super::edit::mend_header;
use super::fault::{Fault, never};
use super::faults_form::few_are_bare;
use super::packet::{UPPER4, alter, change, fragment, is_udp4, is_udp6, is_v4, put_options, upper};
use super::story::Story;
use stack::base::Span;
use stack::wire::{ipv6, udp};

/// Alters the header of an IPv4 packet, and makes its checksum right.
fn header(story: &mut Story, at: usize, alter: impl FnOnce(&mut [u8])) {
    let frame = &mut story.frames[at];
    alter(&mut frame.bytes);
    mend_header(frame);
}

fn is_udp(story: &Story, at: usize) -> bool {
    upper(story, at, udp::PROTOCOL).is_some()
}

fn is_later_fragment4(story: &Story, at: usize) -> bool {
    is_v4(story, at) && fragment(story, at).is_some_and(|(offset, _)| offset > 0)
}

/// Five datagrams that may be cut: one with an identification of its own, and four with another.
fn same_identification(story: &mut Story, at: usize) {
    for index in 0..5_u8 {
        let mut frame = story.frames[at].clone();
        frame.at += Span::from_millis(1 + u64::from(index));
        alter(&mut frame, |octets| {
            octets[4..6].copy_from_slice(&(if index == 0 { 700_u16 } else { 701 }).to_be_bytes());
            octets[6] &= !0x40;
            octets[UPPER4 + 8] = index;
        });
        story.added.push(frame);
    }
}

/// Writes a checksum that comes to zero as none.
fn sum_to_zero(story: &mut Story, at: usize) {
    const CHECKSUM: usize = UPPER4 + 6;
    change(story, at, |octets| octets[UPPER4 + 8..UPPER4 + 10].fill(0));
    let octets = &mut story.frames[at].bytes;
    // With its own complement in the data, the sum has nothing left to make up for.
    let sum = [octets[CHECKSUM], octets[CHECKSUM + 1]];
    octets[UPPER4 + 8..UPPER4 + 10].copy_from_slice(&sum);
    octets[CHECKSUM..CHECKSUM + 2].fill(0);
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "reserved flag of IPv4 set",
        rules: &["P-I2"],
        fits: is_v4,
        harmless: never,
        apply: |story, at| header(story, at, |octets| octets[6] |= 0x80),
    },
    Fault {
        name: "TTL of zero",
        rules: &["P-I3"],
        fits: is_v4,
        harmless: never,
        apply: |story, _| {
            for every in 0..story.frames.len() {
                if is_v4(story, every) {
                    header(story, every, |octets| octets[8] = 0);
                }
            }
        },
    },
    Fault {
        name: "every second header checksum of bare ACKs wrong",
        rules: &["P-I1"],
        fits: |story, at| is_v4(story, at) && story.is_bare_ack(at),
        harmless: few_are_bare,
        apply: |story, at| {
            for every in (at % 2..story.frames.len()).step_by(2) {
                if is_v4(story, every) && story.is_bare_ack(every) {
                    story.frames[every].bytes[10] ^= 0x5a;
                }
            }
        },
    },
    Fault {
        name: "header of four words",
        rules: &["P-I4"],
        fits: is_v4,
        harmless: never,
        apply: |story, at| header(story, at, |octets| octets[0] = 0x44),
    },
    Fault {
        name: "stream identifier option",
        rules: &["P-I8"],
        fits: is_udp4,
        harmless: never,
        apply: |story, at| change(story, at, |octets| put_options(octets, &[136, 4, 0, 7])),
    },
    Fault {
        name: "two source routes",
        rules: &["P-I9"],
        fits: is_udp4,
        harmless: never,
        apply: |story, at| change(story, at, |octets| put_options(octets, &[131, 3, 4, 137, 3, 4, 0, 0])),
    },
    Fault {
        name: "destination of the loopback",
        rules: &["P-A12"],
        fits: is_udp4,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[16..20].copy_from_slice(&[127, 0, 0, 1])),
    },
    Fault {
        name: "source that is a group",
        rules: &["P-A12"],
        fits: is_udp4,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[12..16].copy_from_slice(&[224, 0, 0, 5])),
    },
    Fault {
        name: "fragment of an odd length",
        rules: &["P-I5"],
        fits: |story, at| is_v4(story, at) && fragment(story, at).is_some_and(|(_, more)| more),
        harmless: never,
        apply: |story, at| change(story, at, |octets| _ = octets.pop()),
    },
    Fault {
        name: "fragment behind the longest packet",
        rules: &["P-I6"],
        fits: is_later_fragment4,
        harmless: never,
        apply: |story, at| {
            header(story, at, |octets| {
                octets[6] |= 0x1f;
                octets[7] = 0xff;
            });
        },
    },
    Fault {
        name: "option in a later fragment that is not to be copied",
        rules: &["P-I10"],
        fits: is_later_fragment4,
        harmless: never,
        apply: |story, at| change(story, at, |octets| put_options(octets, &[7, 3, 4, 0])),
    },
    Fault {
        name: "one identification for three datagrams",
        rules: &["P-I11"],
        fits: |story, at| is_udp4(story, at) && story.frames[at].bytes.len() > UPPER4 + 8,
        harmless: never,
        apply: same_identification,
    },
    Fault {
        name: "every second UDP checksum wrong",
        rules: &["P-U1"],
        fits: is_udp,
        // One that is wrong alone may have been damaged.
        harmless: |story, _| (0..story.frames.len()).filter(|index| is_udp(story, *index)).count() < 6,
        apply: |story, _| {
            let all: Vec<usize> = (0..story.frames.len()).filter(|index| is_udp(story, *index)).collect();
            for index in all.into_iter().step_by(2) {
                let start = upper(story, index, udp::PROTOCOL).unwrap_or(0);
                story.frames[index].bytes[start + 7] ^= 0x55;
            }
        },
    },
    Fault {
        name: "checksum of zero written as none",
        rules: &["P-U6"],
        fits: |story, at| {
            let length = story.frames[at].bytes.get(UPPER4 + 4..UPPER4 + 6);
            is_udp4(story, at) && length.is_some_and(|length| length != [0, 8] && length != [0, 9])
        },
        // A host that has not written a checksum before may write none.
        harmless: |story, at| {
            let written = |index: usize| story.frames[index].bytes[UPPER4 + 6..UPPER4 + 8] != [0, 0];
            let all: Vec<usize> = (0..at).filter(|index| is_udp4(story, *index)).collect();
            all.is_empty() || !all.into_iter().all(written)
        },
        apply: sum_to_zero,
    },
    Fault {
        name: "UDP source port of zero",
        rules: &["P-U4"],
        fits: is_udp,
        harmless: never,
        apply: |story, at| {
            let start = upper(story, at, udp::PROTOCOL).unwrap_or(0);
            change(story, at, |octets| octets[start..start + 2].fill(0));
        },
    },
    Fault {
        name: "UDP length of seven",
        rules: &["P-U3"],
        fits: is_udp,
        harmless: never,
        apply: |story, at| {
            let start = upper(story, at, udp::PROTOCOL).unwrap_or(0);
            change(story, at, |octets| octets[start + 4..start + 6].copy_from_slice(&[0, 7]));
        },
    },
    Fault {
        name: "UDP checksums of zero over IPv6",
        rules: &["P-U2"],
        fits: is_udp6,
        harmless: never,
        apply: |story, at| {
            let octets = &mut story.frames[at].bytes;
            octets[ipv6::HEADER_OCTETS + 6..ipv6::HEADER_OCTETS + 8].fill(0);
        },
    },
];
