//! floor 7: rules about probes: of a closed window (RFC 9293 section 3.8.6.1), and of a peer that is silent
//! (section 3.8.4).
//!
//! RFC9293-MUST-35: whether there is anything to send is known to the host alone.
//! RFC9293-MUST-36: whether there is anything to send is known to the host alone.
//! RFC9293-SHLD-29: whether there is anything to send is known to the host alone.
//! RFC9293-MUST-38: why a segment is small is known to the program.
//! RFC9293-MAY-5: whoever does is right, and whoever does not.
//! RFC9293-MAY-6: it allows what RFC9293-SHLD-12 advises against.
//! RFC9293-MUST-25: what the program sets is not to be seen.
//! RFC9293-MUST-28: what the program sets is not to be seen.

use super::assume::Assumption::{
    AllOfPeer, BothWays, Captured, Genuine, Handshake, InOrder, Silence, Untouched, Whole, WithinReach,
};
use super::assume::Tap;
use super::facts::timer::probe_interval;
use super::facts::turn::is_after;
use super::kind::On;
use super::plain::{Plain, absent};
use super::rule::{Opinion, Rule, Scene};
use super::tcp_retransmit::{TIMES, doubt};
use crate::verdict::{Outcome, Reason};

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-C15",
        about: "probes of a closed window come slower and slower",
        clauses: &["RFC9293-SHLD-30"],
        assumptions: TIMES,
        on: On::FLOWING,
        tap: Tap::OnLink,
        quiet: &[absent(&[Plain::NOT_PROBING])],
        judge: slower_probes,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C16",
        about: "a keep-alive is sent only when nothing waits for its acknowledgement",
        clauses: &["RFC9293-MUST-26"],
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
        on: On::EMPTY,
        tap: Tap::OnLink,
        quiet: &[absent(&[Plain::NOT_LAST])],
        judge: idle_keep_alive,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C16d",
        about: "a keep-alive has no data",
        clauses: &["RFC9293-SHLD-12"],
        assumptions: &[
            Captured,
            AllOfPeer,
            BothWays,
            Handshake,
            Untouched,
            InOrder,
            Genuine,
            Whole,
            WithinReach,
        ],
        on: On::FLOWING,
        tap: Tap::OnLink,
        // It may be set so, for the sake of old peers.
        ceiling: Outcome::Deviates,
        quiet: &[absent(&[Plain::NOT_LAST])],
        judge: bare_keep_alive,
        ..Rule::USUAL
    },
];

fn slower_probes(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let Some(interval) = probe_interval(place.own(), place.peer(), turn) else { return Opinion::Absent };
    if interval.before_us == 0 {
        return Opinion::Absent;
    }
    Opinion::unless(interval.shrinking >= 2, "RFC9293-SHLD-30", || {
        let seen = format!("a probe after {} ms", interval.us / 1_000);
        (seen, format!("more than {} ms, the time before", interval.before_us / 1_000))
    })
    .doubting(doubt(scene, &place).filter(|_| turn.takes_numbers()))
}

/// A segment at the last number that was sent, towards a window that never closed: the number behind, and
/// the highest that was acknowledged.
fn at_the_last_number(scene: &Scene<'_>) -> Option<(u32, u32)> {
    let (turn, place) = scene.flow()?;
    let (own, peer) = (place.own(), place.peer());
    let highest = own.numbers.highest()?;
    // Where the last segment has one number, its copy looks the same.
    let shaped = turn.seq.wrapping_add(1) == highest
        && turn.data_octets <= 1
        && own.sent.latest.end() == highest
        && own.sent.latest.numbers > 1;
    let probe = peer.window.closed_edge().is_some() || peer.window.edge() == Some(highest);
    let ended = own.close.fin().is_some() || turn.flags.fin();
    (shaped && !probe && !ended).then_some((highest, place.taken()?))
}

fn idle_keep_alive(scene: &Scene<'_>) -> Opinion {
    let Some((highest, ack)) = at_the_last_number(scene) else { return Opinion::Absent };
    let reused = scene.place.is_some_and(|place| place.connection.reused);
    Opinion::unless(is_after(highest.wrapping_sub(1), ack), "RFC9293-MUST-26", || {
        let waiting = highest.wrapping_sub(ack);
        (format!("a keep-alive while {waiting} octets wait"), "only when nothing waits".into())
    })
    .doubting(reused.then_some(Reason::PortReuse))
}

fn bare_keep_alive(scene: &Scene<'_>) -> Opinion {
    let Some((highest, ack)) = at_the_last_number(scene) else { return Opinion::Absent };
    let (Some((turn, place)), true) = (scene.flow(), highest == ack) else { return Opinion::Absent };
    Opinion::unless(turn.data_octets > 0, "RFC9293-SHLD-12", || {
        ("a keep-alive with one octet".into(), "none".into())
    })
    .doubting(place.connection.reused.then_some(Reason::PortReuse))
}
