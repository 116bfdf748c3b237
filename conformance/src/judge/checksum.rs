//! floor 7: what a checksum field says about the host that wrote it (RFC 1071).

use super::packet::{Extent, Net, Packet, Upper};
use stack::wire::{checksum, icmpv6, ipv4, tcp, udp};
use std::net::IpAddr;

/// A checksum field, looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// It is right.
    Right,
    /// It holds what a host leaves there for its network card to complete.
    Unfilled,
    /// It is wrong by what one flipped bit does.
    OneBit,
    /// It is wrong.
    Wrong,
}

impl Field {
    /// Whether something happened to the packet behind the host that wrote it, or the host can not count.
    pub const fn is_damage(self) -> bool {
        matches!(self, Self::OneBit | Self::Wrong)
    }
}

/// Which checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Of the IPv4 header.
    Ip,
    /// Of TCP.
    Tcp,
    /// Of UDP.
    Udp,
    /// Of ICMP and ICMPv6.
    Icmp,
}

/// The checksums of a packet that can be checked: captured whole, with the final addresses.
pub fn of_packet(packet: &Packet<'_>) -> impl Iterator<Item = (Kind, Field)> {
    [of_header(packet), of_upper(packet)].into_iter().flatten()
}

/// The checksum of the IPv4 header. If its length makes no sense, the sum over what every header has: damage
/// to the length is damage to the sum.
pub fn of_header(packet: &Packet<'_>) -> Option<(Kind, Field)> {
    let Net::V4(view) = &packet.net else { return None };
    // What nearly every header is.
    if view.ihl() == 5 && view.total_len_octets() >= 20 && view.checksum_holds() {
        return Some((Kind::Ip, Field::Right));
    }
    let octets = 4 * usize::from(view.ihl());
    let total = usize::from(view.total_len_octets());
    let senseless = octets < ipv4::MIN_HEADER_OCTETS || (total > 0 && octets > total);
    let header =
        if senseless { packet.sighting.bytes.get(..ipv4::MIN_HEADER_OCTETS)? } else { view.header() };
    let whole = senseless || header.len() == octets;
    whole.then(|| {
        let error = checksum::Sum::new().add_bytes(header).finish();
        (Kind::Ip, if error != 0 && view.checksum() == 0 { Field::Unfilled } else { classify(error) })
    })
}

/// The checksum of what the packet carries.
pub fn of_upper(packet: &Packet<'_>) -> Option<(Kind, Field)> {
    let (src, dst) = (packet.src, packet.dst);
    match &packet.upper {
        Upper::Tcp(segment) => {
            let field = transport(src, dst, tcp::PROTOCOL, segment.extent, segment.view.checksum());
            field.map(|field| (Kind::Tcp, field))
        }
        Upper::Udp(view, extent) => {
            let len_octets = usize::from(view.length());
            let used =
                len_octets >= udp::HEADER_OCTETS && len_octets <= extent.bytes.len() && view.checksum() != 0;
            let datagram = Extent { bytes: view.datagram(), len_octets, ..*extent };
            let field = used.then(|| transport(src, dst, udp::PROTOCOL, datagram, view.checksum()));
            field.flatten().map(|field| (Kind::Udp, field))
        }
        Upper::Icmpv4(_, extent) => {
            extent.is_whole().then(|| (Kind::Icmp, classify(checksum::of(extent.bytes))))
        }
        Upper::Icmpv6(view, extent) => {
            transport(src, dst, icmpv6::PROTOCOL, *extent, view.checksum()).map(|field| (Kind::Icmp, field))
        }
        Upper::Fragment(_) | Upper::Other => None,
    }
}

fn transport(src: IpAddr, dst: IpAddr, protocol: u8, extent: Extent<'_>, field: u16) -> Option<Field> {
    if !extent.is_whole() || !extent.addressed {
        return None;
    }
    let len_octets = u32::try_from(extent.len_octets).unwrap_or(u32::MAX);
    let pseudo = |len_octets| checksum::pseudo(src, dst, protocol, len_octets);
    let error = pseudo(len_octets).add_bytes(extent.bytes).finish();
    let unfilled = || is_unfilled(pseudo, len_octets, field);
    Some(if error != 0 && unfilled() { Field::Unfilled } else { classify(error) })
}

/// Left for the card: the sum of the pseudo-header, not complemented, with or without its length.
fn is_unfilled(pseudo: impl Fn(u32) -> checksum::Sum, len_octets: u32, field: u16) -> bool {
    [!pseudo(len_octets).finish(), !pseudo(0).finish(), 0].contains(&field)
}

/// Whether the checksum of a segment holds what is left for a network card, right or not.
pub fn may_be_unfilled(packet: &Packet<'_>) -> bool {
    let Upper::Tcp(segment) = &packet.upper else { return false };
    let len_octets = u32::try_from(segment.extent.len_octets).unwrap_or(u32::MAX);
    let pseudo = |len_octets| checksum::pseudo(packet.src, packet.dst, tcp::PROTOCOL, len_octets);
    is_unfilled(pseudo, len_octets, segment.view.checksum())
}

/// Judges the complemented sum over everything, which is zero for a right checksum. One flipped bit adds or
/// takes away a power of two.
const fn classify(error: u16) -> Field {
    let above = error.count_ones() == 1;
    let below = (!error).count_ones() == 1;
    match error {
        0 => Field::Right,
        _ if above || below => Field::OneBit,
        _ => Field::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::{TestResult, quickcheck};

    quickcheck! {
        fn one_flipped_bit_looks_like_one(bytes: Vec<u8>, at: usize) -> TestResult {
            let mut bytes = bytes;
            if bytes.len() % 2 == 1 || bytes.is_empty() {
                bytes.push(0);
            }
            let sum = checksum::of(&bytes);
            bytes.extend_from_slice(&sum.to_be_bytes());
            let at = at % (bytes.len() * 8);
            bytes[at / 8] ^= 1 << (at % 8);
            TestResult::from_bool(classify(checksum::of(&bytes)) == Field::OneBit)
        }
    }
}
