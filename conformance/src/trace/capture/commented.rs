//! floor 6: a pcapng file once more, block by block, with comments added to its packets. Everything else
//! stays as it is: sections and interfaces with their options, names, statistics, secrets, what nobody knows.

use super::failure::{CaptureError, printable};
use super::input::Input;
use super::pcapng::{Comments, Pcapng};
use super::step::{Step, Steps};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;

/// Octets that are read at once.
const CHUNK: usize = 1 << 16;
/// Octets of a block that is no packet; longer ones are left out.
const BLOCK_OCTETS_MAX: u64 = 1 << 28;
/// Octets behind what is passed over: the length of the block once more.
const TRAILER: usize = 4;

/// Why there is no copy.
#[derive(Debug)]
pub enum CopyError {
    /// The capture can not be read again.
    Read(CaptureError),
    /// The new one can not be written.
    Write(io::Error),
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Write(error) => write!(f, "cannot be written: {error}"),
        }
    }
}

impl std::error::Error for CopyError {}

/// What is read of a file and not yet written.
struct Window {
    source: Box<dyn Read + Send>,
    octets: Vec<u8>,
    at: usize,
}

impl Window {
    fn rest(&self) -> &[u8] {
        self.octets.get(self.at..).unwrap_or_default()
    }

    /// Reads until so many octets are there; says whether they are. What is not there takes no memory.
    fn has(&mut self, wanted: usize) -> bool {
        if self.at > 0 && self.rest().len() < wanted {
            self.octets.drain(..self.at);
            self.at = 0;
        }
        while self.rest().len() < wanted {
            let chunk = u64::try_from(CHUNK).unwrap_or(u64::MAX);
            match (&mut self.source).take(chunk).read_to_end(&mut self.octets) {
                Ok(0) | Err(_) => return self.rest().len() >= wanted,
                Ok(_) => (),
            }
        }
        true
    }

    /// Passes over so many octets, as far as they are there.
    fn skip(&mut self, mut octets: u64) {
        while octets > 0 && self.has(1) {
            let there = usize::try_from(octets).unwrap_or(usize::MAX).min(self.rest().len());
            self.at += there;
            octets -= there as u64;
        }
    }
}

/// Copies the pcapng file at `path`, with these comments on the packets of these numbers, and says how many
/// packets got any. A file that is cut or damaged ends there. Nothing is written if it is no pcapng file.
///
/// # Errors
/// If the file can not be opened, or `out` takes no more.
pub fn commented(
    path: &Path,
    comments: &BTreeMap<u64, Vec<String>>,
    out: &mut dyn Write,
) -> Result<Option<u64>, CopyError> {
    let unreadable =
        |problem| CopyError::Read(CaptureError { file: printable(&path.to_string_lossy()), problem });
    let input = Input::open(path).map_err(unreadable)?;
    if !Pcapng::begins(&input.head) {
        return Ok(None);
    }
    let mut window = Window { source: input.source, octets: input.head, at: 0 };
    copy(&mut window, &Comments(comments), out).map(Some).map_err(CopyError::Write)
}

fn copy(window: &mut Window, comments: &Comments<'_>, out: &mut dyn Write) -> io::Result<u64> {
    let mut format = Pcapng::new();
    let (mut number, mut commented) = (0, 0);
    while window.has(1) {
        // Damage ends it, as it ended the reading.
        let Ok(step) = format.step(window.rest()) else { break };
        match step {
            Step::Packet(found) => {
                number += 1;
                let block = window.rest().get(..found.octets).unwrap_or_default();
                match comments.with(&format, number, block, &found) {
                    Some(block) => {
                        commented += 1;
                        out.write_all(&block)?;
                    }
                    None => out.write_all(block)?,
                }
                window.at += found.octets;
            }
            Step::Other { octets } => {
                let block = window.rest().get(..octets).unwrap_or_default();
                out.write_all(&Pcapng::endless(block))?;
                window.at += octets;
            }
            Step::Pass { octets } if octets > BLOCK_OCTETS_MAX => {
                window.skip(octets);
                // Its second length is left out with it.
                if !window.has(TRAILER) || format.step(window.rest()).is_err() {
                    break;
                }
                window.at += TRAILER;
            }
            Step::Pass { octets } => {
                let front = usize::try_from(octets).unwrap_or(usize::MAX);
                if !window.has(front + TRAILER) {
                    break;
                }
                let block = window.rest().get(..front + TRAILER).unwrap_or_default().to_vec();
                window.at += front;
                // It compares the lengths at both ends.
                if format.step(window.rest()).is_err() {
                    break;
                }
                out.write_all(&block)?;
                window.at += TRAILER;
            }
            Step::Lacks { octets } => {
                if !window.has(octets) {
                    break;
                }
            }
        }
    }
    Ok(commented)
}

#[cfg(test)]
mod tests {
    use super::super::{Capture, Interface};
    use super::*;
    use std::path::PathBuf;

    /// A file that lasts as long as its test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str, octets: &[u8]) -> Self {
            let path = std::env::temp_dir().join(format!("netassay-commented-{}-{name}", std::process::id()));
            std::fs::write(&path, octets).expect("a file in the folder for temporary files");
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    fn copied(octets: &[u8], comments: &[(u64, &str)]) -> (u64, Vec<u8>) {
        let name = format!("{:?}", std::thread::current().id());
        let file = Scratch::new(&name, octets);
        let comments = comments.iter().map(|(number, text)| (*number, vec![(*text).to_owned()])).collect();
        let mut out = Vec::new();
        let count = commented(&file.0, &comments, &mut out).expect("it is read");
        (count.expect("a pcapng file"), out)
    }

    fn words(words: &[u32], big: bool) -> Vec<u8> {
        let octets = |word: &u32| if big { word.to_be_bytes() } else { word.to_le_bytes() };
        words.iter().flat_map(octets).collect()
    }

    fn block(kind: u32, body: &[u8], big: bool) -> Vec<u8> {
        let len = body.len() as u32 + 12;
        [words(&[kind, len], big), body.to_vec(), words(&[len], big)].concat()
    }

    /// A section with a name for its interface, an address with a name, a block of nobody's, packets of all
    /// three kinds, one of them with a comment, and statistics.
    fn section(big: bool, length: u32) -> Vec<u8> {
        let packet = words(&[0, 0, 7, 6, 60, 0x4500_0000, 0x0102_0000], big);
        let option: &[u8] = if big { &[0, 1, 0, 3] } else { &[1, 0, 3, 0] };
        let name: &[u8] = if big { &[0, 2, 0, 4] } else { &[2, 0, 4, 0] };
        let link: &[u8] = if big { &[0, 101, 0, 0] } else { &[101, 0, 0, 0] };
        [
            block(
                0x0a0d_0d0a,
                &words(&[0x1a2b_3c4d, if big { 0x0001_0000 } else { 1 }, length, length], big),
                big,
            ),
            block(1, &[link, &[0; 4], name, b"eth7", &[0; 4]].concat(), big),
            block(4, b"names of hosts..", big),
            block(0xbad, b"a custom block, of 32 octets....", big),
            block(6, &[&packet[..], option, b"old ", &[0; 4]].concat(), big),
            block(2, &packet, big),
            block(3, &[&words(&[4], big)[..], b"simp"].concat(), big),
            block(5, &words(&[0, 0, 0], big), big),
        ]
        .concat()
    }

    #[test]
    fn without_comments_all_blocks_are_the_same() {
        for big in [false, true] {
            let octets = section(big, u32::MAX);
            assert_eq!(copied(&octets, &[]), (0, octets.clone()));
            // A length of the section would be wrong behind comments.
            assert_eq!(copied(&section(big, 96), &[]), (0, octets));
        }
    }

    #[test]
    fn comments_stand_beside_those_that_were_there() {
        let octets = [section(false, u32::MAX), section(true, u32::MAX)].concat();
        let (count, out) = copied(&octets, &[(1, "new 1"), (3, "new 3"), (5, "new 5"), (77, "nobody's")]);
        assert_eq!(count, 3);
        let times = |what: &[u8]| out.windows(what.len()).filter(|window| *window == what).count();
        for (what, count) in [("eth7", 2), ("names of hosts", 2), ("a custom", 2), ("old", 2), ("new ", 3)] {
            assert_eq!(times(what.as_bytes()), count, "{what}");
        }
        assert_eq!((times(b"simp"), times(b"nobody")), (2, 0));
        let read = |octets: &[u8]| {
            let mut capture = Capture::from_octets("FILE", octets.to_vec(), None).expect("a capture");
            let mut all: Vec<(u64, i64, u32, u32, Vec<u8>)> = Vec::new();
            while let Some(one) = capture.next_packet().expect("packets") {
                all.push((one.number, one.epoch_ns, one.wire_len, one.interface, one.bytes.to_vec()));
            }
            let interfaces: Vec<Interface> = capture.interfaces();
            (all, interfaces.len())
        };
        assert_eq!(read(&out), read(&octets));
        assert_eq!(read(&out).0.len(), 6);
    }

    #[test]
    fn what_is_cut_or_damaged_ends_there() {
        let octets = section(false, u32::MAX);
        for end in 12..octets.len() {
            let (_, out) = copied(&octets[..end], &[]);
            assert!(octets.starts_with(&out) && out.len() <= end && end - out.len() < 60, "{end}");
        }
        let mut damaged = octets.clone();
        let at = octets.len() - 4;
        damaged[at] ^= 4;
        assert_eq!(copied(&damaged, &[]).1.len(), octets.len() - 24);
    }
}
