//! floor 8: a capture with findings as comments on its packets, as pcapng (draft-ietf-opsawg-pcapng), for
//! Wireshark. The packets stay as they were read, and of a pcapng file everything else.

use super::Wanted;
use super::findings::level;
use crate::judge::problem::Problem;
use crate::judge::{Report, Verdict};
pub use crate::trace::capture::CopyError as Failure;
use crate::trace::capture::{Capture, Direction, Packet, commented};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

const SECTION: u32 = 0x0a0d_0d0a;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

const OPT_END: u16 = 0;
const OPT_COMMENT: u16 = 1;
const OPT_PACKET_FLAGS: u16 = 2;
const OPT_APPLICATION: u16 = 4;
const OPT_TIME_RESOLUTION: u16 = 9;
/// Times are in units of ten to the minus this, seconds.
const NANOSECONDS: u8 = 9;
/// Octets of a comment: the length of an option has 16 bits.
const COMMENT_MAX: usize = 60_000;

/// Writes every packet of a capture, with the wanted findings as comments, and says how many packets have
/// one. A capture that is damaged ends where its damage is.
///
/// # Errors
/// If the capture can not be opened, or `out` takes no more.
pub fn write(path: &Path, report: &Report, wanted: Wanted, out: &mut dyn Write) -> Result<u64, Failure> {
    let mut comments: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for verdict in report.verdicts.iter().filter(|verdict| wanted.has(verdict.outcome)) {
        comments.entry(verdict.number).or_default().push(comment(verdict));
    }
    if let Some(commented) = commented(path, &comments, out)? {
        return Ok(commented);
    }
    let mut capture = Capture::open(path, None).map_err(Failure::Read)?;
    let mut writer = Writer { out, interfaces: BTreeMap::new() };
    writer.section().map_err(Failure::Write)?;
    let mut count = 0;
    while let Ok(Some(packet)) = capture.next_packet() {
        let of_packet = comments.get(&packet.number).map_or(&[][..], Vec::as_slice);
        count += u64::from(!of_packet.is_empty());
        writer.packet(&packet, of_packet).map_err(Failure::Write)?;
    }
    Ok(count)
}

/// `fail P-I2 RFC791-3.1-e (MUST) 192.0.2.1: reserved flag set; allowed: 0`.
fn comment(verdict: &Verdict) -> String {
    let level = level(verdict.clause).map_or("", |level| level.word());
    let Verdict { rule, clause, outcome, host, seen, bound, .. } = verdict;
    let mut text = format!("{outcome} {} {clause} ({level}) {host}: {seen}; allowed: {bound}", rule.id);
    if let Some(reason) = verdict.reason {
        text.push_str(&format!(" [{reason}: {}]", reason.text()));
    }
    for problem in Problem::of(verdict) {
        text.push_str(&format!(" [{problem}]"));
    }
    if verdict.count > 1 {
        text.push_str(&format!(" [{} packets]", verdict.count));
    }
    let end = text.floor_char_boundary(COMMENT_MAX);
    text.truncate(end);
    text
}

/// What a block says beside its fixed fields.
#[derive(Default)]
struct Options(Vec<u8>);

impl Options {
    fn push(&mut self, code: u16, value: &[u8]) {
        let len = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&code.to_le_bytes());
        self.0.extend_from_slice(&len.to_le_bytes());
        self.0.extend_from_slice(&value[..usize::from(len)]);
        pad(&mut self.0);
    }

    /// The octets; none at all if there is no option.
    fn ended(mut self) -> Vec<u8> {
        if !self.0.is_empty() {
            self.push(OPT_END, &[]);
        }
        self.0
    }
}

/// Fields of a block are multiples of four octets.
fn pad(octets: &mut Vec<u8>) {
    octets.resize(octets.len().next_multiple_of(4), 0);
}

struct Writer<'a> {
    out: &'a mut dyn Write,
    /// Our number of each interface, by that of the capture.
    interfaces: BTreeMap<u32, u32>,
}

impl Writer<'_> {
    fn block(&mut self, kind: u32, body: &[u8]) -> io::Result<()> {
        let octets = u32::try_from(body.len() + 12).map_err(|_| io::ErrorKind::InvalidInput)?;
        for part in [&kind.to_le_bytes()[..], &octets.to_le_bytes(), body, &octets.to_le_bytes()] {
            self.out.write_all(part)?;
        }
        Ok(())
    }

    fn section(&mut self) -> io::Result<()> {
        let mut body = BYTE_ORDER.to_le_bytes().to_vec();
        // Version 1.0, of no given length.
        body.extend_from_slice(&[1, 0, 0, 0]);
        body.extend_from_slice(&u64::MAX.to_le_bytes());
        let mut options = Options::default();
        options.push(OPT_APPLICATION, concat!("netassay ", env!("CARGO_PKG_VERSION")).as_bytes());
        body.extend(options.ended());
        self.block(SECTION, &body)
    }

    /// Our number of the interface of a packet, which is described before its first packet.
    fn interface(&mut self, packet: &Packet<'_>) -> io::Result<u32> {
        if let Some(known) = self.interfaces.get(&packet.interface) {
            return Ok(*known);
        }
        let number = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
        self.interfaces.insert(packet.interface, number);
        let mut body = packet.link.number().to_le_bytes().to_vec();
        // Reserved, and no limit of length.
        body.extend_from_slice(&[0; 6]);
        let mut options = Options::default();
        options.push(OPT_TIME_RESOLUTION, &[NANOSECONDS]);
        body.extend(options.ended());
        self.block(INTERFACE, &body)?;
        Ok(number)
    }

    fn packet(&mut self, packet: &Packet<'_>, comments: &[String]) -> io::Result<()> {
        let interface = self.interface(packet)?;
        let ns = u64::try_from(packet.epoch_ns).unwrap_or(0);
        let len = u32::try_from(packet.bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let halves = [interface, (ns >> 32) as u32, ns as u32, len, packet.wire_len];
        let mut body = Vec::with_capacity(packet.bytes.len() + 64);
        halves.iter().for_each(|half| body.extend_from_slice(&half.to_le_bytes()));
        body.extend_from_slice(packet.bytes);
        pad(&mut body);
        let mut options = Options::default();
        for comment in comments {
            options.push(OPT_COMMENT, comment.as_bytes());
        }
        let flags = flags(packet);
        if flags != 0 {
            options.push(OPT_PACKET_FLAGS, &flags.to_le_bytes());
        }
        body.extend(options.ended());
        self.block(ENHANCED_PACKET, &body)
    }
}

/// The direction of a packet in two bits, and the octets of its frame check sequence from bit 5 on.
fn flags(packet: &Packet<'_>) -> u32 {
    let direction = match packet.direction {
        Direction::Unknown => 0,
        Direction::Inbound => 1,
        Direction::Outbound => 2,
    };
    direction | u32::from(packet.fcs_octets & 15) << 5
}
