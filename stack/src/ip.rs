//! floor 2: one hop: acceptance, reassembly, neighbours, ICMP (RFC 1122 section 3, RFC 8200, RFC 4443).
//!
//! [`Ip`] turns frames into datagrams for the transports and back. It has one interface, forwards nothing
//! and knows no transport: whatever a transport has to decide (is this ICMP error about something that I
//! sent?) is handed up as a value.

#[allow(dead_code, reason = "the input path that uses it is on its way")]
mod address;
mod config;
#[allow(dead_code, reason = "the input path that uses it is on its way")]
mod limit;
#[allow(dead_code, reason = "the input path that uses it is on its way")]
mod neighbor;
#[allow(dead_code, reason = "the input path that uses it is on its way")]
mod path_mtu;
#[allow(dead_code, reason = "the input path that uses it is on its way")]
mod pieces;
#[allow(dead_code, reason = "the input path that uses it is on its way")]
mod reassembly;
#[allow(dead_code, reason = "the input path that uses it is on its way")]
mod route;

pub use config::{Config, IcmpConfig, LinkConfig, NeighborConfig, PathMtuConfig, ReassemblyConfig};

use crate::base::{Choose, Instant, Refused, Why};
use alloc::borrow::Cow;
use core::net::IpAddr;

/// Where frames and reasons go.
pub trait Emit {
    /// A frame leaves.
    fn frame(&mut self, bytes: &[u8]);
    /// Something that arrived, or that waited to be sent, was discarded.
    fn discard(&mut self, why: Why);
}

/// What a received frame means to the transports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received<'f> {
    /// Nothing: it was answered here, kept for later, or discarded with a reason.
    Nothing,
    /// A whole datagram for a transport.
    Datagram(Incoming<'f>),
    /// Somebody reports trouble with a packet that this host is said to have sent.
    Error(IcmpError<'f>),
}

/// A whole datagram for a transport, its addresses checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming<'f> {
    /// Who sent it. Never a group; `0.0.0.0` or `::` only if `dst` is a group.
    pub src: IpAddr,
    /// Where it was sent to: an own address, or a group or broadcast address that is listened to.
    pub dst: IpAddr,
    /// Protocol number of the transport.
    pub protocol: u8,
    /// Time to live or hop limit as received.
    pub hop_limit: u8,
    /// Traffic class octet: DSCP and ECN.
    pub traffic_class: u8,
    /// What the transport gets.
    pub payload: Cow<'f, [u8]>,
    /// The packet as received, IP header first, cut to what an ICMP error can quote.
    pub quote: Cow<'f, [u8]>,
    /// Whether it came to a group or broadcast address, of IP or of the link.
    pub group: bool,
}

/// What an ICMP error says. Codes are those of the family of [`IcmpError::src`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Destination unreachable, with its code (except IPv4 code 4, which is `PacketTooBig`).
    Unreachable(u8),
    /// The packet did not fit into a link on its path. The path MTU table has been updated already.
    PacketTooBig {
        /// What fits, as far as known, in octets of a whole IP packet.
        mtu_octets: u16,
    },
    /// Time exceeded, with its code: 0 in transit, 1 in reassembly.
    TimeExceeded(u8),
    /// A header field was not understood.
    ParameterProblem {
        /// The code.
        code: u8,
        /// Offset of the trouble in the quoted packet, in octets.
        pointer: u32,
    },
    /// An ICMPv6 error of unknown type (RFC 4443 section 2.4 (a)).
    Other {
        /// The type: below 128.
        kind: u8,
        /// The code.
        code: u8,
    },
}

/// A received ICMP error. That it quotes a packet from an own address is checked; whether this packet was
/// ever sent is for the transport to judge (RFC 5927 section 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IcmpError<'f> {
    /// Who reports.
    pub from: IpAddr,
    /// What happened.
    pub kind: ErrorKind,
    /// Source of the quoted packet: an own address.
    pub src: IpAddr,
    /// Destination of the quoted packet.
    pub dst: IpAddr,
    /// Protocol number of the quoted packet.
    pub protocol: u8,
    /// The first octets of the quoted transport header.
    pub transport: Cow<'f, [u8]>,
}

/// A datagram to send.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Own address to send from; the unspecified address leaves the choice.
    pub src: IpAddr,
    /// Where to.
    pub dst: IpAddr,
    /// Protocol number of the transport.
    pub protocol: u8,
    /// Time to live or hop limit; `None` for the default, which is 1 for multicast.
    pub hop_limit: Option<u8>,
    /// Traffic class octet: DSCP and ECN.
    pub traffic_class: u8,
    /// Whether to refuse rather than to fragment, and to forbid routers to fragment.
    pub dont_fragment: bool,
    /// Transport header and data.
    pub payload: &'a [u8],
}

/// IP with its tables, on one interface.
#[derive(Debug)]
pub struct Ip {
    config: Config,
}

impl Ip {
    /// An idle interface set up by `config`.
    pub fn new(config: Config) -> Self {
        Self { config }
    }

    /// How the interface is set up.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Takes a frame in.
    pub fn receive<'f>(
        &mut self,
        _now: Instant,
        _frame: &'f [u8],
        _choices: &mut dyn Choose,
        _out: &mut dyn Emit,
    ) -> Received<'f> {
        Received::Nothing
    }

    /// Sends a datagram: in fragments where needed and allowed, after resolution of the next hop. Success
    /// means that it was sent or waits, no more.
    ///
    /// # Errors
    ///
    /// [`Refused::AddrNotAvailable`] if `src` is not an own address or none suits, [`Refused::NetUnreachable`]
    /// without a route, [`Refused::MessageSize`] if it is too long or may not be fragmented,
    /// [`Refused::FamilyNotSupported`] if the families differ, [`Refused::InvalidArgument`] for hop limit 0.
    pub fn send(
        &mut self,
        _now: Instant,
        _outgoing: &Outgoing<'_>,
        _choices: &mut dyn Choose,
        _out: &mut dyn Emit,
    ) -> Result<(), Refused> {
        Err(Refused::NetUnreachable)
    }

    /// Answers a datagram that no socket takes with ICMP port unreachable, unless a rule demands silence.
    pub fn unreachable_port(
        &mut self,
        _now: Instant,
        _incoming: &Incoming<'_>,
        _choices: &mut dyn Choose,
        _out: &mut dyn Emit,
    ) {
    }

    /// The own address to send from to `dst`, if there is a route.
    pub fn source_for(&self, _dst: IpAddr) -> Option<IpAddr> {
        None
    }

    /// Whether `addr` is an address of this host.
    pub fn is_local(&self, addr: IpAddr) -> bool {
        self.config.addrs.iter().any(|own| own.addr == addr)
    }

    /// Whether `addr` is an IPv4 broadcast address of this link, in any standard form.
    pub fn is_broadcast(&self, _addr: IpAddr) -> bool {
        false
    }

    /// Largest packet that reaches `dst` in one piece, as far as known, in octets.
    pub fn mtu_octets(&self, _dst: IpAddr) -> u16 {
        self.config.mtu_octets
    }

    /// A transport made progress with `dst`: its next hop is reachable (RFC 4861 section 7.3.1).
    pub fn confirm(&mut self, _now: Instant, _dst: IpAddr) {}

    /// When [`Ip::on_due`] has something to do.
    pub fn due(&self) -> Option<Instant> {
        None
    }

    /// Lets time pass: reassembly time-outs, retries and giving up of resolution, ageing of path MTUs.
    pub fn on_due(&mut self, _now: Instant, _choices: &mut dyn Choose, _out: &mut dyn Emit) {}

    /// The next packet of this host whose next hop did not answer, as an error for its transport
    /// (RFC 1122 section 2.4, RFC 4861 section 7.2.2). To be asked until `None` after [`Ip::on_due`].
    pub fn unreached(&mut self) -> Option<IcmpError<'static>> {
        None
    }

    /// Asserts that every table keeps its bounds and agrees with its index.
    pub fn check(&self) {}
}
