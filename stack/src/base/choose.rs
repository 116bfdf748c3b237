//! floor 0: the freedoms. Wherever an RFC says MAY or SHOULD or is silent, the stack asks for a choice
//! within the legal range instead of deciding by itself. Fixed answers make the deterministic reference,
//! seeded ones a generator, a fuzzer's bytes an input, and what another stack did an acceptor.

use core::ops::RangeInclusive;

/// Something the specifications leave open, with the place that leaves it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Freedom {
    /// What is added to the initial sequence number that the clock and the host's secret give: the whole
    /// circle (RFC 9293 section 3.4.1).
    InitialSequenceNumber,
    /// Which of the free ports an unbound socket gets: an index into the ephemeral range
    /// (RFC 6056 section 3.2).
    EphemeralPort,
    /// Identification field of the first IPv4 packet to a destination (RFC 6864 section 4).
    Ipv4Identification,
    /// Identification of the first IPv6 fragment series (RFC 8200 section 4.5, RFC 7739).
    Ipv6Identification,
    /// What to keep when IPv4 fragments overlap: 0 first copy, 1 last copy, 2 discard the datagram
    /// (RFC 791 section 3.2 describes 1; RFC 1858 and RFC 5722 argue for 2).
    Ipv4FragmentOverlap,
    /// 64 bits of a secret of the host, asked for once when it starts (RFC 6528 section 3).
    SecretKey,
    /// Initial window of congestion control, in segments of the sender's maximum size (RFC 6928 section 2).
    InitialWindow,
    /// How long an acknowledgement waits for company, in milliseconds (RFC 9293 section 3.8.6.3).
    AckDelay,
}

impl Freedom {
    /// Every freedom, in order of definition.
    pub const ALL: &[Self] = &[
        Self::InitialSequenceNumber,
        Self::EphemeralPort,
        Self::Ipv4Identification,
        Self::Ipv6Identification,
        Self::Ipv4FragmentOverlap,
        Self::SecretKey,
        Self::InitialWindow,
        Self::AckDelay,
    ];

    /// The catalogue id of the clause that leaves the choice.
    pub const fn clause(self) -> &'static str {
        match self {
            Self::InitialSequenceNumber => "RFC9293-MUST-8",
            Self::EphemeralPort => "RFC6056-3.2-a",
            Self::Ipv4Identification => "RFC6864-4.1-b",
            Self::Ipv6Identification => "RFC7739-4-a",
            Self::Ipv4FragmentOverlap => "RFC791-3.2-frag-a",
            Self::SecretKey => "RFC6528-3-c",
            Self::InitialWindow => "RFC6928-2-a",
            Self::AckDelay => "RFC9293-MUST-40",
        }
    }

    /// What a host does that nobody asks for variety: some freedoms are policies and no lottery. `None` where
    /// one value is as good as another.
    pub const fn usual(self) -> Option<u64> {
        match self {
            // The clock and the keyed function do it alone.
            Self::Ipv4FragmentOverlap | Self::InitialSequenceNumber => Some(0),
            Self::InitialWindow => Some(10),
            Self::AckDelay => Some(40),
            Self::EphemeralPort | Self::Ipv4Identification | Self::Ipv6Identification | Self::SecretKey => {
                None
            }
        }
    }
}

/// Answers questions of freedom.
pub trait Choose {
    /// Picks a value of `legal`, which is never empty. An answer outside of it is a bug of the chooser and
    /// the stack asserts against it.
    fn choose(&mut self, freedom: Freedom, legal: RangeInclusive<u64>) -> u64;
}

/// Always the usual value, or else the lowest legal one: the plainest deterministic reference.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lowest;

impl Choose for Lowest {
    fn choose(&mut self, freedom: Freedom, legal: RangeInclusive<u64>) -> u64 {
        freedom.usual().map_or(*legal.start(), |usual| usual.clamp(*legal.start(), *legal.end()))
    }
}

/// Values drawn from a seed (SplitMix64): the same seed gives the same choices for ever.
#[derive(Clone, Copy, Debug)]
pub struct Seeded(u64);

impl Seeded {
    /// Choices that follow from `seed` alone.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Choose for Seeded {
    fn choose(&mut self, freedom: Freedom, legal: RangeInclusive<u64>) -> u64 {
        if let Some(usual) = freedom.usual() {
            return usual.clamp(*legal.start(), *legal.end());
        }
        let drawn = self.next();
        match (legal.end() - legal.start()).checked_add(1) {
            Some(count) => legal.start() + drawn % count,
            None => drawn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    quickcheck! {
        fn choices_are_legal_and_repeatable(seed: u64, a: u64, b: u64) -> bool {
            let legal = a.min(b)..=a.max(b);
            let (mut one, mut two) = (Seeded::new(seed), Seeded::new(seed));
            (0..8).all(|_| {
                let value = one.choose(Freedom::EphemeralPort, legal.clone());
                legal.contains(&value) && value == two.choose(Freedom::EphemeralPort, legal.clone())
            })
        }
    }
}
