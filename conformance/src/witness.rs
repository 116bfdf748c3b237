//! floor 8: the second witness. What the judge accuses a host of by its rules, the reference is asked about
//! as well: it follows the accused end of the connection and says whether it could have sent the same.
//!
//! The two know nothing of each other. A rule knows what must never be, and makes do with what any tap shows;
//! the reference knows what it would do, and has to have the whole connection, as the accused end had it. So
//! it is asked only about hosts that the tap is at, and about connections that the capture has in both
//! directions. What both find is certain, what one finds is likely.

mod gather;
mod matter;
mod statement;

pub use gather::Bounds;
pub use statement::{Certainty, Statement, Word, found};

use crate::accept::{self, End, Finding};
use crate::drive::replay::recording::{ChecksumSeen, RecordedConnection, RecordedSegment, Side};
use crate::drive::replay::stream::offset;
use crate::judge::Verdict;
use crate::judge::assume::Tap;
use crate::judge::file::{Judged, Reading};
use crate::judge::seen::Known;
use crate::trace::capture::CaptureError;
use crate::verdict::Outcome;
use gather::{Gathered, Pair, Wanted, pair};
use stack::wire::tcp::Flags;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::ops::ControlFlow;
use std::path::Path;

/// About whom the second witness is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// About each end of a connection that the judge accuses of something.
    Accused,
    /// About every end that the tap is at.
    All,
}

/// What only the second witness finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alone {
    /// The socket of the end that was followed, and that of the other side.
    pub ends: (SocketAddr, SocketAddr),
    /// What it could not explain.
    pub finding: Finding,
}

/// What a verdict is known by: its frame, its rule and its host.
type Key = (u64, &'static str, IpAddr);

fn key(verdict: &Verdict) -> Key {
    (verdict.number, verdict.rule.id, verdict.host)
}

/// All that the second witness says of a file.
#[derive(Clone, Debug, Default)]
pub struct Testimony {
    statements: BTreeMap<Key, Statement>,
    /// What it alone finds, in order of frame.
    pub alone: Vec<Alone>,
    /// Ends of connections that it followed.
    pub followed: u64,
    /// Of those, the ends of which it explains everything.
    pub explained: u64,
    /// Ends that it was asked about and could not follow, by the code of the reason.
    pub unfollowed: BTreeMap<&'static str, u64>,
    /// Why it was asked about nobody.
    pub silence: Option<Silence>,
    /// Pairs of sockets whose connections were more than it is asked about.
    pub too_large: u64,
    /// Whether there were still more pairs, which were not counted.
    pub crowded: bool,
    /// Whether it was interrupted.
    pub stopped: bool,
}

impl Testimony {
    /// What it says of a verdict; nothing of one that accuses nobody.
    pub fn of(&self, verdict: &Verdict) -> Option<&Statement> {
        self.statements.get(&key(verdict))
    }

    /// How many findings are that sure, those that it alone has among them.
    pub fn count(&self, certainty: Certainty) -> u64 {
        let alone = if certainty == Certainty::Likely { self.alone.len() } else { 0 };
        let of_judge = self.statements.values().filter(|one| one.certainty() == certainty).count();
        (of_judge + alone) as u64
    }
}

/// Why the second witness was asked about nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// No rule accuses anybody.
    NobodyAccused,
    /// The tap is not known to be at any host.
    NotNear,
    /// The file says that packets were lost.
    Losses,
}

impl Silence {
    /// As a phrase.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NobodyAccused => "no rule accuses anybody",
            Self::NotNear => {
                "the capture does not show that the tap is at any of the hosts; who knows says so: --vantage"
            }
            Self::Losses => Word::Losses.text(),
        }
    }
}

/// An end of a connection: its socket, and that of the other side.
type Ends = (SocketAddr, SocketAddr);

/// What is to be asked.
struct Questions<'a> {
    judged: &'a Judged,
    whom: Whom,
    /// The verdicts that the reference can be asked about, by accused end.
    verdicts: BTreeMap<Ends, Vec<&'a Verdict>>,
}

/// Asks the second witness about a file that was judged. What it is given to see is read again from the file,
/// so far as the bounds allow. `go_on` is asked now and then.
///
/// # Errors
/// If the file can not be opened any more.
pub fn ask(
    path: &Path,
    judged: &Judged,
    reading: Reading<'_>,
    (whom, bounds): (Whom, Bounds),
    go_on: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<Testimony, CaptureError> {
    let mut testimony = Testimony::default();
    let questions = Questions::new(judged, whom, &mut testimony);
    testimony.silence = questions.silence(&testimony);
    let wanted = match (whom, reading.filter) {
        (Whom::Accused, _) => Wanted::Pairs(questions.pairs()),
        (Whom::All, None) => Wanted::All,
        (Whom::All, Some(_)) => Wanted::Pairs(gather::pairs(path, reading, bounds)?),
    };
    if matches!(&wanted, Wanted::Pairs(pairs) if pairs.is_empty()) || testimony.silence.is_some() {
        return Ok(testimony);
    }
    let gathered = gather::gather(path, &wanted, reading.tunnels, bounds, go_on)?;
    testimony.too_large = gathered.dropped.len() as u64;
    testimony.crowded = gathered.crowded;
    testimony.stopped = gathered.stopped;
    if !testimony.stopped {
        questions.answer(&gathered, &mut testimony, go_on);
    }
    questions.leave(&gathered, &mut testimony);
    testimony.alone.sort_by_key(|alone| (alone.finding.number, alone.ends));
    Ok(testimony)
}

impl<'a> Questions<'a> {
    /// Sorts the verdicts. What can be said without a look at the file is said.
    fn new(judged: &'a Judged, whom: Whom, testimony: &mut Testimony) -> Self {
        let mut questions = Self { judged, whom, verdicts: BTreeMap::new() };
        let accuses = |verdict: &&Verdict| matches!(verdict.outcome, Outcome::Fail | Outcome::Deviates);
        for verdict in judged.report.verdicts.iter().filter(accuses) {
            let word = match verdict.ends {
                None => Some(Word::NoConnection),
                Some(_) if !questions.is_near(verdict.host) => Some(Word::NotNear),
                Some(_) if judged.losses.any() => Some(Word::Losses),
                Some(ends) => {
                    questions.verdicts.entry(ends).or_default().push(verdict);
                    None
                }
            };
            testimony.statements.extend(word.map(|word| (key(verdict), Statement::of(word))));
        }
        questions
    }

    /// Whether the tap is at the host, as far as the judge knows.
    fn is_near(&self, host: IpAddr) -> bool {
        let seen = self.judged.report.hosts.get(&host);
        seen.is_some_and(|seen| matches!(seen.tap, Tap::AtHost | Tap::OnLink))
    }

    /// Whether somebody said where the tap is, seen from the host.
    fn is_stated(&self, host: IpAddr) -> bool {
        self.judged.report.hosts.get(&host).is_some_and(|seen| seen.known == Known::Stated)
    }

    /// Why nobody can be asked about, if so.
    fn silence(&self, testimony: &Testimony) -> Option<Silence> {
        let nobody_accused = self.verdicts.is_empty() && testimony.statements.is_empty();
        match self.whom {
            _ if self.judged.losses.any() => Some(Silence::Losses),
            Whom::Accused => nobody_accused.then_some(Silence::NobodyAccused),
            Whom::All => {
                let near = self.judged.report.hosts.keys().any(|host| self.is_near(*host));
                (!near).then_some(Silence::NotNear)
            }
        }
    }

    fn pairs(&self) -> BTreeSet<Pair> {
        self.verdicts.keys().map(|(one, other)| pair(*one, *other)).collect()
    }

    /// Follows the ends that are asked about.
    fn answer(
        &self,
        gathered: &Gathered,
        testimony: &mut Testimony,
        go_on: &mut dyn FnMut() -> ControlFlow<()>,
    ) {
        for connection in gathered.pairs.values().flatten() {
            for role in [Side::Client, Side::Server] {
                let ends = (connection.ends[role.index()], connection.ends[role.other().index()]);
                let accused = self.verdicts.get(&ends).map_or(&[][..], Vec::as_slice);
                let of_this: Vec<&Verdict> =
                    accused.iter().copied().filter(|verdict| has(connection, verdict)).collect();
                let is_asked = match self.whom {
                    Whom::Accused => !of_this.is_empty(),
                    Whom::All => self.is_near(ends.0.ip()),
                };
                if !is_asked {
                    continue;
                }
                if go_on().is_break() {
                    testimony.stopped = true;
                    return;
                }
                // Who infers that the tap is near does not know that it misses nothing.
                let lacks = !self.is_stated(ends.0.ip()) && runs_ahead(connection);
                if lacks || !is_complete(connection) {
                    testimony.leave_out(&of_this);
                } else {
                    testimony.hear(ends, connection, role, &of_this);
                }
            }
        }
    }

    /// What remains without an answer has a reason.
    fn leave(&self, gathered: &Gathered, testimony: &mut Testimony) {
        for (ends, verdicts) in &self.verdicts {
            let word = match () {
                () if gathered.dropped.contains(&pair(ends.0, ends.1)) => Word::TooLarge,
                () if !gathered.pairs.contains_key(&pair(ends.0, ends.1)) && gathered.crowded => {
                    Word::TooLarge
                }
                () if testimony.stopped => Word::Interrupted,
                () => Word::LeftOut,
            };
            for verdict in verdicts {
                testimony.statements.entry(key(verdict)).or_insert_with(|| Statement::of(word));
            }
        }
    }
}

impl Testimony {
    /// An end of a connection that the capture does not have whole.
    fn leave_out(&mut self, verdicts: &[&Verdict]) {
        let incomplete = |verdict: &&Verdict| (key(verdict), Statement::of(Word::Incomplete));
        self.statements.extend(verdicts.iter().map(incomplete));
        *self.unfollowed.entry(Word::Incomplete.code()).or_insert(0) += 1;
    }

    /// Follows one end of a connection, and compares what comes of it with the verdicts about it.
    fn hear(&mut self, ends: Ends, connection: &RecordedConnection, role: Side, verdicts: &[&Verdict]) {
        let followed = accept::follow(connection, role, accept::Tap::Here);
        match &followed.end {
            End::Undecided(reason) => *self.unfollowed.entry(reason.code()).or_insert(0) += 1,
            End::Explained => {
                self.followed += 1;
                self.explained += 1;
            }
            End::Unexplained(_) => self.followed += 1,
        }
        let mut agreed = false;
        for verdict in verdicts {
            let statement = Statement::on(verdict, connection, &followed);
            agreed |= statement.word == Word::Agrees;
            self.statements.insert(key(verdict), statement);
        }
        if let End::Unexplained(finding) = followed.end
            && !agreed
        {
            self.alone.push(Alone { ends, finding });
        }
    }
}

/// Whether a verdict is about this connection, among those of the same sockets.
fn has(connection: &RecordedConnection, verdict: &Verdict) -> bool {
    let number = |segment: Option<&RecordedSegment>| segment.map_or(0, |segment| segment.number);
    let (first, last) = (number(connection.segments.first()), number(connection.segments.last()));
    (first..=last).contains(&verdict.number)
}

/// Whether nothing is missing in either direction that the other side took: a hole that was acknowledged was
/// on the wire. What nobody took may never have been sent.
fn is_complete(connection: &RecordedConnection) -> bool {
    [Side::Client, Side::Server].into_iter().all(|side| {
        let Some(isn) = connection.isn[side.index()] else { return true };
        let there = numbers(connection, side, isn);
        // A FIN takes a number, and is no octet.
        let fin = connection.of(side).find(|segment| segment.has(Flags::FIN));
        let fin = fin.and_then(|segment| offset(segment.seq.wrapping_add(segment.payload_octets), isn));
        let acknowledged = connection.of(side.other()).filter(|segment| segment.has(Flags::ACK));
        let mut taken = acknowledged.filter_map(|segment| offset(segment.ack, isn));
        let highest = there.last().map_or(0, |(_, end)| *end);
        // Behind everything that was ever sent: that is the acknowledgement's error.
        let unseen = |ack: u32| {
            let ack = fin.map_or(ack, |fin| ack.min(fin));
            ack <= highest && there.first().map_or(0, |(_, end)| *end) < ack
        };
        !taken.any(unseen)
    })
}

/// Whether either side acknowledges something before the capture has it: then it may lack packets, or have
/// them out of order.
fn runs_ahead(connection: &RecordedConnection) -> bool {
    let mut ends: [Option<u32>; 2] = [None; 2];
    connection.segments.iter().filter(|segment| !segment.has(Flags::RST)).any(|segment| {
        let (own, other) = (segment.from.index(), segment.from.other().index());
        let end = segment.seq.wrapping_add(segment.len_octets());
        if ends[own].is_none_or(|known| end.wrapping_sub(known).cast_signed() > 0) {
            ends[own] = Some(end);
        }
        let ahead = |known: u32| segment.ack.wrapping_sub(known).cast_signed() > 0;
        segment.has(Flags::ACK) && ends[other].is_some_and(ahead)
    })
}

/// The runs of octets that one side sent, by offset, in order and apart from each other; the first one begins
/// with the stream.
fn numbers(connection: &RecordedConnection, side: Side, isn: u32) -> Vec<(u32, u32)> {
    let good = |segment: &&RecordedSegment| {
        !segment.has(Flags::RST) && segment.checksum != ChecksumSeen::Wrong && segment.payload_octets > 0
    };
    let sent = connection.of(side).filter(good);
    let mut runs: Vec<(u32, u32)> = sent
        .filter_map(|segment| {
            let start = offset(segment.seq.wrapping_add(u32::from(segment.has(Flags::SYN))), isn)?;
            Some((start, start.saturating_add(segment.payload_octets)))
        })
        .collect();
    runs.push((0, 0));
    runs.sort_unstable();
    let mut joined: Vec<(u32, u32)> = Vec::new();
    for (start, end) in runs {
        match joined.last_mut() {
            Some((_, before)) if start <= *before => *before = end.max(*before),
            Some(_) | None => joined.push((start, end)),
        }
    }
    joined
}
