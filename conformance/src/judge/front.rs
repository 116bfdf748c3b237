//! floor 7: what is done once for the whole capture and in its order: counting, copies, the clock; and who
//! judges which packet.
//!
//! The judge consists of [`SHARDS`] shards, each of which sees its packets in the order of the capture and
//! knows nothing of the others. So the verdicts are the same however many threads the shards are given to.

use super::assume::{Calibration, Vantage};
use super::copies::Copies;
use super::ends::Ends;
use super::facts::pair;
use super::hash::Mix;
use super::packet::{Packet, Upper};
use stack::base::Instant;
use std::net::IpAddr;

/// Shards of the judge.
pub(super) const SHARDS: usize = 64;

/// Packets after which the time is looked at.
const STEADY_PACKETS: u32 = 4096;

/// What of a packet a shard is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The segment, as one of its connection.
    Flow,
    /// The packet, as one between its two hosts.
    Pair,
}

/// The shards that a packet goes to, by part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    flow: Option<u8>,
    pair: Option<u8>,
}

impl Way {
    /// What of the packet is for whom.
    pub(super) fn parts(self) -> impl Iterator<Item = (usize, Part)> {
        let flow = self.flow.map(|shard| (usize::from(shard), Part::Flow));
        let pair = self.pair.map(|shard| (usize::from(shard), Part::Pair));
        flow.into_iter().chain(pair)
    }
}

/// The clock of the capture, as far as it has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Clock {
    /// When the first packet was seen.
    pub(super) first: Option<Instant>,
    /// A time that has passed for good, as far as anyone can know: the earliest of the packets that came of
    /// late. One packet from the future does not change it.
    pub(super) steady: Instant,
}

/// Who sees every packet first.
#[derive(Debug)]
pub(super) struct Front {
    /// What the capture is like so far.
    pub(super) calibration: Calibration,
    copies: Copies,
    latest: Instant,
    steady: Instant,
    earliest: Option<Instant>,
    packets: u32,
}

impl Front {
    pub(super) fn new(vantage: Vantage) -> Self {
        Self {
            calibration: Calibration::new(vantage),
            copies: Copies::default(),
            latest: Instant::ZERO,
            steady: Instant::ZERO,
            earliest: None,
            packets: 0,
        }
    }

    /// Counts a packet whose network layer could not be found.
    const fn pass_over(&mut self) {
        self.calibration.packets += 1;
        self.calibration.unread += 1;
    }

    /// Takes note of a packet, and says who judges it; of one that could not be read, nobody.
    pub(super) fn see(&mut self, packet: Option<&Packet<'_>>) -> Way {
        let Some(packet) = packet else {
            self.pass_over();
            return Way::default();
        };
        self.calibration.note(packet, self.latest);
        self.tick(packet.sighting.at);
        if self.calibration.vantage != Vantage::AtHost && self.copies.has(packet) {
            self.calibration.note_copy(packet);
            return Way::default();
        }
        way(packet)
    }

    fn tick(&mut self, at: Instant) {
        self.latest = at;
        let earliest = self.earliest.map_or(at, |earliest| earliest.min(at));
        self.earliest = Some(earliest);
        self.packets += 1;
        if self.packets == STEADY_PACKETS {
            self.steady = earliest;
            self.earliest = None;
            self.packets = 0;
        }
    }

    /// The clock behind the latest packet.
    pub(super) const fn clock(&self) -> Clock {
        Clock { first: self.calibration.first, steady: self.steady }
    }
}

/// Who judges a packet: a segment the shard of its connection, and whatever is not one the shard of its two
/// addresses. The fragment of a segment is of both.
fn way(packet: &Packet<'_>) -> Way {
    let flow = Ends::of_packet(packet).map(|(ends, _)| shard(ends.mixed(Mix::fixed())));
    let between_hosts = match packet.upper {
        Upper::Tcp(_) => false,
        Upper::Udp(..) | Upper::Icmpv4(..) | Upper::Icmpv6(..) | Upper::Fragment(_) | Upper::Other => true,
    };
    let pair = between_hosts.then(|| {
        let [src, dst] = pair::ends(packet);
        shard(of_hosts(src, dst))
    });
    Way { flow, pair }
}

/// A hash of two addresses, whichever of them sent.
fn of_hosts(one: IpAddr, other: IpAddr) -> Mix {
    let (low, high) = if one <= other { (one, other) } else { (other, one) };
    Mix::fixed().addr(low).addr(high)
}

fn shard(mix: Mix) -> u8 {
    (mix.end() % SHARDS as u64) as u8
}
