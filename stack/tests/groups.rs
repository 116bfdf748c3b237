//! Groups and everybody: membership, copies, and what of it is on the wire.

mod rig;

use rig::{App, Link, Pair, config, name};
use stack::base::{Refused, Why};
use stack::sock::{Device, Family, Kind, OptionName, OptionValue, SocketId};
use std::net::IpAddr;

const LO: Option<Device> = Some(Device::Loopback);
const ETH: Option<Device> = Some(Device::Interface);

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn join(app: &mut App, sock: SocketId, group: &str, device: Option<Device>) -> Result<(), Refused> {
    app.set(sock, OptionValue::JoinGroup(ip(group), device))
}

fn leave(app: &mut App, sock: SocketId, group: &str, device: Option<Device>) -> Result<(), Refused> {
    app.set(sock, OptionValue::LeaveGroup(ip(group), device))
}

fn shared(app: &mut App, local: &str) -> SocketId {
    let local = name(local);
    let family = if local.is_ipv4() { Family::V4 } else { Family::V6 };
    let sock = app.socket(family, Kind::Datagram);
    assert_eq!(app.set(sock, OptionValue::ReuseAddr(true)), Ok(()));
    assert_eq!(app.bind(sock, local), Ok(()));
    sock
}

/// A socket that sends over the interface, to everybody, too.
fn sender(app: &mut App, device: Option<Device>) -> SocketId {
    let sock = app.udp();
    assert_eq!(app.set(sock, OptionValue::BindToDevice(device)), Ok(()));
    assert_eq!(app.set(sock, OptionValue::Broadcast(true)), Ok(()));
    sock
}

#[test]
fn joining_and_leaving_say_no_as_on_linux() {
    let mut app = App::alone();
    let sock = app.udp();
    let group = "239.1.1.1";
    let (ok, in_use, none, no_device) =
        (Ok(()), Err(Refused::AddrInUse), Err(Refused::AddrNotAvailable), Err(Refused::NoSuchDevice));
    // There is no route to a group here, so nothing says on which device it would be.
    for (device, result) in [(None, no_device), (ETH, ok), (ETH, in_use), (LO, ok), (None, no_device)] {
        assert_eq!(join(&mut app, sock, group, device), result, "{device:?}");
    }
    assert_eq!(join(&mut app, sock, "10.0.0.1", ETH), Err(Refused::InvalidArgument));
    assert_eq!(join(&mut app, sock, "10.0.0.1", None), Err(Refused::InvalidArgument));
    assert_eq!(leave(&mut app, sock, "239.9.9.9", None), no_device);
    assert_eq!(leave(&mut app, sock, "239.9.9.9", ETH), none);
    assert_eq!(leave(&mut app, sock, "10.0.0.1", ETH), none);
    for (device, result) in [(None, no_device), (LO, ok), (ETH, ok), (ETH, none)] {
        assert_eq!(leave(&mut app, sock, group, device), result, "{device:?}");
    }
    let sock = app.socket(Family::V6, Kind::Datagram);
    let group = "ff05::7";
    for (device, result) in [(None, ok), (ETH, in_use), (None, in_use), (LO, ok)] {
        assert_eq!(join(&mut app, sock, group, device), result, "{device:?}");
    }
    for wrong in ["2001:db8::1", "::ffff:239.1.1.1"] {
        assert_eq!(join(&mut app, sock, wrong, ETH), Err(Refused::InvalidArgument));
        assert_eq!(leave(&mut app, sock, wrong, None), Err(Refused::InvalidArgument));
    }
    assert_eq!(leave(&mut app, sock, "ff05::9", ETH), none);
    for (device, result) in [(ETH, ok), (None, ok), (LO, none)] {
        assert_eq!(leave(&mut app, sock, group, device), result, "{device:?}");
    }
    assert_eq!(join(&mut app, sock, "239.1.1.1", ETH), ok, "a socket of IPv6 may be in a group of IPv4");
    assert_eq!(join(&mut app, sock, "239.1.1.1", ETH), in_use);
    let sock = app.udp();
    assert_eq!(join(&mut app, sock, "ff05::7", ETH), Err(Refused::NoSuchOption));
}

#[test]
fn streams_are_in_no_group_and_a_socket_is_in_so_many() {
    let mut app = App::alone();
    for (family, group, hops) in
        [(Family::V4, "239.1.1.1", Refused::InvalidArgument), (Family::V6, "ff05::7", Refused::NoSuchOption)]
    {
        let sock = app.socket(family, Kind::Stream);
        assert_eq!(join(&mut app, sock, group, ETH), Err(Refused::ProtocolError));
        assert_eq!(leave(&mut app, sock, group, ETH), Err(Refused::ProtocolError));
        assert_eq!(app.set(sock, OptionValue::MulticastHops(3)), Err(hops));
        assert_eq!(app.set(sock, OptionValue::MulticastLoop(false)), Ok(()));
    }
    let sock = app.udp();
    for last in 0..20 {
        assert_eq!(join(&mut app, sock, &format!("239.2.2.{last}"), ETH), Ok(()));
    }
    assert_eq!(join(&mut app, sock, "239.3.3.3", ETH), Err(Refused::NoBuffers));
    assert_eq!(leave(&mut app, sock, "239.2.2.7", ETH), Ok(()));
    assert_eq!(join(&mut app, sock, "239.3.3.3", ETH), Ok(()));
    assert_eq!(app.option(sock, OptionName::MulticastHops), Ok(OptionValue::MulticastHops(1)));
    assert_eq!(app.close(sock), Ok(()));
}

//? RFC1112-6.1-b
//? RFC1112-6.2-b
#[test]
fn a_group_is_heard_in_this_host_by_whom_linux_lets_hear_it() {
    let mut app = App::alone();
    let joined = shared(&mut app, "0.0.0.0:7000");
    let other = shared(&mut app, "0.0.0.0:7000");
    let picky = shared(&mut app, "0.0.0.0:7000");
    let bound = shared(&mut app, "239.1.1.1:7000");
    let dual = shared(&mut app, "[::]:7000");
    let all = [joined, other, picky, bound, dual, shared(&mut app, "239.1.1.2:7000")];
    let all = [&all[..], &[shared(&mut app, "192.0.2.1:7000")]].concat();
    assert_eq!(app.set(picky, OptionValue::MulticastAll(false)), Ok(()));
    let tx = sender(&mut app, ETH);
    let to = name("239.1.1.1:7000");
    let heard = |app: &mut App, from: SocketId| {
        assert_eq!(app.send_to(from, to, b"x"), Ok(1));
        app.takers(&all)
    };
    assert_eq!(heard(&mut app, tx), [0; 0], "nobody has joined");
    assert_eq!(join(&mut app, joined, "239.1.1.1", ETH), Ok(()));
    assert_eq!(heard(&mut app, tx), [0, 1, 3]);
    assert_eq!(app.set(tx, OptionValue::MulticastLoop(false)), Ok(()));
    assert_eq!(heard(&mut app, tx), [0; 0]);
    assert_eq!(app.set(tx, OptionValue::MulticastLoop(true)), Ok(()));
    // Joined on the one device is not joined on the other.
    assert_eq!(leave(&mut app, joined, "239.1.1.1", ETH), Ok(()));
    assert_eq!(join(&mut app, joined, "239.1.1.1", LO), Ok(()));
    assert_eq!(heard(&mut app, tx), [0; 0]);
    let inside = sender(&mut app, LO);
    assert_eq!(heard(&mut app, inside), [0, 1, 3]);
    assert_eq!(join(&mut app, picky, "239.1.1.1", ETH), Ok(()));
    assert_eq!(heard(&mut app, inside), [0, 1, 3]);
    assert_eq!(heard(&mut app, tx), [0, 1, 2, 3]);
    assert_eq!(join(&mut app, dual, "239.1.1.1", ETH), Ok(()));
    assert_eq!(heard(&mut app, tx), [0, 1, 2, 3, 4], "a socket of IPv6 hears the groups that it joined");
    // With a peer a socket has an address of its own; the host stays in the group for it.
    assert_eq!(app.connect(picky, name("192.0.2.2:9")), Ok(()));
    assert_eq!(app.close(dual), Ok(()));
    let all = [joined, other, picky, bound];
    assert_eq!(app.send_to(tx, to, b"x"), Ok(1));
    assert_eq!(app.takers(&all), [0, 1, 3]);
    assert_eq!(app.close(picky), Ok(()));
    assert_eq!(app.send_to(tx, to, b"x"), Ok(1));
    assert_eq!(app.takers(&[joined, other, bound]), [0; 0], "who goes leaves his groups");
    // The group of all hosts needs nobody to join it.
    assert_eq!(app.send_to(tx, name("224.0.0.1:7000"), b"x"), Ok(1));
    assert_eq!(app.takers(&[joined, other, bound]), [0, 1]);
}

#[test]
fn a_group_of_ipv6_is_heard_by_all_who_want_all() {
    let mut app = App::alone();
    let [joined, other] = [(); 2].map(|()| shared(&mut app, "[::]:7001"));
    let tx = app.socket(Family::V6, Kind::Datagram);
    let to = name("[ff05::7]:7001");
    assert_eq!(app.send_to(tx, to, b"x"), Ok(1));
    assert_eq!(app.takers(&[joined, other]), [0; 0]);
    assert_eq!(join(&mut app, joined, "ff05::7", None), Ok(()));
    assert_eq!(app.send_to(tx, to, b"x"), Ok(1));
    assert_eq!(app.takers(&[joined, other]), [0, 1]);
    assert_eq!(app.set(other, OptionValue::MulticastAll(false)), Ok(()));
    assert_eq!(app.send_to(tx, to, b"x"), Ok(1));
    assert_eq!(app.takers(&[joined, other]), [0]);
    assert_eq!(app.send_to(tx, name("[ff02::1%1]:7001"), b"x"), Ok(1));
    assert_eq!(app.takers(&[joined, other]), [0]);
}

//? RFC1122-3.3.6-a
#[test]
fn what_is_for_everybody_is_heard_by_wildcards_and_those_bound_to_that_address() {
    let mut app = App::alone();
    let local = ["0.0.0.0", "0.0.0.0", "192.0.2.255", "192.0.2.1", "255.255.255.255"];
    let all = local.map(|local| shared(&mut app, &format!("{local}:7002")));
    let tx = sender(&mut app, ETH);
    // The option is about groups; a broadcast comes back in any case.
    assert_eq!(app.set(tx, OptionValue::MulticastLoop(false)), Ok(()));
    let cases =
        [("192.0.2.255", [0, 1, 2].to_vec()), ("255.255.255.255", vec![0, 1, 4]), ("192.0.2.1", vec![3])];
    for (to, expected) in cases {
        assert_eq!(app.send_to(tx, name(&format!("{to}:7002")), b"x"), Ok(1));
        assert_eq!(app.takers(&all), expected, "{to}");
    }
    // All members of a group that shares get a copy.
    assert_eq!(app.set(tx, OptionValue::MulticastLoop(true)), Ok(()));
    let pair = [(); 2].map(|()| {
        let sock = app.udp();
        assert_eq!(app.set(sock, OptionValue::ReusePort(true)), Ok(()));
        assert_eq!(app.bind(sock, name("0.0.0.0:7003")), Ok(()));
        assert_eq!(join(&mut app, sock, "239.1.1.1", ETH), Ok(()));
        sock
    });
    for to in ["192.0.2.255:7003", "239.1.1.1:7003"] {
        assert_eq!(app.send_to(tx, name(to), b"x"), Ok(1));
        assert_eq!(app.takers(&pair), [0, 1]);
    }
}

//? RFC1112-6.1-a
//? RFC1112-7.4-a
//? RFC1122-4.1.3.1-a
#[test]
fn over_the_wire_a_group_is_heard_where_somebody_joined_and_draws_no_error() {
    let mut pair = Pair::new(Link::Ethernet);
    let tx = sender(pair.a(), ETH);
    let [joined, other] = [(); 2].map(|()| shared(pair.b(), "0.0.0.0:7004"));
    let to = name("239.1.1.1:7004");
    assert_eq!(pair.a().send_to(tx, to, b"x"), Ok(1));
    pair.settle();
    assert_eq!(pair.b().takers(&[joined, other]), [0; 0]);
    assert!(pair.b().seen.discards.contains(&Why::GroupNotJoined));
    assert_eq!(join(pair.b(), joined, "239.1.1.1", ETH), Ok(()));
    assert_eq!(pair.a().send_to(tx, to, b"x"), Ok(1));
    pair.settle();
    assert_eq!(pair.b().takers(&[joined, other]), [0, 1]);
    // TTL 1 unless the application wants more; with 0 nothing leaves.
    let ttl = |pair: &Pair| pair.log.last().map(|(_, _, frame)| frame[14 + 8]);
    assert_eq!(ttl(&pair), Some(1));
    assert_eq!(pair.a().set(tx, OptionValue::MulticastHops(7)), Ok(()));
    assert_eq!(pair.a().send_to(tx, to, b"x"), Ok(1));
    pair.settle();
    assert_eq!(ttl(&pair), Some(7));
    let sent = pair.log.len();
    assert_eq!(pair.a().set(tx, OptionValue::MulticastHops(0)), Ok(()));
    assert_eq!(pair.a().send_to(tx, to, b"x"), Ok(1));
    pair.settle();
    assert_eq!(pair.log.len(), sent);
    assert_eq!(pair.b().takers(&[joined, other]), [0, 1], "the copy of before");
    assert_eq!(leave(pair.b(), joined, "239.1.1.1", ETH), Ok(()));
    assert_eq!(pair.a().set(tx, OptionValue::MulticastHops(1)), Ok(()));
    assert_eq!(pair.a().send_to(tx, to, b"x"), Ok(1));
    assert_eq!(pair.a().send_to(tx, name("192.0.2.255:7999"), b"x"), Ok(1));
    pair.settle();
    assert_eq!(pair.b().takers(&[joined, other]), [0; 0]);
    assert_eq!(pair.log.len(), sent + 2, "no error is sent about a group or a broadcast");
}

#[test]
fn a_socket_bound_to_a_group_keeps_that_name_and_speaks_from_its_host() {
    let mut app = App::alone();
    let sock = shared(&mut app, "239.1.1.1:7005");
    let other = shared(&mut app, "0.0.0.0:7006");
    assert_eq!(app.send_to(sock, name("127.0.0.1:7006"), b"x"), Ok(1));
    assert_eq!(app.recv_from(other, 9), Ok((name("127.0.0.1:7005"), b"x".to_vec())));
    assert_eq!(app.connect(sock, name("192.0.2.1:7006")), Ok(()));
    assert_eq!(app.sock_name(sock), name("239.1.1.1:7005"));
    assert_eq!(app.disconnect(sock), Ok(()));
    assert_eq!(app.sock_name(sock), name("239.1.1.1:7005"));
    let tx = sender(&mut app, ETH);
    assert_eq!(app.connect(tx, name("239.1.1.1:7005")), Ok(()));
    assert_eq!(app.sock_name(tx).ip(), ip("192.0.2.1"));
    assert_eq!(join(&mut app, other, "239.1.1.1", ETH), Ok(()));
    assert_eq!(app.send(tx, b"y"), Ok(1));
    assert_eq!(app.recv(sock, 9), Ok(b"y".to_vec()));
}

#[test]
fn with_a_route_a_group_needs_no_device() {
    let mut config = config(0, Link::Ip);
    config.ip.gateway_v4 = Some("192.0.2.254".parse().expect("an address"));
    let mut app = App::new(config, Box::new(stack::base::choose::Lowest));
    let sock = shared(&mut app, "0.0.0.0:7007");
    assert_eq!(join(&mut app, sock, "239.1.1.1", None), Ok(()));
    assert_eq!(join(&mut app, sock, "239.1.1.1", ETH), Err(Refused::AddrInUse));
    assert_eq!(app.send_to(sock, name("239.1.1.1:7007"), b"x"), Ok(1));
    assert_eq!(app.recv(sock, 9), Ok(b"x".to_vec()));
    assert_eq!(leave(&mut app, sock, "239.1.1.1", None), Ok(()));
}
