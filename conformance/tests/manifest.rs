//! The captures and their manifest agree, and the corpus holds what it must.
#![allow(missing_docs, reason = "a test is not a public item")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

const MOST_OCTETS: u64 = 10_000_000;
const FEWEST_CAPTURES: usize = 30;

/// What the corpus must show at least once. A phenomenon that loses its last capture fails here.
const REQUIRED: &str = "\
    http ipv4 ipv6 tcp udp parallel refused abort rst close-unread half-close client-closes-first \
    server-closes-first simultaneous-open simultaneous-close keepalive zero-window window-probe urgent \
    bulk loss reorder duplicate syn-lost syn-ack-lost handshake-ack-lost fin-lost last-ack-lost \
    syn-retransmission timeout backoff fast-retransmit tail-loss small-mss no-timestamps no-sack \
    no-window-scale nagle nodelay request-response time-wait-reuse ecn dscp path-mtu offload padding \
    fragments overlap reassembly-timeout dns port-unreachable arp arp-unanswered arp-gratuitous nd dad rs ra \
    ping icmpv4 icmpv6 time-exceeded scan odd-flags nanoseconds big-endian pcapng several-interfaces raw-ip \
    null-link linux-sll linux-sll2 loopback unfilled-checksum vlan snap-length mid-connection \
    one-direction cut-file empty challenge-ack outside-window bad-checksum backlog fast-open empty-datagram \
    no-checksum unreachable mixed-links";
/// What must be there over both versions of IP.
const REQUIRED_TWICE: &str = "\
    http refused abort bulk loss path-mtu scan port-unreachable fragments overlap";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    capture: Vec<Capture>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Capture {
    file: String,
    scene: String,
    shows: String,
    tags: Vec<String>,
    tap: String,
    link: String,
    format: String,
    replay: bool,
    why_not: Option<String>,
    role: Option<String>,
    kernel: String,
    tool: String,
    licence: String,
    sha256: String,
    origin: String,
}

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora")
}

fn manifest() -> Vec<Capture> {
    let text = std::fs::read_to_string(corpora().join("MANIFEST.toml")).expect("corpora/MANIFEST.toml");
    toml::from_str::<Manifest>(&text).expect("the manifest has the columns of this test").capture
}

fn octets(file: &str) -> Vec<u8> {
    std::fs::read(corpora().join("captures").join(file)).unwrap_or_else(|trouble| panic!("{file}: {trouble}"))
}

#[test]
fn the_manifest_lists_the_files_that_there_are() {
    let listed: Vec<String> = manifest().into_iter().map(|capture| capture.file).collect();
    let mut present: Vec<String> = std::fs::read_dir(corpora().join("captures"))
        .expect("corpora/captures")
        .map(|entry| entry.expect("a readable folder").file_name().into_string().expect("an ASCII name"))
        .collect();
    present.sort();
    assert_eq!(listed, present, "listed on the left, in the order of their names; present on the right");
}

#[test]
fn every_file_is_the_one_that_was_recorded() {
    for capture in manifest() {
        assert_eq!(sha256(&octets(&capture.file)), capture.sha256, "{}", capture.file);
    }
}

#[test]
fn the_corpus_is_large_enough_and_small_enough() {
    let captures = manifest();
    let total: u64 = captures.iter().map(|capture| octets(&capture.file).len() as u64).sum();
    assert!(captures.len() >= FEWEST_CAPTURES, "{} captures", captures.len());
    assert!(total < MOST_OCTETS, "{total} octets");
}

#[test]
fn every_row_is_complete() {
    for capture in manifest() {
        let file = &capture.file;
        assert_eq!(capture.why_not.is_some(), !capture.replay, "{file}: why_not is for what is not replayed");
        assert!(capture.role.is_none() || capture.replay, "{file}: a role is for what is replayed");
        assert!(capture.role.is_none_or(|role| role == "client" || role == "server"), "{file}: role");
        assert_eq!(capture.licence, "MIT OR Apache-2.0", "{file}");
        assert!(file.starts_with(&capture.scene), "{file}: scene {}", capture.scene);
        let texts =
            [&capture.shows, &capture.tap, &capture.link, &capture.kernel, &capture.tool, &capture.origin];
        assert!(texts.iter().all(|text| !text.is_empty()), "{file}: an empty column");
        assert!(capture.origin.contains("tcpdump"), "{file}: the origin says how it was recorded");
        assert!(capture.shows.ends_with('.'), "{file}: `shows` is a sentence");
    }
}

#[test]
fn the_format_is_what_the_first_octets_say() {
    for capture in manifest() {
        let said = match octets(&capture.file)[..4] {
            [0xD4, 0xC3, 0xB2, 0xA1] | [0xA1, 0xB2, 0xC3, 0xD4] => "pcap-us",
            [0x4D, 0x3C, 0xB2, 0xA1] | [0xA1, 0xB2, 0x3C, 0x4D] => "pcap-ns",
            [0x0A, 0x0D, 0x0D, 0x0A] => "pcapng",
            ref other => panic!("{}: begins with {other:02x?}", capture.file),
        };
        assert_eq!(said, capture.format, "{}", capture.file);
    }
}

#[test]
fn every_required_phenomenon_is_shown() {
    let mut shown: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let captures = manifest();
    for capture in &captures {
        for tag in &capture.tags {
            let versions = shown.entry(tag).or_default();
            versions.extend(capture.tags.iter().map(String::as_str).filter(|tag| tag.starts_with("ipv")));
        }
    }
    let missing: Vec<_> = REQUIRED.split(' ').filter(|tag| !shown.contains_key(tag)).collect();
    assert!(missing.is_empty(), "no capture shows {missing:?}");
    let lopsided: Vec<_> = REQUIRED_TWICE.split(' ').filter(|tag| shown[tag].len() < 2).collect();
    assert!(lopsided.is_empty(), "over one version of IP only: {lopsided:?}");
}

#[test]
fn most_captures_can_be_replayed() {
    let captures = manifest();
    let replayed = captures.iter().filter(|capture| capture.replay).count();
    assert!(replayed * 2 > captures.len(), "{replayed} of {}", captures.len());
}

/// FIPS 180-4 in the shortest form; a dependency for one test would cost more than these lines.
fn sha256(message: &[u8]) -> String {
    let constants = fractions_of_roots(64, 3);
    let mut state: Vec<u32> = fractions_of_roots(8, 2);
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize((padded.len() + 8).next_multiple_of(64) - 8, 0);
    padded.extend((message.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        let mut words: Vec<u32> = block
            .chunks_exact(4)
            .map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]))
            .collect();
        for at in 16..64 {
            let (early, late) = (words[at - 15], words[at - 2]);
            let first = early.rotate_right(7) ^ early.rotate_right(18) ^ (early >> 3);
            let second = late.rotate_right(17) ^ late.rotate_right(19) ^ (late >> 10);
            words.push(words[at - 16].wrapping_add(first).wrapping_add(words[at - 7]).wrapping_add(second));
        }
        let mut v = state.clone();
        for (word, constant) in words.iter().zip(&constants) {
            let mix = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
            let choice = (v[4] & v[5]) ^ (!v[4] & v[6]);
            let one = [mix, choice, *constant, *word].iter().fold(v[7], |sum, part| sum.wrapping_add(*part));
            let spread = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
            let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(one);
            v[0] = one.wrapping_add(spread).wrapping_add(majority);
        }
        state.iter_mut().zip(v).for_each(|(sum, part)| *sum = sum.wrapping_add(part));
    }
    state.iter().map(|word| format!("{word:08x}")).collect()
}

/// The first 32 bits of the fractions of the `root`th roots of the first `count` primes, which is where
/// SHA-256 has its constants from. In integers: the largest `r` with `r^root <= prime * 2^(32 * root)`.
fn fractions_of_roots(count: usize, root: u32) -> Vec<u32> {
    let primes = (2_u128..).filter(|number| (2..*number).all(|divisor| number % divisor != 0));
    let fraction = |prime: u128| {
        let bits = (0..37).rev();
        let whole = bits.fold(0_u128, |found, bit| {
            let tried = found | 1 << bit;
            if tried.pow(root) <= prime << (32 * root) { tried } else { found }
        });
        (whole & 0xFFFF_FFFF) as u32
    };
    primes.take(count).map(fraction).collect()
}

#[test]
fn sha256_gives_the_published_values() {
    assert_eq!(sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let two_blocks = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    assert_eq!(sha256(two_blocks), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}
