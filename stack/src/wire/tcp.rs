//! floor 1: the TCP header (RFC 9293 section 3.1).

use super::stop::{Layer, Stop};
use super::tcp_option::{self, Options, Walk};
use super::{Auto, checksum};
use crate::base::Why;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

/// The protocol number of TCP.
pub const PROTOCOL: u8 = 6;

/// Octets of a header without options.
pub const MIN_HEADER_OCTETS: usize = 20;

/// The nine control bits, of which the ninth is RFC 3540's and accurate ECN's.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u16);

impl Flags {
    /// No bit set.
    pub const NONE: Self = Self(0);
    /// No more data from the sender.
    pub const FIN: Self = Self(1);
    /// Synchronize sequence numbers.
    pub const SYN: Self = Self(1 << 1);
    /// Reset the connection.
    pub const RST: Self = Self(1 << 2);
    /// Push.
    pub const PSH: Self = Self(1 << 3);
    /// The acknowledgement field counts.
    pub const ACK: Self = Self(1 << 4);
    /// The urgent pointer counts.
    pub const URG: Self = Self(1 << 5);
    /// Congestion was experienced (RFC 3168 section 6.1).
    pub const ECE: Self = Self(1 << 6);
    /// The congestion window was reduced (RFC 3168 section 6.1).
    pub const CWR: Self = Self(1 << 7);
    /// Accurate ECN.
    pub const AE: Self = Self(1 << 8);
    /// All nine.
    pub const ALL: Self = Self(0x1ff);

    /// Every bit with the letter that stands for it, in the order of printing.
    pub const LETTERS: [(Self, char); 9] = [
        (Self::SYN, 'S'),
        (Self::FIN, 'F'),
        (Self::RST, 'R'),
        (Self::PSH, 'P'),
        (Self::ACK, '.'),
        (Self::URG, 'U'),
        (Self::ECE, 'E'),
        (Self::CWR, 'W'),
        (Self::AE, 'A'),
    ];

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether a bit of `other` is set.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The bits of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These bits without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the SYN bit is set.
    pub const fn syn(self) -> bool {
        self.contains(Self::SYN)
    }

    /// Whether the FIN bit is set.
    pub const fn fin(self) -> bool {
        self.contains(Self::FIN)
    }

    /// Whether the RST bit is set.
    pub const fn rst(self) -> bool {
        self.contains(Self::RST)
    }

    /// Whether the ACK bit is set.
    pub const fn ack(self) -> bool {
        self.contains(Self::ACK)
    }

    /// Whether the URG bit is set.
    pub const fn urg(self) -> bool {
        self.contains(Self::URG)
    }
}

impl core::ops::BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

/// The letters of the bits that are set; `-` for none.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.intersects(Self::ALL) {
            return f.write_str("-");
        }
        let set = Self::LETTERS.iter().filter(|(flag, _)| self.contains(*flag));
        set.into_iter().try_for_each(|(_, letter)| write!(f, "{letter}"))
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags({self})")
    }
}

/// A letter that stands for no control bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownFlag(pub char);

impl fmt::Display for UnknownFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a TCP flag; the flags are S F R P . U E W A, and - for none", self.0)
    }
}

impl FromStr for Flags {
    type Err = UnknownFlag;

    fn from_str(text: &str) -> Result<Self, UnknownFlag> {
        if text == "-" {
            return Ok(Self::NONE);
        }
        text.chars().try_fold(Self::NONE, |flags, letter| {
            let known = Self::LETTERS.iter().find(|(_, known)| *known == letter);
            known.map(|(flag, _)| flags.union(*flag)).ok_or(UnknownFlag(letter))
        })
    }
}

/// A segment as it is, right or wrong. At least the fixed header is there.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    fixed: &'a [u8; MIN_HEADER_OCTETS],
    bytes: &'a [u8],
}

impl<'a> View<'a> {
    /// Reads the payload of an IP packet.
    ///
    /// # Errors
    /// A [`Stop`] if the fixed header is not whole.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Stop> {
        let fixed = bytes.first_chunk().ok_or(Stop {
            layer: Layer::Tcp,
            at: 0,
            need: MIN_HEADER_OCTETS,
            have: bytes.len(),
            said_by: "minimum header",
        })?;
        Ok(Self { fixed, bytes })
    }

    /// Why the header is not what its data offset says, if it is not. The accessors then take the nearest
    /// length that there is.
    pub fn stop(&self) -> Option<Stop> {
        let promised = self.data_offset_octets();
        let (need, have) = if promised < MIN_HEADER_OCTETS {
            (MIN_HEADER_OCTETS, promised)
        } else {
            (promised, self.bytes.len())
        };
        (have < need).then_some(Stop { layer: Layer::Tcp, at: 0, need, have, said_by: "data offset" })
    }

    const fn u16_at(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.fixed[at], self.fixed[at + 1]])
    }

    const fn u32_at(&self, at: usize) -> u32 {
        u32::from_be_bytes([self.fixed[at], self.fixed[at + 1], self.fixed[at + 2], self.fixed[at + 3]])
    }

    /// Source port, possibly 0.
    pub const fn src_port(&self) -> u16 {
        self.u16_at(0)
    }

    /// Destination port, possibly 0.
    pub const fn dst_port(&self) -> u16 {
        self.u16_at(2)
    }

    /// Sequence number.
    pub const fn seq(&self) -> u32 {
        self.u32_at(4)
    }

    /// Acknowledgement number, whether or not ACK is set.
    pub const fn ack(&self) -> u32 {
        self.u32_at(8)
    }

    /// What the data offset field says, in octets: 0 to 60.
    pub const fn data_offset_octets(&self) -> usize {
        (self.fixed[12] >> 4) as usize * 4
    }

    /// The three reserved bits.
    pub const fn reserved(&self) -> u8 {
        self.fixed[12] >> 1 & 7
    }

    /// The control bits.
    pub const fn flags(&self) -> Flags {
        Flags(self.u16_at(12) & Flags::ALL.0)
    }

    /// The window field, not scaled.
    //= RFC9293-MUST-1
    pub const fn window(&self) -> u16 {
        self.u16_at(14)
    }

    /// The checksum field.
    pub const fn checksum(&self) -> u16 {
        self.u16_at(16)
    }

    /// The urgent pointer, whether or not URG is set.
    pub const fn urgent_pointer(&self) -> u16 {
        self.u16_at(18)
    }

    /// Octets of the header that are there.
    pub fn header_len_octets(&self) -> usize {
        self.data_offset_octets().max(MIN_HEADER_OCTETS).min(self.bytes.len())
    }

    /// The option octets.
    pub fn options_bytes(&self) -> &'a [u8] {
        self.bytes.get(MIN_HEADER_OCTETS..self.header_len_octets()).unwrap_or(&[])
    }

    /// Walks through the options. Offsets in its [`Stop`] count from the first option octet.
    pub fn options(&self) -> Walk<'a> {
        Walk::new(self.options_bytes())
    }

    /// The data after the header.
    pub fn payload(&self) -> &'a [u8] {
        self.bytes.get(self.header_len_octets()..).unwrap_or(&[])
    }

    /// Everything.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether the checksum is right for a segment between these two addresses.
    pub fn checksum_holds(&self, src: IpAddr, dst: IpAddr) -> bool {
        checksum_field(src, dst, self.bytes) == 0
    }
}

/// The complemented sum of pseudo-header and segment: the checksum field if that field is zero in `bytes`,
/// and zero if the field is right.
fn checksum_field(src: IpAddr, dst: IpAddr, bytes: &[u8]) -> u16 {
    let len_octets = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    checksum::pseudo(src, dst, PROTOCOL, len_octets).add_bytes(bytes).finish()
}

/// A segment that a TCP machine can work from: the checksum is right, the header is whole, and both ports
/// are numbers that a socket can have. (In the stack's own transport machines, ports of segments to be
/// sent are 0 until the socket layer fills them in.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// SEG.SEQ: sequence number of the first octet, or of SYN.
    pub seq: u32,
    /// SEG.ACK: the field as it stands, also if ACK is not set.
    pub ack: u32,
    /// The control bits.
    pub flags: Flags,
    /// SEG.WND before scaling.
    pub window: u16,
    /// SEG.UP: the field as it stands, also if URG is not set.
    pub urgent_pointer: u16,
    /// The options that a machine knows.
    pub options: Options,
    /// The data.
    pub payload: &'a [u8],
}

/// Fields of a header to be written other than right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forced<'a> {
    /// The data offset field, in words: its low four bits.
    pub data_offset: Auto<u8>,
    /// The checksum field.
    pub checksum: Auto<u16>,
    /// The three reserved bits.
    pub reserved: Auto<u8>,
    /// These option octets instead of the segment's options, of any length.
    pub raw_options: Option<&'a [u8]>,
}

impl<'a> Segment<'a> {
    /// Checks a segment that came from `src` to `dst`. Unknown and broken options do not matter, nor do
    /// reserved bits.
    ///
    /// # Errors
    /// [`Why::TcpDataOffset`], [`Why::TcpChecksum`] or [`Why::TcpPortZero`].
    pub fn check(view: &View<'a>, src: IpAddr, dst: IpAddr) -> Result<Self, Why> {
        //= RFC9293-3.1-d
        if view.stop().is_some() {
            return Err(Why::TcpDataOffset);
        }
        //= RFC9293-MUST-3
        if !view.checksum_holds(src, dst) {
            return Err(Why::TcpChecksum);
        }
        if view.src_port() == 0 || view.dst_port() == 0 {
            return Err(Why::TcpPortZero);
        }
        //= RFC9293-3.1-b
        Ok(Self::unchecked(view))
    }

    /// The same fields without any check, for those who watch rather than act. A header that is not whole
    /// counts as far as it is there.
    pub fn unchecked(view: &View<'a>) -> Self {
        Self {
            src_port: view.src_port(),
            dst_port: view.dst_port(),
            seq: view.seq(),
            ack: view.ack(),
            flags: view.flags(),
            window: view.window(),
            urgent_pointer: view.urgent_pointer(),
            //= RFC9293-MUST-5
            options: Options::from_bytes(view.options_bytes()),
            payload: view.payload(),
        }
    }

    /// SEG.LEN: octets of data, and one each for SYN and FIN (RFC 9293 section 3.4).
    pub fn len_octets(&self) -> u32 {
        let data = u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        data.saturating_add(u32::from(self.flags.syn())).saturating_add(u32::from(self.flags.fin()))
    }

    /// Octets of the header that [`Segment::emit`] writes.
    pub fn header_len_octets(&self) -> usize {
        MIN_HEADER_OCTETS + self.options.encoded_len_octets()
    }

    /// Appends the segment, with the checksum for a packet from `src` to `dst`.
    pub fn emit(&self, src: IpAddr, dst: IpAddr, out: &mut Vec<u8>) {
        self.emit_with(&Forced::default(), src, dst, out);
    }

    /// Appends the segment with some fields forced.
    pub fn emit_with(&self, forced: &Forced<'_>, src: IpAddr, dst: IpAddr, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.src_port.to_be_bytes());
        out.extend_from_slice(&self.dst_port.to_be_bytes());
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&self.ack.to_be_bytes());
        let options_len_octets = match forced.raw_options {
            Some(raw) => raw.len(),
            None => self.options.encoded_len_octets(),
        };
        let words = (MIN_HEADER_OCTETS + options_len_octets).div_ceil(4);
        //= RFC9293-3.1-c
        let data_offset = forced.data_offset.or(|| u8::try_from(words).unwrap_or(15).min(15));
        //= RFC9293-3.1-a
        let reserved = forced.reserved.or(|| 0);
        let bits =
            u16::from(data_offset & 15) << 12 | u16::from(reserved & 7) << 9 | self.flags.0 & Flags::ALL.0;
        out.extend_from_slice(&bits.to_be_bytes());
        out.extend_from_slice(&self.window.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&self.urgent_pointer.to_be_bytes());
        match forced.raw_options {
            Some(raw) => {
                out.extend_from_slice(raw);
                //= RFC9293-MUST-69
                out.resize(start + words * 4, 0);
            }
            None => self.options.emit(out),
        }
        out.extend_from_slice(self.payload);
        //= RFC9293-MUST-2
        let checksum = forced.checksum.or(|| checksum_field(src, dst, out.get(start..).unwrap_or(&[])));
        if let Some(field) = out.get_mut(start + 16..start + 18) {
            field.copy_from_slice(&checksum.to_be_bytes());
        }
    }
}

/// Options can not be more than the data offset field can count.
const _: () = assert!(MIN_HEADER_OCTETS + tcp_option::MAX_OCTETS == 15 * 4);
