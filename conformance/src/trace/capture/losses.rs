//! floor 6: what the recorder of a capture admits to have lost.

/// Packets that were on the wire and are not in the file, as the file itself tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Dropped by the interfaces for want of memory.
    pub by_interface: u64,
    /// Dropped by the system for want of memory.
    pub by_system: u64,
    /// Lost before packets that say so.
    pub before_packets: u64,
}

impl Losses {
    /// Nothing lost.
    pub const NONE: Self = Self { by_interface: 0, by_system: 0, before_packets: 0 };

    /// Whether anything is lost: then the capture is not complete.
    pub const fn any(self) -> bool {
        self.by_interface | self.by_system | self.before_packets != 0
    }

    /// Both together.
    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            by_interface: self.by_interface.saturating_add(other.by_interface),
            by_system: self.by_system.saturating_add(other.by_system),
            before_packets: self.before_packets.saturating_add(other.before_packets),
        }
    }
}
