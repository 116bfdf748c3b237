//! curl: pages, files, many at once, and a mapped port.

use crate::rig::{beside, can_run, count, netassay, said};

const WROTE: &str = "%{http_code} %{content_type} %{size_download} %{num_connects}\n";

#[test]
fn pages_are_served_over_both_versions_of_ip() {
    if !can_run("curl: pages", &["curl"]) {
        return;
    }
    for at in ["http://192.0.2.2", "http://[2001:db8::2]"] {
        let page = said(&[], &["curl", "-sgi", &format!("{at}/")]);
        let (head, page) = page.split_once("\r\n\r\n").expect("a head and a page");
        assert_eq!(
            head,
            format!(
                "HTTP/1.1 200 OK\r\nServer: netassay\r\nContent-Type: text/html; charset=utf-8\r\n\
                 Content-Length: {}\r\nConnection: keep-alive",
                page.len()
            )
        );
        assert!(page.starts_with("<!DOCTYPE html>\n<title>netassay</title>\n"), "{page}");
        let not_there = said(&[], &["curl", "-sg", "-w", WROTE, &format!("{at}/nothing")]);
        assert_eq!(not_there, "There is no such page.\n404 text/plain; charset=utf-8 23 1\n");
        let head = said(&[], &["curl", "-sgI", &format!("{at}/count/5000000")]);
        assert!(head.contains("\r\nContent-Length: 5000000\r\n"), "{head}");
        // The connection stays: one for both.
        let twice = said(&[], &["curl", "-s", "-w", WROTE, &format!("{at}/count/[2-4:2]")]);
        assert_eq!(twice, "1\n200 text/plain; charset=utf-8 2 1\n1\n2\n200 text/plain; charset=utf-8 4 0\n");
    }
}

#[test]
fn a_file_of_five_million_octets_arrives_whole() {
    if !can_run("curl: a file", &["curl"]) {
        return;
    }
    let whole = count(5_000_000);
    for at in ["http://192.0.2.2", "http://[2001:db8::2]"] {
        let url = format!("{at}/count/5000000");
        let output =
            netassay().args(["serve", "--quiet", "--", "curl", "-sg", &url]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(0));
        assert!(output.stdout == whole, "{} octets came", output.stdout.len());
    }
}

#[test]
fn a_hundred_at_once_are_served() {
    if !can_run("curl: a hundred at once", &["curl"]) {
        return;
    }
    let parallel = ["curl", "-sZ", "--parallel-max", "100", "--parallel-immediate", "--no-progress-meter"];
    let url =
        ["-o", "/dev/null", "-w", "%{http_code} %{size_download}\n", "http://192.0.2.2/count/[20000-20099]"];
    let text = said(&[], &[&parallel[..], &url[..]].concat());
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    let expected: Vec<String> = (20_000..20_100).map(|octets| format!("200 {octets}")).collect();
    assert_eq!(lines, expected);
}

#[test]
fn two_ports_change_places() {
    if !can_run("curl: a mapped port", &["curl"]) {
        return;
    }
    let map = ["--map", "tcp:8080=80"];
    for at in ["192.0.2.2", "[2001:db8::2]"] {
        assert_eq!(said(&map, &["curl", "-sg", &format!("http://{at}:8080/count/4")]), "1\n2\n");
        // What the outside calls 80 the host calls 8080, and there is nobody.
        assert_eq!(beside(&map, &["curl", "-sg", &format!("http://{at}/")]).code, Some(7));
    }
}

#[test]
fn another_stack_serves_the_same() {
    if !can_run("curl: smoltcp", &["curl"]) {
        return;
    }
    for at in ["192.0.2.2", "[2001:db8::2]"] {
        let url = format!("http://{at}/count/400000");
        assert!(said(&["--host", "smoltcp"], &["curl", "-sg", &url]).into_bytes() == count(400_000), "{at}");
    }
}
