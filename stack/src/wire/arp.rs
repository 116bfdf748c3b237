//! floor 1: address resolution packets (RFC 826; the 28-octet form for Ethernet and IPv4 is the checked one).

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::ethernet::EtherType;
use super::{Auto, Layer, Stop};
use crate::base::{Mac, Why};

/// Octets before the addresses.
pub const FIXED_OCTETS: usize = 8;
/// Octets of a packet with Ethernet and IPv4 addresses.
pub const PACKET_OCTETS: usize = 28;
/// The hardware type of Ethernet.
pub const HARDWARE_ETHERNET: u16 = 1;

const MAC_OCTETS: u8 = 6;
const IPV4_OCTETS: u8 = 4;

/// A packet as it lies there, with addresses of any length.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    bytes: &'a [u8],
    fixed: &'a [u8; FIXED_OCTETS],
}

impl<'a> View<'a> {
    /// Reads a packet; link-layer padding may follow it.
    ///
    /// # Errors
    /// [`Stop`] when the 8 octets before the addresses are not there.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Stop> {
        let Some(fixed) = bytes.first_chunk() else {
            return Err(stop(FIXED_OCTETS, bytes.len(), "minimum header"));
        };
        Ok(Self { bytes, fixed })
    }

    /// The kind of link, 1 for Ethernet.
    pub const fn hardware_type(&self) -> u16 {
        u16::from_be_bytes([self.fixed[0], self.fixed[1]])
    }

    /// The network protocol, in the numbers of the Ethernet type field.
    pub const fn protocol_type(&self) -> EtherType {
        EtherType(u16::from_be_bytes([self.fixed[2], self.fixed[3]]))
    }

    /// Length of a hardware address in octets as the field says.
    pub const fn hardware_len_octets(&self) -> u8 {
        self.fixed[4]
    }

    /// Length of a protocol address in octets as the field says.
    pub const fn protocol_len_octets(&self) -> u8 {
        self.fixed[5]
    }

    /// The operation code.
    pub const fn operation(&self) -> u16 {
        u16::from_be_bytes([self.fixed[6], self.fixed[7]])
    }

    /// The sender's hardware address, as far as it is there.
    pub fn sender_hardware(&self) -> &'a [u8] {
        self.address(0, self.hardware_len_octets())
    }

    /// The sender's protocol address, as far as it is there.
    pub fn sender_protocol(&self) -> &'a [u8] {
        self.address(usize::from(self.hardware_len_octets()), self.protocol_len_octets())
    }

    /// The target's hardware address, as far as it is there; it means nothing in a request.
    pub fn target_hardware(&self) -> &'a [u8] {
        self.address(self.pair_octets(), self.hardware_len_octets())
    }

    /// The target's protocol address, as far as it is there.
    pub fn target_protocol(&self) -> &'a [u8] {
        let before = self.pair_octets() + usize::from(self.hardware_len_octets());
        self.address(before, self.protocol_len_octets())
    }

    /// The fields that promised more than there is: the two address lengths.
    pub fn stop(&self) -> Option<Stop> {
        let (need, have) = (FIXED_OCTETS + 2 * self.pair_octets(), self.bytes.len());
        (need > have).then(|| stop(need, have, "address lengths"))
    }

    fn pair_octets(&self) -> usize {
        usize::from(self.hardware_len_octets()) + usize::from(self.protocol_len_octets())
    }

    /// `len` octets that begin `before` octets behind the fixed part, cut at the end of the packet.
    fn address(&self, before: usize, len: u8) -> &'a [u8] {
        let have = self.bytes.len();
        let begin = (FIXED_OCTETS + before).min(have);
        &self.bytes[begin..(begin + usize::from(len)).min(have)]
    }
}

const fn stop(need: usize, have: usize, said_by: &'static str) -> Stop {
    Stop { layer: Layer::Arp, at: 0, need, have, said_by }
}

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Who has the target protocol address?
    Request,
    /// The sender has it.
    Reply,
    /// Another code. It still tells where the sender is: RFC 826 looks at the code last.
    Other(u16),
}

impl Operation {
    /// The operation that `code` stands for.
    pub const fn from_code(code: u16) -> Self {
        match code {
            1 => Self::Request,
            2 => Self::Reply,
            other => Self::Other(other),
        }
    }

    /// The code on the wire.
    pub const fn code(self) -> u16 {
        match self {
            Self::Request => 1,
            Self::Reply => 2,
            Self::Other(code) => code,
        }
    }
}

/// A packet that resolves IPv4 addresses on Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Packet {
    /// What it is for.
    pub operation: Operation,
    /// Hardware address of the sender.
    pub sender_mac: Mac,
    /// Internet address of the sender; zero in a probe (RFC 5227).
    pub sender_ip: Ipv4Addr,
    /// Hardware address of the target; it means nothing in a request.
    pub target_mac: Mac,
    /// Internet address of the target.
    pub target_ip: Ipv4Addr,
}

/// Fields that a test may want wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forced {
    /// The kind of link.
    pub hardware_type: Auto<u16>,
    /// The network protocol.
    pub protocol_type: Auto<EtherType>,
    /// Length of a hardware address in octets.
    pub hardware_len: Auto<u8>,
    /// Length of a protocol address in octets.
    pub protocol_len: Auto<u8>,
}

impl Packet {
    /// The packet, if it is one for Ethernet and IPv4. Operation and addresses are not looked at.
    ///
    /// # Errors
    /// [`Why::ArpHardwareType`], [`Why::ArpProtocolType`], [`Why::ArpAddressLength`] or
    /// [`Why::ArpTruncated`], the first that applies.
    pub fn check(view: &View<'_>) -> Result<Self, Why> {
        //= RFC826-Packet_Reception-a
        if view.hardware_type() != HARDWARE_ETHERNET {
            return Err(Why::ArpHardwareType);
        }
        //= RFC826-Packet_Reception-a
        if view.protocol_type() != EtherType::IPV4 {
            return Err(Why::ArpProtocolType);
        }
        //= RFC826-Packet_Reception-b
        if (view.hardware_len_octets(), view.protocol_len_octets()) != (MAC_OCTETS, IPV4_OCTETS) {
            return Err(Why::ArpAddressLength);
        }
        //= RFC826-Packet_format-a
        let (Some(sender_mac), Some(sender_ip), Some(target_mac), Some(target_ip)) = (
            view.sender_hardware().first_chunk(),
            view.sender_protocol().first_chunk::<4>(),
            view.target_hardware().first_chunk(),
            view.target_protocol().first_chunk::<4>(),
        ) else {
            return Err(Why::ArpTruncated);
        };
        Ok(Self {
            operation: Operation::from_code(view.operation()),
            sender_mac: Mac(*sender_mac),
            sender_ip: Ipv4Addr::from(*sender_ip),
            target_mac: Mac(*target_mac),
            target_ip: Ipv4Addr::from(*target_ip),
        })
    }

    /// Appends the packet.
    pub fn emit(&self, out: &mut Vec<u8>) {
        self.emit_with(&Forced::default(), out);
    }

    /// Appends the packet with the forced fields as they are. The addresses keep their lengths.
    pub fn emit_with(&self, forced: &Forced, out: &mut Vec<u8>) {
        out.extend_from_slice(&forced.hardware_type.or(|| HARDWARE_ETHERNET).to_be_bytes());
        out.extend_from_slice(&forced.protocol_type.or(|| EtherType::IPV4).0.to_be_bytes());
        out.push(forced.hardware_len.or(|| MAC_OCTETS));
        out.push(forced.protocol_len.or(|| IPV4_OCTETS));
        out.extend_from_slice(&self.operation.code().to_be_bytes());
        out.extend_from_slice(&self.sender_mac.0);
        out.extend_from_slice(&self.sender_ip.octets());
        out.extend_from_slice(&self.target_mac.0);
        out.extend_from_slice(&self.target_ip.octets());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::{TestResult, quickcheck};

    fn packet(operation: u16, addrs: (u32, u32), macs: (u32, u32)) -> Packet {
        let mac = |n: u32| {
            let [a, b, c, d] = n.to_be_bytes();
            Mac([2, 0, a, b, c, d])
        };
        Packet {
            operation: Operation::from_code(operation),
            sender_mac: mac(macs.0),
            sender_ip: Ipv4Addr::from(addrs.0),
            target_mac: mac(macs.1),
            target_ip: Ipv4Addr::from(addrs.1),
        }
    }

    fn emitted(forced: &Forced) -> Vec<u8> {
        let mut out = Vec::new();
        packet(1, (1, 2), (3, 0)).emit_with(forced, &mut out);
        out
    }

    fn verdict(bytes: &[u8]) -> Result<Result<Packet, Why>, Stop> {
        View::read(bytes).map(|view| Packet::check(&view))
    }

    //? RFC826-Packet_Reception-a
    //? RFC826-Packet_Reception-b
    //? RFC826-Packet_format-a
    #[test]
    fn each_wrong_field_has_its_reason() {
        let gives = |forced: Forced, why: Why| assert_eq!(verdict(&emitted(&forced)), Ok(Err(why)));
        let none = Forced::default();
        gives(Forced { hardware_type: Auto::Forced(6), ..none }, Why::ArpHardwareType);
        gives(Forced { protocol_type: Auto::Forced(EtherType::IPV6), ..none }, Why::ArpProtocolType);
        gives(Forced { hardware_len: Auto::Forced(8), ..none }, Why::ArpAddressLength);
        gives(Forced { protocol_len: Auto::Forced(16), ..none }, Why::ArpAddressLength);
        let whole = emitted(&none);
        assert_eq!(whole.len(), PACKET_OCTETS);
        assert_eq!(verdict(&whole[..27]), Ok(Err(Why::ArpTruncated)));
        assert_eq!(View::read(&whole[..27]).map(|v| v.stop()), Ok(Some(stop(28, 27, "address lengths"))));
    }

    quickcheck! {
        fn what_is_emitted_reads_the_same(operation: u16, addrs: (u32, u32), macs: (u32, u32)) -> bool {
            let packet = packet(operation, addrs, macs);
            let mut out = Vec::new();
            packet.emit(&mut out);
            out.resize(46, 0);
            verdict(&out) == Ok(Ok(packet))
        }

        fn what_reads_well_is_emitted_the_same(tail: Vec<u8>) -> TestResult {
            let mut bytes = emitted(&Forced::default());
            bytes.truncate(6);
            bytes.extend(&tail);
            let Ok(Ok(packet)) = verdict(&bytes) else {
                return TestResult::discard();
            };
            let mut out = Vec::new();
            packet.emit(&mut out);
            TestResult::from_bool(bytes.starts_with(&out))
        }

        fn views_stay_in_bounds(bytes: Vec<u8>, lengths: (u8, u8)) -> bool {
            let mut bytes = bytes;
            if bytes.len() > 5 {
                (bytes[4], bytes[5]) = (lengths.0 % 24, lengths.1 % 24);
            }
            let view = match View::read(&bytes) {
                Ok(view) => view,
                Err(stop) => return stop.at + stop.have <= bytes.len() && stop.need > stop.have,
            };
            let _ = (view.hardware_type(), view.protocol_type(), view.operation());
            let addresses = view.sender_hardware().len() + view.sender_protocol().len()
                + view.target_hardware().len() + view.target_protocol().len();
            FIXED_OCTETS + addresses <= bytes.len()
                && view.stop().is_some() == (addresses < 2 * view.pair_octets())
                && view.stop().is_none_or(|stop| stop.at + stop.have <= bytes.len())
        }
    }
}
