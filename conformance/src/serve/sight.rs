//! floor 8: what a filter and a port mapping see of a packet: addresses, the transport, and where it begins
//! (RFC 791, RFC 8200).

use stack::wire::{ipv4, ipv6};
use std::net::IpAddr;

/// Protocol number of ICMP.
pub(super) const ICMP: u8 = 1;
/// Protocol number of TCP.
pub(super) const TCP: u8 = 6;
/// Protocol number of UDP.
pub(super) const UDP: u8 = 17;
/// Protocol number of ICMPv6.
pub(super) const ICMPV6: u8 = 58;

/// What part of a transport message a packet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// Its beginning.
    First,
    /// A later piece, which has no header: it begins so many octets behind the first one.
    Later {
        /// The offset in octets.
        offset_octets: u16,
    },
}

/// A packet of IP, as far as anybody on the way looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight<'a> {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) protocol: u8,
    pub(super) part: Part,
    /// Where the payload begins in the packet.
    pub(super) at: usize,
    pub(super) payload: &'a [u8],
}

impl<'a> Sight<'a> {
    /// Reads a packet; `None` if it is none of IP that can be read up to its transport.
    pub(super) fn read(packet: &'a [u8]) -> Option<Self> {
        match packet.first()? >> 4 {
            4 => Self::read_v4(packet),
            6 => Self::read_v6(packet),
            _ => None,
        }
    }

    fn read_v4(packet: &'a [u8]) -> Option<Self> {
        let view = ipv4::View::read(packet).ok().filter(|view| view.ihl() >= 5)?;
        let part = match (view.fragment_offset_octets(), view.more_fragments()) {
            (0, false) => Part::Whole,
            (0, true) => Part::First,
            (offset_octets, _) => Part::Later { offset_octets },
        };
        Some(Self {
            src: view.src().into(),
            dst: view.dst().into(),
            protocol: view.protocol(),
            part,
            at: view.header_len_octets(),
            payload: view.payload(),
        })
    }

    fn read_v6(packet: &'a [u8]) -> Option<Self> {
        let view = ipv6::View::read(packet).ok()?;
        let upper = view.extensions().upper().ok()?;
        let part = match upper.fragment {
            Some(fragment) if fragment.offset_octets > 0 => {
                Part::Later { offset_octets: fragment.offset_octets }
            }
            Some(fragment) if !fragment.is_whole() => Part::First,
            Some(_) | None => Part::Whole,
        };
        Some(Self {
            src: view.src().into(),
            dst: view.dst().into(),
            protocol: upper.protocol,
            part,
            at: upper.offset,
            payload: upper.payload,
        })
    }

    /// Whether the transport has ports.
    pub(super) const fn has_ports(&self) -> bool {
        matches!(self.protocol, TCP | UDP)
    }

    /// Source and destination port, if they are in this packet.
    pub(super) fn ports(&self) -> Option<(u16, u16)> {
        let octets: [u8; 4] = *self.payload.first_chunk()?;
        let [a, b, c, d] = octets;
        let shown = self.has_ports() && !matches!(self.part, Part::Later { .. });
        shown.then_some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
    }
}
