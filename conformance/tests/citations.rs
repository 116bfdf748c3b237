//! Every clause that the sources cite exists, and code stands below the citation.
//!
//! `//= RFC9293-MUST-10` says that the statement below fulfils a clause; `//! RFC9293-SHLD-20: reason` at the
//! top of a file says that the file does not, and why.

use conformance::requirement::Catalogue;
use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust source below `folder`.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What is wrong with the citations of one source, one line each.
fn mistakes(source: &str) -> Vec<String> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let said = if let Some(cited) = line.strip_prefix("//=") {
            citation(cited, &lines[at + 1..])
        } else if let Some(prose) = line.strip_prefix("//! ") {
            exception(prose)
        } else {
            None
        };
        found.extend(said.map(|said| format!("line {}: {said}", at + 1)));
    }
    found
}

/// What is wrong with one citation, given what follows its `//=`.
fn citation(cited: &str, below: &[&str]) -> Option<String> {
    let Some(id) = cited.strip_prefix(' ') else {
        return Some("a citation is written `//= ID`".to_owned());
    };
    if Catalogue::embedded().get(id).is_none() {
        return Some(format!("`{id}` is not in the catalogue"));
    }
    let code = below.iter().find(|line| !line.starts_with("//") && !line.starts_with("#["));
    let stands = code.is_some_and(|line| line.contains(char::is_alphanumeric));
    (!stands).then(|| format!("no statement stands below the citation of {id}"))
}

/// What is wrong with a line of a file's opening comment, if it is an exception at all.
fn exception(prose: &str) -> Option<String> {
    let (id, reason) = prose.split_once(':')?;
    let is_id = (id.starts_with("RFC") || id.starts_with("IEEE")) && id.contains('-') && !id.contains(' ');
    if !is_id {
        return None;
    }
    if Catalogue::embedded().get(id).is_none() {
        return Some(format!("`{id}` is not in the catalogue"));
    }
    reason.trim().is_empty().then(|| format!("the exception to {id} has no reason"))
}

#[test]
fn citations_exist_and_code_follows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut files = Vec::new();
    for folder in ["stack", "conformance", "fuzz"] {
        sources(&root.join(folder), &mut files);
    }
    files.sort();
    let found: Vec<String> = files
        .iter()
        .flat_map(|path| {
            let source = fs::read_to_string(path).expect("a readable source");
            let name = path.strip_prefix(root).expect("a source of the workspace").display().to_string();
            mistakes(&source).into_iter().map(move |said| format!("{name}, {said}"))
        })
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn broken_citations_are_seen() {
    let cite = "//".to_owned() + "= ";
    let except = "//".to_owned() + "! ";
    assert!(mistakes(&format!("{cite}RFC9293-MUST-10\nlet a = 1;")).is_empty());
    assert!(mistakes(&format!("{cite}RFC9293-MUST-10\n{cite}RFC9293-MUST-11\nlet a = 1;")).is_empty());
    assert_eq!(
        mistakes(&format!("{cite}RFC9293-MUST-999\nlet a = 1;")),
        ["line 1: `RFC9293-MUST-999` is not in the catalogue"]
    );
    for below in ["", "\n", "\n}", "\n// words only"] {
        assert_eq!(
            mistakes(&format!("{cite}RFC9293-MUST-10{below}")),
            ["line 1: no statement stands below the citation of RFC9293-MUST-10"]
        );
    }
    assert!(mistakes(&format!("{except}RFC9293-SHLD-20: there is no such call")).is_empty());
    assert!(mistakes(&format!("{except}See RFC 9293: it says so")).is_empty());
    assert_eq!(
        mistakes(&format!("{except}RFC9293-SHLD-20:")),
        ["line 1: the exception to RFC9293-SHLD-20 has no reason"]
    );
}
