//! floor 8: the reference follows another stack. Given how one end of a recorded connection behaved, the
//! reference is put in its place and takes every freedom as that stack took it; the first segment that no
//! choice explains is the finding.
//!
//! Handshake, close and reset have to be transitions of the reference. Its own segments are not predicted but
//! asked for: the application of the reference writes and closes as the recorded segments show, and what the
//! reference then does not send was not legal. What a stack may do as it likes, such as when to acknowledge,
//! where to cut and when to send again, is a closed list, [`Liberty`].
//!
//! A tap is not the host. What arrived by when is open, so that an explanation may let the peer's segments
//! arrive late, in part or never; and a tap that is not at the stack may have missed some of its segments.

mod clock;
mod control;
mod inbox;
mod incarnation;
mod pursuit;
mod scene;
mod shadow;
mod text;
mod watch;
mod word;

pub use incarnation::connections;
pub use pursuit::Explanation;
pub use word::{Breach, Cause, Liberty};

use crate::drive::replay::infer::{self, NotReplayable};
use crate::drive::replay::recording::{ChecksumSeen, RecordedConnection, RecordedSegment, Side};
use inbox::Way;
use pursuit::{Objection, Pursuit};
use scene::Scene;
use stack::tcp::State;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Where a capture was recorded, as seen from the end that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tap {
    /// At its own interface: it has sent nothing that is not there, and in this order.
    Here,
    /// Elsewhere, or nobody knows: its segments may be missing, and may have overtaken each other.
    Away,
}

/// A segment of the recording, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Index among the segments of the connection.
    pub index: usize,
    /// What explains it, and the state of the reference then; nothing for the peer's.
    pub explained: Option<(Explanation, State)>,
}

/// The first segment that no choice explains, or the silence that none does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Index among the segments of the connection; `None` for what never came.
    pub index: Option<usize>,
    /// Frame number in the capture: that of the segment, or the last one of the connection.
    pub number: u64,
    /// Its name.
    pub breach: Breach,
    /// What is wrong, in numbers.
    pub what: String,
    /// State of the reference before it.
    pub state: State,
    /// What could have come instead.
    pub legal: Vec<String>,
}

/// How following ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything is explained.
    Explained,
    /// Up to here.
    Unexplained(Finding),
    /// The capture can not tell.
    Undecided(NotReplayable),
}

/// One end of a connection, followed.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Endpoints of client and server.
    pub ends: [SocketAddr; 2],
    /// The end that was followed.
    pub role: Side,
    /// Where the capture was recorded.
    pub tap: Tap,
    /// First and last frame of the connection.
    pub frames: (u64, u64),
    /// Segments up to the end of following.
    pub steps: Vec<Step>,
    /// Its segments that are explained.
    pub explained: u64,
    /// All of its segments.
    pub segments: u64,
    /// How often each liberty was taken.
    pub liberties: BTreeMap<Liberty, u64>,
    /// Why only a part was followed.
    pub cut: Option<NotReplayable>,
    /// How it ended.
    pub end: End,
}

impl Followed {
    /// The word for how it ended.
    pub const fn word(&self) -> &'static str {
        match self.end {
            End::Explained => "explained",
            End::Unexplained(_) => "unexplained",
            End::Undecided(_) => "undecided",
        }
    }
}

/// Follows the end `role` of a recorded connection.
pub fn follow(connection: &RecordedConnection, role: Side, tap: Tap) -> Followed {
    let number = |segment: Option<&RecordedSegment>| segment.map_or(0, |segment| segment.number);
    let mut followed = Followed {
        ends: connection.ends,
        role,
        tap,
        frames: (number(connection.segments.first()), number(connection.segments.last())),
        steps: Vec::new(),
        explained: 0,
        segments: connection.of(role).count() as u64,
        liberties: BTreeMap::new(),
        cut: None,
        end: End::Explained,
    };
    match judgeable(connection, role) {
        Err(reason) => followed.end = End::Undecided(reason),
        Ok(()) => {
            let scene = Scene::new(connection, role, tap);
            let fresh = followed.clone();
            for (place, way) in Way::ALL.into_iter().enumerate() {
                let mut pass = fresh.clone();
                pursue(&scene, way, &mut pass);
                let explains = pass.end == End::Explained;
                if place == 0 || explains || pass.explained > followed.explained {
                    followed = pass;
                }
                if explains {
                    break;
                }
            }
        }
    }
    followed
}

/// Whether the recording shows enough of a connection.
fn judgeable(connection: &RecordedConnection, role: Side) -> Result<(), NotReplayable> {
    infer::extent(connection, role)?;
    let header_cut = |syn: &RecordedSegment| syn.checksum == ChecksumSeen::Unknown && syn.payload_octets == 0;
    let syns = [Side::Client, Side::Server].map(|side| connection.syn(side));
    // What a SYN offers decides what every later field means.
    if syns.into_iter().flatten().any(header_cut) { Err(NotReplayable::PayloadCut) } else { Ok(()) }
}

/// Goes through the segments in order of capture.
fn pursue(scene: &Scene, way: Way, followed: &mut Followed) {
    let mut pursuit = Pursuit::new(scene, way);
    for (index, segment) in scene.connection.segments.iter().enumerate() {
        if segment.from != scene.role {
            pursuit.peer_sends(index);
            followed.steps.push(Step { index, explained: None });
            continue;
        }
        // Damage on the way, or an edited capture: not what the stack sent.
        if segment.checksum == ChecksumSeen::Wrong {
            followed.steps.push(Step { index, explained: None });
            continue;
        }
        match pursuit.explain(segment) {
            Ok(explanation) => {
                followed.explained += 1;
                for liberty in &explanation.liberties {
                    *followed.liberties.entry(*liberty).or_default() += 1;
                }
                let state = pursuit.shadow.state();
                followed.steps.push(Step { index, explained: Some((explanation, state)) });
            }
            Err(objection) if objection.breach == Breach::AckOfUnsent && pursuit.lacks(segment) => {
                followed.cut = Some(NotReplayable::OctetsMissing);
                return;
            }
            Err(objection) => {
                followed.end = unexplained(&pursuit, objection, Some(index), segment.number);
                return;
            }
        }
    }
    pursuit.take_all();
    let last = scene.connection.segments.last();
    if let Some(objection) = last.and_then(|last| pursuit.silence(last.at)) {
        followed.end = unexplained(&pursuit, objection, None, followed.frames.1);
    }
}

fn unexplained(pursuit: &Pursuit<'_>, objection: Objection, index: Option<usize>, number: u64) -> End {
    let Objection { breach, what } = objection;
    let (state, legal) = (pursuit.shadow.state(), pursuit.legal());
    End::Unexplained(Finding { index, number, breach, what, state, legal })
}
