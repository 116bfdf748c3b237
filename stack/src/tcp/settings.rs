//! floor 3: what can be set for a connection, with the defaults and where they come from.
//!
//! RFC1122-4.2.3.1-b: the bounds of the retransmission timeout are those of RFC 6298, which came later.

use crate::base::Span;

/// Octets of an IPv4 header without options and a TCP header without options.
const FIXED_HEADERS_V4: u16 = 40;
/// Octets of an IPv6 header and a TCP header without options.
const FIXED_HEADERS_V6: u16 = 60;

/// How a connection answers congestion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Slow start and congestion avoidance of RFC 5681.
    #[default]
    Reno,
    /// CUBIC (RFC 9438).
    Cubic,
    /// Only the peer's window bounds what is in flight. For whoever follows a sender with a congestion window
    /// of its own, and never for a network: RFC 5681 section 3.1 is not kept.
    Unbounded,
}

/// Whether a connection takes part in explicit congestion notification (RFC 3168 section 6.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EcnUse {
    /// Neither asks for it nor agrees to it.
    Never,
    /// Agrees if the peer asks.
    #[default]
    Accept,
    /// Asks for it, and agrees if the peer asks.
    Request,
}

/// When a silent peer is asked whether it is still there (RFC 9293 section 3.8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeepAlive {
    /// How long nothing may have come before the first probe: two hours by default, and not less.
    pub idle: Span,
    /// Time between two probes that nothing answers: 75 s by default.
    pub interval: Span,
    /// Probes without an answer after which the connection is given up: 9 by default.
    pub probes: u8,
}

impl Default for KeepAlive {
    fn default() -> Self {
        //= RFC9293-MUST-28
        Self { idle: Span::from_secs(7200), interval: Span::from_secs(75), probes: 9 }
    }
}

/// When a SYN is sent again that nothing answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SynSchedule {
    /// After a timeout that doubles each time (RFC 6298 section 5.5, a MUST).
    #[default]
    Doubling,
    /// As Linux does it: the timeout begins to double after the fourth repetition, so that a SYN leaves at 0,
    /// 1, 2, 3, 4, 5, 7, 11 seconds and so on.
    LinearFirst,
}

/// The settings of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The size to announce in the MSS option, in octets (RFC 9293 section 3.7.1).
    pub mss_receive_octets: u16,
    /// The largest segment that the IP layer can send, less the fixed TCP header, in octets: MMS_S - 20.
    pub mss_send_limit_octets: u16,
    /// The peer's MSS if it announces none, in octets: 536 for IPv4, 1220 for IPv6 (RFC 9293 section 3.7.1).
    pub mss_default_octets: u16,
    /// The size that every link carries, in octets: 28 for IPv4, 1220 for IPv6 (RFC 791 section 3.2, RFC 8200
    /// section 5). Segments never get smaller on behalf of the path.
    pub mss_least_octets: u16,
    /// Whether to offer window scaling, and to accept it (RFC 7323 section 2).
    pub window_scale: bool,
    /// Whether to offer timestamps, and to accept them (RFC 7323 section 3).
    pub timestamps: bool,
    /// Whether to offer selective acknowledgement, and to accept it (RFC 2018 section 2).
    pub sack: bool,
    /// Explicit congestion notification.
    pub ecn: EcnUse,
    /// Congestion control.
    pub congestion: Algorithm,
    /// Nagle's algorithm (RFC 9293 section 3.7.4); an application can disable it.
    pub nagle: bool,
    /// Keep-alives; off by default (RFC 9293 section 3.8.4).
    pub keep_alive: Option<KeepAlive>,
    /// Whether the user timeout that the peer announces bounds the own one (RFC 5482 section 3.1).
    pub adopt_user_timeout: bool,
    /// Whether urgent octets are read in line, as RFC 6093 section 6 wants it. Otherwise the last one is read
    /// apart from the others (`SO_OOBINLINE`).
    pub urgent_in_line: bool,
    /// Whether resets are ignored in TIME-WAIT (RFC 1337 section 3, fix F1).
    pub protect_time_wait: bool,
    /// Whether the path is probed for a larger MTU, and for one that nobody tells of (RFC 4821).
    pub probe_path: bool,
    /// RCV.BUFF: octets that wait for the application at the most.
    pub receive_buffer_octets: u32,
    /// Octets that wait for acknowledgement at the most.
    pub send_buffer_octets: u32,
    /// R2 for data: how long nothing may be acknowledged before the connection is given up. `None` leaves the
    /// decision to the application. Five minutes by default (RFC 9293 section 3.9.1.1).
    pub user_timeout: Option<Span>,
    /// R2 for a SYN. Three minutes by default; less breaks RFC 9293 section 3.8.3 unless the application
    /// wishes it.
    pub syn_timeout: Span,
    /// How often a SYN is sent again; `None` as long as [`Self::syn_timeout`] allows. An application may wish
    /// for less than RFC 9293 section 3.8.3 demands.
    pub syn_repeats: Option<u8>,
    /// When a SYN is sent again.
    pub syn_schedule: SynSchedule,
    /// Whether a soft ICMP error ends an attempt to connect, as on Linux. RFC 9293 section 3.9.2.2 forbids it
    /// (MUST-56), and RFC 5461 section 3 tells why stacks do it all the same.
    pub soft_errors_end_opening: bool,
    /// Whether short segments wait until they are full, for half a second at the most (`TCP_CORK`).
    pub cork: bool,
    /// Maximum segment lifetime. RFC 9293 section 3.4.2 takes 2 minutes and calls that an engineering choice;
    /// the default here is 30 s, which is what the common stacks have made of it (TIME-WAIT of one minute).
    pub msl: Span,
    /// RTO before the first round trip was measured: 1 s (RFC 6298 section 2.1).
    pub rto_initial: Span,
    /// Lower bound of the RTO: 1 s (RFC 6298 section 2.4).
    pub rto_min: Span,
    /// Upper bound of the RTO: 60 s, the least that RFC 6298 section 2.5 permits.
    pub rto_max: Span,
    /// Challenge ACKs that may be sent in [`Self::challenge_interval`]: 10 (RFC 5961 section 7).
    pub challenge_acks: u32,
    /// The interval of that limit: 5 s (RFC 5961 section 7).
    pub challenge_interval: Span,
}

impl Settings {
    /// The defaults for IPv4 over a link that carries packets of `mtu_octets`.
    pub const fn ipv4(mtu_octets: u16) -> Self {
        //= RFC6691-2-a
        //= RFC9293-MUST-67
        let mss = mtu_octets.saturating_sub(FIXED_HEADERS_V4);
        //= RFC9293-MUST-15
        Self::with_mss(mss, 536, 68 - FIXED_HEADERS_V4)
    }

    /// The defaults for IPv6 over a link that carries packets of `mtu_octets`.
    pub const fn ipv6(mtu_octets: u16) -> Self {
        //= RFC6691-2-a
        //= RFC9293-MUST-67
        let mss = mtu_octets.saturating_sub(FIXED_HEADERS_V6);
        //= RFC9293-MUST-15
        Self::with_mss(mss, 1220, 1280 - FIXED_HEADERS_V6)
    }

    const fn with_mss(mss: u16, mss_default_octets: u16, mss_least_octets: u16) -> Self {
        Self {
            // Whatever fits the link can be put together from fragments, too.
            //= RFC9293-MUST-67
            mss_receive_octets: mss,
            mss_send_limit_octets: mss,
            mss_default_octets,
            mss_least_octets,
            window_scale: true,
            timestamps: true,
            sack: true,
            ecn: EcnUse::Accept,
            congestion: Algorithm::Reno,
            nagle: true,
            //= RFC9293-MUST-25
            keep_alive: None,
            adopt_user_timeout: false,
            urgent_in_line: true,
            protect_time_wait: false,
            probe_path: false,
            receive_buffer_octets: 65_535,
            send_buffer_octets: 65_535,
            user_timeout: Some(Span::from_secs(300)),
            //= RFC9293-MUST-23
            syn_timeout: Span::from_secs(180),
            syn_repeats: None,
            syn_schedule: SynSchedule::Doubling,
            soft_errors_end_opening: false,
            cork: false,
            msl: Span::from_secs(30),
            //= RFC6298-2.1-a
            rto_initial: Span::from_secs(1),
            //= RFC6298-2.4-a
            rto_min: Span::from_secs(1),
            //= RFC6298-2.5-a
            rto_max: Span::from_secs(60),
            //= RFC5961-7-b
            challenge_acks: 10,
            challenge_interval: Span::from_secs(5),
        }
    }
}

impl Settings {
    /// With what Linux does otherwise than the RFCs say, as far as it shows in calls and on the wire.
    #[must_use]
    pub const fn as_linux(self) -> Self {
        Self { syn_schedule: SynSchedule::LinearFirst, soft_errors_end_opening: true, ..self }
    }
}

impl Default for Settings {
    /// IPv4 over Ethernet.
    fn default() -> Self {
        Self::ipv4(1500)
    }
}
