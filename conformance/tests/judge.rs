//! The judge on the project's own captures, all of Linux: whatever it claims of them has to be true.

use conformance::judge::file::file;
use conformance::trace::capture::Problem;
use conformance::verdict::Outcome;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Deviations that are real, with the reason: file, rule.
const DEVIATIONS: &[(&str, &str)] = &[
    // A port scanner writes its segments itself.
    ("scan-christmas.pcap", "P-A9"),
    ("scan-no-flags.pcap", "P-A9"),
    // A segment without ACK was put into the connection.
    ("tcp-dropped-silently.pcap", "P-A9"),
    // Linux leaves the echo of the connection before in a SYN that takes its ports again.
    ("tcp-time-wait-client.pcap", "P-A8"),
];

/// Failures that are real, with the reason: file, rule.
const FAILURES: &[(&str, &str)] = &[
    // Fragments that overlap were made to see what becomes of them.
    ("fragments-overlap-v6.pcap", "P-I12"),
];

fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures");
    let entries = std::fs::read_dir(&folder).expect("the captures are there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

#[test]
fn no_host_of_our_captures_fails_and_known_deviations_are_found() {
    let (mut deviations, mut failures) = (BTreeSet::new(), BTreeSet::new());
    for path in captures() {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8").to_owned();
        let judged = match file(&path, None) {
            Ok(judged) => judged,
            // Some captures are there to show what can not be read.
            Err(error) => {
                assert!(!matches!(error.problem, Problem::Filter { .. }), "{error}");
                continue;
            }
        };
        for verdict in judged.report.verdicts {
            let known = FAILURES.contains(&(name.as_str(), verdict.rule.id));
            assert!(verdict.outcome != Outcome::Fail || known, "{name}: {verdict:#?}");
            failures.extend((verdict.outcome == Outcome::Fail).then(|| (name.clone(), verdict.rule.id)));
            if verdict.outcome == Outcome::Deviates {
                deviations.insert((name.clone(), verdict.rule.id));
            }
        }
    }
    for (name, rule) in DEVIATIONS {
        assert!(deviations.contains(&((*name).to_owned(), *rule)), "{rule} is no longer found in {name}");
    }
    for (name, rule) in FAILURES {
        assert!(failures.contains(&((*name).to_owned(), *rule)), "{rule} is no longer found in {name}");
    }
}

/// A capture of bare IPv4 packets, a second apart.
fn written(name: &str, packets: &[Vec<u8>]) -> PathBuf {
    const BARE_IP: u32 = 101;
    let mut bytes = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, BARE_IP] {
        bytes.extend_from_slice(&u32::to_le_bytes(word));
    }
    for (second, packet) in packets.iter().enumerate() {
        let len = packet.len() as u32;
        for word in [second as u32, 0, len, len] {
            bytes.extend_from_slice(&u32::to_le_bytes(word));
        }
        bytes.extend_from_slice(packet);
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).expect("the folder for temporary files can be written");
    path
}

/// An echo request, with the reserved flag or without.
fn echo(reserved: bool) -> Vec<u8> {
    use stack::wire::{Auto, ipv4};
    let packet = ipv4::Packet {
        src: [192, 0, 2, 1].into(),
        dst: [192, 0, 2, 2].into(),
        protocol: 1,
        ttl: 64,
        tos: 0,
        identification: 1,
        dont_fragment: false,
        more_fragments: false,
        fragment_offset_octets: 0,
        options: &[],
        payload: &[8, 0, 0xf7, 0xff, 0, 0, 0, 0],
    };
    let mut bytes = Vec::new();
    packet
        .emit_with(&ipv4::Forced { reserved_flag: Auto::Forced(reserved), ..Default::default() }, &mut bytes);
    bytes
}

fn check(arguments: &[&Path]) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_netassay"));
    let output = command.arg("check").args(arguments).output().expect("netassay runs");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn check_ends_with_what_it_found() {
    let good = written("check-good.pcap", &[echo(false)]);
    let bad = written("check-bad.pcap", &[echo(false), echo(true), echo(true)]);
    let empty = written("check-empty.pcap", &[]);
    let missing = Path::new("no such file.pcap");
    assert_eq!(check(&[&good]).0, Some(0));
    assert_eq!(check(&[&empty]).0, Some(4));
    assert_eq!(check(&[missing]).0, Some(3));
    let (code, text) = check(&[&good, &bad]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("P-I2 RFC791-3.1-e (MUST)") && text.contains("frame 2  reserved flag set"),
        "{text}"
    );
    // A file that can not be read keeps nobody from judging the others.
    let (code, text) = check(&[missing, &bad]);
    assert_eq!(code, Some(3));
    assert!(text.contains("P-I2"), "{text}");
}

#[test]
fn judging_twice_finds_the_same() {
    for path in captures() {
        let [first, second] = [(); 2].map(|()| file(&path, None).map(|judged| format!("{judged:?}")));
        if let (Ok(first), Ok(second)) = (first, second) {
            // The calibration alone holds hashes of packets; they are the same too.
            assert_eq!(first, second, "{}", path.display());
        }
    }
}
