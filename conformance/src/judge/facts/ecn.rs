//! floor 7: explicit congestion notification (RFC 3168 section 6.1).

use super::side::Side;
use super::turn::Turn;
use stack::wire::tcp::Flags;

/// What the SYNs of one side say of explicit congestion notification.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ecn {
    /// Its SYN,ACK agrees to it, in the way of RFC 3168.
    pub agrees: bool,
}

/// Takes note of a segment of `own`.
pub(super) fn note(own: &mut Side, turn: &Turn<'_>) {
    let flags = turn.flags;
    if flags.contains(Flags::SYN | Flags::ACK) {
        own.ecn.agrees = flags.contains(Flags::ECE) && !flags.intersects(Flags::CWR | Flags::AE);
    }
}
