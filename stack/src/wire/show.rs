//! floor 1: one packet, one line, in the notation of tcpdump and packetdrill.
//!
//! Numbers are absolute. What is wrong with a packet follows in square brackets; a header that can not be
//! read ends the line with its [`Stop`]. No input panics.
//!
//! ```text
//! 192.0.2.1:40000 > 192.0.2.2:80 S 100:100(0) win 65535 <mss 1460,nop,wscale 7>
//! [2001:db8::1]:40000 > [2001:db8::2]:53 udp 12
//! 192.0.2.2 > 192.0.2.1 icmp port unreachable [quoted: 192.0.2.1:40000 > 192.0.2.2:53 udp 12]
//! 192.0.2.1 > 192.0.2.2 frag id 7 off 1480+ len 1480 udp
//! arp who-has 192.0.2.2 tell 192.0.2.1
//! ```

mod icmp;
mod ip;
mod link;
mod ndp;
mod tcp;

use super::Stop;
use super::tcp::Segment;
use core::fmt;
use core::net::{IpAddr, SocketAddr};

/// An IP packet of either version, shown as one line.
#[derive(Clone, Copy, Debug)]
pub struct Show<'a>(pub &'a [u8]);

impl fmt::Display for Show<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        packet(self.0, f)
    }
}

/// An Ethernet frame, shown as one line: as the packet in it if it carries IP or ARP.
#[derive(Clone, Copy, Debug)]
pub struct ShowFrame<'a>(pub &'a [u8]);

impl fmt::Display for ShowFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        frame(self.0, f)
    }
}

/// A segment without its addresses, shown as one line.
#[derive(Clone, Copy, Debug)]
pub struct ShowSegment<'s, 'p> {
    /// The segment.
    pub segment: &'s Segment<'p>,
    /// First sequence numbers of sender and receiver, to count from; `None` for absolute numbers.
    pub relative: Option<(u32, u32)>,
}

impl fmt::Display for ShowSegment<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        segment(self.segment, self.relative, f)
    }
}

/// Writes an IP packet of either version as one line.
///
/// # Errors
/// Only those of `out`.
pub fn packet(bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    ip::packet(bytes, out)
}

/// Writes an Ethernet frame as one line: as the packet in it if it carries IP or ARP.
///
/// # Errors
/// Only those of `out`.
pub fn frame(bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    link::frame(bytes, out)
}

/// Writes a segment without its addresses: `P. 101:111(10) ack 701 win 65535 <...>`. With `relative`, numbers
/// count from these two first sequence numbers, the sender's and the receiver's.
///
/// # Errors
/// Only those of `out`.
pub fn segment(segment: &Segment<'_>, relative: Option<(u32, u32)>, out: &mut dyn fmt::Write) -> fmt::Result {
    tcp::segment(segment, relative, out)
}

/// What the packet around a transport header says.
struct Around {
    src: IpAddr,
    dst: IpAddr,
    /// Offset of the transport header in the packet, in octets.
    at: usize,
    hop_limit: u8,
    /// Whether octets are missing or the destination is not the last one, so that no checksum can be right.
    cut: bool,
    /// Octets that the packet promises and that are not there, as in a capture that keeps only heads.
    missing: usize,
    /// The two lowest bits of traffic class or type of service (RFC 3168 section 5).
    ecn: u8,
}

impl Around {
    /// `source > destination` without ports, and the ECN field if it is not zero.
    fn hosts(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        write!(out, "{} > {}", self.src, self.dst)?;
        self.ecn(out)
    }

    /// `source:port > destination:port`, and the ECN field if it is not zero.
    fn sockets(&self, src_port: u16, dst_port: u16, out: &mut dyn fmt::Write) -> fmt::Result {
        let (src, dst) = (SocketAddr::new(self.src, src_port), SocketAddr::new(self.dst, dst_port));
        write!(out, "{src} > {dst}")?;
        self.ecn(out)
    }

    fn ecn(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        match self.ecn & 3 {
            0 => Ok(()),
            1 => out.write_str(" [ect1]"),
            2 => out.write_str(" [ect0]"),
            _ => out.write_str(" [ce]"),
        }
    }

    /// A transport header that can not be read.
    fn stopped(&self, stop: Stop, out: &mut dyn fmt::Write) -> fmt::Result {
        self.hosts(out)?;
        write!(out, " [{}]", stop.moved(self.at))
    }

    /// A note on a stop within a header that could be read.
    fn note(&self, stop: Option<Stop>, out: &mut dyn fmt::Write) -> fmt::Result {
        match stop {
            Some(stop) => write!(out, " [{}]", stop.moved(self.at)),
            None => Ok(()),
        }
    }

    /// A note on a checksum that does not hold, unless no checksum can.
    fn checksum(&self, holds: bool, field: u16, out: &mut dyn fmt::Write) -> fmt::Result {
        if holds || self.cut {
            return Ok(());
        }
        write!(out, " [bad checksum {field:#06x}]")
    }
}

#[cfg(test)]
mod tests;
