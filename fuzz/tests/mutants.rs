//! Every planted defect is found by the body of the target `host`: a harness that finds nothing in the
//! reference means something only if it finds these.

use conformance::fuzz;
use conformance::host::mutant::{Defect, Mutant};
use netassay_fuzz::Noise;

/// Inputs within which each defect has to be found.
const INPUTS_MAX: usize = 20_000;

#[test]
fn every_planted_defect_is_found() {
    for defect in Defect::ALL {
        let mut mutant = Mutant::new(*defect);
        let found = Noise::new(1).take(INPUTS_MAX).any(|input| fuzz::over(&mut mutant, &input).is_err());
        assert!(found, "{} survives {INPUTS_MAX} inputs: {}", defect.name(), defect.what());
    }
}
