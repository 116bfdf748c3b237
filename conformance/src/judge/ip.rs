//! floor 7: rules about the headers of IP packets by themselves (RFC 791, RFC 1122 section 3.2.1, RFC 4291
//! section 2).
//!
//! RFC1112-6.1-a: the application may ask for another TTL, and nothing shows whether it did.

use super::assume::Assumption::{self, Captured, Genuine, NoOffload, Untouched};
use super::checksum::Field;
use super::kind::On;
use super::nearness::FIRST_HOPS;
use super::packet::{Net, Packet, Upper};
use super::plain::{Plain, absent, holds};
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::Reason;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What every claim about a header takes for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine];

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-I1",
        about: "the IPv4 header checksum is right",
        clauses: &["RFC791-3.1-f"],
        on: On::IP,
        assumptions: &[Captured, Untouched, NoOffload, Genuine],
        quiet: &[holds(&[Plain::HEADER]), absent(&[Plain::V6])],
        judge: header_checksum,
        ..Rule::USUAL
    },
    Rule {
        id: "P-I2",
        about: "the reserved flag of IPv4 is zero",
        clauses: &["RFC791-3.1-e"],
        on: On::IP,
        assumptions: FORM,
        quiet: &[holds(&[Plain::HEADER]), absent(&[Plain::V6])],
        judge: reserved_flag,
        ..Rule::USUAL
    },
    Rule {
        id: "P-I3",
        about: "no packet is sent with a TTL of zero",
        clauses: &["RFC1122-3.2.1.7-a"],
        on: On::IP,
        assumptions: FORM,
        quiet: &[holds(&[Plain::HEADER]), absent(&[Plain::V6])],
        judge: time_to_live,
        ..Rule::USUAL
    },
    Rule {
        id: "P-I4",
        about: "the header length is at least 5 words and inside of the packet",
        clauses: &["RFC791-3.1-a", "RFC791-3.1-b"],
        on: On::IP,
        assumptions: FORM,
        quiet: &[holds(&[Plain::HEADER]), absent(&[Plain::V6])],
        judge: header_length,
        ..Rule::USUAL
    },
    Rule {
        id: "P-A12",
        about: "addresses are such as a host may send",
        clauses: &[
            "RFC1122-3.2.1.3-a",
            "RFC1122-3.2.1.3-b",
            "RFC1122-3.2.1.3-c",
            "RFC1122-3.2.1.3-d",
            "RFC4291-2.5.2-a",
            "RFC4291-2.5.3-a",
            "RFC4291-2.7-a",
        ],
        on: On::IP,
        assumptions: FORM,
        quiet: &[holds(&[Plain::ADDRESSES])],
        judge: addresses,
        ..Rule::USUAL
    },
    Rule {
        id: "P-A12r",
        about: "a segment from what is not one host is not answered",
        clauses: &["RFC1122-4.2.3.10-a"],
        on: On::SYN_ACK.and(On::RESET),
        assumptions: FORM,
        quiet: &[holds(&[Plain::ADDRESSES])],
        judge: answer_to_nobody,
        ..Rule::USUAL
    },
];

/// Only an answer to a segment with such a source goes there.
fn answer_to_nobody(scene: &Scene<'_>) -> Opinion {
    let (src, dst) = (scene.packet.src, scene.packet.dst);
    let is_group = match dst {
        IpAddr::V4(dst) => dst.is_multicast() || dst.is_broadcast(),
        IpAddr::V6(dst) => dst.is_multicast(),
    };
    Opinion::unless(is_group, "RFC1122-4.2.3.10-a", || {
        (format!("{src} answers {dst}"), "silence towards what is not one host".into())
    })
    .doubting(looks_replaced(dst).then_some(Reason::Anonymised))
}

fn header_checksum(scene: &Scene<'_>) -> Opinion {
    let (Some(field), Net::V4(view)) = (scene.header_field, &scene.packet.net) else {
        return Opinion::Absent;
    };
    let doubt = match field {
        Field::Right => return Opinion::Holds,
        Field::Unfilled => Some(Reason::Unfilled),
        Field::OneBit => Some(Reason::OneBit),
        Field::Wrong => None,
    };
    let written = view.checksum();
    Opinion::unless(true, "RFC791-3.1-f", || {
        (format!("header checksum {written:#06x}, which is wrong"), "the sum over the header".into())
    })
    .doubting(doubt)
}

fn reserved_flag(scene: &Scene<'_>) -> Opinion {
    let Net::V4(view) = &scene.packet.net else { return Opinion::Absent };
    Opinion::unless(view.reserved_flag(), "RFC791-3.1-e", || ("reserved flag set".into(), "clear".into()))
}

fn time_to_live(scene: &Scene<'_>) -> Opinion {
    let Net::V4(view) = &scene.packet.net else { return Opinion::Absent };
    Opinion::unless(view.ttl() == 0, "RFC1122-3.2.1.7-a", || ("TTL 0".into(), "at least 1".into()))
}

fn header_length(scene: &Scene<'_>) -> Opinion {
    let Net::V4(view) = &scene.packet.net else { return Opinion::Absent };
    let octets = 4 * u32::from(view.ihl());
    let total = u32::from(view.total_len_octets());
    if octets < 20 {
        let what = || (format!("IHL {}", view.ihl()), "at least 5".into());
        return Opinion::unless(true, "RFC791-3.1-a", what);
    }
    // A total length of zero is a super-packet for the network card to cut.
    Opinion::unless(total != 0 && octets > total, "RFC791-3.1-b", || {
        (format!("header of {octets} octets"), format!("at most the total length of {total}"))
    })
}

fn addresses(scene: &Scene<'_>) -> Opinion {
    if matches!(scene.packet.net, Net::Arp(_)) {
        return Opinion::Absent;
    }
    let broken = match (scene.packet.src, scene.packet.dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => martian_v4(src, dst, scene),
        (IpAddr::V6(src), IpAddr::V6(dst)) => martian_v6(src, dst),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => None,
    };
    let Some((clause, bound)) = broken else { return Opinion::Holds };
    let doubt = doubt_addresses(scene, clause);
    let seen = format!("{} to {}", scene.packet.src, scene.packet.dst);
    Opinion::unless(true, clause, || (seen, bound.into())).doubting(doubt)
}

/// Replaced addresses seldom hit those that mean something by themselves.
pub(super) fn looks_replaced(src: IpAddr) -> bool {
    match src {
        IpAddr::V4(src) => {
            let known = src.is_broadcast() || src.is_unspecified() || src.octets()[..3] == [224, 0, 0];
            !known && (src.is_multicast() || src.octets()[0] == 0)
        }
        IpAddr::V6(src) => src.is_multicast() && src.segments()[1..7] != [0; 6],
    }
}

/// Traffic from loopback to loopback was recorded inside of a host, whatever the frames look like.
fn doubt_addresses(scene: &Scene<'_>, clause: &str) -> Option<Reason> {
    let (src, dst) = (scene.packet.src, scene.packet.dst);
    let about_loopback = matches!(clause, "RFC1122-3.2.1.3-d" | "RFC4291-2.5.3-a") || dst.is_unspecified();
    let inside = scene.packet.sighting.inside || (src.is_loopback() && dst.is_loopback());
    if about_loopback {
        inside.then_some(Reason::InsideHost)
    } else {
        looks_replaced(src).then_some(Reason::Anonymised)
    }
}

/// A packet with hops left as hosts begin with has passed no router, so that its frame and its type of
/// service are those of its source.
pub(super) fn doubt_routers(scene: &Scene<'_>) -> Option<Reason> {
    let passed_none = scene.packet.net.hop_limit().is_none_or(|hops| FIRST_HOPS.contains(&hops));
    (!passed_none).then_some(Reason::NotNear)
}

/// Whether an address is that of one host, as far as it can be seen, and may be on the wire.
pub(super) fn is_one_host(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => !matches!(addr.octets()[0], 0 | 127 | 224..),
        IpAddr::V6(addr) => !addr.is_multicast() && !addr.is_unspecified() && !addr.is_loopback(),
    }
}

/// Whether both addresses are plain: nothing forbids them.
pub(super) fn are_of_hosts(packet: &Packet<'_>) -> bool {
    is_one_host(packet.src) && is_one_host(packet.dst)
}

fn martian_v4(src: Ipv4Addr, dst: Ipv4Addr, scene: &Scene<'_>) -> Option<(&'static str, &'static str)> {
    let transport = matches!(scene.packet.upper, Upper::Tcp(_));
    if src.is_multicast() {
        Some(("RFC1122-3.2.1.3-a", "a source that is one host"))
    } else if src.is_broadcast() {
        Some(("RFC1122-3.2.1.3-c", "a source that is one host"))
    } else if transport && src.octets()[0] == 0 {
        // Without a connection 0.0.0.0 asks for an address.
        Some(("RFC1122-3.2.1.3-b", "a source that is one host"))
    } else if dst.is_unspecified() {
        Some(("RFC1122-3.2.1.3-b", "a destination that is not 0.0.0.0"))
    } else if (src.is_loopback() || dst.is_loopback()) && !follows_labels(scene) {
        Some(("RFC1122-3.2.1.3-d", "127/8 stays inside of a host"))
    } else {
        None
    }
}

/// What tests a path of labels is sent to 127/8, so that no router takes it further than the labels do (RFC
/// 8029 section 2.1, RFC 5884 section 4).
const fn follows_labels(scene: &Scene<'_>) -> bool {
    const PATH_TESTS: [u16; 2] = [3503, 3784];
    match &scene.packet.upper {
        Upper::Udp(view, _) => view.dst_port() == PATH_TESTS[0] || view.dst_port() == PATH_TESTS[1],
        Upper::Tcp(_) | Upper::Icmpv4(..) | Upper::Icmpv6(..) | Upper::Fragment(_) | Upper::Other => false,
    }
}

fn martian_v6(src: Ipv6Addr, dst: Ipv6Addr) -> Option<(&'static str, &'static str)> {
    if src.is_multicast() {
        Some(("RFC4291-2.7-a", "a source that is no group"))
    } else if dst.is_unspecified() {
        Some(("RFC4291-2.5.2-a", "a destination that is not ::"))
    } else if src.is_loopback() || dst.is_loopback() {
        Some(("RFC4291-2.5.3-a", "::1 stays inside of a host"))
    } else {
        None
    }
}
