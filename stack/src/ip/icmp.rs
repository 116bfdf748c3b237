//! floor 2: ICMP for IPv4: echo, errors out, errors in (RFC 792, RFC 1122 section 3.2.2, RFC 1191).
//!
//! RFC1122-3.2.2.6-e: Record Route and Timestamp options are not returned, as neither is supported.
//! RFC1122-3.2.2.6-f: source routes are accepted at their end but not reversed into a reply.
//! RFC1122-3.3.1.2-a: the next hop is configured, redirects do not change it.
//! RFC1122-3.2.2.3-a: source quench is dropped, RFC 6633 has overtaken it.
//! RFC1191-4-a: routers say how narrow the next link is; a host forwards nothing.

use super::input::Head;
use super::silence::{self, ICMP};
use super::{Cx, ErrorKind, IcmpError, Ip, Outgoing, Received, address, cut, path_mtu, route};
use crate::base::Why;
use crate::wire::icmpv4::{Exceeded, Message, Problem, Unreachable, View};
use crate::wire::{ipv4, tcp};
use alloc::borrow::Cow;
use core::mem;
use core::net::{IpAddr, Ipv4Addr};

/// What an ICMP error quotes at most, so that it stays within 576 octets.
const QUOTE_OCTETS: usize = 576 - ipv4::MIN_HEADER_OCTETS - crate::wire::icmpv4::HEADER_OCTETS;

/// The least octets of a transport header that tell whose it is.
const TRANSPORT_OCTETS: usize = 8;

/// What a host reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Unreachable(Unreachable),
    Parameter { pointer: u8 },
    ReassemblyTime,
}

impl Ip {
    /// Takes in the ICMP message in `packet`.
    pub(super) fn receive_icmp<'f>(
        &mut self,
        cx: &mut Cx<'_>,
        packet: &Cow<'f, [u8]>,
        head: &Head,
    ) -> Result<Received<'f>, Why> {
        let view = View::read(&packet[head.payload_at..]).map_err(|_| Why::HeaderTruncated)?;
        match Message::check(&view)? {
            Message::EchoRequest { ident, seq, data } => {
                self.answer_echo(cx, head, Message::EchoReply { ident, seq, data })?;
                Ok(Received::Nothing)
            }
            Message::EchoReply { .. } => Err(Why::EchoReplyUnasked),
            Message::DestinationUnreachable { code: Unreachable::FragmentationNeeded, mtu, quoted } => {
                let mtu_octets = self.lower_mtu_v4(cx, mtu, quoted)?;
                self.error_v4(packet, head, ErrorKind::PacketTooBig { mtu_octets }, quoted)
            }
            //= RFC1122-3.2.2.1-c
            Message::DestinationUnreachable { code, quoted, .. } => {
                self.error_v4(packet, head, ErrorKind::Unreachable(code.code()), quoted)
            }
            //= RFC1122-3.2.2.4-a
            Message::TimeExceeded { code, quoted } => {
                self.error_v4(packet, head, ErrorKind::TimeExceeded(code.code()), quoted)
            }
            //= RFC1122-3.2.2.5-b
            Message::ParameterProblem { code, pointer, quoted } => {
                let kind = ErrorKind::ParameterProblem { code: code.code(), pointer: u32::from(pointer) };
                self.error_v4(packet, head, kind, quoted)
            }
            //= RFC6633-3-b
            //= RFC6633-5-a
            //= RFC5927-6.2-a
            //= RFC9293-MUST-55
            Message::SourceQuench { .. } => Err(Why::SourceQuench),
            Message::Redirect { .. } => Err(Why::RedirectIgnored),
            //= RFC1122-3.2.2-a
            Message::Other { .. } => Err(Why::IcmpTypeUnknown),
        }
    }

    fn answer_echo(&mut self, cx: &mut Cx<'_>, head: &Head, reply: Message<'_>) -> Result<(), Why> {
        let is_group = head.destination == address::Destination::Group;
        //= RFC1122-3.2.2.6-b
        if is_group && !self.config.icmp.echo_to_group_v4 {
            return Err(Why::EchoToGroup);
        }
        //= RFC1122-3.2.2.6-a
        //= RFC1122-3.2.2.6-c
        //= RFC1122-3.2.2.6-d
        //= RFC1122-3.3.4.2-a
        //= RFC792-Echo-a
        let src = if is_group { Ipv4Addr::UNSPECIFIED } else { head.dst };
        self.send_icmp(cx, src, head.src, head.tos, reply);
        Ok(())
    }

    /// Reports trouble with the packet `offender`, unless a rule demands silence.
    pub(super) fn report_v4(&mut self, cx: &mut Cx<'_>, offender: &[u8], link_group: bool, trouble: Trouble) {
        let Ok(view) = ipv4::View::read(offender) else { return };
        if silence::about_v4(&self.config, offender, link_group).is_err() {
            return;
        }
        if matches!(trouble, Trouble::Unreachable(_)) && !self.config.icmp.unreachables {
            return;
        }
        //= RFC1812-4.3.2.8-a
        if !self.errors.take(cx.now) {
            return;
        }
        //= RFC1122-3.2.2-b
        //= RFC1122-3.2.2-c
        //= RFC1812-4.3.2.3-a
        let quoted = &offender[..offender.len().min(QUOTE_OCTETS)];
        let message = match trouble {
            Trouble::Unreachable(code) => Message::DestinationUnreachable { code, mtu: 0, quoted },
            //= RFC1122-3.2.2.5-a
            Trouble::Parameter { pointer } => {
                Message::ParameterProblem { code: Problem::Pointer, pointer, quoted }
            }
            Trouble::ReassemblyTime => Message::TimeExceeded { code: Exceeded::Reassembly, quoted },
        };
        let is_own = address::is_own(&self.config, IpAddr::V4(view.dst()));
        let src = if is_own { view.dst() } else { Ipv4Addr::UNSPECIFIED };
        //= RFC1122-3.2.2-e
        self.send_icmp(cx, src, view.src(), 0, message);
    }

    fn send_icmp(&mut self, cx: &mut Cx<'_>, src: Ipv4Addr, dst: Ipv4Addr, tos: u8, message: Message<'_>) {
        let mut payload = mem::take(&mut self.message);
        payload.clear();
        message.emit(&mut payload);
        let outgoing = Outgoing {
            src: IpAddr::V4(src),
            dst: IpAddr::V4(dst),
            protocol: ICMP,
            hop_limit: None,
            traffic_class: tos,
            dont_fragment: false,
            payload: &payload,
        };
        // Whoever can not be reached gets no answer: there is nobody to tell.
        let _ = self.transmit(cx, &outgoing);
        self.message = payload;
    }

    /// Hands an error up, if it quotes a packet of this host.
    fn error_v4<'f>(
        &self,
        packet: &Cow<'f, [u8]>,
        head: &Head,
        kind: ErrorKind,
        quoted: &[u8],
    ) -> Result<Received<'f>, Why> {
        if head.destination == address::Destination::Group || head.link_group {
            return Err(Why::IcmpErrorToGroup);
        }
        let view = self.quoted_v4(quoted)?;
        let transport_at = packet.len() - quoted.len() + view.header().len();
        let transport_end = transport_at + view.payload().len();
        Ok(Received::Error(IcmpError {
            from: IpAddr::V4(head.src),
            kind,
            src: IpAddr::V4(view.src()),
            dst: IpAddr::V4(view.dst()),
            //= RFC1122-3.2.2-d
            protocol: view.protocol(),
            transport: cut(packet, transport_at..transport_end),
        }))
    }

    /// The quoted packet, if this host can have sent it and it says for whom the error is.
    fn quoted_v4<'q>(&self, quoted: &'q [u8]) -> Result<ipv4::View<'q>, Why> {
        let view = ipv4::View::read(quoted).map_err(|_| Why::IcmpQuoteTooShort)?;
        let is_first = view.fragment_offset_octets() == 0;
        if view.version() != 4 || view.ihl() < 5 || !is_first || view.payload().len() < TRANSPORT_OCTETS {
            return Err(Why::IcmpQuoteTooShort);
        }
        //= RFC5927-7-a
        if !address::is_own(&self.config, IpAddr::V4(view.src())) {
            return Err(Why::IcmpQuoteNotOurs);
        }
        Ok(view)
    }

    /// Lowers the path MTU as a router says that could not forward `quoted`, and returns what is known then.
    /// Whether a segment of TCP was really sent is for its connection to say (RFC 5927 section 7.2).
    fn lower_mtu_v4(&mut self, cx: &mut Cx<'_>, mtu: u16, quoted: &[u8]) -> Result<u16, Why> {
        let view = self.quoted_v4(quoted)?;
        let (dst, total) = (IpAddr::V4(view.dst()), view.total_len_octets());
        if total > self.config.mtu_octets || route::next_hop(&self.config, dst).is_none() {
            return Err(Why::IcmpQuoteNotOurs);
        }
        let known = self.mtu_octets(dst);
        //= RFC1191-3-b
        let reported = if mtu == 0 { path_mtu::plateau_below(total.min(known)) } else { mtu };
        //= RFC1191-3-c
        if reported < path_mtu::SMALLEST_V4_OCTETS {
            return Err(Why::MtuTooSmall);
        }
        if reported >= total {
            return Err(Why::MtuNotLower);
        }
        //= RFC1191-3-a
        //= RFC1191-3-d
        if reported < known && view.protocol() != tcp::PROTOCOL {
            self.path_mtu.lower(cx.now, dst, reported);
        }
        Ok(reported.min(known))
    }
}
