//! floor 8: numbers, as only somebody can check them who stands at the host and knows all that it was sent:
//! what it acknowledges was sent, what it sends fits into window and segment size, its own window never
//! shrinks, urgent data ends where it ended (RFC 9293 sections 3.4, 3.7.1, 3.8.5 and 3.8.6).

use super::Finding;
use super::packets::{Seen, has_segment_in_fragments};
use crate::trace::{Event, Response, Stimulus, Trace};
use stack::base::Refused;
use stack::sock::{Call, Reply, SocketId};
use stack::wire::tcp::Segment;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// No segment size that a peer asks for makes segments smaller than this, in octets: a reference that obeyed
/// an MSS of 1 would be a means of attack.
const MSS_FLOOR: u32 = 88;

/// A window that is closed may be probed with one octet (RFC 9293 section 3.8.6.1).
const PROBE_OCTETS: u32 = 1;

/// What passed between two ends.
#[derive(Default)]
struct Life {
    /// Sequence number behind the host's SYN.
    first: Option<u32>,
    /// What its SYN acknowledged. Two connections of one moment have the same initial number.
    opened_for: Option<u32>,
    /// Behind all that the host sent.
    end: u32,
    /// The most that the host acknowledged.
    taken: Option<u32>,
    /// Whether a reset passed, which may have ended it.
    reset: bool,
    /// Right edge that the host offered, and the shift of its window.
    offered: Option<u32>,
    shift: u8,
    /// Whether the host agreed to scale windows.
    scales: bool,
    /// First number and length of all that the peer sent, and which of them were SYNs.
    peer: BTreeSet<(u32, u32)>,
    syns: BTreeSet<u32>,
    /// The most that the peer takes in one segment, and its window beside the SYN.
    mss: u32,
    syn_window: u32,
    peer_shift: u8,
    /// Right edge that the peer offered.
    edge: Option<u32>,
}

pub(super) fn examine(trace: &Trace, seen: &[Seen<'_>]) -> Result<(), Finding> {
    let whole = !has_segment_in_fragments(trace);
    let urgent = urgent_ends(trace);
    let mut lives: BTreeMap<(SocketAddr, SocketAddr), Life> = BTreeMap::new();
    for packet in seen {
        let (Some(segment), Some((src, dst))) = (&packet.segment, packet.ends()) else { continue };
        if !packet.from_host {
            lives.entry((dst, src)).or_default().peer_said(segment, src.is_ipv6());
            continue;
        }
        let life = lives.entry((src, dst)).or_default();
        if segment.flags.rst() {
            life.reset = true;
            continue;
        }
        life.host_says(segment);
        let found = life.wrong(segment, whole).or_else(|| life.urgent_wrong(segment, &urgent));
        if let Some((class, seen)) = found {
            return Err(Finding::new(class, format!("{seen}, at {}", packet.at)));
        }
    }
    let numbers: Vec<u32> = lives.values().filter_map(|life| life.first).collect();
    if numbers.iter().collect::<BTreeSet<_>>().len() < numbers.len() {
        return Err(Finding::new("same beginning", "two connections have the same initial sequence number"));
    }
    Ok(())
}

const fn is_after(number: u32, other: u32) -> bool {
    number.wrapping_sub(other).cast_signed() > 0
}

impl Life {
    fn peer_said(&mut self, segment: &Segment<'_>, v6: bool) {
        self.reset |= segment.flags.rst();
        self.peer.insert((segment.seq, segment.len_octets()));
        let window = u32::from(segment.window);
        if segment.flags.syn() {
            self.syns.insert(segment.seq);
            let default = if v6 { 1220 } else { 536 };
            self.mss = self.mss.max(segment.options.mss.filter(|mss| *mss > 0).map_or(default, u32::from));
            self.syn_window = self.syn_window.max(window);
            self.peer_shift = self.peer_shift.max(segment.options.window_scale.unwrap_or(0).min(14));
        }
        let Some(first) = self.first.filter(|_| segment.flags.ack()) else { return };
        // What acknowledges something else than was sent moves no window.
        if is_after(first, segment.ack) || is_after(segment.ack, self.end) {
            return;
        }
        let shift = if segment.flags.syn() || !self.scales { 0 } else { self.peer_shift };
        let edge = segment.ack.wrapping_add(window << shift);
        self.edge = Some(self.edge.filter(|before| is_after(*before, edge)).unwrap_or(edge));
    }

    fn host_says(&mut self, segment: &Segment<'_>) {
        let end = segment.seq.wrapping_add(segment.len_octets());
        let first = segment.seq.wrapping_add(1);
        let for_other = segment.flags.ack() && self.opened_for.is_some_and(|ack| ack != segment.ack);
        // Nor does a connection that has gone on begin again.
        let went_on =
            is_after(self.end, first) || self.taken.is_some_and(|taken| is_after(taken, segment.ack));
        if segment.flags.syn() && (self.first != Some(first) || for_other || went_on || self.reset) {
            self.first = Some(first);
            self.opened_for = None;
            self.end = end;
            (self.offered, self.edge, self.taken, self.reset) = (None, None, None, false);
            self.shift = segment.options.window_scale.unwrap_or(0).min(14);
            self.scales = segment.options.window_scale.is_some();
        }
        if segment.flags.syn() && segment.flags.ack() {
            self.opened_for = Some(segment.ack);
        }
        if is_after(end, self.end) {
            self.end = end;
        }
        if segment.flags.ack() && self.taken.is_none_or(|taken| is_after(segment.ack, taken)) {
            self.taken = Some(segment.ack);
        }
    }

    /// What is wrong with a segment of the host.
    fn wrong(&mut self, segment: &Segment<'_>, whole: bool) -> Option<(&'static str, String)> {
        if segment.flags.ack() && whole && !self.was_sent(segment.ack) {
            return Some(("acknowledged too much", format!("ack {}", segment.ack)));
        }
        let shift = if segment.flags.syn() { 0 } else { self.shift };
        let offered = segment.ack.wrapping_add(u32::from(segment.window) << shift);
        if segment.flags.ack() {
            let slack = (1 << shift) - 1;
            let before = self.offered.replace(offered);
            if before.is_some_and(|before| is_after(before, offered.wrapping_add(slack))) {
                return Some(("window shrinks", format!("right edge at {offered}, it was at {before:?}")));
            }
        }
        let data = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX);
        let first = self.first.filter(|_| data > 0)?;
        if whole && data > self.mss.max(MSS_FLOOR) {
            return Some(("segment too long", format!("{data} octets, the peer takes {}", self.mss)));
        }
        let by_syn = first.wrapping_add(self.syn_window);
        let edge = self.edge.filter(|edge| is_after(*edge, by_syn)).unwrap_or(by_syn);
        let end = segment.seq.wrapping_add(data);
        let beyond = is_after(end, edge.wrapping_add(PROBE_OCTETS));
        (whole && beyond)
            .then(|| ("beyond the peer's window", format!("data up to {end}, window up to {edge}")))
    }

    /// Whether the peer sent every octet up to `ack`, from one of its SYNs on, in whatever order.
    fn was_sent(&self, ack: u32) -> bool {
        self.syns.iter().any(|syn| {
            let mut reached = *syn;
            loop {
                let further = self.peer.iter().find_map(|(seq, len)| {
                    let end = seq.wrapping_add(*len);
                    (!is_after(*seq, reached) && is_after(end, reached)).then_some(end)
                });
                match further {
                    Some(end) => reached = end,
                    None => break,
                }
            }
            !is_after(ack, reached) && is_after(ack, *syn)
        })
    }

    /// An urgent pointer that points to no end of urgent data.
    fn urgent_wrong(&self, segment: &Segment<'_>, ends: &BTreeSet<u32>) -> Option<(&'static str, String)> {
        let first = self.first.filter(|_| segment.flags.urg() && segment.urgent_pointer < u16::MAX)?;
        let end = segment.seq.wrapping_add(segment.urgent_pointer.into()).wrapping_sub(first);
        (!ends.contains(&end))
            .then(|| ("urgent pointer", format!("urgent data up to offset {end} of {ends:?}")))
    }
}

/// Where urgent data ended, in octets of its stream.
fn urgent_ends(trace: &Trace) -> BTreeSet<u32> {
    let (mut sent, mut ends, mut called) = (BTreeMap::<SocketId, u32>::new(), BTreeSet::new(), None::<&Call>);
    for timed in &trace.events {
        match (&timed.event, called) {
            (Event::Stimulus(Stimulus::Call(call)), _) => called = Some(call),
            (
                Event::Response(Response::Reply(Reply::Sent(octets))),
                Some(Call::Send { sock, urgent, .. }),
            ) => {
                let end = sent.entry(*sock).or_insert(0);
                *end = end.saturating_add(*octets);
                if *urgent {
                    ends.insert(*end);
                }
            }
            (Event::Response(Response::Reply(Reply::Sent(octets))), Some(Call::SendTo { sock, .. })) => {
                let end = sent.entry(*sock).or_insert(0);
                *end = end.saturating_add(*octets);
            }
            // A socket that connects once more begins a new stream.
            (
                Event::Response(Response::Reply(Reply::Refused(Refused::InProgress))),
                Some(Call::Connect { sock, .. }),
            ) => {
                sent.remove(sock);
            }
            (Event::Stimulus(Stimulus::Frame(_)) | Event::Response(_), _) => {}
        }
    }
    ends
}
