//! floor 8: what a host at one end of a link may send, by all that it has received: octets of its application
//! within window and segment size, acknowledgements of what came, timestamps and marks as they were agreed
//! (RFC 9293 sections 3.4, 3.7.1, 3.8.6, RFC 2018, RFC 3168, RFC 5681, RFC 7323).

use super::flow::{Flow, Packet};
use crate::drive::link::lab;
use crate::fuzz::Finding;
use crate::trace::{Event, Response, Stimulus, Trace};
use stack::base::Ecn;
use stack::wire::tcp::Flags;

/// No segment size that a peer asks for makes segments smaller than this, in octets.
const MSS_FLOOR: i64 = 88;

/// A window that is closed may be probed with a segment of one octet (RFC 9293 section 3.8.6.1).
const PROBE_OCTETS: i64 = 1;

/// What is wrong: class and what was seen.
pub(super) type Wrong = (&'static str, String);

/// Looks at everything that the host at `end` sent.
pub(super) fn examine(trace: &Trace, end: usize, urgent_ends: &[usize]) -> Result<(), Finding> {
    let mut flow = Flow::default();
    for timed in &trace.events {
        let (frame, leaves) = match &timed.event {
            Event::Stimulus(Stimulus::Frame(frame)) => (frame, false),
            Event::Response(Response::Frame(frame)) => (frame, true),
            Event::Stimulus(Stimulus::Call(_))
            | Event::Response(Response::Reply(_) | Response::Discard(_)) => {
                continue;
            }
        };
        let packet = Packet::read(&frame.bytes, trace.link);
        let Some(packet) = packet else {
            if leaves {
                return Err(found(
                    end,
                    ("malformed", format!("a frame that makes no sense, at {}", timed.at)),
                ));
            }
            continue;
        };
        if !leaves {
            flow.received(&packet);
            continue;
        }
        let wrong = judged(&mut flow, &packet, end, urgent_ends);
        if let Some((class, seen)) = wrong {
            return Err(found(end, (class, format!("{seen}, at {}", timed.at))));
        }
        flow.sent(&packet);
    }
    Ok(())
}

fn found(end: usize, (class, seen): Wrong) -> Finding {
    Finding::new(class, format!("end {end}: {seen}"))
}

/// What is wrong with a segment of the host, which the flow does not know yet.
fn judged(flow: &mut Flow, packet: &Packet<'_>, end: usize, urgent_ends: &[usize]) -> Option<Wrong> {
    let flags = packet.segment.flags;
    if flags.rst() {
        return None;
    }
    flow.begun(packet);
    octets(flow, packet, end)
        .or_else(|| room(flow, packet))
        .or_else(|| acknowledged(flow, packet))
        .or_else(|| selective(flow, packet))
        .or_else(|| stamps(flow, packet))
        .or_else(|| marks(flow, packet))
        .or_else(|| urgent(flow, packet, urgent_ends))
}

/// Every octet is the one that the application wrote there, and nothing follows the FIN.
fn octets(flow: &Flow, packet: &Packet<'_>, end: usize) -> Option<Wrong> {
    let segment = &packet.segment;
    let from = flow.own_offset(packet.first_octet())?;
    let to = from + segment.payload.len() as i64;
    let right = |(at, octet): (usize, &u8)| lab::octet(end, (from + at as i64) as usize) == *octet;
    // A keep-alive may carry one octet of rubbish in front of the stream (RFC 1122 section 4.2.3.6).
    let keep_alive = segment.payload.len() <= 1 && to <= flow.una;
    if !keep_alive && (from < 0 && to > from || !segment.payload.iter().enumerate().all(right)) {
        return Some(("written octets", format!("octets {from} to {to} are not what was written")));
    }
    let fin = segment.flags.fin().then_some(to);
    match (flow.fin, fin) {
        (Some(before), Some(now)) if before != now => {
            Some(("two ends", format!("FIN at offset {now}, it was at {before}")))
        }
        (Some(before), _) if to > before && to > from => {
            Some(("behind the FIN", format!("octets up to {to}")))
        }
        (Some(_) | None, _) => None,
    }
}

/// Data fits into the window of the peer, into one segment, and what is in flight into the bounds that
/// congestion control has in every case.
fn room(flow: &Flow, packet: &Packet<'_>) -> Option<Wrong> {
    let data = packet.segment.payload.len() as i64;
    let to = flow.own_offset(packet.first_octet())? + data;
    if data == 0 {
        return None;
    }
    if data > flow.peer_mss().max(MSS_FLOOR) {
        return Some(("segment too long", format!("{data} octets, the peer takes {}", flow.peer_mss())));
    }
    let probe = if data == PROBE_OCTETS { PROBE_OCTETS } else { 0 };
    if to > flow.edge + probe {
        return Some(("beyond the peer's window", format!("octets up to {to}, window up to {}", flow.edge)));
    }
    let most = flow.congestion_bound();
    if to - flow.una > most {
        let seen = format!("{} octets in flight, {} acknowledged, bound {most}", to - flow.una, flow.una);
        return Some(("too much in flight", seen));
    }
    None
}

/// What is acknowledged has come, and the window that is offered never shrinks.
fn acknowledged(flow: &mut Flow, packet: &Packet<'_>) -> Option<Wrong> {
    let segment = &packet.segment;
    if !segment.flags.ack() {
        return None;
    }
    let Some(ack) = flow.peer_offset(segment.ack) else {
        return Some(("acknowledged too much", "before anything came".to_owned()));
    };
    let come = flow.arrived.contiguous();
    if ack > come {
        return Some(("acknowledged too much", format!("up to {ack}, {come} have come")));
    }
    let shift = if segment.flags.syn() { 0 } else { flow.own_shift };
    let edge = ack + (i64::from(segment.window) << shift);
    let before = flow.offered.replace(edge);
    if before.is_some_and(|before| before > edge + (1 << shift) - 1) {
        return Some(("window shrinks", format!("right edge at {edge}, it was at {before:?}")));
    }
    None
}

/// What is acknowledged selectively has come (RFC 2018 section 4), and may have come again (RFC 2883).
fn selective(flow: &Flow, packet: &Packet<'_>) -> Option<Wrong> {
    let segment = &packet.segment;
    let blocks = segment.options.sack;
    if !blocks.is_empty() && !flow.sack_agreed() {
        return Some(("SACK unasked", format!("{} blocks", blocks.len())));
    }
    blocks.iter().find_map(|(left, right)| {
        let (left, right) = (flow.peer_offset(*left)?, flow.peer_offset(*right)?);
        let came = left < right && flow.arrived.has(left, right);
        (!came).then(|| ("SACK of what never came", format!("{left} to {right}")))
    })
}

/// Timestamps are on every segment once they are agreed, never go back, and echo what was received
/// (RFC 7323 sections 3.2, 4.3 and 5.4).
fn stamps(flow: &Flow, packet: &Packet<'_>) -> Option<Wrong> {
    let segment = &packet.segment;
    let Some(stamps) = segment.options.timestamps else {
        let due = !segment.flags.syn() && flow.stamps_agreed();
        return due.then(|| ("timestamp missing", "a segment has none".to_owned()));
    };
    if !segment.flags.syn() && !flow.stamps_agreed() {
        return Some(("timestamp unasked", "a segment has one".to_owned()));
    }
    let back = flow.own_stamp.is_some_and(|before| before.wrapping_sub(stamps.value).cast_signed() > 0);
    if back {
        return Some(("timestamp goes back", format!("{} after {:?}", stamps.value, flow.own_stamp)));
    }
    let echoes = segment.flags.ack() && !flow.stamps.contains(&stamps.echo);
    echoes.then(|| ("timestamp echo", format!("{} was never received", stamps.echo)))
}

/// Only new data is marked as capable of ECN, and only where both ends agreed (RFC 3168 section 6.1).
fn marks(flow: &Flow, packet: &Packet<'_>) -> Option<Wrong> {
    if packet.ecn == Ecn::NotEct {
        return None;
    }
    let from = flow.own_offset(packet.first_octet())?;
    let wrong = match () {
        () if !flow.ecn_agreed() => "without an agreement",
        () if packet.segment.flags.intersects(Flags::SYN) => "on a SYN",
        () if packet.segment.payload.is_empty() => "on a segment without data",
        () if from < flow.end => "on data sent again",
        () => return None,
    };
    Some(("ECT", format!("{:?} {wrong}", packet.ecn)))
}

/// An urgent pointer points behind urgent data.
fn urgent(flow: &Flow, packet: &Packet<'_>, ends: &[usize]) -> Option<Wrong> {
    let segment = &packet.segment;
    if !segment.flags.urg() || segment.urgent_pointer == u16::MAX {
        return None;
    }
    let to = flow.own_offset(segment.seq)? + i64::from(segment.urgent_pointer);
    let known = ends.iter().any(|known| *known as i64 == to);
    (!known).then(|| ("urgent pointer", format!("urgent data up to {to} of {ends:?}")))
}
