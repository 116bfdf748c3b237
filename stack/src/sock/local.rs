//! floor 4: `bind`, and ports for sockets that did not bind (RFC 9293 sections 3.9.1.1 and 3.10.1, RFC 6056
//! section 3).
//!
//! Errors come in the order of Linux: family, address, privilege, bound already, conflict; on sockets of IPv6
//! the address comes after privilege and a first `bind`.

use super::bind::Scope;
use super::call::{Device, Family, Kind, OptionValue, User};
use super::connect::By;
use super::depart::is_own;
use super::name::{self, Endpoint, FourTuple};
use super::options::Options;
use super::table::{Body, Net, Slot, Socket, Sockets};
use crate::base::{Port, PortRange, Refused};
use crate::ports::Policy;
use crate::ports::ephemeral::Pool;
use crate::tcp;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// Whether `user` may set an option to `value`.
///
/// # Errors
/// [`Refused::NotPermitted`]
pub(super) fn check_permission(user: User, options: &Options, value: OptionValue) -> Result<(), Refused> {
    let wants_transparent = value == OptionValue::Transparent(true);
    // Anybody may choose a device, but not leave it.
    let leaves_device = matches!(value, OptionValue::BindToDevice(_)) && options.device.is_some();
    let needs_privilege = wants_transparent || leaves_device;
    if needs_privilege && user != User::ROOT { Err(Refused::NotPermitted) } else { Ok(()) }
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

    /// Whether the connection goes on without the socket, and takes its port along.
    fn is_over(&self) -> bool {
        let lasting = self.bound.is_some_and(|bound| bound.lasting);
        matches!(&self.body, Body::Connection(connection)
            if !lasting && connection.tcb.state() == tcp::State::TimeWait)
    }

    /// Whether `bind` has named an address. The source that the first peer brings is as good as one then, and
    /// stays: `::ffff:0.0.0.0` is an address to Linux.
    pub(super) fn has_asked_for_address(&self) -> bool {
        let mapped = self.family == Family::V6 && self.asked == Some(Scope::AnyV4);
        mapped || self.asked.is_some_and(|asked| !asked.is_wildcard())
    }

    /// Whether the address need not be the host's own, as far as the socket decides it.
    const fn binds_anywhere(&self) -> bool {
        self.options.free_bind || self.options.transparent
    }
}

impl Sockets {
    /// `bind`.
    pub(super) fn bind(&mut self, slot: Slot, name: SocketAddr, net: &mut Net<'_>) -> Result<(), Refused> {
        let wanted = Port::new(name.port());
        let addr = match (self.socket(slot).family, name) {
            (Family::V4, SocketAddr::V4(name)) => {
                self.check_v4(slot, *name.ip(), net)?;
                self.check_bindable(slot, wanted)?;
                IpAddr::V4(*name.ip())
            }
            (Family::V6, SocketAddr::V6(name)) => {
                let last = self.bounds.profile.looks_at_v6_address_last();
                self.check_stream_group(slot, *name.ip())?;
                let device = self.socket(slot).options.device;
                let checked = if last {
                    self.check_bindable(slot, wanted).and_then(|()| self.check_v6(slot, &name, net))
                } else {
                    self.check_v6(slot, &name, net).and_then(|()| self.check_bindable(slot, wanted))
                };
                if checked.is_err() && self.socket(slot).bound.is_some() {
                    // What has a port already is not tied by a name that is refused.
                    self.socket(slot).options.device = device;
                }
                checked?;
                name.ip().to_canonical()
            }
            (Family::V4, SocketAddr::V6(_)) => return Err(Refused::FamilyNotSupported),
            // The structure that holds a name of IPv4 is too short for one of IPv6.
            (Family::V6, SocketAddr::V4(_)) => return Err(Refused::InvalidArgument),
        };
        let socket = self.socket(slot);
        socket.local.addr = addr;
        socket.asked = Some(socket.scope());
        let v6_only = socket.options.v6_only;
        // As on Linux an own address of IPv6 ends all talk over IPv4, and for good.
        socket.options.v6_only |= matches!(socket.asked, Some(Scope::V6(_)));
        if wanted.is_none() && socket.options.bind_no_port {
            socket.local.port = 0;
            return Ok(());
        }
        let taken = self.take_port(slot, wanted, net);
        if taken.is_err() {
            let socket = self.socket(slot);
            socket.options.v6_only = v6_only;
            socket.local.addr = Endpoint::wildcard(socket.family, 0).addr;
            socket.asked = None;
        }
        taken
    }

    /// Whether a socket may be bound to an IPv4 address.
    fn check_v4(&mut self, slot: Slot, addr: Ipv4Addr, net: &Net<'_>) -> Result<(), Refused> {
        let (profile, nonlocal) = (self.bounds.profile, self.policy.nonlocal_bind);
        let socket = self.socket(slot);
        if addr.is_multicast() {
            return match socket.kind() {
                // Nothing can reach a stream there.
                Kind::Stream => profile.stream_on_group(),
                Kind::Datagram => profile.datagram_on_group(),
            };
        }
        let addr = IpAddr::V4(addr);
        let usable = addr.is_unspecified() || net.ip.is_broadcast(addr) || is_own(net, addr);
        (usable || nonlocal || socket.binds_anywhere()).then_some(()).ok_or(Refused::AddrNotAvailable)
    }

    fn check_stream_group(&mut self, slot: Slot, addr: Ipv6Addr) -> Result<(), Refused> {
        let stream = self.socket(slot).kind() == Kind::Stream;
        if stream && addr.is_multicast() { Err(Refused::InvalidArgument) } else { Ok(()) }
    }

    /// Whether a socket of IPv6 may be bound to an address. A scope ties the socket to its device.
    fn check_v6(&mut self, slot: Slot, name: &SocketAddrV6, net: &Net<'_>) -> Result<(), Refused> {
        let socket = self.socket(slot);
        let addr = *name.ip();
        if let Some(mapped) = addr.to_ipv4_mapped() {
            if socket.options.v6_only {
                return Err(Refused::InvalidArgument);
            }
            return self.check_v4(slot, mapped, net);
        }
        if addr.is_unspecified() {
            return Ok(());
        }
        if name::needs_scope(addr) {
            if name.scope_id() != 0 {
                let device = name::device(name.scope_id()).ok_or(Refused::NoSuchDevice)?;
                socket.options.device = Some(device);
            }
            let _ = socket.options.device.ok_or(Refused::InvalidArgument)?;
        }
        if addr.is_multicast() || socket.binds_anywhere() {
            return Ok(());
        }
        let home = match addr {
            _ if addr.is_loopback() => Some(Device::Loopback),
            _ if name::needs_scope(addr) => Some(Device::Interface),
            _ => None,
        };
        let elsewhere = home.is_some() && socket.options.device.is_some_and(|device| Some(device) != home);
        let usable = is_own(net, addr.into()) && !elsewhere;
        usable.then_some(()).ok_or(Refused::AddrNotAvailable)
    }

    /// Whether the caller may ask for the port, and whether the socket has none yet.
    fn check_bindable(&mut self, slot: Slot, wanted: Option<Port>) -> Result<(), Refused> {
        let user = self.policy.user;
        //= RFC9293-3.10.1-d
        if wanted.is_some_and(|port| !self.policy.permits(user, port)) {
            return Err(Refused::AccessDenied);
        }
        if self.socket(slot).is_over() {
            self.part_from(slot);
        }
        let socket = self.socket(slot);
        if socket.bound.is_some() || !socket.is_idle() {
            return Err(Refused::InvalidArgument);
        }
        Ok(())
    }

    /// Takes the port that is wanted, or any, for a socket that has its address.
    fn take_port(&mut self, slot: Slot, wanted: Option<Port>, net: &mut Net<'_>) -> Result<(), Refused> {
        let socket = self.socket(slot);
        let (kind, family, claim) = (socket.kind(), socket.family, socket.claim(false));
        let port = match wanted {
            Some(port) => {
                self.claims.admit(kind, port, family, &claim)?;
                port
            }
            //= RFC8085-5.1-b
            None => self.free_port_to_bind(slot, net).ok_or(Refused::AddrInUse)?,
        };
        self.hold_bound(slot, port, wanted.is_some());
        Ok(())
    }

    fn hold_bound(&mut self, slot: Slot, port: Port, lasting: bool) {
        self.hold(slot, port, lasting, false);
        let socket = self.socket(slot);
        let (family, claim) = (socket.family, socket.claim(false));
        match socket.kind() {
            Kind::Stream => self.claims.note_sharing(port, family, &claim),
            Kind::Datagram => self.enter_datagram(slot),
        }
    }

    /// The range that ports for a socket come from, and whether the socket has a say in it. An end that is
    /// outside of the host's range does not count.
    fn range_for(&mut self, slot: Slot) -> (PortRange, bool) {
        let all = self.policy.ephemeral;
        let (first, last) = self.socket(slot).options.local_port_range;
        let inside = |number| Port::new(number).filter(|port| all.contains(*port));
        let (first, last) = (inside(first).unwrap_or(all.first()), inside(last).unwrap_or(all.last()));
        let own = self.socket(slot).options.local_port_range != (0, 0);
        (PortRange::new(first.number(), last.number()).unwrap_or(all), own)
    }

    /// A free port for a socket that has its address.
    fn free_port_to_bind(&mut self, slot: Slot, net: &mut Net<'_>) -> Option<Port> {
        let (range, of_socket) = self.range_for(slot);
        let socket = self.socket(slot);
        let (kind, claim) = (socket.kind(), socket.claim(false));
        let Self { claims, policy, ephemeral, .. } = self;
        let pool = Pool { range, of_socket, reserved: &policy.reserved, algorithm: policy.algorithm };
        let mut pick = |may_share| {
            let free = |port| claims.free_to_bind(kind, port, &claim, may_share);
            ephemeral.to_bind(&pool, kind, claim.terms.reuse_addr, net.choices, free)
        };
        pick(false).or_else(|| policy.autobind_reuse.then(|| pick(true)).flatten())
    }

    /// Gives a socket without a port one, on the address that it has.
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
        let port = self.free_port_to_bind(slot, net).ok_or(exhausted)?;
        self.hold_bound(slot, port, false);
        Ok(())
    }

    /// A port for a stream socket that connects from `addr` to `remote`: nobody bound it, and the four-tuple
    /// is new.
    pub(super) fn free_port_to_connect(
        &mut self,
        slot: Slot,
        addr: IpAddr,
        remote: Endpoint,
        net: &mut Net<'_>,
    ) -> Option<Port> {
        let (range, of_socket) = self.range_for(slot);
        let tuple = |port| FourTuple { local: Endpoint { addr, port }, remote };
        let keyed = tuple(0).port_secret(&self.key);
        let mut ephemeral = core::mem::take(&mut self.ephemeral);
        let Policy { reserved, algorithm, .. } = &self.policy;
        let pool = Pool { range, of_socket, reserved, algorithm: *algorithm };
        let now = net.now;
        let chosen = ephemeral.to_connect(&pool, keyed, net.choices, |port| {
            //= RFC6056-2.2-a
            let old = self.streams.paired(&tuple(port.number()));
            let free = old.is_none_or(|old| self.may_be_followed(old, By::Choice, now));
            free && self.claims.free_to_connect(port)
        });
        self.ephemeral = ephemeral;
        chosen
    }
}
