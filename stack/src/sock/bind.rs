//! floor 4: who holds which port, and who may share it (RFC 9293 section 3.9.1.1, RFC 6335 section 7.2).
//!
//! No RFC says when two sockets may have the same port. The rule here is the one that Linux was measured to
//! follow: two claims to a port conflict if some arriving packet could belong to both, unless both sides
//! agreed to share. The old side's flags are read as they are at the time of the new claim.

use super::call::{Family, Kind, User};
use crate::base::Port;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The local addresses that a socket stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Every IPv4 address.
    AnyV4,
    /// Every IPv6 address and no IPv4 address.
    AnyV6,
    /// Every address of both families.
    AnyDual,
    /// One IPv4 address.
    V4(Ipv4Addr),
    /// One IPv6 address.
    V6(Ipv6Addr),
}

impl Scope {
    /// What a socket of `family` that is bound to `addr` stands for. An IPv4-mapped wildcard has become the
    /// IPv4 wildcard by then.
    pub fn of(family: Family, addr: IpAddr, v6_only: bool) -> Self {
        match (family, addr) {
            (Family::V4 | Family::V6, IpAddr::V4(addr)) if addr.is_unspecified() => Self::AnyV4,
            (Family::V4 | Family::V6, IpAddr::V4(addr)) => Self::V4(addr),
            //= RFC3493-5.3-a
            (Family::V6, IpAddr::V6(addr)) if addr.is_unspecified() && !v6_only => Self::AnyDual,
            (Family::V4 | Family::V6, IpAddr::V6(addr)) if addr.is_unspecified() => Self::AnyV6,
            (Family::V4 | Family::V6, IpAddr::V6(addr)) => Self::V6(addr),
        }
    }

    /// The address that a socket of this scope shows as its own.
    pub const fn addr(self) -> IpAddr {
        match self {
            Self::AnyV4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Self::AnyV6 | Self::AnyDual => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            Self::V4(addr) => IpAddr::V4(addr),
            Self::V6(addr) => IpAddr::V6(addr),
        }
    }

    const fn v4(self) -> Reach<Ipv4Addr> {
        match self {
            Self::AnyV4 | Self::AnyDual => Reach::Every,
            Self::V4(addr) => Reach::One(addr),
            Self::AnyV6 | Self::V6(_) => Reach::None,
        }
    }

    const fn v6(self) -> Reach<Ipv6Addr> {
        match self {
            Self::AnyV6 | Self::AnyDual => Reach::Every,
            Self::V6(addr) => Reach::One(addr),
            Self::AnyV4 | Self::V4(_) => Reach::None,
        }
    }

    /// Whether there is an address that both stand for.
    pub fn overlaps(self, other: Self) -> bool {
        self.v4().meets(other.v4()) || self.v6().meets(other.v6())
    }
}

/// The addresses of one family that a scope stands for.
enum Reach<A> {
    None,
    One(A),
    Every,
}

impl<A: PartialEq> Reach<A> {
    fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::None, Self::None | Self::One(_) | Self::Every)
            | (Self::One(_) | Self::Every, Self::None) => false,
            (Self::Every, Self::One(_) | Self::Every) | (Self::One(_), Self::Every) => true,
            (Self::One(one), Self::One(other)) => one == other,
        }
    }
}

/// A socket's claim to a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// The local addresses.
    pub scope: Scope,
    /// `SO_REUSEADDR`.
    pub reuse_addr: bool,
    /// `SO_REUSEPORT`, and the user who may share then.
    pub reuse_port: Option<User>,
    /// Whether the socket listens.
    pub listening: bool,
    /// Whether `connect` chose the port. Such a port serves further connections to other peers.
    pub by_connect: bool,
}

impl Claim {
    /// Whether a holder of this claim tolerates `newcomer` beside it.
    pub fn admits(&self, newcomer: &Self) -> bool {
        !self.scope.overlaps(newcomer.scope) || self.shares(newcomer)
    }

    fn shares(&self, newcomer: &Self) -> bool {
        // Only streams listen, so a datagram socket needs no exception.
        //= RFC9293-MUST-42
        (self.reuse_port.is_some() && self.reuse_port == newcomer.reuse_port)
            || (self.reuse_addr && newcomer.reuse_addr && !self.listening)
    }
}

/// All claims to all ports. Equal claims are counted, not listed: ten thousand connections of one server
/// are one line.
#[derive(Debug, Default)]
pub struct Claims {
    /// Of one port there are few that differ, in no order that means something.
    held: BTreeMap<(Kind, Port), Vec<(Claim, u32)>>,
}

impl Claims {
    fn of(&self, kind: Kind, port: Port) -> impl Iterator<Item = &Claim> {
        //= RFC6335-7.2-a
        self.held.get(&(kind, port)).into_iter().flatten().map(|(claim, _)| claim)
    }

    /// Whether all holders of `port` tolerate `newcomer`.
    pub fn admit(&self, kind: Kind, port: Port, newcomer: &Claim) -> bool {
        self.of(kind, port).all(|held| held.admits(newcomer))
    }

    /// Whether `port` can be given to a socket that is being bound and did not ask for a certain port. A
    /// stream socket gets no port that it would have to share.
    pub fn free_to_bind(&self, kind: Kind, port: Port, newcomer: &Claim) -> bool {
        match kind {
            Kind::Stream => self.of(kind, port).all(|held| !held.scope.overlaps(newcomer.scope)),
            Kind::Datagram => self.admit(kind, port, newcomer),
        }
    }

    /// Whether `port` can be given to a stream socket that is connecting: nobody asked for it by name. The
    /// caller sees to it that the four-tuple is new.
    pub fn free_to_connect(&self, port: Port) -> bool {
        //= RFC6056-3.1-a
        self.of(Kind::Stream, port).all(|held| held.by_connect)
    }

    /// Adds a claim.
    pub fn take(&mut self, kind: Kind, port: Port, claim: Claim) {
        let held = self.held.entry((kind, port)).or_default();
        match held.iter_mut().find(|(known, _)| *known == claim) {
            Some((_, count)) => *count += 1,
            None => held.push((claim, 1)),
        }
    }

    /// Gives back a claim that was taken before.
    pub fn give_back(&mut self, kind: Kind, port: Port, claim: &Claim) {
        let Some(held) = self.held.get_mut(&(kind, port)) else { unreachable!("nobody holds {port}") };
        let Some(at) = held.iter().position(|(known, _)| known == claim) else {
            unreachable!("nobody holds {port} like that")
        };
        held[at].1 -= 1;
        if held[at].1 == 0 {
            held.swap_remove(at);
            if held.is_empty() {
                self.held.remove(&(kind, port));
            }
        }
    }

    /// How many claims there are.
    pub fn count(&self) -> usize {
        self.held.values().flatten().map(|(_, count)| *count as usize).sum()
    }
}

#[cfg(test)]
#[path = "bind_tests.rs"]
mod tests;
