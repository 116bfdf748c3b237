//! Node.js: its sockets and its HTTP client.

use crate::rig::{can_run, said};

#[test]
fn a_client_of_node_is_served() {
    if !can_run("node: a client", &["node"]) {
        return;
    }
    let client = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/scripts/client.js");
    let text = said(&[], &["node", client]);
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    let mut expected = Vec::new();
    for family in ["v4", "v6"] {
        let others = ["echo true", "http 200 \"1\\n\"", "http 200 \"1\\n2\\n\"", "http 200 \"1\\n2\\n3\\n\""];
        expected.push(format!("{family} connections 1"));
        expected.extend(others.map(|line| format!("{family} {line}")));
        expected.push(format!("{family} refused ECONNREFUSED"));
    }
    assert_eq!(lines, expected);
}
