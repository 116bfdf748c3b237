//! floor 6: what can be wrong with a capture file, each in one line that says how to mend it.

use super::link::LinkType;
use super::look::Look;
use std::fmt;
use std::io;

/// A capture that cannot be read, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureError {
    /// The file, as it was named.
    pub file: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a capture file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing has this name.
    NoSuchFile,
    /// The system does not let us read it.
    NotPermitted,
    /// It is a folder.
    Folder,
    /// Its name is not UTF-8, which libpcap's binding needs.
    NameNotText,
    /// It has no octets at all.
    Empty,
    /// The system failed to read it.
    Unreadable {
        /// The system's words.
        reason: String,
    },
    /// It is something else.
    NotACapture(Look),
    /// It begins as a capture, but its header is cut or makes no sense.
    Header {
        /// libpcap's words.
        reason: String,
    },
    /// Its frames are of a kind that is not known here.
    LinkType {
        /// libpcap's number of the link type.
        number: i32,
        /// libpcap's name of it.
        name: Option<String>,
    },
    /// A pcapng file whose interfaces differ, which libpcap does not read.
    InterfacesDiffer {
        /// In what they differ.
        what: Difference,
        /// Frames read before.
        frames: u64,
    },
    /// A record makes no sense.
    Damaged {
        /// Frames read before.
        frames: u64,
        /// libpcap's words.
        reason: String,
    },
    /// The filter is not one.
    Filter {
        /// The filter.
        expression: String,
        /// libpcap's words.
        reason: String,
    },
}

/// In what the interfaces of a pcapng file differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Their frames begin in different ways.
    LinkType,
    /// They keep different amounts of each frame.
    SnapLength,
}

/// Where a file ends in the middle of a record. What came before is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The file, as it was named.
    pub file: String,
    /// Frames before the cut.
    pub frames: u64,
    /// libpcap's words.
    pub reason: String,
}

/// libpcap's own words, without those of its binding.
pub(super) fn reason(error: &pcap::Error) -> String {
    let said = match error {
        pcap::Error::PcapError(said) => said.clone(),
        pcap::Error::MalformedError(_)
        | pcap::Error::InvalidString
        | pcap::Error::InvalidLinktype
        | pcap::Error::TimeoutExpired
        | pcap::Error::NoMorePackets
        | pcap::Error::NonNonBlock
        | pcap::Error::InsufficientMemory
        | pcap::Error::InvalidInputString
        | pcap::Error::IoError(_)
        | pcap::Error::InvalidRawFd
        | pcap::Error::ErrnoError(_)
        | pcap::Error::BufferOverflow => error.to_string(),
    };
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether libpcap says that the file ends too early.
pub(super) fn is_cut(reason: &str) -> bool {
    reason.starts_with("truncated ")
}

/// A name or an expression on one line: control characters are written as escapes.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// A file's name as a shell takes it.
fn quoted(file: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._/+=:@%,-".contains(letter);
    if file.chars().all(plain) { file.to_owned() } else { format!("'{}'", file.replace('\'', r"'\''")) }
}

impl Problem {
    /// Why the system could not read a file.
    pub(super) fn of_system(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            Self::NoSuchFile
        } else if error.kind() == io::ErrorKind::PermissionDenied {
            Self::NotPermitted
        } else {
            Self::Unreadable { reason: error.to_string() }
        }
    }

    /// Why a file could not be opened, from libpcap's words and the file's first octets, if they could be
    /// looked at.
    pub(super) fn of_header(reason: &str, head: Option<&[u8]>) -> Self {
        let look = head.filter(|head| !head.is_empty()).map(Look::of);
        match look {
            Some(Look::Capture) => Self::of_capture_header(reason),
            Some(other) => Self::NotACapture(other),
            None if reason.ends_with("only got 0") => Self::Empty,
            None if reason == "unknown file format" => Self::NotACapture(Look::Unknown(Vec::new())),
            None => Self::of_capture_header(reason),
        }
    }

    fn of_capture_header(reason: &str) -> Self {
        match Difference::of(reason) {
            Some(what) => Self::InterfacesDiffer { what, frames: 0 },
            None => Self::Header { reason: reason.to_owned() },
        }
    }

    /// Why a record could not be read, from libpcap's words.
    pub(super) fn of_record(reason: &str, frames: u64) -> Self {
        match Difference::of(reason) {
            Some(what) => Self::InterfacesDiffer { what, frames },
            None => Self::Damaged { frames, reason: reason.to_owned() },
        }
    }
}

impl Difference {
    fn of(reason: &str) -> Option<Self> {
        if reason.starts_with("an interface has a type ") {
            Some(Self::LinkType)
        } else if reason.starts_with("an interface has a snapshot length ") {
            Some(Self::SnapLength)
        } else {
            None
        }
    }
}

impl CaptureError {
    /// Whether the command line is to blame, and not the file.
    pub const fn is_usage(&self) -> bool {
        matches!(self.problem, Problem::Filter { .. })
    }
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        let file = &quoted(&self.file);
        match &self.problem {
            Problem::NoSuchFile => write!(f, "no such file; check the path"),
            Problem::NotPermitted => write!(f, "permission denied; make it readable: chmod u+r {file}"),
            Problem::Folder => write!(f, "this is a folder; name the capture files in it"),
            Problem::NameNotText => {
                write!(f, "the name is not UTF-8; rename the file, or give it as `- < FILE`")
            }
            Problem::Empty => write!(f, "the file is empty; record or copy it again"),
            Problem::Unreadable { reason } => write!(f, "cannot be read: {reason}"),
            Problem::NotACapture(look) => not_a_capture(f, file, look),
            Problem::Header { reason } => {
                write!(f, "the header of the capture cannot be read ({reason}); record or copy it again")
            }
            Problem::LinkType { number, name } => {
                let name = name.as_deref().unwrap_or("without a name");
                write!(f, "link type {number} ({name}) is not known here; known are {}", LinkType::names())
            }
            Problem::InterfacesDiffer { what, frames } => interfaces_differ(f, file, *what, *frames),
            Problem::Damaged { frames: 0, reason } => {
                write!(f, "damaged at the first frame ({reason}); record or copy it again")
            }
            Problem::Damaged { frames, reason } => write!(
                f,
                "damaged after frame {frames} ({reason}); keep what is good: editcap -r {file} good.pcap 1-{frames}"
            ),
            Problem::Filter { expression, reason } => {
                let expression = printable(expression);
                write!(f, "`{expression}` is no filter ({reason}); pcap-filter(7) has the language")
            }
        }
    }
}

fn not_a_capture(f: &mut fmt::Formatter<'_>, file: &str, look: &Look) -> fmt::Result {
    match look {
        Look::Capture => write!(f, "cannot be read as a capture"),
        Look::Packed { format, tool } => write!(f, "packed with {format}; unpack it first: {tool} {file}"),
        Look::Foreign { format } => {
            write!(f, "a capture of {format}; convert it first: editcap -F pcap {file} {file}.pcap")
        }
        Look::Text => write!(f, "text, not a capture; if it is a hex dump: text2pcap {file} {file}.pcap"),
        Look::Unknown(start) if start.is_empty() => write!(f, "not a capture; give a pcap or pcapng file"),
        Look::Unknown(start) => {
            write!(f, "not a capture: it begins with")?;
            start.iter().try_for_each(|octet| write!(f, " {octet:02x}"))?;
            write!(f, "; give a pcap or pcapng file")
        }
    }
}

fn interfaces_differ(f: &mut fmt::Formatter<'_>, file: &str, what: Difference, frames: u64) -> fmt::Result {
    let after = if frames == 0 { String::new() } else { format!(" after frame {frames}") };
    match what {
        Difference::LinkType => write!(
            f,
            "pcapng with interfaces of different link types{after}, which libpcap does not read; take one: \
             tshark -r {file} -Y 'frame.interface_id == 0' -w one.pcapng && \
             editcap -F pcap -T ether one.pcapng one.pcap"
        ),
        Difference::SnapLength => write!(
            f,
            "pcapng with interfaces of different snap lengths{after}, which libpcap does not read; convert it first: \
             editcap -F pcap {file} {file}.pcap"
        ),
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, frames, reason } = self;
        write!(
            f,
            "{file}: cut in the middle of a record after frame {frames} ({reason}); what is before it is used"
        )
    }
}

impl std::error::Error for CaptureError {}
