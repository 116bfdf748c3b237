//! floor 7: rules about what is sent: sizes, numbers and contents of segments (RFC 9293 sections 3.4 and 3.7,
//! RFC 6691).
//!
//! RFC9293-MUST-14: whoever does not obey the option breaks RFC9293-MUST-16, and whoever does not send it
//! says the default size by that.
//! RFC9293-MUST-61: which segment empties the queue is known to the host alone.
//! RFC9293-MAY-4: both ways are right.
//! RFC9293-SHLD-23: what the program sets is no matter of the host.

use super::assume::Assumption::{
    self, AllOfPeer, Captured, Genuine, Handshake, InOrder, SameMtu, Untouched, Whole,
};
use super::assume::{Tap, Vantage};
use super::checksum;
use super::connection::Place;
use super::facts::opening::{Opening, option};
use super::facts::sent::payload_sum;
use super::facts::turn::{Turn, is_after};
use super::kind::On;
use super::packet::{Net, Packet, Upper};
use super::plain::{Plain, absent, holds};
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::{Outcome, Reason};
use stack::wire::{ipv4, ipv6};
use std::net::IpAddr;

/// What claims about the place of a segment among the others take for granted.
///
/// A host that was told of a smaller path MTU may throw away what it has sent before it leaves.
const PLACE: &[Assumption] = &[Captured, AllOfPeer, Untouched, InOrder, SameMtu, Genuine, Whole];

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-C2",
        about: "data and options fit into the MSS of the peer",
        clauses: &["RFC9293-MUST-15", "RFC9293-MUST-16", "RFC6691-2-b"],
        assumptions: &[Captured, Handshake, Untouched, Genuine, Whole],
        on: On::TEXT,
        quiet: &[holds(&[Plain::SHORT])],
        judge: fits_the_peer,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C3",
        about: "octets that are sent again are the same",
        clauses: &["RFC9293-3.4-b"],
        // Another connection of the same ports may use the same numbers.
        assumptions: &[Captured, Handshake, Untouched, Genuine, Whole],
        on: On::TEXT,
        quiet: &[absent(&[Plain::NOT_REPEATED])],
        judge: same_octets,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C4",
        about: "no numbers are left out",
        clauses: &["RFC9293-3.4-b"],
        assumptions: PLACE,
        on: On::TEXT,
        tap: Tap::OnLink,
        quiet: &[absent(&[Plain::UNSAID])],
        judge: contiguous,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C7",
        about: "a bare acknowledgement has a number that was reached",
        clauses: &["RFC9293-3.10.7.4-ac"],
        assumptions: PLACE,
        on: On::EMPTY,
        tap: Tap::OnLink,
        quiet: &[absent(&[Plain::UNSAID])],
        judge: contiguous,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C17",
        about: "a FIN that is sent again keeps its number",
        clauses: &["RFC9293-3.4-g"],
        assumptions: &[Captured, Untouched, Genuine, Whole],
        on: On::TEXT,
        quiet: &[absent(&[Plain::NO_FIN])],
        judge: same_fin,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C22",
        about: "a user timeout is not zero",
        clauses: &["RFC5482-3.4-a"],
        assumptions: &[Captured, Untouched, Genuine],
        on: On::TCP,
        quiet: &[absent(&[Plain::FORM])],
        judge: user_timeout,
        ..Rule::USUAL
    },
    Rule {
        id: "P-C18",
        about: "small segments wait for the acknowledgement of those before",
        clauses: &["RFC9293-SHLD-7"],
        assumptions: &[Captured, Handshake, Untouched, Genuine, Whole],
        on: On::TEXT,
        // The program may want it otherwise.
        ceiling: Outcome::Note,
        quiet: &[absent(&[Plain::NO_DATA]), holds(&[Plain::FOLLOWS])],
        judge: one_small_segment,
        ..Rule::USUAL
    },
];

/// The smallest MSS that is taken at its word: hosts raise absurdly small ones to some floor of their own.
pub(super) const TAKEN_AT_ITS_WORD: u32 = 536;

/// Data of the longest segment that the peer takes, options counted in, at the most (RFC 9293 section 3.7.1).
pub(super) fn peer_segment_octets(place: &Place<'_>, packet: &Packet<'_>) -> u32 {
    let default = if matches!(packet.src, IpAddr::V4(_)) { 536 } else { 1_220 };
    let of = |opening: &Opening| {
        let said = opening.max_segment_octets().map_or(0, u32::from);
        // What is absurdly small may be taken for nothing that was said.
        let all = opening.options.all(option::MAX_SEGMENT) && said >= TAKEN_AT_ITS_WORD;
        let least = if all { 0 } else { default };
        opening.max_segment_octets().map_or(default, |said| u32::from(said).max(least))
    };
    place.peer().openings.all().iter().map(of).max().unwrap_or(default)
}

/// Octets of TCP options and of what IP puts between its fixed header and the segment.
fn option_octets(packet: &Packet<'_>, turn: &Turn<'_>) -> u32 {
    let tcp = turn.segment.view.data_offset_octets().saturating_sub(stack::wire::tcp::MIN_HEADER_OCTETS);
    let ip = match &packet.net {
        Net::V4(view) => (4 * usize::from(view.ihl())).saturating_sub(ipv4::MIN_HEADER_OCTETS),
        Net::V6(view, _) => {
            usize::from(view.payload_len_octets()).saturating_sub(turn.segment.extent.len_octets)
        }
        Net::Arp(_) => 0,
    };
    u32::try_from(tcp + ip).unwrap_or(0)
}

/// The octets of the IP packet, by its header.
fn packet_octets(packet: &Packet<'_>) -> u32 {
    let (header, Upper::Tcp(segment)) = (
        match &packet.net {
            Net::V4(view) => 4 * usize::from(view.ihl()),
            Net::V6(..) | Net::Arp(_) => ipv6::HEADER_OCTETS,
        },
        &packet.upper,
    ) else {
        return 0;
    };
    u32::try_from(header + segment.extent.len_octets).unwrap_or(u32::MAX)
}

fn fits_the_peer(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let options = option_octets(scene.packet, turn);
    let octets = turn.data_octets + options;
    if octets <= TAKEN_AT_ITS_WORD {
        return if turn.data_octets == 0 { Opinion::Absent } else { Opinion::Holds };
    }
    if place.peer().openings.all().is_empty() {
        return Opinion::Absent;
    }
    let said = peer_segment_octets(&place, scene.packet);
    let most = said.max(TAKEN_AT_ITS_WORD);
    if octets <= most {
        return Opinion::Holds;
    }
    let without = !place.peer().openings.options().some(option::MAX_SEGMENT);
    let clause = match () {
        () if without => "RFC9293-MUST-15",
        () if turn.data_octets > most => "RFC9293-MUST-16",
        () => "RFC6691-2-b",
    };
    Opinion::unless(true, clause, || {
        let bound = if without { "without an MSS of the peer" } else { "the MSS of the peer" };
        (format!("{} octets of data and {options} of options", turn.data_octets), format!("{most}, {bound}"))
    })
    .doubting(doubt_size(scene, turn, most - options.min(most)))
    .doubting(place.connection.reused.then_some(Reason::PortReuse))
}

/// Whether a segment may be several, before a network card cut them or after one joined them: then its
/// checksum is not filled in, or it is longer than Ethernet carries, or it is a number of whole ones.
fn doubt_size(scene: &Scene<'_>, turn: &Turn<'_>, full: u32) -> Option<Reason> {
    const ETHERNET_OCTETS: u32 = 1_500;
    let whole_ones = full > 0 && turn.data_octets > full && turn.data_octets.is_multiple_of(full);
    let joined = packet_octets(scene.packet) > ETHERNET_OCTETS || whole_ones;
    // The sum of what is not filled in may be right by chance.
    (!turn.sum_is_right || joined || checksum::may_be_unfilled(scene.packet)).then_some(Reason::Offload)
}

fn same_octets(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    // One octet may be there to be thrown away: keep-alives and window probes.
    if turn.data_octets <= 1 || turn.flags.fin() || !turn.sum_is_right {
        return Opinion::Absent;
    }
    let sent = &place.own().sent;
    let shots = [&sent.waiting, &sent.latest].into_iter().filter(|shot| shot.is(turn) && shot.sum != 0);
    let Some(before) = shots.map(|shot| shot.sum).next().or(scene.sum_before) else {
        return Opinion::Absent;
    };
    Opinion::unless(payload_sum(turn.segment) != before, "RFC9293-3.4-b", || {
        (format!("other octets from {} to {}", turn.seq, turn.end), "those that were sent before".into())
    })
    .doubting(place.connection.reused.then_some(Reason::PortReuse))
}

/// Whether the tap is said to be near: what is missing shows else that it is not.
fn is_said_to_be_near(scene: &Scene<'_>) -> bool {
    match scene.calibration.vantage {
        Vantage::AtHost => true,
        Vantage::Anywhere => false,
        Vantage::Stated(..) => {
            scene.calibration.vantage.of(scene.packet.src).is_some_and(|tap| tap <= Tap::OnLink)
        }
    }
}

fn contiguous(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let Some(highest) = place.own().numbers.highest() else { return Opinion::Absent };
    if !is_said_to_be_near(scene) {
        return Opinion::Absent;
    }
    let clause = if turn.takes_numbers() { "RFC9293-3.4-b" } else { "RFC9293-3.10.7.4-ac" };
    Opinion::unless(is_after(turn.seq, highest), clause, || {
        (format!("seq {}", turn.seq), format!("at most {highest}, which was reached"))
    })
    .doubting(place.own().numbers.has_fragments().then_some(Reason::Fragments))
    .doubting(place.connection.reused.then_some(Reason::PortReuse))
}

fn same_fin(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let (Some(fin), true) = (place.own().close.fin(), turn.flags.fin()) else { return Opinion::Absent };
    Opinion::unless(turn.text_end != fin, "RFC9293-3.4-g", || {
        (format!("FIN with the number {}", turn.text_end), format!("{fin}, as before"))
    })
    .doubting(place.connection.reused.then_some(Reason::PortReuse))
}

fn user_timeout(scene: &Scene<'_>) -> Opinion {
    let Some(segment) = scene.segment() else { return Opinion::Absent };
    let Some(timeout) = segment.options.user_timeout.filter(|_| segment.header_whole) else {
        return Opinion::Absent;
    };
    Opinion::unless(timeout.count == 0, "RFC5482-3.4-a", || {
        ("a user timeout of 0".into(), "1 or more".into())
    })
}

fn one_small_segment(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let (latest, flags) = (place.own().sent.latest, turn.flags);
    let (Some(highest), Some(ack)) = (place.own().numbers.highest(), place.taken()) else {
        return Opinion::Absent;
    };
    if turn.seq != highest || latest.end() != highest || flags.fin() || turn.data_octets == 0 {
        return Opinion::Absent;
    }
    let full = peer_segment_octets(&place, scene.packet)
        .saturating_sub(option_octets(scene.packet, turn))
        .min(TAKEN_AT_ITS_WORD);
    let small = |octets: u32| octets < full;
    let waits = is_after(highest, ack) && latest.seq.wrapping_add(1) != latest.end();
    let broken = waits && small(turn.data_octets) && small(u32::from(latest.numbers));
    Opinion::unless(broken, "RFC9293-SHLD-7", || {
        let seen = format!("{} octets behind {} that wait", turn.data_octets, { latest.numbers });
        (seen, "one small segment at a time (Nagle)".into())
    })
}
