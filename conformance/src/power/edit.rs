//! floor 8: a segment taken apart, to be altered and put back with lengths and checksums that are right.

use super::story::Frame;
use stack::wire::ethernet::EtherType;
use stack::wire::tcp::{self, Flags, MIN_HEADER_OCTETS};
use stack::wire::{checksum, ipv4, ipv6};
use std::net::IpAddr;

const OPTION_OCTETS_MAX: usize = 40;
const SACK: u8 = 5;
const TIMESTAMPS: u8 = 8;

/// A segment in its parts.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Source address.
    pub src: IpAddr,
    /// Destination address.
    pub dst: IpAddr,
    /// Source and destination port.
    pub ports: (u16, u16),
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgement number.
    pub ack: u32,
    /// Control bits.
    pub flags: Flags,
    /// The bits that have no use.
    pub reserved: u8,
    /// Length of the header in words, if it is not to be right.
    pub data_offset: Option<u8>,
    /// Window, as it stands in the field.
    pub window: u16,
    /// Urgent pointer.
    pub urgent: u16,
    /// Options as octets.
    pub options: Vec<u8>,
    /// Data.
    pub payload: Vec<u8>,
    /// What is added to the right checksum.
    pub checksum_error: u16,
    /// The two bits of explicit congestion notification.
    pub ecn: u8,
    header: Vec<u8>,
}

impl Edit {
    /// The segment of a frame that has it whole, directly behind the IP header.
    pub fn of(frame: &Frame) -> Option<Self> {
        let (src, dst, header, upper, ecn) = match frame.ethertype {
            EtherType::IPV4 => {
                let view = ipv4::View::read(&frame.bytes).ok()?;
                let fragment = view.more_fragments() || view.fragment_offset_octets() != 0;
                let tcp = view.protocol() == tcp::PROTOCOL && !fragment;
                let upper = tcp.then(|| view.payload())?;
                (IpAddr::V4(view.src()), IpAddr::V4(view.dst()), view.header(), upper, view.tos() & 3)
            }
            EtherType::IPV6 => {
                let view = ipv6::View::read(&frame.bytes).ok()?;
                let upper = view.extensions().upper().ok()?;
                let tcp = upper.protocol == tcp::PROTOCOL && upper.offset == ipv6::HEADER_OCTETS;
                let header = frame.bytes.get(..ipv6::HEADER_OCTETS).filter(|_| tcp)?;
                let (src, dst) = (IpAddr::V6(view.src()), IpAddr::V6(view.dst()));
                (src, dst, header, upper.payload, view.traffic_class() & 3)
            }
            EtherType(_) => return None,
        };
        let view = tcp::View::read(upper).ok()?;
        view.checksum_holds(src, dst).then(|| Self {
            src,
            dst,
            ports: (view.src_port(), view.dst_port()),
            seq: view.seq(),
            ack: view.ack(),
            flags: view.flags(),
            reserved: view.reserved(),
            data_offset: None,
            window: view.window(),
            urgent: view.urgent_pointer(),
            options: view.options_bytes().to_vec(),
            payload: view.payload().to_vec(),
            checksum_error: 0,
            ecn,
            header: header.to_vec(),
        })
    }

    /// The number behind the last octet, SYN and FIN counted.
    pub fn end(&self) -> u32 {
        let marks = u32::from(self.flags.syn()) + u32::from(self.flags.fin());
        self.seq.wrapping_add(self.payload.len() as u32).wrapping_add(marks)
    }

    /// The right edge of the window that it offers, if windows are shifted by so much.
    pub fn edge(&self, shift: u32) -> u32 {
        let shift = if self.flags.syn() { 0 } else { shift };
        self.ack.wrapping_add(u32::from(self.window) << shift)
    }

    /// Sends it to another address of the same family.
    pub fn redirect(&mut self, dst: IpAddr) {
        match (self.dst, dst) {
            (IpAddr::V4(_), IpAddr::V4(addr)) => self.header[16..20].copy_from_slice(&addr.octets()),
            (IpAddr::V6(_), IpAddr::V6(addr)) => self.header[24..40].copy_from_slice(&addr.octets()),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return,
        }
        self.dst = dst;
    }

    /// Blocks of SACK: left edge and right edge.
    pub fn blocks(&self) -> Vec<(u32, u32)> {
        let word = |octets: &[u8]| octets.first_chunk::<4>().map_or(0, |word| u32::from_be_bytes(*word));
        let octets = self.option(SACK).unwrap_or(&[]);
        octets.chunks_exact(8).map(|block| (word(block), word(&block[4..]))).collect()
    }

    /// Puts these blocks of SACK in the place of those that are there.
    pub fn set_blocks(&mut self, blocks: &[(u32, u32)]) {
        let stamps = self.option(TIMESTAMPS).map(<[u8]>::to_vec);
        let mut options = vec![1, 1, SACK, 2 + 8 * blocks.len() as u8];
        for (left, right) in blocks {
            options.extend_from_slice(&left.to_be_bytes());
            options.extend_from_slice(&right.to_be_bytes());
        }
        if let Some(stamps) = stamps {
            // Three blocks fit beside timestamps, if nothing fills up between them.
            options.extend_from_slice(&[TIMESTAMPS, 10]);
            options.extend_from_slice(&stamps);
        }
        options.resize(options.len().next_multiple_of(4), 1);
        self.options = options;
    }

    /// Place and length of the option of this kind.
    fn find(&self, kind: u8) -> Option<(usize, usize)> {
        let mut at = 0;
        while let Some(&found) = self.options.get(at) {
            match found {
                0 => return None,
                1 => at += 1,
                _ => {
                    let len = usize::from(*self.options.get(at + 1)?);
                    if len < 2 || at + len > self.options.len() {
                        return None;
                    }
                    if found == kind {
                        return Some((at, len));
                    }
                    at += len;
                }
            }
        }
        None
    }

    /// What the option of this kind holds.
    pub fn option(&self, kind: u8) -> Option<&[u8]> {
        self.find(kind).map(|(at, len)| &self.options[at + 2..at + len])
    }

    /// The same, to be altered.
    pub fn option_mut(&mut self, kind: u8) -> Option<&mut [u8]> {
        let (at, len) = self.find(kind)?;
        Some(&mut self.options[at + 2..at + len])
    }

    /// A number of four octets in the option of this kind.
    pub fn word(&self, kind: u8, at: usize) -> Option<u32> {
        self.option(kind)?.get(at..at + 4)?.first_chunk::<4>().map(|octets| u32::from_be_bytes(*octets))
    }

    /// Sets a number of four octets in the option of this kind.
    pub fn set_word(&mut self, kind: u8, at: usize, word: u32) {
        if let Some(octets) = self.option_mut(kind).and_then(|octets| octets.get_mut(at..at + 4)) {
            octets.copy_from_slice(&word.to_be_bytes());
        }
    }

    /// Puts NOPs in the place of the option of this kind.
    pub fn drop_option(&mut self, kind: u8) {
        if let Some((at, len)) = self.find(kind) {
            self.options[at..at + len].fill(1);
        }
    }

    /// Adds option octets in front of the others, and fills up to a whole word.
    pub fn add_option(&mut self, octets: &[u8]) {
        let mut options = octets.to_vec();
        options.resize(options.len().next_multiple_of(4), 1);
        options.extend_from_slice(&self.options);
        options.truncate(OPTION_OCTETS_MAX);
        self.options = options;
    }

    /// Puts it into a frame, in the place of what was there.
    pub fn put(self, frame: &mut Frame) {
        let header_octets = MIN_HEADER_OCTETS + self.options.len();
        let words = self.data_offset.unwrap_or((header_octets / 4) as u8);
        let offset = (u16::from(words) << 12) | (u16::from(self.reserved) << 9) | self.flags.0;
        let mut segment = Vec::with_capacity(header_octets + self.payload.len());
        segment.extend_from_slice(&self.ports.0.to_be_bytes());
        segment.extend_from_slice(&self.ports.1.to_be_bytes());
        segment.extend_from_slice(&self.seq.to_be_bytes());
        segment.extend_from_slice(&self.ack.to_be_bytes());
        segment.extend_from_slice(&offset.to_be_bytes());
        segment.extend_from_slice(&self.window.to_be_bytes());
        segment.extend_from_slice(&[0, 0]);
        segment.extend_from_slice(&self.urgent.to_be_bytes());
        segment.extend_from_slice(&self.options);
        segment.extend_from_slice(&self.payload);
        let pseudo = checksum::pseudo(self.src, self.dst, tcp::PROTOCOL, segment.len() as u32);
        let sum = pseudo.add_bytes(&segment).finish().wrapping_add(self.checksum_error);
        segment[16..18].copy_from_slice(&sum.to_be_bytes());
        let mut bytes = self.header;
        bytes.extend_from_slice(&segment);
        frame.bytes = bytes;
        mend(frame, self.ecn);
    }
}

/// Makes lengths, header checksum and congestion bits of an IP packet right.
pub fn mend(frame: &mut Frame, ecn: u8) {
    let octets = frame.bytes.len();
    frame.wire_len = octets as u32;
    match frame.ethertype {
        EtherType::IPV4 => {
            frame.bytes[1] = (frame.bytes[1] & !3) | ecn;
            frame.bytes[2..4].copy_from_slice(&(octets as u16).to_be_bytes());
            mend_header(frame);
        }
        _ => {
            frame.bytes[1] = (frame.bytes[1] & 0xcf) | (ecn << 4);
            let payload = (octets - ipv6::HEADER_OCTETS) as u16;
            frame.bytes[4..6].copy_from_slice(&payload.to_be_bytes());
        }
    }
}

/// Makes the header checksum of an IPv4 packet right.
pub fn mend_header(frame: &mut Frame) {
    // A length that makes no sense leaves the sum over what every header has.
    let octets = (4 * usize::from(frame.bytes[0] & 15)).max(20);
    frame.bytes[10..12].fill(0);
    let sum = checksum::of(&frame.bytes[..octets.min(frame.bytes.len())]);
    frame.bytes[10..12].copy_from_slice(&sum.to_be_bytes());
}
