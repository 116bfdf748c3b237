//! floor 8: a host's table of sockets as administrators read it, in the words of `ss` or of `netstat`
//! (RFC 9293 section 3.3.2 has the states).

#[cfg(test)]
mod tests;

use stack::base::endpoint::{Address, PortWord, Written};
use stack::ports::services::{self, Transport};
use stack::sock::table::Row;
use stack::sock::{Device, Family, Kind};
use stack::tcp::State;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

/// Which sockets a table shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// `-a`: those that wait for peers, and those that have one.
    #[default]
    All,
    /// `-l`: those that wait for peers: listeners, and datagram sockets that are not connected.
    Listening,
    /// Neither: those that have a peer.
    Connected,
    /// All, and stream sockets that are neither listening nor connected, which the programs leave out.
    Idle,
}

/// What a table has, and in whose words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Show {
    /// Which sockets.
    pub which: Which,
    /// `-t`, `-u`: only streams or only datagrams.
    pub kind: Option<Kind>,
    /// Only sockets that have this port at one end.
    pub port: Option<u16>,
    /// Names of services for ports; without `-n`.
    pub names: bool,
    /// `-p`, `-e`: who has the socket: a user, and the number that the application knows it by.
    pub owner: bool,
}

/// The table as `ss` prints it: one line of headings, one for each socket. What waits for peers stands first,
/// then by port.
pub fn ss(rows: &[Row], show: Show) -> String {
    let mut lines = vec![
        ["Netid", "State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port", "Owner"]
            .map(|heading| cell(heading, heading.contains(':'))),
    ];
    lines.extend(chosen(rows, show).iter().map(|row| {
        [
            cell(netid(row.kind), false),
            cell(ss_state(row), false),
            cell(&row.receive_queue.to_string(), false),
            cell(&row.send_queue.to_string(), false),
            end_cell(row, Some(row.local), device(row.device), show.names),
            end_cell(row, row.peer, "", show.names),
            cell(&owner(row), false),
        ]
    }));
    let left_out: &[usize] = match (show.kind.is_some(), show.owner) {
        (true, true) => &[0],
        (true, false) => &[0, 6],
        (false, true) => &[],
        (false, false) => &[6],
    };
    aligned(&lines, left_out)
}

/// The table as `netstat` prints it, sorted as that of [`ss`].
pub fn netstat(rows: &[Row], show: Show) -> String {
    let owner_heading = if show.owner { " Owner" } else { "" };
    let mut text = format!(
        "{:<5} {:>6} {:>6} {:<23} {:<23} {:<11}{owner_heading}\n",
        "Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address", "State"
    );
    for row in chosen(rows, show) {
        let [local, peer] = [Some(row.local), row.peer].map(|end| netstat_end(row, end, show.names));
        let owner = if show.owner { format!(" {}", owner(row)) } else { String::new() };
        let _ = writeln!(
            text,
            "{:<5} {:>6} {:>6} {local:<23} {peer:<23} {:<11}{owner}",
            proto(row),
            row.receive_queue,
            row.send_queue,
            netstat_state(row)
        );
    }
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The rows that are asked for, in the order in which they are shown.
fn chosen(rows: &[Row], show: Show) -> Vec<&Row> {
    let is_chosen = |row: &&Row| {
        let fits = match show.which {
            Which::All => !is_idle(row),
            Which::Listening => waits_for_peers(row),
            Which::Connected => row.peer.is_some() && !is_idle(row),
            Which::Idle => true,
        };
        let ports = [Some(row.local), row.peer].map(|end| end.map(|end| end.port()));
        fits && show.kind.is_none_or(|kind| kind == row.kind)
            && show.port.is_none_or(|port| ports.contains(&Some(port)))
    };
    let mut chosen: Vec<&Row> = rows.iter().filter(is_chosen).collect();
    // Datagrams first, as the programs have it. The application's number makes the order whole.
    chosen.sort_by_key(|row| {
        let peer = row.peer.map(|peer| (peer.ip(), peer.port()));
        (row.kind == Kind::Stream, !waits_for_peers(row), row.local.port(), row.local.ip(), peer, row.sock)
    });
    chosen
}

const fn waits_for_peers(row: &Row) -> bool {
    match row.state {
        Some(state) => matches!(state, State::Listen),
        None => row.peer.is_none(),
    }
}

const fn is_idle(row: &Row) -> bool {
    matches!(row.state, Some(State::Closed))
}

const fn netid(kind: Kind) -> &'static str {
    match kind {
        Kind::Stream => "tcp",
        Kind::Datagram => "udp",
    }
}

const fn proto(row: &Row) -> &'static str {
    match (row.kind, row.family) {
        (Kind::Stream, Family::V4) => "tcp",
        (Kind::Stream, Family::V6) => "tcp6",
        (Kind::Datagram, Family::V4) => "udp",
        (Kind::Datagram, Family::V6) => "udp6",
    }
}

/// A state in the words of `ss`; a datagram socket is connected or not.
pub const fn ss_state(row: &Row) -> &'static str {
    match (row.state, row.peer.is_some()) {
        (None, true) | (Some(State::Established), _) => "ESTAB",
        (None, false) | (Some(State::Closed), _) => "UNCONN",
        (Some(State::Listen), _) => "LISTEN",
        (Some(State::SynSent), _) => "SYN-SENT",
        (Some(State::SynReceived), _) => "SYN-RECV",
        (Some(State::FinWait1), _) => "FIN-WAIT-1",
        (Some(State::FinWait2), _) => "FIN-WAIT-2",
        (Some(State::CloseWait), _) => "CLOSE-WAIT",
        (Some(State::Closing), _) => "CLOSING",
        (Some(State::LastAck), _) => "LAST-ACK",
        (Some(State::TimeWait), _) => "TIME-WAIT",
    }
}

/// A state in the words of `netstat`, which has none for a datagram socket that is not connected.
pub const fn netstat_state(row: &Row) -> &'static str {
    match (row.state, row.peer.is_some()) {
        (None, false) => "",
        (None, true) | (Some(State::Established), _) => "ESTABLISHED",
        (Some(State::Closed), _) => "CLOSE",
        (Some(State::Listen), _) => "LISTEN",
        (Some(State::SynSent), _) => "SYN_SENT",
        (Some(State::SynReceived), _) => "SYN_RECV",
        (Some(State::FinWait1), _) => "FIN_WAIT1",
        (Some(State::FinWait2), _) => "FIN_WAIT2",
        (Some(State::CloseWait), _) => "CLOSE_WAIT",
        (Some(State::Closing), _) => "CLOSING",
        (Some(State::LastAck), _) => "LAST_ACK",
        (Some(State::TimeWait), _) => "TIME_WAIT",
    }
}

/// The user, and the socket's number. Before `accept` and after `close` there is none.
fn owner(row: &Row) -> String {
    match row.sock {
        Some(sock) => format!("uid:{} s{}", row.user.0, sock.0),
        None => format!("uid:{} -", row.user.0),
    }
}

/// The port as it is shown: `*` where there is none, the name of its service if names are asked for.
fn port(row: &Row, number: u16, names: bool) -> String {
    let transport = match row.kind {
        Kind::Stream => Transport::Tcp,
        Kind::Datagram => Transport::Udp,
    };
    let word = match services::name(number, transport).filter(|_| names) {
        _ if number == 0 => PortWord::Any,
        Some(name) => PortWord::Name(name),
        None => PortWord::Number(number),
    };
    word.to_string()
}

/// A device behind an address, as in `0.0.0.0%eth`.
const fn device(device: Option<Device>) -> &'static str {
    match device {
        None => "",
        Some(Device::Loopback) => "%lo",
        Some(Device::Interface) => "%eth",
    }
}

/// Address and port of one end in the words of `ss`, where `*` is any address of both families.
fn end(row: &Row, end: Option<SocketAddr>, names: bool) -> (String, String) {
    let Some(end) = end else {
        let any = match row.family {
            Family::V4 => "0.0.0.0",
            Family::V6 if row.v6_only => "[::]",
            Family::V6 => "*",
        };
        return (any.to_owned(), "*".to_owned());
    };
    let addr = match Written::of(end).addr {
        Address::V6(addr, None) if addr.is_unspecified() && !row.v6_only => "*".to_owned(),
        addr @ Address::V6(..) => format!("[{addr}]"),
        addr @ (Address::Any | Address::V4(_) | Address::Name(_)) => addr.to_string(),
    };
    (addr, port(row, end.port(), names))
}

/// Address and port of one end in the words of `netstat`, which has no brackets.
fn netstat_end(row: &Row, end: Option<SocketAddr>, names: bool) -> String {
    let any = SocketAddr::new(
        match row.family {
            Family::V4 => IpAddr::from([0; 4]),
            Family::V6 => IpAddr::from([0; 16]),
        },
        0,
    );
    let end = end.unwrap_or(any);
    format!("{}:{}", Written::of(end).addr, port(row, end.port(), names))
}

/// What stands in one place: the part before the last colon is aligned to the right, if there is one.
struct Cell {
    before: String,
    behind: String,
    has_colon: bool,
}

fn cell(text: &str, has_colon: bool) -> Cell {
    match text.split_once(':').filter(|_| has_colon) {
        Some((before, behind)) => Cell { before: before.to_owned(), behind: behind.to_owned(), has_colon },
        None => Cell { before: String::new(), behind: text.to_owned(), has_colon: false },
    }
}

fn end_cell(row: &Row, name: Option<SocketAddr>, device: &str, names: bool) -> Cell {
    let (addr, behind) = end(row, name, names);
    Cell { before: addr + device, behind, has_colon: true }
}

fn aligned<const COLUMNS: usize>(lines: &[[Cell; COLUMNS]], left_out: &[usize]) -> String {
    let width = |column: usize, part: fn(&Cell) -> &str| {
        lines.iter().map(|line| part(&line[column]).chars().count()).max().unwrap_or_default()
    };
    let mut text = String::new();
    for line in lines {
        let mut shown = String::new();
        for (column, cell) in line.iter().enumerate().filter(|(column, _)| !left_out.contains(column)) {
            let before = width(column, |cell| &cell.before);
            let behind = width(column, |cell| &cell.behind);
            let colon = if cell.has_colon { ":" } else { "" };
            let _ = write!(shown, "{:>before$}{colon}{:<behind$} ", cell.before, cell.behind);
        }
        text += shown.trim_end();
        text.push('\n');
    }
    text
}
