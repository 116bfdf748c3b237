//! floor 7: what the capture says about each address.

use super::assume::{HostFacts, Tap};
use super::checksum::{Field, Kind};
use super::hash::Mixed;
use super::nearness::Answer;
use super::packet::Packet;
use super::style::Style;
use std::collections::HashMap;
use std::net::IpAddr;

/// Where in the table an address is, or that there was no room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HostSlot(u32);

impl HostSlot {
    /// That of an address that facts are not kept about.
    const NONE: Self = Self(u32::MAX);
}

/// The facts about every address.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// How many there may be; others are judged without facts.
    most: usize,
    index: HashMap<IpAddr, u32, Mixed>,
    facts: Vec<HostFacts>,
}

impl Hosts {
    /// Facts about so many addresses at the most.
    pub(super) fn new(most: usize) -> Self {
        Self { most, index: HashMap::default(), facts: Vec::new() }
    }

    /// How near to a host the tap is, as far as the capture shows. It can not show more than
    /// [`Tap::OnLink`].
    pub fn tap(&self, addr: IpAddr) -> Tap {
        if self.get(addr).is_near() { Tap::OnLink } else { Tap::Anywhere }
    }

    /// What is known of an address so far.
    pub fn get(&self, addr: IpAddr) -> HostFacts {
        let slot = self.index.get(&addr);
        slot.and_then(|slot| self.facts.get(*slot as usize)).copied().unwrap_or_default()
    }

    /// The place of an address, which is made if there is room. It stays the same.
    pub(super) fn enter(&mut self, addr: IpAddr) -> HostSlot {
        if let Some(slot) = self.index.get(&addr) {
            return HostSlot(*slot);
        }
        let next = self.facts.len();
        match u32::try_from(next) {
            Ok(slot) if next < self.most => {
                self.facts.push(HostFacts::default());
                self.index.insert(addr, slot);
                HostSlot(slot)
            }
            Ok(_) | Err(_) => HostSlot::NONE,
        }
    }

    fn at(&mut self, slot: HostSlot) -> Option<&mut HostFacts> {
        self.facts.get_mut(slot.0 as usize)
    }

    /// Takes note of how fast an address answered.
    pub(super) fn note_answer(&mut self, slot: HostSlot, answer: Answer) {
        if let Some(facts) = self.at(slot) {
            facts.note_answer(answer);
        }
    }

    /// Takes note of an ICMP error for an address, and whether it is about the path MTU.
    pub(super) fn note_error(&mut self, slot: HostSlot, too_big: bool) {
        if let Some(facts) = self.at(slot) {
            facts.had_errors = true;
            facts.had_too_big |= too_big;
        }
    }

    /// Takes note of a packet of an address: its checksums, and if it is a segment of a connection the hops
    /// that it had left and how it opens the connection.
    pub(super) fn note(
        &mut self,
        slot: HostSlot,
        packet: &Packet<'_>,
        fields: [Option<(Kind, Field)>; 2],
        is_segment: bool,
    ) {
        let Some(facts) = self.at(slot) else { return };
        let number = packet.sighting.number;
        for (kind, field) in fields.into_iter().flatten() {
            facts.note(number, kind, field);
        }
        if is_segment {
            facts.note_hops(number, packet.net.hop_limit());
            if facts.styles().may_miss(packet)
                && let Some(style) = Style::of(packet)
            {
                facts.note_style(style);
            }
        }
    }

    /// Takes note of what the capture lacks of an address, as this packet shows.
    pub(super) fn note_lack(&mut self, slot: HostSlot, number: u64, missing: bool, unseen: bool) {
        if let Some(facts) = self.at(slot) {
            facts.note_lack(number, missing, unseen);
        }
    }

    /// What is known of every address.
    pub fn all(&self) -> impl Iterator<Item = (&IpAddr, &HostFacts)> {
        self.index.iter().filter_map(|(addr, slot)| Some((addr, self.facts.get(*slot as usize)?)))
    }

    /// Takes over what was noted elsewhere. There is room for all.
    pub(super) fn absorb(&mut self, other: Self) {
        self.most = self.most.saturating_add(other.most);
        for (addr, slot) in other.index {
            let own = self.enter(addr);
            if let (Some(own), Some(facts)) = (self.at(own), other.facts.get(slot as usize)) {
                own.merge(facts);
            }
        }
    }
}
