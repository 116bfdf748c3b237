//! floor 8: what a recording and a replay must have in common. Cuts, timing, pure acknowledgements and
//! retransmissions are the host's own; the rules judge those.

use crate::drive::replay::app::StreamEnd;
use crate::drive::replay::infer::{Act, Application, Opening};
use crate::drive::replay::observe::Reset;
use crate::drive::replay::recording::{RecordedConnection, RecordedExchange, Side};
use crate::drive::replay::stream::{Stream, hash, offset};
use crate::drive::replay::tcp::TcpReplay;
use crate::drive::replay::udp::{self, UdpReplay};
use crate::judge;
use crate::verdict::Outcome;
use stack::sock::Refused;
use stack::wire::tcp::Flags;
use std::collections::BTreeSet;
use std::fmt;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// How the opening came out.
    Opening,
    /// Octets handed to the application.
    Delivered,
    /// Octets that the host sent.
    Sent,
    /// Where urgent data ended.
    Urgent,
    /// What the host acknowledged.
    Acknowledged,
    /// Whether a FIN was sent.
    Fin,
    /// Whether a reset was sent.
    Reset,
    /// How the stream ended for the application.
    End,
    /// Answers of the socket calls.
    Calls,
    /// ICMP errors.
    Icmp,
    /// The host's segments contradict each other.
    Consistency,
    /// Timers and sockets that are left.
    Released,
    /// A rule of the judge.
    Rule,
}

impl Topic {
    /// Every topic, in order of definition.
    pub const ALL: &[Self] = &[
        Self::Opening,
        Self::Delivered,
        Self::Sent,
        Self::Urgent,
        Self::Acknowledged,
        Self::Fin,
        Self::Reset,
        Self::End,
        Self::Calls,
        Self::Icmp,
        Self::Consistency,
        Self::Released,
        Self::Rule,
    ];

    /// Stable code for reports and lists of known differences.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Delivered => "delivered",
            Self::Sent => "sent",
            Self::Urgent => "urgent",
            Self::Acknowledged => "acknowledged",
            Self::Fin => "fin",
            Self::Reset => "reset",
            Self::End => "end",
            Self::Calls => "calls",
            Self::Icmp => "icmp",
            Self::Consistency => "consistency",
            Self::Released => "released",
            Self::Rule => "rule",
        }
    }
}

/// One thing in which the replay differs from the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub topic: Topic,
    /// The recorded side of it.
    pub recorded: String,
    /// The replayed side of it.
    pub replayed: String,
}

impl Difference {
    /// A difference, unless the two sides read the same.
    fn between(topic: Topic, recorded: impl fmt::Display, replayed: impl fmt::Display) -> Option<Self> {
        let (recorded, replayed) = (recorded.to_string(), replayed.to_string());
        (recorded != replayed).then_some(Self { topic, recorded, replayed })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: recorded {}; replayed {}", self.topic.code(), self.recorded, self.replayed)
    }
}

/// How an opening came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opened {
    Established,
    Refused,
    Unanswered,
    Embryonic,
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Established => "established",
            Self::Refused => "refused",
            Self::Unanswered => "not answered",
            Self::Embryonic => "not completed",
        })
    }
}

/// What R did, as far as it is compared.
struct Facts<'a> {
    connection: &'a RecordedConnection,
    role: Side,
    own: Stream,
    peer: Stream,
    reset_by_role: bool,
    reset_by_peer: bool,
    aborted: bool,
    /// Only a part of the recording could be replayed.
    in_part: bool,
    acknowledged: Option<u32>,
}

impl<'a> Facts<'a> {
    fn of(connection: &'a RecordedConnection, role: Side, application: &Application) -> Self {
        let resets = |side: Side| connection.of(side).any(|segment| segment.has(Flags::RST));
        let peer_isn = connection.isn[role.other().index()];
        let acknowledged = connection
            .of(role)
            .filter(|segment| segment.has(Flags::ACK) && !segment.has(Flags::RST))
            .filter_map(|segment| offset(segment.ack, peer_isn?))
            .max();
        let aborted =
            application.actions.iter().any(|action| matches!(action.act, Act::Abort | Act::CloseUnread));
        Self {
            connection,
            role,
            own: Stream::assemble(connection, role),
            peer: Stream::assemble(connection, role.other()),
            reset_by_role: resets(role),
            reset_by_peer: resets(role.other()),
            aborted,
            in_part: false,
            acknowledged,
        }
    }

    fn was_reset(&self) -> bool {
        self.reset_by_role || self.reset_by_peer
    }

    /// Octets of P's stream that R acknowledged, its FIN not counted.
    fn taken_octets(&self) -> u32 {
        let octets = self.acknowledged.unwrap_or(0);
        self.peer.fin.map_or(octets, |fin| octets.min(fin))
    }

    /// Whether nothing was left open: a reset, or both FINs acknowledged.
    fn came_to_an_end(&self) -> bool {
        let acknowledged = |side: Side| {
            let isn = self.connection.isn[side.index()];
            let fin = if side == self.role { self.own.fin } else { self.peer.fin };
            self.connection.of(side.other()).filter(|segment| segment.has(Flags::ACK)).any(|segment| {
                let ack = isn.and_then(|isn| offset(segment.ack, isn));
                matches!((ack, fin), (Some(ack), Some(fin)) if ack > fin)
            })
        };
        self.was_reset() || (acknowledged(Side::Client) && acknowledged(Side::Server))
    }

    fn opened(&self) -> Opened {
        let (role, connection) = (self.role, self.connection);
        let spoke_after_syn = |side: Side| {
            connection.of(side).any(|segment| !segment.has(Flags::SYN) && !segment.has(Flags::RST))
        };
        match (connection.syn(Side::Client).is_some(), connection.syn(Side::Server).is_some()) {
            (true, true) if spoke_after_syn(Side::Client) || spoke_after_syn(Side::Server) => {
                Opened::Established
            }
            (true, true) => Opened::Embryonic,
            (true, false) if self.reset_by_peer && role == Side::Client => Opened::Refused,
            (true, false) if self.reset_by_role && role == Side::Server => Opened::Refused,
            (false, false) if self.reset_by_role => Opened::Refused,
            (_, _) => Opened::Unanswered,
        }
    }
}

/// The differences between a recorded connection and its replay, most telling first. `in_part` says that the
/// recording went on where the replay could not.
pub fn connection(
    recorded: &RecordedConnection,
    role: Side,
    application: &Application,
    replay: &TcpReplay<'_>,
    in_part: bool,
) -> Vec<Difference> {
    let facts = Facts { in_part, ..Facts::of(recorded, role, application) };
    let mut found = Vec::new();
    found.extend(opening(&facts, application, replay));
    found.extend(sent(&facts, replay));
    found.extend(urgent(&facts, replay));
    found.extend(delivered(&facts, replay));
    found.extend(acknowledged(&facts, replay));
    let yes = |holds: bool| if holds { "yes" } else { "no" };
    found.extend(Difference::between(Topic::Reset, yes(facts.reset_by_role), yes(replay.host.has_reset())));
    found.extend(reset_forms(&facts, application, replay));
    if !facts.was_reset() && !replay.host.has_reset() {
        let at = |fin: Option<u32>| {
            fin.map_or_else(|| "none".to_owned(), |octets| format!("after {octets} octets"))
        };
        found.extend(Difference::between(Topic::Fin, at(facts.own.fin), at(replay.host.fin)));
    }
    found.extend(end(&facts, replay));
    found.extend(limits(&facts, replay));
    found.extend(replay.host.contradiction.iter().map(|what| Difference {
        topic: Topic::Consistency,
        recorded: "one stream".to_owned(),
        replayed: what.clone(),
    }));
    let refused = replay.app.error.map_or_else(
        || "every call served".to_owned(),
        |(call, refused)| format!("{call} refused with {refused}"),
    );
    found.extend(Difference::between(Topic::Calls, "every call served", refused));
    found.extend(Difference::between(Topic::Icmp, 0, replay.host.icmp_errors));
    if !replay.released && facts.came_to_an_end() {
        found.extend(Difference::between(Topic::Released, "-", "timers run on after everything was closed"));
    }
    found
}

fn opening(facts: &Facts<'_>, application: &Application, replay: &TcpReplay<'_>) -> Option<Difference> {
    if application.opening == Opening::ConnectAndAbort {
        return None;
    }
    let host = &replay.host;
    let replayed = if host.isn.is_none() {
        if host.has_reset() { Opened::Refused } else { Opened::Unanswered }
    } else if replay.app.end == Some(StreamEnd::Error(Refused::ConnRefused)) {
        Opened::Refused
    } else if host.ack.is_none() {
        Opened::Unanswered
    } else if application.opening == Opening::Listen && !replay.app.accepted {
        Opened::Embryonic
    } else {
        Opened::Established
    };
    Difference::between(Topic::Opening, facts.opened(), replayed)
}

/// Resets of a host without a connection have no number of its own in them: they must be the same.
fn reset_forms(facts: &Facts<'_>, application: &Application, replay: &TcpReplay<'_>) -> Option<Difference> {
    if application.opening != Opening::NoListener || !facts.reset_by_role || !replay.host.has_reset() {
        return None;
    }
    let recorded = facts.connection.of(facts.role).filter(|segment| segment.has(Flags::RST)).map(|segment| {
        let acknowledges = segment.has(Flags::ACK);
        Reset { acknowledges, seq: segment.seq, ack: if acknowledges { segment.ack } else { 0 } }
    });
    let list = |resets: &mut dyn Iterator<Item = Reset>| {
        resets.map(|reset| reset.to_string()).collect::<Vec<_>>().join(", ")
    };
    Difference::between(
        Topic::Reset,
        list(&mut recorded.into_iter()),
        list(&mut replay.host.resets.iter().copied()),
    )
}

/// What the peer set limits to: the window and the size of segments. Here they are known exactly, since the
/// driver knows what came to the host.
fn limits(facts: &Facts<'_>, replay: &TcpReplay<'_>) -> Vec<Difference> {
    let default = if replay.places().peer.is_ipv4() { 536 } else { 1220 };
    let syn = facts.connection.syn(facts.role.other());
    let mss = syn.and_then(|syn| syn.options.mss).filter(|mss| *mss > 0).unwrap_or(default);
    let largest = replay.host.largest_octets;
    // Hosts raise an absurd offer to a floor of their own; RFC 9293 leaves that open below the default.
    let size = (syn.is_some() && largest > usize::from(mss.max(default))).then(|| Difference {
        topic: Topic::Rule,
        recorded: format!("segments of {mss} octets at the most"),
        replayed: format!("fail RFC9293-MUST-16: a segment of {largest}"),
    });
    let window = replay.overrun().map(|(end, edge)| Difference {
        topic: Topic::Rule,
        recorded: format!("a window up to {edge}"),
        replayed: format!("fail RFC9293-3.8.6-a: octets up to {end}"),
    });
    let retreat = replay.host.retreat_octets;
    let shrunk = (retreat > 0).then(|| Difference {
        topic: Topic::Rule,
        recorded: "a right edge that never goes back".to_owned(),
        replayed: format!("deviates RFC9293-SHLD-14: it went back by {retreat} octets"),
    });
    size.into_iter().chain(window).chain(shrunk).collect()
}

fn sent(facts: &Facts<'_>, replay: &TcpReplay<'_>) -> Option<Difference> {
    let recorded = facts.own.contiguous();
    let replayed = replay.host.stream.as_slice();
    let shared = recorded.iter().zip(replayed).take_while(|(a, b)| a == b).count();
    if shared < recorded.len().min(replayed.len()) {
        return Difference::between(Topic::Sent, octet(recorded, shared), octet(replayed, shared));
    }
    // Behind a cut the peer's acknowledgements are missing, which the host may wait for.
    let may_be_short = facts.was_reset() || replay.host.has_reset() || facts.in_part;
    if replayed.len() == recorded.len() || (may_be_short && replayed.len() < recorded.len()) {
        return None;
    }
    Difference::between(Topic::Sent, octets(recorded), octets(replayed))
}

/// The urgent pointer counts from the sequence number of its own segment, so that only the sums compare.
fn urgent(facts: &Facts<'_>, replay: &TcpReplay<'_>) -> Option<Difference> {
    let isn = facts.connection.isn[facts.role.index()]?;
    let recorded: BTreeSet<u32> = facts
        .connection
        .of(facts.role)
        .filter(|segment| segment.has(Flags::URG) && !segment.has(Flags::RST))
        .filter_map(|segment| offset(segment.seq.wrapping_add(u32::from(segment.urgent_pointer)), isn))
        .collect();
    if replay.stuck.is_some() {
        return None;
    }
    let ends = |ends: &BTreeSet<u32>| format!("urgent data up to {ends:?}");
    Difference::between(Topic::Urgent, ends(&recorded), ends(&replay.host.urgent_ends))
}

fn delivered(facts: &Facts<'_>, replay: &TcpReplay<'_>) -> Option<Difference> {
    let recorded = facts.peer.contiguous();
    let replayed = replay.app.delivered.as_slice();
    let shared = recorded.iter().zip(replayed).take_while(|(a, b)| a == b).count();
    if shared < recorded.len().min(replayed.len()) {
        return Difference::between(Topic::Delivered, octet(recorded, shared), octet(replayed, shared));
    }
    if replayed.len() > recorded.len() {
        return Difference::between(Topic::Delivered, octets(recorded), octets(replayed));
    }
    let taken = facts.taken_octets() as usize;
    let may_be_short = facts.was_reset() || facts.aborted || replay.host.has_reset();
    if replayed.len() < taken && !may_be_short {
        return Difference::between(
            Topic::Delivered,
            octets(&recorded[..taken.min(recorded.len())]),
            octets(replayed),
        );
    }
    None
}

fn acknowledged(facts: &Facts<'_>, replay: &TcpReplay<'_>) -> Option<Difference> {
    let isn = facts.connection.isn[facts.role.other().index()]?;
    let recorded = facts.acknowledged.unwrap_or(0);
    let replayed = replay.host.ack.and_then(|ack| offset(ack, isn)).unwrap_or(0);
    let excused = facts.was_reset() || replay.host.has_reset();
    if replayed < recorded && !excused {
        return Difference::between(Topic::Acknowledged, recorded, replayed);
    }
    let sent = facts.peer.highest().max(facts.peer.fin.map_or(0, |fin| fin + 1));
    (replayed > sent).then(|| Difference {
        topic: Topic::Acknowledged,
        recorded: format!("{sent} sent by the peer"),
        replayed: replayed.to_string(),
    })
}

/// What the application was told about the end, where the recording tells what it must have been.
fn end(facts: &Facts<'_>, replay: &TcpReplay<'_>) -> Option<Difference> {
    if !replay.app.is_open() || facts.reset_by_role || replay.stuck.is_some() {
        return None;
    }
    let told = match replay.app.end {
        Some(StreamEnd::Eof) => "end of file".to_owned(),
        Some(StreamEnd::Error(refused)) => refused.name().to_owned(),
        None => "nothing".to_owned(),
    };
    let fin_taken = facts.peer.fin.is_some_and(|fin| facts.acknowledged.unwrap_or(0) > fin);
    if fin_taken && !facts.reset_by_peer {
        return Difference::between(Topic::End, "end of file", told);
    }
    None
}

/// What the rules say of the host's own packets: breaches of a MUST, and deviations from a SHOULD.
pub fn rules(report: &judge::Report) -> Vec<Difference> {
    let breaches = report.verdicts.iter().filter(|verdict| match verdict.outcome {
        Outcome::Fail | Outcome::Deviates => true,
        Outcome::Holds | Outcome::Note | Outcome::Undecided => false,
    });
    breaches
        .map(|verdict| Difference {
            topic: Topic::Rule,
            recorded: verdict.bound.clone(),
            replayed: format!("{} {}: {}", verdict.outcome.word(), verdict.clause, verdict.seen),
        })
        .collect()
}

/// The differences between a recorded exchange of datagrams and its replay.
pub fn exchange(
    recorded: &RecordedExchange,
    role: Side,
    replay: &UdpReplay,
    sent: &[Vec<u8>],
    port_unreachables: u64,
) -> Vec<Difference> {
    let mut found = Vec::new();
    found.extend(datagrams(Topic::Delivered, &udp::expected(recorded, role), &replay.delivered));
    found.extend(datagrams(Topic::Sent, &udp::sent(recorded, role), sent));
    let answer = |refused: bool| if refused { "port unreachable" } else { "no error" };
    found.extend(Difference::between(
        Topic::Icmp,
        answer(udp::refused(recorded, role)),
        answer(port_unreachables > 0),
    ));
    if let Some((call, refused)) = replay.error {
        found.extend(Difference::between(Topic::Calls, "every call served", format!("{call}: {refused}")));
    }
    if !replay.released {
        found.extend(Difference::between(Topic::Released, "-", "timers run on after everything was closed"));
    }
    found
}

fn datagrams(topic: Topic, recorded: &[Vec<u8>], replayed: &[Vec<u8>]) -> Option<Difference> {
    if recorded == replayed {
        return None;
    }
    let first = recorded.iter().zip(replayed).take_while(|(a, b)| a == b).count();
    let side = |all: &[Vec<u8>]| match all.get(first) {
        Some(payload) => format!("datagram {} of {}: {}", first + 1, all.len(), octets(payload)),
        None => format!("{} datagrams", all.len()),
    };
    Difference::between(topic, side(recorded), side(replayed))
}

fn octets(stream: &[u8]) -> String {
    format!("{} octets, hash {:016x}", stream.len(), hash(stream))
}

fn octet(stream: &[u8], at: usize) -> String {
    format!("octet {:#04x} at offset {at} of {}", stream[at], stream.len())
}
