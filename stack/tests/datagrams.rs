//! Datagram sockets as Linux was measured to have them: peers, errors, devices, groups.

mod rig;

use rig::{App, Link, config, name};
use stack::base::choose::{Lowest, Seeded};
use stack::base::{PortRange, Refused, Why};
use stack::host::Config;
use stack::ports::Policy;
use stack::sock::{Call, Device, Family, How, Kind, OptionValue, Readiness, Reply, SocketId, User};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

const CLOSED: &str = "127.0.0.1:9";
const ANY: &str = "0.0.0.0:0";

fn v6(text: &str, port: u16, scope: u32) -> SocketAddr {
    SocketAddrV6::new(text.parse::<Ipv6Addr>().expect("an address"), port, 0, scope).into()
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn shared(app: &mut App, local: &str) -> SocketId {
    let local = name(local);
    let family = if local.is_ipv4() { Family::V4 } else { Family::V6 };
    let sock = app.socket(family, Kind::Datagram);
    assert_eq!(app.set(sock, OptionValue::ReuseAddr(true)), Ok(()));
    assert_eq!(app.bind(sock, local), Ok(()));
    sock
}

fn tied(app: &mut App, family: Family, device: Device) -> SocketId {
    let sock = app.socket(family, Kind::Datagram);
    assert_eq!(app.set(sock, OptionValue::BindToDevice(Some(device))), Ok(()));
    sock
}

//? RFC8085-5.1-c
#[test]
fn disconnecting_gives_up_what_bind_was_not_asked_for() {
    let mut app = App::alone();
    let cases = [
        (None, (true, false), ANY, ANY),
        (Some("127.0.0.1:24601"), (false, true), "127.0.0.1:24601", "127.0.0.1:24601"),
        (Some("0.0.0.0:24602"), (false, true), "127.0.0.1:24602", "0.0.0.0:24602"),
        (Some("127.0.0.1:0"), (true, false), "", "127.0.0.1:0"),
        (Some(ANY), (true, false), "", ANY),
    ];
    for (local, (by_itself, _), while_connected, afterwards) in cases {
        let sock = app.udp();
        if let Some(local) = local {
            assert_eq!(app.bind(sock, name(local)), Ok(()));
        }
        assert_eq!(app.connect(sock, name("127.0.0.1:24600")), Ok(()));
        assert_eq!(app.peer_name(sock), Ok(name("127.0.0.1:24600")));
        assert_eq!(app.sock_name(sock).ip(), ip("127.0.0.1"), "{local:?}");
        if !by_itself {
            assert_eq!(app.sock_name(sock), name(while_connected));
        }
        assert_eq!(app.disconnect(sock), Ok(()));
        assert_eq!(app.sock_name(sock), name(afterwards), "{local:?}");
        assert_eq!(app.peer_name(sock), Err(Refused::NotConnected));
        let again = app.bind(sock, name("0.0.0.0:25000"));
        assert_eq!(again.is_ok(), by_itself, "a socket without a port can be bound: {local:?}");
        assert_eq!(app.close(sock), Ok(()));
    }
    let sock = app.udp();
    assert_eq!(app.disconnect(sock), Ok(()), "there need not be a peer");
    assert_eq!(app.send(sock, b"x"), Err(Refused::DestinationRequired));
    assert_eq!(app.disconnect(sock), Ok(()));
    assert_eq!(app.sock_name(sock), name(ANY), "the port that the host chose is gone");
}

//? RFC1122-4.1.3.5-b
#[test]
fn the_source_for_the_first_peer_stays_until_the_socket_is_disconnected() {
    let mut app = App::alone();
    let sock = app.udp();
    assert_eq!(app.connect(sock, name("127.0.0.1:9")), Ok(()));
    let port = app.sock_name(sock).port();
    assert_eq!(app.connect(sock, name("192.0.2.2:9")), Err(Refused::InvalidArgument));
    assert_eq!(app.peer_name(sock), Ok(name("127.0.0.1:9")), "what fails changes nothing");
    assert_eq!(app.disconnect(sock), Ok(()));
    assert_eq!(app.connect(sock, name("192.0.2.2:9")), Ok(()));
    assert_eq!(app.connect(sock, name("127.0.0.1:9")), Ok(()));
    assert_eq!(app.sock_name(sock).ip(), ip("192.0.2.1"));
    assert_ne!(port, 0);
    let bound = app.receiver(name("127.0.0.1:0"));
    assert_eq!(app.connect(bound, name("192.0.2.2:9")), Err(Refused::InvalidArgument));
    assert_eq!(app.send_to(bound, name("192.0.2.2:9"), b"x"), Err(Refused::InvalidArgument));
}

#[test]
fn a_failed_connect_has_bound_the_socket_and_an_exhausted_range_says_try_again() {
    let mut app = App::alone();
    for (to, refused) in
        [("203.0.113.9:9", Refused::NetUnreachable), ("192.0.2.255:9", Refused::AccessDenied)]
    {
        let sock = app.udp();
        assert_eq!(app.connect(sock, name(to)), Err(refused));
        assert_ne!(app.sock_name(sock).port(), 0);
    }
    let ephemeral = PortRange::new(40_000, 40_000).expect("a range");
    let ports = Policy { ephemeral, ..Policy::default() };
    let mut app = App::new(Config { ports, ..config(0, Link::Ip) }, Box::new(Lowest));
    let _ = app.receiver(name(ANY));
    let sock = app.udp();
    assert_eq!(app.bind(sock, name(ANY)), Err(Refused::AddrInUse));
    assert_eq!(app.send_to(sock, name(CLOSED), b"x"), Err(Refused::WouldBlock));
    assert_eq!(app.connect(sock, name(CLOSED)), Err(Refused::WouldBlock));
}

#[test]
fn send_looks_at_length_flags_destination_route_permission_and_trouble_in_this_order() {
    let mut app = App::alone();
    let sock = app.udp();
    let (huge, long) = (vec![0; 70_000], vec![0; 65_508]);
    let urgent = |data: &[u8]| Call::Send { sock, data: data.to_vec(), urgent: true };
    assert_eq!(app.call(urgent(&huge)), Reply::Refused(Refused::MessageSize));
    assert_eq!(app.call(urgent(b"x")), Reply::Refused(Refused::NotSupported));
    assert_eq!(app.send(sock, &huge), Err(Refused::MessageSize));
    assert_eq!(app.send_to(sock, name("127.0.0.1:0"), &huge), Err(Refused::MessageSize));
    assert_eq!(app.send_to(sock, v6("::1", 0, 0), &long), Err(Refused::FamilyNotSupported));
    assert_eq!(app.send(sock, &long), Err(Refused::DestinationRequired));
    assert_eq!(app.send_to(sock, name("127.0.0.1:0"), &long), Err(Refused::InvalidArgument));
    assert_eq!(app.send_to(sock, name("203.0.113.9:9"), &long), Err(Refused::NetUnreachable));
    assert_eq!(app.send_to(sock, name("192.0.2.255:9"), &long), Err(Refused::AccessDenied));
    assert_eq!(app.connect(sock, name(CLOSED)), Ok(()));
    assert_eq!(app.send(sock, b"1"), Ok(1));
    // The port is closed: from here on an error waits.
    assert_eq!(app.send_to(sock, name("127.0.0.1:0"), b"x"), Err(Refused::InvalidArgument));
    assert_eq!(app.send_to(sock, name("203.0.113.9:9"), b"x"), Err(Refused::NetUnreachable));
    assert_eq!(app.send(sock, &long), Err(Refused::MessageSize));
    assert_eq!(app.shutdown(sock, How::Write), Ok(()));
    assert_eq!(app.send(sock, b"x"), Err(Refused::ConnRefused));
    assert_eq!(app.send(sock, b"x"), Err(Refused::BrokenPipe));
}

#[test]
fn a_socket_of_ipv6_looks_at_the_destination_first_and_at_no_flag() {
    let mut app = App::alone();
    let sock = app.socket(Family::V6, Kind::Datagram);
    let huge = vec![0; 70_000];
    let call = Call::Send { sock, data: huge.clone(), urgent: true };
    assert_eq!(app.call(call), Reply::Refused(Refused::DestinationRequired));
    assert_eq!(app.send_to(sock, v6("::1", 0, 0), &huge), Err(Refused::InvalidArgument));
    assert_eq!(app.send_to(sock, v6("3fff::9", 9, 0), &huge), Err(Refused::NetUnreachable));
    assert_eq!(app.send_to(sock, v6("::1", 9, 0), &huge), Err(Refused::MessageSize));
    assert_eq!(app.send_to(sock, name("[::ffff:127.0.0.1]:9"), &huge), Err(Refused::MessageSize));
    assert_eq!(app.connect(sock, v6("::1", 9, 0)), Ok(()));
    let call = Call::Send { sock, data: vec![1], urgent: true };
    assert_eq!(app.call(call), Reply::Sent(1));
}

//? RFC3493-3.7-a
#[test]
fn a_socket_of_ipv6_speaks_to_the_family_that_its_own_address_lets_it() {
    let mut app = App::alone();
    let peers = ["[::1]:9", "[2001:db8::2]:9", "[::ffff:127.0.0.1]:9", "127.0.0.1:9"];
    let (ok, none, other, invalid) = (
        Ok(()),
        Err(Refused::NetUnreachable),
        Err(Refused::FamilyNotSupported),
        Err(Refused::InvalidArgument),
    );
    let cases = [
        ("[::]:0", false, [ok, ok, ok, ok], [ok, ok, ok, ok]),
        ("[::]:0", true, [ok, ok, none, other], [ok, ok, none, none]),
        ("[::1]:0", false, [ok, ok, none, other], [ok, ok, none, none]),
        ("[::ffff:0.0.0.0]:0", false, [other, other, ok, ok], [other, other, ok, ok]),
        ("[::ffff:127.0.0.1]:0", false, [other, other, ok, ok], [other, other, ok, ok]),
    ];
    for (local, v6_only, connects, sends) in cases {
        for (index, peer) in peers.into_iter().enumerate() {
            let sock = app.socket(Family::V6, Kind::Datagram);
            assert_eq!(app.set(sock, OptionValue::V6Only(v6_only)), Ok(()));
            assert_eq!(app.bind(sock, name(local)), Ok(()));
            let sent = app.send_to(sock, name(peer), b"x").map(|_| ());
            assert_eq!(sent, sends[index], "{local} {v6_only}: send to {peer}");
            assert_eq!(
                app.connect(sock, name(peer)),
                connects[index],
                "{local} {v6_only}: connect to {peer}"
            );
        }
    }
    let sock = app.socket(Family::V6, Kind::Datagram);
    assert_eq!(app.connect(sock, v6("::1", 9, 0)), Ok(()));
    assert_eq!(app.connect(sock, name("[::ffff:127.0.0.1]:9")), Ok(()), "a source that was chosen is no bar");
    assert_eq!(app.sock_name(sock).ip(), ip("::1"));
    assert_eq!(app.disconnect(sock), Ok(()));
    assert_eq!(app.connect(sock, name("[::ffff:127.0.0.1]:9")), Ok(()));
    assert_eq!(app.connect(sock, v6("::1", 9, 0)), other);
    let sock = app.receiver(name("[::ffff:127.0.0.1]:0"));
    assert_eq!(app.connect(sock, name("[::]:9")), Ok(()));
    assert_eq!(app.peer_name(sock), Ok(name("[::ffff:127.0.0.1]:9")));
    assert_eq!(app.connect(sock, name("[::ffff:192.0.2.2]:9")), invalid);
    assert_eq!(app.send_to(sock, v6("::1", 0, 0), b"x"), Err(Refused::InvalidArgument), "first the port");
    let sock = app.socket(Family::V6, Kind::Datagram);
    assert_eq!(app.connect(sock, name("[::ffff:127.0.0.1]:0")), Ok(()));
    assert_eq!(app.send(sock, b"x"), Err(Refused::InvalidArgument), "the path of IPv4 asks for a port");
}

//? RFC4007-6-a
#[test]
fn an_address_of_one_link_needs_its_zone_to_connect() {
    let mut app = App::alone();
    let cases = [
        ("ff02::1", 0, Ok(()), Err(Refused::InvalidArgument)),
        ("ff02::1", 1, Ok(()), Ok(())),
        ("ff02::1", 9, Err(Refused::NetUnreachable), Err(Refused::NetUnreachable)),
        ("ff05::7", 0, Ok(()), Ok(())),
        ("ff01::1", 0, Ok(()), Err(Refused::InvalidArgument)),
        ("fe80::5", 9, Err(Refused::NetUnreachable), Err(Refused::NetUnreachable)),
    ];
    for (addr, zone, sends, connects) in cases {
        let sock = app.socket(Family::V6, Kind::Datagram);
        let sent = app.send_to(sock, v6(addr, 9, zone), b"x").map(|_| ());
        assert_eq!(sent, sends, "{addr}%{zone}");
        assert_eq!(app.connect(sock, v6(addr, 9, zone)), connects, "{addr}%{zone}");
    }
    // A zone is a device, until the socket is disconnected.
    let sock = app.socket(Family::V6, Kind::Datagram);
    assert_eq!(app.connect(sock, v6("ff02::1", 9, 1)), Ok(()));
    assert_eq!(app.send_to(sock, v6("::1", 9, 0), b"x"), Err(Refused::NetUnreachable));
    assert_eq!(app.disconnect(sock), Ok(()));
    assert_eq!(app.send_to(sock, v6("::1", 9, 0), b"x"), Ok(1));
}

//? RFC1122-4.1.3.1-a
//? RFC8085-5.1-c
#[test]
fn a_stranger_is_refused_by_a_socket_that_has_a_peer_and_what_came_before_stays() {
    let mut app = App::alone();
    let sock = app.receiver(name("127.0.0.1:24603"));
    let peer = app.receiver(name("127.0.0.1:24604"));
    let stranger = app.receiver(name("127.0.0.1:24605"));
    assert_eq!(app.send_to(stranger, name("127.0.0.1:24603"), b"early"), Ok(5));
    assert_eq!(app.connect(sock, name("127.0.0.1:24604")), Ok(()));
    assert_eq!(app.send_to(stranger, name("127.0.0.1:24603"), b"late"), Ok(4));
    assert_eq!(app.recv(sock, 9), Ok(b"early".to_vec()));
    assert_eq!(app.recv(sock, 9), Err(Refused::WouldBlock));
    assert_eq!(app.connect(stranger, name("127.0.0.1:24603")), Ok(()));
    assert_eq!(app.send(stranger, b"z"), Ok(1));
    assert_eq!(app.send(stranger, b"z"), Err(Refused::ConnRefused));
    assert_eq!(app.send_to(sock, name("127.0.0.1:24605"), b"q"), Ok(1), "another destination than the peer");
    assert_eq!(app.recv(stranger, 9), Ok(b"q".to_vec()));
    assert_eq!(app.send(peer, b"z"), Err(Refused::DestinationRequired));
}

//? RFC1122-4.1.3.3-a
#[test]
fn an_error_is_told_once_and_outlives_its_peer() {
    let mut app = App::alone();
    let sock = app.udp();
    assert_eq!(app.connect(sock, name(CLOSED)), Ok(()));
    assert_eq!(app.send(sock, b"1"), Ok(1));
    assert_eq!(app.send(sock, b"2"), Err(Refused::ConnRefused));
    assert_eq!(app.send(sock, b"3"), Ok(1));
    assert_eq!(app.recv(sock, 1), Err(Refused::ConnRefused));
    assert_eq!(app.recv(sock, 1), Err(Refused::WouldBlock));
    assert_eq!(app.send(sock, b"4"), Ok(1));
    assert_eq!(app.peek(sock, 1), Err(Refused::ConnRefused), "peeking takes an error");
    assert_eq!(app.recv(sock, 1), Err(Refused::WouldBlock));
    assert_eq!(app.send(sock, b"5"), Ok(1));
    assert_eq!(app.connect(sock, name("127.0.0.1:10")), Ok(()));
    assert_eq!(app.error(sock), Some(Refused::ConnRefused));
    assert_eq!(app.error(sock), None);
    assert_eq!(app.send(sock, b"6"), Ok(1));
    assert_eq!(app.disconnect(sock), Ok(()));
    assert_eq!(app.error(sock), Some(Refused::ConnRefused));
    let unconnected = app.udp();
    assert_eq!(app.send_to(unconnected, name(CLOSED), b"1"), Ok(1));
    assert_eq!(app.send_to(unconnected, name(CLOSED), b"2"), Ok(1));
    assert_eq!(app.recv(unconnected, 1), Err(Refused::WouldBlock));
}

#[test]
fn a_port_that_is_zero_is_refused_to_sendto_alone() {
    let mut app = App::alone();
    let sock = app.udp();
    assert_eq!(app.send_to(sock, name("127.0.0.1:0"), b"x"), Err(Refused::InvalidArgument));
    assert_eq!(app.connect(sock, name("127.0.0.1:0")), Ok(()));
    assert_eq!(app.send(sock, b"x"), Ok(1));
    assert!(app.seen.discards.contains(&Why::UdpPortZero), "nobody has port 0");
    assert_eq!(app.recv(sock, 1), Err(Refused::ConnRefused));
    assert_eq!(app.peer_name(sock), Err(Refused::NotConnected), "such a peer has no name");
    // It is an address, whatever its port.
    let other = app.receiver(name("127.0.0.1:0"));
    let to = app.sock_name(sock);
    assert_eq!(app.send_to(other, to, b"y"), Ok(1));
    assert_eq!(app.recv(sock, 1), Ok(b"y".to_vec()));
}

#[test]
fn the_longest_datagram_has_what_the_header_leaves() {
    let mut app = App::alone();
    for (local, octets) in [("127.0.0.1:7100", 65_507), ("[::1]:7100", 65_527)] {
        let sock = app.receiver(name(local));
        let data = vec![7; octets + 1];
        assert_eq!(app.send_to(sock, name(local), &data), Err(Refused::MessageSize));
        assert_eq!(app.send_to(sock, name(local), &data[1..]), Ok(u32::try_from(octets).expect("it fits")));
        assert_eq!(app.recv(sock, 70_000), Ok(data[1..].to_vec()));
    }
}

#[test]
fn what_is_peeked_at_stays_and_what_is_cut_is_lost() {
    let mut app = App::alone();
    let sock = app.receiver(name("127.0.0.1:24701"));
    let to = name("127.0.0.1:24701");
    assert_eq!(app.send_to(sock, to, b""), Ok(0));
    assert!(app.poll(sock).readable, "an empty datagram is one");
    assert_eq!(app.peek(sock, 9), Ok(vec![]));
    assert_eq!(app.recv(sock, 9), Ok(vec![]));
    assert_eq!(app.send_to(sock, to, b"abcdef"), Ok(6));
    assert_eq!(app.peek(sock, 9), Ok(b"abcdef".to_vec()));
    assert_eq!(app.peek(sock, 2), Ok(b"ab".to_vec()));
    let whole = app.call(Call::RecvFrom { sock, max: 3 });
    assert!(matches!(whole, Reply::Datagram { whole_octets: 6, data, .. } if data == b"abc"));
    assert_eq!(app.recv(sock, 9), Err(Refused::WouldBlock));
    assert_eq!(app.send_to(sock, to, b"abc"), Ok(3));
    assert_eq!(app.recv(sock, 0), Ok(vec![]), "a datagram is taken whole");
    assert_eq!(app.recv(sock, 9), Err(Refused::WouldBlock));
}

#[test]
fn readiness_follows_errors_and_what_was_shut() {
    let mut app = App::alone();
    let sock = app.udp();
    let fresh = Readiness { writable: true, ..Readiness::default() };
    assert_eq!(app.poll(sock), fresh);
    assert_eq!(app.connect(sock, name(CLOSED)), Ok(()));
    assert_eq!(app.send(sock, b"x"), Ok(1));
    assert_eq!(app.poll(sock), Readiness { error: true, ..fresh });
    assert_eq!(app.error(sock), Some(Refused::ConnRefused));
    assert_eq!(app.poll(sock), fresh);
    assert_eq!(app.shutdown(sock, How::Read), Ok(()));
    let read_shut = Readiness { readable: true, read_closed: true, ..fresh };
    assert_eq!(app.poll(sock), read_shut);
    assert_eq!(app.recv(sock, 1), Err(Refused::WouldBlock));
    assert_eq!(app.shutdown(sock, How::Both), Ok(()));
    assert_eq!(app.poll(sock), Readiness { hung_up: true, ..read_shut });
    assert_eq!(app.send(sock, b"x"), Err(Refused::BrokenPipe));
    // What is shut without a peer is shut, although the call says no.
    let sock = app.udp();
    assert_eq!(app.shutdown(sock, How::Both), Err(Refused::NotConnected));
    assert_eq!(app.poll(sock), Readiness { hung_up: true, ..read_shut });
    assert_eq!(app.send_to(sock, name(CLOSED), b"x"), Err(Refused::BrokenPipe));
}

//? RFC1122-4.1.3.3-a
//? RFC8085-5.2-a
#[test]
fn whoever_asks_for_all_errors_finds_them_in_order() {
    let mut app = App::alone();
    let sock = app.udp();
    assert_eq!(app.recv_error(sock), Err(Refused::WouldBlock));
    assert_eq!(app.set(sock, OptionValue::ReceiveErrors(true)), Ok(()));
    let [a, b, c] = [24_999, 24_998, 24_997].map(|port| SocketAddr::new(ip("127.0.0.1"), port));
    assert_eq!(app.send_to(sock, a, b"1"), Ok(1));
    assert_eq!(app.error(sock), Some(Refused::ConnRefused));
    assert!(app.poll(sock).error, "what is kept is an error, too");
    assert_eq!(app.recv_error(sock), Ok((Refused::ConnRefused, a, 1)));
    assert!(!app.poll(sock).error);
    // Taking the last one answers SO_ERROR.
    assert_eq!(app.send_to(sock, a, b"1"), Ok(1));
    assert_eq!(app.recv_error(sock), Ok((Refused::ConnRefused, a, 1)));
    assert_eq!(app.error(sock), None);
    assert_eq!(app.send_to(sock, a, b"1"), Ok(1));
    assert_eq!(app.send_to(sock, b, b"22"), Err(Refused::ConnRefused));
    assert_eq!(app.send_to(sock, c, b"333"), Ok(3));
    assert_eq!(app.recv_error(sock), Ok((Refused::ConnRefused, a, 1)));
    assert_eq!(app.error(sock), Some(Refused::ConnRefused));
    assert_eq!(app.recv_error(sock), Ok((Refused::ConnRefused, c, 3)));
    assert_eq!(app.error(sock), None);
    // The host's own error has no port and nothing quoted.
    assert_eq!(app.send_to(sock, a, &vec![0; 65_508]), Err(Refused::MessageSize));
    assert_eq!(app.error(sock), None);
    assert_eq!(app.recv_error(sock), Ok((Refused::MessageSize, name("127.0.0.1:0"), 0)));
    assert_eq!(app.send_to(sock, a, &vec![0; 3000]), Ok(3000));
    assert_eq!(app.recv_error(sock), Ok((Refused::ConnRefused, a, 520)));
    assert_eq!(app.send_to(sock, a, b"1"), Ok(1));
    assert_eq!(app.error(sock), Some(Refused::ConnRefused));
    assert_eq!(app.set(sock, OptionValue::ReceiveErrors(false)), Ok(()));
    assert_eq!(app.recv_error(sock), Err(Refused::WouldBlock), "who does not want them any more has none");
    let sock = app.socket(Family::V6, Kind::Datagram);
    assert_eq!(app.set(sock, OptionValue::ReceiveErrors(true)), Ok(()));
    assert_eq!(app.send_to(sock, v6("::1", 9, 0), &vec![0; 3000]), Ok(3000));
    assert_eq!(app.recv_error(sock), Ok((Refused::ConnRefused, v6("::1", 9, 0), 1184)));
    assert_eq!(app.send_to(sock, v6("::1", 9, 0), &vec![0; 65_528]), Err(Refused::MessageSize));
    assert_eq!(app.recv_error(sock), Ok((Refused::MessageSize, v6("::1", 9, 0), 0)));
    assert_eq!(app.send_to(sock, name("[::ffff:127.0.0.1]:9"), b"1"), Ok(1));
    assert_eq!(app.recv_error(sock), Err(Refused::WouldBlock), "the option is about IPv6");
    let stream = app.tcp();
    assert_eq!(app.recv_error(stream), Err(Refused::WouldBlock));
}

#[test]
fn an_address_of_the_interface_counts_as_arriving_there() {
    let mut app = App::alone();
    for (local, inside, outside) in [
        ("0.0.0.0:7000", "127.0.0.1:7000", "192.0.2.1:7000"),
        ("[::]:7001", "[::1]:7001", "[2001:db8::1]:7001"),
    ] {
        let family = if name(local).is_ipv4() { Family::V4 } else { Family::V6 };
        let lo = tied(&mut app, family, Device::Loopback);
        let eth = tied(&mut app, family, Device::Interface);
        assert_eq!(app.set(lo, OptionValue::ReuseAddr(true)), Ok(()));
        assert_eq!(app.set(eth, OptionValue::ReuseAddr(true)), Ok(()));
        assert_eq!(app.bind(lo, name(local)), Ok(()));
        assert_eq!(app.bind(eth, name(local)), Ok(()));
        let sender = app.socket(family, Kind::Datagram);
        assert_eq!(app.send_to(sender, name(inside), b"x"), Ok(1));
        assert_eq!(app.takers(&[lo, eth]), [0]);
        assert_eq!(app.send_to(sender, name(outside), b"x"), Ok(1));
        assert_eq!(app.takers(&[lo, eth]), [1]);
    }
}

#[test]
fn a_disconnected_socket_of_ipv6_hears_the_address_of_its_peer_alone() {
    let mut app = App::alone();
    let [sock, six, four] =
        [Family::V6, Family::V6, Family::V4].map(|family| app.socket(family, Kind::Datagram));
    assert_eq!(app.bind(sock, name("[::]:7002")), Ok(()));
    for (peer, heard) in [("[2001:db8::9]:9", false), ("[::1]:9", true), ("[::ffff:127.0.0.1]:9", false)] {
        assert_eq!(app.connect(sock, name(peer)), Ok(()));
        assert_eq!(app.disconnect(sock), Ok(()));
        assert_eq!(app.send_to(six, name("[::1]:7002"), b"x"), Ok(1));
        assert_eq!(app.takers(&[sock]), if heard { vec![0] } else { vec![] }, "{peer}");
        assert_eq!(app.send_to(four, name("127.0.0.1:7002"), b"x"), Ok(1));
        assert_eq!(app.takers(&[sock]), [0], "of IPv4 it hears everybody");
    }
}

#[test]
fn a_device_decides_what_can_be_reached_and_from_where() {
    let mut app = App::alone();
    let (ok, none) = (Ok(()), Err(Refused::NetUnreachable));
    let cases = [
        (Device::Loopback, "127.0.0.1:9", ok, "127.0.0.1"),
        (Device::Loopback, "192.0.2.1:9", ok, "192.0.2.1"),
        (Device::Loopback, "192.0.2.2:9", ok, "192.0.2.1"),
        (Device::Loopback, "203.0.113.9:9", ok, "192.0.2.1"),
        (Device::Loopback, "[::1]:9", ok, "::1"),
        (Device::Loopback, "[2001:db8::1]:9", none, "::"),
        (Device::Loopback, "[2001:db8::2]:9", none, "::"),
        (Device::Loopback, "[ff05::7]:9", none, "::"),
        (Device::Interface, "127.0.0.1:9", ok, "192.0.2.1"),
        (Device::Interface, "192.0.2.1:9", ok, "192.0.2.1"),
        (Device::Interface, "192.0.2.2:9", ok, "192.0.2.1"),
        (Device::Interface, "203.0.113.9:9", ok, "192.0.2.1"),
        (Device::Interface, "239.1.1.1:9", ok, "192.0.2.1"),
        (Device::Interface, "[::1]:9", none, "::"),
        (Device::Interface, "[2001:db8::1]:9", ok, "2001:db8::1"),
        (Device::Interface, "[2001:db8::2]:9", ok, "2001:db8::1"),
        (Device::Interface, "[3fff::9]:9", none, "::"),
        (Device::Interface, "[ff05::7]:9", ok, "2001:db8::1"),
    ];
    for (device, to, result, source) in cases {
        let family = if name(to).is_ipv4() { Family::V4 } else { Family::V6 };
        let sock = tied(&mut app, family, device);
        let sent = app.send_to(sock, name(to), b"x").map(|_| ());
        assert_eq!(sent, result, "{device:?}: {to}");
        assert_eq!(app.connect(sock, name(to)), result, "{device:?}: {to}");
        assert_eq!(app.sock_name(sock).ip(), ip(source), "{device:?}: {to}");
    }
    // Without a device a group or everybody needs a route.
    let sock = app.udp();
    for to in ["224.0.0.1:9", "239.1.1.1:9", "255.255.255.255:9"] {
        assert_eq!(app.send_to(sock, name(to), b"x"), Err(Refused::NetUnreachable), "{to}");
        assert_eq!(app.connect(sock, name(to)), none, "{to}");
    }
    let sock = tied(&mut app, Family::V4, Device::Loopback);
    assert_eq!(app.connect(sock, name(CLOSED)), Ok(()));
    assert_eq!(app.disconnect(sock), Ok(()));
    let device = app.option(sock, stack::sock::OptionName::BindToDevice);
    assert_eq!(device, Ok(OptionValue::BindToDevice(None)), "the device goes with the peer");
    assert!(app.seen.frames.iter().all(|frame| frame[16] != 127), "no loopback address is on the wire");
}

//? RFC1122-3.3.4.2-b
#[test]
fn the_own_address_says_over_which_device_a_group_is_spoken_to() {
    let mut app = App::alone();
    let group = name("239.1.1.1:7101");
    for (local, device) in [("127.0.0.1:0", Device::Loopback), ("192.0.2.101:0", Device::Interface)] {
        let hears = shared(&mut app, "0.0.0.0:7101");
        assert_eq!(app.set(hears, OptionValue::JoinGroup(group.ip(), Some(device))), Ok(()));
        let sock = app.receiver(name(local));
        let own = app.sock_name(sock);
        assert_eq!(app.send_to(sock, group, b"x"), Ok(1));
        assert_eq!(app.recv_from(hears, 9), Ok((own, b"x".to_vec())));
        assert_eq!(app.connect(sock, group), Ok(()));
        assert_eq!(app.close(hears), Ok(()));
    }
    // To an own address of IPv4 the host speaks from the first one of that network.
    let sock = app.udp();
    assert_eq!(app.connect(sock, name("192.0.2.101:9")), Ok(()));
    assert_eq!(app.sock_name(sock).ip(), ip("192.0.2.1"));
}

#[test]
fn a_device_can_be_given_to_a_bound_socket_and_taken_by_user_0_alone() {
    let mut app = App::alone();
    let [first, last] = [(); 2].map(|()| shared(&mut app, "0.0.0.0:7002"));
    let sender = app.udp();
    assert_eq!(app.set(first, OptionValue::BindToDevice(Some(Device::Loopback))), Ok(()));
    assert_eq!(app.send_to(sender, name("127.0.0.1:7002"), b"x"), Ok(1));
    assert_eq!(app.takers(&[first, last]), [0]);
    assert_eq!(app.call(Call::Become { user: User(1000) }), Reply::Done);
    assert_eq!(app.set(last, OptionValue::BindToDevice(Some(Device::Loopback))), Ok(()));
    for device in [None, Some(Device::Interface)] {
        assert_eq!(app.set(last, OptionValue::BindToDevice(device)), Err(Refused::NotPermitted));
    }
}

#[test]
fn the_socket_that_got_its_peer_last_is_asked_first() {
    let mut app = App::alone();
    let [a, b] = [(); 2].map(|()| shared(&mut app, "127.0.0.1:7003"));
    let peer = app.receiver(name("127.0.0.1:7004"));
    assert_eq!(app.connect(b, name("127.0.0.1:7004")), Ok(()));
    assert_eq!(app.connect(a, name("127.0.0.1:7004")), Ok(()));
    assert_eq!(app.send_to(peer, name("127.0.0.1:7003"), b"x"), Ok(1));
    assert_eq!(app.takers(&[a, b]), [0]);
    // A peer counts more than an address and a device.
    let wild = shared(&mut app, "0.0.0.0:7005");
    assert_eq!(app.connect(wild, name("127.0.0.1:7004")), Ok(()));
    let exact = shared(&mut app, "127.0.0.1:7005");
    assert_eq!(app.set(exact, OptionValue::BindToDevice(Some(Device::Loopback))), Ok(()));
    assert_eq!(app.send_to(peer, name("127.0.0.1:7005"), b"x"), Ok(1));
    assert_eq!(app.takers(&[wild, exact]), [0]);
    assert_eq!(app.disconnect(wild), Ok(()));
    assert_eq!(app.send_to(peer, name("127.0.0.1:7005"), b"x"), Ok(1));
    assert_eq!(app.takers(&[wild, exact]), [1]);
}

#[test]
fn conversations_spread_over_a_group_and_stay_with_their_member() {
    let mut app = App::new(config(0, Link::Ip), Box::new(Seeded::new(7)));
    let group: Vec<SocketId> = (0..4)
        .map(|_| {
            let sock = app.udp();
            assert_eq!(app.set(sock, OptionValue::ReusePort(true)), Ok(()));
            assert_eq!(app.bind(sock, name("127.0.0.1:7006")), Ok(()));
            sock
        })
        .collect();
    let mut counts = [0; 4];
    for _ in 0..400 {
        let sender = app.udp();
        let mut met = Vec::new();
        for _ in 0..2 {
            assert_eq!(app.send_to(sender, name("127.0.0.1:7006"), b"x"), Ok(1));
            met.extend(app.takers(&group));
        }
        assert_eq!(met[0], met[1], "one conversation, one member");
        counts[met[0]] += 1;
    }
    assert!(counts.iter().all(|count| (60..=140).contains(count)), "{counts:?}");
}
