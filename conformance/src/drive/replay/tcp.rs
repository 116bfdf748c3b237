//! floor 7: the driver that plays P of a recorded TCP connection, and R's application, in closed loop.

use super::app::App;
use super::infer::{Act, Action, Application, Opening, ReadUpTo};
use super::observe::{Observed, Places};
use super::peer::{Item, Peer};
use super::recording::{RecordedConnection, Side};
use super::stream::Stream;
use crate::drive::{Driver, Next};
use crate::host::Deadline;
use crate::trace::{Event, Frame, Response, Stimulus, Trace};
use stack::base::{Instant, Span};
use stack::sock::Call;
use std::collections::VecDeque;

/// How long a host is watched after the last recorded segment: twice the MSL of RFC 9293 section 3.4.2.
const QUIET: Span = Span::from_secs(240);

/// How long a host may take to forget everything after its sockets were closed: TIME-WAIT, and what it learnt
/// about paths, which lasts ten minutes (RFC 1191 section 6.3).
const REST: Span = Span::from_secs(1200);

/// How long a host may go on by itself while the replay waits for it. Longer than any give-up time (R2).
const PATIENCE: Span = Span::from_secs(3600);

/// Octets that one read asks for at the most.
const READ_OCTETS: u32 = 1 << 20;

/// Where the replay stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    SetUp,
    Recorded,
    Quiet { until: Instant },
    Release { until: Instant },
    Over,
}

/// What the replay waited for in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// Frame number of the peer's segment that never became due.
    pub number: u64,
    /// Both sides of it: "peer acknowledged 2921; host sent up to 1461 and has no timer".
    pub what: String,
}

/// Plays one connection against one host.
#[derive(Debug)]
pub struct TcpReplay<'a> {
    role: Side,
    tick: Span,
    peer: Peer<'a>,
    actions: VecDeque<Action>,
    reads: VecDeque<ReadUpTo>,
    own: Stream,
    read_target: u32,
    linger_set: bool,
    events_seen: usize,
    blocked_at: usize,
    phase: Phase,
    limit: Instant,
    /// What the host has sent until the sockets were released.
    pub host: Observed,
    /// The application.
    pub app: App,
    /// Set if the replay did not come to its end.
    pub stuck: Option<Stuck>,
    /// Index of the first event of the release.
    pub released_at_event: Option<usize>,
    /// Whether the host was without timers at the end.
    pub released: bool,
}

impl<'a> TcpReplay<'a> {
    /// Plays `connection` with the host in the place of `role`. `tick` is the smallest step of the host's
    /// clock, `mss_of_mtu` the MSS that follows from its MTU.
    pub fn new(
        connection: &'a RecordedConnection,
        role: Side,
        application: &Application,
        tick: Span,
        mss_of_mtu: u16,
    ) -> Self {
        let last = connection.segments.last();
        let own = Stream::assemble(connection, role);
        let own_octets = u32::try_from(own.contiguous().len()).unwrap_or(u32::MAX);
        let mut actions: VecDeque<Action> = application.actions.iter().copied().collect();
        if application.opening == Opening::ConnectAndAbort {
            // The socket was gone before the answer came.
            actions.extend(actions.front().copied().map(|connect| Action { act: Act::Abort, ..connect }));
        }
        let connects = matches!(application.opening, Opening::Connect | Opening::ConnectAndAbort);
        let peer = Peer::new(connection, role, connects);
        let app = App::new(application, peer.places(), own_octets, mss_of_mtu);
        Self {
            role,
            tick,
            peer,
            actions,
            reads: application.reads.iter().copied().collect(),
            own,
            read_target: 0,
            linger_set: false,
            events_seen: 0,
            blocked_at: usize::MAX,
            phase: Phase::SetUp,
            limit: last.map_or(Instant::ZERO, |last| last.at) + PATIENCE,
            host: Observed::default(),
            app,
            stuck: None,
            released_at_event: None,
            released: false,
        }
    }

    /// The endpoints in the replay.
    pub const fn places(&self) -> Places {
        self.peer.places()
    }

    /// What the host sent beyond every window that was offered to it, and the edge of that time.
    pub const fn overrun(&self) -> Option<(u32, u32)> {
        self.peer.overrun
    }

    fn absorb(&mut self, trace: &Trace) {
        for timed in &trace.events[self.events_seen..] {
            if let Event::Response(Response::Reply(reply)) = &timed.event {
                self.app.answered(reply);
                self.blocked_at = if self.app.blocked { trace.events.len() } else { usize::MAX };
            }
        }
        self.events_seen = trace.events.len();
        if self.released_at_event.is_none() {
            let Places { host, peer } = self.peer.places();
            let end = self.peer.connection().syn(self.role.other());
            let peer_scales = end.is_some_and(|syn| syn.options.window_scale.is_some());
            self.host.absorb(trace, host, peer, peer_scales);
            self.peer.watch(&self.host);
        }
    }

    const fn due(&self, at: Instant) -> Instant {
        let nanos = at.as_nanos();
        Instant::from_nanos(nanos - nanos % self.tick.as_nanos())
    }

    fn recorded(&mut self, trace: &Trace, now: Instant, deadline: Deadline) -> Next {
        if let Some(call) = self.accept(trace) {
            return call;
        }
        let segment_ready = self
            .peer
            .front()
            .is_some_and(|item| self.due(item.at()) <= now && self.peer.waits_for(&self.host).is_none());
        let segment_number = self.peer.front().map_or(u64::MAX, Item::number);
        let action_first = self.actions.front().is_some_and(|action| {
            self.due(action.at) <= now
                && self.peer.handed_octets >= action.cause_octets
                && !(segment_ready && segment_number < action.number)
        });
        if action_first && let Some(call) = self.act(trace) {
            return call;
        }
        if let Some(call) = self.read(trace, now) {
            return call;
        }
        if segment_ready && let Some(packet) = self.peer.play(&self.host) {
            return arrives(packet);
        }
        if self.peer.is_empty() && self.actions.is_empty() {
            self.phase = Phase::Quiet { until: now + QUIET };
            return self.quiet(trace, now, deadline);
        }
        self.wait(trace, now, deadline)
    }

    fn accept(&mut self, trace: &Trace) -> Option<Next> {
        let handshake_over = self.host.isn.is_some() && self.peer.has_acknowledged();
        if !self.app.waits_for_accept() || !handshake_over || self.blocked_at == trace.events.len() {
            return None;
        }
        self.app.accept().map(now)
    }

    /// The next step of the application's next action; `None` if it has to wait.
    fn act(&mut self, trace: &Trace) -> Option<Next> {
        let action = *self.actions.front()?;
        if self.app.waits_for_accept() || self.blocked_at == trace.events.len() {
            return None;
        }
        match action.act {
            Act::Connect => self.done(App::connect),
            Act::ShutdownWrite => self.done(App::shutdown_write),
            Act::CloseUnread => self.done(App::close),
            Act::Write { start, end, urgent } => self.write(start, end, urgent),
            Act::Close => {
                let delivered = u32::try_from(self.app.delivered.len()).unwrap_or(u32::MAX);
                if delivered < action.cause_octets && !self.app.blocked && self.app.end.is_none() {
                    return self.app.recv(READ_OCTETS).map(now);
                }
                self.done(App::close)
            }
            Act::Abort => {
                if !self.linger_set {
                    self.linger_set = true;
                    return self.app.linger_zero().map(now);
                }
                self.done(App::close)
            }
        }
    }

    /// Makes the last call of an action.
    fn done(&mut self, call: impl FnOnce(&mut App) -> Option<Call>) -> Option<Next> {
        self.actions.pop_front();
        call(&mut self.app).map(now)
    }

    fn write(&mut self, start: u32, end: u32, urgent: bool) -> Option<Next> {
        let from = self.app.written.max(start);
        if from >= end || self.app.error.is_some() || !self.app.is_open() {
            self.actions.pop_front();
            return None;
        }
        let octets = self.own.slice(from, end).to_vec();
        self.app.send(&octets, urgent).map(now)
    }

    fn read(&mut self, trace: &Trace, time: Instant) -> Option<Next> {
        while let Some(read) = self.reads.front().filter(|read| self.due(read.at) <= time) {
            self.read_target = self.read_target.max(read.octets);
            self.reads.pop_front();
        }
        let delivered = u32::try_from(self.app.delivered.len()).unwrap_or(u32::MAX);
        let wanted = self.read_target.min(self.peer.handed_octets);
        if delivered >= wanted || self.blocked_at == trace.events.len() || self.app.waits_for_accept() {
            return None;
        }
        self.app.recv(wanted - delivered).map(now)
    }

    /// Nothing can happen now: wait for a recorded time or for the host, or give up.
    fn wait(&mut self, trace: &Trace, time: Instant, deadline: Deadline) -> Next {
        let recorded = [
            self.peer.front().map(Item::at),
            self.actions.front().map(|action| action.at),
            self.reads.front().map(|read| read.at),
        ];
        let next = recorded.into_iter().flatten().map(|at| self.due(at)).filter(|at| *at > time).min();
        let own = match deadline {
            Deadline::At(at) => Some(at),
            Deadline::Idle => None,
            Deadline::Unknown => Some(self.limit),
        };
        let held = self.peer.front().is_some_and(|item| self.due(item.at()) <= time);
        let split = self.peer.splits_at(&self.host).filter(|_| held).map(|at| self.due(at));
        if split.is_some_and(|at| at <= time)
            && let Some(packet) = self.peer.split(&self.host)
        {
            return arrives(packet);
        }
        let wake = [next, own.filter(|at| *at <= self.limit), split].into_iter().flatten().min();
        match wake {
            Some(at) => Next::Wait(at.max(time + self.tick)),
            None => self.give_up(trace, time, deadline),
        }
    }

    fn give_up(&mut self, trace: &Trace, time: Instant, deadline: Deadline) -> Next {
        let timer = if deadline == Deadline::Idle { "has no timer" } else { "makes no progress" };
        // What is gone will send nothing that P could still acknowledge; the recorded R was only faster.
        let gone = self.host.has_reset() && self.actions.is_empty();
        if gone {
            self.peer.clear();
        }
        if let Some(item) = self.peer.front() {
            let what = self.peer.waits_for(&self.host).unwrap_or_else(|| "peer's segment is due".to_owned());
            self.stuck = Some(Stuck { number: item.number(), what: format!("{what} and {timer}") });
        } else if let Some(action) = self.actions.front() {
            let what = format!("the application can not go on with {:?}: host {timer}", action.act);
            self.stuck = Some(Stuck { number: action.number, what });
        }
        self.peer.clear();
        self.actions.clear();
        self.phase = Phase::Quiet { until: time + QUIET };
        self.quiet(trace, time, deadline)
    }

    /// The recording is over: the application reads what there is, and the host comes to rest.
    fn quiet(&mut self, trace: &Trace, time: Instant, deadline: Deadline) -> Next {
        let Phase::Quiet { until } = self.phase else { return Next::Done };
        if self.blocked_at != trace.events.len() {
            if self.app.waits_for_accept() && self.host.isn.is_some() {
                return self.app.accept().map_or(Next::Done, now);
            }
            if let Some(call) = self.app.recv(READ_OCTETS) {
                return now(call);
            }
        }
        match deadline {
            Deadline::At(at) if at < until => Next::Wait(at.max(time + self.tick)),
            Deadline::Unknown if time < until => Next::Wait(until),
            Deadline::At(_) | Deadline::Idle | Deadline::Unknown => {
                self.released_at_event = Some(trace.events.len());
                self.phase = Phase::Release { until: time + REST };
                self.linger_set = false;
                self.release(time, deadline)
            }
        }
    }

    /// Everything is closed, and has to be given back.
    fn release(&mut self, time: Instant, deadline: Deadline) -> Next {
        let Phase::Release { until } = self.phase else { return Next::Done };
        if self.app.is_open() {
            if !self.linger_set {
                self.linger_set = true;
                return self.app.linger_zero().map_or(Next::Done, now);
            }
            return self.app.close().map_or(Next::Done, now);
        }
        if let Some(call) = self.app.close_listener() {
            return now(call);
        }
        match deadline {
            Deadline::At(at) if at < until => Next::Wait(at.max(time + self.tick)),
            Deadline::At(_) => self.over(false),
            Deadline::Idle | Deadline::Unknown => self.over(true),
        }
    }

    const fn over(&mut self, released: bool) -> Next {
        self.released = released;
        self.phase = Phase::Over;
        Next::Done
    }
}

impl Driver for TcpReplay<'_> {
    fn next(&mut self, so_far: &Trace, now: Instant, deadline: Deadline) -> Next {
        self.absorb(so_far);
        match self.phase {
            Phase::SetUp => match self.app.set_up() {
                Some(call) => Next::Now(Stimulus::Call(call)),
                None => {
                    self.phase = Phase::Recorded;
                    self.recorded(so_far, now, deadline)
                }
            },
            Phase::Recorded => self.recorded(so_far, now, deadline),
            Phase::Quiet { .. } => self.quiet(so_far, now, deadline),
            Phase::Release { .. } => self.release(now, deadline),
            Phase::Over => Next::Done,
        }
    }
}

const fn now(call: Call) -> Next {
    Next::Now(Stimulus::Call(call))
}

fn arrives(packet: Vec<u8>) -> Next {
    Next::Now(Stimulus::Frame(Frame::whole(packet)))
}
