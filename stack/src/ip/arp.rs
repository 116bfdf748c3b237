//! floor 2: address resolution for IPv4 (RFC 826, RFC 1122 section 2.3.2, RFC 5227 in part).
//!
//! RFC5227-2.1-a: addresses are configured before time begins, nothing is probed for.
//! RFC5227-2.3-a: and nothing is announced.

use super::neighbor::Hearsay;
use super::route::{self, NextHop};
use super::{Cx, Ip, LinkConfig, Received, address};
use crate::base::{Mac, Why};
use crate::wire::arp::{Operation, Packet, View};
use crate::wire::ethernet::EtherType;
use core::net::{IpAddr, Ipv4Addr};

impl Ip {
    pub(super) fn receive_arp<'f>(&mut self, cx: &mut Cx<'_>, bytes: &[u8]) -> Result<Received<'f>, Why> {
        let view = View::read(bytes).map_err(|_| Why::ArpTruncated)?;
        let packet = Packet::check(&view)?;
        let LinkConfig::Ethernet { mac: own } = self.config.link else { return Err(Why::ArpHardwareType) };
        if packet.sender_mac.is_group() || packet.sender_ip.is_multicast() || packet.sender_ip.is_broadcast()
        {
            //= RFC1812-3.3.2-a
            return Err(Why::ArpSenderInvalid);
        }
        if address::is_own(&self.config, IpAddr::V4(packet.sender_ip)) {
            //= RFC5227-2.4-a
            return Err(Why::AddressConflict);
        }
        let for_us = address::is_own(&self.config, IpAddr::V4(packet.target_ip));
        self.merge(cx, &packet, for_us)?;
        //= RFC826-Packet_Reception-f
        if for_us && packet.operation == Operation::Request {
            self.reply_arp(cx, own, &packet);
        }
        Ok(Received::Nothing)
    }

    /// The merge of RFC 826: whoever is known is updated by any packet, who is not known is entered only if
    /// the packet is for this host.
    fn merge(&mut self, cx: &mut Cx<'_>, packet: &Packet, for_us: bool) -> Result<(), Why> {
        let sender = IpAddr::V4(packet.sender_ip);
        //= RFC5227-2.5-a
        let learnable = !packet.sender_ip.is_unspecified() && route::is_on_link(&self.config, sender);
        if !learnable {
            return if for_us { Ok(()) } else { Err(Why::ArpNotForUs) };
        }
        let hearsay = Hearsay {
            mac: Some(packet.sender_mac),
            //= RFC826-Packet_Reception-d
            create: for_us,
            confirmed: packet.operation == Operation::Reply && self.neighbors.is_asked(sender),
            //= RFC826-Packet_Reception-c
            overrides: true,
            is_router: None,
        };
        match self.neighbors.heard(cx.now, sender, hearsay) {
            Ok(waiting) => {
                self.flush(cx, packet.sender_mac, waiting);
                Ok(())
            }
            Err(Why::NdUnknownNeighbor) => Err(Why::ArpNotForUs),
            // The request is answered although there is no room to remember who asked.
            Err(_) => Ok(()),
        }
    }

    fn reply_arp(&mut self, cx: &mut Cx<'_>, own: Mac, request: &Packet) {
        //= RFC826-Packet_Reception-e
        let reply = Packet {
            operation: Operation::Reply,
            sender_mac: own,
            sender_ip: request.target_ip,
            target_mac: request.sender_mac,
            target_ip: request.sender_ip,
        };
        self.emit_packet(cx, NextHop::Group(request.sender_mac), EtherType::ARP, |frame| reply.emit(frame));
    }

    /// Asks for the link-layer address of `addr`; with `to` only that station, to see whether it is still
    /// there (RFC 1122 section 2.3.2.1).
    pub(super) fn request_arp(&mut self, cx: &mut Cx<'_>, addr: Ipv4Addr, to: Option<Mac>) {
        let LinkConfig::Ethernet { mac: own } = self.config.link else { return };
        let Some(IpAddr::V4(sender_ip)) = route::source_for(&self.config, IpAddr::V4(addr)) else { return };
        //= RFC826-Packet_Generation-a
        let request = Packet {
            operation: Operation::Request,
            sender_mac: own,
            sender_ip,
            target_mac: Mac::default(),
            target_ip: addr,
        };
        let to = to.unwrap_or(Mac::BROADCAST);
        self.emit_packet(cx, NextHop::Group(to), EtherType::ARP, |frame| request.emit(frame));
    }
}
