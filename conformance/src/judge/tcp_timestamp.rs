//! floor 7: rules about timestamps (RFC 7323 sections 3 to 5).
//!
//! In which order a host sent two segments is known at the host itself, and elsewhere if what else they carry
//! shows it: of two segments the one with the later timestamp was sent later, and so was the one with the
//! higher acknowledgement. A rule about one of them may rest on the other.
//!
//! RFC7323-5.4-a: nothing that a capture shows sends 2 GiB within one tick.
//! RFC7323-5.4-b: how much goes out within one tick is for the speed of the link to say.
//! RFC7323-7-a: what a random offset is can not be seen; many connections of one host may show that there is
//! none.
//! RFC6191-3-a: it says where a scheme works best, and demands nothing.

use super::assume::Assumption::{
    self, AllOfPeer, BothWays, Captured, Clock, Genuine, Handshake, InOrder, Untouched, Whole, WithinReach,
};
use super::assume::{Tap, Vantage};
use super::connection::Place;
use super::facts::stamps::Stamps;
use super::facts::turn::{Turn, is_after};
use super::kind::On;
use super::plain::{Plain, absent, holds};
use super::rule::{Opinion, Rule, Scene, Whose};
use crate::verdict::{Outcome, Reason};
use stack::wire::tcp_option::Timestamps;

/// What claims about the order of segments take for granted.
const ORDER: &[Assumption] = &[Captured, InOrder, Untouched, Genuine, Whole];

/// What claims about an echo take for granted.
const ECHO: &[Assumption] =
    &[Captured, AllOfPeer, BothWays, Handshake, Untouched, Genuine, Whole, WithinReach];

/// Ticks by which the timestamp of a SYN,ACK may be ahead: SYN cookies keep six bits of options there.
const COOKIE_TICKS: u32 = 64;

/// Ticks in a microsecond, at the most: one in 59 ns (RFC 7323 section 5.4).
const TICKS_PER_US: u64 = 17;

/// How much longer one packet may take than another on the way to the tap, in microseconds.
const DELAY_US: u64 = 10_000_000;

/// So far any clock may have come since the lowest timestamp.
pub(super) const SURELY_ALLOWED_TICKS: u64 = DELAY_US * TICKS_PER_US;

/// A clock is not said to stand before so many microseconds.
pub(super) const STANDING_US: u64 = 120_000_000;

/// A SYN may be repeated for so long before one of its copies is answered.
const SYN_NS: u64 = 130_000_000_000;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-C11",
        about: "timestamps do not go back",
        clauses: &["RFC7323-5.4-d"],
        assumptions: ORDER,
        on: On::FLOWING,
        quiet: &[absent(&[Plain::BARE]), holds(&[Plain::STAMP_ON])],
        judge: value_order,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C11f",
        about: "the clock of timestamps is not too fast",
        clauses: &["RFC7323-5.4-c"],
        assumptions: &[Captured, Clock, Untouched, Genuine, Whole],
        on: On::FLOWING,
        quiet: &[absent(&[Plain::BARE]), holds(&[Plain::CLOCK])],
        judge: clock_too_fast,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C11s",
        about: "the clock of timestamps goes on",
        clauses: &["RFC7323-4.1-a"],
        assumptions: &[Captured, Clock, Handshake, Untouched, Genuine, Whole],
        on: On::FLOWING,
        // It stands while the host sleeps.
        ceiling: Outcome::Note,
        quiet: &[absent(&[Plain::BARE]), absent(&[Plain::YOUNG])],
        judge: clock_stands,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C12",
        about: "no timestamp is echoed from before the connection",
        clauses: &["RFC7323-3.2-b"],
        assumptions: ECHO,
        on: On::FLOWING,
        quiet: &[absent(&[Plain::BARE]), absent(&[Plain::UNKNOWN]), holds(&[Plain::ECHO_SENT])],
        judge: echo_of_the_past,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C12a",
        about: "no timestamp is echoed before it is sent",
        clauses: &["RFC7323-3.2-b"],
        assumptions: &[Captured, BothWays, Untouched, Genuine, Whole, WithinReach],
        on: On::FLOWING,
        of: Whose::Receiver,
        quiet: &[absent(&[Plain::BARE]), holds(&[Plain::PEER_ECHOED])],
        judge: echo_of_the_future,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D13",
        about: "the echo does not go back",
        clauses: &["RFC7323-4.3-d"],
        assumptions: ORDER,
        on: On::FLOWING,
        quiet: &[absent(&[Plain::BARE]), holds(&[Plain::ECHO_ON])],
        judge: echo_order,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D13e",
        about: "what is echoed is the timestamp of the earliest segment that is acknowledged",
        clauses: &["RFC7323-4.3-a", "RFC7323-4.3-b"],
        assumptions: &[Captured, AllOfPeer, InOrder, Handshake, Untouched, Genuine, Whole, WithinReach],
        on: On::FLOWING,
        tap: Tap::AtHost,
        quiet: &[absent(&[Plain::BARE]), absent(&[Plain::UNKNOWN]), holds(&[Plain::ECHO_ALLOWED])],
        judge: echo_of_the_earliest,
        ..Rule::USUAL
    },
];

/// A segment with timestamps, and its place.
fn stamped<'a>(scene: &Scene<'a>) -> Option<(&'a Turn<'a>, Place<'a>, Timestamps)> {
    let (turn, place) = scene.flow()?;
    Some((turn, place, turn.stamps()?))
}

/// Whether the tap is at the sender of the packet, so that the order of the capture is that of sending.
fn is_at_sender(scene: &Scene<'_>) -> bool {
    scene.calibration.vantage.of(scene.packet.src) == Some(Tap::AtHost)
}

/// Whether a segment was sent after every one that was seen of its sender: by the order of the capture at the
/// sender, and elsewhere by its timestamp.
pub(super) fn is_sent_later(scene: &Scene<'_>) -> bool {
    let by_stamp = || {
        let (_, place, stamps) = stamped(scene)?;
        let before = place.own().stamps.highest()?;
        Some(is_after(stamps.value, before) && !place.own().stamps.is_of_syn())
    };
    is_at_sender(scene) || by_stamp() == Some(true)
}

/// Why a segment may have nothing to do with those before it.
pub(super) fn may_be_old(place: &Place<'_>) -> Option<Reason> {
    place.connection.reused.then_some(Reason::PortReuse)
}

/// By how much a timestamp may be behind the highest.
pub(super) const fn slack(own: &Stamps) -> u32 {
    if own.is_of_syn() { COOKIE_TICKS } else { 0 }
}

fn value_order(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place, stamps)) = stamped(scene) else { return Opinion::Absent };
    let own = place.own();
    let Some(before) = own.stamps.highest() else { return Opinion::Absent };
    if !is_after(before, stamps.value.wrapping_add(slack(&own.stamps))) {
        return Opinion::Holds;
    }
    let acknowledges_more =
        turn.ack.zip(own.numbers.highest_ack()).is_some_and(|(ack, before)| is_after(ack, before));
    let shown = acknowledges_more || is_at_sender(scene);
    Opinion::unless(true, "RFC7323-5.4-d", || {
        (format!("timestamp {}", stamps.value), format!("{before} or later, as before"))
    })
    .doubting(may_be_old(&place).or((!shown).then_some(Reason::Disorder)))
}

/// Ticks since the lowest timestamp of the sender, and microseconds since the connection was first seen.
fn ticks<'a>(scene: &Scene<'a>) -> Option<(u32, u64, Place<'a>)> {
    let (turn, place, stamps) = stamped(scene)?;
    // Some begin with a SYN that has zero, and no time.
    let lowest = place.own().stamps.lowest().filter(|lowest| *lowest != 0)?;
    let ticks = stamps.value.wrapping_sub(lowest);
    let elapsed_us = turn.at.since(place.connection.first).as_nanos() / 1_000;
    (ticks.cast_signed() >= 0).then_some((ticks, elapsed_us, place))
}

fn clock_too_fast(scene: &Scene<'_>) -> Opinion {
    let Some((ticks, elapsed_us, place)) = ticks(scene) else { return Opinion::Absent };
    let broken = u64::from(ticks) > (elapsed_us + DELAY_US) * TICKS_PER_US;
    Opinion::unless(broken, "RFC7323-5.4-c", || {
        let most = (elapsed_us + DELAY_US) * TICKS_PER_US;
        (format!("{ticks} ticks in {elapsed_us} us"), format!("at most {most}, one in 59 ns"))
    })
    .doubting(may_be_old(&place))
}

fn clock_stands(scene: &Scene<'_>) -> Opinion {
    let Some((ticks, elapsed_us, place)) = ticks(scene) else { return Opinion::Absent };
    if elapsed_us < STANDING_US {
        return Opinion::Absent;
    }
    // A tenth of the slowest that RFC 7323 section 5.4 has in mind.
    let broken = u64::from(ticks) * 10_000_000 < elapsed_us;
    Opinion::unless(broken, "RFC7323-4.1-a", || {
        (format!("{ticks} ticks in {} s", elapsed_us / 1_000_000), "at least one in a second".into())
    })
    .doubting(may_be_old(&place))
}

fn echo_of_the_past(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place, stamps)) = stamped(scene) else { return Opinion::Absent };
    let peer = place.peer();
    let (Some(lowest), Some(highest)) = (peer.stamps.lowest(), peer.stamps.highest()) else {
        return Opinion::Absent;
    };
    if !place.connection.is_handshake_known() {
        return Opinion::Absent;
    }
    if is_after(stamps.echo, highest) {
        // In a trace of our own nothing is missing.
        let broken = scene.calibration.vantage == Vantage::AtHost;
        return if broken { unsent_echo(stamps.echo, highest) } else { Opinion::Absent };
    }
    // Who took something else than the SYN, took its timestamp too.
    let took = turn.ack.is_some_and(|ack| {
        let opening = peer.openings.only();
        opening.is_some_and(|opening| is_after(ack, opening.isn) && !opening.is_acknowledged_by(ack))
    });
    let early = !took && scene.calibration.running_ns(place.connection.first) < SYN_NS;
    Opinion::unless(is_after(lowest, stamps.echo), "RFC7323-3.2-b", || {
        (format!("echo {}", stamps.echo), format!("{lowest} to {highest}, as the peer sent"))
    })
    .doubting(may_be_old(&place).or(early.then_some(Reason::CaptureStart)))
}

fn unsent_echo(echo: u32, highest: u32) -> Opinion {
    Opinion::unless(true, "RFC7323-3.2-b", || {
        (format!("echo {echo}"), format!("at most {highest}, the highest that the peer sent"))
    })
}

/// The peer answers, and shows by its echo that it got what the host sent with the echo in question or later;
/// and its own clock has not come that far yet. So it never sent what was echoed.
fn echo_of_the_future(scene: &Scene<'_>) -> Opinion {
    let Some((_, place, stamps)) = stamped(scene) else { return Opinion::Absent };
    let judged = &place.peer().stamps;
    let Some(ahead) = judged.ahead() else {
        return if judged.echo().is_some() { Opinion::Holds } else { Opinion::Absent };
    };
    let knows = judged.claimed().is_some_and(|claimed| is_after(stamps.echo, claimed));
    if !knows || !is_after(ahead, stamps.value) {
        return Opinion::Absent;
    }
    unsent_echo(ahead, stamps.value).doubting(may_be_old(&place))
}

fn echo_order(scene: &Scene<'_>) -> Opinion {
    let Some((_, place, stamps)) = stamped(scene) else { return Opinion::Absent };
    let Some(before) = place.own().stamps.echo() else { return Opinion::Absent };
    if !is_after(before, stamps.echo) {
        return Opinion::Holds;
    }
    let shown = is_sent_later(scene);
    Opinion::unless(true, "RFC7323-4.3-d", || {
        (format!("echo {}", stamps.echo), format!("{before} or later, as before"))
    })
    .doubting(may_be_old(&place).or((!shown).then_some(Reason::Disorder)))
}

fn echo_of_the_earliest(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place, stamps)) = stamped(scene) else { return Opinion::Absent };
    let (own, peer) = (place.own(), place.peer());
    let (Some(allowed), Some(highest)) = (own.stamps.allowed(), peer.stamps.highest()) else {
        return Opinion::Absent;
    };
    if !place.connection.is_handshake_known() || is_after(stamps.echo, highest) {
        return Opinion::Absent;
    }
    let goes_on = turn.ack.zip(own.numbers.highest_ack()).is_some_and(|(ack, before)| is_after(ack, before));
    let clause = if goes_on { "RFC7323-4.3-a" } else { "RFC7323-4.3-b" };
    Opinion::unless(is_after(stamps.echo, allowed), clause, || {
        let seen = format!("echo {}, of a segment behind what was acknowledged before", stamps.echo);
        (seen, format!("at most {allowed}"))
    })
    .doubting(may_be_old(&place))
}
