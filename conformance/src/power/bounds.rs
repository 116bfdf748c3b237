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
        offers.map(|(_, _, segment)| segment.edge(shift)).reduce(later)
    }

    /// The farthest right edge that one side had offered before this segment, SYNs left out.
    pub fn edge_before(&self, at: usize, ours: bool) -> Option<u32> {
        let shift = self.shift(at, ours);
        let offers = self.before(at).filter(|(_, own, segment)| {
            *own == ours && segment.flags.ack() && !segment.flags.intersects(Flags::SYN | Flags::RST)
        });
        offers.map(|(_, _, segment)| segment.edge(shift)).reduce(later)
    }

    /// What the peer had acknowledged before this segment.
    pub fn taken_before(&self, at: usize) -> Option<u32> {
        let acks = self.before(at).filter(|(_, own, segment)| !own && segment.flags.ack());
        acks.map(|(_, _, segment)| segment.ack).reduce(later)
    }

    /// The latest segment of the peer before this one.
    pub fn heard_before(&self, at: usize) -> Option<usize> {
        self.before(at).rev().find(|(_, own, _)| !own).map(|(index, _, _)| index)
    }

    /// From one frame to a later one, in microseconds.
    pub fn us_between(&self, from: usize, to: usize) -> u64 {
        self.frames[to].at.since(self.frames[from].at).as_nanos() / 1_000
    }

    /// Octets of data that a full segment of the host has at the most, up to 1000.
    pub fn full_octets(&self, at: usize) -> usize {
        const OPTIONS_OCTETS: usize = 12;
        self.max_segment(at).unwrap_or(536).saturating_sub(OPTIONS_OCTETS).clamp(1, 1_000)
    }

    /// Whether the host is the first that sends something behind this frame's number: nothing behind it was
    /// sent before, and it has no FIN.
    pub fn is_front(&self, at: usize) -> bool {
        self.is_new_data(at) && self.own(at).is_some_and(|own| !own.flags.fin() && own.payload.len() > 20)
    }

    /// Adds full segments of new data behind the segment in a frame, from the given time on, as many as take
    /// the numbers up to `until`.
    pub fn stream(&mut self, at: usize, later_us: u64, until: u32) {
        const SEGMENTS_MAX: u64 = 500;
        let Some(mut seq) = self.own(at).map(super::edit::Edit::end) else { return };
        let full = self.full_octets(at);
        for index in 0..SEGMENTS_MAX {
            if until.wrapping_sub(seq).cast_signed() <= 0 {
                return;
            }
            self.add(at, later_us + index, |segment| {
                segment.seq = seq;
                segment.flags = Flags::ACK;
                segment.payload = vec![0x55; full];
            });
            seq = seq.wrapping_add(full as u32);
        }
    }

    /// What the peer's SYN says of the longest segment.
    pub fn max_segment(&self, at: usize) -> Option<usize> {
        let syn = self.syn(at, false)?;
        let octets = syn.option(MAX_SEGMENT).and_then(|octets| octets.first_chunk::<2>());
        octets.map(|octets| usize::from(u16::from_be_bytes(*octets)))
    }

    /// What the SYN of the host says of the longest segment.
    pub fn max_segment_own(&self, at: usize) -> Option<usize> {
        let syn = self.syn(at, true)?;
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

    /// Whether one segment that was sent before has the same limits.
    pub fn is_repeated_whole(&self, at: usize) -> bool {
        let Some(again) = self.own(at) else { return false };
        self.before(at).any(|(_, own, segment)| {
            own && segment.seq == again.seq
                && segment.payload.len() == again.payload.len()
                && segment.flags.fin() == again.flags.fin()
        })
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
        acks.map(|(_, _, segment)| segment.ack).next_back()
    }
}
