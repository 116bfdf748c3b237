//! floor 4: from which address to which address a socket talks (RFC 9293 section 3.9.2.3, RFC 1122 sections
//! 4.1.3.5 and 4.2.3.7).
//!
//! RFC9293-MUST-51: no option asks for a source route. They let an attacker pass by whatever relies on
//! addresses, RFC 7126 section 4 has them filtered everywhere, and none would get through.
//! RFC9293-MUST-52: likewise.
//! RFC9293-MUST-53: likewise; a packet whose route has ended here is taken, and answered directly.
//! RFC9293-SHLD-24: likewise.

use super::call::{Device, Family};
use super::depart::is_own;
use super::name::{Endpoint, meant};
use super::table::{Net, Socket};
use crate::base::Refused;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Whether `addr` is of class E, the limited broadcast address excepted (RFC 1112 section 4).
const fn is_reserved(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => addr.octets()[0] >= 240 && !addr.is_broadcast(),
        IpAddr::V6(_) => false,
    }
}

/// Whether `addr` is in 0/8, which only 0.0.0.0 has a meaning of.
const fn is_net_zero(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => addr.octets()[0] == 0,
        IpAddr::V6(_) => false,
    }
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
    /// Whom the application means by `name`. The unspecified address means this host.
    ///
    /// # Errors
    /// Those of [`meant`]; [`Refused::NetUnreachable`] for an address that this socket can not speak to.
    pub(super) fn remote(&self, name: SocketAddr) -> Result<Endpoint, Refused> {
        let mut remote = meant(self.family, name)?;
        //= RFC3493-3.8-a
        if remote.addr.is_unspecified() {
            remote.addr = match remote.addr {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            };
        }
        let mapped = self.family == Family::V6 && remote.addr.is_ipv4();
        let other_family = !self.local.addr.is_unspecified()
            && self.local.addr.is_ipv4() != remote.addr.is_ipv4()
            || self.local.addr == IpAddr::V4(Ipv4Addr::UNSPECIFIED) && remote.addr.is_ipv6();
        let nowhere = is_reserved(remote.addr) || is_net_zero(remote.addr);
        if mapped && self.options.v6_only || other_family || nowhere {
            return Err(Refused::NetUnreachable);
        }
        Ok(remote)
    }

    /// The address that packets to `dst` come from.
    ///
    /// # Errors
    /// [`Refused::NetUnreachable`] without a route, [`Refused::InvalidArgument`] if the socket is bound to a
    /// loopback address and `dst` is another host.
    pub(super) fn source(&self, dst: IpAddr, net: &Net<'_>) -> Result<IpAddr, Refused> {
        let routed = match dst {
            IpAddr::V4(addr) if addr.is_loopback() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V4(_) | IpAddr::V6(_) if is_own(net, dst) => dst,
            //= RFC9293-MUST-44
            IpAddr::V4(_) | IpAddr::V6(_) => net.ip.source_for(dst).ok_or(Refused::NetUnreachable)?,
        };
        let own = self.local.addr;
        if own.is_unspecified() || own.is_multicast() || net.ip.is_broadcast(own) {
            return Ok(routed);
        }
        if own.is_loopback() && !is_own(net, dst) {
            return Err(Refused::InvalidArgument);
        }
        //= RFC1122-4.1.3.5-b
        Ok(own)
    }
}
