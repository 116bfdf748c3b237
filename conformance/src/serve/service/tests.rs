//! The services and the client over two hosts in virtual time: no device, no clock.

use super::*;
use crate::host::reference::Reference;
use crate::host::{Deadline, HostConfig, Until};
use crate::serve::client::{Client, Errand, Outcome};
use crate::trace::Link;
use stack::base::{Cidr, Mac};
use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, process};

const NAMES: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2))];
const TURNS_MAX: u32 = 100_000;

/// What the client hears.
#[derive(Clone, Default)]
struct Heard(Rc<RefCell<Vec<u8>>>);

impl Write for Heard {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn host(own: usize) -> Reference {
    let mut host = Reference::checked();
    let config = HostConfig {
        link: Link::Ip,
        mac: Mac([0; 6]),
        addrs: vec![Cidr::new(NAMES[own], 24)],
        peers: vec![(NAMES[1 - own], None)],
        mtu_octets: 1500,
        seed: own as u64,
    };
    host.reset(&config).expect("a clean host");
    host
}

/// A file with these octets that no folder has.
fn file_of(octets: &[u8]) -> File {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let path = env::temp_dir().join(format!("netassay-{}-{number}", process::id()));
    fs::write(&path, octets).expect("a folder for passing files");
    let file = File::open(&path).expect("the file");
    fs::remove_file(&path).expect("its name");
    file
}

/// A client connects to this port and sends this: how it ended, and what it heard.
fn asked(port: u16, input: &[u8]) -> (Outcome, Vec<u8>) {
    let (mut near, mut far) = (host(0), host(1));
    let mut services = Services::open(&Service::ALL, &mut far).expect("services");
    let heard = Heard::default();
    let mut client = Client::new(Errand {
        remote: SocketAddr::new(NAMES[1], port),
        input: Some(file_of(input)),
        output: Box::new(heard.clone()),
        patience: Span::ZERO,
    });
    for _ in 0..TURNS_MAX {
        client.go_on(&mut near).expect("a sound host");
        services.go_on(&mut far, &|| "now".to_owned()).expect("a sound host");
        let mut moved = false;
        while let Some(frame) = near.take() {
            far.inject(&frame.bytes).expect("a sound host");
            moved = true;
        }
        while let Some(frame) = far.take() {
            near.inject(&frame.bytes).expect("a sound host");
            moved = true;
        }
        if let Some(outcome) = client.outcome().filter(|_| !moved) {
            let heard = heard.0.borrow().clone();
            return (outcome.clone(), heard);
        }
        if !moved {
            // Nothing happens before the next timer: that time passes at once.
            let due = [&mut near, &mut far].map(|host| match host.next_deadline() {
                Deadline::At(at) => Some(at),
                Deadline::Idle | Deadline::Unknown => None,
            });
            let due = due.into_iter().chain([services.due(), client.due()]).flatten().min().expect("a timer");
            for host in [&mut near, &mut far] {
                host.run_until(due, Until::Time).expect("a sound host");
            }
        }
    }
    unreachable!("the client comes to an end");
}

#[test]
fn what_is_said_to_echo_comes_back() {
    let sent: Vec<u8> = (0..300_000_u32).flat_map(u32::to_be_bytes).collect();
    let octets = sent.len() as u64;
    assert_eq!(asked(7, &sent), (Outcome::Closed { sent: octets, heard: octets }, sent));
}

#[test]
fn discard_and_daytime_say_what_they_should() {
    assert_eq!(asked(9, b"anything"), (Outcome::Closed { sent: 8, heard: 0 }, Vec::new()));
    assert_eq!(asked(13, b""), (Outcome::Closed { sent: 0, heard: 3 }, b"now".to_vec()));
}

#[test]
fn a_file_comes_whole_though_all_was_asked_for_at_once() {
    let request = "GET /count/200000 HTTP/1.1\r\nHost: a\r\n\r\n";
    let last = "GET /count/4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let (outcome, heard) = asked(80, format!("{request}{last}").as_bytes());
    assert!(matches!(outcome, Outcome::Closed { .. }));
    let text = String::from_utf8(heard).expect("text");
    let answers = text.split("HTTP/1.1 200 OK\r\n");
    let bodies: Vec<&str> = answers.filter_map(|one| one.split("\r\n\r\n").nth(1)).collect();
    assert_eq!(bodies.iter().map(|body| body.len()).collect::<Vec<_>>(), [200_000, 4]);
    assert!(bodies[0].starts_with("1\n2\n3\n") && bodies[1] == "1\n2\n");
}

#[test]
fn where_nobody_listens_the_client_is_refused() {
    assert_eq!(asked(4, b"x"), (Outcome::Refused(Refused::ConnRefused), Vec::new()));
}
