//! One clause, one owner: whoever wants to know how a clause is fulfilled finds it in one file of each floor.

use crate::assert_none;
use crate::scan::{Says, citations, sources};
use std::collections::{BTreeMap, BTreeSet};

/// Clauses that several files of one floor fulfil together, and why they have to.
const SHARED: &[(&str, &str)] = &[
    ("RFC2018-5-a", "the scoreboard is kept in one, what leaves is chosen in the other"),
    ("RFC5681-3.1-k", "only the first timeout counts, and half of the flight is an algorithm's"),
    ("RFC6298-2.4-a", "the bound is a setting, the estimator keeps to it"),
    (
        "RFC6298-5.1-a",
        "the timer starts where the need for it is seen, and stops where an acknowledgement is read",
    ),
    ("RFC8200-4.2-g", "one reads the header and one the options in it"),
    ("RFC8200-4.5-f", "one knows the time, and one the packet that is reported"),
    ("RFC9293-3.10.4-c", "the call changes the state; the FIN leaves behind the last octet"),
    ("RFC9293-3.10.7.4-z", "URG and text are different steps of arrival"),
    ("RFC9293-3.8.6-a", "the window shrinks by what is acknowledged, and new data stays inside"),
    ("RFC9293-MUST-11", "an opening is passive in one step and active in another"),
    ("RFC9293-MUST-15", "the sizes are settings, the peer's SYN decides"),
    ("RFC9293-SHLD-3", "data may be thrown away before the reset, or arrive for nobody afterwards"),
];

/// The files of each clause, by folder of the stack.
type Owners = BTreeMap<(String, String), BTreeSet<String>>;

/// The folder below `stack/src` that a file belongs to; `tcp.rs` belongs to `tcp`.
fn folder(name: &str) -> Option<&str> {
    name.strip_prefix("stack/src/")?.split(['/', '.']).next()
}

fn owners() -> Owners {
    let mut owners = Owners::new();
    for source in sources() {
        let Some(folder) = folder(&source.name) else { continue };
        for citation in citations(&source.text).into_iter().filter(|citation| citation.says == Says::Fulfils)
        {
            let clause = (citation.id.trim().to_owned(), folder.to_owned());
            owners.entry(clause).or_default().insert(source.name.clone());
        }
    }
    owners
}

#[test]
fn a_clause_has_one_owner_on_each_floor() {
    let owners = owners();
    let shared = owners.iter().filter(|(_, files)| files.len() > 1);
    let unlisted = shared.clone().filter(|((id, _), _)| !SHARED.iter().any(|(listed, _)| listed == id));
    let unlisted: Vec<String> = unlisted.map(|((id, _), files)| format!("{id} has {files:?}")).collect();
    assert_none(&unlisted);
    let stale = SHARED.iter().filter(|(id, _)| !shared.clone().any(|((shared, _), _)| shared == id));
    let stale: Vec<String> = stale.map(|(id, _)| format!("{id} has one owner")).collect();
    assert_none(&stale);
    assert!(SHARED.iter().all(|(_, reason)| !reason.is_empty()));
}

#[test]
fn a_folder_is_what_stands_behind_the_source_folder() {
    assert_eq!(folder("stack/src/tcp/arrives/listen.rs"), Some("tcp"));
    assert_eq!(folder("stack/src/tcp.rs"), Some("tcp"));
    assert_eq!(folder("stack/tests/listening.rs"), None);
}
