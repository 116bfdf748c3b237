//! floor 8: how a followed connection reads: each segment with the state of the reference behind it, and what
//! explains it.

use super::ladder::{self, Span};
use crate::accept::{End, Followed, Tap};
use crate::drive::replay::recording::{ChecksumSeen, RecordedConnection};
use std::fmt::Write as _;

/// Columns that a segment takes before its explanation.
const SEGMENT_COLUMNS: usize = 84;

/// The verdict on one end of a connection: a line or a few.
pub fn followed(one: &Followed) -> String {
    let mut text = String::new();
    let [client, server] = one.ends;
    let (first, last) = one.frames;
    let tap = match one.tap {
        Tap::Here => "recorded there",
        Tap::Away => "recorded elsewhere",
    };
    let _ = write!(
        text,
        "  {:<11} {client} > {server} frames {first}-{last}, {} ({tap}): ",
        one.word(),
        one.role
    );
    let _ = match &one.end {
        End::Undecided(reason) => writeln!(text, "{} ({reason})", reason.code()),
        End::Explained | End::Unexplained(_) => {
            let part = one.cut.map_or_else(String::new, |reason| format!(", a part only: {}", reason.code()));
            writeln!(text, "{} of {} segments explained{part}", one.explained, one.segments)
        }
    };
    if let End::Unexplained(finding) = &one.end {
        let place = if finding.index.is_some() { "frame" } else { "up to frame" };
        let _ = writeln!(
            text,
            "      {place} {} in {}: {}: {} [{}]",
            finding.number,
            finding.state,
            finding.breach,
            finding.what,
            finding.breach.clause()
        );
        for legal in &finding.legal {
            let _ = writeln!(text, "        legal: {legal}");
        }
    }
    text
}

/// The liberties that were taken, each with its clause.
pub fn liberties(one: &Followed) -> String {
    one.liberties.iter().fold(String::new(), |mut text, (liberty, count)| {
        let _ = writeln!(text, "      {count:>6} x {liberty} [{}]", liberty.clause());
        text
    })
}

/// The conversation as a ladder, with states and causes.
pub fn ladder(connection: &RecordedConnection, one: &Followed, span: Span) -> String {
    let mut lines: Vec<String> = one
        .steps
        .iter()
        .map(|step| {
            let recorded = &connection.segments[step.index];
            let segment = ladder::recorded_line(connection, one.role, recorded);
            let Some((explanation, state)) = &step.explained else {
                let left_out = recorded.checksum == ChecksumSeen::Wrong;
                return if left_out { format!("{segment}  wrong checksum: left out") } else { segment };
            };
            let cause = explanation.cause;
            let why = explanation.why.map_or_else(String::new, |why| format!(": {}", why.text()));
            format!("{segment:<SEGMENT_COLUMNS$}  {state:<12} {cause}{why} [{}]", cause.clause())
        })
        .collect();
    if let End::Unexplained(finding) = &one.end
        && let Some(index) = finding.index
    {
        let segment = ladder::recorded_line(connection, one.role, &connection.segments[index]);
        lines.push(format!("{segment:<SEGMENT_COLUMNS$}  {:<12} ? {}", finding.state, finding.breach));
    }
    span.cut(lines).into_iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "      {line}");
        text
    })
}
