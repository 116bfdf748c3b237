//! floor 3: what a UDP endpoint does beside its header (RFC 768, RFC 1122 section 4.1, RFC 8085 section 5).
//!
//! An endpoint keeps what arrives until it is asked for, up to a bound, and learns of trouble with what it
//! sent. Who gets a datagram is decided above.

use crate::base::{Refused, Why};
use crate::ip::ErrorKind;
use crate::wire::udp::{Datagram, HEADER_OCTETS};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Octets of an IPv4 header without options.
const IPV4_HEADER_OCTETS: usize = 20;

/// A datagram that waits for the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Address of the sender.
    pub src: IpAddr,
    /// Port of the sender; 0 if it wants no reply.
    pub src_port: u16,
    /// The address it was sent to.
    pub dst: IpAddr,
    /// The data.
    pub payload: Vec<u8>,
}

/// Datagrams that wait for the application, oldest first. Takes no memory while empty for the first time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    waiting: VecDeque<Arrived>,
    held_octets: usize,
}

/// What a datagram counts for in a queue. The header counts too, so that empty datagrams fill it as well.
const fn weight_octets(payload: &[u8]) -> usize {
    HEADER_OCTETS + payload.len()
}

impl Queue {
    /// Adds a datagram if the queue then holds at most `limit_octets`. An empty queue takes any datagram.
    ///
    /// # Errors
    /// [`Why::UdpQueueFull`].
    pub fn push(
        &mut self,
        limit_octets: u32,
        (src, src_port): (IpAddr, u16),
        dst: IpAddr,
        payload: &[u8],
    ) -> Result<(), Why> {
        let held_octets = self.held_octets + weight_octets(payload);
        if !self.waiting.is_empty() && held_octets > limit_octets as usize {
            return Err(Why::UdpQueueFull);
        }
        self.held_octets = held_octets;
        //= RFC1122-4.1.3.5-a
        self.waiting.push_back(Arrived { src, src_port, dst, payload: payload.to_vec() });
        Ok(())
    }

    /// Takes the oldest datagram.
    pub fn pop(&mut self) -> Option<Arrived> {
        let oldest = self.waiting.pop_front()?;
        self.held_octets -= weight_octets(&oldest.payload);
        Some(oldest)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Octets of headers and data that wait.
    pub const fn held_octets(&self) -> usize {
        self.held_octets
    }

    /// Asserts that the count of octets is right.
    pub fn check(&self) {
        let counted: usize = self.waiting.iter().map(|arrived| weight_octets(&arrived.payload)).sum();
        assert_eq!(counted, self.held_octets, "the octets of the queue are counted right");
    }
}

/// The most data that one datagram to `dst` can carry, in octets.
pub const fn max_payload_octets(dst: IpAddr) -> usize {
    match dst {
        IpAddr::V4(_) => Datagram::MAX_PAYLOAD_OCTETS - IPV4_HEADER_OCTETS,
        IpAddr::V6(_) => Datagram::MAX_PAYLOAD_OCTETS,
    }
}

/// What an ICMP error about a datagram that was sent to `dst` means to the application, if it is told: a
/// hint that the route may be bad just now is not reported (RFC 1122 section 3.2.2.1), what will not go
/// away is.
pub const fn refusal(kind: ErrorKind, dst: IpAddr) -> Option<Refused> {
    match (kind, dst) {
        (ErrorKind::Unreachable(code), IpAddr::V4(_)) => match code {
            2 => Some(Refused::NoSuchOption),
            3 => Some(Refused::ConnRefused),
            6 | 9 => Some(Refused::NetUnreachable),
            7 => Some(Refused::HostDown),
            8 => Some(Refused::NotOnNetwork),
            10 | 13..=15 => Some(Refused::HostUnreachable),
            //= RFC1122-3.2.2.1-e
            0..=1 | 4..=5 | 11..=12 | 16.. => None,
        },
        (ErrorKind::Unreachable(code), IpAddr::V6(_)) => match code {
            1 | 5 | 6 => Some(Refused::AccessDenied),
            4 => Some(Refused::ConnRefused),
            0 | 2..=3 | 7.. => None,
        },
        (ErrorKind::PacketTooBig { .. }, IpAddr::V4(_) | IpAddr::V6(_)) => Some(Refused::MessageSize),
        (ErrorKind::ParameterProblem { .. }, IpAddr::V4(_) | IpAddr::V6(_)) => Some(Refused::ProtocolError),
        (ErrorKind::TimeExceeded(_) | ErrorKind::Other { .. }, IpAddr::V4(_) | IpAddr::V6(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{Ipv4Addr, Ipv6Addr};
    use quickcheck::quickcheck;

    const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

    quickcheck! {
        fn a_queue_gives_back_what_it_took_in_order_and_keeps_its_bound(
            payloads: Vec<Vec<u8>>,
            limit_octets: u16
        ) -> bool {
            let mut queue = Queue::default();
            let limit_octets = u32::from(limit_octets) / 16;
            let mut taken = Vec::new();
            for (index, payload) in payloads.iter().enumerate() {
                let alone = queue.is_empty();
                let fits = queue.held_octets() + HEADER_OCTETS + payload.len() <= limit_octets as usize;
                let result = queue.push(limit_octets, (V4, 7), V6, payload);
                if result != if alone || fits { Ok(()) } else { Err(Why::UdpQueueFull) } {
                    return false;
                }
                if result.is_ok() {
                    taken.push(payload.clone());
                }
                queue.check();
                if index % 3 == 2 && queue.pop().map(|arrived| arrived.payload) != Some(taken.remove(0)) {
                    return false;
                }
            }
            let rest: Vec<_> = core::iter::from_fn(|| queue.pop()).map(|arrived| arrived.payload).collect();
            rest == taken && queue.held_octets() == 0
        }
    }

    //? RFC1122-3.2.2.1-e
    #[test]
    fn only_lasting_trouble_is_reported() {
        assert_eq!(refusal(ErrorKind::Unreachable(3), V4), Some(Refused::ConnRefused));
        assert_eq!(refusal(ErrorKind::Unreachable(4), V6), Some(Refused::ConnRefused));
        assert_eq!(refusal(ErrorKind::Unreachable(0), V4), None);
        assert_eq!(refusal(ErrorKind::Unreachable(1), V4), None);
        assert_eq!(refusal(ErrorKind::TimeExceeded(0), V6), None);
        assert_eq!(refusal(ErrorKind::PacketTooBig { mtu_octets: 1280 }, V6), Some(Refused::MessageSize));
    }

    #[test]
    fn the_longest_datagram_fills_the_packet() {
        assert_eq!(max_payload_octets(V4), 65_507);
        assert_eq!(max_payload_octets(V6), 65_527);
    }
}
