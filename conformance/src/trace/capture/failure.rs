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
    /// It has no octets at all.
    Empty,
    /// The system failed to read it.
    Unreadable {
        /// Frames read before.
        frames: u64,
        /// The system's words.
        reason: String,
    },
    /// It is something else.
    NotACapture(Look),
    /// It begins as a capture, but its header is cut or makes no sense.
    Header {
        /// What is wrong with it.
        reason: String,
    },
    /// Its frames are of a kind that is not known here.
    LinkType {
        /// Number of the link type in the file.
        number: u32,
        /// libpcap's name of it.
        name: Option<String>,
    },
    /// A record makes no sense.
    Damaged {
        /// Frames read before.
        frames: u64,
        /// What is wrong with it, and where.
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

/// Where a file ends in the middle of a record. What came before is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The file, as it was named.
    pub file: String,
    /// Frames before the cut.
    pub frames: u64,
    /// What is not all there, and where.
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
            Self::Unreadable { frames: 0, reason: error.to_string() }
        }
    }

    /// A link type in which nothing can be found here.
    pub(super) fn link_type(number: impl Into<u32>) -> Self {
        let number = number.into();
        // Files and libpcap's programs count alike but for a few, which have no names here.
        let name = i32::try_from(number).ok().and_then(|number| pcap::Linktype(number).get_name().ok());
        Self::LinkType { number, name }
    }

    /// The same problem, at that place of the file.
    pub(super) fn located(self, frames_before: u64, offset: u64) -> Self {
        match self {
            Self::Damaged { reason, .. } if frames_before == 0 && offset == 0 => Self::Header { reason },
            Self::Damaged { reason, .. } => {
                Self::Damaged { frames: frames_before, reason: format!("{reason} at octet {offset}") }
            }
            other @ (Self::NoSuchFile
            | Self::NotPermitted
            | Self::Folder
            | Self::Empty
            | Self::Unreadable { .. }
            | Self::NotACapture(_)
            | Self::Header { .. }
            | Self::LinkType { .. }
            | Self::Filter { .. }) => other,
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
            Problem::Empty => write!(f, "the file is empty; record or copy it again"),
            Problem::Unreadable { frames: 0, reason } => write!(f, "cannot be read: {reason}"),
            Problem::Unreadable { frames, reason } => {
                write!(f, "cannot be read after frame {frames}: {reason}")
            }
            Problem::NotACapture(look) => not_a_capture(f, file, look),
            Problem::Header { reason } => {
                write!(f, "the header of the capture cannot be read ({reason}); record or copy it again")
            }
            Problem::LinkType { number, name } => {
                let name = name.as_deref().unwrap_or("without a name");
                write!(f, "link type {number} ({name}) is not known here; known are {}", LinkType::names())
            }
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
        Look::Compressed(compression) => {
            let (format, tool) = compression.names();
            write!(f, "packed with {format} more than once; unpack it first: {tool} {file}")
        }
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
