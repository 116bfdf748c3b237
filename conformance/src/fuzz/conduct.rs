//! floor 8: what no host may do, whatever happens to it: answer RST with RST (RFC 9293 section 3.5.2), send
//! errors about errors or to groups (RFC 1122 section 3.2.2), send without end.

use super::Finding;
use super::packets::Seen;
use crate::drive::bytes::lab;
use crate::trace::{Event, Response, Trace};
use std::net::{IpAddr, Ipv4Addr};

/// Frames without data that one stimulus may cause, and the passing of time between two of them may.
const FRAMES_MAX: usize = 128;

/// Octets of data that one more frame is allowed for: the smallest segment that a peer may ask for is 1
/// octet, so data of an application's calls bounds the number of frames.
const DATA_OCTETS_MAX: usize = 64 * 8192;

/// The octets of an ICMP header, after which the quoted packet begins.
const ICMP_HEADER_OCTETS: usize = 8;

pub(super) fn examine(trace: &Trace, seen: &[Seen<'_>]) -> Result<(), Finding> {
    resets(trace, seen)?;
    seen.iter().filter(|packet| packet.from_host).try_for_each(|packet| error(packet))?;
    emission(trace, seen)
}

/// A reset is not answered with a reset of the same connection.
fn resets(trace: &Trace, seen: &[Seen<'_>]) -> Result<(), Finding> {
    for pair in seen.windows(2) {
        let [arrived, left] = pair else { continue };
        let (Some(came), Some(went)) = (&arrived.segment, &left.segment) else { continue };
        let between = trace.events.get(arrived.index + 1..left.index).unwrap_or(&[]);
        let called = between.iter().any(|timed| matches!(timed.event, Event::Stimulus(_)));
        let answers = !arrived.from_host && left.from_host && arrived.at == left.at && !called;
        let turned = arrived.ends().map(|(src, dst)| (dst, src));
        if answers && came.flags.rst() && went.flags.rst() && left.ends() == turned {
            return Err(Finding::new("reset answers reset", format!("at {}", left.at)));
        }
    }
    Ok(())
}

/// An ICMP error is about a packet that deserves one, and goes to one host. What IPv6 asks of fragments
/// beyond the first has errors of its own (RFC 8200 section 4.5).
fn error(packet: &Seen<'_>) -> Result<(), Finding> {
    if !packet.upper.is_icmp_error() {
        return Ok(());
    }
    let Some(quoted) = packet.upper.payload.get(ICMP_HEADER_OCTETS..) else { return Ok(()) };
    let wrong = |what: &str| Err(Finding::new("undue icmp error", format!("{what}, at {}", packet.at)));
    if is_group(packet.upper.dst) {
        return wrong("to a group");
    }
    let Some(about) = crate::drive::replay::packet::Upper::of(quoted) else { return Ok(()) };
    if about.is_icmp_error() {
        return wrong("about an error");
    }
    if about.src.is_unspecified() || is_group(about.src) || about.src.is_loopback() {
        return wrong("about a packet from no single host");
    }
    if about.dst.is_ipv4() && is_group(about.dst) {
        return wrong("about a packet to a group");
    }
    if about.dst.is_ipv4() && about.fragment.is_some_and(|fragment| fragment.offset > 0) {
        return wrong("about a fragment that is not the first");
    }
    Ok(())
}

/// Groups and broadcasts of the lab.
fn is_group(addr: IpAddr) -> bool {
    let IpAddr::V4(v4) = addr else { return addr.is_multicast() };
    let [a, b, c, _] = lab::OWN_V4.octets();
    v4.is_multicast()
        || v4.is_broadcast()
        || v4 == Ipv4Addr::new(a, b, c, 255)
        || v4 == Ipv4Addr::new(a, b, c, 0)
}

/// Between two stimuli, only so much is emitted; in the whole run, only what the application gave.
fn emission(trace: &Trace, seen: &[Seen<'_>]) -> Result<(), Finding> {
    let (mut bare, mut data_octets, mut last) = (0_usize, 0_usize, 0_usize);
    for packet in seen {
        let pushed = trace.events.get(last..packet.index).unwrap_or(&[]);
        if !packet.from_host || pushed.iter().any(|timed| matches!(timed.event, Event::Stimulus(_))) {
            bare = 0;
        }
        last = packet.index;
        if !packet.from_host {
            continue;
        }
        let carried = packet.segment.as_ref().map_or(0, |segment| segment.payload.len());
        data_octets += carried;
        bare += usize::from(carried == 0);
        if bare > FRAMES_MAX {
            return Err(Finding::new(
                "endless emission",
                format!("{bare} frames without data, at {}", packet.at),
            ));
        }
    }
    let frames =
        trace.events.iter().filter(|timed| matches!(timed.event, Event::Response(Response::Frame(_))));
    if data_octets > DATA_OCTETS_MAX {
        let seen = format!("{data_octets} octets of data in {} frames", frames.count());
        return Err(Finding::new("endless emission", seen));
    }
    Ok(())
}
