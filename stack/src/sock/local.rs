//! floor 4: `bind`, and ports for sockets that did not bind (RFC 9293 sections 3.9.1.1 and 3.10.1, RFC 6056
//! section 3). Errors come in the order of Linux: family, address, privilege, bound already, conflict.

use super::bind::Scope;
use super::call::Kind;
use super::connect::By;
use super::depart::is_own;
use super::name::{Endpoint, FourTuple, meant};
use super::table::{Body, Net, Slot, Socket, Sockets};
use crate::base::{Port, Refused};
use crate::ports::ephemeral;
use core::net::{IpAddr, SocketAddr};

/// Whether a socket may be bound to `local`.
fn check_address(socket: &Socket, local: Endpoint, net: &Net<'_>) -> Result<(), Refused> {
    match local.addr {
        IpAddr::V4(_) if socket.options.v6_only => Err(Refused::InvalidArgument),
        // Linux binds streams to IPv4 groups too, where nothing can reach them.
        IpAddr::V4(addr) if addr.is_unspecified() || addr.is_multicast() => Ok(()),
        IpAddr::V4(_) if net.ip.is_broadcast(local.addr) => Ok(()),
        IpAddr::V6(addr) if addr.is_unspecified() => Ok(()),
        IpAddr::V6(addr) if addr.is_multicast() => match socket.kind() {
            Kind::Stream => Err(Refused::InvalidArgument),
            Kind::Datagram => Ok(()),
        },
        IpAddr::V4(_) | IpAddr::V6(_) if is_own(net, local.addr) => Ok(()),
        IpAddr::V4(_) | IpAddr::V6(_) => Err(Refused::AddrNotAvailable),
    }
}

impl Socket {
    const fn is_idle(&self) -> bool {
        match &self.body {
            Body::Idle | Body::Datagram(_) => true,
            // Linux lets a socket be bound whose connection is over, if it has no port any more.
            Body::Connection(connection) => connection.entered.is_none(),
            Body::Listening(_) => false,
        }
    }
}

impl Sockets {
    /// `bind`.
    pub(super) fn bind(&mut self, slot: Slot, name: SocketAddr, net: &mut Net<'_>) -> Result<(), Refused> {
        let user = self.policy.user;
        let socket = self.socket(slot);
        let local = meant(socket.family, name)?;
        check_address(socket, local, net)?;
        let wanted = Port::new(local.port);
        //= RFC9293-3.10.1-d
        if wanted.is_some_and(|port| !self.policy.permits(user, port)) {
            return Err(Refused::AccessDenied);
        }
        let socket = self.socket(slot);
        if socket.bound.is_some() || !socket.is_idle() {
            return Err(Refused::InvalidArgument);
        }
        let scope = Scope::of(socket.family, local.addr, socket.options.v6_only);
        let claim = socket.claim(scope, false);
        let kind = socket.kind();
        let port = match wanted {
            Some(port) if self.claims.admit(kind, port, &claim) => port,
            Some(_) => return Err(Refused::AddrInUse),
            //= RFC8085-5.1-b
            None => self.free_port_to_bind(slot, scope, net).ok_or(Refused::AddrInUse)?,
        };
        let socket = self.socket(slot);
        (socket.local.addr, socket.asked) = (local.addr, Some(scope));
        self.hold(slot, port, scope, wanted.is_some(), false);
        self.enter_datagram(slot);
        Ok(())
    }

    /// A free port for a socket that is bound to `scope`.
    fn free_port_to_bind(&mut self, slot: Slot, scope: Scope, net: &mut Net<'_>) -> Option<Port> {
        let socket = self.socket(slot);
        let (kind, claim) = (socket.kind(), socket.claim(scope, false));
        let claims = &self.claims;
        ephemeral::pick(self.policy.ephemeral, net.choices, |port| claims.free_to_bind(kind, *port, &claim))
    }

    /// Gives a socket without a port one, on the wildcard address.
    ///
    /// # Errors
    /// `exhausted` if there is none left.
    pub(super) fn bind_by_itself(
        &mut self,
        slot: Slot,
        exhausted: Refused,
        net: &mut Net<'_>,
    ) -> Result<(), Refused> {
        let socket = self.socket(slot);
        if socket.bound.is_some() {
            return Ok(());
        }
        let wildcard = Endpoint::wildcard(socket.family, 0);
        socket.local = Endpoint { addr: socket.asked.map_or(wildcard.addr, Scope::addr), ..wildcard };
        let scope = socket.scope();
        let port = self.free_port_to_bind(slot, scope, net).ok_or(exhausted)?;
        self.hold(slot, port, scope, false, false);
        self.enter_datagram(slot);
        Ok(())
    }

    /// A port for a stream socket that connects from `addr` to `remote`: nobody bound it, and the four-tuple
    /// is new.
    pub(super) fn free_port_to_connect(
        &self,
        addr: IpAddr,
        remote: Endpoint,
        net: &mut Net<'_>,
    ) -> Option<Port> {
        let now = net.now;
        ephemeral::pick(self.policy.ephemeral, net.choices, |port| {
            let tuple = FourTuple { local: Endpoint { addr, port: port.number() }, remote };
            //= RFC6056-2.2-a
            let old = self.streams.paired(&tuple);
            let free = old.is_none_or(|old| self.may_be_followed(old, By::Choice, now));
            free && self.claims.free_to_connect(*port)
        })
    }
}
