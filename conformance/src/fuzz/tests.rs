//! The bodies of the fuzz targets hold for noise, and find what is planted.

use super::*;
use crate::host::mutant::{Defect, Mutant};

/// Bytes that are the same every time.
fn noise(seed: u64, octets: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[3]
    };
    (0..octets).map(|_| next()).collect()
}

#[test]
fn laws_hold_for_noise() {
    for seed in 0..3_000 {
        let length = usize::try_from(seed % 90).expect("small");
        assert!(
            wire(&noise(seed, length)).is_ok_and(|()| true),
            "seed {seed}: {:?}",
            wire(&noise(seed, length))
        );
    }
}

#[test]
fn the_reference_holds_for_noise() {
    for seed in 0..500 {
        let length = 30 + usize::try_from(seed % 7).expect("small") * 60;
        if let Err(finding) = host(&noise(seed, length)) {
            panic!("seed {seed}: {finding}");
        }
    }
}

#[test]
fn a_planted_defect_is_found() {
    for defect in [Defect::StreamShifted, Defect::ResetAnswersReset, Defect::BadChecksum] {
        let mut mutant = Mutant::new(defect);
        let found = (0..3_000).any(|seed| over(&mut mutant, &noise(seed, 200)).is_err());
        assert!(found, "{}", defect.name());
    }
}
