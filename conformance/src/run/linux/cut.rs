//! floor 8: what a network card does to a super-segment: it cuts it and fills in the checksums.

use super::device::{Frame, HEAD_OCTETS};
use stack::wire::checksum;
use stack::wire::ethernet::HEADER_OCTETS as IP_AT;
use stack::wire::tcp::{self, Flags};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where the flags of a TCP header are.
const FLAGS_AT: usize = 13;
/// Where its checksum is.
const SUM_AT: usize = 16;

fn short(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 2).and_then(|octets| octets.try_into().ok()).map_or(0, u16::from_be_bytes).into()
}

fn put(bytes: &mut [u8], at: usize, number: usize) {
    if let (Some(field), Ok(number)) = (bytes.get_mut(at..at + 2), u16::try_from(number)) {
        field.copy_from_slice(&number.to_be_bytes());
    }
}

/// The frames that leave the card for one that came to it.
pub(super) fn finished(frame: &Frame) -> Vec<Frame> {
    let [flags, kind, ..] = frame.head;
    let native = |at: usize| usize::from(u16::from_ne_bytes([frame.head[at], frame.head[at + 1]]));
    let (size, sum_from, sum_offset) = (native(4), native(6), native(8));
    let whole = |bytes| Frame { head: [0; HEAD_OCTETS], bytes };
    if kind != 0 && size > 0 {
        return segments(&frame.bytes, sum_from, size).into_iter().map(whole).collect();
    }
    let mut bytes = frame.bytes.clone();
    if flags & 1 != 0 {
        let sum = bytes.get(sum_from..).map_or(0, checksum::of);
        // UDP writes zero as its complement (RFC 768).
        put(&mut bytes, sum_from + sum_offset, if sum == 0 { 0xffff } else { sum.into() });
    }
    vec![whole(bytes)]
}

fn segments(bytes: &[u8], tcp_at: usize, size: usize) -> Vec<Vec<u8>> {
    let data_at = tcp_at + 4 * usize::from(bytes.get(tcp_at + 12).map_or(0, |octet| octet >> 4));
    let (Some(header), Some(data)) = (bytes.get(..data_at), bytes.get(data_at..)) else { return Vec::new() };
    let count = data.len().div_ceil(size);
    let mut all = Vec::with_capacity(count);
    for (index, part) in data.chunks(size).enumerate() {
        let mut one = [header, part].concat();
        let first = u32::from_be_bytes(header[tcp_at + 4..tcp_at + 8].try_into().unwrap_or_default());
        let seq = first.wrapping_add(u32::try_from(index * size).unwrap_or(0));
        one[tcp_at + 4..tcp_at + 8].copy_from_slice(&seq.to_be_bytes());
        if index + 1 < count {
            one[tcp_at + FLAGS_AT] &= !Flags::FIN.union(Flags::PSH).0.to_le_bytes()[0];
        }
        if index > 0 {
            one[tcp_at + FLAGS_AT] &= !Flags::CWR.0.to_le_bytes()[0];
        }
        address(&mut one, tcp_at, index);
        all.push(one);
    }
    all
}

/// Mends lengths and sums of one of several segments.
fn address(one: &mut [u8], tcp_at: usize, index: usize) {
    let (octets, tcp_octets) = (one.len() - IP_AT, one.len() - tcp_at);
    let (src, dst): (IpAddr, IpAddr) = if one[IP_AT] >> 4 == 4 {
        put(one, IP_AT + 2, octets);
        let ident = short(one, IP_AT + 4) + index;
        put(one, IP_AT + 4, ident & 0xffff);
        put(one, IP_AT + 10, 0);
        let sum = checksum::of(&one[IP_AT..tcp_at]);
        put(one, IP_AT + 10, sum.into());
        let addr = |at: usize| <[u8; 4]>::try_from(&one[IP_AT + at..IP_AT + at + 4]).unwrap_or_default();
        (Ipv4Addr::from(addr(12)).into(), Ipv4Addr::from(addr(16)).into())
    } else {
        put(one, IP_AT + 4, octets - 40);
        let addr = |at: usize| <[u8; 16]>::try_from(&one[IP_AT + at..IP_AT + at + 16]).unwrap_or_default();
        (Ipv6Addr::from(addr(8)).into(), Ipv6Addr::from(addr(24)).into())
    };
    put(one, tcp_at + SUM_AT, 0);
    let pseudo = checksum::pseudo(src, dst, tcp::PROTOCOL, u32::try_from(tcp_octets).unwrap_or(u32::MAX));
    let sum = pseudo.add_bytes(&one[tcp_at..]).finish();
    put(one, tcp_at + SUM_AT, sum.into());
}
