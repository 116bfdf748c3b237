//! nc: echo, daytime, and which ports are open.

use crate::rig::{beside, can_run, netassay, said};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

#[test]
fn what_is_said_comes_back() {
    if !can_run("nc: echo", &["nc", "sh"]) {
        return;
    }
    for at in ["192.0.2.2", "2001:db8::2"] {
        assert_eq!(said(&[], &["sh", "-c", &format!("seq 5 | nc -N {at} 7")]), "1\n2\n3\n4\n5\n");
        assert_eq!(said(&[], &["sh", "-c", &format!("seq 5 | nc -u -w 1 {at} 7")]), "1\n2\n3\n4\n5\n");
        assert_eq!(said(&[], &["sh", "-c", &format!("seq 5 | nc -N {at} 9")]), "");
    }
}

#[test]
fn the_time_of_day_is_told() {
    if !can_run("nc: daytime", &["nc"]) {
        return;
    }
    for option in ["-4", "-6"] {
        let at = if option == "-4" { "192.0.2.2" } else { "2001:db8::2" };
        let text = said(&[], &["nc", option, "-d", at, "13"]);
        let digits: String = text.chars().map(|one| if one.is_ascii_digit() { 'N' } else { one }).collect();
        assert_eq!(digits, "NNNN-NN-NN NN:NN:NN UTC\r\n");
    }
}

#[test]
fn ports_with_a_listener_are_open_and_no_others() {
    if !can_run("nc: ports", &["nc"]) {
        return;
    }
    let shown = beside(&[], &["nc", "-n", "-z", "-v", "192.0.2.2", "5-15"]);
    let open: Vec<&str> = shown.stderr.lines().filter(|line| line.ends_with("succeeded!")).collect();
    let closed = shown.stderr.lines().filter(|line| line.ends_with("failed: Connection refused")).count();
    assert_eq!(
        open,
        [7, 9, 13].map(|port| format!("Connection to 192.0.2.2 {port} port [tcp/*] succeeded!"))
    );
    assert_eq!(closed, 8, "{}", shown.stderr);
}

#[test]
fn what_the_host_hears_does_not_wait_for_what_it_is_to_say() {
    if !can_run("nc: a server", &["nc", "sh"]) {
        return;
    }
    let mut command = netassay();
    command.args(["serve", "--quiet", "--for", "50", "--connect", "192.0.2.1:8000", "--send", "-", "--"]);
    command.args(["sh", "-c", "echo heard | nc -N -l 192.0.2.1 8000"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("netassay runs");
    let mut output = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    assert_eq!(line, "heard\n");
    // Only now is there anything on its standard input, which ends with that.
    child.stdin.take().expect("its input").write_all(b"said\n").expect("room in a pipe");
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "said\n");
    assert!(child.wait().expect("an end").success());
}
