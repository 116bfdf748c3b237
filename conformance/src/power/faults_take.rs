//! floor 8: faults in what is taken: damaged data, and windows that creep on.

use super::fault::{Fault, never};
use super::faults_flow::acknowledges_more;
use super::story::Story;

/// Octets of a window that no small buffer has.
const LARGE: u32 = 20_000;
/// The largest shift with which a window moves by less than a segment of 536 octets.
const SHIFT_MAX: u32 = 8;

/// New data of the peer that comes last before this acknowledgement, and is covered by it.
fn latest_data(story: &Story, at: usize) -> Option<usize> {
    let own = story.own(at)?;
    let came = story.before(at).next_back().filter(|(_, own, came)| !own && !came.payload.is_empty());
    let (index, _, came) = came?;
    let is_new = story.sent_before(index, false) == Some(came.seq);
    let fits = story.max_segment_own(at).is_some_and(|most| came.payload.len() <= most);
    (is_new && fits && own.ack == came.end()).then_some(index)
}

/// Whether the peer sent other data before.
fn had_data(story: &Story, at: usize) -> bool {
    story.before(at).filter(|(_, own, segment)| !own && !segment.payload.is_empty()).count() > 1
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "damaged data acknowledged",
        rules: &["P-D18"],
        fits: |story, at| {
            acknowledges_more(story, at) && had_data(story, at) && latest_data(story, at).is_some()
        },
        harmless: never,
        apply: |story, at| {
            if let Some(came) = latest_data(story, at) {
                story.edit(came, |segment| segment.checksum_error = 0x1357);
            }
        },
    },
    Fault {
        name: "window creeps on",
        rules: &["P-D10"],
        fits: |story, at| {
            let shift = story.shift(at, true);
            let widest = story.before(at).filter(|(_, own, segment)| *own && !segment.flags.syn());
            let widest = widest.map(|(_, _, segment)| u32::from(segment.window) << shift).max();
            let room = story.own(at).is_some_and(|own| own.window < u16::MAX - 3);
            acknowledges_more(story, at) && shift <= SHIFT_MAX && room && widest > Some(LARGE)
        },
        // Where the window was larger, the steps begin by taking back that it became smaller.
        harmless: |story, at| {
            let edge = story.own(at).map_or(0, |own| own.edge(story.shift(at, true)));
            story.edge_before(at, true).is_some_and(|known| known.wrapping_sub(edge).cast_signed() > 0)
        },
        apply: |story, at| {
            for step in 1..=3 {
                story.add(at, u64::from(step), |segment| segment.window += step);
            }
        },
    },
];
