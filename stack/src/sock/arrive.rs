//! floor 4: what comes up from IP finds its socket (RFC 9293 section 3.10.7, RFC 1122 section 3.2.2).

use super::call::Device;
use super::depart::{Arrival, Looped, is_own};
use super::name::{Endpoint, FourTuple};
use super::table::{Net, Slot, Sockets};
use crate::base::{Ecn, Ours, Seq, Why};
use crate::ip::{ErrorKind, IcmpError, Incoming, Received};
use crate::tcp::{self, closed};
use crate::wire;
use crate::wire::tcp::Segment;
use alloc::borrow::Cow;

/// Packets of the host to itself that one stimulus may cause, beside those that carry text and their
/// acknowledgements. What is beyond is lost, as on a link that is too fast for its receiver: two connections
/// that answer each other without end are no hang.
const LOOPED_MAX: u32 = 100_000;
/// Whatever is longer carries text, of which there is only so much: no header of TCP is longer.
const TEXTLESS_MAX_OCTETS: usize = 60;

impl Sockets {
    /// What IP made of a frame.
    pub fn arrives(&mut self, received: &Received<'_>, net: &mut Net<'_>) {
        match received {
            Received::Nothing => {}
            Received::Datagram(incoming) => self.packet_arrives(incoming, Arrival::BY_LINK, net),
            Received::Error(error) => self.error_arrives(error, net),
        }
    }

    /// Delivers what the host has sent to itself, until there is no more.
    #[inline(always)]
    pub fn settle_looped(&mut self, net: &mut Net<'_>) {
        if self.departures.has_looped() {
            self.deliver_looped(net);
        }
    }

    #[inline(never)]
    fn deliver_looped(&mut self, net: &mut Net<'_>) {
        let mut left = LOOPED_MAX;
        while left > 0 {
            let Some(looped) = self.departures.next_looped() else { return };
            let has_text = looped.payload.len() > TEXTLESS_MAX_OCTETS;
            // One acknowledgement for each segment is the most that text draws.
            left = if has_text { left.saturating_add(1) } else { left - 1 };
            let Looped { src, dst, arrival, protocol, traffic_class, payload } = looped;
            let incoming = Incoming {
                src,
                dst,
                protocol,
                hop_limit: net.ip.config().hop_limit,
                traffic_class,
                payload: Cow::Owned(payload),
                quote: Cow::Borrowed(&[]),
                group: dst.is_multicast() || net.ip.is_broadcast(dst),
            };
            self.packet_arrives(&incoming, arrival, net);
        }
        self.departures.clear_looped();
        net.out.discard(Why::LoopTooLong);
    }

    fn packet_arrives(&mut self, incoming: &Incoming<'_>, arrival: Arrival, net: &mut Net<'_>) {
        match incoming.protocol {
            wire::tcp::PROTOCOL => self.segment_arrives(incoming, arrival, net),
            wire::udp::PROTOCOL => self.datagram_arrives(incoming, arrival.device, net),
            _ => net.out.discard(Why::ProtocolUnknown),
        }
    }

    fn segment_arrives(&mut self, incoming: &Incoming<'_>, arrival: Arrival, net: &mut Net<'_>) {
        let Ok(view) = wire::tcp::View::read(&incoming.payload) else {
            net.out.discard(Why::TcpDataOffset);
            return;
        };
        let tuple = FourTuple {
            local: Endpoint { addr: incoming.dst, port: view.dst_port() },
            remote: Endpoint { addr: incoming.src, port: view.src_port() },
        };
        match view.verify(incoming.src, incoming.dst) {
            // Whoever asked for a peer at port 0 hears it.
            Err(Why::TcpPortZero) if self.has_peer_without_port(&tuple) => {}
            Err(why) => return net.out.discard(why),
            Ok(()) => {}
        }
        if incoming.group {
            //= RFC9293-MUST-57
            //= RFC1122-4.2.3.10-a
            return net.out.discard(Why::TcpGroupDestination);
        }
        if !arrival.routed && !is_own(net, incoming.dst) {
            // Whatever answered would speak from an address that is not the host's.
            return net.out.discard(Why::TcpNobody);
        }
        let segment = Segment::unchecked(&view);
        self.segment_for(&tuple, &segment, Ecn::of_traffic_class(incoming.traffic_class), arrival, net);
    }

    /// Whether a connection of this host has its other end at port 0, and it is this one.
    fn has_peer_without_port(&self, tuple: &FourTuple) -> bool {
        self.streams.has_peers_without_port() && self.streams.paired(tuple).is_some()
    }

    /// Connection before listener before nobody.
    fn segment_for(
        &mut self,
        tuple: &FourTuple,
        segment: &Segment<'_>,
        ecn: Ecn,
        arrival: Arrival,
        net: &mut Net<'_>,
    ) {
        let device = arrival.device;
        let hears = |slot: &Slot| self.sockets.get(*slot).is_some_and(|socket| socket.hears(device));
        if let Some(slot) = self.streams.receiver(tuple).filter(hears) {
            self.segment_at_connection(slot, tuple, segment, ecn, device, net);
        } else if let Some(slot) = self.streams.waiting_on(tuple, device) {
            self.segment_at_listener(slot, tuple, segment, None, device, net);
        } else {
            match closed::reset_for(segment) {
                Some(reset) => {
                    net.out.discard(Why::TcpNobody);
                    if arrival.routed {
                        let device = self.device_of_answer(tuple.remote.addr, device);
                        self.transmit(tuple, &reset, device, net);
                    }
                }
                None => net.out.discard(Why::TcpResetToNobody),
            }
        }
    }

    fn segment_at_connection(
        &mut self,
        slot: Slot,
        tuple: &FourTuple,
        segment: &Segment<'_>,
        ecn: Ecn,
        device: Device,
        net: &mut Net<'_>,
    ) {
        if self.must_wait_for_accept(slot, tuple, segment, device, net) {
            return;
        }
        if segment.flags.syn()
            && let Some((listener, beyond)) = self.reopening(slot, tuple, segment, device)
        {
            //= RFC9293-MAY-2
            self.act(slot, net, |tcb, now, cx| tcb.abort(now, cx));
            self.segment_at_listener(listener, tuple, segment, Some(beyond), device, net);
            return;
        }
        let opening = self.socket(slot).connection().tcb.state() == tcp::State::SynReceived;
        let (progress, brings_text) = self.act(slot, net, |tcb, now, cx| {
            let (acknowledged, unread) = (tcb.snd().una, tcb.unread_octets());
            tcb.arrives(now, segment, ecn, cx);
            (tcb.snd().una != acknowledged, tcb.unread_octets() > unread)
        });
        if opening {
            self.shut_when_open(slot, net);
        }
        if brings_text {
            self.discard_unwanted(slot, net);
        }
        if progress {
            net.ip.confirm(net.now, tuple.remote.addr);
        }
    }

    /// Whether a SYN opens a connection anew that is in TIME-WAIT here: if it is newer than what came before,
    /// and somebody listens who has room. Then who listens, and the number that the new initial sequence
    /// number has to lie beyond. A SYN that turns out to be an old duplicate does not bring TIME-WAIT back,
    /// as RFC 9293 section 3.6.1 would like: the peer's reset ends the new connection, and there is none.
    fn reopening(
        &mut self,
        slot: Slot,
        tuple: &FourTuple,
        segment: &Segment<'_>,
        device: Device,
    ) -> Option<(Slot, Seq<Ours>)> {
        let tcb = &self.socket(slot).connection().tcb;
        if !tcb.gives_way_to(segment) {
            return None;
        }
        let beyond = tcb.snd().nxt;
        let listener = self.streams.waiting_on(tuple, device)?;
        self.room_for_child(listener).ok().map(|()| (listener, beyond))
    }

    /// An ICMP error quotes something that this host is said to have sent.
    pub fn error_arrives(&mut self, error: &IcmpError<'_>, net: &mut Net<'_>) {
        let Some(ports) = error.transport.first_chunk::<4>() else {
            net.out.discard(Why::IcmpForNobody);
            return;
        };
        let [s1, s0, d1, d0] = *ports;
        let tuple = FourTuple {
            local: Endpoint { addr: error.src, port: u16::from_be_bytes([s1, s0]) },
            remote: Endpoint { addr: error.dst, port: u16::from_be_bytes([d1, d0]) },
        };
        match error.protocol {
            //= RFC1122-3.2.2-d
            wire::tcp::PROTOCOL => self.segment_error(error, &tuple, net),
            wire::udp::PROTOCOL => self.datagram_error(error, &tuple, net),
            _ => net.out.discard(Why::IcmpForNobody),
        }
    }

    fn segment_error(&mut self, error: &IcmpError<'_>, tuple: &FourTuple, net: &mut Net<'_>) {
        match self.streams.paired(tuple) {
            //= RFC9293-MUST-54
            //= RFC5927-5.2-b
            Some(slot) => {
                let narrower = self.act(slot, net, |tcb, now, cx| {
                    let before = tcb.segment_limit_octets();
                    tcb.icmp_error(now, error, cx);
                    tcb.segment_limit_octets() < before
                });
                // Only what a connection believes is true of the path for all.
                if let (true, ErrorKind::PacketTooBig { mtu_octets }) = (narrower, error.kind) {
                    net.ip.narrow(net.now, tuple.remote.addr, mtu_octets);
                }
            }
            None => net.out.discard(Why::IcmpForNobody),
        }
    }

    /// Lets time pass for the connections whose timers are due.
    pub fn on_due(&mut self, net: &mut Net<'_>) {
        while let Some((at, slot)) = self.timers.first()
            && at <= net.now
        {
            if self.socket(slot).connection().patience.is_some_and(|until| until <= net.now) {
                // What comes later is answered with a reset, as for any connection that is not there.
                self.remove(slot);
                continue;
            }
            self.act(slot, net, |tcb, now, cx| tcb.on_due(now, cx));
            assert!(self.timers.get(slot) != Some(at), "a timer that was due is done");
        }
    }
}
