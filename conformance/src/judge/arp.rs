//! floor 7: rules about ARP packets (RFC 826, RFC 5227).
//!
//! Left out: that the sender's hardware address is that of the frame (bridges of wireless networks differ).
//! RFC1122-2.3.3-e: a host may know a neighbour from before the capture, from what others said, or be told.
//! RFC5227-2.1-a: when a host began to use an address is not on the wire; it may have probed before.

use super::assume::Assumption::{self, Captured, Genuine, Untouched};
use super::facts::pair::{claim, millis};
use super::kind::On;
use super::packet::Net;
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::Outcome;
use stack::wire::arp::{Operation, Packet};

/// What every claim about a packet takes for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine];

/// Time between two announcements of a new address: 2 s, with a margin.
const ANNOUNCED_EVERY_MS: u32 = 1_800;

/// What is as close as this may be a copy.
const COPIES_MS: u32 = 100;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-R1",
        about: "the sender of an ARP packet is one station with one address",
        clauses: &["RFC826-Packet_Generation-a"],
        on: On::ARP,
        assumptions: FORM,
        judge: sender,
        ..Rule::USUAL
    },
    Rule {
        id: "P-R2",
        about: "an ARP probe is about an address that one host can have",
        clauses: &["RFC5227-1.1-a"],
        on: On::ARP,
        assumptions: FORM,
        // What looks like a probe may be a question of something that has no address.
        ceiling: Outcome::Deviates,
        judge: probe,
        ..Rule::USUAL
    },
    Rule {
        id: "P-R3",
        about: "a new address is announced twice, two seconds apart",
        clauses: &["RFC5227-2.3-a"],
        on: On::ARP,
        assumptions: FORM,
        // An address that is attacked may be announced at once (RFC 5227 section 2.4).
        ceiling: Outcome::Note,
        judge: announcement,
        ..Rule::USUAL
    },
];

/// The packet, if it is for Ethernet and IPv4.
fn packet(scene: &Scene<'_>) -> Option<Packet> {
    let Net::Arp(view) = &scene.packet.net else { return None };
    Packet::check(view).ok()
}

fn sender(scene: &Scene<'_>) -> Opinion {
    let Some(packet) = packet(scene) else { return Opinion::Absent };
    let (mac, ip) = (packet.sender_mac, packet.sender_ip);
    // 0.0.0.0 asks whether an address is free (RFC 5227 section 1.1), and answers nothing.
    let nobody = ip.is_unspecified() && packet.operation == Operation::Reply;
    let broken = mac.is_group() || ip.is_multicast() || ip.is_broadcast() || nobody;
    Opinion::unless(broken, "RFC826-Packet_Generation-a", || {
        (format!("sender {mac} with {ip}"), "the sender's own addresses".into())
    })
}

fn probe(scene: &Scene<'_>) -> Opinion {
    let Some((_, true)) = claim(scene.packet) else { return Opinion::Absent };
    let Some(packet) = packet(scene) else { return Opinion::Absent };
    let target = packet.target_ip;
    let broken = target.is_unspecified() || target.is_multicast() || target.is_broadcast();
    Opinion::unless(broken, "RFC5227-1.1-a", || {
        (format!("a probe for {target}"), "the wanted address".into())
    })
}

fn announcement(scene: &Scene<'_>) -> Opinion {
    let (Some((mac, false)), Some(place)) = (claim(scene.packet), scene.pair) else { return Opinion::Absent };
    let Some(before) = place.own().claim.filter(|claim| claim.mac == mac && claim.probes > 0) else {
        return Opinion::Absent;
    };
    let Some(announced_ms) = before.announced_ms else { return Opinion::Absent };
    let since = millis(scene.packet.sighting.at).wrapping_sub(announced_ms);
    Opinion::unless((COPIES_MS..ANNOUNCED_EVERY_MS).contains(&since), "RFC5227-2.3-a", || {
        (format!("announced {since} ms after the time before"), "2 s".into())
    })
}
