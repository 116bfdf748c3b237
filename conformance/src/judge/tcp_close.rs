//! floor 7: rules about how a connection is closed (RFC 9293 sections 3.5.2 and 3.6).
//!
//! RFC9293-MUST-13: how long a host stays in TIME-WAIT is set by its maximum segment lifetime, which it does
//! not tell, and RFC 6191 lets it go on earlier.
//! RFC9293-3.10.7.4-x: that nothing answers a repeated FIN may be the network's fault, or the host sleeps.

use super::assume::Assumption::{Captured, Clock, Genuine, Handshake, InOrder, Untouched, Whole};
use super::assume::Tap;
use super::facts::turn::is_after;
use super::kind::On;
use super::plain::{Plain, absent, holds};
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::Reason;

/// So long after a reset, what left before it is no longer on the way on the same link, in microseconds.
const SETTLED_US: u32 = 1_000_000;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-E3",
        about: "no data behind the FIN",
        clauses: &["RFC9293-3.6-a"],
        assumptions: &[Captured, Untouched, Genuine, Whole],
        on: On::TEXT,
        quiet: &[absent(&[Plain::NO_FIN])],
        judge: behind_the_fin,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C5",
        about: "nothing but resets after a reset",
        clauses: &["RFC9293-3.5.2-a"],
        assumptions: &[InOrder, Clock, Handshake, Untouched, Genuine, Whole],
        on: On::FLOWING,
        tap: Tap::OnLink,
        quiet: &[holds(&[Plain::SPEAKS])],
        judge: after_a_reset,
        ..Rule::USUAL
    },
];

fn behind_the_fin(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let Some(fin) = place.own().close.fin() else { return Opinion::Absent };
    let doubt = place.connection.reused.then_some(Reason::PortReuse);
    Opinion::unless(turn.data_octets > 0 && is_after(turn.text_end, fin), "RFC9293-3.6-a", || {
        (format!("data up to {}", turn.text_end), format!("up to {fin}, where the FIN is"))
    })
    .doubting(doubt)
}

fn after_a_reset(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let own = &place.own().close;
    let Some(ago_us) = own.aborted_us(turn.us()) else {
        return if own.speaks() { Opinion::Holds } else { Opinion::Absent };
    };
    let at_host = scene.calibration.vantage.of(scene.packet.src) == Some(Tap::AtHost);
    let doubt = (!at_host && ago_us < SETTLED_US).then_some(Reason::Disorder);
    let reused = place.connection.reused.then_some(Reason::PortReuse);
    Opinion::unless(true, "RFC9293-3.5.2-a", || {
        (format!("{} {} ms after a reset", turn.flags, ago_us / 1_000), "nothing but resets".into())
    })
    .doubting(doubt.or(reused))
}
