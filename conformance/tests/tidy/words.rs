//! Words that the project does without: names that say nothing, promises for later, tests that are switched
//! off, paths of one machine.

use crate::assert_none;
use crate::source::{self, Source};

/// Parts of a name that say nothing of what is named.
const EMPTY: &[&str] = &["util", "utils", "helper", "helpers", "misc", "stuff"];
/// Names that say nothing unless they say more: a common prefix is something, `common` is not.
const EMPTY_ALONE: &[&str] = &["common"];
/// Verbs that say nothing of what a function does, as its first word.
const EMPTY_VERBS: &[&str] = &["process", "handle", "do"];
/// Promises for later.
const PROMISES: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];
/// What switches a test off, or lets it pass by failing.
const SWITCHES: &[&str] = &["ignore", "should_panic"];
/// Where the folders of people begin.
const MACHINE_PATHS: &[&str] = &["/home/", "/root/", "/Users/"];

const DEFINES: &[&str] = &["fn", "mod", "struct", "enum", "trait", "type", "const", "static", "let", "union"];

/// The words of a text with their lines: letters, digits and `_`.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().flat_map(|(at, line)| {
        let words = line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        words.map(move |word| (at + 1, word))
    })
}

/// `SynReceived` and `syn_received` are both `syn` and `received`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() {
            parts.push(String::new());
        }
        if letter != '_' {
            parts.last_mut().expect("there is one").extend(letter.to_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Names that are defined here and say nothing.
fn empty_names(source: &Source) -> Vec<String> {
    let all: Vec<_> = words(&source.code).collect();
    let defined = all.windows(2).filter(|pair| DEFINES.contains(&pair[0].1));
    let empty = defined.filter_map(|pair| {
        let (defines, (line, name)) = (pair[0].1, pair[1]);
        let parts = parts(name);
        let is_empty = parts.iter().any(|part| EMPTY.contains(&part.as_str()))
            || defines != "let" && EMPTY_ALONE.contains(&name)
            || defines == "fn" && EMPTY_VERBS.contains(&parts[0].as_str());
        is_empty.then(|| source.finding(line, &format!("the name `{name}` says nothing")))
    });
    let file = source.name.rsplit('/').next().and_then(|file| file.strip_suffix(".rs"));
    let of_file = file.filter(|file| {
        EMPTY_ALONE.contains(file) || parts(file).iter().any(|part| EMPTY.contains(&part.as_str()))
    });
    empty.chain(of_file.map(|_| source.finding(1, "the file's name says nothing"))).collect()
}

fn promises(source: &Source) -> Vec<String> {
    let all = words(&source.comments).chain(words(&source.code));
    let promised = all.filter(|(_, word)| PROMISES.contains(word));
    promised.map(|(line, word)| source.finding(line, &format!("`{word}`: do it, or leave it"))).collect()
}

fn switched_off(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (at, line) in source.code.lines().enumerate() {
        let attribute = line.trim_start().strip_prefix("#[").unwrap_or_default();
        let switch = SWITCHES.iter().find(|switch| words(attribute).any(|(_, word)| word == **switch));
        found
            .extend(switch.map(|switch| source.finding(at + 1, &format!("`{switch}`: assert what happens"))));
    }
    found
}

fn machine_paths(name: &str, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate();
    let found = lines.filter(|(_, line)| MACHINE_PATHS.iter().any(|path| line.contains(path)));
    found.map(|(at, line)| format!("{name}:{}: a path of one machine: {}", at + 1, line.trim())).collect()
}

#[test]
fn names_say_something() {
    assert_none(&source::all().iter().flat_map(empty_names).collect::<Vec<_>>());
}

#[test]
fn nothing_is_promised_for_later() {
    assert_none(&source::all().iter().flat_map(promises).collect::<Vec<_>>());
}

#[test]
fn no_test_is_switched_off() {
    assert_none(&source::all().iter().flat_map(switched_off).collect::<Vec<_>>());
}

#[test]
fn no_file_knows_a_machine() {
    let written = source::written();
    assert!(written.iter().any(|(name, _)| name == "ci/test"), "scripts are looked at, too");
    let others = written.iter().filter(|(name, _)| !name.ends_with("tidy/words.rs"));
    assert_none(&others.flat_map(|(name, text)| machine_paths(name, text)).collect::<Vec<_>>());
}

#[test]
fn bad_words_are_seen() {
    let of = |text: &str| Source::new("stack/src/a.rs", text);
    for bad in [
        "fn handle_ack() {}",
        "fn process() {}",
        "struct HelperTable;",
        "mod util;",
        "mod common;",
        "let misc = 1;",
    ] {
        assert_eq!(empty_names(&of(bad)).len(), 1, "{bad}");
    }
    for good in
        ["fn handled() {}", "use std::process::exit;", "struct Process;", "fn undo() {}", "fn they_do() {}"]
    {
        assert_eq!(empty_names(&of(good)), Vec::<String>::new(), "{good}");
    }
    assert_eq!(empty_names(&Source::new("stack/src/tcp_util.rs", "")).len(), 1);
    let promise = PROMISES[0];
    assert_eq!(promises(&of(&format!("a(); // {promise}: b"))).len(), 1);
    assert_eq!(promises(&of(&format!("a(\"{promise}\"); // \u{1F600} later"))).len(), 0);
    assert_eq!(switched_off(&of("#[test]\n#[ignore = \"slow\"]\nfn a() {}")).len(), 1);
    assert_eq!(switched_off(&of("#[test]\n#[should_panic]\nfn a() {}")).len(), 1);
    assert_eq!(switched_off(&of("#[must_use]\nfn ignore() {}")).len(), 0);
    assert_eq!(machine_paths("a", "cd /home/me\n").len(), 1);
}
