//! However many threads judge a capture, the report is the same.

use super::*;
use quickcheck::quickcheck;
use stack::wire::tcp_option::Options;
use stack::wire::{ipv4, tcp, udp};
use std::net::Ipv4Addr;
use std::path::PathBuf;

const THREADS: [usize; 4] = [1, 2, 3, 8];

/// So little room that nearly everything has to go.
const TINY: Bounds = Bounds { connections: 2, hosts: 1, pairs: 1, findings: 2, of_a_rule: 1 };

fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures");
    let entries = std::fs::read_dir(&folder).expect("the captures are there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn reports(name: &str, octets: &[u8], bounds: Bounds) -> Vec<String> {
    let judged = |threads| {
        let capture = Capture::from_octets(name, octets.to_vec(), None).ok()?;
        Some(format!("{:#?}", bounded(capture, Manner { threads, ..Manner::default() }, bounds)))
    };
    THREADS.into_iter().filter_map(judged).collect()
}

#[test]
fn the_number_of_threads_does_not_show() {
    let mut judged = 0;
    for path in captures() {
        let octets = std::fs::read(&path).expect("a capture can be read");
        for bounds in [Bounds::USUAL, TINY] {
            let reports = reports(&path.display().to_string(), &octets, bounds);
            judged += reports.len();
            assert!(reports.windows(2).all(|pair| pair[0] == pair[1]), "{}", path.display());
        }
    }
    assert!(judged > 100, "{judged}");
}

/// A packet of some conversation, by dice: who to whom, what, and when.
type Cast = (u8, u8, u16, u32, u32);

fn packet(&(hosts, ports, flags, numbers, _): &Cast) -> Vec<u8> {
    let [client, server] = [[10, 0, 0, hosts & 3], [10, 0, 1, hosts >> 2 & 1]].map(Ipv4Addr::from);
    let [low, high] = [1_000 + u16::from(ports & 7), 80];
    let from_client = hosts & 0x80 == 0;
    let (src, dst) = if from_client { (client, server) } else { (server, client) };
    let (src_port, dst_port) = if from_client { (low, high) } else { (high, low) };
    let mut payload = Vec::new();
    let protocol = if ports & 0xe0 == 0 { 17 } else { 6 };
    if protocol == 17 {
        let datagram = udp::Datagram { src_port, dst_port, payload: &numbers.to_be_bytes() };
        datagram.emit(src.into(), dst.into(), &mut payload);
    } else {
        let segment = tcp::Segment {
            src_port,
            dst_port,
            seq: numbers >> 28,
            ack: numbers >> 24 & 15,
            flags: tcp::Flags(flags & 0x3f),
            window: 1_000,
            urgent_pointer: 0,
            options: Options::NONE,
            payload: &[7; 16][..(numbers & 15) as usize],
        };
        segment.emit(src.into(), dst.into(), &mut payload);
    }
    // Some are damaged.
    if let (0, Some(octet)) = (flags >> 12, payload.last_mut()) {
        *octet ^= 0x5a;
    }
    let packet = ipv4::Packet {
        src,
        dst,
        protocol,
        ttl: 64,
        tos: 0,
        identification: flags >> 6 & 0x1f,
        dont_fragment: true,
        more_fragments: flags >> 11 == 0,
        fragment_offset_octets: 0,
        options: &[],
        payload: &payload,
    };
    let mut bytes = Vec::new();
    packet.emit(&mut bytes);
    bytes
}

/// A pcap file with these packets. Most come soon after the one before, some after hours, and some before it.
fn written(casts: &[Cast]) -> Vec<u8> {
    const BARE_IP: u32 = 101;
    let mut octets = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, BARE_IP] {
        octets.extend_from_slice(&u32::to_le_bytes(word));
    }
    let mut second = 1_000_000_u32;
    for cast in casts {
        second = match cast.4 % 16 {
            0 => second + 90_000,
            1 => second + 300,
            2 => second - 7,
            _ => second,
        };
        let bytes = packet(cast);
        let len = bytes.len() as u32;
        for word in [second, cast.4 % 1_000_000, len, len] {
            octets.extend_from_slice(&word.to_le_bytes());
        }
        octets.extend_from_slice(&bytes);
    }
    octets
}

quickcheck! {
    fn the_number_of_threads_does_not_show_on_random_packets(casts: Vec<Cast>) -> bool {
        let octets = written(&casts);
        [Bounds::USUAL, TINY].into_iter().all(|bounds| {
            let reports = reports("random", &octets, bounds);
            reports.len() == THREADS.len() && reports.windows(2).all(|pair| pair[0] == pair[1])
        })
    }
}

#[test]
fn who_watches_can_stop() {
    let casts: Vec<Cast> = (0..10_000).map(|number| (0, 0xff, 0x10, number, 3)).collect();
    for threads in THREADS {
        let capture = Capture::from_octets("many", written(&casts), None).expect("a capture");
        let mut asked = 0;
        let mut watch = |_: Progress| {
            asked += 1;
            ControlFlow::Break(())
        };
        let manner = Manner { threads, watch: Some(&mut watch), ..Manner::default() };
        let judged = bounded(capture, manner, Bounds::USUAL);
        assert!(judged.stopped && judged.report.calibration.packets == 0);
        assert_eq!(asked, 1);
    }
}
