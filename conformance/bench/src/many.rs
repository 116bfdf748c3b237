//! What one more open connection costs: time for a segment, and memory.

use crate::client::{Client, ISS};
use crate::host::Host;
use crate::memory;
use crate::rounds::Took;
use crate::segment::{ACK, PSH};

const DATA: [u8; 64] = [0x65; 64];
/// The smallest buffers that both stacks take: smoltcp has them from the beginning.
const BUFFER_OCTETS: u32 = 2_048;
/// A step through the connections that meets all of them and never a neighbour of the last one.
const STRIDE: usize = 7_919;

/// One connection as it is kept here, beside the host.
struct Open<I> {
    id: I,
    seq: u32,
    ack: u32,
}

/// A host with many connections.
pub(crate) struct Crowd<H: Host> {
    host: H,
    client: Client,
    open: Vec<Open<H::Id>>,
    at: usize,
    /// Octets of memory for each connection.
    pub(crate) octets_each: usize,
}

impl<H: Host> Crowd<H> {
    pub(crate) fn new(count: usize) -> Self {
        let mut host = H::serving(BUFFER_OCTETS, 1);
        let mut client = Client::new(0);
        let mut open = Vec::with_capacity(count);
        let before = memory::live_octets();
        for index in 0..count {
            client.turn(index as u32, ISS, 0);
            let id = client.open(&mut host);
            open.push(Open { id, seq: client.seq, ack: client.ack });
        }
        let octets_each = memory::live_octets().saturating_sub(before) / count;
        Self { host, client, open, at: 0, octets_each }
    }

    /// `segments` with 64 octets, each for the next connection of a long walk or always for the same, and
    /// read at once.
    pub(crate) fn round(&mut self, segments: u64, walks: bool) -> Took {
        Took::of(|| {
            for _ in 0..segments {
                if walks {
                    self.at = (self.at + STRIDE) % self.open.len();
                }
                let open = &mut self.open[self.at];
                self.client.turn(self.at as u32, open.seq, open.ack);
                self.client.say(&mut self.host, ACK | PSH, &DATA);
                open.seq = self.client.seq;
                assert_eq!(self.host.receive(open.id), DATA.len());
            }
            segments
        })
    }
}
