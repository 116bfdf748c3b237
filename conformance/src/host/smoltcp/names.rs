//! floor 7: local and remote names of the sockets of a smoltcp host (RFC 3493 section 3.7 for mapped ones).

use super::table::{Machine, Shape};
use ::smoltcp::socket::tcp;
use stack::sock::{Family, Kind, Refused, Reply, SocketId};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The name of no endpoint in particular.
pub(super) const fn wildcard(family: Family) -> SocketAddr {
    match family {
        Family::V4 => SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
        Family::V6 => SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0),
    }
}

/// A name that the application gave, with an IPv4-mapped address turned into the IPv4 one.
pub(super) fn inward(family: Family, v6_only: bool, name: SocketAddr) -> Result<SocketAddr, Refused> {
    match (family, name.ip()) {
        (Family::V4, IpAddr::V4(_)) => Ok(name),
        (Family::V4, IpAddr::V6(_)) | (Family::V6, IpAddr::V4(_)) => Err(Refused::FamilyNotSupported),
        (Family::V6, IpAddr::V6(addr)) => match addr.to_ipv4_mapped() {
            Some(_) if v6_only => Err(Refused::NetUnreachable),
            Some(mapped) => Ok(SocketAddr::new(mapped.into(), name.port())),
            None => Ok(name),
        },
    }
}

/// A name for the application: on an IPv6 socket an IPv4 address is mapped.
pub(super) fn outward(family: Family, name: SocketAddr) -> SocketAddr {
    match (family, name.ip()) {
        (Family::V6, IpAddr::V4(addr)) => SocketAddr::new(addr.to_ipv6_mapped().into(), name.port()),
        (Family::V4, _) | (Family::V6, IpAddr::V6(_)) => name,
    }
}

/// Whether two local names can mean the same endpoint.
pub(super) fn overlap(a: SocketAddr, b: SocketAddr) -> bool {
    a.port() == b.port() && (a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified())
}

impl Machine {
    pub(super) fn bind(&mut self, sock: SocketId, local: SocketAddr) -> Result<Reply, Refused> {
        let entry = self.entry(sock)?;
        let (kind, settings) = (entry.kind, entry.settings);
        let mut local = inward(entry.family, settings.v6_only, local)?;
        if entry.local.is_some() {
            return Err(Refused::InvalidArgument);
        }
        if !local.ip().is_unspecified() && !self.addrs.iter().any(|cidr| cidr.addr == local.ip()) {
            return Err(Refused::AddrNotAvailable);
        }
        if local.port() == 0 {
            local.set_port(self.ephemeral_port(kind)?);
        }
        let taken = self.entries.values().any(|other| {
            let shared = (settings.reuse_port && other.settings.reuse_port)
                || (settings.reuse_addr
                    && other.settings.reuse_addr
                    && !matches!(other.shape, Shape::Listening(_)));
            other.kind == kind && !shared && other.local.is_some_and(|theirs| overlap(theirs, local))
        });
        if taken {
            return Err(Refused::AddrInUse);
        }
        self.entry(sock)?.local = Some(local);
        if kind == Kind::Datagram {
            self.open_datagrams(sock, local)?;
        }
        Ok(Reply::Done)
    }

    /// The local endpoint for talking to `remote`: what is bound, completed.
    pub(super) fn local_for(&mut self, sock: SocketId, remote: SocketAddr) -> Result<SocketAddr, Refused> {
        if remote.port() == 0 {
            return Err(Refused::ConnRefused);
        }
        let entry = self.entry(sock)?;
        let (kind, bound) = (entry.kind, entry.local);
        let ip = match bound {
            Some(local) if !local.ip().is_unspecified() => local.ip(),
            Some(_) | None => {
                let source = self.iface.get_source_address(&remote.ip().into());
                source.ok_or(Refused::NetUnreachable)?.into()
            }
        };
        if ip.is_ipv4() != remote.is_ipv4() {
            return Err(Refused::NetUnreachable);
        }
        let port = match bound {
            Some(local) => local.port(),
            None => self.ephemeral_port(kind)?,
        };
        Ok(SocketAddr::new(ip, port))
    }

    pub(super) fn sock_name(&mut self, sock: SocketId) -> Result<Reply, Refused> {
        let entry = self.entry(sock)?;
        Ok(Reply::Name(match entry.local {
            Some(local) if local.ip().is_unspecified() => {
                SocketAddr::new(wildcard(entry.family).ip(), local.port())
            }
            Some(local) => outward(entry.family, local),
            None => wildcard(entry.family),
        }))
    }

    pub(super) fn peer_name(&mut self, sock: SocketId) -> Result<Reply, Refused> {
        let Self { entries, sockets, .. } = self;
        let entry = entries.get(&sock.0).ok_or(Refused::NoSuchSocket)?;
        let remote = match &entry.shape {
            Shape::Stream(conn) => {
                let socket = sockets.get::<tcp::Socket<'_>>(conn.slot);
                let open = socket.state() != tcp::State::SynSent;
                socket.remote_endpoint().filter(|_| open).map(Into::into)
            }
            Shape::Datagrams(datagrams) => datagrams.remote,
            Shape::Fresh | Shape::Listening(_) => None,
        };
        remote.map(|remote| Reply::Name(outward(entry.family, remote))).ok_or(Refused::NotConnected)
    }
}
