//! floor 7: what a capture shows between two addresses beside connections: identifications (RFC 6864), echo
//! requests, solicitations, flow labels, claims of addresses (RFC 5227). Nothing but the packets between the
//! two goes in.

use super::super::checksum::{Field, Kind};
use super::super::hash::Mixed;
use super::super::packet::{Net, Packet, Upper};
use stack::base::{Instant, Mac};
use stack::wire::{arp, icmpv4, icmpv6, ndp, tcp, udp};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

/// Octets of a datagram that tell it from others.
const TOLD_BY_OCTETS: usize = 64;

/// The latest few of something, in no order that matters.
#[derive(Clone, Copy, Debug)]
pub struct Recent<T, const N: usize> {
    all: [Option<T>; N],
    next: u8,
}

impl<T: Copy, const N: usize> Default for Recent<T, N> {
    fn default() -> Self {
        Self { all: [None; N], next: 0 }
    }
}

impl<T: Copy, const N: usize> Recent<T, N> {
    fn push(&mut self, item: T) {
        let at = usize::from(self.next) % N;
        self.all[at] = Some(item);
        self.next = ((at + 1) % N) as u8;
    }

    /// All that are remembered.
    pub fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.all.iter().flatten()
    }
}

/// A packet or a piece of one whose identification matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Identification.
    pub id: u32,
    /// Where its octets begin in the datagram.
    pub begin_octets: u32,
    /// Where they end.
    pub end_octets: u32,
    /// Protocol; zero for IPv6, whose fragments do not differ by it.
    pub protocol: u8,
    /// Whether it is a piece and not the whole datagram.
    pub is_fragment: bool,
    /// Hops that were left.
    pub hops: u8,
    /// A digest of what it carries.
    pub digest: u32,
    /// When, in milliseconds.
    pub at_ms: u32,
}

impl Piece {
    /// The piece that a packet is, if its identification matters (RFC 6864 section 4): it is a fragment, or
    /// may be cut into some.
    pub fn of(packet: &Packet<'_>) -> Option<Self> {
        let at_ms = millis(packet.sighting.at);
        match &packet.net {
            Net::V4(view) => {
                let begin_octets = u32::from(view.fragment_offset_octets());
                let is_fragment = view.more_fragments() || begin_octets != 0;
                let header = 4 * u32::from(view.ihl());
                let len = u32::from(view.total_len_octets()).checked_sub(header)?;
                (is_fragment || !view.dont_fragment()).then(|| Self {
                    id: view.identification().into(),
                    begin_octets,
                    end_octets: begin_octets + len,
                    protocol: view.protocol(),
                    is_fragment,
                    hops: view.ttl(),
                    digest: content(view.protocol(), begin_octets, view.payload()),
                    at_ms,
                })
            }
            Net::V6(view, Some(header)) if !header.is_whole() => {
                let piece = view.extensions().upper().ok()?;
                let before = piece.offset.checked_sub(stack::wire::ipv6::HEADER_OCTETS)?;
                let len = u32::from(view.payload_len_octets()).checked_sub(u32::try_from(before).ok()?)?;
                let begin_octets = u32::from(header.offset_octets);
                Some(Self {
                    id: header.identification,
                    begin_octets,
                    end_octets: begin_octets + len,
                    protocol: 0,
                    is_fragment: true,
                    hops: view.hop_limit(),
                    digest: content(piece.protocol, begin_octets, piece.payload),
                    at_ms,
                })
            }
            Net::V6(..) | Net::Arp(_) => None,
        }
    }
}

/// A datagram as an error about it should quote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotable {
    /// Identification.
    pub id: u16,
    /// Length in octets as its header says.
    pub total_octets: u16,
    /// Protocol.
    pub protocol: u8,
    /// Type of service.
    pub tos: u8,
    /// Flags and fragment offset in one word.
    pub pieces: u16,
    /// The first eight octets that it carries.
    pub head: [u8; 8],
}

/// An echo request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Identifier and sequence number.
    pub about: [u8; 4],
    /// Type of service or traffic class.
    pub tos: u8,
    /// Octets of data.
    pub len_octets: u32,
    /// A digest of the data.
    pub digest: u32,
}

impl Echo {
    /// The request or reply in a packet, and whether it is a request.
    pub fn of(packet: &Packet<'_>) -> Option<(Self, bool)> {
        let (asks, extent, tos) = match (&packet.upper, &packet.net) {
            (Upper::Icmpv4(view, extent), Net::V4(ip)) => match view.kind() {
                icmpv4::kind::ECHO_REQUEST => (true, extent, ip.tos()),
                icmpv4::kind::ECHO_REPLY => (false, extent, ip.tos()),
                _ => return None,
            },
            (Upper::Icmpv6(view, extent), Net::V6(ip, _)) => match view.kind() {
                icmpv6::ECHO_REQUEST => (true, extent, ip.traffic_class()),
                icmpv6::ECHO_REPLY => (false, extent, ip.traffic_class()),
                _ => return None,
            },
            _ => return None,
        };
        let about = extent.bytes.get(4..)?.first_chunk()?;
        let len_octets = u32::try_from(extent.len_octets).ok()?;
        Some((Self { about: *about, tos, len_octets, digest: digest(&extent.bytes[8..]) }, asks))
    }
}

/// How one address labels its flows towards the other (RFC 6437).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// The ends of the latest flow that had a label, and its label.
    pub latest: Option<(u32, u32)>,
    /// How many flows in a row had the label that follows the one before.
    pub in_sequence: u8,
}

/// How one address uses the checksum of its datagrams over IPv4 towards the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Datagrams {
    /// With a checksum that is right.
    pub right: u16,
    /// With none.
    pub without: u16,
    /// With one that a network card has yet to fill in.
    pub unfilled: u16,
    /// The port of the first that had none.
    pub without_from: Option<u16>,
    /// Another port had none too.
    pub without_from_others: bool,
}

/// What an address is claimed by (RFC 5227).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who claims it.
    pub mac: Mac,
    /// Probes seen.
    pub probes: u8,
    /// Whether it was announced since, and when, in milliseconds.
    pub announced_ms: Option<u32>,
}

/// What one address of a pair was seen to send to the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct PairSide {
    /// Fragments and datagrams that may be cut.
    pub pieces: Recent<Piece, 12>,
    /// Datagrams that an error may quote.
    pub quotable: Recent<Quotable, 4>,
    /// Echo requests.
    pub echoes: Recent<Echo, 4>,
    /// Flow labels.
    pub labels: Labels,
    /// Checksums of datagrams.
    pub datagrams: Datagrams,
    /// Router solicitations, by their times in milliseconds.
    pub solicitations: Recent<u32, 4>,
    /// Probes and announcements.
    pub claim: Option<Claim>,
    /// A packet was in a frame to one station.
    pub to_one_station: bool,
}

impl PairSide {
    fn note(&mut self, packet: &Packet<'_>, field: Option<(Kind, Field)>) {
        self.to_one_station |= packet.sighting.link.is_some_and(|link| !link.dst.is_group());
        if let Some(piece) = Piece::of(packet) {
            self.pieces.push(piece);
        }
        if let Some(quotable) = quotable(packet) {
            self.quotable.push(quotable);
        }
        if let Some((echo, true)) = Echo::of(packet) {
            self.echoes.push(echo);
        }
        self.note_label(packet);
        self.note_datagram(packet, field);
        if matches!(&packet.upper, Upper::Icmpv6(view, _) if view.kind() == ndp::ROUTER_SOLICITATION) {
            self.solicitations.push(millis(packet.sighting.at));
        }
        if let Some(claim) = claim(packet) {
            self.note_claim(claim, packet);
        }
    }

    fn note_label(&mut self, packet: &Packet<'_>) {
        let Some((flow, label)) = labelled_flow(packet) else { return };
        if self.labels.latest.is_some_and(|(other, _)| other == flow) {
            return;
        }
        let follows = self.labels.latest.is_some_and(|(_, before)| label == next_label(before));
        self.labels.in_sequence = if follows { self.labels.in_sequence.saturating_add(1) } else { 0 };
        self.labels.latest = Some((flow, label));
    }

    fn note_datagram(&mut self, packet: &Packet<'_>, field: Option<(Kind, Field)>) {
        let (Upper::Udp(view, _), Net::V4(_)) = (&packet.upper, &packet.net) else { return };
        let seen = &mut self.datagrams;
        if view.checksum() == 0 {
            seen.without = seen.without.saturating_add(1);
            seen.without_from_others |= seen.without_from.is_some_and(|port| port != view.src_port());
            seen.without_from = seen.without_from.or(Some(view.src_port()));
            return;
        }
        match field.map(|(_, field)| field) {
            Some(Field::Right) => seen.right = seen.right.saturating_add(1),
            Some(Field::Unfilled) => seen.unfilled = seen.unfilled.saturating_add(1),
            Some(Field::OneBit | Field::Wrong) | None => (),
        }
    }

    fn note_claim(&mut self, (mac, is_probe): (Mac, bool), packet: &Packet<'_>) {
        let known =
            self.claim.filter(|claim| claim.mac == mac && !(is_probe && claim.announced_ms.is_some()));
        let mut claim = known.unwrap_or(Claim { mac, probes: 0, announced_ms: None });
        if is_probe {
            claim.probes = claim.probes.saturating_add(1);
        } else {
            claim.announced_ms = Some(millis(packet.sighting.at));
        }
        self.claim = Some(claim);
    }
}

/// Two addresses and what each was seen to send to the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pair {
    sides: [PairSide; 2],
    latest: Instant,
}

/// A packet's place among pairs.
#[derive(Clone, Copy, Debug)]
pub struct PairPlace<'a> {
    pair: &'a Pair,
    side: usize,
}

impl<'a> PairPlace<'a> {
    /// What the sender of the packet sent before.
    pub const fn own(&self) -> &'a PairSide {
        &self.pair.sides[self.side]
    }

    /// What the other sent before.
    pub const fn peer(&self) -> &'a PairSide {
        &self.pair.sides[1 - self.side]
    }
}

/// The two addresses that a packet is between. Probes and announcements of one address are between the
/// unspecified address and it.
pub fn ends(packet: &Packet<'_>) -> [IpAddr; 2] {
    let src = claim(packet).map_or(packet.src, |_| IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    [src, packet.dst]
}

/// The pair that a packet belongs to, lower address first, and which of the two sent it; nothing for packets
/// that no fact is kept about: segments have their connection.
fn key(packet: &Packet<'_>) -> Option<([IpAddr; 2], usize)> {
    let matters = match &packet.upper {
        Upper::Tcp(_) => false,
        Upper::Udp(..) | Upper::Icmpv4(..) | Upper::Icmpv6(..) | Upper::Fragment(_) => true,
        Upper::Other => !matches!(packet.net, Net::Arp(_)) || claim(packet).is_some(),
    };
    if !matters {
        return None;
    }
    let [src, dst] = ends(packet);
    // Where both addresses are one, nothing shows who sent what.
    (src != dst).then(|| if src < dst { ([src, dst], 0) } else { ([dst, src], 1) })
}

/// Every pair, as many as fit.
#[derive(Debug)]
pub struct Pairs {
    table: HashMap<[IpAddr; 2], Box<Pair>, Mixed>,
    most: usize,
    left: u64,
}

impl Pairs {
    /// Room for so many.
    pub(in super::super) fn new(most: usize) -> Self {
        Self { table: HashMap::default(), most, left: 0 }
    }

    /// Where a packet belongs, with the facts as they were before it. Its pair begins with it if need be.
    pub(in super::super) fn enter(&mut self, packet: &Packet<'_>) -> Option<PairPlace<'_>> {
        let (ends, side) = key(packet)?;
        if self.table.len() >= self.most && !self.table.contains_key(&ends) {
            self.let_go();
        }
        let pair = self.table.entry(ends).or_default();
        Some(PairPlace { pair, side })
    }

    /// Takes note of a packet, after the rules have seen it.
    pub(in super::super) fn note(&mut self, packet: &Packet<'_>, field: Option<(Kind, Field)>) {
        let Some((ends, side)) = key(packet) else { return };
        let Some(pair) = self.table.get_mut(&ends) else { return };
        pair.latest = pair.latest.max(packet.sighting.at);
        pair.sides[side].note(packet, field);
    }

    /// Lets go of those that were quiet the longest.
    fn let_go(&mut self) {
        let mut order: Vec<(Instant, [IpAddr; 2])> =
            self.table.iter().map(|(ends, pair)| (pair.latest, *ends)).collect();
        order.sort_unstable();
        order.truncate(self.most.div_ceil(4));
        self.left += order.len() as u64;
        for (_, ends) in order {
            self.table.remove(&ends);
        }
    }

    /// Counts those that another shard let go of.
    pub(in super::super) const fn count(&mut self, other: &Self) {
        self.left += other.left;
    }

    /// How many pairs were let go of.
    pub const fn left(&self) -> u64 {
        self.left
    }
}

/// Milliseconds since the capture began.
pub fn millis(at: Instant) -> u32 {
    u32::try_from(at.since(Instant::ZERO).as_nanos() / 1_000_000).unwrap_or(u32::MAX)
}

/// The label that follows this one.
pub const fn next_label(label: u32) -> u32 {
    (label + 1) & 0xf_ffff
}

/// Octets and their number in one word (FNV-1a). It serves to tell datagrams apart, not to find equal ones.
pub fn digest(bytes: &[u8]) -> u32 {
    let told_by = &bytes[..bytes.len().min(TOLD_BY_OCTETS)];
    let start = 0x811c_9dc5 ^ (bytes.len() as u32);
    told_by.iter().fold(start, |sum, octet| (sum ^ u32::from(*octet)).wrapping_mul(0x0100_0193))
}

/// A digest of what a piece carries, but for a checksum that a network card may fill in between two taps.
fn content(protocol: u8, begin_octets: u32, bytes: &[u8]) -> u32 {
    let checksum_at = match protocol {
        tcp::PROTOCOL => 16,
        udp::PROTOCOL => 6,
        _ => return digest(bytes),
    };
    match bytes.split_at_checked(checksum_at) {
        Some((before, rest)) if begin_octets == 0 => {
            digest(before) ^ digest(rest.get(2..).unwrap_or(&[])).rotate_left(16)
        }
        Some(_) | None => digest(bytes),
    }
}

/// Flow and label of a datagram that has one: the ports, which are enough between two addresses.
pub fn labelled_flow(packet: &Packet<'_>) -> Option<(u32, u32)> {
    let (Net::V6(header, _), Upper::Udp(view, _)) = (&packet.net, &packet.upper) else { return None };
    let label = header.flow_label();
    (label != 0).then(|| (u32::from(view.src_port()) << 16 | u32::from(view.dst_port()), label))
}

fn quotable(packet: &Packet<'_>) -> Option<Quotable> {
    let Net::V4(view) = &packet.net else { return None };
    let matters = matches!(packet.upper, Upper::Udp(..) | Upper::Other);
    let head = view.payload().first_chunk().filter(|_| matters)?;
    Some(Quotable {
        id: view.identification(),
        total_octets: view.total_len_octets(),
        protocol: view.protocol(),
        tos: view.tos(),
        pieces: pieces(view),
        head: *head,
    })
}

/// Flags and fragment offset of a header as one word.
pub fn pieces(view: &stack::wire::ipv4::View<'_>) -> u16 {
    view.header().get(6..).and_then(<[u8]>::first_chunk).map_or(0, |word| u16::from_be_bytes(*word))
}

/// Who claims the target address of an ARP packet, and whether as a probe: a request from no address, or one
/// from the address itself (RFC 5227 section 1.1).
pub fn claim(packet: &Packet<'_>) -> Option<(Mac, bool)> {
    let Net::Arp(view) = &packet.net else { return None };
    let arp = arp::Packet::check(view).ok()?;
    let asks = arp.operation == arp::Operation::Request;
    let is_probe = asks && arp.sender_ip.is_unspecified();
    let announces = arp.sender_ip == arp.target_ip && !arp.sender_ip.is_unspecified();
    (is_probe || announces).then_some((arp.sender_mac, is_probe))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    quickcheck! {
        fn the_latest_are_remembered(items: Vec<u8>) -> bool {
            let mut recent = Recent::<u8, 4>::default();
            for item in &items {
                recent.push(*item);
            }
            let mut expected: Vec<u8> = items.iter().rev().take(4).copied().collect();
            let mut kept: Vec<u8> = recent.iter().copied().collect();
            expected.sort_unstable();
            kept.sort_unstable();
            kept == expected
        }

        fn another_length_is_another_datagram(bytes: Vec<u8>) -> bool {
            let longer = [&bytes[..], &[0]].concat();
            bytes.len() >= TOLD_BY_OCTETS || digest(&bytes) != digest(&longer)
        }
    }

    #[test]
    fn a_pair_is_small() {
        assert!(size_of::<Pair>() <= 1536, "{}", size_of::<Pair>());
    }
}
