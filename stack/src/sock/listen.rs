//! floor 4: listeners and their queues (RFC 9293 sections 3.9.1.1, 3.10.1 and 3.10.7.2).
//!
//! A SYN makes a half-open connection, its completion moves the connection to the accept queue. Both
//! queues hold one more than the backlog, as on Linux. A SYN that finds either full is dropped, and so is the
//! acknowledgement that would complete a handshake while the accept queue is full: the peer sends again.
//!
//! RFC4987-4-d: every packet of this stack has the flow label 0.

use super::call::{Family, How, Reply};
use super::demux::Place;
use super::name::FourTuple;
use super::options::Options;
use super::policy::SynCookies;
use super::table::{Body, Connection, Net, Slot, Socket, Sockets, Told};
use crate::base::{Instant, Ours, Refused, Seq, Why};
use crate::tcp::{self, Tcb, listen};
use crate::wire::tcp::Segment;
use alloc::boxed::Box;
use alloc::collections::VecDeque;

/// What a listening socket has beside its name.
#[derive(Debug)]
pub(super) struct Listener {
    backlog: u32,
    place: Place,
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
        self.ready.len() > self.backlog as usize
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
        match &mut self.socket(slot).body {
            Body::Datagram(_) => return Err(Refused::NotSupported),
            Body::Connection(_) => return Err(Refused::InvalidArgument),
            Body::Listening(listener) => {
                listener.backlog = backlog;
                return Ok(());
            }
            Body::Idle => {}
        }
        self.bind_by_itself(slot, Refused::AddrInUse, net)?;
        self.check_claim_to_listen(slot)?;
        let stand = self.socket(slot).stand();
        //= RFC9293-3.10.1-a
        let place = self.streams.wait(stand, slot);
        let listener = Listener {
            backlog,
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
        let (kind, Some(bound)) = (socket.kind(), socket.bound) else { return Ok(()) };
        let mut claim = bound.claim;
        claim.listening = true;
        self.claims.give_back(kind, bound.port, &bound.claim);
        //= RFC9293-MUST-41
        let admitted = self.claims.admit(kind, bound.port, &claim);
        self.claims.take(kind, bound.port, bound.claim);
        admitted.then_some(()).ok_or(Refused::AddrInUse)
    }

    /// `accept`.
    pub(super) fn accept(&mut self, slot: Slot) -> Result<Reply, Refused> {
        let listener = match &mut self.socket(slot).body {
            Body::Datagram(_) => return Err(Refused::NotSupported),
            Body::Connection(_) | Body::Idle => return Err(Refused::InvalidArgument),
            Body::Listening(listener) => listener,
        };
        let child = *listener.ready.front().ok_or(Refused::WouldBlock)?;
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
        net: &mut Net<'_>,
    ) {
        match listen::on_segment(segment) {
            listen::Disposition::Ignore(why) => net.out.discard(why),
            listen::Disposition::Reset(reset) => {
                if !self.cookie_comes_back(slot, tuple, segment, net) {
                    self.transmit(tuple, &reset, net);
                }
            }
            listen::Disposition::Open => match self.room_for_child(slot) {
                Ok(()) if self.bounds.syn_cookies != SynCookies::Always || beyond.is_some() => {
                    self.open_child(slot, tuple, segment, beyond, net);
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
        net: &mut Net<'_>,
    ) {
        let socket = self.socket(slot);
        let (family, options) = (socket.family, socket.options);
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
        let _ = self.departures.flush(tuple, options.marks(), net);
        self.settle(child, net);
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
            entered: true,
            parent: Some(slot),
            told: Told::Outcome,
            left_as: None,
            patience: None,
        };
        let body = Body::Connection(Box::new(connection));
        //= RFC9293-MUST-45
        let parent = self.socket(slot);
        let (user, asked, shut) = (parent.user, parent.asked, parent.shut);
        let child = Socket { options, asked, shut, ..Socket::new(user, family, tuple.local, body) };
        let child = self.insert(child);
        self.hold_as_child(child);
        self.streams.pair(*tuple, child);
        if let Some(listener) = self.listener(slot) {
            listener.half_open.push_back(child);
        }
        child
    }

    /// Whether a segment for a half-open connection has to wait because its completion would overfill the
    /// accept queue. RST and SYN are let through: they complete nothing.
    pub(super) fn must_wait_for_accept(&mut self, child: Slot, segment: &Segment<'_>) -> bool {
        let connection = self.socket(child).connection();
        let completes = segment.flags.ack() && !segment.flags.rst() && !segment.flags.syn();
        let half_open = connection.tcb.state() == tcp::State::SynReceived;
        let Some(parent) = connection.parent.filter(|_| completes && half_open) else { return false };
        self.listener(parent).is_some_and(|listener| listener.accept_queue_is_full())
    }

    /// A connection of a listener may have left SYN-RECEIVED. Returns whether it is still there.
    pub(super) fn sort_child(&mut self, child: Slot, parent: Slot, state: tcp::State) -> bool {
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
        true
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
        for child in &listener.ready {
            self.with_tcb(*child, net, |tcb, now, cx| tcb.abort(now, cx));
            self.remove(*child);
        }
        //= RFC9293-3.10.4-a
        for child in &listener.half_open {
            self.remove(*child);
        }
    }
}
