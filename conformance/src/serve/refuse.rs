//! floor 8: how a filter tells a sender that its packet was not let through: a reset, as a host without a
//! listener sends it (RFC 9293 section 3.10.7.1), or an ICMP error (RFC 1812 section 5.3.9 and RFC 4443
//! section 3.1).

use super::sight::{ICMP, ICMPV6, Part, Sight, TCP};
use stack::wire::tcp::{Flags, Segment, View};
use stack::wire::{icmpv4, icmpv6, ipv4, ipv6};
use std::net::IpAddr;

const HOP_LIMIT: u8 = 64;
/// Octets of a packet that an ICMP error quotes: it stays below 576, and below the smallest MTU of IPv6.
const QUOTED_V4_OCTETS: usize = 548;
const QUOTED_V6_OCTETS: usize = 1232;
/// Code of ICMPv6 for what is administratively prohibited.
const PROHIBITED_V6: u8 = 1;

/// The reset that answers a segment; `None` if none may be sent: to a reset, or to what is no sound segment.
fn reset(packet: &[u8]) -> Option<Vec<u8>> {
    let sight = Sight::read(packet).filter(|sight| sight.protocol == TCP && sight.part == Part::Whole)?;
    let view = View::read(sight.payload).ok()?;
    let segment = Segment::check(&view, sight.src, sight.dst).ok()?;
    if segment.flags.rst() || !is_one_station(&sight) {
        return None;
    }
    let (seq, ack, flags) = if segment.flags.ack() {
        (segment.ack, 0, Flags::RST)
    } else {
        (0, segment.seq.wrapping_add(segment.len_octets()), Flags::RST.union(Flags::ACK))
    };
    let answer = Segment {
        src_port: segment.dst_port,
        dst_port: segment.src_port,
        seq,
        ack,
        flags,
        ..Segment::default()
    };
    let mut octets = Vec::new();
    answer.emit(sight.dst, sight.src, &mut octets);
    Some(packet_of(sight.dst, sight.src, TCP, &octets))
}

/// The ICMP error that answers a packet; `None` if none may be sent: about an error, about a later fragment,
/// to a group.
pub(super) fn prohibited(packet: &[u8]) -> Option<Vec<u8>> {
    let sight = Sight::read(packet)?;
    if matches!(sight.part, Part::Later { .. }) || is_error(&sight) || !is_one_station(&sight) {
        return None;
    }
    let mut octets = Vec::new();
    match (sight.dst, sight.src) {
        (IpAddr::V4(_), IpAddr::V4(_)) => {
            let quoted = &packet[..packet.len().min(QUOTED_V4_OCTETS)];
            let code = icmpv4::Unreachable::Prohibited;
            icmpv4::Message::DestinationUnreachable { code, mtu: 0, quoted }.emit(&mut octets);
            Some(packet_of(sight.dst, sight.src, ICMP, &octets))
        }
        (IpAddr::V6(own), IpAddr::V6(peer)) => {
            let quoted = &packet[..packet.len().min(QUOTED_V6_OCTETS)];
            let message = icmpv6::Message::DestinationUnreachable { code: PROHIBITED_V6, quoted };
            message.emit(own, peer, &mut octets);
            Some(packet_of(sight.dst, sight.src, ICMPV6, &octets))
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => None,
    }
}

/// What answers a packet that is rejected: a reset if it is a segment.
pub(super) fn rejected(packet: &[u8]) -> Option<Vec<u8>> {
    let is_segment = Sight::read(packet).is_some_and(|sight| sight.protocol == TCP);
    if is_segment { reset(packet) } else { prohibited(packet) }
}

/// Whether both ends are single stations: nobody else is answered, and nobody else answers.
fn is_one_station(sight: &Sight<'_>) -> bool {
    let single = |addr: IpAddr| {
        let broadcast = matches!(addr, IpAddr::V4(addr) if addr.is_broadcast());
        !broadcast && !addr.is_multicast() && !addr.is_unspecified() && !addr.is_loopback()
    };
    single(sight.src) && single(sight.dst)
}

/// Whether a packet is an ICMP error, or might be one.
fn is_error(sight: &Sight<'_>) -> bool {
    match (sight.protocol, sight.payload.first()) {
        (ICMP, Some(kind)) => icmpv4::kind::is_error(*kind),
        (ICMPV6, Some(kind)) => icmpv6::is_error(*kind),
        (ICMP | ICMPV6, None) => true,
        _ => false,
    }
}

pub(super) fn packet_of(src: IpAddr, dst: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => ipv4::Packet {
            src,
            dst,
            protocol,
            ttl: HOP_LIMIT,
            tos: 0,
            identification: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset_octets: 0,
            options: &[],
            payload,
        }
        .emit(&mut packet),
        (IpAddr::V6(src), IpAddr::V6(dst)) => ipv6::Packet {
            src,
            dst,
            next_header: protocol,
            hop_limit: HOP_LIMIT,
            traffic_class: 0,
            flow_label: 0,
            payload,
        }
        .emit(&mut packet),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => {
            unreachable!("a packet has addresses of one family")
        }
    }
    packet
}

#[cfg(test)]
mod tests;
