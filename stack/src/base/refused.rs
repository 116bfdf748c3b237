//! floor 0: why the socket API says no. POSIX names, Linux numbers.

use core::fmt;

macro_rules! refusals {
    ($($name:ident $errno:ident $number:literal $text:literal)*) => {
        /// The API says no: a value of `errno`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Refused {
            $(#[doc = concat!("`", stringify!($errno), "`: ", $text, ".")] $name,)*
        }

        impl Refused {
            /// Every refusal, in order of number.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name in `errno.h`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($errno),)* }
            }

            /// The number on Linux.
            pub const fn errno(self) -> i32 {
                match self { $(Self::$name => $number,)* }
            }

            /// The meaning as a phrase.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

refusals! {
    NotPermitted EPERM 1 "not permitted to this user"
    NoSuchSocket EBADF 9 "there is no such socket"
    WouldBlock EAGAIN 11 "the call would block"
    NoMemory ENOMEM 12 "no memory for it"
    AccessDenied EACCES 13 "permission denied"
    NoSuchDevice ENODEV 19 "there is no such device"
    InvalidArgument EINVAL 22 "the argument makes no sense here"
    BrokenPipe EPIPE 32 "the sending half is closed"
    NotOnNetwork ENONET 64 "the machine is not on the network"
    ProtocolError EPROTO 71 "a protocol error"
    DestinationRequired EDESTADDRREQ 89 "no destination given"
    MessageSize EMSGSIZE 90 "the datagram is too long"
    NoSuchOption ENOPROTOOPT 92 "the protocol has no such option"
    NotSupported EOPNOTSUPP 95 "the socket has no such operation"
    FamilyNotSupported EAFNOSUPPORT 97 "the address is of another family"
    AddrInUse EADDRINUSE 98 "another socket holds the address"
    AddrNotAvailable EADDRNOTAVAIL 99 "no such local address, or no free port"
    NetUnreachable ENETUNREACH 101 "no route to the network"
    ConnAborted ECONNABORTED 103 "the connection was aborted"
    ConnReset ECONNRESET 104 "the peer reset the connection"
    NoBuffers ENOBUFS 105 "no buffer space"
    AlreadyConnected EISCONN 106 "the socket is connected already"
    NotConnected ENOTCONN 107 "the socket is not connected"
    TimedOut ETIMEDOUT 110 "the peer did not answer in time"
    ConnRefused ECONNREFUSED 111 "the peer refused the connection"
    HostDown EHOSTDOWN 112 "the host is down"
    HostUnreachable EHOSTUNREACH 113 "no route to the host"
    AlreadyInProgress EALREADY 114 "a connection attempt is under way"
    InProgress EINPROGRESS 115 "the connection attempt has begun"
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.text())
    }
}
