//! What one more socket costs where there are many: binding and listening, connecting with a port that the
//! stack chooses, and finding the listener of a segment. Time stands still, so that no timer of those who
//! wait runs.

use crate::netassay::Netassay;
use crate::rounds::{Took, by_itself};
use crate::segment::{Peer, RST, SYN};
use stack::base::Span;
use stack::sock::SocketId;
use std::net::Ipv4Addr;

/// Ports of one address that listeners take.
const PORTS: usize = 60_000;
/// Own addresses: enough for a million listeners.
const ADDRS: u32 = 17;
/// Connections to one address of somebody else: each port of the ephemeral range is free with the same
/// probability, however many connections there are.
const CONNECTIONS: usize = 1_000;
/// Sockets that come and go in one round.
const ROUND: usize = 1_000;
/// A step through the listeners that meets all of them and never a neighbour of the last one.
const STRIDE: usize = 7_919;

const fn own(index: usize) -> (Ipv4Addr, u16) {
    let addr = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 1).to_bits() + (index / PORTS) as u32);
    (addr, (1 + index % PORTS) as u16)
}

const fn other(index: usize) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(10, 64, 0, 0).to_bits() + (index / CONNECTIONS) as u32)
}

/// A host with many sockets of one kind.
pub(crate) struct Many {
    host: Netassay,
    count: usize,
    at: usize,
    frame: Vec<u8>,
}

impl Many {
    fn host() -> Netassay {
        let addrs = (0..ADDRS as usize).map(|nth| own(nth * PORTS).0);
        Netassay::with_addrs(addrs, 2_048, Span::ZERO)
    }

    /// `count` listeners on as many ports.
    fn listening(count: usize) -> Self {
        let mut host = Self::host();
        for index in 0..count {
            host.listening_at(own(index));
        }
        Self { host, count, at: 0, frame: Vec::new() }
    }

    /// `count` connections that the host has begun.
    fn connecting(count: usize) -> Self {
        let mut host = Self::host();
        for index in 0..count {
            host.connected_to(other(index));
        }
        host.forget_sent();
        Self { host, count, at: 0, frame: Vec::new() }
    }

    /// Sockets that are opened by `open` and closed again, one after the other.
    fn come_and_go(&mut self, open: impl Fn(&mut Netassay, usize) -> SocketId) -> Took {
        Took::of(|| {
            for nth in 0..ROUND {
                let sock = open(&mut self.host, self.count + nth);
                self.host.gone(sock);
            }
            self.host.forget_sent();
            ROUND as u64
        })
    }

    /// A SYN to a listener, always the same or the next of a long walk, and the reset that takes it back.
    fn asked(&mut self, walks: bool) -> Took {
        let peer = Peer::new(1);
        Took::of(|| {
            for _ in 0..ROUND {
                if walks {
                    self.at = (self.at + STRIDE) % self.count;
                }
                let at = own(self.at);
                for (seq, flags) in [(1_000, SYN), (1_001, RST)] {
                    self.frame.clear();
                    peer.write_to(&mut self.frame, at, seq, 0, flags, &[]);
                    self.host.arrives(&self.frame);
                }
                self.host.forget_sent();
            }
            ROUND as u64
        })
    }
}

/// A row of the table: nanoseconds for each of the four, with `count` sockets.
pub(crate) fn row(rounds: usize, count: usize) {
    let mut many = Many::listening(count);
    let bind = by_itself(rounds, || many.come_and_go(|host, nth| host.listening_at(own(nth))));
    let one = by_itself(rounds, || many.asked(false));
    let all = by_itself(rounds, || many.asked(true));
    drop(many);
    let mut many = Many::connecting(count);
    let connect = by_itself(rounds, || many.come_and_go(|host, nth| host.connected_to(other(nth))));
    let [bind, one, all, connect] = [bind, one, all, connect].map(|ps| ps / 1_000);
    println!("{count:>9} {bind:>15} {connect:>15} {one:>15} {all:>15}");
}

/// One round of one of the four, with `count` sockets, for those who count instructions. Whether there is
/// such a question.
pub(crate) fn question(what: &str, count: usize) -> bool {
    let listen = |host: &mut Netassay, nth| host.listening_at(own(nth));
    let connect = |host: &mut Netassay, nth| host.connected_to(other(nth));
    _ = match what {
        "listen" => Many::listening(count).come_and_go(listen),
        "connect" => Many::connecting(count).come_and_go(connect),
        "asked" => Many::listening(count).asked(false),
        "asked-all" => Many::listening(count).asked(true),
        _ => return false,
    };
    true
}
