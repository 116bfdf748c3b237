//! floor 7: rules about ICMP errors: what they may be about, what they quote, how they are marked (RFC 1122
//! section 3.2.2, RFC 1812 section 4.3.2, RFC 4443 section 2.4). An error quotes what it is about, so that it
//! shows by itself whether it may exist.
//!
//! RFC1122-3.2.2.2-b: nothing shows who is a router, and who redirects is one.

use super::assume::Assumption::{self, Captured, Genuine, Untouched};
use super::facts::pair::pieces;
use super::icmp::quote_length;
use super::ip::doubt_routers;
use super::kind::On;
use super::packet::{Net, Upper};
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::{Outcome, Reason};
use stack::wire::{icmpv4, icmpv6, ipv4, ipv6, tcp};
use std::net::{Ipv4Addr, Ipv6Addr};

/// What every claim about a message takes for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine];

const PROTOCOL_V4: u8 = 1;
const UNRECOGNIZED_OPTION: u8 = 2;
const REDIRECT_V6: u8 = 137;

/// Code of "destination unreachable": protocol.
const PROTOCOL_UNREACHABLE: u8 = 2;
/// Code of "destination unreachable": port.
const PORT_UNREACHABLE: u8 = 3;

/// Octets that an ICMPv4 error should fill, if the quoted packet does (RFC 1812 section 4.3.2.3).
const ERROR_OCTETS_V4: usize = 576;
/// Octets that an ICMPv6 error has at the most, and should fill (RFC 4443 section 2.4).
const ERROR_OCTETS_V6: usize = 1280;
/// Octets by which a quote may miss what would fit.
const SLACK_OCTETS: usize = 8;

/// The bits of the type of service without those of congestion notification.
const SERVICE: u8 = 0xfc;
/// The lowest precedence of network control.
const INTERNETWORK_CONTROL: u8 = 0xc0;
/// The flag that some routers clear.
const DONT_FRAGMENT: u16 = 0x4000;

/// The rules of this file.
pub const RULES: &[Rule] = &[
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
        on: On::ICMPV4,
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
        clauses: &["RFC1122-3.2.2-c", "RFC792-Destination_Unreachable-a"],
        on: On::ICMPV4,
        assumptions: FORM,
        judge: quotes_enough,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M10",
        about: "an ICMP error is not marked as what it is about",
        clauses: &["RFC1122-3.2.2-e", "RFC1812-4.3.2.5-a"],
        on: On::ICMPV4,
        assumptions: FORM,
        judge: type_of_service,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M11",
        about: "an ICMPv6 error fits into the smallest link",
        clauses: &["RFC4443-2.4-c"],
        on: On::ICMPV6,
        assumptions: FORM,
        judge: fits,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M12",
        about: "an ICMPv6 error quotes as much as fits",
        clauses: &["RFC4443-2.4-c"],
        on: On::ICMPV6,
        assumptions: FORM,
        // Who translates an error from IPv4 has no more to quote (RFC 7915 section 4.5).
        ceiling: Outcome::Deviates,
        judge: quotes_what_fits_v6,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M13",
        about: "an ICMP error quotes what was received",
        clauses: &["RFC1122-3.2.2-b"],
        on: On::ICMPV4,
        assumptions: FORM,
        judge: quotes_exactly,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M18",
        about: "an ICMP error of a router quotes as much as fits",
        clauses: &["RFC1812-4.3.2.3-a"],
        on: On::ICMPV4,
        assumptions: FORM,
        judge: quotes_what_fits_v4,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M19",
        about: "hosts report on ports and protocols, gateways on networks and hosts",
        clauses: &["RFC792-Destination_Unreachable-b"],
        on: On::ICMPV4,
        assumptions: FORM,
        // A gateway may answer for a host behind it, and with its address.
        ceiling: Outcome::Note,
        judge: code,
        ..Rule::USUAL
    },
    Rule {
        id: "P-A13",
        about: "a closed TCP port is reported by a reset",
        clauses: &["RFC1122-3.2.2.1-f"],
        on: On::ICMP,
        assumptions: FORM,
        // Packet filters answer with either.
        ceiling: Outcome::Note,
        judge: port_of_tcp,
        ..Rule::USUAL
    },
];

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

/// Whether the error comes from where the quoted packet went to. Anybody else is a gateway.
fn is_from_destination(scene: &Scene<'_>, quoted: &ipv4::View<'_>) -> bool {
    scene.packet.src == quoted.dst()
}

/// An error goes to whom the quoted packet came from. If not, addresses were replaced, by a translator or in
/// the capture, and who sent the error is not known to be a host or a gateway.
fn doubt_quote(scene: &Scene<'_>, quoted: &ipv4::View<'_>) -> Option<Reason> {
    (scene.packet.dst != quoted.src()).then_some(Reason::Anonymised)
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
            "none about an error or a redirect".into(),
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

/// Octets that an ICMPv4 error quotes, as its header says, whatever was captured.
fn quoted_octets(scene: &Scene<'_>) -> usize {
    match &scene.packet.upper {
        Upper::Icmpv4(_, extent) | Upper::Icmpv6(_, extent) => {
            extent.len_octets.saturating_sub(icmpv4::HEADER_OCTETS)
        }
        Upper::Tcp(_) | Upper::Udp(..) | Upper::Fragment(_) | Upper::Other => 0,
    }
}

fn quotes_enough(scene: &Scene<'_>) -> Opinion {
    let Some((view, quoted)) = error_v4(scene) else { return Opinion::Absent };
    let header = 4 * usize::from(quoted.ihl());
    let data = usize::from(quoted.total_len_octets()).saturating_sub(header).min(8);
    let there = quoted_octets(scene);
    let host = is_from_destination(scene, &quoted);
    let clause = if host { "RFC1122-3.2.2-c" } else { "RFC792-Destination_Unreachable-a" };
    Opinion::unless(there < header + data, clause, || {
        (
            format!("type {} code {} quotes {there} octets", view.kind(), view.code()),
            format!("at least {}", header + data),
        )
    })
    .doubting(doubt_quote(scene, &quoted).filter(|_| !host))
}

/// An error, and whether a host sent it, with its type of service.
fn type_of_service(scene: &Scene<'_>) -> Opinion {
    let (Some((view, quoted)), Net::V4(header)) = (error_v4(scene), &scene.packet.net) else {
        return Opinion::Absent;
    };
    if matches!(view.kind(), icmpv4::kind::SOURCE_QUENCH | icmpv4::kind::REDIRECT) {
        return Opinion::Absent;
    }
    let tos = header.tos() & SERVICE;
    let is_control = tos >= INTERNETWORK_CONTROL;
    if is_from_destination(scene, &quoted) {
        return Opinion::unless(tos != 0 && !is_control, "RFC1122-3.2.2-e", || {
            (format!("an error with type of service {tos:#04x}"), "0, or that of network control".into())
        })
        .doubting(doubt_routers(scene));
    }
    Opinion::unless(!is_control, "RFC1812-4.3.2.5-a", || {
        (format!("an error of a router with type of service {tos:#04x}"), "precedence 6 or 7".into())
    })
    .doubting(doubt_quote(scene, &quoted))
    .doubting(doubt_routers(scene))
}

/// Octets of an ICMPv6 error with its IPv6 header.
fn error_octets_v6(scene: &Scene<'_>) -> Option<usize> {
    let Net::V6(header, _) = &scene.packet.net else { return None };
    Some(ipv6::HEADER_OCTETS + usize::from(header.payload_len_octets()))
}

fn fits(scene: &Scene<'_>) -> Opinion {
    let (Some(_), Some(octets)) = (error_v6(scene), error_octets_v6(scene)) else { return Opinion::Absent };
    Opinion::unless(octets > ERROR_OCTETS_V6, "RFC4443-2.4-c", || {
        (format!("an error of {octets} octets"), format!("at most {ERROR_OCTETS_V6}"))
    })
}

/// Whether an error quotes less than the packet although there is room. A quote of a length that is given is
/// followed by something else.
fn quotes_too_little(scene: &Scene<'_>, total: usize, whole: usize, most: usize) -> bool {
    let is_extended = quote_length(scene).is_some_and(|(given, _)| given != 0);
    let there = quoted_octets(scene);
    !is_extended && whole >= there + SLACK_OCTETS && total + SLACK_OCTETS <= most
}

fn quotes_what_fits_v6(scene: &Scene<'_>) -> Opinion {
    let (Some((_, quoted)), Some(total)) = (error_v6(scene), error_octets_v6(scene)) else {
        return Opinion::Absent;
    };
    let (there, whole) =
        (quoted_octets(scene), ipv6::HEADER_OCTETS + usize::from(quoted.payload_len_octets()));
    Opinion::unless(quotes_too_little(scene, total, whole, ERROR_OCTETS_V6), "RFC4443-2.4-c", || {
        (format!("{there} octets of a packet of {whole}"), format!("as many as fit into {ERROR_OCTETS_V6}"))
    })
}

/// A host may be content with eight octets (RFC 1122 section 3.2.2).
fn quotes_what_fits_v4(scene: &Scene<'_>) -> Opinion {
    let (Some((view, quoted)), Net::V4(header)) = (error_v4(scene), &scene.packet.net) else {
        return Opinion::Absent;
    };
    if is_from_destination(scene, &quoted) || view.kind() == icmpv4::kind::SOURCE_QUENCH {
        return Opinion::Absent;
    }
    let total = usize::from(header.total_len_octets());
    let (there, whole) = (quoted_octets(scene), usize::from(quoted.total_len_octets()));
    Opinion::unless(quotes_too_little(scene, total, whole, ERROR_OCTETS_V4), "RFC1812-4.3.2.3-a", || {
        (format!("{there} octets of a packet of {whole}"), format!("as many as fit into {ERROR_OCTETS_V4}"))
    })
    .doubting(doubt_quote(scene, &quoted))
}

/// Compares a quote with the packet that was seen on its way to the host: known by its identification, right
/// or with its octets swapped, and by its first eight octets. What routers may change is not compared.
fn quotes_exactly(scene: &Scene<'_>) -> Opinion {
    let (Some((view, quoted)), Some(place)) = (error_v4(scene), scene.pair) else { return Opinion::Absent };
    let by_host = view.kind() == icmpv4::kind::DESTINATION_UNREACHABLE
        && matches!(view.code(), PROTOCOL_UNREACHABLE | PORT_UNREACHABLE);
    if !by_host || !is_from_destination(scene, &quoted) || scene.packet.dst != quoted.src() {
        return Opinion::Absent;
    }
    let Some(head) = view.data().get(4 * usize::from(quoted.ihl())..).and_then(<[u8]>::first_chunk::<8>)
    else {
        return Opinion::Absent;
    };
    let own = (quoted.identification(), quoted.total_len_octets(), pieces(&quoted) & !DONT_FRAGMENT);
    let same = place.peer().quotable.iter().filter(|sent| {
        let known = [sent.id, sent.id.swap_bytes()].contains(&own.0);
        known && sent.protocol == quoted.protocol() && sent.head == *head
    });
    let mut sent = same.map(|sent| (sent.id, sent.total_octets, sent.pieces & !DONT_FRAGMENT)).peekable();
    let Some(first) = sent.peek().copied() else { return Opinion::Absent };
    Opinion::unless(!sent.any(|sent| sent == own), "RFC1122-3.2.2-b", || {
        let text =
            |(id, total, pieces)| format!("identification {id:#06x}, length {total}, fragment {pieces:#06x}");
        (format!("a quote with {}", text(own)), text(first))
    })
    .doubting(doubt_routers(scene))
}

fn code(scene: &Scene<'_>) -> Opinion {
    let Some((view, quoted)) = error_v4(scene) else { return Opinion::Absent };
    if view.kind() != icmpv4::kind::DESTINATION_UNREACHABLE || view.code() > 5 {
        return Opinion::Absent;
    }
    let host = is_from_destination(scene, &quoted);
    let of_host = matches!(view.code(), PROTOCOL_UNREACHABLE | PORT_UNREACHABLE);
    Opinion::unless(host != of_host, "RFC792-Destination_Unreachable-b", || {
        let who = if host { "the destination" } else { "a gateway" };
        let bound = if host { "2 or 3" } else { "0, 1, 4 or 5" };
        (format!("unreachable code {} by {who}", view.code()), bound.into())
    })
    .doubting(doubt_quote(scene, &quoted))
}

fn port_of_tcp(scene: &Scene<'_>) -> Opinion {
    let protocol = if let Some((view, quoted)) = error_v4(scene) {
        let about_port =
            (view.kind(), view.code()) == (icmpv4::kind::DESTINATION_UNREACHABLE, PORT_UNREACHABLE);
        about_port.then(|| quoted.protocol())
    } else if let Some((view, quoted)) = error_v6(scene) {
        let about_port =
            (view.kind(), view.code()) == (icmpv6::DESTINATION_UNREACHABLE, icmpv6::CODE_PORT_UNREACHABLE);
        about_port.then(|| quoted.next_header())
    } else {
        None
    };
    let Some(protocol) = protocol else { return Opinion::Absent };
    Opinion::unless(protocol == tcp::PROTOCOL, "RFC1122-3.2.2.1-f", || {
        ("port unreachable for a TCP port".into(), "a reset".into())
    })
}
