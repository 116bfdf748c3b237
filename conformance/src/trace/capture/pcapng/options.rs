//! floor 6: the options of a pcapng block: code, length and value, padded to four octets.

use crate::trace::capture::Losses;
use crate::trace::capture::order::Order;
use crate::trace::capture::packet::Direction;

/// The end of the options.
const END: u16 = 0;
/// Options of an enhanced packet block.
const FLAGS: u16 = 2;
const LOST_BEFORE: u16 = 4;
/// Options of interface statistics.
const INTERFACE_DROPPED: u16 = 5;
const SYSTEM_DROPPED: u16 = 7;

/// The options in some octets, in order. What makes no sense ends them: they are only remarks.
pub(super) struct Options<'a> {
    order: Order,
    rest: &'a [u8],
}

/// What options remark of a packet.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    pub(super) direction: Direction,
    /// Octets of the frame check sequence, if they are told.
    pub(super) fcs_octets: Option<u8>,
    /// Packets that were lost before it.
    pub(super) lost: u64,
}

impl<'a> Options<'a> {
    /// The options that begin there.
    pub(super) const fn new(order: Order, rest: &'a [u8]) -> Self {
        Self { order, rest }
    }

    /// The counters of a statistics block.
    pub(super) fn losses(self) -> Losses {
        let order = self.order;
        let mut losses = Losses::NONE;
        for (code, value) in self {
            let Ok(count) = value.try_into().map(|octets| order.eight(octets)) else { continue };
            match code {
                INTERFACE_DROPPED => losses.by_interface = count,
                SYSTEM_DROPPED => losses.by_system = count,
                _ => (),
            }
        }
        losses
    }

    /// The remarks on a packet.
    pub(super) fn remarks(self) -> Remarks {
        let order = self.order;
        let mut remarks = Remarks::default();
        for (code, value) in self {
            if let (FLAGS, Ok(octets)) = (code, value.try_into()) {
                let flags = order.four(octets);
                remarks.direction = match flags & 3 {
                    1 => Direction::Inbound,
                    2 => Direction::Outbound,
                    _ => Direction::Unknown,
                };
                remarks.fcs_octets = u8::try_from(flags >> 5 & 15).ok().filter(|octets| *octets > 0);
            } else if let (LOST_BEFORE, Ok(octets)) = (code, value.try_into()) {
                remarks.lost = order.eight(octets);
            }
        }
        remarks
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let code = self.order.two_at(self.rest, 0).filter(|code| *code != END)?;
        let len = usize::from(self.order.two_at(self.rest, 2)?);
        let value = self.rest.get(4..4 + len)?;
        self.rest = self.rest.get(4 + len.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    }
}
