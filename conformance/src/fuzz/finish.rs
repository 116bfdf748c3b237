//! floor 8: that things come to an end: a host that nobody answers falls silent, and what an application
//! wrote to a peer that acknowledges everything arrives there (RFC 9293 sections 3.8.3 and 3.8.6).

use super::Finding;
use super::packets::{Seen, canonical};
use crate::trace::{Event, Response, Stimulus, Trace};
use stack::base::{Instant, Refused, Span};
use stack::sock::{Call, Reply, SocketId};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// How long after the last stimulus a host may still send: longer than every timeout that a call can set.
const SILENCE: Span = Span::from_secs(3_600);

/// `honest` says that the run ended with peers that acknowledge everything.
pub(super) fn examine(trace: &Trace, seen: &[Seen<'_>], honest: bool) -> Result<(), Finding> {
    silence(trace)?;
    if honest { arrival(trace, seen) } else { Ok(()) }
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
    if seen.iter().any(|packet| packet.upper.is_icmp_error()) {
        return Ok(());
    }
    for (sock, writer) in writers(trace) {
        let Some(peer) = writer.peer.filter(|_| writer.closed_well && !writer.failed) else { continue };
        if let Some(sent) = sent_octets(peer, seen).filter(|sent| *sent < writer.sent_octets) {
            let all = writer.sent_octets;
            let seen = format!("s{} wrote {all} octets for {peer}, {sent} were sent", sock.0);
            return Err(Finding::new("never sent", seen));
        }
    }
    Ok(())
}

/// Octets that the host sent on its only connection with a peer, from the first on; `None` if that is in
/// doubt.
fn sent_octets(peer: SocketAddr, seen: &[Seen<'_>]) -> Option<u32> {
    let mut first = None;
    let mut end = 0;
    for packet in seen {
        let (Some(segment), Some((src, dst))) = (&packet.segment, packet.ends()) else { continue };
        if (if packet.from_host { dst } else { src }) != peer {
            continue;
        }
        if segment.flags.rst() {
            return None;
        }
        if !packet.from_host {
            continue;
        }
        if segment.flags.syn() {
            if first.is_some_and(|first| first != segment.seq.wrapping_add(1)) {
                return None;
            }
            first = Some(segment.seq.wrapping_add(1));
        }
        let data = u32::try_from(segment.payload.len()).ok()?;
        let sent = segment.seq.wrapping_add(data).wrapping_sub(first?);
        end = if sent.cast_signed() < 0 { end } else { sent.max(end) };
    }
    first.map(|_| end)
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
            writers.entry(*sock).or_default().peer = Some(canonical(*remote));
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
