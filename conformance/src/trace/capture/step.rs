//! floor 6: what a file format says of the next octets of a file.

use super::failure::Problem;
use super::link::LinkType;
use super::packet::Direction;

/// Octets of a packet at the most: whoever claims more is damaged.
pub(super) const MAX_RECORD: u32 = 256 << 20;

/// What comes next in a file.
#[derive(Debug)]
pub(super) enum Step {
    /// A packet.
    Packet(Found),
    /// Something else, of so many octets.
    Other {
        /// Octets of it, all of which are there.
        octets: usize,
    },
    /// Something long that nobody needs: so many octets are to be passed over, there or not.
    Pass {
        /// Octets of it.
        octets: u64,
    },
    /// The record has so many octets, which are not all there, or more.
    Lacks {
        /// Octets that are needed to go on.
        octets: usize,
    },
}

/// A packet in a record.
#[derive(Debug)]
pub(super) struct Found {
    /// Octets of the record.
    pub(super) octets: usize,
    /// Octets of the record before those of the packet.
    pub(super) start: usize,
    /// Recorded octets.
    pub(super) len: u32,
    /// Octets on the wire, never less than were recorded.
    pub(super) wire_len: u32,
    /// Nanoseconds since 1970.
    pub(super) epoch_ns: i64,
    pub(super) interface: u32,
    pub(super) link: LinkType,
    pub(super) direction: Direction,
    pub(super) fcs_octets: u8,
}

/// A file format.
pub(super) trait Steps {
    /// Whether something began that has to go on, so that the file can not end here.
    fn is_within(&self) -> bool;

    /// What the octets begin with. They begin where the last step ended.
    ///
    /// # Errors
    /// If the octets make no sense. Who calls knows where in the file that is.
    fn step(&mut self, bytes: &[u8]) -> Result<Step, Problem>;
}

/// A record that makes no sense, of which the place is not known yet.
pub(super) const fn damaged(reason: String) -> Problem {
    Problem::Damaged { frames: 0, reason }
}
