//! Listeners that share a port: who gets which connection (RFC 9293 section 3.9.1.1).

mod rig;

use rig::{App, Link, config, name};
use stack::base::Refused;
use stack::base::choose::Seeded;
use stack::sock::{OptionValue, SocketId};

const SERVER: &str = "127.0.0.1:26010";

fn host() -> App {
    App::new(config(0, Link::Ip), Box::new(Seeded::new(11)))
}

fn listeners(app: &mut App, count: usize) -> Vec<SocketId> {
    let one = |_| {
        let sock = app.tcp();
        assert_eq!(app.set(sock, OptionValue::ReusePort(true)), Ok(()));
        assert_eq!(app.bind(sock, name(SERVER)), Ok(()));
        assert_eq!(app.listen(sock, 50), Ok(()));
        sock
    };
    (0..count).map(one).collect()
}

/// Which of the listeners gets a connection from `port`; it is ended at once.
fn met(app: &mut App, listeners: &[SocketId], port: u16) -> usize {
    let client = app.tcp();
    if port != 0 {
        assert_eq!(app.bind(client, name(&format!("127.0.0.1:{port}"))), Ok(()));
    }
    assert_eq!(app.connect(client, name(SERVER)), Err(Refused::InProgress));
    assert_eq!(app.connect(client, name(SERVER)), Ok(()));
    let children: Vec<_> = listeners.iter().map(|listener| app.accept(*listener).ok()).collect();
    let taken: Vec<usize> = (0..listeners.len()).filter(|at| children[*at].is_some()).collect();
    let [at] = taken[..] else { panic!("one listener gets it: {taken:?}") };
    for sock in [client].into_iter().chain(children[at].map(|(child, _)| child)) {
        assert_eq!(app.set(sock, OptionValue::Linger(Some(stack::base::Span::ZERO))), Ok(()));
        assert_eq!(app.close(sock), Ok(()));
    }
    at
}

fn spread(app: &mut App, listeners: &[SocketId], connections: usize) -> Vec<usize> {
    let mut counts = vec![0; listeners.len()];
    for _ in 0..connections {
        counts[met(app, listeners, 0)] += 1;
    }
    counts
}

#[test]
fn connections_spread_over_the_listeners_that_share() {
    let mut app = host();
    let group = listeners(&mut app, 4);
    let counts = spread(&mut app, &group, 400);
    // Of 400 that fall evenly more than 140 or fewer than 60 are off by five standard deviations.
    assert!(counts.iter().all(|count| (60..=140).contains(count)), "{counts:?}");
}

#[test]
fn a_conversation_meets_the_same_listener_every_time() {
    let mut app = host();
    let group = listeners(&mut app, 4);
    for port in 27_001..27_020 {
        let first = met(&mut app, &group, port);
        assert!((0..5).all(|_| met(&mut app, &group, port) == first), "{port}");
    }
}

#[test]
fn when_a_listener_goes_the_others_share_the_rest() {
    let mut app = host();
    let mut group = listeners(&mut app, 4);
    assert_eq!(app.close(group.remove(0)), Ok(()));
    let counts = spread(&mut app, &group, 300);
    assert!(counts.iter().all(|count| (60..=140).contains(count)), "{counts:?}");
}
