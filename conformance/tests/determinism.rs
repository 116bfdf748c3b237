//! Two runs with the same input give the same output, octet by octet.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a program shows of itself.
type Shown = (Option<i32>, Vec<u8>, Vec<u8>);

fn run(arguments: &[&str]) -> Shown {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netassay"));
    let Output { status, stdout, stderr } =
        command.args(arguments).current_dir(project()).stdin(Stdio::null()).output().expect("netassay runs");
    (status.code(), stdout, stderr)
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

#[test]
fn a_run_repeated_is_the_same() {
    const LOSS: &str = "corpora/captures/bulk-loss-server.pcap";
    const MANY: &str = "corpora/captures/tcp-parallel.pcap";
    const FRAGMENTS: &str = "corpora/captures/udp-fragments-v4.pcap";
    for arguments in [
        &["list"][..],
        &["explain", "RFC9293-MUST-10", "no such thing"],
        &["replay", "--ladder", "whole", LOSS, MANY, FRAGMENTS],
        &["replay", "--host", "smoltcp", "--ladder", "whole", LOSS, MANY, FRAGMENTS],
        &["check", "--undecided", "--notes", LOSS, MANY, FRAGMENTS],
        &["assay"],
    ] {
        let first = run(arguments);
        assert!(!first.1.is_empty() || !first.2.is_empty(), "{arguments:?} shows something");
        assert!(run(arguments) == first, "{arguments:?} is not the same twice");
    }
}

#[test]
fn the_number_of_threads_does_not_show() {
    let folder = project().join("corpora/captures");
    let entries = std::fs::read_dir(folder).expect("the captures are there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let names: Vec<&str> = paths.iter().filter_map(|path| path.to_str()).collect();
    let check = |threads| {
        let options = ["check", "--undecided", "--notes", "--threads", threads];
        let shown = run(&[&options[..], &names].concat());
        (shown.0, shown.1)
    };
    let alone = check("1");
    assert!(alone.1.len() > names.len());
    for threads in ["2", "3", "1000"] {
        assert!(check(threads) == alone, "{threads} threads");
    }
}
