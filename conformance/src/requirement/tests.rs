//! floor 6: tests of the catalogue.

use super::*;
use quickcheck::quickcheck;
use stack::base::{Freedom, Why};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_file_of_the_folder_is_embedded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements");
    let there: BTreeSet<String> = fs::read_dir(folder)
        .expect("the folder of the catalogue")
        .map(|entry| entry.expect("an entry of it").file_name().into_string().expect("a plain name"))
        .filter(|name| name.ends_with(".toml"))
        .collect();
    let listed: BTreeSet<String> = file::FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(there, listed);
}

#[test]
fn a_file_is_named_after_its_document() {
    for (name, text) in file::FILES {
        let (document, _) = file::parse(text).expect(name);
        assert_eq!(*name, format!("{}.toml", document.prefix.to_lowercase()));
        assert!(!document.title.is_empty(), "{name} has no title");
    }
}

/// Numbered sections, the parts of the number; anything else keeps the place where it was written.
fn section_number(section: &str) -> Option<Vec<u32>> {
    let number: String = section.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    number.trim_end_matches('.').split('.').map(|part| part.parse().ok()).collect()
}

#[test]
fn files_are_in_order_of_section() {
    for (name, text) in file::FILES {
        let (_, rows) = file::parse(text).expect(name);
        let numbers: Vec<Vec<u32>> = rows.iter().filter_map(|row| section_number(&row.section)).collect();
        assert!(numbers.is_sorted(), "{name} is not in order of section");
    }
}

#[test]
fn entries_are_complete() {
    for requirement in Catalogue::embedded().iter() {
        let id = &requirement.id;
        assert!(!requirement.section.is_empty() && !requirement.summary.is_empty(), "{id} lacks something");
        let texts =
            [&requirement.stimulus, &requirement.expect, &requirement.violation, &requirement.deviations];
        assert!(texts.into_iter().flatten().all(|text| text.len() > 1), "{id} has an empty field");
        assert_eq!(
            requirement.passive_strength.is_some(),
            !requirement.passive_rules.is_empty(),
            "{id}: passive_rules and passive_strength belong together"
        );
        assert!(
            !requirement.lowercase || requirement.level != Level::Described,
            "{id} has no key word that could be in lower case"
        );
        let lettered = |c: char| c.is_ascii_alphanumeric() || "-._()".contains(c);
        assert!(id.chars().all(lettered), "{id} cannot be typed without quotes");
    }
}

#[test]
fn entries_that_refer_to_others_name_ids() {
    let catalogue = Catalogue::embedded();
    for requirement in catalogue.iter() {
        let texts =
            [&requirement.stimulus, &requirement.expect, &requirement.violation, &requirement.deviations];
        let words = texts.into_iter().flatten().flat_map(|text| text.split([' ', ',', ';', '(', ')']));
        for word in words.map(|word| word.trim_end_matches('.')) {
            let names_an_id = word.starts_with("RFC") && word.contains('-');
            assert!(!names_an_id || catalogue.get(word).is_some(), "{} names {word}", requirement.id);
        }
    }
}

#[test]
fn every_discard_and_every_freedom_rests_on_a_clause() {
    let catalogue = Catalogue::embedded();
    for why in Why::ALL {
        assert!(catalogue.get(why.clause()).is_some(), "{why:?} rests on {}", why.clause());
    }
    for freedom in Freedom::ALL {
        assert!(catalogue.get(freedom.clause()).is_some(), "{freedom:?} rests on {}", freedom.clause());
    }
}

#[test]
fn requirements_come_in_order_and_are_found() {
    let catalogue = Catalogue::embedded();
    assert!(!catalogue.is_empty());
    let numbers: Vec<u32> =
        catalogue.iter().map(|requirement| requirement.document.rfc.unwrap_or(u32::MAX)).collect();
    assert!(numbers.is_sorted());
    for requirement in catalogue.iter() {
        assert_eq!(catalogue.get(&requirement.id).map(|found| &found.id), Some(&requirement.id));
    }
    assert!(catalogue.get("RFC9293-MUST-999").is_none());
}

#[test]
fn a_prefix_is_enough_in_either_case() {
    let catalogue = Catalogue::embedded();
    let ids = |prefix| catalogue.with_prefix(prefix).map(|found| found.id.as_str()).collect::<Vec<_>>();
    assert_eq!(ids("rfc5961-3"), ids("RFC5961-3"));
    assert_eq!(ids("RFC5961-3").first(), Some(&"RFC5961-3.2-a"));
    assert!(ids("RFC9293-MUST").len() > 60);
    assert_eq!(ids("").len(), catalogue.len());
    assert_eq!(ids("RFC9293-MÜST"), Vec::<&str>::new());
}

#[test]
fn a_mistyped_id_finds_its_neighbours() {
    let nearest = Catalogue::embedded().nearest("rfc9293-must10", 1);
    assert_eq!(nearest[0].id, "RFC9293-MUST-10");
}

#[test]
fn broken_files_are_refused_with_their_name() {
    let refuse = |text: &str| Catalogue::parse(&[("rfc1.toml", text)]).err().unwrap_or_default();
    let entry = |id: &str| {
        format!("[[requirement]]\nid='{id}'\nsection='1'\nlevel='MUST'\nobserve='api'\nsummary='x'\n")
    };
    let head = "rfc='1'\ntitle='t'\n";
    assert_eq!(refuse(&format!("{head}{}", entry("RFC1-a"))), "");
    assert_eq!(
        refuse(&format!("{head}{}{}", entry("RFC1-a"), entry("RFC1-a"))),
        "the id RFC1-a occurs twice"
    );
    assert_eq!(
        refuse(&format!("{head}{}", entry("RFC12-a"))),
        "rfc1.toml: the id RFC12-a does not begin with RFC1-"
    );
    assert_eq!(
        refuse(&format!("title='t'\n{}", entry("RFC1-a"))),
        "rfc1.toml: needs either `rfc` or `standard`"
    );
    assert!(refuse(&format!("{head}{}", entry("RFC1-a").replace("MUST", "OUGHT"))).contains("OUGHT"));
    assert!(refuse(&format!("{head}{}colour='red'\n", entry("RFC1-a"))).contains("colour"));
}

quickcheck! {
    fn edits_are_a_distance(one: String, other: String) -> bool {
        edits(&one, &one) == 0
            && edits(&one, &other) == edits(&other, &one)
            && edits(&one, &other) <= one.chars().count().max(other.chars().count())
    }

    fn any_prefix_can_be_searched(prefix: String) -> bool {
        Catalogue::embedded().with_prefix(&prefix).all(|found| found.id.len() >= prefix.len())
    }
}
