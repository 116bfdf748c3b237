//! floor 8: a TAP device of the kernel, with or without a card that cuts segments and fills in checksums.

use super::rig;
use crate::host::Fault;
use crate::serve::ioctl::{self, Request, Value};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;

/// Its name in its namespace.
pub(super) const NAME: &str = "tap0";

/// Octets of a header that tells what the kernel left undone (`struct virtio_net_hdr`).
pub(super) const HEAD_OCTETS: usize = 10;

/// Octets of a frame at the most, a super-segment with its headers.
const FRAME_OCTETS_MAX: usize = 70_000;

/// A frame with what is left to do to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// All zeros if nothing is.
    pub(super) head: [u8; HEAD_OCTETS],
    pub(super) bytes: Vec<u8>,
}

/// The far side of a device.
#[derive(Debug)]
pub(super) struct Device {
    file: File,
    offload: bool,
}

impl Device {
    /// Makes the device in the namespace of the calling thread, and sets it up with its addresses.
    pub(super) fn open(addrs: &[IpAddr], offload: bool) -> Result<Self, Fault> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(libc::O_NONBLOCK);
        let file = options.open("/dev/net/tun").map_err(rig("/dev/net/tun can not be opened"))?;
        let kind = libc::IFF_TAP | libc::IFF_NO_PI | if offload { libc::IFF_VNET_HDR } else { 0 };
        ioctl::ask(file.as_fd(), Request::Attach, NAME, Value::Flags(kind))
            .map_err(rig("a TAP device can not be made"))?;
        if offload {
            let features = libc::TUN_F_CSUM | libc::TUN_F_TSO4 | libc::TUN_F_TSO6 | libc::TUN_F_TSO_ECN;
            ioctl::take_over(file.as_fd(), features).map_err(rig("a TAP device takes nothing over"))?;
        }
        configure(addrs).map_err(rig("a TAP device can not be set up"))?;
        Ok(Self { file, offload })
    }

    /// The next frame, if one waits.
    pub(super) fn take(&self) -> io::Result<Option<Frame>> {
        let mut bytes = vec![0; FRAME_OCTETS_MAX];
        let octets = match (&self.file).read(&mut bytes) {
            Ok(octets) => octets,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        };
        bytes.truncate(octets);
        let mut head = [0; HEAD_OCTETS];
        if self.offload {
            head.copy_from_slice(bytes.get(..HEAD_OCTETS).ok_or(ErrorKind::UnexpectedEof)?);
            bytes.drain(..HEAD_OCTETS);
        }
        Ok(Some(Frame { head, bytes }))
    }

    /// Hands a frame to the kernel. What it will not have is lost, as on a cable.
    pub(super) fn put(&self, frame: &Frame) {
        let whole = if self.offload { [&frame.head, &*frame.bytes].concat() } else { frame.bytes.clone() };
        let _ = (&self.file).write(&whole);
    }

    /// What tells that a frame waits.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn configure(addrs: &[IpAddr]) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    let ask = |request, value| ioctl::ask(socket.as_fd(), request, NAME, value);
    let up = Value::Flags(libc::IFF_UP | libc::IFF_RUNNING);
    ioctl::ask(socket.as_fd(), Request::Flags, "lo", up)?;
    ask(Request::Flags, up)?;
    for addr in addrs {
        match *addr {
            IpAddr::V4(addr) => {
                ask(Request::Address, Value::Address(addr))?;
                ask(Request::Mask, Value::Address(Ipv4Addr::new(255, 255, 255, 0)))?;
            }
            IpAddr::V6(addr) => {
                let index = ask(Request::Index, Value::Number(0))?;
                let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?;
                ioctl::add_v6(socket.as_fd(), index, addr, 64)?;
            }
        }
    }
    Ok(())
}
