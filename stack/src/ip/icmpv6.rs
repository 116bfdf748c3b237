//! floor 2: ICMP for IPv6: echo, errors out, errors in (RFC 4443, RFC 8201).

use super::input_v6::Head;
use super::{Cx, ErrorKind, IcmpError, Ip, Outgoing, Received, address, cut, path_mtu, route, silence};
use crate::base::Why;
use crate::wire::icmpv6::{Message, PROTOCOL, View, is_error};
use crate::wire::{ipv6, tcp};
use alloc::borrow::Cow;
use core::mem;
use core::net::{IpAddr, Ipv6Addr};

/// What an ICMPv6 error quotes at most, so that it stays within the smallest MTU: 4 octets of header and 4
/// of the error stand before it.
const QUOTE_OCTETS: usize = path_mtu::SMALLEST_V6_OCTETS as usize - ipv6::HEADER_OCTETS - 8;

/// The least octets of a transport header that tell whose it is.
const TRANSPORT_OCTETS: usize = 8;

/// What a host reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// With the code.
    Unreachable(u8),
    Parameter {
        code: u8,
        /// Offset in the packet, in octets.
        pointer: u32,
        /// Whether it is reported even about a packet to a group.
        despite_group: bool,
    },
    ReassemblyTime,
}

impl Ip {
    /// Takes in the ICMPv6 message in `packet`.
    pub(super) fn receive_icmpv6<'f>(
        &mut self,
        cx: &mut Cx<'_>,
        packet: &Cow<'f, [u8]>,
        head: &Head,
    ) -> Result<Received<'f>, Why> {
        let view = View::read(&packet[head.payload_at..]).map_err(|_| Why::Icmpv6Truncated)?;
        match Message::check(&view, head.src, head.dst, head.hop_limit)? {
            Message::EchoRequest { ident, seq, data } => {
                self.answer_echo_v6(cx, head, Message::EchoReply { ident, seq, data })?;
                Ok(Received::Nothing)
            }
            Message::EchoReply { .. } => Err(Why::EchoReplyUnasked),
            //= RFC4443-3.1-e
            Message::DestinationUnreachable { code, quoted } => {
                self.error_v6(packet, head, ErrorKind::Unreachable(code), quoted)
            }
            //= RFC4443-3.2-b
            Message::PacketTooBig { mtu, quoted } => {
                let mtu_octets = self.lower_mtu_v6(cx, mtu, quoted)?;
                self.error_v6(packet, head, ErrorKind::PacketTooBig { mtu_octets }, quoted)
            }
            Message::TimeExceeded { code, quoted } => {
                self.error_v6(packet, head, ErrorKind::TimeExceeded(code), quoted)
            }
            Message::ParameterProblem { code, pointer, quoted } => {
                self.error_v6(packet, head, ErrorKind::ParameterProblem { code, pointer }, quoted)
            }
            Message::Ndp(message) => self.receive_nd(cx, head, &message).map(|()| Received::Nothing),
            //= RFC4443-2.4-a
            Message::Other { kind, code, body } if is_error(kind) => {
                let quoted = body.get(4..).ok_or(Why::Icmpv6Truncated)?;
                self.error_v6(packet, head, ErrorKind::Other { kind, code }, quoted)
            }
            //= RFC4443-2.4-b
            Message::Other { .. } => Err(Why::IcmpV6TypeUnknown),
        }
    }

    fn answer_echo_v6(&mut self, cx: &mut Cx<'_>, head: &Head, reply: Message<'_>) -> Result<(), Why> {
        let is_group = head.destination == address::Destination::Group;
        if is_group && !self.config.icmp.echo_to_group_v6 {
            return Err(Why::EchoToGroup);
        }
        //= RFC4443-4.1-a
        //= RFC4443-4.2-a
        //= RFC4443-4.2-b
        let src = if is_group { Ipv6Addr::UNSPECIFIED } else { head.dst };
        self.send_icmpv6(cx, src, head.src, head.traffic_class, reply);
        Ok(())
    }

    /// Reports trouble with the packet `offender`, unless a rule demands silence.
    pub(super) fn report_v6(&mut self, cx: &mut Cx<'_>, offender: &[u8], link_group: bool, trouble: Trouble) {
        let Ok(view) = ipv6::View::read(offender) else { return };
        let despite_group = matches!(trouble, Trouble::Parameter { despite_group: true, .. });
        if silence::about_v6(&self.config, offender, link_group, despite_group).is_err() {
            return;
        }
        //= RFC4443-3.1-d
        if matches!(trouble, Trouble::Unreachable(_)) && !self.config.icmp.unreachables {
            return;
        }
        //= RFC4443-2.4-j
        //= RFC4443-2.4-k
        if !self.errors.take(cx.now) {
            return;
        }
        //= RFC4443-2.4-c
        let quoted = &offender[..offender.len().min(QUOTE_OCTETS)];
        let message = match trouble {
            Trouble::Unreachable(code) => Message::DestinationUnreachable { code, quoted },
            //= RFC4443-3.4-a
            Trouble::Parameter { code, pointer, .. } => Message::ParameterProblem { code, pointer, quoted },
            Trouble::ReassemblyTime => Message::TimeExceeded { code: 1, quoted },
        };
        //= RFC4443-2.2-a
        let is_own = address::is_own(&self.config, IpAddr::V6(view.dst()));
        let src = if is_own { view.dst() } else { Ipv6Addr::UNSPECIFIED };
        self.send_icmpv6(cx, src, view.src(), 0, message);
    }

    fn send_icmpv6(
        &mut self,
        cx: &mut Cx<'_>,
        src: Ipv6Addr,
        dst: Ipv6Addr,
        class: u8,
        message: Message<'_>,
    ) {
        let src = if src.is_unspecified() {
            // The checksum needs the address before the packet has one.
            match route::source_for(&self.config, IpAddr::V6(dst)) {
                Some(IpAddr::V6(src)) => src,
                Some(IpAddr::V4(_)) | None => return,
            }
        } else {
            src
        };
        let mut payload = mem::take(&mut self.message);
        payload.clear();
        message.emit(src, dst, &mut payload);
        let outgoing = Outgoing {
            src: IpAddr::V6(src),
            dst: IpAddr::V6(dst),
            protocol: PROTOCOL,
            hop_limit: None,
            traffic_class: class,
            dont_fragment: false,
            payload: &payload,
        };
        // Whoever can not be reached gets no answer: there is nobody to tell.
        let _ = self.transmit(cx, &outgoing);
        self.message = payload;
    }

    /// Hands an error up, if it quotes a packet of this host.
    fn error_v6<'f>(
        &self,
        packet: &Cow<'f, [u8]>,
        head: &Head,
        kind: ErrorKind,
        quoted: &[u8],
    ) -> Result<Received<'f>, Why> {
        if head.destination == address::Destination::Group || head.link_group {
            return Err(Why::IcmpErrorToGroup);
        }
        let (view, upper) = self.quoted_v6(quoted)?;
        let transport_at = packet.len() - quoted.len() + upper.offset;
        Ok(Received::Error(IcmpError {
            from: IpAddr::V6(head.src),
            kind,
            src: IpAddr::V6(view.src()),
            dst: IpAddr::V6(view.dst()),
            protocol: upper.protocol,
            transport: cut(packet, transport_at..transport_at + upper.payload.len()),
        }))
    }

    /// The quoted packet, if this host can have sent it and it says for whom the error is.
    fn quoted_v6<'q>(&self, quoted: &'q [u8]) -> Result<(ipv6::View<'q>, ipv6::Upper<'q>), Why> {
        //= RFC4443-2.4-d
        let view = ipv6::View::read(quoted).map_err(|_| Why::IcmpQuoteTooShortV6)?;
        let upper = view.extensions().upper().map_err(|_| Why::IcmpQuoteTooShortV6)?;
        let is_first = upper.fragment.is_none_or(|fragment| fragment.offset_octets == 0);
        if view.version() != 6 || !is_first || upper.payload.len() < TRANSPORT_OCTETS {
            return Err(Why::IcmpQuoteTooShortV6);
        }
        //= RFC8201-4-d
        if !address::is_own(&self.config, IpAddr::V6(view.src())) {
            return Err(Why::IcmpQuoteNotOurs);
        }
        Ok((view, upper))
    }

    /// Lowers the path MTU as a router says that could not forward `quoted`, and returns what is known then.
    fn lower_mtu_v6(&mut self, cx: &mut Cx<'_>, mtu: u32, quoted: &[u8]) -> Result<u16, Why> {
        let (view, upper) = self.quoted_v6(quoted)?;
        let dst = IpAddr::V6(view.dst());
        let total = u32::from(view.payload_len_octets()) + 40;
        if total > u32::from(self.config.mtu_octets) || route::next_hop(&self.config, dst).is_none() {
            return Err(Why::IcmpQuoteNotOurs);
        }
        //= RFC8201-4-a
        //= RFC8021-4-a
        if mtu < u32::from(path_mtu::SMALLEST_V6_OCTETS) {
            return Err(Why::MtuTooSmallV6);
        }
        //= RFC8201-4-c
        let reported = u16::try_from(mtu).ok().filter(|_| mtu < total).ok_or(Why::MtuNotLower)?;
        let known = self.mtu_octets(dst);
        //= RFC8201-4-b
        if reported < known && upper.protocol != tcp::PROTOCOL {
            self.path_mtu.lower(cx.now, dst, reported);
        }
        Ok(reported.min(known))
    }
}
