//! floor 8: how two hosts on a link end: what was written has been read, in time, and nothing is left; and
//! what it took (RFC 9293 sections 3.6, 3.8).

use crate::drive::link::app::App;
use crate::drive::link::lab;
use crate::drive::link::plan::{Ending, Plan};
use crate::fuzz::Finding;
use crate::run::pair::{Ended, Meeting};
use crate::trace::{Event, Response, Trace};
use stack::base::{Refused, Span};

use super::flow::Packet;

/// Segments without data, SYN or FIN that one thing may cause.
const BARE_MAX: usize = 3;

/// How long a host has to keep at least what its application has closed.
const ABANDONED: Span = Span::from_secs(100);

/// Octets of data that one thing may cause: what a window holds, and once more what is repeated.
const BURST_OCTETS_MAX: usize = 1 << 20;

pub(super) fn examine(plan: &Plan, meeting: &Meeting) -> Result<(), Finding> {
    if let Some((end, at, row)) = &meeting.owing {
        let seen = format!("end {end}: {row:?} at {at}");
        return Err(Finding::new("waits without a timer", seen));
    }
    let peaceful = (0..2).all(|end| matches!(plan.ending(end), Ending::Shut | Ending::Wait));
    for (end, app) in meeting.apps.iter().enumerate() {
        let other = &meeting.apps[1 - end];
        read(end, app, other)?;
        if peaceful {
            whole(end, app, other, plan, meeting)?;
        } else {
            in_time(end, app, other, meeting)?;
        }
    }
    ended(meeting)
}

/// What an application read is the beginning of what the other wrote.
fn read(end: usize, app: &App, other: &App) -> Result<(), Finding> {
    let wrong = app.read.iter().enumerate().find(|(at, octet)| **octet != lab::octet(1 - end, *at));
    if let Some((at, octet)) = wrong {
        return Err(Finding::new("read octets", format!("end {end}: octet {octet} at offset {at}")));
    }
    if app.read.len() > other.written {
        let seen = format!("end {end}: {} read, {} written", app.read.len(), other.written);
        return Err(Finding::new("read octets", seen));
    }
    Ok(())
}

/// Without an abort all of it is read, up to the end, and nobody is told of an error.
fn whole(end: usize, app: &App, other: &App, plan: &Plan, meeting: &Meeting) -> Result<(), Finding> {
    let complete = app.read.len() == other.octets_planned() && app.at_end && app.error.is_none();
    if !complete && (0..2).any(|end| given_up(end, plan, meeting)) {
        return Ok(());
    }
    let late = meeting.over.is_none_or(|over| over > meeting.limit);
    if complete && app.is_over() && !late {
        return Ok(());
    }
    let class = match (app.error, &meeting.ended) {
        (Some(_), _) => "error without a cause",
        (None, Ended::Idle) if meeting.over.is_none() => "nothing more happens",
        (None, Ended::Idle | Ended::Late) => "not in time",
        (None, Ended::Endless | Ended::Failed { .. }) => "endless",
    };
    let seen = format!("end {end}: {}; the other: {}; {}", app.waits(), other.waits(), meeting.end);
    Err(Finding::new(class, seen))
}

/// Whether the host at the other end gave up a connection that its application had closed long before, since
/// nothing was read here for long: no document obliges it to wait for ever, nor to say so.
fn given_up(end: usize, plan: &Plan, meeting: &Meeting) -> bool {
    let unheard = matches!(meeting.apps[end].error, None | Some(Refused::ConnReset | Refused::BrokenPipe));
    let until = meeting.told[end].unwrap_or(meeting.end);
    let long = meeting.closed[1 - end].is_some_and(|closed| until.since(closed) >= ABANDONED);
    let gone = meeting.sockets[1 - end].iter().flatten().next().is_none();
    unheard && gone && long && plan.pauses() >= ABANDONED && meeting.ended == Ended::Idle
}

/// With an abort an application may be left that will never hear of it: it has nothing more to say.
fn in_time(end: usize, app: &App, other: &App, meeting: &Meeting) -> Result<(), Finding> {
    let told =
        matches!(app.error, None | Some(Refused::ConnReset | Refused::BrokenPipe | Refused::ConnRefused));
    let left_alone = other.is_over() && meeting.ended == Ended::Idle;
    if told && (app.is_over() || left_alone) {
        return Ok(());
    }
    let seen = format!("end {end}: {}; the other: {}; {}", app.waits(), other.waits(), meeting.end);
    Err(Finding::new(if told { "not in time" } else { "error without a cause" }, seen))
}

/// When both have closed, nothing is left at either end.
fn ended(meeting: &Meeting) -> Result<(), Finding> {
    match meeting.ended {
        Ended::Idle => {}
        Ended::Late => {
            return Err(Finding::new("not in time", format!("something goes on at {}", meeting.end)));
        }
        Ended::Endless | Ended::Failed { .. } => {
            return Err(Finding::new("endless", format!("it goes on at {}", meeting.end)));
        }
    }
    for (end, rows) in meeting.sockets.iter().enumerate() {
        let left = rows.iter().flatten().next().filter(|_| meeting.apps[end].is_over());
        if let Some(row) = left {
            return Err(Finding::new("something is left", format!("end {end}: {row:?}")));
        }
    }
    Ok(())
}

/// One stimulus, or the passing of time up to the next response, causes only so much.
pub(super) fn work(trace: &Trace, end: usize) -> Result<(), Finding> {
    let (mut bare, mut octets, mut since) = (0, 0, None);
    for timed in &trace.events {
        let frame = match &timed.event {
            Event::Stimulus(_) => {
                (bare, octets) = (0, 0);
                continue;
            }
            Event::Response(Response::Frame(frame)) => frame,
            Event::Response(Response::Reply(_) | Response::Discard(_)) => continue,
        };
        if since.replace(timed.at) != Some(timed.at) {
            (bare, octets) = (0, 0);
        }
        let Some(packet) = Packet::read(&frame.bytes, trace.link) else { continue };
        bare += usize::from(packet.segment.len_octets() == 0);
        octets += packet.segment.payload.len();
        if bare > BARE_MAX || octets > BURST_OCTETS_MAX {
            let seen = format!("end {end}: {bare} bare segments and {octets} octets at {}", timed.at);
            return Err(Finding::new("too much at once", seen));
        }
    }
    Ok(())
}

/// Two runs delivered the same, and ended alike. What an abort destroys depends on chance.
pub(super) fn same(one: &Meeting, other: &Meeting) -> Result<(), Finding> {
    let ends = |meeting: &Meeting| meeting.apps.each_ref().map(|app| (app.is_over(), app.at_end, app.error));
    let peaceful =
        [one, other].iter().all(|meeting| ends(meeting).iter().all(|end| *end == (true, true, None)));
    if !peaceful {
        return Ok(());
    }
    for end in 0..2 {
        let [a, b] = [one, other].map(|meeting| (&meeting.apps[end].read, &meeting.sockets[end]));
        if a != b {
            return Err(Finding::new("another outcome", format!("end {end}")));
        }
    }
    Ok(())
}
