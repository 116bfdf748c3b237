//! Two references on a hostile link, recorded everywhere along it: the judge accuses nobody.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netassay_fuzz::hold;

fuzz_target!(|bytes: &[u8]| hold(conformance::fuzz::judge::run(bytes)));
