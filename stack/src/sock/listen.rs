//! floor 4: listeners and their queues (RFC 9293 sections 3.9.1.1, 3.10.1 and 3.10.7.2).
//!
//! A SYN makes a half-open connection, its completion moves the connection to the accept queue. Both
//! queues hold one more than the backlog, as on Linux. A SYN that finds either full is dropped, and so is the
//! acknowledgement that would complete a handshake while the accept queue is full: the peer sends again.
//!
//! RFC4987-4-d: every packet of this stack has the flow label 0.

use super::bind::Scope;
use super::call::{Device, Family, How, Reply};
use super::demux::Place;
use super::name::{self, FourTuple};
use super::options::Options;
use super::policy::SynCookies;
use super::table::{Body, Connection, Net, Slot, Socket, Sockets, Told};
use crate::base::{Instant, Ours, Refused, Seq, Span, Why};
use crate::tcp::{self, Tcb, closed, listen};
use crate::wire::tcp::Segment;
use alloc::boxed::Box;
use alloc::collections::VecDeque;

/// What a listening socket has beside its name.
#[derive(Debug)]
pub(super) struct Listener {
    backlog: u32,
    /// Connections that may wait to be accepted.
    accept_queue_max: u32,
    pub(super) place: Place,
    /// In order of creation.
    half_open: VecDeque<Slot>,
    /// Until when a cookie may come back.
    cookies_until: Option<Instant>,
    ready: VecDeque<Slot>,
}

impl Listener {
    /// Connections that wait to be accepted.
    pub(super) fn ready_count(&self) -> u64 {
        self.ready.len() as u64
    }

    /// What `listen` was given, cut to what the host allows.
    pub(super) const fn backlog(&self) -> u32 {
        self.backlog
    }

    fn accept_queue_is_full(&self) -> bool {
        self.ready.len() >= self.accept_queue_max as usize
    }

    fn syn_queue_is_full(&self) -> bool {
        self.half_open.len() > self.backlog as usize
    }

    /// The half-open connection that waits longest.
    pub(super) fn oldest_half_open(&self) -> Option<Slot> {
        self.half_open.front().copied()
    }

    /// Until when a cookie may come back.
    pub(super) const fn cookies_until(&mut self) -> &mut Option<Instant> {
        &mut self.cookies_until
    }

    /// Every connection in the two queues.
    pub(super) fn children(&self) -> impl Iterator<Item = Slot> {
        self.half_open.iter().chain(&self.ready).copied()
    }
}

impl Sockets {
    pub(super) fn listener(&mut self, slot: Slot) -> Option<&mut Listener> {
        match &mut self.sockets.get_mut(slot)?.body {
            Body::Listening(listener) => Some(listener),
            Body::Idle | Body::Connection(_) | Body::Datagram(_) => None,
        }
    }

    /// `listen`.
    pub(super) fn listen(&mut self, slot: Slot, backlog: i32, net: &mut Net<'_>) -> Result<(), Refused> {
        // A negative number is a very large one, as on Linux.
        let backlog = backlog.cast_unsigned().min(self.bounds.backlog_max);
        // Nobody could ever connect to a listener without any room.
        let accept_queue_max = self.bounds.profile.accept_queue_max(backlog).max(1);
        match &mut self.socket(slot).body {
            Body::Datagram(_) => return Err(Refused::NotSupported),
            Body::Connection(_) => return Err(Refused::InvalidArgument),
            Body::Listening(listener) => {
                (listener.backlog, listener.accept_queue_max) = (backlog, accept_queue_max);
                return Ok(());
            }
            Body::Idle => {}
        }
        if self.socket(slot).bound.is_none() {
            self.bounds.profile.listen_unbound()?;
        }
        self.bind_by_itself(slot, Refused::AddrInUse, net)?;
        self.check_claim_to_listen(slot)?;
        let stand = self.socket(slot).stand();
        //= RFC9293-3.10.1-a
        let place = self.streams.wait(stand, slot);
        let listener = Listener {
            backlog,
            accept_queue_max,
            place,
            half_open: VecDeque::new(),
            cookies_until: None,
            ready: VecDeque::new(),
        };
        self.socket(slot).body = Body::Listening(Box::new(listener));
        self.renew_claim(slot);
        Ok(())
    }

    /// Sharing a port that nobody listens on is one thing, listening on it another: `listen` asks again.
    fn check_claim_to_listen(&mut self, slot: Slot) -> Result<(), Refused> {
        let socket = self.socket(slot);
        let (family, Some(bound)) = (socket.family, socket.bound) else { return Ok(()) };
        //= RFC9293-MUST-41
        self.claims.admit_to_listen(bound.port, family, bound.claim)
    }

    /// `accept`.
    pub(super) fn accept(&mut self, slot: Slot) -> Result<Reply, Refused> {
        let hands_out = self.bounds.profile.hands_out_what_was_reset();
        let listener = match &mut self.socket(slot).body {
            Body::Datagram(_) => return Err(Refused::NotSupported),
            Body::Connection(_) | Body::Idle => return Err(Refused::InvalidArgument),
            Body::Listening(listener) => listener,
        };
        let child = *listener.ready.front().ok_or(Refused::WouldBlock)?;
        if !hands_out && self.socket(child).connection().tcb.state() == tcp::State::Closed {
            if let Some(listener) = self.listener(slot) {
                listener.ready.pop_front();
            }
            self.remove(child);
            return Err(Refused::ConnAborted);
        }
        let sock = self.give_name(child)?;
        if let Some(listener) = self.listener(slot) {
            listener.ready.pop_front();
        }
        let user = self.policy.user;
        let socket = self.socket(child);
        socket.user = user;
        socket.connection().parent = None;
        let family = socket.family;
        // Linux hands out a connection that was reset meanwhile, with its peer's name.
        let peer = socket.connection().tuple.remote.name(family);
        self.renew_claim(child);
        Ok(Reply::Accepted { sock, peer })
    }

    /// A segment arrives for a listener, on a four-tuple that has no connection. If it had one until now,
    /// the sequence numbers of the new one lie beyond `beyond`.
    pub(super) fn segment_at_listener(
        &mut self,
        slot: Slot,
        tuple: &FourTuple,
        segment: &Segment<'_>,
        beyond: Option<Seq<Ours>>,
        device: Device,
        net: &mut Net<'_>,
    ) {
        match listen::on_segment(segment) {
            listen::Disposition::Ignore(why) => net.out.discard(why),
            listen::Disposition::Reset(reset) => {
                if !self.cookie_comes_back(slot, tuple, segment, device, net) {
                    let own = self.socket(slot).options.device;
                    let device = own.or(self.device_of_answer(tuple.remote.addr, device));
                    self.transmit(tuple, &reset, device, net);
                }
            }
            listen::Disposition::Open => match self.room_for_child(slot) {
                Ok(()) if self.bounds.syn_cookies != SynCookies::Always || beyond.is_some() => {
                    self.open_child(slot, tuple, segment, beyond, device, net);
                }
                Ok(()) => self.answer_with_cookie(slot, tuple, segment, net),
                Err(Why::SynQueueFull) if self.is_flooded(slot) => {
                    //= RFC4987-4-a
                    self.answer_with_cookie(slot, tuple, segment, net);
                }
                Err(why) => net.out.discard(why),
            },
        }
    }

    pub(super) fn room_for_child(&mut self, slot: Slot) -> Result<(), Why> {
        match self.listener(slot) {
            Some(listener) if listener.accept_queue_is_full() => Err(Why::AcceptQueueFull),
            //= RFC4987-3.5-a
            Some(listener) if listener.syn_queue_is_full() => Err(Why::SynQueueFull),
            Some(_) | None => Ok(()),
        }
    }

    fn open_child(
        &mut self,
        slot: Slot,
        tuple: &FourTuple,
        segment: &Segment<'_>,
        beyond: Option<Seq<Ours>>,
        device: Device,
        net: &mut Net<'_>,
    ) {
        let family = self.socket(slot).family;
        let options = self.options_of_child(slot, tuple, device);
        let settings = self.settings_for(&options, tuple, net);
        let offsets = tuple.offsets(&self.key);
        let tcb = {
            let mut lane = self.departures.lane(tuple, net.out);
            let mut cx = tcp::Cx { choices: net.choices, out: &mut lane };
            match beyond {
                Some(beyond) => Tcb::accept_beyond(&settings, offsets, net.now, segment, beyond, &mut cx),
                None => Tcb::accept(&settings, offsets, net.now, segment, &mut cx),
            }
        };
        let child = self.insert_child(slot, tuple, family, options, tcb);
        // A SYN-ACK that can not leave is lost like any other segment.
        let _ = self.departures.flush(tuple, options.marks(family, tuple.remote.addr), net);
        self.settle(child, net);
    }

    /// The options that a connection of the listener `slot` begins with. A neighbour by link-local address is
    /// one of the device that he is heard on.
    pub(super) fn options_of_child(&mut self, slot: Slot, tuple: &FourTuple, device: Device) -> Options {
        let options = self.socket(slot).options;
        let tied = name::is_link_local(tuple.remote.addr).then_some(device);
        Options { device: options.device.or(tied), ..options }
    }

    /// A half-open connection of the listener `slot`.
    pub(super) fn insert_child(
        &mut self,
        slot: Slot,
        tuple: &FourTuple,
        family: Family,
        options: Options,
        tcb: Tcb,
    ) -> Slot {
        let connection = Connection {
            tcb,
            tuple: *tuple,
            entered: None,
            parent: Some(slot),
            told: Told::Outcome,
            left_as: None,
            patience: None,
        };
        let body = Body::Connection(Box::new(connection));
        //= RFC9293-MUST-45
        let parent = self.socket(slot);
        let (user, shut, v6_only) = (parent.user, parent.shut, options.v6_only);
        let named = Scope::of(family, tuple.local.addr, v6_only);
        let asked = if parent.has_asked_for_address() { Some(named) } else { parent.asked };
        let child = Socket { options, asked, shut, ..Socket::new(user, family, tuple.local, body) };
        let child = self.insert(child);
        self.hold_as_child(child);
        let tag = self.streams.pair(*tuple, child);
        self.socket(child).connection().entered = Some(tag);
        if let Some(listener) = self.listener(slot) {
            listener.half_open.push_back(child);
        }
        child
    }

    /// Whether a segment for a half-open connection has to wait, because its completion would overfill the
    /// accept queue, or because the application does not want to hear of the connection yet. What completes
    /// nothing is let through.
    pub(super) fn must_wait_for_accept(
        &mut self,
        child: Slot,
        tuple: &FourTuple,
        segment: &Segment<'_>,
        device: Device,
        net: &mut Net<'_>,
    ) -> bool {
        let connection = self.socket(child).connection();
        let Some(parent) = connection.parent.filter(|_| connection.tcb.is_completed_by(segment)) else {
            return false;
        };
        let until = self.defers_until(child);
        if let Some(until) = until.filter(|until| net.now < *until && segment.len_octets() == 0) {
            net.out.discard(Why::AcceptDeferred);
            self.socket(child).connection().tcb.await_text(until);
            self.settle(child, net);
            return true;
        }
        let full = self.listener(parent).is_some_and(|listener| listener.accept_queue_is_full());
        if full {
            net.out.discard(Why::AcceptQueueFull);
            if self.bounds.abort_on_overflow {
                self.refuse_child((child, parent), tuple, segment, device, net);
            }
        }
        full
    }

    /// Until when a half-open connection without text is not of interest.
    fn defers_until(&mut self, child: Slot) -> Option<Instant> {
        let socket = self.socket(child);
        let seconds = socket.options.defer_accept_s;
        let since = socket.connection().tcb.waiting_since()?;
        (seconds > 0).then(|| since + Span::from_secs(seconds.into()))
    }

    /// There is no room for a connection, and its peer is told so.
    fn refuse_child(
        &mut self,
        (child, parent): (Slot, Slot),
        tuple: &FourTuple,
        segment: &Segment<'_>,
        device: Device,
        net: &mut Net<'_>,
    ) {
        if let Some(listener) = self.listener(parent) {
            listener.half_open.retain(|other| *other != child);
        }
        let own = self.socket(child).options.device;
        self.remove(child);
        if let Some(reset) = closed::reset_for(segment) {
            let device = own.or(self.device_of_answer(tuple.remote.addr, device));
            self.transmit(tuple, &reset, device, net);
        }
    }

    /// A connection of a listener may have left SYN-RECEIVED. Returns whether it is still there.
    pub(super) fn sort_child(
        &mut self,
        child: Slot,
        parent: Slot,
        state: tcp::State,
        net: &mut Net<'_>,
    ) -> bool {
        let Some(listener) = self.listener(parent) else { return true };
        if state == tcp::State::SynReceived {
            return true;
        }
        let Ok(at) = listener.half_open.binary_search(&child) else { return true };
        listener.half_open.remove(at);
        if state == tcp::State::Closed {
            //= RFC9293-3.10.7.4-e
            self.remove(child);
            return false;
        }
        listener.ready.push_back(child);
        self.inherit(child, parent, net);
        self.shut_like_listener(child, net);
        true
    }

    /// Who listens with its writing half shut has children that say at once that they will say nothing. If
    /// the reading half is shut, too, nobody will ever hear what comes.
    fn shut_like_listener(&mut self, child: Slot, net: &mut Net<'_>) {
        let shut = self.socket(child).shut;
        if shut.read {
            self.socket(child).connection().tcb.shutdown_read();
        }
        if shut.write {
            // The connection is open just now, so that it can be shut.
            let _ = self.with_tcb(child, net, |tcb, now, cx| tcb.shutdown_write(now, cx));
        }
    }

    /// A connection has the options that its listener has when the handshake is over, and not those that are
    /// set later.
    fn inherit(&mut self, child: Slot, parent: Slot, net: &mut Net<'_>) {
        // Waiting for text is the listener's alone, and the device that of the SYN.
        let device = self.socket(child).options.device;
        let options = Options { defer_accept_s: 0, device, ..self.socket(parent).options };
        let socket = self.socket(child);
        if socket.options == options {
            return;
        }
        let wishes = Options { defer_accept_s: socket.options.defer_accept_s, ..options };
        let changed = socket.options != wishes;
        socket.options = options;
        if changed {
            let tuple = socket.connection().tuple;
            let settings = self.settings_for(&options, &tuple, net);
            self.socket(child).connection().tcb.inherit(net.now, &settings);
            self.renew_claim(child);
        }
    }

    /// `shutdown` on a listener: without its reading half it is no listener any more, but keeps its port.
    pub(super) fn shutdown_listener(&mut self, slot: Slot, how: How, net: &mut Net<'_>) {
        match how {
            How::Write => {}
            How::Read | How::Both => {
                self.stop_listening(slot, net);
                self.let_go(slot);
            }
        }
    }

    /// Ends listening: whoever waits to be accepted is reset, half-open connections are forgotten.
    pub(super) fn stop_listening(&mut self, slot: Slot, net: &mut Net<'_>) {
        let socket = self.socket(slot);
        let Body::Listening(listener) = core::mem::replace(&mut socket.body, Body::Idle) else { return };
        self.streams.leave(&listener.place);
        self.renew_claim(slot);
        self.release_unless_lasting(slot);
        for child in &listener.ready {
            if !self.migrate(*child, slot) {
                self.with_tcb(*child, net, |tcb, now, cx| tcb.abort(now, cx));
                self.remove(*child);
            }
        }
        for child in &listener.half_open {
            if !self.migrate(*child, slot) {
                //= RFC9293-3.10.4-a
                self.remove(*child);
            }
        }
    }

    /// A connection that nobody has accepted goes over to another listener of the group of `gone`, if there
    /// is one and the host wants that.
    fn migrate(&mut self, child: Slot, gone: Slot) -> bool {
        let wanted = self.bounds.migrate_requests;
        let socket = self.socket(gone);
        let (grouped, scope) = (socket.options.reuse_port, socket.scope());
        let tuple = self.socket(child).connection().tuple;
        let Some(heir) = self.streams.waiting_for(&tuple).filter(|_| wanted && grouped) else { return false };
        let other = self.socket(heir);
        if !other.options.reuse_port || other.scope() != scope {
            return false;
        }
        let connection = self.socket(child).connection();
        connection.parent = Some(heir);
        let half_open = connection.tcb.state() == tcp::State::SynReceived;
        if let Some(listener) = self.listener(heir) {
            if half_open {
                let at = listener.half_open.partition_point(|other| *other < child);
                listener.half_open.insert(at, child);
            } else {
                listener.ready.push_back(child);
            }
        }
        true
    }
}
