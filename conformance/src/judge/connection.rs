//! floor 7: what a capture shows of each TCP connection: opening, options, numbers (RFC 9293 section 3.5).
//! Updated once per packet, read by every rule.

use super::packet::{Packet, Segment, Upper};
use stack::base::{Instant, Span};
use stack::wire::tcp::Flags;
use std::collections::HashMap;
use std::net::SocketAddr;

/// Connections kept at the same time.
const CONNECTIONS_MAX: usize = 1 << 16;

/// How long segments of an earlier connection of the same ports may be on the way (twice the maximum segment
/// lifetime of RFC 9293 section 3.4.2).
const QUIET: Span = Span::from_secs(240);

/// Initial sequence numbers remembered of one side.
const ISNS_MAX: usize = 8;

/// One SYN as one side sent it, repetitions counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Initial sequence number.
    pub isn: u32,
    /// Octets of data on it, at the most.
    pub data_octets: u32,
    /// Window scale of the first copy that had one.
    pub window_scale: Option<u8>,
    /// How many copies had the option, and how many there were.
    pub options: OptionCounts,
    /// Whether a copy asked for explicit congestion notification (ECE and CWR).
    pub ecn_setup: bool,
    /// Whether a copy had the bit of accurate ECN.
    pub accurate_ecn: bool,
    /// What the latest copy that is a SYN,ACK acknowledges.
    pub answers: Option<u32>,
}

impl Opening {
    /// Whether `ack` acknowledges the SYN, data on it or not.
    const fn is_acknowledged_by(&self, ack: u32) -> bool {
        ack.wrapping_sub(self.isn).wrapping_sub(1) <= self.data_octets
    }
}

/// On how many copies of a SYN an option was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OptionCounts {
    /// Copies whose options were captured.
    pub whole: u32,
    /// Copies whose options were cut, or make no sense.
    pub unknown: u32,
    /// With window scale.
    pub window_scale: u32,
    /// With timestamps.
    pub timestamps: u32,
    /// With SACK permitted.
    pub sack_permitted: u32,
}

impl OptionCounts {
    /// Whether every copy was captured whole, and there is one.
    pub const fn are_known(&self) -> bool {
        self.whole > 0 && self.unknown == 0
    }
}

/// What one side of a connection was seen to send.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Its SYNs, with or without ACK, by initial sequence number.
    pub openings: Vec<Opening>,
    /// More initial sequence numbers than are remembered.
    pub openings_lost: bool,
    /// The sequence number behind the last octet seen.
    pub highest: Option<u32>,
    /// The highest number that it acknowledged, damaged segments counted in: it only serves to excuse.
    pub highest_ack: Option<u32>,
    /// Hop limits differ among its packets.
    pub hops_differ: bool,
    /// It acknowledged what the other side was not seen to send.
    pub acknowledged_unseen: bool,
    /// Some of its segments came in fragments and were not read.
    pub fragments: bool,
    /// Its FIN was seen, or a reset.
    pub finished: bool,
    /// Segments seen.
    pub segments: u64,
    hops: Option<u8>,
}

impl Side {
    /// The SYN that `ack` acknowledges, data on it or not.
    pub fn opening_for(&self, ack: u32) -> Option<&Opening> {
        self.openings.iter().find(|opening| opening.is_acknowledged_by(ack))
    }

    /// Sums over all its SYNs.
    pub fn options(&self) -> OptionCounts {
        let mut all = OptionCounts::default();
        for opening in &self.openings {
            all.whole += opening.options.whole;
            all.unknown += opening.options.unknown;
            all.window_scale += opening.options.window_scale;
            all.timestamps += opening.options.timestamps;
            all.sack_permitted += opening.options.sack_permitted;
        }
        all
    }

    fn note_syn(&mut self, segment: &Segment<'_>) {
        let flags = segment.view.flags();
        let isn = segment.view.seq();
        let known = self.openings.iter_mut().position(|opening| opening.isn == isn);
        let at = match known {
            Some(at) => at,
            None if self.openings.len() == ISNS_MAX => {
                self.openings_lost = true;
                return;
            }
            None => {
                self.openings.push(Opening {
                    isn,
                    data_octets: 0,
                    window_scale: None,
                    options: OptionCounts::default(),
                    ecn_setup: false,
                    accurate_ecn: false,
                    answers: None,
                });
                self.openings.len() - 1
            }
        };
        let opening = &mut self.openings[at];
        let data = u32::try_from(segment.data_octets().unwrap_or(0)).unwrap_or(u32::MAX);
        opening.data_octets = opening.data_octets.max(data);
        opening.ecn_setup |= flags.contains(Flags::ECE | Flags::CWR);
        opening.accurate_ecn |= flags.contains(Flags::AE);
        opening.answers = if flags.ack() { Some(segment.view.ack()) } else { opening.answers };
        let counts = &mut opening.options;
        let makes_sense = segment.view.options().all(|option| option.is_ok());
        if !segment.header_whole || !makes_sense {
            counts.unknown += 1;
            return;
        }
        counts.whole += 1;
        counts.window_scale += u32::from(segment.options.window_scale.is_some());
        counts.timestamps += u32::from(segment.options.timestamps.is_some());
        counts.sack_permitted += u32::from(segment.options.sack_permitted);
        opening.window_scale = opening.window_scale.or(segment.options.window_scale);
    }

    fn note_ack(&mut self, segment: &Segment<'_>) {
        let (flags, ack) = (segment.view.flags(), segment.view.ack());
        let later = self.highest_ack.is_none_or(|highest| ack.wrapping_sub(highest).cast_signed() > 0);
        if flags.ack() && !flags.rst() && later {
            self.highest_ack = Some(ack);
        }
    }

    fn note(&mut self, hops: Option<u8>, segment: &Segment<'_>) {
        self.segments += 1;
        self.hops_differ |= self.hops.is_some() && self.hops != hops;
        self.hops = self.hops.or(hops);
        if segment.view.flags().syn() {
            self.note_syn(segment);
        }
        self.note_ack(segment);
        self.finished |= segment.view.flags().intersects(Flags::FIN | Flags::RST);
        if !segment.view.flags().rst() {
            let end = segment.end();
            let later = self.highest.is_none_or(|highest| end.wrapping_sub(highest).cast_signed() > 0);
            if later {
                self.highest = Some(end);
            }
        }
    }
}

/// One connection: a four-tuple from one opening to the next.
#[derive(Clone, Debug)]
pub struct Connection {
    /// In order of appearance, from 1.
    pub number: u64,
    /// Its ends; the lower one first.
    pub ends: [SocketAddr; 2],
    /// What each end was seen to send.
    pub sides: [Side; 2],
    /// Another connection of the same ports was seen shortly before, or may not have ended.
    pub reused: bool,
    /// When it was first seen.
    pub first: Instant,
    /// When it was last seen.
    pub latest: Instant,
}

impl Connection {
    fn new(number: u64, ends: [SocketAddr; 2], reused: bool, at: Instant) -> Self {
        Self { number, ends, sides: [Side::default(), Side::default()], reused, first: at, latest: at }
    }

    /// Whether it may be open yet. Segments after a long silence may belong to it.
    fn may_live(&self) -> bool {
        !self.sides.iter().all(|side| side.finished)
    }

    /// Whether the options of both SYNs are known, and that these two opened the connection: each side has
    /// one, and one answers the other. A SYN on a live connection, or an old answer sent back, agrees on
    /// nothing.
    pub fn is_handshake_known(&self) -> bool {
        let [[one], [other]] = self.sides.each_ref().map(|side| side.openings.as_slice()) else {
            return false;
        };
        let answered = |asked: &Opening, answer: &Opening| {
            answer.answers.is_some_and(|ack| asked.is_acknowledged_by(ack))
        };
        let known = one.options.are_known() && other.options.are_known();
        known
            && self.sides.iter().all(|side| !side.openings_lost)
            && (answered(one, other) || answered(other, one))
    }
}

/// Every connection of a capture, as many as fit.
#[derive(Debug, Default)]
pub struct Connections {
    table: HashMap<[SocketAddr; 2], Connection>,
    begun: u64,
}

/// A segment's place: its connection and the side that sent it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The connection as it was before this segment.
    pub connection: &'a Connection,
    /// Which of its sides sent the segment.
    pub side: usize,
}

impl Place<'_> {
    /// The side that sent the segment.
    pub const fn own(&self) -> &Side {
        &self.connection.sides[self.side]
    }

    /// The other side.
    pub const fn peer(&self) -> &Side {
        &self.connection.sides[1 - self.side]
    }
}

/// The four-tuple, lower end first, and which of the two sent.
fn key(packet: &Packet<'_>) -> Option<([SocketAddr; 2], usize)> {
    let (src, dst) = packet.ends()?;
    Some(if src <= dst { ([src, dst], 0) } else { ([dst, src], 1) })
}

impl Connections {
    /// Finds or begins the connection of a packet. A connection that this ends is handed back.
    pub(super) fn enter(&mut self, packet: &Packet<'_>) -> Option<Connection> {
        let (ends, side) = key(packet)?;
        let at = packet.sighting.at;
        match self.table.get(&ends) {
            Some(connection) if !begins_anew(connection, side, packet) => None,
            Some(connection) => {
                let quiet = at.since(connection.latest).as_nanos() > QUIET.as_nanos();
                self.begin(ends, !quiet || connection.may_live(), at)
            }
            None => self.begin(ends, false, at),
        }
    }

    fn begin(&mut self, ends: [SocketAddr; 2], reused: bool, at: Instant) -> Option<Connection> {
        self.begun += 1;
        self.table.insert(ends, Connection::new(self.begun, ends, reused, at))
    }

    /// Where a packet belongs.
    pub(super) fn place(&self, packet: &Packet<'_>) -> Option<Place<'_>> {
        let (ends, side) = key(packet)?;
        self.table.get(&ends).map(|connection| Place { connection, side })
    }

    /// Takes note of a packet, after the rules have seen it.
    pub(super) fn note(&mut self, packet: &Packet<'_>) {
        let Some((ends, side)) = key(packet) else { return };
        let Some(connection) = self.table.get_mut(&ends) else { return };
        connection.latest = connection.latest.max(packet.sighting.at);
        let Upper::Tcp(segment) = &packet.upper else {
            connection.sides[side].fragments = true;
            return;
        };
        let flags = segment.view.flags();
        // A SYN,ACK with a number of nobody's is a breach by itself, and no sign of a gap.
        let unseen = flags.ack()
            && !flags.intersects(Flags::RST | Flags::SYN)
            && connection.sides[1 - side]
                .highest
                .is_some_and(|highest| segment.view.ack().wrapping_sub(highest).cast_signed() > 0);
        connection.sides[side].acknowledged_unseen |= unseen;
        connection.sides[side].note(packet.net.hop_limit(), segment);
    }

    /// Takes note of a damaged packet, of which only the acknowledgement may matter.
    pub(super) fn note_damaged(&mut self, packet: &Packet<'_>) {
        let (Some((ends, side)), Upper::Tcp(segment)) = (key(packet), &packet.upper) else { return };
        if let Some(connection) = self.table.get_mut(&ends) {
            connection.sides[side].note_ack(segment);
        }
    }

    /// Connections to let go of, because there are too many: those that were quiet the longest.
    pub(super) fn surplus(&mut self) -> Vec<Connection> {
        if self.table.len() < CONNECTIONS_MAX {
            return Vec::new();
        }
        let mut order: Vec<(Instant, u64, [SocketAddr; 2])> =
            self.table.values().map(|known| (known.latest, known.number, known.ends)).collect();
        order.sort_unstable();
        order.truncate(CONNECTIONS_MAX / 4);
        order.iter().filter_map(|(_, _, ends)| self.table.remove(ends)).collect()
    }

    /// Every connection that is left, in order of appearance.
    pub(super) fn drain(&mut self) -> Vec<Connection> {
        let mut all: Vec<Connection> = self.table.drain().map(|(_, connection)| connection).collect();
        all.sort_unstable_by_key(|connection| connection.number);
        all
    }

    /// How many connections were seen.
    pub const fn begun(&self) -> u64 {
        self.begun
    }
}

/// A SYN without ACK and with a number that this side has not used begins another connection, once anything
/// but unanswered SYNs has been seen.
fn begins_anew(connection: &Connection, side: usize, packet: &Packet<'_>) -> bool {
    let Upper::Tcp(segment) = &packet.upper else { return false };
    let flags = segment.view.flags();
    if !flags.syn() || flags.ack() {
        return false;
    }
    let own = &connection.sides[side];
    let isn = segment.view.seq();
    let known = own.openings.iter().any(|opening| opening.isn == isn);
    let peer = &connection.sides[1 - side];
    // A first SYN from this side after one of the other is a simultaneous open.
    !known && (own.segments > 0 || (peer.segments > 0 && peer.openings.is_empty()))
}
