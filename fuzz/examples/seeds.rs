//! Makes the seeds of the fuzz targets from the captures: `cargo run -p netassay-fuzz --example seeds`.
//!
//! `corpora/seeds/wire` gets one packet of each shape, `corpora/seeds/host` one plan for each connection of a
//! capture and for each combination of opening and epilogue, `corpora/seeds/pair` plans for two hosts,
//! `corpora/seeds/judge` the same with plans for taps, `corpora/seeds/capture` the small captures that are
//! there for their format. Files are named by their content, so that a second run changes nothing.

use conformance::drive::bytes::plan::{
    Ack, Bits, CallPlan, Choice, Epilogue, Offer, Opening, Operation, Pause, Plan, SegmentPlan, Seq, Target,
    Twist,
};
use conformance::drive::link::plan::{self as link, LOSS_PERCENT_MAX};
use conformance::drive::replay::packet::Upper;
use conformance::fuzz::judge;
use conformance::run::tap::plan::TapPlan;
use conformance::trace::capture::Capture;
use stack::base::Instant;
use stack::wire::show::Show;
use stack::wire::tcp::{self, Flags, Segment, View};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

/// Longer packets are no better seeds.
const PACKET_OCTETS_MAX: usize = 200;

/// Longer captures are no better seeds.
const FILE_OCTETS_MAX: usize = 6_500;

/// Seeds of one target at the most.
const SEEDS_MAX: usize = 300;

/// Octets of a capture that is a seed of the judge, which reads it packet by packet.
const JUDGED_OCTETS_MAX: usize = 1_200;

/// Plans for two hosts that follow from seeds.
const MEETINGS: u64 = 80;

/// Connections of one capture at the most.
const CONNECTIONS_MAX: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora");
    let mut captures: Vec<PathBuf> = fs::read_dir(root.join("captures"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    captures.sort();
    let (mut packets, mut plans) = (BTreeMap::new(), combinations());
    let mut files = Vec::new();
    for path in &captures {
        files.extend(small(path)?);
        // Some captures are there because they are broken: what can be read of them counts.
        if let Ok(mut capture) = Capture::open(path, None) {
            plans.extend(read(&mut capture, &mut packets));
        }
    }
    store(&root.join("seeds/capture"), files.into_iter())?;
    store(&root.join("seeds/wire"), packets.into_values())?;
    store(&root.join("seeds/host"), plans.iter().map(Plan::write))?;
    store(&root.join("seeds/pair"), meetings().map(|plan| plan.write()))?;
    let taps = (0..).map(TapPlan::from_seed);
    let recorded = meetings().zip(taps).map(|(plan, taps)| judge::write(&plan, &taps));
    let small = |file: &Vec<u8>| file.len() <= JUDGED_OCTETS_MAX;
    let files = captures.iter().filter_map(|path| fs::read(path).ok()).filter(small);
    store(&root.join("seeds/judge"), files.chain(recorded))
}

/// The file itself, if it is a small one that is there for its format.
fn small(path: &Path) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
    let is_format = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("format-"));
    let octets = if is_format { fs::read(path)? } else { Vec::new() };
    Ok(Some(octets).filter(|octets| !octets.is_empty() && octets.len() <= FILE_OCTETS_MAX))
}

/// Plans for two hosts: those of some seeds, and one with little but each kind of item.
fn meetings() -> impl Iterator<Item = link::Plan> {
    let items = vec![
        link::Item::Write { who: 0, octets: 9_000 },
        link::Item::Write { who: 1, octets: 700 },
        link::Item::Urgent { who: 0, octets: 20 },
        link::Item::Read { who: 3, octets: 100 },
        link::Item::Pause { who: 3, millis: 3_000 },
        link::Item::Nap { who: 0, minutes: 3 },
        link::Item::Write { who: 0, octets: 5_000 },
        link::Item::Outage { at: 1_000, millis: 9_000 },
        link::Item::Narrow { at: 20, mtu: 700, how: 0 },
    ];
    let one_each =
        (0..8).map(move |switches| link::Plan { switches, items: items.clone(), ..link::Plan::calm() });
    one_each.chain((0..MEETINGS).map(|seed| link::Plan::from_seed(seed, LOSS_PERCENT_MAX)))
}

/// Writes seeds under names that follow from their content (FNV-1a), and takes away what is no seed any more.
/// Seeds with other names were put there by hand, and stay.
fn store(folder: &Path, seeds: impl Iterator<Item = Vec<u8>>) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        if name.len() == 16 && u64::from_str_radix(name, 16).is_ok() {
            fs::remove_file(path)?;
        }
    }
    for seed in seeds.take(SEEDS_MAX) {
        let hash = seed.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
            (hash ^ u64::from(*octet)).wrapping_mul(0x100_0000_01b3)
        });
        fs::write(folder.join(format!("{hash:016x}")), seed)?;
    }
    Ok(())
}

/// What makes two packets alike: their text without its numbers.
fn shape(packet: &[u8]) -> String {
    let text = Show(packet).to_string();
    text.split(|letter: char| letter.is_ascii_hexdigit()).filter(|word| !word.is_empty()).collect()
}

/// One connection on its way into a plan, seen from the end that accepted it.
struct Connection {
    plan: Plan,
    /// What each end sends next.
    peer_next: u32,
    host_next: u32,
    at: Instant,
}

/// Packets by shape, and plans.
fn read(capture: &mut Capture, packets: &mut BTreeMap<String, Vec<u8>>) -> Vec<Plan> {
    let mut connections: BTreeMap<(SocketAddr, SocketAddr), Connection> = BTreeMap::new();
    while let Ok(Some(packet)) = capture.next_packet() {
        let Ok(network) = packet.network(false) else { continue };
        let bytes = network.bytes;
        if bytes.len() <= PACKET_OCTETS_MAX {
            packets.entry(shape(bytes)).or_insert_with(|| bytes.to_vec());
        }
        let Some(upper) = Upper::of(bytes) else { continue };
        if upper.protocol != tcp::PROTOCOL || upper.fragment.is_some() {
            continue;
        }
        let Ok(view) = View::read(upper.payload) else { continue };
        let segment = Segment::unchecked(&view);
        let src = SocketAddr::new(upper.src, segment.src_port);
        let dst = SocketAddr::new(upper.dst, segment.dst_port);
        if let Some(connection) = connections.get_mut(&(src, dst)) {
            connection.peer_said(&segment, packet.at);
        } else if let Some(connection) = connections.get_mut(&(dst, src)) {
            connection.host_said(&segment);
        } else if segment.flags == Flags::SYN && connections.len() < CONNECTIONS_MAX {
            connections.insert((src, dst), Connection::new(&segment, upper.src, packet.at));
        }
    }
    connections.into_values().map(|connection| connection.plan).collect()
}

fn offer(segment: &Segment<'_>) -> Offer {
    let options = segment.options;
    let which = u8::from(options.mss.is_some())
        | u8::from(options.window_scale.is_some()) << 1
        | u8::from(options.sack_permitted) << 2
        | u8::from(options.timestamps.is_some()) << 3;
    let halved = u8::try_from(segment.window.leading_zeros()).unwrap_or(0);
    Offer { which, mss: options.mss.unwrap_or(0), scale: options.window_scale.unwrap_or(0), halved }
}

fn bits(flags: Flags) -> Bits {
    let known = [
        (Flags::ACK, Bits::Ack),
        (Flags::PSH.union(Flags::ACK), Bits::Push),
        (Flags::FIN.union(Flags::ACK), Bits::Fin),
        (Flags::SYN, Bits::Syn),
        (Flags::RST, Bits::Reset),
        (Flags::RST.union(Flags::ACK), Bits::ResetAck),
    ];
    known.into_iter().find(|(same, _)| *same == flags).map_or(Bits::Any { bits: flags.0 }, |(_, bits)| bits)
}

impl Connection {
    fn new(syn: &Segment<'_>, peer: IpAddr, at: Instant) -> Self {
        let opening = Opening::Accepted { offer: offer(syn), initial: syn.seq };
        let (v6, operations) = (peer.is_ipv6(), Vec::new());
        let plan = Plan { ethernet: true, v6, opening, epilogue: Epilogue::Honest, operations };
        Self { plan, peer_next: syn.seq.wrapping_add(syn.len_octets()), host_next: 0, at }
    }

    fn peer_said(&mut self, segment: &Segment<'_>, at: Instant) {
        let pause = at.since(self.at).as_millis();
        if pause > 0 {
            let count = u16::try_from(pause).unwrap_or(u16::MAX);
            self.plan.operations.push(Operation::Wait { pause: Pause::Millis { count } });
        }
        self.at = at;
        let off = |number: u32, next: u32| i8::try_from(number.wrapping_sub(next).cast_signed());
        let seq = match off(segment.seq, self.peer_next) {
            Ok(0) => Seq::Next,
            Ok(by) => Seq::NextPlus { by },
            Err(_) => Seq::Sent,
        };
        let ack = match off(segment.ack, self.host_next) {
            Ok(0) => Ack::All,
            Ok(by) => Ack::AllPlus { by },
            Err(_) => Ack::Same,
        };
        let plan = SegmentPlan {
            target: Target::Live { back: 0 },
            bits: bits(segment.flags),
            seq,
            ack,
            closed_by: u16::MAX - segment.window,
            data_octets: u16::try_from(segment.payload.len()).unwrap_or(u16::MAX).min(1400),
            options: Choice::Negotiated,
            twist: Twist::Plain,
        };
        self.plan.operations.push(Operation::Segment { plan });
        self.peer_next = segment.seq.wrapping_add(segment.len_octets());
    }

    fn host_said(&mut self, segment: &Segment<'_>) {
        let octets = u16::try_from(segment.payload.len()).unwrap_or(u16::MAX);
        if octets > 0 {
            let call = CallPlan::Send { sock: 0, octets, urgent: segment.flags.urg() };
            self.plan.operations.push(Operation::Call { call });
        }
        if segment.flags.fin() {
            self.plan.operations.push(Operation::Call { call: CallPlan::Shutdown { sock: 0, how: 0 } });
        }
        self.host_next = segment.seq.wrapping_add(segment.len_octets());
    }
}

/// Every opening with every epilogue, over both links.
fn combinations() -> Vec<Plan> {
    let offer = Offer { which: 15, mss: 1460, scale: 7, halved: 0 };
    let openings = [
        Opening::Accepted { offer: offer.clone(), initial: 0xffff_ff00 },
        Opening::Connected { offer, initial: 1 },
        Opening::Listening,
        Opening::Datagrams,
        Opening::Bare,
    ];
    let mut plans = Vec::new();
    for opening in openings {
        for epilogue in [Epilogue::Honest, Epilogue::Silent] {
            for which in 0..4_u8 {
                let target = Target::Fixed { which: which & 1 };
                let operations = vec![
                    Operation::Datagram { target: target.clone(), octets: 30, twist: Twist::Plain },
                    Operation::Echo { target, octets: 2000, twist: Twist::Plain },
                    Operation::Call { call: CallPlan::Send { sock: 0, octets: 3000, urgent: false } },
                    Operation::Wait { pause: Pause::Due },
                ];
                let (ethernet, v6) = (which & 2 != 0, which & 1 != 0);
                let (opening, epilogue) = (opening.clone(), epilogue.clone());
                plans.push(Plan { ethernet, v6, opening, epilogue, operations });
            }
        }
    }
    plans
}
