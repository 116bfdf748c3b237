//! floor 8: the calls of the kernel, as safe functions over octets. Nothing else here is unsafe.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

/// Octets that the name of a socket takes at the most.
const NAME_OCTETS: usize = size_of::<libc::sockaddr_storage>();

/// Octets of control messages that are taken at the most.
const CONTROL_OCTETS: usize = 512;

/// A length as the kernel counts it.
fn length(octets: usize) -> libc::socklen_t {
    libc::socklen_t::try_from(octets).unwrap_or(libc::socklen_t::MAX)
}

/// The error of the last call if its answer is negative.
fn checked(answer: libc::c_int) -> io::Result<libc::c_int> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}

fn counted(answer: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(answer).map_err(|_| io::Error::last_os_error())
}

fn owned(answer: libc::c_int) -> io::Result<OwnedFd> {
    let fd = checked(answer)?;
    // SAFETY: the kernel has just handed out this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A new socket.
pub(crate) fn socket(family: libc::c_int, kind: libc::c_int, protocol: libc::c_int) -> io::Result<OwnedFd> {
    // SAFETY: takes numbers alone.
    owned(unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) })
}

/// Binds to a name in octets.
pub(crate) fn bind(fd: BorrowedFd<'_>, name: &[u8]) -> io::Result<()> {
    // SAFETY: the kernel reads as many octets as are said to be there; it asks nothing of their alignment.
    checked(unsafe { libc::bind(fd.as_raw_fd(), name.as_ptr().cast(), length(name.len())) }).map(|_| ())
}

/// Connects to a name in octets.
pub(crate) fn connect(fd: BorrowedFd<'_>, name: &[u8]) -> io::Result<()> {
    // SAFETY: as for `bind`.
    checked(unsafe { libc::connect(fd.as_raw_fd(), name.as_ptr().cast(), length(name.len())) }).map(|_| ())
}

/// Listens.
pub(crate) fn listen(fd: BorrowedFd<'_>, backlog: i32) -> io::Result<()> {
    // SAFETY: takes numbers alone.
    checked(unsafe { libc::listen(fd.as_raw_fd(), backlog) }).map(|_| ())
}

/// Calls something that fills in the name of a socket.
fn named(
    ask: impl FnOnce(*mut libc::sockaddr, *mut libc::socklen_t) -> libc::c_int,
) -> io::Result<(libc::c_int, Vec<u8>)> {
    let mut name = vec![0_u8; NAME_OCTETS];
    let mut octets = length(name.len());
    let answer = checked(ask(name.as_mut_ptr().cast(), &raw mut octets))?;
    name.truncate(usize::try_from(octets).unwrap_or(0));
    Ok((answer, name))
}

/// Accepts a connection, non-blocking, with the name of the peer.
pub(crate) fn accept(fd: BorrowedFd<'_>) -> io::Result<(OwnedFd, Vec<u8>)> {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: `named` gives room for a name, and how much.
    let (child, name) = named(|name, octets| unsafe { libc::accept4(fd.as_raw_fd(), name, octets, flags) })?;
    Ok((owned(child)?, name))
}

/// The local name.
pub(crate) fn local_name(fd: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    // SAFETY: `named` gives room for a name, and how much.
    named(|name, octets| unsafe { libc::getsockname(fd.as_raw_fd(), name, octets) }).map(|(_, name)| name)
}

/// The name of the peer.
pub(crate) fn peer_name(fd: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    // SAFETY: `named` gives room for a name, and how much.
    named(|name, octets| unsafe { libc::getpeername(fd.as_raw_fd(), name, octets) }).map(|(_, name)| name)
}

/// Sends octets, to a name or to nobody in particular. Raises no signal.
pub(crate) fn send(
    fd: BorrowedFd<'_>,
    data: &[u8],
    flags: libc::c_int,
    to: Option<&[u8]>,
) -> io::Result<usize> {
    let (name, octets) = to.map_or((ptr::null(), 0), |to| (to.as_ptr(), to.len()));
    let flags = flags | libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
    // SAFETY: both buffers have as many octets as is said; without a name its length is zero.
    counted(unsafe {
        libc::sendto(fd.as_raw_fd(), data.as_ptr().cast(), data.len(), flags, name.cast(), length(octets))
    })
}

/// Receives up to `max` octets.
pub(crate) fn receive(fd: BorrowedFd<'_>, max: usize, flags: libc::c_int) -> io::Result<Vec<u8>> {
    let mut data = vec![0_u8; max];
    let flags = flags | libc::MSG_DONTWAIT;
    // SAFETY: the buffer has `max` octets.
    let octets = counted(unsafe { libc::recv(fd.as_raw_fd(), data.as_mut_ptr().cast(), max, flags) })?;
    data.truncate(octets);
    Ok(data)
}

/// What `recvmsg` brings.
pub(crate) struct Message {
    /// The octets, cut to what was asked for.
    pub(crate) data: Vec<u8>,
    /// How many there were.
    pub(crate) whole_octets: usize,
    /// The name that came along.
    pub(crate) name: Vec<u8>,
    /// Control messages: level, kind and octets.
    pub(crate) control: Vec<(libc::c_int, libc::c_int, Vec<u8>)>,
}

/// Receives a message of up to `max` octets with all that comes along.
pub(crate) fn receive_message(fd: BorrowedFd<'_>, max: usize, flags: libc::c_int) -> io::Result<Message> {
    let (mut data, mut name) = (vec![0_u8; max], vec![0_u8; NAME_OCTETS]);
    // Control messages are aligned to words.
    let mut control = vec![0_u64; CONTROL_OCTETS / size_of::<u64>()];
    let mut part = libc::iovec { iov_base: data.as_mut_ptr().cast(), iov_len: max };
    // SAFETY: all zeros is an empty header.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_name = name.as_mut_ptr().cast();
    header.msg_namelen = length(name.len());
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = CONTROL_OCTETS;
    let flags = flags | libc::MSG_DONTWAIT;
    // SAFETY: every pointer of the header is to a buffer of the length beside it, and all outlive the call.
    let whole_octets = counted(unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut header, flags) })?;
    data.truncate(whole_octets.min(max));
    name.truncate(usize::try_from(header.msg_namelen).unwrap_or(0));
    let mut found = Vec::new();
    // SAFETY: the kernel has filled in the header and the control messages; the buffer is still there, and
    // each message says how long it is.
    unsafe {
        let mut at = libc::CMSG_FIRSTHDR(&raw const header);
        while !at.is_null() {
            let octets = (*at).cmsg_len - (libc::CMSG_DATA(at).addr() - at.addr());
            let content = std::slice::from_raw_parts(libc::CMSG_DATA(at), octets);
            found.push(((*at).cmsg_level, (*at).cmsg_type, content.to_vec()));
            at = libc::CMSG_NXTHDR(&raw const header, at);
        }
    }
    Ok(Message { data, whole_octets, name, control: found })
}

/// Closes a half or both.
pub(crate) fn shutdown(fd: BorrowedFd<'_>, how: libc::c_int) -> io::Result<()> {
    // SAFETY: takes numbers alone.
    checked(unsafe { libc::shutdown(fd.as_raw_fd(), how) }).map(|_| ())
}

/// Sets an option to a value in octets.
pub(crate) fn set_option(
    fd: BorrowedFd<'_>,
    (level, name): (libc::c_int, libc::c_int),
    value: &[u8],
) -> io::Result<()> {
    // SAFETY: the kernel reads as many octets as are said to be there.
    checked(unsafe {
        libc::setsockopt(fd.as_raw_fd(), level, name, value.as_ptr().cast(), length(value.len()))
    })
    .map(|_| ())
}

/// The value of an option, of up to `max` octets.
pub(crate) fn option(
    fd: BorrowedFd<'_>,
    (level, name): (libc::c_int, libc::c_int),
    max: usize,
) -> io::Result<Vec<u8>> {
    let mut value = vec![0_u8; max];
    let mut octets = length(max);
    // SAFETY: the buffer has `max` octets, and the kernel is told so.
    checked(unsafe {
        libc::getsockopt(fd.as_raw_fd(), level, name, value.as_mut_ptr().cast(), &raw mut octets)
    })?;
    value.truncate(usize::try_from(octets).unwrap_or(0));
    Ok(value)
}

/// Waits up to `timeout_ms` for one of the events; those that are there.
pub(crate) fn poll(fd: BorrowedFd<'_>, events: i16, timeout_ms: i32) -> io::Result<i16> {
    let mut asked = libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 };
    // SAFETY: one entry is said to be there, and it is.
    checked(unsafe { libc::poll(&raw mut asked, 1, timeout_ms) })?;
    Ok(asked.revents)
}

/// Asks for a number by ioctl.
pub(crate) fn number(fd: BorrowedFd<'_>, request: libc::Ioctl) -> io::Result<libc::c_int> {
    let mut number: libc::c_int = 0;
    // SAFETY: the requests that are made here fill in one number.
    checked(unsafe { libc::ioctl(fd.as_raw_fd(), request, &raw mut number) })?;
    Ok(number)
}

/// Gives the calling thread a network namespace of its own.
pub(crate) fn leave_network() -> io::Result<()> {
    // SAFETY: takes a number, and changes what the calling thread sees alone.
    checked(unsafe { libc::unshare(libc::CLONE_NEWNET) }).map(|_| ())
}

/// Puts the calling thread into a network namespace.
pub(crate) fn enter_network(namespace: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: takes numbers alone.
    checked(unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) }).map(|_| ())
}

/// Makes the calling thread, and no other, act as an effective user.
pub(crate) fn become_user(user: u32) -> io::Result<()> {
    const SAME: libc::c_long = -1;
    // SAFETY: takes numbers alone. The library's own function would change every thread.
    let answer = unsafe { libc::syscall(libc::SYS_setresuid, SAME, libc::c_long::from(user), SAME) };
    checked(libc::c_int::try_from(answer).unwrap_or(-1)).map(|_| ())
}

/// Keeps the calling thread on the processor that it is on.
pub(crate) fn stay_on_processor() -> io::Result<()> {
    // SAFETY: takes nothing.
    let processor = checked(unsafe { libc::sched_getcpu() })?;
    // SAFETY: all zeros is an empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set lives on this stack, and processors beyond its size are left out.
    unsafe { libc::CPU_SET(usize::try_from(processor).unwrap_or(0), &mut set) };
    // SAFETY: the set is as long as is said.
    checked(unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set) }).map(|_| ())
}

/// The index of a device in the network namespace of the calling thread.
pub(crate) fn device_index(name: &str) -> io::Result<u32> {
    let name = CString::new(name)?;
    // SAFETY: the name ends with a zero.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    if index == 0 { Err(io::Error::last_os_error()) } else { Ok(index) }
}
