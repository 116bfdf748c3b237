//! floor 9: where an annotated capture goes: never over the one that was read, and not before it is whole.

use conformance::judge::file::Judged;
use conformance::report::check::Wanted;
use conformance::report::check::annotate::{self, Failure};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Why no annotated capture of these files can be written to that place, if so.
pub(super) fn refused(files: &[PathBuf], to: &Path) -> Option<String> {
    let [file] = files else { return Some("--annotate takes one file".to_owned()) };
    if super::is_read_once(file) {
        return Some(format!("{}: can be read only once; --annotate needs a file", super::name(file)));
    }
    is_same(file, to)
        .then(|| format!("--annotate {}: this is the capture itself; name another file", to.display()))
}

/// Whether two names are of one file.
fn is_same(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let place = |path: &Path| path.metadata().ok().map(|about| (about.dev(), about.ino()));
        if let (Some(one), Some(other)) = (place(one), place(other)) {
            return one == other;
        }
    }
    let resolved = |path: &Path| fs::canonicalize(path).ok();
    resolved(one).zip(resolved(other)).is_some_and(|(one, other)| one == other)
}

/// Writes the annotated capture, and says how many packets have a comment. It is written beside its place and
/// moved there at the end, so that half a capture is never found there.
pub(super) fn write(file: &Path, judged: &Judged, wanted: Wanted, to: &Path) -> Result<u64, Failure> {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = to.with_file_name(name);
    let written = write_part(file, judged, wanted, &part);
    let moved = written.and_then(|count| fs::rename(&part, to).map(|()| count).map_err(Failure::Write));
    if moved.is_err() {
        let _ = fs::remove_file(&part);
    }
    moved
}

fn write_part(file: &Path, judged: &Judged, wanted: Wanted, part: &Path) -> Result<u64, Failure> {
    let created = File::create_new(part).map_err(|error| {
        let is_in_the_way = error.kind() == io::ErrorKind::AlreadyExists;
        let in_the_way = || io::Error::other(format!("{} is in the way", part.display()));
        Failure::Write(if is_in_the_way { in_the_way() } else { error })
    })?;
    let mut out = BufWriter::new(created);
    let count = annotate::write(file, &judged.report, wanted, &mut out)?;
    out.flush().map_err(Failure::Write)?;
    Ok(count)
}
