//! floor 6: packets within packets: IP in IP (RFC 2003, RFC 4213, RFC 2473), GRE (RFC 2784, RFC 2890,
//! RFC 2637) and VXLAN (RFC 7348).

use super::carried::carried;
use super::{IPV4, IPV6, NetworkStart, ethernet, number, octets, ppp};

/// Tunnels within tunnels that are looked into.
pub(in crate::trace::capture) const MAX_DEPTH: u8 = 8;

/// Next headers of IPv6 that are passed over: hop-by-hop options, routing, destination options.
const EXTENSIONS: [u8; 3] = [0, 43, 60];
/// Extension headers that are passed over at the most.
const MAX_EXTENSIONS: usize = 8;
const VXLAN_PORT: u16 = 4789;
/// A whole Ethernet frame within GRE.
const ETHERNET_IN_GRE: u16 = 0x6558;
/// EtherTypes for which a tunnel is taken off: IPv4, IPv6, ARP. What carries something else stays as it is.
const CARRIED: [u16; 3] = [IPV4, IPV6, 0x0806];
/// PPP within GRE of version 1.
const PPP_IN_GRE: u16 = 0x880b;

/// The packet within the packet that begins at `outer`, if that is a tunnel's. Fragments are none: what they
/// carry is not all there.
pub(in crate::trace::capture) fn inner(outer: &NetworkStart, frame: &[u8]) -> Option<NetworkStart> {
    let (protocol, at) = match outer.ethertype {
        IPV4 => of_ipv4(frame, outer.offset)?,
        IPV6 => of_ipv6(frame, outer.offset)?,
        _ => return None,
    };
    let bare = |(ethertype, offset)| NetworkStart { ethertype, offset, ..*outer };
    match protocol {
        4 => Some(bare((IPV4, at))),
        41 => Some(bare((IPV6, at))),
        17 => vxlan(frame, at).map(|start| NetworkStart { direction: outer.direction, ..start }),
        47 => gre(outer, frame, at),
        _ => None,
    }
    .filter(|start| start.offset < frame.len() && CARRIED.contains(&start.ethertype))
}

/// Protocol and offset of what an IPv4 packet carries.
fn of_ipv4(frame: &[u8], at: usize) -> Option<(u8, usize)> {
    let [version, _, _, _, _, _, fragment, fragment_low, _, protocol] = octets(frame, at).ok()?;
    let header = usize::from(version & 15) * 4;
    let whole = fragment & 0x3f == 0 && fragment_low == 0;
    (version >> 4 == 4 && header >= 20 && whole).then_some((protocol, at + header))
}

/// Protocol and offset of what an IPv6 packet carries, past extension headers.
fn of_ipv6(frame: &[u8], at: usize) -> Option<(u8, usize)> {
    let [version, _, _, _, _, _, mut next] = octets(frame, at).ok()?;
    let mut offset = at + 40;
    for _ in 0..MAX_EXTENSIONS {
        if !EXTENSIONS.contains(&next) {
            return (version >> 4 == 6).then_some((next, offset));
        }
        let [following, len] = octets(frame, offset).ok()?;
        next = following;
        offset += (usize::from(len) + 1) * 8;
    }
    None
}

/// The Ethernet frame in a datagram to the port of VXLAN.
fn vxlan(frame: &[u8], at: usize) -> Option<NetworkStart> {
    let port = number(frame, at + 2).ok()?;
    let [flags, _, _, _, _, _, _, _] = octets(frame, at + 8).ok()?;
    if port != VXLAN_PORT || flags & 0x08 == 0 {
        return None;
    }
    ethernet::start(frame, at + 16).ok()
}

/// What is behind a GRE header: its flags tell which fields it has.
fn gre(outer: &NetworkStart, frame: &[u8], at: usize) -> Option<NetworkStart> {
    let flags = number(frame, at).ok()?;
    let ethertype = number(frame, at + 2).ok()?;
    let field = |bit: u16| usize::from(flags & bit != 0) * 4;
    let (checksum, key, sequence) = (field(0x8000), field(0x2000), field(0x1000));
    let bare = |(ethertype, offset)| NetworkStart { ethertype, offset, ..*outer };
    match (flags & 7, ethertype) {
        // Routing is gone since RFC 2784.
        _ if flags & 0x4000 != 0 => None,
        (0, ETHERNET_IN_GRE) => {
            let start = ethernet::start(frame, at + 4 + checksum + key + sequence).ok()?;
            Some(NetworkStart { direction: outer.direction, ..start })
        }
        (0, ethertype) => carried(frame, ethertype, at + 4 + checksum + key + sequence).ok().map(bare),
        (1, PPP_IN_GRE) => ppp::bare(frame, at + 4 + key + sequence + field(0x0080)).ok().map(bare),
        _ => None,
    }
}
