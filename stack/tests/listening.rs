//! Listeners and their queues: overflow, closing, failed handshakes, many connections at once.

mod rig;

use rig::{App, Link, Pair, at, config, name};
use stack::base::choose::Lowest;
use stack::base::{Refused, Span, Why};
use stack::sock::{Call, Family, How, OptionValue, Reply, SocketId};
use stack::tcp::State;
use std::collections::BTreeSet;

const V4: Family = Family::V4;

fn count(pair: &Pair, index: usize, state: State) -> usize {
    pair.apps[index].host.sockets().iter().filter(|row| row.state == Some(state)).count()
}

/// `clients` sockets of the first host that have begun to connect to port 8080 of the second.
fn clients(pair: &mut Pair, clients: usize) -> Vec<SocketId> {
    let socks: Vec<SocketId> = (0..clients).map(|_| pair.a().tcp()).collect();
    for sock in &socks {
        assert_eq!(pair.a().connect(*sock, at(1, V4, 8080)), Err(Refused::InProgress));
    }
    socks
}

//? RFC4987-3.5-a
#[test]
fn a_backlog_holds_one_more_than_its_number_and_the_rest_waits() {
    for backlog in [0, 1, 3] {
        let mut pair = Pair::new(Link::Ip);
        let listener = pair.b().server(at(1, V4, 8080), backlog);
        clients(&mut pair, 8);
        pair.run(Span::from_millis(500));
        let room = backlog as usize + 1;
        assert_eq!(count(&pair, 1, State::Established), room, "backlog {backlog}");
        let full = |why: &&Why| [Why::SynQueueFull, Why::AcceptQueueFull].contains(why);
        assert!(pair.b().seen.discards.iter().filter(full).count() >= 8 - room);
        let mut accepted = 0;
        for _ in 0..150 {
            while pair.b().accept(listener).is_ok() {
                accepted += 1;
            }
            pair.run(Span::from_secs(1));
        }
        assert_eq!(accepted, 8, "those that waited got in when there was room");
        assert_eq!(count(&pair, 0, State::Established), 8);
    }
}

#[test]
fn whoever_waits_to_be_accepted_takes_room() {
    let mut pair = Pair::new(Link::Ip);
    let listener = pair.b().server(at(1, V4, 8080), 1);
    for _ in 0..5 {
        clients(&mut pair, 1);
        pair.run(Span::from_millis(100));
    }
    assert_eq!(count(&pair, 1, State::Established), 2);
    assert!(pair.b().seen.discards.contains(&Why::AcceptQueueFull));
    assert!(pair.b().accept(listener).is_ok());
    clients(&mut pair, 1);
    pair.run(Span::from_millis(100));
    assert_eq!(count(&pair, 1, State::Established), 3);
}

#[test]
fn connections_are_accepted_in_the_order_of_their_completion() {
    let mut pair = Pair::new(Link::Ip);
    let listener = pair.b().server(at(1, V4, 8080), 8);
    let mut expected = Vec::new();
    for sock in (0..5).map(|_| pair.a().tcp()).collect::<Vec<_>>() {
        assert_eq!(pair.a().connect(sock, at(1, V4, 8080)), Err(Refused::InProgress));
        expected.push(pair.a().sock_name(sock));
        pair.settle();
    }
    for name in expected {
        assert_eq!(pair.b().accept(listener).map(|(_, peer)| peer), Ok(name));
    }
    assert_eq!(pair.b().accept(listener), Err(Refused::WouldBlock));
}

//? RFC9293-3.10.4-a
#[test]
fn closing_a_listener_resets_who_waits_and_forgets_who_is_half_open() {
    for by_shutdown in [false, true] {
        let mut pair = Pair::new(Link::Ip);
        let listener = pair.b().server(at(1, V4, 8080), 8);
        let waiting = clients(&mut pair, 1);
        pair.settle();
        let half_open = clients(&mut pair, 1);
        pair.run(Span::from_millis(7));
        assert_eq!(count(&pair, 1, State::SynReceived), 1);
        if by_shutdown {
            assert_eq!(pair.b().shutdown(listener, How::Read), Ok(()));
            assert_eq!(pair.b().accept(listener), Err(Refused::InvalidArgument));
            assert_eq!(pair.b().sock_name(listener), at(1, V4, 8080), "the port stays");
        } else {
            assert_eq!(pair.b().close(listener), Ok(()));
        }
        assert_eq!(count(&pair, 1, State::SynReceived) + count(&pair, 1, State::Established), 0);
        pair.settle();
        assert_eq!(pair.a().recv(waiting[0], 9), Err(Refused::ConnReset));
        assert_eq!(pair.a().recv(half_open[0], 9), Err(Refused::ConnReset), "its ACK found nobody");
        let late = clients(&mut pair, 1);
        pair.settle();
        assert_eq!(pair.a().error(late[0]), Some(Refused::ConnRefused));
        if by_shutdown {
            assert_eq!(pair.b().listen(listener, 1), Ok(()));
            let again = clients(&mut pair, 1);
            pair.settle();
            assert_eq!(pair.a().connect(again[0], at(1, V4, 8080)), Ok(()));
        }
    }
}

//? RFC9293-MUST-41
#[test]
fn an_accepted_connection_outlives_its_listener_and_keeps_the_port() {
    let mut pair = Pair::new(Link::Ip);
    let (client, server, listener) = pair.connected(V4, 8080);
    assert_eq!(pair.b().close(listener), Ok(()));
    assert_eq!(pair.b().send(server, b"still here"), Ok(10));
    pair.settle();
    assert_eq!(pair.a().recv(client, 20), Ok(b"still here".to_vec()));
    let again = pair.b().tcp();
    assert_eq!(pair.b().set(again, OptionValue::ReuseAddr(true)), Ok(()));
    assert_eq!(pair.b().bind(again, at(1, V4, 8080)), Err(Refused::AddrInUse));
    assert_eq!(pair.b().set(server, OptionValue::ReuseAddr(true)), Ok(()));
    assert_eq!(pair.b().bind(again, at(1, V4, 8080)), Ok(()));
    assert_eq!(pair.b().listen(again, 1), Ok(()));
}

/// Found by fuzzing: the keep-alive that a child got with its last options had no timer.
#[test]
fn keep_alives_that_a_listener_asks_for_late_are_sent_by_who_was_half_open() {
    let mut pair = Pair::new(Link::Ip);
    let listener = pair.b().server(at(1, V4, 8080), 0);
    pair.passes = Box::new(|sender, number, _| sender == 1 || number == 0);
    clients(&mut pair, 1);
    pair.settle();
    assert_eq!(count(&pair, 1, State::SynReceived), 1);
    assert_eq!(pair.b().set(listener, OptionValue::KeepAlive(true)), Ok(()));
    pair.passes = Box::new(|_, _, _| true);
    pair.run(Span::from_secs(10));
    assert_eq!(count(&pair, 1, State::Established), 1);
    pair.b().host.check();
    pair.passes = Box::new(|sender, _, _| sender == 1);
    pair.run(Span::from_secs(2 * 3600 + 9 * 75 + 10));
    assert_eq!(count(&pair, 1, State::Established), 0, "nobody answered");
}

//? RFC9293-3.10.7.4-e
//? RFC9293-3.5-d
#[test]
fn a_handshake_that_fails_leaves_no_trace() {
    let mut pair = Pair::new(Link::Ip);
    let listener = pair.b().server(at(1, V4, 8080), 0);
    // The client's ACKs are lost, and it gives up: a reset for the SYN-ACK that comes again.
    pair.passes = Box::new(|sender, number, _| sender == 1 || number == 0);
    let gone = clients(&mut pair, 1);
    pair.settle();
    assert_eq!(count(&pair, 1, State::SynReceived), 1);
    assert_eq!(pair.a().set(gone[0], OptionValue::Linger(Some(Span::ZERO))), Ok(()));
    assert_eq!(pair.a().close(gone[0]), Ok(()));
    pair.passes = Box::new(|_, _, _| true);
    pair.run(Span::from_secs(10));
    assert_eq!(count(&pair, 1, State::SynReceived), 0);
    assert_eq!(pair.b().accept(listener), Err(Refused::WouldBlock));
    clients(&mut pair, 1);
    pair.settle();
    assert!(pair.b().accept(listener).is_ok(), "the listener goes on");
}

#[test]
fn a_connection_reset_before_accept_is_handed_out_with_its_error() {
    let mut pair = Pair::new(Link::Ip);
    let listener = pair.b().server(at(1, V4, 8080), 4);
    let client = clients(&mut pair, 1)[0];
    pair.settle();
    let local = pair.a().sock_name(client);
    assert_eq!(pair.a().set(client, OptionValue::Linger(Some(Span::ZERO))), Ok(()));
    assert_eq!(pair.a().close(client), Ok(()));
    pair.settle();
    let (server, peer) = pair.b().accept(listener).expect("Linux hands it out");
    assert_eq!(peer, local);
    assert_eq!(pair.b().recv(server, 9), Err(Refused::ConnReset));
    assert_eq!(pair.b().close(server), Ok(()));
    assert_eq!(pair.b().host.sockets().len(), 1);
}

#[test]
fn a_thousand_connections_share_one_port_and_stay_apart() {
    const CONNECTIONS: usize = 1_000;
    let mut pair = Pair::new(Link::Ip);
    let listener = pair.b().server(at(1, V4, 8080), 4096);
    let socks = clients(&mut pair, CONNECTIONS);
    pair.settle();
    let mut peers = BTreeSet::new();
    let mut servers = Vec::new();
    while let Ok((server, peer)) = pair.b().accept(listener) {
        assert!(peers.insert(peer), "every peer has a port of its own");
        servers.push((server, peer));
    }
    assert_eq!(servers.len(), CONNECTIONS);
    for sock in &socks {
        let text = pair.a().sock_name(*sock).to_string();
        let sent = pair.a().send(*sock, text.as_bytes());
        assert_eq!(sent.map(|sent| sent as usize), Ok(text.len()));
    }
    pair.settle();
    for (server, peer) in servers {
        assert_eq!(pair.b().recv(server, 100), Ok(peer.to_string().into_bytes()));
    }
}

#[test]
fn a_specific_listener_comes_before_a_wildcard() {
    let mut pair = Pair::new(Link::Ip);
    let [wildcard, specific] = ["0.0.0.0:8080", "192.0.2.2:8080"].map(|local| {
        let sock = pair.b().tcp();
        assert_eq!(pair.b().set(sock, OptionValue::ReusePort(true)), Ok(()));
        assert_eq!(pair.b().bind(sock, name(local)), Ok(()));
        assert_eq!(pair.b().listen(sock, 4), Ok(()));
        sock
    });
    for (host, taker, other) in [("192.0.2.2", specific, wildcard), ("192.0.2.102", wildcard, specific)] {
        let client = pair.a().tcp();
        assert_eq!(pair.a().connect(client, name(&format!("{host}:8080"))), Err(Refused::InProgress));
        pair.settle();
        assert!(pair.b().accept(taker).is_ok(), "{host}");
        assert_eq!(pair.b().accept(other), Err(Refused::WouldBlock));
    }
}

//? RFC9293-3.10.6-a
#[test]
fn the_table_of_sockets_is_data() {
    let mut pair = Pair::new(Link::Ip);
    let (client, server, listener) = pair.connected(V4, 8080);
    assert_eq!(pair.b().send(server, b"unread"), Ok(6));
    pair.settle();
    let rows = pair.a().host.sockets();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].sock, rows[0].receive_queue), (Some(client), 6));
    let rows = pair.b().host.sockets();
    let seen: Vec<_> = rows.iter().map(|row| (row.sock, row.state, row.local)).collect();
    let local = at(1, V4, 8080);
    assert_eq!(
        seen,
        [(Some(listener), Some(State::Listen), local), (Some(server), Some(State::Established), local)]
    );
    assert_eq!(pair.b().call(Call::Close { sock: server }), Reply::Done);
    assert_eq!(pair.b().host.sockets().last().map(|row| row.sock), Some(None), "an orphan");
}

#[test]
fn an_acknowledgement_that_finds_the_accept_queue_full_waits_for_room() {
    let mut pair = Pair::new(Link::Ip);
    let listener = pair.b().server(at(1, V4, 8080), 0);
    // Both are half-open before either completes.
    pair.b().listen(listener, 1).expect("a larger backlog");
    let socks = clients(&mut pair, 2);
    pair.run(Span::from_millis(7));
    assert_eq!(count(&pair, 1, State::SynReceived), 2);
    pair.b().listen(listener, 0).expect("a smaller backlog");
    pair.settle();
    assert_eq!(count(&pair, 1, State::Established), 1);
    assert_eq!(count(&pair, 1, State::SynReceived), 1, "its last acknowledgement was ignored");
    assert_eq!(count(&pair, 0, State::Established), 2, "which the client can not know");
    assert!(pair.b().seen.discards.contains(&Why::AcceptQueueFull));
    let (first, _) = pair.b().accept(listener).expect("one");
    assert_eq!(pair.a().send(socks[1], b"early"), Ok(5));
    pair.run(Span::from_secs(5));
    let (second, _) = pair.b().accept(listener).expect("the other");
    assert_ne!(first, second);
    assert_eq!(pair.b().recv(second, 9), Ok(b"early".to_vec()));
}

//? RFC9293-MAY-2
//? RFC9293-MUST-13
#[test]
fn a_newer_syn_opens_anew_what_is_in_time_wait() {
    let mut pair = Pair::new(Link::Ip);
    // Initial sequence numbers that follow the clock alone, so that a later one is a newer one.
    pair.apps[0] = App::new(config(0, Link::Ip), Box::new(Lowest));
    let listener = pair.b().server(at(1, V4, 8080), 4);
    let mut served = Vec::new();
    for round in 0..3 {
        let client = pair.a().tcp();
        assert_eq!(pair.a().bind(client, at(0, V4, 40_000)), Ok(()));
        assert_eq!(pair.a().connect(client, at(1, V4, 8080)), Err(Refused::InProgress));
        pair.settle();
        let (server, _) = pair.b().accept(listener).expect("the connection opens anew");
        served.push(server);
        assert_eq!(pair.a().send(client, &[round; 3]), Ok(3));
        pair.settle();
        assert_eq!(pair.b().recv(server, 9), Ok(vec![round; 3]));
        // The server closes first and is the one to wait.
        assert_eq!(pair.b().close(server), Ok(()));
        pair.settle();
        assert_eq!(pair.a().close(client), Ok(()));
        pair.settle();
        assert_eq!(count(&pair, 1, State::TimeWait), 1);
        assert_eq!(count(&pair, 0, State::TimeWait), 0);
    }
    // Without a listener the SYN gets the acknowledgement of the old connection, the reset that answers it
    // ends that one (RFC 1337), and the next SYN finds nobody.
    assert_eq!(pair.b().close(listener), Ok(()));
    let client = pair.a().tcp();
    assert_eq!(pair.a().bind(client, at(0, V4, 40_000)), Ok(()));
    assert_eq!(pair.a().connect(client, at(1, V4, 8080)), Err(Refused::InProgress));
    pair.run(Span::from_secs(3));
    assert_eq!(pair.a().connect(client, at(1, V4, 8080)), Err(Refused::ConnRefused));
}

#[test]
fn an_orphan_waits_a_minute_for_a_fin_that_does_not_come() {
    let mut pair = Pair::new(Link::Ip);
    let (client, server, _) = pair.connected(V4, 8080);
    assert_eq!(pair.a().close(client), Ok(()));
    pair.settle();
    assert_eq!(count(&pair, 0, State::FinWait2), 1);
    pair.run(Span::from_secs(61));
    assert!(pair.a().host.sockets().is_empty());
    assert_eq!(pair.b().send(server, b"anybody?"), Ok(8));
    pair.settle();
    assert_eq!(pair.b().error(server), Some(Refused::BrokenPipe));
}

//? RFC9293-3.6-e
#[test]
fn whoever_only_shut_its_writing_half_waits_for_ever() {
    let mut pair = Pair::new(Link::Ip);
    let (client, server, _) = pair.connected(V4, 8080);
    assert_eq!(pair.a().shutdown(client, How::Write), Ok(()));
    pair.run(Span::from_secs(100_000));
    assert_eq!(pair.b().send(server, b"late"), Ok(4));
    pair.settle();
    assert_eq!(pair.a().recv(client, 9), Ok(b"late".to_vec()));
}
