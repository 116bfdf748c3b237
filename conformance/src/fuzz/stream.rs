//! floor 8: octets: what the application reads is what the peers sent, what the host sends is what the
//! application wrote, and nothing lies beyond the window that was offered (RFC 9293 sections 3.4 and 3.8).
//!
//! An octet of a stream follows from its sequence number alone ([`lab::octet_at`], [`lab::octet_sent`]).

use super::Finding;
use super::packets::{Seen, canonical, has_segment_in_fragments};
use crate::drive::bytes::lab;
use crate::trace::{Event, Response, Stimulus, Trace};
use stack::base::Refused;
use stack::sock::{Call, Kind, Reply, SocketId};
use stack::wire::tcp;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

pub(super) fn examine(trace: &Trace, seen: &[Seen<'_>]) -> Result<(), Finding> {
    written(seen)?;
    // An urgent pointer in a fragment is not seen, and its octet may be read apart.
    if !has_segment_in_fragments(trace) {
        for (sock, stream) in read(trace) {
            received(sock, &stream, seen)?;
        }
    }
    Ok(())
}

/// Every octet in a segment of the host is the one that the application wrote there.
fn written(seen: &[Seen<'_>]) -> Result<(), Finding> {
    let mut first = BTreeMap::new();
    for packet in seen.iter().filter(|packet| packet.from_host) {
        let (Some(segment), Some(ends)) = (&packet.segment, packet.ends()) else { continue };
        if segment.flags.syn() {
            first.insert(ends, segment.seq.wrapping_add(1));
        }
        let Some(first) = first.get(&ends).copied() else { continue };
        let from = segment.seq.wrapping_add(u32::from(segment.flags.syn())).wrapping_sub(first);
        let right = agree(from, segment.payload, lab::octet_sent);
        // A keep-alive may carry one octet of rubbish in front of the stream (RFC 1122 section 4.2.3.6).
        let keep_alive = segment.payload.len() <= 1 && from.cast_signed() < 0;
        if !right && !keep_alive {
            let len = segment.payload.len();
            let seen = format!("{} octets from offset {from} on, at {}", len, packet.at);
            return Err(Finding::new("written octets", seen));
        }
    }
    Ok(())
}

/// Whether octets are what they have to be from a number on, round the end of all numbers.
fn agree(from: u32, octets: &[u8], expected: fn(u32) -> u8) -> bool {
    let mut number = from;
    octets.iter().all(|octet| {
        let right = *octet == expected(number);
        number = number.wrapping_add(1);
        right
    })
}

/// Whether octets are what they have to be from a number on, when those in `apart` may have been left out.
fn agree_but_for(first: u32, octets: &[u8], apart: &BTreeSet<u32>) -> bool {
    // Where it may have come to: an octet that is left out can be like the one that follows it.
    let mut numbers = BTreeSet::from([first]);
    for octet in octets {
        let mut next = BTreeSet::new();
        for mut number in numbers {
            loop {
                if *octet == lab::octet_at(number) {
                    next.insert(number.wrapping_add(1));
                }
                if !apart.contains(&number) {
                    break;
                }
                number = number.wrapping_add(1);
            }
        }
        numbers = next;
    }
    !numbers.is_empty()
}

/// The numbers of a peer's urgent octets, each the last one of its urgent data.
fn urgent_octets(peer: SocketAddr, seen: &[Seen<'_>]) -> BTreeSet<u32> {
    let segments =
        seen.iter().filter(|packet| !packet.from_host && packet.ends().is_some_and(|ends| ends.0 == peer));
    let urgent = segments.filter_map(|packet| packet.segment.as_ref()).filter(|segment| segment.flags.urg());
    urgent.map(|segment| segment.seq.wrapping_add(segment.urgent_pointer.into()).wrapping_sub(1)).collect()
}

/// What the application read from a stream socket.
#[derive(Default)]
struct Stream {
    peer: Option<SocketAddr>,
    octets: Vec<u8>,
}

/// The streams that the application read.
fn read(trace: &Trace) -> BTreeMap<SocketId, Stream> {
    let mut streams: BTreeMap<SocketId, Stream> = BTreeMap::new();
    let mut called = None;
    for timed in &trace.events {
        match &timed.event {
            Event::Stimulus(Stimulus::Call(call)) => called = Some(call),
            Event::Response(Response::Reply(reply)) => match (called, reply) {
                (Some(Call::Socket { kind: Kind::Stream, .. }), Reply::Socket(sock)) => {
                    streams.insert(*sock, Stream::default());
                }
                (_, Reply::Accepted { sock, peer }) => {
                    streams.insert(*sock, Stream { peer: Some(canonical(*peer)), ..Stream::default() });
                }
                (Some(Call::Connect { sock, remote }), Reply::Refused(Refused::InProgress)) => {
                    // A socket that connects once more begins a new stream.
                    let peer = Some(canonical(*remote));
                    streams.insert(*sock, Stream { peer, ..Stream::default() });
                }
                (
                    Some(Call::Recv { sock, .. } | Call::RecvFrom { sock, .. }),
                    Reply::Data(data) | Reply::Datagram { data, .. },
                ) => {
                    if let Some(stream) = streams.get_mut(sock) {
                        stream.octets.extend_from_slice(data);
                    }
                }
                (_, _) => {}
            },
            Event::Stimulus(Stimulus::Frame(_))
            | Event::Response(Response::Frame(_) | Response::Discard(_)) => {}
        }
    }
    streams
}

/// A stream begins behind a SYN of its peer, holds that peer's octets without a gap, and ends within the
/// window.
fn received(sock: SocketId, stream: &Stream, seen: &[Seen<'_>]) -> Result<(), Finding> {
    let Some(peer) = stream.peer.filter(|_| !stream.octets.is_empty()) else { return Ok(()) };
    let len = stream.octets.len();
    let beginnings = beginnings(peer, seen);
    let apart = urgent_octets(peer, seen);
    let fits = |first: u32| agree_but_for(first, &stream.octets, &apart);
    let mut fitting = beginnings.into_iter().filter(|first| fits(*first)).peekable();
    if fitting.peek().is_none() && !sent_other_octets(peer, seen) {
        let seen = format!("the {len} octets that s{} read are not what {peer} sent", sock.0);
        return Err(Finding::new("read octets", seen));
    }
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    if fitting.peek().is_some() && !fitting.any(|first| len <= offered(peer, first, seen)) {
        let seen = format!("s{} read {len} octets, more than {peer} was offered", sock.0);
        return Err(Finding::new("beyond the window", seen));
    }
    Ok(())
}

/// Whether the checksum is right in a segment of `peer` with other octets than follow from their numbers. One
/// segment in 65,536 that was damaged twice is so lucky, and a host takes it.
fn sent_other_octets(peer: SocketAddr, seen: &[Seen<'_>]) -> bool {
    seen.iter().filter(|packet| !packet.from_host).any(|packet| {
        let Some(segment) =
            packet.segment.as_ref().filter(|_| packet.ends().is_some_and(|ends| ends.0 == peer))
        else {
            return false;
        };
        let first = segment.seq.wrapping_add(u32::from(segment.flags.syn()));
        let (src, dst) = (packet.upper.src, packet.upper.dst);
        let taken = tcp::View::read(packet.upper.payload).is_ok_and(|view| view.checksum_holds(src, dst));
        taken && !agree(first, segment.payload, lab::octet_at)
    })
}

/// Where streams of a peer can begin: behind its SYNs, as they came or as the host acknowledged them.
fn beginnings(peer: SocketAddr, seen: &[Seen<'_>]) -> Vec<u32> {
    let of = |only_syn: bool| {
        seen.iter().filter_map(move |packet| {
            let (segment, (src, dst)) = (packet.segment.as_ref()?, packet.ends()?);
            let syn = segment.flags.syn();
            if packet.from_host {
                (dst == peer && segment.flags.ack() && (syn || !only_syn)).then_some(segment.ack)
            } else {
                (src == peer && syn).then_some(segment.seq.wrapping_add(1))
            }
        })
    };
    let beginnings: Vec<u32> = of(true).collect();
    // A SYN in fragments is seen only by what the host says of it.
    if beginnings.is_empty() { of(false).collect() } else { beginnings }
}

/// How many octets from `first` on the host offered to take from a peer.
fn offered(peer: SocketAddr, first: u32, seen: &[Seen<'_>]) -> u32 {
    let (mut shift, mut most) = (0, 0);
    for packet in seen.iter().filter(|packet| packet.from_host) {
        let (Some(segment), Some((_, dst))) = (&packet.segment, packet.ends()) else { continue };
        if dst != peer || !segment.flags.ack() {
            continue;
        }
        let syn = segment.flags.syn();
        if syn {
            shift = segment.options.window_scale.unwrap_or(0).min(14);
        }
        let edge = segment.ack.wrapping_add(u32::from(segment.window) << if syn { 0 } else { shift });
        let offered = edge.wrapping_sub(first);
        most = most.max(if offered.cast_signed() < 0 { 0 } else { offered });
    }
    most
}
