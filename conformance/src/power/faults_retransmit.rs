//! floor 8: faults in what is sent again, and when: too soon, too often, at the wrong time, with the wrong
//! marks.

use super::fault::{Fault, never};
use super::story::Story;
use stack::wire::tcp::Flags;

/// What came so shortly before something is sent may be its cause, in microseconds.
const CAUSE_US: u64 = 5_000;

/// Whether something of the peer came so shortly before that it may be the cause of whatever is sent then, or
/// the host can not have measured a round trip yet.
fn may_have_a_cause(story: &Story, at: usize) -> bool {
    let heard = story.heard_before(at);
    let near = heard.is_none_or(|heard| story.us_between(heard, at) <= CAUSE_US);
    near || story.taken_before(at) == story.syn(at, true).map(|syn| syn.seq.wrapping_add(1))
}

/// Whether something that was sent before waits for its acknowledgement yet.
fn something_waits(story: &Story, at: usize) -> bool {
    let waits = |own: &super::edit::Edit, taken: u32| own.seq.wrapping_sub(taken).cast_signed() > 0;
    story.own(at).zip(story.taken_before(at)).is_some_and(|(own, taken)| waits(own, taken))
}

/// Whether nothing waits but this segment.
fn waits_alone(story: &Story, at: usize) -> bool {
    story.is_front(at) && story.own(at).map(|own| own.seq) == story.taken_before(at)
}

fn is_first_syn(story: &Story, at: usize) -> bool {
    let first = !story.before(at).any(|(_, own, _)| own);
    first && story.own(at).is_some_and(|own| own.flags == Flags::SYN)
}

/// Copies of the segment in a frame at these times, in milliseconds; nothing else happens any more.
fn copies(story: &mut Story, at: usize, times_ms: &[u64]) {
    story.end_at(at);
    for time_ms in times_ms {
        story.add(at, time_ms * 1_000, |_| ());
    }
}

/// The first segment with data of the host behind its SYN in this frame.
fn first_data(story: &Story, at: usize) -> Option<usize> {
    story.after(at).find(|(index, own, _)| *own && story.is_front(*index)).map(|(index, ..)| index)
}

/// The SYN is sent twice, and the first data three times, a second apart.
fn hurries_after_a_lost_syn(story: &mut Story, at: usize) {
    const SECOND_US: u64 = 1_000_000;
    let Some(data) = first_data(story, at) else { return };
    story.pause(at + 1, 2 * SECOND_US);
    story.add(at, SECOND_US, |_| ());
    copies(story, data, &[1_000, 2_000, 3_000]);
}

/// The peer closes its window behind what was sent, and the host probes it.
fn probes(story: &mut Story, at: usize, times_ms: &[u64]) {
    let (Some(heard), Some(end)) = (story.heard_before(at), story.own(at).map(super::edit::Edit::end)) else {
        return;
    };
    let (next, closed_us) = (story.sent_before(at, false).unwrap_or(0), story.us_between(heard, at) + 20_000);
    story.end_at(at);
    story.add(heard, closed_us, |segment| {
        segment.seq = next;
        segment.ack = end;
        segment.window = 0;
        segment.flags = Flags::ACK;
        segment.payload.clear();
    });
    for time_ms in times_ms {
        story.add(at, time_ms * 1_000, |segment| {
            segment.seq = end.wrapping_sub(1);
            segment.flags = Flags::ACK;
            segment.payload.clear();
        });
    }
}

/// Whether both SYNs agree on ECN.
fn uses_ecn(story: &Story, at: usize) -> bool {
    let asks = |ours| story.syn(at, ours).is_some_and(|syn| syn.flags.ece());
    asks(true) && asks(false)
}

/// Whether this goes to a window that is closed, and that was not open any further.
fn goes_to_a_closed_window(story: &Story, at: usize) -> bool {
    let closed = story.heard_before(at).and_then(|heard| story.segment(heard));
    let closed = closed.is_some_and(|segment| segment.window == 0 && !segment.flags.rst());
    story.flows(at) && closed && story.edge_before(at, false) == story.sent_before(at, true)
}

/// Without an identification nothing tells a segment that was sent twice from one that was recorded twice.
fn has_no_identification(story: &Story, at: usize) -> bool {
    story.host.is_ipv6() || story.frames[at].bytes[4..6] == [0, 0]
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "retransmission without cause",
        rules: &["P-C8"],
        fits: Story::is_front,
        harmless: |story, at| may_have_a_cause(story, at) || has_no_identification(story, at),
        apply: |story, at| story.add(at, 0, |_| ()),
    },
    Fault {
        name: "copies at equal times",
        rules: &["P-C8b"],
        fits: Story::is_front,
        harmless: has_no_identification,
        apply: |story, at| copies(story, at, &[1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000]),
    },
    Fault {
        name: "copies of what does not wait the longest",
        rules: &["P-C8e"],
        fits: |story, at| story.is_front(at) && something_waits(story, at),
        harmless: has_no_identification,
        apply: |story, at| copies(story, at, &[1_000, 3_000, 7_000, 15_000, 31_000]),
    },
    Fault {
        name: "SYN again after 0.4 s",
        rules: &["P-C9"],
        fits: is_first_syn,
        harmless: has_no_identification,
        apply: |story, at| copies(story, at, &[400, 800]),
    },
    Fault {
        name: "SYN faster and faster",
        rules: &["P-C9b"],
        fits: is_first_syn,
        harmless: has_no_identification,
        apply: |story, at| copies(story, at, &[4_000, 7_000, 9_000, 10_000]),
    },
    Fault {
        name: "no patience after a lost SYN",
        rules: &["P-C9d"],
        fits: |story, at| is_first_syn(story, at) && !story.stamped(at) && first_data(story, at).is_some(),
        harmless: has_no_identification,
        apply: hurries_after_a_lost_syn,
    },
    Fault {
        name: "two segments after a timeout",
        rules: &["P-C10t"],
        fits: |story, at| waits_alone(story, at) && story.full_octets(at) >= 500,
        harmless: has_no_identification,
        apply: |story, at| {
            let full = story.max_segment(at).unwrap_or(536).saturating_sub(12);
            story.edit(at, |segment| segment.payload.resize(full, 0x55));
            let resized = |segment: &mut super::edit::Edit, copy: bool| {
                segment.payload.resize(full, 0x55);
                segment.seq = segment.seq.wrapping_add(if copy { 0 } else { full as u32 });
            };
            story.end_at(at);
            for (later_us, copy) in
                [(10, false), (1_000_000, true), (3_000_000, true), (7_000_000, true), (7_000_010, false)]
            {
                story.add(at, later_us, |segment| resized(segment, copy));
            }
        },
    },
    Fault {
        name: "probes faster and faster",
        rules: &["P-C15"],
        fits: |story, at| story.is_front(at) && story.heard_before(at).is_some(),
        harmless: never,
        apply: |story, at| probes(story, at, &[400, 2_400, 3_900, 4_900, 5_400]),
    },
    Fault {
        name: "keep-alive while data waits",
        rules: &["P-C16"],
        fits: Story::is_front,
        // To a window that is closed, or full, it is a probe.
        harmless: |story, at| {
            let full = story.edge_before(at, false) == story.own(at).map(super::edit::Edit::end);
            full || story.before(at).any(|(_, own, segment)| !own && segment.window == 0)
        },
        apply: |story, at| {
            story.end_at(at);
            story.add(at, 10_000, |segment| {
                segment.seq = segment.end().wrapping_sub(1);
                segment.flags = Flags::ACK;
                segment.payload.clear();
            });
        },
    },
    Fault {
        name: "keep-alive with data",
        rules: &["P-C16d"],
        fits: |story, at| {
            let own = story.own(at).filter(|_| story.is_bare_ack(at));
            let latest =
                story.before(at).rev().find(|(_, own, segment)| *own && segment.end() != segment.seq);
            let long = latest.is_some_and(|(_, _, segment)| segment.payload.len() > 1);
            long && own.is_some_and(|own| Some(own.seq) == story.taken_before(at))
        },
        harmless: |story, at| {
            // To a window that is closed, it is a probe.
            let finished = story.before(at).any(|(_, own, segment)| own && segment.flags.fin());
            let closed = story.before(at).any(|(_, own, segment)| !own && segment.window == 0);
            finished || closed
        },
        apply: |story, at| {
            story.end_at(at);
            story.add(at, 1_000_000, |segment| {
                segment.seq = segment.seq.wrapping_sub(1);
                segment.payload = vec![0];
            });
        },
    },
    Fault {
        name: "retransmission marked ECN-capable",
        rules: &["P-A10r"],
        fits: |story, at| story.is_retransmission(at) && uses_ecn(story, at),
        harmless: |story, at| !story.is_repeated_whole(at) || has_no_identification(story, at),
        apply: |story, at| story.edit(at, |segment| segment.ecn = 2),
    },
    Fault {
        name: "reduction reported on a retransmission",
        rules: &["P-C21"],
        fits: |story, at| story.is_retransmission(at) && uses_ecn(story, at),
        harmless: |story, at| !story.is_repeated_whole(at) || has_no_identification(story, at),
        apply: |story, at| story.edit(at, |segment| segment.flags = segment.flags | Flags::CWR),
    },
    Fault {
        name: "probe of a window marked ECN-capable",
        rules: &["P-A10p"],
        fits: |story, at| uses_ecn(story, at) && goes_to_a_closed_window(story, at),
        harmless: never,
        apply: |story, at| {
            let edge = story.edge_before(at, false).unwrap_or(0);
            story.edit(at, |segment| {
                segment.seq = edge;
                segment.payload = vec![0x55];
                segment.ecn = 2;
            });
        },
    },
];
