//! floor 7: judging a capture file.

use super::Report;
use super::assume::Vantage;
use super::crew::{self, Effort, Ended};
use super::packet::{LLC_SAP_6, Link, Sighting};
use super::shard::Bounds;
use crate::trace::capture::{
    Capture, CaptureError, Cut, Direction, LinkError, LinkType, Losses, Network, Packet,
};
use stack::base::Mac;
use stack::wire::ethernet::{self, EtherType};
use std::ops::ControlFlow;
use std::path::Path;

/// The service access point that IP must not use (RFC 1122 section 2.3.3).
const SAP_6: u8 = 6;

/// Octets of an LLC header.
const LLC_OCTETS: usize = 3;

/// What a capture file came to.
#[derive(Debug)]
pub struct Judged {
    /// The file as it is named in messages.
    pub file: String,
    /// The verdicts on all hosts in it.
    pub report: Report,
    /// Where the file is cut, if it is.
    pub cut: Option<Cut>,
    /// What is wrong with the file from some packet on; those before are judged.
    pub damage: Option<CaptureError>,
    /// Whether reading was stopped before the end; the packets before are judged.
    pub stopped: bool,
    /// What the file says was lost before it was recorded.
    pub losses: Losses,
}

/// How far judging a file has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Frames that were read.
    pub frames: u64,
    /// Octets of the file that were read, before decompression.
    pub octets: u64,
    /// Octets that the file has, if it is an ordinary one.
    pub size_octets: Option<u64>,
}

impl Progress {
    fn of(capture: &Capture) -> Self {
        Self { frames: capture.frames(), octets: capture.octets(), size_octets: capture.size_octets() }
    }
}

/// Is told now and then how far judging has come, and says whether to go on.
pub type Watch<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// What is read of a capture: the same whenever it is read again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading<'a> {
    /// Only packets that this lets through (pcap-filter(7)); of what is in a tunnel it sees the outside.
    pub filter: Option<&'a str>,
    /// Whether tunnels are taken off: what counts is the innermost packet in GRE, IP in IP and VXLAN.
    pub tunnels: bool,
}

/// How a capture is judged.
#[derive(Default)]
pub struct Manner<'a> {
    /// What is read of it.
    pub reading: Reading<'a>,
    /// What is known of where the tap is.
    pub vantage: Vantage,
    /// Who watches.
    pub watch: Option<&'a mut Watch<'a>>,
    /// Threads that judge, beside the one that reads; zero and one: the one that reads. The report is the
    /// same for any number.
    pub threads: usize,
}

/// Judges every host in a capture file, by the packets that the filter (pcap-filter(7)) lets through.
///
/// # Errors
/// If the file can not be opened, or the filter makes no sense.
pub fn file(path: &Path, filter: Option<&str>) -> Result<Judged, CaptureError> {
    let reading = Reading { filter, ..Reading::default() };
    judged(path, Manner { reading, ..Manner::default() })
}

/// Judges the hosts in a capture file in this manner.
///
/// # Errors
/// If the file can not be opened, or the filter makes no sense.
pub fn judged(path: &Path, manner: Manner<'_>) -> Result<Judged, CaptureError> {
    let capture = Capture::open(path, manner.reading.filter)?;
    Ok(bounded(capture, manner, Bounds::USUAL))
}

/// Judges the hosts in a capture file that is in memory.
///
/// # Errors
/// As [`judged`].
pub fn octets(name: &str, octets: Vec<u8>, manner: Manner<'_>) -> Result<Judged, CaptureError> {
    let capture = Capture::from_octets(name, octets, manner.reading.filter)?;
    Ok(bounded(capture, manner, Bounds::USUAL))
}

fn bounded(mut capture: Capture, mut manner: Manner<'_>, bounds: Bounds) -> Judged {
    let mut ask = |capture: &Capture| match manner.watch.as_mut() {
        Some(watch) => watch(Progress::of(capture)),
        None => ControlFlow::Continue(()),
    };
    let effort = Effort { threads: manner.threads, bounds, tunnels: manner.reading.tunnels };
    let (report, ended) = crew::judge(&mut capture, manner.vantage, effort, &mut ask);
    let cut = capture.cut().cloned();
    let Ended { damage, stopped } = ended;
    let losses = capture.losses();
    Judged { file: capture.file().to_owned(), report, cut, damage, stopped, losses }
}

/// What a recorded packet shows, if a network layer can be found in it: that within its tunnels, if they are
/// taken off.
pub(crate) fn sighting<'a>(packet: &Packet<'a>, tunnels: bool) -> Option<Sighting<'a>> {
    if let Some(plain) = in_plain_frame(packet).filter(|_| !tunnels) {
        return Some(plain);
    }
    let network = network(packet, tunnels)?;
    Some(Sighting {
        number: packet.number,
        at: packet.at,
        ethertype: EtherType(network.ethertype),
        link: header(packet, &network),
        bytes: network.bytes,
        wire_len: network.wire_len,
        inside: may_be_inside(packet.link, network.source, network.destination),
        judged: true,
    })
}

/// What nearly every packet is: IP in a frame of Ethernet II without tags, from one station.
fn in_plain_frame<'a>(packet: &Packet<'a>) -> Option<Sighting<'a>> {
    let on_wire = packet.wire_len.checked_sub(u32::from(packet.fcs_octets))?;
    let bytes = packet.bytes.get(..on_wire as usize).unwrap_or(packet.bytes);
    let (frame, inner) = bytes.split_first_chunk::<{ ethernet::HEADER_OCTETS }>()?;
    let frame = ethernet::View::read(frame).ok()?;
    let (ethertype, link) = (frame.ethertype(), Link::plain(&frame));
    let usual = packet.link == LinkType::Ethernet && matches!(ethertype, EtherType::IPV4 | EtherType::IPV6);
    let written = link.src.is_group() || link.src == Mac::default();
    (usual && !written).then_some(Sighting {
        number: packet.number,
        at: packet.at,
        ethertype,
        link: Some(link),
        bytes: inner,
        wire_len: on_wire.saturating_sub(u32::from(link.header_octets)),
        inside: false,
        judged: true,
    })
}

/// The network layer of a packet, also behind LLC with the service access point that IP must not use.
fn network<'a>(packet: &Packet<'a>, tunnels: bool) -> Option<Network<'a>> {
    match packet.network(tunnels) {
        Ok(network) => Some(network),
        Err(LinkError::Llc { dsap: SAP_6, ssap: SAP_6 }) => {
            let address = |at: usize| Some(Mac(*packet.bytes.get(at..)?.first_chunk()?));
            let before = ethernet::HEADER_OCTETS + LLC_OCTETS;
            Some(Network {
                ethertype: LLC_SAP_6.0,
                bytes: packet.bytes.get(before..)?,
                wire_len: packet.wire_len.checked_sub(u32::try_from(before).ok()?)?,
                source: address(6),
                destination: address(0),
                direction: Direction::Unknown,
                tunnels: 0,
            })
        }
        Err(_) => None,
    }
}

/// The header of a frame of Ethernet that has the packet in it and nothing between the two.
fn header(packet: &Packet<'_>, network: &Network<'_>) -> Option<Link> {
    let (src, dst) = network.source.zip(network.destination)?;
    // Who writes frames without a station that they are from writes no frames of a host.
    let written = src.is_group() || src == Mac::default();
    if packet.link != LinkType::Ethernet || network.tunnels > 0 || written {
        return None;
    }
    let on_wire = packet.wire_len.saturating_sub(u32::from(packet.fcs_octets));
    let header_octets = u16::try_from(on_wire.checked_sub(network.wire_len)?).ok()?;
    let before = packet.bytes.get(..header_octets.into())?;
    let is_next = before.last_chunk().is_some_and(|last| u16::from_be_bytes(*last) == network.ethertype);
    let is_snap = ethernet::View::read(packet.bytes).is_ok_and(|view| view.ethertype().is_length());
    let direct = is_next || network.ethertype == LLC_SAP_6.0;
    direct.then_some(Link { src, dst, header_octets, is_snap })
}

/// Whether the frame may never have left its host: loopback frames have no addresses, or zeros; cooked
/// and bare ones do not say.
fn may_be_inside(link: LinkType, source: Option<Mac>, destination: Option<Mac>) -> bool {
    match link {
        LinkType::Ethernet => source == Some(Mac::default()) && destination == Some(Mac::default()),
        LinkType::Ppp | LinkType::PppHdlc | LinkType::PppEther | LinkType::CiscoHdlc => false,
        LinkType::Null
        | LinkType::Loop
        | LinkType::LinuxCooked
        | LinkType::LinuxCooked2
        | LinkType::RawIp
        | LinkType::Ipv4
        | LinkType::Ipv6
        | LinkType::Unknown(_) => true,
    }
}

#[cfg(test)]
mod tests;
