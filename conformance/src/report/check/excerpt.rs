//! floor 8: what happened around a finding: the segments of its connection before and after it, read again
//! from the file. A second pass, in memory that depends on the number of findings and not on the file.

use super::findings::Finding;
use crate::judge::Verdict;
use crate::judge::file::{Reading, sighting};
use crate::judge::packet::{Net, Packet, Segment, Upper};
use crate::trace::capture::{Capture, CaptureError};
use stack::base::Instant;
use stack::wire::ethernet::{self, EtherType};
use stack::wire::show::{Show, ShowFrame, ShowSegment};
use stack::wire::tcp;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// Packets that are shown before and after the offending one.
const AROUND: usize = 5;
/// Findings with an excerpt; further ones have none.
pub const EXCERPTS_MAX: usize = 200;

/// One packet of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    number: u64,
    text: String,
}

/// What belongs together: a connection, or everything that a host sends and gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum About {
    Connection(SocketAddr, SocketAddr),
    Host(IpAddr),
}

/// What is read again for one finding.
#[derive(Debug)]
struct Watched {
    host: IpAddr,
    frame: u64,
    before: VecDeque<Line>,
    at: Option<Line>,
    after: Vec<Line>,
    /// First sequence numbers of the host and of the other side.
    first: [Option<u32>; 2],
}

/// The excerpts of a file, by the first frame and the host of a finding.
#[derive(Debug, Default)]
pub struct Excerpts {
    all: BTreeMap<(u64, IpAddr), Vec<Line>>,
}

impl About {
    fn of(verdict: &Verdict) -> Self {
        verdict.ends.map_or(Self::Host(verdict.host), |(one, other)| Self::connection(one, other))
    }

    /// A connection, whoever sends.
    fn connection(one: SocketAddr, other: SocketAddr) -> Self {
        Self::Connection(one.min(other), one.max(other))
    }
}

/// Reads a capture again, for what is around the findings.
///
/// # Errors
/// If the file can not be opened any more. What is damaged in it ends the excerpts.
pub fn read(path: &Path, reading: Reading<'_>, findings: &[&Finding<'_>]) -> Result<Excerpts, CaptureError> {
    let mut watched: HashMap<About, Vec<Watched>> = HashMap::new();
    for finding in findings.iter().take(EXCERPTS_MAX) {
        let verdict = finding.first;
        let all = watched.entry(About::of(verdict)).or_default();
        if !all.iter().any(|one| one.frame == verdict.number && one.host == verdict.host) {
            all.push(Watched::new(verdict));
        }
    }
    if watched.is_empty() {
        return Ok(Excerpts::default());
    }
    let mut capture = Capture::open(path, reading.filter)?;
    while let Ok(Some(recorded)) = capture.next_packet() {
        let Some(packet) = sighting(&recorded, reading.tunnels).and_then(Packet::read) else { continue };
        let connection = packet.ends().map(|(one, other)| About::connection(one, other));
        for about in
            [connection, Some(About::Host(packet.src)), Some(About::Host(packet.dst))].iter().flatten()
        {
            for one in watched.get_mut(about).into_iter().flatten() {
                one.take(&packet);
            }
        }
    }
    let all = watched.into_values().flatten().map(|one| ((one.frame, one.host), one.lines()));
    Ok(Excerpts { all: all.collect() })
}

impl Watched {
    fn new(verdict: &Verdict) -> Self {
        Self {
            host: verdict.host,
            frame: verdict.number,
            before: VecDeque::new(),
            at: None,
            after: Vec::new(),
            first: [None; 2],
        }
    }

    fn take(&mut self, packet: &Packet<'_>) {
        if self.after.len() == AROUND {
            return;
        }
        let number = packet.sighting.number;
        self.note_first(packet);
        let line = Line { number, text: self.show(packet) };
        if number == self.frame {
            self.at = Some(line);
        } else if self.at.is_some() {
            self.after.push(line);
        } else {
            if self.before.len() == AROUND {
                self.before.pop_front();
            }
            self.before.push_back(line);
        }
    }

    /// Which of the two sides sent it: the host is the first.
    fn side(&self, packet: &Packet<'_>) -> usize {
        usize::from(packet.src != self.host)
    }

    /// Numbers count from the latest SYN before, or from the first octet that was seen.
    fn note_first(&mut self, packet: &Packet<'_>) {
        let Upper::Tcp(Segment { view, .. }) = &packet.upper else { return };
        let flags = view.flags();
        let side = self.side(packet);
        let first = if flags.syn() { view.seq() } else { view.seq().wrapping_sub(1) };
        if self.first[side].is_none() || flags.syn() {
            self.first[side] = Some(first);
        }
        if flags.ack() && !flags.rst() {
            self.first[1 - side].get_or_insert(view.ack().wrapping_sub(1));
        }
    }

    /// `   0.000120 >  P. 1:11(10) ack 1 win 502`.
    fn show(&self, packet: &Packet<'_>) -> String {
        let way = if packet.src == self.host { '>' } else { '<' };
        let what = match &packet.upper {
            Upper::Tcp(segment) if packet.ends().is_some() => {
                let side = self.side(packet);
                let relative = [self.first[side].unwrap_or(0), self.first[1 - side].unwrap_or(0)];
                let segment = tcp::Segment::unchecked(&segment.view);
                let relative = Some((relative[0], relative[1]));
                ShowSegment { segment: &segment, relative }.to_string()
            }
            Upper::Tcp(_)
            | Upper::Udp(..)
            | Upper::Icmpv4(..)
            | Upper::Icmpv6(..)
            | Upper::Fragment(_)
            | Upper::Other => whole(packet),
        };
        format!("{} {way} {what}", time(packet.sighting.at))
    }

    fn lines(self) -> Vec<Line> {
        self.before.into_iter().chain(self.at).chain(self.after).collect()
    }
}

/// A packet that is no segment, as one line.
fn whole(packet: &Packet<'_>) -> String {
    match packet.net {
        Net::V4(_) | Net::V6(..) => Show(packet.sighting.bytes).to_string(),
        Net::Arp(_) => {
            let mut frame = vec![0; ethernet::HEADER_OCTETS - 2];
            frame.extend_from_slice(&EtherType::ARP.0.to_be_bytes());
            frame.extend_from_slice(packet.sighting.bytes);
            ShowFrame(&frame).to_string()
        }
    }
}

fn time(at: Instant) -> String {
    let micros = at.as_nanos() / 1_000;
    format!("{:>7}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

impl Excerpts {
    /// Shows what is around a finding, if it was read, with the bound that the offending packet broke.
    pub(super) fn show(&self, verdict: &Verdict, indent: usize, text: &mut String) {
        let Some(lines) = self.all.get(&(verdict.number, verdict.host)) else { return };
        let width = lines.last().map_or(0, |line| line.number.to_string().len());
        for Line { number, text: what } in lines {
            let offends = *number == verdict.number;
            let mark = if offends { "=>" } else { "  " };
            let _ = writeln!(text, "{:indent$}{mark} {number:width$} {what}", "");
            if offends {
                let _ = writeln!(
                    text,
                    "{:indent$}   {:width$} ^ {}; allowed: {}",
                    "", "", verdict.seen, verdict.bound
                );
            }
        }
    }
}
