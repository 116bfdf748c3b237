//! floor 6: many packets at once, in one piece of memory that can be shared and used again.

use super::link::LinkType;
use super::packet::{Direction, Packet};
use stack::base::Instant;

/// Packets that were read together: their octets in one buffer, and an index of them.
///
/// [`Capture::next_batch`](super::Capture::next_batch) fills it. A batch that is filled again keeps its
/// memory, so that nothing is allocated once a few batches go round. It can be shared between threads.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// What was read. Only what `places` names means something.
    pub(super) octets: Vec<u8>,
    pub(super) places: Vec<Place>,
    /// Time of the first packet of the file, in nanoseconds since 1970.
    pub(super) first_ns: i64,
}

/// Where a packet lies in its batch, and what the file says of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) number: u64,
    pub(super) epoch_ns: i64,
    pub(super) start: u32,
    pub(super) len: u32,
    pub(super) wire_len: u32,
    pub(super) interface: u32,
    pub(super) link: LinkType,
    pub(super) direction: Direction,
    pub(super) fcs_octets: u8,
}

impl Batch {
    /// A batch without packets.
    pub const fn new() -> Self {
        Self { octets: Vec::new(), places: Vec::new(), first_ns: 0 }
    }

    /// Number of packets.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no packet.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The packet at `index`, in order of the file.
    pub fn packet(&self, index: usize) -> Option<Packet<'_>> {
        self.places.get(index).map(|place| self.at(place))
    }

    /// All packets, in order of the file.
    pub fn packets(&self) -> impl ExactSizeIterator<Item = Packet<'_>> {
        self.places.iter().map(|place| self.at(place))
    }

    fn at(&self, place: &Place) -> Packet<'_> {
        let start = place.start as usize;
        let bytes = self.octets.get(start..start + place.len as usize).unwrap_or_default();
        let since_first = place.epoch_ns.saturating_sub(self.first_ns);
        Packet {
            number: place.number,
            at: Instant::from_nanos(u64::try_from(since_first).unwrap_or(0)),
            epoch_ns: place.epoch_ns,
            bytes,
            wire_len: place.wire_len,
            link: place.link,
            interface: place.interface,
            direction: place.direction,
            fcs_octets: place.fcs_octets,
        }
    }
}
