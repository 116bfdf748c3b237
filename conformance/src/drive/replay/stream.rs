//! floor 7: a recorded byte stream, put together by offset, and what each byte waited for.

use super::recording::{ChecksumSeen, RecordedConnection, RecordedSegment, Side};
use stack::base::Instant;
use stack::wire::tcp::Flags;

/// Streams longer than this are not put together: offsets that far are stray segments.
const STREAM_OCTETS_MAX: u32 = 1 << 28;

/// Where the number `seq` lies in the stream that began with `isn`; `None` for numbers before the stream
/// and for stray ones.
pub const fn offset(seq: u32, isn: u32) -> Option<u32> {
    let octets = seq.wrapping_sub(isn.wrapping_add(1));
    if octets <= STREAM_OCTETS_MAX { Some(octets) } else { None }
}

/// A run of octets that a segment sent for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstSent {
    /// Frame number in the capture.
    pub number: u64,
    /// Since the first frame of the capture.
    pub at: Instant,
    /// Offset of the first octet in the stream.
    pub start: u32,
    /// Offset behind the last octet.
    pub end: u32,
    /// Octets of the other stream that the sender had acknowledged by then: what it may have waited for.
    pub cause_octets: u32,
    /// Whether the segment had PSH set.
    pub push: bool,
    /// Offset behind the urgent octets, if the segment had URG set.
    pub urgent_end: Option<u32>,
}

/// One direction of a recorded connection. Offset 0 is the octet after the SYN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    octets: Vec<u8>,
    known: Vec<bool>,
    /// Octets that the side's segments have room for: what lies beyond them lies behind a hole.
    room_octets: usize,
    highest: u32,
    /// Octets from the beginning up to the first one that is not known.
    contiguous_octets: usize,
    /// Runs of octets in order of their first transmission.
    pub first_sent: Vec<FirstSent>,
    /// Offset of the FIN, if one was sent: the length of the stream.
    pub fin: Option<u32>,
    /// Frames whose copy of an octet differs from the first one.
    pub disagreements: Vec<u64>,
}

impl Stream {
    /// The stream that `side` sent, as far as the capture has it. Empty if its SYN was not seen.
    pub fn assemble(connection: &RecordedConnection, side: Side) -> Self {
        let mut stream = Self::default();
        let Some(isn) = connection.isn[side.index()] else { return stream };
        let peer_isn = connection.isn[side.other().index()];
        stream.room_octets = connection.of(side).map(|segment| segment.payload.len()).sum();
        let mut acknowledged = 0_u32;
        for segment in connection.of(side) {
            if let (Some(peer_isn), true) = (peer_isn, segment.has(Flags::ACK)) {
                acknowledged = acknowledged.max(offset(segment.ack, peer_isn).unwrap_or(0));
            }
            // What no receiver takes is no part of the stream.
            if !segment.has(Flags::RST) && segment.checksum != ChecksumSeen::Wrong {
                stream.add(segment, isn, acknowledged);
            }
        }
        stream
    }

    fn add(&mut self, segment: &RecordedSegment, isn: u32, cause_octets: u32) {
        let data_seq = segment.seq.wrapping_add(u32::from(segment.has(Flags::SYN)));
        let Some(start) = offset(data_seq, isn) else { return };
        let end = start.saturating_add(segment.payload_octets);
        if segment.has(Flags::FIN) {
            self.fin.get_or_insert(end);
        }
        let fresh = self.put(segment, start);
        if let Some((fresh_start, fresh_end)) = fresh {
            let urgent_end = segment
                .has(Flags::URG)
                .then(|| start.saturating_add(u32::from(segment.urgent_pointer)))
                .filter(|urgent| (fresh_start + 1..=fresh_end).contains(urgent));
            self.first_sent.push(FirstSent {
                number: segment.number,
                at: segment.at,
                start: fresh_start,
                end: fresh_end,
                cause_octets,
                push: segment.has(Flags::PSH),
                urgent_end,
            });
        }
    }

    /// Puts the captured payload in its place; returns the hull of the octets that were new. Nothing is kept
    /// of what can not join the beginning, so that one stray segment does not cost the memory up to it.
    fn put(&mut self, segment: &RecordedSegment, start: u32) -> Option<(u32, u32)> {
        if segment.payload.is_empty() {
            return None;
        }
        let end = start as usize + segment.payload.len();
        self.highest = self.highest.max(u32::try_from(end).unwrap_or(u32::MAX));
        if end > self.room_octets {
            return None;
        }
        if self.octets.len() < end {
            self.octets.resize(end, 0);
            self.known.resize(end, false);
        }
        let mut fresh: Option<(u32, u32)> = None;
        let mut differs = false;
        for (offset, octet) in (start..).zip(&segment.payload) {
            let place = offset as usize;
            if self.known[place] {
                differs |= self.octets[place] != *octet;
            } else {
                self.octets[place] = *octet;
                self.known[place] = true;
                fresh = Some((fresh.map_or(offset, |(first, _)| first), offset + 1));
            }
        }
        let rest = self.known.get(self.contiguous_octets..).unwrap_or_default();
        self.contiguous_octets += rest.iter().take_while(|known| **known).count();
        // A keep-alive may carry one octet of garbage (RFC 9293 MAY-6).
        if differs && segment.payload.len() > 1 {
            self.disagreements.push(segment.number);
        }
        fresh
    }

    /// The octets from the beginning up to the first one that is not known.
    pub fn contiguous(&self) -> &[u8] {
        &self.octets[..self.contiguous_octets]
    }

    /// Offset behind the highest octet that was sent.
    pub fn highest(&self) -> u32 {
        self.highest
    }

    /// The octets of a range, which must be known.
    pub fn slice(&self, start: u32, end: u32) -> &[u8] {
        &self.octets[start as usize..end as usize]
    }
}

/// FNV-1a of a stream: enough to tell two streams apart in a report, next to their lengths.
pub fn hash(octets: &[u8]) -> u64 {
    octets
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::super::recording::sample::{connection, segment};
    use super::super::recording::{RecordedSegment, Side};
    use super::{STREAM_OCTETS_MAX, Stream, offset};
    use quickcheck::quickcheck;
    use stack::wire::tcp::Flags;

    fn data(start: u32, payload: &[u8]) -> RecordedSegment {
        segment(Side::Client, start, 0, Flags::ACK, payload)
    }

    fn assembled(segments: Vec<RecordedSegment>) -> Stream {
        Stream::assemble(&connection(segments), Side::Client)
    }

    quickcheck! {
        fn cuts_order_and_copies_do_not_matter(octets: Vec<u8>, cuts: Vec<(u16, u16)>) -> bool {
            let len = octets.len();
            let mut segments: Vec<RecordedSegment> = cuts
                .iter()
                .map(|(start, count)| {
                    let start = usize::from(*start) % (len + 1);
                    let end = start + usize::from(*count) % (len - start + 1);
                    data(u32::try_from(start).unwrap_or(0), &octets[start..end])
                })
                .collect();
            segments.push(data(0, &octets));
            let stream = assembled(segments);
            let fresh: u32 = stream.first_sent.iter().map(|run| run.end - run.start).sum();
            stream.contiguous() == octets
                && stream.disagreements.is_empty()
                && fresh as usize >= len
                && stream.highest() as usize == len
        }

        fn an_offset_is_what_was_added_to_the_first_number(isn: u32, octets: u32) -> bool {
            let found = offset(isn.wrapping_add(1).wrapping_add(octets), isn);
            found == (octets <= STREAM_OCTETS_MAX).then_some(octets)
        }
    }

    #[test]
    fn a_hole_ends_what_is_contiguous() {
        let stream = assembled(vec![data(0, b"abc"), data(5, b"fgh")]);
        assert_eq!((stream.contiguous(), stream.highest()), (&b"abc"[..], 8));
        let stream = assembled(vec![data(0, b"abc"), data(5, b"fgh"), data(2, b"cdef")]);
        assert_eq!(stream.contiguous(), b"abcdefgh");
    }

    #[test]
    fn a_stray_segment_far_ahead_costs_no_memory() {
        let stream = assembled(vec![data(0, b"abc"), data(STREAM_OCTETS_MAX, b"x")]);
        assert_eq!((stream.contiguous(), stream.octets.len()), (&b"abc"[..], 3));
        assert_eq!(stream.highest(), STREAM_OCTETS_MAX + 1);
    }

    #[test]
    fn copies_that_differ_are_told_but_for_the_octet_of_a_keep_alive() {
        let stream = assembled(vec![data(0, b"abc"), data(1, b"xx"), data(2, b"?")]);
        assert_eq!((stream.contiguous(), stream.disagreements.as_slice()), (&b"abc"[..], &[4][..]));
    }

    #[test]
    fn the_first_fin_counts_and_takes_no_octet() {
        let fin = |start, payload| segment(Side::Client, start, 0, Flags::ACK | Flags::FIN, payload);
        let stream = assembled(vec![fin(0, b"abc"), fin(3, b"")]);
        assert_eq!((stream.fin, stream.contiguous()), (Some(3), &b"abc"[..]));
    }
}
