//! floor 8: how a host that real programs talk to reads: what it did.

use crate::serve::Totals;
use crate::serve::client::Outcome;
use std::fmt::Write as _;

/// What was counted, in a few lines.
pub fn summary(totals: &Totals) -> String {
    let mut text = String::new();
    if let Some(Outcome::Closed { sent, heard }) = &totals.client {
        let _ = writeln!(text, "closed by both ends: {sent} octets sent, {heard} heard");
    }
    let Totals { lasted, frames_in, frames_out, lost, filtered, done, client: _, discards } = totals;
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
