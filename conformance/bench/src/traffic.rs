//! Captures that are too large to be shipped, made anew, octet by octet the same: two hosts that move data in
//! large frames, and very many connections whose packets are interleaved.

use stack::base::Mac;
use stack::wire::ethernet::{EtherType, Frame, HEADER_OCTETS};
use stack::wire::ipv4;
use stack::wire::tcp::{Flags, Segment};
use stack::wire::tcp_option::{Options, Timestamps};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::Ipv4Addr;
use std::path::Path;

/// Octets of data in a large frame: an MTU of 9000 without IP header, TCP header and timestamps.
const LARGE_OCTETS: usize = 9000 - 52;
/// Connections that move data at the same time.
const MOVERS: usize = 4;
/// Data segments for one acknowledgement.
const SEGMENTS_EACH: usize = 2;
/// Octets of a request and of its answer on the interleaved connections.
const ASKED_OCTETS: usize = 64;
const ANSWERED_OCTETS: usize = 128;
/// Ports of one client address.
const PORTS: u32 = 50_000;

/// A pcap file of Ethernet frames, with times in nanoseconds.
struct Capture {
    out: BufWriter<File>,
    at_ns: u64,
    step_ns: u64,
    frame: Vec<u8>,
    segment: Vec<u8>,
}

impl Capture {
    fn create(path: &Path, step_ns: u64) -> io::Result<Self> {
        const ETHERNET: u32 = 1;
        let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
        for word in [0xa1b2_3c4d, 0x0004_0002, 0, 0, 262_144, ETHERNET] {
            out.write_all(&u32::to_le_bytes(word))?;
        }
        Ok(Self { out, at_ns: 1_700_000_000_000_000_000, step_ns, frame: Vec::new(), segment: Vec::new() })
    }

    /// Adds a frame, some time after the one before.
    fn add(&mut self, src: &mut End, dst: &End, segment: &Segment<'_>) -> io::Result<()> {
        self.segment.clear();
        segment.emit(src.addr.into(), dst.addr.into(), &mut self.segment);
        src.identification = src.identification.wrapping_add(1).max(1);
        let packet = ipv4::Packet {
            src: src.addr,
            dst: dst.addr,
            protocol: 6,
            ttl: 64,
            tos: 0,
            identification: src.identification,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset_octets: 0,
            options: &[],
            payload: &self.segment,
        };
        let link = Frame { dst: dst.mac, src: src.mac, ethertype: EtherType::IPV4, payload: &[] };
        self.frame.clear();
        self.frame.extend_from_slice(&link.header());
        packet.emit(&mut self.frame);
        debug_assert!(self.frame.len() > HEADER_OCTETS, "a frame has more than its header");
        let nanos = |ns: u64| u32::try_from(ns).expect("seconds since 1970 have 32 bits");
        let len = u32::try_from(self.frame.len()).expect("a frame is short");
        for word in [nanos(self.at_ns / 1_000_000_000), nanos(self.at_ns % 1_000_000_000), len, len] {
            self.out.write_all(&word.to_le_bytes())?;
        }
        self.at_ns += self.step_ns;
        self.out.write_all(&self.frame)
    }

    fn stamp(&self) -> u32 {
        (self.at_ns / 1_000_000) as u32
    }
}

/// One end of a connection.
#[derive(Clone, Copy)]
struct End {
    mac: Mac,
    addr: Ipv4Addr,
    port: u16,
    /// SND.NXT.
    next: u32,
    identification: u16,
    /// The latest timestamp that it sent.
    stamp: u32,
}

/// A connection: the client first.
#[derive(Clone, Copy)]
struct Flow {
    ends: [End; 2],
}

impl Flow {
    fn new(index: u32) -> Self {
        let end = |number: u8, addr: Ipv4Addr, port: u16| End {
            mac: Mac([2, 0, 0, 0, 0, number]),
            addr,
            port,
            next: index.wrapping_mul(0x9e37_79b9).wrapping_add(u32::from(number)),
            identification: index as u16,
            stamp: 0,
        };
        let client = Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 1, 0, 1)) + index / PORTS);
        let port = u16::try_from(10_000 + index % PORTS).expect("a port");
        Self { ends: [end(1, client, port), end(2, Ipv4Addr::new(10, 0, 0, 1), 80)] }
    }

    /// One end says something to the other.
    fn say(&mut self, capture: &mut Capture, from: usize, flags: Flags, data: &[u8]) -> io::Result<()> {
        let (mut own, peer) = (self.ends[from], self.ends[1 - from]);
        own.stamp = capture.stamp();
        let is_answer = flags.ack();
        let syn = flags.syn();
        let segment = Segment {
            src_port: own.port,
            dst_port: peer.port,
            seq: own.next,
            ack: if is_answer { peer.next } else { 0 },
            flags,
            window: 65_535,
            urgent_pointer: 0,
            options: Options {
                mss: syn.then_some(8960),
                window_scale: syn.then_some(7),
                sack_permitted: syn,
                timestamps: Some(Timestamps {
                    value: own.stamp,
                    echo: if is_answer { peer.stamp } else { 0 },
                }),
                ..Options::NONE
            },
            payload: data,
        };
        capture.add(&mut own, &peer, &segment)?;
        own.next = own.next.wrapping_add(segment.len_octets());
        self.ends[from] = own;
        Ok(())
    }

    fn open(&mut self, capture: &mut Capture) -> io::Result<()> {
        self.say(capture, 0, Flags::SYN, &[])?;
        self.say(capture, 1, Flags::SYN | Flags::ACK, &[])?;
        self.say(capture, 0, Flags::ACK, &[])
    }
}

/// Octets without a pattern (xorshift).
fn noise(len_octets: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(word).flatten().take(len_octets).collect()
}

/// Some connections that move data in large frames, until the file has so many octets.
pub(crate) fn bulk(path: &Path, octets: u64) -> io::Result<()> {
    let mut capture = Capture::create(path, 700)?;
    let text = noise(1 << 20);
    let mut flows: Vec<Flow> = (0..MOVERS as u32).map(Flow::new).collect();
    for flow in &mut flows {
        flow.open(&mut capture)?;
    }
    let round = MOVERS * SEGMENTS_EACH * LARGE_OCTETS;
    for round in 0..octets as usize / round {
        for flow in &mut flows {
            for segment in 0..SEGMENTS_EACH {
                let start = (round * SEGMENTS_EACH + segment) * 64 % (text.len() - LARGE_OCTETS);
                let data = &text[start..start + LARGE_OCTETS];
                flow.say(&mut capture, 0, Flags::ACK, data)?;
            }
            flow.say(&mut capture, 1, Flags::ACK, &[])?;
        }
    }
    capture.out.flush()
}

/// So many connections, each of eight packets, all of them open at the same time: first every one opens, then
/// every one is used, then every one closes, packet by packet in turn.
pub(crate) fn interleaved(path: &Path, flows: u32) -> io::Result<()> {
    let mut capture = Capture::create(path, 1_000)?;
    let text = noise(ANSWERED_OCTETS);
    let mut flows: Vec<Flow> = (0..flows).map(Flow::new).collect();
    let push = Flags::PSH | Flags::ACK;
    let fin = Flags::FIN | Flags::ACK;
    let packets: [(usize, Flags, &[u8]); 8] = [
        (0, Flags::SYN, &[]),
        (1, Flags::SYN | Flags::ACK, &[]),
        (0, Flags::ACK, &[]),
        (0, push, &text[..ASKED_OCTETS]),
        (1, push, &text),
        (0, fin, &[]),
        (1, fin, &[]),
        (0, Flags::ACK, &[]),
    ];
    for (from, flags, data) in packets {
        for flow in &mut flows {
            flow.say(&mut capture, from, flags, data)?;
        }
    }
    capture.out.flush()
}
