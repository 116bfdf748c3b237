//! floor 7: rules about explicit congestion notification that need to know more than one segment (RFC 3168
//! section 6.1).
//!
//! RFC9293-SHLD-8: that a host does not ask for it shows no more than how it is set.
//! RFC3168-6.1.3-a: data center TCP agrees on ECN in the same way and echoes each mark by itself; nothing
//! tells the two apart.

use super::assume::Assumption::{self, Captured, Genuine, Handshake, Untouched, Whole};
use super::connection::Place;
use super::facts::turn::Turn;
use super::kind::On;
use super::packet::Net;
use super::plain::{Plain, absent};
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::{Outcome, Reason};
use stack::wire::tcp::Flags;

/// What claims about a connection with ECN take for granted.
const AGREEMENT: &[Assumption] = &[Captured, Handshake, Untouched, Genuine, Whole];

/// The rules of this file. Experiments that RFC 8311 allows do otherwise, and nothing in a trace tells them.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-A10r",
        about: "what is sent again is not ECN-capable",
        clauses: &["RFC3168-6.1.5-a"],
        assumptions: AGREEMENT,
        on: On::TEXT,
        // Linux was seen to do otherwise, rarely, and why is not known.
        ceiling: Outcome::Note,
        quiet: &[absent(&[Plain::NO_ECN]), absent(&[Plain::NOT_REPEATED])],
        judge: repeated_not_capable,
        ..Rule::USUAL
    },
    Rule {
        id: "P-A10p",
        about: "a window probe is not ECN-capable and reports no reduction",
        clauses: &["RFC3168-6.1.6-a"],
        assumptions: AGREEMENT,
        on: On::TEXT,
        ceiling: Outcome::Deviates,
        quiet: &[absent(&[Plain::NO_ECN])],
        judge: probe_not_capable,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C21",
        about: "a reduction is reported on new data",
        clauses: &["RFC3168-6.1.2-b"],
        assumptions: AGREEMENT,
        on: On::TEXT,
        quiet: &[absent(&[Plain::NO_ECN]), absent(&[Plain::NOT_REPEATED])],
        judge: reduction_on_new_data,
        ..Rule::USUAL
    },
    Rule {
        id: "P-B10c",
        about: "a SYN that does not ask for ECN has neither of its flags",
        clauses: &["RFC3168-6.1.1-c"],
        assumptions: &[Captured, Untouched, Genuine],
        on: On::SYN,
        judge: both_or_none,
        ..Rule::USUAL
    },
];

/// A segment of a connection that agreed to ECN in the way of RFC 3168.
fn agreed<'a>(scene: &Scene<'a>) -> Option<(&'a Turn<'a>, Place<'a>)> {
    let (turn, place) = scene.flow()?;
    let (sides, agreement) = (&place.connection.sides, place.connection.agreement);
    let agrees = |one: usize| {
        let asks = |side: usize| sides[side].openings.only().is_some_and(|opening| opening.ecn_setup());
        agreement.answers_ecn(one) && asks(1 - one)
    };
    let accurate = || sides.iter().flat_map(|side| side.openings.all()).any(|opening| opening.accurate_ecn());
    ((agrees(0) || agrees(1)) && !accurate()).then_some((turn, place))
}

/// A segment that was seen before with the same limits.
fn repeated<'a>(scene: &Scene<'a>) -> Option<(&'a Turn<'a>, Option<Reason>)> {
    let (turn, place) = agreed(scene)?;
    let known = scene.sum_before.is_some() || place.own().sent.repeated_by(turn).is_some();
    let known = known && turn.data_octets > 0;
    known.then(|| (turn, may_be_a_copy(scene).or_else(|| reuse(&place))))
}

fn reuse(place: &Place<'_>) -> Option<Reason> {
    place.connection.reused.then_some(Reason::PortReuse)
}

/// Without an identification, nothing tells a segment that was sent twice from one that was captured twice.
pub(super) fn may_be_a_copy(scene: &Scene<'_>) -> Option<Reason> {
    let tells = match &scene.packet.net {
        Net::V4(view) => view.identification() != 0,
        Net::V6(..) | Net::Arp(_) => false,
    };
    (!tells).then_some(Reason::Copy)
}

fn repeated_not_capable(scene: &Scene<'_>) -> Opinion {
    let Some((turn, doubt)) = repeated(scene) else { return Opinion::Absent };
    let marks = turn.ecn;
    Opinion::unless(marks != 0, "RFC3168-6.1.5-a", || {
        (format!("ECN field {marks:02b} on what was sent before"), "00".into())
    })
    .doubting(doubt)
}

fn probe_not_capable(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = agreed(scene) else { return Opinion::Absent };
    let window = &place.peer().window;
    // One octet at the edge of a window that is closed, and was not open in any segment behind this one.
    let probe = turn.data_octets == 1 && window.is_closed() && window.edge() == Some(turn.seq);
    if !probe {
        return Opinion::Absent;
    }
    let (marks, reports) = (turn.ecn, turn.flags.contains(Flags::CWR));
    Opinion::unless(marks != 0 || reports, "RFC3168-6.1.6-a", || {
        let seen = format!("ECN field {marks:02b} and {} on a window probe", turn.flags);
        (seen, "00, without CWR".into())
    })
    .doubting(reuse(&place))
}

fn reduction_on_new_data(scene: &Scene<'_>) -> Opinion {
    let Some((turn, doubt)) = repeated(scene) else { return Opinion::Absent };
    Opinion::unless(turn.flags.contains(Flags::CWR), "RFC3168-6.1.2-b", || {
        ("CWR on what was sent before".into(), "CWR on new data".into())
    })
    .doubting(doubt)
}

fn both_or_none(scene: &Scene<'_>) -> Opinion {
    let Some((turn, _)) = scene.flow() else { return Opinion::Absent };
    let [echo, reduced] = [Flags::ECE, Flags::CWR].map(|flag| turn.flags.contains(flag));
    let accurate = turn.flags.contains(Flags::AE);
    Opinion::unless(echo != reduced && !accurate, "RFC3168-6.1.1-c", || {
        (format!("{} on a SYN", turn.flags), "both ECE and CWR, or none of them".into())
    })
}
