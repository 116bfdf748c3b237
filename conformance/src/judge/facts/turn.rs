//! floor 7: one segment as the facts of its connection take it in.

use crate::judge::packet::{Packet, Segment, Upper};
use stack::base::Instant;
use stack::wire::tcp::Flags;
use stack::wire::tcp_option::Timestamps;

/// A segment with the numbers that are asked of it again and again.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// The segment.
    pub segment: &'a Segment<'a>,
    /// When it was seen.
    pub at: Instant,
    /// Frame number.
    pub number: u64,
    /// Control bits.
    pub flags: Flags,
    /// Number of its first octet, SYN counted.
    pub seq: u32,
    /// Number behind its data, SYN counted and FIN not.
    pub text_end: u32,
    /// Number behind its last octet, SYN and FIN counted.
    pub end: u32,
    /// Octets of data, by the headers; zero if they make no sense.
    pub data_octets: u32,
    /// Acknowledgement, if it has one.
    pub ack: Option<u32>,
    /// Hops that are left.
    pub hops: u8,
    /// The two bits of explicit congestion notification.
    pub ecn: u8,
    /// Its checksum was looked at, and is right.
    pub sum_is_right: bool,
}

impl<'a> Turn<'a> {
    /// The turn of a packet, if it is a segment.
    pub fn of(packet: &'a Packet<'a>) -> Option<Self> {
        let Upper::Tcp(segment) = &packet.upper else { return None };
        let flags = segment.view.flags();
        let seq = segment.view.seq();
        let data_octets = u32::try_from(segment.data_octets().unwrap_or(0)).unwrap_or(u32::MAX);
        let text_end = seq.wrapping_add(data_octets).wrapping_add(u32::from(flags.syn()));
        Some(Self {
            segment,
            at: packet.sighting.at,
            number: packet.sighting.number,
            flags,
            seq,
            text_end,
            end: text_end.wrapping_add(u32::from(flags.fin())),
            data_octets,
            ack: flags.ack().then(|| segment.view.ack()),
            hops: packet.net.hop_limit().unwrap_or_default(),
            ecn: packet.net.ecn(),
            sum_is_right: false,
        })
    }

    /// Its timestamps, if they were captured.
    pub fn stamps(&self) -> Option<Timestamps> {
        self.segment.options.timestamps.filter(|_| self.segment.header_whole)
    }

    /// Its time in microseconds, which comes round after 71 minutes: see [`elapsed_us`].
    pub const fn us(&self) -> u32 {
        (self.at.as_nanos() / 1_000) as u32
    }

    /// Whether it takes room in the numbers of its sender.
    pub const fn takes_numbers(&self) -> bool {
        self.end != self.seq
    }
}

/// Whether `a` comes after `b` in sequence space (RFC 9293 section 3.4).
pub const fn is_after(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() > 0
}

/// The later one of two numbers.
pub const fn later(a: u32, b: u32) -> u32 {
    if is_after(a, b) { a } else { b }
}

/// From one time to a later one, in microseconds, by [`Turn::us`]. After more than 35 minutes it is less than
/// what passed, and it is nothing if the clock went back: what claims that something took too long errs to
/// silence.
pub const fn elapsed_us(from_us: u32, to_us: u32) -> u32 {
    let elapsed = to_us.wrapping_sub(from_us);
    if elapsed.cast_signed() < 0 { 0 } else { elapsed }
}
