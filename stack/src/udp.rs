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

    /// The oldest datagram.
    pub fn first(&self) -> Option<&Arrived> {
        self.waiting.front()
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

/// What an ICMP error about a datagram that was sent to `dst` means to the application, and whether it is
/// lasting trouble. A hint that the route may be bad just now is reported to those alone who ask for all
/// errors (RFC 1122 section 3.2.2.1). `None` for what is no error of the family.
pub const fn trouble(kind: ErrorKind, dst: IpAddr) -> Option<(Refused, bool)> {
    match (kind, dst) {
        (ErrorKind::Unreachable(code), IpAddr::V4(_)) => match code {
            //= RFC1122-3.2.2.1-e
            0 | 11 => Some((Refused::NetUnreachable, false)),
            1 | 12 => Some((Refused::HostUnreachable, false)),
            5 => Some((Refused::NotSupported, false)),
            2 => Some((Refused::NoSuchOption, true)),
            3 => Some((Refused::ConnRefused, true)),
            4 => Some((Refused::MessageSize, true)),
            6 | 9 => Some((Refused::NetUnreachable, true)),
            7 => Some((Refused::HostDown, true)),
            8 => Some((Refused::NotOnNetwork, true)),
            10 | 13..=15 => Some((Refused::HostUnreachable, true)),
            16.. => None,
        },
        (ErrorKind::Unreachable(code), IpAddr::V6(_)) => match code {
            0 => Some((Refused::NetUnreachable, false)),
            2 | 3 => Some((Refused::HostUnreachable, false)),
            1 | 5 | 6 => Some((Refused::AccessDenied, true)),
            4 => Some((Refused::ConnRefused, true)),
            7.. => Some((Refused::ProtocolError, true)),
        },
        (ErrorKind::PacketTooBig { .. }, _) => Some((Refused::MessageSize, true)),
        (ErrorKind::ParameterProblem { .. }, _) => Some((Refused::ProtocolError, true)),
        (ErrorKind::TimeExceeded(_), _) => Some((Refused::HostUnreachable, false)),
        (ErrorKind::Other { .. }, _) => Some((Refused::ProtocolError, false)),
    }
}

/// An error that is kept for an application that asked for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The error.
    pub error: Refused,
    /// Whether the network reported it, and not this host.
    pub reported: bool,
    /// Where the datagram was going.
    pub to: (IpAddr, u16),
    /// The quoted part of its data.
    pub data: Vec<u8>,
}

/// Errors that are kept, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures(VecDeque<Failure>);

/// What an error counts for against the size of the receive buffer, in octets, as on Linux.
const FAILURE_OCTETS: usize = 832;

impl Failures {
    /// Keeps an error, if those that are kept leave room in a buffer of `limit_octets`.
    pub fn push(&mut self, limit_octets: u32, failure: Failure) {
        if (self.0.len() + 1) * FAILURE_OCTETS < limit_octets as usize {
            self.0.push_back(failure);
        }
    }

    /// Takes the oldest error, and what `SO_ERROR` says from then on if that changes: the next error that was
    /// reported, or none after the last one.
    pub fn pop(&mut self) -> Option<(Failure, Option<Option<Refused>>)> {
        let oldest = self.0.pop_front()?;
        let next = self.0.front().filter(|next| next.reported).map(|next| next.error);
        let changes = next.is_some() || oldest.reported;
        Some((oldest, changes.then_some(next)))
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// The most data of a datagram to `dst` that an error quotes, in octets: errors of IPv4 fit into 576 octets
/// (RFC 1812 section 4.3.2.3), those of IPv6 into 1280 (RFC 4443 section 2.4).
pub const fn quoted_octets(dst: IpAddr) -> usize {
    match dst {
        IpAddr::V4(_) => 576 - 2 * IPV4_HEADER_OCTETS - 8 - HEADER_OCTETS,
        IpAddr::V6(_) => 1280 - 2 * 40 - 8 - HEADER_OCTETS,
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
    fn every_code_has_its_errno_and_some_last() {
        let unreachable = |code, dst| trouble(ErrorKind::Unreachable(code), dst);
        let name = |told: Option<(Refused, bool)>| told.map(|(refused, lasts)| (refused.name(), lasts));
        let v4 = [
            (0, "ENETUNREACH", false),
            (1, "EHOSTUNREACH", false),
            (2, "ENOPROTOOPT", true),
            (3, "ECONNREFUSED", true),
            (4, "EMSGSIZE", true),
            (5, "EOPNOTSUPP", false),
            (6, "ENETUNREACH", true),
            (7, "EHOSTDOWN", true),
            (8, "ENONET", true),
            (9, "ENETUNREACH", true),
            (10, "EHOSTUNREACH", true),
            (11, "ENETUNREACH", false),
            (12, "EHOSTUNREACH", false),
            (13, "EHOSTUNREACH", true),
            (14, "EHOSTUNREACH", true),
            (15, "EHOSTUNREACH", true),
        ];
        for (code, errno, lasts) in v4 {
            assert_eq!(name(unreachable(code, V4)), Some((errno, lasts)), "{code}");
        }
        assert_eq!(unreachable(16, V4), None);
        let v6 = [
            (0, "ENETUNREACH", false),
            (1, "EACCES", true),
            (2, "EHOSTUNREACH", false),
            (3, "EHOSTUNREACH", false),
            (4, "ECONNREFUSED", true),
            (5, "EACCES", true),
            (6, "EACCES", true),
            (7, "EPROTO", true),
        ];
        for (code, errno, lasts) in v6 {
            assert_eq!(name(unreachable(code, V6)), Some((errno, lasts)), "{code}");
        }
        let both = [
            (ErrorKind::PacketTooBig { mtu_octets: 1280 }, "EMSGSIZE", true),
            (ErrorKind::ParameterProblem { code: 0, pointer: 0 }, "EPROTO", true),
            (ErrorKind::TimeExceeded(0), "EHOSTUNREACH", false),
            (ErrorKind::Other { kind: 100, code: 0 }, "EPROTO", false),
        ];
        for (kind, errno, lasts) in both {
            assert_eq!(name(trouble(kind, V4)), Some((errno, lasts)), "{kind:?}");
            assert_eq!(name(trouble(kind, V6)), Some((errno, lasts)), "{kind:?}");
        }
    }

    #[test]
    fn kept_errors_are_bounded_and_tell_what_comes_next() {
        let failure = |error, reported| Failure { error, reported, to: (V4, 9), data: Vec::new() };
        let mut kept = Failures::default();
        for _ in 0..1000 {
            kept.push(212_992, failure(Refused::ConnRefused, true));
        }
        let count = core::iter::from_fn(|| kept.pop()).count();
        assert_eq!(count, 255);
        assert!(kept.is_empty());
        kept.push(5000, failure(Refused::ConnRefused, true));
        kept.push(5000, failure(Refused::HostDown, true));
        kept.push(5000, failure(Refused::MessageSize, false));
        kept.push(5000, failure(Refused::MessageSize, false));
        let mut next = || kept.pop().map(|(failure, next)| (failure.error, next));
        assert_eq!(next(), Some((Refused::ConnRefused, Some(Some(Refused::HostDown)))));
        assert_eq!(next(), Some((Refused::HostDown, Some(None))));
        assert_eq!(next(), Some((Refused::MessageSize, None)));
        assert_eq!(next(), Some((Refused::MessageSize, None)));
        assert_eq!(next(), None);
    }

    #[test]
    fn errors_quote_as_much_as_fits() {
        assert_eq!((quoted_octets(V4), quoted_octets(V6)), (520, 1184));
    }

    #[test]
    fn the_longest_datagram_fills_the_packet() {
        assert_eq!(max_payload_octets(V4), 65_507);
        assert_eq!(max_payload_octets(V6), 65_527);
    }
}
