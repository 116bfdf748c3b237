//! floor 6: one recorded packet, and the network layer in it.

use super::link::{LinkError, LinkType, network_layer, tunnel};
use stack::base::{Instant, Mac};

/// Which way a packet went, seen from the host that recorded it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Nobody says.
    #[default]
    Unknown,
    /// The host received it.
    Inbound,
    /// The host sent it.
    Outbound,
}

/// One recorded packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Frame number as Wireshark counts: the first of the file is 1, whatever the filter lets through.
    pub number: u64,
    /// Time since the first packet of the file. A packet that claims to be earlier than that is at zero.
    pub at: Instant,
    /// Time since 1970, in nanoseconds, as recorded; it saturates at the ends of its range.
    pub epoch_ns: i64,
    /// The octets that were recorded.
    pub bytes: &'a [u8],
    /// Length on the wire in octets, never less than `bytes` has.
    pub wire_len: u32,
    /// How it begins. In pcapng this may differ from packet to packet.
    pub link: LinkType,
    /// The interface that saw it, counted from 0 over all sections of the file.
    pub interface: u32,
    /// What the file says of its direction; the link header may say more.
    pub direction: Direction,
    /// Octets of a frame check sequence at the end of the frame on the wire, as far as the file tells.
    pub fcs_octets: u8,
}

/// The network layer of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network<'a> {
    /// EtherType of what begins at `bytes`: 0x0800 IPv4, 0x86dd IPv6, 0x0806 ARP.
    pub ethertype: u16,
    /// The recorded octets from there on, padding included, a frame check sequence not.
    pub bytes: &'a [u8],
    /// How many of them there were on the wire.
    pub wire_len: u32,
    /// Link address of the sender, where the frame has one.
    pub source: Option<Mac>,
    /// Link address of the receiver, where the frame has one.
    pub destination: Option<Mac>,
    /// Which way the packet went, as far as file and link header tell.
    pub direction: Direction,
    /// Tunnels that were taken off.
    pub tunnels: u8,
}

impl<'a> Packet<'a> {
    /// The network layer behind the link header. With `decapsulate`, the innermost one behind headers of
    /// GRE, IP in IP and VXLAN; else what is on the link.
    ///
    /// # Errors
    /// A frame that is too short, or that does not tell what it carries.
    pub fn network(&self, decapsulate: bool) -> Result<Network<'a>, LinkError> {
        let on_wire = self.wire_len.saturating_sub(u32::from(self.fcs_octets));
        let bytes = self.bytes.get(..on_wire as usize).unwrap_or(self.bytes);
        let mut start = network_layer(self.link, bytes)?;
        let mut tunnels = 0;
        while decapsulate && tunnels < tunnel::MAX_DEPTH {
            let Some(inner) = tunnel::inner(&start, bytes) else { break };
            start = inner;
            tunnels += 1;
        }
        let direction = if self.direction == Direction::Unknown { start.direction } else { self.direction };
        Ok(Network {
            ethertype: start.ethertype,
            bytes: bytes.get(start.offset..).unwrap_or_default(),
            wire_len: on_wire.saturating_sub(u32::try_from(start.offset).unwrap_or(u32::MAX)),
            source: start.source,
            destination: start.destination,
            direction,
            tunnels,
        })
    }
}
