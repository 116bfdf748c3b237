//! floor 8: socket options by level, number and octets.

use super::link::{DEVICE, LOOPBACK_INDEX};
use super::names::addr_octets;
use crate::host::Fault;
use stack::base::{Refused, Span};
use stack::sock::{Device, Family, OptionName, OptionValue};
use std::net::IpAddr;

/// Level and number.
pub(super) type Number = (libc::c_int, libc::c_int);

/// Those that the crate names for other systems alone.
const IPV6_MULTICAST_ALL: libc::c_int = 29;
const IP_LOCAL_PORT_RANGE: libc::c_int = 51;

/// The level and number of an option on a socket of a family.
pub(super) const fn number(name: OptionName, family: Family) -> Number {
    use libc::{IPPROTO_IP as IP, IPPROTO_IPV6 as IPV6, IPPROTO_TCP as TCP, SOL_SOCKET};
    match name {
        OptionName::ReuseAddr => (SOL_SOCKET, libc::SO_REUSEADDR),
        OptionName::ReusePort => (SOL_SOCKET, libc::SO_REUSEPORT),
        OptionName::V6Only => (IPV6, libc::IPV6_V6ONLY),
        OptionName::KeepAlive => (SOL_SOCKET, libc::SO_KEEPALIVE),
        OptionName::Broadcast => (SOL_SOCKET, libc::SO_BROADCAST),
        OptionName::OobInline => (SOL_SOCKET, libc::SO_OOBINLINE),
        OptionName::NoDelay => (TCP, libc::TCP_NODELAY),
        OptionName::Linger => (SOL_SOCKET, libc::SO_LINGER),
        OptionName::ReceiveBuffer => (SOL_SOCKET, libc::SO_RCVBUF),
        OptionName::SendBuffer => (SOL_SOCKET, libc::SO_SNDBUF),
        OptionName::MaxSegment => (TCP, libc::TCP_MAXSEG),
        OptionName::UserTimeout => (TCP, libc::TCP_USER_TIMEOUT),
        OptionName::KeepIdle => (TCP, libc::TCP_KEEPIDLE),
        OptionName::KeepInterval => (TCP, libc::TCP_KEEPINTVL),
        OptionName::KeepCount => (TCP, libc::TCP_KEEPCNT),
        OptionName::HopLimit => of(family, libc::IP_TTL, libc::IPV6_UNICAST_HOPS),
        OptionName::TrafficClass => of(family, libc::IP_TOS, libc::IPV6_TCLASS),
        OptionName::FreeBind => of(family, libc::IP_FREEBIND, libc::IPV6_FREEBIND),
        OptionName::Transparent => of(family, libc::IP_TRANSPARENT, libc::IPV6_TRANSPARENT),
        OptionName::BindAddressNoPort => (IP, libc::IP_BIND_ADDRESS_NO_PORT),
        OptionName::LocalPortRange => (IP, IP_LOCAL_PORT_RANGE),
        OptionName::BindToDevice => (SOL_SOCKET, libc::SO_BINDTODEVICE),
        OptionName::MulticastAll => of(family, libc::IP_MULTICAST_ALL, IPV6_MULTICAST_ALL),
        OptionName::MulticastLoop => of(family, libc::IP_MULTICAST_LOOP, libc::IPV6_MULTICAST_LOOP),
        OptionName::MulticastHops => of(family, libc::IP_MULTICAST_TTL, libc::IPV6_MULTICAST_HOPS),
        OptionName::JoinGroup => of(family, libc::IP_ADD_MEMBERSHIP, libc::IPV6_ADD_MEMBERSHIP),
        OptionName::LeaveGroup => of(family, libc::IP_DROP_MEMBERSHIP, libc::IPV6_DROP_MEMBERSHIP),
        OptionName::ReceiveErrors => of(family, libc::IP_RECVERR, libc::IPV6_RECVERR),
        OptionName::LingerFinWait => (TCP, libc::TCP_LINGER2),
        OptionName::DeferAccept => (TCP, libc::TCP_DEFER_ACCEPT),
        OptionName::Cork => (TCP, libc::TCP_CORK),
        OptionName::SynCount => (TCP, libc::TCP_SYNCNT),
        OptionName::Error => (SOL_SOCKET, libc::SO_ERROR),
        OptionName::AcceptConn => (SOL_SOCKET, libc::SO_ACCEPTCONN),
    }
}

const fn of(family: Family, four: libc::c_int, six: libc::c_int) -> Number {
    match family {
        Family::V4 => (libc::IPPROTO_IP, four),
        Family::V6 => (libc::IPPROTO_IPV6, six),
    }
}

/// The name and the octets of a value.
pub(super) fn to_octets(value: &OptionValue, interface: u32) -> Result<(OptionName, Vec<u8>), Fault> {
    let flag = |on: bool| i32::from(on).to_ne_bytes().to_vec();
    let count = |count: u32| count.to_ne_bytes().to_vec();
    Ok(match *value {
        OptionValue::ReuseAddr(on) => (OptionName::ReuseAddr, flag(on)),
        OptionValue::ReusePort(on) => (OptionName::ReusePort, flag(on)),
        OptionValue::V6Only(on) => (OptionName::V6Only, flag(on)),
        OptionValue::KeepAlive(on) => (OptionName::KeepAlive, flag(on)),
        OptionValue::Broadcast(on) => (OptionName::Broadcast, flag(on)),
        OptionValue::OobInline(on) => (OptionName::OobInline, flag(on)),
        OptionValue::NoDelay(on) => (OptionName::NoDelay, flag(on)),
        OptionValue::Linger(time) => {
            let seconds = time.map_or(Ok(0), seconds)?;
            let octets = [flag(time.is_some()), count(seconds)].concat();
            (OptionName::Linger, octets)
        }
        OptionValue::ReceiveBuffer(octets) => (OptionName::ReceiveBuffer, count(octets)),
        OptionValue::SendBuffer(octets) => (OptionName::SendBuffer, count(octets)),
        OptionValue::MaxSegment(octets) => (OptionName::MaxSegment, count(octets.into())),
        OptionValue::UserTimeout(time) => {
            let millis = time.map_or(0, Span::as_millis);
            (OptionName::UserTimeout, count(u32::try_from(millis).unwrap_or(u32::MAX)))
        }
        OptionValue::KeepIdle(time) => (OptionName::KeepIdle, count(seconds(time)?)),
        OptionValue::KeepInterval(time) => (OptionName::KeepInterval, count(seconds(time)?)),
        OptionValue::KeepCount(probes) => (OptionName::KeepCount, count(probes.into())),
        OptionValue::HopLimit(limit) => (OptionName::HopLimit, count(limit.into())),
        OptionValue::TrafficClass(octet) => (OptionName::TrafficClass, count(octet.into())),
        OptionValue::FreeBind(on) => (OptionName::FreeBind, flag(on)),
        OptionValue::Transparent(on) => (OptionName::Transparent, flag(on)),
        OptionValue::BindAddressNoPort(on) => (OptionName::BindAddressNoPort, flag(on)),
        OptionValue::LocalPortRange(first, last) => {
            (OptionName::LocalPortRange, count(u32::from(last) << 16 | u32::from(first)))
        }
        OptionValue::BindToDevice(device) => {
            let name = device.map(|device| match device {
                Device::Loopback => "lo",
                Device::Interface => DEVICE,
            });
            (OptionName::BindToDevice, name.unwrap_or_default().as_bytes().to_vec())
        }
        OptionValue::MulticastAll(on) => (OptionName::MulticastAll, flag(on)),
        OptionValue::MulticastLoop(on) => (OptionName::MulticastLoop, flag(on)),
        OptionValue::MulticastHops(limit) => (OptionName::MulticastHops, count(limit.into())),
        OptionValue::JoinGroup(group, at) => (OptionName::JoinGroup, membership(group, at, interface)),
        OptionValue::LeaveGroup(group, at) => (OptionName::LeaveGroup, membership(group, at, interface)),
        OptionValue::ReceiveErrors(on) => (OptionName::ReceiveErrors, flag(on)),
        OptionValue::LingerFinWait(seconds) => (OptionName::LingerFinWait, seconds.to_ne_bytes().to_vec()),
        OptionValue::DeferAccept(seconds) => (OptionName::DeferAccept, count(seconds)),
        OptionValue::Cork(on) => (OptionName::Cork, flag(on)),
        OptionValue::SynCount(times) => (OptionName::SynCount, count(times.into())),
        OptionValue::Error(error) => {
            (OptionName::Error, error.map_or(0, Refused::errno).to_ne_bytes().to_vec())
        }
        OptionValue::AcceptConn(on) => (OptionName::AcceptConn, flag(on)),
    })
}

/// Whole seconds: the kernel counts no others here.
fn seconds(time: Span) -> Result<u32, Fault> {
    const SECOND: u64 = 1_000_000_000;
    let whole = time.as_nanos().is_multiple_of(SECOND).then_some(time.as_nanos() / SECOND);
    let seconds = whole.and_then(|seconds| u32::try_from(seconds).ok());
    seconds.ok_or_else(|| Fault::Env("the kernel counts this option in whole seconds".into()))
}

/// `struct ip_mreqn` or `struct ipv6_mreq`.
fn membership(group: IpAddr, at: Option<Device>, interface: u32) -> Vec<u8> {
    let index = match at {
        None => 0,
        Some(Device::Loopback) => LOOPBACK_INDEX,
        Some(Device::Interface) => interface,
    };
    let mut octets = addr_octets(group);
    if group.is_ipv4() {
        octets.extend([0; 4]);
    }
    octets.extend(index.to_ne_bytes());
    octets
}

/// The value that octets of the kernel stand for.
pub(super) fn from_octets(name: OptionName, octets: &[u8]) -> Option<OptionValue> {
    let word = |at: usize| octets.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes);
    let flag = || word(0).map(|number| number != 0);
    let octet = || word(0).and_then(|number| u8::try_from(number).ok());
    let time = || word(0).map(|seconds| Span::from_secs(seconds.into()));
    // The kernel counts its bookkeeping, too, and sets aside twice what it is asked for.
    let room = || word(0).map(|octets| octets / 2);
    Some(match name {
        OptionName::ReuseAddr => OptionValue::ReuseAddr(flag()?),
        OptionName::ReusePort => OptionValue::ReusePort(flag()?),
        OptionName::V6Only => OptionValue::V6Only(flag()?),
        OptionName::KeepAlive => OptionValue::KeepAlive(flag()?),
        OptionName::Broadcast => OptionValue::Broadcast(flag()?),
        OptionName::OobInline => OptionValue::OobInline(flag()?),
        OptionName::NoDelay => OptionValue::NoDelay(flag()?),
        OptionName::Linger => {
            let time = Span::from_secs(word(4)?.into());
            OptionValue::Linger(flag()?.then_some(time))
        }
        OptionName::ReceiveBuffer => OptionValue::ReceiveBuffer(room()?),
        OptionName::SendBuffer => OptionValue::SendBuffer(room()?),
        OptionName::MaxSegment => OptionValue::MaxSegment(u16::try_from(word(0)?).ok()?),
        OptionName::UserTimeout => {
            let millis = word(0).filter(|millis| *millis > 0);
            OptionValue::UserTimeout(millis.map(|millis| Span::from_millis(millis.into())))
        }
        OptionName::KeepIdle => OptionValue::KeepIdle(time()?),
        OptionName::KeepInterval => OptionValue::KeepInterval(time()?),
        OptionName::KeepCount => OptionValue::KeepCount(octet()?),
        OptionName::HopLimit => OptionValue::HopLimit(octet()?),
        OptionName::TrafficClass => OptionValue::TrafficClass(octet()?),
        OptionName::FreeBind => OptionValue::FreeBind(flag()?),
        OptionName::Transparent => OptionValue::Transparent(flag()?),
        OptionName::BindAddressNoPort => OptionValue::BindAddressNoPort(flag()?),
        OptionName::LocalPortRange => {
            let [a, b, c, d] = word(0)?.to_le_bytes();
            OptionValue::LocalPortRange(u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]))
        }
        OptionName::BindToDevice => OptionValue::BindToDevice(device(octets)?),
        OptionName::MulticastAll => OptionValue::MulticastAll(flag()?),
        OptionName::MulticastLoop => OptionValue::MulticastLoop(flag()?),
        OptionName::MulticastHops => OptionValue::MulticastHops(octet()?),
        OptionName::JoinGroup | OptionName::LeaveGroup => return None,
        OptionName::ReceiveErrors => OptionValue::ReceiveErrors(flag()?),
        OptionName::LingerFinWait => OptionValue::LingerFinWait(word(0)?.cast_signed()),
        OptionName::DeferAccept => OptionValue::DeferAccept(word(0)?),
        OptionName::Cork => OptionValue::Cork(flag()?),
        OptionName::SynCount => OptionValue::SynCount(octet()?),
        OptionName::Error => {
            let errno = word(0)?.cast_signed();
            let known = Refused::ALL.iter().copied().find(|refused| refused.errno() == errno);
            // An error without a word of ours must not pass for none.
            OptionValue::Error(if errno == 0 { None } else { Some(known?) })
        }
        OptionName::AcceptConn => OptionValue::AcceptConn(flag()?),
    })
}

/// The device of a name that may end with a zero.
fn device(octets: &[u8]) -> Option<Option<Device>> {
    let name = octets.split(|octet| *octet == 0).next().unwrap_or_default();
    match name {
        b"" => Some(None),
        b"lo" => Some(Some(Device::Loopback)),
        name if name == DEVICE.as_bytes() => Some(Some(Device::Interface)),
        _ => None,
    }
}
