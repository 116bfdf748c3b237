use super::*;
use crate::base::Port;
use crate::base::endpoint::{SCHEMES, is_service_name};
use crate::ports::range::Class;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use quickcheck::quickcheck;

/// Names from before RFC 6335, which have other letters than it allows. Each has a successor beside it, but
/// for one.
fn is_historic(name: &str) -> bool {
    name.contains(['_', '.', '/', '+', '*'])
}

fn names(number: u16, transport: Transport) -> Vec<&'static str> {
    let rows = of_port(number).filter(|row| row.is_of(transport));
    rows.filter_map(|row| match row.purpose {
        Purpose::Service(name) => Some(name),
        Purpose::Reserved | Purpose::Private => None,
    })
    .collect()
}

#[test]
fn the_whole_registry_can_be_read() {
    for (table, read) in [(BY_PORT, all().count()), (BY_NAME, beginning("").count())] {
        assert_eq!(table.0.lines().count(), read, "each line is a row");
        assert!(table.0.is_ascii() && table.0.ends_with('\n'));
    }
    let services = all().filter(|row| matches!(row.purpose, Purpose::Service(_)));
    let assigned: BTreeSet<u16> = services.flat_map(|row| row.first..=row.last).collect();
    assert!(assigned.len() > 6_000, "{} ports have a service", assigned.len());
    assert_eq!(date().split('-').map(str::len).collect::<Vec<_>>(), [4, 2, 2]);
}

#[test]
fn rows_are_in_order_and_none_is_there_twice() {
    let rows: Vec<Row> = all().collect();
    for pair in rows.windows(2) {
        let [one, next] = pair else { continue };
        let same = (one.first, one.last) == (next.first, next.last);
        assert!(one.first <= one.last && (same || one.last < next.first), "{one:?} {next:?}");
    }
    let mut seen = BTreeSet::new();
    for row in &rows {
        for transport in Transport::ALL.iter().filter(|transport| row.is_of(**transport)) {
            let purpose = match row.purpose {
                Purpose::Service(name) => name,
                Purpose::Reserved => "=reserved",
                Purpose::Private => "=private",
            };
            assert!(seen.insert((row.first, purpose, *transport)), "{row:?} is there twice");
        }
        assert!(!row.transports.is_empty() && row.transports.chars().all(|letter| "tusd*".contains(letter)));
    }
}

#[test]
fn what_is_reserved_has_no_service_on_that_transport() {
    for row in all().filter(|row| !matches!(row.purpose, Purpose::Service(_))) {
        for transport in row.transports() {
            assert_eq!(name(row.first, transport), None, "{row:?}");
        }
    }
}

#[test]
fn both_tables_say_the_same() {
    let key = |row: Row| match row.purpose {
        Purpose::Service(name) => Some((name, row.first, row.last, row.transports)),
        Purpose::Reserved | Purpose::Private => None,
    };
    let by_port: BTreeSet<_> = all().filter_map(key).collect();
    let by_name: Vec<_> = beginning("").filter_map(key).collect();
    assert_eq!(by_name.len(), by_port.len());
    assert!(by_name.iter().all(|row| by_port.contains(row)));
    assert!(by_name.is_sorted_by(|one, next| by_case(one.0, next.0).then(one.1.cmp(&next.1)).is_le()));
}

//? RFC6335-5.1-a
//? RFC6335-5.1-b
//? RFC6335-5.1-c
#[test]
fn the_names_of_the_registry_are_names_of_services() {
    let mut historic = 0;
    for row in all() {
        let Purpose::Service(name) = row.purpose else { continue };
        if is_historic(name) {
            historic += 1;
            let others: BTreeSet<&str> = row
                .transports()
                .flat_map(|transport| names(row.first, transport))
                .filter(|one| *one != name)
                .collect();
            let has_successor = others.iter().any(|other| is_service_name(other));
            assert_eq!(has_successor, name != "edi_service", "{name}");
        } else {
            assert!(is_service_name(name), "{name}");
        }
    }
    assert!(historic < 100, "{historic} historic names");
}

//? RFC6335-6-a
//? RFC6335-8.1.2-a
#[test]
fn nothing_is_assigned_among_the_dynamic_ports() {
    let mut ports: BTreeMap<Class, usize> = BTreeMap::new();
    for row in all().filter(|row| matches!(row.purpose, Purpose::Service(_))) {
        let class = Port::new(row.last).map(Class::of);
        assert_eq!(class, Port::new(row.first).map(Class::of), "{row:?} lies in two ranges");
        *ports.entry(class.unwrap_or(Class::System)).or_default() += 1;
    }
    assert!(ports[&Class::System] > 500 && ports[&Class::User] > 5_000);
    assert_eq!(ports.get(&Class::Dynamic), None);
}

//? RFC6335-6-b
#[test]
fn the_edges_of_the_ranges_are_reserved() {
    for (number, transport) in
        [0, 1023, 1024].into_iter().flat_map(|number| [(number, Transport::Tcp), (number, Transport::Udp)])
    {
        let rows: Vec<Row> = of_port(number).filter(|row| row.is_of(transport)).collect();
        assert!(rows.iter().all(|row| row.purpose == Purpose::Reserved) && !rows.is_empty(), "{number}");
    }
}

//? RFC6335-6.1-a
#[test]
fn two_ports_are_for_experiments_on_every_transport() {
    for transport in Transport::ALL {
        assert_eq!(name(1021, *transport), Some("exp1"));
        assert_eq!(name(1022, *transport), Some("exp2"));
    }
}

//? RFC6335-7.2-a
#[test]
fn a_port_of_one_transport_says_nothing_of_another() {
    assert_eq!((name(514, Transport::Tcp), name(514, Transport::Udp)), (Some("shell"), Some("syslog")));
    assert_eq!((name(22, Transport::Sctp), name(22, Transport::Dccp)), (Some("ssh"), None));
}

#[test]
fn what_everybody_knows_is_there() {
    for (number, transport, known) in [
        (7, Transport::Udp, "echo"),
        (22, Transport::Tcp, "ssh"),
        (53, Transport::Udp, "domain"),
        (80, Transport::Tcp, "http"),
        (443, Transport::Udp, "https"),
        (6000, Transport::Tcp, "x11"),
        (6001, Transport::Tcp, "x11"),
        (6063, Transport::Udp, "x11"),
        (6667, Transport::Tcp, "ircu"),
        (27009, Transport::Tcp, "flex-lm"),
        (5432, Transport::Tcp, "postgresql"),
    ] {
        assert_eq!(name(number, transport), Some(known), "{number}");
    }
    assert_eq!(names(80, Transport::Tcp), ["http", "www", "www-http"]);
    assert_eq!(of_port(6064).count() + of_port(65535).count() + of_port(5999).count(), 3 - 1);
    assert_eq!(of_name("x11").map(|row| (row.first, row.last)).collect::<Vec<_>>(), [(6000, 6063)]);
    assert_eq!(of_ports(6060, 6065).map(|row| row.first).collect::<Vec<_>>().first(), Some(&6000));
    assert_eq!(of_ports(0, u16::MAX).count(), all().count());
    assert_eq!(port("no-such-service", Transport::Tcp), None);
    assert_eq!(beginning("https").next().map(|row| row.first), Some(443));
}

//? RFC6335-5.1-d
#[test]
fn upper_and_lower_case_are_the_same() {
    let rows = |name: &'static str| of_name(name).collect::<Vec<_>>();
    assert_eq!(rows("HTTP"), rows("http"));
    assert_eq!(rows("HtTp").len(), 1);
}

//? RFC6335-5.2-a
#[test]
fn a_label_of_srv_has_an_underscore() {
    assert_eq!(of_srv("_http._tcp"), Some(("http", Transport::Tcp)));
    assert_eq!([of_srv("http._tcp"), of_srv("_http.tcp"), of_srv("_http"), of_srv("_http._ip")], [None; 4]);
}

#[test]
fn a_scheme_stands_for_a_port_that_has_a_service() {
    for (scheme, number) in SCHEMES {
        let is_assigned =
            [Transport::Tcp, Transport::Udp].iter().any(|transport| name(*number, *transport).is_some());
        assert!(is_assigned, "{scheme} {number}");
    }
}

quickcheck! {
    fn a_search_finds_what_a_walk_finds(number: u16) -> bool {
        let walked: Vec<Row> = all().filter(|row| (row.first..=row.last).contains(&number)).collect();
        of_port(number).collect::<Vec<_>>() == walked
    }

    fn a_range_has_the_rows_that_touch_it(first: u16, length: u8) -> bool {
        let last = first.saturating_add(length.into());
        let walked: Vec<Row> = all().filter(|row| row.first <= last && row.last >= first).collect();
        of_ports(first, last).collect::<Vec<_>>() == walked
    }

    fn whatever_is_asked_for_there_is_an_answer(text: String) -> bool {
        let is_asked = |name: &str| name.eq_ignore_ascii_case(&text);
        let found = of_name(&text).all(|row| matches!(row.purpose, Purpose::Service(name) if is_asked(name)));
        let srv_is_shorter = of_srv(&text).is_none_or(|(name, _)| name.len() < text.len());
        found && srv_is_shorter && beginning(&text).count() >= of_name(&text).count()
    }
}

#[test]
fn every_name_is_found() {
    for row in all() {
        let Purpose::Service(name) = row.purpose else { continue };
        assert!(of_name(name).any(|found| found == row), "{row:?}");
    }
}
