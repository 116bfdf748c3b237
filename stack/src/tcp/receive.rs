//! floor 3: RECEIVE and the receive buffer with its islands out of order (RFC 9293 sections 3.10.3,
//! 3.10.7.4).

use super::state::State;
use super::{Cx, Tcb};
use crate::base::{Instant, Refused};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Gaps that the buffer remembers at the most. More than a few are the work of somebody who wants to waste
/// time; what would make one more is not taken, and is sent again.
const MAX_ISLANDS: usize = 64;

/// Octets from the first unread one on. `ready` of them are in order; after them islands, separated by gaps
/// of octets without meaning. Grows when needed.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffer {
    octets: VecDeque<u8>,
    ready: u32,
    /// Sorted, disjoint, not touching: start and end as distances from RCV.NXT. An island at 0 is text that
    /// waits for the connection to be established.
    islands: Vec<(u32, u32)>,
    /// Distance of the peer's FIN from RCV.NXT.
    fin: Option<u32>,
}

impl Buffer {
    pub(super) const fn ready_octets(&self) -> u32 {
        self.ready
    }

    /// Octets of memory in use, gaps included.
    pub(super) fn held_octets(&self) -> u32 {
        u32::try_from(self.octets.len()).unwrap_or(u32::MAX)
    }

    /// Whether something is missing before text that is here.
    pub(super) const fn has_gaps(&self) -> bool {
        !self.islands.is_empty()
    }

    pub(super) const fn islands(&self) -> &[(u32, u32)] {
        self.islands.as_slice()
    }

    /// Stores `data` that begins `start` octets after RCV.NXT. What is there already stays: only the new part
    /// counts. `false` if there would be too many gaps.
    pub(super) fn hold(&mut self, start: u32, data: &[u8]) -> bool {
        let end = start + u32::try_from(data.len()).unwrap_or(0);
        let touched = |island: &&(u32, u32)| island.1 >= start && island.0 <= end;
        if self.islands.len() >= MAX_ISLANDS && start > 0 && !self.islands.iter().any(|one| touched(&one)) {
            return false;
        }
        let mut cursor = start;
        for at in 0..self.islands.len() {
            let (island_start, island_end) = self.islands[at];
            if island_end <= cursor {
                continue;
            }
            if island_start >= end {
                break;
            }
            if island_start > cursor {
                self.write(cursor, &data[(cursor - start) as usize..(island_start - start) as usize]);
            }
            cursor = island_end;
        }
        if cursor < end {
            self.write(cursor, &data[(cursor - start) as usize..]);
        }
        self.unite(start, end);
        true
    }

    /// Stores the peer's FIN. Of two that contradict each other the earlier counts.
    pub(super) fn hold_fin(&mut self, at: u32) {
        self.fin = Some(self.fin.map_or(at, |known| known.min(at)));
    }

    fn write(&mut self, at: u32, data: &[u8]) {
        let from = (self.ready + at) as usize;
        if from == self.octets.len() {
            self.octets.extend(data);
            return;
        }
        if self.octets.len() < from + data.len() {
            self.octets.resize(from + data.len(), 0);
        }
        self.octets.range_mut(from..from + data.len()).zip(data).for_each(|(to, octet)| *to = *octet);
    }

    /// Adds one island and joins what it touches.
    fn unite(&mut self, mut start: u32, mut end: u32) {
        let first = self.islands.partition_point(|island| island.1 < start);
        let last = self.islands.partition_point(|island| island.0 <= end);
        if first < last {
            start = start.min(self.islands[first].0);
            end = end.max(self.islands[last - 1].1);
        }
        self.islands.splice(first..last, [(start, end)]);
    }

    /// Takes what lies at RCV.NXT as received in order; how many octets that are.
    pub(super) fn take_in_order(&mut self) -> u32 {
        let Some(&(0, end)) = self.islands.first() else { return 0 };
        // Nothing follows a FIN.
        let octets = self.fin.map_or(end, |fin| end.min(fin));
        self.islands.remove(0);
        if octets < end {
            self.islands.insert(0, (octets, end));
        }
        for island in &mut self.islands {
            *island = (island.0 - octets, island.1 - octets);
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
            self.islands = Vec::new();
            self.octets.truncate(self.ready as usize);
        }
        is_next
    }

    fn read(&mut self, max: u32) -> Vec<u8> {
        let octets = self.ready.min(max);
        self.ready -= octets;
        self.octets.drain(..octets as usize).collect()
    }
}

impl Tcb {
    /// RECEIVE: at most `max` octets in order; none means the end of the stream.
    ///
    /// # Errors
    /// [`Refused::WouldBlock`] if nothing is there yet, and once the error that ended the connection.
    pub fn receive(&mut self, now: Instant, max: u32, cx: &mut Cx<'_>) -> Result<Vec<u8>, Refused> {
        if let Some(refused) = self.error.take() {
            return Err(refused);
        }
        if self.unread_octets() == 0 {
            //= RFC9293-3.10.3-d
            //= RFC9293-3.10.3-e
            let ended = self.peer_fin || self.state() == State::Closed;
            //= RFC9293-3.10.3-b
            return if ended { Ok(Vec::new()) } else { Err(Refused::WouldBlock) };
        }
        //= RFC9293-3.10.3-c
        let data = self.receive_buffer.read(max);
        if self.urgent_octets_left() == 0 {
            self.rcv.up = None;
            self.urgent_told = false;
        }
        self.tell_window(now, cx);
        Ok(data)
    }
}
