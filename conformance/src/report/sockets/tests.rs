use super::*;
use quickcheck::quickcheck;
use stack::sock::{SocketId, User};

fn row(sock: u32, kind: Kind, state: Option<State>, local: &str, peer: Option<&str>) -> Row {
    let name = |text: &str| -> SocketAddr { text.parse().expect("a name") };
    let local = name(local);
    Row {
        sock: (sock > 0).then_some(SocketId(sock)),
        kind,
        family: if local.is_ipv4() { Family::V4 } else { Family::V6 },
        local,
        peer: peer.map(name),
        state,
        receive_queue: 0,
        send_queue: 0,
        user: User(1000),
        v6_only: false,
        device: None,
    }
}

fn tcp(sock: u32, state: State, local: &str, peer: Option<&str>) -> Row {
    row(sock, Kind::Stream, Some(state), local, peer)
}

fn udp(sock: u32, local: &str, peer: Option<&str>) -> Row {
    row(sock, Kind::Datagram, None, local, peer)
}

/// A host on which much goes on, in the order in which it began.
fn busy() -> Vec<Row> {
    vec![
        Row { send_queue: 128, user: User::ROOT, ..tcp(1, State::Listen, "0.0.0.0:22", None) },
        Row { receive_queue: 2, send_queue: 5, ..tcp(2, State::Listen, "[::]:80", None) },
        Row { v6_only: true, send_queue: 1, ..tcp(3, State::Listen, "[::]:443", None) },
        tcp(4, State::Established, "192.0.2.1:22", Some("192.0.2.2:40001")),
        Row {
            receive_queue: 1460,
            ..tcp(5, State::CloseWait, "[::ffff:192.0.2.1]:80", Some("[::ffff:192.0.2.2]:40002"))
        },
        Row { send_queue: 99, ..tcp(0, State::FinWait1, "[2001:db8::1]:443", Some("[2001:db8::2]:40003")) },
        tcp(0, State::TimeWait, "192.0.2.1:49152", Some("192.0.2.2:80")),
        tcp(6, State::Closed, "0.0.0.0:0", None),
        tcp(7, State::SynSent, "[fe80::1%1]:49153", Some("[fe80::2%1]:7")),
        Row { user: User::ROOT, ..udp(8, "0.0.0.0:53", None) },
        Row { receive_queue: 512, ..udp(9, "192.0.2.1:50000", Some("192.0.2.2:53")) },
        Row { device: Some(Device::Interface), ..udp(10, "[::]:123", None) },
    ]
}

#[test]
fn as_ss_prints_it() {
    let show = Show { owner: true, ..Show::default() };
    insta::assert_snapshot!(ss(&busy(), show));
}

#[test]
fn listening_only_with_names() {
    let show = Show { which: Which::Listening, names: true, ..Show::default() };
    insta::assert_snapshot!(ss(&busy(), show));
}

#[test]
fn streams_only_as_ss_and_netstat_print_them() {
    let show = Show { kind: Some(Kind::Stream), ..Show::default() };
    insta::assert_snapshot!(ss(&busy(), show));
    insta::assert_snapshot!(netstat(&busy(), show));
}

#[test]
fn as_netstat_prints_it() {
    let show = Show { owner: true, which: Which::Idle, ..Show::default() };
    insta::assert_snapshot!(netstat(&busy(), show));
}

#[test]
fn by_port_at_either_end() {
    let show = Show { port: Some(53), ..Show::default() };
    insta::assert_snapshot!(ss(&busy(), show));
    let none = Show { port: Some(9), ..Show::default() };
    assert_eq!(ss(&busy(), none).lines().count(), 1, "the headings alone");
}

#[test]
fn a_socket_waits_for_peers_or_has_one_or_is_idle() {
    let count = |which| chosen(&busy(), Show { which, ..Show::default() }).len();
    let (all, listening, connected) = (count(Which::All), count(Which::Listening), count(Which::Connected));
    assert_eq!((all, listening, connected), (11, 5, 6));
    assert_eq!(count(Which::Idle), busy().len());
}

/// Every state has a word of its own.
#[test]
fn states_have_words() {
    let states = [
        State::Closed,
        State::Listen,
        State::SynSent,
        State::SynReceived,
        State::Established,
        State::FinWait1,
        State::FinWait2,
        State::CloseWait,
        State::Closing,
        State::LastAck,
        State::TimeWait,
    ];
    let rows = states.map(|state| tcp(1, state, "192.0.2.1:1", Some("192.0.2.2:2")));
    for words in [ss_state, netstat_state] {
        let words: std::collections::BTreeSet<&str> = rows.iter().map(words).collect();
        assert_eq!(words.len(), states.len());
    }
}

quickcheck! {
    fn the_table_does_not_depend_on_the_order_of_creation(turn: usize) -> bool {
        let mut turned = busy();
        let places = turned.len();
        turned.rotate_left(turn % places);
        let show = Show { which: Which::Idle, owner: true, ..Show::default() };
        ss(&busy(), show) == ss(&turned, show) && netstat(&busy(), show) == netstat(&turned, show)
    }

    fn columns_stand_under_each_other(kept: Vec<bool>) -> bool {
        let rows = busy().into_iter().zip(kept).filter_map(|(row, kept)| kept.then_some(row));
        let rows: Vec<Row> = rows.collect();
        let text = ss(&rows, Show::default());
        let colons = |line: &str| line.rfind(':');
        let mut lines = text.lines().map(colons);
        let first = lines.next().flatten();
        lines.all(|colon| colon == first)
    }
}
