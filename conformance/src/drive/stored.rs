//! floor 7: a stored trace as a driver: the same stimuli at the same times, whatever the host does.

use super::{Driver, Next};
use crate::host::Deadline;
use crate::trace::{Event, Stimulus, Trace};
use stack::base::Instant;
use std::collections::VecDeque;

/// The driver that repeats a trace.
#[derive(Debug)]
pub struct Stored {
    left: VecDeque<(Instant, Stimulus)>,
    /// The time of the last event: the host is watched for that long.
    end: Instant,
}

impl Stored {
    /// A driver that repeats the stimuli of this trace.
    pub fn new(trace: &Trace) -> Self {
        let stimuli = trace.events.iter().filter_map(|timed| match &timed.event {
            Event::Stimulus(stimulus) => Some((timed.at, stimulus.clone())),
            Event::Response(_) => None,
        });
        let end = trace.events.last().map_or(Instant::ZERO, |timed| timed.at);
        Self { left: stimuli.collect(), end }
    }
}

impl Driver for Stored {
    fn next(&mut self, _: &Trace, now: Instant, _: Deadline) -> Next {
        match self.left.front() {
            Some((at, _)) if *at > now => Next::Wait(*at),
            Some(_) => self.left.pop_front().map_or(Next::Done, |(_, stimulus)| Next::Now(stimulus)),
            None if now < self.end => Next::Wait(self.end),
            None => Next::Done,
        }
    }
}
