//! Every clause that the sources cite exists, and what the citation is about stands below it; each clause has
//! one owner; `conformance/requirements/STATUS.txt` says what became of each.
//!
//! `//= RFC9293-MUST-10` says that the statement below fulfils a clause; `//? RFC9293-MUST-10` that the test
//! below would fail without; `//! RFC9293-SHLD-20: reason` at the top of a file that the file does not, and
//! why.

mod defences;
mod owners;
mod scan;
mod status;

use scan::{Says, mistakes, sources};
use std::collections::BTreeSet;

/// What a rule has to say: nothing, if all is well. A list of lines reads better than the first of them
/// alone.
fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn citations_exist_and_code_follows() {
    let found: Vec<String> = sources()
        .iter()
        .flat_map(|source| {
            mistakes(&source.text).into_iter().map(move |said| format!("{}, {said}", source.name))
        })
        .collect();
    assert_none(&found);
}

#[test]
fn what_a_test_exercises_is_there() {
    let mut there = BTreeSet::new();
    let mut exercised = Vec::new();
    for source in sources() {
        for citation in scan::citations(&source.text) {
            match citation.says {
                Says::Fulfils | Says::Excepts(_) => _ = there.insert(citation.id),
                Says::Exercises => exercised.push((source.name.clone(), citation.id)),
            }
        }
    }
    let missing = exercised.iter().filter(|(_, id)| !there.contains(id));
    let missing: Vec<String> =
        missing.map(|(name, id)| format!("{name} tests{id}, which nothing fulfils or excepts")).collect();
    assert_none(&missing);
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
    assert_eq!(
        mistakes(&format!("{}RFC9293-MUST-10\nlet a = 1;", cite.trim())),
        ["line 1: a citation is written `//= ID`, `//? ID` or `//! ID: reason`"]
    );
    assert!(mistakes(&format!("{except}RFC9293-SHLD-20: there is no such call")).is_empty());
    assert!(mistakes(&format!("{except}See RFC 9293: it says so")).is_empty());
    assert_eq!(
        mistakes(&format!("{except}RFC9293-SHLD-20:")),
        ["line 1: the exception to RFC9293-SHLD-20 has no reason"]
    );
}

#[test]
fn a_citation_of_what_is_tested_stands_at_a_test() {
    let cite = "//".to_owned() + "? RFC9293-MUST-10";
    let test = |body: &str| body.replace('@', &cite);
    for body in [
        "@\n#[test]\nfn a() {}",
        "#[test]\n@\nfn a() {}",
        "/// Words.\n@\n@\n#[test]\nfn a() {}",
        "#[test]\nfn a() {\n    if b {\n\n        @\n        assert!(c);\n    }\n}",
        "quickcheck! {\n    @\n    fn a(b: u8) -> bool {\n        true\n    }\n}",
    ] {
        assert_eq!(mistakes(&test(body)), Vec::<String>::new(), "{body}");
    }
    for body in [
        "@\nfn a() {}",
        "@",
        "#[test]\nfn a() {}\n\n@\nconst B: u8 = 1;",
        "#[test]\nfn a() {}\n\nfn b() {\n    @\n    c();\n}",
        "mod tests {\n    @\n    use a;\n    #[test]\n    fn a() {}\n}",
    ] {
        assert_eq!(mistakes(&test(body)).len(), 1, "{body}");
    }
}
