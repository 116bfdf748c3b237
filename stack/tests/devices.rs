//! Streams that insist on a device, inside one host: what it sends to itself has come by the device that has
//! the address.

mod rig;

use rig::{App, Link, addr, at, config, name};
use stack::base::Refused;
use stack::base::choose::Lowest;
use stack::host::Config;
use stack::sock::{self, Device, Family, How, Kind, OptionName, OptionValue, Profile, Readiness, SocketId};
use std::net::SocketAddr;

const IN_PROGRESS: Result<(), Refused> = Err(Refused::InProgress);

/// A stream that is tied to a device.
fn tied(app: &mut App, family: Family, device: Device) -> SocketId {
    let sock = app.socket(family, Kind::Stream);
    assert_eq!(app.set(sock, OptionValue::BindToDevice(Some(device))), Ok(()));
    sock
}

/// A stream that listens on every address of a device.
fn listener(app: &mut App, device: Device, port: u16) -> SocketId {
    let sock = tied(app, Family::V4, device);
    assert_eq!(app.bind(sock, SocketAddr::new("0.0.0.0".parse().expect("an address"), port)), Ok(()));
    assert_eq!(app.listen(sock, 5), Ok(()));
    sock
}

#[test]
fn what_is_for_an_own_address_has_come_by_the_device_that_has_it() {
    let mut app = App::alone();
    let server = listener(&mut app, Device::Interface, 8000);
    let [inside, stranger] = [app.tcp(), app.tcp()];
    assert_eq!(app.connect(inside, at(0, Family::V4, 8000)), IN_PROGRESS);
    assert_eq!(app.connect(inside, at(0, Family::V4, 8000)), Ok(()));
    assert!(app.accept(server).is_ok());
    assert_eq!(app.connect(stranger, name("127.0.0.1:8000")), IN_PROGRESS);
    assert_eq!(app.error(stranger), Some(Refused::ConnRefused));
}

#[test]
fn behind_the_loopback_device_every_address_comes_back_and_nobody_refuses() {
    let mut app = App::alone();
    let to = at(0, Family::V4, 8000);
    let alone = tied(&mut app, Family::V4, Device::Loopback);
    assert_eq!(app.bind(alone, name("127.0.0.1:0")), Ok(()));
    assert_eq!(app.connect(alone, to), IN_PROGRESS);
    assert_eq!(app.poll(alone), Readiness::default(), "no route has led the SYN there");
    let free = app.server(name("0.0.0.0:8001"), 5);
    let second = tied(&mut app, Family::V4, Device::Loopback);
    assert_eq!(app.connect(second, at(0, Family::V4, 8001)), IN_PROGRESS);
    assert_eq!(app.poll(second), Readiness::default(), "the answer comes by the interface");
    assert_eq!(app.accept(free), Err(Refused::WouldBlock));
    let server = listener(&mut app, Device::Loopback, 8000);
    let third = tied(&mut app, Family::V4, Device::Loopback);
    assert_eq!(app.connect(third, to), IN_PROGRESS);
    let (child, _) = app.accept(server).expect("a connection");
    assert_eq!(
        app.option(child, OptionName::BindToDevice),
        Ok(OptionValue::BindToDevice(Some(Device::Loopback)))
    );
    for far in ["240.0.0.1:80", "203.0.113.9:80", "192.0.2.255:80"] {
        let sock = tied(&mut app, Family::V4, Device::Loopback);
        assert_eq!(app.connect(sock, name(far)), IN_PROGRESS, "{far}");
        assert_eq!(app.poll(sock), Readiness::default(), "{far}");
    }
    assert!(app.seen.frames.is_empty(), "nothing of it reaches the link");
}

#[test]
fn over_the_loopback_device_nobody_speaks_for_anothers_address() {
    let mut app = App::alone();
    for (dst, refused) in [("192.0.2.1:9", true), ("192.0.2.77:9", false)] {
        let sock = app.udp();
        assert_eq!(app.set(sock, OptionValue::BindToDevice(Some(Device::Loopback))), Ok(()));
        assert_eq!(app.connect(sock, name(dst)), Ok(()));
        assert_eq!(app.send_to(sock, name(dst), b"x"), Ok(1));
        assert_eq!(app.poll(sock).error, refused, "{dst}");
    }
    let server = app.udp();
    assert_eq!(app.bind(server, name("0.0.0.0:8000")), Ok(()));
    let sock = app.udp();
    assert_eq!(app.set(sock, OptionValue::BindToDevice(Some(Device::Loopback))), Ok(()));
    assert_eq!(app.send_to(sock, name("192.0.2.77:8000"), b"x"), Ok(1));
    assert_eq!(app.takers(&[server]), [0], "all the same somebody hears it");
}

#[test]
fn behind_the_interface_a_loopback_address_is_nobodys() {
    let mut app = App::alone();
    let _server = app.server(name("0.0.0.0:8000"), 5);
    let lost = tied(&mut app, Family::V4, Device::Interface);
    assert_eq!(app.connect(lost, name("127.0.0.1:8000")), IN_PROGRESS);
    assert_eq!(app.poll(lost), Readiness::default());
    let bound = app.tcp();
    assert_eq!(app.bind(bound, name("127.0.0.1:0")), Ok(()));
    assert_eq!(app.set(bound, OptionValue::BindToDevice(Some(Device::Interface))), Ok(()));
    assert_eq!(app.connect(bound, name("127.0.0.1:8000")), Err(Refused::InvalidArgument));
    let v6 = tied(&mut app, Family::V6, Device::Interface);
    assert_eq!(app.connect(v6, name("[::1]:8000")), Err(Refused::NetUnreachable));
}

/// What a stream at the loopback address learns of ports where nobody is on another own address.
fn refusals(profile: Profile) -> Vec<Option<Refused>> {
    let sockets = sock::Policy::of(profile);
    let mut app = App::new(Config { sockets, ..config(0, Link::Ip) }, Box::new(Lowest));
    let learns = |port: u16| {
        let sock = app.socket(Family::V6, Kind::Stream);
        assert_eq!(app.bind(sock, name("[::1]:0")), Ok(()));
        assert_eq!(app.connect(sock, SocketAddr::new(addr(0, Family::V6), port)), IN_PROGRESS);
        app.error(sock)
    };
    [8000, 0].into_iter().map(learns).collect()
}

#[test]
fn the_loopback_address_is_not_refused_by_another_own_one_on_linux() {
    assert_eq!(refusals(Profile::Linux), [None; 2]);
    for profile in [Profile::Posix, Profile::Bsd, Profile::Windows] {
        assert_eq!(refusals(profile), [Some(Refused::ConnRefused); 2], "{profile:?}");
    }
}

#[test]
fn a_connection_in_time_wait_goes_on_without_its_socket_if_that_is_bound_anew() {
    let mut app = App::alone();
    let server = app.server(name("127.0.0.1:8000"), 5);
    let sock = app.tcp();
    assert_eq!(app.connect(sock, name("127.0.0.1:8000")), IN_PROGRESS);
    assert_eq!(app.connect(sock, name("127.0.0.1:8000")), Ok(()));
    let (child, _) = app.accept(server).expect("a connection");
    assert_eq!(app.send(child, b"left over"), Ok(9));
    assert_eq!(app.shutdown(sock, How::Write), Ok(()));
    assert_eq!(app.close(child), Ok(()));
    assert_eq!(app.bind(sock, name("127.0.0.1:0")), Ok(()));
    assert_eq!(app.connect(sock, name("127.0.0.1:8000")), Err(Refused::AlreadyConnected));
    assert_eq!(app.listen(sock, 1), Err(Refused::InvalidArgument));
    assert_eq!(app.recv(sock, 99), Ok(b"left over".to_vec()));
    assert_eq!(app.recv(sock, 99), Ok(Vec::new()));
    assert_eq!(app.host.sockets().len(), 3, "the listener, the socket, and what is in TIME-WAIT");
    assert_eq!(app.disconnect(sock), Ok(()));
    assert_eq!(app.connect(sock, name("127.0.0.1:8000")), IN_PROGRESS);
}
