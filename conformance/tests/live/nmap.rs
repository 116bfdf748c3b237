//! nmap: what it finds is what there is. Open, closed and filtered ports, by every kind of scan.

use crate::rig::{can_run, said};
use std::collections::{BTreeMap, BTreeSet};

/// The filter in front of the host.
const FILTER: [&str; 12] = [
    "--filter",
    "deny tcp 21",
    "--filter",
    "reject tcp 22",
    "--filter",
    "prohibit tcp 23",
    "--filter",
    "deny udp 53",
    "--filter",
    "prohibit udp 69",
    "--filter",
    "deny tcp 80 from 198.51.100.0/24",
];

/// What a scan says of ports: by state and reason, which ones; those that it does not list by their number.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    ports: BTreeMap<(String, String), BTreeSet<u16>>,
    others: BTreeMap<String, u32>,
}

/// The value of an attribute.
fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    element.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

/// Reads what nmap writes as XML.
fn read(xml: &str) -> Found {
    let mut found = Found::default();
    for element in xml.split('<') {
        if element.starts_with("extraports ") {
            let state = attribute(element, "state").expect("a state").to_owned();
            let count: Option<u32> = attribute(element, "count").and_then(|count| count.parse().ok());
            *found.others.entry(state).or_default() += count.expect("a count");
        }
    }
    for port in xml.split("<port ").skip(1) {
        let number: Option<u16> =
            port.split_once("portid=\"").and_then(|(_, rest)| rest.split('"').next()?.parse().ok());
        let state = port.split_once("<state").expect("a state").1;
        let of = |name| attribute(state, name).expect("an attribute").to_owned();
        let (state, number) = (of("state"), number.expect("a port"));
        // Those that all are alike it lists only if they are few.
        if matches!(state.as_str(), "closed" | "unfiltered") {
            *found.others.entry(state).or_default() += 1;
        } else {
            found.ports.entry((state, of("reason"))).or_default().insert(number);
        }
    }
    found
}

fn scan(kind: &str, ports: &str, at: &str) -> Found {
    let mut program = vec!["nmap", "-n", "-Pn", "-T5", "--max-retries", "2", kind, "-p", ports, "-oX", "-"];
    if at.contains(':') {
        program.push("-6");
    }
    program.push(at);
    read(&said(&FILTER, &program))
}

fn found<const N: usize>(ports: [(&str, &str, &[u16]); N], others: (&str, u32)) -> Found {
    let ports = ports.map(|(state, reason, ports)| {
        ((state.to_owned(), reason.to_owned()), ports.iter().copied().collect())
    });
    Found { ports: ports.into(), others: [(others.0.to_owned(), others.1)].into() }
}

#[test]
fn scans_of_tcp_find_what_there_is() {
    if !can_run("nmap: TCP", &["nmap"]) {
        return;
    }
    for at in ["192.0.2.2", "2001:db8::2"] {
        // By a connect call of IPv4 a prohibition is an unreachable host, as Linux tells it.
        let as_told = if at.contains(':') { "admin-prohibited" } else { "host-unreach" };
        for (kind, prohibited) in [("-sS", "admin-prohibited"), ("-sT", as_told)] {
            let truth = found(
                [
                    ("open", "syn-ack", &[7, 9, 13, 80]),
                    ("filtered", "no-response", &[21]),
                    ("filtered", prohibited, &[23]),
                ],
                ("closed", 94),
            );
            assert_eq!(scan(kind, "1-100", at), truth, "{kind} {at}");
        }
    }
}

#[test]
fn a_scan_of_udp_finds_what_there_is() {
    if !can_run("nmap: UDP", &["nmap"]) {
        return;
    }
    let truth = found(
        [
            ("open", "udp-response", &[7, 13]),
            ("open|filtered", "no-response", &[9, 53]),
            ("filtered", "admin-prohibited", &[69]),
        ],
        ("closed", 7),
    );
    assert_eq!(scan("-sU", "6-15,53,69", "192.0.2.2"), truth);
}

#[test]
fn scans_that_look_for_a_firewall_find_it() {
    if !can_run("nmap: ACK", &["nmap"]) {
        return;
    }
    let truth = found(
        [("filtered", "no-response", &[21]), ("filtered", "admin-prohibited", &[23])],
        ("unfiltered", 98),
    );
    assert_eq!(scan("-sA", "1-100", "192.0.2.2"), truth);
}

#[test]
fn the_host_is_seen() {
    if !can_run("nmap: hosts", &["nmap"]) {
        return;
    }
    let text = said(&[], &["nmap", "-n", "-sn", "-oG", "-", "192.0.2.2"]);
    assert!(text.contains("Host: 192.0.2.2 ()\tStatus: Up\n"), "{text}");
    assert!(text.contains("1 IP address (1 host up)"), "{text}");
}
