//! floor 7: what a link and the boxes on it do to frames: flip a bit, mark congestion, cut and join segments,
//! tell the sender that a packet was too big (RFC 3168 section 5, RFC 1191 section 4, RFC 8201 section 4).

use super::dice::Dice;
use super::lab;
use crate::drive::replay::packet::{Addressed, Upper, emit, sum_icmp};
use crate::trace::Link;
use stack::base::Ecn;
use stack::wire::tcp::{self, Flags, Segment, View};
use stack::wire::{checksum, ethernet, icmpv4, icmpv6, ipv4};
use std::net::IpAddr;

/// Where an IPv6 packet begins to be covered by a checksum: at its addresses. A flip before that would be a
/// change that nobody can see.
const V6_COVERED_FROM: usize = 8;

/// Octets that an ICMPv4 error of a router quotes: as many as fit into 576 (RFC 1812 section 4.3.2.3).
const QUOTED_V4_OCTETS: usize = 576 - 28;

/// The type of service of such an error: internetwork control (RFC 1812 section 4.3.2.5).
const ERROR_TOS: u8 = 0xc0;

/// Octets of an ICMPv6 error at the most (RFC 4443 section 2.4 (c)).
const ERROR_V6_OCTETS: usize = 1_280;

/// Joined segments are not larger than an IP packet can be, in octets.
const JOINED_OCTETS_MAX: usize = 60_000;

/// Where the IP header begins.
pub const fn packet_at(link: Link) -> usize {
    match link {
        Link::Ip => 0,
        Link::Ethernet => ethernet::HEADER_OCTETS,
    }
}

/// Flips one bit that a checksum covers, so that the damage is always seen.
pub(super) fn flip(frame: &mut [u8], link: Link, dice: &mut Dice) {
    let at = packet_at(link);
    let Some(packet) = frame.get_mut(at..).filter(|packet| !packet.is_empty()) else { return };
    let first = if packet[0] >> 4 == 6 { V6_COVERED_FROM } else { 0 };
    let covered = packet.len().saturating_sub(first) as u64;
    let (octet, bit) = (dice.below(covered) as usize, dice.below(8));
    if let Some(octet) = packet.get_mut(first + octet) {
        *octet ^= 1 << bit;
    }
}

/// Marks a packet with CE, if its transport takes part.
pub(super) fn mark(frame: &mut [u8], link: Link) {
    let at = packet_at(link);
    let Some(packet) = frame.get_mut(at..) else { return };
    let Some(upper) = Upper::of(packet) else { return };
    match Ecn::of_traffic_class(upper.traffic_class) {
        Ecn::NotEct | Ecn::Ce => {}
        Ecn::Ect0 | Ecn::Ect1 => match upper.src {
            IpAddr::V4(_) => {
                packet[1] |= Ecn::Ce.bits();
                packet[10..12].fill(0);
                let header_octets = usize::from(packet[0] & 15) * 4;
                let sum = checksum::of(&packet[..header_octets]);
                packet[10..12].copy_from_slice(&sum.to_be_bytes());
            }
            IpAddr::V6(_) => packet[1] |= Ecn::Ce.bits() << 4,
        },
    }
}

/// Whether a packet must not be cut by routers.
pub(super) fn is_whole_for_ever(frame: &[u8], link: Link) -> bool {
    let packet = frame.get(packet_at(link)..).unwrap_or(&[]);
    match packet.first().map(|first| first >> 4) {
        Some(4) => ipv4::View::read(packet).is_ok_and(|view| view.dont_fragment()),
        Some(_) | None => true,
    }
}

/// The error that tells the sender of `frame` about the size of packets that go through.
pub(super) fn too_big(frame: &[u8], link: Link, mtu: u16) -> Option<Vec<u8>> {
    let packet = frame.get(packet_at(link)..)?;
    let upper = Upper::of(packet).filter(|upper| !upper.is_icmp_error())?;
    let mut message = Vec::new();
    let (src, protocol, traffic_class) = match upper.src {
        IpAddr::V4(_) => {
            let quoted = packet.get(..QUOTED_V4_OCTETS).unwrap_or(packet);
            let code = icmpv4::Unreachable::FragmentationNeeded;
            icmpv4::Message::DestinationUnreachable { code, mtu, quoted }.emit(&mut message);
            (IpAddr::V4(lab::ROUTER_V4), 1, ERROR_TOS)
        }
        IpAddr::V6(to) => {
            let quoted = packet.get(..ERROR_V6_OCTETS - 48).unwrap_or(packet);
            let (src, error) = (lab::ROUTER_V6, icmpv6::Message::PacketTooBig { mtu: mtu.into(), quoted });
            error.emit(src, to, &mut message);
            (IpAddr::V6(src), icmpv6::PROTOCOL, 0)
        }
    };
    let header = Addressed { src, dst: upper.src, protocol, hop_limit: 64, traffic_class };
    let mut error = emit(&header, &message);
    sum_icmp(&mut error);
    Some(headed(frame, link, true, error))
}

/// A packet behind the link header of `frame`, or of its way back.
fn headed(frame: &[u8], link: Link, back: bool, packet: Vec<u8>) -> Vec<u8> {
    let header = frame.get(..packet_at(link)).unwrap_or(&[]);
    let mut headed = header.to_vec();
    if let Some((to, from)) = headed.split_at_mut_checked(6).filter(|_| back) {
        to.swap_with_slice(&mut from[..6]);
    }
    headed.extend(packet);
    headed
}

/// A segment with what is around it.
struct Around<'f> {
    upper: Upper<'f>,
    segment: Segment<'f>,
}

/// A whole and undamaged segment; no other is cut or joined.
fn around(frame: &[u8], link: Link) -> Option<Around<'_>> {
    let packet = frame.get(packet_at(link)..)?;
    let upper = Upper::of(packet)?;
    if upper.protocol != tcp::PROTOCOL || upper.fragment.is_some() || upper.is_cut() {
        return None;
    }
    let view = View::read(upper.payload).ok()?;
    let segment = Segment::check(&view, upper.src, upper.dst).ok()?;
    Some(Around { upper, segment })
}

/// The frame with another segment in it.
fn with(frame: &[u8], link: Link, upper: &Upper<'_>, segment: &Segment<'_>) -> Vec<u8> {
    let mut payload = Vec::with_capacity(segment.payload.len() + 60);
    segment.emit(upper.src, upper.dst, &mut payload);
    let Upper { src, dst, protocol, hop_limit, traffic_class, .. } = *upper;
    let header = Addressed { src, dst, protocol, hop_limit, traffic_class };
    headed(frame, link, false, emit(&header, &payload))
}

/// The two parts of a segment with data, cut somewhere; `None` if there is nothing to cut.
pub(super) fn cut(frame: &[u8], link: Link, dice: &mut Dice) -> Option<[Vec<u8>; 2]> {
    let Around { upper, segment } = around(frame, link)?;
    let octets = segment.payload.len();
    if octets < 2 || segment.flags.syn() || segment.flags.rst() {
        return None;
    }
    let at = 1 + dice.below(octets as u64 - 1) as usize;
    let (one, other) = segment.payload.split_at(at);
    let urgent = segment.flags.urg();
    let pointer = usize::from(segment.urgent_pointer).saturating_sub(at);
    let first =
        Segment { flags: segment.flags.without(Flags::FIN.union(Flags::PSH)), payload: one, ..segment };
    let second = Segment {
        seq: segment.seq.wrapping_add(u32::try_from(at).unwrap_or(0)),
        flags: if urgent && pointer == 0 { segment.flags.without(Flags::URG) } else { segment.flags },
        urgent_pointer: u16::try_from(pointer).unwrap_or(u16::MAX),
        payload: other,
        ..segment
    };
    Some([with(frame, link, &upper, &first), with(frame, link, &upper, &second)])
}

/// Two segments as one, if the second follows the first and says nothing else; the news of the second count.
pub fn join(one: &[u8], other: &[u8], link: Link) -> Option<Vec<u8>> {
    const SPECIAL: Flags = Flags(Flags::SYN.0 | Flags::RST.0 | Flags::URG.0 | Flags::CWR.0 | Flags::ECE.0);
    let (first, second) = (around(one, link)?, around(other, link)?);
    let (a, b) = (&first.segment, &second.segment);
    let follows = a.seq.wrapping_add(a.len_octets()) == b.seq && !a.flags.fin();
    let same_flow = (a.src_port, a.dst_port) == (b.src_port, b.dst_port)
        && (first.upper.src, first.upper.dst) == (second.upper.src, second.upper.dst)
        && first.upper.traffic_class == second.upper.traffic_class;
    let plain = !a.flags.intersects(SPECIAL) && !b.flags.intersects(SPECIAL);
    let carries = !a.payload.is_empty() && !b.payload.is_empty() && a.flags.ack() && b.flags.ack();
    if !(follows && same_flow && plain && carries && a.payload.len() + b.payload.len() < JOINED_OCTETS_MAX) {
        return None;
    }
    let payload = [a.payload, b.payload].concat();
    // The earlier timestamp is the one that counts for the round trip (RFC 7323 section 4.2).
    let options = stack::wire::tcp_option::Options { timestamps: a.options.timestamps, ..b.options };
    let joined = Segment { seq: a.seq, options, payload: &payload, ..*b };
    Some(with(one, link, &first.upper, &joined))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::link::plan::Plan;
    use quickcheck::quickcheck;

    fn frame(octets: usize, v6: bool, flags: Flags, urgent_pointer: u16) -> Vec<u8> {
        let mut plan = Plan::calm();
        plan.switches = if v6 { 2 } else { 0 };
        let (src, dst) = (lab::addr(0, v6), lab::addr(1, v6));
        let payload = lab::stream(0, 0, octets);
        let segment = Segment {
            src_port: 40_000,
            dst_port: 80,
            seq: u32::MAX - 3,
            ack: 7,
            flags,
            window: 100,
            urgent_pointer,
            options: stack::wire::tcp_option::Options::NONE,
            payload: &payload,
        };
        let mut bytes = Vec::new();
        segment.emit(src, dst, &mut bytes);
        let header =
            Addressed { src, dst, protocol: tcp::PROTOCOL, hop_limit: 64, traffic_class: Ecn::Ect0.bits() };
        emit(&header, &bytes)
    }

    quickcheck! {
        fn what_is_cut_and_joined_is_what_it_was(octets: u8, v6: bool, fin: bool, seed: u64) -> bool {
            let flags = if fin { Flags::ACK.union(Flags::FIN) } else { Flags::ACK };
            let whole = frame(2 + usize::from(octets), v6, flags, 0);
            let [one, other] = cut(&whole, Link::Ip, &mut Dice::new(seed)).expect("it can be cut");
            join(&one, &other, Link::Ip) == Some(whole.clone()) && join(&other, &one, Link::Ip).is_none()
        }

        fn a_flipped_bit_is_always_seen(octets: u8, v6: bool, seed: u64) -> bool {
            let mut damaged = frame(octets.into(), v6, Flags::ACK, 0);
            flip(&mut damaged, Link::Ip, &mut Dice::new(seed));
            let header = v6 || ipv4::View::read(&damaged).is_ok_and(|view| view.checksum_holds());
            !header || around(&damaged, Link::Ip).is_none()
        }

        fn the_urgent_end_stays_where_it_is(octets: u8, pointer: u8, seed: u64) -> bool {
            let flags = Flags::ACK.union(Flags::URG);
            let pointer = 1 + u32::from(pointer);
            let whole = frame(2 + usize::from(octets), false, flags, 1 + pointer as u16 - 1);
            let parts = cut(&whole, Link::Ip, &mut Dice::new(seed)).expect("it can be cut");
            parts.iter().all(|part| {
                let segment = around(part, Link::Ip).expect("a segment").segment;
                let end = segment.seq.wrapping_add(segment.urgent_pointer.into());
                !segment.flags.urg() || end == (u32::MAX - 3).wrapping_add(pointer)
            })
        }
    }

    #[test]
    fn a_mark_leaves_the_checksum_right_and_an_error_is_read_by_its_receiver() {
        for v6 in [false, true] {
            let mut marked = frame(3_000, v6, Flags::ACK, 0);
            mark(&mut marked, Link::Ip);
            let read = around(&marked, Link::Ip).expect("a segment");
            assert_eq!(Ecn::of_traffic_class(read.upper.traffic_class), Ecn::Ce);
            assert!(v6 || ipv4::View::read(&marked).is_ok_and(|view| view.checksum_holds()));
            let error = too_big(&marked, Link::Ip, 1_300).expect("an error");
            let told = Upper::of(&error).expect("a packet");
            assert!(told.is_icmp_error() && told.dst == lab::addr(0, v6));
            assert_eq!(told.quoted().map(|quoted| quoted.src.port()), Some(40_000));
        }
    }
}
