//! floor 8: a TUN or TAP interface of Linux, whose other end is the kernel's.

use super::ioctl::{self, Request, Value};
use crate::host::Fault;
use crate::trace::Link;
use nix::libc;
use stack::base::Cidr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::thread;
use std::time::Duration;

/// Where the kernel keeps the door to all such interfaces.
const DOOR: &str = "/dev/net/tun";
/// Packets that may wait for us. A thousand clients can connect at once.
const QUEUE_PACKETS: libc::c_int = 10_000;

/// How long, and how often, the kernel is waited for.
const WAIT: Duration = Duration::from_millis(1);
const WAITS_MAX: u32 = 5_000;

/// How the interface is set up.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// Its name.
    pub name: String,
    /// Packets, or frames of Ethernet.
    pub link: Link,
    /// Largest IP packet in octets.
    pub mtu_octets: u16,
    /// The addresses of the kernel's end.
    pub addrs: Vec<Cidr>,
}

/// The far end of the interface. It goes with this value.
#[derive(Debug)]
pub(super) struct Device {
    file: File,
}

impl Device {
    /// Makes the interface in the present network namespace, gives it its addresses and sets it up.
    ///
    /// # Errors
    /// [`Fault::Env`]: there is no such device, or no privilege for it.
    pub(super) fn open(wanted: &Wanted) -> Result<Self, Fault> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(libc::O_NONBLOCK);
        let file = options.open(DOOR).map_err(|error| closed(&error))?;
        let kind = match wanted.link {
            Link::Ip => libc::IFF_TUN,
            Link::Ethernet => libc::IFF_TAP,
        };
        let name = wanted.name.as_str();
        let lacks = |what: &'static str| {
            move |error: io::Error| Fault::Env(format!("the interface {name} cannot be {what}: {error}"))
        };
        ioctl::ask(file.as_fd(), Request::Attach, name, Value::Flags(kind | libc::IFF_NO_PI)).map_err(
            |error| {
                let mend = "it takes root, or CAP_NET_ADMIN";
                Fault::Env(format!("the interface {name} cannot be made: {error}; {mend}"))
            },
        )?;
        be_silent(name);
        configure(wanted).map_err(lacks("configured"))?;
        set_up(name).map_err(lacks("set up"))?;
        wait_for_addresses().map_err(lacks("used"))?;
        Ok(Self { file })
    }

    /// The next frame; nothing when none waits.
    ///
    /// # Errors
    /// Those of the kernel.
    pub(super) fn take(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match (&self.file).read(buffer) {
            Ok(octets) => Ok(Some(octets)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends a frame. `false` if the kernel would not have it: the interface is down, or it is no packet.
    pub(super) fn put(&self, frame: &[u8]) -> bool {
        (&self.file).write(frame).is_ok_and(|octets| octets == frame.len())
    }

    /// What tells that a frame waits.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Sets the loopback interface up. In a new namespace it is down, and a host then cannot talk to itself.
///
/// # Errors
/// [`Fault::Env`].
pub(super) fn set_loopback_up() -> Result<(), Fault> {
    set_up("lo").map_err(|error| Fault::Env(format!("the interface lo cannot be set up: {error}")))
}

fn set_up(name: &str) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    ioctl::ask(socket.as_fd(), Request::Flags, name, Value::Flags(libc::IFF_UP | libc::IFF_RUNNING)).map(drop)
}

fn configure(wanted: &Wanted) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    let ask = |request, value| ioctl::ask(socket.as_fd(), request, &wanted.name, value);
    ask(Request::Mtu, Value::Number(wanted.mtu_octets.into()))?;
    // Only root of the machine may have a longer queue; with the usual one more is lost when many come at
    // once.
    let _ = ask(Request::Queue, Value::Number(QUEUE_PACKETS));
    for own in &wanted.addrs {
        match own.addr {
            IpAddr::V4(addr) => {
                ask(Request::Address, Value::Address(addr))?;
                let mask = u32::MAX.checked_shl(32 - u32::from(own.prefix)).unwrap_or(0);
                ask(Request::Mask, Value::Address(Ipv4Addr::from(mask)))?;
            }
            IpAddr::V6(addr) => {
                let index = ask(Request::Index, Value::Number(0))?;
                let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?;
                ioctl::add_v6(socket.as_fd(), index, addr, own.prefix)?;
            }
        }
    }
    Ok(())
}

/// Keeps the kernel from what nobody asked for: an address of its own making, a search for routers, and a
/// second of waiting whether somebody else has the address. Where these cannot be set it is just noisier.
fn be_silent(name: &str) {
    for (key, value) in
        [("accept_dad", "0"), ("dad_transmits", "0"), ("addr_gen_mode", "1"), ("router_solicitations", "0")]
    {
        let _ = fs::write(format!("/proc/sys/net/ipv6/conf/{name}/{key}"), value);
    }
}

/// Waits until the kernel uses its addresses of IPv6, which it decides a moment after the interface is up.
/// Who sends before gets the loopback address as its source.
fn wait_for_addresses() -> io::Result<()> {
    const TENTATIVE: u32 = 0x40;
    let is_tentative = |line: &str| {
        let flags = line.split_whitespace().nth(4).and_then(|field| u32::from_str_radix(field, 16).ok());
        flags.is_some_and(|flags| flags & TENTATIVE != 0)
    };
    for _ in 0..WAITS_MAX {
        // Without IPv6 there is no such file, and nothing to wait for.
        let Ok(known) = fs::read_to_string("/proc/net/if_inet6") else { return Ok(()) };
        if !known.lines().any(is_tentative) {
            return Ok(());
        }
        thread::sleep(WAIT);
    }
    Err(ErrorKind::TimedOut.into())
}

fn closed(error: &io::Error) -> Fault {
    let mend = if error.kind() == ErrorKind::PermissionDenied {
        "run it as root, or permit it with `chmod 666 /dev/net/tun`"
    } else {
        "load the driver with `modprobe tun`, or run it on a machine that has one"
    };
    Fault::Env(format!("{DOOR} cannot be opened: {error}; {mend}"))
}
