//! floor 8: whatever libpcap reads in a capture, the reader of this project reads as well, octet for octet.
//!
//! It reads more than libpcap does: mixed link types, several byte orders, compressed files, and records that
//! are longer than their file allows. Where both read, these differences are known:
//!
//! * libpcap cuts packets of a pcap file at the snap length of its header; here they stay whole;
//! * libpcap reads seconds and fractions of them as signed in some versions; here 2038 is no end;
//! * libpcap's arithmetic overflows for clocks finer than 2 to the power of -34 seconds;
//! * libpcap turns the identifier in CAN frames of cooked captures to its own byte order;
//! * files of link types without IP are refused here.

use super::Finding;
use crate::trace::capture::{Capture, CaptureError, Cut, Problem};
use pcap::{Offline, Precision};
use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;

/// The protocol of CAN and CAN FD in cooked captures.
const CAN: [&[u8]; 2] = [&[0, 0x0c], &[0, 0x0d]];

/// Where the protocol and the identifier of a CAN frame stand in cooked captures of both versions.
const COOKED: [(usize, usize); 2] = [(14, 16), (0, 20)];

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}

/// A file for libpcap, which reads nothing else.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let thread = format!("{:?}", std::thread::current().id());
        let number: String = thread.chars().filter(char::is_ascii_digit).collect();
        Self(std::env::temp_dir().join(format!("netassay-libpcap-{}-{number}", std::process::id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A packet as either reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    seconds: i64,
    nanos: i64,
    octets: Vec<u8>,
    wire_len: u32,
}

/// Reads the bytes as a capture, twice.
///
/// # Errors
/// If libpcap reads something that we do not, or read otherwise.
pub fn capture(bytes: &[u8]) -> Result<(), Finding> {
    let ours = Capture::from_octets("input", bytes.to_vec(), None);
    if let Ok(capture) = Capture::from_octets("input", bytes.to_vec(), Some("tcp or vlan or arp")) {
        survive(capture, bytes.len())?;
    }
    SCRATCH.with_borrow(|scratch| {
        fs::write(&scratch.0, bytes).map_err(|error| Finding::new("rig", error.to_string()))?;
        let name = scratch.0.to_str().unwrap_or_default();
        match (ours, pcap::Capture::from_file_with_precision(name, Precision::Nano)) {
            (Ok(ours), Ok(theirs)) => agree(ours, theirs, &Known::of(bytes)),
            (Ok(ours), Err(_)) => survive(ours, bytes.len()),
            (Err(_), Err(_)) => Ok(()),
            (Err(CaptureError { problem: Problem::LinkType { .. }, .. }), Ok(_)) => Ok(()),
            (Err(error), Ok(_)) => Err(Finding::new("refused", error.to_string())),
        }
    })
}

/// Reads what libpcap refuses: it has an end.
fn survive(mut capture: Capture, len: usize) -> Result<(), Finding> {
    while let Ok(Some(packet)) = capture.next_packet() {
        let _ = packet.network(true);
    }
    // Decompressed, there may be many more.
    if capture.frames() > len as u64 && capture.compression().is_none() {
        return Err(Finding::new("frames", format!("{} in {len} octets", capture.frames())));
    }
    Ok(())
}

/// What is known to differ in a file.
struct Known {
    /// A pcap file: libpcap cuts its packets there, at the two lengths.
    cut_at: Option<[usize; 2]>,
}

impl Known {
    fn of(bytes: &[u8]) -> Self {
        let snap = bytes.get(16..20).and_then(|octets| octets.try_into().ok());
        let cut_at = match (bytes.first(), snap) {
            (None | Some(0x0a), _) | (_, None) => None,
            (Some(0xa1), Some(octets)) => Some(u32::from_be_bytes(octets) as usize),
            (Some(_), Some(octets)) => Some(u32::from_le_bytes(octets) as usize),
        };
        // Kuznetzov's files have an Ethernet header more than they say.
        Self { cut_at: cut_at.map(|snap| [snap, snap.saturating_add(14)]) }
    }

    /// Whether our packet and theirs are the same.
    fn same(&self, ours: &Kept, theirs: &Kept) -> bool {
        let mut octets = ours.octets.clone();
        if self.cut_at.is_some_and(|at| at.contains(&theirs.octets.len())) {
            octets.truncate(theirs.octets.len());
        }
        for (protocol_at, identifier_at) in COOKED {
            let protocol = octets.get(protocol_at..protocol_at + 2);
            let is_can = CAN.iter().any(|can| protocol == Some(can));
            let place = identifier_at..identifier_at + 4;
            let same = octets.get(place.clone()) == theirs.octets.get(place.clone());
            if let (true, false, Some(identifier)) = (is_can, same, octets.get_mut(place)) {
                identifier.reverse();
            }
        }
        let wire_len = theirs.wire_len.max(u32::try_from(ours.octets.len()).unwrap_or(u32::MAX));
        octets == theirs.octets && ours.wire_len == wire_len && self.same_time(ours, theirs)
    }

    fn same_time(&self, ours: &Kept, theirs: &Kept) -> bool {
        let nanos = |kept: &Kept| i128::from(kept.seconds) * 1_000_000_000 + i128::from(kept.nanos);
        let (found, wanted) = (nanos(ours), nanos(theirs));
        if i64::try_from(found).is_err() || i64::try_from(wanted).is_err() {
            return true;
        }
        // Seconds and fractions beyond 31 bits are negative to some versions.
        let wrapped = [0, 1_000_000_000_i128 << 32];
        let fraction = [0, 1_i128 << 32, 1_000_i128 << 32];
        let moved = |by| found - wanted == by;
        moved(0) || self.cut_at.is_some() && wrapped.iter().any(|s| fraction.iter().any(|f| moved(s + f)))
    }
}

/// Seconds, and nanoseconds of less than one.
fn time(seconds: i64, nanos: i64) -> (i64, i64) {
    let more = nanos.div_euclid(1_000_000_000);
    (seconds.saturating_add(more), nanos.rem_euclid(1_000_000_000))
}

fn agree(mut ours: Capture, mut theirs: pcap::Capture<Offline>, known: &Known) -> Result<(), Finding> {
    let failed = |what: &str, error: String| Err(Finding::new(what, error));
    loop {
        let wanted = match theirs.next_packet() {
            Ok(packet) => {
                let (seconds, nanos) = time(packet.header.ts.tv_sec, packet.header.ts.tv_usec);
                Ok(Kept { seconds, nanos, octets: packet.data.to_vec(), wire_len: packet.header.len })
            }
            Err(error) => Err(error),
        };
        let found = ours.next_packet().map(|packet| {
            packet.map(|packet| {
                let (seconds, nanos) = time(0, packet.epoch_ns);
                Kept { seconds, nanos, octets: packet.bytes.to_vec(), wire_len: packet.wire_len }
            })
        });
        match (wanted, found) {
            (Ok(wanted), Ok(Some(found))) if known.same(&found, &wanted) => (),
            (Ok(wanted), found) => return failed("packet", format!("{found:?} instead of {wanted:?}")),
            (Err(pcap::Error::NoMorePackets), Ok(None)) => {
                return ours.cut().map_or(Ok(()), |cut: &Cut| failed("cut", cut.to_string()));
            }
            (Err(pcap::Error::NoMorePackets), more) => return failed("end", format!("{more:?}")),
            (Err(_), Ok(Some(_))) => return survive(ours, usize::MAX),
            (Err(_), Ok(None) | Err(_)) => return Ok(()),
        }
    }
}
