//! floor 6: what a file that is no capture looks like, and what makes a capture of it.

/// What the first octets of a file say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// A pcap or pcapng file.
    Capture,
    /// Compressed or packed by this tool.
    Packed {
        /// Name of the format.
        format: &'static str,
        /// Command that unpacks it.
        tool: &'static str,
    },
    /// A capture in a format that libpcap does not read.
    Foreign {
        /// Name of the format.
        format: &'static str,
    },
    /// Readable text.
    Text,
    /// Something else, which begins with these octets.
    Unknown(Vec<u8>),
}

/// Starts of pcap and pcapng files, in both byte orders.
const CAPTURES: [&[u8]; 7] = [
    b"\xa1\xb2\xc3\xd4",
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\xcd\x34",
    b"\x34\xcd\xb2\xa1",
    b"\x0a\x0d\x0d\x0a",
];

/// Start, name and tool of what is packed.
const PACKED: [(&[u8], &str, &str); 6] = [
    (b"\x1f\x8b", "gzip", "gzip -dk"),
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -dk"),
    (b"\xfd7zXZ\x00", "xz", "xz -dk"),
    (b"BZh", "bzip2", "bzip2 -dk"),
    (b"\x04\x22\x4d\x18", "lz4", "lz4 -dk"),
    (b"PK\x03\x04", "zip", "unzip"),
];

/// Start and name of captures of other tools.
const FOREIGN: [(&[u8], &str); 5] = [
    (b"snoop\x00\x00\x00", "snoop"),
    (b"GMBU", "Microsoft Network Monitor"),
    (b"RTSS", "Microsoft Network Monitor"),
    (b"TRSNIFF data    \x1a", "Sniffer"),
    (b"XCP\x00", "NetXRay"),
];

impl Look {
    /// Looks at the first octets of a file.
    pub fn of(head: &[u8]) -> Self {
        if CAPTURES.iter().any(|start| head.starts_with(start)) {
            return Self::Capture;
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
