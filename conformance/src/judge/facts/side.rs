//! floor 7: what a capture shows of one side of a connection.

use super::ack::{self, Ack};
use super::close::{self, Close};
use super::damage::{self, Damage};
use super::numbers::{self, Numbers};
use super::opening::{self, Openings};
use super::sack::{self, Sack};
use super::sent::{self, Sent};
use super::stamps::{self, Stamps};
use super::timer::{self, Timer};
use super::turn::{Turn, is_after};
use super::window::{self, Window};

/// What one side of a connection was seen to send, by subject.
#[derive(Clone, Copy, Debug, Default)]
pub struct Side {
    /// Its SYNs, with or without ACK.
    pub openings: Openings,
    /// Its sequence numbers and acknowledgements.
    pub numbers: Numbers,
    /// Its window.
    pub window: Window,
    /// Its timestamps.
    pub stamps: Stamps,
    /// Its latest segments.
    pub sent: Sent,
    /// Its retransmissions.
    pub timer: Timer,
    /// What arrived for it.
    pub ack: Ack,
    /// Its selective acknowledgements.
    pub sack: Sack,
    /// How it ends.
    pub close: Close,
    /// What was seen damaged.
    pub damage: Damage,
}

impl Side {
    /// Whether a number that it claims to have come was reported by SACK: its acknowledgements do not reach
    /// so far.
    pub fn is_reported(&self, number: u32) -> bool {
        self.numbers.highest_ack().is_none_or(|ack| is_after(number, ack))
    }
}

/// Takes note of a segment of `own`, after the rules have seen it. Each subject finds those before it up to
/// date, and those after it as they were.
pub fn note(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    opening::note(own, turn);
    window::note(own, peer, turn);
    stamps::note(own, peer, turn);
    timer::note(own, peer, turn);
    sent::note(own, peer, turn);
    ack::note(own, peer, turn);
    sack::note(own, peer, turn);
    close::note(own, peer, turn);
    damage::note(own, peer, turn);
    // Last, so that the others see what was the highest number before.
    numbers::note(own, peer, turn);
}

/// Takes note of a damaged segment, of which only the acknowledgement may matter.
pub fn note_damaged(own: &mut Side, peer: &mut Side, turn: &Turn<'_>) {
    damage::note_damaged(own, peer, turn);
    peer.timer.hear(peer.numbers.highest());
    peer.sent.hear(None, turn.us());
    own.numbers.note_damaged(turn);
}
