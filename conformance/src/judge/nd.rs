//! floor 7: rules about neighbour discovery (RFC 4861, RFC 4862 section 5.4, RFC 6980). What a receiver has
//! to discard, no host may send.
//!
//! RFC4291-2.7.1-a: which groups a host listens to shows only in reports, and those may be older than the
//! capture.
//! RFC4861-6.2.4-a: nothing shows who is a router, and who advertises is one.

use super::assume::Assumption::{self, Captured, Genuine, Untouched};
use super::facts::pair::millis;
use super::ip::looks_replaced;
use super::kind::On;
use super::packet::{Extent, Net, Upper};
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::{Outcome, Reason};
use stack::wire::ndp::{
    HOP_LIMIT, NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, NdpOption, REDIRECT, ROUTER_ADVERTISEMENT,
    ROUTER_SOLICITATION, View, is_ndp,
};
use stack::wire::{icmpv6, ipv6};
use std::net::{IpAddr, Ipv6Addr};

/// What every claim about a message takes for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine];

/// The flag of an advertisement that answers a solicitation.
const SOLICITED: u32 = 0x4000_0000;

/// Time between solicitations of routers: 4 s, and a tenth less by RFC 7559.
const SOLICITED_EVERY_MS: u32 = 3_500;

/// Clauses about one message type: hop limit, code, options, addresses.
struct Clauses {
    hop_limit: &'static str,
    code: &'static str,
    options: &'static str,
    addresses: &'static str,
}

const ADVERTISED_BY_ROUTER: Clauses = Clauses {
    hop_limit: "RFC4861-6.1.2-a",
    code: "RFC4861-6.1.2-b",
    options: "RFC4861-6.1.2-c",
    addresses: "RFC4861-6.1.2-e",
};
const SOLICITED_OF_NEIGHBOR: Clauses = Clauses {
    hop_limit: "RFC4861-7.1.1-a",
    code: "RFC4861-7.1.1-b",
    options: "RFC4861-7.1.1-c",
    addresses: "RFC4861-7.1.1-e",
};
const ADVERTISED_BY_NEIGHBOR: Clauses = Clauses {
    hop_limit: "RFC4861-7.1.2-a",
    code: "RFC4861-7.1.2-b",
    options: "RFC4861-7.1.2-c",
    addresses: "RFC4861-7.1.2-e",
};
const REDIRECTED: Clauses = Clauses {
    hop_limit: "RFC4861-8.1-a",
    code: "RFC4861-8.1-b",
    options: "RFC4861-8.1-c",
    addresses: "RFC4861-8.1-e",
};

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-M9",
        about: "neighbour discovery has hop limit 255",
        clauses: &["RFC4861-6.1.2-a", "RFC4861-7.1.1-a", "RFC4861-7.1.2-a", "RFC4861-8.1-a"],
        on: On::ICMPV6,
        assumptions: FORM,
        judge: hop_limit,
        ..Rule::USUAL
    },
    Rule {
        id: "P-N1",
        about: "neighbour discovery has code 0",
        clauses: &["RFC4861-6.1.2-b", "RFC4861-7.1.1-b", "RFC4861-7.1.2-b", "RFC4861-8.1-b"],
        on: On::ICMPV6,
        assumptions: FORM,
        judge: code,
        ..Rule::USUAL
    },
    Rule {
        id: "P-N2",
        about: "options of neighbour discovery have a length that makes sense",
        clauses: &["RFC4861-6.1.2-c", "RFC4861-7.1.1-c", "RFC4861-7.1.2-c", "RFC4861-8.1-c"],
        on: On::ICMPV6,
        assumptions: FORM,
        judge: option_lengths,
        ..Rule::USUAL
    },
    Rule {
        id: "P-N3",
        about: "neighbour discovery is between addresses that it may be between",
        clauses: &[
            "RFC4861-6.1.2-e",
            "RFC4861-7.1.1-e",
            "RFC4861-7.1.1-f",
            "RFC4861-7.1.2-e",
            "RFC4861-8.1-e",
        ],
        on: On::ICMPV6,
        assumptions: FORM,
        judge: addresses,
        ..Rule::USUAL
    },
    Rule {
        id: "P-N4",
        about: "who resolves an address asks its group, and gives the own link-layer address",
        clauses: &["RFC4861-7.2.2-a"],
        on: On::ICMPV6,
        assumptions: FORM,
        judge: resolution,
        ..Rule::USUAL
    },
    Rule {
        id: "P-N5",
        about: "who looks for a duplicate asks the group of the address",
        clauses: &["RFC4862-5.4.2-a"],
        on: On::ICMPV6,
        assumptions: FORM,
        judge: duplicate_detection,
        ..Rule::USUAL
    },
    Rule {
        id: "P-N6",
        about: "routers are asked for every four seconds at the most",
        clauses: &["RFC4861-6.3.7-a"],
        on: On::ICMPV6,
        assumptions: FORM,
        // A host begins anew whenever its link does.
        ceiling: Outcome::Note,
        judge: router_solicitations,
        ..Rule::USUAL
    },
    Rule {
        id: "P-N7",
        about: "neighbour discovery is not fragmented",
        clauses: &["RFC6980-5-a"],
        on: On::ICMPV6.and(On::FRAGMENT),
        assumptions: FORM,
        judge: fragments,
        ..Rule::USUAL
    },
];

/// A message of neighbour discovery with the header it came in and its octets; its addresses are the
/// packet's.
struct Discovery<'a> {
    kind: u8,
    code: u8,
    header: &'a ipv6::View<'a>,
    src: Ipv6Addr,
    dst: Ipv6Addr,
    extent: Extent<'a>,
}

impl<'a> Discovery<'a> {
    fn of(scene: &Scene<'a>) -> Option<Self> {
        let (Upper::Icmpv6(view, extent), Net::V6(header, _)) = (&scene.packet.upper, &scene.packet.net)
        else {
            return None;
        };
        let found = Self {
            kind: view.kind(),
            code: view.code(),
            header,
            src: header.src(),
            dst: header.dst(),
            extent: *extent,
        };
        is_ndp(found.kind).then_some(found)
    }

    /// The clauses about its type; none for solicitations of routers, which hosts only send.
    const fn clauses(&self) -> Option<&'static Clauses> {
        match self.kind {
            ROUTER_ADVERTISEMENT => Some(&ADVERTISED_BY_ROUTER),
            NEIGHBOR_SOLICITATION => Some(&SOLICITED_OF_NEIGHBOR),
            NEIGHBOR_ADVERTISEMENT => Some(&ADVERTISED_BY_NEIGHBOR),
            REDIRECT => Some(&REDIRECTED),
            _ => None,
        }
    }

    /// The fields of its type, or nothing if it is shorter.
    fn view(&self) -> Option<View<'a>> {
        View::read(self.extent.bytes).ok()
    }
}

/// A solicitation of a neighbour with its fields.
fn solicitation<'a>(scene: &Scene<'a>) -> Option<(Discovery<'a>, View<'a>)> {
    let found = Discovery::of(scene).filter(|found| found.kind == NEIGHBOR_SOLICITATION)?;
    let view = found.view()?;
    Some((found, view))
}

fn hop_limit(scene: &Scene<'_>) -> Opinion {
    let Some(found) = Discovery::of(scene) else { return Opinion::Absent };
    let Some(clauses) = found.clauses() else { return Opinion::Absent };
    let hops = found.header.hop_limit();
    Opinion::unless(hops != HOP_LIMIT, clauses.hop_limit, || (format!("hop limit {hops}"), "255".into()))
}

fn code(scene: &Scene<'_>) -> Opinion {
    let Some(found) = Discovery::of(scene) else { return Opinion::Absent };
    let Some(clauses) = found.clauses() else { return Opinion::Absent };
    let code = found.code;
    Opinion::unless(code != 0, clauses.code, || (format!("type {} code {code}", found.kind), "code 0".into()))
}

fn option_lengths(scene: &Scene<'_>) -> Opinion {
    let Some(found) = Discovery::of(scene) else { return Opinion::Absent };
    let (Some(clauses), Some(view)) = (found.clauses(), found.view()) else { return Opinion::Absent };
    if !found.extent.is_whole() {
        return Opinion::Cut;
    }
    let stop = view.stop();
    Opinion::unless(stop.is_some(), clauses.options, || {
        let (need, have) = stop.map_or((0, 0), |stop| (stop.need, stop.have));
        (format!("an option of {need} octets where {have} are"), "at least 8, within the message".into())
    })
}

fn addresses(scene: &Scene<'_>) -> Opinion {
    let Some(found) = Discovery::of(scene) else { return Opinion::Absent };
    let Some(clauses) = found.clauses() else { return Opinion::Absent };
    let Some(view) = found.view() else {
        if !found.extent.is_whole() {
            return Opinion::Cut;
        }
        let octets = found.extent.len_octets;
        return Opinion::unless(true, clauses.addresses, || {
            (format!("type {} of {octets} octets", found.kind), "all of its fields".into())
        });
    };
    let (src, dst, target) = (found.src, found.dst, view.target());
    let by_router = matches!(found.kind, ROUTER_ADVERTISEMENT | REDIRECT);
    if by_router {
        return Opinion::unless(!src.is_unicast_link_local(), clauses.addresses, || {
            (format!("type {} from {src}", found.kind), "a source within the link".into())
        })
        .doubting(doubt_address(dst, src));
    }
    if found.kind == NEIGHBOR_ADVERTISEMENT {
        let solicited = view.word() & SOLICITED != 0;
        return Opinion::unless(dst.is_multicast() && solicited, clauses.addresses, || {
            (format!("an answer to {dst}"), "answers to one host".into())
        })
        .doubting(doubt_address(dst, src));
    }
    if target.is_multicast() {
        let what = || (format!("a question for {target}"), "a target that is one host".into());
        return Opinion::unless(true, clauses.addresses, what);
    }
    let from_nowhere = src.is_unspecified();
    let broken = from_nowhere && (has_source_link(&view) || !is_solicited_node(dst));
    Opinion::unless(broken, "RFC4861-7.1.1-f", || {
        (
            format!("a question from :: to {dst}"),
            "to a group of asked nodes, without a link-layer address".into(),
        )
    })
    .doubting(doubt_address(dst, target))
}

/// Whether an address may have been replaced: it is neither a group of the link, nor of the same network as
/// the other, which replaced addresses are not by chance.
fn doubt_address(dst: Ipv6Addr, other: Ipv6Addr) -> Option<Reason> {
    let is_group = dst.is_multicast() && !looks_replaced(dst.into()) || is_solicited_node(dst);
    let same_network = dst.segments()[..4] == other.segments()[..4];
    (!is_group && !same_network).then_some(Reason::Anonymised)
}

fn has_source_link(view: &View<'_>) -> bool {
    view.options().map_while(Result::ok).any(|option| matches!(option, NdpOption::SourceLink(_)))
}

/// The group that an address is asked for in (RFC 4291 section 2.7.1).
fn solicited_node(target: Ipv6Addr) -> Ipv6Addr {
    let [.., high, low] = target.segments();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | high & 0xff, low)
}

fn is_solicited_node(dst: Ipv6Addr) -> bool {
    dst == solicited_node(dst)
}

/// The option belongs to links that have addresses, and nothing shows that others than Ethernet have.
fn resolution(scene: &Scene<'_>) -> Opinion {
    let Some((found, view)) = solicitation(scene) else { return Opinion::Absent };
    if found.src.is_unspecified() {
        return Opinion::Absent;
    }
    if !found.extent.is_whole() {
        return Opinion::Cut;
    }
    let (dst, target) = (found.dst, view.target());
    let group = solicited_node(target);
    if dst != group && dst != target {
        return Opinion::unless(true, "RFC4861-7.2.2-a", || {
            (format!("a question for {target} to {dst}"), format!("to {group} or {target}"))
        })
        .doubting(doubt_address(dst, target));
    }
    let missing = dst == group && scene.packet.sighting.link.is_some() && !has_source_link(&view);
    Opinion::unless(missing, "RFC4861-7.2.2-a", || {
        (format!("a question to {dst} without a link-layer address"), "the sender's own".into())
    })
}

fn duplicate_detection(scene: &Scene<'_>) -> Opinion {
    let Some((found, view)) = solicitation(scene) else { return Opinion::Absent };
    if !found.src.is_unspecified() {
        return Opinion::Absent;
    }
    let group = solicited_node(view.target());
    Opinion::unless(found.dst != group, "RFC4862-5.4.2-a", || {
        (format!("a question for {} to {}", view.target(), found.dst), group.to_string())
    })
    .doubting(doubt_address(found.dst, view.target()))
}

/// What is within a second of another may be its copy, or of another link with the same addresses.
fn router_solicitations(scene: &Scene<'_>) -> Opinion {
    const COPIES_MS: u32 = 1_000;
    let Some(found) = Discovery::of(scene).filter(|found| found.kind == ROUTER_SOLICITATION) else {
        return Opinion::Absent;
    };
    let Some(place) = scene.pair.filter(|_| !found.src.is_unspecified()) else { return Opinion::Absent };
    let at_ms = millis(scene.packet.sighting.at);
    let since = place.own().solicitations.iter().map(|before| at_ms.wrapping_sub(*before)).min();
    let Some(since) = since else { return Opinion::Absent };
    Opinion::unless((COPIES_MS..SOLICITED_EVERY_MS).contains(&since), "RFC4861-6.3.7-a", || {
        (format!("a question for routers {since} ms after the one before"), "4 s".into())
    })
}

fn fragments(scene: &Scene<'_>) -> Opinion {
    let Net::V6(view, header) = &scene.packet.net else { return Opinion::Absent };
    let kind = match (&scene.packet.upper, header) {
        (Upper::Icmpv6(message, _), _) => Some(message.kind()),
        (Upper::Fragment(_), Some(header)) if header.offset_octets == 0 => {
            let upper = view.extensions().upper().ok();
            upper
                .filter(|upper| upper.protocol == icmpv6::PROTOCOL)
                .and_then(|upper| upper.payload.first().copied())
        }
        _ => None,
    };
    let Some(kind) = kind.filter(|kind| is_ndp(*kind)) else { return Opinion::Absent };
    debug_assert!(matches!(scene.packet.src, IpAddr::V6(_)));
    Opinion::unless(header.is_some(), "RFC6980-5-a", || {
        (format!("type {kind} with a fragment header"), "none".into())
    })
}
