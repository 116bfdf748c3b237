//! floor 7: the driver that plays P of a recorded TCP connection, and R's application, in closed loop.

use super::app::App;
use super::infer::{Act, Action, Application, Opening, ReadUpTo};
use super::observe::{Observed, Places};
use super::recording::{RecordedConnection, RecordedSegment, Side};
use super::stream::{Stream, offset};
use super::translate::Translator;
use crate::drive::{Driver, Next};
use crate::host::Deadline;
use crate::trace::{Event, Frame, Response, Stimulus, Trace};
use stack::base::{Instant, Span};
use stack::sock::Call;
use stack::wire::tcp::Flags;
use std::collections::VecDeque;

/// How long a host is watched after the last recorded segment: twice the MSL of RFC 9293 section 3.4.2.
const QUIET: Span = Span::from_secs(240);

/// How long a host may go on by itself while the replay waits for it. Longer than any give-up time (R2).
const PATIENCE: Span = Span::from_secs(3600);

/// How long P waits before it acknowledges less than it did in the recording; a receiver has half a second.
const ACK_DELAY: Span = Span::from_millis(40);

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
    translator: Translator<'a>,
    tick: Span,
    peer: VecDeque<&'a RecordedSegment>,
    actions: VecDeque<Action>,
    reads: VecDeque<ReadUpTo>,
    own: Stream,
    connects: bool,
    offered_edge: Vec<(u64, u32)>,
    /// Octets of P's stream that were handed to the host without a hole, and its FIN behind them.
    handed_octets: u32,
    /// Runs of octets that were handed over behind a hole.
    handed: Vec<(u32, u32)>,
    /// Largest number of the host that P acknowledged, relative to its ISN; and in an acknowledgement of less
    /// than the recorded one.
    acknowledged: u32,
    split_ack: u32,
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
    /// Plays the first `segments` segments of `connection` with the host in the place of `role`. `tick` is
    /// the smallest step of the host's clock, `mss_of_mtu` the MSS that follows from its MTU.
    pub fn new(
        connection: &'a RecordedConnection,
        role: Side,
        segments: usize,
        application: &Application,
        tick: Span,
        mss_of_mtu: u16,
    ) -> Self {
        let played = &connection.segments[..segments];
        let last = played.last();
        let until = |number: u64| last.is_some_and(|last| number <= last.number);
        let own = Stream::assemble(connection, role);
        let own_octets = u32::try_from(own.contiguous().len()).unwrap_or(u32::MAX);
        let places = Places::of(connection.ends, role);
        let mut actions: VecDeque<Action> =
            application.actions.iter().copied().filter(|action| until(action.number)).collect();
        if application.opening == Opening::ConnectAndAbort {
            // The socket was gone before the answer came.
            actions.extend(actions.front().copied().map(|connect| Action { act: Act::Abort, ..connect }));
        }
        Self {
            translator: Translator { connection, role, places },
            tick,
            peer: played
                .iter()
                .filter(|segment| segment.from != role && !lost_behind_the_tap(connection, segment))
                .collect(),
            actions,
            reads: application.reads.iter().copied().filter(|read| until(read.number)).collect(),
            own,
            connects: matches!(application.opening, Opening::Connect | Opening::ConnectAndAbort),
            offered_edge: offered_edges(connection, role),
            handed_octets: 0,
            handed: Vec::new(),
            acknowledged: 0,
            split_ack: 0,
            read_target: 0,
            linger_set: false,
            events_seen: 0,
            blocked_at: usize::MAX,
            phase: Phase::SetUp,
            limit: last.map_or(Instant::ZERO, |last| last.at) + PATIENCE,
            host: Observed::default(),
            app: App::new(application, places, own_octets, mss_of_mtu),
            stuck: None,
            released_at_event: None,
            released: false,
        }
    }

    /// The endpoints in the replay.
    pub const fn places(&self) -> Places {
        self.translator.places
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
            let Places { host, peer } = self.translator.places;
            let peer_scales = self
                .translator
                .connection
                .syn(self.translator.role.other())
                .is_some_and(|syn| syn.options.window_scale.is_some());
            self.host.absorb(trace, host, peer, peer_scales);
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
            .is_some_and(|segment| self.due(segment.at) <= now && self.waits_for(segment).is_none());
        let segment_number = self.peer.front().map_or(u64::MAX, |segment| segment.number);
        let action_first = self.actions.front().is_some_and(|action| {
            self.due(action.at) <= now
                && self.handed_octets >= action.cause_octets
                && !(segment_ready && segment_number < action.number)
        });
        if action_first && let Some(call) = self.act(trace) {
            return call;
        }
        if let Some(call) = self.read(trace, now) {
            return call;
        }
        if segment_ready && let Some(segment) = self.peer.pop_front() {
            return self.play(segment, None);
        }
        if self.peer.is_empty() && self.actions.is_empty() {
            self.phase = Phase::Quiet { until: now + QUIET };
            return self.quiet(trace, now, deadline);
        }
        self.wait(trace, now, deadline)
    }

    /// Hands a segment of P to the host.
    fn play(&mut self, segment: &RecordedSegment, ack_limit: Option<u32>) -> Next {
        let packet = self.translator.packet(segment, &self.host, ack_limit);
        self.acknowledged =
            self.acknowledged.max(ack_limit.unwrap_or_else(|| self.translator.needs(segment)));
        let isn = self.translator.connection.isn[self.translator.role.other().index()];
        let data_seq = segment.seq.wrapping_add(u32::from(segment.has(Flags::SYN)));
        if let (Some(start), None) = (isn.and_then(|isn| offset(data_seq, isn)), ack_limit) {
            let fin = u32::from(segment.has(Flags::FIN));
            self.handed.push((start, start + segment.payload_octets + fin));
            self.handed.sort_unstable();
            self.handed.retain(|(start, end)| {
                let joins = *start <= self.handed_octets;
                if joins {
                    self.handed_octets = self.handed_octets.max(*end);
                }
                !joins
            });
        }
        Next::Now(Stimulus::Frame(Frame::whole(packet)))
    }

    /// What a segment of P has to wait for, if anything: the two reasons why it may not be played yet.
    fn waits_for(&self, segment: &RecordedSegment) -> Option<String> {
        let needs = self.translator.needs(segment);
        let host = &self.host;
        let crossing = self.connects && segment.has(Flags::SYN) && !segment.has(Flags::ACK);
        if crossing && host.isn.is_none() {
            return Some("peer's SYN crossed one of the host, which has not sent it".to_owned());
        }
        if segment.has(Flags::ACK) && needs > 0 && !host.has_sent(needs) {
            return Some(match host.isn {
                Some(_) => format!("peer acknowledged {needs}; host sent up to {}", host.end),
                None => format!("peer acknowledged {needs}; host has not sent a SYN"),
            });
        }
        self.waits_for_window(segment)
    }

    /// Octets that lay inside R's window wait until they lie inside the host's.
    fn waits_for_window(&self, segment: &RecordedSegment) -> Option<String> {
        if segment.payload_octets == 0 || segment.has(Flags::SYN) || self.host.has_reset() {
            return None;
        }
        let end = segment.seq.wrapping_add(segment.payload_octets);
        let inside = |edge: u32| end.wrapping_sub(edge).cast_signed() <= 0;
        let lay_inside = self
            .offered_edge
            .iter()
            .take_while(|(number, _)| *number < segment.number)
            .last()
            .is_some_and(|(_, edge)| inside(*edge));
        let edge = self.host.edge?;
        let isn = self.translator.connection.isn[self.translator.role.other().index()]?;
        (lay_inside && !inside(edge)).then(|| {
            let (end, edge) = (end.wrapping_sub(isn), edge.wrapping_sub(isn));
            format!("peer sent up to {end}; host's window ends at {edge}")
        })
    }

    fn accept(&mut self, trace: &Trace) -> Option<Next> {
        let handshake_over = self.host.isn.is_some() && self.handshake_acknowledged();
        if !self.app.waits_for_accept() || !handshake_over || self.blocked_at == trace.events.len() {
            return None;
        }
        self.app.accept().map(now)
    }

    fn handshake_acknowledged(&self) -> bool {
        // P's first segment with an ACK has been played.
        let first = self
            .translator
            .connection
            .of(self.translator.role.other())
            .find(|segment| segment.has(Flags::ACK));
        match (first, self.peer.front()) {
            (Some(first), Some(next)) => first.number < next.number,
            (Some(_), None) => true,
            (None, _) => false,
        }
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
        let wanted = self.read_target.min(self.handed_octets);
        if delivered >= wanted || self.blocked_at == trace.events.len() || self.app.waits_for_accept() {
            return None;
        }
        self.app.recv(wanted - delivered).map(now)
    }

    /// Nothing can happen now: wait for a recorded time or for the host, or give up.
    fn wait(&mut self, trace: &Trace, time: Instant, deadline: Deadline) -> Next {
        let recorded = [
            self.peer.front().map(|segment| segment.at),
            self.actions.front().map(|action| action.at),
            self.reads.front().map(|read| read.at),
        ];
        let next = recorded.into_iter().flatten().map(|at| self.due(at)).filter(|at| *at > time).min();
        let own = match deadline {
            Deadline::At(at) => Some(at),
            Deadline::Idle => None,
            Deadline::Unknown => Some(self.limit),
        };
        let split = self.split_at(time);
        if split.is_some_and(|at| at <= time)
            && let Some(acknowledgement) = self.split()
        {
            return acknowledgement;
        }
        let wake = [next, own.filter(|at| *at <= self.limit), split].into_iter().flatten().min();
        match wake {
            Some(at) => Next::Wait(at.max(time + self.tick)),
            None => self.give_up(trace, time, deadline),
        }
    }

    /// When P would acknowledge what it has, although the recording acknowledges more at once. R had more in
    /// flight than the host dares or is allowed to send: a smaller window, Nagle's rule, its congestion
    /// window. No receiver lets that wait (RFC 9293 section 3.8.6.3).
    fn split_at(&self, time: Instant) -> Option<Instant> {
        let segment = self.peer.front().filter(|segment| self.due(segment.at) <= time)?;
        let waits = !self.host.has_sent(self.translator.needs(segment)) && !segment.has(Flags::RST);
        let progress = self.host.end > self.split_ack.max(1) && !self.host.has_reset();
        let acknowledged = self.host.end <= self.acknowledged;
        (waits && progress && !acknowledged).then(|| self.due(self.host.latest + ACK_DELAY))
    }

    fn split(&mut self) -> Option<Next> {
        let segment = *self.peer.front()?;
        self.split_ack = self.host.end;
        Some(self.play(segment, Some(self.split_ack)))
    }

    fn give_up(&mut self, trace: &Trace, time: Instant, deadline: Deadline) -> Next {
        let timer = if deadline == Deadline::Idle { "has no timer" } else { "makes no progress" };
        // What is gone will send nothing that P could still acknowledge; the recorded R was only faster.
        let gone = self.host.has_reset() && self.actions.is_empty();
        if gone {
            self.peer.clear();
        }
        if let Some(segment) = self.peer.front() {
            let what = self.waits_for(segment).unwrap_or_else(|| "peer's segment is due".to_owned());
            self.stuck = Some(Stuck { number: segment.number, what: format!("{what} and {timer}") });
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
                self.phase = Phase::Release { until: time + QUIET + QUIET };
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

/// Whether R can not have received this acknowledgement of its FIN: it sent the FIN again afterwards, and P
/// acknowledged it again. The tap saw the first one, R did not.
fn lost_behind_the_tap(connection: &RecordedConnection, segment: &RecordedSegment) -> bool {
    let role = segment.from.other();
    let fin_end =
        connection.of(role).find(|own| own.has(Flags::FIN)).map(|own| own.seq.wrapping_add(own.len_octets()));
    let acknowledges = |one: &RecordedSegment| one.has(Flags::ACK) && Some(one.ack) == fin_end;
    if segment.len_octets() > 0 || segment.has(Flags::RST) || !acknowledges(segment) {
        return false;
    }
    let again = connection
        .of(role)
        .find(|own| own.number > segment.number && own.has(Flags::FIN))
        .map(|own| own.number);
    again.is_some_and(|again| {
        connection.of(segment.from).any(|later| later.number > again && acknowledges(later))
    })
}

/// The right edge of the window that `role` had offered by each of its segments: the largest so far.
fn offered_edges(connection: &RecordedConnection, role: Side) -> Vec<(u64, u32)> {
    let mut edges: Vec<(u64, u32)> = Vec::new();
    for segment in connection.of(role).filter(|segment| segment.has(Flags::ACK) && !segment.has(Flags::RST)) {
        let edge = segment.ack.wrapping_add(connection.window_octets(segment));
        let ahead = edges.last().is_none_or(|(_, last)| edge.wrapping_sub(*last).cast_signed() > 0);
        if ahead {
            edges.push((segment.number, edge));
        }
    }
    edges
}
