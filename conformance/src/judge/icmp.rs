//! floor 7: rules about the form of ICMP messages (RFC 792, RFC 1191 section 4, RFC 4443, RFC 4884, RFC
//! 6633). What an error may be about is in [`icmp_error`](super::icmp_error), what is owed in
//! [`icmp_duty`](super::icmp_duty).

use super::assume::Assumption::{self, Captured, Genuine, NoOffload, Untouched};
use super::checksum::Kind;
use super::ip::looks_replaced;
use super::kind::On;
use super::packet::{Extent, Upper};
use super::rule::{Opinion, Rule, Scene};
use super::tcp_format::of_kind;
use crate::verdict::{Outcome, Reason};
use stack::wire::{checksum as sum, icmpv4, icmpv6};

/// What every claim about a message takes for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine];

const FRAGMENTATION_NEEDED: u8 = 4;

/// What every link carries in one piece (RFC 8200 section 5).
const LINK_OCTETS_MIN: u32 = 1280;

/// Octets before the quote of an error.
const BEFORE_QUOTE_OCTETS: usize = 8;

/// Octets that a quote has at least where an extension structure follows it (RFC 4884 section 4).
const QUOTE_OCTETS_MIN: usize = 128;

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
        id: "P-M7",
        about: "unused fields of errors are zero",
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
        id: "P-M14",
        about: "who needs a fragment says how large",
        clauses: &["RFC1191-4-a"],
        on: On::ICMPV4,
        assumptions: FORM,
        judge: next_hop_mtu,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M15",
        about: "links carry 1280 octets of IPv6",
        clauses: &["RFC8200-5-b"],
        on: On::ICMPV6,
        assumptions: FORM,
        // Who translates to IPv4 was allowed to ask for less (RFC 2460 section 5).
        ceiling: Outcome::Deviates,
        judge: smallest_link,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M16",
        about: "an extension structure follows a quote of a length that is given",
        clauses: &["RFC4884-4-a"],
        on: On::ICMP,
        assumptions: FORM,
        judge: extension_structure,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M17",
        about: "an ICMPv6 message comes from one node",
        clauses: &["RFC4443-2.2-a"],
        on: On::ICMPV6,
        assumptions: FORM,
        judge: source,
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

/// The unused octets of an ICMPv4 error. The second of them may give the length of the quote (RFC 4884), the
/// last two the next-hop MTU.
const fn unused_v4(view: &icmpv4::View<'_>) -> Option<[u8; 3]> {
    let [first, _, third, fourth] = view.rest();
    match view.kind() {
        icmpv4::kind::DESTINATION_UNREACHABLE if view.code() == FRAGMENTATION_NEEDED => Some([first, 0, 0]),
        icmpv4::kind::DESTINATION_UNREACHABLE | icmpv4::kind::TIME_EXCEEDED => Some([first, third, fourth]),
        icmpv4::kind::PARAMETER_PROBLEM => Some([0, third, fourth]),
        _ => None,
    }
}

fn unused_fields(scene: &Scene<'_>) -> Opinion {
    let (unused, clause) = match &scene.packet.upper {
        Upper::Icmpv4(view, _) => (unused_v4(view), "RFC792-Message_Formats-a"),
        // The first octet may give the length of the quote (RFC 4884).
        Upper::Icmpv6(view, _) if view.kind() == icmpv6::DESTINATION_UNREACHABLE => {
            (view.body().get(1..).and_then(<[u8]>::first_chunk).copied(), "RFC4443-3.1-c")
        }
        Upper::Icmpv6(..) | Upper::Tcp(_) | Upper::Udp(..) | Upper::Fragment(_) | Upper::Other => {
            return Opinion::Absent;
        }
    };
    let Some(unused) = unused else { return Opinion::Absent };
    Opinion::unless(unused != [0; 3], clause, || (format!("unused octets {unused:02x?}"), "zero".into()))
}

fn source_quench(scene: &Scene<'_>) -> Opinion {
    let Upper::Icmpv4(view, _) = &scene.packet.upper else { return Opinion::Absent };
    Opinion::unless(view.kind() == icmpv4::kind::SOURCE_QUENCH, "RFC6633-3-a", || {
        ("a source quench".into(), "none".into())
    })
}

fn next_hop_mtu(scene: &Scene<'_>) -> Opinion {
    let Upper::Icmpv4(view, _) = &scene.packet.upper else { return Opinion::Absent };
    let about = (icmpv4::kind::DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED);
    if (view.kind(), view.code()) != about {
        return Opinion::Absent;
    }
    let [_, _, high, low] = view.rest();
    Opinion::unless((high, low) == (0, 0), "RFC1191-4-a", || {
        ("fragmentation needed for a next hop of 0 octets".into(), "the MTU of the next hop".into())
    })
}

fn smallest_link(scene: &Scene<'_>) -> Opinion {
    let Upper::Icmpv6(view, _) = &scene.packet.upper else { return Opinion::Absent };
    let Some(mtu) = view.body().first_chunk().filter(|_| view.kind() == icmpv6::PACKET_TOO_BIG) else {
        return Opinion::Absent;
    };
    let mtu = u32::from_be_bytes(*mtu);
    Opinion::unless(mtu < LINK_OCTETS_MIN, "RFC8200-5-b", || {
        (format!("packet too big for a link of {mtu} octets"), format!("at least {LINK_OCTETS_MIN}"))
    })
}

/// Length of the quote in octets as an error gives it, for those types that can: zero if it gives none.
pub(super) fn quote_length<'a>(scene: &Scene<'a>) -> Option<(usize, Extent<'a>)> {
    match &scene.packet.upper {
        Upper::Icmpv4(view, extent) => {
            use icmpv4::kind::{DESTINATION_UNREACHABLE, PARAMETER_PROBLEM, TIME_EXCEEDED};
            let kinds = [DESTINATION_UNREACHABLE, PARAMETER_PROBLEM, TIME_EXCEEDED];
            kinds.contains(&view.kind()).then(|| (4 * usize::from(view.rest()[1]), *extent))
        }
        Upper::Icmpv6(view, extent) => {
            let kinds = [icmpv6::DESTINATION_UNREACHABLE, icmpv6::TIME_EXCEEDED];
            let words = view.body().first().filter(|_| kinds.contains(&view.kind()))?;
            Some((8 * usize::from(*words), *extent))
        }
        Upper::Tcp(_) | Upper::Udp(..) | Upper::Fragment(_) | Upper::Other => None,
    }
}

/// Whether these octets are an extension structure beyond doubt: version, checksum, and objects to the end.
fn is_extension_structure(bytes: &[u8]) -> bool {
    let [0x20, 0, a, b, objects @ ..] = bytes else { return false };
    if (*a, *b) == (0, 0) || objects.is_empty() || sum::of(bytes) != 0 {
        return false;
    }
    let mut rest = objects;
    while let [high, low, ..] = rest {
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        match rest.get(len..) {
            Some(behind) if len >= 4 && len.is_multiple_of(4) => rest = behind,
            Some(_) | None => return false,
        }
    }
    rest.is_empty()
}

fn extension_structure(scene: &Scene<'_>) -> Opinion {
    let Some((given, extent)) = quote_length(scene) else { return Opinion::Absent };
    if !extent.is_whole() {
        return Opinion::Cut;
    }
    let quote = extent.bytes.get(BEFORE_QUOTE_OCTETS..).unwrap_or(&[]);
    let behind = |octets: usize| quote.get(octets..).is_some_and(is_extension_structure);
    let bound = || format!("a quote of at least {QUOTE_OCTETS_MIN} octets, and its length");
    match given {
        0 if behind(QUOTE_OCTETS_MIN) => Opinion::unless(true, "RFC4884-4-a", || {
            ("an extension structure behind a quote without a length".into(), bound())
        }),
        0 => Opinion::Absent,
        given if !behind(given) => Opinion::Absent,
        given => Opinion::unless(given < QUOTE_OCTETS_MIN, "RFC4884-4-a", || {
            (format!("an extension structure behind a quote of {given} octets"), bound())
        }),
    }
}

fn source(scene: &Scene<'_>) -> Opinion {
    let Upper::Icmpv6(..) = &scene.packet.upper else { return Opinion::Absent };
    let src = scene.packet.src;
    Opinion::unless(src.is_multicast(), "RFC4443-2.2-a", || {
        (format!("a message from {src}"), "a source that is one node".into())
    })
    .doubting(looks_replaced(src).then_some(Reason::Anonymised))
}
