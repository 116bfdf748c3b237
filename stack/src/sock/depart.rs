//! floor 4: from a transport down to IP, or back up if the host talks to itself (RFC 1122 section 3.2.1.3).
//!
//! A connection writes its segments into a buffer that is used again and again, each with room before it for
//! the headers below; when it is done they go down. Packets to an own or loopback address never reach the
//! link.

use super::call::Device;
use super::name::FourTuple;
use super::route::{Course, course};
use super::table::Net;
use crate::base::{Ecn, Instant, Refused, Why};
use crate::ip::{self, Ip, Outgoing};
use crate::tcp::{self, Report};
use crate::wire;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::IpAddr;

/// What a packet says beside addresses and payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// TTL or hop limit; `None` leaves it to the host.
    pub(super) hop_limit: Option<u8>,
    /// Traffic class octet.
    pub(super) traffic_class: u8,
    /// The device that it has to leave by, if not by the one that the routes say.
    pub(super) device: Option<Device>,
}

/// The bits of the traffic class octet that are the differentiated services field (RFC 2474 section 3).
const DIFFSERV_BITS: u8 = 0xfc;

/// How a packet has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// The device that it arrives on.
    pub(super) device: Device,
    /// Whether a route has led it here, and not only the device that its sender insists on: nobody answers
    /// for an address that is not known to be his.
    pub(super) routed: bool,
}

impl Arrival {
    /// What comes over the link.
    pub(super) const BY_LINK: Self = Self { device: Device::Interface, routed: true };
}

/// A packet from this host to itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Looped {
    /// Source.
    pub(super) src: IpAddr,
    /// Destination.
    pub(super) dst: IpAddr,
    /// How it arrives.
    pub(super) arrival: Arrival,
    /// Protocol number of the transport.
    pub(super) protocol: u8,
    /// Traffic class octet.
    pub(super) traffic_class: u8,
    /// Transport header and data.
    pub(super) payload: Vec<u8>,
}

/// What is on its way out.
#[derive(Debug, Default)]
pub(super) struct Departures {
    /// Segments, each behind [`ip::HEADROOM_OCTETS`].
    octets: Vec<u8>,
    /// Where each segment ends, and the ECN codepoint of its packet.
    ends: Vec<(usize, Ecn)>,
    looped: VecDeque<Looped>,
    /// Whether the connection that acts just now gets no answer.
    unanswered: bool,
}

/// Where a connection puts its segments: it knows no ports, so they are filled in here.
pub(super) struct Lane<'a> {
    departures: &'a mut Departures,
    tuple: &'a FourTuple,
    out: &'a mut dyn ip::Emit,
    door: Option<Door<'a>>,
    /// Whether nothing is left that would have to be said before.
    open: bool,
}

/// How segments may leave before the event is over.
pub(super) struct Door<'a> {
    pub(super) ip: &'a mut Ip,
    pub(super) now: Instant,
    pub(super) marks: Marks,
}

impl tcp::Emit for Lane<'_> {
    fn segment(&mut self, segment: &wire::tcp::Segment<'_>, ecn: Ecn) {
        self.departures.segment(self.tuple, segment, ecn);
        if let Some(door) = self.door.as_mut().filter(|_| self.open) {
            self.departures.send_first(self.tuple, door, self.out);
        }
    }

    fn sends_alone(&mut self) {
        self.open = true;
    }

    fn discard(&mut self, why: Why) {
        self.out.discard(why);
    }

    fn report(&mut self, report: Report) {
        match report {
            Report::DeliveryTrouble => self.departures.unanswered = true,
            // The connection keeps both for whoever asks.
            //= RFC9293-SHLD-20
            Report::SoftError(_) | Report::Urgent => {}
        }
    }
}

/// Whether `addr` is this host, on the link or inside.
pub(super) fn is_own(net: &Net<'_>, addr: IpAddr) -> bool {
    //= RFC1122-3.2.1.3-d
    addr.is_loopback() || net.ip.is_local(addr)
}

/// What IP is told of a segment whose octets are elsewhere.
fn outgoing(tuple: &FourTuple, marks: Marks, ecn: Ecn) -> Outgoing<'static> {
    Outgoing {
        src: tuple.local.addr,
        dst: tuple.remote.addr,
        protocol: wire::tcp::PROTOCOL,
        hop_limit: marks.hop_limit,
        //= RFC9293-SHLD-22
        //= RFC9293-SHLD-21
        traffic_class: marks.traffic_class & DIFFSERV_BITS | ecn.bits(),
        //= RFC7323-5.7-a
        //= RFC4821-8-a
        dont_fragment: true,
        payload: &[],
    }
}

impl Departures {
    pub(super) fn lane<'a>(&'a mut self, tuple: &'a FourTuple, out: &'a mut dyn ip::Emit) -> Lane<'a> {
        Lane { departures: self, tuple, out, door: None, open: false }
    }

    /// As [`Departures::lane`] of a connection whose segments may leave as they come.
    pub(super) fn open_lane<'a>(
        &'a mut self,
        tuple: &'a FourTuple,
        out: &'a mut dyn ip::Emit,
        door: Door<'a>,
    ) -> Lane<'a> {
        Lane { departures: self, tuple, out, door: Some(door), open: false }
    }

    /// Sends the segment that was kept, if nothing is before it and nothing in its way.
    fn send_first(&mut self, tuple: &FourTuple, door: &mut Door<'_>, out: &mut dyn ip::Emit) {
        let [(_, ecn)] = self.ends[..] else { return };
        let outgoing = outgoing(tuple, door.marks, ecn);
        let stays = door.marks.device == Some(Device::Loopback);
        if !self.unanswered && !stays && door.ip.send_at_once(door.now, &outgoing, &mut self.octets, out) {
            self.octets.clear();
            self.ends.clear();
        }
    }

    /// Keeps a segment of the conversation `tuple` until [`Departures::flush`].
    pub(super) fn segment(&mut self, tuple: &FourTuple, segment: &wire::tcp::Segment<'_>, ecn: Ecn) {
        let FourTuple { local, remote } = tuple;
        self.octets.extend_from_slice(&[0; ip::HEADROOM_OCTETS]);
        segment.emit_between([local.port, remote.port], local.addr, remote.addr, &mut self.octets);
        self.ends.push((self.octets.len(), ecn));
    }

    /// Sends the segments that were kept, in order.
    ///
    /// # Errors
    /// What [`ip::Ip::send`] said to the last segment that did not go.
    #[inline]
    pub(super) fn flush(
        &mut self,
        tuple: &FourTuple,
        marks: Marks,
        net: &mut Net<'_>,
    ) -> Result<(), Refused> {
        if core::mem::take(&mut self.unanswered) {
            //= RFC9293-MUST-20
            net.ip.doubt(tuple.remote.addr);
        }
        // Most events let nothing leave.
        if self.ends.is_empty() { Ok(()) } else { self.send_kept(tuple, marks, net) }
    }

    #[inline(never)]
    fn send_kept(&mut self, tuple: &FourTuple, marks: Marks, net: &mut Net<'_>) -> Result<(), Refused> {
        let (mut octets, ends) = (core::mem::take(&mut self.octets), core::mem::take(&mut self.ends));
        let (src, dst) = (tuple.local.addr, tuple.remote.addr);
        let course = match marks.device {
            // The way of the packet before.
            None if net.ip.is_on_way(src, dst) => Course::Link,
            device => course(dst, device, net),
        };
        let mut result = Ok(());
        let mut start = 0;
        for (end, ecn) in &ends {
            let outgoing = outgoing(tuple, marks, *ecn);
            let packet = octets.get_mut(start..*end).unwrap_or_default();
            start = *end;
            match course {
                Course::Link => {
                    let sent = net.ip.send_in_place(net.now, &outgoing, packet, net.choices, net.out);
                    result = sent.and(result);
                }
                Course::Here(arrival) => {
                    let payload = packet.get(ip::HEADROOM_OCTETS..).unwrap_or_default();
                    self.turn_back(&Outgoing { payload, ..outgoing }, arrival);
                }
                Course::Nowhere => {}
            }
        }
        // The buffers come back empty but with the room they have grown.
        (self.octets, self.ends) = (octets, ends);
        self.octets.clear();
        self.ends.clear();
        result
    }

    /// Lets a packet of this host, or a copy of it, arrive here.
    pub(super) fn turn_back(&mut self, outgoing: &Outgoing<'_>, arrival: Arrival) {
        let Outgoing { src, dst, protocol, traffic_class, payload, .. } = *outgoing;
        let payload = payload.to_vec();
        self.looped.push_back(Looped { src, dst, arrival, protocol, traffic_class, payload });
    }

    /// Whether there are packets of this host to itself.
    pub(super) fn has_looped(&self) -> bool {
        !self.looped.is_empty()
    }

    /// The next packet of this host to itself.
    pub(super) fn next_looped(&mut self) -> Option<Looped> {
        self.looped.pop_front()
    }

    /// Forgets all packets of this host to itself.
    pub(super) fn clear_looped(&mut self) {
        self.looped.clear();
    }
}
