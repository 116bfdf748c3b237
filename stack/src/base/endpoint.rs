//! floor 0: endpoints as people write them, read and printed without allocation (RFC 5952, RFC 4007 section
//! 11, RFC 3986 section 3.2).
//!
//! | written | means |
//! |---|---|
//! | `192.0.2.1:80` | an address and a port |
//! | `[2001:db8::1]:443` | the same of IPv6; without a port the brackets may be left out |
//! | `[fe80::1%eth0]:22`, `[fe80::1%2]:22` | with the zone of the address, by name or number |
//! | `192.0.2.1:https`, `*:*` | a port by the name of its service, any address and any port |
//! | `https://www.example/` | the port that the scheme stands for |
//!
//! What a name means, of a service, a zone or a machine, is for others to look up: see [`Written::resolve`].

mod mistake;
mod read;
mod scheme;
#[cfg(test)]
mod tests;

pub use mistake::{Misread, Mistake};
pub use read::is_service_name;
pub use scheme::{SCHEMES, port_of_scheme};

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// An endpoint as it is written. It borrows the names in it from the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Written<'a> {
    /// Whose.
    pub addr: Address<'a>,
    /// Which port; `None` where the text has none.
    pub port: Option<PortWord<'a>>,
}

/// The part before the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Address<'a> {
    /// `*`: any address.
    Any,
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, perhaps with its zone.
    V6(Ipv6Addr, Option<Zone<'a>>),
    /// The name of a machine.
    Name(&'a str),
}

/// The zone of an address that means something on one link only (RFC 4007 section 11.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Zone<'a> {
    /// The number of an interface; 0 is the default zone.
    Number(u32),
    /// The name of an interface.
    Name(&'a str),
}

/// The part behind the colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PortWord<'a> {
    /// `*`: any port.
    Any,
    /// A number. 0 can be written; no socket has it.
    Number(u16),
    /// The name of a service (RFC 6335 section 5.1).
    Name(&'a str),
}

impl<'a> Written<'a> {
    /// Reads an endpoint, or the one that a URL names.
    ///
    /// # Errors
    /// What is wrong, in which column, and how to mend it.
    pub fn read(text: &'a str) -> Result<Self, Misread> {
        read::written(text)
    }

    /// The endpoint of `name`.
    pub const fn of(name: SocketAddr) -> Self {
        let addr = match name {
            SocketAddr::V4(v4) => Address::V4(*v4.ip()),
            SocketAddr::V6(v6) => {
                let zone = match v6.scope_id() {
                    0 => None,
                    number => Some(Zone::Number(number)),
                };
                Address::V6(*v6.ip(), zone)
            }
        };
        Self { addr, port: Some(PortWord::Number(name.port())) }
    }

    /// The name for a socket call. `service` knows the ports of services, `zone` the numbers of interfaces.
    /// Any address is the IPv4 wildcard, any port is 0, and so is a port that is not written. `None` for the
    /// name of a machine and for names that nobody knows.
    pub fn resolve(
        self,
        service: impl FnOnce(&str) -> Option<u16>,
        zone: impl FnOnce(&str) -> Option<u32>,
    ) -> Option<SocketAddr> {
        let port = match self.port {
            None | Some(PortWord::Any) => 0,
            Some(PortWord::Number(number)) => number,
            Some(PortWord::Name(name)) => service(name)?,
        };
        let (addr, scope): (IpAddr, u32) = match self.addr {
            Address::Any => (Ipv4Addr::UNSPECIFIED.into(), 0),
            Address::V4(addr) => (addr.into(), 0),
            Address::V6(addr, None) => (addr.into(), 0),
            Address::V6(addr, Some(Zone::Number(number))) => (addr.into(), number),
            Address::V6(addr, Some(Zone::Name(name))) => (addr.into(), zone(name)?),
            Address::Name(_) => return None,
        };
        Some(match addr {
            IpAddr::V4(_) => SocketAddr::new(addr, port),
            IpAddr::V6(addr) => SocketAddrV6::new(addr, port, 0, scope).into(),
        })
    }
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.addr, self.port) {
            (addr, None) => write!(f, "{addr}"),
            //= RFC5952-6-a
            (addr @ Address::V6(..), Some(port)) => write!(f, "[{addr}]:{port}"),
            (addr, Some(port)) => write!(f, "{addr}:{port}"),
        }
    }
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::V4(addr) => v4(*addr, f),
            Self::V6(addr, None) => v6(*addr, f),
            Self::V6(addr, Some(zone)) => {
                v6(*addr, f)?;
                write!(f, "%{zone}")
            }
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Zone<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for PortWord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

fn v4(addr: Ipv4Addr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let [a, b, c, d] = addr.octets();
    write!(f, "{a}.{b}.{c}.{d}")
}

/// Prefixes whose last 32 bits are an IPv4 address for everybody: mapped addresses (RFC 4291 section 2.5.5.2)
/// and those that translators know (RFC 6052 section 2.1).
const EMBEDDING: [([u16; 6], &str); 2] =
    [([0, 0, 0, 0, 0, 0xffff], "::ffff:"), ([0x64, 0xff9b, 0, 0, 0, 0], "64:ff9b::")];

/// The one canonical form of an IPv6 address.
fn v6(addr: Ipv6Addr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let groups = addr.segments();
    //= RFC5952-5-a
    if let Some((_, prefix)) = EMBEDDING.iter().find(|(prefix, _)| groups.starts_with(prefix)) {
        f.write_str(prefix)?;
        let [.., a, b, c, d] = addr.octets();
        return v4(Ipv4Addr::new(a, b, c, d), f);
    }
    let Some((start, length)) = longest_zeros(&groups) else { return joined(&groups, f) };
    let (before, after) = groups.split_at(start);
    joined(before, f)?;
    //= RFC5952-4.2.1-a
    f.write_str("::")?;
    joined(&after[length..], f)
}

/// Where the longest run of zero groups begins and how long it is; the first of equals. One group is no run.
fn longest_zeros(groups: &[u16; 8]) -> Option<(usize, usize)> {
    let mut longest: Option<(usize, usize)> = None;
    let mut start = 0;
    while start < groups.len() {
        let length = groups[start..].iter().take_while(|group| **group == 0).count();
        //= RFC5952-4.2.2-a
        let is_run = length >= 2;
        //= RFC5952-4.2.3-a
        if is_run && longest.is_none_or(|(_, before)| length > before) {
            longest = Some((start, length));
        }
        start += length.max(1);
    }
    longest
}

fn joined(groups: &[u16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, group) in groups.iter().enumerate() {
        if at > 0 {
            f.write_str(":")?;
        }
        //= RFC5952-4.1-a
        //= RFC5952-4.3-a
        write!(f, "{group:x}")?;
    }
    Ok(())
}
