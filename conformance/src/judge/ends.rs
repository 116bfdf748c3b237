//! floor 7: the two ends of a connection, in few octets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Address and port of both ends; the lower one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ends {
    addrs: [[u8; 16]; 2],
    ports: [u16; 2],
    is_v6: bool,
}

impl Ends {
    /// The ends of a packet, and which of them sent it.
    pub fn of(src: SocketAddr, dst: SocketAddr) -> (Self, usize) {
        let ends = [(octets(src.ip()), src.port()), (octets(dst.ip()), dst.port())];
        let side = usize::from(ends[0] > ends[1]);
        let (low, high) = (ends[side], ends[1 - side]);
        let addrs = [low.0, high.0];
        (Self { addrs, ports: [low.1, high.1], is_v6: src.is_ipv6() }, side)
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
fn octets(addr: IpAddr) -> [u8; 16] {
    match addr {
        IpAddr::V4(addr) => {
            let [a, b, c, d] = addr.octets();
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
        IpAddr::V6(addr) => addr.octets(),
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
