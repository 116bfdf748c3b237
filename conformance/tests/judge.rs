//! The judge on the project's own captures, all of Linux: whatever it claims of them has to be true.

use conformance::judge::file::file;
use conformance::trace::capture::Problem;
use conformance::verdict::Outcome;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Deviations that are real, with the reason: file, rule.
const DEVIATIONS: &[(&str, &str)] = &[
    // A port scanner writes its segments itself.
    ("scan-christmas.pcap", "P-A9"),
    ("scan-no-flags.pcap", "P-A9"),
    // A segment without ACK was put into the connection.
    ("tcp-dropped-silently.pcap", "P-A9"),
    // Linux leaves the echo of the connection before in a SYN that takes its ports again.
    ("tcp-time-wait-client.pcap", "P-A8"),
];

fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures");
    let entries = std::fs::read_dir(&folder).expect("the captures are there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

#[test]
fn no_host_of_our_captures_fails_and_known_deviations_are_found() {
    let mut deviations = BTreeSet::new();
    for path in captures() {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8").to_owned();
        let judged = match file(&path, None) {
            Ok(judged) => judged,
            // Some captures are there to show what can not be read.
            Err(error) => {
                assert!(!matches!(error.problem, Problem::Filter { .. }), "{error}");
                continue;
            }
        };
        for verdict in judged.report.verdicts {
            assert!(verdict.outcome != Outcome::Fail, "{name}: {verdict:#?}");
            if verdict.outcome == Outcome::Deviates {
                deviations.insert((name.clone(), verdict.rule.id));
            }
        }
    }
    for (name, rule) in DEVIATIONS {
        assert!(deviations.contains(&((*name).to_owned(), *rule)), "{rule} is no longer found in {name}");
    }
}

#[test]
fn judging_twice_finds_the_same() {
    for path in captures() {
        let [first, second] = [(); 2].map(|()| file(&path, None).map(|judged| format!("{judged:?}")));
        if let (Ok(first), Ok(second)) = (first, second) {
            // The calibration alone holds hashes of packets; they are the same too.
            assert_eq!(first, second, "{}", path.display());
        }
    }
}
