//! floor 7: rules about ARP packets (RFC 826).
//!
//! Left out: that the sender's hardware address is that of the frame (bridges of wireless networks differ),
//! and what needs to know when a host began to use an address (RFC 5227).

use super::assume::Assumption::{Captured, Genuine, Untouched};
use super::kind::On;
use super::packet::Net;
use super::rule::{Opinion, Rule, Scene};
use stack::wire::arp;

/// The rules of this file.
pub const RULES: &[Rule] = &[Rule {
    id: "P-R1",
    about: "the sender of an ARP packet is one station with one address",
    clauses: &["RFC826-Packet_Generation-a"],
    on: On::ARP,
    assumptions: &[Captured, Untouched, Genuine],
    judge: sender,
    ..Rule::USUAL
}];

fn sender(scene: &Scene<'_>) -> Opinion {
    let Net::Arp(view) = &scene.packet.net else { return Opinion::Absent };
    let Ok(packet) = arp::Packet::check(view) else { return Opinion::Absent };
    let (mac, ip) = (packet.sender_mac, packet.sender_ip);
    // 0.0.0.0 asks whether an address is free (RFC 5227 section 1.1).
    let broken = mac.is_group() || ip.is_multicast() || ip.is_broadcast();
    Opinion::unless(broken, "RFC826-Packet_Generation-a", || {
        (format!("sender {mac} with {ip}"), "the sender's own addresses".into())
    })
}
