//! floor 8: what is wrong with recordings: frames are missing, cut, there twice, or out of order.

use super::plan::TapPlan;
use super::{Recording, Shot};
use crate::drive::link::dice::Dice;
use stack::base::{Instant, Span};

/// How much later a copy is recorded at the most.
const COPY_WITHIN: Span = Span::from_micros(500);

/// The recording as such taps make it.
pub fn flawed(recording: &Recording, taps: &TapPlan) -> Recording {
    let mut dice = Dice::new(u64::from(taps.seed) ^ 0x666c_6177);
    let last = recording.shots.len().saturating_sub(taps.after.into());
    let kept = recording.shots.iter().take(last).skip(taps.from.into());
    let kept = kept.filter(|shot| taps.only().is_none_or(|from| from == shot.from));
    let mut shots: Vec<Shot> = Vec::new();
    for shot in kept {
        if dice.percent(taps.lost()) {
            continue;
        }
        shots.push(shot.clone());
        if dice.percent(taps.copies()) {
            shots.push(Shot { at: shot.at + dice.up_to(COPY_WITHIN), ..shot.clone() });
        }
    }
    for shot in &mut shots {
        shot.at += dice.up_to(taps.displaced());
        shot.at += if shot.from == 1 { taps.apart() } else { Span::ZERO };
    }
    shots.sort_by_key(|shot| shot.at);
    for shot in &mut shots {
        shot.at = Instant::from_nanos(shot.at.as_nanos() / taps.grain_ns() * taps.grain_ns());
        if let Some(octets) = taps.snap() {
            shot.bytes.truncate(octets);
        }
    }
    Recording { link: recording.link, shots }
}
