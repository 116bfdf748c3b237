//! floor 6: the file format pcap (draft-ietf-opsawg-pcap), with the variants that are met in the wild.
//!
//! The first four octets tell byte order, resolution and variant. A record is a header with a time and two
//! lengths, and the octets of the packet.

use super::failure::Problem;
use super::link::LinkType;
use super::order::Order;
use super::packet::Direction;
use super::step::{Found, MAX_RECORD, Step, Steps, damaged};

/// Octets of the file header.
const FILE_HEADER: usize = 24;

/// What begins the file, in the writer's byte order: its first number, and what follows from it.
const VARIANTS: [(u32, Variant); 5] = [
    (0xa1b2_c3d4, Variant { nano: false, file_extra: 0, record_header: 16, kind_at: None }),
    (0xa1b2_3c4d, Variant { nano: true, file_extra: 0, record_header: 16, kind_at: None }),
    // Kuznetzov's libpcap wrote index of the interface, protocol and kind of packet into each record.
    (0xa1b2_cd34, Variant { nano: false, file_extra: 0, record_header: 24, kind_at: Some(22) }),
    // Ixia's `lcap` has the size of all records behind the file header.
    (0x1c00_01ac, Variant { nano: true, file_extra: 4, record_header: 16, kind_at: None }),
    (0x1c00_01ab, Variant { nano: false, file_extra: 4, record_header: 16, kind_at: None }),
];

/// What the first number of the file tells.
#[derive(Clone, Copy, Debug)]
struct Variant {
    /// Fractions of seconds are nanoseconds, not microseconds.
    nano: bool,
    /// Octets that the file header has more.
    file_extra: usize,
    /// Octets of the header of a record.
    record_header: usize,
    /// Where in it the kind of packet stands.
    kind_at: Option<usize>,
}

/// In which order a record has its lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lengths {
    /// That of the recorded octets, then that on the wire.
    Usual,
    /// The other way round: before version 2.3, and DG/UX.
    Swapped,
    /// Version 2.3 was written by both kinds: the smaller one is that of the recorded octets.
    Either,
}

/// An open pcap file.
#[derive(Debug)]
pub(super) struct Pcap {
    order: Order,
    variant: Variant,
    lengths: Lengths,
    link: LinkType,
    fcs_octets: u8,
    header_read: bool,
}

/// The byte order and variant that the first four octets tell.
fn variant(head: &[u8]) -> Option<(Order, Variant)> {
    let first = *head.first_chunk()?;
    [Order::Little, Order::Big].into_iter().find_map(|order| {
        let known = VARIANTS.iter().find(|(number, _)| order.four(first) == *number);
        known.map(|(_, variant)| (order, *variant))
    })
}

impl Pcap {
    /// Whether a file that begins so is a pcap file.
    pub(super) fn begins(head: &[u8]) -> bool {
        variant(head).is_some()
    }

    /// The file that begins so.
    pub(super) fn open(head: &[u8]) -> Result<Self, Problem> {
        let refuse = |reason| Problem::Header { reason };
        let cut = || {
            let there = head.len();
            refuse(format!("a pcap file begins with {FILE_HEADER} octets, and {there} are there"))
        };
        let (order, variant) = variant(head).ok_or_else(cut)?;
        let header: &[u8; FILE_HEADER] = head.first_chunk().ok_or_else(cut)?;
        let two = |at| order.two_at(header, at).unwrap_or(0);
        let lengths = match (two(4), two(6)) {
            (2, 0..=2) | (543, 0) => Lengths::Swapped,
            (2, 3) => Lengths::Either,
            (2, 4) => Lengths::Usual,
            (major, minor) => return Err(refuse(format!("version {major}.{minor} of pcap does not exist"))),
        };
        let network = order.four_at(header, 20).unwrap_or(0);
        // The upper bits tell how many times two octets of frame check sequence there are.
        let fcs_octets =
            if network & 1 << 26 == 0 { 0 } else { u8::try_from(network >> 28).unwrap_or(0) * 2 };
        let number = network & 0x03ff_ffff;
        let link = LinkType::from_number(number);
        if !link.is_known() {
            return Err(Problem::link_type(number));
        }
        Ok(Self { order, variant, lengths, link, fcs_octets, header_read: false })
    }

    /// How frames begin.
    pub(super) const fn link(&self) -> LinkType {
        self.link
    }

    fn lengths(&self, first: u32, second: u32) -> (u32, u32) {
        match self.lengths {
            Lengths::Usual => (first, second),
            Lengths::Swapped => (second, first),
            Lengths::Either => (first.min(second), first.max(second)),
        }
    }

    fn direction(&self, header: &[u8]) -> Direction {
        match self.variant.kind_at.and_then(|at| header.get(at)) {
            Some(4) => Direction::Outbound,
            Some(0..=3) => Direction::Inbound,
            Some(_) | None => Direction::Unknown,
        }
    }
}

impl Steps for Pcap {
    fn is_within(&self) -> bool {
        !self.header_read
    }

    fn step(&mut self, bytes: &[u8]) -> Result<Step, Problem> {
        if !self.header_read {
            let octets = FILE_HEADER + self.variant.file_extra;
            self.header_read = bytes.len() >= octets;
            return Ok(if self.header_read { Step::Other { octets } } else { Step::Lacks { octets } });
        }
        let start = self.variant.record_header;
        let (Some(header), true) = (bytes.first_chunk::<16>(), bytes.len() >= start) else {
            return Ok(Step::Lacks { octets: start });
        };
        let [s0, s1, s2, s3, f0, f1, f2, f3, a0, a1, a2, a3, b0, b1, b2, b3] = *header;
        let order = self.order;
        let (len, wire_len) = self.lengths(order.four([a0, a1, a2, a3]), order.four([b0, b1, b2, b3]));
        if len > MAX_RECORD {
            return Err(damaged(format!("a record that claims {len} octets")));
        }
        let octets = start + len as usize;
        if bytes.len() < octets {
            return Ok(Step::Lacks { octets });
        }
        let fraction = i64::from(order.four([f0, f1, f2, f3]));
        let fraction_ns = if self.variant.nano { fraction } else { fraction * 1_000 };
        Ok(Step::Packet(Found {
            octets,
            start,
            len,
            wire_len: wire_len.max(len),
            epoch_ns: i64::from(order.four([s0, s1, s2, s3])) * 1_000_000_000 + fraction_ns,
            interface: 0,
            link: self.link,
            direction: self.direction(bytes),
            fcs_octets: self.fcs_octets,
        }))
    }
}
