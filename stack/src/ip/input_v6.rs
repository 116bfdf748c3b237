//! floor 2: IPv6 packets in: the chain of extension headers, fragments (RFC 8200 section 4).
//!
//! RFC2675-3-a: there are no jumbograms, the Jumbo Payload option is one that is not known.

use super::address::{self, Destination};
use super::input::{TCP, UDP, quote};
use super::reassembly::{Key, Part, Whole};
use super::{Cx, Incoming, Ip, Received, cut, icmpv6};
use crate::base::Why;
use crate::wire::icmpv6::PROTOCOL as ICMPV6;
use crate::wire::ipv6_extension::{Body, Extension, NO_NEXT_HEADER};
use crate::wire::ipv6_option::{Options, Unknown};
use crate::wire::{Stop, ipv6};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

/// Codes of Parameter Problem (RFC 4443 section 3.4, RFC 7112 section 8).
mod code {
    pub(super) const HEADER_FIELD: u8 = 0;
    pub(super) const NEXT_HEADER: u8 = 1;
    pub(super) const OPTION: u8 = 2;
    pub(super) const CHAIN_INCOMPLETE: u8 = 3;
}

/// Where the payload length stands in the header, in octets.
const PAYLOAD_LENGTH_AT: usize = 4;

/// What a whole IPv6 packet says about its payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) src: Ipv6Addr,
    pub(super) dst: Ipv6Addr,
    pub(super) destination: Destination,
    pub(super) protocol: u8,
    pub(super) hop_limit: u8,
    pub(super) traffic_class: u8,
    pub(super) payload_at: usize,
    pub(super) link_group: bool,
    /// Whether there was a fragment header, even an atomic one.
    pub(super) fragmented: bool,
}

/// Why a packet is discarded, and what is reported about it, if anything.
type Verdict = (Why, Option<icmpv6::Trouble>);

fn problem(why: Why, code: u8, pointer: usize) -> Verdict {
    let pointer = u32::try_from(pointer).unwrap_or(u32::MAX);
    (why, Some(icmpv6::Trouble::Parameter { code, pointer, despite_group: false }))
}

/// Where the walk along the chain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// At the upper layer.
    Upper {
        protocol: u8,
        offset: usize,
        /// Whether there was an atomic fragment header.
        fragmented: bool,
    },
    /// At a fragment header that holds a piece.
    Piece {
        fragment: ipv6::Fragment,
        /// Offset of the fragment header.
        at: usize,
        announced_at: usize,
    },
}

impl Ip {
    pub(super) fn receive_v6<'f>(
        &mut self,
        cx: &mut Cx<'_>,
        bytes: &'f [u8],
        link_group: bool,
    ) -> Result<Received<'f>, Why> {
        let view = ipv6::View::read(bytes).map_err(|_| Why::HeaderTruncated)?;
        let packet = ipv6::Packet::check(&view)?;
        address::destination_v6(&self.config, packet.dst)?;
        address::source_v6(&self.config, packet.src, packet.dst)?;
        let whole = &bytes[..bytes.len() - view.trailer().len()];
        self.receive_chain(cx, Cow::Borrowed(whole), link_group, false)
    }

    /// Walks the extension headers of a packet, once as received and once more if it was `reassembled`.
    fn receive_chain<'f>(
        &mut self,
        cx: &mut Cx<'_>,
        bytes: Cow<'f, [u8]>,
        link_group: bool,
        reassembled: bool,
    ) -> Result<Received<'f>, Why> {
        let view = ipv6::View::read(&bytes).map_err(|_| Why::HeaderTruncated)?;
        let end = walk(&view, reassembled).and_then(|end| match end {
            End::Piece { fragment, at, .. } => check_piece(&view, fragment, at).map(|()| end),
            End::Upper { .. } => Ok(end),
        });
        match end {
            Ok(End::Upper { protocol, offset, fragmented }) => {
                let head = Head {
                    src: view.src(),
                    dst: view.dst(),
                    destination: address::destination_v6(&self.config, view.dst())?,
                    protocol,
                    hop_limit: view.hop_limit(),
                    traffic_class: view.traffic_class(),
                    payload_at: offset,
                    link_group,
                    fragmented: fragmented || reassembled,
                };
                self.receive_upper(cx, bytes, &head)
            }
            Ok(End::Piece { fragment, at, announced_at }) => {
                self.receive_piece(cx, &bytes, fragment, (at, announced_at), link_group)
            }
            Err((why, trouble)) => {
                if let Some(trouble) = trouble {
                    self.report_v6(cx, &bytes, link_group, trouble);
                }
                Err(why)
            }
        }
    }

    fn receive_piece<'f>(
        &mut self,
        cx: &mut Cx<'_>,
        bytes: &[u8],
        fragment: ipv6::Fragment,
        (at, announced_at): (usize, usize),
        link_group: bool,
    ) -> Result<Received<'f>, Why> {
        let view = ipv6::View::read(bytes).map_err(|_| Why::HeaderTruncated)?;
        let key = Key::V6 { src: view.src(), dst: view.dst(), identification: fragment.identification };
        let part = Part {
            offset_octets: fragment.offset_octets,
            more: fragment.more,
            data: &bytes[at + ipv6::Fragment::HEADER_OCTETS..],
            packet: bytes,
            header_octets: at,
            protocol: fragment.next_header,
            protocol_at: announced_at,
            hop_limit: view.hop_limit(),
            traffic_class: view.traffic_class(),
            link_group,
        };
        let Some(whole) = self.reassembly.arrive(cx.now, key, &part, cx.choices, cx.out) else {
            return Ok(Received::Nothing);
        };
        let rebuilt = rebuild(&whole).ok_or(Why::FragmentBeyondLimitV6)?;
        self.receive_chain(cx, Cow::Owned(rebuilt), whole.first.link_group, true)
    }

    fn receive_upper<'f>(
        &mut self,
        cx: &mut Cx<'_>,
        packet: Cow<'f, [u8]>,
        head: &Head,
    ) -> Result<Received<'f>, Why> {
        //= RFC8200-3-b
        if head.protocol == ICMPV6 {
            return self.receive_icmpv6(cx, &packet, head);
        }
        Ok(Received::Datagram(Incoming {
            src: IpAddr::V6(head.src),
            dst: IpAddr::V6(head.dst),
            protocol: head.protocol,
            hop_limit: head.hop_limit,
            traffic_class: head.traffic_class,
            payload: cut(&packet, head.payload_at..packet.len()),
            group: head.destination == Destination::Group || head.link_group,
            quote: quote(packet),
        }))
    }
}

/// Walks along the chain up to the upper layer or a piece, strictly in order.
fn walk(view: &ipv6::View<'_>, reassembled: bool) -> Result<End, Verdict> {
    let mut fragmented = false;
    //= RFC8200-4-a
    //= RFC8200-4.1-a
    for extension in view.extensions() {
        let extension = extension.map_err(|stop: Stop| truncated(&stop))?;
        //= RFC8200-4-c
        if extension.is_misplaced() {
            return Err(problem(Why::HopByHopNotFirst, code::NEXT_HEADER, extension.announced_at));
        }
        match extension.body {
            Body::HopByHop(options) | Body::DestinationOptions(options) => check_options(options)?,
            Body::Routing { kind: _, segments_left, .. } => check_routing(&extension, segments_left)?,
            //= RFC6946-4-a
            //= RFC8200-4.5-l
            Body::Fragment { fragment, .. } if fragment.is_whole() => fragmented = true,
            Body::Fragment { .. } if reassembled || fragmented => return Err((Why::NestedFragment, None)),
            Body::Fragment { fragment, .. } => {
                let (at, announced_at) = (extension.at, extension.announced_at);
                return Ok(End::Piece { fragment, at, announced_at });
            }
            // There are no security associations here: the header is as unknown as any other.
            Body::Authentication { .. } => {
                return Err(problem(Why::NextHeaderUnknown, code::NEXT_HEADER, extension.announced_at));
            }
        }
    }
    let upper = view.extensions().upper().map_err(|stop| truncated(&stop))?;
    match upper.protocol {
        ICMPV6 | TCP | UDP => Ok(End::Upper { protocol: upper.protocol, offset: upper.offset, fragmented }),
        //= RFC8200-4.7-a
        NO_NEXT_HEADER => Err((Why::NoNextHeader, None)),
        //= RFC8200-4-b
        _ => Err(problem(Why::NextHeaderUnknown, code::NEXT_HEADER, upper.announced_at)),
    }
}

/// A header that runs over the end of the packet: its length octet is at fault.
fn truncated(stop: &Stop) -> Verdict {
    problem(Why::ExtensionTruncated, code::HEADER_FIELD, stop.at + 1)
}

fn check_options(options: Options<'_>) -> Result<(), Verdict> {
    use super::icmpv6::Trouble::Parameter;
    for option in options {
        let option = option.map_err(|stop| truncated(&stop))?;
        //= RFC8200-4.2-f
        if option.is_padding() {
            continue;
        }
        let pointer = u32::try_from(option.at).unwrap_or(u32::MAX);
        let report = |despite_group| Some(Parameter { code: code::OPTION, pointer, despite_group });
        match option.unknown() {
            //= RFC8200-4.2-a
            Unknown::Skip => {}
            //= RFC8200-4.2-b
            Unknown::Discard => return Err((Why::OptionDiscards, None)),
            //= RFC8200-4.2-c
            Unknown::Report => return Err((Why::OptionReports, report(true))),
            //= RFC8200-4.2-d
            Unknown::ReportUnlessMulticast => return Err((Why::OptionReportsToUnicast, report(false))),
        }
    }
    Ok(())
}

/// No routing type is known here, and type 0 is not to be (RFC 5095).
fn check_routing(extension: &Extension<'_>, segments_left: u8) -> Result<(), Verdict> {
    //= RFC8200-4.4-a
    if segments_left == 0 {
        return Ok(());
    }
    //= RFC8200-4.4-b
    //= RFC5095-3-a
    Err(problem(Why::RoutingTypeUnknown, code::HEADER_FIELD, extension.at + 2))
}

/// Checks a piece whose fragment header stands at `at`.
fn check_piece(view: &ipv6::View<'_>, fragment: ipv6::Fragment, at: usize) -> Result<(), Verdict> {
    let data_at = at + ipv6::Fragment::HEADER_OCTETS - ipv6::HEADER_OCTETS;
    let data_octets = view.payload().len().saturating_sub(data_at);
    //= RFC8200-4.5-g
    if fragment.more && !data_octets.is_multiple_of(8) {
        return Err(problem(Why::FragmentUnevenV6, code::HEADER_FIELD, PAYLOAD_LENGTH_AT));
    }
    let before_octets = at - ipv6::HEADER_OCTETS;
    //= RFC8200-4.5-h
    if before_octets + usize::from(fragment.offset_octets) + data_octets > 0xffff {
        return Err(problem(Why::FragmentBeyondLimitV6, code::HEADER_FIELD, at + 2));
    }
    //= RFC8200-4.5-i
    //= RFC7112-5-b
    if fragment.offset_octets == 0 && !has_whole_chain(view) {
        return Err(problem(Why::HeaderChainIncomplete, code::CHAIN_INCOMPLETE, 0));
    }
    Ok(())
}

/// Whether the chain of a first fragment goes through to the end of the upper-layer header.
fn has_whole_chain(view: &ipv6::View<'_>) -> bool {
    let Ok(upper) = view.extensions().upper() else { return false };
    let least_octets = match upper.protocol {
        TCP => 20,
        UDP => 8,
        ICMPV6 => 4,
        _ => 0,
    };
    upper.payload.len() >= least_octets
}

/// The packet as if it had never been cut; `None` if it is longer than a packet can be.
fn rebuild(whole: &Whole) -> Option<Vec<u8>> {
    let headers = &whole.first.packet[..whole.first.header_octets];
    let payload_len = u16::try_from(headers.len() - ipv6::HEADER_OCTETS + whole.payload.len()).ok()?;
    let mut bytes = Vec::with_capacity(headers.len() + whole.payload.len());
    bytes.extend_from_slice(headers);
    bytes[0] = bytes[0] & 0xf0 | whole.first.traffic_class >> 4;
    bytes[1] = bytes[1] & 0x0f | whole.first.traffic_class << 4;
    bytes[PAYLOAD_LENGTH_AT..PAYLOAD_LENGTH_AT + 2].copy_from_slice(&payload_len.to_be_bytes());
    bytes[whole.first.protocol_at] = whole.first.protocol;
    bytes.extend_from_slice(&whole.payload);
    Some(bytes)
}
