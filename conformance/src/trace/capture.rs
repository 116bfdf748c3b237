//! floor 6: recorded traffic, read through libpcap: pcap and pcapng, times to the microsecond or nanosecond.
//!
//! A capture is input from anywhere: nothing in it is trusted, and whatever is wrong with it ends in one line
//! that says what, which file, and how to mend it.

mod failure;
mod link;
mod look;

pub use failure::{CaptureError, Cut, Problem};
pub use link::{LinkError, LinkType, NetworkStart, network_layer};
pub use look::Look;

use pcap::{BpfProgram, Offline, Precision};
use stack::base::Instant;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Octets at the start of a file that tell what it is.
const LOOK_LEN: u64 = 512;

/// One recorded packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Frame number as Wireshark counts: the first of the file is 1, whatever the filter lets through.
    pub number: u64,
    /// Time since the first packet of the file. A packet that claims to be earlier than that is at zero.
    pub at: Instant,
    /// Time since 1970, in nanoseconds, as recorded; it saturates at the ends of its range.
    pub epoch_ns: i64,
    /// The octets that were recorded.
    pub bytes: &'a [u8],
    /// Length on the wire in octets, never less than `bytes` has.
    pub wire_len: u32,
}

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
    source: pcap::Capture<Offline>,
    filter: Option<BpfProgram>,
    link: LinkType,
    /// The octets of the latest packet.
    bytes: Vec<u8>,
    frames: u64,
    first_ns: i64,
    latest_ns: i64,
    backwards: u64,
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
        let file = if path == Path::new("-") {
            "standard input".to_owned()
        } else {
            failure::printable(&path.display().to_string())
        };
        let refuse = |problem| CaptureError { file: file.clone(), problem };
        let head = if path == Path::new("-") { None } else { Some(head(path).map_err(refuse)?) };
        let name = path.to_str().ok_or_else(|| refuse(Problem::NameNotText))?;
        let source = pcap::Capture::from_file_with_precision(name, Precision::Nano)
            .map_err(|error| refuse(Problem::of_header(&failure::reason(&error), head.as_deref())))?;
        let number = source.get_datalink();
        let link = LinkType::from_number(number.0)
            .ok_or_else(|| refuse(Problem::LinkType { number: number.0, name: number.get_name().ok() }))?;
        let filter = filter.map(|expression| {
            source.compile(expression, true).map_err(|error| {
                refuse(Problem::Filter { expression: expression.to_owned(), reason: failure::reason(&error) })
            })
        });
        let filter = filter.transpose()?;
        Ok(Self {
            file,
            source,
            filter,
            link,
            bytes: Vec::new(),
            frames: 0,
            first_ns: 0,
            latest_ns: i64::MIN,
            backwards: 0,
            cut: None,
            ended: false,
        })
    }

    /// The next packet, or nothing at the end of the file. After an error there is nothing more.
    ///
    /// A file that is cut in the middle of a record ends there without an error; [`Self::cut`] tells.
    ///
    /// # Errors
    /// [`Problem::InterfacesDiffer`] and [`Problem::Damaged`].
    pub fn next_packet(&mut self) -> Result<Option<Packet<'_>>, CaptureError> {
        while !self.ended {
            let raw = match self.source.next_packet() {
                Ok(raw) => raw,
                Err(error) => {
                    self.ended = true;
                    return self.end(&error).map(|()| None);
                }
            };
            let epoch_ns = epoch_ns(raw.header.ts.tv_sec, raw.header.ts.tv_usec);
            self.frames += 1;
            if self.frames == 1 {
                self.first_ns = epoch_ns;
            }
            self.backwards += u64::from(epoch_ns < self.latest_ns);
            self.latest_ns = epoch_ns;
            if self.filter.as_ref().is_some_and(|filter| !filter.filter(raw.data)) {
                continue;
            }
            let wire_len = raw.header.len.max(raw.header.caplen);
            self.bytes.clear();
            self.bytes.extend_from_slice(raw.data);
            let at = Instant::from_nanos(u64::try_from(epoch_ns.saturating_sub(self.first_ns)).unwrap_or(0));
            return Ok(Some(Packet { number: self.frames, at, epoch_ns, bytes: &self.bytes, wire_len }));
        }
        Ok(None)
    }

    /// What the end of the packets means, given what libpcap says of it.
    fn end(&mut self, error: &pcap::Error) -> Result<(), CaptureError> {
        if *error == pcap::Error::NoMorePackets {
            return Ok(());
        }
        let reason = failure::reason(error);
        if failure::is_cut(&reason) {
            self.cut = Some(Cut { file: self.file.clone(), frames: self.frames, reason });
            return Ok(());
        }
        Err(CaptureError { file: self.file.clone(), problem: Problem::of_record(&reason, self.frames) })
    }

    /// How the frames begin.
    pub const fn link(&self) -> LinkType {
        self.link
    }

    /// The file as it is named in messages.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Frames read so far, those that the filter held back included.
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// How many frames so far claim to be earlier than the one before them.
    pub const fn backwards(&self) -> u64 {
        self.backwards
    }

    /// Where the file is cut, once the packets before have been read.
    pub const fn cut(&self) -> Option<&Cut> {
        self.cut.as_ref()
    }
}

/// The first octets of a file; nothing of what is no ordinary file and could be read only once.
fn head(path: &Path) -> Result<Vec<u8>, Problem> {
    let about = std::fs::metadata(path).map_err(Problem::of_system)?;
    let mut head = Vec::new();
    if about.is_dir() {
        return Err(Problem::Folder);
    }
    if about.is_file() {
        let file = File::open(path).map_err(Problem::of_system)?;
        file.take(LOOK_LEN).read_to_end(&mut head).map_err(Problem::of_system)?;
        if head.is_empty() {
            return Err(Problem::Empty);
        }
    }
    Ok(head)
}

/// Nanoseconds since 1970. What libpcap puts into the field for microseconds is nanoseconds here, and a
/// hostile file has more of them than a second.
fn epoch_ns(seconds: i64, nanos: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

#[cfg(test)]
mod tests;
