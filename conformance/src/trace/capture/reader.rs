//! floor 6: from the octets of a file to batches of packets, in one pass and bounded memory.

use super::Losses;
use super::batch::{Batch, Place};
use super::failure::Problem;
use super::filter::Filter;
use super::input::{Input, Taken};
use super::link::LinkType;
use super::look::Compression;
use super::pcap::Pcap;
use super::pcapng::{Interface, Pcapng};
use super::step::{Found, Step, Steps};
use super::unpack::{self, Source};
use std::io::{self, Read};

/// Octets of a batch, unless one record needs more.
const BATCH_OCTETS: usize = 1 << 20;

/// A file that is being read.
pub(super) struct Reader {
    source: Source,
    is_file: bool,
    taken: Taken,
    pub(super) compression: Option<Compression>,
    format: Format,
    pub(super) filter: Option<Filter>,
    /// What was read and is not in a batch yet: the beginning of a record.
    rest: Vec<u8>,
    /// Octets of the record that `rest` begins, as far as it tells.
    lacks: usize,
    position: Position,
    /// How the source ended, once it did.
    source_end: Option<End>,
    /// How the packets end, once it is known. Those before are in batches.
    pub(super) end: Option<End>,
}

/// How far reading has come.
#[derive(Debug, Default)]
struct Position {
    /// Octets of the file before those that are walked over now; of the decompressed one if it is compressed.
    offset: u64,
    /// Octets still to be passed over.
    pass: u64,
    frames: u64,
    first_ns: i64,
    latest_ns: i64,
    backwards: u64,
}

/// How packets end.
#[derive(Debug)]
pub(super) enum End {
    /// As they should.
    Whole,
    /// In the middle of a record.
    Cut(String),
    /// The rest can not be read.
    Problem(Problem),
}

/// A file format.
#[derive(Debug)]
enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl Reader {
    /// Begins to read what was opened.
    pub(super) fn new(input: Input, filter: Option<Filter>) -> Result<Self, Problem> {
        let format = if Pcap::begins(&input.head) {
            Format::Pcap(Pcap::open(&input.head)?)
        } else {
            Format::Pcapng(Pcapng::new())
        };
        let mut reader = Self {
            source: input.source,
            is_file: input.is_file,
            taken: input.taken,
            compression: input.compression,
            format,
            filter,
            rest: input.head,
            lacks: 0,
            position: Position::default(),
            source_end: None,
            end: None,
        };
        reader.source_end = input.failed.map(|error| reader.failed(&error));
        Ok(reader)
    }

    /// Fills a batch with the next packets; without any left, `end` tells why.
    pub(super) fn fill(&mut self, batch: &mut Batch) {
        batch.places.clear();
        if self.end.is_some() {
            return;
        }
        let mut octets = std::mem::take(&mut batch.octets);
        let mut filled = self.begin(&mut octets);
        let mut at = 0;
        while self.end.is_none() && batch.places.is_empty() {
            // What is walked over already makes room.
            if at > 0 {
                octets.copy_within(at..filled, 0);
                filled -= at;
                self.position.offset += at as u64;
            }
            self.top_up(&mut octets, &mut filled);
            at = 0;
            self.walk(octets.get(..filled).unwrap_or_default(), &mut at, &mut batch.places);
        }
        self.rest.extend_from_slice(octets.get(at..filled).unwrap_or_default());
        self.position.offset += at as u64;
        batch.octets = octets;
        batch.first_ns = self.position.first_ns;
    }

    /// Puts what is left of the batch before into a new one: octets of it.
    fn begin(&mut self, octets: &mut Vec<u8>) -> usize {
        if octets.len() > 2 * BATCH_OCTETS && self.rest.len() < BATCH_OCTETS {
            octets.truncate(BATCH_OCTETS);
            octets.shrink_to_fit();
        }
        let room = BATCH_OCTETS.max(self.rest.len());
        if octets.is_empty() {
            // Zeros of the system cost nothing until they are touched: small files touch few.
            *octets = vec![0; room];
        } else if octets.len() < room {
            octets.resize(room, 0);
        }
        if let Some(front) = octets.get_mut(..self.rest.len()) {
            front.copy_from_slice(&self.rest);
        }
        let filled = self.rest.len();
        self.rest.clear();
        if self.rest.capacity() > BATCH_OCTETS {
            self.rest.shrink_to(BATCH_OCTETS);
        }
        filled
    }

    /// Reads behind what there is: as much as there is room for from a file, else what is there. The buffer
    /// grows only once it is full, so that a length that lies costs nothing.
    fn top_up(&mut self, octets: &mut Vec<u8>, filled: &mut usize) {
        if *filled == octets.len() {
            let useful = self.lacks.max(*filled + BATCH_OCTETS);
            octets.resize(useful.min(filled.saturating_mul(2)), 0);
        }
        while self.source_end.is_none() && *filled < octets.len() {
            match self.source.read(octets.get_mut(*filled..).unwrap_or_default()) {
                Ok(0) => self.source_end = Some(End::Whole),
                Ok(read) => *filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => self.source_end = Some(self.failed(&error)),
            }
            if !self.is_file {
                break;
            }
        }
    }

    /// What an error of the source means.
    fn failed(&self, error: &io::Error) -> End {
        match self.compression {
            None => End::Problem(Problem::Unreadable { frames: 0, reason: error.to_string() }),
            Some(compression) if unpack::is_cut(error) => End::Cut(unpack::reason(compression, error)),
            Some(compression) => {
                End::Problem(Problem::Damaged { frames: 0, reason: unpack::reason(compression, error) })
            }
        }
    }

    /// Walks over what is there, from `at` on: packets that the filter lets through get a place.
    fn walk(&mut self, octets: &[u8], at: &mut usize, places: &mut Vec<Place>) {
        let (position, filter) = (&mut self.position, &mut self.filter);
        let (stop, within) = match &mut self.format {
            Format::Pcap(format) => (walk(format, position, filter, octets, at, places), format.is_within()),
            Format::Pcapng(format) => {
                (walk(format, position, filter, octets, at, places), format.is_within())
            }
        };
        let offset = position.offset + *at as u64;
        match stop {
            Err(problem) => self.end = Some(End::Problem(problem.located(position.frames, offset))),
            Ok(lacks) => {
                self.lacks = lacks;
                let there = octets.len() - *at;
                let whole = there == 0 && position.pass == 0 && !within;
                let lacks = position.pass.max(lacks as u64);
                self.end = self.source_end.take().map(|end| match &end {
                    End::Whole if !whole => ended_within(there, lacks, offset),
                    End::Whole | End::Cut(_) | End::Problem(_) => end.after(position.frames),
                });
            }
        }
    }

    /// Frames walked over so far.
    pub(super) const fn frames(&self) -> u64 {
        self.position.frames
    }

    /// How many of them claim to be earlier than the one before.
    pub(super) const fn backwards(&self) -> u64 {
        self.position.backwards
    }

    /// How much of the file was taken.
    pub(super) const fn taken(&self) -> &Taken {
        &self.taken
    }

    /// What the file says was lost.
    pub(super) fn losses(&self) -> Losses {
        match &self.format {
            Format::Pcap(_) => Losses::NONE,
            Format::Pcapng(format) => format.losses(),
        }
    }

    /// The interfaces that are described at this place of the file.
    pub(super) fn interfaces(&self) -> Vec<Interface> {
        match &self.format {
            Format::Pcap(format) => vec![Interface::alone(format.link())],
            Format::Pcapng(format) => format.interfaces().to_vec(),
        }
    }

    /// Whether the filter makes sense for the link types that are known at this place of the file.
    pub(super) fn check_filter(&mut self) -> Result<(), Problem> {
        let mut links: Vec<LinkType> = self.interfaces().iter().map(|interface| interface.link).collect();
        if links.is_empty() {
            links.push(LinkType::Ethernet);
        }
        self.filter.as_mut().map_or(Ok(()), |filter| filter.check(links.into_iter()))
    }
}

/// The file ends where a record should go on.
fn ended_within(there: usize, lacks: u64, offset: u64) -> End {
    End::Cut(format!("the record at octet {offset} needs {lacks} octets and {there} are there"))
}

impl End {
    /// The same end after so many frames.
    fn after(self, frames: u64) -> Self {
        match self {
            Self::Problem(Problem::Damaged { reason, .. }) => {
                Self::Problem(Problem::Damaged { frames, reason })
            }
            Self::Problem(Problem::Unreadable { reason, .. }) => {
                Self::Problem(Problem::Unreadable { frames, reason })
            }
            other @ (Self::Whole | Self::Cut(_) | Self::Problem(_)) => other,
        }
    }
}

/// Walks over the octets from `at` on, as far as records are all there: how many octets the next one needs.
fn walk(
    format: &mut impl Steps,
    position: &mut Position,
    filter: &mut Option<Filter>,
    octets: &[u8],
    at: &mut usize,
    places: &mut Vec<Place>,
) -> Result<usize, Problem> {
    loop {
        if position.pass > 0 {
            let there = octets.len() - *at;
            let passed = usize::try_from(position.pass).unwrap_or(usize::MAX).min(there);
            position.pass -= passed as u64;
            *at += passed;
        }
        let rest = octets.get(*at..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(0);
        }
        match format.step(rest)? {
            Step::Packet(found) => {
                let bytes = rest.get(found.start..found.start + found.len as usize).unwrap_or_default();
                position.count(found.epoch_ns);
                if filter.as_mut().is_none_or(|filter| filter.matches(found.link, bytes)) {
                    places.push(found.place(position.frames, *at));
                }
                *at += found.octets;
            }
            Step::Other { octets } => *at += octets,
            Step::Pass { octets } => position.pass = octets,
            Step::Lacks { octets } => return Ok(octets),
        }
    }
}

impl Position {
    /// One more packet.
    const fn count(&mut self, epoch_ns: i64) {
        if self.frames == 0 {
            self.first_ns = epoch_ns;
        } else if epoch_ns < self.latest_ns {
            self.backwards += 1;
        }
        self.frames += 1;
        self.latest_ns = epoch_ns;
    }
}

impl Found {
    /// Its place in a batch, in which its record begins at `at`.
    fn place(&self, number: u64, at: usize) -> Place {
        Place {
            number,
            epoch_ns: self.epoch_ns,
            start: u32::try_from(at + self.start).unwrap_or(u32::MAX),
            len: self.len,
            wire_len: self.wire_len,
            interface: self.interface,
            link: self.link,
            direction: self.direction,
            fcs_octets: self.fcs_octets,
        }
    }
}
