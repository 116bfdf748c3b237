//! floor 6: the headers that Linux makes for captures on all interfaces.

use super::carried::carried;
use super::{LinkError, NetworkStart, number, octets};
use crate::trace::capture::packet::Direction;
use stack::base::Mac;

/// The first version: 16 octets.
pub(super) fn first(frame: &[u8]) -> Result<NetworkStart, LinkError> {
    let (kind, hardware, address_len) = (number(frame, 0)?, number(frame, 2)?, number(frame, 4)?);
    let address = octets(frame, 6)?;
    let (ethertype, offset) = carried(frame, protocol(hardware, number(frame, 14)?)?, 16)?;
    let source = (address_len == 6).then_some(Mac(address));
    Ok(NetworkStart { ethertype, offset, source, destination: None, direction: direction(kind) })
}

/// The second version: 20 octets.
pub(super) fn second(frame: &[u8]) -> Result<NetworkStart, LinkError> {
    let hardware = number(frame, 8)?;
    let [kind, address_len] = octets(frame, 10)?;
    let address = octets(frame, 12)?;
    let [_, _] = octets(frame, 18)?;
    let (ethertype, offset) = carried(frame, protocol(hardware, number(frame, 0)?)?, 20)?;
    let source = (address_len == 6).then_some(Mac(address));
    Ok(NetworkStart { ethertype, offset, source, destination: None, direction: direction(kind.into()) })
}

/// The protocol field, where the kind of interface makes it an EtherType: not for netlink, GRE tunnels, and
/// 802.11 without Ethernet headers.
const fn protocol(hardware: u16, protocol: u16) -> Result<u16, LinkError> {
    match hardware {
        778 | 801..=803 | 824 => Err(LinkError::Hardware(hardware)),
        _ => Ok(protocol),
    }
}

/// The kind of packet: to us, to all, to many, to somebody else; from us.
const fn direction(kind: u16) -> Direction {
    match kind {
        0..=3 => Direction::Inbound,
        4 => Direction::Outbound,
        _ => Direction::Unknown,
    }
}
