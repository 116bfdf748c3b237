use super::*;
use quickcheck::{Arbitrary, Gen, quickcheck};

fn asked(text: &str) -> String {
    match Question::read(text) {
        Ok(question) => answer(&question).text,
        Err(why) => why.to_string(),
    }
}

/// Several answers as one text.
fn told(asked_for: &[&str]) -> String {
    asked_for.iter().map(|text| format!("> {}\n{}\n", text.escape_debug(), asked(text))).collect()
}

#[test]
fn ports() {
    insta::assert_snapshot!(told(&["443", "443/udp", "143", "4", "24", "0", "1021", "6001", "50000"]));
}

#[test]
fn ranges() {
    insta::assert_snapshot!(told(&["1020-1026", "6062-6065/tcp", "27000-27000/dccp", "49150-65535"]));
    assert!(asked("0-65535").lines().count() > 7_000);
}

#[test]
fn names() {
    insta::assert_snapshot!(told(&["ssh", "HTTPS/udp", "_ldap._tcp", "x11", "cl/1", "flex-lm/tcp"]));
}

#[test]
fn endpoints() {
    insta::assert_snapshot!(told(&["[2001:DB8:0::1]:https", "ssh://192.0.2.1/", "*:domain"]));
}

#[test]
fn what_nobody_has() {
    insta::assert_snapshot!(told(&["htps", "https/dccp", "zzzz"]));
}

#[test]
fn what_makes_no_sense() {
    insta::assert_snapshot!(told(&[
        "",
        "65536",
        "99999999999999999999",
        "-1",
        "80-",
        "100-50",
        "1-2-3",
        "443/icmp",
        "443/",
        "/tcp",
        "a_b",
        "a b",
        "[::1",
        "192.0.2.1:",
        "192.0.2.1:http:80",
        "[::1]",
        "https://",
        "\u{1b}[31m",
        "\u{ff18}\u{ff10}",
    ]));
}

/// What people could type, and what nobody would.
#[derive(Clone, Debug)]
struct Typed(String);

impl Arbitrary for Typed {
    fn arbitrary(g: &mut Gen) -> Self {
        const PARTS: &[&str] = &[
            "0", "1", "80", "443", "65535", "65536", "-", "/", "tcp", "/udp", "https", "ssh", "_", "._tcp",
            ".", ":", "[", "]", "::1", "%", "://", "*", " ", "\n", "\0", "\u{1b}", "\u{202e}", "ä", "８",
            "x11", "cl/1", "'",
        ];
        let length = usize::from(u8::arbitrary(g) % 8);
        let parts: String = (0..length).filter_map(|_| g.choose(PARTS)).copied().collect();
        if bool::arbitrary(g) { Self(parts) } else { Self(parts + &String::arbitrary(g)) }
    }
}

quickcheck! {
    fn whatever_is_asked_is_answered_or_refused(typed: Typed) -> bool {
        match Question::read(&typed.0) {
            Ok(question) => {
                let answer = answer(&question);
                answer.text.ends_with('\n') && !answer.text.contains(['\0', '\u{1b}', '\u{202e}'])
            }
            Err(why) => {
                let told = why.to_string();
                !told.is_empty() && !told.contains(['\n', '\0', '\u{1b}', '\u{202e}'])
            }
        }
    }

    fn a_port_has_a_class_and_a_range_counts_all(first: u16, length: u8) -> bool {
        let last = first.saturating_add(length.into());
        let text = asked(&format!("{first}-{last}"));
        let words = ["system port", "user port", "dynamic port", "no socket has it"];
        let heading = text.lines().next().unwrap_or_default();
        let numbers: Vec<u32> = heading
            .split([' ', ':'])
            .filter_map(|word| word.parse().ok())
            .collect();
        let is_sum = matches!(numbers[..], [all, with, kept, free] if all == with + kept + free);
        (first == last || is_sum) && words.iter().any(|word| text.contains(word))
    }
}
