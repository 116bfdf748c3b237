//! floor 7: what each planted defect does to a packet on its way in or out.

use super::Defect;
use super::opened::{Opened, Tcp};
use stack::wire::tcp::Flags;
use stack::wire::tcp_option::{SackBlocks, Timestamps};
use stack::wire::{icmpv4, icmpv6, ndp};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// The number that every connection of [`Defect::InitialNumberConstant`] begins with.
const ONLY_INITIAL_NUMBER: u32 = 1;

/// Own end, peer's end.
type Ends = (SocketAddr, SocketAddr);

/// What a defect remembers of the connections.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Behind the highest sequence number sent, by connection.
    sent_to: BTreeMap<Ends, u32>,
    /// What has to be taken from own sequence numbers, by connection.
    moved_by: BTreeMap<Ends, u32>,
    /// Peers whose latest SYN had no timestamps.
    without_stamps: BTreeMap<Ends, bool>,
    /// Segments sent.
    sent: u64,
}

/// Alters a packet that leaves. Returns whether it leaves.
pub(super) fn leaving(defect: Defect, packet: &mut Opened, memory: &mut Memory) -> bool {
    if let Some(mut tcp) = packet.tcp() {
        let ends = packet.ends(&tcp);
        let before = format!("{tcp:?}");
        let leaves = segment_leaving(defect, &mut tcp, ends, memory);
        if format!("{tcp:?}") != before {
            packet.set_tcp(&tcp);
        }
        if !leaves {
            return false;
        }
    }
    match defect {
        Defect::BadHeaderChecksum => packet.header_checksum_off_by = 1,
        Defect::NoPortUnreachable => return !(is_unreachable(packet) && packet.quotes_udp()),
        Defect::EchoAltered => alter_echo(packet),
        Defect::NeighborSilent => {
            return !(packet.is_icmp() && packet.upper.first() == Some(&ndp::NEIGHBOR_ADVERTISEMENT));
        }
        Defect::NoRetransmission
        | Defect::NoFin
        | Defect::NoReset
        | Defect::ResetAnswersReset
        | Defect::StreamShifted
        | Defect::AckTooMuch
        | Defect::SynAckShort
        | Defect::NoAck
        | Defect::BadChecksum
        | Defect::ReservedBits
        | Defect::TimestampsUnasked
        | Defect::MaxSegmentLate
        | Defect::MaxSegmentExceeded
        | Defect::PeerWindowIgnored
        | Defect::WindowShrinks
        | Defect::UrgentPointer
        | Defect::InitialNumberConstant => {}
    }
    true
}

fn segment_leaving(defect: Defect, tcp: &mut Tcp, ends: Ends, memory: &mut Memory) -> bool {
    let synchronized = !tcp.flags.syn() && !tcp.flags.rst();
    match defect {
        Defect::NoRetransmission => return !is_repeated(tcp, ends, memory),
        Defect::NoFin => tcp.flags = tcp.flags.without(Flags::FIN),
        Defect::NoReset => return !tcp.flags.rst(),
        Defect::StreamShifted if !tcp.data.is_empty() => tcp.data.rotate_right(1),
        Defect::AckTooMuch if synchronized => tcp.ack = tcp.ack.wrapping_add(1),
        Defect::SynAckShort if tcp.flags.syn() && tcp.flags.ack() => tcp.ack = tcp.ack.wrapping_sub(1),
        Defect::NoAck if synchronized && !tcp.data.is_empty() => {
            tcp.flags = tcp.flags.without(Flags::ACK);
            tcp.ack = 0;
        }
        Defect::BadChecksum if !tcp.data.is_empty() => tcp.checksum_off_by = 1,
        Defect::ReservedBits => tcp.reserved = 1,
        Defect::TimestampsUnasked if memory.without_stamps.get(&ends) == Some(&true) => {
            if tcp.flags.syn() && tcp.flags.ack() {
                tcp.options.timestamps = Some(Timestamps { value: 1, echo: 0 });
            }
        }
        Defect::MaxSegmentLate if synchronized => tcp.options.mss = Some(1460),
        Defect::WindowShrinks => {
            memory.sent += 1;
            if memory.sent.is_multiple_of(2) {
                tcp.window /= 2;
            }
        }
        Defect::UrgentPointer if tcp.flags.urg() => tcp.urgent_pointer = tcp.urgent_pointer.wrapping_add(1),
        Defect::InitialNumberConstant => {
            if tcp.flags.syn() {
                memory.moved_by.insert(ends, tcp.seq.wrapping_sub(ONLY_INITIAL_NUMBER));
            }
            tcp.seq = tcp.seq.wrapping_sub(memory.moved_by.get(&ends).copied().unwrap_or(0));
        }
        Defect::StreamShifted
        | Defect::AckTooMuch
        | Defect::SynAckShort
        | Defect::NoAck
        | Defect::BadChecksum
        | Defect::TimestampsUnasked
        | Defect::MaxSegmentLate
        | Defect::UrgentPointer
        | Defect::ResetAnswersReset
        | Defect::BadHeaderChecksum
        | Defect::MaxSegmentExceeded
        | Defect::PeerWindowIgnored
        | Defect::NoPortUnreachable
        | Defect::EchoAltered
        | Defect::NeighborSilent => {}
    }
    true
}

/// Whether all numbers of a segment were sent before.
fn is_repeated(tcp: &Tcp, ends: Ends, memory: &mut Memory) -> bool {
    let end = tcp.seq.wrapping_add(tcp.len_octets());
    let sent_to = memory.sent_to.get(&ends).copied();
    let new = tcp.flags.syn() && sent_to.is_some_and(|sent_to| sent_to != end) || is_after(end, sent_to);
    if new && tcp.len_octets() > 0 {
        memory.sent_to.insert(ends, end);
    }
    tcp.len_octets() > 0 && !new
}

fn is_after(number: u32, other: Option<u32>) -> bool {
    other.is_none_or(|other| number.wrapping_sub(other).cast_signed() > 0)
}

/// Alters a packet that arrives. Returns what the defect makes the host answer by itself.
pub(super) fn arriving(defect: Defect, packet: &mut Opened, memory: &mut Memory) -> Option<Opened> {
    let mut tcp = packet.tcp()?;
    let (peer, own) = packet.ends(&tcp);
    match defect {
        Defect::ResetAnswersReset if tcp.flags.rst() => {
            let mut answer = packet.turned();
            let (seq, ack) = (tcp.ack, tcp.seq);
            let (data, flags) = (Vec::new(), Flags::RST.union(Flags::ACK));
            answer.set_tcp(&Tcp { ports: (tcp.ports.1, tcp.ports.0), seq, ack, flags, data, ..tcp });
            return Some(answer);
        }
        Defect::TimestampsUnasked => {
            if tcp.flags.syn() {
                memory.without_stamps.insert((own, peer), tcp.options.timestamps.is_none());
            }
        }
        Defect::PeerWindowIgnored => {
            tcp.window = u16::MAX;
            packet.set_tcp(&tcp);
        }
        Defect::InitialNumberConstant => {
            let by = memory.moved_by.get(&(own, peer)).copied()?;
            tcp.ack = tcp.ack.wrapping_add(by);
            let moved = |(left, right): &(u32, u32)| (left.wrapping_add(by), right.wrapping_add(by));
            let blocks: Vec<(u32, u32)> = tcp.options.sack.iter().map(moved).collect();
            tcp.options.sack = SackBlocks::from_slice(&blocks);
            packet.set_tcp(&tcp);
        }
        Defect::NoRetransmission
        | Defect::NoFin
        | Defect::NoReset
        | Defect::ResetAnswersReset
        | Defect::StreamShifted
        | Defect::AckTooMuch
        | Defect::SynAckShort
        | Defect::NoAck
        | Defect::BadChecksum
        | Defect::BadHeaderChecksum
        | Defect::ReservedBits
        | Defect::MaxSegmentLate
        | Defect::MaxSegmentExceeded
        | Defect::WindowShrinks
        | Defect::UrgentPointer
        | Defect::NoPortUnreachable
        | Defect::EchoAltered
        | Defect::NeighborSilent => {}
    }
    None
}

/// Two segments with data, one behind the other, as one.
pub(super) fn joined(before: &Opened, after: &Opened) -> Option<Opened> {
    let (mut first, second) = (before.tcp()?, after.tcp()?);
    let follows = first.seq.wrapping_add(first.len_octets()) == second.seq;
    if before.ends(&first) != after.ends(&second) || !follows || first.flags.syn() {
        return None;
    }
    if first.data.is_empty() || second.data.is_empty() || first.data.len() + second.data.len() > 60_000 {
        return None;
    }
    first.data.extend_from_slice(&second.data);
    first.flags = first.flags.union(second.flags);
    let mut joined = before.clone();
    joined.set_tcp(&first);
    Some(joined)
}

fn is_unreachable(packet: &Opened) -> bool {
    let kind = match packet.src {
        IpAddr::V4(_) => icmpv4::kind::DESTINATION_UNREACHABLE,
        IpAddr::V6(_) => icmpv6::DESTINATION_UNREACHABLE,
    };
    packet.is_icmp() && packet.upper.first() == Some(&kind)
}

/// Flips a bit of the data that an echo reply returns, and keeps the checksum right.
fn alter_echo(packet: &mut Opened) {
    let mut bytes = Vec::new();
    match (packet.src, packet.dst) {
        (IpAddr::V4(_), IpAddr::V4(_)) if packet.is_icmp() => {
            let Ok(view) = icmpv4::View::read(&packet.upper) else { return };
            let Ok(icmpv4::Message::EchoReply { ident, seq, data }) = icmpv4::Message::check(&view) else {
                return;
            };
            let mut data = data.to_vec();
            flip_last(&mut data);
            icmpv4::Message::EchoReply { ident, seq, data: &data }.emit(&mut bytes);
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) if packet.is_icmp() => {
            let Ok(view) = icmpv6::View::read(&packet.upper) else { return };
            let message = icmpv6::Message::check(&view, src, dst, u8::MAX);
            let Ok(icmpv6::Message::EchoReply { ident, seq, data }) = message else { return };
            let mut data = data.to_vec();
            flip_last(&mut data);
            icmpv6::Message::EchoReply { ident, seq, data: &data }.emit(src, dst, &mut bytes);
        }
        (IpAddr::V4(_) | IpAddr::V6(_), IpAddr::V4(_) | IpAddr::V6(_)) => return,
    }
    packet.set_upper(bytes);
}

fn flip_last(data: &mut [u8]) {
    if let Some(last) = data.last_mut() {
        *last ^= 1;
    }
}
