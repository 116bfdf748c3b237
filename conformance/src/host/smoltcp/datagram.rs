//! floor 7: datagram sockets of a smoltcp host (RFC 768).

use super::names;
use super::table::{Machine, Shape};
use ::smoltcp::iface::{SocketHandle as Slot, SocketSet};
use ::smoltcp::socket::udp;
use ::smoltcp::wire::IpListenEndpoint;
use stack::sock::{Kind, Refused, Reply, SocketId};
use std::net::SocketAddr;

/// Octets of an IPv6 and a UDP header.
const IPV6_UDP_HEADERS_OCTETS: usize = 48;

/// The longest payload of a datagram over IPv4.
const IPV4_PAYLOAD_OCTETS_MAX: usize = 65_507;

/// A bound datagram socket.
#[derive(Debug)]
pub(super) struct Datagrams {
    pub(super) slot: Slot,
    /// The only one that it talks to, once connected.
    pub(super) remote: Option<SocketAddr>,
}

impl Datagrams {
    /// smoltcp has no connected datagram sockets: what others sent is dropped when it is looked for.
    pub(super) fn drop_strangers(&self, sockets: &mut SocketSet<'static>) {
        let Some(remote) = self.remote else { return };
        let socket = sockets.get_mut::<udp::Socket<'_>>(self.slot);
        while socket.peek().is_ok_and(|(_, from)| SocketAddr::from(from.endpoint) != remote) {
            let dropped = socket.recv();
            debug_assert!(dropped.is_ok(), "it was just looked at");
        }
    }
}

impl Machine {
    /// Gives a datagram socket its smoltcp socket.
    pub(super) fn open_datagrams(&mut self, sock: SocketId, local: SocketAddr) -> Result<(), Refused> {
        let mut socket = self.entry(sock)?.settings.datagrams();
        let addr = (!local.ip().is_unspecified()).then(|| local.ip().into());
        socket.bind(IpListenEndpoint { addr, port: local.port() }).map_err(|_| Refused::InvalidArgument)?;
        let slot = self.sockets.add(socket);
        self.entry(sock)?.shape = Shape::Datagrams(Datagrams { slot, remote: None });
        Ok(())
    }

    /// The datagram socket, bound to a free port if it was not bound.
    fn datagrams(&mut self, sock: SocketId) -> Result<(&mut Datagrams, &mut SocketSet<'static>), Refused> {
        let entry = self.entry(sock)?;
        if matches!(entry.shape, Shape::Fresh) && entry.kind == Kind::Datagram {
            let wildcard = names::wildcard(entry.family);
            self.bind(sock, wildcard)?;
        }
        let Self { entries, sockets, .. } = self;
        let entry = entries.get_mut(&sock.0).ok_or(Refused::NoSuchSocket)?;
        match &mut entry.shape {
            Shape::Datagrams(datagrams) => Ok((datagrams, sockets)),
            Shape::Fresh | Shape::Listening(_) | Shape::Stream(_) => Err(Refused::NotSupported),
        }
    }

    pub(super) fn connect_datagrams(&mut self, sock: SocketId, remote: SocketAddr) -> Result<Reply, Refused> {
        self.datagrams(sock)?;
        let local = self.local_for(sock, remote)?;
        let (datagrams, _) = self.datagrams(sock)?;
        datagrams.remote = Some(remote);
        self.entry(sock)?.local = Some(local);
        Ok(Reply::Done)
    }

    pub(super) fn send_to(
        &mut self,
        sock: SocketId,
        to: Option<SocketAddr>,
        data: &[u8],
    ) -> Result<Reply, Refused> {
        let entry = self.entry(sock)?;
        let (family, v6_only) = (entry.family, entry.settings.v6_only);
        if entry.kind == Kind::Stream {
            return self.send(sock, data, false);
        }
        let mtu = usize::from(self.mtu_octets);
        let to = to.map(|to| names::inward(family, v6_only, to)).transpose()?;
        let (datagrams, _) = self.datagrams(sock)?;
        let remote = to.or(datagrams.remote).ok_or(Refused::DestinationRequired)?;
        if remote.port() == 0 || remote.ip().is_unspecified() {
            return Err(Refused::InvalidArgument);
        }
        // smoltcp fragments IPv4 only.
        let most = if remote.is_ipv4() {
            IPV4_PAYLOAD_OCTETS_MAX
        } else {
            mtu.saturating_sub(IPV6_UDP_HEADERS_OCTETS)
        };
        if data.len() > most {
            return Err(Refused::MessageSize);
        }
        if self.iface.get_source_address(&remote.ip().into()).is_none() {
            return Err(Refused::NetUnreachable);
        }
        let (datagrams, sockets) = self.datagrams(sock)?;
        let socket = sockets.get_mut::<udp::Socket<'_>>(datagrams.slot);
        match socket.send_slice(data, remote) {
            Ok(()) => Ok(Reply::Sent(u32::try_from(data.len()).unwrap_or(u32::MAX))),
            Err(udp::SendError::Unaddressable) => Err(Refused::NetUnreachable),
            Err(udp::SendError::BufferFull) => Err(Refused::WouldBlock),
        }
    }

    pub(super) fn receive_from(&mut self, sock: SocketId, max: u32) -> Result<Reply, Refused> {
        let family = self.entry(sock)?.family;
        let (datagrams, sockets) = self.datagrams(sock)?;
        datagrams.drop_strangers(sockets);
        let socket = sockets.get_mut::<udp::Socket<'_>>(datagrams.slot);
        let (payload, about) = socket.recv().map_err(|_| Refused::WouldBlock)?;
        let from = names::outward(family, about.endpoint.into());
        let to = about.local_address.map_or_else(|| names::wildcard(family).ip(), Into::into);
        let to = names::outward(family, SocketAddr::new(to, 0)).ip();
        let cut = payload.len().min(max as usize);
        Ok(Reply::Datagram {
            from,
            to,
            data: payload[..cut].to_vec(),
            whole_octets: u32::try_from(payload.len()).unwrap_or(u32::MAX),
        })
    }
}
