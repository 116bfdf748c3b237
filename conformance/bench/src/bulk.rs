//! Two hosts of one kind on a wire without delay: one sends all that it may, the other reads all that comes.

use crate::host::{Host, Sent};
use crate::netassay::Netassay;
use crate::rounds::Took;
use crate::smol::Smoltcp;
use std::mem;
use std::net::Ipv4Addr;

const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const BUFFER_OCTETS: u32 = 65_535;
static DATA: [u8; 16_384] = [0x62; 16_384];

/// A host that opens a connection, and lets the time of its timers come.
pub(crate) trait Opens: Host {
    fn open() -> (Self, Self::Id)
    where
        Self: Sized;
    fn wait(&mut self);
}

impl Opens for Netassay {
    fn open() -> (Self, Self::Id) {
        Self::connecting(CLIENT.into(), BUFFER_OCTETS)
    }

    fn wait(&mut self) {
        self.pass_time();
    }
}

impl Opens for Smoltcp {
    fn open() -> (Self, Self::Id) {
        Self::connecting(CLIENT, BUFFER_OCTETS)
    }

    fn wait(&mut self) {
        self.pass_time();
    }
}

/// A connection between two hosts.
pub(crate) struct Pair<H: Opens> {
    client: H,
    server: H,
    message: H::Message,
    receiver: H::Id,
    wire: Sent,
}

/// Takes what `from` has sent to `to`; false if there was nothing.
fn carry<H: Host>(wire: &mut Sent, from: &mut H, to: &mut H) -> bool {
    mem::swap(wire, from.sent());
    let some = !wire.is_empty();
    if some {
        to.frames(wire.frames());
    }
    wire.clear();
    some
}

impl<H: Opens> Pair<H> {
    pub(crate) fn new() -> Self {
        let mut server = H::serving(BUFFER_OCTETS, 1);
        server.expect_connection();
        let (mut client, sender) = H::open();
        let mut wire = Sent::default();
        while carry(&mut wire, &mut client, &mut server) | carry(&mut wire, &mut server, &mut client) {}
        let receiver = server.accept();
        Self { client, server, message: H::message(sender, &DATA), receiver, wire }
    }

    /// Carries `octets` across.
    pub(crate) fn round(&mut self, octets: u64) -> Took {
        Took::of(|| {
            let mut read = 0;
            while read < octets {
                while self.client.send(&self.message) == DATA.len() {}
                let forth = carry(&mut self.wire, &mut self.client, &mut self.server);
                read += self.server.receive(self.receiver) as u64;
                let back = carry(&mut self.wire, &mut self.server, &mut self.client);
                if !forth && !back {
                    self.client.wait();
                    self.server.wait();
                }
            }
            read
        })
    }
}
