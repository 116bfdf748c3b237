//! The segments of a peer, written as cheaply as can be: what is measured is the stack that reads them.

use std::net::Ipv4Addr;

/// The host under test.
pub(crate) const HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// The port it listens on.
pub(crate) const PORT: u16 = 80;

/// Octets of an IPv4 header and a TCP header, both without options.
const HEADERS_OCTETS: usize = 40;

pub(crate) const FIN: u8 = 1;
pub(crate) const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
pub(crate) const PSH: u8 = 8;
pub(crate) const ACK: u8 = 16;

/// Ports of one peer address.
const PORTS: u32 = 50_000;

/// The other end of connection `index`.
#[derive(Clone, Copy)]
pub(crate) struct Peer {
    addr: u32,
    port: u16,
}

impl Peer {
    pub(crate) fn new(index: u32) -> Self {
        let first = u32::from(Ipv4Addr::new(10, 1, 0, 0));
        let port = u16::try_from(10_000 + index % PORTS).expect("a port");
        Self { addr: first + index / PORTS, port }
    }

    /// Appends the IPv4 packet with this segment. A SYN offers segments of 1460 octets and nothing else.
    pub(crate) fn write(self, out: &mut Vec<u8>, seq: u32, ack: u32, flags: u8, data: &[u8]) {
        self.write_to(out, (HOST, PORT), seq, ack, flags, data);
    }

    /// As [`Peer::write`], to another address and port.
    pub(crate) fn write_to(
        self,
        out: &mut Vec<u8>,
        (addr, port): (Ipv4Addr, u16),
        seq: u32,
        ack: u32,
        flags: u8,
        data: &[u8],
    ) {
        let options: &[u8] = if flags & SYN == 0 { &[] } else { &[2, 4, 5, 180] };
        let start = out.len();
        let total = u16::try_from(HEADERS_OCTETS + options.len() + data.len()).expect("a packet");
        let mut head = [0_u8; HEADERS_OCTETS];
        head[0] = 0x45;
        head[2..4].copy_from_slice(&total.to_be_bytes());
        head[6] = 0x40;
        (head[8], head[9]) = (64, 6);
        head[12..16].copy_from_slice(&self.addr.to_be_bytes());
        head[16..20].copy_from_slice(&addr.octets());
        let sum = checksum(sum(&head[..20]));
        head[10..12].copy_from_slice(&sum.to_be_bytes());
        head[20..22].copy_from_slice(&self.port.to_be_bytes());
        head[22..24].copy_from_slice(&port.to_be_bytes());
        head[24..28].copy_from_slice(&seq.to_be_bytes());
        head[28..32].copy_from_slice(&ack.to_be_bytes());
        head[32] = if options.is_empty() { 0x50 } else { 0x60 };
        head[33] = flags;
        head[34..36].copy_from_slice(&u16::MAX.to_be_bytes());
        let pseudo = 6 + u64::from(total) - 20 + crate::segment::sum(&head[12..20]);
        let text =
            crate::segment::sum(&head[20..]) + crate::segment::sum(options) + crate::segment::sum(data);
        head[36..38].copy_from_slice(&checksum(pseudo + text).to_be_bytes());
        out.extend_from_slice(&head);
        out.extend_from_slice(options);
        out.extend_from_slice(data);
        debug_assert_eq!(out.len() - start, usize::from(total));
    }
}

/// A sum that is as good as that of the 16-bit words; zeros are thought behind.
fn sum(octets: &[u8]) -> u64 {
    let (words, rest) = octets.as_chunks::<4>();
    let whole: u64 = words.iter().map(|word| u64::from(u32::from_be_bytes(*word))).sum();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    whole + u64::from(u32::from_be_bytes(last))
}

fn checksum(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn u32_at(packet: &[u8], at: usize) -> u32 {
    packet.get(at..at + 4).and_then(|octets| octets.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// SEG.SEQ of a packet that a host sent.
pub(crate) fn seq(packet: &[u8]) -> u32 {
    u32_at(packet, 24)
}

/// SEG.ACK of a packet that a host sent.
pub(crate) fn ack(packet: &[u8]) -> u32 {
    u32_at(packet, 28)
}

/// The control bits of a packet that a host sent.
pub(crate) fn flags(packet: &[u8]) -> u8 {
    packet.get(33).copied().unwrap_or_default()
}

/// Octets of data in a packet that a host sent.
pub(crate) fn data_octets(packet: &[u8]) -> u32 {
    let header = 20 + usize::from(packet.get(32).copied().unwrap_or_default() >> 4) * 4;
    packet.len().saturating_sub(header) as u32
}
