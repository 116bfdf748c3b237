//! floor 8: two namespaces with a link between them, made by messages to the kernel (rtnetlink).

use super::sys;
use crate::sockets::{End, addrs};
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// The device of the link in both namespaces.
pub(super) const DEVICE: &str = "eth";

/// The loopback device has this index in every namespace.
pub(super) const LOOPBACK_INDEX: u32 = 1;

/// What is set before a device is there: addresses are usable at once, and no others come by themselves.
const BEFORE: &[(&str, &str)] = &[
    ("net/ipv6/conf/all/accept_dad", "0"),
    ("net/ipv6/conf/default/accept_dad", "0"),
    ("net/ipv6/conf/default/addr_gen_mode", "1"),
    ("net/ipv6/conf/default/accept_ra", "0"),
    ("net/ipv6/conf/default/router_solicitations", "0"),
    // Errors are not held back, however many questions draw them.
    ("net/ipv4/icmp_ratelimit", "0"),
    ("net/ipv6/icmp/ratelimit", "0"),
];

/// Attributes of links and addresses that the crate does not name.
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;

/// One message of rtnetlink.
struct Message(Vec<u8>);

impl Message {
    fn new(kind: u16, flags: libc::c_int, header: &[u8]) -> Self {
        let flags = u16::try_from(flags | libc::NLM_F_REQUEST | libc::NLM_F_ACK).unwrap_or(0);
        let mut octets = vec![0; 4];
        octets.extend(kind.to_ne_bytes());
        octets.extend(flags.to_ne_bytes());
        // Sequence number and sender do not matter.
        octets.extend([0; 8]);
        octets.extend(header);
        Self(octets)
    }

    fn attribute(mut self, kind: u16, content: &[u8]) -> Self {
        let octets = u16::try_from(content.len() + 4).unwrap_or(0);
        self.0.extend(octets.to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(content);
        while !self.0.len().is_multiple_of(4) {
            self.0.push(0);
        }
        self
    }

    /// The octets without the header, to stand inside of another message.
    fn content(self) -> Vec<u8> {
        self.0.get(16..).unwrap_or_default().to_vec()
    }

    /// Sends it to the namespace of the calling thread and waits for the answer.
    fn send(mut self) -> io::Result<()> {
        let octets = u32::try_from(self.0.len()).unwrap_or(0);
        self.0.splice(..4, octets.to_ne_bytes());
        let socket = sys::socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE)?;
        sys::send(socket.as_fd(), &self.0, 0, None)?;
        // The kernel answers before `send` returns.
        let answer = sys::receive(socket.as_fd(), 4096, 0)?;
        let code = answer.get(16..20).and_then(|code| code.try_into().ok()).map(i32::from_ne_bytes);
        match code {
            Some(0) => Ok(()),
            Some(code) => Err(io::Error::from_raw_os_error(-code)),
            None => Err(io::Error::other("an answer of rtnetlink that is too short")),
        }
    }
}

/// The header of messages about links.
fn link_header(index: u32, flags: u32) -> [u8; 16] {
    let mut header = [0; 16];
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    header[8..12].copy_from_slice(&flags.to_ne_bytes());
    header[12..16].copy_from_slice(&flags.to_ne_bytes());
    header
}

fn up(index: u32) -> io::Result<()> {
    let flag = u32::try_from(libc::IFF_UP).unwrap_or(0);
    Message::new(libc::RTM_NEWLINK, 0, &link_header(index, flag)).send()
}

/// A pair of devices: one in the namespace of the calling thread, one in `other`.
fn pair(other: &OwnedFd) -> io::Result<()> {
    let name = |message: Message| message.attribute(libc::IFLA_IFNAME, format!("{DEVICE}\0").as_bytes());
    let create = libc::NLM_F_CREATE | libc::NLM_F_EXCL;
    let peer = name(Message::new(0, 0, &link_header(0, 0)))
        .attribute(libc::IFLA_NET_NS_FD, &other.as_raw_fd().to_ne_bytes())
        .content();
    let data = Message::new(0, 0, &[]).attribute(VETH_INFO_PEER, &peer).content();
    let info =
        Message::new(0, 0, &[]).attribute(IFLA_INFO_KIND, b"veth").attribute(IFLA_INFO_DATA, &data).content();
    name(Message::new(libc::RTM_NEWLINK, create, &link_header(0, 0)))
        .attribute(libc::IFLA_LINKINFO, &info)
        .send()
}

/// Gives the device an address.
fn address(index: u32, addr: IpAddr, prefix: u8) -> io::Result<()> {
    let (family, octets) = match addr {
        IpAddr::V4(addr) => (libc::AF_INET, addr.octets().to_vec()),
        IpAddr::V6(addr) => (libc::AF_INET6, addr.octets().to_vec()),
    };
    let mut header = vec![u8::try_from(family).unwrap_or(0), prefix, 0, 0];
    if addr.is_ipv6() {
        header[2] = u8::try_from(libc::IFA_F_NODAD).unwrap_or(0);
    }
    header.extend(index.to_ne_bytes());
    let create = libc::NLM_F_CREATE | libc::NLM_F_EXCL;
    let mut message = Message::new(libc::RTM_NEWADDR, create, &header)
        .attribute(libc::IFA_LOCAL, &octets)
        .attribute(libc::IFA_ADDRESS, &octets);
    if let IpAddr::V4(addr) = addr {
        let hosts = u32::MAX.checked_shr(u32::from(prefix)).unwrap_or(0);
        message = message.attribute(libc::IFA_BROADCAST, &(addr.to_bits() | hosts).to_be_bytes());
    }
    message.send()
}

/// The namespace of the calling thread.
fn present_network() -> io::Result<OwnedFd> {
    File::open("/proc/thread-self/ns/net").map(OwnedFd::from)
}

/// A namespace with its loopback device, which the calling thread is in from now on.
fn network() -> io::Result<OwnedFd> {
    sys::leave_network()?;
    for (name, value) in BEFORE {
        std::fs::write(format!("/proc/sys/{name}"), value)?;
    }
    up(LOOPBACK_INDEX)?;
    present_network()
}

/// The addresses of an end, whose namespace the calling thread is in.
fn furnish(end: End) -> io::Result<u32> {
    let index = sys::device_index(DEVICE)?;
    up(index)?;
    addrs(end).into_iter().try_for_each(|(addr, prefix)| address(index, addr, prefix))?;
    Ok(index)
}

/// Two namespaces, and the indices of the link's device in them. The calling thread is in the first one.
pub(super) fn networks() -> io::Result<[(OwnedFd, u32); 2]> {
    let (peer, host) = (network()?, network()?);
    pair(&peer)?;
    sys::enter_network(peer.as_fd())?;
    let peer_index = furnish(End::Peer)?;
    sys::enter_network(host.as_fd())?;
    let host_index = furnish(End::Host)?;
    Ok([(host, host_index), (peer, peer_index)])
}
