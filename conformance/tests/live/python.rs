//! Python's sockets: clients of the host, and a server for it.

use crate::rig::{Shown, can_run, netassay, said};

const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/scripts/clients.py");
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/scripts/server.py");

/// What a scene met with, over both versions of IP.
fn met(options: &[&str], scene: &[&str], with: &str) {
    if !can_run(&format!("python3: {}", scene[0]), &["python3"]) {
        return;
    }
    let text = said(options, &[&["python3", CLIENTS], scene].concat());
    let name = scene[0];
    assert_eq!(text, format!("AF_INET {name} {with}\nAF_INET6 {name} {with}\n"));
}

#[test]
fn after_half_a_close_the_other_half_goes_on() {
    met(&[], &["half_close"], "first, second");
}

#[test]
fn nobody_listens_and_the_client_is_told() {
    met(&[], &["refused"], "ECONNREFUSED");
    met(&[], &["closed_port"], "ECONNREFUSED");
}

#[test]
fn an_error_finds_back_through_a_mapping() {
    met(&["--map", "udp:5000=5001"], &["closed_port", "5000"], "ECONNREFUSED");
    met(&["--map", "udp:5000=7"], &["closed_port", "5000"], "b'anybody?'");
}

#[test]
fn a_reset_ends_one_connection_and_no_other() {
    met(&[], &["abort"], "first, second");
}

#[test]
fn an_urgent_octet_is_none_of_the_stream() {
    met(&[], &["urgent"], "beforeafter");
}

#[test]
fn five_million_octets_go_there_and_back() {
    met(&[], &["both_ways"], "5000000 octets, the same");
}

#[test]
fn a_thousand_connections_live_side_by_side() {
    met(&[], &["many"], "1000 of 1000");
}

#[test]
fn datagrams_come_back_whole() {
    met(&[], &["datagrams"], "6 of 6");
}

/// Runs the host as the client of the server.
fn asks(how: &str, remote: &str, server: &[&str]) -> Shown {
    let request = std::env::temp_dir().join(format!("netassay-live-{}-{how}", std::process::id()));
    std::fs::write(&request, "from the host").expect("a file");
    let mut command = netassay();
    command.args(["serve", "--quiet", "--for", "50", "--connect", remote, "--send"]).arg(&request).arg("--");
    let shown = command.args(server).arg(how).output().expect("netassay runs").into();
    std::fs::remove_file(&request).expect("it was there");
    shown
}

fn shown(shown: &Shown) -> (Option<i32>, &str, &str) {
    (shown.code, shown.stdout.as_str(), shown.stderr.as_str())
}

#[test]
fn the_host_is_a_client_of_a_server() {
    if !can_run("python3: a server", &["python3"]) {
        return;
    }
    let v4 = asks("v4", "192.0.2.1:8000", &["python3", SERVER]);
    assert_eq!(shown(&v4), (Some(0), "FROM THE HOST", "13 octets from 192.0.2.2\n"));
    let v6 = asks("v6", "[2001:db8::1]:8000", &["python3", SERVER]);
    assert_eq!(shown(&v6), (Some(0), "FROM THE HOST", "13 octets from 2001:db8::2\n"));
    let reset = asks("reset4", "192.0.2.1:8000", &["python3", SERVER]);
    let told = "3 octets from 192.0.2.2\n\
                netassay: the connection failed: ECONNRESET (the peer reset the connection)\n";
    assert_eq!(shown(&reset), (Some(0), "", told));
}

#[test]
fn the_host_is_a_client_of_a_server_of_node() {
    if !can_run("node: a server", &["node"]) {
        return;
    }
    let server = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/scripts/server.js");
    let v4 = asks("node", "192.0.2.1:8000", &["node", server]);
    assert_eq!(shown(&v4), (Some(0), "FROM THE HOST", "13 octets from 192.0.2.2\n"));
}
