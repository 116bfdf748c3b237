//! floor 7: one TCP connection of a capture: its ends, what each side was seen to send, and how far the
//! handshake has come.

use super::assume::Assumption;
use super::ends::Ends;
use super::facts::agreement::{self, Agreement};
use super::facts::side::{self, Side};
use super::facts::turn::Turn;
use super::hosts::HostSlot;
use super::nearness::Answer;
use crate::verdict::Reason;
use stack::base::Instant;
use stack::wire::tcp::Flags;

/// One connection: a four-tuple from one opening to the next.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Number of the frame that began it. No two connections have the same.
    pub number: u64,
    /// Its ends; the lower one first.
    pub ends: Ends,
    /// Where the facts about its hosts are.
    pub(super) hosts: [HostSlot; 2],
    /// What each end was seen to send.
    pub sides: [Side; 2],
    /// What their SYNs agree on.
    pub agreement: Agreement,
    /// Another connection of the same ports was seen shortly before, or may not have ended.
    pub reused: bool,
    /// When it was first seen.
    pub first: Instant,
    /// When it was last seen.
    pub latest: Instant,
    /// From the first packet to the first SYN,ACK, in microseconds, if one was seen.
    answered_us: u32,
}

/// There was no SYN,ACK.
const UNANSWERED: u32 = u32::MAX;

impl Connection {
    pub(super) fn new(number: u64, ends: Ends, hosts: [HostSlot; 2], reused: bool, at: Instant) -> Self {
        let (sides, agreement) = ([Side::default(), Side::default()], Agreement::default());
        let (first, latest, answered_us) = (at, at, UNANSWERED);
        Self { number, ends, hosts, sides, agreement, reused, first, latest, answered_us }
    }

    /// Touches all of it. What comes back means nothing.
    pub(super) fn warm(&self) -> u64 {
        let sides = self.sides.iter().map(|side| {
            let syn = side.openings.all().len() as u64;
            syn + u64::from(side.numbers.segments) + u64::from(side.close.fin().is_some())
        });
        sides.sum::<u64>() + self.latest.as_nanos() + u64::from(self.reused)
    }

    /// Whether it may be open yet. Segments after a long silence may belong to it.
    pub(super) fn may_live(&self) -> bool {
        !self.sides.iter().all(|side| side.numbers.is_finished())
    }

    /// Whether the options of both SYNs are known: [`Agreement::is_handshake_known`].
    pub const fn is_handshake_known(&self) -> bool {
        self.agreement.is_handshake_known()
    }

    /// What the capture lacks, as a side shows: whether its numbers leave something out, and whether it
    /// acknowledged what was not seen. What was damaged or came in fragments was seen, though not counted.
    pub(super) fn lacks(&self, side: usize) -> (bool, bool) {
        let is_read =
            !self.sides.iter().any(|side| side.numbers.is_damaged() || side.numbers.has_fragments());
        let own = &self.sides[side].numbers;
        (is_read && own.has_gap(), is_read && own.acknowledged_unseen())
    }

    /// Why this assumption does not hold for what came for a side, if it is about that.
    pub(super) fn doubt_of_peer(&self, side: usize, assumption: Assumption) -> Option<Reason> {
        let peer = &self.sides[1 - side];
        if assumption == Assumption::Whole {
            return peer.numbers.has_fragments().then_some(Reason::Fragments);
        }
        let astray = assumption == Assumption::WithinReach && peer.close.is_astray();
        astray.then_some(Reason::Stray)
    }

    /// The connection that follows it between the same ends. A segment of which fragments came may yet be
    /// put together.
    pub(super) fn followed_by(&self, number: u64, reused: bool, at: Instant) -> Self {
        let mut new = Self::new(number, self.ends, self.hosts, reused, at);
        for (new, old) in new.sides.iter_mut().zip(&self.sides) {
            if old.numbers.has_fragments() {
                new.numbers.note_fragment();
            }
        }
        new
    }

    /// From the first packet to this time, in microseconds.
    pub fn us(&self, at: Instant) -> u64 {
        at.since(self.first).as_nanos() / 1_000
    }

    /// The parts of the handshake that this segment ends, for its sender and for the other side: one SYN, one
    /// SYN,ACK, and the first ACK.
    pub(super) fn answer(&self, side: usize, turn: &Turn<'_>) -> Option<(Answer, Answer)> {
        let (own, peer) = (&self.sides[side], &self.sides[1 - side]);
        let once = own.numbers.segments == 1 && peer.numbers.segments == 1;
        let other_us = Some(self.answered_us).filter(|us| once && *us != UNANSWERED)?;
        let (syn, answer) = (own.openings.only()?, peer.openings.only()?);
        let completes = syn.answers().is_none() && answer.answers().is_some() && turn.ack.is_some();
        let other_us = u64::from(other_us);
        let own_us = self.us(turn.at).saturating_sub(other_us);
        completes.then_some((Answer { own_us, other_us }, Answer { own_us: other_us, other_us: own_us }))
    }

    /// Takes note of the fragment of a segment that the side sent.
    pub(super) fn note_fragment(&mut self, side: usize, at: Instant) {
        self.latest = self.latest.max(at);
        self.sides[side].numbers.note_fragment();
    }

    /// Takes note of a segment that the side sent.
    pub(super) fn note(&mut self, side: usize, turn: &Turn<'_>, damaged: bool) {
        self.latest = self.latest.max(turn.at);
        if turn.flags.contains(Flags::SYN | Flags::ACK) && self.answered_us == UNANSWERED {
            let us = u32::try_from(self.us(turn.at)).unwrap_or(u32::MAX);
            self.answered_us = us.min(UNANSWERED - 1);
        }
        let [low, high] = &mut self.sides;
        let (own, peer) = if side == 0 { (low, high) } else { (high, low) };
        if damaged {
            side::note_damaged(own, peer, turn);
            return;
        }
        side::note(own, peer, turn);
        if turn.flags.syn() {
            agreement::note(&mut self.agreement, &self.sides, side, turn);
        }
    }
}

/// A segment's place: its connection and the side that sent it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The connection as it was before this segment.
    pub connection: &'a Connection,
    /// Which of its sides sent the segment.
    pub side: usize,
}

impl<'a> Place<'a> {
    /// The side that sent the segment.
    pub const fn own(&self) -> &'a Side {
        &self.connection.sides[self.side]
    }

    /// The other side.
    pub const fn peer(&self) -> &'a Side {
        &self.connection.sides[1 - self.side]
    }

    /// The highest number that the other side acknowledged. Where it acknowledges what was never sent, there
    /// is none: the highest may lie anywhere.
    pub fn taken(&self) -> Option<u32> {
        let numbers = &self.peer().numbers;
        numbers.highest_ack().filter(|_| !numbers.acknowledged_unseen())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_takes_no_more_than_512_octets() {
        let octets = size_of::<Connection>();
        assert!(octets <= 512, "{octets} octets, of which {} a side", size_of::<Side>());
    }
}
