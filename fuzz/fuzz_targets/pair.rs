//! Two references on a hostile link: what one writes the other reads, whatever happens on the way.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netassay_fuzz::hold;

fuzz_target!(|bytes: &[u8]| hold(conformance::fuzz::pair::run(bytes)));
