//! The calls of one host that talks to nobody or to itself: refusals, binding, datagrams inside the host.

mod rig;

use rig::{App, Link, config, name};
use stack::base::choose::Lowest;
use stack::base::{PortRange, Refused};
use stack::host::Config;
use stack::ports::Policy;
use stack::sock::{Call, Family, How, Kind, OptionName, OptionValue, Readiness, Reply, SocketId};
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};

const ANY: &str = "0.0.0.0:0";

fn with_ports(first: u16, last: u16) -> App {
    let ephemeral = PortRange::new(first, last).expect("a range");
    let ports = Policy { ephemeral, ..Policy::default() };
    App::new(Config { ports, ..config(0, Link::Ip) }, Box::new(Lowest))
}

#[test]
fn a_number_that_was_never_given_is_refused_by_every_call() {
    let mut app = App::alone();
    let sock = SocketId(7);
    let calls = [
        Call::Bind { sock, local: name(ANY) },
        Call::Listen { sock, backlog: 1 },
        Call::Accept { sock },
        Call::Connect { sock, remote: name("192.0.2.2:80") },
        Call::Send { sock, data: vec![1], urgent: false },
        Call::Recv { sock, max: 1 },
        Call::SendTo { sock, to: None, data: vec![1] },
        Call::RecvFrom { sock, max: 1 },
        Call::Shutdown { sock, how: How::Both },
        Call::Close { sock },
        Call::GetSockName { sock },
        Call::GetPeerName { sock },
        Call::SetOption { sock, value: OptionValue::ReuseAddr(true) },
        Call::GetOption { sock, name: OptionName::Error },
        Call::Poll { sock },
    ];
    for call in calls {
        assert_eq!(app.call(call.clone()), Reply::Refused(Refused::NoSuchSocket), "{call:?}");
    }
}

#[test]
fn a_number_is_gone_after_close_and_never_used_again() {
    let mut app = App::alone();
    let first = app.tcp();
    assert_eq!(app.close(first), Ok(()));
    assert_eq!(app.close(first), Err(Refused::NoSuchSocket));
    assert!(app.udp() > first);
    assert_eq!(app.host.sockets().len(), 1);
}

//? RFC9293-3.10.2-a
//? RFC9293-3.10.3-a
//? RFC9293-3.10.5-d
#[test]
fn a_fresh_stream_socket_refuses_what_needs_a_connection() {
    let mut app = App::alone();
    let sock = app.tcp();
    assert_eq!(app.send(sock, b"x"), Err(Refused::BrokenPipe));
    assert_eq!(app.recv(sock, 1), Err(Refused::NotConnected));
    assert_eq!(app.shutdown(sock, How::Write), Err(Refused::NotConnected));
    assert_eq!(app.peer_name(sock), Err(Refused::NotConnected));
    assert_eq!(app.accept(sock), Err(Refused::InvalidArgument));
    assert_eq!(app.sock_name(sock), name(ANY));
    assert_eq!(app.error(sock), None);
    assert_eq!(app.option(sock, OptionName::AcceptConn), Ok(OptionValue::AcceptConn(false)));
    assert_eq!(app.poll(sock), Readiness { writable: true, hung_up: true, ..Readiness::default() });
}

//? RFC9293-3.10.2-b
//? RFC9293-MUST-41
#[test]
fn a_listener_refuses_what_needs_a_connection() {
    let mut app = App::alone();
    let sock = app.server(name("0.0.0.0:8080"), 1);
    assert_eq!(app.send(sock, b"x"), Err(Refused::BrokenPipe));
    assert_eq!(app.recv(sock, 1), Err(Refused::NotConnected));
    assert_eq!(app.peer_name(sock), Err(Refused::NotConnected));
    assert_eq!(app.accept(sock), Err(Refused::WouldBlock));
    assert_eq!(app.bind(sock, name("0.0.0.0:8081")), Err(Refused::InvalidArgument));
    assert_eq!(app.connect(sock, name("192.0.2.2:80")), Err(Refused::AlreadyConnected));
    assert_eq!(app.listen(sock, 5), Ok(()), "a second listen changes the backlog");
    assert_eq!(app.shutdown(sock, How::Write), Ok(()));
    assert_eq!(app.option(sock, OptionName::AcceptConn), Ok(OptionValue::AcceptConn(true)));
    assert_eq!(app.poll(sock), Readiness::default());
}

#[test]
fn a_datagram_socket_refuses_what_is_for_streams_and_what_needs_a_peer() {
    let mut app = App::alone();
    let sock = app.udp();
    assert_eq!(app.listen(sock, 1), Err(Refused::NotSupported));
    assert_eq!(app.accept(sock), Err(Refused::NotSupported));
    assert_eq!(app.recv(sock, 1), Err(Refused::WouldBlock));
    assert_eq!(app.shutdown(sock, How::Write), Err(Refused::NotConnected));
    assert_eq!(app.peer_name(sock), Err(Refused::NotConnected));
    assert_eq!(app.sock_name(sock), name(ANY));
    assert_eq!(app.send(sock, b"x"), Err(Refused::DestinationRequired));
    assert_ne!(app.sock_name(sock).port(), 0, "the attempt has taken a port, as on Linux");
    assert_eq!(app.bind(sock, name("0.0.0.0:8080")), Err(Refused::InvalidArgument));
    assert_eq!(app.send_to(sock, name("192.0.2.2:0"), b"x"), Err(Refused::InvalidArgument));
    assert_eq!(app.send_to(sock, name("192.0.2.255:9"), b"x"), Err(Refused::AccessDenied));
    let call = Call::Send { sock, data: vec![1], urgent: true };
    assert_eq!(app.call(call), Reply::Refused(Refused::NotSupported));
}

//? RFC1340-Well_Known_Port_Numbers-a
//? RFC9293-3.10.1-d
#[test]
fn bind_looks_at_the_address_then_at_privilege_then_at_the_socket_then_at_others() {
    let mut app = App::alone();
    let v6 = |text: &str, port, scope| -> SocketAddr {
        SocketAddrV6::new(text.parse::<Ipv6Addr>().expect("an address"), port, 0, scope).into()
    };
    let cases: [(Family, Kind, SocketAddr, Result<(), Refused>); 19] = [
        (Family::V4, Kind::Stream, name("[::1]:8000"), Err(Refused::FamilyNotSupported)),
        (Family::V6, Kind::Stream, name("127.0.0.1:8000"), Err(Refused::InvalidArgument)),
        (Family::V4, Kind::Stream, name("198.51.100.1:8000"), Err(Refused::AddrNotAvailable)),
        (Family::V4, Kind::Stream, name("240.0.0.1:8000"), Err(Refused::AddrNotAvailable)),
        (Family::V4, Kind::Stream, name("0.0.0.5:8000"), Err(Refused::AddrNotAvailable)),
        (Family::V4, Kind::Datagram, name("198.51.100.1:80"), Err(Refused::AddrNotAvailable)),
        (Family::V4, Kind::Stream, name("224.0.0.251:8000"), Ok(())),
        (Family::V4, Kind::Datagram, name("255.255.255.255:8000"), Ok(())),
        (Family::V4, Kind::Datagram, name("192.0.2.255:8001"), Ok(())),
        (Family::V4, Kind::Stream, name("127.200.1.1:8000"), Ok(())),
        (Family::V6, Kind::Stream, v6("ff02::1", 8000, 1), Err(Refused::InvalidArgument)),
        (Family::V6, Kind::Datagram, v6("ff02::1", 8000, 0), Err(Refused::InvalidArgument)),
        (Family::V6, Kind::Datagram, v6("ff02::1", 8000, 1), Ok(())),
        (Family::V6, Kind::Stream, v6("fe80::7", 8000, 1), Err(Refused::AddrNotAvailable)),
        (Family::V6, Kind::Stream, name("[fd99::77]:8000"), Err(Refused::AddrNotAvailable)),
        (Family::V6, Kind::Stream, name("[::ffff:192.0.2.1]:8000"), Ok(())),
        (Family::V4, Kind::Stream, name("192.0.2.1:1023"), Err(Refused::AccessDenied)),
        (Family::V4, Kind::Stream, name("192.0.2.1:1024"), Ok(())),
        (Family::V4, Kind::Datagram, name("192.0.2.1:1024"), Ok(())),
    ];
    for (family, kind, local, expected) in cases {
        let sock = app.socket(family, kind);
        assert_eq!(app.bind(sock, local), expected, "{kind:?} {local}");
        if expected.is_ok() {
            assert_eq!(app.sock_name(sock), local);
            assert_eq!(app.bind(sock, local), Err(Refused::InvalidArgument), "a second time");
        }
    }
}

//? RFC3493-5.3-a
#[test]
fn v6_only_is_decided_before_bind() {
    let mut app = App::alone();
    let sock = app.socket(Family::V6, Kind::Stream);
    assert_eq!(app.set(sock, OptionValue::V6Only(true)), Ok(()));
    assert_eq!(app.bind(sock, name("[::ffff:127.0.0.1]:8000")), Err(Refused::InvalidArgument));
    assert_eq!(app.bind(sock, name("[::]:8000")), Ok(()));
    assert_eq!(app.set(sock, OptionValue::V6Only(false)), Err(Refused::InvalidArgument));
    assert_eq!(app.connect(sock, name("[::ffff:192.0.2.2]:80")), Err(Refused::NetUnreachable));
    let v4 = app.tcp();
    assert_eq!(app.bind(v4, name("0.0.0.0:8000")), Ok(()), "the IPv4 half is free");
}

#[test]
fn the_second_to_listen_on_a_shared_port_is_refused_and_stays_bound() {
    let mut app = App::alone();
    let [a, b] = [app.tcp(), app.tcp()];
    for sock in [a, b] {
        assert_eq!(app.set(sock, OptionValue::ReuseAddr(true)), Ok(()));
        assert_eq!(app.bind(sock, name("127.0.0.1:8000")), Ok(()));
    }
    assert_eq!(app.listen(a, 1), Ok(()));
    assert_eq!(app.listen(b, 1), Err(Refused::AddrInUse));
    assert_eq!(app.sock_name(b), name("127.0.0.1:8000"));
    assert_eq!(app.close(a), Ok(()));
    assert_eq!(app.listen(b, 1), Ok(()));
}

#[test]
fn flags_are_read_as_they_are_when_the_next_one_binds() {
    let mut app = App::alone();
    let [a, b, c] = [app.tcp(), app.tcp(), app.tcp()];
    assert_eq!(app.bind(a, name("127.0.0.1:8000")), Ok(()));
    assert_eq!(app.set(b, OptionValue::ReuseAddr(true)), Ok(()));
    assert_eq!(app.bind(b, name("127.0.0.1:8000")), Err(Refused::AddrInUse));
    assert_eq!(app.set(a, OptionValue::ReuseAddr(true)), Ok(()));
    assert_eq!(app.bind(b, name("127.0.0.1:8000")), Ok(()));
    assert_eq!(app.set(a, OptionValue::ReuseAddr(false)), Ok(()));
    assert_eq!(app.set(c, OptionValue::ReuseAddr(true)), Ok(()));
    assert_eq!(app.bind(c, name("127.0.0.1:8000")), Err(Refused::AddrInUse));
}

//? RFC6056-3.1-a
//? RFC6335-7.2-a
//? RFC9293-3.10.1-d
#[test]
fn four_ports_serve_four_who_bind_and_the_fifth_learns_the_errno_of_its_call() {
    let mut app = with_ports(50_000, 50_003);
    // Streams get the ports of the other parity than the lowest one first.
    for expected in [(50_001, 50_000), (50_003, 50_001), (50_000, 50_002), (50_002, 50_003)] {
        let [stream, datagram] = [app.tcp(), app.udp()].map(|sock| {
            assert_eq!(app.bind(sock, name("127.0.0.1:0")), Ok(()));
            app.sock_name(sock).port()
        });
        assert_eq!((stream, datagram), expected);
    }
    let sock = app.tcp();
    assert_eq!(app.bind(sock, name("127.0.0.1:0")), Err(Refused::AddrInUse));
    assert_eq!(app.bind(sock, name("127.0.0.2:0")), Ok(()), "another address has ports of its own");
    let [bare, datagram] = [app.tcp(), app.udp()];
    assert_eq!(app.listen(bare, 1), Err(Refused::AddrInUse));
    assert_eq!(app.connect(bare, name("127.0.0.3:80")), Err(Refused::AddrNotAvailable));
    assert_eq!(app.bind(datagram, name(ANY)), Err(Refused::AddrInUse));
    assert_eq!(app.send_to(datagram, name("127.0.0.1:9"), b"x"), Err(Refused::WouldBlock));
    assert_eq!(app.connect(datagram, name("127.0.0.1:9")), Err(Refused::WouldBlock));
}

#[test]
fn listening_without_binding_takes_a_port_and_shutdown_gives_it_back() {
    let mut app = with_ports(50_000, 50_000);
    let sock = app.tcp();
    assert_eq!(app.listen(sock, 1), Ok(()));
    assert_eq!(app.sock_name(sock), name("0.0.0.0:50000"));
    assert_eq!(app.shutdown(sock, How::Read), Ok(()));
    assert_eq!(app.accept(sock), Err(Refused::InvalidArgument));
    let other = app.tcp();
    assert_eq!(app.bind(other, name(ANY)), Ok(()));
    assert_eq!(app.listen(sock, 1), Err(Refused::AddrInUse));
}

//? RFC768-IP_Interface-a
//? RFC1122-3.2.1.3-d
#[test]
fn datagrams_travel_inside_the_host() {
    let mut app = App::alone();
    let receiver = app.receiver(name("127.0.0.1:8000"));
    let sender = app.udp();
    assert_eq!(app.send_to(sender, name("127.0.0.1:8000"), b"hello"), Ok(5));
    assert!(app.seen.frames.is_empty(), "nothing of it reaches the link");
    let port = app.sock_name(sender).port();
    let from: SocketAddr = format!("127.0.0.1:{port}").parse().expect("a name");
    let call = Call::RecvFrom { sock: receiver, max: 3 };
    let to = "127.0.0.1".parse().expect("an address");
    let cut = Reply::Datagram { from, to, data: b"hel".to_vec(), whole_octets: 5 };
    assert_eq!(app.call(call), cut);
    assert_eq!(app.recv(receiver, 9), Err(Refused::WouldBlock), "the rest of a datagram is lost");
    assert_eq!(app.send_to(sender, name("127.0.0.1:8000"), b""), Ok(0));
    assert_eq!(app.recv(receiver, 9), Ok(Vec::new()), "an empty datagram is a datagram");
}

#[test]
fn the_longest_datagram_is_as_long_as_the_header_can_say() {
    let mut app = App::alone();
    for (family, host, longest) in [(Family::V4, "127.0.0.1", 65_507), (Family::V6, "[::1]", 65_527)] {
        let to: SocketAddr = format!("{host}:8000").parse().expect("a name");
        let receiver = app.receiver(to);
        let sender = app.socket(family, Kind::Datagram);
        assert_eq!(app.send_to(sender, to, &vec![7; longest + 1]), Err(Refused::MessageSize));
        let sent = u32::try_from(longest).expect("a length");
        assert_eq!(app.send_to(sender, to, &vec![7; longest]), Ok(sent));
        assert_eq!(app.recv(receiver, u32::MAX), Ok(vec![7; longest]));
    }
}

//? RFC8085-5.1-c
//? RFC1122-4.1.3.3-a
#[test]
fn a_connected_datagram_socket_hears_its_peer_alone_and_learns_of_refusal_once() {
    let mut app = App::alone();
    let peer = app.receiver(name("127.0.0.1:8000"));
    let stranger = app.receiver(name("127.0.0.1:8001"));
    let sock = app.udp();
    assert_eq!(app.connect(sock, name("127.0.0.1:8000")), Ok(()));
    let local = app.sock_name(sock);
    assert_eq!(app.peer_name(sock), Ok(name("127.0.0.1:8000")));
    assert_eq!(app.send(sock, b"to peer"), Ok(7));
    assert_eq!(app.recv_from(peer, 9), Ok((local, b"to peer".to_vec())));
    assert_eq!(app.connect(stranger, local), Ok(()));
    assert_eq!(app.send(stranger, b"unasked"), Ok(7));
    assert_eq!(app.recv(sock, 9), Err(Refused::WouldBlock));
    assert_eq!(app.error(stranger), Some(Refused::ConnRefused), "no socket matches a stranger");
    assert_eq!(app.error(stranger), None, "an error is reported once");
    assert_eq!(app.close(peer), Ok(()));
    assert_eq!(app.send(sock, b"1"), Ok(1));
    assert!(app.poll(sock).error);
    assert_eq!(app.send(sock, b"2"), Err(Refused::ConnRefused));
    assert_eq!(app.send(sock, b"3"), Ok(1));
    assert_eq!(app.recv(sock, 9), Err(Refused::ConnRefused));
    assert_eq!(app.shutdown(sock, How::Write), Ok(()));
    assert_eq!(app.send(sock, b"4"), Err(Refused::BrokenPipe));
}

#[test]
fn a_full_queue_of_datagrams_loses_the_newest() {
    let mut app = App::alone();
    let receiver = app.receiver(name("127.0.0.1:8000"));
    assert_eq!(app.set(receiver, OptionValue::ReceiveBuffer(20)), Ok(()));
    let sender = app.udp();
    for data in [b"a", b"b", b"c"] {
        assert_eq!(app.send_to(sender, name("127.0.0.1:8000"), data), Ok(1));
    }
    assert_eq!(app.recv(receiver, 9), Ok(b"a".to_vec()));
    assert_eq!(app.recv(receiver, 9), Ok(b"b".to_vec()));
    assert_eq!(app.recv(receiver, 9), Err(Refused::WouldBlock));
    assert_eq!(app.seen.discards, [stack::base::Why::UdpQueueFull]);
}

//? RFC3493-3.7-a
#[test]
fn a_dual_socket_sees_ipv4_peers_as_mapped_names() {
    let mut app = App::alone();
    let receiver = app.receiver(name("[::]:8000"));
    let sender = app.receiver(name("127.0.0.1:8001"));
    assert_eq!(app.send_to(sender, name("127.0.0.1:8000"), b"4"), Ok(1));
    assert_eq!(app.recv_from(receiver, 9), Ok((name("[::ffff:127.0.0.1]:8001"), b"4".to_vec())));
    assert_eq!(app.send_to(receiver, name("[::ffff:127.0.0.1]:8001"), b"back"), Ok(4));
    assert_eq!(app.recv_from(sender, 9), Ok((name("127.0.0.1:8000"), b"back".to_vec())));
}

//? RFC9293-MUST-46
//? RFC9293-3.10.1-c
#[test]
fn where_one_can_not_connect_to() {
    let mut app = App::alone();
    let cases = [
        ("224.0.0.1:80", Refused::NetUnreachable),
        ("255.255.255.255:80", Refused::NetUnreachable),
        ("192.0.2.255:80", Refused::NetUnreachable),
        ("240.0.0.1:80", Refused::NetUnreachable),
        ("203.0.113.9:80", Refused::NetUnreachable),
        ("0.0.0.5:80", Refused::NetUnreachable),
        ("[2001:db8::2]:80", Refused::FamilyNotSupported),
    ];
    for (remote, expected) in cases {
        let sock = app.tcp();
        assert_eq!(app.connect(sock, name(remote)), Err(expected), "{remote}");
        assert_eq!(app.sock_name(sock), name(ANY), "no port was taken for {remote}");
    }
    let bound = app.tcp();
    assert_eq!(app.bind(bound, name("127.0.0.1:8000")), Ok(()));
    assert_eq!(app.connect(bound, name("192.0.2.2:80")), Err(Refused::InvalidArgument));
}

#[test]
fn of_datagram_sockets_on_one_port_the_last_one_bound_hears_and_then_the_one_before() {
    let mut app = App::alone();
    let socks: Vec<SocketId> = (0..3)
        .map(|_| {
            let sock = app.udp();
            assert_eq!(app.set(sock, OptionValue::ReuseAddr(true)), Ok(()));
            assert_eq!(app.bind(sock, name("127.0.0.1:8000")), Ok(()));
            sock
        })
        .collect();
    let sender = app.udp();
    for hears in [socks[2], socks[1], socks[0]] {
        assert_eq!(app.send_to(sender, name("127.0.0.1:8000"), b"x"), Ok(1));
        for sock in &socks {
            let expected = if *sock == hears { Ok(b"x".to_vec()) } else { Err(Refused::WouldBlock) };
            if *sock <= hears {
                assert_eq!(app.recv(*sock, 9), expected);
            }
        }
        assert_eq!(app.close(hears), Ok(()));
    }
}

#[test]
fn a_group_that_shares_a_port_is_chosen_from_by_the_conversation() {
    let mut app = App::alone();
    let group: Vec<SocketId> = (0..4)
        .map(|_| {
            let sock = app.udp();
            assert_eq!(app.set(sock, OptionValue::ReusePort(true)), Ok(()));
            assert_eq!(app.bind(sock, name("127.0.0.1:8000")), Ok(()));
            sock
        })
        .collect();
    for _ in 0..200 {
        let sender = app.udp();
        for _ in 0..2 {
            assert_eq!(app.send_to(sender, name("127.0.0.1:8000"), b"x"), Ok(1));
        }
    }
    for sock in group {
        let mut heard = 0;
        while app.recv(sock, 9).is_ok() {
            heard += 1;
        }
        assert!(heard > 40 && heard % 2 == 0, "{heard} of 400 is a fair share, both of a sender together");
    }
}
