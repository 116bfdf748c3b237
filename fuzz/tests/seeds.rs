//! Every seed and every stored finding through the bodies of the fuzz targets: an ordinary test, on any
//! toolchain.

use conformance::fuzz::{self, Finding};
use netassay_fuzz::agree;
use std::fs;
use std::path::{Path, PathBuf};

/// Octets of all seeds together at the most: they are fetched by everybody.
const OCTETS_MAX: u64 = 1 << 20;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora").join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn all_hold(folder: &str, body: impl Fn(&[u8]) -> Result<(), Finding>) {
    let files = files(folder);
    assert!(!files.is_empty(), "{folder} has no files");
    for path in files {
        let bytes = fs::read(&path).expect("a file that can be read");
        if let Err(finding) = body(&bytes) {
            panic!("{}: {finding}", path.display());
        }
    }
}

#[test]
fn seeds_of_wire_hold() {
    all_hold("seeds/wire", |bytes| fuzz::wire(bytes).and_then(|()| agree::with_etherparse(bytes)));
}

#[test]
fn seeds_of_host_hold() {
    all_hold("seeds/host", fuzz::host);
}

#[test]
fn seeds_of_pair_hold() {
    all_hold("seeds/pair", fuzz::pair::run);
}

#[test]
fn seeds_of_judge_hold() {
    all_hold("seeds/judge", fuzz::judge::run);
}

/// Inputs that once made the judge accuse the innocent, as bytes.
#[test]
fn nobody_is_accused_again() {
    for path in files("found").iter().filter(|path| path.extension().is_some_and(|name| name == "judge")) {
        let bytes = fs::read(path).expect("a file that can be read");
        if let Err(finding) = fuzz::judge::run(&bytes) {
            panic!("{}: {finding}", path.display());
        }
    }
}

#[test]
fn seeds_of_capture_hold() {
    all_hold("seeds/capture", fuzz::capture);
}

/// Findings of `pair` are kept as they are, as bytes: a trace has one host.
#[test]
fn pairs_that_were_found_once_are_not_found_again() {
    for path in files("found").iter().filter(|path| path.extension().is_some_and(|name| name == "pair")) {
        let bytes = fs::read(path).expect("a file that can be read");
        if let Err(finding) = fuzz::pair::run(&bytes) {
            panic!("{}: {finding}", path.display());
        }
    }
}

#[test]
fn what_was_found_once_is_not_found_again() {
    for path in files("found").iter().filter(|path| path.extension().is_some_and(|name| name == "trace")) {
        let text = fs::read_to_string(path).expect("a trace is text");
        if let Err(finding) = fuzz::again(&text) {
            panic!("{}: {finding}", path.display());
        }
    }
}

#[test]
fn seeds_are_small() {
    let folders = ["seeds/wire", "seeds/host", "seeds/pair", "seeds/judge", "seeds/capture"];
    let octets =
        folders.iter().flat_map(|folder| files(folder)).map(|path| fs::metadata(path).map(|file| file.len()));
    assert!(octets.map(|octets| octets.expect("a file")).sum::<u64>() < OCTETS_MAX);
}
