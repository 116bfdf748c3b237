//! floor 4: membership in groups (RFC 1112 sections 6.1 and 7.1, RFC 3493 section 5.2).
//!
//! A host is in a group as long as one of its sockets is. Streams are in none. Membership is local: it opens
//! the interface for the group, but no report of IGMP or MLD (RFC 1112 appendix I, RFC 2710) tells routers of
//! it, so that a group is heard from this link alone.

use super::call::{Device, Family, Kind};
use super::table::{Body, Net, Slot, Sockets};
use crate::base::Refused;
use alloc::collections::BTreeMap;
use core::net::IpAddr;

/// Groups of IPv4 that one socket can be in (`igmp_max_memberships` of Linux).
const MEMBERSHIPS_V4_MAX: usize = 20;
/// Groups of IPv6 that one socket can be in: what `optmem_max` of Linux has room for.
const MEMBERSHIPS_V6_MAX: usize = 2_340;

/// How many sockets are in a group on a device.
#[derive(Debug, Default)]
pub(super) struct Groups(BTreeMap<(Device, IpAddr), usize>);

impl Groups {
    /// Whether this host is in `group` on `device`.
    pub(super) fn is_joined(&self, group: IpAddr, device: Device, net: &Net<'_>) -> bool {
        match device {
            Device::Interface => net.ip.is_joined(group),
            Device::Loopback => net.ip.is_joined_by_rule(group) || self.0.contains_key(&(device, group)),
        }
    }

    fn join(&mut self, group: IpAddr, device: Device, net: &mut Net<'_>) {
        let count = self.0.entry((device, group)).or_default();
        *count += 1;
        if *count == 1 && device == Device::Interface {
            net.ip.join(group);
        }
    }

    fn leave(&mut self, group: IpAddr, device: Device, net: &mut Net<'_>) {
        let Some(count) = self.0.get_mut(&(device, group)) else { unreachable!("nobody has joined {group}") };
        *count -= 1;
        if *count == 0 {
            self.0.remove(&(device, group));
            if device == Device::Interface {
                net.ip.leave(group);
            }
        }
    }

    /// How many memberships there are.
    pub(super) fn count(&self) -> usize {
        self.0.values().sum()
    }
}

/// The device on which a group is joined if the application does not say: the one that the route to it has.
fn device_for(group: IpAddr, device: Option<Device>, net: &Net<'_>) -> Option<Device> {
    let routed = match group {
        IpAddr::V4(_) => net.ip.config().gateway_v4.is_some(),
        IpAddr::V6(_) => true,
    };
    device.or_else(|| routed.then_some(Device::Interface))
}

/// Whether a socket can be in `group` at all.
fn check_kind(family: Family, kind: Kind, group: IpAddr) -> Result<(), Refused> {
    match (family, kind, group) {
        (Family::V4 | Family::V6, Kind::Stream, IpAddr::V4(_))
        | (Family::V6, Kind::Stream, IpAddr::V6(_)) => Err(Refused::ProtocolError),
        (Family::V4, Kind::Stream | Kind::Datagram, IpAddr::V6(_)) => Err(Refused::NoSuchOption),
        (Family::V4 | Family::V6, Kind::Datagram, IpAddr::V4(_))
        | (Family::V6, Kind::Datagram, IpAddr::V6(_)) => Ok(()),
    }
}

impl Sockets {
    /// `IP_ADD_MEMBERSHIP` and `IPV6_JOIN_GROUP`.
    pub(super) fn join_group(
        &mut self,
        slot: Slot,
        group: IpAddr,
        device: Option<Device>,
        net: &mut Net<'_>,
    ) -> Result<(), Refused> {
        let socket = self.socket(slot);
        check_kind(socket.family, socket.kind(), group)?;
        if !group.is_multicast() {
            return Err(Refused::InvalidArgument);
        }
        let wanted = device_for(group, device, net).ok_or(Refused::NoSuchDevice)?;
        let groups = &mut socket.datagram().groups;
        let same = |(known, on): &(IpAddr, Device)| {
            *known == group && (*on == wanted || group.is_ipv6() && device.is_none())
        };
        if groups.iter().any(same) {
            return Err(Refused::AddrInUse);
        }
        let count = groups.iter().filter(|(known, _)| known.is_ipv4() == group.is_ipv4()).count();
        match group {
            IpAddr::V4(_) if count >= MEMBERSHIPS_V4_MAX => return Err(Refused::NoBuffers),
            IpAddr::V6(_) if count >= MEMBERSHIPS_V6_MAX => return Err(Refused::NoMemory),
            IpAddr::V4(_) | IpAddr::V6(_) => {}
        }
        groups.push((group, wanted));
        self.groups.join(group, wanted, net);
        Ok(())
    }

    /// `IP_DROP_MEMBERSHIP` and `IPV6_LEAVE_GROUP`.
    pub(super) fn leave_group(
        &mut self,
        slot: Slot,
        group: IpAddr,
        device: Option<Device>,
        net: &mut Net<'_>,
    ) -> Result<(), Refused> {
        let socket = self.socket(slot);
        check_kind(socket.family, socket.kind(), group)?;
        match group {
            IpAddr::V4(_) if device_for(group, device, net).is_none() => return Err(Refused::NoSuchDevice),
            IpAddr::V6(_) if !group.is_multicast() => return Err(Refused::InvalidArgument),
            IpAddr::V4(_) | IpAddr::V6(_) => {}
        }
        let groups = &mut socket.datagram().groups;
        let is_it =
            |(known, on): &(IpAddr, Device)| *known == group && device.is_none_or(|device| device == *on);
        let at = groups.iter().rposition(is_it).ok_or(Refused::AddrNotAvailable)?;
        let (_, on) = groups.remove(at);
        self.groups.leave(group, on, net);
        Ok(())
    }

    /// A socket that goes leaves all its groups.
    pub(super) fn leave_all_groups(&mut self, slot: Slot, net: &mut Net<'_>) {
        let Body::Datagram(datagram) = &mut self.socket(slot).body else { return };
        for (group, device) in core::mem::take(&mut datagram.groups) {
            self.groups.leave(group, device, net);
        }
    }
}
