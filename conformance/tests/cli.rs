//! The command line, run as a user runs it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Output, Stdio};

fn netassay(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netassay"));
    command.args(arguments).env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// Exit code, standard output and standard error as one text.
fn transcript(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = netassay(arguments).output().expect("netassay runs");
    let stdout = String::from_utf8(stdout).expect("text");
    let stderr = String::from_utf8(stderr).expect("text");
    let code = status.code().expect("netassay ends by itself");
    format!("$ netassay {}\n{stdout}--- stderr\n{stderr}--- exit {code}\n", arguments.join(" "))
}

#[test]
fn explain() {
    insta::assert_snapshot!(transcript(&["explain", "RFC9293-MUST-2", "rfc5961-3.2-c", "RFC1122-3.2.1.3-a"]));
}

#[test]
fn explain_what_is_not_there() {
    insta::assert_snapshot!(transcript(&["explain", "RFC9293-MUST10", "RFC5961-3.2", "RFC768-Fields-g"]));
}

#[test]
fn explain_rules_and_problems() {
    insta::assert_snapshot!(transcript(&["explain", "p-a8", "RFC2525"]));
    let assumption = transcript(&["explain", "A11"]);
    assert!(
        assumption.starts_with("$ netassay explain A11\na11  the packet is from the host"),
        "{assumption}"
    );
    assert!(assumption.contains(" P-A8,"), "{assumption}");
}

#[test]
fn list_by_prefix() {
    insta::assert_snapshot!(transcript(&["list", "rfc5961"]));
}

#[test]
fn list_by_level_and_access() {
    insta::assert_snapshot!(transcript(&[
        "list",
        "RFC8200",
        "--level",
        "must,must-not",
        "--observe",
        "wire-passive"
    ]));
}

#[test]
fn list_of_nothing() {
    insta::assert_snapshot!(transcript(&["list", "RFC9293", "--level", "may", "--observe", "internal"]));
}

#[test]
fn list_totals() {
    let all = transcript(&["list"]);
    let totals = all.split_once("\n\n").expect("a blank line before the totals").1;
    insta::assert_snapshot!(totals);
}

#[test]
fn list_status() {
    // A document that nobody works on any more.
    insta::assert_snapshot!(transcript(&["list", "--status", "RFC826"]));
    let all = transcript(&["list", "--status"]);
    let documents = all.lines().filter(|line| line.starts_with("RFC ")).count();
    assert!(documents > 70, "{documents} documents");
    assert!(all.contains("\nMUST NOT ") && all.contains("\nall ") && all.ends_with("--- exit 0\n"));
    assert!(!all.contains("RFC9293-MUST-10"), "only totals");
    let chosen = transcript(&["list", "--status", "RFC9293", "--level", "may"]);
    assert!(chosen.contains("RFC9293-MAY-1 ") && !chosen.contains("RFC9293-MUST-1 "));
    assert!(transcript(&["list", "--status", "RFC9999"]).ends_with("--- exit 4\n"));
}

#[test]
fn usage() {
    for (name, arguments) in [
        ("help", &["--help"][..]),
        ("help_assay", &["assay", "--help"]),
        ("help_check", &["check", "--help"]),
        ("help_explain", &["explain", "--help"]),
        ("help_follow", &["follow", "--help"]),
        ("help_list", &["list", "--help"]),
        ("help_ports", &["ports", "--help"]),
        ("help_replay", &["replay", "--help"]),
        ("help_serve", &["serve", "--help"]),
        ("no_command", &[]),
        ("no_id", &["explain"]),
        ("no_such_level", &["list", "--level", "ought"]),
        ("version", &["--version"]),
    ] {
        insta::assert_snapshot!(name, transcript(arguments));
    }
}

#[test]
fn colour_is_asked_for_or_left_out() {
    let coloured = |command: &mut Command| {
        let output = command.output().expect("netassay runs");
        output.stdout.contains(&0x1b)
    };
    assert!(coloured(&mut netassay(&["--color", "always", "list", "RFC768"])));
    assert!(!coloured(&mut netassay(&["--color", "never", "list", "RFC768"])));
    assert!(!coloured(netassay(&["list", "RFC768"]).env_remove("NO_COLOR")));
}

#[test]
fn whoever_reads_may_stop() {
    let mut child =
        netassay(&["list"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("netassay runs");
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
    stdout.read_line(&mut line).expect("a line");
    drop(stdout);
    let mut stderr = String::new();
    child.stderr.take().expect("its complaints").read_to_string(&mut stderr).expect("text");
    assert_eq!((child.wait().expect("its end").code(), stderr.as_str()), (Some(0), ""));
    assert!(line.starts_with("RFC768-"), "{line}");
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_a_failure_of_the_rig() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a device that is full");
    let output = netassay(&["list"]).stdout(full).output().expect("netassay runs");
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("netassay: the output cannot be written: "));
}

/// The exit code, and the lines on standard error.
fn ended(arguments: &[&str]) -> (Option<i32>, Vec<String>) {
    let Output { status, stderr, .. } = netassay(arguments).output().expect("netassay runs");
    (status.code(), String::from_utf8_lossy(&stderr).lines().map(str::to_owned).collect())
}

#[test]
fn an_unreadable_file_wins_over_a_verdict() {
    let captures = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpora/captures");
    // Under another name nothing is known of it.
    let unlisted = concat!(env!("CARGO_TARGET_TMPDIR"), "/unlisted.pcap");
    std::fs::copy(format!("{captures}/tcp-urgent.pcap"), unlisted).expect("a copy");
    let absent = concat!(env!("CARGO_TARGET_TMPDIR"), "/absent.pcap");
    let replay = ["replay", "--host", "smoltcp", "--ladder", "none", unlisted];
    assert_eq!(ended(&replay), (Some(1), vec![]));
    for command in
        [&[&replay[..], &[absent]].concat()[..], &["check", unlisted, absent], &["assay", absent, unlisted]]
    {
        let (code, complaints) = ended(command);
        assert_eq!((code, complaints.len()), (Some(3), 1), "{command:?}");
    }
}

#[test]
fn a_filter_that_makes_no_sense_is_told_once() {
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpora/captures/http-v4.pcap");
    for command in ["replay", "check"] {
        let (code, complaints) = ended(&[command, "--filter", "tcp por 80", capture, capture]);
        assert_eq!((code, complaints.len()), (Some(2), 1), "{command}");
        assert_eq!(ended(&[command, "--filter", "udp", capture]), (Some(4), vec![]), "{command}");
    }
}

#[test]
fn what_a_filter_or_a_role_leaves_out_makes_nothing_stale() {
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpora/captures/udp-fragments-v6.pcap");
    for only in [["--role", "client"], ["--role", "server"], ["--filter", "udp"]] {
        let (code, _) =
            ended(&[&["replay", "--host", "smoltcp", "--ladder", "none", capture], &only[..]].concat());
        assert!(code == Some(0) || code == Some(4), "{only:?}: {code:?}");
    }
}
