//! floor 8: faults in frames of Ethernet and in ARP packets.

use super::fault::{Fault, never};
use super::packet::{change, is_udp4, is_v4, strip, upper};
use super::story::Story;
use crate::judge::packet::LLC_SAP_6;
use stack::base::Mac;
use stack::wire::ethernet::EtherType;
use stack::wire::{tcp, udp};

/// Octets that a frame has at least behind its header.
const SHORTEST_OCTETS: usize = 46;

/// A frame with IPv4 and no segment in it.
fn in_frame(story: &Story, at: usize) -> bool {
    is_v4(story, at) && story.frames[at].link.is_some() && upper(story, at, tcp::PROTOCOL).is_none()
}

fn is_arp(story: &Story, at: usize) -> bool {
    story.is_own(at) && story.frames[at].ethertype == EtherType::ARP
}

/// Whether a packet to the same address was in a frame to one station before.
fn to_one_before(story: &Story, at: usize) -> bool {
    let dst = |index: usize| &story.frames[index].bytes[16..20];
    (0..at).any(|index| {
        let to_one = story.frames[index].link.is_some_and(|link| !link.dst.is_group());
        in_frame(story, index) && dst(index) == dst(at) && to_one
    })
}

/// Sends a datagram to another address, in a frame to this station.
fn readdress(story: &mut Story, at: usize, dst: [u8; 4], station: [u8; 6]) {
    change(story, at, |octets| octets[16..20].copy_from_slice(&dst));
    if let Some(link) = story.frames[at].link.as_mut() {
        link.dst = Mac(station);
    }
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "IPv4 in a frame of IPv6",
        rules: &["P-L1"],
        fits: in_frame,
        harmless: never,
        apply: |story, at| story.frames[at].ethertype = EtherType::IPV6,
    },
    Fault {
        name: "IP behind service access point 6",
        rules: &["P-L3"],
        fits: in_frame,
        harmless: never,
        apply: |story, at| story.frames[at].ethertype = LLC_SAP_6,
    },
    Fault {
        name: "headers behind the data",
        rules: &["P-L4"],
        fits: in_frame,
        harmless: never,
        apply: |story, at| {
            let frame = &mut story.frames[at];
            strip(frame);
            frame.bytes = [&[0; 512][..], &[8, 0, 0, 32], &frame.bytes].concat();
            frame.wire_len = frame.bytes.len() as u32;
            frame.ethertype = EtherType(0x1001);
        },
    },
    Fault {
        name: "padding that is not zero",
        rules: &["P-L5"],
        fits: |story, at| {
            let octets = story.frames[at].bytes.get(2..4).and_then(<[u8]>::first_chunk);
            let octets = octets.map_or(usize::MAX, |octets| usize::from(u16::from_be_bytes(*octets)));
            is_v4(story, at) && story.frames[at].link.is_some() && octets < SHORTEST_OCTETS - 4
        },
        harmless: never,
        apply: |story, at| {
            let frame = &mut story.frames[at];
            strip(frame);
            frame.bytes.resize(SHORTEST_OCTETS, 0x2a);
            frame.wire_len = SHORTEST_OCTETS as u32;
        },
    },
    Fault {
        name: "broadcast in a frame to a group",
        rules: &["P-L6"],
        fits: |story, at| in_frame(story, at) && is_udp4(story, at),
        harmless: never,
        apply: |story, at| readdress(story, at, [255; 4], [3, 0, 0, 0, 0, 1]),
    },
    Fault {
        name: "group in a frame to another group",
        rules: &["P-L7"],
        fits: |story, at| in_frame(story, at) && is_udp4(story, at),
        harmless: never,
        apply: |story, at| readdress(story, at, [224, 0, 0, 251], [1, 0, 0x5e, 0, 0, 1]),
    },
    Fault {
        name: "one host in a frame to all stations",
        rules: &["P-L8"],
        fits: |story, at| in_frame(story, at) && upper(story, at, udp::PROTOCOL).is_some(),
        // Where no frame went to one station before, who wrote the capture may have written the address.
        harmless: |story, at| !to_one_before(story, at),
        apply: |story, at| {
            if let Some(link) = story.frames[at].link.as_mut() {
                link.dst = Mac::BROADCAST;
            }
        },
    },
    Fault {
        name: "ARP from a group of stations",
        rules: &["P-R1"],
        fits: is_arp,
        harmless: never,
        apply: |story, at| story.frames[at].bytes[8] |= 1,
    },
    Fault {
        name: "probe for no address",
        rules: &["P-R2"],
        fits: |story, at| is_arp(story, at) && story.frames[at].bytes[6..8] == [0, 1],
        harmless: never,
        apply: |story, at| {
            story.frames[at].bytes[14..18].fill(0);
            story.frames[at].bytes[24..28].fill(0);
        },
    },
];
