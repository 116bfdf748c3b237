//! floor 8: which rules of the judge and which breaches of following are about the same matter: what the one
//! accuses of, the other would notice under these names.

use crate::accept::Breach;

/// What the follower calls what a rule forbids. Rules that are not here are about something that it does not
/// look at: fields that no state decides, timing that is the stack's own, packets that are no segments.
const MATTERS: &[(&str, &[Breach])] = &[
    ("P-A9", &[Breach::OddFlags, Breach::AckAbsent]),
    ("P-B1", &[Breach::SynAckNumber, Breach::SynUnasked]),
    ("P-B1a", &[Breach::AckOfUnsent, Breach::AckBack]),
    ("P-B2", &[Breach::OptionUnasked]),
    ("P-B3", &[Breach::BeyondWindow]),
    ("P-B4", &[Breach::StampAbsent]),
    ("P-B6", &[Breach::SackUnasked]),
    ("P-C1", &[Breach::BeyondWindow]),
    ("P-C1b", &[Breach::BeyondWindow]),
    ("P-C3", &[Breach::OtherOctets]),
    ("P-C4", &[Breach::Skipped]),
    ("P-C5", &[Breach::NoConnection, Breach::SynUnasked]),
    ("P-C7", &[Breach::EmptyNumber, Breach::Skipped]),
    ("P-C8", &[Breach::TooSoon]),
    ("P-C11", &[Breach::StampBack]),
    ("P-C12a", &[Breach::EchoUnknown]),
    ("P-C17", &[Breach::FinMoved, Breach::AfterFin, Breach::Skipped]),
    ("P-D1", &[Breach::AckOfUnsent]),
    ("P-D2", &[Breach::AckBack]),
    ("P-D4", &[Breach::AckLate, Breach::AckNever]),
    ("P-D7", &[Breach::SackUnsent]),
    ("P-E1", &[Breach::ResetNumber]),
    ("P-E1a", &[Breach::ResetNumber]),
    ("P-E3", &[Breach::AfterFin, Breach::FinMoved]),
];

/// The names under which the follower notices what this rule forbids; none if it does not look at it.
pub(super) fn of(rule: &str) -> &'static [Breach] {
    MATTERS.iter().find(|(id, _)| *id == rule).map_or(&[], |(_, breaches)| breaches)
}

/// Whether the rule speaks only when later packets have shown what was wrong.
pub(super) fn comes_late(rule: &str) -> bool {
    ["P-C12a", "P-D1", "P-D4"].contains(&rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::rules;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_names_rules_that_exist_once_each() {
        let known: BTreeSet<&str> = rules().map(|rule| rule.id).collect();
        let named: BTreeSet<&str> = MATTERS.iter().map(|(id, _)| *id).collect();
        assert_eq!(named.len(), MATTERS.len());
        assert!(named.is_subset(&known), "{:?}", named.difference(&known));
    }

    /// Of these the judge says nothing: an acknowledgement inside of a segment may be what a small buffer
    /// took.
    #[test]
    fn what_only_the_follower_looks_at_is_known() {
        let shared: BTreeSet<Breach> = MATTERS.iter().flat_map(|(_, breaches)| *breaches).copied().collect();
        let alone: Vec<&Breach> = Breach::ALL.iter().filter(|breach| !shared.contains(breach)).collect();
        assert_eq!(alone, [&Breach::AckInside, &Breach::SynNumber]);
    }
}
