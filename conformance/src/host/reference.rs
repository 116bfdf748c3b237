//! floor 7: the reference stack as a host under test: in this program, in virtual time, to the nanosecond.
//!
//! Its random choices follow from the seed of the configuration. The application has the privilege to bind
//! low ports, as the servers of recorded traffic have. A peer that no local network contains is reached
//! directly if its link-layer address is known, and any address is if the link has none.

use super::{Caps, Clock, Deadline, Emitted, Fault, Fresh, Host, HostConfig, Stopped, Until, crash};
use crate::trace::Link;
use stack::base::choose::Seeded;
use stack::base::{Instant, Mac, Span, Why};
use stack::host::{self, Out, Stimulus};
use stack::ip::{self, LinkConfig};
use stack::ports::Policy;
use stack::sock::table::Row;
use stack::sock::{Call, Reply, User};
use stack::tcp::Settings;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Frames emitted by one step after which the host is said to hang.
const EMITTED_PER_STEP_MAX: usize = 100_000;

/// What the stack did and nobody took yet.
#[derive(Debug, Default)]
struct Done {
    now: Instant,
    emitted: VecDeque<Emitted>,
    discarded: VecDeque<(Instant, Why)>,
    reply: Option<Reply>,
}

impl Out for Done {
    fn frame(&mut self, bytes: &[u8]) {
        self.emitted.push_back(Emitted { at: self.now, bytes: bytes.to_vec() });
    }

    fn reply(&mut self, reply: Reply) {
        self.reply = Some(reply);
    }

    fn discard(&mut self, why: Why) {
        self.discarded.push_back((self.now, why));
    }
}

/// The reference behind the door of a host.
pub struct Reference {
    caps: Caps,
    stack: Option<host::Host>,
    done: Done,
    /// What connections start from.
    tcp: Settings,
    /// Whether the stack checks its invariants after every step.
    checked: bool,
    /// Set once it has crashed or hung; it stays that way until the next reset.
    ended: Option<Fault>,
}

impl Default for Reference {
    fn default() -> Self {
        Self::new()
    }
}

impl Reference {
    /// The reference, not yet configured.
    pub fn new() -> Self {
        let caps = Caps {
            name: "reference",
            version: env!("CARGO_PKG_VERSION").into(),
            clock: Clock::Virtual { tick: Span::from_nanos(1) },
            fresh: Fresh::InProcess,
            ipv4: true,
            ipv6: true,
            sync_replies: true,
            seeded: true,
            settle: Span::ZERO,
            urgent: true,
            max_mtu_octets: u16::MAX,
        };
        let tcp = Settings::default();
        Self { caps, stack: None, done: Done::default(), tcp, checked: false, ended: None }
    }

    /// From the next reset on, connections start from these settings. Segment sizes follow from the link.
    pub const fn tune(&mut self, tcp: Settings) {
        self.tcp = tcp;
    }

    /// The reference, which asserts all its invariants after every step. An assertion that fails is a crash.
    pub fn checked() -> Self {
        Self { checked: true, ..Self::new() }
    }

    /// The same stack under another name: for hosts that wrap this one.
    pub(super) fn named(name: &'static str) -> Self {
        let mut reference = Self::new();
        reference.caps.name = name;
        reference
    }

    /// One step of the stack at the present time. A panic inside is a crash of the host, not of the harness.
    fn step(&mut self, stimulus: Stimulus<'_>) -> Result<(), Fault> {
        if let Some(fault) = &self.ended {
            return Err(fault.clone());
        }
        let Some(stack) = &mut self.stack else {
            return Err(Fault::Protocol("the host was not reset before its first use".into()));
        };
        let (done, checked) = (&mut self.done, self.checked);
        let before = done.emitted.len();
        let step = || {
            stack.step(done.now, stimulus, done);
            if checked {
                stack.check();
            }
        };
        let fault = match crash::caught(step) {
            Ok(()) if self.done.emitted.len() - before <= EMITTED_PER_STEP_MAX => return Ok(()),
            Ok(()) => Fault::Hung,
            Err(crashed) => crashed,
        };
        self.ended = Some(fault.clone());
        Err(fault)
    }
}

/// The stack's own configuration.
fn configuration(config: &HostConfig, tcp: Settings) -> Result<host::Config, Fault> {
    let link = match config.link {
        Link::Ip => LinkConfig::Ip,
        Link::Ethernet if config.mac.is_group() => {
            return Err(Fault::Protocol(format!("{} is not the address of one station", config.mac)));
        }
        Link::Ethernet => LinkConfig::Ethernet { mac: config.mac },
    };
    // Without a link layer every peer is a neighbour, and nobody asks for its address.
    let nowhere = (config.link == Link::Ip).then_some(Mac([0; 6]));
    let neighbors = config.peers.iter().filter_map(|(peer, mac)| Some((*peer, mac.or(nowhere)?))).collect();
    // Without a link layer every address can be sent to. Who the gateway is then makes no difference.
    let everywhere = config.link == Link::Ip;
    let gateway_v4 = everywhere.then_some(Ipv4Addr::LOCALHOST);
    let gateway_v6 = everywhere.then_some(Ipv6Addr::LOCALHOST);
    let ip = ip::Config {
        link,
        gateway_v4,
        gateway_v6,
        addrs: config.addrs.clone(),
        neighbors,
        mtu_octets: config.mtu_octets,
        ..ip::Config::default()
    };
    let ports = Policy { user: User::ROOT, ..Policy::default() };
    Ok(host::Config { ip, tcp, ports, ..host::Config::default() })
}

impl Host for Reference {
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn reset(&mut self, config: &HostConfig) -> Result<(), Fault> {
        self.done = Done::default();
        self.ended = None;
        let choices = Box::new(Seeded::new(config.seed));
        self.stack = Some(host::Host::new(configuration(config, self.tcp)?, choices));
        Ok(())
    }

    fn now(&self) -> Instant {
        self.done.now
    }

    fn next_deadline(&mut self) -> Deadline {
        match (&self.stack, &self.ended) {
            (Some(stack), None) => stack.due().map_or(Deadline::Idle, Deadline::At),
            (Some(_), Some(_)) | (None, _) => Deadline::Unknown,
        }
    }

    fn inject(&mut self, frame: &[u8]) -> Result<(), Fault> {
        self.step(Stimulus::Frame(frame))
    }

    fn call(&mut self, call: &Call) -> Result<Reply, Fault> {
        self.step(Stimulus::Call(call))?;
        self.done.reply.take().ok_or_else(|| Fault::Protocol("the stack did not answer a call".into()))
    }

    fn run_until(&mut self, time: Instant, until: Until) -> Result<Stopped, Fault> {
        loop {
            if until == Until::Output && !self.done.emitted.is_empty() {
                return Ok(Stopped::Output);
            }
            let due = self.stack.as_ref().and_then(host::Host::due).filter(|due| *due <= time);
            self.done.now = self.done.now.max(due.unwrap_or(time));
            self.step(Stimulus::Time)?;
            if due.is_none() {
                return Ok(Stopped::AtTime);
            }
        }
    }

    fn take(&mut self) -> Option<Emitted> {
        self.done.emitted.pop_front()
    }

    fn take_discard(&mut self) -> Option<(Instant, Why)> {
        self.done.discarded.pop_front()
    }

    fn sockets(&self) -> Option<Vec<Row>> {
        self.stack.as_ref().map(host::Host::sockets)
    }
}

#[cfg(test)]
mod tests;
