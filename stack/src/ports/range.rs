//! floor 4: the three ranges of port numbers (RFC 6335 section 6).

use crate::base::{Port, PortRange};

/// Who assigns a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// 1 to 1023: assigned by IANA under the strictest rules.
    System,
    /// 1024 to 49151: assigned by IANA on request.
    User,
    /// 49152 to 65535: never assigned, any free one may be used locally.
    Dynamic,
}

impl Class {
    /// Every class, in order of number.
    pub const ALL: &[Self] = &[Self::System, Self::User, Self::Dynamic];

    /// The class of `port`.
    pub const fn of(port: Port) -> Self {
        //= RFC6335-6-a
        if PortRange::SYSTEM.contains(port) {
            Self::System
        } else if PortRange::USER.contains(port) {
            Self::User
        } else {
            Self::Dynamic
        }
    }

    /// The ports of the class.
    pub const fn range(self) -> PortRange {
        match self {
            Self::System => PortRange::SYSTEM,
            Self::User => PortRange::USER,
            Self::Dynamic => PortRange::DYNAMIC,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    quickcheck! {
        fn every_port_lies_in_the_range_of_its_class_and_in_no_other(number: u16) -> bool {
            let Some(port) = Port::new(number) else { return true };
            Class::ALL.iter().all(|class| class.range().contains(port) == (*class == Class::of(port)))
        }
    }
}
