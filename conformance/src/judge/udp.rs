//! floor 7: rules about datagrams (RFC 768, RFC 8085 section 5.1, RFC 8200 section 8.1).

use super::assume::Assumption::{self, Captured, Genuine, NoOffload, Untouched};
use super::checksum::Kind;
use super::kind::On;
use super::packet::Upper;
use super::rule::{Opinion, Rule, Scene};
use super::tcp_format::of_kind;
use crate::verdict::Outcome;
use stack::wire::udp::HEADER_OCTETS;

/// What every claim about a header takes for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine];

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
];

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
