//! floor 6: what a file looks like by its first octets, and what makes a capture of what is none.

use super::pcap::Pcap;
use super::pcapng::Pcapng;

/// What the first octets of a file say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// A pcap or pcapng file.
    Capture,
    /// Compressed in a way that can be undone here.
    Compressed(Compression),
    /// Packed by this tool.
    Packed {
        /// Name of the format.
        format: &'static str,
        /// Command that unpacks it.
        tool: &'static str,
    },
    /// A capture in a format that is not read here.
    Foreign {
        /// Name of the format.
        format: &'static str,
    },
    /// Readable text.
    Text,
    /// Something else, which begins with these octets.
    Unknown(Vec<u8>),
}

/// What a capture may be compressed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// The format of the xz tools.
    Xz,
    /// The format of bzip2.
    Bzip2,
    /// The frame format of lz4.
    Lz4,
}

/// Starts of what is compressed.
const COMPRESSED: [(&[u8], Compression); 5] = [
    (b"\x1f\x8b", Compression::Gzip),
    (b"\x28\xb5\x2f\xfd", Compression::Zstd),
    (b"\xfd7zXZ\x00", Compression::Xz),
    (b"BZh", Compression::Bzip2),
    (b"\x04\x22\x4d\x18", Compression::Lz4),
];

/// Start, name and tool of what is packed.
const PACKED: [(&[u8], &str, &str); 1] = [(b"PK\x03\x04", "zip", "unzip")];

/// Start and name of captures of other tools.
const FOREIGN: [(&[u8], &str); 5] = [
    (b"snoop\x00\x00\x00", "snoop"),
    (b"GMBU", "Microsoft Network Monitor"),
    (b"RTSS", "Microsoft Network Monitor"),
    (b"TRSNIFF data    \x1a", "Sniffer"),
    (b"XCP\x00", "NetXRay"),
];

impl Compression {
    /// Its name, and the command that undoes it.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Gzip => ("gzip", "gzip -dk"),
            Self::Zstd => ("zstd", "zstd -dk"),
            Self::Xz => ("xz", "xz -dk"),
            Self::Bzip2 => ("bzip2", "bzip2 -dk"),
            Self::Lz4 => ("lz4", "lz4 -dk"),
        }
    }
}

impl Look {
    /// Looks at the first octets of a file.
    pub fn of(head: &[u8]) -> Self {
        if Pcap::begins(head) || Pcapng::begins(head) {
            return Self::Capture;
        }
        if let Some(&(_, compression)) = COMPRESSED.iter().find(|(start, _)| head.starts_with(start)) {
            return Self::Compressed(compression);
        }
        if let Some(&(_, format, tool)) = PACKED.iter().find(|(start, ..)| head.starts_with(start)) {
            return Self::Packed { format, tool };
        }
        if let Some(&(_, format)) = FOREIGN.iter().find(|(start, _)| head.starts_with(start)) {
            return Self::Foreign { format };
        }
        let printable = |octet: &u8| *octet >= b' ' && *octet != 0x7f || b"\t\n\r".contains(octet);
        if head.iter().all(printable) && begins_as_text(head) {
            return Self::Text;
        }
        Self::Unknown(head.iter().copied().take(4).collect())
    }
}

/// Whether octets are UTF-8, the last letter of which may be cut.
fn begins_as_text(head: &[u8]) -> bool {
    match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}
