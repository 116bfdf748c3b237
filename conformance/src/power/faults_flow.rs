//! floor 8: faults in numbers, windows, timestamps and order of an open connection, and in how it ends.

use super::fault::Fault;
use super::story::Story;
use stack::wire::tcp::Flags;

const SACK: u8 = 5;
const TIMESTAMPS: u8 = 8;

fn has_sack(story: &Story, at: usize) -> bool {
    story.flows(at) && story.own(at).is_some_and(|own| own.word(SACK, 0).is_some())
}

/// Whether the host had acknowledged less before this acknowledgement, and more of the host follows.
fn acknowledges_more(story: &Story, at: usize) -> bool {
    let Some(own) = story.own(at).filter(|_| story.is_bare_ack(at)) else { return false };
    story.acknowledged_before(at).is_some_and(|before| own.ack.wrapping_sub(before).cast_signed() > 2)
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "ACK above what was sent",
        rules: &["P-D1"],
        fits: Story::flows,
        apply: |story, at| {
            let end = story.end_of(at, false).unwrap_or(0);
            story.edit(at, |segment| segment.ack = end.wrapping_add(5_000));
        },
    },
    Fault {
        name: "ACK goes back",
        rules: &["P-D2"],
        fits: acknowledges_more,
        apply: |story, at| {
            story.insert(at, 1, |segment| segment.ack = segment.ack.wrapping_sub(1));
        },
    },
    Fault {
        name: "window halved",
        rules: &[],
        fits: |story, at| story.flows(at) && story.own(at).is_some_and(|own| own.window > 8),
        apply: |story, at| {
            story.insert(at, 1, |segment| {
                segment.window /= 2;
                segment.payload.clear();
                segment.flags = Flags::ACK;
                segment.seq = segment.end();
            });
        },
    },
    Fault {
        name: "timestamp lowered",
        rules: &["P-C11"],
        fits: |story, at| story.flows(at) && story.stamped(at),
        apply: |story, at| {
            story.edit(at, |segment| {
                let value = segment.word(TIMESTAMPS, 0).unwrap_or(0);
                segment.set_word(TIMESTAMPS, 0, value.wrapping_sub(2_000));
            });
        },
    },
    Fault {
        name: "echo of nothing",
        rules: &["P-C12"],
        fits: |story, at| story.flows(at) && story.stamped(at),
        apply: |story, at| {
            story.edit(at, |segment| {
                let echo = segment.word(TIMESTAMPS, 4).unwrap_or(0);
                segment.set_word(TIMESTAMPS, 4, echo ^ 0x4000_0000);
            });
        },
    },
    Fault {
        name: "data beyond the window",
        rules: &["P-C1"],
        fits: |story, at| story.is_new_data(at) && story.edge(at).is_some(),
        apply: |story, at| {
            let edge = story.edge(at).unwrap_or(0);
            story.edit(at, |segment| segment.seq = edge.wrapping_add(3_000));
            story.end_at(at);
        },
    },
    Fault {
        name: "gap in the numbers",
        rules: &["P-C4"],
        fits: |story, at| story.is_new_data(at) && story.own(at).is_some_and(|own| own.payload.len() > 20),
        apply: |story, at| {
            story.edit(at, |segment| {
                segment.seq = segment.seq.wrapping_add(10);
                segment.payload.drain(..10);
            });
            story.end_at(at);
        },
    },
    Fault {
        name: "other octets in a retransmission",
        rules: &["P-C3"],
        fits: |story, at| {
            story.is_retransmission(at) && story.own(at).is_some_and(|own| own.payload.len() > 20)
        },
        apply: |story, at| story.edit(at, |segment| segment.payload[7] ^= 0x5a),
    },
    Fault {
        name: "bare ACK above the numbers",
        rules: &["P-C7"],
        fits: Story::is_bare_ack,
        apply: |story, at| {
            let end = story.end_of(at, true).unwrap_or(0);
            story.edit(at, |segment| segment.seq = end.wrapping_add(4_000));
        },
    },
    Fault {
        name: "retransmission without cause",
        rules: &["P-C8"],
        fits: |story, at| story.is_new_data(at) && story.own(at).is_some_and(|own| own.payload.len() > 20),
        apply: |story, at| story.insert(at, 5, |_| ()),
    },
    Fault {
        name: "SACK of what was not sent",
        rules: &["P-D7"],
        fits: has_sack,
        apply: |story, at| {
            let end = story.end_of(at, false).unwrap_or(0);
            story.edit(at, |segment| {
                segment.set_word(SACK, 0, end.wrapping_add(10_000));
                segment.set_word(SACK, 4, end.wrapping_add(11_000));
            });
        },
    },
    Fault {
        name: "SACK edges exchanged",
        rules: &["P-D7"],
        fits: has_sack,
        apply: |story, at| {
            story.edit(at, |segment| {
                let (left, right) = (segment.word(SACK, 0).unwrap_or(0), segment.word(SACK, 4).unwrap_or(0));
                segment.set_word(SACK, 0, right);
                segment.set_word(SACK, 4, left);
            });
        },
    },
    Fault {
        name: "three ACKs for one",
        rules: &["P-D9"],
        fits: acknowledges_more,
        apply: |story, at| {
            for later in 1..=4 {
                story.insert(at, later, |_| ());
            }
        },
    },
    Fault {
        name: "data behind the FIN",
        rules: &["P-E3"],
        fits: |story, at| story.flows(at) && story.own(at).is_some_and(|own| own.flags.fin()),
        apply: |story, at| {
            story.insert(at, 50, |segment| {
                segment.seq = segment.end();
                segment.flags = Flags::ACK | Flags::PSH;
                segment.payload = vec![0x55; 100];
            });
        },
    },
    Fault {
        name: "another FIN",
        rules: &["P-C17"],
        fits: |story, at| story.flows(at) && story.own(at).is_some_and(|own| own.flags.fin()),
        apply: |story, at| {
            story.insert(at, 50, |segment| {
                segment.seq = segment.seq.wrapping_add(500);
                segment.payload.clear();
                segment.flags = Flags::FIN | Flags::ACK;
            });
        },
    },
    Fault {
        name: "goes on after its reset",
        rules: &["P-C5"],
        fits: |story, at| {
            story.own(at).is_some_and(|own| own.flags.rst())
                && story.before(at).any(|(_, ours, own)| ours && own.flags.ack() && !own.flags.syn())
        },
        apply: |story, at| {
            story.insert(at, 50_000, |segment| {
                segment.flags = Flags::ACK | Flags::PSH;
                segment.payload = vec![0x55; 100];
            });
        },
    },
    Fault {
        name: "reset with a number of nobody's",
        rules: &["P-E1"],
        fits: |story, at| story.own(at).is_some_and(|own| own.flags.rst()),
        apply: |story, at| {
            story.edit(at, |segment| segment.seq = segment.seq.wrapping_add(0x1234_5678));
        },
    },
    Fault {
        name: "retransmission marked ECN-capable",
        rules: &["P-A10r"],
        fits: |story, at| story.is_retransmission(at) && uses_ecn(story, at),
        apply: |story, at| story.edit(at, |segment| segment.ecn = 2),
    },
    Fault {
        name: "reduction reported on a retransmission",
        rules: &["P-C21"],
        fits: |story, at| story.is_retransmission(at) && uses_ecn(story, at),
        apply: |story, at| story.edit(at, |segment| segment.flags = segment.flags | Flags::CWR),
    },
    Fault {
        name: "urgent data",
        rules: &["P-C14"],
        fits: Story::is_new_data,
        apply: |story, at| {
            story.edit(at, |segment| {
                segment.flags = segment.flags | Flags::URG;
                segment.urgent = 1;
            });
        },
    },
];

/// Whether both SYNs agree on ECN.
fn uses_ecn(story: &Story, at: usize) -> bool {
    let asks = |ours| story.syn(at, ours).is_some_and(|syn| syn.flags.ece());
    asks(true) && asks(false)
}
