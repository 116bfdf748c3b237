//! floor 1: the internet checksum (RFC 1071).

use core::net::IpAddr;
pub(super) struct Sum(u64);
impl Sum {
    pub(super) fn add_bytes(&mut self, b: &[u8]) {
        for c in b.chunks(2) {
            self.0 += u64::from(c[0]) << 8 | u64::from(c.get(1).copied().unwrap_or(0));
        }
    }
    pub(super) fn finish(&self) -> u16 {
        let mut s = self.0;
        while s > 0xffff {
            s = (s & 0xffff) + (s >> 16);
        }
        !(s as u16)
    }
}
pub(super) fn pseudo(src: IpAddr, dst: IpAddr, protocol: u8, len_octets: u32) -> Sum {
    let mut s = Sum(0);
    for a in [src, dst] {
        match a {
            IpAddr::V4(a) => s.add_bytes(&a.octets()),
            IpAddr::V6(a) => s.add_bytes(&a.octets()),
        }
    }
    s.add_bytes(&len_octets.to_be_bytes());
    s.add_bytes(&[0, protocol]);
    s
}
