//! floor 6: what can be seen at the boundary of a host, in order of time.

pub mod capture;
pub mod store;
pub mod text;

use stack::base::{Instant, Why};
use stack::sock::{Call, Reply};

/// A frame as it was seen: its octets, and how long it was on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// The octets, cut by the snap length if it was a recorded one.
    pub bytes: Vec<u8>,
    /// Length on the wire in octets.
    pub wire_len: u32,
}

impl Frame {
    /// A frame that was seen whole.
    pub fn whole(bytes: Vec<u8>) -> Self {
        let wire_len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Self { bytes, wire_len }
    }
}

/// What happens to a host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stimulus {
    /// A frame arrives.
    Frame(Frame),
    /// The application makes a socket call.
    Call(Call),
}

/// What a host does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Response {
    /// A frame leaves.
    Frame(Frame),
    /// The latest call is answered.
    Reply(Reply),
    /// What arrived was discarded. Only the reference says so.
    Discard(Why),
}

/// One line of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Something happened to the host.
    Stimulus(Stimulus),
    /// The host did something.
    Response(Response),
}

/// An event with its time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timed {
    /// Since the reset of the host, or since the first frame of a capture.
    pub at: Instant,
    /// What happened.
    pub event: Event,
}

/// What the frames of a trace begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// An IP header.
    Ip,
    /// An Ethernet header.
    Ethernet,
}

/// The timed list of stimuli and responses of one host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Trace {
    /// What the frames begin with.
    pub link: Link,
    /// In order of time; events of equal time in the order in which they were seen.
    pub events: Vec<Timed>,
}

impl Trace {
    /// A trace without events.
    pub const fn new(link: Link) -> Self {
        Self { link, events: Vec::new() }
    }

    /// Adds a stimulus.
    pub fn stimulus(&mut self, at: Instant, stimulus: Stimulus) {
        self.events.push(Timed { at, event: Event::Stimulus(stimulus) });
    }

    /// Adds a response.
    pub fn response(&mut self, at: Instant, response: Response) {
        self.events.push(Timed { at, event: Event::Response(response) });
    }
}
