//! floor 8: how a host that real programs talk to reads: what it did, and its sockets.

use crate::serve::client::Outcome;
use crate::serve::{Ended, Totals};
use stack::sock::Kind;
use stack::sock::table::Row;
use std::fmt::Write as _;

/// What was counted, in a few lines.
pub fn summary(ended: &Ended, totals: &Totals) -> String {
    let mut text = String::new();
    if let Ended::Client(outcome) = ended {
        let _ = match outcome {
            Outcome::Closed { sent, heard } => {
                writeln!(text, "closed by both ends: {sent} octets sent, {heard} heard")
            }
            Outcome::Refused(refused) => writeln!(text, "the connection failed: {refused}"),
        };
    }
    let Totals { lasted, frames_in, frames_out, lost, filtered, done, discards } = totals;
    let (seconds, tenth) = (lasted.as_millis() / 1000, lasted.as_millis() / 100 % 10);
    let _ = writeln!(
        text,
        "{seconds}.{tenth} s: {frames_in} frames came and {frames_out} left, {} connections of which {} \
         failed, {} datagrams",
        done.accepted, done.failed, done.datagrams
    );
    for (count, what) in
        [(*lost, "frames that the interface would not take"), (*filtered, "packets kept off by the filter")]
    {
        if count > 0 {
            let _ = writeln!(text, "{count:>8} {what}");
        }
    }
    for (why, count) in discards {
        let _ = writeln!(text, "{count:>8} discarded: {why}");
    }
    text
}

/// The sockets, one line each, and a blank line.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let kind = match row.kind {
            Kind::Stream => "tcp",
            Kind::Datagram => "udp",
        };
        let state = row.state.map_or_else(|| "-".to_owned(), |state| format!("{state:?}"));
        let peer = row.peer.map_or_else(|| "*".to_owned(), |peer| peer.to_string());
        let _ = writeln!(
            text,
            "{kind} {state:<12} {:>6} {:>6} {} {peer}",
            row.receive_queue, row.send_queue, row.local
        );
    }
    text.push('\n');
    text
}
