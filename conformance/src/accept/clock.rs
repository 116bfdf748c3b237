//! floor 8: how long an acknowledgement takes (RFC 9293 section 3.8.6.3).

use super::Tap;
use super::pursuit::{Explanation, Objection};
use super::scene::Scene;
use super::word::{Breach, Liberty};
use crate::drive::replay::recording::RecordedSegment;
use stack::base::{Instant, Seq, Span, Theirs};
use stack::wire::tcp::Flags;

/// The longest delay of an acknowledgement.
const DELAY_MAX: Span = Span::from_millis(500);

/// What a busy machine may add between the tap and the stack.
const SLACK: Span = Span::from_millis(50);

/// Octets that were taken in order and not acknowledged.
#[derive(Clone, Copy, Debug)]
struct Advance {
    from: Seq<Theirs>,
    to: Seq<Theirs>,
    at: Instant,
}

/// What is to be acknowledged, and since when.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    advances: Vec<Advance>,
}

impl Clock {
    /// RCV.NXT moved.
    pub(super) fn advanced(&mut self, from: Seq<Theirs>, to: Seq<Theirs>, at: Instant) {
        self.advances.push(Advance { from, to, at });
    }

    /// Whether anything is to be acknowledged.
    pub(super) fn runs(&self) -> bool {
        !self.advances.is_empty()
    }

    /// `segment` acknowledges: what it covers must not be older than half a second, unless a copy came since.
    pub(super) fn settle(
        &mut self,
        segment: &RecordedSegment,
        scene: &Scene,
        explanation: Explanation,
    ) -> Result<Explanation, Objection> {
        if !segment.has(Flags::ACK) || segment.has(Flags::RST) {
            return Ok(explanation);
        }
        let ack = Seq::new(segment.ack);
        let covered = |advance: &Advance| advance.to.at_or_before(ack);
        let all: Vec<Advance> = self.advances.iter().copied().filter(covered).collect();
        self.advances.retain(|advance| !covered(advance));
        let late = |advance: &&Advance| {
            segment.at.since(advance.at) >= DELAY_MAX + SLACK && !came_again(scene, advance, segment.at)
        };
        if let Some(advance) = all.iter().find(late).filter(|_| scene.tap == Tap::Here) {
            let waited = segment.at.since(advance.at).as_millis();
            let what = format!("acknowledges after {waited} ms");
            return Err(Objection::new(Breach::AckLate, what));
        }
        let delayed = all.iter().any(|advance| segment.at.since(advance.at) > Span::from_millis(1));
        let explanation = if delayed { explanation.with(Liberty::AckTime) } else { explanation };
        Ok(if all.len() > 1 { explanation.with(Liberty::AckCount) } else { explanation })
    }

    /// The first number that was never acknowledged by `end`, and how long it has waited by then.
    pub(super) fn overdue(&self, end: Instant) -> Option<(u32, Span)> {
        let oldest = self.advances.first()?;
        let waited = end.since(oldest.at);
        (waited >= DELAY_MAX + SLACK).then(|| (oldest.from.value(), waited))
    }
}

/// Whether the octets came once more within the time before `at` that an acknowledgement may take.
fn came_again(scene: &Scene, advance: &Advance, at: Instant) -> bool {
    let recent = scene.connection.of(scene.role.other()).rev().skip_while(|one| one.at > at);
    recent.take_while(|one| at.since(one.at) < DELAY_MAX + SLACK).any(|one| {
        let start = Seq::<Theirs>::new(one.seq);
        start.at_or_before(advance.from) && (start + one.len_octets()).after(advance.from)
    })
}
