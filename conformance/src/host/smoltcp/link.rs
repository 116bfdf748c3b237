//! floor 7: the smoltcp interface, and the neighbours that it is told of beforehand (RFC 826, RFC 4861).

use super::queue::Queue;
use crate::host::{Fault, HostConfig};
use crate::trace::Link;
use ::smoltcp::iface::{Config, Interface};
use ::smoltcp::phy::ChecksumCapabilities;
use ::smoltcp::time;
use ::smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol, EthernetRepr,
    HardwareAddress, Icmpv6Packet, Icmpv6Repr, IpCidr, IpProtocol, Ipv6Packet, Ipv6Repr, NdiscNeighborFlags,
    NdiscRepr,
};
use stack::base::{Instant, Mac, Span};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// smoltcp forgets a neighbour after 60 s; known ones are told again before.
const REFRESH_AFTER: Span = Span::from_secs(30);

/// Hop limit of neighbour discovery.
const HOP_LIMIT_MAX: u8 = 255;

/// A configured interface without sockets.
pub(super) fn interface(config: &HostConfig, queue: &mut Queue) -> Result<Interface, Fault> {
    let hardware = match config.link {
        Link::Ip => HardwareAddress::Ip,
        Link::Ethernet if config.mac.is_group() => {
            return Err(Fault::Protocol(format!("{} is not the address of one station", config.mac)));
        }
        Link::Ethernet => HardwareAddress::Ethernet(EthernetAddress(config.mac.0)),
    };
    let mut settings = Config::new(hardware);
    settings.random_seed = config.seed;
    let mut iface = Interface::new(settings, queue, time::Instant::ZERO);
    let mut fits = true;
    iface.update_ip_addrs(|addrs| {
        for cidr in &config.addrs {
            fits &= addrs.push(IpCidr::new(cidr.addr.into(), cidr.prefix)).is_ok();
        }
    });
    if fits { Ok(iface) } else { Err(Fault::Protocol("smoltcp has no room for that many addresses".into())) }
}

/// The neighbours known beforehand, as the frames that tell smoltcp of them.
pub(super) struct Neighbors {
    frames: Vec<Vec<u8>>,
    told: Option<Instant>,
}

impl Neighbors {
    /// Fails for a peer whose link-layer address is known but which no local network contains: smoltcp
    /// would ask a router for it.
    pub(super) fn new(config: &HostConfig) -> Result<Self, Fault> {
        let mut frames = Vec::new();
        if config.link == Link::Ethernet {
            for (peer, mac) in config.peers.iter().filter_map(|(peer, mac)| Some((*peer, (*mac)?))) {
                let Some(own) = config.addrs.iter().find(|cidr| cidr.contains(peer)) else {
                    return Err(Fault::Protocol(format!("{peer} is not on the link of the host")));
                };
                frames.push(match (peer, own.addr) {
                    (IpAddr::V4(peer), IpAddr::V4(own)) => arp_reply(peer, mac, own, config.mac),
                    (IpAddr::V6(peer), IpAddr::V6(own)) => advertisement(peer, mac, own, config.mac),
                    (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => continue,
                });
            }
        }
        Ok(Self { frames, told: None })
    }

    /// Lets smoltcp read of its neighbours again, if it may soon forget them. It answers nothing to that.
    pub(super) fn refresh(&mut self, queue: &mut Queue) {
        let now = queue.now;
        if self.told.is_none_or(|told| now.since(told) >= REFRESH_AFTER) {
            queue.arriving.extend(self.frames.iter().cloned());
            self.told = Some(now);
        }
    }
}

fn framed(from: Mac, to: Mac, ethertype: EthernetProtocol, payload_octets: usize) -> Vec<u8> {
    let repr = EthernetRepr { src_addr: EthernetAddress(from.0), dst_addr: EthernetAddress(to.0), ethertype };
    let mut bytes = vec![0; repr.buffer_len() + payload_octets];
    repr.emit(&mut EthernetFrame::new_unchecked(&mut bytes));
    bytes
}

fn arp_reply(peer: Ipv4Addr, peer_mac: Mac, own: Ipv4Addr, own_mac: Mac) -> Vec<u8> {
    let repr = ArpRepr::EthernetIpv4 {
        operation: ArpOperation::Reply,
        source_hardware_addr: EthernetAddress(peer_mac.0),
        source_protocol_addr: peer,
        target_hardware_addr: EthernetAddress(own_mac.0),
        target_protocol_addr: own,
    };
    let mut bytes = framed(peer_mac, own_mac, EthernetProtocol::Arp, repr.buffer_len());
    let header = bytes.len() - repr.buffer_len();
    repr.emit(&mut ArpPacket::new_unchecked(&mut bytes[header..]));
    bytes
}

fn advertisement(peer: Ipv6Addr, peer_mac: Mac, own: Ipv6Addr, own_mac: Mac) -> Vec<u8> {
    let message = Icmpv6Repr::Ndisc(NdiscRepr::NeighborAdvert {
        flags: NdiscNeighborFlags::OVERRIDE | NdiscNeighborFlags::SOLICITED,
        target_addr: peer,
        lladdr: Some(EthernetAddress(peer_mac.0).into()),
    });
    let packet = Ipv6Repr {
        src_addr: peer,
        dst_addr: own,
        next_header: IpProtocol::Icmpv6,
        payload_len: message.buffer_len(),
        hop_limit: HOP_LIMIT_MAX,
    };
    let octets = packet.buffer_len() + message.buffer_len();
    let mut bytes = framed(peer_mac, own_mac, EthernetProtocol::Ipv6, octets);
    let header = bytes.len() - octets;
    packet.emit(&mut Ipv6Packet::new_unchecked(&mut bytes[header..]));
    let body = header + packet.buffer_len();
    let checksums = ChecksumCapabilities::default();
    message.emit(&peer, &own, &mut Icmpv6Packet::new_unchecked(&mut bytes[body..]), &checksums);
    bytes
}
