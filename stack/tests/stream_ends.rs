//! Streams on their way in and out, where one host alone does not show it: what is left after `close`, who
//! gets what when a listener is gone, options that change how a connection opens or ends.

mod rig;

use rig::{App, Link, Pair, at, config, name};
use stack::base::choose::{Lowest, Seeded};
use stack::base::{Refused, Span, Why};
use stack::host::Config;
use stack::sock::profile::Profile;
use stack::sock::{
    self, Call, Family, How, OptionName, OptionValue, Reply, Setting, SocketId, TimeWaitReuse,
};
use stack::tcp::{self, State};

const V4: Family = Family::V4;

fn count(app: &App, state: State) -> usize {
    app.host.sockets().iter().filter(|row| row.state == Some(state)).count()
}

/// A host that talks to itself, with these bounds, and a listener on port 5000 of its loopback address.
fn itself(sockets: sock::Policy) -> (App, SocketId) {
    let mut app = App::new(Config { sockets, ..config(0, Link::Ip) }, Box::new(Seeded::new(5)));
    let listener = app.server(name("127.0.0.1:5000"), 9);
    (app, listener)
}

fn connect(app: &mut App) -> SocketId {
    let sock = app.tcp();
    assert_eq!(app.connect(sock, name("127.0.0.1:5000")), Err(Refused::InProgress));
    sock
}

/// A client that knows that it is connected, and the other end.
fn pair(app: &mut App, listener: SocketId) -> (SocketId, SocketId) {
    let client = connect(app);
    assert_eq!(app.connect(client, name("127.0.0.1:5000")), Ok(()));
    let (server, _) = app.accept(listener).expect("a connection");
    (client, server)
}

fn reset(app: &mut App, sock: SocketId) {
    assert_eq!(app.set(sock, OptionValue::Linger(Some(Span::ZERO))), Ok(()));
    assert_eq!(app.close(sock), Ok(()));
}

fn pass(app: &mut App, span: Span) {
    let end = app.now + span;
    while let Some(due) = app.host.due().filter(|due| *due <= end) {
        app.now = due;
        app.step(stack::host::Stimulus::Time);
    }
    app.now = end;
    app.step(stack::host::Stimulus::Time);
}

fn configure(app: &mut App, setting: Setting) -> Result<(), Refused> {
    app.done(Call::Configure { setting })
}

fn peek(app: &mut App, sock: SocketId, max: u32) -> Reply {
    app.call(Call::Peek { sock, max })
}

fn urgent(app: &mut App, sock: SocketId) -> Reply {
    app.call(Call::RecvUrgent { sock })
}

fn at_mark(app: &mut App, sock: SocketId) -> bool {
    app.call(Call::AtMark { sock }) == Reply::Flag(true)
}

#[test]
fn close_answers_at_once_and_the_rest_is_sent() {
    for linger in [None, Some(Span::from_secs(1)), Some(Span::from_secs(5))] {
        let mut pair = Pair::new(Link::Ip);
        let (client, server, _) = pair.connected(V4, 8080);
        let mut written = 0;
        while let Ok(sent) = pair.a().send(client, &[7; 9_999]) {
            written += sent as usize;
        }
        assert!(written > 60_000);
        assert_eq!(pair.a().set(client, OptionValue::Linger(linger)), Ok(()));
        assert_eq!(pair.a().close(client), Ok(()));
        let mut read = 0;
        for _ in 0..100 {
            pair.run(Span::from_millis(200));
            match pair.b().recv(server, 100_000) {
                Ok(data) if data.is_empty() => break,
                Ok(data) => read += data.len(),
                Err(refused) => assert_eq!(refused, Refused::WouldBlock),
            }
        }
        assert_eq!((read, pair.b().recv(server, 1)), (written, Ok(Vec::new())), "{linger:?}");
    }
}

#[test]
fn who_closes_first_is_in_time_wait() {
    let mut both = Pair::new(Link::Ip);
    let (client, server, _) = both.connected(V4, 8080);
    assert_eq!(both.b().close(server), Ok(()));
    both.settle();
    assert_eq!(both.a().close(client), Ok(()));
    both.settle();
    assert_eq!((count(both.a(), State::TimeWait), count(both.b(), State::TimeWait)), (0, 1));
    let row = both.b().host.sockets().into_iter().find(|row| row.state == Some(State::TimeWait));
    assert_eq!(row.map(|row| row.local), Some(at(1, V4, 8080)));
}

#[test]
fn an_orphan_waits_as_long_as_its_application_has_said() {
    let said = [None, Some(0), Some(1), Some(61), Some(200), Some(-7)];
    for (said, lasts) in said.into_iter().zip([60, 60, 1, 61, 120, 0]) {
        let mut both = Pair::new(Link::Ip);
        let (client, server, _) = both.connected(V4, 8080);
        if let Some(seconds) = said {
            assert_eq!(both.a().set(client, OptionValue::LingerFinWait(seconds)), Ok(()));
        }
        assert_eq!(both.a().close(client), Ok(()));
        both.run(Span::from_millis(500));
        assert_eq!(count(both.a(), State::FinWait2), usize::from(lasts > 0), "{said:?}");
        if lasts == 0 {
            assert_eq!(both.b().error(server), Some(Refused::BrokenPipe), "it is reset");
            continue;
        }
        both.run(Span::from_secs(lasts - 1));
        assert_eq!(count(both.a(), State::FinWait2), 1, "{said:?}");
        both.run(Span::from_secs(1));
        assert!(both.a().host.sockets().is_empty(), "{said:?}");
    }
}

#[test]
fn the_administrator_says_how_long_an_orphan_waits() {
    let mut both = Pair::new(Link::Ip);
    let (client, _, _) = both.connected(V4, 8080);
    assert_eq!(
        configure(both.a(), Setting::FinTimeout(Span::from_millis(999))),
        Err(Refused::InvalidArgument)
    );
    assert_eq!(configure(both.a(), Setting::FinTimeout(Span::from_secs(5))), Ok(()));
    assert_eq!(both.a().close(client), Ok(()));
    both.run(Span::from_secs(4));
    assert_eq!(count(both.a(), State::FinWait2), 1);
    both.run(Span::from_secs(2));
    assert!(both.a().host.sockets().is_empty());
}

//? RFC6335-6-b
#[test]
fn nobody_speaks_to_port_0() {
    let (mut app, _) = itself(sock::Policy::of(Profile::Windows));
    let sock = app.tcp();
    for to in ["127.0.0.1:0", "192.0.2.1:0", "192.0.2.2:0"] {
        assert_eq!(app.connect(sock, name(to)), Err(Refused::InProgress));
        assert_eq!(app.connect(sock, name(to)), Err(Refused::ConnRefused));
    }
    assert!(app.seen.frames.is_empty(), "there is nobody to ask");
    assert_eq!(app.connect(sock, name("255.255.255.255:0")), Err(Refused::NetUnreachable));
}

#[test]
fn on_linux_another_host_is_asked_for_port_0_and_may_be_silent() {
    let mut app = App::alone();
    let sock = app.tcp();
    for to in ["127.0.0.1:0", "192.0.2.1:0"] {
        assert_eq!(app.connect(sock, name(to)), Err(Refused::InProgress));
        assert_eq!(app.connect(sock, name(to)), Err(Refused::ConnRefused), "this host knows");
    }
    assert!(app.seen.frames.is_empty());
    assert_eq!(app.connect(sock, name("192.0.2.2:0")), Err(Refused::InProgress));
    assert_eq!(app.seen.frames.len(), 1);
    assert_eq!(app.connect(sock, name("192.0.2.2:0")), Err(Refused::AlreadyInProgress));
    assert_eq!(app.bind(sock, name("192.0.2.1:0")), Err(Refused::InvalidArgument));
    assert_eq!(app.recv(sock, 1), Err(Refused::WouldBlock));
    assert_eq!(app.shutdown(sock, How::Write), Ok(()));
}

#[test]
fn a_backlog_is_no_larger_than_the_host_allows() {
    let (mut app, listener) = itself(sock::Policy::default());
    assert_eq!(configure(&mut app, Setting::BacklogMax(2)), Ok(()));
    assert_eq!(configure(&mut app, Setting::BacklogMax(u32::MAX)), Err(Refused::InvalidArgument));
    assert_eq!(app.listen(listener, 100), Ok(()));
    let row = app.host.sockets().into_iter().find(|row| row.sock == Some(listener)).expect("a row");
    assert_eq!(row.send_queue, 2);
}

/// Two listeners of one group, a client that waits, and the one it waits for.
fn group(migrate: bool) -> (App, SocketId, SocketId, SocketId) {
    let sockets = sock::Policy { migrate_requests: migrate, ..sock::Policy::default() };
    let mut app = App::new(Config { sockets, ..config(0, Link::Ip) }, Box::new(Lowest));
    let [one, other] = [(); 2].map(|()| {
        let sock = app.tcp();
        assert_eq!(app.set(sock, OptionValue::ReusePort(true)), Ok(()));
        assert_eq!(app.bind(sock, name("127.0.0.1:5000")), Ok(()));
        assert_eq!(app.listen(sock, 9), Ok(()));
        sock
    });
    let client = connect(&mut app);
    let has_one = app.poll(one).readable;
    let (taker, left) = if has_one { (one, other) } else { (other, one) };
    (app, client, taker, left)
}

#[test]
fn who_waits_for_a_listener_that_is_gone_goes_over_to_its_group_if_the_host_wants_that() {
    let (mut app, client, taker, left) = group(false);
    assert_eq!(app.close(taker), Ok(()));
    assert_eq!(app.recv(client, 1), Err(Refused::ConnReset));
    assert_eq!(app.accept(left), Err(Refused::WouldBlock));
    let (mut app, client, taker, left) = group(true);
    assert_eq!(app.close(taker), Ok(()));
    let (server, _) = app.accept(left).expect("it went over");
    assert_eq!(app.send(client, b"x"), Ok(1));
    assert_eq!(app.recv(server, 1), Ok(b"x".to_vec()));
    // Nobody is left to go over to.
    let late = connect(&mut app);
    assert_eq!(app.close(left), Ok(()));
    assert_eq!(app.recv(late, 1), Err(Refused::ConnReset));
}

#[test]
fn who_waits_for_text_is_called_when_it_comes_or_when_time_is_up() {
    let mut both = Pair::new(Link::Ip);
    let listener = both.b().server(at(1, V4, 8080), 4);
    assert_eq!(both.b().set(listener, OptionValue::DeferAccept(4)), Ok(()));
    let deferred = both.b().option(listener, OptionName::DeferAccept);
    assert_eq!(deferred, Ok(OptionValue::DeferAccept(7)), "timeouts of 1, 2 and 4 seconds");
    let [talker, silent] = [(); 2].map(|()| {
        let sock = both.a().tcp();
        assert_eq!(both.a().connect(sock, at(1, V4, 8080)), Err(Refused::InProgress));
        sock
    });
    both.settle();
    assert_eq!(both.a().connect(talker, at(1, V4, 8080)), Ok(()), "which it can not know");
    assert_eq!(both.b().accept(listener), Err(Refused::WouldBlock));
    assert!(both.b().seen.discards.contains(&Why::AcceptDeferred));
    assert_eq!(both.a().send(talker, b"hello"), Ok(5));
    both.settle();
    let (server, _) = both.b().accept(listener).expect("it has something to say");
    assert_eq!(both.b().recv(server, 9), Ok(b"hello".to_vec()));
    assert_eq!(both.b().option(server, OptionName::DeferAccept), Ok(OptionValue::DeferAccept(0)));
    both.run(Span::from_secs(5));
    assert_eq!(both.b().accept(listener), Err(Refused::WouldBlock));
    both.run(Span::from_secs(2));
    let (_, peer) = both.b().accept(listener).expect("enough of waiting");
    assert_eq!(peer, both.a().sock_name(silent));
}

#[test]
fn a_child_has_the_options_of_the_moment_of_its_last_handshake_segment() {
    let mut both = Pair::new(Link::Ip);
    let listener = both.b().server(at(1, V4, 8080), 4);
    let client = both.a().tcp();
    assert_eq!(both.a().connect(client, at(1, V4, 8080)), Err(Refused::InProgress));
    both.run(Span::from_millis(7));
    assert_eq!(count(both.b(), State::SynReceived), 1);
    assert_eq!(both.b().set(listener, OptionValue::NoDelay(true)), Ok(()));
    assert_eq!(both.b().set(listener, OptionValue::UserTimeout(Some(Span::from_secs(9)))), Ok(()));
    both.settle();
    assert_eq!(both.b().set(listener, OptionValue::NoDelay(false)), Ok(()));
    let (server, _) = both.b().accept(listener).expect("a connection");
    assert_eq!(both.b().option(server, OptionName::NoDelay), Ok(OptionValue::NoDelay(true)));
    both.passes = Box::new(|from, _, _| from == 0);
    assert_eq!(both.b().send(server, b"a"), Ok(1));
    both.run(Span::from_secs(10));
    assert_eq!(both.b().recv(server, 1), Err(Refused::TimedOut), "the connection goes by it, too");
}

#[test]
fn what_has_come_of_the_largest_segment_is_told() {
    let mut both = Pair::new(Link::Ip);
    let (client, _, listener) = both.connected(V4, 8080);
    assert_eq!(both.a().option(client, OptionName::MaxSegment), Ok(OptionValue::MaxSegment(1448)));
    assert_eq!(both.b().option(listener, OptionName::MaxSegment), Ok(OptionValue::MaxSegment(536)));
}

/// Whether a connection can be opened again `millis` after the last one, which the client had closed first.
fn follows(reuse: TimeWaitReuse, millis: u64, timestamps: bool) -> bool {
    let sockets = sock::Policy { time_wait_reuse: reuse, ..sock::Policy::default() };
    let tcp = tcp::Settings { timestamps, ..tcp::Settings::default() };
    let mut app = App::new(Config { tcp, sockets, ..config(0, Link::Ip) }, Box::new(Seeded::new(1)));
    let listener = app.server(name("127.0.0.1:5000"), 9);
    assert_eq!(configure(&mut app, Setting::LocalPortRange(40_000, 40_000)), Ok(()));
    let (client, server) = pair(&mut app, listener);
    assert_eq!((app.close(client), app.close(server)), (Ok(()), Ok(())));
    assert_eq!(count(&app, State::TimeWait), 1);
    pass(&mut app, Span::from_millis(millis));
    let again = app.tcp();
    match app.connect(again, name("127.0.0.1:5000")) {
        Err(Refused::InProgress) => {
            assert_eq!(app.connect(again, name("127.0.0.1:5000")), Ok(()));
            assert_eq!(count(&app, State::TimeWait), 0);
            true
        }
        answer => {
            assert_eq!(answer, Err(Refused::AddrNotAvailable));
            false
        }
    }
}

#[test]
fn a_connection_follows_one_in_time_wait_after_a_second_by_its_timestamps() {
    assert!(!follows(TimeWaitReuse::Loopback, 999, true));
    assert!(follows(TimeWaitReuse::Loopback, 1_000, true));
    assert!(follows(TimeWaitReuse::Always, 1_000, true));
    assert!(!follows(TimeWaitReuse::Never, 1_000, true));
    assert!(!follows(TimeWaitReuse::Always, 1_000, false));
}

//? RFC9293-MUST-8
#[test]
fn on_the_link_only_if_the_host_wants_that_and_with_later_numbers() {
    for (reuse, expected) in [(TimeWaitReuse::Loopback, false), (TimeWaitReuse::Always, true)] {
        let mut both = Pair::new(Link::Ip);
        assert_eq!(configure(both.a(), Setting::LocalPortRange(40_000, 40_000)), Ok(()));
        assert_eq!(configure(both.a(), Setting::TimeWaitReuse(reuse)), Ok(()));
        let (client, server, _) = both.connected(V4, 8080);
        assert_eq!(both.a().close(client), Ok(()));
        both.settle();
        assert_eq!(both.b().close(server), Ok(()));
        both.run(Span::from_secs(2));
        let again = both.a().tcp();
        let begun = both.a().connect(again, at(1, V4, 8080));
        assert_eq!(begun == Err(Refused::InProgress), expected, "{reuse:?}: {begun:?}");
        if expected {
            both.settle();
            assert_eq!(both.a().connect(again, at(1, V4, 8080)), Ok(()));
        }
    }
}

#[test]
fn a_socket_takes_the_name_of_its_connection_along_until_it_is_told() {
    let mut app = App::alone();
    let sock = app.tcp();
    assert_eq!(app.bind(sock, name("0.0.0.0:0")), Ok(()));
    let port = app.sock_name(sock).port();
    assert_eq!(app.connect(sock, name("127.0.0.1:5999")), Err(Refused::InProgress));
    assert_eq!(app.sock_name(sock).to_string(), format!("127.0.0.1:{port}"));
    // The host had chosen the port, also for bind, and has it back at once.
    let other = app.tcp();
    assert_eq!(app.bind(other, name(&format!("0.0.0.0:{port}"))), Ok(()));
    assert_eq!(app.connect(sock, name("127.0.0.1:5999")), Err(Refused::ConnRefused));
    assert_eq!(app.sock_name(sock).to_string(), format!("0.0.0.0:{port}"));
    assert_eq!(app.bind(sock, name("0.0.0.0:0")), Ok(()));
}

#[test]
fn connect_tells_of_an_end_once_and_never_after_success() {
    let (mut app, listener) = itself(sock::Policy::default());
    let to = name("127.0.0.1:5000");
    // Success was told: what comes later is for others to tell.
    let (client, server) = pair(&mut app, listener);
    reset(&mut app, server);
    assert_eq!(app.connect(client, to), Err(Refused::AlreadyConnected));
    assert_eq!(app.error(client), Some(Refused::ConnReset));
    assert_eq!(app.connect(client, to), Err(Refused::AlreadyConnected));
    // It was not, but somebody has read the error.
    let client = connect(&mut app);
    let (server, _) = app.accept(listener).expect("a connection");
    reset(&mut app, server);
    assert_eq!(app.error(client), Some(Refused::ConnReset));
    assert_eq!(app.connect(client, to), Err(Refused::ConnAborted));
    assert_eq!(app.connect(client, to), Err(Refused::InProgress));
    // The application has shut down what was not there any more.
    let client = app.tcp();
    assert_eq!(app.connect(client, name("127.0.0.1:5999")), Err(Refused::InProgress));
    assert_eq!(app.shutdown(client, How::Write), Err(Refused::NotConnected));
    assert_eq!(app.error(client), Some(Refused::ConnRefused));
    assert_eq!(app.connect(client, to), Err(Refused::InvalidArgument));
    assert_eq!(app.done(Call::Disconnect { sock: client }), Ok(()));
    assert_eq!(app.connect(client, to), Err(Refused::InProgress));
}

#[test]
fn shutting_down_is_remembered_without_a_connection() {
    let (mut app, _) = itself(sock::Policy::default());
    let sock = app.tcp();
    assert_eq!(app.shutdown(sock, How::Both), Err(Refused::NotConnected));
    let ready = app.poll(sock);
    assert!(ready.readable && ready.read_closed && ready.hung_up);
    assert_eq!(app.recv(sock, 1), Ok(Vec::new()));
    assert_eq!(app.connect(sock, name("127.0.0.1:5000")), Err(Refused::InProgress));
    assert_eq!(app.connect(sock, name("127.0.0.1:5000")), Ok(()));
    assert_eq!(app.send(sock, b"x"), Err(Refused::BrokenPipe));
    assert!(app.poll(sock).hung_up);
    assert_eq!(app.done(Call::Disconnect { sock }), Ok(()));
    assert_eq!(app.error(sock), Some(Refused::ConnReset));
    assert_eq!(app.recv(sock, 1), Err(Refused::NotConnected), "that is over, too");
    // A listener hands it on: its children end their stream before they begin.
    let listener = app.tcp();
    assert_eq!(app.shutdown(listener, How::Write), Err(Refused::NotConnected));
    assert_eq!(app.bind(listener, name("127.0.0.1:5001")), Ok(()));
    assert_eq!(app.listen(listener, 1), Ok(()));
    let client = app.tcp();
    assert_eq!(app.connect(client, name("127.0.0.1:5001")), Err(Refused::InProgress));
    assert_eq!(peek(&mut app, client, 2), Reply::Data(Vec::new()));
    let (child, _) = app.accept(listener).expect("a connection");
    assert_eq!(app.send(child, b"x"), Err(Refused::BrokenPipe));
}

#[test]
fn what_is_said_to_the_child_of_a_listener_with_both_halves_shut_is_reset() {
    for (how, there) in [(How::Write, true), (How::Both, false)] {
        let (mut app, _) = itself(sock::Policy::default());
        let listener = app.tcp();
        assert_eq!(app.shutdown(listener, how), Err(Refused::NotConnected));
        assert_eq!(app.bind(listener, name("127.0.0.1:5001")), Ok(()));
        assert_eq!(app.listen(listener, 1), Ok(()));
        let client = app.tcp();
        assert_eq!(app.connect(client, name("127.0.0.1:5001")), Err(Refused::InProgress));
        let (child, _) = app.accept(listener).expect("a connection");
        assert_eq!(app.send(client, b"x"), Ok(1));
        assert_eq!(app.peer_name(child).is_ok(), there, "{how:?}");
    }
}

#[test]
fn who_shut_down_first_and_then_meets_itself_has_said_all_at_once() {
    for how in [How::Write, How::Both] {
        let (mut app, _) = itself(sock::Policy::default());
        let sock = app.tcp();
        let own = name("127.0.0.1:5001");
        assert_eq!(app.bind(sock, own), Ok(()));
        assert_eq!(app.shutdown(sock, how), Err(Refused::NotConnected));
        assert_eq!(app.connect(sock, own), Err(Refused::InProgress));
        assert_eq!(count(&app, State::TimeWait), 1, "both ends of it are closed");
        assert_eq!(app.shutdown(sock, How::Write), Err(Refused::NotConnected));
    }
    let (mut app, _) = itself(sock::Policy::default());
    let sock = app.tcp();
    let own = name("127.0.0.1:5001");
    assert_eq!(app.bind(sock, own), Ok(()));
    assert_eq!(app.shutdown(sock, How::Write), Err(Refused::NotConnected));
    assert_eq!(app.connect(sock, own), Err(Refused::InProgress));
    assert_eq!(app.connect(sock, own), Err(Refused::ConnAborted));
    // With the reading half shut alone it stays.
    let (mut app, _) = itself(sock::Policy::default());
    let sock = app.tcp();
    assert_eq!(app.bind(sock, own), Ok(()));
    assert_eq!(app.shutdown(sock, How::Read), Err(Refused::NotConnected));
    assert_eq!(app.connect(sock, own), Err(Refused::InProgress));
    assert_eq!(app.connect(sock, own), Ok(()));
}

#[test]
fn what_is_in_time_wait_goes_on_without_its_socket() {
    let (mut app, listener) = itself(sock::Policy::default());
    let (client, server) = pair(&mut app, listener);
    assert_eq!(app.shutdown(client, How::Write), Ok(()));
    assert_eq!(app.close(server), Ok(()));
    let port = app.sock_name(client).port();
    assert_eq!(app.done(Call::Disconnect { sock: client }), Ok(()));
    assert_eq!((app.error(client), count(&app, State::TimeWait)), (None, 1));
    let other = app.tcp();
    assert_eq!(app.bind(other, name(&format!("127.0.0.1:{port}"))), Err(Refused::AddrInUse));
    assert_eq!(app.connect(client, name("127.0.0.1:5000")), Err(Refused::InProgress));
    assert_eq!(app.connect(client, name("127.0.0.1:5000")), Ok(()));
    pass(&mut app, Span::from_secs(61));
    assert_eq!(count(&app, State::TimeWait), 0);
}

#[test]
fn disconnecting_a_child_leaves_it_the_address_of_its_listener() {
    let (mut app, listener) = itself(sock::Policy::default());
    let (client, server) = pair(&mut app, listener);
    assert_eq!(app.done(Call::Disconnect { sock: server }), Ok(()));
    assert_eq!(app.recv(client, 1), Err(Refused::ConnReset));
    assert_eq!(app.sock_name(server), name("127.0.0.1:5000"));
    assert_eq!(app.listen(server, 1), Ok(()));
    assert_eq!(app.sock_name(server).ip(), name("127.0.0.1:0").ip());
    assert_ne!(app.sock_name(server).port(), 5000);
}

#[test]
fn an_urgent_octet_is_apart_or_in_line() {
    let (mut app, listener) = itself(sock::Policy::default());
    let (client, server) = pair(&mut app, listener);
    let send = |app: &mut App, data: &[u8]| {
        let call = Call::Send { sock: client, data: data.to_vec(), urgent: true };
        assert_eq!(app.call(call), Reply::Sent(data.len() as u32));
    };
    assert_eq!(urgent(&mut app, server), Reply::Refused(Refused::InvalidArgument));
    send(&mut app, b"!");
    let ready = app.poll(server);
    assert!(ready.urgent && !ready.readable && at_mark(&mut app, server));
    assert_eq!(peek(&mut app, server, 9), Reply::Refused(Refused::WouldBlock));
    assert_eq!(urgent(&mut app, server), Reply::Data(b"!".to_vec()));
    assert!(!app.poll(server).urgent);
    assert_eq!(app.recv(server, 9), Err(Refused::WouldBlock));
    // A second one makes the first one an octet like others.
    send(&mut app, b"a!");
    send(&mut app, b"b?");
    assert_eq!(peek(&mut app, server, 9), Reply::Data(b"a!b".to_vec()));
    assert_eq!(app.recv(server, 9), Ok(b"a!b".to_vec()));
    assert_eq!(urgent(&mut app, server), Reply::Data(b"?".to_vec()));
    assert_eq!(app.recv(server, 9), Err(Refused::WouldBlock));
    assert_eq!(app.set(server, OptionValue::OobInline(true)), Ok(()));
    send(&mut app, b"ab!");
    assert_eq!(app.send(client, b"cd"), Ok(2));
    assert_eq!(app.recv(server, 9), Ok(b"ab".to_vec()), "also in line reading stops at the mark");
    assert!(at_mark(&mut app, server));
    assert_eq!(urgent(&mut app, server), Reply::Refused(Refused::InvalidArgument));
    assert_eq!(app.recv(server, 9), Ok(b"!cd".to_vec()));
}

#[test]
fn what_comes_before_a_reset_is_read_first() {
    let (mut app, listener) = itself(sock::Policy::default());
    let (client, server) = pair(&mut app, listener);
    assert_eq!(app.send(client, b"data"), Ok(4));
    reset(&mut app, client);
    assert_eq!(peek(&mut app, server, 2), Reply::Data(b"da".to_vec()));
    assert_eq!(app.recv(server, 3), Ok(b"dat".to_vec()));
    assert_eq!(app.recv(server, 3), Ok(b"a".to_vec()));
    assert_eq!(app.recv(server, 3), Err(Refused::ConnReset));
    assert_eq!(app.recv(server, 3), Ok(Vec::new()));
}

#[test]
fn text_before_the_connection_is_taken_or_not() {
    for (sockets, answer) in
        [(sock::Policy::default(), Ok(1)), (sock::Policy::default().as_linux(), Err(Refused::WouldBlock))]
    {
        let mut app = App::new(Config { sockets, ..config(0, Link::Ip) }, Box::new(Lowest));
        let sock = app.tcp();
        assert_eq!(app.connect(sock, name("192.0.2.2:80")), Err(Refused::InProgress));
        assert_eq!(app.send(sock, b"x"), answer);
    }
}

#[test]
fn what_comes_after_shutting_the_reading_half_can_be_thrown_away() {
    for profile in [Profile::Linux, Profile::Bsd, Profile::Windows] {
        let (mut app, listener) = itself(sock::Policy::of(profile));
        let (client, server) = pair(&mut app, listener);
        assert_eq!(app.shutdown(server, How::Read), Ok(()));
        assert_eq!(app.send(client, b"late"), Ok(4));
        let read = if profile == Profile::Linux { b"late".to_vec() } else { Vec::new() };
        assert_eq!(app.recv(server, 9), Ok(read), "{profile:?}");
        let error = (profile == Profile::Windows).then_some(Refused::ConnReset);
        assert_eq!(app.error(client), error, "{profile:?}");
    }
}

#[test]
fn other_systems_have_other_customs_of_listening_and_connecting() {
    let host = |profile| itself(sock::Policy::of(profile));
    // A socket without a name.
    for (profile, answer) in [
        (Profile::Linux, Ok(())),
        (Profile::Bsd, Ok(())),
        (Profile::Posix, Err(Refused::DestinationRequired)),
        (Profile::Windows, Err(Refused::InvalidArgument)),
    ] {
        let (mut app, _) = host(profile);
        let sock = app.tcp();
        assert_eq!(app.listen(sock, 1), answer, "{profile:?}");
    }
    // Room to wait in, and what is said to whom finds none.
    for (profile, room) in
        [(Profile::Linux, 4), (Profile::Bsd, 4), (Profile::Posix, 3), (Profile::Windows, 3)]
    {
        let (mut app, listener) = host(profile);
        assert_eq!(app.listen(listener, 3), Ok(()));
        let clients: Vec<_> = (0..6).map(|_| connect(&mut app)).collect();
        let inside =
            clients.iter().filter(|sock| app.connect(**sock, name("127.0.0.1:5000")) == Ok(())).count();
        assert_eq!(inside, room, "{profile:?}");
    }
    // A connection that was reset while it waited, and shutting down a listener.
    let (mut app, listener) = host(Profile::Bsd);
    let client = connect(&mut app);
    reset(&mut app, client);
    assert_eq!(app.accept(listener), Err(Refused::ConnAborted));
    assert_eq!(app.accept(listener), Err(Refused::WouldBlock));
    assert_eq!(app.shutdown(listener, How::Both), Err(Refused::NotConnected));
    // Connecting again after a refusal.
    let sock = app.tcp();
    assert_eq!(app.connect(sock, name("127.0.0.1:5999")), Err(Refused::InProgress));
    assert_eq!(app.connect(sock, name("127.0.0.1:5999")), Err(Refused::ConnRefused));
    assert_eq!(app.connect(sock, name("127.0.0.1:5000")), Err(Refused::ConnAborted));
}

#[test]
fn a_syn_is_repeated_as_often_as_the_application_wants() {
    for (linear, times) in [(false, vec![1, 3]), (true, vec![1, 2, 3, 4, 5, 7])] {
        let default = tcp::Settings::default();
        let tcp = if linear { default.as_linux() } else { default };
        let mut app = App::new(Config { tcp, ..config(0, Link::Ip) }, Box::new(Lowest));
        let sock = app.tcp();
        assert_eq!(app.set(sock, OptionValue::SynCount(128)), Err(Refused::InvalidArgument));
        assert_eq!(app.set(sock, OptionValue::SynCount(2)), Ok(()));
        assert_eq!(app.connect(sock, name("192.0.2.2:80")), Err(Refused::InProgress));
        app.seen.frames.clear();
        let mut seen = Vec::new();
        while let Some(due) = app.host.due() {
            app.now = due;
            app.step(stack::host::Stimulus::Time);
            seen.extend(app.seen.frames.drain(..).map(|_| app.now.as_nanos() / 1_000_000_000));
        }
        assert_eq!(seen, times);
        assert_eq!(app.connect(sock, name("192.0.2.2:80")), Err(Refused::TimedOut));
    }
}

#[test]
fn a_cork_holds_short_segments_back_until_it_is_drawn() {
    let mut both = Pair::new(Link::Ip);
    let (client, server, _) = both.connected(V4, 8080);
    assert_eq!(both.a().set(client, OptionValue::Cork(true)), Ok(()));
    assert_eq!(both.a().send(client, b"ab"), Ok(2));
    assert_eq!(both.a().send(client, b"cd"), Ok(2));
    both.run(Span::from_millis(100));
    assert_eq!(both.b().recv(server, 9), Err(Refused::WouldBlock));
    assert_eq!(both.a().set(client, OptionValue::Cork(false)), Ok(()));
    both.run(Span::from_millis(100));
    assert_eq!(both.b().recv(server, 9), Ok(b"abcd".to_vec()));
    assert_eq!(both.a().set(client, OptionValue::Cork(true)), Ok(()));
    assert_eq!(both.a().send(client, b"ef"), Ok(2));
    both.run(Span::from_millis(600));
    assert_eq!(both.b().recv(server, 9), Ok(b"ef".to_vec()), "not for ever");
}

/// A client in TIME-WAIT that has not read what the server sent.
fn over_with_text(app: &mut App, listener: SocketId) -> SocketId {
    let (client, server) = pair(app, listener);
    assert_eq!(app.shutdown(client, How::Write), Ok(()));
    assert_eq!(app.send(server, &[7; 5000]), Ok(5000));
    assert_eq!(app.close(server), Ok(()));
    client
}

#[test]
fn what_left_its_socket_in_time_wait_is_bounded_and_holds_no_text() {
    let (mut app, listener) = itself(sock::Policy { time_wait_max: 2, ..sock::Policy::default() });
    for left in [1, 2, 2, 2] {
        let client = over_with_text(&mut app, listener);
        assert_eq!(app.done(Call::Disconnect { sock: client }), Ok(()));
        assert_eq!(count(&app, State::TimeWait), left);
        app.host.check();
    }
    let unread = app
        .host
        .sockets()
        .iter()
        .map(|row| if row.state == Some(State::TimeWait) { row.receive_queue } else { 0 })
        .sum::<u64>();
    assert_eq!(unread, 0, "nobody can read it");
}

#[test]
fn a_port_that_connect_chose_serves_other_peers_while_one_of_its_connections_is_in_time_wait() {
    let (mut app, listener) = itself(sock::Policy::default());
    app.server(name("127.0.0.1:5001"), 1);
    assert_eq!(configure(&mut app, Setting::LocalPortRange(40_000, 40_000)), Ok(()));
    let client = over_with_text(&mut app, listener);
    assert_eq!(app.done(Call::Disconnect { sock: client }), Ok(()));
    let other = app.tcp();
    assert_eq!(app.connect(other, name("127.0.0.1:5001")), Err(Refused::InProgress));
}
