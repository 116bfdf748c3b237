//! floor 4: what arrives for datagram sockets: data and news of trouble (RFC 768, RFC 1122 sections 4.1.3.1
//! and 4.1.3.3, RFC 1112 section 7).

use super::call::{Device, Family};
use super::depart::is_own;
use super::name::{Endpoint, FourTuple, is_link_local};
use super::route::device_of;
use super::table::{Body, Net, Slot, Socket, Sockets};
use crate::base::Why;
use crate::ip::{ErrorKind, IcmpError, Incoming};
use crate::udp::Failure;
use crate::wire::icmpv4::Unreachable;
use crate::wire::icmpv6::CODE_PORT_UNREACHABLE;
use crate::{udp, wire};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::net::IpAddr;

impl Socket {
    /// Whether what arrives on `device` can be for this socket.
    pub(super) fn hears(&self, device: Device) -> bool {
        self.options.device.is_none_or(|own| own == device)
    }

    /// Whether what arrives on `device` for the group or broadcast address `dst` is for this socket.
    fn hears_group(&self, dst: IpAddr, device: Device) -> bool {
        if !self.hears(device) {
            return false;
        }
        if !dst.is_multicast() {
            return true;
        }
        let Body::Datagram(datagram) = &self.body else { return false };
        // A group of IPv4 is one of a device, a group of IPv6 that was joined on any is heard on all.
        let joined = |(group, on): &(IpAddr, Device)| *group == dst && (dst.is_ipv6() || *on == device);
        let all = self.options.multicast_all && (self.family == Family::V6) == dst.is_ipv6();
        //= RFC1112-7.4-a
        datagram.groups.iter().any(joined) || all
    }
}

impl Sockets {
    /// A UDP datagram arrives.
    pub(super) fn datagram_arrives(&mut self, incoming: &Incoming<'_>, device: Device, net: &mut Net<'_>) {
        //= RFC768-IP_Interface-a
        let checked = match wire::udp::View::read(&incoming.payload) {
            Ok(view) => wire::udp::Datagram::check(&view, incoming.src, incoming.dst),
            Err(_) => Err(Why::UdpTruncated),
        };
        match checked {
            Ok(datagram) => self.deliver_datagram(incoming, &datagram, device, net),
            Err(why) => net.out.discard(why),
        }
    }

    fn deliver_datagram(
        &mut self,
        incoming: &Incoming<'_>,
        datagram: &wire::udp::Datagram<'_>,
        device: Device,
        net: &mut Net<'_>,
    ) {
        let tuple = FourTuple {
            local: Endpoint { addr: incoming.dst, port: datagram.dst_port },
            remote: Endpoint { addr: incoming.src, port: datagram.src_port },
        };
        // A unicast packet in a link-layer broadcast is for one socket too.
        if incoming.dst.is_multicast() || net.ip.is_broadcast(incoming.dst) {
            self.deliver_to_all(incoming, datagram, &tuple, device, net);
            return;
        }
        match self.datagram_taker(&tuple, device) {
            Some(slot) => self.queue_datagram(slot, incoming, datagram, net),
            None => {
                let why = if datagram.dst_port == 0 { Why::UdpPortZero } else { Why::UdpNobody };
                net.out.discard(why);
                //= RFC1122-4.1.3.1-a
                self.refuse_datagram(incoming, datagram, &tuple, net);
            }
        }
    }

    /// Everybody who hears a group gets a copy.
    fn deliver_to_all(
        &mut self,
        incoming: &Incoming<'_>,
        datagram: &wire::udp::Datagram<'_>,
        tuple: &FourTuple,
        device: Device,
        net: &mut Net<'_>,
    ) {
        let hears = |slot: &Slot| {
            let socket = self.sockets.get(*slot);
            socket.is_some_and(|socket| socket.hears_group(incoming.dst, device))
        };
        // What this host has sent to a group comes back only if somebody has joined.
        let joined = !incoming.dst.is_multicast() || self.groups.is_joined(incoming.dst, device, net);
        let takers: Vec<Slot> = match joined {
            true => self.datagrams.all_for(tuple, device).filter(hears).collect(),
            false => Vec::new(),
        };
        if takers.is_empty() {
            net.out.discard(Why::UdpNobody);
        }
        for slot in takers {
            self.queue_datagram(slot, incoming, datagram, net);
        }
    }

    /// The socket that takes what arrives on `device` for one host alone: one with this peer, or with a peer
    /// that is an address without a port, or one without a peer.
    fn datagram_taker(&self, tuple: &FourTuple, device: Device) -> Option<Slot> {
        let hears = |slot| self.sockets.get(slot).is_some_and(|socket| socket.hears(device));
        let paired = |tuple: &FourTuple| self.datagrams.paired_last(tuple, hears);
        let without_port = || {
            let remote = Endpoint { port: 0, ..tuple.remote };
            let some = self.datagrams.has_peers_without_port();
            some.then(|| paired(&FourTuple { remote, ..*tuple })).flatten()
        };
        paired(tuple).or_else(without_port).or_else(|| self.datagrams.waiting_on(tuple, device))
    }

    fn queue_datagram(
        &mut self,
        slot: Slot,
        incoming: &Incoming<'_>,
        datagram: &wire::udp::Datagram<'_>,
        net: &mut Net<'_>,
    ) {
        let socket = self.socket(slot);
        let limit_octets = socket.options.receive_buffer_octets;
        let from = (incoming.src, datagram.src_port);
        let queue = &mut socket.datagram().queue;
        if let Err(why) = queue.push(limit_octets, from, incoming.dst, datagram.payload) {
            net.out.discard(why);
        }
    }

    /// Nobody takes a datagram: its sender is told, over the wire or, if it is in this host, at once.
    fn refuse_datagram(
        &mut self,
        incoming: &Incoming<'_>,
        datagram: &wire::udp::Datagram<'_>,
        tuple: &FourTuple,
        net: &mut Net<'_>,
    ) {
        if !is_own(net, incoming.src) {
            net.ip.unreachable_port(net.now, incoming, net.choices, net.out);
            return;
        }
        if is_link_local(incoming.src) && device_of(incoming.dst) != device_of(incoming.src) {
            // The answer would have to leave the link that its receiver is on.
            return;
        }
        if incoming.dst.is_ipv4() && !is_own(net, incoming.dst) {
            // Another's address, over the loopback device: nobody there can answer from it.
            return;
        }
        let sender = FourTuple { local: tuple.remote, remote: tuple.local };
        let code = match incoming.dst {
            IpAddr::V4(_) => Unreachable::Port.code(),
            IpAddr::V6(_) => CODE_PORT_UNREACHABLE,
        };
        // Linux hears of trouble with IPv4 inside the host on the loopback device.
        let device = match incoming.src {
            IpAddr::V4(_) => Device::Loopback,
            IpAddr::V6(_) => device_of(incoming.src),
        };
        if let Some(slot) = self.datagram_taker(&sender, device) {
            self.tell_of_trouble(slot, ErrorKind::Unreachable(code), &sender, datagram.payload);
        }
    }

    /// An ICMP error quotes a UDP datagram of the conversation `tuple`.
    pub(super) fn datagram_error(&mut self, error: &IcmpError<'_>, tuple: &FourTuple, net: &mut Net<'_>) {
        //= RFC8085-5.2-a
        let Some(slot) = self.datagram_taker(tuple, Device::Interface) else {
            net.out.discard(Why::IcmpForNobody);
            return;
        };
        let data = error.transport.get(wire::udp::HEADER_OCTETS..).unwrap_or_default();
        if !self.tell_of_trouble(slot, error.kind, tuple, data) {
            net.out.discard(Why::IcmpUnasked);
        }
    }

    /// Tells a socket of trouble with a datagram. One without a peer is told only if it asked for all errors:
    /// else the error says nothing about the next datagram. Returns whether it was told.
    fn tell_of_trouble(&mut self, slot: Slot, kind: ErrorKind, tuple: &FourTuple, data: &[u8]) -> bool {
        let remote = tuple.remote;
        let Some((error, lasts)) = udp::trouble(kind, remote.addr) else { return false };
        let socket = self.socket(slot);
        let limit_octets = socket.options.receive_buffer_octets;
        let same_family = (socket.family == Family::V4) == remote.addr.is_ipv4();
        let all = socket.options.receive_errors && same_family;
        let datagram = socket.datagram();
        if all {
            let quoted = data.get(..udp::quoted_octets(remote.addr)).unwrap_or(data);
            let to = (remote.addr, remote.port);
            let failure = Failure { error, reported: true, to, data: Cow::Borrowed(quoted).into_owned() };
            datagram.failures.push(limit_octets, failure);
        }
        let is_told = all || lasts && datagram.peer.is_some();
        if is_told {
            //= RFC1122-3.2.2.1-c
            datagram.error = Some(error);
        }
        is_told
    }
}
