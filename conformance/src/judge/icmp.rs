//! floor 7: rules about ICMP messages (RFC 792, RFC 1122 section 3.2.2, RFC 4443 section 2.4, RFC 4861). An
//! error quotes what it is about, so that it shows by itself whether it may exist.
//!
//! Left out: redirects and router advertisements by hosts (nothing shows who is a router), how much an error
//! quotes above the minimum, and its type of service.

use super::assume::Assumption::{self, Captured, Genuine, NoOffload, Untouched};
use super::checksum::Kind;
use super::kind::On;
use super::packet::{Net, Upper};
use super::rule::{Opinion, Rule, Scene};
use super::tcp_format::of_kind;
use stack::wire::{icmpv4, icmpv6, ipv4, ipv6};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What every claim about a message takes for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine];

const PROTOCOL_V4: u8 = 1;
const FRAGMENTATION_NEEDED: u8 = 4;
const UNRECOGNIZED_OPTION: u8 = 2;
const ROUTER_ADVERTISEMENT: u8 = 134;
const NEIGHBOR_SOLICITATION: u8 = 135;
const NEIGHBOR_ADVERTISEMENT: u8 = 136;
const REDIRECT_V6: u8 = 137;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-M1",
        about: "the ICMP checksum is right",
        clauses: &["RFC792-Echo-b", "RFC4443-2.3-a"],
        on: On::ICMP,
        assumptions: &[Captured, Untouched, NoOffload, Genuine],
        judge: checksum,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M2",
        about: "no ICMP error about an ICMP error or a redirect",
        clauses: &["RFC1122-3.2.2-f", "RFC4443-2.4-e", "RFC4443-2.4-f"],
        on: On::ICMP,
        assumptions: FORM,
        judge: about_an_error,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M3",
        about: "no ICMP error about a packet to many",
        clauses: &["RFC1122-3.2.2-g", "RFC4443-2.4-g"],
        on: On::ICMP,
        assumptions: FORM,
        judge: about_a_group,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M4",
        about: "no ICMP error about a fragment but the first",
        clauses: &["RFC1122-3.2.2-i"],
        on: On::ICMP,
        assumptions: FORM,
        judge: about_a_later_fragment,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M5",
        about: "no ICMP error about a packet whose source is not one host",
        clauses: &["RFC1122-3.2.2-j", "RFC4443-2.4-i"],
        on: On::ICMP,
        assumptions: FORM,
        judge: about_no_host,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M6",
        about: "an ICMP error quotes the header and eight octets",
        clauses: &["RFC1122-3.2.2-c"],
        on: On::ICMP,
        assumptions: FORM,
        judge: quotes_enough,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M7",
        about: "unused fields of unreachable messages are zero",
        clauses: &["RFC792-Message_Formats-a", "RFC4443-3.1-c"],
        on: On::ICMP,
        assumptions: FORM,
        judge: unused_fields,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M8",
        about: "source quench is not sent",
        clauses: &["RFC6633-3-a"],
        on: On::ICMPV4,
        assumptions: FORM,
        judge: source_quench,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M9",
        about: "neighbour discovery has hop limit 255",
        clauses: &["RFC4861-6.1.2-a", "RFC4861-7.1.1-a", "RFC4861-7.1.2-a"],
        on: On::ICMPV6,
        assumptions: FORM,
        judge: discovery_hop_limit,
        ..Rule::USUAL
    },
];

fn checksum(scene: &Scene<'_>) -> Opinion {
    let clause = if scene.packet.src.is_ipv4() { "RFC792-Echo-b" } else { "RFC4443-2.3-a" };
    of_kind(scene, Kind::Icmp, clause, |scene| match &scene.packet.upper {
        Upper::Icmpv4(view, _) => Some(view.checksum()),
        Upper::Icmpv6(view, _) => Some(view.checksum()),
        Upper::Tcp(_) | Upper::Udp(..) | Upper::Fragment(_) | Upper::Other => None,
    })
}

/// An ICMPv4 error with the header that it quotes.
fn error_v4<'a>(scene: &Scene<'a>) -> Option<(&'a icmpv4::View<'a>, ipv4::View<'a>)> {
    let Upper::Icmpv4(view, _) = &scene.packet.upper else { return None };
    let quoted = ipv4::View::read(view.data()).ok()?;
    let readable = icmpv4::kind::is_error(view.kind()) && quoted.version() == 4 && quoted.ihl() >= 5;
    readable.then_some((view, quoted))
}

/// An ICMPv6 error with the header that it quotes.
fn error_v6<'a>(scene: &Scene<'a>) -> Option<(&'a icmpv6::View<'a>, ipv6::View<'a>)> {
    let Upper::Icmpv6(view, _) = &scene.packet.upper else { return None };
    let quoted = ipv6::View::read(view.body().get(4..)?).ok()?;
    (icmpv6::is_error(view.kind()) && quoted.version() == 6).then_some((view, quoted))
}

fn about_an_error(scene: &Scene<'_>) -> Opinion {
    if let Some((_, quoted)) = error_v4(scene) {
        let is_icmp = quoted.protocol() == PROTOCOL_V4 && quoted.fragment_offset_octets() == 0;
        let kind = quoted.payload().first().filter(|_| is_icmp).copied();
        return Opinion::unless(kind.is_some_and(icmpv4::kind::is_error), "RFC1122-3.2.2-f", || {
            (format!("an error about ICMP type {}", kind.unwrap_or(0)), "none about an error".into())
        });
    }
    let Some((_, quoted)) = error_v6(scene) else { return Opinion::Absent };
    let kind = quoted.extensions().upper().ok().and_then(|upper| {
        let first = upper.fragment.is_none_or(|fragment| fragment.offset_octets == 0);
        upper.payload.first().filter(|_| first && upper.protocol == icmpv6::PROTOCOL).copied()
    });
    let (broken, clause) = match kind {
        Some(REDIRECT_V6) => (true, "RFC4443-2.4-f"),
        Some(kind) => (icmpv6::is_error(kind), "RFC4443-2.4-e"),
        None => (false, "RFC4443-2.4-e"),
    };
    Opinion::unless(broken, clause, || {
        (
            format!("an error about ICMPv6 type {}", kind.unwrap_or(0)),
            "none about an error or redirect".into(),
        )
    })
}

fn about_a_group(scene: &Scene<'_>) -> Opinion {
    if let Some((_, quoted)) = error_v4(scene) {
        let dst: Ipv4Addr = quoted.dst();
        return Opinion::unless(dst.is_multicast() || dst.is_broadcast(), "RFC1122-3.2.2-g", || {
            (format!("an error about a packet to {dst}"), "none about packets to many".into())
        });
    }
    let Some((view, quoted)) = error_v6(scene) else { return Opinion::Absent };
    let excepted = view.kind() == icmpv6::PACKET_TOO_BIG
        || (view.kind() == icmpv6::PARAMETER_PROBLEM && view.code() == UNRECOGNIZED_OPTION);
    let dst: Ipv6Addr = quoted.dst();
    Opinion::unless(dst.is_multicast() && !excepted, "RFC4443-2.4-g", || {
        (format!("an error about a packet to {dst}"), "none about packets to many".into())
    })
}

fn about_a_later_fragment(scene: &Scene<'_>) -> Opinion {
    let Some((_, quoted)) = error_v4(scene) else { return Opinion::Absent };
    let offset = quoted.fragment_offset_octets();
    Opinion::unless(offset != 0, "RFC1122-3.2.2-i", || {
        (format!("an error about a fragment at octet {offset}"), "about the first only".into())
    })
}

fn about_no_host(scene: &Scene<'_>) -> Opinion {
    if let Some((_, quoted)) = error_v4(scene) {
        let src: Ipv4Addr = quoted.src();
        let loopback = src.is_loopback() && !scene.packet.dst.is_loopback();
        let none = src.is_unspecified() || src.is_multicast() || src.octets()[0] >= 240 || loopback;
        return Opinion::unless(none, "RFC1122-3.2.2-j", || {
            (format!("an error about a packet from {src}"), "a source that is one host".into())
        });
    }
    let Some((_, quoted)) = error_v6(scene) else { return Opinion::Absent };
    let src: Ipv6Addr = quoted.src();
    Opinion::unless(src.is_unspecified() || src.is_multicast(), "RFC4443-2.4-i", || {
        (format!("an error about a packet from {src}"), "a source that is one host".into())
    })
}

fn quotes_enough(scene: &Scene<'_>) -> Opinion {
    let Upper::Icmpv4(view, extent) = &scene.packet.upper else { return Opinion::Absent };
    let Some((_, quoted)) = error_v4(scene) else { return Opinion::Absent };
    let header = 4 * usize::from(quoted.ihl());
    let data = usize::from(quoted.total_len_octets()).saturating_sub(header).min(8);
    let there = extent.len_octets.saturating_sub(icmpv4::HEADER_OCTETS);
    let code = view.code();
    Opinion::unless(there < header + data, "RFC1122-3.2.2-c", || {
        (
            format!("type {} code {code} quotes {there} octets", view.kind()),
            format!("at least {}", header + data),
        )
    })
}

fn unused_fields(scene: &Scene<'_>) -> Opinion {
    match &scene.packet.upper {
        Upper::Icmpv4(view, _) if view.kind() == icmpv4::kind::DESTINATION_UNREACHABLE => {
            // The second octet may give the length of the quote (RFC 4884), the last two the next-hop MTU.
            let [first, _, third, fourth] = view.rest();
            let used = view.code() == FRAGMENTATION_NEEDED;
            let broken = first != 0 || (!used && (third != 0 || fourth != 0));
            Opinion::unless(broken, "RFC792-Message_Formats-a", || {
                (format!("unused octets {:02x?}", view.rest()), "zero".into())
            })
        }
        Upper::Icmpv6(view, _) if view.kind() == icmpv6::DESTINATION_UNREACHABLE => {
            // The first octet may give the length of the quote (RFC 4884).
            let Some([_, rest @ ..]) = view.body().first_chunk::<4>() else { return Opinion::Absent };
            Opinion::unless(*rest != [0; 3], "RFC4443-3.1-c", || {
                (format!("unused octets {rest:02x?}"), "zero".into())
            })
        }
        Upper::Icmpv4(..)
        | Upper::Icmpv6(..)
        | Upper::Tcp(_)
        | Upper::Udp(..)
        | Upper::Fragment(_)
        | Upper::Other => Opinion::Absent,
    }
}

fn source_quench(scene: &Scene<'_>) -> Opinion {
    let Upper::Icmpv4(view, _) = &scene.packet.upper else { return Opinion::Absent };
    Opinion::unless(view.kind() == icmpv4::kind::SOURCE_QUENCH, "RFC6633-3-a", || {
        ("a source quench".into(), "none".into())
    })
}

fn discovery_hop_limit(scene: &Scene<'_>) -> Opinion {
    let (Upper::Icmpv6(view, _), Net::V6(ip, _)) = (&scene.packet.upper, &scene.packet.net) else {
        return Opinion::Absent;
    };
    let clause = match view.kind() {
        ROUTER_ADVERTISEMENT => "RFC4861-6.1.2-a",
        NEIGHBOR_SOLICITATION => "RFC4861-7.1.1-a",
        NEIGHBOR_ADVERTISEMENT => "RFC4861-7.1.2-a",
        _ => return Opinion::Absent,
    };
    let hops = ip.hop_limit();
    debug_assert!(matches!(scene.packet.src, IpAddr::V6(_)));
    Opinion::unless(hops != 255, clause, || (format!("hop limit {hops}"), "255".into()))
}
