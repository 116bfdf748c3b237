//! floor 0: the two bits of explicit congestion notification in an IP header (RFC 3168 section 5).

/// An ECN codepoint: the two low bits of the traffic class octet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ecn {
    /// Not ECT: the transport does not take part.
    #[default]
    NotEct,
    /// ECT(1).
    Ect1,
    /// ECT(0): what an ECN-capable transport sends.
    Ect0,
    /// CE: a router met congestion.
    Ce,
}

impl Ecn {
    /// The codepoint in a traffic class octet.
    pub const fn of_traffic_class(octet: u8) -> Self {
        match octet & 3 {
            0 => Self::NotEct,
            1 => Self::Ect1,
            2 => Self::Ect0,
            _ => Self::Ce,
        }
    }

    /// The codepoint as it stands in the two low bits of the traffic class octet.
    pub const fn bits(self) -> u8 {
        match self {
            Self::NotEct => 0,
            Self::Ect1 => 1,
            Self::Ect0 => 2,
            Self::Ce => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    quickcheck! {
        fn a_codepoint_is_the_two_low_bits(octet: u8) -> bool {
            Ecn::of_traffic_class(octet).bits() == octet & 3
        }
    }
}
