//! The second witness: what it says of good captures, and of good captures with one fault.
#![allow(missing_docs, reason = "a test is not a public item")]

use conformance::judge::assume::{Tap, Vantage};
use conformance::judge::file::{Judged, Manner, Reading, judged};
use conformance::power::edit::Edit;
use conformance::power::story::{self, Story};
use conformance::power::{Place, faults};
use conformance::run::tap::write;
use conformance::run::tap::{Recording, Shot};
use conformance::trace::Link;
use conformance::verdict::Outcome;
use conformance::witness::{self, Bounds, Certainty, Testimony, Whom, Word};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Places of each kind of fault.
const TRIALS: usize = 4;

fn stories() -> Vec<Story> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures");
    let all = story::load(&folder).expect("the shipped captures are read");
    all.into_iter().filter(|story| story.is_seen_from(Place::Host)).collect()
}

/// A story as a file.
fn file(name: &str, story: &Story) -> PathBuf {
    let shots = story.frames.iter().map(|frame| Shot {
        at: frame.at,
        from: 0,
        bytes: frame.bytes.clone(),
        wire_len: frame.wire_len,
    });
    let recording = Recording { link: Link::Ip, shots: shots.collect() };
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, write::pcap(&recording)).expect("a file");
    path
}

/// Both witnesses about a file, with the tap at a host.
fn heard(path: &Path, story: &Story, whom: Whom) -> (Judged, Testimony) {
    let vantage = Vantage::Stated(Tap::AtHost, Some(story.host));
    let judged = judged(path, Manner { vantage, ..Manner::default() }).expect("it is read");
    let mut go_on = || ControlFlow::Continue(());
    let testimony = witness::ask(path, &judged, Reading::default(), (whom, Bounds::USUAL), &mut go_on);
    (judged, testimony.expect("it is read again"))
}

/// So many of them, spread over all.
fn evenly<T: Copy>(all: &[T], most: usize) -> Vec<T> {
    let count = all.len().min(most);
    (0..count).map(|index| all[index * all.len() / count]).collect()
}

/// Rules whose accusations the reference confirms, when a fault is made for them.
const CONFIRMED: &[&str] = &["P-A9", "P-B1", "P-B4", "P-C4", "P-C11", "P-D2"];

#[test]
fn of_one_fault_each_much_is_certain_and_the_rest_has_a_reason() {
    let stories = stories();
    let (mut certain, mut words, mut alone) = (BTreeSet::new(), BTreeSet::new(), 0);
    for fault in faults() {
        let places: Vec<(&Story, usize)> = stories
            .iter()
            .flat_map(|story| (0..story.frames.len()).map(move |at| (story, at)))
            .filter(|(story, at)| (fault.fits)(story, *at))
            .collect();
        for (story, at) in evenly(&places, TRIALS) {
            let mut altered = story.clone();
            (fault.apply)(&mut altered, at);
            altered.frames.sort_by_key(|frame| frame.at);
            let path = file("witness-fault.pcap", &altered);
            let (judged, testimony) = heard(&path, story, Whom::All);
            alone += testimony.alone.len();
            for verdict in &judged.report.verdicts {
                let accuses = verdict.outcome >= Outcome::Deviates;
                let statement = testimony.of(verdict);
                assert_eq!(statement.is_some(), accuses, "{verdict:?}");
                let Some(statement) = statement else { continue };
                words.insert(statement.word);
                let is_certain = statement.certainty() == Certainty::Certain;
                assert_eq!(is_certain, statement.word == Word::Agrees);
                if is_certain {
                    certain.insert(verdict.rule.id);
                }
            }
        }
    }
    let missing: Vec<&&str> = CONFIRMED.iter().filter(|rule| !certain.contains(**rule)).collect();
    assert!(missing.is_empty(), "not certain: {missing:?}; certain: {certain:?}");
    for word in [Word::OtherMatter, Word::StoppedBefore, Word::NotNear, Word::NoConnection] {
        assert!(words.contains(&word), "{word:?} is never said");
    }
    assert!(alone > 0);
}

/// Captures at the interface of somebody who writes segments by hand, and is no stack.
fn by_hand() -> Vec<String> {
    let manifest = include_str!("../../corpora/MANIFEST.toml");
    let manifest: toml::Table = manifest.parse().expect("rows");
    let rows = manifest["capture"].as_array().expect("captures");
    let is = |row: &toml::Value, key: &str, word: &str| {
        row.get(key).and_then(|found| found.as_str()) == Some(word)
    };
    let by_hand = rows.iter().filter(|row| is(row, "role", "server") && is(row, "tap", "client"));
    by_hand.map(|row| row["file"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn of_good_captures_nothing_is_certain_and_everything_explained() {
    let (mut followed, by_hand) = (0, by_hand());
    for story in stories() {
        let path = file("witness-good.pcap", &story);
        let (judged, testimony) = heard(&path, &story, Whom::All);
        assert_eq!(testimony.count(Certainty::Certain), 0, "{}: {:?}", story.name, judged.report.verdicts);
        followed += testimony.followed;
        if by_hand.contains(&story.name) {
            continue;
        }
        assert!(testimony.alone.is_empty(), "{}: {:?}", story.name, testimony.alone);
        assert_eq!(testimony.followed, testimony.explained, "{}", story.name);
    }
    assert!(followed >= 40, "only {followed} ends were followed");
}

/// The story of this capture, and the same with its last segment that fits altered.
fn altered(
    name: &str,
    fits: impl Fn(&Story, usize) -> bool,
    alter: impl FnOnce(&mut Edit),
) -> (Story, Story) {
    let story = stories().into_iter().find(|story| story.name == name).expect("a capture");
    let at = (0..story.frames.len()).rev().find(|at| fits(&story, *at)).expect("a segment");
    let mut altered = story.clone();
    altered.edit(at, alter);
    (story, altered)
}

const TIMESTAMPS: u8 = 8;

/// One fault that both witnesses notice: a timestamp goes back.
fn faulty() -> (Story, Story) {
    altered("http-v4.pcap", Story::flows, |segment| {
        let value = segment.word(TIMESTAMPS, 0).expect("timestamps");
        segment.set_word(TIMESTAMPS, 0, value.wrapping_sub(2_000));
    })
}

/// One that only the reference notices: a part of a segment is acknowledged.
fn partial() -> (Story, Story) {
    let many = |story: &Story, at: usize| {
        let ack = story.own(at).filter(|_| story.is_bare_ack(at)).map(|own| own.ack);
        ack.zip(story.acknowledged_before(at)).is_some_and(|(ack, before)| ack.wrapping_sub(before) > 8)
    };
    altered("tcp-ping-pong.pcap", many, |segment| segment.ack = segment.ack.wrapping_sub(7))
}

#[test]
fn what_has_no_room_or_no_time_has_no_second_witness() {
    let (story, altered) = faulty();
    let path = file("witness-bounds.pcap", &altered);
    let (judged, testimony) = heard(&path, &story, Whom::Accused);
    assert_eq!((testimony.count(Certainty::Certain), testimony.followed), (1, 1));
    let words = |bounds: Bounds, goes_on: bool| {
        let mut go_on = || if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        let asked = witness::ask(&path, &judged, Reading::default(), (Whom::Accused, bounds), &mut go_on);
        let testimony = asked.expect("it is read again");
        let of = |verdict| testimony.of(verdict).map(|statement| statement.word);
        let words: Vec<Word> = judged.report.verdicts.iter().filter_map(of).collect();
        (words, testimony.too_large, testimony.stopped)
    };
    let usual = Bounds::USUAL;
    assert_eq!(words(usual, true), (vec![Word::Agrees], 0, false));
    assert_eq!(words(Bounds { packets: 5, ..usual }, true), (vec![Word::TooLarge], 1, false));
    assert_eq!(words(Bounds { octets: 2_000, ..usual }, true), (vec![Word::TooLarge], 1, false));
    assert_eq!(words(Bounds { pairs: 0, ..usual }, true), (vec![Word::TooLarge], 0, false));
    assert_eq!(words(usual, false), (vec![Word::Interrupted], 0, true));
}

#[test]
fn nobody_is_asked_about_a_host_that_the_tap_is_not_at() {
    let (_, altered) = faulty();
    let path = file("witness-nowhere.pcap", &altered);
    let vantage = Vantage::Stated(Tap::Anywhere, None);
    let judged = judged(&path, Manner { vantage, ..Manner::default() }).expect("it is read");
    for whom in [Whom::Accused, Whom::All] {
        let mut go_on = || ControlFlow::Continue(());
        let asked = witness::ask(&path, &judged, Reading::default(), (whom, Bounds::USUAL), &mut go_on);
        let testimony = asked.expect("it is read again");
        assert_eq!((testimony.followed, testimony.alone.len()), (0, 0));
        let near = |verdict| testimony.of(verdict).is_none_or(|statement| statement.word == Word::NotNear);
        assert!(judged.report.verdicts.iter().all(near));
    }
}

#[test]
fn a_filter_chooses_connections_and_leaves_out_no_part_of_them() {
    let (story, _) = faulty();
    let path = file("witness-filter.pcap", &story);
    let followed = |filter: &str| {
        let reading = Reading { filter: Some(filter), ..Reading::default() };
        let vantage = Vantage::Stated(Tap::AtHost, Some(story.host));
        let judged = judged(&path, Manner { vantage, reading, ..Manner::default() }).expect("it is read");
        let mut go_on = || ControlFlow::Continue(());
        let asked = witness::ask(&path, &judged, reading, (Whom::All, Bounds::USUAL), &mut go_on);
        let testimony = asked.expect("it is read again");
        (testimony.followed, testimony.explained)
    };
    let (all, _) = followed("tcp");
    assert!(all >= 1);
    assert_eq!(followed("tcp[tcpflags] & tcp-fin != 0"), (all, all));
    assert_eq!(followed("udp"), (0, 0));
}

/// What `netassay check` says of a file whose tap is at 192.0.2.1: exit code, text, complaints.
fn check(arguments: &[&str], file: &Path) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netassay"));
    command.args(["check", "--vantage", "host@192.0.2.1"]).args(arguments).arg(file).env("NO_COLOR", "1");
    let Output { status, stdout, stderr } = command.output().expect("netassay runs");
    let text = |octets| String::from_utf8(octets).expect("text").replace(env!("CARGO_TARGET_TMPDIR"), "");
    (status.code(), text(stdout), text(stderr))
}

/// The lines of a text that hold one of these words.
fn lines(text: &str, words: &[&str]) -> Vec<String> {
    let has = |line: &&str| words.iter().any(|word| line.contains(word));
    text.lines().filter(has).map(|line| line.trim().to_owned()).collect()
}

const SAYS: &[&str] = &["certain", "likely", "legal", "only the reference", " > "];

#[test]
fn what_both_find_is_certain() {
    let (_, altered) = faulty();
    let path = file("witness-certain.pcap", &altered);
    let (code, text, complaints) = check(&["--witness", "-v"], &path);
    assert_eq!((code, complaints.as_str()), (Some(0), ""));
    insta::assert_snapshot!("certain", lines(&text, SAYS).join("\n"));
    // Without the option there is nothing of it.
    let (_, plain, _) = check(&[], &path);
    assert!(
        plain.contains("P-C11 ") && lines(&plain, &["certain: ", "likely", "second witness"]).is_empty(),
        "{plain}"
    );
    // And it does not depend on how many files there are, and how many threads.
    let (_, together, _) = check(&["--witness", "--threads", "1", path.to_str().expect("a name")], &path);
    assert_eq!(together.matches("second witness: 1 certain, 0 likely; 1 end followed").count(), 2);
    assert!(together.contains("\nsecond witness: 2 certain, 0 likely\n"), "{together}");
}

#[test]
fn what_only_the_judge_finds_is_likely() {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures");
    let (_, text, _) = check(&["--witness"], &captures.join("tcp-time-wait-client.pcap"));
    assert_eq!(
        lines(&text, &["certain", "likely"]),
        [
            "likely: the reference does not look at this",
            "second witness: 0 certain, 1 likely; 1 end followed, 1 explained"
        ]
    );
}

#[test]
fn what_only_the_reference_finds_is_likely() {
    let (_, altered) = partial();
    let path = file("witness-alone.pcap", &altered);
    let (_, text, _) = check(&["--witness=all", "-v"], &path);
    insta::assert_snapshot!("alone", lines(&text, SAYS).join("\n"));
    let (_, text, _) = check(&["--witness"], &path);
    assert_eq!(lines(&text, &["only the reference"]), Vec::<String>::new(), "no rule accuses it");
}

#[test]
fn damaged_files_have_a_second_witness_up_to_there() {
    let (_, altered) = faulty();
    let whole = std::fs::read(file("witness-whole.pcap", &altered)).expect("octets");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("witness-damaged.pcap");
    for (octets, code) in [(whole.len() - 7, Some(0)), (whole.len(), Some(3))] {
        let mut octets = whole[..octets].to_vec();
        if code == Some(3) {
            octets.extend([0xff; 40]);
        }
        std::fs::write(&path, octets).expect("a file");
        let (ended, text, _) = check(&["--witness=all"], &path);
        assert_eq!((ended, text.matches("second witness: ").count()), (code, 1), "{text}");
    }
}

#[test]
fn why_nobody_was_asked_about_is_said() {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures");
    let said = |arguments: &[&str], file: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_netassay"));
        let output = command.arg("check").args(arguments).arg(file).output().expect("netassay runs");
        let text = String::from_utf8(output.stdout).expect("text");
        lines(&text, &["second witness: "]).join("\n")
    };
    assert_eq!(
        said(&["--witness"], &captures.join("arp.pcap")),
        "second witness: asked about nobody: no rule accuses anybody"
    );
    assert!(
        said(&["--witness=all"], &captures.join("http-v4.pcap")).ends_with("who knows says so: --vantage")
    );
    assert_eq!(
        said(&["--witness=all", "--vantage", "host"], &captures.join("format-mid-connection.pcap")),
        "second witness: 0 certain, 0 likely; 0 ends followed, 0 explained; \
         2 could not be followed (2 no-handshake)"
    );
}
