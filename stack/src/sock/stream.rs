//! floor 4: calls on stream sockets that have a connection (RFC 9293 sections 3.9.1.2 to 3.9.1.5 and 3.10.2
//! to 3.10.5).

use super::call::{Device, How, Reply};
use super::depart::{Door, Marks};
use super::name::FourTuple;
use super::profile::AfterReadShut;
use super::table::{Body, LeftAs, Net, Slot, Sockets};
use crate::base::{Ecn, Instant, Refused, Span, Why};
use crate::tcp::{self, Tcb};
use crate::wire::tcp::Segment;
use alloc::vec::Vec;

impl Sockets {
    /// Lets a connection act, and sends what it brings forth.
    pub(super) fn with_tcb<R>(
        &mut self,
        slot: Slot,
        net: &mut Net<'_>,
        act: impl FnOnce(&mut Tcb, Instant, &mut tcp::Cx<'_>) -> R,
    ) -> R {
        self.with_connection(slot, net, act).0
    }

    /// As [`Sockets::with_tcb`]; also when something is due for the connection, if it is where nothing else
    /// has to be brought in line.
    #[inline(always)]
    fn with_connection<R>(
        &mut self,
        slot: Slot,
        net: &mut Net<'_>,
        act: impl FnOnce(&mut Tcb, Instant, &mut tcp::Cx<'_>) -> R,
    ) -> (R, Option<Option<Instant>>) {
        let Some(socket) = self.sockets.get_mut(slot) else { unreachable!("there is no socket in {slot:?}") };
        let marks = socket.marks();
        let named = socket.id.is_some();
        let connection = socket.connection();
        let door = Door { ip: net.ip, now: net.now, marks };
        let mut lane = self.departures.open_lane(&connection.tuple, net.out, door);
        let mut cx = tcp::Cx { choices: net.choices, out: &mut lane };
        let result = act(&mut connection.tcb, net.now, &mut cx);
        let due = (named && connection.is_open_to_its_application()).then(|| connection.tcb.due());
        // A segment that IP refuses is lost like any other: the retransmission timer is its guardian.
        if let Err(Refused::MessageSize) = self.departures.flush(&connection.tuple, marks, net) {
            self.shrink_segments(slot, net);
            return (result, None);
        }
        (result, due)
    }

    /// The path has become narrower than the connection knows, because somebody else was told.
    fn shrink_segments(&mut self, slot: Slot, net: &mut Net<'_>) {
        let remote = self.socket(slot).connection().tuple.remote.addr;
        let mtu_octets = net.ip.mtu_octets(remote);
        let settings =
            if remote.is_ipv4() { tcp::Settings::ipv4(mtu_octets) } else { tcp::Settings::ipv6(mtu_octets) };
        // The connection only ever shrinks by it, so that this ends.
        self.with_tcb(slot, net, |tcb, now, cx| tcb.narrow(now, settings.mss_send_limit_octets, cx));
    }

    /// As [`Sockets::with_tcb`], and then sorts the connection into timers, queues and tables.
    pub(super) fn act<R>(
        &mut self,
        slot: Slot,
        net: &mut Net<'_>,
        act: impl FnOnce(&mut Tcb, Instant, &mut tcp::Cx<'_>) -> R,
    ) -> R {
        match self.with_connection(slot, net, act) {
            (result, Some(due)) => {
                self.timers.set(slot, due);
                result
            }
            (result, None) => {
                self.settle(slot, net);
                result
            }
        }
    }

    /// Brings timers, queues and tables in line with the state of a connection.
    pub(super) fn settle(&mut self, slot: Slot, net: &mut Net<'_>) {
        let fin_timeout = self.bounds.fin_timeout;
        let socket = self.socket(slot);
        let named = socket.id.is_some();
        let linger = socket.options.linger_fin_wait();
        let connection = socket.connection();
        let (state, parent, counted_as) = (connection.tcb.state(), connection.parent, connection.left_as);
        let is_orphan = !named && parent.is_none();
        let waits = is_orphan && state == tcp::State::FinWait2;
        connection.patience = match (waits, connection.patience) {
            (false, _) => None,
            (true, Some(until)) => Some(until),
            (true, None) => Some(net.now + linger.unwrap_or(fin_timeout)),
        };
        if waits && linger == Some(Span::ZERO) {
            self.with_tcb(slot, net, |tcb, now, cx| tcb.abort(now, cx));
            self.remove(slot);
            return;
        }
        if let Some(parent) = parent
            && !self.sort_child(slot, parent, state, net)
        {
            return;
        }
        // What a child inherits may set its timers.
        let due = self.socket(slot).connection().due();
        self.timers.set(slot, due);
        if state == tcp::State::Closed {
            self.detach(slot);
            // Nobody will ask for it any more.
            if is_orphan {
                self.remove(slot);
            }
            return;
        }
        let left_as = is_orphan.then_some(match state {
            tcp::State::TimeWait => LeftAs::TimeWait,
            tcp::State::Closed
            | tcp::State::Listen
            | tcp::State::SynSent
            | tcp::State::SynReceived
            | tcp::State::Established
            | tcp::State::FinWait1
            | tcp::State::FinWait2
            | tcp::State::CloseWait
            | tcp::State::Closing
            | tcp::State::LastAck => LeftAs::Orphan,
        });
        if left_as != counted_as {
            self.count_left(slot, left_as, net);
        }
    }

    /// Counts a connection as what it has become by losing its socket.
    pub(super) fn count_as(&mut self, slot: Slot, left_as: LeftAs) {
        self.socket(slot).connection().left_as = Some(left_as);
        *self.left.count(left_as) += 1;
        self.renew_claim(slot);
    }

    /// Counts a connection that is left to itself, and ends it if there are too many.
    fn count_left(&mut self, slot: Slot, left_as: Option<LeftAs>, net: &mut Net<'_>) {
        let before = core::mem::replace(&mut self.socket(slot).connection().left_as, left_as);
        if let Some(before) = before {
            *self.left.count(before) -= 1;
        }
        let Some(left_as) = left_as else { return };
        *self.left.count(left_as) += 1;
        if left_as == LeftAs::TimeWait {
            self.renew_claim(slot);
        }
        let (most, why) = match left_as {
            LeftAs::Orphan => (self.bounds.orphans_max, Why::OrphansFull),
            LeftAs::TimeWait => (self.bounds.time_wait_max, Why::TimeWaitFull),
        };
        if *self.left.count(left_as) > most {
            net.out.discard(why);
            self.with_tcb(slot, net, |tcb, now, cx| tcb.abort(now, cx));
            self.remove(slot);
        }
    }

    /// Takes a socket out of every table.
    pub(super) fn remove(&mut self, slot: Slot) {
        if let Body::Connection(connection) = &mut self.socket(slot).body {
            let left_as = connection.left_as.take();
            if let Some(left_as) = left_as {
                *self.left.count(left_as) -= 1;
            }
            self.detach(slot);
        }
        self.timers.forget(slot);
        self.take_name(slot);
        self.release(slot);
        self.sockets.remove(slot);
    }

    /// Sends a segment that belongs to no connection, by `device` if there is one.
    pub(super) fn transmit(
        &mut self,
        tuple: &FourTuple,
        segment: &Segment<'_>,
        device: Option<Device>,
        net: &mut Net<'_>,
    ) {
        self.departures.segment(tuple, segment, Ecn::NotEct);
        // What answers a stray segment is sent once and never missed.
        let _ = self.departures.flush(tuple, Marks { device, ..Marks::default() }, net);
    }

    /// `send` on a stream socket.
    pub(super) fn send_stream(
        &mut self,
        slot: Slot,
        data: &[u8],
        urgent: bool,
        net: &mut Net<'_>,
    ) -> Result<Reply, Refused> {
        let queues_early = self.bounds.send_while_opening;
        let socket = self.socket(slot);
        match &socket.body {
            Body::Connection(connection) => {
                let state = connection.tcb.state();
                if state.is_opening() && !queues_early {
                    return Err(Refused::WouldBlock);
                }
                if state.is_synchronized() && socket.shut.write {
                    return Err(Refused::BrokenPipe);
                }
                let sent = self.act(slot, net, |tcb, now, cx| tcb.send(now, data, urgent, cx))?;
                Ok(Reply::Sent(sent))
            }
            //= RFC9293-3.10.2-a
            //= RFC9293-3.10.2-b
            Body::Idle | Body::Listening(_) | Body::Datagram(_) => {
                Err(socket.error.take().unwrap_or(Refused::BrokenPipe))
            }
        }
    }

    /// `recv` on a stream socket.
    pub(super) fn receive_stream(
        &mut self,
        slot: Slot,
        max: u32,
        net: &mut Net<'_>,
    ) -> Result<Reply, Refused> {
        match &self.socket(slot).body {
            Body::Connection(_) => {
                let received = self.act(slot, net, |tcb, now, cx| tcb.receive(now, max, cx));
                self.received(slot, received)
            }
            Body::Listening(_) => Err(Refused::NotConnected),
            Body::Idle | Body::Datagram(_) => self.nothing_received(slot),
        }
    }

    /// Text has come: after the reading half was shut it is thrown away or reset, where that is the custom.
    pub(super) fn discard_unwanted(&mut self, slot: Slot, net: &mut Net<'_>) {
        let resets = match self.bounds.after_read_shut {
            AfterReadShut::HandOut => return,
            AfterReadShut::Discard => false,
            AfterReadShut::Reset => true,
        };
        let unwanted = self.sockets.get(slot).is_some_and(|socket| match &socket.body {
            Body::Connection(_) => socket.shut.read,
            Body::Idle | Body::Listening(_) | Body::Datagram(_) => false,
        });
        if unwanted && resets {
            self.act(slot, net, |tcb, now, cx| tcb.abort(now, cx));
        } else if unwanted {
            self.discard_unread(slot, net);
        }
    }

    /// Throws away all that waits to be read, what stands behind an urgent octet as well: one call reads no
    /// further than to it.
    fn discard_unread(&mut self, slot: Slot, net: &mut Net<'_>) {
        self.act(slot, net, |tcb, now, cx| {
            let mut left = u32::MAX;
            while tcb.unread_octets() > 0 && tcb.unread_octets() < left {
                left = tcb.unread_octets();
                // What it was does not matter.
                let _ = tcb.receive(now, u32::MAX, cx);
            }
        });
    }

    /// `recv` with `MSG_PEEK`.
    pub(super) fn peek(&mut self, slot: Slot, max: u32) -> Result<Reply, Refused> {
        match &mut self.socket(slot).body {
            Body::Connection(connection) => {
                let received = connection.tcb.peek(max);
                self.received(slot, received)
            }
            Body::Listening(_) => Err(Refused::NotConnected),
            Body::Idle => self.nothing_received(slot),
            Body::Datagram(_) => Err(Refused::NotSupported),
        }
    }

    fn received(&mut self, slot: Slot, received: Result<Vec<u8>, Refused>) -> Result<Reply, Refused> {
        match received {
            // Data that arrives later is handed out nevertheless, as on Linux.
            Err(Refused::WouldBlock) if self.socket(slot).shut.read => Ok(Reply::Data(Vec::new())),
            received => received.map(Reply::Data),
        }
    }

    /// `recv` without a connection.
    fn nothing_received(&mut self, slot: Slot) -> Result<Reply, Refused> {
        let socket = self.socket(slot);
        match socket.error.take() {
            Some(refused) => Err(refused),
            None if socket.shut.read => Ok(Reply::Data(Vec::new())),
            //= RFC9293-3.10.3-a
            None => Err(Refused::NotConnected),
        }
    }

    /// `recv` with `MSG_OOB`.
    pub(super) fn receive_urgent(&mut self, slot: Slot) -> Result<Reply, Refused> {
        let socket = self.socket(slot);
        let read_shut = socket.shut.read;
        match &mut socket.body {
            Body::Connection(connection) => match connection.tcb.receive_urgent() {
                Err(Refused::WouldBlock) if read_shut => Ok(Reply::Data(Vec::new())),
                received => received.map(Reply::Data),
            },
            Body::Listening(_) => Err(Refused::NotConnected),
            Body::Idle => Err(Refused::InvalidArgument),
            Body::Datagram(_) => Err(Refused::NotSupported),
        }
    }

    /// `sockatmark`.
    pub(super) fn at_mark(&mut self, slot: Slot) -> Result<Reply, Refused> {
        match &self.socket(slot).body {
            Body::Connection(connection) => Ok(Reply::Flag(connection.tcb.is_at_mark())),
            Body::Listening(_) | Body::Idle => Ok(Reply::Flag(false)),
            Body::Datagram(_) => Err(Refused::InvalidArgument),
        }
    }

    /// `shutdown` on a stream socket.
    pub(super) fn shutdown_stream(&mut self, slot: Slot, how: How, net: &mut Net<'_>) -> Result<(), Refused> {
        let profile = self.bounds.profile;
        let socket = self.socket(slot);
        let state = match &mut socket.body {
            Body::Connection(connection) => {
                connection.note_shutdown();
                connection.tcb.state()
            }
            Body::Listening(_) if !profile.shutdown_ends_listening() => {
                return Err(Refused::NotConnected);
            }
            Body::Listening(_) => {
                self.shutdown_listener(slot, how, net);
                return Ok(());
            }
            Body::Idle | Body::Datagram(_) => tcp::State::Closed,
        };
        if state == tcp::State::SynSent {
            // Linux withdraws the attempt.
            self.disconnect_stream(slot, net);
            return Ok(());
        }
        // Also without a connection, and then for the next one.
        socket.shut.read |= how != How::Write;
        socket.shut.write |= how != How::Read;
        // A connection in TIME-WAIT is no connection any more to its application.
        if matches!(state, tcp::State::Closed | tcp::State::TimeWait) {
            return Err(Refused::NotConnected);
        }
        if how != How::Write {
            socket.connection().tcb.shutdown_read();
            if self.bounds.after_read_shut == AfterReadShut::Discard {
                // What waits already goes the same way, so that what waits later is what has come since.
                self.discard_unread(slot, net);
            }
        }
        if how != How::Read {
            //= RFC9293-3.6-e
            // Closing a half that is closed already does no harm to anybody.
            let _ = self.act(slot, net, |tcb, now, cx| tcb.shutdown_write(now, cx));
        }
        Ok(())
    }

    /// A connection has left SYN-RECEIVED, whose handshake may have crossed that of the peer: what `shutdown`
    /// asked for before `connect` is due now, as on Linux.
    pub(super) fn shut_when_open(&mut self, slot: Slot, net: &mut Net<'_>) {
        // A child that was reset in its listener's queue is gone.
        let shut = self.sockets.get(slot).is_some_and(|socket| match &socket.body {
            Body::Connection(connection) => {
                socket.shut.write && connection.tcb.state() == tcp::State::Established
            }
            Body::Idle | Body::Listening(_) | Body::Datagram(_) => false,
        });
        if shut {
            // The connection is open just now, so that it can be shut.
            let _ = self.act(slot, net, |tcb, now, cx| tcb.shutdown_write(now, cx));
        }
    }

    /// `close` on any socket: its number is gone, a connection may live on without it. With `SO_LINGER` the
    /// call would wait for the peer; here nothing waits, and whoever wants to may watch the socket table.
    pub(super) fn close(&mut self, slot: Slot, net: &mut Net<'_>) {
        let socket = self.socket(slot);
        let linger = socket.options.linger;
        self.take_name(slot);
        match self.socket(slot).body {
            Body::Connection(_) => match linger {
                Some(Span::ZERO) => self.act(slot, net, |tcb, now, cx| tcb.abort(now, cx)),
                Some(_) | None => self.act(slot, net, |tcb, now, cx| tcb.close(now, cx)),
            },
            Body::Listening(_) => {
                self.stop_listening(slot, net);
                self.remove(slot);
            }
            Body::Datagram(_) => {
                self.leave_all_groups(slot, net);
                self.leave_datagram(slot);
                self.remove(slot);
            }
            Body::Idle => self.remove(slot),
        }
    }
}
