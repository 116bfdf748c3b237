//! floor 7: P as it was recorded: what it sends next, and what that has to wait for.

use super::observe::{Observed, Places};
use super::recording::{RecordedConnection, RecordedError, RecordedSegment, Side};
use super::stream::offset;
use super::translate::Translator;
use stack::base::{Instant, Span};
use stack::wire::tcp::Flags;
use std::collections::{BTreeMap, VecDeque};

/// How long P waits before it acknowledges less than it did in the recording; a receiver has half a second.
const ACK_DELAY: Span = Span::from_millis(40);

/// Something that came to R.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// A segment of P.
    Segment(&'a RecordedSegment),
    /// An ICMP error about a segment of R, from P or from a router.
    Error(&'a RecordedError),
}

impl Item<'_> {
    /// Frame number in the capture.
    pub const fn number(&self) -> u64 {
        match self {
            Self::Segment(segment) => segment.number,
            Self::Error(error) => error.number,
        }
    }

    /// Since the first frame of the capture.
    pub const fn at(&self) -> Instant {
        match self {
            Self::Segment(segment) => segment.at,
            Self::Error(error) => error.at,
        }
    }
}

/// The recorded peer of a replay.
#[derive(Debug)]
pub struct Peer<'a> {
    translator: Translator<'a>,
    items: VecDeque<Item<'a>>,
    connects: bool,
    answers: BTreeMap<u64, Answer>,
    offered_edges: Vec<(u64, u32)>,
    /// Octets of P's stream that were handed to the host without a hole, and its FIN behind them.
    pub handed_octets: u32,
    /// Largest right edge that was offered to the host, relative to its ISN.
    edge: u32,
    /// First number of the host beyond it, with the edge at that time.
    pub overrun: Option<(u32, u32)>,
    /// Runs of octets that were handed over behind a hole.
    handed: Vec<(u32, u32)>,
    /// Largest number of the host that was acknowledged, relative to its ISN.
    acknowledged: u32,
    /// The same, in an acknowledgement of less than the recorded one.
    split_ack: u32,
}

impl<'a> Peer<'a> {
    /// The peer of a host in the place of `role`, which opens the connection by itself if it `connects`.
    pub fn new(connection: &'a RecordedConnection, role: Side, connects: bool) -> Self {
        let last = connection.segments.last().map_or(0, |segment| segment.number);
        let fin = connection.of(role).find(|own| own.has(Flags::FIN));
        let fin_end = fin.map(|own| own.seq.wrapping_add(own.len_octets()));
        let segments = connection.of(role.other()).filter(|segment| {
            fin_end.is_none_or(|fin_end| !lost_behind_the_tap(connection, segment, fin_end))
        });
        let errors = connection.errors.iter().filter(|error| error.to == role && error.number <= last);
        let mut items: Vec<Item<'a>> = segments.map(Item::Segment).chain(errors.map(Item::Error)).collect();
        items.sort_by_key(Item::number);
        Self {
            translator: Translator::new(connection, role),
            items: items.into(),
            connects,
            answers: answers_to_later_copies(connection, role),
            offered_edges: offered_edges(connection, role),
            handed_octets: 0,
            edge: 0,
            overrun: None,
            handed: Vec::new(),
            acknowledged: 0,
            split_ack: 0,
        }
    }

    /// The endpoints in the replay.
    pub const fn places(&self) -> Places {
        self.translator.places
    }

    /// The recorded connection.
    pub const fn connection(&self) -> &'a RecordedConnection {
        self.translator.connection
    }

    /// What comes next.
    pub fn front(&self) -> Option<&Item<'a>> {
        self.items.front()
    }

    /// Whether everything was sent.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Forgets what is left.
    pub fn clear(&mut self) {
        self.items.clear();
    }

    /// Sends what comes next: the packet for the host.
    pub fn play(&mut self, host: &Observed) -> Option<Vec<u8>> {
        match self.items.pop_front()? {
            Item::Error(error) => Some(self.translator.error(error, host)),
            Item::Segment(segment) => {
                self.acknowledged = self.acknowledged.max(self.translator.needs(segment));
                self.hand_over(segment);
                self.edge = self.edge.max(self.translator.edge(segment, host, None).unwrap_or(0));
                Some(self.translator.packet(segment, host, None))
            }
        }
    }

    fn isn(&self) -> Option<u32> {
        self.translator.connection.isn[self.translator.role.other().index()]
    }

    fn hand_over(&mut self, segment: &RecordedSegment) {
        let data_seq = segment.seq.wrapping_add(u32::from(segment.has(Flags::SYN)));
        let Some(start) = self.isn().and_then(|isn| offset(data_seq, isn)) else { return };
        let fin = u32::from(segment.has(Flags::FIN));
        self.handed.push((start, start + segment.payload_octets + fin));
        self.handed.sort_unstable();
        self.handed.retain(|(start, end)| {
            let joins = *start <= self.handed_octets;
            if joins {
                self.handed_octets = self.handed_octets.max(*end);
            }
            !joins
        });
    }

    /// What the next item has to wait for, if anything, besides its time.
    pub fn waits_for(&self, host: &Observed) -> Option<String> {
        match self.items.front()? {
            Item::Error(error) => {
                let needs = self.translator.quoted_number(error)?;
                (!host.has_sent(needs)).then(|| format!("an ICMP error is about octet {needs} of the host"))
            }
            Item::Segment(segment) => {
                self.waits_for_host(segment, host).or_else(|| self.waits_for_window(segment, host))
            }
        }
    }

    /// What a segment acknowledges must really have been sent.
    fn waits_for_host(&self, segment: &RecordedSegment, host: &Observed) -> Option<String> {
        let needs = self.translator.needs(segment);
        let crossing = self.connects && segment.has(Flags::SYN) && !segment.has(Flags::ACK);
        if crossing && host.isn.is_none() {
            return Some("peer's SYN crossed one of the host, which has not sent it".to_owned());
        }
        if !segment.has(Flags::ACK) || needs == 0 {
            return None;
        }
        if host.has_sent(needs) {
            let Answer { number, copies } = self.answers.get(&segment.number)?;
            let sent = host.copies_of(*number);
            // Other cuts than R's may have brought the number over already.
            let still_missing = self.acknowledged <= *number && !host.has_reset();
            return (sent < *copies && still_missing).then(|| {
                format!("peer answered transmission {copies} of octet {number}; host sent it {sent} times")
            });
        }
        Some(match host.isn {
            Some(_) => format!("peer acknowledged {needs}; host sent up to {}", host.end),
            None => format!("peer acknowledged {needs}; host has not sent a SYN"),
        })
    }

    /// Octets that lay inside R's window wait until they lie inside the host's.
    fn waits_for_window(&self, segment: &RecordedSegment, host: &Observed) -> Option<String> {
        if segment.payload_octets == 0 || segment.has(Flags::SYN) || host.has_reset() {
            return None;
        }
        let end = segment.seq.wrapping_add(segment.payload_octets);
        let inside = |edge: u32| end.wrapping_sub(edge).cast_signed() <= 0;
        let before = self.offered_edges.partition_point(|(number, _)| *number < segment.number);
        let lay_inside = self.offered_edges[..before].last().is_some_and(|(_, edge)| inside(*edge));
        let (edge, isn) = (host.edge?, self.isn()?);
        (lay_inside && !inside(edge)).then(|| {
            let (end, edge) = (end.wrapping_sub(isn), edge.wrapping_sub(isn));
            format!("peer sent up to {end}; host's window ends at {edge}")
        })
    }

    /// When P would acknowledge what it has, although the recording acknowledges more at once. R had more in
    /// flight than the host dares or is allowed to send: a smaller window, Nagle's rule, its congestion
    /// window. No receiver lets that wait (RFC 9293 section 3.8.6.3). An ICMP error about what the host has
    /// not dared to send is no error of its own, and is left out by then.
    pub fn splits_at(&self, host: &Observed) -> Option<Instant> {
        let segment = match self.items.front()? {
            Item::Segment(segment) => segment,
            Item::Error(_) => return self.waits_for(host).map(|_| host.latest + ACK_DELAY),
        };
        let waits = !host.has_sent(self.translator.needs(segment)) && !segment.has(Flags::RST);
        let progress = host.end > self.split_ack.max(1) && !host.has_reset();
        (waits && progress && host.end > self.acknowledged).then(|| host.latest + ACK_DELAY)
    }

    /// Acknowledges what the host has sent so far, with the window of the segment that waits, or leaves out
    /// the ICMP error that does.
    pub fn split(&mut self, host: &Observed) -> Option<Vec<u8>> {
        let Item::Segment(segment) = *self.items.front()? else {
            self.items.pop_front();
            return None;
        };
        self.split_ack = host.end;
        self.acknowledged = self.acknowledged.max(host.end);
        self.edge = self.edge.max(self.translator.edge(segment, host, Some(host.end)).unwrap_or(0));
        Some(self.translator.packet(segment, host, Some(host.end)))
    }

    /// Looks whether the host keeps within the window. A FIN and the octet of a probe may lie beyond it
    /// (RFC 9293 section 3.8.6.1).
    pub fn watch(&mut self, host: &Observed) {
        if self.edge > 0 && host.end > self.edge.saturating_add(2) {
            self.overrun.get_or_insert((host.end, self.edge));
        }
    }

    /// Whether P's first segment with an ACK was sent: the end of the handshake, seen from R.
    pub fn has_acknowledged(&self) -> bool {
        let role = self.translator.role;
        let first = self.translator.connection.of(role.other()).find(|segment| segment.has(Flags::ACK));
        match (first, self.items.front()) {
            (Some(first), Some(next)) => first.number < next.number(),
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}

/// What proves that earlier copies were lost: P's segment answers that transmission of this number of R.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answer {
    /// Relative to R's ISN.
    number: u32,
    /// How often R had sent it by then.
    copies: usize,
}

/// Acknowledgements of P that a retransmission of R made possible, by frame: they advance over a number that
/// R had sent before, and echo the timestamp of the later copy, so that the earlier ones never came to P
/// (RFC 7323 section 4.3). What was lost for R has to be lost for the host.
fn answers_to_later_copies(connection: &RecordedConnection, role: Side) -> BTreeMap<u64, Answer> {
    let mut answers = BTreeMap::new();
    let Some(isn) = connection.isn[role.index()] else { return answers };
    let mut acknowledged = 0_u32;
    // What R has sent and P has not acknowledged, in order of capture.
    let mut in_flight: Vec<&RecordedSegment> = Vec::new();
    for segment in &connection.segments {
        if segment.from == role && !segment.has(Flags::RST) && segment.len_octets() > 0 {
            in_flight.push(segment);
        }
        if segment.from == role || !segment.has(Flags::ACK) || segment.has(Flags::RST) {
            continue;
        }
        let ack = segment.ack.wrapping_sub(isn);
        if ack > acknowledged
            && let Some(echo) = segment.options.timestamps.map(|stamps| stamps.echo)
        {
            let covers = |own: &RecordedSegment| {
                acknowledged.wrapping_sub(own.seq.wrapping_sub(isn)) < own.len_octets()
            };
            let copies: Vec<&RecordedSegment> = in_flight.iter().copied().filter(|own| covers(own)).collect();
            let stamp = |own: &RecordedSegment| own.options.timestamps.map(|stamps| stamps.value);
            let answered = copies.iter().position(|own| stamp(own) == Some(echo));
            if let Some(later) = answered.filter(|later| *later > 0) {
                answers.insert(segment.number, Answer { number: acknowledged, copies: later + 1 });
            }
        }
        if ack > acknowledged {
            acknowledged = ack;
            in_flight.retain(|own| {
                let end = own.seq.wrapping_sub(isn).wrapping_add(own.len_octets());
                end.wrapping_sub(acknowledged).cast_signed() > 0
            });
        }
    }
    answers
}

/// Whether R can not have received this acknowledgement of its FIN, which ends at `fin_end`: it sent the FIN
/// again afterwards, and P acknowledged it again. The tap saw the first one, R did not.
fn lost_behind_the_tap(connection: &RecordedConnection, segment: &RecordedSegment, fin_end: u32) -> bool {
    let role = segment.from.other();
    let acknowledges = |one: &RecordedSegment| one.has(Flags::ACK) && one.ack == fin_end;
    if segment.len_octets() > 0 || segment.has(Flags::RST) || !acknowledges(segment) {
        return false;
    }
    let again = connection
        .of(role)
        .find(|own| own.number > segment.number && own.has(Flags::FIN))
        .map(|own| own.number);
    again.is_some_and(|again| {
        connection.of(segment.from).any(|later| later.number > again && acknowledges(later))
    })
}

/// The right edge of the window that `role` had offered by each of its segments: the largest so far.
fn offered_edges(connection: &RecordedConnection, role: Side) -> Vec<(u64, u32)> {
    let mut edges: Vec<(u64, u32)> = Vec::new();
    for segment in connection.of(role).filter(|segment| segment.has(Flags::ACK) && !segment.has(Flags::RST)) {
        let edge = segment.ack.wrapping_add(connection.window_octets(segment));
        let ahead = edges.last().is_none_or(|(_, last)| edge.wrapping_sub(*last).cast_signed() > 0);
        if ahead {
            edges.push((segment.number, edge));
        }
    }
    edges
}
