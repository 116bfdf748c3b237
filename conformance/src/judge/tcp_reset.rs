//! floor 7: rules about resets (RFC 9293 section 3.5.2).
//!
//! RFC9293-3.10.7.1-b: it is RFC9293-3.5.2-c, which P-E1 judges.
//! RFC9293-3.10.7.1-c: it is RFC9293-3.5.2-b, which P-E1 and P-E1a judge.
//! RFC9293-3.10.7.1-a: it is RFC9293-3.5.2-a, which P-D16 judges; what a host discards can not be seen.
//! RFC9293-3.5.2-e: that an unacceptable segment draws an acknowledgement depends on its having arrived, and
//! on limits to such answers (RFC 5961 section 7).
//! RFC9293-3.10.7.4-a: likewise.
//! RFC5961-3.2-e: nothing shows whether the peer of a host that is challenged really reset.

use super::assume::Assumption::{
    self, AllOfHost, AllOfPeer, BothWays, Captured, Genuine, Handshake, Untouched, Whole, WithinReach,
};
use super::assume::Tap;
use super::connection::Place;
use super::facts::turn::{Turn, is_after, later};
use super::kind::On;
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::{Outcome, Reason};

/// What claims about an answer to what the capture shows take for granted.
const ANSWER: &[Assumption] = &[AllOfPeer, BothWays, Untouched, Genuine, Whole];

/// So many resets in a row are not explained by packets that the capture misses.
const RESETS: u32 = 2;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-E1",
        about: "a reset that answers a SYN has the number zero and acknowledges it",
        clauses: &["RFC9293-3.5.2-c"],
        assumptions: ANSWER,
        on: On::RESET,
        judge: answers_a_syn,
        ..Rule::USUAL
    },
    Rule {
        id: "P-E1a",
        about: "a reset has a number that the other side would take",
        clauses: &["RFC9293-3.5.2-b"],
        assumptions: &[AllOfHost, AllOfPeer, BothWays, Handshake, Untouched, Genuine, Whole, WithinReach],
        on: On::RESET,
        tap: Tap::OnLink,
        judge: number_in_use,
        ..Rule::USUAL
    },
    Rule {
        id: "P-E1t",
        about: "a reset that answers timestamps echoes them, and has the value zero",
        clauses: &["RFC7323-5.2-b"],
        assumptions: &[Captured, AllOfPeer, BothWays, Untouched, Genuine, Whole],
        on: On::RESET,
        // Few stacks do; a recommendation that is worth a note and no more.
        ceiling: Outcome::Note,
        judge: answers_timestamps,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D16",
        about: "a reset is not answered",
        clauses: &["RFC9293-3.5.2-a"],
        assumptions: ANSWER,
        on: On::RESET,
        tap: Tap::OnLink,
        judge: answers_a_reset,
        ..Rule::USUAL
    },
];

/// A reset of a side that sent nothing else, with what the other sent.
fn only_reset<'a>(scene: &Scene<'a>) -> Option<(&'a Turn<'a>, Place<'a>)> {
    let (turn, place) = scene.flow()?;
    (!place.own().close.speaks() && place.peer().numbers.segments > 0).then_some((turn, place))
}

fn answers_a_syn(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = only_reset(scene) else { return Opinion::Absent };
    let peer = place.peer();
    let (Some(opening), Some(highest)) = (peer.openings.only(), peer.numbers.highest()) else {
        return Opinion::Absent;
    };
    let syns = u32::from(opening.options.whole) + u32::from(opening.options.unknown);
    if peer.numbers.highest_ack().is_some() || peer.numbers.segments != syns {
        return Opinion::Absent;
    }
    let is_answer = turn.ack.is_some_and(|ack| ack == highest || opening.is_acknowledged_by(ack));
    // With a connection of its own that is not seen, it may have sent any number.
    let unseen = (turn.seq != 0).then_some(Reason::CaptureStart);
    let doubt = place.connection.reused.then_some(Reason::PortReuse).or(unseen);
    Opinion::unless(turn.seq != 0 || !is_answer, "RFC9293-3.5.2-c", || {
        let seen = format!("reset with number {} and {}", turn.seq, acknowledgement(turn));
        (seen, format!("number 0 and ack {highest}, behind the SYN"))
    })
    .doubting(doubt)
}

fn acknowledgement(turn: &Turn<'_>) -> String {
    turn.ack.map_or_else(|| "no ack".into(), |ack| format!("ack {ack}"))
}

/// The largest window (RFC 7323 section 2.3): nothing that is sent is further away.
const WINDOW_OCTETS: u32 = 1 << 30;

/// An offer that the capture does not have may have been larger by so much: four times what a window without
/// scale can be.
const SLACK_OCTETS: u32 = 1 << 18;

/// A reset takes its number from an acknowledgement of the other side, or from what it would send next. All
/// of these lie between the two SYNs and the highest numbers in use.
fn number_in_use(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let (own, peer) = (place.own(), place.peer());
    let (Some(opening), Some(highest)) = (own.openings.only(), own.numbers.highest()) else {
        return Opinion::Absent;
    };
    // Who acknowledged something else may get that number back.
    if peer.close.is_odd() || peer.numbers.is_damaged() || (turn.seq == 0 && turn.ack.is_some()) {
        return Opinion::Absent;
    }
    let highest = peer.numbers.highest_ack().map_or(highest, |ack| later(highest, ack));
    // What the capture does not have may have brought it further, by as much as the other side had offered.
    let room = peer.window.edge().map_or(WINDOW_OCTETS, |edge| edge.wrapping_sub(highest).min(WINDOW_OCTETS));
    let within = turn.seq.wrapping_sub(highest) <= room.saturating_add(SLACK_OCTETS);
    let outside = !within && (is_after(turn.seq, highest) || is_after(opening.isn, turn.seq));
    let doubt = place.connection.reused.then_some(Reason::PortReuse);
    Opinion::unless(outside, "RFC9293-3.5.2-b", || {
        (format!("reset with number {}", turn.seq), format!("{} to {highest}, as in use", { opening.isn }))
    })
    .doubting(doubt)
}

fn answers_timestamps(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = only_reset(scene) else { return Opinion::Absent };
    let Some(value) = place.peer().stamps.highest() else { return Opinion::Absent };
    if !turn.segment.header_whole {
        return Opinion::Cut;
    }
    let right = turn.stamps().is_some_and(|stamps| stamps.value == 0 && !is_after(stamps.echo, value));
    Opinion::unless(!right, "RFC7323-5.2-b", || {
        let seen = match turn.stamps() {
            Some(stamps) => format!("reset with timestamps val {} ecr {}", stamps.value, stamps.echo),
            None => "reset without timestamps".into(),
        };
        (seen, format!("val 0 and ecr {value}, as what it answers has timestamps"))
    })
}

/// Each of two hosts has sent nothing but resets: the first one is nobody's answer, as a connection that was
/// not seen may have ended, but those that follow are.
fn answers_a_reset(scene: &Scene<'_>) -> Opinion {
    let Some((_, place)) = scene.flow() else { return Opinion::Absent };
    let (own, peer) = (place.own(), place.peer());
    if own.close.speaks() || peer.numbers.segments == 0 {
        return Opinion::Absent;
    }
    if peer.close.speaks() {
        return Opinion::Holds;
    }
    let doubt = (own.numbers.segments < RESETS || peer.numbers.segments <= own.numbers.segments)
        .then_some(Reason::CaptureStart);
    Opinion::unless(true, "RFC9293-3.5.2-a", || {
        ("a reset, and the peer sent nothing but resets".into(), "no answer to a reset".into())
    })
    .doubting(doubt)
}
