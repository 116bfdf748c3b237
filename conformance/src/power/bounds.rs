//! floor 8: the bounds of a good trace at one of its segments, with which faults are made that exceed them.

use super::story::Story;
use stack::wire::tcp::Flags;

const WINDOW_SCALE: u8 = 3;
const TIMESTAMPS: u8 = 8;
const MAX_SEGMENT: u8 = 2;

fn later(a: u32, b: u32) -> u32 {
    if a.wrapping_sub(b).cast_signed() > 0 { a } else { b }
}

impl Story {
    /// The number behind the last octet that one side was seen to send in the whole trace.
    pub fn end_of(&self, at: usize, ours: bool) -> Option<u32> {
        let all = self.before(at).chain(self.after(at));
        let own = self.segment(at).filter(|_| ours).map(super::edit::Edit::end);
        let ends = all.filter(|(_, own, segment)| *own == ours && !segment.flags.rst());
        ends.map(|(_, _, segment)| segment.end()).chain(own).reduce(later)
    }

    /// The highest number that one side had sent before this segment.
    pub fn sent_before(&self, at: usize, ours: bool) -> Option<u32> {
        let sent = self.before(at).filter(|(_, own, segment)| *own == ours && !segment.flags.rst());
        sent.map(|(_, _, segment)| segment.end()).reduce(later)
    }

    /// The window shift that a side uses: nothing if only one of the SYNs has the option.
    pub fn shift(&self, at: usize, ours: bool) -> u32 {
        let scale = self.syn(at, ours).and_then(|syn| syn.option(WINDOW_SCALE)).and_then(<[u8]>::first);
        if self.agreed(at, WINDOW_SCALE) { scale.map_or(0, |scale| u32::from(*scale)) } else { 0 }
    }

    /// The farthest right edge of a window that the peer ever offers.
    pub fn edge(&self, at: usize) -> Option<u32> {
        let shift = self.shift(at, false);
        let all = self.before(at).chain(self.after(at));
        let offers = all.filter(|(_, ours, segment)| !ours && segment.flags.ack() && !segment.flags.rst());
        let edge = |segment: &super::edit::Edit| {
            let shift = if segment.flags.syn() { 0 } else { shift };
            segment.ack.wrapping_add(u32::from(segment.window) << shift)
        };
        offers.map(|(_, _, segment)| edge(segment)).reduce(later)
    }

    /// What the peer's SYN says of the longest segment.
    pub fn max_segment(&self, at: usize) -> Option<usize> {
        let syn = self.syn(at, false)?;
        let octets = syn.option(MAX_SEGMENT).and_then(|octets| octets.first_chunk::<2>());
        octets.map(|octets| usize::from(u16::from_be_bytes(*octets)))
    }

    /// Whether the connection uses timestamps.
    pub fn stamped(&self, at: usize) -> bool {
        self.agreed(at, TIMESTAMPS)
    }

    /// Whether this is a first transmission of data, and something of the host follows.
    pub fn is_new_data(&self, at: usize) -> bool {
        let Some(segment) = self.own(at).filter(|_| self.flows(at)) else { return false };
        let above =
            self.sent_before(at, true).is_none_or(|sent| segment.seq.wrapping_sub(sent).cast_signed() >= 0);
        above && !segment.payload.is_empty()
    }

    /// Whether all of its octets were sent before.
    pub fn is_retransmission(&self, at: usize) -> bool {
        let Some(segment) = self.own(at).filter(|_| self.flows(at)) else { return false };
        let sent = self.sent_before(at, true);
        let below = sent.is_some_and(|sent| sent.wrapping_sub(segment.end()).cast_signed() >= 0);
        below && !segment.payload.is_empty()
    }

    /// Whether it is a bare acknowledgement of an open connection.
    pub fn is_bare_ack(&self, at: usize) -> bool {
        self.flows(at)
            && self.own(at).is_some_and(|segment| {
                segment.payload.is_empty() && !segment.flags.intersects(Flags::FIN | Flags::URG)
            })
    }

    /// Whether the host sends more on this connection afterwards that is no reset.
    pub fn goes_on(&self, at: usize) -> bool {
        self.after(at).any(|(_, ours, segment)| ours && !segment.flags.rst())
    }

    /// What the host acknowledged last before this segment.
    pub fn acknowledged_before(&self, at: usize) -> Option<u32> {
        let acks = self.before(at).filter(|(_, ours, segment)| *ours && segment.flags.ack());
        acks.map(|(_, _, segment)| segment.ack).last()
    }
}
