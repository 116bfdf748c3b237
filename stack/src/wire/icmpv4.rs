//! floor 1: control messages of IPv4 (RFC 792, RFC 1122 section 3.2.2, RFC 1191 section 4, RFC 1812
//! section 5.2.7).

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::{Auto, Layer, Stop, checksum};
use crate::base::Why;

/// Octets before the data of a message.
pub const HEADER_OCTETS: usize = 8;

/// Message types (RFC 792).
pub mod kind {
    /// Echo reply.
    pub const ECHO_REPLY: u8 = 0;
    /// Destination unreachable.
    pub const DESTINATION_UNREACHABLE: u8 = 3;
    /// Source quench (out of use, RFC 6633).
    pub const SOURCE_QUENCH: u8 = 4;
    /// Redirect.
    pub const REDIRECT: u8 = 5;
    /// Echo request.
    pub const ECHO_REQUEST: u8 = 8;
    /// Time exceeded.
    pub const TIME_EXCEEDED: u8 = 11;
    /// Parameter problem.
    pub const PARAMETER_PROBLEM: u8 = 12;
    /// Timestamp.
    pub const TIMESTAMP: u8 = 13;
    /// Timestamp reply.
    pub const TIMESTAMP_REPLY: u8 = 14;

    /// Whether messages of this type report on another packet, so that nothing may report on them.
    pub const fn is_error(kind: u8) -> bool {
        matches!(kind, DESTINATION_UNREACHABLE | SOURCE_QUENCH | REDIRECT | TIME_EXCEEDED | PARAMETER_PROBLEM)
    }
}

/// An enum of codes with the two ways between it and the octet.
macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $code:literal => $variant:ident,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            /// A code without a name here.
            Other(u8),
        }

        impl $name {
            /// What `code` stands for.
            pub const fn from_code(code: u8) -> Self {
                match code { $($code => Self::$variant,)* other => Self::Other(other) }
            }

            /// The octet on the wire.
            pub const fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)* Self::Other(code) => code }
            }
        }
    };
}

codes! {
    /// Why a destination cannot be reached (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1).
    Unreachable {
        /// No route to the network.
        0 => Network,
        /// The host does not answer on its link.
        1 => Host,
        /// The host has no such transport protocol.
        2 => Protocol,
        /// The transport protocol has nobody at the port.
        3 => Port,
        /// The packet is larger than the next link carries and may not be cut.
        4 => FragmentationNeeded,
        /// A hop of the source route cannot be reached.
        5 => SourceRouteFailed,
        /// The network does not exist.
        6 => NetworkUnknown,
        /// The host does not exist.
        7 => HostUnknown,
        /// The source is cut off (out of use).
        8 => SourceIsolated,
        /// The network is administratively prohibited.
        9 => NetworkProhibited,
        /// The host is administratively prohibited.
        10 => HostProhibited,
        /// The network cannot be reached with this type of service.
        11 => NetworkTypeOfService,
        /// The host cannot be reached with this type of service.
        12 => HostTypeOfService,
        /// A filter is in the way.
        13 => Prohibited,
        /// The precedence is not permitted.
        14 => HostPrecedence,
        /// The precedence is below the required one.
        15 => PrecedenceCutoff,
    }
}

codes! {
    /// Which time was exceeded (RFC 792).
    Exceeded {
        /// Time to live, on the way.
        0 => TimeToLive,
        /// The time in which all fragments have to arrive.
        1 => Reassembly,
    }
}

codes! {
    /// What is wrong with a header (RFC 792, RFC 1122 section 3.2.2.5, RFC 1108 for the missing option).
    Problem {
        /// The octet that the pointer names.
        0 => Pointer,
        /// An option that is required is missing.
        1 => OptionMissing,
        /// A length is wrong.
        2 => BadLength,
    }
}

codes! {
    /// For which packets a redirect holds (RFC 792).
    RedirectFor {
        /// All to the network.
        0 => Network,
        /// All to the host.
        1 => Host,
        /// Those to the network with this type of service.
        2 => NetworkTypeOfService,
        /// Those to the host with this type of service.
        3 => HostTypeOfService,
    }
}

/// A message as it lies there.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    bytes: &'a [u8],
    fixed: &'a [u8; HEADER_OCTETS],
}

impl<'a> View<'a> {
    /// Reads a message: the whole payload of an IPv4 packet.
    ///
    /// # Errors
    /// [`Stop`] when the 8 octets that every message has are not there.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Stop> {
        let Some(fixed) = bytes.first_chunk() else {
            let (need, have) = (HEADER_OCTETS, bytes.len());
            return Err(Stop { layer: Layer::Icmpv4, at: 0, need, have, said_by: "minimum header" });
        };
        Ok(Self { bytes, fixed })
    }

    /// The type: see [`kind`].
    pub const fn kind(&self) -> u8 {
        self.fixed[0]
    }

    /// The code.
    pub const fn code(&self) -> u8 {
        self.fixed[1]
    }

    /// The checksum as it stands there.
    pub const fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.fixed[2], self.fixed[3]])
    }

    /// Whether the message sums up to all ones.
    pub fn checksum_holds(&self) -> bool {
        checksum::holds(self.bytes)
    }

    /// The four octets whose meaning depends on the type.
    pub const fn rest(&self) -> [u8; 4] {
        let [_, _, _, _, rest @ ..] = *self.fixed;
        rest
    }

    /// What follows the eight octets: echo data, or the packet that is reported on.
    pub fn data(&self) -> &'a [u8] {
        &self.bytes[HEADER_OCTETS..]
    }

    /// What follows the checksum.
    pub fn body(&self) -> &'a [u8] {
        &self.bytes[4..]
    }

    /// Nothing in the message promises octets, so this is always `None`.
    pub const fn stop(&self) -> Option<Stop> {
        None
    }
}

/// A message whose checksum is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Please send this back.
    EchoRequest {
        /// Whose request it is.
        ident: u16,
        /// Which of them.
        seq: u16,
        /// Anything.
        data: &'a [u8],
    },
    /// What was to be sent back.
    EchoReply {
        /// Whose request it was.
        ident: u16,
        /// Which of them.
        seq: u16,
        /// What the request carried.
        data: &'a [u8],
    },
    /// A packet could not be delivered.
    DestinationUnreachable {
        /// Why.
        code: Unreachable,
        /// The next link's limit in octets if fragmentation was needed and the router says it, else 0.
        mtu: u16,
        /// The start of the packet.
        quoted: &'a [u8],
    },
    /// A packet was dropped for want of room (out of use, RFC 6633).
    SourceQuench {
        /// The start of the packet.
        quoted: &'a [u8],
    },
    /// There is a better first hop.
    Redirect {
        /// For which packets.
        code: RedirectFor,
        /// The better hop.
        gateway: Ipv4Addr,
        /// The start of the packet.
        quoted: &'a [u8],
    },
    /// A packet took too long.
    TimeExceeded {
        /// Where.
        code: Exceeded,
        /// The start of the packet.
        quoted: &'a [u8],
    },
    /// A packet had a header that could not be worked with.
    ParameterProblem {
        /// What kind of fault.
        code: Problem,
        /// Offset of the faulty octet in the packet, if the code is [`Problem::Pointer`].
        pointer: u8,
        /// The start of the packet.
        quoted: &'a [u8],
    },
    /// A type without a meaning here: timestamps, router discovery and all others.
    Other {
        /// The type.
        kind: u8,
        /// The code.
        code: u8,
        /// What follows the checksum: at least 4 octets; a shorter one is emitted as four zeros.
        body: &'a [u8],
    },
}

/// Fields that a test may want wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forced {
    /// The type.
    pub kind: Auto<u8>,
    /// The code.
    pub code: Auto<u8>,
    /// The checksum.
    pub checksum: Auto<u16>,
    /// The four octets whose meaning depends on the type.
    pub rest: Auto<[u8; 4]>,
}

impl<'a> Message<'a> {
    /// The message, if its checksum is right. Octets that are unused are not looked at, and neither is the
    /// code of an echo.
    ///
    /// # Errors
    /// [`Why::Icmpv4Checksum`].
    pub fn check(view: &View<'a>) -> Result<Self, Why> {
        //= RFC792-Echo-b
        if !view.checksum_holds() {
            return Err(Why::Icmpv4Checksum);
        }
        let [a, b, c, d] = view.rest();
        let (first, second) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let (code, data) = (view.code(), view.data());
        Ok(match view.kind() {
            kind::ECHO_REPLY => Self::EchoReply { ident: first, seq: second, data },
            kind::ECHO_REQUEST => Self::EchoRequest { ident: first, seq: second, data },
            kind::DESTINATION_UNREACHABLE => {
                let code = Unreachable::from_code(code);
                let mtu = if code == Unreachable::FragmentationNeeded { second } else { 0 };
                Self::DestinationUnreachable { code, mtu, quoted: data }
            }
            kind::SOURCE_QUENCH => Self::SourceQuench { quoted: data },
            kind::REDIRECT => Self::Redirect {
                code: RedirectFor::from_code(code),
                gateway: Ipv4Addr::new(a, b, c, d),
                quoted: data,
            },
            kind::TIME_EXCEEDED => Self::TimeExceeded { code: Exceeded::from_code(code), quoted: data },
            kind::PARAMETER_PROBLEM => {
                Self::ParameterProblem { code: Problem::from_code(code), pointer: a, quoted: data }
            }
            kind => Self::Other { kind, code, body: view.body() },
        })
    }

    /// The type on the wire: see [`kind`].
    pub const fn kind(&self) -> u8 {
        match *self {
            Self::EchoRequest { .. } => kind::ECHO_REQUEST,
            Self::EchoReply { .. } => kind::ECHO_REPLY,
            Self::DestinationUnreachable { .. } => kind::DESTINATION_UNREACHABLE,
            Self::SourceQuench { .. } => kind::SOURCE_QUENCH,
            Self::Redirect { .. } => kind::REDIRECT,
            Self::TimeExceeded { .. } => kind::TIME_EXCEEDED,
            Self::ParameterProblem { .. } => kind::PARAMETER_PROBLEM,
            Self::Other { kind, .. } => kind,
        }
    }

    /// The code on the wire.
    pub const fn code(&self) -> u8 {
        match *self {
            //= RFC792-Echo-c
            Self::EchoRequest { .. } | Self::EchoReply { .. } | Self::SourceQuench { .. } => 0,
            Self::DestinationUnreachable { code, .. } => code.code(),
            Self::Redirect { code, .. } => code.code(),
            Self::TimeExceeded { code, .. } => code.code(),
            Self::ParameterProblem { code, .. } => code.code(),
            Self::Other { code, .. } => code,
        }
    }

    /// The packet that the message reports on, if it does.
    pub const fn quoted(&self) -> Option<&'a [u8]> {
        match *self {
            Self::DestinationUnreachable { quoted, .. }
            | Self::SourceQuench { quoted }
            | Self::Redirect { quoted, .. }
            | Self::TimeExceeded { quoted, .. }
            | Self::ParameterProblem { quoted, .. } => Some(quoted),
            Self::EchoRequest { .. } | Self::EchoReply { .. } | Self::Other { .. } => None,
        }
    }

    /// Appends the message with the right checksum.
    pub fn emit(&self, out: &mut Vec<u8>) {
        self.emit_with(&Forced::default(), out);
    }

    /// Appends the message with the forced fields as they are.
    pub fn emit_with(&self, forced: &Forced, out: &mut Vec<u8>) {
        let start = out.len();
        let (rest, data) = self.rest_and_data();
        out.extend_from_slice(&[forced.kind.or(|| self.kind()), forced.code.or(|| self.code()), 0, 0]);
        out.extend_from_slice(&forced.rest.or(|| rest));
        out.extend_from_slice(data);
        //= RFC792-Echo-b
        let sum = forced.checksum.or(|| checksum::of(&out[start..]));
        out[start + 2..start + 4].copy_from_slice(&sum.to_be_bytes());
    }

    fn rest_and_data(&self) -> ([u8; 4], &'a [u8]) {
        let pair = |[a, b]: [u8; 2], [c, d]: [u8; 2]| [a, b, c, d];
        match *self {
            Self::EchoRequest { ident, seq, data } | Self::EchoReply { ident, seq, data } => {
                (pair(ident.to_be_bytes(), seq.to_be_bytes()), data)
            }
            //= RFC792-Message_Formats-a
            Self::DestinationUnreachable { mtu, quoted, .. } => (pair([0; 2], mtu.to_be_bytes()), quoted),
            Self::SourceQuench { quoted } | Self::TimeExceeded { quoted, .. } => ([0; 4], quoted),
            Self::Redirect { gateway, quoted, .. } => (gateway.octets(), quoted),
            Self::ParameterProblem { pointer, quoted, .. } => ([pointer, 0, 0, 0], quoted),
            Self::Other { body, .. } => match body.split_first_chunk() {
                Some((rest, data)) => (*rest, data),
                None => ([0; 4], &[]),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::{Arbitrary, Gen, TestResult, quickcheck};

    /// What a message is made of, owned.
    #[derive(Clone, Debug)]
    struct Sample {
        kind: u8,
        code: u8,
        rest: [u8; 4],
        data: Vec<u8>,
    }

    impl Arbitrary for Sample {
        fn arbitrary(g: &mut Gen) -> Self {
            Self {
                kind: u8::arbitrary(g) % 16,
                code: u8::arbitrary(g) % 18,
                rest: u32::arbitrary(g).to_be_bytes(),
                data: Arbitrary::arbitrary(g),
            }
        }
    }

    impl Sample {
        /// Bytes with a right checksum and anything else.
        fn bytes(&self) -> Vec<u8> {
            let forced = Forced {
                kind: Auto::Forced(self.kind),
                code: Auto::Forced(self.code),
                checksum: Auto::Computed,
                rest: Auto::Forced(self.rest),
            };
            let mut out = Vec::new();
            Message::SourceQuench { quoted: &self.data }.emit_with(&forced, &mut out);
            out
        }
    }

    fn verdict(bytes: &[u8]) -> Result<Result<Message<'_>, Why>, Stop> {
        View::read(bytes).map(|view| Message::check(&view))
    }

    fn emitted(message: &Message<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        message.emit(&mut out);
        out
    }

    //? RFC792-Echo-b
    //? RFC792-Echo-c
    #[test]
    fn an_echo_request_has_its_layout() {
        let bytes = emitted(&Message::EchoRequest { ident: 0x1234, seq: 1, data: b"abc" });
        assert_eq!(bytes, [8, 0, 0x21, 0x68, 0x12, 0x34, 0, 1, b'a', b'b', b'c']);
    }

    //? RFC792-Message_Formats-a
    #[test]
    fn the_mtu_belongs_to_its_code() {
        let message = |code, mtu| Message::DestinationUnreachable { code, mtu, quoted: &[0x45] };
        let too_big = message(Unreachable::FragmentationNeeded, 1400);
        assert_eq!(verdict(&emitted(&too_big)), Ok(Ok(too_big)));
        assert_eq!(
            verdict(&emitted(&message(Unreachable::Port, 1400))),
            Ok(Ok(message(Unreachable::Port, 0)))
        );
    }

    //? RFC792-Echo-b
    #[test]
    fn a_wrong_checksum_is_seen() {
        let mut bytes = emitted(&Message::SourceQuench { quoted: &[] });
        bytes[2] ^= 1;
        assert_eq!(verdict(&bytes), Ok(Err(Why::Icmpv4Checksum)));
        assert_eq!(verdict(&bytes[..7]).map_err(|stop| (stop.need, stop.have)), Err((8, 7)));
    }

    #[test]
    fn codes_and_octets_correspond() {
        for code in 0..=u8::MAX {
            assert_eq!(Unreachable::from_code(code).code(), code);
            assert_eq!(Exceeded::from_code(code).code(), code);
            assert_eq!(Problem::from_code(code).code(), code);
            assert_eq!(RedirectFor::from_code(code).code(), code);
        }
    }

    quickcheck! {
        fn forced_fields_are_seen(sample: Sample, sum: u16) -> bool {
            let Sample { kind, code, rest, data } = sample;
            let forced = Forced {
                kind: Auto::Forced(kind),
                code: Auto::Forced(code),
                checksum: Auto::Forced(sum),
                rest: Auto::Forced(rest),
            };
            let mut bytes = Vec::new();
            Message::EchoReply { ident: 1, seq: 2, data: &data }.emit_with(&forced, &mut bytes);
            View::read(&bytes).is_ok_and(|view| {
                (view.kind(), view.code(), view.checksum(), view.rest()) == (kind, code, sum, rest)
                    && view.data() == data
            })
        }

        fn what_reads_well_is_emitted_the_same(sample: Sample) -> TestResult {
            let bytes = sample.bytes();
            let Ok(Ok(message)) = verdict(&bytes) else {
                return TestResult::failed();
            };
            TestResult::from_bool(
                verdict(&emitted(&message)) == Ok(Ok(message))
                    && message.kind() == sample.kind
                    && message.quoted().is_some() == kind::is_error(sample.kind),
            )
        }

        fn other_types_come_back_octet_for_octet(sample: Sample) -> bool {
            let bytes = Sample { kind: sample.kind | 0x80, ..sample }.bytes();
            verdict(&bytes).is_ok_and(|message| message.is_ok_and(|message| emitted(&message) == bytes))
        }

        fn views_stay_in_bounds(bytes: Vec<u8>) -> bool {
            match View::read(&bytes) {
                Ok(view) => {
                    let _ = (view.kind(), view.code(), view.checksum(), view.checksum_holds());
                    view.rest()[..] == view.body()[..4]
                        && view.body().len() == view.data().len() + 4
                        && view.data().len() + HEADER_OCTETS == bytes.len()
                        && view.stop().is_none()
                }
                Err(stop) => stop.have == bytes.len() && stop.need > stop.have,
            }
        }
    }
}
