//! floor 7: the application that R had, inferred from what R sent. Shown in the ladder, never silent.

use super::recording::{ChecksumSeen, RecordedConnection, RecordedSegment, Side};
use super::stream::{Stream, offset};
use stack::base::{Instant, Span};
use stack::wire::tcp::Flags;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A pause after which the next octets count as a write of their own.
const PAUSE: Span = Span::from_millis(20);

/// The smallest receive buffer that is given to a host, in octets.
const BUFFER_OCTETS_MIN: u32 = 256;

/// How R's application began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// `socket bind listen`, and `accept` when a connection is there.
    Listen,
    /// `socket bind connect`.
    Connect,
    /// `connect`, and `close` with a linger time of zero before the answer came: what a port scan looks like.
    ConnectAndAbort,
    /// Nobody listened.
    NoListener,
}

/// Something the application did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// `connect`.
    Connect,
    /// `send` of these octets of R's stream.
    Write {
        /// Offset of the first octet.
        start: u32,
        /// Offset behind the last octet.
        end: u32,
        /// `MSG_OOB`.
        urgent: bool,
    },
    /// `shutdown(SHUT_WR)`.
    ShutdownWrite,
    /// `close`, after everything that arrived was read.
    Close,
    /// `close` with octets left unread.
    CloseUnread,
    /// `close` with a linger time of zero.
    Abort,
}

/// An inferred call, with when and after what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// Since the first frame of the capture.
    pub at: Instant,
    /// The frame that shows it.
    pub number: u64,
    /// Octets of P's stream that R had acknowledged by then.
    pub cause_octets: u32,
    /// The call.
    pub act: Act,
}

/// An inferred read: by this time the application had taken that much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadUpTo {
    /// Since the first frame of the capture.
    pub at: Instant,
    /// The frame that shows it.
    pub number: u64,
    /// Offset behind the last octet taken.
    pub octets: u32,
}

/// The application that R had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// How it began.
    pub opening: Opening,
    /// R's receive buffer: the largest window that it offered, in octets.
    pub receive_buffer_octets: u32,
    /// The MSS that R announced, if it did.
    pub max_segment_octets: Option<u16>,
    /// Calls in order.
    pub actions: Vec<Action>,
    /// Reads in order.
    pub reads: Vec<ReadUpTo>,
}

/// Why a connection can not be replayed, or only a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotReplayable {
    /// A SYN is missing: the capture begins in mid connection.
    NoHandshake,
    /// Only one end's segments are there.
    OneDirection,
    /// The end whose place the host would take never sent anything: nothing to compare with.
    NothingSent,
    /// Acknowledged octets are not in the capture.
    OctetsMissing,
    /// Acknowledged octets stand only in a segment with a wrong checksum, or two copies of them differ: the
    /// capture contradicts itself.
    Contradiction,
    /// The snap length cut payload away.
    PayloadCut,
    /// Two incarnations of the four-tuple overlap in time.
    Incarnations,
    /// Data on a SYN (RFC 7413): not inferred.
    DataOnSyn,
    /// An end has the address of a group, whose membership is not inferred, or none.
    Group,
    /// R sent datagrams after its own kernel had refused an answer, or left a SYN,ACK without any: the
    /// program bypassed the sockets.
    RawSocket,
    /// Both ends are one socket.
    ToItself,
    /// The host does not speak the address family.
    Family,
}

impl NotReplayable {
    /// Stable code for reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoHandshake => "no-handshake",
            Self::OneDirection => "one-direction",
            Self::NothingSent => "nothing-sent",
            Self::OctetsMissing => "octets-missing",
            Self::Contradiction => "contradiction",
            Self::PayloadCut => "payload-cut",
            Self::Incarnations => "incarnations",
            Self::DataOnSyn => "data-on-syn",
            Self::Group => "group",
            Self::RawSocket => "raw-socket",
            Self::ToItself => "to-itself",
            Self::Family => "family",
        }
    }
}

impl fmt::Display for NotReplayable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHandshake => "the capture begins in mid connection",
            Self::OneDirection => "only one direction was captured",
            Self::NothingSent => "the recorded end never sent anything",
            Self::OctetsMissing => "acknowledged octets are not in the capture",
            Self::Contradiction => "the capture contradicts itself",
            Self::PayloadCut => "the snap length cut payload away",
            Self::Incarnations => "two incarnations of the four-tuple overlap",
            Self::DataOnSyn => "a SYN carries data",
            Self::Group => "an end has the address of a group, or none",
            Self::RawSocket => "the recorded program bypassed its sockets",
            Self::ToItself => "the connection goes to its own socket",
            Self::Family => "the host does not speak the address family",
        })
    }
}

/// How much of a connection can be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Segments, from the first one on.
    pub segments: usize,
    /// Why it is not all of them.
    pub cut: Option<NotReplayable>,
}

/// Whether an endpoint has an address that no single host can have: of a group, of all, or none.
pub fn is_no_host(end: SocketAddr) -> bool {
    let all = matches!(end.ip(), IpAddr::V4(addr) if addr.is_broadcast());
    all || end.ip().is_multicast() || end.ip().is_unspecified()
}

/// How far `connection` can be replayed with the host in the place of `role`.
pub fn extent(connection: &RecordedConnection, role: Side) -> Result<Extent, NotReplayable> {
    let answers = |side: Side| connection.of(side).any(|segment| !segment.has(Flags::RST));
    if connection.interleaved {
        return Err(NotReplayable::Incarnations);
    }
    if connection.of(role).next().is_none() {
        return Err(NotReplayable::NothingSent);
    }
    if connection.ends[0] == connection.ends[1] {
        return Err(NotReplayable::ToItself);
    }
    if connection.ends.into_iter().any(is_no_host) {
        return Err(NotReplayable::Group);
    }
    // Whoever only ever answered with resets had no connection; nothing has to be known of one.
    let only_resets = connection.of(role).all(|segment| segment.has(Flags::RST));
    let asked = connection.segments.first().is_some_and(|first| first.from != role);
    if only_resets && asked && connection.syn(role).is_none() {
        let (segments, cut) = provable(connection);
        return Ok(Extent { segments, cut });
    }
    if connection.syn(Side::Client).is_none() {
        return Err(NotReplayable::NoHandshake);
    }
    if answers(Side::Server) && connection.syn(Side::Server).is_none() {
        return Err(NotReplayable::NoHandshake);
    }
    if connection.of(Side::Server).next().is_none()
        && connection.of(Side::Client).any(|segment| !segment.has(Flags::SYN) && !segment.has(Flags::RST))
    {
        return Err(NotReplayable::OneDirection);
    }
    if connection.segments.iter().any(|segment| segment.has(Flags::SYN) && segment.payload_octets > 0) {
        return Err(NotReplayable::DataOnSyn);
    }
    let silent = connection.of(role).all(|segment| segment.has(Flags::SYN) && !segment.has(Flags::ACK));
    if silent && connection.of(role.other()).any(|segment| segment.has(Flags::SYN) && segment.has(Flags::ACK))
    {
        return Err(NotReplayable::RawSocket);
    }
    let broken = |side: Side| {
        let mut syns = connection.of(side).filter(|segment| segment.has(Flags::SYN)).peekable();
        syns.peek().is_some() && syns.all(|syn| syn.checksum == ChecksumSeen::Wrong)
    };
    if broken(Side::Client) || broken(Side::Server) {
        return Err(NotReplayable::Contradiction);
    }
    let (segments, cut) = provable(connection);
    Ok(Extent { segments, cut })
}

/// The number of segments before the first that rests on octets which the capture lacks.
fn provable(connection: &RecordedConnection) -> (usize, Option<NotReplayable>) {
    let streams = [Side::Client, Side::Server].map(|side| Stream::assemble(connection, side));
    let contiguous = streams.each_ref().map(|stream| stream.contiguous().len());
    // Whatever stands in a segment, right or wrong, was sent.
    let sent_octets = [Side::Client, Side::Server].map(|side| {
        let isn = connection.isn[side.index()].unwrap_or(0);
        let ends = connection.of(side).filter(|one| one.len_octets() > 0 && !one.has(Flags::RST));
        ends.filter_map(|one| offset(one.seq, isn)?.checked_add(one.payload_octets)).max().unwrap_or(0)
    });
    for (index, segment) in connection.segments.iter().enumerate() {
        if streams[segment.from.index()].disagreements.contains(&segment.number) {
            return (index, Some(NotReplayable::Contradiction));
        }
        if segment.payload.len() < segment.payload_octets as usize {
            return (index, Some(NotReplayable::PayloadCut));
        }
        let other = segment.from.other().index();
        let Some(isn) = connection.isn[other].filter(|_| segment.has(Flags::ACK)) else { continue };
        let Some(acknowledged) = offset(segment.ack, isn) else { continue };
        // The FIN takes a number, and is no octet.
        let acknowledged = streams[other].fin.map_or(acknowledged, |fin| acknowledged.min(fin));
        // An acknowledgement beyond everything the other end ever sent is the peer's error, and replay will
        // find it; one that lies over a hole is the capture's.
        if acknowledged as usize > contiguous[other] && acknowledged <= sent_octets[other] {
            let in_a_wrong_one =
                connection.of(segment.from.other()).any(|one| one.checksum == ChecksumSeen::Wrong);
            let reason =
                if in_a_wrong_one { NotReplayable::Contradiction } else { NotReplayable::OctetsMissing };
            return (index, Some(reason));
        }
    }
    (connection.segments.len(), None)
}

/// Infers the application of `role` from the first `segments` segments.
pub fn application(connection: &RecordedConnection, role: Side) -> Application {
    let own = Stream::assemble(connection, role);
    let opening = opening(connection, role);
    let mut actions = Vec::new();
    if opening == Opening::Connect || opening == Opening::ConnectAndAbort {
        actions.extend(connection.syn(role).map(|syn| action(syn, 0, Act::Connect)));
    }
    if opening == Opening::Connect || opening == Opening::Listen {
        actions.extend(writes(&own));
        actions.extend(ending(connection, role));
    }
    let receive_buffer_octets = connection
        .of(role)
        .filter(|segment| !segment.has(Flags::RST))
        .map(|segment| connection.window_octets(segment))
        .max()
        .unwrap_or(0)
        .max(BUFFER_OCTETS_MIN);
    Application {
        opening,
        receive_buffer_octets,
        max_segment_octets: connection.syn(role).and_then(|syn| syn.options.mss),
        actions,
        reads: reads(connection, role, receive_buffer_octets),
    }
}

fn action(segment: &RecordedSegment, cause_octets: u32, act: Act) -> Action {
    Action { at: segment.at, number: segment.number, cause_octets, act }
}

fn opening(connection: &RecordedConnection, role: Side) -> Opening {
    let Some(syn) = connection.syn(role) else { return Opening::NoListener };
    if syn.has(Flags::ACK) {
        return Opening::Listen;
    }
    // A reset in the form of an answer to the SYN,ACK, and nothing else: the socket was gone by then.
    let spoke = connection.of(role).any(|segment| !segment.has(Flags::SYN) && !segment.has(Flags::RST));
    let reset = connection.of(role).any(|segment| segment.has(Flags::RST) && !segment.has(Flags::ACK));
    let answered = connection.of(role.other()).any(|segment| segment.has(Flags::SYN));
    if !spoke && reset && answered { Opening::ConnectAndAbort } else { Opening::Connect }
}

/// `send` calls: R's octets in order, a call for each run that was pushed, waited for something else, or
/// came after a pause. Out of order transmissions are put in order; a write can not have a hole.
fn writes(own: &Stream) -> Vec<Action> {
    let whole = u32::try_from(own.contiguous().len()).unwrap_or(u32::MAX);
    let mut writes: Vec<Action> = Vec::new();
    let mut written = 0_u32;
    let mut open: Option<(Instant, u32)> = None;
    for run in &own.first_sent {
        let end = run.end.min(whole);
        if end <= written {
            continue;
        }
        let joins = open.is_some_and(|(last, cause)| run.at.since(last) < PAUSE && cause == run.cause_octets);
        let cut = run.urgent_end.filter(|urgent| (written + 1..=end).contains(urgent));
        match writes.last_mut() {
            Some(Action { act: Act::Write { end: write_end, urgent: false, .. }, .. })
                if joins && cut.is_none() =>
            {
                *write_end = end;
            }
            Some(_) | None => {
                let mut push = |start, end, urgent| {
                    let act = Act::Write { start, end, urgent };
                    let (at, number, cause_octets) = (run.at, run.number, run.cause_octets);
                    writes.push(Action { at, number, cause_octets, act });
                };
                match cut {
                    Some(urgent_end) => {
                        push(written, urgent_end, true);
                        if urgent_end < end {
                            push(urgent_end, end, false);
                        }
                    }
                    None => push(written, end, false),
                }
            }
        }
        written = end;
        open = (!run.push && cut.is_none()).then_some((run.at, run.cause_octets));
    }
    writes
}

/// How R's application ended: the call behind the FIN, and the call behind a reset that answers nothing.
fn ending(connection: &RecordedConnection, role: Side) -> Vec<Action> {
    let peer_isn = connection.isn[role.other().index()];
    let octets_acknowledged = |segment: &RecordedSegment| match (peer_isn, segment.has(Flags::ACK)) {
        (Some(isn), true) => offset(segment.ack, isn).unwrap_or(0),
        (Some(_) | None, _) => 0,
    };
    let peer_fin = Stream::assemble(connection, role.other()).fin;
    let payload_only = |octets: u32| peer_fin.map_or(octets, |fin| octets.min(fin));
    let mut calls = Vec::new();
    let mut closed_at_octets: Option<u32> = None;
    let mut acknowledged = 0_u32;
    for segment in connection.of(role) {
        if segment.has(Flags::RST) {
            let fully_closed = closed_at_octets.is_some_and(|closed| acknowledged <= closed);
            if !fully_closed {
                let unread = window_was_shut(connection, role, segment.number);
                let act = if unread { Act::CloseUnread } else { Act::Abort };
                calls.push(action(segment, acknowledged, act));
            }
            break;
        }
        acknowledged = acknowledged.max(payload_only(octets_acknowledged(segment)));
        if segment.has(Flags::FIN) && closed_at_octets.is_none() {
            closed_at_octets = Some(acknowledged);
            calls.push(action(segment, acknowledged, Act::Close));
        }
    }
    let took_data_afterwards = closed_at_octets.is_some_and(|closed| acknowledged > closed);
    if took_data_afterwards {
        for call in &mut calls {
            if call.act == Act::Close {
                call.act = Act::ShutdownWrite;
            }
        }
    }
    calls
}

fn window_was_shut(connection: &RecordedConnection, role: Side, before: u64) -> bool {
    connection
        .of(role)
        .take_while(|segment| segment.number < before)
        .last()
        .is_some_and(|segment| !segment.has(Flags::SYN) && segment.window == 0)
}

/// Reads keep the right edge of the window where R's was, so that a shut window is shut again.
fn reads(connection: &RecordedConnection, role: Side, buffer_octets: u32) -> Vec<ReadUpTo> {
    let Some(peer_isn) = connection.isn[role.other().index()] else { return Vec::new() };
    let mut reads: Vec<ReadUpTo> = Vec::new();
    for segment in connection.of(role) {
        if !segment.has(Flags::ACK) || segment.has(Flags::RST) {
            continue;
        }
        let Some(acknowledged) = offset(segment.ack, peer_isn) else { continue };
        let edge = u64::from(acknowledged) + u64::from(connection.window_octets(segment));
        let octets = u32::try_from(edge.saturating_sub(u64::from(buffer_octets))).unwrap_or(u32::MAX);
        if reads.last().is_none_or(|last| octets > last.octets) && octets > 0 {
            reads.push(ReadUpTo { at: segment.at, number: segment.number, octets });
        }
    }
    reads
}

#[cfg(test)]
mod tests {
    use super::super::recording::sample::{connection, segment};
    use super::super::recording::{RecordedSegment, Side};
    use super::{Act, NotReplayable, Opening, application, extent};
    use stack::base::Span;
    use stack::wire::tcp::Flags;

    const PUSH: Flags = Flags::ACK.union(Flags::PSH);
    const FIN: Flags = Flags::ACK.union(Flags::FIN);

    fn client(start: u32, taken: u32, flags: Flags, payload: &[u8]) -> RecordedSegment {
        segment(Side::Client, start, taken, flags, payload)
    }

    fn server(start: u32, taken: u32, flags: Flags, payload: &[u8]) -> RecordedSegment {
        segment(Side::Server, start, taken, flags, payload)
    }

    /// The inferred calls of the client, each with what it waited for; `connect` left out.
    fn calls(segments: Vec<RecordedSegment>) -> Vec<(u32, Act)> {
        let found = application(&connection(segments), Side::Client);
        assert_eq!(found.opening, Opening::Connect);
        let mut calls = found.actions.into_iter().map(|action| (action.cause_octets, action.act));
        assert_eq!(calls.next(), Some((0, Act::Connect)));
        calls.collect()
    }

    const fn write(start: u32, end: u32) -> Act {
        Act::Write { start, end, urgent: false }
    }

    #[test]
    fn segments_up_to_a_push_are_one_write() {
        let sent =
            vec![client(0, 0, Flags::ACK, b"abc"), client(3, 0, PUSH, b"de"), client(5, 0, PUSH, b"f")];
        assert_eq!(calls(sent), [(0, write(0, 5)), (0, write(5, 6))]);
    }

    #[test]
    fn what_answers_something_new_is_another_write() {
        let sent = vec![
            client(0, 0, Flags::ACK, b"abc"),
            server(0, 3, PUSH, b"ok"),
            client(3, 2, Flags::ACK, b"de"),
        ];
        assert_eq!(calls(sent), [(0, write(0, 3)), (2, write(3, 5))]);
    }

    #[test]
    fn a_pause_begins_another_write_and_a_copy_none() {
        let sent = |pause| {
            let mut sent = connection(vec![
                client(0, 0, Flags::ACK, b"abc"),
                client(0, 0, Flags::ACK, b"abc"),
                client(3, 0, Flags::ACK, b"de"),
            ]);
            let last = sent.segments.last_mut().expect("three segments");
            last.at += pause;
            application(&sent, Side::Client).actions.len() - 1
        };
        assert_eq!((sent(Span::ZERO), sent(Span::from_secs(1))), (1, 2));
    }

    #[test]
    fn a_write_has_no_hole_and_octets_behind_one_are_not_written() {
        let sent = vec![client(3, 0, Flags::ACK, b"de"), client(0, 0, Flags::ACK, b"abc")];
        assert_eq!(calls(sent), [(0, write(0, 5))]);
        let sent = vec![client(0, 0, Flags::ACK, b"abc"), client(4, 0, Flags::ACK, b"e")];
        assert_eq!(calls(sent), [(0, write(0, 3))]);
    }

    #[test]
    fn urgent_octets_are_a_write_of_their_own() {
        let urgent = RecordedSegment { urgent_pointer: 2, ..client(0, 0, PUSH.union(Flags::URG), b"abc") };
        let first = Act::Write { start: 0, end: 2, urgent: true };
        assert_eq!(calls(vec![urgent]), [(0, first), (0, write(2, 3))]);
    }

    #[test]
    fn a_fin_is_close_or_shutdown_if_more_was_taken_after_it() {
        let fin = || client(0, 0, FIN, b"");
        assert_eq!(
            calls(vec![fin(), server(0, 1, FIN, b""), client(1, 1, Flags::ACK, b"")]),
            [(0, Act::Close)]
        );
        let more = vec![fin(), server(0, 1, PUSH, b"more"), client(1, 4, Flags::ACK, b"")];
        assert_eq!(calls(more), [(0, Act::ShutdownWrite)]);
    }

    #[test]
    fn a_reset_is_an_abort_but_for_an_answer_after_close() {
        let reset = |start, taken| client(start, taken, Flags::RST.union(Flags::ACK), b"");
        assert_eq!(calls(vec![client(0, 0, Flags::ACK, b""), reset(0, 0)]), [(0, Act::Abort)]);
        let answer = vec![client(0, 0, FIN, b""), server(0, 1, PUSH, b"late"), reset(1, 0)];
        assert_eq!(calls(answer), [(0, Act::Close)]);
        let shut = RecordedSegment { window: 0, ..client(0, 2, Flags::ACK, b"") };
        assert_eq!(calls(vec![server(0, 0, PUSH, b"ab"), shut, reset(0, 2)]), [(2, Act::CloseUnread)]);
    }

    #[test]
    fn no_host_takes_the_place_of_a_group() {
        for address in [[224, 0, 0, 1], [255, 255, 255, 255], [0, 0, 0, 0]] {
            let mut odd = connection(Vec::new());
            odd.ends[1].set_ip(address.into());
            assert_eq!(extent(&odd, Side::Client), Err(NotReplayable::Group));
        }
    }

    #[test]
    fn acknowledged_octets_that_are_missing_end_the_replay_there() {
        let lossy =
            vec![client(3, 0, PUSH, b"de"), server(0, 0, Flags::ACK, b""), server(0, 5, Flags::ACK, b"")];
        let found = extent(&connection(lossy), Side::Server).expect("a part");
        assert_eq!((found.segments, found.cut), (4, Some(NotReplayable::OctetsMissing)));
    }
}
