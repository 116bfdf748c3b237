//! floor 3: a segment arrives for nobody (RFC 9293 section 3.10.7.1).

use crate::base::{Ecn, Why};
use crate::tcp::{Cx, reset};
use crate::wire::tcp::Segment;

/// The reset that answers `segment`; `None` if it is a reset itself, which is never answered. Ports are 0.
pub fn reset_for(segment: &Segment<'_>) -> Option<Segment<'static>> {
    if segment.flags.rst() {
        return None;
    }
    //= RFC5961-3.2-e
    //= RFC9293-3.5.1-b
    //= RFC9293-3.5.2-a
    //= RFC9293-3.10.7.1-b
    //= RFC9293-3.10.7.1-c
    Some(reset::reply_to(segment))
}

/// Answers or discards `segment`.
pub(in crate::tcp) fn answer(segment: &Segment<'_>, cx: &mut Cx<'_>) {
    match reset_for(segment) {
        Some(reset) => cx.out.segment(&reset, Ecn::NotEct),
        //= RFC9293-3.10.7.1-a
        None => cx.out.discard(Why::TcpResetToNobody),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tcp::Flags;

    //? RFC9293-3.10.7.1-b
    //? RFC9293-3.10.7.1-c
    //? RFC9293-3.5.2-b
    //? RFC9293-3.5.2-c
    //? RFC5961-3.2-e
    #[test]
    fn the_reset_is_one_that_the_sender_will_believe() {
        let arriving = Segment { seq: 100, ack: 700, flags: Flags::ACK, ..Segment::default() };
        let expected = Segment { seq: 700, flags: Flags::RST, ..Segment::default() };
        assert_eq!(reset_for(&arriving), Some(expected));

        let syn_fin = Flags::SYN | Flags::FIN;
        let arriving = Segment { seq: u32::MAX, flags: syn_fin, payload: b"abc", ..Segment::default() };
        let expected = Segment { ack: 4, flags: Flags::RST | Flags::ACK, ..Segment::default() };
        assert_eq!(reset_for(&arriving), Some(expected));
    }

    //? RFC9293-3.10.7.1-a
    //? RFC9293-3.5.2-a
    #[test]
    fn a_reset_is_never_answered() {
        let arriving = Segment { seq: 1, flags: Flags::RST | Flags::ACK, ..Segment::default() };
        assert_eq!(reset_for(&arriving), None);
    }
}
