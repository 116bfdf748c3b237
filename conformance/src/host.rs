//! floor 7: the door to any stack under test. Calls never block; time is asked of the host alone.

pub mod crash;
pub mod mutant;
pub mod reference;
pub mod registry;
pub mod smoltcp;

use crate::trace::Link;
use stack::base::{Cidr, Instant, Mac, Span, Why};
use stack::sock::table::Row;
use stack::sock::{Call, Reply};
use std::fmt;
use std::net::IpAddr;

/// Whose clock the host follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The harness grants time, in steps of `tick`.
    Virtual {
        /// The smallest step that the host can tell.
        tick: Span,
    },
    /// The wall clock: timing needs tolerances.
    Real,
}

/// What `reset` costs, and how it gets a clean stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fresh {
    /// A new value in this program.
    InProcess,
    /// A restored image.
    Snapshot,
    /// A new program.
    NewProcess,
}

/// What a host can do. "It can not" is an answer of its own (`n/a`), never a failure.
#[derive(Clone, Debug)]
pub struct Caps {
    /// Name, as in `--host NAME`.
    pub name: &'static str,
    /// Version of the stack.
    pub version: String,
    /// Whose clock it follows.
    pub clock: Clock,
    /// What `reset` costs.
    pub fresh: Fresh,
    /// Whether it speaks IPv4.
    pub ipv4: bool,
    /// Whether it speaks IPv6.
    pub ipv6: bool,
    /// Whether immediate answers are there when `inject` returns.
    pub sync_replies: bool,
    /// Whether the seed alone fixes its random choices.
    pub seeded: bool,
    /// How long to wait before silence is silence; zero for synchronous hosts.
    pub settle: Span,
    /// Whether an urgent pointer can be sent and is understood.
    pub urgent: bool,
    /// Largest MTU that it takes, in octets.
    pub max_mtu_octets: u16,
}

/// How a host is set up before a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostConfig {
    /// What its frames begin with.
    pub link: Link,
    /// Its link-layer address (Ethernet only).
    pub mac: Mac,
    /// Its addresses.
    pub addrs: Vec<Cidr>,
    /// Peers with their link-layer addresses, known beforehand; a peer without one has to be resolved.
    pub peers: Vec<(IpAddr, Option<Mac>)>,
    /// Largest IP packet that the link carries, in octets.
    pub mtu_octets: u16,
    /// Fixes the host's random choices.
    pub seed: u64,
}

/// A frame that the host emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// When.
    pub at: Instant,
    /// Its octets.
    pub bytes: Vec<u8>,
}

/// When `run_until` returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// At the given time.
    Time,
    /// At the first emitted frame, or at the given time.
    Output,
}

/// Why `run_until` returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The time was reached.
    AtTime,
    /// A frame was emitted.
    Output,
}

/// When the host will next do something by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// At this time.
    At(Instant),
    /// Never: it has no timer running.
    Idle,
    /// It can not say.
    Unknown,
}

/// The rig failed. Never a verdict on the host, except that a crash and a hang are findings of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The host died.
    Crashed {
        /// How: a signal, an exit code, a panic message.
        how: String,
        /// What it said last.
        log: String,
    },
    /// The host spins without time moving, or does not answer.
    Hung,
    /// The adapter can not do what was asked.
    Protocol(String),
    /// The surroundings lack something: a privilege, a device, a library.
    Env(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crashed { how, log } if log.is_empty() => write!(f, "the host crashed: {how}"),
            Self::Crashed { how, log } => write!(f, "the host crashed: {how}; it said: {log}"),
            Self::Hung => write!(f, "the host hangs: it works without time moving"),
            Self::Protocol(what) => write!(f, "the adapter can not go on: {what}"),
            Self::Env(what) => write!(f, "the surroundings lack something: {what}"),
        }
    }
}

impl std::error::Error for Fault {}

/// A kept state of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotId(pub u32);

/// One operation of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// A frame arrives.
    Inject(Vec<u8>),
    /// The application makes a call.
    Call(Call),
    /// Time passes until then.
    RunUntil(Instant),
}

/// A stack under test.
pub trait Host {
    /// What it can do.
    fn caps(&self) -> &Caps;

    /// A clean stack with this configuration, at time zero.
    fn reset(&mut self, config: &HostConfig) -> Result<(), Fault>;

    /// The host's time.
    fn now(&self) -> Instant;

    /// When it will next do something by itself.
    fn next_deadline(&mut self) -> Deadline;

    /// A frame arrives now.
    fn inject(&mut self, frame: &[u8]) -> Result<(), Fault>;

    /// The application makes a call now. Returns at once; what would block is refused.
    fn call(&mut self, call: &Call) -> Result<Reply, Fault>;

    /// Lets time pass until `time`, or until the first frame leaves.
    fn run_until(&mut self, time: Instant, until: Until) -> Result<Stopped, Fault>;

    /// The oldest emitted frame that was not taken yet.
    fn take(&mut self) -> Option<Emitted>;

    /// The oldest discard that was not taken yet. Only the reference names them.
    fn take_discard(&mut self) -> Option<(Instant, Why)> {
        None
    }

    /// The socket table. Only the reference shows it.
    fn sockets(&self) -> Option<Vec<Row>> {
        None
    }

    /// Keeps the present state, if the host can.
    fn snapshot(&mut self) -> Option<SnapshotId> {
        None
    }

    /// Returns to a kept state; `false` if there is no such.
    fn restore(&mut self, _: SnapshotId) -> bool {
        false
    }

    /// Several operations in order, answers to calls appended to `replies`. Hosts behind a pipe do this in
    /// one round trip.
    fn batch(&mut self, ops: &[Op], replies: &mut Vec<Reply>) -> Result<(), Fault> {
        for op in ops {
            match op {
                Op::Inject(frame) => self.inject(frame)?,
                Op::Call(call) => replies.push(self.call(call)?),
                Op::RunUntil(time) => {
                    self.run_until(*time, Until::Time)?;
                }
            }
        }
        Ok(())
    }
}
