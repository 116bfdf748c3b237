//! floor 8: what following is given, and what the recording as a whole shows.

use super::{Tap, inbox};
use crate::drive::replay::recording::{ChecksumSeen, RecordedConnection, RecordedSegment, Side};
use crate::drive::replay::stream::Stream;
use stack::base::{Instant, Span};
use stack::wire::tcp::Flags;

/// Segments within which an acknowledgement is looked for.
const NEAR: usize = 1024;

/// What is given: the recording and where it was made.
#[derive(Debug)]
pub(super) struct Scene {
    /// The connection. Octets that the snap length cut away are zero in it: numbers are what counts.
    pub(super) connection: RecordedConnection,
    pub(super) role: Side,
    pub(super) tap: Tap,
    /// What the followed end sent, by offset.
    pub(super) own: Stream,
    round_trip_min: Option<Span>,
}

impl Scene {
    pub(super) fn new(connection: &RecordedConnection, role: Side, tap: Tap) -> Self {
        let mut connection = connection.clone();
        for segment in &mut connection.segments {
            segment.payload.resize(segment.payload_octets as usize, 0);
        }
        let own = Stream::assemble(&connection, role);
        let round_trip_min = Self::round_trip_min(&connection, role);
        Self { connection, role, tap, own, round_trip_min }
    }

    /// Whether the recording shows that the followed end came to `number` at some time.
    pub(super) fn shows_up_to(&self, number: u32) -> bool {
        let sent = self.connection.of(self.role).filter(|one| !one.has(Flags::RST));
        sent.rev().any(|one| inbox::end(one).wrapping_sub(number).cast_signed() >= 0)
    }

    /// The shortest time in which the recording shows an octet acknowledged.
    fn round_trip_min(connection: &RecordedConnection, role: Side) -> Option<Span> {
        let segments = &connection.segments;
        let sent = segments.iter().enumerate().filter(|(_, one)| one.from == role && one.len_octets() > 0);
        sent.filter_map(|(index, one)| {
            let acked = |answer: &&RecordedSegment| {
                answer.from != role
                    && answer.has(Flags::ACK)
                    && answer.ack.wrapping_sub(inbox::end(one)).cast_signed() >= 0
            };
            Some(segments[index..].iter().take(NEAR).find(acked)?.at.since(one.at))
        })
        .min()
    }

    /// Whether `segment` repeats what left less than a round trip ago, and nothing came since that could be a
    /// sign of loss.
    pub(super) fn repeats_too_soon(&self, segment: &RecordedSegment) -> bool {
        let Some(round_trip) = self.round_trip_min.filter(|_| self.tap == Tap::Here) else { return false };
        let start = segment.seq;
        let before = self.connection.segments.iter().rev().skip_while(|one| one.number >= segment.number);
        let last = before.take_while(|one| one.from == self.role).find(|one| {
            let (behind, length) = (start.wrapping_sub(one.seq), one.len_octets());
            behind < length
        });
        let told = |since: Instant| self.connection.errors.iter().any(|error| error.at >= since);
        last.is_some_and(|last| segment.at.since(last.at) < round_trip && !told(last.at))
    }

    /// Whether the peer's octets before `number`, from `from` on, are not all in the recording although it
    /// shows that the peer got beyond them.
    pub(super) fn lacks(&self, from: u32, number: u32) -> bool {
        let peer = || self.connection.of(self.role.other()).filter(|one| !one.has(Flags::RST));
        let behind = |a: u32, b: u32| a.wrapping_sub(b).cast_signed() > 0;
        if !peer().any(|one| !behind(number, inbox::end(one))) {
            return false;
        }
        let mut reached = from;
        while behind(number, reached) {
            let next = peer()
                .filter(|one| one.checksum != ChecksumSeen::Wrong && !behind(one.seq, reached))
                .map(inbox::end)
                .find(|end| behind(*end, reached));
            let Some(next) = next else { return true };
            reached = next;
        }
        false
    }
}
