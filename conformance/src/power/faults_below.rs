//! floor 8: faults in IP, UDP and ICMP headers.

use super::edit::mend_header;
use super::fault::Fault;
use super::story::{Story, addresses};
use stack::wire::checksum;
use stack::wire::ethernet::EtherType;
use stack::wire::{icmpv6, ipv6, udp};

const ICMPV4: u8 = 1;
const UNREACHABLE: u8 = 3;
const SOLICITATION: u8 = 135;

fn own_v4(story: &Story, at: usize) -> bool {
    story.is_own(at) && story.frames[at].ethertype == EtherType::IPV4
}

/// Alters the header of an IPv4 packet, and makes its checksum right.
fn header(story: &mut Story, at: usize, alter: impl FnOnce(&mut [u8])) {
    let frame = &mut story.frames[at];
    alter(&mut frame.bytes);
    mend_header(frame);
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "reserved flag of IPv4 set",
        rules: &["P-I2"],
        fits: own_v4,
        apply: |story, at| header(story, at, |octets| octets[6] |= 0x80),
    },
    Fault {
        name: "TTL of zero",
        rules: &["P-I3"],
        fits: own_v4,
        apply: |story, _| {
            for every in 0..story.frames.len() {
                if own_v4(story, every) {
                    header(story, every, |octets| octets[8] = 0);
                }
            }
        },
    },
    Fault {
        name: "every second header checksum of bare ACKs wrong",
        rules: &["P-I1"],
        fits: |story, at| own_v4(story, at) && story.is_bare_ack(at),
        apply: |story, at| {
            for every in (at % 2..story.frames.len()).step_by(2) {
                if own_v4(story, every) && story.is_bare_ack(every) {
                    story.frames[every].bytes[10] ^= 0x5a;
                }
            }
        },
    },
    Fault {
        name: "fragment of an odd length",
        rules: &["P-I5"],
        fits: |story, at| own_v4(story, at) && story.frames[at].bytes[6] & 0x20 != 0,
        apply: |story, at| {
            story.frames[at].bytes.pop();
            story.frames[at].wire_len -= 1;
            let octets = (story.frames[at].bytes.len() as u16).to_be_bytes();
            header(story, at, |bytes| bytes[2..4].copy_from_slice(&octets));
        },
    },
    Fault {
        name: "UDP source port of zero",
        rules: &["P-U4"],
        fits: |story, at| upper(story, at, udp::PROTOCOL).is_some(),
        apply: |story, at| alter(story, at, udp::PROTOCOL, |datagram| datagram[0..2].fill(0)),
    },
    Fault {
        name: "UDP length of seven",
        rules: &["P-U3"],
        fits: |story, at| upper(story, at, udp::PROTOCOL).is_some(),
        apply: |story, at| {
            alter(story, at, udp::PROTOCOL, |datagram| datagram[4..6].copy_from_slice(&[0, 7]))
        },
    },
    Fault {
        name: "UDP checksums of zero over IPv6",
        rules: &["P-U2"],
        fits: |story, at| {
            let over_v6 = story.frames[at].ethertype == EtherType::IPV6;
            over_v6 && upper(story, at, udp::PROTOCOL).is_some()
        },
        apply: |story, at| {
            let octets = &mut story.frames[at].bytes;
            octets[ipv6::HEADER_OCTETS + 6..ipv6::HEADER_OCTETS + 8].fill(0);
        },
    },
    Fault {
        name: "unused field of an unreachable message",
        rules: &["P-M7"],
        fits: |story, at| is_message(story, at, ICMPV4, UNREACHABLE),
        apply: |story, at| alter(story, at, ICMPV4, |message| message[4] = 9),
    },
    Fault {
        name: "source quench instead of unreachable",
        rules: &["P-M8"],
        fits: |story, at| is_message(story, at, ICMPV4, UNREACHABLE),
        apply: |story, at| alter(story, at, ICMPV4, |message| message[..2].copy_from_slice(&[4, 0])),
    },
    Fault {
        name: "error about an error",
        rules: &["P-M2"],
        fits: |story, at| is_message(story, at, ICMPV4, UNREACHABLE),
        apply: |story, at| {
            alter(story, at, ICMPV4, |message| {
                message[8 + 9] = ICMPV4;
                message[8 + 20] = UNREACHABLE;
            });
        },
    },
    Fault {
        name: "error about a packet to many",
        rules: &["P-M3"],
        fits: |story, at| is_message(story, at, ICMPV4, UNREACHABLE),
        apply: |story, at| alter(story, at, ICMPV4, |message| message[8 + 16] = 224),
    },
    Fault {
        name: "other data in an echo reply",
        rules: &["P-M21"],
        fits: |story, at| is_message(story, at, ICMPV4, 0),
        apply: |story, at| alter(story, at, ICMPV4, |message| *message.last_mut().expect("octets") ^= 0x55),
    },
    Fault {
        name: "neighbour solicitation from far away",
        rules: &["P-M9"],
        fits: |story, at| is_message(story, at, icmpv6::PROTOCOL, SOLICITATION),
        apply: |story, at| story.frames[at].bytes[7] = 64,
    },
    Fault {
        name: "neighbour solicitation of code one",
        rules: &["P-N1"],
        fits: |story, at| is_message(story, at, icmpv6::PROTOCOL, SOLICITATION),
        apply: |story, at| alter(story, at, icmpv6::PROTOCOL, |message| message[1] = 1),
    },
    Fault {
        name: "ARP from a group of stations",
        rules: &["P-R1"],
        fits: |story, at| story.is_own(at) && story.frames[at].ethertype == EtherType::ARP,
        apply: |story, at| story.frames[at].bytes[8] |= 1,
    },
];

/// Where the message or datagram of this protocol begins in a packet of the host that is no fragment.
fn upper(story: &Story, at: usize, protocol: u8) -> Option<usize> {
    let frame = story.frames.get(at).filter(|_| story.is_own(at))?;
    let bytes = &frame.bytes;
    match frame.ethertype {
        EtherType::IPV4 => {
            let whole = bytes[6] & 0x3f == 0 && bytes[7] == 0;
            (whole && bytes[9] == protocol).then(|| 4 * usize::from(bytes[0] & 15))
        }
        EtherType::IPV6 => (bytes[6] == protocol).then_some(ipv6::HEADER_OCTETS),
        EtherType(_) => None,
    }
}

fn is_message(story: &Story, at: usize, protocol: u8, kind: u8) -> bool {
    upper(story, at, protocol).is_some_and(|start| story.frames[at].bytes.get(start) == Some(&kind))
}

/// Alters a message or datagram, and makes its checksum right.
fn alter(story: &mut Story, at: usize, protocol: u8, alter: impl FnOnce(&mut [u8])) {
    let Some(start) = upper(story, at, protocol) else { return };
    let frame = &mut story.frames[at];
    let Some((src, dst)) = addresses(frame) else { return };
    let message = &mut frame.bytes[start..];
    alter(message);
    let place = if protocol == udp::PROTOCOL { 6 } else { 2 };
    message[place..place + 2].fill(0);
    let plain = protocol == ICMPV4;
    let len_octets = message.len() as u32;
    let sum = if plain { checksum::Sum::new() } else { checksum::pseudo(src, dst, protocol, len_octets) };
    let sum = sum.add_bytes(message).finish();
    message[place..place + 2].copy_from_slice(&sum.to_be_bytes());
}
