//! floor 8: what stands between the device and the host: the filter sees what the outside sends, the mapping
//! what it let through.

use super::filter::{Action, Filter};
use super::map::{Map, Way};
use super::refuse;
use crate::trace::Link;
use stack::wire::ethernet::{EtherType, Frame, HEADER_OCTETS, View};

/// Filter and mapping on a link.
#[derive(Debug)]
pub(super) struct Gate {
    link: Link,
    filter: Filter,
    map: Map,
}

/// What became of a frame from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// It goes on to the host, perhaps changed.
    On,
    /// It is gone.
    Dropped,
    /// It is gone, and this frame goes back.
    Answered(Vec<u8>),
}

impl Gate {
    pub(super) const fn new(link: Link, filter: Filter, map: Map) -> Self {
        Self { link, filter, map }
    }

    /// A frame comes from outside.
    pub(super) fn arrives(&self, frame: &mut [u8]) -> Passed {
        let Some(packet) = self.packet(frame) else { return Passed::On };
        let answer = match self.filter.decide(packet) {
            Action::Allow => {
                self.map.apply(Way::In, packet);
                return Passed::On;
            }
            Action::Deny => None,
            Action::Reject => refuse::rejected(packet),
            Action::Prohibit => refuse::prohibited(packet),
        };
        answer.map_or(Passed::Dropped, |answer| Passed::Answered(self.sent_back(frame, answer)))
    }

    /// A frame of the host leaves.
    pub(super) fn leaves(&self, frame: &mut [u8]) {
        if let Some(packet) = self.packet(frame) {
            self.map.apply(Way::Out, packet);
        }
    }

    /// The packet in a frame, if it is one of IP.
    fn packet<'a>(&self, frame: &'a mut [u8]) -> Option<&'a mut [u8]> {
        match self.link {
            Link::Ip => Some(frame),
            Link::Ethernet => {
                let kind = View::read(frame).ok()?.ethertype();
                let is_ip = kind == EtherType::IPV4 || kind == EtherType::IPV6;
                frame.get_mut(HEADER_OCTETS..).filter(|_| is_ip)
            }
        }
    }

    /// A packet as the frame that answers `frame`.
    fn sent_back(&self, frame: &[u8], packet: Vec<u8>) -> Vec<u8> {
        match (self.link, View::read(frame)) {
            (Link::Ethernet, Ok(view)) => {
                let mut answer = Vec::new();
                let (dst, src, ethertype) = (view.src(), view.dst(), view.ethertype());
                Frame { dst, src, ethertype, payload: &packet }.emit(&mut answer);
                answer
            }
            (Link::Ip, _) | (Link::Ethernet, Err(_)) => packet,
        }
    }
}

#[cfg(test)]
mod tests;
