//! floor 1: options of neighbour discovery messages (RFC 4861 section 4.6).

use super::stop::{Layer, Stop};
use crate::base::Mac;
use alloc::vec::Vec;
use core::net::Ipv6Addr;

const SOURCE_LINK: u8 = 1;
const TARGET_LINK: u8 = 2;
const PREFIX: u8 = 3;
const REDIRECTED: u8 = 4;
const MTU: u8 = 5;

/// A prefix that a router announces (RFC 4861 section 4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    /// Valid bits of the prefix, as the field stands: may be above 128.
    pub bits: u8,
    /// L: addresses of the prefix are on this link.
    pub on_link: bool,
    /// A: hosts may make addresses from it.
    pub autonomous: bool,
    /// Valid lifetime in seconds, all ones for ever.
    pub valid_s: u32,
    /// Preferred lifetime in seconds, all ones for ever.
    pub preferred_s: u32,
    /// The prefix.
    pub prefix: Ipv6Addr,
}

/// An option of a neighbour discovery message (RFC 4861 section 4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NdpOption<'a> {
    /// Link-layer address of the sender.
    SourceLink(Mac),
    /// Link-layer address of the target.
    TargetLink(Mac),
    /// A prefix.
    Prefix(Prefix),
    /// The packet that made a router redirect, as much of it as there is, with padding.
    Redirected(&'a [u8]),
    /// Link MTU in octets.
    Mtu(u32),
    /// An option that is not known here, or a known one whose length is not its length.
    Other {
        /// The type octet.
        kind: u8,
        /// What follows the length octet.
        data: &'a [u8],
    },
}

impl<'a> NdpOption<'a> {
    fn from_data(kind: u8, data: &'a [u8]) -> Self {
        let known = match kind {
            SOURCE_LINK => <[u8; 6]>::try_from(data).ok().map(|mac| Self::SourceLink(Mac(mac))),
            TARGET_LINK => <[u8; 6]>::try_from(data).ok().map(|mac| Self::TargetLink(Mac(mac))),
            PREFIX => Prefix::from_data(data).map(Self::Prefix),
            REDIRECTED => data.get(6..).map(Self::Redirected),
            MTU if data.len() == 6 => data.last_chunk().map(|mtu| Self::Mtu(u32::from_be_bytes(*mtu))),
            _ => None,
        };
        known.unwrap_or(Self::Other { kind, data })
    }

    /// Appends the option, padded with zeros to a multiple of eight octets.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let kind = match self {
            Self::SourceLink(_) => SOURCE_LINK,
            Self::TargetLink(_) => TARGET_LINK,
            Self::Prefix(_) => PREFIX,
            Self::Redirected(_) => REDIRECTED,
            Self::Mtu(_) => MTU,
            Self::Other { kind, .. } => *kind,
        };
        out.extend_from_slice(&[kind, 0]);
        match self {
            Self::SourceLink(mac) | Self::TargetLink(mac) => out.extend_from_slice(&mac.0),
            Self::Prefix(prefix) => prefix.write(out),
            Self::Redirected(packet) => {
                out.extend_from_slice(&[0; 6]);
                out.extend_from_slice(packet);
            }
            Self::Mtu(mtu) => {
                out.extend_from_slice(&[0; 2]);
                out.extend_from_slice(&mtu.to_be_bytes());
            }
            Self::Other { data, .. } => out.extend_from_slice(data),
        }
        let octets = (out.len() - start).next_multiple_of(8);
        out.resize(start + octets, 0);
        if let Some(length) = out.get_mut(start + 1) {
            *length = u8::try_from(octets / 8).unwrap_or(u8::MAX);
        }
    }
}

impl Prefix {
    fn from_data(data: &[u8]) -> Option<Self> {
        let data: &[u8; 30] = data.try_into().ok()?;
        let word = |at: usize| u32::from_be_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]);
        Some(Self {
            bits: data[0],
            on_link: data[1] & 0x80 != 0,
            autonomous: data[1] & 0x40 != 0,
            valid_s: word(2),
            preferred_s: word(6),
            prefix: Ipv6Addr::from(*data.last_chunk::<16>()?),
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let flags = u8::from(self.on_link) << 7 | u8::from(self.autonomous) << 6;
        out.extend_from_slice(&[self.bits, flags]);
        out.extend_from_slice(&self.valid_s.to_be_bytes());
        out.extend_from_slice(&self.preferred_s.to_be_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.prefix.octets());
    }
}

/// Walks through the options of a message. Ends with one [`Stop`] at the first option whose length is
/// impossible.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    rest: &'a [u8],
    at: usize,
    stopped: bool,
}

impl<'a> Walk<'a> {
    /// Begins at the first option octet; offsets are counted from there.
    pub const fn new(options: &'a [u8]) -> Self {
        Self { rest: options, at: 0, stopped: false }
    }

    fn stop(&mut self, need: usize, have: usize, said_by: &'static str) -> Stop {
        self.stopped = true;
        Stop { layer: Layer::Ndp, at: self.at, need, have, said_by }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<NdpOption<'a>, Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stopped || self.rest.is_empty() {
            return None;
        }
        let [kind, length, ..] = *self.rest else {
            return Some(Err(self.stop(8, self.rest.len(), "minimum option")));
        };
        let octets = usize::from(length) * 8;
        if octets == 0 {
            return Some(Err(self.stop(8, 0, "minimum option length")));
        }
        let Some((option, rest)) = self.rest.split_at_checked(octets) else {
            return Some(Err(self.stop(octets, self.rest.len(), "option length")));
        };
        self.rest = rest;
        self.at += octets;
        Some(Ok(NdpOption::from_data(kind, option.get(2..).unwrap_or(&[]))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    quickcheck! {
        fn walking_loses_nothing_but_reserved_bits(bytes: Vec<u8>) -> bool {
            let mut octets = 0;
            for option in Walk::new(&bytes) {
                match option {
                    Ok(option) => {
                        let mut out = Vec::new();
                        option.emit(&mut out);
                        assert_eq!(Walk::new(&out).next(), Some(Ok(option)));
                        octets += out.len();
                    }
                    Err(stop) => {
                        assert!(stop.at == octets && stop.at < bytes.len() && stop.have < stop.need);
                        return true;
                    }
                }
            }
            octets == bytes.len()
        }

        fn a_prefix_is_read_as_it_was_written(
            bits: u8, flags: (bool, bool), times: (u32, u32), addr: u128
        ) -> bool {
            let prefix = NdpOption::Prefix(Prefix {
                bits,
                on_link: flags.0,
                autonomous: flags.1,
                valid_s: times.0,
                preferred_s: times.1,
                prefix: Ipv6Addr::from(addr),
            });
            let mut out = Vec::new();
            prefix.emit(&mut out);
            out.len() == 32 && Walk::new(&out).next() == Some(Ok(prefix))
        }
    }

    #[test]
    fn options_of_length_zero_and_beyond_the_end_stop_the_walk() {
        let mtu = [5, 1, 0, 0, 0, 0, 5, 220];
        for (tail, need, have, said_by) in [
            (&[1, 0, 0, 0, 0, 0, 0, 0][..], 8, 0, "minimum option length"),
            (&[1, 2, 0, 0, 0, 0, 0, 0][..], 16, 8, "option length"),
            (&[1][..], 8, 1, "minimum option"),
        ] {
            let bytes = [&mtu, tail].concat();
            let mut walk = Walk::new(&bytes);
            assert_eq!(walk.next(), Some(Ok(NdpOption::Mtu(1500))));
            assert_eq!(walk.next(), Some(Err(Stop { layer: Layer::Ndp, at: 8, need, have, said_by })));
            assert_eq!(walk.next(), None);
        }
    }
}
