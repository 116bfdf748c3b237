//! floor 7: the network device that smoltcp sees: two queues of frames.

use super::EMITTED_PER_STEP_MAX;
use crate::host::Emitted;
use crate::trace::Link;
use ::smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use ::smoltcp::time;
use stack::base::Instant;
use std::collections::VecDeque;

/// Octets of an Ethernet header.
const ETHERNET_HEADER_OCTETS: usize = 14;

/// Frames on their way in and out.
#[derive(Debug)]
pub(super) struct Queue {
    link: Link,
    mtu_octets: u16,
    /// Frames that smoltcp has not read yet.
    pub(super) arriving: VecDeque<Vec<u8>>,
    /// Frames that the harness has not taken yet.
    pub(super) emitted: VecDeque<Emitted>,
    /// The time that is written on emitted frames.
    pub(super) now: Instant,
    /// Frames emitted since time last moved, to notice a host that spins.
    pub(super) emitted_in_step: u32,
}

impl Queue {
    pub(super) const fn new(link: Link, mtu_octets: u16) -> Self {
        Self {
            link,
            mtu_octets,
            arriving: VecDeque::new(),
            emitted: VecDeque::new(),
            now: Instant::ZERO,
            emitted_in_step: 0,
        }
    }

    pub(super) const fn spins(&self) -> bool {
        self.emitted_in_step >= EMITTED_PER_STEP_MAX
    }
}

/// A frame for smoltcp to read.
pub(super) struct Arriving(Vec<u8>);

impl RxToken for Arriving {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

/// Room for a frame that smoltcp writes.
pub(super) struct Leaving<'a> {
    emitted: &'a mut VecDeque<Emitted>,
    emitted_in_step: &'a mut u32,
    at: Instant,
}

impl TxToken for Leaving<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut bytes = vec![0; len];
        let result = write(&mut bytes);
        self.emitted.push_back(Emitted { at: self.at, bytes });
        *self.emitted_in_step += 1;
        result
    }
}

impl Device for Queue {
    type RxToken<'a> = Arriving;
    type TxToken<'a> = Leaving<'a>;

    fn receive(&mut self, _: time::Instant) -> Option<(Arriving, Leaving<'_>)> {
        let frame = self.arriving.pop_front()?;
        let leaving =
            Leaving { emitted: &mut self.emitted, emitted_in_step: &mut self.emitted_in_step, at: self.now };
        Some((Arriving(frame), leaving))
    }

    fn transmit(&mut self, _: time::Instant) -> Option<Leaving<'_>> {
        (!self.spins()).then_some(Leaving {
            emitted: &mut self.emitted,
            emitted_in_step: &mut self.emitted_in_step,
            at: self.now,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        let mtu = usize::from(self.mtu_octets);
        (capabilities.medium, capabilities.max_transmission_unit) = match self.link {
            Link::Ip => (Medium::Ip, mtu),
            Link::Ethernet => (Medium::Ethernet, mtu + ETHERNET_HEADER_OCTETS),
        };
        capabilities
    }
}
