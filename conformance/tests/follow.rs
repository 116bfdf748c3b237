//! The reference follows every shipped capture, and follows none that was altered.
#![allow(missing_docs, reason = "a test is not a public item")]

use conformance::accept::{self, Breach, End, Followed, Tap};
use conformance::drive::replay::recording::{
    ChecksumSeen, RecordedConnection, RecordedPacket, RecordedSegment, Recording, Side,
};
use conformance::host::registry;
use conformance::replay::{self, Replayed};
use conformance::report::{follow as report, ladder};
use conformance::trace::{Event, Response, Stimulus};
use serde::Deserialize;
use stack::base::{Instant, Span};
use stack::wire::tcp::Flags;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Manifest {
    capture: Vec<Capture>,
}

/// Of a row of the manifest, what following needs.
#[derive(Deserialize)]
struct Capture {
    file: String,
    tags: Vec<String>,
    tap: String,
    role: Option<String>,
    kernel: String,
}

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora")
}

/// The captures of TCP between hosts whose interfaces are one kind of link.
fn captures() -> Vec<Capture> {
    let text = std::fs::read_to_string(corpora().join("MANIFEST.toml")).expect("corpora/MANIFEST.toml");
    let manifest: Manifest = toml::from_str(&text).expect("rows");
    let wanted = |capture: &Capture| capture.tags.iter().any(|tag| tag == "tcp");
    manifest.capture.into_iter().filter(wanted).collect()
}

impl Capture {
    /// Ends that a TCP spoke for; the others are made by hand.
    fn roles(&self) -> &'static [Side] {
        match self.role.as_deref() {
            Some("server") => &[Side::Server],
            Some(other) => panic!("{}: no test for the role {other}", self.file),
            None => &[Side::Client, Side::Server],
        }
    }

    fn tap(&self, role: Side) -> Tap {
        match (self.tap.as_str(), role) {
            ("client", Side::Client) | ("server", Side::Server) | ("loopback", _) => Tap::Here,
            (_, Side::Client | Side::Server) => Tap::Away,
        }
    }

    fn connections(&self) -> Vec<RecordedConnection> {
        let read = replay::read(&corpora().join("captures").join(&self.file), None);
        let recording = read.map(|recorded| recorded.recording).unwrap_or_default();
        accept::connections(&recording).into_iter().map(Cow::into_owned).collect()
    }
}

/// Calls `look` with each end of each connection, followed.
fn for_each_end(mut look: impl FnMut(&Capture, &RecordedConnection, &Followed)) {
    for capture in captures() {
        for connection in capture.connections() {
            for role in capture.roles() {
                look(&capture, &connection, &accept::follow(&connection, *role, capture.tap(*role)));
            }
        }
    }
}

#[test]
fn what_is_explained_of_every_capture() {
    let mut text = String::new();
    let (mut explained, mut segments, mut last) = (0, 0, String::new());
    for_each_end(|capture, _, one| {
        if capture.file != last {
            last.clone_from(&capture.file);
            let _ = writeln!(text, "{last}");
        }
        if !matches!(one.end, End::Undecided(_)) {
            explained += one.explained;
            segments += one.segments;
        }
        text += &report::followed(one);
    });
    let _ = writeln!(text, "{explained} of {segments} segments explained");
    insta::assert_snapshot!(text);
}

#[test]
fn every_handshake_close_and_reset_of_linux_is_explained() {
    let (mut opened, mut closed, mut reset) = (0, 0, 0);
    let mut unexplained = String::new();
    for_each_end(|capture, connection, one| {
        if !capture.kernel.starts_with("Linux") || matches!(one.end, End::Undecided(_)) {
            return;
        }
        let explained: BTreeSet<usize> =
            one.steps.iter().filter(|step| step.explained.is_some()).map(|step| step.index).collect();
        for (index, segment) in
            connection.segments.iter().enumerate().filter(|(_, one_of)| one_of.from == one.role)
        {
            let control = Flags::SYN | Flags::FIN | Flags::RST;
            if !segment.flags.intersects(control) {
                continue;
            }
            opened += u32::from(segment.has(Flags::SYN));
            closed += u32::from(segment.has(Flags::FIN));
            reset += u32::from(segment.has(Flags::RST));
            if !explained.contains(&index) {
                let _ = writeln!(unexplained, "{} frame {}: {:?}", capture.file, segment.number, one.end);
            }
        }
    });
    assert_eq!(unexplained, "");
    assert!(opened >= 200 && closed >= 150 && reset >= 15, "{opened} SYN, {closed} FIN, {reset} RST");
}

/// The first connection of a shipped capture.
fn recorded(file: &str) -> RecordedConnection {
    let read = replay::read(&corpora().join("captures").join(file), None).expect("a shipped capture");
    read.recording.connections.into_iter().next().expect("a connection")
}

/// Places of the segments of `role` that `wanted` accepts.
fn places(
    connection: &RecordedConnection,
    role: Side,
    wanted: impl Fn(&RecordedSegment) -> bool,
) -> Vec<usize> {
    let all = connection.segments.iter().enumerate();
    let found: Vec<usize> =
        all.filter(|(_, one)| one.from == role && wanted(one)).map(|(index, _)| index).collect();
    assert!(!found.is_empty(), "nothing to alter");
    found
}

/// Alters the first segment of `role` that `wanted` accepts.
fn first(
    connection: &mut RecordedConnection,
    role: Side,
    wanted: impl Fn(&RecordedSegment) -> bool,
    alter: impl Fn(&mut RecordedSegment),
) {
    let at = places(connection, role, wanted)[0];
    alter(&mut connection.segments[at]);
}

/// Alters the last one.
fn last(
    connection: &mut RecordedConnection,
    role: Side,
    wanted: impl Fn(&RecordedSegment) -> bool,
    alter: impl Fn(&mut RecordedSegment),
) {
    let at = *places(connection, role, wanted).last().expect("one");
    alter(&mut connection.segments[at]);
}

/// Puts `segment` behind the one at `at`, a little later.
fn insert(connection: &mut RecordedConnection, at: usize, mut segment: RecordedSegment, later: Span) {
    segment.at = connection.segments[at].at + later;
    connection.segments.insert(at + 1, segment);
    for (number, segment) in (1..).zip(&mut connection.segments) {
        segment.number = number;
    }
}

/// The server resets the connection before the FIN of the client, which comes five seconds later nevertheless
/// and is the end of the recording.
fn reset_before_fin(connection: &mut RecordedConnection) {
    let (at, pure) = (places(connection, C, fin)[0], places(connection, S, pure)[0]);
    let unheard = &connection.segments[at];
    let (seq, ack, flags) = (unheard.ack, unheard.seq, Flags::RST | Flags::ACK);
    let told = RecordedSegment { seq, ack, flags, ..connection.segments[pure].clone() };
    insert(connection, at - 1, told, Span::from_nanos(1));
    connection.segments.truncate(at + 2);
    connection.segments[at + 1].at += Span::from_secs(5);
}

fn data(segment: &RecordedSegment) -> bool {
    segment.payload_octets > 0
}

fn pure(segment: &RecordedSegment) -> bool {
    segment.flags == Flags::ACK && segment.payload_octets == 0
}

fn fin(segment: &RecordedSegment) -> bool {
    segment.has(Flags::FIN)
}

fn syn(segment: &RecordedSegment) -> bool {
    segment.has(Flags::SYN)
}

fn reset(segment: &RecordedSegment) -> bool {
    segment.has(Flags::RST)
}

/// An alteration: of this capture, of what this end did, recorded at its interface; and what it must be
/// called.
struct Altered {
    capture: &'static str,
    role: Side,
    alter: fn(&mut RecordedConnection),
    breach: Breach,
}

const C: Side = Side::Client;
const S: Side = Side::Server;
const PLAIN: &str = "tcp-client-closes-first.pcap";

const fn altered(
    capture: &'static str,
    role: Side,
    breach: Breach,
    alter: fn(&mut RecordedConnection),
) -> Altered {
    Altered { capture, role, alter, breach }
}

/// One of each: what no choice explains.
const ALTERED: &[Altered] = &[
    altered(PLAIN, C, Breach::AckOfUnsent, |all| {
        last(all, C, pure, |one| one.ack = one.ack.wrapping_add(1000))
    }),
    altered("tcp-ping-pong.pcap", C, Breach::AckInside, |all| {
        first(all, C, |one| pure(one) && one.number > 6, |one| one.ack = one.ack.wrapping_sub(7));
    }),
    altered("bulk-v4.pcap", S, Breach::AckBack, |all| {
        let at = places(all, S, pure);
        all.segments[at[20]].ack = all.segments[at[10]].ack;
    }),
    altered(PLAIN, C, Breach::AckAbsent, |all| first(all, C, data, |one| one.flags = Flags::PSH)),
    altered("tcp-ping-pong.pcap", C, Breach::AckLate, |all| {
        let at = places(all, C, |one| data(one) && one.number > 12)[0];
        for segment in &mut all.segments[at..] {
            segment.at += Span::from_millis(700);
        }
    }),
    altered("tcp-ping-pong.pcap", C, Breach::AckNever, |all| {
        let at = places(all, S, data)[0];
        all.segments.truncate(at + 1);
        insert(all, at, all.segments[at].clone(), Span::from_secs(2));
    }),
    altered("bulk-v4.pcap", C, Breach::BeyondWindow, |all| {
        for at in places(all, S, |one| !syn(one)) {
            all.segments[at].window /= 16;
        }
    }),
    altered(PLAIN, C, Breach::AfterFin, |all| {
        let (from, at) = (places(all, C, data)[0], places(all, C, fin)[0]);
        let number = all.segments[at].seq.wrapping_add(1);
        let ack = all.segments[at].ack;
        insert(
            all,
            at,
            RecordedSegment { seq: number, ack, ..all.segments[from].clone() },
            Span::from_millis(1),
        );
    }),
    altered("tcp-fin-lost-client.pcap", C, Breach::FinMoved, |all| last(all, C, fin, |one| one.seq -= 3)),
    altered(PLAIN, C, Breach::Skipped, |all| first(all, C, fin, |one| one.flags = Flags::ACK)),
    altered(PLAIN, C, Breach::EmptyNumber, |all| last(all, C, pure, |one| one.seq = one.seq.wrapping_sub(5))),
    altered("bulk-loss-client.pcap", C, Breach::OtherOctets, |all| {
        let mut seen = BTreeSet::new();
        let again = all.segments.iter_mut().find(|one| one.from == C && data(one) && !seen.insert(one.seq));
        again.expect("a retransmission").payload[0] ^= 1;
    }),
    altered(PLAIN, C, Breach::TooSoon, |all| {
        let at = places(all, C, data)[0];
        insert(all, at, all.segments[at].clone(), Span::from_nanos(1));
    }),
    altered("tcp-syn-lost-client.pcap", C, Breach::SynNumber, |all| last(all, C, syn, |one| one.seq ^= 1)),
    altered("tcp-syn-ack-lost-server.pcap", S, Breach::SynNumber, |all| {
        last(all, S, syn, |one| one.seq ^= 1)
    }),
    altered(PLAIN, S, Breach::SynAckNumber, |all| first(all, S, syn, |one| one.ack ^= 1)),
    altered(PLAIN, C, Breach::SynUnasked, |all| {
        let (from, at) = (places(all, C, syn)[0], places(all, C, data)[0]);
        insert(all, at, all.segments[from].clone(), Span::from_millis(1));
    }),
    altered("tcp-refused-v4.pcap", S, Breach::ResetNumber, |all| first(all, S, reset, |one| one.ack ^= 1)),
    altered("tcp-abort-client.pcap", C, Breach::ResetNumber, |all| first(all, C, reset, |one| one.seq ^= 1)),
    altered(PLAIN, C, Breach::NoConnection, |all| {
        let (from, at) = (places(all, C, data)[0], places(all, C, syn)[0]);
        insert(all, at, all.segments[from].clone(), Span::from_nanos(1));
    }),
    altered(PLAIN, C, Breach::NoConnection, reset_before_fin),
    altered(PLAIN, C, Breach::OddFlags, |all| first(all, C, syn, |one| one.flags = Flags::SYN | Flags::FIN)),
    altered(PLAIN, C, Breach::StampAbsent, |all| first(all, C, data, |one| one.options.timestamps = None)),
    altered(PLAIN, C, Breach::StampBack, |all| {
        last(all, C, pure, |one| {
            if let Some(stamps) = &mut one.options.timestamps {
                stamps.value = stamps.value.wrapping_sub(100_000);
            }
        });
    }),
    altered(PLAIN, C, Breach::EchoUnknown, |all| {
        last(all, C, pure, |one| {
            if let Some(stamps) = &mut one.options.timestamps {
                stamps.echo = stamps.echo.wrapping_add(100_000);
            }
        });
    }),
    altered("bulk-loss-server.pcap", S, Breach::SackUnasked, |all| {
        first(all, C, syn, |one| one.options.sack_permitted = false);
        first(all, S, syn, |one| one.options.sack_permitted = false);
    }),
    altered("bulk-loss-server.pcap", S, Breach::SackUnsent, |all| {
        first(
            all,
            S,
            |one| !one.options.sack.is_empty(),
            |one| {
                let (left, right) = one.options.sack.as_slice()[0];
                one.options.sack =
                    stack::wire::tcp_option::SackBlocks::from_slice(&[(left, right + 1_000_000)]);
            },
        );
    }),
    altered("tcp-no-timestamps.pcap", S, Breach::OptionUnasked, |all| {
        let stamps = stack::wire::tcp_option::Timestamps { value: 1, echo: 0 };
        first(all, S, syn, |one| one.options.timestamps = Some(stamps));
    }),
];

#[test]
fn what_is_altered_is_not_explained_and_has_a_name() {
    let mut wrong = String::new();
    for Altered { capture, role, alter, breach } in ALTERED {
        let mut connection = recorded(capture);
        let good = accept::follow(&connection, *role, Tap::Here);
        assert_eq!(good.end, End::Explained, "{capture} as {role}");
        alter(&mut connection);
        match accept::follow(&connection, *role, Tap::Here).end {
            End::Unexplained(finding) if finding.breach == *breach => {
                assert!(!finding.what.is_empty() && !finding.legal.is_empty(), "{finding:?}");
            }
            end @ (End::Unexplained(_) | End::Explained | End::Undecided(_)) => {
                let _ = writeln!(wrong, "{capture} as {role}: {breach:?} expected, not {end:?}");
            }
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn every_breach_has_a_capture_that_shows_it() {
    let shown: BTreeSet<Breach> = ALTERED.iter().map(|altered| altered.breach).collect();
    let missing: Vec<&Breach> = Breach::ALL.iter().filter(|breach| !shown.contains(breach)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_a_tap_elsewhere_may_have_missed_is_no_breach() {
    for capture in [PLAIN, "bulk-loss-client.pcap", "tcp-half-close.pcap", "bulk-both-ways.pcap"] {
        for (role, left_out) in [(C, 4), (C, 7), (S, 3), (S, 6)] {
            let mut connection = recorded(capture);
            let sent = places(&connection, role, |one| !syn(one));
            if let Some(at) = sent.get(left_out) {
                connection.segments.remove(*at);
            }
            let end = accept::follow(&connection, role, Tap::Away).end;
            let named = |finding: &accept::Finding| finding.breach == Breach::Skipped;
            let excused = match &end {
                End::Explained | End::Undecided(_) => true,
                End::Unexplained(finding) => named(finding),
            };
            assert!(excused, "{capture} as {role} without {left_out}: {end:?}");
        }
    }
}

#[test]
fn what_was_overtaken_is_still_what_was_sent() {
    let mut connection = recorded("bulk-both-ways.pcap");
    let sent = places(&connection, C, |one| data(one) && !fin(one));
    // A copy of early octets that reaches the tap at the end.
    let (early, late) = (sent[1], sent[sent.len() - 1]);
    let copy = connection.segments[early].clone();
    insert(&mut connection, late, copy, Span::from_nanos(1));
    let end = |connection: &RecordedConnection| accept::follow(connection, C, Tap::Away).end;
    assert_eq!(end(&connection), End::Explained);
    let breach_of = |alter: fn(&mut RecordedSegment)| {
        let mut altered = connection.clone();
        alter(&mut altered.segments[late + 1]);
        match end(&altered) {
            End::Unexplained(finding) => Some(finding.breach),
            End::Explained | End::Undecided(_) => None,
        }
    };
    assert_eq!(breach_of(|one| one.payload[0] ^= 1), Some(Breach::OtherOctets));
    assert_eq!(breach_of(|one| one.options.timestamps = None), Some(Breach::StampAbsent));
}

#[test]
fn what_is_left_out_says_why() {
    let mut connection = recorded(PLAIN);
    last(&mut connection, C, pure, |one| one.checksum = ChecksumSeen::Wrong);
    let one = accept::follow(&connection, C, Tap::Here);
    let shown = report::ladder(&connection, &one, ladder::Span::WHOLE);
    assert_eq!(shown.matches("wrong checksum").count(), 1, "{shown}");
}

/// A field of a segment gets another value.
fn disturb(segment: &mut RecordedSegment, field: u8, value: u32) {
    let low = u16::try_from(value & 0xffff).unwrap_or(0);
    match field % 9 {
        0 => segment.seq = value,
        1 => segment.seq = segment.seq.wrapping_add(value % 3000),
        2 => segment.ack = value,
        3 => segment.ack = segment.ack.wrapping_sub(value % 3000),
        4 => segment.flags = [Flags::SYN, Flags::FIN, Flags::RST, Flags::ACK][value as usize % 4],
        5 => segment.window = low,
        6 => segment.payload_octets = value % 70_000,
        7 => segment.options = stack::wire::tcp_option::Options::NONE,
        _ => segment.at = Instant::from_nanos(u64::from(value) << 8),
    }
}

quickcheck::quickcheck! {
    /// Whatever stands in a capture, following comes to an end, and its account is right.
    fn nothing_in_a_capture_upsets_the_follower(file: u8, changes: Vec<(u16, u8, u32)>, here: bool) -> bool {
        let files =
            [PLAIN, "tcp-half-close.pcap", "tcp-simultaneous-open-client.pcap", "tcp-zero-window.pcap"];
        let mut connection = recorded(files[usize::from(file) % files.len()]);
        for (place, field, value) in changes {
            let place = usize::from(place) % connection.segments.len();
            disturb(&mut connection.segments[place], field, value);
        }
        [C, S].into_iter().all(|role| {
            let one = accept::follow(&connection, role, if here { Tap::Here } else { Tap::Away });
            one.explained <= one.segments
        })
    }
}

/// What a replay showed, as a capture made at the interface of the host; its end, and the connection.
fn of_replay(one: &Replayed) -> Option<(Side, RecordedConnection)> {
    let mut packets = Vec::new();
    for timed in &one.trace.events[..one.released_at_event.unwrap_or(one.trace.events.len())] {
        if let Event::Stimulus(Stimulus::Frame(frame)) | Event::Response(Response::Frame(frame)) =
            &timed.event
        {
            let number = packets.len() as u64 + 1;
            packets.push(RecordedPacket { number, at: timed.at, bytes: frame.bytes.clone() });
        }
    }
    let connection = Recording::extract(&packets).connections.into_iter().next()?;
    let role = if connection.ends[0] == one.places.host { Side::Client } else { Side::Server };
    Some((role, connection))
}

/// Every connection of the captures replayed on a host, and the host followed by the reference.
fn followed_host(host: &str) -> (u64, String) {
    let mut host = registry::by_name(host).expect("a built-in host");
    let (mut ends, mut text) = (0, String::new());
    for capture in captures() {
        for connection in capture.connections() {
            for role in [Side::Client, Side::Server] {
                let replayed = replay::connection(&connection, role, host.as_mut());
                let Some((role, connection)) = of_replay(&replayed) else { continue };
                let one = accept::follow(&connection, role, Tap::Here);
                ends += u64::from(!matches!(one.end, End::Undecided(_)));
                if matches!(one.end, End::Unexplained(_)) {
                    let _ = write!(text, "{}\n{}", capture.file, report::followed(&one));
                }
            }
        }
    }
    (ends, text)
}

#[test]
fn the_reference_explains_itself() {
    let (ends, unexplained) = followed_host("reference");
    assert!(ends >= 200, "only {ends} ends were followed");
    assert_eq!(unexplained, "");
}

#[test]
fn what_the_reference_can_not_explain_of_smoltcp() {
    let (ends, unexplained) = followed_host("smoltcp");
    assert!(ends >= 150, "only {ends} ends were followed");
    insta::assert_snapshot!(unexplained);
}

/// One change of one segment.
type Change = (&'static str, fn(&mut RecordedSegment));

const CHANGES: &[Change] = &[
    ("ack + 1", |one| one.ack = one.ack.wrapping_add(1)),
    ("ack - 1", |one| one.ack = one.ack.wrapping_sub(1)),
    ("ack + 1000", |one| one.ack = one.ack.wrapping_add(1000)),
    ("seq + 1", |one| one.seq = one.seq.wrapping_add(1)),
    ("seq - 1", |one| one.seq = one.seq.wrapping_sub(1)),
    ("seq - 1000", |one| one.seq = one.seq.wrapping_sub(1000)),
    ("FIN set", |one| one.flags = one.flags | Flags::FIN),
    ("RST set", |one| one.flags = one.flags | Flags::RST),
    ("ACK cleared", |one| one.flags = one.flags.without(Flags::ACK)),
    ("an octet less", |one| {
        one.payload.pop();
        one.payload_octets = one.payload_octets.saturating_sub(1);
    }),
];

/// Each segment of the client in each of these captures with each change: what is explained nevertheless is
/// what a stack might have done as well. A FIN may come with the last octets, and may be sent again; the last
/// acknowledgement of a recording may not have had the FIN yet; a reset may come without ACK, or early.
#[test]
fn few_changes_of_one_segment_are_explained() {
    let (mut all, mut text) = (0, String::new());
    for file in [PLAIN, "tcp-ping-pong.pcap", "tcp-abort-client.pcap", "tcp-fin-lost-client.pcap"] {
        let whole = recorded(file);
        for (at, segment) in whole.segments.iter().enumerate().filter(|(_, one)| one.from == C) {
            for (name, change) in CHANGES {
                let mut altered = whole.clone();
                change(&mut altered.segments[at]);
                // Without ACK the field means nothing.
                if altered == whole || !segment.has(Flags::ACK) && name.starts_with("ack") {
                    continue;
                }
                all += 1;
                if accept::follow(&altered, C, Tap::Here).end == End::Explained {
                    let _ = writeln!(text, "{file} frame {}: {name}", segment.number);
                }
            }
        }
    }
    insta::assert_snapshot!(format!("{text}of {all}"));
}
