//! `conformance/sockets/WALKTHROUGH.md`: its calls are made, and its tables are what two hosts then show.
//! `INSTA_UPDATE=always` writes the tables anew, like a snapshot.

use conformance::report::sockets::{Show, Which, ss, ss_state};
use conformance::sockets::End;
use conformance::sockets::reference::Reference;
use conformance::sockets::run::{Ended, run};
use conformance::sockets::script::{Entry, parse};
use stack::sock::Kind;
use stack::sock::table::Row;
use std::path::PathBuf;

/// What code is indented by.
const INDENT: &str = "    ";

fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/sockets/WALKTHROUGH.md"))
}

/// The page as lines of text, with blocks of code as one piece. A blank line inside of a block is part of it.
enum Piece {
    Text(String),
    Code(String),
}

fn pieces(page: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let lines: Vec<&str> = page.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let goes_on = line.is_empty() && lines.get(at + 1).is_some_and(|next| next.starts_with(INDENT));
        match (line.strip_prefix(INDENT), pieces.last_mut()) {
            (Some(code), Some(Piece::Code(block))) => *block += &format!("{code}\n"),
            (Some(code), Some(Piece::Text(_)) | None) => pieces.push(Piece::Code(format!("{code}\n"))),
            (None, Some(Piece::Code(block))) if goes_on => block.push('\n'),
            (None, _) => pieces.push(Piece::Text((*line).to_owned())),
        }
    }
    pieces
}

/// The calls at the beginning of a block.
fn calls(block: &str) -> &str {
    block.split("\n\n").next().unwrap_or_default().trim_end()
}

/// Both tables after these calls, in a world in which nothing happened before them.
fn tables(calls: &str) -> [Vec<Row>; 2] {
    let script = format!("row walk-1 through\n{calls}\n");
    let entries = parse(&script).unwrap_or_else(|error| panic!("{error}\n{script}"));
    let [Entry::Script(script)] = entries.as_slice() else { panic!("one script") };
    let mut world = Reference::new(1);
    match run(script, &mut world) {
        Ended::Well => [End::Host, End::Peer].map(|end| world.table(end)),
        Ended::Mismatch(mismatch) => panic!("{mismatch}"),
        Ended::Unable(lacks) => panic!("{lacks}"),
    }
}

/// Two tables beside each other.
fn beside(rows: &[Vec<Row>; 2]) -> String {
    let show = Show { kind: Some(Kind::Stream), ..Show::default() };
    let [left, right] = rows.each_ref().map(|rows| ss(rows, show));
    let width = left.lines().map(str::len).max().unwrap_or_default();
    let count = left.lines().count().max(right.lines().count());
    let line = |at: usize| {
        let [left, right] = [&left, &right].map(|table| table.lines().nth(at).unwrap_or_default());
        let joined = format!("{left:<width$} | {right}");
        format!("{}\n", joined.trim_end())
    };
    (0..count).map(line).collect()
}

/// The page as it should be, and the tables of each of its blocks.
fn made(page: &str) -> (String, Vec<[Vec<Row>; 2]>) {
    let (mut made, mut so_far, mut seen) = (String::new(), String::new(), Vec::new());
    for piece in pieces(page) {
        match piece {
            Piece::Text(line) => made += &format!("{line}\n"),
            Piece::Code(block) => {
                let calls = calls(&block);
                so_far += &format!("{calls}\n");
                let rows = tables(&so_far);
                for line in format!("{calls}\n\n{}", beside(&rows)).lines() {
                    made += format!("{INDENT}{line}").trim_end();
                    made.push('\n');
                }
                seen.push(rows);
            }
        }
    }
    (made, seen)
}

#[test]
fn the_page_shows_what_two_hosts_do() {
    let page = std::fs::read_to_string(path()).expect("the page");
    let (made, _) = made(&page);
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(path(), &made).expect("the page is written");
    }
    let page = std::fs::read_to_string(path()).expect("the page");
    let stale: Vec<&str> = made.lines().filter(|line| !page.lines().any(|old| old == *line)).collect();
    assert!(page == made, "WALKTHROUGH.md is stale; lines that it should have:\n{}", stale.join("\n"));
}

/// States of the sockets of a table, in its order.
fn states(rows: &[Row]) -> Vec<&'static str> {
    let show = Show { which: Which::All, ..Show::default() };
    let shown = ss(rows, show);
    assert_eq!(shown.lines().count(), rows.len() + 1, "no socket of the page is idle");
    let mut states: Vec<&str> = rows.iter().map(ss_state).collect();
    states.sort_unstable();
    states
}

/// What the page says in words, said again of the tables themselves.
#[test]
fn the_tables_show_what_the_page_says() {
    let page = std::fs::read_to_string(path()).expect("the page");
    let (_, seen) = made(&page);
    let at = |block: usize| seen[block].each_ref().map(|rows| states(rows));
    assert_eq!(at(0), [vec!["LISTEN"], vec![]]);
    assert_eq!(seen[0][0][0].peer, None);

    assert_eq!(at(1), [vec!["ESTAB", "LISTEN"], vec!["ESTAB"]]);
    let waiting =
        |block: usize| seen[block][0].iter().find(|row| row.peer.is_none()).map(|row| row.receive_queue);
    let unowned = |block: usize| seen[block][0].iter().filter(|row| row.sock.is_none()).count();
    assert_eq!((waiting(1), unowned(1)), (Some(1), 1), "one waits and nobody has it");
    assert_eq!((waiting(2), unowned(2)), (Some(0), 0), "it is accepted");
    assert!(seen[2][0].iter().all(|row| row.local.port() == 80), "the same port");

    let server: Vec<&Row> = seen[3][0].iter().filter(|row| row.peer.is_some()).collect();
    let [one, two] = server.as_slice() else { panic!("two connections") };
    assert_eq!(one.local, two.local);
    let peers = [one, two].map(|row| row.peer.expect("a peer"));
    assert!(peers[0].ip() == peers[1].ip() && peers[0].port() != peers[1].port());

    let on_port: Vec<_> = seen[4][0].iter().filter(|row| row.local.port() == 80).collect();
    assert_eq!(on_port.len(), 4, "a listener and three connections");
    let queued: u64 = seen[5][0].iter().map(|row| row.receive_queue).sum();
    assert_eq!(queued, 5, "only the first one's text waits");

    let ends = |block: usize| at(block).map(|states| states.join(" "));
    assert_eq!(ends(7)[1], "ESTAB FIN-WAIT-2");
    assert!(ends(7)[0].contains("CLOSE-WAIT"));
    assert_eq!(ends(8)[1], "ESTAB TIME-WAIT");
    assert!(!ends(8)[0].contains("CLOSE-WAIT"), "the server's socket is gone");
    let last = seen.len() - 1;
    assert_eq!(at(last), [vec!["LISTEN"], vec![]], "the listener is alone");
    assert_eq!(ends(last - 1), ["LISTEN TIME-WAIT", "TIME-WAIT"]);
}
