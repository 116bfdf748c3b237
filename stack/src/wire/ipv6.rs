//! floor 1: IPv6 packets (RFC 8200 section 3). The headers behind the first are in
//! [`ipv6_extension`](super::ipv6_extension).

use alloc::vec::Vec;
use core::net::Ipv6Addr;

use super::ipv6_extension::{Extensions, FIRST_ANNOUNCED_AT};
use super::{Auto, Layer, Stop};
use crate::base::Why;

pub use super::ipv6_extension::{Fragment, Upper};

/// Octets of the header.
pub const HEADER_OCTETS: usize = 40;

const FLOW_LABEL: u32 = 0x000f_ffff;

/// A packet as it lies there.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    bytes: &'a [u8],
    fixed: &'a [u8; HEADER_OCTETS],
}

impl<'a> View<'a> {
    /// Reads a packet; link-layer padding may follow it.
    ///
    /// # Errors
    /// [`Stop`] when the 40 octets of the header are not there.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Stop> {
        let Some(fixed) = bytes.first_chunk() else {
            return Err(stop(HEADER_OCTETS, bytes.len(), "minimum header"));
        };
        Ok(Self { bytes, fixed })
    }

    /// The version, which should be 6.
    pub const fn version(&self) -> u8 {
        self.fixed[0] >> 4
    }

    /// Traffic class: DSCP and ECN together.
    pub const fn traffic_class(&self) -> u8 {
        self.fixed[0] << 4 | self.fixed[1] >> 4
    }

    /// Flow label: 20 bits.
    pub const fn flow_label(&self) -> u32 {
        u32::from_be_bytes([0, self.fixed[1], self.fixed[2], self.fixed[3]]) & FLOW_LABEL
    }

    /// Octets behind the header as the field says, extension headers included.
    pub const fn payload_len_octets(&self) -> u16 {
        u16::from_be_bytes([self.fixed[4], self.fixed[5]])
    }

    /// What follows the header.
    pub const fn next_header(&self) -> u8 {
        self.fixed[6]
    }

    /// Hops that are left.
    pub const fn hop_limit(&self) -> u8 {
        self.fixed[7]
    }

    /// Source address.
    pub fn src(&self) -> Ipv6Addr {
        self.address::<8>()
    }

    /// Destination address.
    pub fn dst(&self) -> Ipv6Addr {
        self.address::<24>()
    }

    /// The header.
    pub fn header(&self) -> &'a [u8] {
        self.fixed
    }

    /// What follows the header as far as the payload length goes and octets are there.
    pub fn payload(&self) -> &'a [u8] {
        &self.bytes[HEADER_OCTETS..self.packet_end()]
    }

    /// What follows the packet: link-layer padding.
    pub fn trailer(&self) -> &'a [u8] {
        &self.bytes[self.packet_end()..]
    }

    /// The extension headers in their order, with offsets from the start of the packet.
    pub fn extensions(&self) -> Extensions<'a> {
        Extensions::new(self.payload(), HEADER_OCTETS, self.next_header(), FIRST_ANNOUNCED_AT)
    }

    /// The field that promised more than there is. What extension headers promise is said by
    /// [`Extensions`].
    pub fn stop(&self) -> Option<Stop> {
        let need = HEADER_OCTETS + usize::from(self.payload_len_octets());
        let have = self.bytes.len();
        (need > have).then(|| stop(need, have, "payload length"))
    }

    fn packet_end(&self) -> usize {
        (HEADER_OCTETS + usize::from(self.payload_len_octets())).min(self.bytes.len())
    }

    fn address<const AT: usize>(&self) -> Ipv6Addr {
        let mut octets = [0; 16];
        octets.copy_from_slice(&self.fixed[AT..AT + 16]);
        Ipv6Addr::from(octets)
    }
}

const fn stop(need: usize, have: usize, said_by: &'static str) -> Stop {
    Stop { layer: Layer::Ipv6, at: 0, need, have, said_by }
}

/// A packet whose header is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Source address.
    pub src: Ipv6Addr,
    /// Destination address.
    pub dst: Ipv6Addr,
    /// What the payload begins with: a transport or an extension header.
    pub next_header: u8,
    /// Hops that are left.
    pub hop_limit: u8,
    /// Traffic class: DSCP and ECN together.
    pub traffic_class: u8,
    /// Flow label: 20 bits.
    pub flow_label: u32,
    /// What follows the header, extension headers included.
    pub payload: &'a [u8],
}

/// Fields that a test may want wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forced {
    /// The version: 4 bits.
    pub version: Auto<u8>,
    /// Octets behind the header.
    pub payload_len: Auto<u16>,
}

impl<'a> Packet<'a> {
    /// The packet, if version and length are right. Addresses and extension headers are not looked at.
    ///
    /// # Errors
    /// [`Why::Ipv6Version`] or [`Why::Ipv6Truncated`], the first that applies.
    pub fn check(view: &View<'a>) -> Result<Self, Why> {
        //= RFC8200-3-a
        if view.version() != 6 {
            return Err(Why::Ipv6Version);
        }
        //= RFC8200-3-a
        if view.stop().is_some() {
            return Err(Why::Ipv6Truncated);
        }
        Ok(Self {
            src: view.src(),
            dst: view.dst(),
            next_header: view.next_header(),
            hop_limit: view.hop_limit(),
            traffic_class: view.traffic_class(),
            flow_label: view.flow_label(),
            payload: view.payload(),
        })
    }

    /// The extension headers in their order, with offsets from the start of the packet.
    pub const fn extensions(&self) -> Extensions<'a> {
        Extensions::new(self.payload, HEADER_OCTETS, self.next_header, FIRST_ANNOUNCED_AT)
    }

    /// Appends the packet with the right length.
    pub fn emit(&self, out: &mut Vec<u8>) {
        self.emit_with(&Forced::default(), out);
    }

    /// Appends the packet with the forced fields as they are. A length that does not fit into its field is
    /// cut to the largest that does; high bits of the flow label are dropped.
    pub fn emit_with(&self, forced: &Forced, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.header_with(forced));
        out.extend_from_slice(self.payload);
    }

    /// The header alone.
    pub fn header(&self) -> [u8; HEADER_OCTETS] {
        self.header_with(&Forced::default())
    }

    fn header_with(&self, forced: &Forced) -> [u8; HEADER_OCTETS] {
        let word = u32::from(forced.version.or(|| 6) & 0xf) << 28
            | u32::from(self.traffic_class) << 20
            | self.flow_label & FLOW_LABEL;
        //= RFC8200-3-a
        let payload_len = forced.payload_len.or(|| u16::try_from(self.payload.len()).unwrap_or(u16::MAX));
        let mut header = [0; HEADER_OCTETS];
        header[..4].copy_from_slice(&word.to_be_bytes());
        header[4..6].copy_from_slice(&payload_len.to_be_bytes());
        header[6..8].copy_from_slice(&[self.next_header, self.hop_limit]);
        header[8..24].copy_from_slice(&self.src.octets());
        header[24..].copy_from_slice(&self.dst.octets());
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::{Arbitrary, Gen, TestResult, quickcheck};

    /// What a packet is made of, owned.
    #[derive(Clone, Debug)]
    struct Sample {
        addresses: (u128, u128),
        octets: (u8, u8, u8),
        flow_label: u32,
        payload: Vec<u8>,
    }

    impl Arbitrary for Sample {
        fn arbitrary(g: &mut Gen) -> Self {
            Self {
                addresses: Arbitrary::arbitrary(g),
                octets: Arbitrary::arbitrary(g),
                flow_label: u32::arbitrary(g) & FLOW_LABEL,
                payload: Arbitrary::arbitrary(g),
            }
        }
    }

    impl Sample {
        fn packet(&self) -> Packet<'_> {
            Packet {
                src: Ipv6Addr::from(self.addresses.0),
                dst: Ipv6Addr::from(self.addresses.1),
                next_header: self.octets.0,
                hop_limit: self.octets.1,
                traffic_class: self.octets.2,
                flow_label: self.flow_label,
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

    //? RFC8200-3-a
    #[test]
    fn each_wrong_field_has_its_reason() {
        let plain =
            Sample { addresses: (1, 2), octets: (58, 255, 0), flow_label: 0, payload: [1, 2, 3].into() };
        let gives = |forced: Forced, expected: Result<Packet<'_>, Why>| {
            assert_eq!(verdict(&plain.bytes(&forced)), Ok(expected), "{forced:?}");
        };
        let none = Forced::default();
        gives(none, Ok(plain.packet()));
        gives(Forced { version: Auto::Forced(4), ..none }, Err(Why::Ipv6Version));
        gives(Forced { payload_len: Auto::Forced(4), ..none }, Err(Why::Ipv6Truncated));
        gives(
            Forced { payload_len: Auto::Forced(2), ..none },
            Ok(Packet { payload: &[1, 2], ..plain.packet() }),
        );
    }

    #[test]
    fn the_first_word_holds_three_fields() {
        let sample =
            Sample { addresses: (0, 0), octets: (0, 0, 0xab), flow_label: 0x12345, payload: Vec::new() };
        let bytes = sample.bytes(&Forced::default());
        assert_eq!(bytes[..4], [0x6a, 0xb1, 0x23, 0x45]);
    }

    quickcheck! {
        fn what_is_emitted_reads_the_same(sample: Sample, padding: Vec<u8>) -> bool {
            let mut bytes = sample.bytes(&Forced::default());
            bytes.extend(&padding);
            verdict(&bytes) == Ok(Ok(sample.packet()))
        }

        fn what_reads_well_is_emitted_the_same(sample: Sample, payload_len: u8) -> TestResult {
            let forced = Forced { version: Auto::Computed, payload_len: Auto::Forced(payload_len.into()) };
            let bytes = sample.bytes(&forced);
            let Ok(Ok(packet)) = verdict(&bytes) else {
                return TestResult::discard();
            };
            let mut out = Vec::new();
            packet.emit(&mut out);
            TestResult::from_bool(bytes.starts_with(&out) && verdict(&out) == Ok(Ok(packet)))
        }

        fn views_stay_in_bounds(sample: Sample, payload_len: u16, cut: usize) -> bool {
            let forced = Forced { version: Auto::Computed, payload_len: Auto::Forced(payload_len) };
            let mut bytes = sample.bytes(&forced);
            bytes.truncate(bytes.len() - cut % 60.min(bytes.len()));
            let view = match View::read(&bytes) {
                Ok(view) => view,
                Err(stop) => return stop.have == bytes.len() && stop.need > stop.have,
            };
            let _ = (view.version(), view.traffic_class(), view.flow_label(), view.hop_limit());
            let _ = (view.src(), view.dst());
            view.header().len() + view.payload().len() + view.trailer().len() == bytes.len()
                && view.stop().is_none_or(|stop| stop.at + stop.have <= bytes.len() && stop.need > stop.have)
                && match view.extensions().upper() {
                    Ok(upper) => upper.offset + upper.payload.len() <= bytes.len(),
                    Err(stop) => stop.at + stop.have <= bytes.len(),
                }
        }
    }
}
