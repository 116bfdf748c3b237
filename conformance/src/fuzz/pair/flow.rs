//! floor 8: what an observer who stands at one host knows of its connection. Offsets count from the first
//! octet behind the SYN, in either direction.

use crate::drive::replay::packet::Upper;
use crate::trace::Link;
use stack::base::Ecn;
use stack::wire::tcp::{self, Flags, Segment, View};
use stack::wire::{ethernet, ipv4};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The peer's MSS if it announces none, in octets (RFC 9293 section 3.7.1).
const MSS_DEFAULT_V4: i64 = 536;
const MSS_DEFAULT_V6: i64 = 1_220;

/// A segment that arrived or left in one piece and undamaged.
pub(super) struct Packet<'f> {
    pub(super) segment: Segment<'f>,
    pub(super) ecn: Ecn,
    v6: bool,
}

impl<'f> Packet<'f> {
    /// The segment in a frame; `None` if there is none, or it is damaged.
    pub(super) fn read(frame: &'f [u8], link: Link) -> Option<Self> {
        let at = match link {
            Link::Ip => 0,
            Link::Ethernet => ethernet::HEADER_OCTETS,
        };
        let packet = frame.get(at..)?;
        let upper = Upper::of(packet).filter(|upper| upper.protocol == tcp::PROTOCOL && !upper.is_cut())?;
        let v6 = matches!(upper.src, IpAddr::V6(_));
        if !v6 && !ipv4::View::read(packet).ok()?.checksum_holds() {
            return None;
        }
        let view = View::read(upper.payload).ok()?;
        let segment = Segment::check(&view, upper.src, upper.dst).ok()?;
        Some(Self { segment, ecn: Ecn::of_traffic_class(upper.traffic_class), v6 })
    }

    /// The sequence number of the first octet of data.
    pub(super) const fn first_octet(&self) -> u32 {
        self.segment.seq.wrapping_add(if self.segment.flags.syn() { 1 } else { 0 })
    }
}

/// Octets that have come: up to a point all, behind it in islands.
#[derive(Debug, Default)]
pub(super) struct Arrived {
    contiguous: i64,
    islands: BTreeMap<i64, i64>,
}

impl Arrived {
    pub(super) fn take(&mut self, mut left: i64, mut right: i64) {
        if left <= self.contiguous {
            self.contiguous = self.contiguous.max(right);
        } else {
            while let Some((from, to)) = self.islands.range(..=right).next_back().map(|(a, b)| (*a, *b))
                && to >= left
            {
                self.islands.remove(&from);
                (left, right) = (left.min(from), right.max(to));
            }
            self.islands.insert(left, right);
        }
        while let Some(first) = self.islands.first_entry().filter(|first| *first.key() <= self.contiguous) {
            self.contiguous = self.contiguous.max(first.remove());
        }
    }

    /// Up to where everything has come.
    pub(super) const fn contiguous(&self) -> i64 {
        self.contiguous
    }

    /// Whether all of that has come.
    pub(super) fn has(&self, left: i64, right: i64) -> bool {
        let island = self.islands.range(..=left).next_back();
        right <= self.contiguous || island.is_some_and(|(_, to)| right <= *to)
    }
}

/// What a SYN offered.
#[derive(Clone, Copy, Debug, Default)]
struct Offer {
    mss: Option<u16>,
    shift: Option<u8>,
    sack: bool,
    stamps: bool,
    flags: Flags,
    window: i64,
}

impl Offer {
    fn of(segment: &Segment<'_>) -> Self {
        let options = segment.options;
        Self {
            mss: options.mss,
            shift: options.window_scale,
            sack: options.sack_permitted,
            stamps: options.timestamps.is_some(),
            flags: segment.flags,
            window: segment.window.into(),
        }
    }
}

/// One connection as its host knows it.
#[derive(Debug, Default)]
pub(super) struct Flow {
    v6: bool,
    own_first: Option<u32>,
    peer_first: Option<u32>,
    own: Offer,
    peer: Offer,
    /// The shift of the windows that the host offers.
    pub(super) own_shift: u8,
    /// Behind all that it sent, and where its stream ends.
    pub(super) end: i64,
    pub(super) fin: Option<i64>,
    /// What the peer acknowledged, and how often it said so without news.
    pub(super) una: i64,
    repeated: i64,
    /// The right edge that the peer offered.
    pub(super) edge: i64,
    /// What came from the peer.
    pub(super) arrived: Arrived,
    /// The right edge that the host offered.
    pub(super) offered: Option<i64>,
    pub(super) own_stamp: Option<u32>,
    pub(super) stamps: BTreeSet<u32>,
}

impl Flow {
    /// The offset of a sequence number of the host.
    pub(super) fn own_offset(&self, seq: u32) -> Option<i64> {
        Some(i64::from(seq.wrapping_sub(self.own_first?).cast_signed()))
    }

    /// The offset of a sequence number of the peer.
    pub(super) fn peer_offset(&self, seq: u32) -> Option<i64> {
        Some(i64::from(seq.wrapping_sub(self.peer_first?).cast_signed()))
    }

    /// The host is about to send this.
    pub(super) fn begun(&mut self, packet: &Packet<'_>) {
        let segment = &packet.segment;
        if segment.flags.syn() {
            let first = segment.seq.wrapping_add(1);
            if self.own_first.is_some_and(|before| before != first) {
                // Another connection: a SYN came again when the first one had ended.
                let stamps = std::mem::take(&mut self.stamps);
                *self = Self {
                    stamps,
                    peer_first: self.peer_first,
                    peer: self.peer,
                    edge: self.peer.window,
                    ..Self::default()
                };
            }
            self.own_first = Some(first);
            self.v6 = packet.v6;
            let flags = self.own.flags;
            self.own = Offer::of(segment);
            self.own.flags = self.own.flags.union(flags);
            self.own_shift = if self.peer.shift.is_some() || !segment.flags.ack() {
                segment.options.window_scale.unwrap_or(0).min(14)
            } else {
                0
            };
        }
    }

    /// The host has sent this.
    pub(super) fn sent(&mut self, packet: &Packet<'_>) {
        let segment = &packet.segment;
        let Some(from) = self.own_offset(packet.first_octet()).filter(|_| !segment.flags.rst()) else {
            return;
        };
        let to = from + segment.payload.len() as i64;
        self.end = self.end.max(to + i64::from(segment.flags.fin()));
        if segment.flags.fin() {
            self.fin = Some(to);
        }
        self.own_stamp = segment.options.timestamps.map_or(self.own_stamp, |stamps| Some(stamps.value));
    }

    /// The host has received this.
    pub(super) fn received(&mut self, packet: &Packet<'_>) {
        let segment = &packet.segment;
        if segment.flags.rst() {
            return;
        }
        let window = i64::from(segment.window);
        if segment.flags.syn() {
            self.peer_first.get_or_insert(segment.seq.wrapping_add(1));
            // A SYN may overtake the SYN,ACK that answers it, where both ends open.
            let flags = self.peer.flags;
            self.peer = Offer::of(segment);
            self.peer.flags = self.peer.flags.union(flags);
            if self.peer.shift.is_none() {
                self.own_shift = 0;
            }
            self.edge = self.edge.max(window);
        }
        self.stamps.extend(segment.options.timestamps.map(|stamps| stamps.value));
        if let Some(from) = self.peer_offset(packet.first_octet()) {
            let to = from + segment.payload.len() as i64 + i64::from(segment.flags.fin());
            self.arrived.take(from, to);
        }
        let Some(ack) = self.own_offset(segment.ack).filter(|_| segment.flags.ack()) else { return };
        let scaled = !segment.flags.syn() && self.own.shift.is_some();
        let shift = if scaled { self.peer.shift.unwrap_or(0).min(14) } else { 0 };
        self.edge = self.edge.max(ack + (window << shift));
        if ack > self.una {
            self.una = ack;
        } else {
            self.repeated += 1;
        }
    }

    /// The most that the peer takes in one segment, in octets.
    pub(super) fn peer_mss(&self) -> i64 {
        let default = if self.v6 { MSS_DEFAULT_V6 } else { MSS_DEFAULT_V4 };
        self.peer.mss.map_or(default, i64::from)
    }

    /// The most that may be in flight whatever the algorithm does: the initial window (RFC 6928 section 2),
    /// what was acknowledged, half of that again while a loss is repaired, and one segment for each
    /// acknowledgement without news (RFC 5681 section 3.2), two of them more by limited transmit.
    pub(super) fn congestion_bound(&self) -> i64 {
        let mss = self.peer_mss();
        let initial = (10 * mss).min((2 * mss).max(14_600)).max(10 * 88);
        if self.una == 0 && self.repeated == 0 {
            return initial;
        }
        (initial + self.una) * 3 / 2 + (3 + self.repeated) * mss
    }

    pub(super) const fn sack_agreed(&self) -> bool {
        self.own.sack && self.peer.sack
    }

    pub(super) const fn stamps_agreed(&self) -> bool {
        self.own.stamps && self.peer.stamps
    }

    /// Whether both SYNs asked for ECN, the second one in its way (RFC 3168 section 6.1.1).
    pub(super) const fn ecn_agreed(&self) -> bool {
        self.own.flags.contains(Flags::ECE) && self.peer.flags.contains(Flags::ECE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    quickcheck! {
        fn what_has_come_is_known_octet_by_octet(parts: Vec<(u8, u8)>) -> bool {
            let mut arrived = Arrived::default();
            let mut came = [false; 600];
            for (left, octets) in parts {
                let (left, right) = (i64::from(left), i64::from(left) + i64::from(octets));
                arrived.take(left, right);
                came[left as usize..right as usize].fill(true);
            }
            let contiguous = came.iter().position(|came| !came).unwrap_or(0) as i64;
            let blocks = (0..500).all(|left| {
                let right = left + 7;
                arrived.has(left, right) == came[left as usize..right as usize].iter().all(|came| *came)
            });
            arrived.contiguous() == contiguous && blocks
        }
    }
}
