//! floor 8: what the second witness says, as text: of each finding, of what it alone finds, and in sum.

use super::findings::Finding;
use super::text::{INDENT, Look, count};
use crate::witness::{Certainty, Statement, Testimony, Word, found};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Findings of the second witness alone that are shown.
const ALONE_MAX: usize = 50;

/// What it says of a finding: a line, or one for each word if it was asked about several connections.
pub(super) fn of_finding(finding: &Finding<'_>, testimony: &Testimony, look: Look<'_>, text: &mut String) {
    let mut words: BTreeMap<Word, (u64, &Statement)> = BTreeMap::new();
    for statement in finding.all.iter().filter_map(|verdict| testimony.of(verdict)) {
        words.entry(statement.word).or_insert((0, statement)).0 += 1;
    }
    for (times, statement) in words.into_values() {
        let times = if finding.all.len() > 1 { format!(" in {times}") } else { String::new() };
        let certainty = (look.bold)(statement.certainty().word());
        let _ = writeln!(text, "{:INDENT$}{certainty}{times}: {statement}", "");
        legal(&statement.legal, look, text);
    }
}

/// What could have come instead, if that is to be shown.
fn legal(legal: &[String], look: Look<'_>, text: &mut String) {
    for legal in legal.iter().filter(|_| look.verbose) {
        let _ = writeln!(text, "{:INDENT$}  legal: {legal}", "");
    }
}

/// What the second witness alone finds.
pub(super) fn alone(testimony: &Testimony, look: Look<'_>, text: &mut String) {
    if testimony.alone.is_empty() {
        return;
    }
    let _ = writeln!(text, "  only the reference finds, so that it is likely:");
    for alone in testimony.alone.iter().take(ALONE_MAX) {
        let ((host, peer), finding) = (alone.ends, &alone.finding);
        let _ = writeln!(text, "    {host} > {peer}  {} [{}]", found(finding), finding.breach.clause());
        legal(&finding.legal, look, text);
    }
    let more = testimony.alone.len().saturating_sub(ALONE_MAX);
    if more > 0 {
        let _ = writeln!(text, "    {more} more; --format json lists all");
    }
}

/// What came of asking.
pub(super) fn sum(testimony: &Testimony, text: &mut String) {
    if let Some(silence) = testimony.silence {
        let _ = writeln!(text, "  second witness: asked about nobody: {}", silence.text());
        return;
    }
    let certainties = [Certainty::Certain, Certainty::Likely].map(|one| (one, testimony.count(one)));
    let _ = writeln!(
        text,
        "  second witness: {}; {} followed, {} explained{}",
        self::certainties(&certainties.into()),
        count(testimony.followed, "end"),
        testimony.explained,
        unfollowed(testimony)
    );
    if testimony.too_large > 0 || testimony.crowded {
        let more = if testimony.crowded { " or more" } else { "" };
        let pairs = count(testimony.too_large, "pair");
        let _ = writeln!(text, "  {pairs} of sockets{more} had too much for it");
    }
    if testimony.stopped {
        let _ = writeln!(text, "  interrupted: not all of it was asked");
    }
}

/// `; 3 could not be followed (2 no-handshake, 1 incomplete)`.
fn unfollowed(testimony: &Testimony) -> String {
    let all: u64 = testimony.unfollowed.values().sum();
    if all == 0 {
        return String::new();
    }
    let parts: Vec<String> =
        testimony.unfollowed.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    format!("; {all} could not be followed ({})", parts.join(", "))
}

/// `1 certain, 3 likely`.
pub(super) fn certainties(certainties: &BTreeMap<Certainty, u64>) -> String {
    let texts: Vec<String> = certainties.iter().map(|(one, count)| format!("{count} {one}")).collect();
    texts.join(", ")
}
