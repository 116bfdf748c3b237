//! floor 6: what stands between an EtherType and the network layer: VLAN tags, PPP sessions, MPLS labels.

use super::{IPV4, IPV6, LinkError, number, octets, ppp};

/// EtherTypes of VLAN tags: IEEE 802.1Q, 802.1ad, and two older numbers of the outer one.
const VLAN_TAGS: [u16; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];
/// MPLS, to one and to many (RFC 5332).
const MPLS: [u16; 2] = [0x8847, 0x8848];
/// Session data of PPP over Ethernet (RFC 2516).
const PPPOE_SESSION: u16 = 0x8864;

/// The EtherType of this version of IP.
pub(super) const fn version(version: u8) -> Option<u16> {
    match version {
        4 => Some(IPV4),
        6 => Some(IPV6),
        _ => None,
    }
}

/// Goes past everything that only carries: the first EtherType that does not, and the offset behind it. Each
/// turn takes octets of the frame, so that the end comes.
pub(super) fn carried(frame: &[u8], ethertype: u16, offset: usize) -> Result<(u16, usize), LinkError> {
    let (ethertype, offset) = untagged(frame, ethertype, offset)?;
    match ethertype {
        PPPOE_SESSION => ppp::session(frame, offset),
        labels if MPLS.contains(&labels) => unlabelled(frame, offset),
        _ => Ok((ethertype, offset)),
    }
}

/// Skips VLAN tags: the first type that is none, and the offset behind it. Each tag has two octets of its
/// own.
fn untagged(frame: &[u8], mut ethertype: u16, mut offset: usize) -> Result<(u16, usize), LinkError> {
    while VLAN_TAGS.contains(&ethertype) {
        ethertype = number(frame, offset + 2)?;
        offset += 4;
    }
    Ok((ethertype, offset))
}

/// Skips MPLS labels (RFC 3032). Nothing tells what is behind them; IP has its version there, and nothing
/// else that is carried begins with 4 or 6 (RFC 4928).
pub(super) fn unlabelled(frame: &[u8], mut offset: usize) -> Result<(u16, usize), LinkError> {
    loop {
        let [_, _, bottom, _] = octets(frame, offset)?;
        offset += 4;
        if bottom & 1 == 1 {
            break;
        }
    }
    let [first] = octets(frame, offset)?;
    let ethertype = version(first >> 4).ok_or(LinkError::Label(first >> 4))?;
    Ok((ethertype, offset))
}
