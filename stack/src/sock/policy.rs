//! floor 4: what a host bounds, and when it defends itself (RFC 4987, RFC 9293 section 3.10.1).

use super::profile::{AfterReadShut, Profile, WhenFull};
use crate::base::{PortRange, Span};
use alloc::vec::Vec;

/// When SYNs are answered with cookies (RFC 4987 section 3.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SynCookies {
    /// Never: a SYN that finds no room is dropped.
    Never,
    /// While there is no room, and what fills it has not answered for a whole retransmission timeout: that
    /// is a flood and no crowd.
    #[default]
    UnderFlood,
    /// While there is no room, at once: the way of Linux. RFC 4987 section 4 would rather have none without a
    /// flood, for what they forget.
    WhenFull,
    /// Always.
    Always,
}

/// Which connections in TIME-WAIT may be followed by a new one of the same ends that this host opens (RFC
/// 6191 says how an answer to old segments is told apart).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimeWaitReuse {
    /// None.
    Never,
    /// Those that left a timestamp which is old enough.
    Always,
    /// Of these the ones within this host.
    #[default]
    Loopback,
}

/// What the administrator can set of a running host. Names and values are those of Linux; values are kept
/// apart from what they mean, so that senseless ones can be asked for and refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Setting {
    /// `net.ipv4.ip_local_port_range`: lowest and highest port chosen for whoever does not ask.
    LocalPortRange(u32, u32),
    /// `net.ipv4.ip_local_reserved_ports`: ports that are never chosen.
    ReservedPorts(Vec<PortRange>),
    /// `net.ipv4.ip_unprivileged_port_start`.
    UnprivilegedStart(u32),
    /// `net.ipv4.ip_nonlocal_bind`.
    NonlocalBind(bool),
    /// `net.ipv4.ip_autobind_reuse`.
    AutobindReuse(bool),
    /// `net.core.somaxconn`.
    BacklogMax(u32),
    /// `net.ipv4.tcp_syncookies`.
    SynCookies(SynCookies),
    /// `net.ipv4.tcp_abort_on_overflow`.
    AbortOnOverflow(bool),
    /// `net.ipv4.tcp_migrate_req`.
    MigrateRequests(bool),
    /// `net.ipv4.tcp_tw_reuse`.
    TimeWaitReuse(TimeWaitReuse),
    /// `net.ipv4.tcp_fin_timeout`.
    FinTimeout(Span),
    /// `net.ipv4.tcp_rfc1337`.
    Rfc1337(bool),
    /// `net.ipv6.bindv6only`.
    BindV6Only(bool),
}

/// What a host does with its sockets, and what strangers can make it keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whose rules hold where no RFC decides.
    pub profile: Profile,
    /// SYN cookies.
    pub syn_cookies: SynCookies,
    /// Connections in TIME-WAIT that no application has open. One more goes without.
    pub time_wait_max: usize,
    /// Other connections that no application has open any more, because it closed them before they ended. One
    /// more is reset.
    pub orphans_max: usize,
    /// The most that a backlog can be.
    pub backlog_max: u32,
    /// Whether a peer is reset whose handshake is complete while the accept queue is full. RFC 9293 is silent
    /// of queues; without this the peer sends again, and there may be room then.
    pub abort_on_overflow: bool,
    /// Whether connections that nobody has accepted go over to another member of their group with
    /// `SO_REUSEPORT` when their listener is gone.
    pub migrate_requests: bool,
    /// Which connections in TIME-WAIT may be followed by one that this host opens.
    pub time_wait_reuse: TimeWaitReuse,
    /// How long a connection that nobody has open stays in FIN-WAIT-2. RFC 9293 knows no end of it, and so a
    /// peer that never closes would hold memory for ever.
    pub fin_timeout: Span,
    /// Whether octets are taken for sending before the connection is there, as RFC 9293 section 3.10.2 has
    /// it. Linux asks to come again.
    pub send_while_opening: bool,
    /// What becomes of text that arrives after `shutdown` of the reading half.
    pub after_read_shut: AfterReadShut,
    /// Whether new sockets of IPv6 begin without IPv4 (RFC 3493 section 5.3 wants them to have both).
    pub v6_only: bool,
}

impl Policy {
    /// With what Linux does otherwise than the RFCs say, as far as it shows in calls and on the wire.
    #[must_use]
    pub const fn as_linux(self) -> Self {
        Self { syn_cookies: SynCookies::WhenFull, send_while_opening: false, ..self }
    }

    /// The rules of a system, with room for what a busy server leaves behind: 65,536 connections in
    /// TIME-WAIT, a thousand new ones a second, and 8,192 orphans. Linux computes numbers of this size from
    /// its memory.
    pub fn of(profile: Profile) -> Self {
        Self {
            profile,
            syn_cookies: SynCookies::default(),
            time_wait_max: 65_536,
            orphans_max: 8_192,
            backlog_max: 4_096,
            abort_on_overflow: profile.when_full() == WhenFull::Reset,
            migrate_requests: false,
            time_wait_reuse: TimeWaitReuse::default(),
            fin_timeout: Span::from_secs(60),
            send_while_opening: true,
            after_read_shut: profile.after_read_shut(),
            v6_only: profile.v6_only(),
        }
    }
}

/// Those of the default profile.
impl Default for Policy {
    fn default() -> Self {
        Self::of(Profile::default())
    }
}
