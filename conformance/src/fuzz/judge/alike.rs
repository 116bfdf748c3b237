//! floor 8: what makes no difference to the judge: when it all happened, what the hosts are called, and in
//! which kind of file it is kept.

use super::judged;
use crate::fuzz::Finding;
use crate::judge::assume::Vantage;
use crate::judge::file::{self, Manner};
use crate::judge::{Report, Verdict};
use crate::run::tap::{Recording, write};
use crate::verdict::{Outcome, Reason};
use stack::base::Span;
use stack::wire::ethernet::HEADER_OCTETS;

/// A little less than the time after which a clock of 32 bits and microseconds comes round.
const SHIFT: Span = Span::from_millis(4_294_960);

/// What is compared of a verdict: the rule, the clause, what it comes to, and where it is seen.
type Word = (&'static str, &'static str, Outcome, Option<Reason>, u64, u64);

/// The words of a report, in an order of their own.
fn words(report: &Report) -> Vec<Word> {
    let word = |verdict: &Verdict| {
        let Verdict { rule, clause, outcome, reason, number, count, .. } = verdict;
        (rule.id, *clause, *outcome, *reason, *number, *count)
    };
    let mut all: Vec<Word> = report.verdicts.iter().map(word).collect();
    all.sort_unstable();
    all
}

/// Judges a recording in several guises.
///
/// # Errors
/// The first guise in which it looks otherwise.
pub(super) fn look(recording: &Recording) -> Result<(), Finding> {
    let told = |what: &str, a: &[Word], b: &[Word]| {
        let odd = a.iter().find(|word| !b.contains(word)).or_else(|| b.iter().find(|word| !a.contains(word)));
        Finding::new(format!("judge: {what}"), format!("{} and {} verdicts, as {odd:?}", a.len(), b.len()))
    };
    let plain = words(&judged(recording, Vantage::Anywhere));
    for (what, guise) in [("at another time", later(recording)), ("other names", renamed(recording))] {
        let other = words(&judged(&guise, Vantage::Anywhere));
        if other != plain {
            return Err(told(what, &plain, &other));
        }
    }
    let files = [write::pcap(recording), write::pcapng(recording)].map(octets);
    let [one, other] = files.map(|report| report.map(|report| words(&report)));
    let (one, other) = (one?, other?);
    if one == other { Ok(()) } else { Err(told("another kind of file", &one, &other)) }
}

/// What the judge says of a capture file.
///
/// # Errors
/// It can not be read.
fn octets(octets: Vec<u8>) -> Result<Report, Finding> {
    let judged = file::octets("a recording", octets, Manner::default());
    judged.map(|judged| judged.report).map_err(|error| Finding::new("judge: file", error.to_string()))
}

/// Judges any octets as a capture file: whatever they are, it comes to an end.
pub(super) fn any(bytes: &[u8]) {
    if let Ok(judged) = file::octets("octets", bytes.to_vec(), Manner::default()) {
        drop(judged.report);
    }
}

fn later(recording: &Recording) -> Recording {
    let mut later = recording.clone();
    later.shots.iter_mut().for_each(|shot| shot.at += SHIFT);
    later
}

/// The same with other addresses of both families. The sum over each is as it was, so that all checksums are
/// as right or wrong as they were, those in the quotes of errors as well.
fn renamed(recording: &Recording) -> Recording {
    const V4: [(&[u8], &[u8]); 3] = [
        (&[192, 0, 2, 1], &[192, 168, 1, 89]),
        (&[192, 0, 2, 2], &[192, 168, 1, 90]),
        (&[192, 0, 2, 254], &[192, 168, 2, 86]),
    ];
    const V6_FROM: [u8; 8] = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0];
    const V6_TO: [u8; 8] = [0x20, 0x01, 0x0d, 0xb8, 0x11, 0x11, 0xee, 0xee];
    let mut renamed = recording.clone();
    for shot in &mut renamed.shots {
        // Names are in the headers, and in the headers that an error quotes.
        let reach = shot.bytes.len().min(HEADER_OCTETS + 140);
        for (from, to) in V4.into_iter().chain([(&V6_FROM[..], &V6_TO[..])]) {
            let places: Vec<usize> =
                (0..reach).filter(|at| shot.bytes[*at..].starts_with(from) && at % 2 == 0).collect();
            for at in places {
                shot.bytes[at..at + to.len()].copy_from_slice(to);
            }
        }
    }
    renamed
}
