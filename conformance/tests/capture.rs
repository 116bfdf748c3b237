//! The reader of captures beside libpcap: on everything that libpcap reads, both read the same.

use conformance::fuzz::{self, Finding};
use conformance::trace::capture::{Batch, Capture, Compression, Losses};
use lz4_flex::frame::{BlockSize, FrameInfo};
use pcap::Precision;
use quickcheck::{Arbitrary, Gen, QuickCheck};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures");
    let entries = fs::read_dir(&folder).expect("the captures are there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// Everything of a packet.
type Kept = (u64, i64, Vec<u8>, u32, u32);

/// All packets, and what is said at the end.
fn packets(octets: &[u8], filter: Option<&str>) -> (Vec<Kept>, String) {
    let mut capture = Capture::from_octets("FILE", octets.to_vec(), filter).expect("a capture");
    let mut kept = Vec::new();
    let said = loop {
        match capture.next_packet() {
            Ok(Some(packet)) => kept.push((
                packet.number,
                packet.epoch_ns,
                packet.bytes.to_vec(),
                packet.wire_len,
                packet.interface,
            )),
            Ok(None) => break capture.cut().map(ToString::to_string).unwrap_or_default(),
            Err(error) => break error.to_string(),
        }
    };
    (kept, said)
}

fn hold(result: Result<(), Finding>, of: &str) {
    if let Err(finding) = result {
        panic!("{of}: {finding}");
    }
}

#[test]
fn shipped_captures_are_read_as_libpcap_reads_them() {
    for path in shipped() {
        hold(fuzz::capture(&fs::read(&path).expect("a file")), &path.display().to_string());
    }
}

#[test]
fn filters_match_what_they_match_in_libpcap() {
    let filters =
        ["tcp", "arp or icmp6", "port 8080 and tcp[tcpflags] & tcp-syn != 0", "vlan", "ip[6:2] != 0"];
    let mut matched = BTreeSet::new();
    for path in shipped() {
        let octets = fs::read(&path).expect("a file");
        for filter in filters {
            // libpcap may refuse the file, and the filter for its link type.
            let theirs = pcap::Capture::from_file_with_precision(&path, Precision::Nano);
            let Ok(mut theirs) = theirs else { continue };
            let Ok(()) = theirs.filter(filter, true) else { continue };
            let mut wanted = Vec::new();
            let end = loop {
                match theirs.next_packet() {
                    Ok(packet) => wanted.push(packet.data.to_vec()),
                    Err(error) => break error,
                }
            };
            let (found, _) = packets(&octets, Some(filter));
            let found: Vec<Vec<u8>> = found.into_iter().map(|kept| kept.2).collect();
            // Where libpcap gives up we may go on.
            let goes_on = end != pcap::Error::NoMorePackets && found.starts_with(&wanted);
            assert!(found == wanted || goes_on, "{} {filter}", path.display());
            if !wanted.is_empty() {
                matched.insert(filter);
            }
        }
    }
    assert_eq!(matched.len(), filters.len());
}

#[test]
fn batches_have_what_the_packets_are() {
    let mut batch = Batch::new();
    for path in shipped() {
        let octets = fs::read(&path).expect("a file");
        let mut capture = Capture::open(&path, None).expect("a capture");
        let mut kept: Vec<Kept> = Vec::new();
        // Some packets one by one, then all others in batches.
        for _ in 0..3 {
            if let Some(packet) = capture.next_packet().expect("packets") {
                kept.push((
                    packet.number,
                    packet.epoch_ns,
                    packet.bytes.to_vec(),
                    packet.wire_len,
                    packet.interface,
                ));
            }
        }
        while capture.next_batch(&mut batch).expect("batches") {
            assert_eq!(capture.frames(), batch.packets().last().expect("a packet").number);
            kept.extend(batch.packets().map(|packet| {
                (packet.number, packet.epoch_ns, packet.bytes.to_vec(), packet.wire_len, packet.interface)
            }));
        }
        assert_eq!(kept, packets(&octets, None).0, "{}", path.display());
        assert_eq!(capture.frames(), kept.len() as u64);
    }
}

fn compressed(compression: Compression, plain: &[u8]) -> Vec<u8> {
    match compression {
        Compression::Gzip => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            writer.write_all(plain).and_then(|()| writer.finish()).expect("memory")
        }
        Compression::Zstd => {
            ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest)
        }
        Compression::Xz => {
            let options = lzma_rust2::XzOptions::with_preset(0);
            let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).expect("options");
            writer.write_all(plain).expect("memory");
            writer.finish().expect("memory")
        }
        Compression::Bzip2 => {
            let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            writer.write_all(plain).and_then(|()| writer.finish()).expect("memory")
        }
        Compression::Lz4 => {
            let info = FrameInfo::new().block_size(BlockSize::Max64KB).content_checksum(true);
            let mut writer = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
            writer.write_all(plain).expect("memory");
            writer.finish().expect("memory")
        }
    }
}

const COMPRESSIONS: [Compression; 5] =
    [Compression::Gzip, Compression::Zstd, Compression::Xz, Compression::Bzip2, Compression::Lz4];

/// A shipped capture several times over, so that it is longer than the memory of any decompression.
fn bulk() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures/bulk-loss-client.pcap");
    let octets = fs::read(path).expect("a shipped capture");
    let (header, records) = octets.split_at(24);
    [header, &records.repeat(6)].concat()
}

#[test]
fn compressed_captures_are_the_same_captures() {
    let plain = bulk();
    let (wanted, _) = packets(&plain, None);
    let (front, back) = plain.split_at(plain.len() / 3);
    for compression in COMPRESSIONS {
        let whole = compressed(compression, &plain);
        assert!(whole.len() < plain.len() || compression == Compression::Lz4);
        assert_eq!(packets(&whole, None), (wanted.clone(), String::new()), "{compression:?}");
        // Compressed files may be put one behind the other.
        let joined = [compressed(compression, front), compressed(compression, back)].concat();
        assert_eq!(packets(&joined, None), (wanted.clone(), String::new()), "{compression:?}, joined");
    }
}

#[test]
fn compressed_captures_that_are_cut_or_damaged_are_read_up_to_there() {
    let plain = bulk();
    let (wanted, _) = packets(&plain, None);
    for compression in COMPRESSIONS {
        let whole = compressed(compression, &plain);
        let cut = whole.get(..whole.len() * 2 / 3).expect("a part of it");
        let (kept, said) = packets(cut, None);
        assert!(wanted.starts_with(&kept) && kept.len() < wanted.len(), "{compression:?}");
        assert!(said.starts_with("FILE: cut ") && !kept.is_empty(), "{compression:?}: {said}");
        // What a decoder keeps for itself is not lost; it needs whole blocks, and those of bzip2 are long.
        let least = if compression == Compression::Bzip2 { 0 } else { wanted.len() / 2 };
        assert!(kept.len() > least, "{compression:?}: {} of {}", kept.len(), wanted.len());
        let mut damaged = whole.clone();
        let (_, end) = damaged.split_at_mut(whole.len() * 2 / 3);
        end[..40].fill(0xa5);
        // The octets decompressed before the damage is noticed may be wrong: a checksum is at the end.
        let (_, said) = packets(&damaged, None);
        assert!(said.starts_with("FILE: ") && !said.contains('\n'), "{compression:?}: {said}");
    }
}

#[test]
fn mutated_compressed_captures_are_survived() {
    fn survived(changes: Vec<(u16, u8)>, which: u8) -> bool {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures/format-snap-96.pcap");
        let plain = fs::read(path).expect("a shipped capture").repeat(3);
        let compression = COMPRESSIONS[usize::from(which) % COMPRESSIONS.len()];
        let mut packed = compressed(compression, &plain);
        for (at, value) in changes.iter().take(3) {
            let at = usize::from(*at) % packed.len();
            packed[at] = *value;
        }
        if let Ok(mut capture) = Capture::from_octets("FILE", packed, None) {
            while let Ok(Some(_)) = capture.next_packet() {}
            return capture.next_packet() == Ok(None);
        }
        true
    }
    QuickCheck::new().tests(1_000).quickcheck(survived as fn(Vec<(u16, u8)>, u8) -> bool);
}

#[test]
fn what_is_lost_is_told() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures/format-pcapng.pcapng");
    let octets = fs::read(path).expect("a shipped capture");
    let block = |kind: u32, body: &[u8]| {
        let len = u32::try_from(body.len() + 12).expect("a short block").to_le_bytes();
        [&kind.to_le_bytes()[..], &len, body, &len].concat()
    };
    let statistics = |drops: u8| {
        let counter = |code: u8, count: u8| [[code, 0, 8, 0], [count, 0, 0, 0], [0; 4]].concat();
        block(5, &[&[0; 12][..], &counter(4, 200), &counter(5, drops), &counter(7, 2), &[0; 4]].concat())
    };
    let said = [octets, statistics(3), statistics(7)].concat();
    let mut capture = Capture::from_octets("FILE", said, None).expect("a capture");
    while capture.next_packet().expect("packets").is_some() {}
    assert_eq!(capture.losses(), Losses { by_interface: 7, by_system: 2, before_packets: 0 });
    assert!(capture.losses().any());
}

/// A file that may make sense.
#[derive(Clone, Debug)]
struct Made(Vec<u8>);

struct Maker<'a> {
    source: &'a mut Gen,
    big: bool,
    made: Vec<u8>,
}

impl Maker<'_> {
    fn draw(&mut self, below: u32) -> u32 {
        u32::arbitrary(self.source) % below
    }

    /// Small, or anything.
    fn odd(&mut self) -> u32 {
        let any = u32::arbitrary(self.source);
        if self.draw(8) == 0 { any } else { any % 2_000 }
    }

    fn two(&self, number: u16) -> [u8; 2] {
        if self.big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn four(&self, number: u32) -> [u8; 4] {
        if self.big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn octets(&mut self) -> Vec<u8> {
        let len = self.draw(90);
        (0..len).map(|_| u8::arbitrary(self.source)).collect()
    }

    fn pcap(&mut self) {
        let magic = [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34][self.draw(3) as usize];
        self.made.extend(self.four(magic));
        let minor = if self.draw(4) == 0 { self.draw(6) } else { 4 };
        self.made.extend([self.two(2), self.two(u16::try_from(minor).expect("a small number"))].concat());
        let snap = [0, 40, 65_535, 262_144, u32::MAX][self.draw(5) as usize];
        let link = [1, 0, 101, 113, 276, 9, 0x1400_0001][self.draw(7) as usize];
        self.made.extend([0, 0, snap, link].map(|number| self.four(number)).concat());
        for _ in 0..self.draw(12) {
            let octets = self.octets();
            let len = u32::try_from(octets.len()).expect("a short packet");
            let claimed = if self.draw(30) == 0 { self.odd() } else { len };
            let wire_len = if self.draw(4) == 0 { self.odd() } else { len + self.draw(20) };
            let time = [self.odd(), self.odd()];
            let record = [time[0], time[1], claimed, wire_len].map(|number| self.four(number)).concat();
            self.made.extend(record);
            if magic == 0xa1b2_cd34 {
                self.made.extend([0, 0, 0, 1, 8, 0, 4, 0]);
            }
            self.made.extend(octets);
        }
    }

    fn block(&mut self, kind: u32, mut body: Vec<u8>) {
        let rest = body.len().next_multiple_of(4);
        body.resize(rest, 0);
        let len = u32::try_from(body.len() + 12).expect("a short block");
        let trailer = if self.draw(60) == 0 { self.odd() } else { len };
        let parts = [&self.four(kind)[..], &self.four(len), &body, &self.four(trailer)].concat();
        self.made.extend(parts);
    }

    fn option(&self, code: u16, value: &[u8]) -> Vec<u8> {
        let len = u16::try_from(value.len()).expect("a short value");
        let mut option = [&self.two(code)[..], &self.two(len), value].concat();
        option.resize(option.len().next_multiple_of(4), 0);
        option
    }

    fn interface(&mut self, link: u16) {
        let mut body = [&self.two(link)[..], &[0, 0], &self.four(65_535)].concat();
        match self.draw(5) {
            0 => (),
            1 => body.extend(self.option(2, b"eth0")),
            2 => {
                let offset = [self.four(0), self.four(self.draw_small())].concat();
                body.extend(self.option(14, &offset));
            }
            _ => {
                let resolution = [0, 3, 6, 9, 12, 19, 0x80, 0x8a, 0x9e][self.draw(9) as usize];
                body.extend(self.option(9, &[resolution]));
            }
        }
        if self.draw(2) == 0 {
            body.extend([0; 4]);
        }
        self.block(1, body);
    }

    const fn draw_small(&self) -> u32 {
        self.made.len() as u32 % 7
    }

    fn packet(&mut self) {
        let octets = self.octets();
        let len = u32::try_from(octets.len()).expect("a short packet");
        let claimed = if self.draw(40) == 0 { self.odd() } else { len };
        let interface = if self.draw(20) == 0 { self.odd() } else { 0 };
        let (high, low, more) = (self.draw(400_000), self.odd(), self.draw(5));
        let wire_len = len + more;
        match self.draw(4) {
            0 => {
                let body = [&self.four(len)[..], &octets].concat();
                self.block(3, body);
            }
            1 => {
                let ends = [self.two(u16::try_from(interface & 0xffff).expect("two octets")), self.two(0)];
                let numbers = [high, low, claimed, wire_len].map(|number| self.four(number)).concat();
                self.block(2, [&ends.concat()[..], &numbers, &octets].concat());
            }
            _ => {
                let numbers =
                    [interface, high, low, claimed, wire_len].map(|number| self.four(number)).concat();
                let mut body = [&numbers[..], &octets].concat();
                body.resize(body.len().next_multiple_of(4), 0);
                if self.draw(3) == 0 {
                    body.extend(self.option(1, b"a comment"));
                    body.extend(self.option(2, &self.four(1)));
                }
                self.block(6, body);
            }
        }
    }

    fn pcapng(&mut self) {
        let link = [1, 113, 101][self.draw(3) as usize];
        for _ in 0..=self.draw(2) {
            let body = [&self.four(0x1a2b_3c4d)[..], &self.two(1), &self.two(0), &[0xff; 8]].concat();
            self.block(0x0a0d_0d0a, body);
            self.interface(link);
            for _ in 0..self.draw(12) {
                match self.draw(10) {
                    0 => self.interface(link),
                    1 => {
                        let body = self.octets();
                        let kind = [4, 5, 10, 0xbad, 0x8000_0001][self.draw(5) as usize];
                        self.block(kind, body);
                    }
                    _ => self.packet(),
                }
            }
        }
    }
}

impl Arbitrary for Made {
    fn arbitrary(source: &mut Gen) -> Self {
        let big = bool::arbitrary(source);
        let mut maker = Maker { source, big, made: Vec::new() };
        if maker.draw(2) == 0 {
            maker.pcap();
        } else {
            maker.pcapng();
        }
        if maker.draw(6) == 0 {
            let len = maker.made.len() - maker.draw(30).min(maker.made.len() as u32) as usize;
            maker.made.truncate(len);
        }
        Self(maker.made)
    }
}

#[test]
fn random_files_are_read_as_libpcap_reads_them() {
    fn same(made: Made) -> Result<(), String> {
        fuzz::capture(&made.0).map_err(|finding| finding.to_string())
    }
    QuickCheck::new().tests(1_500).quickcheck(same as fn(Made) -> Result<(), String>);
}

#[test]
fn random_files_have_packets() {
    let mut source = Gen::new(20);
    let count = |made: Made| {
        Capture::from_octets("FILE", made.0, None).map_or(0, |mut capture| {
            while let Ok(Some(_)) = capture.next_packet() {}
            capture.frames()
        })
    };
    let frames: u64 = (0..500).map(|_| count(Made::arbitrary(&mut source))).sum();
    assert!(frames > 1_000, "{frames} packets in 500 files: they show nothing");
}
