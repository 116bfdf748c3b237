//! What becomes of text at a host that talks to itself: after the reading half was shut, and where there is
//! very much of it.

mod rig;

use rig::{App, Link, config, name};
use stack::base::choose::Seeded;
use stack::base::{Refused, Why};
use stack::host::Config;
use stack::sock::profile::Profile;
use stack::sock::{self, Call, How, OptionValue, Reply, SocketId};

/// A client and its server under the rules of a system. The options are set before they meet.
fn pair(profile: Profile, options: &[OptionValue]) -> (App, SocketId, SocketId) {
    let sockets = sock::Policy::of(profile);
    let mut app = App::new(Config { sockets, ..config(0, Link::Ip) }, Box::new(Seeded::new(5)));
    let (listener, client) = (app.tcp(), app.tcp());
    for sock in [listener, client] {
        options.iter().for_each(|option| assert_eq!(app.set(sock, *option), Ok(())));
    }
    assert_eq!(app.bind(listener, name("127.0.0.1:5000")), Ok(()));
    assert_eq!(app.listen(listener, 1), Ok(()));
    assert_eq!(app.connect(client, name("127.0.0.1:5000")), Err(Refused::InProgress));
    assert_eq!(app.connect(client, name("127.0.0.1:5000")), Ok(()));
    let (server, _) = app.accept(listener).expect("a connection");
    (app, client, server)
}

/// Octets that wait to be read.
fn waiting(app: &App, sock: SocketId) -> u64 {
    let rows = app.host.sockets();
    rows.iter().find(|row| row.sock == Some(sock)).expect("a row").receive_queue
}

#[test]
fn only_new_text_resets_who_has_shut_the_reading_half_on_windows() {
    let (mut app, client, server) = pair(Profile::Windows, &[]);
    assert_eq!(app.send(client, b"early"), Ok(5));
    assert_eq!(app.shutdown(server, How::Read), Ok(()));
    // So much draws an acknowledgement at once.
    assert_eq!(app.send(server, &[7; 5_000]), Ok(5_000));
    assert_eq!((app.error(client), app.error(server)), (None, None));
    assert_eq!(app.send(client, b"late"), Ok(4));
    assert_eq!(app.error(client), Some(Refused::ConnReset));
}

#[test]
fn what_is_thrown_away_on_bsd_does_not_end_at_an_urgent_octet() {
    let (mut app, client, server) = pair(Profile::Bsd, &[]);
    assert_eq!(app.send(client, b"before"), Ok(6));
    assert_eq!(app.shutdown(server, How::Read), Ok(()));
    assert_eq!(waiting(&app, server), 0, "what was there goes, too");
    let urgent = Call::Send { sock: client, data: b"after the mark!".to_vec(), urgent: true };
    assert_eq!(app.call(urgent), Reply::Sent(15));
    assert_eq!(app.send(client, b"and more"), Ok(8));
    assert_eq!(waiting(&app, server), 0);
    assert_eq!(app.recv(server, 99), Ok(Vec::new()));
}

#[test]
fn very_much_text_within_one_host_arrives_whole() {
    const OCTETS: usize = 10_000_000;
    let buffers = [OptionValue::SendBuffer(20_000_000), OptionValue::ReceiveBuffer(20_000_000)];
    let options = [buffers[0], buffers[1], OptionValue::MaxSegment(88)];
    let (mut app, client, server) = pair(Profile::Linux, &options);
    let text: Vec<u8> = (0..=u8::MAX).cycle().take(OCTETS).collect();
    let sent = app.send(client, &text).expect("room for it");
    assert_eq!(sent as usize, OCTETS);
    assert_eq!(waiting(&app, server), OCTETS as u64);
    assert!(app.recv(server, u32::MAX) == Ok(text));
    assert!(!app.seen.discards.contains(&Why::LoopTooLong));
}
