//! floor 6: numbers of a capture file, in the byte order of the host that wrote it.

/// The byte order of a file or of a section of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The least significant octet is first.
    Little,
    /// The most significant octet is first.
    Big,
}

impl Order {
    /// A number of two octets.
    pub(super) const fn two(self, octets: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(octets),
            Self::Big => u16::from_be_bytes(octets),
        }
    }

    /// A number of four octets.
    pub(super) const fn four(self, octets: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(octets),
            Self::Big => u32::from_be_bytes(octets),
        }
    }

    /// A number of eight octets.
    pub(super) const fn eight(self, octets: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(octets),
            Self::Big => u64::from_be_bytes(octets),
        }
    }

    /// A number as two octets.
    pub(super) const fn octets_of_two(self, number: u16) -> [u8; 2] {
        match self {
            Self::Little => number.to_le_bytes(),
            Self::Big => number.to_be_bytes(),
        }
    }

    /// A number as four octets.
    pub(super) const fn octets_of_four(self, number: u32) -> [u8; 4] {
        match self {
            Self::Little => number.to_le_bytes(),
            Self::Big => number.to_be_bytes(),
        }
    }

    /// The number of two octets at `at`, if they are there.
    pub(super) fn two_at(self, bytes: &[u8], at: usize) -> Option<u16> {
        bytes.get(at..)?.first_chunk().map(|octets| self.two(*octets))
    }

    /// The number of four octets at `at`, if they are there.
    pub(super) fn four_at(self, bytes: &[u8], at: usize) -> Option<u32> {
        bytes.get(at..)?.first_chunk().map(|octets| self.four(*octets))
    }
}
