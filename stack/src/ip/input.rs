//! floor 2: frames and IPv4 packets in (RFC 894, RFC 1122 sections 2.3 and 3.2.1, RFC 791 section 3.2).
//!
//! RFC1122-3.2.1.8-g: the record-route option is skipped like any other that asks for nothing.
//! RFC1122-3.2.1.8-h: the timestamp option likewise.

use super::address::{self, Destination};
use super::reassembly::{Expired, First, Key, Part, Whole};
use super::{Cx, IcmpError, Incoming, Ip, LinkConfig, Received, UNREACHED_LIMIT, cut, icmp, icmpv6, silence};
use super::{ErrorKind, neighbor};
use crate::base::Why;
use crate::wire::ethernet::{EtherType, Frame, View as EthernetView};
use crate::wire::icmpv4::Unreachable;
use crate::wire::{Stop, checksum, ipv4, ipv6};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

/// Protocol number of TCP.
pub(super) const TCP: u8 = 6;
/// Protocol number of UDP.
pub(super) const UDP: u8 = 17;
/// Longest quote that a reassembled datagram keeps, in octets: what IPv6 quotes at most.
const QUOTE_OCTETS: usize = 1280;
/// Octets of an IEEE 802.1Q tag and the type behind it.
const TAG_OCTETS: usize = 4;

/// What a whole IPv4 packet says about its payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) src: Ipv4Addr,
    pub(super) dst: Ipv4Addr,
    pub(super) destination: Destination,
    pub(super) protocol: u8,
    pub(super) ttl: u8,
    pub(super) tos: u8,
    pub(super) payload_at: usize,
    pub(super) link_group: bool,
}

impl Head {
    fn of(view: &ipv4::View<'_>, destination: Destination, link_group: bool) -> Self {
        Self {
            src: view.src(),
            dst: view.dst(),
            destination,
            protocol: view.protocol(),
            ttl: view.ttl(),
            tos: view.tos(),
            payload_at: view.header_len_octets(),
            link_group,
        }
    }
}

impl Ip {
    #[inline(always)]
    pub(super) fn receive_frame<'f>(
        &mut self,
        cx: &mut Cx<'_>,
        frame: &'f [u8],
    ) -> Result<Received<'f>, Why> {
        let LinkConfig::Ethernet { mac } = self.config.link else {
            return match frame.first().map(|octet| octet >> 4) {
                None => Err(Why::HeaderTruncated),
                Some(6) => self.receive_v6(cx, frame, false),
                //= RFC1122-3.2.1.1-a
                Some(_) => self.receive_v4(cx, frame, false),
            };
        };
        let view = EthernetView::read(frame).map_err(|_| Why::HeaderTruncated)?;
        let frame = Frame::check(&view)?;
        if frame.dst != mac && !frame.dst.is_group() {
            return Err(Why::FrameForOtherStation);
        }
        //= IEEE8023-3.2.3-a
        if frame.src.is_group() {
            return Err(Why::GroupSourceMac);
        }
        let (ethertype, payload) = untagged(frame.ethertype, frame.payload)?;
        //= RFC1122-2.4-a
        let link_group = frame.dst.is_group();
        match ethertype {
            EtherType::IPV4 => self.receive_v4(cx, payload, link_group),
            EtherType::IPV6 => self.receive_v6(cx, payload, link_group),
            EtherType::ARP => self.receive_arp(cx, payload),
            _ => Err(Why::EtherTypeUnknown),
        }
    }

    #[inline]
    fn receive_v4<'f>(
        &mut self,
        cx: &mut Cx<'_>,
        bytes: &'f [u8],
        link_group: bool,
    ) -> Result<Received<'f>, Why> {
        //= RFC1812-5.2.2-a
        let view = ipv4::View::read(bytes).map_err(|_| Why::HeaderTruncated)?;
        let packet = ipv4::Packet::check(&view)?;
        let destination = self.judge_v4(packet.src, packet.dst)?;
        //= RFC1122-3.3.6-c
        if link_group && destination == Destination::Own {
            return Err(Why::UnicastInLinkBroadcast);
        }
        let whole = &bytes[..bytes.len() - view.trailer().len()];
        if !packet.options.is_empty()
            && let Err((why, trouble)) = check_options(&packet)
        {
            self.report_v4(cx, whole, link_group, trouble);
            return Err(why);
        }
        //= RFC6864-4.1-c
        if packet.is_fragment() {
            return self.receive_fragment_v4(cx, whole, &packet, link_group);
        }
        let head = Head::of(&view, destination, link_group);
        self.receive_whole_v4(cx, Cow::Borrowed(whole), &head)
    }

    /// Judges both addresses. Packets come in trains, and addresses mean always the same.
    fn judge_v4(&mut self, src: Ipv4Addr, dst: Ipv4Addr) -> Result<Destination, Why> {
        if self.recent_pair == Some((src, dst)) {
            return Ok(Destination::Own);
        }
        let destination = address::destination_v4(&self.config, dst)?;
        address::source_v4(&self.config, src, dst)?;
        if destination == Destination::Own {
            self.recent_pair = Some((src, dst));
        }
        Ok(destination)
    }

    #[inline(never)]
    fn receive_fragment_v4<'f>(
        &mut self,
        cx: &mut Cx<'_>,
        bytes: &[u8],
        packet: &ipv4::Packet<'_>,
        link_group: bool,
    ) -> Result<Received<'f>, Why> {
        let header_octets = bytes.len() - packet.payload.len();
        //= RFC791-3.2-frag-f
        if packet.more_fragments && !packet.payload.len().is_multiple_of(8) {
            return Err(Why::FragmentUneven);
        }
        //= RFC791-3.2-frag-g
        if header_octets + usize::from(packet.fragment_offset_octets) + packet.payload.len() > 0xffff {
            return Err(Why::FragmentBeyondLimit);
        }
        let key = Key::V4 {
            src: packet.src,
            dst: packet.dst,
            protocol: packet.protocol,
            identification: packet.identification,
        };
        let part = Part {
            offset_octets: packet.fragment_offset_octets,
            more: packet.more_fragments,
            data: packet.payload,
            packet: bytes,
            header_octets,
            protocol: packet.protocol,
            protocol_at: 9,
            hop_limit: packet.ttl,
            traffic_class: packet.tos,
            link_group,
        };
        //= RFC1122-3.2.1.4-a
        let Some(whole) = self.reassembly.arrive(cx.now, key, &part, cx.choices, cx.out) else {
            return Ok(Received::Nothing);
        };
        let rebuilt = rebuild(&whole).ok_or(Why::FragmentBeyondLimit)?;
        let view = ipv4::View::read(&rebuilt).map_err(|_| Why::HeaderTruncated)?;
        let destination = address::destination_v4(&self.config, view.dst())?;
        let head = Head::of(&view, destination, whole.first.link_group);
        self.receive_whole_v4(cx, Cow::Owned(rebuilt), &head)
    }

    #[inline(always)]
    fn receive_whole_v4<'f>(
        &mut self,
        cx: &mut Cx<'_>,
        packet: Cow<'f, [u8]>,
        head: &Head,
    ) -> Result<Received<'f>, Why> {
        match head.protocol {
            silence::ICMP => self.receive_icmp(cx, &packet, head),
            //= RFC1122-3.2.1.7-b
            TCP | UDP => Ok(Received::Datagram(Incoming {
                src: IpAddr::V4(head.src),
                //= RFC1122-4.1.3.5-a
                dst: IpAddr::V4(head.dst),
                protocol: head.protocol,
                hop_limit: head.ttl,
                //= RFC1122-3.2.1.6-b
                traffic_class: head.tos,
                payload: cut(&packet, head.payload_at..packet.len()),
                group: head.destination == Destination::Group || head.link_group,
                //= RFC1122-3.2.1.8-b
                quote: quote(packet),
            })),
            _ => {
                //= RFC1122-3.2.2.1-a
                let trouble = icmp::Trouble::Unreachable(Unreachable::Protocol);
                self.report_v4(cx, &packet, head.link_group, trouble);
                Err(Why::ProtocolUnknown)
            }
        }
    }

    /// Lets go of a datagram that stayed unfinished.
    pub(super) fn reassembly_expired(&mut self, cx: &mut Cx<'_>, expired: &Expired) {
        let (why, first) = match expired.key {
            Key::V4 { .. } => (Why::ReassemblyTimeout, expired.first.as_ref()),
            Key::V6 { .. } => (Why::ReassemblyTimeoutV6, expired.first.as_ref()),
        };
        cx.out.discard(why);
        //= RFC1122-3.3.2-c
        let Some(First { packet, link_group, .. }) = first else { return };
        match expired.key {
            //= RFC1122-3.3.2-b
            Key::V4 { .. } => self.report_v4(cx, packet, *link_group, icmp::Trouble::ReassemblyTime),
            //= RFC8200-4.5-f
            Key::V6 { .. } => self.report_v6(cx, packet, *link_group, icmpv6::Trouble::ReassemblyTime),
        }
    }

    /// Reports packets of this host that found no neighbour to their transports.
    pub(super) fn give_up(&mut self, cx: &mut Cx<'_>, waiting: &neighbor::Waiting) {
        for packet in waiting {
            cx.out.discard(Why::NeighborUnreachable);
            if self.unreached.len() < UNREACHED_LIMIT
                && let Some(error) = unreached_v4(packet).or_else(|| unreached_v6(packet))
            {
                self.unreached.push_back(error);
            }
        }
    }
}

/// The frame's type and payload behind a priority tag, which says nothing about the network.
fn untagged(ethertype: EtherType, payload: &[u8]) -> Result<(EtherType, &[u8]), Why> {
    if ethertype != EtherType::VLAN {
        return Ok((ethertype, payload));
    }
    let Some((&[high, low, a, b], inner)) = payload.split_first_chunk::<TAG_OCTETS>() else {
        return Err(Why::HeaderTruncated);
    };
    //= IEEE8021Q-9.6-a
    if u16::from_be_bytes([high, low]) & 0x0fff != 0 {
        return Err(Why::VlanForeign);
    }
    Ok((EtherType(u16::from_be_bytes([a, b])), inner))
}

/// Looks for options that make the packet unusable: impossible lengths, and source routes that go on.
fn check_options(packet: &ipv4::Packet<'_>) -> Result<(), (Why, icmp::Trouble)> {
    let mut has_source_route = false;
    for option in packet.options() {
        let pointer = |at: usize| icmp::Trouble::Parameter { pointer: u8::try_from(at).unwrap_or(u8::MAX) };
        //= RFC1122-3.2.1.8-c
        let option = option.map_err(|stop: Stop| (Why::Ipv4OptionMalformed, pointer(stop.at)))?;
        //= RFC1122-3.2.1.8-a
        //= RFC9293-MUST-50
        //= RFC1122-3.2.1.8-d
        if !option.is_source_route() {
            continue;
        }
        //= RFC1122-3.2.1.8-f
        if has_source_route {
            return Err((Why::SecondSourceRoute, pointer(option.at)));
        }
        has_source_route = true;
        //= RFC791-3.1-options-b
        let Some(next) = option.data.first() else {
            return Err((Why::Ipv4OptionMalformed, pointer(option.at)));
        };
        //= RFC1122-3.3.5-a
        //= RFC1122-3.1-a
        //= RFC1122-3.2.1.8-e
        if usize::from(*next) <= option.data.len() + 2 {
            let trouble = icmp::Trouble::Unreachable(Unreachable::SourceRouteFailed);
            return Err((Why::SourceRouteRefused, trouble));
        }
    }
    Ok(())
}

/// The datagram as if it had never been cut; `None` if it is longer than a datagram can be.
fn rebuild(whole: &Whole) -> Option<Vec<u8>> {
    let header = &whole.first.packet[..whole.first.header_octets];
    let total_len = u16::try_from(header.len() + whole.payload.len()).ok()?;
    let mut bytes = Vec::with_capacity(usize::from(total_len));
    bytes.extend_from_slice(header);
    bytes[1] = whole.first.traffic_class;
    bytes[2..4].copy_from_slice(&total_len.to_be_bytes());
    bytes[6..8].fill(0);
    bytes[10..12].fill(0);
    let sum = checksum::of(&bytes);
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
    bytes.extend_from_slice(&whole.payload);
    Some(bytes)
}

/// What of a packet is kept for an ICMP error: a borrowed one whole, an owned one as far as is quoted.
#[inline(always)]
pub(super) fn quote(packet: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match packet {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes),
        Cow::Owned(mut bytes) => {
            bytes.truncate(QUOTE_OCTETS);
            Cow::Owned(bytes)
        }
    }
}

fn unreached_v4(packet: &[u8]) -> Option<IcmpError<'static>> {
    let view = ipv4::View::read(packet).ok().filter(|view| view.version() == 4)?;
    (view.fragment_offset_octets() == 0).then(|| IcmpError {
        from: IpAddr::V4(view.src()),
        kind: ErrorKind::Unreachable(Unreachable::Host.code()),
        src: IpAddr::V4(view.src()),
        dst: IpAddr::V4(view.dst()),
        protocol: view.protocol(),
        transport: Cow::Owned(view.payload().to_vec()),
    })
}

fn unreached_v6(packet: &[u8]) -> Option<IcmpError<'static>> {
    /// Address unreachable (RFC 4443 section 3.1).
    const CODE: u8 = 3;
    let view = ipv6::View::read(packet).ok().filter(|view| view.version() == 6)?;
    let upper = view.extensions().upper().ok()?;
    upper.fragment.is_none_or(|fragment| fragment.offset_octets == 0).then(|| IcmpError {
        from: IpAddr::V6(view.src()),
        kind: ErrorKind::Unreachable(CODE),
        src: IpAddr::V6(view.src()),
        dst: IpAddr::V6(view.dst()),
        protocol: upper.protocol,
        transport: Cow::Owned(upper.payload.to_vec()),
    })
}
