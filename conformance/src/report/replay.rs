//! floor 8: how a replayed conversation reads.

use super::ladder::{self, Span};
use crate::replay::{Protocol, Replayed, Verdict};
use std::fmt::Write as _;

/// The verdict on one conversation and role, with its differences: a line or a few.
pub fn replayed(one: &Replayed, word: &str) -> String {
    let mut text = String::new();
    let protocol = match one.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    let [client, server] = one.ends;
    let (first, last) = one.frames;
    let _ = writeln!(
        text,
        "  {word:<7} {protocol} {client} > {server} frames {first}-{last}, host as {}{}",
        one.role,
        outcome(one)
    );
    let differences = match &one.verdict {
        Verdict::Agree | Verdict::NotApplicable(_) => &[],
        Verdict::Error(fault) => {
            let _ = writeln!(text, "      {fault}");
            return text;
        }
        Verdict::Stuck(stuck, differences) => {
            let _ = writeln!(text, "      stuck before frame {}: {}", stuck.number, stuck.what);
            differences.as_slice()
        }
        Verdict::Differs(differences) => differences.as_slice(),
    };
    for difference in differences {
        let _ = writeln!(text, "      {difference}");
    }
    text
}

fn outcome(one: &Replayed) -> String {
    match (&one.verdict, one.cut) {
        (Verdict::NotApplicable(reason), _) => format!(": {} ({reason})", reason.code()),
        (Verdict::Agree | Verdict::Differs(_) | Verdict::Stuck(..) | Verdict::Error(_), cut) => {
            let part = cut.map_or_else(String::new, |reason| format!(", a part only: {}", reason.code()));
            format!(": sent {}, received {}{part}", one.sent, one.delivered)
        }
    }
}

/// The ladder of a replay; where it differs, that of the recording before it.
pub fn ladders(one: &Replayed, span: Span) -> String {
    let mut text = String::new();
    let mut block = |title: &str, lines: Vec<String>| {
        let _ = writeln!(text, "      {title}");
        for line in span.cut(lines) {
            let _ = writeln!(text, "      {line}");
        }
    };
    if matches!(one.verdict, Verdict::NotApplicable(_)) {
        return text;
    }
    if one.verdict != Verdict::Agree
        && let Some(recorded) = &one.recorded
    {
        block("recorded:", ladder::recorded(recorded, one.role));
    }
    block("replayed:", ladder::replayed(&one.trace, one.places, one.released_at_event));
    text
}
