//! floor 4: the active open (RFC 9293 sections 3.9.1.1 and 3.10.1).
//!
//! A stream socket tells its application once how the attempt went: by the next `connect`, as Linux does
//! with a socket that does not block.
//!
//! RFC9293-3.10.1-e: a listener does not turn into an active opener; POSIX has an errno for that.
//! RFC9293-SHLD-6: an interface has one MTU, and it stays the same.

use super::bind::Scope;
use super::call::Family;
use super::name::{Endpoint, FourTuple};
use super::options::Options;
use super::policy::TimeWaitReuse;
use super::table::{Body, Connection, LeftAs, Net, Shut, Slot, Socket, Sockets, Told};
use crate::base::{Instant, Ours, Port, Refused, Seq, Span};
use crate::tcp::{self, Tcb};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::net::{IpAddr, SocketAddr};

/// The smallest buffer of a connection, in octets, whatever the application asks for: without any, the peer
/// could not even close (the payload that Linux leaves of `SOCK_MIN_RCVBUF`).
const BUFFER_MIN_OCTETS: u32 = 1_152;
/// The largest send buffer of a connection, in octets: a quarter of the sequence numbers, so that what was
/// sent and what is still to come always have an order (RFC 9293 section 3.4).
const SEND_BUFFER_MAX_OCTETS: u32 = 1 << 30;

/// How long a connection is in TIME-WAIT before another one may follow it whose port the host chooses
/// (`net.ipv4.tcp_tw_reuse_delay` of Linux).
const TIME_WAIT_REUSE_DELAY: Span = Span::from_secs(1);

/// How a connection came to its local port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The application has named it.
    Name,
    /// The host has chosen it.
    Choice,
}

impl Sockets {
    /// `connect` on a stream socket.
    pub(super) fn connect_stream(
        &mut self,
        slot: Slot,
        name: SocketAddr,
        net: &mut Net<'_>,
    ) -> Result<(), Refused> {
        let profile = self.bounds.profile;
        match &mut self.socket(slot).body {
            //= RFC9293-3.10.1-f
            Body::Listening(_) => return Err(Refused::AlreadyConnected),
            Body::Connection(connection) => {
                let outcome = connection.outcome();
                if let Outcome::Over(error) = outcome {
                    if profile.connects_after_refusal() {
                        self.let_go(slot);
                    }
                    return Err(error);
                }
                return outcome.told();
            }
            Body::Idle | Body::Datagram(_) => {}
        }
        let socket = self.socket(slot);
        if socket.family == Family::V6 && name.is_ipv4() {
            // An IPv4 name is too short for one of IPv6; Linux looks at the length before the family.
            return Err(Refused::InvalidArgument);
        }
        let tied = socket.tie_to_zone(name);
        // Where there is nobody the socket is tied all the same, and the books show it.
        self.renew_claim(slot);
        tied?;
        let socket = self.socket(slot);
        let remote = socket.remote(name, net)?;
        let source = socket.source(remote.addr, net)?;
        let beyond = self.take_tuple(slot, source, remote, net)?;
        self.open(slot, remote, beyond, net)
    }

    /// Gives the socket the local end of a new four-tuple. If there was a connection in TIME-WAIT, the new
    /// one begins beyond its numbers.
    fn take_tuple(
        &mut self,
        slot: Slot,
        source: IpAddr,
        remote: Endpoint,
        net: &mut Net<'_>,
    ) -> Result<Option<Seq<Ours>>, Refused> {
        let socket = self.socket(slot);
        if let Some(bound) = socket.bound {
            let local = Endpoint { addr: source, port: bound.port.number() };
            let beyond = self.take_from_time_wait(&FourTuple { local, remote }, By::Name, net)?;
            //= RFC9293-MUST-43
            let socket = self.socket(slot);
            if socket.has_asked_for_address() {
                // As on Linux the source takes the place of a wildcard or broadcast address for good.
                socket.asked = Some(Scope::of(socket.family, source, socket.options.v6_only));
            }
            socket.local = local;
            self.renew_claim(slot);
            return Ok(beyond);
        }
        let port = self.free_port_to_connect(slot, source, remote, net).ok_or(Refused::AddrNotAvailable)?;
        let local = Endpoint { addr: source, port: port.number() };
        let beyond = self.take_from_time_wait(&FourTuple { local, remote }, By::Choice, net)?;
        self.socket(slot).local.addr = source;
        self.hold(slot, port, false, true);
        Ok(beyond)
    }

    /// Frees `tuple` if nobody has it but a connection in TIME-WAIT that may be followed; where that ended.
    fn take_from_time_wait(
        &mut self,
        tuple: &FourTuple,
        by: By,
        net: &mut Net<'_>,
    ) -> Result<Option<Seq<Ours>>, Refused> {
        let Some(old) = self.streams.paired(tuple) else { return Ok(None) };
        if !self.may_be_followed(old, by, net.now) {
            return Err(Refused::AddrNotAvailable);
        }
        let beyond = self.socket(old).connection().tcb.snd().nxt;
        self.act(old, net, |tcb, now, cx| tcb.abort(now, cx));
        Ok(Some(beyond))
    }

    /// Whether the connection in `slot` is in TIME-WAIT and this host may open a new one between its ends:
    /// its segments are told from old ones by their timestamps, and start with later numbers.
    pub(super) fn may_be_followed(&self, slot: Slot, by: By, now: Instant) -> bool {
        let Some(Socket { body: Body::Connection(connection), .. }) = self.sockets.get(slot) else {
            return false;
        };
        let ends = [connection.tuple.local, connection.tuple.remote];
        let wanted = match (by, self.bounds.time_wait_reuse) {
            (By::Name, _) | (By::Choice, TimeWaitReuse::Always) => true,
            (By::Choice, TimeWaitReuse::Never) => false,
            (By::Choice, TimeWaitReuse::Loopback) => ends.iter().any(|end| end.addr.is_loopback()),
        };
        let patience = match by {
            By::Name => Span::ZERO,
            By::Choice => TIME_WAIT_REUSE_DELAY,
        };
        wanted && connection.tcb.in_time_wait_since().is_some_and(|since| now >= since + patience)
    }

    fn open(
        &mut self,
        slot: Slot,
        remote: Endpoint,
        beyond: Option<Seq<Ours>>,
        net: &mut Net<'_>,
    ) -> Result<(), Refused> {
        let socket = self.socket(slot);
        socket.error = None;
        let options = socket.options;
        let tuple = FourTuple { local: socket.local, remote };
        let settings = self.settings_for(&options, &tuple, net);
        let offsets = tuple.offsets(&self.key);
        //= RFC9293-3.10.1-b
        let asks = remote.port != 0
            || self.bounds.profile.asks_port_zero() && !self.hears_refusal(&tuple, options.device, net);
        let tcb = if !asks {
            // RFC 6335 section 6 reserves port 0: nobody listens there, which needs no SYN to be found out.
            //= RFC9293-3.10.1-c
            Tcb::refused(&settings)
        } else {
            let mut lane = self.departures.lane(&tuple, net.out);
            let mut cx = tcp::Cx { choices: net.choices, out: &mut lane };
            match beyond {
                Some(beyond) => Tcb::connect_beyond(&settings, offsets, net.now, beyond, &mut cx),
                None => Tcb::connect(&settings, offsets, net.now, &mut cx),
            }
        };
        let connection = Connection {
            tcb,
            tuple,
            entered: Some(self.streams.pair(tuple, slot)),
            parent: None,
            told: Told::Nothing,
            left_as: None,
            patience: None,
        };
        self.socket(slot).body = Body::Connection(Box::new(connection));
        let marks = self.socket(slot).marks();
        let sent = self.departures.flush(&tuple, marks, net);
        self.settle(slot, net);
        match sent {
            Ok(()) => Err(Refused::InProgress),
            Err(refused) => {
                // The SYN can not leave: there is no attempt.
                self.detach(slot);
                self.let_go(slot);
                Err(refused)
            }
        }
    }

    /// The settings of a new connection: those of the host, cut to the path and to the socket's wishes.
    /// Connections opened alike one after the other share them.
    pub(super) fn settings_for(
        &mut self,
        options: &Options,
        tuple: &FourTuple,
        net: &Net<'_>,
    ) -> Arc<tcp::Settings> {
        let (link_mtu_octets, path_mtu_octets) =
            (net.ip.config().mtu_octets, net.ip.mtu_octets(tuple.remote.addr));
        let of_mtu = match tuple.remote.addr {
            IpAddr::V4(_) => tcp::Settings::ipv4,
            IpAddr::V6(_) => tcp::Settings::ipv6,
        };
        let (link, path) = (of_mtu(link_mtu_octets), of_mtu(path_mtu_octets));
        let wished = options.max_segment_octets.unwrap_or(u16::MAX);
        let settings = tcp::Settings {
            mss_receive_octets: link.mss_receive_octets.min(wished),
            mss_send_limit_octets: path.mss_send_limit_octets.min(wished),
            mss_default_octets: path.mss_default_octets,
            mss_least_octets: path.mss_least_octets,
            receive_buffer_octets: options.receive_buffer_octets.max(BUFFER_MIN_OCTETS),
            send_buffer_octets: options.send_buffer_octets.clamp(BUFFER_MIN_OCTETS, SEND_BUFFER_MAX_OCTETS),
            user_timeout: options.user_timeout.or(self.settings.user_timeout),
            // What the application wants is not the peer's to change.
            adopt_user_timeout: self.settings.adopt_user_timeout && options.user_timeout.is_none(),
            nagle: !options.no_delay,
            urgent_in_line: options.oob_inline,
            cork: options.cork,
            syn_repeats: options.syn_repeats().or(self.settings.syn_repeats),
            keep_alive: options.keep_alives(),
            ..self.settings
        };
        if *self.settings_before != settings {
            self.settings_before = Arc::new(settings);
        }
        Arc::clone(&self.settings_before)
    }

    /// A child holds its port as long as it has its connection.
    pub(super) fn hold_as_child(&mut self, child: Slot) {
        let socket = self.socket(child);
        if let Some(port) = Port::new(socket.local.port) {
            self.hold(child, port, false, false);
        }
    }

    /// A connection has ended: its four-tuple is free. The socket goes on showing its name; the port stays
    /// its own if the application has named it.
    pub(super) fn detach(&mut self, slot: Slot) {
        let socket = self.socket(slot);
        let lasting = socket.bound.is_some_and(|bound| bound.lasting);
        let connection = socket.connection();
        let Some(tag) = connection.entered.take() else { return };
        let tuple = connection.tuple;
        self.streams.part_tagged(&tuple, slot, tag);
        if !lasting {
            self.release(slot);
        }
    }

    /// The socket has no connection any more and does not listen: it is as new, except that it shows the port
    /// that it had, and has the address and the port that `bind` has named.
    pub(super) fn let_go(&mut self, slot: Slot) {
        if let Body::Connection(connection) = &self.socket(slot).body
            && connection.entered.is_some()
        {
            self.part_from(slot);
        }
        self.timers.forget(slot);
        let socket = self.socket(slot);
        socket.body = Body::Idle;
        socket.shut = Shut::default();
        socket.local.addr = socket.asked.map_or(Endpoint::wildcard(socket.family, 0).addr, Scope::addr);
        self.renew_claim(slot);
    }

    /// Gives a port back that the host chose for what is over now. One that it chose for a later `bind` is
    /// not over.
    pub(super) fn release_unless_lasting(&mut self, slot: Slot) {
        if self.socket(slot).bound.is_some_and(|bound| !bound.lasting) {
            self.release(slot);
        }
    }

    /// A connection in TIME-WAIT goes on without its socket, and takes a port along that the application has
    /// not named. To the socket it has ended, and what it has received can still be read there. Where too
    /// many are in TIME-WAIT, it ends indeed.
    pub(super) fn part_from(&mut self, slot: Slot) {
        let is_one_too_many = self.left.time_wait >= self.bounds.time_wait_max;
        let socket = self.socket(slot);
        let by_connect = socket.bound.is_some_and(|bound| bound.claim.terms.by_connect);
        let (family, user, options, local) = (socket.family, socket.user, socket.options, socket.local);
        let connection = socket.connection();
        let tuple = connection.tuple;
        let tcb = connection.tcb.part_from_application();
        connection.entered = None;
        self.timers.forget(slot);
        self.streams.part(&tuple, slot);
        if is_one_too_many {
            return self.release_unless_lasting(slot);
        }
        let left = Connection {
            tcb,
            tuple,
            entered: None,
            parent: None,
            told: Told::Outcome,
            left_as: None,
            patience: None,
        };
        let body = Body::Connection(Box::new(left));
        let left = Socket { options, ..Socket::new(user, family, local, body) };
        let left = self.insert(left);
        if let Some(port) = Port::new(local.port) {
            self.hold(left, port, false, by_connect);
        }
        self.release_unless_lasting(slot);
        let tag = self.streams.pair(tuple, left);
        let connection = self.socket(left).connection();
        connection.entered = Some(tag);
        let due = connection.due();
        self.timers.set(left, due);
        self.count_as(left, LeftAs::TimeWait);
    }

    /// `connect` with `AF_UNSPEC` on a stream socket: away with the peer, and with the listener.
    pub(super) fn disconnect_stream(&mut self, slot: Slot, net: &mut Net<'_>) {
        let state = match &self.socket(slot).body {
            Body::Listening(_) => {
                self.stop_listening(slot, net);
                self.let_go(slot);
                return;
            }
            Body::Connection(connection) => connection.tcb.state(),
            Body::Idle | Body::Datagram(_) => tcp::State::Closed,
        };
        match state {
            tcp::State::Closed => self.keep_error(slot),
            tcp::State::TimeWait => {}
            tcp::State::SynSent
            | tcp::State::Listen
            | tcp::State::SynReceived
            | tcp::State::Established
            | tcp::State::FinWait1
            | tcp::State::FinWait2
            | tcp::State::CloseWait
            | tcp::State::Closing
            | tcp::State::LastAck => {
                self.act(slot, net, |tcb, now, cx| tcb.abort(now, cx));
                self.socket(slot).error = Some(Refused::ConnReset);
            }
        }
        self.let_go(slot);
    }

    /// What the connection has not told yet, the socket will.
    fn keep_error(&mut self, slot: Slot) {
        let socket = self.socket(slot);
        if let Body::Connection(connection) = &mut socket.body {
            socket.error = connection.tcb.take_error();
        }
    }
}

/// How it stands with what `connect` has begun.
enum Outcome {
    UnderWay,
    /// It was there just now, and nobody has said so.
    There,
    KnownToBeThere,
    /// It is over, and with this error.
    Over(Refused),
    Spoilt,
}

impl Outcome {
    const fn told(self) -> Result<(), Refused> {
        match self {
            Self::UnderWay => Err(Refused::AlreadyInProgress),
            Self::There => Ok(()),
            Self::KnownToBeThere => Err(Refused::AlreadyConnected),
            Self::Over(error) => Err(error),
            Self::Spoilt => Err(Refused::InvalidArgument),
        }
    }
}

impl Connection {
    /// `shutdown` answers for `connect`, too, and without a connection it spoils the next one.
    pub(super) fn note_shutdown(&mut self) {
        if self.told == Told::Nothing {
            self.told = match self.tcb.state() {
                tcp::State::SynSent | tcp::State::SynReceived | tcp::State::Closed | tcp::State::TimeWait => {
                    Told::Spoilt
                }
                tcp::State::Listen
                | tcp::State::Established
                | tcp::State::FinWait1
                | tcp::State::FinWait2
                | tcp::State::CloseWait
                | tcp::State::Closing
                | tcp::State::LastAck => Told::Outcome,
            };
        }
    }

    /// What `connect` says about the attempt that there has been.
    fn outcome(&mut self) -> Outcome {
        match (self.told, self.tcb.state()) {
            (Told::Outcome, _) => Outcome::KnownToBeThere,
            (Told::Spoilt, _) => Outcome::Spoilt,
            (Told::Nothing, tcp::State::SynSent | tcp::State::SynReceived) => Outcome::UnderWay,
            (Told::Nothing, tcp::State::Closed | tcp::State::TimeWait) => {
                Outcome::Over(self.tcb.take_error().unwrap_or(Refused::ConnAborted))
            }
            (
                Told::Nothing,
                tcp::State::Listen
                | tcp::State::Established
                | tcp::State::FinWait1
                | tcp::State::FinWait2
                | tcp::State::CloseWait
                | tcp::State::Closing
                | tcp::State::LastAck,
            ) => {
                self.told = Told::Outcome;
                Outcome::There
            }
        }
    }
}

impl Socket {
    /// The connection part of a socket that is known to have one.
    pub(super) fn connection(&mut self) -> &mut Connection {
        match &mut self.body {
            Body::Connection(connection) => connection,
            Body::Idle | Body::Listening(_) | Body::Datagram(_) => {
                unreachable!("the caller has seen that this socket has a connection")
            }
        }
    }
}
