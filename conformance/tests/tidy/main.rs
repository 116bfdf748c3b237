//! The rules of the house, as tests: floors, sizes, words, and the closed vocabularies.
//!
//! Each rule has a test that it holds, and a test that it can be broken.

mod floors;
mod lexer;
mod sizes;
mod source;
mod vocabularies;
mod words;

/// What a rule has to say: nothing, if all is well. A list of lines reads better than the first of them
/// alone.
fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}
