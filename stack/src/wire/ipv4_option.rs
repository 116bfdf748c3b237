//! floor 1: options of an IPv4 header (RFC 791 section 3.1, RFC 2113).

use super::{Layer, Stop};

/// Ends the list; octets behind it mean nothing.
pub const END_OF_LIST: u8 = 0;
/// Fills one octet.
pub const NO_OPERATION: u8 = 1;
/// Routers enter their addresses (RFC 791).
pub const RECORD_ROUTE: u8 = 7;
/// Hops enter times (RFC 791).
pub const TIMESTAMP: u8 = 68;
/// Security classification (RFC 791, RFC 1108).
pub const SECURITY: u8 = 130;
/// Loose source route (RFC 791).
pub const LOOSE_SOURCE_ROUTE: u8 = 131;
/// SATNET stream identifier (RFC 791; out of use, RFC 6814).
pub const STREAM_IDENTIFIER: u8 = 136;
/// Strict source route (RFC 791).
pub const STRICT_SOURCE_ROUTE: u8 = 137;
/// Routers look at the packet (RFC 2113).
pub const ROUTER_ALERT: u8 = 148;

/// One option, known or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4Option<'a> {
    /// Offset of the type octet from the start of the packet: what a Parameter Problem points at.
    pub at: usize,
    /// The type octet: copied flag, class and number.
    pub kind: u8,
    /// What follows the length octet; empty for the two options that have none.
    pub data: &'a [u8],
}

impl Ipv4Option<'_> {
    /// Whether the option goes into every fragment and not only into the first.
    pub const fn is_copied(&self) -> bool {
        //= RFC791-3.1-options-c
        self.kind & 0x80 != 0
    }

    /// Whether it is one of the two source routes.
    pub const fn is_source_route(&self) -> bool {
        matches!(self.kind, LOOSE_SOURCE_ROUTE | STRICT_SOURCE_ROUTE)
    }
}

/// The options of a header in their order. Ends behind an end-of-list option or a [`Stop`].
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Options<'a> {
    /// Reads the options in `bytes`, which begin `at` octets after the start of the packet.
    pub const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { rest: bytes, at }
    }

    fn stop(&mut self, need: usize, have: usize, said_by: &'static str) -> Stop {
        self.rest = &[];
        Stop { layer: Layer::Ipv4Option, at: self.at, need, have, said_by }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<Ipv4Option<'a>, Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        let (&kind, behind) = self.rest.split_first()?;
        let at = self.at;
        //= RFC1122-3.2.1.8-c
        let (data, rest) = match (kind, behind.first()) {
            //= RFC791-3.1-options-a
            (END_OF_LIST, _) => (&[][..], &[][..]),
            (NO_OPERATION, _) => (&[][..], behind),
            (_, None) => return Some(Err(self.stop(2, 1, "minimum option"))),
            (_, Some(&length)) => {
                let (need, have) = (usize::from(length), self.rest.len());
                if need < 2 {
                    // The option says that it is shorter than its own type and length.
                    return Some(Err(self.stop(2, need, "minimum option")));
                }
                let Some((option, rest)) = self.rest.split_at_checked(need) else {
                    return Some(Err(self.stop(need, have, "option length")));
                };
                (&option[2..], rest)
            }
        };
        self.at += self.rest.len() - rest.len();
        self.rest = rest;
        Some(Ok(Ipv4Option { at, kind, data }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use quickcheck::quickcheck;

    /// Where, which kind and how much data; or where, needed and there.
    type Seen = Result<(usize, u8, usize), (usize, usize, usize)>;

    fn kinds(bytes: &[u8]) -> Vec<Seen> {
        Options::new(bytes, 20)
            .map(|item| match item {
                Ok(option) => Ok((option.at, option.kind, option.data.len())),
                Err(stop) => Err((stop.at, stop.need, stop.have)),
            })
            .collect()
    }

    //? RFC791-3.1-options-a
    #[test]
    fn options_are_found_at_their_places() {
        let bytes = [NO_OPERATION, RECORD_ROUTE, 7, 4, 0, 0, 0, 0, END_OF_LIST, 9, 9, 9];
        // The route option ends behind its seven octets; the zero after it ends the list.
        assert_eq!(kinds(&bytes), [Ok((20, 1, 0)), Ok((21, 7, 5)), Ok((28, 0, 0))]);
    }

    //? RFC1122-3.2.1.8-c
    #[test]
    fn wild_lengths_end_the_list_where_they_are() {
        assert_eq!(kinds(&[1, 131]), [Ok((20, 1, 0)), Err((21, 2, 1))]);
        assert_eq!(kinds(&[131, 0, 1, 1]), [Err((20, 2, 0))]);
        assert_eq!(kinds(&[131, 1, 1, 1]), [Err((20, 2, 1))]);
        assert_eq!(kinds(&[131, 5, 1, 1]), [Err((20, 5, 4))]);
    }

    quickcheck! {
        fn every_octet_belongs_to_one_option(bytes: Vec<u8>) -> bool {
            let (mut at, end) = (20, 20 + bytes.len());
            Options::new(&bytes, 20).all(|item| match item {
                Ok(option) => {
                    let begins = option.at == at;
                    at += if option.kind <= NO_OPERATION { 1 } else { 2 + option.data.len() };
                    begins && at <= end
                }
                Err(stop) => stop.at == at && stop.need > stop.have && stop.at + stop.have <= end,
            })
        }
    }
}
