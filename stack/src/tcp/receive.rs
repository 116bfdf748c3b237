//! floor 3: RECEIVE and the receive buffer with its islands out of order (RFC 9293 sections 3.10.3,
//! 3.10.7.4).
//!
//! RFC1122-4.2.2.2-a: nothing is kept back from the application until a PSH comes.

use super::state::State;
use super::{Cx, Tcb};
use crate::base::seq::Window;
use crate::base::{Instant, Refused};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;

/// Islands that the buffer remembers at the most. More than a few are the work of somebody who wants to waste
/// time and memory; what would make one more is not taken, and is sent again.
const MAX_ISLANDS: usize = 128;

/// Text out of order: distances from RCV.NXT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Island {
    pub(super) start: u32,
    pub(super) end: u32,
    /// Grows with each segment: the island with the largest one was touched last.
    pub(super) touched: u32,
}

/// What became of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// It is here. This part of it was here before: distances from RCV.NXT, the first part if there are
    /// several.
    Taken { twice: Option<(u32, u32)> },
    /// It would have made one gap too many.
    TooManyGaps,
}

/// Octets from the first unread one on. `ready` of them are in order, `front` more are only waiting to be
/// taken; after them islands, separated by gaps of octets without meaning. Grows when needed, but not beyond
/// the window: whoever calls has cut off the rest.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffer {
    octets: VecDeque<u8>,
    ready: u32,
    /// Octets from RCV.NXT on: text that waits for the connection to be established, else 0 between events.
    front: u32,
    /// Sorted, disjoint, not touching, beyond `front`.
    islands: Vec<Island>,
    /// Segments out of order since there are islands.
    touches: u32,
    /// Distance of the peer's FIN from RCV.NXT.
    fin: Option<u32>,
    /// How much the application took when it last took everything: about as much is likely to come again.
    usual: u32,
}

impl Buffer {
    pub(super) const fn ready_octets(&self) -> u32 {
        self.ready
    }

    /// Octets from RCV.NXT on that are only waiting to be taken.
    pub(super) const fn waiting_octets(&self) -> u32 {
        self.front
    }

    /// Octets of memory in use, gaps included.
    pub(super) fn held_octets(&self) -> u32 {
        u32::try_from(self.octets.len()).unwrap_or(u32::MAX)
    }

    /// Whether something is missing before text that is here.
    pub(super) const fn has_gaps(&self) -> bool {
        !self.islands.is_empty()
    }

    pub(super) const fn islands(&self) -> &[Island] {
        self.islands.as_slice()
    }

    /// Stores `data` that begins `start` octets after RCV.NXT. What is there already stays: only the new part
    /// counts.
    pub(super) fn hold(&mut self, start: u32, data: &[u8]) -> Held {
        let end = start + u32::try_from(data.len()).unwrap_or(0);
        if start == self.front && self.islands.is_empty() {
            // What follows the front and meets nothing else only makes it longer.
            self.write(start, data);
            self.front = end;
            return Held::Taken { twice: None };
        }
        // The islands that the text touches.
        let first = self.islands.partition_point(|island| island.end < start);
        let last = self.islands.partition_point(|island| island.start <= end);
        let apart = first == last && start > self.front;
        if apart && self.islands.len() >= MAX_ISLANDS {
            return Held::TooManyGaps;
        }
        let mut twice = None;
        let mut cursor = start;
        let front = Island { start: 0, end: self.front, touched: 0 };
        for at in 0..=last - first {
            let known = if at == 0 { front } else { self.islands[first + at - 1] };
            if known.end <= cursor || known.start >= end {
                continue;
            }
            twice = twice.or(Some((known.start.max(cursor), known.end.min(end))));
            if known.start > cursor {
                self.write(cursor, &data[(cursor - start) as usize..(known.start - start) as usize]);
            }
            cursor = known.end;
        }
        if cursor < end {
            self.write(cursor, &data[(cursor - start) as usize..]);
        }
        self.unite(start, end, first, last);
        Held::Taken { twice }
    }

    /// Stores the peer's FIN. Of two that contradict each other the earlier counts.
    pub(super) fn hold_fin(&mut self, at: u32) {
        self.fin = Some(self.fin.map_or(at, |known| known.min(at)));
    }

    fn write(&mut self, at: u32, data: &[u8]) {
        let from = (self.ready + at) as usize;
        if from == self.octets.len() {
            if self.octets.capacity() == 0 {
                self.octets.reserve_exact(data.len().max(self.usual as usize));
            }
            self.octets.extend(data);
            return;
        }
        if self.octets.len() < from + data.len() {
            self.octets.resize(from + data.len(), 0);
        }
        self.octets.range_mut(from..from + data.len()).zip(data).for_each(|(to, octet)| *to = *octet);
    }

    /// Joins the new text with the islands `first..last`, which it touches, and with the front if it reaches
    /// that.
    fn unite(&mut self, mut start: u32, mut end: u32, first: usize, last: usize) {
        if let Some(touched) = self.islands[first..last].last() {
            start = start.min(self.islands[first].start);
            end = end.max(touched.end);
        }
        if start <= self.front {
            self.front = self.front.max(end);
            self.islands.drain(first..last);
            self.release();
            return;
        }
        self.touches = self.touches.saturating_add(1);
        self.islands.splice(first..last, [Island { start, end, touched: self.touches }]);
    }

    /// Gives the memory of islands back that are no more.
    fn release(&mut self) {
        if self.islands.is_empty() && self.touches > 0 {
            self.islands = Vec::new();
            self.touches = 0;
        }
    }

    /// Takes what lies at RCV.NXT as received in order; how many octets that are.
    pub(super) fn take_in_order(&mut self) -> u32 {
        // Nothing follows a FIN.
        let octets = self.fin.map_or(self.front, |fin| self.front.min(fin));
        self.front -= octets;
        for island in &mut self.islands {
            island.start -= octets;
            island.end -= octets;
        }
        self.fin = self.fin.map(|fin| fin - octets);
        self.ready += octets;
        octets
    }

    /// Takes the FIN if it is next, and forgets whatever a peer that contradicts itself sent beyond it.
    pub(super) fn take_fin(&mut self) -> bool {
        let is_next = self.fin == Some(0);
        if is_next {
            self.fin = None;
            self.front = 0;
            self.islands.clear();
            self.release();
            self.octets.truncate(self.ready as usize);
        }
        is_next
    }

    /// Forgets what lies beyond RCV.NXT.
    pub(super) fn forget_unordered(&mut self) {
        self.fin = None;
        self.front = 0;
        self.islands.clear();
        self.release();
        self.octets.truncate(self.ready as usize);
    }

    /// The octet that lies `at` behind the first unread one.
    fn octet(&self, at: u32) -> Option<u8> {
        self.octets.get(at as usize).copied().filter(|_| at < self.ready)
    }

    /// A copy of `octets` octets, which are there, `skip` behind the first unread one.
    fn copy(&self, skip: u32, octets: u32) -> Vec<u8> {
        self.octets.range(skip as usize..(skip + octets) as usize).copied().collect()
    }

    /// Asserts the invariants; `window` is what may be held beyond what is in order.
    pub(super) fn check(&self, window: Window) {
        let last = self.islands.last().map_or(self.front, |island| island.end);
        assert!(self.held_octets() == self.ready + last, "the receive buffer holds octets of nothing");
        assert!(last <= window.octets(), "text beyond the right edge was kept");
        assert!(self.islands.len() <= MAX_ISLANDS, "too many islands");
        assert!(self.islands.iter().all(|island| island.start < island.end), "an island of no octets");
        let apart = self.islands.is_sorted_by(|one, next| one.end < next.start);
        let beyond = self.islands.first().is_none_or(|island| island.start > self.front);
        assert!(apart && beyond, "islands touch or are out of order");
    }

    fn read(&mut self, max: u32) -> Vec<u8> {
        let octets = self.ready.min(max);
        self.ready -= octets;
        if octets as usize == self.octets.len() {
            // The reader gets the buffer itself, and an idle connection holds none.
            self.usual = octets;
            return mem::take(&mut self.octets).into();
        }
        let octets = octets as usize;
        let (front, back) = self.octets.as_slices();
        let (front, back) = (&front[..octets.min(front.len())], &back[..octets.saturating_sub(front.len())]);
        let data = [front, back].concat();
        self.octets.drain(..octets);
        data
    }
}

impl Tcb {
    /// RECEIVE: at most `max` octets in order; none means the end of the stream.
    ///
    /// # Errors
    /// [`Refused::WouldBlock`] if nothing is there yet, and once the error that ended the connection, when
    /// what came before is read.
    pub fn receive(&mut self, now: Instant, max: u32, cx: &mut Cx<'_>) -> Result<Vec<u8>, Refused> {
        if self.skips_urgent() && max > 0 {
            self.receive_buffer.read(1);
            self.leave_mark();
        }
        if self.unread_octets() == 0 {
            self.tell_window(now, cx);
            return self.nothing_to_read();
        }
        //= RFC9293-3.10.3-c
        let data = self.receive_buffer.read(max.min(self.octets_before_mark(0)));
        self.leave_mark();
        self.tell_window(now, cx);
        Ok(data)
    }

    /// As [`receive`](Self::receive), but what is read stays.
    ///
    /// # Errors
    /// The same.
    pub fn peek(&mut self, max: u32) -> Result<Vec<u8>, Refused> {
        let skipped = u32::from(self.skips_urgent());
        if self.unread_octets() == skipped {
            return self.nothing_to_read();
        }
        Ok(self.receive_buffer.copy(skipped, max.min(self.octets_before_mark(skipped))))
    }

    fn nothing_to_read(&mut self) -> Result<Vec<u8>, Refused> {
        //= RFC9293-3.10.3-d
        //= RFC9293-3.10.3-e
        if self.peer_fin {
            return Ok(Vec::new());
        }
        if let Some(refused) = self.error.take() {
            return Err(refused);
        }
        //= RFC9293-3.10.3-b
        if self.state() == State::Closed { Ok(Vec::new()) } else { Err(Refused::WouldBlock) }
    }

    /// The urgent octet, which is read apart from the others, and once.
    ///
    /// # Errors
    /// [`Refused::InvalidArgument`] if there is none, [`Refused::WouldBlock`] if it is announced only,
    /// [`Refused::NotConnected`] after the connection has failed.
    pub fn receive_urgent(&mut self) -> Result<Vec<u8>, Refused> {
        let Some(ahead) = self.mark_ahead().filter(|_| !self.settings.urgent_in_line && !self.urgent_taken)
        else {
            return Err(Refused::InvalidArgument);
        };
        let gone = self.state() == State::Closed;
        if gone && !self.peer_fin {
            return Err(Refused::NotConnected);
        }
        match self.receive_buffer.octet(ahead) {
            Some(octet) => {
                self.urgent_taken = true;
                Ok(alloc::vec![octet])
            }
            None if gone || self.peer_fin => Ok(Vec::new()),
            None => Err(Refused::WouldBlock),
        }
    }

    /// Whether what is read next is the urgent octet, or what follows it if that is read apart.
    pub fn is_at_mark(&self) -> bool {
        self.mark_ahead() == Some(0)
    }

    /// Whether urgent octets are read in line from now on.
    pub fn set_urgent_in_line(&mut self, on: bool) {
        if self.settings.urgent_in_line != on {
            self.own_settings().urgent_in_line = on;
        }
    }

    /// Octets before the urgent one.
    fn mark_ahead(&self) -> Option<u32> {
        u32::try_from(self.rcv.up?.back(1).distance_from(self.consumed())).ok()
    }

    /// Whether the next octet is an urgent one that is not read in line.
    pub(super) fn skips_urgent(&self) -> bool {
        !self.settings.urgent_in_line && self.unread_octets() > 0 && self.is_at_mark()
    }

    /// Octets that are read at once: up to the mark. `from` of them are left out.
    fn octets_before_mark(&self, from: u32) -> u32 {
        let ready = self.unread_octets();
        let end = self.mark_ahead().filter(|ahead| *ahead > 0).map_or(ready, |ahead| ahead.min(ready));
        end - from
    }

    /// There is no mark any more once the application has read beyond it.
    fn leave_mark(&mut self) {
        if self.urgent_octets_left() == 0 {
            self.rcv.up = None;
            self.urgent_told = false;
            self.urgent_taken = false;
        }
    }

    /// The mark moves on. Who stands at the old one and has not read its octet apart will not read it in line
    /// either; an old octet further ahead is one like the others.
    pub(super) fn pass_mark(&mut self) {
        if self.skips_urgent() && self.unread_octets() > 1 {
            self.receive_buffer.read(1);
        }
        self.urgent_taken = false;
    }
}
