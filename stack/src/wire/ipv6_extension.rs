//! floor 1: the chain of IPv6 extension headers (RFC 8200 section 4, RFC 4302 section 2 for authentication).

use alloc::vec::Vec;

use super::ipv6_option::Options;
use super::{Auto, Layer, Stop};

/// Next header: hop-by-hop options.
pub const HOP_BY_HOP: u8 = 0;
/// Next header: routing.
pub const ROUTING: u8 = 43;
/// Next header: fragment.
pub const FRAGMENT: u8 = 44;
/// Next header: encapsulating security payload. What follows is opaque, so a chain ends there.
pub const ENCAPSULATING_SECURITY: u8 = 50;
/// Next header: authentication.
pub const AUTHENTICATION: u8 = 51;
/// Next header: nothing follows.
pub const NO_NEXT_HEADER: u8 = 59;
/// Next header: destination options.
pub const DESTINATION_OPTIONS: u8 = 60;

/// The order that senders should keep (RFC 8200 section 4.1).
const RECOMMENDED: [u8; 6] =
    [HOP_BY_HOP, DESTINATION_OPTIONS, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS];

/// Where the next header field of the IPv6 header lies.
pub(super) const FIRST_ANNOUNCED_AT: usize = 6;

/// Octets of the shortest extension header.
const MIN_OCTETS: usize = 8;
/// Octets of an authentication header without its check value.
const MIN_AUTHENTICATION_OCTETS: usize = 12;

/// Whether `protocol` is an extension header that a chain goes on behind.
pub const fn is_extension(protocol: u8) -> bool {
    matches!(protocol, HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION_OPTIONS)
}

/// The fields of a fragment header (RFC 8200 section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fragment {
    /// Where the piece belongs in the fragmentable part, in octets; a multiple of 8.
    pub offset_octets: u16,
    /// Whether there are pieces behind this one.
    pub more: bool,
    /// What tells the pieces of one packet from those of another.
    pub identification: u32,
    /// What the fragmentable part begins with.
    pub next_header: u8,
}

/// Fields of a fragment header that should be zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForcedFragment {
    /// The second octet.
    pub reserved: Auto<u8>,
    /// The two bits before the M flag.
    pub reserved_bits: Auto<u8>,
}

impl Fragment {
    /// Octets of the header.
    pub const HEADER_OCTETS: usize = 8;

    /// Whether the piece is the whole packet (RFC 6946).
    pub const fn is_whole(&self) -> bool {
        self.offset_octets == 0 && !self.more
    }

    const fn read(bytes: [u8; Self::HEADER_OCTETS]) -> Self {
        let [next_header, _, high, low, a, b, c, d] = bytes;
        let word = u16::from_be_bytes([high, low]);
        Self {
            //= RFC8200-4.5-m
            offset_octets: word & !7,
            more: word & 1 != 0,
            identification: u32::from_be_bytes([a, b, c, d]),
            next_header,
        }
    }

    /// Appends the header. The three low bits of the offset are dropped.
    pub fn emit(&self, out: &mut Vec<u8>) {
        self.emit_with(&ForcedFragment::default(), out);
    }

    /// Appends the header with the forced fields as they are.
    pub fn emit_with(&self, forced: &ForcedFragment, out: &mut Vec<u8>) {
        let reserved_bits = u16::from(forced.reserved_bits.or(|| 0) & 3);
        let word = self.offset_octets & !7 | reserved_bits << 1 | u16::from(self.more);
        out.extend_from_slice(&[self.next_header, forced.reserved.or(|| 0)]);
        out.extend_from_slice(&word.to_be_bytes());
        out.extend_from_slice(&self.identification.to_be_bytes());
    }
}

/// What is in an extension header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Options for every node on the way.
    HopByHop(Options<'a>),
    /// Nodes to visit.
    Routing {
        /// The routing type.
        kind: u8,
        /// Nodes that are still to be visited.
        segments_left: u8,
        /// What follows these two octets.
        data: &'a [u8],
    },
    /// A piece of a packet.
    Fragment {
        /// The fields that mean something.
        fragment: Fragment,
        /// The second octet, which should be zero.
        reserved: u8,
        /// The two bits before the M flag, which should be zero.
        reserved_bits: u8,
    },
    /// Proof of origin.
    Authentication {
        /// Octets 3 and 4, which should be zero.
        reserved: u16,
        /// Which security association.
        security_parameters: u32,
        /// Counts the packets of the association.
        sequence: u32,
        /// The integrity check value with its padding.
        check_value: &'a [u8],
    },
    /// Options for the destination.
    DestinationOptions(Options<'a>),
}

/// One extension header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Offset of the header from the start of the packet.
    pub at: usize,
    /// Offset of the next header octet that announced it.
    pub announced_at: usize,
    /// What follows it.
    pub next_header: u8,
    /// The whole header, as long as it says it is.
    pub bytes: &'a [u8],
    /// What is in it.
    pub body: Body<'a>,
}

impl Extension<'_> {
    /// The number that announced the header.
    pub const fn kind(&self) -> u8 {
        match self.body {
            Body::HopByHop(_) => HOP_BY_HOP,
            Body::Routing { .. } => ROUTING,
            Body::Fragment { .. } => FRAGMENT,
            Body::Authentication { .. } => AUTHENTICATION,
            Body::DestinationOptions(_) => DESTINATION_OPTIONS,
        }
    }

    /// Whether this is a hop-by-hop header anywhere but directly behind the IPv6 header.
    pub const fn is_misplaced(&self) -> bool {
        //= RFC8200-4-d
        matches!(self.body, Body::HopByHop(_)) && self.announced_at != FIRST_ANNOUNCED_AT
    }

    /// Whether the length is a multiple of 8 octets; only authentication headers can miss it.
    pub const fn is_aligned(&self) -> bool {
        self.bytes.len().is_multiple_of(8)
    }
}

/// What the chain ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upper<'a> {
    /// What the payload is: a transport, [`NO_NEXT_HEADER`], or anything unknown. Behind the header of a
    /// later fragment, what the first fragment goes on with.
    pub protocol: u8,
    /// Offset of the next header octet that says so: what a Parameter Problem points at.
    pub announced_at: usize,
    /// Offset of the payload from the start of the packet.
    pub offset: usize,
    /// What is left of the packet.
    pub payload: &'a [u8],
    /// The last fragment header on the way. Unless it [`is_whole`](Fragment::is_whole), the payload is a
    /// piece.
    pub fragment: Option<Fragment>,
}

/// The extension headers of a packet in their order. Every step takes at least 8 octets. Ends before what
/// is no extension header, behind the header of a later fragment, and behind a [`Stop`].
#[derive(Clone, Copy, Debug)]
pub struct Extensions<'a> {
    rest: &'a [u8],
    at: usize,
    next_header: u8,
    announced_at: usize,
    fragment: Option<Fragment>,
    stop: Option<Stop>,
}

impl<'a> Extensions<'a> {
    /// Reads the chain in `bytes`, which begin `at` octets after the start of the packet and were announced
    /// as `next_header` by the octet at `announced_at`.
    pub const fn new(bytes: &'a [u8], at: usize, next_header: u8, announced_at: usize) -> Self {
        Self { rest: bytes, at, next_header, announced_at, fragment: None, stop: None }
    }

    /// What the chain ends in.
    ///
    /// # Errors
    /// [`Stop`] when a header promises more than there is.
    pub fn upper(mut self) -> Result<Upper<'a>, Stop> {
        for item in self.by_ref() {
            item?;
        }
        match self.stop {
            Some(stop) => Err(stop),
            None => Ok(Upper {
                protocol: self.next_header,
                announced_at: self.announced_at,
                offset: self.at,
                payload: self.rest,
                fragment: self.fragment,
            }),
        }
    }

    /// The first header that breaks the order senders should keep: each at most once, destination options
    /// also a second time at the end. Headers after a [`Stop`] do not count.
    pub fn first_out_of_order(self) -> Option<Extension<'a>> {
        let mut order = RECOMMENDED.iter();
        //= RFC8200-4.1-b
        self.map_while(Result::ok).find(|extension| !order.any(|&kind| kind == extension.kind()))
    }

    /// Length of the header at hand in octets, once its first 8 octets are there.
    fn len_octets(&self, fixed: [u8; MIN_OCTETS]) -> Result<usize, Stop> {
        let length = usize::from(fixed[1]);
        match self.next_header {
            FRAGMENT => Ok(Fragment::HEADER_OCTETS),
            AUTHENTICATION => {
                let octets = 4 * (length + 2);
                if octets < MIN_AUTHENTICATION_OCTETS {
                    return Err(self.stop_here(MIN_AUTHENTICATION_OCTETS, octets, "minimum header"));
                }
                Ok(octets)
            }
            _ => Ok(8 * (length + 1)),
        }
    }

    /// Cuts the header at hand off.
    fn split(&self) -> Result<(Extension<'a>, &'a [u8]), Stop> {
        let have = self.rest.len();
        let Some(&fixed) = self.rest.first_chunk() else {
            return Err(self.stop_here(MIN_OCTETS, have, "minimum header"));
        };
        let need = self.len_octets(fixed)?;
        //= RFC8200-4.2-g
        let Some((bytes, rest)) = self.rest.split_at_checked(need) else {
            return Err(self.stop_here(need, have, "header extension length"));
        };
        let options = Options::new(&bytes[2..], self.at + 2);
        let body = match self.next_header {
            HOP_BY_HOP => Body::HopByHop(options),
            ROUTING => Body::Routing { kind: fixed[2], segments_left: fixed[3], data: &bytes[4..] },
            FRAGMENT => Body::Fragment {
                fragment: Fragment::read(fixed),
                reserved: fixed[1],
                reserved_bits: fixed[3] >> 1 & 3,
            },
            AUTHENTICATION => Body::Authentication {
                reserved: u16::from_be_bytes([fixed[2], fixed[3]]),
                security_parameters: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
                sequence: u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]),
                check_value: &bytes[MIN_AUTHENTICATION_OCTETS..],
            },
            _ => Body::DestinationOptions(options),
        };
        let (at, announced_at) = (self.at, self.announced_at);
        Ok((Extension { at, announced_at, next_header: fixed[0], bytes, body }, rest))
    }

    const fn stop_here(&self, need: usize, have: usize, said_by: &'static str) -> Stop {
        Stop { layer: Layer::Ipv6Extension, at: self.at, need, have, said_by }
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = Result<Extension<'a>, Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        let in_later_fragment = self.fragment.is_some_and(|fragment| fragment.offset_octets != 0);
        //= RFC8200-4.7-a
        if self.stop.is_some() || in_later_fragment || !is_extension(self.next_header) {
            return None;
        }
        //= RFC8200-4-a
        let (extension, rest) = match self.split() {
            Ok(found) => found,
            Err(stop) => {
                self.stop = Some(stop);
                return Some(Err(stop));
            }
        };
        if let Body::Fragment { fragment, .. } = extension.body {
            self.fragment = Some(fragment);
        }
        self.rest = rest;
        self.announced_at = self.at;
        self.at += extension.bytes.len();
        self.next_header = extension.next_header;
        Some(Ok(extension))
    }
}

/// An extension header to emit: hop-by-hop options, routing or destination options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a> {
    /// What follows the header.
    pub next_header: u8,
    /// What follows the length octet.
    pub body: &'a [u8],
}

impl Raw<'_> {
    /// Appends the header, filled with zeros, which are [`PAD_1`](super::ipv6_option::PAD_1) options, up to
    /// a multiple of 8 octets. A length that does not fit into its field is cut to the largest that does.
    pub fn emit(&self, out: &mut Vec<u8>) {
        self.emit_with(Auto::Computed, out);
    }

    /// Appends the header with a length field of `len`, in units of 8 octets behind the first 8.
    pub fn emit_with(&self, len: Auto<u8>, out: &mut Vec<u8>) {
        let octets = (2 + self.body.len()).next_multiple_of(8);
        let end = out.len() + octets;
        out.extend_from_slice(&[
            self.next_header,
            len.or(|| u8::try_from(octets / 8 - 1).unwrap_or(u8::MAX)),
        ]);
        out.extend_from_slice(self.body);
        out.resize(end, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    const TCP: u8 = 6;
    const KINDS: [u8; 8] = [
        HOP_BY_HOP,
        ROUTING,
        FRAGMENT,
        AUTHENTICATION,
        DESTINATION_OPTIONS,
        NO_NEXT_HEADER,
        ENCAPSULATING_SECURITY,
        TCP,
    ];

    fn chain(bytes: &[u8], first: u8) -> Extensions<'_> {
        Extensions::new(bytes, 40, first, FIRST_ANNOUNCED_AT)
    }

    /// Headers of the given kinds behind each other, empty but for their lengths, and `TCP` at the end.
    fn bytes_of(kinds: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for (i, &kind) in kinds.iter().enumerate() {
            let next_header = *kinds.get(i + 1).unwrap_or(&TCP);
            let len = if kind == AUTHENTICATION { Auto::Forced(2) } else { Auto::Computed };
            let body: &[u8] = if kind == AUTHENTICATION { &[0; 14] } else { &[0; 6] };
            Raw { next_header, body }.emit_with(len, &mut out);
        }
        out
    }

    fn out_of_order(kinds: &[u8]) -> Option<u8> {
        chain(&bytes_of(kinds), kinds[0]).first_out_of_order().map(|extension| extension.kind())
    }

    #[test]
    fn a_chain_is_walked_to_its_end() {
        let kinds = [HOP_BY_HOP, ROUTING, AUTHENTICATION, DESTINATION_OPTIONS];
        let mut bytes = bytes_of(&kinds);
        bytes.extend(b"text");
        let seen: Vec<_> =
            chain(&bytes, HOP_BY_HOP).flatten().map(|e| (e.kind(), e.at, e.announced_at)).collect();
        assert_eq!(seen, [(0, 40, 6), (43, 48, 40), (51, 56, 48), (60, 72, 56)]);
        let upper = chain(&bytes, HOP_BY_HOP).upper();
        let expected =
            Upper { protocol: TCP, announced_at: 72, offset: 80, payload: b"text", fragment: None };
        assert_eq!(upper, Ok(expected));
    }

    #[test]
    fn nothing_is_read_behind_a_later_fragment() {
        let piece = |offset_octets| {
            let mut bytes = Vec::new();
            Fragment { offset_octets, more: true, identification: 7, next_header: ROUTING }.emit(&mut bytes);
            bytes.extend([TCP, 0xff]);
            bytes
        };
        let upper = |bytes: &[u8]| chain(bytes, FRAGMENT).upper().map(|u| (u.protocol, u.payload.len()));
        assert_eq!(upper(&piece(8)), Ok((ROUTING, 2)));
        let stop = Stop { layer: Layer::Ipv6Extension, at: 48, need: 8, have: 2, said_by: "minimum header" };
        assert_eq!(upper(&piece(0)), Err(stop));
    }

    //? RFC8200-4-d
    //? RFC8200-4.1-b
    #[test]
    fn order_is_checked_apart_from_reading() {
        assert_eq!(out_of_order(&RECOMMENDED), None);
        assert_eq!(out_of_order(&[DESTINATION_OPTIONS, DESTINATION_OPTIONS]), None);
        assert_eq!(out_of_order(&[ROUTING, HOP_BY_HOP]), Some(HOP_BY_HOP));
        assert_eq!(out_of_order(&[FRAGMENT, FRAGMENT]), Some(FRAGMENT));
        let bytes = bytes_of(&[ROUTING, HOP_BY_HOP]);
        let misplaced: Vec<_> = chain(&bytes, ROUTING).flatten().map(|e| e.is_misplaced()).collect();
        assert_eq!(misplaced, [false, true]);
        assert!(!chain(&bytes_of(&[HOP_BY_HOP]), HOP_BY_HOP).flatten().any(|e| e.is_misplaced()));
    }

    #[test]
    fn an_authentication_header_has_its_own_unit() {
        let bytes = [TCP, 3, 0, 0, 0, 0, 0, 5, 0, 0, 0, 6, 9, 9, 9, 9, 9, 9, 9, 9, 1];
        let found = chain(&bytes, AUTHENTICATION).flatten().next().expect("a whole header");
        let body =
            Body::Authentication { reserved: 0, security_parameters: 5, sequence: 6, check_value: &[9; 8] };
        assert_eq!((found.body, found.is_aligned()), (body, false));
        let short = chain(&[TCP, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 6], AUTHENTICATION).upper();
        assert_eq!(short.map_err(|stop| (stop.at, stop.need, stop.have)), Err((40, 12, 8)));
    }

    /// Whether the options of a header, if it has any, end where the header does or earlier.
    fn options_fit(body: Body<'_>, end: usize) -> bool {
        match body {
            Body::HopByHop(mut options) | Body::DestinationOptions(mut options) => {
                options.all(|item| match item {
                    Ok(option) => option.at + option.data.len() < end,
                    Err(stop) => stop.at + stop.have <= end,
                })
            }
            Body::Routing { .. } | Body::Fragment { .. } | Body::Authentication { .. } => true,
        }
    }

    quickcheck! {
        //? RFC8200-4.2-g
        fn chains_stay_in_bounds(bytes: Vec<u8>, first: u8, shape: Vec<(u8, u8)>) -> bool {
            let mut bytes = bytes;
            // Make a chain of some length likely.
            for (place, (kind, length)) in bytes.chunks_mut(8).zip(shape) {
                place[0] = KINDS[usize::from(kind % 8)];
                if let Some(octet) = place.get_mut(1) {
                    *octet = length % 4;
                }
            }
            let first = KINDS[usize::from(first % 8)];
            let (mut at, end) = (40, 40 + bytes.len());
            let walked = chain(&bytes, first).all(|item| match item {
                Ok(extension) => {
                    let begins = extension.at == at && extension.bytes.len() >= MIN_OCTETS;
                    at += extension.bytes.len();
                    begins && options_fit(extension.body, at) && at <= end
                }
                Err(stop) => stop.at == at && stop.need > stop.have && stop.at + stop.have <= end,
            });
            let _ = chain(&bytes, first).first_out_of_order();
            walked && match chain(&bytes, first).upper() {
                Ok(upper) => upper.offset == at && upper.offset + upper.payload.len() == end,
                Err(stop) => stop.at == at,
            }
        }

        //? RFC8200-4.5-m
        fn fragment_headers_read_as_emitted(word: u16, series: (u32, u8), forced: (u8, u8)) -> bool {
            let (identification, next_header) = series;
            let fragment =
                Fragment { offset_octets: word & !7, more: word & 1 != 0, identification, next_header };
            let reserved_bits = forced.1 & 3;
            let reserved = Auto::Forced(forced.0);
            let mut out = Vec::new();
            fragment.emit_with(
                &ForcedFragment { reserved, reserved_bits: Auto::Forced(reserved_bits) },
                &mut out,
            );
            let body = Body::Fragment { fragment, reserved: forced.0, reserved_bits };
            chain(&out, FRAGMENT).flatten().map(|e| e.body).next() == Some(body)
        }

        fn raw_headers_read_as_emitted(next_header: u8, body: Vec<u8>) -> bool {
            let mut out = Vec::new();
            Raw { next_header, body: &body }.emit(&mut out);
            let read = chain(&out, DESTINATION_OPTIONS).flatten().next();
            read.is_some_and(|e| {
                e.next_header == next_header && e.bytes.len() == out.len() && e.bytes[2..].starts_with(&body)
            })
        }
    }
}
