//! Mutants: each is found by its name, breaks a clause that exists, and differs from the reference.

use super::*;
use crate::requirement::Catalogue;
use std::collections::BTreeSet;

#[test]
fn every_defect_has_a_name_of_its_own_and_a_clause_of_the_catalogue() {
    let names: BTreeSet<&str> = Defect::ALL.iter().map(|defect| defect.name()).collect();
    assert_eq!(names.len(), Defect::ALL.len());
    for defect in Defect::ALL {
        assert!(Catalogue::embedded().get(defect.clause()).is_some(), "{}", defect.clause());
        assert_eq!(defect.host_name(), format!("{PREFIX}{}", defect.name()));
        assert!(defect.what().ends_with('.'));
    }
}
