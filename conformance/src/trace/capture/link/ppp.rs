//! floor 6: PPP, bare, in HDLC (RFC 1662) and over Ethernet (RFC 2516).

use super::carried::{carried, unlabelled};
use super::{IPV4, IPV6, LinkError, number, octets};

/// Address and control field of PPP in HDLC.
const HDLC: [u8; 2] = [0xff, 0x03];
/// Address fields of Cisco's HDLC: to one, to all. An EtherType follows the control field.
const CISCO: [u8; 2] = [0x0f, 0x8f];

/// A frame that begins with the protocol field, or with the two octets of HDLC.
pub(super) fn bare(frame: &[u8], at: usize) -> Result<(u16, usize), LinkError> {
    let framed = octets(frame, at) == Ok(HDLC);
    protocol(frame, if framed { at + 2 } else { at })
}

/// A frame that begins with address and control field.
pub(super) fn hdlc(frame: &[u8]) -> Result<(u16, usize), LinkError> {
    let [address, _] = octets(frame, 0)?;
    if CISCO.contains(&address) {
        return carried(frame, number(frame, 2)?, 4);
    }
    bare(frame, 0)
}

/// Session data of PPP over Ethernet, the header of which begins at `at`.
pub(super) fn session(frame: &[u8], at: usize) -> Result<(u16, usize), LinkError> {
    let [_, code, _, _, _, _] = octets(frame, at)?;
    if code != 0 {
        return Err(LinkError::PppoeCode(code));
    }
    bare(frame, at + 6)
}

/// The protocol field has two octets, or one if both ends agreed to leave out a zero: then it is odd
/// (RFC 1661 section 2).
fn protocol(frame: &[u8], at: usize) -> Result<(u16, usize), LinkError> {
    let [first] = octets(frame, at)?;
    let (protocol, offset) =
        if first & 1 == 1 { (u16::from(first), at + 1) } else { (number(frame, at)?, at + 2) };
    match protocol {
        0x0021 => Ok((IPV4, offset)),
        0x0057 => Ok((IPV6, offset)),
        0x0281 | 0x0283 => unlabelled(frame, offset),
        other => Err(LinkError::Ppp(other)),
    }
}
