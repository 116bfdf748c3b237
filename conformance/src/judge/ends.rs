//! floor 7: the two ends of a connection, in few octets.

use super::hash::Mix;
use super::packet::Packet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Address and port of both ends; the lower one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(Rust, packed)]
pub struct Ends {
    addrs: [[u8; 16]; 2],
    ports: [u16; 2],
    is_v6: bool,
}

impl Ends {
    /// The ends of a packet, and which of them sent it.
    pub fn of(src: SocketAddr, dst: SocketAddr) -> (Self, usize) {
        Self::between((src.ip(), src.port()), (dst.ip(), dst.port()))
    }

    /// The ends of a segment or of the fragment of one, and which of them sent it.
    pub(super) fn of_packet(packet: &Packet<'_>) -> Option<(Self, usize)> {
        let (src, dst) = packet.ports()?;
        Some(Self::between((packet.src, src), (packet.dst, dst)))
    }

    fn between(src: (IpAddr, u16), dst: (IpAddr, u16)) -> (Self, usize) {
        let ends = [(bits(src.0), src.1), (bits(dst.0), dst.1)];
        let side = usize::from(ends[0] > ends[1]);
        let (low, high) = (ends[side], ends[1 - side]);
        let addrs = [low.0.to_be_bytes(), high.0.to_be_bytes()];
        (Self { addrs, ports: [low.1, high.1], is_v6: src.0.is_ipv6() }, side)
    }

    /// A hash with the ends in it.
    pub(super) fn mixed(&self, mix: Mix) -> Mix {
        let ports = u64::from(self.ports[0]) << 16 | u64::from(self.ports[1]);
        let mix = mix.word(ports << 1 | u64::from(self.is_v6));
        let [low, high] = self.addrs.map(u128::from_be_bytes);
        let mix = mix.word((low >> 64) as u64).word((high >> 64) as u64);
        if self.is_v6 { mix.word(low as u64).word(high as u64) } else { mix }
    }

    /// One of the ends: 0 is the lower one.
    pub fn end(&self, side: usize) -> SocketAddr {
        let octets = self.addrs[side];
        let addr = if self.is_v6 {
            IpAddr::V6(Ipv6Addr::from(octets))
        } else {
            let [a, b, c, d, ..] = octets;
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        };
        SocketAddr::new(addr, self.ports[side])
    }
}

/// An address in the room of the longer kind, with zeros behind it.
fn bits(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(addr) => u128::from(u32::from(addr)) << 96,
        IpAddr::V6(addr) => addr.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    quickcheck! {
        fn both_directions_have_the_same_ends(src: SocketAddr, dst: SocketAddr) -> bool {
            let same = src.is_ipv4() == dst.is_ipv4();
            let ((one, from), (other, to)) = (Ends::of(src, dst), Ends::of(dst, src));
            let plain = |addr: SocketAddr| SocketAddr::new(addr.ip(), addr.port());
            let back = one.end(from) == plain(src) && one.end(1 - from) == plain(dst);
            !same || (one == other && back && (from != to || plain(src) == plain(dst)))
        }
    }
}
