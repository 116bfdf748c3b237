//! floor 1: the UDP header (RFC 768; over IPv6 RFC 8200 section 8.1, RFC 6935, RFC 6936).
//!
//! RFC6935-5-b: the mode without checksums over IPv6 is for tunnels; this stack has none.

use super::stop::{Layer, Stop};
use super::{Auto, checksum};
use crate::base::Why;
use alloc::vec::Vec;
use core::net::IpAddr;

/// The protocol number of UDP.
pub const PROTOCOL: u8 = 17;

/// Octets of the header.
pub const HEADER_OCTETS: usize = 8;

/// A datagram as it is, right or wrong. At least the header is there.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    header: &'a [u8; HEADER_OCTETS],
    bytes: &'a [u8],
}

impl<'a> View<'a> {
    /// Reads the payload of an IP packet.
    ///
    /// # Errors
    /// A [`Stop`] if the header is not whole.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Stop> {
        let header = bytes.first_chunk().ok_or(Stop {
            layer: Layer::Udp,
            at: 0,
            need: HEADER_OCTETS,
            have: bytes.len(),
            said_by: "minimum header",
        })?;
        Ok(Self { header, bytes })
    }

    /// Why the datagram is not what its length field says, if it is not: the field is below 8, or above
    /// what there is. The accessors then take the nearest length that there is.
    pub fn stop(&self) -> Option<Stop> {
        let promised = usize::from(self.length());
        let (need, have) =
            if promised < HEADER_OCTETS { (HEADER_OCTETS, promised) } else { (promised, self.bytes.len()) };
        (have < need).then_some(Stop { layer: Layer::Udp, at: 0, need, have, said_by: "length" })
    }

    const fn u16_at(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.header[at], self.header[at + 1]])
    }

    /// Source port; 0 if no reply is wanted.
    pub const fn src_port(&self) -> u16 {
        self.u16_at(0)
    }

    /// Destination port, possibly 0.
    pub const fn dst_port(&self) -> u16 {
        self.u16_at(2)
    }

    /// The length field: header and data, in octets.
    pub const fn length(&self) -> u16 {
        self.u16_at(4)
    }

    /// The checksum field; 0 means that there is none.
    pub const fn checksum(&self) -> u16 {
        self.u16_at(6)
    }

    fn end(&self) -> usize {
        usize::from(self.length()).max(HEADER_OCTETS).min(self.bytes.len())
    }

    /// The data, as far as the length field says and octets are there.
    pub fn payload(&self) -> &'a [u8] {
        self.bytes.get(HEADER_OCTETS..self.end()).unwrap_or(&[])
    }

    /// What lies behind the end that the length field gives: no part of the datagram.
    pub fn surplus(&self) -> &'a [u8] {
        self.bytes.get(self.end()..).unwrap_or(&[])
    }

    /// Header and data, without the surplus.
    pub fn datagram(&self) -> &'a [u8] {
        self.bytes.get(..self.end()).unwrap_or(self.bytes)
    }

    /// Whether the checksum is right between these two addresses; not asked whether there is one.
    pub fn checksum_holds(&self, src: IpAddr, dst: IpAddr) -> bool {
        //= RFC768-Fields-e
        checksum_field(src, dst, self.length(), self.datagram()) == 0
    }
}

/// The complemented sum of pseudo-header and datagram: the checksum if that field is zero in `datagram`,
/// and zero if the field is right.
fn checksum_field(src: IpAddr, dst: IpAddr, length: u16, datagram: &[u8]) -> u16 {
    //= RFC768-Fields-f
    checksum::pseudo(src, dst, PROTOCOL, u32::from(length)).add_bytes(datagram).finish()
}

/// A datagram whose length and checksum are right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// Source port; 0 if no reply is wanted.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// The data.
    pub payload: &'a [u8],
}

/// Fields of a header to be written other than right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forced {
    /// The length field. The pseudo-header takes the same number.
    pub length: Auto<u16>,
    /// The checksum field; 0 sends none.
    pub checksum: Auto<u16>,
}

impl<'a> Datagram<'a> {
    /// The most data that the length field can count, in octets.
    pub const MAX_PAYLOAD_OCTETS: usize = 0xffff - HEADER_OCTETS;

    /// Checks a datagram that came from `src` to `dst`. Octets behind its end are ignored.
    ///
    /// # Errors
    /// [`Why::UdpLengthBelowHeader`], [`Why::UdpTruncated`], [`Why::UdpNoChecksum`] (only over IPv6) or
    /// [`Why::UdpChecksum`].
    pub fn check(view: &View<'a>, src: IpAddr, dst: IpAddr) -> Result<Self, Why> {
        //= RFC768-Fields-a
        if usize::from(view.length()) < HEADER_OCTETS {
            return Err(Why::UdpLengthBelowHeader);
        }
        //= RFC768-Fields-b
        if view.stop().is_some() {
            return Err(Why::UdpTruncated);
        }
        //= RFC8200-8.1-d
        //= RFC6935-5-a
        if view.checksum() == 0 && dst.is_ipv6() {
            return Err(Why::UdpNoChecksum);
        }
        //= RFC1122-4.1.3.4-a
        if view.checksum() != 0 && !view.checksum_holds(src, dst) {
            return Err(Why::UdpChecksum);
        }
        //= RFC768-Fields-c
        Ok(Self { src_port: view.src_port(), dst_port: view.dst_port(), payload: view.payload() })
    }

    /// Appends the datagram, with the checksum for a packet from `src` to `dst`. The caller sees to it that
    /// the data is not longer than [`Datagram::MAX_PAYLOAD_OCTETS`]; the length field stays at its most.
    pub fn emit(&self, src: IpAddr, dst: IpAddr, out: &mut Vec<u8>) {
        self.emit_with(&Forced::default(), src, dst, out);
    }

    /// Appends the datagram with some fields forced.
    pub fn emit_with(&self, forced: &Forced, src: IpAddr, dst: IpAddr, out: &mut Vec<u8>) {
        let start = out.len();
        let length =
            forced.length.or(|| u16::try_from(HEADER_OCTETS + self.payload.len()).unwrap_or(u16::MAX));
        out.extend_from_slice(&self.src_port.to_be_bytes());
        out.extend_from_slice(&self.dst_port.to_be_bytes());
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(self.payload);
        //= RFC1122-4.1.3.4-b
        let checksum = forced.checksum.or(|| {
            //= RFC768-Fields-d
            //= RFC8200-8.1-c
            match checksum_field(src, dst, length, out.get(start..).unwrap_or(&[])) {
                0 => 0xffff,
                sum => sum,
            }
        });
        if let Some(field) = out.get_mut(start + 6..start + 8) {
            field.copy_from_slice(&checksum.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{Ipv4Addr, Ipv6Addr};
    use quickcheck::quickcheck;

    const A: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const B: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    const C: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
    const D: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2));

    const SAMPLE: Datagram<'_> = Datagram { src_port: 1024, dst_port: 53, payload: b"question" };

    fn emitted(datagram: &Datagram<'_>, forced: &Forced, src: IpAddr, dst: IpAddr) -> Vec<u8> {
        let mut out = Vec::new();
        datagram.emit_with(forced, src, dst, &mut out);
        out
    }

    fn checked(bytes: &[u8], src: IpAddr, dst: IpAddr) -> Result<Datagram<'_>, Why> {
        Datagram::check(&View::read(bytes).expect("the header is there"), src, dst)
    }

    quickcheck! {
        //? RFC768-Fields-f
        //? RFC1122-4.1.3.4-b
        fn what_is_emitted_checks_to_itself(src_port: u16, dst_port: u16, data: Vec<u8>) -> bool {
            let datagram = Datagram { src_port, dst_port, payload: &data };
            [(A, B), (C, D)].into_iter().all(|(src, dst)| {
                let out = emitted(&datagram, &Forced::default(), src, dst);
                checked(&out, src, dst) == Ok(datagram) && out[6..8] != [0, 0]
            })
        }

        fn checking_is_stable(bytes: Vec<u8>) -> bool {
            let mut bytes = bytes;
            if bytes.len() < HEADER_OCTETS {
                return View::read(&bytes).is_err();
            }
            let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX) - u16::from(bytes[0] & 1);
            bytes[4..8].fill(0);
            bytes[4..6].copy_from_slice(&length.to_be_bytes());
            match checked(&bytes, A, B) {
                Ok(datagram) => checked(&emitted(&datagram, &Forced::default(), A, B), A, B) == Ok(datagram),
                Err(why) => why == Why::UdpLengthBelowHeader,
            }
        }

        fn no_octets_are_out_of_bounds(bytes: Vec<u8>) -> bool {
            match View::read(&bytes) {
                Err(stop) => stop.have < stop.need && bytes.len() < HEADER_OCTETS,
                Ok(view) => {
                    view.stop().is_none_or(|stop| stop.have < stop.need)
                        && view.datagram().len() + view.surplus().len() == bytes.len()
                        && view.payload().len() + HEADER_OCTETS == view.datagram().len()
                }
            }
        }
    }

    //? RFC768-Fields-d
    //? RFC768-Fields-e
    #[test]
    fn a_sum_of_zero_is_sent_as_all_ones() {
        // Two octets of data chosen so that the sum is all ones and its complement zero.
        let probe = emitted(&Datagram { payload: &[0, 0], ..SAMPLE }, &Forced::default(), A, B);
        let out = emitted(&Datagram { payload: &[probe[6], probe[7]], ..SAMPLE }, &Forced::default(), A, B);
        assert_eq!(out[6..8], [0xff, 0xff]);
        assert!(checked(&out, A, B).is_ok());
    }

    //? RFC8200-8.1-d
    //? RFC6935-5-a
    #[test]
    fn no_checksum_is_right_over_ipv4_only() {
        let none = Forced { checksum: Auto::Forced(0), ..Forced::default() };
        assert_eq!(checked(&emitted(&SAMPLE, &none, A, B), A, B), Ok(SAMPLE));
        assert_eq!(checked(&emitted(&SAMPLE, &none, C, D), C, D), Err(Why::UdpNoChecksum));
    }

    //? RFC1122-4.1.3.4-a
    #[test]
    fn a_wrong_checksum_is_discarded() {
        let wrong = Forced { checksum: Auto::Forced(0xbad), ..Forced::default() };
        assert_eq!(checked(&emitted(&SAMPLE, &wrong, A, B), A, B), Err(Why::UdpChecksum));
        assert_eq!(checked(&emitted(&SAMPLE, &wrong, C, D), C, D), Err(Why::UdpChecksum));
    }

    //? RFC768-Fields-a
    //? RFC768-Fields-b
    //? RFC768-Fields-c
    #[test]
    fn a_length_may_end_early_but_not_late() {
        let of = |length| Forced { length: Auto::Forced(length), checksum: Auto::Forced(0) };
        assert_eq!(checked(&emitted(&SAMPLE, &of(7), A, B), A, B), Err(Why::UdpLengthBelowHeader));
        assert_eq!(checked(&emitted(&SAMPLE, &of(17), A, B), A, B), Err(Why::UdpTruncated));
        let early = emitted(&SAMPLE, &of(11), A, B);
        assert_eq!(checked(&early, A, B).map(|datagram| datagram.payload), Ok(&b"que"[..]));
        assert_eq!(View::read(&early).map(|view| view.surplus()), Ok(&b"stion"[..]));
    }
}
