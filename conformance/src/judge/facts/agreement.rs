//! floor 7: what the SYNs of both sides agree on (RFC 9293 section 3.5, RFC 7323 section 3.2, RFC 2018
//! section 2, RFC 3168 section 6.1.1). Nearly every rule asks, and only a SYN changes it.

use super::bits::Bits;
use super::opening::{Opening, option};
use super::side::Side;
use super::turn::Turn;
use stack::wire::tcp::Flags;

/// What the SYNs that were seen of a connection agree on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Agreement(Bits);

mod flag {
    pub(super) const HANDSHAKE: u8 = 1;
    pub(super) const STAMPS: u8 = 2;
    pub(super) const NO_STAMPS: u8 = 4;
    pub(super) const ECN_ASKED: u8 = 8;
    pub(super) const TAKES_SACK: [u8; 2] = [16, 32];
    pub(super) const ECN_ANSWER: [u8; 2] = [64, 128];
}

impl Agreement {
    /// Whether the options of both SYNs are known, and that these two opened the connection: each side has
    /// one, and one answers the other. A SYN on a live connection, or an old answer sent back, agrees on
    /// nothing.
    pub const fn is_handshake_known(self) -> bool {
        self.0.has(flag::HANDSHAKE)
    }

    /// Whether every SYN of both sides had timestamps, of those that were captured whole.
    pub const fn has_stamps(self) -> bool {
        self.0.has(flag::STAMPS)
    }

    /// Whether one side never had timestamps on a SYN.
    pub const fn has_no_stamps(self) -> bool {
        self.0.has(flag::NO_STAMPS)
    }

    /// Whether a SYN of either side asked for explicit congestion notification, of whatever kind.
    pub const fn is_ecn_asked(self) -> bool {
        self.0.has(flag::ECN_ASKED)
    }

    /// Whether a SYN of this side permits selective acknowledgements.
    pub const fn takes_sack(self, side: usize) -> bool {
        self.0.has(flag::TAKES_SACK[side])
    }

    /// Whether the latest SYN,ACK of this side agrees to explicit congestion notification, in the way of
    /// RFC 3168.
    pub const fn answers_ecn(self, side: usize) -> bool {
        self.0.has(flag::ECN_ANSWER[side])
    }
}

/// Takes note of a SYN of one side, after it is among the facts of that side.
pub(in crate::judge) fn note(agreement: &mut Agreement, sides: &[Side; 2], side: usize, turn: &Turn<'_>) {
    let options = sides.each_ref().map(|side| side.openings.options());
    let asks = |opening: &Opening| opening.ecn_setup() || opening.accurate_ecn();
    let flags = &mut agreement.0;
    flags.put(flag::HANDSHAKE, is_handshake_known(sides));
    flags.put(flag::STAMPS, options.iter().all(|options| options.all(option::TIMESTAMPS)));
    flags.put(flag::NO_STAMPS, options.iter().any(|options| !options.some(option::TIMESTAMPS)));
    flags.put(flag::ECN_ASKED, sides.iter().any(|side| side.openings.all().iter().any(asks)));
    for (flag, options) in flag::TAKES_SACK.iter().zip(&options) {
        flags.put(*flag, options.some(option::SACK_PERMITTED));
    }
    if turn.flags.contains(Flags::SYN | Flags::ACK) {
        let agrees = turn.flags.contains(Flags::ECE) && !turn.flags.intersects(Flags::CWR | Flags::AE);
        flags.put(flag::ECN_ANSWER[side], agrees);
    }
}

fn is_handshake_known(sides: &[Side; 2]) -> bool {
    let [one, other] = sides.each_ref().map(|side| side.openings.only());
    let (Some(one), Some(other)) = (one, other) else { return false };
    let answered =
        |asked: &Opening, answer: &Opening| answer.answers().is_some_and(|ack| asked.is_acknowledged_by(ack));
    one.options.are_known() && other.options.are_known() && (answered(one, other) || answered(other, one))
}
