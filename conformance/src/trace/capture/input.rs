//! floor 6: the octets of a capture: from a file or standard input, decompressed if need be.

use super::failure::Problem;
use super::look::{Compression, Look};
use super::unpack::{self, Source};
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Octets at the start of a file that tell what it is.
const LOOK_LEN: usize = 512;

/// The octets of a capture, of which the first ones were looked at.
pub(super) struct Input {
    pub(super) source: Source,
    /// What was looked at, and is not in `source` any more.
    pub(super) head: Vec<u8>,
    /// Whether it is a file, from which as much can be read at once as there is.
    pub(super) is_file: bool,
    /// How it is compressed.
    pub(super) compression: Option<Compression>,
    /// What ended the reading of `head`.
    pub(super) failed: Option<io::Error>,
    /// How much of it was taken.
    pub(super) taken: Taken,
}

/// How much of a file was taken, before decompression.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    octets: Arc<AtomicU64>,
    /// How much there is, if it is an ordinary file.
    pub(super) size_octets: Option<u64>,
}

impl Taken {
    /// Octets that were taken.
    pub(super) fn octets(&self) -> u64 {
        self.octets.load(Ordering::Relaxed)
    }
}

/// A source that counts what is taken from it.
struct Counted {
    source: Source,
    octets: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.octets.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Input {
    /// The file at `path`, or standard input if that is `-`.
    pub(super) fn open(path: &Path) -> Result<Self, Problem> {
        if path == Path::new("-") {
            return Self::of(Box::new(io::stdin()), false);
        }
        let about = std::fs::metadata(path).map_err(Problem::of_system)?;
        if about.is_dir() {
            return Err(Problem::Folder);
        }
        let file = File::open(path).map_err(Problem::of_system)?;
        let octets = Arc::<AtomicU64>::default();
        let counted = Counted { source: Box::new(file), octets: Arc::clone(&octets) };
        let mut input = Self::of(Box::new(counted), about.is_file())?;
        input.taken = Taken { octets, size_octets: about.is_file().then_some(about.len()) };
        Ok(input)
    }

    /// Whatever these octets are.
    pub(super) fn of(source: Source, is_file: bool) -> Result<Self, Problem> {
        let taken = Taken::default();
        let mut input = Self { source, head: Vec::new(), is_file, compression: None, failed: None, taken };
        input.look();
        let Look::Compressed(compression) = Look::of(&input.head) else { return input.checked() };
        let packed = Cursor::new(std::mem::take(&mut input.head)).chain(input.source);
        input.source = unpack::unpacked(compression, Box::new(packed));
        input.compression = Some(compression);
        input.look();
        input.checked()
    }

    /// Reads what tells what it is.
    fn look(&mut self) {
        let wanted = u64::try_from(LOOK_LEN).unwrap_or(u64::MAX);
        self.failed = (&mut self.source).take(wanted).read_to_end(&mut self.head).err();
    }

    fn checked(self) -> Result<Self, Problem> {
        let look = Look::of(&self.head);
        if look == Look::Capture {
            return Ok(self);
        }
        Err(match (self.failed, self.compression) {
            (Some(error), Some(compression)) => {
                Problem::Header { reason: unpack::reason(compression, &error) }
            }
            (Some(error), None) => Problem::of_system(error),
            (None, _) if self.head.is_empty() => Problem::Empty,
            (None, _) => Problem::NotACapture(look),
        })
    }
}
