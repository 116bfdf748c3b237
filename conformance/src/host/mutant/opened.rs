//! floor 7: a frame taken apart for altering, and put together again with right lengths and checksums.

use crate::trace::Link;
use stack::wire::tcp::{Segment, View};
use stack::wire::tcp_option::Options;
use stack::wire::{Auto, ethernet, icmpv6, ipv4, ipv6, ipv6_extension, tcp, udp};
use std::net::{IpAddr, SocketAddr};

/// Protocol number of ICMP (RFC 792).
pub(super) const ICMPV4: u8 = 1;

/// An unfragmented packet in a frame.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    /// The link header and the IP header with its options.
    headers: Vec<u8>,
    /// Where the IP header begins.
    ip_at: usize,
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) protocol: u8,
    /// Transport header and data.
    pub(super) upper: Vec<u8>,
    /// What is wrong with the IPv4 header checksum.
    pub(super) header_checksum_off_by: u16,
    altered: bool,
}

/// A segment on its own.
#[derive(Clone, Debug)]
pub(super) struct Tcp {
    pub(super) ports: (u16, u16),
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) flags: tcp::Flags,
    pub(super) window: u16,
    pub(super) urgent_pointer: u16,
    pub(super) options: Options,
    pub(super) data: Vec<u8>,
    /// What is wrong with the checksum.
    pub(super) checksum_off_by: u16,
    pub(super) reserved: u8,
}

impl Tcp {
    /// SEG.LEN.
    pub(super) fn len_octets(&self) -> u32 {
        let data = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
        data + u32::from(self.flags.syn()) + u32::from(self.flags.fin())
    }
}

impl Opened {
    /// Takes a frame apart, if it carries a whole IP packet without extension headers.
    pub(super) fn read(link: Link, frame: &[u8]) -> Option<Self> {
        let ip_at = match link {
            Link::Ip => 0,
            Link::Ethernet => ethernet::HEADER_OCTETS,
        };
        let packet = frame.get(ip_at..)?;
        let (src, dst, protocol, header_octets, upper) = match packet.first()? >> 4 {
            4 => {
                let view = ipv4::View::read(packet).ok()?;
                let packet = ipv4::Packet::check(&view).ok().filter(|packet| !packet.is_fragment())?;
                (packet.src.into(), packet.dst.into(), packet.protocol, view.header().len(), packet.payload)
            }
            6 => {
                let view = ipv6::View::read(packet).ok()?;
                let packet = ipv6::Packet::check(&view).ok()?;
                let plain = !ipv6_extension::is_extension(packet.next_header);
                let (src, dst) = (IpAddr::V6(packet.src), IpAddr::V6(packet.dst));
                plain.then_some((src, dst, packet.next_header, ipv6::HEADER_OCTETS, packet.payload))?
            }
            _ => return None,
        };
        let headers = frame.get(..ip_at + header_octets)?.to_vec();
        let (upper, header_checksum_off_by) = (upper.to_vec(), 0);
        Some(Self { headers, ip_at, src, dst, protocol, upper, header_checksum_off_by, altered: false })
    }

    /// Whether anything was written.
    pub(super) const fn is_altered(&self) -> bool {
        self.altered
    }

    /// The segment, if it is one and right.
    pub(super) fn tcp(&self) -> Option<Tcp> {
        let upper = (self.protocol == tcp::PROTOCOL).then_some(&self.upper)?;
        let view = View::read(upper).ok()?;
        let segment = Segment::check(&view, self.src, self.dst).ok()?;
        Some(Tcp {
            ports: (segment.src_port, segment.dst_port),
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags,
            window: segment.window,
            urgent_pointer: segment.urgent_pointer,
            options: segment.options,
            data: segment.payload.to_vec(),
            checksum_off_by: 0,
            reserved: view.reserved(),
        })
    }

    /// The ends of a segment: sender, receiver.
    pub(super) fn ends(&self, tcp: &Tcp) -> (SocketAddr, SocketAddr) {
        (SocketAddr::new(self.src, tcp.ports.0), SocketAddr::new(self.dst, tcp.ports.1))
    }

    /// Puts a segment in.
    pub(super) fn set_tcp(&mut self, tcp: &Tcp) {
        let segment = Segment {
            src_port: tcp.ports.0,
            dst_port: tcp.ports.1,
            seq: tcp.seq,
            ack: tcp.ack,
            flags: tcp.flags,
            window: tcp.window,
            urgent_pointer: tcp.urgent_pointer,
            options: tcp.options,
            payload: &tcp.data,
        };
        let forced = tcp::Forced { reserved: Auto::Forced(tcp.reserved), ..tcp::Forced::default() };
        let mut upper = Vec::new();
        segment.emit_with(&forced, self.src, self.dst, &mut upper);
        if let Some([high, low]) = upper.get_mut(16..18) {
            let field = u16::from_be_bytes([*high, *low]).wrapping_add(tcp.checksum_off_by);
            [*high, *low] = field.to_be_bytes();
        }
        self.set_upper(upper);
    }

    /// Puts another payload in.
    pub(super) fn set_upper(&mut self, upper: Vec<u8>) {
        self.upper = upper;
        self.altered = true;
    }

    /// Whether it is an ICMP message of the packet's own family.
    pub(super) const fn is_icmp(&self) -> bool {
        match self.src {
            IpAddr::V4(_) => self.protocol == ICMPV4,
            IpAddr::V6(_) => self.protocol == icmpv6::PROTOCOL,
        }
    }

    /// The kind of an ICMP message that quotes a UDP datagram.
    pub(super) fn quotes_udp(&self) -> bool {
        let protocol_at = match self.src {
            IpAddr::V4(_) => 8 + 9,
            IpAddr::V6(_) => 8 + 6,
        };
        self.is_icmp() && self.upper.get(protocol_at) == Some(&udp::PROTOCOL)
    }

    /// The same packet on its way back: ends and stations exchanged.
    pub(super) fn turned(&self) -> Self {
        let mut turned = self.clone();
        (turned.src, turned.dst) = (self.dst, self.src);
        if self.ip_at == ethernet::HEADER_OCTETS {
            let (to, from) = turned.headers.split_at_mut(6);
            to.swap_with_slice(&mut from[..6]);
        }
        let (at, octets) = match self.src {
            IpAddr::V4(_) => (self.ip_at + 12, 4),
            IpAddr::V6(_) => (self.ip_at + 8, 16),
        };
        turned.headers[at..at + 2 * octets].rotate_left(octets);
        turned.altered = true;
        turned
    }

    /// The frame, with lengths and header checksum as they have to be.
    pub(super) fn closed(&self) -> Vec<u8> {
        let mut frame = self.headers.clone();
        let header_octets = self.headers.len() - self.ip_at;
        let field = |octets: usize| u16::try_from(octets).unwrap_or(u16::MAX).to_be_bytes();
        match self.src {
            IpAddr::V4(_) => {
                let header = &mut frame[self.ip_at..];
                header[2..4].copy_from_slice(&field(header_octets + self.upper.len()));
                header[10..12].copy_from_slice(&[0, 0]);
                let sum = stack::wire::checksum::of(header).wrapping_add(self.header_checksum_off_by);
                header[10..12].copy_from_slice(&sum.to_be_bytes());
            }
            IpAddr::V6(_) => frame[self.ip_at + 4..self.ip_at + 6].copy_from_slice(&field(self.upper.len())),
        }
        frame.extend_from_slice(&self.upper);
        frame
    }
}
