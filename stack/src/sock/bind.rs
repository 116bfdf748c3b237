//! floor 4: who holds which port, and who may share it (RFC 9293 section 3.9.1.1, RFC 6335 section 7.2).
//!
//! No RFC says when two sockets may have the same port. The rule here is the one that Linux was measured to
//! follow: two claims to a port conflict if some arriving packet could belong to both, unless both sides
//! agreed to share. The old side's flags are read as they are at the time of the new claim. What other
//! systems do instead is told in [`super::profile`].

use super::call::{Device, Family, Kind, User};
use super::desks::Desks;
use super::profile::{Profile, Sharing};
use super::shelves::{Shelf, Shelves, Spot};
use crate::base::{Port, Refused};
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

    /// Whether it is all addresses of a family.
    pub const fn is_wildcard(self) -> bool {
        match self {
            Self::AnyV4 | Self::AnyV6 | Self::AnyDual => true,
            Self::V4(_) | Self::V6(_) => false,
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

/// What somebody who holds a port does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// A socket has it.
    Open,
    /// A socket listens on it.
    Listening,
    /// A connection that is over waits until the network has forgotten it.
    TimeWait,
}

/// On which terms a port is held, beside the addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Terms {
    /// `SO_BINDTODEVICE`.
    pub device: Option<Device>,
    /// Who made the socket.
    pub user: User,
    /// `SO_REUSEADDR`.
    pub reuse_addr: bool,
    /// `SO_REUSEPORT`.
    pub reuse_port: bool,
    /// What is done with it.
    pub standing: Standing,
    /// Whether `connect` chose the port. Such a port serves further connections to other peers.
    pub by_connect: bool,
    /// Whether a socket that has one address of IPv6 was never told to leave IPv4 alone: it was bound to none
    /// or to all, and has got this one with its peer.
    pub dual: bool,
}

impl Terms {
    /// Of a socket of user 0 that was told nothing.
    pub const PLAIN: Self = Self {
        device: None,
        user: User(0),
        reuse_addr: false,
        reuse_port: false,
        standing: Standing::Open,
        by_connect: false,
        dual: false,
    };

    /// Whether both can mean the same device: sockets of different devices never meet.
    pub fn may_meet(&self, other: &Self) -> bool {
        self.device.is_none() || other.device.is_none() || self.device == other.device
    }
}

/// A socket's claim to a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// The local addresses.
    pub scope: Scope,
    /// The rest.
    pub terms: Terms,
}

/// What is known of a port that somebody holds.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// How many hold it.
    holders: u32,
    /// How many of them have it from `connect`.
    by_connect: u32,
    /// The socket that was the last to share it by `SO_REUSEPORT`, as it was then.
    shared: Option<(User, Family, Scope)>,
}

/// All claims to all ports.
#[derive(Debug, Default)]
pub struct Claims {
    profile: Profile,
    desks: Desks,
    shelves: Shelves,
    /// Of the datagram socket that was bound last.
    order: i32,
}

impl Claims {
    /// Books that follow the rules of a system.
    pub fn new(profile: Profile) -> Self {
        Self { profile, ..Self::default() }
    }

    /// The claims that stand for an address and a device of `newcomer`, by classes.
    fn rivals(&self, kind: Kind, port: Port, newcomer: &Claim) -> impl Iterator<Item = (Claim, i32)> {
        //= RFC6335-7.2-a
        let shelves = Shelf::meeting(newcomer.scope).into_iter().flatten();
        let terms = newcomer.terms;
        shelves.flat_map(move |shelf| {
            let scope = match shelf {
                Shelf::Every(scope) => scope,
                Shelf::SomeV4 => Scope::V4(Ipv4Addr::LOCALHOST),
                Shelf::SomeV6 => Scope::V6(Ipv6Addr::LOCALHOST),
            };
            let classes = self.shelves.at(Spot { kind, port, shelf });
            let meeting = classes.filter(move |(held, _)| held.may_meet(&terms));
            meeting.map(move |(terms, order)| (Claim { scope, terms }, order))
        })
    }

    /// The claims to one address of IPv6 that Linux counts among those to all of IPv4, in the eyes of a
    /// socket of IPv4 that wants all.
    fn dual_rivals(
        &self,
        kind: Kind,
        port: Port,
        family: Family,
        newcomer: &Claim,
    ) -> impl Iterator<Item = (Claim, i32)> {
        let (terms, scope) = (newcomer.terms, Scope::V6(Ipv6Addr::LOCALHOST));
        let wants_all = family == Family::V4 && newcomer.scope == Scope::AnyV4;
        let spot = Spot { kind, port, shelf: Shelf::SomeV6 };
        let classes = wants_all.then(|| self.shelves.at(spot)).into_iter().flatten();
        let meeting = classes.filter(move |(held, _)| held.dual && held.may_meet(&terms));
        meeting.map(move |(terms, order)| (Claim { scope, terms }, order))
    }

    /// Whether the holders of `port` tolerate `newcomer` of `family`, which asks for it by number or begins
    /// to listen on it.
    ///
    /// # Errors
    /// [`Refused::AddrInUse`], and where the system says so [`Refused::AccessDenied`].
    pub fn admit(&self, kind: Kind, port: Port, family: Family, newcomer: &Claim) -> Result<(), Refused> {
        if kind == Kind::Stream && self.is_known_to_share(port, family, newcomer) {
            return Ok(());
        }
        let rivals = self.rivals(kind, port, newcomer).chain(self.dual_rivals(kind, port, family, newcomer));
        let verdicts = rivals.map(|(held, order)| {
            //= RFC9293-MUST-42
            (held, order, self.profile.sharing(kind, &held, newcomer))
        });
        if kind == Kind::Datagram && self.profile.first_to_share_decides() {
            let decisive = verdicts.filter(|(.., sharing)| *sharing != Sharing::ByAddress);
            return decisive
                .max_by_key(|(_, order, _)| *order)
                .map_or(Ok(()), |(.., sharing)| sharing.answer());
        }
        // Of several who object the first by scope and terms answers: how they are kept shall not matter.
        let objections = verdicts.filter(|(.., sharing)| sharing.answer().is_err());
        objections.min_by_key(|(held, ..)| *held).map_or(Ok(()), |(.., sharing)| sharing.answer())
    }

    /// Whether a stream socket that holds `port` by `claim` may listen on it. Of all who may, it is the last
    /// to share.
    ///
    /// # Errors
    /// Those of [`Claims::admit`].
    pub fn admit_to_listen(&mut self, port: Port, family: Family, claim: Claim) -> Result<(), Refused> {
        self.strike(Kind::Stream, port, claim, 0);
        let admitted = self.admit(Kind::Stream, port, family, &claim);
        self.enter(Kind::Stream, port, claim, 0);
        if admitted.is_ok() {
            self.note_sharing(port, family, &claim);
        }
        admitted
    }

    /// Whether `port` can be given to a socket that is being bound and did not ask for a certain port. A
    /// stream socket gets no port that it would have to share, except by `SO_REUSEADDR` if it `may_share`.
    pub fn free_to_bind(&self, kind: Kind, port: Port, newcomer: &Claim, may_share: bool) -> bool {
        let by_address = |held: &Claim| {
            let (held, new) = (&held.terms, &newcomer.terms);
            let both_share = held.reuse_addr && new.reuse_addr && held.standing != Standing::Listening;
            let grouped = held.reuse_port && new.reuse_port && held.user == new.user;
            both_share && !grouped
        };
        self.rivals(kind, port, newcomer).all(|(held, _)| match kind {
            Kind::Stream => may_share && by_address(&held),
            Kind::Datagram => self.profile.sharing(kind, &held, newcomer).answer().is_ok(),
        })
    }

    /// Whether `port` can be given to a stream socket that is connecting: nobody asked for it by name. The
    /// caller sees to it that the four-tuple is new.
    pub fn free_to_connect(&self, port: Port) -> bool {
        let desk = self.desks.get(Kind::Stream, port);
        //= RFC6056-3.1-a
        desk.is_none_or(|desk| desk.holders == desk.by_connect)
    }

    /// A place for a socket that is about to take a port. Datagram sockets stand in a list, the last first;
    /// only those of IPv6 that share by `SO_REUSEPORT` go to its end.
    pub fn next_order(&mut self, kind: Kind, family: Family, claim: &Claim) -> i32 {
        match kind {
            Kind::Stream => 0,
            Kind::Datagram => {
                self.order = self.order.saturating_add(1);
                if family == Family::V6 && claim.terms.reuse_port { -self.order } else { self.order }
            }
        }
    }

    /// Adds a claim in the place `order`.
    pub fn take(&mut self, kind: Kind, port: Port, claim: Claim, order: i32) {
        self.enter(kind, port, claim, order);
        let desk = self.desks.get_or_default(kind, port);
        desk.holders += 1;
        desk.by_connect += u32::from(claim.terms.by_connect);
    }

    /// Gives back a claim that was taken before.
    pub fn give_back(&mut self, kind: Kind, port: Port, claim: Claim, order: i32) {
        self.strike(kind, port, claim, order);
        let Some(desk) = self.desks.get_mut(kind, port) else { unreachable!("nobody holds {port}") };
        desk.holders -= 1;
        desk.by_connect -= u32::from(claim.terms.by_connect);
        if desk.holders == 0 {
            self.desks.remove(kind, port);
        }
    }

    fn enter(&mut self, kind: Kind, port: Port, claim: Claim, order: i32) {
        for shelf in Shelf::all_of(claim.scope).into_iter().flatten() {
            self.shelves.enter(Spot { kind, port, shelf }, claim.terms, order);
        }
    }

    fn strike(&mut self, kind: Kind, port: Port, claim: Claim, order: i32) {
        for shelf in Shelf::all_of(claim.scope).into_iter().flatten() {
            self.shelves.strike(Spot { kind, port, shelf }, &claim.terms, order);
        }
    }

    /// Puts a claim in the place of another of the same socket.
    pub fn replace(&mut self, kind: Kind, port: Port, (old, new): (Claim, Claim), order: i32) {
        if old == new {
            return;
        }
        self.strike(kind, port, old, order);
        self.enter(kind, port, new, order);
        let Some(desk) = self.desks.get_mut(kind, port) else { unreachable!("nobody holds {port}") };
        desk.by_connect += u32::from(new.terms.by_connect);
        desk.by_connect -= u32::from(old.terms.by_connect);
    }

    /// How many claims there are.
    pub fn count(&self) -> usize {
        self.desks.iter().map(|desk| desk.holders as usize).sum()
    }

    /// Asserts that each claim stands on its shelf. Takes a time in proportion to their number.
    pub fn check(&self) {
        assert_eq!(self.shelves.count(), self.count(), "who holds a port has a claim on its shelf");
    }
}

/// The memory of Linux for ports that streams share by `SO_REUSEPORT`. It makes a difference: whoever is
/// covered by what is remembered is admitted without a question to anybody.
impl Claims {
    /// Whether the last socket that shared the port covers `newcomer`.
    fn is_known_to_share(&self, port: Port, family: Family, newcomer: &Claim) -> bool {
        let desk = self.desks.get(Kind::Stream, port);
        let Some((user, known_family, known)) = desk.and_then(|desk| desk.shared) else { return false };
        let covers = match (known, newcomer.scope) {
            (Scope::AnyV4, Scope::AnyV4 | Scope::V4(_))
            | (Scope::AnyDual, _)
            | (Scope::AnyV6, Scope::AnyDual | Scope::AnyV6 | Scope::V6(_)) => true,
            (Scope::AnyV4, Scope::AnyDual) => known_family == Family::V4 && family == Family::V6,
            (Scope::V4(_) | Scope::V6(_), _) => known == newcomer.scope,
            (Scope::AnyV4, Scope::AnyV6 | Scope::V6(_)) | (Scope::AnyV6, Scope::AnyV4 | Scope::V4(_)) => {
                false
            }
        };
        newcomer.terms.reuse_port && newcomer.terms.user == user && covers
    }

    /// Remembers that a stream socket of `family` was bound to `port`, or began to listen on it.
    pub fn note_sharing(&mut self, port: Port, family: Family, claim: &Claim) {
        if !self.profile.remembers_sharing() {
            return;
        }
        let known = self.is_known_to_share(port, family, claim);
        let Some(desk) = self.desks.get_mut(Kind::Stream, port) else { return };
        match claim.terms.reuse_port {
            true if known => {}
            true => desk.shared = Some((claim.terms.user, family, claim.scope)),
            false => desk.shared = None,
        }
    }
}

#[cfg(test)]
#[path = "bind_tests.rs"]
mod tests;
