//! Glue between fuzz engines and the bodies in [`conformance::fuzz`]: what a finding looks like, where inputs
//! come from. No judgement lives here but the agreement with another parser.

pub mod agree;

use conformance::fuzz::Finding;
use conformance::host::mutant::Defect;

/// Lets a finding end the program, with everything that is needed to repeat it.
pub fn hold(result: Result<(), Finding>) {
    if let Err(finding) = result {
        panic!("{finding}");
    }
}

/// The planted defect of the canary: the one that `NETASSAY_DEFECT` names, else shifted data.
pub fn defect() -> Defect {
    let Ok(name) = std::env::var("NETASSAY_DEFECT") else { return Defect::StreamShifted };
    let known = Defect::ALL.iter().find(|defect| defect.name() == name);
    known.copied().unwrap_or_else(|| panic!("NETASSAY_DEFECT: there is no defect {name}"))
}

/// Bytes for fuzz targets that follow from a seed alone (SplitMix64): a driver for machines without an
/// engine.
#[derive(Clone, Copy, Debug)]
pub struct Noise(u64);

impl Noise {
    /// The longest input, in octets.
    const MAX_OCTETS: u64 = 512;

    /// Inputs that follow from `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Half of the octets of an input are small: small numbers mean ordinary things more often.
impl Iterator for Noise {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let octets = usize::try_from(self.draw() % Self::MAX_OCTETS).ok()?;
        let mut input = Vec::with_capacity(octets + 8);
        while input.len() < octets {
            let (drawn, small) = (self.draw(), self.draw());
            let masked = drawn.to_le_bytes().into_iter().zip(small.to_le_bytes());
            input.extend(masked.map(|(octet, small)| if small & 1 == 0 { octet & 15 } else { octet }));
        }
        input.truncate(octets);
        Some(input)
    }
}
