//! floor 7: a recorded segment of P in the numbers of the host under test.

use super::observe::{Observed, Places};
use super::packet::{self, Addressed, Upper};
use super::recording::{ChecksumSeen, RecordedConnection, RecordedError, RecordedSegment, Side};
use stack::wire::Auto;
use stack::wire::tcp::{self, Flags, Forced, Segment};
use stack::wire::tcp_option::{Options, SackBlocks, Timestamps};
use std::collections::BTreeMap;

/// What the translation rests on.
#[derive(Clone, Debug)]
pub struct Translator<'a> {
    /// The recording.
    pub connection: &'a RecordedConnection,
    /// The end whose place the host takes.
    pub role: Side,
    /// The endpoints in the replay.
    pub places: Places,
    /// R's resets that acknowledge nothing, by sequence number: the latest frame of each.
    refusals: BTreeMap<u32, u64>,
    /// The number behind the latest segment of R with that TSval, relative to its ISN.
    stamped_ends: BTreeMap<u32, u32>,
}

impl<'a> Translator<'a> {
    /// A translator for the peer of a host in the place of `role`.
    pub fn new(connection: &'a RecordedConnection, role: Side) -> Self {
        let refuses = |own: &&RecordedSegment| own.has(Flags::RST) && !own.has(Flags::ACK);
        let isn = connection.isn[role.index()].unwrap_or(0);
        let stamped_end = |own: &RecordedSegment| {
            let stamps = own.options.timestamps?;
            Some((stamps.value, own.seq.wrapping_sub(isn).wrapping_add(own.len_octets())))
        };
        Self {
            connection,
            role,
            places: Places::of(connection.ends, role),
            refusals: connection.of(role).filter(refuses).map(|own| (own.seq, own.number)).collect(),
            stamped_ends: connection.of(role).filter_map(stamped_end).collect(),
        }
    }
    /// The IP packet that carries `segment` to the host. `ack_limit` lowers the acknowledgement to what the
    /// host has sent so far, relative to its ISN.
    pub fn packet(&self, segment: &RecordedSegment, host: &Observed, ack_limit: Option<u32>) -> Vec<u8> {
        let raw_syn = segment.has(Flags::SYN) && !segment.has(Flags::ACK);
        let options = if raw_syn { segment.options } else { self.options(segment, host) };
        let translated = Segment {
            src_port: self.places.peer.port(),
            dst_port: self.places.host.port(),
            seq: segment.seq,
            ack: self.acknowledgement(segment, host, ack_limit),
            flags: segment.flags,
            window: self.window(segment, host, ack_limit),
            urgent_pointer: segment.urgent_pointer,
            options,
            payload: if ack_limit.is_some() { &[] } else { &segment.payload },
        };
        let mut forced = Forced::default();
        if raw_syn {
            forced.raw_options = Some(&segment.raw_options);
        }
        let (src, dst) = (self.places.peer.ip(), self.places.host.ip());
        let mut bytes = Vec::new();
        translated.emit_with(&forced, src, dst, &mut bytes);
        if segment.checksum == ChecksumSeen::Wrong {
            let right = tcp::View::read(&bytes).map_or(0, |view| view.checksum());
            forced.checksum = Auto::Forced(right ^ 0x5555);
            bytes.clear();
            translated.emit_with(&forced, src, dst, &mut bytes);
        }
        let header = Addressed {
            src,
            dst,
            protocol: tcp::PROTOCOL,
            hop_limit: segment.hop_limit,
            traffic_class: segment.traffic_class,
        };
        packet::emit(&header, &bytes)
    }

    /// Whether `segment` acknowledges numbers of another connection, which R refused with a reset at just
    /// that number (RFC 9293 section 3.5.1, figure 9): nothing of it is translated.
    fn is_stray(&self, segment: &RecordedSegment) -> bool {
        segment.has(Flags::ACK)
            && self.refusals.get(&segment.ack).is_some_and(|refusal| *refusal > segment.number)
            && !self
                .connection
                .of(self.role)
                .any(|own| !own.has(Flags::RST) && own.seq.wrapping_add(own.len_octets()) == segment.ack)
    }

    /// The number that `segment` acknowledges, relative to R's ISN: what the host has to have sent before.
    pub fn needs(&self, segment: &RecordedSegment) -> u32 {
        match self.connection.isn[self.role.index()] {
            Some(isn) if segment.has(Flags::ACK) && !self.is_stray(segment) => segment.ack.wrapping_sub(isn),
            Some(_) | None => 0,
        }
    }

    /// The right edge of the window that `segment` offers to the host, relative to the host's ISN.
    pub fn edge(&self, segment: &RecordedSegment, host: &Observed, ack_limit: Option<u32>) -> Option<u32> {
        if !segment.has(Flags::ACK) || segment.has(Flags::RST) {
            return None;
        }
        let host_scales = host.syn_options.is_some_and(|options| options.window_scale.is_some());
        let shift = match host_scales && !segment.has(Flags::SYN) {
            true => self.connection.shift(segment.from),
            false => 0,
        };
        let octets = u32::from(self.window(segment, host, ack_limit)) << shift;
        Some(ack_limit.unwrap_or_else(|| self.needs(segment)).saturating_add(octets))
    }

    fn acknowledgement(&self, segment: &RecordedSegment, host: &Observed, ack_limit: Option<u32>) -> u32 {
        match (self.connection.isn[self.role.index()], host.isn) {
            (Some(recorded), Some(own)) if segment.has(Flags::ACK) && !self.is_stray(segment) => {
                let relative = ack_limit.unwrap_or_else(|| segment.ack.wrapping_sub(recorded));
                own.wrapping_add(relative)
            }
            (Some(_) | None, _) => segment.ack,
        }
    }

    /// Both ends scale, or none does: P's shift stays, the recorded field with it; without scaling the window
    /// is cut to what 16 bits hold. Where the acknowledgement is lowered the right edge stays: P offered it.
    fn window(&self, segment: &RecordedSegment, host: &Observed, ack_limit: Option<u32>) -> u16 {
        let host_scales = host.syn_options.is_some_and(|options| options.window_scale.is_some());
        let lowered_octets = ack_limit.map_or(0, |limit| self.needs(segment).saturating_sub(limit));
        if segment.has(Flags::SYN) || (host_scales && lowered_octets == 0) {
            return segment.window;
        }
        let octets = self.connection.window_octets(segment).saturating_add(lowered_octets);
        let shift = if host_scales { self.connection.shift(segment.from) } else { 0 };
        u16::try_from(octets >> shift).unwrap_or(u16::MAX)
    }

    /// The recorded options without those that the host did not negotiate, in the host's numbers.
    fn options(&self, segment: &RecordedSegment, host: &Observed) -> Options {
        let offered = host.syn_options.unwrap_or(Options::NONE);
        let recorded = segment.options;
        let timestamps =
            recorded.timestamps.filter(|_| offered.timestamps.is_some()).map(|stamps| Timestamps {
                value: stamps.value,
                echo: if segment.has(Flags::ACK) { self.echo(stamps.echo, host) } else { stamps.echo },
            });
        let mut sack = SackBlocks::NONE;
        if let (Some(isn), Some(own), true) =
            (self.connection.isn[self.role.index()], host.isn, offered.sack_permitted)
        {
            // P has no octets that the host has not sent: it may dare less at a time than R did.
            let moved = |edge: u32| {
                let relative = edge.wrapping_sub(isn);
                let sent = relative.wrapping_sub(host.end).cast_signed() <= 0;
                own.wrapping_add(if sent { relative } else { host.end })
            };
            for (left, right) in recorded.sack.iter() {
                let block = (moved(*left), moved(*right));
                if block.0 != block.1 {
                    sack.push(block);
                }
            }
        }
        Options {
            mss: recorded.mss,
            window_scale: recorded.window_scale.filter(|_| offered.window_scale.is_some()),
            sack_permitted: recorded.sack_permitted && offered.sack_permitted,
            sack,
            timestamps,
            user_timeout: recorded.user_timeout,
        }
    }

    /// The host's timestamp for the one of R that P echoes: that of the segment with the same end.
    fn echo(&self, recorded_echo: u32, host: &Observed) -> u32 {
        host.timestamp_at(self.stamped_ends.get(&recorded_echo).copied().unwrap_or(0))
    }
}

/// Octets of an ICMP header before the packet that it quotes (RFC 792, RFC 4443).
const ICMP_OCTETS: usize = 8;

impl Translator<'_> {
    /// The number of R's stream that an ICMP error is about, relative to R's ISN.
    pub fn quoted_number(&self, error: &RecordedError) -> Option<u32> {
        let at = quoted_seq_at(&error.packet)?;
        let isn = self.connection.isn[self.role.index()]?;
        Some(number_at(&error.packet, at)?.wrapping_sub(isn))
    }

    /// An ICMP error with the host's sequence number in the packet that it quotes.
    pub fn error(&self, error: &RecordedError, host: &Observed) -> Vec<u8> {
        let mut packet = error.packet.clone();
        let quoted = quoted_seq_at(&packet).zip(self.quoted_number(error)).zip(host.isn);
        if let Some(((at, number), own)) = quoted {
            packet[at..at + 4].copy_from_slice(&own.wrapping_add(number).to_be_bytes());
            packet::sum_icmp(&mut packet);
        }
        packet
    }
}

/// Where the sequence number stands that an ICMP error quotes.
fn quoted_seq_at(packet: &[u8]) -> Option<usize> {
    let upper = Upper::of(packet).filter(Upper::is_icmp_error)?;
    let outer = packet.len().checked_sub(upper.payload.len())? + ICMP_OCTETS;
    let inner = Upper::of(packet.get(outer..)?).filter(|inner| inner.protocol == tcp::PROTOCOL)?;
    let at = packet.len().checked_sub(inner.payload.len())? + 4;
    packet.get(at..at + 4).map(|_| at)
}

fn number_at(packet: &[u8], at: usize) -> Option<u32> {
    let octets: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(octets))
}
