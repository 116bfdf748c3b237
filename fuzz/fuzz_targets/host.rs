//! Operations happen to the reference, and everything that can be seen of it has to be right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netassay_fuzz::hold;

fuzz_target!(|bytes: &[u8]| hold(conformance::fuzz::host(bytes)));
