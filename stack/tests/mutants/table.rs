//! The mutants, by subject.

mod checks;
mod closing;
mod congestion;
mod datagrams;
mod ends;
mod notification;
mod opening;
mod path;
mod ports;
mod recovery;
mod selective;
mod sockets;
mod stamps;
mod streams;
mod timers;
mod waiting;

/// One deviation of TCP.
pub(crate) struct Mutant {
    /// Its name.
    pub(crate) name: &'static str,
    /// The catalogue id of the clause that it breaks.
    pub(crate) clause: &'static str,
    /// What it does, as a sentence.
    pub(crate) what: &'static str,
    /// The source, a path from `stack/src`.
    pub(crate) file: &'static str,
    /// The declaration in which the text stands: `fn arrives`.
    pub(crate) within: &'static str,
    /// The text, which stands there once: an expression, or a statement that is none. What is changed may
    /// be a part of it, in brackets `⟦⟧`: then the rest only says where.
    pub(crate) original: &'static str,
    /// What stands there instead.
    pub(crate) replacement: &'static str,
    /// The tests that fail, every one of them: paths beside the code, or `file::test` of `stack/tests`.
    pub(crate) killed_by: &'static [&'static str],
}

/// Rows of a table: name, clause, sentence; file, declaration; text => text instead, tests.
macro_rules! mutants {
    ($($name:literal $clause:literal $what:literal $file:literal $within:literal
       $original:literal => $replacement:literal, $($killer:literal)*,)*) => {
        /// The mutants of this subject.
        pub(crate) const MUTANTS: &[crate::table::Mutant] = &[$(crate::table::Mutant {
            name: $name,
            clause: $clause,
            what: $what,
            file: $file,
            within: $within,
            original: $original,
            replacement: $replacement,
            killed_by: &[$($killer),*],
        }),*];
    };
}
use mutants;

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Mutant> {
    [
        opening::MUTANTS,
        checks::MUTANTS,
        streams::MUTANTS,
        notification::MUTANTS,
        path::MUTANTS,
        recovery::MUTANTS,
        selective::MUTANTS,
        stamps::MUTANTS,
        sockets::MUTANTS,
        ports::MUTANTS,
        closing::MUTANTS,
        ends::MUTANTS,
        timers::MUTANTS,
        waiting::MUTANTS,
        congestion::MUTANTS,
        datagrams::MUTANTS,
    ]
    .into_iter()
    .flatten()
}
