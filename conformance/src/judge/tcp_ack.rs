//! floor 7: rules about acknowledging (RFC 9293 sections 3.4 and 3.8.6.3, RFC 5681 sections 3.2 and 4.2).
//!
//! Whether something reached a host, only its own acknowledgement shows; so what is asked is how late that
//! was. A host that sleeps or is overloaded is late too, and then once, or with everything: a delay counts
//! from the third on.
//!
//! RFC9293-3.10.7.4-aa: when a host takes responsibility for text, only the host can tell; P-D4 asks how
//! soon.
//! RFC9293-3.10.7.4-ad: a FIN counts as text for P-D4.
//! RFC9293-3.6-c: a FIN counts as text for P-D4, and when the program closes can not be seen.
//! RFC9293-3.10.7.4-ab: it is RFC9293-SHLD-14, which P-D3 judges.
//! RFC7323-2.3-d: how much room a host means by its window, it alone knows; that the edge stays, P-D3 asks.
//! RFC9293-3.8.6-c: whether a probe got through the packet filters of the host, nothing but its answer shows.
//! RFC5681-4.2-c: it is RFC9293-MUST-40, which P-D4 judges.
//! RFC5681-4.2-b: it is RFC9293-SHLD-19, which P-D5 judges.
//! RFC2018-4-c: it is RFC5681-3.2-a, which P-D6 judges by the report that comes late.
//! RFC6582-5-a: it is RFC5681-3.2-b, which P-D6f judges.

use super::assume::Assumption::{
    self, AllOfHost, AllOfPeer, Arrived, BothWays, Captured, Clock, Genuine, Handshake, InOrder, NoCopies,
    Silence, Untouched, Whole, WithinReach,
};
use super::assume::{Tap, Vantage};
use super::connection::Place;
use super::facts::ack::{self, Count, LATE_US, PAUSE_US, SLOW_US};
use super::facts::turn::{Turn, is_after};
use super::kind::On;
use super::plain::{Plain, absent, holds};
use super::rule::{Opinion, Rule, Scene, Whose};
use super::tcp_timestamp::{is_sent_later, may_be_old};
use crate::verdict::{Outcome, Reason};

/// What claims about a delay take for granted.
const DELAY: &[Assumption] = &[
    AllOfHost,
    AllOfPeer,
    BothWays,
    Arrived,
    Clock,
    InOrder,
    Handshake,
    Untouched,
    Genuine,
    Whole,
    WithinReach,
];

/// So often something has to have come late before it is said: once, the host may have slept.
const OFTEN: u8 = 2;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-D1",
        about: "nothing is acknowledged that was never sent",
        clauses: &["RFC9293-3.4-c"],
        assumptions: &[BothWays, Untouched, Genuine, Whole, WithinReach],
        on: On::FLOWING,
        of: Whose::Receiver,
        quiet: &[holds(&[Plain::PEER_ACKED])],
        judge: acknowledges_the_unsent,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D2",
        about: "the acknowledgement does not go back",
        clauses: &["RFC9293-3.4-d"],
        assumptions: &[InOrder, Untouched, Genuine, Whole],
        on: On::FLOWING,
        quiet: &[absent(&[Plain::ACK_FIRST]), holds(&[Plain::ACK_SAME]), holds(&[Plain::ACK_NEW])],
        judge: acknowledgement_order,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D3",
        about: "the right edge of the window does not move left",
        clauses: &["RFC9293-SHLD-14"],
        assumptions: &[InOrder, Handshake, Untouched, Genuine, Whole],
        on: On::FLOWING,
        // Elsewhere a later timestamp does not show that a segment was sent later: who paces what it sends
        // writes the time at which a segment is to leave, and the window of when it was made.
        tap: Tap::AtHost,
        quiet: &[absent(&[Plain::ACK_FIRST])],
        judge: edge_order,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D4",
        about: "an acknowledgement is delayed by less than half a second",
        clauses: &["RFC9293-MUST-40"],
        assumptions: DELAY,
        on: On::FLOWING,
        tap: Tap::OnLink,
        quiet: &[
            absent(&[Plain::ACK_FIRST]),
            absent(&[Plain::ACK_SAME]),
            absent(&[Plain::NOT_OWED]),
            holds(&[Plain::ACK_NEW, Plain::PROMPT]),
        ],
        judge: late,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D5",
        about: "every second full-sized segment is acknowledged",
        clauses: &["RFC9293-SHLD-19"],
        assumptions: DELAY,
        on: On::FLOWING,
        tap: Tap::OnLink,
        quiet: &[absent(&[Plain::ACK_FIRST]), absent(&[Plain::ACK_SAME]), absent(&[Plain::FEW_FULL])],
        judge: every_second,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D6",
        about: "what arrives beyond a hole is acknowledged at once",
        clauses: &["RFC5681-3.2-a"],
        assumptions: DELAY,
        on: On::FLOWING,
        tap: Tap::OnLink,
        quiet: &[absent(&[Plain::FORM])],
        judge: beyond_a_hole,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D6f",
        about: "what fills a hole is acknowledged at once",
        clauses: &["RFC5681-3.2-b"],
        assumptions: DELAY,
        on: On::FLOWING,
        tap: Tap::OnLink,
        quiet: &[absent(&[Plain::NOT_REPORTING])],
        judge: fills_a_hole,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D18",
        about: "what came damaged is not acknowledged",
        clauses: &["RFC9293-MUST-3"],
        assumptions: &[
            Captured,
            Silence,
            Whole,
            WithinReach,
            BothWays,
            InOrder,
            Handshake,
            Untouched,
            Genuine,
        ],
        on: On::FLOWING,
        tap: Tap::AtHost,
        // A network card that joins short segments leaves the checksum of the first.
        ceiling: Outcome::Deviates,
        quiet: &[absent(&[Plain::PEER_INTACT])],
        judge: takes_damage,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D9",
        about: "one segment is acknowledged once",
        clauses: &["RFC5681-4.2-d"],
        assumptions: &[
            Captured,
            AllOfPeer,
            BothWays,
            InOrder,
            NoCopies,
            Handshake,
            Untouched,
            Genuine,
            Whole,
            WithinReach,
        ],
        on: On::EMPTY,
        tap: Tap::AtHost,
        quiet: &[absent(&[Plain::FORM, Plain::ACK_FIRST]), absent(&[Plain::FORM, Plain::ACK_NEW])],
        judge: once,
        ..Rule::USUAL
    },
];

/// The peer answers, and shows by its echo that it got what the host sent with the acknowledgement in
/// question or later; and it goes on in front of that number. Had it sent what was acknowledged, it would go
/// on behind.
fn acknowledges_the_unsent(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let judged = place.peer();
    let Some(unsent) = judged.ack.unsent().filter(|unsent| !judged.is_reported(*unsent)) else {
        return if judged.numbers.highest_ack().is_some() { Opinion::Holds } else { Opinion::Absent };
    };
    let at_host = scene.calibration.vantage.of(scene.packet.dst) == Some(Tap::AtHost);
    // Elsewhere another segment with the same timestamp may have been sent before.
    let echoes = || {
        let claimed = judged.stamps.claimed();
        let since = |echo, value| is_after(echo, value) || (at_host && echo == value);
        turn.stamps().zip(claimed).is_some_and(|(stamps, value)| since(stamps.echo, value))
    };
    let answers = scene.calibration.vantage == Vantage::AtHost || echoes();
    // A probe begins one octet in front of what was acknowledged, and the octet may have come another way.
    if !answers || !is_after(unsent.wrapping_sub(u32::from(!at_host)), turn.seq) {
        return Opinion::Absent;
    }
    Opinion::unless(true, "RFC9293-3.4-c", || {
        let bound = format!("at most {}: the peer goes on with that number", turn.seq);
        (format!("ack {unsent}"), bound)
    })
    .doubting(may_be_old(&place))
}

fn acknowledgement_order(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let own = place.own();
    let (Some(ack), Some(before)) = (turn.ack, own.numbers.highest_ack()) else { return Opinion::Absent };
    if !is_after(before, ack) {
        return Opinion::Holds;
    }
    let doubt = match () {
        () if own.numbers.is_damaged() => Some(Reason::Altered),
        () if !is_sent_later(scene) => Some(Reason::Disorder),
        () => may_be_old(&place),
    };
    Opinion::unless(true, "RFC9293-3.4-d", || (format!("ack {ack}"), format!("{before} or later, as before")))
        .doubting(doubt)
}

/// Edges are compared that no SYN offered, and whose scale is known.
fn edge_order(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let (own, peer) = (place.own(), place.peer());
    let (Some(ack), Some(before)) = (turn.ack, own.window.sure_edge()) else { return Opinion::Absent };
    let (Some(asked), Some(answer)) = (own.openings.only(), peer.openings.only()) else {
        return Opinion::Absent;
    };
    let scale = asked.window_scale().filter(|_| answer.window_scale().is_some()).unwrap_or(0).min(14);
    let edge = ack.wrapping_add(u32::from(turn.segment.view.window()) << scale);
    // What does not fit the scale is rounded.
    if before.wrapping_sub(edge).cast_signed() <= 1 << scale {
        return Opinion::Holds;
    }
    let disorder = (!is_sent_later(scene)).then_some(Reason::Disorder);
    Opinion::unless(true, "RFC9293-SHLD-14", || {
        (format!("window up to {edge}"), format!("{before} or more, as before"))
    })
    .doubting(disorder.or(may_be_old(&place)))
}

/// Only one copy of these octets came, and its checksum was wrong, where others of the peer are right.
fn takes_damage(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let damage = &place.peer().damage;
    let Some(ack) = turn.ack.filter(|_| !damage.is_none()) else { return Opinion::Absent };
    let taken = damage.taken_by(ack);
    Opinion::unless(taken.is_some(), "RFC9293-MUST-3", || {
        let left = taken.unwrap_or_default();
        (format!("ack {ack}"), format!("{left} at most: what follows came with a wrong checksum alone"))
    })
    .doubting(may_be_old(&place))
}

/// A segment that acknowledges more than those before it, and nothing that the capture does not have.
fn acknowledging<'a>(scene: &Scene<'a>) -> Option<(&'a Turn<'a>, Place<'a>, u32)> {
    let (turn, place) = scene.flow()?;
    let (ack, before) = (turn.ack?, place.own().numbers.highest_ack()?);
    let seen = !place.own().ack.is_blind(ack);
    (is_after(ack, before) && seen).then_some((turn, place, ack))
}

fn late(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place, ack)) = acknowledging(scene) else { return Opinion::Absent };
    let own = &place.own().ack;
    let Some(waited_us) = own.waiting_us(turn.us()) else { return Opinion::Absent };
    if waited_us <= LATE_US {
        return Opinion::Holds;
    }
    delayed(own.count(Count::Late), &place, "RFC9293-MUST-40", || {
        (format!("ack {ack} {} ms after what it acknowledges", waited_us / 1_000), "less than 500 ms".into())
    })
}

fn every_second(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place, ack)) = acknowledging(scene) else { return Opinion::Absent };
    let own = &place.own().ack;
    if own.count(Count::Full) < 2 || place.peer().numbers.highest() != Some(ack) {
        return Opinion::Absent;
    }
    if !own.is_paused(turn.us()) {
        return Opinion::Holds;
    }
    delayed(own.count(Count::Paused), &place, "RFC9293-SHLD-19", || {
        let seen = format!("no acknowledgement for {} ms after two full-sized segments", PAUSE_US / 1_000);
        (seen, "one for every second of them".into())
    })
}

fn beyond_a_hole(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let Some(waited_us) = ack::report_us(place.own(), place.peer(), turn) else { return Opinion::Absent };
    if waited_us <= SLOW_US {
        return Opinion::Holds;
    }
    delayed(place.own().ack.count(Count::Slow), &place, "RFC5681-3.2-a", || {
        let seen = format!("{} ms until a segment beyond a hole was acknowledged", waited_us / 1_000);
        (seen, "at once".into())
    })
}

fn fills_a_hole(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let Some(waited_us) = ack::fill_us(place.own(), turn) else { return Opinion::Absent };
    if waited_us <= SLOW_US {
        return Opinion::Holds;
    }
    delayed(place.own().ack.count(Count::Slow), &place, "RFC5681-3.2-b", || {
        let seen = format!("{} ms until what fills a hole was acknowledged", waited_us / 1_000);
        (seen, "at once".into())
    })
}

/// A delay, which is a breach if it is not the first.
fn delayed(
    before: u8,
    place: &Place<'_>,
    clause: &'static str,
    what: impl FnOnce() -> (String, String),
) -> Opinion {
    if before < OFTEN {
        return Opinion::Absent;
    }
    Opinion::unless(true, clause, what).doubting(may_be_old(place))
}

/// Each acknowledgement has a segment that it answers; so there are no more of them than of those. Which of
/// them it answers is not asked: several may have arrived before the first answer left.
fn once(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let own = place.own();
    if !turn.segment.header_whole {
        return Opinion::Cut;
    }
    let extended =
        place.connection.sides.iter().any(|side| side.openings.all().iter().any(|one| one.extended()));
    if extended || !own.ack.is_same(own, turn) {
        return Opinion::Absent;
    }
    Opinion::unless(own.ack.unused() == 0, "RFC5681-4.2-d", || {
        let seen =
            format!("ack {} once more, and nothing that arrived is left for it", turn.ack.unwrap_or(0));
        (seen, "one for each segment".into())
    })
    .doubting(may_be_old(&place))
}
