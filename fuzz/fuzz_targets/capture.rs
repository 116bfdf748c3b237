//! Bytes are read as a file of recorded traffic: what libpcap reads of it, we read as well.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netassay_fuzz::hold;

fuzz_target!(|bytes: &[u8]| hold(conformance::fuzz::capture(bytes)));
