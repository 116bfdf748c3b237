//! floor 6: what became of each requirement, as `conformance/requirements/STATUS.txt` says. The table is made
//! by a test from the sources and the judge; it is part of the program, which has no sources to look at.

use super::Requirement;
use std::collections::BTreeMap;
use std::sync::OnceLock;

const TABLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/requirements/STATUS.txt"));

/// What there is for a requirement. Several may be said of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The reference fulfils it.
    Implemented,
    /// A rule of the judge can find it broken.
    Judged,
    /// A test would fail if the reference broke it.
    Tested,
    /// The reference leaves it out on purpose, with a reason.
    Excepted,
    /// No rule of the judge can find it broken in recorded traffic and be sure, with the reason.
    Unjudged,
}

/// What became of one requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    text: &'static str,
}

impl Mark {
    /// Every mark, in the order in which the table has them.
    pub const ALL: &[Self] = &[Self::Implemented, Self::Judged, Self::Tested, Self::Excepted, Self::Unjudged];

    /// As the table writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Implemented => "implemented",
            Self::Judged => "judged",
            Self::Tested => "tested",
            Self::Excepted => "excepted",
            Self::Unjudged => "unjudged",
        }
    }
}

impl Status {
    /// Status of `requirement`; open, if the table does not know it.
    pub fn of(requirement: &Requirement) -> Self {
        static ROWS: OnceLock<BTreeMap<&'static str, &'static str>> = OnceLock::new();
        let rows = ROWS.get_or_init(|| TABLE.lines().filter_map(|line| line.split_once(' ')).collect());
        let said = rows.get(requirement.id.as_str()).copied().unwrap_or("open");
        let text = said.trim_start();
        Self { text: text.strip_prefix(requirement.level.word()).unwrap_or(text).trim_start() }
    }

    /// What the table says: marks with files or rules behind each, or `open` with what it would take.
    pub const fn text(self) -> &'static str {
        self.text
    }

    /// Whether the table has this for it.
    pub fn has(self, mark: Mark) -> bool {
        let said =
            |part: &str| part.strip_prefix(mark.word()).is_some_and(|rest| rest.starts_with([' ', ':']));
        self.text.split("; ").any(said)
    }

    /// Whether there is nothing.
    pub fn is_open(self) -> bool {
        !Mark::ALL.iter().any(|mark| self.has(*mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirement::Catalogue;

    #[test]
    fn a_line_is_read_as_it_is_written() {
        let status =
            Status { text: "implemented a.rs, b.rs; tested c.rs; excepted d.rs: the rest is judged, or not" };
        let marks: Vec<bool> = Mark::ALL.iter().map(|mark| status.has(*mark)).collect();
        assert_eq!(marks, [true, false, true, true, false]);
        assert!(!status.is_open());
        assert!(Status { text: "open: not observable" }.is_open());
    }

    #[test]
    fn the_table_is_read() {
        for row in Catalogue::embedded().iter() {
            let status = Status::of(row);
            assert_eq!(status.is_open(), status.text().starts_with("open"), "{}: {}", row.id, status.text());
        }
        let count = |mark| Catalogue::embedded().iter().filter(|row| Status::of(row).has(mark)).count();
        assert!(Mark::ALL.iter().all(|mark| count(*mark) > 0));
    }
}
