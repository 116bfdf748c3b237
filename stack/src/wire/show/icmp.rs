//! floor 1: the text of ICMP messages of both families (RFC 792, RFC 4443).

use super::{Around, ip, ndp};
use crate::wire::{icmpv4, icmpv6};
use core::fmt;

/// Writes hosts and message of an ICMP packet.
pub(super) fn v4(around: &Around, bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    let view = match icmpv4::View::read(bytes) {
        Ok(view) => view,
        Err(stop) => return around.stopped(stop, out),
    };
    around.hosts(out)?;
    out.write_str(" icmp ")?;
    let [a, b, c, d] = view.rest();
    let (data, code) = (view.data(), view.code());
    match view.kind() {
        icmpv4::kind::ECHO_REQUEST => echo(around, "request", view.rest(), data, out)?,
        icmpv4::kind::ECHO_REPLY => echo(around, "reply", view.rest(), data, out)?,
        icmpv4::kind::DESTINATION_UNREACHABLE => {
            named(unreachable_v4(code), "unreachable", code, out)?;
            if code == 4 {
                write!(out, " mtu {}", u16::from_be_bytes([c, d]))?;
            }
            quoted(data, out)?;
        }
        icmpv4::kind::SOURCE_QUENCH => {
            out.write_str("source quench")?;
            quoted(data, out)?;
        }
        icmpv4::kind::REDIRECT => {
            let what =
                ["redirect net", "redirect host", "redirect net for service", "redirect host for service"];
            named(what.get(usize::from(code)).copied(), "redirect", code, out)?;
            write!(out, " to {a}.{b}.{c}.{d}")?;
            quoted(data, out)?;
        }
        icmpv4::kind::TIME_EXCEEDED => time_exceeded(code, "ttl", data, out)?,
        icmpv4::kind::PARAMETER_PROBLEM => {
            write!(out, "parameter problem code {code} pointer {a}")?;
            quoted(data, out)?;
        }
        kind => write!(out, "type {kind} code {code} len {}", 4 + data.len())?,
    }
    around.checksum(view.checksum_holds(), view.checksum(), out)
}

/// Writes hosts and message of an ICMPv6 packet.
pub(super) fn v6(around: &Around, bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    let view = match icmpv6::View::read(bytes) {
        Ok(view) => view,
        Err(stop) => return around.stopped(stop, out),
    };
    around.hosts(out)?;
    if crate::wire::ndp::is_ndp(view.kind()) {
        ndp::message(around, bytes, out)?;
    } else {
        out.write_str(" icmp6 ")?;
        message_v6(around, &view, out)?;
        around.note(view.stop(), out)?;
    }
    let (core::net::IpAddr::V6(src), core::net::IpAddr::V6(dst)) = (around.src, around.dst) else {
        return out.write_str(" [over IPv4]");
    };
    around.checksum(view.checksum_holds(src, dst), view.checksum(), out)
}

fn message_v6(around: &Around, view: &icmpv6::View<'_>, out: &mut dyn fmt::Write) -> fmt::Result {
    let (kind, code, body) = (view.kind(), view.code(), view.body());
    let Some((rest, data)) = body.split_first_chunk::<4>() else {
        return write!(out, "type {kind} code {code} len {}", body.len());
    };
    let word = u32::from_be_bytes(*rest);
    match kind {
        icmpv6::ECHO_REQUEST => echo(around, "request", *rest, data, out),
        icmpv6::ECHO_REPLY => echo(around, "reply", *rest, data, out),
        icmpv6::DESTINATION_UNREACHABLE => {
            named(unreachable_v6(code), "unreachable", code, out)?;
            quoted(data, out)
        }
        icmpv6::PACKET_TOO_BIG => {
            write!(out, "packet too big mtu {word}")?;
            quoted(data, out)
        }
        icmpv6::TIME_EXCEEDED => time_exceeded(code, "hop limit", data, out),
        icmpv6::PARAMETER_PROBLEM => {
            write!(out, "parameter problem code {code} pointer {word}")?;
            quoted(data, out)
        }
        _ => write!(out, "type {kind} code {code} len {}", body.len()),
    }
}

fn echo(around: &Around, which: &str, rest: [u8; 4], data: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    let [a, b, c, d] = rest;
    let (ident, seq) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    write!(out, "echo {which} id {ident} seq {seq} len {}", data.len().saturating_add(around.missing))
}

fn time_exceeded(code: u8, hops: &str, data: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    match code {
        0 => write!(out, "{hops} exceeded")?,
        1 => out.write_str("reassembly time exceeded")?,
        _ => write!(out, "time exceeded code {code}")?,
    }
    quoted(data, out)
}

/// The phrase for a code, or for an unknown one the name of the type and the number: `unreachable code 99`.
fn named(phrase: Option<&str>, name: &str, code: u8, out: &mut dyn fmt::Write) -> fmt::Result {
    match phrase {
        Some(phrase) => out.write_str(phrase),
        None => write!(out, "{name} code {code}"),
    }
}

fn quoted(packet: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    out.write_str(" [quoted: ")?;
    ip::quoted(packet, out)?;
    out.write_char(']')
}

const fn unreachable_v4(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "net unreachable",
        1 => "host unreachable",
        2 => "protocol unreachable",
        3 => "port unreachable",
        4 => "fragmentation needed",
        5 => "source route failed",
        6 => "net unknown",
        7 => "host unknown",
        8 => "source host isolated",
        9 => "net prohibited",
        10 => "host prohibited",
        11 => "net unreachable for service",
        12 => "host unreachable for service",
        13 => "administratively prohibited",
        14 => "host precedence violation",
        15 => "precedence cutoff",
        _ => return None,
    })
}

const fn unreachable_v6(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "no route",
        1 => "administratively prohibited",
        2 => "beyond scope of source",
        3 => "address unreachable",
        4 => "port unreachable",
        5 => "source address failed policy",
        6 => "reject route",
        _ => return None,
    })
}
