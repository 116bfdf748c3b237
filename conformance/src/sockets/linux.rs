//! floor 8: the kernel that this program runs on, asked in two network namespaces of its own.
//!
//! Sockets belong to the namespace that they were made in, and the effective user is one of the calling
//! thread: so a single thread plays both hosts and all users. What a call sets off by way of packets happens
//! in the kernel's queue of arrivals of one processor, in order. The thread stays on its processor, and after
//! each call it sends packets of its own through that queue: when they arrive, the rest has.

mod access;
mod link;
mod names;
mod options;
mod settings;
pub(crate) mod sys;

use super::{End, Look, World, addrs};
use crate::host::Fault;
pub use access::{Access, access};
use options::Number;
use settings::Settings;
use stack::base::{Refused, Span};
use stack::sock::{Call, Family, How, Kind, OptionName, Readiness, Reply, SocketId, User};
use stack::tcp::State;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// Octets that one call receives at the most: more than any datagram has.
const RECEIVE_MAX: usize = 1 << 20;

/// Packets that go through the queue of arrivals after a call: an answer to an answer to an answer comes
/// after the first of them.
const ROUNDS: usize = 4;

/// How long such a packet may take, in milliseconds, before the rig counts as broken.
const ROUND_MAX_MS: i32 = 1_000;

/// A socket that an application has open.
struct Socket {
    fd: OwnedFd,
    family: Family,
    kind: Kind,
}

/// One of the two hosts.
struct Host {
    network: OwnedFd,
    /// Index of the device of the link.
    interface: u32,
    /// Socket N stands at N - 1.
    sockets: Vec<Option<Socket>>,
    user: User,
    settings: Settings,
    /// A socket whose packets come back to it through the loopback device, and its name.
    echo: (OwnedFd, Vec<u8>),
}

/// Two namespaces of the kernel with a link between them.
pub struct Kernel {
    hosts: [Host; 2],
    /// The end whose namespace the thread is in.
    present: End,
    /// Whether packets have crossed the link.
    met: bool,
}

/// Why a call has no answer: the kernel says no, or the rig fails.
enum Failed {
    Kernel(io::Error),
    Rig(Fault),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Kernel(error)
    }
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self::Rig(fault)
    }
}

/// Something around this program fails that is no answer to a question: it is not permitted or not to be had,
/// or else the rig is broken.
fn rig(what: &'static str) -> impl Fn(io::Error) -> Fault {
    use io::ErrorKind::{NotFound, PermissionDenied, ReadOnlyFilesystem, StorageFull, Unsupported};
    move |error| {
        let told = format!("{what}: {error}");
        let kind = error.kind();
        let is_lack =
            [NotFound, PermissionDenied, ReadOnlyFilesystem, StorageFull, Unsupported].contains(&kind);
        if is_lack { Fault::Env(told) } else { Fault::Protocol(told) }
    }
}

/// A number of the kernel that has no word here.
fn unknown(what: &str) -> Failed {
    Failed::Rig(Fault::Protocol(format!("the kernel answers with {what}, which has no word here")))
}

/// The release of the kernel, such as `6.18.44`.
pub fn release() -> String {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    release.trim().to_owned()
}

/// How the releases begin whose answers are recorded: rows, the matrix of binds, accepted differences.
pub const RECORDED: &str = "6.18.";

/// Whether this kernel has to answer as recorded. What another one does differently is shown, and no failure.
pub fn is_recorded() -> bool {
    release().starts_with(RECORDED)
}

/// Makes two namespaces, and lets `ask` ask in them, on a thread of its own.
///
/// # Errors
/// [`Fault::Env`] where namespaces are not to be had.
pub fn with_kernel<T: Send>(ask: impl FnOnce(&mut Kernel) -> T + Send) -> Result<T, Fault> {
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| Kernel::new().map(|mut kernel| ask(&mut kernel)));
        asked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

impl Host {
    fn new(end: End, (network, interface): (OwnedFd, u32)) -> io::Result<Self> {
        sys::enter_network(network.as_fd())?;
        let echo = sys::socket(libc::AF_INET, libc::SOCK_RAW, ECHO_PROTOCOL)?;
        let name = names::to_octets(ECHO, interface);
        sys::bind(echo.as_fd(), &name)?;
        addrs(end).into_iter().try_for_each(|(addr, _)| come_home(addr, interface))?;
        let settings = Settings::default();
        Ok(Self { network, interface, sockets: Vec::new(), user: User::ROOT, settings, echo: (echo, name) })
    }

    fn socket(&self, id: SocketId) -> Result<&Socket, Failed> {
        let at = usize::try_from(id.0).ok().and_then(|number| number.checked_sub(1));
        let socket = at.and_then(|at| self.sockets.get(at)?.as_ref());
        socket.ok_or_else(|| io::Error::from_raw_os_error(Refused::NoSuchSocket.errno()).into())
    }

    fn fd(&self, id: SocketId) -> Result<BorrowedFd<'_>, Failed> {
        Ok(self.socket(id)?.fd.as_fd())
    }

    fn add(&mut self, fd: OwnedFd, family: Family, kind: Kind) -> SocketId {
        self.sockets.push(Some(Socket { fd, family, kind }));
        SocketId(u32::try_from(self.sockets.len()).unwrap_or(u32::MAX))
    }

    fn name(&self, octets: &[u8]) -> Result<SocketAddr, Failed> {
        names::from_octets(octets, self.interface).ok_or_else(|| unknown("a name"))
    }

    fn open(&mut self, family: Family, kind: Kind) -> Result<Reply, Failed> {
        let domain = match family {
            Family::V4 => libc::AF_INET,
            Family::V6 => libc::AF_INET6,
        };
        let type_ = match kind {
            Kind::Stream => libc::SOCK_STREAM,
            Kind::Datagram => libc::SOCK_DGRAM,
        };
        let fd = sys::socket(domain, type_ | libc::SOCK_NONBLOCK, 0)?;
        if kind == Kind::Datagram {
            // Where a datagram was sent to is told with it.
            let wants = match family {
                Family::V4 => (libc::IPPROTO_IP, libc::IP_PKTINFO),
                Family::V6 => (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO),
            };
            sys::set_option(fd.as_fd(), wants, &1_i32.to_ne_bytes())?;
        }
        Ok(Reply::Socket(self.add(fd, family, kind)))
    }

    fn accept(&mut self, sock: SocketId) -> Result<Reply, Failed> {
        let family = self.socket(sock)?.family;
        let (fd, name) = sys::accept(self.fd(sock)?)?;
        let peer = self.name(&name)?;
        Ok(Reply::Accepted { sock: self.add(fd, family, Kind::Stream), peer })
    }

    fn receive(&self, sock: SocketId, max: u32, flags: libc::c_int) -> Result<Reply, Failed> {
        let max = usize::try_from(max).unwrap_or(RECEIVE_MAX).min(RECEIVE_MAX);
        Ok(Reply::Data(sys::receive(self.fd(sock)?, max, flags)?))
    }

    fn receive_from(&self, sock: SocketId, max: u32) -> Result<Reply, Failed> {
        let socket = self.socket(sock)?;
        if socket.kind == Kind::Stream {
            return self.receive(sock, max, 0);
        }
        let max = usize::try_from(max).unwrap_or(RECEIVE_MAX).min(RECEIVE_MAX);
        let message = sys::receive_message(socket.fd.as_fd(), max, libc::MSG_TRUNC)?;
        if message.name.is_empty() {
            // A half that is shut has nothing to say, and nobody to say it came from.
            return Ok(Reply::Data(message.data));
        }
        let to = message.control.iter().find_map(|(level, kind, octets)| match (*level, *kind) {
            // What the packet said stands behind the index and the own address.
            (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                Some(IpAddr::from(<[u8; 4]>::try_from(octets.get(8..12)?).ok()?))
            }
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                Some(IpAddr::from(<[u8; 16]>::try_from(octets.get(..16)?).ok()?))
            }
            _ => None,
        });
        let to = to.ok_or_else(|| unknown("a datagram to nobody"))?;
        let whole_octets = u32::try_from(message.whole_octets).unwrap_or(u32::MAX);
        Ok(Reply::Datagram { from: self.name(&message.name)?, to, data: message.data, whole_octets })
    }

    fn receive_error(&self, sock: SocketId) -> Result<Reply, Failed> {
        let message = sys::receive_message(self.fd(sock)?, RECEIVE_MAX, libc::MSG_ERRQUEUE)?;
        let errno = message.control.iter().find_map(|(level, kind, octets)| match (*level, *kind) {
            (libc::IPPROTO_IP, libc::IP_RECVERR) | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR) => {
                octets.first_chunk::<4>().map(|errno| i32::from_ne_bytes(*errno))
            }
            _ => None,
        });
        let error = refused(errno.unwrap_or(0)).ok_or_else(|| unknown("a kept error"))?;
        Ok(Reply::Failure { error, to: self.name(&message.name)?, data: message.data })
    }

    fn poll(&self, sock: SocketId) -> Result<Reply, Failed> {
        let all = libc::POLLIN | libc::POLLOUT | libc::POLLPRI | libc::POLLRDHUP;
        let events = sys::poll(self.fd(sock)?, all, 0)?;
        let has = |event: i16| events & event != 0;
        Ok(Reply::Ready(Readiness {
            readable: has(libc::POLLIN),
            writable: has(libc::POLLOUT),
            urgent: has(libc::POLLPRI),
            read_closed: has(libc::POLLRDHUP),
            hung_up: has(libc::POLLHUP),
            error: has(libc::POLLERR),
        }))
    }

    fn option(&self, sock: SocketId, name: OptionName) -> Result<Reply, Failed> {
        /// Octets of the longest value: the name of a device.
        const VALUE_OCTETS: usize = 16;
        let socket = self.socket(sock)?;
        let octets = sys::option(socket.fd.as_fd(), options::number(name, socket.family), VALUE_OCTETS)?;
        let value = options::from_octets(name, &octets);
        Ok(Reply::Option(value.ok_or_else(|| unknown("the value of an option"))?))
    }

    fn make(&mut self, call: &Call) -> Result<Reply, Failed> {
        let interface = self.interface;
        match call {
            Call::Socket { family, kind } => return self.open(*family, *kind),
            Call::Accept { sock } => return self.accept(*sock),
            Call::Recv { sock, max } => return self.receive(*sock, *max, 0),
            Call::Peek { sock, max } => return self.receive(*sock, *max, libc::MSG_PEEK),
            Call::RecvUrgent { sock } => return self.receive(*sock, 1, libc::MSG_OOB),
            Call::RecvFrom { sock, max } => return self.receive_from(*sock, *max),
            Call::RecvError { sock } => return self.receive_error(*sock),
            Call::Poll { sock } => return self.poll(*sock),
            Call::GetOption { sock, name } => return self.option(*sock, *name),
            Call::GetSockName { sock } => {
                return Ok(Reply::Name(self.name(&sys::local_name(self.fd(*sock)?)?)?));
            }
            Call::GetPeerName { sock } => {
                return Ok(Reply::Name(self.name(&sys::peer_name(self.fd(*sock)?)?)?));
            }
            Call::AtMark { sock } => {
                return Ok(Reply::Flag(sys::number(self.fd(*sock)?, SIOCATMARK)? != 0));
            }
            Call::Send { sock, data, urgent } => {
                let flags = if *urgent { libc::MSG_OOB } else { 0 };
                return sent(sys::send(self.fd(*sock)?, data, flags, None)?);
            }
            Call::SendTo { sock, to, data } => {
                let to = to.map(|to| names::to_octets(to, interface));
                return sent(sys::send(self.fd(*sock)?, data, 0, to.as_deref())?);
            }
            Call::Bind { sock, local } => {
                sys::bind(self.fd(*sock)?, &names::to_octets(*local, interface))?;
            }
            Call::Listen { sock, backlog } => sys::listen(self.fd(*sock)?, *backlog)?,
            Call::Connect { sock, remote } => {
                sys::connect(self.fd(*sock)?, &names::to_octets(*remote, interface))?;
            }
            Call::Disconnect { sock } => sys::connect(self.fd(*sock)?, &names::nobody())?,
            Call::Shutdown { sock, how } => sys::shutdown(self.fd(*sock)?, shut(*how))?,
            Call::Close { sock } => {
                self.fd(*sock)?;
                let at = usize::try_from(sock.0).unwrap_or(0);
                // The descriptor goes with its owner.
                self.sockets.get_mut(at - 1).map(Option::take);
            }
            Call::SetOption { sock, value } => {
                let (name, octets) = options::to_octets(value, interface)?;
                let socket = self.socket(*sock)?;
                let number: Number = options::number(name, socket.family);
                sys::set_option(socket.fd.as_fd(), number, &octets)?;
            }
            Call::Become { user } => {
                // Whether there is such a user is seen at once.
                act_as(*user)?;
                self.user = *user;
            }
            Call::Configure { setting } => self.settings.set(setting)?,
        }
        Ok(Reply::Done)
    }

    /// The call as the user of this host makes it. Otherwise the thread acts as user 0.
    fn make_as_user(&mut self, call: &Call) -> Result<Reply, Failed> {
        // Settings are the administrator's, whoever makes the calls.
        let by_root = matches!(call, Call::Configure { .. });
        if by_root || self.user == User::ROOT && !matches!(call, Call::Become { .. }) {
            return self.make(call);
        }
        if !matches!(call, Call::Become { .. }) {
            act_as(self.user)?;
        }
        let reply = self.make(call);
        act_as(User::ROOT)?;
        reply
    }

    /// A packet goes through the queue of arrivals.
    fn round(&self) -> io::Result<()> {
        let (fd, name) = &self.echo;
        sys::send(fd.as_fd(), &[], 0, Some(name))?;
        if sys::poll(fd.as_fd(), libc::POLLIN, ROUND_MAX_MS)? == 0 {
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        sys::receive(fd.as_fd(), 0, 0).map(|_| ())
    }
}

/// The name that the echo of a host is bound to: an address that no script uses.
const ECHO: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 255, 255, 254)), 0);

/// Its protocol, which is for experiments (RFC 3692) and so in nobody's way: it has no ports.
const ECHO_PROTOCOL: libc::c_int = 253;

/// The addresses of the peer that the host looks for first.
const PEER_V4: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 2);
const PEER_V6: Ipv6Addr = Ipv6Addr::new(0xfd99, 0, 0, 0, 0, 0, 0, 2);

/// `sockatmark`.
const SIOCATMARK: libc::Ioctl = 0x8905;

/// Waits until what the host sends to an address of its own comes back. The kernel has the route to an
/// address of IPv6 only a moment after the address: until then a packet for it leaves over the link, and is
/// lost.
fn come_home(addr: IpAddr, interface: u32) -> io::Result<()> {
    const TRIES: u32 = 10_000;
    let (family, scope) = match addr {
        IpAddr::V4(_) => return Ok(()),
        IpAddr::V6(addr) => (libc::AF_INET6, u32::from(addr.is_unicast_link_local())),
    };
    let name = match addr {
        IpAddr::V6(addr) if scope != 0 => SocketAddrV6::new(addr, 0, 0, scope).into(),
        IpAddr::V4(_) | IpAddr::V6(_) => SocketAddr::new(addr, 0),
    };
    let name = names::to_octets(name, interface);
    let probe = sys::socket(family, libc::SOCK_RAW, ECHO_PROTOCOL)?;
    sys::bind(probe.as_fd(), &name)?;
    let arrives = |_| {
        let sent = sys::send(probe.as_fd(), &[], 0, Some(&name));
        sent.is_ok() && sys::poll(probe.as_fd(), libc::POLLIN, 1).is_ok_and(|events| events != 0)
    };
    if (0..TRIES).any(arrives) { Ok(()) } else { Err(io::Error::from(io::ErrorKind::TimedOut)) }
}

fn sent(octets: usize) -> Result<Reply, Failed> {
    Ok(Reply::Sent(u32::try_from(octets).unwrap_or(u32::MAX)))
}

const fn shut(how: How) -> libc::c_int {
    match how {
        How::Read => libc::SHUT_RD,
        How::Write => libc::SHUT_WR,
        How::Both => libc::SHUT_RDWR,
    }
}

fn refused(errno: i32) -> Option<Refused> {
    Refused::ALL.iter().copied().find(|refused| refused.errno() == errno)
}

/// The thread acts as that user from now on.
fn act_as(user: User) -> Result<(), Fault> {
    sys::become_user(user.0).map_err(|_| Fault::Env(format!("there is no user {} here", user.0)))
}

/// Whether a call may set off anything that travels.
const fn may_send(call: &Call) -> bool {
    match call {
        Call::Connect { .. }
        | Call::Disconnect { .. }
        | Call::Send { .. }
        | Call::SendTo { .. }
        | Call::Recv { .. }
        | Call::RecvFrom { .. }
        | Call::Shutdown { .. }
        | Call::Close { .. }
        | Call::SetOption { .. } => true,
        Call::Socket { .. }
        | Call::Bind { .. }
        | Call::Listen { .. }
        | Call::Accept { .. }
        | Call::GetSockName { .. }
        | Call::GetPeerName { .. }
        | Call::GetOption { .. }
        | Call::Poll { .. }
        | Call::Peek { .. }
        | Call::RecvUrgent { .. }
        | Call::AtMark { .. }
        | Call::RecvError { .. }
        | Call::Become { .. }
        | Call::Configure { .. } => false,
    }
}

impl Kernel {
    /// Two namespaces in which nothing has happened. The calling thread is in one of them for good.
    fn new() -> Result<Self, Fault> {
        sys::stay_on_processor().map_err(rig("the thread does not stay on its processor"))?;
        let networks = link::networks().map_err(rig("no network namespaces"))?;
        let [host, peer] = networks;
        let host = Host::new(End::Host, host).map_err(rig("a socket of the rig"))?;
        let peer = Host::new(End::Peer, peer).map_err(rig("a socket of the rig"))?;
        Ok(Self { hosts: [host, peer], present: End::Peer, met: false })
    }

    /// Closes all sockets and takes settings back. Connections that have ended, and their ports, stay for
    /// as long as the kernel keeps them.
    ///
    /// # Errors
    /// The rig failed.
    pub fn renew(&mut self) -> Result<(), Fault> {
        for end in [End::Host, End::Peer] {
            self.enter(end)?;
            let host = self.host(end);
            host.sockets.clear();
            host.user = User::ROOT;
            host.settings.take_back().map_err(rig("a setting does not go back"))?;
        }
        self.settle()
    }

    /// Leaves these namespaces for fresh ones.
    ///
    /// # Errors
    /// The rig failed.
    pub fn leave(&mut self) -> Result<(), Fault> {
        *self = Self::new()?;
        Ok(())
    }

    const fn host(&mut self, end: End) -> &mut Host {
        let [host, peer] = &mut self.hosts;
        match end {
            End::Host => host,
            End::Peer => peer,
        }
    }

    fn enter(&mut self, end: End) -> Result<(), Fault> {
        if end == End::Peer && !self.met {
            self.met = true;
            self.meet()?;
        }
        if self.present != end {
            sys::enter_network(self.host(end).network.as_fd()).map_err(rig("a namespace is gone"))?;
            self.present = end;
        }
        Ok(())
    }

    /// The kernel takes a moment until a link carries packets, and both ends have to learn of each other.
    fn meet(&mut self) -> Result<(), Fault> {
        const TRIES: u32 = 2_000;
        let said = rig("nothing crosses the link");
        for (family, addr) in [(libc::AF_INET, IpAddr::V4(PEER_V4)), (libc::AF_INET6, IpAddr::V6(PEER_V6))] {
            let open = || sys::socket(family, libc::SOCK_RAW, ECHO_PROTOCOL);
            sys::enter_network(self.host(End::Host).network.as_fd()).map_err(&said)?;
            let from = open().map_err(&said)?;
            sys::enter_network(self.host(End::Peer).network.as_fd()).map_err(&said)?;
            let to = open().map_err(&said)?;
            let name = names::to_octets(SocketAddr::new(addr, 0), 0);
            let arrives = |_| {
                // What the link does not take yet is lost, or refused.
                let sent = sys::send(from.as_fd(), &[], 0, Some(&name));
                sent.is_ok() && sys::poll(to.as_fd(), libc::POLLIN, 1).is_ok_and(|events| events != 0)
            };
            if !(0..TRIES).any(arrives) {
                return Err(said(io::Error::from(io::ErrorKind::TimedOut)));
            }
        }
        self.present = End::Peer;
        Ok(())
    }

    /// Waits until what is on its way has arrived, and what that set off.
    fn settle(&mut self) -> Result<(), Fault> {
        let [host, _] = &self.hosts;
        (0..ROUNDS).try_for_each(|_| host.round()).map_err(rig("a packet of the rig does not come back"))
    }
}

impl World for Kernel {
    fn call(&mut self, end: End, call: &Call) -> Result<Reply, Fault> {
        if matches!(call, Call::Socket { .. } | Call::Configure { .. }) {
            self.enter(end)?;
        }
        let reply = match self.host(end).make_as_user(call) {
            Ok(reply) => reply,
            Err(Failed::Rig(fault)) => return Err(fault),
            Err(Failed::Kernel(error)) => {
                let known = error.raw_os_error().and_then(refused);
                let said = || Fault::Protocol(format!("the kernel says {error}, which has no word here"));
                Reply::Refused(known.ok_or_else(said)?)
            }
        };
        if may_send(call) {
            self.settle()?;
        }
        Ok(reply)
    }

    fn wait(&mut self, span: Span) -> Result<(), Fault> {
        std::thread::sleep(Duration::from_nanos(span.as_nanos()));
        self.settle()
    }

    fn look(&mut self, end: End, sock: SocketId) -> Result<Look, Fault> {
        let host = self.host(end);
        let look = host.socket(sock).and_then(|socket| look(socket).map_err(Failed::from));
        look.map_err(|failed| match failed {
            Failed::Rig(fault) => fault,
            Failed::Kernel(error) => Fault::Protocol(format!("no look at a socket: {error}")),
        })
    }
}

/// What the kernel tells of a socket.
fn look(socket: &Socket) -> io::Result<Look> {
    /// Where `struct tcp_info` has the connections that wait to be accepted, and the backlog, of a listener.
    const WAITING_AT: usize = 24;
    const BACKLOG_AT: usize = 28;
    let fd = socket.fd.as_fd();
    let queue = |request| sys::number(fd, request).map(|octets| u64::try_from(octets).unwrap_or(0));
    if socket.kind == Kind::Datagram {
        return Ok(Look { state: None, receive_queue: queue(SIOCINQ)?, send_queue: queue(SIOCOUTQ)? });
    }
    let info = sys::option(fd, (libc::IPPROTO_TCP, libc::TCP_INFO), 104)?;
    let count = |at: usize| {
        let octets = info.get(at..at + 4).and_then(|octets| octets.try_into().ok());
        u64::from(octets.map_or(0, u32::from_ne_bytes))
    };
    let state = state(info.first().copied().unwrap_or(0));
    let (receive_queue, send_queue) = match state {
        State::Listen => (count(WAITING_AT), count(BACKLOG_AT)),
        State::Closed
        | State::SynSent
        | State::SynReceived
        | State::Established
        | State::FinWait1
        | State::FinWait2
        | State::CloseWait
        | State::Closing
        | State::LastAck
        | State::TimeWait => (queue(SIOCINQ)?, queue(SIOCOUTQ)?),
    };
    Ok(Look { state: Some(state), receive_queue, send_queue })
}

/// `FIONREAD` and `TIOCOUTQ`, by the names that they have for sockets.
const SIOCINQ: libc::Ioctl = libc::FIONREAD;
const SIOCOUTQ: libc::Ioctl = libc::TIOCOUTQ;

/// The states in the order of the kernel's numbers.
const fn state(number: u8) -> State {
    match number {
        1 => State::Established,
        2 => State::SynSent,
        3 | 12 => State::SynReceived,
        4 => State::FinWait1,
        5 => State::FinWait2,
        6 => State::TimeWait,
        8 => State::CloseWait,
        9 => State::LastAck,
        10 => State::Listen,
        11 => State::Closing,
        _ => State::Closed,
    }
}
