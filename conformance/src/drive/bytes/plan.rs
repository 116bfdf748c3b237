//! floor 7: what a fuzzer can make happen to a host: operations aimed at what the host has just done.
//!
//! Sequence numbers are relative to what the host sent and acknowledged last, ends are those of live
//! connections, and the few other addresses and ports collide often.

use super::code::{Code, Octets, coded};
use arbitrary::{Result, Unstructured};

/// Operations in a plan at the most.
pub const OPERATIONS_MAX: usize = 64;

coded! {
    /// How a run begins.
    pub enum Opening {
        /// A peer opens a connection to port 80, which is accepted.
        Accepted {
            /// What the peer's SYN offers.
            offer: Offer,
            /// Sequence number of that SYN.
            initial: u32,
        },
        /// The host opens a connection to a peer.
        Connected {
            /// What the peer's SYN,ACK offers.
            offer: Offer,
            /// Sequence number of that SYN,ACK.
            initial: u32,
        },
        /// A stream socket listens on port 80.
        Listening,
        /// A datagram socket is bound to port 53.
        Datagrams,
        /// Nothing.
        Bare,
    }
}

coded! {
    /// The options of a SYN: bits for MSS, window scale, SACK, timestamps.
    pub struct Offer {
        /// Which options there are, in the four lowest bits.
        which: u8,
        /// Maximum segment size.
        mss: u16,
        /// Window scale.
        scale: u8,
        /// How often the first windows of the peer are halved.
        halved: u8,
    }
}

coded! {
    /// How a run ends.
    pub enum Epilogue {
        /// The peers acknowledge everything, answer every question and close; the application reads all and
        /// closes.
        Honest,
        /// The application closes, the peers are gone.
        Silent,
        /// At once.
        Stop,
    }
}

coded! {
    /// Which connection a packet belongs to.
    pub enum Target {
        /// One that the host knows, the latest first; else a fixed one.
        Live {
            /// How far back.
            back: u8,
        },
        /// One of the fixed ends.
        Fixed {
            /// Bit 0: IPv6; bit 1: the other peer; bit 2: the peer's other port; bits 3 and 4: own port.
            which: u8,
        },
    }
}

coded! {
    /// A sequence number.
    pub enum Seq {
        /// What the host expects next.
        Next,
        /// That, and a little more or less.
        NextPlus {
            /// Octets.
            by: i8,
        },
        /// The right edge of the host's window, and a little more or less.
        Edge {
            /// Octets.
            by: i8,
        },
        /// Behind all that this peer has sent.
        Sent,
        /// Anything.
        Absolute {
            /// The number.
            number: u32,
        },
    }
}

coded! {
    /// An acknowledgement number.
    pub enum Ack {
        /// All that the host has sent.
        All,
        /// What was acknowledged before.
        Same,
        /// All, and a little more or less.
        AllPlus {
            /// Octets.
            by: i8,
        },
        /// What was acknowledged before, and a little more or less.
        SamePlus {
            /// Octets.
            by: i8,
        },
        /// Anything.
        Absolute {
            /// The number.
            number: u32,
        },
    }
}

coded! {
    /// Control bits.
    pub enum Bits {
        /// ACK.
        Ack,
        /// PSH, ACK.
        Push,
        /// FIN, ACK.
        Fin,
        /// SYN.
        Syn,
        /// SYN, ACK.
        SynAck,
        /// RST.
        Reset,
        /// RST, ACK.
        ResetAck,
        /// URG, ACK with this pointer.
        Urgent {
            /// The urgent pointer.
            pointer: u16,
        },
        /// Any nine bits.
        Any {
            /// The bits.
            bits: u16,
        },
    }
}

coded! {
    /// The options of a segment.
    pub enum Choice {
        /// What was negotiated: timestamps that continue, or nothing.
        Negotiated,
        /// None at all.
        Nothing,
        /// Those of a SYN.
        Opening {
            /// Which.
            offer: Offer,
        },
        /// A SACK block, counted from what was acknowledged.
        Sack {
            /// Its left edge.
            left: i8,
            /// Its length in octets.
            octets: u8,
        },
        /// Timestamps off the right ones.
        Stamps {
            /// TSval.
            value: i8,
            /// TSecr.
            echo: i8,
        },
        /// These octets.
        Raw {
            /// The octets.
            octets: Octets,
        },
    }
}

coded! {
    /// What is wrong with a packet beyond its meaning.
    pub enum Twist {
        /// Nothing.
        Plain,
        /// The transport checksum is this instead.
        Checksum {
            /// The field.
            field: u16,
        },
        /// The packet comes in fragments.
        Fragments {
            /// Octets in each, in units of 8, less one.
            units: u8,
            /// Bit 0: backwards; bit 1: the first one twice; bit 2: overlapping; bit 3: one is missing.
            how: u8,
        },
        /// The packet is cut.
        Cut {
            /// Octets that are left.
            octets: u8,
        },
        /// Octets follow the packet.
        Trailer {
            /// How many.
            octets: u8,
        },
        /// One octet is changed, checksums not.
        Flip {
            /// Which.
            at: u8,
            /// With what.
            mask: u8,
        },
        /// Time to live or hop limit.
        HopLimit {
            /// The field.
            field: u8,
        },
        /// Options in the IPv4 header, or an IPv6 hop-by-hop header with them.
        Options {
            /// The octets.
            octets: Octets,
        },
        /// The packet is sent to another address.
        To {
            /// Which.
            which: u8,
        },
        /// The packet is sent from another address.
        From {
            /// Which.
            which: u8,
        },
        /// The frame is a broadcast of the link.
        Broadcast,
    }
}

coded! {
    /// A segment to send.
    pub struct SegmentPlan {
        /// Its ends.
        target: Target,
        /// Control bits.
        bits: Bits,
        /// SEG.SEQ.
        seq: Seq,
        /// SEG.ACK.
        ack: Ack,
        /// SEG.WND below full: 0 is the full window.
        closed_by: u16,
        /// Octets of data.
        data_octets: u16,
        /// Options.
        options: Choice,
        /// What else.
        twist: Twist,
    }
}

coded! {
    /// Who tells what about link-layer addresses.
    pub struct NeighborPlan {
        /// Bit 0: IPv6; bit 1: answer instead of question; bit 2: the other peer; bit 3: about the peer
        /// itself instead of the host; bit 4: to everybody; bits 5 to 7: R, S and O of an advertisement.
        which: u8,
        /// Last octet of the link-layer address that is told, 0 for the right one.
        mac: u8,
        /// What else.
        twist: Twist,
    }
}

coded! {
    /// An option to set, with an ordinary value.
    pub enum Setting {
        /// `SO_REUSEADDR`.
        ReuseAddr { /** The value. */ on: bool, },
        /// `SO_REUSEPORT`.
        ReusePort { /** The value. */ on: bool, },
        /// `IPV6_V6ONLY`.
        V6Only { /** The value. */ on: bool, },
        /// `SO_KEEPALIVE`.
        KeepAlive { /** The value. */ on: bool, },
        /// `TCP_NODELAY`.
        NoDelay { /** The value. */ on: bool, },
        /// `SO_OOBINLINE`.
        OobInline { /** The value. */ on: bool, },
        /// `SO_LINGER` in seconds, 0 aborts.
        Linger { /** Whether it is on. */ on: bool, /** Seconds. */ seconds: u8, },
        /// `SO_RCVBUF`.
        ReceiveBuffer { /** Octets. */ octets: u16, },
        /// `SO_SNDBUF`.
        SendBuffer { /** Octets. */ octets: u16, },
        /// `TCP_MAXSEG`.
        MaxSegment { /** Octets. */ octets: u16, },
        /// `TCP_USER_TIMEOUT` in seconds, 0 for the default.
        UserTimeout { /** Seconds. */ seconds: u8, },
        /// `IP_TTL`.
        HopLimit { /** The field. */ field: u8, },
    }
}

coded! {
    /// A socket call. Sockets are counted back from the latest one.
    pub enum CallPlan {
        /// `send` with data that follows what was sent before.
        Send { /** The socket. */ sock: u8, /** Octets. */ octets: u16, /** `MSG_OOB`. */ urgent: bool, },
        /// `recv`.
        Recv { /** The socket. */ sock: u8, /** Octets. */ octets: u16, },
        /// `accept`.
        Accept { /** The socket. */ sock: u8, },
        /// `close`.
        Close { /** The socket. */ sock: u8, },
        /// `shutdown`.
        Shutdown { /** The socket. */ sock: u8, /** Reading, writing, both. */ how: u8, },
        /// `socket`.
        Socket { /** Bit 0: IPv6; bit 1: datagrams. */ which: u8, },
        /// `bind` to one of the own ends.
        Bind {
            /** The socket. */ sock: u8,
            /** Bit 0: IPv6; bit 1: any address; bits 2 to 4: port. */ end: u8,
        },
        /// `listen`.
        Listen { /** The socket. */ sock: u8, /** Connections that may wait. */ backlog: u8, },
        /// `connect` to one of the peers' ends.
        Connect { /** The socket. */ sock: u8, /** As in [`Target::Fixed`]. */ end: u8, },
        /// `sendto`.
        SendTo {
            /** The socket. */ sock: u8,
            /** As in [`Target::Fixed`]; 255 for the connected end. */ end: u8,
            /** Octets. */ octets: u16,
        },
        /// `recvfrom`.
        RecvFrom { /** The socket. */ sock: u8, /** Octets. */ octets: u16, },
        /// `poll`.
        Poll { /** The socket. */ sock: u8, },
        /// `getsockname`.
        GetSockName { /** The socket. */ sock: u8, },
        /// `getpeername`.
        GetPeerName { /** The socket. */ sock: u8, },
        /// `setsockopt`.
        SetOption { /** The socket. */ sock: u8, /** Which and how. */ setting: Setting, },
        /// `getsockopt`.
        GetOption { /** The socket. */ sock: u8, /** Which. */ name: u8, },
    }
}

coded! {
    /// How time passes. Timers fire in between.
    pub enum Pause {
        /// Until the host has something to do.
        Due,
        /// Milliseconds.
        Millis { /** How many. */ count: u16, },
        /// Seconds.
        Seconds { /** How many. */ count: u8, },
        /// Nanoseconds.
        Nanos { /** How many. */ count: u16, },
    }
}

coded! {
    /// One thing to happen. Its code is an index into the operations that are switched on.
    pub enum Operation {
        /// A segment arrives.
        Segment { /** What is in it. */ plan: SegmentPlan, },
        /// The application makes a call.
        Call { /** Which. */ call: CallPlan, },
        /// Time passes.
        Wait { /** How much. */ pause: Pause, },
        /// A UDP datagram arrives.
        Datagram {
            /** Its ends. */ target: Target,
            /** Octets of data. */ octets: u16,
            /** What else. */ twist: Twist,
        },
        /// An ICMP error arrives that quotes a segment of a connection.
        Error {
            /// The connection.
            target: Target,
            /// Type of the error.
            kind: u8,
            /// Its code.
            code: u8,
            /// Its MTU or pointer field.
            field: u16,
            /// The quoted sequence number, from the host's side: bits as an [`Ack`] of the peer.
            seq: Ack,
            /// Octets of the quoted packet that are cut off, modulo what there is.
            cut: u8,
            /// What else.
            twist: Twist,
        },
        /// An ICMP error arrives that quotes a frame which the host emitted.
        ErrorAbout {
            /** How far back. */ back: u8,
            /** Type of the error. */ kind: u8,
            /** Its code. */ code: u8,
            /** Its MTU or pointer field. */ field: u16,
        },
        /// An echo request arrives.
        Echo {
            /** The ends. */ target: Target,
            /** Octets of data. */ octets: u16,
            /** What else. */ twist: Twist,
        },
        /// Another ICMP message arrives.
        Icmp {
            /** The ends. */ target: Target,
            /** Type. */ kind: u8,
            /** Code. */ code: u8,
            /** What follows. */ body: Octets,
        },
        /// A station tells or asks for a link-layer address.
        Neighbor { /** What about. */ plan: NeighborPlan, },
        /// A frame that came before comes again.
        Again { /** How far back. */ back: u8, /** What else. */ twist: Twist, },
        /// A frame that the host emitted comes back to it.
        Mirror { /** How far back. */ back: u8, /** What else. */ twist: Twist, },
        /// Octets arrive.
        Raw { /** Which. */ octets: Octets, },
    }
}

impl Offer {
    /// How far the first windows of the peer are from full ones, in octets.
    pub fn closed_by(&self) -> u16 {
        u16::MAX - (u16::MAX >> (self.halved % 16))
    }
}

/// Everything that happens to a host in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Whether the link is Ethernet.
    pub ethernet: bool,
    /// Whether the connection of the opening uses IPv6.
    pub v6: bool,
    /// The beginning.
    pub opening: Opening,
    /// The end.
    pub epilogue: Epilogue,
    /// What happens in between.
    pub operations: Vec<Operation>,
}

/// Bits of the first byte.
const ETHERNET: u8 = 1;
const V6: u8 = 2;

/// All operations are switched on.
const ALL_ON: u16 = 0xffff;

impl Plan {
    /// The plan that `bytes` stand for. Half of them switch some operations off: that goes deeper into the
    /// others.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let mut input = Unstructured::new(bytes);
        let switches = u8::read(&mut input)?;
        let mask = u16::read(&mut input)?;
        let opening = Opening::read(&mut input)?;
        let epilogue = Epilogue::read(&mut input)?;
        let on: Vec<usize> = (0..Operation::VARIANTS.len()).filter(|code| is_on(mask, *code)).collect();
        let mut operations = Vec::new();
        while !input.is_empty() && operations.len() < OPERATIONS_MAX {
            let wanted = usize::from(u8::read(&mut input)?);
            let code = on.get(wanted % on.len().max(1)).copied().unwrap_or(0);
            operations.push(Operation::read_variant(code, &mut input)?);
        }
        let (ethernet, v6) = (switches & ETHERNET != 0, switches & V6 != 0);
        Ok(Self { ethernet, v6, opening, epilogue, operations })
    }

    /// Bytes that stand for this plan, as far as its operations are not too many.
    pub fn write(&self) -> Vec<u8> {
        let switches = if self.ethernet { ETHERNET } else { 0 } | if self.v6 { V6 } else { 0 };
        let mut out = vec![switches];
        ALL_ON.write(&mut out);
        self.opening.write(&mut out);
        self.epilogue.write(&mut out);
        self.operations.iter().for_each(|operation| operation.write(&mut out));
        out
    }
}

/// A mask with its highest bit set switches everything on.
const fn is_on(mask: u16, code: usize) -> bool {
    mask >> 15 == 1 || mask >> code & 1 == 1
}
