//! floor 1: IPv4 packets (RFC 791 section 3.1, RFC 1122 section 3.2.1, RFC 1812 section 5.2.2).

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::{Auto, Layer, Stop, checksum, ipv4_option};
use crate::base::Why;

/// Octets of a header without options.
pub const MIN_HEADER_OCTETS: usize = 20;
/// Octets that options can take: fifteen words less the fixed five.
pub const MAX_OPTIONS_OCTETS: usize = 40;

const RESERVED: u16 = 0x8000;
const DONT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;
const OFFSET: u16 = 0x1fff;

/// A packet as it lies there.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    bytes: &'a [u8],
    fixed: &'a [u8; MIN_HEADER_OCTETS],
}

impl<'a> View<'a> {
    /// Reads a packet; link-layer padding may follow it.
    ///
    /// # Errors
    /// [`Stop`] when the 20 octets of the fixed header are not there.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Stop> {
        let Some(fixed) = bytes.first_chunk() else {
            return Err(stop(MIN_HEADER_OCTETS, bytes.len(), "minimum header"));
        };
        Ok(Self { bytes, fixed })
    }

    /// The version, which should be 4.
    pub const fn version(&self) -> u8 {
        self.fixed[0] >> 4
    }

    /// Header length in 32-bit words as the field says, at least 5 where it is right.
    pub const fn ihl(&self) -> u8 {
        self.fixed[0] & 0xf
    }

    /// Type of service: DSCP and ECN together.
    pub const fn tos(&self) -> u8 {
        self.fixed[1]
    }

    /// Length of header and payload in octets as the field says.
    pub const fn total_len_octets(&self) -> u16 {
        self.u16_at::<2>()
    }

    /// What tells the fragments of one packet from those of another.
    pub const fn identification(&self) -> u16 {
        self.u16_at::<4>()
    }

    /// The flag that should be zero.
    pub const fn reserved_flag(&self) -> bool {
        self.u16_at::<6>() & RESERVED != 0
    }

    /// Whether routers may not cut the packet.
    pub const fn dont_fragment(&self) -> bool {
        self.u16_at::<6>() & DONT_FRAGMENT != 0
    }

    /// Whether this is a fragment with others behind it.
    pub const fn more_fragments(&self) -> bool {
        self.u16_at::<6>() & MORE_FRAGMENTS != 0
    }

    /// Where the payload belongs in the unfragmented one, in octets; a multiple of 8.
    pub const fn fragment_offset_octets(&self) -> u16 {
        (self.u16_at::<6>() & OFFSET) << 3
    }

    /// Time to live.
    pub const fn ttl(&self) -> u8 {
        self.fixed[8]
    }

    /// What the payload is.
    pub const fn protocol(&self) -> u8 {
        self.fixed[9]
    }

    /// The header checksum as it stands there.
    pub const fn checksum(&self) -> u16 {
        self.u16_at::<10>()
    }

    /// Whether the header sums up to all ones, as far as it is there.
    pub fn checksum_holds(&self) -> bool {
        let header = self.header();
        // Nearly every header has no options.
        if header.len() == MIN_HEADER_OCTETS {
            checksum::of_header(self.fixed) == 0
        } else {
            checksum::holds(header)
        }
    }

    /// Source address.
    pub const fn src(&self) -> Ipv4Addr {
        Ipv4Addr::new(self.fixed[12], self.fixed[13], self.fixed[14], self.fixed[15])
    }

    /// Destination address.
    pub const fn dst(&self) -> Ipv4Addr {
        Ipv4Addr::new(self.fixed[16], self.fixed[17], self.fixed[18], self.fixed[19])
    }

    /// The header with its options: as long as the header length says, but never shorter than the fixed
    /// part and never longer than what is there.
    pub fn header(&self) -> &'a [u8] {
        &self.bytes[..self.header_end()]
    }

    /// Octets of the header that are there.
    pub fn header_len_octets(&self) -> usize {
        self.header_end()
    }

    /// The octets of the options, padding included.
    pub fn options_bytes(&self) -> &'a [u8] {
        &self.bytes[MIN_HEADER_OCTETS..self.header_end()]
    }

    /// The options in their order.
    pub fn options(&self) -> ipv4_option::Options<'a> {
        ipv4_option::Options::new(self.options_bytes(), MIN_HEADER_OCTETS)
    }

    /// What follows the header as far as the total length goes and octets are there.
    pub fn payload(&self) -> &'a [u8] {
        &self.bytes[self.header_end()..self.packet_end()]
    }

    /// What follows the packet: link-layer padding.
    pub fn trailer(&self) -> &'a [u8] {
        &self.bytes[self.packet_end()..]
    }

    /// The field that promised more than there is.
    pub fn stop(&self) -> Option<Stop> {
        let have = self.bytes.len();
        let header = 4 * usize::from(self.ihl());
        let total = usize::from(self.total_len_octets());
        if header > have {
            Some(stop(header, have, "IHL"))
        } else if total > have {
            Some(stop(total, have, "total length"))
        } else {
            None
        }
    }

    const fn u16_at<const AT: usize>(&self) -> u16 {
        u16::from_be_bytes([self.fixed[AT], self.fixed[AT + 1]])
    }

    fn header_end(&self) -> usize {
        (4 * usize::from(self.ihl())).clamp(MIN_HEADER_OCTETS, self.bytes.len())
    }

    fn packet_end(&self) -> usize {
        usize::from(self.total_len_octets()).clamp(self.header_end(), self.bytes.len())
    }
}

const fn stop(need: usize, have: usize, said_by: &'static str) -> Stop {
    Stop { layer: Layer::Ipv4, at: 0, need, have, said_by }
}

/// A packet whose header is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Source address.
    pub src: Ipv4Addr,
    /// Destination address.
    pub dst: Ipv4Addr,
    /// What the payload is.
    pub protocol: u8,
    /// Time to live.
    pub ttl: u8,
    /// Type of service: DSCP and ECN together.
    pub tos: u8,
    /// What tells the fragments of one packet from those of another.
    pub identification: u16,
    /// Whether routers may not cut the packet.
    pub dont_fragment: bool,
    /// Whether this is a fragment with others behind it.
    pub more_fragments: bool,
    /// Where the payload belongs in the unfragmented one, in octets; a multiple of 8.
    pub fragment_offset_octets: u16,
    /// Options with their padding: a multiple of 4 octets, at most 40.
    pub options: &'a [u8],
    /// What follows the header.
    pub payload: &'a [u8],
}

/// Fields that a test may want wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forced {
    /// The version: 4 bits.
    pub version: Auto<u8>,
    /// The header length in 32-bit words: 4 bits.
    pub ihl: Auto<u8>,
    /// The total length in octets.
    pub total_len: Auto<u16>,
    /// The header checksum.
    pub checksum: Auto<u16>,
    /// The flag that should be zero.
    pub reserved_flag: Auto<bool>,
}

impl<'a> Packet<'a> {
    /// The packet, if version, lengths and header checksum are right. Addresses and options are not looked
    /// at, and neither is the reserved flag.
    ///
    /// # Errors
    /// [`Why::Ipv4Version`], [`Why::Ipv4HeaderLength`], [`Why::Ipv4TotalLength`], [`Why::Ipv4Truncated`] or
    /// [`Why::Ipv4Checksum`], the first that applies.
    pub fn check(view: &View<'a>) -> Result<Self, Why> {
        //= RFC1122-3.2.1.1-a
        if view.version() != 4 {
            return Err(Why::Ipv4Version);
        }
        //= RFC791-3.1-a
        if view.ihl() < 5 {
            return Err(Why::Ipv4HeaderLength);
        }
        //= RFC791-3.1-b
        if view.total_len_octets() < 4 * u16::from(view.ihl()) {
            return Err(Why::Ipv4TotalLength);
        }
        //= RFC791-3.1-c
        if view.stop().is_some() {
            return Err(Why::Ipv4Truncated);
        }
        //= RFC1122-3.2.1.2-a
        if !view.checksum_holds() {
            return Err(Why::Ipv4Checksum);
        }
        Ok(Self {
            src: view.src(),
            dst: view.dst(),
            protocol: view.protocol(),
            ttl: view.ttl(),
            tos: view.tos(),
            identification: view.identification(),
            dont_fragment: view.dont_fragment(),
            more_fragments: view.more_fragments(),
            fragment_offset_octets: view.fragment_offset_octets(),
            options: view.options_bytes(),
            payload: view.payload(),
        })
    }

    /// Whether the payload is a part of a larger one.
    pub const fn is_fragment(&self) -> bool {
        self.more_fragments || self.fragment_offset_octets != 0
    }

    /// The options in their order.
    pub const fn options(&self) -> ipv4_option::Options<'a> {
        ipv4_option::Options::new(self.options, MIN_HEADER_OCTETS)
    }

    /// Octets of the header that [`emit`](Self::emit) writes.
    pub const fn header_len_octets(&self) -> usize {
        MIN_HEADER_OCTETS + self.options.len().next_multiple_of(4)
    }

    /// Appends the packet with right lengths and checksum.
    pub fn emit(&self, out: &mut Vec<u8>) {
        self.emit_with(&Forced::default(), out);
    }

    /// The header alone, of a packet without options.
    pub fn plain_header(&self) -> [u8; MIN_HEADER_OCTETS] {
        debug_assert!(self.options.is_empty(), "a plain header has no options");
        let forced = Forced::default();
        let total_len = saturated(MIN_HEADER_OCTETS + self.payload.len());
        let words = [
            0x4500 << 16 | u32::from(self.tos) << 16 | u32::from(total_len),
            u32::from(self.identification) << 16 | u32::from(self.flags_and_offset(&forced)),
            u32::from(self.ttl) << 24 | u32::from(self.protocol) << 16,
            self.src.into(),
            self.dst.into(),
        ];
        let mut header = [0; MIN_HEADER_OCTETS];
        //= RFC791-3.1-f
        let sum = words.into_iter().fold(checksum::Sum::new(), checksum::Sum::add_u32).finish();
        for (octets, word) in header.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *octets = word.to_be_bytes();
        }
        header[10..12].copy_from_slice(&sum.to_be_bytes());
        header
    }

    /// Appends the packet with the forced fields as they are.
    ///
    /// Options are padded to words with end-of-list. Lengths that do not fit into their fields are cut to
    /// the largest that does; the three low bits of the fragment offset are dropped.
    #[inline(always)]
    pub fn emit_with(&self, forced: &Forced, out: &mut Vec<u8>) {
        let start = out.len();
        let header_len = self.header_len_octets();
        let ihl = forced.ihl.or(|| u8::try_from(header_len / 4).map_or(15, |words| words.min(15)));
        let total_len = forced.total_len.or(|| saturated(header_len + self.payload.len()));
        let mut fixed = [0; MIN_HEADER_OCTETS];
        fixed[..2].copy_from_slice(&[forced.version.or(|| 4) << 4 | ihl & 0xf, self.tos]);
        fixed[2..4].copy_from_slice(&total_len.to_be_bytes());
        fixed[4..6].copy_from_slice(&self.identification.to_be_bytes());
        fixed[6..8].copy_from_slice(&self.flags_and_offset(forced).to_be_bytes());
        fixed[8..10].copy_from_slice(&[self.ttl, self.protocol]);
        fixed[12..16].copy_from_slice(&self.src.octets());
        fixed[16..].copy_from_slice(&self.dst.octets());
        out.reserve(header_len + self.payload.len());
        out.extend_from_slice(&fixed);
        out.extend_from_slice(self.options);
        out.resize(start + header_len, ipv4_option::END_OF_LIST);
        //= RFC791-3.1-f
        let sum = forced.checksum.or(|| match self.options {
            [] => checksum::of_header(&fixed),
            [..] => checksum::of(&out[start..]),
        });
        out[start + 10..start + 12].copy_from_slice(&sum.to_be_bytes());
        out.extend_from_slice(self.payload);
    }

    fn flags_and_offset(&self, forced: &Forced) -> u16 {
        let mut word = self.fragment_offset_octets >> 3;
        //= RFC791-3.1-e
        if forced.reserved_flag.or(|| false) {
            word |= RESERVED;
        }
        if self.dont_fragment {
            word |= DONT_FRAGMENT;
        }
        if self.more_fragments {
            word |= MORE_FRAGMENTS;
        }
        word
    }
}

fn saturated(octets: usize) -> u16 {
    u16::try_from(octets).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::{Arbitrary, Gen, TestResult, quickcheck};

    /// What a packet is made of, owned.
    #[derive(Clone, Debug)]
    struct Sample {
        words: (u32, u32, u16, u16),
        octets: (u8, u8, u8),
        flags: (bool, bool),
        options: Vec<u8>,
        payload: Vec<u8>,
    }

    impl Arbitrary for Sample {
        fn arbitrary(g: &mut Gen) -> Self {
            let mut options: Vec<u8> = Arbitrary::arbitrary(g);
            options.truncate(MAX_OPTIONS_OCTETS);
            options.resize(options.len().next_multiple_of(4), 0);
            Self {
                words: Arbitrary::arbitrary(g),
                octets: Arbitrary::arbitrary(g),
                flags: Arbitrary::arbitrary(g),
                options,
                payload: Arbitrary::arbitrary(g),
            }
        }
    }

    impl Sample {
        fn packet(&self) -> Packet<'_> {
            Packet {
                src: Ipv4Addr::from(self.words.0),
                dst: Ipv4Addr::from(self.words.1),
                protocol: self.octets.0,
                ttl: self.octets.1,
                tos: self.octets.2,
                identification: self.words.2,
                dont_fragment: self.flags.0,
                more_fragments: self.flags.1,
                fragment_offset_octets: self.words.3 & !7,
                options: &self.options,
                payload: &self.payload,
            }
        }

        fn bytes(&self, forced: &Forced) -> Vec<u8> {
            let mut out = Vec::new();
            self.packet().emit_with(forced, &mut out);
            out
        }
    }

    fn verdict(bytes: &[u8]) -> Result<Result<Packet<'_>, Why>, Stop> {
        View::read(bytes).map(|view| Packet::check(&view))
    }

    /// What to bend of a packet; each part is more often than not left alone.
    #[derive(Clone, Debug)]
    struct Bent {
        forced: Forced,
        cut: usize,
    }

    impl Arbitrary for Bent {
        fn arbitrary(g: &mut Gen) -> Self {
            fn seldom<T: Arbitrary>(g: &mut Gen) -> Auto<T> {
                if u8::arbitrary(g) % 4 == 0 { Auto::Forced(T::arbitrary(g)) } else { Auto::Computed }
            }
            let near_end = |octets: Auto<u8>| match octets {
                Auto::Computed => Auto::Computed,
                Auto::Forced(octets) => Auto::Forced(u16::from(octets)),
            };
            let total_len = seldom(g);
            Self {
                forced: Forced {
                    version: seldom(g),
                    ihl: seldom(g),
                    total_len: near_end(total_len),
                    checksum: Auto::Computed,
                    reserved_flag: seldom(g),
                },
                cut: if bool::arbitrary(g) { usize::arbitrary(g) % 32 } else { 0 },
            }
        }
    }

    fn bent(sample: &Sample, bent: &Bent) -> Vec<u8> {
        let mut bytes = sample.bytes(&bent.forced);
        bytes.truncate(bytes.len().saturating_sub(bent.cut));
        bytes
    }

    fn stays_in_bounds(bytes: &[u8]) -> bool {
        let view = match View::read(bytes) {
            Ok(view) => view,
            Err(stop) => return stop.at + stop.have <= bytes.len() && stop.need > stop.have,
        };
        let _ = (view.version(), view.ihl(), view.tos(), view.total_len_octets(), view.identification());
        let _ = (view.reserved_flag(), view.dont_fragment(), view.more_fragments(), view.ttl());
        let _ = (view.protocol(), view.checksum(), view.checksum_holds(), view.src(), view.dst());
        let options_in_bounds = view.options().all(|item| match item {
            Ok(option) => option.at + option.data.len() < view.header().len(),
            Err(stop) => stop.at + stop.have <= view.header().len(),
        });
        options_in_bounds
            && view.header().len() == MIN_HEADER_OCTETS + view.options_bytes().len()
            && view.header().len() + view.payload().len() + view.trailer().len() == bytes.len()
            && view.fragment_offset_octets() % 8 == 0
            && view.stop().is_none_or(|stop| stop.have == bytes.len() && stop.need > stop.have)
    }

    //? RFC791-3.1-f
    #[test]
    fn a_packet_from_a_wire_reads_as_it_should() {
        let bytes = [
            0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01,
            0xc0, 0xa8, 0x00, 0xc7,
        ];
        let view = View::read(&bytes).expect("a whole header");
        assert!(view.checksum_holds() && view.dont_fragment());
        assert_eq!((view.ttl(), view.protocol()), (64, 17));
        assert_eq!(view.dst(), Ipv4Addr::new(192, 168, 0, 199));
        assert_eq!(view.stop(), Some(stop(0x73, 20, "total length")));
        assert_eq!(Packet::check(&view), Err(Why::Ipv4Truncated));
    }

    //? RFC791-3.1-a
    //? RFC791-3.1-b
    //? RFC791-3.1-c
    //? RFC1122-3.2.1.1-a
    //? RFC1122-3.2.1.2-a
    #[test]
    fn each_wrong_field_has_its_reason() {
        let plain = Sample {
            words: (1, 2, 3, 0),
            octets: (6, 64, 0),
            flags: (false, false),
            options: Vec::new(),
            payload: Vec::from([1, 2, 3]),
        };
        let gives = |forced: Forced, expected: Result<Packet<'_>, Why>| {
            assert_eq!(verdict(&plain.bytes(&forced)), Ok(expected), "{forced:?}");
        };
        let none = Forced::default();
        gives(Forced { version: Auto::Forced(6), ..none }, Err(Why::Ipv4Version));
        gives(Forced { ihl: Auto::Forced(4), ..none }, Err(Why::Ipv4HeaderLength));
        gives(Forced { ihl: Auto::Forced(6), ..none }, Err(Why::Ipv4TotalLength));
        gives(Forced { total_len: Auto::Forced(19), ..none }, Err(Why::Ipv4TotalLength));
        gives(Forced { total_len: Auto::Forced(24), ..none }, Err(Why::Ipv4Truncated));
        gives(Forced { checksum: Auto::Forced(0), ..none }, Err(Why::Ipv4Checksum));
        gives(Forced { reserved_flag: Auto::Forced(true), ..none }, Ok(plain.packet()));
    }

    #[test]
    fn what_does_not_fit_is_cut_to_the_largest_that_does() {
        let sample = Sample {
            words: (1, 2, 3, 0),
            octets: (6, 64, 0),
            flags: (false, false),
            options: [ipv4_option::NO_OPERATION; 45].into(),
            payload: Vec::new(),
        };
        let mut bytes = sample.bytes(&Forced::default());
        assert_eq!((bytes.len(), View::read(&bytes).map(|view| view.ihl())), (20 + 48, Ok(15)));
        bytes.clear();
        Packet { options: &[], payload: &[0; 70_000], ..sample.packet() }.emit(&mut bytes);
        assert_eq!(
            (bytes.len(), View::read(&bytes).map(|view| view.total_len_octets())),
            (70_020, Ok(u16::MAX))
        );
    }

    quickcheck! {
        fn forced_fields_are_seen(sample: Sample, version: u8, ihl: u8, rest: (u16, u16, bool)) -> bool {
            let forced = Forced {
                version: Auto::Forced(version),
                ihl: Auto::Forced(ihl),
                total_len: Auto::Forced(rest.0),
                checksum: Auto::Forced(rest.1),
                reserved_flag: Auto::Forced(rest.2),
            };
            let bytes = sample.bytes(&forced);
            View::read(&bytes).is_ok_and(|view| {
                (view.version(), view.ihl()) == (version & 0xf, ihl & 0xf)
                    && (view.total_len_octets(), view.checksum(), view.reserved_flag()) == rest
            })
        }

        //? RFC791-3.1-f
        fn what_is_emitted_reads_the_same(sample: Sample, padding: Vec<u8>) -> bool {
            let mut bytes = sample.bytes(&Forced::default());
            let plain = Packet { options: &[], ..sample.packet() };
            let mut emitted = Vec::new();
            plain.emit(&mut emitted);
            assert!(emitted.starts_with(&plain.plain_header()), "there is one way to write a header");
            bytes.extend(&padding);
            verdict(&bytes) == Ok(Ok(sample.packet()))
        }

        fn what_reads_well_is_emitted_the_same(sample: Sample, how: Bent) -> TestResult {
            let bytes = bent(&sample, &how);
            let Ok(Ok(packet)) = verdict(&bytes) else {
                return TestResult::discard();
            };
            let mut out = Vec::new();
            packet.emit(&mut out);
            TestResult::from_bool(verdict(&out) == Ok(Ok(packet)))
        }

        fn views_of_anything_stay_in_bounds(bytes: Vec<u8>) -> bool {
            stays_in_bounds(&bytes)
        }

        fn views_of_near_packets_stay_in_bounds(sample: Sample, how: Bent) -> bool {
            stays_in_bounds(&bent(&sample, &how))
        }
    }
}
