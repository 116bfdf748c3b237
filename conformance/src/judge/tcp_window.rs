//! floor 7: rules about the window of the peer, seen by who sends into it (RFC 9293 section 3.8.6, RFC 7323
//! section 2, RFC 5681 section 2).
//!
//! A host knows some of the segments that came for it, and no others: the furthest right edge of them all
//! bounds what it may send, whatever was lost and in whatever order they came.
//!
//! RFC7323-2.3-c: whoever shifts too far breaks RFC7323-2.4-d; whoever shifts too little sends less, and
//! may.
//! RFC9293-3.8.6-a: the bound is that of RFC5681-2-a, which demands it.
//! RFC7323-2.4-e: it allows what RFC7323-2.4-d forbids for new data alone.
//! RFC7323-2.4-f: it allows what the program or the network ask for.
//! RFC9293-MAY-7: it allows what RFC9293-SHLD-15 forbids for new data alone.
//! RFC9293-MAY-8: a window may be closed for as long as its owner wants.

use super::assume::Assumption::{
    self, AllOfHost, AllOfPeer, AllOffers, BothWays, Captured, Genuine, Handshake, InOrder, Silence,
    Untouched, Whole, WithinReach,
};
use super::assume::Tap;
use super::connection::Place;
use super::facts::opening::{Opening, option};
use super::facts::turn::{Turn, is_after, later};
use super::facts::window;
use super::kind::On;
use super::plain::{Plain, absent, holds};
use super::rule::{Opinion, Rule, Scene};
use super::tcp_send::peer_segment_octets;
use super::tcp_timestamp::may_be_old;
use crate::verdict::Reason;

/// What claims about the window take for granted.
const WINDOW: &[Assumption] =
    &[Captured, AllOfPeer, AllOffers, BothWays, Handshake, Untouched, InOrder, Genuine, Whole, WithinReach];

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-D10",
        about: "the window does not creep on in small steps",
        clauses: &["RFC9293-MUST-39"],
        assumptions: &[
            Captured,
            AllOfHost,
            BothWays,
            Silence,
            Whole,
            WithinReach,
            Handshake,
            Untouched,
            InOrder,
            Genuine,
        ],
        on: On::EMPTY,
        tap: Tap::AtHost,
        quiet: &[absent(&[Plain::ACK_NEW])],
        judge: creeps,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C1",
        about: "new data stays inside of the window of the peer",
        clauses: &["RFC5681-2-a", "RFC7323-2.4-d"],
        assumptions: WINDOW,
        on: On::TEXT,
        quiet: &[absent(&[Plain::NO_DATA]), holds(&[Plain::IN_WINDOW])],
        judge: inside_the_window,
        ..Rule::USUAL
    },
    Rule {
        id: "P-B3",
        about: "the window of a SYN is taken as it stands",
        clauses: &["RFC7323-2.2-d"],
        assumptions: WINDOW,
        on: On::TEXT,
        quiet: &[absent(&[Plain::NO_DATA]), absent(&[Plain::WINDOW_OPENED])],
        judge: inside_the_first_window,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C1b",
        about: "no new data behind the edge of a window that shrank",
        clauses: &["RFC9293-SHLD-15"],
        assumptions: WINDOW,
        on: On::TEXT,
        quiet: &[absent(&[Plain::NO_DATA]), absent(&[Plain::NOT_SHRUNK])],
        judge: inside_the_shrunk_window,
        ..Rule::USUAL
    },
];

/// One small step may round what was offered before, and another follow it by chance; not a third.
fn creeps(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let own = &place.own().window;
    if turn.ack != place.own().numbers.highest_ack() || !place.own().ack.is_quiet() {
        return Opinion::Absent;
    }
    let step = window::creeps(place.own(), place.peer(), turn).filter(|_| own.creeping() >= 2);
    Opinion::unless(step.is_some(), "RFC9293-MUST-39", || {
        let step = step.unwrap_or_default();
        let bound = "no update for less than a segment or half of the buffer";
        (format!("the window moves on by {step} octets, the third small step in turn"), bound.into())
    })
    .doubting(may_be_old(&place))
}

/// New data with its place, on a connection whose window is its own.
fn new_data<'a>(scene: &Scene<'a>) -> Option<(&'a Turn<'a>, Place<'a>)> {
    let (turn, place) = scene.flow()?;
    let highest = place.own().numbers.highest()?;
    // Where somebody acknowledges what was never sent, no edge is certain: it may lie anywhere.
    let certain = !place.peer().numbers.acknowledged_unseen();
    (certain && turn.data_octets > 0 && is_after(turn.text_end, highest)).then_some((turn, place))
}

/// Whether options change what a window is: data on a SYN, or a window that several connections share.
fn is_extended(place: &Place<'_>) -> bool {
    let extended = |opening: &Opening| opening.extended() || opening.data_octets > 0;
    place.connection.sides.iter().any(|side| side.openings.all().iter().any(extended))
}

/// What keeps a claim about the window from being sure.
fn doubt(turn: &Turn<'_>, place: &Place<'_>) -> Option<Reason> {
    let behind = |highest| is_after(turn.seq, highest);
    match () {
        () if place.connection.reused => Some(Reason::PortReuse),
        // A number that comes from nowhere may be somebody else's.
        () if place.own().numbers.highest().is_some_and(behind) => Some(Reason::HostUnseen),
        () if place.peer().numbers.has_fragments() => Some(Reason::Fragments),
        // What came damaged to the capture may have come whole to the host.
        () if place.peer().numbers.is_damaged() => Some(Reason::Altered),
        () => None,
    }
}

/// The number up to which data may be sent: the edge and one octet, or a window probe.
fn bound(scene: &Scene<'_>, place: &Place<'_>) -> Option<u32> {
    let window = &place.peer().window;
    let edge = window.edge()?.wrapping_add(1);
    let probe = window.closed_edge().map(|closed| {
        let octets = peer_segment_octets(place, scene.packet);
        closed.wrapping_add(octets)
    });
    Some(probe.map_or(edge, |probe| later(edge, probe)))
}

fn inside_the_window(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = new_data(scene) else { return Opinion::Absent };
    let window = &place.peer().window;
    let Some(edge) = window.edge() else { return Opinion::Absent };
    if !is_after(turn.text_end, edge) {
        return Opinion::Holds;
    }
    let Some(bound) = bound(scene, &place) else { return Opinion::Absent };
    if window.is_only_of_syn() || is_extended(&place) {
        return Opinion::Absent;
    }
    let scaled = place.connection.sides.iter().all(|side| side.openings.options().some(option::WINDOW_SCALE));
    let clause = if scaled { "RFC7323-2.4-d" } else { "RFC5681-2-a" };
    Opinion::unless(is_after(turn.text_end, bound), clause, || {
        (format!("new data up to {}", turn.text_end), format!("{edge}, the right edge of the window"))
    })
    .doubting(doubt(turn, &place))
}

fn inside_the_first_window(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = new_data(scene) else { return Opinion::Absent };
    let window = &place.peer().window;
    if !window.is_only_of_syn() || is_extended(&place) {
        return Opinion::Absent;
    }
    let (Some(edge), Some(bound)) = (window.edge(), bound(scene, &place)) else { return Opinion::Absent };
    Opinion::unless(is_after(turn.text_end, bound), "RFC7323-2.2-d", || {
        let bound = format!("{edge}, the right edge of the window as the SYN has it");
        (format!("new data up to {}", turn.text_end), bound)
    })
    .doubting(doubt(turn, &place))
}

fn inside_the_shrunk_window(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = new_data(scene) else { return Opinion::Absent };
    let Some(stamps) = turn.stamps() else { return Opinion::Absent };
    let Some(edge) = place.peer().window.shrunk_edge(stamps.echo) else { return Opinion::Absent };
    if is_extended(&place) {
        return Opinion::Absent;
    }
    let bound = edge.wrapping_add(peer_segment_octets(&place, scene.packet));
    Opinion::unless(is_after(turn.text_end, bound), "RFC9293-SHLD-15", || {
        let seen = format!("new data up to {} with the echo {}", turn.text_end, stamps.echo);
        (seen, format!("{edge}, the right edge since the window shrank"))
    })
    .doubting(doubt(turn, &place))
}
