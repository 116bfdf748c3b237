//! floor 7: rules about selective acknowledgements (RFC 2018, RFC 2883).
//!
//! RFC2018-4-b: that a report is missing is known only from what it would have reported, and a receiver may
//! discard that.
//! RFC2018-4-e: what a receiver has, and discarded, only its reports show.
//! RFC2018-4-f: likewise; that blocks are repeated can not be told from that they are new.
//! RFC2883-4-d: which part of a segment is a duplicate depends on what arrived before it, and was kept.

use super::assume::Assumption::{
    self, AllOfPeer, BothWays, Captured, Genuine, Handshake, InOrder, NoCopies, Untouched, Whole, WithinReach,
};
use super::assume::{Tap, Vantage};
use super::connection::Place;
use super::facts::ack::beyond;
use super::facts::sack::is_duplicate;
use super::facts::turn::{Turn, is_after, later};
use super::kind::On;
use super::plain::{Plain, absent, holds};
use super::rule::{Opinion, Rule, Scene, Whose};
use super::tcp_timestamp::{is_sent_later, may_be_old};
use crate::verdict::{Outcome, Reason};

/// What claims about the form of a report take for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine, WithinReach];

/// What claims about why a report is sent take for granted.
const CAUSE: &[Assumption] =
    &[Captured, AllOfPeer, BothWays, InOrder, NoCopies, Handshake, Untouched, Genuine, Whole, WithinReach];

/// Further from its acknowledgement than this no report is: windows are smaller. But who counts sequence
/// numbers otherwise on the way, and forgets these, makes them so.
const FAR_OCTETS: u32 = 1 << 25;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-D7",
        about: "a block of SACK is a run of octets beyond the acknowledgement, apart from the others",
        clauses: &["RFC2018-3-a"],
        assumptions: FORM,
        on: On::FLOWING,
        quiet: &[absent(&[Plain::FORM])],
        judge: form,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D7r",
        about: "what SACK reports was sent",
        clauses: &["RFC2018-3-a"],
        assumptions: &[Captured, BothWays, Untouched, Genuine],
        on: On::FLOWING,
        of: Whose::Receiver,
        quiet: &[holds(&[Plain::PEER_ACKED])],
        judge: reports_the_unsent,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D7f",
        about: "the first block of SACK is of the segment that arrived last",
        clauses: &["RFC2018-4-d"],
        assumptions: CAUSE,
        on: On::FLOWING,
        tap: Tap::OnLink,
        quiet: &[absent(&[Plain::FORM])],
        judge: first_block,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D8",
        about: "a duplicate is reported once for each that arrived",
        clauses: &["RFC2883-4-a", "RFC2883-4-b"],
        assumptions: CAUSE,
        on: On::FLOWING,
        tap: Tap::AtHost,
        quiet: &[absent(&[Plain::FORM])],
        judge: duplicates,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D8b",
        about: "behind a duplicate from beyond the acknowledgement comes the block that it is part of",
        clauses: &["RFC2883-4-c"],
        assumptions: CAUSE,
        on: On::FLOWING,
        tap: Tap::AtHost,
        quiet: &[absent(&[Plain::FORM])],
        judge: second_block,
        ..Rule::USUAL
    },
    Rule {
        id: "P-D11",
        about: "what was reported is kept",
        clauses: &["RFC9293-SHLD-31"],
        assumptions: &[Captured, InOrder, Untouched, Genuine, Whole, WithinReach],
        on: On::FLOWING,
        // RFC 2018 section 8 allows to discard it where memory is short.
        ceiling: Outcome::Note,
        quiet: &[absent(&[Plain::NOT_REPORTING])],
        judge: kept,
        ..Rule::USUAL
    },
];

/// Blocks as they are written: left edge and right edge.
type Blocks<'a> = &'a [(u32, u32)];

/// A segment that reports something, with its acknowledgement and its blocks.
fn reporting<'a>(scene: &Scene<'a>) -> Option<(&'a Turn<'a>, Place<'a>, u32, Blocks<'a>)> {
    let (turn, place) = scene.flow()?;
    let blocks = turn.segment.options.sack.as_slice();
    (!blocks.is_empty() && turn.segment.header_whole).then_some((turn, place, turn.ack?, blocks))
}

fn form(scene: &Scene<'_>) -> Opinion {
    let Some((turn, _, ack, blocks)) = reporting(scene) else { return Opinion::Absent };
    let known = match () {
        () if blocks.iter().any(|(left, right)| !is_after(*right, *left)) => Some("runs of octets"),
        () if !are_beyond(blocks, ack) => Some("blocks beyond the acknowledgement"),
        () if !are_apart(blocks, ack) => Some("blocks apart from each other"),
        () => None,
    };
    let Some(bound) = known else { return Opinion::Holds };
    let far = |(left, _): &(u32, u32)| {
        let octets = left.wrapping_sub(ack).min(ack.wrapping_sub(*left));
        octets > FAR_OCTETS
    };
    let at_host = scene.calibration.vantage.of(scene.packet.src) == Some(Tap::AtHost);
    let moved = !at_host && blocks.iter().any(far);
    Opinion::unless(true, "RFC2018-3-a", || {
        (format!("ack {ack} and sack{}", turn.segment.options.sack), bound.into())
    })
    .doubting(moved.then_some(Reason::Renumbered))
}

/// Whether every block begins behind the acknowledgement, but for a duplicate, which ends in front of it.
fn are_beyond(blocks: Blocks<'_>, ack: u32) -> bool {
    let beyond = |block: &(u32, u32)| is_after(block.0, ack);
    let Some((first, others)) = blocks.split_first() else { return true };
    (beyond(first) || is_duplicate(blocks, ack)) && others.iter().all(beyond)
}

/// Whether no two blocks have octets in common, a duplicate left out.
fn are_apart(blocks: Blocks<'_>, ack: u32) -> bool {
    let blocks = blocks.get(usize::from(is_duplicate(blocks, ack))..).unwrap_or(&[]);
    let common = |one: &(u32, u32), other: &(u32, u32)| is_after(one.1, other.0) && is_after(other.1, one.0);
    blocks.iter().enumerate().all(|(at, one)| !blocks.iter().skip(at + 1).any(|other| common(one, other)))
}

/// The peer answers, and shows by its echo that it got what the host sent with the report in question or
/// later; and near the host nothing was seen to come that reaches as far. Or its FIN, behind which there is
/// nothing, is in front of that.
fn reports_the_unsent(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let (judged, own) = (place.peer(), place.own());
    let Some(unsent) = judged.ack.unsent().filter(|unsent| judged.is_reported(*unsent)) else {
        return if judged.numbers.highest_ack().is_some() { Opinion::Holds } else { Opinion::Absent };
    };
    let Some(highest) = own.numbers.highest() else { return Opinion::Absent };
    let highest = later(highest, turn.end);
    let fin = own.close.fin().or_else(|| turn.flags.fin().then_some(turn.text_end));
    let behind_the_end = fin.is_some_and(|fin| is_after(unsent, fin.wrapping_add(1)));
    let claimed = judged.stamps.claimed();
    let echoes = turn.stamps().zip(claimed).is_some_and(|(stamps, value)| is_after(stamps.echo, value));
    let near = match scene.calibration.vantage {
        Vantage::AtHost => true,
        Vantage::Anywhere => false,
        Vantage::Stated(..) => {
            scene.calibration.vantage.of(scene.packet.dst).is_some_and(|tap| tap <= Tap::OnLink)
        }
    };
    if !is_after(unsent, highest) || !(behind_the_end || echoes) {
        return Opinion::Absent;
    }
    let doubt = match () {
        () if !near && unsent.wrapping_sub(highest) > FAR_OCTETS => Some(Reason::Renumbered),
        () if !near && !behind_the_end => Some(Reason::NotNear),
        () if own.numbers.has_fragments() => Some(Reason::Fragments),
        () if own.numbers.is_damaged() => Some(Reason::Altered),
        () => may_be_old(&place),
    };
    Opinion::unless(true, "RFC2018-3-a", || {
        (format!("a report by SACK up to {unsent}"), format!("{highest}, up to which the peer has sent"))
    })
    .doubting(doubt)
}

fn first_block(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place, ack, blocks)) = reporting(scene) else { return Opinion::Absent };
    let own = place.own();
    let Some(beyond) = beyond(own, place.peer()).filter(|_| own.ack.is_after_one_arrival()) else {
        return Opinion::Absent;
    };
    let holds = |(left, right): &(u32, u32)| !is_after(*left, beyond) && is_after(*right, beyond);
    let unseen =
        |(_, right): &(u32, u32)| place.peer().numbers.highest().is_none_or(|to| is_after(*right, to));
    // What no block has may not have arrived yet; and with what the capture does not have, more arrived.
    if is_duplicate(blocks, ack) || !blocks.iter().any(holds) || blocks.iter().any(unseen) {
        return Opinion::Absent;
    }
    Opinion::unless(!blocks.first().is_some_and(holds), "RFC2018-4-d", || {
        let bound = format!("first the block with {beyond}, which arrived last");
        (format!("sack{}", turn.segment.options.sack), bound)
    })
    .doubting(may_be_old(&place))
}

fn duplicates(scene: &Scene<'_>) -> Opinion {
    let Some((_, place, ack, blocks)) = reporting(scene) else { return Opinion::Absent };
    let (reported, repeats) = (place.own().sack.duplicates, place.own().sack.repeats);
    if !is_duplicate(blocks, ack) || reported == u8::MAX {
        return Opinion::Absent;
    }
    let clause = if repeats == 0 { "RFC2883-4-a" } else { "RFC2883-4-b" };
    Opinion::unless(reported >= repeats, clause, || {
        (format!("{} reports of duplicates", u16::from(reported) + 1), format!("{repeats} that arrived"))
    })
    .doubting(may_be_old(&place))
}

fn second_block(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place, ack, blocks)) = reporting(scene) else { return Opinion::Absent };
    let (Some(first), Some(second)) = (blocks.first(), blocks.get(1)) else { return Opinion::Absent };
    if !is_after(first.0, ack) || !is_duplicate(blocks, ack) || !place.own().ack.is_after_one_arrival() {
        return Opinion::Absent;
    }
    let inside = !is_after(second.0, first.0) && !is_after(first.1, second.1);
    Opinion::unless(!inside, "RFC2883-4-c", || {
        let bound = "second the block that the first is part of".into();
        (format!("sack{}", turn.segment.options.sack), bound)
    })
    .doubting(may_be_old(&place))
}

fn kept(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let own = place.own();
    let (Some(left), Some(ack)) = (own.sack.left(), turn.ack) else { return Opinion::Absent };
    let goes_on = own.numbers.highest_ack().is_some_and(|before| is_after(ack, before));
    if !goes_on {
        return Opinion::Absent;
    }
    let shown = is_sent_later(scene) || scene.calibration.vantage == Vantage::AtHost;
    Opinion::unless(ack == left, "RFC9293-SHLD-31", || {
        (format!("ack {ack}"), format!("beyond {left}, where what was reported begins"))
    })
    .doubting((!shown).then_some(Reason::Disorder).or(may_be_old(&place)))
}
