//! floor 2: reassembly (RFC 791 section 3.2, RFC 1122 section 3.3.2, RFC 8200 section 4.5, RFC 5722).
//!
//! One table for both families, bounded in datagrams, in octets and in time.
//!
//! RFC791-3.2-frag-b: the identification of a whole datagram means nothing (RFC 6864 section 4.1), so it
//! releases no reassembly.

use super::pieces::{Meeting, Pieces};
use super::{Emit, ReassemblyConfig};
use crate::base::{Choose, Freedom, Instant, Why};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};

/// Longest prefix of a first fragment that is kept for an ICMP error, in octets: what IPv6 quotes at most.
const QUOTE_LIMIT_OCTETS: usize = 1280;
/// What an unfinished datagram costs beside its pieces, an upper estimate of the bookkeeping.
const PARTIAL_OVERHEAD_OCTETS: usize = 256;

/// What the fragments of one datagram have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    //= RFC791-3.2-frag-a
    V4 { src: Ipv4Addr, dst: Ipv4Addr, protocol: u8, identification: u16 },
    //= RFC8200-4.5-e
    V6 { src: Ipv6Addr, dst: Ipv6Addr, identification: u32 },
}

/// A fragment, its length and offset checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub(super) offset_octets: u16,
    pub(super) more: bool,
    pub(super) data: &'a [u8],
    /// The packet as received.
    pub(super) packet: &'a [u8],
    /// Octets of `packet` that belong to every fragment: the IPv4 header, or the IPv6 headers before the
    /// fragment header.
    pub(super) header_octets: usize,
    /// Protocol of what is fragmented.
    pub(super) protocol: u8,
    /// Where `packet` names that protocol.
    pub(super) protocol_at: usize,
    pub(super) hop_limit: u8,
    pub(super) traffic_class: u8,
    /// Whether a frame to a group of stations carried it.
    pub(super) link_group: bool,
}

/// What is known from the first fragment, the one with offset 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct First {
    /// The fragment as received, cut to what can be quoted.
    pub(super) packet: Vec<u8>,
    pub(super) header_octets: usize,
    pub(super) protocol: u8,
    pub(super) protocol_at: usize,
    pub(super) hop_limit: u8,
    pub(super) traffic_class: u8,
    pub(super) link_group: bool,
}

/// A finished datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Whole {
    pub(super) first: First,
    pub(super) payload: Vec<u8>,
}

#[derive(Debug)]
struct Partial {
    until: Instant,
    pieces: Pieces,
    /// Length of the whole, once the last fragment is there.
    end_octets: Option<u32>,
    first: Option<First>,
    /// Which of the four ECN codepoints the fragments had, a bit for each.
    ecn_seen: u8,
    link_group: bool,
    abandoned: bool,
}

impl Partial {
    fn new(until: Instant) -> Self {
        Self {
            until,
            pieces: Pieces::default(),
            end_octets: None,
            first: None,
            ecn_seen: 0,
            link_group: false,
            abandoned: false,
        }
    }

    fn memory_octets(&self) -> usize {
        let first = self.first.as_ref().map_or(0, |first| first.packet.len());
        PARTIAL_OVERHEAD_OCTETS + first + self.pieces.memory_octets()
    }

    /// Gives up on the datagram, but remembers it: fragments still to come are discarded too.
    fn abandon(&mut self) {
        //= RFC5722-4-b
        self.pieces = Pieces::default();
        self.first = None;
        self.abandoned = true;
    }

    /// Adds a fragment; on an error that is not a mere duplicate the datagram is to be abandoned.
    fn add(&mut self, part: &Part<'_>, overlap: impl FnOnce() -> Overlap) -> Result<(), Why> {
        let offset = u32::from(part.offset_octets);
        self.agree_on_end(offset + part.data.len() as u32, part.more)?;
        match self.pieces.meeting(offset, part.data) {
            //= RFC8200-4.5-k
            Meeting::Duplicate => return Err(Why::FragmentDuplicate),
            Meeting::Apart => self.pieces.keep_first(offset, part.data),
            Meeting::Overlap => match overlap() {
                Overlap::KeepFirst => self.pieces.keep_first(offset, part.data),
                //= RFC791-3.2-frag-d
                Overlap::KeepLast => self.pieces.keep_last(offset, part.data),
                Overlap::Abandon(why) => return Err(why),
            },
        }
        self.ecn_seen |= 1 << (part.traffic_class & 3);
        self.link_group |= part.link_group;
        if part.offset_octets == 0 && self.first.is_none() {
            self.first = Some(First::of(part));
        }
        Ok(())
    }

    fn agree_on_end(&mut self, part_end: u32, more: bool) -> Result<(), Why> {
        let agrees = match self.end_octets {
            Some(end) => part_end == end || (more && part_end < end),
            None => more || self.pieces.end_octets() <= part_end,
        };
        //= RFC791-3.2-frag-h
        if !agrees {
            return Err(Why::FragmentsDisagree);
        }
        if !more {
            self.end_octets = Some(part_end);
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.end_octets == Some(self.pieces.covered_octets())
    }

    fn finish(self) -> Result<Option<Whole>, Why> {
        let Some(mut first) = self.first else { return Ok(None) };
        let (not_ect, ce) = (self.ecn_seen & 0b0001 != 0, self.ecn_seen & 0b1000 != 0);
        //= RFC3168-5.3-a
        if not_ect && ce {
            return Err(Why::FragmentEcn);
        }
        if ce {
            first.traffic_class |= 3;
        }
        first.link_group = self.link_group;
        //= RFC791-3.1-d
        //= RFC8200-5-a
        let mut payload = Vec::with_capacity(self.pieces.covered_octets() as usize);
        self.pieces.join_into(&mut payload);
        Ok(Some(Whole { first, payload }))
    }

    fn check(&self) {
        self.pieces.check();
        assert!(!self.abandoned || self.pieces.covered_octets() == 0, "an abandoned datagram keeps nothing");
        if let Some(end) = self.end_octets {
            assert!(self.pieces.end_octets() <= end && end <= 0xffff, "no octet lies behind the end");
        }
    }
}

impl First {
    /// Hop limit, class and headers come from this fragment, whatever the others say.
    fn of(part: &Part<'_>) -> Self {
        //= RFC791-3.2-frag-k
        //= RFC8200-4.5-n
        Self {
            packet: part.packet[..part.packet.len().min(QUOTE_LIMIT_OCTETS.max(part.header_octets))].to_vec(),
            header_octets: part.header_octets,
            protocol: part.protocol,
            protocol_at: part.protocol_at,
            hop_limit: part.hop_limit,
            traffic_class: part.traffic_class,
            link_group: part.link_group,
        }
    }
}

enum Overlap {
    KeepFirst,
    KeepLast,
    Abandon(Why),
}

/// What to do with overlapping fragments: IPv6 leaves no choice.
fn overlap_policy(key: &Key, choices: &mut dyn Choose) -> Overlap {
    match key {
        Key::V4 { .. } => match choices.choose(Freedom::Ipv4FragmentOverlap, 0..=2) {
            0 => Overlap::KeepFirst,
            1 => Overlap::KeepLast,
            choice => {
                assert_eq!(choice, 2, "a chooser answers within the legal range");
                Overlap::Abandon(Why::FragmentOverlap)
            }
        },
        //= RFC8200-4.5-j
        Key::V6 { .. } => Overlap::Abandon(Why::FragmentOverlapV6),
    }
}

/// A datagram whose time is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expired {
    pub(super) key: Key,
    /// The first fragment, if it was there.
    pub(super) first: Option<First>,
}

/// All unfinished datagrams.
#[derive(Debug)]
pub(super) struct Table {
    config: ReassemblyConfig,
    partials: BTreeMap<Key, Partial>,
    ageing: BTreeSet<(Instant, Key)>,
    memory_octets: usize,
}

impl Table {
    pub(super) fn new(config: ReassemblyConfig) -> Self {
        Self { config, partials: BTreeMap::new(), ageing: BTreeSet::new(), memory_octets: 0 }
    }

    /// Takes a fragment in and gives the datagram out that it completes.
    pub(super) fn arrive(
        &mut self,
        now: Instant,
        key: Key,
        part: &Part<'_>,
        choices: &mut dyn Choose,
        out: &mut dyn Emit,
    ) -> Option<Whole> {
        //= RFC791-3.2-frag-i
        if part.data.is_empty() {
            out.discard(Why::FragmentEmpty);
            return None;
        }
        let mut partial = self.take(&key).unwrap_or_else(|| Partial::new(now + self.lifetime(&key)));
        if partial.abandoned {
            out.discard(Why::FragmentOfAbandoned);
        } else if let Err(why) = partial.add(part, || overlap_policy(&key, choices)) {
            out.discard(why);
            if why != Why::FragmentDuplicate {
                partial.abandon();
            }
        }
        if partial.is_complete() {
            return partial.finish().unwrap_or_else(|why| {
                out.discard(why);
                None
            });
        }
        self.put(key, partial);
        self.shrink(out);
        None
    }

    fn lifetime(&self, key: &Key) -> crate::base::Span {
        match key {
            //= RFC1122-3.3.2-d
            Key::V4 { .. } => self.config.timeout_v4,
            //= RFC8200-4.5-f
            Key::V6 { .. } => self.config.timeout_v6,
        }
    }

    fn take(&mut self, key: &Key) -> Option<Partial> {
        let partial = self.partials.remove(key)?;
        self.ageing.remove(&(partial.until, *key));
        self.memory_octets -= partial.memory_octets();
        Some(partial)
    }

    fn put(&mut self, key: Key, partial: Partial) {
        self.memory_octets += partial.memory_octets();
        self.ageing.insert((partial.until, key));
        self.partials.insert(key, partial);
    }

    /// Drops the oldest datagrams until the bounds hold: whoever floods loses first what is old.
    fn shrink(&mut self, out: &mut dyn Emit) {
        while (self.partials.len() > self.config.datagrams || self.memory_octets > self.config.memory_octets)
            && let Some(&(_, oldest)) = self.ageing.first()
        {
            self.take(&oldest);
            out.discard(Why::ReassemblyFull);
        }
    }

    /// When the oldest datagram expires.
    pub(super) fn due(&self) -> Option<Instant> {
        self.ageing.first().map(|(until, _)| *until)
    }

    /// The next datagram that has expired by `now`. One that was abandoned expires without a word.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Expired> {
        while let Some(&(until, key)) = self.ageing.first()
            && until <= now
        {
            if let Some(partial) = self.take(&key)
                && !partial.abandoned
            {
                return Some(Expired { key, first: partial.first });
            }
        }
        None
    }

    pub(super) fn check(&self) {
        assert!(self.partials.len() <= self.config.datagrams, "unfinished datagrams are bounded in number");
        assert!(
            self.memory_octets <= self.config.memory_octets,
            "unfinished datagrams are bounded in memory"
        );
        assert_eq!(self.partials.len(), self.ageing.len(), "every unfinished datagram ages");
        let memory: usize = self.partials.values().map(Partial::memory_octets).sum();
        assert_eq!(memory, self.memory_octets, "memory of reassembly is counted");
        for (key, partial) in &self.partials {
            assert!(self.ageing.contains(&(partial.until, *key)), "every datagram ages at its time");
            partial.check();
        }
    }
}

#[cfg(test)]
mod tests;
