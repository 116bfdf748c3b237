//! floor 8: a packet below TCP, altered octet by octet and put right again: lengths and checksums.

use super::edit::mend_header;
use super::story::{Frame, Story, addresses};
use stack::wire::ethernet::EtherType;
use stack::wire::{checksum, icmpv6, ipv4, ipv6, udp};

/// Protocol number of ICMP for IPv4.
pub const ICMPV4: u8 = 1;

/// Octets of an ICMP header.
pub const ICMP_OCTETS: usize = 8;

/// Where the payload of a packet without options or extension headers begins.
pub const UPPER4: usize = ipv4::MIN_HEADER_OCTETS;
/// The same for IPv6.
pub const UPPER6: usize = ipv6::HEADER_OCTETS;

/// What the packet carries directly behind its fixed header, if it is no fragment: protocol and place.
fn upper_of(frame: &Frame) -> Option<(u8, usize)> {
    let bytes = &frame.bytes;
    match frame.ethertype {
        EtherType::IPV4 => {
            let whole = bytes[6] & 0x3f == 0 && bytes[7] == 0;
            whole.then(|| (bytes[9], 4 * usize::from(bytes[0] & 15)))
        }
        EtherType::IPV6 => Some((bytes[6], UPPER6)),
        EtherType(_) => None,
    }
}

/// Where the message or datagram of this protocol begins in a packet of the host.
pub fn upper(story: &Story, at: usize, protocol: u8) -> Option<usize> {
    let frame = story.frames.get(at).filter(|_| story.is_own(at))?;
    upper_of(frame).filter(|(found, _)| *found == protocol).map(|(_, start)| start)
}

/// Whether the host sends a message of this type there.
pub fn is_message(story: &Story, at: usize, protocol: u8, kind: u8) -> bool {
    upper(story, at, protocol).is_some_and(|start| story.frames[at].bytes.get(start) == Some(&kind))
}

/// Whether the host sends IPv4 there.
pub fn is_v4(story: &Story, at: usize) -> bool {
    story.is_own(at) && story.frames[at].ethertype == EtherType::IPV4
}

/// Whether the host sends a datagram over IPv4 there, without options.
pub fn is_udp4(story: &Story, at: usize) -> bool {
    is_v4(story, at) && upper(story, at, udp::PROTOCOL) == Some(UPPER4)
}

/// Whether the host sends a datagram over IPv6 there.
pub fn is_udp6(story: &Story, at: usize) -> bool {
    !is_v4(story, at) && upper(story, at, udp::PROTOCOL) == Some(UPPER6)
}

/// The place of the fragment in its datagram in octets, and whether more follow, if the host sends one there.
pub fn fragment(story: &Story, at: usize) -> Option<(usize, bool)> {
    let frame = story.frames.get(at).filter(|_| story.is_own(at))?;
    let bytes = &frame.bytes;
    let (word, is_v4) = match frame.ethertype {
        EtherType::IPV4 => (u16::from_be_bytes([bytes[6], bytes[7]]), true),
        EtherType::IPV6 if bytes[6] == stack::wire::ipv6_extension::FRAGMENT => {
            (u16::from_be_bytes([bytes[42], bytes[43]]), false)
        }
        EtherType(_) => return None,
    };
    let (offset, more) = if is_v4 {
        (8 * usize::from(word & 0x1fff), word & 0x2000 != 0)
    } else {
        (usize::from(word & 0xfff8), word & 1 != 0)
    };
    (offset != 0 || more).then_some((offset, more))
}

/// Alters the octets of a packet, and makes lengths and checksums right. What fills up the frame goes.
pub fn alter(frame: &mut Frame, alter: impl FnOnce(&mut Vec<u8>)) {
    strip(frame);
    alter(&mut frame.bytes);
    mend(frame);
}

/// The same with a packet of the story.
pub fn change(story: &mut Story, at: usize, change: impl FnOnce(&mut Vec<u8>)) {
    alter(&mut story.frames[at], change);
}

/// Takes away what fills up the frame.
pub fn strip(frame: &mut Frame) {
    let octets = match frame.ethertype {
        EtherType::IPV4 => usize::from(u16::from_be_bytes([frame.bytes[2], frame.bytes[3]])),
        EtherType::IPV6 => UPPER6 + usize::from(u16::from_be_bytes([frame.bytes[4], frame.bytes[5]])),
        EtherType(_) => return,
    };
    frame.bytes.truncate(octets);
}

fn mend(frame: &mut Frame) {
    let octets = frame.bytes.len();
    frame.wire_len = octets as u32;
    match frame.ethertype {
        EtherType::IPV4 => {
            frame.bytes[2..4].copy_from_slice(&(octets as u16).to_be_bytes());
            mend_header(frame);
        }
        EtherType::IPV6 => {
            let payload = (octets - UPPER6) as u16;
            frame.bytes[4..6].copy_from_slice(&payload.to_be_bytes());
        }
        EtherType(_) => return,
    }
    mend_upper(frame);
}

/// Makes the checksum of a datagram or message right.
fn mend_upper(frame: &mut Frame) {
    let (Some((protocol, start)), Some((src, dst))) = (upper_of(frame), addresses(frame)) else { return };
    let place = match protocol {
        udp::PROTOCOL => 6,
        ICMPV4 | icmpv6::PROTOCOL => 2,
        _ => return,
    };
    let Some(message) = frame.bytes.get_mut(start..).filter(|message| message.len() >= ICMP_OCTETS) else {
        return;
    };
    message[place..place + 2].fill(0);
    let len_octets = message.len() as u32;
    let plain = protocol == ICMPV4;
    let sum = if plain { checksum::Sum::new() } else { checksum::pseudo(src, dst, protocol, len_octets) };
    let sum = sum.add_bytes(message).finish();
    message[place..place + 2].copy_from_slice(&sum.to_be_bytes());
}

/// Puts options into an IPv4 header that has none.
pub fn put_options(octets: &mut Vec<u8>, options: &[u8]) {
    octets.splice(UPPER4..UPPER4, options.iter().copied());
    octets[0] = 0x40 | ((UPPER4 + options.len()) / 4) as u8;
}

/// Puts an extension header of this kind, whose first octet is the kind of what follows, in front of what an
/// IPv6 packet carries.
pub fn put_extension(octets: &mut Vec<u8>, kind: u8, header: &[u8]) {
    let next = octets[6];
    octets.splice(UPPER6..UPPER6, header.iter().copied());
    octets[UPPER6] = next;
    octets[6] = kind;
}
