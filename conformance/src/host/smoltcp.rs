//! floor 7: smoltcp 0.14 as a host under test: in this program, in virtual time, answering socket calls in
//! the POSIX shape.
//!
//! smoltcp's own behaviour is left as it comes: acknowledgements delayed by 10 ms, Nagle's algorithm on, no
//! timestamps, no congestion control, no user time-out (it retransmits for ever), hop limit 64. Only
//! capacities are raised by crate features: addresses, neighbours, reassembly and fragmentation buffers.
//!
//! What a socket layer has to add, because smoltcp has none:
//!
//! * One smoltcp socket takes one connection. A listening socket here keeps one of them in LISTEN, behind all
//!   its connections, as long as fewer than `backlog` connections wait; so a repeated SYN reaches the
//!   connection it belongs to. With a full backlog smoltcp answers a SYN with a reset.
//! * smoltcp does not say why a connection ended. The cause is read off the state that it left, and off
//!   whether a frame or the time moved it.
//! * A closed socket stays inside until smoltcp has reached CLOSED and has sent its reset, if it owes one.
//! * `close` never resets because of unread data; only `SO_LINGER` of zero does.
//!
//! What it can not do: urgent data (`EOPNOTSUPP`), `TCP_MAXSEG` and `SO_OOBINLINE` (`ENOPROTOOPT`), ICMP
//! errors reported to sockets (they are not), an IPv4-only wildcard datagram socket on a host that has IPv6
//! addresses too (it swallows IPv6 datagrams to its port), IPv6 fragments in either direction.

mod datagram;
mod link;
mod listen;
mod names;
mod options;
mod queue;
mod stream;
mod table;

use super::{Caps, Clock, Deadline, Emitted, Fault, Fresh, Host, HostConfig, Stopped, Until, crash};
use stack::base::{Instant, Span};
use stack::sock::{Call, Reply};
use table::Machine;

/// Frames emitted without time moving after which the host is said to hang.
const EMITTED_PER_STEP_MAX: u32 = 10_000;

/// smoltcp counts microseconds.
const TICK: Span = Span::from_micros(1);

/// The longest step over a deadline that has passed but lets smoltcp emit nothing.
const STUCK_STEP_MAX: Span = Span::from_millis(1);

/// smoltcp behind the door of a host.
pub struct Smoltcp {
    caps: Caps,
    machine: Option<Machine>,
    now: Instant,
    stuck_step: Span,
    /// Set once it has crashed or hung; it stays that way until the next reset.
    ended: Option<Fault>,
}

impl Default for Smoltcp {
    fn default() -> Self {
        Self::new()
    }
}

impl Smoltcp {
    /// smoltcp, not yet configured.
    pub fn new() -> Self {
        let caps = Caps {
            name: "smoltcp",
            version: "0.14.0".into(),
            clock: Clock::Virtual { tick: TICK },
            fresh: Fresh::InProcess,
            ipv4: true,
            ipv6: true,
            sync_replies: true,
            seeded: true,
            settle: Span::ZERO,
            urgent: false,
            max_mtu_octets: u16::MAX,
        };
        Self { caps, machine: None, now: Instant::ZERO, stuck_step: TICK, ended: None }
    }

    /// Runs one step of the machine. A panic inside smoltcp is a crash of the host, not of the harness.
    fn step<R>(&mut self, step: impl FnOnce(&mut Machine) -> R) -> Result<R, Fault> {
        if let Some(fault) = &self.ended {
            return Err(fault.clone());
        }
        let Some(machine) = &mut self.machine else {
            return Err(Fault::Protocol("the host was not reset before its first use".into()));
        };
        machine.set_now(self.now);
        let fault = match crash::caught(|| step(machine)) {
            Ok(result) if !machine.queue.spins() => return Ok(result),
            Ok(_) => Fault::Hung,
            Err(crashed) => crashed,
        };
        self.ended = Some(fault.clone());
        Err(fault)
    }

    /// The next deadline, always after `now`. A deadline that has passed and yet emitted nothing is stepped
    /// over, with growing steps, so that nobody spins on it.
    fn due(&mut self) -> Result<Option<Instant>, Fault> {
        let due = self.step(Machine::due)?;
        let now = self.now;
        Ok(match due {
            Some(at) if at <= now => Some(now + self.stuck_step),
            Some(at) => {
                self.stuck_step = TICK;
                Some(at)
            }
            None => None,
        })
    }
}

impl Host for Smoltcp {
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn reset(&mut self, config: &HostConfig) -> Result<(), Fault> {
        self.now = Instant::ZERO;
        self.stuck_step = TICK;
        self.ended = None;
        self.machine = Some(Machine::new(config)?);
        Ok(())
    }

    fn now(&self) -> Instant {
        self.now
    }

    fn next_deadline(&mut self) -> Deadline {
        match self.due() {
            Ok(Some(at)) => Deadline::At(at),
            Ok(None) => Deadline::Idle,
            Err(_) => Deadline::Unknown,
        }
    }

    fn inject(&mut self, frame: &[u8]) -> Result<(), Fault> {
        self.step(|machine| machine.inject(frame))
    }

    fn call(&mut self, call: &Call) -> Result<Reply, Fault> {
        self.step(|machine| machine.call(call))
    }

    fn run_until(&mut self, time: Instant, until: Until) -> Result<Stopped, Fault> {
        loop {
            let emitted = self.step(|machine| !machine.queue.emitted.is_empty())?;
            if emitted && until == Until::Output {
                return Ok(Stopped::Output);
            }
            let due = self.due()?;
            match due {
                Some(at) if at <= time => {
                    let stuck = at == self.now + self.stuck_step;
                    self.now = at;
                    let quiet = self.step(Machine::time)?;
                    let twice = self.stuck_step.times(2).min(STUCK_STEP_MAX);
                    self.stuck_step = if stuck && quiet { twice } else { TICK };
                }
                Some(_) | None => {
                    self.now = self.now.max(time);
                    return Ok(Stopped::AtTime);
                }
            }
        }
    }

    fn take(&mut self) -> Option<Emitted> {
        self.machine.as_mut()?.queue.emitted.pop_front()
    }
}

#[cfg(test)]
mod tests;
