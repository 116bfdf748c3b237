//! floor 8: replays the conversations of a capture on a host, each end in turn, and says how it went.

pub mod account;
pub mod compare;
pub mod expect;

use crate::drive::Driver;
use crate::drive::replay::extract::Extractor;
use crate::drive::replay::infer::{self, Application, NotReplayable};
use crate::drive::replay::observe::Places;
use crate::drive::replay::packet::{Reassembler, Upper};
use crate::drive::replay::recording::{
    ExchangePacket, RecordedConnection, RecordedExchange, RecordedPacket, RecordedSegment, Recording, Side,
};
use crate::drive::replay::stream::hash;
use crate::drive::replay::tcp::{Stuck, TcpReplay};
use crate::drive::replay::udp::{self, UdpReplay};
use crate::host::{Clock, Fault, Host, HostConfig, crash};
use crate::judge;
use crate::run::run;
use crate::trace::capture::{Capture, CaptureError};
use crate::trace::{Event, Link, Response, Trace};
use compare::Difference;
use stack::base::{Cidr, Mac, Span};
use stack::wire::udp as wire_udp;
use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// The seed of every replay: a replay repeated is the same.
const SEED: u64 = 0x6e65_7461_7373_6179;

/// MTU of a host whose recorded counterpart did not tell, in octets.
const MTU_OCTETS: u16 = 1500;

/// Octets of packets that are kept in memory at the most.
const KEPT_OCTETS_MAX: usize = 1 << 30;

/// The smallest MTU that IPv6 allows, in octets (RFC 8200 section 5).
const MTU_V6_OCTETS_MIN: u16 = 1280;

/// Transport protocol of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// A TCP connection.
    Tcp,
    /// An exchange of UDP datagrams.
    Udp,
}

/// How a replay ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that is compared is the same.
    Agree,
    /// Something differs.
    Differs(Vec<Difference>),
    /// The peer's next packet never became due.
    Stuck(Stuck, Vec<Difference>),
    /// It can not be replayed.
    NotApplicable(NotReplayable),
    /// The rig or the host broke.
    Error(Fault),
}

impl Verdict {
    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Differs(_) => "differs",
            Self::Stuck(..) => "stuck",
            Self::NotApplicable(_) => "n/a",
            Self::Error(_) => "error",
        }
    }
}

/// Octets of one direction, told apart by length and hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// Length in octets.
    pub octets: usize,
    /// FNV-1a.
    pub hash: u64,
}

impl Digest {
    fn of(stream: &[u8]) -> Self {
        Self { octets: stream.len(), hash: hash(stream) }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets ({:016x})", self.octets, self.hash)
    }
}

/// One conversation replayed with the host in the place of one end.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Recorded endpoints of client and server.
    pub ends: [SocketAddr; 2],
    /// Whose place the host took.
    pub role: Side,
    /// First and last frame of the conversation.
    pub frames: (u64, u64),
    /// How it ended.
    pub verdict: Verdict,
    /// Why only a part of it could be replayed.
    pub cut: Option<NotReplayable>,
    /// What the host sent.
    pub sent: Digest,
    /// What its application received.
    pub delivered: Digest,
    /// What happened, for the ladder. Empty where nothing ran.
    pub trace: Trace,
    /// Endpoints in the replay.
    pub places: Places,
    /// Index of the first event after the recording was over.
    pub released_at_event: Option<usize>,
    /// The recorded connection, as far as it was replayed.
    pub recorded: Option<RecordedConnection>,
}

/// What a capture gave.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// Its conversations.
    pub recording: Recording,
    /// IP packets and frames in all.
    pub frames: u64,
    /// Notes for the reader: a cut file, frames that are not IP.
    pub notes: Vec<String>,
    /// What made the rest of the file unreadable.
    pub damage: Option<CaptureError>,
}

/// Reads the conversations of the capture at `path`. What stands before damage in the file is kept, and the
/// damage with it.
///
/// # Errors
/// Whatever makes the file unreadable from its beginning.
pub fn read(path: &Path, filter: Option<&str>) -> Result<Recorded, CaptureError> {
    let mut capture = Capture::open(path, filter)?;
    let mut extractor = Extractor::default();
    let mut kept_octets = 0_usize;
    let mut notes = Vec::new();
    let damage = loop {
        let packet = match capture.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break None,
            Err(error) => break Some(error),
        };
        if kept_octets > KEPT_OCTETS_MAX {
            let frames = packet.number - 1;
            notes
                .push(format!("only the first {frames} frames fit into memory; choose others with --filter"));
            break None;
        }
        if let Ok(network) = packet.network(false) {
            let bytes = network.bytes.to_vec();
            kept_octets += bytes.len();
            extractor.add(&RecordedPacket { number: packet.number, at: packet.at, bytes });
        }
    };
    if let Some(damage) = damage.as_ref().filter(|_| capture.frames() == 0) {
        return Err(damage.clone());
    }
    notes.extend(capture.cut().map(ToString::to_string));
    Ok(Recorded { recording: extractor.finish(), frames: capture.frames(), notes, damage })
}

/// Replays every conversation of `recording` on `host`, in the given roles and in order of capture, and hands
/// each to `take` before the next begins.
///
/// # Errors
/// The first of `take`, which ends it.
pub fn each<E>(
    recording: &Recording,
    roles: &[Side],
    host: &mut dyn Host,
    mut take: impl FnMut(Replayed) -> Result<(), E>,
) -> Result<(), E> {
    let connections = recording.connections.iter().map(|one| (frames_of(one).0, Conversation::Tcp(one)));
    let exchanges = recording.exchanges.iter().map(|one| (frames_of_exchange(one).0, Conversation::Udp(one)));
    let mut all: Vec<(u64, Conversation<'_>)> = connections.chain(exchanges).collect();
    all.sort_by_key(|(first, _)| *first);
    for (_, conversation) in all {
        for role in roles {
            take(match conversation {
                Conversation::Tcp(recorded) => connection(recorded, *role, host),
                Conversation::Udp(recorded) => exchange(recorded, *role, host),
            })?;
        }
    }
    Ok(())
}

/// Replays every conversation of `recording` and keeps them all: for small captures.
pub fn recording(recording: &Recording, roles: &[Side], host: &mut dyn Host) -> Vec<Replayed> {
    let mut all = Vec::new();
    let taken: Result<(), Infallible> = each(recording, roles, host, |one| {
        all.push(one);
        Ok(())
    });
    match taken {
        Ok(()) => all,
    }
}

/// A conversation of either kind.
#[derive(Clone, Copy, Debug)]
enum Conversation<'a> {
    Tcp(&'a RecordedConnection),
    Udp(&'a RecordedExchange),
}

/// Replays one TCP connection.
pub fn connection(recorded: &RecordedConnection, role: Side, host: &mut dyn Host) -> Replayed {
    let replayable = infer::extent(recorded, role)
        .and_then(|extent| if speaks(host, recorded.ends) { Ok(extent) } else { Err(NotReplayable::Family) });
    let mut one = Replayed::of(Protocol::Tcp, recorded.ends, role, frames_of(recorded));
    match replayable {
        Err(reason) => one.verdict = Verdict::NotApplicable(reason),
        Ok(extent) => {
            let mut played = recorded.clone();
            played.segments.truncate(extent.segments);
            one.cut = extent.cut;
            let application = infer::application(&played, role);
            connection_as(&played, &application, host, &mut one);
            one.recorded = Some(played);
        }
    }
    one
}

/// Replays a TCP connection with a given application, into `one`.
pub fn connection_as(
    played: &RecordedConnection,
    application: &Application,
    host: &mut dyn Host,
    one: &mut Replayed,
) {
    let role = one.role;
    let headers = if one.places.host.is_ipv4() { 40 } else { 60 };
    let announced = application.max_segment_octets.map_or(MTU_OCTETS, |mss| mss.saturating_add(headers));
    let config = config(one.places, announced);
    let mut replay = TcpReplay::new(played, role, application, tick(host), config.mtu_octets - headers);
    let outcome = play(host, &config, &mut replay, &mut one.trace);
    one.released_at_event = replay.released_at_event;
    one.sent = Digest::of(&replay.host.stream);
    one.delivered = Digest::of(&replay.app.delivered);
    let mut differences = compare::connection(played, role, application, &replay, one.cut.is_some());
    differences.extend(compare::rules(&judge::trace(&one.trace)));
    one.verdict = match (outcome, replay.stuck.take()) {
        (Err(fault), _) => Verdict::Error(fault),
        (Ok(()), Some(stuck)) => Verdict::Stuck(stuck, differences),
        (Ok(()), None) if differences.is_empty() => Verdict::Agree,
        (Ok(()), None) => Verdict::Differs(differences),
    };
}

/// Replays one exchange of UDP datagrams.
pub fn exchange(recorded: &RecordedExchange, role: Side, host: &mut dyn Host) -> Replayed {
    let mut one = Replayed::of(Protocol::Udp, recorded.ends, role, frames_of_exchange(recorded));
    if let Err(reason) = exchange_extent(recorded, role, host) {
        one.verdict = Verdict::NotApplicable(reason);
        return one;
    }
    let largest = recorded.packets.iter().map(|packet| packet.packet.len()).max().unwrap_or(0);
    let mtu = u16::try_from(largest).unwrap_or(u16::MAX).max(MTU_OCTETS);
    let mut replay = UdpReplay::new(recorded, role, tick(host));
    let outcome = play(host, &config(one.places, mtu), &mut replay, &mut one.trace);
    let (sent, port_unreachables) = datagrams_sent(&one.trace, one.places);
    one.sent = Digest::of(&sent.concat());
    one.delivered = Digest::of(&replay.delivered.concat());
    let mut differences = compare::exchange(recorded, role, &replay, &sent, port_unreachables);
    differences.extend(compare::rules(&judge::trace(&one.trace)));
    one.verdict = match outcome {
        Err(fault) => Verdict::Error(fault),
        Ok(()) if differences.is_empty() => Verdict::Agree,
        Ok(()) => Verdict::Differs(differences),
    };
    one
}

fn exchange_extent(recorded: &RecordedExchange, role: Side, host: &dyn Host) -> Result<(), NotReplayable> {
    if recorded.packets.iter().all(|packet| packet.from != role) {
        return Err(NotReplayable::NothingSent);
    }
    if recorded.ends.into_iter().any(infer::is_no_host) {
        return Err(NotReplayable::Group);
    }
    let cut = |packet: &[u8]| Upper::of(packet).is_none_or(|upper| upper.is_cut());
    if recorded.packets.iter().any(|packet| cut(&packet.packet)) {
        return Err(NotReplayable::PayloadCut);
    }
    if udp::bypasses_sockets(recorded, role) {
        return Err(NotReplayable::RawSocket);
    }
    if speaks(host, recorded.ends) { Ok(()) } else { Err(NotReplayable::Family) }
}

impl Replayed {
    fn of(protocol: Protocol, ends: [SocketAddr; 2], role: Side, frames: (u64, u64)) -> Self {
        Self {
            protocol,
            ends,
            role,
            frames,
            verdict: Verdict::Agree,
            cut: None,
            sent: Digest::default(),
            delivered: Digest::default(),
            trace: Trace::new(Link::Ip),
            places: Places::of(ends, role),
            released_at_event: None,
            recorded: None,
        }
    }
}

fn frames_of(recorded: &RecordedConnection) -> (u64, u64) {
    let number = |segment: Option<&RecordedSegment>| segment.map_or(0, |segment| segment.number);
    (number(recorded.segments.first()), number(recorded.segments.last()))
}

fn frames_of_exchange(recorded: &RecordedExchange) -> (u64, u64) {
    let number = |packet: Option<&ExchangePacket>| packet.map_or(0, |packet| packet.number);
    (number(recorded.packets.first()), number(recorded.packets.last()))
}

fn speaks(host: &dyn Host, ends: [SocketAddr; 2]) -> bool {
    if ends[0].is_ipv4() { host.caps().ipv4 } else { host.caps().ipv6 }
}

fn tick(host: &dyn Host) -> Span {
    match host.caps().clock {
        Clock::Virtual { tick } => tick,
        Clock::Real => Span::from_nanos(1),
    }
}

/// A clean host in the place of R, and the driver played against it. A host that panics has crashed.
fn play(
    host: &mut dyn Host,
    config: &HostConfig,
    driver: &mut dyn Driver,
    trace: &mut Trace,
) -> Result<(), Fault> {
    crash::caught(|| {
        host.reset(config)?;
        run(host, driver, trace)
    })?
}

/// The host's configuration: its address in a network that holds the peer, so that no router is needed.
fn config(places: Places, mtu_octets: u16) -> HostConfig {
    let (host, peer) = (places.host.ip(), places.peer.ip());
    let (prefix, least) = match (host, peer) {
        (IpAddr::V4(a), IpAddr::V4(b)) => ((a.to_bits() ^ b.to_bits()).leading_zeros().min(24), 68),
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            ((a.to_bits() ^ b.to_bits()).leading_zeros().min(64), MTU_V6_OCTETS_MIN)
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => (0, MTU_V6_OCTETS_MIN),
    };
    // The peer must not look like the broadcast address of that network.
    let prefix = (0..=u8::try_from(prefix).unwrap_or(0))
        .rev()
        .find(|prefix| Cidr::new(host, *prefix).broadcast().map(IpAddr::V4) != Some(peer))
        .unwrap_or(0);
    HostConfig {
        link: Link::Ip,
        mac: Mac::default(),
        addrs: vec![Cidr::new(host, prefix)],
        peers: vec![(peer, None)],
        mtu_octets: mtu_octets.max(least),
        seed: SEED,
    }
}

/// The payloads of the datagrams that the host sent to the peer, and its port unreachables.
fn datagrams_sent(trace: &Trace, places: Places) -> (Vec<Vec<u8>>, u64) {
    let mut fragments = Reassembler::default();
    let mut sent = Vec::new();
    let mut port_unreachables = 0;
    for timed in &trace.events {
        let Event::Response(Response::Frame(frame)) = &timed.event else { continue };
        let Some(upper) = Upper::of(&frame.bytes) else { continue };
        if upper.is_port_unreachable() {
            port_unreachables += 1;
            continue;
        }
        let whole =
            if upper.fragment.is_some() { fragments.push(&upper) } else { Some(upper.payload.to_vec()) };
        let Some(whole) = whole.filter(|_| upper.protocol == wire_udp::PROTOCOL) else { continue };
        let Ok(view) = wire_udp::View::read(&whole) else { continue };
        let to_peer = upper.dst == places.peer.ip() && view.dst_port() == places.peer.port();
        if to_peer && view.src_port() == places.host.port() {
            sent.push(view.payload().to_vec());
        }
    }
    (sent, port_unreachables)
}
