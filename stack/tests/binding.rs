//! Binding on one host: users, devices, settings of the administrator, and ports that wait in TIME-WAIT.

mod rig;

use rig::{App, name};
use stack::base::{PortRange, Refused};
use stack::host::Config;
use stack::ports::Policy;
use stack::sock::profile::Profile;
use stack::sock::{Call, Device, Family, How, Kind, OptionValue, Setting, SocketId, User};
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};

/// A host of user 0.
fn root() -> App {
    let mut app = App::alone();
    assert_eq!(become_user(&mut app, 0), Ok(()));
    app
}

fn become_user(app: &mut App, user: u32) -> Result<(), Refused> {
    app.done(Call::Become { user: User(user) })
}

fn configure(app: &mut App, setting: Setting) -> Result<(), Refused> {
    app.done(Call::Configure { setting })
}

fn v6(text: &str, port: u16, scope: u32) -> SocketAddr {
    SocketAddrV6::new(text.parse::<Ipv6Addr>().expect("an address"), port, 0, scope).into()
}

/// A socket with an option.
fn with(app: &mut App, family: Family, kind: Kind, value: OptionValue) -> SocketId {
    let sock = app.socket(family, kind);
    assert_eq!(app.set(sock, value), Ok(()));
    sock
}

const FOREIGN: &str = "198.51.100.7:8000";
const LOCAL: &str = "127.0.0.1:8000";

#[test]
fn a_group_has_one_user_and_an_address_may_have_several() {
    for kind in [Kind::Stream, Kind::Datagram] {
        for (option, shared) in
            [(OptionValue::ReusePort(true), Err(Refused::AddrInUse)), (OptionValue::ReuseAddr(true), Ok(()))]
        {
            let mut app = root();
            let first = with(&mut app, Family::V4, kind, option);
            assert_eq!(app.bind(first, name(LOCAL)), Ok(()));
            assert_eq!(become_user(&mut app, 7), Ok(()));
            let stranger = with(&mut app, Family::V4, kind, option);
            assert_eq!(app.bind(stranger, name(LOCAL)), shared, "{kind:?} {option:?}");
        }
    }
}

//? RFC1340-Well_Known_Port_Numbers-a
#[test]
fn the_privilege_is_of_whoever_calls() {
    let mut app = root();
    let sock = app.tcp();
    assert_eq!(become_user(&mut app, 7), Ok(()));
    assert_eq!(app.bind(sock, name("127.0.0.1:80")), Err(Refused::AccessDenied));
    assert_eq!(become_user(&mut app, 0), Ok(()));
    assert_eq!(app.bind(sock, name("127.0.0.1:80")), Ok(()));
    assert_eq!(configure(&mut app, Setting::UnprivilegedStart(80)), Ok(()));
    assert_eq!(become_user(&mut app, 7), Ok(()));
    let [low, other] = [app.tcp(), app.tcp()];
    assert_eq!(app.bind(low, name("127.0.0.1:79")), Err(Refused::AccessDenied));
    assert_eq!(app.bind(other, name("127.0.0.1:80")), Err(Refused::AddrInUse));
}

#[test]
fn a_foreign_address_is_for_those_who_ask_for_it() {
    for value in [OptionValue::FreeBind(true), OptionValue::Transparent(true)] {
        let mut app = root();
        let plain = app.tcp();
        assert_eq!(app.bind(plain, name(FOREIGN)), Err(Refused::AddrNotAvailable));
        let sock = with(&mut app, Family::V4, Kind::Stream, value);
        assert_eq!(app.bind(sock, name(FOREIGN)), Ok(()), "{value:?}");
        let six = with(&mut app, Family::V6, Kind::Stream, value);
        assert_eq!(app.bind(six, name("[fd99::77]:8000")), Ok(()), "{value:?}");
        assert_eq!(configure(&mut app, Setting::NonlocalBind(true)), Ok(()));
        assert_eq!(app.bind(plain, name("198.51.100.8:8000")), Ok(()));
        assert_eq!(become_user(&mut app, 7), Ok(()));
        let refused = if value == OptionValue::FreeBind(true) { Ok(()) } else { Err(Refused::NotPermitted) };
        let sock = app.tcp();
        assert_eq!(app.set(sock, value), refused);
    }
}

#[test]
fn an_ipv6_socket_learns_of_its_address_last() {
    let mut app = App::alone();
    let sock = app.socket(Family::V6, Kind::Stream);
    assert_eq!(app.bind(sock, name("[fd99::77]:80")), Err(Refused::AccessDenied));
    assert_eq!(app.bind(sock, v6("ff02::1", 80, 1)), Err(Refused::InvalidArgument));
    assert_eq!(app.bind(sock, name("[::1]:8000")), Ok(()));
    assert_eq!(app.bind(sock, name("[fd99::77]:8001")), Err(Refused::InvalidArgument));
    let four = app.tcp();
    assert_eq!(app.bind(four, name(LOCAL)), Ok(()));
    assert_eq!(app.bind(four, name(FOREIGN)), Err(Refused::AddrNotAvailable));
}

//? RFC4007-6-a
#[test]
fn a_scope_ties_a_socket_to_its_device() {
    let mut app = root();
    let [group, nowhere, lost] = [0; 3].map(|_| app.socket(Family::V6, Kind::Datagram));
    assert_eq!(app.bind(nowhere, v6("ff02::1", 8000, 0)), Err(Refused::InvalidArgument));
    assert_eq!(app.bind(lost, v6("ff02::1", 8000, 9)), Err(Refused::NoSuchDevice));
    assert_eq!(app.bind(group, v6("ff02::1", 8000, 1)), Ok(()));
    let inside =
        with(&mut app, Family::V6, Kind::Datagram, OptionValue::BindToDevice(Some(Device::Loopback)));
    assert_eq!(app.bind(inside, name("[::]:8000")), Ok(()), "another device");
    let everywhere = app.socket(Family::V6, Kind::Datagram);
    assert_eq!(app.bind(everywhere, name("[::]:8000")), Err(Refused::AddrInUse));
    let outside =
        with(&mut app, Family::V6, Kind::Stream, OptionValue::BindToDevice(Some(Device::Interface)));
    assert_eq!(app.bind(outside, name("[::1]:8000")), Err(Refused::AddrNotAvailable));
    assert_eq!(become_user(&mut app, 7), Ok(()));
    let free = with(&mut app, Family::V4, Kind::Stream, OptionValue::BindToDevice(Some(Device::Interface)));
    let leave = OptionValue::BindToDevice(None);
    assert_eq!(app.set(free, leave), Err(Refused::NotPermitted), "the device is there to stay");
}

#[test]
fn a_port_may_be_left_to_connect() {
    let mut app = App::alone();
    let server = app.server(name(LOCAL), 9);
    let sock = with(&mut app, Family::V4, Kind::Stream, OptionValue::BindAddressNoPort(true));
    assert_eq!(app.bind(sock, name("127.0.0.5:0")), Ok(()));
    assert_eq!(app.sock_name(sock), name("127.0.0.5:0"));
    assert_eq!(app.connect(sock, name(LOCAL)), Err(Refused::InProgress));
    let (_, peer) = app.accept(server).expect("a connection");
    assert_eq!(peer, app.sock_name(sock));
    assert_eq!(peer.ip(), name("127.0.0.5:0").ip());
}

#[test]
fn shared_ports_are_handed_out_if_the_host_says_so_and_nobody_listens() {
    let ports = Policy { ephemeral: PortRange::new(50_000, 50_001).expect("a range"), ..Policy::default() };
    let config = Config { ports, ..rig::config(0, rig::Link::Ip) };
    let mut app = App::new(config, Box::new(stack::base::choose::Lowest));
    let shared = |app: &mut App| with(app, Family::V4, Kind::Stream, OptionValue::ReuseAddr(true));
    let socks = [0; 2].map(|_| shared(&mut app));
    for sock in socks {
        assert_eq!(app.bind(sock, name("127.0.0.1:0")), Ok(()));
    }
    let third = shared(&mut app);
    assert_eq!(app.bind(third, name("127.0.0.1:0")), Err(Refused::AddrInUse));
    assert_eq!(configure(&mut app, Setting::AutobindReuse(true)), Ok(()));
    assert_eq!(app.listen(socks[0], 1), Ok(()));
    assert_eq!(app.bind(third, name("127.0.0.1:0")), Ok(()));
    assert_eq!(app.sock_name(third), app.sock_name(socks[1]), "a listener shares with nobody");
}

/// A host whose server has closed a connection, and has another one open on the port or not.
fn after_a_server(flag: bool) -> App {
    let mut app = App::alone();
    let server = app.tcp();
    assert_eq!(app.set(server, OptionValue::ReuseAddr(flag)), Ok(()));
    assert_eq!(app.bind(server, name(LOCAL)), Ok(()));
    assert_eq!(app.listen(server, 1), Ok(()));
    let client = app.tcp();
    assert_eq!(app.connect(client, name(LOCAL)), Err(Refused::InProgress));
    let (child, _) = app.accept(server).expect("a connection");
    for sock in [server, child, client] {
        assert_eq!(app.close(sock), Ok(()));
    }
    assert_eq!(app.host.sockets().len(), 1, "one end is in TIME-WAIT");
    app
}

#[test]
fn a_port_in_time_wait_is_for_those_who_share_it_as_the_old_server_did() {
    for (old, new, expected) in [
        (false, false, Err(Refused::AddrInUse)),
        (false, true, Err(Refused::AddrInUse)),
        (true, false, Err(Refused::AddrInUse)),
        (true, true, Ok(())),
    ] {
        let mut app = after_a_server(old);
        let [sock, elsewhere] = [app.tcp(), app.tcp()];
        assert_eq!(app.set(sock, OptionValue::ReuseAddr(new)), Ok(()));
        assert_eq!(app.bind(sock, name(LOCAL)), expected, "old {old} new {new}");
        assert_eq!(app.bind(elsewhere, name("127.0.0.2:8000")), Ok(()), "another address is free");
    }
}

#[test]
fn a_socket_whose_connection_is_over_may_be_bound_anew() {
    let mut app = App::alone();
    let server = app.server(name(LOCAL), 1);
    let client = app.tcp();
    assert_eq!(app.connect(client, name(LOCAL)), Err(Refused::InProgress));
    let (child, _) = app.accept(server).expect("a connection");
    assert_eq!(app.bind(client, name("127.0.0.1:0")), Err(Refused::InvalidArgument));
    assert_eq!(app.shutdown(client, How::Write), Ok(()));
    assert_eq!(app.shutdown(child, How::Write), Ok(()));
    assert_eq!(app.bind(client, name("127.0.0.1:0")), Ok(()), "TIME-WAIT goes on without it");
    assert_eq!(app.bind(client, name("127.0.0.1:0")), Err(Refused::InvalidArgument));
    assert_eq!(app.disconnect(client), Ok(()));
    assert_eq!(
        app.bind(client, name("127.0.0.1:0")),
        Err(Refused::InvalidArgument),
        "it has no peer to lose"
    );
}

//? RFC3493-5.3-a
#[test]
fn the_host_decides_whether_ipv6_sockets_begin_without_ipv4() {
    let mut app = App::alone();
    assert_eq!(configure(&mut app, Setting::BindV6Only(true)), Ok(()));
    let [six, four] = [app.socket(Family::V6, Kind::Stream), app.tcp()];
    assert_eq!(app.bind(six, name("[::]:8000")), Ok(()));
    assert_eq!(app.bind(four, name("0.0.0.0:8000")), Ok(()));
}

/// Found by random calls: a name that was refused tied the socket, and the books did not know.
#[test]
fn a_refused_name_ties_nobody_who_has_a_port() {
    let zoned = |port| SocketAddr::V6(SocketAddrV6::new("fe80::9".parse().expect("an address"), port, 0, 1));
    for profile in [Profile::Posix, Profile::Bsd, Profile::Windows, Profile::Linux] {
        let sockets = stack::sock::Policy { profile, ..stack::sock::Policy::default() };
        let config = Config { sockets, ..rig::config(0, rig::Link::Ip) };
        let mut app = App::new(config, Box::new(stack::base::choose::Lowest));
        let sock = app.socket(Family::V6, Kind::Datagram);
        assert_eq!(app.bind(sock, name("[::1]:8000")), Ok(()));
        assert!(app.bind(sock, zoned(9)).is_err());
        app.host.check();
    }
}
