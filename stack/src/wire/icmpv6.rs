//! floor 1: ICMPv6 messages (RFC 4443 sections 2.1, 3 and 4).

use super::stop::{Layer, Stop};
use super::{Auto, checksum, ndp};
use crate::base::Why;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

/// The next header number of ICMPv6.
pub const PROTOCOL: u8 = 58;

/// Octets of type, code and checksum.
pub const HEADER_OCTETS: usize = 4;

/// Type of "destination unreachable".
pub const DESTINATION_UNREACHABLE: u8 = 1;
/// Type of "packet too big".
pub const PACKET_TOO_BIG: u8 = 2;
/// Type of "time exceeded".
pub const TIME_EXCEEDED: u8 = 3;
/// Type of "parameter problem".
pub const PARAMETER_PROBLEM: u8 = 4;
/// Type of an echo request.
pub const ECHO_REQUEST: u8 = 128;
/// Type of an echo reply.
pub const ECHO_REPLY: u8 = 129;

/// Code of "destination unreachable": nobody listens to the port.
pub const CODE_PORT_UNREACHABLE: u8 = 4;

/// A message as it is, right or wrong. Type, code and checksum are there.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    header: &'a [u8; HEADER_OCTETS],
    bytes: &'a [u8],
}

impl<'a> View<'a> {
    /// Reads the payload of an IPv6 packet.
    ///
    /// # Errors
    /// A [`Stop`] if type, code and checksum are not there.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Stop> {
        let header = bytes.first_chunk().ok_or(Stop {
            layer: Layer::Icmpv6,
            at: 0,
            need: HEADER_OCTETS,
            have: bytes.len(),
            said_by: "minimum header",
        })?;
        Ok(Self { header, bytes })
    }

    /// Why the message is less than its type asks for, if it is.
    pub fn stop(&self) -> Option<Stop> {
        if ndp::is_ndp(self.kind()) {
            return match ndp::View::read(self.bytes) {
                Ok(view) => view.stop(),
                Err(stop) => Some(stop),
            };
        }
        let (need, have) = (HEADER_OCTETS + fixed_body_octets(self.kind()), self.bytes.len());
        (have < need).then_some(Stop { layer: Layer::Icmpv6, at: 0, need, have, said_by: "type" })
    }

    /// The type.
    pub const fn kind(&self) -> u8 {
        self.header[0]
    }

    /// The code.
    pub const fn code(&self) -> u8 {
        self.header[1]
    }

    /// The checksum field.
    pub const fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.header[2], self.header[3]])
    }

    /// What follows the checksum.
    pub fn body(&self) -> &'a [u8] {
        self.bytes.get(HEADER_OCTETS..).unwrap_or(&[])
    }

    /// Everything.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether the checksum is right for a message between these two addresses.
    pub fn checksum_holds(&self, src: Ipv6Addr, dst: Ipv6Addr) -> bool {
        checksum_field(src, dst, self.bytes) == 0
    }
}

/// Octets between the checksum and the data or quoted packet, by type.
const fn fixed_body_octets(kind: u8) -> usize {
    match kind {
        DESTINATION_UNREACHABLE
        | PACKET_TOO_BIG
        | TIME_EXCEEDED
        | PARAMETER_PROBLEM
        | ECHO_REQUEST
        | ECHO_REPLY => 4,
        _ => 0,
    }
}

/// The complemented sum of pseudo-header and message: the checksum if that field is zero in `bytes`, and
/// zero if the field is right.
fn checksum_field(src: Ipv6Addr, dst: Ipv6Addr, bytes: &[u8]) -> u16 {
    //= RFC4443-2.3-a
    let len_octets = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    checksum::pseudo(IpAddr::V6(src), IpAddr::V6(dst), PROTOCOL, len_octets).add_bytes(bytes).finish()
}

/// Whether a type is an error message, to which no error may answer.
pub const fn is_error(kind: u8) -> bool {
    //= RFC4443-2.1-a
    kind < 128
}

/// A message whose checksum is right and which is as long as its type asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Type 1.
    DestinationUnreachable {
        /// Why: 0 no route, 1 prohibited, 2 beyond scope, 3 address, 4 port, 5 policy, 6 reject route.
        code: u8,
        /// The packet that could not be delivered, as much of it as there is.
        quoted: &'a [u8],
    },
    /// Type 2.
    PacketTooBig {
        /// The MTU of the next link in octets, as the field stands.
        mtu: u32,
        /// The packet that was too big, as much of it as there is.
        quoted: &'a [u8],
    },
    /// Type 3.
    TimeExceeded {
        /// 0 hop limit, 1 reassembly.
        code: u8,
        /// The packet, as much of it as there is.
        quoted: &'a [u8],
    },
    /// Type 4.
    ParameterProblem {
        /// 0 header field, 1 next header, 2 option.
        code: u8,
        /// Offset of the fault in the packet, possibly behind what is quoted.
        pointer: u32,
        /// The packet, as much of it as there is.
        quoted: &'a [u8],
    },
    /// Type 128.
    EchoRequest {
        /// Identifier.
        ident: u16,
        /// Sequence number.
        seq: u16,
        /// What is to be returned.
        data: &'a [u8],
    },
    /// Type 129.
    EchoReply {
        /// Identifier.
        ident: u16,
        /// Sequence number.
        seq: u16,
        /// What is returned.
        data: &'a [u8],
    },
    /// Types 133 to 137.
    Ndp(ndp::Message<'a>),
    /// Any other type.
    Other {
        /// The type.
        kind: u8,
        /// The code.
        code: u8,
        /// What follows the checksum.
        body: &'a [u8],
    },
}

/// Fields of a message to be written other than right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forced {
    /// The code.
    pub code: Auto<u8>,
    /// The checksum field.
    pub checksum: Auto<u16>,
}

impl<'a> Message<'a> {
    /// Checks a message that came from `src` to `dst` with `hop_limit` in its packet; only neighbour
    /// discovery cares for that one.
    ///
    /// # Errors
    /// [`Why::Icmpv6Checksum`], [`Why::Icmpv6Truncated`], or what [`ndp::Message::check`] says.
    pub fn check(view: &View<'a>, src: Ipv6Addr, dst: Ipv6Addr, hop_limit: u8) -> Result<Self, Why> {
        if !view.checksum_holds(src, dst) {
            return Err(Why::Icmpv6Checksum);
        }
        let (kind, code, body) = (view.kind(), view.code(), view.body());
        if ndp::is_ndp(kind) {
            let view = ndp::View::read(view.bytes()).map_err(|_| Why::Icmpv6Truncated)?;
            return ndp::Message::check(&view, src, dst, hop_limit).map(Self::Ndp);
        }
        let Some((fixed, data)) = body.split_at_checked(fixed_body_octets(kind)) else {
            return Err(Why::Icmpv6Truncated);
        };
        let word = fixed.first_chunk().map_or(0, |word| u32::from_be_bytes(*word));
        let [a, b, c, d] = word.to_be_bytes();
        let (ident, seq) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        Ok(match kind {
            DESTINATION_UNREACHABLE => Self::DestinationUnreachable { code, quoted: data },
            PACKET_TOO_BIG => Self::PacketTooBig { mtu: word, quoted: data },
            TIME_EXCEEDED => Self::TimeExceeded { code, quoted: data },
            PARAMETER_PROBLEM => Self::ParameterProblem { code, pointer: word, quoted: data },
            ECHO_REQUEST => Self::EchoRequest { ident, seq, data },
            ECHO_REPLY => Self::EchoReply { ident, seq, data },
            _ => Self::Other { kind, code, body },
        })
    }

    /// The type.
    pub const fn kind(&self) -> u8 {
        match self {
            Self::DestinationUnreachable { .. } => DESTINATION_UNREACHABLE,
            Self::PacketTooBig { .. } => PACKET_TOO_BIG,
            Self::TimeExceeded { .. } => TIME_EXCEEDED,
            Self::ParameterProblem { .. } => PARAMETER_PROBLEM,
            Self::EchoRequest { .. } => ECHO_REQUEST,
            Self::EchoReply { .. } => ECHO_REPLY,
            Self::Ndp(message) => message.kind(),
            Self::Other { kind, .. } => *kind,
        }
    }

    /// The code; 0 where the type has only that one.
    pub const fn code(&self) -> u8 {
        match self {
            Self::DestinationUnreachable { code, .. }
            | Self::TimeExceeded { code, .. }
            | Self::ParameterProblem { code, .. }
            | Self::Other { code, .. } => *code,
            Self::PacketTooBig { .. } | Self::EchoRequest { .. } | Self::EchoReply { .. } | Self::Ndp(_) => 0,
        }
    }

    /// Appends the message, with the checksum for a packet from `src` to `dst`.
    pub fn emit(&self, src: Ipv6Addr, dst: Ipv6Addr, out: &mut Vec<u8>) {
        self.emit_with(&Forced::default(), src, dst, out);
    }

    /// Appends the message with some fields forced.
    pub fn emit_with(&self, forced: &Forced, src: Ipv6Addr, dst: Ipv6Addr, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[self.kind(), forced.code.or(|| self.code()), 0, 0]);
        match *self {
            Self::DestinationUnreachable { quoted, .. } | Self::TimeExceeded { quoted, .. } => {
                //= RFC4443-3.1-c
                out.extend_from_slice(&[0; 4]);
                out.extend_from_slice(quoted);
            }
            Self::PacketTooBig { mtu: word, quoted }
            | Self::ParameterProblem { pointer: word, quoted, .. } => {
                out.extend_from_slice(&word.to_be_bytes());
                out.extend_from_slice(quoted);
            }
            Self::EchoRequest { ident, seq, data } | Self::EchoReply { ident, seq, data } => {
                out.extend_from_slice(&ident.to_be_bytes());
                out.extend_from_slice(&seq.to_be_bytes());
                out.extend_from_slice(data);
            }
            Self::Ndp(message) => message.emit_body(out),
            Self::Other { body, .. } => out.extend_from_slice(body),
        }
        let checksum = forced.checksum.or(|| checksum_field(src, dst, out.get(start..).unwrap_or(&[])));
        if let Some(field) = out.get_mut(start + 2..start + 4) {
            field.copy_from_slice(&checksum.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    const A: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    const B: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

    fn emitted(message: &Message<'_>, forced: &Forced) -> Vec<u8> {
        let mut out = Vec::new();
        message.emit_with(forced, A, B, &mut out);
        out
    }

    fn checked(bytes: &[u8]) -> Result<Message<'_>, Why> {
        Message::check(&View::read(bytes).expect("type, code and checksum are there"), A, B, 255)
    }

    quickcheck! {
        //? RFC4443-2.3-a
        fn what_is_emitted_checks_to_itself(
            code: u8, word: u32, ident: u16, seq: u16, data: Vec<u8>
        ) -> bool {
            let messages = [
                Message::DestinationUnreachable { code, quoted: &data },
                Message::PacketTooBig { mtu: word, quoted: &data },
                Message::TimeExceeded { code, quoted: &data },
                Message::ParameterProblem { code, pointer: word, quoted: &data },
                Message::EchoRequest { ident, seq, data: &data },
                Message::EchoReply { ident, seq, data: &data },
                Message::Ndp(ndp::Message::NeighborSolicitation { target: B, source_link: None }),
                Message::Other { kind: 200, code, body: &data },
            ];
            messages.iter().all(|message| checked(&emitted(message, &Forced::default())) == Ok(*message))
        }

        fn checking_is_stable(kind: u8, bytes: Vec<u8>) -> bool {
            let mut bytes = bytes;
            bytes.resize(bytes.len().max(HEADER_OCTETS), 0);
            bytes[0] = kind % 5 + if bytes[1] & 1 == 0 { 0 } else { 128 };
            bytes[2..4].fill(0);
            let sum = checksum_field(A, B, &bytes);
            bytes[2..4].copy_from_slice(&sum.to_be_bytes());
            match checked(&bytes) {
                Ok(message) => checked(&emitted(&message, &Forced::default())) == Ok(message),
                Err(why) => {
                    why == Why::Icmpv6Truncated && View::read(&bytes).is_ok_and(|view| view.stop().is_some())
                }
            }
        }

        fn no_octets_are_out_of_bounds(bytes: Vec<u8>) -> bool {
            match View::read(&bytes) {
                Err(stop) => stop.have < stop.need && bytes.len() < HEADER_OCTETS,
                Ok(view) => {
                    view.body().len() + HEADER_OCTETS == bytes.len()
                        && view.stop().is_none_or(|stop| stop.at <= bytes.len() && stop.have < stop.need)
                }
            }
        }
    }

    #[test]
    fn checksums_and_codes_can_be_forced() {
        let echo = Message::EchoRequest { ident: 1, seq: 2, data: b"data" };
        let wrong = Forced { checksum: Auto::Forced(1), ..Forced::default() };
        assert_eq!(checked(&emitted(&echo, &wrong)), Err(Why::Icmpv6Checksum));
        let code = Forced { code: Auto::Forced(7), ..Forced::default() };
        assert_eq!(View::read(&emitted(&echo, &code)).map(|view| view.code()), Ok(7));
    }

    #[test]
    fn the_neighbour_discovery_of_another_link_is_discarded() {
        let message = Message::Ndp(ndp::Message::NeighborSolicitation { target: B, source_link: None });
        let bytes = emitted(&message, &Forced::default());
        let view = View::read(&bytes).expect("type, code and checksum are there");
        assert_eq!(Message::check(&view, A, B, 64), Err(Why::NeighborSolicitationHopLimit));
    }

    //? RFC4443-2.1-a
    #[test]
    fn types_below_128_are_errors() {
        assert!(is_error(PARAMETER_PROBLEM) && is_error(127));
        assert!(!is_error(ECHO_REQUEST) && !is_error(ndp::REDIRECT));
    }
}
