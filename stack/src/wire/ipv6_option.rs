//! floor 1: options of the hop-by-hop and destination options headers (RFC 8200 section 4.2).

use super::{Layer, Stop};

/// Fills one octet; the only option without a length.
pub const PAD_1: u8 = 0x00;
/// Fills two octets or more.
pub const PAD_N: u8 = 0x01;
/// Limit on further encapsulation (RFC 2473).
pub const TUNNEL_LIMIT: u8 = 0x04;
/// Routers look at the packet (RFC 2711).
pub const ROUTER_ALERT: u8 = 0x05;
/// The length of a packet above 65535 octets (RFC 2675).
pub const JUMBO_PAYLOAD: u8 = 0xc2;
/// The address of a node that is away from home (RFC 6275).
pub const HOME_ADDRESS: u8 = 0xc9;

/// What becomes of a packet with an option that the node does not know: the two high bits of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unknown {
    /// Go on behind the option.
    Skip,
    /// Discard the packet.
    Discard,
    /// Discard the packet and report it, whatever its destination.
    Report,
    /// Discard the packet and report it unless its destination is a group.
    ReportUnlessMulticast,
}

/// One option, known or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv6Option<'a> {
    /// Offset of the type octet from the start of the packet: what a Parameter Problem points at.
    pub at: usize,
    /// The type octet, all eight bits.
    pub kind: u8,
    /// What follows the length octet; empty for [`PAD_1`].
    pub data: &'a [u8],
}

impl Ipv6Option<'_> {
    /// Whether the option only fills.
    pub const fn is_padding(&self) -> bool {
        //= RFC8200-4.2-f
        matches!(self.kind, PAD_1 | PAD_N)
    }

    /// What to do with the packet if the option is not known.
    pub const fn unknown(&self) -> Unknown {
        match self.kind >> 6 {
            //= RFC8200-4.2-a
            0 => Unknown::Skip,
            //= RFC8200-4.2-b
            1 => Unknown::Discard,
            //= RFC8200-4.2-c
            2 => Unknown::Report,
            //= RFC8200-4.2-d
            _ => Unknown::ReportUnlessMulticast,
        }
    }

    /// Whether routers may change the data on the way.
    pub const fn may_change(&self) -> bool {
        self.kind & 0x20 != 0
    }
}

/// The options of a header in their order. Ends with the header or behind a [`Stop`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Options<'a> {
    /// Reads the options in `bytes`, which begin `at` octets after the start of the packet.
    pub const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { rest: bytes, at }
    }

    /// The octets that have not been read yet.
    pub const fn bytes(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<Ipv6Option<'a>, Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        let (at, have) = (self.at, self.rest.len());
        let need = match *self.rest {
            [] => return None,
            [PAD_1, ..] => 1,
            [_] => 2,
            [_, length, ..] => 2 + usize::from(length),
        };
        //= RFC8200-4.2-g
        let Some((option, rest)) = self.rest.split_at_checked(need) else {
            self.rest = &[];
            let said_by = if have < 2 { "minimum option" } else { "option length" };
            return Some(Err(Stop { layer: Layer::Ipv6Option, at, need, have, said_by }));
        };
        self.rest = rest;
        self.at += need;
        //= RFC8200-4.2-e
        let kind = option[0];
        Some(Ok(Ipv6Option { at, kind, data: option.get(2..).unwrap_or(&[]) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use quickcheck::quickcheck;

    //? RFC8200-4.2-f
    //? RFC8200-4.2-g
    #[test]
    fn options_are_found_at_their_places() {
        let bytes = [PAD_1, ROUTER_ALERT, 2, 0, 0, PAD_N, 0, 0xc2, 4, 1];
        let seen: Vec<_> = Options::new(&bytes, 42).collect();
        assert_eq!(seen[0], Ok(Ipv6Option { at: 42, kind: PAD_1, data: &[] }));
        assert_eq!(seen[1], Ok(Ipv6Option { at: 43, kind: ROUTER_ALERT, data: &[0, 0] }));
        assert_eq!(seen[2], Ok(Ipv6Option { at: 47, kind: PAD_N, data: &[] }));
        let stop = Stop { layer: Layer::Ipv6Option, at: 49, need: 6, have: 3, said_by: "option length" };
        assert_eq!(seen[3..], [Err(stop)]);
    }

    //? RFC8200-4.2-a
    //? RFC8200-4.2-b
    //? RFC8200-4.2-c
    //? RFC8200-4.2-d
    #[test]
    fn high_bits_tell_what_to_do() {
        let of = |kind| Ipv6Option { at: 0, kind, data: &[] }.unknown();
        assert_eq!(of(0x1e), Unknown::Skip);
        assert_eq!(of(0x5e), Unknown::Discard);
        assert_eq!(of(0x9e), Unknown::Report);
        assert_eq!(of(0xde), Unknown::ReportUnlessMulticast);
        assert!(Ipv6Option { at: 0, kind: 0x3e, data: &[] }.may_change());
    }

    quickcheck! {
        fn every_octet_belongs_to_one_option(bytes: Vec<u8>) -> bool {
            let mut at = 42;
            let all_fit = Options::new(&bytes, 42).all(|item| match item {
                Ok(option) => {
                    let begins = option.at == at;
                    at += if option.kind == PAD_1 { 1 } else { 2 + option.data.len() };
                    begins
                }
                Err(stop) => {
                    let located = stop.at == at && stop.need > stop.have;
                    at += stop.have;
                    located
                }
            });
            all_fit && at == 42 + bytes.len()
        }
    }
}
