//! A server's short connections: ten segments and five calls each.

use crate::client::Client;
use crate::host::Host;
use crate::rounds::Took;
use crate::segment::{ACK, FIN, PSH};

const REQUEST: [u8; 100] = [0x63; 100];
static ANSWER: [u8; 100] = [0x64; 100];
const BUFFER_OCTETS: u32 = 8_192;

/// A server and the clients that come one after the other.
pub(crate) struct Server<H> {
    host: H,
    client: Client,
    index: u32,
}

impl<H: Host> Server<H> {
    pub(crate) fn new(backlog: u32) -> Self {
        Self { host: H::serving(BUFFER_OCTETS, backlog), client: Client::new(0), index: 0 }
    }

    /// `count` connections from the first SYN to the last ACK.
    pub(crate) fn round(&mut self, count: u64) -> Took {
        Took::of(|| {
            (0..count).for_each(|_| self.cycle());
            count
        })
    }

    fn cycle(&mut self) {
        let Self { host, client, index } = self;
        *index = (*index + 1) % 1_000_000;
        client.turn(*index, crate::client::ISS, 0);
        let id = client.open(host);
        client.say(host, ACK | PSH, &REQUEST);
        assert_eq!(host.receive(id), REQUEST.len());
        assert_eq!(host.send(&H::message(id, &ANSWER)), ANSWER.len());
        client.hear(host);
        client.say(host, ACK | FIN, &[]);
        assert_eq!(host.receive(id), 0);
        host.close(id);
        client.hear(host);
        client.say(host, ACK, &[]);
    }
}
