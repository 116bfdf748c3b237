//! floor 7: the application at one end of a hostile link: it opens, writes and reads as a plan has it, and
//! ends. Writing and reading go on independently, as in two threads. It never makes a call that it knows to
//! be refused: what would block is tried again when something has happened to its host.

use super::lab;
use super::plan::{Ending, Item, Plan, nap};
use stack::base::{Instant, Refused, Span};
use stack::sock::{Call, Family, How, Kind, OptionValue, Reply, SocketId};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Octets of one read where the plan does not say.
const READ_OCTETS: u32 = 1 << 20;

/// Octets of one write at the most.
const SEND_OCTETS: usize = 3_000;

/// What is left to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Write {
    Octets { count: usize, urgent: bool },
    Rest(Span),
}

/// What is left to read, before everything is read to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Octets(u32),
    Rest(Span),
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Makes its socket, in order of these numbers.
    Opening(usize),
    /// Waits for the outcome of `connect`.
    Connecting,
    /// Waits for somebody to accept.
    Accepting,
    /// Writes and reads.
    Open,
    /// Wants the next close to abort.
    Aborting,
    /// Wants to close its connection.
    Closing,
    /// Wants to close its listener.
    Leaving,
    /// Has closed everything.
    Over,
}

/// One application.
#[derive(Clone, Debug)]
pub struct App {
    end: usize,
    phase: Phase,
    opening: Vec<Opening>,
    ending: Ending,
    eager: bool,
    listener: Option<SocketId>,
    sock: Option<SocketId>,
    writes: VecDeque<Write>,
    reads: VecDeque<Read>,
    write_from: Instant,
    read_from: Instant,
    /// What it waits for that only its host can bring.
    write_blocked: bool,
    read_blocked: bool,
    open_blocked: bool,
    shut: bool,
    /// Octets taken over from it.
    pub written: usize,
    /// Offsets at which urgent data ends.
    pub urgent_ends: Vec<usize>,
    /// Octets that it read.
    pub read: Vec<u8>,
    /// Whether it read the end of the stream.
    pub at_end: bool,
    /// The error that it was told, if any.
    pub error: Option<Refused>,
    /// Whether it closed with everything said and read, or was ended by an error.
    pub closed: bool,
}

/// What comes before the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Opening {
    Socket,
    Set(OptionValue),
    Bind(SocketAddr),
    Listen,
    Connect(SocketAddr),
}

impl App {
    /// The application at one end of a plan.
    pub fn new(plan: &Plan, end: usize) -> Self {
        let (bulk, left) = (plan.bulk(), plan.octets_max(end));
        let mut halves = Halves { end, bulk, left, writes: VecDeque::new(), reads: VecDeque::new() };
        plan.items.iter().for_each(|item| halves.add(item));
        Self {
            end,
            phase: Phase::Opening(0),
            opening: opening(plan, end),
            ending: plan.ending(end),
            eager: plan.ends[end].tuning & 0x80 != 0,
            listener: None,
            sock: None,
            writes: halves.writes,
            reads: halves.reads,
            write_from: Instant::ZERO,
            read_from: Instant::ZERO,
            write_blocked: false,
            read_blocked: false,
            open_blocked: false,
            shut: false,
            written: 0,
            urgent_ends: Vec::new(),
            read: Vec::new(),
            at_end: false,
            error: None,
            closed: false,
        }
    }

    /// Octets that it will have written in the end, if nothing ends the connection before.
    pub fn octets_planned(&self) -> usize {
        let left = self.writes.iter().map(|write| match write {
            Write::Octets { count, .. } => *count,
            Write::Rest(_) => 0,
        });
        self.written + left.sum::<usize>()
    }

    /// How it ends.
    pub const fn ending(&self) -> &Ending {
        &self.ending
    }

    /// Whether it has closed everything.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Something has happened to its host: what blocked may go on.
    pub const fn stir(&mut self) {
        self.write_blocked = false;
        self.read_blocked = false;
        self.open_blocked = false;
    }

    /// When it goes on by itself.
    pub fn wakes(&self, now: Instant) -> Option<Instant> {
        if self.phase != Phase::Open {
            return None;
        }
        [self.write_from, self.read_from].into_iter().filter(|from| *from > now).min()
    }

    /// What it waits for, in words.
    pub fn waits(&self) -> String {
        format!(
            "{:?}, {} octets to write in {} steps, {} read, shut {}, at the end {}, error {:?}",
            self.phase,
            self.octets_planned() - self.written,
            self.writes.len(),
            self.read.len(),
            self.shut,
            self.at_end,
            self.error
        )
    }

    /// The call that it makes now, if any.
    pub fn next(&mut self, now: Instant) -> Option<Call> {
        match self.phase {
            Phase::Opening(step) => Some(self.open(step)),
            Phase::Connecting => self.eager_write(now).or_else(|| self.connect_again()),
            Phase::Accepting => {
                let sock = self.listener.filter(|_| !self.open_blocked)?;
                Some(Call::Accept { sock })
            }
            Phase::Open => self.write(now).or_else(|| self.receive(now)).or_else(|| self.finish(now)),
            Phase::Aborting => {
                let value = OptionValue::Linger(Some(Span::ZERO));
                Some(Call::SetOption { sock: self.sock?, value })
            }
            Phase::Closing => Some(Call::Close { sock: self.sock? }),
            Phase::Leaving => Some(Call::Close { sock: self.listener? }),
            Phase::Over => None,
        }
    }

    fn open(&self, step: usize) -> Call {
        let sock = self.listener.or(self.sock).unwrap_or(SocketId(0));
        match &self.opening[step] {
            Opening::Socket => {
                let v6 = self.opening.iter().any(|step| match step {
                    Opening::Bind(end) | Opening::Connect(end) => end.is_ipv6(),
                    Opening::Socket | Opening::Set(_) | Opening::Listen => false,
                });
                Call::Socket { family: if v6 { Family::V6 } else { Family::V4 }, kind: Kind::Stream }
            }
            Opening::Set(value) => Call::SetOption { sock, value: *value },
            Opening::Bind(local) => Call::Bind { sock, local: *local },
            Opening::Listen => Call::Listen { sock, backlog: 4 },
            Opening::Connect(remote) => Call::Connect { sock, remote: *remote },
        }
    }

    fn connect_again(&self) -> Option<Call> {
        let Some(Opening::Connect(remote)) = self.opening.last().filter(|_| !self.open_blocked) else {
            return None;
        };
        Some(Call::Connect { sock: self.sock?, remote: *remote })
    }

    fn eager_write(&mut self, now: Instant) -> Option<Call> {
        if self.eager { self.write(now) } else { None }
    }

    fn write(&mut self, now: Instant) -> Option<Call> {
        loop {
            if self.write_blocked || self.write_from > now || self.shut || self.error.is_some() {
                return None;
            }
            match *self.writes.front()? {
                Write::Rest(span) => {
                    self.writes.pop_front();
                    self.write_from = now + span;
                }
                Write::Octets { count, urgent } => {
                    let sock = self.sock?;
                    let data = lab::stream(self.end, self.written, count.min(SEND_OCTETS));
                    return Some(Call::Send { sock, data, urgent });
                }
            }
        }
    }

    fn receive(&mut self, now: Instant) -> Option<Call> {
        loop {
            if self.read_blocked || self.read_from > now || self.at_end || self.error.is_some() {
                return None;
            }
            let max = match self.reads.front() {
                Some(Read::Rest(span)) => {
                    self.read_from = now + *span;
                    self.reads.pop_front();
                    continue;
                }
                Some(Read::Octets(max)) => *max,
                None => READ_OCTETS,
            };
            return Some(Call::Recv { sock: self.sock?, max });
        }
    }

    /// What follows the last write.
    fn finish(&mut self, now: Instant) -> Option<Call> {
        let sock = self.sock?;
        if self.error.is_some() {
            self.phase = Phase::Closing;
            return Some(Call::Close { sock });
        }
        if !self.writes.is_empty() || self.write_from > now {
            return None;
        }
        match self.ending {
            Ending::Shut if !self.shut => Some(Call::Shutdown { sock, how: How::Write }),
            Ending::Shut | Ending::Wait => self.at_end.then(|| {
                self.phase = Phase::Closing;
                Call::Close { sock }
            }),
            Ending::Close => {
                self.phase = Phase::Closing;
                Some(Call::Close { sock })
            }
            Ending::Abort => {
                self.phase = Phase::Aborting;
                self.next(now)
            }
        }
    }

    /// The answer to the call that [`App::next`] gave.
    pub fn answered(&mut self, call: &Call, reply: &Reply) {
        match self.phase {
            Phase::Opening(step) => self.opened(step, reply),
            Phase::Connecting | Phase::Open => self.conversed(call, reply),
            Phase::Accepting => {
                self.open_blocked = true;
                if let Reply::Accepted { sock, .. } = reply {
                    self.sock = Some(*sock);
                    self.phase = Phase::Open;
                }
            }
            Phase::Aborting => self.phase = Phase::Closing,
            Phase::Closing => {
                self.closed = true;
                self.phase = if self.listener.is_some() { Phase::Leaving } else { Phase::Over };
            }
            Phase::Leaving => self.phase = Phase::Over,
            Phase::Over => {}
        }
    }

    fn opened(&mut self, step: usize, reply: &Reply) {
        if let Reply::Socket(sock) = reply {
            let listens = self.opening.contains(&Opening::Listen);
            *(if listens { &mut self.listener } else { &mut self.sock }) = Some(*sock);
        }
        self.phase = match self.opening.get(step + 1) {
            Some(_) => Phase::Opening(step + 1),
            None if self.listener.is_some() => Phase::Accepting,
            None => {
                self.open_blocked = true;
                Phase::Connecting
            }
        };
    }

    fn conversed(&mut self, call: &Call, reply: &Reply) {
        match (call, reply) {
            (Call::Connect { .. }, Reply::Done | Reply::Refused(Refused::AlreadyConnected)) => {
                self.phase = Phase::Open;
                self.stir();
            }
            (Call::Connect { .. }, Reply::Refused(Refused::AlreadyInProgress | Refused::InProgress)) => {
                self.open_blocked = true;
            }
            (Call::Send { .. }, Reply::Sent(octets)) => self.sent(*octets as usize),
            (Call::Send { .. }, Reply::Refused(Refused::WouldBlock)) => self.write_blocked = true,
            (Call::Recv { .. }, Reply::Data(data)) if data.is_empty() => self.at_end = true,
            (Call::Recv { .. }, Reply::Data(data)) => {
                self.read.extend_from_slice(data);
                self.reads.pop_front();
            }
            (Call::Recv { .. }, Reply::Refused(Refused::WouldBlock)) => self.read_blocked = true,
            (Call::Shutdown { .. }, _) => self.shut = true,
            (_, Reply::Refused(refused)) => {
                self.error = Some(*refused);
                self.phase = Phase::Open;
            }
            (_, _) => {}
        }
    }

    fn sent(&mut self, octets: usize) {
        self.written += octets;
        let Some(Write::Octets { count, urgent }) = self.writes.front_mut() else { return };
        *count = count.saturating_sub(octets);
        if *urgent {
            self.urgent_ends.push(self.written);
        }
        if *count == 0 {
            self.writes.pop_front();
        }
    }
}

/// The two halves of an application's part.
struct Halves {
    end: usize,
    bulk: bool,
    /// Octets that may still be written.
    left: usize,
    writes: VecDeque<Write>,
    reads: VecDeque<Read>,
}

impl Halves {
    fn write(&mut self, octets: usize, urgent: bool) {
        let count = octets.min(self.left);
        self.left -= count;
        if count > 0 {
            self.writes.push_back(Write::Octets { count, urgent });
        }
    }

    fn rest(&mut self, who: u8, span: Span) {
        if who & 2 == 0 {
            self.writes.push_back(Write::Rest(span));
        } else {
            self.reads.push_back(Read::Rest(span));
        }
    }

    fn add(&mut self, item: &Item) {
        let (end, bulk) = (self.end, self.bulk);
        let mine = |who: u8| usize::from(who & 1) == end;
        match item {
            Item::Write { who, octets } if mine(*who) => {
                let octets = usize::from(*octets);
                self.write(if bulk { octets * 4 } else { octets % 6_000 }, false);
            }
            Item::Urgent { who, octets } if mine(*who) => self.write(usize::from(*octets), true),
            Item::Pause { who, millis } if mine(*who) => self.rest(*who, Span::from_millis((*millis).into())),
            Item::Nap { who, minutes } if mine(*who) => {
                self.rest(*who, nap(*minutes));
            }
            Item::Read { who, octets } if mine(*who) => {
                self.reads.push_back(Read::Octets((*octets).max(1).into()));
            }
            Item::Write { .. }
            | Item::Urgent { .. }
            | Item::Pause { .. }
            | Item::Nap { .. }
            | Item::Read { .. }
            | Item::Outage { .. }
            | Item::Narrow { .. } => {}
        }
    }
}

/// The calls that open one end.
fn opening(plan: &Plan, end: usize) -> Vec<Opening> {
    let (own, other) = (lab::end(plan, end), lab::end(plan, 1 - end));
    let tuning = plan.ends[end].tuning;
    // Every octet counts where it stands, urgent or not.
    let mut steps = vec![Opening::Socket, Opening::Set(OptionValue::OobInline(true))];
    steps.extend(plan.receive_buffer(end).map(|octets| Opening::Set(OptionValue::ReceiveBuffer(octets))));
    steps.extend(plan.send_buffer(end).map(|octets| Opening::Set(OptionValue::SendBuffer(octets))));
    steps.extend(
        plan.ends[end].max_segment_octets().map(|octets| Opening::Set(OptionValue::MaxSegment(octets))),
    );
    if tuning & 0x20 != 0 {
        steps.push(Opening::Set(OptionValue::NoDelay(true)));
    }
    if tuning & 0x40 != 0 {
        steps.push(Opening::Set(OptionValue::KeepAlive(true)));
    }
    if end == 0 || plan.simultaneous() {
        steps.push(Opening::Bind(own));
        steps.push(Opening::Connect(other));
    } else {
        steps.extend([Opening::Bind(own), Opening::Listen]);
    }
    steps
}
