//! floor 8: what judging captures came to, for people and for programs.

pub mod annotate;
pub mod excerpt;
pub mod findings;
pub mod json;
pub mod text;
pub mod witness;

use crate::verdict::Outcome;

/// Which verdicts are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What is undecided too.
    pub undecided: bool,
    /// Notes too, and how hosts open connections.
    pub notes: bool,
}

impl Wanted {
    /// Whether a verdict with this outcome is shown.
    pub const fn has(self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Fail | Outcome::Deviates => true,
            Outcome::Undecided => self.undecided,
            Outcome::Note => self.notes,
            Outcome::Holds => false,
        }
    }
}
