//! floor 1: the TCP header (RFC 9293 section 3.1).

use super::checksum::Sum;
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

    /// Whether ECE is set.
    pub const fn ece(self) -> bool {
        self.contains(Self::ECE)
    }

    /// Whether CWR is set.
    pub const fn cwr(self) -> bool {
        self.contains(Self::CWR)
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

    /// What [`Segment::check`] asks for a segment that came from `src` to `dst`.
    ///
    /// # Errors
    /// As there.
    pub fn verify(&self, src: IpAddr, dst: IpAddr) -> Result<(), Why> {
        //= RFC9293-3.1-d
        if self.stop().is_some() {
            return Err(Why::TcpDataOffset);
        }
        //= RFC9293-MUST-3
        if !self.checksum_holds(src, dst) {
            return Err(Why::TcpChecksum);
        }
        if self.src_port() == 0 || self.dst_port() == 0 {
            return Err(Why::TcpPortZero);
        }
        Ok(())
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
        view.verify(src, dst)?;
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

    /// As [`Segment::emit`] with other ports, in the fewest steps: what every segment of a stack goes
    /// through.
    pub fn emit_between(&self, ports: [u16; 2], src: IpAddr, dst: IpAddr, out: &mut Vec<u8>) {
        let options_len_octets = self.options.encoded_len_octets();
        let header_octets = MIN_HEADER_OCTETS + options_len_octets;
        let total_octets = header_octets + self.payload.len();
        //= RFC9293-3.1-c
        let bits = (header_octets as u32 / 4) << 28 | u32::from(self.flags.0 & Flags::ALL.0) << 16;
        let words = [
            u32::from(ports[0]) << 16 | u32::from(ports[1]),
            self.seq,
            self.ack,
            bits | u32::from(self.window),
            u32::from(self.urgent_pointer),
        ];
        let start = out.len();
        out.reserve(total_octets);
        let mut fixed = [0; MIN_HEADER_OCTETS];
        for (octets, word) in fixed.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *octets = word.to_be_bytes();
        }
        out.extend_from_slice(&fixed);
        let len_octets = u32::try_from(total_octets).unwrap_or(u32::MAX);
        let mut sum = words.into_iter().fold(checksum::pseudo(src, dst, PROTOCOL, len_octets), Sum::add_u32);
        if options_len_octets > 0 {
            self.options.emit(out);
            sum = sum.add_bytes(out.get(start + MIN_HEADER_OCTETS..).unwrap_or(&[]));
        }
        if !self.payload.is_empty() {
            out.extend_from_slice(self.payload);
            sum = sum.add_bytes(self.payload);
        }
        //= RFC9293-MUST-2
        if let Some(field) = out.get_mut(start + 16..start + 18) {
            field.copy_from_slice(&sum.finish().to_be_bytes());
        }
    }

    /// Appends the segment with some fields forced.
    #[inline(always)]
    pub fn emit_with(&self, forced: &Forced<'_>, src: IpAddr, dst: IpAddr, out: &mut Vec<u8>) {
        let start = out.len();
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
        let mut fixed = [0; MIN_HEADER_OCTETS];
        fixed[..2].copy_from_slice(&self.src_port.to_be_bytes());
        fixed[2..4].copy_from_slice(&self.dst_port.to_be_bytes());
        fixed[4..8].copy_from_slice(&self.seq.to_be_bytes());
        fixed[8..12].copy_from_slice(&self.ack.to_be_bytes());
        fixed[12..14].copy_from_slice(&bits.to_be_bytes());
        fixed[14..16].copy_from_slice(&self.window.to_be_bytes());
        fixed[18..].copy_from_slice(&self.urgent_pointer.to_be_bytes());
        out.reserve(words * 4 + self.payload.len());
        out.extend_from_slice(&fixed);
        match forced.raw_options {
            Some(raw) => {
                out.extend_from_slice(raw);
                //= RFC9293-MUST-69
                out.resize(start + words * 4, 0);
            }
            None if options_len_octets == 0 => {}
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use core::net::{Ipv4Addr, Ipv6Addr};
    use quickcheck::quickcheck;

    const A: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const B: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    const C: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
    const D: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2));

    fn emitted(segment: &Segment<'_>, forced: &Forced<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        segment.emit_with(forced, A, B, &mut out);
        out
    }

    fn checked(bytes: &[u8]) -> Result<Segment<'_>, Why> {
        Segment::check(&View::read(bytes).expect("the fixed header is there"), A, B)
    }

    const SAMPLE: Segment<'_> = Segment {
        src_port: 40000,
        dst_port: 80,
        seq: 100,
        ack: 0,
        flags: Flags::SYN,
        window: 0xffff,
        urgent_pointer: 0,
        options: Options { mss: Some(1460), ..Options::NONE },
        payload: b"",
    };

    quickcheck! {
        //? RFC9293-MUST-2
        //? RFC9293-3.1-a
        //? RFC9293-3.1-c
        //? RFC9293-MUST-69
        //? RFC9293-MUST-5
        fn what_is_emitted_checks_to_itself(
            ports: (u16, u16), numbers: (u32, u32), flags: u16, fields: (u16, u16), options: Options,
            data: Vec<u8>
        ) -> bool {
            let segment = Segment {
                src_port: ports.0.max(1),
                dst_port: ports.1.max(1),
                seq: numbers.0,
                ack: numbers.1,
                flags: Flags(flags & Flags::ALL.0),
                window: fields.0,
                urgent_pointer: fields.1,
                options,
                payload: &data,
            };
            [(A, B), (C, D)].into_iter().all(|(src, dst)| {
                let (mut out, mut between) = (alloc::vec![0xee; 3], alloc::vec![0xee; 3]);
                segment.emit(src, dst, &mut out);
                let ports = [segment.src_port, segment.dst_port];
                Segment { src_port: 0, dst_port: 0, ..segment }.emit_between(ports, src, dst, &mut between);
                assert_eq!(out, between, "there is one way to write a segment");
                let view = View::read(&out[3..]).expect("a segment was emitted");
                view.payload().as_ptr() == out[3 + segment.header_len_octets()..].as_ptr()
                    && Segment::check(&view, src, dst) == Ok(segment)
            })
        }

        fn checking_is_stable(bytes: Vec<u8>) -> bool {
            let mut bytes = bytes;
            if bytes.len() < MIN_HEADER_OCTETS {
                return View::read(&bytes).is_err();
            }
            bytes[12] = bytes[12].max(0x50);
            bytes[16..18].fill(0);
            let sum = checksum_field(A, B, &bytes);
            bytes[16..18].copy_from_slice(&sum.to_be_bytes());
            match checked(&bytes) {
                Ok(segment) => {
                    let fits = segment.options.sack.first(segment.options.sack_room());
                    let options = Options { sack: fits, ..segment.options };
                    checked(&emitted(&segment, &Forced::default())) == Ok(Segment { options, ..segment })
                }
                Err(why) => why != Why::TcpChecksum,
            }
        }

        //? RFC9293-MUST-7
        fn no_octets_are_out_of_bounds(bytes: Vec<u8>) -> bool {
            match View::read(&bytes) {
                Err(stop) => {
                    stop.at <= bytes.len() && stop.have < stop.need && bytes.len() < MIN_HEADER_OCTETS
                }
                Ok(view) => {
                    let in_bounds = |stop: Stop| stop.at <= bytes.len() && stop.have < stop.need;
                    let stop_in_bounds = view.stop().is_none_or(in_bounds);
                    let header = MIN_HEADER_OCTETS + view.options_bytes().len();
                    stop_in_bounds && header + view.payload().len() == bytes.len()
                }
            }
        }

        //? RFC9293-MUST-2
        //? RFC9293-MUST-3
        fn one_wrong_bit_is_noticed(bit: usize, data: Vec<u8>) -> bool {
            let mut out = emitted(&Segment { payload: &data, ..SAMPLE }, &Forced::default());
            let bit = bit % (out.len() * 8);
            out[bit / 8] ^= 1 << (bit % 8);
            checked(&out).is_err()
        }

        fn flags_are_read_as_they_are_shown(bits: u16) -> bool {
            let flags = Flags(bits & Flags::ALL.0);
            flags.to_string().parse() == Ok(flags)
        }
    }

    #[test]
    fn flags_have_packetdrills_letters() {
        let all = [
            (Flags::SYN | Flags::ACK, "S."),
            (Flags::FIN | Flags::PSH | Flags::ACK, "FP."),
            (Flags::SYN | Flags::ECE | Flags::CWR, "SEW"),
            (Flags::NONE, "-"),
            (Flags::ALL, "SFRP.UEWA"),
        ];
        for (flags, text) in all {
            assert_eq!(flags.to_string(), text);
        }
        assert_eq!("Sx".parse::<Flags>(), Err(UnknownFlag('x')));
    }

    #[test]
    fn the_length_of_a_segment_counts_syn_and_fin() {
        assert_eq!(SAMPLE.len_octets(), 1);
        let all = Segment { flags: Flags::SYN | Flags::FIN, payload: b"abc", ..SAMPLE };
        assert_eq!(all.len_octets(), 5);
    }

    #[test]
    fn every_field_can_be_forced() {
        let forced = Forced {
            data_offset: Auto::Forced(5),
            checksum: Auto::Forced(0x1234),
            reserved: Auto::Forced(0b101),
            raw_options: Some(&[8, 0, 7]),
        };
        let out = emitted(&Segment { payload: b"x", ..SAMPLE }, &forced);
        let view = View::read(&out).expect("the fixed header is there");
        assert_eq!((view.data_offset_octets(), view.checksum(), view.reserved()), (20, 0x1234, 5));
        assert_eq!(view.payload(), [8, 0, 7, 0, b'x']);
    }

    //? RFC9293-3.1-d
    #[test]
    fn a_data_offset_that_lies_is_located_and_discarded() {
        let short = emitted(&SAMPLE, &Forced { data_offset: Auto::Forced(4), ..Forced::default() });
        let long = emitted(&SAMPLE, &Forced { data_offset: Auto::Forced(15), ..Forced::default() });
        for (bytes, need, have) in [(&short, 20, 16), (&long, 60, 24)] {
            let stop = Stop { layer: Layer::Tcp, at: 0, need, have, said_by: "data offset" };
            assert_eq!(View::read(bytes).map(|view| view.stop()), Ok(Some(stop)));
            assert_eq!(checked(bytes), Err(Why::TcpDataOffset));
        }
    }

    //? RFC9293-MUST-2
    #[test]
    fn the_checksum_is_the_one_that_one_computes_by_hand() {
        let (src_port, dst_port, seq, window) = (4000, 80, 0x0102_0304, 0x2000);
        let syn = Segment { src_port, dst_port, seq, flags: Flags::SYN, window, ..Segment::default() };
        for (src, dst, sum) in
            [("192.0.2.1", "198.51.100.2", 0x8fb5), ("2001:db8::1", "2001:db8:ffff::2", 0x2078)]
        {
            let mut bytes = Vec::new();
            syn.emit(src.parse().unwrap(), dst.parse().unwrap(), &mut bytes);
            assert_eq!(u16::from_be_bytes([bytes[16], bytes[17]]), sum, "{src}");
        }
    }

    //? RFC9293-3.1-b
    //? RFC9293-MUST-3
    #[test]
    fn reserved_bits_do_not_matter_but_ports_and_checksum_do() {
        let reserved = Forced { reserved: Auto::Forced(7), ..Forced::default() };
        assert_eq!(checked(&emitted(&SAMPLE, &reserved)), Ok(SAMPLE));
        let wrong = Forced { checksum: Auto::Forced(0xdead), ..Forced::default() };
        assert_eq!(checked(&emitted(&SAMPLE, &wrong)), Err(Why::TcpChecksum));
        let zero = Segment { dst_port: 0, ..SAMPLE };
        assert_eq!(checked(&emitted(&zero, &Forced::default())), Err(Why::TcpPortZero));
    }
}
