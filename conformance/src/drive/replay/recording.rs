//! floor 7: conversations as a capture shows them, in order of capture.

use stack::base::Instant;
use stack::wire::tcp::Flags;
use stack::wire::tcp_option::Options;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

/// One IP packet of a capture, without its link header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedPacket {
    /// Frame number in the capture, from 1.
    pub number: u64,
    /// Since the first frame of the capture.
    pub at: Instant,
    /// The captured octets, from the IP header on.
    pub bytes: Vec<u8>,
}

/// An end of a conversation. The client is who spoke first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Sent the first SYN, or the first datagram.
    Client,
    /// The other end.
    Server,
}

impl Side {
    /// The other end.
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// Position in a pair.
    pub const fn index(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 1,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

/// What a recorded checksum field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChecksumSeen {
    /// The right sum.
    Right,
    /// The sum of the pseudo-header alone: left to the interface, never on a wire like this.
    Unfilled,
    /// A wrong sum.
    Wrong,
    /// The capture lacks octets of the segment.
    Unknown,
}

/// A recorded TCP segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedSegment {
    /// Frame number in the capture, from 1.
    pub number: u64,
    /// Since the first frame of the capture.
    pub at: Instant,
    /// Who sent it.
    pub from: Side,
    /// Sequence number as it stands in the header.
    pub seq: u32,
    /// Acknowledgement number as it stands in the header.
    pub ack: u32,
    /// Control bits.
    pub flags: Flags,
    /// Window field, not scaled.
    pub window: u16,
    /// Urgent pointer field.
    pub urgent_pointer: u16,
    /// Options with a meaning.
    pub options: Options,
    /// The option octets as they were.
    pub raw_options: Vec<u8>,
    /// The captured payload.
    pub payload: Vec<u8>,
    /// Length of the payload on the wire in octets.
    pub payload_octets: u32,
    /// State of the checksum field.
    pub checksum: ChecksumSeen,
    /// DSCP and ECN.
    pub traffic_class: u8,
    /// Time to live, hop limit.
    pub hop_limit: u8,
}

impl RecordedSegment {
    /// Whether all of `flags` are set.
    pub fn has(&self, flags: Flags) -> bool {
        self.flags.contains(flags)
    }

    /// `SEG.LEN` of RFC 9293 section 3.4: payload, SYN and FIN.
    pub fn len_octets(&self) -> u32 {
        self.payload_octets + u32::from(self.has(Flags::SYN)) + u32::from(self.has(Flags::FIN))
    }
}

/// An ICMP error about a segment of a recorded connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedError {
    /// Frame number in the capture, from 1.
    pub number: u64,
    /// Since the first frame of the capture.
    pub at: Instant,
    /// The end that it was sent to.
    pub to: Side,
    /// The packet as it was.
    pub packet: Vec<u8>,
}

/// A recorded TCP connection: one incarnation of a four-tuple.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedConnection {
    /// Endpoints of client and server.
    pub ends: [SocketAddr; 2],
    /// Initial sequence numbers, where a SYN was seen.
    pub isn: [Option<u32>; 2],
    /// Segments of both ends in order of capture.
    pub segments: Vec<RecordedSegment>,
    /// ICMP errors in order of capture.
    pub errors: Vec<RecordedError>,
    /// Whether an incarnation before or after it has segments among those of this one.
    pub interleaved: bool,
}

impl RecordedConnection {
    /// Endpoint of `side`.
    pub const fn end(&self, side: Side) -> SocketAddr {
        self.ends[side.index()]
    }

    /// The segments of `side` in order of capture.
    pub fn of(&self, side: Side) -> impl DoubleEndedIterator<Item = &RecordedSegment> {
        self.segments.iter().filter(move |segment| segment.from == side)
    }

    /// The first SYN of `side`.
    pub fn syn(&self, side: Side) -> Option<&RecordedSegment> {
        self.of(side).find(|segment| segment.has(Flags::SYN))
    }

    /// Window scale in force for windows of `side`: zero unless both ends offered it.
    pub fn shift(&self, side: Side) -> u8 {
        let offer = |end| self.syn(end).and_then(|syn| syn.options.window_scale);
        match (offer(side), offer(side.other())) {
            (Some(own), Some(_)) => own.min(14),
            (Some(_) | None, Some(_) | None) => 0,
        }
    }

    /// The window of a segment in octets; never scaled on a SYN (RFC 7323 section 2.2).
    pub fn window_octets(&self, segment: &RecordedSegment) -> u32 {
        let shift = if segment.has(Flags::SYN) { 0 } else { self.shift(segment.from) };
        u32::from(segment.window) << shift
    }
}

/// A recorded exchange of UDP datagrams between two endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedExchange {
    /// Endpoints of client and server.
    pub ends: [SocketAddr; 2],
    /// IP packets of both ends, and ICMP errors about them, in order of capture.
    pub packets: Vec<ExchangePacket>,
}

/// An IP packet of a UDP exchange: a datagram, a fragment of one, or an ICMP error about one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangePacket {
    /// Frame number in the capture, from 1.
    pub number: u64,
    /// Since the first frame of the capture.
    pub at: Instant,
    /// The end that it comes from or, for an error, the end on whose side it was made.
    pub from: Side,
    /// The packet as it was.
    pub packet: Vec<u8>,
    /// What it carries.
    pub carries: Carries,
}

/// What a packet of an exchange carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carries {
    /// A whole datagram with this payload.
    Datagram(Vec<u8>),
    /// A fragment; the payload is that of the whole datagram where this packet completes it.
    Fragment(Option<Vec<u8>>),
    /// A datagram that a receiver has to discard: wrong checksum, or a length that lies.
    Broken,
    /// An ICMP error; `true` for port unreachable.
    Error(bool),
}

/// All conversations of a capture, in order of their first packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// TCP connections.
    pub connections: Vec<RecordedConnection>,
    /// UDP exchanges.
    pub exchanges: Vec<RecordedExchange>,
    /// Packets that belong to neither, by what they are.
    pub others: BTreeMap<&'static str, u64>,
}

/// Recordings for tests: both ends have opened, with the initial sequence numbers [`sample::ISN`].
#[cfg(test)]
pub(super) mod sample {
    use super::{ChecksumSeen, RecordedConnection, RecordedSegment, Side};
    use stack::base::Instant;
    use stack::wire::tcp::Flags;
    use stack::wire::tcp_option::Options;
    use std::net::SocketAddr;

    /// Of the client and of the server. The client's numbers wrap.
    pub(in super::super) const ISN: [u32; 2] = [u32::MAX - 2, 5000];

    /// A segment at `start` of its sender's stream, which acknowledges `taken` octets of the other one.
    pub(in super::super) fn segment(
        from: Side,
        start: u32,
        taken: u32,
        flags: Flags,
        payload: &[u8],
    ) -> RecordedSegment {
        RecordedSegment {
            number: 0,
            at: Instant::ZERO,
            from,
            seq: ISN[from.index()].wrapping_add(1).wrapping_add(start),
            ack: ISN[from.other().index()].wrapping_add(1).wrapping_add(taken),
            flags,
            window: 1000,
            urgent_pointer: 0,
            options: Options::NONE,
            raw_options: Vec::new(),
            payload: payload.to_vec(),
            payload_octets: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            checksum: ChecksumSeen::Right,
            traffic_class: 0,
            hop_limit: 64,
        }
    }

    /// A connection of these segments behind the handshake, a millisecond between any two.
    pub(in super::super) fn connection(segments: Vec<RecordedSegment>) -> RecordedConnection {
        let syn =
            |from: Side, flags| RecordedSegment { seq: ISN[from.index()], ..segment(from, 0, 0, flags, &[]) };
        let mut all = vec![syn(Side::Client, Flags::SYN), syn(Side::Server, Flags::SYN | Flags::ACK)];
        all.extend(segments);
        for (number, segment) in (1..).zip(&mut all) {
            segment.number = number;
            segment.at = Instant::from_nanos(number * 1_000_000);
        }
        let end = |port| SocketAddr::from(([192, 0, 2, 1], port));
        let isn = ISN.map(Some);
        RecordedConnection {
            ends: [end(1), end(2)],
            isn,
            segments: all,
            errors: Vec::new(),
            interleaved: false,
        }
    }
}
