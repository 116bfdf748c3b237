//! floor 2: sending where the transport has written: the headers go before the payload (RFC 791 section 3.1,
//! RFC 8200 section 3, RFC 894).
//!
//! What leaves is the same as by [`super::output`], octet for octet; only the copy is saved. What can not
//! leave like that takes the other way: fragments, and whatever has no way yet.

use super::route::NextHop;
use super::{Cx, Emit, Ip, LinkConfig, Outgoing};
use crate::base::{Instant, Mac, Refused};
use crate::wire::ethernet::{self, EtherType, Frame};
use crate::wire::{ipv4, ipv6};
use core::net::IpAddr;

/// Octets that the headers of IP and of the link may need before the payload.
pub const HEADROOM_OCTETS: usize = ethernet::HEADER_OCTETS + ipv6::HEADER_OCTETS;

/// From an own address to a destination outside of this host. Both were looked at, and what was found stays
/// true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) hop: NextHop,
}

impl Ip {
    /// Whether the last packet that was sent in place went from `src` to `dst`.
    pub fn is_on_way(&self, src: IpAddr, dst: IpAddr) -> bool {
        self.recent_way.is_some_and(|way| way.src == src && way.dst == dst)
    }

    /// Sends `outgoing`, whose payload is what follows the first [`HEADROOM_OCTETS`] of `packet`.
    pub(super) fn transmit_in_place(
        &mut self,
        cx: &mut Cx<'_>,
        outgoing: &Outgoing<'_>,
        packet: &mut [u8],
    ) -> Result<(), Refused> {
        if let Some(hop) = self.way_of(outgoing)
            && let Some((ethertype, at)) = self.put_headers(outgoing, packet)
        {
            self.send_frame_in_place(cx, hop, ethertype, packet, at);
            return Ok(());
        }
        let payload = packet.get(HEADROOM_OCTETS..).unwrap_or_default();
        self.transmit(cx, &Outgoing { payload, ..*outgoing })
    }

    /// As [`Ip::send_in_place`] if nothing has to be found out or asked for: on the way of the packet before.
    /// False if nothing was sent.
    pub fn send_at_once(
        &mut self,
        now: Instant,
        outgoing: &Outgoing<'_>,
        packet: &mut [u8],
        out: &mut dyn Emit,
    ) -> bool {
        let Some(way) = self.recent_way.filter(|way| way.src == outgoing.src && way.dst == outgoing.dst)
        else {
            return false;
        };
        let Some((ethertype, mut at)) = self.put_headers(outgoing, packet) else { return false };
        if let LinkConfig::Ethernet { mac: own } = self.config.link {
            let Some(to) = self.link_address(now, way.hop) else { return false };
            at = put_before(packet, at, &Frame { dst: to, src: own, ethertype, payload: &[] }.header());
        }
        out.frame(packet.get(at..).unwrap_or_default());
        true
    }

    /// Writes the header of IP; which family it is of, and where it begins. `None` if what has to leave is
    /// more than one packet, or if something forbids it.
    #[inline(always)]
    fn put_headers(&self, outgoing: &Outgoing<'_>, packet: &mut [u8]) -> Option<(EtherType, usize)> {
        let (head, payload) = packet.split_at_mut_checked(HEADROOM_OCTETS)?;
        let hop_limit = outgoing.hop_limit.unwrap_or(self.config.hop_limit);
        let mtu_octets = usize::from(self.mtu_octets(outgoing.dst));
        if hop_limit == 0 || !outgoing.dont_fragment {
            return None;
        }
        match (outgoing.src, outgoing.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) if ipv4::MIN_HEADER_OCTETS + payload.len() <= mtu_octets => {
                let whole = ipv4::Packet {
                    src,
                    dst,
                    protocol: outgoing.protocol,
                    ttl: hop_limit,
                    tos: outgoing.traffic_class,
                    identification: 0,
                    dont_fragment: true,
                    more_fragments: false,
                    fragment_offset_octets: 0,
                    options: &[],
                    payload,
                };
                Some((EtherType::IPV4, put_before(head, HEADROOM_OCTETS, &whole.plain_header())))
            }
            (IpAddr::V6(src), IpAddr::V6(dst)) if ipv6::HEADER_OCTETS + payload.len() <= mtu_octets => {
                let whole = ipv6::Packet {
                    src,
                    dst,
                    next_header: outgoing.protocol,
                    hop_limit,
                    traffic_class: outgoing.traffic_class,
                    flow_label: 0,
                    payload,
                };
                Some((EtherType::IPV6, put_before(head, HEADROOM_OCTETS, &whole.header())))
            }
            (IpAddr::V4(_) | IpAddr::V6(_), IpAddr::V4(_) | IpAddr::V6(_)) => None,
        }
    }

    /// The address on the link of whom a packet goes to next, if it is known.
    fn link_address(&mut self, now: Instant, hop: NextHop) -> Option<Mac> {
        match hop {
            NextHop::Group(mac) => Some(mac),
            NextHop::Neighbor(addr) => self.neighbors.resolve(now, addr),
        }
    }

    /// The next hop of the way that `outgoing` takes, if it is one that this file can send on.
    fn way_of(&mut self, outgoing: &Outgoing<'_>) -> Option<NextHop> {
        let Outgoing { src, dst, .. } = *outgoing;
        if let Some(way) = self.recent_way
            && way.src == src
            && way.dst == dst
        {
            return Some(way.hop);
        }
        if dst.is_multicast() || self.source_of(outgoing) != Ok(src) {
            return None;
        }
        let hop = self.next_hop(dst)?;
        self.recent_way = Some(Way { src, dst, hop });
        Some(hop)
    }

    /// Sends the packet that begins `at` in `packet`, or lets it wait.
    fn send_frame_in_place(
        &mut self,
        cx: &mut Cx<'_>,
        hop: NextHop,
        ethertype: EtherType,
        packet: &mut [u8],
        at: usize,
    ) {
        let LinkConfig::Ethernet { mac: own } = self.config.link else {
            cx.out.frame(packet.get(at..).unwrap_or_default());
            return;
        };
        let Some(to) = self.link_address(cx.now, hop) else {
            if let NextHop::Neighbor(addr) = hop {
                let waiting = packet.get(at..).unwrap_or_default();
                if self.neighbors.wait(cx.now, addr, waiting, cx.out) {
                    self.solicit(cx, addr, None);
                }
            }
            return;
        };
        let header = Frame { dst: to, src: own, ethertype, payload: &[] }.header();
        let at = put_before(packet, at, &header);
        cx.out.frame(packet.get(at..).unwrap_or_default());
    }
}

/// Writes `header` so that it ends before `end`; where it begins.
fn put_before(packet: &mut [u8], end: usize, header: &[u8]) -> usize {
    let at = end - header.len();
    packet[at..end].copy_from_slice(header);
    at
}
