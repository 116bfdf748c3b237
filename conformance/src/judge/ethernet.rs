//! floor 7: rules about frames (RFC 894, RFC 1112 section 6.4, RFC 1122 sections 2.3.3 and 3.3.6). The host
//! that is judged is the sender of the packet in the frame, so that its frame has to be the one that was
//! captured.
//!
//! RFC894-Frame_Format-d: how much a link carries is not on the wire; jumbo frames and super-packets made for
//! a network card to cut are longer.
//! RFC1122-3.3.6-e: which broadcast address is used is what the application chose.

use super::assume::Assumption::{self, Captured, Genuine, Untouched};
use super::ip::{doubt_routers, looks_replaced};
use super::kind::On;
use super::packet::{LLC_SAP_6, Link, Net};
use super::plain::{Plain, absent, holds};
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::{Outcome, Reason};
use stack::base::Mac;
use stack::wire::arp;
use stack::wire::ethernet::EtherType;
use std::net::{IpAddr, Ipv4Addr};

/// What every claim about a frame takes for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine];

/// Octets of the shortest frame without its check sequence.
const FRAME_OCTETS_MIN: u32 = 60;

/// Octets of the check sequence, which some captures have behind the frame.
const CHECK_SEQUENCE_OCTETS: usize = 4;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-L1",
        about: "IPv4 is in frames of its own type",
        clauses: &["RFC894-Frame_Format-a"],
        on: On::UNSETTLED,
        assumptions: FORM,
        quiet: &[holds(&[Plain::FRAME]), absent(&[Plain::UNFRAMED])],
        judge: frame_type,
        ..Rule::USUAL
    },
    Rule {
        id: "P-L2",
        about: "frames are of Ethernet II and not of IEEE 802.3",
        clauses: &["RFC1122-2.3.3-c"],
        on: On::UNSETTLED,
        assumptions: FORM,
        // A host may be told to use the other format.
        ceiling: Outcome::Note,
        quiet: &[holds(&[Plain::FRAME]), absent(&[Plain::UNFRAMED])],
        judge: snap,
        ..Rule::USUAL
    },
    Rule {
        id: "P-L3",
        about: "IP is not in frames of service access point 6",
        clauses: &["RFC1122-2.3.3-d"],
        on: On::UNSETTLED,
        assumptions: FORM,
        quiet: &[holds(&[Plain::FRAME]), absent(&[Plain::UNFRAMED])],
        judge: service_access_point,
        ..Rule::USUAL
    },
    Rule {
        id: "P-L4",
        about: "headers are not sent behind the data",
        clauses: &["RFC894-Trailer_Formats-a"],
        on: On::UNSETTLED,
        assumptions: FORM,
        // The receiver may have agreed to it.
        ceiling: Outcome::Deviates,
        quiet: &[holds(&[Plain::FRAME]), absent(&[Plain::UNFRAMED])],
        judge: trailer,
        ..Rule::USUAL
    },
    Rule {
        id: "P-L5",
        about: "short frames are padded with zeros",
        clauses: &["RFC894-Frame_Format-b"],
        on: On::IP.and(On::ARP),
        assumptions: FORM,
        // The padding may be that of a bridge.
        ceiling: Outcome::Deviates,
        quiet: &[absent(&[Plain::UNPADDED])],
        judge: padding,
        ..Rule::USUAL
    },
    Rule {
        id: "P-L6",
        about: "a packet to all hosts is in a frame to all stations",
        clauses: &["RFC894-Address_Mappings-a"],
        on: On::UNSETTLED,
        assumptions: FORM,
        quiet: &[absent(&[Plain::FRAME]), absent(&[Plain::UNFRAMED])],
        judge: broadcast,
        ..Rule::USUAL
    },
    Rule {
        id: "P-L7",
        about: "a packet to a group is in a frame to that group",
        clauses: &["RFC1112-6.4-a"],
        on: On::UNSETTLED,
        assumptions: FORM,
        quiet: &[absent(&[Plain::FRAME]), absent(&[Plain::UNFRAMED])],
        judge: group,
        ..Rule::USUAL
    },
    Rule {
        id: "P-L8",
        about: "a frame to all stations has a packet to more than one host",
        clauses: &["RFC1122-3.3.6-d"],
        on: On::UNSETTLED,
        assumptions: FORM,
        // A bridge may have been told to send the frames of one host to all.
        ceiling: Outcome::Deviates,
        quiet: &[absent(&[Plain::FRAME]), absent(&[Plain::UNFRAMED])],
        judge: one_host_in_broadcast,
        ..Rule::USUAL
    },
];

/// The frame of an IPv4 packet.
fn frame_of_v4(scene: &Scene<'_>) -> Option<(Link, Ipv4Addr)> {
    let Net::V4(view) = &scene.packet.net else { return None };
    scene.packet.sighting.link.map(|link| (link, view.dst()))
}

fn frame_type(scene: &Scene<'_>) -> Opinion {
    let ethertype = scene.packet.sighting.ethertype;
    if frame_of_v4(scene).is_none() || is_trailer(ethertype) || ethertype == LLC_SAP_6 {
        return Opinion::Absent;
    }
    Opinion::unless(ethertype != EtherType::IPV4, "RFC894-Frame_Format-a", || {
        (format!("IPv4 in a frame of type {:#06x}", ethertype.0), "0x0800".into())
    })
    .doubting(doubt_routers(scene))
}

fn snap(scene: &Scene<'_>) -> Opinion {
    let Some((link, _)) = frame_of_v4(scene) else { return Opinion::Absent };
    Opinion::unless(link.is_snap, "RFC1122-2.3.3-c", || {
        ("IPv4 in a frame of IEEE 802.3".into(), "Ethernet II, unless told otherwise".into())
    })
    .doubting(doubt_routers(scene))
}

fn service_access_point(scene: &Scene<'_>) -> Opinion {
    if frame_of_v4(scene).is_none() {
        return Opinion::Absent;
    }
    Opinion::unless(scene.packet.sighting.ethertype == LLC_SAP_6, "RFC1122-2.3.3-d", || {
        ("IPv4 behind LLC of service access point 6".into(), "Ethernet II or SNAP".into())
    })
    .doubting(doubt_routers(scene))
}

/// Whether frames of this type have their headers behind the data (RFC 893).
const fn is_trailer(ethertype: EtherType) -> bool {
    ethertype.0 & 0xfff0 == 0x1000
}

fn trailer(scene: &Scene<'_>) -> Opinion {
    if frame_of_v4(scene).is_none() {
        return Opinion::Absent;
    }
    let ethertype = scene.packet.sighting.ethertype;
    Opinion::unless(is_trailer(ethertype), "RFC894-Trailer_Formats-a", || {
        (format!("headers behind the data, type {:#06x}", ethertype.0), "0x0800".into())
    })
    .doubting(doubt_routers(scene))
}

/// Judges the padding of frames of exactly the shortest length: longer ones may have something behind them
/// that a bridge or the capture added, and shorter ones were not captured as they were on the wire.
fn padding(scene: &Scene<'_>) -> Opinion {
    let sighting = &scene.packet.sighting;
    let Some(link) = sighting.link else { return Opinion::Absent };
    let len_octets = match &scene.packet.net {
        Net::V4(view) if sighting.ethertype == EtherType::IPV4 => usize::from(view.total_len_octets()),
        Net::Arp(_) => arp::PACKET_OCTETS,
        Net::V4(_) | Net::V6(..) => return Opinion::Absent,
    };
    let shortest = sighting.wire_len.saturating_add(link.header_octets.into()) == FRAME_OCTETS_MIN;
    if !shortest || len_octets == 0 || len_octets >= sighting.wire_len as usize {
        return Opinion::Absent;
    }
    let Some(behind) = sighting.bytes.get(len_octets..sighting.wire_len as usize) else {
        return Opinion::Cut;
    };
    // The last four may be a check sequence, where a tag was taken out of the frame.
    let judged = &behind[..behind.len().saturating_sub(CHECK_SEQUENCE_OCTETS)];
    let shown = &judged[..judged.len().min(8)];
    Opinion::unless(judged.iter().any(|octet| *octet != 0), "RFC894-Frame_Format-b", || {
        (format!("padding {shown:02x?}…"), "zeros".into())
    })
    .doubting(doubt_routers(scene))
}

/// An access point may send a frame for all to each station by itself (RFC 9119 section 4.1).
fn doubt_conversion(dst: Mac) -> Option<Reason> {
    (!dst.is_group()).then_some(Reason::Converted)
}

fn broadcast(scene: &Scene<'_>) -> Opinion {
    let Some((link, dst)) = frame_of_v4(scene) else { return Opinion::Absent };
    if !dst.is_broadcast() {
        return Opinion::Absent;
    }
    Opinion::unless(!link.dst.is_broadcast(), "RFC894-Address_Mappings-a", || {
        (format!("{dst} in a frame to {}", link.dst), Mac::BROADCAST.to_string())
    })
    .doubting(doubt_conversion(link.dst))
    .doubting(doubt_routers(scene))
}

fn group(scene: &Scene<'_>) -> Opinion {
    let Some((link, dst)) = frame_of_v4(scene) else { return Opinion::Absent };
    if !dst.is_multicast() {
        return Opinion::Absent;
    }
    let mapped = Mac::of_group(IpAddr::V4(dst));
    Opinion::unless(link.dst != mapped, "RFC1112-6.4-a", || {
        (format!("{dst} in a frame to {}", link.dst), mapped.to_string())
    })
    .doubting(looks_replaced(dst.into()).then_some(Reason::Anonymised))
    .doubting(doubt_conversion(link.dst))
    .doubting(doubt_routers(scene))
}

/// An address that ends in two equal bits may mean all hosts of some network. If no packet to the address was
/// in a frame to one station, the address may have been replaced, or the frame been written by a tool.
fn one_host_in_broadcast(scene: &Scene<'_>) -> Opinion {
    let Some((link, dst)) = frame_of_v4(scene) else { return Opinion::Absent };
    if !link.dst.is_broadcast() {
        return Opinion::Absent;
    }
    let may_be_many = dst.is_multicast() || matches!(dst.octets()[3] & 3, 0 | 3);
    Opinion::unless(!may_be_many, "RFC1122-3.3.6-d", || {
        (format!("{dst} in a frame to all stations"), "a broadcast or multicast address".into())
    })
    .doubting((!is_known_as_one(scene)).then_some(Reason::Anonymised))
    .doubting(doubt_routers(scene))
}

/// Whether the sender had a packet to the same address in a frame to one station before.
fn is_known_as_one(scene: &Scene<'_>) -> bool {
    scene.pair.is_some_and(|place| place.own().to_one_station)
}
