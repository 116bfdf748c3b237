//! floor 8: packets for the laws of this module.

use super::refuse::packet_of;
use super::sight::{ICMP, ICMPV6, Sight, TCP, UDP};
use quickcheck::{Arbitrary, Gen};
use stack::wire::{icmpv4, icmpv6, ipv4, tcp, udp};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a packet is made of. Ports are often those that rules and mappings ask for.
#[derive(Clone, Debug)]
pub(super) struct Craft {
    pub(super) v6: bool,
    pub(super) protocol: u8,
    pub(super) src_host: u8,
    pub(super) dst_host: u8,
    pub(super) src_port: u16,
    pub(super) dst_port: u16,
    pub(super) data: Vec<u8>,
}

impl Default for Craft {
    fn default() -> Self {
        let data = b"data".to_vec();
        let (src_port, dst_port) = (40_000, 80);
        Self { v6: false, protocol: TCP, src_host: 1, dst_host: 2, src_port, dst_port, data }
    }
}

impl Arbitrary for Craft {
    fn arbitrary(g: &mut Gen) -> Self {
        let mut port = || *g.choose(&[1, 7, 53, 80, 81, 5353, 8080, 65535]).expect("there are some");
        let (src_port, dst_port) = (port(), port());
        Self {
            v6: bool::arbitrary(g),
            protocol: *g.choose(&[TCP, TCP, UDP, UDP, ICMP, ICMPV6, 132]).expect("there are some"),
            src_host: u8::arbitrary(g),
            dst_host: u8::arbitrary(g),
            src_port,
            dst_port,
            data: Vec::arbitrary(g),
        }
    }
}

impl Craft {
    fn addr(&self, host: u8) -> IpAddr {
        if self.v6 {
            Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host.into()).into()
        } else {
            Ipv4Addr::new(10, 0, 0, host).into()
        }
    }

    pub(super) fn src(&self) -> IpAddr {
        self.addr(self.src_host)
    }

    pub(super) fn dst(&self) -> IpAddr {
        self.addr(self.dst_host)
    }

    pub(super) fn packet(&self) -> Vec<u8> {
        let (src, dst, mut payload) = (self.src(), self.dst(), Vec::new());
        let (src_port, dst_port, data) = (self.src_port, self.dst_port, &self.data[..]);
        match self.protocol {
            TCP => tcp::Segment {
                src_port,
                dst_port,
                seq: 1000,
                flags: tcp::Flags::ACK,
                payload: data,
                ..tcp::Segment::default()
            }
            .emit(src, dst, &mut payload),
            UDP => udp::Datagram { src_port, dst_port, payload: data }.emit(src, dst, &mut payload),
            _ => payload.extend_from_slice(data),
        }
        packet_of(src, dst, self.protocol, &payload)
    }

    /// The same, from the other end.
    pub(super) fn turned(&self) -> Self {
        let (src_host, dst_host) = (self.dst_host, self.src_host);
        Self { src_host, dst_host, src_port: self.dst_port, dst_port: self.src_port, ..self.clone() }
    }

    /// The ICMP error of its destination about this packet.
    pub(super) fn error_about(packet: &[u8]) -> Vec<u8> {
        let sight = Sight::read(packet).expect("a packet");
        let mut message = Vec::new();
        match (sight.dst, sight.src) {
            (IpAddr::V6(own), IpAddr::V6(peer)) => {
                icmpv6::Message::DestinationUnreachable { code: 4, quoted: packet }.emit(
                    own,
                    peer,
                    &mut message,
                );
                packet_of(sight.dst, sight.src, ICMPV6, &message)
            }
            _ => {
                let code = icmpv4::Unreachable::Port;
                icmpv4::Message::DestinationUnreachable { code, mtu: 0, quoted: packet }.emit(&mut message);
                packet_of(sight.dst, sight.src, ICMP, &message)
            }
        }
    }
}

/// A packet with octets changed, and cut.
pub(super) fn any_packet(craft: &Craft, noise: &[(u8, u8)], cut: u8) -> Vec<u8> {
    let mut packet = craft.packet();
    for (at, octet) in noise {
        let at = usize::from(*at) % packet.len();
        packet[at] = *octet;
    }
    packet.truncate(packet.len().saturating_sub(usize::from(cut % 64)));
    packet
}

/// Whether every checksum of a whole packet is right, that of a quoted packet included.
pub(super) fn checksums_hold(packet: &[u8]) -> bool {
    let Some(sight) = Sight::read(packet) else { return false };
    let header = ipv4::View::read(packet).is_ok_and(|view| view.version() != 4 || view.checksum_holds());
    let (src, dst) = (sight.src, sight.dst);
    let of_payload = match sight.protocol {
        TCP => tcp::View::read(sight.payload).is_ok_and(|view| view.checksum_holds(src, dst)),
        UDP => udp::View::read(sight.payload).is_ok_and(|view| view.checksum_holds(src, dst)),
        ICMP => icmpv4::View::read(sight.payload).is_ok_and(|view| view.checksum_holds()),
        ICMPV6 => match (src, dst) {
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                icmpv6::View::read(sight.payload).is_ok_and(|view| view.checksum_holds(src, dst))
            }
            _ => false,
        },
        _ => true,
    };
    header && of_payload
}
