//! The bodies of the fuzz targets on noise: an ordinary test, on any toolchain, the same every time.

use conformance::fuzz;
use netassay_fuzz::{Noise, agree};

#[test]
fn the_reference_holds_for_noise() {
    for input in Noise::new(20).take(4_000) {
        if let Err(finding) = fuzz::host(&input) {
            panic!("{finding}");
        }
    }
}

#[test]
fn wire_holds_for_noise() {
    for input in Noise::new(21).take(100_000) {
        if let Err(finding) = fuzz::wire(&input).and_then(|()| agree::with_etherparse(&input)) {
            panic!("{finding}");
        }
    }
}

#[test]
fn captures_hold_for_noise() {
    let fronts: [&[u8]; 3] =
        [b"", b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0", b"\x1f\x8b"];
    for (front, input) in fronts.into_iter().cycle().zip(Noise::new(23).take(6_000)) {
        if let Err(finding) = fuzz::capture(&[front, &input].concat()) {
            panic!("{finding}");
        }
    }
}

#[test]
fn two_references_hold_for_noise() {
    for input in Noise::new(22).take(400) {
        if let Err(finding) = fuzz::pair::run(&input) {
            panic!("{finding}");
        }
    }
}

#[test]
fn the_judge_holds_for_noise() {
    for input in Noise::new(23).take(60) {
        if let Err(finding) = fuzz::judge::run(&input) {
            panic!("{finding}");
        }
    }
}
