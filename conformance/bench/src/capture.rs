//! What it costs to walk the packets of a recorded file: this project's reader beside libpcap's. Both look at
//! the lengths of each packet and at its first octet.

use crate::rounds::Took;
use conformance::trace::capture::{Batch, Capture, CaptureError};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// Octets of each packet: most of the Internet's are not much longer.
const PACKET_OCTETS: u32 = 100;

/// A file with many packets, as long as it is needed. It lies in the memory of the system.
pub(crate) struct Recorded {
    path: PathBuf,
    packets: u64,
}

impl Recorded {
    /// A file with so many packets.
    pub(crate) fn new(packets: u32) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("netassay-bench-{}.pcap", std::process::id()));
        let mut file = BufWriter::new(File::create(&path)?);
        let mut four = |number: u32| file.write_all(&number.to_le_bytes());
        for number in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, 1] {
            four(number)?;
        }
        for packet in 0..packets {
            for number in [packet / 1_000_000, packet % 1_000_000, PACKET_OCTETS, PACKET_OCTETS] {
                four(number)?;
            }
            for octets in 0..PACKET_OCTETS / 4 {
                four(packet.wrapping_add(octets))?;
            }
        }
        file.flush()?;
        Ok(Self { path, packets: packets.into() })
    }

    /// Walks over all packets in batches.
    pub(crate) fn ours(&self) -> Took {
        let mut batch = Batch::new();
        Took::of(|| {
            let walked = Capture::open(&self.path, None).and_then(|mut capture| {
                let mut sum = Sum::default();
                while capture.next_batch(&mut batch)? {
                    batch.packets().for_each(|packet| sum.add(packet.bytes, packet.wire_len));
                }
                Ok::<_, CaptureError>(sum)
            });
            self.checked(&walked.unwrap_or_default())
        })
    }

    /// The same through libpcap.
    pub(crate) fn theirs(&self) -> Took {
        Took::of(|| {
            let mut sum = Sum::default();
            if let Ok(mut capture) = pcap::Capture::from_file(&self.path) {
                while let Ok(packet) = capture.next_packet() {
                    sum.add(packet.data, packet.header.len);
                }
            }
            self.checked(&sum)
        })
    }

    /// Both have to see all packets.
    fn checked(&self, sum: &Sum) -> u64 {
        let octets = self.packets * u64::from(PACKET_OCTETS);
        assert!(sum.packets == self.packets && sum.octets == octets && sum.firsts > 0, "packets are missing");
        sum.packets
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// What was seen of the packets.
#[derive(Default)]
struct Sum {
    packets: u64,
    octets: u64,
    firsts: u64,
}

impl Sum {
    fn add(&mut self, bytes: &[u8], wire_len: u32) {
        self.packets += 1;
        self.octets += u64::from(wire_len);
        self.firsts += bytes.first().copied().map_or(0, u64::from);
    }
}
