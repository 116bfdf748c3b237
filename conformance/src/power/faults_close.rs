//! floor 8: faults in how a connection ends, and in resets.

use super::fault::{Fault, never};
use super::story::Story;
use stack::wire::tcp::Flags;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

fn is_reset(story: &Story, at: usize) -> bool {
    story.own(at).is_some_and(|own| own.flags.rst())
}

fn is_fin(story: &Story, at: usize) -> bool {
    story.flows(at) && story.own(at).is_some_and(|own| own.flags.fin())
}

/// Whether this reset ends an open connection of its own accord: with the numbers that it would go on with.
fn aborts(story: &Story, at: usize) -> bool {
    let Some(own) = story.own(at).filter(|own| own.flags.contains(Flags::RST | Flags::ACK)) else {
        return false;
    };
    Some(own.seq) == story.sent_before(at, true) && Some(own.ack) == story.acknowledged_before(at)
}

/// Whether this reset answers a SYN, and nothing else was sent.
fn refuses(story: &Story, at: usize) -> bool {
    let is_syn = |segment: &super::edit::Edit| segment.flags == Flags::SYN;
    is_reset(story, at)
        && story.before(at).all(|(_, own, segment)| !own && is_syn(segment))
        && story.before(at).next().is_some()
}

/// Resets that answer each other, on ports that nothing else uses: the first one is the peer's.
fn resets_answer_each_other(story: &mut Story, at: usize) {
    let Some(peer) = story.heard_before(at) else { return };
    let between_us = story.us_between(peer, at);
    let ports = (40_001, 40_002);
    for round in 0..4 {
        let bare = |segment: &mut super::edit::Edit| {
            segment.flags = Flags::RST;
            segment.seq = 77;
            segment.ack = 0;
            segment.options.clear();
            segment.payload.clear();
        };
        story.add(peer, between_us + 20_000 * round, |segment| {
            bare(segment);
            segment.ports = ports;
        });
        story.add(at, 20_000 * round + 100, |segment| {
            bare(segment);
            segment.ports = (ports.1, ports.0);
        });
    }
}

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "data behind the FIN",
        rules: &["P-E3"],
        fits: is_fin,
        harmless: never,
        apply: |story, at| {
            story.add(at, 50, |segment| {
                segment.seq = segment.end();
                segment.flags = Flags::ACK | Flags::PSH;
                segment.payload = vec![0x55; 100];
            });
        },
    },
    Fault {
        name: "another FIN",
        rules: &["P-C17"],
        fits: is_fin,
        harmless: never,
        apply: |story, at| {
            story.add(at, 50, |segment| {
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
            is_reset(story, at)
                && story.before(at).any(|(_, ours, own)| ours && own.flags.ack() && !own.flags.syn())
        },
        // A reset that answers something stray does not end the connection.
        harmless: |story, at| !aborts(story, at),
        apply: |story, at| {
            story.add(at, 2_000_000, |segment| {
                segment.flags = Flags::ACK | Flags::PSH;
                segment.payload = vec![0x55; 100];
            });
        },
    },
    Fault {
        name: "reset with a number of nobody's",
        rules: &["P-E1a"],
        fits: |story, at| {
            is_reset(story, at) && [true, false].iter().all(|ours| story.syn(at, *ours).is_some())
        },
        harmless: never,
        apply: |story, at| {
            story.edit(at, |segment| segment.seq = segment.seq.wrapping_add(0x1234_5678));
        },
    },
    Fault {
        name: "reset that acknowledges no SYN",
        rules: &["P-E1"],
        fits: refuses,
        harmless: never,
        apply: |story, at| story.edit(at, |segment| segment.ack = segment.ack.wrapping_add(1_000)),
    },
    Fault {
        name: "resets answered by resets",
        rules: &["P-D16"],
        fits: |story, at| is_reset(story, at) && story.heard_before(at).is_some(),
        harmless: never,
        apply: resets_answer_each_other,
    },
    Fault {
        name: "answer to a group",
        rules: &["P-A12r"],
        fits: |story, at| {
            let own = story.own(at);
            own.is_some_and(|own| own.flags.rst() || own.flags.contains(Flags::SYN | Flags::ACK))
        },
        harmless: never,
        apply: |story, at| {
            let group: IpAddr = match story.host {
                IpAddr::V4(_) => Ipv4Addr::new(224, 0, 0, 1).into(),
                IpAddr::V6(_) => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1).into(),
            };
            story.edit(at, |segment| segment.redirect(group));
        },
    },
];
