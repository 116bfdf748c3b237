//! floor 8: answers that are due: a reset for a segment to nobody (RFC 9293 section 3.10.7.1), an error for a
//! datagram to nobody (RFC 1122 section 4.1.3.1), an echo with the octets that were asked (RFC 792), the own
//! link-layer address (RFC 826).
//!
//! That there is nobody is what the reference says when it discards; who stays silent then is caught.

use super::Finding;
use super::packets::Seen;
use crate::drive::bytes::lab;
use crate::drive::replay::packet::Upper;
use crate::trace::{Event, Link, Response, Stimulus, Timed, Trace};
use stack::base::Why;
use stack::wire::ethernet::{self, EtherType};
use stack::wire::{arp, icmpv4, icmpv6};
use std::net::IpAddr;

/// Errors that are sent before their rate can be limited.
const ERRORS_UNLIMITED: usize = 5;

pub(super) fn examine(trace: &Trace, seen: &[Seen<'_>]) -> Result<(), Finding> {
    echoes(seen)?;
    for (index, timed) in trace.events.iter().enumerate() {
        let Event::Stimulus(Stimulus::Frame(frame)) = &timed.event else { continue };
        let after = answers(trace, index);
        if trace.link == Link::Ethernet {
            if asks_for_host(&frame.bytes) && !after.iter().any(tells_of_host) {
                return Err(Finding::new("silent neighbour", format!("at {}", timed.at)));
            }
            continue;
        }
        let Some(packet) = seen.iter().find(|packet| packet.index == index) else { continue };
        if is_from_peer(&packet.upper) {
            to_nobody(packet, index, after, seen)?;
        }
    }
    Ok(())
}

/// What happens between a stimulus and the next one, at the same time.
fn answers(trace: &Trace, index: usize) -> &[Timed] {
    let after = trace.events.get(index + 1..).unwrap_or(&[]);
    let at = trace.events.get(index).map(|timed| timed.at);
    let ends = |timed: &Timed| matches!(timed.event, Event::Stimulus(_)) || Some(timed.at) != at;
    after.get(..after.iter().position(ends).unwrap_or(after.len())).unwrap_or(after)
}

fn is_from_peer(upper: &Upper<'_>) -> bool {
    let v6 = upper.dst.is_ipv6();
    upper.dst == lab::own(v6) && (0..2).any(|which| upper.src == lab::peer(which, v6))
}

/// A segment or datagram that no socket takes.
fn to_nobody(packet: &Seen<'_>, index: usize, after: &[Timed], seen: &[Seen<'_>]) -> Result<(), Finding> {
    let says = |why: Why| after.iter().any(|timed| timed.event == Event::Response(Response::Discard(why)));
    let left = || {
        seen.iter()
            .filter(|other| other.from_host && other.index > index)
            .take_while(|other| other.index <= index + after.len())
    };
    let asks = packet.segment.as_ref().is_some_and(|segment| !segment.flags.rst());
    let resets = left().any(|other| other.segment.as_ref().is_some_and(|segment| segment.flags.rst()));
    if asks && says(Why::TcpNobody) && !resets {
        return Err(Finding::new("no reset", format!("for a segment to nobody, at {}", packet.at)));
    }
    let errors = |other: &&Seen<'_>| other.from_host && other.upper.is_icmp_error();
    let limited = seen.iter().filter(|other| other.index < index).filter(errors).count() >= ERRORS_UNLIMITED;
    let whole = packet.upper.fragment.is_none();
    // An error may be so long that it leaves in fragments.
    let answered = left().any(|other| other.upper.is_icmp_error() || other.upper.fragment.is_some());
    if whole && says(Why::UdpNobody) && !limited && !answered {
        return Err(Finding::new("no error", format!("for a datagram to nobody, at {}", packet.at)));
    }
    Ok(())
}

/// Identifier, sequence number and data of an echo request or reply.
fn echo(packet: &Seen<'_>, reply: bool) -> Option<(u16, u16, Vec<u8>)> {
    let upper = &packet.upper;
    if !upper.is_icmp() || upper.is_cut() {
        return None;
    }
    let echo = match (upper.src, upper.dst) {
        (IpAddr::V4(_), _) => {
            let view = icmpv4::View::read(upper.payload).ok()?;
            match icmpv4::Message::check(&view).ok()? {
                icmpv4::Message::EchoReply { ident, seq, data } if reply => (ident, seq, data.to_vec()),
                icmpv4::Message::EchoRequest { ident, seq, data } if !reply => (ident, seq, data.to_vec()),
                icmpv4::Message::EchoReply { .. }
                | icmpv4::Message::EchoRequest { .. }
                | icmpv4::Message::DestinationUnreachable { .. }
                | icmpv4::Message::SourceQuench { .. }
                | icmpv4::Message::Redirect { .. }
                | icmpv4::Message::TimeExceeded { .. }
                | icmpv4::Message::ParameterProblem { .. }
                | icmpv4::Message::Other { .. } => return None,
            }
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            let view = icmpv6::View::read(upper.payload).ok()?;
            match icmpv6::Message::check(&view, src, dst, upper.hop_limit).ok()? {
                icmpv6::Message::EchoReply { ident, seq, data } if reply => (ident, seq, data.to_vec()),
                icmpv6::Message::EchoRequest { ident, seq, data } if !reply => (ident, seq, data.to_vec()),
                icmpv6::Message::EchoReply { .. }
                | icmpv6::Message::EchoRequest { .. }
                | icmpv6::Message::DestinationUnreachable { .. }
                | icmpv6::Message::PacketTooBig { .. }
                | icmpv6::Message::TimeExceeded { .. }
                | icmpv6::Message::ParameterProblem { .. }
                | icmpv6::Message::Ndp(_)
                | icmpv6::Message::Other { .. } => return None,
            }
        }
        (IpAddr::V6(_), IpAddr::V4(_)) => return None,
    };
    Some(echo)
}

/// An echo reply returns what one of the requests carried; requests in fragments are not looked at.
fn echoes(seen: &[Seen<'_>]) -> Result<(), Finding> {
    for packet in seen.iter().filter(|packet| packet.from_host) {
        let Some((ident, seq, data)) = echo(packet, true) else { continue };
        let asked = seen.iter().filter(|other| !other.from_host).filter_map(|other| echo(other, false));
        let mut alike = asked.filter(|other| (other.0, other.1) == (ident, seq)).peekable();
        if alike.peek().is_some() && !alike.any(|other| other.2 == data) {
            return Err(Finding::new("altered echo", format!("id {ident} seq {seq}, at {}", packet.at)));
        }
    }
    Ok(())
}

fn arp_of(frame: &[u8]) -> Option<(ethernet::View<'_>, arp::Packet)> {
    let frame = ethernet::View::read(frame).ok().filter(|frame| frame.ethertype() == EtherType::ARP)?;
    Some((frame, arp::Packet::check(&arp::View::read(frame.payload()).ok()?).ok()?))
}

/// Whether a peer asks for the host's link-layer address, and everything about the question is right.
fn asks_for_host(frame: &[u8]) -> bool {
    let Some((frame, packet)) = arp_of(frame) else { return false };
    packet.operation == arp::Operation::Request
        && packet.target_ip == lab::OWN_V4
        && (0..2).any(|which| IpAddr::V4(packet.sender_ip) == lab::peer(which, false))
        && !packet.sender_mac.is_group()
        && !frame.src().is_group()
        && (frame.dst() == lab::OWN_MAC || frame.dst().is_broadcast())
}

fn tells_of_host(timed: &Timed) -> bool {
    let Event::Response(Response::Frame(frame)) = &timed.event else { return false };
    let told = arp_of(&frame.bytes).map(|(_, packet)| packet);
    told.is_some_and(|packet| packet.operation == arp::Operation::Reply && packet.sender_mac == lab::OWN_MAC)
}
