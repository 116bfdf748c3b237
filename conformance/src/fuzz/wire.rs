//! floor 8: laws of reading and writing, for any bytes: what is read and written again is the same, what is
//! written is read as the same, and no text panics.

use super::Finding;
use stack::wire::icmpv6::{self, Message as Message6};
use stack::wire::tcp::{Flags, Segment, View};
use stack::wire::tcp_option::{TcpOption, Walk};
use stack::wire::{Auto, arp, ethernet, icmpv4, ipv4, ipv6, ndp, show, tcp, udp};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const SRC: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const DST: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const SRC6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const DST6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

/// Reads the bytes as every protocol, and writes them again.
///
/// # Errors
/// The first law that does not hold.
pub fn wire(bytes: &[u8]) -> Result<(), Finding> {
    let text = format!("{}\n{}", show::Show(bytes), show::ShowFrame(bytes));
    law("text", text.lines().count() == 2, bytes)?;
    law("ethernet", ethernet_again(bytes), bytes)?;
    law("arp", arp_again(bytes), bytes)?;
    law("ipv4", ipv4_again(bytes), bytes)?;
    law("ipv6", ipv6_again(bytes), bytes)?;
    law("ipv6 extensions", extensions_end(bytes), bytes)?;
    law("udp", udp_again(bytes), bytes)?;
    law("tcp", tcp_again(bytes), bytes)?;
    law("tcp meaning", segment_again(bytes), bytes)?;
    law("tcp options", options_again(bytes), bytes)?;
    law("icmpv4", icmpv4_again(bytes), bytes)?;
    law("icmpv6", icmpv6_again(bytes), bytes)?;
    law("ndp", ndp_again(bytes), bytes)
}

fn law(class: &str, holds: bool, bytes: &[u8]) -> Result<(), Finding> {
    let seen = || bytes.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    if holds { Ok(()) } else { Err(Finding::new(format!("law of {class}"), seen())) }
}

fn ethernet_again(bytes: &[u8]) -> bool {
    let Ok(view) = ethernet::View::read(bytes) else { return bytes.len() < ethernet::HEADER_OCTETS };
    let Ok(frame) = ethernet::Frame::check(&view) else { return view.ethertype().is_length() };
    let mut out = Vec::new();
    frame.emit(&mut out);
    out == bytes
}

fn arp_again(bytes: &[u8]) -> bool {
    let Ok(view) = arp::View::read(bytes) else { return bytes.len() < arp::FIXED_OCTETS };
    let Ok(packet) = arp::Packet::check(&view) else { return true };
    let mut out = Vec::new();
    packet.emit(&mut out);
    bytes.starts_with(&out)
}

fn ipv4_again(bytes: &[u8]) -> bool {
    let Ok(view) = ipv4::View::read(bytes) else { return bytes.len() < ipv4::MIN_HEADER_OCTETS };
    if view.stop().is_some() {
        return ipv4::Packet::check(&view).is_err();
    }
    let packet = ipv4::Packet {
        src: view.src(),
        dst: view.dst(),
        protocol: view.protocol(),
        ttl: view.ttl(),
        tos: view.tos(),
        identification: view.identification(),
        dont_fragment: view.dont_fragment(),
        more_fragments: view.more_fragments(),
        fragment_offset_octets: view.fragment_offset_octets(),
        options: view.options_bytes(),
        payload: view.payload(),
    };
    let forced = ipv4::Forced {
        version: Auto::Forced(view.version()),
        ihl: Auto::Forced(view.ihl()),
        total_len: Auto::Forced(view.total_len_octets()),
        checksum: Auto::Forced(view.checksum()),
        reserved_flag: Auto::Forced(view.reserved_flag()),
    };
    let mut out = Vec::new();
    packet.emit_with(&forced, &mut out);
    let same = bytes.strip_suffix(view.trailer()) == Some(&out);
    // Written as it should be, it is read as the same.
    out.clear();
    packet.emit(&mut out);
    same && ipv4::View::read(&out).is_ok_and(|view| ipv4::Packet::check(&view) == Ok(packet))
}

fn ipv6_again(bytes: &[u8]) -> bool {
    let Ok(view) = ipv6::View::read(bytes) else { return bytes.len() < ipv6::HEADER_OCTETS };
    if view.stop().is_some() {
        return ipv6::Packet::check(&view).is_err();
    }
    let packet = ipv6::Packet {
        src: view.src(),
        dst: view.dst(),
        next_header: view.next_header(),
        hop_limit: view.hop_limit(),
        traffic_class: view.traffic_class(),
        flow_label: view.flow_label(),
        payload: view.payload(),
    };
    let forced = ipv6::Forced {
        version: Auto::Forced(view.version()),
        payload_len: Auto::Forced(view.payload_len_octets()),
    };
    let mut out = Vec::new();
    packet.emit_with(&forced, &mut out);
    let same = bytes.strip_suffix(view.trailer()) == Some(&out);
    out.clear();
    packet.emit(&mut out);
    same && ipv6::View::read(&out).is_ok_and(|view| ipv6::Packet::check(&view) == Ok(packet))
}

/// The chain of extension headers lies one behind the other, inside of the packet.
fn extensions_end(bytes: &[u8]) -> bool {
    let Ok(view) = ipv6::View::read(bytes) else { return true };
    let mut at = ipv6::HEADER_OCTETS;
    for extension in view.extensions().map_while(Result::ok) {
        if extension.at != at || extension.bytes.is_empty() {
            return false;
        }
        at += extension.bytes.len();
    }
    at <= bytes.len()
}

fn udp_again(bytes: &[u8]) -> bool {
    let Ok(view) = udp::View::read(bytes) else { return bytes.len() < udp::HEADER_OCTETS };
    let datagram =
        udp::Datagram { src_port: view.src_port(), dst_port: view.dst_port(), payload: view.payload() };
    let forced = udp::Forced { length: Auto::Forced(view.length()), checksum: Auto::Forced(view.checksum()) };
    let mut out = Vec::new();
    datagram.emit_with(&forced, SRC.into(), DST.into(), &mut out);
    let same = out == view.datagram();
    if datagram.payload.len() > udp::Datagram::MAX_PAYLOAD_OCTETS {
        return same;
    }
    let ends: [(IpAddr, IpAddr); 2] = [(SRC.into(), DST.into()), (SRC6.into(), DST6.into())];
    same && ends.into_iter().all(|(src, dst)| {
        out.clear();
        datagram.emit(src, dst, &mut out);
        udp::View::read(&out).is_ok_and(|view| udp::Datagram::check(&view, src, dst) == Ok(datagram))
    })
}

fn tcp_again(bytes: &[u8]) -> bool {
    let Ok(view) = View::read(bytes) else { return bytes.len() < tcp::MIN_HEADER_OCTETS };
    if view.stop().is_some() {
        return Segment::check(&view, SRC.into(), DST.into()).is_err();
    }
    let forced = tcp::Forced {
        data_offset: Auto::Forced(u8::try_from(view.data_offset_octets() / 4).unwrap_or(u8::MAX)),
        checksum: Auto::Forced(view.checksum()),
        reserved: Auto::Forced(view.reserved()),
        raw_options: Some(view.options_bytes()),
    };
    let mut out = Vec::new();
    Segment::unchecked(&view).emit_with(&forced, SRC.into(), DST.into(), &mut out);
    out == bytes
}

/// What a machine understands of a segment survives writing.
fn segment_again(bytes: &[u8]) -> bool {
    let Ok(view) = View::read(bytes) else { return true };
    let mut segment = Segment::unchecked(&view);
    segment.src_port = segment.src_port.max(1);
    segment.dst_port = segment.dst_port.max(1);
    segment.flags = Flags(segment.flags.0 & Flags::ALL.0);
    segment.options.sack = segment.options.sack.first(segment.options.sack_room());
    let ends: [(IpAddr, IpAddr); 2] = [(SRC.into(), DST.into()), (SRC6.into(), DST6.into())];
    ends.into_iter().all(|(src, dst)| {
        let mut out = Vec::new();
        segment.emit(src, dst, &mut out);
        let whole = out.len() == segment.header_len_octets() + segment.payload.len();
        whole && View::read(&out).is_ok_and(|view| Segment::check(&view, src, dst) == Ok(segment))
    })
}

fn options_again(bytes: &[u8]) -> bool {
    let options = bytes.get(..stack::wire::tcp_option::MAX_OCTETS).unwrap_or(bytes);
    let mut walk = Walk::new(options);
    let read: Vec<TcpOption<'_>> = walk.by_ref().map_while(Result::ok).collect();
    let mut out = Vec::new();
    read.iter().for_each(|option| option.emit(&mut out));
    options.starts_with(&out) && read.len() <= options.len()
}

/// A copy of a message with the right checksum at octets 2 and 3.
fn with_checksum(bytes: &[u8], sum: impl FnOnce(&[u8]) -> u16) -> Vec<u8> {
    let mut message = bytes.to_vec();
    if let Some(field) = message.get_mut(2..4) {
        field.fill(0);
    }
    let sum = sum(&message);
    if let Some(field) = message.get_mut(2..4) {
        field.copy_from_slice(&sum.to_be_bytes());
    }
    message
}

fn icmpv4_again(bytes: &[u8]) -> bool {
    let right = with_checksum(bytes, stack::wire::checksum::of);
    let Ok(view) = icmpv4::View::read(&right) else { return bytes.len() < 8 };
    let Ok(message) = icmpv4::Message::check(&view) else { return false };
    let mut out = Vec::new();
    message.emit(&mut out);
    icmpv4::View::read(&out).is_ok_and(|view| icmpv4::Message::check(&view) == Ok(message))
}

fn icmpv6_sum(message: &[u8]) -> u16 {
    let len_octets = u32::try_from(message.len()).unwrap_or(u32::MAX);
    stack::wire::checksum::pseudo(SRC6.into(), DST6.into(), icmpv6::PROTOCOL, len_octets)
        .add_bytes(message)
        .finish()
}

fn icmpv6_again(bytes: &[u8]) -> bool {
    let right = with_checksum(bytes, icmpv6_sum);
    let Ok(view) = icmpv6::View::read(&right) else { return bytes.len() < icmpv6::HEADER_OCTETS };
    let Ok(message) = Message6::check(&view, SRC6, DST6, ndp::HOP_LIMIT) else { return true };
    let mut out = Vec::new();
    message.emit(SRC6, DST6, &mut out);
    icmpv6::View::read(&out)
        .is_ok_and(|view| Message6::check(&view, SRC6, DST6, ndp::HOP_LIMIT) == Ok(message))
}

/// The walk through the options of neighbour discovery ends, and stays inside.
fn ndp_again(bytes: &[u8]) -> bool {
    let Ok(view) = ndp::View::read(bytes) else { return true };
    view.options().count() <= bytes.len() / 8 + 1
}
