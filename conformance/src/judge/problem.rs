//! floor 7: the eighteen known implementation problems of RFC 2525 by name, and which findings are one of
//! them.

use super::report::Verdict;
use std::fmt;

/// One of the problems of RFC 2525.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its section of RFC 2525.
    pub section: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// How a recording shows it.
    pub shown: Shown,
}

/// How a recording shows a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// One of these requirements is broken.
    Clauses(&'static [&'static str]),
    /// This rule is broken: no requirement says it in so many words.
    Rule(&'static str),
    /// As the problem of this section: the two can not be told apart.
    As(&'static str),
    /// It can not, for this reason.
    Never(&'static str),
}

use Shown::{As, Clauses, Never, Rule};

const fn problem(section: &'static str, name: &'static str, shown: Shown) -> Problem {
    Problem { section, name, shown }
}

/// All of them, in order of section. What RFC 2525 quotes from RFC 1122 is in later documents now, and some
/// numbers changed: the timeout before any measurement was 3 s and is 1 s (RFC 6298 section 2.1), the first
/// flight was one segment and is up to four (RFC 5681 section 3.1).
pub const PROBLEMS: [Problem; 18] = [
    problem("2.1", "No initial slow start", Clauses(&["RFC5681-3.1-b"])),
    problem("2.2", "No slow start after retransmission timeout", Clauses(&["RFC5681-3.1-l"])),
    problem("2.3", "Uninitialized CWND", As("2.1")),
    problem("2.4", "Inconsistent retransmission", Rule("P-C3")),
    problem("2.5", "Failure to retain above-sequence data", Clauses(&["RFC9293-SHLD-31"])),
    problem(
        "2.6",
        "Extra additive constant in congestion avoidance",
        Never("other legal algorithms open the window as fast"),
    ),
    problem("2.7", "Initial RTO too low", Clauses(&["RFC6298-2.1-a"])),
    problem(
        "2.8",
        "Failure of window deflation after loss recovery",
        Never("the congestion window is the sender's own, and other algorithms end recovery with more"),
    ),
    problem(
        "2.9",
        "Excessively short keepalive connection timeout",
        Never("how many probes and how far apart is a setting, and RFC 9293 gives no bound"),
    ),
    problem("2.10", "Failure to back off retransmission timeout", Clauses(&["RFC6298-5.5-a"])),
    problem(
        "2.11",
        "Insufficient interval between keepalives",
        Never("two hours is the default, and any program may change it"),
    ),
    problem(
        "2.12",
        "Window probe deadlock",
        Never("the data that the host discards can not be told from data that never reached it"),
    ),
    problem("2.13", "Stretch ACK violation", Clauses(&["RFC5681-4.2-b", "RFC9293-SHLD-19"])),
    problem("2.14", "Retransmission sends multiple packets", Clauses(&["RFC5681-3.1-l"])),
    problem(
        "2.15",
        "Failure to send FIN notification promptly",
        Never("a recording does not show when the program closed the connection"),
    ),
    problem(
        "2.16",
        "Failure to send a RST after Half Duplex Close",
        Never("a program that is gone can not be told from one that only ended its own sending"),
    ),
    problem(
        "2.17",
        "Failure to RST on close with data pending",
        Never("a recording does not show what the program left unread"),
    ),
    problem("2.18", "Options missing from TCP MSS calculation", Clauses(&["RFC6691-2-b"])),
];

impl Problem {
    /// The problem of this section.
    pub fn of_section(section: &str) -> Option<&'static Self> {
        PROBLEMS.iter().find(|problem| problem.section == section)
    }

    /// Whether a broken requirement, found by this rule, is this problem.
    pub fn is(&self, rule: &str, clause: &str) -> bool {
        match self.shown {
            Clauses(clauses) => clauses.contains(&clause),
            Rule(id) => id == rule,
            As(section) => Self::of_section(section).is_some_and(|other| other.is(rule, clause)),
            Never(_) => false,
        }
    }

    /// The problems that a verdict may be about.
    pub fn of(verdict: &Verdict) -> impl Iterator<Item = &'static Self> {
        PROBLEMS.iter().filter(|problem| problem.is(verdict.rule.id, verdict.clause))
    }
}

/// `RFC 2525 section 2.13: Stretch ACK violation`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RFC 2525 section {}: {}", self.section, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirement::Catalogue;

    fn names(rule: &str, clause: &str) -> Vec<&'static str> {
        PROBLEMS.iter().filter(|problem| problem.is(rule, clause)).map(|problem| problem.name).collect()
    }

    #[test]
    fn every_section_is_there_once_and_in_order() {
        for (index, problem) in PROBLEMS.iter().enumerate() {
            assert_eq!(problem.section, format!("2.{}", index + 1));
        }
    }

    #[test]
    fn clauses_exist_and_sections_that_others_show_as_have_some() {
        for problem in &PROBLEMS {
            match problem.shown {
                Clauses(clauses) => {
                    assert!(!clauses.is_empty());
                    for clause in clauses {
                        assert!(Catalogue::embedded().get(clause).is_some(), "{clause}");
                    }
                }
                As(section) => {
                    let other = Problem::of_section(section).expect("a section");
                    assert!(matches!(other.shown, Clauses(_)), "{section}");
                }
                Rule(id) => assert!(id.starts_with("P-")),
                Never(reason) => assert!(!reason.is_empty()),
            }
        }
    }

    #[test]
    fn findings_have_the_names_that_people_know() {
        assert_eq!(names("P-D5", "RFC9293-SHLD-19"), ["Stretch ACK violation"]);
        assert_eq!(names("P-C8", "RFC6298-5.5-a"), ["Failure to back off retransmission timeout"]);
        assert_eq!(names("P-C3", "RFC9293-3.4-g"), ["Inconsistent retransmission"]);
        assert_eq!(names("P-C10", "RFC5681-3.1-b"), ["No initial slow start", "Uninitialized CWND"]);
        assert_eq!(names("P-A9", "RFC9293-3.1-g"), [""; 0]);
    }
}
