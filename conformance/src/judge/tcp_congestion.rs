//! floor 7: rules about how much is sent at once (RFC 5681, RFC 6928). Only three cases are certain: the
//! first flight, more in flight than any growth allows, and more than one segment after a timeout.
//!
//! RFC9293-MUST-19: its parts are judged: RFC5681-3.1-a, RFC5681-3.1-l and RFC6298-5.5-a.
//! RFC9293-MAY-18: other ways are right as well.
//! RFC5681-3-a: later standards allow more; what none allows breaks RFC5681-3.1-a.
//! RFC5681-3.1-c: whoever raises the window by the opening breaks RFC5681-3.1-b.
//! RFC5681-3.1-g: the threshold is not to be seen, and other algorithms reduce by other parts.
//! RFC5681-3.1-h: later standards allow more; what none allows breaks RFC5681-3.1-a.
//! RFC5681-3.1-i: other algorithms grow in other ways, and may.
//! RFC5681-3.1-k: the threshold is not to be seen.
//! RFC5681-3.2-g: the threshold is not to be seen.
//! RFC5681-4.1-a: how long the timeout is that makes a host idle is not to be seen.
//! RFC5681-4.3-a: what a host takes for lost, and for outstanding, is not to be seen.
//! RFC5681-4.3-b: the threshold is not to be seen.
//! RFC2018-5-d: what a host takes for lost is not to be seen.
//! RFC6582-3.2-e: when a host takes a recovery to be over is not to be seen.
//! RFC6675-5-b: what a host takes for lost is not to be seen.
//! RFC6928-2-a: it allows what RFC5681-3.1-b forbids; whoever goes beyond breaks that.
//! RFC6928-2-b: whoever raises the window by the opening breaks RFC5681-3.1-b.
//! RFC9438-4.10-a: the threshold is not to be seen.

use super::assume::Assumption::{
    self, AllOfPeer, BothWays, Captured, Genuine, Handshake, InOrder, Silence, Untouched, Whole, WithinReach,
};
use super::assume::Tap;
use super::connection::Place;
use super::facts::opening::Opening;
use super::facts::turn::{Turn, is_after};
use super::kind::On;
use super::plain::{Plain, absent, holds};
use super::rule::{Opinion, Rule, Scene};
use super::tcp_retransmit::{TIMES, doubt};
use super::tcp_send::peer_segment_octets;
use crate::verdict::{Outcome, Reason};

/// What claims about a flight take for granted.
const FLIGHT: &[Assumption] =
    &[Captured, AllOfPeer, BothWays, Handshake, Untouched, InOrder, Genuine, Whole, WithinReach];

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-C10",
        about: "no more is in flight than slow start allows from ten segments on",
        clauses: &["RFC5681-3.1-a", "RFC5681-3.1-b"],
        assumptions: &[
            Captured,
            AllOfPeer,
            BothWays,
            Handshake,
            Untouched,
            InOrder,
            Silence,
            Genuine,
            Whole,
            WithinReach,
        ],
        tap: Tap::OnLink,
        on: On::TEXT,
        // A host may have been told to begin with more.
        ceiling: Outcome::Deviates,
        quiet: &[absent(&[Plain::NO_DATA]), absent(&[Plain::NO_FLIGHT]), holds(&[Plain::SMALL_FLIGHT])],
        judge: flight,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C10n",
        about: "the first flight is at most four segments",
        clauses: &["RFC5681-3.1-b"],
        assumptions: FLIGHT,
        on: On::TEXT,
        // An experiment that nearly everybody takes part in allows ten (RFC 6928).
        ceiling: Outcome::Note,
        quiet: &[absent(&[Plain::NO_DATA]), absent(&[Plain::NO_FLIGHT]), absent(&[Plain::LATER_FLIGHT])],
        judge: first_flight,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C10s",
        about: "after a lost SYN the first flight is one segment",
        clauses: &["RFC5681-3.1-d"],
        assumptions: FLIGHT,
        on: On::TEXT,
        // A SYN that was sent again need not have been lost, and one may be (RFC 6928).
        ceiling: Outcome::Note,
        quiet: &[absent(&[Plain::NO_DATA]), absent(&[Plain::NO_FLIGHT]), absent(&[Plain::LATER_FLIGHT])],
        judge: first_flight_after_a_lost_syn,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C10t",
        about: "after a timeout one segment is sent, and then an acknowledgement awaited",
        clauses: &["RFC5681-3.1-l"],
        assumptions: TIMES,
        on: On::TEXT,
        tap: Tap::OnLink,
        quiet: &[absent(&[Plain::NOT_EXPIRED])],
        judge: one_after_a_timeout,
        ..Rule::USUAL
    },
];

/// The smallest full segment that hosts count in: absurdly small ones are raised to some floor.
const SEGMENT_OCTETS_MIN: u32 = 536;

/// The largest first flight of RFC 5681 section 3.1 and that of RFC 6928 section 2, in octets.
fn initial_windows(segment_octets: u32) -> (u32, u32) {
    let old = (4 * segment_octets).min((2 * segment_octets).max(4_380));
    let new = (10 * segment_octets).min((2 * segment_octets).max(14_600));
    (old, new)
}

/// The smallest of all first flights, so that what is below needs no further look.
const SURELY_ALLOWED: u32 = 4 * SEGMENT_OCTETS_MIN;

/// New data in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    /// What is behind the highest acknowledgement.
    pub(super) octets: u32,
    /// What was acknowledged of data.
    pub(super) taken: u32,
}

impl Flight {
    /// Whether it is no more than the smallest first flight and what acknowledgements add to it.
    pub(super) const fn is_surely_allowed(self) -> bool {
        self.octets <= self.taken.saturating_mul(2).saturating_add(SURELY_ALLOWED)
    }
}

/// The flight that a segment with new data belongs to. The judged host has seen no more acknowledgements than
/// the tap.
pub(super) fn flight_of(turn: &Turn<'_>, place: &Place<'_>) -> Option<Flight> {
    let (ack, highest) = (place.taken()?, place.own().numbers.highest()?);
    // Behind a hole nothing is certain: who sent it, and whether it came this way.
    let new = turn.data_octets > 0 && is_after(turn.text_end, highest) && !is_after(turn.seq, highest);
    if !new || !is_after(turn.text_end, ack) {
        return None;
    }
    let start = place.own().openings.all().first()?.isn.wrapping_add(1);
    let taken = ack.wrapping_sub(start);
    let octets = turn.text_end.wrapping_sub(ack);
    (taken.cast_signed() >= 0).then_some(Flight { octets, taken })
}

fn in_flight<'a>(scene: &Scene<'a>) -> Option<(Place<'a>, Flight)> {
    let (turn, place) = scene.flow()?;
    Some((place, flight_of(turn, &place)?))
}

fn is_extended(place: &Place<'_>) -> bool {
    let extended = |opening: &Opening| opening.extended() || opening.data_octets > 0;
    place.connection.sides.iter().any(|side| side.openings.all().iter().any(extended))
}

fn segment_octets(scene: &Scene<'_>, place: &Place<'_>) -> u32 {
    peer_segment_octets(place, scene.packet).max(SEGMENT_OCTETS_MIN)
}

fn reuse(place: &Place<'_>) -> Option<Reason> {
    match () {
        () if place.connection.reused => Some(Reason::PortReuse),
        () if place.peer().numbers.has_fragments() => Some(Reason::Fragments),
        () if place.peer().numbers.is_damaged() => Some(Reason::Altered),
        () => None,
    }
}

fn flight(scene: &Scene<'_>) -> Opinion {
    let Some((place, flight)) = in_flight(scene) else { return Opinion::Absent };
    if flight.is_surely_allowed() {
        return Opinion::Holds;
    }
    let Flight { octets, taken } = flight;
    let grown = taken.saturating_mul(2);
    if place.own().timer.had_duplicates() || is_extended(&place) {
        return Opinion::Absent;
    }
    let full = segment_octets(scene, &place);
    let (_, initial) = initial_windows(full);
    // A small segment that is acknowledged adds as much as a full one. No more can have been acknowledged
    // than were sent and are not in flight.
    let sent = place.own().numbers.segments.saturating_add(1);
    let segments = sent.saturating_sub(octets / full).min(taken);
    // A probe for loss at the end may be a new segment, whatever the window (RFC 8985 section 7.3).
    let most = initial.saturating_add(grown).saturating_add((segments + 1).saturating_mul(full));
    let clause = if taken == 0 { "RFC5681-3.1-b" } else { "RFC5681-3.1-a" };
    Opinion::unless(octets > most, clause, || {
        let seen = format!("{octets} octets in flight with {taken} acknowledged so far");
        (seen, format!("{most}: a first flight of {initial}, and what acknowledgements add to it"))
    })
    .doubting(reuse(&place))
}

/// The octets of the first flight, as long as nothing came back.
fn of_first_flight<'a>(scene: &Scene<'a>) -> Option<(Place<'a>, u32)> {
    let (place, Flight { octets, taken }) = in_flight(scene)?;
    let start = place.own().openings.only()?.isn.wrapping_add(1);
    let first = taken == 0 && place.own().timer.burst_from == start;
    (first && !is_extended(&place)).then_some((place, octets))
}

fn first_flight(scene: &Scene<'_>) -> Opinion {
    let Some((place, octets)) = of_first_flight(scene) else { return Opinion::Absent };
    let (initial, _) = initial_windows(segment_octets(scene, &place));
    Opinion::unless(octets > initial, "RFC5681-3.1-b", || {
        (format!("a first flight of {octets} octets"), format!("{initial} octets"))
    })
    .doubting(reuse(&place))
}

fn first_flight_after_a_lost_syn(scene: &Scene<'_>) -> Opinion {
    let Some((place, octets)) = of_first_flight(scene) else { return Opinion::Absent };
    if place.own().openings.only().is_none_or(|syn| syn.options.whole < 2) {
        return Opinion::Absent;
    }
    let most = segment_octets(scene, &place);
    Opinion::unless(octets > most, "RFC5681-3.1-d", || {
        (format!("a first flight of {octets} octets"), format!("{most} octets: the SYN was sent again"))
    })
    .doubting(reuse(&place))
}

fn one_after_a_timeout(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let timer = &place.own().timer;
    // A FIN may leave without regard to congestion: it has next to no size.
    if !timer.has_expired() || turn.data_octets == 0 || turn.flags.fin() {
        return Opinion::Absent;
    }
    if place.peer().window.is_closed() || place.taken().is_none() || timer.is_copy(turn) {
        return Opinion::Absent;
    }
    let (octets, most) = (u32::from(timer.spent_octets) + turn.data_octets, segment_octets(scene, &place));
    Opinion::unless(octets > most, "RFC5681-3.1-l", || {
        (format!("{octets} octets since a timeout, with no answer in between"), format!("{most} octets"))
    })
    .doubting(doubt(scene, &place))
}
