//! floor 4: which service has which port: the registry of IANA, whole (RFC 6335).
//!
//! The tables are text, one row a line, sorted; they are searched as they are, in O(log n) and without
//! allocation. `ci/record --services` makes them and says what they are taken from. A row is
//!
//! ```text
//! 443 https tus        port or range, name, transports: t TCP, u UDP, s SCTP, d DCCP, * none is stated
//! 0 =reserved tu       not to be used
//! 24 =private tu       whatever the users of a network agree on
//! ```
//!
//! Names that have no port are not in it: those of service discovery.

#[cfg(test)]
mod tests;

use core::cmp::Ordering;
use core::fmt;

//= RFC6335-6.1-a
const BY_PORT: Table = Table(include_str!("services/by_port.txt"));
const BY_NAME: Table = Table(include_str!("services/by_name.txt"));

/// A transport that has ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
    /// DCCP.
    Dccp,
}

impl Transport {
    /// Every transport, in the order in which they are shown.
    pub const ALL: &[Self] = &[Self::Tcp, Self::Udp, Self::Sctp, Self::Dccp];

    /// The name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
            Self::Dccp => "dccp",
        }
    }

    /// The transport of this name, in upper or lower case.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|transport| transport.name().eq_ignore_ascii_case(name))
    }

    const fn letter(self) -> char {
        match self {
            Self::Tcp => 't',
            Self::Udp => 'u',
            Self::Sctp => 's',
            Self::Dccp => 'd',
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a port is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The service of this name.
    Service(&'static str),
    /// Nothing: IANA keeps it.
    Reserved,
    /// Whatever the users of a network agree on.
    Private,
}

/// One row of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// The port, or the first of a range.
    pub first: u16,
    /// The same port, or the last of the range.
    pub last: u16,
    /// What for.
    pub purpose: Purpose,
    /// Letters of the transports.
    transports: &'static str,
}

impl Row {
    /// Whether the row is about this transport. One that states none is about each.
    pub fn is_of(&self, transport: Transport) -> bool {
        self.transports.contains([transport.letter(), '*'])
    }

    /// The transports that the row states; none if it does not say.
    pub fn transports(&self) -> impl Iterator<Item = Transport> {
        let letters = self.transports;
        Transport::ALL.iter().copied().filter(move |transport| letters.contains(transport.letter()))
    }

    fn of_words(ports: &'static str, purpose: &'static str, transports: &'static str) -> Option<Self> {
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let purpose = match purpose {
            "=reserved" => Purpose::Reserved,
            "=private" => Purpose::Private,
            name => Purpose::Service(name),
        };
        Some(Self { first: first.parse().ok()?, last: last.parse().ok()?, purpose, transports })
    }

    fn of_port_line(line: &'static str) -> Option<Self> {
        let [ports, purpose, transports] = words(line)?;
        Self::of_words(ports, purpose, transports)
    }

    fn of_name_line(line: &'static str) -> Option<Self> {
        let [name, ports, transports] = words(line)?;
        Self::of_words(ports, name, transports)
    }
}

fn words(line: &str) -> Option<[&str; 3]> {
    let mut words = line.split(' ');
    Some([words.next()?, words.next()?, words.next()?])
}

/// A sorted text.
#[derive(Clone, Copy)]
struct Table(&'static str);

impl Table {
    /// The part from the first line on that `is_before` does not hold for. It holds for the lines up to some
    /// place and for none behind it.
    fn rest_from(self, is_before: impl Fn(&'static str) -> bool) -> Self {
        let text = self.0;
        let (mut low, mut high) = (0, text.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let start = text[low..middle].rfind('\n').map_or(low, |found| low + found + 1);
            let end = text[start..].find('\n').map_or(text.len(), |found| start + found);
            if is_before(&text[start..end]) {
                low = (end + 1).min(high);
            } else {
                high = start;
            }
        }
        Self(&text[low..])
    }

    /// The last line before `rest`, which is a part of the table.
    fn line_before(self, rest: Self) -> Option<&'static str> {
        let before = &self.0[..self.0.len() - rest.0.len()];
        before.lines().next_back()
    }
}

/// The first port of a line of the table by port.
fn first_port(line: &str) -> u32 {
    let digits = line.split([' ', '-']).next().unwrap_or_default();
    digits.parse().unwrap_or_default()
}

/// What the registry says of a port: the name that is used first, and others behind it. Nothing means
/// unassigned.
pub fn of_port(number: u16) -> impl Iterator<Item = Row> {
    let number = u32::from(number);
    let behind = BY_PORT.rest_from(|line| first_port(line) <= number);
    // No row begins inside of a range: what holds the port is the last that begins before it.
    let first = BY_PORT.line_before(behind).map_or(0, first_port);
    let rows = BY_PORT.rest_from(|line| first_port(line) < first).0.lines().map_while(Row::of_port_line);
    rows.take_while(move |row| u32::from(row.first) == first).filter(move |row| u32::from(row.last) >= number)
}

/// What the registry says of the ports from `first` to `last`: every row that touches them, in order of port.
pub fn of_ports(first: u16, last: u16) -> impl Iterator<Item = Row> {
    let inside = BY_PORT.rest_from(|line| first_port(line) <= u32::from(first));
    let inside = inside.0.lines().map_while(Row::of_port_line).take_while(move |row| row.first <= last);
    of_port(first).chain(inside)
}

/// The rows of a service, in order of port. Upper and lower case are the same.
pub fn of_name(name: &str) -> impl Iterator<Item = Row> {
    let rows = BY_NAME.rest_from(|line| by_case(first_word(line), name) == Ordering::Less);
    rows.0
        .lines()
        .take_while(move |line| first_word(line).eq_ignore_ascii_case(name))
        .map_while(Row::of_name_line)
}

/// The names of services that begin so, in upper or lower case, in order.
pub fn beginning(start: &str) -> impl Iterator<Item = Row> {
    let rows = BY_NAME.rest_from(|line| by_case(first_word(line), start) == Ordering::Less);
    let begins = move |line: &&str| {
        line.get(..start.len()).is_some_and(|begin| !start.contains(' ') && begin.eq_ignore_ascii_case(start))
    };
    rows.0.lines().take_while(begins).map_while(Row::of_name_line)
}

fn first_word(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

/// The order of the table by name: as if all were lower case.
fn by_case(one: &str, other: &str) -> Ordering {
    //= RFC6335-5.1-d
    let lower = |octet: u8| octet.to_ascii_lowercase();
    one.bytes().map(lower).cmp(other.bytes().map(lower))
}

/// The port of a service on one transport: the first, if it has several.
pub fn port(name: &str, transport: Transport) -> Option<u16> {
    of_name(name).find(|row| row.is_of(transport)).map(|row| row.first)
}

/// The name of the service that a port is assigned to on one transport: the one used first, if there are
/// several.
pub fn name(number: u16, transport: Transport) -> Option<&'static str> {
    of_port(number).filter(|row| row.is_of(transport)).find_map(|row| match row.purpose {
        Purpose::Service(name) => Some(name),
        Purpose::Reserved | Purpose::Private => None,
    })
}

/// Every row, in order of port.
pub fn all() -> impl Iterator<Item = Row> {
    BY_PORT.0.lines().map_while(Row::of_port_line)
}

/// The day of the registry that the tables are taken from, as `2026-09-17`.
pub fn date() -> &'static str {
    include_str!("services/date.txt").trim_ascii_end()
}

/// Service and transport of an owner name of SRV records, such as `_https._tcp`.
pub fn of_srv(owner: &str) -> Option<(&str, Transport)> {
    let (service, transport) = owner.split_once('.')?;
    //= RFC6335-5.2-a
    Some((service.strip_prefix('_')?, Transport::of_name(transport.strip_prefix('_')?)?))
}
