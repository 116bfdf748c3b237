//! floor 5: the only public door: stimuli in, responses out (RFC 9293 section 3.9, RFC 1122 section 1.1.3).
//!
//! [`Host::step`] is a function of the host's state, the time and one stimulus. Afterwards nothing is left
//! that was due by then, so a caller that sleeps until [`Host::due`] never spins.

use crate::base::siphash::Key;
use crate::base::time::soonest;
use crate::base::{Choose, Freedom, Instant, Why};
use crate::ip::{self, Ip};
use crate::ports::Policy;
use crate::sock::table::{Net, Row, Sockets};
use crate::sock::{self, Call, Reply};
use crate::tcp;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// Everything that a host has to be told.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The interface.
    pub ip: ip::Config,
    /// What connections start from. Segment sizes follow from the link.
    pub tcp: tcp::Settings,
    /// Ports.
    pub ports: Policy,
    /// What strangers can make the host keep.
    pub sockets: sock::Policy,
}

/// What happens to a host.
#[derive(Clone, Copy, Debug)]
pub enum Stimulus<'a> {
    /// A frame arrives.
    Frame(&'a [u8]),
    /// The application makes a call. It is answered before the step ends, exactly once.
    Call(&'a Call),
    /// Time has passed, and nothing else.
    Time,
}

/// Takes what a host does.
pub trait Out {
    /// A frame leaves.
    fn frame(&mut self, bytes: &[u8]);
    /// The call is answered.
    fn reply(&mut self, reply: Reply);
    /// Something was discarded.
    fn discard(&mut self, why: Why);
}

/// The part of [`Out`] that the floors below may use.
struct Lower<'a>(&'a mut dyn Out);

impl ip::Emit for Lower<'_> {
    fn frame(&mut self, bytes: &[u8]) {
        self.0.frame(bytes);
    }

    fn discard(&mut self, why: Why) {
        self.0.discard(why);
    }
}

/// A host with one interface.
pub struct Host {
    ip: Ip,
    sockets: Sockets,
    choices: Box<dyn Choose>,
    now: Instant,
    /// When something is due next. Between two steps that is always later than `now`.
    due: Option<Instant>,
}

/// Rounds of timers at one instant. A timer that is done does not come due again at the same time, so a
/// few rounds are enough.
const ROUNDS_MAX: u32 = 1_000;

impl Host {
    /// A host that has done nothing yet.
    pub fn new(config: Config, mut choices: Box<dyn Choose>) -> Self {
        let mut secret = || choices.choose(Freedom::SecretKey, 0..=u64::MAX);
        //= RFC6528-3-c
        //= RFC6528-4-a
        let key = Key::new(secret(), secret());
        Self {
            ip: Ip::new(config.ip),
            sockets: Sockets::new(config.ports, config.sockets, config.tcp, key),
            choices,
            now: Instant::ZERO,
            due: None,
        }
    }

    /// Does all that follows from `stimulus` at the time `now`, which does not go backwards: a time before
    /// the latest one counts as the latest one. What was due before goes first.
    pub fn step(&mut self, now: Instant, stimulus: Stimulus<'_>, out: &mut dyn Out) {
        // The latest step has left nothing that was due then.
        if now > self.now {
            self.now = now;
            self.pass_time(out);
        }
        match stimulus {
            Stimulus::Frame(frame) => {
                let (sockets, mut lower) = (&mut self.sockets, Lower(out));
                // Neither moved nor copied on its way up: it is what every frame brings.
                let received = self.ip.try_receive(self.now, frame, &mut *self.choices, &mut lower);
                let mut net =
                    Net { now: self.now, ip: &mut self.ip, choices: &mut *self.choices, out: &mut lower };
                match &received {
                    Ok(received) => sockets.arrives(received, &mut net),
                    Err(why) => net.out.discard(*why),
                }
                sockets.settle_looped(&mut net);
            }
            Stimulus::Call(call) => {
                let reply = self.with_sockets(out, |sockets, net| sockets.answer(call, net));
                out.reply(reply);
                self.with_sockets(out, Sockets::settle_looped);
            }
            Stimulus::Time => {}
        }
        self.due = self.next_due();
        self.pass_time(out);
    }

    fn with_sockets<R>(&mut self, out: &mut dyn Out, act: impl FnOnce(&mut Sockets, &mut Net<'_>) -> R) -> R {
        let mut lower = Lower(out);
        let mut net = Net { now: self.now, ip: &mut self.ip, choices: &mut *self.choices, out: &mut lower };
        act(&mut self.sockets, &mut net)
    }

    /// Does what is due.
    #[inline(always)]
    fn pass_time(&mut self, out: &mut dyn Out) {
        if self.is_due() {
            self.act_on_time(out);
        }
    }

    fn is_due(&self) -> bool {
        self.due.is_some_and(|due| due <= self.now)
    }

    fn next_due(&self) -> Option<Instant> {
        soonest([self.ip.due(), self.sockets.due()])
    }

    #[inline(never)]
    fn act_on_time(&mut self, out: &mut dyn Out) {
        for _ in 0..ROUNDS_MAX {
            if !self.is_due() {
                return;
            }
            self.ip.on_due(self.now, &mut *self.choices, &mut Lower(out));
            while let Some(error) = self.ip.unreached() {
                self.with_sockets(out, |sockets, net| sockets.error_arrives(&error, net));
            }
            self.with_sockets(out, Sockets::on_due);
            self.with_sockets(out, Sockets::settle_looped);
            self.due = self.next_due();
        }
        unreachable!("the timers of a host come to rest");
    }

    /// When the host will next do something by itself: always later than the latest step.
    pub const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The time of the latest step.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// The socket table, in order of creation.
    pub fn sockets(&self) -> Vec<Row> {
        self.sockets.rows()
    }

    /// Asserts every invariant that the host knows of itself. Takes a time in proportion to its size.
    pub fn check(&self) {
        self.ip.check();
        self.sockets.check();
        assert_eq!(self.due, self.next_due(), "what is due next is known");
        assert!(self.due.is_none_or(|due| due > self.now), "nothing that was due is left");
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ip, sockets, choices: _, now, due: _ } = self;
        f.debug_struct("Host")
            .field("now", now)
            .field("ip", ip)
            .field("sockets", sockets)
            .finish_non_exhaustive()
    }
}
