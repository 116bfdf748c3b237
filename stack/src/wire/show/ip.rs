//! floor 1: the text of IP packets, of fragments and of quoted packets (RFC 791 section 3.1, RFC 8200).

use super::{Around, icmp, tcp};
use crate::wire::ipv6_extension::{Body, NO_NEXT_HEADER};
use crate::wire::{Stop, icmpv6, ipv4, ipv4_option, ipv6, udp};
use core::fmt;
use core::net::{IpAddr, SocketAddr};

/// Protocol number of ICMP for IPv4.
const ICMPV4: u8 = 1;

/// Writes a packet of either version.
pub(super) fn packet(bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    match bytes.first().map(|octet| octet >> 4) {
        Some(4) => v4(bytes, out),
        Some(6) => v6(bytes, out),
        Some(version) => write!(out, "[IP version {version}, {} octets]", bytes.len()),
        None => out.write_str("[empty packet]"),
    }
}

fn v4(bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    let view = match ipv4::View::read(bytes) {
        Ok(view) => view,
        Err(stop) => return write!(out, "[{stop}]"),
    };
    let stop = view.stop();
    let around = Around {
        src: IpAddr::V4(view.src()),
        dst: IpAddr::V4(view.dst()),
        at: view.header().len(),
        hop_limit: view.ttl(),
        cut: stop.is_some(),
        missing: missing(stop),
        ecn: view.tos() & 3,
    };
    let (offset, payload) = (view.fragment_offset_octets(), view.payload());
    if offset != 0 || view.more_fragments() {
        let fragment = Fragment {
            identification: u32::from(view.identification()),
            offset_octets: offset,
            more: view.more_fragments(),
            protocol: view.protocol(),
        };
        fragment.write(&around, payload, out)?;
    } else {
        upper(&around, view.protocol(), payload, out)?;
    }
    v4_options(&view, out)?;
    if usize::from(view.ihl()) * 4 < ipv4::MIN_HEADER_OCTETS {
        write!(out, " [IHL {}]", view.ihl())?;
    }
    if usize::from(view.total_len_octets()) < around.at {
        write!(out, " [total length {}]", view.total_len_octets())?;
    }
    if let Some(stop) = stop {
        return write!(out, " [{stop}]");
    }
    if view.checksum_holds() { Ok(()) } else { write!(out, " [bad IP checksum {:#06x}]", view.checksum()) }
}

/// The names of the options, no-operations included.
fn v4_options(view: &ipv4::View<'_>, out: &mut dyn fmt::Write) -> fmt::Result {
    if view.options_bytes().is_empty() {
        return Ok(());
    }
    out.write_str(" [IP options")?;
    for option in view.options() {
        match option {
            Ok(option) => match option.kind {
                ipv4_option::END_OF_LIST => out.write_str(" eol")?,
                ipv4_option::NO_OPERATION => out.write_str(" nop")?,
                ipv4_option::RECORD_ROUTE => out.write_str(" rr")?,
                ipv4_option::TIMESTAMP => out.write_str(" ts")?,
                ipv4_option::LOOSE_SOURCE_ROUTE => out.write_str(" lsrr")?,
                ipv4_option::STRICT_SOURCE_ROUTE => out.write_str(" ssrr")?,
                ipv4_option::ROUTER_ALERT => out.write_str(" ra")?,
                kind => write!(out, " opt-{kind}")?,
            },
            Err(stop) => write!(out, " [{stop}]")?,
        }
    }
    out.write_char(']')
}

fn v6(bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    let view = match ipv6::View::read(bytes) {
        Ok(view) => view,
        Err(stop) => return write!(out, "[{stop}]"),
    };
    let stop = view.stop();
    let mut around = Around {
        src: IpAddr::V6(view.src()),
        dst: IpAddr::V6(view.dst()),
        at: ipv6::HEADER_OCTETS,
        hop_limit: view.hop_limit(),
        cut: stop.is_some() || is_on_its_way(&view),
        missing: missing(stop),
        ecn: view.traffic_class() & 3,
    };
    match view.extensions().upper() {
        Ok(upper) => {
            around.at = upper.offset;
            v6_upper(&around, &upper, out)?;
        }
        Err(_) => around.hosts(out)?,
    }
    v6_extensions(&view, out)?;
    match stop {
        Some(stop) => write!(out, " [{stop}]"),
        None => Ok(()),
    }
}

/// Whether a routing header names nodes still to be visited: the checksum is then for another destination
/// than the header's (RFC 8200 section 8.1).
fn is_on_its_way(view: &ipv6::View<'_>) -> bool {
    view.extensions().flatten().any(|extension| match extension.body {
        Body::Routing { segments_left, .. } => segments_left > 0,
        Body::HopByHop(_)
        | Body::Fragment { .. }
        | Body::Authentication { .. }
        | Body::DestinationOptions(_) => false,
    })
}

fn v6_upper(around: &Around, found: &ipv6::Upper<'_>, out: &mut dyn fmt::Write) -> fmt::Result {
    match found.fragment {
        Some(fragment) if !fragment.is_whole() => {
            let fragment = Fragment {
                identification: fragment.identification,
                offset_octets: fragment.offset_octets,
                more: fragment.more,
                protocol: found.protocol,
            };
            fragment.write(around, found.payload, out)
        }
        Some(_) | None => upper(around, found.protocol, found.payload, out),
    }
}

/// The names of the extension headers, but for what a fragment has said already, and where their chain
/// breaks.
fn v6_extensions(view: &ipv6::View<'_>, out: &mut dyn fmt::Write) -> fmt::Result {
    let mut before = " [extensions ";
    let is_piece = |body: Body<'_>| matches!(body, Body::Fragment { fragment, .. } if !fragment.is_whole());
    for extension in view.extensions() {
        let extension = match extension {
            Ok(extension) => extension,
            Err(stop) => {
                out.write_str(if before == "," { "]" } else { "" })?;
                return write!(out, " [{stop}]");
            }
        };
        if is_piece(extension.body) {
            continue;
        }
        out.write_str(before)?;
        before = ",";
        match extension.body {
            Body::HopByHop(_) => out.write_str("hop-by-hop")?,
            Body::Routing { kind, segments_left, .. } => write!(out, "routing {kind} left {segments_left}")?,
            Body::Fragment { fragment, .. } => write!(out, "fragment {}", fragment.identification)?,
            Body::Authentication { .. } => out.write_str("authentication")?,
            Body::DestinationOptions(_) => out.write_str("destination")?,
        }
    }
    out.write_str(if before == "," { "]" } else { "" })
}

/// Octets that the length field of a packet promises and that are not there.
fn missing(stop: Option<Stop>) -> usize {
    stop.map_or(0, |stop| stop.need.saturating_sub(stop.have))
}

/// A fragment of either version.
struct Fragment {
    identification: u32,
    offset_octets: u16,
    more: bool,
    protocol: u8,
}

impl Fragment {
    fn write(&self, around: &Around, payload: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
        around.hosts(out)?;
        let more = if self.more { "+" } else { "" };
        write!(
            out,
            " frag id {} off {}{more} len {} ",
            self.identification,
            self.offset_octets,
            payload.len()
        )?;
        protocol(self.protocol, out)
    }
}

/// Writes addresses and transport.
fn upper(around: &Around, number: u8, payload: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    match (number, around.src) {
        (crate::wire::tcp::PROTOCOL, _) => tcp::packet(around, payload, out),
        (udp::PROTOCOL, _) => tcp::udp(around, payload, out),
        (ICMPV4, IpAddr::V4(_)) => icmp::v4(around, payload, out),
        (icmpv6::PROTOCOL, IpAddr::V6(_)) => icmp::v6(around, payload, out),
        (_, IpAddr::V4(_) | IpAddr::V6(_)) => {
            around.hosts(out)?;
            out.write_char(' ')?;
            protocol(number, out)?;
            write!(out, " len {}", payload.len())
        }
    }
}

/// The name of a protocol, or `proto 99`.
fn protocol(number: u8, out: &mut dyn fmt::Write) -> fmt::Result {
    match number {
        ICMPV4 => out.write_str("icmp"),
        crate::wire::tcp::PROTOCOL => out.write_str("tcp"),
        udp::PROTOCOL => out.write_str("udp"),
        icmpv6::PROTOCOL => out.write_str("icmp6"),
        NO_NEXT_HEADER => out.write_str("none"),
        number => write!(out, "proto {number}"),
    }
}

/// Writes what an ICMP error quotes: the start of a packet, of which the first eight octets of the transport
/// header are enough. Nothing is said of checksums and of what is missing.
pub(super) fn quoted(bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    match bytes.first().map(|octet| octet >> 4) {
        Some(4) => match ipv4::View::read(bytes) {
            Ok(view) if view.fragment_offset_octets() == 0 => {
                let hosts = (IpAddr::V4(view.src()), IpAddr::V4(view.dst()));
                quoted_upper(hosts, view.protocol(), view.payload(), out)
            }
            Ok(view) => {
                write!(out, "{} > {} frag id {}", view.src(), view.dst(), view.identification())?;
                write!(out, " off {}", view.fragment_offset_octets())
            }
            Err(stop) => write!(out, "{stop}"),
        },
        Some(6) => match ipv6::View::read(bytes).map(|view| (view, view.extensions().upper())) {
            Ok((view, Ok(upper))) if upper.fragment.is_none_or(|fragment| fragment.offset_octets == 0) => {
                let hosts = (IpAddr::V6(view.src()), IpAddr::V6(view.dst()));
                quoted_upper(hosts, upper.protocol, upper.payload, out)
            }
            Ok((view, Ok(upper))) => {
                let (id, off) =
                    upper.fragment.map_or((0, 0), |part| (part.identification, part.offset_octets));
                write!(out, "{} > {} frag id {id} off {off}", view.src(), view.dst())
            }
            Ok((_, Err(stop))) | Err(stop) => write!(out, "{stop}"),
        },
        Some(_) | None => write!(out, "{} octets", bytes.len()),
    }
}

fn quoted_upper(
    (src, dst): (IpAddr, IpAddr),
    number: u8,
    payload: &[u8],
    out: &mut dyn fmt::Write,
) -> fmt::Result {
    let Some([a, b, c, d, e, g, h, i]) = payload.first_chunk::<8>().copied() else {
        write!(out, "{src} > {dst} ")?;
        return protocol(number, out);
    };
    let sockets = || {
        let (src_port, dst_port) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        (SocketAddr::new(src, src_port), SocketAddr::new(dst, dst_port))
    };
    match number {
        crate::wire::tcp::PROTOCOL => {
            let (src, dst) = sockets();
            write!(out, "{src} > {dst} tcp seq {}", u32::from_be_bytes([e, g, h, i]))
        }
        udp::PROTOCOL => {
            let (src, dst) = sockets();
            let octets = usize::from(u16::from_be_bytes([e, g])).saturating_sub(udp::HEADER_OCTETS);
            write!(out, "{src} > {dst} udp {octets}")
        }
        ICMPV4 | icmpv6::PROTOCOL => {
            write!(out, "{src} > {dst} ")?;
            protocol(number, out)?;
            let (ident, seq) = (u16::from_be_bytes([e, g]), u16::from_be_bytes([h, i]));
            write!(out, " type {a} code {b} id {ident} seq {seq}")
        }
        _ => {
            write!(out, "{src} > {dst} ")?;
            protocol(number, out)
        }
    }
}
