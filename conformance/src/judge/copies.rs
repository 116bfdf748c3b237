//! floor 7: packets that were captured twice, because the tap saw them on their way in and on their way out.

use super::ends::Ends;
use super::hash::{Mix, Mixed};
use super::packet::{Net, Packet};
use stack::base::Instant;
use std::collections::HashSet;
use std::net::SocketAddr;

/// Packets that a copy is looked for among.
const RECENT: u64 = 512;

/// Places to begin a search at.
const BUCKETS: u64 = 1024;

/// How far apart a packet and its copy may be, in nanoseconds.
const COPY_WITHIN_NS: u64 = 1_000_000_000;

/// Octets of a long packet that tell it from others: its headers with their checksum, and its end.
const HEAD_OCTETS: usize = 40;
const TAIL_OCTETS: usize = 16;

/// One packet.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    key: u64,
    at: Instant,
    /// The number of the packet before it that began at the same place.
    before: u64,
}

/// The packets of late.
#[derive(Clone, Debug, Default)]
pub(super) struct Copies {
    /// By number, modulo how many there are.
    recent: Vec<Seen>,
    /// The number of the latest packet of each place; from 1.
    latest: Vec<u64>,
    count: u64,
}

impl Copies {
    /// Takes note of a packet and says whether it was there before: same addresses, same identification, same
    /// octets above. IPv6 and identification zero can not tell a copy from a repetition, and are taken for
    /// none.
    pub(super) fn has(&mut self, packet: &Packet<'_>) -> bool {
        let Some(key) = key(packet) else { return false };
        if self.recent.is_empty() {
            self.recent = vec![Seen::default(); RECENT as usize];
            self.latest = vec![0; BUCKETS as usize];
        }
        let at = packet.sighting.at;
        let near =
            |other: Instant| at.since(other).as_nanos().max(other.since(at).as_nanos()) <= COPY_WITHIN_NS;
        let bucket = (key % BUCKETS) as usize;
        let mut known = false;
        let mut number = self.latest[bucket];
        // Those that were overwritten are behind all that were not.
        while number != 0 && number + RECENT > self.count {
            let seen = self.recent[(number % RECENT) as usize];
            known |= seen.key == key && near(seen.at);
            number = seen.before;
        }
        self.count += 1;
        self.recent[(self.count % RECENT) as usize] = Seen { key, at, before: self.latest[bucket] };
        self.latest[bucket] = self.count;
        known
    }
}

/// Connections with copies that are remembered; of further ones it is not known which they are.
const FLOWS_MAX: usize = 1 << 14;

/// The connections of which a packet looks recorded twice. It may have come twice.
#[derive(Clone, Debug, Default)]
pub(super) struct Copied {
    flows: HashSet<Ends, Mixed>,
    /// There were more than are remembered.
    full: bool,
}

impl Copied {
    /// Takes note of a copy. Of a fragment that does not begin a segment, its connection is not known;
    /// nothing is claimed where segments come in fragments.
    pub(super) fn note(&mut self, packet: &Packet<'_>) {
        let Some((ends, _)) = Ends::of_packet(packet) else { return };
        if self.flows.len() < FLOWS_MAX {
            self.flows.insert(ends);
        } else {
            self.full |= !self.flows.contains(&ends);
        }
    }

    /// Whether a packet between these ends was one, or may have been.
    pub(super) fn has(&self, ends: Option<(SocketAddr, SocketAddr)>) -> bool {
        self.full || ends.is_some_and(|(src, dst)| self.flows.contains(&Ends::of(src, dst).0))
    }
}

/// What a packet and its copy have in common, and no two other packets have within a second.
fn key(packet: &Packet<'_>) -> Option<u64> {
    let Net::V4(view) = &packet.net else { return None };
    if view.identification() == 0 {
        return None;
    }
    let flags = u64::from(view.reserved_flag()) << 2
        | u64::from(view.dont_fragment()) << 1
        | u64::from(view.more_fragments());
    let place = u64::from(view.fragment_offset_octets()) << 16 | u64::from(view.identification());
    let pair = u64::from(u32::from(view.src())) << 32 | u64::from(u32::from(view.dst()));
    let mix = Mix::fixed().word(pair).word(flags << 32 | place);
    let text = view.payload();
    let mix = if text.len() <= HEAD_OCTETS + TAIL_OCTETS {
        mix.octets(text)
    } else {
        mix.octets(&text[..HEAD_OCTETS]).octets(&text[text.len() - TAIL_OCTETS..]).word(text.len() as u64)
    };
    Some(mix.end())
}
