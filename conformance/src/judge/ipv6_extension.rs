//! floor 7: rules about IPv6 packets: extension headers, jumbograms, flow labels, the pseudo-header (RFC 8200
//! sections 4 and 8, RFC 2675 section 3, RFC 6437 section 3).
//!
//! RFC2675-5.1-a: how much the interface of a host carries is not on the wire, and super-packets made for a
//! network card to cut are jumbograms only until then.

use super::assume::Assumption::{self, Captured, Genuine, NoOffload, Untouched};
use super::checksum::Field;
use super::facts::pair::{labelled_flow, next_label};
use super::kind::On;
use super::packet::{Extent, Net, Packet, Upper};
use super::plain::{Plain, absent};
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::Outcome;
use stack::wire::ipv6::HEADER_OCTETS;
use stack::wire::ipv6_extension::{Body, Extensions, HOP_BY_HOP};
use stack::wire::ipv6_option::{HOME_ADDRESS, Ipv6Option, JUMBO_PAYLOAD, Options, PAD_N};
use stack::wire::{checksum, icmpv6, ipv6, tcp, udp};
use std::net::{IpAddr, Ipv6Addr};

/// What every claim about a header takes for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine];

/// What a segment may carry on Ethernet over IPv4: twenty octets too many over IPv6.
const MSS_OF_V4: u16 = 1460;

/// Flows in a row whose labels follow each other, before that is no chance.
const IN_SEQUENCE: u8 = 3;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-X1",
        about: "extension headers are in the recommended order",
        clauses: &["RFC8200-4-d", "RFC8200-4.1-b"],
        on: On::UNSETTLED,
        assumptions: FORM,
        quiet: &[absent(&[Plain::HEADER]), absent(&[Plain::V6])],
        judge: order,
        ..Rule::USUAL
    },
    Rule {
        id: "P-X2",
        about: "a jumbogram has a payload length of zero and more than 65535 octets",
        clauses: &["RFC2675-3-a"],
        on: On::UNSETTLED,
        assumptions: FORM,
        quiet: &[absent(&[Plain::HEADER]), absent(&[Plain::V6])],
        judge: jumbogram,
        ..Rule::USUAL
    },
    Rule {
        id: "P-X3",
        about: "the pseudo-header has the protocol and the length of the layer above",
        clauses: &["RFC8200-8.1-a"],
        on: On::UNSETTLED,
        assumptions: &[Captured, Untouched, NoOffload, Genuine],
        quiet: &[absent(&[Plain::HEADER]), absent(&[Plain::V6])],
        judge: pseudo_header,
        ..Rule::USUAL
    },
    Rule {
        id: "P-X4",
        about: "the pseudo-header of a routed packet has the final destination",
        clauses: &["RFC8200-8.1-b"],
        on: On::UNSETTLED,
        assumptions: FORM,
        quiet: &[absent(&[Plain::HEADER]), absent(&[Plain::V6])],
        judge: final_destination,
        ..Rule::USUAL
    },
    Rule {
        id: "P-X5",
        about: "padding between options of IPv6 is zero",
        clauses: &["RFC8200-4.2-f"],
        on: On::UNSETTLED,
        assumptions: FORM,
        quiet: &[absent(&[Plain::HEADER]), absent(&[Plain::V6])],
        judge: padding,
        ..Rule::USUAL
    },
    Rule {
        id: "P-X6",
        about: "flow labels are not given out in sequence",
        clauses: &["RFC6437-3-a"],
        on: On::UDP,
        assumptions: FORM,
        judge: flow_label,
        ..Rule::USUAL
    },
    Rule {
        id: "P-X7",
        about: "the MSS option leaves room for the header of IPv6",
        clauses: &["RFC8200-8.3-a"],
        on: On::OPENING,
        assumptions: FORM,
        // The link may carry twenty octets more than Ethernet.
        ceiling: Outcome::Note,
        judge: segment_size,
        ..Rule::USUAL
    },
];

/// The IPv6 header of a packet that has extension headers.
const fn extended<'a>(scene: &Scene<'a>) -> Option<&'a ipv6::View<'a>> {
    match &scene.packet.net {
        Net::V6(view, _) if stack::wire::ipv6_extension::is_extension(view.next_header()) => Some(view),
        Net::V4(_) | Net::V6(..) | Net::Arp(_) => None,
    }
}

fn order(scene: &Scene<'_>) -> Opinion {
    let Some(view) = extended(scene) else { return Opinion::Absent };
    let stray = view.extensions().first_out_of_order();
    let misplaced = stray.is_some_and(|extension| extension.is_misplaced());
    let clause = if misplaced { "RFC8200-4-d" } else { "RFC8200-4.1-b" };
    Opinion::unless(stray.is_some(), clause, || {
        let (kind, at) = stray.map_or((0, 0), |extension| (extension.kind(), extension.at));
        (format!("extension header {kind} at octet {at}, out of order"), "the order of section 4.1".into())
    })
}

fn jumbogram(scene: &Scene<'_>) -> Opinion {
    let Some(view) = extended(scene).filter(|view| view.next_header() == HOP_BY_HOP) else {
        return Opinion::Absent;
    };
    // The payload of a jumbogram has no length to be cut to.
    let behind = scene.packet.sighting.bytes.get(HEADER_OCTETS..).unwrap_or(&[]);
    let first = Extensions::new(behind, HEADER_OCTETS, HOP_BY_HOP, 6).next();
    let Some(Ok(Body::HopByHop(options))) = first.map(|found| found.map(|found| found.body)) else {
        return Opinion::Absent;
    };
    let length = options.map_while(Result::ok).find(|option| option.kind == JUMBO_PAYLOAD);
    let Some(length) = length.and_then(|option| <[u8; 4]>::try_from(option.data).ok()) else {
        return Opinion::Absent;
    };
    let (length, payload) = (u32::from_be_bytes(length), view.payload_len_octets());
    Opinion::unless(payload != 0 || length <= u32::from(u16::MAX), "RFC2675-3-a", || {
        (
            format!("a jumbo length of {length} and a payload length of {payload}"),
            "more than 65535, and 0".into(),
        )
    })
}

/// The options in all headers of a packet that have some.
fn options<'a>(view: &ipv6::View<'a>) -> impl Iterator<Item = Ipv6Option<'a>> {
    view.extensions()
        .map_while(Result::ok)
        .filter_map(|extension| match extension.body {
            Body::HopByHop(options) | Body::DestinationOptions(options) => Some(options),
            Body::Routing { .. } | Body::Fragment { .. } | Body::Authentication { .. } => None,
        })
        .flat_map(|options: Options<'a>| options.map_while(Result::ok))
}

fn padding(scene: &Scene<'_>) -> Opinion {
    let Some(view) = extended(scene) else { return Opinion::Absent };
    let mut fillers = options(view).filter(|option| option.kind == PAD_N).peekable();
    if fillers.peek().is_none() {
        return Opinion::Absent;
    }
    let dirty = fillers.find(|option| option.data.iter().any(|octet| *octet != 0));
    Opinion::unless(dirty.is_some(), "RFC8200-4.2-f", || {
        let data = dirty.map_or(&[][..], |option| &option.data[..option.data.len().min(8)]);
        (format!("padding {data:02x?}"), "zeros".into())
    })
}

/// What a packet carries with a checksum over a pseudo-header: protocol, octets, and the field.
fn summed<'a>(packet: &Packet<'a>) -> Option<(u8, Extent<'a>)> {
    let (protocol, extent) = match &packet.upper {
        Upper::Tcp(segment) => (tcp::PROTOCOL, segment.extent),
        Upper::Udp(view, extent) if view.checksum() != 0 => (udp::PROTOCOL, *extent),
        Upper::Icmpv6(_, extent) => (icmpv6::PROTOCOL, *extent),
        Upper::Udp(..) | Upper::Icmpv4(..) | Upper::Fragment(_) | Upper::Other => return None,
    };
    extent.is_whole().then_some((protocol, extent))
}

fn is_right(src: IpAddr, dst: IpAddr, protocol: u8, len_octets: usize, bytes: &[u8]) -> bool {
    let len_octets = u32::try_from(len_octets).unwrap_or(u32::MAX);
    checksum::pseudo(src, dst, protocol, len_octets).add_bytes(bytes).finish() == 0
}

/// A checksum that is wrong, and right with what the IPv6 header says instead of what the layer above has.
fn pseudo_header(scene: &Scene<'_>) -> Opinion {
    let (Some(view), Some((_, field))) = (extended(scene), scene.upper_field) else { return Opinion::Absent };
    let Some((protocol, extent)) = summed(scene.packet) else { return Opinion::Absent };
    match field {
        Field::Right => return Opinion::Holds,
        Field::Unfilled => return Opinion::Absent,
        Field::OneBit | Field::Wrong => (),
    }
    let (src, dst) = (scene.packet.src, scene.packet.dst);
    let (own, header) = (extent.len_octets, usize::from(view.payload_len_octets()));
    let instead = [(view.next_header(), own), (view.next_header(), header), (protocol, header)];
    let found = instead.into_iter().find(|&(protocol, len)| is_right(src, dst, protocol, len, extent.bytes));
    let Some((used, len)) = found else { return Opinion::Absent };
    Opinion::unless(true, "RFC8200-8.1-a", || {
        (
            format!("a checksum over protocol {used} and {len} octets"),
            format!("over protocol {protocol} and {own} octets"),
        )
    })
}

/// Where a routing header sends a packet in the end, if it is of a type that is known here (RFC 5095, RFC
/// 6275, RFC 8754) and not there yet.
fn routed_to(view: &ipv6::View<'_>) -> Option<Ipv6Addr> {
    let address = |octets: Option<&[u8]>| Some(Ipv6Addr::from(*octets?.first_chunk::<16>()?));
    let mut found = None;
    for extension in view.extensions().map_while(Result::ok) {
        match extension.body {
            Body::Routing { kind, segments_left, data } if segments_left > 0 => {
                found = match kind {
                    0 | 2 => address(data.len().checked_sub(16).and_then(|at| data.get(at..))),
                    4 => address(data.get(4..)),
                    _ => return None,
                };
            }
            Body::DestinationOptions(mut options) => {
                if options.any(|option| option.is_ok_and(|option| option.kind == HOME_ADDRESS)) {
                    return None;
                }
            }
            Body::HopByHop(_)
            | Body::Routing { .. }
            | Body::Fragment { .. }
            | Body::Authentication { .. } => (),
        }
    }
    found
}

fn final_destination(scene: &Scene<'_>) -> Opinion {
    let Some(last) = extended(scene).and_then(routed_to) else { return Opinion::Absent };
    let Some((protocol, extent)) = summed(scene.packet) else { return Opinion::Absent };
    let (src, dst) = (scene.packet.src, scene.packet.dst);
    let right_for = |dst| is_right(src, dst, protocol, extent.len_octets, extent.bytes);
    if right_for(last.into()) {
        return Opinion::Holds;
    }
    if !right_for(dst) {
        return Opinion::Absent;
    }
    Opinion::unless(true, "RFC8200-8.1-b", || {
        (format!("a checksum over the next stop {dst}"), format!("over the final destination {last}"))
    })
}

fn flow_label(scene: &Scene<'_>) -> Opinion {
    let (Some((flow, label)), Some(place)) = (labelled_flow(scene.packet), scene.pair) else {
        return Opinion::Absent;
    };
    let before = place.own().labels;
    let Some((_, latest)) = before.latest.filter(|(other, _)| *other != flow) else { return Opinion::Absent };
    let follows = label == next_label(latest) && before.in_sequence >= IN_SEQUENCE;
    Opinion::unless(follows, "RFC6437-3-a", || {
        let flows = u32::from(before.in_sequence) + 2;
        (format!("label {label:#x}, the last of {flows} in sequence"), "one that can not be guessed".into())
    })
}

fn segment_size(scene: &Scene<'_>) -> Opinion {
    let Some(segment) = scene.segment().filter(|segment| segment.view.flags().syn()) else {
        return Opinion::Absent;
    };
    if scene.packet.src.is_ipv4() || !segment.header_whole {
        return Opinion::Absent;
    }
    let Some(size) = segment.options.mss else { return Opinion::Absent };
    Opinion::unless(size == MSS_OF_V4, "RFC8200-8.3-a", || {
        (format!("mss {size} over IPv6"), "the packet size less 60".into())
    })
}
