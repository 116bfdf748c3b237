//! floor 7: who decides what happens next to a host.

pub mod bytes;
pub mod link;
pub mod replay;
pub mod stored;

use crate::host::Deadline;
use crate::trace::{Stimulus, Trace};
use stack::base::Instant;

/// What a driver wants to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// This happens now.
    Now(Stimulus),
    /// Time passes until then; the driver is asked again earlier if the host emits something.
    Wait(Instant),
    /// Nothing more.
    Done,
}

/// Decides the next stimulus from what has happened so far.
pub trait Driver {
    /// What happens next, given the trace so far, the host's time and its next deadline.
    fn next(&mut self, so_far: &Trace, now: Instant, deadline: Deadline) -> Next;
}
