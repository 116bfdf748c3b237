//! Replay must be able to fail: good captures, altered in one thing, and the verdict that this must get.

use conformance::drive::replay::infer::{self, NotReplayable, Opening};
use conformance::drive::replay::packet::{self, Addressed, Upper};
use conformance::drive::replay::recording::{RecordedPacket, Recording, Side};
use conformance::host::{Host, registry};
use conformance::replay::compare::Topic;
use conformance::replay::{self, Replayed, Verdict};
use conformance::trace::capture::Capture;
use stack::wire::Auto;
use stack::wire::tcp::{self, Flags, Forced, Segment};
use std::path::Path;

fn reference() -> Box<dyn Host> {
    registry::by_name("reference").expect("the reference is built in")
}

/// The IP packets of a shipped capture.
fn packets(capture: &str) -> Vec<RecordedPacket> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures").join(capture);
    let mut capture = Capture::open(&path, None).expect("a shipped capture opens");
    let mut packets = Vec::new();
    while let Some(packet) = capture.next_packet().expect("a shipped capture reads") {
        if let Ok(network) = packet.network(false) {
            let bytes = network.bytes.to_vec();
            packets.push(RecordedPacket { number: packet.number, at: packet.at, bytes });
        }
    }
    packets
}

/// Replays the only connection of `packets` with the reference as `role`.
fn verdict(packets: &[RecordedPacket], role: Side) -> Replayed {
    let recording = Recording::extract(packets);
    let connection = recording.connections.first().expect("a connection");
    replay::connection(connection, role, reference().as_mut())
}

/// Whether a packet is a segment from that port which `wanted` accepts.
fn is(packet: &RecordedPacket, from_port: u16, mut wanted: impl FnMut(&Segment<'_>) -> bool) -> bool {
    let Some(upper) = Upper::of(&packet.bytes).filter(|upper| upper.protocol == tcp::PROTOCOL) else {
        return false;
    };
    let Ok(view) = tcp::View::read(upper.payload) else { return false };
    let segment = Segment::unchecked(&view);
    segment.src_port == from_port && wanted(&segment)
}

/// The packet again, with its segment altered and its checksums right.
fn rewritten(packet: &RecordedPacket, alter: impl Fn(&mut Segment<'_>)) -> RecordedPacket {
    let upper = Upper::of(&packet.bytes).expect("an IP packet");
    let view = tcp::View::read(upper.payload).expect("a segment");
    let mut segment = Segment::unchecked(&view);
    alter(&mut segment);
    let mut bytes = Vec::new();
    segment.emit(upper.src, upper.dst, &mut bytes);
    let header = Addressed {
        src: upper.src,
        dst: upper.dst,
        protocol: tcp::PROTOCOL,
        hop_limit: upper.hop_limit,
        traffic_class: upper.traffic_class,
    };
    RecordedPacket { bytes: packet::emit(&header, &bytes), ..packet.clone() }
}

/// Alters the first packet that `wanted` accepts; there must be one.
fn alter_first(
    packets: &mut [RecordedPacket],
    wanted: impl Fn(&RecordedPacket) -> bool,
    alter: impl Fn(&RecordedPacket) -> RecordedPacket,
) {
    let place = packets.iter_mut().find(|packet| wanted(packet)).expect("the packet to alter");
    *place = alter(place);
}

/// The packet with its last octet altered, and its checksum as it was.
fn flipped(packet: &RecordedPacket) -> RecordedPacket {
    let mut packet = packet.clone();
    if let Some(last) = packet.bytes.last_mut() {
        *last ^= 1;
    }
    packet
}

fn topics(one: &Replayed) -> Vec<Topic> {
    match &one.verdict {
        Verdict::Differs(differences) | Verdict::Stuck(_, differences) => {
            differences.iter().map(|difference| difference.topic).collect()
        }
        Verdict::Agree | Verdict::NotApplicable(_) | Verdict::Error(_) => Vec::new(),
    }
}

const CLIENT_PORT: u16 = 40001;
const SERVER_PORT: u16 = 8080;

#[test]
fn the_unaltered_captures_agree() {
    for capture in ["tcp-client-closes-first.pcap", "tcp-data-after-close.pcap", "bulk-loss-client.pcap"] {
        for role in [Side::Client, Side::Server] {
            let one = verdict(&packets(capture), role);
            assert_eq!((&one.verdict, one.cut), (&Verdict::Agree, None), "{capture} as {role}");
        }
    }
    assert_eq!(verdict(&packets("tcp-refused-v4.pcap"), Side::Server).verdict, Verdict::Agree);
}

#[test]
fn a_flipped_payload_octet_of_the_peer_is_not_taken_by_the_host() {
    let mut altered = packets("tcp-client-closes-first.pcap");
    let data = |packet: &RecordedPacket| is(packet, CLIENT_PORT, |segment| !segment.payload.is_empty());
    alter_first(&mut altered, data, flipped);
    let one = verdict(&altered, Side::Server);
    assert!(
        one.cut == Some(NotReplayable::Contradiction) || !topics(&one).is_empty(),
        "{:?} {:?}",
        one.verdict,
        one.cut
    );
}

#[test]
fn a_flipped_payload_octet_of_the_recorded_end_contradicts_its_acknowledgement() {
    let mut altered = packets("tcp-client-closes-first.pcap");
    let data = |packet: &RecordedPacket| is(packet, CLIENT_PORT, |segment| !segment.payload.is_empty());
    alter_first(&mut altered, data, flipped);
    assert_eq!(verdict(&altered, Side::Client).cut, Some(NotReplayable::Contradiction));
}

#[test]
fn copies_of_an_octet_that_differ_are_a_contradiction() {
    let mut altered = packets("bulk-loss-client.pcap");
    let mut seen = std::collections::BTreeSet::new();
    let again = altered.iter().position(|packet| {
        let mut repeated = false;
        is(packet, CLIENT_PORT, |segment| {
            repeated = segment.payload.len() > 1 && !seen.insert(segment.seq);
            true
        });
        repeated
    });
    let again = again.expect("a retransmission");
    altered[again] = rewritten(&altered[again], |segment| {
        segment.payload = Box::leak(segment.payload.iter().map(|octet| octet ^ 1).collect());
    });
    assert_eq!(verdict(&altered, Side::Client).cut, Some(NotReplayable::Contradiction));
}

#[test]
fn an_acknowledgement_of_more_than_was_ever_sent_is_stuck() {
    let mut altered = packets("tcp-client-closes-first.pcap");
    let pure = |packet: &RecordedPacket| {
        is(packet, SERVER_PORT, |segment| segment.flags == Flags::ACK && segment.payload.is_empty())
    };
    alter_first(&mut altered, pure, |packet| {
        rewritten(packet, |segment| segment.ack = segment.ack.wrapping_add(100_000))
    });
    let one = verdict(&altered, Side::Client);
    let Verdict::Stuck(stuck, _) = &one.verdict else { panic!("{:?}", one.verdict) };
    assert!(stuck.what.starts_with("peer acknowledged 101449; host sent up to"), "{}", stuck.what);
}

#[test]
fn a_missing_reset_is_noticed() {
    let mut altered = packets("tcp-data-after-close.pcap");
    let before = altered.len();
    altered.retain(|packet| !is(packet, SERVER_PORT, |segment| segment.flags.contains(Flags::RST)));
    assert!(altered.len() < before);
    assert_eq!(topics(&verdict(&altered, Side::Server)), [Topic::Reset]);
}

#[test]
fn a_reset_with_another_number_is_noticed() {
    let mut altered = packets("tcp-refused-v4.pcap");
    let reset = |packet: &RecordedPacket| is(packet, 81, |segment| segment.flags.contains(Flags::RST));
    alter_first(&mut altered, reset, |packet| {
        rewritten(packet, |segment| segment.ack = segment.ack.wrapping_add(1))
    });
    assert_eq!(topics(&verdict(&altered, Side::Server)), [Topic::Reset]);
}

#[test]
fn a_moved_fin_is_noticed() {
    let mut altered = packets("tcp-client-closes-first.pcap");
    let fin = |packet: &RecordedPacket| is(packet, CLIENT_PORT, |segment| segment.flags.contains(Flags::FIN));
    alter_first(&mut altered, fin, |packet| {
        rewritten(packet, |segment| segment.seq = segment.seq.wrapping_sub(3))
    });
    let one = verdict(&altered, Side::Client);
    assert_eq!(topics(&one), [Topic::Fin], "{:?}", one.verdict);
}

#[test]
fn a_closed_port_is_noticed() {
    let recording = Recording::extract(&packets("tcp-client-closes-first.pcap"));
    let connection = recording.connections.first().expect("a connection");
    let mut application = infer::application(connection, Side::Server);
    application.opening = Opening::NoListener;
    application.actions.clear();
    let mut one = replay::connection(connection, Side::Server, reference().as_mut());
    assert_eq!(one.verdict, Verdict::Agree);
    one.trace.events.clear();
    replay::connection_as(connection, &application, reference().as_mut(), &mut one);
    assert!(topics(&one).contains(&Topic::Opening), "{:?}", one.verdict);
}

#[test]
fn a_wrong_checksum_of_the_peer_stays_wrong_in_the_replay() {
    let mut altered = packets("tcp-client-closes-first.pcap");
    let data = |packet: &RecordedPacket| is(packet, CLIENT_PORT, |segment| !segment.payload.is_empty());
    alter_first(&mut altered, data, |packet| {
        let upper = Upper::of(&packet.bytes).expect("an IP packet");
        let view = tcp::View::read(upper.payload).expect("a segment");
        let forced = Forced { checksum: Auto::Forced(view.checksum() ^ 0x1111), ..Forced::default() };
        let mut bytes = Vec::new();
        Segment::unchecked(&view).emit_with(&forced, upper.src, upper.dst, &mut bytes);
        let header = Addressed {
            src: upper.src,
            dst: upper.dst,
            protocol: tcp::PROTOCOL,
            hop_limit: upper.hop_limit,
            traffic_class: upper.traffic_class,
        };
        RecordedPacket { bytes: packet::emit(&header, &bytes), ..packet.clone() }
    });
    let one = verdict(&altered, Side::Server);
    assert!(one.cut == Some(NotReplayable::Contradiction) || !topics(&one).is_empty());
}
