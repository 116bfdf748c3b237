//! How a run ends, and what it says when it cannot begin.

use crate::rig::{Shown, beside, can_run, netassay};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

fn told(arguments: &[&str]) -> (Option<i32>, String) {
    let shown: Shown = netassay().arg("serve").args(arguments).output().expect("netassay runs").into();
    assert_eq!(shown.stdout, "");
    (shown.code, shown.stderr)
}

#[test]
fn a_command_line_without_sense_is_told_in_words() {
    for (arguments, words) in [
        (&["--filter", "deny tcp x"][..], "\"x\" is neither a port, 1 to 65535, nor a range like 53-60"),
        (&["--map", "tcp:80"], "\"tcp:80\": the second port is missing, as in tcp:8080=80"),
        (
            &["--map", "tcp:8080=80", "--map", "tcp:80=81"],
            "--map tcp:8080=80 and --map tcp:80=81 share a port",
        ),
        (&["--network-v4", "192.0.2.0/31"], "two stations need a prefix of at most 30 bits"),
        (&["--network-v6", "192.0.2.0/24"], "it is of the other version of IP"),
        (&["--device", "a/b"], "a name has 1 to 15 octets, no slash and no blank"),
        (&["--host", "nobody"], "there is no host \"nobody\"; known are reference, smoltcp"),
        (&["--send", "x"], "--connect"),
    ] {
        let (code, said) = told(arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn what_is_not_there_is_a_fault_of_the_rig() {
    let absent = concat!(env!("CARGO_TARGET_TMPDIR"), "/absent/file");
    let (code, said) = told(&["--connect", "192.0.2.1:1", "--send", absent]);
    assert_eq!((code, said.lines().count()), (Some(3), 1), "{said}");
    if !can_run("a program that is not there", &[]) {
        return;
    }
    for arguments in [&["--quiet", "--", absent][..], &["--quiet", "--record", absent]] {
        let (code, said) = told(arguments);
        assert_eq!((code, said.lines().count()), (Some(3), 1), "{said}");
    }
}

#[test]
fn the_code_is_that_of_the_program() {
    if !can_run("codes", &["sh"]) {
        return;
    }
    assert_eq!(beside(&[], &["sh", "-c", "exit 7"]).code, Some(7));
    assert_eq!(beside(&[], &["sh", "-c", "kill -9 $$"]).code, Some(128 + 9));
    assert_eq!(told(&["--quiet", "--for", "0"]), (Some(0), String::new()));
    // Nobody listens there, and there is no patience.
    let (code, said) = told(&["--quiet", "--connect", "192.0.2.1:1", "--patience", "0"]);
    assert_eq!(code, Some(1));
    assert_eq!(said, "netassay: the connection failed: ECONNREFUSED (the peer refused the connection)\n");
}

#[test]
fn an_interruption_ends_host_and_program_and_shows_what_was() {
    if !can_run("an interruption", &["kill", "sleep"]) {
        return;
    }
    let sleep = &["--", "sleep", "1000"][..];
    for (signal, program) in [("-INT", &[][..]), ("-INT", sleep), ("-TERM", &[]), ("-HUP", sleep)] {
        let mut command = netassay();
        let mut running = command
            .args([&["serve"], program].concat())
            .stderr(Stdio::piped())
            .spawn()
            .expect("netassay runs");
        let mut said = BufReader::new(running.stderr.take().expect("its standard error"));
        let mut line = String::new();
        said.read_line(&mut line).expect("a line");
        assert!(line.starts_with("reference is at 192.0.2.2 and 2001:db8::2"), "{line}");
        let id = running.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill runs").success());
        let mut rest = String::new();
        said.read_to_string(&mut rest).expect("text");
        assert_eq!(running.wait().expect("it ends").code(), Some(130));
        assert!(rest.contains("0 connections of which 0 failed"), "{rest}");
    }
}

#[test]
fn the_table_follows_the_connections() {
    if !can_run("the table", &["sh", "nc"]) {
        return;
    }
    let mut command = netassay();
    command.args(["serve", "--table", "--for", "50", "--", "sh", "-c", "echo x | nc -N 192.0.2.2 7"]);
    let shown: Shown = command.output().expect("netassay runs").into();
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(0), "x\n"));
    let lines: Vec<Vec<&str>> = shown.stderr.lines().map(|line| line.split_whitespace().collect()).collect();
    let has = |state: &str, local: &str| {
        lines
            .iter()
            .any(|line| line.get(1).is_some_and(|one| one.contains(state)) && line.get(4) == Some(&local))
    };
    assert!(has("LISTEN", "*:7") && has("UNCONN", "*:13"), "{}", shown.stderr);
    // In which states the connection is seen depends on how fast both ends are.
    assert!(has("", "[::ffff:192.0.2.2]:7"), "{}", shown.stderr);
}
