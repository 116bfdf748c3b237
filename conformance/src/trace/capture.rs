//! floor 6: recorded traffic, read from pcap and pcapng files, compressed or not; times to the nanosecond.
//!
//! A capture is input from anywhere: nothing in it is trusted, and whatever is wrong with it ends in one line
//! that says what, which file, and how to mend it. Files of any size are read in bounded memory.

mod batch;
mod commented;
mod failure;
mod filter;
mod input;
mod link;
mod look;
mod losses;
mod order;
mod packet;
mod pcap;
mod pcapng;
mod reader;
mod step;
mod unpack;

pub use batch::Batch;
pub use commented::{CopyError, commented};
pub use failure::{CaptureError, Cut, Problem};
pub use link::{LinkError, LinkType, NetworkStart, network_layer};
pub use look::{Compression, Look};
pub use losses::Losses;
pub use packet::{Direction, Network, Packet};
pub use pcapng::Interface;

use filter::Filter;
use input::Input;
use reader::{End, Reader};
use std::io::Cursor;
use std::path::Path;

/// An open capture file.
///
/// ```no_run
/// # use conformance::trace::capture::{Capture, CaptureError};
/// # fn main() -> Result<(), CaptureError> {
/// let mut capture = Capture::open("trace.pcap".as_ref(), Some("tcp port 80"))?;
/// while let Some(packet) = capture.next_packet()? {
///     println!("{} {}", packet.number, packet.at);
/// }
/// if let Some(cut) = capture.cut() {
///     eprintln!("{cut}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct Capture {
    file: String,
    reader: Reader,
    /// Packets that were read and not yet delivered, from `next` on.
    batch: Batch,
    next: usize,
    /// Frames before what is delivered next.
    frames: u64,
    cut: Option<Cut>,
    ended: bool,
}

impl Capture {
    /// Opens the capture at `path`, or standard input if the path is `-`. With a filter (pcap-filter(7)) only
    /// packets that it matches are delivered; it sees the recorded octets, so that `len` means recorded
    /// length.
    ///
    /// # Errors
    /// Everything that [`Problem`] names, except what only a later packet can show.
    pub fn open(path: &Path, filter: Option<&str>) -> Result<Self, CaptureError> {
        let name = if path == Path::new("-") { "standard input".into() } else { path.to_string_lossy() };
        Self::named(&name, Input::open(path), filter)
    }

    /// Reads a capture from octets that are there already.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_octets(name: &str, octets: Vec<u8>, filter: Option<&str>) -> Result<Self, CaptureError> {
        Self::named(name, Input::of(Box::new(Cursor::new(octets)), true), filter)
    }

    fn named(name: &str, input: Result<Input, Problem>, filter: Option<&str>) -> Result<Self, CaptureError> {
        let file = failure::printable(name);
        match input.and_then(|input| Self::begin(input, filter)) {
            Ok(capture) => Ok(Self { file, ..capture }),
            Err(problem) => Err(CaptureError { file, problem }),
        }
    }

    /// Reads the first packets: what is wrong with the beginning shows there.
    fn begin(input: Input, filter: Option<&str>) -> Result<Self, Problem> {
        let filter = filter.map(|expression| Filter::new(expression.to_owned()));
        let mut reader = Reader::new(input, filter)?;
        let mut batch = Batch::new();
        reader.fill(&mut batch);
        if let Some(End::Problem(problem @ (Problem::Header { .. } | Problem::LinkType { .. }))) = &reader.end
        {
            return Err(problem.clone());
        }
        reader.check_filter()?;
        let file = String::new();
        Ok(Self { file, reader, batch, next: 0, frames: 0, cut: None, ended: false })
    }

    /// The next packet, or nothing at the end of the file. After an error there is nothing more.
    ///
    /// A file that is cut in the middle of a record ends there without an error; [`Self::cut`] tells.
    ///
    /// # Errors
    /// [`Problem::Damaged`], [`Problem::Unreadable`], and [`Problem::LinkType`] of a pcapng file none of
    /// whose interfaces has a link type that is known.
    pub fn next_packet(&mut self) -> Result<Option<Packet<'_>>, CaptureError> {
        if self.next >= self.batch.len() {
            self.next = 0;
            self.reader.fill(&mut self.batch);
        }
        if self.batch.is_empty() {
            return self.finish().map(|()| None);
        }
        let packet = self.batch.packet(self.next);
        self.next += 1;
        self.frames = packet.map_or(self.frames, |packet| packet.number);
        Ok(packet)
    }

    /// Fills `batch` with the next packets, about a megabyte of them, and says whether there were any.
    /// Batches that are filled again and again keep their memory. After an error there is nothing more.
    ///
    /// # Errors
    /// As [`Self::next_packet`].
    pub fn next_batch(&mut self, batch: &mut Batch) -> Result<bool, CaptureError> {
        if self.next < self.batch.len() {
            self.batch.places.drain(..self.next);
            std::mem::swap(batch, &mut self.batch);
            self.batch.places.clear();
        } else {
            self.reader.fill(batch);
        }
        self.next = 0;
        if batch.is_empty() {
            return self.finish().map(|()| false);
        }
        self.frames = batch.places.last().map_or(self.frames, |place| place.number);
        Ok(true)
    }

    /// All packets are delivered: says why there are no more, the first time.
    fn finish(&mut self) -> Result<(), CaptureError> {
        self.frames = self.reader.frames();
        if std::mem::replace(&mut self.ended, true) {
            return Ok(());
        }
        match &self.reader.end {
            None | Some(End::Whole) => Ok(()),
            Some(End::Cut(reason)) => {
                let reason = reason.clone();
                self.cut = Some(Cut { file: self.file.clone(), frames: self.frames, reason });
                Ok(())
            }
            Some(End::Problem(problem)) => {
                Err(CaptureError { file: self.file.clone(), problem: problem.clone() })
            }
        }
    }

    /// The file as it is named in messages.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What the file is compressed with.
    pub const fn compression(&self) -> Option<Compression> {
        self.reader.compression
    }

    /// Frames delivered so far, and those that the filter held back between them.
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// How many frames read so far claim to be earlier than the one before them. Reading is a batch ahead of
    /// what is delivered.
    pub const fn backwards(&self) -> u64 {
        self.reader.backwards()
    }

    /// Octets of the file that were read so far, before decompression; nothing of standard input.
    pub fn octets(&self) -> u64 {
        self.reader.taken().octets()
    }

    /// How many octets the file has, if it is an ordinary one.
    pub fn size_octets(&self) -> Option<u64> {
        self.reader.taken().size_octets
    }

    /// What the file says was lost, as far as it is read. Reading is a batch ahead of what is delivered.
    pub fn losses(&self) -> Losses {
        self.reader.losses()
    }

    /// The interfaces of the section of the file that is being read; those of the first section once it is
    /// opened. A pcap file has one.
    pub fn interfaces(&self) -> Vec<Interface> {
        self.reader.interfaces()
    }

    /// Where the file is cut, once the packets before have been delivered.
    pub const fn cut(&self) -> Option<&Cut> {
        self.cut.as_ref()
    }
}

#[cfg(test)]
mod tests;
