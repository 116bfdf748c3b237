//! floor 8: the loop for two hosts at the ends of a hostile link.

use crate::drive::link::app::App;
use crate::drive::link::plan::Plan;
use crate::drive::link::{Link, Passage, Variation, lab};
use crate::host::{Deadline, Fault, Host, Until};
use crate::trace::{Frame, Response, Stimulus, Trace};
use stack::base::{Instant, Refused, Span};
use stack::sock::Reply;
use stack::sock::table::Row;
use stack::tcp::State;

/// Turns of the loop after which the hosts are said to keep each other busy for ever.
const TURNS_MAX: u32 = 200_000;

/// Calls that an application makes in a row.
const CALLS_MAX: u32 = 10_000;

/// How long hosts may go on by themselves: TIME-WAIT, the patience with a peer that does not close, what is
/// known of a path, which is forgotten after ten minutes, and above all keep-alives, which begin after hours.
const AFTERWARDS: Span = Span::from_secs(4 * 3_600);

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is under way, no timer runs, no application will do anything.
    Idle,
    /// The time was over.
    Late,
    /// It would go on for ever.
    Endless,
    /// A host failed.
    Failed {
        /// At which end.
        end: usize,
        /// How.
        fault: Fault,
    },
}

/// What became of two hosts.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// What could be seen at each host.
    pub traces: [Trace; 2],
    /// The applications as they were left.
    pub apps: [App; 2],
    /// The socket tables at the end, of hosts that show them.
    pub sockets: [Option<Vec<Row>>; 2],
    /// How it ended.
    pub ended: Ended,
    /// When it began.
    pub start: Instant,
    /// When it ended.
    pub end: Instant,
    /// When both applications had closed everything.
    pub over: Option<Instant>,
    /// When each of them had.
    pub closed: [Option<Instant>; 2],
    /// When each of them was told of an error.
    pub told: [Option<Instant>; 2],
    /// By when they should have closed.
    pub limit: Instant,
    /// A host that had something unacknowledged and no timer, and when.
    pub owing: Option<(usize, Instant, Row)>,
    /// What passed on the line, if that was wanted.
    pub overheard: Vec<Passage>,
}

struct Pair<'h> {
    hosts: [&'h mut dyn Host; 2],
    link: Link,
    now: Instant,
    meeting: Meeting,
}

/// Lets two hosts meet, each of which was tuned before. They are reset first.
pub fn meet(hosts: [&mut dyn Host; 2], plan: &Plan, variation: Variation) -> Meeting {
    let start = Instant::ZERO + variation.start;
    let meeting = Meeting {
        traces: [0, 1].map(|_| Trace::new(lab::link(plan))),
        apps: [0, 1].map(|end| App::new(plan, end)),
        sockets: [None, None],
        ended: Ended::Idle,
        start,
        end: start,
        over: None,
        closed: [None; 2],
        told: [None; 2],
        limit: start,
        owing: None,
        overheard: Vec::new(),
    };
    let mut pair = Pair { hosts, link: Link::new(plan, variation), now: start, meeting };
    pair.meeting.limit = start + patience(plan, &pair.meeting.apps);
    let ended = pair.prepare(plan).and_then(|()| pair.go_on());
    let Pair { hosts, mut link, now, mut meeting } = pair;
    meeting.overheard = link.overheard();
    meeting.ended = ended.unwrap_or_else(|(end, fault)| Ended::Failed { end, fault });
    meeting.sockets = hosts.map(|host| host.sockets());
    meeting.end = now;
    meeting
}

/// How long the applications may take: the link is hostile for so long, a repetition may come a minute later,
/// a SYN two minutes later, all pauses may follow each other, every octet needs its time on the line, every
/// window its round trip.
fn patience(plan: &Plan, apps: &[App; 2]) -> Span {
    const REPETITIONS: Span = Span::from_secs(240);
    let ways = plan.ways.each_ref().map(|way| way.hostility());
    let round = ways.iter().fold(Span::from_secs(1), |sum, way| sum + way.delay.times(3) + way.jitter);
    let mut transfer = Span::ZERO;
    for (end, app) in apps.iter().enumerate() {
        let octets = app.octets_planned() as u64;
        let room = [plan.receive_buffer(1 - end), plan.send_buffer(end), Some(536)];
        let window = room.into_iter().flatten().min().unwrap_or(536);
        let line = ways.iter().filter_map(|way| way.rate).min();
        transfer = transfer + round.times(octets / u64::from(window.max(1)));
        transfer = transfer + line.map_or(Span::ZERO, |rate| Span::from_secs(octets * 3 / rate));
    }
    plan.hostile() + plan.pauses() + transfer + REPETITIONS
}

type Failure = (usize, Fault);

impl Pair<'_> {
    fn prepare(&mut self, plan: &Plan) -> Result<(), Failure> {
        for end in 0..2 {
            let ready = self.hosts[end].reset(&lab::config(plan, end));
            ready.map_err(|fault| (end, fault))?;
            self.advance(end)?;
        }
        Ok(())
    }

    fn go_on(&mut self) -> Result<Ended, Failure> {
        let limit = self.meeting.limit + AFTERWARDS;
        for end in 0..2 {
            self.act(end)?;
        }
        for _ in 0..TURNS_MAX {
            if self.meeting.over.is_none() && self.meeting.apps.iter().all(App::is_over) {
                self.meeting.over = Some(self.now);
            }
            let Some(next) = self.due() else { return Ok(Ended::Idle) };
            if next > limit {
                return Ok(Ended::Late);
            }
            self.now = self.now.max(next);
            self.turn()?;
        }
        Ok(Ended::Endless)
    }

    /// When something happens next.
    fn due(&mut self) -> Option<Instant> {
        let now = self.now;
        let wakes = self.meeting.apps.iter().filter_map(|app| app.wakes(now)).min();
        let timers = self.hosts.iter_mut().filter_map(|host| match host.next_deadline() {
            Deadline::At(at) => Some(at),
            Deadline::Idle | Deadline::Unknown => None,
        });
        timers.chain(wakes).chain(self.link.due()).min()
    }

    /// Everything that happens now.
    fn turn(&mut self) -> Result<(), Failure> {
        for end in 0..2 {
            let timer = self.hosts[end].next_deadline();
            if matches!(timer, Deadline::At(at) if at <= self.now) {
                self.advance(end)?;
                self.meeting.apps[end].stir();
            }
            self.act(end)?;
        }
        while let Some(arrival) = self.link.take(self.now) {
            let end = arrival.end;
            self.advance(end)?;
            let frame = Frame::whole(arrival.bytes);
            let done = self.hosts[end].inject(&frame.bytes);
            self.meeting.traces[end].stimulus(self.now, Stimulus::Frame(frame));
            self.collect(end);
            done.map_err(|fault| (end, fault))?;
            self.meeting.apps[end].stir();
            self.act(end)?;
        }
        (0..2).for_each(|end| self.look_for_debt(end));
        Ok(())
    }

    /// Lets a host's time pass up to now.
    fn advance(&mut self, end: usize) -> Result<(), Failure> {
        let done = self.hosts[end].run_until(self.now, Until::Time);
        self.collect(end);
        done.map(|_| ()).map_err(|fault| (end, fault))
    }

    /// The application at an end makes all calls that it has to make now. Those that find nothing to do leave
    /// no trace.
    fn act(&mut self, end: usize) -> Result<(), Failure> {
        for _ in 0..CALLS_MAX {
            let Some(call) = self.meeting.apps[end].next(self.now) else { return Ok(()) };
            self.advance(end)?;
            let before = self.meeting.traces[end].events.len();
            self.meeting.traces[end].stimulus(self.now, Stimulus::Call(call.clone()));
            let reply = self.hosts[end].call(&call).map_err(|fault| (end, fault))?;
            self.meeting.apps[end].answered(&call, &reply);
            let app = &self.meeting.apps[end];
            if app.is_over() {
                self.meeting.closed[end].get_or_insert(self.now);
            }
            if app.error.is_some() {
                self.meeting.told[end].get_or_insert(self.now);
            }
            let waits = [Refused::WouldBlock, Refused::AlreadyInProgress].map(Reply::Refused);
            let idle = waits.contains(&reply);
            self.meeting.traces[end].response(self.now, Response::Reply(reply));
            let after = self.meeting.traces[end].events.len();
            self.collect(end);
            if idle && self.meeting.traces[end].events.len() == after {
                self.meeting.traces[end].events.truncate(before);
            }
        }
        Err((end, Fault::Hung))
    }

    /// Takes what a host brought forth.
    fn collect(&mut self, end: usize) {
        let (host, trace) = (&mut self.hosts[end], &mut self.meeting.traces[end]);
        while let Some((at, why)) = host.take_discard() {
            trace.response(at, Response::Discard(why));
        }
        while let Some(emitted) = host.take() {
            trace.response(emitted.at, Response::Frame(Frame::whole(emitted.bytes.clone())));
            self.link.carry(emitted.at, end, emitted.bytes);
        }
    }

    /// Whether a host waits for an acknowledgement without a timer.
    fn look_for_debt(&mut self, end: usize) {
        if self.meeting.owing.is_some() || self.hosts[end].next_deadline() != Deadline::Idle {
            return;
        }
        let rows = self.hosts[end].sockets().unwrap_or_default();
        let owes =
            |row: &Row| row.send_queue > 0 && !matches!(row.state, Some(State::Listen | State::Closed));
        let debt = rows.into_iter().find(owes);
        self.meeting.owing = debt.map(|row| (end, self.now, row));
    }
}
