//! floor 7: judging a capture file.

use super::assume::Vantage;
use super::packet::Sighting;
use super::{Judge, Report};
use crate::trace::capture::{Capture, CaptureError, Cut, LinkType};
use stack::base::Mac;
use stack::wire::ethernet::EtherType;
use std::path::Path;

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
}

/// Judges every host in a capture file, by the packets that the filter (pcap-filter(7)) lets through.
///
/// # Errors
/// If the file can not be opened, or the filter makes no sense.
pub fn file(path: &Path, filter: Option<&str>) -> Result<Judged, CaptureError> {
    let mut capture = Capture::open(path, filter)?;
    let mut judge = Judge::new(Vantage::Anywhere);
    let damage = loop {
        let packet = match capture.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break None,
            Err(error) => break Some(error),
        };
        let Ok(network) = packet.network(false) else {
            judge.pass_over();
            continue;
        };
        judge.see(Sighting {
            number: packet.number,
            at: packet.at,
            ethertype: EtherType(network.ethertype),
            bytes: network.bytes,
            wire_len: network.wire_len,
            inside: may_be_inside(packet.link, network.source, network.destination),
            judged: true,
        });
    };
    let cut = capture.cut().cloned();
    Ok(Judged { file: capture.file().to_owned(), report: judge.finish(), cut, damage })
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
