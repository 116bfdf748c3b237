//! floor 2: one hop: acceptance, reassembly, neighbours, ICMP (RFC 1122 section 3, RFC 8200, RFC 4443).
//!
//! [`Ip`] turns frames into datagrams for the transports and back. It has one interface, forwards nothing
//! and knows no transport: whatever a transport has to decide (is this ICMP error about something that I
//! sent?) is handed up as a value.

mod address;
mod arp;
mod config;
mod icmp;
mod icmpv6;
mod in_place;
mod input;
mod input_v6;
mod limit;
mod nd;
mod neighbor;
mod output;
mod path_mtu;
mod pieces;
mod reassembly;
mod route;
mod silence;

pub use config::{Config, IcmpConfig, LinkConfig, NeighborConfig, PathMtuConfig, ReassemblyConfig};
pub use in_place::HEADROOM_OCTETS;

use crate::base::time::soonest;
use crate::base::{Choose, Instant, Refused, Why};
use crate::wire::icmpv4::Unreachable;
use crate::wire::icmpv6::CODE_PORT_UNREACHABLE;
use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};
use route::NextHop;

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

/// The surroundings of one step.
pub(crate) struct Cx<'a> {
    now: Instant,
    choices: &'a mut dyn Choose,
    out: &'a mut dyn Emit,
}

/// IP with its tables, on one interface.
#[derive(Debug)]
pub struct Ip {
    config: Config,
    neighbors: neighbor::Cache,
    reassembly: reassembly::Table,
    path_mtu: path_mtu::Table,
    errors: limit::Bucket,
    identification_v4: Option<u16>,
    identification_v6: Option<u32>,
    unreached: VecDeque<IcmpError<'static>>,
    /// The destination that was asked for last and its next hop: packets come in trains, and routes stay.
    recent_hop: Option<(IpAddr, NextHop)>,
    /// Where what was last sent in place went.
    recent_way: Option<in_place::Way>,
    /// Source and destination of the last packet to this host alone that stood the test of its addresses.
    recent_pair: Option<(Ipv4Addr, Ipv4Addr)>,
    /// The message being built, kept for its memory.
    message: Vec<u8>,
    /// The frame being built, kept for its memory.
    frame: Vec<u8>,
}

/// A part of a packet: borrowed from a frame, or copied out of what was reassembled.
#[inline(always)]
fn cut<'f>(packet: &Cow<'f, [u8]>, range: core::ops::Range<usize>) -> Cow<'f, [u8]> {
    match packet {
        Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[range]),
        Cow::Owned(bytes) => Cow::Owned(bytes[range].to_vec()),
    }
}

/// How many packets without a next hop are remembered until [`Ip::unreached`] asks for them.
const UNREACHED_LIMIT: usize = 64;

impl Ip {
    /// An idle interface set up by `config`.
    pub fn new(mut config: Config) -> Self {
        config.groups.sort_unstable();
        Self {
            neighbors: neighbor::Cache::new(config.neighbor, &config.neighbors),
            reassembly: reassembly::Table::new(config.reassembly),
            path_mtu: path_mtu::Table::new(config.path_mtu),
            errors: limit::Bucket::new(config.icmp.burst, config.icmp.interval),
            identification_v4: None,
            identification_v6: None,
            unreached: VecDeque::new(),
            recent_hop: None,
            recent_way: None,
            recent_pair: None,
            message: Vec::new(),
            frame: Vec::new(),
            config,
        }
    }

    /// How the interface is set up.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Takes a frame in.
    pub fn receive<'f>(
        &mut self,
        now: Instant,
        frame: &'f [u8],
        choices: &mut dyn Choose,
        out: &mut dyn Emit,
    ) -> Received<'f> {
        self.try_receive(now, frame, choices, out).unwrap_or_else(|why| {
            out.discard(why);
            Received::Nothing
        })
    }

    /// As [`Ip::receive`]; why a frame was discarded is for the caller to say.
    ///
    /// # Errors
    /// The reason of the discard.
    #[inline(always)]
    pub(crate) fn try_receive<'f>(
        &mut self,
        now: Instant,
        frame: &'f [u8],
        choices: &mut dyn Choose,
        out: &mut dyn Emit,
    ) -> Result<Received<'f>, Why> {
        self.receive_frame(&mut Cx { now, choices, out }, frame)
    }

    /// Sends a datagram: in fragments where needed and allowed, after resolution of the next hop. Success
    /// means that it was sent or waits, no more.
    ///
    /// # Errors
    ///
    /// [`Refused::AddrNotAvailable`] if `src` is not an own address or none suits,
    /// [`Refused::NetUnreachable`] without a route, [`Refused::MessageSize`] if it is too long or may not be
    /// fragmented, [`Refused::FamilyNotSupported`] if the families differ, [`Refused::InvalidArgument`] for
    /// hop limit 0.
    pub fn send(
        &mut self,
        now: Instant,
        outgoing: &Outgoing<'_>,
        choices: &mut dyn Choose,
        out: &mut dyn Emit,
    ) -> Result<(), Refused> {
        self.transmit(&mut Cx { now, choices, out }, outgoing)
    }

    /// As [`Ip::send`] for a payload that has been written with [`HEADROOM_OCTETS`] before it, both together
    /// in `packet`: the headers go there. `outgoing` says all the rest.
    ///
    /// # Errors
    /// As [`Ip::send`].
    pub fn send_in_place(
        &mut self,
        now: Instant,
        outgoing: &Outgoing<'_>,
        packet: &mut [u8],
        choices: &mut dyn Choose,
        out: &mut dyn Emit,
    ) -> Result<(), Refused> {
        self.transmit_in_place(&mut Cx { now, choices, out }, outgoing, packet)
    }

    /// Answers a datagram that no socket takes with ICMP port unreachable, unless a rule demands silence.
    pub fn unreachable_port(
        &mut self,
        now: Instant,
        incoming: &Incoming<'_>,
        choices: &mut dyn Choose,
        out: &mut dyn Emit,
    ) {
        let mut cx = Cx { now, choices, out };
        match incoming.dst {
            IpAddr::V4(_) => {
                let trouble = icmp::Trouble::Unreachable(Unreachable::Port);
                self.report_v4(&mut cx, &incoming.quote, incoming.group, trouble);
            }
            IpAddr::V6(_) => {
                let trouble = icmpv6::Trouble::Unreachable(CODE_PORT_UNREACHABLE);
                self.report_v6(&mut cx, &incoming.quote, incoming.group, trouble);
            }
        }
    }

    /// The own address to send from to `dst`, if there is a route.
    pub fn source_for(&self, dst: IpAddr) -> Option<IpAddr> {
        route::next_hop(&self.config, dst)?;
        route::source_for(&self.config, dst)
    }

    /// Whether `addr` is an address of this host.
    pub fn is_local(&self, addr: IpAddr) -> bool {
        address::is_own(&self.config, addr)
    }

    /// Whether this host is in the group `addr`.
    pub fn is_joined(&self, addr: IpAddr) -> bool {
        address::is_joined(&self.config, addr)
    }

    /// Whether every host is in the group `addr`, or this one for its addresses.
    pub fn is_joined_by_rule(&self, addr: IpAddr) -> bool {
        address::is_joined_by_rule(&self.config, addr)
    }

    /// Joins a group (RFC 1112 section 7.1); the caller counts who wants it.
    pub fn join(&mut self, group: IpAddr) {
        let at = self.config.groups.partition_point(|known| *known < group);
        self.config.groups.insert(at, group);
    }

    /// Leaves a group that was joined.
    pub fn leave(&mut self, group: IpAddr) {
        if let Ok(at) = self.config.groups.binary_search(&group) {
            self.config.groups.remove(at);
        }
    }

    /// Whether `addr` is an IPv4 broadcast address of this link, in any standard form.
    pub fn is_broadcast(&self, addr: IpAddr) -> bool {
        match addr {
            IpAddr::V4(addr) => address::is_broadcast(&self.config, addr),
            IpAddr::V6(_) => false,
        }
    }

    /// Largest packet that reaches `dst` in one piece, as far as known, in octets.
    #[inline]
    pub fn mtu_octets(&self, dst: IpAddr) -> u16 {
        //= RFC1122-3.3.3-c
        let link = self.config.mtu_octets;
        if self.path_mtu.is_empty() {
            return link;
        }
        self.path_mtu.get(dst).map_or(link, |path| path.min(link))
    }

    /// Length of the longest datagram that can be received, in octets: EMTU_R of RFC 1122 section 3.3.2. More
    /// than one of them at a time needs memory as set by [`ReassemblyConfig`].
    pub const fn receivable_octets(&self) -> u16 {
        //= RFC1122-3.3.2-e
        u16::MAX
    }

    /// A transport made progress with `dst`: its next hop is reachable (RFC 4861 section 7.3.1).
    pub fn confirm(&mut self, now: Instant, dst: IpAddr) {
        if let Some(NextHop::Neighbor(addr)) = self.next_hop(dst) {
            self.neighbors.confirm(now, addr);
        }
    }

    /// A transport has seen that packets of more than `mtu_octets` do not get to `dst`.
    pub fn narrow(&mut self, now: Instant, dst: IpAddr, mtu_octets: u16) {
        if mtu_octets < self.mtu_octets(dst) {
            self.path_mtu.lower(now, dst, mtu_octets);
        }
    }

    /// A transport gets no answer from `dst`: its next hop may be gone (RFC 1122 section 3.3.1.4).
    pub fn doubt(&mut self, dst: IpAddr) {
        if let Some(NextHop::Neighbor(addr)) = self.next_hop(dst) {
            self.neighbors.doubt(addr);
        }
    }

    /// When [`Ip::on_due`] has something to do.
    pub fn due(&self) -> Option<Instant> {
        soonest([self.neighbors.due(), self.reassembly.due(), self.path_mtu.due()])
    }

    /// Lets time pass: reassembly time-outs, retries and giving up of resolution, ageing of path MTUs.
    pub fn on_due(&mut self, now: Instant, choices: &mut dyn Choose, out: &mut dyn Emit) {
        let mut cx = Cx { now, choices, out };
        self.path_mtu.on_due(now);
        while let Some(due) = self.neighbors.on_due(now) {
            match due {
                neighbor::Due::Ask { addr, to } => self.solicit(&mut cx, addr, to),
                neighbor::Due::GaveUp { waiting } => self.give_up(&mut cx, &waiting),
            }
        }
        while let Some(expired) = self.reassembly.expire(now) {
            self.reassembly_expired(&mut cx, &expired);
        }
    }

    /// The next packet of this host whose next hop did not answer, as an error for its transport
    /// (RFC 1122 section 2.4, RFC 4861 section 7.2.2). To be asked until `None` after [`Ip::on_due`].
    pub fn unreached(&mut self) -> Option<IcmpError<'static>> {
        self.unreached.pop_front()
    }

    /// Asserts that every table keeps its bounds and agrees with its index.
    pub fn check(&self) {
        self.neighbors.check();
        self.reassembly.check();
        self.path_mtu.check();
        self.errors.check();
        assert!(self.unreached.len() <= UNREACHED_LIMIT, "reports of unreached packets are bounded");
    }
}

#[cfg(test)]
mod tests;
