//! Bytes are read as every protocol and written again; another parser has to see the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netassay_fuzz::{agree, hold};

fuzz_target!(|bytes: &[u8]| {
    hold(conformance::fuzz::wire(bytes));
    hold(agree::with_etherparse(bytes));
});
