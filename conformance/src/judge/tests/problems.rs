//! Known problems of RFC 2525 in exchanges that have them: the findings have their names.

use super::exchange::flaws;
use crate::judge::problem::{PROBLEMS, Problem, Shown};
use crate::judge::rules;
use std::collections::BTreeSet;

/// The problems by whose names the findings in broken exchanges go.
fn found() -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    for flaw in flaws() {
        let mut broken = (flaw.good)();
        (flaw.breaks)(&mut broken);
        for verdict in &broken.judged(flaw.tap).verdicts {
            found.extend(Problem::of(verdict).map(|problem| problem.section));
        }
    }
    found
}

#[test]
fn every_problem_that_a_recording_can_show_has_a_rule_and_is_found_by_its_name() {
    let found = found();
    for problem in &PROBLEMS {
        let is_judged = rules().any(|rule| {
            problem.is(rule.id, "") || rule.clauses.iter().any(|clause| problem.is(rule.id, clause))
        });
        assert_eq!(found.contains(problem.section), is_judged, "{problem}");
        assert_eq!(is_judged, !matches!(problem.shown, Shown::Never(_)), "{problem}");
    }
}
