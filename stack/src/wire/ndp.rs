//! floor 1: neighbour discovery messages and their options (RFC 4861 sections 4, 6.1, 7.1 and 8.1).

use super::stop::{Layer, Stop};
use crate::base::{Mac, Why};
use alloc::vec::Vec;
use core::net::Ipv6Addr;

/// ICMPv6 type of a router solicitation.
pub const ROUTER_SOLICITATION: u8 = 133;
/// ICMPv6 type of a router advertisement.
pub const ROUTER_ADVERTISEMENT: u8 = 134;
/// ICMPv6 type of a neighbour solicitation.
pub const NEIGHBOR_SOLICITATION: u8 = 135;
/// ICMPv6 type of a neighbour advertisement.
pub const NEIGHBOR_ADVERTISEMENT: u8 = 136;
/// ICMPv6 type of a redirect.
pub const REDIRECT: u8 = 137;

/// The hop limit that proves that no router has forwarded the packet.
pub const HOP_LIMIT: u8 = 255;

const SOURCE_LINK: u8 = 1;
const TARGET_LINK: u8 = 2;
const PREFIX: u8 = 3;
const REDIRECTED: u8 = 4;
const MTU: u8 = 5;

/// Whether `kind` is the ICMPv6 type of a neighbour discovery message.
pub const fn is_ndp(kind: u8) -> bool {
    matches!(kind, ROUTER_SOLICITATION..=REDIRECT)
}

/// Octets of a message before its options, by ICMPv6 type.
const fn fixed_octets(kind: u8) -> usize {
    match kind {
        ROUTER_ADVERTISEMENT => 16,
        NEIGHBOR_SOLICITATION | NEIGHBOR_ADVERTISEMENT => 24,
        REDIRECT => 40,
        _ => 8,
    }
}

/// A message as it is, from its ICMPv6 type octet on. The fixed part of its type is there.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    bytes: &'a [u8],
}

impl<'a> View<'a> {
    /// Reads an ICMPv6 message.
    ///
    /// # Errors
    /// A [`Stop`] if the message is shorter than the fixed part of its type.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Stop> {
        let need = fixed_octets(bytes.first().copied().unwrap_or(0));
        if bytes.len() < need {
            return Err(Stop {
                layer: Layer::Ndp,
                at: 0,
                need,
                have: bytes.len(),
                said_by: "minimum header",
            });
        }
        Ok(Self { bytes })
    }

    /// The first option whose length is impossible.
    pub fn stop(&self) -> Option<Stop> {
        let stop = self.options().find_map(Result::err)?;
        Some(stop.moved(fixed_octets(self.kind())))
    }

    fn array<const OCTETS: usize>(&self, at: usize) -> [u8; OCTETS] {
        self.bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; OCTETS])
    }

    /// ICMPv6 type.
    pub fn kind(&self) -> u8 {
        u8::from_be_bytes(self.array(0))
    }

    /// ICMPv6 code.
    pub fn code(&self) -> u8 {
        u8::from_be_bytes(self.array(1))
    }

    /// The word after the checksum: flags and reserved bits, in a router advertisement hop limit, flags and
    /// lifetime.
    pub fn word(&self) -> u32 {
        u32::from_be_bytes(self.array(4))
    }

    /// Reachable time of a router advertisement in milliseconds.
    pub fn reachable_ms(&self) -> u32 {
        u32::from_be_bytes(self.array(8))
    }

    /// Retransmission interval of a router advertisement in milliseconds.
    pub fn retransmit_ms(&self) -> u32 {
        u32::from_be_bytes(self.array(12))
    }

    /// Target of a solicitation, an advertisement or a redirect; without meaning in other messages.
    pub fn target(&self) -> Ipv6Addr {
        Ipv6Addr::from(self.array::<16>(8))
    }

    /// Destination address of a redirect; without meaning in other messages.
    pub fn destination(&self) -> Ipv6Addr {
        Ipv6Addr::from(self.array::<16>(24))
    }

    /// The option octets.
    pub fn options_bytes(&self) -> &'a [u8] {
        self.bytes.get(fixed_octets(self.kind())..).unwrap_or(&[])
    }

    /// Walks through the options. Offsets in its [`Stop`] count from the first option octet.
    pub fn options(&self) -> Walk<'a> {
        Walk::new(self.options_bytes())
    }
}

/// A prefix that a router announces (RFC 4861 section 4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    /// Valid bits of the prefix, as the field stands: may be above 128.
    pub bits: u8,
    /// L: addresses of the prefix are on this link.
    pub on_link: bool,
    /// A: hosts may make addresses from it.
    pub autonomous: bool,
    /// Valid lifetime in seconds, all ones for ever.
    pub valid_s: u32,
    /// Preferred lifetime in seconds, all ones for ever.
    pub preferred_s: u32,
    /// The prefix.
    pub prefix: Ipv6Addr,
}

/// An option of a neighbour discovery message (RFC 4861 section 4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NdpOption<'a> {
    /// Link-layer address of the sender.
    SourceLink(Mac),
    /// Link-layer address of the target.
    TargetLink(Mac),
    /// A prefix.
    Prefix(Prefix),
    /// The packet that made a router redirect, as much of it as there is, with padding.
    Redirected(&'a [u8]),
    /// Link MTU in octets.
    Mtu(u32),
    /// An option that is not known here, or a known one whose length is not its length.
    Other {
        /// The type octet.
        kind: u8,
        /// What follows the length octet.
        data: &'a [u8],
    },
}

impl<'a> NdpOption<'a> {
    fn from_data(kind: u8, data: &'a [u8]) -> Self {
        let known = match kind {
            SOURCE_LINK => <[u8; 6]>::try_from(data).ok().map(|mac| Self::SourceLink(Mac(mac))),
            TARGET_LINK => <[u8; 6]>::try_from(data).ok().map(|mac| Self::TargetLink(Mac(mac))),
            PREFIX => Prefix::from_data(data).map(Self::Prefix),
            REDIRECTED => data.get(6..).map(Self::Redirected),
            MTU if data.len() == 6 => data.last_chunk().map(|mtu| Self::Mtu(u32::from_be_bytes(*mtu))),
            _ => None,
        };
        known.unwrap_or(Self::Other { kind, data })
    }

    /// Appends the option, padded with zeros to a multiple of eight octets.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let kind = match self {
            Self::SourceLink(_) => SOURCE_LINK,
            Self::TargetLink(_) => TARGET_LINK,
            Self::Prefix(_) => PREFIX,
            Self::Redirected(_) => REDIRECTED,
            Self::Mtu(_) => MTU,
            Self::Other { kind, .. } => *kind,
        };
        out.extend_from_slice(&[kind, 0]);
        match self {
            Self::SourceLink(mac) | Self::TargetLink(mac) => out.extend_from_slice(&mac.0),
            Self::Prefix(prefix) => prefix.write(out),
            Self::Redirected(packet) => {
                out.extend_from_slice(&[0; 6]);
                out.extend_from_slice(packet);
            }
            Self::Mtu(mtu) => {
                out.extend_from_slice(&[0; 2]);
                out.extend_from_slice(&mtu.to_be_bytes());
            }
            Self::Other { data, .. } => out.extend_from_slice(data),
        }
        let octets = (out.len() - start).next_multiple_of(8);
        out.resize(start + octets, 0);
        if let Some(length) = out.get_mut(start + 1) {
            *length = u8::try_from(octets / 8).unwrap_or(u8::MAX);
        }
    }
}

impl Prefix {
    fn from_data(data: &[u8]) -> Option<Self> {
        let data: &[u8; 30] = data.try_into().ok()?;
        let word = |at: usize| u32::from_be_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]);
        Some(Self {
            bits: data[0],
            on_link: data[1] & 0x80 != 0,
            autonomous: data[1] & 0x40 != 0,
            valid_s: word(2),
            preferred_s: word(6),
            prefix: Ipv6Addr::from(*data.last_chunk::<16>()?),
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let flags = u8::from(self.on_link) << 7 | u8::from(self.autonomous) << 6;
        out.extend_from_slice(&[self.bits, flags]);
        out.extend_from_slice(&self.valid_s.to_be_bytes());
        out.extend_from_slice(&self.preferred_s.to_be_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.prefix.octets());
    }
}

/// Walks through the options of a message. Ends with one [`Stop`] at the first option whose length is
/// impossible.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    rest: &'a [u8],
    at: usize,
    stopped: bool,
}

impl<'a> Walk<'a> {
    /// Begins at the first option octet; offsets are counted from there.
    pub const fn new(options: &'a [u8]) -> Self {
        Self { rest: options, at: 0, stopped: false }
    }

    fn stop(&mut self, need: usize, have: usize, said_by: &'static str) -> Stop {
        self.stopped = true;
        Stop { layer: Layer::Ndp, at: self.at, need, have, said_by }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<NdpOption<'a>, Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stopped || self.rest.is_empty() {
            return None;
        }
        let [kind, length, ..] = *self.rest else {
            return Some(Err(self.stop(8, self.rest.len(), "minimum option")));
        };
        let octets = usize::from(length) * 8;
        if octets == 0 {
            return Some(Err(self.stop(8, 0, "minimum option length")));
        }
        let Some((option, rest)) = self.rest.split_at_checked(octets) else {
            return Some(Err(self.stop(octets, self.rest.len(), "option length")));
        };
        self.rest = rest;
        self.at += octets;
        Some(Ok(NdpOption::from_data(kind, option.get(2..).unwrap_or(&[]))))
    }
}

/// A valid message. Unknown options and reserved bits are skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A host asks for routers (RFC 4861 section 4.1).
    RouterSolicitation {
        /// The sender's link-layer address.
        source_link: Option<Mac>,
    },
    /// A router makes itself known (RFC 4861 section 4.2).
    RouterAdvertisement {
        /// Hop limit that hosts should use, 0 for no statement.
        hop_limit: u8,
        /// M: addresses come from DHCPv6.
        managed: bool,
        /// O: other configuration comes from DHCPv6.
        other: bool,
        /// How long the router is a default router, in seconds.
        lifetime_s: u16,
        /// Reachable time in milliseconds, 0 for no statement.
        reachable_ms: u32,
        /// Interval of solicitations in milliseconds, 0 for no statement.
        retransmit_ms: u32,
        /// The option octets, of possible lengths, for [`Walk`].
        options: &'a [u8],
    },
    /// A node asks for a link-layer address (RFC 4861 section 4.3).
    NeighborSolicitation {
        /// The address asked for.
        target: Ipv6Addr,
        /// The sender's link-layer address.
        source_link: Option<Mac>,
    },
    /// A node gives its link-layer address (RFC 4861 section 4.4).
    NeighborAdvertisement {
        /// The address spoken of.
        target: Ipv6Addr,
        /// R: the sender is a router.
        router: bool,
        /// S: this answers a solicitation.
        solicited: bool,
        /// O: what is in the neighbour cache should be replaced.
        override_: bool,
        /// The link-layer address of the target.
        target_link: Option<Mac>,
    },
    /// A router names a better first hop (RFC 4861 section 4.5).
    Redirect {
        /// The better first hop.
        target: Ipv6Addr,
        /// Where it is better for.
        destination: Ipv6Addr,
        /// The link-layer address of the target.
        target_link: Option<Mac>,
        /// The packet that made the router redirect, as much of it as there is, with padding to a multiple
        /// of eight octets; empty if the option is not there.
        redirected: &'a [u8],
    },
}

/// The reasons of one message type.
struct Reasons {
    hop_limit: Why,
    code: Why,
    option_length: Why,
}

impl Reasons {
    const fn of(kind: u8) -> Self {
        match kind {
            ROUTER_ADVERTISEMENT => Self {
                hop_limit: Why::RouterAdvertisementHopLimit,
                code: Why::RouterAdvertisementCode,
                option_length: Why::RouterAdvertisementOptionLength,
            },
            NEIGHBOR_SOLICITATION => Self {
                hop_limit: Why::NeighborSolicitationHopLimit,
                code: Why::NeighborSolicitationCode,
                option_length: Why::NeighborSolicitationOptionLength,
            },
            NEIGHBOR_ADVERTISEMENT => Self {
                hop_limit: Why::NeighborAdvertisementHopLimit,
                code: Why::NeighborAdvertisementCode,
                option_length: Why::NeighborAdvertisementOptionLength,
            },
            REDIRECT => Self {
                hop_limit: Why::RedirectHopLimit,
                code: Why::RedirectCode,
                option_length: Why::RedirectOptionLength,
            },
            _ => Self {
                hop_limit: Why::RouterSolicitationInvalid,
                code: Why::RouterSolicitationInvalid,
                option_length: Why::RouterSolicitationInvalid,
            },
        }
    }
}

impl<'a> Message<'a> {
    /// Checks a message that came from `src` to `dst` with `hop_limit` in its packet: everything that RFC
    /// 4861 demands of it and that shows from message and packet alone. The ICMPv6 checksum is
    /// [`icmpv6`](super::icmpv6)'s, and whether a redirect comes from the first hop is for those to say who
    /// know the routes.
    ///
    /// # Errors
    /// The [`Why`] of the first demand that is not met.
    pub fn check(view: &View<'a>, src: Ipv6Addr, dst: Ipv6Addr, hop_limit: u8) -> Result<Self, Why> {
        let reasons = Reasons::of(view.kind());
        //= RFC4861-7.1.1-a
        //= RFC4861-7.1.2-a
        //= RFC4861-6.1.2-a
        //= RFC4861-8.1-a
        if hop_limit != HOP_LIMIT {
            return Err(reasons.hop_limit);
        }
        //= RFC4861-7.1.1-b
        //= RFC4861-7.1.2-b
        //= RFC4861-6.1.2-b
        //= RFC4861-8.1-b
        if view.code() != 0 {
            return Err(reasons.code);
        }
        //= RFC4861-7.1.1-c
        //= RFC4861-7.1.2-c
        //= RFC4861-6.1.2-c
        //= RFC4861-8.1-c
        if view.stop().is_some() {
            return Err(reasons.option_length);
        }
        match view.kind() {
            ROUTER_ADVERTISEMENT => Self::check_router_advertisement(view, src),
            NEIGHBOR_SOLICITATION => Self::check_neighbor_solicitation(view, src, dst),
            NEIGHBOR_ADVERTISEMENT => Self::check_neighbor_advertisement(view, dst),
            REDIRECT => Self::check_redirect(view, src),
            _ => Self::check_router_solicitation(view, src),
        }
    }

    /// RFC 4861 section 6.1.1.
    fn check_router_solicitation(view: &View<'a>, src: Ipv6Addr) -> Result<Self, Why> {
        let source_link = source_link(view);
        if view.kind() != ROUTER_SOLICITATION || (src.is_unspecified() && source_link.is_some()) {
            return Err(Why::RouterSolicitationInvalid);
        }
        Ok(Self::RouterSolicitation { source_link })
    }

    /// RFC 4861 section 6.1.2.
    fn check_router_advertisement(view: &View<'a>, src: Ipv6Addr) -> Result<Self, Why> {
        //= RFC4861-6.1.2-e
        if !src.is_unicast_link_local() {
            return Err(Why::RouterAdvertisementSource);
        }
        let [hop_limit, flags, lifetime_s @ ..] = view.word().to_be_bytes();
        //= RFC4861-6.1.2-d
        Ok(Self::RouterAdvertisement {
            hop_limit,
            managed: flags & 0x80 != 0,
            other: flags & 0x40 != 0,
            lifetime_s: u16::from_be_bytes(lifetime_s),
            reachable_ms: view.reachable_ms(),
            retransmit_ms: view.retransmit_ms(),
            options: view.options_bytes(),
        })
    }

    /// RFC 4861 section 7.1.1.
    fn check_neighbor_solicitation(view: &View<'a>, src: Ipv6Addr, dst: Ipv6Addr) -> Result<Self, Why> {
        let target = view.target();
        //= RFC4861-7.1.1-e
        if target.is_multicast() {
            return Err(Why::NeighborSolicitationTarget);
        }
        let source_link = source_link(view);
        //= RFC4861-7.1.1-f
        if src.is_unspecified() && (source_link.is_some() || !is_solicited_node(dst)) {
            return Err(Why::NeighborSolicitationFromNowhere);
        }
        //= RFC4861-7.1.1-d
        Ok(Self::NeighborSolicitation { target, source_link })
    }

    /// RFC 4861 section 7.1.2.
    fn check_neighbor_advertisement(view: &View<'a>, dst: Ipv6Addr) -> Result<Self, Why> {
        let target = view.target();
        let flag = |bit: u32| view.word() >> bit & 1 == 1;
        let solicited = flag(30);
        //= RFC4861-7.1.2-e
        if target.is_multicast() || (solicited && dst.is_multicast()) {
            return Err(Why::NeighborAdvertisementTarget);
        }
        //= RFC4861-7.1.2-d
        let target_link = target_link(view);
        Ok(Self::NeighborAdvertisement {
            target,
            router: flag(31),
            solicited,
            override_: flag(29),
            target_link,
        })
    }

    /// RFC 4861 section 8.1.
    fn check_redirect(view: &View<'a>, src: Ipv6Addr) -> Result<Self, Why> {
        let (target, destination) = (view.target(), view.destination());
        //= RFC4861-8.1-e
        if !src.is_unicast_link_local()
            || destination.is_multicast()
            || !(target == destination || target.is_unicast_link_local())
        {
            return Err(Why::RedirectAddresses);
        }
        let redirected = view.options().flatten().find_map(|option| match option {
            NdpOption::Redirected(packet) => Some(packet),
            NdpOption::SourceLink(_)
            | NdpOption::TargetLink(_)
            | NdpOption::Prefix(_)
            | NdpOption::Mtu(_)
            | NdpOption::Other { .. } => None,
        });
        //= RFC4861-8.1-d
        let (target_link, redirected) = (target_link(view), redirected.unwrap_or(&[]));
        Ok(Self::Redirect { target, destination, target_link, redirected })
    }

    /// ICMPv6 type.
    pub const fn kind(&self) -> u8 {
        match self {
            Self::RouterSolicitation { .. } => ROUTER_SOLICITATION,
            Self::RouterAdvertisement { .. } => ROUTER_ADVERTISEMENT,
            Self::NeighborSolicitation { .. } => NEIGHBOR_SOLICITATION,
            Self::NeighborAdvertisement { .. } => NEIGHBOR_ADVERTISEMENT,
            Self::Redirect { .. } => REDIRECT,
        }
    }

    /// Appends what follows the ICMPv6 checksum.
    pub fn emit_body(&self, out: &mut Vec<u8>) {
        match *self {
            Self::RouterSolicitation { source_link } => {
                out.extend_from_slice(&[0; 4]);
                emit_link(source_link.map(NdpOption::SourceLink), out);
            }
            Self::RouterAdvertisement {
                hop_limit,
                managed,
                other,
                lifetime_s,
                reachable_ms,
                retransmit_ms,
                options,
            } => {
                out.extend_from_slice(&[hop_limit, u8::from(managed) << 7 | u8::from(other) << 6]);
                out.extend_from_slice(&lifetime_s.to_be_bytes());
                out.extend_from_slice(&reachable_ms.to_be_bytes());
                out.extend_from_slice(&retransmit_ms.to_be_bytes());
                out.extend_from_slice(options);
            }
            Self::NeighborSolicitation { target, source_link } => {
                out.extend_from_slice(&[0; 4]);
                out.extend_from_slice(&target.octets());
                emit_link(source_link.map(NdpOption::SourceLink), out);
            }
            Self::NeighborAdvertisement { target, router, solicited, override_, target_link } => {
                let flags = u8::from(router) << 7 | u8::from(solicited) << 6 | u8::from(override_) << 5;
                out.extend_from_slice(&[flags, 0, 0, 0]);
                out.extend_from_slice(&target.octets());
                emit_link(target_link.map(NdpOption::TargetLink), out);
            }
            Self::Redirect { target, destination, target_link, redirected } => {
                out.extend_from_slice(&[0; 4]);
                out.extend_from_slice(&target.octets());
                out.extend_from_slice(&destination.octets());
                emit_link(target_link.map(NdpOption::TargetLink), out);
                if !redirected.is_empty() {
                    NdpOption::Redirected(redirected).emit(out);
                }
            }
        }
    }
}

fn emit_link(option: Option<NdpOption<'_>>, out: &mut Vec<u8>) {
    if let Some(option) = option {
        option.emit(out);
    }
}

fn source_link(view: &View<'_>) -> Option<Mac> {
    view.options().flatten().find_map(|option| match option {
        NdpOption::SourceLink(mac) => Some(mac),
        NdpOption::TargetLink(_)
        | NdpOption::Prefix(_)
        | NdpOption::Redirected(_)
        | NdpOption::Mtu(_)
        | NdpOption::Other { .. } => None,
    })
}

fn target_link(view: &View<'_>) -> Option<Mac> {
    view.options().flatten().find_map(|option| match option {
        NdpOption::TargetLink(mac) => Some(mac),
        NdpOption::SourceLink(_)
        | NdpOption::Prefix(_)
        | NdpOption::Redirected(_)
        | NdpOption::Mtu(_)
        | NdpOption::Other { .. } => None,
    })
}

/// Whether `addr` is a solicited-node group: ff02::1:ff00:0/104 (RFC 4291 section 2.7.1).
fn is_solicited_node(addr: Ipv6Addr) -> bool {
    matches!(addr.segments(), [0xff02, 0, 0, 0, 0, 1, 0xff00..=0xffff, _])
}
