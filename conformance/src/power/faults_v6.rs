//! floor 8: faults in IPv6 packets, their extension headers and fragments, and in neighbour discovery.

use super::fault::{Fault, never};
use super::packet::{UPPER6, change, fragment, is_message, is_udp6, is_v4, put_extension, upper};
use super::story::Story;
use stack::base::Span;
use stack::wire::checksum::pseudo;
use stack::wire::ipv6_extension::{FRAGMENT, HOP_BY_HOP, ROUTING};
use stack::wire::ndp::{NEIGHBOR_SOLICITATION, ROUTER_SOLICITATION};
use stack::wire::{icmpv6, udp};
use std::net::{IpAddr, Ipv6Addr};

const DESTINATION_OPTIONS: u8 = 60;
const ALL_NODES: [u8; 16] = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/// Where the target of a solicitation is, and its options.
const TARGET: usize = UPPER6 + 8;
const OPTIONS: usize = TARGET + 16;

/// An extension header with nothing but padding of this octet.
const fn padded(padding: u8) -> [u8; 8] {
    [0, 0, 1, 4, padding, padding, padding, padding]
}

fn is_fragment6(story: &Story, at: usize) -> bool {
    story.is_own(at) && !is_v4(story, at) && fragment(story, at).is_some()
}

fn is_first_fragment6(story: &Story, at: usize) -> bool {
    is_fragment6(story, at) && fragment(story, at).is_some_and(|(offset, _)| offset == 0)
}

/// The latest first fragment of another packet before this one, to the same address.
fn other_first_fragment(story: &Story, at: usize) -> Option<usize> {
    let place = |index: usize| &story.frames[index].bytes[8..40];
    let id = |index: usize| &story.frames[index].bytes[44..48];
    (0..at)
        .rev()
        .find(|index| is_first_fragment6(story, *index) && place(*index) == place(at) && id(*index) != id(at))
}

/// Whether the fragment before this one ends where this one begins.
fn follows_its_piece(story: &Story, at: usize) -> bool {
    let begin = fragment(story, at).map(|(offset, _)| offset);
    let id = |index: usize| &story.frames[index].bytes[44..48];
    let end = |index: usize| {
        let octets = &story.frames[index].bytes;
        let payload = usize::from(u16::from_be_bytes([octets[4], octets[5]]));
        fragment(story, index).map(|(offset, _)| offset + payload - 8)
    };
    (0..at).rev().any(|index| is_fragment6(story, index) && id(index) == id(at) && end(index) == begin)
}

fn is_solicitation(story: &Story, at: usize) -> bool {
    is_message(story, at, icmpv6::PROTOCOL, NEIGHBOR_SOLICITATION)
}

fn is_from_nowhere(story: &Story) -> bool {
    story.host == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
}

/// Datagrams of flows whose labels follow each other.
fn label_in_sequence(story: &mut Story, at: usize) {
    for flow in 0..6_u16 {
        let mut frame = story.frames[at].clone();
        frame.at += Span::from_millis(1 + u64::from(flow));
        super::packet::alter(&mut frame, |octets| {
            octets[1] &= 0xf0;
            octets[2..4].copy_from_slice(&[7, flow as u8]);
            octets[UPPER6..UPPER6 + 2].copy_from_slice(&(50_000 + 3 * flow).to_be_bytes());
        });
        story.added.push(frame);
    }
}

/// Puts an extension header into every second datagram, and sums up its protocol instead of that of what it
/// carries.
fn sum_extension(story: &mut Story) {
    let all: Vec<usize> = (0..story.frames.len()).filter(|index| is_udp6(story, *index)).collect();
    for (turn, index) in all.into_iter().enumerate() {
        change(story, index, |octets| put_extension(octets, DESTINATION_OPTIONS, &padded(0)));
        if turn % 2 == 1 {
            continue;
        }
        let Some((src, dst)) = super::story::addresses(&story.frames[index]) else { continue };
        let datagram = &mut story.frames[index].bytes[UPPER6 + 8..];
        datagram[6..8].fill(0);
        let sum = pseudo(src, dst, DESTINATION_OPTIONS, datagram.len() as u32).add_bytes(datagram).finish();
        datagram[6..8].copy_from_slice(&sum.to_be_bytes());
    }
}

const HEADERS: &[Fault] = &[
    Fault {
        name: "fragment header on a whole packet",
        rules: &["P-I7"],
        fits: is_udp6,
        harmless: never,
        apply: |story, at| {
            change(story, at, |octets| put_extension(octets, FRAGMENT, &[0, 0, 0, 0, 0, 0, 0, 9]))
        },
    },
    Fault {
        name: "fragments that overlap",
        rules: &["P-I12"],
        fits: |story, at| is_fragment6(story, at) && !is_first_fragment6(story, at),
        // Where the piece in front of it is missing, or comes later, nothing overlaps yet.
        harmless: |story, at| !follows_its_piece(story, at),
        apply: |story, at| {
            let offset = fragment(story, at).map_or(8, |(offset, _)| offset) as u16 - 8;
            change(story, at, |octets| {
                let more = octets[43] & 1;
                octets[42..44].copy_from_slice(&(offset | u16::from(more)).to_be_bytes());
            });
        },
    },
    Fault {
        name: "identification of another IPv6 packet",
        rules: &["P-I13"],
        fits: |story, at| is_first_fragment6(story, at) && other_first_fragment(story, at).is_some(),
        harmless: never,
        apply: |story, at| {
            let Some(other) = other_first_fragment(story, at) else { return };
            let id = story.frames[other].bytes[44..48].to_vec();
            change(story, at, |octets| octets[44..48].copy_from_slice(&id));
        },
    },
    Fault {
        name: "first fragment without the whole header",
        rules: &["P-I14"],
        fits: is_first_fragment6,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets.truncate(UPPER6 + 8 + 2)),
    },
    Fault {
        name: "extension headers out of order",
        rules: &["P-X1"],
        fits: is_udp6,
        harmless: never,
        apply: |story, at| {
            change(story, at, |octets| {
                put_extension(octets, HOP_BY_HOP, &padded(0));
                put_extension(octets, DESTINATION_OPTIONS, &padded(0));
            });
        },
    },
    Fault {
        name: "jumbo length on a short packet",
        rules: &["P-X2"],
        fits: is_udp6,
        harmless: never,
        apply: |story, at| {
            change(story, at, |octets| put_extension(octets, HOP_BY_HOP, &[0, 0, 0xc2, 4, 0, 1, 0, 8]));
        },
    },
    Fault {
        name: "checksum over the extension header's protocol",
        rules: &["P-X3"],
        fits: is_udp6,
        // One that is wrong alone may have been damaged.
        harmless: |story, _| (0..story.frames.len()).filter(|index| is_udp6(story, *index)).count() < 4,
        apply: |story, _| sum_extension(story),
    },
    Fault {
        name: "checksum over the next stop",
        rules: &["P-X4"],
        fits: is_udp6,
        harmless: never,
        apply: |story, at| {
            let mut route = vec![0, 2, 0, 1, 0, 0, 0, 0];
            route.extend_from_slice(&Ipv6Addr::new(0x2001, 0xdb8, 9, 0, 0, 0, 0, 9).octets());
            change(story, at, |octets| put_extension(octets, ROUTING, &route));
        },
    },
    Fault {
        name: "padding of sevens",
        rules: &["P-X5"],
        fits: is_udp6,
        harmless: never,
        apply: |story, at| change(story, at, |octets| put_extension(octets, HOP_BY_HOP, &padded(7))),
    },
    Fault {
        name: "flow labels in sequence",
        rules: &["P-X6"],
        fits: is_udp6,
        harmless: never,
        apply: label_in_sequence,
    },
    Fault {
        name: "destination of nobody",
        rules: &["P-A12"],
        fits: |story, at| upper(story, at, udp::PROTOCOL).is_some() && is_udp6(story, at),
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[24..40].fill(0)),
    },
];

const DISCOVERY: &[Fault] = &[
    Fault {
        name: "neighbour solicitation from far away",
        rules: &["P-M9"],
        fits: is_solicitation,
        harmless: never,
        apply: |story, at| story.frames[at].bytes[7] = 64,
    },
    Fault {
        name: "neighbour solicitation of code one",
        rules: &["P-N1"],
        fits: is_solicitation,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[UPPER6 + 1] = 1),
    },
    Fault {
        name: "option of length zero in a solicitation",
        rules: &["P-N2"],
        fits: |story, at| is_solicitation(story, at) && story.frames[at].bytes.len() > OPTIONS,
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[OPTIONS + 1] = 0),
    },
    Fault {
        name: "solicitation of a group",
        rules: &["P-N3"],
        fits: is_solicitation,
        harmless: never,
        apply: |story, at| {
            change(story, at, |octets| octets[TARGET..TARGET + 16].copy_from_slice(&ALL_NODES))
        },
    },
    Fault {
        name: "solicitation to all nodes",
        rules: &["P-N4"],
        fits: |story, at| is_solicitation(story, at) && !is_from_nowhere(story),
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[24..40].copy_from_slice(&ALL_NODES)),
    },
    Fault {
        name: "duplicate looked for in another group",
        rules: &["P-N5"],
        fits: |story, at| is_solicitation(story, at) && is_from_nowhere(story),
        harmless: never,
        apply: |story, at| change(story, at, |octets| octets[39] ^= 1),
    },
    Fault {
        name: "solicitation with a fragment header",
        rules: &["P-N7"],
        fits: |story, at| {
            is_solicitation(story, at) || is_message(story, at, icmpv6::PROTOCOL, ROUTER_SOLICITATION)
        },
        harmless: never,
        apply: |story, at| {
            change(story, at, |octets| put_extension(octets, FRAGMENT, &[0, 0, 0, 0, 0, 0, 0, 9]));
        },
    },
];

/// Every fault of this file.
pub(super) fn all() -> impl Iterator<Item = &'static Fault> {
    HEADERS.iter().chain(DISCOVERY)
}
