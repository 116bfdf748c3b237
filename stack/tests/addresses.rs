//! Which addresses names mean, and what a socket's own address has to do with it, as Linux was measured.

mod rig;

use rig::{App, name};
use stack::base::Refused;
use stack::sock::{Device, Family, Kind, OptionName, OptionValue, SocketId};
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};

fn v6(text: &str, port: u16, scope: u32) -> SocketAddr {
    SocketAddrV6::new(text.parse::<Ipv6Addr>().expect("an address"), port, 0, scope).into()
}

fn bound(app: &mut App, kind: Kind, local: &str) -> SocketId {
    let local = name(local);
    let family = if local.is_ipv4() { Family::V4 } else { Family::V6 };
    let sock = app.socket(family, kind);
    assert_eq!(app.bind(sock, local), Ok(()));
    sock
}

fn device(app: &mut App, sock: SocketId) -> Option<Device> {
    match app.option(sock, OptionName::BindToDevice) {
        Ok(OptionValue::BindToDevice(device)) => device,
        other => panic!("{other:?}"),
    }
}

//? RFC3493-3.7-a
#[test]
fn the_route_is_looked_for_before_the_family_of_the_source() {
    let mut app = App::alone();
    let (none, other) = (Err(Refused::NetUnreachable), Err(Refused::FamilyNotSupported));
    for kind in [Kind::Stream, Kind::Datagram] {
        for local in ["[::ffff:0.0.0.0]:0", "[::ffff:127.0.0.1]:0", "[::ffff:192.0.2.1]:0"] {
            let sock = bound(&mut app, kind, local);
            assert_eq!(app.connect(sock, name("[3fff::9]:9")), none, "{local}");
            assert_eq!(app.connect(sock, name("[2001:db8::2]:9")), other, "{local}");
            assert_eq!(app.connect(sock, v6("fe80::5", 9, 2)), none, "{local}");
        }
    }
    let sock = app.socket(Family::V6, Kind::Datagram);
    assert_eq!(app.connect(sock, name("[::ffff:127.0.0.1]:9")), Ok(()));
    assert_eq!(app.send_to(sock, name("[3fff::9]:9"), b"x").map(|_| ()), none);
    assert_eq!(app.send_to(sock, name("[2001:db8::2]:9"), b"x").map(|_| ()), other);
    let sock = app.socket(Family::V6, Kind::Datagram);
    assert_eq!(app.send_to(sock, name("240.0.0.1:0"), b"x"), Err(Refused::InvalidArgument), "first the port");
}

//? RFC3493-5.3-a
#[test]
fn an_own_address_of_ipv6_ends_the_talk_over_ipv4() {
    let mut app = App::alone();
    let only = |app: &mut App, sock| app.option(sock, OptionName::V6Only);
    for kind in [Kind::Stream, Kind::Datagram] {
        for (local, answer) in [("[::1]:0", true), ("[::]:0", false), ("[::ffff:127.0.0.1]:0", false)] {
            let sock = bound(&mut app, kind, local);
            assert_eq!(only(&mut app, sock), Ok(OptionValue::V6Only(answer)), "{local}");
        }
        let sock = bound(&mut app, kind, "[::1]:7000");
        assert_eq!(app.connect(sock, name("[::ffff:127.0.0.1]:9")), Err(Refused::NetUnreachable));
        let second = app.socket(Family::V6, kind);
        assert_eq!(app.bind(second, name("[::1]:7000")), Err(Refused::AddrInUse));
        let off = Ok(OptionValue::V6Only(false));
        assert_eq!(only(&mut app, second), off, "what fails changes nothing");
    }
    let sock = bound(&mut app, Kind::Datagram, "[::1]:0");
    assert_eq!(app.disconnect(sock), Ok(()));
    assert_eq!(only(&mut app, sock), Ok(OptionValue::V6Only(true)), "for good");
}

//? RFC3493-3.8-a
#[test]
fn the_unspecified_address_means_the_own_one_then_that_of_the_device() {
    let mut app = App::alone();
    let cases = [
        ("0.0.0.0:0", None, "0.0.0.0:9", "127.0.0.1:9"),
        ("192.0.2.101:0", None, "0.0.0.0:9", "192.0.2.101:9"),
        ("127.0.0.2:0", None, "0.0.0.0:9", "127.0.0.2:9"),
        ("192.0.2.255:0", None, "0.0.0.0:9", "127.0.0.1:9"),
        ("0.0.0.0:0", Some(Device::Interface), "0.0.0.0:9", "192.0.2.1:9"),
        ("0.0.0.0:0", Some(Device::Loopback), "0.0.0.0:9", "127.0.0.1:9"),
        ("[::]:0", None, "[::]:9", "[::1]:9"),
        ("[2001:db8::1]:0", None, "[::]:9", "[::1]:9"),
        ("[::ffff:192.0.2.1]:0", None, "[::]:9", "[::ffff:127.0.0.1]:9"),
        ("[::ffff:192.0.2.1]:0", None, "[::ffff:0.0.0.0]:9", "[::ffff:192.0.2.1]:9"),
        ("[::]:0", Some(Device::Interface), "[::ffff:0.0.0.0]:9", "[::ffff:192.0.2.1]:9"),
    ];
    for (local, device, to, peer) in cases {
        let sock = bound(&mut app, Kind::Datagram, local);
        assert_eq!(app.set(sock, OptionValue::BindToDevice(device)), Ok(()));
        assert_eq!(app.connect(sock, name(to)), Ok(()));
        assert_eq!(app.peer_name(sock), Ok(name(peer)), "{local} {device:?} {to}");
    }
    let sock = bound(&mut app, Kind::Stream, "192.0.2.1:7001");
    assert_eq!(app.connect(sock, name("0.0.0.0:7001")), Err(Refused::InProgress));
    assert_eq!(app.peer_name(sock), Ok(name("192.0.2.1:7001")), "the socket speaks to itself");
}

//? RFC4007-6-a
#[test]
fn a_zone_ties_a_datagram_socket_even_if_nobody_can_be_reached_there() {
    let mut app = App::alone();
    let none = Err(Refused::NetUnreachable);
    let sock = app.socket(Family::V6, Kind::Datagram);
    assert_eq!(app.send_to(sock, v6("fe80::5", 9, 2), b"x").map(|_| ()), none);
    assert_eq!(device(&mut app, sock), None, "to send ties to nothing");
    assert_eq!(app.connect(sock, v6("fe80::5", 9, 2)), none);
    assert_eq!(device(&mut app, sock), Some(Device::Loopback));
    assert_eq!(app.connect(sock, name("[2001:db8::1]:9")), none);
    assert_eq!(app.connect(sock, v6("ff02::1", 9, 1)), Err(Refused::InvalidArgument), "another zone");
    assert_eq!(app.connect(sock, v6("fe80::5", 9, 0)), none);
    assert_eq!(app.send_to(sock, v6("ff02::1", 9, 0), b"x").map(|_| ()), none);
    assert_eq!(app.send_to(sock, v6("ff02::1", 9, 1), b"x"), Ok(1), "the name decides");
    assert_eq!(app.disconnect(sock), Ok(()));
    assert_eq!(device(&mut app, sock), None);
}

//? RFC4007-6-a
#[test]
fn the_zone_of_a_name_is_the_device_of_its_socket() {
    let mut app = App::alone();
    let [inside, outside] = [0; 2].map(|_| app.socket(Family::V6, Kind::Datagram));
    assert_eq!(app.bind(inside, v6("ff02::1", 7002, 2)), Ok(()));
    assert_eq!(app.sock_name(inside), v6("ff02::1", 7002, 2));
    assert_eq!(app.bind(outside, v6("ff02::1", 7002, 1)), Ok(()));
    assert_eq!(app.sock_name(outside), v6("ff02::1", 7002, 1));
    assert_eq!(app.connect(outside, v6("fe80::5", 9, 1)), Ok(()));
    assert_eq!(app.peer_name(outside), Ok(v6("fe80::5", 9, 1)));
    assert_eq!(app.disconnect(outside), Ok(()));
    assert_eq!(app.sock_name(outside), v6("ff02::1", 7002, 0), "the device goes with the peer");
}

//? RFC1122-4.1.3.5-b
#[test]
fn who_is_bound_to_a_broadcast_address_speaks_as_to_its_first_peer() {
    let mut app = App::alone();
    let invalid = Err(Refused::InvalidArgument);
    for local in ["255.255.255.255:0", "192.0.2.255:0", "224.0.0.251:0"] {
        let sock = bound(&mut app, Kind::Datagram, local);
        let shown = app.sock_name(sock);
        assert_eq!(app.connect(sock, name("127.0.0.2:9")), Ok(()));
        assert_eq!(app.sock_name(sock), shown, "the name stays");
        assert_eq!(app.connect(sock, name("192.0.2.2:9")), invalid, "{local}: from the loopback address");
        assert_eq!(app.connect(sock, name("192.0.2.255:9")), invalid, "{local}: before permission");
    }
    // A stream gets the source for its name, and keeps it.
    let sock = bound(&mut app, Kind::Stream, "192.0.2.255:7003");
    assert_eq!(app.connect(sock, name("127.0.0.2:9")), Err(Refused::InProgress));
    assert_eq!(app.connect(sock, name("127.0.0.2:9")), Err(Refused::ConnRefused));
    assert_eq!(app.sock_name(sock), name("127.0.0.1:7003"));
    assert_eq!(app.disconnect(sock), Ok(()));
    assert_eq!(app.sock_name(sock), name("127.0.0.1:7003"));
}

//? RFC1122-4.1.3.5-b
#[test]
fn who_is_bound_to_a_foreign_address_does_not_speak_from_it() {
    let mut app = App::alone();
    let sock = app.udp();
    assert_eq!(app.set(sock, OptionValue::FreeBind(true)), Ok(()));
    assert_eq!(app.bind(sock, name("203.0.113.9:0")), Ok(()));
    assert_eq!(app.send_to(sock, name("192.0.2.2:9"), b"x"), Err(Refused::NetUnreachable));
    assert_eq!(app.connect(sock, name("192.0.2.2:9")), Err(Refused::NetUnreachable));
}

#[test]
fn a_peer_of_ipv6_leaves_all_of_ipv4_taken() {
    let mut app = App::alone();
    let sock = app.socket(Family::V6, Kind::Datagram);
    assert_eq!(app.connect(sock, name("[::1]:9")), Ok(()));
    let port = app.sock_name(sock).port();
    let other = app.udp();
    assert_eq!(app.bind(other, SocketAddr::new([0, 0, 0, 0].into(), port)), Err(Refused::AddrInUse));
    assert_eq!(app.bind(other, SocketAddr::new([127, 0, 0, 1].into(), port)), Ok(()));
}

#[test]
fn a_port_that_is_left_to_connect_is_not_shown() {
    let mut app = App::alone();
    let sock = app.socket(Family::V4, Kind::Stream);
    assert_eq!(app.connect(sock, name("127.0.0.1:9")), Err(Refused::InProgress));
    assert_eq!(app.connect(sock, name("127.0.0.1:9")), Err(Refused::ConnRefused));
    assert_ne!(app.sock_name(sock).port(), 0, "a socket goes on showing its port");
    assert_eq!(app.set(sock, OptionValue::BindAddressNoPort(true)), Ok(()));
    assert_eq!(app.bind(sock, name("127.0.0.1:0")), Ok(()));
    assert_eq!(app.sock_name(sock), name("127.0.0.1:0"));
}

#[test]
fn a_loopback_address_does_not_connect_over_another_device() {
    let mut app = App::alone();
    let sock = bound(&mut app, Kind::Stream, "127.0.0.1:0");
    assert_eq!(app.set(sock, OptionValue::BindToDevice(Some(Device::Interface))), Ok(()));
    assert_eq!(app.connect(sock, name("127.0.0.2:9")), Err(Refused::InvalidArgument));
}
