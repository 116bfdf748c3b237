//! The closed vocabularies are used: a discard reason that nothing gives, or a freedom that nobody is asked
//! about, is a promise that the stack does not keep.

use crate::assert_none;
use crate::source::{self, Source};
use stack::base::choose::Freedom;
use stack::base::why::Why;

/// The words of `names` that `sources` never say as `Kind::Word`.
fn unused<'a>(kind: &str, names: &'a [String], sources: &[&Source]) -> Vec<&'a String> {
    let says = |source: &Source, name: &str| {
        let path = format!("{kind}::{name}");
        let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
        let code = source.code_before_tests();
        code.match_indices(&path).any(|(at, _)| ends(&code[at + path.len()..]))
    };
    names.iter().filter(|name| !sources.iter().any(|source| says(source, name))).collect()
}

fn unused_in_stack(kind: &str, names: &[String]) -> Vec<String> {
    let sources = source::all();
    let sources: Vec<&Source> =
        sources.iter().filter(|source| source.name.starts_with("stack/src/") && !source.is_test()).collect();
    unused(kind, names, &sources).iter().map(|name| format!("{kind}::{name} is used nowhere")).collect()
}

#[test]
fn every_discard_reason_is_given_somewhere() {
    let names: Vec<String> = Why::ALL.iter().map(|why| format!("{why:?}")).collect();
    assert_none(&unused_in_stack("Why", &names));
}

#[test]
fn every_freedom_is_asked_about_somewhere() {
    let names: Vec<String> = Freedom::ALL.iter().map(|freedom| format!("{freedom:?}")).collect();
    assert_none(&unused_in_stack("Freedom", &names));
}

#[test]
fn an_unused_word_is_seen() {
    let names = ["Udp".to_owned(), "UdpChecksum".to_owned()];
    let source =
        Source::new("stack/src/a.rs", "a(Why::UdpChecksum)\n#[cfg(test)]\nmod tests {\nb(Why::Udp)\n}");
    assert_eq!(unused("Why", &names, &[&source]), [&names[0]]);
}
