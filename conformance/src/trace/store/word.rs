//! floor 6: the closed vocabularies of stored traces, each value with its word.

use crate::trace::Link;
use stack::base::{Refused, Why};
use stack::sock::{Device, Family, How, Kind, OptionName, SynCookies, TimeWaitReuse};

/// A value that is stored as one word.
pub(super) trait Word: Copy + Sized + 'static {
    /// Calls `found` with every value until it says to stop.
    fn find(found: impl FnMut(Self) -> bool) -> Option<Self>;
    /// The word.
    fn word(self) -> String;

    /// The value with that word.
    fn from_word(word: &str) -> Option<Self> {
        Self::find(|value| value.word() == word)
    }
}

/// The compiler sees to it that no value of the type is missing.
macro_rules! words {
    ($($type:ident { $($value:ident $word:literal)* })*) => {
        $(impl Word for $type {
            fn find(mut found: impl FnMut(Self) -> bool) -> Option<Self> {
                [$(Self::$value),*].into_iter().find(|value| found(*value))
            }

            fn word(self) -> String {
                match self { $(Self::$value => $word,)* }.to_owned()
            }
        })*
    };
}

words! {
    Link { Ip "ip" Ethernet "ethernet" }
    Family { V4 "AF_INET" V6 "AF_INET6" }
    Kind { Stream "SOCK_STREAM" Datagram "SOCK_DGRAM" }
    Device { Loopback "lo" Interface "eth" }
    SynCookies { Never "never" UnderFlood "under-flood" WhenFull "when-full" Always "always" }
    TimeWaitReuse { Never "never" Always "always" Loopback "loopback" }
    How { Read "SHUT_RD" Write "SHUT_WR" Both "SHUT_RDWR" }
    OptionName {
        ReuseAddr "SO_REUSEADDR"
        ReusePort "SO_REUSEPORT"
        V6Only "IPV6_V6ONLY"
        KeepAlive "SO_KEEPALIVE"
        Broadcast "SO_BROADCAST"
        OobInline "SO_OOBINLINE"
        NoDelay "TCP_NODELAY"
        Linger "SO_LINGER"
        ReceiveBuffer "SO_RCVBUF"
        SendBuffer "SO_SNDBUF"
        MaxSegment "TCP_MAXSEG"
        UserTimeout "TCP_USER_TIMEOUT"
        KeepIdle "TCP_KEEPIDLE"
        KeepInterval "TCP_KEEPINTVL"
        KeepCount "TCP_KEEPCNT"
        HopLimit "IP_TTL"
        TrafficClass "IP_TOS"
        FreeBind "IP_FREEBIND"
        Transparent "IP_TRANSPARENT"
        BindAddressNoPort "IP_BIND_ADDRESS_NO_PORT"
        LocalPortRange "IP_LOCAL_PORT_RANGE"
        BindToDevice "SO_BINDTODEVICE"
        MulticastAll "IP_MULTICAST_ALL"
        MulticastLoop "IP_MULTICAST_LOOP"
        MulticastHops "IP_MULTICAST_TTL"
        JoinGroup "IP_ADD_MEMBERSHIP"
        LeaveGroup "IP_DROP_MEMBERSHIP"
        ReceiveErrors "IP_RECVERR"
        LingerFinWait "TCP_LINGER2"
        DeferAccept "TCP_DEFER_ACCEPT"
        Cork "TCP_CORK"
        SynCount "TCP_SYNCNT"
        Error "SO_ERROR"
        AcceptConn "SO_ACCEPTCONN"
    }
}

impl Word for Refused {
    fn find(mut found: impl FnMut(Self) -> bool) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| found(*value))
    }

    fn word(self) -> String {
        self.name().to_owned()
    }
}

impl Word for Why {
    fn find(mut found: impl FnMut(Self) -> bool) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| found(*value))
    }

    fn word(self) -> String {
        format!("{self:?}")
    }
}
