//! floor 8: two reference hosts on one link, in virtual time.

use super::{End, Look, World, addrs};
use crate::host::Fault;
use stack::base::choose::Seeded;
use stack::base::{Cidr, Instant, Mac, PortRange, Span, Why};
use stack::host::{Config, Host, Out, Stimulus};
use stack::ip::{self, LinkConfig};
use stack::ports::Policy;
use stack::sock::table::Row;
use stack::sock::{self, Call, Reply, SocketId, User};
use stack::tcp;
use std::collections::VecDeque;

/// Frames that may cross the link at one instant.
const FRAMES_MAX: u32 = 100_000;

/// What a host brought forth.
#[derive(Default)]
struct Gathered {
    frames: VecDeque<Vec<u8>>,
    reply: Option<Reply>,
}

impl Out for Gathered {
    fn frame(&mut self, bytes: &[u8]) {
        self.frames.push_back(bytes.to_vec());
    }

    fn reply(&mut self, reply: Reply) {
        self.reply = Some(reply);
    }

    fn discard(&mut self, _: Why) {}
}

/// Two reference hosts. Nothing on the link takes time, and nothing is lost.
pub struct Reference {
    now: Instant,
    hosts: [Host; 2],
    out: [Gathered; 2],
}

const fn index(end: End) -> usize {
    match end {
        End::Host => 0,
        End::Peer => 1,
    }
}

fn config(end: End) -> Config {
    let number = u8::try_from(index(end) + 1).unwrap_or(0);
    let link = LinkConfig::Ethernet { mac: Mac([2, 0, 0, 0, 0, number]) };
    let addrs = addrs(end).into_iter().map(|(addr, prefix)| Cidr::new(addr, prefix)).collect();
    let ports = Policy { user: User::ROOT, ephemeral: LINUX_EPHEMERAL, ..Policy::default() };
    // The answers that are asked for are those of Linux, also where the RFCs would have others.
    let (tcp, sockets) = (tcp::Settings::default().as_linux(), sock::Policy::default().as_linux());
    // Errors are not held back, however many questions draw them.
    let icmp = ip::IcmpConfig { interval: Span::ZERO, ..ip::IcmpConfig::default() };
    Config { ip: ip::Config { link, addrs, icmp, ..ip::Config::default() }, tcp, ports, sockets }
}

/// The ports that Linux chooses from unless told otherwise.
const LINUX_EPHEMERAL: PortRange = match PortRange::new(32_768, 60_999) {
    Some(range) => range,
    None => PortRange::DYNAMIC,
};

impl Reference {
    /// Two hosts that have done nothing yet; what they choose follows from `seed`.
    pub fn new(seed: u64) -> Self {
        let hosts = [End::Host, End::Peer]
            .map(|end| Host::new(config(end), Box::new(Seeded::new(seed ^ index(end) as u64))));
        Self { now: Instant::ZERO, hosts, out: [Gathered::default(), Gathered::default()] }
    }

    /// Carries frames to and fro until none is left.
    fn carry(&mut self) -> Result<(), Fault> {
        for _ in 0..FRAMES_MAX {
            let Some(from) = (0..2).find(|at| !self.out[*at].frames.is_empty()) else { return Ok(()) };
            let to = 1 - from;
            if let Some(frame) = self.out[from].frames.pop_front() {
                self.hosts[to].step(self.now, Stimulus::Frame(&frame), &mut self.out[to]);
            }
        }
        Err(Fault::Hung)
    }

    /// The socket table of one end.
    pub fn table(&self, end: End) -> Vec<Row> {
        self.hosts[index(end)].sockets()
    }

    fn due(&self) -> Option<Instant> {
        self.hosts.iter().filter_map(Host::due).min()
    }
}

impl World for Reference {
    fn call(&mut self, end: End, call: &Call) -> Result<Reply, Fault> {
        let at = index(end);
        self.hosts[at].step(self.now, Stimulus::Call(call), &mut self.out[at]);
        let reply = self.out[at].reply.take();
        self.carry()?;
        reply.ok_or_else(|| Fault::Protocol("the stack did not answer a call".into()))
    }

    fn wait(&mut self, span: Span) -> Result<(), Fault> {
        let until = self.now + span;
        loop {
            let due = self.due().filter(|due| *due <= until);
            self.now = self.now.max(due.unwrap_or(until));
            for at in 0..2 {
                self.hosts[at].step(self.now, Stimulus::Time, &mut self.out[at]);
            }
            self.carry()?;
            if due.is_none() {
                return Ok(());
            }
        }
    }

    fn look(&mut self, end: End, sock: SocketId) -> Result<Look, Fault> {
        let row = self.hosts[index(end)].sockets().into_iter().find(|row| row.sock == Some(sock));
        let row = row.ok_or_else(|| Fault::Protocol("no such socket in the table".into()))?;
        Ok(Look { state: row.state, receive_queue: row.receive_queue, send_queue: row.send_queue })
    }
}
