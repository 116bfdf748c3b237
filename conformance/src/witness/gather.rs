//! floor 8: the connections that the second witness is asked about, read again from the file: a pass of its
//! own, in memory that has a bound and does not depend on the file.

use crate::accept;
use crate::drive::replay::extract::Extractor;
use crate::drive::replay::packet::Upper;
use crate::drive::replay::recording::{RecordedConnection, RecordedPacket};
use crate::judge::file::Reading;
use crate::trace::capture::{Capture, CaptureError};
use stack::wire::tcp;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::Path;

/// How much is kept for the second witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Pairs of sockets.
    pub pairs: usize,
    /// Packets of one pair: what following takes grows faster than they do.
    pub packets: usize,
    /// Octets of all packets.
    pub octets: usize,
}

impl Bounds {
    /// A quarter of a gigabyte.
    pub const USUAL: Self = Self { pairs: 20_000, packets: 100_000, octets: 1 << 28 };
}

/// What a kept packet takes beside its octets.
const OVERHEAD_OCTETS: usize = 256;

/// Both sockets of a connection, the lower one first.
pub(super) type Pair = (SocketAddr, SocketAddr);

/// The sockets in order, whoever sends.
pub(super) fn pair(one: SocketAddr, other: SocketAddr) -> Pair {
    (one.min(other), one.max(other))
}

/// Which connections are gathered.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// Those between these sockets.
    Pairs(BTreeSet<Pair>),
    /// All.
    All,
}

/// What was gathered.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The connections of each pair, in order.
    pub(super) pairs: BTreeMap<Pair, Vec<RecordedConnection>>,
    /// Pairs that did not fit.
    pub(super) dropped: BTreeSet<Pair>,
    /// How many more there were than could be told apart.
    pub(super) crowded: bool,
    /// Whether somebody wanted it to stop.
    pub(super) stopped: bool,
}

/// The packets of one pair.
#[derive(Default)]
struct Kept {
    extractor: Extractor,
    packets: usize,
    octets: usize,
}

/// The pair of sockets that a packet belongs to: those of a segment, or of the one that an ICMP error quotes.
fn pair_of(bytes: &[u8]) -> Option<Pair> {
    let upper = Upper::of(bytes)?;
    if upper.protocol == tcp::PROTOCOL && upper.fragment.is_none() {
        let view = tcp::View::read(upper.payload).ok()?;
        let src = SocketAddr::new(upper.src, view.src_port());
        return Some(pair(src, SocketAddr::new(upper.dst, view.dst_port())));
    }
    let quoted = upper.quoted().filter(|quoted| quoted.protocol == tcp::PROTOCOL)?;
    Some(pair(quoted.src, quoted.dst))
}

/// The pairs of all segments that a reading delivers, up to a bound.
///
/// # Errors
/// If the file can not be opened.
pub(super) fn pairs(
    path: &Path,
    reading: Reading<'_>,
    bounds: Bounds,
) -> Result<BTreeSet<Pair>, CaptureError> {
    let mut capture = Capture::open(path, reading.filter)?;
    let mut all = BTreeSet::new();
    while let Ok(Some(packet)) = capture.next_packet() {
        let found = packet.network(reading.tunnels).ok().and_then(|network| pair_of(network.bytes));
        all.extend(found.filter(|_| all.len() < bounds.pairs));
    }
    Ok(all)
}

/// Reads the wanted connections, whole: no filter leaves out a part of them. What is damaged in the file ends
/// it, as it ended the first pass.
///
/// # Errors
/// If the file can not be opened any more.
pub(super) fn gather(
    path: &Path,
    wanted: &Wanted,
    tunnels: bool,
    bounds: Bounds,
    go_on: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<Gathered, CaptureError> {
    let mut gathered = Gathered::default();
    let mut kept: BTreeMap<Pair, Kept> = BTreeMap::new();
    let mut octets = 0_usize;
    let mut capture = Capture::open(path, None)?;
    while let Ok(Some(packet)) = capture.next_packet() {
        if packet.number.is_multiple_of(1 << 12) && go_on().is_break() {
            gathered.stopped = true;
            break;
        }
        let Ok(network) = packet.network(tunnels) else { continue };
        let Some(pair) = pair_of(network.bytes) else { continue };
        let is_wanted = match wanted {
            Wanted::Pairs(pairs) => pairs.contains(&pair),
            Wanted::All => true,
        };
        if !is_wanted || gathered.dropped.contains(&pair) {
            continue;
        }
        let known = kept.len() + gathered.dropped.len();
        if known >= bounds.pairs && !kept.contains_key(&pair) {
            gathered.crowded = true;
            continue;
        }
        let of_pair = kept.entry(pair).or_default();
        let takes = network.bytes.len() + OVERHEAD_OCTETS;
        of_pair.packets += 1;
        of_pair.octets += takes;
        octets += takes;
        if of_pair.packets > bounds.packets || octets > bounds.octets {
            octets -= kept.remove(&pair).map_or(0, |kept| kept.octets);
            gathered.dropped.insert(pair);
            continue;
        }
        let bytes = network.bytes.to_vec();
        of_pair.extractor.add(&RecordedPacket { number: packet.number, at: packet.at, bytes });
    }
    gathered.pairs = kept.into_iter().map(|(pair, kept)| (pair, connections(kept.extractor))).collect();
    Ok(gathered)
}

fn connections(extractor: Extractor) -> Vec<RecordedConnection> {
    let recording = extractor.finish();
    accept::connections(&recording).into_iter().map(Cow::into_owned).collect()
}
