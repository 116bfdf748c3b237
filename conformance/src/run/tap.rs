//! floor 8: taps on the way between two hosts: what is recorded on each host, next to it, and between them.

pub mod card;
pub mod flaw;
pub mod plan;
pub mod write;

use super::pair::Meeting;
use crate::drive::link::dice::Dice;
use crate::drive::link::{Fate, Passage};
use crate::trace::{Event, Frame, Link, Response, Stimulus};
use plan::TapPlan;
use stack::base::{Instant, Span};

/// A frame as a tap saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shot {
    /// When, by the clock of the tap.
    pub at: Instant,
    /// The end that it comes from, by its direction.
    pub from: usize,
    /// What was recorded.
    pub bytes: Vec<u8>,
    /// Length on the wire, in octets.
    pub wire_len: u32,
}

impl Shot {
    fn whole(at: Instant, from: usize, bytes: Vec<u8>) -> Self {
        let Frame { bytes, wire_len } = Frame::whole(bytes);
        Self { at, from, bytes, wire_len }
    }
}

/// Where a tap is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// On a host.
    At(usize),
    /// On the link of a host: nothing is lost between the two, but it takes a moment.
    Near(usize),
    /// Somewhere between the hosts, where frames were lost and overtaken and more will be.
    Middle,
}

impl Place {
    /// Every place, from one end to the other.
    pub const ALL: [Self; 5] = [Self::At(0), Self::Near(0), Self::Middle, Self::Near(1), Self::At(1)];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::At(0) => "at A",
            Self::Near(0) => "near A",
            Self::Middle => "middle",
            Self::Near(_) => "near B",
            Self::At(_) => "at B",
        }
    }
}

/// What a tap records, in the order in which it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// What frames begin with.
    pub link: Link,
    /// The frames.
    pub shots: Vec<Shot>,
}

/// What a perfect tap at a place records of a meeting whose line was written down.
pub fn perfect(meeting: &Meeting, place: Place, taps: &TapPlan) -> Recording {
    let link = meeting.traces[0].link;
    let shots = match place {
        Place::At(end) => at(meeting, end),
        Place::Near(end) => near(meeting, end, taps.nearness()),
        Place::Middle => middle(&meeting.overheard, taps),
    };
    Recording { link, shots }
}

/// What a host was given and what it gave.
fn at(meeting: &Meeting, end: usize) -> Vec<Shot> {
    let shots = meeting.traces[end].events.iter().filter_map(|timed| {
        let (from, frame) = match &timed.event {
            Event::Stimulus(Stimulus::Frame(frame)) => (1 - end, frame),
            Event::Response(Response::Frame(frame)) => (end, frame),
            Event::Stimulus(Stimulus::Call(_))
            | Event::Response(Response::Reply(_) | Response::Discard(_)) => {
                return None;
            }
        };
        Some(Shot::whole(timed.at, from, frame.bytes.clone()))
    });
    shots.collect()
}

/// The same a little later on the way out, and a little earlier on the way in.
fn near(meeting: &Meeting, end: usize, apart: Span) -> Vec<Shot> {
    let mut shots = at(meeting, end);
    for shot in &mut shots {
        shot.at = if shot.from == end { shot.at + apart } else { earlier(shot.at, apart) };
    }
    shots.sort_by_key(|shot| shot.at);
    shots
}

fn earlier(at: Instant, by: Span) -> Instant {
    Instant::from_nanos(at.as_nanos().saturating_sub(by.as_nanos()))
}

/// What is under way passes the tap when it has gone a part of its way. Whether it had been lost, damaged or
/// doubled by then is a matter of chance.
fn middle(line: &[Passage], taps: &TapPlan) -> Vec<Shot> {
    let mut dice = Dice::new(u64::from(taps.seed));
    let mut shots = Vec::new();
    for passage in line {
        let part = taps.part(passage.from);
        let before = dice.percent(part);
        let on_the_way =
            |arrives: Instant| passage.at + arrives.since(passage.at).times(part.into()).divided_by(100);
        let mut seen = Vec::new();
        for fate in &passage.fates {
            match fate {
                // What the router sends back passes the tap again, if it lies behind it.
                Fate::Returned(at, error) if !before => {
                    shots.push(Shot::whole(*at, 1 - passage.from, error.clone()));
                    shots.push(Shot::whole(passage.at, passage.from, passage.bytes.clone()));
                }
                Fate::Returned(..) => {}
                Fate::Arrives(at, bytes) => seen.push((on_the_way(*at), bytes)),
            }
        }
        let first = seen.iter().map(|(at, _)| *at).min();
        if before {
            let copies = seen.into_iter().map(|(at, bytes)| Shot::whole(at, passage.from, bytes.clone()));
            shots.extend(copies);
        } else if first.is_some() || passage.fates.is_empty() {
            let at = first.unwrap_or(passage.at);
            shots.push(Shot::whole(at, passage.from, passage.bytes.clone()));
        }
    }
    shots.sort_by_key(|shot| shot.at);
    shots
}
