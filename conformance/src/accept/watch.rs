//! floor 8: what is judged beside the reference: options, timestamps, windows and sizes.

use super::Tap;
use super::pursuit::{Explanation, Objection};
use super::scene::Scene;
use super::word::{Breach, Liberty};
use crate::drive::replay::recording::{ChecksumSeen, RecordedSegment, Side};
use stack::wire::tcp::Flags;

/// What both ends have said so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// Behind the last number of the peer.
    peer_end: Option<u32>,
    /// The peer's latest timestamp.
    peer_stamp: Option<u32>,
    /// The latest own timestamp.
    stamp: Option<u32>,
    /// The right edge of the own window.
    edge: Option<u32>,
}

/// `a` lies behind `b`, on the circle.
const fn after(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() > 0
}

/// Raises `known` to `new`.
fn raise(known: &mut Option<u32>, new: u32) {
    if known.is_none_or(|known| after(new, known)) {
        *known = Some(new);
    }
}

impl Watch {
    /// The peer sent a segment, whether it arrives or not.
    pub(super) fn peer_sends(&mut self, segment: &RecordedSegment) {
        if segment.has(Flags::RST) {
            return;
        }
        raise(&mut self.peer_end, super::inbox::end(segment));
        if let Some(stamps) = segment.options.timestamps {
            raise(&mut self.peer_stamp, stamps.value);
        }
    }

    /// Whether the window that was offered ends at `number`, as far as a scaled field can say it.
    pub(super) fn edge_is_near(&self, number: u32, scene: &Scene) -> bool {
        let unit = 1_i32 << scene.connection.shift(scene.role);
        self.edge.is_some_and(|edge| number.wrapping_sub(edge).cast_signed().abs() < unit)
    }

    /// Whether `segment` moves the right edge to the right.
    pub(super) fn moves_edge(&self, segment: &RecordedSegment, scene: &Scene) -> bool {
        let edge = segment.ack.wrapping_add(scene.connection.window_octets(segment));
        self.edge.is_some_and(|known| after(edge, known))
    }

    /// Judges what the reference does not, and takes note of it.
    pub(super) fn judge(
        &mut self,
        segment: &RecordedSegment,
        scene: &Scene,
        mut explanation: Explanation,
    ) -> Result<Explanation, Objection> {
        if segment.has(Flags::RST) {
            return Ok(explanation);
        }
        if segment.has(Flags::SYN) && segment.has(Flags::ACK) {
            agreed(segment, scene)?;
        }
        self.sack(segment, scene)?;
        self.stamps(segment, scene)?;
        let limit = scene.connection.syn(scene.role.other()).and_then(|syn| syn.options.mss);
        if limit.is_some_and(|limit| segment.payload_octets > u32::from(limit)) {
            explanation = explanation.with(Liberty::Large);
        }
        if segment.has(Flags::ACK) {
            let edge = segment.ack.wrapping_add(scene.connection.window_octets(segment));
            if self.edge.is_some_and(|known| edge != known) {
                explanation = explanation.with(Liberty::Room);
            }
            raise(&mut self.edge, edge);
        }
        Ok(explanation)
    }

    fn sack(&self, segment: &RecordedSegment, scene: &Scene) -> Result<(), Objection> {
        if segment.options.sack.is_empty() {
            return Ok(());
        }
        let permits = |side: Side| scene.connection.syn(side).is_some_and(|syn| syn.options.sack_permitted);
        if !permits(scene.role.other()) {
            return Err(Objection::new(Breach::SackUnasked, "has SACK blocks".to_owned()));
        }
        let unsent = |(left, right): &&(u32, u32)| {
            !after(*right, *left) || self.peer_end.is_some_and(|end| after(*right, end))
        };
        match segment.options.sack.iter().find(unsent) {
            Some((left, right)) => {
                let isn = scene.connection.isn[scene.role.other().index()].unwrap_or(0);
                let (left, right) = (left.wrapping_sub(isn), right.wrapping_sub(isn));
                Err(Objection::new(Breach::SackUnsent, format!("has the SACK block {left}:{right}")))
            }
            None => Ok(()),
        }
    }

    fn stamps(&mut self, segment: &RecordedSegment, scene: &Scene) -> Result<(), Objection> {
        let offers = |side| scene.connection.syn(side).is_some_and(|syn| syn.options.timestamps.is_some());
        let agreed = offers(Side::Client) && offers(Side::Server);
        let Some(stamps) = segment.options.timestamps else {
            // The snap length may have cut the options away.
            let whole = segment.checksum != ChecksumSeen::Unknown;
            let missing = agreed && whole && !segment.has(Flags::SYN);
            return if missing {
                Err(Objection::new(Breach::StampAbsent, "has no timestamps".to_owned()))
            } else {
                Ok(())
            };
        };
        if scene.tap == Tap::Here && self.stamp.is_some_and(|known| after(known, stamps.value)) {
            let what = format!("TSval {} after {}", stamps.value, self.stamp.unwrap_or(0));
            return Err(Objection::new(Breach::StampBack, what));
        }
        raise(&mut self.stamp, stamps.value);
        let echoes = agreed && segment.has(Flags::ACK);
        if echoes && self.peer_stamp.is_some_and(|newest| after(stamps.echo, newest)) {
            return Err(Objection::new(Breach::EchoUnknown, format!("TSecr {}", stamps.echo)));
        }
        Ok(())
    }
}

/// A SYN,ACK agrees only to what was offered.
fn agreed(segment: &RecordedSegment, scene: &Scene) -> Result<(), Objection> {
    let Some(syn) = scene.connection.syn(scene.role.other()) else { return Ok(()) };
    let (offered, answer) = (&syn.options, &segment.options);
    // Where both sides opened, each offered by itself.
    let opened = scene.connection.syn(scene.role).is_some_and(|own| !own.has(Flags::ACK));
    let unasked = answer.window_scale.is_some() && offered.window_scale.is_none()
        || answer.timestamps.is_some() && offered.timestamps.is_none()
        || answer.sack_permitted && !offered.sack_permitted;
    if unasked && !opened {
        return Err(Objection::new(Breach::OptionUnasked, "its SYN,ACK has more options".to_owned()));
    }
    Ok(())
}
