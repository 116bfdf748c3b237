//! floor 6: tests of the capture reader, most of them on files that are wrong.

use super::*;
use quickcheck::{QuickCheck, quickcheck};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file that lasts as long as its test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(bytes: &[u8]) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("netassay-capture-{}-{number}", std::process::id()));
        fs::write(&path, bytes).expect("a file in the folder for temporary files");
        Self(path)
    }

    /// What opening and reading to the end says, with the file's name made short.
    fn complaint(&self, filter: Option<&str>) -> String {
        let said = match Capture::open(&self.0, filter) {
            Ok(mut capture) => match read(&mut capture) {
                Ok(_) => capture.cut().map(Cut::to_string).unwrap_or_default(),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        assert!(!said.contains('\n'), "a complaint is one line: {said}");
        said.replace(&self.0.display().to_string(), "FILE")
    }
}

/// A complaint with libpcap's own words, which change from version to version, left out.
fn in_our_words(said: &str) -> String {
    let (before, rest) = said.split_once('(').expect("the words of libpcap stand in brackets");
    let (words, after) = rest.rsplit_once(");").expect("the words of libpcap stand in brackets");
    assert!(words.len() > 10, "libpcap says more than `{words}`");
    format!("{before}(..);{after}")
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A packet that outlives the reader.
type Kept = (u64, u64, i64, Vec<u8>, u32);

fn read(capture: &mut Capture) -> Result<Vec<Kept>, CaptureError> {
    let mut kept = Vec::new();
    while let Some(packet) = capture.next_packet()? {
        assert!(packet.wire_len as usize >= packet.bytes.len());
        kept.push((
            packet.number,
            packet.at.as_nanos(),
            packet.epoch_ns,
            packet.bytes.to_vec(),
            packet.wire_len,
        ));
    }
    Ok(kept)
}

fn read_all(bytes: &[u8], filter: Option<&str>) -> (Vec<Kept>, u64) {
    let scratch = Scratch::new(bytes);
    let mut capture = Capture::open(&scratch.0, filter).expect("a capture");
    (read(&mut capture).expect("packets"), capture.backwards())
}

/// Header of a pcap file in little-endian order.
fn header(magic: u32, link: u32) -> Vec<u8> {
    let mut bytes = magic.to_le_bytes().to_vec();
    bytes.extend([2, 0, 4, 0]);
    for word in [0, 0, 262_144, link] {
        bytes.extend(word_of(word));
    }
    bytes
}

fn word_of(word: u32) -> [u8; 4] {
    word.to_le_bytes()
}

const MICRO: u32 = 0xa1b2_c3d4;
const NANO: u32 = 0xa1b2_3c4d;

/// One record: seconds, the fraction's field, the octets, and the length on the wire.
fn record(seconds: u32, fraction: u32, bytes: &[u8], wire_len: u32) -> Vec<u8> {
    let caplen = u32::try_from(bytes.len()).expect("a short packet");
    let mut record: Vec<u8> = [seconds, fraction, caplen, wire_len].into_iter().flat_map(word_of).collect();
    record.extend(bytes);
    record
}

fn pcap(magic: u32, records: &[Vec<u8>]) -> Vec<u8> {
    [header(magic, 1), records.concat()].concat()
}

/// A block of a pcapng file.
fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let len = word_of(u32::try_from(body.len() + 12).expect("a short block"));
    [&word_of(kind)[..], &len, body, &len].concat()
}

/// A pcapng file with interfaces of these link types and snap lengths, and no packet.
fn pcapng(interfaces: &[(u16, u32)]) -> Vec<u8> {
    let mut bytes = block(0x0a0d_0d0a, &[&word_of(0x1a2b_3c4d)[..], &[1, 0, 0, 0], &[0xff; 8]].concat());
    for (link, snap_len) in interfaces {
        bytes.extend(block(1, &[&link.to_le_bytes()[..], &[0, 0], &word_of(*snap_len)].concat()));
    }
    bytes
}

#[test]
fn micro_and_nanosecond_files_give_nanoseconds() {
    let records = [record(100, 5, b"one", 3), record(101, 7, b"two", 60)];
    let (kept, _) = read_all(&pcap(MICRO, &records), None);
    assert_eq!(kept[0], (1, 0, 100_000_005_000, b"one".to_vec(), 3));
    assert_eq!(kept[1], (2, 1_000_002_000, 101_000_007_000, b"two".to_vec(), 60));
    let (kept, _) = read_all(&pcap(NANO, &records), None);
    assert_eq!((kept[0].2, kept[1].1), (100_000_000_005, 1_000_000_002));
}

#[test]
fn times_that_make_no_sense_are_survived() {
    let records = [record(100, 0, b"a", 1), record(99, 2_000_000_000, b"b", 1), record(5, 0, b"c", 1)];
    let (kept, backwards) = read_all(&pcap(MICRO, &records), None);
    assert_eq!(kept.iter().map(|kept| kept.1).collect::<Vec<_>>(), [0, 1_999_000_000_000, 0]);
    assert_eq!(backwards, 1);
    let (kept, _) = read_all(&pcap(MICRO, &[record(u32::MAX, u32::MAX, b"a", 1)]), None);
    assert_eq!(kept[0].1, 0);
}

#[test]
fn lengths_that_make_no_sense_are_survived() {
    let records = [record(1, 0, b"", 0), record(1, 0, b"abc", 1), record(1, 0, b"d", u32::MAX)];
    let (kept, _) = read_all(&pcap(MICRO, &records), None);
    let lengths: Vec<(usize, u32)> = kept.iter().map(|kept| (kept.3.len(), kept.4)).collect();
    assert_eq!(lengths, [(0, 0), (3, 3), (1, u32::MAX)]);
    assert_eq!(read_all(&header(MICRO, 1), None).0, []);
}

#[test]
fn both_byte_orders_and_all_variants_are_read() {
    let big = |magic: u32, extra: &[u8], between: &[u8]| {
        let mut bytes = magic.to_be_bytes().to_vec();
        bytes.extend([0, 2, 0, 4]);
        for word in [0_u32, 0, 65_535, 1] {
            bytes.extend(word.to_be_bytes());
        }
        bytes.extend(extra);
        for word in [100_u32, 5, 3, 60] {
            bytes.extend(word.to_be_bytes());
        }
        [&bytes[..], between, b"one"].concat()
    };
    for (bytes, nanos) in [
        (big(MICRO, &[], &[]), 5_000),
        (big(NANO, &[], &[]), 5),
        (big(0xa1b2_cd34, &[], &[0, 0, 0, 9, 8, 0, 4, 0]), 5_000),
        (big(0x1c00_01ac, &[0; 4], &[]), 5),
        (big(0x1c00_01ab, &[0; 4], &[]), 5_000),
    ] {
        let (kept, _) = read_all(&bytes, None);
        assert_eq!(kept, [(1, 0, 100_000_000_000 + nanos, b"one".to_vec(), 60)]);
    }
}

#[test]
fn old_versions_have_their_lengths_the_other_way_round() {
    for (version, lengths, kept_len) in
        [([2, 2], (5, 3), 3), ([2, 3], (5, 3), 3), ([2, 3], (3, 5), 3), ([0x21f, 0], (9, 3), 3)]
    {
        let mut bytes = header(MICRO, 1);
        bytes[4..8].copy_from_slice(&version.map(u16::to_le_bytes).concat());
        for word in [1, 0, lengths.0, lengths.1] {
            bytes.extend(word_of(word));
        }
        bytes.extend(b"abc");
        assert_eq!(read_all(&bytes, None).0[0].3.len(), kept_len);
    }
    let mut odd = header(MICRO, 1);
    odd[6] = 5;
    assert_eq!(
        Scratch::new(&odd).complaint(None),
        "FILE: the header of the capture cannot be read (version 2.5 of pcap does not exist); record or copy it \
         again"
    );
}

#[test]
fn a_frame_check_sequence_is_told_by_the_header() {
    let scratch = Scratch::new(&[header(MICRO, 0x2400_0001), record(1, 0, &[0; 64], 64)].concat());
    let mut capture = Capture::open(&scratch.0, None).expect("a capture");
    let packet = capture.next_packet().expect("packets").expect("a packet");
    assert_eq!((packet.link, packet.fcs_octets), (LinkType::Ethernet, 4));
}

#[test]
fn pcapng_packets_tell_interface_direction_and_losses() {
    let packet = |interface: u32, options: &[u8]| {
        let fixed = [interface, 0, 7, 4, 4].map(word_of).concat();
        block(6, &[&fixed[..], b"abcd", options].concat())
    };
    let outbound = [&[2, 0, 4, 0][..], &word_of(2 | 4 << 5), &[4, 0, 8, 0, 3, 0, 0, 0, 0, 0, 0, 0]].concat();
    let first = [pcapng(&[(1, 100), (101, 200)]), packet(1, &[]), packet(0, &outbound)].concat();
    let second = [pcapng(&[(113, 0)]), packet(0, &[])].concat();
    let scratch = Scratch::new(&[first, second].concat());
    let mut capture = Capture::open(&scratch.0, None).expect("a capture");
    let mut seen = Vec::new();
    while let Some(packet) = capture.next_packet().expect("packets") {
        seen.push((packet.link, packet.interface, packet.direction, packet.fcs_octets));
    }
    assert_eq!(
        seen,
        [
            (LinkType::RawIp, 1, Direction::Unknown, 0),
            (LinkType::Ethernet, 0, Direction::Outbound, 4),
            (LinkType::LinuxCooked, 2, Direction::Unknown, 0)
        ]
    );
    assert_eq!(capture.losses().before_packets, 3);
}

#[test]
fn damage_in_pcapng_is_named() {
    let said = |rest: &[u8]| Scratch::new(&[&pcapng(&[(1, 100)])[..], rest].concat()).complaint(None);
    let fixed = |interface, len| [interface, 0, 7, len, 4].map(word_of).concat();
    let good = block(6, &[&fixed(0, 4)[..], b"abcd"].concat());
    let after = |rest: &[u8]| said(&[&good[..], rest].concat());
    let damaged = |what: &str| {
        format!(
            "FILE: damaged after frame 1 ({what} at octet 84); keep what is good: editcap -r FILE good.pcap 1-1"
        )
    };
    assert_eq!(
        after(&block(6, &[&fixed(7, 4)[..], b"abcd"].concat())),
        damaged("a packet of interface 7, which is not described before")
    );
    assert_eq!(
        after(&block(6, &[&fixed(0, 5)[..], b"abcd"].concat())),
        damaged("a packet that claims 5 octets in a block with 4")
    );
    assert_eq!(after(&block(6, &[0; 8])), damaged("a packet block that is too short"));
    assert_eq!(after(&[word_of(6), word_of(10)].concat()), damaged("a block that claims 10 octets"));
    let mut trailer = block(6, &[&fixed(0, 4)[..], b"abcd"].concat());
    *trailer.last_mut().expect("octets") = 1;
    assert!(after(&trailer).contains("at its front and "), "{}", after(&trailer));
    let mut passed = block(0xbad, &[1; 40]);
    passed.truncate(30);
    assert!(after(&passed).starts_with("FILE: cut in the middle of a record after frame 1 ("));
    assert_eq!(after(&block(0xbad, &[1; 40])), "");
    let section = [word_of(0x0a0d_0d0a), word_of(28), word_of(0x1234_5678)].concat();
    assert_eq!(after(&section), damaged("a section without a byte order"));
    // A packet before any interface is as good as a broken header.
    let early = [&pcapng(&[])[..], &good].concat();
    assert!(Scratch::new(&early).complaint(None).contains("interface 0, which is not described before"));
}

#[test]
fn link_types_that_are_not_known_are_passed_over_beside_others() {
    let packet =
        |interface: u32| block(6, &[&[interface, 0, 7, 4, 4].map(word_of).concat()[..], b"abcd"].concat());
    let file = [pcapng(&[(105, 0), (1, 0)]), packet(0), packet(1)].concat();
    let scratch = Scratch::new(&file);
    let mut capture = Capture::open(&scratch.0, None).expect("a capture");
    let packet_105 = capture.next_packet().expect("packets").expect("a packet");
    assert_eq!(packet_105.network(false), Err(LinkError::Unknown(105)));
    assert_eq!(capture.next_packet().expect("packets").expect("a packet").link, LinkType::Ethernet);
    let alone = [pcapng(&[(105, 0)]), packet(0)].concat();
    assert!(
        Scratch::new(&alone).complaint(None).starts_with("FILE: link type 105 (IEEE802_11) is not known")
    );
}

#[test]
fn records_longer_than_a_batch_are_read() {
    let long = vec![7; 3 << 20];
    let records = [record(1, 0, b"a", 1), record(2, 0, &long, 3 << 20), record(3, 0, b"b", 1)];
    let (kept, _) = read_all(&pcap(MICRO, &records), None);
    assert_eq!(kept.iter().map(|kept| kept.3.len()).collect::<Vec<_>>(), [1, 3 << 20, 1]);
}

#[test]
fn frame_numbers_count_what_the_filter_holds_back() {
    let frame = |ethertype: u8| [&[0; 12][..], &[8, ethertype], &[0; 46]].concat();
    let records = [record(1, 0, &frame(6), 60), record(3, 0, &frame(0), 60), record(4, 0, &frame(6), 60)];
    let (kept, _) = read_all(&pcap(MICRO, &records), Some("arp"));
    assert_eq!(kept.iter().map(|kept| (kept.0, kept.1)).collect::<Vec<_>>(), [(1, 0), (3, 3_000_000_000)]);
    let (kept, _) = read_all(&pcap(MICRO, &records), Some("ip"));
    assert_eq!(kept.iter().map(|kept| (kept.0, kept.1)).collect::<Vec<_>>(), [(2, 2_000_000_000)]);
}

#[test]
fn a_cut_file_gives_what_is_before_the_cut() {
    let mut bytes = pcap(MICRO, &[record(1, 0, b"whole", 5), record(2, 0, b"cut off", 7)]);
    bytes.truncate(bytes.len() - 3);
    let scratch = Scratch::new(&bytes);
    let mut capture = Capture::open(&scratch.0, None).expect("a capture");
    assert_eq!(capture.cut(), None);
    assert_eq!(read(&mut capture).expect("a cut is no error").len(), 1);
    assert_eq!(capture.cut().map(|cut| cut.frames), Some(1));
    assert_eq!(
        in_our_words(&scratch.complaint(None)),
        "FILE: cut in the middle of a record after frame 1 (..); what is before it is used"
    );
    assert_eq!(capture.next_packet(), Ok(None));
}

#[test]
fn what_the_system_refuses_is_named() {
    let gone = std::env::temp_dir().join("netassay-capture-that-is-not-there");
    let said = Capture::open(&gone, None).err().expect("no such file").to_string();
    assert_eq!(said, format!("{}: no such file; check the path", gone.display()));
    let folder = std::env::temp_dir();
    let said = Capture::open(&folder, None).err().expect("a folder").to_string();
    assert_eq!(said, format!("{}: this is a folder; name the capture files in it", folder.display()));
    // Whoever runs the tests may be allowed to read everything: only the words can be tested.
    let locked = CaptureError { file: "FILE".into(), problem: Problem::NotPermitted };
    assert_eq!(locked.to_string(), "FILE: permission denied; make it readable: chmod u+r FILE");
    let broken = CaptureError {
        file: "FILE".into(),
        problem: Problem::Unreadable { frames: 0, reason: "bad disk".into() },
    };
    assert_eq!(broken.to_string(), "FILE: cannot be read: bad disk");
    assert_eq!(Scratch::new(b"").complaint(None), "FILE: the file is empty; record or copy it again");
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_text_is_as_good_as_any() {
    use std::os::unix::ffi::OsStrExt;
    let scratch = Scratch::new(&header(MICRO, 1));
    let odd = std::env::temp_dir().join(std::ffi::OsStr::from_bytes(b"netassay-capture-\xff"));
    if fs::copy(&scratch.0, &odd).is_ok() {
        let opened = Capture::open(&odd, None).map(|_| ());
        fs::remove_file(&odd).expect("the copy");
        assert_eq!(opened, Ok(()));
    }
}

#[test]
fn odd_names_stay_on_one_line_and_pass_through_a_shell() {
    let file = failure::printable("it's\nhere.gz");
    let packed = Problem::NotACapture(Look::Packed { format: "zip", tool: "unzip" });
    let said = CaptureError { file, problem: packed }.to_string();
    assert_eq!(said, r"it's\nhere.gz: packed with zip; unpack it first: unzip 'it'\''s\nhere.gz'");
}

#[test]
fn what_is_no_capture_is_named_with_its_remedy() {
    for (bytes, said) in [
        (&b"PK\x03\x04xx"[..], "packed with zip; unpack it first: unzip FILE"),
        (b"snoop\0\0\0\0\0\0\x02", "a capture of snoop; convert it first: editcap -F pcap FILE FILE.pcap"),
        (
            b"GMBU\x00\x02\x01\x00",
            "a capture of Microsoft Network Monitor; convert it first: editcap -F pcap FILE FILE.pcap",
        ),
        (b"TRSNIFF data    \x1a", "a capture of Sniffer; convert it first: editcap -F pcap FILE FILE.pcap"),
        (b"XCP\x00002.001", "a capture of NetXRay; convert it first: editcap -F pcap FILE FILE.pcap"),
        (b"0000  45 00", "text, not a capture; if it is a hex dump: text2pcap FILE FILE.pcap"),
        ("Stra\u{df}e".as_bytes(), "text, not a capture; if it is a hex dump: text2pcap FILE FILE.pcap"),
        (b"\x7fELF\x02\x01", "not a capture: it begins with 7f 45 4c 46; give a pcap or pcapng file"),
        (b"\x00", "not a capture: it begins with 00; give a pcap or pcapng file"),
    ] {
        assert_eq!(Scratch::new(bytes).complaint(None), format!("FILE: {said}"));
    }
}

#[test]
fn damage_is_named() {
    let said = |bytes: &[u8]| in_our_words(&Scratch::new(bytes).complaint(None));
    assert_eq!(
        said(&header(MICRO, 1)[..20]),
        "FILE: the header of the capture cannot be read (..); record or copy it again"
    );
    let mut absurd = record(2, 0, b"", 0);
    absurd[8..12].copy_from_slice(&word_of(0x7fff_ffff));
    assert_eq!(
        said(&pcap(MICRO, &[record(1, 0, b"a", 1), absurd.clone()])),
        "FILE: damaged after frame 1 (..); keep what is good: editcap -r FILE good.pcap 1-1"
    );
    assert_eq!(
        said(&pcap(MICRO, &[absurd])),
        "FILE: damaged at the first frame (..); record or copy it again"
    );
}

#[test]
fn link_types_that_carry_no_ip_are_named() {
    let known = "known are Ethernet, raw IP, raw IPv4, raw IPv6, Linux cooked, Linux cooked v2, null, loop, \
                 PPP, PPP in HDLC, PPP over Ethernet, Cisco HDLC";
    for (number, name) in [(195, "IEEE802_15_4"), (105, "IEEE802_11"), (50_000, "without a name")] {
        let said = format!("FILE: link type {number} ({name}) is not known here; {known}");
        assert_eq!(Scratch::new(&header(MICRO, number)).complaint(None), said);
    }
    for link in LinkType::ALL {
        let scratch = Scratch::new(&header(MICRO, link.number().into()));
        assert_eq!(Capture::open(&scratch.0, None).expect("a capture").interfaces()[0].link, *link);
        assert_eq!(LinkType::from_number(link.number().into()), *link);
    }
}

#[test]
fn a_filter_that_is_none_is_refused_in_libpcaps_words() {
    let scratch = Scratch::new(&header(MICRO, 1));
    for (filter, shown) in [("tcp prot 80", "tcp prot 80"), ("tcp\0", "tcp\\u{0}")] {
        assert_eq!(
            in_our_words(&scratch.complaint(Some(filter))),
            format!("FILE: `{shown}` is no filter (..); pcap-filter(7) has the language")
        );
    }
}

/// Reads hostile octets as a file; there cannot be more frames than record headers fit.
fn survives(bytes: &[u8], filter: Option<&str>) -> bool {
    let scratch = Scratch::new(bytes);
    let Ok(mut capture) = Capture::open(&scratch.0, filter) else {
        return !scratch.complaint(filter).is_empty();
    };
    while let Ok(Some(packet)) = capture.next_packet() {
        for decapsulate in [false, true] {
            let network = packet.network(decapsulate);
            assert!(
                network.is_ok_and(|network| network.bytes.len() <= packet.bytes.len()) || network.is_err()
            );
        }
    }
    capture.next_packet() == Ok(None) && capture.frames() <= bytes.len() as u64 / 12 + 1
}

quickcheck! {
    fn any_octets_are_survived(bytes: Vec<u8>) -> bool {
        survives(&bytes, None)
    }

    fn any_octets_behind_a_capture_header_are_survived(nano: bool, link: u8, bytes: Vec<u8>) -> bool {
        let magic = if nano { NANO } else { MICRO };
        survives(&[header(magic, u32::from(link)), bytes].concat(), None)
    }
}

#[test]
fn mutated_captures_are_survived() {
    fn mutated(changes: Vec<(u16, u8)>, length: u16, filtered: bool) -> bool {
        let frame = [&[0; 12][..], &[8, 0, 0x45], &[0; 45]].concat();
        let records = [record(1, 2, &frame, 60), record(2, 3, b"", 0), record(3, 4, &frame[..20], 60)];
        let packet = block(6, &[&[0; 12][..], &word_of(60), &word_of(60), &frame].concat());
        let sources = [pcap(MICRO, &records), [pcapng(&[(1, 100)]), packet.clone(), packet].concat()];
        sources.into_iter().all(|mut bytes| {
            for (at, value) in &changes {
                let at = usize::from(*at) % bytes.len();
                bytes[at] = *value;
            }
            bytes.truncate(bytes.len() - usize::from(length) % 40);
            survives(&bytes, filtered.then_some("tcp or vlan"))
        })
    }
    QuickCheck::new().tests(400).quickcheck(mutated as fn(Vec<(u16, u8)>, u16, bool) -> bool);
}
