//! floor 8: that things come to an end: a host that nobody answers falls silent, and what an application
//! wrote to a peer that acknowledges everything arrives there (RFC 9293 sections 3.8.3 and 3.8.6).

use super::Finding;
use super::packets::{Seen, canonical, has_segment_in_fragments};
use crate::drive::bytes::plan::Epilogue;
use crate::trace::{Event, Link, Response, Stimulus, Trace};
use stack::base::{Instant, Refused, Span};
use stack::sock::{Call, Reply, SocketId};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// How long after the last stimulus a host may still send: longer than every timeout that a call can set, and
/// than keep-alives, which begin after two hours and go on for eleven minutes.
const SILENCE: Span = Span::from_secs(8_400);

/// `epilogue` is how the run ended, if that is known.
pub(super) fn examine(trace: &Trace, seen: &[Seen<'_>], epilogue: Option<&Epilogue>) -> Result<(), Finding> {
    silence(trace)?;
    match epilogue {
        Some(Epilogue::Honest) => arrival(trace, seen),
        Some(Epilogue::Silent) => persistence(trace, seen),
        Some(Epilogue::Stop) | None => Ok(()),
    }
}

fn silence(trace: &Trace) -> Result<(), Finding> {
    let last = |wanted: fn(&Event) -> bool| {
        trace.events.iter().rev().find(|timed| wanted(&timed.event)).map_or(Instant::ZERO, |timed| timed.at)
    };
    let stimulus = last(|event| matches!(event, Event::Stimulus(_)));
    let frame = last(|event| matches!(event, Event::Response(Response::Frame(_))));
    if frame.since(stimulus) > SILENCE {
        return Err(Finding::new(
            "never silent",
            format!("a frame at {frame}, the last stimulus was at {stimulus}"),
        ));
    }
    Ok(())
}

/// What was new when the peers fell silent is sent again.
///
/// Only asked where nothing else can have ended the connection: no link layer, no ICMP error, no socket
/// option, no reset.
fn persistence(trace: &Trace, seen: &[Seen<'_>]) -> Result<(), Finding> {
    let set = |event: &Event| matches!(event, Event::Stimulus(Stimulus::Call(Call::SetOption { .. })));
    let doubtful = trace.link == Link::Ethernet
        || seen.iter().any(|packet| packet.upper.is_icmp_error())
        || trace.events.iter().any(|timed| set(&timed.event));
    let last = trace.events.iter().rposition(|timed| matches!(timed.event, Event::Stimulus(_)));
    let Some(last) = last.filter(|_| !doubtful) else { return Ok(()) };
    let (mut before, mut impatient) = (BTreeSet::new(), BTreeSet::new());
    let mut waiting: BTreeMap<(SocketAddr, SocketAddr), (bool, Instant, u32)> = BTreeMap::new();
    for packet in seen.iter().filter(|packet| packet.from_host) {
        let (Some(segment), Some(ends)) = (&packet.segment, packet.ends()) else { continue };
        let end = segment.seq.wrapping_add(segment.len_octets());
        if packet.index < last {
            // What was repeated before may be near the end of its patience.
            if segment.len_octets() > 0 && !before.insert((ends, end)) {
                impatient.insert(ends);
            }
            continue;
        }
        let new = segment.len_octets() > 0 && !before.contains(&(ends, end)) && !impatient.contains(&ends);
        let times = waiting.entry(ends).or_insert((new, packet.at, 0));
        times.2 += 1;
    }
    let lonely = waiting.iter().find(|(_, (new, _, times))| *new && *times == 1);
    match lonely {
        Some(((_, peer), (_, at, _))) => {
            let seen = format!("new numbers for {peer}, sent once, at {at}");
            Err(Finding::new("never repeated", seen))
        }
        None => Ok(()),
    }
}

/// What is known of a stream socket at the end.
#[derive(Default)]
struct Writer {
    peer: Option<SocketAddr>,
    sent_octets: u32,
    /// Whether the last call before `close` was a `recv` that found the connection well.
    well: bool,
    closed_well: bool,
    failed: bool,
}

/// Whatever was taken over for sending was sent, if the connection ended in peace.
///
/// Only asked where the trace leaves no doubt: one connection with that peer, no reset, no ICMP error, no
/// error told to the application, and a `close` right after a `recv` that found nothing amiss, as the
/// epilogue with honest peers has it.
fn arrival(trace: &Trace, seen: &[Seen<'_>]) -> Result<(), Finding> {
    if seen.iter().any(|packet| packet.upper.is_icmp_error()) || has_segment_in_fragments(trace) {
        return Ok(());
    }
    for (sock, writer) in writers(trace) {
        let Some(peer) = writer.peer.filter(|_| writer.closed_well && !writer.failed) else { continue };
        let Some((sent, finished)) = sent_octets(trace, peer, seen) else { continue };
        if sent < writer.sent_octets {
            let all = writer.sent_octets;
            let seen = format!("s{} wrote {all} octets for {peer}, {sent} were sent", sock.0);
            return Err(Finding::new("never sent", seen));
        }
        if !finished {
            return Err(Finding::new("no end", format!("s{} was closed, and {peer} saw no FIN", sock.0)));
        }
    }
    Ok(())
}

/// Octets that the host sent on its only connection with a peer, from the first on, and whether it sent FIN;
/// `None` if that is in doubt, or the connection was never open.
fn sent_octets(trace: &Trace, peer: SocketAddr, seen: &[Seen<'_>]) -> Option<(u32, bool)> {
    let mut first = None;
    let (mut end, mut open, mut finished) = (0, false, false);
    let (mut expected, mut ahead) = (0, BTreeSet::new());
    for packet in seen {
        let (Some(segment), Some((src, dst))) = (&packet.segment, packet.ends()) else { continue };
        if (if packet.from_host { dst } else { src }) != peer {
            continue;
        }
        if segment.flags.rst() {
            // By a timer the host gives up a peer that acknowledges everything: that is no excuse.
            if packet.from_host && is_by_timer(trace, packet) {
                continue;
            }
            return None;
        }
        if !packet.from_host {
            ahead.insert(segment.seq);
            continue;
        }
        expected = if segment.flags.ack() { segment.ack } else { expected };
        if segment.flags.syn() {
            if first.is_some_and(|first| first != segment.seq.wrapping_add(1)) {
                return None;
            }
            first = Some(segment.seq.wrapping_add(1));
        }
        open |= !segment.flags.syn();
        finished |= segment.flags.fin();
        let data = u32::try_from(segment.payload.len()).ok()?;
        let sent = segment.seq.wrapping_add(data).wrapping_sub(first?);
        end = if sent.cast_signed() < 0 { end } else { sent.max(end) };
    }
    // A peer that once sent what lies ahead, and then goes on as if it had not, is not honest: its windows
    // look old to the host.
    let honest = ahead.into_iter().all(|seq| seq.wrapping_sub(expected).cast_signed() <= 0);
    first.filter(|_| open && honest).map(|_| (end, finished))
}

/// Whether the host sent a packet because time had passed, and not because of a frame or a call.
fn is_by_timer(trace: &Trace, packet: &Seen<'_>) -> bool {
    let before = trace.events.get(..packet.index).unwrap_or_default();
    let stimulus = before.iter().rev().find(|timed| matches!(timed.event, Event::Stimulus(_)));
    stimulus.is_none_or(|stimulus| stimulus.at < packet.at)
}

fn writers(trace: &Trace) -> BTreeMap<SocketId, Writer> {
    let mut writers: BTreeMap<SocketId, Writer> = BTreeMap::new();
    let mut called = None;
    for timed in &trace.events {
        match &timed.event {
            Event::Stimulus(Stimulus::Call(call)) => called = Some(call),
            Event::Response(Response::Reply(reply)) => {
                if let Some(call) = called {
                    note(call, reply, &mut writers);
                }
            }
            Event::Stimulus(Stimulus::Frame(_))
            | Event::Response(Response::Frame(_) | Response::Discard(_)) => {}
        }
    }
    writers
}

fn note(call: &Call, reply: &Reply, writers: &mut BTreeMap<SocketId, Writer>) {
    if let Reply::Accepted { sock, peer } = reply {
        writers.entry(*sock).or_default().peer = Some(canonical(*peer));
    }
    let (sock, well) = match (call, reply) {
        (Call::Connect { sock, remote }, Reply::Refused(Refused::InProgress)) => {
            let peer = Some(canonical(*remote));
            writers.insert(*sock, Writer { peer, ..Writer::default() });
            return;
        }
        (Call::Send { sock, .. } | Call::SendTo { sock, .. }, Reply::Sent(octets)) => {
            let writer = writers.entry(*sock).or_default();
            writer.sent_octets = writer.sent_octets.saturating_add(*octets);
            return;
        }
        (Call::Recv { sock, .. }, Reply::Data(_) | Reply::Refused(Refused::WouldBlock)) => (*sock, true),
        (Call::Close { sock }, Reply::Done) => {
            let writer = writers.entry(*sock).or_default();
            writer.closed_well = writer.well;
            return;
        }
        (
            Call::Send { sock, .. } | Call::Recv { sock, .. } | Call::Connect { sock, .. },
            Reply::Refused(_),
        ) => (*sock, false),
        (_, _) => return,
    };
    let refused = matches!(reply, Reply::Refused(Refused::WouldBlock)) || well;
    let writer = writers.entry(sock).or_default();
    writer.well = well;
    writer.failed |= !refused && matches!(call, Call::Recv { .. });
}
