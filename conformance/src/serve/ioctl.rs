//! floor 8: requests about network interfaces that only `ioctl` can make: netdevice(7), ipv6(7).

use nix::libc;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd, BorrowedFd};

/// A request that reads or writes an `ifreq`, and nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Request {
    /// Makes an open `/dev/net/tun` the far side of an interface.
    Attach,
    /// Sets the IPv4 address.
    Address,
    /// Sets the IPv4 network mask.
    Mask,
    /// Sets the MTU.
    Mtu,
    /// Sets how many packets wait for a reader.
    Queue,
    /// Sets the flags.
    Flags,
    /// Tells the index.
    Index,
}

impl Request {
    const fn number(self) -> libc::Ioctl {
        (match self {
            Self::Attach => libc::TUNSETIFF,
            Self::Address => libc::SIOCSIFADDR as libc::Ioctl,
            Self::Mask => libc::SIOCSIFNETMASK as libc::Ioctl,
            Self::Mtu => libc::SIOCSIFMTU as libc::Ioctl,
            Self::Queue => libc::SIOCSIFTXQLEN as libc::Ioctl,
            Self::Flags => libc::SIOCSIFFLAGS as libc::Ioctl,
            Self::Index => libc::SIOCGIFINDEX as libc::Ioctl,
        }) as libc::Ioctl
    }
}

/// What a request says of an interface.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// Flags of the interface, or of its attachment.
    Flags(libc::c_int),
    /// A number: an MTU, a length, and 0 where a number is asked for.
    Number(libc::c_int),
    /// An address or a mask.
    Address(Ipv4Addr),
}

impl Value {
    fn union(self) -> libc::__c_anonymous_ifr_ifru {
        match self {
            // The flags that are used have 16 bits.
            Self::Flags(flags) => libc::__c_anonymous_ifr_ifru { ifru_flags: flags as libc::c_short },
            Self::Number(number) => libc::__c_anonymous_ifr_ifru { ifru_mtu: number },
            Self::Address(addr) => libc::__c_anonymous_ifr_ifru { ifru_addr: socket_address(addr) },
        }
    }
}

/// A `sockaddr_in` in the clothes of a `sockaddr`: two octets of port, then the address.
fn socket_address(addr: Ipv4Addr) -> libc::sockaddr {
    let mut data: [libc::c_char; 14] = [0; 14];
    for (to, octet) in data[2..6].iter_mut().zip(addr.octets()) {
        *to = libc::c_char::from_ne_bytes([octet]);
    }
    libc::sockaddr { sa_family: libc::AF_INET as libc::sa_family_t, sa_data: data }
}

/// Makes `request` of the interface `name`. The answer is a number where one was asked for.
///
/// # Errors
/// Those of the kernel; a name of more than 15 octets is invalid.
pub(crate) fn ask(fd: BorrowedFd<'_>, request: Request, name: &str, value: Value) -> io::Result<libc::c_int> {
    // A union is as large as its largest member, and all of it is read by the kernel: so all of it is set.
    let mut asked = libc::ifreq {
        ifr_name: interface_name(name)?,
        ifr_ifru: libc::__c_anonymous_ifr_ifru { ifru_slave: [0; libc::IFNAMSIZ] },
    };
    asked.ifr_ifru = value.union();
    // SAFETY: `fd` is open while it is borrowed. Each of the requests takes a pointer to an `ifreq`, which
    // the kernel reads and writes during the call only; `asked` is one, and lives longer.
    let answer = unsafe { libc::ioctl(fd.as_raw_fd(), request.number(), &raw mut asked) };
    if answer < 0 {
        return Err(io::Error::last_os_error());
    }
    match value {
        // SAFETY: the number was written by us or by the kernel, and any four octets are a number.
        Value::Number(_) => Ok(unsafe { asked.ifr_ifru.ifru_mtu }),
        Value::Flags(_) | Value::Address(_) => Ok(0),
    }
}

/// Adds an IPv6 address to the interface with this index. `fd` is a socket of IPv6.
///
/// # Errors
/// Those of the kernel.
pub(crate) fn add_v6(fd: BorrowedFd<'_>, index: libc::c_int, addr: Ipv6Addr, prefix: u8) -> io::Result<()> {
    let asked = libc::in6_ifreq {
        ifr6_addr: libc::in6_addr { s6_addr: addr.octets() },
        ifr6_prefixlen: u32::from(prefix),
        ifr6_ifindex: index,
    };
    // SAFETY: `fd` is open while it is borrowed. On a socket of IPv6 this request takes a pointer to an
    // `in6_ifreq`, which the kernel reads during the call only; `asked` is one, and lives longer.
    let answer = unsafe { libc::ioctl(fd.as_raw_fd(), Request::Address.number(), &raw const asked) };
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What the far side of an interface takes over from the kernel: checksums, and the cutting of segments
/// (`TUN_F_*`).
///
/// # Errors
/// Those of the kernel.
pub(crate) fn take_over(fd: BorrowedFd<'_>, features: libc::c_uint) -> io::Result<()> {
    // SAFETY: `fd` is open while it is borrowed, and this request takes a number.
    let answer = unsafe {
        libc::ioctl(fd.as_raw_fd(), libc::TUNSETOFFLOAD as libc::Ioctl, libc::c_ulong::from(features))
    };
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn interface_name(name: &str) -> io::Result<[libc::c_char; libc::IFNAMSIZ]> {
    let mut field = [0; libc::IFNAMSIZ];
    if name.is_empty() || name.len() >= field.len() {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    for (to, octet) in field.iter_mut().zip(name.bytes()) {
        *to = libc::c_char::from_ne_bytes([octet]);
    }
    Ok(field)
}
