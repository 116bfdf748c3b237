//! `netassay ports`, run as a user runs it, and as nobody should.

use quickcheck::{Arbitrary, Gen, QuickCheck};
use std::ffi::OsString;
use std::process::{Command, Output, Stdio};

fn netassay(arguments: &[OsString]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netassay"));
    command.arg("ports").args(arguments).env("NO_COLOR", "1").stdin(Stdio::null());
    command.output().expect("netassay runs")
}

/// Exit code, standard output and standard error as one text.
fn transcript(arguments: &[&str]) -> String {
    let given: Vec<OsString> = arguments.iter().map(OsString::from).collect();
    let Output { status, stdout, stderr } = netassay(&given);
    let stdout = String::from_utf8(stdout).expect("text");
    let stderr = String::from_utf8(stderr).expect("text");
    let code = status.code().expect("netassay ends by itself");
    format!("$ netassay ports {}\n{stdout}--- stderr\n{stderr}--- exit {code}\n", arguments.join(" "))
}

#[test]
fn ports_names_and_ranges() {
    insta::assert_snapshot!(transcript(&[
        "443",
        "https/udp",
        "ssh",
        "8000-8010",
        "49152-65535",
        "[::1]:ntp"
    ]));
}

#[test]
fn nothing_is_found() {
    insta::assert_snapshot!(transcript(&["4", "no-such-service", "https/dccp"]));
}

#[test]
fn some_questions_make_no_sense() {
    insta::assert_snapshot!(transcript(&["ssh", "65536", "443/icmp", "[::1", "9-1"]));
}

#[test]
fn help() {
    insta::assert_snapshot!(transcript(&["--help"]));
    insta::assert_snapshot!("no_argument", transcript(&[]));
}

/// What could be typed, up to what is no text at all.
#[derive(Clone, Debug)]
struct Typed(OsString);

impl Arbitrary for Typed {
    fn arbitrary(g: &mut Gen) -> Self {
        const PARTS: &[&str] = &[
            "443",
            "65536",
            "-",
            "--",
            "/tcp",
            "/",
            "https",
            "_ssh._tcp",
            ":",
            "[",
            "]",
            "::1",
            "%",
            "http://",
            "*",
            " ",
            "\n",
            "\u{1b}[31m",
            "\u{202e}",
            "\u{e4}",
            "'",
            "\"",
            "$(",
            "=",
            "--help",
            "-h",
        ];
        let length = usize::from(u8::arbitrary(g) % 6);
        let mut text: String = (0..length).filter_map(|_| g.choose(PARTS)).copied().collect();
        if bool::arbitrary(g) {
            text += &String::arbitrary(g);
        }
        // The end of a string of C: no argument has it.
        let text = text.replace('\0', "");
        #[cfg(unix)]
        if u8::arbitrary(g) < 32 {
            use std::os::unix::ffi::OsStringExt;
            return Self(OsString::from_vec([text.as_bytes(), &[0xff, 0x80]].concat()));
        }
        Self(text.into())
    }
}

#[test]
fn whatever_is_typed_the_program_ends_as_it_says() {
    fn property(typed: Vec<Typed>) -> bool {
        let arguments: Vec<OsString> = typed.into_iter().take(8).map(|Typed(text)| text).collect();
        let Output { status, stdout, stderr } = netassay(&arguments);
        let is_quiet = [&stdout, &stderr].iter().all(|text| !text.contains(&0x1b));
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        matches!(status.code(), Some(0 | 2 | 4))
            && !stderr.contains("panicked")
            && (is_quiet || status.code() == Some(2))
    }
    QuickCheck::new().tests(300).quickcheck(property as fn(Vec<Typed>) -> bool);
}
