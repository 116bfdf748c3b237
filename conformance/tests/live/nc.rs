//! nc: echo, daytime, and which ports are open.

use crate::rig::{beside, can_run, said};

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
