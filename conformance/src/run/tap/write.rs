//! floor 8: recordings as capture files, for others to read: pcap and pcapng, times in nanoseconds.

use super::Recording;
use crate::trace::Link;

/// The numbers of link types in files.
const ETHERNET: u16 = 1;
const RAW_IP: u16 = 101;

/// Octets of a packet that are kept.
const SNAP_OCTETS: u32 = 262_144;

fn link_type(recording: &Recording) -> u16 {
    match recording.link {
        Link::Ethernet => ETHERNET,
        Link::Ip => RAW_IP,
    }
}

fn word(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn words(out: &mut Vec<u8>, words: &[u32]) {
    words.iter().for_each(|word| out.extend(word.to_le_bytes()));
}

/// The recording as a pcap file.
pub fn pcap(recording: &Recording) -> Vec<u8> {
    const SECOND: u64 = 1_000_000_000;
    let mut out = Vec::new();
    words(&mut out, &[0xa1b2_3c4d, 0x0004_0002, 0, 0, SNAP_OCTETS, link_type(recording).into()]);
    for shot in &recording.shots {
        let (nanos, octets) = (shot.at.as_nanos(), word(shot.bytes.len() as u64));
        words(&mut out, &[word(nanos / SECOND), word(nanos % SECOND), octets, shot.wire_len]);
        out.extend(&shot.bytes);
    }
    out
}

/// The recording as a pcapng file.
pub fn pcapng(recording: &Recording) -> Vec<u8> {
    let mut out = Vec::new();
    block(&mut out, 0x0a0d_0d0a, |body| words(body, &[0x1a2b_3c4d, 1, u32::MAX, u32::MAX]));
    block(&mut out, 1, |body| {
        words(body, &[link_type(recording).into(), SNAP_OCTETS]);
        // The resolution of times is ten to the power of minus nine.
        words(body, &[0x0001_0009, 9, 0]);
    });
    for shot in &recording.shots {
        block(&mut out, 6, |body| {
            let nanos = shot.at.as_nanos();
            let octets = word(shot.bytes.len() as u64);
            words(body, &[0, word(nanos >> 32), word(nanos & u64::from(u32::MAX)), octets, shot.wire_len]);
            body.extend(&shot.bytes);
        });
    }
    out
}

/// A block with its length at both ends.
fn block(out: &mut Vec<u8>, kind: u32, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::new();
    fill(&mut body);
    body.resize(body.len().next_multiple_of(4), 0);
    let octets = word(body.len() as u64 + 12);
    words(out, &[kind, octets]);
    out.extend(body);
    words(out, &[octets]);
}
