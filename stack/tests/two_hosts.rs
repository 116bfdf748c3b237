//! Two hosts on a wire: connections and datagrams over both links and both families.

mod rig;

use rig::{LINKS, Link, Pair, addr, at, config, name};
use stack::base::{Instant, PortRange, Refused, Span};
use stack::ports::Policy;
use stack::sock::{Family, How, Kind, OptionName, OptionValue, SocketId};
use stack::tcp::State;

const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

/// Runs `test` over every link and family.
fn everywhere(test: impl Fn(Pair, Family)) {
    for link in LINKS {
        for family in FAMILIES {
            test(Pair::new(link), family);
        }
    }
}

fn states(pair: &Pair, index: usize) -> Vec<State> {
    pair.apps[index].host.sockets().iter().filter_map(|row| row.state).collect()
}

//? RFC768-User_Interface-a
#[test]
fn a_datagram_is_echoed() {
    everywhere(|mut pair, family| {
        let echo = pair.b().receiver(at(1, family, 7000));
        let sock = pair.a().socket(family, Kind::Datagram);
        assert_eq!(pair.a().send_to(sock, at(1, family, 7000), b"hello"), Ok(5));
        pair.settle();
        let (from, data) = pair.b().recv_from(echo, 100).expect("a datagram");
        assert_eq!((from.ip(), &data[..]), (addr(0, family), &b"hello"[..]));
        assert_eq!(pair.b().send_to(echo, from, &data), Ok(5));
        pair.settle();
        assert_eq!(pair.a().recv_from(sock, 100), Ok((at(1, family, 7000), b"hello".to_vec())));
    });
}

#[test]
fn a_datagram_longer_than_the_link_arrives_whole() {
    everywhere(|mut pair, family| {
        let receiver = pair.b().receiver(at(1, family, 7000));
        let sock = pair.a().socket(family, Kind::Datagram);
        let data: Vec<u8> = (0..=255).cycle().take(5000).collect();
        assert_eq!(pair.a().send_to(sock, at(1, family, 7000), &data), Ok(5000));
        pair.settle();
        assert_eq!(pair.b().recv(receiver, u32::MAX), Ok(data));
    });
}

//? RFC1122-4.1.3.1-a
#[test]
fn a_datagram_for_nobody_is_refused_to_those_who_are_connected() {
    everywhere(|mut pair, family| {
        let [connected, open] = [0; 2].map(|_| pair.a().socket(family, Kind::Datagram));
        assert_eq!(pair.a().connect(connected, at(1, family, 7000)), Ok(()));
        assert_eq!(pair.a().send(connected, b"anybody there?"), Ok(14));
        assert_eq!(pair.a().send_to(open, at(1, family, 7000), b"anybody?"), Ok(8));
        pair.settle();
        assert_eq!(pair.a().recv(connected, 100), Err(Refused::ConnRefused));
        assert_eq!(pair.a().recv(connected, 100), Err(Refused::WouldBlock));
        assert_eq!(pair.a().recv(open, 100), Err(Refused::WouldBlock));
    });
}

#[test]
fn a_broadcast_reaches_every_wildcard_and_no_unicast_socket_and_is_never_refused() {
    for link in LINKS {
        let mut pair = Pair::new(link);
        let everybody = name("192.0.2.255:7000");
        let [one, two] = [0; 2].map(|_| {
            let sock = pair.b().udp();
            assert_eq!(pair.b().set(sock, OptionValue::ReuseAddr(true)), Ok(()));
            assert_eq!(pair.b().bind(sock, name("0.0.0.0:7000")), Ok(()));
            sock
        });
        let unicast = pair.b().udp();
        assert_eq!(pair.b().set(unicast, OptionValue::ReuseAddr(true)), Ok(()));
        assert_eq!(pair.b().bind(unicast, at(1, Family::V4, 7000)), Ok(()));
        let sock = pair.a().udp();
        assert_eq!(pair.a().set(sock, OptionValue::Broadcast(true)), Ok(()));
        assert_eq!(pair.a().send_to(sock, everybody, b"all"), Ok(3));
        assert_eq!(pair.a().send_to(sock, name("192.0.2.255:7001"), b"none"), Ok(4));
        pair.settle();
        for taker in [one, two] {
            assert_eq!(pair.b().recv(taker, 9), Ok(b"all".to_vec()));
        }
        assert_eq!(pair.b().recv(unicast, 9), Err(Refused::WouldBlock));
        assert!(pair.log.iter().all(|(_, sender, _)| *sender == 0), "nobody answers a broadcast");
    }
}

//? RFC9293-3.5-a
//? RFC9293-3.6-e
//? RFC9293-3.10.3-c
//? RFC9293-3.10.3-d
//? RFC9293-3.10.2-f
//? RFC9293-MUST-13
//? RFC9293-MUST-45
#[test]
fn a_connection_opens_carries_data_both_ways_half_closes_and_closes() {
    everywhere(|mut pair, family| {
        let (client, server, _) = pair.connected(family, 8080);
        assert_eq!(pair.b().sock_name(server), at(1, family, 8080));
        assert_eq!(pair.a().peer_name(client), Ok(at(1, family, 8080)));
        assert_eq!(pair.a().send(client, b"question"), Ok(8));
        pair.settle();
        assert_eq!(pair.b().recv(server, 100), Ok(b"question".to_vec()));
        assert_eq!(pair.b().recv(server, 100), Err(Refused::WouldBlock));
        assert_eq!(pair.a().shutdown(client, How::Write), Ok(()));
        assert_eq!(pair.a().send(client, b"late"), Err(Refused::BrokenPipe));
        pair.settle();
        assert_eq!(pair.b().recv(server, 100), Ok(Vec::new()), "end of stream");
        assert!(pair.b().poll(server).read_closed);
        assert_eq!(pair.b().send(server, b"answer"), Ok(6));
        pair.settle();
        assert_eq!(pair.a().recv(client, 100), Ok(b"answer".to_vec()));
        assert_eq!(pair.b().close(server), Ok(()));
        pair.settle();
        assert_eq!(pair.a().recv(client, 100), Ok(Vec::new()));
        assert_eq!(states(&pair, 0), [State::TimeWait]);
        assert_eq!(states(&pair, 1), [State::Listen]);
        assert_eq!(pair.a().close(client), Ok(()));
        assert_eq!(states(&pair, 0), [State::TimeWait], "the connection outlives its socket");
        pair.run(Span::from_secs(70));
        assert_eq!(states(&pair, 0), []);
    });
}

//? RFC9293-3.10.7.4-aa
//? RFC9293-MUST-39
#[test]
fn much_data_arrives_in_order_through_small_buffers() {
    everywhere(|mut pair, family| {
        let (client, server, _) = pair.connected(family, 8080);
        let sent: Vec<u8> = (0..200_000_u32).map(|index| (index % 251) as u8).collect();
        let (mut offset, mut got) = (0, Vec::new());
        for _ in 0..1_000 {
            match pair.a().send(client, &sent[offset..]) {
                Ok(octets) => offset += octets as usize,
                Err(refused) => assert_eq!(refused, Refused::WouldBlock),
            }
            pair.run(Span::from_millis(20));
            while let Ok(data) = pair.b().recv(server, 10_000) {
                got.extend(data);
            }
            if got.len() == sent.len() {
                break;
            }
        }
        assert_eq!(got, sent);
    });
}

//? RFC9293-3.10.7.3-b
//? RFC9293-3.10.1-f
//? RFC9293-3.10.7.1-b
#[test]
fn a_port_where_nobody_listens_refuses_and_the_socket_can_be_used_again() {
    everywhere(|mut pair, family| {
        let sock = pair.a().socket(family, Kind::Stream);
        assert_eq!(pair.a().connect(sock, at(1, family, 8080)), Err(Refused::InProgress));
        assert_eq!(pair.a().connect(sock, at(1, family, 8080)), Err(Refused::AlreadyInProgress));
        pair.settle();
        let ready = pair.a().poll(sock);
        assert!(ready.error && ready.readable && ready.writable && ready.hung_up);
        assert_eq!(pair.a().connect(sock, at(1, family, 8080)), Err(Refused::ConnRefused));
        let _ = pair.b().server(at(1, family, 8080), 1);
        assert_eq!(pair.a().connect(sock, at(1, family, 8080)), Err(Refused::InProgress));
        pair.settle();
        assert_eq!(pair.a().connect(sock, at(1, family, 8080)), Ok(()));
        assert_eq!(pair.a().connect(sock, at(1, family, 8080)), Err(Refused::AlreadyConnected));
    });
}

#[test]
fn the_outcome_can_be_read_from_the_socket_error_too() {
    let mut pair = Pair::new(Link::Ip);
    let sock = pair.a().tcp();
    let remote = at(1, Family::V4, 8080);
    assert_eq!(pair.a().connect(sock, remote), Err(Refused::InProgress));
    pair.settle();
    assert_eq!(pair.a().error(sock), Some(Refused::ConnRefused));
    assert_eq!(pair.a().error(sock), None);
    assert_eq!(pair.a().connect(sock, remote), Err(Refused::ConnAborted), "the attempt is over");
    assert_eq!(pair.a().connect(sock, remote), Err(Refused::InProgress), "a new one begins");
}

#[test]
fn a_neighbour_that_does_not_answer_is_unreachable() {
    let mut pair = Pair::new(Link::Ethernet);
    let sock = pair.a().tcp();
    assert_eq!(pair.a().connect(sock, name("192.0.2.77:80")), Err(Refused::InProgress));
    pair.run(Span::from_secs(10));
    let state = states(&pair, 0);
    let error = pair.a().error(sock);
    // RFC 9293 section 3.9.2.2 makes this a soft error, so the attempt goes on; Linux ends it.
    assert!(state == [State::SynSent] && error.is_none() || error == Some(Refused::HostUnreachable));
}

//? RFC9293-3.10.5-a
//? RFC9293-SHLD-3
//? RFC9293-3.10.7.4-g
//? RFC9293-MUST-12
#[test]
fn linger_of_zero_and_unread_data_reset_the_peer() {
    for unread in [false, true] {
        let mut pair = Pair::new(Link::Ip);
        let (client, server, _) = pair.connected(Family::V4, 8080);
        if unread {
            assert_eq!(pair.b().send(server, b"never read"), Ok(10));
            pair.settle();
        } else {
            assert_eq!(pair.a().set(client, OptionValue::Linger(Some(Span::ZERO))), Ok(()));
        }
        assert_eq!(pair.a().close(client), Ok(()));
        assert_eq!(states(&pair, 0), [], "nothing is left behind");
        pair.settle();
        assert_eq!(pair.b().recv(server, 9), Err(Refused::ConnReset));
        assert_eq!(pair.b().recv(server, 9), Ok(Vec::new()), "reported once");
        assert_eq!(pair.b().send(server, b"x"), Err(Refused::BrokenPipe));
        assert_eq!(pair.b().peer_name(server), Err(Refused::NotConnected));
    }
}

#[test]
fn a_closed_reading_half_still_hands_out_what_comes() {
    let mut pair = Pair::new(Link::Ip);
    let (client, server, _) = pair.connected(Family::V4, 8080);
    assert_eq!(pair.a().shutdown(client, How::Read), Ok(()));
    assert_eq!(pair.a().recv(client, 9), Ok(Vec::new()));
    assert_eq!(pair.b().send(server, b"late"), Ok(4));
    pair.settle();
    assert_eq!(pair.a().recv(client, 9), Ok(b"late".to_vec()));
    assert_eq!(pair.a().recv(client, 9), Ok(Vec::new()));
    assert_eq!(pair.a().shutdown(client, How::Write), Ok(()));
    assert_eq!(pair.a().shutdown(client, How::Both), Ok(()), "once more does no harm");
}

//? RFC6056-2.2-a
#[test]
fn one_local_port_serves_many_peers_but_each_four_tuple_once() {
    let ports = Policy { ephemeral: PortRange::new(50_000, 50_000).expect("a range"), ..Policy::default() };
    let mut first = config(0, Link::Ip);
    first.ports = ports;
    let mut pair = Pair::with([first, config(1, Link::Ip)], 1);
    for port in [8080, 8081] {
        pair.b().server(at(1, Family::V4, port), 4);
    }
    let socks: Vec<SocketId> = (0..3).map(|_| pair.a().tcp()).collect();
    assert_eq!(pair.a().connect(socks[0], at(1, Family::V4, 8080)), Err(Refused::InProgress));
    assert_eq!(pair.a().connect(socks[1], at(1, Family::V4, 8081)), Err(Refused::InProgress));
    assert_eq!(pair.a().connect(socks[2], at(1, Family::V4, 8080)), Err(Refused::AddrNotAvailable));
    pair.settle();
    assert_eq!(pair.a().sock_name(socks[0]), pair.a().sock_name(socks[1]));
    assert_eq!(pair.a().send(socks[1], b"x"), Ok(1));
    let binder = pair.a().tcp();
    assert_eq!(pair.a().bind(binder, at(0, Family::V4, 50_000)), Err(Refused::AddrInUse));
    assert_eq!(pair.a().bind(binder, name("192.0.2.101:50000")), Ok(()), "another address");
}

#[test]
fn time_wait_holds_its_four_tuple_and_its_port() {
    let mut pair = Pair::new(Link::Ip);
    let (client, server, _) = pair.connected(Family::V4, 8080);
    let local = pair.a().sock_name(client);
    assert_eq!(pair.a().close(client), Ok(()));
    pair.settle();
    assert_eq!(pair.b().close(server), Ok(()));
    pair.settle();
    assert_eq!(states(&pair, 0), [State::TimeWait]);
    let again = pair.a().tcp();
    assert_eq!(pair.a().set(again, OptionValue::ReuseAddr(true)), Ok(()));
    assert_eq!(pair.a().bind(again, local), Err(Refused::AddrInUse), "the old socket had no SO_REUSEADDR");
    pair.run(Span::from_secs(70));
    assert_eq!(pair.a().bind(again, local), Ok(()));
    assert_eq!(pair.a().connect(again, at(1, Family::V4, 8080)), Err(Refused::InProgress));
}

//? RFC9293-MUST-42
#[test]
fn one_can_listen_where_another_socket_connects_from_if_both_agree() {
    let mut pair = Pair::new(Link::Ip);
    pair.passes = Box::new(|_, _, _| false);
    let [connects, listens, other] = [0; 3].map(|_| {
        let sock = pair.a().tcp();
        assert_eq!(pair.a().set(sock, OptionValue::ReuseAddr(true)), Ok(()));
        assert_eq!(pair.a().bind(sock, at(0, Family::V4, 8080)), Ok(()));
        sock
    });
    assert_eq!(pair.a().connect(connects, at(1, Family::V4, 9090)), Err(Refused::InProgress));
    assert_eq!(states(&pair, 0)[0], State::SynSent);
    assert_eq!(pair.a().connect(other, at(1, Family::V4, 9090)), Err(Refused::AddrNotAvailable));
    assert_eq!(pair.a().listen(listens, 1), Ok(()));
}

//? RFC1122-3.2.1.3-d
#[test]
fn a_host_connects_to_itself_and_a_socket_to_itself() {
    let mut pair = Pair::new(Link::Ip);
    let listener = pair.a().server(name("0.0.0.0:8080"), 4);
    for host in ["127.0.0.5", "192.0.2.1", "0.0.0.0"] {
        let client = pair.a().tcp();
        let remote = name(&format!("{host}:8080"));
        assert_eq!(pair.a().connect(client, remote), Err(Refused::InProgress));
        assert_eq!(pair.a().connect(client, remote), Ok(()), "{host} is this host");
        let (server, peer) = pair.a().accept(listener).expect("a connection");
        assert_eq!(peer, pair.a().sock_name(client));
        assert_eq!(pair.a().send(client, b"inside"), Ok(6));
        assert_eq!(pair.a().recv(server, 9), Ok(b"inside".to_vec()));
    }
    let alone = pair.a().tcp();
    assert_eq!(pair.a().bind(alone, name("127.0.0.1:9000")), Ok(()));
    assert_eq!(pair.a().connect(alone, name("127.0.0.1:9000")), Err(Refused::InProgress));
    assert_eq!(pair.a().connect(alone, name("127.0.0.1:9000")), Ok(()));
    assert_eq!(pair.a().send(alone, b"loop"), Ok(4));
    assert_eq!(pair.a().recv(alone, 9), Ok(b"loop".to_vec()));
    assert!(pair.log.is_empty(), "nothing of it reaches the link");
}

//? RFC3493-3.7-a
//? RFC3493-5.3-a
#[test]
fn a_dual_stack_listener_takes_both_families() {
    let mut pair = Pair::new(Link::Ethernet);
    let listener = pair.b().server(name("[::]:8080"), 4);
    for family in FAMILIES {
        let client = pair.a().socket(family, Kind::Stream);
        assert_eq!(pair.a().connect(client, at(1, family, 8080)), Err(Refused::InProgress));
        pair.settle();
        let (server, peer) = pair.b().accept(listener).expect("a connection");
        let port = pair.a().sock_name(client).port();
        let expected = match family {
            Family::V4 => name(&format!("[::ffff:192.0.2.1]:{port}")),
            Family::V6 => at(0, family, port),
        };
        assert_eq!(peer, expected);
        assert_eq!(pair.b().peer_name(server), Ok(expected));
    }
}

#[test]
fn an_accepted_socket_has_the_options_of_its_listener_and_its_own_name() {
    let mut pair = Pair::new(Link::Ip);
    let listener = pair.b().tcp();
    let options = [
        OptionValue::ReuseAddr(true),
        OptionValue::KeepAlive(true),
        OptionValue::NoDelay(true),
        OptionValue::ReceiveBuffer(4000),
        OptionValue::Linger(Some(Span::from_secs(3))),
        OptionValue::HopLimit(9),
    ];
    for value in options {
        assert_eq!(pair.b().set(listener, value), Ok(()));
    }
    assert_eq!(pair.b().bind(listener, name("0.0.0.0:8080")), Ok(()));
    assert_eq!(pair.b().listen(listener, 1), Ok(()));
    let client = pair.a().tcp();
    assert_eq!(pair.a().connect(client, at(1, Family::V4, 8080)), Err(Refused::InProgress));
    pair.settle();
    let (server, _) = pair.b().accept(listener).expect("a connection");
    let names = [
        OptionName::ReuseAddr,
        OptionName::KeepAlive,
        OptionName::NoDelay,
        OptionName::ReceiveBuffer,
        OptionName::Linger,
        OptionName::HopLimit,
    ];
    for (name, value) in names.into_iter().zip(options) {
        assert_eq!(pair.b().option(server, name), Ok(value));
    }
    assert_eq!(pair.b().sock_name(server), at(1, Family::V4, 8080), "not the wildcard");
    assert_eq!(pair.b().bind(server, name("0.0.0.0:8090")), Err(Refused::InvalidArgument));
}

/// A life of everything, for comparison with itself.
fn life(seed: u64) -> Vec<(Instant, usize, Vec<u8>)> {
    let mut pair = Pair::with([config(0, Link::Ethernet), config(1, Link::Ethernet)], seed);
    pair.passes = Box::new(|_, number, _| number % 7 != 6);
    let listener = pair.b().server(name("[::]:8080"), 4);
    for family in FAMILIES {
        let client = pair.a().socket(family, Kind::Stream);
        let _ = pair.a().connect(client, at(1, family, 8080));
        let datagram = pair.a().socket(family, Kind::Datagram);
        let _ = pair.a().send_to(datagram, at(1, family, 9), b"nobody");
        pair.run(Span::from_secs(5));
        let _ = pair.a().send(client, &[7; 9000]);
        pair.run(Span::from_secs(5));
        if let Ok((server, _)) = pair.b().accept(listener) {
            let _ = pair.b().recv(server, 100_000);
            let _ = pair.b().close(server);
        }
        let _ = pair.a().close(client);
        pair.run(Span::from_secs(90));
    }
    pair.log
}

#[test]
fn the_same_seed_gives_the_same_frames_at_the_same_times() {
    assert_eq!(life(42), life(42));
    assert_ne!(life(42), life(43), "the seed decides sequence numbers and ports");
}
