//! floor 4: calls on datagram sockets (RFC 768, RFC 1122 section 4.1, RFC 8085 section 5). Checks come in the
//! order of Linux: an own port, the destination, the route, permission, the length, and trouble from before.
//!
//! RFC1122-4.1.3.2-a: there is no call for IP options, neither to read nor to set them.
//! RFC1122-4.1.4-a: time to live, traffic class and source are set per socket; there is no call for IP
//! options.
//! RFC4821-9-a: no option lets a datagram exceed the known size of its path unfragmented.

use super::bind::Scope;
use super::call::{Device, Family, How, OptionValue, Reply};
use super::depart::{Arrival, Marks, is_own};
use super::name::{self, Endpoint, FourTuple, needs_scope};
use super::route::Way;
use super::table::{Body, Datagram, Net, Slot, Socket, Sockets};
use crate::base::Refused;
use crate::ip::Outgoing;
use crate::udp::Failure;
use crate::{udp, wire};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Octets of the IP header of a packet to `dst`.
const fn ip_header_octets(dst: IpAddr) -> usize {
    match dst {
        IpAddr::V4(_) => 20,
        IpAddr::V6(_) => 40,
    }
}

/// The longest data that Linux looks at further before it says no, in octets.
const LENGTH_MAX_OCTETS: usize = 0xffff;

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
    fn check_broadcast(&self, dst: IpAddr, way: &Way, net: &Net<'_>) -> Result<(), Refused> {
        let permitted = self.options.broadcast || !way.is_for_all(dst, net);
        permitted.then_some(()).ok_or(Refused::AccessDenied)
    }

    /// Whether a datagram to `dst` goes as it did before by another device than `device`: the route to the
    /// peer was found when it became one. It has to fit the device all the same, and one to this host itself
    /// fits the loopback device. Where a socket of IPv6 speaks IPv4, Linux looks for the route each time.
    fn goes_as_before(&mut self, dst: IpAddr, device: Device, net: &Net<'_>) -> bool {
        let datagram = self.datagram();
        let to_peer = datagram.peer.is_some_and(|peer| peer.addr == dst);
        let fits = device == Device::Loopback && dst.is_ipv6() && is_own(net, dst);
        datagram.route_kept && to_peer && fits
    }

    /// What a packet of this socket to `dst` says beside addresses and payload.
    fn marks_to(&self, dst: IpAddr) -> Marks {
        //= RFC1112-6.1-a
        //= RFC1112-6.1-b
        let marks = self.options.marks(self.family, dst);
        let group_hops = match (self.family, dst) {
            (Family::V4, _) | (Family::V6, IpAddr::V6(_)) => self.options.multicast_hops,
            (Family::V6, IpAddr::V4(_)) => 1,
        };
        let hop_limit = if dst.is_multicast() { Some(group_hops) } else { marks.hop_limit };
        Marks { hop_limit, ..marks }
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
        datagram.route_kept = false;
        if let Some(remote) = peer {
            self.datagrams.part(&FourTuple { local, remote }, slot);
        }
        if let Some(place) = place {
            self.datagrams.leave(&place);
        }
    }

    /// Tells a socket that waits for packets of an option that was set just now.
    pub(super) fn wire_waiting_option(&mut self, slot: Slot, value: OptionValue) {
        let socket = self.socket(slot);
        if let (Body::Datagram(datagram), OptionValue::ReceiveErrors(false)) = (&mut socket.body, value) {
            datagram.failures.clear();
        }
        if let OptionValue::BindToDevice(_) = value {
            if let Body::Datagram(datagram) = &mut self.socket(slot).body {
                datagram.route_kept = false;
            }
            self.wait_anew(slot);
        }
    }

    /// Lets a socket wait for something else.
    fn wait_anew(&mut self, slot: Slot) {
        let stand = self.socket(slot).stand();
        // The tables are apart from the sockets that stand in them.
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        let (place, table) = match &mut socket.body {
            Body::Datagram(datagram) => (datagram.place.as_mut(), &mut self.datagrams),
            Body::Listening(listener) => (Some(&mut listener.place), &mut self.streams),
            Body::Idle | Body::Connection(_) => return,
        };
        if let Some(place) = place {
            table.leave(place);
            *place = table.wait(stand, slot);
        }
    }

    /// `connect` on a datagram socket: from now on it talks to this peer alone. What came before stays
    /// readable, and trouble that was reported before is reported.
    pub(super) fn connect_datagram(
        &mut self,
        slot: Slot,
        name: SocketAddr,
        net: &mut Net<'_>,
    ) -> Result<(), Refused> {
        self.bind_by_itself(slot, Refused::WouldBlock, net)?;
        let keeps_peer = self.bounds.profile.disconnected_datagrams_hear_their_peer();
        let socket = self.socket(slot);
        let remote = socket.destination(name, true, net)?;
        if let Some(device) = zone(name) {
            // A zone is a device, and the socket is tied to it even if the peer is not there.
            socket.options.device = Some(device);
            self.wait_anew(slot);
            self.renew_claim(slot);
        }
        let socket = self.socket(slot);
        socket.datagram().route_kept &= remote.addr.is_ipv6();
        let way = socket.way(remote.addr, socket.options.device, net)?;
        socket.check_broadcast(remote.addr, &way, net)?;
        self.leave_datagram(slot);
        let socket = self.socket(slot);
        // A source that was chosen for an earlier peer stays until the socket is disconnected.
        if socket.local.addr.is_unspecified() {
            socket.local.addr = way.source;
            if socket.has_asked_for_address() {
                socket.asked = Some(socket.scope());
            }
        } else if socket.own_source(remote.addr, net).is_none() {
            socket.datagram().source = Some(way.source);
        }
        (socket.datagram().peer, socket.datagram().route_kept) = (Some(remote), true);
        if socket.family == Family::V6 && keeps_peer {
            socket.datagram().former = Some(match remote.addr {
                IpAddr::V4(addr) => addr.to_ipv6_mapped(),
                IpAddr::V6(addr) => addr,
            });
        }
        let local = socket.local;
        self.renew_claim(slot);
        //= RFC8085-5.1-c
        self.datagrams.pair(FourTuple { local, remote }, slot);
        Ok(())
    }

    /// `connect` to nobody: the peer is gone, and with it the device and what `bind` was not asked for.
    pub(super) fn disconnect_datagram(&mut self, slot: Slot) {
        self.leave_datagram(slot);
        let socket = self.socket(slot);
        socket.options.device = None;
        if !socket.has_asked_for_address() {
            socket.datagram().source = None;
        }
        let wildcard = Endpoint::wildcard(socket.family, 0).addr;
        socket.local.addr = socket.asked.map_or(wildcard, Scope::addr);
        let lasting = socket.bound.is_some_and(|bound| bound.lasting);
        self.renew_claim(slot);
        if lasting {
            self.enter_datagram(slot);
        } else {
            self.release(slot);
            self.socket(slot).local.port = 0;
        }
    }

    /// `send` and `sendto` on a datagram socket.
    pub(super) fn send_datagram(
        &mut self,
        slot: Slot,
        to: Option<SocketAddr>,
        data: &[u8],
        urgent: bool,
        net: &mut Net<'_>,
    ) -> Result<Reply, Refused> {
        // Linux takes a port before it looks at the destination.
        self.bind_by_itself(slot, Refused::WouldBlock, net)?;
        let socket = self.socket(slot);
        let remote = socket.send_to(to, data, urgent, net)?;
        let device = to.and_then(zone).or(socket.options.device);
        let device = device.filter(|device| !socket.goes_as_before(remote.addr, *device, net));
        let way = match to {
            Some(name) if name.ip().to_canonical() == Ipv4Addr::UNSPECIFIED => {
                socket.way_to_itself(remote.addr, device, net)?
            }
            Some(_) | None => socket.way(remote.addr, device, net)?,
        };
        socket.check_broadcast(remote.addr, &way, net)?;
        if data.len() > udp::max_payload_octets(remote.addr) {
            self.keep_own_failure(slot, remote);
            return Err(Refused::MessageSize);
        }
        let marks = socket.marks_to(remote.addr);
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
        self.transmit_datagram(&datagram, &way, remote.addr, marks, net)?;
        Ok(Reply::Sent(u32::try_from(data.len()).unwrap_or(u32::MAX)))
    }

    fn transmit_datagram(
        &mut self,
        datagram: &wire::udp::Datagram<'_>,
        way: &Way,
        dst: IpAddr,
        marks: Marks,
        net: &mut Net<'_>,
    ) -> Result<(), Refused> {
        let mut payload = core::mem::take(&mut self.scratch);
        payload.clear();
        datagram.emit(way.source, dst, &mut payload);
        let fits = payload.len() + ip_header_octets(dst) <= usize::from(net.ip.mtu_octets(dst));
        let outgoing = Outgoing {
            src: way.source,
            dst,
            protocol: wire::udp::PROTOCOL,
            hop_limit: marks.hop_limit,
            traffic_class: marks.traffic_class,
            // A datagram that fits has DF set, as on Linux; one that does not is fragmented here.
            dont_fragment: fits,
            payload: &payload,
        };
        // A group is heard in this host even if nothing leaves it.
        let leaves = way.link && marks.hop_limit != Some(0);
        let result = if leaves { net.ip.send(net.now, &outgoing, net.choices, net.out) } else { Ok(()) };
        if let (Ok(()), Some(device)) = (result, way.inside) {
            //= RFC1112-6.2-b
            self.departures.turn_back(&outgoing, Arrival { device, routed: true });
        }
        self.scratch = payload;
        result
    }

    /// `recv`, `recvfrom` and `recv` with `MSG_PEEK` on a datagram socket.
    pub(super) fn receive_datagram(
        &mut self,
        slot: Slot,
        max: u32,
        with_name: bool,
        stays: bool,
    ) -> Result<Reply, Refused> {
        let socket = self.socket(slot);
        let family = socket.family;
        let datagram = socket.datagram();
        if let Some(error) = datagram.error.take() {
            return Err(error);
        }
        let arrived = if stays { datagram.queue.first().cloned() } else { datagram.queue.pop() };
        let arrived = arrived.ok_or(Refused::WouldBlock)?;
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

    /// `recvmsg` with `MSG_ERRQUEUE`. Streams keep no errors.
    pub(super) fn receive_error(&mut self, slot: Slot) -> Result<Reply, Refused> {
        let socket = self.socket(slot);
        let family = socket.family;
        let Body::Datagram(datagram) = &mut socket.body else { return Err(Refused::WouldBlock) };
        let (failure, next) = datagram.failures.pop().ok_or(Refused::WouldBlock)?;
        if let Some(error) = next {
            datagram.error = error;
        }
        let Failure { error, to: (addr, port), data, reported: _ } = failure;
        Ok(Reply::Failure { error, to: Endpoint { addr, port }.name(family), data })
    }

    /// Keeps that a datagram is too long to be sent, if the application asked for all errors.
    fn keep_own_failure(&mut self, slot: Slot, remote: Endpoint) {
        let socket = self.socket(slot);
        let (limit_octets, all) = (socket.options.receive_buffer_octets, socket.options.receive_errors);
        let family = socket.family;
        let datagram = socket.datagram();
        let port = match (family, datagram.peer) {
            (Family::V6, _) => remote.port,
            (Family::V4, peer) => peer.map_or(0, |peer| peer.port),
        };
        if all && (family == Family::V4) == remote.addr.is_ipv4() {
            let error = Refused::MessageSize;
            let failure =
                Failure { error, reported: false, to: (remote.addr, port), data: alloc::vec::Vec::new() };
            datagram.failures.push(limit_octets, failure);
        }
    }

    /// `shutdown` on a datagram socket. It works without a peer, too, although it says no.
    pub(super) fn shutdown_datagram(&mut self, slot: Slot, how: How) -> Result<(), Refused> {
        let datagram = self.socket(slot).datagram();
        datagram.read_shut |= how != How::Write;
        datagram.write_shut |= how != How::Read;
        datagram.peer.map(|_| ()).ok_or(Refused::NotConnected)
    }
}

impl Socket {
    /// Where `data` is to go.
    fn send_to(
        &mut self,
        to: Option<SocketAddr>,
        data: &[u8],
        urgent: bool,
        net: &Net<'_>,
    ) -> Result<Endpoint, Refused> {
        // The path of IPv4 looks at the length and the flags first, that of IPv6 at neither.
        let first_check = || match (data.len() > LENGTH_MAX_OCTETS, urgent) {
            (true, _) => Err(Refused::MessageSize),
            (false, true) => Err(Refused::NotSupported),
            (false, false) => Ok(()),
        };
        if self.family == Family::V4 {
            first_check()?;
        }
        let remote = match to {
            Some(name) if name.port() == 0 && asks_for_port_first(self.family, name) => {
                return Err(Refused::InvalidArgument);
            }
            Some(name) => self.destination(name, false, net)?,
            None => self.datagram().peer.ok_or(Refused::DestinationRequired)?,
        };
        let mapped = self.family == Family::V6 && remote.addr.is_ipv4();
        if mapped {
            first_check()?;
        }
        if remote.port == 0 && (to.is_some() || mapped) {
            return Err(Refused::InvalidArgument);
        }
        Ok(remote)
    }
}

/// Whether the port of a destination is looked at before its address is: in a name of the own family.
fn asks_for_port_first(family: Family, name: SocketAddr) -> bool {
    match (family, name) {
        (Family::V4, SocketAddr::V4(_)) => true,
        (Family::V6, SocketAddr::V6(name)) => name.ip().to_ipv4_mapped().is_none(),
        (Family::V4, SocketAddr::V6(_)) | (Family::V6, SocketAddr::V4(_)) => false,
    }
}

/// The device that `name` says if it has an address that means something on one link only.
const fn zone(name: SocketAddr) -> Option<Device> {
    match name {
        SocketAddr::V6(name) if needs_scope(*name.ip()) => name::device(name.scope_id()),
        SocketAddr::V4(_) | SocketAddr::V6(_) => None,
    }
}
