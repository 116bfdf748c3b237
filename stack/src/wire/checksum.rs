//! floor 1: the Internet checksum (RFC 1071), its incremental update (RFC 1624), and the pseudo-headers of
//! the transports (RFC 9293 section 3.1, RFC 8200 section 8.1).

use core::net::IpAddr;

/// A one's complement sum in the making.
///
/// Octets are added as they lie on the wire, in pieces of any length: a piece that begins at an odd place
/// is swapped before it is added.
///
/// ```
/// use stack::wire::checksum::{Sum, of};
/// let whole = of(&[1, 2, 3, 4, 5]);
/// assert_eq!(Sum::new().add_bytes(&[1, 2, 3]).add_bytes(&[4, 5]).finish(), whole);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    /// Sum of words whose carries have not been brought round yet. Each piece adds less than 2^32, so 2^32
    /// pieces fit.
    total: u64,
    /// Whether an odd number of octets has been added.
    odd: bool,
}

impl Sum {
    /// The sum of nothing.
    pub const fn new() -> Self {
        Self { total: 0, odd: false }
    }

    /// Adds octets. An odd number of them leaves the next piece at an odd place; at the end a zero octet is
    /// thought behind.
    #[must_use]
    pub fn add_bytes(self, bytes: &[u8]) -> Self {
        let (blocks, rest) = bytes.as_chunks::<64>();
        let (words, rest) = rest.as_chunks::<4>();
        let (singles, rest) = rest.as_chunks::<2>();
        // In the order of this machine: the octets of the sum are swapped instead of those of every word.
        //= RFC1071-2(A)-a
        //= RFC1071-2(B)-a
        let whole: u64 = words.iter().map(|word| u64::from(u32::from_ne_bytes(*word))).sum();
        let single = singles.first().map_or(0, |single| u16::from_ne_bytes(*single));
        //= RFC1071-1-a
        let last = rest.first().map_or(0, |octet| u16::from_ne_bytes([*octet, 0]));
        let total = sum_of_blocks(blocks) + whole + u64::from(single) + u64::from(last);
        let sum = self.add_piece(u16::from_be(fold(total)).into());
        Self { odd: self.odd ^ (bytes.len() % 2 == 1), ..sum }
    }

    /// Adds one 16-bit word.
    #[must_use]
    pub fn add_u16(self, word: u16) -> Self {
        self.add_piece(word.into())
    }

    /// Adds one 32-bit word.
    #[must_use]
    #[inline]
    pub fn add_u32(self, word: u32) -> Self {
        self.add_piece(word)
    }

    /// The checksum: the complement of the sum. 0 means that bytes which contain their own checksum are
    /// right.
    #[must_use]
    pub fn finish(self) -> u16 {
        !fold(self.total)
    }

    /// Adds one or two 16-bit words: which of them a word stands for makes no difference to the sum.
    fn add_piece(self, piece: u32) -> Self {
        let swapped = (piece & 0x00ff_00ff) << 8 | piece >> 8 & 0x00ff_00ff;
        //= RFC1071-2(C)-a
        let piece = if self.odd { swapped } else { piece };
        Self { total: self.total + u64::from(piece), ..self }
    }
}

/// The sum of the 32-bit words of `blocks`. Eight sums that do not wait for each other's carries: a machine
/// that adds several words at once is free to.
fn sum_of_blocks(blocks: &[[u8; 64]]) -> u64 {
    let mut sums = [0; 8];
    for block in blocks {
        for (sum, pair) in sums.iter_mut().zip(block.as_chunks::<8>().0) {
            let pair = u64::from_ne_bytes(*pair);
            //= RFC1071-2(C)-a
            *sum += (pair & 0xffff_ffff) + (pair >> 32);
        }
    }
    sums.iter().sum()
}

/// Brings the carries round until 16 bits are left. Only a sum of zeros gives 0.
const fn fold(mut total: u64) -> u16 {
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}

/// The checksum of `bytes`.
pub fn of(bytes: &[u8]) -> u16 {
    Sum::new().add_bytes(bytes).finish()
}

/// The checksum of a header that has exactly this length, as those of IPv4 have without options.
pub(super) fn of_header(header: &[u8; 20]) -> u16 {
    let words = header.as_chunks::<4>().0.iter().map(|word| u64::from(u32::from_be_bytes(*word)));
    !fold(words.sum())
}

/// Whether `bytes`, which contain their own checksum, sum up to all ones.
pub fn holds(bytes: &[u8]) -> bool {
    //= RFC1624-5-a
    of(bytes) == 0
}

/// The sum of a pseudo-header, to which the transport header and its data are added.
/// `len_octets` is the length of both together.
pub fn pseudo(src: IpAddr, dst: IpAddr, protocol: u8, len_octets: u32) -> Sum {
    //= RFC8200-8.1-a
    let sum = Sum::new().add_u32(len_octets).add_u16(u16::from(protocol));
    add_address(add_address(sum, src), dst)
}

fn add_address(sum: Sum, addr: IpAddr) -> Sum {
    match addr {
        IpAddr::V4(addr) => sum.add_u32(addr.into()),
        IpAddr::V6(addr) => sum.add_bytes(&addr.octets()),
    }
}

/// The checksum after one 16-bit word under it changed from `old_word` to `new_word` (RFC 1624 equation 3).
///
/// The same as computing it anew, unless every word under it is zero now.
pub fn updated(old_checksum: u16, old_word: u16, new_word: u16) -> u16 {
    //= RFC1624-3-a
    Sum::new().add_u16(!old_checksum).add_u16(!old_word).add_u16(new_word).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use core::net::{Ipv4Addr, Ipv6Addr};
    use quickcheck::{TestResult, quickcheck};

    /// RFC 1071 section 4.1, word for word.
    fn plain(bytes: &[u8]) -> u16 {
        let mut sum: u32 = 0;
        for pair in bytes.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }

    //? RFC1071-1-a
    #[test]
    fn example_of_the_standard() {
        // RFC 1071 section 3.
        assert_eq!(of(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(of(&[]), 0xffff);
    }

    //? RFC1624-3-a
    #[test]
    fn update_gives_positive_zero() {
        // RFC 1624 section 4.
        assert_eq!(updated(0xdd2f, 0x5555, 0x3285), 0x0000);
    }

    //? RFC8200-8.1-a
    #[test]
    fn pseudo_headers_are_those_of_the_standards() {
        let (src, dst) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(198, 51, 100, 2));
        assert_eq!(
            pseudo(src.into(), dst.into(), 6, 20).finish(),
            of(&[192, 0, 2, 1, 198, 51, 100, 2, 0, 6, 0, 20])
        );
        let (src, dst) = (Ipv6Addr::LOCALHOST, Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7));
        let mut bytes: Vec<u8> = src.octets().into();
        bytes.extend(dst.octets());
        bytes.extend([0, 1, 0, 2, 0, 0, 0, 58]);
        assert_eq!(pseudo(src.into(), dst.into(), 58, 0x1_0002).finish(), of(&bytes));
    }

    quickcheck! {
        //? RFC1071-1-a
        fn agrees_with_the_plain_sum(bytes: Vec<u8>) -> bool {
            of(&bytes) == plain(&bytes)
        }

        fn a_header_is_summed_like_all_else(octets: Vec<u8>) -> TestResult {
            let Some(header) = octets.first_chunk() else { return TestResult::discard() };
            TestResult::from_bool(of_header(header) == of(header))
        }

        fn order_of_words_does_not_matter(words: Vec<u16>) -> bool {
            let forth = words.iter().fold(Sum::new(), |sum, &word| sum.add_u16(word));
            let back: Vec<u8> = words.iter().rev().flat_map(|word| word.to_be_bytes()).collect();
            forth.finish() == of(&back)
        }

        //? RFC1071-2(A)-a
        fn splitting_does_not_matter(bytes: Vec<u8>, a: usize, b: usize) -> bool {
            let (head, tail) = bytes.split_at(a % (bytes.len() + 1));
            let (middle, tail) = tail.split_at(b % (tail.len() + 1));
            Sum::new().add_bytes(head).add_bytes(middle).add_bytes(tail).finish() == of(&bytes)
        }

        //? RFC1071-2(B)-a
        fn swapped_octets_give_the_swapped_sum(words: Vec<u16>) -> bool {
            //= RFC1071-2(B)-a
            let swapped = words.iter().fold(Sum::new(), |sum, &word| sum.add_u16(word.swap_bytes()));
            swapped.finish().swap_bytes() == words.iter().fold(Sum::new(), |s, &w| s.add_u16(w)).finish()
        }

        fn bytes_with_their_checksum_hold(words: Vec<u16>) -> bool {
            let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            bytes.extend(of(&bytes).to_be_bytes());
            holds(&bytes)
        }

        //? RFC1624-3-a
        fn update_equals_recomputation(words: Vec<u16>, at: usize, new: u16) -> TestResult {
            if words.is_empty() {
                return TestResult::discard();
            }
            let at = at % words.len();
            let sum = |words: &[u16]| words.iter().fold(Sum::new(), |sum, &word| sum.add_u16(word)).finish();
            let mut changed = words.clone();
            changed[at] = new;
            if changed.iter().all(|&word| word == 0) {
                return TestResult::discard();
            }
            TestResult::from_bool(updated(sum(&words), words[at], new) == sum(&changed))
        }
    }
}
