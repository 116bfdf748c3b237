//! floor 4: calls on datagram sockets, and what arrives for them (RFC 768, RFC 1122 section 4.1, RFC 8085
//! section 5).
//!
//! RFC1122-4.1.3.2-a: there is no call for IP options, neither to read nor to set them.
//! RFC1122-4.1.4-a: time to live, traffic class and source are set per socket; there is no call for IP
//! options.
//! RFC4821-9-a: no option lets a datagram exceed the known size of its path unfragmented.

use super::call::{How, Reply};
use super::depart::Marks;
use super::name::{Endpoint, FourTuple};
use super::table::{Body, Datagram, Net, Slot, Socket, Sockets};
use crate::base::{Refused, Why};
use crate::ip::{IcmpError, Incoming, Outgoing};
use crate::{udp, wire};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

/// Octets of the IP header of a packet to `dst`.
const fn ip_header_octets(dst: IpAddr) -> usize {
    match dst {
        IpAddr::V4(_) => 20,
        IpAddr::V6(_) => 40,
    }
}

impl Socket {
    /// The datagram part of a socket that is known to have one.
    pub(super) fn datagram(&mut self) -> &mut Datagram {
        match &mut self.body {
            Body::Datagram(datagram) => datagram,
            Body::Idle | Body::Listening(_) | Body::Connection(_) => {
                unreachable!("the caller has seen that this is a datagram socket")
            }
        }
    }

    /// Whether datagrams may go to `dst`.
    fn check_broadcast(&self, dst: IpAddr, net: &Net<'_>) -> Result<(), Refused> {
        let permitted = self.options.broadcast || !net.ip.is_broadcast(dst);
        permitted.then_some(()).ok_or(Refused::AccessDenied)
    }
}

impl Sockets {
    /// Enters a bound datagram socket without a peer into the demultiplexer. Does nothing with streams.
    pub(super) fn enter_datagram(&mut self, slot: Slot) {
        let socket = self.socket(slot);
        let stand = socket.stand();
        if let Body::Datagram(_) = socket.body {
            let place = self.datagrams.wait(stand, slot);
            self.socket(slot).datagram().place = Some(place);
        }
    }

    /// Takes a datagram socket out of the demultiplexer.
    pub(super) fn leave_datagram(&mut self, slot: Slot) {
        let socket = self.socket(slot);
        let local = socket.local;
        let datagram = socket.datagram();
        let (peer, place) = (datagram.peer.take(), datagram.place.take());
        if let Some(remote) = peer {
            self.datagrams.part(FourTuple { local, remote }, slot);
        }
        if let Some(place) = place {
            self.datagrams.leave(&place);
        }
    }

    /// `connect` on a datagram socket: from now on it talks to this peer alone.
    pub(super) fn connect_datagram(
        &mut self,
        slot: Slot,
        name: SocketAddr,
        net: &mut Net<'_>,
    ) -> Result<(), Refused> {
        let socket = self.socket(slot);
        let remote = socket.remote(name)?;
        let source = socket.source(remote.addr, net)?;
        socket.check_broadcast(remote.addr, net)?;
        self.bind_by_itself(slot, Refused::WouldBlock, net)?;
        self.leave_datagram(slot);
        let socket = self.socket(slot);
        socket.local.addr = source;
        socket.datagram().peer = Some(remote);
        let local = socket.local;
        self.renew_claim(slot);
        //= RFC8085-5.1-c
        self.datagrams.pair(FourTuple { local, remote }, slot);
        Ok(())
    }

    /// `send` and `sendto` on a datagram socket.
    pub(super) fn send_datagram(
        &mut self,
        slot: Slot,
        to: Option<SocketAddr>,
        data: &[u8],
        net: &mut Net<'_>,
    ) -> Result<Reply, Refused> {
        // Linux takes a port before it looks at the destination.
        self.bind_by_itself(slot, Refused::WouldBlock, net)?;
        let socket = self.socket(slot);
        let remote = match to {
            Some(name) if name.port() == 0 => return Err(Refused::InvalidArgument),
            Some(name) => socket.remote(name)?,
            None => socket.datagram().peer.ok_or(Refused::DestinationRequired)?,
        };
        let source = socket.source(remote.addr, net)?;
        socket.check_broadcast(remote.addr, net)?;
        if data.len() > udp::max_payload_octets(remote.addr) {
            return Err(Refused::MessageSize);
        }
        //= RFC1112-6.1-a
        let hop_limit = socket.options.hop_limit.filter(|_| !remote.addr.is_multicast());
        let marks = Marks { hop_limit, ..socket.options.marks() };
        let src_port = socket.local.port;
        let datagram = socket.datagram();
        //= RFC1122-4.1.3.3-a
        if let Some(error) = datagram.error.take() {
            return Err(error);
        }
        if datagram.write_shut {
            return Err(Refused::BrokenPipe);
        }
        let datagram = wire::udp::Datagram { src_port, dst_port: remote.port, payload: data };
        self.transmit_datagram(&datagram, source, remote.addr, marks, net)?;
        Ok(Reply::Sent(u32::try_from(data.len()).unwrap_or(u32::MAX)))
    }

    fn transmit_datagram(
        &mut self,
        datagram: &wire::udp::Datagram<'_>,
        src: IpAddr,
        dst: IpAddr,
        marks: Marks,
        net: &mut Net<'_>,
    ) -> Result<(), Refused> {
        let mut payload = core::mem::take(&mut self.scratch);
        payload.clear();
        datagram.emit(src, dst, &mut payload);
        let fits = payload.len() + ip_header_octets(dst) <= usize::from(net.ip.mtu_octets(dst));
        let outgoing = Outgoing {
            src,
            dst,
            protocol: wire::udp::PROTOCOL,
            hop_limit: marks.hop_limit,
            traffic_class: marks.traffic_class,
            // A datagram that fits has DF set, as on Linux; one that does not is fragmented here.
            dont_fragment: fits,
            payload: &payload,
        };
        let result = self.departures.send(&outgoing, net);
        self.scratch = payload;
        result
    }

    /// `recv` and `recvfrom` on a datagram socket.
    pub(super) fn receive_datagram(
        &mut self,
        slot: Slot,
        max: u32,
        with_name: bool,
    ) -> Result<Reply, Refused> {
        let socket = self.socket(slot);
        let family = socket.family;
        let datagram = socket.datagram();
        if let Some(error) = datagram.error.take() {
            return Err(error);
        }
        let arrived = datagram.queue.pop().ok_or(Refused::WouldBlock)?;
        let whole_octets = u32::try_from(arrived.payload.len()).unwrap_or(u32::MAX);
        let mut data = arrived.payload;
        data.truncate(max as usize);
        if !with_name {
            return Ok(Reply::Data(data));
        }
        //= RFC768-User_Interface-a
        let from = Endpoint { addr: arrived.src, port: arrived.src_port }.name(family);
        let to = Endpoint { addr: arrived.dst, port: 0 }.name(family).ip();
        Ok(Reply::Datagram { from, to, data, whole_octets })
    }

    /// `shutdown` on a datagram socket.
    pub(super) fn shutdown_datagram(&mut self, slot: Slot, how: How) -> Result<(), Refused> {
        let datagram = self.socket(slot).datagram();
        datagram.read_shut |= how != How::Write;
        datagram.write_shut |= how != How::Read;
        datagram.peer.map(|_| ()).ok_or(Refused::NotConnected)
    }

    /// A UDP datagram arrives.
    pub(super) fn datagram_arrives(&mut self, incoming: &Incoming<'_>, net: &mut Net<'_>) {
        //= RFC768-IP_Interface-a
        let checked = match wire::udp::View::read(&incoming.payload) {
            Ok(view) => wire::udp::Datagram::check(&view, incoming.src, incoming.dst),
            Err(_) => Err(Why::UdpTruncated),
        };
        match checked {
            Ok(datagram) if datagram.dst_port == 0 => net.out.discard(Why::UdpPortZero),
            Ok(datagram) => self.deliver_datagram(incoming, &datagram, net),
            Err(why) => net.out.discard(why),
        }
    }

    fn deliver_datagram(
        &mut self,
        incoming: &Incoming<'_>,
        datagram: &wire::udp::Datagram<'_>,
        net: &mut Net<'_>,
    ) {
        let tuple = FourTuple {
            local: Endpoint { addr: incoming.dst, port: datagram.dst_port },
            remote: Endpoint { addr: incoming.src, port: datagram.src_port },
        };
        // A unicast packet in a link-layer broadcast is for one socket too.
        let to_group = incoming.dst.is_multicast() || net.ip.is_broadcast(incoming.dst);
        if to_group {
            let takers: Vec<Slot> =
                self.datagrams.all_for(&tuple, super::route::device_of(incoming.dst)).collect();
            if takers.is_empty() {
                net.out.discard(Why::UdpNobody);
            }
            for slot in takers {
                self.queue_datagram(slot, incoming, datagram, net);
            }
            return;
        }
        match self.datagrams.paired(&tuple).or_else(|| self.datagrams.waiting_for(&tuple)) {
            Some(slot) => self.queue_datagram(slot, incoming, datagram, net),
            None => {
                net.out.discard(Why::UdpNobody);
                //= RFC1122-4.1.3.1-a
                self.refuse_datagram(incoming, &tuple, net);
            }
        }
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
    fn refuse_datagram(&mut self, incoming: &Incoming<'_>, tuple: &FourTuple, net: &mut Net<'_>) {
        if !super::depart::is_own(net, incoming.src) {
            net.ip.unreachable_port(net.now, incoming, net.choices, net.out);
            return;
        }
        let sender = FourTuple { local: tuple.remote, remote: tuple.local };
        if let Some(slot) = self.datagrams.paired(&sender) {
            self.socket(slot).datagram().error = Some(Refused::ConnRefused);
        }
    }

    /// An ICMP error quotes a UDP datagram of the conversation `tuple`. Sockets without a peer are not told:
    /// the error says nothing about the next datagram.
    pub(super) fn datagram_error(&mut self, error: &IcmpError<'_>, tuple: &FourTuple, net: &mut Net<'_>) {
        let Some(slot) = self.datagrams.paired(tuple) else {
            net.out.discard(Why::IcmpForNobody);
            return;
        };
        if let Some(refused) = udp::refusal(error.kind, error.dst) {
            //= RFC1122-3.2.2.1-c
            self.socket(slot).datagram().error = Some(refused);
        }
    }
}
