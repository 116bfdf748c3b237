//! The same as `host`, over a host with a planted defect (`NETASSAY_DEFECT`, or shifted data): this target
//! has to fail within seconds, or else the others show nothing.
#![no_main]

use conformance::host::mutant::Mutant;
use libfuzzer_sys::fuzz_target;
use netassay_fuzz::{defect, hold};
use std::cell::RefCell;

thread_local! {
    static MUTANT: RefCell<Mutant> = RefCell::new(Mutant::new(defect()));
}

fuzz_target!(|bytes: &[u8]| {
    hold(MUTANT.with_borrow_mut(|mutant| conformance::fuzz::over(mutant, bytes)));
});
