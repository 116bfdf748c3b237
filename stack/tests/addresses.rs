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
