//! floor 4: socket options (RFC 9293 sections 3.9.1.1 to 3.9.1.7 and 3.7.4, RFC 1122 sections 4.1.4 and
//! 4.2.4, POSIX names).
//!
//! Values are kept as given: Linux doubles buffer sizes for its own bookkeeping, this host counts octets of
//! payload and needs no such thing.
//!
//! RFC9293-MAY-9: the traffic class of what arrives is not shown: no option of a stream socket asks for it.

use super::call::{Device, Family, Kind, OptionName, OptionValue};
use super::depart::Marks;
use super::refused::Refused;
use super::table::{Body, Net, Slot, Sockets};
use crate::base::Span;
use crate::tcp::{self, KeepAlive};
use core::net::IpAddr;

/// The options of one socket. A child has those of its listener at the end of its handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Options {
    /// `SO_REUSEADDR`.
    pub(super) reuse_addr: bool,
    /// `SO_REUSEPORT`.
    pub(super) reuse_port: bool,
    /// `IPV6_V6ONLY`.
    pub(super) v6_only: bool,
    /// `SO_KEEPALIVE`.
    pub(super) keep_alive: bool,
    /// `SO_BROADCAST`.
    pub(super) broadcast: bool,
    /// `SO_OOBINLINE`.
    pub(super) oob_inline: bool,
    /// `TCP_NODELAY`.
    pub(super) no_delay: bool,
    /// `SO_LINGER`.
    pub(super) linger: Option<Span>,
    /// `SO_RCVBUF` in octets.
    pub(super) receive_buffer_octets: u32,
    /// `SO_SNDBUF` in octets.
    pub(super) send_buffer_octets: u32,
    /// `TCP_MAXSEG` in octets; `None` leaves it to the link.
    pub(super) max_segment_octets: Option<u16>,
    /// `TCP_USER_TIMEOUT`.
    pub(super) user_timeout: Option<Span>,
    /// `TCP_KEEPIDLE` in seconds.
    pub(super) keep_idle_s: u16,
    /// `TCP_KEEPINTVL` in seconds.
    pub(super) keep_interval_s: u16,
    /// `TCP_KEEPCNT`.
    pub(super) keep_count: u8,
    /// `IP_TTL` or `IPV6_UNICAST_HOPS`; `None` leaves it to the host.
    pub(super) hop_limit: Option<u8>,
    /// `IP_TOS` or `IPV6_TCLASS`.
    pub(super) traffic_class: u8,
    /// `IP_FREEBIND`.
    pub(super) free_bind: bool,
    /// `IP_TRANSPARENT`.
    pub(super) transparent: bool,
    /// `IP_BIND_ADDRESS_NO_PORT`.
    pub(super) bind_no_port: bool,
    /// `IP_LOCAL_PORT_RANGE`; zeros leave that end to the host.
    pub(super) local_port_range: (u16, u16),
    /// `SO_BINDTODEVICE`.
    pub(super) device: Option<Device>,
    /// `IP_MULTICAST_ALL`.
    pub(super) multicast_all: bool,
    /// `IP_MULTICAST_LOOP`.
    pub(super) multicast_loop: bool,
    /// `IP_MULTICAST_TTL` or `IPV6_MULTICAST_HOPS`.
    pub(super) multicast_hops: u8,
    /// `IP_RECVERR`.
    pub(super) receive_errors: bool,
    /// `TCP_LINGER2` in seconds; negative is not at all, zero as the host has it.
    pub(super) linger_fin_wait_s: i32,
    /// `TCP_DEFER_ACCEPT` in seconds; zero is off.
    pub(super) defer_accept_s: u32,
    /// `TCP_CORK`.
    pub(super) cork: bool,
    /// `TCP_SYNCNT`; zero is as the host has it.
    pub(super) syn_count: u8,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            reuse_addr: false,
            reuse_port: false,
            v6_only: false,
            keep_alive: false,
            broadcast: false,
            oob_inline: false,
            no_delay: false,
            linger: None,
            receive_buffer_octets: 65_535,
            send_buffer_octets: 65_536,
            max_segment_octets: None,
            user_timeout: None,
            keep_idle_s: 7200,
            keep_interval_s: 75,
            keep_count: 9,
            hop_limit: None,
            traffic_class: 0,
            free_bind: false,
            transparent: false,
            bind_no_port: false,
            local_port_range: (0, 0),
            device: None,
            multicast_all: true,
            multicast_loop: true,
            multicast_hops: 1,
            receive_errors: false,
            linger_fin_wait_s: 0,
            defer_accept_s: 0,
            cork: false,
            syn_count: 0,
        }
    }
}

/// `TCP_MAXSEG` values that Linux takes, in octets.
const MAX_SEGMENT_OCTETS: core::ops::RangeInclusive<u16> = 88..=32_767;

/// What an option of the name `of` reports that was never set, where the host decides.
const HOP_LIMIT: u8 = 64;
const MAX_SEGMENT_DEFAULT_OCTETS: u16 = 536;

/// The longest time of a keep-alive, in seconds, as on Linux.
const KEEP_MAX_S: u16 = 32_767;

/// What `TCP_SYNCNT` reports that was never set, as on Linux.
const SYN_REPEATS: u8 = 6;

/// The longest time that an application can leave an orphan in FIN-WAIT-2, in seconds, as on Linux.
const LINGER_FIN_WAIT_MAX_S: i32 = 120;

/// The least time, in seconds, not below `seconds`, after which a SYN,ACK is sent again: timeouts of 1, 2, 4
/// and so on up to 120 seconds, one after the other. That is how Linux keeps it.
fn as_timeouts_s(seconds: u32) -> u32 {
    let (mut sum, mut timeout) = (0, 1);
    while sum < seconds.min(DEFER_ACCEPT_MAX_S) {
        sum += timeout;
        timeout = (timeout * 2).min(120);
    }
    sum
}

/// More than 255 timeouts are not kept.
const DEFER_ACCEPT_MAX_S: u32 = 127 + 248 * 120;

/// A time of a keep-alive, which is a number of whole seconds, as on Linux.
fn keep_seconds(span: Span) -> Result<u16, Refused> {
    let seconds = u16::try_from(span.as_nanos() / 1_000_000_000).unwrap_or(u16::MAX);
    let whole = Span::from_secs(seconds.into()) == span && (1..=KEEP_MAX_S).contains(&seconds);
    whole.then_some(seconds).ok_or(Refused::InvalidArgument)
}

/// Whether only streams have the option.
const fn is_of_streams(name: OptionName) -> bool {
    match name {
        OptionName::NoDelay
        | OptionName::MaxSegment
        | OptionName::UserTimeout
        | OptionName::KeepIdle
        | OptionName::KeepInterval
        | OptionName::KeepCount
        | OptionName::LingerFinWait
        | OptionName::DeferAccept
        | OptionName::Cork
        | OptionName::SynCount => true,
        OptionName::ReuseAddr
        | OptionName::ReusePort
        | OptionName::V6Only
        | OptionName::KeepAlive
        | OptionName::Broadcast
        | OptionName::OobInline
        | OptionName::Linger
        | OptionName::ReceiveBuffer
        | OptionName::SendBuffer
        | OptionName::HopLimit
        | OptionName::TrafficClass
        | OptionName::FreeBind
        | OptionName::Transparent
        | OptionName::BindAddressNoPort
        | OptionName::LocalPortRange
        | OptionName::BindToDevice
        | OptionName::MulticastAll
        | OptionName::MulticastLoop
        | OptionName::MulticastHops
        | OptionName::JoinGroup
        | OptionName::LeaveGroup
        | OptionName::ReceiveErrors
        | OptionName::Error
        | OptionName::AcceptConn => false,
    }
}

/// Streams speak to no groups; the two families say so in their own ways.
const fn group_hops(family: Family, kind: Kind, limit: u8) -> Result<u8, Refused> {
    match (kind, family) {
        (Kind::Datagram, _) => Ok(limit),
        (Kind::Stream, Family::V4) => Err(Refused::InvalidArgument),
        (Kind::Stream, Family::V6) => Err(Refused::NoSuchOption),
    }
}

/// What `TCP_MAXSEG` means: zero leaves it to the link.
fn max_segment(octets: u16) -> Result<Option<u16>, Refused> {
    match octets {
        0 => Ok(None),
        _ if MAX_SEGMENT_OCTETS.contains(&octets) => Ok(Some(octets)),
        _ => Err(Refused::InvalidArgument),
    }
}

impl Options {
    /// What a stream socket begins with: what the host is set to.
    pub(super) fn of_stream(settings: &tcp::Settings) -> Self {
        let keep = settings.keep_alive.unwrap_or_default();
        Self {
            receive_buffer_octets: settings.receive_buffer_octets,
            send_buffer_octets: settings.send_buffer_octets,
            no_delay: !settings.nagle,
            keep_alive: settings.keep_alive.is_some(),
            keep_idle_s: keep_seconds(keep.idle).unwrap_or(KEEP_MAX_S),
            keep_interval_s: keep_seconds(keep.interval).unwrap_or(KEEP_MAX_S),
            keep_count: keep.probes.max(1),
            ..Self::default()
        }
    }

    /// Keep-alives as a connection is told of them.
    pub(super) fn keep_alives(&self) -> Option<KeepAlive> {
        let seconds = |count: u16| Span::from_secs(count.into());
        let (idle, interval) = (seconds(self.keep_idle_s), seconds(self.keep_interval_s));
        self.keep_alive.then_some(KeepAlive { idle, interval, probes: self.keep_count })
    }

    /// How long an orphan may stay in FIN-WAIT-2, if the application has said so.
    pub(super) fn linger_fin_wait(&self) -> Option<Span> {
        let seconds = u64::try_from(self.linger_fin_wait_s.max(0)).unwrap_or_default();
        (self.linger_fin_wait_s != 0).then_some(Span::from_secs(seconds))
    }

    /// How often a SYN is repeated, if the application has said so.
    pub(super) fn syn_repeats(&self) -> Option<u8> {
        (self.syn_count != 0).then_some(self.syn_count)
    }

    /// What packets to `dst` of a socket of `family` say beside addresses and payload. Where a socket of IPv6
    /// speaks IPv4, it is as the host has it: its options are those of IPv6.
    pub(super) const fn marks(&self, family: Family, dst: IpAddr) -> Marks {
        let device = self.device;
        match (family, dst) {
            (Family::V4, _) | (Family::V6, IpAddr::V6(_)) => {
                Marks { hop_limit: self.hop_limit, traffic_class: self.traffic_class, device }
            }
            (Family::V6, IpAddr::V4(_)) => Marks { hop_limit: None, traffic_class: 0, device },
        }
    }

    /// Sets an option of a socket of this family and kind.
    ///
    /// # Errors
    /// [`Refused::NoSuchOption`] where the protocol has none or it can only be read,
    /// [`Refused::InvalidArgument`] for a value out of bounds.
    pub(super) fn set(&mut self, family: Family, kind: Kind, value: OptionValue) -> Result<(), Refused> {
        match value {
            OptionValue::ReuseAddr(on) => self.reuse_addr = on,
            OptionValue::ReusePort(on) => self.reuse_port = on,
            OptionValue::V6Only(on) if family == Family::V6 => self.v6_only = on,
            OptionValue::KeepAlive(on) => self.keep_alive = on,
            OptionValue::Broadcast(on) => self.broadcast = on,
            OptionValue::OobInline(on) => self.oob_inline = on,
            OptionValue::NoDelay(on) if kind == Kind::Stream => self.no_delay = on,
            OptionValue::Linger(span) => self.linger = span,
            OptionValue::ReceiveBuffer(octets) => self.receive_buffer_octets = octets,
            OptionValue::SendBuffer(octets) => self.send_buffer_octets = octets,
            OptionValue::MaxSegment(octets) if kind == Kind::Stream => {
                self.max_segment_octets = max_segment(octets)?;
            }
            OptionValue::UserTimeout(span) if kind == Kind::Stream => self.user_timeout = span,
            //= RFC9293-MUST-27
            OptionValue::KeepIdle(span) if kind == Kind::Stream => self.keep_idle_s = keep_seconds(span)?,
            OptionValue::KeepInterval(span) if kind == Kind::Stream => {
                self.keep_interval_s = keep_seconds(span)?;
            }
            OptionValue::KeepCount(0) if kind == Kind::Stream => return Err(Refused::InvalidArgument),
            OptionValue::KeepCount(probes) if kind == Kind::Stream => self.keep_count = probes,
            //= RFC9293-MUST-48
            OptionValue::TrafficClass(octet) => self.traffic_class = octet,
            //= RFC1122-3.2.1.7-c
            //= RFC9293-MUST-49
            OptionValue::HopLimit(0) if family == Family::V4 => return Err(Refused::InvalidArgument),
            OptionValue::HopLimit(limit) => self.hop_limit = Some(limit),
            OptionValue::FreeBind(on) => self.free_bind = on,
            OptionValue::Transparent(on) => self.transparent = on,
            OptionValue::BindAddressNoPort(on) => self.bind_no_port = on,
            OptionValue::LocalPortRange(first, last) if last != 0 && first > last => {
                return Err(Refused::InvalidArgument);
            }
            OptionValue::LocalPortRange(first, last) => self.local_port_range = (first, last),
            OptionValue::BindToDevice(device) => self.device = device,
            OptionValue::MulticastAll(on) => self.multicast_all = on,
            OptionValue::MulticastLoop(on) => self.multicast_loop = on,
            OptionValue::MulticastHops(limit) => self.multicast_hops = group_hops(family, kind, limit)?,
            OptionValue::ReceiveErrors(on) => self.receive_errors = on,
            OptionValue::LingerFinWait(seconds) if kind == Kind::Stream => {
                self.linger_fin_wait_s = seconds.clamp(-1, LINGER_FIN_WAIT_MAX_S);
            }
            OptionValue::DeferAccept(seconds) if kind == Kind::Stream => {
                self.defer_accept_s = as_timeouts_s(seconds);
            }
            OptionValue::Cork(on) if kind == Kind::Stream => self.cork = on,
            OptionValue::SynCount(0 | 128..) if kind == Kind::Stream => return Err(Refused::InvalidArgument),
            OptionValue::SynCount(times) if kind == Kind::Stream => self.syn_count = times,
            OptionValue::JoinGroup(..)
            | OptionValue::LeaveGroup(..)
            | OptionValue::V6Only(_)
            | OptionValue::NoDelay(_)
            | OptionValue::MaxSegment(_)
            | OptionValue::UserTimeout(_)
            | OptionValue::KeepIdle(_)
            | OptionValue::KeepInterval(_)
            | OptionValue::KeepCount(_)
            | OptionValue::LingerFinWait(_)
            | OptionValue::DeferAccept(_)
            | OptionValue::Cork(_)
            | OptionValue::SynCount(_)
            | OptionValue::Error(_)
            | OptionValue::AcceptConn(_) => return Err(Refused::NoSuchOption),
        }
        Ok(())
    }

    /// Reads an option of a socket of this family and kind. `SO_ERROR` and `SO_ACCEPTCONN` are no options
    /// but state, and the caller answers for them.
    ///
    /// # Errors
    /// [`Refused::NoSuchOption`] where the protocol has none, [`Refused::NotSupported`] on IPv4.
    pub(super) fn get(&self, family: Family, kind: Kind, name: OptionName) -> Result<OptionValue, Refused> {
        if is_of_streams(name) && kind != Kind::Stream || name == OptionName::V6Only && family == Family::V4 {
            // What Linux says to a question about another protocol. To set such an option is `ENOPROTOOPT`.
            return Err(match family {
                Family::V4 => Refused::NotSupported,
                Family::V6 => Refused::NoSuchOption,
            });
        }
        Ok(match name {
            OptionName::ReuseAddr => OptionValue::ReuseAddr(self.reuse_addr),
            OptionName::ReusePort => OptionValue::ReusePort(self.reuse_port),
            OptionName::V6Only => OptionValue::V6Only(self.v6_only),
            OptionName::KeepAlive => OptionValue::KeepAlive(self.keep_alive),
            OptionName::Broadcast => OptionValue::Broadcast(self.broadcast),
            OptionName::OobInline => OptionValue::OobInline(self.oob_inline),
            OptionName::NoDelay => OptionValue::NoDelay(self.no_delay),
            OptionName::Linger => OptionValue::Linger(self.linger),
            OptionName::ReceiveBuffer => OptionValue::ReceiveBuffer(self.receive_buffer_octets),
            OptionName::SendBuffer => OptionValue::SendBuffer(self.send_buffer_octets),
            OptionName::MaxSegment => {
                OptionValue::MaxSegment(self.max_segment_octets.unwrap_or(MAX_SEGMENT_DEFAULT_OCTETS))
            }
            OptionName::UserTimeout => OptionValue::UserTimeout(self.user_timeout),
            OptionName::KeepIdle => OptionValue::KeepIdle(Span::from_secs(self.keep_idle_s.into())),
            OptionName::KeepInterval => {
                OptionValue::KeepInterval(Span::from_secs(self.keep_interval_s.into()))
            }
            OptionName::KeepCount => OptionValue::KeepCount(self.keep_count),
            OptionName::HopLimit => OptionValue::HopLimit(self.hop_limit.unwrap_or(HOP_LIMIT)),
            OptionName::TrafficClass => OptionValue::TrafficClass(self.traffic_class),
            OptionName::FreeBind => OptionValue::FreeBind(self.free_bind),
            OptionName::Transparent => OptionValue::Transparent(self.transparent),
            OptionName::BindAddressNoPort => OptionValue::BindAddressNoPort(self.bind_no_port),
            OptionName::LocalPortRange => {
                OptionValue::LocalPortRange(self.local_port_range.0, self.local_port_range.1)
            }
            OptionName::BindToDevice => OptionValue::BindToDevice(self.device),
            OptionName::MulticastAll => OptionValue::MulticastAll(self.multicast_all),
            OptionName::MulticastLoop => OptionValue::MulticastLoop(self.multicast_loop),
            OptionName::MulticastHops => OptionValue::MulticastHops(self.multicast_hops),
            OptionName::ReceiveErrors => OptionValue::ReceiveErrors(self.receive_errors),
            OptionName::LingerFinWait => OptionValue::LingerFinWait(self.linger_fin_wait_s),
            OptionName::DeferAccept => OptionValue::DeferAccept(self.defer_accept_s),
            OptionName::Cork => OptionValue::Cork(self.cork),
            OptionName::SynCount => {
                OptionValue::SynCount(if self.syn_count == 0 { SYN_REPEATS } else { self.syn_count })
            }
            OptionName::JoinGroup | OptionName::LeaveGroup | OptionName::Error | OptionName::AcceptConn => {
                return Err(Refused::NoSuchOption);
            }
        })
    }
}

impl Sockets {
    /// Tells a connection that is there already of an option that was set just now.
    pub(super) fn wire_option(&mut self, slot: Slot, value: OptionValue, net: &mut Net<'_>) {
        let default_timeout = self.settings.user_timeout;
        let socket = self.socket(slot);
        let connection = match &mut socket.body {
            Body::Connection(connection) => connection,
            Body::Datagram(_) | Body::Listening(_) => return self.wire_waiting_option(slot, value),
            Body::Idle => return,
        };
        match value {
            //= RFC9293-MUST-17
            OptionValue::NoDelay(on) => self.act(slot, net, |tcb, now, cx| tcb.set_nagle(now, !on, cx)),
            OptionValue::UserTimeout(timeout) => {
                //= RFC9293-MUST-21
                connection.tcb.set_user_timeout(timeout.or(default_timeout));
                self.settle(slot, net);
            }
            OptionValue::OobInline(on) => connection.tcb.set_urgent_in_line(on),
            OptionValue::Cork(on) => self.act(slot, net, |tcb, now, cx| tcb.set_cork(now, on, cx)),
            OptionValue::KeepAlive(_)
            | OptionValue::KeepIdle(_)
            | OptionValue::KeepInterval(_)
            | OptionValue::KeepCount(_) => {
                //= RFC9293-MUST-24
                connection.tcb.set_keep_alive(net.now, socket.options.keep_alives());
                self.settle(slot, net);
            }
            OptionValue::ReuseAddr(_)
            | OptionValue::ReusePort(_)
            | OptionValue::V6Only(_)
            | OptionValue::Broadcast(_)
            | OptionValue::Linger(_)
            | OptionValue::ReceiveBuffer(_)
            | OptionValue::SendBuffer(_)
            | OptionValue::MaxSegment(_)
            | OptionValue::HopLimit(_)
            | OptionValue::TrafficClass(_)
            | OptionValue::FreeBind(_)
            | OptionValue::Transparent(_)
            | OptionValue::BindAddressNoPort(_)
            | OptionValue::LocalPortRange(..)
            | OptionValue::BindToDevice(_)
            | OptionValue::MulticastAll(_)
            | OptionValue::MulticastLoop(_)
            | OptionValue::MulticastHops(_)
            | OptionValue::JoinGroup(..)
            | OptionValue::LeaveGroup(..)
            | OptionValue::ReceiveErrors(_)
            | OptionValue::LingerFinWait(_)
            | OptionValue::DeferAccept(_)
            | OptionValue::SynCount(_)
            | OptionValue::Error(_)
            | OptionValue::AcceptConn(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    const FAMILIES: [Family; 2] = [Family::V4, Family::V6];
    const KINDS: [Kind; 2] = [Kind::Stream, Kind::Datagram];

    fn examples(on: bool, octets: u32) -> [(OptionName, OptionValue); 30] {
        let span = on.then_some(Span::from_millis(u64::from(octets)));
        [
            (OptionName::ReuseAddr, OptionValue::ReuseAddr(on)),
            (OptionName::ReusePort, OptionValue::ReusePort(on)),
            (OptionName::V6Only, OptionValue::V6Only(on)),
            (OptionName::KeepAlive, OptionValue::KeepAlive(on)),
            (OptionName::Broadcast, OptionValue::Broadcast(on)),
            (OptionName::OobInline, OptionValue::OobInline(on)),
            (OptionName::NoDelay, OptionValue::NoDelay(on)),
            (OptionName::Linger, OptionValue::Linger(span)),
            (OptionName::ReceiveBuffer, OptionValue::ReceiveBuffer(octets)),
            (OptionName::SendBuffer, OptionValue::SendBuffer(octets)),
            (OptionName::MaxSegment, OptionValue::MaxSegment(1000)),
            (OptionName::UserTimeout, OptionValue::UserTimeout(span)),
            (OptionName::KeepIdle, OptionValue::KeepIdle(Span::from_secs(1 + u64::from(octets % 9999)))),
            (OptionName::KeepInterval, OptionValue::KeepInterval(Span::from_secs(7))),
            (OptionName::KeepCount, OptionValue::KeepCount(3)),
            (OptionName::HopLimit, OptionValue::HopLimit(7)),
            (OptionName::TrafficClass, OptionValue::TrafficClass((octets & 255) as u8)),
            (OptionName::FreeBind, OptionValue::FreeBind(on)),
            (OptionName::Transparent, OptionValue::Transparent(on)),
            (OptionName::BindAddressNoPort, OptionValue::BindAddressNoPort(on)),
            (OptionName::LocalPortRange, OptionValue::LocalPortRange(4000, 5000)),
            (OptionName::BindToDevice, OptionValue::BindToDevice(on.then_some(Device::Loopback))),
            (OptionName::MulticastAll, OptionValue::MulticastAll(on)),
            (OptionName::MulticastLoop, OptionValue::MulticastLoop(on)),
            (OptionName::MulticastHops, OptionValue::MulticastHops(9)),
            (OptionName::ReceiveErrors, OptionValue::ReceiveErrors(on)),
            (OptionName::LingerFinWait, OptionValue::LingerFinWait(-1)),
            (OptionName::DeferAccept, OptionValue::DeferAccept(as_timeouts_s(octets))),
            (OptionName::Cork, OptionValue::Cork(on)),
            (OptionName::SynCount, OptionValue::SynCount(3)),
        ]
    }

    quickcheck! {
        fn what_is_set_is_read_back_and_nothing_else_changes(on: bool, octets: u32) -> bool {
            FAMILIES.into_iter().all(|family| KINDS.into_iter().all(|kind| {
                examples(on, octets).into_iter().all(|(name, value)| {
                    let mut options = Options::default();
                    match options.set(family, kind, value) {
                        Ok(()) => options.get(family, kind, name) == Ok(value),
                        // A stream has no use for this one, and tells what it is all the same.
                        Err(_) if name == OptionName::MulticastHops => options == Options::default(),
                        Err(refused) => {
                            let asked = options.get(family, kind, name);
                            let other_word = family == Family::V4 && asked == Err(Refused::NotSupported);
                            options == Options::default() && (asked == Err(refused) || other_word)
                        }
                    }
                })
            }))
        }
    }

    #[test]
    fn options_of_other_protocols_and_states_are_refused() {
        let mut options = Options::default();
        let mut set = |family, kind, value| options.set(family, kind, value);
        let no_such = Err(Refused::NoSuchOption);
        assert_eq!(set(Family::V4, Kind::Stream, OptionValue::V6Only(true)), no_such);
        assert_eq!(set(Family::V6, Kind::Datagram, OptionValue::NoDelay(true)), no_such);
        assert_eq!(set(Family::V4, Kind::Stream, OptionValue::Error(None)), no_such);
        assert_eq!(set(Family::V4, Kind::Stream, OptionValue::AcceptConn(true)), no_such);
        let invalid = Err(Refused::InvalidArgument);
        assert_eq!(set(Family::V4, Kind::Stream, OptionValue::MaxSegment(87)), invalid);
        assert_eq!(set(Family::V4, Kind::Datagram, OptionValue::HopLimit(0)), invalid);
        assert_eq!(set(Family::V6, Kind::Datagram, OptionValue::HopLimit(0)), Ok(()));
        assert_eq!(set(Family::V6, Kind::Stream, OptionValue::KeepCount(0)), invalid);
        assert_eq!(set(Family::V6, Kind::Datagram, OptionValue::KeepCount(0)), no_such);
    }
}
