//! A file has one subject and fits in a head, a line fits on a screen. How long a function may be is clippy's
//! `too_many_lines`, set in the workspace.

use crate::assert_none;
use crate::source::{self, Source};
use std::iter;

const MOST_LINES: usize = 600;
const MOST_COLUMNS: usize = 110;

fn too_long(source: &Source) -> Option<String> {
    let lines = source.lines_before_tests();
    let exempt = source.is_test() || lines <= MOST_LINES;
    (!exempt).then(|| format!("{}: {lines} lines without tests, {MOST_LINES} are allowed", source.name))
}

/// A row of a table may be wider by the text that it holds: breaking a sentence does not make it easier to
/// read.
fn too_wide(source: &Source) -> Vec<String> {
    let halves = source.code.lines().chain(iter::repeat("")).zip(source.text.lines()).enumerate();
    let wide = halves.filter(|(_, (code, text))| {
        let is_table_row = code.contains('"') && !text.contains("//") && !code.contains(';');
        text.chars().count() > MOST_COLUMNS && !(is_table_row && code.chars().count() <= MOST_COLUMNS)
    });
    wide.map(|(at, (_, text))| {
        source.finding(at + 1, &format!("{} columns, {MOST_COLUMNS} are allowed", text.chars().count()))
    })
    .collect()
}

#[test]
fn files_are_short() {
    assert_none(&source::all().iter().filter_map(too_long).collect::<Vec<_>>());
}

#[test]
fn lines_are_short() {
    assert_none(&source::all().iter().flat_map(too_wide).collect::<Vec<_>>());
}

#[test]
fn long_files_and_wide_lines_are_seen() {
    let of = |name: &str, lines: usize, tail: &str| Source::new(name, &("a();\n".repeat(lines) + tail));
    let tests = "#[cfg(test)]\nmod tests {\n}\n";
    assert!(too_long(&of("stack/src/a.rs", MOST_LINES, tests)).is_none());
    assert!(too_long(&of("stack/src/a.rs", MOST_LINES + 1, tests)).is_some());
    assert!(too_long(&of("stack/src/a/tests.rs", MOST_LINES + 1, "")).is_none());

    let columns = |before: &str, filler: &str, after: &str| {
        let filler = filler.repeat(MOST_COLUMNS + 1 - before.len() - after.len());
        too_wide(&Source::new("a.rs", &format!("{before}{filler}{after}"))).len()
    };
    assert_eq!(columns("", "a", ""), 1);
    assert_eq!(columns("// ", "a", ""), 1);
    assert_eq!(columns("Name \"RFC1-1\" \"", "a", "\""), 0);
    assert_eq!(columns("let text = \"", "a", "\";"), 1);
}
