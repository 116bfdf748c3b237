//! floor 1: the text of Ethernet frames and of ARP (RFC 894, RFC 826).

use super::ip;
use crate::base::Mac;
use crate::wire::arp;
use crate::wire::ethernet::{EtherType, HEADER_OCTETS, View};
use core::fmt;
use core::net::Ipv4Addr;

/// How many VLAN tags of a frame are read.
const MAX_TAGS: usize = 2;

/// Writes a frame: as the packet in it if it carries IP or ARP, else with its link-layer addresses.
pub(super) fn frame(bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    let view = match View::read(bytes) {
        Ok(view) => view,
        Err(stop) => return write!(out, "[{stop}]"),
    };
    let (mut ethertype, mut payload, mut at) = (view.ethertype(), view.payload(), HEADER_OCTETS);
    for _ in 0..MAX_TAGS {
        if ethertype != EtherType::VLAN && ethertype != EtherType::SERVICE_VLAN {
            break;
        }
        let Some(([high, low, inner @ ..], rest)) = payload.split_first_chunk::<4>() else { break };
        write!(out, "vlan {} ", u16::from_be_bytes([*high, *low]) & 0xfff)?;
        (ethertype, payload, at) = (EtherType(u16::from_be_bytes(*inner)), rest, at + 4);
    }
    match ethertype {
        EtherType::IPV4 | EtherType::IPV6 => ip::packet(payload, out),
        EtherType::ARP => arp(payload, at, out),
        EtherType(number) => {
            write!(out, "{} > {} ethertype {number:#06x} len {}", view.src(), view.dst(), payload.len())
        }
    }
}

/// Writes an ARP packet that lies `at` octets behind the start of its frame.
fn arp(bytes: &[u8], at: usize, out: &mut dyn fmt::Write) -> fmt::Result {
    let view = match arp::View::read(bytes) {
        Ok(view) => view,
        Err(stop) => return write!(out, "arp [{}]", stop.moved(at)),
    };
    if let Some(stop) = view.stop() {
        return write!(out, "arp operation {} [{}]", view.operation(), stop.moved(at));
    }
    let ip = |octets: &[u8]| <[u8; 4]>::try_from(octets).ok().map(Ipv4Addr::from);
    let mac = <[u8; 6]>::try_from(view.sender_hardware()).ok().map(Mac);
    let addresses = (mac, ip(view.sender_protocol()), ip(view.target_protocol()));
    match (view.operation(), addresses) {
        (1, (Some(_), Some(sender), Some(target))) => write!(out, "arp who-has {target} tell {sender}"),
        (2, (Some(mac), Some(sender), Some(_))) => write!(out, "arp {sender} is-at {mac}"),
        (operation, _) => write!(
            out,
            "arp operation {operation} hardware {} protocol {:#06x}",
            view.hardware_type(),
            view.protocol_type().0
        ),
    }
}
