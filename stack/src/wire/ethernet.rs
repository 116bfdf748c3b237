//! floor 1: Ethernet frames (RFC 894; IEEE 802.3 framing is readable, RFC 1042 and RFC 1122 section 2.3.3).
//!
//! RFC1122-2.3.3-b: frames with an 802.3 length can be seen but are not taken: nothing that speaks IP sends
//! them any more.

use alloc::vec::Vec;
use core::fmt;

use super::{Layer, Stop};
use crate::base::{Mac, Why};

/// Octets of the two addresses and the type.
pub const HEADER_OCTETS: usize = 14;
/// The least payload of a frame on a real cable.
pub const MIN_PAYLOAD_OCTETS: usize = 46;

/// What a frame carries. Values below 1536 are the length of an IEEE 802.3 frame instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EtherType(pub u16);

impl EtherType {
    /// Internet protocol version 4.
    pub const IPV4: Self = Self(0x0800);
    /// Address resolution protocol.
    pub const ARP: Self = Self(0x0806);
    /// An IEEE 802.1Q tag: the payload begins with the tag and the next type.
    pub const VLAN: Self = Self(0x8100);
    /// Internet protocol version 6.
    pub const IPV6: Self = Self(0x86dd);
    /// An IEEE 802.1ad service tag, outside of a [`VLAN`](Self::VLAN) tag.
    pub const SERVICE_VLAN: Self = Self(0x88a8);

    /// Whether the value is the length of an IEEE 802.3 frame in octets and no type.
    pub const fn is_length(self) -> bool {
        self.0 < 0x0600
    }
}

impl fmt::Display for EtherType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04x}", self.0)
    }
}

/// A frame as it lies there.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    bytes: &'a [u8],
    header: &'a [u8; HEADER_OCTETS],
}

impl<'a> View<'a> {
    /// Reads a frame without its check sequence.
    ///
    /// # Errors
    /// [`Stop`] when the 14 octets of the header are not there.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Stop> {
        let Some(header) = bytes.first_chunk() else {
            let have = bytes.len();
            return Err(Stop {
                layer: Layer::Ethernet,
                at: 0,
                need: HEADER_OCTETS,
                have,
                said_by: "minimum header",
            });
        };
        Ok(Self { bytes, header })
    }

    /// The station the frame is for.
    pub const fn dst(&self) -> Mac {
        let [a, b, c, d, e, f, ..] = *self.header;
        Mac([a, b, c, d, e, f])
    }

    /// The station that sent the frame.
    pub const fn src(&self) -> Mac {
        let [_, _, _, _, _, _, a, b, c, d, e, f, ..] = *self.header;
        Mac([a, b, c, d, e, f])
    }

    /// The type, or the length of an 802.3 frame: see [`EtherType::is_length`].
    pub const fn ethertype(&self) -> EtherType {
        EtherType(u16::from_be_bytes([self.header[12], self.header[13]]))
    }

    /// What follows the header: up to the end, padding included, or for an 802.3 frame as far as its length
    /// goes and octets are there.
    pub fn payload(&self) -> &'a [u8] {
        let rest = &self.bytes[HEADER_OCTETS..];
        match self.length_octets() {
            Some(length) => &rest[..length.min(rest.len())],
            None => rest,
        }
    }

    /// The field that promised more than there is: the length of an 802.3 frame.
    pub fn stop(&self) -> Option<Stop> {
        let (need, have) = (HEADER_OCTETS + self.length_octets()?, self.bytes.len());
        (need > have).then_some(Stop { layer: Layer::Ethernet, at: 0, need, have, said_by: "802.3 length" })
    }

    /// The length of an 802.3 frame's payload.
    fn length_octets(&self) -> Option<usize> {
        let ethertype = self.ethertype();
        //= RFC1122-2.3.3-f
        ethertype.is_length().then_some(usize::from(ethertype.0))
    }
}

/// An Ethernet II frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The station the frame is for.
    pub dst: Mac,
    /// The station that sends it.
    pub src: Mac,
    /// What it carries.
    pub ethertype: EtherType,
    /// The packet, and on arrival perhaps padding behind it.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame, if it is an Ethernet II frame. Whom it is for is not looked at.
    ///
    /// # Errors
    /// [`Why::FrameWithLength`] for IEEE 802.3 framing.
    pub fn check(view: &View<'a>) -> Result<Self, Why> {
        if view.ethertype().is_length() {
            return Err(Why::FrameWithLength);
        }
        Ok(Self {
            dst: view.dst(),
            src: view.src(),
            ethertype: view.ethertype(),
            //= RFC894-Frame_Format-c
            payload: view.payload(),
        })
    }

    /// Appends the frame, without padding and check sequence: those are the interface's.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.header());
        out.extend_from_slice(self.payload);
    }

    /// The header alone.
    pub fn header(&self) -> [u8; HEADER_OCTETS] {
        let mut header = [0; HEADER_OCTETS];
        header[..6].copy_from_slice(&self.dst.0);
        header[6..12].copy_from_slice(&self.src.0);
        //= RFC894-Frame_Format-a
        header[12..].copy_from_slice(&self.ethertype.0.to_be_bytes());
        header
    }

    /// Appends the frame with zeros behind it up to the least length of a frame on a real cable.
    pub fn emit_padded(&self, out: &mut Vec<u8>) {
        self.emit(out);
        //= RFC894-Frame_Format-b
        out.resize(out.len() + MIN_PAYLOAD_OCTETS.saturating_sub(self.payload.len()), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    fn mac(n: u64) -> Mac {
        let [_, _, a, b, c, d, e, f] = n.to_be_bytes();
        Mac([a, b, c, d, e, f])
    }

    #[test]
    fn a_tag_is_seen_as_a_type() {
        let mut bytes = [0; 18];
        bytes[12..].copy_from_slice(&[0x81, 0x00, 0x00, 0x05, 0x08, 0x00]);
        let view = View::read(&bytes).expect("a whole header");
        assert_eq!(view.ethertype(), EtherType::VLAN);
        assert_eq!(view.payload(), [0x00, 0x05, 0x08, 0x00]);
    }

    //? RFC1122-2.3.3-f
    #[test]
    fn a_length_is_read_but_not_taken() {
        let mut bytes = [7; 20];
        bytes[12..14].copy_from_slice(&[0, 3]);
        let view = View::read(&bytes).expect("a whole header");
        assert_eq!((view.payload(), view.stop()), (&[7, 7, 7][..], None));
        assert_eq!(Frame::check(&view), Err(Why::FrameWithLength));
        bytes[13] = 7;
        let view = View::read(&bytes).expect("a whole header");
        assert_eq!(view.payload().len(), 6);
        assert_eq!(view.stop().map(|stop| (stop.at, stop.need, stop.have)), Some((0, 21, 20)));
    }

    quickcheck! {
        fn views_stay_in_bounds(bytes: Vec<u8>) -> bool {
            match View::read(&bytes) {
                Ok(view) => {
                    let _ = (view.dst(), view.src(), view.ethertype());
                    view.payload().len() + HEADER_OCTETS <= bytes.len()
                        && view.stop().is_none_or(|stop| stop.at + stop.have <= bytes.len())
                }
                Err(stop) => stop.have == bytes.len() && stop.need > stop.have,
            }
        }

        //? RFC894-Frame_Format-b
        fn what_is_emitted_reads_the_same(dst: u64, src: u64, ethertype: u16, payload: Vec<u8>) -> bool {
            let ethertype = EtherType(ethertype | 0x0800);
            let frame = Frame { dst: mac(dst), src: mac(src), ethertype, payload: &payload };
            let mut out = Vec::new();
            frame.emit(&mut out);
            let mut padded = Vec::new();
            frame.emit_padded(&mut padded);
            padded.starts_with(&out)
                && padded.len() == out.len().max(60)
                && View::read(&out).map(|view| Frame::check(&view)) == Ok(Ok(frame))
        }
    }
}
