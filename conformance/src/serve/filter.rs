//! floor 8: a packet filter: a list of rules, of which the first that fits decides. It keeps no state.
//!
//! A later fragment has no ports. It passes every rule that asks for one, since without the first fragment it
//! is worth nothing. For the same reason a piece that hides ports or flags from such a rule is denied: a
//! first one that is too short, and a second one that would overwrite them (RFC 1858 sections 3 and 4).

use super::sight::{ICMP, ICMPV6, Part, Sight, TCP, UDP};
use stack::base::{Cidr, Port, PortRange};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Octets of a TCP header up to its flags, and the two that follow.
const FLAGS_END_OCTETS: usize = 16;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It reaches the host.
    Allow,
    /// It is gone, and nobody is told.
    Deny,
    /// It is gone, and its sender is told: by a reset if it is a segment, else as with [`Self::Prohibit`].
    Reject,
    /// It is gone, and ICMP tells its sender that a filter was in the way.
    Prohibit,
}

/// Which packets a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// All.
    Any,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP, of both versions.
    Icmp,
}

/// One rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What becomes of a packet that fits.
    pub action: Action,
    /// Its protocol.
    pub protocol: Protocol,
    /// Its destination port.
    pub ports: Option<PortRange>,
    /// Where it comes from.
    pub from: Option<Cidr>,
    /// Where it goes to.
    pub to: Option<Cidr>,
}

/// The rules in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The first one that fits decides. If none does the packet is allowed.
    pub rules: Vec<Rule>,
}

impl Filter {
    /// What becomes of `packet`. What is no packet of IP is the host's business.
    pub fn decide(&self, packet: &[u8]) -> Action {
        let Some(sight) = Sight::read(packet) else { return Action::Allow };
        for rule in &self.rules {
            match rule.fits(&sight) {
                Fit::Yes => return rule.action,
                Fit::Hidden => return Action::Deny,
                Fit::No => {}
            }
        }
        Action::Allow
    }
}

/// Whether a rule is about a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Yes,
    No,
    /// The packet hides what the rule asks for.
    Hidden,
}

impl Rule {
    fn fits(&self, sight: &Sight<'_>) -> Fit {
        let inside = |net: Option<Cidr>, addr: IpAddr| net.is_none_or(|net| net.contains(addr));
        if !self.protocol.is(sight.protocol) || !inside(self.from, sight.src) || !inside(self.to, sight.dst) {
            return Fit::No;
        }
        let Some(ports) = self.ports else { return Fit::Yes };
        match (sight.part, sight.ports()) {
            (Part::Later { offset_octets }, _) if hides_flags(sight.protocol, offset_octets) => Fit::Hidden,
            (Part::Later { .. }, _) => Fit::No,
            (Part::First, _) if sight.protocol == TCP && sight.payload.len() < FLAGS_END_OCTETS => {
                Fit::Hidden
            }
            (Part::Whole | Part::First, None) => Fit::Hidden,
            (Part::Whole | Part::First, Some((_, port))) => {
                let inside = Port::new(port).is_some_and(|port| ports.contains(port));
                if inside { Fit::Yes } else { Fit::No }
            }
        }
    }
}

/// Whether a piece that begins there could overwrite the flags of a segment.
fn hides_flags(protocol: u8, offset_octets: u16) -> bool {
    protocol == TCP && usize::from(offset_octets) < FLAGS_END_OCTETS
}

impl Protocol {
    const fn is(self, number: u8) -> bool {
        match self {
            Self::Any => true,
            Self::Tcp => number == TCP,
            Self::Udp => number == UDP,
            Self::Icmp => matches!(number, ICMP | ICMPV6),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
        }
    }

    const ALL: [Self; 4] = [Self::Any, Self::Tcp, Self::Udp, Self::Icmp];
}

impl Action {
    const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Reject => "reject",
            Self::Prohibit => "prohibit",
        }
    }

    const ALL: [Self; 4] = [Self::Allow, Self::Deny, Self::Reject, Self::Prohibit];
}

/// A rule that makes no sense: which word, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Senseless(String);

impl Senseless {
    pub(super) const fn new(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Senseless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Senseless {}

/// `ACTION PROTOCOL [PORT[-PORT]] [from NETWORK] [to NETWORK]`.
impl FromStr for Rule {
    type Err = Senseless;

    fn from_str(text: &str) -> Result<Self, Senseless> {
        let mut words = text.split_whitespace().peekable();
        let action = one_of(words.next(), &Action::ALL, Action::name, "an action")?;
        let protocol = one_of(words.next(), &Protocol::ALL, Protocol::name, "a protocol")?;
        let mut rule = Self { action, protocol, ports: None, from: None, to: None };
        if let Some(word) = words.next_if(|word| !matches!(*word, "from" | "to")) {
            if !matches!(protocol, Protocol::Tcp | Protocol::Udp) {
                return Err(Senseless(format!(
                    "\"{word}\": {} has no ports; tcp and udp have",
                    protocol.name()
                )));
            }
            rule.ports = Some(port_range(word)?);
        }
        while let Some(word) = words.next() {
            let net = match word {
                "from" => &mut rule.from,
                "to" => &mut rule.to,
                other => {
                    return Err(Senseless(format!("\"{other}\" stands where `from` or `to` is expected")));
                }
            };
            if net.is_some() {
                return Err(Senseless(format!("`{word}` is there twice")));
            }
            *net = Some(network(words.next().unwrap_or_default())?);
        }
        Ok(rule)
    }
}

fn one_of<T: Copy>(
    word: Option<&str>,
    all: &[T],
    name: fn(T) -> &'static str,
    what: &str,
) -> Result<T, Senseless> {
    let found = all.iter().copied().find(|one| Some(name(*one)) == word);
    found.ok_or_else(|| {
        let names = all.iter().map(|one| name(*one)).collect::<Vec<_>>().join(", ");
        Senseless(format!("\"{}\" is not {what}: one of {names}", word.unwrap_or_default()))
    })
}

/// `25` or `53-60`.
pub(super) fn port_range(word: &str) -> Result<PortRange, Senseless> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let range = first.parse().ok().zip(last.parse().ok());
    let range = range.and_then(|(first, last)| PortRange::new(first, last));
    range
        .ok_or_else(|| Senseless(format!("\"{word}\" is neither a port, 1 to 65535, nor a range like 53-60")))
}

/// `10.0.0.0/8`, or one address.
pub fn network(word: &str) -> Result<Cidr, Senseless> {
    let (addr, prefix) = word.split_once('/').map_or((word, None), |(addr, prefix)| (addr, Some(prefix)));
    let senseless = || Senseless(format!("\"{word}\" is not a network like 10.0.0.0/8 or 2001:db8::/32"));
    let addr: IpAddr = addr.parse().map_err(|_| senseless())?;
    let width = if addr.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Ok(width), str::parse).ok().filter(|prefix| *prefix <= width);
    Ok(Cidr::new(addr, prefix.ok_or_else(senseless)?))
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action.name(), self.protocol.name())?;
        if let Some(ports) = self.ports {
            write!(f, " {ports}")?;
        }
        for (word, net) in [("from", self.from), ("to", self.to)] {
            if let Some(net) = net {
                write!(f, " {word} {net}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
