//! floor 8: a good trace: what one capture shows of one host, and where the tap was.

use super::Place;
use super::edit::Edit;
use crate::trace::capture::{Capture, CaptureError};
use serde::Deserialize;
use stack::base::{Instant, Span};
use stack::wire::ethernet::EtherType;
use stack::wire::tcp::Flags;
use stack::wire::{ipv4, udp};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

/// A packet as it was recorded, without its link-layer header.
#[derive(Clone, Debug)]
pub struct Frame {
    /// When.
    pub at: Instant,
    /// What the octets are.
    pub ethertype: EtherType,
    /// Them.
    pub bytes: Vec<u8>,
    /// How many there were on the wire.
    pub wire_len: u32,
}

/// The packets of a capture, and the host in it that is judged.
#[derive(Clone, Debug)]
pub struct Story {
    /// Name of the capture.
    pub name: String,
    /// The judged host.
    pub host: IpAddr,
    /// Whether the tap is at that host, or at the other end.
    pub near: bool,
    /// The packets.
    pub frames: Vec<Frame>,
    /// The segments among them, as they were: no fault changes what others are measured by.
    segments: Vec<Option<Edit>>,
}

/// What the manifest says of a capture.
#[derive(Debug, Deserialize)]
struct Row {
    file: String,
    #[serde(default)]
    tap: String,
}

#[derive(Debug, Deserialize)]
struct Manifest {
    capture: Vec<Row>,
}

/// Captures whose hosts are not both real, or whose tap or link is not as the rows of a table need it.
const STRANGE: &[&str] =
    &["scan-", "format-", "tcp-reset-by-intruder", "tcp-data-after", "tcp-dropped-", "bulk-offload"];

/// The stories of a folder of captures with a manifest beside it, two of each: one for either end.
///
/// # Errors
/// If a capture can not be read. Without a manifest there are none.
pub fn load(folder: &Path) -> Result<Vec<Story>, CaptureError> {
    let manifest = std::fs::read_to_string(folder.with_file_name("MANIFEST.toml")).unwrap_or_default();
    let rows = toml::from_str::<Manifest>(&manifest).map_or_else(|_| Vec::new(), |manifest| manifest.capture);
    let mut stories = Vec::new();
    for row in rows {
        let strange = STRANGE.iter().any(|prefix| row.file.starts_with(prefix));
        let at_client = match row.tap.as_str() {
            "client" => true,
            "server" => false,
            _ => continue,
        };
        if !strange {
            read(&folder.join(&row.file), &row.file, at_client, &mut stories)?;
        }
    }
    Ok(stories)
}

/// How long a capture runs before its first packet: so long that nothing from before it explains anything.
const BEFORE: Span = Span::from_secs(600);

/// The packet with which a capture begins: a datagram that has nothing to do with anything.
fn quiet_before() -> Frame {
    let (src, dst) = (Ipv4Addr::new(203, 0, 113, 1), Ipv4Addr::new(203, 0, 113, 2));
    let datagram = udp::Datagram { src_port: 9, dst_port: 9, payload: b"" };
    let mut payload = Vec::new();
    datagram.emit(src.into(), dst.into(), &mut payload);
    let mut bytes = Vec::new();
    let packet = ipv4::Packet {
        src,
        dst,
        protocol: udp::PROTOCOL,
        ttl: 64,
        tos: 0,
        identification: 0,
        dont_fragment: true,
        more_fragments: false,
        fragment_offset_octets: 0,
        options: &[],
        payload: &payload,
    };
    packet.emit(&mut bytes);
    let wire_len = bytes.len() as u32;
    Frame { at: Instant::ZERO, ethertype: EtherType::IPV4, bytes, wire_len }
}

fn read(path: &Path, name: &str, at_client: bool, stories: &mut Vec<Story>) -> Result<(), CaptureError> {
    let mut capture = Capture::open(path, None)?;
    let mut frames = vec![quiet_before()];
    while let Some(packet) = capture.next_packet()? {
        let Ok(network) = packet.network(false) else { continue };
        frames.push(Frame {
            at: packet.at + BEFORE,
            ethertype: EtherType(network.ethertype),
            bytes: network.bytes.to_vec(),
            wire_len: network.wire_len,
        });
    }
    let segments: Vec<Option<Edit>> = frames.iter().map(Edit::of).collect();
    let ends = segments.iter().flatten().find(|segment| segment.flags.syn() && !segment.flags.ack());
    let ends = ends.map(|syn| (syn.src, syn.dst)).or_else(|| frames.iter().skip(1).find_map(addresses));
    let Some((client, server)) = ends else { return Ok(()) };
    for host in [client, server] {
        let near = (host == client) == at_client;
        let story =
            Story { name: name.to_owned(), host, near, frames: frames.clone(), segments: segments.clone() };
        stories.push(story);
    }
    Ok(())
}

/// Source and destination of an IP packet, sender and target of an ARP packet.
pub fn addresses(frame: &Frame) -> Option<(IpAddr, IpAddr)> {
    let octets = &frame.bytes;
    match frame.ethertype {
        EtherType::IPV4 => {
            let addr = |at: usize| octets.get(at..at + 4)?.first_chunk::<4>().copied().map(IpAddr::from);
            Some((addr(12)?, addr(16)?))
        }
        EtherType::IPV6 => {
            let addr = |at: usize| octets.get(at..at + 16)?.first_chunk::<16>().copied().map(IpAddr::from);
            Some((addr(8)?, addr(24)?))
        }
        EtherType::ARP => {
            let addr = |at: usize| octets.get(at..at + 4)?.first_chunk::<4>().copied().map(IpAddr::from);
            Some((addr(14)?, addr(24)?))
        }
        EtherType(_) => None,
    }
}

impl Story {
    /// Whether it is one for this place of the tap.
    pub fn is_seen_from(&self, place: Place) -> bool {
        self.near == (place != Place::Far)
    }

    /// The segment in this frame, whoever sent it.
    pub fn segment(&self, at: usize) -> Option<&Edit> {
        self.segments.get(at)?.as_ref()
    }

    /// The segment in this frame, if the judged host sent it.
    pub fn own(&self, at: usize) -> Option<&Edit> {
        self.segment(at).filter(|segment| segment.src == self.host)
    }

    /// Whether the judged host sent this packet.
    pub fn is_own(&self, at: usize) -> bool {
        self.frames.get(at).and_then(addresses).is_some_and(|(src, _)| src == self.host)
    }

    /// Segments before this one, of the same connection, with whether the judged host sent them.
    pub fn before(&self, at: usize) -> impl Iterator<Item = (usize, bool, &Edit)> {
        self.around(at, 0, at)
    }

    /// Segments behind this one, of the same connection, with whether the judged host sent them.
    pub fn after(&self, at: usize) -> impl Iterator<Item = (usize, bool, &Edit)> {
        self.around(at, at + 1, self.segments.len())
    }

    fn around(&self, at: usize, from: usize, to: usize) -> impl Iterator<Item = (usize, bool, &Edit)> {
        let own = self.segments.get(at).and_then(Option::as_ref).map(|edit| edit.ports);
        (from..to).filter_map(move |index| {
            let segment = self.segments[index].as_ref()?;
            let ours = segment.src == self.host;
            let ports = if ours { segment.ports } else { (segment.ports.1, segment.ports.0) };
            (Some(ports) == own).then_some((index, ours, segment))
        })
    }

    /// A SYN of the connection of this segment, as this side sent it.
    pub fn syn(&self, at: usize, ours: bool) -> Option<&Edit> {
        self.around(at, 0, self.segments.len())
            .find(|(_, own, segment)| *own == ours && segment.flags.syn())
            .map(|(_, _, segment)| segment)
    }

    /// Whether both SYNs of the connection of this segment have an option of this kind.
    pub fn agreed(&self, at: usize, kind: u8) -> bool {
        [true, false].iter().all(|ours| self.syn(at, *ours).is_some_and(|syn| syn.option(kind).is_some()))
    }

    /// Replaces the segment in a frame by an altered copy.
    pub fn edit(&mut self, at: usize, alter: impl FnOnce(&mut Edit)) {
        let Some(mut edit) = self.segment(at).cloned() else { return };
        alter(&mut edit);
        edit.put(&mut self.frames[at]);
    }

    /// Puts in an altered copy of the segment in a frame, so much later in microseconds.
    pub fn insert(&mut self, at: usize, later_us: u64, alter: impl FnOnce(&mut Edit)) {
        let Some(mut edit) = self.segment(at).cloned() else { return };
        let mut frame = self.frames[at].clone();
        frame.at += Span::from_micros(later_us);
        alter(&mut edit);
        edit.put(&mut frame);
        self.frames.insert(at + 1, frame);
    }

    /// Moves a frame to a later time, in microseconds; those that follow keep theirs.
    pub fn delay(&mut self, at: usize, by_us: u64) {
        let frame = &mut self.frames[at];
        frame.at += Span::from_micros(by_us);
    }

    /// Ends the trace behind a frame: what follows would tell of a host without the fault.
    pub fn end_at(&mut self, at: usize) {
        self.frames.truncate(at + 1);
    }

    /// Whether the segment in this frame is of an open connection: with ACK, without SYN and RST.
    pub fn flows(&self, at: usize) -> bool {
        self.own(at)
            .is_some_and(|segment| segment.flags.ack() && !segment.flags.intersects(Flags::SYN | Flags::RST))
            && self.syn(at, true).is_some()
            && self.syn(at, false).is_some()
    }
}
