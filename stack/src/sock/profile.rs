//! floor 4: what differs between systems where no RFC decides (RFC 9293 section 3.9.1 leaves it to the host).
//!
//! Each difference is a question with a name. Where an answer is from says a mark behind it: \[verified\] was
//! asked of a kernel (Linux 6.18), \[documented\] is what the vendor writes, \[common knowledge\] is neither:
//! it is what is known of a system that was not at hand, and nobody has checked it here.

use super::bind::{Claim, Standing};
use super::call::Kind;
use crate::base::{PortRange, Refused};
use crate::ports::Algorithm;

/// A family of systems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// What POSIX.1-2017 writes; where it leaves things undefined, as BSD.
    Posix,
    /// Linux 6.18.
    #[default]
    Linux,
    /// FreeBSD.
    Bsd,
    /// Windows.
    Windows,
}

/// How two claims that meet get on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Both allow that the address is used again.
    ByAddress,
    /// Both belong to a group that shares the port.
    ByPort,
    /// Not at all.
    No(Refused),
}

impl Sharing {
    /// What `bind` says of it.
    ///
    /// # Errors
    /// The reason if the two do not share.
    pub const fn answer(self) -> Result<(), Refused> {
        match self {
            Self::ByAddress | Self::ByPort => Ok(()),
            Self::No(refused) => Err(refused),
        }
    }
}

/// What happens to a handshake that finds the accept queue full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Nothing: the peer tries again.
    Silence,
    /// A reset.
    Reset,
}

/// What happens to data that comes after `shutdown(SHUT_RD)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterReadShut {
    /// Whoever asks gets them.
    HandOut,
    /// They are acknowledged and thrown away.
    Discard,
    /// The connection is reset.
    Reset,
}

/// Whether a port was asked for with the wish to share it, as Windows tells it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Neither option.
    Plain,
    /// `SO_REUSEADDR`.
    Reuse,
    /// `SO_EXCLUSIVEADDRUSE`.
    Exclusive,
}

impl Profile {
    /// Every profile.
    pub const ALL: &[Self] = &[Self::Posix, Self::Linux, Self::Bsd, Self::Windows];

    /// Whether a socket with the claim `new` may be beside one with the claim `held`. The caller knows that
    /// both can mean one packet: the addresses are the same, or at least one is a wildcard.
    pub fn sharing(self, kind: Kind, held: &Claim, new: &Claim) -> Sharing {
        match self {
            Self::Linux => on_linux(held, new),
            Self::Bsd | Self::Posix => on_bsd(self.has_reuse_port(), kind, held, new),
            Self::Windows => on_windows_by_claims(held, new),
        }
    }

    /// Whether there is `SO_REUSEPORT`. Linux \[verified\]; BSD \[common knowledge\]; not in POSIX; Windows
    /// \[documented\].
    pub const fn has_reuse_port(self) -> bool {
        match self {
            Self::Linux | Self::Bsd => true,
            Self::Posix | Self::Windows => false,
        }
    }

    /// Whether a port remembers the last stream that shared it by `SO_REUSEPORT`, and admits whoever it
    /// covers without a look at the others. Linux \[verified\]; others \[common knowledge\].
    pub const fn remembers_sharing(self) -> bool {
        match self {
            Self::Linux => true,
            Self::Posix | Self::Bsd | Self::Windows => false,
        }
    }

    /// Whether a datagram socket of IPv6 that had a peer and was disconnected goes on hearing of IPv6 nobody
    /// but the address of that peer. Linux \[verified\]; others, as POSIX has it, hear everybody again
    /// \[common knowledge\].
    pub const fn disconnected_datagrams_hear_their_peer(self) -> bool {
        match self {
            Self::Linux => true,
            Self::Posix | Self::Bsd | Self::Windows => false,
        }
    }

    /// Whether of all datagram sockets on a port that do not share by `SO_REUSEADDR`, the first one in the
    /// list decides for all. Linux \[verified\]; others \[common knowledge\].
    pub const fn first_to_share_decides(self) -> bool {
        match self {
            Self::Linux => true,
            Self::Posix | Self::Bsd | Self::Windows => false,
        }
    }

    /// The first port that anybody may bind. Linux \[verified\]; FreeBSD `reservedhigh` 1023 \[common
    /// knowledge\]; POSIX leaves it open; Windows has no privileged ports \[common knowledge\].
    pub const fn unprivileged_start(self) -> u16 {
        match self {
            Self::Posix | Self::Linux | Self::Bsd => 1024,
            Self::Windows => 0,
        }
    }

    /// Where ports come from that nobody asked for by number. Linux \[verified\]; FreeBSD 10000 to 65535 and
    /// Windows 49152 to 65535 \[common knowledge\]; POSIX does not say, and gets what IANA has for it.
    pub const fn ephemeral(self) -> PortRange {
        match self {
            Self::Linux => PortRange::LINUX,
            Self::Bsd => PortRange::FREEBSD,
            Self::Posix | Self::Windows => PortRange::DYNAMIC,
        }
    }

    /// How these are chosen. Linux \[verified\]; FreeBSD, and Windows by default, at random one by one
    /// \[common knowledge\].
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::Linux => Algorithm::Linux,
            Self::Posix | Self::Bsd | Self::Windows => Algorithm::Simple,
        }
    }

    /// Whether sockets of IPv6 begin with `IPV6_V6ONLY`. Linux does not \[verified\], POSIX neither (RFC 3493
    /// section 5.3); FreeBSD and Windows do \[common knowledge\].
    pub const fn v6_only(self) -> bool {
        match self {
            Self::Posix | Self::Linux => false,
            Self::Bsd | Self::Windows => true,
        }
    }

    /// What `bind` says to a stream socket and an IPv4 group. Linux does not mind \[verified\]; BSD has no
    /// such streams \[common knowledge\]; Windows finds no such address \[common knowledge\].
    pub const fn stream_on_group(self) -> Result<(), Refused> {
        match self {
            Self::Linux => Ok(()),
            Self::Posix | Self::Bsd => Err(Refused::FamilyNotSupported),
            Self::Windows => Err(Refused::AddrNotAvailable),
        }
    }

    /// What `bind` says to a datagram socket and a group. Windows wants the wildcard and a membership
    /// \[common knowledge\]; Linux does not mind \[verified\], BSD neither \[common knowledge\].
    pub const fn datagram_on_group(self) -> Result<(), Refused> {
        match self {
            Self::Posix | Self::Linux | Self::Bsd => Ok(()),
            Self::Windows => Err(Refused::AddrNotAvailable),
        }
    }

    /// Whether a socket of IPv6 learns of missing privilege and of a first `bind` before its address is
    /// looked at. Linux \[verified\]; others \[common knowledge\].
    pub const fn looks_at_v6_address_last(self) -> bool {
        match self {
            Self::Linux => true,
            Self::Posix | Self::Bsd | Self::Windows => false,
        }
    }

    /// What `listen` says to a socket without a name. Linux gives it one \[verified\], BSD too \[common
    /// knowledge\]; POSIX allows EDESTADDRREQ; Windows refuses \[documented\].
    pub const fn listen_unbound(self) -> Result<(), Refused> {
        match self {
            Self::Linux | Self::Bsd => Ok(()),
            Self::Posix => Err(Refused::DestinationRequired),
            Self::Windows => Err(Refused::InvalidArgument),
        }
    }

    /// How many connections may wait for `accept` on a listener with this backlog. Linux lets one more in
    /// \[verified\]; BSD takes half as many again \[common knowledge\]; POSIX and Windows as many \[common
    /// knowledge\].
    pub const fn accept_queue_max(self, backlog: u32) -> u32 {
        match self {
            Self::Linux => backlog.saturating_add(1),
            Self::Bsd => backlog.saturating_add(backlog / 2),
            Self::Posix | Self::Windows => backlog,
        }
    }

    /// What a peer gets that finds the accept queue full. Linux \[verified\]; others \[common knowledge\].
    pub const fn when_full(self) -> WhenFull {
        match self {
            Self::Posix | Self::Linux | Self::Bsd => WhenFull::Silence,
            Self::Windows => WhenFull::Reset,
        }
    }

    /// Whether `accept` hands out a connection that was reset while it waited. Linux \[verified\]; POSIX has
    /// ECONNABORTED for it, and elsewhere it is gone \[common knowledge\].
    pub const fn hands_out_what_was_reset(self) -> bool {
        match self {
            Self::Linux => true,
            Self::Posix | Self::Bsd | Self::Windows => false,
        }
    }

    /// What happens to data after `shutdown(SHUT_RD)`. Linux \[verified\]; BSD and Windows \[common
    /// knowledge\].
    pub const fn after_read_shut(self) -> AfterReadShut {
        match self {
            Self::Linux => AfterReadShut::HandOut,
            Self::Posix | Self::Bsd => AfterReadShut::Discard,
            Self::Windows => AfterReadShut::Reset,
        }
    }

    /// Whether `shutdown` makes a listener an ordinary socket again. Linux \[verified\]; elsewhere a listener
    /// is not connected \[common knowledge\].
    pub const fn shutdown_ends_listening(self) -> bool {
        match self {
            Self::Linux => true,
            Self::Posix | Self::Bsd | Self::Windows => false,
        }
    }

    /// Whether a socket may connect again after it was refused. Linux \[verified\]; POSIX leaves it open, and
    /// BSD wants a new socket \[common knowledge\]; Windows allows it \[common knowledge\].
    pub const fn connects_after_refusal(self) -> bool {
        match self {
            Self::Linux | Self::Windows => true,
            Self::Posix | Self::Bsd => false,
        }
    }

    /// Whether what nobody takes is answered by the device that it came by, if the answer goes to a loopback
    /// or link-local address of IPv6. Within a host it is lost there: what the loopback address sends to
    /// another own one counts as having come over the link. Linux \[verified\]; others \[common knowledge\].
    pub const fn answers_where_it_was_asked(self) -> bool {
        match self {
            Self::Linux => true,
            Self::Posix | Self::Bsd | Self::Windows => false,
        }
    }

    /// Whether the port 0 of another host is asked, which RFC 6335 section 6 reserves, or is known to have
    /// nobody. Linux \[verified\]; others \[common knowledge\].
    pub const fn asks_port_zero(self) -> bool {
        match self {
            Self::Linux => true,
            Self::Posix | Self::Bsd | Self::Windows => false,
        }
    }
}

fn on_linux(held: &Claim, new: &Claim) -> Sharing {
    let (old, new) = (&held.terms, &new.terms);
    // Only streams listen, so datagram sockets need no exception.
    if old.reuse_addr && new.reuse_addr && old.standing != Standing::Listening {
        return Sharing::ByAddress;
    }
    let same_user = old.user == new.user || old.standing == Standing::TimeWait;
    if old.reuse_port && new.reuse_port && same_user {
        return Sharing::ByPort;
    }
    Sharing::No(Refused::AddrInUse)
}

/// \[common knowledge\]
fn on_bsd(has_reuse_port: bool, kind: Kind, held: &Claim, new: &Claim) -> Sharing {
    let (old, terms) = (&held.terms, &new.terms);
    if has_reuse_port && old.reuse_port && terms.reuse_port && old.user == terms.user {
        return Sharing::ByPort;
    }
    let one_wildcard = held.scope.is_wildcard() != new.scope.is_wildcard();
    let group = kind == Kind::Datagram && new.scope.addr().is_multicast() && old.reuse_addr;
    if terms.reuse_addr && (old.standing == Standing::TimeWait || one_wildcard || group) {
        return Sharing::ByAddress;
    }
    Sharing::No(Refused::AddrInUse)
}

fn on_windows_by_claims(held: &Claim, new: &Claim) -> Sharing {
    // \[common knowledge\]
    if held.terms.standing == Standing::TimeWait {
        return Sharing::ByAddress;
    }
    let mode = |claim: &Claim| if claim.terms.reuse_addr { Mode::Reuse } else { Mode::Plain };
    let first = (mode(held), held.scope.is_wildcard());
    let second = (mode(new), new.scope.is_wildcard());
    match on_windows(first, second, held.terms.user == new.terms.user) {
        Ok(()) => Sharing::ByAddress,
        Err(refused) => Sharing::No(refused),
    }
}

/// Whether Windows lets a second socket have the port of a first; of each, how it asked and whether for the
/// wildcard. Two that asked for one address each asked for the same one. \[documented\] for transport
/// addresses in the kernel, which sockets follow.
///
/// # Errors
/// [`Refused::AddrInUse`] and [`Refused::AccessDenied`].
pub const fn on_windows(
    (first, first_is_any): (Mode, bool),
    (second, second_is_any): (Mode, bool),
    same_user: bool,
) -> Result<(), Refused> {
    const IN_USE: Result<(), Refused> = Err(Refused::AddrInUse);
    const DENIED: Result<(), Refused> = Err(Refused::AccessDenied);
    let checked = if same_user { Ok(()) } else { DENIED };
    match (second, second_is_any, first, first_is_any) {
        (Mode::Exclusive, true, _, _) => IN_USE,
        (Mode::Exclusive, false, Mode::Plain | Mode::Reuse, true) => checked,
        (Mode::Exclusive, false, Mode::Exclusive, true) => DENIED,
        (Mode::Exclusive, false, _, false) => IN_USE,
        (Mode::Reuse, _, Mode::Reuse, _) => Ok(()),
        (Mode::Reuse, true, Mode::Plain | Mode::Exclusive, false) => Ok(()),
        (Mode::Reuse, true, Mode::Plain | Mode::Exclusive, true) => DENIED,
        (Mode::Reuse, false, Mode::Plain, true) => checked,
        (Mode::Reuse, false, Mode::Plain | Mode::Exclusive, _) => DENIED,
        (Mode::Plain, true, _, first_is_any) => {
            if first_is_any {
                IN_USE
            } else {
                Ok(())
            }
        }
        (Mode::Plain, false, Mode::Plain | Mode::Reuse, true) => checked,
        (Mode::Plain, false, Mode::Plain | Mode::Exclusive, false) => IN_USE,
        (Mode::Plain, false, Mode::Exclusive, true) => DENIED,
        (Mode::Plain, false, Mode::Reuse, false) => DENIED,
    }
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
