//! floor 7: frames from plans: headers around a payload, and everything that can be wrong with them.

use super::lab;
use super::plan::Twist;
use crate::trace::Link;
use stack::base::Mac;
use stack::wire::ethernet::{EtherType, Frame};
use stack::wire::ipv6_extension::{self, Fragment};
use stack::wire::{icmpv6, ipv4, ipv6};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Octets of IP payload that go into one packet.
const WHOLE_OCTETS_MAX: usize = 1400;
/// Octets of a fragment, where only length asks for fragments.
const PIECE_OCTETS: usize = 1280;
/// Hop limit of everything, unless it is twisted.
const HOP_LIMIT: u8 = 64;
/// Hop limit of neighbour discovery.
const HOP_LIMIT_MAX: u8 = 255;

/// Where a packet goes, and what is wrong with it.
#[derive(Clone, Debug)]
pub(super) struct Way<'p> {
    pub(super) link: Link,
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) twist: &'p Twist,
}

impl<'p> Way<'p> {
    /// From a peer to the host, unless the twist has other addresses.
    pub(super) fn new(link: Link, peer: IpAddr, own: IpAddr, twist: &'p Twist) -> Self {
        let v6 = own.is_ipv6();
        let src = if let Twist::From { which } = twist { lab::odd(*which, v6) } else { peer };
        let dst = if let Twist::To { which } = twist { lab::odd(*which, v6) } else { own };
        Self { link, src, dst, twist }
    }

    /// The transport checksum, if it is not to be computed.
    pub(super) const fn checksum(&self) -> Option<u16> {
        if let Twist::Checksum { field } = self.twist { Some(*field) } else { None }
    }

    /// The frames that carry `payload`. `series` tells fragments of different packets apart.
    pub(super) fn frames(&self, protocol: u8, payload: &[u8], series: u16) -> Vec<Vec<u8>> {
        let packets = match (self.twist, payload.len()) {
            (Twist::Fragments { units, how }, 9..) => {
                self.fragments(protocol, payload, series, (usize::from(units % 32) + 1) * 8, *how)
            }
            (_, 0..=WHOLE_OCTETS_MAX) => vec![self.packet(protocol, payload, None)],
            (_, _) => self.fragments(protocol, payload, series, PIECE_OCTETS, 0),
        };
        // Only one packet of a series is damaged: two flipped octets can leave a checksum right.
        let mut twist = self.twist;
        let damage = |packet| damaged(packet, std::mem::replace(&mut twist, &Twist::Plain));
        packets.into_iter().map(damage).map(|packet| self.framed(&packet)).collect()
    }

    /// Cuts a payload. The bits of `how` are those of [`Twist::Fragments`].
    fn fragments(&self, protocol: u8, payload: &[u8], series: u16, size: usize, how: u8) -> Vec<Vec<u8>> {
        let overlap = if how & 4 != 0 { 8 } else { 0 };
        let pieces = (0..payload.len()).step_by(size).map(|at| {
            let end = (at + size + overlap).min(payload.len());
            let more = at + size < payload.len();
            self.packet(protocol, &payload[at..end], Some((at, more, series)))
        });
        // A long payload in tiny pieces would be the whole run.
        let mut packets: Vec<Vec<u8>> = pieces.take(64).collect();
        if how & 8 != 0 && packets.len() > 1 {
            packets.remove(packets.len() / 2);
        }
        if how & 1 != 0 {
            packets.reverse();
        }
        if let Some(first) = packets.first().cloned().filter(|_| how & 2 != 0) {
            packets.push(first);
        }
        packets
    }

    fn packet(&self, protocol: u8, payload: &[u8], piece: Option<(usize, bool, u16)>) -> Vec<u8> {
        let hop_limit = match self.twist {
            Twist::HopLimit { field } => *field,
            Twist::Plain
            | Twist::Checksum { .. }
            | Twist::Fragments { .. }
            | Twist::Cut { .. }
            | Twist::Trailer { .. }
            | Twist::Flip { .. }
            | Twist::Options { .. }
            | Twist::To { .. }
            | Twist::From { .. }
            | Twist::Broadcast => HOP_LIMIT,
        };
        match (self.src, self.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                self.packet_v4(src, dst, protocol, hop_limit, payload, piece)
            }
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                self.packet_v6(src, dst, protocol, hop_limit, payload, piece)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => Vec::new(),
        }
    }

    fn packet_v4(
        &self,
        src: Ipv4Addr,
        dst: Ipv4Addr,
        protocol: u8,
        ttl: u8,
        payload: &[u8],
        piece: Option<(usize, bool, u16)>,
    ) -> Vec<u8> {
        let (at, more_fragments, identification) = piece.unwrap_or((0, false, 0));
        let options = match self.twist {
            Twist::Options { octets } => octets.as_slice(),
            Twist::Plain
            | Twist::Checksum { .. }
            | Twist::Fragments { .. }
            | Twist::Cut { .. }
            | Twist::Trailer { .. }
            | Twist::Flip { .. }
            | Twist::HopLimit { .. }
            | Twist::To { .. }
            | Twist::From { .. }
            | Twist::Broadcast => &[],
        };
        let packet = ipv4::Packet {
            src,
            dst,
            protocol,
            ttl,
            tos: 0,
            identification,
            dont_fragment: piece.is_none(),
            more_fragments,
            fragment_offset_octets: u16::try_from(at).unwrap_or(u16::MAX),
            options: options.get(..ipv4::MAX_OPTIONS_OCTETS).unwrap_or(options),
            payload,
        };
        let mut bytes = Vec::new();
        packet.emit(&mut bytes);
        bytes
    }

    fn packet_v6(
        &self,
        src: Ipv6Addr,
        dst: Ipv6Addr,
        protocol: u8,
        hop_limit: u8,
        payload: &[u8],
        piece: Option<(usize, bool, u16)>,
    ) -> Vec<u8> {
        let (mut next_header, mut behind) = (protocol, Vec::new());
        if let Some((at, more, series)) = piece {
            let offset_octets = u16::try_from(at).unwrap_or(u16::MAX);
            Fragment { offset_octets, more, identification: series.into(), next_header }.emit(&mut behind);
            next_header = ipv6_extension::FRAGMENT;
        }
        behind.extend_from_slice(payload);
        if let Twist::Options { octets } = self.twist {
            let mut options = vec![next_header, 0];
            options.extend_from_slice(octets.as_slice());
            options.resize(options.len().next_multiple_of(8), 0);
            options[1] = u8::try_from(options.len() / 8 - 1).unwrap_or(0);
            options.extend_from_slice(&behind);
            (next_header, behind) = (ipv6_extension::HOP_BY_HOP, options);
        }
        let packet = ipv6::Packet {
            src,
            dst,
            next_header,
            hop_limit,
            traffic_class: 0,
            flow_label: 0,
            payload: &behind,
        };
        let mut bytes = Vec::new();
        packet.emit(&mut bytes);
        bytes
    }

    /// A neighbour discovery message, which needs a hop limit of its own.
    pub(super) fn discovery(&self, message: &icmpv6::Message<'_>) -> Vec<Vec<u8>> {
        let (IpAddr::V6(src), IpAddr::V6(dst)) = (self.src, self.dst) else { return Vec::new() };
        let mut bytes = Vec::new();
        message.emit(src, dst, &mut bytes);
        let hop_limit = if let Twist::HopLimit { field } = self.twist { *field } else { HOP_LIMIT_MAX };
        let packet = self.packet_v6(src, dst, icmpv6::PROTOCOL, hop_limit, &bytes, None);
        vec![self.framed(&damaged(packet, self.twist))]
    }

    /// The packet in a frame for the link.
    pub(super) fn framed(&self, packet: &[u8]) -> Vec<u8> {
        let ethertype = if self.dst.is_ipv6() { EtherType::IPV6 } else { EtherType::IPV4 };
        self.framed_as(ethertype, packet)
    }

    /// A frame of that type for the link.
    pub(super) fn framed_as(&self, ethertype: EtherType, payload: &[u8]) -> Vec<u8> {
        if self.link == Link::Ip {
            return payload.to_vec();
        }
        let dst = match (self.twist, self.dst) {
            (Twist::Broadcast, _) => Mac::BROADCAST,
            (_, IpAddr::V4(addr)) if addr.is_broadcast() || addr.octets()[3] == 255 => Mac::BROADCAST,
            (_, addr) if addr.is_multicast() => Mac::of_group(addr),
            (_, _) => lab::OWN_MAC,
        };
        let mut bytes = Vec::new();
        Frame { dst, src: lab::mac(self.src), ethertype, payload }.emit(&mut bytes);
        bytes
    }
}

/// The packet, or frame, with the damage that does not care what it is.
pub(super) fn damaged(mut packet: Vec<u8>, twist: &Twist) -> Vec<u8> {
    match twist {
        Twist::Cut { octets } => packet.truncate(usize::from(*octets)),
        Twist::Trailer { octets } => packet.resize(packet.len() + usize::from(*octets), 0xa5),
        Twist::Flip { at, mask } => {
            let at = usize::from(*at).checked_rem(packet.len());
            if let Some(octet) = at.and_then(|at| packet.get_mut(at)) {
                *octet ^= mask;
            }
        }
        Twist::Plain
        | Twist::Checksum { .. }
        | Twist::Fragments { .. }
        | Twist::HopLimit { .. }
        | Twist::Options { .. }
        | Twist::To { .. }
        | Twist::From { .. }
        | Twist::Broadcast => {}
    }
    packet
}
