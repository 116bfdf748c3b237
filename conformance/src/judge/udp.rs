//! floor 7: rules about datagrams (RFC 768, RFC 8085, RFC 8200 section 8.1).
//!
//! RFC6056-2.2-a: a host that lost its connections, or another behind the same address, may take the same
//! ports.
//! RFC6056-3.2-a: which ports a host may choose from is not on the wire.
//! RFC6056-3.2-d: likewise.
//! RFC6056-3.3-a: towards one destination ports may follow each other (RFC 6056 section 3.3.3).

use super::assume::Assumption::{self, Captured, Genuine, NoOffload, Untouched};
use super::checksum::Kind;
use super::kind::On;
use super::packet::{Extent, Net, Upper};
use super::rule::{Opinion, Rule, Scene};
use super::tcp_format::of_kind;
use crate::verdict::{Outcome, Reason};
use stack::wire::checksum::pseudo;
use stack::wire::udp::{HEADER_OCTETS, PROTOCOL, View};

/// What every claim about a header takes for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine];

/// Ports of tunnels whose source ports should tell flows apart: GRE (RFC 8086), VXLAN (RFC 7348), GUE, Geneve
/// (RFC 8926), MPLS (RFC 7510).
const TUNNELS: [u16; 5] = [4754, 4789, 6080, 6081, 6635];

/// The ports that tunnels should send from begin here (RFC 8085 section 5.1.1).
const ENTROPY_PORTS_FROM: u16 = 49_152;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-U1",
        about: "the UDP checksum, if there is one, is right",
        clauses: &["RFC768-Fields-f"],
        on: On::UDP,
        assumptions: &[Captured, Untouched, NoOffload, Genuine],
        judge: checksum,
        ..Rule::USUAL
    },
    Rule {
        id: "P-U2",
        about: "UDP over IPv6 has a checksum",
        clauses: &["RFC8200-8.1-c"],
        on: On::UDP,
        assumptions: FORM,
        // Tunnels may do without (RFC 6935), and a tunnel can use any port.
        ceiling: Outcome::Note,
        judge: checksum_over_v6,
        ..Rule::USUAL
    },
    Rule {
        id: "P-U3",
        about: "the UDP length counts the header and lies inside of the packet",
        clauses: &["RFC768-Fields-a"],
        on: On::UDP,
        assumptions: FORM,
        judge: length,
        ..Rule::USUAL
    },
    Rule {
        id: "P-U4",
        about: "the UDP source port is not zero",
        clauses: &["RFC8085-5.1-a"],
        on: On::UDP,
        assumptions: FORM,
        judge: source_port,
        ..Rule::USUAL
    },
    Rule {
        id: "P-U5",
        about: "UDP over IPv4 has a checksum",
        clauses: &["RFC8085-3.4-a", "RFC1122-4.1.3.4-b"],
        on: On::UDP,
        assumptions: FORM,
        // An application may do without.
        ceiling: Outcome::Note,
        judge: checksum_over_v4,
        ..Rule::USUAL
    },
    Rule {
        id: "P-U6",
        about: "a checksum that comes to zero is sent as all ones",
        clauses: &["RFC768-Fields-d"],
        on: On::UDP,
        assumptions: FORM,
        judge: computed_zero,
        ..Rule::USUAL
    },
    Rule {
        id: "P-U7",
        about: "datagrams are not so long that they have to be fragmented",
        clauses: &["RFC8085-3.2-a"],
        on: On::UDP.and(On::FRAGMENT),
        assumptions: FORM,
        // How long it is, is what the application chose.
        ceiling: Outcome::Note,
        judge: fragmented,
        ..Rule::USUAL
    },
    Rule {
        id: "P-U8",
        about: "tunnels tell flows apart by source ports of the dynamic range",
        clauses: &["RFC8085-5.1.1-a"],
        on: On::UDP,
        assumptions: FORM,
        // Something else may use the port of a tunnel.
        ceiling: Outcome::Note,
        judge: entropy,
        ..Rule::USUAL
    },
];

/// A datagram over IPv4.
const fn datagram_v4<'a>(scene: &Scene<'a>) -> Option<(&'a View<'a>, &'a Extent<'a>)> {
    match (&scene.packet.upper, &scene.packet.net) {
        (Upper::Udp(view, extent), Net::V4(_)) => Some((view, extent)),
        _ => None,
    }
}

fn checksum(scene: &Scene<'_>) -> Opinion {
    of_kind(scene, Kind::Udp, "RFC768-Fields-f", |scene| match &scene.packet.upper {
        Upper::Udp(view, _) => Some(view.checksum()),
        Upper::Tcp(_) | Upper::Icmpv4(..) | Upper::Icmpv6(..) | Upper::Fragment(_) | Upper::Other => None,
    })
}

fn checksum_over_v6(scene: &Scene<'_>) -> Opinion {
    let Upper::Udp(view, _) = &scene.packet.upper else { return Opinion::Absent };
    if scene.packet.src.is_ipv4() {
        return Opinion::Absent;
    }
    Opinion::unless(view.checksum() == 0, "RFC8200-8.1-c", || ("checksum 0".into(), "a checksum".into()))
}

fn length(scene: &Scene<'_>) -> Opinion {
    let Upper::Udp(view, extent) = &scene.packet.upper else { return Opinion::Absent };
    let (length, most) = (usize::from(view.length()), extent.len_octets);
    if length == 0 && most > usize::from(u16::MAX) {
        return Opinion::Absent; // a jumbogram (RFC 2675 section 4)
    }
    Opinion::unless(length < HEADER_OCTETS || length > most, "RFC768-Fields-a", || {
        (format!("UDP length {length}"), format!("{HEADER_OCTETS} to {most}"))
    })
}

fn source_port(scene: &Scene<'_>) -> Opinion {
    let Upper::Udp(view, _) = &scene.packet.upper else { return Opinion::Absent };
    Opinion::unless(view.src_port() == 0, "RFC8085-5.1-a", || ("source port 0".into(), "another port".into()))
}

/// One datagram without a checksum is what an application asked for; if those of several ports have none, and
/// none has one, it is what the host does unasked.
fn checksum_over_v4(scene: &Scene<'_>) -> Opinion {
    let (Some((view, _)), Some(place)) = (datagram_v4(scene), scene.pair) else { return Opinion::Absent };
    let before = place.own().datagrams;
    let others = before.without_from.is_some_and(|port| port != view.src_port());
    let never = before.right == 0 && before.unfilled == 0;
    let unasked = never && (others || before.without_from_others);
    let clause = if unasked { "RFC1122-4.1.3.4-b" } else { "RFC8085-3.4-a" };
    Opinion::unless(view.checksum() == 0, clause, || {
        let whose = if unasked { "no checksum, on any port" } else { "no checksum" };
        (whose.into(), "a checksum".into())
    })
}

/// A checksum that comes to zero: written as zero by a host that otherwise writes checksums.
fn computed_zero(scene: &Scene<'_>) -> Opinion {
    let (Some((view, extent)), Some(place)) = (datagram_v4(scene), scene.pair) else {
        return Opinion::Absent;
    };
    let datagram = view.datagram();
    if !extent.addressed || datagram.len() != usize::from(view.length()) {
        return Opinion::Absent;
    }
    let (src, dst) = (scene.packet.src, scene.packet.dst);
    let rest = pseudo(src, dst, PROTOCOL, view.length().into()).add_bytes(&datagram[..6]);
    if rest.add_bytes(&datagram[HEADER_OCTETS..]).finish() != 0 {
        return Opinion::Absent;
    }
    let before = place.own().datagrams;
    let writes = before.right > 0 && before.without == 0 && before.unfilled == 0;
    Opinion::unless(view.checksum() == 0, "RFC768-Fields-d", || {
        ("a checksum that comes to zero, written as 0".into(), "0xffff".into())
    })
    .doubting((!writes).then_some(Reason::NoneRight))
}

fn fragmented(scene: &Scene<'_>) -> Opinion {
    match (&scene.packet.upper, &scene.packet.net) {
        (Upper::Udp(..), _) => Opinion::Holds,
        (Upper::Fragment(_), Net::V4(view)) if view.fragment_offset_octets() == 0 => {
            of_protocol(view.protocol())
        }
        (Upper::Fragment(_), Net::V6(view, Some(header))) if header.offset_octets == 0 => {
            view.extensions().upper().map_or(Opinion::Absent, |upper| of_protocol(upper.protocol))
        }
        _ => Opinion::Absent,
    }
}

fn of_protocol(protocol: u8) -> Opinion {
    if protocol != PROTOCOL {
        return Opinion::Absent;
    }
    Opinion::unless(true, "RFC8085-3.2-a", || {
        ("a datagram in fragments".into(), "one that fits the path".into())
    })
}

fn entropy(scene: &Scene<'_>) -> Opinion {
    let Upper::Udp(view, _) = &scene.packet.upper else { return Opinion::Absent };
    if !TUNNELS.contains(&view.dst_port()) {
        return Opinion::Absent;
    }
    let port = view.src_port();
    Opinion::unless(port < ENTROPY_PORTS_FROM, "RFC8085-5.1.1-a", || {
        (format!("a tunnel from port {port}"), format!("{ENTROPY_PORTS_FROM} to 65535"))
    })
}
