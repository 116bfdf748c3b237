//! A peer that opens a connection to a host, and keeps its numbers.

use crate::host::Host;
use crate::segment::{self, ACK, FIN, PSH, Peer, SYN};

/// Where every peer's sequence numbers begin.
pub(crate) const ISS: u32 = 1_000_000;

/// One connection as its peer sees it.
pub(crate) struct Client {
    peer: Peer,
    /// SND.NXT.
    pub(crate) seq: u32,
    /// RCV.NXT.
    pub(crate) ack: u32,
    frame: Vec<u8>,
}

impl Client {
    pub(crate) fn new(index: u32) -> Self {
        Self::resumed(index, ISS, 0)
    }

    /// The peer of a connection that is there already.
    pub(crate) fn resumed(index: u32, seq: u32, ack: u32) -> Self {
        Self { peer: Peer::new(index), seq, ack, frame: Vec::with_capacity(1500) }
    }

    /// Becomes the peer of another connection.
    pub(crate) fn turn(&mut self, index: u32, seq: u32, ack: u32) {
        (self.peer, self.seq, self.ack) = (Peer::new(index), seq, ack);
    }

    /// Sends one segment, and forgets what the host sent before.
    pub(crate) fn say<H: Host>(&mut self, host: &mut H, flags: u8, data: &[u8]) {
        self.frame.clear();
        self.peer.write(&mut self.frame, self.seq, self.ack, flags, data);
        let controls = u32::from(flags & (SYN | FIN) != 0);
        self.seq = self.seq.wrapping_add(data.len() as u32 + controls);
        host.sent().clear();
        host.frame(&self.frame);
    }

    /// Appends a data segment to `out` without sending it.
    pub(crate) fn prepare(&mut self, out: &mut Vec<u8>, data: &[u8]) {
        self.peer.write(out, self.seq, self.ack, ACK | PSH, data);
        self.seq = self.seq.wrapping_add(data.len() as u32);
    }

    /// Takes note of what the host has sent.
    pub(crate) fn hear<H: Host>(&mut self, host: &mut H) {
        for frame in host.sent().frames() {
            let controls = u32::from(segment::flags(frame) & (SYN | FIN) != 0);
            let octets = segment::data_octets(frame) + controls;
            if octets > 0 {
                self.ack = segment::seq(frame).wrapping_add(octets);
            }
        }
    }

    /// The three segments of an opening, and `accept`.
    pub(crate) fn open<H: Host>(&mut self, host: &mut H) -> H::Id {
        host.expect_connection();
        self.say(host, SYN, &[]);
        self.hear(host);
        assert_ne!(self.ack, 0, "{} answers a SYN", H::NAME);
        self.say(host, ACK, &[]);
        host.accept()
    }
}
