//! floor 4: from which address to which address a socket talks (RFC 9293 section 3.9.2.3, RFC 1122 sections
//! 4.1.3.5 and 4.2.3.7).
//!
//! RFC9293-MUST-51: no option asks for a source route. They let an attacker pass by whatever relies on
//! addresses, RFC 7126 section 4 has them filtered everywhere, and none would get through.
//! RFC9293-MUST-52: likewise.
//! RFC9293-MUST-53: likewise; a packet whose route has ended here is taken, and answered directly.
//! RFC9293-SHLD-24: likewise.

use super::call::{Device, Family};
use super::depart::{Arrival, is_own};
use super::name::{Endpoint, FourTuple, device, is_link_local, needs_scope};
use super::table::{Body, Net, Socket, Sockets};
use crate::base::Refused;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Whether no route leads to `addr`: it is of class E, the limited broadcast address excepted (RFC 1112
/// section 4), or in 0/8, which only 0.0.0.0 has a meaning of.
const fn is_nowhere(addr: Ipv4Addr) -> bool {
    let first = addr.octets()[0];
    first == 0 || first >= 240 && !addr.is_broadcast()
}

/// The address that this host speaks to its own address `dst` from: of IPv4 the first one of its network, as
/// the routes of Linux have it.
fn source_for_own(dst: IpAddr, net: &Net<'_>) -> IpAddr {
    let first = net.ip.config().addrs.iter().find(|own| dst.is_ipv4() && own.contains(dst));
    first.map_or(dst, |own| own.addr)
}

/// The device that has `addr`: what is sent to an own address arrives there, wherever it comes from.
pub(super) const fn device_of(addr: IpAddr) -> Device {
    let loopback = match addr {
        IpAddr::V4(addr) => addr.is_loopback(),
        IpAddr::V6(addr) => addr.is_loopback(),
    };
    if loopback { Device::Loopback } else { Device::Interface }
}

impl Socket {
    /// Whom the application of a stream socket means by `name`. The unspecified address means this host.
    ///
    /// # Errors
    /// [`Refused::FamilyNotSupported`] for a name of a family that the socket does not speak,
    /// [`Refused::NetUnreachable`] for an address that it can not speak to, [`Refused::InvalidArgument`] for
    /// one of a zone that is not there or not said.
    pub(super) fn remote(&self, name: SocketAddr, net: &Net<'_>) -> Result<Endpoint, Refused> {
        match (self.family, name) {
            (Family::V6, SocketAddr::V4(_)) => Err(Refused::FamilyNotSupported),
            // Groups are no peers of streams, whatever their zone.
            (Family::V6, SocketAddr::V6(v6)) if v6.ip().is_multicast() => Err(Refused::NetUnreachable),
            (Family::V4 | Family::V6, _) => self.destination(name, true, net),
        }
    }

    /// A link-local name ties a stream to the device that it says, as on Linux for good.
    ///
    /// # Errors
    /// [`Refused::InvalidArgument`] if the socket is tied to another one, or to none and the name says none;
    /// [`Refused::NetUnreachable`] for a device that has no such neighbours, and for groups.
    pub(super) fn tie_to_zone(&mut self, name: SocketAddr) -> Result<(), Refused> {
        let SocketAddr::V6(name) = name else { return Ok(()) };
        if self.family == Family::V4 || !needs_scope(*name.ip()) {
            return Ok(());
        }
        if name.ip().is_multicast() {
            return Err(Refused::NetUnreachable);
        }
        if name.scope_id() != 0 {
            let said = device(name.scope_id());
            if self.options.device.is_some_and(|device| Some(device) != said) {
                return Err(Refused::InvalidArgument);
            }
            self.options.device = said;
        }
        match self.options.device {
            None => Err(Refused::InvalidArgument),
            Some(Device::Loopback) => Err(Refused::NetUnreachable),
            Some(Device::Interface) => Ok(()),
        }
    }

    /// The address that a stream to `dst` comes from.
    ///
    /// # Errors
    /// Those of [`Socket::way`]; [`Refused::NetUnreachable`] for a group or a broadcast address, which is no
    /// peer of streams; [`Refused::InvalidArgument`] if the socket is bound to a loopback address and `dst`
    /// is another host.
    pub(super) fn source(&self, dst: IpAddr, net: &Net<'_>) -> Result<IpAddr, Refused> {
        let way = self.way(dst, self.options.device, net)?;
        //= RFC9293-MUST-46
        if dst.is_multicast() || way.is_for_all(dst, net) {
            return Err(Refused::NetUnreachable);
        }
        if way.source.is_loopback() && way.over == Device::Interface {
            return Err(Refused::InvalidArgument);
        }
        Ok(way.source)
    }

    /// The address of its own that the socket speaks to `dst` from, if it has one: for a group or a broadcast
    /// address nobody speaks, and an address of IPv6 is none of IPv4, but the source for its first peer
    /// stays.
    pub(super) fn own_source(&self, dst: IpAddr, net: &Net<'_>) -> Option<IpAddr> {
        let own = self.local.addr;
        let nobody = own.is_unspecified() || own.is_multicast() || net.ip.is_broadcast(own);
        let chosen = match &self.body {
            Body::Datagram(datagram) => datagram.source,
            Body::Idle | Body::Listening(_) | Body::Connection(_) => None,
        };
        let fits = |addr: &IpAddr| addr.is_ipv4() == dst.is_ipv4();
        Some(own).filter(|own| !nobody && fits(own)).or(chosen.filter(fits))
    }

    /// From an address of IPv4 that is not the host's speaks only who is transparent: that a socket may be
    /// bound to it is not enough.
    fn check_source(&self, own: IpAddr, net: &Net<'_>) -> Result<(), Refused> {
        let may = own.is_ipv6() || self.options.transparent || is_own(net, own);
        may.then_some(()).ok_or(Refused::NetUnreachable)
    }

    /// The address that 0.0.0.0 means as a peer: as on Linux the socket's own, then that of its device.
    fn itself(&self, net: &Net<'_>) -> IpAddr {
        let first = || net.ip.config().addrs.iter().map(|own| own.addr).find(IpAddr::is_ipv4);
        let of_device =
            || self.options.device.filter(|device| *device == Device::Interface).and_then(|_| first());
        let own = self.own_source(Ipv4Addr::UNSPECIFIED.into(), net);
        own.or_else(of_device).unwrap_or(Ipv4Addr::LOCALHOST.into())
    }

    /// A socket that has an address of IPv4, be it 0.0.0.0, has no source for `dst` of IPv6. On Linux that is
    /// found out last.
    fn check_family(&self, dst: IpAddr) -> Result<(), Refused> {
        let other = self.local.addr.is_ipv4() && dst.is_ipv6();
        if other { Err(Refused::FamilyNotSupported) } else { Ok(()) }
    }
}

/// How a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// The address that it comes from.
    pub(super) source: IpAddr,
    /// The device that it goes out by: what is for this host itself goes over the loopback device.
    over: Device,
    /// Whether it leaves the host.
    pub(super) link: bool,
    /// On which device it arrives in this host, if it does.
    pub(super) inside: Option<Device>,
}

impl Way {
    /// Whether a packet to `dst` that goes like this is for everybody: over the loopback device nobody but
    /// this host hears what would be for a whole network.
    pub(super) fn is_for_all(&self, dst: IpAddr, net: &Net<'_>) -> bool {
        let limited = dst == IpAddr::V4(Ipv4Addr::BROADCAST);
        limited || self.over == Device::Interface && net.ip.is_broadcast(dst)
    }
}

/// Where a packet of a stream goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// Out over the link.
    Link,
    /// To this host itself.
    Here(Arrival),
    /// It is lost.
    Nowhere,
}

/// Where a packet to `dst` goes that has to leave by `device`, if there is one. What this host sends to
/// itself counts as having come by the device that has the address. As on Linux, whoever insists on another
/// device takes the address for one of a neighbour there: behind the loopback device it is found, since
/// everything comes back there, and behind the link it is not. In IPv6 such an address has no route.
pub(super) fn course(dst: IpAddr, device: Option<Device>, net: &Net<'_>) -> Course {
    let home = is_own(net, dst).then(|| device_of(dst));
    match (home, device) {
        (Some(home), None) => Course::Here(Arrival { device: home, routed: true }),
        (Some(home), Some(device)) if home == device => Course::Here(Arrival { device, routed: true }),
        (_, Some(Device::Loopback)) if dst.is_ipv4() => {
            Course::Here(Arrival { device: Device::Loopback, routed: false })
        }
        (None, None) => Course::Link,
        (None, Some(Device::Interface)) if net.ip.source_for(dst).is_some() => Course::Link,
        (Some(_) | None, Some(_)) => Course::Nowhere,
    }
}

impl Sockets {
    /// The device that an answer without a socket has to leave by, if it goes to `dst` and the question came
    /// by `device`.
    pub(super) fn device_of_answer(&self, dst: IpAddr, device: Device) -> Option<Device> {
        let strict = is_link_local(dst) || dst.is_ipv6() && dst.is_loopback();
        (strict && self.bounds.profile.answers_where_it_was_asked()).then_some(device)
    }

    /// Whether nobody at the remote end of `tuple`, which is in this host, can tell so to a socket at the
    /// local end that speaks by `own` device.
    pub(super) fn hears_refusal(&self, tuple: &FourTuple, own: Option<Device>, net: &Net<'_>) -> bool {
        let (local, remote) = (tuple.local.addr, tuple.remote.addr);
        let Course::Here(Arrival { device, routed: true }) = course(remote, own, net) else { return false };
        match course(local, self.device_of_answer(local, device), net) {
            Course::Here(back) => own.is_none_or(|own| own == back.device),
            Course::Link | Course::Nowhere => false,
        }
    }
}

/// Whether `addr` means something inside one zone only, a link or an interface (RFC 4007 section 6).
fn is_zoned(addr: Ipv6Addr) -> bool {
    needs_scope(addr) || addr.segments()[0] & 0xff0f == 0xff01
}

impl Socket {
    /// Whom the application means by `name`: on a datagram socket of family V6 that can be a name of IPv4,
    /// too. The unspecified address means this host.
    ///
    /// # Errors
    /// [`Refused::FamilyNotSupported`] for a name of a family that the socket does not speak,
    /// [`Refused::NetUnreachable`] for one that it was told not to speak or a zone that is not there,
    /// [`Refused::InvalidArgument`] to `connects` without a zone where one is needed.
    pub(super) fn destination(
        &self,
        name: SocketAddr,
        connects: bool,
        net: &Net<'_>,
    ) -> Result<Endpoint, Refused> {
        let mapped = match (self.family, name.ip()) {
            (Family::V4, IpAddr::V6(_)) => return Err(Refused::FamilyNotSupported),
            (Family::V6, IpAddr::V4(_)) if self.options.v6_only && connects => {
                return Err(Refused::FamilyNotSupported);
            }
            (Family::V4 | Family::V6, IpAddr::V4(addr)) => Some(addr),
            (Family::V6, IpAddr::V6(addr)) => addr.to_ipv4_mapped(),
        };
        let addr = match (name, mapped) {
            (_, Some(_)) if self.family == Family::V6 && self.options.v6_only => {
                return Err(Refused::NetUnreachable);
            }
            //= RFC3493-3.8-a
            (_, Some(addr)) if addr.is_unspecified() => self.itself(net),
            (_, Some(addr)) => IpAddr::V4(addr),
            // Of a socket that is bound to an IPv4 address the unspecified one is that of IPv4.
            (SocketAddr::V6(v6), None) if v6.ip().is_unspecified() => match self.local.addr {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            },
            (SocketAddr::V6(v6), None) if is_zoned(*v6.ip()) => {
                self.check_zone(v6.scope_id(), connects)?;
                name.ip()
            }
            (SocketAddr::V6(_) | SocketAddr::V4(_), None) => name.ip(),
        };
        Ok(Endpoint { addr, port: name.port() })
    }

    /// Whether an address of one zone can be spoken to that is said to be in zone `zone`; 0 says nothing.
    fn check_zone(&self, zone: u32, connects: bool) -> Result<(), Refused> {
        let said = device(zone);
        match (zone, self.options.device) {
            (0, None) if connects => Err(Refused::InvalidArgument),
            (0, _) => Ok(()),
            (_, Some(own)) if connects && said != Some(own) => Err(Refused::InvalidArgument),
            (_, _) if said.is_some() => Ok(()),
            (_, _) => Err(Refused::NetUnreachable),
        }
    }

    /// How a datagram of this socket gets to `dst`, which is behind `device` if there is one.
    ///
    /// # Errors
    /// [`Refused::NetUnreachable`] without a route, [`Refused::FamilyNotSupported`] with one if the socket
    /// has an address of IPv4 and `dst` is of IPv6, [`Refused::InvalidArgument`] if the socket is bound to a
    /// loopback address and the datagram would leave the host.
    pub(super) fn way(&self, dst: IpAddr, device: Option<Device>, net: &Net<'_>) -> Result<Way, Refused> {
        let routed = match dst {
            IpAddr::V4(dst) => self.way_v4(dst, device, net)?,
            IpAddr::V6(_) => way_v6(dst, device, self.options.multicast_loop, net)?,
        };
        self.check_family(dst)?;
        let Some(own) = self.own_source(dst, net) else { return Ok(routed) };
        self.check_source(own, net)?;
        if own.is_loopback() && routed.over == Device::Interface {
            return match own {
                IpAddr::V4(_) => Err(Refused::InvalidArgument),
                // The source would be wrong everywhere but here: the datagram is lost.
                IpAddr::V6(_) => Ok(Way { source: own, link: false, ..routed }),
            };
        }
        //= RFC1122-4.1.3.5-b
        //= RFC1122-3.3.4.2-b
        Ok(Way { source: own, ..routed })
    }

    /// Whether what it sends to a group of IPv4 is heard in this host: the option of a socket of IPv6 is
    /// about groups of IPv6.
    fn hears_itself(&self) -> bool {
        self.options.multicast_loop || self.family == Family::V6
    }

    /// How a datagram to 0.0.0.0 goes, which means `own`: over the loopback device, whatever the socket
    /// insists on, and it arrives on the one that it insists on.
    ///
    /// # Errors
    /// [`Refused::NetUnreachable`] from an address that is not the host's.
    pub(super) fn way_to_itself(
        &self,
        own: IpAddr,
        device: Option<Device>,
        net: &Net<'_>,
    ) -> Result<Way, Refused> {
        self.check_source(own, net)?;
        let inside = device.or(Some(Device::Loopback));
        Ok(Way { source: own, over: Device::Loopback, link: false, inside })
    }

    fn way_v4(&self, dst: Ipv4Addr, device: Option<Device>, net: &Net<'_>) -> Result<Way, Refused> {
        let addr = IpAddr::V4(dst);
        if is_nowhere(dst) && device.is_none() {
            return Err(Refused::NetUnreachable);
        }
        let group = dst.is_multicast();
        // What is for many goes out by the device that has the socket's address.
        let own = self.own_source(addr, net);
        let own = own.filter(|own| (group || dst.is_broadcast()) && is_own(net, *own));
        let device = device.or_else(|| own.map(device_of));
        let first = || net.ip.config().addrs.iter().map(|own| own.addr).find(IpAddr::is_ipv4);
        let towards = || net.ip.source_for(addr).or_else(|| device.and_then(|_| first()));
        // Over the loopback device Linux lets go whatever address there is, and it comes back.
        if device == Some(Device::Loopback) {
            let source = if dst.is_loopback() { None } else { first() };
            let source = source.unwrap_or(Ipv4Addr::LOCALHOST.into());
            let inside = (!dst.is_multicast() || self.hears_itself()).then_some(Device::Loopback);
            return Ok(Way { source, over: Device::Loopback, link: false, inside });
        }
        if is_own(net, addr) {
            let inside = device_of(addr);
            // A loopback address is not behind another device: what is sent to it there is lost.
            let lost = device.is_some_and(|device| device != inside);
            let source = match (lost, inside) {
                (true, _) => first().ok_or(Refused::NetUnreachable)?,
                (false, Device::Loopback) => Ipv4Addr::LOCALHOST.into(),
                (false, Device::Interface) => source_for_own(addr, net),
            };
            let over = if lost { Device::Interface } else { Device::Loopback };
            return Ok(Way { source, over, link: false, inside: (!lost).then_some(inside) });
        }
        // No route says where a group or everybody is: there has to be one for the rest of the world.
        if (group || dst.is_broadcast()) && device.is_none() && net.ip.config().gateway_v4.is_none() {
            return Err(Refused::NetUnreachable);
        }
        //= RFC9293-MUST-44
        let source = towards().ok_or(Refused::NetUnreachable)?;
        let heard = group && self.hears_itself() || net.ip.is_broadcast(addr);
        // Tied to a device the socket takes every address for a neighbour: nobody answers beyond the link.
        let link = net.ip.source_for(addr).is_some() && !is_nowhere(dst);
        Ok(Way { source, over: Device::Interface, link, inside: heard.then_some(Device::Interface) })
    }
}

fn way_v6(dst: IpAddr, device: Option<Device>, echo: bool, net: &Net<'_>) -> Result<Way, Refused> {
    if is_own(net, dst) {
        let inside = device_of(dst);
        return match device.is_none_or(|device| device == inside) {
            true => Ok(Way { source: dst, over: Device::Loopback, link: false, inside: Some(inside) }),
            false => Err(Refused::NetUnreachable),
        };
    }
    if device == Some(Device::Loopback) {
        return Err(Refused::NetUnreachable);
    }
    //= RFC9293-MUST-44
    let source = net.ip.source_for(dst).ok_or(Refused::NetUnreachable)?;
    let heard = dst.is_multicast() && echo;
    Ok(Way { source, over: Device::Interface, link: true, inside: heard.then_some(Device::Interface) })
}
