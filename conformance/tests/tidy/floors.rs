//! Floors: a module uses its own floor and those below, never one above. The first line of a file says its
//! floor.

use crate::assert_none;
use crate::source::{self, Source};
use std::collections::BTreeMap;
use std::fs;

/// Neighbours on one floor, and floors below, that must not know each other: who, and what it never uses.
const STRANGERS: &[(&str, &[&str])] = &[
    // An independent second opinion: from the stack it takes how bytes are read, and nothing of how TCP
    // works.
    ("conformance/judge", &["stack/ip", "stack/udp", "stack/tcp", "stack/sock", "stack/ports", "stack/host"]),
    ("conformance/judge", &["conformance/host", "conformance/drive"]),
    // Who asks does not know who judges, and who answers knows neither.
    ("conformance/drive", &["conformance/judge"]),
    ("conformance/host", &["conformance/drive", "conformance/judge"]),
    // Transports do not know each other.
    ("stack/tcp", &["stack/udp"]),
    ("stack/udp", &["stack/tcp"]),
];

/// The package and the module directly below its root: `stack/tcp` for `stack/src/tcp/arrives/closed.rs`.
fn module(name: &str) -> Option<(String, usize)> {
    let (package, inside) = name.split_once("/src/")?;
    let path: Vec<&str> = inside.strip_suffix(".rs")?.split('/').collect();
    Some((format!("{package}/{}", path[0]), path.len()))
}

/// What line 1 says.
fn floor(source: &Source) -> Option<u32> {
    let (number, subject) = source.text.lines().next()?.strip_prefix("//! floor ")?.split_once(": ")?;
    number.parse().ok().filter(|_| !subject.is_empty())
}

/// Roots of crates stand beside the floors: they list them. So do fuzz targets and benches.
fn stands_on_a_floor(source: &Source) -> bool {
    module(&source.name).is_some_and(|(module, _)| !module.ends_with("/lib"))
        && !source.name.starts_with("fuzz/")
        && !source.name.starts_with("conformance/bench/")
}

/// The floor of each module directly below the root of its package.
fn floors(sources: &[Source]) -> BTreeMap<String, u32> {
    let files = sources.iter().filter(|source| stands_on_a_floor(source));
    files
        .filter_map(|source| {
            let (module, depth) = module(&source.name)?;
            (depth == 1).then_some((module, floor(source)?))
        })
        .collect()
}

/// A name at the start of `code`.
fn name(code: &str) -> &str {
    let end = code.find(|next: char| !next.is_alphanumeric() && next != '_');
    &code[..end.unwrap_or(code.len())]
}

/// The first names of the paths at the start of `code`: one, or those of a group in braces.
fn heads(code: &str) -> Vec<&str> {
    let Some(group) = code.strip_prefix('{') else { return vec![name(code)] };
    let mut depth = 1_usize;
    let mut heads = vec![name(group.trim_start())];
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' if depth == 1 => heads.push(name(group[at + 1..].trim_start())),
            _ => {}
        }
    }
    heads
}

/// The modules that a source names, each with its line. `super` is followed up to the root of the package.
fn used(source: &Source) -> Vec<(usize, String)> {
    let (own, depth) = module(&source.name).expect("a source of a package");
    let package = own.split('/').next().expect("a package");
    let tests_at = source.code_before_tests().len();
    let mut found = Vec::new();
    for (at, _) in source.code.match_indices("::") {
        let before = &source.code[..at];
        let word_at = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        let first_of_path = !before[..word_at].ends_with("::");
        let of = match &before[word_at..] {
            "crate" => package,
            "stack" | "conformance" if first_of_path => &before[word_at..],
            "super" => {
                let inside_tests = usize::from(at > tests_at);
                if supers_before(before) < depth + inside_tests {
                    continue;
                }
                package
            }
            _ => continue,
        };
        let line = before.matches('\n').count() + 1;
        found.extend(heads(&source.code[at + 2..]).into_iter().map(|head| (line, format!("{of}/{head}"))));
    }
    found
}

/// How many `super` the path has that ends here.
fn supers_before(before: &str) -> usize {
    let mut count = 0;
    let mut rest = before;
    while let Some(head) = rest.strip_suffix("super") {
        count += 1;
        rest = head.strip_suffix("::").unwrap_or_default();
    }
    count
}

/// What a source uses and should not.
fn mistakes(source: &Source, floors: &BTreeMap<String, u32>) -> Vec<String> {
    let Some((own, _)) = module(&source.name).filter(|_| stands_on_a_floor(source)) else {
        return Vec::new();
    };
    // Tests in a file of their own stand on the floor of what they test.
    let of_tests = floors.get(&own).copied().filter(|_| source.is_test());
    let Some(floor) = floor(source).or(of_tests) else {
        return vec![source.finding(1, "the first line is `//! floor N: subject.`")];
    };
    let mut found = Vec::new();
    if floors.get(&own).is_some_and(|of_module| *of_module != floor) {
        found.push(source.finding(1, &format!("{own} is on another floor than {floor}")));
    }
    for (line, module) in used(source) {
        let strangers = STRANGERS.iter().filter(|(who, _)| *who == own);
        // Tests may be driven from above.
        let is_test = source.is_test() || line > source.lines_before_tests();
        if !is_test && floors.get(&module).is_some_and(|above| *above > floor) {
            found.push(source.finding(line, &format!("floor {floor} uses {module}, a floor above")));
        } else if strangers.flat_map(|(_, never)| *never).any(|never| *never == module) {
            found.push(source.finding(line, &format!("{own} uses {module}, which it must not know")));
        }
    }
    found
}

#[test]
fn floors_point_downwards() {
    let sources = source::all();
    let floors = floors(&sources);
    assert_none(&sources.iter().flat_map(|source| mistakes(source, &floors)).collect::<Vec<_>>());
}

#[test]
fn strangers_exist() {
    let floors = floors(&source::all());
    let named = STRANGERS.iter().flat_map(|(who, never)| never.iter().chain([who]));
    let gone: Vec<_> = named.filter(|module| !floors.contains_key(**module)).collect();
    assert!(gone.is_empty(), "the table names modules that are not there: {gone:?}");
}

/// The rows of the table of floors: `| 3 | `stack/tcp`, `stack/udp` | one connection |`.
fn table(page: &str) -> BTreeMap<String, u32> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let floor: u32 = cells.next()?.parse().ok()?;
        let modules = cells.next()?.split(", ").map(|module| module.trim_matches('`').to_owned());
        Some(modules.map(move |module| (module, floor)).collect::<Vec<_>>())
    };
    page.lines().filter_map(row).flatten().collect()
}

#[test]
fn the_page_of_the_architecture_has_all_floors() {
    let page = fs::read_to_string(source::root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    assert_eq!(
        table(&page),
        floors(&source::all()),
        "the page on the left, line 1 of the files on the right"
    );
}

#[test]
fn a_look_upwards_is_seen() {
    let floors: BTreeMap<String, u32> =
        [("stack/base", 0), ("stack/tcp", 3), ("stack/sock", 4), ("conformance/judge", 7), ("stack/udp", 3)]
            .map(|(name, floor)| (name.to_owned(), floor))
            .into();
    let of = |name: &str, code: &str| {
        let floor = floors[&module(name).expect("a module").0];
        mistakes(&Source::new(name, &format!("//! floor {floor}: a.\n{code}")), &floors).len()
    };
    assert_eq!(of("stack/src/tcp/open.rs", "use crate::base::seq::Seq;"), 0);
    assert_eq!(of("stack/src/tcp/open.rs", "use crate::sock::Table;"), 1);
    assert_eq!(of("stack/src/tcp/open.rs", "use crate::{base::{self, time}, sock::Table};"), 1);
    assert_eq!(of("stack/src/tcp/open.rs", "let a = super::super::sock::b();"), 1);
    assert_eq!(of("stack/src/tcp/open.rs", "use super::Seq;\nuse super::sock::b;"), 0, "a module of tcp");
    assert_eq!(of("stack/src/tcp/open.rs", "#[cfg(test)]\nmod tests {\nuse super::super::sock::B;\n}"), 0);
    assert_eq!(of("stack/src/tcp/open.rs", "#[cfg(test)]\nmod tests {\nuse crate::sock::B;\n}"), 0);
    assert_eq!(of("stack/src/tcp/open.rs", "#[cfg(test)]\nmod tests {\nuse crate::udp::B;\n}"), 1);
    assert_eq!(of("stack/src/tcp.rs", "use super::sock::B;"), 1);
    assert_eq!(of("stack/src/tcp.rs", "use crate::udp::B;"), 1);
    assert_eq!(of("stack/src/tcp.rs", "// use crate::sock::B;"), 0);
    assert_eq!(of("conformance/src/judge/tcp_open.rs", "use stack::tcp::state::State;"), 1);
    assert_eq!(of("conformance/src/judge/tcp_open.rs", "use stack::base::seq::Seq;"), 0);
    let silent = Source::new("stack/src/tcp.rs", "//! TCP.");
    assert_eq!(mistakes(&silent, &floors).len(), 1);
    let astray = Source::new("stack/src/tcp/open.rs", "//! floor 1: opening.");
    assert_eq!(mistakes(&astray, &floors).len(), 1);
}
