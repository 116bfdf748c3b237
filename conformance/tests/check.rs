//! `netassay check` as people and programs meet it: text, ladders, JSON lines, annotated captures, a stated
//! vantage, an interruption.

use conformance::judge::file::file;
use conformance::trace::capture::Capture;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures")
}

fn capture(name: &str) -> PathBuf {
    captures().join(name)
}

fn temporary(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn netassay(arguments: &[&str], files: &[&Path]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netassay"));
    command.arg("check").args(arguments).args(files).env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// Exit code, standard output and standard error, without the folder of the captures.
fn check(arguments: &[&str], files: &[&Path]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = netassay(arguments, files).output().expect("netassay runs");
    let folder = format!("{}/", captures().display());
    let text = |octets: Vec<u8>| String::from_utf8(octets).expect("text").replace(&folder, "");
    (status.code(), text(stdout), text(stderr))
}

/// The text without what grows with every rule.
fn steady(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("  rules applied")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn findings_are_by_host_with_what_they_rest_on() {
    let (code, text, complaints) = check(&[], &[&capture("scan-christmas.pcap")]);
    assert_eq!((code, complaints.as_str()), (Some(0), ""));
    insta::assert_snapshot!("check_text", steady(&text));
}

#[test]
fn a_finding_is_shown_among_what_is_around_it() {
    let (_, text, _) = check(&["-v", "--notes"], &[&capture("tcp-time-wait-client.pcap")]);
    insta::assert_snapshot!("check_verbose", steady(&text));
}

/// The same packets as raw IP, each in an IPv4 packet between two gateways, after a header of GRE or not.
fn tunneled(name: &str, gre: bool) -> PathBuf {
    use conformance::run::tap::{Recording, Shot, write};
    use conformance::trace::Link;
    use stack::wire::ipv4;

    let mut capture = Capture::open(&capture(name), None).expect("a capture");
    let mut shots = Vec::new();
    while let Ok(Some(packet)) = capture.next_packet() {
        let network = packet.network(false).expect("a packet");
        let header: &[u8] = if gre { &[0, 0, 8, 0] } else { &[] };
        let payload = [header, network.bytes].concat();
        let outer = ipv4::Packet {
            src: [198, 51, 100, 1].into(),
            dst: [198, 51, 100, 2].into(),
            protocol: if gre { 47 } else { 4 },
            ttl: 64,
            tos: 0,
            identification: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset_octets: 0,
            options: &[],
            payload: &payload,
        };
        let mut bytes = Vec::new();
        outer.emit(&mut bytes);
        let wire_len = u32::try_from(bytes.len()).expect("a short packet");
        shots.push(Shot { at: packet.at, from: 0, bytes, wire_len });
    }
    let to = temporary(&format!("tunneled-{gre}-{name}"));
    std::fs::write(&to, write::pcap(&Recording { link: Link::Ip, shots })).expect("a file");
    to
}

#[test]
fn what_is_in_a_tunnel_is_judged_if_that_is_wanted() {
    let findings = |text: &str| {
        let lines = text.lines().filter(|line| line.starts_with("      ") || line.starts_with("    "));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let (_, plain, _) = check(&["-v"], &[&capture("scan-christmas.pcap")]);
    for gre in [false, true] {
        let file = tunneled("scan-christmas.pcap", gre);
        let (_, outside, _) = check(&[], &[&file]);
        assert!(outside.contains(" packets, 0 TCP connections"), "{outside}");
        for threads in ["1", "3"] {
            let (code, inside, complaints) = check(&["--tunnels", "-v", "--threads", threads], &[&file]);
            assert_eq!((code, complaints.as_str()), (Some(0), ""));
            assert!(!findings(&inside).is_empty());
            assert_eq!(findings(&inside), findings(&plain));
        }
    }
}

#[test]
fn many_files_have_sums_by_rule() {
    let files = ["scan-christmas.pcap", "scan-no-flags.pcap", "arp.pcap"].map(capture);
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let (_, text, _) = check(&[], &files);
    assert!(text.contains("P-A9") && text.contains(" in 1 file, first scan-"), "{text}");
    assert!(text.contains("\nall 3 files: 0 fail, "), "{text}");
}

#[test]
fn what_can_be_read_only_once_has_no_ladders_and_no_annotation() {
    let input = || std::fs::File::open(capture("scan-christmas.pcap")).expect("a capture");
    let output = netassay(&["-v", "-"], &[]).stdin(input()).output().expect("netassay runs");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(complaint, "netassay: standard input: can be read only once; -v needs a file\n");
    assert!(String::from_utf8_lossy(&output.stdout).contains("P-A9"));
    let output =
        netassay(&["--annotate", "x.pcapng", "-"], &[]).stdin(input()).output().expect("netassay runs");
    assert_eq!(output.status.code(), Some(2));
    let output = netassay(&["--witness", "-"], &[]).stdin(input()).output().expect("netassay runs");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(complaint, "netassay: standard input: can be read only once; --witness needs a file\n");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
}

/// The fields that the page documents of a type of line.
fn documented(page: &str, kind: &str) -> BTreeSet<String> {
    let section = page.split_once(&format!("## `{kind}`")).expect("a section").1;
    let section = section.split("\n## ").next().unwrap_or(section);
    section.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect()
}

/// The names in backquotes of the paragraph that begins like this, but for the beginning itself.
fn named(page: &str, beginning: &str) -> BTreeSet<String> {
    let paragraph = page.split_once(beginning).expect("a paragraph").1.split("\n\n").next().expect("text");
    let names = paragraph.split('`').skip(1).step_by(2).filter(|name| *name != "null");
    names.map(str::to_owned).collect()
}

fn fields(object: &Value) -> BTreeSet<String> {
    object.as_object().expect("an object").keys().cloned().collect()
}

/// A capture at 192.0.2.1, which acknowledges a part of a segment.
fn partial() -> PathBuf {
    use conformance::power::story;
    use conformance::run::tap::{Recording, Shot, write};
    use conformance::trace::Link;

    let stories = story::load(&captures()).expect("the shipped captures");
    let mut story = stories.into_iter().find(|story| story.name == "tcp-ping-pong.pcap").expect("a capture");
    let at = (0..story.frames.len()).rev().find(|at| {
        let ack = story.own(*at).filter(|_| story.is_bare_ack(*at)).map(|own| own.ack);
        ack.zip(story.acknowledged_before(*at)).is_some_and(|(ack, before)| ack.wrapping_sub(before) > 8)
    });
    story.edit(at.expect("an acknowledgement"), |segment| segment.ack = segment.ack.wrapping_sub(7));
    let shots = story.frames.into_iter();
    let shots = shots.map(|one| Shot { at: one.at, from: 0, bytes: one.bytes, wire_len: one.wire_len });
    let to = temporary("partial.pcap");
    let recording = Recording { link: Link::Ip, shots: shots.collect() };
    std::fs::write(&to, write::pcap(&recording)).expect("a file");
    to
}

#[test]
fn every_line_of_json_has_the_fields_that_are_documented() {
    let page = include_str!("../SCHEMA-check.md");
    let mut files: Vec<PathBuf> = std::fs::read_dir(captures())
        .expect("captures")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files.push(temporary("not\u{1b} there \"\\.pcap"));
    let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let (code, text, _) = check(&["--format", "json", "--undecided", "--notes"], &paths);
    assert_eq!(code, Some(3));
    let asked = ["--format", "json", "--witness=all", "--vantage", "host@192.0.2.1"];
    let (_, witnessed, complaints) = check(&asked, &[&partial()]);
    assert_eq!(complaints, "");
    let mut kinds = BTreeSet::new();
    for line in text.lines().chain(witnessed.lines()) {
        let object: Value = serde_json::from_str(line).expect("JSON");
        let kind = object["type"].as_str().expect("a type").to_owned();
        assert_eq!(fields(&object), documented(page, &kind), "{line}");
        if kind == "file" {
            assert_eq!(fields(&object["calibration"]), named(page, "`calibration` counts packets:"));
            if !object["witness"].is_null() {
                assert_eq!(fields(&object["witness"]), named(page, "\n`witness` has"));
            }
            for host in object["hosts"].as_array().expect("hosts") {
                assert_eq!(fields(host), named(page, "Each of `hosts` has"));
            }
        }
        kinds.insert(kind);
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["file", "finding", "unexplained", "unreadable"]);
}

#[test]
fn json_of_a_capture_stays_as_it_is() {
    let (_, text, _) = check(&["--format", "json"], &[&capture("tcp-time-wait-client.pcap")]);
    let finding = text.lines().next().expect("a finding");
    insta::assert_snapshot!("check_json", finding);
}

/// The system that each host of a capture opens connections like.
fn systems(name: &str) -> Vec<Option<String>> {
    let (_, text, _) = check(&["--format", "json"], &[&capture(name)]);
    let last: Value = serde_json::from_str(text.lines().last().expect("a line")).expect("JSON");
    let hosts = last["hosts"].as_array().expect("hosts");
    let styled = hosts.iter().filter(|host| !host["style"].is_null());
    styled.map(|host| host["system"].as_str().map(str::to_owned)).collect()
}

#[test]
fn linux_is_known_by_how_it_opens_connections() {
    let linux = || Some("Linux".to_owned());
    for name in ["http-v4.pcap", "http-v6.pcap", "tcp-no-timestamps.pcap", "bulk-iperf3.pcap"] {
        assert_eq!(systems(name), [linux(), linux()], "{name}");
    }
    // A port scanner writes its SYNs itself, and what it is answered depends on them.
    assert_eq!(systems("scan-syn.pcap"), [None, None]);
}

#[test]
fn smoltcp_is_known_by_how_it_opens_connections() {
    use conformance::drive::replay::recording::Side;
    use conformance::host::smoltcp::Smoltcp;
    use conformance::{judge, replay};

    let recorded = replay::read(&capture("http-v4.pcap"), None).expect("it is read");
    let mut host = Smoltcp::new();
    let replayed = replay::recording(&recorded.recording, &[Side::Client], &mut host);
    let report = judge::trace(&replayed.first().expect("a conversation").trace);
    let asks = report.hosts.values().find_map(|seen| seen.styles.asks).expect("a SYN");
    assert_eq!(asks.system(), Some("smoltcp"), "{asks}");
}

/// Every packet: link type, times, lengths and octets.
fn packets(path: &Path) -> Vec<(u64, i64, u32, String, Vec<u8>)> {
    let mut capture = Capture::open(path, None).expect("a capture");
    let mut all = Vec::new();
    while let Ok(Some(packet)) = capture.next_packet() {
        let link = format!("{:?} of {}", packet.link, packet.fcs_octets);
        all.push((packet.number, packet.epoch_ns, packet.wire_len, link, packet.bytes.to_vec()));
    }
    all
}

#[test]
fn an_annotated_capture_has_the_same_packets() {
    for name in
        ["scan-christmas.pcap", "format-pcapng-mixed-links.pcapng", "format-pcap-ns.pcap", "bulk-v6.pcap"]
    {
        let (from, to) = (capture(name), temporary(&format!("annotated-{name}.pcapng")));
        let to_text = to.to_str().expect("a name in UTF-8");
        let (code, text, complaints) = check(&["--annotate", to_text, "--notes"], &[&from]);
        assert_eq!((code, complaints.as_str()), (Some(0), ""), "{name}");
        assert!(text.contains(": comments on "), "{text}");
        assert!(packets(&from) == packets(&to), "{name}");
        let [before, after] = [&from, &to].map(|path| file(path, None).expect("it is read").report.verdicts);
        assert_eq!(format!("{before:?}"), format!("{after:?}"), "{name}");
    }
}

#[test]
fn wireshark_shows_the_comments() {
    let to = temporary("annotated-for-tshark.pcapng");
    let (_, _, complaints) =
        check(&["--annotate", to.to_str().expect("a name in UTF-8")], &[&capture("scan-christmas.pcap")]);
    assert_eq!(complaints, "");
    let mut tshark = Command::new("tshark");
    tshark
        .args(["-T", "fields", "-e", "frame.number", "-e", "frame.comment", "-Y", "frame.comment", "-r"])
        .arg(&to);
    let Ok(output) = tshark.stderr(Stdio::null()).output() else {
        eprintln!("SKIP: no tshark");
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(shown.lines().count(), 4, "{shown}");
    let first = "5\tdeviates P-A9 RFC9293-3.1-e (DESCRIBED) 192.0.2.1: flags FPU; allowed: ACK set";
    assert_eq!(shown.lines().next(), Some(first));
}

#[test]
fn an_annotated_capture_never_takes_the_place_of_the_capture() {
    let own = temporary("annotate-own.pcap");
    std::fs::copy(capture("arp.pcap"), &own).expect("a copy");
    let before = std::fs::read(&own).expect("octets");
    let (code, _, complaints) = check(&["--annotate", own.to_str().expect("a name in UTF-8")], &[&own]);
    assert_eq!((code, complaints.lines().count()), (Some(2), 1), "{complaints}");
    assert!(std::fs::read(&own).expect("octets") == before);
    let (code, ..) = check(&["--annotate", "x.pcapng"], &[&own, &own]);
    assert_eq!(code, Some(2));
    let (code, _, complaints) = check(&["--annotate", "/no/such/folder/x.pcapng"], &[&own]);
    assert_eq!((code, complaints.lines().count()), (Some(3), 1), "{complaints}");
}

#[test]
fn a_vantage_is_taken_or_refused() {
    let scan = capture("tcp-time-wait-client.pcap");
    let (code, text, complaints) = check(&["--vantage", "host@192.0.2.1"], &[&scan]);
    assert_eq!((code, complaints.as_str()), (Some(0), ""));
    assert!(text.contains("192.0.2.1  tap on it (stated)"), "{text}");
    for (vantage, file) in [
        // What the sender says here was lost before it came to the tap.
        ("host@192.0.2.1", "bulk-loss-server.pcap"),
        ("link", "bulk-loss-server.pcap"),
        // Not in the capture.
        ("host@192.0.2.77", "tcp-time-wait-client.pcap"),
    ] {
        let (code, text, complaints) = check(&["--vantage", vantage], &[&capture(file)]);
        assert_eq!(
            (code, text.as_str(), complaints.lines().count()),
            (Some(2), "", 1),
            "{vantage} {complaints}"
        );
        assert!(complaints.contains(&format!("--vantage {vantage}: {file}: ")), "{complaints}");
    }
    let (code, _, complaints) = check(&["--vantage", "near"], &[&scan]);
    assert!(
        code == Some(2) && complaints.contains("`near` is none of host, link, path, far"),
        "{complaints}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn an_interruption_shows_what_was_found_so_far() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use std::io::{BufRead, BufReader, Read, Write};

    let capture = std::fs::read(capture("ping-v4.pcap")).expect("octets");
    let (header, records) = capture.split_at(24);

    // The first file is judged and shown before the second is read: from then on interruptions are taken.
    let first = self::capture("arp.pcap");
    let mut child = netassay(&[], &[&first, Path::new("-")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("netassay runs");
    let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a line");
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).expect("it runs");
    let mut stdin = child.stdin.take().expect("its input");
    let _ = stdin.write_all(header);
    // It reads no more once it looks up.
    while stdin.write_all(records).is_ok() {}
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).expect("text");
    assert_eq!(child.wait().expect("its end").code(), Some(130), "{rest}");
    assert!(rest.contains("standard input: ") && rest.contains("  interrupted: "), "{rest}");
}
