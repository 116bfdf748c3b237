//! floor 7: rules about what the two SYNs agree on (RFC 9293 section 3.5, RFC 7323 sections 2 and 3, RFC 2018
//! section 4, RFC 3168 section 6.1.1).
//!
//! Left out: P-B3 (it belongs to the limit of the send window), P-B8 and P-B11 (statistics over many
//! connections), and of P-B7 that a repeated SYN keeps its number: another number begins another connection,
//! or comes from SYN cookies.
//!
//! RFC9293-3.10.7.2-c: it is RFC9293-3.5-a, which P-B1 judges; whether a number is fresh can not be seen.
//! RFC9293-SHLD-5: longer segments than the default may have been joined before the tap.
//! RFC7323-2.2-a: nothing shows who does not want to scale windows.
//! RFC7323-2.2-b: a window with a wrong scale is a smaller or larger window; that the edge stays, P-D3 asks.
//! RFC7323-4.3-c: which copy of a segment filled the hole depends on what reached the host.
//! RFC9293-MUST-57: what a SYN was addressed to is not to be seen in an answer from an address of the host.

use super::assume::Assumption::{self, AllOfPeer, Captured, Genuine, Handshake, Untouched, Whole};
use super::connection::Place;
use super::facts::opening::{Opening, option};
use super::facts::turn::is_after;
use super::kind::On;
use super::packet::Segment;
use super::plain::{Plain, absent, holds};
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::{Outcome, Reason};
use stack::base::Span;
use stack::wire::tcp::Flags;

/// What claims about an answer to a SYN take for granted.
const ANSWER: &[Assumption] = &[Captured, AllOfPeer, Untouched, Genuine, Whole];

/// What claims about an agreement take for granted.
const AGREEMENT: &[Assumption] = &[Captured, Handshake, Untouched, Genuine, Whole];

/// The first repetition of a SYN comes at the latest after 3 s (RFC 1122 section 4.2.3.1): one that is seen
/// earlier in the capture may repeat another that was not.
const FIRST_REPEAT: Span = Span::from_millis(3_500);

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-B1",
        about: "SYN,ACK acknowledges a SYN",
        clauses: &["RFC9293-3.5-a"],
        on: On::SYN_ACK,
        assumptions: ANSWER,
        judge: acknowledges_a_syn,
        ..Rule::USUAL
    },
    Rule {
        id: "P-B1a",
        about: "what follows the SYN,ACK acknowledges the SYN",
        clauses: &["RFC9293-3.5-a"],
        on: On::FLOWING,
        assumptions: AGREEMENT,
        quiet: &[holds(&[Plain::BEHIND_SYN])],
        judge: acknowledges_the_opening,
        ..Rule::USUAL
    },
    Rule {
        id: "P-B2",
        about: "SYN,ACK has window scale and timestamps only if the SYN has",
        clauses: &["RFC7323-2.2-e", "RFC7323-3.2-d"],
        on: On::SYN_ACK,
        assumptions: ANSWER,
        judge: answers_options,
        ..Rule::USUAL
    },
    Rule {
        id: "P-B2s",
        about: "a SYN with window scale is answered with window scale",
        clauses: &["RFC7323-2.3-a"],
        on: On::SYN_ACK,
        assumptions: ANSWER,
        // It binds those who scale windows, and nothing shows who does not want to.
        ceiling: Outcome::Note,
        judge: answers_scale,
        ..Rule::USUAL
    },
    Rule {
        id: "P-B4",
        about: "with timestamps agreed, every segment has them",
        clauses: &["RFC7323-3.2-e"],
        on: On::FLOWING,
        assumptions: AGREEMENT,
        quiet: &[
            absent(&[Plain::UNKNOWN]),
            holds(&[Plain::STAMPS_AGREED, Plain::STAMPED]),
            absent(&[Plain::STAMPS_REFUSED]),
        ],
        judge: keeps_timestamps,
        ..Rule::USUAL
    },
    Rule {
        id: "P-B4r",
        about: "with timestamps agreed, a reset has them too",
        clauses: &["RFC7323-3.2-f"],
        on: On::RESET,
        assumptions: AGREEMENT,
        // Few stacks do; a recommendation that is worth a note and no more.
        ceiling: Outcome::Note,
        judge: resets_with_timestamps,
        ..Rule::USUAL
    },
    Rule {
        id: "P-B5",
        about: "without timestamps agreed, no segment has them",
        clauses: &["RFC7323-3.2-i"],
        on: On::FLOWING,
        assumptions: AGREEMENT,
        // What the clause demands is how they are received.
        ceiling: Outcome::Deviates,
        quiet: &[
            absent(&[Plain::UNKNOWN]),
            absent(&[Plain::STAMPS_AGREED]),
            holds(&[Plain::STAMPS_REFUSED, Plain::BARE]),
        ],
        judge: no_timestamps,
        ..Rule::USUAL
    },
    Rule {
        id: "P-B6",
        about: "SACK is sent only to who permits it",
        clauses: &["RFC2018-4-a"],
        on: On::FLOWING,
        assumptions: AGREEMENT,
        quiet: &[absent(&[Plain::UNKNOWN]), absent(&[Plain::TAKES_SACK])],
        judge: permitted_sack,
        ..Rule::USUAL
    },
    Rule {
        id: "P-B7",
        about: "a repeated SYN keeps its window scale",
        clauses: &["RFC7323-2.3-g"],
        on: On::OPENING,
        assumptions: &[Captured, Untouched, Genuine, Whole],
        judge: same_scale,
        ..Rule::USUAL
    },
    Rule {
        id: "P-B10",
        about: "SYN,ACK agrees to ECN only if the SYN asks for it",
        clauses: &["RFC3168-6.1.1-a"],
        on: On::SYN_ACK,
        assumptions: ANSWER,
        judge: ecn_answer,
        ..Rule::USUAL
    },
    Rule {
        id: "P-B10d",
        about: "data is ECN-capable only if both SYNs agree",
        clauses: &["RFC3168-5-a"],
        on: On::TEXT,
        assumptions: AGREEMENT,
        // Routers rewrite the octet.
        ceiling: Outcome::Deviates,
        quiet: &[
            absent(&[Plain::UNKNOWN]),
            absent(&[Plain::NO_DATA]),
            holds(&[Plain::KNOWN, Plain::NO_ECN, Plain::UNMARKED, Plain::DATA]),
        ],
        judge: ecn_data,
        ..Rule::USUAL
    },
];

/// A SYN,ACK with its place, if SYNs of the other side were seen.
fn syn_ack<'a>(scene: &Scene<'a>) -> Option<(&'a Segment<'a>, Place<'a>)> {
    let (segment, place) = (scene.segment()?, scene.place?);
    let flags = segment.view.flags();
    let answers = flags.contains(Flags::SYN | Flags::ACK) && !flags.intersects(Flags::FIN | Flags::RST);
    (answers && !place.peer().openings.all().is_empty() && !place.peer().openings.are_lost())
        .then_some((segment, place))
}

/// A SYN,ACK with the SYN that it answers.
fn answered<'a>(scene: &Scene<'a>) -> Option<(&'a Segment<'a>, Place<'a>, &'a Opening)> {
    let (segment, place) = syn_ack(scene)?;
    let opening = place.connection.sides[1 - place.side].openings.acknowledged_by(segment.view.ack())?;
    Some((segment, place, opening))
}

/// Whether a SYN that differs may have come before the capture began.
fn may_precede(scene: &Scene<'_>) -> Option<Reason> {
    let first = scene.place?.connection.first;
    (scene.calibration.running_ns(first) < FIRST_REPEAT.as_nanos()).then_some(Reason::CaptureStart)
}

fn acknowledges_a_syn(scene: &Scene<'_>) -> Opinion {
    let Some((segment, place)) = syn_ack(scene) else { return Opinion::Absent };
    let ack = segment.view.ack();
    let doubt = may_be_unseen(&place).or_else(|| may_precede(scene));
    Opinion::unless(place.peer().openings.acknowledged_by(ack).is_none(), "RFC9293-3.5-a", || {
        let isns: Vec<u32> =
            place.peer().openings.all().iter().map(|opening| opening.isn.wrapping_add(1)).collect();
        (format!("SYN,ACK with ack {ack}"), format!("one of {isns:?}, behind the SYNs"))
    })
    .doubting(doubt)
}

/// Whatever it has received since, a host that took part in an opening acknowledges no less than its SYN.
fn acknowledges_the_opening(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let (Some(ack), Some(opening)) = (turn.ack, place.peer().openings.only()) else { return Opinion::Absent };
    if is_after(ack, opening.isn) {
        return Opinion::Holds;
    }
    if !place.connection.is_handshake_known() {
        return Opinion::Absent;
    }
    let doubt = may_be_unseen(&place).or_else(|| may_precede(scene));
    Opinion::unless(true, "RFC9293-3.5-a", || {
        (format!("ack {ack}"), format!("at least {}, behind the SYN", opening.isn.wrapping_add(1)))
    })
    .doubting(doubt)
}

fn answers_options(scene: &Scene<'_>) -> Opinion {
    let Some((segment, place, opening)) = answered(scene) else { return Opinion::Absent };
    if !segment.header_whole || !opening.options.are_known() {
        return Opinion::Cut;
    }
    let asked = &opening.options;
    let (scale, stamps) = (segment.options.window_scale, segment.options.timestamps);
    // A SYN with data that begins in front of an earlier one looks like what a late SYN,ACK answers.
    let doubt = may_be_unseen(&place).or_else(|| may_precede(scene));
    if scale.is_some() && !asked.some(option::WINDOW_SCALE) {
        let what = || ("wscale on the SYN,ACK".into(), "none, as on the SYN".into());
        return Opinion::unless(true, "RFC7323-2.2-e", what).doubting(doubt);
    }
    if stamps.is_some() && !asked.some(option::TIMESTAMPS) {
        let what = || ("timestamps on the SYN,ACK".into(), "none, as on the SYN".into());
        return Opinion::unless(true, "RFC7323-3.2-d", what).doubting(doubt);
    }
    Opinion::Holds
}

fn answers_scale(scene: &Scene<'_>) -> Opinion {
    let Some((segment, place, opening)) = answered(scene) else { return Opinion::Absent };
    if !segment.header_whole || !opening.options.are_known() {
        return Opinion::Cut;
    }
    // The answer to a repeated SYN may leave out options, as a last attempt.
    let asked = opening.options.all(option::WINDOW_SCALE);
    if !asked || !place.own().openings.all().is_empty() {
        return Opinion::Absent;
    }
    Opinion::unless(segment.options.window_scale.is_none(), "RFC7323-2.3-a", || {
        ("no wscale on the SYN,ACK".into(), "wscale, as on the SYN".into())
    })
}

/// A segment after an opening that was seen whole.
fn after_opening<'a>(scene: &Scene<'a>) -> Result<(&'a Segment<'a>, Place<'a>), Opinion> {
    let (Some(segment), Some(place)) = (scene.segment(), scene.place) else { return Err(Opinion::Absent) };
    if segment.view.flags().syn() || !place.connection.is_handshake_known() {
        return Err(Opinion::Absent);
    }
    Ok((segment, place))
}

/// Whether something that decides may not have been seen: an earlier connection of the same ports may have
/// left the segment, or the peer sent its SYN in fragments.
fn may_be_unseen(place: &Place<'_>) -> Option<Reason> {
    if place.peer().numbers.has_fragments() {
        return Some(Reason::Fragments);
    }
    place.connection.reused.then_some(Reason::PortReuse)
}

/// A segment after an opening where all SYNs of both sides had timestamps.
fn with_timestamps<'a>(scene: &Scene<'a>, reset: bool) -> Result<(&'a Segment<'a>, Place<'a>), Opinion> {
    let (segment, place) = after_opening(scene)?;
    let agreed = place.connection.sides.iter().all(|side| side.openings.options().all(option::TIMESTAMPS));
    if !agreed || segment.view.flags().rst() != reset {
        return Err(Opinion::Absent);
    }
    if segment.header_whole { Ok((segment, place)) } else { Err(Opinion::Cut) }
}

fn keeps_timestamps(scene: &Scene<'_>) -> Opinion {
    let (segment, place) = match with_timestamps(scene, false) {
        Ok(found) => found,
        Err(opinion) => return opinion,
    };
    let flags = segment.view.flags();
    Opinion::unless(segment.options.timestamps.is_none(), "RFC7323-3.2-e", || {
        (format!("no timestamps on {flags}"), "timestamps, as both SYNs have".into())
    })
    .doubting(may_be_unseen(&place))
}

fn resets_with_timestamps(scene: &Scene<'_>) -> Opinion {
    let (segment, place) = match with_timestamps(scene, true) {
        Ok(found) => found,
        Err(opinion) => return opinion,
    };
    Opinion::unless(segment.options.timestamps.is_none(), "RFC7323-3.2-f", || {
        ("no timestamps on a reset".into(), "timestamps, as both SYNs have".into())
    })
    .doubting(may_be_unseen(&place))
}

fn no_timestamps(scene: &Scene<'_>) -> Opinion {
    let (segment, place) = match after_opening(scene) {
        Ok(found) => found,
        Err(opinion) => return opinion,
    };
    let refused = place.connection.sides.iter().any(|side| !side.openings.options().some(option::TIMESTAMPS));
    if !refused || segment.view.flags().rst() {
        return Opinion::Absent;
    }
    if !segment.header_whole {
        return Opinion::Cut;
    }
    Opinion::unless(segment.options.timestamps.is_some(), "RFC7323-3.2-i", || {
        ("timestamps".into(), "none: a SYN had none".into())
    })
    .doubting(may_be_unseen(&place).or_else(|| may_precede(scene)))
}

fn permitted_sack(scene: &Scene<'_>) -> Opinion {
    let (segment, place) = match after_opening(scene) {
        Ok(found) => found,
        Err(opinion) => return opinion,
    };
    if place.peer().openings.options().some(option::SACK_PERMITTED) {
        return Opinion::Absent;
    }
    if !segment.header_whole {
        return Opinion::Cut;
    }
    Opinion::unless(!segment.options.sack.is_empty(), "RFC2018-4-a", || {
        (format!("sack{}", segment.options.sack), "none: the peer's SYN does not permit it".into())
    })
    .doubting(may_be_unseen(&place).or_else(|| may_precede(scene)))
}

fn same_scale(scene: &Scene<'_>) -> Opinion {
    let (Some(segment), Some(place)) = (scene.segment(), scene.place) else { return Opinion::Absent };
    let isn = segment.view.seq();
    let before = place.own().openings.all().iter().find(|opening| opening.isn == isn);
    let (Some(before), true) = (before, segment.view.flags().syn() && segment.header_whole) else {
        return Opinion::Absent;
    };
    let (Some(first), Some(now)) = (before.window_scale(), segment.options.window_scale) else {
        return Opinion::Absent;
    };
    Opinion::unless(first != now, "RFC7323-2.3-g", || {
        (format!("wscale {now} on a repeated SYN"), format!("wscale {first} as before"))
    })
    .doubting(may_be_unseen(&place))
}

fn ecn_answer(scene: &Scene<'_>) -> Opinion {
    let Some((segment, place, opening)) = answered(scene) else { return Opinion::Absent };
    let flags = segment.view.flags();
    let agrees = flags.contains(Flags::ECE) && !flags.intersects(Flags::CWR | Flags::AE);
    if !agrees || opening.accurate_ecn() {
        return Opinion::Absent;
    }
    Opinion::unless(!opening.ecn_setup(), "RFC3168-6.1.1-a", || {
        ("ECE on the SYN,ACK".into(), "none: the SYN does not have ECE and CWR".into())
    })
    .doubting(may_be_unseen(&place).or_else(|| may_precede(scene)))
}

fn ecn_data(scene: &Scene<'_>) -> Opinion {
    let (segment, place) = match after_opening(scene) {
        Ok(found) => found,
        Err(opinion) => return opinion,
    };
    let asked = |opening: &Opening| opening.ecn_setup() || opening.accurate_ecn();
    let any_asked = place.connection.sides.iter().any(|side| side.openings.all().iter().any(asked));
    if any_asked || segment.data_octets().unwrap_or(0) == 0 {
        return Opinion::Absent;
    }
    let marks = scene.packet.net.ecn();
    Opinion::unless(marks != 0, "RFC3168-5-a", || {
        (format!("ECN field {marks:02b} on data"), "00: no SYN asks for ECN".into())
    })
    .doubting(may_be_unseen(&place).or_else(|| may_precede(scene)))
}
