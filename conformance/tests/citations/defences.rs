//! `stack/DEFENCES.md` promises nothing: each clause that it names is fulfilled, and a test exercises it.

use crate::assert_none;
use crate::scan::{Says, citations, root, sources};
use std::collections::BTreeSet;
use std::fs;

/// The clauses of the table's last column, row by row.
fn named(page: &str) -> Vec<Vec<String>> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| attack "));
    let clauses = |row: &str| {
        let last = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        last.split_whitespace().map(str::to_owned).collect()
    };
    rows.map(clauses).collect()
}

#[test]
fn every_attack_is_met_and_tested() {
    let page = fs::read_to_string(root().join("stack/DEFENCES.md")).expect("the page");
    let rows = named(&page);
    assert!(rows.len() > 20 && rows.iter().all(|row| !row.is_empty()), "{rows:?}");
    let (mut met, mut tested) = (BTreeSet::new(), BTreeSet::new());
    for source in sources() {
        for citation in citations(&source.text) {
            let id = citation.id.trim().to_owned();
            match citation.says {
                Says::Fulfils => _ = met.insert(id),
                Says::Exercises => _ = tested.insert(id),
                Says::Excepts(_) => {}
            }
        }
    }
    let missing = rows.iter().flatten().filter(|id| !met.contains(*id) || !tested.contains(*id));
    let missing: Vec<String> =
        missing.map(|id| format!("{id}: met {}, tested {}", met.contains(id), tested.contains(id))).collect();
    assert_none(&missing);
}

#[test]
fn the_clauses_of_a_row_are_in_its_last_column() {
    let page = "| attack | what | clauses |\n|---|---|---|\n| a | RFC1 b | RFC1-a RFC2-b |\n";
    assert_eq!(named(page), [["RFC1-a".to_owned(), "RFC2-b".to_owned()]]);
}
