//! floor 8: two hosts on a hostile link: the body of the fuzz target `pair`.
//!
//! What was written is read, in order and unaltered; once the link is fair everything arrives in time; nobody
//! sends more than he may, or waits without a timer; in the end nothing is left of the connection. How the
//! segments were cut on the way makes no difference, and neither does the time at which it all began.

mod flow;
mod outcome;
mod watch;

use super::Finding;
use crate::drive::link::Variation;
use crate::drive::link::lab;
use crate::drive::link::plan::Plan;
use crate::host::Host;
use crate::host::reference::Reference;
use crate::run::pair::{Ended, Meeting, meet};
use crate::trace::{Event, Response, Stimulus, Trace};
use stack::base::{Instant, Span};

/// The hosts have been there for so long that clocks of milliseconds come round soon, 2^32 of them after the
/// reset, and the clock of initial sequence numbers has come round many times. A multiple of the interval in
/// which challenge ACKs are counted, so that these begin alike.
pub const SHIFT: Span = Span::from_secs((1 << 32) / 5_000 * 5);

/// Segments that are cut, and joined, where that must make no difference, in percent.
pub const RECUT_PERCENT: u8 = 50;

/// Lets the bytes happen to two references.
///
/// # Errors
/// The first thing that must not be.
pub fn run(bytes: &[u8]) -> Result<(), Finding> {
    let plan = Plan::read(bytes).map_err(|error| Finding::new("plan", error.to_string()))?;
    let sum = bytes.iter().fold(0_u8, |sum, octet| sum.wrapping_add(*octet));
    let checks = match sum % 8 {
        0 => Checks::Recut,
        1 => Checks::Shifted,
        _ => Checks::Once,
    };
    planned(&plan, checks).map(|_| ())
}

/// What is asked of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// One run has to be right.
    Once,
    /// A second run has to be as good, with other segments on the way.
    Recut,
    /// A second run has to be the same, at another time.
    Shifted,
    /// Both of them.
    All,
}

/// Lets a plan happen to two references.
///
/// # Errors
/// The first thing that must not be.
pub fn planned(plan: &Plan, checks: Checks) -> Result<Meeting, Finding> {
    let first = right(plan, Variation::default())?;
    if matches!(checks, Checks::Recut | Checks::All) {
        let second = right(plan, Variation { recut: Some(RECUT_PERCENT), ..Variation::default() })?;
        outcome::same(&first, &second).map_err(|found| told(found, "cut otherwise", plan, &second))?;
    }
    if matches!(checks, Checks::Shifted | Checks::All) {
        let second = right(plan, Variation { start: SHIFT, ..Variation::default() })?;
        let same = outcome::same(&first, &second).and_then(|()| shapes_are_the_same(&first, &second));
        same.map_err(|found| told(found, "at another time", plan, &second))?;
    }
    Ok(first)
}

/// A run of two references in which nothing is wrong.
fn right(plan: &Plan, variation: Variation) -> Result<Meeting, Finding> {
    let meeting = references(plan, variation);
    match examined(plan, &meeting, [true, true]) {
        Ok(()) => Ok(meeting),
        Err(found) => {
            let how = format!("start {}, recut {:?}", variation.start, variation.recut);
            Err(told(found, &how, plan, &meeting))
        }
    }
}

/// The run of a plan between two references.
pub fn references(plan: &Plan, variation: Variation) -> Meeting {
    let [mut one, mut other] = [0, 1].map(|end| {
        let mut reference = Reference::checked();
        reference.tune(lab::settings(plan, end));
        reference
    });
    meet([&mut one, &mut other], plan, variation)
}

/// Lets a plan happen to two hosts, of which only those that are `ours` have to keep all rules. Both have to
/// deliver what was written.
///
/// # Errors
/// The first thing that must not be.
pub fn hosts(hosts: [&mut dyn Host; 2], plan: &Plan, ours: [bool; 2]) -> Result<Meeting, Finding> {
    let meeting = meet(hosts, plan, Variation::default());
    match examined(plan, &meeting, ours) {
        Ok(()) => Ok(meeting),
        Err(found) => Err(told(found, "other hosts", plan, &meeting)),
    }
}

fn examined(plan: &Plan, meeting: &Meeting, ours: [bool; 2]) -> Result<(), Finding> {
    if let Ended::Failed { end, fault } = &meeting.ended {
        return Err(Finding::new("crash", format!("end {end}: {fault}")));
    }
    outcome::examine(plan, meeting)?;
    for (end, trace) in meeting.traces.iter().enumerate().filter(|(end, _)| ours[*end]) {
        watch::examine(trace, end, &meeting.apps[end].urgent_ends)?;
        outcome::work(trace, end)?;
        super::judged(trace)?;
    }
    Ok(())
}

/// A finding with the plan and the run that show it: that of the end it is about, as far as it says.
fn told(found: Finding, how: &str, plan: &Plan, meeting: &Meeting) -> Finding {
    let end = usize::from(found.seen.contains("end 1"));
    let bytes: String = plan.write().iter().map(|octet| format!("{octet:02x}")).collect();
    let seen = format!("{} ({how}); plan {bytes}", found.seen);
    Finding { seen, trace: Some(meeting.traces[end].clone()), ..found }
}

/// What an event looks like when nobody looks at numbers.
fn shape(trace: &Trace, start: Instant) -> impl Iterator<Item = (Span, u8, usize)> + '_ {
    trace.events.iter().map(move |timed| {
        let (kind, octets) = match &timed.event {
            Event::Stimulus(Stimulus::Frame(frame)) => (0, frame.bytes.len()),
            Event::Stimulus(Stimulus::Call(_)) => (1, 0),
            Event::Response(Response::Frame(frame)) => (2, frame.bytes.len()),
            Event::Response(Response::Reply(_)) => (3, 0),
            Event::Response(Response::Discard(_)) => (4, 0),
        };
        (timed.at.since(start), kind, octets)
    })
}

/// The same things happened, after the same times.
fn shapes_are_the_same(one: &Meeting, other: &Meeting) -> Result<(), Finding> {
    for end in 0..2 {
        let pairs = shape(&one.traces[end], one.start).zip(shape(&other.traces[end], other.start));
        let counts = [one, other].map(|meeting| meeting.traces[end].events.len());
        let differs = pairs.enumerate().find(|(_, (a, b))| a != b).map(|(index, _)| index);
        if let Some(index) = differs.or((counts[0] != counts[1]).then_some(counts[0].min(counts[1]))) {
            let seen = [one, other].map(|meeting| shape(&meeting.traces[end], meeting.start).nth(index));
            let seen = format!("end {end}: event {index}: {:?} became {:?}", seen[0], seen[1]);
            return Err(Finding::new("another course", seen));
        }
    }
    Ok(())
}
