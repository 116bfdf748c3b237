//! The citations of one source, and what is wrong with them.

use conformance::requirement::Catalogue;
use std::fs;
use std::path::{Path, PathBuf};

/// What a citation says of its clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// `//= ID`: the statement below fulfils it.
    Fulfils,
    /// `//? ID`: the test, or the statement of a test, below fails where it is broken.
    Exercises,
    /// `//! ID: reason`: the file does not fulfil it.
    Excepts(String),
}

/// One citation, well written or not.
#[derive(Clone, Debug)]
pub(crate) struct Citation {
    pub(crate) says: Says,
    pub(crate) id: String,
    /// Position of its line, from 0.
    pub(crate) line: usize,
}

/// A Rust source of the project.
pub(crate) struct Source {
    /// Path from the project's folder, with `/`.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// Every Rust source of the project, in order of name.
pub(crate) fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in ["stack", "conformance", "fuzz"] {
        below(&root().join(folder), &mut paths);
    }
    paths.sort();
    let read = |path: &PathBuf| {
        let inside = path.strip_prefix(root()).expect("a source of the project");
        let name = inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
        Source { name, text: fs::read_to_string(path).expect("a readable source") }
    };
    paths.iter().map(read).collect()
}

/// Every Rust source below `folder`.
fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("target") {
            below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The citations of a source, in order.
pub(crate) fn citations(text: &str) -> Vec<Citation> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for (line, words) in lines.iter().enumerate() {
        let said = if let Some(id) = words.strip_prefix("//=") {
            Some((Says::Fulfils, id))
        } else if let Some(id) = words.strip_prefix("//?") {
            Some((Says::Exercises, id))
        } else {
            exception(words, &lines[line + 1..])
        };
        let citation = |(says, id): (Says, &str)| Citation { says, id: id.to_owned(), line };
        found.extend(said.map(citation));
    }
    found
}

/// The exception that a line of a file's opening comment begins, with the lines that go on with its reason.
fn exception<'a>(line: &'a str, below: &[&str]) -> Option<(Says, &'a str)> {
    let (id, reason) = opens_exception(line)?;
    let more = below
        .iter()
        .take_while(|line| opens_exception(line).is_none())
        .map_while(|line| line.strip_prefix("//! "));
    let words: Vec<&str> = std::iter::once(reason).chain(more).flat_map(str::split_whitespace).collect();
    Some((Says::Excepts(words.join(" ")), id))
}

fn opens_exception(line: &str) -> Option<(&str, &str)> {
    let (id, reason) = line.strip_prefix("//!")?.split_once(':')?;
    let bare = id.trim_start();
    let is_id = (bare.starts_with("RFC") || bare.starts_with("IEEE")) && bare.contains('-');
    (is_id && !bare.contains(' ')).then_some((id, reason))
}

/// What is wrong with the citations of one source, one line each.
pub(crate) fn mistakes(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let said = |citation: &Citation| {
        mistake(citation, &lines).map(|said| format!("line {}: {said}", citation.line + 1))
    };
    citations(text).iter().filter_map(said).collect()
}

fn mistake(citation: &Citation, lines: &[&str]) -> Option<String> {
    let Some(id) = citation.id.strip_prefix(' ') else {
        return Some("a citation is written `//= ID`, `//? ID` or `//! ID: reason`".to_owned());
    };
    if Catalogue::embedded().get(id).is_none() {
        return Some(format!("`{id}` is not in the catalogue"));
    }
    match &citation.says {
        Says::Excepts(reason) => reason.is_empty().then(|| format!("the exception to {id} has no reason")),
        Says::Fulfils => {
            let stands = code_below(lines, citation.line).is_some();
            (!stands).then(|| format!("no statement stands below the citation of {id}"))
        }
        Says::Exercises => {
            let stands = stands_in_a_test(lines, citation.line);
            (!stands).then(|| format!("no test stands below the citation of {id}, nor around it"))
        }
    }
}

/// Position of the statement below a citation, behind comments and attributes.
fn code_below(lines: &[&str], line: usize) -> Option<usize> {
    let beside = |at: &usize| {
        let words = lines[*at].trim();
        !words.starts_with("//") && !words.starts_with("#[")
    };
    let code = (line + 1..lines.len()).find(beside)?;
    lines[code].contains(char::is_alphanumeric).then_some(code)
}

/// Whether the citation stands right above a test function, or above a statement inside of one. The project's
/// format is canonical, so that what stands around a line is the nearest one above that is indented less.
fn stands_in_a_test(lines: &[&str], line: usize) -> bool {
    let Some(code) = code_below(lines, line) else { return false };
    let mut at = Some(code);
    while let Some(here) = at {
        if is_function(lines[here]) {
            return is_test(lines, here);
        }
        at = around(lines, here);
    }
    false
}

fn is_function(line: &str) -> bool {
    line.trim_start().starts_with("fn ")
}

/// Whether the function that begins there is one that the test harness runs.
fn is_test(lines: &[&str], function: usize) -> bool {
    let marks = lines[..function].iter().rev().map(|line| line.trim());
    let marks = marks.take_while(|line| line.starts_with("//") || line.starts_with("#["));
    let mut marks = marks.filter(|line| *line == "#[test]");
    marks.next().is_some()
        || around(lines, function).is_some_and(|at| lines[at].trim().starts_with("quickcheck! {"))
}

/// Position of the nearest line above that is indented less.
fn around(lines: &[&str], at: usize) -> Option<usize> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let here = depth(lines[at]);
    (0..at).rev().find(|above| !lines[*above].trim().is_empty() && depth(lines[*above]) < here)
}
