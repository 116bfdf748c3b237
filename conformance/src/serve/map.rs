//! floor 8: a port mapping in front of the host (RFC 3022 section 4.1): two ports change places.
//!
//! What the outside calls by the one port the host calls by the other, and the other way round. So it takes
//! no state, nothing is ambiguous, and mapping twice is doing nothing. Checksums are updated, not computed
//! anew (RFC 1624): a wrong one stays wrong.
//!
//! An ICMP error quotes a packet of the other direction, and its ports are mapped, too (RFC 3022 section
//! 4.3).

use super::filter::Senseless;
use super::sight::{ICMP, ICMPV6, Part, Sight, TCP, UDP};
use stack::base::Port;
use stack::wire::checksum::updated;
use stack::wire::{icmpv4, icmpv6};
use std::fmt;
use std::str::FromStr;

/// Octets of an ICMP message before what it quotes.
const ICMP_HEADER_OCTETS: usize = 8;
/// Where the checksum of ICMP lies.
const ICMP_CHECKSUM_AT: usize = 2;

/// Whose port is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A packet to the host: its destination port.
    In,
    /// A packet of the host: its source port.
    Out,
}

impl Way {
    const fn back(self) -> Self {
        match self {
            Self::In => Self::Out,
            Self::Out => Self::In,
        }
    }

    /// Where the mapped port lies in a transport header.
    const fn port_at(self) -> usize {
        match self {
            Self::In => 2,
            Self::Out => 0,
        }
    }
}

/// Two ports of one transport that change places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The protocol number: TCP or UDP.
    protocol: u8,
    /// What the outside says.
    outside: Port,
    /// What the host says.
    inside: Port,
}

/// All mappings. The first that fits counts; without a [conflict](Map::conflict) only one does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    /// In their order.
    pub exchanges: Vec<Exchange>,
}

impl Exchange {
    /// Whether both say something about one port.
    fn meets(&self, other: &Self) -> bool {
        let shares = |port| port == other.outside || port == other.inside;
        self.protocol == other.protocol && (shares(self.outside) || shares(self.inside))
    }
}

impl Map {
    /// Two mappings of one transport that share a port, if there are such.
    pub fn conflict(&self) -> Option<(Exchange, Exchange)> {
        let pairs = self
            .exchanges
            .iter()
            .enumerate()
            .flat_map(|(at, one)| self.exchanges[at + 1..].iter().map(move |other| (*one, *other)));
        pairs.into_iter().find(|(one, other)| one.meets(other))
    }

    /// Maps the port of a packet on its way, in place. Later fragments have none, and a first fragment
    /// without its checksum stays as it is.
    pub fn apply(&self, way: Way, packet: &mut [u8]) {
        if self.exchanges.is_empty() {
            return;
        }
        let Some(sight) = Sight::read(packet) else { return };
        let (at, end, protocol) = (sight.at, sight.at + sight.payload.len(), sight.protocol);
        if matches!(sight.part, Part::Later { .. }) {
            return;
        }
        if sight.has_ports() {
            self.apply_to_transport(way, protocol, &mut packet[at..end], true);
        } else if is_error(protocol, sight.payload) {
            self.apply_to_error(way, &mut packet[at..end]);
        }
    }

    /// The other name of a port, if it has one.
    fn other(&self, protocol: u8, port: u16) -> Option<u16> {
        self.exchanges.iter().filter(|one| one.protocol == protocol).find_map(|one| {
            let (outside, inside) = (one.outside.number(), one.inside.number());
            match port {
                _ if port == outside => Some(inside),
                _ if port == inside => Some(outside),
                _ => None,
            }
        })
    }

    /// Maps the port in a transport header, and its checksum. What was changed, as old and new words.
    fn apply_to_transport(&self, way: Way, protocol: u8, header: &mut [u8], whole: bool) -> Vec<(u16, u16)> {
        let checksum_at = if protocol == TCP { 16 } else { 6 };
        let (Some(port), checksum) = (word(header, way.port_at()), word(header, checksum_at)) else {
            return Vec::new();
        };
        // In a quotation the checksum may be missing, in a packet not.
        let Some(new_port) = self.other(protocol, port).filter(|_| checksum.is_some() || !whole) else {
            return Vec::new();
        };
        let mut changed = vec![(port, new_port)];
        put(header, way.port_at(), new_port);
        // A datagram without a checksum stays without (RFC 768).
        if let Some(checksum) = checksum.filter(|checksum| protocol != UDP || *checksum != 0) {
            let new = updated(checksum, port, new_port);
            let new = if protocol == UDP && new == 0 { 0xffff } else { new };
            put(header, checksum_at, new);
            changed.push((checksum, new));
        }
        changed
    }

    /// Maps what an ICMP error quotes, a packet of the other direction, and the checksum of the error.
    fn apply_to_error(&self, way: Way, message: &mut [u8]) {
        let Some((head, quoted)) = message.split_at_mut_checked(ICMP_HEADER_OCTETS) else { return };
        let Some(sight) = Sight::read(quoted) else { return };
        if !sight.has_ports() || matches!(sight.part, Part::Later { .. }) {
            return;
        }
        let (at, end, protocol) = (sight.at, sight.at + sight.payload.len(), sight.protocol);
        let changed = self.apply_to_transport(way.back(), protocol, &mut quoted[at..end], false);
        let Some(checksum) = word(head, ICMP_CHECKSUM_AT) else { return };
        let new = changed.iter().fold(checksum, |sum, (old, new)| updated(sum, *old, *new));
        put(head, ICMP_CHECKSUM_AT, new);
    }
}

fn is_error(protocol: u8, message: &[u8]) -> bool {
    match (protocol, message.first()) {
        (ICMP, Some(kind)) => icmpv4::kind::is_error(*kind),
        (ICMPV6, Some(kind)) => icmpv6::is_error(*kind),
        _ => false,
    }
}

fn word(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..at + 2).map(|two| u16::from_be_bytes([two[0], two[1]]))
}

fn put(octets: &mut [u8], at: usize, word: u16) {
    octets[at..at + 2].copy_from_slice(&word.to_be_bytes());
}

/// `tcp:8080=80`: what the outside says, and what the host says.
impl FromStr for Exchange {
    type Err = Senseless;

    fn from_str(text: &str) -> Result<Self, Senseless> {
        let senseless = |what: &str| Senseless::new(format!("\"{text}\": {what}, as in tcp:8080=80"));
        let (protocol, ports) = text.split_once(':').ok_or_else(|| senseless("the protocol is missing"))?;
        let (outside, inside) =
            ports.split_once('=').ok_or_else(|| senseless("the second port is missing"))?;
        let protocol = match protocol {
            "tcp" => TCP,
            "udp" => UDP,
            _ => return Err(senseless("the protocol is neither tcp nor udp")),
        };
        let port = |word: &str| word.parse().ok().and_then(Port::new);
        let (Some(outside), Some(inside)) = (port(outside), port(inside)) else {
            return Err(senseless("a port is not a number from 1 to 65535"));
        };
        Ok(Self { protocol, outside, inside })
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = if self.protocol == TCP { "tcp" } else { "udp" };
        write!(f, "{protocol}:{}={}", self.outside, self.inside)
    }
}

#[cfg(test)]
mod tests;
