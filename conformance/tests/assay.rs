//! `netassay assay` over the shipped captures, and over what is none.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// Exit code, standard output and standard error of `netassay assay`, run in `folder`.
fn assay(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netassay"));
    command.arg("assay").args(arguments).current_dir(folder).env("NO_COLOR", "1").stdin(Stdio::null());
    let Output { status, stdout, stderr } = command.output().expect("netassay runs");
    let text = |octets| String::from_utf8(octets).expect("text");
    (status.code().expect("netassay ends by itself"), text(stdout), text(stderr))
}

#[test]
fn the_shipped_captures_hold() {
    let (code, table, complaints) = assay(&project(), &[]);
    assert_eq!((code, complaints.as_str()), (0, ""), "{table}");
    for capture in project().join("corpora/captures").read_dir().expect("captures") {
        let name = capture.expect("an entry").file_name().into_string().expect("text");
        let rows = table.lines().filter(|line| line.split_whitespace().next() == Some(&name)).count();
        assert_eq!(rows, 1, "rows of {name}");
    }
}

#[test]
fn the_project_is_found_from_below() {
    let (code, table, _) = assay(&project().join("conformance/src"), &[]);
    assert_eq!(code, 0);
    assert!(table.contains("\nhttp-v4.pcap "), "{table}");
}

#[test]
fn where_there_is_nothing_it_says_so() {
    let (code, table, complaints) = assay(Path::new("/"), &[]);
    assert_eq!((code, table.as_str()), (2, ""));
    assert!(complaints.contains("there is no corpora/captures here or above"), "{complaints}");
}

#[test]
fn what_is_no_capture_makes_the_result_incomplete() {
    let (code, table, complaints) = assay(&project(), &["Cargo.toml", "corpora/captures/http-v4.pcap"]);
    assert_eq!(code, 3);
    assert!(table.contains("1 captures, 1 not readable"), "{table}");
    assert!(complaints.contains("Cargo.toml"), "{complaints}");
}

#[test]
fn a_capture_without_packets_is_no_success() {
    let (code, ..) = assay(&project(), &["corpora/captures/format-empty.pcap"]);
    assert_eq!(code, 4);
}
