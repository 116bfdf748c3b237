//! floor 8: a good trace: what one capture shows of one host, and where the tap was.

use super::Place;
use super::edit::Edit;
use crate::judge::file::sighting;
use crate::judge::packet::Link;
use crate::trace::capture::{Capture, CaptureError};
use serde::Deserialize;
use stack::base::{Instant, Mac, Span};
use stack::wire::ethernet::EtherType;
use stack::wire::tcp::Flags;
use stack::wire::{ipv4, udp};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

/// A packet as it was recorded.
#[derive(Clone, Debug)]
pub struct Frame {
    /// When.
    pub at: Instant,
    /// What the octets are.
    pub ethertype: EtherType,
    /// The header of the frame that it was in.
    pub link: Option<Link>,
    /// Its octets from the network layer on.
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
    /// Packets that a fault adds; they stand in order with the others when it is told.
    pub added: Vec<Frame>,
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
const STRANGE: &[&str] = &[
    "scan-",
    "format-",
    "tcp-reset-by-intruder",
    "tcp-data-after",
    "tcp-dropped-",
    "tcp-challenge-",
    "tcp-outside-",
    "bulk-offload",
];

/// The stories of a folder of captures with a manifest beside it, one of each for every address that sends
/// something.
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
pub(super) const BEFORE: Span = Span::from_secs(600);

/// The packet with which a capture begins: a datagram that has nothing to do with anything.
pub(super) fn quiet_before() -> Frame {
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
    Frame { at: Instant::ZERO, ethertype: EtherType::IPV4, link: None, bytes, wire_len }
}

fn read(path: &Path, name: &str, at_client: bool, stories: &mut Vec<Story>) -> Result<(), CaptureError> {
    let mut capture = Capture::open(path, None)?;
    let mut frames = vec![quiet_before()];
    while let Some(packet) = capture.next_packet()? {
        let Some(seen) = sighting(&packet, false) else { continue };
        frames.push(Frame {
            at: seen.at + BEFORE,
            ethertype: seen.ethertype,
            link: seen.link,
            bytes: seen.bytes.to_vec(),
            wire_len: seen.wire_len,
        });
    }
    let segments: Vec<Option<Edit>> = frames.iter().map(Edit::of).collect();
    let opens = |segment: &Option<Edit>| {
        segment.as_ref().is_some_and(|segment| segment.flags.syn() && !segment.flags.ack())
    };
    let first = segments.iter().position(opens).unwrap_or(1);
    let Some(client) = frames.get(first).and_then(addresses).map(|(src, _)| src) else { return Ok(()) };
    let station = frames[first].link.map(|link| link.src);
    let mut hosts: Vec<(IpAddr, Option<Mac>)> = Vec::new();
    for frame in frames.iter().skip(1) {
        let Some((src, _)) = addresses(frame).filter(|(src, _)| !src.is_multicast()) else { continue };
        if hosts.iter().all(|(host, _)| *host != src) {
            hosts.push((src, frame.link.map(|link| link.src)));
        }
    }
    for (host, of) in hosts {
        let is_client = host == client || (of.is_some() && of == station);
        stories.push(Story {
            name: name.to_owned(),
            host,
            near: is_client == at_client,
            frames: frames.clone(),
            added: Vec::new(),
            segments: segments.clone(),
        });
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
    /// The same with every segment altered, as another good story.
    pub fn varied(&self, how: &str, alter: impl Fn(&mut Edit)) -> Self {
        let mut varied = self.clone();
        varied.name = format!("{} {how}", self.name);
        for (frame, segment) in varied.frames.iter_mut().zip(&self.segments) {
            if let Some(mut segment) = segment.clone() {
                alter(&mut segment);
                segment.put(frame);
            }
        }
        varied.segments = varied.frames.iter().map(Edit::of).collect();
        varied
    }

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

    /// Whether the address is one of those that send or receive here.
    pub fn knows(&self, addr: IpAddr) -> bool {
        self.frames.iter().filter_map(addresses).any(|(src, dst)| src == addr || dst == addr)
    }

    /// Segments before this one, of the same connection, with whether the judged host sent them.
    pub fn before(&self, at: usize) -> impl DoubleEndedIterator<Item = (usize, bool, &Edit)> {
        self.around(at, 0, at)
    }

    /// Segments behind this one, of the same connection, with whether the judged host sent them.
    pub fn after(&self, at: usize) -> impl DoubleEndedIterator<Item = (usize, bool, &Edit)> {
        self.around(at, at + 1, self.segments.len())
    }

    fn around(
        &self,
        at: usize,
        from: usize,
        to: usize,
    ) -> impl DoubleEndedIterator<Item = (usize, bool, &Edit)> {
        let ends = |segment: &Edit| {
            let ours = segment.src == self.host;
            if ours { segment.ports } else { (segment.ports.1, segment.ports.0) }
        };
        let wanted = self.segment(at).map(ends);
        (from..to).filter_map(move |index| {
            let segment = self.segments[index].as_ref()?;
            (Some(ends(segment)) == wanted).then_some((index, segment.src == self.host, segment))
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

    /// Whether the segment in this frame is of an open connection: with ACK, without SYN and RST.
    pub fn flows(&self, at: usize) -> bool {
        self.own(at)
            .is_some_and(|segment| segment.flags.ack() && !segment.flags.intersects(Flags::SYN | Flags::RST))
            && self.syn(at, true).is_some()
            && self.syn(at, false).is_some()
    }
}
