//! floor 0: link-layer and internet addresses, and what kinds there are (RFC 1122 section 3.2.1.3,
//! RFC 4291 section 2, RFC 826). Internet addresses are `core::net`'s; here are the questions the RFCs ask.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A 48-bit link-layer address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// The address that every station on the link listens to.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// Whether the group bit is set: multicast, or the broadcast address.
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// Whether this is the broadcast address.
    pub fn is_broadcast(self) -> bool {
        self == Self::BROADCAST
    }

    /// The group address that frames to the multicast group `group` go to (RFC 1112 section 6.4,
    /// RFC 2464 section 7).
    pub const fn of_group(group: IpAddr) -> Self {
        match group {
            IpAddr::V4(group) => {
                let [_, b, c, d] = group.octets();
                Self([0x01, 0x00, 0x5e, b & 0x7f, c, d])
            }
            IpAddr::V6(group) => {
                let octets = group.octets();
                Self([0x33, 0x33, octets[12], octets[13], octets[14], octets[15]])
            }
        }
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// An interface address with the length of its network prefix in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cidr {
    /// The address itself, host bits included.
    pub addr: IpAddr,
    /// Length of the network prefix: at most 32 or 128 bits.
    pub prefix: u8,
}

impl Cidr {
    /// `addr` with a prefix of `prefix` bits, cut to the width of the family.
    pub const fn new(addr: IpAddr, prefix: u8) -> Self {
        let width = match addr {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        Self { addr, prefix: if prefix > width { width } else { prefix } }
    }

    /// Whether `other` lies in the same network.
    pub fn contains(self, other: IpAddr) -> bool {
        match (self.addr, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = u32::from(own) ^ u32::from(other);
                self.prefix == 0 || differing >> (32 - u32::from(self.prefix)) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = u128::from(own) ^ u128::from(other);
                self.prefix == 0 || differing >> (128 - u32::from(self.prefix)) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    /// The directed broadcast address of an IPv4 network; `None` for IPv6 and for prefixes of 31 and 32
    /// bits, which have none (RFC 3021).
    pub fn broadcast(self) -> Option<Ipv4Addr> {
        match self.addr {
            IpAddr::V4(addr) if self.prefix < 31 => {
                let host_bits = u32::MAX.checked_shr(u32::from(self.prefix)).unwrap_or(0);
                Some(Ipv4Addr::from(u32::from(addr) | host_bits))
            }
            IpAddr::V4(_) | IpAddr::V6(_) => None,
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.prefix)
    }
}

/// The solicited-node group of `addr` (RFC 4291 section 2.7.1).
pub const fn solicited_node(addr: Ipv6Addr) -> Ipv6Addr {
    let octets = addr.octets();
    Ipv6Addr::new(
        0xff02,
        0,
        0,
        0,
        0,
        1,
        0xff00 | octets[13] as u16,
        (octets[14] as u16) << 8 | octets[15] as u16,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 77));

    #[test]
    fn membership_follows_the_prefix() {
        let net = Cidr::new(V4, 24);
        assert!(net.contains(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))));
        assert!(!net.contains(IpAddr::V4(Ipv4Addr::new(192, 0, 3, 1))));
        assert!(Cidr::new(V4, 0).contains(IpAddr::V4(Ipv4Addr::BROADCAST)));
        assert!(!net.contains(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    }

    #[test]
    fn directed_broadcast_sets_all_host_bits() {
        assert_eq!(Cidr::new(V4, 24).broadcast(), Some(Ipv4Addr::new(192, 0, 2, 255)));
        assert_eq!(Cidr::new(V4, 31).broadcast(), None);
        assert_eq!(Cidr::new(V4, 0).broadcast(), Some(Ipv4Addr::BROADCAST));
    }

    //? RFC1112-6.4-a
    #[test]
    fn group_addresses_map_to_group_frames() {
        let group = IpAddr::V4(Ipv4Addr::new(224, 129, 2, 3));
        assert_eq!(Mac::of_group(group).to_string(), "01:00:5e:01:02:03");
        assert!(Mac::of_group(group).is_group());
        assert!(!Mac([2, 0, 0, 0, 0, 1]).is_group());
    }

    //? RFC4291-2.7.1-a
    #[test]
    fn solicited_node_keeps_the_last_three_octets() {
        let addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0x12, 0x3456);
        assert_eq!(solicited_node(addr), Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff12, 0x3456));
    }
}
