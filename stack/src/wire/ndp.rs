//! floor 1: neighbour discovery messages (RFC 4861 sections 4.1 to 4.5, 6.1, 7.1 and 8.1).

use super::stop::{Layer, Stop};
use crate::base::{Mac, Why};
use alloc::vec::Vec;
use core::net::Ipv6Addr;

pub use super::ndp_option::{NdpOption, Prefix, Walk};

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

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    const ROUTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
    const HOST: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
    const NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
    const GROUP: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 2);
    const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);

    const SOLICITATION: Message<'_> = Message::NeighborSolicitation { target: HOST, source_link: Some(MAC) };
    const ADVERTISEMENT: Message<'_> = Message::NeighborAdvertisement {
        target: HOST,
        router: false,
        solicited: true,
        override_: true,
        target_link: Some(MAC),
    };
    const REDIRECTION: Message<'_> =
        Message::Redirect { target: ROUTER, destination: HOST, target_link: None, redirected: &[0; 48] };

    /// The message from its type octet on, with a checksum of zero: that one is ICMPv6's.
    fn emitted(message: &Message<'_>) -> Vec<u8> {
        let mut out = alloc::vec![message.kind(), 0, 0, 0];
        message.emit_body(&mut out);
        out
    }

    fn checked(bytes: &[u8], src: Ipv6Addr, dst: Ipv6Addr, hop_limit: u8) -> Result<Message<'_>, Why> {
        Message::check(&View::read(bytes).expect("the fixed part is there"), src, dst, hop_limit)
    }

    quickcheck! {
        fn what_is_emitted_checks_to_itself(
            flags: (bool, bool, bool), fields: (u8, u16, u32, u32), addr: u128, link: Option<(u32, u16)>,
            words: Vec<u64>
        ) -> bool {
            let mac = link.map(|(high, low)| {
                let [a, b, c, d] = high.to_be_bytes();
                let [e, g] = low.to_be_bytes();
                Mac([a, b, c, d, e, g])
            });
            let mut target = Ipv6Addr::from(addr).octets();
            target[0] &= 0x7f; // no group
            let target = Ipv6Addr::from(target);
            let mut options = Vec::new();
            NdpOption::Mtu(fields.2).emit(&mut options);
            let packet: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            let messages = [
                Message::RouterSolicitation { source_link: mac },
                Message::RouterAdvertisement {
                    hop_limit: fields.0,
                    managed: flags.0,
                    other: flags.1,
                    lifetime_s: fields.1,
                    reachable_ms: fields.2,
                    retransmit_ms: fields.3,
                    options: &options,
                },
                Message::NeighborSolicitation { target, source_link: mac },
                Message::NeighborAdvertisement {
                    target, router: flags.0, solicited: flags.1, override_: flags.2, target_link: mac,
                },
                Message::Redirect { target, destination: target, target_link: mac, redirected: &packet },
            ];
            messages.iter().all(|message| checked(&emitted(message), ROUTER, HOST, HOP_LIMIT) == Ok(*message))
        }

        fn checking_is_stable(kind: u8, bytes: Vec<u8>, from_router: bool) -> bool {
            let mut bytes = bytes;
            bytes.resize(bytes.len().next_multiple_of(8).max(40), 0);
            bytes[0] = ROUTER_SOLICITATION + kind % 5;
            bytes[1] = 0;
            let src = if from_router { ROUTER } else { HOST };
            checked(&bytes, src, HOST, HOP_LIMIT).is_err()
                || checked(&bytes, src, HOST, HOP_LIMIT)
                    .is_ok_and(|message| checked(&emitted(&message), src, HOST, HOP_LIMIT) == Ok(message))
        }

        fn no_octets_are_out_of_bounds(bytes: Vec<u8>) -> bool {
            match View::read(&bytes) {
                Err(stop) => stop.have == bytes.len() && stop.have < stop.need,
                Ok(view) => {
                    let _ = (view.word(), view.target(), view.destination(), view.retransmit_ms());
                    view.stop().is_none_or(|stop| stop.at < bytes.len() && stop.have < stop.need)
                }
            }
        }
    }

    //? RFC4861-7.1.1-a
    //? RFC4861-7.1.2-a
    //? RFC4861-8.1-a
    //? RFC4861-7.1.1-b
    //? RFC4861-7.1.2-b
    //? RFC4861-8.1-b
    #[test]
    fn hop_limit_and_code_prove_that_the_message_is_from_the_link() {
        let all = [
            (SOLICITATION, Why::NeighborSolicitationHopLimit, Why::NeighborSolicitationCode),
            (ADVERTISEMENT, Why::NeighborAdvertisementHopLimit, Why::NeighborAdvertisementCode),
            (REDIRECTION, Why::RedirectHopLimit, Why::RedirectCode),
        ];
        for (message, hop_limit, code) in all {
            let mut bytes = emitted(&message);
            assert_eq!(checked(&bytes, ROUTER, HOST, 255), Ok(message));
            assert_eq!(checked(&bytes, ROUTER, HOST, 254), Err(hop_limit));
            bytes[1] = 1;
            assert_eq!(checked(&bytes, ROUTER, HOST, 255), Err(code));
        }
    }

    //? RFC4861-7.1.1-c
    #[test]
    fn an_option_of_length_zero_discards_the_message() {
        let mut bytes = emitted(&SOLICITATION);
        bytes[25] = 0;
        assert_eq!(checked(&bytes, HOST, GROUP, 255), Err(Why::NeighborSolicitationOptionLength));
        let stop = View::read(&bytes).map(|view| view.stop().map(|stop| stop.at));
        assert_eq!(stop, Ok(Some(24)));
    }

    //? RFC4861-7.1.1-f
    #[test]
    fn a_solicitation_from_nowhere_goes_to_a_solicited_node_group_without_link_address() {
        let probe = Message::NeighborSolicitation { target: HOST, source_link: None };
        let nowhere = Ipv6Addr::UNSPECIFIED;
        assert_eq!(checked(&emitted(&probe), nowhere, GROUP, 255), Ok(probe));
        for (message, dst) in [(probe, HOST), (probe, NODES), (SOLICITATION, GROUP)] {
            let refused = Err(Why::NeighborSolicitationFromNowhere);
            assert_eq!(checked(&emitted(&message), nowhere, dst, 255), refused);
        }
    }

    //? RFC4861-7.1.1-e
    //? RFC4861-7.1.2-e
    #[test]
    fn targets_are_no_groups_and_solicited_answers_go_to_one_host() {
        let solicitation = Message::NeighborSolicitation { target: GROUP, source_link: None };
        let refused = Err(Why::NeighborSolicitationTarget);
        assert_eq!(checked(&emitted(&solicitation), HOST, GROUP, 255), refused);
        let refused = Err(Why::NeighborAdvertisementTarget);
        assert_eq!(checked(&emitted(&ADVERTISEMENT), HOST, NODES, 255), refused);
    }

    //? RFC4861-6.1.2-e
    //? RFC4861-8.1-e
    #[test]
    fn routers_speak_from_link_local_addresses() {
        let advertisement = Message::RouterAdvertisement {
            hop_limit: 64,
            managed: false,
            other: false,
            lifetime_s: 1800,
            reachable_ms: 0,
            retransmit_ms: 0,
            options: &[],
        };
        let refused = Err(Why::RouterAdvertisementSource);
        assert_eq!(checked(&emitted(&advertisement), HOST, NODES, 255), refused);
        assert_eq!(checked(&emitted(&REDIRECTION), HOST, HOST, 255), Err(Why::RedirectAddresses));
    }
}
