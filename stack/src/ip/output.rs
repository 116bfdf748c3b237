//! floor 2: sending (RFC 791 section 3.2, RFC 1122 section 3.3, RFC 8200 section 4.5).
//!
//! A packet is built once, in a buffer that is kept: nothing is allocated unless it has to wait for a
//! neighbour.
//!
//! RFC1122-3.3.3-a: without path knowledge the MTU of the link counts, as RFC 1191 has it.
//! RFC9293-MAY-10: no options of IPv4 are sent, so no timestamps of routers are asked for.
//! RFC9293-MAY-11: nor a record of the route.

use super::route::{self, NextHop};
use super::{Cx, Ip, LinkConfig, Outgoing, address};
use crate::base::{Choose, Freedom, Mac, Refused};
use crate::wire::ethernet::{self, EtherType, Frame};
use crate::wire::{Auto, ipv4, ipv6, ipv6_extension};
use alloc::vec::Vec;
use core::mem;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest packet, in octets, and longest payload of an IPv6 packet.
const LONGEST_OCTETS: usize = 0xffff;

/// An outgoing datagram of one family, everything decided.
struct Decided<'a, Addr> {
    src: Addr,
    dst: Addr,
    hop_limit: u8,
    hop: NextHop,
    mtu_octets: usize,
    outgoing: &'a Outgoing<'a>,
}

impl Ip {
    pub(super) fn transmit(&mut self, cx: &mut Cx<'_>, outgoing: &Outgoing<'_>) -> Result<(), Refused> {
        let dst = outgoing.dst;
        let src = self.source_of(outgoing)?;
        let hop = self.next_hop(dst).ok_or(Refused::NetUnreachable)?;
        let hop_limit = outgoing.hop_limit.unwrap_or(if dst.is_multicast() {
            //= RFC1112-6.1-a
            1
        } else {
            //= RFC1122-3.2.1.7-c
            self.config.hop_limit
        });
        //= RFC1122-3.2.1.7-a
        if hop_limit == 0 {
            return Err(Refused::InvalidArgument);
        }
        let mtu_octets = usize::from(self.mtu_octets(dst));
        match (src, dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                self.transmit_v4(cx, &Decided { src, dst, hop_limit, hop, mtu_octets, outgoing })
            }
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                self.transmit_v6(cx, &Decided { src, dst, hop_limit, hop, mtu_octets, outgoing })
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => {
                Err(Refused::FamilyNotSupported)
            }
        }
    }

    /// The next hop towards `dst`; `None` if there is no route.
    pub(super) fn next_hop(&mut self, dst: IpAddr) -> Option<NextHop> {
        match self.recent_hop {
            Some((known, hop)) if known == dst => Some(hop),
            Some(_) | None => {
                let hop = route::next_hop(&self.config, dst)?;
                self.recent_hop = Some((dst, hop));
                Some(hop)
            }
        }
    }

    pub(super) fn source_of(&self, outgoing: &Outgoing<'_>) -> Result<IpAddr, Refused> {
        if outgoing.src.is_ipv4() != outgoing.dst.is_ipv4() {
            return Err(Refused::FamilyNotSupported);
        }
        if outgoing.src.is_unspecified() {
            route::next_hop(&self.config, outgoing.dst).ok_or(Refused::NetUnreachable)?;
            return route::source_for(&self.config, outgoing.dst).ok_or(Refused::AddrNotAvailable);
        }
        //= RFC1122-3.2.1.3-a
        //= RFC1122-3.2.1.3-c
        //= RFC1112-6.2-a
        //= RFC1122-3.3.4.2-b
        if address::is_own(&self.config, outgoing.src) {
            Ok(outgoing.src)
        } else {
            Err(Refused::AddrNotAvailable)
        }
    }

    fn transmit_v4(&mut self, cx: &mut Cx<'_>, decided: &Decided<'_, Ipv4Addr>) -> Result<(), Refused> {
        let Outgoing { protocol, traffic_class, dont_fragment, payload, .. } = *decided.outgoing;
        let total = ipv4::MIN_HEADER_OCTETS + payload.len();
        let fits = total <= decided.mtu_octets;
        //= RFC6864-4.3-b
        //= RFC1191-6.2-a
        if total > LONGEST_OCTETS || (dont_fragment && !fits) {
            return Err(Refused::MessageSize);
        }
        //= RFC6864-4.1-b
        //= RFC9293-MAY-4
        let identification = if dont_fragment { 0 } else { self.next_identification_v4(cx.choices) };
        let whole = ipv4::Packet {
            src: decided.src,
            dst: decided.dst,
            protocol,
            ttl: decided.hop_limit,
            //= RFC1122-3.2.1.6-a
            tos: traffic_class,
            identification,
            dont_fragment,
            more_fragments: false,
            fragment_offset_octets: 0,
            options: &[],
            payload,
        };
        if fits {
            self.emit_packet(cx, decided.hop, EtherType::IPV4, |frame| whole.emit(frame));
            return Ok(());
        }
        //= RFC791-3.2-frag-e
        let piece_octets = decided.mtu_octets.saturating_sub(ipv4::MIN_HEADER_OCTETS) & !7;
        if piece_octets == 0 {
            return Err(Refused::MessageSize);
        }
        let mut fragment_offset_octets: u16 = 0;
        let mut pieces = payload.chunks(piece_octets).peekable();
        while let Some(piece) = pieces.next() {
            let more_fragments = pieces.peek().is_some();
            let fragment = ipv4::Packet { more_fragments, fragment_offset_octets, payload: piece, ..whole };
            self.emit_packet(cx, decided.hop, EtherType::IPV4, |frame| fragment.emit(frame));
            fragment_offset_octets = fragment_offset_octets.saturating_add(octets_u16(piece.len()));
        }
        Ok(())
    }

    fn transmit_v6(&mut self, cx: &mut Cx<'_>, decided: &Decided<'_, Ipv6Addr>) -> Result<(), Refused> {
        let Outgoing { protocol, traffic_class, dont_fragment, payload, .. } = *decided.outgoing;
        let fits = ipv6::HEADER_OCTETS + payload.len() <= decided.mtu_octets;
        if payload.len() > LONGEST_OCTETS || (dont_fragment && !fits) {
            return Err(Refused::MessageSize);
        }
        let whole = ipv6::Packet {
            src: decided.src,
            dst: decided.dst,
            next_header: protocol,
            hop_limit: decided.hop_limit,
            traffic_class,
            //= RFC6437-3-a
            flow_label: 0,
            payload,
        };
        if fits {
            self.emit_packet(cx, decided.hop, EtherType::IPV6, |frame| whole.emit(frame));
            return Ok(());
        }
        let headers = ipv6::HEADER_OCTETS + ipv6::Fragment::HEADER_OCTETS;
        //= RFC8200-4.5-d
        //= RFC8200-4.5-c
        //= RFC5722-4-a
        let piece_octets = decided.mtu_octets.saturating_sub(headers) & !7;
        if piece_octets == 0 {
            return Err(Refused::MessageSize);
        }
        let identification = self.next_identification_v6(cx.choices);
        let mut offset_octets: u16 = 0;
        let mut pieces = payload.chunks(piece_octets).peekable();
        while let Some(piece) = pieces.next() {
            let more = pieces.peek().is_some();
            let fragment = ipv6::Fragment { offset_octets, more, identification, next_header: protocol };
            self.emit_packet(cx, decided.hop, EtherType::IPV6, |frame| {
                emit_piece(&whole, fragment, piece, frame)
            });
            offset_octets = offset_octets.saturating_add(octets_u16(piece.len()));
        }
        Ok(())
    }

    /// The identification of the next packet that may be fragmented. One counter for all destinations:
    /// a value comes back after 65536 packets.
    fn next_identification_v4(&mut self, choices: &mut dyn Choose) -> u16 {
        //= RFC791-3.2-a
        //= RFC6864-4.3-a
        let next = self.identification_v4.map_or_else(
            || u16::try_from(choices.choose(Freedom::Ipv4Identification, 0..=0xffff)).unwrap_or(0),
            |last| last.wrapping_add(1),
        );
        self.identification_v4 = Some(next);
        next
    }

    fn next_identification_v6(&mut self, choices: &mut dyn Choose) -> u32 {
        //= RFC8200-4.5-a
        //= RFC7739-4-a
        let next = self.identification_v6.map_or_else(
            || u32::try_from(choices.choose(Freedom::Ipv6Identification, 0..=0xffff_ffff)).unwrap_or(0),
            |last| last.wrapping_add(1),
        );
        self.identification_v6 = Some(next);
        next
    }

    /// Sends the packet that `build` appends to `hop`, or lets it wait.
    pub(super) fn emit_packet(
        &mut self,
        cx: &mut Cx<'_>,
        hop: NextHop,
        ethertype: EtherType,
        build: impl FnOnce(&mut Vec<u8>),
    ) {
        let mut frame = mem::take(&mut self.frame);
        frame.clear();
        let LinkConfig::Ethernet { mac: own } = self.config.link else {
            build(&mut frame);
            cx.out.frame(&frame);
            self.frame = frame;
            return;
        };
        let (to, waits_for) = match hop {
            NextHop::Group(mac) => (mac, None),
            //= RFC1122-2.3.3-e
            NextHop::Neighbor(addr) => match self.neighbors.resolve(cx.now, addr) {
                Some(mac) => (mac, None),
                None => (Mac::BROADCAST, Some(addr)),
            },
        };
        Frame { dst: to, src: own, ethertype, payload: &[] }.emit(&mut frame);
        build(&mut frame);
        let mut ask = None;
        match waits_for {
            None => cx.out.frame(&frame),
            //= RFC1122-2.4-b
            Some(addr) => {
                if self.neighbors.wait(cx.now, addr, &frame[ethernet::HEADER_OCTETS..], cx.out) {
                    ask = Some(addr);
                }
            }
        }
        self.frame = frame;
        if let Some(addr) = ask {
            self.solicit(cx, addr, None);
        }
    }

    /// Asks who has `addr`: one station, or everybody.
    pub(super) fn solicit(&mut self, cx: &mut Cx<'_>, addr: IpAddr, to: Option<Mac>) {
        match addr {
            IpAddr::V4(addr) => self.request_arp(cx, addr, to),
            IpAddr::V6(addr) => self.solicit_nd(cx, addr, to),
        }
    }

    /// Sends what waited for a neighbour to its address.
    pub(super) fn flush(&mut self, cx: &mut Cx<'_>, to: Mac, waiting: impl IntoIterator<Item = Vec<u8>>) {
        for packet in waiting {
            let ethertype = match packet.first().map(|octet| octet >> 4) {
                Some(6) => EtherType::IPV6,
                Some(_) | None => EtherType::IPV4,
            };
            self.emit_packet(cx, NextHop::Group(to), ethertype, |frame| frame.extend_from_slice(&packet));
        }
    }
}

fn emit_piece(whole: &ipv6::Packet<'_>, fragment: ipv6::Fragment, piece: &[u8], frame: &mut Vec<u8>) {
    let header = ipv6::Packet { next_header: ipv6_extension::FRAGMENT, payload: &[], ..*whole };
    let payload_len = Auto::Forced(octets_u16(ipv6::Fragment::HEADER_OCTETS + piece.len()));
    header.emit_with(&ipv6::Forced { payload_len, ..ipv6::Forced::default() }, frame);
    fragment.emit(frame);
    frame.extend_from_slice(piece);
}

/// A length that is known to fit.
fn octets_u16(octets: usize) -> u16 {
    u16::try_from(octets).unwrap_or(u16::MAX)
}
