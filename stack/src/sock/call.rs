//! floor 4: the whole socket API as data (RFC 9293 section 3.9.1, RFC 1122 section 4.1.4, POSIX names).
//!
//! A call is a value and so is its answer: that makes recording, replaying, fuzzing, shrinking and
//! comparing the same operation. No call blocks. What would block is refused with
//! [`Refused::WouldBlock`] or [`Refused::InProgress`], and blocking is the caller's loop.
//!
//! RFC9293-MAY-14: there is no flush; `TCP_NODELAY` sends what waits for more to be written.
//! RFC9293-MAY-15: there is no push flag; PSH marks the end of what was written.
//! RFC9293-MAY-16: all that is written counts as pushed.
//! RFC9293-MAY-17: what was pushed is not shown, and whatever is there can be read at once.
//! RFC9293-SHLD-13: this asks something of applications, which find the mechanism here all the same.
//! RFC9293-SHLD-23: this asks something of applications.

use super::policy::Setting;
use super::refused::Refused;
use crate::base::Span;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

/// A socket's number. Numbers are handed out in ascending order from 1 and never reused within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u32);

/// Address family of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// `AF_INET`.
    V4,
    /// `AF_INET6`; takes IPv4 traffic too unless `IPV6_V6ONLY` is set.
    V6,
}

/// Type of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `SOCK_STREAM`: TCP.
    Stream,
    /// `SOCK_DGRAM`: UDP.
    Datagram,
}

/// Which half of a connection `shutdown` closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// `SHUT_RD`.
    Read,
    /// `SHUT_WR`.
    Write,
    /// `SHUT_RDWR`.
    Both,
}

/// Who makes calls: an effective user identity. User 0 may do what others may not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct User(pub u32);

impl User {
    /// The user with privileges.
    pub const ROOT: Self = Self(0);
    /// A user with none.
    pub const NOBODY: Self = Self(65_534);
}

/// What a socket can be tied to, and what a packet arrives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Device {
    /// The loopback device.
    Loopback,
    /// The one interface.
    Interface,
}

/// A socket option with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OptionValue {
    /// `SO_REUSEADDR`.
    ReuseAddr(bool),
    /// `SO_REUSEPORT`.
    ReusePort(bool),
    /// `IPV6_V6ONLY`.
    V6Only(bool),
    /// `SO_KEEPALIVE`.
    KeepAlive(bool),
    /// `SO_BROADCAST`.
    Broadcast(bool),
    /// `SO_OOBINLINE`.
    OobInline(bool),
    /// `TCP_NODELAY`.
    NoDelay(bool),
    /// `SO_LINGER`: `None` is off; a span of zero makes `close` abort the connection.
    Linger(Option<Span>),
    /// `SO_RCVBUF`: octets that wait for the application at the most.
    ReceiveBuffer(u32),
    /// `SO_SNDBUF`: octets that wait for acknowledgement at the most.
    SendBuffer(u32),
    /// `TCP_MAXSEG`: largest segment to announce and to send, in octets.
    MaxSegment(u16),
    /// `TCP_USER_TIMEOUT`: `None` is the default of the host.
    UserTimeout(Option<Span>),
    /// `TCP_KEEPIDLE`: how long nothing may have come before the first keep-alive.
    KeepIdle(Span),
    /// `TCP_KEEPINTVL`: time between two keep-alives that nothing answers.
    KeepInterval(Span),
    /// `TCP_KEEPCNT`: keep-alives without an answer after which the connection is given up.
    KeepCount(u8),
    /// `IP_TTL`, `IPV6_UNICAST_HOPS`.
    HopLimit(u8),
    /// `IP_TOS`, `IPV6_TCLASS`: the octet with the differentiated services field. Of a stream the ECN bits
    /// are the connection's own.
    TrafficClass(u8),
    /// `IP_FREEBIND`: the address bound to need not be the host's own.
    FreeBind(bool),
    /// `IP_TRANSPARENT`: as `IP_FREEBIND`, for user 0 alone.
    Transparent(bool),
    /// `IP_BIND_ADDRESS_NO_PORT`: binding to port 0 leaves the port to `connect`.
    BindAddressNoPort(bool),
    /// `IP_LOCAL_PORT_RANGE`: the ports that are chosen from for this socket, lowest and highest; zeros leave
    /// that end to the host.
    LocalPortRange(u16, u16),
    /// `SO_BINDTODEVICE`: only what arrives on the device, and out by no other.
    BindToDevice(Option<Device>),
    /// `IP_MULTICAST_ALL`: whether groups that others joined are heard.
    MulticastAll(bool),
    /// `IP_MULTICAST_LOOP`: whether what is sent to a group is heard in this host.
    MulticastLoop(bool),
    /// `IP_MULTICAST_TTL`, `IPV6_MULTICAST_HOPS`.
    MulticastHops(u8),
    /// `IP_ADD_MEMBERSHIP`, `IPV6_JOIN_GROUP`: the group, and where; without a device the host decides. Not
    /// readable.
    JoinGroup(IpAddr, Option<Device>),
    /// `IP_DROP_MEMBERSHIP`, `IPV6_LEAVE_GROUP`. Not readable.
    LeaveGroup(IpAddr, Option<Device>),
    /// `IP_RECVERR`, `IPV6_RECVERR`: every ICMP error is reported, and kept for [`Call::RecvError`].
    ReceiveErrors(bool),
    /// `TCP_LINGER2`: seconds that an orphan may stay in FIN-WAIT-2; negative is not at all, zero as the host
    /// has it.
    LingerFinWait(i32),
    /// `TCP_DEFER_ACCEPT`: seconds to wait for data before a connection counts as complete; zero is off.
    DeferAccept(u32),
    /// `TCP_CORK`: segments that are not full wait.
    Cork(bool),
    /// `TCP_SYNCNT`: how often a SYN is repeated.
    SynCount(u8),
    /// `SO_ERROR`: reading it clears it. Not settable.
    Error(Option<Refused>),
    /// `SO_ACCEPTCONN`: whether the socket listens. Not settable.
    AcceptConn(bool),
}

/// The name of a socket option, for reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OptionName {
    /// `SO_REUSEADDR`.
    ReuseAddr,
    /// `SO_REUSEPORT`.
    ReusePort,
    /// `IPV6_V6ONLY`.
    V6Only,
    /// `SO_KEEPALIVE`.
    KeepAlive,
    /// `SO_BROADCAST`.
    Broadcast,
    /// `SO_OOBINLINE`.
    OobInline,
    /// `TCP_NODELAY`.
    NoDelay,
    /// `SO_LINGER`.
    Linger,
    /// `SO_RCVBUF`.
    ReceiveBuffer,
    /// `SO_SNDBUF`.
    SendBuffer,
    /// `TCP_MAXSEG`.
    MaxSegment,
    /// `TCP_USER_TIMEOUT`.
    UserTimeout,
    /// `TCP_KEEPIDLE`.
    KeepIdle,
    /// `TCP_KEEPINTVL`.
    KeepInterval,
    /// `TCP_KEEPCNT`.
    KeepCount,
    /// `IP_TTL`, `IPV6_UNICAST_HOPS`.
    HopLimit,
    /// `IP_TOS`, `IPV6_TCLASS`.
    TrafficClass,
    /// `IP_FREEBIND`.
    FreeBind,
    /// `IP_TRANSPARENT`.
    Transparent,
    /// `IP_BIND_ADDRESS_NO_PORT`.
    BindAddressNoPort,
    /// `IP_LOCAL_PORT_RANGE`.
    LocalPortRange,
    /// `SO_BINDTODEVICE`.
    BindToDevice,
    /// `IP_MULTICAST_ALL`.
    MulticastAll,
    /// `IP_MULTICAST_LOOP`.
    MulticastLoop,
    /// `IP_MULTICAST_TTL`, `IPV6_MULTICAST_HOPS`.
    MulticastHops,
    /// `IP_ADD_MEMBERSHIP`, `IPV6_JOIN_GROUP`.
    JoinGroup,
    /// `IP_DROP_MEMBERSHIP`, `IPV6_LEAVE_GROUP`.
    LeaveGroup,
    /// `IP_RECVERR`, `IPV6_RECVERR`.
    ReceiveErrors,
    /// `TCP_LINGER2`.
    LingerFinWait,
    /// `TCP_DEFER_ACCEPT`.
    DeferAccept,
    /// `TCP_CORK`.
    Cork,
    /// `TCP_SYNCNT`.
    SynCount,
    /// `SO_ERROR`.
    Error,
    /// `SO_ACCEPTCONN`.
    AcceptConn,
}

/// One call of the socket API.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// `socket(family, kind)` → [`Reply::Socket`].
    Socket {
        /// Address family.
        family: Family,
        /// Stream or datagram.
        kind: Kind,
    },
    /// `bind(sock, local)` → [`Reply::Done`]. Port 0 asks for an ephemeral port.
    Bind {
        /// The socket.
        sock: SocketId,
        /// The local endpoint.
        local: SocketAddr,
    },
    /// `listen(sock, backlog)` → [`Reply::Done`].
    Listen {
        /// The socket.
        sock: SocketId,
        /// Connections that may wait to be accepted; a negative number is as many as the host lets.
        backlog: i32,
    },
    /// `accept(sock)` → [`Reply::Accepted`].
    Accept {
        /// The listening socket.
        sock: SocketId,
    },
    /// `connect(sock, remote)`: a stream socket answers [`Refused::InProgress`],
    /// [`Refused::AlreadyInProgress`] while the attempt lasts, then once [`Reply::Done`] or the error that
    /// ended it, and [`Refused::AlreadyConnected`] after success; a datagram socket answers [`Reply::Done`].
    Connect {
        /// The socket.
        sock: SocketId,
        /// The remote endpoint.
        remote: SocketAddr,
    },
    /// `send(sock, data)` → [`Reply::Sent`], possibly with fewer octets than given.
    Send {
        /// The socket.
        sock: SocketId,
        /// The octets to send.
        data: Vec<u8>,
        /// `MSG_OOB`: the last octet is urgent.
        urgent: bool,
    },
    /// `recv(sock, max)` → [`Reply::Data`]; no octets means end of stream.
    Recv {
        /// The socket.
        sock: SocketId,
        /// Octets wanted at the most.
        max: u32,
    },
    /// `sendto(sock, to, data)` → [`Reply::Sent`].
    SendTo {
        /// The socket.
        sock: SocketId,
        /// Destination; `None` sends to the connected one.
        to: Option<SocketAddr>,
        /// The payload of one datagram.
        data: Vec<u8>,
    },
    /// `recvfrom(sock, max)` → [`Reply::Datagram`].
    RecvFrom {
        /// The socket.
        sock: SocketId,
        /// Octets wanted at the most; the rest of the datagram is lost.
        max: u32,
    },
    /// `shutdown(sock, how)` → [`Reply::Done`].
    Shutdown {
        /// The socket.
        sock: SocketId,
        /// The half to close.
        how: How,
    },
    /// `close(sock)` → [`Reply::Done`]. The number is gone; the connection may live on.
    Close {
        /// The socket.
        sock: SocketId,
    },
    /// `getsockname(sock)` → [`Reply::Name`].
    GetSockName {
        /// The socket.
        sock: SocketId,
    },
    /// `getpeername(sock)` → [`Reply::Name`].
    GetPeerName {
        /// The socket.
        sock: SocketId,
    },
    /// `setsockopt(sock, value)` → [`Reply::Done`].
    SetOption {
        /// The socket.
        sock: SocketId,
        /// Option and value.
        value: OptionValue,
    },
    /// `getsockopt(sock, name)` → [`Reply::Option`].
    GetOption {
        /// The socket.
        sock: SocketId,
        /// The option.
        name: OptionName,
    },
    /// `poll(sock)` → [`Reply::Ready`].
    Poll {
        /// The socket.
        sock: SocketId,
    },
    /// `connect(sock, AF_UNSPEC)` → [`Reply::Done`]: away with the peer.
    Disconnect {
        /// The socket.
        sock: SocketId,
    },
    /// `recv(sock, max, MSG_PEEK)` → [`Reply::Data`]: what is read stays.
    Peek {
        /// The socket.
        sock: SocketId,
        /// Octets wanted at the most.
        max: u32,
    },
    /// `recv(sock, 1, MSG_OOB)` → [`Reply::Data`]: the urgent octet.
    RecvUrgent {
        /// The socket.
        sock: SocketId,
    },
    /// `sockatmark(sock)` → [`Reply::Flag`]: whether what is read next is the urgent octet.
    AtMark {
        /// The socket.
        sock: SocketId,
    },
    /// `recvmsg(sock, MSG_ERRQUEUE)` → [`Reply::Failure`]: the oldest error that was kept.
    RecvError {
        /// The socket.
        sock: SocketId,
    },
    /// `seteuid(user)` → [`Reply::Done`]: who makes the calls that follow.
    Become {
        /// The user.
        user: User,
    },
    /// The administrator sets something of the whole host → [`Reply::Done`].
    Configure {
        /// What, and to what.
        setting: Setting,
    },
}

/// What `poll` reports (POSIX names in the comments).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Readiness {
    /// `POLLIN`: a receive or accept would not block (data, a connection, end of stream, an error).
    pub readable: bool,
    /// `POLLOUT`: a send would not block.
    pub writable: bool,
    /// `POLLPRI`: urgent data.
    pub urgent: bool,
    /// `POLLRDHUP`: the peer will send no more.
    pub read_closed: bool,
    /// `POLLHUP`: both directions are closed.
    pub hung_up: bool,
    /// `POLLERR`: an error waits in `SO_ERROR`.
    pub error: bool,
}

/// The answer to a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// Success without a value.
    Done,
    /// A new socket.
    Socket(SocketId),
    /// A connection taken from the accept queue.
    Accepted {
        /// Its socket.
        sock: SocketId,
        /// The other end.
        peer: SocketAddr,
    },
    /// Octets taken over for sending.
    Sent(u32),
    /// Octets received, in order; none means end of stream.
    Data(Vec<u8>),
    /// A datagram received.
    Datagram {
        /// Its sender.
        from: SocketAddr,
        /// The destination address it came to.
        to: IpAddr,
        /// Its payload, cut to what was asked for.
        data: Vec<u8>,
        /// Length of the whole payload in octets.
        whole_octets: u32,
    },
    /// An endpoint.
    Name(SocketAddr),
    /// The value of an option.
    Option(OptionValue),
    /// What would not block.
    Ready(Readiness),
    /// Yes or no.
    Flag(bool),
    /// An error that was kept, with the datagram that drew it.
    Failure {
        /// The error.
        error: Refused,
        /// Where the datagram was going.
        to: SocketAddr,
        /// As much of its payload as the error quoted.
        data: Vec<u8>,
    },
    /// The API says no.
    Refused(Refused),
}
