//! floor 7: rules about what is sent again, and when (RFC 6298, RFC 9293 section 3.8.1).
//!
//! A copy with nothing from the peer since the one before can only come from a timer. Where the tap is near,
//! what was seen to come and go bounds what the host can have measured.
//!
//! RFC6298-1-a: its parts are judged: RFC6298-5-a and RFC6298-5.5-a.
//! RFC6298-2.2-a: which round trips a host measures is not to be seen; RFC6298-5-a bounds what comes of it.
//! RFC6298-2.3-a: which round trips a host measures is not to be seen; RFC6298-5-a bounds what comes of it.
//! RFC6298-2.5-a: a bound below 60 s shows as times that do not grow: RFC6298-5.5-a.
//! RFC6298-3-a: which round trips a host measures is not to be seen.
//! RFC6298-5.6-a: whatever is sent after the timer was not restarted breaks RFC6298-5.5-a.
//! RFC9293-MUST-18: its parts are judged, by their clauses of RFC 6298.
//! RFC9293-3.10.8-b: the clause RFC6298-5.4-a says the same.
//! RFC9293-MUST-22: that a program gives up is not to be told from a host that does.
//! RFC9293-MUST-23: that a program gives up is not to be told from a host that does.
//! RFC9293-SHLD-11: that a program gives up is not to be told from a host that does.
//! RFC5681-3.2-c: which acknowledgements reach a host and count as duplicates is not to be seen.
//! RFC5681-3.2-h: which acknowledgements reach a host and count as duplicates is not to be seen.
//! RFC6582-3.2-c: which acknowledgements reach a host is not to be seen.
//! RFC6675-5-a: which acknowledgements reach a host is not to be seen.
//! RFC8985-7-a: when there is nothing else to send is known to the host alone.
//! RFC8985-7-b: a second probe looks like an expiry of the timer.

use super::assume::Assumption::{
    self, AllOfHost, AllOfPeer, BothWays, Captured, Clock, Genuine, Handshake, InOrder, NoErrors, Silence,
    Untouched, Whole, WithinReach,
};
use super::assume::Tap;
use super::connection::Place;
use super::facts::opening::option;
use super::facts::timer::{Interval, repeat_interval};
use super::facts::turn::{Turn, is_after};
use super::kind::On;
use super::plain::{Plain, absent};
use super::rule::{Opinion, Rule, Scene};
use super::tcp_ecn::may_be_a_copy;
use crate::verdict::{Outcome, Reason};
use stack::base::Span;

/// What claims about times take for granted.
pub(super) const TIMES: &[Assumption] = &[
    Captured,
    AllOfHost,
    AllOfPeer,
    BothWays,
    Untouched,
    InOrder,
    Clock,
    NoErrors,
    Silence,
    Genuine,
    Whole,
    WithinReach,
];

/// What claims about the times of a SYN take for granted: nobody needs to have answered it.
const SYN_TIMES: &[Assumption] =
    &[Captured, AllOfHost, AllOfPeer, Untouched, InOrder, Clock, NoErrors, Genuine, Whole, WithinReach];

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-C8",
        about: "nothing is sent again before an answer can be there",
        clauses: &["RFC6298-5-a"],
        assumptions: TIMES,
        on: On::TEXT,
        // On its way to a link, a first copy may wait for the second.
        tap: Tap::AtHost,
        quiet: &[absent(&[Plain::NOT_REPEATED])],
        judge: not_before_an_answer,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C8b",
        about: "the times between copies grow",
        clauses: &["RFC6298-5.5-a"],
        assumptions: TIMES,
        on: On::TEXT,
        tap: Tap::OnLink,
        quiet: &[absent(&[Plain::NOT_REPEATED])],
        judge: backs_off,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C8e",
        about: "what waits the longest is sent again",
        clauses: &["RFC6298-5.4-a"],
        assumptions: TIMES,
        on: On::TEXT,
        tap: Tap::OnLink,
        quiet: &[absent(&[Plain::NOT_REPEATED])],
        judge: the_earliest,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C8m",
        about: "a timeout is at least one second",
        clauses: &["RFC6298-2.4-a"],
        assumptions: TIMES,
        on: On::TEXT,
        tap: Tap::OnLink,
        // Nearly every host has a smaller bound.
        ceiling: Outcome::Note,
        quiet: &[absent(&[Plain::NOT_REPEATED])],
        judge: a_second_at_least,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C9",
        about: "a SYN is sent again after a second or more",
        clauses: &["RFC6298-2.1-a"],
        assumptions: SYN_TIMES,
        on: On::SYN,
        tap: Tap::OnLink,
        quiet: &[absent(&[Plain::NOT_REPEATED])],
        judge: patient_syn,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C9b",
        about: "a SYN is not sent faster and faster",
        clauses: &["RFC1122-4.2.3.1-a"],
        assumptions: SYN_TIMES,
        on: On::SYN,
        tap: Tap::OnLink,
        quiet: &[absent(&[Plain::NOT_REPEATED])],
        judge: no_faster_syn,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C9d",
        about: "after a lost SYN the first timeout is three seconds",
        clauses: &["RFC6298-5.7-a"],
        assumptions: &[
            Captured,
            AllOfHost,
            AllOfPeer,
            BothWays,
            Handshake,
            Untouched,
            InOrder,
            Clock,
            NoErrors,
            Silence,
            Genuine,
            Whole,
            WithinReach,
        ],
        on: On::TEXT,
        tap: Tap::OnLink,
        quiet: &[absent(&[Plain::NOT_REPEATED])],
        judge: slow_after_a_lost_syn,
        ..Rule::USUAL
    },
];

/// Times are kept in 32 bits of microseconds; after such a silence they are not believed.
const BELIEVED: Span = Span::from_secs(1_800);

/// A segment that is sent again with nothing from the peer since it was sent before, and how the times
/// between its copies go on.
fn repeated<'a>(scene: &Scene<'a>) -> Option<(&'a Turn<'a>, Place<'a>, Interval)> {
    let (turn, place) = scene.flow()?;
    let interval = repeat_interval(place.own(), turn)?;
    let silent = turn.at.since(place.connection.latest).as_nanos() > BELIEVED.as_nanos();
    (!silent && !place.peer().window.is_closed()).then_some((turn, place, interval))
}

/// What keeps a claim about the time between two copies from being sure.
pub(super) fn doubt(scene: &Scene<'_>, place: &Place<'_>) -> Option<Reason> {
    match () {
        () if place.connection.reused => Some(Reason::PortReuse),
        () if place.peer().numbers.has_fragments() => Some(Reason::Fragments),
        () => may_be_a_copy(scene),
    }
}

fn ms(us: u32) -> String {
    format!("{}.{:03} ms", us / 1_000, us % 1_000)
}

/// The timeout before a round trip was measured, in microseconds (RFC 6298 section 2.1).
const INITIAL_US: u32 = 1_000_000;

fn not_before_an_answer(scene: &Scene<'_>) -> Opinion {
    let Some((_, place, interval)) = repeated(scene) else { return Opinion::Absent };
    let Some(shortest_us) = place.own().timer.shortest_us() else { return Opinion::Absent };
    // Without a round trip that it could measure, the timeout is a second (RFC 6298 sections 2.1 and 3).
    let bound_us = shortest_us.min(INITIAL_US);
    let early = u64::from(interval.us) * 10 < u64::from(bound_us) * 9;
    Opinion::unless(early, "RFC6298-5-a", || {
        let seen = format!("sent again after {}, with nothing in between", ms(interval.us));
        (seen, format!("{}, the shortest time of an answer so far", ms(bound_us)))
    })
    .doubting(doubt(scene, &place))
}

fn backs_off(scene: &Scene<'_>) -> Opinion {
    let Some((_, place, interval)) = repeated(scene) else { return Opinion::Absent };
    if interval.copies < 2 {
        return Opinion::Absent;
    }
    // One time alone may have been stretched by a host that stood still.
    Opinion::unless(interval.flat >= 2, "RFC6298-5.5-a", || {
        let seen = format!(
            "copy {} after {}, the one before after {}",
            u32::from(interval.copies) + 2,
            ms(interval.us),
            ms(interval.before_us)
        );
        (seen, "twice the time before, up to 60 s".into())
    })
    .doubting(doubt(scene, &place))
}

fn the_earliest(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place, interval)) = repeated(scene) else { return Opinion::Absent };
    // The first copy may be a probe for loss at the end (RFC 8985 section 7).
    let (Some(ack), true) = (place.taken(), interval.copies >= 1) else {
        return Opinion::Absent;
    };
    Opinion::unless(interval.copies >= 2 && is_after(turn.seq, ack), "RFC6298-5.4-a", || {
        (format!("{} again and again", turn.seq), format!("{ack}, the earliest that waits"))
    })
    .doubting(doubt(scene, &place))
}

fn a_second_at_least(scene: &Scene<'_>) -> Opinion {
    const NEARLY_A_SECOND_US: u32 = 990_000;
    let Some((_, _, interval)) = repeated(scene) else { return Opinion::Absent };
    if interval.copies == 0 {
        return Opinion::Absent;
    }
    Opinion::unless(interval.us < NEARLY_A_SECOND_US, "RFC6298-2.4-a", || {
        (format!("a timeout of {}", ms(interval.us)), "1 s".into())
    })
}

fn patient_syn(scene: &Scene<'_>) -> Opinion {
    const LEAST_US: u32 = 900_000;
    // Sooner than that, the network may have sent it twice.
    const TWICE_US: u32 = 100_000;
    let Some((_, place, interval)) = repeated(scene) else { return Opinion::Absent };
    // The first may have waited for the address of the next hop, and left when the second was nearly due.
    if interval.us < TWICE_US || interval.copies == 0 {
        return Opinion::Absent;
    }
    Opinion::unless(interval.us < LEAST_US, "RFC6298-2.1-a", || {
        (format!("a SYN again after {}", ms(interval.us)), "1 s".into())
    })
    .doubting(doubt(scene, &place))
}

fn no_faster_syn(scene: &Scene<'_>) -> Opinion {
    let Some((_, place, interval)) = repeated(scene) else { return Opinion::Absent };
    if interval.copies == 0 {
        return Opinion::Absent;
    }
    Opinion::unless(interval.shrinking >= 2, "RFC1122-4.2.3.1-a", || {
        let seen = format!("a SYN again after {}", ms(interval.us));
        (seen, format!("{}, the time before, or more", ms(interval.before_us)))
    })
    .doubting(doubt(scene, &place))
}

fn slow_after_a_lost_syn(scene: &Scene<'_>) -> Opinion {
    const NEARLY_THREE_SECONDS_US: u32 = 2_700_000;
    let Some((turn, place, interval)) = repeated(scene) else { return Opinion::Absent };
    let Some(syn) = place.own().openings.only() else { return Opinion::Absent };
    let again = syn.options.whole >= 2 && syn.answers().is_none();
    let first = turn.seq == syn.isn.wrapping_add(1) && syn.data_octets == 0;
    // With timestamps even a SYN that was sent twice gives a round trip.
    let stamped = place.connection.sides.iter().all(|side| side.openings.options().some(option::TIMESTAMPS));
    // The first copy may be a probe for loss at the end, which takes a second (RFC 8985 section 7.2).
    if !again || !first || stamped || interval.copies == 0 {
        return Opinion::Absent;
    }
    Opinion::unless(interval.us < NEARLY_THREE_SECONDS_US, "RFC6298-5.7-a", || {
        (format!("the first data again after {}", ms(interval.us)), "3 s: the SYN was sent twice".into())
    })
    .doubting(doubt(scene, &place))
}
