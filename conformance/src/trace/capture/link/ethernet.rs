//! floor 6: Ethernet II and IEEE 802.3 frames (RFC 894, RFC 1042).

use super::carried::carried;
use super::{LinkError, NetworkStart, number, octets};
use crate::trace::capture::packet::Direction;
use stack::base::Mac;

/// Largest value of the field after the addresses that is a length and not a type (RFC 1122 section 2.3.3).
const MAX_LENGTH: u16 = 1500;

/// The network layer of the frame that begins at `at`.
pub(super) fn start(frame: &[u8], at: usize) -> Result<NetworkStart, LinkError> {
    let destination = Some(Mac(octets(frame, at)?));
    let source = Some(Mac(octets(frame, at + 6)?));
    let (ethertype, offset) = carried(frame, number(frame, at + 12)?, at + 14)?;
    let (ethertype, offset) = if ethertype > MAX_LENGTH { (ethertype, offset) } else { llc(frame, offset)? };
    Ok(NetworkStart { ethertype, offset, source, destination, direction: Direction::Unknown })
}

/// IEEE 802.2: the EtherType follows only a SNAP header of Ethernet's own organisation (RFC 1042).
fn llc(frame: &[u8], offset: usize) -> Result<(u16, usize), LinkError> {
    let [dsap, ssap, control] = octets(frame, offset)?;
    if (dsap, ssap, control) != (0xaa, 0xaa, 3) || octets(frame, offset + 3)? != [0, 0, 0] {
        return Err(LinkError::Llc { dsap, ssap });
    }
    carried(frame, number(frame, offset + 6)?, offset + 8)
}
