//! floor 2: neighbour discovery (RFC 4861 section 7.2).
//!
//! RFC4861-6.3.7-a: routers are configured, not asked for.
//! RFC4862-5.4.2-a: addresses are configured and never tentative, nothing is probed for.
//! RFC4862-5.4.3-a: and so every solicitation for them is answered.
//! RFC4861-6.3.4-b: router advertisements configure nothing here.

use super::input_v6::Head;
use super::neighbor::Hearsay;
use super::route::{self, NextHop};
use super::{Cx, Ip, LinkConfig, address};
use crate::base::addr::solicited_node;
use crate::base::{Mac, Why};
use crate::wire::ethernet::EtherType;
use crate::wire::ndp::{HOP_LIMIT, Message};
use crate::wire::{icmpv6, ipv6};
use core::mem;
use core::net::{IpAddr, Ipv6Addr};

impl Ip {
    /// Takes in a valid message that came as `head` says.
    pub(super) fn receive_nd(
        &mut self,
        cx: &mut Cx<'_>,
        head: &Head,
        message: &Message<'_>,
    ) -> Result<(), Why> {
        //= RFC6980-5-a
        if head.fragmented {
            return Err(Why::NdFragmented);
        }
        match *message {
            Message::NeighborSolicitation { target, source_link } => {
                self.receive_solicitation(cx, head, target, source_link)
            }
            Message::NeighborAdvertisement { target, router, solicited, override_, target_link } => {
                let hearsay = Hearsay {
                    mac: target_link,
                    create: false,
                    confirmed: solicited,
                    overrides: override_,
                    is_router: Some(router),
                };
                if address::is_own(&self.config, IpAddr::V6(target)) {
                    return Err(Why::AddressConflict);
                }
                let waiting = self.neighbors.heard(cx.now, IpAddr::V6(target), hearsay)?;
                if let Some(mac) = target_link {
                    self.flush(cx, mac, waiting);
                }
                Ok(())
            }
            //= RFC4861-6.1.1-a
            Message::RouterSolicitation { .. } => Err(Why::NdForRouters),
            Message::RouterAdvertisement { .. } => Err(Why::NdNotConfigured),
            Message::Redirect { .. } => Err(Why::RedirectIgnored),
        }
    }

    fn receive_solicitation(
        &mut self,
        cx: &mut Cx<'_>,
        head: &Head,
        target: Ipv6Addr,
        source_link: Option<Mac>,
    ) -> Result<(), Why> {
        if !address::is_own(&self.config, IpAddr::V6(target)) {
            return Err(Why::NdTargetNotOurs);
        }
        if let (Some(mac), false) = (source_link, head.src.is_unspecified()) {
            let hearsay =
                Hearsay { mac: Some(mac), create: true, confirmed: false, overrides: true, is_router: None };
            match self.neighbors.heard(cx.now, IpAddr::V6(head.src), hearsay) {
                Ok(waiting) => self.flush(cx, mac, waiting),
                // It is answered although there is no room to remember who asked.
                Err(Why::NeighborTableFull) => {}
                Err(why) => return Err(why),
            }
        }
        self.advertise(cx, head.src, target);
        Ok(())
    }

    /// Answers a solicitation from `asker` for the own address `target`.
    fn advertise(&mut self, cx: &mut Cx<'_>, asker: Ipv6Addr, target: Ipv6Addr) {
        let LinkConfig::Ethernet { mac: own } = self.config.link else { return };
        let is_known = !asker.is_unspecified();
        //= RFC4861-7.2.4-a
        let message = Message::NeighborAdvertisement {
            target,
            router: false,
            solicited: is_known,
            override_: true,
            target_link: Some(own),
        };
        let all_nodes = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
        let dst = if is_known { asker } else { all_nodes };
        let Some(hop) = route::next_hop(&self.config, IpAddr::V6(dst)) else { return };
        self.emit_nd(cx, target, dst, hop, message);
    }

    /// Asks for the link-layer address of `addr`; with `to` only that station, to see whether it is still
    /// there.
    pub(super) fn solicit_nd(&mut self, cx: &mut Cx<'_>, addr: Ipv6Addr, to: Option<Mac>) {
        let LinkConfig::Ethernet { mac: own } = self.config.link else { return };
        let Some(IpAddr::V6(src)) = route::source_for(&self.config, IpAddr::V6(addr)) else { return };
        //= RFC4861-7.2.2-a
        let message = Message::NeighborSolicitation { target: addr, source_link: Some(own) };
        let dst = if to.is_some() { addr } else { solicited_node(addr) };
        let to = to.unwrap_or(Mac::of_group(IpAddr::V6(dst)));
        self.emit_nd(cx, src, dst, NextHop::Group(to), message);
    }

    fn emit_nd(&mut self, cx: &mut Cx<'_>, src: Ipv6Addr, dst: Ipv6Addr, hop: NextHop, message: Message<'_>) {
        let mut body = mem::take(&mut self.message);
        body.clear();
        icmpv6::Message::Ndp(message).emit(src, dst, &mut body);
        let packet = ipv6::Packet {
            src,
            dst,
            next_header: icmpv6::PROTOCOL,
            hop_limit: HOP_LIMIT,
            traffic_class: 0,
            flow_label: 0,
            payload: &body,
        };
        self.emit_packet(cx, hop, EtherType::IPV6, |frame| packet.emit(frame));
        self.message = body;
    }
}
