//! floor 8: follows one end, segment by segment: which arrivals came before it, and what explains it.

use super::inbox::{self, Arrival, Way};
use super::scene::Scene;
use super::shadow::{Sent, Shadow};
use super::watch::Watch;
use super::word::{Breach, Cause, Liberty};
use super::{Tap, clock::Clock};
use crate::drive::replay::recording::{ChecksumSeen, RecordedSegment};
use stack::base::{Instant, Seq, Why};
use stack::tcp::State;
use stack::wire::tcp::Flags;

/// Arrivals that a reset may still be the answer to.
const RECENT_MAX: usize = 64;

/// What explains a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Why it is there.
    pub cause: Cause,
    /// The discard of the reference that it goes with.
    pub why: Option<Why>,
    /// What the stack was free to choose.
    pub liberties: Vec<Liberty>,
}

impl Explanation {
    pub(super) const fn of(cause: Cause) -> Self {
        Self { cause, why: None, liberties: Vec::new() }
    }

    pub(super) fn with(mut self, liberty: Liberty) -> Self {
        if !self.liberties.contains(&liberty) {
            self.liberties.push(liberty);
        }
        self
    }
}

/// Why a segment can not be what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Objection {
    pub(super) breach: Breach,
    pub(super) what: String,
}

impl Objection {
    pub(super) const fn new(breach: Breach, what: String) -> Self {
        Self { breach, what }
    }

    /// How far the explanation came before it failed: whoever did not even have the right arrivals says less.
    fn depth(&self) -> u8 {
        match self.breach {
            Breach::AckOfUnsent | Breach::AckBack => 0,
            Breach::AckInside | Breach::NoConnection | Breach::SynAckNumber | Breach::SynUnasked => 1,
            Breach::AckAbsent
            | Breach::AckLate
            | Breach::AckNever
            | Breach::BeyondWindow
            | Breach::AfterFin
            | Breach::FinMoved
            | Breach::Skipped
            | Breach::EmptyNumber
            | Breach::OtherOctets
            | Breach::TooSoon
            | Breach::SynNumber
            | Breach::ResetNumber
            | Breach::OddFlags
            | Breach::StampAbsent
            | Breach::StampBack
            | Breach::EchoUnknown
            | Breach::SackUnasked
            | Breach::SackUnsent
            | Breach::OptionUnasked => 2,
        }
    }
}

/// The follower at one point of the recording.
#[derive(Clone, Debug)]
pub(super) struct Pursuit<'a> {
    pub(super) scene: &'a Scene,
    way: Way,
    pub(super) shadow: Shadow,
    /// The peer's segments that have not arrived, in order of capture.
    waiting: Vec<usize>,
    /// The latest arrivals.
    pub(super) recent: Vec<usize>,
    /// What the reference answered since the followed stack last sent something.
    pub(super) owed: Vec<Sent>,
    /// Whether something came that takes numbers.
    pub(super) text_came: bool,
    /// Whether the handshake was over with an arrival.
    pub(super) opened: bool,
    pub(super) clock: Clock,
    pub(super) watch: Watch,
    /// The number of its FIN, once it was sent.
    pub(super) fin: Option<u32>,
    /// The clipped arrival of the plan that is tried.
    clip: Option<u32>,
    /// What the peer acknowledges although the tap at the stack never saw it leave.
    missed: Option<u32>,
}

impl<'a> Pursuit<'a> {
    pub(super) fn new(scene: &'a Scene, way: Way) -> Self {
        Self {
            scene,
            way,
            shadow: Shadow::new(&scene.connection, scene.role, way.stamps),
            waiting: Vec::new(),
            recent: Vec::new(),
            owed: Vec::new(),
            text_came: false,
            opened: false,
            clock: Clock::default(),
            watch: Watch::default(),
            fin: None,
            clip: None,
            missed: None,
        }
    }

    /// The peer sent the segment with this index. When it takes effect is open.
    pub(super) fn peer_sends(&mut self, index: usize) {
        let segment = &self.scene.connection.segments[index];
        // No receiver takes what is damaged.
        if segment.checksum != ChecksumSeen::Wrong {
            self.watch.peer_sends(segment);
            self.text_came |= segment.len_octets() > 0;
            self.waiting.push(index);
        }
    }

    /// Explains the next segment of the followed stack, with the plainest set of arrivals that does.
    pub(super) fn explain(&mut self, segment: &RecordedSegment) -> Result<Explanation, Objection> {
        let segments = &self.scene.connection.segments;
        let mut best: Option<Objection> = None;
        for plan in inbox::plans(&self.waiting, segments, segment, self.way.manner, self.scene.tap) {
            let mut tried = self.clone();
            tried.take(&plan);
            match tried.judge(segment) {
                Ok(explanation) => {
                    let late = plan.len() < self.waiting.len() && tried.clip.is_none();
                    tried.settled(segment);
                    *self = tried;
                    return Ok(if late { explanation.with(Liberty::Late) } else { explanation });
                }
                Err(objection) => {
                    let objection = tried.instead_of(objection);
                    if best.as_ref().is_none_or(|best| best.depth() < objection.depth()) {
                        best = Some(objection);
                    }
                }
            }
        }
        if self.is_overtaken(segment) {
            return self.overtaken(segment);
        }
        Err(best.unwrap_or_else(|| Objection::new(Breach::NoConnection, String::new())))
    }

    /// Whether it acknowledges octets that the recording lacks.
    pub(super) fn lacks(&self, segment: &RecordedSegment) -> bool {
        let next = self.shadow.rcv_nxt().map(|next| next.value());
        segment.has(Flags::ACK) && next.is_some_and(|next| self.scene.lacks(next, segment.ack))
    }

    /// What the peer can not know of has come from somewhere: that explains more than what followed from it.
    fn instead_of(&self, objection: Objection) -> Objection {
        match (self.missed, objection.breach) {
            (Some(missed), Breach::AckOfUnsent | Breach::AckBack) => {
                let what = format!("the peer acknowledges {}, which was never sent", self.ours(missed));
                Objection::new(Breach::Skipped, what)
            }
            (Some(_) | None, _) => objection,
        }
    }

    /// Lets everything arrive that was sent.
    pub(super) fn take_all(&mut self) {
        for index in std::mem::take(&mut self.waiting) {
            self.arrive(Arrival { index, clip: None });
        }
    }

    fn take(&mut self, plan: &[Arrival]) {
        self.clip = None;
        self.waiting.retain(|index| !plan.iter().any(|arrival| arrival.index == *index));
        for arrival in plan {
            self.arrive(*arrival);
        }
    }

    fn arrive(&mut self, arrival: Arrival) {
        let segment = inbox::arriving(arrival, &self.scene.connection.segments);
        self.clip = self.clip.or(arrival.clip);
        self.recent.push(arrival.index);
        if self.recent.len() > RECENT_MAX {
            self.recent.remove(0);
        }
        let beyond = self.shadow.tcb().is_some_and(|tcb| {
            let acked = segment.has(Flags::ACK) && Seq::new(segment.ack).after(tcb.snd().nxt);
            acked && tcb.state().is_synchronized()
        });
        if beyond {
            match self.scene.tap {
                Tap::Away if self.way.trust || self.scene.shows_up_to(segment.ack) => {
                    self.fill_up_to(segment.at, Seq::new(segment.ack));
                }
                Tap::Away => {}
                Tap::Here => self.missed = Some(segment.ack),
            }
        }
        let before = (self.shadow.state(), self.shadow.rcv_nxt());
        let sent = self.shadow.arrives(segment.at, &segment);
        self.owed.extend(sent);
        self.opened |= before.0 == State::SynSent && self.shadow.state().is_synchronized();
        if let (Some(from), Some(to)) = (before.1, self.shadow.rcv_nxt())
            && to.after(from)
        {
            self.clock.advanced(from, to, segment.at);
        }
        if self.shadow.is_over() {
            self.clock = Clock::default();
        }
    }

    /// Everything about one segment, in this set of arrivals.
    fn judge(&mut self, segment: &RecordedSegment) -> Result<Explanation, Objection> {
        let explanation = if segment.has(Flags::RST) {
            self.reset(segment)?
        } else if segment.has(Flags::SYN) {
            self.syn(segment)?
        } else {
            self.synchronized(segment)?
        };
        if explanation.liberties.contains(&Liberty::ResendTime) && self.scene.repeats_too_soon(segment) {
            let what = format!("sends {} again at once", self.ours(segment.seq));
            return Err(Objection::new(Breach::TooSoon, what));
        }
        self.clip_is_due(segment)?;
        let explanation = self.clock.settle(segment, self.scene, explanation)?;
        self.watch.judge(segment, self.scene, explanation)
    }

    /// Where the tap is at the stack, it takes a part of a segment only if its window ends there.
    fn clip_is_due(&self, segment: &RecordedSegment) -> Result<(), Objection> {
        let Some(clip) = self.clip.filter(|_| self.scene.tap == Tap::Here) else { return Ok(()) };
        if self.watch.edge_is_near(clip, self.scene) {
            return Ok(());
        }
        let what = format!("acknowledges {}, a part of a segment", self.theirs(segment.ack));
        Err(Objection::new(Breach::AckInside, what))
    }

    /// The segment is explained: what it settles is forgotten.
    fn settled(&mut self, segment: &RecordedSegment) {
        self.owed.clear();
        self.text_came = false;
        self.opened = false;
        if let Some(next) = self.shadow.rcv_nxt().filter(|_| segment.has(Flags::ACK)) {
            let segments = &self.scene.connection.segments;
            self.waiting.retain(|index| {
                let waiting = &segments[*index];
                let behind = inbox::end(waiting).wrapping_sub(next.value()).cast_signed() > 0;
                behind || waiting.len_octets() == 0
            });
        }
    }

    /// A number of the followed stack as people read it.
    pub(super) fn ours(&self, number: u32) -> u32 {
        number.wrapping_sub(self.shadow.iss().map_or(0, |iss| iss.value()))
    }

    /// A number of the peer as people read it.
    pub(super) fn theirs(&self, number: u32) -> u32 {
        let side = self.scene.role.other().index();
        number.wrapping_sub(self.scene.connection.isn[side].unwrap_or(0))
    }

    /// What could have come instead, in words.
    pub(super) fn legal(&self) -> Vec<String> {
        let mut tried = self.clone();
        tried.take_all();
        let Some(tcb) = tried.shadow.tcb() else {
            let mut legal = vec!["a SYN, if the application connects".to_owned()];
            legal.extend(tried.recent.iter().rev().take(2).filter_map(|index| {
                let answer = Shadow::reset_for(&self.scene.connection.segments[*index])?;
                Some(format!("a reset: seq {} ack {}", answer.seq, answer.ack))
            }));
            return legal;
        };
        let (snd, ack) = (tcb.snd(), tcb.rcv().nxt.value());
        let next = self.ours(snd.nxt.value());
        let edge = self.ours((snd.una + snd.wnd.octets()).value());
        match tcb.state() {
            State::Closed | State::Listen => Vec::new(),
            State::SynSent => vec!["its SYN again".to_owned()],
            State::SynReceived => vec![format!("its SYN again, ack {}", self.theirs(ack))],
            state @ (State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait) => {
                let mut legal = vec![format!("ack {} at {next}", self.theirs(ack))];
                if matches!(state, State::Established | State::CloseWait) {
                    legal.push(format!("octets from {next} up to {edge}, or its FIN"));
                }
                if snd.una != snd.nxt {
                    legal.push(format!("octets from {} to {next} again", self.ours(snd.una.value())));
                }
                legal.push(format!("a reset at {next}"));
                legal
            }
        }
    }

    /// Octets that came and were never acknowledged although the recording goes on until `end`.
    pub(super) fn silence(&self, end: Instant) -> Option<Objection> {
        if self.scene.tap != Tap::Here || self.shadow.tcb().is_none() {
            return None;
        }
        self.clock.overdue(end).map(|(number, waited)| {
            let number = self.theirs(number);
            let what = format!("octets from {number} on came, and {} ms later nothing", waited.as_millis());
            Objection::new(Breach::AckNever, what)
        })
    }
}
