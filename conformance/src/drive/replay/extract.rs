//! floor 7: from the packets of a capture to its conversations.

use super::packet::{Quoted, Reassembler, Upper};
use super::recording::{
    Carries, ChecksumSeen, ExchangePacket, RecordedConnection, RecordedError, RecordedExchange,
    RecordedPacket, RecordedSegment, Recording, Side,
};
use stack::base::Span;
use stack::wire::tcp::{self, Flags, Segment};
use stack::wire::{checksum, udp};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// Both endpoints in ascending order: the same key for both directions.
type Pair = (SocketAddr, SocketAddr);

/// Puts packets into conversations, one by one.
#[derive(Debug, Default)]
pub struct Extractor {
    recording: Recording,
    connections: BTreeMap<Pair, usize>,
    exchanges: BTreeMap<Pair, usize>,
    fragments: Reassembler,
    /// The exchange of the datagram that a series of fragments belongs to, and the packets that wait for it.
    waiting: BTreeMap<(IpAddr, IpAddr, u32), Vec<RecordedPacket>>,
}

impl Recording {
    /// The conversations of a capture.
    pub fn extract<'a>(packets: impl IntoIterator<Item = &'a RecordedPacket>) -> Self {
        let mut extractor = Extractor::default();
        for packet in packets {
            extractor.add(packet);
        }
        extractor.finish()
    }
}

impl Extractor {
    /// Adds the next packet of the capture.
    pub fn add(&mut self, packet: &RecordedPacket) {
        let Some(upper) = Upper::of(&packet.bytes) else {
            return self.other("not IP");
        };
        if upper.fragment.is_some() {
            return self.fragment(packet, &upper);
        }
        match upper.protocol {
            tcp::PROTOCOL => self.segment(packet, &upper),
            udp::PROTOCOL => self.datagram(packet, &upper),
            _ => match upper.quoted() {
                Some(quoted) => self.error(packet, &upper, &quoted),
                None => self.other(if upper.is_icmp() { "ICMP" } else { "other protocols" }),
            },
        }
    }

    /// The conversations found.
    pub fn finish(mut self) -> Recording {
        let unclaimed: u64 = self.waiting.values().map(|packets| packets.len() as u64).sum();
        if unclaimed > 0 {
            *self.recording.others.entry("fragments").or_default() += unclaimed;
        }
        self.recording.connections.iter_mut().for_each(drop_second_copies);
        self.recording
    }

    fn other(&mut self, what: &'static str) {
        *self.recording.others.entry(what).or_default() += 1;
    }

    fn segment(&mut self, packet: &RecordedPacket, upper: &Upper<'_>) {
        let Ok(view) = tcp::View::read(upper.payload) else {
            return self.other("TCP cut in the header");
        };
        let src = SocketAddr::new(upper.src, view.src_port());
        let dst = SocketAddr::new(upper.dst, view.dst_port());
        let index = self.connection_of(&view, src, dst);
        let connection = &mut self.recording.connections[index];
        let from = if connection.ends[0] == src { Side::Client } else { Side::Server };
        let read = Segment::unchecked(&view);
        if read.flags.contains(Flags::SYN) {
            connection.isn[from.index()].get_or_insert(read.seq);
        }
        let header_octets = u32::try_from(view.data_offset_octets()).unwrap_or(0);
        connection.segments.push(RecordedSegment {
            number: packet.number,
            at: packet.at,
            from,
            seq: read.seq,
            ack: read.ack,
            flags: read.flags,
            window: read.window,
            urgent_pointer: read.urgent_pointer,
            options: read.options,
            raw_options: view.options_bytes().to_vec(),
            payload: read.payload.to_vec(),
            payload_octets: upper.payload_octets.saturating_sub(header_octets),
            checksum: checksum_seen(upper, &view),
            traffic_class: upper.traffic_class,
            hop_limit: upper.hop_limit,
        });
    }

    /// The incarnation that a segment belongs to; a SYN with another number than those before begins one.
    fn connection_of(&mut self, view: &tcp::View<'_>, src: SocketAddr, dst: SocketAddr) -> usize {
        let pair = pair(src, dst);
        let opens = view.flags().contains(Flags::SYN) && !view.flags().contains(Flags::ACK);
        let mut interleaved = false;
        if let Some(index) = self.connections.get(&pair).copied() {
            let known = &self.recording.connections[index];
            let from = if known.ends[0] == src { Side::Client } else { Side::Server };
            let crossing = known.isn[from.index()].is_none() && known.of(from).next().is_none();
            if !opens || known.isn[from.index()] == Some(view.seq()) || crossing {
                return index;
            }
            interleaved = !is_over(known);
        }
        let index = self.recording.connections.len();
        self.recording.connections.push(RecordedConnection {
            ends: [src, dst],
            isn: [None, None],
            segments: Vec::new(),
            errors: Vec::new(),
            interleaved,
        });
        self.connections.insert(pair, index);
        index
    }

    fn datagram(&mut self, packet: &RecordedPacket, upper: &Upper<'_>) {
        let Ok(view) = udp::View::read(upper.payload) else {
            return self.other("UDP cut in the header");
        };
        let src = SocketAddr::new(upper.src, view.src_port());
        let dst = SocketAddr::new(upper.dst, view.dst_port());
        let whole = upper.payload.len() == upper.payload_octets as usize;
        let carries = if whole && (view.stop().is_some() || !sums_up(&view, upper)) {
            Carries::Broken
        } else {
            Carries::Datagram(view.payload().to_vec())
        };
        self.exchange_packet(packet, src, dst, carries);
    }

    fn exchange_packet(
        &mut self,
        packet: &RecordedPacket,
        src: SocketAddr,
        dst: SocketAddr,
        carries: Carries,
    ) {
        let pair = pair(src, dst);
        let exchanges = &mut self.recording.exchanges;
        let index = *self.exchanges.entry(pair).or_insert_with(|| {
            exchanges.push(RecordedExchange { ends: [src, dst], packets: Vec::new() });
            exchanges.len() - 1
        });
        let exchange = &mut exchanges[index];
        let from = if exchange.ends[0] == src { Side::Client } else { Side::Server };
        exchange.packets.push(ExchangePacket {
            number: packet.number,
            at: packet.at,
            from,
            packet: packet.bytes.clone(),
            carries,
        });
    }

    /// Fragments of a datagram wait together until the datagram is whole, and then join its exchange.
    fn fragment(&mut self, packet: &RecordedPacket, upper: &Upper<'_>) {
        let Some(fragment) = upper.fragment else { return };
        if upper.protocol != udp::PROTOCOL {
            return self.other("fragments");
        }
        let key = (upper.src, upper.dst, fragment.ident);
        self.waiting.entry(key).or_default().push(packet.clone());
        let Some(whole) = self.fragments.push(upper) else { return };
        let Some(packets) = self.waiting.remove(&key) else { return };
        let Ok(view) = udp::View::read(&whole) else { return };
        let src = SocketAddr::new(upper.src, view.src_port());
        let dst = SocketAddr::new(upper.dst, view.dst_port());
        let last = packets.len() - 1;
        for (index, packet) in packets.iter().enumerate() {
            let payload = (index == last).then(|| view.payload().to_vec());
            self.exchange_packet(packet, src, dst, Carries::Fragment(payload));
        }
    }

    fn error(&mut self, packet: &RecordedPacket, upper: &Upper<'_>, quoted: &Quoted) {
        let pair = pair(quoted.src, quoted.dst);
        match quoted.protocol {
            tcp::PROTOCOL => {
                let Some(index) = self.connections.get(&pair) else { return self.other("ICMP") };
                let connection = &mut self.recording.connections[*index];
                let to = if connection.ends[0] == quoted.src { Side::Client } else { Side::Server };
                let (number, at, packet) = (packet.number, packet.at, packet.bytes.clone());
                connection.errors.push(RecordedError { number, at, to, packet });
            }
            udp::PROTOCOL => {
                let Some(index) = self.exchanges.get(&pair) else { return self.other("ICMP") };
                let exchange = &mut self.recording.exchanges[*index];
                let to = if exchange.ends[0] == quoted.src { Side::Client } else { Side::Server };
                // An error from a router on the way counts as the peer's; one from R itself is R's answer.
                let port = upper.is_port_unreachable() && exchange.ends[to.other().index()].ip() == upper.src;
                exchange.packets.push(ExchangePacket {
                    number: packet.number,
                    at: packet.at,
                    from: to.other(),
                    packet: packet.bytes.clone(),
                    carries: Carries::Error(port),
                });
            }
            _ => self.other("ICMP"),
        }
    }
}

fn pair(a: SocketAddr, b: SocketAddr) -> Pair {
    (a.min(b), a.max(b))
}

/// Longest time between two copies of one packet that a capture holds twice.
const COPY_SPAN: Span = Span::from_millis(100);

/// Drops the second copies of a connection that was captured twice, at two interfaces say. Single copies are
/// the network's, and stay.
fn drop_second_copies(connection: &mut RecordedConnection) {
    let segments = &connection.segments;
    let mut copy = vec![false; segments.len()];
    let mut has_copy = vec![false; segments.len()];
    for (later, segment) in segments.iter().enumerate() {
        let first = (0..later)
            .rev()
            .take_while(|index| segment.at.since(segments[*index].at) <= COPY_SPAN)
            .find(|index| !copy[*index] && !has_copy[*index] && is_copy(&segments[*index], segment));
        if let Some(first) = first {
            has_copy[first] = true;
            copy[later] = true;
        }
    }
    let copies = copy.iter().filter(|copy| **copy).count();
    // All but a few: the capture may have begun or ended between two copies.
    if copies > 2 && copies * 2 + 2 >= segments.len() {
        let mut copy = copy.into_iter();
        connection.segments.retain(|_| !copy.next().unwrap_or(false));
    }
}

/// Whether two segments are the same but for what a router or an interface changes. Every pair that is near
/// in time is compared, so that what tells most apart comes first.
fn is_copy(first: &RecordedSegment, second: &RecordedSegment) -> bool {
    let RecordedSegment { number: _, at: _, from, seq, ack, flags, window, urgent_pointer, .. } = first;
    let RecordedSegment { options, raw_options, payload, payload_octets, .. } = first;
    *seq == second.seq
        && *ack == second.ack
        && *payload_octets == second.payload_octets
        && *from == second.from
        && *flags == second.flags
        && *window == second.window
        && *urgent_pointer == second.urgent_pointer
        && *options == second.options
        && *raw_options == second.raw_options
        && *payload == second.payload
}

/// Whether nothing more is to come of a connection: reset, or closed from both sides.
fn is_over(connection: &RecordedConnection) -> bool {
    let closed = |side: Side| connection.of(side).any(|segment| segment.has(Flags::FIN));
    let reset = connection.segments.iter().any(|segment| segment.has(Flags::RST));
    let only_syns = connection.segments.iter().all(|segment| segment.has(Flags::SYN));
    reset || only_syns || (closed(Side::Client) && closed(Side::Server))
}

fn checksum_seen(upper: &Upper<'_>, view: &tcp::View<'_>) -> ChecksumSeen {
    let whole = upper.payload.len() == upper.payload_octets as usize;
    let pseudo = checksum::pseudo(upper.src, upper.dst, tcp::PROTOCOL, upper.payload_octets).finish();
    if view.checksum_holds(upper.src, upper.dst) && whole {
        ChecksumSeen::Right
    } else if view.checksum() == !pseudo {
        ChecksumSeen::Unfilled
    } else if whole {
        ChecksumSeen::Wrong
    } else {
        ChecksumSeen::Unknown
    }
}

fn sums_up(view: &udp::View<'_>, upper: &Upper<'_>) -> bool {
    let octets = u32::from(view.length());
    let unfilled = !checksum::pseudo(upper.src, upper.dst, udp::PROTOCOL, octets).finish();
    if view.checksum() == 0 {
        return upper.src.is_ipv4();
    }
    view.checksum_holds(upper.src, upper.dst) || view.checksum() == unfilled
}
