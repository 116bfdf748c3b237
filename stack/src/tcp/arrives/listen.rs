//! floor 3: a segment arrives in LISTEN (RFC 9293 section 3.10.7.2). Security and compartment are of
//! multi-level secure systems alone.

use crate::base::Why;
use crate::tcp::reset;
use crate::wire::tcp::Segment;

/// What a listening socket does with a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Discard it.
    Ignore(Why),
    /// Answer with this reset, whose ports are 0.
    Reset(Segment<'static>),
    /// A connection request: [`Tcb::accept`](crate::tcp::Tcb::accept), unless the backlog is full.
    Open,
}

/// Judges a segment that came to a listening socket and belongs to no connection. Source and destination
/// address were judged before.
pub fn on_segment(segment: &Segment<'_>) -> Disposition {
    if segment.flags.rst() {
        //= RFC9293-3.10.7.2-a
        return Disposition::Ignore(Why::TcpResetToListener);
    }
    if segment.flags.ack() {
        //= RFC9293-3.10.7.2-b
        return Disposition::Reset(reset::reply_to(segment));
    }
    if segment.flags.syn() {
        return Disposition::Open;
    }
    //= RFC9293-3.10.7.2-e
    Disposition::Ignore(Why::TcpNothingToListener)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tcp::Flags;

    fn judged(flags: Flags) -> Disposition {
        on_segment(&Segment { seq: 100, ack: 700, flags, payload: b"x", ..Segment::default() })
    }

    //? RFC9293-3.10.7.2-a
    //? RFC9293-3.10.7.2-b
    //? RFC9293-3.10.7.2-e
    #[test]
    fn rst_goes_before_ack_and_ack_before_syn() {
        let reset = Segment { seq: 700, flags: Flags::RST, ..Segment::default() };
        assert_eq!(judged(Flags::ALL), Disposition::Ignore(Why::TcpResetToListener));
        assert_eq!(judged(Flags::SYN | Flags::ACK), Disposition::Reset(reset));
        assert_eq!(judged(Flags::SYN | Flags::FIN | Flags::URG), Disposition::Open);
        assert_eq!(judged(Flags::FIN), Disposition::Ignore(Why::TcpNothingToListener));
        assert_eq!(judged(Flags::NONE), Disposition::Ignore(Why::TcpNothingToListener));
    }
}
