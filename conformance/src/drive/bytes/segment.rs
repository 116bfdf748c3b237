//! floor 7: segments, datagrams and ICMP messages from plans, aimed at live connections.

use super::frame::Way;
use super::lab;
use super::plan::{Ack, Bits, Choice, Offer, SegmentPlan, Seq, Target, Twist};
use super::track::{Connection, Track};
use crate::trace::Link;
use stack::wire::tcp::{Flags, Segment};
use stack::wire::tcp_option::{Options, SackBlocks, Timestamps};
use stack::wire::{Auto, icmpv4, icmpv6, tcp, udp};
use std::net::IpAddr;

/// Protocol number of ICMP (RFC 792).
const ICMPV4: u8 = 1;

/// Octets of data in one segment at the most.
const DATA_MAX: u16 = 1400;

/// Octets of one datagram at the most.
const DATAGRAM_MAX: u16 = 4096;

/// Builds frames from what the peers know.
pub(super) struct Builder<'t> {
    pub(super) link: Link,
    pub(super) track: &'t Track,
    /// Tells fragments of different packets apart.
    pub(super) series: u16,
}

impl Builder<'_> {
    /// The connection that is meant.
    pub(super) fn aim(&self, target: &Target) -> Connection {
        let fixed = |which: u8| {
            let (own, peer) = lab::ends(which);
            self.track.between(own, peer)
        };
        match target {
            Target::Live { back } => self.track.live(*back).cloned().unwrap_or_else(|| fixed(*back)),
            Target::Fixed { which } => fixed(*which),
        }
    }

    /// A segment.
    pub(super) fn segment(&self, plan: &SegmentPlan) -> Vec<Vec<u8>> {
        let connection = self.aim(&plan.target);
        let (flags, urgent_pointer) = control(&plan.bits);
        let seq = seq(&plan.seq, &connection);
        let first = seq.wrapping_add(u32::from(flags.syn()));
        let data: Vec<u8> = (0..u32::from(plan.data_octets % (DATA_MAX + 1)))
            .map(|at| lab::octet_at(first.wrapping_add(at)))
            .collect();
        let raw = if let Choice::Raw { octets } = &plan.options { Some(octets.as_slice()) } else { None };
        let segment = Segment {
            src_port: connection.peer.port(),
            dst_port: connection.own.port(),
            seq,
            ack: if flags.ack() { ack(&plan.ack, &connection) } else { 0 },
            flags,
            window: u16::MAX - plan.closed_by,
            urgent_pointer,
            options: options(&plan.options, flags, &connection),
            payload: &data,
        };
        let way = Way::new(self.link, connection.peer.ip(), connection.own.ip(), &plan.twist);
        let forced = tcp::Forced {
            checksum: forced(way.checksum()),
            raw_options: raw.map(|raw| raw.get(..tcp_options_max()).unwrap_or(raw)),
            ..tcp::Forced::default()
        };
        let mut bytes = Vec::new();
        segment.emit_with(&forced, way.src, way.dst, &mut bytes);
        way.frames(tcp::PROTOCOL, &bytes, self.series)
    }

    /// A UDP datagram.
    pub(super) fn datagram(&self, target: &Target, octets: u16, twist: &Twist) -> Vec<Vec<u8>> {
        let connection = self.aim(target);
        let own_port =
            if let Target::Live { .. } = target { lab::OWN_PORTS[1] } else { connection.own.port() };
        let data: Vec<u8> = (0..u32::from(octets % (DATAGRAM_MAX + 1))).map(lab::octet_at).collect();
        let way = Way::new(self.link, connection.peer.ip(), connection.own.ip(), twist);
        let datagram = udp::Datagram { src_port: connection.peer.port(), dst_port: own_port, payload: &data };
        let forced = udp::Forced { checksum: forced(way.checksum()), ..udp::Forced::default() };
        let mut bytes = Vec::new();
        datagram.emit_with(&forced, way.src, way.dst, &mut bytes);
        way.frames(udp::PROTOCOL, &bytes, self.series)
    }

    /// An echo request.
    pub(super) fn echo(&self, target: &Target, octets: u16, twist: &Twist) -> Vec<Vec<u8>> {
        let data: Vec<u8> = (0..u32::from(octets % (DATAGRAM_MAX + 1))).map(lab::octet_at).collect();
        let (ident, seq) = (7, self.series);
        let v4 = icmpv4::Message::EchoRequest { ident, seq, data: &data };
        let v6 = icmpv6::Message::EchoRequest { ident, seq, data: &data };
        self.icmp_of(target, twist, &v4, &v6)
    }

    /// Any ICMP message.
    pub(super) fn icmp(&self, target: &Target, kind: u8, code: u8, body: &[u8]) -> Vec<Vec<u8>> {
        let v4 = icmpv4::Message::Other { kind, code, body };
        let v6 = icmpv6::Message::Other { kind, code, body };
        self.icmp_of(target, &Twist::Plain, &v4, &v6)
    }

    fn icmp_of(
        &self,
        target: &Target,
        twist: &Twist,
        v4: &icmpv4::Message<'_>,
        v6: &icmpv6::Message<'_>,
    ) -> Vec<Vec<u8>> {
        let connection = self.aim(target);
        let way = Way::new(self.link, connection.peer.ip(), connection.own.ip(), twist);
        let mut bytes = Vec::new();
        let protocol = match (way.src, way.dst) {
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                let checksum = forced(way.checksum());
                v6.emit_with(&icmpv6::Forced { checksum, ..icmpv6::Forced::default() }, src, dst, &mut bytes);
                icmpv6::PROTOCOL
            }
            (IpAddr::V4(_), _) | (_, IpAddr::V4(_)) => {
                let checksum = forced(way.checksum());
                v4.emit_with(&icmpv4::Forced { checksum, ..icmpv4::Forced::default() }, &mut bytes);
                ICMPV4
            }
        };
        way.frames(protocol, &bytes, self.series)
    }

    /// An ICMP error that quotes `quoted`, from the peer of a connection.
    pub(super) fn error(
        &self,
        target: &Target,
        error: (u8, u8, u16),
        quoted: &[u8],
        twist: &Twist,
    ) -> Vec<Vec<u8>> {
        let (kind, code, field) = error;
        let [high, low] = field.to_be_bytes();
        // The field stands where MTU and pointer are: in IPv4 the pointer is the first octet.
        let v4_body = [&[low, 0, high, low], quoted].concat();
        let v6_body = [&[0, 0, high, low], quoted].concat();
        const KINDS_V4: [u8; 5] = [3, 11, 12, 4, 5];
        const KINDS_V6: [u8; 5] = [1, 3, 4, 2, 127];
        let at = usize::from(kind) % KINDS_V4.len();
        let v4 = icmpv4::Message::Other { kind: KINDS_V4[at], code: code % 16, body: &v4_body };
        let v6 = icmpv6::Message::Other { kind: KINDS_V6[at], code: code % 8, body: &v6_body };
        self.icmp_of(target, twist, &v4, &v6)
    }

    /// A packet as the host would have sent it on a connection: what an ICMP error can quote.
    pub(super) fn quotable(&self, connection: &Connection, seq: u32) -> Vec<u8> {
        let segment = Segment {
            src_port: connection.own.port(),
            dst_port: connection.peer.port(),
            seq,
            ack: connection.host_expects,
            flags: Flags::ACK,
            window: u16::MAX,
            ..Segment::default()
        };
        let way =
            Way { link: Link::Ip, src: connection.own.ip(), dst: connection.peer.ip(), twist: &Twist::Plain };
        let mut bytes = Vec::new();
        segment.emit(way.src, way.dst, &mut bytes);
        way.frames(tcp::PROTOCOL, &bytes, 0).concat()
    }
}

const fn tcp_options_max() -> usize {
    stack::wire::tcp_option::MAX_OCTETS
}

const fn forced<T: Copy>(field: Option<T>) -> Auto<T> {
    match field {
        Some(field) => Auto::Forced(field),
        None => Auto::Computed,
    }
}

fn control(bits: &Bits) -> (Flags, u16) {
    let flags = match bits {
        Bits::Ack => Flags::ACK,
        Bits::Push => Flags::PSH.union(Flags::ACK),
        Bits::Fin => Flags::FIN.union(Flags::ACK),
        Bits::Syn => Flags::SYN,
        Bits::SynAck => Flags::SYN.union(Flags::ACK),
        Bits::Reset => Flags::RST,
        Bits::ResetAck => Flags::RST.union(Flags::ACK),
        Bits::Urgent { .. } => Flags::URG.union(Flags::ACK),
        Bits::Any { bits } => Flags(bits & Flags::ALL.0),
    };
    (flags, if let Bits::Urgent { pointer } = bits { *pointer } else { 0 })
}

fn off(number: u32, by: i8) -> u32 {
    number.wrapping_add_signed(by.into())
}

fn seq(seq: &Seq, connection: &Connection) -> u32 {
    match seq {
        Seq::Next => connection.host_expects,
        Seq::NextPlus { by } => off(connection.host_expects, *by),
        Seq::Edge { by } => off(connection.edge, *by),
        Seq::Sent => connection.sent,
        Seq::Absolute { number } => *number,
    }
}

/// The acknowledgement number that is meant.
pub(super) fn ack(ack: &Ack, connection: &Connection) -> u32 {
    match ack {
        Ack::All => connection.host_sent,
        Ack::Same => connection.acknowledged,
        Ack::AllPlus { by } => off(connection.host_sent, *by),
        Ack::SamePlus { by } => off(connection.acknowledged, *by),
        Ack::Absolute { number } => *number,
    }
}

/// The options that a SYN offers.
fn offered(offer: &Offer) -> Options {
    let has = |bit: u8| offer.which >> bit & 1 == 1;
    Options {
        mss: has(0).then_some(offer.mss),
        window_scale: has(1).then_some(offer.scale),
        sack_permitted: has(2),
        timestamps: has(3).then_some(Timestamps { value: 1, echo: 0 }),
        ..Options::NONE
    }
}

fn options(choice: &Choice, flags: Flags, connection: &Connection) -> Options {
    // The peer's clock goes on from what the host echoed last.
    let stamps = connection.stamps.filter(|_| !flags.syn());
    let right = stamps.map(|(value, echo)| Timestamps { value: echo.wrapping_add(1), echo: value });
    match choice {
        Choice::Negotiated => Options { timestamps: right, ..Options::NONE },
        Choice::Nothing | Choice::Raw { .. } => Options::NONE,
        Choice::Opening { offer } => offered(offer),
        Choice::Sack { left, octets } => {
            let left = off(connection.acknowledged, *left);
            let blocks = [(left, left.wrapping_add((*octets).into()))];
            Options { timestamps: right, sack: SackBlocks::from_slice(&blocks), ..Options::NONE }
        }
        Choice::Stamps { value, echo } => {
            let right = right.unwrap_or_default();
            let timestamps = Timestamps { value: off(right.value, *value), echo: off(right.echo, *echo) };
            Options { timestamps: Some(timestamps), ..Options::NONE }
        }
    }
}
