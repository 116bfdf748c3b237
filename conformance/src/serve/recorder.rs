//! floor 8: what passed the device, written as a pcap file with times to the nanosecond.

use crate::host::Fault;
use crate::trace::Link;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Tells the order of octets, and that times are in nanoseconds.
const MAGIC: u32 = 0xa1b2_3c4d;
const VERSION: [u16; 2] = [2, 4];
const SNAP_OCTETS: u32 = 262_144;

/// A file in the making.
#[derive(Debug)]
pub(super) struct Recorder {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Recorder {
    /// Makes the file and writes its header.
    ///
    /// # Errors
    /// [`Fault::Env`] if it cannot be written.
    pub(super) fn create(path: &Path, link: Link) -> Result<Self, Fault> {
        let file = File::create(path).map_err(|error| lost(path, &error))?;
        let mut recorder = Self { path: path.to_owned(), file: BufWriter::new(file) };
        let network: u32 = match link {
            Link::Ethernet => 1,
            Link::Ip => 101,
        };
        let mut head = Vec::with_capacity(24);
        head.extend(MAGIC.to_le_bytes());
        head.extend(VERSION.iter().flat_map(|part| part.to_le_bytes()));
        // The zone and the accuracy, which nobody uses.
        head.extend([0; 8]);
        head.extend(SNAP_OCTETS.to_le_bytes());
        head.extend(network.to_le_bytes());
        recorder.write(&head)?;
        Ok(recorder)
    }

    /// A frame passed, so long after 1970.
    ///
    /// # Errors
    /// [`Fault::Env`] if the file cannot be written.
    pub(super) fn frame(&mut self, at: Duration, frame: &[u8]) -> Result<(), Fault> {
        let octets = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        let seconds = u32::try_from(at.as_secs()).unwrap_or(u32::MAX);
        let head = [seconds, at.subsec_nanos(), octets, octets].map(u32::to_le_bytes);
        self.write(head.as_flattened())?;
        self.write(frame)
    }

    /// Writes out what waits.
    ///
    /// # Errors
    /// [`Fault::Env`] if the file cannot be written.
    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        self.file.flush().map_err(|error| lost(&self.path, &error))
    }

    fn write(&mut self, octets: &[u8]) -> Result<(), Fault> {
        self.file.write_all(octets).map_err(|error| lost(&self.path, &error))
    }
}

fn lost(path: &Path, error: &io::Error) -> Fault {
    Fault::Env(format!("{} cannot be written: {error}; --record wants a file that can be", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::capture::Capture;
    use std::fs;

    #[test]
    fn what_is_written_reads_back() {
        let path = std::env::temp_dir().join(format!("netassay-recorder-{}.pcap", std::process::id()));
        let frames: [&[u8]; 3] = [&[0x45; 20], &[0x60; 1500], &[]];
        let mut recorder = Recorder::create(&path, Link::Ip).expect("a file");
        for (number, frame) in frames.iter().enumerate() {
            recorder.frame(Duration::new(1_000_000_000, 7 * number as u32), frame).expect("a frame");
        }
        recorder.finish().expect("the end");
        let mut capture = Capture::open(&path, None).expect("a capture");
        for (number, frame) in frames.iter().enumerate() {
            let packet = capture.next_packet().expect("sound").expect("a packet");
            assert_eq!((packet.bytes, packet.at.as_nanos()), (*frame, 7 * number as u64));
        }
        assert!(capture.next_packet().expect("sound").is_none());
        fs::remove_file(&path).expect("it was there");
    }
}
